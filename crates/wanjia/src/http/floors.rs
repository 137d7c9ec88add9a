//! 疫情地图: how many people of each floor have an open case, and how many days those who are restricted have left. For
//! those who act in the programme as it is; for a notice board with every small number left out.

use std::collections::BTreeSet;

use axum::extract::State;
use domain::access::Action;
use domain::area::{AreaNumber, Level};
use domain::door::building_key;
use domain::time::{Millis, day_of};
use programme::Programme;
use programme::form::Subject;
use programme::pathway::Pathway;
use serde::{Deserialize, Serialize};
use store::Reader;
use store::floors::CaseOnFloor;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cases::{Named, actor, now};
use super::extract::{Caller, Json, Query};
use super::problem::Problem;
use super::scope;
use super::wire::instant;
use crate::app::cases::{Actor, roles_of};
use crate::app::failure::{Failure, Result as AppResult};

/// The least number that the public is told.
const LEAST: u32 = 3;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(floors)).routes(routes!(public_floors))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FloorsQuery {
    /// A community or an area below one; the caller's own unless given.
    area: Option<String>,
    /// The newest that was published, unless given.
    programme: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PublicFloorsQuery {
    /// A community or an area below one; the caller's own unless given.
    area: Option<String>,
    /// The newest that was published, unless given.
    programme: Option<String>,
    /// The least number that is told; 3 unless given, and never less.
    k: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct Floors {
    #[schema(format = DateTime)]
    as_of: String,
    programme: Named,
    /// A number below this is not told, and nothing tells it from none; 0 where every number is told.
    least: u32,
    /// Of people, in the order of the cells.
    pathways: Vec<Named>,
    buildings: Vec<FloorsOfBuilding>,
}

#[derive(Serialize, ToSchema)]
struct FloorsOfBuilding {
    building: String,
    /// Unit by unit, the highest floor first; doors without a floor last.
    floors: Vec<FloorRow>,
}

#[derive(Serialize, ToSchema)]
struct FloorRow {
    unit: String,
    /// Where the rooms' numbers tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    floor: Option<i32>,
    cells: Vec<FloorCell>,
}

#[derive(Serialize, ToSchema)]
struct FloorCell {
    /// People with an open case.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<u32>,
    /// Those of them who are restricted.
    #[serde(skip_serializing_if = "Option::is_none")]
    restricted: Option<u32>,
    /// Days until the last of these is due to be released: 0 is today, less is overdue.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<i64>,
}

#[derive(Clone, Copy, Default)]
struct Counted {
    open: u32,
    restricted: u32,
    last: Option<Millis>,
}

impl Counted {
    fn add(&mut self, case: &CaseOnFloor) {
        self.open += 1;
        self.restricted += u32::from(case.release_due.is_some());
        self.last = self.last.max(case.release_due);
    }

    /// What is told of a cell: no number below `least`.
    fn told(self, least: u32, now: Millis) -> FloorCell {
        let tell = |count: u32| (count >= least).then_some(count);
        let restricted = tell(self.restricted);
        let days = |due: Millis| i64::from(day_of(due)) - i64::from(day_of(now));
        FloorCell { open: tell(self.open), restricted, days: restricted.and(self.last).map(days) }
    }
}

/// The programme that a page is about: that under which the most people here have an open case, unless one is named.
fn programme_of(
    reader: &mut Reader,
    area: AreaNumber,
    code: Option<&str>,
    now: Millis,
) -> AppResult<std::sync::Arc<Programme>> {
    let code = match code {
        Some(code) => code.to_owned(),
        None => {
            let known: BTreeSet<String> =
                reader.book().editions.iter().map(|edition| edition.programme.clone()).collect();
            let mut most = (0, String::new());
            for code in known {
                let people = reader.cases_on_floors(area, &code)?.len() + 1;
                if people > most.0 {
                    most = (people, code);
                }
            }
            most.1
        }
    };
    let book = reader.book();
    let newest = || book.editions.iter().rfind(|edition| edition.programme == code);
    let version = book.edition_on(&code, day_of(now)).or_else(newest).map(|edition| edition.version.clone());
    let programme = match version {
        Some(version) => reader.programme(&code, &version)?,
        None => None,
    };
    programme.ok_or_else(|| {
        Failure::new("unknown_programme", "没有发布这个专项方案", "no such programme is published")
    })
}

fn counted(
    reader: &mut Reader,
    area: AreaNumber,
    programme: &Programme,
    least: u32,
    now: Millis,
) -> AppResult<Floors> {
    let of_people = |pathway: &&Pathway| pathway.subject == Subject::Person && !pathway.of_rule;
    let pathways: Vec<_> = programme.pathways.iter().filter(of_people).collect();
    let cases = reader.cases_on_floors(area, &programme.manifest.code)?;
    let mut buildings: Vec<FloorsOfBuilding> = Vec::new();
    // Which sweep is asked makes no difference to where a door is.
    let mut doors = Vec::new();
    for number in reader.areas_with_doors(area)? {
        doors.extend(reader.doors(0, number)?);
    }
    for door in doors {
        let key = building_key(&door.labels.building);
        let place = match buildings.iter().position(|known| building_key(&known.building) == key) {
            Some(place) => place,
            None => {
                buildings
                    .push(FloorsOfBuilding { building: door.labels.building.clone(), floors: Vec::new() });
                buildings.len() - 1
            }
        };
        let (unit, floor) = (&door.labels.unit, door.floor());
        let Some(building) = buildings.get_mut(place) else { continue };
        if building.floors.iter().any(|row| row.unit == *unit && row.floor == floor) {
            continue;
        }
        let cells = pathways
            .iter()
            .map(|pathway| {
                let mut cell = Counted::default();
                let here = cases.iter().filter(|case| {
                    case.pathway == pathway.code.value
                        && case.floor == floor
                        && case.unit == *unit
                        && building_key(&case.building) == key
                });
                here.for_each(|case| cell.add(case));
                cell.told(least, now)
            })
            .collect();
        building.floors.push(FloorRow { unit: unit.clone(), floor, cells });
    }
    Ok(Floors {
        as_of: instant(reader.newest_receipt()?.unwrap_or(0)),
        programme: Named::of(&programme.manifest.code, Some(&programme.manifest.name)),
        least,
        pathways: pathways
            .iter()
            .map(|pathway| Named::of(&pathway.code.value, Some(&pathway.name)))
            .collect(),
        buildings,
    })
}

fn place(caller: &Caller, action: Action, code: Option<&str>) -> Result<AreaNumber, Problem> {
    let area = scope::area(caller, action, code, "area")?;
    if caller.book.areas.get(area).is_some_and(|area| area.level < Level::Community) {
        return Err(scope::area_too_large());
    }
    Ok(area)
}

/// People with an open case by building and floor, for whoever acts in the programme.
#[utoipa::path(
    get, path = "/v1/floors", tag = "cases", params(FloorsQuery),
    responses((status = 200, body = Floors), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn floors(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<FloorsQuery>,
) -> Result<Json<Floors>, Problem> {
    let area = place(&caller, Action::ReadCases, query.area.as_deref())?;
    let (actor, now): (Actor, _) = (actor(&caller), now());
    let answer = site
        .territory
        .read(move |reader| {
            let programme = programme_of(reader, area, query.programme.as_deref(), now)?;
            let roles = roles_of(reader, actor, day_of(now))?;
            let areas = &reader.book().areas;
            let acts = |role: &store::cases::RoleIn| {
                role.programme == programme.manifest.code && areas.is_within(area, role.area)
            };
            if !roles.iter().any(acts) {
                return Err(Failure::new(
                    "not_in_role",
                    "您在这个专项方案里没有职责；可以看公开的那一份",
                    "you have no role in this programme here; the public one is open to you",
                ));
            }
            counted(reader, area, &programme, 0, now)
        })
        .await?;
    Ok(Json(answer))
}

/// The same for a notice board: of whoever and whatever is few, nothing.
#[utoipa::path(
    get, path = "/v1/floors/public", tag = "cases", params(PublicFloorsQuery),
    responses((status = 200, body = Floors), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn public_floors(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<PublicFloorsQuery>,
) -> Result<Json<Floors>, Problem> {
    let area = place(&caller, Action::ReadLists, query.area.as_deref())?;
    let least = query.k.unwrap_or(LEAST);
    if least < LEAST {
        return Err(Problem::field(
            "k",
            "too_small",
            format!("公开的数字至少 {LEAST} 人起"),
            format!("the public is told of {LEAST} people and more"),
        ));
    }
    let now = now();
    let answer = site
        .territory
        .read(move |reader| {
            let programme = programme_of(reader, area, query.programme.as_deref(), now)?;
            counted(reader, area, &programme, least, now)
        })
        .await?;
    Ok(Json(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_number_looks_like_none() {
        let cell = |open, restricted| {
            let last = (restricted > 0).then_some(5 * 86_400_000);
            let told = Counted { open, restricted, last }.told(3, 86_400_000);
            (told.open, told.restricted, told.days)
        };
        assert_eq!([cell(0, 0), cell(1, 1), cell(2, 2)], [(None, None, None); 3]);
        assert_eq!(cell(3, 2), (Some(3), None, None));
        assert_eq!(cell(4, 3), (Some(4), Some(3), Some(4)));
        let exact = Counted { open: 1, restricted: 0, last: None }.told(0, 0);
        assert_eq!((exact.open, exact.restricted, exact.days), (Some(1), Some(0), None));
    }
}
