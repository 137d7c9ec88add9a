//! The map of a community: a dry run writes nothing, what matches is found again, and nothing else of the file is kept.

use axum::http::StatusCode;
use domain::access::Role;
use domain::fact::{Light, Outcome};
use serde_json::{Value, json};

use super::place::{OWN, Place, SWEEP, Who};

const CLERK: Who = Who::Role(Role::Clerk);

/// A file of one small square for each of these buildings.
pub fn outlines(buildings: &[&str]) -> String {
    let features: Vec<Value> = (0..)
        .zip(buildings)
        .map(|(at, name)| {
            let west = 114.3 + f64::from(at) * 0.001;
            let ring = [
                [west, 30.6],
                [west + 0.0005, 30.6],
                [west + 0.0005, 30.6005],
                [west, 30.6005],
                [west, 30.6],
            ];
            json!({
                "type": "Feature", "properties": {"楼栋": name, "owner": "张三丰"},
                "geometry": {"type": "Polygon", "coordinates": [ring]},
            })
        })
        .collect();
    json!({"type": "FeatureCollection", "features": features}).to_string()
}

async fn draw(place: &Place, query: &str, file: String) -> super::place::Answer {
    let uri = format!("/v1/map?area={OWN}&source=outlines.geojson{query}");
    place.ask(CLERK, "POST", &uri, Some(Value::String(file))).await
}

async fn drawn(place: &Place) -> Value {
    place.ask(CLERK, "GET", &format!("/v1/map?area={OWN}"), None).await.json()
}

#[tokio::test]
async fn a_map_says_what_matched_and_keeps_nothing_else_of_the_file() {
    let place = Place::new().await;
    assert_eq!(drawn(&place).await, json!({}));
    let mut file: Value = serde_json::from_str(&outlines(&["3号楼", "77", ""])).unwrap();
    file["features"][2]["geometry"] = json!({"type": "Point", "coordinates": [114.3, 30.6]});
    let told = draw(&place, "&dry_run=true", file.to_string()).await.json();
    assert_eq!([&told["matched"], &told["unmatched"], &told["refused"]], [1, 1, 1]);
    assert_eq!(told["features"][0]["feature"], 3);
    assert_eq!(told["features"][0]["fate"], "refused");
    assert_eq!(told["features"][1]["fate"], "unmatched");
    assert_eq!(told["features"][2]["building"], "3栋");
    assert_eq!(told["undrawn"], json!([]));
    assert_eq!(drawn(&place).await, json!({}), "a dry run writes nothing");

    assert_eq!(draw(&place, "", file.to_string()).await.json()["applied"], true);
    let answer = drawn(&place).await;
    assert_eq!([&answer["area_code"], &answer["source"]], [OWN, "outlines.geojson"]);
    let shapes = answer["shapes"]["features"].as_array().unwrap();
    assert_eq!(shapes.len(), 2);
    assert_eq!(shapes[0]["properties"], json!({"kind": "building", "building": "3"}));
    assert_eq!(shapes[0]["geometry"]["coordinates"][0][0][0], json!([114.3, 30.6]));
    assert_eq!(shapes[1]["properties"], json!({"kind": "surroundings"}));
    assert!(!answer.to_string().contains("张三丰"));

    let root = place.folder.path().join("data");
    place.site.territory.stop().await;
    let report = store::verify::verify(&root, None, true, &mut |_| {});
    assert!(report.is_ok(), "{report:?}");
}

#[tokio::test]
async fn the_outlines_key_is_the_one_of_the_list_of_buildings() {
    let place = Place::new().await;
    let buildings = format!("/v1/sweeps/{SWEEP}/buildings?area={OWN}");
    let before = place.ask(CLERK, "GET", &buildings, None).await.json();
    assert_eq!(before["buildings"], json!([{"building": "3栋", "key": "3", "dwellings": 2, "accounted": 0}]));
    place.visit(SWEEP, place.door(OWN, "3", "2", "402").await, Outcome::Met, Light::On).await;
    let after = place.ask(CLERK, "GET", &buildings, None).await.json();
    assert!(after["buildings"][0]["visited_at"].is_string());
    assert_eq!(after["buildings"][0]["accounted"], 1);
}

#[tokio::test]
async fn what_is_no_map_is_refused_and_nothing_is_written() {
    let place = Place::new().await;
    for (file, code) in [
        (outlines(&["77", "78"]), "nothing_matched"),
        ("{".to_owned(), "not_json"),
        ("{}".to_owned(), "no_features"),
        (
            outlines(&["3"]).replacen(
                '{',
                r#"{"crs":{"type":"name","properties":{"name":"urn:ogc:def:crs:EPSG::3857"}},"#,
                1,
            ),
            "other_coordinates",
        ),
    ] {
        let answer = draw(&place, "", file).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(answer.code(), code);
    }
    let large = draw(&place, "", " ".repeat(intake::map::MOST_BYTES + 1)).await;
    assert_eq!(large.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(drawn(&place).await, json!({}));
    let county = place.ask(Who::Role(Role::Clerk), "GET", "/v1/map?area=420102", None).await;
    assert_eq!(county.code(), "outside_area");
}
