//! The command page: what waits for someone, from one log, in numbers that lead to their rows. What is counted in an area is
//! the sum of what is counted in each area below it and at the area itself; what is late is the sum of each role's.

use std::collections::HashMap;

use std::sync::Arc;

use axum::extract::State;
use domain::access::{Action, Scope};
use domain::area::AreaNumber;
use domain::case::Subject;
use domain::id::SweepId;
use domain::time::{Millis, day_of};
use serde::{Deserialize, Serialize};
use store::Reader;
use store::cases::{DueTask, RoleIn};
use store::command::UnansweredPlace;
use store::packs::if_readable;
use store::tasks::DuePlace;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cases::{CaseTask, Named, actor, now, task_row};
use super::communities::{Reach, leads};
use super::extract::{Caller, Json, Query};
use super::problem::Problem;
use super::wire::instant;
use super::{Site, cursor, scope};
use crate::app::cases::{self, Actor};
use crate::app::failure::Result as AppResult;

/// A phone from which nothing came for so long is silent.
pub(super) const SILENT: Millis = 12 * 3_600_000;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(command)).routes(routes!(late)).routes(routes!(unanswered))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CommandQuery {
    /// The caller's own unless given.
    area: Option<String>,
    /// Whose doors are counted; none are without it.
    #[param(value_type = Option<String>, format = "uuid")]
    sweep: Option<SweepId>,
}

#[derive(Serialize, ToSchema)]
struct Command {
    #[schema(format = DateTime)]
    as_of: String,
    area: CommandRow,
    /// What is counted at the area itself and at none below it.
    here: CommandRow,
    children: Vec<CommandRow>,
    /// Whose the late tasks are; together they are the area's `late`.
    late: Vec<LateOf>,
}

#[derive(Clone, Default, Serialize, ToSchema)]
pub(super) struct CommandRow {
    code: String,
    name: String,
    level: &'static str,
    /// Dwellings that the sweep has not reached.
    pub(super) residual: u64,
    /// Tasks of cases that their owner did not do in time: the rows of `/v1/command/late`.
    late: u64,
    /// What residents said and nobody decided.
    unanswered: u64,
    /// What plans of today leave open.
    open_posts: u64,
    /// Facts that wait for a decision.
    held: u64,
    /// Phones from which nothing came for twelve hours.
    silent: u64,
}

#[derive(Serialize, ToSchema)]
struct LateOf {
    programme: Named,
    role: Named,
    late: u64,
}

pub(super) type Counts = HashMap<AreaNumber, CommandRow>;

fn add(counts: &mut Counts, waiting: &[(AreaNumber, u64)], of: impl Fn(&mut CommandRow) -> &mut u64) {
    for (area, count) in waiting {
        *of(counts.entry(*area).or_default()) += count;
    }
}

/// What is counted at an area itself, or with all below it.
pub(super) fn row(reader: &Reader, counts: &Counts, area: AreaNumber, within: bool) -> CommandRow {
    let areas = &reader.book().areas;
    let known = areas.get(area);
    let mut sum = CommandRow {
        code: known.map(|area| area.code.clone()).unwrap_or_default(),
        name: known.map(|area| area.name.clone()).unwrap_or_default(),
        level: known.map_or("", |area| area.level.as_str()),
        ..CommandRow::default()
    };
    let parts = if within { areas.subtree(area) } else { vec![area] };
    for part in parts.iter().filter_map(|part| counts.get(part)) {
        sum.residual += part.residual;
        sum.late += part.late;
        sum.unanswered += part.unanswered;
        sum.open_posts += part.open_posts;
        sum.held += part.held;
        sum.silent += part.silent;
    }
    sum
}

/// What waits in each area, at the area itself; what is silent is told by whoever counts phones.
pub(super) fn waiting(reader: &Reader, now: Millis, silent: &[(AreaNumber, u64)]) -> AppResult<Counts> {
    let mut counts = Counts::new();
    let late: Vec<_> = reader.late_tasks(now)?.iter().map(|late| (late.area, late.count)).collect();
    add(&mut counts, &late, |row| &mut row.late);
    add(&mut counts, &reader.unanswered()?, |row| &mut row.unanswered);
    add(&mut counts, &reader.open_posts(day_of(now))?, |row| &mut row.open_posts);
    add(&mut counts, &reader.held()?, |row| &mut row.held);
    add(&mut counts, silent, |row| &mut row.silent);
    Ok(counts)
}

fn late_of(reader: &mut Reader, area: AreaNumber, now: Millis) -> AppResult<Vec<LateOf>> {
    let mut found: Vec<(String, String, u64)> = Vec::new();
    for late in reader.late_tasks(now)? {
        if !reader.book().areas.is_within(late.area, area) {
            continue;
        }
        match found.iter_mut().find(|(programme, role, _)| *programme == late.programme && *role == late.role)
        {
            Some((_, _, count)) => *count += late.count,
            None => found.push((late.programme, late.role, late.count)),
        }
    }
    found.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| (&a.0, &a.1).cmp(&(&b.0, &b.1))));
    found
        .into_iter()
        .map(|(programme, role, late)| {
            let (programme, role) = named(reader, &programme, &role)?;
            Ok(LateOf { programme, role, late })
        })
        .collect()
}

