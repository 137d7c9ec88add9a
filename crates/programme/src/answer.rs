//! Answers: what was filled in, as values of the kinds that forms know.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::DateTime;
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::attachment::{self, MOST_FILES, Named};
use crate::calendar::{local, moment_of};
use crate::code::{Day, unknown};
use crate::expression::{self, Answers, Expression};
use crate::finding::{Finding, Findings, Located, Place, say};
use crate::form::{Field, Filter, Form};
use crate::question::{Answer, Range};
use crate::section::{Number, Raw};

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Whole(i64),
    Decimal(f64),
    Day(Day),
    Moment(Timestamp),
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
    /// And the moment.
    pub at: Timestamp,
    pub values: BTreeMap<String, Value>,
}

/// The newest answer to a question that asks for a day, or the latest of its days.
#[must_use]
pub fn day_of<'r>(
    records: impl Iterator<Item = &'r Record>,
    (form, field): (&str, &str),
    latest: bool,
) -> Option<Day> {
    let day = |record: &Record| match record.values.get(field) {
        Some(Value::Day(day)) => Some(*day),
        _ => None,
    };
    let records = records.filter(|record| record.form == form);
    if latest { records.filter_map(day).max() } else { day(records.max_by_key(|record| record.on)?) }
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

/// An answer as it comes from outside, of whatever kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    Text(String),
    Whole(i64),
    Decimal(f64),
    List(Vec<Given>),
}

/// Holds what was filled in to its form, as it comes from a phone or a page on a day: every answer to its question and to
/// its `constraint`, every question that must be answered if it is asked, and none answered that is not asked. Days are
/// texts such as `2020-03-10`, moments such as `2020-03-10T08:30`, of a clock in the country unless they say otherwise. It was
/// filled in for a day and at a moment. The conditions of [`Form::outside`] are the client's.
///
/// # Errors
/// Every answer that does not fit; each finding's place names the field where a pack's names the file. No value is
/// repeated.
pub fn hold(
    form: &Form,
    given: &BTreeMap<String, Given>,
    (on, at): (Day, Timestamp),
) -> Result<BTreeMap<String, Value>, Vec<Finding>> {
    let mut findings = Findings::default();
    let values = each(form, given, &mut findings);
    let misfits = findings.places().map(ToOwned::to_owned).collect();
    let mut filled = Filled {
        form,
        values: &values,
        misfits,
        relevance: BTreeMap::new(),
        busy: BTreeSet::new(),
        own: None,
        choice: None,
        today: on,
        now: local(at),
    };
    for field in &form.fields {
        filled.judge(field, &mut findings);
    }
    if findings.is_empty() { Ok(values) } else { Err(findings.into_sorted()) }
}

/// As [`hold`], of what was held already: conditions are not judged again, so that what counted once goes on counting.
///
/// # Errors
/// Those of [`hold`], but for conditions.
pub fn fit(form: &Form, given: &BTreeMap<String, Given>) -> Result<BTreeMap<String, Value>, Vec<Finding>> {
    let mut findings = Findings::default();
    let values = each(form, given, &mut findings);
    if findings.is_empty() { Ok(values) } else { Err(findings.into_sorted()) }
}

/// Every answer by itself, and what must always be answered.
fn each(form: &Form, given: &BTreeMap<String, Given>, findings: &mut Findings) -> BTreeMap<String, Value> {
    let located = |name: &String| Located { value: name.clone(), place: Place::whole(name) };
    let answers = given.iter().map(|(name, given)| {
        let answer = form.field(name).map(|field| field.question.answer);
        (located(name), Located { value: raw(answer, given), place: Place::whole(name) })
    });
    let values = read(form, answers.collect(), findings);
    check_among(form, &values, findings);
    if attachment::named(form, given).len() > MOST_FILES {
        findings.add(
            &Place::whole(&form.code.value),
            "too_many_files",
            say(
                format!("一张表最多附 {MOST_FILES} 张图片"),
                format!("a form holds at most {MOST_FILES} pictures"),
            ),
        );
    }
    for field in form.fields.iter().filter(|field| field.required) {
        if !given.contains_key(&field.name.value) {
            missing(field, findings);
        }
    }
    values
}

