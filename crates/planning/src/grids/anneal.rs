//! Simulated annealing on moves of one building to the grid of a neighbour.

use super::Settings;
use super::region::{NEW, Region};
use crate::random::Random;

/// A region's division.
pub(super) struct Divided {
    pub part: Vec<u32>,
    pub parts: usize,
    pub cut: u32,
    pub heaviest: u64,
    pub imbalance: f64,
}

/// Temperatures in cuts, first and last.
const HOT: f64 = 0.8;
const COLD: f64 = 0.3;
/// Steps of the temperature, and those over which the weight of overload rises from a share of `FREE`:
/// while balance weighs little, grids can trade the buildings that are as heavy as the slack is wide.
const ROUNDS: u32 = 64;
const RISING: u32 = 56;
const FREE: f64 = 0.03;
/// The search aims this much below the tolerance, of the mean, so as to end within it.
const MARGIN: f64 = 0.004;
/// A move is accepted with probability exp(-change / temperature): beyond this many temperatures, never.
const HOPELESS: f64 = 9.0;
/// What a hundredth of the mean above the tolerance costs, in cuts.
const OVERLOAD: f64 = 0.7;
/// The same when re-planning, where it has to outweigh moving households.
const OVERLOAD_KEPT: f64 = 30.0;
/// What moving a household from today's grid costs, in cuts.
const MOVED: f64 = 0.25;
/// Re-planning lets a grid grow to this many times the mean before anyone is moved.
const TOLERANCE_KEPT: f64 = 1.08;
/// Above this many times the mean it searches again.
const WORST_KEPT: f64 = 1.10;
const ATTEMPTS_KEPT: u32 = 4;
/// Today's number of grids is kept while the mean load stays this near the target.
const SAME_COUNT: std::ops::RangeInclusive<f64> = 0.8..=1.2;
/// New searches from scratch while a grid is above the tolerance.
const ATTEMPTS: u64 = 6;

/// Divides a region into about total load / target contiguous parts.
pub(super) fn divide(region: &Region, settings: &Settings, seed: u64) -> Divided {
    let total = region.total();
    let ideal = ((total as f64 / f64::from(region.target)).round() as usize).clamp(1, region.load.len());
    let kept = region.today_labels.len();
    if kept > 0 && SAME_COUNT.contains(&(total as f64 / kept as f64 / f64::from(region.target))) {
        return keep(region, settings, kept, seed);
    }
    let mut found: Option<Divided> = None;
    for attempt in 0..ATTEMPTS {
        let mut random = Random::new(seed.wrapping_mul(ATTEMPTS).wrapping_add(attempt));
        let part = grow(region, ideal, &mut random);
        let mut search = Search::new(region, part, ideal, settings.tolerance - MARGIN, random.bits());
        if ideal > 1 {
            // A search that failed to balance is followed by ones that weigh balance more.
            search.overload = OVERLOAD * (1 + attempt) as f64;
            search.anneal(region.load.len() * settings.effort, HOT, COLD, FREE);
        }
        let divided = search.best();
        let better = |other: &Divided| divided.imbalance < other.imbalance;
        if found.as_ref().is_none_or(better) {
            found = Some(divided);
        }
        if found.as_ref().is_some_and(|best| best.imbalance <= settings.tolerance) {
            break;
        }
    }
    found.unwrap_or_else(|| Search::new(region, vec![0; region.load.len()], 1, 1.0, seed).best())
}

/// Today's grids, changed as little as balance allows: moving a household weighs less in every further
/// search, while a grid is heavier than re-planning may leave it.
fn keep(region: &Region, settings: &Settings, parts: usize, seed: u64) -> Divided {
    let search = |attempt: u32| {
        let own = seed.wrapping_add(u64::from(attempt));
        let mut search = Search::new(region, grow_from_today(region), parts, TOLERANCE_KEPT, own);
        search.households_moved = MOVED / f64::from(4u32.pow(attempt));
        search.overload = OVERLOAD_KEPT;
        let hot = if attempt == 0 { COLD } else { HOT };
        search.anneal(region.load.len() * settings.effort, hot, COLD / 8.0, 1.0);
        search.best()
    };
    let mut found = search(0);
    for attempt in 1..ATTEMPTS_KEPT {
        if found.imbalance <= WORST_KEPT {
            break;
        }
        let divided = search(attempt);
        if divided.imbalance < found.imbalance {
            found = divided;
        }
    }
    found
}

