use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Instant;

use jiff::civil::Time;
use planning::Certificate;
use planning::rounds::{Risk, Round, Rounds, Settings, Stop, plan, rank};
use serde_json::json;

use super::place::Coordinates;
use super::report::{self, Output, Uncovered};
use super::table::{Column, Problem, Table, write};

/// Stops in walking order for teams, rides of vehicles, or checkpoints ranked for a night patrol.
///
/// stops.csv: stop_id and x_m,y_m (metres) or lon,lat; optional building, unit and floor (stairs are
/// counted, and doors of one unit are reached by its stairs), minutes (how long a stop takes, 5), load (1),
/// opens and closes (hh:mm), and risk_NAME columns of numbers for --patrol. vehicles.csv: vehicle_id,
/// x_m,y_m or lon,lat; optional room (load it takes), from and until (hh:mm), km_h (30).
/// Written: round,position,stop_id,arrives,reason; a stop on no round has an empty round and a reason:
/// no_place or no_room_or_time. With --patrol: rank,stop_id,score,why.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
#[command(group(clap::ArgGroup::new("who").required(true).args(["teams", "vehicles", "patrol"])))]
pub struct Args {
    /// Where to go
    #[arg(long)]
    stops: PathBuf,
    /// So many teams on foot share the stops evenly
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    teams: Option<u16>,
    /// What drives
    #[arg(long)]
    vehicles: Option<PathBuf>,
    /// Rank the stops by their risk columns instead, and say why
    #[arg(long)]
    patrol: bool,
    /// Seed of the search: the same input and seed give the same rounds
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the plan goes
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    output: Output,
}

const DAY: (u32, u32) = (0, 24 * 60);
/// A stop that is always open.
const ALWAYS: u32 = u32::MAX / 2;
/// A walk in metres a minute.
const WALK: f64 = 70.0;

pub fn run(args: &Args) -> Result<(), Problem> {
    let began = Instant::now();
    let table = Table::read(&args.stops)?;
    let id = table.column("stop_id")?;
    if args.patrol {
        return patrol(args, &table, id, began);
    }
    let mut uncovered = Vec::new();
    let (rows, stops) = read_stops(&table, id, &mut uncovered)?;
    let (names, rounds) = match &args.vehicles {
        Some(path) => read_vehicles(&Table::read(path)?, &mut uncovered)?,
        None => teams(usize::from(args.teams.unwrap_or(1)), &stops),
    };
    let plan = plan(&stops, &rounds, &Settings { seed: args.seed, ..Settings::default() });

    let mut lines = Vec::new();
    for row in (0..table.len()).filter(|row| rows.binary_search(row).is_err()) {
        lines.push(["", "", table.text(row, id), "", "no_place"].map(|cell| cell.to_owned().into()));
    }
    for &stop in &plan.unserved {
        let name = table.text(rows[stop], id).to_owned();
        lines.push(["", "", &name, "", "no_room_or_time"].map(|cell| cell.to_owned().into()));
        uncovered.push(Uncovered {
            code: "no_room_or_time",
            zh: format!("{name}：没有哪一趟装得下或赶得上"),
            en: format!("{name}: no round has the room or the time for it"),
            name,
        });
    }
    for (name, order) in names.iter().zip(&plan.orders) {
        for (position, &(stop, minute)) in order.iter().enumerate() {
            lines.push([
                name.clone().into(),
                (position + 1).to_string().into(),
                table.text(rows[stop], id).to_owned().into(),
                format!("{:02}:{:02}", minute / 60, minute % 60).into(),
                "".into(),
            ]);
        }
    }
    write(&args.out, &["round", "position", "stop_id", "arrives", "reason"], lines.into_iter())?;
    let facts = facts(&plan, stops.len());
    report::print(
        &args.output,
        ("米（楼梯已折算）", "m, stairs counted"),
        plan.way,
        &uncovered,
        &facts,
        began,
    )
}

fn facts(plan: &Rounds, stops: usize) -> [(&'static str, &'static str, serde_json::Value); 3] {
    let longest = plan.orders.iter().map(Vec::len).max().unwrap_or(0);
    [
        ("stops", "停靠点", json!(stops)),
        ("unserved", "未排", json!(plan.unserved.len())),
        ("most_stops", "一趟最多停靠", json!(longest)),
    ]
}

fn minute(table: &Table, row: usize, column: Option<Column>) -> Result<Option<u32>, Problem> {
    let Some(column) = column.filter(|&column| !table.text(row, column).is_empty()) else { return Ok(None) };
    let time = Time::strptime("%H:%M", table.text(row, column))
        .map_err(|_| table.at(row, column, "不是时刻；写成 08:30", "is no time; write 08:30"))?;
    Ok(Some(u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs())))
}

