//! The two-way reconcile: list against observation, and what someone has to do about each line.

use axum::extract::State;
use domain::access::{Action, Scope};
use domain::id::{DwellingId, PersonId, SweepId};
use domain::state::SweepNumber;
use domain::sweep::{Kind, due_at};
use domain::time::Millis;
use serde::{Deserialize, Serialize};
use store::Reader;
use store::query::Line;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::wire::instant;
use super::{cursor, scope};
use crate::app::failure::Result as AppResult;
use crate::cli::now;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(reconcile)).routes(routes!(tasks))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ReconcileQuery {
    /// A community or an area below one.
    area: Option<String>,
    /// `confirmed`, `moved`, `away`, `listed_dark`, `lit_unlisted` or `unresolved`
    kind: Option<String>,
    cursor: Option<String>,
    /// 100 unless given, 1,000 at most.
    limit: Option<u64>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TasksQuery {
    /// A community or an area below one.
    area: Option<String>,
    cursor: Option<String>,
    /// 100 unless given, 1,000 at most.
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct ReconcilePage {
    rows: Vec<ReconcileRow>,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct TaskPage {
    rows: Vec<TaskRow>,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ReconcileRow {
    kind: &'static str,
    /// None for a door at which nobody was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    person_id: Option<PersonId>,
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    area_code: String,
    building: String,
    unit: String,
    room: String,
    /// For someone who moved: where she was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_at: Option<SeenDoor>,
    /// `confirm_address`, `recheck`, `phone`, `register` or `visit`
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<&'static str>,
    /// An instant, or a date for a re-check.
    #[serde(skip_serializing_if = "Option::is_none")]
    due: Option<String>,
    /// Telephone calls to this household in the sweep that reached nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    calls: Option<FailedCalls>,
    /// Of someone on no list: the listed people whom she may be, likeliest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    proposals: Vec<MayBe>,
}

#[derive(Serialize, ToSchema)]
struct FailedCalls {
    count: usize,
    #[schema(format = DateTime)]
    last_at: String,
    /// What came of the last: `no_answer`, `wrong_number` or `switched_off`
    last: &'static str,
}

#[derive(Serialize, ToSchema)]
struct MayBe {
    /// None outside the caller's area.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    candidate: Option<PersonId>,
    per_mille: u64,
    /// She is listed in the caller's area; else it is for whoever's area holds both.
    in_area: bool,
}

#[derive(Serialize, ToSchema)]
struct TaskRow {
    #[serde(flatten)]
    row: ReconcileRow,
    overdue: bool,
}

#[derive(Serialize, ToSchema)]
struct SeenDoor {
    area_code: String,
    building: String,
    unit: String,
    room: String,
}

/// What waits of someone on no list, as far as the caller may know.
fn may_be(reader: &mut Reader, caller: &Caller, line: &Line) -> AppResult<Vec<MayBe>> {
    let (Kind::LitUnlisted, Some(person)) = (line.kind, line.person) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for proposal in reader.proposals(person)? {
        let at = reader.whereabouts(proposal.candidate)?;
        let in_area = at.is_some_and(|at| caller.may(Action::ReadLists, Scope::Area(at.area)).is_ok());
        let candidate = in_area.then_some(proposal.candidate);
        found.push(MayBe { candidate, per_mille: proposal.per_mille, in_area });
    }
    Ok(found)
}

fn failed_calls(reader: &mut Reader, sweep: SweepNumber, line: &Line) -> AppResult<Option<FailedCalls>> {
    if !matches!(line.kind, Kind::ListedDark | Kind::Away | Kind::Unresolved) {
        return Ok(None);
    }
    let calls = reader.failed_calls(sweep, line.door.id)?;
    Ok(calls.last().map(|last| FailedCalls {
        count: calls.len(),
        last_at: instant(last.stamp.at),
        last: last.failure.as_str(),
    }))
}

fn row(reader: &mut Reader, caller: &Caller, sweep: SweepNumber, line: &Line) -> AppResult<ReconcileRow> {
    let seen_at = match line.seen_at {
        Some(dwelling) => {
            let area = reader.area_of(dwelling)?;
            let labels = reader.labels(dwelling)?;
            Some(SeenDoor {
                area_code: area.map(|area| reader.book().areas.code(area).to_owned()).unwrap_or_default(),
                building: labels.building,
                unit: labels.unit,
                room: labels.room,
            })
        }
        None => None,
    };
    let door = &line.door;
    let some = |text: &'static str| Some(text).filter(|text| !text.is_empty());
    Ok(ReconcileRow {
        kind: line.kind.as_str(),
        person_id: line.person,
        dwelling: door.id,
        area_code: reader.book().areas.code(door.dwelling.area).to_owned(),
        building: door.labels.building.clone(),
        unit: door.labels.unit.clone(),
        room: door.labels.room.clone(),
        seen_at,
        task: some(line.kind.task()),
        due: Some(line.due.clone()).filter(|due| !due.is_empty()),
        calls: failed_calls(reader, sweep, line)?,
        proposals: may_be(reader, caller, line)?,
    })
}

fn kind(name: &str) -> Result<Kind, Problem> {
    Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or_else(|| {
        Problem::field(
            "kind",
            "kind",
            "kind 可用 confirmed、moved、away、listed_dark、lit_unlisted、unresolved",
            "kind is confirmed, moved, away, listed_dark, lit_unlisted or unresolved",
        )
    })
}

/// Whether something due then is late now. A date is due until its end.
fn is_overdue(due: &str, now: Millis) -> bool {
    due_at(due).is_some_and(|due| due < now)
}

/// Everyone listed in an area, and everyone seen there who is on no list. No names.
#[utoipa::path(
    get, path = "/v1/sweeps/{id}/reconcile", tag = "sweeps",
    params(("id" = String, Path, format = "uuid"), ReconcileQuery),
    responses((status = 200, body = ReconcilePage), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn reconcile(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Query(query): Query<ReconcileQuery>,
) -> Result<Json<ReconcilePage>, Problem> {
    let (sweep, area) = scope::list_area(&caller, Action::ReadLists, id, query.area.as_deref())?;
    let (limit, after) = (cursor::limit(query.limit)?, cursor::parse(query.cursor.as_deref())?);
    let wanted = query.kind.as_deref().map(kind).transpose()?;
    let answer = site
        .territory
        .read(move |reader| {
            let page = reader.reconcile_page(sweep, area, wanted, after, limit)?;
            let rows =
                page.rows.iter().map(|line| row(reader, &caller, sweep, line)).collect::<AppResult<_>>()?;
            Ok(ReconcilePage { rows, next: page.next.as_ref().map(cursor::text) })
        })
        .await?;
    Ok(Json(answer))
}

/// The lines that someone has to do something about, soonest due first.
#[utoipa::path(
    get, path = "/v1/sweeps/{id}/tasks", tag = "sweeps",
    params(("id" = String, Path, format = "uuid"), TasksQuery),
    responses((status = 200, body = TaskPage), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn tasks(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Query(query): Query<TasksQuery>,
) -> Result<Json<TaskPage>, Problem> {
    let (sweep, area) = scope::list_area(&caller, Action::ReadLists, id, query.area.as_deref())?;
    let (limit, after) = (cursor::limit(query.limit)?, cursor::parse(query.cursor.as_deref())?);
    let answer = site
        .territory
        .read(move |reader| {
            let now = now();
            let page = reader.task_page(sweep, area, after, limit)?;
            let task = |line: &Line| {
                Ok(TaskRow { overdue: is_overdue(&line.due, now), row: row(reader, &caller, sweep, line)? })
            };
            let rows = page.rows.iter().map(task).collect::<AppResult<_>>()?;
            Ok(TaskPage { rows, next: page.next.as_ref().map(cursor::text) })
        })
        .await?;
    Ok(Json(answer))
}

#[cfg(test)]
mod tests {
    use domain::time::parse_instant;

    use super::*;

    #[test]
    fn a_date_is_due_until_its_end_and_an_instant_until_then() {
        let at = |text| parse_instant(text).unwrap();
        assert!(!is_overdue("2020-02-20", at("2020-02-20T23:59:59+08:00")));
        assert!(is_overdue("2020-02-20", at("2020-02-21T00:00:00+08:00")));
        assert!(!is_overdue("2020-02-20T19:00:00+08:00", at("2020-02-20T19:00:00+08:00")));
        assert!(is_overdue("2020-02-20T19:00:00+08:00", at("2020-02-20T19:00:01+08:00")));
        assert!(!is_overdue("", at("2020-02-20T19:00:01+08:00")));
    }
}
