//! Walks: in a pack's own tests, one case of a pathway from its opening on, deed by deed, with what is due in between.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::answer::{Record, day_of};
use crate::calendar::{local_day, local_minute, midnight_before};
use crate::case::{self, Case, Deed, Event, Guard, Level, Opening, Stamp, Terms, What, add_up};
use crate::code::{Day, unknown};
use crate::condition::Condition;
use crate::finding::{Findings, Located, Place, say};
use crate::judge::{Judgement, Moments, Situation, View};
use crate::manifest::Manifest;
use crate::pack::Programme;
use crate::pathway::{Pathway, Step};
use crate::rule::Rule;
use crate::scenario::Scenario;
use crate::section::Section;

/// A case and what is done about it, each deed by someone who has seen those before.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    pub pathway: String,
    opened: Timestamp,
    deeds: Vec<Done>,
    then: Vec<Stand>,
}

#[derive(Clone, Debug)]
struct Done {
    role: String,
    /// Who does it; of a role that names nobody it is always the same one.
    who: String,
    doing: Doing,
    /// It must not be possible.
    refused: bool,
    then: Stand,
}

#[derive(Clone, Debug)]
enum Doing {
    Step {
        step: String,
        against: bool,
    },
    Sign(String),
    Offer(String),
    Take,
    /// To this place; none is outside the territory.
    Send(Option<String>),
    Receive,
    Refuse,
    Recall,
}

/// What must hold of the case at a moment; what is not said may be anything.
#[derive(Clone, Debug)]
struct Stand {
    place: Place,
    at: Timestamp,
    state: Option<String>,
    due: Option<Timestamp>,
    held_until: Option<Timestamp>,
    waits_for: Option<BTreeSet<String>>,
    waits: bool,
    reminded: bool,
    told: Option<BTreeSet<String>>,
    holder: Option<String>,
    /// Which place has received it; `—` if it is where it began.
    at_place: Option<String>,
    /// Until when it is to be handed over.
    hand_over: Option<Timestamp>,
}

/// What the walks of a pack have seen of its pathways.
#[derive(Debug, Default)]
pub(crate) struct Walked(BTreeSet<String>);

impl Walked {
    fn see(&mut self, pathway: &Pathway, what: &str) {
        self.0.insert(format!("{}.{what}", pathway.code.value));
    }

