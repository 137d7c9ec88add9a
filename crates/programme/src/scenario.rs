//! A pack's own tests: given what was filled in, when something more is, then these rules flag on these days.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::answer::{self, Record};
use crate::bridge::Bridge;
use crate::calendar::{local_day, local_minute, midnight_before};
use crate::code::{Day, unknown};
use crate::condition::{Needs, Vocabulary};
use crate::finding::{Finding, Findings, Located, Place, say};
use crate::form::Subject;
use crate::indicator::{self, Contribution, Indicator};
use crate::judge::{Judgement, Reckoned, Situation, View};
use crate::level::{self, Level, Speaks};
use crate::overlay::FormsBy;
use crate::pack::Programme;
use crate::pathway::Pathway;
use crate::rule::{Rule, check_rules};
use crate::section::{Number, Raw, Section, Source};
use crate::walk::{self, Walk, Walked};

/// One test.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: Located<String>,
    /// The administrative code of the area in which it plays; empty is anywhere.
    pub area: String,
    pub subject: Subject,
    /// Of a test about an area: its level.
    level: Level,
    pub(crate) own: Vec<Record>,
    pub(crate) people: BTreeMap<String, Vec<Record>>,
    then: Vec<Expectation>,
    walk: Option<Walk>,
}

impl Scenario {
    /// Whether what speaks of such areas speaks of the one of the test; everything does that is about no area.
    fn is_of(&self, speaks: Speaks) -> bool {
        self.subject != Subject::Area || speaks.is_of(Some(self.level), Some(self.level))
    }

    /// The rules that it names.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &String> {
        self.then.iter().flat_map(|then| then.flags.iter().chain(&then.unknown).flatten())
    }
}

/// What must hold on a day: exactly these rules flag, and exactly these lack an answer; these figures, classes and
/// contributions come out.
#[derive(Clone, Debug)]
struct Expectation {
    place: Place,
    on: Day,
    /// The moment of that day, of what was filled in until then; without one, of all that was, before any hour has come.
    at: Option<Timestamp>,
    flags: Option<BTreeSet<String>>,
    unknown: Option<BTreeSet<String>>,
    figures: Vec<(Located<String>, f64)>,
    classes: Vec<(Located<String>, String)>,
    /// Numerator and denominator, or the one number of a sum or a middle; nothing for who is not counted.
    indicators: Vec<(Located<String>, Vec<f64>)>,
    /// The day that a bridge tells, or none.
    bridges: Vec<(Located<String>, Option<Day>)>,
}

/// What a test may name.
#[derive(Clone, Copy)]
struct Names<'n> {
    vocabulary: Vocabulary<'n>,
    forms: FormsBy<'n>,
    indicators: &'n [Indicator],
    pathways: &'n [Pathway],
    bridges: &'n [Bridge],
    rules: Option<&'n [String]>,
}

pub(crate) fn read(
    source: &Source<'_>,
    (vocabulary, forms): (Vocabulary<'_>, FormsBy<'_>),
    indicators: &[Indicator],
    (pathways, bridges): (&[Pathway], &[Bridge]),
    rules: Option<&[String]>,
    findings: &mut Findings,
) -> Vec<Scenario> {
    let names = Names { vocabulary, forms, indicators, pathways, bridges, rules };
    let mut scenarios = Vec::new();
    source.read_toml(findings, |section, findings| {
        for part in section.sections("test", findings) {
            scenarios.extend(read_scenario(part, names, findings));
        }
    });
    scenarios
}

