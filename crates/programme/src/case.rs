//! Cases: what the events about a case add up to, and what is due.
//!
//! Devices are offline, so events arrive late, twice and in any order. A case is therefore not changed by an event; it is
//! what the *set* of its events adds up to. A step says how many steps its taker had seen (its `turn`), and of each turn
//! exactly one step runs: the one that was complete first. So whoever had seen more comes after whoever had seen less,
//! whatever their clocks say, nothing runs twice, and what did not run is named and not lost.
//!
//! What is due follows from the state alone. No event silences it: a case is resolved by a step, or someone takes it over,
//! and then it is due from her at the same time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{Span, Timestamp};

use crate::calendar::{Calendar, local_day, midnight_before};
use crate::code::Day;
use crate::parameter::{Parameters, Unit};
use crate::pathway::{Pathway, State, Step};
use crate::section::Number;

/// The share of a limit after which its owner is reminded, in per cent.
const REMINDER: i64 = 80;

/// The order of events of one turn: by time, and by where they come from if that is the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    pub at: Timestamp,
    /// The device's series and the number in it: together the event's identity.
    pub series: u128,
    pub sequence: u64,
}

/// Something that was done about a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub stamp: Stamp,
    /// The person who did it.
    pub actor: u128,
    /// The role in which she did it.
    pub role: String,
    /// How many steps she had seen run.
    pub turn: u32,
    pub deed: Deed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Takes a step.
    Step {
        step: String,
        guard: Guard,
        counted_from: Option<Day>,
    },
    /// Signs a step that someone else takes.
    Sign {
        step: String,
    },
    /// Offers the case to someone, who must accept it.
    Offer {
        to: u128,
    },
    /// Accepts an offer, or as one whom it has climbed to takes it over.
    Take,
    /// Does not accept an offer, or as who made it takes it back.
    Decline,
    /// As one to whom it climbs, asks what holds it.
    Ask,
    /// Answers that.
    Reply,
    /// She moves to this area, or out of the territory: it is handed over.
    Send {
        to: Option<u128>,
    },
    /// In this area it is accepted, or it is not.
    Receive {
        area: u128,
    },
    Refuse {
        area: u128,
    },
    /// It is not handed over after all.
    Recall,
    /// What the state waited for, into which so many steps have led, has come.
    Resume,
}

/// What the guard of a step said when the step was admitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Guard {
    Held,
    /// It did not hold, and she took the step with a reason.
    Overridden,
}

/// How a case began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    pub at: Timestamp,
    pub counted_from: Option<Day>,
    /// The rules that have flagged, and when: they can say in which state the case begins, and bring it back when they flag anew.
    pub flagged: Vec<(String, Timestamp)>,
}

/// A step that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub step: String,
    pub stamp: Stamp,
    pub actor: u128,
    /// When its last signature was there; the new state counts from then.
    pub complete: Timestamp,
}

/// What the events add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub state: String,
    /// When it came into its state, or what that waited for had come; and the day from which the state counts if the form
    /// says it.
    pub since: Timestamp,
    /// When it came here from another state: what is done about it without its going on moves that by nothing.
    pub entered: Timestamp,
    pub counted_from: Option<Day>,
    /// The states from which a rule's flag brought it to this one, each with since when it stood there. What was due there is
    /// due no later now.
    pub brought_from: Vec<(String, Timestamp)>,
    /// Whether what its state waits for is still to come.
    pub waits: bool,
    /// Since when the person is held to what she is held to now.
    pub restricted_since: Option<(String, Timestamp, Option<Day>)>,
    pub ran: Vec<Ran>,
    /// Steps that did not run, by their stamps: someone else's ran in that turn, or they did not fit. A person looks at
    /// them.
    pub overtaken: Vec<Stamp>,
    /// Steps whose takers had seen more than has arrived yet.
    pub ahead: Vec<Stamp>,
    /// Steps of the present turn that wait for signatures, with the roles that are missing.
    pub waiting: BTreeMap<String, Vec<String>>,
    /// Who holds it, if someone in person does.
    pub holder: Option<u128>,
    /// To whom it is offered and has not accepted, and by whom.
    pub offered: Option<u128>,
    pub offered_by: Option<u128>,
    /// Who declined it last, if it was not offered anew or taken since.
    pub declined: Option<u128>,
    /// Who asked last what holds it, if nobody answered and no step ran since.
    pub asked: Option<u128>,
    /// Since when it is being handed over, if it is: naming another place, or being refused in one, puts nothing off.
    pub moving_since: Option<Timestamp>,
    /// Every place to which it was sent, and what came of it.
    pub passages: Vec<Passage>,
    /// She is not registered in the area that has received it: what an area knows of her is not told by what was done about the case.
    pub unregistered: bool,
}

