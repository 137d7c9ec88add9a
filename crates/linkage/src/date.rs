//! Birth dates in the forms people type.

use crate::text::digit;

/// A birth date packed as `year << 9 | month << 5 | day`; month and day are 0 when unknown. 0 is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Birth(pub(crate) u32);

impl Birth {
    /// Packs a date; `None` when the calendar has no such day or the year is outside 1850 to 2150.
    /// Month and day may be 0 for a date of which only the beginning is known.
    #[must_use]
    pub fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        if !(1850..=2150).contains(&year) {
            return None;
        }
        let whole =
            jiff::civil::Date::new(year as i16, month.max(1).try_into().ok()?, day.max(1).try_into().ok()?);
        if whole.is_err() || (month == 0 && day != 0) {
            return None;
        }
        Some(Self(year << 9 | month << 5 | day))
    }

    /// True when nothing is known.
    #[must_use]
    pub const fn is_missing(self) -> bool {
        self.0 == 0
    }

    /// Calendar year.
    #[must_use]
    pub const fn year(self) -> u32 {
        self.0 >> 9
    }

    /// Month, 1 to 12, or 0 when unknown.
    #[must_use]
    pub const fn month(self) -> u32 {
        self.0 >> 5 & 15
    }

    /// Day, 1 to 31, or 0 when unknown.
    #[must_use]
    pub const fn day(self) -> u32 {
        self.0 & 31
    }

    /// True when only the year is told: month and day are missing, or the first of January that lists are
    /// filled up with.
    #[must_use]
    pub const fn only_year(self) -> bool {
        self.month() == 0 || self.0 & 0x1ff == (1 << 5 | 1)
    }

    /// Month and day in one number.
    #[must_use]
    pub const fn month_day(self) -> u32 {
        self.0 & 0x1ff
    }
}

/// Reads a date: `1980-03-05`, `1980/3/5`, `1980.3.5`, `1980年3月5日`, `19800305`, `1980-03`, `1980`, `80-3-5`,
/// `05/03/1980` (day first) and a date with a time after it. A year of two digits means 19xx from 30 on,
/// 20xx below. Returns `None` for anything that is not a day of the calendar.
#[must_use]
pub fn parse(folded: &str) -> Option<Birth> {
    if let [a, b, c, d, b'-', e, f, b'-', g, h] = folded.as_bytes()
        && [a, b, c, d, e, f, g, h].into_iter().all(u8::is_ascii_digit)
    {
        let number =
            |digits: &[&u8]| digits.iter().fold(0, |sum, digit| sum * 10 + u32::from(**digit - b'0'));
        return Birth::new(number(&[a, b, c, d]), number(&[e, f]), number(&[g, h]));
    }
    let mut groups = [(0_u32, 0_usize); 3];
    let mut count = 0;
    let mut inside = false;
    for character in folded.chars() {
        if let Some(value) = digit(character) {
            if !inside {
                if count == 3 {
                    return None;
                }
                count += 1;
                inside = true;
            }
            let group = &mut groups[count - 1];
            if group.1 == 8 {
                return None;
            }
            *group = (group.0 * 10 + value, group.1 + 1);
        } else {
            if count > 0 && matches!(character, 't' | ' ' | ':') && (count == 3 || groups[0].1 == 8) {
                break;
            }
            if !matches!(character, '-' | '/' | '.' | '年' | '月' | '日' | '号' | ' ' | '生') {
                return None;
            }
            inside = false;
        }
    }
    let century = |year: u32| if year >= 30 { 1900 + year } else { 2000 + year };
    match (count, groups) {
        (1, [(value, 8), ..]) => Birth::new(value / 10_000, value / 100 % 100, value % 100),
        (1, [(value, 6), ..]) if (1850..=2150).contains(&(value / 100)) && value % 100 <= 12 => {
            Birth::new(value / 100, value % 100, 0)
        }
        (1, [(value, 6), ..]) => Birth::new(century(value / 10_000), value / 100 % 100, value % 100),
        (1, [(value, 4), ..]) => Birth::new(value, 0, 0),
        (2, [(year, 4), (month, 1..=2), ..]) => Birth::new(year, month, 0),
        (3, [(year, 4), (month, 1..=2), (day, 1..=2)]) => Birth::new(year, month, day),
        (3, [(day, 1..=2), (month, 1..=2), (year, 4)]) => Birth::new(year, month, day),
        (3, [(year, 2), (month, 1..=2), (day, 1..=2)]) => Birth::new(century(year), month, day),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_forms_people_type() {
        let date = Birth::new(1980, 3, 5);
        for text in [
            "1980-03-05",
            "1980/3/5",
            "1980.3.5",
            "1980年3月5日",
            "19800305",
            "800305",
            "80-3-5",
            "05/03/1980",
            "1980-03-05 00:00:00",
            "1980-03-05t00:00",
            "一九八〇年三月五日",
        ] {
            assert_eq!(parse(text), date, "{text}");
        }
        assert_eq!(parse("1980"), Birth::new(1980, 0, 0));
        assert_eq!(parse("198003"), Birth::new(1980, 3, 0));
        assert!(
            parse("1980").is_some_and(Birth::only_year) && parse("1980-01-01").is_some_and(Birth::only_year)
        );
    }

    #[test]
    fn refuses_what_the_calendar_has_not() {
        for text in
            ["1980-02-30", "19801301", "abc", "1980-3-5-6x", "99999999999", "0000-00-00", "1700-01-01", ""]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
