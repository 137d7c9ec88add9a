//! The `cel` crate's own interpreter over the same answers: what [`crate::formula`] works out is held to it, for every
//! expression of every pack and answers at random.
#![expect(clippy::disallowed_methods, reason = "the packs lie in files")]

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};

use cel::common::ast::IdedExpr;
use cel::common::traits::Indexer;
use cel::common::types::{CelDouble, CelInt, CelList, CelString, INT_TYPE, LIST_TYPE, MAP_TYPE, Type};
use cel::common::value::{CowVal, Val};
use cel::parser::Parser;
use cel::{Context, Env, ExecutionError};
use jiff::{Span, Timestamp};

use crate::answer::{Record, Value};
use crate::calendar::Calendar;
use crate::code::Day;
use crate::condition::{Condition, MOST_HISTORY, MOST_PEOPLE, Needs};
use crate::judge::{Judgement, Reckoned, Situation};
use crate::section::Number;

static ENVIRONMENT: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut environment = Env::stdlib();
    // The two names are nobody else's, so neither can be refused.
    let added = [
        environment.add_overload("sum", "sum_list", vec![LIST_TYPE], sum),
        environment.add_overload(
            "first_of_month",
            "first_of_month_int",
            vec![INT_TYPE, INT_TYPE],
            first_of_month,
        ),
        environment.add_overload("day", "day_int", vec![INT_TYPE], day_at),
        environment.add_overload("hours", "hours_int", vec![INT_TYPE, INT_TYPE], hours),
        environment.add_overload("month", "month_int", vec![INT_TYPE], month),
        environment.add_overload("working_days", "working_days_int", vec![INT_TYPE, INT_TYPE], working_days),
    ];
    debug_assert!(added.iter().all(Result::is_ok));
    Arc::new(environment)
});

thread_local! {
    static PARSED: RefCell<BTreeMap<String, Rc<IdedExpr>>> = const { RefCell::new(BTreeMap::new()) };
}

fn parsed(text: &str) -> Rc<IdedExpr> {
    let parse = || Rc::new(Parser::new().parse_with_source_info(text).unwrap().0);
    PARSED.with_borrow_mut(|known| Rc::clone(known.entry(text.to_owned()).or_insert_with(parse)))
}

/// One subject on one day, looked at for all conditions whose needs it was made for.
struct View<'s> {
    context: Context<'s, 's>,
    latest: BTreeMap<&'s str, &'s Record>,
    figures: BTreeMap<String, Reckoned>,
    classes: BTreeMap<String, String>,
}

impl<'s> View<'s> {
    fn new(
        needs: &'s Needs,
        situation: &Situation<'s>,
        parameters: &BTreeMap<&str, Number>,
        (today, minute): (Day, u16),
    ) -> Self {
        let mut context = Context::with_env(Arc::clone(&ENVIRONMENT));
        context.add_variable_as_val("today", day(today));
        context.add_variable_as_val("now", number(Number::Whole(minute.into())));
        let moments = situation.case.iter().flat_map(|case| [("opened", case.opened), ("since", case.since)]);
        context.add_variable_as_val("case", map(moments.map(|(name, at)| (name, moment(at)))));
        let values = needs
            .parameters
            .iter()
            .filter_map(|code| Some((code.as_str(), number(*parameters.get(code.as_str())?))));
        context.add_variable_as_val("param", map(values));
        let mut latest = BTreeMap::new();
        for form in &needs.forms {
            let found = newest(&situation.own, form, today).into_iter().next();
            let own = found.map_or_else(|| map([]), |found| record(found, 0));
            context.add_variable_as_val(form.as_str(), own);
            latest.extend(found.map(|found| (form.as_str(), found)));
        }
        let mut overflown = BTreeSet::new();
        let history = needs.history.iter().map(|form| {
            let mut all = newest(&situation.own, form, today);
            if let Some(question) = needs.one_for.get(form) {
                let of = |sheet: &Record| match sheet.values.get(question) {
                    Some(Value::Day(day)) => Some(Value::Day(day.first_of_month())),
                    other => other.cloned(),
                };
                let mut standing: Vec<&Record> = Vec::new();
                for sheet in all {
                    if of(sheet).is_none() || !standing.iter().any(|later| of(later) == of(sheet)) {
                        standing.push(sheet);
                    }
                }
                all = standing;
            }
            if all.len() > MOST_HISTORY {
                overflown.insert(form.as_str());
            }
            (form.as_str(), list(all.into_iter().take(MOST_HISTORY).map(|own| record(own, 0))))
        });
        context.add_variable_as_val("history", map(history));
        let people = needs.people.iter().map(|form| {
            let people = (1_i64..).zip(&situation.people).take(MOST_PEOPLE);
            let all = people.filter_map(|(number, own)| {
                Some(record(newest(own, form, today).into_iter().next()?, number))
            });
            (form.as_str(), list(all))
        });
        context.add_variable_as_val("people", map(people));
        let mut view = Self { context, latest, figures: BTreeMap::new(), classes: BTreeMap::new() };
        view.reckon(needs, &overflown);
        view.classify(needs);
        view
    }

