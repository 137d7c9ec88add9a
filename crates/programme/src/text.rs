//! Texts in the languages of a programme.

use std::collections::BTreeMap;

use crate::finding::{Findings, Place, say};

/// A text in several languages, by language tag (`zh`, `en`, `ug`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts(BTreeMap<String, String>);

impl Texts {
    pub(crate) fn insert(&mut self, language: &str, text: String) {
        self.0.insert(language.to_owned(), text);
    }

    #[must_use]
    pub fn get(&self, language: &str) -> Option<&str> {
        self.0.get(language).map(String::as_str)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(language, text)| (language.as_str(), text.as_str()))
    }

    /// Tells of every language of the programme in which the text is missing, and of every one that the programme has
    /// not.
    pub(crate) fn check(&self, what: &str, languages: &[String], place: &Place, findings: &mut Findings) {
        for language in languages {
            if !self.0.contains_key(language) {
                findings.add(
                    place,
                    "untranslated",
                    say(format!("{what} 没有 {language} 文字"), format!("{what} has no text in {language}")),
                );
            }
        }
        for language in self.0.keys() {
            if !languages.contains(language) {
                findings.add(
                    place,
                    "unknown_language",
                    say(
                        format!("{what} 有 {language} 文字，但专项方案的 languages 里没有它"),
                        format!(
                            "{what} has a text in {language}, which the programme's languages do not name"
                        ),
                    ),
                );
            }
        }
    }
}