/// A programme and a role of it, as its newest version calls them.
fn named(reader: &mut Reader, programme: &str, role: &str) -> AppResult<(Named, Named)> {
    let newest = reader.book().editions.iter().rfind(|edition| edition.programme == programme);
    let version = newest.map(|edition| edition.version.clone()).unwrap_or_default();
    let read = if_readable(reader.programme(programme, &version))?;
    let manifest = read.as_ref().map(|read| &read.manifest);
    let own = manifest.and_then(|manifest| manifest.roles.iter().find(|known| known.code.value == role));
    Ok((
        Named::of(programme, manifest.map(|manifest| &manifest.name)),
        Named::of(role, own.map(|role| &role.name)),
    ))
}

/// What waits for someone in an area, and in each area right below it.
#[utoipa::path(
    get, path = "/v1/command", tag = "sweeps", params(CommandQuery),
    responses((status = 200, body = Command), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn command(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<CommandQuery>,
) -> Result<Json<Command>, Problem> {
    let area = scope::area(&caller, Action::ReadCoverage, query.area.as_deref(), "area")?;
    let sweep = query.sweep.map(|id| scope::sweep(&caller, Action::ReadCoverage, id)).transpose()?;
    let now = now();
    let silent = site.fleet.silent(now - SILENT);
    let answer = site
        .territory
        .read(move |reader| {
            let counts = waiting(reader, now, &silent)?;
            let mut below = reader.book().areas.children(area).to_vec();
            below.sort_by(|a, b| reader.book().areas.code(*a).cmp(reader.book().areas.code(*b)));
            // Above what is swept, it is that of what is swept; beside it, there is none.
            let residual = |reader: &Reader, area| -> AppResult<u64> {
                let Some(sweep) = sweep else { return Ok(0) };
                let areas = &reader.book().areas;
                let swept = reader.book().sweeps.get(sweep as usize).map_or(area, |sweep| sweep.area);
                let part = match areas.is_within(area, swept) {
                    true => area,
                    false if areas.is_within(swept, area) => swept,
                    false => return Ok(0),
                };
                Ok(u64::try_from(reader.coverage(sweep, part)?.residual).unwrap_or(0))
            };
            let mut whole = row(reader, &counts, area, true);
            whole.residual = residual(reader, area)?;
            let mut here = row(reader, &counts, area, false);
            here.residual = whole.residual;
            let mut children = Vec::with_capacity(below.len());
            for child in below {
                let mut one = row(reader, &counts, child, true);
                one.residual = residual(reader, child)?;
                here.residual -= one.residual.min(here.residual);
                children.push(one);
            }
            Ok(Command {
                as_of: instant(reader.newest_receipt()?.unwrap_or(0)),
                area: whole,
                here,
                children,
                late: late_of(reader, area, now)?,
            })
        })
        .await?;
    Ok(Json(answer))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LateQuery {
    /// The caller's own unless given.
    area: Option<String>,
    programme: Option<String>,
    /// Whose tasks they are.
    role: Option<String>,
    cursor: Option<String>,
    /// 100 unless given, 1,000 at most.
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct LatePage {
    /// The longest overdue first.
    rows: Vec<LateRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A task that its owner did not do in time.
#[derive(Serialize, ToSchema)]
struct LateRow {
    programme: Named,
    /// Whose it is.
    role: Named,
    area_code: String,
    area_name: String,
    #[schema(format = DateTime)]
    due: String,
    /// What it is and about whom; only for whoever has a role of the programme there.
    #[serde(skip_serializing_if = "Option::is_none")]
    task: Option<CaseTask>,
}

/// Of a worker's case only its own roles hear more than that something is late.
fn sees_task(reader: &mut Reader, actor: Actor, task: &DueTask) -> AppResult<bool> {
    let Subject::Worker(_) = task.subject else { return Ok(true) };
    match if_readable(reader.case_file(task.case))? {
        Some(file) => cases::may_see(reader, actor, &file),
        None => Ok(false),
    }
}

/// The tasks that `late` counts in an area: one row for each.
#[utoipa::path(
    get, path = "/v1/command/late", tag = "sweeps", params(LateQuery),
    responses((status = 200, body = LatePage), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn late(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<LateQuery>,
) -> Result<Json<LatePage>, Problem> {
    let area = scope::area(&caller, Action::ReadCoverage, query.area.as_deref(), "area")?;
    let (limit, after) = (cursor::limit(query.limit)?, cursor::parse::<DuePlace>(query.cursor.as_deref())?);
    let reads = caller.may(Action::ReadCases, Scope::Own).is_ok();
    let (actor, control) = (actor(&caller), Arc::clone(&site.control));
    let page = site
        .territory
        .read(move |reader| {
            let now = now();
            let wanted =
                |asked: &Option<String>, own: &str| asked.as_deref().is_none_or(|asked| asked == own);
            let mut owners: Vec<(String, String)> = reader
                .late_tasks(now)?
                .into_iter()
                .filter(|late| reader.book().areas.is_within(late.area, area))
                .filter(|late| wanted(&query.programme, &late.programme) && wanted(&query.role, &late.role))
                .map(|late| (late.programme, late.role))
                .collect();
            owners.sort_unstable();
            owners.dedup();
            let mut tasks = reader.late_in(area, &owners, now, after.as_ref(), limit + 1)?;
            let more = tasks.len() > limit;
            tasks.truncate(limit);
            let place = |task: &DueTask| DuePlace { at: task.due, case: task.case, task: task.task.clone() };
            let next = tasks.last().filter(|_| more).map(|task| cursor::text(&place(task)));
            let roles = if reads { cases::roles_of(reader, actor, day_of(now))? } else { Vec::new() };
            let mut rows = Vec::with_capacity(tasks.len());
            for task in &tasks {
                let here = |role: &RoleIn| reader.book().areas.is_within(task.area, role.area);
                let hers = roles.iter().any(|role| role.programme == task.programme && here(role));
                let (programme, role) = named(reader, &task.programme, &task.role)?;
                let row = reader.book().areas.get(task.area);
                let (area_code, area_name) =
                    row.map(|area| (area.code.clone(), area.name.clone())).unwrap_or_default();
                let told = hers && sees_task(reader, actor, task)?;
                let told = if told { task_row(reader, &control, task, actor.id, now)? } else { None };
                rows.push(LateRow {
                    programme,
                    role,
                    area_code,
                    area_name,
                    due: instant(task.due),
                    task: told,
                });
            }
            Ok(LatePage { rows, next })
        })
        .await?;
    Ok(Json(page))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct UnansweredQuery {
    /// The caller's own unless given.
    area: Option<String>,
    cursor: Option<String>,
    /// 100 unless given, 1,000 at most.
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct UnansweredPage {
    /// What has waited longest first.
    rows: Vec<UnansweredRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// Something that a resident said and nobody decided: that it waits, where, and whom to ask; nothing of who said it, or what words.
#[derive(Serialize, ToSchema)]
struct UnansweredRow {
    /// `person`, `help`, `correction` or `erasure`
    what: &'static str,
    #[schema(format = DateTime)]
    said_at: String,
    /// When somebody took it on, if anybody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    taken_on: Option<String>,
    /// The community.
    area_code: String,
    area_name: String,
    /// Whom to ask; only for the street and the county.
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<Reach>,
}

/// What `unanswered` counts in an area: one row for each.
#[utoipa::path(
    get, path = "/v1/command/unanswered", tag = "sweeps", params(UnansweredQuery),
    responses((status = 200, body = UnansweredPage), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn unanswered(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<UnansweredQuery>,
) -> Result<Json<UnansweredPage>, Problem> {
    let area = scope::area(&caller, Action::ReadCoverage, query.area.as_deref(), "area")?;
    let after = cursor::parse::<UnansweredPlace>(query.cursor.as_deref())?;
    let limit = cursor::limit(query.limit)?;
    let control = leads(&caller).then(|| Arc::clone(&site.control));
    let page = site
        .territory
        .read(move |reader| {
            let mut found = reader.unanswered_in(area, after, limit + 1)?;
            let more = found.len() > limit;
            found.truncate(limit);
            let next = found.last().filter(|_| more).map(|said| cursor::text(&said.place));
            let mut reaches: HashMap<AreaNumber, Reach> = HashMap::new();
            let mut rows = Vec::with_capacity(found.len());
            for said in found {
                let areas = &reader.book().areas;
                let is_community = |at: &AreaNumber| {
                    areas.get(*at).is_some_and(|area| area.level == domain::area::Level::Community)
                };
                let community = areas.path(said.area).find(is_community).unwrap_or(said.area);
                let row = areas.get(community);
                let (area_code, area_name) =
                    row.map(|area| (area.code.clone(), area.name.clone())).unwrap_or_default();
                if let (Some(control), None) = (&control, reaches.get(&community)) {
                    reaches.insert(community, Reach::of(reader, control, community)?);
                }
                rows.push(UnansweredRow {
                    what: said.what.as_str(),
                    said_at: instant(said.place.at),
                    taken_on: said.taken_on.map(instant),
                    area_code,
                    area_name,
                    reach: reaches.get(&community).cloned(),
                });
            }
            Ok(UnansweredPage { rows, next })
        })
        .await?;
    Ok(Json(page))
}
