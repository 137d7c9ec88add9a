//! How many phones there are in each area, and how many of them have reported since a sweep opened.
//!
//! Kept in memory, since pages ask for it at every refresh: the storage knows when each phone pushed last, and from
//! then on every push, enrolment and revocation is told here.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use domain::area::AreaNumber;
use domain::id::SeriesId;
use domain::state::{Book, SweepNumber};
use domain::time::Millis;
use rustc_hash::FxHashMap;
use store::Reader;

use super::failure::Result;

struct Phone {
    area: AreaNumber,
    pushed_at: Option<Millis>,
}

#[derive(Default)]
struct Counts {
    phones: FxHashMap<SeriesId, Phone>,
    total: FxHashMap<AreaNumber, u32>,
    reported: FxHashMap<(SweepNumber, AreaNumber), u32>,
    /// The sweeps counted so far, by when they opened.
    sweeps: Vec<Millis>,
}

/// The phones that are not revoked.
#[derive(Default)]
pub struct Fleet {
    counts: Mutex<Counts>,
}

impl Counts {
    /// A new sweep starts from zero: whoever pushed before it opened has not reported in it.
    fn know_sweeps(&mut self, book: &Book) {
        let known = self.sweeps.len();
        self.sweeps.extend(book.sweeps.iter().skip(known).map(|sweep| sweep.opened_at));
    }

    fn add(&mut self, book: &Book, series: SeriesId, phone: Phone) {
        for area in book.areas.path(phone.area) {
            *self.total.entry(area).or_default() += 1;
        }
        if let Some(pushed_at) = phone.pushed_at {
            self.report(book, phone.area, None, pushed_at);
        }
        self.phones.insert(series, phone);
    }

    /// Counts a phone in the sweeps that opened after its push before and not after this one.
    fn report(&mut self, book: &Book, area: AreaNumber, before: Option<Millis>, now: Millis) {
        for (sweep, opened_at) in (0u32..).zip(&self.sweeps) {
            if *opened_at <= now && before.is_none_or(|before| before < *opened_at) {
                for area in book.areas.path(area) {
                    *self.reported.entry((sweep, area)).or_default() += 1;
                }
            }
        }
    }
}

