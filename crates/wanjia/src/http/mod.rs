//! The HTTP door. One file for each group of endpoints; the contract is docs/API-DESIGN.md.
//!
//! | file | holds |
//! | --- | --- |
//! | `extract` | who calls, strict bodies and queries |
//! | `scope` | which area and sweep a request is about, and whether the caller may know of them |
//! | `cursor` | pages |
//! | `session`, `devices`, `odk_users` | signing in, phones, users of ODK clients |
//! | `areas`, `sweeps`, `coverage`, `residual`, `reconcile`, `buildings`, `dwellings` | numbers and lists |
//! | `maps` | outlines of buildings and grids |
//! | `tiles` | the base map beneath them, if the server has one |
//! | `floors` | 疫情地图: people with an open case by floor, and what of it the public is told |
//! | `attachments` | pictures that a phone's facts name |
//! | `command` | what waits for someone, by area |
//! | `communities` | every community in one list |
//! | `rosters`, `persons`, `find_person`, `proposals`, `quarantine` | lists of people, one person, who is meant by a name, who may be whom, what waits for a decision |
//! | `cases` | what is due, one case, what is done about it, forms that are typed in |
//! | `case_reach` | whom to ask about a case, and the number of their office |
//! | `telephones` | whom a worker rings about a task of hers |
//! | `files` | the file of an area as a whole, and of someone who works |
//! | `lessons` | what was learnt from cases |
//! | `door_rules` | the rules that a phone can judge by itself |
//! | `came_of` | what a pull tells a phone of the cases that its answers opened |
//! | `my_plans`, `my_tasks` | what a pull tells a phone of its worker's plans and tasks |
//! | `boards`, `trees`, `households` | how many cases stand where, whom a case is tied to, what is known behind a door |
//! | `lines`, `bridges` | one line from the telephone; the day that another programme tells |
//! | `indicators` | what is counted by area and day, and who stands behind it |
//! | `changes` | what a version of a programme changed, and for whom |
//! | `forms` | the forms that the caller may fill in, and each as an XForm |
//! | `plans` | drafts, published plans and their parts |
//! | `subscriptions` | departments' sheets, filled from the data |
//! | `hand_overs` | doors that were handed over to a colleague |
//! | `slips` | residents' slips, what is said with them, what is decided on it |
//! | `checks` | what a resident is asked for, and her answers |
//! | `problem` | how a request is refused |
//! | `layers` | what every answer gets: headers, limits, a trace |
//! | `listen` | connections: timeouts, and a stop that finishes what was begun |

use std::sync::Arc;

use axum::Router;
use store::Control;
use tokio::sync::{Semaphore, watch};
use utoipa::openapi::OpenApi as Document;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;

use crate::app::failure::Result as AppResult;
use crate::app::fleet::Fleet;
use crate::app::forms::Forms;
use crate::app::judging::Judging;
use crate::app::matching::Matching;
use crate::app::plans::Planning;
use crate::app::territory::Territory;
use crate::app::tiles::Tiles;

pub mod areas;
pub mod attachments;
pub mod boards;
pub mod bridges;
pub mod buildings;
pub mod came_of;
pub mod case_reach;
pub mod cases;
pub mod changes;
pub mod checks;
pub mod command;
pub mod communities;
pub mod coverage;
pub mod cursor;
pub mod devices;
pub mod docs;
pub mod door_rules;
pub mod dwellings;
pub mod events;
pub mod extract;
pub mod facts;
pub mod files;
pub mod find_person;
pub mod floors;
pub mod forms;
pub mod hand_overs;
pub mod health;
pub mod households;
pub mod indicators;
pub mod layers;
pub mod lessons;
pub mod lines;
pub mod listen;
pub mod maps;
pub mod my_plans;
pub mod my_tasks;
pub mod odk_users;
pub mod pages;
pub mod persons;
pub mod plans;
pub mod problem;
pub mod proofs;
pub mod proposals;
pub mod pull;
pub mod quarantine;
pub mod reconcile;
pub mod residual;
pub mod rosters;
pub mod scope;
pub mod session;
pub mod slips;
pub mod subscriptions;
pub mod sweeps;
pub mod telephones;
pub mod tiles;
pub mod trees;
pub mod wire;

