//! Samples: forms of a pack, well filled in, about people who are made up. Whoever begins sees what each answer looks like, and
//! has something to type in.

use std::collections::BTreeMap;

use crate::answer::{self, Given, Value};
use crate::code::{Day, unknown};
use crate::finding::{Findings, Located, Place};
use crate::form::{Field, Form};
use crate::manifest::Manifest;
use crate::overlay::FormsBy;
use crate::section::{Number, Raw, Section, Source};
use crate::text::Texts;

/// A form that is filled in as it should be.
#[derive(Clone, Debug)]
pub struct Sample {
    pub form: Located<String>,
    /// About whom or what, and what happened.
    pub says: Texts,
    /// The administrative code of the area in which it was filled in; empty is anywhere.
    pub area: String,
    pub on: Day,
    pub answers: BTreeMap<String, Value>,
}

/// Reads the samples in a file; each is held to its form as an answer from a phone is.
pub(crate) fn read(
    source: &Source<'_>,
    manifest: &Manifest,
    forms: FormsBy<'_>,
    findings: &mut Findings,
) -> Vec<Sample> {
    let mut samples = Vec::new();
    source.read_toml(findings, |section, findings| {
        for part in section.sections("sample", findings) {
            samples.extend(one(part, manifest, forms, findings));
        }
    });
    samples
}

fn one(
    mut part: Section<'_, '_>,
    manifest: &Manifest,
    forms: FormsBy<'_>,
    findings: &mut Findings,
) -> Option<Sample> {
    let form = part.text("form", findings);
    let says = part.texts("says", findings);
    if let Some(says) = &says {
        says.value.check("says", &manifest.languages, &says.place, findings);
    }
    let area = part.optional_text("area", findings).map(|area| area.value).unwrap_or_default();
    let on = part.day("on", findings);
    let answers = part.entries("answers", findings);
    let place = part.place();
    part.finish(findings);
    let (form, on) = (form?, on?.value);
    let Some(known) = forms.on(&form.value, &area, on) else {
        let known: Vec<&str> = forms.forms.iter().map(|form| form.code.value.as_str()).collect();
        unknown(&form, "表单", "form", &known, findings);
        return None;
    };
    let places: BTreeMap<&str, &Place> =
        answers.iter().map(|(name, answer)| (name.value.as_str(), &answer.place)).collect();
    let given = answers.iter().map(|(name, answer)| (name.value.clone(), given(&answer.value))).collect();
    let answers = match answer::hold(known, &given, on) {
        Ok(answers) => answers,
        Err(misfits) => {
            // What is told of a question is told where its answer stands, or where it should.
            for misfit in misfits {
                let at = places.get(misfit.place.file.as_str()).copied().unwrap_or(&place);
                findings.add(at, misfit.code, misfit.text);
            }
            return None;
        }
    };
    Some(Sample { form, says: says?.value, area, on, answers })
}

fn given(raw: &Raw) -> Given {
    match raw {
        Raw::Text(text) => Given::Text(text.clone()),
        Raw::Number(Number::Whole(number)) => Given::Whole(*number),
        Raw::Number(Number::Decimal(number)) => Given::Decimal(*number),
        Raw::Day(day) => Given::Text(day.to_string()),
        Raw::List(items) => Given::List(items.iter().map(given).collect()),
    }
}

impl Sample {
    /// The questions that it answers, in the order of the form, each with the answer as a person reads it.
    #[must_use]
    pub fn sheet(&self, form: &Form, language: &str) -> Vec<(String, String)> {
        let answered = |field: &Field| {
            let value = self.answers.get(&field.name.value)?;
            let label = field.labels.get(language).unwrap_or(&field.name.value);
            Some((label.to_owned(), shown(field, value, language)))
        };
        form.fields.iter().filter(|field| field.question.answer.is_asked()).filter_map(answered).collect()
    }
}

fn shown(field: &Field, value: &Value, language: &str) -> String {
    let choice = |name: &str| -> String {
        let at = field.choices.iter().position(|choice| choice == name);
        let label = at.and_then(|at| field.choice_labels.get(at)).and_then(|labels| labels.get(language));
        label.unwrap_or(name).to_owned()
    };
    let between = if language == "zh" { "、" } else { ", " };
    match value {
        Value::Text(text) if field.choices.is_empty() => text.clone(),
        Value::Text(name) => choice(name),
        Value::Whole(number) => number.to_string(),
        Value::Decimal(number) => number.to_string(),
        Value::Day(day) => day.to_string(),
        Value::Several(names) => names.iter().map(|name| choice(name)).collect::<Vec<_>>().join(between),
        Value::Many(values) => {
            values.iter().map(|value| shown(field, value, language)).collect::<Vec<_>>().join(between)
        }
    }
}