/// Parts grown from far-apart seeds, the lightest first.
fn grow(region: &Region, parts: usize, random: &mut Random) -> Vec<u32> {
    let count = region.load.len();
    let mut part = vec![NEW; count];
    let mut distance = vec![u32::MAX; count];
    let mut seed = random.below(count);
    let mut frontier: Vec<Vec<u32>> = vec![Vec::new(); parts];
    let mut queue = Vec::new();
    for (number, frontier) in (0u32..).zip(&mut frontier) {
        part[seed] = number;
        frontier.extend(region.neighbours(seed).iter().map(|&(next, _)| next));
        queue.clear();
        queue.push(seed);
        distance[seed] = 0;
        let mut at = 0;
        while at < queue.len() {
            let here = queue[at];
            for &(next, _) in region.neighbours(here) {
                if distance[next as usize] > distance[here] + 1 {
                    distance[next as usize] = distance[here] + 1;
                    queue.push(next as usize);
                }
            }
            at += 1;
        }
        seed = (0..count).filter(|&node| part[node] == NEW).max_by_key(|&node| distance[node]).unwrap_or(0);
    }
    let mut load: Vec<u64> = vec![0; parts];
    for (node, &number) in part.iter().enumerate().filter(|(_, number)| **number != NEW) {
        load[number as usize] += u64::from(region.load[node]);
    }
    spread(region, &mut part, &mut frontier, &mut load);
    part
}

/// Lets the lightest part that can take another building, until every building has a part.
fn spread(region: &Region, part: &mut [u32], frontier: &mut [Vec<u32>], load: &mut [u64]) {
    let mut growing: Vec<usize> = (0..frontier.len()).collect();
    while let Some(at) = (0..growing.len()).min_by_key(|&at| load[growing[at]]) {
        let number = growing[at];
        frontier[number].retain(|&node| part[node as usize] == NEW);
        let inside = |node: u32| {
            region
                .neighbours(node as usize)
                .iter()
                .filter(|&&(next, _)| part[next as usize] == number as u32)
                .count()
        };
        let Some(&node) = frontier[number].iter().max_by_key(|&&node| (inside(node), u32::MAX - node)) else {
            growing.swap_remove(at);
            continue;
        };
        part[node as usize] = number as u32;
        load[number] += u64::from(region.load[node as usize]);
        frontier[number].extend(region.neighbours(node as usize).iter().map(|&(next, _)| next));
    }
}

/// Today's grids, each cut down to its heaviest piece, the rest given to neighbours.
fn grow_from_today(region: &Region) -> Vec<u32> {
    let (count, parts) = (region.load.len(), region.today_labels.len());
    let mut seen = vec![false; count];
    let mut heaviest: Vec<(u64, Vec<usize>)> = vec![(0, Vec::new()); parts];
    for first in 0..count {
        if seen[first] || region.today[first] == NEW {
            continue;
        }
        let mut piece = vec![first];
        seen[first] = true;
        let mut at = 0;
        while at < piece.len() {
            for &(next, _) in region.neighbours(piece[at]) {
                if !seen[next as usize] && region.today[next as usize] == region.today[first] {
                    seen[next as usize] = true;
                    piece.push(next as usize);
                }
            }
            at += 1;
        }
        let weight: u64 = piece.iter().map(|&node| u64::from(region.load[node]) + 1).sum();
        let best = &mut heaviest[region.today[first] as usize];
        if weight > best.0 {
            *best = (weight, piece);
        }
    }
    let mut part = vec![NEW; count];
    let mut load = vec![0u64; parts];
    for (number, (_, piece)) in heaviest.iter().enumerate() {
        for &node in piece {
            part[node] = number as u32;
            load[number] += u64::from(region.load[node]);
        }
    }
    let mut frontier: Vec<Vec<u32>> = heaviest
        .iter()
        .map(|(_, piece)| {
            piece.iter().flat_map(|&node| region.neighbours(node).iter().map(|&(next, _)| next)).collect()
        })
        .collect();
    spread(region, &mut part, &mut frontier, &mut load);
    part
}

