//! How an admitted fact changes the state. The only place where state changes.

use crate::access::{Grant, Purpose};
use crate::area::{Area, AreaNumber, Level};
use crate::case::{Case, Climb, Deed, Event, Filled, Lesson, Report, Subject};
use crate::door::door_key;
use crate::fact::{Body, Fact, FoundBy, Misopened, Outcome, SignReason};
use crate::hand_over::{self, HandOver};
use crate::held::{Fate, Held};
use crate::id::{CaseId, DwellingId, PersonId, PlanId, SeriesId};
use crate::slip::{self, Reading, Said, Slip};
use crate::state::{
    Book, Count, Device, Dwelling, Edition, FailedCall, Labels, Map, Person, Plan, PlanPart, Proposal,
    Records, Roster, Round, Stamp, State, Sweep, SweepNumber, Tally, Visit,
};
use crate::subscription::{Done, Subscription, Use};
use crate::sweep::tally;
use crate::time::Millis;

/// Where a fact stands, and when it came.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    pub position: u64,
    /// From which position on the fact counts: its own, or that of the fact that released it.
    pub counts_from: u64,
    pub series: SeriesId,
    pub sequence: u64,
    pub received_at: Millis,
    /// The fact carries sealed content.
    pub sealed: bool,
}

/// How far a phone may be behind: facts older than this when they arrive are dated by their arrival.
pub const OFFLINE_LIMIT: Millis = 31 * 86_400_000;
/// How far a phone's clock may be ahead.
pub const CLOCK_AHEAD_LIMIT: Millis = 10 * 60_000;

/// When a fact counts as having happened: the device's own word while it is credible, else the time of arrival, so
/// that a phone with its clock in 1970 (or in 2038) loses no visit and wins over nobody else's.
#[must_use]
pub fn happened_at(book: &Book, series: SeriesId, at: Millis, received_at: Millis) -> Millis {
    let credible = (received_at - OFFLINE_LIMIT..=received_at + CLOCK_AHEAD_LIMIT).contains(&at);
    if credible || series == book.own_series { at } else { received_at }
}

