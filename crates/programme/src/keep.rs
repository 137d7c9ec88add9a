//! Until when an answer is kept.

use crate::finding::{Findings, Located, say};

/// The longest that anything is kept after its clock begins: ten years.
const MOST_DAYS: u32 = 3_660;

/// A keep-until: `14d` after the answer, `case+14d` after its case is closed, `programme` at the programme's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Days after the answer was given.
    AfterAnswer(u32),
    /// Days after the case it belongs to was closed; of no case, after the answer.
    AfterCase(u32),
    /// Days after the sweep in which it was given was closed.
    AfterSweep(u32),
    /// Until the programme's sunset.
    Programme,
}

impl Keep {
    pub(crate) fn parse(cell: &Located<String>, findings: &mut Findings) -> Option<Self> {
        let days = |text: &str| {
            text.strip_suffix('d')
                .and_then(|number| number.parse::<u32>().ok())
                .filter(|days| (1..=MOST_DAYS).contains(days))
        };
        let text = cell.value.replace(' ', "");
        let keep = match text.split_once('+') {
            None if text == "programme" => Some(Self::Programme),
            None => days(&text).map(Self::AfterAnswer),
            Some(("case", rest)) => days(rest).map(Self::AfterCase),
            Some(("sweep", rest)) => days(rest).map(Self::AfterSweep),
            Some(_) => None,
        };
        if keep.is_none() {
            let text = &cell.value;
            findings.add(
                &cell.place,
                "keep",
                say(
                    format!("{text:?} 不是保存期限：可写 14d、case+14d、sweep+30d、programme，至多 {MOST_DAYS} 天"),
                    format!("{text:?} is no keep-until: write 14d, case+14d, sweep+30d or programme, at most {MOST_DAYS} days"),
                ),
            );
        }
        keep
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Place;

    #[test]
    fn a_keep_until_always_has_an_end() {
        let parse = |text: &str| {
            let mut findings = Findings::default();
            Keep::parse(&Located { value: text.into(), place: Place::whole("f") }, &mut findings)
        };
        assert_eq!(parse("14d"), Some(Keep::AfterAnswer(14)));
        assert_eq!(parse("case + 14d"), Some(Keep::AfterCase(14)));
        assert_eq!(parse("sweep+30d"), Some(Keep::AfterSweep(30)));
        assert_eq!(parse("programme"), Some(Keep::Programme));
        for endless in ["forever", "", "0d", "99999d", "14", "case+", "永久"] {
            assert_eq!(parse(endless), None, "{endless}");
        }
    }
}
