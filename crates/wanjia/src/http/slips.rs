//! Residents' slips: printing them, what is said with them, and what the office decides. See docs/adr/0016.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use domain::access::{Action, Purpose, Role, Scope};
use domain::apply;
use domain::area::Level;
use domain::case::{Filled, Subject};
use domain::fact::Body;
use domain::id::{DwellingId, PersonId, SlipId};
use domain::identity::Identity;
use domain::slip::{
    self, Decision, Reason, SLIP_LIMIT, Said, Shut, Slip, TAKE_BACK_LIMIT, WAITING_LIMIT, What,
};
use domain::state::{Book, State as _};
use domain::time::Millis;
use intake::cell;
use programme::answer::Value;
use programme::form::Field;
use qrcode::QrCode;
use qrcode::render::svg;
use serde::{Deserialize, Serialize};
use store::packs::if_readable;
use store::slips::SlipDoor;
use store::{Batch, Reader, Sealed};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::devices::origin;
use super::extract::{Caller, Json, Path, Query};
use super::persons::known_elsewhere;
use super::problem::Problem;
use super::scope;
use super::session::{Peer, counted_as, is_local};
use super::wire::instant;
use crate::app::failure::Result as AppResult;
use crate::app::household;
use crate::app::import_roster;
use crate::app::persons::{self, Said as Fields};
use crate::app::slips;
use crate::cli::now;

/// Slips in one request, at most.
const SLIPS: usize = 100;
/// People in one report, at most.
const PEOPLE: usize = 10;
/// The longest words, in characters.
const WORDS: usize = 300;
/// Lines of what waits, at most.
const WAITING: usize = 500;
const DAY: i64 = 86_400_000;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(issue, slips))
        .routes(routes!(revoke))
        .routes(routes!(waiting))
        .routes(routes!(words))
        .routes(routes!(settle))
        .routes(routes!(reopen))
        .routes(routes!(withdraw))
        .routes(routes!(open))
        .routes(routes!(record))
        .routes(routes!(report))
        .routes(routes!(request))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewSlips {
    #[schema(value_type = Vec<String>, max_items = 100)]
    dwellings: Vec<DwellingId>,
    /// Printed on each, for whoever would rather call.
    office_phone: String,
    /// How long they are good for, 90 at most.
    days: u16,
}

#[derive(Serialize, ToSchema)]
struct SlipsIssued {
    slips: Vec<SlipIssued>,
}