/// That a case was sent to another place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The area; none is outside the territory.
    pub to: Option<u128>,
    pub by: u128,
    pub at: Timestamp,
    pub answer: Option<Answer>,
}

/// What came of it, by whom and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub how: How,
    pub by: u128,
    pub at: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// It is that area's from then on.
    Received,
    Refused,
    /// It was taken back, or sent elsewhere, before anybody answered.
    Withdrawn,
}

/// Adds up the events of a case, in whatever order and however often they came.
#[must_use]
pub fn add_up(pathway: &Pathway, opening: &Opening, events: &[Event]) -> Option<Case> {
    let events: BTreeMap<&Stamp, &Event> = events.iter().map(|event| (&event.stamp, event)).collect();
    let start = pathway.start()?;
    let mut case = Case {
        state: start.code.value.clone(),
        since: opening.at,
        entered: opening.at,
        counted_from: opening.counted_from,
        brought_from: Vec::new(),
        waits: start.waits.is_some(),
        restricted_since: None,
        ran: Vec::new(),
        overtaken: Vec::new(),
        ahead: Vec::new(),
        waiting: BTreeMap::new(),
        holder: None,
        offered: None,
        offered_by: None,
        declined: None,
        asked: None,
        moving_since: None,
        passages: Vec::new(),
        unregistered: false,
    };
    case.restrict(start);
    // Where it stands one after another until a step runs.
    let mut stood = brought(pathway, start, opening);
    for turn in 0.. {
        if let Some(((since, state), before)) = stood.split_last().filter(|(_, before)| !before.is_empty()) {
            (case.state, case.since, case.waits) = (state.code.value.clone(), *since, false);
            case.entered = *since;
            case.brought_from =
                before.iter().map(|(since, state)| (state.code.value.clone(), *since)).collect();
        }
        let of_turn: Vec<&Event> = events.values().copied().filter(|event| event.turn == turn).collect();
        case.hold(&of_turn);
        case.hand_over(pathway, &of_turn);
        case.answer(pathway, &of_turn);
        let came = case.since;
        case.resume(&of_turn);
        let outside = case.sent().is_some_and(|sent| sent.to.is_none());
        // A step ran in the state in which the case stood when it was complete.
        let stands = |at: Timestamp| {
            let stood = stood.iter().rev().find(|(since, _)| *since <= at).or(stood.first());
            stood.map_or((came, case.state.as_str()), |(since, state)| (*since, state.code.value.as_str()))
        };
        let Some((step, ran, counted_from)) =
            first_complete(pathway, &stands, &of_turn, outside, &mut case.waiting)
        else {
            break;
        };
        let (came, from) = stands(ran.complete);
        let stays = from == step.to;
        case.brought_from.clear();
        case.waiting.clear();
        case.since = ran.complete.max(came);
        case.entered = if stays { case.entered.min(came) } else { case.since };
        case.state.clone_from(&step.to);
        case.counted_from = counted_from;
        (case.offered, case.offered_by, case.declined, case.asked) = (None, None, None, None);
        case.ran.push(ran);
        case.waits = false;
        stood.clear();
        if let Some(state) = pathway.state(&step.to) {
            case.waits = state.waits.is_some();
            case.restrict(state);
            stood = brought_back(pathway, state, case.since, opening);
        }
    }
    if pathway.state(&case.state).is_none_or(|state| state.duty.is_none()) {
        case.moving_since = None;
    }
    case.sort_out(&events);
    Some(case)
}

