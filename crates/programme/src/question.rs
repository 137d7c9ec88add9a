//! The types of XLSForm questions: what a row of the survey sheet is, and what kind of answer it gives.

use std::collections::BTreeMap;

/// What a row of the survey sheet is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowKind {
    Begin(Block),
    End(Block),
    Question(Question),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    Group,
    Repeat,
}

impl Block {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Repeat => "repeat",
        }
    }
}

/// A question, by what its answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The type's plain name: `select_one`, `decimal`.
    pub name: &'static str,
    pub answer: Answer,
    /// The list of choices, for the types that choose; see [`Question::chosen_from`].
    pub list: Option<String>,
    /// Whether something that is not on the list can be written beside it.
    pub or_other: bool,
}

/// Where the choices of a question come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From<'q> {
    /// A list of the sheet `choices`.
    Sheet(&'q str),
    /// A file beside the form.
    File(&'q str),
    /// What was answered to a question of a repeat.
    Answers(&'q str),
}

/// The endings of files that hold choices.
pub(crate) const LISTS: [&str; 3] = [".csv", ".xml", ".geojson"];

impl Question {
    /// Where its choices come from, if it chooses.
    #[must_use]
    pub fn chosen_from(&self) -> Option<From<'_>> {
        let list = self.list.as_deref()?;
        let name = list.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
        Some(match name {
            Some(name) => From::Answers(name.trim()),
            None if LISTS.iter().any(|ending| list.ends_with(ending)) => From::File(list),
            None => From::Sheet(list),
        })
    }

    /// Whether its answer is the choices in an order.
    #[must_use]
    pub fn is_ranked(&self) -> bool {
        self.name == "rank"
    }
}

/// The kind of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A note: nothing is answered.
    None,
    Text,
    Whole,
    Decimal,
    Day,
    Time,
    Moment,
    /// One of the form's own list.
    One,
    /// Any number of the form's own list.
    Several,
    /// A point on the map, or a shape of points.
    Point,
    File,
    /// Filled by the device or by a calculation, not by a person.
    Computed,
}

impl Answer {
    /// Whether a person sees a question and needs its label.
    #[must_use]
    pub fn is_asked(self) -> bool {
        self != Self::Computed
    }

    /// Whether something is kept.
    #[must_use]
    pub fn is_kept(self) -> bool {
        self != Self::None
    }
}

const TYPES: [(&str, Answer); 33] = [
    ("note", Answer::None),
    ("text", Answer::Text),
    ("barcode", Answer::Text),
    ("integer", Answer::Whole),
    ("decimal", Answer::Decimal),
    ("range", Answer::Decimal),
    ("date", Answer::Day),
    ("time", Answer::Time),
    ("datetime", Answer::Moment),
    ("acknowledge", Answer::Text),
    ("geopoint", Answer::Point),
    ("geotrace", Answer::Point),
    ("geoshape", Answer::Point),
    ("image", Answer::File),
    ("audio", Answer::File),
    ("video", Answer::File),
    ("file", Answer::File),
    ("calculate", Answer::Computed),
    ("hidden", Answer::Computed),
    ("start", Answer::Computed),
    ("end", Answer::Computed),
    ("today", Answer::Computed),
    ("deviceid", Answer::Computed),
    ("username", Answer::Computed),
    ("phonenumber", Answer::Computed),
    ("email", Answer::Computed),
    ("simserial", Answer::Computed),
    ("subscriberid", Answer::Computed),
    ("csv-external", Answer::None),
    ("xml-external", Answer::None),
    ("audit", Answer::Computed),
    ("start-geopoint", Answer::Computed),
    ("background-audio", Answer::Computed),
];