#[derive(Serialize, ToSchema)]
struct SlipIssued {
    #[schema(value_type = String, format = "uuid")]
    slip: SlipId,
    #[serde(flatten)]
    door: DoorPlace,
    /// Shown once.
    code: String,
    /// What the picture holds.
    url: String,
    qr_svg: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A door, and where it is.
#[derive(Serialize, ToSchema)]
struct DoorPlace {
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    area_code: String,
    area_name: String,
    building: String,
    unit: String,
    room: String,
}

impl DoorPlace {
    fn of(book: &Book, door: SlipDoor) -> Self {
        let area = book.areas.get(door.area);
        Self {
            dwelling: door.dwelling,
            area_code: area.map(|area| area.code.clone()).unwrap_or_default(),
            area_name: area.map(|area| area.name.clone()).unwrap_or_default(),
            building: door.labels.building,
            unit: door.labels.unit,
            room: door.labels.room,
        }
    }
}

/// Issue slips for doors: each speaks for one dwelling until it expires or is revoked. Their codes are shown once.
#[utoipa::path(
    post, path = "/v1/slips", tag = "slips", request_body = NewSlips,
    responses((status = 201, body = SlipsIssued), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn issue(
    State(site): State<Site>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    caller: Caller,
    Json(new): Json<NewSlips>,
) -> Result<(StatusCode, Json<SlipsIssued>), Problem> {
    caller.may(Action::IssueSlips, Scope::Own)?;
    if new.dwellings.is_empty() || new.dwellings.len() > SLIPS {
        return Err(Problem::field(
            "dwellings",
            "too_many",
            format!("一次 1 到 {SLIPS} 户"),
            format!("one to {SLIPS} dwellings at a time"),
        ));
    }
    let office_phone =
        cell::phone(&new.office_phone).ok().filter(|phone| !phone.is_empty()).ok_or_else(|| {
            Problem::field(
                "office_phone",
                "phone",
                "请填写便条上印的社区电话",
                "the community's telephone number, which the slip shows, is needed",
            )
        })?;
    if !(1..=SLIP_LIMIT / DAY).contains(&i64::from(new.days)) {
        return Err(Problem::field("days", "days", "有效期 1 到 90 天", "a slip is good for 1 to 90 days"));
    }
    let origin = origin(&headers, is_local(peer.as_ref()))?;
    let (asker, dwellings) = (caller.clone(), new.dwellings);
    let doors = site
        .territory
        .read(move |reader| {
            let mut doors = Vec::with_capacity(dwellings.len());
            for dwelling in dwellings {
                let door = reader.slip_door(dwelling)?;
                let held = door.filter(|door| asker.may(Action::IssueSlips, Scope::Area(door.area)).is_ok());
                let Some(door) = held else { return Ok(None) };
                doors.push(door);
            }
            Ok(Some(doors))
        })
        .await?
        .ok_or_else(scope::no_dwelling)?;
    let expires_at = now() + i64::from(new.days) * DAY;
    let (actor, named): (_, Vec<DwellingId>) =
        (caller.actor(), doors.iter().map(|door| door.dwelling).collect());
    let control = Arc::clone(&site.control);
    let codes = site
        .territory
        .write(move |store, now| {
            slips::issue(store, &control, actor, &named, (&office_phone, expires_at), now)
        })
        .await?;
    let book = site.territory.book();
    let mut slips = Vec::with_capacity(codes.len());
    for ((slip, code), door) in codes.into_iter().zip(doors) {
        let code = slip::printed(&code);
        // Behind the sign that no browser sends on.
        let url = format!("{origin}/home/#{code}");
        let picture = QrCode::new(url.as_bytes()).map_err(|_| Problem::internal())?;
        let qr_svg = picture.render::<svg::Color<'_>>().min_dimensions(160, 160).build();
        let expires_at = instant(expires_at);
        slips.push(SlipIssued { slip, door: DoorPlace::of(&book, door), code, url, qr_svg, expires_at });
    }
    Ok((StatusCode::CREATED, Json(SlipsIssued { slips })))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AreaQuery {
    /// The caller's own unless given; a community or below.
    area: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SaidQuery {
    /// The caller's own unless given; a community or below.
    area: Option<String>,
    /// What was decided or withdrawn within the last day, instead of what waits.
    #[serde(default)]
    decided: bool,
}

#[derive(Serialize, ToSchema)]
struct Slips {
    slips: Vec<SlipRow>,
    /// The community's own number, as its newest slip has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    office_phone: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct SlipRow {
    #[schema(value_type = String, format = "uuid")]
    slip: SlipId,
    #[serde(flatten)]
    door: DoorPlace,
    #[schema(format = DateTime)]
    issued_at: String,
    #[schema(format = DateTime)]
    expires_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
}

fn community(caller: &Caller, action: Action, code: Option<&str>) -> Result<u32, Problem> {
    let area = scope::area(caller, action, code, "area")?;
    if caller.book.areas.get(area).is_some_and(|area| area.level < Level::Community) {
        return Err(scope::area_too_large());
    }
    Ok(area)
}

/// The slips that were issued for an area's doors, without their codes.
#[utoipa::path(
    get, path = "/v1/slips", tag = "slips", params(AreaQuery),
    responses((status = 200, body = Slips), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn slips(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<AreaQuery>,
) -> Result<Json<Slips>, Problem> {
    let area = community(&caller, Action::IssueSlips, query.area.as_deref())?;
    let book = Arc::clone(&caller.book);
    let control = Arc::clone(&site.control);
    let answer = site
        .territory
        .read(move |reader| {
            let office_phone = match reader.newest_slip(area)? {
                Some(slip) => control.office_phone(slip)?,
                None => None,
            };
            let mut rows = Vec::new();
            for (slip, row) in reader.slips(area)? {
                let Some(door) = reader.slip_door(row.dwelling)? else { continue };
                rows.push(SlipRow {
                    slip,
                    door: DoorPlace::of(&book, door),
                    issued_at: instant(row.issued_at),
                    expires_at: instant(row.expires_at),
                    revoked_at: row.revoked_at.map(instant),
                });
            }
            Ok(Slips { slips: rows, office_phone })
        })
        .await?;
    Ok(Json(answer))
}

fn no_slip() -> Problem {
    Problem::not_found("unknown_slip", "没有这张便条", "there is no such slip")
}

/// Revoke a slip: it opens nothing any more.
#[utoipa::path(
    delete, path = "/v1/slips/{slip}", tag = "slips", params(("slip" = String, Path, format = "uuid")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn revoke(
    State(site): State<Site>,
    caller: Caller,
    Path(slip): Path<SlipId>,
) -> Result<StatusCode, Problem> {
    caller.may(Action::IssueSlips, Scope::Own)?;
    let asker = caller.clone();
    let held = site
        .territory
        .read(move |reader| match reader.slip(slip)? {
            Some(row) => scope::holds_door(reader, &asker, Action::IssueSlips, row.dwelling),
            None => Ok(false),
        })
        .await?;
    if !held {
        return Err(no_slip());
    }
    let actor = caller.actor();
    site.territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| batch.append(actor, Body::SlipRevoked { slip }, None))?)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Serialize, ToSchema)]
struct SaidWaiting {
    rows: Vec<SaidRow>,
}

#[derive(Serialize, ToSchema)]
struct SaidRow {
    #[schema(value_type = String, format = "uuid")]
    said: PersonId,
    /// `person`, `help`, `correction` or `erasure`
    what: &'static str,
    #[serde(flatten)]
    door: DoorPlace,
    #[schema(format = DateTime)]
    said_at: String,
    /// Of help that nobody sees to yet: by when a programme in force wants it answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    due: Option<String>,
    /// Whom it is about, of those reported with the same slip.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    about: Option<PersonId>,
    /// Since when somebody sees to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    taken_on_at: Option<String>,
    /// `waiting`, `taken_on` (help), `confirmed`, `settled` (a request), `declined` or `withdrawn`
    state: &'static str,
    /// When a decision was taken back last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    reopened_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    decided_at: Option<String>,
    /// Until when the decision can be taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    reopens_until: Option<String>,
}

/// What residents said and nobody has decided on yet, what waits longest first; or what was decided or withdrawn within the last
/// day, the newest first. Under pseudonyms.
#[utoipa::path(
    get, path = "/v1/said", tag = "slips", params(SaidQuery),
    responses((status = 200, body = SaidWaiting), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn waiting(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<SaidQuery>,
) -> Result<Json<SaidWaiting>, Problem> {
    let area = community(&caller, Action::DecideSaid, query.area.as_deref())?;
    let (decided, since) = (query.decided, now() - TAKE_BACK_LIMIT);
    let found = site
        .territory
        .read(move |reader| {
            let found = match decided {
                true => reader.said_decided(area, since, WAITING)?,
                false => reader.said_waiting(area, WAITING)?,
            };
            let mut rows = Vec::with_capacity(found.len());
            for (id, said, door) in found {
                let is_open = said.what == What::Help && said.decided.is_none() && said.taken_on.is_none();
                let due = if is_open { reader.help_due(door.area, said.said_at)? } else { None };
                rows.push((id, said, door, due));
            }
            Ok(rows)
        })
        .await?;
    let row = |(id, said, door, due): (PersonId, Said, SlipDoor, Option<Millis>)| SaidRow {
        said: id,
        what: said.what.as_str(),
        door: DoorPlace::of(&caller.book, door),
        said_at: instant(said.said_at),
        due: due.map(instant),
        about: said.about,
        taken_on_at: said.taken_on.map(instant),
        state: state(&said),
        reopened_at: said.reopened.map(instant),
        decided_at: said.decided.map(|(_, at)| instant(at)),
        reopens_until: said.reopens_until().map(instant),
    };
    Ok(Json(SaidWaiting { rows: found.into_iter().map(row).collect() }))
}

/// What was said; what was not is left out.
#[derive(Serialize, ToSchema)]
struct Words {
    /// Of a request: of whom it speaks, as she was reported.
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    relation: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    sex: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    birth_date: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    phone: String,
    /// The last four characters only.
    #[serde(skip_serializing_if = "String::is_empty")]
    id_number: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
}

impl From<Identity> for Words {
    fn from(said: Identity) -> Self {
        let number: Vec<char> = said.id_number.chars().collect();
        Self {
            name: said.name,
            relation: said.relation,
            sex: said.sex,
            birth_date: said.birth_date,
            phone: said.phone,
            id_number: number.iter().skip(number.len().saturating_sub(4)).collect(),
            text: said.note,
        }
    }
}

fn no_said() -> Problem {
    Problem::not_found("unknown_said", "没有这一条，或已经办过", "there is nothing of this id that waits")
}

/// Something that waits, if it is where the caller decides.
fn held(reader: &mut Reader, caller: &Caller, id: PersonId) -> AppResult<Option<Said>> {
    let Some(said) = reader.said(id)?.filter(|said| said.decided.is_none()) else { return Ok(None) };
    Ok(scope::holds_door(reader, caller, Action::DecideSaid, said.dwelling)?.then_some(said))
}

fn purpose(what: What) -> Purpose {
    match what {
        What::Person => Purpose::Reconcile,
        What::Help => Purpose::Service,
        What::Correction | What::Erasure => Purpose::Correction,
    }
}

/// The words of something that waits. That they were read is a fact, before they are answered.
#[utoipa::path(
    get, path = "/v1/said/{id}", tag = "slips", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Words), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn words(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<PersonId>,
) -> Result<Json<Words>, Problem> {
    caller.may(Action::DecideSaid, Scope::Own)?;
    let asker = caller.clone();
    let said = site.territory.read(move |reader| held(reader, &asker, id)).await?.ok_or_else(no_said)?;
    let (actor, purpose) = (caller.actor(), purpose(said.what) as u64);
    site.territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| batch.append(actor, Body::Revealed { person: id, purpose }, None))?)
        })
        .await?;
    let words = site.territory.read(move |reader| Ok(reader.words(id)?)).await?.ok_or_else(no_said)?;
    Ok(Json(words.into()))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Settle {
    /// `confirmed`: someone who lives here is put on the list, a request is done; `declined`; of help, `taken_on`: somebody
    /// sees to it, and it goes on waiting
    decision: String,
    /// Why it is declined: `unclear` or `unreached`; of a person `not_here`; of help `no_means` or `elsewhere`; of a request
    /// `asked_before`; of a correction `stays_as_it_is`; of an erasure `must_be_kept`
    reason: Option<String>,
}