/// Where a case stands one after another while no step runs: what flags leads from the first state on and never back, to the
/// state that is written last of all that a rule brings about.
fn brought<'p>(pathway: &'p Pathway, start: &'p State, opening: &Opening) -> Vec<(Timestamp, &'p State)> {
    let mut flags: Vec<(Timestamp, usize, &State)> = opening
        .flagged
        .iter()
        .filter_map(|(rule, at)| {
            pathway.brought_to(rule).map(|(place, state)| ((*at).max(opening.at), place, state))
        })
        .collect();
    flags.sort_by_key(|(at, place, _)| (*at, *place));
    let (mut stood, mut furthest) = (vec![(opening.at, start)], 0);
    for (at, place, state) in flags {
        if place > furthest {
            furthest = place;
            stood.push((at, state));
        }
    }
    stood
}

/// Where a case stands one after another from a step to the next one: what flags anew leads back, to the state that is written
/// last of all that a rule brings it back to. Nothing leads out of an end.
fn brought_back<'p>(
    pathway: &'p Pathway,
    state: &'p State,
    since: Timestamp,
    opening: &Opening,
) -> Vec<(Timestamp, &'p State)> {
    let mut stood = vec![(since, state)];
    if state.duty.is_none() {
        return stood;
    }
    let mut flags: Vec<(Timestamp, usize, &State)> = opening
        .flagged
        .iter()
        .filter(|(_, at)| *at > since)
        .filter_map(|(rule, at)| pathway.brought_back_to(rule).map(|(place, to)| (*at, place, to)))
        .collect();
    flags.sort_by_key(|(at, place, _)| (*at, *place));
    let mut furthest = None;
    for (at, place, to) in flags {
        let stands = stood.last().is_some_and(|(_, last)| last.code.value == to.code.value);
        if !stands && furthest.is_none_or(|before| place > before) {
            furthest = Some(place);
            stood.push((at, to));
        }
    }
    stood
}

/// That a case was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The id under which its reporter knows the case.
    pub named: u128,
    pub at: Timestamp,
    /// The day from which it counts, if the report says one.
    pub counted_from: Option<Day>,
    /// The rule that flagged, if one reported it.
    pub rule: Option<String>,
}

/// One of the cases that the reports about one subject on one pathway add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The id under which it was reported first: its own.
    pub named: u128,
    /// Every id under which it was reported.
    pub names: BTreeSet<u128>,
    pub opening: Opening,
    pub case: Case,
}

/// Which cases the reports about one subject on one pathway add up to, with what was done under their ids. What is
/// reported before a case ends is that case, and its earliest report opens it; what is reported after its end is another
/// one, though the phone that ended it was offline and its step came last. It is the same in whatever order reports and
/// events came.
#[must_use]
pub fn part(pathway: &Pathway, reports: &[Report], events: &[(u128, Event)]) -> Option<Vec<Part>> {
    let mut first: BTreeMap<u128, &Report> = BTreeMap::new();
    for report in reports {
        let known = first.entry(report.named).or_insert(report);
        if report.at < known.at {
            *known = report;
        }
    }
    let mut left: Vec<&Report> = first.into_values().collect();
    left.sort_by_key(|report| (report.at, report.named));
    let mut parts = Vec::new();
    while let Some(earliest) = left.first().copied() {
        let mut own = left.clone();
        let (opening, case) = loop {
            let counted_from = own.iter().filter_map(|report| report.counted_from).min();
            let flagged = own.iter().filter_map(|report| Some((report.rule.clone()?, report.at))).collect();
            let opening = Opening { at: earliest.at, counted_from, flagged };
            let done: Vec<Event> = events
                .iter()
                .filter(|(named, _)| own.iter().any(|report| report.named == *named))
                .map(|(_, event)| event.clone())
                .collect();
            let case = add_up(pathway, &opening, &done)?;
            let ended = pathway.state(&case.state).is_none_or(|state| state.duty.is_none());
            let before = own.len();
            own.retain(|report| !ended || report.named == earliest.named || report.at < case.since);
            if own.len() == before {
                break (opening, case);
            }
        };
        let names: BTreeSet<u128> = own.iter().map(|report| report.named).collect();
        left.retain(|report| !names.contains(&report.named));
        parts.push(Part { named: earliest.named, names, opening, case });
    }
    Some(parts)
}

