//! Opening a sweep, signing for a dwelling, saying what came of a call, and closing.

use std::collections::{BTreeSet, HashSet};

use domain::apply;
use domain::fact::{Body, CallFailure, Light, Misopened, Outcome, SignReason};
use domain::id::{ActorId, DwellingId, PersonId, SweepId};
use domain::state::{Book, Labels, Records, Stamp, State, Sweep};
use domain::sweep::tally;
use domain::time::{Day, Millis};
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
            "排查要有名称，不超过 200 字节",
            "a sweep needs a name of at most 200 bytes",
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

/// The sweeps that are open on doors of an area: on the area, on a part of it, or on what it is a part of.
pub fn open_on<'b>(book: &'b Book, area: &str) -> impl Iterator<Item = &'b Sweep> {
    let area = book.areas.number(area);
    let shares = move |sweep: &Sweep| {
        area.is_some_and(|area| {
            book.areas.is_within(area, sweep.area) || book.areas.is_within(sweep.area, area)
        })
    };
    book.sweeps.iter().filter(move |sweep| sweep.closed_at.is_none() && shares(sweep))
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
    let body = Body::SignedOff { sweep, dwelling, reason: SignReason::Refusal };
    store.write(now, |batch| batch.append(actor, body, None))?;
    Ok(())
}

/// A call that failed is the same one, said again because its answer was lost, if so little time lies between the two.
const SAID_AGAIN: Millis = 60_000;

/// What came of telephoning a household.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    /// Everyone who is listed is at home.
    AtHome,
    /// These of the household were reached, and the others stay as they were.
    Reached(Vec<PersonId>),
    /// They are away, and it is looked again on this day.
    Away { recheck_on: Day },
    /// Nobody was reached: the door stands as it stood.
    Failed(CallFailure),
}

/// Writes down what came of telephoning a household. Where everyone was reached it is the visit by telephone that a phone records too;
/// where some were, each of them is reached and the door stands as it stood; a call that reached nobody is kept beside the door and
/// moves nothing. Said twice, it is written once. Returns the first fact's position, by which it can be taken back; none if it was
/// written before.
///
/// # Errors
/// `not_to_call` if the latest visit found the household neither dark nor away, `not_listed_here` of someone who lives elsewhere, and
/// those of an open sweep.
pub fn record_call(
    store: &mut Store,
    actor: ActorId,
    sweep: SweepId,
    dwelling: DwellingId,
    call: Call,
    now: Millis,
) -> Result<Option<u64>> {
    let number = open_number(store, sweep)?;
    let dwelling = apply::resolve_dwelling(store.state(), dwelling)?;
    let round = store.state().round(number, dwelling)?.unwrap_or_default();
    let reached = |outcome, recheck_on| {
        let light = Light::Unknown;
        Body::Visited { sweep, dwelling, outcome, light, evidence: 0, recheck_on, occupants: None }
    };
    let stands = |outcome, recheck_on| {
        round.visit.is_some_and(|visit| (visit.outcome, visit.recheck_on) == (outcome, recheck_on))
    };
    let (bodies, is_written) = match whole_or_part(store, (number, dwelling), call)? {
        Call::AtHome => {
            // Whoever was put on the list since the last call was not reached by it.
            let is_everyone =
                store.state().household(number, dwelling)?.values().all(|is_reached| *is_reached);
            (vec![reached(Outcome::Phone, None)], is_everyone && stands(Outcome::Phone, None))
        }
        Call::Reached(people) => {
            let seen = |person| Body::PersonSeen { sweep, dwelling, person, by_phone: true };
            let is_written = people.is_empty();
            (people.into_iter().map(seen).collect(), is_written)
        }
        Call::Away { recheck_on } => {
            let day = Some(recheck_on);
            (vec![reached(Outcome::Away, day)], stands(Outcome::Away, day))
        }
        Call::Failed(failure) => {
            let newest = store.state().failed_calls(number, dwelling)?.pop();
            let again = |at: Millis| (at..at + SAID_AGAIN).contains(&now);
            let is_written = newest.is_some_and(|call| call.failure == failure && again(call.stamp.at));
            (vec![Body::CallFailed { sweep, dwelling, failure }], is_written)
        }
    };
    if is_written {
        return Ok(None);
    }
    let is_dark = store.state().dwelling(dwelling)?.is_some_and(|door| tally(&door, &round).listed_dark > 0);
    let is_away = round.visit.is_some_and(|visit| visit.outcome == Outcome::Away);
    if !is_dark && !is_away {
        return Err(Failure::new(
            "not_to_call",
            "这户现在没有要打电话的人：这期间有人去过，或已经记过。请看最新的名单",
            "nobody at this door waits for a call now: someone went there meanwhile, or it was recorded; look at the list anew",
        ));
    }
    Ok(store.write(now, |batch| {
        let mut first = None;
        for body in bodies {
            let position = batch.append(actor, body, None)?;
            first.get_or_insert(position);
        }
        Ok(first)
    })?)
}

