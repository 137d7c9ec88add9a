//! Pathways: the states of a case, who owns it in each and until when, and the steps from one to another.
//!
//! A state that is no end has an owner, a limit and those whom it climbs to; from every state some end can be reached.
//! So no case can stand anywhere without being due. A step is always a person's: no rule takes one. What a rule finds can say
//! in which state a case begins that nobody has taken a step of yet, and that holds nobody to anything.

use std::collections::BTreeSet;

use crate::calendar;
use crate::code::{check_code, check_unique, unknown};
use crate::condition::{self, Condition, Vocabulary};
use crate::finding::{Findings, Located, Place, say};
use crate::form::Subject;
use crate::parameter::Parameters;
use crate::question::Answer;
use crate::rule::{Rule, check_rules, is_time};
use crate::section::{Number, Section, Source};
use crate::text::Texts;

/// The question of who tells, and its choices that are not the office's.
pub const TOLD_BY: &str = "told_by";
pub const TELLERS: [&str; 2] = ["self", "family"];

/// The states of a rule's own way.
const FLAGGED: &str = "flagged";
const SETTLED: &str = "settled";
const MISTAKEN: &str = "mistaken";

/// The most signatures that a step needs beside its taker's.
const MOST_SIGNATURES: usize = 3;

/// The way of a kind of case.
#[derive(Clone, Debug)]
pub struct Pathway {
    pub code: Located<String>,
    pub name: Texts,
    pub subject: Subject,
    /// The rules whose flag asks for such a case.
    pub asked_by: Vec<String>,
    /// What a resident asks for with her slip is to be answered within the limit of the first state.
    pub residents_ask: bool,
    /// How a case goes to another area when whom it is about moves there; none if it stays where it is.
    pub hand_over: Option<HandOver>,
    pub states: Vec<State>,
    pub steps: Vec<Step>,
    /// It is the way of a rule whose flag is a task by itself, and stands in no file of its own.
    pub of_rule: bool,
}

/// How a case of someone who moves is handed over to the area where she goes. It stands in whatever state it stood: what she is
/// held to, what she is asked and every limit go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HandOver {
    /// The roles that say that she moves, and where.
    pub by: Vec<String>,
    /// The role that sees to it until it is received, and the parameter, a time, until when.
    pub owner: String,
    pub within: String,
    /// The role that receives it in the other area, and sees to it that she is registered there.
    pub received_by: String,
    /// The roles that are told when the limit is over, one more for each time as long again.
    pub climbs_to: Vec<String>,
}

/// Where a case can stand.
#[derive(Clone, Debug)]
pub struct State {
    pub code: Located<String>,
    pub name: Texts,
    /// None is an end.
    pub duty: Option<Duty>,
    /// What the person is held to in this state.
    pub restriction: Option<String>,
    /// The form that the resident herself is asked for with her slip in this state.
    pub asks: Option<String>,
    /// What nobody can bring about and has to come first.
    pub waits: Option<Wait>,
    /// The rules whose flag brings a case here that stands where it began.
    pub brought_by: Vec<String>,
    /// The rules that bring a case back here that went on, when they flag and did not as it came where it stands.
    pub brought_back_by: Vec<String>,
}

/// What a state waits for. Until it has come nothing is due but to look at it again; when it has, the state's own limit begins.
#[derive(Clone, Debug)]
pub struct Wait {
    /// What it waits for, in words.
    pub name: Texts,
    /// That it has come.
    pub until: Condition,
    /// The parameter, a time: after so long the owner looks whether it is still worth waiting for.
    pub look_within: String,
}

/// Who must act in a state, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duty {
    pub owner: String,
    /// The parameter, a time.
    pub within: String,
    /// The parameter, a time from when it came into the state: steps that lead from the state to itself put nothing off beyond it.
    pub in_all: Option<String>,
    /// The field, a day, from which the limit counts; else it counts from the step that led here.
    pub counted_from: Option<(String, String)>,
    /// Whether the latest of its days counts, whichever form says it; else that of the newest form.
    pub latest: bool,
    /// The roles that are told when the limit is over, one more for each time as long again.
    pub climbs_to: Vec<String>,
}

