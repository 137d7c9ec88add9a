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
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Document;
use utoipa_axum::router::OpenApiRouter;

use crate::app::territory::Territory;

pub mod events;
pub mod extract;
pub mod facts;
pub mod health;
pub mod layers;
pub mod listen;
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
#[openapi(info(
    title = "wanjia",
    description = "Doors, sweeps and who has not been reached. The page to read is docs/API-DESIGN.md.",
    license(name = "Apache-2.0", identifier = "Apache-2.0")
))]
struct Contract;

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
    layers::around(router.fallback(layers::nothing_here).with_state(site))
}