/// A call that reached whoever of a household was still to be reached is one that reached it all; of others it names those alone who
/// were not reached before.
fn whole_or_part(store: &mut Store, (sweep, dwelling): (u32, DwellingId), call: Call) -> Result<Call> {
    let Call::Reached(people) = call else { return Ok(call) };
    let household = store.state().household(sweep, dwelling)?;
    let mut named = BTreeSet::new();
    for person in people {
        let person = apply::canonical(store.state(), person)?;
        if !household.contains_key(&person) {
            return Err(Failure::new(
                "not_listed_here",
                "联系上的人里有不在这户名单上的；请看最新的名单",
                "someone who was reached is not listed at this door; look at the list anew",
            ));
        }
        named.insert(person);
    }
    let mut left = household.iter().filter(|(_, is_reached)| !**is_reached).map(|(person, _)| *person);
    if left.clone().all(|person| named.contains(&person)) && left.next().is_some() {
        return Ok(Call::AtHome);
    }
    Ok(Call::Reached(named.into_iter().filter(|person| !household[person]).collect()))
}

/// The call that begins with the fact at a position of the ledger, if it is one that this person wrote down at the desk: its door, the
/// stamp of its first fact, and how many they are.
///
/// # Errors
/// Those of the storage.
pub fn own_call(
    store: &mut Store,
    actor: ActorId,
    sweep: SweepId,
    record: u64,
) -> Result<Option<(DwellingId, Stamp, u64)>> {
    let Some((stamp, fact)) = store.own_fact(record)? else { return Ok(None) };
    Ok(match fact.body {
        Body::CallFailed { sweep: of, dwelling, .. }
        | Body::Visited { sweep: of, dwelling, outcome: Outcome::Phone | Outcome::Away, .. }
            if of == sweep && fact.actor == actor =>
        {
            Some((dwelling, stamp, 1))
        }
        Body::PersonSeen { sweep: of, dwelling, by_phone: true, .. }
            if of == sweep && fact.actor == actor =>
        {
            let mut facts = 1;
            while let Some((next, fact)) = store.own_fact(record + facts)?
                && (next.at, fact.actor) == (stamp.at, actor)
                && let Body::PersonSeen { sweep: of, dwelling: door, by_phone: true, .. } = fact.body
                && (of, door) == (sweep, dwelling)
            {
                facts += 1;
            }
            Some((dwelling, stamp, facts))
        }
        _ => None,
    })
}

/// Takes a call back that was written down wrongly: the door stands as what is left says. Taken back twice, it is written once.
///
/// # Errors
/// Those of an open sweep.
pub fn take_back_call(
    store: &mut Store,
    actor: ActorId,
    sweep: SweepId,
    (dwelling, stamp, facts): (DwellingId, Stamp, u64),
    now: Millis,
) -> Result<()> {
    let number = open_number(store, sweep)?;
    let dwelling = apply::resolve_dwelling(store.state(), dwelling)?;
    let state = store.state();
    let records = Records { series: stamp.series, numbers: stamp.sequence..stamp.sequence + facts };
    let mut left: Vec<Stamp> =
        state.earlier_visits(number, dwelling)?.iter().map(|visit| visit.stamp).collect();
    left.extend(state.round(number, dwelling)?.and_then(|round| round.visit).map(|visit| visit.stamp));
    left.extend(state.failed_calls(number, dwelling)?.iter().map(|call| call.stamp));
    if !left.contains(&stamp) && state.sightings_by(number, dwelling, &records)?.is_empty() {
        return Ok(());
    }
    let body = Body::VisitTakenBack { sweep, dwelling, first: stamp.sequence, facts };
    store.write(now, |batch| batch.append(actor, body, None))?;
    Ok(())
}

/// How an attempt to close a sweep ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closing {
    Done,
    Unsigned(Unsigned),
}

