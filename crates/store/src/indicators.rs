//! What indicators count, kept where the keys are: what each subject adds, sealed, and the sums by area and day.
//!
//! It follows the facts and is made of sealed answers, so it lies in no ordinary backup, goes with whom it is about, and can
//! be counted anew at any time (ADR 0020).

use std::collections::BTreeMap;

use domain::area::AreaNumber;
use domain::case::Subject;
use domain::id::{DwellingId, Id};
use domain::state::State as _;
use domain::time::Day;
use ledger::seal::{DataKey, WRAPPED_LEN};
use programme::change::Changes as ChangedFlags;
use programme::indicator::{self, Contribution, Contributions, Side, Tally};
use rusqlite::{Connection, OptionalExtension, params};

use crate::compared::InForce;
use crate::content::Content;
use crate::entropy::Entropy;
use crate::error::{Result, StoreError};
use crate::query::Reader;
use crate::store::Store;
use crate::views::get_id;

/// What stands in the place of a series when a contribution is sealed.
const PLACE: &[u8; 16] = b"contribution\0\0\0\0";

/// How far it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counting {
    /// The day for which it is counted, in China's time.
    pub day: Day,
    /// The versions of programmes by which it is.
    pub under: String,
    /// Everyone before this position is counted for the day.
    pub position: u64,
    /// The newest day for which everyone was.
    pub whole: Option<Day>,
    /// Whether a version is being compared with the one before it.
    pub comparing: bool,
}

/// What a subject adds to the indicators of a programme; nothing at all for one that is no longer there.
#[derive(Clone, Debug)]
pub struct Counted {
    pub subject: Subject,
    pub programme: String,
    /// Where it counts.
    pub dwelling: DwellingId,
    pub area: AreaNumber,
    pub added: Contributions,
    /// What the version changes for it, while versions are compared.
    pub changed: Option<ChangedFlags>,
}

/// Someone or something behind a figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    pub subject: Subject,
    pub dwelling: DwellingId,
}

/// What changes of the sums, by programme, area and indicator.
#[derive(Default)]
struct Changes(BTreeMap<(String, AreaNumber, String), Tally>);

impl Changes {
    /// In an area and in all that it lies in.
    fn change(
        &mut self,
        programme: &str,
        path: &[AreaNumber],
        added: &Contributions,
        change: impl Fn(&mut Tally, &Contribution),
    ) {
        for area in path {
            for (id, contribution) in added.iter().filter(|(_, added)| **added != Contribution::default()) {
                change(self.0.entry((programme.to_owned(), *area, id.clone())).or_default(), contribution);
            }
        }
    }

    fn write(self, keys: &Connection, day: Day) -> Result<()> {
        let mut sum = keys.prepare_cached(
            "insert into indicator_sum (programme, area, day, indicator, numerator, denominator, unknown)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             on conflict (programme, area, day, indicator) do update set numerator = numerator + ?5,
                denominator = denominator + ?6, unknown = unknown + ?7",
        )?;
        let mut empty = keys.prepare_cached(
            "delete from indicator_sum where programme = ?1 and area = ?2 and day = ?3 and indicator = ?4
                and numerator = 0 and denominator = 0 and unknown = 0",
        )?;
        let mut value = keys.prepare_cached(
            "insert into indicator_value (programme, area, indicator, value, subjects) values (?1, ?2, ?3, ?4, ?5)
             on conflict (programme, area, indicator, value) do update set subjects = subjects + ?5",
        )?;
        let mut gone = keys.prepare_cached(
            "delete from indicator_value where programme = ?1 and area = ?2 and indicator = ?3 and value = ?4
                and subjects = 0",
        )?;
        for ((programme, area, id), tally) in self.0.into_iter().filter(|(_, tally)| !tally.is_nothing()) {
            let (numerator, denominator) = tally.thousandths();
            sum.execute(params![programme, area, day, id, numerator, denominator, tally.unknown()])?;
            empty.execute(params![programme, area, day, id])?;
            for (of, subjects) in tally.values() {
                value.execute(params![programme, area, id, of, subjects])?;
                gone.execute(params![programme, area, id, of])?;
            }
        }
        Ok(())
    }
}

