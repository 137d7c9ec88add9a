//! Residents' slips, what was said with them, and who read it.

use domain::apply;
use domain::area::{AreaNumber, Level};
use domain::case::Filled;
use domain::fact::Outcome;
use domain::id::{DwellingId, Id, PersonId, SlipId};
use domain::identity::Identity;
use domain::slip::{Decision, Reading, Reason, Said, Slip, What};
use domain::state::{Labels, State};
use domain::time::Millis;
use rusqlite::{OptionalExtension as _, Row, params};

use crate::cases::{FILLED, filled_from};
use crate::error::Result;
use crate::query::Reader;
use crate::store::read_fact;

pub(crate) const SLIP_COLUMNS: &str = "slip.dwelling, slip.issued_at, slip.expires_at, slip.revoked_at";
pub(crate) const SAID_COLUMNS: &str = "said.slip, said.dwelling, said.what, said.about, said.said_at, said.taken_on, said.decision, said.decided_at, said.reason, said.kept, said.reopened";

/// Reads a slip from columns `from..from + 4`.
pub(crate) fn slip_from(row: &Row<'_>, from: usize) -> rusqlite::Result<Slip> {
    Ok(Slip {
        dwelling: Id(row.get(from)?),
        issued_at: row.get(from + 1)?,
        expires_at: row.get(from + 2)?,
        revoked_at: row.get(from + 3)?,
    })
}

/// Reads what was said from columns `from..from + 11`.
pub(crate) fn said_from(row: &Row<'_>, from: usize) -> rusqlite::Result<Said> {
    let decision: Option<u64> = row.get(from + 6)?;
    let decided_at: Option<Millis> = row.get(from + 7)?;
    Ok(Said {
        slip: Id(row.get(from)?),
        dwelling: Id(row.get(from + 1)?),
        what: What::from_code(row.get(from + 2)?).unwrap_or(What::Help),
        about: row.get::<_, Option<[u8; 16]>>(from + 3)?.map(Id),
        said_at: row.get(from + 4)?,
        taken_on: row.get(from + 5)?,
        decided: decision.and_then(Decision::from_code).zip(decided_at),
        reason: row.get::<_, Option<u64>>(from + 8)?.and_then(Reason::from_code),
        kept: row.get::<_, Option<[u8; 16]>>(from + 9)?.map(Id),
        reopened: row.get(from + 10)?,
    })
}

fn reading_from(row: &Row<'_>) -> rusqlite::Result<Reading> {
    Ok(Reading { position: row.get(0)?, at: row.get(1)?, actor: Id(row.get(2)?), purpose: row.get(3)? })
}

/// A door, the area it is counted under, and its labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlipDoor {
    pub dwelling: DwellingId,
    pub area: AreaNumber,
    pub labels: Labels,
}

/// What of a slip is shown to whoever holds it, beside its own words.
#[derive(Clone, Debug, Default)]
pub struct SlipRecord {
    pub said: Vec<(PersonId, Said)>,
    /// The forms that were filled in with it and are kept, the newest first.
    pub filled: Vec<Filled>,
    /// Of the people who were reported with it, under all their ids, the newest first; the flag: of a whole list.
    pub readings: Vec<(Reading, bool)>,
    /// The newest visit to the door in each sweep, the newest first.
    pub visits: Vec<(Millis, Outcome)>,
}

/// As many readings are shown, and as many forms.
const READINGS: usize = 100;
const FORMS: usize = 30;