/// Applies one admitted fact.
///
/// # Errors
/// Only those of the storage: a fact that was admitted always applies.
pub fn apply<S: State>(state: &mut S, origin: Origin, fact: &Fact) -> Result<(), S::Error> {
    let stamp = Stamp {
        at: happened_at(state.book(), origin.series, fact.at, origin.received_at),
        series: origin.series,
        sequence: origin.sequence,
    };
    match &fact.body {
        Body::Founded { territory, origin: name, checkpoint_key } => {
            change_book(state, origin.counts_from, |book| {
                book.territory.clone_from(territory);
                book.origin.clone_from(name);
                book.checkpoint_key = *checkpoint_key;
                book.own_series = origin.series;
            })
        }
        Body::AreaRegistered { code, name, level, parent } => {
            change_book(state, origin.counts_from, |book| {
                let parent = parent.as_deref().and_then(|parent| book.areas.number(parent));
                book.areas.register(Area { code: code.clone(), name: name.clone(), level: *level, parent });
            })
        }
        Body::DwellingRegistered { dwelling, area, building, unit, room, place, found_by } => {
            let Some(area) = state.book().areas.number(area) else { return Ok(()) };
            let labels = Labels { building: building.clone(), unit: unit.clone(), room: room.clone() };
            let found = Dwelling {
                area,
                place: *place,
                on_roster: *found_by == FoundBy::Roster,
                listed: 0,
                changed: origin.counts_from,
            };
            register_dwelling(state, *dwelling, found, labels)
        }
        Body::DwellingMoved { dwelling, area } => {
            let Some(area) = state.book().areas.number(area) else { return Ok(()) };
            let dwelling = resolve_dwelling(state, *dwelling)?;
            let Some(labels) = state.labels(dwelling)? else { return Ok(()) };
            let key = door_key(&labels.building, &labels.unit, &labels.room);
            if state.door(area, &key)?.is_none() {
                state.put_door(area, key, dwelling)?;
            }
            change_dwelling(state, origin.counts_from, dwelling, |row| row.area = area)
        }
        Body::DwellingRemoved { dwelling } => remove_dwelling(state, origin.counts_from, *dwelling),
        Body::RosterImported { roster, source, digest, bytes } => {
            change_book(state, origin.counts_from, |book| {
                book.rosters.push(Roster {
                    id: *roster,
                    source: source.clone(),
                    digest: *digest,
                    bytes: *bytes,
                    imported_at: fact.at,
                });
            })
        }
        Body::PersonListed { person, dwelling, roster, row } => {
            if let Some(roster) = state.book().roster(*roster) {
                state.put_roster_row(*person, roster, *row)?;
            }
            list_person(state, origin, *person, *dwelling)
        }
        Body::PersonRegistered { person, dwelling } => list_person(state, origin, *person, *dwelling),
        Body::SweepOpened { sweep, area, programme, deadline } => {
            let Some(area) = state.book().areas.number(area) else { return Ok(()) };
            change_book(state, origin.counts_from, |book| {
                book.sweeps.push(Sweep {
                    id: *sweep,
                    area,
                    programme: programme.clone(),
                    opened_at: stamp.at,
                    deadline: *deadline,
                    closed_at: None,
                    withdrawn: None,
                });
            })
        }
        Body::SweepClosed { sweep } => close_sweep(state, origin.counts_from, *sweep, stamp.at, None),
        Body::SweepWithdrawn { sweep, reason } => {
            close_sweep(state, origin.counts_from, *sweep, stamp.at, Some(*reason))
        }
        Body::Visited { sweep, dwelling, outcome, light, evidence, recheck_on, .. } => {
            let Some((sweep, _)) = state.book().sweep(*sweep) else { return Ok(()) };
            if was_taken_back(state, origin)? {
                return Ok(());
            }
            let dwelling = resolve_dwelling(state, *dwelling)?;
            let visit = Visit {
                stamp,
                outcome: *outcome,
                light: *light,
                evidence: *evidence,
                recheck_on: *recheck_on,
            };
            take_visit(state, origin, sweep, dwelling, visit)
        }
        Body::VisitTakenBack { sweep, dwelling, first, facts } => {
            let Some((sweep, _)) = state.book().sweep(*sweep) else { return Ok(()) };
            // Only what was said before can have been wrong.
            let Some(end) = first.checked_add(*facts).filter(|end| *end <= origin.sequence) else {
                return Ok(());
            };
            let dwelling = resolve_dwelling(state, *dwelling)?;
            take_back_visit(
                state,
                origin,
                sweep,
                dwelling,
                &Records { series: origin.series, numbers: *first..end },
            )
        }
        Body::CallFailed { sweep, dwelling, failure } => {
            let Some((sweep, _)) = state.book().sweep(*sweep) else { return Ok(()) };
            let dwelling = resolve_dwelling(state, *dwelling)?;
            if !state.book().is_open(sweep) || state.dwelling(dwelling)?.is_none() {
                return Ok(());
            }
            state.put_failed_call(sweep, dwelling, FailedCall { stamp, failure: *failure })
        }
        Body::PersonSeen { sweep, dwelling, person, .. } => {
            let Some((sweep, _)) = state.book().sweep(*sweep) else { return Ok(()) };
            if was_taken_back(state, origin)? {
                return Ok(());
            }
            let dwelling = resolve_dwelling(state, *dwelling)?;
            see_person(state, origin, sweep, dwelling, *person, stamp)
        }
        Body::Linked { from, to } => change_people(state, origin.counts_from, &[*from, *to], |state| {
            // Whoever says now that they are one takes back what was said before.
            state.set_two_people(*from, *to, false)?;
            let from_now = canonical(state, *from)?;
            if from_now == canonical(state, *to)? || state.is_erased(*from)? || state.is_erased(*to)? {
                return Ok(());
            }
            let mut row = state.person(from_now)?.unwrap_or_default();
            row.link = Some(*to);
            state.put_person(from_now, row)?;
            judge_both_anew(state, *from, *to, origin.counts_from)
        }),
        Body::Unlinked { from, to } => change_people(state, origin.counts_from, &[*from, *to], |state| {
            let Some(mut row) = state.person(*from)? else { return Ok(()) };
            if row.link == Some(*to) {
                row.link = None;
                state.put_person(*from, row)?;
                judge_both_anew(state, *from, *to, origin.counts_from)?;
            }
            Ok(())
        }),
        Body::LinkProposed { from, to, per_mille, model } => {
            let (person, candidate) = (*from, *to);
            if person == candidate || state.is_erased(person)? || state.is_erased(candidate)? {
                return Ok(());
            }
            state.put_proposal(Proposal { person, candidate, per_mille: *per_mille, model: *model })
        }
        Body::LinkDeclined { from, to } => decline(state, *from, *to),
        Body::SignedOff { sweep, dwelling, reason } => {
            let Some((sweep, _)) = state.book().sweep(*sweep) else { return Ok(()) };
            let dwelling = resolve_dwelling(state, *dwelling)?;
            change_round(state, origin.counts_from, sweep, dwelling, |round| match reason {
                SignReason::Refusal => round.signed_refusal = true,
                SignReason::Closing => round.signed_closing = true,
            })
        }
        Body::DeviceEnrolled { series, public_key, worker, role, area } => {
            let Some(area) = state.book().areas.number(area) else { return Ok(()) };
            let device = Device {
                public_key: *public_key,
                worker: *worker,
                role: *role,
                area,
                enrolled_at: stamp.at,
                revoked_at: None,
                ends_at: None,
            };
            state.put_device(*series, device)
        }
        Body::DeviceRevoked { series } => match state.device(*series)? {
            Some(device) if device.revoked_at.is_none() => {
                state.put_device(*series, Device { revoked_at: Some(stamp.at), ..device })
            }
            _ => Ok(()),
        },
        Body::DeviceTerm { series, ends_at } => match state.device(*series)? {
            Some(device) => state.put_device(*series, Device { ends_at: Some(*ends_at), ..device }),
            None => Ok(()),
        },
        Body::Erased { person, .. } => change_people(state, origin.counts_from, &[*person], |state| {
            for linked in state.linked_to(*person)? {
                if let Some(mut row) = state.person(linked)? {
                    row.link = None;
                    state.put_person(linked, row)?;
                }
            }
            state.erase_person(*person, origin.position)
        }),
        Body::Released { series, sequence } => {
            let Some(waiting) = state.take_quarantined(*series, *sequence)? else { return Ok(()) };
            let told = Held { fate: Fate::Counts, changed: origin.counts_from };
            state.put_held(*series, *sequence, told)?;
            let Ok(fact) = Fact::decode(&waiting.payload) else { return Ok(()) };
            // Only what phones are there to say: nobody can release a right, an enrolment or an erasure into being.
            if !fact.body.is_from_the_field() {
                return Ok(());
            }
            let origin = Origin {
                position: waiting.position,
                counts_from: origin.position,
                series: *series,
                sequence: *sequence,
                received_at: waiting.received_at,
                sealed: waiting.sealed.is_some(),
            };
            apply(state, origin, &fact)
        }
        Body::HeldRefused { series, sequence, refusal } => {
            let refused = refusal.map(|refusal| (refusal, stamp.at));
            if !state.refuse_quarantined(*series, *sequence, refused)? {
                return Ok(());
            }
            let fate = refusal.map_or(Fate::Waits, Fate::Refused);
            state.put_held(*series, *sequence, Held { fate, changed: origin.counts_from })
        }
        Body::GrantGiven { account, role, area } => {
            // A grant on an area that is not known takes the earlier one away and gives nothing.
            let grant = state.book().areas.number(area).map(|area| Grant { role: *role, area });
            state.put_grant(*account, grant)
        }
        Body::GrantEnded { account } => state.put_grant(*account, None),
        Body::NotesErased { dwelling, .. } => {
            state.erase_notes(*dwelling, origin.position, stamp.at)?;
            let door = resolve_dwelling(state, *dwelling)?;
            state.judge_anew(Subject::Dwelling(door), false, origin.counts_from)
        }
        Body::AnswersErased { owner, position, .. } => {
            match state.erase_answers(*owner, *position, origin.position, stamp.at)? {
                Some(subject) => state.judge_anew(subject, false, origin.counts_from),
                None => Ok(()),
            }
        }
        Body::PlanPublished { plan, .. } => publish(state, origin, *plan, fact, stamp.at),
        Body::PlanPart { plan, person, worker } => {
            // Only of a plan that is known, and nothing of someone who is erased.
            if state.plan(*plan)?.is_none() || state.is_erased(*person)? {
                return Ok(());
            }
            let part = PlanPart { person: *person, worker: *worker, position: origin.position };
            state.put_plan_part(*plan, part)
        }
        Body::PlanWithdrawn { plan } => match state.plan(*plan)? {
            Some(row) if row.stands() => {
                let row = Plan { withdrawn_at: Some(stamp.at), changed: origin.counts_from, ..row };
                state.put_plan(*plan, row)
            }
            _ => Ok(()),
        },
        Body::ProgrammePublished { programme, version, from, sunset, digest } => {
            // What was published under a version is never anything else.
            if state.book().edition(programme, version).is_some() {
                return Ok(());
            }
            change_book(state, origin.counts_from, |book| {
                book.editions.push(Edition {
                    programme: programme.clone(),
                    version: version.clone(),
                    from: *from,
                    sunset: *sunset,
                    digest: *digest,
                    published_at: stamp.at,
                });
            })
        }
        Body::Answered { subject, dwelling, programme, version, form, on, .. }
        | Body::AnsweredWithSlip { subject, dwelling, programme, version, form, on, .. } => {
            if let Subject::Person(person) = subject
                && state.is_erased(*person)?
            {
                return Ok(());
            }
            let dwelling = resolve_dwelling(state, *dwelling)?;
            state.judge_anew(*subject, false, origin.counts_from)?;
            let replaces = match &fact.body {
                Body::Answered { replaces, .. } => *replaces,
                _ => None,
            };
            let first_at = match replaces {
                Some(replaced) => {
                    let by = (origin.position, programme.as_str(), form.as_str());
                    state.replace_filled((origin.series, replaced), by, origin.counts_from)?
                }
                None => None,
            };
            let filled = Filled {
                subject: *subject,
                dwelling,
                case: match &fact.body {
                    Body::Answered { case, .. } => *case,
                    _ => None,
                },
                position: origin.position,
                at: stamp.at,
                programme: programme.clone(),
                version: version.clone(),
                form: form.clone(),
                on: *on,
                slip: match &fact.body {
                    Body::AnsweredWithSlip { slip, .. } => Some(*slip),
                    _ => None,
                },
                erased_at: None,
                first_at: first_at.unwrap_or(stamp.at),
                replaced: None,
            };
            state.put_filled(filled, origin.counts_from)
        }
        Body::CaseReported { .. } => report_case(state, origin, fact, stamp.at),
        Body::CaseActed { case, turn, role, deed } => {
            put_event(state, origin, fact, stamp.at, (*case, *turn, role, deed))
        }
        Body::LessonNoted { lesson, programme, pathway, rule } => state.put_lesson(
            *lesson,
            Lesson {
                programme: programme.clone(),
                pathway: pathway.clone(),
                rule: rule.clone(),
                at: stamp.at,
                position: origin.position,
                series: origin.series,
                sequence: origin.sequence,
            },
        ),
        Body::CaseResumed { case, turn } => {
            put_event(state, origin, fact, stamp.at, (*case, *turn, "", &Deed::Resume))
        }
        Body::CaseClimbed { case, task, role, due } => {
            let named = *case;
            let Some((case, _)) = state.case(named)? else { return Ok(()) };
            state.put_climb(
                case,
                Climb { named, task: task.clone(), role: role.clone(), due: *due, at: stamp.at },
            )
        }
        Body::Appointed { who, programme, role, area } => {
            // In an area that is not known it takes the earlier one away and gives nothing.
            let area = area.as_deref().and_then(|area| state.book().areas.number(area));
            state.put_appointment(*who, programme, role, area)
        }
        Body::DoorsOffered { hand_over, sweep, to, doors } => {
            let Some((sweep, _)) = state.book().sweep(*sweep) else { return Ok(()) };
            let Some(device) = state.device(origin.series)? else { return Ok(()) };
            let row = HandOver {
                sweep,
                area: device.area,
                giver: fact.actor,
                taker: *to,
                offered_at: stamp.at,
                answered: None,
                changed: origin.counts_from,
            };
            hand_over::offer(state, *hand_over, row, doors)
        }
        Body::DoorsAnswered { hand_over, answer } => {
            hand_over::answer(state, *hand_over, fact.actor, (*answer, stamp.at), origin.counts_from)
        }
        Body::SlipIssued { slip, dwelling, expires_at } => {
            let row = Slip {
                dwelling: *dwelling,
                issued_at: stamp.at,
                expires_at: (*expires_at).min(stamp.at + slip::SLIP_LIMIT),
                revoked_at: None,
            };
            slip::issue(state, *slip, row)
        }
        Body::SlipRevoked { slip } => slip::revoke(state, *slip, stamp.at),
        Body::Said { said, slip, dwelling, what, about } => {
            let row = Said {
                slip: *slip,
                dwelling: *dwelling,
                what: *what,
                about: *about,
                said_at: stamp.at,
                taken_on: None,
                decided: None,
                reason: None,
                kept: None,
                reopened: None,
            };
            slip::say(state, origin, *said, row)
        }
        Body::SaidSettled { said, decision, reason, kept } => {
            slip::decide(state, *said, *decision, *reason, *kept, origin, stamp.at)
        }
        Body::SaidWithdrawn { said } => slip::withdraw(state, *said, fact.actor, stamp.at),
        Body::SaidReopened { said } => slip::reopen(state, *said, stamp.at),
        Body::AttachmentsNamed { owner, series, sequence, files } => {
            state.put_attachments(*owner, (*series, *sequence), *files)
        }
        Body::AttachmentKept { series, sequence, number, .. } => {
            state.put_attachment((*series, *sequence), *number, origin.position)
        }
        Body::MapDrawn { area, source, digest, shapes } => {
            let Some(area) = state.book().areas.number(area) else { return Ok(()) };
            change_book(state, origin.counts_from, |book| {
                book.maps.push(Map {
                    area,
                    source: source.clone(),
                    digest: *digest,
                    shapes: *shapes,
                    drawn_at: stamp.at,
                });
            })
        }
        Body::Subscribed { subscription, area, rows, department, name, basis, last_day, fields } => {
            let Some(area) = state.book().areas.number(area) else { return Ok(()) };
            if state.book().subscription(*subscription).is_some() {
                return Ok(());
            }
            change_book(state, origin.counts_from, |book| {
                book.subscriptions.push(Subscription {
                    id: *subscription,
                    area,
                    rows: *rows,
                    department: department.clone(),
                    name: name.clone(),
                    basis: basis.clone(),
                    last_day: *last_day,
                    fields: fields.clone(),
                    kept: Done { at: stamp.at, by: fact.actor },
                    position: origin.position,
                    approved: None,
                    taken: None,
                    takings: 0,
                    ended: None,
                });
            })
        }
        Body::SubscriptionUsed { subscription, with } => {
            let Some(known) = state.book().subscription(*subscription) else { return Ok(()) };
            let reveals = known.rows.tells_of_people() && matches!(with, Use::Taken { .. });
            let area = known.area;
            change_book(state, origin.counts_from, |book| {
                let found = book.subscriptions.iter_mut().find(|known| known.id == *subscription);
                if let Some(found) = found {
                    found.note(Done { at: stamp.at, by: fact.actor }, origin.position, *with);
                }
            })?;
            if !reveals {
                return Ok(());
            }
            let (position, purpose) = (origin.position, Purpose::Report as u64);
            state.put_list_reading(area, Reading { position, at: stamp.at, actor: fact.actor, purpose })
        }
        Body::Revealed { person, purpose } => {
            if state.is_erased(*person)? {
                return Ok(());
            }
            let reading =
                Reading { position: origin.position, at: stamp.at, actor: fact.actor, purpose: *purpose };
            state.put_reading(*person, reading)
        }
        Body::BridgeCrossed { person, .. } => {
            if state.is_erased(*person)? {
                return Ok(());
            }
            let (position, purpose) = (origin.position, Purpose::Bridge as u64);
            state.put_reading(*person, Reading { position, at: stamp.at, actor: fact.actor, purpose })
        }
        Body::ListRevealed { area, purpose, .. } => {
            let Some(area) = state.book().areas.number(area) else { return Ok(()) };
            let reading =
                Reading { position: origin.position, at: stamp.at, actor: fact.actor, purpose: *purpose };
            state.put_list_reading(area, reading)
        }
    }
}

