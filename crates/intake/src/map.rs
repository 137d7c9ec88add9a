//! Outlines of buildings and grids from a GeoJSON file (RFC 7946), feature by feature.
//!
//! Every feature of the file ends as exactly one [`MapItem`]; the `row` of a refusal is the feature's number from 1.
//! Of a feature's properties only the number of its building or the code of its grid is read; the rest may be anything,
//! names of people too, and goes no further.

use geojson::{Feature, GeometryValue, Position};
use serde_json::{Map, Value};

use crate::header::folded;
use crate::message::{Cells, Refusal, ValueClass};

/// The most bytes of a file, features of a file, and points of all its outlines together.
pub const MOST_BYTES: usize = 8 << 20;
pub const MOST_FEATURES: usize = 20_000;
pub const MOST_POINTS: usize = 200_000;
/// The longest side of one outline, in degrees: some fifty kilometres, more than any community.
const WIDEST: f64 = 0.5;

/// What an outline is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// The building's number as the file writes it.
    Building(String),
    /// The code or the name of the grid as the file writes it.
    Grid(String),
    /// Nothing that a register numbers.
    Unnamed,
}

/// The corners of a closed line: longitude and latitude in degrees (WGS 84), the first once more at the end.
pub type Ring = Vec<[f64; 2]>;

/// One feature: polygons, each an outer ring and its holes.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// From 1, as the features stand in the file.
    pub feature: u64,
    pub named: Named,
    pub polygons: Vec<Vec<Ring>>,
}

/// What one feature became.
#[derive(Clone, Debug, PartialEq)]
pub enum MapItem {
    Shape(Shape),
    Refused(Refusal),
}

/// Why a file is no map as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapError {
    TooLarge,
    NotJson { line: usize, column: usize },
    NoFeatures,
    TooManyFeatures,
    TooManyPoints,
    OtherCoordinates,
}

impl MapError {
    /// For programs.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooLarge | Self::TooManyFeatures | Self::TooManyPoints => "map_too_large",
            Self::NotJson { .. } => "not_json",
            Self::NoFeatures => "no_features",
            Self::OtherCoordinates => "other_coordinates",
        }
    }

    pub fn zh(self) -> String {
        match self {
            Self::TooLarge => format!("文件超过 {} MiB；请按社区分开导出", MOST_BYTES >> 20),
            Self::NotJson { line, column } => {
                format!("第 {line} 行第 {column} 个字符处不是 JSON；请重新导出为 GeoJSON")
            }
            Self::NoFeatures => {
                "文件不是 GeoJSON 要素集（FeatureCollection），或里面没有要素；请重新导出".to_owned()
            }
            Self::TooManyFeatures => format!("要素超过 {MOST_FEATURES} 个；请按社区分开导出"),
            Self::TooManyPoints => format!("轮廓的点超过 {MOST_POINTS} 个；请先简化轮廓，或按社区分开导出"),
            Self::OtherCoordinates => {
                "文件写明用的是别的坐标系；请导出为 WGS 84 经纬度（EPSG:4326）".to_owned()
            }
        }
    }

    pub fn en(self) -> String {
        match self {
            Self::TooLarge => {
                format!(
                    "the file is larger than {} MiB; export each community by itself",
                    MOST_BYTES >> 20
                )
            }
            Self::NotJson { line, column } => {
                format!("no JSON at line {line}, character {column}; export the file as GeoJSON again")
            }
            Self::NoFeatures => {
                "the file is no GeoJSON FeatureCollection, or has no features; export it again".to_owned()
            }
            Self::TooManyFeatures => {
                format!("more than {MOST_FEATURES} features; export each community by itself")
            }
            Self::TooManyPoints => {
                format!(
                    "the outlines have more than {MOST_POINTS} points; simplify them, or export each community by itself"
                )
            }
            Self::OtherCoordinates => {
                "the file says that its coordinates are of another system; export it in WGS 84 degrees (EPSG:4326)"
                    .to_owned()
            }
        }
    }
}