/// What an answer chooses, each by its name.
fn chosen(value: &Value) -> Vec<String> {
    match value {
        Value::Many(values) => values.iter().flat_map(chosen).collect(),
        Value::Several(several) => several.clone(),
        Value::Text(text) => vec![text.clone()],
        Value::Whole(number) => vec![number.to_string()],
        Value::Decimal(number) => vec![number.to_string()],
        Value::Day(day) => vec![day.to_string()],
        Value::Moment(moment) => vec![local(*moment).to_string()],
    }
}

/// Whether an answer says nothing: no choice at all, or a text of nothing but signs that nobody sees.
fn is_blank(value: &Value) -> bool {
    let unseen = |sign: char| {
        sign.is_whitespace()
            || sign.is_control()
            || matches!(sign, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{feff}')
    };
    match value {
        Value::Text(text) => text.chars().all(unseen),
        Value::Several(chosen) => chosen.is_empty(),
        Value::Many(values) => values.iter().all(is_blank),
        Value::Whole(_) | Value::Decimal(_) | Value::Day(_) | Value::Moment(_) => false,
    }
}

/// Choices that are the answers to another question: one that was not answered there is none.
fn check_among(form: &Form, values: &BTreeMap<String, Value>, findings: &mut Findings) {
    for field in &form.fields {
        let (Some(of), Some(value)) = (&field.among, values.get(&field.name.value)) else { continue };
        let offered: BTreeSet<String> = values.get(of).into_iter().flat_map(chosen).collect();
        if !chosen(value).iter().all(|chosen| offered.contains(chosen)) {
            let name = &field.name.value;
            findings.add(
                &Place::whole(name),
                "answer",
                say(
                    format!("{name} 的答案应为 {of} 里填过的"),
                    format!("the answer to {name} is one of those to {of}"),
                ),
            );
        }
    }
}

fn missing(field: &Field, findings: &mut Findings) {
    let name = &field.name.value;
    findings.add(
        &Place::whole(name),
        "required",
        say(format!("{name} 必须填写"), format!("{name} must be answered")),
    );
}

/// A filled-in form, as its conditions see it.
struct Filled<'f> {
    form: &'f Form,
    values: &'f BTreeMap<String, Value>,
    /// What these say cannot be told.
    misfits: BTreeSet<String>,
    relevance: BTreeMap<String, Option<bool>>,
    /// What is being reckoned: whatever leads back to it cannot be told.
    busy: BTreeSet<String>,
    own: Option<expression::Value>,
    /// The choice that a filter looks at.
    choice: Option<BTreeMap<String, String>>,
    today: Day,
    now: DateTime,
}