const ALIASES: [(&str, &str); 45] = [
    ("string", "text"),
    ("q string", "text"),
    ("add text prompt", "text"),
    ("int", "integer"),
    ("q int", "integer"),
    ("add integer prompt", "integer"),
    ("q decimal", "decimal"),
    ("add decimal prompt", "decimal"),
    ("photo", "image"),
    ("q picture", "image"),
    ("q image", "image"),
    ("add image prompt", "image"),
    ("add photo prompt", "image"),
    ("q audio", "audio"),
    ("add audio prompt", "audio"),
    ("q video", "video"),
    ("add video prompt", "video"),
    ("add file prompt", "file"),
    ("trigger", "acknowledge"),
    ("q acknowledge", "acknowledge"),
    ("add acknowledge prompt", "acknowledge"),
    ("q note", "note"),
    ("add note prompt", "note"),
    ("location", "geopoint"),
    ("gps", "geopoint"),
    ("q geopoint", "geopoint"),
    ("q location", "geopoint"),
    ("add location prompt", "geopoint"),
    ("q geoshape", "geoshape"),
    ("q geotrace", "geotrace"),
    ("q barcode", "barcode"),
    ("add barcode prompt", "barcode"),
    ("q date", "date"),
    ("add date prompt", "date"),
    ("dateTime", "datetime"),
    ("date time", "datetime"),
    ("q dateTime", "datetime"),
    ("q calculate", "calculate"),
    ("add calculate prompt", "calculate"),
    ("start time", "start"),
    ("end time", "end"),
    ("get today", "today"),
    ("imei", "deviceid"),
    ("device id", "deviceid"),
    ("background-geopoint", "start-geopoint"),
];

/// The longer spellings before those that they begin with.
const CHOOSING: [(&str, &str, Answer); 14] = [
    ("select_one_from_file", "select_one", Answer::One),
    ("select one from file", "select_one", Answer::One),
    ("select_multiple_from_file", "select_multiple", Answer::Several),
    ("select multiple from file", "select_multiple", Answer::Several),
    ("add select one prompt using", "select_one", Answer::One),
    ("select one from", "select_one", Answer::One),
    ("select_one", "select_one", Answer::One),
    ("select one", "select_one", Answer::One),
    ("select1", "select_one", Answer::One),
    ("add select multiple prompt using", "select_multiple", Answer::Several),
    ("select all that apply from", "select_multiple", Answer::Several),
    ("select all that apply", "select_multiple", Answer::Several),
    ("select_multiple", "select_multiple", Answer::Several),
    ("rank", "rank", Answer::Several),
];

/// Reads the `type` cell of a survey row; `None` if there is no such type.
#[must_use]
pub fn parse_type(text: &str) -> Option<RowKind> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let joined = text.replace(' ', "_");
    let block = |name: &str| match name {
        "group" => Some(Block::Group),
        "repeat" => Some(Block::Repeat),
        _ => None,
    };
    if let Some(name) = joined.strip_prefix("begin_") {
        return block(name).map(RowKind::Begin);
    }
    if let Some(name) = joined.strip_prefix("end_") {
        return block(name).map(RowKind::End);
    }
    for (prefix, name, answer) in CHOOSING {
        if let Some(rest) = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(' ')) {
            let mut parts = rest.split(' ');
            let list = parts.next().map(str::to_owned);
            // Said to be of a file, it is one.
            let is_file = list.as_ref().is_some_and(|list| LISTS.iter().any(|ending| list.ends_with(ending)));
            if prefix.ends_with("file") && !is_file {
                return None;
            }
            // What follows the list may only be "or specify other".
            let other = parts.collect::<Vec<_>>().join("_");
            let or_other = !other.is_empty();
            if or_other && is_file {
                return None;
            }
            return matches!(other.as_str(), "" | "or_other" | "or_specify_other")
                .then_some(RowKind::Question(Question { name, answer, list, or_other }));
        }
    }
    let plain = ALIASES.iter().find(|(alias, _)| *alias == text).map_or(text.as_str(), |(_, plain)| plain);
    let (name, answer) = TYPES.iter().find(|(name, _)| *name == plain)?;
    Some(RowKind::Question(Question { name, answer: *answer, list: None, or_other: false }))
}

/// Whether a cell is one field and nothing else: `${name}`.
pub(crate) fn is_reference(text: &str) -> bool {
    text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).is_some_and(|name| !name.contains("${"))
}

/// Reads a `parameters` cell, `start=1 end=10`, by name; `None` if it is not written so. The names of columns of a file keep
/// their letters.
pub(crate) fn parse_parameters(text: &str) -> Option<BTreeMap<String, String>> {
    let spaced = text.replace([';', ','], " ").replace('=', " = ");
    let parts: Vec<&str> = spaced.split_whitespace().collect();
    let mut parameters = BTreeMap::new();
    for part in parts.chunks(3) {
        let [name, "=", value] = part else { return None };
        let name = name.to_lowercase();
        let of_file = name == "value" || name == "label";
        let value = if of_file { (*value).to_owned() } else { value.to_lowercase() };
        parameters.insert(name, value);
    }
    Some(parameters)
}

