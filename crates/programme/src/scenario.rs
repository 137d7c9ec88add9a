//! A pack's own tests: given what was filled in, when something more is, then these rules flag on these days.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::answer::{self, Record};
use crate::code::{Day, unknown};
use crate::finding::{Finding, Findings, Located, Place, say};
use crate::form::{Form, Subject};
use crate::judge::{Judgement, Situation, judge};
use crate::pack::Programme;
use crate::rule::check_rules;
use crate::section::{Section, Source};

/// One test.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: Located<String>,
    /// The administrative code of the area in which it plays; empty is anywhere.
    pub area: String,
    pub subject: Subject,
    own: Vec<Record>,
    people: BTreeMap<String, Vec<Record>>,
    then: Vec<Expectation>,
}

impl Scenario {
    /// The rules that it names.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &String> {
        self.then.iter().flat_map(|then| then.flags.iter().chain(then.unknown.iter().flatten()))
    }
}

/// What must hold on a day: exactly these rules flag, and exactly these lack an answer.
#[derive(Clone, Debug)]
struct Expectation {
    place: Place,
    on: Day,
    flags: BTreeSet<String>,
    unknown: Option<BTreeSet<String>>,
}

pub(crate) fn read(
    source: &Source<'_>,
    forms: &[Form],
    rules: Option<&[String]>,
    findings: &mut Findings,
) -> Vec<Scenario> {
    let mut scenarios = Vec::new();
    source.read_toml(findings, |section, findings| {
        for part in section.sections("test", findings) {
            scenarios.extend(read_scenario(part, forms, rules, findings));
        }
    });
    scenarios
}

fn read_scenario(
    mut part: Section<'_, '_>,
    forms: &[Form],
    rules: Option<&[String]>,
    findings: &mut Findings,
) -> Option<Scenario> {
    let name = part.text("name", findings);
    let area = part.optional_text("area", findings).map(|area| area.value).unwrap_or_default();
    let subject = part.text("subject", findings).and_then(|subject| Subject::parse(&subject, findings));
    let (mut own, mut people) = (Vec::new(), BTreeMap::new());
    for key in ["given", "when"] {
        for record in part.sections(key, findings) {
            if let Some((person, record)) = read_record(record, forms, findings) {
                match person {
                    None => own.push(record),
                    Some(person) => people.entry(person).or_insert_with(Vec::new).push(record),
                }
            }
        }
    }
    let mut then = Vec::new();
    for expectation in part.sections("then", findings) {
        then.extend(read_expectation(expectation, rules, findings));
    }
    let place = part.place();
    part.finish(findings);
    let name = name?;
    if then.is_empty() {
        findings.add(
            &place,
            "no_then",
            say(
                "这条测试没有 [[test.then]]：它什么也没有检验",
                "this test has no [[test.then]]: it proves nothing",
            ),
        );
    }
    Some(Scenario { name, area, subject: subject?, own, people, then })
}

fn read_record(
    mut part: Section<'_, '_>,
    forms: &[Form],
    findings: &mut Findings,
) -> Option<(Option<String>, Record)> {
    let person = part.optional_text("person", findings).map(|person| person.value);
    let form = part.text("form", findings);
    let on = part.day("on", findings);
    let answers = part.entries("answers", findings);
    part.finish(findings);
    let form = form?;
    let Some(known) = forms.iter().find(|known| known.code.value == form.value) else {
        let known: Vec<&str> = forms.iter().map(|form| form.code.value.as_str()).collect();
        unknown(&form, "表单", "form", &known, findings);
        return None;
    };
    let values = answer::read(known, answers, findings);
    Some((person, Record { form: form.value, on: on?.value, values }))
}

fn read_expectation(
    mut part: Section<'_, '_>,
    rules: Option<&[String]>,
    findings: &mut Findings,
) -> Option<Expectation> {
    let place = part.place();
    let on = part.day("on", findings);
    let mut ids = |key: &'static str, findings: &mut Findings| {
        let ids = part.list(key, findings);
        check_rules(&ids, rules, findings);
        ids.into_iter().map(|id| id.value).collect::<BTreeSet<_>>()
    };
    let flags = ids("flags", findings);
    let unknown = ids("unknown", findings);
    part.finish(findings);
    Some(Expectation { place, on: on?.value, flags, unknown: (!unknown.is_empty()).then_some(unknown) })
}

/// What became of a pack's tests.
#[derive(Debug, Default)]
pub struct Report {
    /// How many were run.
    pub run: usize,
    /// What did not hold, by place.
    pub failures: Vec<Finding>,
    /// Rules that no test ever sees flag: nobody has shown that they can.
    pub untested: Vec<String>,
}

/// Runs every test of a pack.
#[must_use]
pub fn run(programme: &Programme) -> Report {
    let mut findings = Findings::default();
    let mut flagged = BTreeSet::new();
    for scenario in &programme.scenarios {
        for expectation in &scenario.then {
            check(programme, scenario, expectation, &mut flagged, &mut findings);
        }
    }
    let untested = programme
        .rules
        .iter()
        .map(|rule| &rule.id.value)
        .filter(|id| !flagged.contains(*id))
        .cloned()
        .collect();
    Report { run: programme.scenarios.len(), failures: findings.into_sorted(), untested }
}

fn check(
    programme: &Programme,
    scenario: &Scenario,
    expectation: &Expectation,
    flagged: &mut BTreeSet<String>,
    findings: &mut Findings,
) {
    let situation = Situation {
        own: scenario.own.iter().collect(),
        people: scenario.people.values().map(|records| records.iter().collect()).collect(),
    };
    let parameters = programme.parameters.on(&scenario.area, expectation.on);
    let (mut flags, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for rule in programme.rules.iter().filter(|rule| rule.subject == scenario.subject) {
        let id = &rule.id.value;
        match judge(&rule.condition, &situation, &parameters, expectation.on) {
            Judgement::Flags(_) => {
                flags.insert(id.clone());
            }
            Judgement::Unknown => {
                unknown.insert(id.clone());
            }
            Judgement::Clear => {}
            Judgement::Failed(reason) => findings.add(
                &expectation.place,
                "failed",
                say(
                    format!("规则 {id} 得不出结果：{reason}"),
                    format!("the rule {id} came to no answer: {reason}"),
                ),
            ),
        }
    }
    let (name, on) = (&scenario.name.value, expectation.on);
    let mut compare = |expected: &BTreeSet<String>, found: &BTreeSet<String>, zh: &str, en: &str| {
        if expected != found {
            let list = |ids: &BTreeSet<String>| {
                if ids.is_empty() {
                    "—".to_owned()
                } else {
                    ids.iter().cloned().collect::<Vec<_>>().join(", ")
                }
            };
            let (expected, found) = (list(expected), list(found));
            findings.add(
                &expectation.place,
                "expected",
                say(
                    format!("“{name}”，{on}：应{zh} {expected}，实际 {found}"),
                    format!("{name:?}, {on}: {expected} should {en}, {found} did"),
                ),
            );
        }
    };
    compare(&expectation.flags, &flags, "提示", "flag");
    if let Some(expected) = &expectation.unknown {
        compare(expected, &unknown, "缺答案的是", "lack an answer");
    }
    flagged.extend(flags);
}