/// The step of a turn that was complete first; else those that wait are noted.
fn first_complete<'p, 's>(
    pathway: &'p Pathway,
    stands: &dyn Fn(Timestamp) -> (Timestamp, &'s str),
    events: &[&Event],
    outside: bool,
    waiting: &mut BTreeMap<String, Vec<String>>,
) -> Option<(&'p Step, Ran, Option<Day>)> {
    let mut first: Option<(&Step, Ran, Option<Day>)> = None;
    for event in events {
        let Deed::Step { step, guard, counted_from } = &event.deed else { continue };
        let Some(step) = pathway.step(step) else { continue };
        let signed = signatures(step, event, events);
        // What still waits for a signature will run in the state that is the last.
        let at = signed.as_ref().map_or(Timestamp::MAX, |complete| *complete);
        if step.outside && !outside || !may(step, stands(at).1, &event.role, guard) {
            continue;
        }
        let missing = match signed {
            Ok(complete) => {
                let ran = Ran {
                    step: step.code.value.clone(),
                    stamp: event.stamp.clone(),
                    actor: event.actor,
                    complete,
                };
                let order = |ran: &Ran| (ran.complete, ran.stamp.clone());
                if first.as_ref().is_none_or(|(_, before, _)| order(&ran) < order(before)) {
                    first = Some((step, ran, *counted_from));
                }
                continue;
            }
            Err(missing) => missing,
        };
        waiting.insert(step.code.value.clone(), missing);
    }
    first
}

fn may(step: &Step, state: &str, role: &str, guard: &Guard) -> bool {
    step.from.iter().any(|from| from == state)
        && step.by.iter().any(|by| by == role)
        && (step.guard.is_none() || *guard == Guard::Held || step.may_override)
}

/// When every signature that a step needs was there, each by another person; else the roles that are missing.
fn signatures(step: &Step, taken: &Event, events: &[&Event]) -> Result<Timestamp, Vec<String>> {
    // Of one person in one role the first signature counts.
    let mut signed: BTreeMap<(&str, u128), Timestamp> = BTreeMap::new();
    for event in events.iter().filter(|event| event.actor != taken.actor) {
        if matches!(&event.deed, Deed::Sign { step: signed } if *signed == step.code.value) {
            let first = signed.entry((event.role.as_str(), event.actor)).or_insert(event.stamp.at);
            *first = event.stamp.at.min(*first);
        }
    }
    if let Some(complete) = earliest(&step.signed_by, &signed, &mut Vec::new()) {
        return Ok(complete.max(taken.stamp.at));
    }
    let missing: Vec<String> = step
        .signed_by
        .iter()
        .filter(|role| !signed.keys().any(|(signed, _)| signed == role))
        .cloned()
        .collect();
    // Each role has a signature, but they are one person's.
    Err(if missing.is_empty() { step.signed_by.clone() } else { missing })
}

/// The earliest moment at which every role had a signature of another person.
fn earliest(
    roles: &[String],
    signed: &BTreeMap<(&str, u128), Timestamp>,
    used: &mut Vec<u128>,
) -> Option<Timestamp> {
    let Some((role, rest)) = roles.split_first() else { return Some(Timestamp::MIN) };
    let mut best: Option<Timestamp> = None;
    for ((_, actor), at) in signed.iter().filter(|((signed, _), _)| signed == role) {
        if used.contains(actor) {
            continue;
        }
        used.push(*actor);
        let complete = earliest(rest, signed, used).map(|rest| rest.max(*at));
        used.pop();
        best = [best, complete].into_iter().flatten().min();
    }
    best
}

impl Case {
    /// Says of every step that did not run why.
    fn sort_out(&mut self, events: &BTreeMap<&Stamp, &Event>) {
        let ran: BTreeSet<&Stamp> = self.ran.iter().map(|ran| &ran.stamp).collect();
        let turns = u32::try_from(self.ran.len()).unwrap_or(u32::MAX);
        for event in events.values().filter(|event| !ran.contains(&event.stamp)) {
            let Deed::Step { step, .. } = &event.deed else { continue };
            if event.turn > turns {
                self.ahead.push(event.stamp.clone());
            } else if event.turn < turns || !self.waiting.contains_key(step) {
                self.overtaken.push(event.stamp.clone());
            }
        }
    }

    fn restrict(&mut self, state: &State) {
        self.restricted_since = match (&state.restriction, self.restricted_since.take()) {
            // Held to the same from one state to the next, it counts from when it began.
            (Some(code), Some(before)) if before.0 == *code => Some(before),
            (Some(code), _) => Some((code.clone(), self.since, self.counted_from)),
            (None, _) => None,
        };
    }

    /// Who holds the case after the offers and takings of a turn. It is never nobody's: until an offer is accepted it
    /// stays where it was.
    fn hold(&mut self, events: &[&Event]) {
        for event in events {
            match event.deed {
                Deed::Offer { to } => {
                    (self.offered, self.offered_by, self.declined) = (Some(to), Some(event.actor), None);
                }
                Deed::Take => {
                    self.holder = Some(event.actor);
                    (self.offered, self.offered_by, self.declined) = (None, None, None);
                }
                // Whose it is not to answer, or came after another's answer, changes nothing.
                Deed::Decline if self.offered == Some(event.actor) => {
                    (self.offered, self.offered_by, self.declined) = (None, None, Some(event.actor));
                }
                Deed::Decline if self.offered_by == Some(event.actor) => {
                    (self.offered, self.offered_by) = (None, None);
                }
                _ => {}
            }
        }
    }

    /// To which place it is sent that has not answered.
    #[must_use]
    pub fn sent(&self) -> Option<&Passage> {
        self.moving_since?;
        self.passages.last().filter(|sent| sent.answer.is_none())
    }

    /// Which area has received it last, when and by whom: whose it is. None if it is still where it began.
    #[must_use]
    pub fn received(&self) -> Option<(u128, &Answer)> {
        let received = self.passages.iter().filter_map(|sent| {
            let answer = sent.answer.as_ref().filter(|answer| answer.how == How::Received)?;
            Some((sent.to?, answer))
        });
        received.max_by_key(|(_, answer)| answer.at)
    }

    /// Where it is sent and what is answered there in a turn. It has one owner at every moment: until an area has received it,
    /// it is whose it was, and nobody receives it who was not asked.
    fn hand_over(&mut self, pathway: &Pathway, events: &[&Event]) {
        let open = pathway.state(&self.state).is_some_and(|state| state.duty.is_some());
        let Some(own) = pathway.hand_over.as_ref().filter(|_| open) else { return };
        for event in events {
            let answer = |how| Some(Answer { how, by: event.actor, at: event.stamp.at });
            match event.deed {
                Deed::Send { to } if own.by.contains(&event.role) => {
                    if self.sent().is_some_and(|sent| sent.to == to) {
                        continue;
                    }
                    self.withdraw(answer(How::Withdrawn));
                    self.moving_since.get_or_insert(event.stamp.at);
                    self.passages.push(Passage { to, by: event.actor, at: event.stamp.at, answer: None });
                }
                Deed::Recall if own.by.contains(&event.role) || own.owner == event.role => {
                    self.withdraw(answer(How::Withdrawn));
                    self.moving_since = None;
                }
                Deed::Receive { area } if own.received_by == event.role => {
                    let is_received = self.receive(area, event.actor, event.stamp.at);
                    if is_received {
                        // Whoever had taken it over where it was holds it no more.
                        (self.holder, self.offered, self.offered_by) = (None, None, None);
                        (self.declined, self.asked) = (None, None);
                    }
                }
                Deed::Refuse { area } if own.received_by == event.role => {
                    if let Some(sent) = self.sent_to(area) {
                        sent.answer = answer(How::Refused);
                    }
                }
                _ => {}
            }
        }
    }

    /// A receipt holds though a sending elsewhere, or a taking back, that came first is told later.
    fn receive(&mut self, area: u128, by: u128, at: Timestamp) -> bool {
        let open = |sent: &&mut Passage| {
            let waits = sent.answer.as_ref().is_none_or(|answer| answer.how == How::Withdrawn);
            sent.to == Some(area) && sent.by != by && waits
        };
        let Some(sent) = self.passages.iter_mut().rev().find(open) else { return false };
        sent.answer = Some(Answer { how: How::Received, by, at });
        self.withdraw(Some(Answer { how: How::Withdrawn, by, at }));
        self.moving_since = None;
        true
    }

    fn sent_to(&mut self, area: u128) -> Option<&mut Passage> {
        self.sent().filter(|sent| sent.to == Some(area))?;
        self.passages.last_mut()
    }

    fn withdraw(&mut self, answer: Option<Answer>) {
        if self.sent().is_some()
            && let Some(sent) = self.passages.last_mut()
        {
            sent.answer = answer;
        }
    }

    /// Who waits for an answer after the questions and answers of a turn. Only a role to which the case climbs asks, and
    /// nobody answers herself: anything else changes nothing.
    fn answer(&mut self, pathway: &Pathway, events: &[&Event]) {
        let duty = pathway.state(&self.state).and_then(|state| state.duty.as_ref());
        for event in events {
            match event.deed {
                Deed::Ask if duty.is_some_and(|duty| duty.climbs_to.contains(&event.role)) => {
                    self.asked = Some(event.actor);
                }
                Deed::Reply if self.asked.is_some_and(|asked| asked != event.actor) => self.asked = None,
                _ => {}
            }
        }
    }

    /// Its limit begins when what it waited for has come, and not before it came into its state.
    fn resume(&mut self, events: &[&Event]) {
        let resumed =
            events.iter().filter(|event| event.deed == Deed::Resume).map(|event| event.stamp.at).min();
        if let (true, Some(at)) = (self.waits, resumed) {
            self.since = self.since.max(at);
            (self.entered, self.waits) = (self.since, false);
        }
    }
}

/// Something that must be done about a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub what: What,
    /// The role that must do it.
    pub owner: String,
    /// Since when it counts.
    pub since: Timestamp,
    pub remind_at: Timestamp,
    pub due: Timestamp,
    /// The roles that it climbs to: the first when it is due, one more for each time as long again.
    pub climbs_to: Vec<String>,
    /// How far it has climbed at the moment that was asked about.
    pub level: Level,
    /// The roles that are told by now beside the owner.
    pub told: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A step out of the state.
    Leave { state: String },
    /// To look whether what the state waits for is still worth waiting for.
    Wait { state: String },
    /// The end of what the person is held to: being held longer is an alarm of its own.
    Release { restriction: String },
    /// A signature.
    Sign { step: String },
    /// To bring it about that it is received where she moves.
    HandOver,
    /// To register her in the area that has received it.
    Register,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Open,
    Reminded,
    /// Over its limit, and so many times as long again.
    Over(u32),
}

