//! What a browser gets: pages, headers, the contract as a page; and nothing that lies outside.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};

use crate::ground::{Answer, Door, Ground};

async fn ask(door: &Door, method: Method, path: &str) -> Answer {
    door.ask(Request::builder().method(method).uri(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn every_answer_has_the_headers_that_keep_a_page_safe() {
    let ground = Ground::new(1);
    let door = ground.open().await;
    let built = include_str!("../../../../web/build.ts");
    for path in ["/", "/phone/", "/healthz", "/docs", "/openapi.json", "/v1/pull", "/nowhere"] {
        let answer = ask(&door, Method::GET, path).await;
        let policy = answer.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        for part in policy.split("; ").filter(|part| *part != "frame-ancestors 'none'") {
            assert!(
                built.contains(&part.replace(" 'wasm-unsafe-eval'", "")),
                "{part} is not in web/build.ts"
            );
        }
        // Only the phone's page, which runs the engine of its forms, may compile WebAssembly; none may eval.
        assert_eq!(
            policy.contains("'wasm-unsafe-eval'"),
            path == "/phone/" && answer.status == StatusCode::OK,
            "{path}"
        );
        assert!(!policy.contains("'unsafe-"), "{path}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"));
        assert_eq!(answer.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(answer.headers[header::REFERRER_POLICY], "no-referrer");
        let stored = answer.headers.get(header::CACHE_CONTROL).map(|value| value.to_str().unwrap());
        assert_eq!(stored == Some("no-store"), path.starts_with("/v1/"), "{path}");
    }
    assert_eq!(ask(&door, Method::GET, "/healthz").await.bytes, b"ok");
    assert_eq!(ask(&door, Method::GET, "/phone").await.headers[header::LOCATION], "/phone/");
}

#[tokio::test]
async fn nothing_outside_the_pages_is_served() {
    let ground = Ground::new(1);
    let door = ground.open().await;
    for path in [
        "/../Cargo.toml",
        "/assets/../../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/..%2fCargo.toml",
        "//etc/passwd",
        "/phone//etc/passwd",
        "/.gitignore",
        "/phone/.x",
        "/v1/nowhere",
        "/docs/../healthz",
    ] {
        let answer = ask(&door, Method::GET, path).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::NOT_FOUND, "no_such_path"),
            "{path}"
        );
    }
    let answer = ask(&door, Method::POST, "/").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_contract_is_served_as_a_document_and_as_a_page() {
    let ground = Ground::new(1);
    let door = ground.open().await;
    let document = ask(&door, Method::GET, "/openapi.json").await;
    assert_eq!(document.headers[header::CONTENT_TYPE], "application/json");
    assert_eq!(document.json(), serde_json::to_value(wanjia::http::document()).unwrap());
    let page = String::from_utf8(ask(&door, Method::GET, "/docs").await.bytes).unwrap();
    assert!(page.contains("POST /v1/facts") && !page.contains("<script"));
}

#[tokio::test]
async fn an_unknown_method_and_a_missing_page_say_so() {
    let ground = Ground::new(1);
    let door = ground.open().await;
    let answer = ask(&door, Method::DELETE, "/v1/facts").await;
    assert_eq!((answer.status, answer.problem()), (StatusCode::METHOD_NOT_ALLOWED, "method".into()));
    for path in ["/", "/phone/"] {
        let answer = ask(&door, Method::GET, path).await;
        match answer.status {
            StatusCode::OK => {
                assert_eq!(answer.headers[header::CONTENT_TYPE], "text/html; charset=utf-8");
                assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache");
                let again =
                    Request::builder().uri(path).header(header::IF_NONE_MATCH, &answer.headers[header::ETAG]);
                let again = door.ask(again.body(Body::empty()).unwrap()).await;
                assert_eq!((again.status, again.bytes.len()), (StatusCode::NOT_MODIFIED, 0));
            }
            // The web was not built: the program says how.
            _ => assert_eq!(answer.problem(), "no_pages"),
        }
    }
}
