//! Judging: whether a rule flags a subject, and by what evidence; what figures and classes come to for it.

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;

use crate::answer::{Record, Value};
use crate::classes::Classes;
use crate::code::Day;
use crate::condition::{Condition, MOST_HISTORY, MOST_PEOPLE, Needs};
use crate::figure::Figure;
use crate::formula::{Known, Lack, Sight, Worth, day_number, work_out};
use crate::section::Number;

/// What is known of a subject.
#[derive(Clone, Debug, Default)]
pub struct Situation<'s> {
    /// What was filled in about it, in any order.
    pub own: Vec<&'s Record>,
    /// What was filled in about each person or household that belongs to it.
    pub people: Vec<Vec<&'s Record>>,
    /// Where a step of a case is asked for.
    pub case: Option<Moments>,
}

/// Between which moments a case stands: what was filled in before it began says nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moments {
    pub opened: Timestamp,
    /// When it came into its state.
    pub since: Timestamp,
}

/// What a rule says of a subject.
#[derive(Clone, Debug, PartialEq)]
pub enum Judgement {
    /// It flags; with the latest answers that it looked at, by form and field, and the figures, by `figure` and code.
    Flags(BTreeMap<(String, String), Value>),
    Clear,
    /// An answer is missing that it needs.
    Unknown,
    /// It came to no answer: a division by zero, a number too large, a place beyond the end of a list.
    Failed(String),
}

/// What a figure comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Reckoned {
    Number(f64),
    /// An answer is missing that it needs.
    Unknown,
    /// As [`Judgement::Failed`].
    Failed(String),
}

/// Judges one subject by one condition at the beginning of a day: no hour of it has come. Only what was filled in up to
/// `today` counts. Whoever judges by several conditions, or at a time of day, looks once: [`View`].
#[must_use]
pub fn judge(
    condition: &Condition,
    situation: &Situation<'_>,
    parameters: &BTreeMap<&str, Number>,
    today: Day,
) -> Judgement {
    View::new(&condition.needs, situation, parameters, today).judge(condition)
}

/// Filled-in forms, in an order.
type Forms<'s> = Rc<[&'s Record]>;

/// The filled-in forms of one kind up to a day, the newest first; of one day in the order in which they were given, the
/// last first.
struct Filled<'s> {
    form: &'s str,
    newest: &'s Record,
    all: OnceCell<Forms<'s>>,
}

/// One subject on one day, looked at for all conditions whose needs it was made for. Figures, classes and whatever conditions
/// share are worked out when the first asks for them.
pub struct View<'s> {
    needs: &'s Needs,
    situation: &'s Situation<'s>,
    parameters: &'s BTreeMap<&'s str, Number>,
    today: Day,
    minute: u16,
    own: Vec<Filled<'s>>,
    people: RefCell<Vec<(&'s str, Forms<'s>)>>,
    whose: OnceCell<HashMap<*const Record, i64>>,
    figures: RefCell<Vec<(Arc<Figure>, Reckoned)>>,
    classes: RefCell<Vec<(Arc<Classes>, Rc<str>)>>,
    known: RefCell<Vec<Known<'s>>>,
}

impl<'s> View<'s> {
    #[must_use]
    pub fn new(
        needs: &'s Needs,
        situation: &'s Situation<'s>,
        parameters: &'s BTreeMap<&'s str, Number>,
        today: Day,
    ) -> Self {
        let mut own: Vec<Filled<'s>> = Vec::new();
        for record in situation.own.iter().copied().filter(|record| record.on <= today) {
            match own.iter_mut().find(|filled| filled.form == record.form) {
                Some(filled) if record.on >= filled.newest.on => filled.newest = record,
                Some(_) => {}
                None => own.push(Filled { form: &record.form, newest: record, all: OnceCell::new() }),
            }
        }
        Self {
            needs,
            situation,
            parameters,
            today,
            minute: 0,
            own,
            people: RefCell::default(),
            whose: OnceCell::new(),
            figures: RefCell::default(),
            classes: RefCell::default(),
            known: RefCell::default(),
        }
    }

    /// As it is seen at a time of that day, in minutes since midnight; without one, at its beginning.
    #[must_use]
    pub fn at(self, minute: u16) -> Self {
        Self { minute, ..self }
    }