impl Settle {
    fn read(&self, what: What) -> Result<(Decision, Option<Reason>), Problem> {
        let decision = Decision::from_name(&self.decision)
            .filter(|decision| *decision != Decision::TakenOn || what == What::Help)
            .ok_or_else(|| {
                Problem::field(
                    "decision",
                    "decision",
                    "请说明怎么办：confirmed（办好）、declined（不办），求助还可以是 taken_on（已接单）",
                    "say what comes of it: confirmed, declined or, of help, taken_on",
                )
            })?;
        let reason = self.reason.as_deref().and_then(Reason::from_name).filter(|reason| reason.is_of(what));
        if reason.is_some() != (decision == Decision::Declined) || reason.is_none() && self.reason.is_some() {
            return Err(Problem::field(
                "reason",
                "reason",
                "不办时请选一个原因，居民会看到；别的决定不带原因",
                "what is declined needs one of its reasons, which the resident reads; no other decision has one",
            ));
        }
        Ok((decision, reason))
    }
}

enum Settled {
    Done,
    Gone,
    Elsewhere,
}

/// Decide on something that was said. Unless it is of someone who lives there or goes on waiting, nobody reads its words from
/// then on, and they are erased once it can be taken back no more; the kinds of help that were asked for stay, sealed.
#[utoipa::path(
    post, path = "/v1/said/{id}/settle", tag = "slips", request_body = Settle, params(("id" = String, Path, format = "uuid")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`known_elsewhere`: she is on the list of another area"))
)]
async fn settle(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<PersonId>,
    Json(settle): Json<Settle>,
) -> Result<StatusCode, Problem> {
    caller.may(Action::DecideSaid, Scope::Own)?;
    let asker = caller.clone();
    let said = site.territory.read(move |reader| held(reader, &asker, id)).await?.ok_or_else(no_said)?;
    let (actor, within) = (caller.actor(), caller.grant.area);
    let (decision, reason) = settle.read(said.what)?;
    let listed = decision == Decision::Confirmed && said.what == What::Person;
    let stays = listed || decision == Decision::TakenOn;
    let settled = site
        .territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| {
                // Someone else may have decided in between.
                if batch.state().said(id)?.is_none_or(|said| said.decided.is_some()) {
                    return Ok(Settled::Gone);
                }
                if listed && !put_on_list(batch, actor, within, id, said.dwelling)? {
                    return Ok(Settled::Elsewhere);
                }
                // Decided once before: the kinds are sealed already.
                let sealed_before = said.kept.is_some();
                let words = match stays || sealed_before || said.what != What::Help {
                    true => None,
                    false => batch.identity(id)?,
                };
                let kinds = words.and_then(|words| slip::kinds_alone(&words.note));
                let kinds = kinds.map(|note| Identity { note, ..Identity::default() }.encode());
                let kept = kinds.is_some().then(|| batch.new_id()).transpose()?;
                let sealed = kept.zip(kinds.as_deref());
                let sealed = sealed.map(|(owner, plaintext)| Sealed { owner, plaintext, fresh: true });
                batch.append(actor, Body::SaidSettled { said: id, decision, reason, kept }, sealed)?;
                Ok(Settled::Done)
            })?)
        })
        .await?;
    match settled {
        Settled::Done => Ok(StatusCode::NO_CONTENT),
        Settled::Gone => Err(no_said()),
        Settled::Elsewhere => Err(known_elsewhere()),
    }
}

