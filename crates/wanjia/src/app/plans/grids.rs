//! Grids of one community: the buildings, households and grids of today that the territory knows, and from uploaded
//! lists which buildings touch and where they stand.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::area::{AreaNumber, Level};
use domain::plan::{Open, Slot};
use intake::DoorLabel;
use planning::grids::{Adjacency, Boundary, Building, Community, Settings, plan};
use store::Reader;

use super::sheet::{Column, Sheet, Wrong};
use super::{Broken, Figure, Held, Input, Judged, Solved, headings};
use crate::app::failure::Result as AppResult;

/// No grid should have more than this many times the mean.
const UNEVEN: f64 = 1.10;
/// Households a grid has unless said otherwise.
const TARGET: u32 = 300;

/// What the territory knows of a community.
#[derive(Debug, Default)]
pub struct Ground {
    code: String,
    /// By the key of its label: how it is written, its doors, and the grid in which most of them are counted.
    buildings: BTreeMap<String, Standing>,
    grids: Vec<String>,
    taken: BTreeSet<String>,
}

#[derive(Debug, Default)]
struct Standing {
    shown: String,
    doors: u32,
    by_area: BTreeMap<AreaNumber, u32>,
    /// Its place among the grids.
    today: Option<u32>,
}

/// Reads the doors of a community.
///
/// # Errors
/// Those of the storage.
pub fn ground(reader: &Reader, area: AreaNumber) -> AppResult<Ground> {
    let areas = &reader.book().areas;
    let mut grids: Vec<(String, AreaNumber)> = Vec::new();
    let mut found = Ground { code: areas.code(area).to_owned(), ..Ground::default() };
    for number in areas.subtree(area) {
        if areas.get(number).is_some_and(|row| row.level == Level::Grid) {
            grids.push((areas.code(number).to_owned(), number));
        }
        for door in reader.doors(0, number)? {
            let label = DoorLabel::building(&door.labels.building);
            let building = found.buildings.entry(label.key).or_default();
            if building.shown.is_empty() {
                building.shown = label.shown;
            }
            building.doors += 1;
            *building.by_area.entry(number).or_default() += 1;
        }
    }
    grids.sort_unstable();
    found.taken = areas.iter().map(|(_, area)| area.code.clone()).collect();
    for building in found.buildings.values_mut() {
        let most = building.by_area.iter().max_by_key(|(area, doors)| (**doors, std::cmp::Reverse(**area)));
        let grid = most.and_then(|(area, _)| grids.iter().position(|(_, number)| number == area));
        building.today = grid.and_then(|grid| u32::try_from(grid).ok());
    }
    found.grids = grids.into_iter().map(|(code, _)| code).collect();
    Ok(found)
}

pub struct Grids {
    pub slots: Vec<Slot>,
    /// Codes of grids: those of today first, then as many new ones as the plan needs.
    pub grids: Vec<String>,
    /// How many of them are there already.
    pub known: usize,
    pub today: Held,
    community: Community,
    pub solved: Solved,
    /// The piece of the community in which each building lies: within one a grid can be walked.
    piece: Vec<usize>,
    unknown: Vec<String>,
}