/// A step that a person takes.
#[derive(Clone, Debug)]
pub struct Step {
    pub code: Located<String>,
    pub name: Texts,
    pub from: Vec<String>,
    pub to: String,
    /// The roles that may take it.
    pub by: Vec<String>,
    /// Roles that must sign it as well, each another person than whoever takes it and than each other.
    pub signed_by: Vec<String>,
    /// What must hold of the subject.
    pub guard: Option<Condition>,
    /// The guard in plain words.
    pub says: Option<Texts>,
    /// Whether it may be taken though the guard does not hold, with a reason.
    pub may_override: bool,
    /// It is taken when she has moved out of the territory, with the receipt of whoever has received her there, in words.
    pub outside: bool,
}

impl Pathway {
    /// The state in which a case begins: the first.
    #[must_use]
    pub fn start(&self) -> Option<&State> {
        self.states.first()
    }

    /// Whether a role answers for a case of it, is told of one, or takes or signs a step.
    #[must_use]
    pub fn names(&self, role: &str) -> bool {
        let duties = self.states.iter().filter_map(|state| state.duty.as_ref());
        let told = duties.flat_map(|duty| std::iter::once(&duty.owner).chain(&duty.climbs_to));
        let takes = self.steps.iter().flat_map(|step| step.by.iter().chain(&step.signed_by));
        let hands = self.hand_over.iter().flat_map(|own| own.by.iter().chain([&own.owner, &own.received_by]));
        told.chain(takes).chain(hands).any(|named| named == role)
    }

    #[must_use]
    pub fn state(&self, code: &str) -> Option<&State> {
        self.states.iter().find(|state| state.code.value == code)
    }

    /// The state to which a rule's flag brings a case that stands where it began, and its place among the states.
    #[must_use]
    pub fn brought_to(&self, rule: &str) -> Option<(usize, &State)> {
        self.states.iter().enumerate().find(|(_, state)| state.brought_by.iter().any(|by| by == rule))
    }

    /// The state to which a rule's new flag brings back a case that went on, and its place among the states.
    #[must_use]
    pub fn brought_back_to(&self, rule: &str) -> Option<(usize, &State)> {
        self.states.iter().enumerate().find(|(_, state)| state.brought_back_by.iter().any(|by| by == rule))
    }

    #[must_use]
    pub fn step(&self, code: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.code.value == code)
    }
}

/// The ways of rules whose flag is a task by itself: whoever it tells looks into it until its limit, and it is settled, or it
/// was not so. Tells of rules that have a pathway besides.
pub(crate) fn of_rules(rules: &[Rule], pathways: &[Pathway], findings: &mut Findings) -> Vec<Pathway> {
    let mut found = Vec::new();
    for rule in rules.iter().filter(|rule| !rule.climbs_to.is_empty()) {
        let Located { value: id, place } = &rule.id;
        if let Some(asked) = pathways.iter().find(|pathway| pathway.asked_by.contains(id)) {
            let code = &asked.code.value;
            findings.add(
                place,
                "has_pathway",
                say(
                    format!("{id} 已由流程 {code} 办理：climbs_to 写在流程里，规则里去掉"),
                    format!("{id} asks for the pathway {code}, which says whom it climbs to: leave climbs_to out here"),
                ),
            );
            continue;
        }
        found.push(of_rule(rule));
    }
    found
}

