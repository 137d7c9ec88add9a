//! What a client reads when it is refused: `application/problem+json` (RFC 9457), in Chinese and in English, never
//! with a personal value in it.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use store::{PushRefused, StoreError};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::app::failure::Failure;

/// Why a request was refused, and what to do. Boxed: it travels in every `Result` and is rarely there.
#[derive(Clone, Debug)]
pub struct Problem(Box<Details>);

/// Why a request was refused, and what to do.
#[derive(Clone, Debug, Serialize, ToSchema)]
struct Details {
    /// `urn:wanjia:problem:<code>`
    #[serde(rename = "type")]
    kind: String,
    /// In Chinese, the same for every problem of this status.
    title: String,
    status: u16,
    /// In Chinese.
    detail: String,
    detail_en: String,
    /// The field, the query parameter or the header that is wrong, such as `facts[3].fact`.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// The row of an uploaded file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    /// What to do, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy_en: Option<String>,
    /// What some problems add, such as `expected` of a gap.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    more: Map<String, Value>,
    /// Seconds for the Retry-After header.
    #[serde(skip)]
    retry_after: Option<u64>,
}

impl Problem {
    pub fn new(status: StatusCode, code: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self(Box::new(Details {
            kind: format!("urn:wanjia:problem:{code}"),
            title: title(status).to_owned(),
            status: status.as_u16(),
            detail: zh.into(),
            detail_en: en.into(),
            field: None,
            row: None,
            remedy: None,
            remedy_en: None,
            more: Map::new(),
            retry_after: None,
        }))
    }

    /// A field that is wrong: 422.
    pub fn field(field: impl Into<String>, code: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, zh, en).at(field)
    }

    /// Something that is not there, or that the caller may not know of: 404.
    pub fn not_found(code: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, zh, en)
    }

    /// The present state does not allow it: 409.
    pub fn conflict(code: &str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, zh, en)
    }

    /// Nobody is signed in: 401.
    #[must_use]
    pub fn nobody() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "sign_in",
            "请先登录；手机请先绑定",
            "sign in first; a phone has to be enrolled first",
        )
    }

    /// The role may not: 403.
    #[must_use]
    pub fn forbidden() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "您的角色不能做这件事；名单和人员找文员或社区书记，开始和结束排查找街道或区",
            "your role may not do this; for lists and people ask a clerk or a community secretary, for opening and closing a sweep \
             the street or the county",
        )
    }

    /// Not in this area: 403.
    #[must_use]
    pub fn outside_area() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "outside_area",
            "这不在您负责的范围内",
            "this lies outside the area you are responsible for",
        )
        .remedy(
            "请选您负责的区域；要管别处，请街道或区里负责的人来做",
            "choose an area of yours, or leave it to the street or the county, who are responsible for it",
        )
    }

    /// A fault of ours; the log has the reason.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "服务器内部出错，没有改动任何内容；请重试，仍不行请联系管理员",
            "the server failed and changed nothing; try again, and tell the administrator if it goes on",
        )
    }

    /// Names the field that is wrong.
    #[must_use]
    pub fn at(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Names the row of an uploaded file.
    #[must_use]
    pub fn in_row(mut self, row: u64) -> Self {
        self.0.row = Some(row);
        self
    }

    /// Adds a member of its own.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    /// What to do.
    #[must_use]
    pub fn remedy(mut self, zh: impl Into<String>, en: impl Into<String>) -> Self {
        (self.0.remedy, self.0.remedy_en) = (Some(zh.into()), Some(en.into()));
        self
    }

    /// When to ask again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// What it says, in Chinese and in English.
    #[must_use]
    pub fn detail(&self) -> (&str, &str) {
        (&self.0.detail, &self.0.detail_en)
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The part of `type` that programs compare.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.kind.rsplit(':').next().unwrap_or_default()
    }
}

impl PartialSchema for Problem {
    fn schema() -> RefOr<Schema> {
        Details::schema()
    }
}

impl ToSchema for Problem {}

fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "请求读不懂",
        401 => "没有登录",
        403 => "不允许",
        404 => "没有找到",
        405 => "不支持这种方法",
        408 => "请求超时",
        409 => "与当前状态冲突",
        413 => "内容太大",
        415 => "内容类型不对",
        422 => "填写有误",
        429 => "太频繁",
        503 => "暂时不能服务",
        _ => "服务器出错",
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.0).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

impl From<Failure> for Problem {
    /// A failure of a use-case by its code. What the storage says of itself goes to the log, not to a client.
    fn from(failure: Failure) -> Self {
        let status = match failure.code {
            "store"
            | "file"
            | "schema"
            | "key"
            | "not_a_data_directory"
            | "already_exists"
            | "random"
            | "broken"
            | "views_outdated"
            | "no_entropy"
            | "thread" => {
                tracing::error!(code = failure.code, reason = %failure.en, "a request failed");
                return Self::internal();
            }
            "in_use" | "stopping" => {
                return Self::new(StatusCode::SERVICE_UNAVAILABLE, failure.code, failure.zh, failure.en)
                    .retry_after(5);
            }
            "unknown_area" | "unknown_sweep" | "unknown_dwelling" | "unknown_person" | "unknown_case" => {
                StatusCode::NOT_FOUND
            }
            "pack_unreadable" => StatusCode::SERVICE_UNAVAILABLE,
            "not_in_role" => StatusCode::FORBIDDEN,
            "case_moved" | "case_not_ended" | "step_not_possible" | "not_late" | "condition_fails" => {
                StatusCode::CONFLICT
            }
            "residual" | "sweep_closed" | "sweep_recorded" | "not_refused" | "not_to_call" | "plan_over" => {
                StatusCode::CONFLICT
            }
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Self::new(status, failure.code, failure.zh, failure.en)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Failure::from(error).into()
    }
}

impl From<PushRefused> for Problem {
    fn from(refused: PushRefused) -> Self {
        match refused {
            PushRefused::Unreadable { index } => Self::field(
                format!("facts[{index}].fact"),
                "unreadable",
                format!("第 {} 条记录读不出来，或属于另一台手机；没有收下任何一条", index + 1),
                format!("fact {} does not read, or is another phone's; none was taken", index + 1),
            )
            .remedy("请更新手机上的程序后重发", "update the app and send again"),
            PushRefused::BadSignature => Self::field(
                "signature",
                "bad_signature",
                "签名与这台手机的密钥或最后一条记录不符；没有收下任何一条",
                "the signature does not fit this phone's key or the last fact; none was taken",
            )
            .remedy("请找社区重新绑定手机", "ask the community to enrol the phone again"),
            PushRefused::UnknownDevice => Self::nobody(),
            PushRefused::Gap { expected } => Self::conflict(
                "gap",
                format!("缺少前面的记录；请从第 {expected} 号起重发"),
                format!("facts before these are missing; send from number {expected} on"),
            )
            .with("expected", expected),
            PushRefused::Empty => {
                Self::field("facts", "empty", "一条记录也没有", "there is not one fact in it")
            }
        }
    }
}