impl Filled<'_> {
    fn judge(&mut self, field: &Field, findings: &mut Findings) {
        let name = &field.name.value;
        if self.misfits.contains(name) {
            return;
        }
        let place = Place::whole(name);
        let asked = self.is_asked(field);
        let said = match &field.card {
            // As often as there are cards: which answer belongs to which is not kept.
            Some(card) => self.said(field) >= self.cards(card),
            None => self.values.get(name).is_some_and(|value| !is_blank(value)),
        };
        if !said {
            let demanded =
                field.required_if.as_ref().is_some_and(|demanded| demanded.holds(self) == Some(true));
            // One that is always asked and not there at all was told when each was read by itself.
            let blank = field.required && self.values.contains_key(name);
            if blank || asked == Some(true) && demanded {
                missing(field, findings);
                return;
            }
        }
        let Some(value) = self.values.get(name) else { return };
        if asked == Some(false) {
            let text = say(
                format!("{name} 按其他答案不该问，却填了"),
                format!("{name} is not asked, given the other answers, and yet it is answered"),
            );
            findings.add(&place, "irrelevant", text);
            return;
        }
        if let Some(filter) = &field.filter
            && chosen(value).iter().any(|chosen| self.is_offered(filter, chosen) == Some(false))
        {
            let text = say(
                format!("{name} 选的不在其他答案留下的选项里"),
                format!("what is chosen for {name} is not offered, given the other answers"),
            );
            findings.add(&place, "not_offered", text);
            return;
        }
        let Some(constraint) = &field.constraint else { return };
        let answers = match value {
            Value::Many(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        };
        for answer in answers {
            self.own = Some(seen(answer));
            let holds = constraint.expression.holds(self);
            self.own = None;
            if holds == Some(false) {
                let told = |language| constraint.message.get(language).map(|text| format!("{name}：{text}"));
                let text = &constraint.expression.text.value;
                let zh = told("zh").unwrap_or_else(|| format!("{name} 的答案不合条件：{text}"));
                let en = constraint.message.get("en").map(|text| format!("{name}: {text}"));
                let en = en.unwrap_or_else(|| format!("the answer to {name} does not fulfil {text}"));
                findings.add(&place, "constraint", say(zh, en));
                return;
            }
        }
    }

    /// How often a question in a repeat is answered.
    fn said(&self, field: &Field) -> usize {
        match self.values.get(&field.name.value) {
            Some(Value::Many(values)) => values.iter().filter(|value| !is_blank(value)).count(),
            _ => 0,
        }
    }

    /// How many cards of a repeat are filled in: as many as the most answers to one of its questions.
    fn cards(&self, card: &[String]) -> usize {
        let own = self.form.fields.iter().filter(|field| field.card.as_deref() == Some(card));
        own.map(|field| self.said(field)).max().unwrap_or_default()
    }

    /// Whether a filter offers a choice; none if that cannot be told.
    fn is_offered(&mut self, filter: &Filter, chosen: &str) -> Option<bool> {
        self.choice = Some(filter.columns.get(chosen).cloned().unwrap_or_default());
        let offered = filter.expression.holds(self);
        self.choice = None;
        offered
    }

    /// Whether a question is asked; none if that cannot be told.
    fn is_asked(&mut self, field: &Field) -> Option<bool> {
        let name = &field.name.value;
        if let Some(known) = self.relevance.get(name) {
            return *known;
        }
        if !self.busy.insert(name.clone()) {
            return None;
        }
        let own = self.own.take();
        let each: Vec<Option<bool>> = field.relevant.iter().map(|relevant| relevant.holds(self)).collect();
        self.own = own;
        self.busy.remove(name);
        let asked = match each.contains(&Some(false)) {
            true => Some(false),
            false => each.iter().all(Option::is_some).then_some(true),
        };
        self.relevance.insert(name.clone(), asked);
        asked
    }

    fn reckoned(&mut self, field: &Field, calculation: &Expression) -> Option<expression::Value> {
        let name = format!("={}", field.name.value);
        if !self.busy.insert(name.clone()) {
            return None;
        }
        let own = self.own.take();
        let value = calculation.value(self);
        self.own = own;
        self.busy.remove(&name);
        value
    }
}

impl Answers for Filled<'_> {
    fn of(&mut self, name: &str) -> Option<expression::Value> {
        let form = self.form;
        let field = form.field(name).filter(|_| !self.misfits.contains(name))?;
        let nothing = || match field.repeated {
            true => expression::Value::Many(Vec::new()),
            false => expression::Value::Text(String::new()),
        };
        if self.is_asked(field) == Some(false) {
            return Some(nothing());
        }
        match (self.values.get(name), field.question.answer) {
            (Some(value), _) => Some(seen(value)),
            (None, Answer::Computed) => self.reckoned(field, field.calculation.as_ref()?),
            (None, _) => Some(nothing()),
        }
    }

    fn own(&mut self) -> Option<expression::Value> {
        self.own.clone()
    }

    fn column(&mut self, name: &str) -> Option<expression::Value> {
        self.choice.as_ref()?.get(name).map(|text| expression::Value::Text(text.clone()))
    }

    fn today(&self) -> Day {
        self.today
    }

    fn now(&self) -> DateTime {
        self.now
    }
}

