//! Whose flags came and went when a version of a programme came into force, kept where the keys are.
//!
//! It is reckoned from sealed answers on one day, so it lies in no ordinary backup, goes with whom it is about, and is no
//! truth (ADR 0033). Of each programme the newest version is compared; what an older one changed is over.

use domain::area::AreaNumber;
use domain::case::Subject;
use domain::id::{DwellingId, Id};
use domain::time::Day;
use programme::change::{self, Changes};
use rusqlite::{Connection, params};

use crate::content::Content;
use crate::entropy::Entropy;
use crate::error::{Result, StoreError};
use crate::query::Reader;
use crate::views::get_id;

/// What stands in the place of a series when a subject's changes are sealed.
const PLACE: &[u8; 16] = b"changed flags\0\0\0";

/// A version in force, and the one before it if there is one that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    pub programme: String,
    pub version: String,
    pub before: Option<String>,
}

/// Two versions by which everyone is judged on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub programme: String,
    pub version: String,
    pub before: String,
    pub day: Day,
    /// Whether everyone was.
    pub whole: bool,
}

/// How many flags of a rule came and went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeCount {
    pub rule: String,
    pub came: u64,
    pub went: u64,
}

/// For whom something changed, and behind which door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub subject: Subject,
    pub dwelling: DwellingId,
    pub changes: Changes,
}

impl Content {
    /// Begins to compare what is not compared yet, for a day on which everyone is judged. The transaction is the caller's.
    pub(crate) fn begin_comparing(&self, day: Day, in_force: &[InForce]) -> Result<()> {
        for InForce { programme, version, before } in in_force {
            let done = "select 1 from comparison where programme = ?1 and version = ?2 and whole = 1";
            if self.keys.prepare_cached(done)?.exists(params![programme, version])? {
                continue;
            }
            for gone in [
                "delete from comparison where programme = ?1",
                "delete from changed where programme = ?1",
                "delete from change_sum where programme = ?1",
            ] {
                self.keys.prepare_cached(gone)?.execute([programme])?;
            }
            if let Some(before) = before {
                self.keys
                    .prepare_cached(
                        "insert into comparison (programme, version, before, day, whole) values (?1, ?2, ?3, ?4, 0)",
                    )?
                    .execute(params![programme, version, before, day])?;
            }
        }
        Ok(())
    }

    /// Everyone was judged by both. The transaction is the caller's.
    pub(crate) fn end_comparing(&self) -> Result<()> {
        self.keys.prepare_cached("update comparison set whole = 1 where whole = 0")?.execute([])?;
        Ok(())
    }

