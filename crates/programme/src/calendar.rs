//! Working days: which days are worked, by data, and when a time limit ends.

use jiff::civil::{DateTime, Weekday};
use jiff::tz::Offset;
use jiff::{Span, Timestamp};

use crate::code::{Day, check_unique};
use crate::finding::{Findings, Located, say};
use crate::formula::day_number;
use crate::parameter::Unit;
use crate::section::{Number, Source};

/// The hours of the country's one time zone ahead of UTC.
const HOURS_AHEAD: i8 = 8;
/// A limit of more than this many days is none.
pub(crate) const MOST_DAYS: i64 = 3_660;

/// Public holidays, and the weekend days that are worked in exchange for them. Without data every Monday to Friday is
/// worked.
#[derive(Clone, Debug, Default)]
pub struct Calendar {
    holidays: Vec<Day>,
    worked: Vec<Day>,
}

impl Calendar {
    /// Reads `calendar.toml`.
    pub(crate) fn read(source: &Source<'_>, findings: &mut Findings) -> Self {
        let mut calendar = Self::default();
        source.read_toml(findings, |section, findings| {
            let holidays = section.days("holidays", findings);
            let worked = section.days("worked", findings);
            let named = |days: &[Located<Day>]| -> Vec<Located<String>> {
                days.iter()
                    .map(|day| Located { value: day.value.to_string(), place: day.place.clone() })
                    .collect()
            };
            check_unique(named(&holidays).iter().chain(&named(&worked)), "day", findings);
            for day in worked.iter().filter(|day| !is_weekend(day.value)) {
                findings.add(
                    &day.place,
                    "no_weekend",
                    say(
                        "worked 里只写调休上班的周六、周日",
                        "worked names only Saturdays and Sundays that are worked in exchange",
                    ),
                );
            }
            calendar.holidays = holidays.into_iter().map(|day| day.value).collect();
            calendar.worked = worked.into_iter().map(|day| day.value).collect();
        });
        calendar
    }

    /// Whether a day is worked.
    #[must_use]
    pub fn is_worked(&self, day: Day) -> bool {
        self.worked.contains(&day) || !(is_weekend(day) || self.holidays.contains(&day))
    }

    /// How many working days there are after a day, until another and with it: the day on which a limit begins is none. None
    /// where the other is not later.
    #[must_use]
    pub fn working_days(&self, after: Day, until: Day) -> i64 {
        // Monday to Friday, counted from a Monday before the first of all days that matter.
        let weekdays = |day: Day| {
            let number = day_number(day) + 3;
            number.div_euclid(7) * 5 + (number.rem_euclid(7) + 1).min(5)
        };
        if until <= after {
            return 0;
        }
        let between = |day: &&Day| **day > after && **day <= until;
        let off = self.holidays.iter().filter(between).filter(|day| !is_weekend(**day));
        let worked = self.worked.iter().filter(between);
        weekdays(until) - weekdays(after) - off.map(|_| 1).sum::<i64>() + worked.map(|_| 1).sum::<i64>()
    }

    /// When a limit of so many units ends that begins at an instant. Minutes and hours run through nights and holidays;
    /// days end at midnight, so many midnights on; working days end at the midnight after the last of them, and the day
    /// on which it begins is none of them.
    #[must_use]
    pub fn end(&self, begins: Timestamp, amount: Number, unit: Unit) -> Timestamp {
        let amount = whole(amount, unit);
        let day = local_day(begins);
        match unit {
            Unit::Minutes => later(begins, Span::new().minutes(amount)),
            Unit::Hours => later(begins, Span::new().hours(amount)),
            Unit::WorkingDays => {
                let (mut day, mut left) = (day, amount);
                while left > 0 {
                    let Ok(next) = day.tomorrow() else { break };
                    day = next;
                    left -= i64::from(self.is_worked(day));
                }
                midnight_before(day.tomorrow().unwrap_or(day))
            }
            _ => self.end_of_days(day, amount),
        }
    }

    /// When so many days that are counted from a day end: day 1 is the day itself, and the end is the midnight with which
    /// the last of them is over. Fourteen days from 1 March end when 15 March begins.
    #[must_use]
    pub fn end_of_days(&self, first: Day, days: i64) -> Timestamp {
        midnight_before(first.checked_add(Span::new().days(days.clamp(0, MOST_DAYS))).unwrap_or(Day::MAX))
    }
}

/// The most that a limit may come to, in its own unit: as many days, however they are counted.
pub(crate) fn most(unit: Unit) -> i64 {
    match unit {
        Unit::Minutes => MOST_DAYS * 24 * 60,
        Unit::Hours => MOST_DAYS * 24,
        _ => MOST_DAYS,
    }
}

