//! What a phone is told of published plans: its worker's part, and that an older one is over.

use domain::area::AreaNumber;
use domain::id::{ActorId, PlanId};
use domain::plan::{PlanContent, PlanKind, Slot};
use domain::state::Plan;
use domain::time::{Millis, day_of, from_day};
use serde::Serialize;
use store::Reader;
use utoipa::ToSchema;

use super::wire::instant;
use crate::app::failure::Result;

const DAY: Millis = 86_400_000;
/// For how long a phone is told that a plan was replaced or withdrawn.
const TOLD_FOR: Millis = 14 * DAY;
/// For how many days a plan that has run out stays on the phone.
const SHOWN_AFTER: i32 = 7;

/// A plan in which the phone's worker has a part.
#[derive(Serialize, ToSchema)]
pub struct MyPlan {
    #[schema(value_type = String, format = "uuid")]
    plan: PlanId,
    /// `rota`, `grids`, `deployment`, `pairing` or `rounds`
    kind: &'static str,
    area_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    until: Option<String>,
    #[schema(format = DateTime)]
    published_at: String,
    /// A newer plan took its place; whether the worker is in that one or not.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    replaced_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    withdrawn_at: Option<String>,
    /// What is hers; nothing of a plan that is over.
    lines: Vec<MyLine>,
}

/// A shift, a community, a place, a stop or a building.
#[derive(Serialize, ToSchema)]
struct MyLine {
    label: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    day: Option<String>,
    /// Minutes from the beginning of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<u32>,
}

/// What is a worker's of the plans in force, and which were replaced or withdrawn lately. The newest is the first.
///
/// # Errors
/// Those of the storage.
pub fn my_plans(
    reader: &mut Reader,
    (worker, area): (ActorId, AreaNumber),
    now: Millis,
) -> Result<Vec<MyPlan>> {
    let mut mine = Vec::new();
    for (id, plan, part) in reader.parts_of(worker)? {
        if !is_told(&plan, now) {
            continue;
        }
        let mut lines = Vec::new();
        if plan.stands()
            && let Some(content) = reader.plan_content(id, &plan)?
            && let Some(own) = reader.part_content(&part)?
        {
            lines = lines_of(&content, own.slots);
        }
        mine.push(my_plan(reader, id, &plan, lines));
    }
    let above: Vec<AreaNumber> = reader.book().areas.path(area).collect();
    let code = reader.book().areas.code(area).to_owned();
    for (id, plan) in reader.standing_plans(&above, PlanKind::Grids)? {
        let Some(content) = reader.plan_content(id, &plan)? else { continue };
        let Some(own) = content.holdings.iter().find(|holding| holding.holder == code) else { continue };
        let lines = lines_of(&content, own.slots.iter().map(|slot| (*slot, None)).collect());
        mine.push(my_plan(reader, id, &plan, lines));
    }
    Ok(mine)
}

fn is_told(plan: &Plan, now: Millis) -> bool {
    match plan.replaced_at.or(plan.withdrawn_at) {
        Some(over) => now - over < TOLD_FOR,
        None => plan.until.is_none_or(|until| day_of(now) - until <= SHOWN_AFTER),
    }
}

fn lines_of(content: &PlanContent, slots: Vec<(u32, Option<u32>)>) -> Vec<MyLine> {
    let line = |(slot, minute): (u32, Option<u32>)| -> Option<MyLine> {
        let Slot { label, detail, day, starts, minutes, .. } = content.slots.get(slot as usize)?.clone();
        let day = day.map(|day| from_day(day).to_string());
        Some(MyLine { label, detail, day, starts: minute.or(starts), minutes })
    };
    slots.into_iter().filter_map(line).collect()
}

fn my_plan(reader: &Reader, id: PlanId, plan: &Plan, lines: Vec<MyLine>) -> MyPlan {
    let name = reader.book().areas.get(plan.area).map(|area| area.name.clone());
    MyPlan {
        plan: id,
        kind: plan.kind.as_str(),
        area_name: name.unwrap_or_default(),
        from: plan.from.map(|day| from_day(day).to_string()),
        until: plan.until.map(|day| from_day(day).to_string()),
        published_at: instant(plan.published_at),
        replaced_at: plan.replaced_at.map(instant),
        withdrawn_at: plan.withdrawn_at.map(instant),
        lines,
    }
}