/// What a programme says that tasks are reckoned by.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'t> {
    pub pathway: &'t Pathway,
    pub parameters: &'t Parameters,
    pub calendar: &'t Calendar,
    /// The restrictions of the programme: code, owner, parameter of its end.
    pub restrictions: &'t [crate::manifest::Restriction],
    /// The administrative code of the area whose parameters hold.
    pub area: &'t str,
}

/// Everything that is due about a case, as it stands at a moment. Empty only for a case that has ended.
#[must_use]
pub fn tasks(terms: &Terms<'_>, case: &Case, now: Timestamp) -> Vec<Task> {
    let mut tasks = Vec::new();
    let Some(state) = terms.pathway.state(&case.state) else { return tasks };
    let Some(duty) = &state.duty else { return tasks };
    let waits = state.waits.as_ref().filter(|_| case.waits);
    let within = waits.map_or(&duty.within, |wait| &wait.look_within);
    let limit = terms.limit(within, case.since, duty.counted_from.as_ref().and(case.counted_from));
    let task = |what, owner: &str, (begins, due), climbs_to: &[String]| -> Task {
        let (remind_at, level) = climb(begins, due, now);
        let told = match level {
            Level::Open | Level::Reminded => 0,
            Level::Over(times) => usize::try_from(times).unwrap_or(usize::MAX).saturating_add(1),
        };
        let told = climbs_to.iter().take(told).cloned().collect();
        let climbs_to = climbs_to.to_vec();
        Task { what, owner: owner.to_owned(), since: begins, remind_at, due, climbs_to, level, told }
    };
    let state = case.state.clone();
    // Being brought here took no time away from anybody.
    let limit = case.brought_from.iter().fold(limit, |limit, (code, since)| {
        let Some(before) = terms.pathway.state(code).and_then(|state| state.duty.as_ref()) else {
            return limit;
        };
        let earlier =
            terms.limit(&before.within, *since, before.counted_from.as_ref().and(case.counted_from));
        if earlier.1 < limit.1 { earlier } else { limit }
    });
    // Nor did doing the same again.
    let in_all = terms.pathway.state(&case.state).and_then(|state| terms.in_all(state, case));
    let limit = match in_all {
        Some(in_all) if in_all.1 < limit.1 => in_all,
        _ => limit,
    };
    if let Some(own) = &terms.pathway.hand_over {
        if let Some(since) = case.moving_since {
            tasks.push(task(
                What::HandOver,
                &own.owner,
                terms.limit(&own.within, since, None),
                &own.climbs_to,
            ));
        }
        if let Some((_, receipt)) = case.received().filter(|_| case.unregistered) {
            let limit = terms.limit(&own.within, receipt.at, None);
            tasks.push(task(What::Register, &own.received_by, limit, &own.climbs_to));
        }
    }
    let own = if waits.is_some() { What::Wait { state } } else { What::Leave { state } };
    tasks.push(task(own, &duty.owner, limit, &duty.climbs_to));
    for (step, roles) in &case.waiting {
        for role in roles {
            tasks.push(task(What::Sign { step: step.clone() }, role, limit, &duty.climbs_to));
        }
    }
    if let Some((code, since, first)) = &case.restricted_since
        && let Some(restriction) =
            terms.restrictions.iter().find(|restriction| restriction.code.value == *code)
        && let (Some(owner), Some(end)) = (&restriction.owner, &restriction.ends_after)
    {
        let what = What::Release { restriction: code.clone() };
        tasks.push(task(what, &owner.value, terms.limit(&end.value, *since, *first), &duty.climbs_to));
    }
    tasks
}

