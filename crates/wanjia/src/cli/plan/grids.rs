use std::path::PathBuf;
use std::time::Instant;

use planning::Certificate;
use planning::grids::{Adjacency, Boundary, Building, Community, Grids, Settings, plan_all};
use rustc_hash::FxHashMap;
use serde_json::json;

use super::report::{self, Output, Uncovered};
use super::table::{Column, Problem, Table, write};
use crate::app::plans::headings;

/// Divide communities into contiguous grids of about a target number of households.
///
/// buildings.csv: community_id,building,households; optional type. adjacency.csv: community_id,a,b;
/// optional boundary: open or gate (may be joined, counts when cut), wall (cannot be joined), kept (a
/// border no grid may join across). Buildings of different type may be joined, and cutting between them
/// is free. --keep reads community_id,building,grid as written by an earlier plan and moves as few
/// households as balance allows. Written: community_id,building,grid; grids are numbered per community.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// The buildings and their households
    #[arg(long)]
    buildings: PathBuf,
    /// Which buildings touch
    #[arg(long)]
    adjacency: PathBuf,
    /// Households per grid
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    target: u32,
    /// Households per grid of one type of building, as TYPE=N; may be given several times
    #[arg(long = "type-target", value_name = "TYPE=N", value_parser = type_target)]
    type_targets: Vec<(String, u32)>,
    /// Today's grids
    #[arg(long)]
    keep: Option<PathBuf>,
    /// Moves tried per building: more cuts fewer streets and takes longer
    #[arg(long, default_value_t = Settings::default().effort)]
    effort: usize,
    /// Seed of the search: the same input and seed give the same grids
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where the plan goes
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    output: Output,
}

fn type_target(text: &str) -> Result<(String, u32), String> {
    let (kind, target) = text.split_once('=').ok_or("write TYPE=N")?;
    let target = target.parse().ok().filter(|&target| target > 0).ok_or("N is a whole number above 0")?;
    Ok((kind.to_owned(), target))
}

/// The rows of buildings.csv by community.
struct Layout<'a> {
    table: &'a Table,
    community: Column,
    building: Column,
    names: Vec<&'a str>,
    rows: Vec<Vec<usize>>,
    /// Community and position of every building by name.
    places: FxHashMap<(&'a str, &'a str), (usize, usize)>,
}

impl<'a> Layout<'a> {
    fn new(table: &'a Table) -> Result<Self, Problem> {
        let (community, building) = (table.column("community_id")?, table.column("building")?);
        let mut layout = Self {
            table,
            community,
            building,
            names: Vec::new(),
            rows: Vec::new(),
            places: FxHashMap::default(),
        };
        let mut numbers: FxHashMap<&str, usize> = FxHashMap::default();
        for row in 0..table.len() {
            let (name, own) = (table.text(row, community), table.text(row, building));
            let number = *numbers.entry(name).or_insert(layout.names.len());
            if number == layout.names.len() {
                layout.names.push(name);
                layout.rows.push(Vec::new());
            }
            let at = (number, layout.rows[number].len());
            if layout.places.insert((name, own), at).is_some() {
                return Err(table.at(
                    row,
                    building,
                    "在同一社区出现了两次",
                    "appears twice in one community",
                ));
            }
            layout.rows[number].push(row);
        }
        Ok(layout)
    }

    fn name(&self, community: usize, building: usize) -> String {
        format!(
            "{}/{}",
            self.names[community],
            self.table.text(self.rows[community][building], self.building)
        )
    }
}

pub fn run(args: &Args) -> Result<(), Problem> {
    let began = Instant::now();
    let (buildings, adjacency) = std::thread::scope(|scope| {
        let adjacency = scope.spawn(|| Table::read(&args.adjacency));
        let buildings = Table::read(&args.buildings);
        let adjacency = adjacency.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        (buildings, adjacency)
    });
    let (buildings, adjacency) = (buildings?, adjacency?);
    let layout = Layout::new(&buildings)?;
    let mut uncovered = Vec::new();
    let mut communities = read_buildings(&layout, args)?;
    read_adjacency(&adjacency, &layout, &mut communities, &mut uncovered)?;
    if let Some(path) = &args.keep {
        read_today(&Table::read(path)?, &layout, &mut communities)?;
    }
    let settings =
        Settings { target: args.target, effort: args.effort.max(1), seed: args.seed, ..Settings::default() };
    let plans = plan_all(&communities, &settings, 2);

    let rows = layout.rows.iter().zip(&plans).flat_map(|(rows, plan)| {
        rows.iter().zip(&plan.grid_of).map(|(&row, grid)| {
            let cell = |column| buildings.text(row, column).into();
            [cell(layout.community), cell(layout.building), grid.to_string().into()]
        })
    });
    write(&args.out, &["community_id", "building", "grid"], rows)?;
    for (index, plan) in plans.iter().enumerate() {
        name_uncovered(&layout, index, &communities[index], plan, &mut uncovered);
    }
    let cut = Certificate {
        objective: plans.iter().map(|plan| plan.cut.objective).sum(),
        lower_bound: plans.iter().map(|plan| plan.cut.lower_bound).sum(),
    };
    report::print(
        &args.output,
        ("处被切开的相邻", "adjacencies cut"),
        cut,
        &uncovered,
        &facts(&communities, &plans),
        began,
    )
}