impl Content {
    fn counting(&self) -> Result<Option<Counting>> {
        let value = |name: &str| -> Result<Option<i64>> {
            let mut read = self.keys.prepare_cached("select value from meta where name = ?1")?;
            Ok(read.query_row([name], |row| row.get(0)).optional()?)
        };
        let Some(day) = value("counted_day")? else { return Ok(None) };
        let under = self
            .keys
            .prepare_cached("select value from meta where name = 'counted_under'")?
            .query_row([], |row| row.get(0))?;
        let position = value("counted_position")?.unwrap_or(0);
        let whole = value("counted_whole")?.and_then(|day| Day::try_from(day).ok());
        let mut comparing = self.keys.prepare_cached("select 1 from comparison where whole = 0")?;
        Ok(Some(Counting {
            comparing: comparing.exists([])?,
            day: Day::try_from(day).unwrap_or_default(),
            under,
            position: position.unsigned_abs(),
            whole,
        }))
    }

    fn put_counting(&self, counting: &Counting) -> Result<()> {
        let mut put =
            self.keys.prepare_cached("insert or replace into meta (name, value) values (?1, ?2)")?;
        put.execute(params!["counted_day", counting.day])?;
        put.execute(params!["counted_under", counting.under])?;
        put.execute(params!["counted_position", counting.position])?;
        if let Some(whole) = counting.whole {
            put.execute(params!["counted_whole", whole])?;
        }
        Ok(())
    }

