//! Conditions made ready to be worked out: what the `cel` crate parsed, as a tree of the few operations that packs use, over
//! answers as they lie. The crate's own interpreter is the oracle that the tests hold it to.
//!
//! Whatever does not depend on a bound name is worked out once for a subject, by whichever condition asks first: twelve
//! figures over one window of months look for its sheets once.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};
use jiff::{Span, Timestamp};

use crate::answer::{Record, Value};
use crate::calendar::{Calendar, local_day};
use crate::classes::Classes;
use crate::code::Day;
use crate::figure::Figure;
use crate::judge::Moments;
use crate::section::Number;

/// One operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Formula {
    Truth(bool),
    Whole(i64),
    /// The bits of a decimal.
    Decimal(u64),
    Text(Arc<str>),
    /// What can be in a list, and is never looked at.
    Opaque,
    Today,
    /// The time of day at which it is judged.
    Now,
    /// When the case was opened, and when it came into its state.
    Opened,
    Since,
    /// The element of a list that stands for a name, counted from the outermost.
    Bound(usize),
    Answer {
        form: Arc<str>,
        field: Arc<str>,
    },
    HasAnswer {
        form: Arc<str>,
        field: Arc<str>,
    },
    Parameter(Arc<str>),
    Figure(Named<Figure>),
    HasFigure(Named<Figure>),
    Class(Named<Classes>),
    History(Arc<str>),
    People(Arc<str>),
    Field {
        of: Box<Formula>,
        field: Arc<str>,
    },
    HasField {
        of: Box<Formula>,
        field: Arc<str>,
    },
    Not(Box<Formula>),
    Negative(Box<Formula>),
    Both(Box<[Formula; 2]>),
    Either(Box<[Formula; 2]>),
    Choice(Box<[Formula; 3]>),
    Same {
        parts: Box<[Formula; 2]>,
        not: bool,
    },
    /// A text that is compared with one written down.
    SameText {
        of: Box<Formula>,
        text: Arc<str>,
        not: bool,
    },
    Order {
        parts: Box<[Formula; 2]>,
        order: Order,
    },
    In(Box<[Formula; 2]>),
    /// A text in a list of texts that is written down.
    InTexts {
        of: Box<Formula>,
        texts: Arc<[Arc<str>]>,
    },
    Reckon {
        parts: Box<[Formula; 2]>,
        how: Reckoning,
    },
    At(Box<[Formula; 2]>),
    List(Vec<Formula>),
    Call {
        function: Function,
        parts: Vec<Formula>,
    },
    Any {
        over: Box<Formula>,
        holds: Box<Formula>,
    },
    All {
        over: Box<Formula>,
        holds: Box<Formula>,
    },
    One {
        over: Box<Formula>,
        holds: Box<Formula>,
    },
    Each {
        over: Box<Formula>,
        only_if: Option<Box<Formula>>,
        of: Box<Formula>,
    },
    /// How many days are worked after the first day, until the second.
    WorkingDays {
        parts: Box<[Formula; 2]>,
        calendar: Named<Calendar>,
    },
    /// Depends on no bound name: worked out once for a subject. The number stands for the formula: of 128 bits, so that no
    /// two among the thousands of a pack share one.
    Once {
        number: u128,
        of: Box<Formula>,
    },
}

/// A figure, a classification or the calendar, told from others by its code.
#[derive(Clone, Debug)]
pub(crate) struct Named<T> {
    pub code: Arc<str>,
    pub what: Arc<T>,
}

impl<T> PartialEq for Named<T> {
    fn eq(&self, other: &Self) -> bool {
        self.code == other.code
    }
}

impl<T> Eq for Named<T> {}

impl<T> Hash for Named<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.code.hash(state);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Order {
    Less,
    AtMost,
    Greater,
    AtLeast,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Reckoning {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Function {
    Contains,
    Day,
    Double,
    EndsWith,
    FirstOfMonth,
    Hours,
    Int,
    Month,
    Size,
    StartsWith,
    String,
    Sum,
}

impl Function {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "contains" => Self::Contains,
            "day" => Self::Day,
            "double" => Self::Double,
            "endsWith" => Self::EndsWith,
            "first_of_month" => Self::FirstOfMonth,
            "hours" => Self::Hours,
            "int" => Self::Int,
            "month" => Self::Month,
            "size" => Self::Size,
            "startsWith" => Self::StartsWith,
            "string" => Self::String,
            "sum" => Self::Sum,
            _ => return None,
        })
    }
}

/// What an expression may name beside forms and parameters.
pub(crate) struct Names<'n> {
    pub figures: &'n [Arc<Figure>],
    pub classes: &'n [Arc<Classes>],
    pub calendar: &'n Arc<Calendar>,
}

/// Makes an expression ready that was found right; none for writing that packs do not have.
pub(crate) fn prepare(expression: &IdedExpr, names: &Names<'_>) -> Option<Formula> {
    Preparing { names, bound: Vec::new() }.prepare(expression)
}