/// What stands in the way of closing: dwellings that are neither reached nor signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    pub unsigned: u64,
    /// Where the first of them is.
    pub area_code: String,
    pub first: Labels,
}

impl Unsigned {
    /// The same for a person to read.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let Self { unsigned, area_code, first } = self;
        let first = format!("{area_code} {first}");
        Failure::new(
            "residual",
            format!(
                "还有 {unsigned} 户没有查到，第一户是 {first}；请查到，或由街道在控制台逐户点名签字结束（命令行用 --sign-all 列出每一户并签字）"
            ),
            format!(
                "{unsigned} dwellings are not reached, the first is {first}; reach them, or have the street sign for each by name in the console (on the command line, --sign-all names each and signs)"
            ),
        )
    }
}

/// Closes a sweep: its residual is empty, or every dwelling in it is named in `signed_for`. Who is named and was reached
/// in the meantime needs no signature and gets none.
///
/// # Errors
/// If there is no such sweep, or it is closed.
pub fn close_sweep(
    store: &mut Store,
    reader: &mut Reader,
    actor: ActorId,
    sweep: SweepId,
    signed_for: &[DwellingId],
    now: Millis,
) -> Result<Closing> {
    let number = open_number(store, sweep)?;
    let scope = reader.scope(number, None)?;
    let named: HashSet<DwellingId> = signed_for.iter().copied().collect();
    let mut left: Option<Unsigned> = None;
    let mut to_sign = Vec::new();
    for area in reader.areas_with_doors(scope)? {
        // Most areas of a sweep that is about to close are done, and need not be read.
        if reader.coverage(number, area)?.residual == 0 {
            continue;
        }
        for door in reader.doors(number, area)? {
            if door.reason().is_none() || door.round.signed_closing {
                continue;
            }
            if named.contains(&door.id) {
                to_sign.push(door.id);
                continue;
            }
            let area_code = || reader.book().areas.code(area).to_owned();
            let left = left.get_or_insert_with(|| Unsigned {
                unsigned: 0,
                area_code: area_code(),
                first: door.labels,
            });
            left.unsigned += 1;
        }
    }
    if let Some(left) = left {
        return Ok(Closing::Unsigned(left));
    }
    store.write(now, |batch| {
        for dwelling in to_sign {
            batch.append(actor, Body::SignedOff { sweep, dwelling, reason: SignReason::Closing }, None)?;
        }
        batch.append(actor, Body::SweepClosed { sweep }, None)?;
        Ok(())
    })?;
    Ok(Closing::Done)
}

/// How an attempt to take a sweep back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawing {
    Done,
    /// Something was recorded in it, or waits to be counted.
    Recorded(Recorded),
}

/// What stands in the way of taking a sweep back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Doors at which something was recorded.
    pub doors: u64,
    /// Facts of phones that wait for a decision.
    pub held: u64,
}

impl Recorded {
    /// The same for a person to read.
    #[must_use]
    pub fn failure(&self) -> Failure {
        let Self { doors, held } = self;
        Failure::new(
            "sweep_recorded",
            format!(
                "这次排查里已经有记录：{doors} 户，另有 {held} 条待放行；记录不能丢，所以不能撤回。请改为结束这次排查：名单和记录都留着"
            ),
            format!(
                "something is recorded in this sweep already: at {doors} doors, and {held} records are held; nothing recorded is dropped, so it cannot be taken back. Close it instead: its lists and records stay"
            ),
        )
    }
}

/// Takes back a sweep that was opened by mistake. Nothing may be recorded in it yet: its opening and its taking back stay in the
/// ledger, and it counts nowhere.
///
/// # Errors
/// If there is no such sweep, or it is closed.
pub fn withdraw_sweep(
    store: &mut Store,
    reader: &Reader,
    actor: ActorId,
    sweep: SweepId,
    reason: Misopened,
    now: Millis,
) -> Result<Withdrawing> {
    let left = reader.left(open_number(store, sweep)?)?;
    if left.recorded > 0 || left.held > 0 {
        return Ok(Withdrawing::Recorded(Recorded { doors: left.recorded, held: left.held }));
    }
    store.write(now, |batch| batch.append(actor, Body::SweepWithdrawn { sweep, reason }, None))?;
    Ok(Withdrawing::Done)
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
            format!("没有编号为 {sweep} 的排查；wanjia sweep list 列出所有排查"),
            format!("there is no sweep {sweep}; `wanjia sweep list` prints those there are"),
        )),
    }
}
