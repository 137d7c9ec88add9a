//! The views in SQLite: [`domain::state::State`] over tables, with the rows that a batch touches kept in memory until
//! it is flushed.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::access::Grant;
use domain::area::{Area, AreaNumber, Level};
use domain::case::{Case, Climb, Event, Filled, Lesson, Report, Subject};
use domain::door::walking_key;
use domain::fact::{Body, CallFailure, Light, Misopened, Outcome, Place};
use domain::hand_over::HandOver;
use domain::held::{Fate, Held, Refusal};
use domain::id::{ActorId, CaseId, DwellingId, HandOverId, Id, PersonId, PlanId, SeriesId, SlipId};
use domain::slip::{Decision, Reading, Said, Slip};
use domain::state::{
    Book, Count, Device, Dwelling, Edition, FailedCall, Labels, Map, Person, Plan, PlanPart, Proposal,
    Records, Roster, Round, Stamp, State, Sweep, SweepNumber, Tally, Visit, Waiting,
};
use domain::subscription::{Done, LastTaken, RowsOf, Subscription};
use domain::sweep::residual_reason;
use domain::time::Millis;
use programme::Programme;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};
use rustc_hash::FxHashMap;

use crate::area_people::LookedAt;
use crate::attachments::position_of;
use crate::cases::subject_from;
use crate::error::{Result, StoreError};
use crate::hand_overs::{HAND_OVER_COLUMNS, hand_over_from};
use crate::plans::{PLAN_COLUMNS, plan_from};
use crate::slips::{SAID_COLUMNS, SLIP_COLUMNS, said_from, slip_from};
use crate::store::read_fact;

/// Clean rows kept for the next batch; beyond this the cache starts over.
const KEEP_ROWS: usize = 400_000;

/// In milliseconds.
pub(crate) const HOUR: Millis = 3_600_000;

struct Slot<T> {
    value: Option<T>,
    dirty: bool,
}

/// The state over one connection. Reads see what was put, whether flushed or not.
pub struct Views {
    connection: Connection,
    book: Book,
    dwellings: FxHashMap<DwellingId, Slot<Dwelling>>,
    rounds: FxHashMap<(SweepNumber, DwellingId), Slot<Round>>,
    /// Those of them that wait to be written.
    dirty_dwellings: Vec<DwellingId>,
    dirty_rounds: Vec<(SweepNumber, DwellingId)>,
    counts: FxHashMap<AreaNumber, Count>,
    tallies: FxHashMap<(SweepNumber, AreaNumber), Tally>,
    /// The hour since 1970 in which the fact arrived that is applied, and what such facts changed in each.
    hour: i64,
    hourly_tallies: FxHashMap<(SweepNumber, AreaNumber, i64), Tally>,
    hourly_counts: FxHashMap<(AreaNumber, i64), Count>,
    /// Known, until something is erased or forgotten: nobody is.
    none_erased: bool,
    book_changed: bool,
    book_version: u64,
    touched: Vec<SweepNumber>,
    /// Published programmes that were read, by the digest of their pack; none for one that does not read.
    pub(crate) programmes: FxHashMap<ledger::Hash, Option<Arc<Programme>>>,
    /// The same with forms as overlays make them, by their names too.
    pub(crate) overlaid: FxHashMap<(ledger::Hash, String), Arc<Programme>>,
    /// The forms of its people that a programme looks at in an area.
    pub(crate) forms_of_people: FxHashMap<String, Arc<LookedAt>>,
    /// Cases of which what is due has to be made anew.
    pub(crate) dirty_cases: BTreeSet<CaseId>,
    /// Whom to judge anew, with their people or without, from which position on.
    pub(crate) to_judge: FxHashMap<(Subject, bool), u64>,
}

fn id(bytes: [u8; 16]) -> Id {
    Id(bytes)
}

pub(crate) fn get_id(row: &Row<'_>, column: usize) -> rusqlite::Result<Id> {
    row.get(column).map(id)
}

