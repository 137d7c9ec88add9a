//! The console, the phone app and the resident's page, from `web/dist` as it was when the program was built.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use rust_embed::{EmbeddedFile, RustEmbed};

use super::Site;
use super::layers::{CONTENT_SECURITY_POLICY, nothing_here};
use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// What the build names by its content: it never changes under its name.
const HASHED: [&str; 3] = ["assets/", "phone/assets/", "home/assets/"];
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// Asked for again each time; unchanged, it costs an empty answer.
const ASK_AGAIN: HeaderValue = HeaderValue::from_static("no-cache");

/// The engine of the phone's forms is WebAssembly: that page, and no other, may compile it. `eval` it may not.
static PHONE_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let policy = CONTENT_SECURITY_POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'");
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static(CONTENT_SECURITY_POLICY))
});

pub fn routes() -> Router<Site> {
    Router::new()
        .route("/phone", get(|| async { Redirect::permanent("/phone/") }))
        .route("/home", get(|| async { Redirect::permanent("/home/") }))
        .fallback(page)
}

/// A file by its path; a folder by its `index.html`.
async fn page(request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return nothing_here().await.into_response();
    }
    let Some(path) = path_of(request.uri()) else { return nothing_here().await.into_response() };
    match Files::get(&path) {
        Some(file) => answer(&path, &file, request.headers()),
        None if ["index.html", "phone/index.html", "home/index.html"].contains(&path.as_str()) => {
            Problem::not_found(
                "no_pages",
                "这个程序里没有网页；请用 make build 重新构建",
                "this program was built without its pages; build it with `make build`",
            )
            .into_response()
        }
        None => nothing_here().await.into_response(),
    }
}

/// The name of a file within `web/dist`. In a debug build that is a path on the disk, so nothing that could lead out
/// of the folder passes.
fn path_of(uri: &Uri) -> Option<String> {
    let path = uri.path().strip_prefix('/')?;
    let plain = path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte));
    if !plain
        || path.split('/').any(|part| part.starts_with('.'))
        || path.starts_with('/')
        || path.contains("//")
    {
        return None;
    }
    Some(if path.is_empty() || path.ends_with('/') { format!("{path}index.html") } else { path.to_owned() })
}

fn answer(path: &str, file: &EmbeddedFile, asked: &HeaderMap) -> Response {
    let hash: String =
        file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    // Weak: the same tag stands for the file as it is and compressed.
    let tag = format!("W/\"{hash}\"");
    let known = asked.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let unchanged = known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag));
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.clone().into_owned().into_response()
    };
    let headers = response.headers_mut();
    let kind = file.metadata.mimetype();
    let kind = if kind.starts_with("text/") { format!("{kind}; charset=utf-8") } else { kind.to_owned() };
    if let (Ok(kind), Ok(tag)) = (HeaderValue::from_str(&kind), HeaderValue::from_str(&tag)) {
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::ETAG, tag);
    }
    if path == "phone/index.html" {
        headers.insert(header::CONTENT_SECURITY_POLICY, PHONE_POLICY.clone());
    }
    let hashed = HASHED.iter().any(|folder| path.starts_with(folder));
    headers.insert(header::CACHE_CONTROL, if hashed { FOREVER } else { ASK_AGAIN });
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_within_the_folder() {
        let name = |path: &str| path_of(&path.parse().unwrap());
        assert_eq!(name("/").as_deref(), Some("index.html"));
        assert_eq!(name("/phone/").as_deref(), Some("phone/index.html"));
        assert_eq!(name("/assets/a-1_b.js?x=1").as_deref(), Some("assets/a-1_b.js"));
        for outside in
            ["/../Cargo.toml", "/a/../../b", "/%2e%2e/x", "//etc/passwd", "/.git/config", "/a\\b", "/a%00"]
        {
            assert_eq!(outside.parse().ok().as_ref().and_then(path_of), None, "{outside}");
        }
    }
}
