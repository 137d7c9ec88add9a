//! The base map: served in ranges to whoever sees the map, and nowhere mentioned where there is none.

use axum::body::Body;
use axum::http::Request;
use domain::access::Role;
use wanjia::app::tiles::Tiles;

use super::place::{Answer, OWN, Place, Who};

const CLERK: Who = Who::Role(Role::Clerk);

/// The header of an archive of pictures that nothing is packed in, and some bytes behind it.
fn archive() -> Vec<u8> {
    let mut bytes = vec![0; 127];
    bytes[..8].copy_from_slice(b"PMTiles\x03");
    bytes[97..100].copy_from_slice(&[1, 1, 2]);
    bytes.extend((0..4096_u16).flat_map(u16::to_le_bytes));
    bytes
}

async fn asked(place: &Place, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get("/v1/tiles").header("host", "wanjia.example");
    request = request.header("cookie", place.session(CLERK)).header("accept-encoding", "gzip");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    place.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_base_map_is_served_in_ranges() {
    let place = Place::new().await;
    let (path, bytes) = (place.folder.path().join("city.pmtiles"), archive());
    std::fs::write(&path, &bytes).unwrap();
    let place = place.with_tiles(Tiles::open(&path).unwrap());
    let map = place.ask(CLERK, "GET", &format!("/v1/map?area={OWN}"), None).await;
    assert_eq!(map.json(), serde_json::json!({"tiles": true}));

    let part = asked(&place, &[("range", "bytes=120-399")]).await;
    assert_eq!(part.status, 206);
    assert_eq!(part.bytes, bytes[120..400]);
    assert_eq!(part.headers["content-range"], format!("bytes 120-399/{}", bytes.len()));
    assert_eq!(part.headers["cache-control"], "private, no-cache");
    let beyond = asked(&place, &[("range", "bytes=90000-90001")]).await;
    assert_eq!(beyond.status, 416);
    assert_eq!(beyond.headers["content-range"], format!("bytes */{}", bytes.len()));

    let tag = part.headers["etag"].to_str().unwrap();
    assert_eq!(asked(&place, &[("if-none-match", tag)]).await.status, 304);
    std::fs::write(&path, &bytes[..1000]).unwrap();
    let replaced = asked(&place, &[("range", "bytes=0-126"), ("if-none-match", tag)]).await;
    assert_eq!(replaced.status, 206);
    assert_ne!(replaced.headers["etag"], tag, "another file is told by its tag");

    std::fs::remove_file(&path).unwrap();
    assert_eq!(place.ask(CLERK, "GET", "/v1/tiles", None).await.code(), "no_tiles");
}

#[tokio::test]
async fn without_one_nothing_is_there_and_strangers_learn_nothing() {
    let place = Place::new().await;
    assert_eq!(place.ask(CLERK, "GET", "/v1/tiles", None).await.code(), "no_tiles");
    let bytes = archive();
    let path = place.folder.path().join("city.pmtiles");
    std::fs::write(&path, &bytes).unwrap();
    let place = place.with_tiles(Tiles::open(&path).unwrap());
    for who in [Who::Nobody, Who::Ended] {
        assert_eq!(place.ask(who, "GET", "/v1/tiles", None).await.status, 401);
    }
    for who in [Role::GridWorker, Role::Auditor, Role::DepartmentObserver] {
        assert_eq!(place.ask(Who::Role(who), "GET", "/v1/tiles", None).await.status, 403);
    }
    for who in [Role::Clerk, Role::CommunitySecretary, Role::Street, Role::County, Role::City] {
        assert_eq!(place.ask(Who::Role(who), "GET", "/v1/tiles", None).await.status, 200);
    }
}