impl Fleet {
    fn lock(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads every phone once, at the start.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn load(&self, reader: &mut Reader) -> Result<()> {
        let phones = reader.every_phone()?;
        let book = reader.book();
        let mut counts = self.lock();
        counts.know_sweeps(book);
        for phone in phones {
            if !phone.revoked && !counts.phones.contains_key(&phone.series) {
                counts.add(book, phone.series, Phone { area: phone.area, pushed_at: phone.pushed_at });
            }
        }
        Ok(())
    }

    pub fn enrolled(&self, book: &Book, series: SeriesId, area: AreaNumber) {
        let mut counts = self.lock();
        counts.know_sweeps(book);
        if !counts.phones.contains_key(&series) {
            counts.add(book, series, Phone { area, pushed_at: None });
        }
    }

    pub fn pushed(&self, book: &Book, series: SeriesId, now: Millis) {
        let mut counts = self.lock();
        counts.know_sweeps(book);
        let Some(phone) = counts.phones.get_mut(&series) else { return };
        let (area, before) = (phone.area, phone.pushed_at.replace(now));
        counts.report(book, area, before, now);
    }

    pub fn revoked(&self, book: &Book, series: SeriesId) {
        let mut counts = self.lock();
        let Some(phone) = counts.phones.remove(&series) else { return };
        for area in book.areas.path(phone.area) {
            if let Some(total) = counts.total.get_mut(&area) {
                *total = total.saturating_sub(1);
            }
        }
        let Some(pushed_at) = phone.pushed_at else { return };
        for sweep in 0..u32::try_from(counts.sweeps.len()).unwrap_or(0) {
            if counts.sweeps.get(sweep as usize).is_some_and(|opened_at| *opened_at <= pushed_at) {
                for area in book.areas.path(phone.area) {
                    if let Some(reported) = counts.reported.get_mut(&(sweep, area)) {
                        *reported = reported.saturating_sub(1);
                    }
                }
            }
        }
    }

    /// How many phones of each area's own pushed nothing since a moment.
    #[must_use]
    pub fn silent(&self, since: Millis) -> Vec<(AreaNumber, u64)> {
        let counts = self.lock();
        let mut silent: BTreeMap<AreaNumber, u64> = BTreeMap::new();
        for phone in counts.phones.values().filter(|phone| phone.pushed_at.is_none_or(|at| at < since)) {
            *silent.entry(phone.area).or_default() += 1;
        }
        silent.into_iter().collect()
    }

    /// How many phones there are in each area and below, and when one of each area's own pushed last.
    #[must_use]
    pub fn heard(&self) -> (HashMap<AreaNumber, u32>, HashMap<AreaNumber, Millis>) {
        let counts = self.lock();
        let pushed = counts.phones.values().filter_map(|phone| Some((phone.area, phone.pushed_at?)));
        let newest = pushed.fold(HashMap::new(), |mut newest: HashMap<AreaNumber, Millis>, (area, at)| {
            newest.entry(area).and_modify(|known| *known = at.max(*known)).or_insert(at);
            newest
        });
        (counts.total.iter().map(|(area, total)| (*area, *total)).collect(), newest)
    }

    /// The phones of an area and below that pushed since the sweep opened, and how many there are.
    #[must_use]
    pub fn figures(&self, sweep: SweepNumber, area: AreaNumber) -> (u32, u32) {
        let counts = self.lock();
        let reported = counts.reported.get(&(sweep, area)).copied().unwrap_or(0);
        (reported, counts.total.get(&area).copied().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::area::{Area, Level};
    use domain::id::Id;
    use domain::state::Sweep;

    fn book(opened: &[Millis]) -> Book {
        let mut book = Book::default();
        for (code, level, parent) in
            [("C", Level::County, None), ("A", Level::Community, Some(0)), ("B", Level::Community, Some(0))]
        {
            book.areas.register(Area { code: code.into(), name: code.into(), level, parent });
        }
        for opened_at in opened {
            book.sweeps.push(Sweep {
                id: Id::default(),
                area: 0,
                programme: String::new(),
                opened_at: *opened_at,
                deadline: 0,
                closed_at: None,
                withdrawn: None,
            });
        }
        book
    }

    #[test]
    fn a_phone_reports_once_in_each_sweep_that_is_open_when_it_pushes() {
        let (first, both) = (book(&[100]), book(&[100, 200]));
        let fleet = Fleet::default();
        fleet.enrolled(&first, Id([1; 16]), 1);
        fleet.enrolled(&first, Id([2; 16]), 2);
        assert_eq!(fleet.figures(0, 0), (0, 2));
        assert_eq!(fleet.silent(100), [(1, 1), (2, 1)]);
        fleet.pushed(&first, Id([1; 16]), 150);
        assert_eq!((fleet.silent(150), fleet.silent(151)), (vec![(2, 1)], vec![(1, 1), (2, 1)]));
        fleet.pushed(&first, Id([1; 16]), 160);
        assert_eq!((fleet.figures(0, 0), fleet.figures(0, 1), fleet.figures(0, 2)), ((1, 2), (1, 1), (0, 1)));
        fleet.pushed(&both, Id([2; 16]), 250);
        assert_eq!((fleet.figures(0, 0), fleet.figures(1, 0)), ((2, 2), (1, 2)));
        fleet.pushed(&both, Id([1; 16]), 300);
        assert_eq!(fleet.figures(1, 0), (2, 2));
        fleet.revoked(&both, Id([1; 16]));
        assert_eq!((fleet.figures(0, 0), fleet.figures(1, 0), fleet.figures(1, 1)), ((1, 1), (1, 1), (0, 0)));
        fleet.pushed(&both, Id([1; 16]), 400);
        assert_eq!(fleet.figures(1, 0), (1, 1));
    }
}
