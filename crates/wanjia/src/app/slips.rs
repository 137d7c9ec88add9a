//! A resident's slip of paper: given to her door, and what is said with it. See docs/adr/0016.

use domain::admit::admit_said;
use domain::fact::Body;
use domain::id::{ActorId, DwellingId, PersonId, SlipId};
use domain::identity::Identity;
use domain::slip::{self, Shut, What};
use domain::time::Millis;
use store::{Control, Sealed, Store};

use super::accounts::random;
use super::failure::Result;

/// A slip for each door, in their order, with the code that is printed on it and kept nowhere as it is.
///
/// # Errors
/// Those of the storage.
pub fn issue(
    store: &mut Store,
    control: &Control,
    actor: ActorId,
    doors: &[DwellingId],
    (office_phone, expires_at): (&str, Millis),
    now: Millis,
) -> Result<Vec<(SlipId, String)>> {
    let slips = store.write(now, |batch| {
        let mut slips = Vec::with_capacity(doors.len());
        for dwelling in doors {
            let slip = batch.new_id()?;
            batch.append(actor, Body::SlipIssued { slip, dwelling: *dwelling, expires_at }, None)?;
            slips.push(slip);
        }
        Ok(slips)
    })?;
    let mut codes = Vec::with_capacity(slips.len());
    for slip in slips {
        codes.push((slip, slip::code(u64::from_be_bytes(random()?))));
    }
    control.add_slips(&codes, office_phone)?;
    Ok(codes)
}

/// Writes down what was said with a slip, all of it or nothing; `about` names someone who was reported with it before.
///
/// # Errors
/// Those of the storage.
pub fn say(
    store: &mut Store,
    slip: SlipId,
    (what, about): (What, Option<PersonId>),
    all: &[Identity],
    now: Millis,
) -> Result<std::result::Result<Vec<PersonId>, Shut>> {
    Ok(store.write(now, |batch| {
        let more = u64::try_from(all.len()).unwrap_or(u64::MAX);
        let dwelling = match admit_said(batch.state(), slip, about, more, now)? {
            Ok(row) => row.dwelling,
            Err(shut) => return Ok(Err(shut)),
        };
        let mut said = Vec::with_capacity(all.len());
        for words in all {
            let id = batch.new_id()?;
            let plaintext = words.encode();
            let sealed = Sealed { owner: id, plaintext: &plaintext, fresh: true };
            batch.append(slip, Body::Said { said: id, slip, dwelling, what, about }, Some(sealed))?;
            said.push(id);
        }
        Ok(Ok(said))
    })?)
}