/// A case is opened, or another reporter joins the one that is open. Under a version that is not known, behind a door that is
/// not, and of someone who is erased, there is none.
fn report_case<S: State>(state: &mut S, origin: Origin, fact: &Fact, at: Millis) -> Result<(), S::Error> {
    let Body::CaseReported {
        case: id,
        programme,
        version,
        pathway,
        subject,
        dwelling,
        source,
        rule,
        counted_from,
    } = &fact.body
    else {
        return Ok(());
    };
    if state.book().edition(programme, version).is_none() {
        return Ok(());
    }
    let subject = canonical_subject(state, *subject)?;
    if let Subject::Person(person) = subject
        && state.is_erased(person)?
    {
        return Ok(());
    }
    let dwelling = resolve_dwelling(state, *dwelling)?;
    if area_about(state, subject, dwelling)?.is_none() {
        return Ok(());
    }
    let case = Case {
        programme: programme.clone(),
        version: version.clone(),
        pathway: pathway.clone(),
        subject,
        dwelling,
        opened_at: at,
        counted_from: *counted_from,
        received: None,
    };
    let report = Report {
        named: *id,
        position: origin.position,
        at,
        source: *source,
        rule: rule.clone(),
        actor: fact.actor,
        dwelling,
        counted_from: *counted_from,
    };
    // Where it begins may wait for something that has come already.
    state.judge_anew(subject, false, origin.counts_from)?;
    state.put_report(case, report)
}

