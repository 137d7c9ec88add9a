//! Conditions between questions, `relevant`, `constraint` and `required`, as far as the server holds answers to them.
//!
//! The part of XPath that is judged is listed in docs/write-a-programme.md. Whatever lies outside it is the client's:
//! [`Expression::outside`] says why. It is parsed by the `xpath-eval` crate, a `${name}` being one of its variables; it is
//! judged here, since the functions of forms (`selected`, `today`) are none of XPath's own.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::DateTime;
use regex::Regex;
use xpath_eval::{
    AdditiveOp, Axis, EqualityOp, Expr, FilterExpr, FunctionCall, LocationPath, MultiplicativeOp, NodeTest,
    PathExpr, PrimaryExpr, RelationalOp,
};

use crate::code::Day;
use crate::finding::{Bilingual, Located, say};

const NO_XPATH: &str = "no XPath";

/// The longest expression, in bytes, and how deep its brackets may be in one another.
const LONGEST: usize = 4000;
const DEEPEST: usize = 40;

/// What an expression comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Text(String),
    Number(f64),
    Day(Day),
    /// What a clock in the country shows.
    Moment(DateTime),
    Bool(bool),
    /// The answers of a question inside a repeat, as it is seen from outside.
    Many(Vec<Value>),
}

/// An expression of a form.
#[derive(Clone, Debug)]
pub struct Expression {
    pub text: Located<String>,
    parsed: Result<Arc<Expr>, Bilingual>,
}

/// What an expression is judged against.
pub trait Answers {
    /// What `${name}` comes to; an empty text if it was not answered, none if that cannot be told.
    fn of(&mut self, name: &str) -> Option<Value>;
    /// What `.` comes to.
    fn own(&mut self) -> Option<Value>;
    /// What stands in a column of the choice that a filter looks at; none if nothing does.
    fn column(&mut self, name: &str) -> Option<Value>;
    fn today(&self) -> Day;
    fn now(&self) -> DateTime;
}

/// What an expression is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    Answers,
    /// A choice: names without a `$` are columns of its list, and there is no answer of its own.
    Choice,
}

impl Expression {
    /// Parses what stands in a cell. What is no expression at all is as one that lies outside.
    pub(crate) fn parse(text: Located<String>) -> Self {
        Self::parse_about(text, About::Answers)
    }

    /// As [`Expression::parse`], of what says which choices are offered.
    pub(crate) fn parse_filter(text: Located<String>) -> Self {
        Self::parse_about(text, About::Choice)
    }

    fn parse_about(text: Located<String>, about: About) -> Self {
        let parsed = parse(&text.value).and_then(|parsed| check(&parsed, about).map(|()| Arc::new(parsed)));
        Self { text, parsed }
    }

    /// Whether a text is an expression that a client can read, be it judged here or not.
    pub(crate) fn is_xpath(text: &str) -> bool {
        parse(text).is_ok()
    }

    /// Whether a text is no expression for anyone. One that is too long to be read here is left to the client.
    pub(crate) fn is_torn(text: &str) -> bool {
        text.len() <= LONGEST && parse(text).is_err_and(|why| why.en == NO_XPATH)
    }

    /// Why the server does not judge it, if it does not.
    #[must_use]
    pub fn outside(&self) -> Option<&Bilingual> {
        self.parsed.as_ref().err()
    }

