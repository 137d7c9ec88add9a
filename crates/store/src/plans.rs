//! Published plans, as whoever is responsible for an area reads them, and as a phone is told of its worker's part.

use domain::area::AreaNumber;
use domain::id::{ActorId, Id, PlanId};
use domain::plan::{PartContent, PlanContent, PlanKind};
use domain::state::{Plan, PlanPart, State};
use rusqlite::{Row, params};

use crate::error::Result;
use crate::query::Reader;

/// The columns of a plan, in the order that [`plan_from`] reads.
pub(crate) const PLAN_COLUMNS: &str = "plan.area, plan.kind, plan.from_day, plan.until_day, plan.objective, plan.bound, \
     plan.open, plan.parts, plan.publisher, plan.published_at, plan.position, plan.replaced_by, plan.replaced_at, \
     plan.withdrawn_at, plan.changed";

/// Reads a plan from columns `from..from + 15`.
pub(crate) fn plan_from(row: &Row<'_>, from: usize) -> rusqlite::Result<Plan> {
    Ok(Plan {
        area: row.get(from)?,
        kind: PlanKind::from_code(row.get(from + 1)?).unwrap_or(PlanKind::Grids),
        from: row.get(from + 2)?,
        until: row.get(from + 3)?,
        objective: row.get(from + 4)?,
        bound: row.get(from + 5)?,
        open: row.get(from + 6)?,
        parts: row.get(from + 7)?,
        publisher: Id(row.get(from + 8)?),
        published_at: row.get(from + 9)?,
        position: row.get(from + 10)?,
        replaced_by: row.get::<_, Option<[u8; 16]>>(from + 11)?.map(Id),
        replaced_at: row.get(from + 12)?,
        withdrawn_at: row.get(from + 13)?,
        changed: row.get(from + 14)?,
    })
}

pub(crate) fn part_from(row: &Row<'_>, from: usize) -> rusqlite::Result<PlanPart> {
    Ok(PlanPart {
        person: Id(row.get(from)?),
        worker: row.get::<_, Option<[u8; 16]>>(from + 1)?.map(Id),
        position: row.get(from + 2)?,
    })
}

impl Reader {
    /// The plans of an area and those below it, the newest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn plans(&self, area: AreaNumber) -> Result<Vec<(PlanId, Plan)>> {
        let mut read = self
            .views
            .connection()
            .prepare_cached(&format!("select plan.id, {PLAN_COLUMNS} from plan where plan.area = ?1"))?;
        let mut found = Vec::new();
        for number in self.book().areas.subtree(area) {
            let rows = read.query_map([number], |row| Ok((Id(row.get(0)?), plan_from(row, 1)?)))?;
            for row in rows {
                found.push(row?);
            }
        }
        found.sort_by_key(|(_, plan)| std::cmp::Reverse(plan.position));
        Ok(found)
    }

    /// A published plan; none if there is none of this id.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn plan(&mut self, id: PlanId) -> Result<Option<Plan>> {
        self.views.plan(id)
    }

    /// Whether any plan is another since `position`, or a part of one is.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn plans_changed_since(&self, position: u64) -> Result<bool> {
        Ok(self
            .views
            .connection()
            .prepare_cached("select 1 from plan where changed >= ?1 limit 1")?
            .exists([position])?)
    }

    /// The plans in which a worker has a part, the newest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn parts_of(&self, worker: ActorId) -> Result<Vec<(PlanId, Plan, PlanPart)>> {
        let mut read = self.views.connection().prepare_cached(&format!(
            "select plan.id, {PLAN_COLUMNS}, plan_part.person, plan_part.worker, plan_part.position
             from plan_part join plan on plan.id = plan_part.plan
             where plan_part.worker = ?1 order by plan.position desc"
        ))?;
        let rows =
            read.query_map([worker.0], |row| Ok((Id(row.get(0)?), plan_from(row, 1)?, part_from(row, 16)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The plans of this kind that stand on one of these areas, the newest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn standing_plans(&self, areas: &[AreaNumber], kind: PlanKind) -> Result<Vec<(PlanId, Plan)>> {
        let mut read = self.views.connection().prepare_cached(&format!(
            "select plan.id, {PLAN_COLUMNS} from plan
             where plan.area = ?1 and plan.kind = ?2 and plan.replaced_by is null and plan.withdrawn_at is null"
        ))?;
        let mut found = Vec::new();
        for area in areas {
            let rows =
                read.query_map(params![area, kind as u8], |row| Ok((Id(row.get(0)?), plan_from(row, 1)?)))?;
            for row in rows {
                found.push(row?);
            }
        }
        found.sort_by_key(|(_, plan)| std::cmp::Reverse(plan.position));
        Ok(found)
    }

    /// Everyone who has a part of a plan and is not erased, in the order of publication.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn plan_parts(&self, plan: PlanId) -> Result<Vec<PlanPart>> {
        let mut read = self.views.connection().prepare_cached(
            "select person, worker, position from plan_part where plan = ?1 order by position",
        )?;
        let rows = read.query_map([plan.0], |row| part_from(row, 0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What a plan says; none if it was erased.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn plan_content(&mut self, id: PlanId, plan: &Plan) -> Result<Option<PlanContent>> {
        Ok(self.sealed_at(id, plan.position)?.as_deref().and_then(PlanContent::decode))
    }

    /// What is someone's of a plan; none if it was erased.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn part_content(&mut self, part: &PlanPart) -> Result<Option<PartContent>> {
        Ok(self.sealed_at(part.person, part.position)?.as_deref().and_then(PartContent::decode))
    }
}
