//! Bridges: the one way in which another programme is told anything of a person, and it is a day.
//!
//! Whoever finds work for someone may have to know from which day on she can begin; why it is that day is not hers to
//! know. So a bridge looks at days alone, tells the latest of those that it reckons, and names who may ask and what for.

use crate::code::{Day, check_code, check_unique, is_code};
use crate::condition::{self, Condition, Vocabulary, Wanted};
use crate::finding::{Findings, Located, say};
use crate::form::Subject;
use crate::formula::day_of;
use crate::judge::{Reckoned, Situation, View};
use crate::parameter::Parameters;
use crate::question::Answer;
use crate::section::{Section, Source};
use crate::text::Texts;

/// A named way for one day into another programme.
#[derive(Clone, Debug)]
pub struct Bridge {
    pub code: Located<String>,
    /// How what is told is called.
    pub name: Texts,
    /// What it is told for.
    pub purpose: Texts,
    pub subject: Subject,
    /// The programme that may ask.
    pub to: String,
    /// The roles of that programme in which someone may ask.
    pub roles: Vec<String>,
    /// Each comes to a day, if its answers are there.
    pub(crate) days: Vec<Condition>,
}

impl Bridge {
    /// How its days are reckoned, as the pack writes it.
    #[must_use]
    pub fn days(&self) -> String {
        self.days.iter().map(|day| day.text.value.as_str()).collect::<Vec<_>>().join("; ")
    }

    /// The latest of its days that is still to come; none if there is none, or nothing is known.
    #[must_use]
    pub fn tell(
        &self,
        situation: &Situation<'_>,
        parameters: &Parameters,
        area: &str,
        today: Day,
    ) -> Option<Day> {
        let values = parameters.on(area, today);
        let days = self.days.iter().filter_map(|day| {
            match View::new(&day.needs, situation, &values, today).number(day) {
                Reckoned::Number(number) => day_of(number),
                Reckoned::Unknown | Reckoned::Failed(_) => None,
            }
        });
        days.max().filter(|day| *day > today)
    }
}

pub(crate) fn read(source: &Source<'_>, vocabulary: Vocabulary<'_>, findings: &mut Findings) -> Vec<Bridge> {
    let (mut bridges, mut codes) = (Vec::new(), Vec::new());
    source.read_toml(findings, |section, findings| {
        for mut part in section.sections("bridge", findings) {
            let code = part.text("code", findings);
            codes.extend(code.clone());
            bridges.extend(read_bridge(check_code(code, "bridge", findings), part, vocabulary, findings));
        }
    });
    check_unique(codes.iter(), "bridge", findings);
    bridges
}

fn read_bridge(
    code: Option<Located<String>>,
    mut part: Section<'_, '_>,
    vocabulary: Vocabulary<'_>,
    findings: &mut Findings,
) -> Option<Bridge> {
    let [name, purpose] = ["name", "purpose"].map(|key| {
        let texts = part.texts(key, findings)?;
        texts.value.check(key, &vocabulary.manifest.languages, &texts.place, findings);
        Some(texts.value)
    });
    let subject = part.text("subject", findings).and_then(|subject| Subject::parse(&subject, findings));
    let to = part.text("to", findings);
    let roles = part.list("roles", findings);
    let own = &vocabulary.manifest.code;
    if let Some(to) = to.as_ref().filter(|to| to.value == *own || !is_code(&to.value)) {
        findings.add(
            &to.place,
            "no_other",
            say("to 应为另一个专项方案的代码", "to is the code of another programme"),
        );
    }
    let place = part.place();
    if roles.is_empty() {
        findings.add(
            &place,
            "no_role",
            say(
                "没有 roles：对方哪些角色可以问？",
                "it has no roles: in which roles of the other programme may someone ask?",
            ),
        );
    }
    let source = part.source();
    let mut days = Vec::new();
    for (text, content) in part.passages("days", findings) {
        let place = text.place.clone();
        let Some(day) = condition::read_as(Wanted::Day, text, content, source, vocabulary, findings) else {
            continue;
        };
        let is_day = |form: &str, field: &str| {
            let form = vocabulary.forms.iter().find(|known| known.code.value == form);
            let field = form.and_then(|form| form.field(field));
            field.is_some_and(|field| field.question.answer == Answer::Day)
        };
        // A choice by a temperature would tell the temperature.
        let other = day.evidence.iter().find(|(form, field)| !is_day(form, field));
        if other.is_some() || !day.needs.figures.is_empty() || !day.needs.classes.is_empty() {
            let what =
                other.map_or_else(|| "figure, class".to_owned(), |(form, field)| format!("{form}.{field}"));
            findings.add(
                &place,
                "not_a_day",
                say(
                    format!("桥接只能看日期，不能看 {what}：不得让人从日期推出病情"),
                    format!("a bridge looks at days alone and not at {what}: no day may tell how someone is"),
                ),
            );
            continue;
        }
        days.push(day);
    }
    if !part.has("days") {
        findings.add(&place, "missing", say("缺少 days", "days is missing"));
    }
    part.finish(findings);
    let roles = roles.into_iter().map(|role| role.value).collect();
    Some(Bridge {
        code: code?,
        name: name?,
        purpose: purpose?,
        subject: subject?,
        to: to?.value,
        roles,
        days,
    })
}