fn read_scenario(mut part: Section<'_, '_>, names: Names<'_>, findings: &mut Findings) -> Option<Scenario> {
    let name = part.text("name", findings);
    let area = part.optional_text("area", findings).map(|area| area.value).unwrap_or_default();
    // Of a walk the pathway says whom it is about.
    let walks = part.has("pathway");
    let walk =
        if walks { walk::read(&mut part, names.pathways, names.vocabulary.manifest, findings) } else { None };
    let subject = match walks {
        true => walk.as_ref().and_then(|walk| {
            let of = names.pathways.iter().find(|pathway| pathway.code.value == walk.pathway);
            of.map(|pathway| pathway.subject)
        }),
        false => part.text("subject", findings).and_then(|subject| Subject::parse(&subject, findings)),
    };
    let level = level::read(&mut part, subject, findings).unwrap_or(Level::Community);
    let (mut own, mut people) = (Vec::new(), BTreeMap::new());
    let mut filled = 0_i64;
    for key in ["given", "when"] {
        for record in part.sections(key, findings) {
            if let Some((person, record)) = read_record(record, (names.forms, &area), filled, findings) {
                filled += 1;
                match person {
                    None => own.push(record),
                    Some(person) => people.entry(person).or_insert_with(Vec::new).push(record),
                }
            }
        }
    }
    let mut then = Vec::new();
    if !walks {
        for expectation in part.sections("then", findings) {
            then.extend(read_expectation(expectation, names, findings));
        }
    }
    let place = part.place();
    part.finish(findings);
    let name = name?;
    if then.is_empty() && !walks {
        findings.add(
            &place,
            "no_then",
            say(
                "这条测试没有 [[test.then]]：它什么也没有检验",
                "this test has no [[test.then]]: it proves nothing",
            ),
        );
    }
    Some(Scenario { name, area, subject: subject?, level, own, people, then, walk })
}

fn read_record(
    mut part: Section<'_, '_>,
    (forms, area): (FormsBy<'_>, &str),
    before: i64,
    findings: &mut Findings,
) -> Option<(Option<String>, Record)> {
    let person = part.optional_text("person", findings).map(|person| person.value);
    let form = part.text("form", findings);
    // Without a clock the forms of a day were filled in in the order in which they stand, from midnight on.
    let (on, at) = if part.has("at") {
        let at = part.moment("at", findings)?.value;
        (local_day(at), at)
    } else {
        let on = part.day("on", findings)?.value;
        (on, midnight_before(on).saturating_add(SignedDuration::from_millis(before)).ok()?)
    };
    let answers = part.entries("answers", findings);
    part.finish(findings);
    let form = form?;
    let Some(known) = forms.on(&form.value, area, on) else {
        let known: Vec<&str> = forms.forms.iter().map(|form| form.code.value.as_str()).collect();
        unknown(&form, "表单", "form", &known, findings);
        return None;
    };
    let values = answer::read(known, answers, findings);
    Some((person, Record { form: form.value, on, at, values }))
}

fn read_expectation(
    mut part: Section<'_, '_>,
    names: Names<'_>,
    findings: &mut Findings,
) -> Option<Expectation> {
    let place = part.place();
    let (on, at) = match part.has("at") {
        true => {
            let at = part.moment("at", findings).map(|at| at.value);
            (at.map(local_day), at)
        }
        false => (part.day("on", findings).map(|on| on.value), None),
    };
    let keys = ["flags", "unknown", "figures", "classes", "indicators", "bridges"];
    if !keys.iter().any(|key| part.has(key)) {
        findings.add(
            &place,
            "no_then",
            say(
                format!("这里什么也没有检验：请写 {} 之一", keys.join("、")),
                format!("this proves nothing: write one of {}", keys.join(", ")),
            ),
        );
    }
    let mut ids = |key: &'static str, findings: &mut Findings| {
        let there = part.has(key);
        let ids = part.list(key, findings);
        check_rules(&ids, names.rules, findings);
        there.then(|| ids.into_iter().map(|id| id.value).collect::<BTreeSet<_>>())
    };
    let flags = ids("flags", findings);
    let unknown = ids("unknown", findings);
    let mut expected = |key: &'static str, findings: &mut Findings| {
        if part.has(key) { part.entries(key, findings) } else { Vec::new() }
    };
    let [figures, classes, indicators, bridges] =
        ["figures", "classes", "indicators", "bridges"].map(|key| expected(key, findings));
    part.finish(findings);
    let Names {
        vocabulary: Vocabulary { figures: known_figures, classes: known_classes, .. },
        indicators: known_indicators,
        ..
    } = names;
    let figures = expectations(
        figures,
        ("计算项", "figure", known_figures.iter().map(|figure| figure.code.value.as_str()).collect()),
        ("数字", "a number"),
        Raw::as_decimal,
        names.vocabulary.loose,
        findings,
    );
    let classes = expectations(
        classes,
        ("分类", "classification", known_classes.iter().map(|classes| classes.code.value.as_str()).collect()),
        ("类别的代码", "the code of a class"),
        |raw| raw.as_text().map(str::to_owned),
        names.vocabulary.loose,
        findings,
    );
    let indicators = expectations(
        indicators,
        ("指标", "indicator", known_indicators.iter().map(|indicator| indicator.id.value.as_str()).collect()),
        ("[分子, 分母]、[数] 或 []", "[numerator, denominator], [number] or []"),
        Raw::as_numbers,
        names.vocabulary.loose,
        findings,
    );
    for (id, _) in &indicators {
        let of_sweep =
            |indicator: &Indicator| indicator.id.value == id.value && indicator.measure.of_sweep().is_some();
        if known_indicators.iter().any(of_sweep) {
            findings.add(
                &id.place,
                "counted_by_sweep",
                say(
                    format!("{} 由排查来数，填的表不影响它：这里检验不了", id.value),
                    format!(
                        "{} is counted by the sweep and by no form: nothing is proved of it here",
                        id.value
                    ),
                ),
            );
        }
    }
    let bridges = expectations(
        bridges,
        ("桥接", "bridge", names.bridges.iter().map(|bridge| bridge.code.value.as_str()).collect()),
        ("日期或 []", "a day, or [] for none"),
        |raw| match raw {
            Raw::Day(day) => Some(Some(*day)),
            Raw::List(items) if items.is_empty() => Some(None),
            _ => None,
        },
        names.vocabulary.loose,
        findings,
    );
    Some(Expectation { place, on: on?, at, flags, unknown, figures, classes, indicators, bridges })
}