    /// What a subject was last counted with: where, for which day, and what it adds.
    fn contribution(&self, subject: Id, programme: &str) -> Result<Option<(AreaNumber, Day, Contributions)>> {
        let found = self
            .keys
            .prepare_cached(
                "select area, day, parts from contribution where subject = ?1 and programme = ?2",
            )?
            .query_row(params![subject.0, programme], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get::<_, Vec<u8>>(2)?))
            })
            .optional()?;
        found.map(|(area, day, parts)| Ok((area, day, self.open_parts(subject, &parts)?))).transpose()
    }

    /// Seals what lies beside the keys, for a subject and a place.
    pub(crate) fn seal_beside(
        &self,
        entropy: &mut Entropy,
        subject: Id,
        place: &[u8; 16],
        plain: &[u8],
    ) -> Result<Vec<u8>> {
        let key = DataKey::from_bytes(entropy.bytes()?);
        let mut sealed = self.key()?.wrap(&subject.0, &key, entropy.bytes()?);
        sealed.extend(ledger::seal::seal(&key, &subject.0, place, 0, entropy.bytes()?, plain));
        Ok(sealed)
    }

    /// Opens what lies beside the keys, sealed for a subject and a place.
    pub(crate) fn open_beside(&self, subject: Id, place: &[u8; 16], sealed: &[u8]) -> Result<Vec<u8>> {
        let fail = |error: ledger::seal::SealError| StoreError::Seal(error.to_string());
        let (wrapped, ciphertext) = sealed.split_at(sealed.len().min(WRAPPED_LEN));
        let key = self.key()?.unwrap(&subject.0, wrapped).map_err(fail)?;
        ledger::seal::open(&key, &subject.0, place, 0, ciphertext).map_err(fail)
    }

    fn open_parts(&self, subject: Id, parts: &[u8]) -> Result<Contributions> {
        indicator::decode(&self.open_beside(subject, PLACE, parts)?)
            .ok_or_else(|| StoreError::Damaged("what a subject adds to indicators does not read".into()))
    }

    /// Takes a subject out of everything that is counted. The transaction is the caller's.
    pub(crate) fn forget_contributions(
        &self,
        subject: Id,
        path: impl Fn(AreaNumber) -> Vec<AreaNumber>,
    ) -> Result<()> {
        self.forget_changes(subject, None, &path)?;
        let Some(counting) = self.counting()? else { return Ok(()) };
        let programmes: Vec<String> = {
            let mut read =
                self.keys.prepare_cached("select programme from contribution where subject = ?1")?;
            read.query_map([subject.0], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        let mut changes = Changes::default();
        for programme in programmes {
            if let Some((area, day, added)) = self.contribution(subject, &programme)?
                && day == counting.day
            {
                changes.change(&programme, &path(area), &added, Tally::subtract);
            }
        }
        changes.write(&self.keys, counting.day)?;
        self.keys.prepare_cached("delete from contribution where subject = ?1")?.execute([subject.0])?;
        Ok(())
    }
}

/// Of a day that is over only the middle of values is kept, in the place of the values.
fn close_day(keys: &Connection, day: Day) -> Result<()> {
    let kept: Vec<(String, AreaNumber, String)> = {
        let mut read = keys.prepare("select distinct programme, area, indicator from indicator_value")?;
        let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for (programme, area, id) in kept {
        let middle = middle_of(keys, &programme, area, &id)?;
        keys.prepare_cached(
            "update indicator_sum set middle = ?5 where programme = ?1 and area = ?2 and day = ?3 and indicator = ?4",
        )?
        .execute(params![programme, area, day, id, middle])?;
    }
    keys.execute("delete from indicator_value", [])?;
    Ok(())
}

/// The value, in thousandths, that half of all do not exceed.
fn middle_of(keys: &Connection, programme: &str, area: AreaNumber, id: &str) -> Result<Option<i64>> {
    Ok(keys
        .prepare_cached(
            "select value from (
                select value, sum(subjects) over (order by value) as passed, sum(subjects) over () as everyone
                from indicator_value where programme = ?1 and area = ?2 and indicator = ?3)
             where passed * 2 >= everyone order by value limit 1",
        )?
        .query_row(params![programme, area, id], |row| row.get(0))
        .optional()?)
}

impl Store {
    /// Where counting stands; a new day, or other versions of programmes, begin with everyone anew, and a version that is
    /// new is compared with the one before it.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn begin_counting(&mut self, day: Day, in_force: &[InForce]) -> Result<Counting> {
        self.content.together()?;
        let versions = in_force.iter().map(|one| format!("{} {}", one.programme, one.version));
        let under = versions.collect::<Vec<_>>().join(", ");
        let before = self.content.counting()?;
        let size = self.size();
        // A position beyond the ledger is of a copy that was put back.
        let same = |before: &&Counting| before.day == day && before.under == under && before.position <= size;
        if let Some(before) = before.as_ref().filter(same) {
            return Ok(before.clone());
        }
        let whole = before.as_ref().and_then(|before| before.whole);
        let batch = self.content.keys.unchecked_transaction()?;
        if let Some(before) = before.filter(|before| before.day != day) {
            close_day(&self.content.keys, before.day)?;
        }
        self.content.put_counting(&Counting { day, under, position: 0, whole, comparing: false })?;
        self.content.begin_comparing(day, in_force)?;
        batch.commit()?;
        self.content
            .counting()?
            .ok_or_else(|| StoreError::Damaged("how far it is counted is not there".into()))
    }

    /// Takes away what these subjects added and adds what they add now, in one transaction with how far it is counted.
    /// `whole` says that nobody is left to count.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn count(&mut self, position: u64, whole: bool, all: &[Counted]) -> Result<()> {
        self.content.together()?;
        let Some(mut counting) = self.content.counting()? else { return Ok(()) };
        counting.position = position;
        if whole {
            counting.whole = Some(counting.day);
        }
        let day = counting.day;
        let mut changes = Changes::default();
        let batch = self.content.keys.unchecked_transaction()?;
        if whole {
            self.content.end_comparing()?;
        }
        for counted in all {
            let Counted { subject, programme, dwelling, area, added, changed } = counted;
            let id = subject.id();
            // What was erased since it was judged is counted no more.
            let erased = matches!(subject, Subject::Person(person) if self.views.is_erased(*person)?);
            let path = |area| self.views.book().areas.path(area).collect::<Vec<_>>();
            if let Some(changed) = changed.as_ref().filter(|_| !erased) {
                let about = (*subject, *dwelling, *area);
                self.content.put_changes(&mut self.entropy, programme, about, changed, path)?;
            }
            if let Some((before, on, old)) = self.content.contribution(id, programme)?
                && on == day
            {
                if before == *area && old == *added {
                    continue;
                }
                changes.change(programme, &path(before), &old, Tally::subtract);
            }
            if erased || added.values().all(|added| *added == Contribution::default()) {
                self.content
                    .keys
                    .prepare_cached("delete from contribution where subject = ?1 and programme = ?2")?
                    .execute(params![id.0, programme])?;
                continue;
            }
            changes.change(programme, &path(*area), added, Tally::add);
            let parts = self.content.seal_beside(&mut self.entropy, id, PLACE, &indicator::encode(added))?;
            self.content
                .keys
                .prepare_cached(
                    "insert or replace into contribution (subject, programme, kind, dwelling, area, day, parts)
                     values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![id.0, programme, subject.kind(), dwelling.0, area, day, parts])?;
        }
        changes.write(&self.content.keys, day)?;
        self.content.put_counting(&counting)?;
        batch.commit()?;
        Ok(())
    }
}

