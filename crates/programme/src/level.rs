//! How large an area is of which a rule or an indicator speaks.

use crate::code::unknown;
use crate::condition::Needs;
use crate::finding::{Findings, Located, say};
use crate::form::Subject;
use crate::section::Section;

/// The levels from the territory down; of two the smaller area is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    County,
    Township,
    Community,
    Compound,
    Grid,
}

impl Level {
    pub const ALL: [(&'static str, Self); 5] = [
        ("county", Self::County),
        ("township", Self::Township),
        ("community", Self::Community),
        ("compound", Self::Compound),
        ("grid", Self::Grid),
    ];

    /// As a pack writes it, and as areas are called elsewhere.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, level)| *level == self).map_or("", |(name, _)| name)
    }

    /// The level of this name.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(known, _)| *known == name).map(|(_, level)| level)
    }

    pub(crate) fn parse(text: &Located<String>, findings: &mut Findings) -> Option<Self> {
        let found = Self::of_name(&text.value);
        if found.is_none() {
            unknown(text, "层级", "level of areas", &Self::ALL.map(|(name, _)| name), findings);
        }
        found
    }
}

/// The areas of which something about areas speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// Any of which a form was filled in.
    OfAny,
    /// Those of a level, by what was filled in about them.
    Of(Level),
    /// Those of a level, and where a door lies in none of that level the smallest above it, by what their people said.
    OfPeopleIn(Level),
}

impl Speaks {
    /// Of whom something speaks that says a level or none, and needs this.
    pub(crate) fn of(level: Option<Level>, needs: &Needs) -> Self {
        match level {
            _ if !needs.people.is_empty() => Self::OfPeopleIn(level.unwrap_or(Level::Community)),
            Some(level) => Self::Of(level),
            None => Self::OfAny,
        }
    }

    /// Whether it speaks of an area of a level, if `seen` are its people: all of them at its own level, and at another those
    /// who live in no area of that level within it.
    #[must_use]
    pub fn is_of(self, own: Option<Level>, seen: Option<Level>) -> bool {
        match self {
            Self::OfAny => seen == own,
            Self::Of(level) => seen == own && own == Some(level),
            Self::OfPeopleIn(level) => seen == Some(level),
        }
    }
}

/// The level that a rule, an indicator or a test names; only what is about areas has one.
pub(crate) fn read(
    part: &mut Section<'_, '_>,
    subject: Option<Subject>,
    findings: &mut Findings,
) -> Option<Level> {
    let named = part.optional_text("level", findings)?;
    if subject.is_some_and(|subject| subject != Subject::Area) {
        findings.add(
            &named.place,
            "level",
            say(
                "只有关于区域（subject = \"area\"）的才写 level",
                "only what is about areas (subject = \"area\") has a level",
            ),
        );
    }
    Level::parse(&named, findings)
}
