//! Conditions: CEL, parsed within bounds, and its kinds checked against the forms before anybody is judged by it.
//!
//! What a condition may name:
//! - `form.field`: the latest answer about the subject; `form.on`: the day on which it was given; `form.filled_at`: the moment
//! - `element.whose`, of what is in `people`: whom it is about, to be compared with another's
//! - `history.form`: every filled-in form about the subject, the newest first, at most [`MOST_HISTORY`]
//! - `people.form`: the latest of that form of each person who belongs to the subject, at most [`MOST_PEOPLE`]
//! - `param.code`: the value that holds in the subject's area on that day
//! - `figure.code`: what is reckoned of the subject; `class.code`: which of the classes it is in
//! - in the condition of a step, `case.opened` and `case.since`: when the case began, and when it came into its state
//! - `today`: the day for which it is judged; the difference of two days is a whole number
//! - `now`: the time of that day, in rules and in the conditions of steps; compared with parameters that are times of day

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators,
};
use cel::parser::Parser;
use jiff::Timestamp;

use crate::calendar::Calendar;
use crate::classes::Classes;
use crate::code::unknown;
use crate::figure::Figure;
use crate::finding::{Findings, Located, Place, say};
use crate::form::{Field, Form, is_list};
use crate::formula::{self, Formula, Names};
use crate::judge::Moments;
use crate::manifest::Manifest;
use crate::parameter::{Parameters, Unit};
use crate::question::Answer;
use crate::section::{Number, Source};

/// The longest condition, in bytes: what a person can read.
const LONGEST: usize = 1_000;
/// The deepest nesting of brackets in a condition.
const DEEPEST: usize = 16;
/// How deep macros over lists may stand in each other: with the bounds of the lists this bounds the time.
const DEEPEST_MACRO: usize = 2;
/// The most filled-in forms of one kind about one subject that a condition sees.
pub const MOST_HISTORY: usize = 200;
/// The most people of one subject that a condition sees.
pub const MOST_PEOPLE: usize = 500;

/// What a condition may call, beside operators and the macros `has`, `all`, `exists`, `exists_one`, `filter` and `map`.
const FUNCTIONS: [&str; 13] = [
    "contains",
    "double",
    "endsWith",
    "day",
    "first_of_month",
    "hours",
    "int",
    "month",
    "size",
    "startsWith",
    "string",
    "sum",
    "working_days",
];

/// A condition that was found right.
#[derive(Clone, Debug)]
pub struct Condition {
    pub text: Located<String>,
    /// The fields it looks at, as (form, field): the evidence.
    pub evidence: BTreeSet<(String, String)>,
    /// The parameters it depends on, those of its figures and classes too.
    pub parameters: BTreeSet<String>,
    /// The parameters with which it compares the time of day: at these hours it has to be judged again.
    pub hours: BTreeSet<String>,
    /// The last moment of the case that it names.
    anew: Option<Anew>,
    pub(crate) needs: Needs,
    pub(crate) formula: Formula,
}

/// A moment of a case, the earlier one first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Anew {
    Opened,
    Since,
}

impl Condition {
    /// From when on what is filled in counts for it, where it names a moment of the case.
    #[must_use]
    pub fn counts_from(&self, case: Moments) -> Option<Timestamp> {
        self.anew.map(|anew| match anew {
            Anew::Opened => case.opened,
            Anew::Since => case.since,
        })
    }

    /// The times of a day at which what it says can change by itself, by the parameters of that day.
    #[must_use]
    pub fn hours_by(&self, parameters: &BTreeMap<&str, Number>) -> BTreeSet<u16> {
        let of = |code: &String| u16::try_from(parameters.get(code.as_str())?.as_whole()).ok();
        self.hours.iter().filter_map(of).collect()
    }

    /// Whether what it says can change with a new answer to a form: if not, nobody need be judged by it anew.
    #[must_use]
    pub fn looks_at(&self, form: &str) -> bool {
        let Needs { forms, history, people, .. } = &self.needs;
        [forms, history, people].iter().any(|looked_at| looked_at.contains(form))
    }
}

/// What must be at hand for a condition, or for several, to be judged.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    pub(crate) parameters: BTreeSet<String>,
    /// The forms of which the latest is looked at.
    pub(crate) forms: BTreeSet<String>,
    /// The forms of which more than the latest is looked at, and those of the subject's people.
    pub(crate) history: BTreeSet<String>,
    pub(crate) people: BTreeSet<String>,
    /// Of those forms of which one sheet stands for each month or matter, the question that says of which.
    pub(crate) one_for: BTreeMap<String, String>,
    /// Each after those that it names itself.
    pub(crate) figures: Vec<Arc<Figure>>,
    pub(crate) classes: Vec<Arc<Classes>>,
}

