//! Where a role has somebody who can act in it: a task of a role that nobody has is nobody's until it climbs.

use std::collections::BTreeSet;

use domain::access::Role;
use domain::area::AreaNumber;
use domain::id::{ActorId, Id};
use domain::time::Millis;
use rusqlite::params;

use crate::error::Result;
use crate::query::Reader;

impl Reader {
    /// The areas in which someone has this role of a programme, for them and all below: by a right or an enrolment that has
    /// not ended, or appointed with one.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn holders(&self, programme: &str, role: &str, now: Millis) -> Result<BTreeSet<AreaNumber>> {
        let mut read = self.views_connection().prepare_cached(
            "select area from access where role = ?1
             union select area from device where role = ?1 and revoked_at is null and (ends_at is null or ends_at > ?4)
             union select area from appointment where programme = ?2 and role = ?3
                and (exists (select 1 from access where account = appointment.who)
                    or exists (select 1 from device where worker = appointment.who and revoked_at is null
                        and (ends_at is null or ends_at > ?4)))",
        )?;
        let code = Role::from_name(role).map(|role| role as u64);
        let rows = read.query_map(params![code, programme, role, now], |row| row.get(0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Who has this role of a programme in an area, and where she has it: for the area itself or for one above it, the nearest
    /// first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn holding(
        &self,
        programme: &str,
        role: &str,
        area: AreaNumber,
    ) -> Result<Vec<(ActorId, AreaNumber)>> {
        let mut read = self.views_connection().prepare_cached(
            "select account, area from access where role = ?1
             union select worker, area from device where role = ?1 and revoked_at is null
             union select who, area from appointment where programme = ?2 and role = ?3",
        )?;
        let code = Role::from_name(role).map(|role| role as u64);
        let rows =
            read.query_map(params![code, programme, role], |row| Ok((Id(row.get(0)?), row.get(1)?)))?;
        let path: Vec<AreaNumber> = self.book().areas.path(area).collect();
        let height = |at: AreaNumber| path.iter().position(|above| *above == at);
        let mut found: Vec<(ActorId, AreaNumber)> = rows.collect::<rusqlite::Result<_>>()?;
        found.retain(|(_, at)| height(*at).is_some());
        found.sort_by_key(|(who, at)| (height(*at), *who));
        Ok(found)
    }
}
