//! Where a person is, phones and what waits in quarantine, as an area's responsible reads them.

use domain::apply;
use domain::area::AreaNumber;
use domain::case::Subject;
use domain::fact::{Body, Fact};
use domain::held::{Fate, Refusal};
use domain::id::{ActorId, DwellingId, Id, PersonId, SeriesId};
use domain::note::VisitNote;
use domain::state::{Device, State, Visit};
use domain::time::Millis;
use ledger::envelope::Envelope;
use ledger::series::DeviceKey;
use rusqlite::{OptionalExtension, params};

use crate::error::{Result, StoreError};
use crate::lists::Page;
use crate::query::Reader;
use crate::store::read_fact;
use crate::views::Views;

/// Where a person is listed, or else where she was seen last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// The id that all her ids lead to.
    pub person: PersonId,
    pub listed_at: Option<DwellingId>,
    /// The area that her door is counted under.
    pub area: AreaNumber,
}

/// A phone and what came from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneRow {
    pub series: SeriesId,
    pub device: Device,
    pub facts: u64,
    pub quarantined: u64,
    pub pushed_at: Option<Millis>,
}

/// What counting needs to know of a phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountedPhone {
    pub series: SeriesId,
    pub area: AreaNumber,
    pub revoked: bool,
    pub pushed_at: Option<Millis>,
    /// The end of its worker's deployment.
    pub ends_at: Option<Millis>,
}

/// A fact in quarantine.
#[derive(Clone, Debug)]
pub struct Waiting {
    pub series: SeriesId,
    pub sequence: u64,
    pub position: u64,
    pub verdict: u64,
    pub received_at: Millis,
    /// Why it is not to count, and when that was decided.
    pub refused: Option<(Refusal, Millis)>,
    /// The phone it came from.
    pub device: Device,
    /// None if the bytes are no fact.
    pub fact: Option<Fact>,
}

/// Why a door is not taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptBy {
    /// Someone is listed there.
    People,
    /// Someone was seen there.
    Seen,
    /// A case, or a form that was filled in.
    Cases,
    /// A slip, or what a resident said with one.
    Residents,
}

/// Where a page of the quarantine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitingPlace {
    pub series: SeriesId,
    pub sequence: u64,
    pub position: u64,
}

/// When and at which door a canonical person was seen last, in whichever sweep and under whichever of her ids.
pub(crate) fn seen_last(views: &mut Views, canonical: PersonId) -> Result<Option<(Millis, DwellingId)>> {
    let mut newest = None;
    for (sweep, _) in (0u32..).zip(views.book().sweeps.clone()) {
        for member in apply::group(views, canonical)? {
            let seen = views.sightings(sweep, member)?;
            newest = newest.max(seen.into_iter().map(|(door, stamp)| (stamp, door)).max());
        }
    }
    Ok(newest.map(|(stamp, door)| (stamp.at, door)))
}

/// Where a person is by these views.
pub(crate) fn whereabouts(views: &mut Views, person: PersonId) -> Result<Option<Whereabouts>> {
    if views.is_erased(person)? || views.person(person)?.is_none() {
        return Ok(None);
    }
    let canonical = apply::canonical(views, person)?;
    let listed_at = apply::group_home(views, canonical)?;
    let mut door = listed_at;
    if door.is_none() {
        door = seen_last(views, canonical)?.map(|(_, door)| door);
    }
    let Some(door) = door else { return Ok(None) };
    let door = apply::resolve_dwelling(views, door)?;
    let area = views.dwelling(door)?.map(|row| row.area);
    Ok(area.map(|area| Whereabouts { person: canonical, listed_at, area }))
}

impl Reader {
    /// The public key with which the server signs its own series, and those of ODK clients' users.
    ///
    /// # Errors
    /// If the territory's key is not at hand.
    pub fn server_key(&self) -> Result<[u8; 32]> {
        Ok(DeviceKey::from_seed(self.content.key()?.device_seed()).public())
    }

