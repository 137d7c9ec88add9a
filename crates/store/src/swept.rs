//! What a sweep came to on each day, and the doors and people behind it: the figures of programmes that a sweep counts, read
//! from the sweep's own views (ADR 0037).

use domain::area::AreaNumber;
use domain::case::Subject;
use domain::id::Id;
use domain::state::SweepNumber;
use domain::sweep::Kind;
use domain::time::{Day, Millis, day_of};
use programme::indicator::{Side, SweepCount, Tally};
use rusqlite::params;

use crate::error::Result;
use crate::indicators::Behind;
use crate::query::{Coverage, Reader};

/// The numbers of an area in a sweep that are known of every day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub dwellings: i64,
    pub accounted: i64,
    pub listed: i64,
    pub reached: i64,
    pub away: i64,
}

impl From<Coverage> for Swept {
    fn from(coverage: Coverage) -> Self {
        Self {
            dwellings: coverage.dwellings,
            accounted: coverage.accounted,
            listed: coverage.persons_listed,
            reached: coverage.persons_reached,
            away: coverage.persons_away,
        }
    }
}

impl Swept {
    fn plus(self, other: Self) -> Self {
        Self {
            dwellings: self.dwellings + other.dwellings,
            accounted: self.accounted + other.accounted,
            listed: self.listed + other.listed,
            reached: self.reached + other.reached,
            away: self.away + other.away,
        }
    }

    /// The same as what an indicator comes to.
    #[must_use]
    pub fn tally(&self, count: SweepCount) -> Tally {
        let left = self.dwellings - self.accounted;
        match count {
            SweepCount::Accounted => Tally::whole(self.accounted, self.dwellings),
            SweepCount::Residual => Tally::whole(left, left),
            SweepCount::Reached => Tally::whole(self.reached, self.listed - self.away),
        }
    }
}

impl Reader {
    /// What a sweep and an area have in common; none if that is nothing.
    #[must_use]
    pub fn shared(&self, sweep: SweepNumber, area: AreaNumber) -> Option<AreaNumber> {
        let areas = &self.book().areas;
        let own = self.book().sweeps.get(sweep as usize)?.area;
        if areas.is_within(area, own) {
            return Some(area);
        }
        areas.is_within(own, area).then_some(own)
    }

    /// What an area came to in a sweep at the end of each day from `since` to `until`, by what had arrived by then; today, as
    /// it is now, and from its closing on as it was closed.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn swept(
        &self,
        sweep: SweepNumber,
        area: AreaNumber,
        (since, until): (Day, Day),
        now: Millis,
    ) -> Result<Vec<(Day, Swept)>> {
        let Some(row) = self.book().sweeps.get(sweep as usize) else { return Ok(Vec::new()) };
        let Some(area) = self.shared(sweep, area) else { return Ok(Vec::new()) };
        let mut read = self.views_connection().prepare_cached(
            // A day begins with the hour 16 of the day before: hours are counted in universal time.
            "select (hour + 8) / 24 as day, sum(dwellings), sum(accounted), sum(listed), sum(reached), sum(away) from (
                select hour, dwellings, 0 as accounted, listed, 0 as reached, 0 as away
                from count_hour where area = ?2
                union all
                select hour, 0, accounted, 0, persons_reached, persons_away
                from tally_hour where sweep = ?1 and area = ?2)
             group by day order by day",
        )?;
        let changes = read.query_map(params![sweep, area], |row| {
            let swept = Swept {
                dwellings: row.get(1)?,
                accounted: row.get(2)?,
                listed: row.get(3)?,
                reached: row.get(4)?,
                away: row.get(5)?,
            };
            Ok((row.get(0)?, swept))
        })?;
        let mut changes = changes.collect::<rusqlite::Result<Vec<(Day, Swept)>>>()?.into_iter().peekable();
        let today = day_of(now);
        let settled = row.closed_at.map_or(today, day_of);
        let mut sum = Swept::default();
        let mut days = Vec::new();
        for day in day_of(row.opened_at).max(since)..=until.min(today) {
            while let Some((_, change)) = changes.next_if(|(of, _)| *of <= day) {
                sum = sum.plus(change);
            }
            days.push((day, if day < settled { sum } else { self.coverage(sweep, area)?.into() }));
        }
        Ok(days)
    }

    /// The doors or people on one side of what a sweep counts in an area, by their ids and after one of them, as they are
    /// now. Of a closed sweep doors are as it was closed, and people as they are known now.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn behind_sweep(
        &mut self,
        count: SweepCount,
        sweep: SweepNumber,
        area: AreaNumber,
        side: Side,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Behind>> {
        let Some(area) = self.shared(sweep, area) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        let a_door = |dwelling| Behind { subject: Subject::Dwelling(dwelling), dwelling };
        for number in self.book().areas.subtree(area) {
            match (count, side) {
                (SweepCount::Accounted, Side::Met) => {
                    let doors = self.doors(sweep, number)?;
                    found.extend(
                        doors.iter().filter(|door| door.reason().is_none()).map(|door| a_door(door.id)),
                    );
                }
                (SweepCount::Accounted, Side::Missed) | (SweepCount::Residual, Side::Met) => {
                    found.extend(self.residual(sweep, number)?.iter().map(|(door, _)| a_door(door.id)));
                }
                (SweepCount::Reached, Side::Met | Side::Missed) => {
                    let on_side = |kind| match kind {
                        Kind::Confirmed | Kind::Moved => side == Side::Met,
                        Kind::ListedDark | Kind::Unresolved => side == Side::Missed,
                        Kind::Away | Kind::LitUnlisted => false,
                    };
                    let lines = self.reconcile(sweep, number)?;
                    let lines = lines.iter().filter(|line| on_side(line.kind));
                    found.extend(lines.filter_map(|line| {
                        Some(Behind { subject: Subject::Person(line.person?), dwelling: line.door.id })
                    }));
                }
                (SweepCount::Accounted | SweepCount::Residual | SweepCount::Reached, _) => {}
            }
        }
        found.retain(|behind| after.is_none_or(|after| behind.subject.id() > after));
        found.sort_unstable_by_key(|behind| behind.subject.id());
        found.truncate(limit);
        Ok(found)
    }
}