fn read_stops(
    table: &Table,
    id: Column,
    uncovered: &mut Vec<Uncovered>,
) -> Result<(Vec<usize>, Vec<Stop>), Problem> {
    let coordinates = Coordinates::find(table)?;
    let [building, unit, floor, minutes, load, opens, closes] =
        ["building", "unit", "floor", "minutes", "load", "opens", "closes"]
            .map(|title| table.optional(title));
    let mut stairwells: HashMap<(&str, &str), u32> = HashMap::new();
    let (mut rows, mut stops) = (Vec::new(), Vec::new());
    for row in 0..table.len() {
        let Some(at) = coordinates.read(table, row)?.or_uncovered(table.text(row, id), uncovered) else {
            continue;
        };
        let words = [building, unit].map(|column| column.map_or("", |column| table.text(row, column)));
        let number = stairwells.len() as u32;
        let stairwell =
            (!words[0].is_empty()).then(|| *stairwells.entry((words[0], words[1])).or_insert(number));
        let floor: u32 = table.parse_optional(row, floor)?.unwrap_or(1);
        rows.push(row);
        stops.push(Stop {
            at,
            stairwell,
            floors: floor.saturating_sub(1),
            minutes: table.parse_optional(row, minutes)?.unwrap_or(5),
            load: table.parse_optional(row, load)?.unwrap_or(1),
            window: (
                minute(table, row, opens)?.unwrap_or(DAY.0),
                minute(table, row, closes)?.unwrap_or(ALWAYS),
            ),
        });
    }
    Ok((rows, stops))
}

/// Teams share the stops evenly, on as many days as it takes.
fn teams(count: usize, stops: &[Stop]) -> (Vec<String>, Vec<Round>) {
    let load: u32 = stops.iter().map(|stop| stop.load).sum();
    let largest = stops.iter().map(|stop| stop.load).max().unwrap_or(1);
    let room = load.div_ceil(count as u32).max(largest);
    let round = Round { base: None, room, hours: (8 * 60, u32::MAX), metres_a_minute: WALK };
    ((1..=count).map(|number| number.to_string()).collect(), vec![round; count])
}

fn read_vehicles(
    table: &Table,
    uncovered: &mut Vec<Uncovered>,
) -> Result<(Vec<String>, Vec<Round>), Problem> {
    let id = table.column("vehicle_id")?;
    let coordinates = Coordinates::find(table)?;
    let [room, from, until, speed] = ["room", "from", "until", "km_h"].map(|title| table.optional(title));
    let (mut names, mut rounds) = (Vec::new(), Vec::new());
    for row in 0..table.len() {
        let name = table.text(row, id);
        let Some(base) = coordinates.read(table, row)?.or_uncovered(name, uncovered) else { continue };
        let km_h: f64 = table.parse_optional(row, speed)?.unwrap_or(30.0);
        names.push(name.to_owned());
        rounds.push(Round {
            base: Some(base),
            room: table.parse_optional(row, room)?.unwrap_or(u32::MAX / 2),
            hours: (minute(table, row, from)?.unwrap_or(DAY.0), minute(table, row, until)?.unwrap_or(DAY.1)),
            metres_a_minute: km_h * 1000.0 / 60.0,
        });
    }
    Ok((names, rounds))
}

fn patrol(args: &Args, table: &Table, id: Column, began: Instant) -> Result<(), Problem> {
    let kinds: Vec<(Column, &str)> = table.prefixed("risk_").collect();
    if kinds.is_empty() {
        table.column("risk_NAME")?;
    }
    let mut risks = Vec::with_capacity(table.len());
    for row in 0..table.len() {
        let part = |&(column, _): &(Column, &str)| table.parse_optional(row, Some(column));
        let parts = kinds.iter().map(part).collect::<Result<Vec<Option<f64>>, _>>()?;
        risks.push(Risk { parts: parts.into_iter().map(Option::unwrap_or_default).collect() });
    }
    let ranked = rank(&risks);
    let rows = ranked.iter().enumerate().map(|(place, (row, score, why))| {
        let why: Vec<String> = why
            .iter()
            .map(|&(kind, _)| format!("{}={}", kinds[kind].1, table.text(*row, kinds[kind].0)))
            .collect();
        [
            (place + 1).to_string().into(),
            table.text(*row, id).into(),
            format!("{score:.3}").into(),
            why.join(" ").into(),
        ]
    });
    write(&args.out, &["rank", "stop_id", "score", "why"], rows)?;
    // A ranking is what it says it is: there is nothing to prove.
    let exact = Certificate { objective: 0.0, lower_bound: 0.0 };
    let facts = [("stops", "巡查点", json!(table.len()))];
    report::print(&args.output, ("", ""), exact, &[], &facts, began)
}