    /// Where a person is; none if nobody has this id, she was erased, or no door is known for her.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn whereabouts(&mut self, person: PersonId) -> Result<Option<Whereabouts>> {
        whereabouts(&mut self.views, person)
    }

    /// The area that a door is counted under, by whichever id it is called; none if there is no such door.
    pub fn area_of(&mut self, dwelling: DwellingId) -> Result<Option<AreaNumber>> {
        let dwelling = apply::resolve_dwelling(&mut self.views, dwelling)?;
        Ok(self.views.dwelling(dwelling)?.map(|row| row.area))
    }

    /// What is known behind a door, for which it cannot be taken out; none where nothing is.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn kept_by(&mut self, dwelling: DwellingId) -> Result<Option<KeptBy>> {
        for (sql, by) in [
            ("select 1 from person where dwelling = ?1 limit 1", KeptBy::People),
            ("select 1 from sighting where dwelling = ?1 limit 1", KeptBy::Seen),
            ("select 1 from case_file where dwelling = ?1 limit 1", KeptBy::Cases),
            ("select 1 from filled where subject = ?1 limit 1", KeptBy::Cases),
            ("select 1 from said where dwelling = ?1 limit 1", KeptBy::Residents),
            ("select 1 from slip where dwelling = ?1 and revoked_at is null limit 1", KeptBy::Residents),
        ] {
            if self.views.connection().prepare_cached(sql)?.exists([dwelling.0])? {
                return Ok(Some(by));
            }
        }
        Ok(None)
    }

    /// The area under which something said of a subject at a door is counted, as [`apply::area_about`] has it.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn area_about(&mut self, subject: Subject, dwelling: DwellingId) -> Result<Option<AreaNumber>> {
        apply::area_about(&mut self.views, subject, dwelling)
    }

    /// The ids that were linked to a person directly.
    pub fn is_linked(&mut self, from: PersonId, to: PersonId) -> Result<bool> {
        Ok(self.views.person(from)?.is_some_and(|row| row.link == Some(to)))
    }

    /// When the newest fact was received; none before the first.
    pub fn newest_receipt(&self) -> Result<Option<Millis>> {
        Ok(self
            .views
            .connection()
            .prepare_cached("select received_at from facts order by position desc limit 1")?
            .query_row([], |row| row.get(0))
            .optional()?)
    }

    fn phones_in(&self, area: AreaNumber) -> Result<Vec<SeriesId>> {
        let mut read = self.views.connection().prepare_cached("select series from device where area = ?1")?;
        let mut found = Vec::new();
        for number in self.book().areas.subtree(area) {
            let rows = read.query_map([number], |row| Ok(Id(row.get(0)?)))?;
            for series in rows {
                found.push(series?);
            }
        }
        found.sort_unstable();
        Ok(found)
    }

    /// The phones in use that cover an area: those enrolled in it or above it.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn phones_over(&mut self, area: AreaNumber) -> Result<Vec<(SeriesId, Device)>> {
        let path: Vec<AreaNumber> = self.book().areas.path(area).collect();
        let mut found = Vec::new();
        for area in path {
            let series: Vec<SeriesId> = {
                let mut read = self
                    .views
                    .connection()
                    .prepare_cached("select series from device where area = ?1 order by series")?;
                let rows = read.query_map([area], |row| Ok(Id(row.get(0)?)))?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            for series in series {
                let device = self.views.device(series)?.filter(|device| device.revoked_at.is_none());
                found.extend(device.map(|device| (series, device)));
            }
        }
        Ok(found)
    }

    /// What was noted at the newest visit to a door in a sweep, as far as it is kept.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn note_of(&mut self, visit: &Visit) -> Result<Option<VisitNote>> {
        let (series, sequence) = (visit.stamp.series, visit.stamp.sequence);
        let position: Option<u64> = self
            .views
            .connection()
            .prepare_cached(
                "select facts.position from facts join series on series.number = facts.series
                 where series.id = ?1 and facts.sequence = ?2 and facts.verdict <> 1",
            )?
            .query_row(params![series.0, sequence], |row| row.get(0))
            .optional()?;
        let Some(position) = position else { return Ok(None) };
        // The door may be counted under another id by now: it is sealed under the one that the fact names.
        let Body::Visited { dwelling, .. } = read_fact(self.views.connection(), position)?.1.body else {
            return Ok(None);
        };
        let opened = self.content.open(dwelling, position, series, sequence)?;
        Ok(opened.as_deref().and_then(VisitNote::decode))
    }

    /// The phones enrolled in an area or below it, in the order of their series.
    pub fn phones(&mut self, area: AreaNumber) -> Result<Vec<PhoneRow>> {
        let mut phones = Vec::new();
        for series in self.phones_in(area)? {
            let Some(device) = self.views.device(series)? else { continue };
            phones.push(self.phone_row(series, device)?);
        }
        Ok(phones)
    }

    /// Every phone with its area and when it pushed last, for whoever counts them.
    pub fn every_phone(&self) -> Result<Vec<CountedPhone>> {
        // The sequence of the newest fact is known, so each phone costs two look-ups and no scan.
        let mut read = self.views.connection().prepare_cached(
            "select device.series, device.area, device.revoked_at is not null, facts.received_at, device.ends_at
             from device left join series on series.id = device.series
             left join facts on facts.series = series.number and facts.sequence = series.next - 1
                and facts.series <> 0 and facts.verdict <> 1",
        )?;
        let rows = read
            .query_map([], |row| {
                Ok(CountedPhone {
                    series: Id(row.get(0)?),
                    area: row.get(1)?,
                    revoked: row.get(2)?,
                    pushed_at: row.get(3)?,
                    ends_at: row.get(4)?,
                })
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(rows)
    }

    /// The phone that a worker enrolled with, the newest of several.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn phone_of(&mut self, worker: ActorId) -> Result<Option<Device>> {
        let series: Option<SeriesId> = self
            .views
            .connection()
            .prepare_cached("select series from device where worker = ?1 order by enrolled_at desc limit 1")?
            .query_row([worker.0], |row| Ok(Id(row.get(0)?)))
            .optional()?;
        match series {
            Some(series) => self.views.device(series),
            None => Ok(None),
        }
    }

    fn phone_row(&self, series: SeriesId, device: Device) -> Result<PhoneRow> {
        let connection = self.views.connection();
        let found: Option<(i64, u64)> = connection
            .prepare_cached("select number, next from series where id = ?1")?
            .query_row([series.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (number, facts) = found.unwrap_or((-1, 0));
        let pushed_at = connection
            .prepare_cached(
                "select received_at from facts where series = ?1 and sequence = ?2 - 1 and series <> 0 and verdict <> 1",
            )?
            .query_row(params![number, facts], |row| row.get(0))
            .optional()?;
        let quarantined = connection
            .prepare_cached("select count(*) from quarantine where series = ?1 and refused is null")?
            .query_row([series.0], |row| row.get(0))?;
        Ok(PhoneRow { series, device, facts, quarantined, pushed_at })
    }

    /// What waits in quarantine from the phones of an area, phone by phone; or what was refused of it.
    pub fn quarantine_page(
        &mut self,
        area: AreaNumber,
        refused: bool,
        after: Option<WaitingPlace>,
        limit: usize,
    ) -> Result<Page<Waiting, WaitingPlace>> {
        let mut rows: Vec<Waiting> = Vec::new();
        let mut more = false;
        for series in self.phones_in(area)? {
            if after.is_some_and(|after| series < after.series) {
                continue;
            }
            let from =
                after.filter(|after| after.series == series).map(|after| (after.sequence, after.position));
            let room = limit - rows.len();
            let mut found = self.waiting_of(series, from, refused, room + 1)?;
            more = found.len() > room;
            found.truncate(room);
            rows.extend(found);
            if more {
                break;
            }
        }
        let place = |row: &Waiting| WaitingPlace {
            series: row.series,
            sequence: row.sequence,
            position: row.position,
        };
        let next = rows.last().map(place).filter(|_| more);
        Ok(Page { rows, next })
    }

    /// The fact of this number that waits in quarantine, or was refused, and came first; none if there is none.
    pub fn waiting(&mut self, series: SeriesId, sequence: u64, refused: bool) -> Result<Option<Waiting>> {
        let from = sequence.checked_sub(1).map(|before| (before, u64::MAX >> 1));
        let found = self.waiting_of(series, from, refused, 1)?;
        Ok(found.into_iter().find(|row| row.sequence == sequence))
    }

    fn waiting_of(
        &mut self,
        series: SeriesId,
        after: Option<(u64, u64)>,
        refused: bool,
        limit: usize,
    ) -> Result<Vec<Waiting>> {
        let Some(device) = self.views.device(series)? else { return Ok(Vec::new()) };
        let mut read = self.views.connection().prepare_cached(
            "select quarantine.sequence, quarantine.position, quarantine.verdict, facts.received_at, facts.fact,
                 quarantine.refused, quarantine.refused_at
             from quarantine join facts on facts.position = quarantine.position
             where quarantine.series = ?1 and (quarantine.refused is not null) = ?5 and (?2 is null or (quarantine.sequence, quarantine.position) > (?2, ?3))
             order by quarantine.sequence, quarantine.position limit ?4",
        )?;
        let (sequence, position) = after.unzip();
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let mut rows = read.query(params![series.0, sequence, position, limit, refused])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
            let envelope = Envelope::decode(bytes).map_err(|error| StoreError::Damaged(error.to_string()))?;
            found.push(Waiting {
                series,
                sequence: row.get(0)?,
                position: row.get(1)?,
                verdict: row.get(2)?,
                received_at: row.get(3)?,
                refused: row.get::<_, Option<u64>>(5)?.and_then(Refusal::from_code).zip(row.get(6)?),
                device: device.clone(),
                fact: Fact::decode(&envelope.payload).ok(),
            });
        }
        Ok(found)
    }
}

impl Reader {
    /// What was decided at or after `position` about facts of a series that waited, in order of number.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn held_since(&self, series: SeriesId, position: u64) -> Result<Vec<(u64, Fate)>> {
        let mut read = self.views.connection().prepare_cached(
            "select sequence, fate, refusal from held where series = ?1 and changed >= ?2 order by sequence",
        )?;
        let rows = read.query_map(params![series.0, position], |row| {
            let refusal: Option<u64> = row.get(2)?;
            Ok((row.get(0)?, row.get::<_, u64>(1)?, refusal.and_then(Refusal::from_code)))
        })?;
        let fate = |row: rusqlite::Result<(u64, u64, Option<Refusal>)>| {
            row.map(|(sequence, fate, refusal)| {
                let decided = if fate == 1 { Fate::Counts } else { Fate::Waits };
                (sequence, refusal.map_or(decided, Fate::Refused))
            })
        };
        Ok(rows.map(fate).collect::<rusqlite::Result<_>>()?)
    }

    /// Whether the phone recorded anything about the same door, case or hand-over that arrived after a fact of its own was
    /// refused: then that stands in its place.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn was_followed(&mut self, waiting: &Waiting) -> Result<bool> {
        let Some((_, refused_at)) = waiting.refused else { return Ok(false) };
        let Some(about) = waiting.fact.as_ref().and_then(|fact| about(&fact.body)) else { return Ok(false) };
        let later: Vec<Vec<u8>> = {
            let mut read = self.views.connection().prepare_cached(
                "select fact from facts where series = (select number from series where id = ?1) and sequence > ?2
                    and received_at > ?3 order by sequence",
            )?;
            let rows =
                read.query_map(params![waiting.series.0, waiting.sequence, refused_at], |row| row.get(0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        for bytes in later {
            let envelope =
                Envelope::decode(&bytes).map_err(|error| StoreError::Damaged(error.to_string()))?;
            let later = Fact::decode(&envelope.payload).ok();
            if later.and_then(|fact| self::about(&fact.body)) == Some(about) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The one thing that a fact from the field is about.
fn about(body: &Body) -> Option<Id> {
    match body {
        Body::Visited { dwelling, .. }
        | Body::PersonSeen { dwelling, .. }
        | Body::VisitTakenBack { dwelling, .. }
        | Body::DwellingRegistered { dwelling, .. }
        | Body::Answered { dwelling, .. }
        | Body::CaseReported { dwelling, .. } => Some(*dwelling),
        Body::CaseActed { case, .. } => Some(*case),
        Body::DoorsAnswered { hand_over, .. } => Some(*hand_over),
        _ => None,
    }
}

impl Waiting {
    /// The door that the fact is about, if it is about one that it does not describe itself.
    #[must_use]
    pub fn dwelling(&self) -> Option<DwellingId> {
        match self.fact.as_ref()?.body {
            Body::Visited { dwelling, .. }
            | Body::PersonSeen { dwelling, .. }
            | Body::VisitTakenBack { dwelling, .. }
            | Body::DwellingRegistered { dwelling, .. }
            | Body::Answered { dwelling, .. }
            | Body::CaseReported { dwelling, .. } => Some(dwelling),
            _ => None,
        }
    }
}
