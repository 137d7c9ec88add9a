//! Classes: in which of several a subject is. Exactly one at any time, since they are asked in their order and the last
//! has no condition.

use std::sync::Arc;

use crate::code::{Day, check_code, check_unique};
use crate::condition::{self, Condition, Needs, Vocabulary};
use crate::finding::{Findings, Located, Place, say};
use crate::form::Subject;
use crate::judge::{Situation, View};
use crate::parameter::Parameters;
use crate::section::{Section, Source};
use crate::text::Texts;

/// A way to divide all subjects of a kind.
#[derive(Clone, Debug)]
pub struct Classes {
    pub code: Located<String>,
    pub name: Texts,
    pub subject: Subject,
    pub all: Vec<Class>,
}

/// One of the classes.
#[derive(Clone, Debug)]
pub struct Class {
    pub code: Located<String>,
    pub name: Texts,
    /// Holds for those who are in it and in none before it; none for the last, in which everyone else is. If it lacks an
    /// answer, it does not hold.
    pub when: Option<Condition>,
}

/// In which class a subject was from which day on, from one day to another, both included. What was filled in is never
/// changed, so this is the same whenever it is asked, and no decision drops one before it.
#[must_use]
pub fn over_time(
    classes: &Arc<Classes>,
    situation: &Situation<'_>,
    parameters: &Parameters,
    area: &str,
    (from, until): (Day, Day),
) -> Vec<(Day, String)> {
    let mut needs = Needs::default();
    needs.add_classes(classes);
    let mut spans: Vec<(Day, String)> = Vec::new();
    for day in from.series(jiff::Span::new().days(1)).take_while(|day| *day <= until) {
        let parameters = parameters.on(area, day);
        let class = View::new(&needs, situation, &parameters, day).class(&classes.code.value);
        let class = class.as_deref().unwrap_or_default();
        if spans.last().is_none_or(|(_, before)| before != class) {
            spans.push((day, class.to_owned()));
        }
    }
    spans
}

pub(crate) fn read(
    source: &Source<'_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Classes> {
    let mut classes = None;
    let place = Place::whole(source.file);
    source.read_toml(findings, |section, findings| {
        classes = read_classes(section, &place, vocabulary, findings);
    });
    classes
}

fn read_classes(
    section: &mut Section<'_, '_>,
    place: &Place,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Classes> {
    let code = section.text("code", findings);
    let code = check_code(code, "classification", findings);
    let name = named(section, vocabulary, findings);
    let subject = section.text("subject", findings).and_then(|subject| Subject::parse(&subject, findings));
    let parts = section.sections("class", findings);
    let last = parts.len().saturating_sub(1);
    let (mut all, mut codes) = (Vec::new(), Vec::new());
    if parts.len() < 2 {
        findings.add(
            place,
            "no_class",
            say("至少要有两类 [[class]]", "there must be at least two [[class]]"),
        );
    }
    for (index, mut part) in parts.into_iter().enumerate() {
        let code = part.text("code", findings);
        codes.extend(code.clone());
        let code = check_code(code, "class", findings);
        let name = named(&mut part, vocabulary, findings);
        let text = if part.has("when") { part.passage("when", findings) } else { None };
        check_order(&part, text.is_some(), index == last, findings);
        let source = part.source();
        part.finish(findings);
        let when =
            text.and_then(|(text, content)| condition::read(text, content, source, vocabulary, findings));
        all.extend(code.map(|code| Class { code, name, when }));
    }
    check_unique(codes.iter(), "class", findings);
    Some(Classes { code: code?, name, subject: subject?, all })
}

/// Every class but the last has a condition, and the last has none.
fn check_order(part: &Section<'_, '_>, has_condition: bool, last: bool, findings: &mut Findings) {
    if last && has_condition {
        findings.add(
            &part.place(),
            "not_everyone",
            say(
                "最后一类不写 when：其余的都在这一类，谁也不落下",
                "the last class has no when: whoever is in no other is in it, and nobody is in none",
            ),
        );
    }
    if !last && !has_condition {
        findings.add(
            &part.place(),
            "missing",
            say("缺少 when（只有最后一类不写）", "when is missing; only the last class has none"),
        );
    }
}

fn named(section: &mut Section<'_, '_>, vocabulary: Vocabulary<'_>, findings: &mut Findings) -> Texts {
    let Some(name) = section.texts("name", findings) else { return Texts::default() };
    name.value.check("name", &vocabulary.manifest.languages, &name.place, findings);
    name.value
}
