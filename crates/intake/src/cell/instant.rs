//! Moments, local time of the campaign: +08:00.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use super::date::{DateFault, Parts, civil, serial_day};
use super::text::fold_width;

/// The zone a time without one is in.
const CAMPAIGN: Offset = Offset::constant(8);

/// A moment as milliseconds since 1970 UTC: RFC 3339, `2020-02-17 19:30[:05]`, `2020/2/17 19:30`,
/// `2020年2月17日 19时30分`, or the serial number of a spreadsheet. `None` for an empty cell.
///
/// # Errors
/// A [`DateFault`]; a day without a time is [`DateFault::Unreadable`], because the order of visits is then unknown.
pub fn instant(text: &str) -> Result<Option<i64>, DateFault> {
    let folded = fold_width(text);
    let text = folded.trim_start_matches('\'').trim();
    if text.is_empty() {
        return Ok(None);
    }
    if text.len() >= 20
        && text.as_bytes()[10].eq_ignore_ascii_case(&b'T')
        && let Ok(instant) = text.parse::<Timestamp>()
    {
        return Ok(Some(instant.as_millisecond()));
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && whole.len() == 5
        && whole.bytes().all(|b| b.is_ascii_digit())
    {
        let day = serial_day(whole).ok_or(DateFault::Unreadable)?;
        return local(day.to_datetime(serial_time(fraction)?)).map(Some);
    }
    let parts = Parts::read(text).ok_or(DateFault::Unreadable)?;
    let [year, month, day, hour, minute, second] = parts.numbers;
    if parts.lengths[0] <= 2 && parts.count >= 3 {
        return Err(DateFault::ShortYear);
    }
    if parts.count < 4 || parts.lengths[0] != 4 {
        return Err(DateFault::Unreadable);
    }
    let day: Date = civil(year, month, day)?;
    let small = |number: u32| i8::try_from(number).map_err(|_| DateFault::DoesNotExist);
    let time =
        Time::new(small(hour)?, small(minute)?, small(second)?, 0).map_err(|_| DateFault::DoesNotExist)?;
    local(day.to_datetime(time)).map(Some)
}

fn local(moment: DateTime) -> Result<i64, DateFault> {
    CAMPAIGN.to_timestamp(moment).map(Timestamp::as_millisecond).map_err(|_| DateFault::DoesNotExist)
}

/// The time of day that a fraction of a day means, to the second.
fn serial_time(fraction: &str) -> Result<Time, DateFault> {
    if fraction.is_empty() || fraction.len() > 17 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DateFault::Unreadable);
    }
    let (mut seconds, mut scale) = (0_u128, 1_u128);
    for digit in fraction.bytes() {
        seconds = seconds * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    let seconds = ((seconds * 86_400 + scale / 2) / scale).min(86_399);
    let small = |number: u128| i8::try_from(number).map_err(|_| DateFault::Unreadable);
    Time::new(small(seconds / 3600)?, small(seconds / 60 % 60)?, small(seconds % 60)?, 0)
        .map_err(|_| DateFault::Unreadable)
}