fn facts(communities: &[Community], plans: &[Grids]) -> [(&'static str, &'static str, serde_json::Value); 8] {
    let adjacencies: usize = communities.iter().map(|community| community.adjacencies.len()).sum();
    let households: u64 = communities
        .iter()
        .flat_map(|community| &community.buildings)
        .map(|building| u64::from(building.households))
        .sum();
    let cut: f64 = plans.iter().map(|plan| plan.cut.objective).sum();
    let moved: u64 = plans.iter().map(|plan| plan.moved_households).sum();
    let within = |limit: f64| plans.iter().filter(|plan| plan.imbalance <= limit + 1e-9).count();
    let worst = plans.iter().map(|plan| plan.imbalance).fold(1.0, f64::max);
    [
        ("communities", "社区", json!(plans.len())),
        ("grids", "网格", json!(plans.iter().map(|plan| plan.count).sum::<usize>())),
        ("cut_share", "被切开的相邻占比", json!(cut / adjacencies.max(1) as f64)),
        ("within_1.05", "最大与平均之比不超过 1.05 的社区", json!(within(1.05))),
        ("within_1.10", "最大与平均之比不超过 1.10 的社区", json!(within(1.10))),
        ("worst_imbalance", "最大与平均之比的最坏值", json!(worst)),
        ("households", "户数", json!(households)),
        ("moved_households", "换了网格的户数", json!(moved)),
    ]
}

fn read_buildings(layout: &Layout<'_>, args: &Args) -> Result<Vec<Community>, Problem> {
    let table = layout.table;
    let (households, kind) = (table.column("households")?, table.optional("type"));
    let mut communities = vec![Community::default(); layout.rows.len()];
    for (community, rows) in communities.iter_mut().zip(&layout.rows) {
        for &row in rows {
            let kind = kind.map_or("", |kind| table.text(row, kind));
            let own = args.type_targets.iter().find(|(name, _)| name == kind);
            community.buildings.push(Building {
                households: table.parse(row, households)?,
                target: own.map_or(0, |(_, target)| *target),
                today: None,
            });
        }
    }
    Ok(communities)
}

fn read_adjacency(
    table: &Table,
    layout: &Layout<'_>,
    communities: &mut [Community],
    uncovered: &mut Vec<Uncovered>,
) -> Result<(), Problem> {
    let community = table.column("community_id")?;
    let ends = [table.column("a")?, table.column("b")?];
    let boundary = table.optional("boundary");
    let kinds = layout.table.optional("type");
    for row in 0..table.len() {
        let name = table.text(row, community);
        let [a, b] = ends.map(|end| layout.places.get(&(name, table.text(row, end))).copied());
        let (Some((number, a)), Some((_, b))) = (a, b) else {
            let missing = if a.is_none() { ends[0] } else { ends[1] };
            let missing = format!("{name}/{}", table.text(row, missing));
            uncovered.push(Uncovered {
                code: "unknown_building",
                zh: format!("相邻表第 {} 行的楼栋 {missing} 不在楼栋表里，此行未用", row + 2),
                en: format!(
                    "adjacency row {}: building {missing} is not among the buildings; row not used",
                    row + 2
                ),
                name: missing,
            });
            continue;
        };
        let kind = |building: usize| kinds.map(|kind| layout.table.text(layout.rows[number][building], kind));
        let boundary = match boundary.map_or("", |boundary| headings::word(table.text(row, boundary))) {
            "" | "open" | "gate" if kind(a) != kind(b) => Boundary::Kinds,
            "" | "open" | "gate" => Boundary::Open,
            "wall" => Boundary::Wall,
            "kept" => Boundary::Kept,
            _ => {
                let (zh, en) = (
                    "不是相通、门、围墙或保留（open、gate、wall、kept）",
                    "is none of open, gate, wall and kept",
                );
                return Err(
                    boundary.map_or_else(|| Problem::new(zh, en), |column| table.at(row, column, zh, en))
                );
            }
        };
        communities[number].adjacencies.push(Adjacency { a, b, boundary });
    }
    Ok(())
}

fn read_today(table: &Table, layout: &Layout<'_>, communities: &mut [Community]) -> Result<(), Problem> {
    let (community, building) = (table.column("community_id")?, table.column("building")?);
    let grid = table.column("grid")?;
    for row in 0..table.len() {
        let name = (table.text(row, community), table.text(row, building));
        // A building that is gone has nothing to keep.
        if let Some(&(number, at)) = layout.places.get(&name) {
            communities[number].buildings[at].today = table.parse_optional(row, Some(grid))?;
        }
    }
    Ok(())
}

fn name_uncovered(
    layout: &Layout<'_>,
    number: usize,
    community: &Community,
    plan: &Grids,
    uncovered: &mut Vec<Uncovered>,
) {
    for island in &plan.islands {
        let name = layout.name(number, island[0]);
        let (code, zh, en) = if let [_] = island[..] {
            (
                "no_neighbour",
                format!("楼栋 {name} 没有相邻楼栋，自成一格"),
                format!("building {name} has no neighbour and makes a grid by itself"),
            )
        } else {
            let count = island.len();
            (
                "island",
                format!("{name} 等 {count} 栋与社区其余部分不相连，另行分格"),
                format!(
                    "{name} and {} more buildings do not join the rest of the community and are divided apart",
                    count - 1
                ),
            )
        };
        uncovered.push(Uncovered { code, name, zh, en });
    }
    for &edge in &plan.crossed {
        let edge = &community.adjacencies[edge];
        let name = format!("{} - {}", layout.name(number, edge.a), layout.name(number, edge.b));
        uncovered.push(Uncovered {
            code: "border_open",
            zh: format!("{name} 之间的界线没有闭合，两侧同在一格"),
            en: format!("the border between {name} does not close: both sides are in one grid"),
            name,
        });
    }
    if plan.imbalance > 1.10 {
        let name = layout.names[number].to_owned();
        uncovered.push(Uncovered {
            code: "uneven",
            zh: format!("社区 {name} 最大的网格是平均的 {:.2} 倍", plan.imbalance),
            en: format!("community {name}: the largest grid has {:.2} times the mean", plan.imbalance),
            name,
        });
    }
}
