//! What phones recorded that does not count yet, and a person's decision that it does, or that it is not to (ADR 0038).

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::access::{Action, Scope};
use domain::admit::Quarantine;
use domain::fact::Body;
use domain::held::Refusal;
use domain::id::{DwellingId, SeriesId};
use domain::state::State as _;
use serde::{Deserialize, Serialize};
use store::Reader;
use store::people::Waiting;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::wire::instant;
use super::{cursor, scope};
use crate::app::failure::Result as AppResult;
use crate::app::quarantine::{Cannot, may_count};

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(quarantine))
        .routes(routes!(release))
        .routes(routes!(refuse))
        .routes(routes!(reopen))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct QuarantineQuery {
    /// The caller's own unless given.
    area: Option<String>,
    /// What was refused, instead of what waits.
    #[serde(default)]
    refused: bool,
    cursor: Option<String>,
    /// 100 unless given, 1,000 at most.
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct QuarantinePage {
    rows: Vec<QuarantineRow>,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct QuarantineRow {
    #[schema(value_type = String, format = "uuid")]
    series: SeriesId,
    sequence: u64,
    /// Empty if the accounts' file was restored from before the enrolment.
    worker_name: String,
    reason: &'static str,
    /// Why it waits and what to do, in Chinese.
    message: &'static str,
    message_en: &'static str,
    #[schema(format = DateTime)]
    received_at: String,
    /// Why it is not to count: `mistaken`, `twice`, `not_hers`, `too_late` or `unclear`.
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    refused_at: Option<String>,
    /// `visited`, `person_seen`, `dwelling_registered`, `answered`, `case_reported`, `case_acted`, `doors_offered`,
    /// `doors_answered`, or `other`
    kind: &'static str,
    /// Of a visit: `met`, `phone`, `no_answer`, `vacant`, `refused`, `away` or `not_exist`.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    dwelling: Option<DwellingId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    area_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    building: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
}

fn row(reader: &mut Reader, waiting: &Waiting, worker_name: String) -> AppResult<QuarantineRow> {
    let reason = Quarantine::from_code(waiting.verdict).unwrap_or(Quarantine::Unreadable);
    let body = waiting.fact.as_ref().map(|fact| &fact.body);
    let kind = match body {
        Some(Body::Visited { .. }) => "visited",
        Some(Body::PersonSeen { .. }) => "person_seen",
        Some(Body::VisitTakenBack { .. }) => "visit_taken_back",
        Some(Body::DwellingRegistered { .. }) => "dwelling_registered",
        Some(Body::Answered { .. }) => "answered",
        Some(Body::CaseReported { .. }) => "case_reported",
        Some(Body::CaseActed { .. }) => "case_acted",
        Some(Body::DoorsOffered { .. }) => "doors_offered",
        Some(Body::DoorsAnswered { .. }) => "doors_answered",
        _ => "other",
    };
    let mut row = QuarantineRow {
        series: waiting.series,
        sequence: waiting.sequence,
        worker_name,
        reason: reason.as_str(),
        message: reason.message().0,
        message_en: reason.message().1,
        received_at: instant(waiting.received_at),
        refusal: waiting.refused.map(|(refusal, _)| refusal.as_str()),
        refused_at: waiting.refused.map(|(_, at)| instant(at)),
        kind,
        outcome: match body {
            Some(Body::Visited { outcome, .. }) => Some(outcome.as_str()),
            _ => None,
        },
        dwelling: waiting.dwelling(),
        area_code: None,
        building: None,
        unit: None,
        room: None,
    };
    if let Some(Body::DwellingRegistered { area, building, unit, room, .. }) = body {
        row.area_code = Some(area.clone());
        (row.building, row.unit, row.room) = (Some(building.clone()), Some(unit.clone()), Some(room.clone()));
    } else if let Some(dwelling) = row.dwelling {
        let dwelling = domain::apply::resolve_dwelling(reader.state(), dwelling)?;
        if let Some(labels) = reader.state().labels(dwelling)? {
            let area = reader.area_of(dwelling)?;
            row.area_code = area.map(|area| reader.book().areas.code(area).to_owned());
            (row.building, row.unit, row.room) =
                (Some(labels.building), Some(labels.unit), Some(labels.room));
        }
    }
    Ok(row)
}

/// What waits from the phones of an area, or was refused.
#[utoipa::path(
    get, path = "/v1/quarantine", tag = "quarantine", params(QuarantineQuery),
    responses((status = 200, body = QuarantinePage), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn quarantine(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<QuarantineQuery>,
) -> Result<Json<QuarantinePage>, Problem> {
    let area = scope::area(&caller, Action::ReadQuarantine, query.area.as_deref(), "area")?;
    let (limit, after) = (cursor::limit(query.limit)?, cursor::parse(query.cursor.as_deref())?);
    let control = Arc::clone(&site.control);
    let page = site
        .territory
        .read(move |reader| {
            let page = reader.quarantine_page(area, query.refused, after, limit)?;
            let mut rows = Vec::with_capacity(page.rows.len());
            for waiting in &page.rows {
                let phone = control.phone(waiting.series)?;
                let name = phone.map(|phone| phone.worker_name).unwrap_or_default();
                rows.push(row(reader, waiting, name)?);
            }
            Ok(QuarantinePage { rows, next: page.next.as_ref().map(cursor::text) })
        })
        .await?;
    Ok(Json(page))
}

/// A fact that waits or was refused, of a phone where the caller decides.
async fn held(
    site: &Site,
    caller: &Caller,
    (series, sequence): (SeriesId, u64),
    refused: bool,
) -> Result<Waiting, Problem> {
    caller.may(Action::ReleaseQuarantine, Scope::Own)?;
    let found = site.territory.read(move |reader| Ok(reader.waiting(series, sequence, refused)?)).await?;
    found
        .filter(|waiting| caller.may(Action::ReleaseQuarantine, Scope::Area(waiting.device.area)).is_ok())
        .ok_or_else(|| Problem::not_found("not_waiting", "没有这条待定的记录", "no such fact is waiting"))
}

/// Decide that a fact counts from now on.
#[utoipa::path(
    post, path = "/v1/quarantine/{series}/{sequence}/release", tag = "quarantine",
    params(("series" = String, Path, format = "uuid"), ("sequence" = u64, Path)),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`cannot_count`: what the fact names is not there, or nothing of it can count")
    )
)]
async fn release(
    State(site): State<Site>,
    caller: Caller,
    Path((series, sequence)): Path<(SeriesId, u64)>,
) -> Result<StatusCode, Problem> {
    let waiting = held(&site, &caller, (series, sequence), false).await?;
    let actor = caller.actor();
    let decided = site
        .territory
        .write(move |store, now| {
            let area = match may_count(store, &waiting)? {
                Ok(area) => area,
                Err(cannot) => return Ok(Err(Some(cannot))),
            };
            // What happened in another's area is not this caller's to decide.
            if caller.may(Action::ReleaseQuarantine, Scope::Area(area)).is_err() {
                return Ok(Err(None));
            }
            store.write(now, |batch| batch.append(actor, Body::Released { series, sequence }, None))?;
            Ok(Ok(()))
        })
        .await?;
    match decided {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(None) => Err(Problem::outside_area()),
        Err(Some(Cannot { zh, en })) => Err(Problem::conflict("cannot_count", zh, en)),
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Refuse {
    /// `mistaken`, `twice`, `not_hers`, `too_late` or `unclear`; whoever recorded it reads it
    reason: String,
}

/// Decide that a fact is not to count. Its phone is told why with its next pull.
#[utoipa::path(
    post, path = "/v1/quarantine/{series}/{sequence}/refuse", tag = "quarantine", request_body = Refuse,
    params(("series" = String, Path, format = "uuid"), ("sequence" = u64, Path)),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn refuse(
    State(site): State<Site>,
    caller: Caller,
    Path((series, sequence)): Path<(SeriesId, u64)>,
    Json(refuse): Json<Refuse>,
) -> Result<StatusCode, Problem> {
    let waiting = held(&site, &caller, (series, sequence), false).await?;
    let refusal = Refusal::from_name(&refuse.reason).ok_or_else(|| {
        Problem::field(
            "reason",
            "reason",
            "请选一个原因：mistaken、twice、not_hers、too_late 或 unclear；登记的人会看到",
            "one of the reasons is needed, which whoever recorded it reads: mistaken, twice, not_hers, too_late or unclear",
        )
    })?;
    let actor = caller.actor();
    let decided = site
        .territory
        .write(move |store, now| {
            // What cannot count may be anyone's; what can is for whoever could let it.
            if let Ok(area) = may_count(store, &waiting)?
                && caller.may(Action::ReleaseQuarantine, Scope::Area(area)).is_err()
            {
                return Ok(false);
            }
            let body = Body::HeldRefused { series, sequence, refusal: Some(refusal) };
            store.write(now, |batch| batch.append(actor, body, None))?;
            Ok(true)
        })
        .await?;
    if decided { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::outside_area()) }
}

/// Take a refusal back: the fact waits again, unless its phone recorded something in its place since.
#[utoipa::path(
    post, path = "/v1/quarantine/{series}/{sequence}/reopen", tag = "quarantine",
    params(("series" = String, Path, format = "uuid"), ("sequence" = u64, Path)),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`followed`: the same phone recorded something of the same door or case since")
    )
)]
async fn reopen(
    State(site): State<Site>,
    caller: Caller,
    Path((series, sequence)): Path<(SeriesId, u64)>,
) -> Result<StatusCode, Problem> {
    let waiting = held(&site, &caller, (series, sequence), true).await?;
    if site.territory.read(move |reader| Ok(reader.was_followed(&waiting)?)).await? {
        return Err(Problem::conflict(
            "followed",
            "退回以后，同一台手机又登记了这一户（或这件事），以那一条为准",
            "since it was refused the same phone recorded something of this door or case, which stands in its place",
        )
        .remedy("请看新的那一条", "look at the new record"));
    }
    let actor = caller.actor();
    site.territory
        .write(move |store, now| {
            let body = Body::HeldRefused { series, sequence, refusal: None };
            Ok(store.write(now, |batch| batch.append(actor, body, None))?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