/// Take back what was decided within a day: it waits again, with its words.
#[utoipa::path(
    post, path = "/v1/said/{id}/reopen", tag = "slips", params(("id" = String, Path, format = "uuid")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`stays_decided`: she is on the list, it was withdrawn, or a day is over"))
)]
async fn reopen(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<PersonId>,
) -> Result<StatusCode, Problem> {
    caller.may(Action::DecideSaid, Scope::Own)?;
    let asker = caller.clone();
    let decided = site
        .territory
        .read(move |reader| {
            let Some(said) = reader.said(id)?.filter(|said| said.decided.is_some()) else { return Ok(None) };
            Ok(scope::holds_door(reader, &asker, Action::DecideSaid, said.dwelling)?.then_some(said))
        })
        .await?;
    decided
        .ok_or_else(|| Problem::not_found("unknown_said", "没有这一条", "nothing of this id was decided"))?;
    let actor = caller.actor();
    let reopened = site
        .territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| {
                let until = batch.state().said(id)?.and_then(|said| said.reopens_until());
                if until.is_none_or(|until| until <= now) || batch.state().is_erased(id)? {
                    return Ok(false);
                }
                batch.append(actor, Body::SaidReopened { said: id }, None)?;
                Ok(true)
            })?)
        })
        .await?;
    if reopened {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::conflict(
        "stays_decided",
        "这一条不能再收回：已经登记在册、居民自己撤回了，或者过了一天",
        "this cannot be taken back any more: she is on the list, it was withdrawn, or a day is over",
    )
    .remedy(
        "在册的人请到这一户的页上更正；别的请联系居民，重新登记",
        "put someone on the list right on the page of her household; else call the resident, who can ask again",
    ))
}

