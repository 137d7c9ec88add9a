//! A phone hands in what it recorded, and asks how far the server has it.

use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, COOKIE};
use domain::access::{Action, Role, Scope, may};
use domain::id::SeriesId;
use domain::identity::Identity;
use domain::state::State as _;
use intake::cell;
use ledger::envelope::Envelope;
use ledger::recovery::RecoveryKey;
use ledger::seal::DataKey;
use serde::{Deserialize, Serialize};
use store::{CheckedPush, PushRefused, Pushed};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Query, Who};
use super::problem::Problem;
use super::wire::{Base64, Base64Hash, Base64Of, instant};
use crate::app::failure::Failure;
use crate::app::territory::in_place;
use crate::cli::now;

/// Facts in one push, at most.
pub const PUSH_LIMIT: usize = 200;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(push)).routes(routes!(head))
}

/// Facts of one series in order, and the signature over the last of them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Push {
    #[schema(value_type = String, format = "uuid")]
    series: SeriesId,
    #[schema(max_items = 200, min_items = 1)]
    facts: Vec<PushedFact>,
    signature: Base64Of<64>,
    /// The size of the last checkpoint that the phone was shown; 0 if none.
    known_size: u64,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PushedFact {
    /// The envelope.
    fact: Base64,
    /// The ciphertext that the fact commits to.
    content: Option<Base64>,
    /// The key that opens it.
    data_key: Option<Base64Of<32>>,
    /// In place of `data_key`: the same, encrypted to the territory's `recovery_key` (HPKE, 80 bytes).
    sealed_key: Option<Base64Of<80>>,
}

/// What became of a push, given once it is on the disk.
#[derive(Serialize, ToSchema)]
struct PushAnswer {
    receipts: Vec<Receipt>,
    head: Head,
    /// A C2SP signed note.
    checkpoint: String,
    /// From `known_size` to the checkpoint's size; empty if `known_size` is 0 or not below it.
    consistency: Vec<Base64Hash>,
    inclusion: Inclusion,
}

