//! Answers: an envelope with a sentence that the worker reads in her language, and the headers that ODK clients look for.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use quick_xml::escape::escape;

use super::ACCEPTED_LENGTH;
use crate::app::failure::Failure;
use crate::http::problem::Problem;

pub const VERSION: HeaderName = HeaderName::from_static("x-openrosa-version");
const ACCEPT_LENGTH: HeaderName = HeaderName::from_static("x-openrosa-accept-content-length");
/// Collect takes no answer for OpenRosa's whose kind is another one.
pub const XML: &str = "text/xml; charset=utf-8";

/// What the worker reads.
#[derive(Clone, Debug)]
pub struct Said {
    pub status: StatusCode,
    pub zh: String,
    pub en: String,
    /// A client that signs in is asked to.
    pub challenge: bool,
}

impl Said {
    pub fn new(status: StatusCode, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { status, zh: zh.into(), en: en.into(), challenge: false }
    }
}

impl IntoResponse for Said {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<Failure> for Said {
    fn from(failure: Failure) -> Self {
        let problem = Problem::from(failure);
        let (zh, en) = problem.detail();
        Self::new(problem.status(), zh, en)
    }
}

/// For whoever has typed in an address that ends in something else.
pub async fn no_such_address() -> Said {
    Said::new(
        StatusCode::NOT_FOUND,
        "没有这个地址；服务器地址照社区给的填，到口令为止，后面不要再加",
        "there is nothing at this address; the server's address ends with the token that the community gave you",
    )
}

pub async fn only_for_reading() -> Said {
    Said::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "这个地址只能读取；填好的表请发到 submission",
        "this address is only read; forms that are filled in go to submission",
    )
}

fn envelope(said: &Said, english: bool) -> String {
    let nature = if said.status.is_success() { "submit_success" } else { "error" };
    let message = escape(if english { said.en.as_str() } else { said.zh.as_str() });
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OpenRosaResponse xmlns=\"http://openrosa.org/http/response\">\
         <message nature=\"{nature}\">{message}</message></OpenRosaResponse>"
    )
}

/// Whether English is asked for before Chinese; who asks for neither is answered in Chinese.
pub fn is_english(headers: &HeaderMap) -> bool {
    let asked =
        headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    asked
        .split(',')
        .map(|language| language.trim().to_ascii_lowercase())
        .find(|language| language.starts_with("zh") || language.starts_with("en"))
        .is_some_and(|language| language.starts_with("en"))
}

/// Puts every answer into words and gives it its headers.
pub async fn speak(request: Request, next: Next) -> Response {
    let english = is_english(request.headers());
    let mut response = next.run(request).await;
    if response.status() == StatusCode::PAYLOAD_TOO_LARGE && response.extensions().get::<Said>().is_none() {
        response = super::submission::too_large().into_response();
    }
    if let Some(said) = response.extensions().get::<Said>().cloned() {
        let words = ([(header::CONTENT_TYPE, XML)], envelope(&said, english));
        response = (said.status, words).into_response();
        if said.challenge {
            let basic = HeaderValue::from_static("Basic realm=\"wanjia\", charset=\"UTF-8\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, basic);
        }
    }
    let headers = response.headers_mut();
    headers.insert(VERSION, HeaderValue::from_static("1.0"));
    headers.insert(ACCEPT_LENGTH, HeaderValue::from(ACCEPTED_LENGTH));
    headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(if english { "en" } else { "zh-CN" }));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// # Errors
/// 400 without the header by which a client says that it speaks OpenRosa 1.0.
pub fn require_version(headers: &HeaderMap) -> Result<(), Said> {
    if headers.get(VERSION).is_some_and(|value| value == "1.0") {
        return Ok(());
    }
    Err(Said::new(
        StatusCode::BAD_REQUEST,
        "请求头缺少 X-OpenRosa-Version: 1.0",
        "the header X-OpenRosa-Version: 1.0 is missing",
    ))
}