/// Puts someone whom a resident reported on the list of her door. Whoever is known by then is linked and not read: the
/// slip goes on to show its own words alone. False, and a fact that says who found it out, if she is known elsewhere.
fn put_on_list(
    batch: &mut Batch<'_>,
    actor: PersonId,
    within: u32,
    said: PersonId,
    dwelling: DwellingId,
) -> store::Result<bool> {
    let identity = batch.identity(said)?.unwrap_or_default();
    let Some((known, _)) = batch.find_person(&identity, dwelling, None)? else {
        batch.append(actor, Body::PersonRegistered { person: said, dwelling }, None)?;
        batch.put_tags(said, &identity)?;
        return Ok(true);
    };
    if import_roster::is_elsewhere(batch, known, within)? {
        batch.append(actor, import_roster::found_out(known), None)?;
        return Ok(false);
    }
    batch.append(actor, Body::Linked { from: said, to: known }, None)?;
    if apply::group_home(batch.state(), known)?.is_none() {
        batch.append(actor, Body::PersonRegistered { person: known, dwelling }, None)?;
    }
    Ok(true)
}

/// Whoever holds a slip, for as long as it opens anything.
pub(super) struct Holder {
    pub(super) slip: SlipId,
    pub(super) row: Slip,
    office_phone: String,
}

pub(super) fn shut(shut: Shut) -> Problem {
    let (code, zh, en) = match shut {
        Shut::Unknown => ("unknown_slip", "没有这个编号的便条", "no slip has this code"),
        Shut::Expired => ("slip_expired", "这张便条已经过期", "this slip has expired"),
        Shut::Revoked => ("slip_revoked", "这张便条已经作废", "this slip was revoked"),
        Shut::NotHers => {
            return Problem::field(
                "about",
                "unknown_person",
                "没有用这张便条报过这个人",
                "nobody of this id was reported with this slip",
            );
        }
        Shut::Full => {
            return Problem::new(
                StatusCode::CONFLICT,
                "slip_full",
                format!("已有 {WAITING_LIMIT} 条在等社区核实，现在收不下更多"),
                format!("{WAITING_LIMIT} things wait for the community already"),
            )
            .remedy("请过一天再来，或打电话给社区", "come back in a day, or call the community");
        }
    };
    Problem::new(StatusCode::UNAUTHORIZED, code, zh, en)
        .remedy("请核对编号，或请社区再给一张", "compare the code, or ask the community for another slip")
}

pub(super) fn wait(milliseconds: i64) -> Problem {
    let seconds = u64::try_from(milliseconds / 1000).unwrap_or(0) + 1;
    Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_often",
        format!("次数太多；请 {} 分钟后再试，或打电话给社区", seconds.div_ceil(60)),
        format!("too often; try again in {} minutes, or call the community", seconds.div_ceil(60)),
    )
    .retry_after(seconds)
}

impl FromRequestParts<Site> for Holder {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        let shown = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|value| value.split_once(' '));
        let Some((_, typed)) = shown.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("slip")) else {
            return Err(Problem::nobody());
        };
        let code = slip::read_code(typed).ok_or_else(|| shut(Shut::Unknown))?;
        let peer = parts.extensions.get::<Peer>().copied().map(Extension);
        let address = counted_as(peer.as_ref(), &parts.headers);
        let control = Arc::clone(&site.control);
        site.territory
            .read(move |reader| {
                let now = now();
                if let Some(milliseconds) = control.slip_wait(&address, now)? {
                    return Ok(Err(wait(milliseconds)));
                }
                let Some((slip, office_phone)) = control.slip(&code)? else {
                    control.wrong_slip(&address, now)?;
                    return Ok(Err(shut(Shut::Unknown)));
                };
                let opened = slip::opens(reader.state(), slip, now)?;
                Ok(opened.map(|row| Self { slip, row, office_phone }).map_err(shut))
            })
            .await?
    }
}

#[derive(Serialize, ToSchema)]
struct SlipOpened {
    door: DoorLabel,
    office_phone: String,
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Serialize, ToSchema)]
struct DoorLabel {
    area_name: String,
    building: String,
    unit: String,
    room: String,
}

/// Which door a slip speaks for.
#[utoipa::path(
    get, path = "/v1/slip", tag = "resident", security(("slip" = [])),
    responses((status = 200, body = SlipOpened), (status = 401, body = Problem), (status = 429, body = Problem))
)]
async fn open(State(site): State<Site>, holder: Holder) -> Result<Json<SlipOpened>, Problem> {
    let dwelling = holder.row.dwelling;
    let door = site.territory.read(move |reader| Ok(reader.slip_door(dwelling)?)).await?;
    let door = DoorPlace::of(&site.territory.book(), door.ok_or_else(|| shut(Shut::Unknown))?);
    let DoorPlace { area_name, building, unit, room, .. } = door;
    Ok(Json(SlipOpened {
        door: DoorLabel { area_name, building, unit, room },
        office_phone: holder.office_phone,
        expires_at: instant(holder.row.expires_at),
    }))
}

#[derive(Serialize, ToSchema)]
struct Record {
    said: Vec<RecordSaid>,
    /// The forms that were filled in with this slip, the newest first.
    forms: Vec<RecordForm>,
    readings: Vec<RecordReading>,
    visits: Vec<RecordVisit>,
}