/// What every handler stands on.
#[derive(Clone)]
pub struct Site {
    pub territory: Territory,
    /// Accounts, sessions and phones' tokens.
    pub control: Arc<Control>,
    /// The phones, and which of them have reported.
    pub fleet: Arc<Fleet>,
    /// Whom people on no list may be.
    pub matching: Arc<Matching>,
    /// The forms of published packs, as phones fill them in.
    pub forms: Arc<Forms>,
    /// How far the rules in force have been judged.
    pub judging: Arc<Judging>,
    /// One list is imported at a time.
    pub imports: Arc<Semaphore>,
    /// One plan is made at a time, and what is known of those made before.
    pub planning: Arc<Planning>,
    /// Pushes that are checked at a time.
    pub checks: Arc<Semaphore>,
    /// Passwords that are hashed at a time.
    pub sign_ins: Arc<Semaphore>,
    /// The base map beneath communities' own, if there is one.
    pub tiles: Option<Arc<Tiles>>,
    /// True once the server stops: whatever stays open ends then.
    pub stopping: watch::Receiver<bool>,
}

/// Hashing a password takes 19 MiB and tens of milliseconds of a core.
const SIGN_INS: usize = 2;

/// Checking a push takes a millisecond of a core; more at a time than there are cores only wait for one another, and
/// others for them.
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}

impl Site {
    /// Looks once at every phone, then is ready.
    ///
    /// # Errors
    /// Those of the storage.
    pub async fn new(
        territory: Territory,
        control: Arc<Control>,
        stopping: watch::Receiver<bool>,
    ) -> AppResult<Self> {
        let fleet = Arc::new(Fleet::default());
        let loading = Arc::clone(&fleet);
        territory.read(move |reader| loading.load(reader)).await?;
        Ok(Self {
            territory,
            control,
            fleet,
            matching: Arc::default(),
            forms: Arc::default(),
            judging: Arc::default(),
            imports: Arc::new(Semaphore::new(1)),
            planning: Arc::default(),
            checks: Arc::new(Semaphore::new(cores())),
            sign_ins: Arc::new(Semaphore::new(SIGN_INS)),
            tiles: None,
            stopping,
        })
    }
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
        let slip =
            ApiKeyValue::with_description("Authorization", "`Slip <code>`, as printed on a resident's slip");
        components.add_security_scheme("slip", SecurityScheme::ApiKey(ApiKey::Header(slip)));
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(session)));
    }
}

/// Every endpoint, from one list.
fn endpoints() -> OpenApiRouter<Site> {
    OpenApiRouter::with_openapi(Contract::openapi())
        .merge(session::routes())
        .merge(devices::routes())
        .merge(odk_users::routes())
        .merge(areas::routes())
        .merge(rosters::routes())
        .merge(sweeps::routes())
        .merge(coverage::routes())
        .merge(residual::routes())
        .merge(reconcile::routes())
        .merge(buildings::routes())
        .merge(maps::routes())
        .merge(tiles::routes())
        .merge(floors::routes())
        .merge(command::routes())
        .merge(communities::routes())
        .merge(persons::routes())
        .merge(find_person::routes())
        .merge(dwellings::routes())
        .merge(proposals::routes())
        .merge(quarantine::routes())
        .merge(plans::routes())
        .merge(hand_overs::routes())
        .merge(boards::routes())
        .merge(cases::routes())
        .merge(lessons::routes())
        .merge(case_reach::routes())
        .merge(files::routes())
        .merge(door_rules::routes())
        .merge(telephones::routes())
        .merge(trees::routes())
        .merge(households::routes())
        .merge(bridges::routes())
        .merge(lines::routes())
        .merge(indicators::routes())
        .merge(changes::routes())
        .merge(forms::routes())
        .merge(subscriptions::routes())
        .merge(slips::routes())
        .merge(checks::routes())
        .merge(facts::routes())
        .merge(attachments::routes())
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
    let router = router.merge(docs::routes()).merge(pages::routes()).merge(crate::openrosa::routes());
    layers::around(router.method_not_allowed_fallback(layers::another_method).with_state(site))
}