    fn reckon(&mut self, needs: &'s Needs, overflown: &BTreeSet<&str>) {
        for figure in &needs.figures {
            // A sum of the newest only would be a wrong sum.
            let too_many = figure.value.needs.history.iter().find(|form| overflown.contains(form.as_str()));
            let reckoned = match too_many {
                Some(form) => Reckoned::Failed(format!("more than {MOST_HISTORY} of {form}")),
                None => match figure.only_if.as_ref().map(|only_if| self.judge(only_if)) {
                    None | Some(Judgement::Flags(_)) => self.number(&figure.value),
                    Some(Judgement::Failed(reason)) => Reckoned::Failed(reason),
                    Some(Judgement::Clear | Judgement::Unknown) => Reckoned::Unknown,
                },
            };
            self.figures.insert(figure.code.value.clone(), reckoned);
            let known =
                needs.figures.iter().filter_map(|figure| match self.figures.get(&figure.code.value) {
                    Some(Reckoned::Number(number)) => Some((figure.code.value.as_str(), decimal(*number))),
                    _ => None,
                });
            let known = map(known);
            self.context.add_variable_as_val("figure", known);
        }
    }

    fn classify(&mut self, needs: &'s Needs) {
        for classes in &needs.classes {
            let found = classes.all.iter().find(|class| {
                class.when.as_ref().is_none_or(|when| matches!(self.judge(when), Judgement::Flags(_)))
            });
            let found = found.map(|class| class.code.value.clone()).unwrap_or_default();
            self.classes.insert(classes.code.value.clone(), found);
        }
        let known = needs.classes.iter().filter_map(|classes| {
            let code = &classes.code.value;
            Some((code.as_str(), text(self.classes.get(code)?.clone())))
        });
        let known = map(known);
        self.context.add_variable_as_val("class", known);
    }

    /// Judges by a condition among those for whose needs this was made.
    fn judge(&self, condition: &Condition) -> Judgement {
        match self.resolve(condition) {
            Ok(cel::Value::Bool(true)) => Judgement::Flags(self.evidence(condition)),
            Ok(cel::Value::Bool(false)) => Judgement::Clear,
            Ok(_) => Judgement::Failed("not a yes or no".into()),
            Err(reason) => reason.map_or(Judgement::Unknown, Judgement::Failed),
        }
    }

    /// What an expression that comes to a number comes to; a yes counts as one and a no as none.
    fn number(&self, expression: &Condition) -> Reckoned {
        match self.resolve(expression) {
            Ok(cel::Value::Bool(truth)) => Reckoned::Number(f64::from(u8::from(truth))),
            Ok(cel::Value::Int(number)) => Reckoned::Number(Number::Whole(number).as_decimal()),
            Ok(cel::Value::Float(number)) if number.is_finite() => Reckoned::Number(number),
            Ok(_) => Reckoned::Failed("not a number".into()),
            Err(reason) => reason.map_or(Reckoned::Unknown, Reckoned::Failed),
        }
    }

    /// What a figure comes to that one of the conditions names.
    fn figure(&self, code: &str) -> Option<&Reckoned> {
        self.figures.get(code)
    }

    /// The class that the subject is in, of a classification that one of the conditions names.
    fn class(&self, code: &str) -> Option<&str> {
        self.classes.get(code).map(String::as_str)
    }