impl Needs {
    /// What several conditions need together: then a subject is looked at once for all of them.
    pub fn of<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> Self {
        let mut needs = Self::default();
        conditions.into_iter().for_each(|condition| needs.extend(&condition.needs));
        needs
    }

    /// A figure, with what it needs.
    pub fn add_figure(&mut self, figure: &Arc<Figure>) {
        figure.conditions().for_each(|condition| self.extend(&condition.needs));
        if !self.figures.iter().any(|own| own.code.value == figure.code.value) {
            self.figures.push(Arc::clone(figure));
        }
    }

    /// A classification, with what it needs.
    pub fn add_classes(&mut self, classes: &Arc<Classes>) {
        classes.all.iter().filter_map(|class| class.when.as_ref()).for_each(|when| self.extend(&when.needs));
        if !self.classes.iter().any(|own| own.code.value == classes.code.value) {
            self.classes.push(Arc::clone(classes));
        }
    }

    /// The forms at whose history it looks.
    pub(crate) fn history(&self) -> &BTreeSet<String> {
        &self.history
    }

    /// The forms of which the latest of each person or household that belongs to the subject is looked at.
    #[must_use]
    pub fn people(&self) -> &BTreeSet<String> {
        &self.people
    }

    /// What another needs as well.
    pub fn extend(&mut self, other: &Self) {
        for (own, more) in [
            (&mut self.parameters, &other.parameters),
            (&mut self.forms, &other.forms),
            (&mut self.history, &other.history),
            (&mut self.people, &other.people),
        ] {
            own.extend(more.iter().cloned());
        }
        let one_for = other.one_for.iter().map(|(form, question)| (form.clone(), question.clone()));
        self.one_for.extend(one_for);
        other.figures.iter().for_each(|figure| self.add_figure(figure));
        other.classes.iter().for_each(|classes| self.add_classes(classes));
    }
}

/// What a condition may name.
#[derive(Clone, Copy)]
pub(crate) struct Vocabulary<'v> {
    pub manifest: &'v Manifest,
    pub parameters: &'v Parameters,
    pub forms: &'v [Form],
    pub figures: &'v [Arc<Figure>],
    pub classes: &'v [Arc<Classes>],
    /// It is the condition of a step, so there is a case.
    pub of_case: bool,
    /// It is judged at times of a day, and may name `now`.
    pub of_hour: bool,
    pub calendar: &'v Arc<Calendar>,
    /// A figure or a class had a mistake of its own: then a name that is not there is not wrong for that.
    pub loose: bool,
}

/// What an expression must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted<'w> {
    Truth,
    /// A number, and if it is a sum, of this concept and no other.
    Number(Option<&'w str>),
    /// A number, or a yes or no that counts as one or none.
    Count,
    Day,
}

/// What the parts of a condition are.
#[derive(Clone, Debug, PartialEq)]
enum Kind {
    Truth,
    Whole,
    /// With the concept, if it is a sum that has its like.
    Decimal(Option<String>),
    Text,
    Day,
    /// To the millisecond: compared with others, and never reckoned with.
    Moment,
    /// What a clock shows: compared with `now`, and with nothing else.
    TimeOfDay,
    /// Whom a form is about: the same as another, or not.
    Whose,
    /// One of these names.
    Choice(Vec<String>),
    List(Box<Kind>),
    /// A filled-in form, by its code.
    Record(String),
    /// Something that can only be asked for with `has`.
    Opaque,
    /// A mistake that was already told, or an empty list's element: fits everywhere.
    Any,
}

impl Kind {
    fn name(&self) -> (&'static str, &'static str) {
        match self {
            Self::Truth => ("真假", "a yes or no"),
            Self::Whole => ("整数", "a whole number"),
            Self::Decimal(_) => ("小数", "a decimal"),
            Self::Text => ("文字", "a text"),
            Self::Day => ("日期", "a day"),
            Self::Moment => ("时刻", "a moment"),
            Self::TimeOfDay => ("一天中的时刻", "a time of day"),
            Self::Whose => ("谁的表", "whose form it is"),
            Self::Choice(_) => ("选项", "a choice"),
            Self::List(_) => ("列表", "a list"),
            Self::Record(_) => ("一份表单", "a form"),
            Self::Opaque => ("只能用 has 询问的内容", "something that only has() may ask for"),
            Self::Any => ("任意", "anything"),
        }
    }

    fn is_number(&self) -> bool {
        matches!(self, Self::Whole | Self::Decimal(_) | Self::Any)
    }