impl Reader {
    /// The slips of the doors of an area, by door.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn slips(&mut self, area: AreaNumber) -> Result<Vec<(SlipId, Slip)>> {
        let mut read = self.views.connection().prepare_cached(&format!(
            "select slip.id, {SLIP_COLUMNS} from dwelling join slip on slip.dwelling = dwelling.id where dwelling.area = ?1"
        ))?;
        let mut found = Vec::new();
        for number in self.book().areas.subtree(area) {
            let rows = read.query_map([number], |row| Ok((Id(row.get(0)?), slip_from(row, 1)?)))?;
            for row in rows {
                found.push(row?);
            }
        }
        Ok(found)
    }

    /// The slip that was made last where someone works: of a door in her area, else of one in the next area above that has
    /// any, up to her community.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn newest_slip(&self, area: AreaNumber) -> Result<Option<SlipId>> {
        let areas = &self.book().areas;
        let mut read = self.views.connection().prepare_cached(
            "select slip.id, slip.issued_at from dwelling join slip on slip.dwelling = dwelling.id
             where dwelling.area = ?1 order by slip.issued_at desc, slip.id desc limit 1",
        )?;
        for above in areas.path(area) {
            let mut newest: Option<(Millis, SlipId)> = None;
            for number in areas.subtree(above) {
                let found = read.query_row([number], |row| Ok((row.get(1)?, Id(row.get(0)?)))).optional()?;
                newest = newest.max(found);
            }
            if newest.is_some() || areas.get(above).is_none_or(|row| row.level <= Level::Community) {
                return Ok(newest.map(|(_, slip)| slip));
            }
        }
        Ok(None)
    }

    /// A slip; none if there is none of this id.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn slip(&mut self, id: SlipId) -> Result<Option<Slip>> {
        self.views.slip(id)
    }

    /// Something that was said; none if nothing of this id was.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn said(&mut self, id: PersonId) -> Result<Option<Said>> {
        self.views.said(id)
    }

    /// What was said in an area and waits for a decision, what waits longest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn said_waiting(
        &mut self,
        area: AreaNumber,
        limit: usize,
    ) -> Result<Vec<(PersonId, Said, SlipDoor)>> {
        let all: Vec<(PersonId, Said)> = {
            let mut read = self.views.connection().prepare_cached(&format!(
                "select said.id, {SAID_COLUMNS} from said where decision is null order by said_at, id"
            ))?;
            let rows = read.query_map([], |row| Ok((Id(row.get(0)?), said_from(row, 1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        self.behind_doors_of(area, all, limit)
    }

    /// What was decided in an area or withdrawn there since a moment, the newest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn said_decided(
        &mut self,
        area: AreaNumber,
        since: Millis,
        limit: usize,
    ) -> Result<Vec<(PersonId, Said, SlipDoor)>> {
        let all: Vec<(PersonId, Said)> = {
            let mut read = self.views.connection().prepare_cached(&format!(
                "select said.id, {SAID_COLUMNS} from said where decision is not null and decided_at > ?1
                 order by decided_at desc, id"
            ))?;
            let rows = read.query_map([since], |row| Ok((Id(row.get(0)?), said_from(row, 1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        self.behind_doors_of(area, all, limit)
    }

    /// What was decided or withdrawn up to a moment and whose words are still there, as far as they are not those of someone
    /// who is on the list.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn said_over(&self, until: Millis, limit: usize) -> Result<Vec<PersonId>> {
        let mut read = self.views.connection().prepare_cached(
            "select said.id from said join person on person.id = said.id
             where said.decision is not null and said.decided_at <= ?1 and not (said.decision = ?2 and said.what = ?3)
             order by said.decided_at, said.id limit ?4",
        )?;
        let (confirmed, person) = (Decision::Confirmed as u8, What::Person as u8);
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let rows = read.query_map(params![until, confirmed, person, limit], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn behind_doors_of(
        &mut self,
        area: AreaNumber,
        all: Vec<(PersonId, Said)>,
        limit: usize,
    ) -> Result<Vec<(PersonId, Said, SlipDoor)>> {
        let mut found = Vec::new();
        for (id, said) in all {
            let Some(door) = self.slip_door(said.dwelling)? else { continue };
            if self.book().areas.is_within(door.area, area) {
                found.push((id, said, door));
            }
            if found.len() == limit {
                break;
            }
        }
        Ok(found)
    }

    /// The door that a slip speaks for.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn slip_door(&mut self, dwelling: DwellingId) -> Result<Option<SlipDoor>> {
        let dwelling = apply::resolve_dwelling(&mut self.views, dwelling)?;
        let Some(row) = self.views.dwelling(dwelling)? else { return Ok(None) };
        let labels = self.views.labels(dwelling)?;
        Ok(labels.map(|labels| SlipDoor { dwelling, area: row.area, labels }))
    }

    /// The words that were said under this very id, and nothing that is known of the person otherwise; none once erased.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn words(&mut self, said: PersonId) -> Result<Option<Identity>> {
        let Some(position) = self.views.person(said)?.and_then(|row| row.content) else { return Ok(None) };
        let (envelope, _) = read_fact(self.views.connection(), position)?;
        let plain = self.content.open(said, position, Id(envelope.series), envelope.sequence)?;
        Ok(plain.as_deref().and_then(Identity::decode))
    }

    /// What may be shown to whoever holds a slip, without the words.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn slip_record(&mut self, id: SlipId) -> Result<SlipRecord> {
        let Some(slip) = self.views.slip(id)? else { return Ok(SlipRecord::default()) };
        let said: Vec<(PersonId, Said)> = {
            let mut read = self.views.connection().prepare_cached(&format!(
                "select said.id, {SAID_COLUMNS} from said where slip = ?1 order by said_at desc, id"
            ))?;
            let rows = read.query_map([id.0], |row| Ok((Id(row.get(0)?), said_from(row, 1)?)))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let filled = {
            let mut read = self.views.connection().prepare_cached(&format!(
                "select {FILLED} from filled where slip = ?1 and erased_at is null order by position desc limit ?2"
            ))?;
            let rows = read.query_map(params![id.0, FORMS], filled_from)?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        let mut readings = Vec::new();
        let mut areas = Vec::new();
        for person in said.iter().flat_map(|(person, said)| [Some(*person), said.kept]).flatten() {
            let canonical = apply::canonical(&mut self.views, person)?;
            for member in apply::group(&mut self.views, canonical)? {
                readings.extend(self.readings_of(member)?.into_iter().map(|reading| (reading, false)));
            }
            if let Some(found) = self.whereabouts(canonical)? {
                areas.push(found.area);
            }
        }
        areas.sort_unstable();
        areas.dedup();
        for area in areas {
            readings.extend(self.list_readings_above(area)?.into_iter().map(|reading| (reading, true)));
        }
        readings.sort_unstable_by_key(|(reading, _)| std::cmp::Reverse(reading.position));
        readings.dedup_by_key(|(reading, _)| reading.position);
        readings.truncate(READINGS);
        let mut visits = Vec::new();
        for sweep in 0..u32::try_from(self.book().sweeps.len()).unwrap_or(u32::MAX) {
            let visit = self.views.round(sweep, slip.dwelling)?.and_then(|round| round.visit);
            visits.extend(visit.map(|visit| (visit.stamp.at, visit.outcome)));
        }
        visits.sort_unstable_by_key(|(at, _)| std::cmp::Reverse(*at));
        Ok(SlipRecord { said, filled, readings, visits })
    }

    /// Who read what is sealed of someone, under this very id, the newest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn readings_of(&self, person: PersonId) -> Result<Vec<Reading>> {
        let mut read = self.views.connection().prepare_cached(
            "select position, at, actor, purpose from reading where person = ?1 order by position desc limit ?2",
        )?;
        let rows = read.query_map(params![person.0, READINGS], reading_from)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The readings of lists that someone of this area stands on.
    fn list_readings_above(&self, area: AreaNumber) -> Result<Vec<Reading>> {
        let mut read = self.views.connection().prepare_cached(
            "select position, at, actor, purpose from list_reading where area = ?1 order by position desc limit ?2",
        )?;
        let mut found = Vec::new();
        let mut above = Some(area);
        while let Some(number) = above {
            let rows = read.query_map(params![number, READINGS], reading_from)?;
            for row in rows {
                found.push(row?);
            }
            above = self.book().areas.get(number).and_then(|area| area.parent);
        }
        Ok(found)
    }
}