#[derive(Serialize, ToSchema)]
struct RecordSaid {
    #[schema(value_type = String, format = "uuid")]
    said: PersonId,
    what: &'static str,
    #[schema(format = DateTime)]
    said_at: String,
    /// `waiting`, `taken_on` (help), `confirmed`, `settled` (a request), `declined` or `withdrawn`
    state: &'static str,
    /// While it waits: when the office took back what it had decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    reopened_at: Option<String>,
    /// Why it was declined.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The receipt that was given for it.
    receipt: String,
    /// Of someone who was reported and is still kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<Words>,
    /// Of a request that waits: what was written, without the kinds of help.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Words>,
    /// Of a request for help: its kinds.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    help: Vec<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct RecordForm {
    #[schema(format = DateTime)]
    at: String,
    /// The form's name.
    form: String,
    zh: String,
    en: String,
    receipt: String,
    answers: Vec<RecordAnswer>,
}

/// A question that was answered, in the programme's words.
#[derive(Serialize, ToSchema)]
struct RecordAnswer {
    name: String,
    zh: String,
    en: String,
    /// The names of what was chosen; else the answer itself.
    given: Vec<String>,
}

impl RecordAnswer {
    fn of(field: &Field, value: &Value) -> Self {
        let name = field.name.value.clone();
        let label = |language| field.labels.get(language).unwrap_or(&name).to_owned();
        let given = match value {
            Value::Text(text) => vec![text.clone()],
            Value::Several(names) => names.clone(),
            other => vec![household::words_of(field, other).zh],
        };
        Self { zh: label("zh"), en: label("en"), name, given }
    }
}

/// A form that was filled in with a slip, but for what says who filled it in at which hour.
fn record_form(reader: &mut Reader, filled: &Filled) -> AppResult<Option<RecordForm>> {
    let programme = if_readable(reader.programme(&filled.programme, &filled.version))?;
    let (Some(programme), Some(record)) = (programme, reader.record_of(filled)?) else { return Ok(None) };
    let Some(form) = programme.form(&filled.form) else { return Ok(None) };
    let answers = form.fields.iter().filter_map(|field| {
        let value = record.values.get(&field.name.value)?;
        Some(RecordAnswer::of(field, value))
    });
    Ok(Some(RecordForm {
        at: instant(filled.at),
        form: filled.form.clone(),
        zh: form.title.clone(),
        en: form.title_en.clone().unwrap_or_else(|| form.title.clone()),
        receipt: filled.position.to_string(),
        answers: answers.collect(),
    }))
}

#[derive(Serialize, ToSchema)]
struct RecordReading {
    #[schema(format = DateTime)]
    at: String,
    /// A role; `resident` for a slip, `office` where no right says who it was.
    role: &'static str,
    area_name: String,
    purpose: &'static str,
    /// Of the fact that says so, by which an auditor finds who it was.
    position: u64,
    whole_list: bool,
}

#[derive(Serialize, ToSchema)]
struct RecordVisit {
    #[schema(format = DateTime)]
    at: String,
    outcome: &'static str,
}

fn state(said: &Said) -> &'static str {
    match said.decided {
        None if said.taken_on.is_some() => "taken_on",
        None => "waiting",
        Some((Decision::Declined, _)) => "declined",
        Some((Decision::Withdrawn, _)) => "withdrawn",
        Some((Decision::Confirmed, _)) if said.what == What::Person => "confirmed",
        Some(_) => "settled",
    }
}

/// In which role someone acted, and where; an account that lost its right is an office's.
fn who(reader: &mut Reader, actor: PersonId) -> AppResult<(&'static str, String)> {
    if reader.slip(actor)?.is_some() {
        return Ok(("resident", String::new()));
    }
    let grant = match reader.state().grant(actor)? {
        Some(grant) => Some((grant.role, grant.area)),
        None => reader.phone_of(actor)?.map(|device| (device.role, device.area)),
    };
    let Some((role, area)) = grant else { return Ok(("office", String::new())) };
    let name = reader.book().areas.get(area).map(|area| area.name.clone()).unwrap_or_default();
    Ok((Role::from_code(role).map_or("office", Role::as_str), name))
}

