//! Where a row lies: metres on a plane, or longitude and latitude.

use super::report::Uncovered;
use super::table::{Column, Problem, Table};

/// The coordinate columns that a file has.
pub struct Coordinates {
    metres: Option<(Column, Column)>,
    degrees: Option<(Column, Column)>,
}

/// What a row says about where it lies.
pub enum Located {
    /// East and north, in metres.
    At(i64, i64),
    /// The cells are empty.
    Missing,
    /// Longitude and latitude look exchanged.
    Swapped,
}

/// Degrees are turned into metres about this point of reference, as an equirectangular projection.
const REFERENCE: (f64, f64) = (112.5, 30.5);
const METRES_PER_DEGREE: (f64, f64) = (111_320.0, 110_940.0);

impl Coordinates {
    /// # Errors
    /// When the file has neither `x_m` and `y_m` nor `lon` and `lat`.
    pub fn find(table: &Table) -> Result<Self, Problem> {
        let metres = table.optional("x_m").zip(table.optional("y_m"));
        let degrees = table.optional("lon").zip(table.optional("lat"));
        if metres.is_none() && degrees.is_none() {
            table.column("x_m")?;
            table.column("y_m")?;
        }
        Ok(Self { metres, degrees })
    }

    /// # Errors
    /// When a cell is neither empty nor a number.
    pub fn read(&self, table: &Table, row: usize) -> Result<Located, Problem> {
        let pair = |columns: Option<(Column, Column)>| -> Result<Option<(f64, f64)>, Problem> {
            let Some((first, second)) = columns else { return Ok(None) };
            let first = table.parse_optional::<f64>(row, Some(first))?;
            let second = table.parse_optional::<f64>(row, Some(second))?;
            Ok(first.zip(second).filter(|(first, second)| first.is_finite() && second.is_finite()))
        };
        let degrees = pair(self.degrees)?;
        // All of China lies at 73 to 135 east and 3 to 54 north: the two ranges do not meet.
        if degrees.is_some_and(|(lon, lat)| (3.0..54.0).contains(&lon) && (73.0..136.0).contains(&lat)) {
            return Ok(Located::Swapped);
        }
        if let Some((x, y)) = pair(self.metres)? {
            return Ok(Located::At(x.round() as i64, y.round() as i64));
        }
        Ok(degrees.map_or(Located::Missing, |(lon, lat)| {
            let east = (lon - REFERENCE.0) * METRES_PER_DEGREE.0 * REFERENCE.1.to_radians().cos();
            let north = (lat - REFERENCE.1) * METRES_PER_DEGREE.1;
            Located::At(east.round() as i64, north.round() as i64)
        }))
    }
}

impl Located {
    /// The point, or a line in the list of what cannot be planned.
    pub fn or_uncovered(self, name: &str, uncovered: &mut Vec<Uncovered>) -> Option<(i64, i64)> {
        let (code, zh, en) = match self {
            Self::At(x, y) => return Some((x, y)),
            Self::Missing => {
                ("no_place", "没有坐标，未列入方案", "has no coordinates and is not planned for")
            }
            Self::Swapped => (
                "coordinates_swapped",
                "经纬度好像写反了，未列入方案",
                "longitude and latitude look exchanged; it is not planned for",
            ),
        };
        uncovered.push(Uncovered {
            code,
            name: name.to_owned(),
            zh: format!("{name}：{zh}"),
            en: format!("{name}: {en}"),
        });
        None
    }
}