/// Reads a file.
///
/// # Errors
/// [`MapError`] where the file as a whole is no map.
pub fn read_map(bytes: &[u8]) -> Result<Vec<MapItem>, MapError> {
    if bytes.len() > MOST_BYTES {
        return Err(MapError::TooLarge);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let whole: Value = serde_json::from_slice(bytes)
        .map_err(|error| MapError::NotJson { line: error.line(), column: error.column() })?;
    let Value::Object(mut whole) = whole else { return Err(MapError::NoFeatures) };
    if whole.get("type").and_then(Value::as_str) != Some("FeatureCollection") {
        return Err(MapError::NoFeatures);
    }
    // RFC 7946 knows one system only; older files name theirs.
    if whole.get("crs").is_some_and(|system| !is_wgs84(system)) {
        return Err(MapError::OtherCoordinates);
    }
    let features = match whole.remove("features") {
        Some(Value::Array(features)) if !features.is_empty() => features,
        _ => return Err(MapError::NoFeatures),
    };
    if features.len() > MOST_FEATURES {
        return Err(MapError::TooManyFeatures);
    }
    let mut points = 0;
    (1..)
        .zip(features)
        .map(|(feature, value)| {
            let shape = match read_feature(feature, value) {
                Ok(shape) => shape,
                Err(fault) => return Ok(MapItem::Refused(fault.refusal(feature))),
            };
            points += shape.polygons.iter().flatten().map(Vec::len).sum::<usize>();
            if points > MOST_POINTS { Err(MapError::TooManyPoints) } else { Ok(MapItem::Shape(shape)) }
        })
        .collect()
}

/// Whether a `crs` member of the GeoJSON of 2008 names WGS 84, or CGCS2000, which is the same to within a hand's breadth.
fn is_wgs84(system: &Value) -> bool {
    let name = system.pointer("/properties/name").and_then(Value::as_str).unwrap_or_default();
    system.is_null() || ["CRS84", ":4326", ":4490"].iter().any(|end| name.ends_with(end))
}

fn read_feature(feature: u64, value: Value) -> Result<Shape, Fault> {
    let read: Feature = serde_json::from_value(value).map_err(|_| Fault::NoFeature)?;
    let polygons = match read.geometry.map(|geometry| geometry.value) {
        Some(GeometryValue::Polygon { coordinates }) => vec![coordinates],
        Some(GeometryValue::MultiPolygon { coordinates }) => coordinates,
        _ => return Err(Fault::NoOutline),
    };
    let polygons: Vec<Vec<Ring>> = polygons
        .iter()
        .map(|rings| rings.iter().map(|ring| read_ring(ring)).collect())
        .collect::<Result<_, Fault>>()?;
    if polygons.is_empty() || polygons.iter().any(Vec::is_empty) {
        return Err(Fault::NoOutline);
    }
    let outline = || polygons.iter().flatten().flatten();
    for axis in [0, 1] {
        let along = || outline().filter_map(move |point| point.get(axis).copied());
        if along().fold(f64::MIN, f64::max) - along().fold(f64::MAX, f64::min) > WIDEST {
            return Err(Fault::TooWide);
        }
    }
    Ok(Shape { feature, named: name_of(read.properties.as_ref()), polygons })
}

/// To a centimetre, closed.
fn read_ring(ring: &[Position]) -> Result<Ring, Fault> {
    let rounded = |degrees: f64| (degrees * 1e7).round() / 1e7;
    let mut read: Ring = Vec::with_capacity(ring.len() + 1);
    for position in ring {
        let [longitude, latitude, ..] = *position.as_slice() else { return Err(Fault::NoFeature) };
        if longitude.abs() > 180.0 || latitude.abs() > 90.0 || !longitude.is_finite() || !latitude.is_finite()
        {
            return Err(if longitude.abs() <= 90.0 && latitude.abs() <= 180.0 {
                Fault::Swapped
            } else {
                Fault::NoDegrees
            });
        }
        let point = [rounded(longitude), rounded(latitude)];
        if read.last() != Some(&point) {
            read.push(point);
        }
    }
    if read.first() != read.last() {
        read.extend(read.first().copied());
    }
    if read.len() < 4 { Err(Fault::NoOutline) } else { Ok(read) }
}

/// The headings under which files keep the number of a building, the surest first; then those of a grid.
const BUILDING: [&str; 27] = [
    "楼栋",
    "楼栋号",
    "楼栋编号",
    "楼号",
    "栋号",
    "幢号",
    "楼幢号",
    "楼幢",
    "楼座",
    "栋",
    "幢",
    "座",
    "楼",
    "building",
    "buildingno",
    "buildingnumber",
    "buildingid",
    "block",
    "addrhousenumber",
    "housenumber",
    "楼名",
    "楼栋名称",
    "ref",
    "编号",
    "名称",
    "name",
    "number",
];
const GRID: [&str; 11] = [
    "网格编码",
    "网格代码",
    "网格编号",
    "网格号",
    "网格",
    "网格名称",
    "gridcode",
    "gridid",
    "gridno",
    "grid",
    "gridname",
];

fn name_of(properties: Option<&Map<String, Value>>) -> Named {
    let Some(properties) = properties else { return Named::Unnamed };
    let folded: Vec<(String, String)> =
        properties.iter().filter_map(|(name, value)| Some((folded(name), text_of(value)?))).collect();
    let find = |names: &[&str]| {
        names
            .iter()
            .find_map(|name| folded.iter().find(|(known, _)| known == name).map(|(_, text)| text.clone()))
    };
    // A building's own grid may stand beside its number; a grid has no number of a building.
    let sure = BUILDING.split_at(BUILDING.len() - 5);
    find(sure.0)
        .map(Named::Building)
        .or_else(|| find(&GRID).map(Named::Grid))
        .or_else(|| find(sure.1).map(Named::Building))
        .unwrap_or(Named::Unnamed)
}

/// A short text or a whole number; nothing else numbers a building.
fn text_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => {
            number.as_f64().filter(|number| number.fract() == 0.0).map(|number| format!("{number}"))?
        }
        _ => return None,
    };
    (!text.is_empty() && text.chars().count() <= 40).then_some(text)
}

