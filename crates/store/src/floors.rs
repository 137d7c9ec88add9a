//! Open cases by the floor at which they are.

use domain::area::AreaNumber;
use domain::door::floor_of;
use domain::time::Millis;

use crate::error::Result;
use crate::query::Reader;

/// An open case and its floor; of nobody in particular.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseOnFloor {
    pub version: String,
    pub pathway: String,
    pub building: String,
    pub unit: String,
    /// Where the room's number tells it.
    pub floor: Option<i32>,
    /// When whoever is restricted is due to be released; none for a case without a restriction.
    pub release_due: Option<Millis>,
}

impl Reader {
    /// The open cases of a programme at the doors of an area and of all below it.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn cases_on_floors(&self, area: AreaNumber, programme: &str) -> Result<Vec<CaseOnFloor>> {
        let mut read = self.views_connection().prepare_cached(
            "select case_file.version, case_file.pathway, dwelling.building, dwelling.unit, dwelling.room,
                (select max(due.due) from due
                 where due.case_id = case_file.id and due.rank = 0 and due.task like 'release:%')
             from dwelling join case_file on case_file.dwelling = dwelling.id and case_file.area = dwelling.area
             where dwelling.area = ?1 and case_file.programme = ?2 and case_file.ended = 0
             order by case_file.id",
        )?;
        let mut found = Vec::new();
        for number in self.areas_with_doors(area)? {
            let rows = read.query_map(rusqlite::params![number, programme], |row| {
                Ok(CaseOnFloor {
                    version: row.get(0)?,
                    pathway: row.get(1)?,
                    building: row.get(2)?,
                    unit: row.get(3)?,
                    floor: floor_of(&row.get::<_, String>(4)?),
                    release_due: row.get(5)?,
                })
            })?;
            for row in rows {
                found.push(row?);
            }
        }
        Ok(found)
    }
}
