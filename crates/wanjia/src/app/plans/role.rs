//! Who can be sent for what: a role as the columns of the communities' list name it.

use super::headings;

pub enum Role {
    Anyone,
    Skill(String),
    Duty(String),
}

impl Role {
    /// Empty for anyone.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Anyone => "",
            Self::Skill(name) | Self::Duty(name) => name,
        }
    }

    /// Whether it can be given to someone with these skills and limits, words apart by spaces.
    #[must_use]
    pub fn suits(&self, skills: &str, limits: &str) -> bool {
        let barred =
            |name: &str| limits.split_whitespace().any(|limit| headings::barred(limit) == Some(name));
        match self {
            Self::Anyone => true,
            Self::Skill(name) => skills.split_whitespace().any(|skill| skill == name) && !barred(name),
            Self::Duty(name) => !barred(name),
        }
    }
}
