//! What a phone has to be told: the doors of its area that changed since it asked last.

use domain::area::AreaNumber;
use domain::door::floor_of;
use domain::fact::Place;
use domain::id::{DwellingId, Id, PersonId};
use domain::state::{Dwelling, Labels, Round, SweepNumber};
use rusqlite::params;

use crate::error::Result;
use crate::query::Reader;
use crate::views::{ROUND_COLUMNS, round_from};

/// Where the next page goes on: after this door, in this area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoorCursor {
    pub area: AreaNumber,
    pub dwelling: DwellingId,
}

/// A door as a phone keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedDoor {
    pub id: DwellingId,
    pub labels: Labels,
    pub dwelling: Dwelling,
    /// Who is listed here, each person once, under canonical ids; who they are is sealed.
    pub members: Vec<PersonId>,
    /// Its row in every open sweep over it in which anything happened here.
    pub rounds: Vec<(SweepNumber, Round)>,
}

impl ChangedDoor {
    /// The floor, where the room's number tells it.
    #[must_use]
    pub fn floor(&self) -> Option<i32> {
        floor_of(&self.labels.room)
    }
}

/// One page of what changed.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// How many facts the answer takes into account: the `after` of the next pull, if this was the first page.
    pub size: u64,
    pub doors: Vec<ChangedDoor>,
    /// Ids that are no doors of the area any more: they moved out of it, or turned out to be other doors' names.
    pub removed: Vec<DwellingId>,
    /// None at the end.
    pub next: Option<DoorCursor>,
}

impl Reader {
    /// The doors at or below `area` that changed, or whose row in an open sweep changed, at or after position `after`,
    /// in order of their areas' numbers and then of their ids, at most `limit` of them. 0 gives every door.
    ///
    /// Each page is one committed state. A phone keeps the first page's [`Changes::size`] and asks from there the next
    /// time: whatever changes while it pages comes again then.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn changed_doors(
        &mut self,
        area: AreaNumber,
        after: u64,
        from: Option<DoorCursor>,
        limit: usize,
    ) -> Result<Changes> {
        if !self.views.connection().is_autocommit() {
            // Within a snapshot, whose book is that of the moment.
            let size = self.size()?;
            return self.page(size, area, after, from, limit);
        }
        self.views.connection().execute_batch("begin")?;
        let changes = self.refresh().and_then(|size| self.page(size, area, after, from, limit));
        self.views.connection().execute_batch("commit")?;
        changes
    }

    fn page(
        &mut self,
        size: u64,
        area: AreaNumber,
        after: u64,
        from: Option<DoorCursor>,
        limit: usize,
    ) -> Result<Changes> {
        let mut areas = self.book().areas.subtree(area);
        areas.sort_unstable();
        let mut changes = Changes { size, ..Changes::default() };
        for number in areas {
            let start = match from {
                Some(from) if number < from.area => continue,
                Some(from) if number == from.area => Some(from.dwelling),
                _ => {
                    changes.removed.extend(self.departed(number, area, after)?);
                    None
                }
            };
            if let Some(last) = self.doors_from(number, after, start, limit, &mut changes.doors)? {
                changes.next = Some(DoorCursor { area: number, dwelling: last });
                break;
            }
        }
        for door in &mut changes.doors {
            door.members = self.listed_at(door.id)?;
        }
        Ok(changes)
    }

    /// Adds the changed doors counted directly under `area`; if there was no room for all, the id to go on after.
    fn doors_from(
        &self,
        area: AreaNumber,
        after: u64,
        start: Option<DwellingId>,
        limit: usize,
        into: &mut Vec<ChangedDoor>,
    ) -> Result<Option<DwellingId>> {
        let over: Vec<SweepNumber> = {
            let book = self.book();
            let over = |sweep: &SweepNumber| {
                book.sweeps.get(*sweep as usize).is_some_and(|row| book.areas.is_within(area, row.area))
            };
            book.open_sweeps().filter(over).collect()
        };
        let connection = self.views.connection();
        let mut read = connection.prepare_cached(
            "select id, place, on_roster, listed, changed, building, unit, room from dwelling
             where area = ?1 and (walk, id) > (coalesce((select walk from dwelling where id = ?2), x''), ?2)
             order by walk, id",
        )?;
        let mut read_round = connection.prepare_cached(&format!(
            "select {ROUND_COLUMNS} from round where sweep = ?1 and dwelling = ?2"
        ))?;
        let mut last = start.unwrap_or_default();
        let mut rows = read.query(params![area, last.0])?;
        while let Some(row) = rows.next()? {
            let id = Id(row.get(0)?);
            let dwelling = Dwelling {
                area,
                place: Place::from_code(row.get(1)?).unwrap_or_default(),
                on_roster: row.get(2)?,
                listed: row.get(3)?,
                changed: row.get(4)?,
            };
            let mut changed = dwelling.changed >= after;
            let mut rounds = Vec::with_capacity(over.len());
            for sweep in &over {
                let mut found = read_round.query(params![sweep, id.0])?;
                if let Some(found) = found.next()?
                    && let Some(round) = round_from(found, 0)?
                {
                    changed |= round.changed >= after;
                    rounds.push((*sweep, round));
                }
            }
            if !changed {
                continue;
            }
            if into.len() >= limit.max(1) {
                return Ok(Some(last));
            }
            last = id;
            let labels = Labels { building: row.get(5)?, unit: row.get(6)?, room: row.get(7)? };
            into.push(ChangedDoor { id, labels, dwelling, members: Vec::new(), rounds });
        }
        Ok(None)
    }

    fn departed(&self, from: AreaNumber, scope: AreaNumber, after: u64) -> Result<Vec<DwellingId>> {
        let mut read = self.views.connection().prepare_cached(
            "select departure.dwelling, dwelling.area from departure
             left join dwelling on dwelling.id = departure.dwelling
             where departure.area = ?1 and departure.position >= ?2 order by departure.dwelling",
        )?;
        let mut rows = read.query(params![from, after])?;
        let mut gone = Vec::new();
        while let Some(row) = rows.next()? {
            let now: Option<AreaNumber> = row.get(1)?;
            if now.is_none_or(|now| !self.book().areas.is_within(now, scope)) {
                gone.push(Id(row.get(0)?));
            }
        }
        Ok(gone)
    }
}