    /// The names that it asks for.
    #[must_use]
    pub fn names(&self) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        if let Ok(parsed) = &self.parsed {
            visit(parsed, &mut |expr| {
                if let Expr::Path(PathExpr::Filter(FilterExpr {
                    primary: PrimaryExpr::Variable(name), ..
                })) = expr
                {
                    names.insert(named(&name.local));
                }
            });
        }
        names
    }

    /// The columns of a list that it asks for.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<String> {
        let mut columns = BTreeSet::new();
        if let Ok(parsed) = &self.parsed {
            visit(parsed, &mut |expr| {
                if let Expr::Path(PathExpr::Location(path)) = expr {
                    columns.extend(column_of(path).map(str::to_owned));
                }
            });
        }
        columns
    }

    /// Whether it holds; none if that cannot be told here.
    pub fn holds(&self, answers: &mut dyn Answers) -> Option<bool> {
        self.value(answers).map(|value| truth(&value))
    }

    /// What it comes to; none if that cannot be told here.
    pub fn value(&self, answers: &mut dyn Answers) -> Option<Value> {
        eval(self.parsed.as_ref().ok()?, answers)
    }

    /// It lies outside for a reason that the form shows and the expression does not.
    pub(crate) fn lies_outside(&mut self, why: Bilingual) {
        self.parsed = Err(why);
    }
}

fn parse(text: &str) -> Result<Expr, Bilingual> {
    if text.len() > LONGEST {
        return Err(say("太长", "too long"));
    }
    let mut depth = 0_usize;
    for letter in text.chars() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        // A run of minus signs is nested too.
        if depth > DEEPEST || text.contains("--------") {
            return Err(say("括号嵌套太深", "brackets too deep in one another"));
        }
    }
    // A word processor's quotation marks are none in an expression.
    let text = text.replace(['“', '”'], "\"").replace(['‘', '’'], "'");
    let mut plain = String::new();
    let mut parts = text.split("${");
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap_or((part, ""));
        plain.push('$');
        plain.push_str(&variable(name.trim()));
        plain.push(' ');
        plain.push_str(rest);
    }
    xpath_eval::parse(&plain).map_err(|_| say("不是 XPath", NO_XPATH))
}

/// What a variable begins with that stands for a name which XPath's variables have not: `first-name`, `姓名`.
const WRITTEN_OUT: &str = "__x";

/// A question's name as a variable.
fn variable(name: &str) -> String {
    let mut letters = name.chars();
    let plain = letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    match plain && !name.starts_with(WRITTEN_OUT) {
        true => name.to_owned(),
        false => name.bytes().fold(WRITTEN_OUT.to_owned(), |so_far, byte| format!("{so_far}{byte:02x}")),
    }
}

/// The question's name that a variable stands for.
fn named(variable: &str) -> String {
    let Some(digits) = variable.strip_prefix(WRITTEN_OUT) else { return variable.to_owned() };
    let bytes: Option<Vec<u8>> = (0..digits.len())
        .step_by(2)
        .map(|at| digits.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| variable.to_owned())
}

/// The functions that are judged, with how many arguments they take.
const FUNCTIONS: [(&str, usize, usize); 40] = [
    ("true", 0, 0),
    ("false", 0, 0),
    ("not", 1, 1),
    ("boolean", 1, 1),
    ("boolean-from-string", 1, 1),
    ("number", 1, 1),
    ("string", 1, 1),
    ("int", 1, 1),
    ("round", 1, 2),
    ("abs", 1, 1),
    ("floor", 1, 1),
    ("ceiling", 1, 1),
    ("pow", 2, 2),
    ("concat", 1, 50),
    ("string-length", 1, 1),
    ("normalize-space", 1, 1),
    ("contains", 2, 2),
    ("starts-with", 2, 2),
    ("ends-with", 2, 2),
    ("substring-before", 2, 2),
    ("substring-after", 2, 2),
    ("substring", 2, 3),
    ("substr", 2, 3),
    ("translate", 3, 3),
    ("upper-case", 1, 1),
    ("lower-case", 1, 1),
    ("selected", 2, 2),
    ("count-selected", 1, 1),
    ("selected-at", 2, 2),
    ("if", 3, 3),
    ("coalesce", 2, 2),
    ("regex", 2, 2),
    ("today", 0, 0),
    ("now", 0, 0),
    ("date", 1, 1),
    ("sum", 1, 1),
    ("min", 1, 50),
    ("max", 1, 50),
    ("count-non-empty", 1, 1),
    ("once", 1, 1),
];

