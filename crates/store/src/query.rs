//! What screens and commands read. A reader never waits for the writer, and sees one committed state per call.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use domain::apply;
use domain::area::AreaNumber;
use domain::door::{building_key, building_prefix, door_key, floor_of};
use domain::fact::Place;
use domain::id::{DwellingId, Id, PersonId};
use domain::identity::Identity;
use domain::state::{Book, Count, Dwelling, FailedCall, Labels, Round, State, SweepNumber, Tally, Visit};
use domain::sweep::{self, Kind, Reason, Seen};
use domain::time::Millis;
use ledger::seal::TerritoryKey;
use rusqlite::{Connection, OptionalExtension, params};

use crate::content::Content;
use crate::directory::{self, Directory};
use crate::error::{Result, StoreError};
use crate::lists::Stand;
use crate::schema;
use crate::store::read_fact;
use crate::views::{HOUR, ROUND_COLUMNS, Views, round_from};

/// Reads a territory. Cheap to open; keep one for each thread.
pub struct Reader {
    pub(crate) views: Views,
    pub(crate) content: Content,
    size_at: u64,
}

/// The numbers of one area in one sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Coverage {
    pub dwellings: i64,
    pub accounted: i64,
    pub residual: i64,
    pub persons_listed: i64,
    pub persons_reached: i64,
    pub lit_unlisted: i64,
    pub listed_dark: i64,
    /// Listed, seen nowhere, and away by the latest visit.
    pub persons_away: i64,
}

/// A door as a sweep sees it.
#[derive(Clone, Debug)]
pub struct Door {
    pub id: DwellingId,
    pub labels: Labels,
    pub dwelling: Dwelling,
    pub round: Round,
}

impl Door {
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        sweep::residual_reason(self.dwelling.listed, &self.round)
    }

    /// The visit that says how it stands.
    #[must_use]
    pub fn telling(&self) -> Option<Visit> {
        sweep::telling(self.dwelling.listed, &self.round)
    }

    /// When people were reached here before an empty knock, and how many of those listed.
    #[must_use]
    pub fn found_before(&self) -> Option<(Visit, u32)> {
        sweep::found_before(&self.round)
    }

    /// The floor, where the room's number tells it.
    #[must_use]
    pub fn floor(&self) -> Option<i32> {
        floor_of(&self.labels.room)
    }
}

/// One line of the two-way reconcile.
#[derive(Clone, Debug)]
pub struct Line {
    pub kind: Kind,
    /// None for a door at which nobody was recorded.
    pub person: Option<PersonId>,
    pub door: Door,
    /// For someone who moved: the door where she was seen last.
    pub seen_at: Option<DwellingId>,
    pub due: String,
}

impl Reader {
    /// Opens the territory for reading; the key may be missing, and then nothing sealed can be read.
    ///
    /// # Errors
    /// [`StoreError::NotADataDirectory`], [`StoreError::Schema`] and those of SQLite.
    pub fn open(root: &Path, key: Option<Arc<TerritoryKey>>) -> Result<Self> {
        let directory = Directory::find(root)?;
        let territory = directory::open_reader(&directory.territory(), schema::TERRITORY)?;
        let views_version: i64 =
            territory
                .query_row("select value from meta where name = 'views_version'", [], |row| row.get(0))?;
        if views_version != schema::VIEWS_VERSION {
            return Err(StoreError::refused(
                "views_outdated",
                "视图是另一个版本的程序生成的；先运行 wanjia rebuild",
                "the views were made by another version of the program; run `wanjia rebuild` first",
            ));
        }
        let vault = directory::open_reader(&directory.vault(), schema::VAULT)?;
        let keys = directory::open_reader(&directory.keys(), schema::KEYS)?;
        Ok(Self {
            views: Views::open(territory)?,
            content: Content { vault, keys, key, aside: None },
            size_at: 0,
        })
    }

    /// Whether sealed content can be read.
    #[must_use]
    pub fn has_key(&self) -> bool {
        self.content.key.is_some()
    }

    pub(crate) fn views_connection(&self) -> &Connection {
        self.views.connection()
    }

    /// How many facts the ledger holds.
    pub fn size(&self) -> Result<u64> {
        Ok(self
            .views
            .connection()
            .prepare_cached("select coalesce(max(position) + 1, 0) from facts")?
            .query_row([], |row| row.get(0))?)
    }

