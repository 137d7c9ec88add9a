//! Finding someone by name, by the end of her ID number or of her telephone number, in the caller's own area.

use axum::extract::State;
use domain::access::{Action, Purpose};
use domain::area::{AreaNumber, Level};
use domain::id::{DwellingId, PersonId};
use domain::state::Labels;
use serde::{Deserialize, Serialize};
use store::Reader;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Caller, Json};
use super::persons::purpose;
use super::problem::Problem;
use super::{Site, scope};
use crate::app::failure::Result as AppResult;
use crate::app::find_person::{FOUND, Found, Wanted, find};
use crate::app::reveal::reveal_each;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(find_person))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FindPerson {
    /// A community or an area below one; the caller's own unless given.
    area: Option<String>,
    /// Two characters or more of a name, or the last four or more of an ID or telephone number.
    find: String,
    /// `reconcile`, `service` or `correction`
    purpose: String,
}

#[derive(Serialize, ToSchema)]
struct FoundPeople {
    /// In walking order, at most 20.
    people: Vec<FoundPerson>,
}

#[derive(Serialize, ToSchema)]
struct FoundPerson {
    #[schema(value_type = String, format = "uuid")]
    person: PersonId,
    name: String,
    /// What of her was meant: `name`, `id_number` or `phone`.
    by: &'static str,
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    area_code: String,
    area_name: String,
    building: String,
    unit: String,
    room: String,
}

/// Who of an area's lists is meant by a name or the end of a number. More than 20 are not told: what is looked for has to be
/// said more closely. Of each who is told, a fact says before it who looked and what for.
#[utoipa::path(
    post, path = "/v1/persons/find", tag = "persons", request_body = FindPerson,
    responses((status = 200, body = FoundPeople), (status = 403, body = Problem),
        (status = 422, body = Problem, description = "`too_short`, `too_many`, `area_too_large`"))
)]
async fn find_person(
    State(site): State<Site>,
    caller: Caller,
    Json(asked): Json<FindPerson>,
) -> Result<Json<FoundPeople>, Problem> {
    let purpose = purpose(&asked.purpose)?;
    let area = place(&caller, purpose, asked.area.as_deref())?;
    let wanted = Wanted::read(&asked.find).ok_or_else(|| {
        Problem::field(
            "find",
            "too_short",
            "请写姓名的两个字以上，或者身份证号、电话的末四位以上",
            "write two characters of a name or more, or the last four of an ID or telephone number or more",
        )
    })?;
    let found = site.territory.read(move |reader| find(reader, area, &wanted)).await?;
    let Some(found) = found else {
        return Err(Problem::field(
            "find",
            "too_many",
            format!("符合的超过 {FOUND} 人，一个也没有显示；请写全姓名，或者写号码的末几位"),
            format!(
                "more than {FOUND} people fit, and none is shown; write the whole name, or the end of a number"
            ),
        ));
    };
    let owners: Vec<PersonId> = found.iter().map(|found| found.person).collect();
    let (actor, count) = (caller.actor(), owners.len());
    tracing::info!(%actor, area = caller.book.areas.code(area), purpose = purpose as u64, found = count, "people searched");
    if !owners.is_empty() {
        site.territory.write(move |store, now| reveal_each(store, actor, purpose, &owners, now)).await?;
    }
    let people = site
        .territory
        .read(move |reader| {
            let mut people = Vec::with_capacity(found.len());
            for one in found {
                // She may have been erased in between.
                if let Some(identity) = reader.identity(one.person)? {
                    people.push(told(reader, one, identity.name)?);
                }
            }
            Ok(people)
        })
        .await?;
    Ok(Json(FoundPeople { people }))
}

fn told(reader: &mut Reader, found: Found, name: String) -> AppResult<FoundPerson> {
    let Labels { building, unit, room } = reader.labels(found.dwelling)?;
    let areas = &reader.book().areas;
    Ok(FoundPerson {
        person: found.person,
        name,
        by: found.by.as_str(),
        dwelling: found.dwelling,
        area_code: areas.code(found.area).to_owned(),
        area_name: areas.get(found.area).map(|area| area.name.clone()).unwrap_or_default(),
        building,
        unit,
        room,
    })
}

fn place(caller: &Caller, purpose: Purpose, code: Option<&str>) -> Result<AreaNumber, Problem> {
    let area = scope::area(caller, Action::ReadNames(purpose), code, "area")?;
    if caller.book.areas.get(area).is_some_and(|area| area.level < Level::Community) {
        return Err(scope::area_too_large());
    }
    Ok(area)
}