    /// Takes a subject out of what was compared, of one programme or of all. The transaction is the caller's.
    pub(crate) fn forget_changes(
        &self,
        subject: Id,
        programme: Option<&str>,
        path: impl Fn(AreaNumber) -> Vec<AreaNumber>,
    ) -> Result<()> {
        let known: Vec<(String, AreaNumber, Vec<u8>)> = {
            let mut read = self.keys.prepare_cached(
                "select programme, area, rules from changed where subject = ?1 and programme = ifnull(?2, programme)",
            )?;
            let rows = read.query_map(params![subject.0, programme], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for (programme, area, rules) in known {
            add(&self.keys, &programme, &path(area), &self.open_changes(subject, &rules)?, -1)?;
            self.keys
                .prepare_cached("delete from changed where subject = ?1 and programme = ?2")?
                .execute(params![subject.0, programme])?;
        }
        Ok(())
    }

    /// What a version changes for a subject, in the place of what was found out before. The transaction is the caller's.
    pub(crate) fn put_changes(
        &self,
        entropy: &mut Entropy,
        programme: &str,
        (subject, dwelling, area): (Subject, DwellingId, AreaNumber),
        changes: &Changes,
        path: impl Fn(AreaNumber) -> Vec<AreaNumber>,
    ) -> Result<()> {
        let id = subject.id();
        self.forget_changes(id, Some(programme), &path)?;
        if changes.is_empty() {
            return Ok(());
        }
        add(&self.keys, programme, &path(area), changes, 1)?;
        let rules = self.seal_beside(entropy, id, PLACE, &change::encode(changes))?;
        self.keys
            .prepare_cached(
                "insert into changed (programme, subject, kind, dwelling, area, rules) values (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![programme, id.0, subject.kind(), dwelling.0, area, rules])?;
        Ok(())
    }

    fn open_changes(&self, subject: Id, rules: &[u8]) -> Result<Changes> {
        change::decode(&self.open_beside(subject, PLACE, rules)?)
            .ok_or_else(|| StoreError::Damaged("what a version changed for a subject does not read".into()))
    }
}

/// So many times these changes, in an area and in all that it lies in.
fn add(keys: &Connection, programme: &str, path: &[AreaNumber], changes: &Changes, times: i64) -> Result<()> {
    let mut sum = keys.prepare_cached(
        "insert into change_sum (programme, area, rule, came, went) values (?1, ?2, ?3, ?4, ?5)
         on conflict (programme, area, rule) do update set came = came + ?4, went = went + ?5",
    )?;
    let mut empty = keys.prepare_cached(
        "delete from change_sum where programme = ?1 and area = ?2 and rule = ?3 and came = 0 and went = 0",
    )?;
    for area in path {
        for (rule, comes) in changes {
            let (came, went) = if *comes { (times, 0) } else { (0, times) };
            sum.execute(params![programme, area, rule, came, went])?;
            empty.execute(params![programme, area, rule])?;
        }
    }
    Ok(())
}

impl Reader {
    /// The comparison of the newest version of each programme.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn comparisons(&self) -> Result<Vec<Comparison>> {
        let mut read = self.content.keys.prepare_cached(
            "select programme, version, before, day, whole from comparison order by programme",
        )?;
        let rows = read.query_map([], |row| {
            Ok(Comparison {
                programme: row.get(0)?,
                version: row.get(1)?,
                before: row.get(2)?,
                day: row.get(3)?,
                whole: row.get(4)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// How many flags came and went in an area, by rule.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn change_counts(&self, programme: &str, area: AreaNumber) -> Result<Vec<ChangeCount>> {
        let mut read = self.content.keys.prepare_cached(
            "select rule, came, went from change_sum where programme = ?1 and area = ?2 order by rule",
        )?;
        let rows = read.query_map(params![programme, area], |row| {
            Ok(ChangeCount { rule: row.get(0)?, came: row.get(1)?, went: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// For whom something changed in an area, by their ids and after one of them.
    ///
    /// # Errors
    /// Those of the storage, and [`StoreError::Seal`] if the reader was opened without a key.
    pub fn changed(
        &self,
        programme: &str,
        area: AreaNumber,
        after: Option<Id>,
        limit: usize,
    ) -> Result<Vec<Changed>> {
        let mut read = self.content.keys.prepare_cached(
            "select subject, kind, dwelling, rules from changed
             where area = ?1 and programme = ?2 and subject > ?3 order by subject limit ?4",
        )?;
        let mut found = Vec::new();
        for area in self.book().areas.subtree(area) {
            let most = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows =
                read.query_map(params![area, programme, after.unwrap_or_default().0, most], |row| {
                    let id = get_id(row, 0)?;
                    let subject = Subject::of(row.get(1)?, id).unwrap_or(Subject::Dwelling(id));
                    Ok((subject, get_id(row, 2)?, row.get::<_, Vec<u8>>(3)?))
                })?;
            found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        found.sort_unstable_by_key(|(subject, ..)| subject.id());
        found.truncate(limit);
        let open = |(subject, dwelling, rules): (Subject, DwellingId, Vec<u8>)| {
            Ok(Changed { subject, dwelling, changes: self.content.open_changes(subject.id(), &rules)? })
        };
        found.into_iter().map(open).collect()
    }
}
