//! Sweeps: which there are, opening and closing one, signing for a refusal, what came of a call.

use axum::extract::State;
use axum::http::StatusCode;
use domain::access::{Action, Scope};
use domain::fact::{CallFailure, Misopened};
use domain::id::{ActorId, DwellingId, PersonId, SweepId};
use domain::state::SweepNumber;
use domain::time::{Millis, day_of, parse_date, to_day};
use serde::{Deserialize, Serialize};
use store::{Reader, Store};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path};
use super::problem::Problem;
use super::scope;
use super::wire::Sweep;
use crate::app::failure::Result as AppResult;
use crate::app::sweeps::{
    Call, Closing, Withdrawing, close_sweep, open_sweep, own_call, record_call, sign_refusal, take_back_call,
    withdraw_sweep,
};
use crate::cli::now;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(sweeps, open))
        .routes(routes!(close))
        .routes(routes!(left))
        .routes(routes!(withdraw))
        .routes(routes!(sign))
        .routes(routes!(call))
        .routes(routes!(take_back))
}

#[derive(Serialize, ToSchema)]
struct Sweeps {
    sweeps: Vec<Sweep>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSweep {
    area_code: String,
    programme: String,
    /// RFC 3339 with an offset, in the future.
    #[schema(format = DateTime)]
    deadline: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Close {
    /// The dwellings of the residual that are signed for by name.
    #[schema(value_type = Vec<String>)]
    signatures: Vec<DwellingId>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Withdraw {
    /// What is wrong with it: `area`, `deadline`, `name`, `twice` (there is another for the same) or `unwanted`
    reason: String,
}

/// What would be left if the sweep were closed now, and what was recorded in it.
#[derive(Serialize, ToSchema)]
struct Left {
    /// Doors at which nobody was.
    never_visited: u64,
    /// Doors at which nobody was reached.
    no_answer: u64,
    /// Doors that refused and that nobody signed for.
    refused_unsigned: u64,
    /// People who are listed at a door that was looked at, and were not seen.
    listed_dark: u64,
    /// People who were seen at another door than the one at which they are listed.
    moved: u64,
    /// People who are away by the latest visit.
    away: u64,
    /// People and doors on no list.
    lit_unlisted: u64,
    /// Records of phones that wait for a decision.
    held: u64,
    /// Doors at which something was recorded: with none, and nothing held, the sweep can be taken back.
    recorded: u64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Sign {
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    /// `refusal`
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Called {
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    /// `phone`: reached, and at home; `away`: reached, and away; `no_answer`, `wrong_number`, `switched_off`: nobody was reached, and
    /// the door stands as it stood
    outcome: String,
    /// Of `away`: the day on which it is looked again, today or later.
    #[schema(format = Date)]
    recheck_on: Option<String>,
    /// Of `phone`: whom of the household it reached; without it everyone who is listed there.
    #[schema(value_type = Option<Vec<String>>)]
    reached: Option<Vec<PersonId>>,
}

impl Called {
    fn call(&self, now: i64) -> Result<Call, Problem> {
        if let Some(people) = &self.reached {
            return match (self.outcome.as_str(), &self.recheck_on) {
                ("phone", None) if !people.is_empty() => Ok(Call::Reached(people.clone())),
                _ => Err(Problem::field(
                    "reached",
                    "reached",
                    "只有打通了、在家的才写联系上了谁，至少一人；没有联系到人的不写",
                    "who was reached is said only of `phone`, one person at least; leave it out where nobody was",
                )),
            };
        }
        match (self.outcome.as_str(), &self.recheck_on) {
            ("phone", None) => Ok(Call::AtHome),
            ("away", day) => day
                .as_deref()
                .and_then(|day| parse_date(day).ok())
                .map(to_day)
                .filter(|day| *day >= day_of(now))
                .map(|recheck_on| Call::Away { recheck_on })
                .ok_or_else(|| {
                    Problem::field(
                        "recheck_on",
                        "recheck_on",
                        "外出的要写哪一天复查，今天或以后，如 2020-03-10",
                        "of who is away, say on which day it is looked again: today or later, such as 2020-03-10",
                    )
                }),
            (outcome, day) => match CallFailure::from_name(outcome) {
                Some(failure) if day.is_none() => Ok(Call::Failed(failure)),
                None if outcome != "phone" => Err(unknown_outcome()),
                _ => Err(Problem::field(
                    "recheck_on",
                    "recheck_on",
                    "只有外出的才写复查日期",
                    "a day on which it is looked again is said only of who is away",
                )),
            },
        }
    }
}

fn unknown_outcome() -> Problem {
    Problem::field(
        "outcome",
        "outcome",
        "outcome 可用 phone（打通，在家）、away（打通，外出）、no_answer（没人接）、wrong_number（号码不对）、switched_off（关机）",
        "outcome is phone (reached, at home), away (reached, away), no_answer, wrong_number or switched_off",
    )
}

#[derive(Serialize, ToSchema)]
struct Recorded {
    /// By this the call can be taken back; none if the same was recorded before.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<u64>,
}

/// The sweeps that touch the caller's area.
#[utoipa::path(
    get, path = "/v1/sweeps", tag = "sweeps",
    responses((status = 200, body = Sweeps), (status = 403, body = Problem))
)]
async fn sweeps(State(_): State<Site>, caller: Caller) -> Result<Json<Sweeps>, Problem> {
    caller.may(Action::ReadSweeps, Scope::Own)?;
    let (book, own) = (&caller.book, caller.grant.area);
    let touches = |sweep: &&domain::state::Sweep| {
        book.areas.is_within(sweep.area, own) || book.areas.is_within(own, sweep.area)
    };
    let sweeps = book.sweeps.iter().filter(touches).map(|sweep| Sweep::of(book, sweep)).collect();
    Ok(Json(Sweeps { sweeps }))
}

/// Open a sweep on an area.
#[utoipa::path(
    post, path = "/v1/sweeps", tag = "sweeps", request_body = NewSweep,
    responses((status = 201, body = Sweep), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn open(
    State(site): State<Site>,
    caller: Caller,
    Json(new): Json<NewSweep>,
) -> Result<(StatusCode, Json<Sweep>), Problem> {
    scope::area(&caller, Action::OpenSweep, Some(&new.area_code), "area_code")?;
    let deadline = new.deadline.parse::<jiff::Timestamp>().ok().map(|deadline| deadline.as_millisecond());
    let Some(deadline) = deadline.filter(|deadline| *deadline > now()) else {
        return Err(Problem::field(
            "deadline",
            "deadline",
            "截止时间应是将来的时间，写成 2020-02-19T23:59:59+08:00",
            "the deadline is a time to come, written as 2020-02-19T23:59:59+08:00",
        ));
    };
    let actor = caller.actor();
    let opened = site
        .territory
        .write(move |store, now| {
            let id = open_sweep(store, actor, &new.area_code, &new.programme, deadline, now)?;
            let book = store.book();
            Ok(book.sweep(id).map(|(_, sweep)| Sweep::of(book, sweep)))
        })
        .await
        .map_err(|failure| {
            let field = if failure.code == "programme" { Some("programme") } else { None };
            let problem = Problem::from(failure);
            match field {
                Some(field) => problem.at(field),
                None => problem,
            }
        })?;
    Ok((StatusCode::CREATED, Json(opened.ok_or_else(Problem::internal)?)))
}

/// Close a sweep: nothing is left, or every dwelling that is left is signed for by name.
#[utoipa::path(
    post, path = "/v1/sweeps/{id}/close", tag = "sweeps", request_body = Close,
    params(("id" = String, Path, format = "uuid")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`residual` with `unsigned` and `first`; `sweep_closed`")
    )
)]
async fn close(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Json(close): Json<Close>,
) -> Result<StatusCode, Problem> {
    scope::whole_sweep(&caller, Action::CloseSweep, id)?;
    let actor = caller.actor();
    let closing = site
        .territory
        .write(move |store, now| {
            let mut reader = Reader::open(&store.directory().root, None)?;
            close_sweep(store, &mut reader, actor, id, &close.signatures, now)
        })
        .await?;
    match closing {
        Closing::Done => Ok(StatusCode::NO_CONTENT),
        Closing::Unsigned(left) => {
            let first = serde_json::json!({
                "area_code": left.area_code, "building": left.first.building,
                "unit": left.first.unit, "room": left.first.room,
            });
            let unsigned = left.unsigned;
            Err(Problem::from(left.failure()).with("unsigned", unsigned).with("first", first))
        }
    }
}

/// What a sweep leaves open at this moment: for whoever is about to close it or to take it back.
#[utoipa::path(
    get, path = "/v1/sweeps/{id}/left", tag = "sweeps",
    params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Left), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn left(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
) -> Result<Json<Left>, Problem> {
    let number = scope::whole_sweep(&caller, Action::CloseSweep, id)?;
    let left = site.territory.read(move |reader| Ok(reader.left(number)?)).await?;
    Ok(Json(Left {
        never_visited: left.never_visited,
        no_answer: left.no_answer,
        refused_unsigned: left.refused_unsigned,
        listed_dark: left.listed_dark,
        moved: left.moved,
        away: left.away,
        lit_unlisted: left.lit_unlisted,
        held: left.held,
        recorded: left.recorded,
    }))
}

/// Take back a sweep that was opened by mistake, as long as nothing was recorded in it.
#[utoipa::path(
    post, path = "/v1/sweeps/{id}/withdraw", tag = "sweeps", request_body = Withdraw,
    params(("id" = String, Path, format = "uuid")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`sweep_recorded` with `doors` and `held`; `sweep_closed`")
    )
)]
async fn withdraw(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Json(withdraw): Json<Withdraw>,
) -> Result<StatusCode, Problem> {
    scope::whole_sweep(&caller, Action::OpenSweep, id)?;
    let reason = Misopened::from_name(&withdraw.reason).ok_or_else(|| {
        Problem::field(
            "reason",
            "reason",
            "原因可用 area（范围错）、deadline（截止时间错）、name（名称错）、twice（开了两次）、unwanted（不需要）",
            "the reason is area, deadline, name (that is wrong), twice (there is another for the same) or unwanted",
        )
    })?;
    let actor = caller.actor();
    let withdrawing = site
        .territory
        .write(move |store, now| {
            let reader = Reader::open(&store.directory().root, None)?;
            withdraw_sweep(store, &reader, actor, id, reason, now)
        })
        .await?;
    match withdrawing {
        Withdrawing::Done => Ok(StatusCode::NO_CONTENT),
        Withdrawing::Recorded(recorded) => {
            Err(Problem::from(recorded.failure()).with("doors", recorded.doors).with("held", recorded.held))
        }
    }
}

