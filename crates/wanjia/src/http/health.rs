//! Whether the server answers.

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(healthz))
}

/// Whether the server answers.
#[utoipa::path(get, path = "/healthz", tag = "health", responses((status = 200, description = "it does", body = String, content_type = "text/plain")))]
async fn healthz() -> &'static str {
    "ok"
}
