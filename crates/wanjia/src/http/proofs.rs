//! The ledger's signed head, and the proofs that join heads and facts. They hold hashes and nothing of what they prove.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use domain::access::{Action, Scope};
use domain::id::SeriesId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::wire::{Base64Hash, Base64Of};

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(checkpoint)).routes(routes!(proof)).routes(routes!(consistency))
}

/// The newest signed head: a C2SP checkpoint.
#[utoipa::path(
    get, path = "/v1/checkpoint", tag = "ledger",
    responses((status = 200, body = String, content_type = "text/plain"))
)]
async fn checkpoint(State(site): State<Site>, caller: Caller) -> Result<impl IntoResponse, Problem> {
    caller.may(Action::Prove, Scope::Own)?;
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], site.territory.head().note))
}

/// Where a fact stands in the tree, and the proof of it.
#[derive(Serialize, ToSchema)]
struct Proof {
    position: u64,
    leaf: Base64Hash,
    /// The size of the tree that the proof leads to.
    size: u64,
    proof: Vec<Base64Hash>,
}

/// The proof that a fact is in the newest checkpoint's tree.
#[utoipa::path(
    get, path = "/v1/proof/{series}/{sequence}", tag = "ledger",
    params(
        ("series" = String, Path, format = "uuid"),
        ("sequence" = u64, Path, description = "the fact's number in its series, from 0")
    ),
    responses((status = 200, body = Proof), (status = 404, body = Problem))
)]
async fn proof(
    State(site): State<Site>,
    caller: Caller,
    Path((series, sequence)): Path<(SeriesId, u64)>,
) -> Result<Json<Proof>, Problem> {
    caller.may(Action::Prove, Scope::Own)?;
    let found = site
        .territory
        .read(move |reader| {
            let Some(entry) = reader.entry(series, sequence)? else { return Ok(None) };
            let size = reader.signed_head()?.size;
            Ok(Some((size, reader.inclusion(size, entry.position)?, entry)))
        })
        .await?;
    let (size, proof, entry) =
        found.ok_or_else(|| Problem::not_found("no_such_fact", "没有这条记录", "there is no such fact"))?;
    Ok(Json(Proof {
        position: entry.position,
        leaf: Base64Of(entry.leaf),
        size,
        proof: proof.into_iter().map(Base64Of).collect(),
    }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ConsistencyQuery {
    /// The size of the earlier tree.
    from: u64,
    /// The size of the later tree.
    to: u64,
}

/// The hashes that show a later tree to begin with an earlier one.
#[derive(Serialize, ToSchema)]
struct Consistency {
    from: u64,
    to: u64,
    proof: Vec<Base64Hash>,
}

/// The proof that the tree of size `to` begins with that of size `from`.
#[utoipa::path(
    get, path = "/v1/consistency", tag = "ledger", params(ConsistencyQuery),
    responses((status = 200, body = Consistency), (status = 422, body = Problem))
)]
async fn consistency(
    State(site): State<Site>,
    caller: Caller,
    Query(ConsistencyQuery { from, to }): Query<ConsistencyQuery>,
) -> Result<Json<Consistency>, Problem> {
    caller.may(Action::Prove, Scope::Own)?;
    let size = site.territory.head().size;
    if to > size {
        return Err(Problem::field(
            "to",
            "beyond",
            format!("账本只有 {size} 条记录"),
            format!("the ledger holds {size} facts"),
        ));
    }
    if from > to {
        return Err(Problem::field("from", "beyond", "from 不能大于 to", "from must not be larger than to"));
    }
    let proof = site.territory.read(move |reader| Ok(reader.consistency(from, to)?)).await?;
    Ok(Json(Consistency { from, to, proof: proof.into_iter().map(Base64Of).collect() }))
}