/// Sign for a refusal: it was looked into and stands.
#[utoipa::path(
    post, path = "/v1/sweeps/{id}/sign", tag = "sweeps", request_body = Sign,
    params(("id" = String, Path, format = "uuid")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`not_refused`, `sweep_closed`")
    )
)]
async fn sign(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Json(sign): Json<Sign>,
) -> Result<StatusCode, Problem> {
    let number = scope::sweep(&caller, Action::SignRefusal, id)?;
    if sign.reason != "refusal" {
        return Err(Problem::field(
            "reason",
            "reason",
            "只能为拒访签字（refusal）",
            "only a refusal is signed for here (refusal)",
        ));
    }
    let found = at_door(
        &site,
        caller,
        (Action::SignRefusal, number),
        sign.dwelling,
        move |store, actor, door, now| sign_refusal(store, actor, id, door, now),
    )
    .await?;
    found.map(|()| StatusCode::NO_CONTENT).ok_or_else(scope::no_dwelling)
}

/// Say what came of telephoning a household that was found dark or away. The same said twice is recorded once.
///
/// A call that reached nobody reaches nobody: the household stays where it is in every list. One that reached some of a household
/// reaches them, and the others stay where they are.
#[utoipa::path(
    post, path = "/v1/sweeps/{id}/calls", tag = "sweeps", request_body = Called,
    params(("id" = String, Path, format = "uuid")),
    responses(
        (status = 200, body = Recorded), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`not_to_call`, `not_listed_here`, `sweep_closed`")
    )
)]
async fn call(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SweepId>,
    Json(called): Json<Called>,
) -> Result<Json<Recorded>, Problem> {
    let number = scope::sweep(&caller, Action::RecordCall, id)?;
    let call = called.call(now())?;
    let found = at_door(
        &site,
        caller,
        (Action::RecordCall, number),
        called.dwelling,
        move |store, actor, door, now| record_call(store, actor, id, door, call, now),
    )
    .await?;
    found.map(|record| Json(Recorded { record })).ok_or_else(scope::no_dwelling)
}