#[derive(Clone, Copy)]
enum Fault {
    NoFeature,
    NoOutline,
    NoDegrees,
    Swapped,
    TooWide,
}

impl Fault {
    fn refusal(self, feature: u64) -> Refusal {
        let (code, zh, en, remedy_zh, remedy_en) = match self {
            Self::NoFeature => (
                "no_feature",
                "不是完整的 GeoJSON 要素",
                "it is no complete GeoJSON feature",
                "请重新导出这个要素",
                "export this feature again",
            ),
            Self::NoOutline => (
                "no_outline",
                "没有面状的轮廓（要 Polygon 或 MultiPolygon，至少三个不同的点）",
                "it has no outline (a Polygon or MultiPolygon of at least three points is needed)",
                "请画成面，或从文件里删去这个点、线",
                "draw it as an area, or leave this point or line out",
            ),
            Self::NoDegrees => (
                "no_degrees",
                "坐标不是经纬度（可能是以米为单位的坐标）",
                "its coordinates are no degrees (they may be metres)",
                "请导出为 WGS 84 经纬度（EPSG:4326）",
                "export it in WGS 84 degrees (EPSG:4326)",
            ),
            Self::Swapped => (
                "swapped",
                "纬度大于 90 度：经度和纬度的次序反了",
                "a latitude above 90: longitude and latitude are swapped",
                "请把经度写在前面，再导出一次",
                "write the longitude first, and export again",
            ),
            Self::TooWide => (
                "too_wide",
                "轮廓的一边超过五十公里",
                "one side of the outline is longer than fifty kilometres",
                "请检查有没有写错的点",
                "check it for a wrong point",
            ),
        };
        Refusal {
            row: feature,
            field: "geometry",
            value_class: ValueClass::of(""),
            code,
            zh: zh.to_owned(),
            en: en.to_owned(),
            remedy_zh: remedy_zh.to_owned(),
            remedy_en: remedy_en.to_owned(),
            cells: Cells::default(),
        }
    }
}
