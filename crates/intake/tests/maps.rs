//! Maps from strangers: every feature becomes a shape or a named refusal, and nothing panics.

#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use intake::map::{MOST_BYTES, MapError, MapItem, Named, read_map};
use proptest::prelude::*;
use serde_json::{Value, json};

fn square(at: f64) -> Value {
    json!({"type": "Polygon", "coordinates": [[[at, 30.0], [at + 0.001, 30.0], [at + 0.001, 30.001], [at, 30.0]]]})
}

fn collection(features: &[Value]) -> Vec<u8> {
    json!({"type": "FeatureCollection", "features": features}).to_string().into_bytes()
}

fn feature(properties: Value, geometry: Value) -> Value {
    json!({"type": "Feature", "properties": properties, "geometry": geometry})
}

fn read_one(feature: Value) -> Result<Named, (&'static str, u64)> {
    let mut read = read_map(&collection(&[feature])).unwrap();
    assert_eq!(read.len(), 1);
    match read.remove(0) {
        MapItem::Shape(shape) => Ok(shape.named),
        MapItem::Refused(refusal) => Err((refusal.code, refusal.row)),
    }
}

#[test]
fn a_buildings_number_is_found_under_many_names() {
    for (properties, number) in [
        (json!({"楼栋号": "3号楼", "name": "花园"}), "3号楼"),
        (json!({"Building_No": 12}), "12"),
        (json!({"addr:housenumber": "7", "网格编码": "420102002003001"}), "7"),
        (json!({"fid": 9, "名称": "3栋"}), "3栋"),
    ] {
        assert_eq!(read_one(feature(properties, square(114.3))), Ok(Named::Building(number.into())));
    }
    let grid = json!({"网格编码": "420102002003001", "name": "第一网格"});
    assert_eq!(read_one(feature(grid, square(114.3))), Ok(Named::Grid("420102002003001".into())));
    for nothing in [json!(null), json!({}), json!({"楼栋": ""}), json!({"楼栋": [1]}), json!({"楼栋": 1.5})]
    {
        assert_eq!(read_one(feature(nothing, square(114.3))), Ok(Named::Unnamed));
    }
}

#[test]
fn what_is_no_outline_in_degrees_is_refused_by_its_number() {
    let polygon = |points: Value| json!({"type": "Polygon", "coordinates": [points]});
    for (geometry, code) in [
        (json!(null), "no_outline"),
        (json!({"type": "Point", "coordinates": [114.3, 30.0]}), "no_outline"),
        (polygon(json!([[114.3, 30.0], [114.4, 30.0], [114.3, 30.0]])), "no_outline"),
        (json!({"type": "Polygon", "coordinates": []}), "no_outline"),
        (json!({"type": "MultiPolygon", "coordinates": []}), "no_outline"),
        (polygon(json!([[114.3], [114.4, 30.0], [114.3, 30.1]])), "no_feature"),
        (polygon(json!([["a", 30.0]])), "no_feature"),
        (polygon(json!([[30.0, 114.3], [30.0, 114.4], [30.1, 114.3]])), "swapped"),
        (
            polygon(json!([[532_000.0, 3_380_000.0], [532_010.0, 3_380_000.0], [532_000.0, 3_380_010.0]])),
            "no_degrees",
        ),
        (polygon(json!([[114.3, 30.0], [115.3, 30.0], [114.3, 30.1]])), "too_wide"),
    ] {
        assert_eq!(read_one(feature(json!({"楼栋": "3"}), geometry.clone())), Err((code, 1)), "{geometry}");
    }
}

#[test]
fn a_ring_is_closed_and_kept_to_the_centimetre() {
    let open = json!({"type": "Polygon", "coordinates":
        [[[114.300_000_012, 30.0, 5.0], [114.301, 30.0, 5.0], [114.301, 30.0, 5.0], [114.301, 30.001, 5.0]]]});
    let read = read_map(&collection(&[feature(json!({}), open)])).unwrap();
    let MapItem::Shape(shape) = &read[0] else { panic!("refused") };
    let ring = &shape.polygons[0][0];
    assert_eq!(*ring, [[114.3, 30.0], [114.301, 30.0], [114.301, 30.001], [114.3, 30.0]]);
}

#[test]
fn a_file_that_is_no_map_says_so() {
    let whole = |bytes: &[u8]| read_map(bytes).err();
    assert!(matches!(whole(b"{\"type\":\n \"Fea"), Some(MapError::NotJson { line: 2, .. })));
    for none in ["[]", "{}", r#"{"type":"FeatureCollection","features":[]}"#, r#"{"type":"Feature"}"#] {
        assert_eq!(whole(none.as_bytes()), Some(MapError::NoFeatures), "{none}");
    }
    let mut old: Value = serde_json::from_slice(&collection(&[feature(json!({}), square(1.0))])).unwrap();
    for (name, fault) in [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", None),
        ("urn:ogc:def:crs:EPSG::4490", None),
        ("urn:ogc:def:crs:EPSG::3857", Some(MapError::OtherCoordinates)),
    ] {
        old["crs"] = json!({"type": "name", "properties": {"name": name}});
        assert_eq!(whole(old.to_string().as_bytes()), fault, "{name}");
    }
    assert_eq!(whole(&vec![b' '; MOST_BYTES + 1]), Some(MapError::TooLarge));
    let many = vec![json!({}); 20_001];
    assert_eq!(whole(&collection(&many)), Some(MapError::TooManyFeatures));
    let points: Vec<[f64; 2]> =
        (0..200_000).map(|at| [114.0 + f64::from(at) * 1e-6, f64::from(at % 2) * 0.1]).collect();
    let long = feature(json!({}), json!({"type": "Polygon", "coordinates": [points]}));
    assert_eq!(whole(&collection(&[long])), Some(MapError::TooManyPoints));
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-200.0..200.0_f64).prop_map(Value::from),
        "[楼栋网格typePolygon0-9]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        let key = prop_oneof![
            Just("type".to_owned()),
            Just("geometry".to_owned()),
            Just("coordinates".to_owned()),
            Just("properties".to_owned()),
            Just("features".to_owned()),
            Just("楼栋".to_owned()),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..6).prop_map(Value::from_iter),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_feature_ends_as_a_shape_or_a_refusal(
        features in prop::collection::vec(prop_oneof![
            value(),
            (value(), value()).prop_map(|(properties, coordinates)| feature(
                properties, json!({"type": "Polygon", "coordinates": coordinates}),
            )),
            prop::collection::vec(prop::collection::vec((-181.0..181.0_f64, -91.0..91.0_f64), 0..6), 0..3)
                .prop_map(|rings| feature(json!({"楼栋": "3"}), json!({"type": "Polygon", "coordinates": rings}))),
        ], 1..8),
    ) {
        let read = read_map(&collection(&features)).unwrap();
        prop_assert_eq!(read.len(), features.len());
        for (number, one) in (1..).zip(&read) {
            match one {
                MapItem::Shape(shape) => {
                    prop_assert_eq!(shape.feature, number);
                    for ring in shape.polygons.iter().flatten() {
                        prop_assert!(ring.len() >= 4 && ring.first() == ring.last());
                    }
                }
                MapItem::Refused(refusal) => prop_assert_eq!(refusal.row, number),
            }
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_map(&bytes);
    }
}