/// What is expected by name, each of the wanted kind.
fn expectations<T>(
    entries: Vec<(Located<String>, Located<Raw>)>,
    (what_zh, what_en, known): (&str, &str, Vec<&str>),
    (kind_zh, kind_en): (&str, &str),
    kind: impl Fn(&Raw) -> Option<T>,
    loose: bool,
    findings: &mut Findings,
) -> Vec<(Located<String>, T)> {
    let mut expected = Vec::new();
    for (name, raw) in entries {
        if !known.contains(&name.value.as_str()) {
            if !loose {
                unknown(&name, what_zh, what_en, &known, findings);
            }
            continue;
        }
        match kind(&raw.value) {
            Some(value) => expected.push((name, value)),
            None => findings.add(
                &raw.place,
                "wrong_kind",
                say(format!("应为{kind_zh}"), format!("this must be {kind_en}")),
            ),
        }
    }
    expected
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
    /// Indicators that no test ever sees counted.
    pub uncounted: Vec<String>,
    /// States, steps and limits of pathways that no test ever walks, and bridges that none ever sees tell a day.
    pub unwalked: Vec<String>,
    /// Forms of which no sample shows how they are filled in.
    pub unsampled: Vec<String>,
}

/// Runs every test of a pack.
#[must_use]
pub fn run(programme: &Programme) -> Report {
    let mut findings = Findings::default();
    let (mut seen, mut walked) = (BTreeSet::new(), Walked::default());
    for scenario in &programme.scenarios {
        if let Some(walk) = &scenario.walk {
            walk::check(programme, scenario, walk, &mut walked, &mut findings);
            continue;
        }
        let needs = needs(programme, scenario.subject);
        for expectation in &scenario.then {
            Run { programme, scenario, expectation, seen: &mut seen, findings: &mut findings }.check(&needs);
        }
    }
    let unseen = |id: &&String| !seen.contains(*id);
    let rules = programme.rules.iter().map(|rule| &rule.id.value);
    let counted = programme.indicators.iter().filter(|indicator| indicator.measure.of_sweep().is_none());
    let indicators = counted.map(|indicator| &indicator.id.value);
    let bridges = programme.bridges.iter().map(|bridge| format!("bridge.{}", bridge.code.value));
    Report {
        run: programme.scenarios.len(),
        failures: findings.into_sorted(),
        untested: rules.filter(unseen).cloned().collect(),
        uncounted: indicators.filter(unseen).cloned().collect(),
        unwalked: walked
            .missing(&programme.pathways)
            .into_iter()
            .chain(bridges.filter(|name| !seen.contains(name)))
            .collect(),
        unsampled: programme
            .forms
            .iter()
            .map(|form| &form.code.value)
            .filter(|code| !programme.samples.iter().any(|sample| sample.form.value == **code))
            .cloned()
            .collect(),
    }
}

