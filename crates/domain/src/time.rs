//! Instants and dates as facts hold them. Arithmetic is `jiff`'s; the clock is always an argument.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// Milliseconds since 1970-01-01T00:00:00Z.
pub type Millis = i64;

/// Days since 1970-01-01 in the campaign's time zone.
pub type Day = i32;

/// The campaign's zone. One offset serves a territory: a county does not span two.
pub const CAMPAIGN_OFFSET_HOURS: i8 = 8;

/// The text was no instant that we know how to read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time: {0:?} (write 2020-02-17T19:30:00+08:00 or 2020-02-17 19:30)")]
pub struct TimeError(pub String);

/// The time zone in which days are counted and local times are read.
#[must_use]
pub fn campaign_zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(CAMPAIGN_OFFSET_HOURS))
}

/// Reads an instant: RFC 3339 with an offset, or a local date and time (`2020-02-17 19:30[:05]`, `2020/2/17 19:30`,
/// or a bare date, which means its midnight) in the campaign's zone.
///
/// # Errors
/// [`TimeError`] with the text, if it is neither.
pub fn parse_instant(text: &str) -> Result<Millis, TimeError> {
    let fail = || TimeError(text.to_owned());
    let trimmed = text.trim();
    if let Ok(instant) = trimmed.parse::<Timestamp>() {
        return Ok(instant.as_millisecond());
    }
    let local = if let Ok(local) = trimmed.parse::<DateTime>() {
        local
    } else {
        let (date, clock) = trimmed.split_once([' ', 'T']).unwrap_or((trimmed, "00:00"));
        let date = parse_date(date).map_err(|_| fail())?;
        let clock = if clock.len() < 5 { format!("0{clock}") } else { clock.to_owned() };
        date.to_datetime(clock.parse().map_err(|_| fail())?)
    };
    let instant = campaign_zone().to_timestamp(local).map_err(|_| fail())?;
    Ok(instant.as_millisecond())
}

/// Reads a calendar date: `2020-02-18`, `2020/2/18`, `2020.2.18`, `20200218` or `2020年2月18日`.
///
/// # Errors
/// [`TimeError`] with the text, if no such day exists.
pub fn parse_date(text: &str) -> Result<Date, TimeError> {
    let fail = || TimeError(text.to_owned());
    let trimmed = text.trim();
    let parts: Vec<&str> =
        trimmed.split(['-', '/', '.', '年', '月', '日']).filter(|part| !part.is_empty()).collect();
    let (year, month, day) = match parts.as_slice() {
        [year, month, day] => (*year, *month, *day),
        [digits] if digits.len() == 8 && digits.is_ascii() => (&digits[..4], &digits[4..6], &digits[6..]),
        _ => return Err(fail()),
    };
    let (year, month, day) = (year.parse(), month.parse(), day.parse());
    match (year, month, day) {
        (Ok(year), Ok(month), Ok(day)) if year > 1800 => Date::new(year, month, day).map_err(|_| fail()),
        _ => Err(fail()),
    }
}

/// The day, in the campaign's zone, on which an instant falls.
#[must_use]
pub fn day_of(at: Millis) -> Day {
    let shifted = at + i64::from(CAMPAIGN_OFFSET_HOURS) * 3_600_000;
    i32::try_from(shifted.div_euclid(86_400_000)).unwrap_or(i32::MAX)
}

/// What a clock in the campaign's zone shows at an instant, in minutes since midnight.
#[must_use]
pub fn minute_of(at: Millis) -> u16 {
    let shifted = at + i64::from(CAMPAIGN_OFFSET_HOURS) * 3_600_000;
    u16::try_from(shifted.rem_euclid(86_400_000) / 60_000).unwrap_or_default()
}

/// A calendar date as a [`Day`].
#[must_use]
pub fn to_day(date: Date) -> Day {
    TimeZone::UTC
        .to_timestamp(date.to_datetime(Time::midnight()))
        .map_or(0, |midnight| i32::try_from(midnight.as_second().div_euclid(86_400)).unwrap_or(0))
}

/// A [`Day`] as a calendar date.
#[must_use]
pub fn from_day(day: Day) -> Date {
    Timestamp::UNIX_EPOCH
        .checked_add(SignedDuration::from_hours(24 * i64::from(day)))
        .map_or(Date::ZERO, |instant| TimeZone::UTC.to_datetime(instant).date())
}

/// The last millisecond of a day in the campaign's zone.
#[must_use]
pub fn end_of(day: Day) -> Millis {
    (i64::from(day) + 1) * 86_400_000 - i64::from(CAMPAIGN_OFFSET_HOURS) * 3_600_000 - 1
}

/// An instant as RFC 3339 text, to the second, in the campaign's zone.
#[must_use]
pub fn format_instant(at: Millis) -> String {
    Timestamp::from_millisecond(at).map_or_else(
        |_| at.to_string(),
        |instant| {
            let local = campaign_zone().to_datetime(instant);
            format!("{}+{CAMPAIGN_OFFSET_HOURS:02}:00", local.strftime("%Y-%m-%dT%H:%M:%S"))
        },
    )
}