fn of_rule(rule: &Rule) -> Pathway {
    let code = |code: &str| Located { value: code.to_owned(), place: rule.id.place.clone() };
    let texts = |zh: &str, en: &str| {
        let mut texts = Texts::default();
        texts.insert("zh", zh.into());
        texts.insert("en", en.into());
        texts
    };
    let state = |of: &str, name: Texts, duty: Option<Duty>| State {
        code: code(of),
        name,
        duty,
        restriction: None,
        asks: None,
        waits: None,
        brought_by: Vec::new(),
        brought_back_by: Vec::new(),
    };
    let by: Vec<String> = std::iter::once(&rule.tells).chain(&rule.climbs_to).cloned().collect();
    let step = |of: &str, name: Texts, to: &str| Step {
        code: code(of),
        name,
        from: vec![FLAGGED.into()],
        to: to.into(),
        by: by.clone(),
        signed_by: Vec::new(),
        guard: None,
        says: None,
        may_override: false,
        outside: false,
    };
    let duty = Duty {
        owner: rule.tells.clone(),
        within: rule.within.clone(),
        in_all: None,
        counted_from: None,
        latest: false,
        climbs_to: rule.climbs_to.clone(),
    };
    Pathway {
        code: code(&format!("look_{}", rule.id.value.to_lowercase().replace('-', "_"))),
        name: rule.says.clone(),
        subject: rule.subject,
        asked_by: vec![rule.id.value.clone()],
        residents_ask: false,
        hand_over: None,
        states: vec![
            state(FLAGGED, texts("待核实", "to be looked into"), Some(duty)),
            state(SETTLED, texts("已解决", "settled"), None),
            state(MISTAKEN, texts("核实后情况不实", "looked into: it was not so"), None),
        ],
        steps: vec![
            step("settle", rule.resolved_by.clone(), SETTLED),
            step("clear", texts("核实过，情况不实", "looked into: it is not so"), MISTAKEN),
        ],
        of_rule: true,
    }
}

/// What a pathway may name.
pub(crate) struct Known<'k> {
    pub vocabulary: Vocabulary<'k>,
    /// None if they cannot be read.
    pub rules: Option<&'k [String]>,
}

pub(crate) fn read(source: &Source<'_>, known: &Known<'_>, findings: &mut Findings) -> Option<Pathway> {
    let mut pathway = None;
    let before = findings.len();
    source.read_toml(findings, |section, findings| pathway = read_pathway(section, known, findings));
    let pathway = pathway?;
    // Where a state or a step has a mistake of its own, the ways would seem broken that are not.
    if findings.len() == before {
        check_ways(&pathway, &Place::whole(source.file), findings);
    }
    Some(pathway)
}