    fn concept(&self) -> Option<&str> {
        match self {
            Self::Decimal(concept) => concept.as_deref(),
            _ => None,
        }
    }

    fn is_text(&self) -> bool {
        matches!(self, Self::Text | Self::Choice(_) | Self::Any)
    }

    /// Whether the two may be compared for being the same.
    fn fits(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => true,
            (Self::Opaque | Self::Record(_) | Self::TimeOfDay, _)
            | (_, Self::Opaque | Self::Record(_) | Self::TimeOfDay) => false,
            (Self::List(one), Self::List(other)) => one.fits(other),
            _ => {
                self == other
                    || (self.is_number() && other.is_number())
                    || (self.is_text() && other.is_text())
            }
        }
    }
}

/// Parses and checks a condition, which says yes or no.
pub(crate) fn read(
    text: Located<String>,
    content: Option<usize>,
    source: &Source<'_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Condition> {
    read_as(Wanted::Truth, text, content, source, vocabulary, findings)
}

/// Parses and checks an expression that comes to what is wanted.
pub(crate) fn read_as(
    wanted: Wanted<'_>,
    text: Located<String>,
    content: Option<usize>,
    source: &Source<'_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Condition> {
    let (expression, info) = parse(&text, content, source, findings)?;
    let before = findings.len();
    let mut checker = Checker {
        vocabulary,
        info: &info,
        content,
        source,
        place: &text.place,
        bound: Vec::new(),
        macros: 0,
        evidence: BTreeSet::new(),
        anew: None,
        hours: BTreeSet::new(),
        needs: Needs::default(),
    };
    let kind = checker.kind(&expression, findings);
    let (right, kind_wanted) = match wanted {
        Wanted::Truth => (kind == Kind::Truth, Kind::Truth),
        Wanted::Number(_) => (kind.is_number(), Kind::Decimal(None)),
        Wanted::Count => (kind.is_number() || kind == Kind::Truth, Kind::Truth),
        Wanted::Day => (kind == Kind::Day, Kind::Day),
    };
    if !right && kind != Kind::Any {
        checker.wrong(&expression, "整个写法", "all of it", &kind_wanted, &kind, findings);
    }
    if let (Wanted::Number(Some(concept)), Some(found)) = (wanted, kind.concept())
        && concept != found
    {
        checker.other_concept(&expression, concept, found, findings);
    }
    let Checker { evidence, anew, hours, needs, .. } = checker;
    if findings.len() > before {
        return None;
    }
    let Vocabulary { figures, classes, calendar, .. } = vocabulary;
    let names = Names { figures, classes, calendar };
    let Some(formula) = formula::prepare(&expression, &names) else {
        // A name that is not there for a mistake of its own was told there.
        if !vocabulary.loose {
            let (zh, en) = ("条件里有这里不用的写法", "the condition has writing that is not used here");
            findings.add(&text.place, "cel", say(zh, en));
        }
        return None;
    };
    Some(Condition { text, evidence, parameters: needs.parameters.clone(), hours, anew, needs, formula })
}

/// Length and nesting are bounded before the parser sees the text.
fn parse(
    text: &Located<String>,
    content: Option<usize>,
    source: &Source<'_>,
    findings: &mut Findings,
) -> Option<(IdedExpr, SourceInfo)> {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for character in text.value.chars() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if text.value.len() > LONGEST || deepest > DEEPEST {
        findings.add(
            &text.place,
            "too_long",
            say(
                format!("条件太长或括号太深：至多 {LONGEST} 字节、{DEEPEST} 层"),
                format!(
                    "the condition is too long or its brackets too deep: {LONGEST} bytes and {DEEPEST} levels at most"
                ),
            ),
        );
        return None;
    }
    match Parser::new().parse_with_source_info(&text.value) {
        Ok(parsed) => Some(parsed),
        Err(errors) => {
            for error in &errors.errors {
                let (line, column) = error.pos;
                let at = offset(&text.value, line, column);
                let place = content.map_or_else(|| text.place.clone(), |content| source.place(content + at));
                let message = &error.msg;
                findings.add(
                    &place,
                    "cel",
                    say(
                        format!("条件不是正确的 CEL：{message}"),
                        format!("the condition is not CEL: {message}"),
                    ),
                );
            }
            None
        }
    }
}

/// The byte at which a line (from 1) and a column (in characters) stand.
fn offset(text: &str, line: isize, column: isize) -> usize {
    let line = usize::try_from(line - 1).unwrap_or(0);
    let column = usize::try_from(column - 1).unwrap_or(0);
    let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    start + rest.chars().take(column).map(char::len_utf8).sum::<usize>()
}