#[derive(Serialize, ToSchema)]
struct Receipt {
    sequence: u64,
    status: Status,
    /// Why it waits, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Why it waits and what to do, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_en: Option<&'static str>,
    position: u64,
    #[schema(format = DateTime)]
    received_at: String,
    /// As in the leaf: 0 accepted, else the reason's number.
    verdict: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Status {
    Accepted,
    /// It was there already; position, instant and verdict are those of the first time.
    Duplicate,
    /// It is kept, and does not count until a person decides.
    Quarantined,
}

/// The newest fact of a series that the server has.
#[derive(Serialize, ToSchema)]
struct Head {
    sequence: u64,
    hash: Base64Hash,
}

/// The proof that the last fact of the push is in the checkpoint's tree.
#[derive(Serialize, ToSchema)]
struct Inclusion {
    position: u64,
    proof: Vec<Base64Hash>,
}

impl PushedFact {
    /// A key that does not open is as none: the fact is kept, and waits as one whose content does not fit.
    fn open(self, series: SeriesId, recovery: &RecoveryKey) -> Pushed {
        let opened = || {
            let owner = Envelope::decode(&self.fact.0).ok()?.sealed?.owner;
            recovery.open(&owner, &series.0, &self.sealed_key.as_ref()?.0).ok()
        };
        let data_key =
            self.data_key.as_ref().map(|key| key.0).or_else(|| opened().map(|key| *key.as_bytes()));
        let ciphertext = self.content.map(|content| content.0);
        let identity = named(&self.fact.0, data_key, ciphertext.as_deref());
        // As where a list of people is imported: the person counts, the number is left out.
        let impossible_number = identity.is_some_and(|identity| {
            matches!(cell::id_number(&identity.id_number), cell::IdNumber::Impossible(_))
        });
        Pushed { envelope: self.fact.0, ciphertext, data_key, impossible_number }
    }
}

/// Who the content of a fact says that someone is, if it says that.
fn named(fact: &[u8], key: Option<[u8; 32]>, ciphertext: Option<&[u8]>) -> Option<Identity> {
    let Envelope { series, sequence, sealed, .. } = Envelope::decode(fact).ok()?;
    let key = DataKey::from_bytes(key?);
    let plain = ledger::seal::open(&key, &sealed?.owner, &series, sequence, ciphertext?).ok()?;
    Identity::decode(&plain)
}

/// The key of the phone that shows its token.
pub(super) fn pusher(caller: &Caller, asked: SeriesId) -> Result<[u8; 32], Problem> {
    caller.may(Action::Push, Scope::Own)?;
    let Who::Phone { series, public_key, .. } = caller.who else { return Err(Problem::forbidden()) };
    if asked == series {
        return Ok(public_key);
    }
    Err(Problem::field(
        "series",
        "series",
        "这不是这台手机的编号",
        "this is not the series of the phone that sends it",
    ))
}

/// The key of an enrolled phone that shows none: its signature has to say who it is.
pub(super) async fn key_of(site: &Site, series: SeriesId) -> Result<[u8; 32], Problem> {
    let device = site.territory.read_for_push(move |reader| Ok(reader.state().device(series)?)).await?;
    let phone =
        device.filter(|device| Role::from_code(device.role).is_some_and(|role| may(role, Action::Push)));
    phone.map(|device| device.public_key).ok_or_else(Problem::nobody)
}

impl From<store::Receipt> for Receipt {
    fn from(receipt: store::Receipt) -> Self {
        let reason = receipt.quarantine();
        let status = match (receipt.duplicate, reason) {
            (true, _) => Status::Duplicate,
            (false, None) => Status::Accepted,
            (false, Some(_)) => Status::Quarantined,
        };
        Self {
            sequence: receipt.sequence,
            status,
            reason: reason.map(|reason| reason.as_str()),
            message: reason.map(|reason| reason.message().0),
            message_en: reason.map(|reason| reason.message().1),
            position: receipt.position,
            received_at: instant(receipt.received_at),
            verdict: receipt.verdict,
        }
    }
}

/// Hand in facts.
///
/// Receipts come after the commit is on the disk. Facts that were sent before get the same receipts again. A fact from
/// the field is never refused: what cannot count yet waits in quarantine. 409 `gap` names the number to send from.
///
/// The signature alone is enough: a phone that is locked has no token at hand.
#[utoipa::path(
    post, path = "/v1/facts", tag = "facts", request_body = Push,
    responses(
        (status = 200, body = PushAnswer),
        (status = 409, description = "`gap`: facts before these are missing; `expected` is the number to send from", body = Problem),
        (status = 413, body = Problem), (status = 422, body = Problem), (status = 401, body = Problem)
    )
)]
async fn push(
    State(site): State<Site>,
    headers: HeaderMap,
    caller: Result<Caller, Problem>,
    Json(push): Json<Push>,
) -> Result<Json<PushAnswer>, Problem> {
    let series = push.series;
    let by_signature = !headers.contains_key(AUTHORIZATION) && !headers.contains_key(COOKIE);
    let public_key = if by_signature { key_of(&site, series).await? } else { pusher(&caller?, series)? };
    if push.facts.len() > PUSH_LIMIT {
        return Err(Problem::new(
            axum::http::StatusCode::PAYLOAD_TOO_LARGE,
            "too_many",
            format!("一次最多 {PUSH_LIMIT} 条记录；请分几次发"),
            format!("at most {PUSH_LIMIT} facts a push; send them in parts"),
        )
        .at("facts"));
    }
    let known_size = push.known_size;
    let permit = site.checks.acquire().await.map_err(|_| Problem::internal())?;
    let territory = site.territory.clone();
    let checked = in_place(move || {
        let facts = push.facts.into_iter().map(|fact| fact.open(series, territory.recovery()));
        CheckedPush::check(series, public_key, facts.collect(), push.signature.0)
    });
    let checked = match checked.await? {
        Err(PushRefused::BadSignature) if by_signature => return Err(Problem::nobody()),
        checked => checked?,
    };
    drop(permit);
    let done = site.territory.push(checked).await??;
    site.fleet.pushed(&site.territory.book(), series, now());
    let size = done.head.size;
    let position = done.receipts.last().map_or(0, |receipt| receipt.position);
    let (consistency, proof) = site
        .territory
        .read_for_push(move |reader| {
            // A phone that knows more than there is has to be shown the smaller head, so that it can say so.
            let consistency =
                if known_size < size { reader.consistency(known_size, size)? } else { Vec::new() };
            Ok::<_, Failure>((consistency, reader.inclusion(size, position)?))
        })
        .await?;
    let (sequence, hash) = done.newest;
    Ok(Json(PushAnswer {
        receipts: done.receipts.into_iter().map(Receipt::from).collect(),
        head: Head { sequence, hash: Base64Of(hash) },
        checkpoint: done.head.note,
        consistency: consistency.into_iter().map(Base64Of).collect(),
        inclusion: Inclusion { position, proof: proof.into_iter().map(Base64Of).collect() },
    }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct HeadQuery {
    #[param(value_type = String, format = "uuid")]
    series: SeriesId,
}

/// The newest fact of the phone's series that the server has; 404 if it has none.
#[utoipa::path(
    get, path = "/v1/facts/head", tag = "facts", params(HeadQuery),
    responses((status = 200, body = Head), (status = 404, body = Problem))
)]
async fn head(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<HeadQuery>,
) -> Result<Json<Head>, Problem> {
    caller.may(Action::Push, Scope::Own)?;
    let nothing =
        || Problem::not_found("no_facts", "这台手机还没有记录", "there are no facts of this phone yet");
    match caller.who {
        Who::Phone { series, .. } if series == query.series => {}
        _ => return Err(nothing()),
    }
    let found = site.territory.read_for_push(move |reader| Ok(reader.series_head(query.series)?)).await?;
    let (sequence, hash) = found.ok_or_else(nothing)?;
    Ok(Json(Head { sequence, hash: Base64Of(hash) }))
}
