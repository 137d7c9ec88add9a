//! Drawing grids anew: every door of a building is counted under another area from now on. Visits, people and open
//! sweeps go along; nobody is lost or counted twice.

use std::collections::HashMap;

use domain::fact::Body;
use domain::time::Millis;
use intake::Cause;
use intake::grids::{GridItem, GridReader};
use store::{Reader, Store};

use super::failure::Result;
use super::roster_rows::Refusals;

/// How the rows ended, and how many doors moved.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redrawn {
    /// Buildings of which at least one door moved.
    pub moved: u64,
    /// Buildings that were in their grid already.
    pub left: u64,
    pub refused: u64,
    pub doors: u64,
}

/// Moves buildings into grids: the good rows together or not at all. With `dry_run` nothing is written.
///
/// # Errors
/// If the table cannot be read or the territory cannot be written; then nothing has changed.
pub fn import_grids(
    store: &mut Store,
    reader: &mut Reader,
    mut table: GridReader,
    dry_run: bool,
    now: Millis,
    refusals: &mut dyn Refusals,
) -> Result<Redrawn> {
    let mut redrawn = Redrawn::default();
    let mut moves = Vec::new();
    let mut told: HashMap<(u32, String), u64> = HashMap::new();
    while let Some(item) = table.next() {
        let row = match item? {
            GridItem::Row(row) => row,
            GridItem::Refused(refusal) => {
                redrawn.refused += 1;
                refusals.refuse(&refusal)?;
                continue;
            }
            GridItem::Skipped(_) => continue,
        };
        let areas = &reader.book().areas;
        let found = match (areas.number(&row.area_code), areas.number(&row.grid_code)) {
            (None, _) => Err(unknown("area_code", &row.area_code)),
            (_, None) => Err(unknown("grid_code", &row.grid_code)),
            (Some(area), Some(grid)) if !areas.is_within(grid, area) => {
                Err(outside(&row.grid_code, &row.area_code))
            }
            (Some(area), Some(grid)) => match told.insert((area, row.building.key.clone()), row.row) {
                Some(before) => Err(twice(before)),
                None => Ok((area, grid)),
            },
        };
        let (area, grid) = match found {
            Ok(found) => found,
            Err(cause) => {
                redrawn.refused += 1;
                refusals.refuse(&table.refuse(cause))?;
                continue;
            }
        };
        // Which sweep is asked makes no difference to where a door is.
        let doors = reader.building(0, area, &row.building.shown)?;
        if doors.is_empty() {
            redrawn.refused += 1;
            refusals.refuse(&table.refuse(no_building(&row.area_code)))?;
            continue;
        }
        let going: Vec<_> =
            doors.iter().filter(|door| door.dwelling.area != grid).map(|door| door.id).collect();
        if going.is_empty() {
            redrawn.left += 1;
        } else {
            redrawn.moved += 1;
            redrawn.doors += going.len() as u64;
        }
        moves.extend(going.into_iter().map(|door| (door, row.grid_code.clone())));
    }
    if !dry_run && !moves.is_empty() {
        let actor = store.book().own_series;
        store.write(now, |batch| {
            for (dwelling, area) in moves {
                batch.append(actor, Body::DwellingMoved { dwelling, area }, None)?;
            }
            Ok(())
        })?;
    }
    Ok(redrawn)
}

fn unknown(field: &'static str, code: &str) -> Cause {
    Cause {
        field,
        code: "unknown_area",
        zh: format!("没有编码为 {code} 的区域"),
        en: format!("no area has the code {code}"),
        remedy_zh: "先用 wanjia import areas 导入这个网格或社区".into(),
        remedy_en: "import the grid or community first, with `wanjia import areas`".into(),
    }
}

fn outside(grid: &str, area: &str) -> Cause {
    Cause {
        field: "grid_code",
        code: "outside_area",
        zh: format!("{grid} 不在 {area} 之内"),
        en: format!("{grid} does not lie within {area}"),
        remedy_zh: "改正网格编码，或先改正网格的上级".into(),
        remedy_en: "correct grid_code, or the grid's parent first".into(),
    }
}

fn twice(row: u64) -> Cause {
    Cause {
        field: "building",
        code: "twice",
        zh: format!("这栋楼在第 {row} 行已经写过"),
        en: format!("row {row} has this building already"),
        remedy_zh: "一栋楼只留一行".into(),
        remedy_en: "keep one row for each building".into(),
    }
}

fn no_building(area: &str) -> Cause {
    Cause {
        field: "building",
        code: "unknown_building",
        zh: format!("{area} 里没有登记这栋楼的门牌"),
        en: format!("no door of this building is registered in {area}"),
        remedy_zh: "核对楼栋；新楼先随名册或走访登记".into(),
        remedy_en: "check the building; a new one is registered by a roster or a visit first".into(),
    }
}