impl Grids {
    /// # Errors
    /// What is wrong with the lists, by file, row and column.
    pub fn read(input: &Input, ground: &Ground) -> Result<Self, Wrong> {
        if ground.buildings.is_empty() {
            return Err(Wrong::new(
                "",
                "no_buildings",
                "这个社区还没有登记楼栋和门牌；请先导入名册",
                "no building of this community is registered yet; import a roster first",
            ));
        }
        let mut unknown = Vec::new();
        let mut slots: Vec<Slot> = Vec::new();
        let mut buildings: Vec<Building> = Vec::new();
        let mut index: HashMap<&str, usize> = HashMap::new();
        for (key, standing) in &ground.buildings {
            index.insert(key, slots.len());
            slots.push(Slot {
                label: standing.shown.clone(),
                need: 1,
                households: standing.doors,
                ..Slot::default()
            });
            buildings.push(Building { households: standing.doors, target: 0, today: standing.today });
        }
        let mut kinds = vec![String::new(); slots.len()];
        if input.files.contains_key("buildings") {
            let sheet = input.sheet("buildings")?;
            let label = sheet.column("building")?;
            let (x, y) = (sheet.optional("x_m"), sheet.optional("y_m"));
            let [households, kind] = ["households", "type"].map(|title| sheet.optional(title));
            for row in rows_of(&sheet, &ground.code)? {
                let Some(at) = index.get(DoorLabel::building(sheet.text(row, label)).key.as_str()).copied()
                else {
                    unknown.push(sheet.text(row, label).to_owned());
                    continue;
                };
                let place = sheet.parsed::<f64>(row, x)?.zip(sheet.parsed::<f64>(row, y)?);
                slots[at].at = place
                    .filter(|(x, y)| x.abs() < 1e8 && y.abs() < 1e8)
                    .map(|(x, y)| (x.round() as i64, y.round() as i64));
                if let Some(found) = sheet.number(row, households, 100_000)? {
                    slots[at].households = found;
                    buildings[at].households = found;
                }
                sheet.text_of(row, kind).clone_into(&mut kinds[at]);
            }
        }
        let adjacencies =
            read_adjacency(&input.sheet("adjacency")?, &ground.code, &index, &kinds, &mut unknown)?;
        let community = Community { buildings, adjacencies };
        let piece = pieces(&community);
        let settings = Settings { target: input.target.unwrap_or(TARGET).max(1), ..Settings::default() };
        let mut today = vec![Vec::new(); ground.grids.len()];
        for (slot, building) in (0..).zip(&community.buildings) {
            if let Some(grid) = building.today.and_then(|grid| today.get_mut(grid as usize)) {
                grid.push(slot);
            }
        }
        let known = ground.grids.len();
        // A grid holds a building at least.
        let mut grids = ground.grids.clone();
        let mut number = 0;
        while grids.len() < known + slots.len() {
            number += 1;
            let code = format!("{}{number:03}", ground.code);
            if !ground.taken.contains(&code) {
                grids.push(code);
            }
        }
        unknown.sort_unstable();
        unknown.dedup();
        let planned = plan(&community, &settings);
        // The codes that the plan uses, and one more to move a building to.
        let used = planned.grid_of.iter().max().map_or(0, |top| *top as usize + 1);
        grids.truncate(known.max(used) + 1);
        today.resize(grids.len(), Vec::new());
        let mut held = vec![Vec::new(); grids.len()];
        for (slot, grid) in (0..).zip(&planned.grid_of) {
            if let Some(grid) = held.get_mut(*grid as usize) {
                grid.push(slot);
            }
        }
        let solved = Solved { held, bound: planned.cut.lower_bound as u64 };
        Ok(Self { slots, grids, known, today, community, piece, unknown, solved })
    }

    /// The pairs of buildings that touch, for the map.
    pub fn edges(&self) -> Vec<[u32; 2]> {
        self.community.adjacencies.iter().map(|edge| [edge.a as u32, edge.b as u32]).collect()
    }

    pub fn judge(&self, held: &Held, solved: &Solved) -> Judged {
        let mut grid_of: Vec<Option<usize>> = vec![None; self.slots.len()];
        let mut broken = Vec::new();
        for (grid, slots) in held.iter().enumerate() {
            for slot in slots {
                if grid_of[*slot as usize].replace(grid).is_some() {
                    broken.push(Broken {
                        holder: Some(grid),
                        slot: *slot,
                        code: "twice",
                        zh: "这栋楼在两个网格里",
                        en: "the building is in two grids",
                    });
                }
            }
        }
        for (slot, grid) in (0..).zip(&grid_of) {
            if grid.is_none() {
                broken.push(Broken {
                    holder: None,
                    slot,
                    code: "in_no_grid",
                    zh: "这栋楼不在任何网格里",
                    en: "the building is in no grid",
                });
            }
        }
        let cut = self.cut(&grid_of);
        let loads = self.loads(&grid_of);
        let comparable = |of: &BTreeMap<(usize, usize), u64>| {
            let mut shape: BTreeMap<usize, (usize, u64)> = BTreeMap::new();
            for ((piece, _), load) in of {
                let entry = shape.entry(*piece).or_default();
                *entry = (entry.0 + 1, entry.1.max(*load));
            }
            shape
        };
        let mut planned = vec![None; self.slots.len()];
        for (grid, slots) in solved.held.iter().enumerate() {
            slots.iter().for_each(|slot| planned[*slot as usize] = Some(grid));
        }
        let (now, then) = (comparable(&loads), comparable(&self.loads(&planned)));
        let within = now.len() == then.len()
            && now.iter().zip(&then).all(|((_, now), (_, then))| now.0 == then.0 && now.1 <= then.1);
        let moved: u64 = self
            .community
            .buildings
            .iter()
            .zip(&grid_of)
            .filter(|(building, grid)| building.today.is_some_and(|today| Some(today as usize) != **grid))
            .map(|(building, _)| u64::from(building.households))
            .sum();
        let households: Vec<u64> = held
            .iter()
            .filter(|slots| !slots.is_empty())
            .map(|slots| slots.iter().map(|slot| u64::from(self.slots[*slot as usize].households)).sum())
            .collect();
        let (least, most) =
            (households.iter().min().copied().unwrap_or(0), households.iter().max().copied().unwrap_or(0));
        Judged {
            objective: cut,
            bound: within.then_some(solved.bound),
            open: self.open(&grid_of, &households),
            broken,
            figures: vec![
                Figure { code: "grids", zh: "网格", en: "grids", value: households.len().to_string() },
                Figure {
                    code: "households",
                    zh: "每格户数（最少–最多）",
                    en: "households a grid, least–most",
                    value: format!("{least}–{most}"),
                },
                Figure {
                    code: "moved",
                    zh: "换网格的户数",
                    en: "households that change their grid",
                    value: moved.to_string(),
                },
            ],
            ..Judged::default()
        }
    }