/// An answer as conditions see it: several choices are a text with spaces between them.
fn seen(value: &Value) -> expression::Value {
    match value {
        Value::Text(text) => expression::Value::Text(text.clone()),
        Value::Whole(number) => expression::Value::Number(*number as f64),
        Value::Decimal(number) => expression::Value::Number(*number),
        Value::Day(day) => expression::Value::Day(*day),
        Value::Moment(moment) => expression::Value::Moment(local(*moment)),
        Value::Several(chosen) => expression::Value::Text(chosen.join(" ")),
        Value::Many(values) => expression::Value::Many(values.iter().map(seen).collect()),
    }
}

fn raw(answer: Option<Answer>, given: &Given) -> Raw {
    match given {
        Given::Text(text) if answer == Some(Answer::Day) => {
            text.parse().map_or_else(|_| Raw::Text(text.clone()), Raw::Day)
        }
        Given::Text(text) if answer == Some(Answer::Moment) => {
            moment_of(text).map_or_else(|| Raw::Text(text.clone()), Raw::Moment)
        }
        Given::Text(text) => Raw::Text(text.clone()),
        Given::Whole(number) => Raw::Number(Number::Whole(*number)),
        Given::Decimal(number) => Raw::Number(Number::Decimal(*number)),
        Given::List(items) => Raw::List(items.iter().map(|item| raw(answer, item)).collect()),
    }
}

/// The bytes that are sealed: deterministic CBOR, a map from the names to the answers.
#[must_use]
pub fn encode(given: &BTreeMap<String, Given>) -> Vec<u8> {
    let mut out = Encoder::new(Vec::new());
    // Writing into a Vec cannot fail: its error type has no values.
    let _ = out.map(given.len() as u64);
    for (name, answer) in given {
        let _ = out.str(name);
        write(&mut out, answer);
    }
    out.into_writer()
}

fn write(out: &mut Encoder<Vec<u8>>, given: &Given) {
    match given {
        Given::Text(text) => drop(out.str(text)),
        Given::Whole(number) => drop(out.i64(*number)),
        Given::Decimal(number) => drop(out.f64(*number)),
        Given::List(items) => {
            let _ = out.array(items.len() as u64);
            items.iter().for_each(|item| write(out, item));
        }
    }
}

/// Reads what [`encode`] wrote; none if the bytes are anything else.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<BTreeMap<String, Given>> {
    let mut read = Decoder::new(bytes);
    let mut given = BTreeMap::new();
    for _ in 0..read.map().ok()?? {
        given.insert(read.str().ok()?.to_owned(), one_given(&mut read, DEEPEST)?);
    }
    (encode(&given) == bytes).then_some(given)
}

/// The answers of a question with several choices inside a repeat are a list of lists.
const DEEPEST: u8 = 2;

fn one_given(read: &mut Decoder<'_>, deep: u8) -> Option<Given> {
    Some(match read.datatype().ok()? {
        Type::String => Given::Text(read.str().ok()?.to_owned()),
        Type::F64 => Given::Decimal(read.f64().ok().filter(|number| number.is_finite())?),
        Type::Array if deep > 0 => {
            Given::List((0..read.array().ok()??).map(|_| one_given(read, deep - 1)).collect::<Option<_>>()?)
        }
        _ => Given::Whole(read.i64().ok()?),
    })
}

fn many(field: &Field, raw: &Located<Raw>, findings: &mut Findings) -> Option<Value> {
    match &raw.value {
        Raw::List(items) => {
            items.iter().map(|item| one(field, item, raw, findings)).collect::<Option<_>>().map(Value::Many)
        }
        single => one(field, single, raw, findings).map(|value| Value::Many(vec![value])),
    }
}

/// Of a long list of choices only the first are told.
const MOST_TOLD: usize = 40;