/// A 32-bit draw as a number in `0..bound`.
const fn scale(draw: u32, bound: usize) -> usize {
    ((draw as u64 * bound as u64) >> 32) as usize
}

struct Search<'a> {
    region: &'a Region,
    part: Vec<u32>,
    load: Vec<i64>,
    size: Vec<u32>,
    mean: f64,
    ceiling: f64,
    overload: f64,
    households_moved: f64,
    cut: i64,
    random: Random,
    stamp: Vec<u32>,
    now: u32,
    stack: Vec<u32>,
    kept: Option<(f64, Vec<u32>)>,
}

impl<'a> Search<'a> {
    fn new(region: &'a Region, part: Vec<u32>, parts: usize, tolerance: f64, seed: u64) -> Self {
        let mut load = vec![0; parts];
        let mut size = vec![0; parts];
        for (node, &number) in part.iter().enumerate() {
            load[number as usize] += i64::from(region.load[node]);
            size[number as usize] += 1;
        }
        let mean = region.total() as f64 / parts as f64;
        let mut search = Self {
            region,
            load,
            size,
            mean,
            ceiling: mean * tolerance,
            overload: OVERLOAD,
            households_moved: 0.0,
            cut: 0,
            random: Random::new(seed),
            stamp: vec![0; part.len()],
            now: 0,
            stack: Vec::new(),
            kept: None,
            part,
        };
        search.cut = search.count_cut();
        search
    }

    fn count_cut(&self) -> i64 {
        let both: i64 = (0..self.part.len())
            .flat_map(|node| {
                self.region.neighbours(node).iter().map(move |&(next, weight)| (node, next, weight))
            })
            .filter(|&(node, next, _)| self.part[node] != self.part[next as usize])
            .map(|(_, _, weight)| i64::from(weight))
            .sum();
        both / 2
    }

    fn over(&self, load: i64) -> f64 {
        (load as f64 - self.ceiling).max(0.0) * self.price()
    }

    /// What one household above the ceiling costs.
    fn price(&self) -> f64 {
        self.overload * 100.0 / self.mean.max(1.0)
    }

    fn displaced(&self, node: usize, part: u32) -> f64 {
        let today = self.region.today[node];
        if self.households_moved > 0.0 && today != NEW && today != part {
            self.households_moved * f64::from(self.region.load[node].max(1))
        } else {
            0.0
        }
    }

    fn energy(&self) -> f64 {
        let over: f64 = self.load.iter().map(|&load| self.over(load)).sum();
        let moved: f64 = (0..self.part.len()).map(|node| self.displaced(node, self.part[node])).sum();
        self.cut as f64 + over + moved
    }

