//! Doors that were handed over: the receipt of whoever gave them, of whoever took them, and of the secretary.

use std::sync::Arc;

use axum::extract::State;
use domain::access::Action;
use domain::area::AreaNumber;
use domain::hand_over::HandOver;
use domain::id::{ActorId, DwellingId, HandOverId, SweepId};
use domain::state::State as _;
use serde::{Deserialize, Serialize};
use store::{Control, Reader};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Query};
use super::problem::Problem;
use super::scope;
use super::wire::instant;
use crate::app::cases::staff_name;
use crate::app::failure::Result as AppResult;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(hand_overs))
}

/// Doors of a sweep that someone offered to a colleague.
#[derive(Serialize, ToSchema)]
pub struct HandedOver {
    #[schema(value_type = String, format = "uuid")]
    hand_over: HandOverId,
    #[schema(value_type = String, format = "uuid")]
    sweep: SweepId,
    /// The area of the giver's phone.
    area_code: String,
    giver: Worker,
    taker: Worker,
    #[schema(format = DateTime)]
    offered_at: String,
    /// `taken`, `declined` or `withdrawn`; the doors are the giver's until it is `taken`.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// Those in the area that was asked about.
    #[schema(value_type = Vec<String>)]
    doors: Vec<DwellingId>,
}

#[derive(Serialize, ToSchema)]
struct Worker {
    #[schema(value_type = String, format = "uuid")]
    worker: ActorId,
    /// Empty if the accounts' file was restored from before the enrolment.
    name: String,
}

/// The doors of an area that were handed over in sweeps that are open, the newest offer first.
///
/// # Errors
/// Those of the storage.
pub fn handed_over(reader: &mut Reader, control: &Control, area: AreaNumber) -> AppResult<Vec<HandedOver>> {
    let mut found = Vec::new();
    for (id, row) in reader.hand_overs(area)? {
        let doors = reader.doors_handed(id, area)?;
        if !doors.is_empty() {
            found.push(row_of(reader, control, (id, &row), doors)?);
        }
    }
    Ok(found)
}

fn row_of(
    reader: &mut Reader,
    control: &Control,
    (id, row): (HandOverId, &HandOver),
    doors: Vec<DwellingId>,
) -> AppResult<HandedOver> {
    let worker = |worker: ActorId| -> AppResult<Worker> {
        Ok(Worker { worker, name: staff_name(reader, control, worker)?.unwrap_or_default() })
    };
    let (giver, taker) = (worker(row.giver)?, worker(row.taker)?);
    let book = reader.book();
    Ok(HandedOver {
        hand_over: id,
        sweep: book.sweeps.get(row.sweep as usize).map(|sweep| sweep.id).unwrap_or_default(),
        area_code: book.areas.code(row.area).to_owned(),
        giver,
        taker,
        offered_at: instant(row.offered_at),
        answer: row.answered.map(|(answer, _)| answer.as_str()),
        answered_at: row.answered.map(|(_, at)| instant(at)),
        doors,
    })
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct HandOversQuery {
    /// The caller's own unless given.
    area: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct HandOvers {
    hand_overs: Vec<HandOverRow>,
}

#[derive(Serialize, ToSchema)]
struct HandOverRow {
    #[serde(flatten)]
    hand_over: HandedOver,
    /// How many of the doors nobody has visited in the sweep yet.
    unvisited: u64,
}

fn with_unvisited(reader: &mut Reader, hand_over: HandedOver) -> AppResult<HandOverRow> {
    let sweep = reader.book().sweep(hand_over.sweep).map(|(number, _)| number);
    let mut unvisited = 0;
    for door in &hand_over.doors {
        let round = match sweep {
            Some(sweep) => reader.state().round(sweep, *door)?,
            None => None,
        };
        unvisited += u64::from(round.is_none_or(|round| round.visit.is_none()));
    }
    Ok(HandOverRow { hand_over, unvisited })
}

/// Doors that were handed over in an area's open sweeps, the newest offer first.
#[utoipa::path(
    get, path = "/v1/hand-overs", tag = "sweeps", params(HandOversQuery),
    responses((status = 200, body = HandOvers), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn hand_overs(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<HandOversQuery>,
) -> Result<Json<HandOvers>, Problem> {
    let area = scope::area(&caller, Action::ReadPlans, query.area.as_deref(), "area")?;
    let control = Arc::clone(&site.control);
    let hand_overs = site
        .territory
        .read(move |reader| {
            let found = handed_over(reader, &control, area)?;
            found.into_iter().map(|row| with_unvisited(reader, row)).collect()
        })
        .await?;
    Ok(Json(HandOvers { hand_overs }))
}