fn one(field: &Field, raw: &Raw, place: &Located<Raw>, findings: &mut Findings) -> Option<Value> {
    let offered = |number: f64| field.range.is_none_or(|range| range.offers(number));
    let (value, zh, en) = match field.question.answer {
        Answer::Whole => {
            let number = raw.as_whole().filter(|number| offered(*number as f64));
            (number.map(Value::Whole), "整数", "a whole number")
        }
        Answer::Decimal => {
            (raw.as_decimal().filter(|number| offered(*number)).map(Value::Decimal), "数字", "a number")
        }
        Answer::Day => (raw.as_day().map(Value::Day), "日期，如 2020-03-10", "a day such as 2020-03-10"),
        Answer::Moment => (
            raw.as_moment().map(Value::Moment),
            "日期和时刻，如 2020-03-10T08:30",
            "a day and a time such as 2020-03-10T08:30",
        ),
        Answer::Several if field.question.is_ranked() => {
            (several(raw, field).map(Value::Several), "所有选项排成的顺序", "all of its choices in an order")
        }
        Answer::Several => (several(raw, field).map(Value::Several), "选项的列表", "a list of its choices"),
        Answer::File => {
            let named = raw.as_text().filter(|text| Named::parse(text).is_some());
            (named.map(|text| Value::Text(text.to_owned())), "图片的文件名", "the name of a picture's file")
        }
        Answer::One => {
            let chosen = raw.as_text().filter(|text| is_choice(field, text));
            (chosen.map(|text| Value::Text(text.to_owned())), "选项之一", "one of its choices")
        }
        _ => (raw.as_text().map(|text| Value::Text(text.to_owned())), "文字", "a text"),
    };
    if value.is_none() {
        let name = &field.name.value;
        let (known, known_zh) = match (field.choices.as_slice(), field.range) {
            ([], Some(Range { start, end, step, .. })) => (
                format!(" from {start} to {end}, in steps of {step}"),
                format!("，从 {start} 到 {end}，每步 {step}"),
            ),
            ([], None) => (String::new(), String::new()),
            (choices, _) => {
                let more = if choices.len() > MOST_TOLD { ["…"].as_slice() } else { &[] };
                let told: Vec<&str> =
                    choices.iter().take(MOST_TOLD).map(String::as_str).chain(more.iter().copied()).collect();
                (format!(": {}", told.join(", ")), format!("：{}", told.join("、")))
            }
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
    let chosen: Vec<String> = items
        .iter()
        .map(|item| item.as_text().filter(|text| is_choice(field, text)).map(str::to_owned))
        .collect::<Option<_>>()?;
    if field.question.is_ranked() {
        // An order has each once; a filter may have left some out.
        let different: BTreeSet<&String> = chosen.iter().collect();
        let whole = field.filter.is_some() || different.len() == field.choices.len();
        return (different.len() == chosen.len() && whole).then_some(chosen);
    }
    Some(chosen)
}

/// Whether a text is one of a question's choices; those that are other answers are looked for once all answers are read.
fn is_choice(field: &Field, text: &str) -> bool {
    field.among.is_some() || field.choices.iter().any(|choice| choice == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_read_back_and_have_one_shape() {
        let given = BTreeMap::from([
            ("temp_c".to_owned(), Given::Decimal(36.6)),
            ("days".to_owned(), Given::Whole(-3)),
            ("note".to_owned(), Given::Text("咳".into())),
            ("symptom".to_owned(), Given::List(vec![Given::Text("fever".into()), Given::List(Vec::new())])),
        ]);
        let bytes = encode(&given);
        assert_eq!(decode(&bytes), Some(given));
        for cut in 0..bytes.len() {
            assert_eq!(decode(&bytes[..cut]), None, "{cut}");
        }
        // Lists deeper than any question has, a number that is none, and a map longer than memory.
        assert_eq!(decode(&[0xa1, 0x61, b'a', 0x81, 0x81, 0x81, 0x01]), None);
        assert_eq!(decode(&[0xa1, 0x61, b'a', 0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(decode(&[0xbb, 255, 255, 255, 255, 255, 255, 255, 255]), None);
    }
}