pub(crate) fn get_optional_id(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Id>> {
    Ok(row.get::<_, Option<[u8; 16]>>(column)?.map(id))
}

impl Views {
    /// Reads the book and wraps the connection.
    pub fn open(connection: Connection) -> Result<Self> {
        connection.set_prepared_statement_cache_capacity(64);
        let book = load_book(&connection)?;
        Ok(Self {
            connection,
            book,
            dwellings: FxHashMap::default(),
            rounds: FxHashMap::default(),
            dirty_dwellings: Vec::new(),
            dirty_rounds: Vec::new(),
            counts: FxHashMap::default(),
            tallies: FxHashMap::default(),
            hour: 0,
            hourly_tallies: FxHashMap::default(),
            hourly_counts: FxHashMap::default(),
            none_erased: false,
            book_changed: false,
            book_version: 0,
            touched: Vec::new(),
            programmes: FxHashMap::default(),
            overlaid: FxHashMap::default(),
            forms_of_people: FxHashMap::default(),
            dirty_cases: BTreeSet::new(),
            to_judge: FxHashMap::default(),
        })
    }

    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Forgets everything that was put and not committed.
    pub fn reload(&mut self) -> Result<()> {
        self.forget();
        self.touched.clear();
        self.book = load_book(&self.connection)?;
        self.book_version += 1;
        self.forms_of_people.clear();
        Ok(())
    }

    /// Drops the kept rows, as when another connection has written since.
    pub fn forget(&mut self) {
        self.dwellings.clear();
        self.rounds.clear();
        self.dirty_dwellings.clear();
        self.dirty_rounds.clear();
        self.counts.clear();
        self.tallies.clear();
        self.hourly_tallies.clear();
        self.hourly_counts.clear();
        self.none_erased = false;
        self.book_changed = false;
        self.dirty_cases.clear();
        self.to_judge.clear();
    }

    /// From which position on the stored book is as it is: the kept one is the same if its own number is.
    pub fn stored_book_changed(&self) -> Result<u64> {
        let found = self
            .cached("select value from book where name = 'changed'")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(found.unwrap_or(0))
    }

    /// Another number whenever the book may have changed; it means nothing beyond this process.
    #[must_use]
    pub fn book_version(&self) -> u64 {
        self.book_version
    }

    /// The sweeps in which something changed since this was asked last.
    pub fn take_touched(&mut self) -> Vec<SweepNumber> {
        std::mem::take(&mut self.touched)
    }

    fn touch(&mut self, sweep: SweepNumber) {
        if !self.touched.contains(&sweep) {
            self.touched.push(sweep);
        }
    }

    fn touch_open(&mut self) {
        for (number, sweep) in (0..).zip(&self.book.sweeps) {
            if sweep.closed_at.is_none() && !self.touched.contains(&number) {
                self.touched.push(number);
            }
        }
    }

    /// Says when the fact arrived that is applied next: what it changes is kept by the hour, too.
    pub fn arrived(&mut self, received_at: Millis) {
        self.hour = received_at.div_euclid(HOUR);
    }

    /// How many rows wait in memory.
    pub fn waiting(&self) -> usize {
        self.dwellings.len() + self.rounds.len()
    }

    /// Writes every changed row; the caller's transaction commits them.
    pub fn flush(&mut self) -> Result<()> {
        self.refresh_cases()?;
        self.flush_dwellings()?;
        self.flush_rounds()?;
        self.flush_to_judge()?;
        {
            let mut add = self.connection.prepare_cached(
                "insert into area_count (area, dwellings, listed) values (?1, ?2, ?3)
                 on conflict (area) do update set dwellings = dwellings + ?2, listed = listed + ?3",
            )?;
            let mut counts: Vec<_> = self.counts.drain().collect();
            counts.sort_unstable_by_key(|(area, _)| *area);
            for (area, count) in counts {
                add.execute(params![area, count.dwellings, count.listed])?;
            }
            let mut add = self.connection.prepare_cached(
                "insert into tally (sweep, area, accounted, persons_reached, lit_unlisted, listed_dark, persons_away)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                 on conflict (sweep, area) do update set accounted = accounted + ?3,
                    persons_reached = persons_reached + ?4, lit_unlisted = lit_unlisted + ?5,
                    listed_dark = listed_dark + ?6, persons_away = persons_away + ?7",
            )?;
            let mut tallies: Vec<_> = self.tallies.drain().collect();
            tallies.sort_unstable_by_key(|(place, _)| *place);
            for ((sweep, area), tally) in tallies {
                add.execute(params![
                    sweep,
                    area,
                    tally.accounted,
                    tally.persons_reached,
                    tally.lit_unlisted,
                    tally.listed_dark,
                    tally.persons_away
                ])?;
            }
        }
        self.flush_hours()?;
        if self.book_changed {
            save_book(&self.connection, &self.book)?;
            self.book_changed = false;
        }
        if self.waiting() > KEEP_ROWS {
            self.dwellings.clear();
            self.rounds.clear();
        }
        Ok(())
    }

    fn flush_hours(&mut self) -> Result<()> {
        let mut add = self.connection.prepare_cached(
            "insert into tally_hour (sweep, area, hour, accounted, persons_reached, persons_away)
             values (?1, ?2, ?3, ?4, ?5, ?6)
             on conflict (sweep, area, hour) do update set accounted = accounted + ?4,
                persons_reached = persons_reached + ?5, persons_away = persons_away + ?6",
        )?;
        let mut changes: Vec<_> = self.hourly_tallies.drain().collect();
        changes.sort_unstable_by_key(|(place, _)| *place);
        for ((sweep, area, hour), tally) in changes {
            let Tally { accounted, persons_reached, persons_away, .. } = tally;
            add.execute(params![sweep, area, hour, accounted, persons_reached, persons_away])?;
        }
        let mut add = self.connection.prepare_cached(
            "insert into count_hour (area, hour, dwellings, listed) values (?1, ?2, ?3, ?4)
             on conflict (area, hour) do update set dwellings = dwellings + ?3, listed = listed + ?4",
        )?;
        let mut changes: Vec<_> = self.hourly_counts.drain().collect();
        changes.sort_unstable_by_key(|(place, _)| *place);
        for ((area, hour), count) in changes {
            add.execute(params![area, hour, count.dwellings, count.listed])?;
        }
        Ok(())
    }

    fn flush_to_judge(&mut self) -> Result<()> {
        let mut put = self.connection.prepare_cached(
            "insert or replace into to_judge (subject, kind, with_people, position) values (?1, ?2, ?3, ?4)",
        )?;
        let mut all: Vec<_> = self.to_judge.drain().collect();
        all.sort_unstable();
        for ((subject, with_people), position) in all {
            put.execute(params![subject.id().0, subject.kind(), with_people, position])?;
        }
        Ok(())
    }

    fn flush_dwellings(&mut self) -> Result<()> {
        let mut dirty = std::mem::take(&mut self.dirty_dwellings);
        dirty.sort_unstable();
        let mut update = self.connection.prepare_cached(
            "update dwelling set area = ?2, place = ?3, on_roster = ?4, listed = ?5, changed = ?6 where id = ?1",
        )?;
        for id in dirty {
            let Some(slot) = self.dwellings.get_mut(&id) else { continue };
            slot.dirty = false;
            if let Some(row) = slot.value {
                update.execute(params![
                    id.0,
                    row.area,
                    row.place as u8,
                    row.on_roster,
                    row.listed,
                    row.changed
                ])?;
            }
        }
        Ok(())
    }

    fn flush_rounds(&mut self) -> Result<()> {
        let mut dirty = std::mem::take(&mut self.dirty_rounds);
        dirty.sort_unstable();
        let mut put = self.connection.prepare_cached(
            "insert or replace into round (sweep, dwelling, at, series, sequence, outcome, light, evidence, recheck_on,
                visits, signed, here, elsewhere, unlisted, recorded, changed, found_at, found_series, found_sequence,
                found_outcome)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)",
        )?;
        for (sweep, dwelling) in dirty {
            let Some(slot) = self.rounds.get_mut(&(sweep, dwelling)) else { continue };
            slot.dirty = false;
            let Some(round) = slot.value else { continue };
            let signed = u8::from(round.signed_refusal) | (u8::from(round.signed_closing) << 1);
            let visit = round.visit;
            let found = round.found.filter(|found| visit.is_none_or(|visit| visit.stamp != found.stamp));
            put.execute(params![
                sweep,
                dwelling.0,
                visit.map(|visit| visit.stamp.at),
                visit.map(|visit| visit.stamp.series.0),
                visit.map(|visit| visit.stamp.sequence),
                visit.map(|visit| visit.outcome as u8),
                visit.map(|visit| visit.light as u8),
                visit.map(|visit| visit.evidence),
                visit.and_then(|visit| visit.recheck_on),
                round.visits,
                signed,
                round.here,
                round.elsewhere,
                round.unlisted,
                round.recorded,
                round.changed,
                found.map(|found| found.stamp.at),
                found.map(|found| found.stamp.series.0),
                found.map(|found| found.stamp.sequence),
                found.map(|found| found.outcome as u8)
            ])?;
        }
        Ok(())
    }

    /// Notes a fact that waits in quarantine.
    pub fn put_quarantined(
        &mut self,
        series: SeriesId,
        sequence: u64,
        position: u64,
        verdict: u64,
    ) -> Result<()> {
        self.cached(
            "insert or ignore into quarantine (series, sequence, position, verdict) values (?1, ?2, ?3, ?4)",
        )?
        .execute(params![series.0, sequence, position, verdict])?;
        Ok(())
    }

    pub(crate) fn cached(&self, sql: &str) -> Result<CachedStatement<'_>> {
        Ok(self.connection.prepare_cached(sql)?)
    }
}

/// The columns of a round, in the order that [`round_from`] reads.
pub const ROUND_COLUMNS: &str = "round.at, round.series, round.sequence, round.outcome, round.light, round.evidence, \
     round.recheck_on, round.visits, round.signed, round.here, round.elsewhere, round.unlisted, round.recorded, \
     round.changed, round.found_at, round.found_series, round.found_sequence, round.found_outcome";