/// What was said with this slip and became of it, who read it, and who knocked. Each person shown is a fact, before it is
/// answered.
#[utoipa::path(
    get, path = "/v1/slip/record", tag = "resident", security(("slip" = [])),
    responses((status = 200, body = Record), (status = 401, body = Problem), (status = 429, body = Problem))
)]
async fn record(State(site): State<Site>, holder: Holder) -> Result<Json<Record>, Problem> {
    let slip = holder.slip;
    let control = Arc::clone(&site.control);
    let wanted = site.territory.read(move |_| Ok(control.open_record(slip, now())?)).await?;
    if let Some(milliseconds) = wanted {
        return Err(wait(milliseconds));
    }
    let found = site.territory.read(move |reader| Ok(reader.slip_record(slip)?)).await?;
    let mut people: Vec<PersonId> = found.said.iter().filter_map(|(id, said)| kept(*id, said)).collect();
    people.extend(found.filled.iter().filter_map(|filled| match filled.subject {
        Subject::Person(person) => Some(person),
        Subject::Dwelling(_) | Subject::Area(_) | Subject::Worker(_) => None,
    }));
    people.sort_unstable();
    people.dedup();
    if !people.is_empty() {
        site.territory
            .write(move |store, now| {
                Ok(store.write(now, |batch| {
                    for person in people {
                        let body = Body::Revealed { person, purpose: Purpose::Own as u64 };
                        batch.append(slip, body, None)?;
                    }
                    Ok(())
                })?)
            })
            .await?;
    }
    let record = site
        .territory
        .read(move |reader| {
            let mut said = Vec::with_capacity(found.said.len());
            for (id, row) in &found.said {
                let words = kept(*id, row).map(|owner| reader.words(owner)).transpose()?.flatten();
                let note = words.as_ref().map(|words| words.note.clone()).unwrap_or_default();
                let (person, words) = match (row.what, row.decided) {
                    (What::Person, _) => (words.map(Words::from), None),
                    (_, None) => (None, words.map(Words::from)),
                    (_, Some(_)) => (None, None),
                };
                said.push(RecordSaid {
                    said: *id,
                    what: row.what.as_str(),
                    said_at: instant(row.said_at),
                    state: state(row),
                    reopened_at: row.reopened.filter(|_| row.decided.is_none()).map(instant),
                    reason: row.reason.map(Reason::as_str),
                    receipt: receipt(*id),
                    person,
                    words: words.map(|words| Words { text: slip::beside_kinds(&note).to_owned(), ..words }),
                    help: slip::help_in(&note),
                });
            }
            let mut forms = Vec::with_capacity(found.filled.len());
            for filled in &found.filled {
                forms.extend(record_form(reader, filled)?);
            }
            let mut readings = Vec::with_capacity(found.readings.len());
            for (reading, whole_list) in &found.readings {
                let (role, area_name) = who(reader, reading.actor)?;
                readings.push(RecordReading {
                    at: instant(reading.at),
                    role,
                    area_name,
                    purpose: Purpose::from_code(reading.purpose).map_or("correction", Purpose::as_str),
                    position: reading.position,
                    whole_list: *whole_list,
                });
            }
            let visits = found.visits.iter();
            let visits = visits
                .map(|(at, outcome)| RecordVisit { at: instant(*at), outcome: outcome.as_str() })
                .collect();
            Ok(Record { said, forms, readings, visits })
        })
        .await?;
    Ok(Json(record))
}

