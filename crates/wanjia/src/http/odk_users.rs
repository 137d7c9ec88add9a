//! Users of ODK clients: one is made with a picture that ODK Collect scans. She is listed, and revoked, as a phone is.

use std::io::Write as _;
use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::access::Action;
use domain::id::SeriesId;
use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::devices::{PassedOn, origin, passed_on, qr_svg, worker_named};
use super::extract::{Caller, Json};
use super::problem::Problem;
use super::scope;
use super::session::{Peer, is_local};
use crate::app::odk;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(add))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewOdkUser {
    worker_name: String,
    area_code: String,
    /// In what the worker acts besides: each a role to which the caller was appointed there herself.
    #[serde(default)]
    acts_as: Vec<PassedOn>,
}

#[derive(Serialize, ToSchema)]
struct OdkUser {
    #[schema(value_type = String, format = "uuid")]
    series: SeriesId,
    /// What goes into a client that cannot scan; it holds the token and is shown once.
    server_url: String,
    /// For clients that sign in instead: any name, and this as the password, at `<origin>/openrosa`.
    token: String,
    /// The settings of ODK Collect.
    qr_svg: String,
}

/// What ODK Collect reads from a picture: its settings as JSON, deflated, in base64.
fn settings(server_url: &str, project: &str) -> std::io::Result<String> {
    let settings = serde_json::json!({
        "general": {
            "server_url": server_url, "form_update_mode": "match_exactly", "autosend": "wifi_and_cellular",
        },
        "admin": {},
        "project": {"name": project},
    });
    let mut deflated = ZlibEncoder::new(Vec::new(), Compression::best());
    deflated.write_all(settings.to_string().as_bytes())?;
    Ok(STANDARD.encode(deflated.finish()?))
}

/// Make a user of an ODK client, for one worker and one area.
#[utoipa::path(
    post, path = "/v1/odk-users", tag = "devices", request_body = NewOdkUser,
    responses((status = 201, body = OdkUser), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn add(
    State(site): State<Site>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    caller: Caller,
    Json(new): Json<NewOdkUser>,
) -> Result<(StatusCode, Json<OdkUser>), Problem> {
    let area = scope::area(&caller, Action::ManageDevices, Some(&new.area_code), "area_code")?;
    let worker_name = worker_named(&new.worker_name)?;
    let origin = origin(&headers, is_local(peer.as_ref()))?;
    let project = caller.book.areas.get(area).map(|area| area.name.clone()).unwrap_or_default();
    let acts_as = passed_on(&site, &caller, new.acts_as, area).await?;
    let user = odk::NewUser { worker_name, area: new.area_code, acts_as };
    let (series, token) =
        odk::add_user(&site.territory, Arc::clone(&site.control), caller.actor(), user).await?;
    site.fleet.enrolled(&site.territory.book(), series, area, None);
    let server_url = format!("{origin}/openrosa/key/{token}");
    let settings = settings(&server_url, &project).map_err(|_| Problem::internal())?;
    let qr_svg = qr_svg(&settings)?;
    Ok((StatusCode::CREATED, Json(OdkUser { series, server_url, token, qr_svg })))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn the_picture_holds_what_collect_reads() {
        let text = settings("https://wanjia.example/openrosa/key/k", "桃源社区").unwrap();
        let deflated = STANDARD.decode(text).unwrap();
        let mut json = String::new();
        flate2::read::ZlibDecoder::new(deflated.as_slice()).read_to_string(&mut json).unwrap();
        let settings: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(settings["general"]["server_url"], "https://wanjia.example/openrosa/key/k");
        assert_eq!(settings["project"]["name"], "桃源社区");
    }
}