/// Something was done about a case, or what it waited for has come: one `(case, turn, role, deed)`. Of a case that is not known
/// there is nothing to say.
fn put_event<S: State>(
    state: &mut S,
    origin: Origin,
    fact: &Fact,
    at: Millis,
    (named, turn, role, deed): (CaseId, u64, &str, &Deed),
) -> Result<(), S::Error> {
    let Some((id, case)) = state.case(named)? else { return Ok(()) };
    // Where it led may wait for something that has come already.
    state.judge_anew(case.subject, false, origin.counts_from)?;
    state.put_event(
        id,
        Event {
            named,
            at,
            series: origin.series,
            sequence: origin.sequence,
            position: origin.position,
            actor: fact.actor,
            role: role.to_owned(),
            turn,
            deed: deed.clone(),
        },
    )
}

/// The id under which a subject is known.
///
/// # Errors
/// Those of the storage.
pub fn canonical_subject<S: State>(state: &mut S, subject: Subject) -> Result<Subject, S::Error> {
    Ok(match subject {
        Subject::Person(id) => Subject::Person(canonical(state, id)?),
        Subject::Dwelling(id) => Subject::Dwelling(resolve_dwelling(state, id)?),
        Subject::Area(_) | Subject::Worker(_) => subject,
    })
}

/// What was filled in about one of two ids counts for both, or no longer does.
fn judge_both_anew<S: State>(
    state: &mut S,
    one: PersonId,
    other: PersonId,
    position: u64,
) -> Result<(), S::Error> {
    for person in [one, other] {
        state.judge_anew(Subject::Person(person), false, position)?;
    }
    Ok(())
}

