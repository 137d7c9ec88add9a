//! What a handler is given: who calls, and a body or a query that has been read strictly.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Json as AxumJson;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::{Action, Denied, Grant, Scope, decide};
use domain::id::{ActorId, SeriesId};
use domain::state::{Book, Device, State as _};
use domain::time::Millis;
use http_body_util::LengthLimitError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};
use store::control::SecretHash;
use subtle::ConstantTimeEq as _;
use tower_http::timeout::TimeoutError;

use super::Site;
use super::problem::Problem;
use crate::cli::now;

/// The most bytes of a JSON body.
pub const BODY_LIMIT: usize = 1 << 20;
/// How long a JSON body may take to arrive whole.
const BODY_PATIENCE: Duration = Duration::from_secs(30);
/// The console's session cookie.
pub const SESSION_COOKIE: &str = "wanjia_session";
/// The header without which nothing unsafe is done for a session: no form of another site can send it.
pub const CONSOLE_HEADER: &str = "x-wanjia";

/// Who calls, as established by a session or a phone's token, and the right that the ledger gives her.
#[derive(Clone, Debug)]
pub struct Caller {
    pub who: Who,
    pub grant: Grant,
    /// The areas and sweeps of the moment.
    pub book: Arc<Book>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Console { account: ActorId },
    Phone { series: SeriesId, worker: ActorId, public_key: [u8; 32], standing: Standing },
}

/// Whether a phone may still read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Good,
    Revoked,
    /// Its deployment has ended.
    Ended,
}

impl Standing {
    #[must_use]
    pub fn of(device: &Device, now: Millis) -> Self {
        match (device.revoked_at, device.ends_at) {
            (Some(_), _) => Self::Revoked,
            (None, Some(end)) if now > end => Self::Ended,
            _ => Self::Good,
        }
    }

    /// # Errors
    /// 403 `device_revoked` or `device_ended`, upon which a phone wipes itself.
    pub fn require_good(self) -> Result<(), Problem> {
        let (code, zh, en) = match self {
            Self::Good => return Ok(()),
            Self::Revoked => (
                "device_revoked",
                "这台手机已停用；未上传的记录仍可上传，其余内容将被清除",
                "this phone has been revoked; what was not sent may still be sent, the rest is to be wiped",
            ),
            Self::Ended => (
                "device_ended",
                "这台手机的任务期限已过；未上传的记录仍可上传，其余内容将被清除",
                "this phone's deployment has ended; what was not sent may still be sent, the rest is to be wiped",
            ),
        };
        Err(Problem::new(StatusCode::FORBIDDEN, code, zh, en))
    }
}

impl Caller {
    /// In whose name a fact is written.
    #[must_use]
    pub fn actor(&self) -> ActorId {
        match self.who {
            Who::Console { account } => account,
            Who::Phone { worker, .. } => worker,
        }
    }

    /// Whether this caller may do this, there. Every handler begins with it.
    ///
    /// # Errors
    /// 403 `device_revoked`, `device_ended`, `forbidden` or `outside_area`.
    pub fn may(&self, action: Action, scope: Scope) -> Result<(), Problem> {
        if let Who::Phone { standing, .. } = self.who
            && action != Action::Push
        {
            standing.require_good()?;
        }
        decide(&self.book.areas, self.grant, action, scope).map_err(|denied| match denied {
            Denied::Role => Problem::forbidden(),
            Denied::Area => Problem::outside_area(),
        })
    }
}

impl FromRequestParts<Site> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Problem> {
        match parts.headers.get(header::AUTHORIZATION) {
            Some(value) => {
                let (series, token) =
                    value.to_str().ok().and_then(device_token).ok_or_else(Problem::nobody)?;
                phone(site, series, token).await
            }
            None => {
                let token = session_token(parts).ok_or_else(Problem::nobody)?;
                let safe = matches!(parts.method, Method::GET | Method::HEAD);
                if !safe {
                    require_console_header(&parts.headers)?;
                }
                console(site, token).await
            }
        }
    }
}

/// # Errors
/// 403 `csrf` without the header that only the console's own pages can send.
pub(super) fn require_console_header(headers: &HeaderMap) -> Result<(), Problem> {
    if headers.get(CONSOLE_HEADER).is_some_and(|value| value == "console") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "csrf",
        "请求缺少页面自带的标记，没有执行；请从万家的页面操作",
        "the request lacks the page's own header and was not carried out; use the console's pages",
    )
    .at("X-Wanjia"))
}

fn device_token(value: &str) -> Option<(SeriesId, String)> {
    let (scheme, rest) = value.split_once(' ')?;
    let (series, token) = rest.trim().split_once(':')?;
    if !scheme.eq_ignore_ascii_case("device") || token.is_empty() {
        return None;
    }
    Some((series.parse().ok()?, token.to_owned()))
}

pub(super) fn session_token(parts: &Parts) -> Option<String> {
    parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == SESSION_COOKIE)
        .map(|(_, token)| token.to_owned())
}

/// Tokens are random; what is kept of one is its hash.
pub(super) fn token_hash(token: &str) -> SecretHash {
    Sha256::digest(token).into()
}