/// Whether everything in an expression is judged here.
fn check(expr: &Expr, about: About) -> Result<(), Bilingual> {
    match expr {
        Expr::Or(a, b)
        | Expr::And(a, b)
        | Expr::Equality(a, _, b)
        | Expr::Relational(a, _, b)
        | Expr::Additive(a, _, b)
        | Expr::Multiplicative(a, _, b) => check(a, about).and_then(|()| check(b, about)),
        Expr::Negate(a) => check(a, about),
        Expr::Union(..) => Err(say("含有 |", "it has a |")),
        Expr::Path(PathExpr::Location(path))
            if about == About::Answers && is_own(path)
                || about == About::Choice && column_of(path).is_some() =>
        {
            Ok(())
        }
        Expr::Path(PathExpr::Location(_) | PathExpr::FilterLocation(..)) => {
            Err(say("含有路径", "it has a path"))
        }
        Expr::Path(PathExpr::Filter(FilterExpr { primary, predicates })) => {
            if !predicates.is_empty() {
                return Err(say("含有 […]", "it has a […]"));
            }
            match primary {
                PrimaryExpr::Parenthesized(inner) => check(inner, about),
                PrimaryExpr::Function(call) => check_call(call, about),
                PrimaryExpr::Variable(_) | PrimaryExpr::Literal(_) | PrimaryExpr::Number(_) => Ok(()),
            }
        }
    }
}

fn check_call(call: &FunctionCall, about: About) -> Result<(), Bilingual> {
    let name = &call.name.local;
    let known = FUNCTIONS.iter().find(|(known, ..)| known == name && call.name.prefix.is_none());
    if !known.is_some_and(|(_, least, most)| (*least..=*most).contains(&call.args.len())) {
        return Err(say(format!("含有函数 {name}"), format!("it has the function {name}")));
    }
    if name == "regex" {
        // A pattern that is made while filling in could be of any size.
        match call.args.get(1) {
            Some(Expr::Path(PathExpr::Filter(FilterExpr {
                primary: PrimaryExpr::Literal(text), ..
            }))) if pattern(text).is_some() => {}
            _ => return Err(say("regex 的写法不支持", "a pattern of regex that is not supported")),
        }
    }
    call.args.iter().try_for_each(|arg| check(arg, about))
}

/// `.`
fn is_own(path: &LocationPath) -> bool {
    matches!(path.steps.as_slice(), [step] if !path.is_absolute
        && step.axis == Axis::SelfAxis && step.node_test == NodeTest::Node && step.predicates.is_empty())
}

/// `district`, a column of the list of choices.
fn column_of(path: &LocationPath) -> Option<&str> {
    let [step] = path.steps.as_slice() else { return None };
    let is_child = !path.is_absolute && step.axis == Axis::Child && step.predicates.is_empty();
    match &step.node_test {
        NodeTest::QName(name) if is_child && name.prefix.is_none() => Some(&name.local),
        _ => None,
    }
}

fn pattern(text: &str) -> Option<Regex> {
    // As in Collect, the whole answer has to fit.
    regex::RegexBuilder::new(&format!("^(?:{text})$")).size_limit(1 << 18).build().ok()
}

/// Looks at an expression and at everything in it.
fn visit(expr: &Expr, look: &mut dyn FnMut(&Expr)) {
    look(expr);
    match expr {
        Expr::Or(a, b)
        | Expr::And(a, b)
        | Expr::Equality(a, _, b)
        | Expr::Relational(a, _, b)
        | Expr::Additive(a, _, b)
        | Expr::Multiplicative(a, _, b)
        | Expr::Union(a, b) => {
            visit(a, look);
            visit(b, look);
        }
        Expr::Negate(a) => visit(a, look),
        Expr::Path(PathExpr::Filter(FilterExpr { primary, .. })) => match primary {
            PrimaryExpr::Parenthesized(inner) => visit(inner, look),
            PrimaryExpr::Function(call) => call.args.iter().for_each(|arg| visit(arg, look)),
            PrimaryExpr::Variable(_) | PrimaryExpr::Literal(_) | PrimaryExpr::Number(_) => {}
        },
        Expr::Path(_) => {}
    }
}