/// A plan is in force; the one it names stands no more. A plan on an area that is not known, or under an id that another
/// has, is in force nowhere.
fn publish<S: State>(
    state: &mut S,
    origin: Origin,
    plan: PlanId,
    fact: &Fact,
    at: Millis,
) -> Result<(), S::Error> {
    let Body::PlanPublished { area, kind, from, until, replaces, objective, bound, open, parts, .. } =
        &fact.body
    else {
        return Ok(());
    };
    let Some(area) = state.book().areas.number(area) else { return Ok(()) };
    if state.plan(plan)?.is_some() {
        return Ok(());
    }
    if let Some(before) = replaces
        && let Some(row) = state.plan(*before)?
        && row.stands()
    {
        let row = Plan { replaced_by: Some(plan), replaced_at: Some(at), changed: origin.counts_from, ..row };
        state.put_plan(*before, row)?;
    }
    let row = Plan {
        area,
        kind: *kind,
        from: *from,
        until: *until,
        objective: *objective,
        bound: *bound,
        open: *open,
        parts: *parts,
        publisher: fact.actor,
        published_at: at,
        position: origin.position,
        replaced_by: None,
        replaced_at: None,
        withdrawn_at: None,
        changed: origin.counts_from,
    };
    state.put_plan(plan, row)
}

/// Two people, under whichever ids either has: nothing that was proposed of them stays. It moves no count.
fn decline<S: State>(state: &mut S, from: PersonId, to: PersonId) -> Result<(), S::Error> {
    if from == to || state.is_erased(from)? || state.is_erased(to)? {
        return Ok(());
    }
    state.set_two_people(from, to, true)?;
    let (from, to) = (canonical(state, from)?, canonical(state, to)?);
    let candidates = group(state, to)?;
    for person in group(state, from)? {
        for candidate in &candidates {
            state.drop_proposal(person, *candidate)?;
            state.drop_proposal(*candidate, person)?;
        }
    }
    Ok(())
}

fn change_book<S: State>(
    state: &mut S,
    position: u64,
    change: impl FnOnce(&mut Book),
) -> Result<(), S::Error> {
    state.change_book(|book| {
        change(book);
        book.changed = position;
    })
}

/// The id under which a door is known.
///
/// # Errors
/// Those of the storage.
pub fn resolve_dwelling<S: State>(state: &mut S, id: DwellingId) -> Result<DwellingId, S::Error> {
    if state.dwelling(id)?.is_some() {
        return Ok(id);
    }
    Ok(state.dwelling_alias(id)?.unwrap_or(id))
}

/// The area under which something said of a subject at a door is counted: that of the door, by whichever id it is called. Of
/// an area it is the area, and the door has its id too; of a worker it is the area whose id the door has. None if there is no such door or area.
///
/// # Errors
/// Those of the storage.
pub fn area_about<S: State>(
    state: &mut S,
    subject: Subject,
    dwelling: DwellingId,
) -> Result<Option<AreaNumber>, S::Error> {
    match subject {
        Subject::Area(own) => return Ok(state.book().areas.of_id(own).filter(|_| own == dwelling)),
        Subject::Worker(_) => return Ok(state.book().areas.of_id(dwelling)),
        Subject::Person(_) | Subject::Dwelling(_) => {}
    }
    if let Some(row) = state.dwelling(dwelling)? {
        return Ok(Some(row.area));
    }
    let dwelling = resolve_dwelling(state, dwelling)?;
    Ok(state.dwelling(dwelling)?.map(|row| row.area))
}

/// The area whose a case is: of one that an area has received that one, or of her home if it lies in it; of any other as
/// [`area_about`] has it.
///
/// # Errors
/// Those of the storage.
pub fn area_of_case<S: State>(state: &mut S, case: &Case) -> Result<Option<AreaNumber>, S::Error> {
    let there = area_about(state, case.subject, case.dwelling)?;
    let Some(received) = case.received else { return Ok(there) };
    let within = there.filter(|there| state.book().areas.is_within(*there, received));
    Ok(Some(within.unwrap_or(received)))
}

/// The door of this key that an address in `area` means: the one registered there, or moved there since. A grid is
/// drawn over a community, so an address in a grid may also mean a door that is counted under the area above and in no
/// grid yet; an address in an area may mean the only door of that key below it.
///
/// # Errors
/// Those of the storage.
pub fn find_door<S: State>(
    state: &mut S,
    area: AreaNumber,
    key: &str,
) -> Result<Option<DwellingId>, S::Error> {
    if let Some(found) = state.door(area, key)? {
        return Ok(Some(found));
    }
    let row = state.book().areas.get(area);
    if let Some((Level::Grid, Some(above))) = row.map(|row| (row.level, row.parent))
        && let Some(found) = state.door(above, key)?
        && state.dwelling(found)?.is_some_and(|row| row.area == above)
    {
        return Ok(Some(found));
    }
    if state.book().areas.children(area).is_empty() {
        return Ok(None);
    }
    let below = state.book().areas.subtree(area);
    let mut only = None;
    for child in below.into_iter().skip(1) {
        if let Some(found) = state.door(child, key)? {
            if only.is_some() {
                return Ok(None);
            }
            only = Some(found);
        }
    }
    Ok(only)
}

fn register_dwelling<S: State>(
    state: &mut S,
    id: DwellingId,
    found: Dwelling,
    labels: Labels,
) -> Result<(), S::Error> {
    let key = door_key(&labels.building, &labels.unit, &labels.room);
    let same_id = state.dwelling(id)?.is_some().then_some(id);
    let known = match same_id {
        Some(known) => Some(known),
        None => find_door(state, found.area, &key)?,
    };
    if let Some(known) = known {
        if known != id {
            state.put_dwelling_alias(id, known)?;
            state.put_departure(found.area, id, found.changed)?;
        }
        // Said again of the door itself, under its own id and at its own address, it corrects what is behind it.
        let corrects = known == id && find_door(state, found.area, &key)? == Some(id);
        return change_dwelling(state, found.changed, known, |row| {
            row.on_roster |= found.on_roster;
            row.place = if corrects { found.place } else { row.place };
        });
    }
    state.add_door(found.area, key, id, found, labels)?;
    add_count_above(state, found.area, Count { dwellings: 1, listed: 0 })
}

