//! A map of an area's own buildings and grids: outlines from a file, held against what is registered there.

use std::collections::BTreeMap;

use domain::area::AreaNumber;
use domain::door::building_key;
use intake::Refusal;
use intake::map::{MapError, MapItem, Named};
use serde_json::{Value, json};
use store::Reader;

use super::failure::{Failure, Result};

/// What one feature of the file is to the area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A building, as its doors write it.
    Building(String),
    /// An area within, by its code.
    Grid(String),
    /// It has a number or a code, but nothing registered has it: it is drawn without one.
    Unmatched,
    /// It has none, and is drawn as what stands around.
    Surroundings,
    Refused(Refusal),
}

/// A file as it would be put on record.
#[derive(Debug)]
pub struct Drawing {
    /// By the features' numbers.
    pub fates: Vec<(u64, Fate)>,
    /// Buildings with doors that no outline stands for.
    pub undrawn: Vec<String>,
    pub shapes: u64,
    /// A GeoJSON FeatureCollection whose properties are `kind` and what it is: `building` by its comparison key, `area` by
    /// its code. Nothing else of the file is kept.
    pub bytes: Vec<u8>,
}

impl Drawing {
    /// Refuses a file of which nothing would be found again.
    ///
    /// # Errors
    /// `nothing_matched`.
    pub fn check(&self) -> Result<()> {
        if self.fates.iter().any(|(_, fate)| matches!(fate, Fate::Building(_) | Fate::Grid(_))) {
            return Ok(());
        }
        Err(Failure::new(
            "nothing_matched",
            "没有一个轮廓对得上这里登记的楼栋或网格；请核对属性里的楼号，或换一个社区",
            "no outline is of a building or grid that is registered here; check the building numbers among the properties, or \
             choose another community",
        ))
    }
}

impl From<MapError> for Failure {
    fn from(error: MapError) -> Self {
        Self::new(error.code(), error.zh(), error.en())
    }
}

/// Holds the shapes of a file against an area.
///
/// # Errors
/// Those of the storage.
pub fn match_map(reader: &Reader, area: AreaNumber, read: Vec<MapItem>) -> Result<Drawing> {
    let mut undrawn: BTreeMap<String, String> = reader.building_names(area)?;
    let names = undrawn.clone();
    let areas = &reader.book().areas;
    let within = areas.subtree(area);
    let grid_of = |text: &str| {
        let known = within.iter().filter(|number| **number != area).filter_map(|number| areas.get(*number));
        known.clone().find(|grid| grid.code == text).or_else(|| known.clone().find(|grid| grid.name == text))
    };
    let mut fates = Vec::with_capacity(read.len());
    let mut features = Vec::with_capacity(read.len());
    for (feature, item) in (1..).zip(read) {
        let shape = match item {
            MapItem::Shape(shape) => shape,
            MapItem::Refused(refusal) => {
                fates.push((feature, Fate::Refused(refusal)));
                continue;
            }
        };
        let (fate, properties) = match &shape.named {
            Named::Unnamed => (Fate::Surroundings, json!({"kind": "surroundings"})),
            Named::Building(number) => {
                let key = building_key(number);
                undrawn.remove(&key);
                match names.get(&key) {
                    Some(name) => {
                        (Fate::Building(name.clone()), json!({"kind": "building", "building": key}))
                    }
                    None => (Fate::Unmatched, json!({"kind": "surroundings"})),
                }
            }
            Named::Grid(text) => match grid_of(text) {
                Some(grid) => (Fate::Grid(grid.code.clone()), json!({"kind": "grid", "area": grid.code})),
                None => (Fate::Unmatched, json!({"kind": "surroundings"})),
            },
        };
        features.push(json!({
            "type": "Feature",
            "properties": properties,
            "geometry": {"type": "MultiPolygon", "coordinates": shape.polygons},
        }));
        fates.push((feature, fate));
    }
    let shapes = features.len() as u64;
    let bytes =
        json!({"type": "FeatureCollection", "features": Value::Array(features)}).to_string().into_bytes();
    Ok(Drawing { fates, undrawn: undrawn.into_values().collect(), shapes, bytes })
}
