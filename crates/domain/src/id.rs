//! Identifiers. Every id is 16 random-looking bytes in UUID form; none is derived from anything about a person.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// The text was not an id: 32 hexadecimal digits, with or without hyphens, were expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: {0:?} (expected 32 hexadecimal digits, hyphens allowed)")]
pub struct IdError(pub String);

/// Sixteen bytes that name one thing. Shown as a hyphenated UUID.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Id(pub [u8; 16]);

impl Id {
    /// An id whose first 48 bits are `milliseconds` since 1970 (so that ids made later sort later and append to
    /// the end of an index) and whose rest is `random`; the layout is UUID version 7 of RFC 9562.
    #[must_use]
    pub fn from_time(milliseconds: i64, random: [u8; 10]) -> Self {
        let mut bytes = [0; 16];
        bytes[..6].copy_from_slice(&milliseconds.max(0).to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&random);
        bytes[6] = (bytes[6] & 0x0f) | 0x70;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    /// The id of an area: of its code, so that everyone makes the same one. Its layout is UUID version 8 of RFC 9562, whose
    /// appendix B.2 makes one of a SHA-256 in this way, so it is never that of a person or a door.
    #[must_use]
    pub fn of_area(code: &str) -> Self {
        let digest = Sha256::new().chain_update("area ").chain_update(code).finalize();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        bytes[6] = (bytes[6] & 0x0f) | 0x80;
        bytes[8] = (bytes[8] & 0x3f) | 0x80;
        Self(bytes)
    }

    /// The id that follows this one by `step` (1 at least) within the same millisecond, as RFC 9562 section 6.2 has it
    /// for ids made together: still beyond guessing, and in the order in which they were made.
    #[must_use]
    pub fn following(self, step: u32) -> Self {
        let mut bits = u128::from_be_bytes(self.0);
        // The version stands in bits 76 to 79, the variant in bits 62 and 63; the rest below the time counts.
        let low = (bits & ((1 << 62) - 1)) + u128::from(step.max(1));
        let high = ((bits >> 64) & 0xfff) + (low >> 62);
        bits = (bits >> 80 << 80) | (7 << 76) | ((high & 0xfff) << 64) | (2 << 62) | (low & ((1 << 62) - 1));
        // Past the last one of a millisecond comes the first of the next.
        bits += (high >> 12) << 80;
        Self(bits.to_be_bytes())
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let fail = || IdError(text.to_owned());
        let digits: Vec<u8> = text.trim().bytes().filter(|byte| *byte != b'-').collect();
        if digits.len() != 32 {
            return Err(fail());
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| fail())?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| fail())?;
        }
        Ok(Self(bytes))
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.to_string()
    }
}

impl TryFrom<String> for Id {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

/// An area, by [`Id::of_area`].
pub type AreaId = Id;
/// A case.
pub type CaseId = Id;

/// A person, or an observation of someone who is not known yet: both are named alike, since one becomes the other.
pub type PersonId = Id;
/// A door: one dwelling, or one place that is not a home.
pub type DwellingId = Id;
/// One round over an area.
pub type SweepId = Id;
/// One imported list of people.
pub type RosterId = Id;
/// A published plan.
pub type PlanId = Id;
/// An offer of doors to a colleague.
pub type HandOverId = Id;
/// A resident's slip of paper.
pub type SlipId = Id;
/// A department's sheet that is kept to be filled again.
pub type SubscriptionId = Id;
/// A device's own series of facts.
pub type SeriesId = Id;
/// Whoever acts: an account, or the server itself.
pub type ActorId = Id;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_made_together_are_in_order_and_keep_their_layout() {
        for random in [[0; 10], [0xff; 10], [0x5a; 10]] {
            let mut last = Id::from_time(1_582_000_000_000, random);
            for step in [0, 1, u32::MAX, 77, u32::MAX] {
                let next = last.following(step);
                assert!(next > last, "{next} after {last}");
                assert_eq!((next.0[6] >> 4, next.0[8] >> 6), (7, 2));
                last = next;
            }
        }
    }
}