/// Take a call back that the caller wrote down wrongly: the door stands as it did before.
#[utoipa::path(
    delete, path = "/v1/sweeps/{id}/calls/{record}", tag = "sweeps",
    params(("id" = String, Path, format = "uuid"), ("record" = u64, Path)),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`sweep_closed`")
    )
)]
async fn take_back(
    State(site): State<Site>,
    caller: Caller,
    Path((id, record)): Path<(SweepId, u64)>,
) -> Result<StatusCode, Problem> {
    let number = scope::sweep(&caller, Action::RecordCall, id)?;
    let actor = caller.actor();
    let known = site.territory.write(move |store, _| own_call(store, actor, id, record)).await?;
    let unknown = || {
        Problem::not_found(
            "unknown_call",
            "没有您记下的这个电话；别人记的不能撤销",
            "there is no such call of yours; another's cannot be taken back",
        )
    };
    let (dwelling, stamp, facts) = known.ok_or_else(unknown)?;
    let found =
        at_door(&site, caller, (Action::RecordCall, number), dwelling, move |store, actor, door, now| {
            take_back_call(store, actor, id, (door, stamp, facts), now)
        })
        .await?;
    found.map(|()| StatusCode::NO_CONTENT).ok_or_else(unknown)
}

/// Does something at a door that a sweep covers; none if there is no such door where the caller may do it.
async fn at_door<T: Send + 'static>(
    site: &Site,
    caller: Caller,
    (action, sweep): (Action, SweepNumber),
    dwelling: DwellingId,
    act: impl FnOnce(&mut Store, ActorId, DwellingId, Millis) -> AppResult<T> + Send + 'static,
) -> Result<Option<T>, Problem> {
    let found = site
        .territory
        .write(move |store, now| {
            let dwelling = domain::apply::resolve_dwelling(store.state(), dwelling)?;
            let row = domain::state::State::dwelling(store.state(), dwelling)?;
            let Some(area) = row.map(|row| row.area) else { return Ok(None) };
            let book = store.book();
            let swept =
                book.sweeps.get(sweep as usize).is_some_and(|row| book.areas.is_within(area, row.area));
            if !swept || caller.may(action, Scope::Area(area)).is_err() {
                return Ok(None);
            }
            act(store, caller.actor(), dwelling, now).map(Some)
        })
        .await?;
    Ok(found)
}
