//! The machine-readable contract in the repository is the one that the code makes.

#[test]
fn the_committed_document_is_that_of_the_code() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    let made = wanjia::http::document().to_pretty_json().unwrap();
    assert!(
        committed.trim_end() == made.trim_end(),
        "run `make gen`: docs/openapi.json is not what the code makes"
    );
    let document: serde_json::Value = serde_json::from_str(&made).unwrap();
    assert_eq!(document["openapi"], "3.1.0");
}