/// A door that is none leaves every count that is still open. Whoever was put on the list there meanwhile keeps it.
fn remove_dwelling<S: State>(state: &mut S, position: u64, dwelling: DwellingId) -> Result<(), S::Error> {
    let dwelling = resolve_dwelling(state, dwelling)?;
    let Some(row) = state.dwelling(dwelling)? else { return Ok(()) };
    if row.listed > 0 {
        return Ok(());
    }
    let open: Vec<SweepNumber> = state.book().open_sweeps().collect();
    for sweep in open {
        if let Some(round) = state.round(sweep, dwelling)? {
            add_tally_above(state, sweep, row.area, Tally::default().minus(tally(&row, &round)))?;
            state.put_round(sweep, dwelling, Round { changed: position, ..Round::default() })?;
            for visit in state.earlier_visits(sweep, dwelling)? {
                state.drop_earlier_visit(sweep, dwelling, visit.stamp)?;
            }
        }
        for call in state.failed_calls(sweep, dwelling)? {
            state.drop_failed_call(sweep, dwelling, call.stamp)?;
        }
    }
    add_count_above(state, row.area, Count { dwellings: 1, listed: 0 }.negated())?;
    state.judge_anew(Subject::Dwelling(dwelling), false, position)?;
    state.put_departure(row.area, dwelling, position)?;
    state.remove_door(dwelling)
}

fn add_count_above<S: State>(state: &mut S, area: AreaNumber, change: Count) -> Result<(), S::Error> {
    let mut next = Some(area);
    while let Some(area) = next {
        state.add_count(area, change)?;
        next = state.book().areas.get(area).and_then(|row| row.parent);
    }
    Ok(())
}

fn add_tally_above<S: State>(
    state: &mut S,
    sweep: SweepNumber,
    area: AreaNumber,
    change: Tally,
) -> Result<(), S::Error> {
    if change == Tally::default() {
        return Ok(());
    }
    let mut next = Some(area);
    while let Some(area) = next {
        state.add_tally(sweep, area, change)?;
        next = state.book().areas.get(area).and_then(|row| row.parent);
    }
    Ok(())
}

/// Changes a door's row and carries the difference into the counts of the areas above it, in every open sweep.
fn change_dwelling<S: State>(
    state: &mut S,
    position: u64,
    id: DwellingId,
    change: impl FnOnce(&mut Dwelling),
) -> Result<(), S::Error> {
    let Some(before) = state.dwelling(id)? else { return Ok(()) };
    let mut after = before;
    change(&mut after);
    if after == before {
        return Ok(());
    }
    after.changed = position;
    state.put_dwelling(id, after)?;
    state.judge_anew(Subject::Dwelling(id), true, position)?;
    if before.area != after.area {
        state.put_departure(before.area, id, position)?;
        state.drop_departure(after.area, id)?;
        state.move_cases(id)?;
    }
    let count = |row: &Dwelling| Count { dwellings: 1, listed: i64::from(row.listed) };
    if before.area == after.area {
        add_count_above(state, after.area, count(&before).negated().plus(count(&after)))?;
    } else {
        add_count_above(state, before.area, count(&before).negated())?;
        add_count_above(state, after.area, count(&after))?;
    }
    let open: Vec<SweepNumber> = state.book().open_sweeps().collect();
    for sweep in open {
        let Some(round) = state.round(sweep, id)? else { continue };
        let (old, new) = (tally(&before, &round), tally(&after, &round));
        if before.area == after.area {
            add_tally_above(state, sweep, after.area, new.minus(old))?;
        } else {
            add_tally_above(state, sweep, before.area, Tally::default().minus(old))?;
            add_tally_above(state, sweep, after.area, new)?;
        }
    }
    Ok(())
}

/// Notes that who is listed behind a door is told otherwise, though the counts stay.
fn touch_dwelling<S: State>(state: &mut S, position: u64, id: DwellingId) -> Result<(), S::Error> {
    match state.dwelling(id)? {
        Some(row) if row.changed != position => {
            state.put_dwelling(id, Dwelling { changed: position, ..row })?;
            state.judge_anew(Subject::Dwelling(id), true, position)
        }
        _ => Ok(()),
    }
}

/// Changes a door's row in one sweep and carries the difference upwards.
fn change_round<S: State>(
    state: &mut S,
    position: u64,
    sweep: SweepNumber,
    dwelling: DwellingId,
    change: impl FnOnce(&mut Round),
) -> Result<(), S::Error> {
    // What is said of a closed sweep afterwards is kept as a fact and moves nothing: its numbers were published.
    if !state.book().is_open(sweep) {
        return Ok(());
    }
    let Some(row) = state.dwelling(dwelling)? else { return Ok(()) };
    let before = state.round(sweep, dwelling)?.unwrap_or_default();
    let mut after = before;
    change(&mut after);
    after.changed = position;
    state.put_round(sweep, dwelling, after)?;
    add_tally_above(state, sweep, row.area, tally(&row, &after).minus(tally(&row, &before)))
}

fn close_sweep<S: State>(
    state: &mut S,
    position: u64,
    sweep: crate::id::SweepId,
    at: Millis,
    withdrawn: Option<Misopened>,
) -> Result<(), S::Error> {
    let Some((number, row)) = state.book().sweep(sweep) else { return Ok(()) };
    if row.closed_at.is_some() {
        return Ok(());
    }
    // Of one that was taken back no list stands: nobody was missed in it.
    let areas = if withdrawn.is_some() { Vec::new() } else { state.book().areas.subtree(row.area) };
    for area in areas {
        state.freeze(number, area)?;
    }
    change_book(state, position, |book| {
        if let Some(sweep) = book.sweeps.get_mut(number as usize) {
            sweep.closed_at = Some(at);
            sweep.withdrawn = withdrawn;
        }
    })
}

