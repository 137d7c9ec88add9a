//! `wanjia sheet`: a building's door list on paper, and as a workbook that comes back through `import visits`.

use std::path::PathBuf;

use clap::Args;
use domain::access::Purpose;
use domain::door::building_prefix;
use domain::time::{day_of, from_day};
use intake::sheet::{LastVisit, Sheet, SheetDoor, find_font, write_pdf, write_xlsx};

use super::import::language;
use super::{DataArgs, Outcome};
use crate::app::failure::{Failure, Result};

/// Print the doors of an area or a building in walking order: PDF for pen and paper, XLSX for typing
///
/// The typed workbook comes back through `wanjia import visits`.
#[derive(Debug, Args)]
pub struct SheetArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "ID")]
    sweep: String,
    #[arg(long, value_name = "CODE")]
    area: String,
    /// One building only
    #[arg(long)]
    building: Option<String>,
    /// Only the dwellings that are not accounted for
    #[arg(long)]
    residual: bool,
    /// Print the surnames of those listed (王*); needs the key
    #[arg(long)]
    names: bool,
    #[arg(long, value_name = "OUT.pdf")]
    pdf: Option<PathBuf>,
    #[arg(long, value_name = "OUT.xlsx")]
    xlsx: Option<PathBuf>,
}

/// # Errors
/// If the sweep or the area is not known, no font with Han characters is installed, or a file cannot be written.
pub fn run(args: &SheetArgs) -> Result<Outcome> {
    if args.pdf.is_none() && args.xlsx.is_none() {
        return Err(Failure::new(
            "nothing_to_write",
            "请用 --pdf 或 --xlsx 说明写到哪里",
            "say where to write with --pdf or --xlsx",
        ));
    }
    let mut reader = args.data.open_reader()?;
    let sweep = super::id(&args.sweep, "--sweep")?;
    if args.names {
        reader = super::open_for_names(&args.data, sweep, Some(&args.area), Purpose::Visit)?;
    }
    let names_shown = reader.has_key();
    let sweep = reader.sweep(sweep)?;
    let scope = reader.scope(sweep, Some(&args.area))?;
    let mut doors = Vec::new();
    for area in reader.areas_with_doors(scope)? {
        let code = reader.book().areas.code(area).to_owned();
        for door in reader.doors(sweep, area)? {
            let labels = &door.labels;
            let other = args.building.as_deref().is_some_and(|building| {
                !domain::door::door_key(&labels.building, &labels.unit, &labels.room)
                    .starts_with(&building_prefix(building))
            });
            if other || (args.residual && door.reason().is_none()) {
                continue;
            }
            let mut names = Vec::new();
            if names_shown {
                for person in reader.listed_at(door.id)? {
                    if let Some(identity) = reader.identity(person)? {
                        names.extend(identity.name.chars().next().map(|surname| format!("{surname}*")));
                    }
                }
            }
            doors.push(SheetDoor {
                area_code: code.clone(),
                building: labels.building.clone(),
                unit: labels.unit.clone(),
                floor: door.floor(),
                room: labels.room.clone(),
                names,
                last: door.round.visit.map(|visit| LastVisit {
                    outcome: visit.outcome as u8,
                    on: Some(from_day(day_of(visit.stamp.at))),
                }),
            });
        }
    }
    let areas = &reader.book().areas;
    let area_name = areas.get(scope).map(|area| area.name.clone()).unwrap_or_default();
    let programme =
        reader.book().sweeps.get(sweep as usize).map(|row| row.programme.clone()).unwrap_or_default();
    let sheet = Sheet {
        title: args.building.clone().unwrap_or_else(|| area_name.clone()),
        area_name,
        sweep: programme,
        worker: String::new(),
        day: None,
        doors,
        lang: language(),
    };
    let fail = |error: intake::sheet::SheetError| {
        Failure::new("sheet", format!("表格做不出来：{error}"), error.to_string())
    };
    if let Some(path) = &args.xlsx {
        let bytes = write_xlsx(&sheet).map_err(fail)?;
        std::fs::write(path, bytes).map_err(|error| Failure::file(path, &error))?;
    }
    if let Some(path) = &args.pdf {
        let font = find_font().map_err(|error| Failure::new("font", error.zh(), error.to_string()))?;
        let bytes = write_pdf(&sheet, &font).map_err(fail)?;
        std::fs::write(path, bytes).map_err(|error| Failure::file(path, &error))?;
    }
    println!("doors {} / 户 {0}", sheet.doors.len());
    Ok(Outcome::Done)
}