    /// The error is a reason, or none if an answer is missing.
    fn resolve(&self, condition: &Condition) -> Result<cel::Value, Option<String>> {
        self.context.resolve(&parsed(&condition.text.value)).map_err(|error| match error {
            // A figure that failed is missing too, and what names it has failed with it.
            ExecutionError::NoSuchKey(_) => {
                condition.needs.figures.iter().find_map(|figure| match self.figures.get(&figure.code.value) {
                    Some(Reckoned::Failed(reason)) => Some(reason.clone()),
                    _ => None,
                })
            }
            error => Some(reason(&error)),
        })
    }

    fn evidence(&self, condition: &Condition) -> BTreeMap<(String, String), Value> {
        let evidence = condition.evidence.iter().filter(|(form, _)| condition.needs.forms.contains(form));
        let answers = evidence.filter_map(|(form, field)| {
            let value = self.latest.get(form.as_str())?.values.get(field)?;
            Some(((form.clone(), field.clone()), value.clone()))
        });
        let figures =
            condition.needs.figures.iter().filter_map(|figure| match self.figures.get(&figure.code.value) {
                Some(Reckoned::Number(number)) => {
                    Some((("figure".to_owned(), figure.code.value.clone()), Value::Decimal(*number)))
                }
                _ => None,
            });
        answers.chain(figures).collect()
    }
}

/// `sum(list)`: of nothing it is 0.0.
fn sum<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let mut total = 0.0;
    let list = arguments.first().and_then(|list| list.as_iterable());
    let mut elements = list.ok_or_else(|| ExecutionError::function_error("sum", "no list"))?.iter();
    while let Some(element) = elements.next() {
        total += match (element.downcast_ref::<CelDouble>(), element.downcast_ref::<CelInt>()) {
            (Some(number), _) => *number.inner(),
            (_, Some(number)) => Number::Whole(*number.inner()).as_decimal(),
            _ => return Err(ExecutionError::function_error("sum", "no number")),
        };
    }
    Ok(CowVal::owned(CelDouble::from(total)))
}

thread_local! {
    /// The calendar of the programme that is asked: the interpreter's functions see their arguments alone.
    static CALENDAR: RefCell<Arc<Calendar>> = RefCell::default();
}

/// `working_days(after, until)`: how many days are worked after the first, until the second: each day is looked at.
fn working_days<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let wrong = || ExecutionError::function_error("working_days", "no such day");
    let day = |index: usize| {
        let number = arguments.get(index).and_then(|argument| argument.downcast_ref::<CelInt>());
        let days = number.and_then(|number| Span::new().try_days(*number.inner()).ok()).ok_or_else(wrong)?;
        EPOCH.checked_add(days).map_err(|_| wrong())
    };
    let (mut after, until) = (day(0)?, day(1)?);
    let mut worked = 0_i64;
    while after < until {
        after = after.tomorrow().map_err(|_| wrong())?;
        worked += i64::from(CALENDAR.with_borrow(|calendar| calendar.is_worked(after)));
    }
    Ok(CowVal::owned(CelInt::from(worked)))
}

/// `month(day)`: the month of the year that the day is in, from 1.
fn month<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let wrong = || ExecutionError::function_error("month", "no such day");
    let number = arguments.first().and_then(|argument| argument.downcast_ref::<CelInt>());
    let days = number.and_then(|number| Span::new().try_days(*number.inner()).ok()).ok_or_else(wrong)?;
    let day = EPOCH.checked_add(days).map_err(|_| wrong())?;
    Ok(CowVal::owned(CelInt::from(i64::from(day.month()))))
}

fn whole_of(arguments: &[CowVal<'_, '_>], index: usize) -> Result<i64, ExecutionError> {
    let number = arguments.get(index).and_then(|argument| argument.downcast_ref::<CelInt>());
    number.map(|number| *number.inner()).ok_or_else(|| ExecutionError::function_error("moment", "no moment"))
}

/// `day(moment)`: the day that a clock in the country shows.
fn day_at<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let days = (whole_of(&arguments, 0)? + 8 * 3_600_000).div_euclid(86_400_000);
    Ok(CowVal::owned(CelInt::from(days)))
}