fn whole(amount: Number, unit: Unit) -> i64 {
    amount.as_whole().clamp(0, most(unit))
}

fn later(begins: Timestamp, span: Span) -> Timestamp {
    begins.checked_add(span).unwrap_or(Timestamp::MAX)
}

fn is_weekend(day: Day) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

fn offset() -> Offset {
    Offset::constant(HOURS_AHEAD)
}

/// The day of an instant in the country's one time zone.
#[must_use]
pub fn local_day(instant: Timestamp) -> Day {
    local(instant).date()
}

/// What a clock in the country shows at an instant.
#[must_use]
pub fn local(instant: Timestamp) -> DateTime {
    offset().to_datetime(instant)
}

/// What a clock in the country shows at an instant, in minutes since midnight.
#[must_use]
pub fn local_minute(instant: Timestamp) -> u16 {
    let clock = local(instant).time();
    u16::from(clock.hour().unsigned_abs()) * 60 + u16::from(clock.minute().unsigned_abs())
}

/// The instant at which a clock in the country shows this.
pub(crate) fn instant_of(local: DateTime) -> Option<Timestamp> {
    offset().to_timestamp(local).ok()
}

/// The instant that a client wrote, of a clock in the country unless it says by how much it is ahead.
pub(crate) fn moment_of(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.contains('T').then_some(())?;
    text.parse().ok().or_else(|| instant_of(text.parse().ok()?))
}

/// The instant at which a day begins.
#[must_use]
pub fn midnight_before(day: Day) -> Timestamp {
    offset().to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn instant(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// The Spring Festival of 2020, which was made longer, and the Sunday worked in exchange.
    fn spring() -> Calendar {
        let mut holidays = Vec::new();
        let mut day = date(2020, 1, 24);
        while day <= date(2020, 2, 2) {
            holidays.push(day);
            day = day.tomorrow().unwrap();
        }
        Calendar { holidays, worked: vec![date(2020, 1, 19)] }
    }

    #[test]
    fn hours_run_through_nights_and_days_end_at_midnight() {
        let calendar = Calendar::default();
        let evening = instant("2020-03-01T22:00:00+08:00");
        let end = |amount, unit| calendar.end(evening, Number::Whole(amount), unit);
        assert_eq!(end(12, Unit::Hours), instant("2020-03-02T10:00:00+08:00"));
        assert_eq!(end(30, Unit::Minutes), instant("2020-03-01T22:30:00+08:00"));
        assert_eq!(end(14, Unit::Days), instant("2020-03-15T00:00:00+08:00"));
        assert_eq!(calendar.end_of_days(date(2020, 3, 1), 14), instant("2020-03-15T00:00:00+08:00"));
    }

    #[test]
    fn a_moment_is_of_a_clock_in_the_country_unless_it_says_otherwise() {
        let half_past_eight = Some(instant("2020-03-10T08:30:00+08:00"));
        for text in ["2020-03-10T08:30", "2020-03-10T08:30:00.000+08:00", "2020-03-10T00:30:00Z"] {
            assert_eq!(moment_of(text), half_past_eight, "{text}");
        }
        for torn in ["2020-03-10", "08:30", "2020-03-10T25:00", "T", "2020-02-30T08:30"] {
            assert_eq!(moment_of(torn), None, "{torn}");
        }
    }

    #[test]
    fn a_limit_in_minutes_or_hours_is_as_long_as_it_says() {
        let end = |amount, unit| {
            Calendar::default().end(instant("2020-03-01T00:00:00+08:00"), Number::Whole(amount), unit)
        };
        assert_eq!(end(4_320, Unit::Minutes), instant("2020-03-04T00:00:00+08:00"));
        assert_eq!(end(4_800, Unit::Hours), instant("2020-09-17T00:00:00+08:00"));
    }

    #[test]
    fn working_days_leave_out_holidays_and_count_the_sunday_worked_in_exchange() {
        let calendar = spring();
        let end =
            |begins: &str, amount| calendar.end(instant(begins), Number::Whole(amount), Unit::WorkingDays);
        // Friday: Sunday 19 January is worked, then Monday.
        assert_eq!(end("2020-01-17T09:00:00+08:00", 2), instant("2020-01-21T00:00:00+08:00"));
        // Thursday before the festival: the first worked day is Monday 3 February.
        assert_eq!(end("2020-01-23T09:00:00+08:00", 1), instant("2020-02-04T00:00:00+08:00"));
        assert_eq!(end("2020-01-23T09:00:00+08:00", 5), instant("2020-02-08T00:00:00+08:00"));
        // Past midnight in the country, still the day before in London.
        assert_eq!(end("2020-03-05T16:30:00Z", 1), instant("2020-03-10T00:00:00+08:00"));
    }
}