    /// Runs `work` on one committed state: nothing that is committed meanwhile is seen, and nothing kept from earlier
    /// calls. `book_changed` says that the book has to be read again.
    ///
    /// # Errors
    /// Those of the storage; `work` has its own.
    pub fn snapshot<T>(&mut self, book_changed: bool, work: impl FnOnce(&mut Self) -> T) -> Result<T> {
        self.views.connection().execute_batch("begin")?;
        self.views.forget();
        let ready = if book_changed { self.views.reload() } else { Ok(()) };
        let found = ready.map(|()| work(self));
        self.views.connection().execute_batch("rollback")?;
        found
    }

    /// Forgets what was kept from earlier calls, and reads the book again if it changed since.
    pub fn refresh(&mut self) -> Result<u64> {
        let size = self.size()?;
        if size != self.size_at {
            if self.views.stored_book_changed()? == self.book().changed {
                self.views.forget();
            } else {
                self.views.reload()?;
            }
            self.size_at = size;
        }
        Ok(size)
    }

    #[must_use]
    pub fn book(&self) -> &Book {
        self.views.book()
    }

    pub fn state(&mut self) -> &mut Views {
        &mut self.views
    }

    /// The area with this code.
    ///
    /// # Errors
    /// [`StoreError::Refused`] naming the code.
    pub fn area(&self, code: &str) -> Result<AreaNumber> {
        self.book().areas.number(code).ok_or_else(|| {
            StoreError::refused(
                "unknown_area",
                format!("没有编码为 {code} 的区域；用 wanjia import areas 导入"),
                format!("no area has the code {code}; import it with `wanjia import areas`"),
            )
        })
    }

    /// The sweep with this id.
    ///
    /// # Errors
    /// [`StoreError::Refused`] naming the id.
    pub fn sweep(&self, id: Id) -> Result<SweepNumber> {
        self.book().sweep(id).map(|(number, _)| number).ok_or_else(|| {
            StoreError::refused(
                "unknown_sweep",
                format!("没有编号为 {id} 的排查；wanjia sweep list 列出所有排查"),
                format!("there is no sweep {id}; `wanjia sweep list` prints those there are"),
            )
        })
    }

    /// The sweep's area, or one within it.
    ///
    /// # Errors
    /// [`StoreError::Refused`] if `code` lies outside the sweep.
    pub fn scope(&self, sweep: SweepNumber, code: Option<&str>) -> Result<AreaNumber> {
        let whole = self.book().sweeps.get(sweep as usize).map_or(0, |sweep| sweep.area);
        let Some(code) = code else { return Ok(whole) };
        let area = self.area(code)?;
        if self.book().areas.is_within(area, whole) {
            return Ok(area);
        }
        let name = self.book().areas.code(whole);
        Err(StoreError::refused(
            "outside_sweep",
            format!("{code} 不在这次排查的范围 {name} 内"),
            format!("{code} lies outside the sweep's area {name}"),
        ))
    }

    /// An area's numbers, exact at this moment; of a closed sweep, as it was closed.
    pub fn coverage(&self, sweep: SweepNumber, area: AreaNumber) -> Result<Coverage> {
        let connection = self.views.connection();
        let closed = self.book().sweeps.get(sweep as usize).is_some_and(|sweep| sweep.closed_at.is_some());
        let count = if closed {
            connection
                .prepare_cached("select dwellings, listed from frozen where sweep = ?1 and area = ?2")?
                .query_row(params![sweep, area], |row| {
                    Ok(Count { dwellings: row.get(0)?, listed: row.get(1)? })
                })
                .optional()?
        } else {
            connection
                .prepare_cached("select dwellings, listed from area_count where area = ?1")?
                .query_row([area], |row| Ok(Count { dwellings: row.get(0)?, listed: row.get(1)? }))
                .optional()?
        };
        let tally = connection
            .prepare_cached(
                "select accounted, persons_reached, lit_unlisted, listed_dark, persons_away from tally
                 where sweep = ?1 and area = ?2",
            )?
            .query_row(params![sweep, area], |row| {
                Ok(Tally {
                    accounted: row.get(0)?,
                    persons_reached: row.get(1)?,
                    lit_unlisted: row.get(2)?,
                    listed_dark: row.get(3)?,
                    persons_away: row.get(4)?,
                })
            })
            .optional()?;
        let (count, tally) = (count.unwrap_or_default(), tally.unwrap_or_default());
        Ok(Coverage {
            dwellings: count.dwellings,
            accounted: tally.accounted,
            residual: count.dwellings - tally.accounted,
            persons_listed: count.listed,
            persons_reached: tally.persons_reached,
            lit_unlisted: tally.lit_unlisted,
            listed_dark: tally.listed_dark,
            persons_away: tally.persons_away,
        })
    }

