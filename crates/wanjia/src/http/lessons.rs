//! What was learnt from cases that have ended: one is kept, and they are read.

use axum::extract::State;
use axum::http::StatusCode;
use domain::access::{Action, Scope};
use domain::id::{CaseId, Id};
use domain::time::day_of;
use serde::{Deserialize, Serialize};
use store::packs::if_readable;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cases::{Named, actor, now};
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::wire::instant;
use crate::app::{cases, lessons};

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(note)).routes(routes!(lessons))
}

/// What was learnt from a case that has ended.
#[derive(Serialize, ToSchema)]
pub(super) struct Lesson {
    #[schema(value_type = String, format = "uuid")]
    lesson: Id,
    pathway: Named,
    #[schema(format = DateTime)]
    at: String,
    text: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLesson {
    /// 300 characters at most, and nothing by which someone could be known.
    text: String,
}

/// Keep what was learnt from a case that has ended, for whoever has the next one of its kind.
#[utoipa::path(
    post, path = "/v1/cases/{id}/lesson", tag = "cases", request_body = NewLesson,
    params(("id" = String, Path, format = "uuid")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, description = "`case_not_ended`", body = Problem), (status = 422, description = "`no_text`, `too_long`, `names_someone`", body = Problem))
)]
async fn note(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<CaseId>,
    Json(new): Json<NewLesson>,
) -> Result<StatusCode, Problem> {
    caller.may(Action::ActOnCases, Scope::Own)?;
    let actor = actor(&caller);
    let noted =
        site.territory.write(move |store, now| lessons::note(store, actor, (id, &new.text), now)).await;
    noted.map_err(|failure| match failure.code {
        "no_text" | "too_long" | "names_someone" => Problem::from(failure).at("text"),
        _ => failure.into(),
    })?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LessonsQuery {
    programme: String,
    pathway: Option<String>,
    /// Words that stand in it.
    text: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Lessons {
    /// The newest first, 200 at most.
    rows: Vec<Lesson>,
}

/// What was learnt from cases of a programme, for whoever has a role of it anywhere.
#[utoipa::path(
    get, path = "/v1/lessons", tag = "cases", params(LessonsQuery),
    responses((status = 200, body = Lessons), (status = 403, body = Problem))
)]
async fn lessons(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<LessonsQuery>,
) -> Result<Json<Lessons>, Problem> {
    caller.may(Action::ReadCases, Scope::Own)?;
    let actor = actor(&caller);
    let rows = site
        .territory
        .read(move |reader| {
            let today = day_of(now());
            let holds = |role: &store::cases::RoleIn| role.programme == query.programme;
            if !cases::roles_of(reader, actor, today)?.iter().any(holds) {
                return Ok(None);
            }
            let edition = reader.book().edition_on(&query.programme, today);
            let version = edition.map(|edition| edition.version.clone()).unwrap_or_default();
            let read = if_readable(reader.programme(&query.programme, &version))?;
            let pathways = read.as_ref().map_or(&[][..], |read| &read.pathways);
            let found = reader.lessons(&query.programme, query.pathway.as_deref())?;
            let wanted = query.text.as_deref().map(str::trim).unwrap_or_default();
            let found = found.into_iter().filter(|(_, _, text)| text.contains(wanted));
            Ok(Some(found.map(|found| lesson_row(pathways, found)).collect()))
        })
        .await?;
    Ok(Json(Lessons { rows: rows.ok_or_else(Problem::forbidden)? }))
}

pub(super) fn lesson_row(
    pathways: &[programme::pathway::Pathway],
    (lesson, kept, text): (Id, domain::case::Lesson, String),
) -> Lesson {
    let own = pathways.iter().find(|own| own.code.value == kept.pathway);
    let pathway = Named::of(&kept.pathway, own.map(|own| &own.name));
    Lesson { lesson, pathway, at: instant(kept.at), text }
}