struct Preparing<'n> {
    names: &'n Names<'n>,
    bound: Vec<String>,
}

impl Preparing<'_> {
    fn prepare(&mut self, expression: &IdedExpr) -> Option<Formula> {
        Some(match &expression.expr {
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(truth) => Formula::Truth(*truth.inner()),
                LiteralValue::Int(number) => Formula::Whole(*number.inner()),
                LiteralValue::Double(number) => Formula::Decimal(number.inner().to_bits()),
                LiteralValue::String(text) => Formula::Text(text.inner().into()),
                LiteralValue::UInt(_) | LiteralValue::Bytes(_) | LiteralValue::Null => Formula::Opaque,
            },
            Expr::Ident(name) => match self.bound.iter().rposition(|bound| bound == name) {
                Some(place) => Formula::Bound(place),
                None => match name.as_str() {
                    "today" => Formula::Today,
                    "now" => Formula::Now,
                    _ => return None,
                },
            },
            Expr::Select(select) => self.select(&select.operand, &select.field, select.test)?,
            Expr::Call(call) => self.call(call)?,
            Expr::List(list) => Formula::List(self.all(&list.elements)?),
            Expr::Comprehension(part) => self.list(part)?,
            Expr::Unspecified | Expr::Map(_) | Expr::Struct(_) => return None,
        })
    }

    fn all(&mut self, parts: &[IdedExpr]) -> Option<Vec<Formula>> {
        parts.iter().map(|part| self.prepare(part)).collect()
    }

    fn select(&mut self, operand: &IdedExpr, member: &str, has: bool) -> Option<Formula> {
        let field: Arc<str> = member.into();
        let Expr::Ident(root) = &operand.expr else {
            let of = Box::new(self.prepare(operand)?);
            return Some(if has { Formula::HasField { of, field } } else { Formula::Field { of, field } });
        };
        if self.bound.iter().any(|bound| bound == root) {
            let of = Box::new(self.prepare(operand)?);
            return Some(if has { Formula::HasField { of, field } } else { Formula::Field { of, field } });
        }
        Some(match root.as_str() {
            "param" | "history" | "people" | "class" | "case" if has => Formula::Truth(true),
            "case" if member == "opened" => Formula::Opened,
            "case" => Formula::Since,
            "param" => Formula::Parameter(field),
            "history" => Formula::History(field),
            "people" => Formula::People(field),
            "figure" => {
                let what = self.names.figures.iter().find(|figure| figure.code.value == member)?;
                let figure = Named { code: field, what: Arc::clone(what) };
                if has { Formula::HasFigure(figure) } else { Formula::Figure(figure) }
            }
            "class" => {
                let what = self.names.classes.iter().find(|classes| classes.code.value == member)?;
                Formula::Class(Named { code: field, what: Arc::clone(what) })
            }
            form if has => Formula::HasAnswer { form: form.into(), field },
            form => Formula::Answer { form: form.into(), field },
        })
    }

    fn call(&mut self, call: &CallExpr) -> Option<Formula> {
        let mut parts = match &call.target {
            Some(target) => vec![self.prepare(target)?],
            None => Vec::new(),
        };
        parts.extend(self.all(&call.args)?);
        if let Some(function) = Function::parse(&call.func_name) {
            let once = matches!(function, Function::FirstOfMonth | Function::Month | Function::Sum);
            let call = Formula::Call { function, parts };
            return Some(if once { call.once(self.bound.len()) } else { call });
        }
        let name = call.func_name.as_str();
        if name == "working_days" {
            let calendar = Named { code: name.into(), what: Arc::clone(self.names.calendar) };
            return Some(Formula::WorkingDays { parts: Box::new(parts.try_into().ok()?), calendar });
        }
        let parts = match <[Formula; 1]>::try_from(parts) {
            Ok([part]) => {
                let part = Box::new(part);
                return match name {
                    operators::LOGICAL_NOT => Some(Formula::Not(part)),
                    operators::NEGATE => Some(Formula::Negative(part)),
                    _ => None,
                };
            }
            Err(parts) => parts,
        };
        let parts = match <[Formula; 2]>::try_from(parts) {
            Ok(parts) => Box::new(parts),
            Err(parts) => {
                let parts = <[Formula; 3]>::try_from(parts).ok()?;
                return (name == operators::CONDITIONAL).then(|| Formula::Choice(Box::new(parts)));
            }
        };
        let order = |parts, order| Formula::Order { parts, order };
        let reckon = |parts, how| Formula::Reckon { parts, how };
        Some(match name {
            operators::LOGICAL_AND => Formula::Both(parts),
            operators::LOGICAL_OR => Formula::Either(parts),
            operators::EQUALS => same(*parts, false),
            operators::NOT_EQUALS => same(*parts, true),
            operators::LESS => order(parts, Order::Less),
            operators::LESS_EQUALS => order(parts, Order::AtMost),
            operators::GREATER => order(parts, Order::Greater),
            operators::GREATER_EQUALS => order(parts, Order::AtLeast),
            operators::IN => within(*parts),
            operators::ADD => reckon(parts, Reckoning::Add),
            operators::SUBSTRACT => reckon(parts, Reckoning::Subtract),
            operators::MULTIPLY => reckon(parts, Reckoning::Multiply),
            operators::DIVIDE => reckon(parts, Reckoning::Divide),
            operators::MODULO => reckon(parts, Reckoning::Remainder),
            operators::INDEX => Formula::At(parts),
            _ => return None,
        })
    }

    /// The macros over lists, by what the parser makes of them.
    fn list(&mut self, part: &ComprehensionExpr) -> Option<Formula> {
        let over = Box::new(self.prepare(&part.iter_range)?);
        self.bound.push(part.iter_var.clone());
        let made = self.step(over, part);
        self.bound.pop();
        made.map(|made| made.once(self.bound.len()))
    }

    fn step(&mut self, over: Box<Formula>, part: &ComprehensionExpr) -> Option<Formula> {
        let Expr::Call(step) = &part.loop_step.expr else { return None };
        let is_accumulated =
            |expression: &IdedExpr| matches!(&expression.expr, Expr::Ident(name) if *name == part.accu_var);
        let of = |own: &mut Self, step: &CallExpr| match step.args.as_slice() {
            [first, list] if step.func_name == operators::ADD && is_accumulated(first) => match &list.expr {
                Expr::List(list) => own.prepare(list.elements.first()?).map(Box::new),
                _ => None,
            },
            _ => None,
        };
        Some(match (step.func_name.as_str(), step.args.as_slice()) {
            (operators::LOGICAL_OR, [_, holds]) => {
                Formula::Any { over, holds: Box::new(self.prepare(holds)?) }
            }
            (operators::LOGICAL_AND, [_, holds]) => {
                Formula::All { over, holds: Box::new(self.prepare(holds)?) }
            }
            (operators::CONDITIONAL, [test, _, _]) if !is_accumulated(&part.result) => {
                Formula::One { over, holds: Box::new(self.prepare(test)?) }
            }
            (operators::CONDITIONAL, [test, taken, _]) => {
                let only_if = Some(Box::new(self.prepare(test)?));
                let Expr::Call(taken) = &taken.expr else { return None };
                Formula::Each { over, only_if, of: of(self, taken)? }
            }
            (operators::ADD, _) => Formula::Each { over, only_if: None, of: of(self, step)? },
            _ => return None,
        })
    }
}