fn eval(expr: &Expr, answers: &mut dyn Answers) -> Option<Value> {
    Some(match expr {
        // What is settled by one side is settled, whether or not the other can be told.
        Expr::Or(a, b) => {
            let (a, b) = (eval(a, answers).map(|a| truth(&a)), eval(b, answers).map(|b| truth(&b)));
            match (a, b) {
                (Some(true), _) | (_, Some(true)) => Value::Bool(true),
                (Some(false), Some(false)) => Value::Bool(false),
                _ => return None,
            }
        }
        Expr::And(a, b) => {
            let (a, b) = (eval(a, answers).map(|a| truth(&a)), eval(b, answers).map(|b| truth(&b)));
            match (a, b) {
                (Some(false), _) | (_, Some(false)) => Value::Bool(false),
                (Some(true), Some(true)) => Value::Bool(true),
                _ => return None,
            }
        }
        Expr::Equality(a, op, b) => {
            let (a, b) = (eval(a, answers)?, eval(b, answers)?);
            Value::Bool(any_pair(&a, &b, &|a, b| equal(a, b) == (*op == EqualityOp::Eq)))
        }
        Expr::Relational(a, op, b) => {
            let (a, b) = (eval(a, answers)?, eval(b, answers)?);
            let compare = |a: &Value, b: &Value| {
                let (a, b) = (number(a), number(b));
                match op {
                    RelationalOp::Lt => a < b,
                    RelationalOp::Gt => a > b,
                    RelationalOp::Le => a <= b,
                    RelationalOp::Ge => a >= b,
                }
            };
            Value::Bool(any_pair(&a, &b, &compare))
        }
        Expr::Additive(a, op, b) => {
            let (a, b) = (number(&eval(a, answers)?), number(&eval(b, answers)?));
            Value::Number(if *op == AdditiveOp::Add { a + b } else { a - b })
        }
        Expr::Multiplicative(a, op, b) => {
            let (a, b) = (number(&eval(a, answers)?), number(&eval(b, answers)?));
            Value::Number(match op {
                MultiplicativeOp::Mul => a * b,
                MultiplicativeOp::Div => a / b,
                MultiplicativeOp::Mod => a % b,
            })
        }
        Expr::Negate(a) => Value::Number(-number(&eval(a, answers)?)),
        Expr::Path(PathExpr::Location(path)) => match column_of(path) {
            Some(column) => answers.column(column)?,
            None => answers.own().filter(|_| is_own(path))?,
        },
        Expr::Path(PathExpr::Filter(FilterExpr { primary, .. })) => match primary {
            PrimaryExpr::Variable(name) => answers.of(&named(&name.local))?,
            PrimaryExpr::Parenthesized(inner) => eval(inner, answers)?,
            PrimaryExpr::Literal(text) => Value::Text(text.clone()),
            PrimaryExpr::Number(number) => Value::Number(*number),
            PrimaryExpr::Function(call) => function(call, answers)?,
        },
        Expr::Union(..) | Expr::Path(_) => return None,
    })
}

/// Of several answers, one that fits is enough.
fn any_pair(a: &Value, b: &Value, fits: &dyn Fn(&Value, &Value) -> bool) -> bool {
    let each = |value: &Value| match value {
        Value::Many(values) => values.clone(),
        single => vec![single.clone()],
    };
    let b = each(b);
    each(a).iter().any(|a| b.iter().any(|b| fits(a, b)))
}

fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Bool(_), _) | (_, Value::Bool(_)) => truth(a) == truth(b),
        (Value::Number(_), _) | (_, Value::Number(_)) => number(a) == number(b),
        _ => text(a) == text(b),
    }
}

fn first(value: &Value) -> &Value {
    const NOTHING: &Value = &Value::Text(String::new());
    match value {
        Value::Many(values) => values.first().unwrap_or(NOTHING),
        single => single,
    }
}