    /// How far an area was in a sweep at the end of each hour in which that changed, oldest first, by what had arrived by
    /// then: the hour since 1970, the dwellings known, those accounted for. The first is the hour before the sweep opened.
    pub fn series(&self, sweep: SweepNumber, area: AreaNumber) -> Result<Vec<(i64, i64, i64)>> {
        let Some(row) = self.book().sweeps.get(sweep as usize) else { return Ok(Vec::new()) };
        let hour = |at: Millis| at.div_euclid(HOUR);
        let (opened, closed) = (hour(row.opened_at), row.closed_at.map_or(i64::MAX, hour));
        let mut read = self.views.connection().prepare_cached(
            "select hour, sum(dwellings), sum(accounted) from (
                select hour, dwellings, 0 as accounted from count_hour where area = ?2
                union all
                select hour, 0, accounted from tally_hour where sweep = ?1 and area = ?2)
             group by hour order by hour",
        )?;
        let changes =
            read.query_map(params![sweep, area], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        let mut series = vec![(opened - 1, 0, 0)];
        for change in changes {
            let (hour, dwellings, accounted): (i64, i64, i64) = change?;
            let (last, known, done) = series.last().copied().unwrap_or_default();
            let now = (hour.max(last), known + dwellings, done + accounted);
            if hour > closed {
                break;
            }
            if hour <= last {
                series.pop();
            }
            series.push(now);
        }
        Ok(series)
    }

    /// The areas at or below `area` that hold doors of their own, in the order of their codes.
    pub fn areas_with_doors(&self, area: AreaNumber) -> Result<Vec<AreaNumber>> {
        let mut holds =
            self.views.connection().prepare_cached("select 1 from dwelling where area = ?1 limit 1")?;
        let mut found = Vec::new();
        for number in self.book().areas.subtree(area) {
            if holds.exists([number])? {
                found.push(number);
            }
        }
        found.sort_by(|a, b| self.book().areas.code(*a).cmp(self.book().areas.code(*b)));
        Ok(found)
    }

    /// The doors counted directly under an area that are not accounted for, with the reason, in walking order; of a
    /// closed sweep, those it was closed with, each signed for.
    pub fn residual(&mut self, sweep: SweepNumber, area: AreaNumber) -> Result<Vec<(Door, Reason)>> {
        let mut left = Vec::new();
        if self.book().is_open(sweep) {
            for door in self.doors(sweep, area)? {
                left.extend(door.reason().map(|reason| (door, reason)));
            }
            return Ok(left);
        }
        let ids: Vec<Id> = {
            let sql = "select dwelling from unreached where sweep = ?1 and area = ?2 order by dwelling";
            let mut read = self.views.connection().prepare_cached(sql)?;
            read.query_map(params![sweep, area], |row| Ok(Id(row.get(0)?)))?
                .collect::<rusqlite::Result<_>>()?
        };
        for id in ids {
            let Some(door) = self.door(sweep, id)? else { continue };
            left.extend(door.reason().map(|reason| (door, reason)));
        }
        left.sort_by_cached_key(|(door, _)| Stand::of(&door.labels, door.id));
        Ok(left)
    }

    /// Every door counted directly under an area, in walking order.
    pub fn doors(&self, sweep: SweepNumber, area: AreaNumber) -> Result<Vec<Door>> {
        self.walk_from(sweep, area, None, None)
    }

