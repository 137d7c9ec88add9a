//! Rules: a condition over the answers about one subject, what it says to the person who reads it, and who that is.
//!
//! A rule flags. Nothing here leads to a restriction: that takes a person.

use crate::code::{check_unique, unknown};
use crate::condition::{self, Condition, Vocabulary};
use crate::finding::{Findings, Located};
use crate::form::Subject;
use crate::level::{self, Level, Speaks};
use crate::parameter::{Parameters, Unit};
use crate::section::{Section, Source};
use crate::text::Texts;

/// A rule of the programme.
#[derive(Clone, Debug)]
pub struct Rule {
    pub id: Located<String>,
    pub subject: Subject,
    /// What holds when the rule flags, in plain words.
    pub says: Texts,
    /// What would settle it.
    pub resolved_by: Texts,
    /// The role that must look at the flag.
    pub tells: String,
    /// The parameter, a time, within which it must be looked at.
    pub within: String,
    /// The roles that are told when that is over, if its flag is a task by itself: one more for each time as long again.
    pub climbs_to: Vec<String>,
    /// The form of which each filled-in one is a matter of its own: what was filled in since is new though another flags.
    pub each_of: Option<String>,
    /// Of which areas it speaks that is about areas.
    pub level: Option<Level>,
    pub condition: Condition,
}

impl Rule {
    /// Of a rule about areas: which.
    #[must_use]
    pub fn speaks(&self) -> Speaks {
        Speaks::of(self.level, &self.condition.needs)
    }
}

/// The rules without mistakes, and the names of all: that one has a mistake does not make its name unknown. No names at
/// all if the file is not there or is no TOML: then whatever is called a rule elsewhere is not wrong for that.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    pub good: Vec<Rule>,
    pub named: Option<Vec<String>>,
}

pub(crate) fn read(source: &Source<'_>, vocabulary: Vocabulary<'_>, findings: &mut Findings) -> Rules {
    let mut rules = Vec::new();
    let mut ids = Vec::new();
    let readable = source.read_toml(findings, |section, findings| {
        for mut part in section.sections("rule", findings) {
            let id = part.text("id", findings);
            ids.extend(id.clone());
            rules.extend(read_rule(id, part, vocabulary, findings));
        }
    });
    check_unique(ids.iter(), "rule", findings);
    let named = ids.into_iter().map(|id| id.value).collect();
    Rules { good: rules, named: readable.then_some(named) }
}

fn read_rule(
    id: Option<Located<String>>,
    mut part: Section<'_, '_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Rule> {
    let Vocabulary { manifest, parameters, .. } = vocabulary;
    let subject = part.text("subject", findings).and_then(|subject| Subject::parse(&subject, findings));
    let level = level::read(&mut part, subject, findings);
    let mut texts = |key: &'static str, findings: &mut Findings| {
        let texts = part.texts(key, findings)?;
        texts.value.check(key, &manifest.languages, &texts.place, findings);
        Some(texts.value)
    };
    let says = texts("says", findings);
    let resolved_by = texts("resolved_by", findings);
    let tells = part.text("tells", findings).filter(|role| manifest.has_role(role, findings));
    let within = part.text("within", findings).filter(|time| is_time(parameters, time, findings));
    let climbs_to = part.list("climbs_to", findings);
    for role in &climbs_to {
        manifest.has_role(role, findings);
    }
    let each_of = part.optional_text("each_of", findings);
    let when = part.passage("when", findings);
    let source = part.source();
    part.finish(findings);
    let (when, content) = when?;
    let vocabulary = Vocabulary { of_hour: true, ..vocabulary };
    let condition = condition::read(when, content, source, vocabulary, findings);
    if let (Some(form), Some(condition)) = (&each_of, &condition) {
        check_each_of(form, condition, findings);
    }
    Some(Rule {
        id: id?,
        subject: subject?,
        says: says?,
        resolved_by: resolved_by?,
        tells: tells?.value,
        within: within?.value,
        climbs_to: climbs_to.into_iter().map(|role| role.value).collect(),
        each_of: each_of.map(|form| form.value),
        level,
        condition: condition?,
    })
}

/// Each of a form can only be asked of one at whose history the rule looks, itself or by a figure.
fn check_each_of(form: &Located<String>, condition: &Condition, findings: &mut Findings) {
    let known: Vec<&str> = condition.needs.history().iter().map(String::as_str).collect();
    if !known.contains(&form.value.as_str()) {
        unknown(form, "这条规则看 history 的表单", "form at whose history this rule looks", &known, findings);
    }
}

/// Tells of every name that is no rule; of none if the rules cannot be read.
pub(crate) fn check_rules(named: &[Located<String>], rules: Option<&[String]>, findings: &mut Findings) {
    let Some(rules) = rules else { return };
    for name in named.iter().filter(|name| !rules.contains(&name.value)) {
        let known: Vec<&str> = rules.iter().map(String::as_str).collect();
        unknown(name, "规则", "rule", &known, findings);
    }
}

/// Whether a parameter of that name is a time, or the finding that it is not.
pub(crate) fn is_time(parameters: &Parameters, named: &Located<String>, findings: &mut Findings) -> bool {
    let times = || {
        parameters.all.iter().filter(|parameter| {
            matches!(parameter.unit, Unit::Minutes | Unit::Hours | Unit::Days | Unit::WorkingDays)
        })
    };
    let found = times().any(|parameter| parameter.code.value == named.value);
    if !found {
        let known: Vec<&str> = times().map(|parameter| parameter.code.value.as_str()).collect();
        unknown(named, "作为时限的参数", "parameter that is a time", &known, findings);
    }
    found
}
