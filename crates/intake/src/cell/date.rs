//! Days. The calendar is jiff's.

use jiff::civil::Date;

use super::text::fold_width;

/// Why a date cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// Not a date at all.
    Unreadable,
    /// Thirty days in February.
    DoesNotExist,
    /// A year of two digits: the century is unclear.
    ShortYear,
    /// Year and month only; nobody was born on the first because a form has no room for the day.
    NoDay,
}

/// A day in any of the ways people write one: `2020-02-18`, `2020/2/18`, `2020.2.18`, `20200218`, `2020年2月18日`, or the
/// serial number of a spreadsheet. A time after the day is passed over. `None` for an empty cell.
///
/// # Errors
/// A [`DateFault`] that says why not.
pub fn date(text: &str) -> Result<Option<Date>, DateFault> {
    if let Some(day) = iso_day(text) {
        return day.map(Some);
    }
    let folded = fold_width(text);
    let text = folded.trim_start_matches('\'').trim();
    if text.is_empty() || matches!(text, "-" | "/" | "无" | "不详" | "未知") {
        return Ok(None);
    }
    if let Some(day) = iso_day(text) {
        return day.map(Some);
    }
    if text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && text.bytes().filter(|b| *b == b'.').count() <= 1
    {
        return match digits_only(text) {
            Some(day) => day.map(Some),
            None => Err(DateFault::Unreadable),
        };
    }
    let parts = Parts::read(text).ok_or(DateFault::Unreadable)?;
    match parts.count {
        2 if parts.lengths[0] == 4 => Err(DateFault::NoDay),
        2 => Err(DateFault::Unreadable),
        _ if parts.lengths[0] == 4 => civil(parts.numbers[0], parts.numbers[1], parts.numbers[2]).map(Some),
        _ if parts.lengths[0] <= 2 && parts.lengths[2] <= 2 => Err(DateFault::ShortYear),
        _ => Err(DateFault::Unreadable),
    }
}

/// A birth date: as [`date`], but a serial number of a spreadsheet counts only from 1900 on, as all do.
///
/// # Errors
/// As [`date`].
pub fn birth_date(text: &str) -> Result<Option<Date>, DateFault> {
    date(text)
}

/// Exactly `YYYY-MM-DD`, the common case, without allocating.
fn iso_day(text: &str) -> Option<Result<Date, DateFault>> {
    let b = text.as_bytes();
    if b.len() != 10 || b[4] != b'-' || b[7] != b'-' {
        return None;
    }
    let number = |from: usize, to: usize| number_of(&b[from..to]);
    Some(civil(number(0, 4)?, number(5, 7)?, number(8, 10)?))
}

/// `YYYY-MM-DD`, written digit by digit because a roster of ten million has as many birth dates.
pub(crate) fn iso(date: Date) -> String {
    let (Ok(year), Ok(month), Ok(day)) =
        (u16::try_from(date.year()), u16::try_from(date.month()), u16::try_from(date.day()))
    else {
        return date.to_string();
    };
    let mut out = String::with_capacity(10);
    let digit = |number: u16| char::from(b'0' + u8::try_from(number % 10).unwrap_or(0));
    for place in [1000, 100, 10, 1] {
        out.push(digit(year / place));
    }
    for number in [month, day] {
        out.push('-');
        out.push(digit(number / 10));
        out.push(digit(number));
    }
    out
}

fn digits_only(text: &str) -> Option<Result<Date, DateFault>> {
    let b = text.as_bytes();
    let whole = text.split('.').next().unwrap_or(text);
    match (whole.len(), whole.len() == text.len()) {
        (8, true) => Some(civil(number_of(&b[..4])?, number_of(&b[4..6])?, number_of(&b[6..])?)),
        (6, true) => {
            let (head, tail) = (number_of(&b[..4])?, number_of(&b[4..])?);
            let year_and_month = (1850..=2150).contains(&head) && (1..=12).contains(&tail);
            Some(Err(if year_and_month { DateFault::NoDay } else { DateFault::ShortYear }))
        }
        // 2020.2 is a year and a month; a serial number has five digits before its point.
        (4, _) => Some(Err(DateFault::NoDay)),
        (1..=5, _) => serial_day(whole).map(Ok),
        _ => None,
    }
}

/// The day of a spreadsheet's serial number (1900 system). Day 60 is 29 February 1900, which never was.
pub(crate) fn serial_day(whole: &str) -> Option<Date> {
    let serial: i32 = whole.parse().ok()?;
    // Below 5 digits the number is more likely an age or a year than a day before 1927.
    if serial < 10_000 {
        return None;
    }
    Date::constant(1899, 12, 30).checked_add(jiff::Span::new().try_days(serial).ok()?).ok()
}

pub(crate) fn civil(year: u32, month: u32, day: u32) -> Result<Date, DateFault> {
    let (Ok(year), Ok(month), Ok(day)) = (i16::try_from(year), i8::try_from(month), i8::try_from(day)) else {
        return Err(DateFault::DoesNotExist);
    };
    Date::new(year, month, day).map_err(|_| DateFault::DoesNotExist)
}

pub(crate) fn number_of(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 {
        return None;
    }
    digits.iter().try_fold(0, |number, b| b.is_ascii_digit().then(|| number * 10 + u32::from(b - b'0')))
}

/// The numbers of a date or a time that is written with separators.
pub(crate) struct Parts {
    pub(crate) numbers: [u32; 6],
    pub(crate) lengths: [usize; 6],
    pub(crate) count: usize,
}

impl Parts {
    /// Splits `2020年2月18日 19时30分`, `2020/2/18 19:30:05` and their like; `None` when anything else stands in it.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = Self { numbers: [0; 6], lengths: [0; 6], count: 0 };
        let mut rest = text;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 || digits > 4 || parts.count == 6 {
                return None;
            }
            parts.numbers[parts.count] = number_of(&rest.as_bytes()[..digits])?;
            parts.lengths[parts.count] = digits;
            parts.count += 1;
            rest = &rest[digits..];
            let separators = rest.bytes().position(|b| b.is_ascii_digit()).unwrap_or(rest.len());
            let between = rest[..separators].trim();
            let allowed = match parts.count {
                1 => matches!(between, "-" | "/" | "." | "年" | "、" | "\\"),
                2 => {
                    matches!(between, "-" | "/" | "." | "月" | "、" | "\\" | "月份")
                        || between.is_empty() && separators == rest.len()
                }
                3 => matches!(between, "" | "日" | "号" | "T" | "t") && (separators > 0 || rest.is_empty()),
                4 => matches!(between, ":" | "时" | "点"),
                5 => matches!(between, ":" | "分" | ""),
                _ => matches!(between, "" | "秒"),
            };
            if !allowed {
                return None;
            }
            rest = &rest[separators..];
        }
        (parts.count >= 2).then_some(parts)
    }
}
