//! Forms whose answers are past their end: which they are, found without opening anything that is sealed (ADR 0032).

use domain::apply;
use domain::case::Filled;
use domain::id::Id;
use domain::time::{Day, Millis, day_of, from_day};
use programme::form::Form;
use programme::keep::{Awaited, Keep};
use rusqlite::{OptionalExtension as _, Row, params};

use crate::cases::{FILLED, filled_from};
use crate::error::Result;
use crate::packs::if_readable;
use crate::query::Reader;

/// As many forms are looked at in one call.
const LOOKED_AT: usize = 500;

/// What one look found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PastDue {
    /// Of each form that is past its end, whom it is about and its position.
    pub forms: Vec<(Id, u64)>,
    /// From where to look on; none if that was all.
    pub next: Option<Place>,
}

/// A place in the order of filled-in forms: by day, then by position. The default is before all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(Day, u64);

impl Default for Place {
    fn default() -> Self {
        Self(Day::MIN, 0)
    }
}

impl Reader {
    /// Looks at some of the forms whose answers are still there, from a place on, and finds those past their end on a day.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn past_due(&mut self, today: Day, from: Place) -> Result<PastDue> {
        let looked_at: Vec<Filled> = {
            let mut read = self.views.connection().prepare_cached(&format!(
                "select {FILLED} from filled where erased_at is null and (on_day, position) > (?1, ?2)
                 order by on_day, position limit ?3"
            ))?;
            let rows = read.query_map(params![from.0, from.1, LOOKED_AT], filled_from)?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let mut found = PastDue::default();
        if looked_at.len() == LOOKED_AT {
            found.next = looked_at.last().map(|last| Place(last.on, last.position));
        }
        for filled in looked_at {
            if self.ends(&filled, today)?.is_some_and(|end| end <= today) {
                found.forms.push((filled.subject.id(), filled.position));
            }
        }
        Ok(found)
    }

    /// How many forms are past their end on a day and still there: none, once that day's are erased.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn count_past_due(&mut self, today: Day) -> Result<usize> {
        let (mut count, mut from) = (0, Place::default());
        loop {
            let found = self.past_due(today, from)?;
            count += found.forms.len();
            let Some(next) = found.next else { return Ok(count) };
            from = next;
        }
    }

    /// The first day on which the answers of a form are kept no more, as far as is known today.
    fn ends(&mut self, filled: &Filled, today: Day) -> Result<Option<Day>> {
        let Filled { programme, version, .. } = filled;
        let book = self.book();
        // A later version of the programme carries on what was begun under an earlier one.
        let own = || book.edition_of(programme, version).map(|(edition, _)| edition);
        let edition = book.edition_on(programme, today).or_else(own);
        let Some(sunset) = edition.map(|edition| edition.sunset) else { return Ok(None) };
        let read = if_readable(self.programme(programme, version))?;
        // Where no pack says anything of the form, it outlives the programme as little.
        let keep = read.as_ref().and_then(|read| read.form(&filled.form)).map_or(Keep::Programme, Form::keep);
        let (mut case, mut sweep) = (Awaited::Nothing, Awaited::Nothing);
        match keep {
            Keep::AfterCase(_) => case = self.case_awaited(filled)?,
            Keep::AfterSweep(_) => sweep = self.sweep_awaited(filled)?,
            Keep::AfterAnswer(_) | Keep::Programme => {}
        }
        let end = keep.ends(from_day(filled.on), case, sweep, from_day(sunset));
        Ok(end.map(domain::time::to_day))
    }

    /// The case for which it was filled in; else the newest of whom it is about under the programme.
    fn case_awaited(&mut self, filled: &Filled) -> Result<Awaited> {
        let of = |row: &Row<'_>| -> rusqlite::Result<Awaited> {
            let (ended, since): (bool, Millis) = (row.get(0)?, row.get(1)?);
            Ok(if ended { Awaited::Ended(from_day(day_of(since))) } else { Awaited::GoesOn })
        };
        if let Some(case) = filled.case {
            let own = self
                .views
                .connection()
                .prepare_cached(
                    "select ended, since from case_file
                     where id = coalesce((select case_id from case_alias where id = ?1), ?1)",
                )?
                .query_row([case.0], of)
                .optional()?;
            if let Some(own) = own {
                return Ok(own);
            }
        }
        let subject = apply::canonical_subject(&mut self.views, filled.subject)?;
        let newest = self
            .views
            .connection()
            .prepare_cached(
                "select ended, since from case_file where subject = ?1 and programme = ?2
                 order by ended, opened_at desc, id limit 1",
            )?
            .query_row(params![subject.id().0, filled.programme], of)
            .optional()?;
        Ok(newest.unwrap_or(Awaited::Nothing))
    }

    /// The sweep that was open at the door's area on the day; of several, the one that ended last.
    fn sweep_awaited(&mut self, filled: &Filled) -> Result<Awaited> {
        let Some(area) = self.area_about(filled.subject, filled.dwelling)? else {
            return Ok(Awaited::Nothing);
        };
        let book = self.book();
        let mut last = Awaited::Nothing;
        for sweep in &book.sweeps {
            let swept = sweep.withdrawn.is_none() && book.areas.is_within(area, sweep.area);
            if !swept || filled.on < day_of(sweep.opened_at) {
                continue;
            }
            let Some(closed_on) = sweep.closed_at.map(day_of) else { return Ok(Awaited::GoesOn) };
            let closed = from_day(closed_on);
            if filled.on <= closed_on && !matches!(last, Awaited::Ended(day) if day >= closed) {
                last = Awaited::Ended(closed);
            }
        }
        Ok(last)
    }
}