fn list_person<S: State>(
    state: &mut S,
    origin: Origin,
    person: PersonId,
    dwelling: DwellingId,
) -> Result<(), S::Error> {
    let dwelling = resolve_dwelling(state, dwelling)?;
    let content = origin.sealed.then_some(origin.position);
    if state.person(person)?.is_none() {
        // An erased id stands for nobody, whoever releases what about her.
        if state.is_erased(person)? {
            return Ok(());
        }
        // Nobody has seen or linked an id that no fact has named, so only the door's own count moves.
        state.put_person(person, Person { dwelling: Some(dwelling), content, link: None })?;
        return change_dwelling(state, origin.counts_from, dwelling, |row| {
            row.listed += 1;
            row.on_roster = true;
        });
    }
    change_dwelling(state, origin.counts_from, dwelling, |row| row.on_roster = true)?;
    change_people(state, origin.counts_from, &[person], |state| {
        let mut row = state.person(person)?.unwrap_or_default();
        row.dwelling = Some(dwelling);
        row.content = content.or(row.content);
        state.put_person(person, row)
    })
}

fn see_person<S: State>(
    state: &mut S,
    origin: Origin,
    sweep: SweepNumber,
    dwelling: DwellingId,
    person: PersonId,
    stamp: Stamp,
) -> Result<(), S::Error> {
    if !state.book().is_open(sweep) || state.is_erased(person)? {
        return Ok(());
    }
    change_people(state, origin.counts_from, &[person], |state| {
        let mut row = state.person(person)?.unwrap_or_default();
        // A sighting tells who an unknown person is; what a roster says of a listed one stands until someone amends it.
        if row.content.is_none() && origin.sealed {
            row.content = Some(origin.position);
        }
        state.put_person(person, row)?;
        state.put_sighting(sweep, person, dwelling, stamp)
    })
}

/// Only what waited can come after it was taken back.
fn was_taken_back<S: State>(state: &mut S, origin: Origin) -> Result<bool, S::Error> {
    Ok(origin.position != origin.counts_from && state.is_taken_back(origin.series, origin.sequence)?)
}

fn take_visit<S: State>(
    state: &mut S,
    origin: Origin,
    sweep: SweepNumber,
    dwelling: DwellingId,
    visit: Visit,
) -> Result<(), S::Error> {
    if !state.book().is_open(sweep) || state.dwelling(dwelling)?.is_none() {
        return Ok(());
    }
    if let Some(known) = state.round(sweep, dwelling)?.and_then(|round| round.visit) {
        let earlier = if known.stamp < visit.stamp { known } else { visit };
        state.put_earlier_visit(sweep, dwelling, earlier)?;
    }
    change_round(state, origin.counts_from, sweep, dwelling, |round| round.take(visit))?;
    match visit.outcome {
        Outcome::Phone => reach_household(state, origin, sweep, dwelling, visit.stamp),
        _ => Ok(()),
    }
}

/// A call that reached a household reached everyone who is on its list by now. Whoever is put on it afterwards is still to be found.
fn reach_household<S: State>(
    state: &mut S,
    origin: Origin,
    sweep: SweepNumber,
    dwelling: DwellingId,
    stamp: Stamp,
) -> Result<(), S::Error> {
    let mut household = Vec::new();
    for person in state.listed_at(dwelling)? {
        let canonical = canonical(state, person)?;
        if group_home(state, canonical)? == Some(dwelling) {
            household.push(person);
        }
    }
    change_people(state, origin.counts_from, &household, |state| {
        household.iter().try_for_each(|person| state.put_sighting(sweep, *person, dwelling, stamp))
    })
}

/// A visit and the sightings that were recorded with it count no more: the door and its people stand as what is left says.
fn take_back_visit<S: State>(
    state: &mut S,
    origin: Origin,
    sweep: SweepNumber,
    dwelling: DwellingId,
    records: &Records,
) -> Result<(), S::Error> {
    state.put_taken_back(records)?;
    if !state.book().is_open(sweep) {
        return Ok(());
    }
    let seen = state.sightings_by(sweep, dwelling, records)?;
    let people: Vec<PersonId> = seen.iter().map(|(person, _)| *person).collect();
    change_people(state, origin.counts_from, &people, |state| {
        for (person, sequence) in &seen {
            state.drop_sighting(sweep, *person, dwelling, (records.series, *sequence))?;
        }
        Ok(())
    })?;
    for call in state.failed_calls(sweep, dwelling)? {
        if records.hold(call.stamp) {
            state.drop_failed_call(sweep, dwelling, call.stamp)?;
        }
    }
    let mut visits = state.earlier_visits(sweep, dwelling)?;
    visits.extend(state.round(sweep, dwelling)?.and_then(|round| round.visit));
    let (taken, left): (Vec<Visit>, Vec<Visit>) =
        visits.into_iter().partition(|visit| records.hold(visit.stamp));
    if taken.is_empty() {
        return Ok(());
    }
    let newest = left.iter().max_by_key(|visit| visit.stamp);
    for visit in taken.iter().chain(newest) {
        state.drop_earlier_visit(sweep, dwelling, visit.stamp)?;
    }
    change_round(state, origin.counts_from, sweep, dwelling, |round| {
        (round.visit, round.found, round.visits) = (None, None, 0);
        left.iter().for_each(|visit| round.take(*visit));
    })
}

/// The person whom an id stands for, through every link.
///
/// # Errors
/// Those of the storage.
pub fn canonical<S: State>(state: &mut S, person: PersonId) -> Result<PersonId, S::Error> {
    let mut at = person;
    // A link is only written between two different people, so a chain has no circle; the bound guards a bad store.
    for _ in 0..64 {
        match state.person(at)?.and_then(|row| row.link) {
            Some(next) => at = next,
            None => break,
        }
    }
    Ok(at)
}

/// Everyone who is linked, directly or not, to this canonical person, herself first.
///
/// # Errors
/// Those of the storage.
pub fn group<S: State>(state: &mut S, canonical: PersonId) -> Result<Vec<PersonId>, S::Error> {
    let mut members = vec![canonical];
    let mut next = 0;
    while let Some(at) = members.get(next).copied() {
        for linked in state.linked_to(at)? {
            if !members.contains(&linked) {
                members.push(linked);
            }
        }
        next += 1;
    }
    Ok(members)
}

