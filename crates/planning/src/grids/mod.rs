//! Grids: a community's buildings divided into contiguous parts of about a target number of households.
//!
//! Balanced first (no grid above [`Settings::tolerance`] times the mean), then as few adjacencies cut as
//! can be found; when re-planning, households moved from their grid worker weigh more than cuts. The
//! search is simulated annealing on single-building moves that keep every grid in one piece; the bound is
//! spectral.

mod anneal;
mod bound;
mod region;

use crate::{Certificate, parallel};
use region::Region;

/// A building to be put in a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Building {
    /// Households that live in it.
    pub households: u32,
    /// Households a grid of this kind of building should have; 0 for [`Settings::target`].
    pub target: u32,
    /// The grid that it belongs to today, when re-planning.
    pub today: Option<u32>,
}

/// What lies between two buildings that touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Boundary {
    /// A street or a yard, or a wall with a gate in it: a grid may reach across, and cutting it counts.
    Open,
    /// A change of kind (a modern compound beside an old one): a grid may reach across, cutting is free.
    Kinds,
    /// A wall without a gate: nobody walks across, so a grid cannot join here.
    Wall,
    /// A border that must be kept: no grid joins here.
    Kept,
}

/// Two buildings of one community that touch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Adjacency {
    /// Index of one building.
    pub a: usize,
    /// Index of the other.
    pub b: usize,
    /// What lies between them.
    pub boundary: Boundary,
}

/// The buildings of one community and which of them touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Community {
    /// In the caller's order.
    pub buildings: Vec<Building>,
    /// Each pair once; pairs that name a building twice or one that is not there are ignored.
    pub adjacencies: Vec<Adjacency>,
}

/// How to divide.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Households per grid, at least 1.
    pub target: u32,
    /// No grid should have more than this many times the mean of its region.
    pub tolerance: f64,
    /// Moves tried per building; more gives fewer cuts.
    pub effort: usize,
    /// Compute the spectral bound for regions of up to this many buildings; beyond it only the bound from
    /// connectedness is given.
    pub bound_up_to: usize,
    /// Seed of the search.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { target: 300, tolerance: 1.05, effort: 300, bound_up_to: 400, seed: 1 }
    }
}

/// One community's grids.
#[derive(Debug, Clone, PartialEq)]
pub struct Grids {
    /// Grid per building. Grids that exist today keep their number; new ones follow the highest.
    pub grid_of: Vec<u32>,
    /// Number of grids.
    pub count: usize,
    /// Adjacencies cut, and the least that any division with the same balance must cut.
    pub cut: Certificate,
    /// The greatest load of a grid over the mean of its region; 1 when perfectly even. Regions that make
    /// one grid count as 1.
    pub imbalance: f64,
    /// Households whose grid differs from today's.
    pub moved_households: u64,
    /// Pieces that cannot join the rest (no way across, or kept borders all round), as building lists,
    /// the largest piece left out.
    pub islands: Vec<Vec<usize>>,
    /// Kept borders (indices of adjacencies) with the same grid on both sides, because the border does
    /// not close.
    pub crossed: Vec<usize>,
}

/// Divides one community.
#[must_use]
pub fn plan(community: &Community, settings: &Settings) -> Grids {
    let count = community.buildings.len();
    let mut grid_of = vec![u32::MAX; count];
    let mut next =
        community.buildings.iter().filter_map(|building| building.today).max().map_or(0, |top| top + 1);
    let (mut objective, mut lower_bound, mut imbalance) = (0.0, 0.0, 1.0_f64);
    let mut grids = 0;
    let regions = Region::all(community, settings.target.max(1));
    for (number, region) in regions.iter().enumerate() {
        let divided = anneal::divide(region, settings, settings.seed.wrapping_add(number as u64));
        let labels = region.labels(community, &divided, &mut next);
        for (&building, &part) in region.buildings.iter().zip(&divided.part) {
            grid_of[building] = labels[part as usize];
        }
        objective += f64::from(divided.cut);
        imbalance = imbalance.max(divided.imbalance);
        lower_bound += bound::least_cut(region, divided.parts, divided.heaviest, settings);
        grids += divided.parts;
    }
    let moved_households = community
        .buildings
        .iter()
        .zip(&grid_of)
        .filter(|(building, grid)| building.today.is_some_and(|today| today != **grid))
        .map(|(building, _)| u64::from(building.households))
        .sum();
    let largest =
        (0..regions.len()).max_by_key(|&index| (regions[index].buildings.len(), usize::MAX - index));
    let islands = regions
        .iter()
        .enumerate()
        .filter(|&(index, _)| Some(index) != largest)
        .map(|(_, region)| region.buildings.clone())
        .collect();
    let crossed = community
        .adjacencies
        .iter()
        .enumerate()
        .filter(|(_, edge)| edge.boundary == Boundary::Kept && edge.a.max(edge.b) < count)
        .filter(|(_, edge)| grid_of[edge.a] == grid_of[edge.b])
        .map(|(index, _)| index)
        .collect();
    Grids {
        grid_of,
        count: grids,
        cut: Certificate { objective, lower_bound: lower_bound.min(objective) },
        imbalance,
        moved_households,
        islands,
        crossed,
    }
}

/// Divides many communities on `workers` threads; each by itself, so the result does not depend on them.
#[must_use]
pub fn plan_all(communities: &[Community], settings: &Settings, workers: usize) -> Vec<Grids> {
    parallel::map_long(communities.len(), workers, |index, (): &mut ()| plan(&communities[index], settings))
}
