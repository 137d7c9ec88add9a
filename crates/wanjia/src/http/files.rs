//! The file of an area as a whole, and of someone who works: cases, forms, what was learnt; and, once a fact says who reads
//! them and what for, the answers with what is reckoned of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use domain::access::{Action, Purpose, Scope};
use domain::id::ActorId;
use domain::time::day_of;
use serde::{Deserialize, Serialize};
use store::{Control, Reader};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::boards::{CaseRow, case_row, sees_line};
use super::cases::{About, actor, now};
use super::extract::{Caller, Json, Path, Query};
use super::households::{File, FilledForm, forms_of, opened};
use super::lessons::{Lesson, lesson_row};
use super::persons::purpose;
use super::problem::Problem;
use super::scope::{self, no_worker};
use super::wire::instant;
use crate::app::cases::{self, Actor};
use crate::app::failure::Result as AppResult;
use crate::app::household::{self, Behind};
use crate::app::reveal::reveal_each;

/// As many lessons of each kind of case are shown.
const LESSONS: usize = 5;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(area_file)).routes(routes!(worker_file)).routes(routes!(workers))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct OpenQuery {
    /// `reconcile`, `service` or `correction`: opens the answers.
    purpose: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct AreaFile {
    about: About,
    /// Of the area as a whole, the newest first.
    cases: Vec<CaseRow>,
    /// What was filled in of which the caller reads something, the newest first.
    forms: Vec<FilledForm>,
    /// What was learnt from cases of the kinds that the area has had.
    lessons: Vec<Lesson>,
    /// Said what for.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<File>,
}

#[derive(Serialize, ToSchema)]
struct WorkerFile {
    about: About,
    name: String,
    /// The newest first.
    cases: Vec<CaseRow>,
    /// What was filled in of which the caller reads something, the newest first.
    forms: Vec<FilledForm>,
    /// Said what for.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<File>,
    /// Who has read her answers, the newest first: told to her alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    readings: Option<Vec<WorkerReading>>,
}

#[derive(Serialize, ToSchema)]
struct WorkerReading {
    #[schema(format = DateTime)]
    at: String,
    name: String,
    purpose: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Workers {
    rows: Vec<WorkerRow>,
}

/// Someone of whom the caller may read or write something.
#[derive(Serialize, ToSchema)]
struct WorkerRow {
    #[schema(value_type = String, format = "uuid")]
    worker: ActorId,
    name: String,
    area_code: String,
    area_name: String,
}

/// Writes down who reads, then reads. None if there is nothing that the caller may know of.
async fn open<T: Send + 'static>(
    site: &Site,
    (actor, purpose): (Actor, Option<Purpose>),
    find: impl Fn(&mut Reader) -> AppResult<Option<Behind>> + Clone + Send + 'static,
    tell: impl FnOnce(&mut Reader, &Behind, Option<File>) -> AppResult<T> + Send + 'static,
) -> AppResult<Option<T>> {
    if let Some(purpose) = purpose {
        let look = find.clone();
        let Some(subject) =
            site.territory.read(move |reader| Ok(look(reader)?.map(|behind| behind.subject))).await?
        else {
            return Ok(None);
        };
        let owners = [subject.id()];
        site.territory.write(move |store, now| reveal_each(store, actor.id, purpose, &owners, now)).await?;
    }
    site.territory
        .read(move |reader| {
            let Some(behind) = find(reader)? else { return Ok(None) };
            let file = purpose.map(|_| opened(reader, &behind)).transpose()?;
            tell(reader, &behind, file).map(Some)
        })
        .await
}

/// The cases of a subject that the caller sees.
fn cases_of(reader: &mut Reader, actor: Actor, behind: &Behind) -> AppResult<Vec<CaseRow>> {
    let mut rows = Vec::new();
    for line in reader.cases_of(behind.subject)? {
        if !behind.roles(&line.programme).is_empty() && sees_line(reader, actor, &line)? {
            rows.push(case_row(reader, &line)?);
        }
    }
    Ok(rows)
}

/// What was learnt from cases of the kinds that a subject has had.
fn lessons_of(reader: &mut Reader, behind: &Behind) -> AppResult<Vec<Lesson>> {
    let lines = reader.cases_of(behind.subject)?;
    let kinds: BTreeSet<(String, String)> =
        lines.into_iter().map(|line| (line.programme, line.pathway)).collect();
    let mut lessons = Vec::new();
    for (programme, pathway) in kinds {
        let seen = behind.seen.iter().find(|seen| seen.programme.manifest.code == programme);
        let Some(seen) = seen else { continue };
        let found = reader.lessons(&programme, Some(&pathway))?;
        let pathways = &seen.programme.pathways;
        lessons.extend(found.into_iter().take(LESSONS).map(|found| lesson_row(pathways, found)));
    }
    Ok(lessons)
}

/// An area as a whole, for whoever acts in a role of a programme there. With a purpose a fact says who read the answers, and
/// what for, before they are answered.
#[utoipa::path(
    get, path = "/v1/areas/{code}/file", tag = "cases", params(("code" = String, Path), OpenQuery),
    responses((status = 200, body = AreaFile), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn area_file(
    State(site): State<Site>,
    caller: Caller,
    Path(code): Path<String>,
    Query(query): Query<OpenQuery>,
) -> Result<Json<AreaFile>, Problem> {
    let area = scope::area(&caller, Action::ReadCases, Some(&code), "code")?;
    let purpose = query.purpose.as_deref().map(purpose).transpose()?;
    let actor = actor(&caller);
    let find = move |reader: &mut Reader| household::of_area(reader, actor, area, day_of(now()));
    let tell = move |reader: &mut Reader, behind: &Behind, file| {
        Ok(AreaFile {
            about: About::of(reader, behind.subject, behind.dwelling)?,
            cases: cases_of(reader, actor, behind)?,
            forms: forms_of(reader, behind)?,
            lessons: lessons_of(reader, behind)?,
            file,
        })
    };
    let found = open(&site, (actor, purpose), find, tell).await?;
    found.map(Json).ok_or_else(|| {
        Problem::not_found("no_file", "您在这个区域没有方案里的角色", "you have no role of a programme there")
    })
}

fn readings_of(reader: &mut Reader, control: &Control, worker: ActorId) -> AppResult<Vec<WorkerReading>> {
    let mut readings = Vec::new();
    for reading in reader.readings_of(worker)? {
        readings.push(WorkerReading {
            at: instant(reading.at),
            name: cases::staff_name(reader, control, reading.actor)?.unwrap_or_default(),
            purpose: Purpose::from_code(reading.purpose).map_or("correction", Purpose::as_str),
        });
    }
    Ok(readings)
}

/// Someone who works: for herself, and for whoever has a role that reads a form about workers, or answers for a case of one,
/// where she works. With a purpose a fact says who read her answers, and what for, before they are answered.
#[utoipa::path(
    get, path = "/v1/workers/{id}/file", tag = "cases", params(("id" = String, Path, format = "uuid"), OpenQuery),
    responses((status = 200, body = WorkerFile), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn worker_file(
    State(site): State<Site>,
    caller: Caller,
    Path(worker): Path<ActorId>,
    Query(query): Query<OpenQuery>,
) -> Result<Json<WorkerFile>, Problem> {
    caller.may(Action::ReadCases, Scope::Own)?;
    let purpose = query.purpose.as_deref().map(purpose).transpose()?;
    let (actor, control) = (actor(&caller), Arc::clone(&site.control));
    let find = move |reader: &mut Reader| household::of_worker(reader, actor, worker, day_of(now()));
    let tell = move |reader: &mut Reader, behind: &Behind, file| {
        Ok(WorkerFile {
            about: About::of(reader, behind.subject, behind.dwelling)?,
            name: cases::staff_name(reader, &control, worker)?.unwrap_or_default(),
            cases: cases_of(reader, actor, behind)?,
            forms: forms_of(reader, behind)?,
            file,
            readings: match worker == actor.id {
                true => Some(readings_of(reader, &control, worker)?),
                false => None,
            },
        })
    };
    let found = open(&site, (actor, purpose), find, tell).await?;
    found.map(Json).ok_or_else(no_worker)
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WorkersQuery {
    /// The caller's own unless given.
    area: Option<String>,
}

/// Those who work in an area and of whom the caller may know more; she herself among them.
#[utoipa::path(
    get, path = "/v1/workers", tag = "cases", params(WorkersQuery),
    responses((status = 200, body = Workers), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn workers(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<WorkersQuery>,
) -> Result<Json<Workers>, Problem> {
    let area = scope::area(&caller, Action::ReadCases, query.area.as_deref(), "area")?;
    let (actor, control) = (actor(&caller), Arc::clone(&site.control));
    let rows = site
        .territory
        .read(move |reader| {
            let mut rows = Vec::new();
            for cases::Colleague { id: worker, name, grant, .. } in cases::staff(reader, &control, area)? {
                if !reader.book().areas.is_within(grant.area, area) {
                    continue;
                }
                let Some(behind) = household::of_worker(reader, actor, worker, day_of(now()))? else {
                    continue;
                };
                let about = About::of(reader, behind.subject, behind.dwelling)?;
                let (area_code, area_name) = (about.area_code, about.area_name);
                rows.push(WorkerRow { worker, name, area_code, area_name });
            }
            rows.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(rows)
        })
        .await?;
    Ok(Json(Workers { rows }))
}
