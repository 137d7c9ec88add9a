//! What of a condition can be judged at the door, without a signal: one that looks at the latest answers to one form and at
//! nothing else, as a tree of plain operations with the parameters already put in. What cannot be said so is left to the
//! server.

use std::collections::BTreeMap;

use crate::condition::Condition;
use crate::form::Form;
use crate::formula::{Formula, Function, Order, Reckoning};
use crate::question::Answer;
use crate::section::Number;

/// Part of a condition. An answer that is missing makes it neither true nor false, unless the other side of an `and` or an
/// `or` decides.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    Truth(bool),
    Number(f64),
    Text(String),
    /// The answer to a question: a number, a text, or a list of them.
    Field(String),
    /// The answer to a question that asks for a day, as days since 1970-01-01.
    Day(String),
    /// The day on which it is judged, and the day on which the form is filled in.
    Today,
    On,
    /// The element that an [`Expression::Some`] or [`Expression::Every`] around it looks at, counted from the outermost.
    Bound(usize),
    List(Vec<Expression>),
    /// `and`, `or`, `not`, `eq`, `ne`, `lt`, `le`, `gt`, `ge`, `in`, `add`, `sub`, `mul`, `neg`, `has` or `size`.
    Call(&'static str, Vec<Expression>),
    /// Whether it holds of an element of a list, or of each.
    Some {
        of: Box<Expression>,
        holds: Box<Expression>,
    },
    Every {
        of: Box<Expression>,
        holds: Box<Expression>,
    },
}

/// The condition as a phone can judge it of one form's answers; none if it looks at anything else, or does with it what a
/// phone does not know.
#[must_use]
pub fn portable(
    condition: &Condition,
    form: &Form,
    parameters: &BTreeMap<&str, Number>,
) -> Option<Expression> {
    Carrying { form, parameters }.over(&condition.formula)
}

struct Carrying<'c> {
    form: &'c Form,
    parameters: &'c BTreeMap<&'c str, Number>,
}

impl Carrying<'_> {
    fn over(&self, part: &Formula) -> Option<Expression> {
        let call = |name, parts: &[Formula]| self.all(parts).map(|parts| Expression::Call(name, parts));
        match part {
            Formula::Truth(truth) => Some(Expression::Truth(*truth)),
            Formula::Whole(number) => whole(*number),
            Formula::Decimal(bits) => Some(Expression::Number(f64::from_bits(*bits))),
            Formula::Text(text) => Some(Expression::Text(text.to_string())),
            Formula::Today => Some(Expression::Today),
            Formula::Bound(at) => Some(Expression::Bound(*at)),
            Formula::Answer { form, field } => self.answer(form, field),
            Formula::HasAnswer { form, field } => {
                self.answer(form, field).map(|answer| Expression::Call("has", vec![answer]))
            }
            Formula::Parameter(code) => match *self.parameters.get(code.as_ref())? {
                Number::Whole(number) => whole(number),
                Number::Decimal(number) => Some(Expression::Number(number)),
            },
            Formula::Not(of) => call("not", std::slice::from_ref(of)),
            Formula::Negative(of) => call("neg", std::slice::from_ref(of)),
            Formula::Both(parts) => call("and", parts.as_slice()),
            Formula::Either(parts) => call("or", parts.as_slice()),
            Formula::Same { parts, not } => call(if *not { "ne" } else { "eq" }, parts.as_slice()),
            Formula::SameText { of, text, not } => {
                let parts = vec![self.over(of)?, Expression::Text(text.to_string())];
                Some(Expression::Call(if *not { "ne" } else { "eq" }, parts))
            }
            Formula::Order { parts, order } => call(
                match order {
                    Order::Less => "lt",
                    Order::AtMost => "le",
                    Order::Greater => "gt",
                    Order::AtLeast => "ge",
                },
                parts.as_slice(),
            ),
            Formula::In(parts) => call("in", parts.as_slice()),
            Formula::InTexts { of, texts } => {
                let texts = texts.iter().map(|text| Expression::Text(text.to_string())).collect();
                Some(Expression::Call("in", vec![self.over(of)?, Expression::List(texts)]))
            }
            Formula::Reckon { parts, how } => call(
                match how {
                    Reckoning::Add => "add",
                    Reckoning::Subtract => "sub",
                    Reckoning::Multiply => "mul",
                    // Numbers are all of one kind on a phone, and what is left over is none.
                    _ => return None,
                },
                parts.as_slice(),
            ),
            Formula::List(parts) => self.all(parts).map(Expression::List),
            Formula::Call { function: Function::Size, parts } => call("size", parts),
            // A number is a number to a phone.
            Formula::Call { function: Function::Double, parts } => match parts.as_slice() {
                [part] => self.over(part),
                _ => None,
            },
            Formula::Any { over, holds } => {
                let (of, holds) = (Box::new(self.over(over)?), Box::new(self.over(holds)?));
                Some(Expression::Some { of, holds })
            }
            Formula::All { over, holds } => {
                let (of, holds) = (Box::new(self.over(over)?), Box::new(self.over(holds)?));
                Some(Expression::Every { of, holds })
            }
            Formula::Once { of, .. } => self.over(of),
            _ => None,
        }
    }

    fn all(&self, parts: &[Formula]) -> Option<Vec<Expression>> {
        parts.iter().map(|part| self.over(part)).collect()
    }

    /// An answer to the one form that is at hand.
    fn answer(&self, form: &str, field: &str) -> Option<Expression> {
        if form != self.form.code.value {
            return None;
        }
        if field == "on" {
            return Some(Expression::On);
        }
        if ["filled_at", "whose"].contains(&field) {
            return None;
        }
        let day = self.form.field(field)?.question.answer == Answer::Day;
        Some(if day { Expression::Day(field.to_owned()) } else { Expression::Field(field.to_owned()) })
    }
}

/// A phone's numbers are exact up to 2^53.
fn whole(number: i64) -> Option<Expression> {
    const EXACT: i64 = 1 << 53;
    #[expect(clippy::cast_precision_loss, reason = "within what a double holds exactly")]
    (-EXACT..=EXACT).contains(&number).then_some(Expression::Number(number as f64))
}