    /// What no walk has seen: states, steps, the limits of each state, that it waits, that a flag leads to it, and that a limit
    /// climbs.
    pub(crate) fn missing(&self, pathways: &[Pathway]) -> Vec<String> {
        let mut missing = Vec::new();
        for pathway in pathways.iter().filter(|pathway| !pathway.of_rule) {
            let states = pathway.states.iter().map(|state| state.code.value.clone());
            let duties = pathway.states.iter().filter(|state| state.duty.is_some());
            let limits = duties.map(|state| format!("{}.within", state.code.value));
            let waits = pathway.states.iter().filter(|state| state.waits.is_some());
            let waits = waits.map(|state| format!("{}.waits", state.code.value));
            let steps = pathway.steps.iter().map(|step| step.code.value.clone());
            let brought = pathway.states.iter().filter(|state| !state.brought_by.is_empty());
            let brought = brought.map(|state| format!("{}.brought_by", state.code.value));
            let back = pathway.states.iter().filter(|state| !state.brought_back_by.is_empty());
            let back = back.map(|state| format!("{}.brought_back_by", state.code.value));
            let in_all = pathway
                .states
                .iter()
                .filter(|state| state.duty.as_ref().is_some_and(|duty| duty.in_all.is_some()));
            let in_all = in_all.map(|state| format!("{}.in_all", state.code.value));
            let handed = pathway.hand_over.iter().flat_map(|_| ["within", "received", "refused"]);
            let handed = handed.map(|what| format!("hand_over.{what}"));
            let waits = waits.chain(brought).chain(back).chain(in_all).chain(handed);
            let all = states.chain(limits).chain(waits).chain(steps).chain(["climbs_to".to_owned()]);
            let named = all.map(|what| format!("{}.{what}", pathway.code.value));
            missing.extend(named.filter(|name| !self.0.contains(name)));
        }
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

/// Reads what a test says of a walk; its forms are read as those of any test.
pub(crate) fn read(
    part: &mut Section<'_, '_>,
    pathways: &[Pathway],
    manifest: &Manifest,
    findings: &mut Findings,
) -> Option<Walk> {
    let named = part.text("pathway", findings);
    let opened = part.moment("opened", findings);
    let pathway = named.as_ref().and_then(|named| {
        let found = pathways.iter().find(|pathway| pathway.code.value == named.value);
        if found.is_none() {
            let known: Vec<&str> = pathways.iter().map(|pathway| pathway.code.value.as_str()).collect();
            unknown(named, "流程", "pathway", &known, findings);
        }
        found
    });
    let (mut deeds, mut then) = (Vec::new(), Vec::new());
    for mut deed in part.sections("deed", findings) {
        deeds.extend(read_deed(&mut deed, pathway, manifest, findings));
        deed.finish(findings);
    }
    for mut stand in part.sections("then", findings) {
        then.extend(read_stand(&mut stand, pathway, manifest, findings));
        stand.finish(findings);
    }
    let opened = opened?.value;
    let late = deeds.iter().map(|deed| &deed.then).scan(opened, |before, stand| {
        let late = stand.at < *before;
        *before = stand.at;
        Some((late, stand))
    });
    for place in late.filter(|(late, _)| *late).map(|(_, stand)| &stand.place) {
        findings.add(
            place,
            "not_in_order",
            say("deed 应按时间先后写", "deeds are written in the order of their moments"),
        );
    }
    Some(Walk { pathway: pathway?.code.value.clone(), opened, deeds, then })
}

fn read_deed(
    part: &mut Section<'_, '_>,
    pathway: Option<&Pathway>,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Option<Done> {
    let role = part.text("by", findings).filter(|role| manifest.has_role(role, findings));
    let who = part.optional_text("who", findings);
    let known: Vec<&str> =
        pathway.into_iter().flat_map(|own| &own.steps).map(|step| step.code.value.as_str()).collect();
    let mut step = |key: &'static str, findings: &mut Findings| {
        let named = part.optional_text(key, findings)?;
        if pathway.is_some() && !known.contains(&named.value.as_str()) {
            unknown(&named, "步骤", "step", &known, findings);
        }
        Some(named.value)
    };
    let (stepped, signed) = (step("step", findings), step("sign", findings));
    let offered = part.optional_text("offer_to", findings).map(|to| to.value);
    let sent = part.optional_text("send_to", findings).map(|to| Some(to.value));
    let sent = sent.or(part.truth("send_outside", findings).then_some(None)).map(Doing::Send);
    let answers = [("receive", Doing::Receive), ("refuse", Doing::Refuse), ("recall", Doing::Recall)];
    let answered = answers.map(|(key, doing)| part.truth(key, findings).then_some(doing));
    let mut passed = answered.into_iter().flatten().chain(sent);
    let (against, takes) = (part.truth("against", findings), part.truth("take", findings));
    let refused = part.truth("refused", findings);
    let place = part.place();
    let then = read_stand(part, pathway, manifest, findings);
    let doing = match (stepped, signed, offered, takes, (passed.next(), passed.next())) {
        (Some(step), None, None, false, (None, _)) => Doing::Step { step, against },
        (None, Some(step), None, false, (None, _)) => Doing::Sign(step),
        (None, None, Some(to), false, (None, _)) => Doing::Offer(to),
        (None, None, None, true, (None, _)) => Doing::Take,
        (None, None, None, false, (Some(passing), None)) => passing,
        _ => {
            findings.add(
                &place,
                "no_deed",
                say(
                    "deed 须写 step、sign、offer_to、take = true、send_to、send_outside = true、receive = true、refuse = true、recall = true 之一",
                    "a deed is one of step, sign, offer_to, take = true, send_to, send_outside = true, receive = true, refuse = true and recall = true",
                ),
            );
            return None;
        }
    };
    let role = role?.value;
    Some(Done { who: who.map_or_else(|| role.clone(), |who| who.value), role, doing, refused, then: then? })
}

fn read_stand(
    part: &mut Section<'_, '_>,
    pathway: Option<&Pathway>,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Option<Stand> {
    let place = part.place();
    let at = part.moment("at", findings);
    let state = part.optional_text("state", findings);
    if let (Some(state), Some(pathway)) = (&state, pathway)
        && pathway.state(&state.value).is_none()
    {
        let known: Vec<&str> = pathway.states.iter().map(|state| state.code.value.as_str()).collect();
        unknown(state, "状态", "state", &known, findings);
    }
    let [due, held_until, hand_over] = ["due", "held_until", "hand_over"].map(|key| {
        let given = part.has(key).then(|| part.moment(key, findings));
        given.flatten().map(|moment| moment.value)
    });
    let [waits_for, told] = ["waits_for", "told"].map(|key| {
        let roles: Option<Vec<Located<String>>> = part.has(key).then(|| part.list(key, findings));
        for role in roles.iter().flatten() {
            manifest.has_role(role, findings);
        }
        roles.map(|roles| roles.into_iter().map(|role| role.value).collect::<BTreeSet<_>>())
    });
    let (waits, reminded) = (part.truth("waits", findings), part.truth("reminded", findings));
    let holder = part.optional_text("holder", findings).map(|holder| holder.value);
    let at_place = part.optional_text("at_place", findings).map(|at_place| at_place.value);
    let (state, at) = (state.map(|state| state.value), at?.value);
    Some(Stand {
        place,
        at,
        state,
        due,
        held_until,
        waits_for,
        waits,
        reminded,
        told,
        holder,
        at_place,
        hand_over,
    })
}

/// Walks, and tells where the case does not go or stand as the test says.
pub(crate) fn check(
    programme: &Programme,
    scenario: &Scenario,
    walk: &Walk,
    walked: &mut Walked,
    findings: &mut Findings,
) {
    let Some(pathway) = programme.pathways.iter().find(|own| own.code.value == walk.pathway) else { return };
    let terms = Terms {
        pathway,
        parameters: &programme.parameters,
        calendar: &programme.calendar,
        restrictions: &programme.manifest.restrictions,
        area: &scenario.area,
    };
    let rules = &programme.rules;
    let mut going =
        Going { scenario, walk, terms, rules, events: Vec::new(), people: Vec::new(), walked, findings };
    if let Some(start) = pathway.start() {
        going.walked.see(pathway, &start.code.value);
    }
    for deed in &walk.deeds {
        going.go(deed);
        let events = going.events.clone();
        going.look(&deed.then, &events);
    }
    for stand in &walk.then {
        going.resume(stand.at);
        let events: Vec<Event> =
            going.events.iter().filter(|event| event.stamp.at <= stand.at).cloned().collect();
        going.look(stand, &events);
    }
}

struct Going<'g> {
    scenario: &'g Scenario,
    walk: &'g Walk,
    terms: Terms<'g>,
    rules: &'g [Rule],
    events: Vec<Event>,
    /// By their numbers.
    people: Vec<&'g str>,
    walked: &'g mut Walked,
    findings: &'g mut Findings,
}

impl<'g> Going<'g> {
    /// How it stands at a moment, with what flagged until then.
    fn stands(&self, events: &[Event], until: Timestamp) -> Option<Case> {
        let at = self.walk.opened;
        let brings = self.terms.pathway.states.iter().flat_map(|state| &state.brought_by);
        let flagged = brings.filter_map(|rule| Some((rule.clone(), self.flags(rule, until)?))).collect();
        let mut opening = Opening { at, counted_from: None, flagged };
        loop {
            let case = add_up(self.terms.pathway, &opening, events)?;
            let mut anew = self.flags_anew(&case, until);
            anew.retain(|flag| !opening.flagged.contains(flag));
            if anew.is_empty() {
                return Some(case);
            }
            opening.flagged.append(&mut anew);
        }
    }

    /// The rules that bring a case back from where it stands: they flag on a later day, and did not as it came there or do by
    /// what was filled in since alone.
    fn flags_anew(&self, case: &Case, until: Timestamp) -> Vec<(String, Timestamp)> {
        let mut anew = Vec::new();
        let states = self.terms.pathway.states.iter().filter(|state| state.code.value != case.state);
        for rule in states.flat_map(|state| &state.brought_back_by) {
            let Some(own) = self.rules.iter().find(|own| own.id.value == *rule) else { continue };
            let mut day = local_day(case.since);
            if case.ran.is_empty() {
                continue;
            }
            if !own.condition.hours.is_empty() {
                if !self.holds_at(&own.condition, case.since) {
                    let flag = self.flags_by_the_hour(&own.condition, case.since, until);
                    anew.extend(flag.map(|at| (rule.clone(), at)));
                }
                continue;
            }
            let flagged = self.holds(&own.condition, day);
            while let Ok(next) = day.tomorrow()
                && next <= local_day(until)
            {
                day = next;
                if self.holds(&own.condition, day) && (!flagged || self.is_another(own, day, case.since)) {
                    anew.push((rule.clone(), midnight_before(day)));
                    break;
                }
            }
        }
        anew
    }

    /// The first moment from the opening on at which a rule flags: that itself, or the beginning of a day, or an hour at which
    /// the rule is judged again.
    fn flags(&self, rule: &str, until: Timestamp) -> Option<Timestamp> {
        let condition = &self.rules.iter().find(|own| own.id.value == rule)?.condition;
        if !condition.hours.is_empty() {
            return self.flags_by_the_hour(condition, self.walk.opened, until);
        }
        let mut day = local_day(self.walk.opened);
        while day <= local_day(until) {
            if self.holds(condition, day) {
                return Some(midnight_before(day).max(self.walk.opened));
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// The first moment at which a rule that names the time of day flags: one at which it is judged.
    fn flags_by_the_hour(
        &self,
        condition: &Condition,
        from: Timestamp,
        until: Timestamp,
    ) -> Option<Timestamp> {
        let mut day = local_day(from);
        while day <= local_day(until) {
            let hours = condition.hours_by(&self.terms.parameters.on(self.terms.area, day));
            let begins = midnight_before(day);
            let hours = hours
                .into_iter()
                .filter_map(|minute| begins.checked_add(SignedDuration::from_mins(minute.into())).ok());
            let judged = [from, begins].into_iter().chain(hours);
            let mut judged = judged.filter(|at| (from..=until).contains(at) && local_day(*at) == day);
            if let Some(at) = judged.find(|at| self.holds_at(condition, *at)) {
                return Some(at);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    fn number(&mut self, who: &'g str) -> u128 {
        let known = self.people.iter().position(|known| *known == who);
        let place = known.unwrap_or_else(|| {
            self.people.push(who);
            self.people.len() - 1
        });
        u128::try_from(place).unwrap_or(u128::MAX)
    }

    fn go(&mut self, deed: &'g Done) {
        self.resume(deed.then.at);
        let Some(before) = self.stands(&self.events, deed.then.at) else { return };
        let turn = u32::try_from(before.ran.len()).unwrap_or(u32::MAX);
        let done = match &deed.doing {
            Doing::Step { step, against } => {
                let Some(step) = self.terms.pathway.step(step) else { return };
                let on = local_day(deed.then.at);
                let guard = if *against { Guard::Overridden } else { Guard::Held };
                let holds = *against && step.may_override
                    || step.guard.as_ref().is_none_or(|guard| self.allows(guard, &before, deed.then.at));
                let outside = !step.outside || before.sent().is_some_and(|sent| sent.to.is_none());
                let fits = step.from.contains(&before.state) && step.by.contains(&deed.role) && outside;
                let counted_from = self.counted_from(step, on);
                let taken = Deed::Step { step: step.code.value.clone(), guard, counted_from };
                (holds && fits).then_some(taken)
            }
            Doing::Sign(step) => {
                let found = self.terms.pathway.step(step);
                let fits = found.is_some_and(|found| {
                    found.from.contains(&before.state) && found.signed_by.contains(&deed.role)
                });
                fits.then(|| Deed::Sign { step: step.clone() })
            }
            Doing::Offer(to) => Some(Deed::Offer { to: self.number(to) }),
            Doing::Take => Some(Deed::Take),
            passing => self.passing(passing, &before, &deed.role),
        };
        let name = &self.scenario.name.value;
        match (done, deed.refused) {
            (None, true) => {}
            (Some(_), true) => self.findings.add(
                &deed.then.place,
                "expected",
                say(format!("“{name}”：这一步应当不行，却可以"), format!("{name:?}: this should not be possible, and is")),
            ),
            (None, false) => self.findings.add(
                &deed.then.place,
                "expected",
                say(
                    format!("“{name}”：这一步不行：状态是 {}，或角色不对，或条件不满足", before.state),
                    format!(
                        "{name:?}: this is not possible: the state is {}, another role does it, or the condition does not hold",
                        before.state
                    ),
                ),
            ),
            (Some(done), false) => {
                let actor = self.number(&deed.who);
                let sequence = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
                let stamp = Stamp { at: deed.then.at, series: actor, sequence };
                self.events.push(Event { stamp, actor, role: deed.role.clone(), turn, deed: done });
            }
        }
        self.resume(deed.then.at);
        if let Some(after) = self.stands(&self.events, deed.then.at) {
            for ran in after.ran.iter().skip(before.ran.len()) {
                self.walked.see(self.terms.pathway, &ran.step);
            }
            self.walked.see(self.terms.pathway, &after.state);
            for how in after.passages.iter().filter_map(|sent| sent.answer.as_ref()).map(|answer| answer.how)
            {
                match how {
                    case::How::Received => self.walked.see(self.terms.pathway, "hand_over.received"),
                    case::How::Refused => self.walked.see(self.terms.pathway, "hand_over.refused"),
                    case::How::Withdrawn => {}
                }
            }
        }
    }

    /// What is done about where a case goes, if it is possible as it stands: an answer is that of the place to which it was sent.
    fn passing(&mut self, doing: &'g Doing, before: &Case, role: &str) -> Option<Deed> {
        let own = self.terms.pathway.hand_over.as_ref()?;
        let duty = self.terms.pathway.state(&before.state)?.duty.as_ref();
        let tells = duty.is_some() && own.by.iter().any(|by| by == role);
        let receives = own.received_by == role;
        let sent = before.sent().and_then(|sent| sent.to);
        match doing {
            Doing::Send(to) => {
                let to = to.as_deref().map(|to| self.number(to));
                tells.then_some(Deed::Send { to })
            }
            Doing::Receive => Some(Deed::Receive { area: sent? }).filter(|_| receives),
            Doing::Refuse => Some(Deed::Refuse { area: sent? }).filter(|_| receives),
            Doing::Recall => Some(Deed::Recall).filter(|_| tells && before.moving_since.is_some()),
            _ => None,
        }
    }

    /// On the first day until a moment on which what the case waits for is there, it waits no more.
    fn resume(&mut self, until: Timestamp) {
        let Some(case) = self.stands(&self.events, until).filter(|case| case.waits) else { return };
        let waits = self.terms.pathway.state(&case.state).and_then(|state| state.waits.as_ref());
        let Some(wait) = waits else { return };
        let mut day = local_day(case.since);
        while day <= local_day(until) {
            if self.holds(&wait.until, day) {
                let at = midnight_before(day).max(case.since);
                if at <= until {
                    let sequence = u64::try_from(self.events.len()).unwrap_or(u64::MAX);
                    let stamp = Stamp { at, series: u128::MAX, sequence };
                    let turn = u32::try_from(case.ran.len()).unwrap_or(u32::MAX);
                    let role = String::new();
                    self.events.push(Event { stamp, actor: u128::MAX, role, turn, deed: Deed::Resume });
                }
                return;
            }
            let Ok(next) = day.tomorrow() else { return };
            day = next;
        }
    }

    /// Whether a condition holds on a day, of what was filled in until it was over.
    fn holds(&self, condition: &Condition, on: Day) -> bool {
        self.judged(condition, (on, 0), None, &|record| record.on <= on)
    }

    /// Whether a condition holds at a moment, of what was filled in until then.
    fn holds_at(&self, condition: &Condition, at: Timestamp) -> bool {
        self.judged(condition, (local_day(at), local_minute(at)), None, &|record| record.at <= at)
    }

    /// Whether a rule flags on a day by a matter that was filled in since a moment.
    fn is_another(&self, rule: &Rule, on: Day, since: Timestamp) -> bool {
        let Some(each_of) = &rule.each_of else { return false };
        let counts = |record: &Record| record.on <= on && (record.form != *each_of || record.at > since);
        self.judged(&rule.condition, (on, 0), None, &counts)
    }

    /// Whether the condition of a step holds at a moment, of what was filled in until then.
    fn allows(&self, guard: &Condition, case: &Case, at: Timestamp) -> bool {
        let moments = Moments { opened: self.walk.opened, since: case.since };
        let time = (local_day(at), local_minute(at));
        self.judged(guard, time, Some(moments), &|record| record.at <= at)
    }

    fn judged(
        &self,
        condition: &Condition,
        (on, minute): (Day, u16),
        case: Option<Moments>,
        counts: &dyn Fn(&Record) -> bool,
    ) -> bool {
        let until = |records: &'g [Record]| records.iter().filter(|record| counts(record)).collect();
        let situation = Situation {
            own: until(&self.scenario.own),
            people: self.scenario.people.values().map(|records| until(records)).collect(),
            case,
        };
        let parameters = self.terms.parameters.on(self.terms.area, on);
        let view = View::new(&condition.needs, &situation, &parameters, on).at(minute);
        matches!(view.judge(condition), Judgement::Flags(_))
    }

    fn counted_from(&self, step: &Step, on: Day) -> Option<Day> {
        let duty = self.terms.pathway.state(&step.to)?.duty.as_ref()?;
        let (form, field) = duty.counted_from.as_ref()?;
        let records = self.scenario.own.iter().filter(|record| record.on <= on);
        day_of(records, (form, field), duty.latest)
    }

    fn look(&mut self, stand: &Stand, events: &[Event]) {
        let Some(case) = self.stands(events, stand.at) else { return };
        if !case.brought_from.is_empty() {
            self.walked.see(self.terms.pathway, &case.state);
            let by = if case.ran.is_empty() { "brought_by" } else { "brought_back_by" };
            self.walked.see(self.terms.pathway, &format!("{}.{by}", case.state));
        }
        let tasks = case::tasks(&self.terms, &case, stand.at);
        let leave = tasks.iter().find(|task| matches!(task.what, What::Leave { .. } | What::Wait { .. }));
        let held = tasks.iter().find(|task| matches!(task.what, What::Release { .. }));
        let due = leave.map(|task| task.due);
        if stand.due.is_some() && stand.due == due {
            let limit = if case.waits { "waits" } else { "within" };
            self.walked.see(self.terms.pathway, &format!("{}.{limit}", case.state));
            if due == case::due_in_all(&self.terms, &case) {
                self.walked.see(self.terms.pathway, &format!("{}.in_all", case.state));
            }
        }
        let told: BTreeSet<String> = leave.iter().flat_map(|task| task.told.iter().cloned()).collect();
        if stand.told.as_ref().is_some_and(|told| !told.is_empty()) {
            self.walked.see(self.terms.pathway, "climbs_to");
        }
        let handed = tasks.iter().find(|task| matches!(task.what, What::HandOver)).map(|task| task.due);
        if stand.hand_over.is_some() && stand.hand_over == handed {
            self.walked.see(self.terms.pathway, "hand_over.within");
        }
        let place =
            case.received().and_then(|(area, _)| self.people.get(usize::try_from(area).ok()?).copied());
        let missing: BTreeSet<String> = case.waiting.values().flatten().cloned().collect();
        let holder = case.holder.and_then(|holder| self.people.get(usize::try_from(holder).ok()?).copied());
        let reminded = leave.is_some_and(|task| task.level == Level::Reminded);
        let list = |names: &BTreeSet<String>| names.iter().cloned().collect::<Vec<_>>().join(", ");
        let local = |moment: Option<Timestamp>| moment.map_or_else(|| "—".to_owned(), written);
        let mut compare = |what: &str, expected: Option<String>, found: String| {
            if let Some(expected) = expected.filter(|expected| *expected != found) {
                let (name, at) = (&self.scenario.name.value, written(stand.at));
                self.findings.add(
                    &stand.place,
                    "expected",
                    say(
                        format!("“{name}”，{at}：{what} 应为 {expected}，实际 {found}"),
                        format!("{name:?}, {at}: {what} should be {expected}, it is {found}"),
                    ),
                );
            }
        };
        compare("state", stand.state.clone(), case.state.clone());
        compare("due", stand.due.map(written), local(due));
        compare("held_until", stand.held_until.map(written), local(held.map(|task| task.due)));
        compare("waits_for", stand.waits_for.as_ref().map(list), list(&missing));
        compare("waits", stand.waits.then(|| "true".to_owned()), case.waits.to_string());
        compare("told", stand.told.as_ref().map(list), list(&told));
        compare("reminded", stand.reminded.then(|| "true".to_owned()), reminded.to_string());
        compare("at_place", stand.at_place.clone(), place.unwrap_or("—").to_owned());
        compare("hand_over", stand.hand_over.map(written), local(handed));
        compare("holder", stand.holder.clone(), holder.unwrap_or("—").to_owned());
    }
}

/// A moment as a test writes it.
fn written(moment: Timestamp) -> String {
    crate::calendar::local(moment).to_string()
}
