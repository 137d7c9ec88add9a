//! Bridges: the one day that a programme tells another about a person. That it was told is a fact, before it is answered.

use axum::extract::State;
use domain::access::Action;
use domain::admit::holds_role;
use domain::case::Subject;
use domain::fact::Body;
use domain::id::PersonId;
use domain::time::{day_of, from_day};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::scope::{holds_door, no_person};
use crate::cli::now;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(cross))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CrossQuery {
    /// Whom it is about.
    #[param(value_type = String, format = "uuid")]
    person: PersonId,
    /// The caller's role of the programme to which the bridge leads.
    role: String,
}

#[derive(Serialize, ToSchema)]
struct Told {
    /// The day; without it there is nothing in the way, or nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    day: Option<String>,
    /// How it is called, and what it is told for.
    zh: String,
    en: String,
    purpose_zh: String,
    purpose_en: String,
}

fn no_bridge() -> Problem {
    Problem::not_found(
        "unknown_bridge",
        "没有这座桥接，或不通向您的角色",
        "there is no such bridge, or none that leads to this role",
    )
}

/// Be told over a bridge of another programme: a day, or that there is none.
#[utoipa::path(
    get, path = "/v1/bridges/{programme}/{bridge}", tag = "cases", params(("programme" = String, Path), ("bridge" = String, Path), CrossQuery),
    responses((status = 200, body = Told), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn cross(
    State(site): State<Site>,
    caller: Caller,
    Path((code, bridge)): Path<(String, String)>,
    Query(query): Query<CrossQuery>,
) -> Result<Json<Told>, Problem> {
    caller.may(Action::CrossBridges, domain::access::Scope::Own)?;
    let today = day_of(now());
    let (asker, person, role) = (caller.clone(), query.person, query.role.clone());
    let (programme, named) = (code.clone(), bridge.clone());
    let found = site
        .territory
        .read(move |reader| {
            let Some(home) = reader.home(person)? else { return Ok(None) };
            if !holds_door(reader, &asker, Action::CrossBridges, home)? {
                return Ok(None);
            }
            let version = reader.book().edition_on(&programme, today).map(|edition| edition.version.clone());
            let Some(version) = version else { return Ok(Some(None)) };
            let Some(read) = reader.programme(&programme, &version)? else { return Ok(Some(None)) };
            let Some(bridge) = read.bridges.iter().find(|bridge| bridge.code.value == named) else {
                return Ok(Some(None));
            };
            let area = reader.area_of(home)?.unwrap_or_default();
            let held = bridge.roles.contains(&role)
                && holds_role(reader.state(), asker.actor(), Some(asker.grant), &bridge.to, &role, area)?;
            if !held {
                return Ok(Some(None));
            }
            let area_code = reader.book().areas.code(area).to_owned();
            let known = reader.known_of(&programme, Subject::Person(person))?;
            let day = bridge.tell(&known.situation(), &read.parameters, &area_code, from_day(today));
            let text =
                |texts: &programme::text::Texts, language| texts.get(language).unwrap_or_default().to_owned();
            let told = Told {
                day: day.map(|day| day.to_string()),
                zh: text(&bridge.name, "zh"),
                en: text(&bridge.name, "en"),
                purpose_zh: text(&bridge.purpose, "zh"),
                purpose_en: text(&bridge.purpose, "en"),
            };
            Ok(Some(Some((told, bridge.to.clone()))))
        })
        .await?;
    let (told, to) = found.ok_or_else(no_person)?.ok_or_else(no_bridge)?;
    let actor = caller.actor();
    let crossed = Body::BridgeCrossed { person, programme: code, bridge, to, role: query.role };
    site.territory
        .write(move |store, now| Ok(store.write(now, |batch| batch.append(actor, crossed, None))?))
        .await?;
    Ok(Json(told))
}