/// Under which id something that was said is still kept: whoever was reported and not declined, a request that waits, and the
/// kinds of help of one that was settled.
fn kept(id: PersonId, said: &Said) -> Option<PersonId> {
    match said.decided {
        None => Some(id),
        Some((Decision::Confirmed, _)) if said.what == What::Person => Some(id),
        Some(_) => said.kept,
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PeopleReported {
    #[schema(max_items = 10)]
    people: Vec<PersonReported>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PersonReported {
    name: String,
    relation: Option<String>,
    /// 男 or 女
    sex: Option<String>,
    #[schema(format = Date)]
    birth_date: Option<String>,
    phone: Option<String>,
    id_number: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Request {
    /// `help`, `correction` or `erasure`
    what: String,
    /// At most 300 characters; of `help` none are needed where a kind is given.
    text: String,
    /// Of `help`: `food`, `medicine`, `ride`, `care`, `talk` or `other`.
    #[serde(default)]
    kinds: Vec<String>,
    phone: Option<String>,
    /// Whom it is about, of those reported with this slip.
    #[schema(value_type = Option<String>, format = "uuid")]
    about: Option<PersonId>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Received {
    /// One for each thing that was said: short enough to be read out on the telephone.
    pub(super) receipts: Vec<String>,
}

/// The last six signs of the id: what comes before them is the time.
fn receipt(said: PersonId) -> String {
    let text = said.to_string().to_uppercase();
    text.get(text.len() - 6..).unwrap_or_default().to_owned()
}

/// Writes down what was said, all of it or nothing.
async fn say(
    site: &Site,
    slip: SlipId,
    what: What,
    about: Option<PersonId>,
    all: Vec<Identity>,
) -> Result<(StatusCode, Json<Received>), Problem> {
    let written =
        site.territory.write(move |store, now| slips::say(store, slip, (what, about), &all, now)).await?;
    let receipts = written.map_err(shut)?.into_iter().map(receipt).collect();
    Ok((StatusCode::CREATED, Json(Received { receipts })))
}

/// Report who lives behind the slip's door. A person of the community confirms each.
#[utoipa::path(
    post, path = "/v1/slip/people", tag = "resident", security(("slip" = [])), request_body = PeopleReported,
    responses((status = 201, body = Received), (status = 401, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`slip_full`: twenty things wait already"))
)]
async fn report(
    State(site): State<Site>,
    holder: Holder,
    Json(report): Json<PeopleReported>,
) -> Result<(StatusCode, Json<Received>), Problem> {
    if report.people.is_empty() || report.people.len() > PEOPLE {
        let (zh, en) = (format!("一次 1 到 {PEOPLE} 人"), format!("one to {PEOPLE} people at a time"));
        return Err(Problem::field("people", "too_many", zh, en));
    }
    let mut people = Vec::with_capacity(report.people.len());
    for (row, reported) in (1..).zip(&report.people) {
        let identity = persons::read(&Fields {
            name: Some(&reported.name),
            sex: reported.sex.as_deref(),
            birth_date: reported.birth_date.as_deref(),
            id_number: reported.id_number.as_deref(),
            phone: reported.phone.as_deref(),
            relation: reported.relation.as_deref(),
        })
        .map_err(|wrong| Problem::field(wrong.field, wrong.code, wrong.zh, wrong.en).in_row(row))?;
        if identity.name.is_empty() {
            return Err(Problem::field("name", "name", "请填写姓名", "a name is needed").in_row(row));
        }
        people.push(identity);
    }
    say(&site, holder.slip, What::Person, None, people).await
}

/// Ask for help, for a correction or for an erasure. A person of the community answers.
#[utoipa::path(
    post, path = "/v1/slip/requests", tag = "resident", security(("slip" = [])), request_body = Request,
    responses((status = 201, body = Received), (status = 401, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`slip_full`: twenty things wait already"))
)]
async fn request(
    State(site): State<Site>,
    holder: Holder,
    Json(request): Json<Request>,
) -> Result<(StatusCode, Json<Received>), Problem> {
    let what = What::from_name(&request.what).filter(|what| *what != What::Person).ok_or_else(|| {
        Problem::field(
            "what",
            "what",
            "请说明要什么：help（帮助）、correction（更正）或 erasure（删除）",
            "say what is asked for: help, correction or erasure",
        )
    })?;
    let note = cell::plain(&request.text);
    let named = !request.kinds.is_empty() && what == What::Help;
    if note.is_empty() && !named || note.chars().count() > WORDS {
        return Err(Problem::field(
            "text",
            "text",
            format!("请写几个字，不超过 {WORDS} 字"),
            format!("a few words are needed, at most {WORDS} characters"),
        ));
    }
    let kinds = if named { request.kinds.as_slice() } else { &[] };
    let note = slip::request_words(kinds, &note)
        .ok_or_else(|| Problem::field("kinds", "kinds", "没有这种帮助", "there is no such kind of help"))?;
    let said = Fields { phone: request.phone.as_deref(), ..Fields::default() };
    let words =
        persons::read(&said).map_err(|wrong| Problem::field(wrong.field, wrong.code, wrong.zh, wrong.en))?;
    let name = match request.about {
        Some(about) => site.territory.read(move |reader| reported_name(reader, holder.slip, about)).await?,
        None => String::new(),
    };
    say(&site, holder.slip, what, request.about, vec![Identity { name, note, ..words }]).await
}

/// Withdraw what was said with the slip and waits: a request that is needed no more, a report that was a mistake. Its words are
/// erased at once; that it was said and withdrawn stays.
#[utoipa::path(
    post, path = "/v1/slip/said/{id}/withdraw", tag = "resident", security(("slip" = [])),
    params(("id" = String, Path, format = "uuid")),
    responses((status = 204), (status = 401, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`decided`: the office has decided on it"))
)]
async fn withdraw(
    State(site): State<Site>,
    holder: Holder,
    Path(id): Path<PersonId>,
) -> Result<StatusCode, Problem> {
    let slip = holder.slip;
    let said = site.territory.read(move |reader| Ok(reader.said(id)?)).await?;
    if said.is_none_or(|said| said.slip != slip) {
        return Err(Problem::not_found(
            "unknown_said",
            "没有用这张便条说过这一条",
            "nothing of this id was said with this slip",
        ));
    }
    let withdrawn = site
        .territory
        .write(move |store, now| {
            let withdrawn = store.write(now, |batch| {
                if batch.state().said(id)?.is_none_or(|said| said.decided.is_some()) {
                    return Ok(false);
                }
                batch.append(slip, Body::SaidWithdrawn { said: id }, None)?;
                Ok(true)
            })?;
            if withdrawn {
                store::erase::erase(store, slip, id, store::erase::ASKED, now)?;
            }
            Ok(withdrawn)
        })
        .await?;
    if withdrawn {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::conflict(
        "decided",
        "社区已经办过这一条，不能撤回了",
        "the community has decided on this, so it cannot be withdrawn",
    )
    .remedy("要改请选「更正」，或打电话给社区", "to change it ask for a correction, or call the community"))
}

/// The name of someone who was reported with this slip, as it was written then: whoever answers reads of whom a request
/// speaks, also if she was declined since. Empty if she was not; whether she may be named at all, `admit_said` decides.
fn reported_name(reader: &mut Reader, slip: SlipId, about: PersonId) -> AppResult<String> {
    let said = reader.said(about)?.filter(|said| said.slip == slip && said.what == What::Person);
    let words = said.map(|_| reader.words(about)).transpose()?.flatten();
    Ok(words.map(|words| words.name).unwrap_or_default())
}
