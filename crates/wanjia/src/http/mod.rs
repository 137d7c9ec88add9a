//! The HTTP door. One file for each group of endpoints; the contract is docs/API-DESIGN.md.
//!
//! | file | holds |
//! | --- | --- |
//! | `extract` | who calls, strict bodies and queries |
//! | `problem` | how a request is refused |
//! | `layers` | what every answer gets: headers, limits, a trace |
//! | `listen` | connections: timeouts, and a stop that finishes what was begun |

use std::sync::Arc;

use axum::Router;
use store::Control;
use tokio::sync::watch;
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::app::territory::Territory;

pub mod docs;
pub mod events;
pub mod extract;
pub mod facts;
pub mod health;
pub mod layers;
pub mod listen;
pub mod pages;
pub mod problem;
pub mod proofs;
pub mod pull;
pub mod wire;

/// What every handler stands on.
#[derive(Clone)]
pub struct Site {
    pub territory: Territory,
    /// Accounts, sessions and phones' tokens.
    pub control: Arc<Control>,
    /// True once the server stops: whatever stays open ends then.
    pub stopping: watch::Receiver<bool>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "wanjia",
        description = "Doors, sweeps and who has not been reached. The page to read is docs/API-DESIGN.md.",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    security(("phone" = []), ("session" = [])),
    modifiers(&Securing)
)]
struct Contract;

/// How a caller says who she is.
struct Securing;

impl Modify for Securing {
    fn modify(&self, document: &mut Document) {
        let phone = ApiKeyValue::with_description(
            "Authorization",
            "`Device <series-id>:<token>`, the token given at enrolment",
        );
        let session = ApiKeyValue::with_description(
            extract::SESSION_COOKIE,
            "the console's session; every request but GET also carries `X-Wanjia: console`",
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("phone", SecurityScheme::ApiKey(ApiKey::Header(phone)));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    }
}

/// Every endpoint, from one list.
fn endpoints() -> OpenApiRouter<Site> {
    OpenApiRouter::with_openapi(Contract::openapi())
        .merge(facts::routes())
        .merge(pull::routes())
        .merge(proofs::routes())
        .merge(events::routes())
        .merge(health::routes())
}

/// The machine-readable contract.
#[must_use]
pub fn document() -> Document {
    endpoints().into_openapi()
}

/// The whole door, with its layers.
pub fn router(site: Site) -> Router {
    let (router, _) = endpoints().split_for_parts();
    let router = router.merge(docs::routes()).merge(pages::routes());
    layers::around(router.method_not_allowed_fallback(layers::another_method).with_state(site))
}
