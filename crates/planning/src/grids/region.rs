use super::anneal::Divided;
use super::{Boundary, Community};

/// A piece of a community in which every building can be reached from every other.
pub(super) struct Region {
    /// Indices into the community.
    pub buildings: Vec<usize>,
    /// Load per building: households, scaled when its kind has a target of its own.
    pub load: Vec<u32>,
    /// Neighbours of building `i`, in order: `links[starts[i]..starts[i + 1]]`, with what cutting costs (0 or 1).
    pub starts: Vec<u32>,
    pub links: Vec<(u32, u32)>,
    /// Today's grid, numbered from 0 in the region, or `NEW`.
    pub today: Vec<u32>,
    /// The community's number of each of today's grids.
    pub today_labels: Vec<u32>,
    /// Load a grid should have.
    pub target: u32,
}

pub(super) const NEW: u32 = u32::MAX;

impl Region {
    /// The pieces of a community, in the order of their first building.
    pub fn all(community: &Community, target: u32) -> Vec<Self> {
        let count = community.buildings.len();
        let mut links: Vec<Vec<(u32, u32)>> = vec![Vec::new(); count];
        for edge in &community.adjacencies {
            let joins = matches!(edge.boundary, Boundary::Open | Boundary::Kinds);
            if joins && edge.a != edge.b && edge.a.max(edge.b) < count {
                let weight = u32::from(edge.boundary == Boundary::Open);
                links[edge.a].push((edge.b as u32, weight));
                links[edge.b].push((edge.a as u32, weight));
            }
        }
        for list in &mut links {
            list.sort_unstable();
            list.dedup_by_key(|link| link.0);
        }
        let mut local = vec![u32::MAX; count];
        let mut regions = Vec::new();
        for first in 0..count {
            if local[first] != u32::MAX {
                continue;
            }
            let mut buildings = vec![first];
            local[first] = 0;
            let mut at = 0;
            while at < buildings.len() {
                for &(next, _) in &links[buildings[at]] {
                    if local[next as usize] == u32::MAX {
                        local[next as usize] = buildings.len() as u32;
                        buildings.push(next as usize);
                    }
                }
                at += 1;
            }
            regions.push(Self::new(community, buildings, &links, &local, target));
        }
        regions
    }

    fn new(
        community: &Community,
        buildings: Vec<usize>,
        links: &[Vec<(u32, u32)>],
        local: &[u32],
        target: u32,
    ) -> Self {
        let mut starts = vec![0];
        let mut flat = Vec::new();
        for &building in &buildings {
            let first = flat.len();
            flat.extend(links[building].iter().map(|&(next, weight)| (local[next as usize], weight)));
            flat[first..].sort_unstable();
            starts.push(flat.len() as u32);
        }
        let load = buildings
            .iter()
            .map(|&building| {
                let building = &community.buildings[building];
                let own = if building.target == 0 { target } else { building.target };
                let scaled = u64::from(building.households) * u64::from(target) / u64::from(own);
                u32::try_from(scaled).unwrap_or(u32::MAX)
            })
            .collect();
        let mut today_labels: Vec<u32> =
            buildings.iter().filter_map(|&building| community.buildings[building].today).collect();
        today_labels.sort_unstable();
        today_labels.dedup();
        let today = buildings
            .iter()
            .map(|&building| {
                let label = community.buildings[building].today;
                label
                    .and_then(|label| today_labels.binary_search(&label).ok())
                    .map_or(NEW, |index| index as u32)
            })
            .collect();
        Self { buildings, load, starts, links: flat, today, today_labels, target }
    }

    pub fn neighbours(&self, building: usize) -> &[(u32, u32)] {
        &self.links[self.starts[building] as usize..self.starts[building + 1] as usize]
    }

    pub fn total(&self) -> u64 {
        self.load.iter().map(|&load| u64::from(load)).sum()
    }

    /// The community's number of every part: a part keeps the number of the grid of today from which it
    /// has most households, each number used once; the others get new ones from `next` on.
    pub fn labels(&self, community: &Community, divided: &Divided, next: &mut u32) -> Vec<u32> {
        let today = self.today_labels.len();
        let mut shared = vec![0u64; divided.parts * today];
        for (index, &part) in divided.part.iter().enumerate() {
            if self.today[index] != NEW {
                let households = community.buildings[self.buildings[index]].households;
                shared[part as usize * today + self.today[index] as usize] += u64::from(households) + 1;
            }
        }
        let mut pairs: Vec<(u64, usize)> = shared
            .iter()
            .enumerate()
            .filter(|(_, weight)| **weight > 0)
            .map(|(pair, &weight)| (weight, pair))
            .collect();
        pairs.sort_unstable_by_key(|&(weight, pair)| (u64::MAX - weight, pair));
        let mut labels = vec![NEW; divided.parts];
        let mut used = vec![false; today];
        for (_, pair) in pairs {
            let (part, old) = (pair / today, pair % today);
            if labels[part] == NEW && !used[old] {
                labels[part] = self.today_labels[old];
                used[old] = true;
            }
        }
        for label in &mut labels {
            if *label == NEW {
                *label = *next;
                *next += 1;
            }
        }
        labels
    }
}
