//! What is wrong with a pack, and where: a finding for every mistake, in Chinese and in English.

use std::fmt;

/// Where in a pack something stands. Lines, rows and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The path inside the pack's folder, with forward slashes: `forms/twice_daily.md`.
    pub file: String,
    pub spot: Spot,
}

/// Where in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// The file as a whole.
    Whole,
    /// A place in a text, in characters.
    Text { line: u32, column: u32 },
    /// A cell of a workbook; no column where a whole row is meant.
    Cell { sheet: String, row: u32, column: Option<u32> },
}

impl Place {
    #[must_use]
    pub fn whole(file: &str) -> Self {
        Self { file: file.to_owned(), spot: Spot::Whole }
    }

    #[must_use]
    pub fn text(file: &str, line: u32, column: u32) -> Self {
        Self { file: file.to_owned(), spot: Spot::Text { line, column } }
    }

    /// `file:line:column`, or `file[sheet!B7]` for a cell of a workbook.
    fn locate(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.spot {
            Spot::Whole => write!(formatter, "{}", self.file),
            Spot::Text { line, column } => write!(formatter, "{}:{line}:{column}", self.file),
            Spot::Cell { sheet, row, column: None } => write!(formatter, "{}[{sheet}!{row}]", self.file),
            Spot::Cell { sheet, row, column: Some(column) } => {
                write!(formatter, "{}[{sheet}!{}{row}]", self.file, letters(*column))
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.locate(formatter)
    }
}

/// The letters over a spreadsheet's column: 1 is A, 27 is AA.
fn letters(mut column: u32) -> String {
    let mut reversed = Vec::new();
    while column > 0 {
        let digit = (column - 1) % 26;
        reversed.push(char::from(b'A' + u8::try_from(digit).unwrap_or_default()));
        column = (column - 1) / 26;
    }
    reversed.into_iter().rev().collect()
}

/// A text in both of the house's languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bilingual {
    pub zh: String,
    pub en: String,
}

/// Shorthand for the two texts of a finding.
pub fn say(zh: impl Into<String>, en: impl Into<String>) -> Bilingual {
    Bilingual { zh: zh.into(), en: en.into() }
}

/// One mistake in a pack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub place: Place,
    /// For programs; one for each kind of mistake.
    pub code: &'static str,
    pub text: Bilingual,
    /// What is named there and is not there, as `look_in` or `look_in.room_c`, if that is the mistake.
    pub missing: Option<String>,
}

impl Finding {
    #[must_use]
    pub fn new(place: &Place, code: &'static str, text: Bilingual) -> Self {
        Self { place: place.clone(), code, text, missing: None }
    }
}

/// Two lines: the English one with the place, the Chinese one under it.
impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {} [{}]\n    {}", self.place, self.text.en, self.code, self.text.zh)
    }
}

/// The mistakes found so far, in the order of their places once [`Findings::into_sorted`] is called.
#[derive(Debug, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    pub fn add(&mut self, place: &Place, code: &'static str, text: Bilingual) {
        self.0.push(Finding::new(place, code, text));
    }

    /// Tells that something is named that is not there.
    pub(crate) fn add_missing(&mut self, place: &Place, named: &str, text: Bilingual) {
        let finding = Finding::new(place, "unknown_name", text);
        self.0.push(Finding { missing: Some(named.to_owned()), ..finding });
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }

    pub(crate) fn extend(&mut self, more: impl IntoIterator<Item = Finding>) {
        self.0.extend(more);
    }

    /// Takes back those from a place in the order of finding on that turn out to be no mistakes.
    pub(crate) fn forget_from(&mut self, first: usize, is_none: impl Fn(&Finding) -> bool) {
        let later = self.0.split_off(first.min(self.0.len()));
        self.0.extend(later.into_iter().filter(|finding| !is_none(finding)));
    }

    /// The files in which something was found.
    pub(crate) fn places(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|finding| finding.place.file.as_str())
    }

    /// By file and place; what was found twice at one place is told once.
    #[must_use]
    pub fn into_sorted(mut self) -> Vec<Finding> {
        self.0.sort_by(|a, b| (&a.place, a.code, &a.text.en).cmp(&(&b.place, b.code, &b.text.en)));
        self.0.dedup();
        self.0
    }
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<T> {
    pub value: T,
    pub place: Place,
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn a_column_is_named_as_a_spreadsheet_names_it() {
        assert_eq!([1, 26, 27, 52, 703].map(letters), ["A", "Z", "AA", "AZ", "AAA"]);
    }
}
