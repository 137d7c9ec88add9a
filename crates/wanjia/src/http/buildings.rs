//! The buildings of an area, and one building floor by floor.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::access::Action;
use domain::door::building_key;
use domain::id::{DwellingId, SweepId};
use domain::time::Millis;
use serde::{Deserialize, Serialize};
use store::query::Door;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::scope;
use super::wire::{Found, instant};

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(buildings)).routes(routes!(matrix))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct BuildingsQuery {
    /// A community or an area below one.
    area: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MatrixQuery {
    /// A community or an area below one.
    area: Option<String>,
    /// As the list of buildings writes it; empty where doors have no building.
    building: String,
}

#[derive(Serialize, ToSchema)]
struct Buildings {
    buildings: Vec<Building>,
}

#[derive(Serialize, ToSchema)]
struct Building {
    building: String,
    /// By which a map's outline names it, however its doors write it.
    key: String,
    dwellings: u64,
    accounted: u64,
    /// When a door of it was visited last in this sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    visited_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Matrix {
    building: String,
    units: Vec<Unit>,
}

#[derive(Serialize, ToSchema)]
struct Unit {
    unit: String,
    /// The highest first, as a house stands; doors without a floor last.
    floors: Vec<Floor>,
}

#[derive(Serialize, ToSchema)]
struct Floor {
    /// Where the rooms' numbers tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    floor: Option<i32>,
    doors: Vec<MatrixDoor>,
}

#[derive(Serialize, ToSchema)]
struct MatrixDoor {
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    room: String,
    /// `home`, `enterprise`, `hotel`, `site`, `market`, `checkpoint` or `other`.
    place: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    /// `accounted`, `residual`, or `discovered`: a door that no roster knows.
    state: &'static str,
    /// How many people are listed here.
    listed: u32,
    /// How many people were seen here, listed or not.
    seen: u32,
    /// When the latest visit was.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    at: Option<String>,
    /// That people were reached here before a visit that reached nobody or was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    found_before: Option<Found>,
}

impl MatrixDoor {
    fn of(door: &Door) -> Self {
        let state = match (door.dwelling.on_roster, door.reason()) {
            (false, _) => "discovered",
            (true, None) => "accounted",
            (true, Some(_)) => "residual",
        };
        Self {
            dwelling: door.id,
            room: door.labels.room.clone(),
            place: door.dwelling.place.as_str(),
            outcome: door.round.visit.map(|visit| visit.outcome.as_str()),
            state,
            listed: door.dwelling.listed,
            seen: door.round.recorded,
            at: door.round.visit.map(|visit| instant(visit.stamp.at)),
            found_before: Found::before(door),
        }
    }
}

/// The buildings of an area in walking order, however their doors' labels are written.
fn grouped(doors: &[Door]) -> Vec<Building> {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut buildings: Vec<(Building, Option<Millis>)> = Vec::new();
    for door in doors {
        let key = building_key(&door.labels.building);
        let place = *places.entry(key.clone()).or_insert(buildings.len());
        if place == buildings.len() {
            let building = door.labels.building.clone();
            buildings.push((Building { building, key, dwellings: 0, accounted: 0, visited_at: None }, None));
        }
        if let Some((building, visited)) = buildings.get_mut(place) {
            building.dwellings += 1;
            building.accounted += u64::from(door.reason().is_none());
            *visited = (*visited).max(door.round.visit.map(|visit| visit.stamp.at));
        }
    }
    buildings
        .into_iter()
        .map(|(building, visited)| Building { visited_at: visited.map(instant), ..building })
        .collect()
}

/// The units of a building in walking order, each floor by floor from the top.
fn stacked(doors: &[Door]) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    for door in doors {
        let unit = match units.iter().position(|unit| unit.unit == door.labels.unit) {
            Some(place) => place,
            None => {
                units.push(Unit { unit: door.labels.unit.clone(), floors: Vec::new() });
                units.len() - 1
            }
        };
        let Some(unit) = units.get_mut(unit) else { continue };
        let floor = door.floor();
        match unit.floors.iter_mut().find(|known| known.floor == floor) {
            Some(known) => known.doors.push(MatrixDoor::of(door)),
            None => unit.floors.push(Floor { floor, doors: vec![MatrixDoor::of(door)] }),
        }
    }
    for unit in &mut units {
        unit.floors.sort_by_key(|floor| std::cmp::Reverse(floor.floor));
    }
    units
}

/// The buildings of an area, with how far each is.
#[utoipa::path(
    get, path = "/v1/sweeps/{id}/buildings", tag = "sweeps",
    params(("id" = String, Path, format = "uuid"), BuildingsQuery),
    responses((status = 200, body = Buildings), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn buildings(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Query(query): Query<BuildingsQuery>,
) -> Result<Json<Buildings>, Problem> {
    let (sweep, area) = scope::list_area(&caller, Action::ReadLists, id, query.area.as_deref())?;
    let buildings = site
        .territory
        .read(move |reader| {
            let mut doors = Vec::new();
            for number in reader.areas_with_doors(area)? {
                doors.extend(reader.doors(sweep, number)?);
            }
            Ok(grouped(&doors))
        })
        .await?;
    Ok(Json(Buildings { buildings }))
}

/// One building, unit by unit and floor by floor.
#[utoipa::path(
    get, path = "/v1/sweeps/{id}/matrix", tag = "sweeps",
    params(("id" = String, Path, format = "uuid"), MatrixQuery),
    responses((status = 200, body = Matrix), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn matrix(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Query(query): Query<MatrixQuery>,
) -> Result<Json<Matrix>, Problem> {
    let (sweep, area) = scope::list_area(&caller, Action::ReadLists, id, query.area.as_deref())?;
    let building = query.building.clone();
    let doors = site.territory.read(move |reader| Ok(reader.building(sweep, area, &building)?)).await?;
    if doors.is_empty() {
        return Err(Problem::not_found("unknown_building", "没有这栋楼", "there is no such building"));
    }
    Ok(Json(Matrix { building: query.building, units: stacked(&doors) }))
}
