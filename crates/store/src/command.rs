//! What waits for someone, counted by area: for the command page.

use domain::area::AreaNumber;
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
