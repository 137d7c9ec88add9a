//! Writing all of something or nothing, and finding out what writing it would do.

use domain::time::Millis;
use store::{Batch, Store, StoreError};

use super::failure::{Failure, Result};

/// Why the writing stopped.
pub enum Stop {
    Store(StoreError),
    Failure(Failure),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// What becomes of what was written once all of it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    Keep,
    /// Take it all back: it was a preview.
    TakeBack,
}

/// Writes in one batch, which is taken back whole if `work` stops.
///
/// # Errors
/// What stopped the work, or the storage.
pub fn attempt<T>(
    store: &mut Store,
    now: Millis,
    then: Then,
    work: impl FnOnce(&mut Batch<'_>) -> std::result::Result<T, Stop>,
) -> Result<T> {
    let mut done = None;
    let mut failure = None;
    let outcome = store.write(now, |batch| match work(batch) {
        Ok(result) => {
            done = Some(result);
            if then == Then::Keep { Ok(()) } else { Err(taken_back()) }
        }
        Err(Stop::Store(error)) => Err(error),
        Err(Stop::Failure(stop)) => {
            failure = Some(stop);
            Err(taken_back())
        }
    });
    match (failure, done, outcome) {
        (Some(failure), _, _) => Err(failure),
        (None, Some(result), Ok(())) => Ok(result),
        (None, Some(result), Err(StoreError::Refused(refusal)))
            if then == Then::TakeBack && refusal.code == TAKEN_BACK =>
        {
            Ok(result)
        }
        (None, _, Err(error)) => Err(error.into()),
        (None, None, Ok(())) => Err(taken_back().into()),
    }
}

const TAKEN_BACK: &str = "taken_back";

fn taken_back() -> StoreError {
    StoreError::refused(TAKEN_BACK, "没有写入", "nothing was written")
}
