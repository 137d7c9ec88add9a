//! Handing over doors: the rest of a round is offered to a colleague, and hers once she takes it; see docs/adr/0030.

use crate::area::AreaNumber;
use crate::id::{ActorId, DwellingId, HandOverId};
use crate::state::{State, SweepNumber};
use crate::time::Millis;

/// As many doors are offered in one fact: more than a worker is given.
pub const DOORS_LIMIT: usize = 500;

/// What became of an offer. The numbers are those of the facts and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Answer {
    /// The doors are hers now.
    Taken = 0,
    Declined = 1,
    /// Whoever offered them took the offer back.
    Withdrawn = 2,
}

impl Answer {
    pub const ALL: [Self; 3] = [Self::Taken, Self::Declined, Self::Withdrawn];

    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| *answer as u64 == code)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Declined => "declined",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// Doors of a sweep that someone offered to someone else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    pub sweep: SweepNumber,
    /// What the giver's phone covered.
    pub area: AreaNumber,
    pub giver: ActorId,
    pub taker: ActorId,
    pub offered_at: Millis,
    /// The first answer that came, and when it was given.
    pub answered: Option<(Answer, Millis)>,
    /// The position from which on it is as it is now.
    pub changed: u64,
}

impl HandOver {
    /// Whose answer it is.
    #[must_use]
    pub fn answerer(&self, answer: Answer) -> ActorId {
        match answer {
            Answer::Taken | Answer::Declined => self.taker,
            Answer::Withdrawn => self.giver,
        }
    }
}

/// Keeps the first answer by whoever may give it; others change nothing.
///
/// # Errors
/// Those of the storage.
pub fn answer<S: State>(
    state: &mut S,
    id: HandOverId,
    by: ActorId,
    (answer, at): (Answer, Millis),
    changed: u64,
) -> Result<(), S::Error> {
    match state.hand_over(id)? {
        Some(row) if row.answered.is_none() && row.answerer(answer) == by => {
            state.put_hand_over(id, HandOver { answered: Some((answer, at)), changed, ..row })
        }
        _ => Ok(()),
    }
}

/// Keeps an offer with its doors; an id that is known already changes nothing.
///
/// # Errors
/// Those of the storage.
pub fn offer<S: State>(
    state: &mut S,
    id: HandOverId,
    row: HandOver,
    doors: &[DwellingId],
) -> Result<(), S::Error> {
    if state.hand_over(id)?.is_some() {
        return Ok(());
    }
    state.put_hand_over(id, row)?;
    for door in doors {
        let door = crate::apply::resolve_dwelling(state, *door)?;
        state.put_hand_over_door(id, door)?;
    }
    Ok(())
}
