//! Whom a worker rings about a task of hers: the numbers of whom it is about, each time on record, and nothing else of anyone.

use axum::extract::State;
use domain::access::{Action, Purpose, Scope};
use domain::apply;
use domain::case::Subject;
use domain::id::{CaseId, PersonId};
use serde::{Deserialize, Serialize};
use store::Reader;
use store::cases::CaseFile;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cases::{actor, now};
use super::extract::{Caller, Json, Path, Query};
use super::my_tasks::is_hers;
use super::persons::purpose;
use super::problem::Problem;
use crate::app::cases;
use crate::app::failure::Result as AppResult;
use crate::app::reveal::reveal_each;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(telephones))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TelephonesQuery {
    /// `reconcile`, `service` or `correction`
    purpose: String,
}

#[derive(Serialize, ToSchema)]
struct Telephones {
    /// Whom the case is about, or, where it is about a household or no number of hers is known, those listed there. Nobody of
    /// whom no number is known.
    people: Vec<Telephone>,
}

#[derive(Serialize, ToSchema)]
struct Telephone {
    #[schema(value_type = String, format = "uuid")]
    person: PersonId,
    name: String,
    /// To the head of the household.
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<String>,
    numbers: Vec<String>,
}

/// The telephone numbers for a task of the caller's own phone. A fact for each person says who read them and what for, before they are
/// answered.
#[utoipa::path(
    get, path = "/v1/cases/{id}/telephones", tag = "cases", params(("id" = String, Path, format = "uuid"), TelephonesQuery),
    responses((status = 200, body = Telephones), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn telephones(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<CaseId>,
    Query(query): Query<TelephonesQuery>,
) -> Result<Json<Telephones>, Problem> {
    // Whoever sits at a console has the names of her area with a right of their own.
    caller.may(Action::ReadNames(Purpose::Visit), Scope::Own)?;
    let purpose = purpose(&query.purpose)?;
    let actor = actor(&caller);
    let owners = site
        .territory
        .read(move |reader| match reader.case_file(id)? {
            Some(file) if is_hers(reader, actor, file.id, now())? => Ok(Some(reachable(reader, &file)?)),
            _ => Ok(None),
        })
        .await?
        .ok_or_else(cases::unknown_case)?;
    if owners.is_empty() {
        return Ok(Json(Telephones { people: Vec::new() }));
    }
    let told = owners.clone();
    site.territory.write(move |store, now| reveal_each(store, actor.id, purpose, &told, now)).await?;
    let people = site
        .territory
        .read(move |reader| {
            owners.into_iter().filter_map(|person| telephone(reader, person).transpose()).collect()
        })
        .await?;
    Ok(Json(Telephones { people }))
}

/// Of whom a number is known: whom the case is about, else of those who are listed behind its door.
fn reachable(reader: &mut Reader, file: &CaseFile) -> AppResult<Vec<PersonId>> {
    let listed_at = match file.case.subject {
        Subject::Person(person) => {
            let person = apply::canonical(reader.state(), person)?;
            if telephone(reader, person)?.is_some() {
                return Ok(vec![person]);
            }
            reader.home(person)?
        }
        Subject::Dwelling(dwelling) => Some(apply::resolve_dwelling(reader.state(), dwelling)?),
        Subject::Area(_) | Subject::Worker(_) => None,
    };
    let mut found = Vec::new();
    let listed = listed_at.map(|dwelling| reader.listed_at(dwelling)).transpose()?;
    for person in listed.unwrap_or_default() {
        if telephone(reader, person)?.is_some() {
            found.push(person);
        }
    }
    Ok(found)
}

fn telephone(reader: &mut Reader, person: PersonId) -> AppResult<Option<Telephone>> {
    let Some(known) = reader.identity(person)? else { return Ok(None) };
    let numbers: Vec<String> =
        known.phone.split('/').filter(|number| !number.is_empty()).map(str::to_owned).collect();
    let relation = Some(known.relation).filter(|relation| !relation.is_empty());
    Ok((!numbers.is_empty()).then_some(Telephone { person, name: known.name, relation, numbers }))
}
