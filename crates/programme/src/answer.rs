//! Answers: what was filled in, as values of the kinds that forms know.

use std::collections::BTreeMap;

use crate::code::{Day, unknown};
use crate::finding::{Findings, Located, say};
use crate::form::{Field, Form};
use crate::question::Answer;
use crate::section::Raw;

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Whole(i64),
    Decimal(f64),
    Day(Day),
    /// The chosen names of a question with several.
    Several(Vec<String>),
    /// The answers of a question inside a repeat, in their order.
    Many(Vec<Value>),
}

/// One filled-in form about one subject.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    pub form: String,
    /// The day on which it was filled in.
    pub on: Day,
    pub values: BTreeMap<String, Value>,
}

/// Reads the answers to a form, each held to its question; every one that does not fit is told.
pub(crate) fn read(
    form: &Form,
    answers: Vec<(Located<String>, Located<Raw>)>,
    findings: &mut Findings,
) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    for (name, raw) in answers {
        let Some(field) = form.field(&name.value) else {
            if !form.unfinished.contains(&name.value) {
                let known: Vec<&str> = form.fields.iter().map(|field| field.name.value.as_str()).collect();
                unknown(&name, "字段", "field", &known, findings);
            }
            continue;
        };
        let value =
            if field.repeated { many(field, &raw, findings) } else { one(field, &raw.value, &raw, findings) };
        values.extend(value.map(|value| (name.value, value)));
    }
    values
}

fn many(field: &Field, raw: &Located<Raw>, findings: &mut Findings) -> Option<Value> {
    match &raw.value {
        Raw::List(items) => {
            items.iter().map(|item| one(field, item, raw, findings)).collect::<Option<_>>().map(Value::Many)
        }
        single => one(field, single, raw, findings).map(|value| Value::Many(vec![value])),
    }
}

fn one(field: &Field, raw: &Raw, place: &Located<Raw>, findings: &mut Findings) -> Option<Value> {
    let (value, zh, en) = match field.question.answer {
        Answer::Whole => (raw.as_whole().map(Value::Whole), "整数", "a whole number"),
        Answer::Decimal => (raw.as_decimal().map(Value::Decimal), "数字", "a number"),
        Answer::Day => (raw.as_day().map(Value::Day), "日期，如 2020-03-10", "a day such as 2020-03-10"),
        Answer::Several => (several(raw, field).map(Value::Several), "选项的列表", "a list of its choices"),
        Answer::One => {
            let chosen = raw.as_text().filter(|text| field.choices.iter().any(|choice| choice == text));
            (chosen.map(|text| Value::Text(text.to_owned())), "选项之一", "one of its choices")
        }
        _ => (raw.as_text().map(|text| Value::Text(text.to_owned())), "文字", "a text"),
    };
    if value.is_none() {
        let name = &field.name.value;
        let (known, known_zh) = match field.choices.as_slice() {
            [] => (String::new(), String::new()),
            choices => (format!(": {}", choices.join(", ")), format!("：{}", choices.join("、"))),
        };
        findings.add(
            &place.place,
            "answer",
            say(format!("{name} 的答案应为{zh}{known_zh}"), format!("the answer to {name} is {en}{known}")),
        );
    }
    value
}

fn several(raw: &Raw, field: &Field) -> Option<Vec<String>> {
    let Raw::List(items) = raw else { return None };
    items
        .iter()
        .map(|item| {
            item.as_text().filter(|text| field.choices.iter().any(|choice| choice == text)).map(str::to_owned)
        })
        .collect()
}