/// All that a test about such a subject looks at.
fn needs(programme: &Programme, subject: Subject) -> Needs {
    let rules = programme.rules.iter().filter(|rule| rule.subject == subject).map(|rule| &rule.condition);
    let figures = programme.figures.iter().filter(|figure| figure.subject == subject);
    let classes = programme.classes.iter().filter(|classes| classes.subject == subject);
    let mut needs = Needs::of(rules);
    needs.extend(&indicator::needs(&programme.indicators, subject));
    figures.for_each(|figure| needs.add_figure(figure));
    classes.for_each(|classes| needs.add_classes(classes));
    needs
}

struct Run<'r> {
    programme: &'r Programme,
    scenario: &'r Scenario,
    expectation: &'r Expectation,
    seen: &'r mut BTreeSet<String>,
    findings: &'r mut Findings,
}

impl<'r> Run<'r> {
    fn check(&mut self, needs: &Needs) {
        let (programme, scenario, expectation) = (self.programme, self.scenario, self.expectation);
        let counts = |record: &&'r Record| expectation.at.is_none_or(|at| record.at <= at);
        let situation = Situation {
            own: scenario.own.iter().filter(counts).collect(),
            people: scenario.people.values().map(|records| records.iter().filter(counts).collect()).collect(),
            case: None,
        };
        let parameters = programme.parameters.on(&scenario.area, expectation.on);
        let view = View::new(needs, &situation, &parameters, expectation.on);
        let view = view.at(expectation.at.map_or(0, local_minute));
        self.check_rules(&view);
        for (code, expected) in &expectation.figures {
            match view.figure(&code.value) {
                Some(Reckoned::Number(found)) if (found - expected).abs() < 0.005 => {}
                Some(Reckoned::Number(found)) => {
                    self.differs(&code.value, &expected.to_string(), &found.to_string())
                }
                Some(Reckoned::Failed(reason)) => self.differs(&code.value, &expected.to_string(), &reason),
                _ => self.differs(&code.value, &expected.to_string(), "—"),
            }
        }
        for (code, expected) in &expectation.classes {
            let found = view.class(&code.value);
            let found = found.as_deref().unwrap_or("—");
            if found != expected {
                self.differs(&code.value, expected, found);
            }
        }
        for (code, expected) in &expectation.bridges {
            let bridge = programme.bridges.iter().find(|bridge| bridge.code.value == code.value);
            let found = bridge.and_then(|bridge| {
                bridge.tell(&situation, &programme.parameters, &scenario.area, expectation.on)
            });
            if found.is_some() {
                self.seen.insert(format!("bridge.{}", code.value));
            }
            if found != *expected {
                let day = |day: Option<Day>| day.map_or_else(|| "—".to_owned(), |day| day.to_string());
                self.differs(&code.value, &day(*expected), &day(found));
            }
        }
        let is_about = |indicator: &Indicator| {
            indicator.subject == scenario.subject && scenario.is_of(indicator.speaks())
        };
        let contributions = indicator::contribute_where(&programme.indicators, is_about, &view);
        for (id, expected) in &expectation.indicators {
            let contribution = contributions.get(&id.value).copied().unwrap_or_default();
            if contribution.numerator != 0 || contribution.value.is_some() {
                self.seen.insert(id.value.clone());
            }
            let indicator = programme.indicators.iter().find(|indicator| indicator.id.value == id.value);
            let found = indicator.map_or_else(Vec::new, |indicator| shown(indicator, &contribution));
            if found != *expected {
                self.differs(&id.value, &format!("{expected:?}"), &format!("{found:?}"));
            }
        }
    }

