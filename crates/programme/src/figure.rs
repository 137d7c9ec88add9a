//! Figures: what is reckoned of a subject by a written rule, such as a household's income within the last twelve months.
//!
//! A figure is an expression like a condition and is held to the forms like one. It may name figures that stand before it,
//! so that none can lead back to itself. If an answer is missing that it needs, there is no figure, and not a wrong one.

use std::sync::Arc;

use crate::code::{check_code, check_unique};
use crate::condition::{self, Condition, Vocabulary, Wanted};
use crate::finding::{Findings, Located};
use crate::form::Subject;
use crate::parameter::Unit;
use crate::section::{Section, Source};
use crate::text::Texts;

impl Figure {
    /// What must be asked of a subject for it.
    pub(crate) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.only_if.iter().chain([&self.value])
    }
}

/// A figure of the programme.
#[derive(Clone, Debug)]
pub struct Figure {
    pub code: Located<String>,
    pub name: Texts,
    pub subject: Subject,
    pub unit: Unit,
    /// What it is reckoned as, if it is a sum that has its like.
    pub concept: Option<String>,
    /// There is such a figure only where this holds: a sum of no sheets would be nothing, and nobody's income.
    pub only_if: Option<Condition>,
    /// Comes to a number.
    pub value: Condition,
}

pub(crate) fn read(
    source: &Source<'_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Vec<Arc<Figure>> {
    let mut figures: Vec<Arc<Figure>> = Vec::new();
    let mut codes = Vec::new();
    source.read_toml(findings, |section, findings| {
        for mut part in section.sections("figure", findings) {
            let code = part.text("code", findings);
            codes.extend(code.clone());
            let code = check_code(code, "figure", findings);
            let before = Vocabulary { figures: &figures, ..vocabulary };
            let figure = read_figure(code, part, before, findings);
            figures.extend(figure.map(Arc::new));
        }
    });
    check_unique(codes.iter(), "figure", findings);
    figures
}

fn read_figure(
    code: Option<Located<String>>,
    mut part: Section<'_, '_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Figure> {
    let name = part.texts("name", findings);
    if let Some(name) = &name {
        name.value.check("name", &vocabulary.manifest.languages, &name.place, findings);
    }
    let subject = part.text("subject", findings).and_then(|subject| Subject::parse(&subject, findings));
    let unit = part.text("unit", findings).and_then(|unit| Unit::parse_reckoned(&unit, findings));
    let concept = part.optional_text("concept", findings);
    let concept = vocabulary.manifest.concept(concept, findings);
    let only_if = if part.has("only_if") { part.passage("only_if", findings) } else { None };
    let value = part.passage("value", findings);
    let source = part.source();
    part.finish(findings);
    let only_if = only_if.map(|(text, content)| condition::read(text, content, source, vocabulary, findings));
    let (text, content) = value?;
    let wanted = Wanted::Number(concept.as_deref());
    let value = condition::read_as(wanted, text, content, source, vocabulary, findings);
    Some(Figure {
        code: code?,
        name: name?.value,
        subject: subject?,
        unit: unit?,
        concept,
        only_if: only_if.map_or(Some(None), |condition| condition.map(Some))?,
        value: value?,
    })
}
