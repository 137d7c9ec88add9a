//! Codes: the names by which parts of a pack call each other.

use crate::finding::{Findings, Located, say};

/// A civil day at the programme's one time zone.
pub type Day = jiff::civil::Date;

/// The words that CEL keeps for itself: a form or field of that name could not stand in a rule.
const RESERVED: [&str; 30] = [
    "as",
    "break",
    "case",
    "class",
    "const",
    "continue",
    "else",
    "false",
    "figure",
    "for",
    "function",
    "history",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "on",
    "package",
    "param",
    "people",
    "return",
    "today",
    "true",
    "var",
    "void",
    "while",
    "all",
];

/// Whether a text may be the code of something that rules name: small Latin letters, digits and underscores, beginning
/// with a letter, at most 40, and no word that rules keep for themselves.
#[must_use]
pub fn is_code(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first.is_ascii_lowercase())
        && characters.all(|other| other.is_ascii_lowercase() || other.is_ascii_digit() || other == '_')
        && text.len() <= 40
        && !RESERVED.contains(&text)
}

/// The longest name of a question, in bytes.
const LONGEST_NAME: usize = 100;

/// Whether a text may be the name of a question or a group: what XML takes as an element's name, without a colon. A rule can
/// name it if it is made of Latin letters, digits and underscores. `on` is the day of the answers.
#[must_use]
pub fn is_question_name(text: &str) -> bool {
    let begins = |letter: char| {
        matches!(letter, 'A'..='Z' | 'a'..='z' | '_' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
            | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}' | '\u{2070}'..='\u{218f}'
            | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}'
            | '\u{10000}'..='\u{effff}')
    };
    let goes_on = |letter: char| {
        begins(letter)
            || matches!(letter, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
    };
    text.starts_with(begins) && text.chars().all(goes_on) && text.len() <= LONGEST_NAME && text != "on"
}

/// The code, or a finding that says what a code is.
pub(crate) fn check_code(
    code: Option<Located<String>>,
    what: &str,
    findings: &mut Findings,
) -> Option<Located<String>> {
    let code = code?;
    if is_code(&code.value) {
        return Some(code);
    }
    let text = &code.value;
    findings.add(
        &code.place,
        "not_a_code",
        say(
            format!("{what} {text:?} 不能作代码：须以小写拉丁字母开头，只含小写字母、数字和下划线，至多 40 个字符，且不是规则的保留字"),
            format!(
                "{what} {text:?} cannot be a code: small Latin letters, digits and underscores, beginning with a letter, at most 40, and no reserved word"
            ),
        ),
    );
    None
}

/// Tells of every code that occurs a second time.
pub(crate) fn check_unique<'c>(
    codes: impl Iterator<Item = &'c Located<String>>,
    what: &str,
    findings: &mut Findings,
) {
    let mut first = std::collections::BTreeMap::new();
    for code in codes {
        if let Some(before) = first.get(code.value.as_str()) {
            let name = &code.value;
            findings.add(
                &code.place,
                "twice",
                say(
                    format!("{what} {name} 已在 {before} 定义过"),
                    format!("{what} {name} was already defined at {before}"),
                ),
            );
        } else {
            first.insert(code.value.as_str(), &code.place);
        }
    }
}

/// Tells that something is named that is not there, with what is.
pub(crate) fn unknown(
    named: &Located<String>,
    what_zh: &str,
    what_en: &str,
    known: &[&str],
    findings: &mut Findings,
) {
    let name = &named.value;
    let known = if known.is_empty() { "—".to_owned() } else { known.join(", ") };
    findings.add_missing(
        &named.place,
        name,
        say(
            format!("没有{what_zh} {name}；现有：{known}"),
            format!("there is no {what_en} {name}; there are: {known}"),
        ),
    );
}
