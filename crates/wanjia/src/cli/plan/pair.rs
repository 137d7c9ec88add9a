use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use planning::pair::{Place, Settings, Unit, plan_with};
use serde_json::json;

use super::place::Coordinates;
use super::report::{self, Output, Uncovered};
use super::table::{Column, Problem, Table, write};

/// Units to the compounds or communities they look after, each place by one unit.
///
/// units.csv: unit_id and x_m,y_m (metres) or lon,lat; optional staff (how many it can send, 1 unless
/// given). places.csv: place_id, x_m,y_m or lon,lat; optional households, and unit_id (who looks after it
/// today). Every unit takes its share of the places by its staff, rounded down or up. beside.csv: a,b
/// (place_ids that lie side by side).
/// Written: place_id,unit_id,distance_m,changed.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Who looks after places
    #[arg(long)]
    units: PathBuf,
    /// What is looked after
    #[arg(long)]
    places: PathBuf,
    /// What a change of unit weighs, in metres
    #[arg(long, default_value_t = 1000)]
    change_m: u32,
    /// What every further piece weighs that a unit's places lie in, in metres; 0 leaves it out
    #[arg(long, default_value_t = 0)]
    piece_m: u32,
    /// Which places lie side by side; unless given, those with no other place between them
    #[arg(long)]
    beside: Option<PathBuf>,
    /// The most households a head that a unit should have, over the mean of all
    #[arg(long)]
    most_load: Option<f64>,
    /// Where the plan goes
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub fn run(args: &Args) -> Result<(), Problem> {
    let began = Instant::now();
    let (unit_table, place_table) = (Table::read(&args.units)?, Table::read(&args.places)?);
    let mut uncovered = Vec::new();
    let unit_id = unit_table.column("unit_id")?;
    let place_id = place_table.column("place_id")?;
    let units = read_units(&unit_table, &mut uncovered)?;
    let numbers: HashMap<&str, usize> =
        (0..unit_table.len()).map(|row| (unit_table.text(row, unit_id), row)).collect();
    let places = read_places(&place_table, &numbers, &mut uncovered)?;
    let beside = match &args.beside {
        Some(path) => read_beside(&Table::read(path)?, &place_table, place_id)?,
        None => Vec::new(),
    };
    let settings = Settings {
        change_m: i64::from(args.change_m),
        piece_m: i64::from(args.piece_m),
        most_load: args.most_load,
        ..Settings::default()
    };
    let pairing = plan_with(&units, &places, &beside, &settings);

    let rows = pairing.unit_of.iter().enumerate().map(|(row, unit)| {
        let metres = unit.and_then(|unit| {
            let ((x, y), (px, py)) = (units[unit].at?, places[row].at?);
            Some(planning::space::distance_m(x, y, px, py).to_string())
        });
        let changed = places[row].today.is_some() && places[row].today != *unit;
        [
            place_table.text(row, place_id).into(),
            unit.map_or("", |unit| unit_table.text(unit, unit_id)).into(),
            metres.unwrap_or_default().into(),
            if changed { "1" } else { "0" }.into(),
        ]
    });
    write(&args.out, &["place_id", "unit_id", "distance_m", "changed"], rows)?;
    for (row, _) in pairing.unit_of.iter().enumerate().filter(|(_, unit)| unit.is_none()) {
        let name = place_table.text(row, place_id).to_owned();
        uncovered.push(Uncovered {
            code: "no_unit",
            zh: format!("{name}：没有可用的单位"),
            en: format!("{name}: there is no unit to look after it"),
            name,
        });
    }
    for &unit in &pairing.overloaded {
        let name = unit_table.text(unit, unit_id).to_owned();
        uncovered.push(Uncovered {
            code: "overloaded",
            zh: format!("{name}：人均户数超过所定的上限"),
            en: format!("{name}: has more households a head than the limit"),
            name,
        });
    }
    let facts = [
        ("units", "单位", json!(units.len())),
        ("places", "小区或社区", json!(places.len())),
        ("apart", "所包不相连的单位", json!(pairing.apart.len())),
        ("changed", "换了单位", json!(pairing.changed)),
        ("load_ratio", "人均户数最大与平均之比", json!(pairing.load_ratio)),
    ];
    report::print(&args.output, ("米", "m"), pairing.cost, &uncovered, &facts, began)
}

fn read_units(table: &Table, uncovered: &mut Vec<Uncovered>) -> Result<Vec<Unit>, Problem> {
    let (id, staff) = (table.column("unit_id")?, table.optional("staff"));
    let coordinates = Coordinates::find(table)?;
    (0..table.len())
        .map(|row| {
            let at = coordinates.read(table, row)?.or_uncovered(table.text(row, id), uncovered);
            Ok(Unit { at, staff: table.parse_optional(row, staff)?.unwrap_or(1) })
        })
        .collect()
}

fn read_beside(table: &Table, places: &Table, place_id: Column) -> Result<Vec<(usize, usize)>, Problem> {
    let numbers: HashMap<&str, usize> =
        (0..places.len()).map(|row| (places.text(row, place_id), row)).collect();
    let ends = [table.column("a")?, table.column("b")?];
    let number = |row, end| {
        let known = numbers.get(table.text(row, end)).copied();
        known.ok_or_else(|| table.at(row, end, "不在 places 里", "is not in places"))
    };
    (0..table.len()).map(|row| Ok((number(row, ends[0])?, number(row, ends[1])?))).collect()
}

fn read_places(
    table: &Table,
    units: &HashMap<&str, usize>,
    uncovered: &mut Vec<Uncovered>,
) -> Result<Vec<Place>, Problem> {
    let (id, households) = (table.column("place_id")?, table.optional("households"));
    let today = table.optional("unit_id");
    let coordinates = Coordinates::find(table)?;
    (0..table.len())
        .map(|row| {
            let at = coordinates.read(table, row)?.or_uncovered(table.text(row, id), uncovered);
            let today = today.and_then(|column| units.get(table.text(row, column)).copied());
            Ok(Place { at, households: table.parse_optional(row, households)?.unwrap_or(0), today })
        })
        .collect()
}
