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
/// Steps of the temperature, and those over which the weight of overload rises from a share of `FREE`, slowly
/// at first: while balance weighs little, grids can trade the buildings that are as heavy as the slack is wide.
const ROUNDS: u32 = 64;
const RISING: u32 = 56;
const FREE: f64 = 0.03;
/// The search aims this much below the tolerance, of the mean, so as to end within it.
const MARGIN: f64 = 0.001;
/// What a hundredth of the mean above the tolerance costs, in cuts.
const OVERLOAD: f64 = 6.0;
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
        let price = MOVED / f64::from(4u32.pow(attempt));
        for (node, staying) in search.staying.iter_mut().enumerate() {
            if region.today[node] != NEW {
                *staying = price * f64::from(region.load[node].max(1));
            }
        }
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

/// Two buildings that touch.
#[derive(Clone, Copy)]
struct Border {
    ends: [u32; 2],
    /// Whether cutting it counts.
    counts: bool,
    /// Place in [`Search::across`], if it lies between two parts.
    across: u32,
}

const INSIDE: u32 = u32::MAX;
/// Neighbours are looked at so many at a time, without asking how many there are.
const LANES: usize = 4;
/// Draws of an exponential variable are taken from so many.
const DRAWS: usize = 1024;

struct Search<'a> {
    region: &'a Region,
    /// One entry more than there are buildings: a part that is none, for the last lanes.
    part: Vec<u32>,
    load: Vec<f64>,
    mean: f64,
    ceiling: f64,
    overload: f64,
    /// What moving each building from today's grid costs, in cuts.
    staying: Vec<f64>,
    random: Random,
    borders: Vec<Border>,
    /// The border of every link of the region.
    border_of: Vec<u32>,
    /// The borders that lie between two parts.
    across: Vec<u32>,
    /// Neighbours that count when cut, filled up to whole lanes.
    costly: Vec<[u32; LANES]>,
    costly_from: Vec<u32>,
    stamp: Vec<u32>,
    now: u32,
    stack: Vec<u32>,
}

impl<'a> Search<'a> {
    fn new(region: &'a Region, part: Vec<u32>, parts: usize, tolerance: f64, seed: u64) -> Self {
        let count = part.len();
        let mean = region.total() as f64 / parts as f64;
        let mut search = Self {
            region,
            part: Vec::new(),
            load: vec![0.0; parts],
            mean,
            ceiling: mean * tolerance,
            overload: OVERLOAD,
            staying: vec![0.0; count],
            random: Random::new(seed),
            borders: Vec::with_capacity(region.links.len() / 2),
            border_of: vec![0; region.links.len()],
            across: Vec::with_capacity(region.links.len() / 2),
            costly: Vec::with_capacity(region.links.len() / 2),
            costly_from: vec![0],
            stamp: vec![0; count],
            now: 0,
            stack: Vec::new(),
        };
        search.lay_out();
        search.start(part);
        search
    }

    fn lay_out(&mut self) {
        let region = self.region;
        let none = region.load.len() as u32;
        // Links go by their first end, then by their second: those to smaller ones come in the order in
        // which the smaller ones have them.
        let mut back = region.starts.clone();
        for node in 0..region.load.len() {
            let first = region.starts[node] as usize;
            for (at, &(next, weight)) in (first..).zip(region.neighbours(node)) {
                if (next as usize) < node {
                    continue;
                }
                let border = self.borders.len() as u32;
                self.borders.push(Border { ends: [node as u32, next], counts: weight > 0, across: INSIDE });
                self.border_of[at] = border;
                self.border_of[back[next as usize] as usize] = border;
                back[next as usize] += 1;
            }
            let mut costly =
                region.neighbours(node).iter().filter(|link| link.1 > 0).map(|link| link.0).peekable();
            while costly.peek().is_some() {
                self.costly.push(std::array::from_fn(|_| costly.next().unwrap_or(none)));
            }
            self.costly_from.push(self.costly.len() as u32);
        }
    }

    /// Goes on from this division.
    fn start(&mut self, part: Vec<u32>) {
        self.part = part;
        self.load.fill(0.0);
        for (&number, &load) in self.part.iter().zip(&self.region.load) {
            self.load[number as usize] += f64::from(load);
        }
        self.part.resize(self.region.load.len() + 1, u32::MAX);
        self.across.clear();
        for border in 0..self.borders.len() {
            let [a, b] = self.borders[border].ends;
            if self.part[a as usize] == self.part[b as usize] {
                self.borders[border].across = INSIDE;
            } else {
                self.open(border as u32);
            }
        }
    }

    /// The border now lies between two parts.
    fn open(&mut self, border: u32) {
        self.borders[border as usize].across = self.across.len() as u32;
        self.across.push(border);
    }

    /// The border now lies within a part.
    fn close(&mut self, border: u32) {
        let at = std::mem::replace(&mut self.borders[border as usize].across, INSIDE);
        self.across.swap_remove(at as usize);
        if let Some(&moved) = self.across.get(at as usize) {
            self.borders[moved as usize].across = at;
        }
    }

    fn count_cut(&self) -> u32 {
        self.across.iter().map(|&border| u32::from(self.borders[border as usize].counts)).sum()
    }

    fn over(&self, load: f64) -> f64 {
        (load - self.ceiling).max(0.0)
    }