    /// Judges by a condition among those for whose needs this was made.
    #[must_use]
    pub fn judge(&self, condition: &Condition) -> Judgement {
        match self.resolve(condition) {
            Ok(Worth::Truth(true)) => Judgement::Flags(self.evidence(condition)),
            Ok(Worth::Truth(false)) => Judgement::Clear,
            Ok(_) => Judgement::Failed("not a yes or no".into()),
            Err(reason) => reason.map_or(Judgement::Unknown, Judgement::Failed),
        }
    }

    /// What an expression that comes to a number comes to; a yes counts as one and a no as none.
    #[must_use]
    pub fn number(&self, expression: &Condition) -> Reckoned {
        match self.resolve(expression) {
            Ok(Worth::Truth(truth)) => Reckoned::Number(f64::from(u8::from(truth))),
            Ok(Worth::Whole(number)) => Reckoned::Number(Number::Whole(number).as_decimal()),
            Ok(Worth::Decimal(number)) if number.is_finite() => Reckoned::Number(number),
            Ok(_) => Reckoned::Failed("not a number".into()),
            Err(reason) => reason.map_or(Reckoned::Unknown, Reckoned::Failed),
        }
    }

    /// What a figure comes to that one of the conditions names.
    #[must_use]
    pub fn figure(&self, code: &str) -> Option<Reckoned> {
        self.needs.figures.iter().find(|figure| figure.code.value == code).map(|figure| self.reckoned(figure))
    }

    /// The class that the subject is in, of a classification that one of the conditions names.
    #[must_use]
    pub fn class(&self, code: &str) -> Option<Rc<str>> {
        let classes = self.needs.classes.iter().find(|classes| classes.code.value == code)?;
        Some(Sight::class(self, classes))
    }

    /// The error is a reason, or none if an answer is missing.
    fn resolve(&self, condition: &Condition) -> Result<Worth<'s>, Option<String>> {
        work_out(&condition.formula, self, &mut Vec::new()).map_err(|lack| match lack {
            // A figure that failed is missing too, and what names it has failed with it.
            Lack::Missing => condition.needs.figures.iter().find_map(|figure| match self.reckoned(figure) {
                Reckoned::Failed(reason) => Some(reason),
                Reckoned::Number(_) | Reckoned::Unknown => None,
            }),
            Lack::Failed(reason) => Some(reason),
        })
    }

    fn reckoned(&self, figure: &Arc<Figure>) -> Reckoned {
        let same = |(known, _): &&(Arc<Figure>, Reckoned)| known.code.value == figure.code.value;
        if let Some((_, known)) = self.figures.borrow().iter().find(same) {
            return known.clone();
        }
        let too_many = |form: &&String| self.count(form) > MOST_HISTORY;
        // A sum of the newest only would be a wrong sum.
        let reckoned = match figure.value.needs.history.iter().find(too_many) {
            Some(form) => Reckoned::Failed(format!("more than {MOST_HISTORY} of {form}")),
            None => match figure.only_if.as_ref().map(|only_if| self.resolve(only_if)) {
                None | Some(Ok(Worth::Truth(true))) => self.number(&figure.value),
                Some(Err(Some(reason))) => Reckoned::Failed(reason),
                Some(Ok(_) | Err(None)) => Reckoned::Unknown,
            },
        };
        self.figures.borrow_mut().push((Arc::clone(figure), reckoned.clone()));
        reckoned
    }

    fn count(&self, form: &str) -> usize {
        self.standing(form).len()
    }

    /// The filled-in forms of one kind that count, the newest first.
    fn standing(&self, form: &str) -> Vec<&'s Record> {
        let mut all = newest(&self.situation.own, form, self.today);
        if let Some(question) = self.needs.one_for.get(form) {
            keep_one_for_each(&mut all, question);
        }
        all
    }

    fn evidence(&self, condition: &Condition) -> BTreeMap<(String, String), Value> {
        // What is told is the latest; of what is looked at through a history it would be any one.
        let latest = condition.evidence.iter().filter(|(form, _)| condition.needs.forms.contains(form));
        let answers = latest.filter_map(|(form, field)| {
            let value = self.latest(form)?.values.get(field)?;
            Some(((form.clone(), field.clone()), value.clone()))
        });
        let figures = condition.needs.figures.iter().filter_map(|figure| match self.reckoned(figure) {
            Reckoned::Number(number) => {
                Some((("figure".to_owned(), figure.code.value.clone()), Value::Decimal(number)))
            }
            Reckoned::Unknown | Reckoned::Failed(_) => None,
        });
        answers.chain(figures).collect()
    }
}

