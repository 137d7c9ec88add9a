//! Who has not been reached, door by door.

use axum::extract::State;
use domain::access::Action;
use domain::door::DoorText;
use domain::id::{DwellingId, SweepId};
use domain::sweep::Reason;
use domain::time::from_day;
use intake::line;
use serde::{Deserialize, Serialize};
use store::lists::Wanted;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::wire::{Found, instant};
use super::{cursor, scope};

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(residual))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ResidualQuery {
    /// A community or an area below one.
    area: Option<String>,
    /// `never_visited`, `no_answer` or `refused_unsigned`
    reason: Option<String>,
    /// Only doors on which this is written, as a part of `3-2-802` or of `3栋2单元802室`, or those of an address, with its unit or
    /// without: `3栋802`, `3-802`; spaces, width and case make no difference.
    find: Option<String>,
    cursor: Option<String>,
    /// The `next` of a page that is there already: no row after its end is given.
    until: Option<String>,
    /// 100 unless given, 1,000 at most.
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct ResidualPage {
    rows: Vec<ResidualRow>,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    /// Of a first page without rows: how many doors there are on which `find` is written that are accounted for, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    accounted: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct ResidualRow {
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    area_code: String,
    building: String,
    unit: String,
    room: String,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    recheck_on: Option<String>,
    /// That people were reached here before a visit that reached nobody or was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    found_before: Option<Found>,
    /// How many people are listed here.
    listed: u32,
}

fn reason(name: &str) -> Result<Reason, Problem> {
    [Reason::NeverVisited, Reason::NoAnswer, Reason::RefusedUnsigned]
        .into_iter()
        .find(|reason| reason.as_str() == name)
        .ok_or_else(|| {
            Problem::field(
                "reason",
                "reason",
                "reason 可用 never_visited、no_answer、refused_unsigned",
                "reason is never_visited, no_answer or refused_unsigned",
            )
        })
}

fn door_text(wanted: &str) -> Option<DoorText> {
    let text = DoorText::new(wanted)?;
    Some(match line::address(wanted) {
        Some([building, unit, room]) => text.or_at(&building.key, &unit.key, &room.key),
        None => text,
    })
}

/// The doors of an area that are not accounted for, in walking order.
#[utoipa::path(
    get, path = "/v1/sweeps/{id}/residual", tag = "sweeps",
    params(("id" = String, Path, format = "uuid"), ResidualQuery),
    responses((status = 200, body = ResidualPage), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn residual(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Query(query): Query<ResidualQuery>,
) -> Result<Json<ResidualPage>, Problem> {
    let (sweep, area) = scope::list_area(&caller, Action::ReadLists, id, query.area.as_deref())?;
    let (limit, after) = (cursor::limit(query.limit)?, cursor::parse(query.cursor.as_deref())?);
    let wanted = Wanted {
        reason: query.reason.as_deref().map(reason).transpose()?,
        text: query.find.as_deref().and_then(door_text),
        until: cursor::parse_field("until", query.until.as_deref())?,
    };
    let answer = site
        .territory
        .read(move |reader| {
            let page = reader.residual_page(sweep, area, &wanted, after, limit)?;
            let accounted = match &wanted.text {
                Some(text) if page.rows.is_empty() && after.is_none() => {
                    Some(reader.accounted_called(sweep, area, text)?).filter(|doors| *doors > 0)
                }
                _ => None,
            };
            let areas = &reader.book().areas;
            let rows = page.rows.into_iter().map(|(area, door, reason)| ResidualRow {
                dwelling: door.id,
                found_before: Found::before(&door),
                listed: door.dwelling.listed,
                area_code: areas.code(area).to_owned(),
                building: door.labels.building,
                unit: door.labels.unit,
                room: door.labels.room,
                reason: reason.as_str(),
                outcome: door.round.visit.map(|visit| visit.outcome.as_str()),
                at: door.round.visit.map(|visit| instant(visit.stamp.at)),
                recheck_on: door
                    .round
                    .visit
                    .and_then(|visit| visit.recheck_on)
                    .map(|day| from_day(day).to_string()),
            });
            let next = page.next.as_ref().map(cursor::text);
            Ok(ResidualPage { rows: rows.collect(), next, accounted })
        })
        .await?;
    Ok(Json(answer))
}
