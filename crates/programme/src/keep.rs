//! Until when an answer is kept.

use jiff::ToSpan as _;

use crate::code::Day;
use crate::finding::{Findings, Located, say};

/// The longest that anything is kept after its clock begins: ten years.
const MOST_DAYS: u32 = 3_660;

/// A keep-until: `14d` after the answer, `case+14d` after its case is closed, `programme` at the programme's end. The answers
/// of a form are sealed as one, so all its fields have the same.
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

/// What a keep-until waits for, before its days are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// There was none.
    Nothing,
    /// It goes on.
    GoesOn,
    /// It ended on this day.
    Ended(Day),
}

impl Keep {
    /// The first day on which answers given on `answered_on` are kept no more; none while that is not known. `case` is the one
    /// to which they belong, `sweep` the one in which they were given, and `sunset` the first day without the programme. What
    /// had ended before the answers were given, or never was, lets the days count from the answers.
    #[must_use]
    pub fn ends(self, answered_on: Day, case: Awaited, sweep: Awaited, sunset: Day) -> Option<Day> {
        let (awaited, days) = match self {
            Self::AfterAnswer(days) => (Awaited::Nothing, days),
            Self::AfterCase(days) => (case, days),
            Self::AfterSweep(days) => (sweep, days),
            Self::Programme => return Some(sunset),
        };
        let from = match awaited {
            Awaited::GoesOn => return None,
            Awaited::Nothing => answered_on,
            Awaited::Ended(day) => day.max(answered_on),
        };
        Some(from.saturating_add(i64::from(days).days()))
    }

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
    fn it_is_over_when_what_it_waits_for_has_been_over_for_its_days() {
        let day = |day: i8| Day::constant(2026, 3, day);
        let (none, open, closed) = (Awaited::Nothing, Awaited::GoesOn, |on| Awaited::Ended(day(on)));
        let ends = |keep: Keep, case, sweep| keep.ends(day(10), case, sweep, day(31));
        assert_eq!(ends(Keep::AfterAnswer(14), open, open), Some(day(24)), "whatever else goes on");
        for (keep, own, other) in [
            (Keep::AfterCase(7), (|it| (it, Awaited::GoesOn)) as fn(_) -> (Awaited, Awaited), "case"),
            (Keep::AfterSweep(7), |it| (Awaited::GoesOn, it), "sweep"),
        ] {
            let ends = |it| {
                let (case, sweep) = own(it);
                ends(keep, case, sweep)
            };
            assert_eq!(ends(open), None, "{other}");
            assert_eq!(ends(closed(20)), Some(day(27)), "{other}");
            assert_eq!(ends(none), Some(day(17)), "{other}");
            assert_eq!(ends(closed(2)), Some(day(17)), "a {other} that was over before counts as none");
        }
        assert_eq!(ends(Keep::Programme, open, open), Some(day(31)));
        assert_eq!(Keep::AfterAnswer(MOST_DAYS).ends(Day::MAX, none, none, day(31)), Some(Day::MAX));
    }

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
