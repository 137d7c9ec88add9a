//! What waits for someone, counted by area: for the command page.

use domain::access::Role;
use domain::area::AreaNumber;
use domain::id::{ActorId, Id};
use domain::slip::What;
use domain::time::{Day, Millis};
use rusqlite::params;

use crate::error::Result;
use crate::query::Reader;

/// How many things wait, by the area under which each is counted.
pub type Waiting = Vec<(AreaNumber, u64)>;

/// Tasks of cases that are overdue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Late {
    pub area: AreaNumber,
    pub programme: String,
    /// Whose tasks they are.
    pub role: String,
    pub count: u64,
}

/// Where a page of what nobody decided ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnansweredPlace {
    pub at: Millis,
    pub said: Id,
}

/// Something that a resident said and nobody decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    pub place: UnansweredPlace,
    pub what: What,
    /// When someone took it on, if anybody did.
    pub taken_on: Option<Millis>,
    pub area: AreaNumber,
}

impl Reader {
    /// Tasks that nobody did in time, by their owner.
    ///
    /// # Errors
    /// Those of the storage, as below.
    pub fn late_tasks(&self, now: Millis) -> Result<Vec<Late>> {
        let mut read = self.views_connection().prepare_cached(
            "select area, programme, role, count(*) from due where rank = 0 and due <= ?1
             group by area, programme, role order by area, programme, role",
        )?;
        let rows = read.query_map([now], |row| {
            Ok(Late { area: row.get(0)?, programme: row.get(1)?, role: row.get(2)?, count: row.get(3)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What residents said and nobody decided, by the door.
    pub fn unanswered(&self) -> Result<Waiting> {
        self.counted(
            "select dwelling.area, count(*) from said join dwelling on dwelling.id = said.dwelling
             where said.decision is null group by dwelling.area order by dwelling.area",
            params![],
        )
    }

    /// What residents of an area said and nobody decided, the longest first, behind a place: what waits, and nothing of who said it.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn unanswered_in(
        &self,
        area: AreaNumber,
        after: Option<UnansweredPlace>,
        limit: usize,
    ) -> Result<Vec<Unanswered>> {
        let mut read = self.views_connection().prepare_cached(
            "select said.id, said.what, said.said_at, said.taken_on, dwelling.area
             from said join dwelling on dwelling.id = said.dwelling
             where said.decision is null and (said.said_at, said.id) > (?1, ?2) order by said.said_at, said.id",
        )?;
        let after = after.unwrap_or(UnansweredPlace { at: Millis::MIN, said: Id([0; 16]) });
        let mut rows = read.query(params![after.at, after.said.0])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let number = row.get(4)?;
            if found.len() == limit || !self.book().areas.is_within(number, area) {
                continue;
            }
            found.push(Unanswered {
                place: UnansweredPlace { at: row.get(2)?, said: Id(row.get(0)?) },
                what: What::from_code(row.get(1)?).unwrap_or(What::Help),
                taken_on: row.get(3)?,
                area: number,
            });
        }
        Ok(found)
    }

    /// The accounts that have a role at an area itself.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn accounts_at(&self, role: Role, area: AreaNumber) -> Result<Vec<ActorId>> {
        let mut read = self
            .views_connection()
            .prepare_cached("select account from access where role = ?1 and area = ?2 order by account")?;
        let rows = read.query_map(params![role as u64, area], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What plans of this day leave open, by the plan's area.
    pub fn open_posts(&self, today: Day) -> Result<Waiting> {
        self.counted(
            "select area, sum(open) from plan where replaced_by is null and withdrawn_at is null and open > 0
                and coalesce(from_day, ?1) <= ?1 and coalesce(until_day, ?1) >= ?1
             group by area order by area",
            params![today],
        )
    }

    /// Facts that wait for a decision, by the phone's area.
    pub fn held(&self) -> Result<Waiting> {
        self.counted(
            "select device.area, count(*) from quarantine join device on device.series = quarantine.series
             where quarantine.refused is null group by device.area order by device.area",
            params![],
        )
    }

    fn counted(&self, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Waiting> {
        let mut read = self.views_connection().prepare_cached(sql)?;
        let rows = read.query_map(values, |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
