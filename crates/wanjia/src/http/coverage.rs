//! The numbers of an area and of those right below it.

use axum::extract::State;
use domain::access::Action;
use domain::area::AreaNumber;
use domain::id::SweepId;
use domain::state::SweepNumber;
use serde::{Deserialize, Serialize};
use store::Reader;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::scope;
use super::wire::instant;
use crate::app::failure::Result as AppResult;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(coverage)).routes(routes!(series))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CoverageQuery {
    /// All of the sweep that is the caller's, unless given.
    area: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct CoverageAnswer {
    /// When the newest fact was received.
    #[schema(format = DateTime)]
    as_of: String,
    /// Phones of the area that pushed since the sweep opened.
    devices_reported: u32,
    devices_total: u32,
    area: CoverageRow,
    children: Vec<CoverageRow>,
}

#[derive(Serialize, ToSchema)]
struct CoverageRow {
    code: String,
    name: String,
    level: &'static str,
    dwellings: i64,
    accounted: i64,
    residual: i64,
    persons_listed: i64,
    persons_reached: i64,
    lit_unlisted: i64,
    listed_dark: i64,
    /// Listed, seen nowhere, and away by the latest visit.
    persons_away: i64,
}

#[derive(Serialize, ToSchema)]
struct Series {
    /// Oldest first; the last is how it is now.
    points: Vec<SeriesPoint>,
}

#[derive(Serialize, ToSchema)]
struct SeriesPoint {
    /// The end of an hour in which something changed.
    #[schema(format = DateTime)]
    at: String,
    dwellings: i64,
    accounted: i64,
}

fn row(reader: &Reader, sweep: SweepNumber, number: AreaNumber) -> AppResult<CoverageRow> {
    let coverage = reader.coverage(sweep, number)?;
    let area = reader.book().areas.get(number);
    Ok(CoverageRow {
        code: area.map(|area| area.code.clone()).unwrap_or_default(),
        name: area.map(|area| area.name.clone()).unwrap_or_default(),
        level: area.map_or("", |area| area.level.as_str()),
        dwellings: coverage.dwellings,
        accounted: coverage.accounted,
        residual: coverage.residual,
        persons_listed: coverage.persons_listed,
        persons_reached: coverage.persons_reached,
        lit_unlisted: coverage.lit_unlisted,
        listed_dark: coverage.listed_dark,
        persons_away: coverage.persons_away,
    })
}

/// How far a sweep is, exact at this moment.
#[utoipa::path(
    get, path = "/v1/sweeps/{id}/coverage", tag = "sweeps",
    params(("id" = String, Path, format = "uuid"), CoverageQuery),
    responses((status = 200, body = CoverageAnswer), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn coverage(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Query(query): Query<CoverageQuery>,
) -> Result<Json<CoverageAnswer>, Problem> {
    let (sweep, area) = scope::sweep_area(&caller, Action::ReadCoverage, id, query.area.as_deref())?;
    let (devices_reported, devices_total) = site.fleet.figures(sweep, area);
    let answer = site
        .territory
        .read(move |reader| {
            let mut below = reader.book().areas.children(area).to_vec();
            below.sort_by(|a, b| reader.book().areas.code(*a).cmp(reader.book().areas.code(*b)));
            Ok(CoverageAnswer {
                as_of: instant(reader.newest_receipt()?.unwrap_or(0)),
                devices_reported,
                devices_total,
                area: row(reader, sweep, area)?,
                children: below
                    .into_iter()
                    .map(|child| row(reader, sweep, child))
                    .collect::<AppResult<_>>()?,
            })
        })
        .await?;
    Ok(Json(answer))
}

/// How a sweep went on: coverage as it was known at the end of each hour in which it changed, by what had arrived by then.
#[utoipa::path(
    get, path = "/v1/sweeps/{id}/series", tag = "sweeps",
    params(("id" = String, Path, format = "uuid"), CoverageQuery),
    responses((status = 200, body = Series), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn series(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Query(query): Query<CoverageQuery>,
) -> Result<Json<Series>, Problem> {
    let (sweep, area) = scope::sweep_area(&caller, Action::ReadCoverage, id, query.area.as_deref())?;
    let series = site.territory.read(move |reader| Ok(reader.series(sweep, area)?)).await?;
    let point = |(hour, dwellings, accounted): (i64, i64, i64)| SeriesPoint {
        at: instant((hour + 1) * 3_600_000),
        dwellings,
        accounted,
    };
    Ok(Json(Series { points: series.into_iter().map(point).collect() }))
}