/// The numbers that a question of the type `range` offers: from `start` to `end`, both among them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub start: f64,
    pub end: f64,
    pub step: f64,
    /// How far its ticks are apart, and where it stands before it is answered.
    tick: Option<f64>,
    rests_at: Option<f64>,
}

impl Range {
    /// Reads a `parameters` cell; what it does not say is 1, 10 and 1. `None` if it says anything else, or no number is
    /// between its ends.
    pub(crate) fn parse(parameters: &str) -> Option<Self> {
        let mut range = Self { start: 1.0, end: 10.0, step: 1.0, tick: None, rests_at: None };
        for (name, value) in parse_parameters(parameters)? {
            if name == "tick_labelset" {
                continue;
            }
            // An exponent, or more digits than a decimal holds, is no number that a person would set.
            let plain = value.len() <= 15
                && value.chars().all(|letter| letter.is_ascii_digit() || "-.".contains(letter));
            let number = value.parse().ok().filter(|_| plain)?;
            match name.as_str() {
                "start" => range.start = number,
                "end" => range.end = number,
                "step" => range.step = number,
                "tick_interval" => range.tick = Some(number),
                "placeholder" => range.rests_at = Some(number),
                _ => return None,
            }
        }
        let width = range.end - range.start;
        let ticks =
            range.tick.is_none_or(|tick| tick > 0.0 && tick <= width && is_multiple(tick, range.step));
        let rests = range.rests_at.is_none_or(|at| range.offers(at));
        (range.step > 0.0 && range.step <= width && ticks && rests).then_some(range)
    }

    /// Whether a label may stand at a number.
    pub(crate) fn has_tick(self, number: f64) -> bool {
        self.offers(number) && is_multiple(number - self.start, self.tick.unwrap_or(self.step))
    }

    /// Whether a number is one of its ends.
    pub(crate) fn is_end(self, number: f64) -> bool {
        number == self.start || number == self.end
    }

    #[must_use]
    pub fn is_whole(self) -> bool {
        let said = [Some(self.start), Some(self.end), Some(self.step), self.tick, self.rests_at];
        said.into_iter().flatten().all(|number| number.fract() == 0.0)
    }

    /// Whether a number can be chosen: between the ends, and some steps from the first.
    #[must_use]
    pub fn offers(self, number: f64) -> bool {
        number >= self.start && number <= self.end && is_multiple(number - self.start, self.step)
    }
}

fn is_multiple(number: f64, of: f64) -> bool {
    let times = number / of;
    (times - times.round()).abs() < 1e-6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_in_their_usual_spellings() {
        assert_eq!(parse_type("begin group"), Some(RowKind::Begin(Block::Group)));
        assert_eq!(parse_type("end_repeat"), Some(RowKind::End(Block::Repeat)));
        let list = |text: &str| match parse_type(text) {
            Some(RowKind::Question(question)) => (question.name, question.list),
            _ => ("", None),
        };
        assert_eq!(list("select_one  slot"), ("select_one", Some("slot".into())));
        assert_eq!(
            list("select all that apply from signs or specify other"),
            ("select_multiple", Some("signs".into()))
        );
        assert_eq!(list("int"), ("integer", None));
        assert_eq!(parse_type("select_one"), None);
        assert_eq!(parse_type("select_one slot of mine"), None);
        assert_eq!(parse_type("telepathy"), None);
    }

    #[test]
    fn a_range_offers_its_steps_between_its_ends() {
        let range = |text: &str| Range::parse(text).map(|range| (range.start, range.end, range.step));
        assert_eq!(range(""), Some((1.0, 10.0, 1.0)));
        assert_eq!(range("start=1.5; end=3, step=0.5"), Some((1.5, 3.0, 0.5)));
        for refused in [
            "start=10 end=1",
            "step=0",
            "step=20",
            "end=1e3",
            "end=x",
            "start=",
            "tick_interval=20",
            "step=2 tick_interval=3",
            "placeholder=11",
            "x",
        ] {
            assert_eq!(range(refused), None, "{refused}");
        }
        let tenths = Range::parse("start=0 end=1 step=0.1").unwrap();
        assert!([0.0, 0.1, 0.3, 0.7, 1.0].iter().all(|number| tenths.offers(*number)));
        assert!([-0.1, 0.15, 1.1, f64::NAN].iter().all(|number| !tenths.offers(*number)));
        assert!(!tenths.is_whole() && Range::parse("").unwrap().is_whole());
    }
}