/// `hours(from, until)`.
fn hours<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let apart = whole_of(&arguments, 1)? - whole_of(&arguments, 0)?;
    Ok(CowVal::owned(CelDouble::from(Number::Whole(apart).as_decimal() / 3_600_000.0)))
}

/// `first_of_month(day, months)`: the first day of the month so many months after that of the day.
fn first_of_month<'b, 'v>(arguments: Vec<CowVal<'b, 'v>>) -> Result<CowVal<'b, 'v>, ExecutionError> {
    let wrong = || ExecutionError::function_error("first_of_month", "no such month");
    let whole = |index: usize| {
        let number = arguments.get(index).and_then(|argument| argument.downcast_ref::<CelInt>());
        number.map(|number| *number.inner()).ok_or_else(wrong)
    };
    let (days, months) = (Span::new().try_days(whole(0)?), Span::new().try_months(whole(1)?));
    let day = EPOCH.checked_add(days.map_err(|_| wrong())?).map_err(|_| wrong())?;
    let first = day.first_of_month().checked_add(months.map_err(|_| wrong())?).map_err(|_| wrong())?;
    Ok(CowVal::owned(CelInt::from(day_number(first))))
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

fn record<'s>(record: &'s Record, whose: i64) -> Box<dyn Val + 's> {
    Box::new(Filled(record, whose))
}

/// A filled-in form: an answer is made a value when it is asked for, since most never are.
#[derive(Debug)]
struct Filled<'s>(&'s Record, i64);

impl Val for Filled<'_> {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(Filled(self.0, self.1))
    }
}

impl Indexer for Filled<'_> {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let name = key(index)?;
        if name == "on" {
            return Ok(CowVal::Owned(day(self.0.on)));
        }
        if name == "filled_at" {
            return Ok(CowVal::Owned(moment(self.0.at)));
        }
        if name == "whose" {
            return Ok(CowVal::Owned(Box::new(CelInt::from(self.1))));
        }
        let found = self.0.values.get(name).ok_or_else(|| ExecutionError::no_such_key(name))?;
        Ok(CowVal::Owned(value(found)))
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}

fn key(index: &dyn Val) -> Result<&str, ExecutionError> {
    let name = index.downcast_ref::<CelString<'_>>().map(CelString::inner);
    name.ok_or_else(|| ExecutionError::function_error("index", "no name"))
}

fn value<'s>(value: &'s Value) -> Box<dyn Val + 's> {
    match value {
        Value::Text(own) => text(own.as_str()),
        Value::Whole(number) => Box::new(CelInt::from(*number)),
        Value::Decimal(number) => decimal(*number),
        Value::Day(own) => day(*own),
        Value::Moment(own) => moment(*own),
        Value::Several(names) => list(names.iter().map(|name| text(name.as_str()))),
        Value::Many(values) => list(values.iter().map(self::value)),
    }
}

/// Values by name.
#[derive(Debug)]
struct Named<'s>(Vec<(&'s str, Box<dyn Val + 's>)>);

impl Val for Named<'_> {
    fn get_type(&self) -> &Type {
        Self::cel_type()
    }

    fn cel_type() -> &'static Type {
        &MAP_TYPE
    }

    fn as_indexer<'b, 'v>(&'b self) -> Option<&'b (dyn Indexer + 'v)>
    where
        Self: 'v,
    {
        Some(self)
    }

    fn clone_as_boxed<'v>(&self) -> Box<dyn Val + 'v>
    where
        Self: 'v,
    {
        Box::new(Named(self.0.iter().map(|(name, value)| (*name, value.clone_as_boxed())).collect()))
    }
}

impl Indexer for Named<'_> {
    fn get<'b, 'v>(&'b self, index: &dyn Val) -> Result<CowVal<'b, 'v>, ExecutionError>
    where
        Self: 'v,
    {
        let name = key(index)?;
        let found = self.0.iter().find(|(known, _)| *known == name);
        found
            .map(|(_, value)| CowVal::Borrowed(value.as_ref() as &(dyn Val + 'v)))
            .ok_or_else(|| ExecutionError::no_such_key(name))
    }

    fn steal<'v>(self: Box<Self>, index: &dyn Val) -> Result<Box<dyn Val + 'v>, ExecutionError>
    where
        Self: 'v,
    {
        self.get(index).map(CowVal::into_owned)
    }
}

fn map<'s>(entries: impl IntoIterator<Item = (&'s str, Box<dyn Val + 's>)>) -> Box<dyn Val + 's> {
    Box::new(Named(entries.into_iter().collect()))
}

fn list<'s>(elements: impl Iterator<Item = Box<dyn Val + 's>>) -> Box<dyn Val + 's> {
    Box::new(CelList::from(elements.collect::<Vec<_>>()))
}

fn text<'s>(text: impl Into<CelString<'s>>) -> Box<dyn Val + 's> {
    Box::new(text.into())
}