fn read_pathway(
    section: &mut Section<'_, '_>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<Pathway> {
    let code = section.text("code", findings);
    let code = check_code(code, "pathway", findings);
    let name = texts(section, known, findings);
    let subject = section.text("subject", findings).and_then(|subject| Subject::parse(&subject, findings));
    let asked_by = section.list("asked_by", findings);
    check_rules(&asked_by, known.rules, findings);
    let residents_ask = section.truth("residents_ask", findings);
    let hand_over = read_hand_over(section, subject, known, findings);
    let (mut states, mut steps) = (Vec::new(), Vec::new());
    let (mut state_codes, mut step_codes) = (Vec::new(), Vec::new());
    let (mut brought, mut brought_back) = (Vec::new(), Vec::new());
    for mut part in section.sections("state", findings) {
        let code = part.text("code", findings);
        state_codes.extend(code.clone());
        let brought_by = part.list("brought_by", findings);
        check_asked(&brought_by, &asked_by, findings);
        brought.extend(brought_by.iter().cloned());
        let back_by = part.list("brought_back_by", findings);
        check_asked(&back_by, &asked_by, findings);
        brought_back.extend(back_by.iter().cloned());
        let state = read_state(check_code(code, "state", findings), part, subject, known, findings);
        let values = |rules: Vec<Located<String>>| rules.into_iter().map(|rule| rule.value).collect();
        let (brought_by, brought_back_by) = (values(brought_by), values(back_by));
        states.extend(state.map(|state| State { brought_by, brought_back_by, ..state }));
    }
    check_unique(state_codes.iter(), "state", findings);
    check_unique(brought.iter(), "brought_by", findings);
    check_unique(brought_back.iter(), "brought_back_by", findings);
    for mut part in section.sections("step", findings) {
        let code = part.text("code", findings);
        step_codes.extend(code.clone());
        steps.extend(read_step(check_code(code, "step", findings), part, &state_codes, known, findings));
    }
    check_unique(step_codes.iter(), "step", findings);
    Some(Pathway {
        code: code?,
        name,
        subject: subject?,
        asked_by: asked_by.into_iter().map(|rule| rule.value).collect(),
        residents_ask,
        hand_over,
        states,
        steps,
        of_rule: false,
    })
}

/// Only of a person is told where she moves: a household is the door behind which it lives, and a door moves nowhere.
fn read_hand_over(
    section: &mut Section<'_, '_>,
    subject: Option<Subject>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<HandOver> {
    let mut parts = section.sections("hand_over", findings).into_iter();
    let mut part = parts.next()?;
    if let Some(second) = parts.next() {
        findings.add(
            &second.place(),
            "too_many",
            say("一个流程只写一处 hand_over", "a pathway has one hand_over"),
        );
    }
    if subject.is_some_and(|subject| subject != Subject::Person) {
        findings.add(
            &part.place(),
            "hand_over",
            say(
                "hand_over 只用于主体是人的流程：户就是那个门，门不会搬走",
                "hand_over is for pathways about a person: a household is its door, and a door moves nowhere",
            ),
        );
    }
    let by = part.list("by", findings);
    let climbs_to = part.list("climbs_to", findings);
    for (list, key) in [(&by, "by"), (&climbs_to, "climbs_to")] {
        if list.is_empty() {
            findings.add(&part.place(), "missing", say(format!("缺少 {key}"), format!("{key} is missing")));
        }
        for role in list {
            known.vocabulary.manifest.has_role(role, findings);
        }
    }
    let [owner, received_by] = ["owner", "received_by"].map(|key| {
        let role = part.text(key, findings);
        role.inspect(|role| {
            known.vocabulary.manifest.has_role(role, findings);
        })
    });
    let within =
        part.text("within", findings).filter(|time| is_time(known.vocabulary.parameters, time, findings));
    part.finish(findings);
    let values = |list: Vec<Located<String>>| list.into_iter().map(|item| item.value).collect();
    Some(HandOver {
        by: values(by),
        owner: owner?.value,
        within: within?.value,
        received_by: received_by?.value,
        climbs_to: values(climbs_to),
    })
}

/// Only a rule that asks for the case can say in which state it begins.
fn check_asked(brought_by: &[Located<String>], asked_by: &[Located<String>], findings: &mut Findings) {
    let known: Vec<&str> = asked_by.iter().map(|rule| rule.value.as_str()).collect();
    for rule in brought_by.iter().filter(|rule| !known.contains(&rule.value.as_str())) {
        unknown(rule, "asked_by 里的规则", "rule in asked_by", &known, findings);
    }
}

fn texts(section: &mut Section<'_, '_>, known: &Known<'_>, findings: &mut Findings) -> Texts {
    let Some(texts) = section.texts("name", findings) else { return Texts::default() };
    texts.value.check("name", &known.vocabulary.manifest.languages, &texts.place, findings);
    texts.value
}

fn read_state(
    code: Option<Located<String>>,
    mut part: Section<'_, '_>,
    subject: Option<Subject>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<State> {
    let name = texts(&mut part, known, findings);
    let end = part.truth("end", findings);
    let restriction = part.optional_text("restriction", findings);
    if let Some(restriction) = &restriction {
        let codes: Vec<&str> = known
            .vocabulary
            .manifest
            .restrictions
            .iter()
            .map(|restriction| restriction.code.value.as_str())
            .collect();
        if !codes.contains(&restriction.value.as_str()) {
            unknown(restriction, "限制措施", "restriction", &codes, findings);
        }
        if end {
            findings.add(
                &restriction.place,
                "end_restricts",
                say("结束的状态不能再限制人", "a state that is an end cannot hold anybody to anything"),
            );
        }
    }
    let asks = part.optional_text("asks", findings);
    if let Some(asks) = &asks {
        check_asks(asks, subject, known, findings);
    }
    let duty = if end { Some(None) } else { read_duty(&mut part, known, findings).map(Some) };
    let waits = read_wait(&mut part, known, findings);
    if let (Some(_), Some(None) | Some(Some(Duty { counted_from: Some(_), .. }))) = (&waits, &duty) {
        findings.add(
            &part.place(),
            "waits",
            say(
                "等待的状态不能是结束，期限也不能从某一天起算：它从等到的那一刻起算",
                "a state that waits is no end, and its limit counts from the moment that ends the wait and from no other day",
            ),
        );
    }
    part.finish(findings);
    Some(State {
        code: code?,
        name,
        duty: duty?,
        restriction: restriction.map(|restriction| restriction.value),
        asks: asks.map(|asks| asks.value),
        waits,
        brought_by: Vec::new(),
        brought_back_by: Vec::new(),
    })
}

fn read_wait(part: &mut Section<'_, '_>, known: &Known<'_>, findings: &mut Findings) -> Option<Wait> {
    let mut waits = part.sections("waits", findings).into_iter();
    let mut wait = waits.next()?;
    if let Some(second) = waits.next() {
        findings.add(
            &second.place(),
            "too_many",
            say(
                "一个状态只等一件事；几件事请写进同一个条件",
                "a state waits for one thing; write several into one condition",
            ),
        );
    }
    let name = texts(&mut wait, known, findings);
    let until = wait.passage("until", findings);
    let look_within = wait
        .text("look_within", findings)
        .filter(|time| is_time(known.vocabulary.parameters, time, findings));
    let source = wait.source();
    let until =
        until.and_then(|(text, content)| condition::read(text, content, source, known.vocabulary, findings));
    wait.finish(findings);
    Some(Wait { name, until: until?, look_within: look_within?.value })
}

/// A form that a resident is asked for is about the same one as the case, and says who tells it: her word is hers.
fn check_asks(asks: &Located<String>, subject: Option<Subject>, known: &Known<'_>, findings: &mut Findings) {
    let forms = known.vocabulary.forms;
    let Some(form) = forms.iter().find(|form| form.code.value == asks.value) else {
        let codes: Vec<&str> = forms.iter().map(|form| form.code.value.as_str()).collect();
        unknown(asks, "表单", "form", &codes, findings);
        return;
    };
    let told_by = form.field(TOLD_BY).filter(|field| field.question.answer == Answer::One && !field.repeated);
    let says_who = told_by.is_some_and(|field| {
        TELLERS.iter().all(|teller| field.choices.iter().any(|choice| choice == teller))
    });
    if !says_who || subject.is_some_and(|subject| subject != form.subject) {
        findings.add(
            &asks.place,
            "asks",
            say(
                format!("居民自己填的表须与流程同一主体，并有单选题 {TOLD_BY}，选项含 {}", TELLERS.join("、")),
                format!(
                    "a form that residents are asked for is about the pathway's subject and has a question {TOLD_BY} with the choices {}",
                    TELLERS.join(" and ")
                ),
            ),
        );
    }
}

/// A misspelt name is told and kept, so that the state is there for whatever else names it.
fn read_duty(part: &mut Section<'_, '_>, known: &Known<'_>, findings: &mut Findings) -> Option<Duty> {
    let owner = part.text("owner", findings);
    if let Some(owner) = &owner {
        known.vocabulary.manifest.has_role(owner, findings);
    }
    let within = part.text("within", findings);
    if let Some(time) = &within {
        is_time(known.vocabulary.parameters, time, findings);
    }
    let in_all = part.optional_text("in_all", findings);
    if let Some(time) = &in_all {
        is_time(known.vocabulary.parameters, time, findings);
    }
    let counted_from = part.optional_text("counted_from", findings);
    let latest = part.truth("latest", findings);
    if latest && counted_from.is_none() {
        findings.add(
            &part.place(),
            "latest",
            say(
                "没有写 counted_from，latest 无从说起",
                "without counted_from there is no day for latest to choose",
            ),
        );
    }
    let climbs_to = part.list("climbs_to", findings);
    if climbs_to.is_empty() {
        findings.add(
            &part.place(),
            "no_climb",
            say(
                "没有 climbs_to：超时要告诉谁？",
                "it has no climbs_to: whom is it told when the limit is over?",
            ),
        );
    }
    for role in &climbs_to {
        known.vocabulary.manifest.has_role(role, findings);
    }
    let counted = counted_from.and_then(|field| day_field(&field, known, findings));
    Some(Duty {
        owner: owner?.value,
        within: within?.value,
        in_all: in_all.map(|time| time.value),
        counted_from: counted,
        latest,
        climbs_to: climbs_to.into_iter().map(|role| role.value).collect(),
    })
}

/// `returnee.arrived_on`: a field that is a day.
fn day_field(
    named: &Located<String>,
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<(String, String)> {
    let days: Vec<String> = known
        .vocabulary
        .forms
        .iter()
        .flat_map(|form| {
            form.fields
                .iter()
                .filter(|field| field.question.answer == Answer::Day && !field.repeated)
                .map(|field| format!("{}.{}", form.code.value, field.name.value))
        })
        .collect();
    if !days.contains(&named.value) {
        let days: Vec<&str> = days.iter().map(String::as_str).collect();
        unknown(named, "日期字段", "field that is a day", &days, findings);
        return None;
    }
    named.value.split_once('.').map(|(form, field)| (form.to_owned(), field.to_owned()))
}

fn read_step(
    code: Option<Located<String>>,
    mut part: Section<'_, '_>,
    states: &[Located<String>],
    known: &Known<'_>,
    findings: &mut Findings,
) -> Option<Step> {
    let place = part.place();
    let name = texts(&mut part, known, findings);
    let from = part.list("from", findings);
    let to = part.text("to", findings);
    let codes: Vec<&str> = states.iter().map(|state| state.value.as_str()).collect();
    for state in from.iter().chain(&to).filter(|state| !codes.contains(&state.value.as_str())) {
        unknown(state, "状态", "state", &codes, findings);
    }
    let by = part.list("by", findings);
    let signed_by = part.list("signed_by", findings);
    for role in by.iter().chain(&signed_by) {
        known.vocabulary.manifest.has_role(role, findings);
    }
    for (list, key) in [(&from, "from"), (&by, "by")] {
        if list.is_empty() {
            findings.add(&place, "missing", say(format!("缺少 {key}"), format!("{key} is missing")));
        }
    }
    if signed_by.len() > MOST_SIGNATURES {
        findings.add(
            &place,
            "too_many",
            say(
                format!("一步至多再要 {MOST_SIGNATURES} 个签字"),
                format!("a step needs at most {MOST_SIGNATURES} signatures more"),
            ),
        );
    }
    let may_override = part.truth("may_override", findings);
    let outside = part.truth("outside", findings);
    let guard = match part.has("guard") {
        true => part.passage("guard", findings),
        false => None,
    };
    let says = match part.has("says") {
        true => part.texts("says", findings),
        false => None,
    };
    if let Some(says) = &says {
        says.value.check("says", &known.vocabulary.manifest.languages, &says.place, findings);
        if guard.is_none() {
            findings.add(
                &says.place,
                "says_nothing",
                say(
                    "这一步没有条件 guard，says 无从说起",
                    "the step has no guard for says to put into words",
                ),
            );
        }
    }
    let source = part.source();
    let vocabulary = Vocabulary { of_case: true, of_hour: true, ..known.vocabulary };
    let guard =
        guard.and_then(|(text, content)| condition::read(text, content, source, vocabulary, findings));
    part.finish(findings);
    let values = |list: Vec<Located<String>>| list.into_iter().map(|item| item.value).collect();
    Some(Step {
        code: code?,
        name,
        from: values(from),
        to: to?.value,
        by: values(by),
        signed_by: values(signed_by),
        guard,
        says: says.map(|says| says.value),
        may_override,
        outside,
    })
}

/// Every state can be reached from the first, and from every one some end can be reached.
fn check_ways(pathway: &Pathway, place: &Place, findings: &mut Findings) {
    let Some(start) = pathway.start() else {
        findings.add(place, "no_state", say("没有状态 [[state]]", "it has no [[state]]"));
        return;
    };
    if start.duty.is_none() {
        findings.add(
            &start.code.place,
            "ends_at_once",
            say("第一个状态不能就是结束", "the first state cannot be an end"),
        );
    }
    let brought = pathway.states.iter().filter(|state| !state.brought_by.is_empty());
    let begins = brought.clone().map(|state| state.code.value.as_str());
    // A rule may neither hold anybody to something nor let her go.
    let plain = |state: &State| state.restriction.is_none() && state.waits.is_none();
    for state in brought {
        let counts = state.duty.as_ref().is_none_or(|duty| duty.counted_from.is_some());
        if counts || state.code.value == start.code.value || !plain(state) || !plain(start) {
            findings.add(
                &state.code.place,
                "brought_by",
                say(
                    "brought_by 只能写在第一个以外、不是结束、不限制人、不等待、不从某一天起算的状态，第一个状态也不能限制人或等待：限制由人决定",
                    "brought_by belongs to a state that is not the first, no end, restricts nobody, waits for nothing and counts from no other day, and the first restricts nobody and waits for nothing either: people decide what anybody is held to",
                ),
            );
        }
    }
    check_brought_back(pathway, findings);
    check_outside(pathway, findings);
    let begins: BTreeSet<&str> = begins.chain([start.code.value.as_str()]).collect();
    let reached = closure(begins, |reached| {
        pathway
            .steps
            .iter()
            .filter(|step| step.from.iter().any(|from| reached.contains(from.as_str())))
            .map(|step| step.to.as_str())
            .collect()
    });
    let ends =
        pathway.states.iter().filter(|state| state.duty.is_none()).map(|state| state.code.value.as_str());
    let ending = closure(ends.collect(), |ending| {
        pathway
            .steps
            .iter()
            .filter(|step| ending.contains(step.to.as_str()))
            .flat_map(|step| step.from.iter().map(String::as_str))
            .collect()
    });
    for state in &pathway.states {
        let name = &state.code.value;
        if !reached.contains(name.as_str()) {
            findings.add(
                &state.code.place,
                "unreachable",
                say(format!("没有哪一步能到 {name}"), format!("no step leads to {name}")),
            );
        }
        if !ending.contains(name.as_str()) {
            findings.add(
                &state.code.place,
                "dead_end",
                say(
                    format!("从 {name} 走不到任何结束：个案会一直挂着"),
                    format!("from {name} no end can be reached: a case would hang there for ever"),
                ),
            );
        }
    }
}

/// What is asked of the pathways of a pack that is to be published; what was published before stays readable without it.
pub(crate) fn check_new(pathways: &[Pathway]) -> Findings {
    let mut findings = Findings::default();
    for pathway in pathways {
        check_begins(pathway, &mut findings);
        check_put_off(pathway, &mut findings);
    }
    findings
}

/// A limit that the server would bring nearer without a word is none that was published.
pub(crate) fn check_limits(pathways: &[Pathway], parameters: &Parameters) -> Findings {
    let mut findings = Findings::default();
    let duties = |state: &State| {
        let duty = state.duty.iter().flat_map(|duty| duty.in_all.iter().chain([&duty.within]).cloned());
        let look = state.waits.iter().map(|wait| wait.look_within.clone());
        duty.chain(look).collect::<Vec<_>>()
    };
    let named: BTreeSet<String> =
        pathways.iter().flat_map(|pathway| &pathway.states).flat_map(duties).collect();
    for parameter in parameters.all.iter().filter(|parameter| named.contains(&parameter.code.value)) {
        let (name, limit) = (&parameter.code.value, calendar::most(parameter.unit));
        let beyond =
            [parameter.value, parameter.most].map(Number::as_whole).into_iter().find(|own| *own > limit);
        if let Some(beyond) = beyond {
            let unit = parameter.unit.name();
            findings.add(
                &parameter.code.place,
                "limit_too_far",
                say(
                    format!("{name} 是个案的时限，最多 {limit}（{unit}），这里写了 {beyond}：请把 value 和 most 改小"),
                    format!("{name} is a limit of cases and comes to {limit} ({unit}) at most; here it is {beyond}: make value and most less"),
                ),
            );
        }
    }
    findings
}

/// A rule opens the case: where that begins, nobody may be held to anything yet.
fn check_begins(pathway: &Pathway, findings: &mut Findings) {
    let Some(start) = pathway.start() else { return };
    if start.restriction.is_some() && !pathway.asked_by.is_empty() {
        findings.add(
            &start.code.place,
            "rule_restricts",
            say(
                "规则 asked_by 会立起这类个案，第一个状态就不能限制人：先立案，再由人走一步进入限制的状态",
                "rules in asked_by open such a case, so its first state cannot hold anybody to anything: let it begin elsewhere, and a person take the step to the restriction",
            ),
        );
    }
}

/// What a rule brings back must neither let anybody go nor end what was waited for.
fn check_brought_back(pathway: &Pathway, findings: &mut Findings) {
    let plain = pathway.states.iter().all(|state| state.restriction.is_none() && state.waits.is_none());
    for state in pathway.states.iter().filter(|state| !state.brought_back_by.is_empty()) {
        let counts = state.duty.as_ref().is_none_or(|duty| duty.counted_from.is_some());
        if counts || !plain || pathway.subject == Subject::Area {
            findings.add(
                &state.code.place,
                "brought_back_by",
                say(
                    "brought_back_by 只能写在不是结束、不从某一天起算的状态；这个流程也不能有限制人或等待的状态，主体不能是区域：限制由人决定",
                    "brought_back_by belongs to a state that is no end and counts from no other day, in a pathway that is not about areas and in which no state restricts anybody or waits: people decide what anybody is held to",
                ),
            );
        }
    }
}

/// With the receipt from outside the case has nothing left to be done here.
fn check_outside(pathway: &Pathway, findings: &mut Findings) {
    for step in pathway.steps.iter().filter(|step| step.outside) {
        let ends = pathway.state(&step.to).is_some_and(|state| state.duty.is_none());
        if pathway.hand_over.is_none() || !ends {
            findings.add(
                &step.code.place,
                "outside",
                say(
                    "outside 的步骤要走到结束，流程里也要有 [[hand_over]]",
                    "a step with outside leads to an end, in a pathway that has a [[hand_over]]",
                ),
            );
        }
    }
}

/// Taken again and again, a step to its own state would put off for ever what is due.
fn check_put_off(pathway: &Pathway, findings: &mut Findings) {
    for step in pathway.steps.iter().filter(|step| step.guard.is_none() && step.from.contains(&step.to)) {
        let duty = pathway.state(&step.to).and_then(|state| state.duty.as_ref());
        if let Some(duty) = duty.filter(|duty| duty.in_all.is_none()) {
            let (code, state) = (&step.code.value, &step.to);
            findings.add(
                &step.code.place,
                "puts_off",
                say(
                    format!("{code} 走回 {state} 自己，每走一次就重新计时，可以一直拖下去：给 {state} 写 in_all（总共多久，参数），或给这一步写条件 guard"),
                    format!("{code} leads from {state} to itself, and each time its limit {} begins anew: give {state} an in_all (a parameter: after how long in all it climbs) or the step a guard", duty.within),
                ),
            );
        }
    }
}

fn closure<'p>(
    mut found: BTreeSet<&'p str>,
    next: impl Fn(&BTreeSet<&'p str>) -> BTreeSet<&'p str>,
) -> BTreeSet<&'p str> {
    loop {
        let before = found.len();
        let more = next(&found);
        found.extend(more);
        if found.len() == before {
            return found;
        }
    }
}
