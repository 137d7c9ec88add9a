//! Opening a sweep, signing for a dwelling, and closing.

use domain::apply;
use domain::fact::{Body, Outcome, SignReason};
use domain::id::{ActorId, DwellingId, SweepId};
use domain::state::State;
use domain::time::Millis;
use store::{Reader, Store};

use super::failure::{Failure, Result};

/// Opens a sweep on an area. Returns its id.
///
/// # Errors
/// If the area is not known or the programme has no name.
pub fn open_sweep(
    store: &mut Store,
    actor: ActorId,
    area: &str,
    programme: &str,
    deadline: Millis,
    now: Millis,
) -> Result<SweepId> {
    if store.book().areas.number(area).is_none() {
        return Err(Failure::new(
            "unknown_area",
            format!("没有编码为 {area} 的区域；用 wanjia import areas 导入"),
            format!("no area has the code {area}; import it with `wanjia import areas`"),
        ));
    }
    let programme = programme.trim();
    if programme.is_empty() || programme.len() > domain::fact::TEXT_LIMIT {
        return Err(Failure::new(
            "programme",
            "排查要有方案名称，不超过 200 字节",
            "a sweep needs a programme name of at most 200 bytes",
        ));
    }
    Ok(store.write(now, |batch| {
        let sweep = batch.new_id()?;
        let body =
            Body::SweepOpened { sweep, area: area.to_owned(), programme: programme.to_owned(), deadline };
        batch.append(actor, body, None)?;
        Ok(sweep)
    })?)
}

/// Signs for a refusal: it was looked into and stands, and the dwelling is accounted for.
///
/// # Errors
/// If the dwelling's latest visit in the sweep is not a refusal, or the sweep is not open.
pub fn sign_refusal(
    store: &mut Store,
    actor: ActorId,
    sweep: SweepId,
    dwelling: DwellingId,
    now: Millis,
) -> Result<()> {
    let number = open_number(store, sweep)?;
    let dwelling = apply::resolve_dwelling(store.state(), dwelling)?;
    let latest = store.state().round(number, dwelling)?.and_then(|round| round.visit);
    if latest.is_none_or(|visit| visit.outcome != Outcome::Refused) {
        return Err(Failure::new(
            "not_refused",
            "这户最近一次走访不是“拒绝”，不需要签字",
            "the dwelling's latest visit is not a refusal; there is nothing to sign",
        ));
    }
    sign(store, actor, sweep, &[dwelling], SignReason::Refusal, now)
}

fn sign(
    store: &mut Store,
    actor: ActorId,
    sweep: SweepId,
    dwellings: &[DwellingId],
    reason: SignReason,
    now: Millis,
) -> Result<()> {
    Ok(store.write(now, |batch| {
        for dwelling in dwellings {
            batch.append(actor, Body::SignedOff { sweep, dwelling: *dwelling, reason }, None)?;
        }
        Ok(())
    })?)
}

/// Closes a sweep: its residual is empty, or every dwelling in it is named in `signed_for`.
///
/// # Errors
/// If a dwelling of the residual is not named; the message says how many and which comes first.
pub fn close_sweep(
    store: &mut Store,
    reader: &mut Reader,
    actor: ActorId,
    sweep: SweepId,
    signed_for: &[DwellingId],
    now: Millis,
) -> Result<()> {
    let number = open_number(store, sweep)?;
    let scope = reader.scope(number, None)?;
    let mut unsigned = 0u64;
    let mut first = String::new();
    for area in reader.areas_with_doors(scope)? {
        for door in reader.doors(number, area)? {
            if door.reason().is_some() && !door.round.signed_closing && !signed_for.contains(&door.id) {
                unsigned += 1;
                if first.is_empty() {
                    let labels = &door.labels;
                    first = format!(
                        "{} {}-{}-{}",
                        reader.book().areas.code(area),
                        labels.building,
                        labels.unit,
                        labels.room
                    );
                }
            }
        }
    }
    if unsigned > 0 {
        return Err(Failure::new(
            "residual",
            format!("还有 {unsigned} 户没有查到，第一户是 {first}；请查到，或逐户点名签字后再结束"),
            format!(
                "{unsigned} dwellings are not reached, the first is {first}; reach them, or sign for each by name"
            ),
        ));
    }
    sign(store, actor, sweep, signed_for, SignReason::Closing, now)?;
    store.write(now, |batch| batch.append(actor, Body::SweepClosed { sweep }, None))?;
    Ok(())
}

fn open_number(store: &Store, sweep: SweepId) -> Result<u32> {
    match store.book().sweep(sweep) {
        Some((number, row)) if row.closed_at.is_none() => Ok(number),
        Some(_) => Err(Failure::new(
            "sweep_closed",
            format!("排查 {sweep} 已经结束"),
            format!("sweep {sweep} is closed"),
        )),
        None => Err(Failure::new(
            "unknown_sweep",
            format!("没有编号为 {sweep} 的排查"),
            format!("there is no sweep {sweep}"),
        )),
    }
}
