//! Reading the names on a list: allowed only once a fact says who read them, of which area, and what for.

use domain::access::Purpose;
use domain::fact::Body;
use domain::id::{ActorId, SweepId};
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
