//! The base map beneath a community's own, as its archive lies on the server.

use std::io::ErrorKind;
use std::path::Path;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use domain::access::Action;
use tower_http::services::ServeFile;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::Caller;
use super::problem::Problem;
use super::scope;
use crate::app::failure::Failure;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(tiles))
}

/// Kept by the one browser, and asked for again each time.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("private, no-cache");

fn no_tiles() -> Problem {
    Problem::not_found("no_tiles", "这台服务器没有底图", "this server has no base map")
}

/// The base map of whoever runs the server: a PMTiles archive of version 3, whole or in ranges of bytes. `/v1/map` says
/// whether there is one.
#[utoipa::path(
    get, path = "/v1/tiles", tag = "areas",
    params(("Range" = Option<String>, Header, description = "one range of bytes")),
    responses(
        (status = 200, content_type = "application/octet-stream"), (status = 206, description = "the range asked for"),
        (status = 304, description = "as `If-None-Match` has it"), (status = 403, body = Problem),
        (status = 404, description = "`no_tiles`", body = Problem), (status = 416, description = "nothing lies there")
    )
)]
async fn tiles(State(site): State<Site>, caller: Caller, request: Request) -> Result<Response, Problem> {
    scope::area(&caller, Action::ReadLists, None, "area")?;
    let path: &Path = &site.tiles.as_deref().ok_or_else(no_tiles)?.path;
    let served = ServeFile::new(path).try_call(request).await.map_err(|error| match error.kind() {
        ErrorKind::NotFound => no_tiles(),
        _ => Failure::file(path, &error).into(),
    });
    let mut response = served?.map(Body::new);
    response.headers_mut().insert(header::CACHE_CONTROL, ASK_AGAIN);
    Ok(response)
}
