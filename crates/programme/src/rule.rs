//! Rules: a condition in CEL over the answers about one subject, and what it says to the person who reads it.
//!
//! A rule flags. Nothing here leads to a restriction: that takes a person.

use std::collections::BTreeSet;

use cel::Program;
use cel::common::ast::{EntryExpr, Expr, IdedExpr};

use crate::code::{check_unique, unknown};
use crate::finding::{Findings, Located, Place, say};
use crate::form::{Form, Subject};
use crate::manifest::Manifest;
use crate::parameter::Parameters;
use crate::section::{Section, Source};
use crate::text::Texts;

/// The longest condition, in bytes: what a person can read.
const LONGEST: usize = 1_000;
/// The deepest nesting of brackets in a condition.
const DEEPEST: usize = 16;

/// What a condition may call, beside operators and the macros `has`, `all`, `exists`, `exists_one`, `filter` and `map`.
const FUNCTIONS: [&str; 7] = ["contains", "double", "endsWith", "int", "size", "startsWith", "string"];

/// A rule of the programme.
#[derive(Debug)]
pub struct Rule {
    pub id: Located<String>,
    pub subject: Subject,
    /// What holds when the rule flags, in plain words.
    pub says: Texts,
    /// What would settle it.
    pub resolved_by: Texts,
    pub when: Located<String>,
    /// The fields it looks at, as (form, field): the evidence of a flag.
    pub evidence: BTreeSet<(String, String)>,
    /// The parameters it depends on: when one changes, everyone it is about is looked at again.
    pub parameters: BTreeSet<String>,
}

pub(crate) fn read(
    source: &Source<'_>,
    manifest: &Manifest,
    parameters: &Parameters,
    forms: &[Form],
    findings: &mut Findings,
) -> Vec<Rule> {
    let mut rules = Vec::new();
    let mut ids = Vec::new();
    source.read_toml(findings, |section, findings| {
        for mut part in section.sections("rule", findings) {
            let id = part.text("id", findings);
            ids.extend(id.clone());
            rules.extend(read_rule(id, part, manifest, parameters, forms, findings));
        }
    });
    check_unique(ids.iter(), "rule", findings);
    rules
}

fn read_rule(
    id: Option<Located<String>>,
    mut part: Section<'_, '_>,
    manifest: &Manifest,
    parameters: &Parameters,
    forms: &[Form],
    findings: &mut Findings,
) -> Option<Rule> {
    let subject = part.text("subject", findings).and_then(|subject| Subject::parse(&subject, findings));
    let mut texts = |key: &'static str, findings: &mut Findings| {
        let texts = part.texts(key, findings)?;
        texts.value.check(key, &manifest.languages, &texts.place, findings);
        Some(texts.value)
    };
    let says = texts("says", findings);
    let resolved_by = texts("resolved_by", findings);
    let when = part.text("when", findings);
    part.finish(findings);
    let when = when?;
    let mut names =
        Names { parameters, forms, bound: Vec::new(), evidence: BTreeSet::new(), used: BTreeSet::new() };
    let program = compile(&when, findings)?;
    names.walk(program.expression(), &when.place, findings);
    Some(Rule {
        id: id?,
        subject: subject?,
        says: says?,
        resolved_by: resolved_by?,
        when,
        evidence: names.evidence,
        parameters: names.used,
    })
}

/// Compiles a condition. Length and nesting are bounded before the parser sees it.
fn compile(when: &Located<String>, findings: &mut Findings) -> Option<Program> {
    let mut depth = 0_usize;
    let mut deepest = 0;
    for character in when.value.chars() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    if when.value.len() > LONGEST || deepest > DEEPEST {
        findings.add(
            &when.place,
            "too_long",
            say(
                format!("条件太长或括号太深：至多 {LONGEST} 字节、{DEEPEST} 层"),
                format!("the condition is too long or its brackets too deep: {LONGEST} bytes and {DEEPEST} levels at most"),
            ),
        );
        return None;
    }
    match Program::compile(&when.value) {
        Ok(program) => Some(program),
        Err(errors) => {
            for error in &errors.errors {
                let (line, column) = error.pos;
                let message = &error.msg;
                findings.add(
                    &when.place,
                    "cel",
                    say(
                        format!("条件第 {line} 行第 {column} 列不是正确的 CEL：{message}"),
                        format!("line {line}, column {column} of the condition is not CEL: {message}"),
                    ),
                );
            }
            None
        }
    }
}