struct Checker<'p> {
    vocabulary: Vocabulary<'p>,
    info: &'p SourceInfo,
    content: Option<usize>,
    source: &'p Source<'p>,
    place: &'p Place,
    /// Names that a macro such as `exists` binds.
    bound: Vec<(String, Kind)>,
    macros: usize,
    evidence: BTreeSet<(String, String)>,
    anew: Option<Anew>,
    hours: BTreeSet<String>,
    needs: Needs,
}

impl Checker<'_> {
    /// Where a part of the condition stands.
    fn place(&self, expression: &IdedExpr) -> Place {
        match (self.content, self.info.offset_for(expression.id)) {
            (Some(content), Some((start, _))) => {
                self.source.place(content + usize::try_from(start).unwrap_or(0))
            }
            _ => self.place.clone(),
        }
    }

    fn unknown(
        &self,
        at: &IdedExpr,
        name: &str,
        zh: &str,
        en: &str,
        known: &[&str],
        findings: &mut Findings,
    ) -> Kind {
        unknown(&Located { value: name.to_owned(), place: self.place(at) }, zh, en, known, findings);
        Kind::Any
    }

    fn wrong(
        &self,
        at: &IdedExpr,
        zh: &str,
        en: &str,
        wanted: &Kind,
        found: &Kind,
        findings: &mut Findings,
    ) -> Kind {
        let ((wanted_zh, wanted_en), (found_zh, found_en)) = (wanted.name(), found.name());
        findings.add(
            &self.place(at),
            "wrong_kind",
            say(
                format!("{zh}应为{wanted_zh}，这里是{found_zh}"),
                format!("{en} must be {wanted_en}, this is {found_en}"),
            ),
        );
        Kind::Any
    }

    fn kind(&mut self, expression: &IdedExpr, findings: &mut Findings) -> Kind {
        match &expression.expr {
            Expr::Unspecified => Kind::Any,
            Expr::Literal(literal) => match literal {
                LiteralValue::Boolean(_) => Kind::Truth,
                LiteralValue::Int(_) => Kind::Whole,
                LiteralValue::Double(_) => Kind::Decimal(None),
                LiteralValue::String(_) => Kind::Text,
                LiteralValue::UInt(_) | LiteralValue::Bytes(_) | LiteralValue::Null => Kind::Opaque,
            },
            Expr::Ident(name) => self.name(expression, name, findings),
            Expr::Select(select) => {
                let kind = self.select(expression, &select.operand, &select.field, findings);
                if select.test { Kind::Truth } else { kind }
            }
            Expr::Call(call) => self.call(expression, call, findings),
            Expr::List(list) => {
                let mut element = Kind::Any;
                for part in &list.elements {
                    let kind = self.kind(part, findings);
                    if !element.fits(&kind) {
                        self.wrong(part, "列表各项", "every element of a list", &element, &kind, findings);
                    } else if element == Kind::Any {
                        element = kind;
                    }
                }
                Kind::List(Box::new(element))
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.kind(&entry.value, findings);
                    }
                }
                self.unknown(expression, "{…}", "写法", "such writing", &[], findings)
            }
            Expr::Struct(structure) => {
                self.unknown(expression, &structure.type_name, "类型", "type", &[], findings)
            }
            Expr::Comprehension(comprehension) => self.comprehension(expression, comprehension, findings),
        }
    }

    /// A name that stands alone.
    fn name(&self, at: &IdedExpr, name: &str, findings: &mut Findings) -> Kind {
        if let Some((_, kind)) = self.bound.iter().rev().find(|(bound, _)| bound == name) {
            return kind.clone();
        }
        match name {
            "today" => return Kind::Day,
            "now" if self.vocabulary.of_hour => return Kind::TimeOfDay,
            _ => {}
        }
        let known = self.roots();
        if !known.contains(&name) {
            return self.unknown(at, name, "表单", "form", &known, findings);
        }
        findings.add(
            &self.place(at),
            "no_field",
            say(
                format!("{name} 后面要跟名字：{name}.…"),
                format!("{name} must be followed by a name: {name}.…"),
            ),
        );
        Kind::Any
    }

    fn roots(&self) -> Vec<&str> {
        let of_case = self.vocabulary.of_case.then_some("case");
        let of_hour = self.vocabulary.of_hour.then_some("now");
        ["param", "today", "history", "people", "figure", "class"]
            .into_iter()
            .chain(of_case)
            .chain(of_hour)
            .chain(self.vocabulary.forms.iter().map(|form| form.code.value.as_str()))
            .collect()
    }

    fn select(&mut self, at: &IdedExpr, operand: &IdedExpr, member: &str, findings: &mut Findings) -> Kind {
        if let Expr::Ident(root) = &operand.expr
            && !self.bound.iter().any(|(bound, _)| bound == root)
        {
            return match root.as_str() {
                "param" => self.parameter(at, member, findings),
                "history" => self.records(at, member, false, findings),
                "people" => self.records(at, member, true, findings),
                "figure" => self.figure(at, member, findings),
                "class" => self.class(at, member, findings),
                "case" if self.vocabulary.of_case => match member {
                    "opened" | "since" => {
                        let named = if member == "since" { Anew::Since } else { Anew::Opened };
                        self.anew = self.anew.max(Some(named));
                        Kind::Moment
                    }
                    _ => self.unknown(
                        at,
                        member,
                        "个案的时刻",
                        "moment of the case",
                        &["opened", "since"],
                        findings,
                    ),
                },
                form => {
                    self.needs.forms.insert(form.to_owned());
                    self.field(at, form, member, findings)
                }
            };
        }
        match self.kind(operand, findings) {
            Kind::Record(form) => self.field(at, &form, member, findings),
            Kind::Any => Kind::Any,
            other => self.wrong(
                operand,
                &format!(".{member} 之前"),
                &format!("what stands before .{member}"),
                &Kind::Record(String::new()),
                &other,
                findings,
            ),
        }
    }

    fn parameter(&mut self, at: &IdedExpr, code: &str, findings: &mut Findings) -> Kind {
        let Some(parameter) = self.vocabulary.parameters.get(code) else {
            let all = &self.vocabulary.parameters.all;
            let known: Vec<&str> = all.iter().map(|parameter| parameter.code.value.as_str()).collect();
            return self.unknown(at, code, "参数", "parameter", &known, findings);
        };
        self.needs.parameters.insert(code.to_owned());
        number_kind(parameter.unit, parameter.concept.as_ref())
    }

    fn figure(&mut self, at: &IdedExpr, code: &str, findings: &mut Findings) -> Kind {
        let figures = self.vocabulary.figures;
        let Some(figure) = figures.iter().find(|figure| figure.code.value == code) else {
            if self.vocabulary.loose {
                return Kind::Any;
            }
            let known: Vec<&str> = figures.iter().map(|figure| figure.code.value.as_str()).collect();
            return self.unknown(at, code, "计算项（须写在前面）", "figure before this", &known, findings);
        };
        self.needs.add_figure(figure);
        figure.conditions().for_each(|condition| self.evidence.extend(condition.evidence.iter().cloned()));
        Kind::Decimal(figure.concept.clone())
    }

    fn class(&mut self, at: &IdedExpr, code: &str, findings: &mut Findings) -> Kind {
        let all = self.vocabulary.classes;
        let Some(classes) = all.iter().find(|classes| classes.code.value == code) else {
            if self.vocabulary.loose {
                return Kind::Any;
            }
            let known: Vec<&str> = all.iter().map(|classes| classes.code.value.as_str()).collect();
            return self.unknown(at, code, "分类", "classification", &known, findings);
        };
        for condition in classes.all.iter().filter_map(|class| class.when.as_ref()) {
            self.evidence.extend(condition.evidence.iter().cloned());
        }
        self.needs.add_classes(classes);
        Kind::Choice(classes.all.iter().map(|class| class.code.value.clone()).collect())
    }

    fn other_concept(&self, at: &IdedExpr, one: &str, other: &str, findings: &mut Findings) {
        findings.add(
            &self.place(at),
            "concept",
            say(
                format!("口径不同：{one} 与 {other} 不能相比，也不能相加减"),
                format!("{one} and {other} are reckoned differently: they are not compared, nor added to each other"),
            ),
        );
    }

    /// Tells of two sums that are no like of each other; what they come to together.
    fn same_concept(&self, at: &IdedExpr, one: &Kind, other: &Kind, findings: &mut Findings) -> Kind {
        match (one.concept(), other.concept()) {
            (Some(one), Some(other)) if one != other => {
                self.other_concept(at, one, other, findings);
                Kind::Any
            }
            (one, other) => Kind::Decimal(one.or(other).map(str::to_owned)),
        }
    }

    fn records(&mut self, at: &IdedExpr, form: &str, of_people: bool, findings: &mut Findings) -> Kind {
        let Some(known) = self.vocabulary.forms.iter().find(|known| known.code.value == form) else {
            let known: Vec<&str> =
                self.vocabulary.forms.iter().map(|form| form.code.value.as_str()).collect();
            return self.unknown(at, form, "表单", "form", &known, findings);
        };
        if let Some(question) = &known.one_for {
            self.needs.one_for.insert(form.to_owned(), question.clone());
        }
        let used = if of_people { &mut self.needs.people } else { &mut self.needs.history };
        used.insert(form.to_owned());
        Kind::List(Box::new(Kind::Record(form.to_owned())))
    }

    fn field(&mut self, at: &IdedExpr, form: &str, member: &str, findings: &mut Findings) -> Kind {
        let Some(form) = self.vocabulary.forms.iter().find(|known| known.code.value == form) else {
            let known = self.roots();
            return self.unknown(at, form, "表单", "form", &known, findings);
        };
        match member {
            "on" => return Kind::Day,
            "filled_at" => return Kind::Moment,
            "whose" => return Kind::Whose,
            _ => {}
        }
        let code = &form.code.value;
        match form.field(member) {
            Some(field) => {
                self.evidence.insert((code.clone(), member.to_owned()));
                kind_of(field)
            }
            None if form.unfinished.contains(member) => Kind::Any,
            None => {
                let known: Vec<&str> = form.fields.iter().map(|field| field.name.value.as_str()).collect();
                self.unknown(at, &format!("{code}.{member}"), "字段", "field", &known, findings)
            }
        }
    }

    fn call(&mut self, at: &IdedExpr, call: &CallExpr, findings: &mut Findings) -> Kind {
        let parts: Vec<&IdedExpr> = call.target.iter().map(AsRef::as_ref).chain(&call.args).collect();
        let kinds: Vec<Kind> = parts.iter().map(|part| self.kind(part, findings)).collect();
        match (call.func_name.as_str(), parts.as_slice(), kinds.as_slice()) {
            (
                operators::LOGICAL_AND
                | operators::LOGICAL_OR
                | operators::LOGICAL_NOT
                | operators::NOT_STRICTLY_FALSE,
                _,
                _,
            ) => {
                for (part, kind) in parts.iter().zip(&kinds) {
                    if !kind.fits(&Kind::Truth) {
                        self.wrong(part, "它", "it", &Kind::Truth, kind, findings);
                    }
                }
                Kind::Truth
            }
            (operators::CONDITIONAL, [test, _, otherwise], [truth, one, other]) => {
                if !truth.fits(&Kind::Truth) {
                    self.wrong(test, "“?”之前", "what stands before ?", &Kind::Truth, truth, findings);
                }
                if !one.fits(other) {
                    return self.wrong(otherwise, "“:”之后", "what stands after :", one, other, findings);
                }
                one.clone()
            }
            (name, [left, right], [Kind::TimeOfDay, _] | [_, Kind::TimeOfDay])
                if is_order(name) || matches!(name, operators::EQUALS | operators::NOT_EQUALS) =>
            {
                // A name that is not there was told already.
                if !kinds.contains(&Kind::Any) {
                    self.hour(at, name, (left, right), findings);
                }
                Kind::Truth
            }
            (operators::EQUALS | operators::NOT_EQUALS, [left, right], [one, other]) => {
                if one.fits(other) {
                    self.same_concept(right, one, other, findings);
                    self.choice(one, right, findings);
                    self.choice(other, left, findings);
                } else {
                    self.wrong(right, "另一边", "the other side", one, other, findings);
                }
                Kind::Truth
            }
            (name, [left, right], [one, other]) if is_order(name) => {
                let ordered = |kind: &Kind| kind.is_number() || matches!(kind, Kind::Day | Kind::Moment);
                if !ordered(one) {
                    self.wrong(
                        left,
                        "比较大小的两边",
                        "what is compared by size",
                        &Kind::Whole,
                        one,
                        findings,
                    );
                } else if !one.fits(other) {
                    self.wrong(right, "另一边", "the other side", one, other, findings);
                } else {
                    self.same_concept(right, one, other, findings);
                }
                Kind::Truth
            }
            (operators::IN, [left, right], [one, Kind::List(element)]) => {
                if !one.fits(element) {
                    self.wrong(left, "in 之前", "what stands before in", element, one, findings);
                }
                self.choice(element, left, findings);
                if let (Kind::Choice(_), Expr::List(list)) = (one, &right.expr) {
                    list.elements.iter().for_each(|part| self.choice(one, part, findings));
                }
                Kind::Truth
            }
            (operators::IN, [_, right], [_, other]) if *other != Kind::Any => self.wrong(
                right,
                "in 之后",
                "what stands after in",
                &Kind::List(Box::new(Kind::Any)),
                other,
                findings,
            ),
            (operators::IN, ..) => Kind::Truth,
            (operators::INDEX, [_, place], [Kind::List(element), index]) => {
                if !index.fits(&Kind::Whole) {
                    self.wrong(place, "下标", "the number in brackets", &Kind::Whole, index, findings);
                }
                element.as_ref().clone()
            }
            (operators::NEGATE, [part], [kind]) => {
                if !kind.is_number() {
                    return self.wrong(
                        part,
                        "负号之后",
                        "what stands after the minus",
                        &Kind::Whole,
                        kind,
                        findings,
                    );
                }
                kind.clone()
            }
            (
                operators::ADD
                | operators::SUBSTRACT
                | operators::MULTIPLY
                | operators::DIVIDE
                | operators::MODULO,
                [_, right],
                [one, other],
            ) => self.arithmetic(right, &call.func_name, one, other, findings),
            ("size", [_], [Kind::List(_) | Kind::Text | Kind::Choice(_) | Kind::Any]) => Kind::Whole,
            ("contains" | "startsWith" | "endsWith", [_, part], [text, other]) if text.is_text() => {
                if !other.is_text() {
                    self.wrong(part, "它", "it", &Kind::Text, other, findings);
                }
                Kind::Truth
            }
            ("int", [_], [kind]) if kind.is_number() => Kind::Whole,
            ("double", [_], [kind]) if kind.is_number() => Kind::Decimal(None),
            ("sum", [_], [Kind::List(element)]) if element.is_number() => {
                Kind::Decimal(element.concept().map(str::to_owned))
            }
            ("first_of_month", [_, _], [Kind::Day, Kind::Whole]) | ("day", [_], [Kind::Moment]) => Kind::Day,
            ("hours", [_, _], [Kind::Moment, Kind::Moment]) => Kind::Decimal(None),
            ("month", [_], [Kind::Day]) | ("working_days", [_, _], [Kind::Day, Kind::Day]) => Kind::Whole,
            ("string", [_], [kind]) if kind.is_number() || kind.is_text() => Kind::Text,
            (name, _, _) if kinds.contains(&Kind::Any) && FUNCTIONS.contains(&name) => Kind::Any,
            (name, _, _)
                if FUNCTIONS.contains(&name)
                    || !name.starts_with(|first: char| first.is_ascii_alphabetic()) =>
            {
                findings.add(
                    &self.place(at),
                    "wrong_kind",
                    say(
                        format!("{name} 不能用于这些内容"),
                        format!("{name} does not work on what it is given"),
                    ),
                );
                Kind::Any
            }
            (name, _, _) => self.unknown(at, name, "函数", "function", &FUNCTIONS, findings),
        }
    }

    /// A time of day is asked for by two comparisons alone. Then whoever is judged at the hours that are named is judged
    /// whenever what is said can change.
    fn hour(
        &mut self,
        at: &IdedExpr,
        name: &str,
        (left, right): (&IdedExpr, &IdedExpr),
        findings: &mut Findings,
    ) {
        let is_now = |part: &IdedExpr| {
            matches!(&part.expr, Expr::Ident(name) if name == "now")
                && !self.bound.iter().any(|(bound, _)| bound == "now")
        };
        let hour = match name {
            operators::GREATER_EQUALS | operators::LESS if is_now(left) => self.hour_of(right),
            operators::LESS_EQUALS | operators::GREATER if is_now(right) => self.hour_of(left),
            _ => None,
        };
        match hour {
            Some(code) => {
                self.hours.insert(code);
            }
            None => findings.add(
                &self.place(at),
                "hour",
                say(
                    "一天中的时刻只能这样比：now >= param.… 或 now < param.…，参数的单位为 time_of_day",
                    "a time of day is compared as now >= param.… or now < param.…, with a parameter whose unit is time_of_day",
                ),
            ),
        }
    }

    /// The parameter that a part names, if that is a time of day.
    fn hour_of(&self, part: &IdedExpr) -> Option<String> {
        let Expr::Select(select) = &part.expr else { return None };
        let is_parameter = matches!(&select.operand.expr, Expr::Ident(root) if root == "param")
            && !self.bound.iter().any(|(bound, _)| bound == "param");
        let known = self.vocabulary.parameters.get(&select.field)?;
        (is_parameter && !select.test && known.unit == Unit::TimeOfDay).then(|| select.field.clone())
    }

    fn arithmetic(
        &self,
        at: &IdedExpr,
        operator: &str,
        one: &Kind,
        other: &Kind,
        findings: &mut Findings,
    ) -> Kind {
        match (operator, one, other) {
            (_, Kind::Any, _) | (_, _, Kind::Any) => Kind::Any,
            (operators::SUBSTRACT, Kind::Day, Kind::Day) => Kind::Whole,
            (operators::ADD | operators::SUBSTRACT, Kind::Day, Kind::Whole)
            | (operators::ADD, Kind::Whole, Kind::Day) => Kind::Day,
            (_, Kind::Whole, Kind::Whole) => Kind::Whole,
            (operators::MODULO, _, _) => {
                self.wrong(at, "% 的两边", "both sides of %", &Kind::Whole, other, findings)
            }
            (operators::ADD | operators::SUBSTRACT, Kind::Decimal(_), Kind::Decimal(_)) => {
                self.same_concept(at, one, other, findings)
            }
            // The share of one sum in its like is a plain number; a sum by a plain number stays what it is.
            (operators::DIVIDE, Kind::Decimal(Some(_)), Kind::Decimal(Some(_))) => {
                self.same_concept(at, one, other, findings);
                Kind::Decimal(None)
            }
            (_, Kind::Decimal(one), Kind::Decimal(other)) => Kind::Decimal(one.clone().or(other.clone())),
            (_, Kind::Whole, Kind::Decimal(_)) | (_, Kind::Decimal(_), Kind::Whole) => {
                findings.add(
                    &self.place(at),
                    "mixed",
                    say(
                        "整数与小数不能直接相算：请用 double(…) 或 int(…)",
                        "a whole number and a decimal cannot be reckoned with each other: use double(…) or int(…)",
                    ),
                );
                Kind::Any
            }
            (operators::ADD, Kind::List(element), Kind::List(added)) if element.fits(added) => {
                let element = if **element == Kind::Any { added } else { element };
                Kind::List(element.clone())
            }
            (operators::ADD, text, added) if text.is_text() && added.is_text() => Kind::Text,
            _ => self.wrong(at, "另一边", "the other side", one, other, findings),
        }
    }

    /// A text that is compared with a choice must be one that can be chosen.
    fn choice(&self, kind: &Kind, literal: &IdedExpr, findings: &mut Findings) {
        if let (Kind::Choice(choices), Expr::Literal(LiteralValue::String(text))) = (kind, &literal.expr) {
            let text = text.inner();
            if !choices.iter().any(|choice| choice == text) {
                let known: Vec<&str> = choices.iter().map(String::as_str).collect();
                self.unknown(literal, text, "选项", "choice", &known, findings);
            }
        }
    }

    fn comprehension(&mut self, at: &IdedExpr, part: &ComprehensionExpr, findings: &mut Findings) -> Kind {
        let element = match self.kind(&part.iter_range, findings) {
            Kind::List(element) => *element,
            Kind::Any => Kind::Any,
            other => {
                self.wrong(&part.iter_range, "它", "it", &Kind::List(Box::new(Kind::Any)), &other, findings)
            }
        };
        if self.macros >= DEEPEST_MACRO {
            findings.add(
                &self.place(at),
                "too_deep",
                say(
                    format!("exists、all、filter、map 至多套 {DEEPEST_MACRO} 层"),
                    format!("exists, all, filter and map stand at most {DEEPEST_MACRO} deep in each other"),
                ),
            );
            return Kind::Any;
        }
        let accumulated = self.kind(&part.accu_init, findings);
        let before = self.bound.len();
        self.macros += 1;
        self.bound.push((part.iter_var.clone(), element));
        self.bound.extend(part.iter_var2.clone().map(|name| (name, Kind::Any)));
        self.bound.push((part.accu_var.clone(), accumulated));
        self.kind(&part.loop_cond, findings);
        let step = self.kind(&part.loop_step, findings);
        self.bound.push((part.accu_var.clone(), step));
        let result = self.kind(&part.result, findings);
        self.bound.truncate(before);
        self.macros -= 1;
        result
    }
}

fn is_order(operator: &str) -> bool {
    [operators::LESS, operators::LESS_EQUALS, operators::GREATER, operators::GREATER_EQUALS]
        .contains(&operator)
}

/// What a parameter or a figure is, by its unit.
fn number_kind(unit: Unit, concept: Option<&String>) -> Kind {
    if unit == Unit::TimeOfDay {
        return Kind::TimeOfDay;
    }
    if unit.is_whole() { Kind::Whole } else { Kind::Decimal(concept.cloned()) }
}

fn kind_of(field: &Field) -> Kind {
    let one = match field.question.answer {
        Answer::Text | Answer::Computed => Kind::Text,
        Answer::Whole => Kind::Whole,
        Answer::Decimal => Kind::Decimal(field.concept.clone()),
        Answer::Day => Kind::Day,
        Answer::Moment => Kind::Moment,
        Answer::One | Answer::Several => Kind::Choice(field.choices.clone()),
        Answer::Time | Answer::Point | Answer::File | Answer::None => Kind::Opaque,
    };
    if is_list(field) { Kind::List(Box::new(one)) } else { one }
}