/// Where a canonical person is listed, under whichever of her ids.
///
/// # Errors
/// Those of the storage.
pub fn group_home<S: State>(state: &mut S, canonical: PersonId) -> Result<Option<DwellingId>, S::Error> {
    for member in group(state, canonical)? {
        if let Some(home) = state.person(member)?.and_then(|row| row.dwelling) {
            return Ok(Some(home));
        }
    }
    Ok(None)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Here,
    Elsewhere,
    Unlisted,
    Recorded,
}

/// What one person, under all her ids, adds to doors: where she is listed, and her marks in each open sweep.
struct Standing {
    /// Every door at which one of her ids is listed: she is named behind each, and counted at the first.
    doors: Vec<DwellingId>,
    /// Under which id she is shown, and the newest content under each of her ids.
    shown: (PersonId, Vec<Option<u64>>),
    marks: Vec<(SweepNumber, DwellingId, Mark)>,
}

fn standing<S: State>(state: &mut S, canonical: PersonId) -> Result<Standing, S::Error> {
    let members = group(state, canonical)?;
    let mut doors = Vec::new();
    let mut contents = Vec::with_capacity(members.len());
    for member in &members {
        let row = state.person(*member)?;
        doors.extend(row.and_then(|row| row.dwelling));
        contents.push(row.and_then(|row| row.content));
    }
    let home = doors.first().copied();
    let open: Vec<SweepNumber> = state.book().open_sweeps().collect();
    let mut marks = Vec::new();
    for sweep in open {
        let mut seen: Vec<(DwellingId, Stamp)> = Vec::new();
        for member in &members {
            for (dwelling, stamp) in state.sightings(sweep, *member)? {
                match seen.iter_mut().find(|(door, _)| *door == dwelling) {
                    Some((_, known)) => *known = (*known).max(stamp),
                    None => seen.push((dwelling, stamp)),
                }
            }
        }
        marks.extend(seen.iter().map(|(door, _)| (sweep, *door, Mark::Recorded)));
        let newest = seen.iter().max_by_key(|(_, stamp)| *stamp).map(|(door, _)| *door);
        match (home, newest) {
            (_, None) => {}
            (Some(home), Some(_)) if seen.iter().any(|(door, _)| *door == home) => {
                marks.push((sweep, home, Mark::Here));
            }
            (Some(home), Some(_)) => marks.push((sweep, home, Mark::Elsewhere)),
            (None, Some(newest)) => marks.push((sweep, newest, Mark::Unlisted)),
        }
    }
    Ok(Standing { doors, shown: (canonical, contents), marks })
}

fn canonicals<S: State>(state: &mut S, people: &[PersonId]) -> Result<Vec<PersonId>, S::Error> {
    let mut found = Vec::with_capacity(people.len());
    for person in people {
        let canonical = canonical(state, *person)?;
        if !found.contains(&canonical) {
            found.push(canonical);
        }
    }
    Ok(found)
}

/// Changes people's rows and carries the difference into the doors they touch: takes away what they added before,
/// makes the change, adds what they add after. Whatever the change, nobody is lost or counted twice.
fn change_people<S: State>(
    state: &mut S,
    position: u64,
    people: &[PersonId],
    change: impl FnOnce(&mut S) -> Result<(), S::Error>,
) -> Result<(), S::Error> {
    let mut before = Vec::new();
    for person in canonicals(state, people)? {
        before.push(standing(state, person)?);
    }
    let mut members = Vec::new();
    for person in canonicals(state, people)? {
        members.extend(group(state, person)?);
    }
    change(state)?;
    let mut after = Vec::new();
    for person in canonicals(state, &members)? {
        if state.person(person)?.is_some() {
            after.push(standing(state, person)?);
        }
    }
    for person in people {
        if !members.contains(person) && state.person(*person)?.is_some() {
            after.push(standing(state, *person)?);
        }
    }
    settle(state, position, &before, &after)
}

fn settle<S: State>(
    state: &mut S,
    position: u64,
    before: &[Standing],
    after: &[Standing],
) -> Result<(), S::Error> {
    let mut homes: Vec<(DwellingId, i64)> = Vec::new();
    let mut marks: Vec<(SweepNumber, DwellingId, [i64; 4])> = Vec::new();
    for (standings, sign) in [(before, -1), (after, 1)] {
        for standing in standings {
            for (place, door) in standing.doors.iter().enumerate() {
                let counted = if place == 0 { sign } else { 0 };
                match homes.iter_mut().find(|(known, _)| known == door) {
                    Some((_, change)) => *change += counted,
                    None => homes.push((*door, counted)),
                }
            }
            for (sweep, door, mark) in &standing.marks {
                let known = marks.iter_mut().find(|(at, place, _)| at == sweep && place == door);
                let changes = match known {
                    Some((_, _, changes)) => changes,
                    None => {
                        marks.push((*sweep, *door, [0; 4]));
                        match marks.last_mut() {
                            Some((_, _, changes)) => changes,
                            None => continue,
                        }
                    }
                };
                changes[*mark as usize] += sign;
            }
        }
    }
    for (sweep, door, changes) in marks {
        if changes != [0; 4] {
            change_round(state, position, sweep, door, |round| {
                round.here = moved(round.here, changes[Mark::Here as usize]);
                round.elsewhere = moved(round.elsewhere, changes[Mark::Elsewhere as usize]);
                round.unlisted = moved(round.unlisted, changes[Mark::Unlisted as usize]);
                round.recorded = moved(round.recorded, changes[Mark::Recorded as usize]);
            })?;
        }
    }
    // Under which id someone is shown, and what is known of her, may change without any count.
    let told_otherwise = before
        .iter()
        .map(|standing| (&standing.doors, &standing.shown))
        .ne(after.iter().map(|standing| (&standing.doors, &standing.shown)));
    for (door, change) in homes {
        if change != 0 {
            change_dwelling(state, position, door, |row| row.listed = moved(row.listed, change))?;
        } else if told_otherwise {
            touch_dwelling(state, position, door)?;
        }
    }
    Ok(())
}

fn moved(count: u32, change: i64) -> u32 {
    u32::try_from(i64::from(count) + change).unwrap_or(0)
}