fn decimal<'s>(number: f64) -> Box<dyn Val + 's> {
    Box::new(CelDouble::from(number))
}

fn number<'s>(number: Number) -> Box<dyn Val + 's> {
    match number {
        Number::Whole(number) => Box::new(CelInt::from(number)),
        Number::Decimal(number) => decimal(number),
    }
}

const EPOCH: Day = jiff::civil::date(1970, 1, 1);

/// Days since 1970-01-01: rules reckon with whole days.
fn day_number(day: Day) -> i64 {
    i64::from((day - EPOCH).get_days())
}

fn day<'s>(day: Day) -> Box<dyn Val + 's> {
    Box::new(CelInt::from(day_number(day)))
}

fn moment<'s>(at: Timestamp) -> Box<dyn Val + 's> {
    Box::new(CelInt::from(at.as_millisecond()))
}

mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::calendar::midnight_before;
    use crate::form::{Field, Form, is_list};
    use crate::indicator::Measure;
    use crate::judge::{self, Moments};
    use crate::question::Answer;
    use crate::{Content, Files, Programme};

    const TODAY: Day = jiff::civil::date(2020, 6, 15);

    fn pack(name: &str) -> Programme {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programmes").join(name);
        let mut files = Files::new();
        for folder in ["", "forms", "overlays", "classes", "pathways"] {
            let Ok(entries) = std::fs::read_dir(root.join(folder)) else { continue };
            for path in entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
                let inside = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.insert(inside, Content::Bytes(std::fs::read(&path).unwrap()));
            }
        }
        crate::read(&files).unwrap()
    }

    fn conditions(programme: &Programme) -> Vec<&Condition> {
        let mut all: Vec<&Condition> = programme.rules.iter().map(|rule| &rule.condition).collect();
        for indicator in &programme.indicators {
            match &indicator.measure {
                Measure::Share { numerator, denominator, .. } => all.extend([numerator, denominator]),
                Measure::Sum { numerator } => all.push(numerator),
                Measure::Middle { value, of } => {
                    all.push(value);
                    all.extend(of.as_ref().map(|(of, _)| of));
                }
                Measure::Sweep { .. } => {}
            }
        }
        all.extend(programme.bridges.iter().flat_map(|bridge| &bridge.days));
        let steps = programme.pathways.iter().flat_map(|pathway| &pathway.steps);
        all.extend(steps.filter_map(|step| step.guard.as_ref()));
        all
    }

    fn day() -> impl Strategy<Value = Day> {
        (0..400i64).prop_map(|days| TODAY.saturating_sub(Span::new().days(days - 20)))
    }

    fn one(field: &Field) -> BoxedStrategy<Value> {
        match field.question.answer {
            Answer::Whole => prop_oneof![0..5i64, Just(14), Just(i64::MAX)].prop_map(Value::Whole).boxed(),
            Answer::Decimal => {
                prop_oneof![0.0..60.0f64, 0.0..9_000.0f64, Just(0.0)].prop_map(Value::Decimal).boxed()
            }
            Answer::Day => day().prop_map(Value::Day).boxed(),
            Answer::Moment => (0..1_000_i64)
                .prop_map(|hours| Value::Moment(Timestamp::constant(1_580_000_000 + hours * 5_000, 0)))
                .boxed(),
            Answer::One => select(field.choices.clone()).prop_map(Value::Text).boxed(),
            Answer::Several => {
                proptest::sample::subsequence(field.choices.clone(), 0..=field.choices.len().min(3))
                    .prop_map(Value::Several)
                    .boxed()
            }
            _ => Just(Value::Text("x".into())).boxed(),
        }
    }

    fn answer(field: &Field) -> BoxedStrategy<Option<(String, Value)>> {
        let name = field.name.value.clone();
        let single = field.question.answer == Answer::Several;
        let value = if is_list(field) && !single {
            proptest::collection::vec(one(field), 0..3).prop_map(Value::Many).boxed()
        } else {
            one(field)
        };
        proptest::option::weighted(0.8, value)
            .prop_map(move |value| value.map(|value| (name.clone(), value)))
            .boxed()
    }

    fn filled(form: &Form) -> BoxedStrategy<Vec<Record>> {
        let code = form.code.value.clone();
        let answers: Vec<_> = form.fields.iter().map(answer).collect();
        let record = (day(), answers).prop_map(move |(on, answers)| Record {
            form: code.clone(),
            on,
            at: midnight_before(on),
            values: answers.into_iter().flatten().collect(),
        });
        proptest::collection::vec(record, 0..4).boxed()
    }

    /// A record of each form or several, most often of few forms.
    fn records(programme: &Programme) -> BoxedStrategy<Vec<Record>> {
        let all: Vec<BoxedStrategy<Vec<Record>>> =
            programme.forms.iter().map(|form| prop_oneof![Just(Vec::new()), filled(form)].boxed()).collect();
        all.prop_map(|forms| forms.into_iter().flatten().collect()).boxed()
    }

    /// The reasons differ where the crate's own say more.
    fn alike(one: &Judgement, other: &Judgement) -> bool {
        matches!((one, other), (Judgement::Failed(_), Judgement::Failed(_))) || one == other
    }

    fn as_much(one: &Reckoned, other: &Reckoned) -> bool {
        matches!((one, other), (Reckoned::Failed(_), Reckoned::Failed(_))) || one == other
    }

    fn held(
        programme: &Programme,
        own: &[Record],
        people: &[Vec<Record>],
        minute: u16,
    ) -> Result<(), TestCaseError> {
        CALENDAR.set(Arc::clone(&programme.calendar));
        let conditions = conditions(programme);
        let needs = Needs::of(conditions.iter().copied());
        let situation = Situation {
            own: own.iter().collect(),
            people: people.iter().map(|records| records.iter().collect()).collect(),
            case: Some(Moments {
                opened: midnight_before(TODAY.saturating_sub(Span::new().days(60))),
                since: midnight_before(TODAY.saturating_sub(Span::new().days(30))),
            }),
        };
        let parameters = programme.parameters.on("520326001", TODAY);
        let expected = View::new(&needs, &situation, &parameters, (TODAY, minute));
        let found = judge::View::new(&needs, &situation, &parameters, TODAY).at(minute);
        for condition in conditions {
            let text = &condition.text.value;
            let (one, other) = (found.judge(condition), expected.judge(condition));
            prop_assert!(alike(&one, &other), "{text}: {one:?}, and the interpreter says {other:?}");
            let (one, other) = (found.number(condition), expected.number(condition));
            prop_assert!(as_much(&one, &other), "{text}: {one:?}, and the interpreter says {other:?}");
        }
        for figure in &needs.figures {
            let code = &figure.code.value;
            let (one, other) = (found.figure(code).unwrap(), expected.figure(code).unwrap());
            prop_assert!(as_much(&one, other), "{code}: {one:?}, and the interpreter says {other:?}");
        }
        for classes in &needs.classes {
            let code = &classes.code.value;
            let class = found.class(code);
            prop_assert_eq!(class.as_deref(), expected.class(code));
        }
        Ok(())
    }

    #[test]
    fn what_is_worked_out_is_what_the_interpreter_says() {
        for name in ["epidemic", "livelihood", "heat"] {
            let programme = pack(name);
            let config = ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() };
            let people = proptest::collection::vec(records(&programme), 0..3);
            let outcome = proptest::test_runner::TestRunner::new(config)
                .run(&(records(&programme), people, 0..24_u16 * 60), |(own, people, minute)| {
                    held(&programme, &own, &people, minute)
                });
            assert!(outcome.is_ok(), "{name}: {}", outcome.unwrap_err());
        }
    }
}
