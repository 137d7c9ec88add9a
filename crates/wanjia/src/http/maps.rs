//! The map of an area: outlines of its own buildings and grids, from its own file.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::HeaderMap;
use domain::access::Action;
use domain::area::{AreaNumber, Level};
use intake::map::{MOST_BYTES, read_map};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::Store;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Query, read_body};
use super::problem::Problem;
use super::rosters::source_of;
use super::scope;
use super::wire::instant;
use crate::app::draw_map::{Drawing, Fate, match_map};
use crate::app::failure::Failure;
use crate::app::territory::in_place;

/// Features that are told one by one.
const TOLD: usize = 1000;
/// How long a file may take to arrive whole.
const PATIENCE: Duration = Duration::from_secs(60);

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(map, draw))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MapQuery {
    /// A community or an area below one; the caller's own unless given.
    area: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct MapAnswer {
    /// Whose map it is: the area's, or that of the nearest area above it; none was drawn where it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    area_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    drawn_at: Option<String>,
    /// A GeoJSON FeatureCollection in WGS 84. Each feature has `kind`: `building` with `building`, the `key` of
    /// `/v1/sweeps/{id}/buildings`; `grid` with `area`, its code; or `surroundings`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    shapes: Option<Value>,
    /// That `/v1/tiles` has a base map to lie beneath; missing where it has none.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    tiles: bool,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DrawQuery {
    /// The community, or an area below one, whose map it is; the caller's own unless given.
    area: Option<String>,
    /// Where the outlines come from; the file's name unless given. At most 60 characters.
    source: Option<String>,
    /// Say what would match, and write nothing.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, ToSchema)]
struct Drawn {
    matched: u64,
    unmatched: u64,
    refused: u64,
    /// At most 1,000: the refused and the unmatched before the others, by number.
    features: Vec<DrawnFeature>,
    /// Buildings with doors that no outline stands for.
    undrawn: Vec<String>,
    applied: bool,
}

#[derive(Serialize, ToSchema)]
struct DrawnFeature {
    /// From 1, as they stand in the file.
    feature: u64,
    /// `building`, `grid`, `surroundings`, `unmatched` or `refused`.
    fate: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    building: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    area_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_en: Option<String>,
}

impl DrawnFeature {
    fn of(feature: u64, fate: Fate) -> Self {
        let told =
            |fate| Self { feature, fate, building: None, area_code: None, message: None, message_en: None };
        match fate {
            Fate::Building(building) => Self { building: Some(building), ..told("building") },
            Fate::Grid(code) => Self { area_code: Some(code), ..told("grid") },
            Fate::Surroundings => told("surroundings"),
            Fate::Unmatched => Self {
                message: Some("这里没有登记这个编号的楼栋或网格；只画轮廓，不带编号".to_owned()),
                message_en: Some(
                    "no building or grid of this number is registered here; it is drawn without one"
                        .to_owned(),
                ),
                ..told("unmatched")
            },
            Fate::Refused(refusal) => Self {
                message: Some(format!("{}；{}", refusal.zh, refusal.remedy_zh)),
                message_en: Some(format!("{}; {}", refusal.en, refusal.remedy_en)),
                ..told("refused")
            },
        }
    }
}

impl Drawn {
    fn of(drawing: Drawing, applied: bool) -> Self {
        let mut features: Vec<DrawnFeature> =
            drawing.fates.into_iter().map(|(number, fate)| DrawnFeature::of(number, fate)).collect();
        let count = |fates: &[&str]| features.iter().filter(|one| fates.contains(&one.fate)).count() as u64;
        let (matched, unmatched, refused) =
            (count(&["building", "grid"]), count(&["unmatched"]), count(&["refused"]));
        let order = ["refused", "unmatched", "building", "grid", "surroundings"];
        features.sort_by_key(|one| (order.iter().position(|fate| *fate == one.fate), one.feature));
        features.truncate(TOLD);
        Self { matched, unmatched, refused, features, undrawn: drawing.undrawn, applied }
    }
}

fn place(caller: &Caller, action: Action, code: Option<&str>) -> Result<AreaNumber, Problem> {
    let area = scope::area(caller, action, code, "area")?;
    if caller.book.areas.get(area).is_some_and(|area| area.level < Level::Community) {
        return Err(scope::area_too_large());
    }
    Ok(area)
}

/// The newest map of an area.
#[utoipa::path(
    get, path = "/v1/map", tag = "areas", params(MapQuery),
    responses((status = 200, body = MapAnswer), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn map(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<MapQuery>,
) -> Result<Json<MapAnswer>, Problem> {
    let area = place(&caller, Action::ReadLists, query.area.as_deref())?;
    let tiles = site.tiles.is_some();
    let answer = site
        .territory
        .read(move |reader| {
            let Some(map) = reader.book().map_of(area).cloned() else {
                return Ok(MapAnswer { area_code: None, source: None, drawn_at: None, shapes: None, tiles });
            };
            let bytes = reader.pack(&map.digest)?.unwrap_or_default();
            Ok(MapAnswer {
                area_code: Some(reader.book().areas.code(map.area).to_owned()),
                source: Some(map.source),
                drawn_at: Some(instant(map.drawn_at)),
                shapes: serde_json::from_slice(&bytes).ok(),
                tiles,
            })
        })
        .await?;
    Ok(Json(answer))
}

/// Put an area's map on record, from a GeoJSON file: outlines of buildings, known by the building's number among their
/// properties, and of grids. What matches nothing is drawn without a number; what is no outline is refused by its number.
#[utoipa::path(
    post, path = "/v1/map", tag = "areas",
    params(DrawQuery, ("X-File-Name" = Option<String>, Header, description = "percent-encoded UTF-8")),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = Drawn), (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 422, body = Problem)
    )
)]
async fn draw(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<DrawQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Drawn>, Problem> {
    let area = place(&caller, Action::DrawMap, query.area.as_deref())?;
    let source = source_of(query.source.as_deref(), &headers)?;
    let bytes = read_body(body, MOST_BYTES, PATIENCE).await?;
    let read = in_place(move || read_map(&bytes)).await?.map_err(Failure::from)?;
    let drawing = site.territory.read(move |reader| match_map(reader, area, read)).await?;
    if query.dry_run {
        return Ok(Json(Drawn::of(drawing, false)));
    }
    drawing.check()?;
    let (actor, code) = (caller.actor(), caller.book.areas.code(area).to_owned());
    let draw = move |store: &mut Store, now| {
        store.write(now, |batch| batch.draw_map(actor, &code, &source, &drawing.bytes, drawing.shapes))?;
        Ok(drawing)
    };
    Ok(Json(Drawn::of(site.territory.write(draw).await?, true)))
}
