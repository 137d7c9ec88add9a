//! Doors that were put on record by mistake, taken out again.

use axum::extract::State;
use domain::access::{Action, Scope};
use domain::fact::Body;
use domain::id::DwellingId;
use serde::{Deserialize, Serialize};
use store::people::KeptBy;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Caller, Json};
use super::problem::Problem;
use super::{Site, scope};

/// Doors in one request, at most.
const DOORS: usize = 500;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(remove))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RemoveDoors {
    #[schema(value_type = Vec<String>, max_items = 500)]
    dwellings: Vec<DwellingId>,
    /// Say which would be taken out and which stay, and write nothing.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize, ToSchema)]
struct RemovedDoors {
    removed: usize,
    kept: Vec<KeptDoor>,
}

#[derive(Serialize, ToSchema)]
struct KeptDoor {
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    /// `people`: someone is listed there; `seen`: someone was seen there; `cases`: a case, or a form that was filled in; `residents`: a slip, or
    /// what was said with one.
    by: &'static str,
}

/// Take doors out that are none: put on record by mistake, or of a house that stands no more. One behind which anything is known
/// stays, and is told. A closed sweep keeps its numbers.
#[utoipa::path(
    post, path = "/v1/dwellings/removed", tag = "sweeps", request_body = RemoveDoors,
    responses((status = 200, body = RemovedDoors), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn remove(
    State(site): State<Site>,
    caller: Caller,
    Json(RemoveDoors { dwellings, dry_run }): Json<RemoveDoors>,
) -> Result<Json<RemovedDoors>, Problem> {
    caller.may(Action::RegisterPerson, Scope::Own)?;
    if dwellings.is_empty() || dwellings.len() > DOORS {
        return Err(Problem::field(
            "dwellings",
            "too_many",
            format!("一次去掉 1 到 {DOORS} 户"),
            format!("one to {DOORS} doors at a time are taken out"),
        ));
    }
    let (asker, asked) = (caller.clone(), dwellings.clone());
    let found = site
        .territory
        .read(move |reader| {
            let mut found = Vec::with_capacity(asked.len());
            for dwelling in asked {
                if !scope::holds_door(reader, &asker, Action::RegisterPerson, dwelling)? {
                    return Ok(None);
                }
                let dwelling = domain::apply::resolve_dwelling(reader.state(), dwelling)?;
                found.push((dwelling, reader.kept_by(dwelling)?));
            }
            Ok(Some(found))
        })
        .await?;
    let Some(found) = found else { return Err(scope::no_dwelling()) };
    let kept = found.iter().filter_map(|(dwelling, by)| {
        let by = match (*by)? {
            KeptBy::People => "people",
            KeptBy::Seen => "seen",
            KeptBy::Cases => "cases",
            KeptBy::Residents => "residents",
        };
        Some(KeptDoor { dwelling: *dwelling, by })
    });
    let kept: Vec<KeptDoor> = kept.collect();
    let bare: Vec<DwellingId> =
        found.iter().filter(|(_, by)| by.is_none()).map(|(dwelling, _)| *dwelling).collect();
    let (actor, removed) = (caller.actor(), bare.len());
    if removed > 0 && !dry_run {
        // Whoever is put on the list there in between keeps the door: the fact then removes nothing.
        site.territory
            .write(move |store, now| {
                Ok(store.write(now, |batch| {
                    bare.iter().try_for_each(|dwelling| {
                        batch.append(actor, Body::DwellingRemoved { dwelling: *dwelling }, None).map(drop)
                    })
                })?)
            })
            .await?;
    }
    Ok(Json(RemovedDoors { removed, kept }))
}
