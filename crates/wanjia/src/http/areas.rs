//! The tree of areas, a level at a time.

use axum::extract::State;
use domain::access::{Action, Scope};
use domain::area::AreaNumber;
use domain::state::Book;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Query};
use super::problem::Problem;
use super::scope;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(areas))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AreasQuery {
    /// The code of the area whose children are asked for; without it, the caller's own area alone.
    parent: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Areas {
    areas: Vec<Area>,
}

#[derive(Serialize, ToSchema)]
struct Area {
    code: String,
    name: String,
    level: &'static str,
    parent_code: Option<String>,
}

impl Area {
    fn of(book: &Book, number: AreaNumber) -> Option<Self> {
        let area = book.areas.get(number)?;
        Some(Self {
            code: area.code.clone(),
            name: area.name.clone(),
            level: area.level.as_str(),
            parent_code: area.parent.map(|parent| book.areas.code(parent).to_owned()),
        })
    }
}

/// The caller's own area, or the areas right below one of hers.
#[utoipa::path(
    get, path = "/v1/areas", tag = "areas", params(AreasQuery),
    responses((status = 200, body = Areas), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn areas(
    State(_): State<Site>,
    caller: Caller,
    Query(query): Query<AreasQuery>,
) -> Result<Json<Areas>, Problem> {
    let book = &caller.book;
    let found: Vec<AreaNumber> = match query.parent.as_deref() {
        None => {
            caller.may(Action::ReadAreas, Scope::Area(caller.grant.area))?;
            vec![caller.grant.area]
        }
        Some(parent) => {
            let parent = scope::area(&caller, Action::ReadAreas, Some(parent), "parent")?;
            book.areas.children(parent).to_vec()
        }
    };
    let mut areas: Vec<Area> = found.into_iter().filter_map(|number| Area::of(book, number)).collect();
    areas.sort_by(|a, b| a.code.cmp(&b.code));
    Ok(Json(Areas { areas }))
}