fn truth(value: &Value) -> bool {
    match value {
        Value::Text(text) => !text.is_empty(),
        Value::Number(number) => *number != 0.0 && !number.is_nan(),
        Value::Day(_) | Value::Moment(_) => true,
        Value::Bool(is) => *is,
        Value::Many(values) => !values.is_empty(),
    }
}

/// A day is counted from 1970-01-01, so that days compare and their difference is in days; a moment is a day and a part of one.
fn number(value: &Value) -> f64 {
    match first(value) {
        Value::Text(text) => plain_number(text),
        Value::Number(number) => *number,
        Value::Day(day) => days(*day),
        Value::Moment(moment) => {
            days(moment.date()) + moment.duration_since(moment.date().at(0, 0, 0, 0)).as_secs_f64() / 86_400.0
        }
        Value::Bool(is) => f64::from(u8::from(*is)),
        Value::Many(_) => f64::NAN,
    }
}

/// XPath knows neither exponents nor `inf`.
fn plain_number(text: &str) -> f64 {
    let text = text.trim();
    match text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-')) {
        true => text.parse().unwrap_or(f64::NAN),
        false => f64::NAN,
    }
}

fn days(day: Day) -> f64 {
    f64::from(day.duration_since(Day::constant(1970, 1, 1)).as_hours() as i32 / 24)
}

fn text(value: &Value) -> String {
    match first(value) {
        Value::Text(text) => text.clone(),
        Value::Number(number) if number.is_nan() => "NaN".into(),
        Value::Number(number) if number.is_infinite() => {
            if *number > 0.0 { "Infinity" } else { "-Infinity" }.into()
        }
        Value::Number(number) if *number == 0.0 => "0".into(),
        Value::Number(number) => number.to_string(),
        Value::Day(day) => day.to_string(),
        Value::Moment(moment) => moment.to_string(),
        Value::Bool(is) => is.to_string(),
        Value::Many(_) => String::new(),
    }
}