/// Reads a round from columns `from..from + 18`; none if the row has none (an outer join found nothing).
pub fn round_from(row: &Row<'_>, from: usize) -> rusqlite::Result<Option<Round>> {
    let Some(visits) = row.get::<_, Option<u32>>(from + 7)? else { return Ok(None) };
    let visit = match row.get::<_, Option<i64>>(from)? {
        None => None,
        Some(_) => Some(visit_from(row, from)?),
    };
    let signed: u8 = row.get(from + 8)?;
    let mut round = Round::default();
    visit.into_iter().for_each(|visit| round.take(visit));
    if let Some(at) = row.get::<_, Option<i64>>(from + 14)? {
        round.take(Visit {
            stamp: Stamp { at, series: get_id(row, from + 15)?, sequence: row.get(from + 16)? },
            outcome: Outcome::from_code(row.get(from + 17)?).unwrap_or(Outcome::Met),
            light: Light::Unknown,
            evidence: 0,
            recheck_on: None,
        });
    }
    Ok(Some(Round {
        visits,
        signed_refusal: signed & 1 != 0,
        signed_closing: signed & 2 != 0,
        here: row.get(from + 9)?,
        elsewhere: row.get(from + 10)?,
        unlisted: row.get(from + 11)?,
        recorded: row.get(from + 12)?,
        changed: row.get(from + 13)?,
        ..round
    }))
}

/// Reads a visit from columns `from..from + 7`.
fn visit_from(row: &Row<'_>, from: usize) -> rusqlite::Result<Visit> {
    Ok(Visit {
        stamp: Stamp { at: row.get(from)?, series: get_id(row, from + 1)?, sequence: row.get(from + 2)? },
        outcome: Outcome::from_code(row.get(from + 3)?).unwrap_or(Outcome::NoAnswer),
        light: Light::from_code(row.get(from + 4)?).unwrap_or_default(),
        evidence: row.get(from + 5)?,
        recheck_on: row.get(from + 6)?,
    })
}

fn load_book(connection: &Connection) -> Result<Book> {
    let mut book = Book::default();
    let mut read = connection.prepare("select name, value from book")?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        match row.get::<_, String>(0)?.as_str() {
            "territory" => book.territory = row.get(1)?,
            "origin" => book.origin = row.get(1)?,
            "checkpoint_key" => book.checkpoint_key = row.get(1)?,
            "own_series" => book.own_series = get_id(row, 1)?,
            "changed" => book.changed = row.get(1)?,
            _ => {}
        }
    }
    let mut read = connection.prepare("select code, name, level, parent from area order by number")?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        book.areas.register(Area {
            code: row.get(0)?,
            name: row.get(1)?,
            level: Level::from_code(row.get(2)?).unwrap_or(Level::Grid),
            parent: row.get(3)?,
        });
    }
    let mut read = connection.prepare(
        "select id, area, programme, opened_at, deadline, closed_at, withdrawn from sweep order by number",
    )?;
    let sweeps = read.query_map([], |row| {
        Ok(Sweep {
            id: get_id(row, 0)?,
            area: row.get(1)?,
            programme: row.get(2)?,
            opened_at: row.get(3)?,
            deadline: row.get(4)?,
            closed_at: row.get(5)?,
            withdrawn: row.get::<_, Option<u64>>(6)?.and_then(Misopened::from_code),
        })
    })?;
    book.sweeps = sweeps.collect::<rusqlite::Result<_>>()?;
    let mut read =
        connection.prepare("select id, source, digest, bytes, imported_at from roster order by number")?;
    let rosters = read.query_map([], |row| {
        Ok(Roster {
            id: get_id(row, 0)?,
            source: row.get(1)?,
            digest: row.get(2)?,
            bytes: row.get(3)?,
            imported_at: row.get(4)?,
        })
    })?;
    book.rosters = rosters.collect::<rusqlite::Result<_>>()?;
    let mut read = connection.prepare(
        "select programme, version, from_day, sunset, digest, published_at from edition order by number",
    )?;
    let editions = read.query_map([], |row| {
        Ok(Edition {
            programme: row.get(0)?,
            version: row.get(1)?,
            from: row.get(2)?,
            sunset: row.get(3)?,
            digest: row.get(4)?,
            published_at: row.get(5)?,
        })
    })?;
    book.editions = editions.collect::<rusqlite::Result<_>>()?;
    let mut read =
        connection.prepare("select area, source, digest, shapes, drawn_at from map order by number")?;
    let maps = read.query_map([], |row| {
        Ok(Map {
            area: row.get(0)?,
            source: row.get(1)?,
            digest: row.get(2)?,
            shapes: row.get(3)?,
            drawn_at: row.get(4)?,
        })
    })?;
    book.maps = maps.collect::<rusqlite::Result<_>>()?;
    let mut read = connection.prepare(
        "select id, area, rows_of, department, name, basis, last_day, fields, kept_at, kept_by, position, approved_at,
            approved_by, taken_at, taken_by, taken_rows, taken_position, takings, ended_at, ended_by
         from subscription order by number",
    )?;
    let subscriptions = read.query_map([], |row| {
        let done = |at: usize| -> rusqlite::Result<Option<Done>> {
            let done: (Option<Millis>, Option<[u8; 16]>) = (row.get(at)?, row.get(at + 1)?);
            Ok(done.0.zip(done.1).map(|(at, by)| Done { at, by: Id(by) }))
        };
        let taken = match done(13)? {
            Some(done) => Some(LastTaken { done, rows: row.get(15)?, position: row.get(16)? }),
            None => None,
        };
        let fields: String = row.get(7)?;
        Ok(Subscription {
            id: Id(row.get(0)?),
            area: row.get(1)?,
            rows: RowsOf::from_code(row.get(2)?).unwrap_or(RowsOf::People),
            department: row.get(3)?,
            name: row.get(4)?,
            basis: row.get(5)?,
            last_day: row.get(6)?,
            fields: fields.split(',').filter(|field| !field.is_empty()).map(str::to_owned).collect(),
            kept: Done { at: row.get(8)?, by: Id(row.get(9)?) },
            position: row.get(10)?,
            approved: done(11)?,
            taken,
            takings: row.get(17)?,
            ended: done(18)?,
        })
    })?;
    book.subscriptions = subscriptions.collect::<rusqlite::Result<_>>()?;
    Ok(book)
}

