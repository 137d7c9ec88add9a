//! Whom to ask about a case, and at which number: of colleagues and their office, never of a resident.

use std::sync::Arc;

use axum::extract::State;
use domain::access::{Action, Scope};
use domain::area::{AreaNumber, Level};
use domain::id::CaseId;
use serde::Serialize;
use store::{Control, Reader};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cases::actor;
use super::communities::Reach;
use super::extract::{Caller, Json, Path};
use super::problem::Problem;
use crate::app::cases::{self, Actor, Asked};
use crate::app::failure::Result as AppResult;

/// Colleagues of one role that are named at most.
const NAMED: usize = 6;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(case_reach))
}

#[derive(Serialize, ToSchema)]
struct CaseReach {
    /// The community in which the case is; none of a case about an area above communities.
    #[serde(skip_serializing_if = "Option::is_none")]
    community: Option<CommunityReach>,
    /// The roles that answer for what is due, then those to which it climbs next.
    asked: Vec<AskedRole>,
}

#[derive(Serialize, ToSchema)]
struct CommunityReach {
    area_code: String,
    area_name: String,
    reach: Reach,
}

#[derive(Serialize, ToSchema)]
struct AskedRole {
    role: String,
    /// It is the level above: to it climbs what is not done in time.
    above: bool,
    /// Who has the role nearest to where the case is, as they are called; six at most.
    names: Vec<String>,
    /// Where they have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    area_name: Option<String>,
    /// They work in the community of the case: its number is theirs.
    in_community: bool,
}

fn asked_role(
    reader: &Reader,
    control: &Control,
    asked: Asked,
    community: Option<AreaNumber>,
) -> AppResult<AskedRole> {
    let mut names = Vec::new();
    for who in asked.who.into_iter().take(NAMED) {
        names.extend(cases::staff_name(reader, control, who)?);
    }
    let areas = &reader.book().areas;
    let within = |area| community.is_some_and(|community| areas.is_within(area, community));
    Ok(AskedRole {
        role: asked.role,
        above: asked.above,
        names,
        area_name: asked.area.and_then(|area| Some(areas.get(area)?.name.clone())),
        in_community: asked.area.is_some_and(within),
    })
}

fn reach_of(
    reader: &mut Reader,
    control: &Control,
    actor: Actor,
    id: CaseId,
) -> AppResult<Option<CaseReach>> {
    let Some(file) = reader.case_file(id)? else { return Ok(None) };
    // Whoever only sees it, as a worker sees what is told of herself, does not act on it.
    let roles = cases::roles_at(reader, actor, &file.programme, file.area)?;
    if roles.is_empty() || !cases::sees(actor.id, file.case.subject, file.pathway(), &roles) {
        return Ok(None);
    }
    let areas = &reader.book().areas;
    let is_community = |at: &AreaNumber| areas.get(*at).is_some_and(|area| area.level == Level::Community);
    let number = areas.path(file.area).find(is_community);
    let community = match number.and_then(|number| Some((number, areas.get(number)?))) {
        Some((number, area)) => Some(CommunityReach {
            area_code: area.code.clone(),
            area_name: area.name.clone(),
            reach: Reach::of(reader, control, number)?,
        }),
        None => None,
    };
    let asked = cases::asked_of(reader, &file)?;
    let asked = asked.into_iter().map(|asked| asked_role(reader, control, asked, number));
    Ok(Some(CaseReach { community, asked: asked.collect::<AppResult<_>>()? }))
}

/// Whom to ask about a case that the caller acts on: who answers for what is due, the level above, and the number of the community,
/// as it is printed on its slips.
#[utoipa::path(
    get, path = "/v1/cases/{id}/reach", tag = "cases", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = CaseReach), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn case_reach(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<CaseId>,
) -> Result<Json<CaseReach>, Problem> {
    caller.may(Action::ActOnCases, Scope::Own)?;
    let (actor, control) = (actor(&caller), Arc::clone(&site.control));
    let found = site.territory.read(move |reader| reach_of(reader, &control, actor, id)).await?;
    found.map(Json).ok_or_else(|| cases::unknown_case().into())
}
