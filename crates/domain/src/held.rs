//! What a person decided about a fact in quarantine, for whoever recorded it. See docs/adr/0038.

use crate::named::named;

named! {
    /// Why a held fact is not to count: from a short list, never in words about anyone. The numbers are those of the facts and
    /// never change.
    pub enum Refusal {
        /// The door, the person or the result is not the right one.
        Mistaken = 0 => "mistaken",
        /// The same was recorded before.
        Twice = 1 => "twice",
        /// It is another worker's to record.
        NotHers = 2 => "not_hers",
        /// It came too late: things are different now.
        TooLate = 3 => "too_late",
        /// What it says cannot be made out.
        Unclear = 4 => "unclear",
    }
}

impl Refusal {
    /// What whoever recorded it reads, in Chinese and in English: why it does not count and what to do.
    #[must_use]
    pub fn message(self) -> (&'static str, &'static str) {
        match self {
            Self::Mistaken => (
                "社区看过，没有计入：户、人或结果记错了。请核对后重新登记。",
                "The community looked at it and it does not count: the door, the person or the result is wrong. Check, and record it again.",
            ),
            Self::Twice => (
                "社区看过，没有计入：同样的已经有一条。不用再做什么。",
                "The community looked at it and it does not count: the same was recorded before. There is nothing to do.",
            ),
            Self::NotHers => (
                "社区看过，没有计入：这不归您登记。请告诉负责这户的人。",
                "The community looked at it and it does not count: it is not yours to record. Tell whoever is responsible for the door.",
            ),
            Self::TooLate => (
                "社区看过，没有计入：来得太晚，情况已经变了。请再走访一次，重新登记。",
                "The community looked at it and it does not count: it came too late, and things have changed. Visit once more and record it again.",
            ),
            Self::Unclear => (
                "社区看过，没有计入：看不明白写的是什么。请写清楚，重新登记。",
                "The community looked at it and it does not count: it cannot be made out. Record it again, more clearly.",
            ),
        }
    }
}

/// What became of a held fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A refusal was taken back.
    Waits,
    /// It was released.
    Counts,
    Refused(Refusal),
}

/// The newest decision about a held fact, and the position from which on it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub fate: Fate,
    pub changed: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_has_its_number_its_name_and_says_what_to_do() {
        for (code, refusal) in (0..).zip(Refusal::ALL) {
            assert_eq!(Refusal::from_code(code), Some(refusal));
            assert_eq!(Refusal::from_name(refusal.as_str()), Some(refusal));
            let (zh, en) = refusal.message();
            assert!(zh.matches('。').count() >= 2 && en.matches(". ").count() >= 1, "{zh} {en}");
        }
        assert_eq!((Refusal::from_code(5), Refusal::from_name("")), (None, None));
    }
}
