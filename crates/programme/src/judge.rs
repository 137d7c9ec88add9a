//! Judging: whether a rule flags a subject, and by what evidence.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, LazyLock};

use cel::{Context, Env, ExecutionError};

use crate::answer::{Record, Value};
use crate::code::Day;
use crate::condition::{Condition, MOST_HISTORY, MOST_PEOPLE};
use crate::section::Number;

/// What is known of a subject.
#[derive(Clone, Debug, Default)]
pub struct Situation<'s> {
    /// What was filled in about it, in any order.
    pub own: Vec<&'s Record>,
    /// What was filled in about each person who belongs to it.
    pub people: Vec<Vec<&'s Record>>,
}

/// What a rule says of a subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It flags; with the latest answers that it looked at, by form and field.
    Flags(BTreeMap<(String, String), Value>),
    Clear,
    /// An answer is missing that it needs.
    Unknown,
    /// It came to no answer: a division by zero, a number too large, a place beyond the end of a list.
    Failed(String),
}

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| Arc::new(Env::stdlib()));

/// Judges one subject. Only what was filled in up to `today` counts.
#[must_use]
pub fn judge(
    condition: &Condition,
    situation: &Situation<'_>,
    parameters: &BTreeMap<&str, Number>,
    today: Day,
) -> Judgement {
    let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
    context.add_variable_from_value("today", day_number(today));
    let values: HashMap<String, cel::Value> = condition
        .parameters
        .iter()
        .filter_map(|code| Some((code.clone(), number(*parameters.get(code.as_str())?))))
        .collect();
    context.add_variable_from_value("param", cel::Value::Map(values.into()));
    let mut latest: BTreeMap<&str, Option<&Record>> =
        condition.forms.iter().map(|form| (form.as_str(), None)).collect();
    for (form, found) in &mut latest {
        *found = newest(&situation.own, form, today).into_iter().next();
        context.add_variable_from_value(*form, found.map_or_else(empty, record));
    }
    add_lists(&mut context, condition, situation, today);
    match context.resolve(&condition.expression) {
        Ok(cel::Value::Bool(true)) => Judgement::Flags(evidence(condition, &latest)),
        Ok(cel::Value::Bool(false)) => Judgement::Clear,
        Ok(_) => Judgement::Failed("not a yes or no".into()),
        Err(ExecutionError::NoSuchKey(_)) => Judgement::Unknown,
        Err(error) => Judgement::Failed(reason(&error)),
    }
}

fn add_lists(context: &mut Context<'_, '_>, condition: &Condition, situation: &Situation<'_>, today: Day) {
    let history: HashMap<String, cel::Value> = condition
        .history
        .iter()
        .map(|form| {
            let all = newest(&situation.own, form, today)
                .into_iter()
                .take(MOST_HISTORY)
                .map(record)
                .collect::<Vec<_>>();
            (form.clone(), cel::Value::List(Arc::new(all)))
        })
        .collect();
    context.add_variable_from_value("history", cel::Value::Map(history.into()));
    let people: HashMap<String, cel::Value> = condition
        .people
        .iter()
        .map(|form| {
            let all = situation
                .people
                .iter()
                .take(MOST_PEOPLE)
                .filter_map(|own| newest(own, form, today).into_iter().next())
                .map(record)
                .collect::<Vec<_>>();
            (form.clone(), cel::Value::List(Arc::new(all)))
        })
        .collect();
    context.add_variable_from_value("people", cel::Value::Map(people.into()));
}

/// The filled-in forms of a kind up to a day, the newest first; of one day in the order in which they were given, the
/// last first.
fn newest<'s>(records: &[&'s Record], form: &str, today: Day) -> Vec<&'s Record> {
    let mut found: Vec<&Record> =
        records.iter().copied().filter(|record| record.form == form && record.on <= today).collect();
    found.sort_by_key(|record| record.on);
    found.reverse();
    found
}

fn evidence(
    condition: &Condition,
    latest: &BTreeMap<&str, Option<&Record>>,
) -> BTreeMap<(String, String), Value> {
    condition
        .evidence
        .iter()
        .filter_map(|(form, field)| {
            let value = latest.get(form.as_str()).copied().flatten()?.values.get(field)?;
            Some(((form.clone(), field.clone()), value.clone()))
        })
        .collect()
}

/// Without the values: they are of people.
fn reason(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchOverload(overload) => format!("no {} for these", overload.function()),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "division by zero".into(),
        ExecutionError::Overflow(..) => "a number too large".into(),
        ExecutionError::IndexOutOfBounds(_) => "a place beyond the end of a list".into(),
        ExecutionError::FunctionError { function, .. } => format!("{function} has no answer for this"),
        ExecutionError::ValuesNotComparable(..) => "what cannot be compared".into(),
        ExecutionError::UndeclaredReference(name) => format!("nothing is called {name}"),
        _ => "no answer".into(),
    }
}

fn empty() -> cel::Value {
    cel::Value::Map(HashMap::<String, cel::Value>::new().into())
}

fn record(record: &Record) -> cel::Value {
    let mut values: HashMap<String, cel::Value> =
        record.values.iter().map(|(name, answer)| (name.clone(), value(answer))).collect();
    values.insert("on".into(), day_number(record.on).into());
    cel::Value::Map(values.into())
}

fn value(value: &Value) -> cel::Value {
    match value {
        Value::Text(text) => text.as_str().into(),
        Value::Whole(number) => (*number).into(),
        Value::Decimal(number) => (*number).into(),
        Value::Day(day) => day_number(*day).into(),
        Value::Several(names) => {
            cel::Value::List(Arc::new(names.iter().map(|name| name.as_str().into()).collect()))
        }
        Value::Many(values) => cel::Value::List(Arc::new(values.iter().map(self::value).collect())),
    }
}

fn number(number: Number) -> cel::Value {
    match number {
        Number::Whole(number) => number.into(),
        Number::Decimal(number) => number.into(),
    }
}

/// Days since 1970-01-01: rules reckon with whole days.
fn day_number(day: Day) -> i64 {
    i64::from((day - jiff::civil::date(1970, 1, 1)).get_days())
}