    /// As many doors counted directly under an area, in walking order, as are wanted; from a place on, it included.
    pub(crate) fn walk_from(
        &self,
        sweep: SweepNumber,
        area: AreaNumber,
        from: Option<&Stand>,
        most: Option<usize>,
    ) -> Result<Vec<Door>> {
        let mut read = self.views.connection().prepare_cached(&format!(
            "select dwelling.id, dwelling.place, dwelling.on_roster, dwelling.listed, dwelling.changed,
                dwelling.building, dwelling.unit, dwelling.room, {ROUND_COLUMNS}
             from dwelling left join round on round.sweep = ?1 and round.dwelling = dwelling.id
             where dwelling.area = ?2 and (dwelling.walk, dwelling.id) >= (?3, ?4)
             order by dwelling.walk, dwelling.id limit ?5"
        ))?;
        let (walk, id) = from.map_or((&[][..], [0; 16]), |stand| (&stand.walk, stand.dwelling.0));
        let most = most.and_then(|most| i64::try_from(most).ok()).unwrap_or(-1);
        let rows = read.query_map(params![sweep, area, walk, id, most], |row| {
            Ok(Door {
                id: Id(row.get(0)?),
                dwelling: Dwelling {
                    area,
                    place: Place::from_code(row.get(1)?).unwrap_or_default(),
                    on_roster: row.get(2)?,
                    listed: row.get(3)?,
                    changed: row.get(4)?,
                },
                labels: Labels { building: row.get(5)?, unit: row.get(6)?, room: row.get(7)? },
                round: round_from(row, 8)?.unwrap_or_default(),
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The buildings of an area and of all below it, each by its comparison key, as one of its doors writes it.
    pub fn building_names(&self, area: AreaNumber) -> Result<BTreeMap<String, String>> {
        let mut read = self.views.connection().prepare_cached(
            "select distinct building from dwelling where area = ?1 order by building desc",
        )?;
        let mut found = BTreeMap::new();
        for number in self.book().areas.subtree(area) {
            for name in read.query_map([number], |row| row.get::<_, String>(0))? {
                let name = name?;
                found.insert(building_key(&name), name);
            }
        }
        Ok(found)
    }

    /// The doors of one building, in walking order, wherever in the area they are counted.
    pub fn building(&self, sweep: SweepNumber, area: AreaNumber, building: &str) -> Result<Vec<Door>> {
        let prefix = building_prefix(building);
        let mut doors = Vec::new();
        for number in self.areas_with_doors(area)? {
            let all = self.doors(sweep, number)?;
            doors.extend(all.into_iter().filter(|door| {
                door_key(&door.labels.building, &door.labels.unit, &door.labels.room).starts_with(&prefix)
            }));
        }
        Ok(doors)
    }

    /// One door.
    pub fn door(&mut self, sweep: SweepNumber, id: DwellingId) -> Result<Option<Door>> {
        self.views.forget();
        let id = apply::resolve_dwelling(&mut self.views, id)?;
        let Some(dwelling) = self.views.dwelling(id)? else { return Ok(None) };
        let round = self.views.round(sweep, id)?.unwrap_or_default();
        let labels = self.labels(id)?;
        Ok(Some(Door { id, labels, dwelling, round }))
    }

    /// The labels of a door.
    pub fn labels(&self, id: DwellingId) -> Result<Labels> {
        Ok(self
            .views
            .connection()
            .prepare_cached("select building, unit, room from dwelling where id = ?1")?
            .query_row([id.0], |row| {
                Ok(Labels { building: row.get(0)?, unit: row.get(1)?, room: row.get(2)? })
            })?)
    }

    /// The ids of the people listed in a dwelling, each person once.
    pub fn listed_at(&mut self, dwelling: DwellingId) -> Result<Vec<PersonId>> {
        self.people_where("select id from person where dwelling = ?1 order by id", dwelling, None)
    }

    fn people_where(
        &mut self,
        sql: &str,
        dwelling: DwellingId,
        sweep: Option<SweepNumber>,
    ) -> Result<Vec<PersonId>> {
        let ids: Vec<Id> = {
            let mut read = self.views.connection().prepare_cached(sql)?;
            let read_id = |row: &rusqlite::Row<'_>| Ok(Id(row.get(0)?));
            match sweep {
                Some(sweep) => {
                    read.query_map(params![dwelling.0, sweep], read_id)?.collect::<rusqlite::Result<_>>()?
                }
                None => read.query_map([dwelling.0], read_id)?.collect::<rusqlite::Result<_>>()?,
            }
        };
        let mut people = Vec::with_capacity(ids.len());
        for id in ids {
            let person = apply::canonical(&mut self.views, id)?;
            if !people.contains(&person) {
                people.push(person);
            }
        }
        Ok(people)
    }

    /// Where a person is listed, under whichever of her ids.
    pub fn home(&mut self, person: PersonId) -> Result<Option<DwellingId>> {
        apply::group_home(&mut self.views, person)
    }

    /// The doors at which a person was seen in a sweep, newest last.
    pub fn seen(&mut self, sweep: SweepNumber, person: PersonId) -> Result<Vec<(DwellingId, Millis)>> {
        let mut seen = Vec::new();
        for member in apply::group(&mut self.views, person)? {
            seen.extend(self.views.sightings(sweep, member)?);
        }
        seen.sort_by_key(|(_, stamp)| *stamp);
        Ok(seen.into_iter().map(|(door, stamp)| (door, stamp.at)).collect())
    }

    /// The lines of the reconcile for the doors counted directly under one area: everyone listed there, and everyone
    /// unlisted who was last seen there.
    pub fn reconcile(&mut self, sweep: SweepNumber, area: AreaNumber) -> Result<Vec<Line>> {
        let mut lines = Vec::new();
        for door in self.doors(sweep, area)? {
            self.door_lines(sweep, door, &mut lines)?;
        }
        Ok(lines)
    }

    /// The telephone calls to a door in a sweep that reached nobody, in the order in which they were made.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn failed_calls(&mut self, sweep: SweepNumber, dwelling: DwellingId) -> Result<Vec<FailedCall>> {
        self.views.failed_calls(sweep, dwelling)
    }

    /// Who is on no list and was seen last at a door in a sweep, under the ids that all theirs lead to, and when.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn unlisted_at(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
        round: &Round,
    ) -> Result<Vec<(PersonId, Millis)>> {
        let mut unlisted = Vec::new();
        if round.unlisted == 0 {
            return Ok(unlisted);
        }
        let sql = "select person from sighting where dwelling = ?1 and sweep = ?2 order by person";
        for person in self.people_where(sql, dwelling, Some(sweep))? {
            if self.home(person)?.is_some() {
                continue;
            }
            let last = self.seen(sweep, person)?.pop();
            unlisted.extend(last.filter(|(at, _)| *at == dwelling).map(|(_, at)| (person, at)));
        }
        Ok(unlisted)
    }

    /// Adds the lines of one door.
    pub(crate) fn door_lines(&mut self, sweep: SweepNumber, door: Door, lines: &mut Vec<Line>) -> Result<()> {
        let deadline = self.book().sweeps.get(sweep as usize).map_or(0, |sweep| sweep.deadline);
        if door.dwelling.listed > 0 {
            for person in self.listed_at(door.id)? {
                if self.home(person)? != Some(door.id) {
                    continue;
                }
                let seen = self.seen(sweep, person)?;
                let mark = if seen.iter().any(|(at, _)| *at == door.id) {
                    Seen::Here
                } else if seen.is_empty() {
                    Seen::Nowhere
                } else {
                    Seen::Elsewhere
                };
                let kind = sweep::kind_of(door.dwelling.listed, &door.round, mark);
                lines.push(Line {
                    kind,
                    person: Some(person),
                    seen_at: seen.last().map(|(at, _)| *at).filter(|_| kind == Kind::Moved),
                    due: sweep::due(kind, door.telling(), None, deadline),
                    door: door.clone(),
                });
            }
        }
        for (person, at) in self.unlisted_at(sweep, door.id, &door.round)? {
            lines.push(Line {
                kind: Kind::LitUnlisted,
                person: Some(person),
                seen_at: None,
                due: sweep::due(Kind::LitUnlisted, door.telling(), Some(at), deadline),
                door: door.clone(),
            });
        }
        if sweep::is_lit_unlisted_door(&door.dwelling, &door.round) {
            lines.push(Line {
                kind: Kind::LitUnlisted,
                person: None,
                seen_at: None,
                due: sweep::due(Kind::LitUnlisted, door.telling(), None, deadline),
                door,
            });
        }
        Ok(())
    }

    /// Who a person is; none if nothing is known of her, or it was erased.
    ///
    /// # Errors
    /// [`StoreError::Seal`] if the reader was opened without a key.
    pub fn identity(&mut self, person: PersonId) -> Result<Option<Identity>> {
        for member in apply::group(&mut self.views, person)? {
            let Some(position) = self.views.person(member)?.and_then(|row| row.content) else { continue };
            let (envelope, _) = read_fact(self.views.connection(), position)?;
            let plain = self.content.open(member, position, Id(envelope.series), envelope.sequence)?;
            if let Some(identity) = plain.as_deref().and_then(Identity::decode) {
                return Ok(Some(identity));
            }
        }
        Ok(None)
    }
}
