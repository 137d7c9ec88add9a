//! The types of XLSForm questions: what a row of the survey sheet is, and what kind of answer it gives.

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
    /// The list of choices, for the types that choose.
    pub list: Option<String>,
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

const TYPES: [(&str, Answer); 31] = [
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
    ("audit", Answer::Computed),
    ("start-geopoint", Answer::Computed),
    ("background-audio", Answer::Computed),
];

const ALIASES: [(&str, &str); 12] = [
    ("string", "text"),
    ("int", "integer"),
    ("photo", "image"),
    ("picture", "image"),
    ("trigger", "acknowledge"),
    ("location", "geopoint"),
    ("gps", "geopoint"),
    ("dateTime", "datetime"),
    ("date_time", "datetime"),
    ("calculation", "calculate"),
    ("background-geopoint", "start-geopoint"),
    ("imei", "deviceid"),
];

const CHOOSING: [(&str, &str, Answer); 7] = [
    ("select_one", "select_one", Answer::One),
    ("select one from", "select_one", Answer::One),
    ("select one", "select_one", Answer::One),
    ("select_multiple", "select_multiple", Answer::Several),
    ("select multiple from", "select_multiple", Answer::Several),
    ("select multiple", "select_multiple", Answer::Several),
    ("rank", "rank", Answer::Several),
];

/// Reads the `type` cell of a survey row; `None` if there is no such type.
#[must_use]
pub fn parse_type(text: &str) -> Option<RowKind> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let joined = text.to_lowercase().replace(' ', "_");
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
            // What follows the list may only be "or specify other".
            let other = parts.collect::<Vec<_>>().join("_");
            return matches!(other.as_str(), "" | "or_other" | "or_specify_other")
                .then_some(RowKind::Question(Question { name, answer, list }));
        }
    }
    let plain = ALIASES.iter().find(|(alias, _)| *alias == text).map_or(text.as_str(), |(_, plain)| plain);
    let (name, answer) = TYPES.iter().find(|(name, _)| *name == plain)?;
    Some(RowKind::Question(Question { name, answer: *answer, list: None }))
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
            list("select multiple from signs or specify other"),
            ("select_multiple", Some("signs".into()))
        );
        assert_eq!(list("int"), ("integer", None));
        assert_eq!(parse_type("select_one"), None);
        assert_eq!(parse_type("select_one slot of mine"), None);
        assert_eq!(parse_type("telepathy"), None);
    }
}