    fn check_rules(&mut self, view: &View<'_>) {
        let (mut flags, mut unknown) = (BTreeSet::new(), BTreeSet::new());
        let scenario = self.scenario;
        let is_about = |rule: &&Rule| rule.subject == scenario.subject && scenario.is_of(rule.speaks());
        for rule in self.programme.rules.iter().filter(is_about) {
            let id = &rule.id.value;
            match view.judge(&rule.condition) {
                Judgement::Flags(_) => {
                    flags.insert(id.clone());
                }
                Judgement::Unknown => {
                    unknown.insert(id.clone());
                }
                Judgement::Clear => {}
                Judgement::Failed(reason) => self.findings.add(
                    &self.expectation.place,
                    "failed",
                    say(
                        format!("规则 {id} 得不出结果：{reason}"),
                        format!("the rule {id} came to no answer: {reason}"),
                    ),
                ),
            }
        }
        let (name, on) = (&self.scenario.name.value, self.expectation.on);
        let mut compare =
            |expected: Option<&BTreeSet<String>>, found: &BTreeSet<String>, zh: &str, en: &str| {
                if let Some(expected) = expected.filter(|expected| *expected != found) {
                    let zh = (zh, list(expected, "无"), list(found, "无"));
                    let en = (en, list(expected, "none"), list(found, "none"));
                    self.findings.add(
                        &self.expectation.place,
                        "expected",
                        say(
                            format!("“{name}”，{on}：{}应为 {}，实际为 {}", zh.0, zh.1, zh.2),
                            format!("{name:?}, {on}: {} should be {}, and are {}", en.0, en.1, en.2),
                        ),
                    );
                }
            };
        compare(self.expectation.flags.as_ref(), &flags, "提示的规则", "the rules that flag");
        compare(self.expectation.unknown.as_ref(), &unknown, "缺答案的规则", "the rules that lack an answer");
        if self.expectation.flags.is_some() {
            self.seen.extend(flags);
        }
    }

    fn differs(&mut self, what: &str, expected: &str, found: &str) {
        let (name, on) = (&self.scenario.name.value, self.expectation.on);
        self.findings.add(
            &self.expectation.place,
            "expected",
            say(
                format!("“{name}”，{on}：{what} 应为 {expected}，实际 {found}"),
                format!("{name:?}, {on}: {what} should be {expected}, it is {found}"),
            ),
        );
    }
}

fn list(ids: &BTreeSet<String>, none: &str) -> String {
    if ids.is_empty() { none.to_owned() } else { ids.iter().cloned().collect::<Vec<_>>().join(", ") }
}

/// A contribution as a test writes it.
fn shown(indicator: &Indicator, contribution: &Contribution) -> Vec<f64> {
    let number = |parts: i64| Number::Whole(parts).as_decimal() / 1_000.0;
    match (&indicator.measure, contribution) {
        (_, Contribution { denominator: 0, .. }) => Vec::new(),
        (indicator::Measure::Share { .. }, own) => vec![number(own.numerator), number(own.denominator)],
        (_, own) => vec![number(own.value.unwrap_or(own.numerator))],
    }
}