struct Names<'p> {
    parameters: &'p Parameters,
    forms: &'p [Form],
    /// Names that a macro such as `exists` binds.
    bound: Vec<String>,
    evidence: BTreeSet<(String, String)>,
    used: BTreeSet<String>,
}

impl Names<'_> {
    fn walk(&mut self, expression: &IdedExpr, place: &Place, findings: &mut Findings) {
        match &expression.expr {
            Expr::Unspecified | Expr::Literal(_) => {}
            Expr::Ident(name) => self.name(name, place, findings),
            Expr::Select(select) => match &select.operand.expr {
                Expr::Ident(root) if !self.bound.contains(root) => {
                    self.member(root, &select.field, place, findings)
                }
                _ => self.walk(&select.operand, place, findings),
            },
            Expr::Call(call) => {
                self.function(&call.func_name, place, findings);
                for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
                    self.walk(part, place, findings);
                }
            }
            Expr::List(list) => list.elements.iter().for_each(|part| self.walk(part, place, findings)),
            Expr::Map(map) => {
                for entry in &map.entries {
                    match &entry.expr {
                        EntryExpr::MapEntry(entry) => {
                            self.walk(&entry.key, place, findings);
                            self.walk(&entry.value, place, findings);
                        }
                        EntryExpr::StructField(field) => self.walk(&field.value, place, findings),
                    }
                }
            }
            Expr::Struct(structure) => {
                let name = Located { value: structure.type_name.clone(), place: place.clone() };
                unknown(&name, "类型", "type", &[], findings);
            }
            Expr::Comprehension(comprehension) => {
                self.walk(&comprehension.iter_range, place, findings);
                self.walk(&comprehension.accu_init, place, findings);
                let before = self.bound.len();
                self.bound.extend([comprehension.iter_var.clone(), comprehension.accu_var.clone()]);
                self.bound.extend(comprehension.iter_var2.clone());
                self.walk(&comprehension.loop_cond, place, findings);
                self.walk(&comprehension.loop_step, place, findings);
                self.walk(&comprehension.result, place, findings);
                self.bound.truncate(before);
            }
        }
    }

    /// Operators are not named by letters; of the functions only those that end and look nowhere else.
    fn function(&self, name: &str, place: &Place, findings: &mut Findings) {
        if name.starts_with(|first: char| first.is_ascii_alphabetic()) && !FUNCTIONS.contains(&name) {
            unknown(
                &Located { value: name.to_owned(), place: place.clone() },
                "函数",
                "function",
                &FUNCTIONS,
                findings,
            );
        }
    }

    /// A name that stands alone.
    fn name(&self, name: &str, place: &Place, findings: &mut Findings) {
        if self.bound.iter().any(|bound| bound == name) || name == "today" {
            return;
        }
        let known: Vec<&str> = ["param", "today"]
            .into_iter()
            .chain(self.forms.iter().map(|form| form.code.value.as_str()))
            .collect();
        if known.contains(&name) {
            findings.add(
                place,
                "no_field",
                say(
                    format!("{name} 后面要跟字段名：{name}.…"),
                    format!("{name} must be followed by one of its fields: {name}.…"),
                ),
            );
        } else {
            unknown(
                &Located { value: name.to_owned(), place: place.clone() },
                "表单",
                "form",
                &known,
                findings,
            );
        }
    }

    /// `param.fever_c` or `twice_daily.temp_c`.
    fn member(&mut self, root: &str, member: &str, place: &Place, findings: &mut Findings) {
        let named = |value: &str| Located { value: value.to_owned(), place: place.clone() };
        if root == "param" {
            if self.parameters.get(member).is_some() {
                self.used.insert(member.to_owned());
            } else {
                let known: Vec<&str> =
                    self.parameters.all.iter().map(|parameter| parameter.code.value.as_str()).collect();
                unknown(&named(member), "参数", "parameter", &known, findings);
            }
            return;
        }
        let Some(form) = self.forms.iter().find(|form| form.code.value == root) else {
            let known: Vec<&str> = self.forms.iter().map(|form| form.code.value.as_str()).collect();
            unknown(&named(root), "表单", "form", &known, findings);
            return;
        };
        if form.field(member).is_some() {
            self.evidence.insert((root.to_owned(), member.to_owned()));
        } else if !form.unfinished.contains(member) {
            let known: Vec<&str> = form.fields.iter().map(|field| field.name.value.as_str()).collect();
            unknown(&named(&format!("{root}.{member}")), "字段", "field", &known, findings);
        }
    }
}