fn same(parts: [Formula; 2], not: bool) -> Formula {
    match parts {
        [of, Formula::Text(text)] | [Formula::Text(text), of] => {
            Formula::SameText { of: Box::new(of), text, not }
        }
        parts => Formula::Same { parts: Box::new(parts), not },
    }
}

fn within([of, list]: [Formula; 2]) -> Formula {
    let texts: Option<Arc<[Arc<str>]>> = match &list {
        Formula::List(elements) => elements
            .iter()
            .map(|element| match element {
                Formula::Text(text) => Some(Arc::clone(text)),
                _ => None,
            })
            .collect(),
        _ => None,
    };
    match texts {
        Some(texts) => Formula::InTexts { of: Box::new(of), texts },
        None => Formula::In(Box::new([of, list])),
    }
}

impl Formula {
    /// Marks what names none of the names that are bound around it.
    fn once(self, bound: usize) -> Self {
        if self.names_below(bound) {
            return self;
        }
        let half = |salt: u64| {
            let mut hasher = DefaultHasher::new();
            (salt, &self).hash(&mut hasher);
            u128::from(hasher.finish())
        };
        let number = half(0) << 64 | half(1);
        Self::Once { number, of: Box::new(self) }
    }

    fn names_below(&self, bound: usize) -> bool {
        match self {
            Self::Bound(place) => *place < bound,
            _ => self.parts().into_iter().any(|part| part.names_below(bound)),
        }
    }

    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Truth(_)
            | Self::Whole(_)
            | Self::Decimal(_)
            | Self::Text(_)
            | Self::Opaque
            | Self::Today
            | Self::Now
            | Self::Opened
            | Self::Since
            | Self::Bound(_)
            | Self::Answer { .. }
            | Self::HasAnswer { .. }
            | Self::Parameter(_)
            | Self::Figure(_)
            | Self::HasFigure(_)
            | Self::Class(_)
            | Self::History(_)
            | Self::People(_) => Vec::new(),
            Self::Field { of, .. }
            | Self::HasField { of, .. }
            | Self::Not(of)
            | Self::Negative(of)
            | Self::SameText { of, .. }
            | Self::InTexts { of, .. }
            | Self::Once { of, .. } => vec![of],
            Self::Both(parts)
            | Self::Either(parts)
            | Self::Same { parts, .. }
            | Self::Order { parts, .. }
            | Self::WorkingDays { parts, .. }
            | Self::In(parts)
            | Self::Reckon { parts, .. }
            | Self::At(parts) => parts.iter().collect(),
            Self::Choice(parts) => parts.iter().collect(),
            Self::List(parts) | Self::Call { parts, .. } => parts.iter().collect(),
            Self::Any { over, holds } | Self::All { over, holds } | Self::One { over, holds } => {
                vec![over, holds]
            }
            Self::Each { over, only_if, of } => {
                [Some(over), only_if.as_ref(), Some(of)].into_iter().flatten().map(AsRef::as_ref).collect()
            }
        }
    }
}