impl Reader {
    /// How far indicators are counted; none before the first programme.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn counting(&self) -> Result<Option<Counting>> {
        self.content.counting()
    }

    /// What the indicators of a programme come to in an area on each day from `since` to `until`, by their ids. A middle is
    /// told as the one value that all have.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn tallies(
        &self,
        programme: &str,
        area: AreaNumber,
        (since, until): (Day, Day),
    ) -> Result<BTreeMap<String, Vec<(Day, Tally)>>> {
        let keys = &self.content.keys;
        let open = self.content.counting()?.map(|counting| counting.day);
        let mut read = keys.prepare_cached(
            "select indicator, day, numerator, denominator, unknown, middle from indicator_sum
             where programme = ?1 and area = ?2 and day between ?3 and ?4 order by day",
        )?;
        let rows = read.query_map(params![programme, area, since, until], |row| {
            let sums: (i64, i64, i64) = (row.get(2)?, row.get(3)?, row.get(4)?);
            Ok((row.get::<_, String>(0)?, row.get::<_, Day>(1)?, sums, row.get::<_, Option<i64>>(5)?))
        })?;
        let mut found: BTreeMap<String, Vec<(Day, Tally)>> = BTreeMap::new();
        for row in rows {
            let (id, day, (numerator, denominator, unknown), kept) = row?;
            let middle = if Some(day) == open { middle_of(keys, programme, area, &id)? } else { kept };
            let values = middle.into_iter().map(|value| (value, 1)).collect();
            let tally = Tally::of(numerator, denominator, unknown, values);
            found.entry(id).or_default().push((day, tally));
        }
        Ok(found)
    }

    /// Who stands on one side of an indicator in an area, by their ids and after one of them: for the day that is counted
    /// now, since of earlier days only sums are kept.
    ///
    /// # Errors
    /// Those of the storage, and [`StoreError::Seal`] if the reader was opened without a key.
    pub fn behind(
        &self,
        programme: &str,
        indicator: &str,
        area: AreaNumber,
        side: Side,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Behind>> {
        let day = self.content.counting()?.map(|counting| counting.day);
        let mut read = self.content.keys.prepare_cached(
            "select subject, kind, dwelling, parts from contribution
             where area = ?1 and programme = ?2 and day = ?3 and subject > ?4",
        )?;
        let mut found = Vec::new();
        for area in self.book().areas.subtree(area) {
            let rows = read.query_map(params![area, programme, day, after.unwrap_or_default().0], |row| {
                let id = get_id(row, 0)?;
                let subject = Subject::of(row.get(1)?, id).unwrap_or(Subject::Dwelling(id));
                Ok((Behind { subject, dwelling: get_id(row, 2)? }, row.get::<_, Vec<u8>>(3)?))
            })?;
            for row in rows {
                let (behind, parts) = row?;
                let added = self.content.open_parts(behind.subject.id(), &parts)?;
                if added.get(indicator).is_some_and(|added| added.side() == side) {
                    found.push(behind);
                }
            }
        }
        found.sort_unstable_by_key(|behind| behind.subject.id());
        found.truncate(limit);
        Ok(found)
    }
}