impl<'s> Sight<'s> for View<'s> {
    fn today(&self) -> i64 {
        day_number(self.today)
    }

    fn minute(&self) -> i64 {
        self.minute.into()
    }

    fn parameter(&self, code: &str) -> Option<Number> {
        self.parameters.get(code).copied()
    }

    fn case(&self) -> Option<Moments> {
        self.situation.case
    }

    fn latest(&self, form: &str) -> Option<&'s Record> {
        self.own.iter().find(|filled| filled.form == form).map(|filled| filled.newest)
    }

    fn history(&self, form: &str) -> Forms<'s> {
        let Some(filled) = self.own.iter().find(|filled| filled.form == form) else { return Rc::new([]) };
        let all = filled.all.get_or_init(|| {
            let mut all = self.standing(form);
            all.truncate(MOST_HISTORY);
            all.into()
        });
        Rc::clone(all)
    }

    fn people(&self, form: &str) -> Forms<'s> {
        if let Some((_, known)) = self.people.borrow().iter().find(|(known, _)| *known == form) {
            return Rc::clone(known);
        }
        let people = self.situation.people.iter();
        let latest = people.filter_map(|own| newest(own, form, self.today).into_iter().next());
        let all: Forms<'s> = latest.take(MOST_PEOPLE).collect();
        // Where nobody filled it in there is nothing to keep, nor a name that lives as long as the answers.
        if let Some(record) = all.first() {
            self.people.borrow_mut().push((&record.form, Rc::clone(&all)));
        }
        all
    }

    fn whose(&self, record: &'s Record) -> i64 {
        let known = self.whose.get_or_init(|| {
            let people = (1_i64..).zip(&self.situation.people);
            people
                .flat_map(|(number, own)| own.iter().map(move |own| (std::ptr::from_ref(*own), number)))
                .collect()
        });
        // What is about the subject itself is nobody else's.
        known.get(&std::ptr::from_ref(record)).copied().unwrap_or_default()
    }

    fn figure(&self, figure: &Arc<Figure>) -> Option<f64> {
        match self.reckoned(figure) {
            Reckoned::Number(number) => Some(number),
            Reckoned::Unknown | Reckoned::Failed(_) => None,
        }
    }

    fn class(&self, classes: &Arc<Classes>) -> Rc<str> {
        let same = |(known, _): &&(Arc<Classes>, Rc<str>)| known.code.value == classes.code.value;
        if let Some((_, known)) = self.classes.borrow().iter().find(same) {
            return Rc::clone(known);
        }
        let holds = |when: &Condition| matches!(self.resolve(when), Ok(Worth::Truth(true)));
        let found = classes.all.iter().find(|class| class.when.as_ref().is_none_or(holds));
        let found: Rc<str> = found.map(|class| class.code.value.as_str()).unwrap_or_default().into();
        self.classes.borrow_mut().push((Arc::clone(classes), Rc::clone(&found)));
        found
    }

    fn known(&self) -> &RefCell<Vec<Known<'s>>> {
        &self.known
    }
}

/// Of several sheets of one month, or of one matter, the first stays, which was written last.
fn keep_one_for_each(sheets: &mut Vec<&Record>, question: &str) {
    let mut seen = BTreeSet::new();
    sheets.retain(|sheet| match sheet.values.get(question) {
        Some(Value::Day(day)) => seen.insert(day.first_of_month().to_string()),
        Some(Value::Text(text)) => seen.insert(text.trim().to_owned()),
        Some(Value::Whole(number)) => seen.insert(number.to_string()),
        _ => true,
    });
}

fn newest<'s>(records: &[&'s Record], form: &str, today: Day) -> Vec<&'s Record> {
    let mut found: Vec<&Record> =
        records.iter().copied().filter(|record| record.form == form && record.on <= today).collect();
    found.sort_by_key(|record| record.on);
    found.reverse();
    found
}