/// What an operation comes to.
#[derive(Clone, Debug)]
pub(crate) enum Worth<'s> {
    Truth(bool),
    Whole(i64),
    Decimal(f64),
    Text(&'s str),
    Made(Rc<str>),
    Record(&'s Record),
    Records(Rc<[&'s Record]>),
    /// The chosen names of a question with several.
    Names(&'s [String]),
    /// The answers inside a repeat.
    Many(&'s [Value]),
    List(Rc<[Worth<'s>]>),
    Opaque,
}

/// Why an operation comes to nothing.
#[derive(Clone, Debug)]
pub(crate) enum Lack {
    /// An answer is missing.
    Missing,
    Failed(String),
}

impl Lack {
    fn failed(reason: &str) -> Self {
        Self::Failed(reason.to_owned())
    }

    fn no_answer(function: &str) -> Self {
        Self::Failed(format!("{function} has no answer for this"))
    }
}

type Result<T> = std::result::Result<T, Lack>;

/// What a formula looks at.
pub(crate) trait Sight<'s> {
    fn today(&self) -> i64;
    /// In minutes since midnight.
    fn minute(&self) -> i64;
    /// Of a step of a case: between which moments it stands.
    fn case(&self) -> Option<Moments>;
    fn parameter(&self, code: &str) -> Option<Number>;
    /// The latest filled-in form of a kind.
    fn latest(&self, form: &str) -> Option<&'s Record>;
    fn history(&self, form: &str) -> Rc<[&'s Record]>;
    fn people(&self, form: &str) -> Rc<[&'s Record]>;
    /// A number for whom a form is about: the same for all that are about one.
    fn whose(&self, record: &'s Record) -> i64;
    fn figure(&self, figure: &Arc<Figure>) -> Option<f64>;
    fn class(&self, classes: &Arc<Classes>) -> Rc<str>;
    /// What was worked out before.
    fn known(&self) -> &RefCell<Vec<Known<'s>>>;
}

/// Something that was worked out for a subject.
pub(crate) struct Known<'s> {
    number: u128,
    worth: Result<Worth<'s>>,
}

/// Works a formula out; `bound` are the elements that stand for names, the outermost first.
pub(crate) fn work_out<'s>(
    formula: &Formula,
    sight: &impl Sight<'s>,
    bound: &mut Vec<Worth<'s>>,
) -> Result<Worth<'s>> {
    Ok(match formula {
        Formula::Truth(truth) => Worth::Truth(*truth),
        Formula::Whole(number) => Worth::Whole(*number),
        Formula::Decimal(bits) => Worth::Decimal(f64::from_bits(*bits)),
        Formula::Text(text) => Worth::Made(text.as_ref().into()),
        Formula::Opaque => Worth::Opaque,
        Formula::Today => Worth::Whole(sight.today()),
        Formula::Now => Worth::Whole(sight.minute()),
        Formula::Opened => moment(sight.case().ok_or(Lack::Missing)?.opened),
        Formula::Since => moment(sight.case().ok_or(Lack::Missing)?.since),
        Formula::Bound(place) => bound.get(*place).cloned().ok_or(Lack::Missing)?,
        Formula::Answer { form, field } => field_of(sight.latest(form).ok_or(Lack::Missing)?, field, sight)?,
        Formula::HasAnswer { form, field } => {
            Worth::Truth(sight.latest(form).is_some_and(|record| has(record, field)))
        }
        Formula::Parameter(code) => match sight.parameter(code).ok_or(Lack::Missing)? {
            Number::Whole(number) => Worth::Whole(number),
            Number::Decimal(number) => Worth::Decimal(number),
        },
        Formula::Figure(figure) => Worth::Decimal(sight.figure(&figure.what).ok_or(Lack::Missing)?),
        Formula::HasFigure(figure) => Worth::Truth(sight.figure(&figure.what).is_some()),
        Formula::Class(classes) => Worth::Made(sight.class(&classes.what)),
        Formula::History(form) => Worth::Records(sight.history(form)),
        Formula::People(form) => Worth::Records(sight.people(form)),
        Formula::Field { of, field } => field_of(record_of(of, sight, bound)?, field, sight)?,
        Formula::HasField { of, field } => Worth::Truth(has(record_of(of, sight, bound)?, field)),
        Formula::Not(of) => Worth::Truth(!truth(work_out(of, sight, bound)?)?),
        Formula::WorkingDays { parts, calendar } => {
            let [after, until] = parts.as_ref();
            let day = |worth| match worth {
                Worth::Whole(number) => day_of_number(number).ok_or_else(|| Lack::no_answer("working_days")),
                _ => Err(Lack::failed("no answer")),
            };
            let (after, until) = (day(work_out(after, sight, bound)?)?, day(work_out(until, sight, bound)?)?);
            Worth::Whole(calendar.what.working_days(after, until))
        }
        Formula::Negative(of) => match work_out(of, sight, bound)? {
            Worth::Whole(number) => Worth::Whole(number.checked_neg().ok_or_else(too_large)?),
            Worth::Decimal(number) => Worth::Decimal(-number),
            _ => return Err(Lack::failed("no answer")),
        },
        Formula::Both(parts) => Worth::Truth(joined(parts, false, sight, bound)?),
        Formula::Either(parts) => Worth::Truth(joined(parts, true, sight, bound)?),
        Formula::Choice(parts) => {
            let [test, one, other] = parts.as_ref();
            let taken = if truth(work_out(test, sight, bound)?)? { one } else { other };
            work_out(taken, sight, bound)?
        }
        Formula::Same { parts, not } => {
            let [one, other] = parts.as_ref();
            let (one, other) = (work_out(one, sight, bound)?, work_out(other, sight, bound)?);
            Worth::Truth(same_worth(&one, &other) != *not)
        }
        Formula::SameText { of, text, not } => {
            Worth::Truth((written(&work_out(of, sight, bound)?) == Some(text.as_ref())) != *not)
        }
        Formula::Order { parts, order } => {
            let [one, other] = parts.as_ref();
            let (one, other) = (work_out(one, sight, bound)?, work_out(other, sight, bound)?);
            let found = compare(&one, &other).ok_or_else(|| Lack::failed("what cannot be compared"))?;
            Worth::Truth(match order {
                Order::Less => found == Ordering::Less,
                Order::AtMost => found != Ordering::Greater,
                Order::Greater => found == Ordering::Greater,
                Order::AtLeast => found != Ordering::Less,
            })
        }
        Formula::In(parts) => {
            let [of, list] = parts.as_ref();
            let (of, list) = (work_out(of, sight, bound)?, work_out(list, sight, bound)?);
            let mut found = false;
            each(&list, |element| {
                found = same_worth(&element, &of);
                Ok(!found)
            })?;
            Worth::Truth(found)
        }
        Formula::InTexts { of, texts } => {
            let of = work_out(of, sight, bound)?;
            let of = written(&of);
            Worth::Truth(texts.iter().any(|text| of == Some(text.as_ref())))
        }
        Formula::Reckon { parts, how } => {
            let [one, other] = parts.as_ref();
            reckon(*how, work_out(one, sight, bound)?, work_out(other, sight, bound)?)?
        }
        Formula::At(parts) => {
            let [list, place] = parts.as_ref();
            let list = work_out(list, sight, bound)?;
            let beyond = || Lack::failed("a place beyond the end of a list");
            let Worth::Whole(place) = work_out(place, sight, bound)? else { return Err(beyond()) };
            let mut left = usize::try_from(place).map_err(|_| beyond())?;
            let mut found = None;
            each(&list, |element| {
                found = (left == 0).then_some(element);
                left = left.saturating_sub(1);
                Ok(found.is_none())
            })?;
            found.ok_or_else(beyond)?
        }
        Formula::List(parts) => {
            let all = parts.iter().map(|part| work_out(part, sight, bound)).collect::<Result<Vec<_>>>()?;
            Worth::List(all.into())
        }
        Formula::Call { function, parts } => call(*function, parts, sight, bound)?,
        Formula::Any { over, holds } => Worth::Truth(folded(over, holds, true, sight, bound)?),
        Formula::All { over, holds } => Worth::Truth(folded(over, holds, false, sight, bound)?),
        Formula::One { over, holds } => {
            let mut found = 0;
            within_list(over, sight, bound, |bound| {
                found += usize::from(truth(work_out(holds, sight, bound)?)?);
                Ok(true)
            })?;
            Worth::Truth(found == 1)
        }
        Formula::Each { over, only_if, of } => each_of(over, only_if.as_deref(), of, sight, bound)?,
        Formula::Once { number, of } => {
            if let Some(known) = sight.known().borrow().iter().find(|known| known.number == *number) {
                return known.worth.clone();
            }
            let worth = work_out(of, sight, bound);
            sight.known().borrow_mut().push(Known { number: *number, worth: worth.clone() });
            worth?
        }
    })
}

fn too_large() -> Lack {
    Lack::failed("a number too large")
}

pub(crate) fn truth(worth: Worth<'_>) -> Result<bool> {
    match worth {
        Worth::Truth(truth) => Ok(truth),
        _ => Err(Lack::failed("not a yes or no")),
    }
}

/// The filled-in form that a field is asked of; mostly the element of a list, which need not be worked out.
fn record_of<'s>(of: &Formula, sight: &impl Sight<'s>, bound: &mut Vec<Worth<'s>>) -> Result<&'s Record> {
    if let Formula::Bound(place) = of
        && let Some(Worth::Record(record)) = bound.get(*place)
    {
        return Ok(record);
    }
    match work_out(of, sight, bound)? {
        Worth::Record(record) => Ok(record),
        _ => Err(Lack::failed("no answer")),
    }
}

fn has(record: &Record, field: &str) -> bool {
    ["on", "filled_at", "whose"].contains(&field) || record.values.contains_key(field)
}

fn field_of<'s>(record: &'s Record, field: &str, sight: &impl Sight<'s>) -> Result<Worth<'s>> {
    if field == "on" {
        return Ok(Worth::Whole(day_number(record.on)));
    }
    if field == "filled_at" {
        return Ok(moment(record.at));
    }
    if field == "whose" {
        return Ok(Worth::Whole(sight.whose(record)));
    }
    record.values.get(field).map(worth_of).ok_or(Lack::Missing)
}

/// Moments are only compared, so that what they are counted in is nobody's to know.
fn moment<'s>(at: Timestamp) -> Worth<'s> {
    Worth::Whole(at.as_millisecond())
}

fn worth_of(value: &Value) -> Worth<'_> {
    match value {
        Value::Text(text) => Worth::Text(text),
        Value::Whole(number) => Worth::Whole(*number),
        Value::Decimal(number) => Worth::Decimal(*number),
        Value::Day(day) => Worth::Whole(day_number(*day)),
        Value::Moment(at) => moment(*at),
        Value::Several(names) => Worth::Names(names),
        Value::Many(values) => Worth::Many(values),
    }
}

fn written<'w>(worth: &'w Worth<'_>) -> Option<&'w str> {
    match worth {
        Worth::Text(text) => Some(text),
        Worth::Made(text) => Some(text),
        _ => None,
    }
}

/// Both of two, or either (`decides` is what settles it alone): an answer that is missing on one side does not matter where
/// the other settles it.
fn joined<'s>(
    parts: &[Formula; 2],
    decides: bool,
    sight: &impl Sight<'s>,
    bound: &mut Vec<Worth<'s>>,
) -> Result<bool> {
    let [one, other] = parts;
    let one = work_out(one, sight, bound).and_then(truth);
    if matches!(one, Ok(truth) if truth == decides) {
        return Ok(decides);
    }
    let other = truth(work_out(other, sight, bound)?)?;
    if other == decides { Ok(decides) } else { one.map(|_| other) }
}

/// Whether it holds for any element (`decides`) or for all (not `decides`). As with two, what settles it wins over what is
/// missing.
fn folded<'s>(
    over: &Formula,
    holds: &Formula,
    decides: bool,
    sight: &impl Sight<'s>,
    bound: &mut Vec<Worth<'s>>,
) -> Result<bool> {
    let mut settled = Ok(!decides);
    within_list(over, sight, bound, |bound| {
        match work_out(holds, sight, bound).and_then(truth) {
            Ok(truth) if truth == decides => settled = Ok(decides),
            Ok(_) => {}
            Err(lack) => settled = Err(lack),
        }
        Ok(!matches!(settled, Ok(truth) if truth == decides))
    })?;
    settled
}

/// Goes through a list, each element standing for the innermost name, until told to stop.
fn within_list<'s>(
    over: &Formula,
    sight: &impl Sight<'s>,
    bound: &mut Vec<Worth<'s>>,
    mut step: impl FnMut(&mut Vec<Worth<'s>>) -> Result<bool>,
) -> Result<()> {
    let list = work_out(over, sight, bound)?;
    each(&list, |element| {
        bound.push(element);
        let go_on = step(bound);
        bound.pop();
        go_on
    })
}

fn each_of<'s>(
    over: &Formula,
    only_if: Option<&Formula>,
    of: &Formula,
    sight: &impl Sight<'s>,
    bound: &mut Vec<Worth<'s>>,
) -> Result<Worth<'s>> {
    let mut records: Vec<&'s Record> = Vec::new();
    let mut others: Vec<Worth<'s>> = Vec::new();
    let own = bound.len();
    let itself = *of == Formula::Bound(own);
    within_list(over, sight, bound, |bound| {
        if let Some(only_if) = only_if
            && !truth(work_out(only_if, sight, bound)?)?
        {
            return Ok(true);
        }
        match bound.last() {
            Some(Worth::Record(record)) if itself => records.push(record),
            _ => others.push(work_out(of, sight, bound)?),
        }
        Ok(true)
    })?;
    Ok(if others.is_empty() { Worth::Records(records.into()) } else { Worth::List(others.into()) })
}

/// Goes through what a list holds, until told to stop.
fn each<'s>(list: &Worth<'s>, mut step: impl FnMut(Worth<'s>) -> Result<bool>) -> Result<()> {
    match list {
        Worth::Records(records) => {
            for record in records.iter() {
                if !step(Worth::Record(record))? {
                    break;
                }
            }
        }
        Worth::Names(names) => {
            for name in *names {
                if !step(Worth::Text(name))? {
                    break;
                }
            }
        }
        Worth::Many(values) => {
            for value in *values {
                if !step(worth_of(value))? {
                    break;
                }
            }
        }
        Worth::List(elements) => {
            for element in elements.iter() {
                if !step(element.clone())? {
                    break;
                }
            }
        }
        _ => return Err(Lack::failed("no answer")),
    }
    Ok(())
}

fn size(worth: &Worth<'_>) -> Option<usize> {
    match worth {
        Worth::Records(records) => Some(records.len()),
        Worth::Names(names) => Some(names.len()),
        Worth::Many(values) => Some(values.len()),
        Worth::List(elements) => Some(elements.len()),
        _ => None,
    }
}

fn compare(one: &Worth<'_>, other: &Worth<'_>) -> Option<Ordering> {
    match (one, other) {
        (Worth::Whole(one), Worth::Whole(other)) => Some(one.cmp(other)),
        (Worth::Decimal(one), Worth::Decimal(other)) => one.partial_cmp(other),
        (Worth::Whole(one), Worth::Decimal(other)) => decimal(*one).partial_cmp(other),
        (Worth::Decimal(one), Worth::Whole(other)) => one.partial_cmp(&decimal(*other)),
        _ => written(one).zip(written(other)).map(|(one, other)| one.cmp(other)),
    }
}

fn same_worth(one: &Worth<'_>, other: &Worth<'_>) -> bool {
    if let (Worth::Truth(one), Worth::Truth(other)) = (one, other) {
        return one == other;
    }
    if let (Some(size), Some(of_other)) = (size(one), size(other)) {
        let mut elements = Vec::with_capacity(size);
        let kept = each(other, |element| {
            elements.push(element);
            Ok(true)
        });
        let (mut place, mut same) = (0, size == of_other && kept.is_ok());
        let compared = each(one, |element| {
            same &= elements.get(place).is_some_and(|other| same_worth(&element, other));
            place += 1;
            Ok(same)
        });
        return same && compared.is_ok();
    }
    compare(one, other) == Some(Ordering::Equal)
}

fn decimal(number: i64) -> f64 {
    Number::Whole(number).as_decimal()
}

fn reckon<'s>(how: Reckoning, one: Worth<'s>, other: Worth<'s>) -> Result<Worth<'s>> {
    Ok(match (one, other) {
        (Worth::Whole(one), Worth::Whole(other)) => Worth::Whole(
            match how {
                Reckoning::Divide | Reckoning::Remainder if other == 0 => {
                    return Err(Lack::failed("division by zero"));
                }
                Reckoning::Add => one.checked_add(other),
                Reckoning::Subtract => one.checked_sub(other),
                Reckoning::Multiply => one.checked_mul(other),
                Reckoning::Divide => one.checked_div(other),
                Reckoning::Remainder => one.checked_rem(other),
            }
            .ok_or_else(too_large)?,
        ),
        (Worth::Decimal(one), Worth::Decimal(other)) => Worth::Decimal(match how {
            Reckoning::Add => one + other,
            Reckoning::Subtract => one - other,
            Reckoning::Multiply => one * other,
            Reckoning::Divide => one / other,
            Reckoning::Remainder => return Err(Lack::failed("no answer")),
        }),
        (one, other) if how == Reckoning::Add => match (written(&one), written(&other)) {
            (Some(one), Some(other)) => Worth::Made(format!("{one}{other}").into()),
            _ => {
                let mut all = Vec::new();
                for list in [&one, &other] {
                    each(list, |element| {
                        all.push(element);
                        Ok(true)
                    })?;
                }
                Worth::List(all.into())
            }
        },
        _ => return Err(Lack::failed("no answer")),
    })
}

fn call<'s>(
    function: Function,
    parts: &[Formula],
    sight: &impl Sight<'s>,
    bound: &mut Vec<Worth<'s>>,
) -> Result<Worth<'s>> {
    let nothing = || Lack::failed("no answer");
    let mut given = parts.iter().map(|part| work_out(part, sight, bound));
    let first = given.next().ok_or_else(nothing)??;
    let second = given.next().transpose()?;
    drop(given);
    let text = |test: fn(&str, &str) -> bool| {
        let second = second.as_ref().and_then(written);
        written(&first).zip(second).map(|(text, part)| Worth::Truth(test(text, part))).ok_or_else(nothing)
    };
    Ok(match function {
        Function::Contains => text(|text, part| text.contains(part))?,
        Function::StartsWith => text(|text, part| text.starts_with(part))?,
        Function::EndsWith => text(|text, part| text.ends_with(part))?,
        Function::Size => {
            let size = size(&first).or_else(|| written(&first).map(|text| text.chars().count()));
            Worth::Whole(size.and_then(|size| i64::try_from(size).ok()).ok_or_else(nothing)?)
        }
        Function::Double => match first {
            Worth::Whole(number) => Worth::Decimal(decimal(number)),
            Worth::Decimal(number) => Worth::Decimal(number),
            _ => return Err(nothing()),
        },
        Function::Int => match first {
            Worth::Whole(number) => Worth::Whole(number),
            Worth::Decimal(number) => Worth::Whole(whole(number).ok_or_else(|| Lack::no_answer("int"))?),
            _ => return Err(nothing()),
        },
        Function::String => match first {
            Worth::Whole(number) => Worth::Made(number.to_string().into()),
            Worth::Decimal(number) => Worth::Made(number.to_string().into()),
            first => Worth::Made(written(&first).ok_or_else(nothing)?.into()),
        },
        Function::Sum => {
            let mut total = 0.0;
            each(&first, |element| {
                total += match element {
                    Worth::Whole(number) => decimal(number),
                    Worth::Decimal(number) => number,
                    _ => return Err(Lack::no_answer("sum")),
                };
                Ok(true)
            })?;
            Worth::Decimal(total)
        }
        Function::FirstOfMonth => match (first, second) {
            (Worth::Whole(day), Some(Worth::Whole(months))) => {
                Worth::Whole(first_of_month(day, months).ok_or_else(|| Lack::no_answer("first_of_month"))?)
            }
            _ => return Err(Lack::no_answer("first_of_month")),
        },
        Function::Day => match first {
            Worth::Whole(moment) => Worth::Whole(day_at(moment).ok_or_else(|| Lack::no_answer("day"))?),
            _ => return Err(nothing()),
        },
        Function::Hours => match (first, second) {
            (Worth::Whole(from), Some(Worth::Whole(until))) => Worth::Decimal(hours(from, until)),
            _ => return Err(nothing()),
        },
        Function::Month => match first {
            Worth::Whole(day) => Worth::Whole(month(day).ok_or_else(|| Lack::no_answer("month"))?),
            _ => return Err(nothing()),
        },
    })
}

