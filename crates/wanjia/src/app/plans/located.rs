//! Where a row of a list lies: metres on a plane, or longitude and latitude, as `wanjia plan` reads them.

use planning::space::distance_m;

use super::sheet::{Column, Sheet, Wrong};

/// East and north, in metres.
pub type Point = (i64, i64);

/// Degrees are turned into metres about this point of reference, as an equirectangular projection.
const REFERENCE: (f64, f64) = (112.5, 30.5);
const METRES_PER_DEGREE: (f64, f64) = (111_320.0, 110_940.0);
/// No list lies farther out: distances stay exact.
const FARTHEST: f64 = 1e8;

/// The coordinate columns that a list has.
pub struct Coordinates {
    metres: Option<(Column, Column)>,
    degrees: Option<(Column, Column)>,
}

impl Coordinates {
    /// # Errors
    /// If there is neither `x_m` and `y_m` nor `lon` and `lat`.
    pub fn find(sheet: &Sheet) -> Result<Self, Wrong> {
        let metres = sheet.optional("x_m").zip(sheet.optional("y_m"));
        let degrees = sheet.optional("lon").zip(sheet.optional("lat"));
        if metres.is_none() && degrees.is_none() {
            sheet.column("x_m")?;
            sheet.column("y_m")?;
        }
        Ok(Self { metres, degrees })
    }

    /// The point of a row; none where its cells are empty.
    ///
    /// # Errors
    /// If a cell is no number, or longitude and latitude are exchanged or of no place on earth.
    pub fn read(&self, sheet: &Sheet, row: usize) -> Result<Option<Point>, Wrong> {
        let pair = |columns: Option<(Column, Column)>| -> Result<Option<(f64, f64)>, Wrong> {
            let Some((first, second)) = columns else { return Ok(None) };
            let (first, second) = (sheet.parsed(row, Some(first))?, sheet.parsed(row, Some(second))?);
            Ok(first.zip(second).filter(|(a, b): &(f64, f64)| a.abs() < FARTHEST && b.abs() < FARTHEST))
        };
        let degrees = pair(self.degrees)?;
        // All of China lies at 73 to 135 east and 3 to 54 north: the two ranges do not meet.
        if let Some(((lon, lat), (column, _))) = degrees.zip(self.degrees)
            && (3.0..54.0).contains(&lon)
            && (73.0..136.0).contains(&lat)
        {
            let (zh, en) = ("经纬度好像写反了", "longitude and latitude look exchanged");
            return Err(sheet.at(row, column, "coordinates_swapped", zh, en));
        }
        if let Some(((lon, lat), (column, _))) = degrees.zip(self.degrees)
            && (lon.abs() > 180.0 || lat.abs() > 90.0)
        {
            let (zh, en) =
                ("经度在 ±180 之间，纬度在 ±90 之间", "longitude is within ±180 and latitude within ±90");
            return Err(sheet.at(row, column, "coordinates_range", zh, en));
        }
        if let Some((x, y)) = pair(self.metres)? {
            return Ok(Some((x.round() as i64, y.round() as i64)));
        }
        Ok(degrees.map(|(lon, lat)| {
            let east = (lon - REFERENCE.0) * METRES_PER_DEGREE.0 * REFERENCE.1.to_radians().cos();
            let north = (lat - REFERENCE.1) * METRES_PER_DEGREE.1;
            (east.round() as i64, north.round() as i64)
        }))
    }
}

/// Whole metres in a straight line.
pub fn apart(a: Point, b: Point) -> i64 {
    distance_m(a.0, a.1, b.0, b.1)
}
