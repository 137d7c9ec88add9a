//! A phone hands in the pictures that its facts name.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::id::{Id, SeriesId};
use ledger::seal::DataKey;
use programme::attachment::{Kind, MOST_BYTES};
use serde::Deserialize;
use std::time::Duration;
use store::AttachmentRefused;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Query, read_body};
use super::facts::{key_of, pusher};
use super::problem::Problem;
use crate::app::territory::{Territory, in_place};

/// A nonce and a tag around the bytes.
const SEALED_LENGTH: usize = MOST_BYTES + 24 + 16;
/// How long it may take to arrive, from a stairwell.
const PATIENCE: Duration = Duration::from_secs(120);

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(attach))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AttachQuery {
    #[param(value_type = String, format = "uuid")]
    series: SeriesId,
    /// Of the fact whose answers name it.
    sequence: u64,
    /// As the answer has it.
    name: String,
}

fn unsealed() -> Problem {
    Problem::field(
        "X-Sealed-Key",
        "sealed_key",
        "图片打不开：密钥或内容不属于这条记录",
        "the picture does not open: its key or its content is of no such fact",
    )
}

/// The key that came with a picture, as itself or encrypted to the territory.
fn key_in(headers: &HeaderMap, territory: &Territory, owner: Id, series: SeriesId) -> Option<DataKey> {
    let named = |name: &str| STANDARD.decode(headers.get(name)?.as_bytes()).ok();
    match named("x-data-key") {
        Some(key) => Some(DataKey::from_bytes(key.try_into().ok()?)),
        None => territory.recovery().open(&owner.0, &series.0, &named("x-sealed-key")?).ok(),
    }
}

fn told(refused: AttachmentRefused) -> Problem {
    match refused {
        AttachmentRefused::Unknown => Problem::not_found(
            "no_fact",
            "服务器上还没有这条记录；请先上传记录，再传图片",
            "the fact is not here yet; send it first, then its picture",
        ),
        AttachmentRefused::Gone => Problem::new(
            StatusCode::GONE,
            "attachment_gone",
            "这条记录的内容已删除，图片不再接收",
            "what this fact holds is erased, and its pictures are not taken any more",
        ),
        AttachmentRefused::NotNamed => Problem::field(
            "name",
            "not_named",
            "这条记录里没有哪个答案是这张图片",
            "no answer of this fact names this picture",
        ),
        AttachmentRefused::Differs => Problem::new(
            StatusCode::CONFLICT,
            "attachment_differs",
            "这不是记录里写的那张图片，没有收下",
            "this is not the picture that the fact names; it was not taken",
        ),
    }
}

/// Hand in a picture that an answer names, after the fact with the answer.
///
/// The body is the picture, sealed as the content of that fact would be, under a key of its own. One that is here already
/// gets the same answer. No token is needed: only bytes are taken whose SHA-256 the signed fact holds, and whoever sends
/// others without one is nobody.
#[utoipa::path(
    post, path = "/v1/attachments", tag = "facts",
    params(
        AttachQuery,
        ("X-Sealed-Key" = Option<String>, Header, description = "the picture's key, encrypted to the territory's `recovery_key` (HPKE, 80 bytes), base64"),
        ("X-Data-Key" = Option<String>, Header, description = "in place of it: the key itself, 32 bytes, base64")
    ),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 204, description = "it is kept"), (status = 401, body = Problem),
        (status = 404, description = "`no_fact`: send the fact first", body = Problem),
        (status = 409, body = Problem), (status = 410, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem)
    )
)]
async fn attach(
    State(site): State<Site>,
    headers: HeaderMap,
    caller: Result<Caller, Problem>,
    Query(query): Query<AttachQuery>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let AttachQuery { series, sequence, name } = query;
    let by_hash = !headers.contains_key(AUTHORIZATION) && !headers.contains_key(COOKIE);
    if by_hash {
        key_of(&site, series).await?;
    } else {
        pusher(&caller?, series)?;
    }
    let wrong = |problem: Problem| if by_hash { Problem::nobody() } else { problem };
    let found =
        site.territory.read_for_push(move |reader| Ok(reader.answered_of((series, sequence))?)).await?;
    let refuse = |refused| match refused {
        AttachmentRefused::NotNamed | AttachmentRefused::Differs => wrong(told(refused)),
        AttachmentRefused::Unknown | AttachmentRefused::Gone => told(refused),
    };
    let answered = found.map_err(refuse)?;
    let owner = answered.owner;
    if !answered.named.iter().any(|named| named.name == name && named.digest.is_some()) {
        return Err(refuse(AttachmentRefused::NotNamed));
    }
    let key = key_in(&headers, &site.territory, owner, series).ok_or_else(|| wrong(unsealed()))?;
    let sealed = read_body(body, SEALED_LENGTH, PATIENCE).await?;
    let permit = site.checks.acquire().await.map_err(|_| Problem::internal())?;
    let opened = in_place(move || ledger::seal::open(&key, &owner.0, &series.0, sequence, &sealed).ok());
    let bytes = opened.await?.ok_or_else(|| wrong(unsealed()))?;
    drop(permit);
    if Kind::of(&bytes).is_none() {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "no_picture",
            "这不是 JPEG、PNG 或 WebP 图片，没有收下",
            "this is no JPEG, PNG or WebP picture; it was not taken",
        ));
    }
    let kept = site
        .territory
        .write(move |store, now| {
            let actor = store.book().own_series;
            Ok(store.write(now, |batch| batch.keep_attachment(actor, (series, sequence), &name, &bytes))?)
        })
        .await?;
    kept.map_err(refuse)?;
    Ok(StatusCode::NO_CONTENT)
}