async fn phone(site: &Site, series: SeriesId, token: String) -> Result<Caller, Problem> {
    let control = Arc::clone(&site.control);
    let device = site
        .territory
        .read_for_push(move |reader| {
            let known = control.phone_token(series)?;
            if !known.is_some_and(|known| bool::from(known.ct_eq(&token_hash(&token)))) {
                return Ok(None);
            }
            control.saw_phone(series, now())?;
            Ok(reader.state().device(series)?)
        })
        .await?
        .ok_or_else(Problem::nobody)?;
    let grant = Grant { role: device.role, area: device.area };
    let who = Who::Phone {
        series,
        worker: device.worker,
        public_key: device.public_key,
        standing: Standing::of(&device, now()),
    };
    Ok(Caller { who, grant, book: site.territory.book() })
}

async fn console(site: &Site, token: String) -> Result<Caller, Problem> {
    let control = Arc::clone(&site.control);
    let (account, grant) = site
        .territory
        .read(move |reader| {
            let Some(account) = control.session(&token_hash(&token), now())? else { return Ok(None) };
            Ok(reader.state().grant(account)?.map(|grant| (account, grant)))
        })
        .await?
        .ok_or_else(Problem::nobody)?;
    Ok(Caller { who: Who::Console { account }, grant, book: site.territory.book() })
}

/// A JSON body: at most [`BODY_LIMIT`] bytes, `application/json`, every field known. As an answer, plain JSON.
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        AxumJson(self.0).into_response()
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let is_json = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_json = is_json.and_then(|value| value.split(';').next()).map(str::trim);
        if !is_json.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content_type",
                "这里只收 application/json",
                "only application/json is taken here",
            )
            .at("Content-Type"));
        }
        let bytes = read_body(request.into_body(), BODY_LIMIT, BODY_PATIENCE).await?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let field = error.path().to_string();
            json_problem(&field, error.inner())
        })?;
        reader.end().map_err(|error| json_problem(".", &error))?;
        Ok(Self(value))
    }
}

/// Reads a body of at most `limit` bytes that arrives within `patience`.
///
/// # Errors
/// 413, 408, or 400 if it broke off.
pub async fn read_body(body: Body, limit: usize, patience: Duration) -> Result<axum::body::Bytes, Problem> {
    let late = || {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "内容在规定时间内没有发完；请重发，没有收下任何内容",
            "the body did not arrive in time; send it again, nothing was taken",
        )
    };
    let error = match tokio::time::timeout(patience, to_bytes(body, limit)).await {
        Ok(Ok(bytes)) => return Ok(bytes),
        Ok(Err(error)) => error,
        Err(_) => return Err(late()),
    };
    let causes = || std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    if causes().any(|cause| cause.is::<TimeoutError>()) {
        return Err(late());
    }
    Err(if causes().any(|cause| cause.is::<LengthLimitError>()) {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("内容超过 {limit} 字节；请分成几次发"),
            format!("the body is larger than {limit} bytes; send it in parts"),
        )
    } else {
        Problem::new(
            StatusCode::BAD_REQUEST,
            "cut_off",
            "内容没有发完就断了；请重发，没有收下任何内容",
            "the body broke off; send it again, nothing was taken",
        )
    })
}

fn json_problem(field: &str, error: &serde_json::Error) -> Problem {
    if error.is_data() {
        return field_problem(field, error);
    }
    let place = format!("{}:{}", error.line(), error.column());
    Problem::new(
        StatusCode::BAD_REQUEST,
        "not_json",
        format!("内容不是完整的 JSON（第 {place} 处）"),
        format!("the body is no complete JSON (at {place})"),
    )
}

/// What serde says of a field, without the value that it repeats: a value may be somebody's name.
fn field_problem(field: &str, error: &impl fmt::Display) -> Problem {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let known = ["missing field", "unknown field", "standard base64", "base64 of"];
    let (zh, en) = if known.iter().any(|start| text.starts_with(start)) {
        (text.to_owned(), text.to_owned())
    } else if let Some((_, expected)) = text.rsplit_once("expected ") {
        (format!("应为 {expected}"), format!("{expected} was expected"))
    } else {
        ("值不对".to_owned(), "the value is not valid".to_owned())
    };
    let zh = zh
        .replace("missing field", "缺少字段")
        .replace("unknown field", "没有这个字段")
        .replace("expected one of", "可用的有")
        .replace(" was expected", "");
    let field = match (field, text.split('`').nth(1)) {
        ("." | "", Some(name)) if text.contains(" field ") => name.to_owned(),
        (path, Some(name)) if text.starts_with("missing field") => format!("{path}.{name}"),
        (path, _) => path.to_owned(),
    };
    Problem::field(&field, "field", format!("字段 {field}：{zh}"), format!("field {field}: {en}"))
}

/// Query parameters, every one known.
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or_default();
        let reader = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
        serde_path_to_error::deserialize(reader)
            .map(Self)
            .map_err(|error| field_problem(&error.path().to_string(), error.inner()))
    }
}

/// Parameters of the path; one that does not read names nothing: 404.
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => {
                Err(Problem::not_found("no_such_path", "没有这个地址", "there is nothing at this address"))
            }
        }
    }
}