fn save_book(connection: &Connection, book: &Book) -> Result<()> {
    let mut put = connection.prepare_cached("insert or replace into book (name, value) values (?1, ?2)")?;
    put.execute(params!["territory", book.territory])?;
    put.execute(params!["origin", book.origin])?;
    put.execute(params!["checkpoint_key", book.checkpoint_key])?;
    put.execute(params!["own_series", book.own_series.0])?;
    put.execute(params!["changed", book.changed])?;
    let mut put = connection.prepare_cached(
        "insert or replace into area (number, code, name, level, parent) values (?1, ?2, ?3, ?4, ?5)",
    )?;
    for (number, area) in book.areas.iter() {
        put.execute(params![number, area.code, area.name, area.level as u8, area.parent])?;
    }
    let mut put = connection.prepare_cached(
        "insert or replace into sweep (number, id, area, programme, opened_at, deadline, closed_at, withdrawn)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for (number, sweep) in (0u32..).zip(&book.sweeps) {
        put.execute(params![
            number,
            sweep.id.0,
            sweep.area,
            sweep.programme,
            sweep.opened_at,
            sweep.deadline,
            sweep.closed_at,
            sweep.withdrawn.map(|reason| reason as u64)
        ])?;
    }
    let mut put = connection.prepare_cached(
        "insert or replace into roster (number, id, source, digest, bytes, imported_at) values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (number, roster) in (0u32..).zip(&book.rosters) {
        put.execute(params![
            number,
            roster.id.0,
            roster.source,
            roster.digest,
            roster.bytes,
            roster.imported_at
        ])?;
    }
    let mut put = connection.prepare_cached(
        "insert or replace into edition (number, programme, version, from_day, sunset, digest, published_at)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?;
    for (number, edition) in (0u32..).zip(&book.editions) {
        put.execute(params![
            number,
            edition.programme,
            edition.version,
            edition.from,
            edition.sunset,
            edition.digest,
            edition.published_at
        ])?;
    }
    let mut put = connection.prepare_cached(
        "insert or replace into map (number, area, source, digest, shapes, drawn_at)
         values (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (number, map) in (0u32..).zip(&book.maps) {
        put.execute(params![number, map.area, map.source, map.digest, map.shapes, map.drawn_at])?;
    }
    let mut put = connection.prepare_cached(
        "insert or replace into subscription (number, id, area, rows_of, department, name, basis, last_day, fields, kept_at,
            kept_by, position, approved_at, approved_by, taken_at, taken_by, taken_rows, taken_position, takings,
            ended_at, ended_by)
         values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
    )?;
    for (number, sheet) in (0u32..).zip(&book.subscriptions) {
        let of = |done: Option<Done>| (done.map(|done| done.at), done.map(|done| done.by.0));
        let (approved, ended) = (of(sheet.approved), of(sheet.ended));
        let taken = of(sheet.taken.map(|taken| taken.done));
        put.execute(params![
            number,
            sheet.id.0,
            sheet.area,
            sheet.rows as u8,
            sheet.department,
            sheet.name,
            sheet.basis,
            sheet.last_day,
            sheet.fields.join(","),
            sheet.kept.at,
            sheet.kept.by.0,
            sheet.position,
            approved.0,
            approved.1,
            taken.0,
            taken.1,
            sheet.taken.map(|taken| taken.rows),
            sheet.taken.map(|taken| taken.position),
            sheet.takings,
            ended.0,
            ended.1
        ])?;
    }
    Ok(())
}

impl State for Views {
    type Error = StoreError;

    fn book(&self) -> &Book {
        &self.book
    }

    fn change_book(&mut self, change: impl FnOnce(&mut Book)) -> Result<()> {
        let editions = self.book.editions.len();
        change(&mut self.book);
        self.book_changed = true;
        self.book_version += 1;
        if self.book.editions.len() == editions {
            return Ok(());
        }
        self.forms_of_people.clear();
        self.look_back_at_people()
    }

    fn device(&mut self, series: SeriesId) -> Result<Option<Device>> {
        let found = self
            .cached("select public_key, worker, role, area, enrolled_at, revoked_at, ends_at from device where series = ?1")?
            .query_row([series.0], |row| {
                Ok(Device {
                    public_key: row.get(0)?,
                    worker: get_id(row, 1)?,
                    role: row.get(2)?,
                    area: row.get(3)?,
                    enrolled_at: row.get(4)?,
                    revoked_at: row.get(5)?,
                    ends_at: row.get(6)?,
                })
            })
            .optional()?;
        Ok(found)
    }

    fn put_device(&mut self, series: SeriesId, device: Device) -> Result<()> {
        self.cached(
            "insert or replace into device (series, public_key, worker, role, area, enrolled_at, revoked_at, ends_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            series.0,
            device.public_key,
            device.worker.0,
            device.role,
            device.area,
            device.enrolled_at,
            device.revoked_at,
            device.ends_at
        ])?;
        Ok(())
    }

    fn grant(&mut self, account: ActorId) -> Result<Option<Grant>> {
        let found = self
            .cached("select role, area from access where account = ?1")?
            .query_row([account.0], |row| Ok(Grant { role: row.get(0)?, area: row.get(1)? }))
            .optional()?;
        Ok(found)
    }

    fn put_grant(&mut self, account: ActorId, grant: Option<Grant>) -> Result<()> {
        match grant {
            Some(grant) => self
                .cached("insert or replace into access (account, role, area) values (?1, ?2, ?3)")?
                .execute(params![account.0, grant.role, grant.area])?,
            None => self.cached("delete from access where account = ?1")?.execute([account.0])?,
        };
        Ok(())
    }

    fn dwelling_alias(&mut self, id: DwellingId) -> Result<Option<DwellingId>> {
        let found = self
            .cached("select dwelling from dwelling_alias where id = ?1")?
            .query_row([id.0], |row| get_id(row, 0))
            .optional()?;
        Ok(found)
    }

    fn put_dwelling_alias(&mut self, id: DwellingId, of: DwellingId) -> Result<()> {
        self.cached("insert or replace into dwelling_alias (id, dwelling) values (?1, ?2)")?
            .execute(params![id.0, of.0])?;
        Ok(())
    }

    fn dwelling(&mut self, id: DwellingId) -> Result<Option<Dwelling>> {
        if let Some(slot) = self.dwellings.get(&id) {
            return Ok(slot.value);
        }
        let value = self
            .cached("select area, place, on_roster, listed, changed from dwelling where id = ?1")?
            .query_row([id.0], |row| {
                Ok(Dwelling {
                    area: row.get(0)?,
                    place: Place::from_code(row.get(1)?).unwrap_or_default(),
                    on_roster: row.get(2)?,
                    listed: row.get(3)?,
                    changed: row.get(4)?,
                })
            })
            .optional()?;
        if value.is_some() {
            self.dwellings.insert(id, Slot { value, dirty: false });
        }
        Ok(value)
    }

    fn put_dwelling(&mut self, id: DwellingId, dwelling: Dwelling) -> Result<()> {
        let before = self.dwellings.insert(id, Slot { value: Some(dwelling), dirty: true });
        if before.is_none_or(|slot| !slot.dirty) {
            self.dirty_dwellings.push(id);
        }
        Ok(())
    }

    fn door(&mut self, area: AreaNumber, key: &str) -> Result<Option<DwellingId>> {
        let found = self
            .cached("select dwelling from door where area = ?1 and key = ?2")?
            .query_row(params![area, key], |row| get_id(row, 0))
            .optional()?;
        Ok(found)
    }

    fn put_door(&mut self, area: AreaNumber, key: String, id: DwellingId) -> Result<()> {
        self.cached("insert or ignore into door (area, key, dwelling) values (?1, ?2, ?3)")?
            .execute(params![area, key, id.0])?;
        Ok(())
    }

    fn labels(&mut self, id: DwellingId) -> Result<Option<Labels>> {
        Ok(self
            .cached("select building, unit, room from dwelling where id = ?1")?
            .query_row([id.0], |row| {
                Ok(Labels { building: row.get(0)?, unit: row.get(1)?, room: row.get(2)? })
            })
            .optional()?)
    }

    fn add_door(
        &mut self,
        area: AreaNumber,
        key: String,
        id: DwellingId,
        dwelling: Dwelling,
        labels: Labels,
    ) -> Result<()> {
        self.put_door(area, key, id)?;
        self.cached(
            "insert into dwelling (id, area, place, on_roster, listed, changed, building, unit, room, walk)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            id.0,
            dwelling.area,
            dwelling.place as u8,
            dwelling.on_roster,
            dwelling.listed,
            dwelling.changed,
            labels.building,
            labels.unit,
            labels.room,
            walking_key(&labels.building, &labels.unit, &labels.room)
        ])?;
        self.dwellings.insert(id, Slot { value: Some(dwelling), dirty: false });
        Ok(())
    }

    fn remove_door(&mut self, id: DwellingId) -> Result<()> {
        self.dwellings.insert(id, Slot { value: None, dirty: false });
        for sql in ["delete from door where dwelling = ?1", "delete from dwelling where id = ?1"] {
            self.cached(sql)?.execute([id.0])?;
        }
        Ok(())
    }

    fn put_departure(&mut self, area: AreaNumber, id: DwellingId, position: u64) -> Result<()> {
        self.cached("insert or replace into departure (area, dwelling, position) values (?1, ?2, ?3)")?
            .execute(params![area, id.0, position])?;
        Ok(())
    }

    fn drop_departure(&mut self, area: AreaNumber, id: DwellingId) -> Result<()> {
        self.cached("delete from departure where area = ?1 and dwelling = ?2")?
            .execute(params![area, id.0])?;
        Ok(())
    }

    fn person(&mut self, id: PersonId) -> Result<Option<Person>> {
        let found = self
            .cached("select dwelling, content, link from person where id = ?1")?
            .query_row([id.0], |row| {
                Ok(Person {
                    dwelling: get_optional_id(row, 0)?,
                    content: row.get(1)?,
                    link: get_optional_id(row, 2)?,
                })
            })
            .optional()?;
        Ok(found)
    }

    fn put_person(&mut self, id: PersonId, person: Person) -> Result<()> {
        self.cached("insert or replace into person (id, dwelling, content, link) values (?1, ?2, ?3, ?4)")?
            .execute(params![
            id.0,
            person.dwelling.map(|dwelling| dwelling.0),
            person.content,
            person.link.map(|link| link.0)
        ])?;
        self.received_cases_of(id)
    }

    fn listed_at(&mut self, dwelling: DwellingId) -> Result<Vec<PersonId>> {
        self.ids_listed_at(dwelling)
    }

    fn linked_to(&mut self, id: PersonId) -> Result<Vec<PersonId>> {
        let mut read = self.cached("select id from person where link = ?1 order by id")?;
        let found = read.query_map([id.0], |row| get_id(row, 0))?.collect::<rusqlite::Result<_>>()?;
        Ok(found)
    }

    fn put_proposal(&mut self, proposal: Proposal) -> Result<()> {
        self.cached(
            "insert or replace into proposal (person, candidate, per_mille, model) values (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            proposal.person.0,
            proposal.candidate.0,
            proposal.per_mille,
            proposal.model
        ])?;
        self.touch_open();
        Ok(())
    }

    fn drop_proposal(&mut self, person: PersonId, candidate: PersonId) -> Result<()> {
        let dropped = self
            .cached("delete from proposal where person = ?1 and candidate = ?2")?
            .execute(params![person.0, candidate.0])?;
        if dropped > 0 {
            self.touch_open();
        }
        Ok(())
    }

    fn set_two_people(&mut self, one: PersonId, other: PersonId, two: bool) -> Result<()> {
        // Both ways, so that it is found from either.
        let sql = if two {
            "insert or ignore into two_people (one, other) values (?1, ?2), (?2, ?1)"
        } else {
            "delete from two_people where (one = ?1 and other = ?2) or (one = ?2 and other = ?1)"
        };
        self.cached(sql)?.execute(params![one.0, other.0])?;
        Ok(())
    }

    fn plan(&mut self, id: PlanId) -> Result<Option<Plan>> {
        Ok(self
            .cached(&format!("select {PLAN_COLUMNS} from plan where plan.id = ?1"))?
            .query_row([id.0], |row| plan_from(row, 0))
            .optional()?)
    }

    fn put_plan(&mut self, id: PlanId, plan: Plan) -> Result<()> {
        self.cached(
            "insert or replace into plan (id, area, kind, from_day, until_day, objective, bound, open, parts, publisher,
                published_at, position, replaced_by, replaced_at, withdrawn_at, changed)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?
        .execute(params![
            id.0,
            plan.area,
            plan.kind as u8,
            plan.from,
            plan.until,
            plan.objective,
            plan.bound,
            plan.open,
            plan.parts,
            plan.publisher.0,
            plan.published_at,
            plan.position,
            plan.replaced_by.map(|id| id.0),
            plan.replaced_at,
            plan.withdrawn_at,
            plan.changed
        ])?;
        Ok(())
    }

    fn put_plan_part(&mut self, plan: PlanId, part: PlanPart) -> Result<()> {
        self.cached(
            "insert or replace into plan_part (plan, person, worker, position) values (?1, ?2, ?3, ?4)",
        )?
        .execute(params![plan.0, part.person.0, part.worker.map(|id| id.0), part.position])?;
        Ok(())
    }

    fn appointment(&mut self, who: ActorId, programme: &str, role: &str) -> Result<Option<AreaNumber>> {
        Ok(self
            .cached("select area from appointment where who = ?1 and programme = ?2 and role = ?3")?
            .query_row(params![who.0, programme, role], |row| row.get(0))
            .optional()?)
    }

    fn put_appointment(
        &mut self,
        who: ActorId,
        programme: &str,
        role: &str,
        area: Option<AreaNumber>,
    ) -> Result<()> {
        match area {
            Some(area) => self
                .cached(
                    "insert or replace into appointment (who, programme, role, area) values (?1, ?2, ?3, ?4)",
                )?
                .execute(params![who.0, programme, role, area])?,
            None => self
                .cached("delete from appointment where who = ?1 and programme = ?2 and role = ?3")?
                .execute(params![who.0, programme, role])?,
        };
        Ok(())
    }

    fn put_filled(&mut self, filled: Filled, counts_from: u64) -> Result<()> {
        self.cached(
            "insert or ignore into filled (subject, position, subject_kind, dwelling, at, programme, version, form, on_day,
                case_id, slip, first_at)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            filled.subject.id().0,
            filled.position,
            filled.subject.kind(),
            filled.dwelling.0,
            filled.at,
            filled.programme,
            filled.version,
            filled.form,
            filled.on,
            filled.case.map(|case| case.0),
            filled.slip.map(|slip| slip.0),
            filled.first_at
        ])?;
        if self.replaced_by(filled.position)?.is_some() {
            return Ok(());
        }
        self.add_area_people(&filled, counts_from)
    }

    fn replace_filled(
        &mut self,
        (series, sequence): (SeriesId, u64),
        (by, programme, form): (u64, &str, &str),
        counts_from: u64,
    ) -> Result<Option<Millis>> {
        let earlier = position_of(self, series, sequence)?.filter(|earlier| *earlier < by);
        let Some(mut earlier) = earlier else { return Ok(None) };
        let Body::Answered { mut subject, programme: known, form: of, .. } =
            read_fact(self.connection(), earlier)?.1.body
        else {
            return Ok(None);
        };
        if (known.as_str(), of.as_str()) != (programme, form) {
            return Ok(None);
        }
        let mut first_at = None;
        loop {
            let row = self
                .cached("select first_at from filled where subject = ?1 and position = ?2")?
                .query_row(params![subject.id().0, earlier], |row| row.get(0))
                .optional()?;
            first_at = first_at.or(row);
            // Of two that take the place of the same one, the later takes that of the other, too.
            let Some(next) = self.replaced_by(earlier)?.filter(|next| *next < by) else { break };
            let Body::Answered { subject: of_next, .. } = read_fact(self.connection(), next)?.1.body else {
                break;
            };
            (earlier, subject) = (next, of_next);
        }
        self.cached("insert or replace into filled_replaced (position, by_position) values (?1, ?2)")?
            .execute(params![earlier, by])?;
        self.judge_anew(subject, false, counts_from)?;
        self.remove_area_people(earlier, counts_from)?;
        Ok(first_at)
    }

    fn put_attachments(&mut self, owner: Id, (series, sequence): (SeriesId, u64), files: u64) -> Result<()> {
        for number in 0..files.min(programme::attachment::MOST_FILES as u64) {
            self.cached(
                "insert or ignore into attachment (series, sequence, number, owner) values (?1, ?2, ?3, ?4)",
            )?
            .execute(params![series.0, sequence, number, owner.0])?;
        }
        Ok(())
    }

    fn put_attachment(
        &mut self,
        (series, sequence): (SeriesId, u64),
        number: u64,
        position: u64,
    ) -> Result<()> {
        self.cached(
            "update attachment set position = ?4
             where series = ?1 and sequence = ?2 and number = ?3 and position is null",
        )?
        .execute(params![series.0, sequence, number, position])?;
        Ok(())
    }

    fn judge_anew(&mut self, subject: Subject, with_people: bool, position: u64) -> Result<()> {
        // Before the first programme there is nothing to judge by.
        if !self.book.editions.is_empty() {
            self.to_judge.insert((subject, with_people), position);
        }
        Ok(())
    }

    fn case(&mut self, id: CaseId) -> Result<Option<(CaseId, Case)>> {
        let found = self.find_case(id)?;
        // Whose it is may have changed in this transaction.
        if let Some(id) = found.as_ref().map(|(id, _)| *id).filter(|id| self.dirty_cases.contains(id)) {
            self.refresh_case(id)?;
            return self.find_case(id);
        }
        Ok(found)
    }

    fn put_report(&mut self, case: Case, report: Report) -> Result<()> {
        self.add_report(&case, &report)
    }

    fn put_event(&mut self, case: CaseId, event: Event) -> Result<()> {
        self.add_event(case, &event)
    }

    fn put_climb(&mut self, case: CaseId, climb: Climb) -> Result<()> {
        self.cached(
            "insert or ignore into climbed (case_id, task, role, due, at, named) values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![case.0, climb.task, climb.role, climb.due, climb.at, climb.named.0])?;
        self.cached("update due set told = 1 where case_id = ?1 and task = ?2 and role = ?3 and due = ?4")?
            .execute(params![case.0, climb.task, climb.role, climb.due])?;
        Ok(())
    }

    fn put_lesson(&mut self, lesson: Id, row: Lesson) -> Result<()> {
        self.cached(
            "insert or ignore into lesson (id, programme, pathway, rule, at, position, series, sequence)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            lesson.0,
            row.programme,
            row.pathway,
            row.rule,
            row.at,
            row.position,
            row.series.0,
            row.sequence
        ])?;
        Ok(())
    }

    fn move_cases(&mut self, dwelling: DwellingId) -> Result<()> {
        self.cases_at(dwelling)?;
        self.move_area_people(dwelling)
    }

    fn hand_over(&mut self, id: HandOverId) -> Result<Option<HandOver>> {
        Ok(self
            .cached(&format!("select {HAND_OVER_COLUMNS} from hand_over where id = ?1"))?
            .query_row([id.0], |row| hand_over_from(row, 0))
            .optional()?)
    }

    fn put_hand_over(&mut self, id: HandOverId, row: HandOver) -> Result<()> {
        let (answer, answered_at) = row.answered.unzip();
        self.cached(
            "insert or replace into hand_over (id, sweep, area, giver, taker, offered_at, answer, answered_at, changed)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            id.0,
            row.sweep,
            row.area,
            row.giver.0,
            row.taker.0,
            row.offered_at,
            answer.map(|answer| answer as u8),
            answered_at,
            row.changed
        ])?;
        Ok(())
    }

    fn put_hand_over_door(&mut self, id: HandOverId, door: DwellingId) -> Result<()> {
        self.cached("insert or ignore into hand_over_door (hand_over, dwelling) values (?1, ?2)")?
            .execute(params![id.0, door.0])?;
        Ok(())
    }

    fn hand_over_doors(&mut self, id: HandOverId) -> Result<Vec<DwellingId>> {
        let mut read =
            self.cached("select dwelling from hand_over_door where hand_over = ?1 order by dwelling")?;
        let rows = read.query_map([id.0], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn slip(&mut self, id: SlipId) -> Result<Option<Slip>> {
        let found = self
            .cached(&format!("select {SLIP_COLUMNS} from slip where id = ?1"))?
            .query_row([id.0], |row| slip_from(row, 0))
            .optional()?;
        Ok(found)
    }

    fn put_slip(&mut self, id: SlipId, slip: Slip) -> Result<()> {
        self.cached(
            "insert or replace into slip (id, dwelling, issued_at, expires_at, revoked_at) values (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![id.0, slip.dwelling.0, slip.issued_at, slip.expires_at, slip.revoked_at])?;
        Ok(())
    }

    fn said(&mut self, id: PersonId) -> Result<Option<Said>> {
        let found = self
            .cached(&format!("select {SAID_COLUMNS} from said where id = ?1"))?
            .query_row([id.0], |row| said_from(row, 0))
            .optional()?;
        Ok(found)
    }

    fn put_said(&mut self, id: PersonId, said: Said) -> Result<()> {
        let (decision, decided_at) = said.decided.unzip();
        self.cached(
            "insert or replace into said (id, slip, dwelling, what, about, said_at, taken_on, decision, decided_at,
                 reason, kept, reopened)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            id.0,
            said.slip.0,
            said.dwelling.0,
            said.what as u8,
            said.about.map(|person| person.0),
            said.said_at,
            said.taken_on,
            decision.map(|decision| decision as u8),
            decided_at,
            said.reason.map(|reason| reason as u8),
            said.kept.map(|kept| kept.0),
            said.reopened
        ])?;
        Ok(())
    }

    fn waiting_of_slip(&mut self, id: SlipId, since: Millis) -> Result<u64> {
        Ok(self
            .cached(
                "select count(*) from said where slip = ?1
                    and (decision is null or decision = ?2 and decided_at > ?3)",
            )?
            .query_row(params![id.0, Decision::Withdrawn as u8, since], |row| row.get(0))?)
    }

    fn put_reading(&mut self, person: PersonId, reading: Reading) -> Result<()> {
        self.cached("insert or ignore into reading (person, position, at, actor, purpose) values (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![person.0, reading.position, reading.at, reading.actor.0, reading.purpose])?;
        Ok(())
    }

    fn put_list_reading(&mut self, area: AreaNumber, reading: Reading) -> Result<()> {
        self.cached(
            "insert or ignore into list_reading (area, position, at, actor, purpose) values (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![area, reading.position, reading.at, reading.actor.0, reading.purpose])?;
        Ok(())
    }

    fn put_roster_row(&mut self, person: PersonId, roster: u32, row: u64) -> Result<()> {
        self.cached("insert or ignore into roster_row (person, roster, row) values (?1, ?2, ?3)")?
            .execute(params![person.0, roster, row])?;
        Ok(())
    }

    fn erase_person(&mut self, id: PersonId, position: u64) -> Result<()> {
        for sql in [
            "delete from person where id = ?1",
            "delete from roster_row where person = ?1",
            "delete from proposal where person = ?1",
            "delete from proposal where candidate = ?1",
            // Whoever said something with a slip goes on to see who read it, when its words are gone.
            "delete from reading where person = ?1 and not exists (select 1 from said where id = ?1)",
            "update said set about = null where about = ?1 and slip = (select slip from said where id = ?1)",
            "delete from two_people where other = ?1 and one in (select other from two_people where one = ?1)",
            "delete from two_people where one = ?1",
            "delete from attachment where owner = ?1",
        ] {
            self.cached(sql)?.execute([id.0])?;
        }
        self.cached(
            "update plan set changed = ?2 where id in (select plan from plan_part where person = ?1)",
        )?
        .execute(params![id.0, position])?;
        self.cached("delete from plan_part where person = ?1")?.execute([id.0])?;
        self.erase_cases(id)?;
        self.to_judge.retain(|(subject, _), _| subject.id() != id);
        self.cached("delete from to_judge where subject = ?1")?.execute([id.0])?;
        self.none_erased = false;
        self.cached("insert or ignore into erased (person, position) values (?1, ?2)")?
            .execute(params![id.0, position])?;
        for (sweep, _) in (0u32..).zip(&self.book.sweeps) {
            self.cached("delete from sighting where sweep = ?1 and person = ?2")?
                .execute(params![sweep, id.0])?;
        }
        Ok(())
    }

    fn erase_notes(&mut self, id: DwellingId, position: u64, at: Millis) -> Result<()> {
        self.cached("insert or replace into notes_erased (dwelling, position, at) values (?1, ?2, ?3)")?
            .execute(params![id.0, position, at])?;
        self.cached("delete from attachment where owner = ?1")?.execute([id.0])?;
        self.cached(
            "update filled set erased_at = ?3 where subject = ?1 and position < ?2 and erased_at is null",
        )?
        .execute(params![id.0, position, at])?;
        Ok(())
    }

    fn erase_answers(&mut self, owner: Id, position: u64, by: u64, at: Millis) -> Result<Option<Subject>> {
        self.cached("insert or ignore into answers_erased (content, owner, position) values (?1, ?2, ?3)")?
            .execute(params![position, owner.0, by])?;
        let subject = self
            .cached(
                "update filled set erased_at = ?3 where subject = ?1 and position = ?2 and erased_at is null
                 returning subject_kind, subject",
            )?
            .query_row(params![owner.0, position, at], |row| subject_from(row, 0))
            .optional()?;
        if subject.is_some() {
            let (envelope, _) = read_fact(self.connection(), position)?;
            self.cached("delete from attachment where series = ?1 and sequence = ?2")?
                .execute(params![envelope.series, envelope.sequence])?;
        }
        Ok(subject)
    }

    fn is_erased(&mut self, id: PersonId) -> Result<bool> {
        if self.none_erased {
            return Ok(false);
        }
        let found = self.cached("select 1 from erased where person = ?1")?.exists([id.0])?;
        self.none_erased = !found && !self.cached("select 1 from erased limit 1")?.exists([])?;
        Ok(found)
    }

    fn round(&mut self, sweep: SweepNumber, dwelling: DwellingId) -> Result<Option<Round>> {
        if let Some(slot) = self.rounds.get(&(sweep, dwelling)) {
            return Ok(slot.value);
        }
        let value = self
            .cached(&format!("select {ROUND_COLUMNS} from round where sweep = ?1 and dwelling = ?2"))?
            .query_row(params![sweep, dwelling.0], |row| round_from(row, 0))
            .optional()?
            .flatten();
        self.rounds.insert((sweep, dwelling), Slot { value, dirty: false });
        Ok(value)
    }

    fn put_round(&mut self, sweep: SweepNumber, dwelling: DwellingId, round: Round) -> Result<()> {
        let before = self.rounds.insert((sweep, dwelling), Slot { value: Some(round), dirty: true });
        if before.is_none_or(|slot| !slot.dirty) {
            self.dirty_rounds.push((sweep, dwelling));
        }
        self.touch(sweep);
        Ok(())
    }

    fn sightings(&mut self, sweep: SweepNumber, person: PersonId) -> Result<Vec<(DwellingId, Stamp)>> {
        let mut read = self.cached(
            "select dwelling, at, series, sequence from sighting where sweep = ?1 and person = ?2 order by dwelling",
        )?;
        let found = read
            .query_map(params![sweep, person.0], |row| {
                let stamp = Stamp { at: row.get(1)?, series: get_id(row, 2)?, sequence: row.get(3)? };
                Ok((get_id(row, 0)?, stamp))
            })?
            .collect::<rusqlite::Result<_>>()?;
        Ok(found)
    }

    fn put_sighting(
        &mut self,
        sweep: SweepNumber,
        person: PersonId,
        dwelling: DwellingId,
        stamp: Stamp,
    ) -> Result<()> {
        self.cached(
            "insert or replace into sighting (sweep, person, dwelling, at, series, sequence)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![sweep, person.0, dwelling.0, stamp.at, stamp.series.0, stamp.sequence])?;
        Ok(())
    }

    fn sightings_by(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
        by: &Records,
    ) -> Result<Vec<(PersonId, u64)>> {
        let mut read = self.cached(
            "select person, sequence from sighting
             where sweep = ?1 and dwelling = ?2 and series = ?3 and sequence >= ?4 and sequence < ?5",
        )?;
        let values = params![sweep, dwelling.0, by.series.0, by.numbers.start, by.numbers.end];
        let rows = read.query_map(values, |row| Ok((get_id(row, 0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn drop_sighting(
        &mut self,
        sweep: SweepNumber,
        person: PersonId,
        dwelling: DwellingId,
        (series, sequence): (SeriesId, u64),
    ) -> Result<()> {
        self.cached(
            "delete from sighting
             where sweep = ?1 and person = ?2 and dwelling = ?3 and series = ?4 and sequence = ?5",
        )?
        .execute(params![sweep, person.0, dwelling.0, series.0, sequence])?;
        Ok(())
    }

    fn put_earlier_visit(&mut self, sweep: SweepNumber, dwelling: DwellingId, visit: Visit) -> Result<()> {
        self.cached(
            "insert or replace into earlier_visit
                 (sweep, dwelling, at, series, sequence, outcome, light, evidence, recheck_on)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            sweep,
            dwelling.0,
            visit.stamp.at,
            visit.stamp.series.0,
            visit.stamp.sequence,
            visit.outcome as u8,
            visit.light as u8,
            visit.evidence,
            visit.recheck_on
        ])?;
        Ok(())
    }

    fn earlier_visits(&mut self, sweep: SweepNumber, dwelling: DwellingId) -> Result<Vec<Visit>> {
        let mut read = self.cached(
            "select at, series, sequence, outcome, light, evidence, recheck_on from earlier_visit
             where sweep = ?1 and dwelling = ?2",
        )?;
        let rows = read.query_map(params![sweep, dwelling.0], |row| visit_from(row, 0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn drop_earlier_visit(&mut self, sweep: SweepNumber, dwelling: DwellingId, stamp: Stamp) -> Result<()> {
        self.cached(
            "delete from earlier_visit where sweep = ?1 and dwelling = ?2 and series = ?3 and sequence = ?4",
        )?
        .execute(params![sweep, dwelling.0, stamp.series.0, stamp.sequence])?;
        Ok(())
    }

    fn put_failed_call(&mut self, sweep: SweepNumber, dwelling: DwellingId, call: FailedCall) -> Result<()> {
        let FailedCall { stamp, failure } = call;
        self.cached(
            "insert or replace into failed_call (sweep, dwelling, at, series, sequence, failure)
             values (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            sweep,
            dwelling.0,
            stamp.at,
            stamp.series.0,
            stamp.sequence,
            failure as u8
        ])?;
        Ok(())
    }

    fn failed_calls(&mut self, sweep: SweepNumber, dwelling: DwellingId) -> Result<Vec<FailedCall>> {
        let mut read = self.cached(
            "select at, series, sequence, failure from failed_call where sweep = ?1 and dwelling = ?2
             order by at, series, sequence",
        )?;
        let rows = read.query_map(params![sweep, dwelling.0], |row| {
            let failure: u64 = row.get(3)?;
            Ok(FailedCall {
                stamp: Stamp { at: row.get(0)?, series: get_id(row, 1)?, sequence: row.get(2)? },
                failure: CallFailure::from_code(failure).unwrap_or(CallFailure::NoAnswer),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn drop_failed_call(&mut self, sweep: SweepNumber, dwelling: DwellingId, stamp: Stamp) -> Result<()> {
        self.cached(
            "delete from failed_call where sweep = ?1 and dwelling = ?2 and series = ?3 and sequence = ?4",
        )?
        .execute(params![sweep, dwelling.0, stamp.series.0, stamp.sequence])?;
        Ok(())
    }

    fn put_taken_back(&mut self, records: &Records) -> Result<()> {
        self.cached("insert or ignore into taken_back (series, first, end) values (?1, ?2, ?3)")?
            .execute(params![records.series.0, records.numbers.start, records.numbers.end])?;
        Ok(())
    }

    fn is_taken_back(&mut self, series: SeriesId, sequence: u64) -> Result<bool> {
        Ok(self
            .cached("select 1 from taken_back where series = ?1 and first <= ?2 and end > ?2 limit 1")?
            .exists(params![series.0, sequence])?)
    }

    fn add_count(&mut self, area: AreaNumber, change: Count) -> Result<()> {
        let count = self.counts.entry(area).or_default();
        *count = count.plus(change);
        if change != Count::default() {
            let hourly = self.hourly_counts.entry((area, self.hour)).or_default();
            *hourly = hourly.plus(change);
        }
        // Doors and lists are shared by every open sweep.
        self.touch_open();
        Ok(())
    }

    fn add_tally(&mut self, sweep: SweepNumber, area: AreaNumber, change: Tally) -> Result<()> {
        let tally = self.tallies.entry((sweep, area)).or_default();
        *tally = tally.plus(change);
        if (change.accounted, change.persons_reached, change.persons_away) != (0, 0, 0) {
            let hourly = self.hourly_tallies.entry((sweep, area, self.hour)).or_default();
            *hourly = hourly.plus(change);
        }
        self.touch(sweep);
        Ok(())
    }

    fn freeze(&mut self, sweep: SweepNumber, area: AreaNumber) -> Result<()> {
        let stored = self
            .cached("select dwellings, listed from area_count where area = ?1")?
            .query_row([area], |row| Ok(Count { dwellings: row.get(0)?, listed: row.get(1)? }))
            .optional()?
            .unwrap_or_default();
        let count = stored.plus(self.counts.get(&area).copied().unwrap_or_default());
        self.cached(
            "insert or replace into frozen (sweep, area, dwellings, listed) values (?1, ?2, ?3, ?4)",
        )?
        .execute(params![sweep, area, count.dwellings, count.listed])?;
        self.flush()?;
        let mut read = self.connection.prepare_cached(&format!(
            "select dwelling.id, dwelling.listed, {ROUND_COLUMNS} from dwelling
             left join round on round.sweep = ?1 and round.dwelling = dwelling.id
             where dwelling.area = ?2 order by dwelling.id"
        ))?;
        let mut put = self
            .connection
            .prepare_cached("insert or ignore into unreached (sweep, area, dwelling) values (?1, ?2, ?3)")?;
        let mut rows = read.query(params![sweep, area])?;
        while let Some(row) = rows.next()? {
            if residual_reason(row.get(1)?, &round_from(row, 2)?.unwrap_or_default()).is_some() {
                put.execute(params![sweep, area, row.get::<_, [u8; 16]>(0)?])?;
            }
        }
        Ok(())
    }

    fn take_quarantined(&mut self, series: SeriesId, sequence: u64) -> Result<Option<Waiting>> {
        // `facts` is in this file, or in the ledger attached to a rebuild.
        let found = self
            .cached(
                "select quarantine.position, facts.received_at, facts.fact from quarantine
                 join facts on facts.position = quarantine.position
                 where quarantine.series = ?1 and quarantine.sequence = ?2 and quarantine.refused is null
                 order by quarantine.position limit 1",
            )?
            .query_row(params![series.0, sequence], |row| {
                Ok((row.get::<_, u64>(0)?, row.get::<_, i64>(1)?, row.get::<_, Vec<u8>>(2)?))
            })
            .optional()?;
        let Some((position, received_at, fact)) = found else { return Ok(None) };
        self.cached("delete from quarantine where series = ?1 and sequence = ?2 and position = ?3")?
            .execute(params![series.0, sequence, position])?;
        let envelope = ledger::envelope::Envelope::decode(&fact)
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        Ok(Some(Waiting {
            position,
            received_at,
            payload: envelope.payload,
            sealed: envelope.sealed.map(|commitment| Id(commitment.owner)),
        }))
    }

    fn refuse_quarantined(
        &mut self,
        series: SeriesId,
        sequence: u64,
        refused: Option<(Refusal, Millis)>,
    ) -> Result<bool> {
        let (why, at) = refused.unzip();
        let changed = self
            .cached(
                "update quarantine set refused = ?3, refused_at = ?4 where series = ?1 and sequence = ?2 and position =
                     (select min(position) from quarantine
                      where series = ?1 and sequence = ?2 and (refused is null) = (?3 is not null))",
            )?
            .execute(params![series.0, sequence, why.map(|why| why as u8), at])?;
        Ok(changed > 0)
    }

    fn put_held(&mut self, series: SeriesId, sequence: u64, held: Held) -> Result<()> {
        let (fate, refusal) = match held.fate {
            Fate::Waits => (0, None),
            Fate::Counts => (1, None),
            Fate::Refused(refusal) => (2, Some(refusal as u8)),
        };
        self.cached(
            "insert or replace into held (series, sequence, fate, refusal, changed) values (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![series.0, sequence, fate, refusal, held.changed])?;
        Ok(())
    }
}