    /// Streets that a grid's border cuts, each once.
    fn cut(&self, grid_of: &[Option<usize>]) -> u64 {
        let pairs: BTreeSet<(usize, usize)> = self
            .community
            .adjacencies
            .iter()
            .filter(|edge| edge.boundary == Boundary::Open && grid_of[edge.a] != grid_of[edge.b])
            .map(|edge| (edge.a.min(edge.b), edge.a.max(edge.b)))
            .collect();
        pairs.len() as u64
    }

    /// Households by piece and grid.
    fn loads(&self, grid_of: &[Option<usize>]) -> BTreeMap<(usize, usize), u64> {
        let mut loads = BTreeMap::new();
        for (slot, grid) in grid_of.iter().enumerate() {
            if let Some(grid) = grid {
                *loads.entry((self.piece[slot], *grid)).or_default() +=
                    u64::from(self.community.buildings[slot].households);
            }
        }
        loads
    }

    fn open(&self, grid_of: &[Option<usize>], households: &[u64]) -> Vec<Open> {
        let mut open = Vec::new();
        let mut say = |code: &str, zh: String, en: String| open.push(Open { code: code.into(), zh, en });
        for name in &self.unknown {
            say(
                "unknown_building",
                format!("楼栋 {name} 在表里，辖区没有登记，未用"),
                format!("building {name} is in a list and not registered here; not used"),
            );
        }
        // A grid may be split by what is not walked across.
        let mut parts: BTreeMap<usize, usize> = BTreeMap::new();
        for piece in self.walked(grid_of).values() {
            *parts.entry(*piece).or_default() += 1;
        }
        for (grid, parts) in parts {
            if parts > 1 {
                let code = &self.grids[grid];
                say(
                    "not_contiguous",
                    format!("网格 {code} 分成 {parts} 块，走不通"),
                    format!("grid {code} lies in {parts} pieces with no way between them"),
                );
            }
        }
        let largest = self.largest_piece();
        let mut alone: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (slot, piece) in self.piece.iter().enumerate().filter(|(_, piece)| Some(**piece) != largest) {
            alone.entry(*piece).or_default().push(slot);
        }
        for slots in alone.values() {
            let name = &self.slots[slots[0]].label;
            match slots.len() {
                1 => say(
                    "no_neighbour",
                    format!("楼栋 {name} 没有相邻楼栋"),
                    format!("building {name} has no neighbour"),
                ),
                count => say(
                    "island",
                    format!("{name} 等 {count} 栋与社区其余部分不相连"),
                    format!("{name} and {} more buildings do not join the rest", count - 1),
                ),
            }
        }
        for edge in self.community.adjacencies.iter().filter(|edge| edge.boundary == Boundary::Kept) {
            if grid_of[edge.a].is_some() && grid_of[edge.a] == grid_of[edge.b] {
                let [a, b] = [edge.a, edge.b].map(|slot| &self.slots[slot].label);
                say(
                    "border_open",
                    format!("{a} 与 {b} 之间应保留的界线，两侧同在一格"),
                    format!("the border to be kept between {a} and {b} has both sides in one grid"),
                );
            }
        }
        let mean = households.iter().sum::<u64>() as f64 / households.len().max(1) as f64;
        if let Some(most) = households.iter().max().filter(|most| **most as f64 > UNEVEN * mean) {
            let times = *most as f64 / mean;
            say(
                "uneven",
                format!("最大的网格是平均的 {times:.2} 倍"),
                format!("the largest grid has {times:.2} times the mean"),
            );
        }
        open
    }

