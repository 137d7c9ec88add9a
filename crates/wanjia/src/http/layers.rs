//! What every answer gets: security headers, limits, a trace without anything personal, and a way out of a panic.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use super::problem::Problem;

/// The largest body of any request, in bytes: a roster of a whole county.
pub const UPLOAD_LIMIT: usize = 512 << 20;
/// How long a body may pause between two pieces.
const BODY_PAUSE: Duration = Duration::from_secs(15);

/// The policy of `web/build.ts`, and that no other site may frame a page.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Puts the layers around a router.
pub fn around(router: Router) -> Router {
    let set = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(CatchPanicLayer::custom(panicked))
        .layer(CompressionLayer::new())
        .layer(RequestBodyLimitLayer::new(UPLOAD_LIMIT))
        .layer(RequestBodyTimeoutLayer::new(BODY_PAUSE))
        .layer(from_fn(never_stored))
        .layer(set(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(set(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(set(header::REFERRER_POLICY, "no-referrer"))
        .layer(set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(set(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(
            TraceLayer::new_for_http()
                // Neither query nor body: both may hold an area, a name, a token.
                .make_span_with(|request: &Request| {
                    tracing::info_span!("http", method = %request.method(), path = %crate::openrosa::unkeyed(request.uri().path()))
                })
                .on_request(())
                .on_response(|response: &Response, took: Duration, _: &Span| {
                    tracing::info!(status = response.status().as_u16(), milliseconds = took.as_millis(), "answered");
                })
                .on_body_chunk(())
                .on_eos(()),
        )
}

/// Nothing of the interface is kept by a browser or a proxy, unless the answer says so itself.
async fn never_stored(request: Request, next: Next) -> Response {
    let of_interface = request.uri().path().starts_with("/v1/");
    let mut response = next.run(request).await;
    if of_interface {
        let kept = response.headers_mut().entry(header::CACHE_CONTROL);
        kept.or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    tracing::error!("a handler panicked");
    Problem::internal().into_response()
}

/// An address at which there is nothing.
pub async fn nothing_here() -> Problem {
    Problem::not_found("no_such_path", "没有这个地址", "there is nothing at this address")
}

/// An address at which there is something, but not for this method.
pub async fn another_method() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method",
        "这个地址不支持这种方法",
        "this address does not take that method",
    )
}
