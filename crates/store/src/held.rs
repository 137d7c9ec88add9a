//! Whether a role has anybody who can act in it: a task of a role that nobody has is nobody's until it climbs.

use domain::access::Role;
use domain::area::AreaNumber;
use domain::time::Millis;
use rusqlite::params;

use crate::cases::{DueTask, RoleIn};
use crate::error::Result;
use crate::packs::if_readable;
use crate::query::Reader;

impl Reader {
    /// Whether someone has this role of a programme in an area: by a right or an enrolment that has not ended, or appointed
    /// with one.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn is_held(&self, programme: &str, role: &str, area: AreaNumber) -> Result<bool> {
        let connection = self.views.connection();
        let code = Role::from_name(role).map(|role| role as u64);
        let mut granted = connection.prepare_cached("select 1 from access where role = ?1 and area = ?2")?;
        let mut enrolled = connection
            .prepare_cached("select 1 from device where area = ?2 and role = ?1 and revoked_at is null")?;
        let mut appointed = connection.prepare_cached(
            "select 1 from appointment where programme = ?1 and role = ?2 and area = ?3
                and (exists (select 1 from access where account = appointment.who)
                    or exists (select 1 from device where worker = appointment.who and revoked_at is null))",
        )?;
        let mut above = Some(area);
        while let Some(number) = above {
            if let Some(code) = code
                && (granted.exists(params![code, number])? || enrolled.exists(params![code, number])?)
            {
                return Ok(true);
            }
            if appointed.exists(params![programme, role, number])? {
                return Ok(true);
            }
            above = self.book().areas.get(number).and_then(|row| row.parent);
        }
        Ok(false)
    }

    /// What is due by `until` in roles that nobody has where it is, of whoever it climbs to first: it is hers at once, and
    /// not only when the limit is over.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn unheld_tasks(&mut self, roles: &[RoleIn], until: Millis, limit: usize) -> Result<Vec<DueTask>> {
        let mut found = Vec::new();
        for RoleIn { programme, role, area } in roles {
            let version = self.book().editions.iter().rfind(|edition| edition.programme == *programme);
            let Some(version) = version.map(|edition| edition.version.clone()) else { continue };
            let Some(read) = if_readable(self.programme(programme, &version))? else { continue };
            let owners = read.manifest.roles.iter().map(|owner| owner.code.value.clone());
            let owners: Vec<String> = owners.filter(|owner| owner != role).collect();
            for area in self.book().areas.subtree(*area) {
                for owner in &owners {
                    let there = self
                        .views
                        .connection()
                        .prepare_cached(
                            "select 1 from due where programme = ?1 and role = ?2 and area = ?3 and rank = 0 and due <= ?4",
                        )?
                        .exists(params![programme, owner, area, until])?;
                    if there && !self.is_held(programme, owner, area)? {
                        let of = [RoleIn { programme: programme.clone(), role: owner.clone(), area }];
                        let tasks = self.due_tasks(&of, Millis::MIN, until, limit)?;
                        found.extend(self.climbing_to(role, tasks)?);
                    }
                }
            }
        }
        Ok(found)
    }

    fn climbing_to(&self, role: &str, tasks: Vec<DueTask>) -> Result<Vec<DueTask>> {
        let mut first = self.views.connection().prepare_cached(
            "select 1 from due where case_id = ?1 and task = ?2 and rank = 1 and role = ?3",
        )?;
        let mut found = Vec::new();
        for task in tasks.into_iter().filter(|task| task.rank == 0) {
            if first.exists(params![task.case.0, task.task, role])? {
                found.push(task);
            }
        }
        Ok(found)
    }
}
