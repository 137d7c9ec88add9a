//! Reading what is sealed: allowed only once a fact says who read it, of whom, and what for.

use domain::access::Purpose;
use domain::fact::Body;
use domain::id::{ActorId, Id, SweepId};
use domain::time::Millis;
use store::Store;

use super::failure::Result;

/// Writes down that the names of this many people on an area's list are about to be read.
///
/// # Errors
/// If it cannot be written; then nothing may be read.
pub fn reveal_list(
    store: &mut Store,
    actor: ActorId,
    sweep: SweepId,
    area: &str,
    purpose: Purpose,
    persons: u64,
    now: Millis,
) -> Result<()> {
    let body = Body::ListRevealed { sweep, area: area.to_owned(), purpose: purpose as u64, persons };
    store.write(now, |batch| batch.append(actor, body, None))?;
    Ok(())
}

/// Writes down that what is sealed of each of these, people or households, is about to be read.
///
/// # Errors
/// If it cannot be written; then nothing may be read.
pub fn reveal_each(
    store: &mut Store,
    actor: ActorId,
    purpose: Purpose,
    owners: &[Id],
    now: Millis,
) -> Result<()> {
    Ok(store.write(now, |batch| {
        for owner in owners {
            batch.append(actor, Body::Revealed { person: *owner, purpose: purpose as u64 }, None)?;
        }
        Ok(())
    })?)
}