fn function(call: &FunctionCall, answers: &mut dyn Answers) -> Option<Value> {
    let name = call.name.local.as_str();
    if name == "if" {
        let chosen = if truth(&eval(call.args.first()?, answers)?) { 1 } else { 2 };
        return eval(call.args.get(chosen)?, answers);
    }
    let args = call.args.iter().map(|arg| eval(arg, answers)).collect::<Option<Vec<Value>>>()?;
    let nothing = Value::Text(String::new());
    let arg = |index: usize| args.get(index).unwrap_or(&nothing);
    let (string, num) = (|index: usize| text(arg(index)), |index: usize| number(arg(index)));
    let each = || {
        args.iter().flat_map(|arg| match arg {
            Value::Many(values) => values.as_slice(),
            single => std::slice::from_ref(single),
        })
    };
    let of = |text: &str| Value::Text(text.to_owned());
    Some(match name {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "not" => Value::Bool(!truth(arg(0))),
        "boolean" => Value::Bool(truth(arg(0))),
        "boolean-from-string" => Value::Bool(matches!(string(0).to_lowercase().as_str(), "true" | "1")),
        "number" => Value::Number(num(0)),
        "string" => of(&string(0)),
        "int" => Value::Number(num(0).trunc()),
        "round" => {
            let scale = if args.len() == 2 { 10_f64.powf(num(1).trunc()) } else { 1.0 };
            Value::Number((num(0) * scale + 0.5).floor() / scale)
        }
        "abs" => Value::Number(num(0).abs()),
        "floor" => Value::Number(num(0).floor()),
        "ceiling" => Value::Number(num(0).ceil()),
        "pow" => Value::Number(num(0).powf(num(1))),
        "concat" => Value::Text(each().map(text).collect()),
        "string-length" => Value::Number(string(0).chars().count() as f64),
        "normalize-space" => Value::Text(string(0).split_whitespace().collect::<Vec<_>>().join(" ")),
        "contains" => Value::Bool(string(0).contains(&string(1))),
        "starts-with" => Value::Bool(string(0).starts_with(&string(1))),
        "ends-with" => Value::Bool(string(0).ends_with(&string(1))),
        "substring-before" => of(string(0).split_once(&string(1)).map_or("", |(before, _)| before)),
        "substring-after" => of(string(0).split_once(&string(1)).map_or("", |(_, after)| after)),
        "substring" => {
            // From 1, by rounded places, as XPath has it.
            let round = |number: f64| (number + 0.5).floor();
            let start = round(num(1));
            let end = if args.len() == 3 { start + round(num(2)) } else { f64::INFINITY };
            let within = |place: usize| place as f64 >= start && (place as f64) < end;
            let string = string(0);
            Value::Text(
                (1..)
                    .zip(string.chars())
                    .filter(|(place, _)| within(*place))
                    .map(|(_, letter)| letter)
                    .collect(),
            )
        }
        "substr" => {
            // From 0, the end not included; from the end where negative.
            let string: Vec<char> = string(0).chars().collect();
            let length = string.len() as f64;
            let place =
                |number: f64| if number < 0.0 { (length + number).max(0.0) } else { number.min(length) };
            let end = if args.len() == 3 { place(num(2)) } else { length };
            let start = place(num(1));
            let within = |index: usize| index as f64 >= start && (index as f64) < end;
            Value::Text(
                string
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| within(*index))
                    .map(|(_, letter)| letter)
                    .collect(),
            )
        }
        "translate" => {
            let (from, to): (Vec<char>, Vec<char>) =
                (string(1).chars().collect(), string(2).chars().collect());
            let change = |letter: char| match from.iter().position(|one| *one == letter) {
                Some(index) => to.get(index).copied(),
                None => Some(letter),
            };
            Value::Text(string(0).chars().filter_map(change).collect())
        }
        "upper-case" => of(&string(0).to_uppercase()),
        "lower-case" => of(&string(0).to_lowercase()),
        "selected" => {
            let wanted = string(1);
            Value::Bool(string(0).split_whitespace().any(|choice| choice == wanted.trim()))
        }
        "count-selected" => Value::Number(string(0).split_whitespace().count() as f64),
        "selected-at" => {
            let index = num(1);
            let string = string(0);
            let mut chosen = string.split_whitespace().enumerate();
            of(chosen.find(|(at, _)| *at as f64 == index).map_or("", |(_, choice)| choice))
        }
        "coalesce" => if string(0).is_empty() { arg(1) } else { arg(0) }.clone(),
        "regex" => Value::Bool(pattern(&string(1))?.is_match(&string(0))),
        "today" => Value::Day(answers.today()),
        "now" => Value::Moment(answers.now()),
        "date" => match first(arg(0)) {
            Value::Day(day) => Value::Day(*day),
            Value::Moment(moment) => Value::Day(moment.date()),
            Value::Text(text) if text.is_empty() => nothing,
            Value::Text(text) => Value::Day(text.parse().ok()?),
            _ => return None,
        },
        "sum" => Value::Number(each().map(number).sum()),
        "min" | "max" => {
            let mut numbers = each().map(number);
            let start = numbers.next().unwrap_or(f64::NAN);
            let better = |a: f64, b: f64| match (a.is_nan() || b.is_nan(), name) {
                (true, _) => f64::NAN,
                (_, "min") => a.min(b),
                _ => a.max(b),
            };
            Value::Number(numbers.fold(start, better))
        }
        "count-non-empty" => Value::Number(each().filter(|value| !text(value).is_empty()).count() as f64),
        // A default that is set once is the client's to keep.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;
    use xpath_eval::{EvaluationContext, ExpandedName, Node, NodeKind, QName};

    use super::*;
    use crate::finding::Place;

    struct Some_;

    impl Answers for Some_ {
        fn column(&mut self, _: &str) -> Option<Value> {
            None
        }

        fn of(&mut self, name: &str) -> Option<Value> {
            Some(match name {
                "age" => Value::Number(71.0),
                "signs" => Value::Text("fever cough".into()),
                "name" => Value::Text("李梅".into()),
                "found" => Value::Moment(DateTime::constant(2020, 3, 9, 20, 30, 0, 0)),
                "born" => Value::Day(Day::constant(1950, 5, 5)),
                "rooms" => Value::Many(vec![Value::Number(1.0), Value::Number(2.5)]),
                "empty" => Value::Text(String::new()),
                "a" => Value::Text("12".into()),
                "b" => Value::Text("b-x".into()),
                _ => return None,
            })
        }

        fn own(&mut self) -> Option<Value> {
            Some(Value::Number(36.6))
        }

        fn today(&self) -> Day {
            Day::constant(2020, 3, 10)
        }

        fn now(&self) -> DateTime {
            DateTime::constant(2020, 3, 10, 8, 30, 0, 0)
        }
    }

    fn expression(text: &str) -> Expression {
        Expression::parse(Located { value: text.to_owned(), place: Place::whole("f") })
    }

    fn come(text: &str) -> Option<Value> {
        let expression = expression(text);
        assert!(expression.outside().is_none(), "{text}: {:?}", expression.outside());
        expression.value(&mut Some_)
    }

    #[test]
    fn what_forms_ask_is_judged() {
        for holds in [
            ". >= 34 and . <= 43",
            "not(selected(${signs}, 'none') and count-selected(${signs}) > 1)",
            "selected(${signs}, 'cough')",
            "${born} <= today()",
            "today() - ${born} > 365 * 69",
            "${born} = '1950-05-05' and ${born} < date('1950-05-06')",
            "${found} <= now() and ${found} > today() - 1 and now() - ${found} = 0.5 and date(${found}) < today()",
            "${found} = '2020-03-09T20:30:00' and not(now() <= ${found}) and ${found} != ''",
            "sum(${rooms}) = 3.5 and max(${rooms}) = 2.5 and min(1, 2) = 1 and ${rooms} = 1 and ${rooms} > 2",
            "${empty} = '' and not(${empty} > 0) and string-length(${name}) = 2",
            "regex(${b}, '[a-z]-[a-z]') and not(regex(${b}, '[a-z]'))",
            "if(${age} >= 70, 'old', 'young') = \"old\"",
            "coalesce(${empty}, ${name}) = '李梅'",
            "substr('abcde', 1, 3) = 'bc' and substring('12345', 2, 3) = '234' and substr('abc', -1) = 'c'",
            "round(2.5) = 3 and round(12.345, 2) = 12.35 and int(-2.7) = -2 and 7 mod 3 = 1 and 7 div 2 = 3.5",
            "selected-at(${signs}, 1) = 'cough' and concat('a', 1, true()) = 'a1true'",
            "${unknown} > 1 or true()",
            "“a” = 'a'",
            "number('x') != number('x') and boolean-from-string('true')",
        ] {
            assert_eq!(come(holds).map(|value| truth(&value)), Some(true), "{holds}");
        }
        assert_eq!(come("${unknown} > 1 and true()"), None);
        assert_eq!(come("${unknown} > 1 and false()"), Some(Value::Bool(false)));
        assert_eq!(expression("${a} + ${b}-${age} > .").names(), ["a", "age", "b"].map(str::to_owned).into());
    }

    #[test]
    fn what_lies_outside_says_why() {
        for (text, why) in [
            ("../x = 1", "it has a path"),
            ("/data/x", "it has a path"),
            ("instance('a')/root/item[name = 1]/label", "it has a path"),
            ("count(${rooms}) > 1", "it has the function count"),
            ("pulldata('a', 'b', 'c', 'd')", "it has the function pulldata"),
            ("position(..) = 1", "it has the function position"),
            ("regex(., ${b})", "a pattern of regex that is not supported"),
            ("regex(., '(?=a)b')", "a pattern of regex that is not supported"),
            ("selected(.)", "it has the function selected"),
            ("${a} |${b}", "it has a |"),
            (". >", "no XPath"),
            ("", "no XPath"),
        ] {
            assert_eq!(expression(text).outside().map(|why| why.en.as_str()), Some(why), "{text}");
        }
        let deep = format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000));
        assert!(expression(&deep).outside().is_some());
        let deep = format!("{}1{}", "(".repeat(100), ")".repeat(100));
        assert!(expression(&deep).outside().is_some());
        assert!(expression(&"-".repeat(3000)).outside().is_some());
    }

    /// A document without anything in it: all that is asked for are variables.
    #[derive(Clone, Copy, PartialEq, Eq)]
    struct Nothing;

    impl Node<'static> for Nothing {
        fn kind(self) -> NodeKind {
            NodeKind::Root
        }
        fn parent(self) -> Option<Self> {
            None
        }
        fn children(self) -> impl Iterator<Item = Self> {
            std::iter::empty()
        }
        fn attributes(self) -> impl Iterator<Item = Self> {
            std::iter::empty()
        }
        fn namespaces(self) -> impl Iterator<Item = Self> {
            std::iter::empty()
        }
        fn expanded_name(self) -> Option<ExpandedName> {
            None
        }
        fn string_value(self) -> String {
            String::new()
        }
        fn document_order(self, _: Self) -> Ordering {
            Ordering::Equal
        }
    }

    fn arbitrary() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            (-20..20i32).prop_map(|number| format!("({number})")),
            (-9..9i32).prop_map(|number| format!("({}.5)", number)),
            prop::sample::select(vec!["$a", "$b", "'ab'", "'3'", "''", "true()", "false()"])
                .prop_map(str::to_owned),
        ];
        leaf.prop_recursive(4, 24, 3, |inner| {
            let two = ["+", "-", "*", "div", "mod", "=", "!=", "<", "<=", ">", ">=", "and", "or"];
            let one = [
                "not",
                "boolean",
                "number",
                "string",
                "floor",
                "ceiling",
                "round",
                "string-length",
                "normalize-space",
            ];
            let pair = ["contains", "starts-with", "substring-before", "substring-after", "concat"];
            prop_oneof![
                (inner.clone(), prop::sample::select(two.to_vec()), inner.clone())
                    .prop_map(|(a, op, b)| format!("({a} {op} {b})")),
                (prop::sample::select(one.to_vec()), inner.clone())
                    .prop_map(|(name, a)| format!("{name}({a})")),
                (prop::sample::select(pair.to_vec()), inner.clone(), inner.clone())
                    .prop_map(|(name, a, b)| format!("{name}({a}, {b})")),
                (inner.clone(), inner.clone(), inner.clone())
                    .prop_map(|(a, b, c)| format!("substring({a}, {b}, {c})")),
                (inner.clone(), inner.clone(), inner)
                    .prop_map(|(a, b, c)| format!("translate({a}, {b}, {c})")),
            ]
        })
    }

    proptest! {
        /// What XPath itself says of the same expression, by the evaluator of the crate that parses it.
        #[test]
        fn xpath_itself_comes_to_the_same(text in arbitrary()) {
            let variables = |name: &QName| match name.local.as_str() {
                "a" => Some(xpath_eval::Value::String("12".into())),
                "b" => Some(xpath_eval::Value::String("b-x".into())),
                _ => None,
            };
            let mut context = EvaluationContext::new(Nothing);
            context.variables = Some(&variables);
            let parsed = xpath_eval::parse(&text).unwrap();
            let theirs = xpath_eval::evaluate(&parsed, &context).unwrap().to_xpath_string();
            prop_assert_eq!(come(&text).map(|value| super::text(&value)), Some(theirs), "{}", text);
        }

        #[test]
        fn no_text_brings_it_down(text in "[-.$(){}\\[\\]'\"a-z0-9,=<> |/*+!\u{4e00}]{0,60}") {
            let _ = expression(&text).value(&mut Some_);
        }
    }
}