    /// By the first building of each connected part: its grid.
    fn walked(&self, grid_of: &[Option<usize>]) -> BTreeMap<usize, usize> {
        let same = |edge: &&Adjacency| {
            joins(edge) && grid_of[edge.a].is_some() && grid_of[edge.a] == grid_of[edge.b]
        };
        let parts = united(self.slots.len(), self.community.adjacencies.iter().filter(same));
        grid_of.iter().enumerate().filter_map(|(slot, grid)| Some((parts[slot], (*grid)?))).collect()
    }

    fn largest_piece(&self) -> Option<usize> {
        let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
        self.piece.iter().for_each(|piece| *sizes.entry(*piece).or_default() += 1);
        sizes
            .into_iter()
            .max_by_key(|(piece, size)| (*size, std::cmp::Reverse(*piece)))
            .map(|(piece, _)| piece)
    }
}

/// Whether one can walk from one building to the other.
fn joins(edge: &Adjacency) -> bool {
    matches!(edge.boundary, Boundary::Open | Boundary::Kinds)
}

fn pieces(community: &Community) -> Vec<usize> {
    united(community.buildings.len(), community.adjacencies.iter().filter(|edge| joins(edge)))
}

/// For each of `count` things the least that it is joined with, directly or over others.
fn united<'a>(count: usize, edges: impl Iterator<Item = &'a Adjacency>) -> Vec<usize> {
    let mut root: Vec<usize> = (0..count).collect();
    fn find(root: &mut [usize], mut at: usize) -> usize {
        while root[at] != at {
            root[at] = root[root[at]];
            at = root[at];
        }
        at
    }
    for edge in edges {
        let (a, b) = (find(&mut root, edge.a), find(&mut root, edge.b));
        root[a.max(b)] = a.min(b);
    }
    (0..count).map(|at| find(&mut root, at)).collect()
}

/// The rows of a list that are about this community: all of them where no community is named.
fn rows_of(sheet: &Sheet, code: &str) -> Result<Vec<usize>, Wrong> {
    let Some(community) = sheet.optional("community_id") else { return Ok((0..sheet.rows()).collect()) };
    let rows: Vec<usize> = (0..sheet.rows()).filter(|row| sheet.text(*row, community) == code).collect();
    if rows.is_empty() {
        let (zh, en) = (format!("没有一行是社区 {code} 的"), format!("no row is about the community {code}"));
        return Err(sheet.at(0, community, "another_community", zh, en));
    }
    Ok(rows)
}

fn read_adjacency(
    sheet: &Sheet,
    code: &str,
    index: &HashMap<&str, usize>,
    kinds: &[String],
    unknown: &mut Vec<String>,
) -> Result<Vec<Adjacency>, Wrong> {
    let ends: [Column; 2] = [sheet.column("a")?, sheet.column("b")?];
    let boundary = sheet.optional("boundary");
    let mut edges = Vec::new();
    for row in rows_of(sheet, code)? {
        let [a, b] =
            ends.map(|end| index.get(DoorLabel::building(sheet.text(row, end)).key.as_str()).copied());
        let (Some(a), Some(b)) = (a, b) else {
            unknown.push(sheet.text(row, if a.is_none() { ends[0] } else { ends[1] }).to_owned());
            continue;
        };
        let boundary = match (headings::word(sheet.text_of(row, boundary)), boundary) {
            ("" | "open" | "gate", _) if kinds[a] != kinds[b] => Boundary::Kinds,
            ("" | "open" | "gate", _) | (_, None) => Boundary::Open,
            ("wall", _) => Boundary::Wall,
            ("kept", _) => Boundary::Kept,
            (_, Some(column)) => {
                let (zh, en) = (
                    "不是相通、门、围墙或保留（open、gate、wall、kept）",
                    "is none of open, gate, wall and kept",
                );
                return Err(sheet.at(row, column, "boundary", zh, en));
            }
        };
        if a != b {
            edges.push(Adjacency { a, b, boundary });
        }
    }
    Ok(edges)
}