    /// Cools from `hot` to `cold` while the weight of overload rises from `free` of what it is to all of it.
    fn anneal(&mut self, moves: usize, hot: f64, cold: f64, free: f64) {
        let count = self.part.len();
        let mut energy = self.energy();
        let mut best = energy;
        self.kept = Some((energy, self.part.clone()));
        let mut dirty = false;
        let cooling = (cold / hot).powf(1.0 / f64::from(ROUNDS - 1));
        let mut heat = hot;
        let full = self.overload;
        for round in 0..ROUNDS {
            if free < 1.0 && round <= RISING {
                self.overload = full * (free + (1.0 - free) * f64::from(round) / f64::from(RISING));
                energy = self.energy();
                best = energy;
                dirty = true;
            }
            for _ in 0..moves / ROUNDS as usize {
                let draw = self.random.bits();
                let node = scale(draw as u32, count);
                let links = self.region.neighbours(node);
                if links.is_empty() {
                    continue;
                }
                let from = self.part[node];
                let (early, late) = links.split_at(scale((draw >> 32) as u32, links.len()));
                let across = |link: &&(u32, u32)| self.part[link.0 as usize] != from;
                let Some(&(beside, _)) = late.iter().find(across).or_else(|| early.iter().find(across))
                else {
                    continue;
                };
                let to = self.part[beside as usize];
                if self.size[from as usize] == 1 {
                    continue;
                }
                let change = self.change(node, from, to);
                if change > HOPELESS * heat {
                    continue;
                }
                if change > 0.0 && self.random.unit() >= (-change / heat).exp() {
                    continue;
                }
                if !self.stays_whole(node, from) {
                    continue;
                }
                // Leaving the best division seen: keep a copy of it first.
                if dirty && change > 0.0 {
                    if let Some((_, part)) = &mut self.kept {
                        part.copy_from_slice(&self.part);
                    }
                    dirty = false;
                }
                self.shift(node, from, to);
                energy += change;
                if energy < best - 1e-9 {
                    best = energy;
                    dirty = true;
                }
            }
            heat *= cooling;
        }
        if dirty && let Some((_, part)) = &mut self.kept {
            part.copy_from_slice(&self.part);
        }
        if let Some((_, part)) = self.kept.take() {
            *self = Self {
                overload: self.overload,
                households_moved: self.households_moved,
                ..Self::new(self.region, part, self.load.len(), self.ceiling / self.mean.max(1e-9), 0)
            };
        }
    }

    fn change(&self, node: usize, from: u32, to: u32) -> f64 {
        let mut cut = 0i64;
        for &(next, weight) in self.region.neighbours(node) {
            let there = self.part[next as usize];
            if there == from {
                cut += i64::from(weight);
            } else if there == to {
                cut -= i64::from(weight);
            }
        }
        let weight = i64::from(self.region.load[node]);
        let (a, b) = (self.load[from as usize], self.load[to as usize]);
        cut as f64 + self.over(a - weight) - self.over(a) + self.over(b + weight) - self.over(b)
            + self.displaced(node, to)
            - self.displaced(node, from)
    }

    /// True when `part` stays in one piece without `node`.
    fn stays_whole(&mut self, node: usize, part: u32) -> bool {
        let mine = |&&(next, _): &&(u32, u32)| self.part[next as usize] == part;
        let count = self.region.neighbours(node).iter().filter(mine).count();
        if count <= 1 {
            return count == 1;
        }
        self.now += 1;
        let mut wanted = count - 1;
        self.stamp[node] = self.now;
        let Some(&(first, _)) = self.region.neighbours(node).iter().find(mine) else { return false };
        self.stamp[first as usize] = self.now;
        self.stack.clear();
        self.stack.push(first);
        while let Some(here) = self.stack.pop() {
            for &(next, _) in self.region.neighbours(here as usize) {
                if self.part[next as usize] != part || self.stamp[next as usize] == self.now {
                    continue;
                }
                self.stamp[next as usize] = self.now;
                if self.region.neighbours(next as usize).iter().any(|link| link.0 as usize == node) {
                    wanted -= 1;
                    if wanted == 0 {
                        return true;
                    }
                }
                self.stack.push(next);
            }
        }
        false
    }

    fn shift(&mut self, node: usize, from: u32, to: u32) {
        for &(next, weight) in self.region.neighbours(node) {
            let there = self.part[next as usize];
            if there == from {
                self.cut += i64::from(weight);
            } else if there == to {
                self.cut -= i64::from(weight);
            }
        }
        let weight = i64::from(self.region.load[node]);
        self.part[node] = to;
        self.load[from as usize] -= weight;
        self.load[to as usize] += weight;
        self.size[from as usize] -= 1;
        self.size[to as usize] += 1;
    }

    fn best(self) -> Divided {
        let heaviest = self.load.iter().copied().max().unwrap_or(0).unsigned_abs();
        let imbalance = if self.mean > 0.0 { heaviest as f64 / self.mean } else { 1.0 };
        Divided { parts: self.load.len(), cut: self.cut as u32, heaviest, imbalance, part: self.part }
    }
}