/// The whole part of a decimal that a whole number can be.
#[expect(clippy::cast_possible_truncation, reason = "within bounds")]
fn whole(number: f64) -> Option<i64> {
    (number > -9_223_372_036_854_775_808.0 && number < 9_223_372_036_854_775_808.0)
        .then(|| number.trunc() as i64)
}

const EPOCH: Day = jiff::civil::date(1970, 1, 1);

/// Days since 1970-01-01: rules reckon with whole days.
pub(crate) fn day_number(day: Day) -> i64 {
    day.duration_since(EPOCH).as_hours() / 24
}

/// The day that so many days after 1970-01-01 are; none for what is no whole number of days.
pub(crate) fn day_of(number: f64) -> Option<Day> {
    let whole = Number::Decimal(number).as_whole();
    let is_whole = (Number::Whole(whole).as_decimal() - number).abs() < f64::EPSILON;
    EPOCH.checked_add(Span::new().try_days(whole).ok().filter(|_| is_whole)?).ok()
}

fn day_of_number(number: i64) -> Option<Day> {
    EPOCH.checked_add(Span::new().try_days(number).ok()?).ok()
}

/// The first day of the month so many months after that of the day.
pub(crate) fn first_of_month(day: i64, months: i64) -> Option<i64> {
    let date = day_of_number(day)?;
    let first = day - i64::from(date.day() - 1);
    if months == 0 {
        return Some(first);
    }
    let other = date.first_of_month().checked_add(Span::new().try_months(months).ok()?).ok()?;
    Some(day_number(other))
}

/// The day of a moment in the country.
pub(crate) fn day_at(moment: i64) -> Option<i64> {
    Timestamp::from_millisecond(moment).ok().map(|moment| day_number(local_day(moment)))
}

/// The hours from one moment until another.
pub(crate) fn hours(from: i64, until: i64) -> f64 {
    (decimal(until) - decimal(from)) / 3_600_000.0
}

/// The month of the year that a day is in, from 1.
pub(crate) fn month(day: i64) -> Option<i64> {
    let day = day_of_number(day)?;
    Some(i64::from(day.month()))
}