/// By when a case has to go on, however often what keeps it in its state was done.
#[must_use]
pub(crate) fn due_in_all(terms: &Terms<'_>, case: &Case) -> Option<Timestamp> {
    Some(terms.in_all(terms.pathway.state(&case.state)?, case)?.1)
}

impl Terms<'_> {
    fn in_all(&self, state: &State, case: &Case) -> Option<(Timestamp, Timestamp)> {
        Some(self.limit(state.duty.as_ref()?.in_all.as_ref()?, case.entered, None))
    }

    /// By when what a resident asked for at a moment is to be answered: as a case that begins then.
    #[must_use]
    pub fn answer_due(&self, asked_at: Timestamp) -> Option<Timestamp> {
        let duty = self.pathway.start().filter(|_| self.pathway.residents_ask)?.duty.as_ref()?;
        Some(self.limit(&duty.within, asked_at, None).1)
    }

    /// When a limit begins and ends. The value is the one that held on the day on which it began: a limit that is
    /// changed later holds for what begins later.
    fn limit(&self, code: &str, since: Timestamp, first: Option<Day>) -> (Timestamp, Timestamp) {
        let day = first.unwrap_or_else(|| local_day(since));
        let begins = first.map_or(since, midnight_before);
        let value = self.parameters.on(self.area, day).get(code).copied().unwrap_or(Number::Whole(0));
        let unit = self.parameters.get(code).map_or(Unit::Minutes, |parameter| parameter.unit);
        (begins, self.calendar.end(begins, value, unit))
    }
}

/// When the owner is reminded, and how far it has climbed: at 80 in a hundred of the limit a reminder, at its end the
/// supervisor, then one level more for each time as long again.
fn climb(since: Timestamp, due: Timestamp, now: Timestamp) -> (Timestamp, Level) {
    let length = (due.as_millisecond() - since.as_millisecond()).max(1);
    let remind_at =
        since.checked_add(Span::new().milliseconds(length / 100 * REMINDER)).unwrap_or(due).min(due);
    let over = now.as_millisecond() - due.as_millisecond();
    let level = if over >= 0 {
        Level::Over(u32::try_from(over / length).unwrap_or(u32::MAX))
    } else if now >= remind_at {
        Level::Reminded
    } else {
        Level::Open
    };
    (remind_at, level)
}