    /// What one household above the ceiling costs.
    fn price(&self) -> f64 {
        self.overload * 100.0 / self.mean.max(1.0)
    }

    fn energy(&self) -> f64 {
        let over: f64 = self.load.iter().map(|&load| self.over(load)).sum();
        let moved: f64 = (0..self.staying.len())
            .filter(|&node| self.part[node] != self.region.today[node])
            .map(|node| self.staying[node])
            .sum();
        f64::from(self.count_cut()) + over * self.price() + moved
    }

    /// Cools from `hot` to `cold` while the weight of overload rises from `free` of what it is to all of it,
    /// and ends with the best division it saw.
    fn anneal(&mut self, moves: usize, hot: f64, cold: f64, free: f64) {
        let mut energy = self.energy();
        let mut best = energy;
        let mut kept = self.part.clone();
        let mut dirty = false;
        let cooling = (cold / hot).powf(1.0 / f64::from(ROUNDS - 1));
        let mut heat = hot;
        let full = self.overload;
        let exponential: [f32; DRAWS] =
            std::array::from_fn(|draw| -((draw as f32 + 0.5) / DRAWS as f32).ln());
        for round in 0..ROUNDS {
            if free < 1.0 && round <= RISING {
                let risen = f64::from(round) / f64::from(RISING);
                self.overload = full * (free + (1.0 - free) * risen * risen);
                energy = self.energy();
                best = energy;
                dirty = true;
            }
            let price = self.price();
            for _ in 0..moves / ROUNDS as usize {
                if self.across.is_empty() {
                    break;
                }
                let draw = self.random.bits();
                let border = self.across[scale(draw as u32, self.across.len())];
                let ends = self.borders[border as usize].ends;
                let side = (draw >> 32) as usize & 1;
                let (node, from, to) =
                    (ends[side] as usize, self.part[ends[side] as usize], self.part[ends[1 - side] as usize]);
                // A move is accepted with probability exp(-change / heat).
                let most = heat * f64::from(exponential[(draw >> 33) as usize % DRAWS]);
                let change = self.change(node, from, to, price);
                if change > most || !self.stays_whole(node, from) {
                    continue;
                }
                // Leaving the best division seen: keep a copy of it first.
                if dirty && change > 0.0 {
                    kept.copy_from_slice(&self.part);
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
        if !dirty {
            self.start(kept);
        }
    }

    fn change(&self, node: usize, from: u32, to: u32, price: f64) -> f64 {
        let lanes = self.costly_from[node] as usize..self.costly_from[node + 1] as usize;
        let mut cut = 0i32;
        for lane in &self.costly[lanes] {
            for &next in lane {
                let there = self.part[next as usize];
                cut += i32::from(there == from) - i32::from(there == to);
            }
        }
        let weight = f64::from(self.region.load[node]);
        let (a, b) = (self.load[from as usize], self.load[to as usize]);
        let over = self.over(a - weight) - self.over(a) + self.over(b + weight) - self.over(b);
        let today = self.region.today[node];
        let leaves = f64::from(i32::from(from == today) - i32::from(to == today));
        f64::from(cut) + over * price + leaves * self.staying[node]
    }

    /// True when `part` stays in one piece, and is not empty, without `node`.
    fn stays_whole(&mut self, node: usize, part: u32) -> bool {
        // Neighbours to be reached get one stamp, what was reached the next.
        let (wanted, reached) = (self.now + 1, self.now + 2);
        self.now = reached;
        let mut left = 0;
        let mut first = 0;
        for &(next, _) in self.region.neighbours(node) {
            if self.part[next as usize] == part {
                self.stamp[next as usize] = wanted;
                first = next;
                left += 1;
            }
        }
        if left <= 1 {
            return left == 1;
        }
        self.stamp[node] = reached;
        self.stamp[first as usize] = reached;
        left -= 1;
        self.stack.clear();
        self.stack.push(first);
        while let Some(here) = self.stack.pop() {
            for &(next, _) in self.region.neighbours(here as usize) {
                let stamp = self.stamp[next as usize];
                if self.part[next as usize] != part || stamp == reached {
                    continue;
                }
                self.stamp[next as usize] = reached;
                self.stack.push(next);
                if stamp == wanted {
                    left -= 1;
                    if left == 0 {
                        return true;
                    }
                }
            }
        }
        false
    }

    fn shift(&mut self, node: usize, from: u32, to: u32) {
        for link in self.region.starts[node] as usize..self.region.starts[node + 1] as usize {
            let there = self.part[self.region.links[link].0 as usize];
            let border = self.border_of[link];
            if there == from {
                self.open(border);
            } else if there == to {
                self.close(border);
            }
        }
        let weight = f64::from(self.region.load[node]);
        self.part[node] = to;
        self.load[from as usize] -= weight;
        self.load[to as usize] += weight;
    }

    fn best(mut self) -> Divided {
        let cut = self.count_cut();
        self.part.pop();
        let mut load = vec![0u64; self.load.len()];
        for (&part, &own) in self.part.iter().zip(&self.region.load) {
            load[part as usize] += u64::from(own);
        }
        let heaviest = load.iter().copied().max().unwrap_or(0);
        let imbalance = if self.mean > 0.0 { heaviest as f64 / self.mean } else { 1.0 };
        Divided { parts: load.len(), cut, heaviest, imbalance, part: self.part }
    }
}
