//! Pairings whose units have their places side by side and no more households a head than they may.
//!
//! Neither fits the transportation problem, so the exact pairing is where a search begins: simulated
//! annealing that hands a place to the unit of a neighbour, or exchanges two, within every unit's share.

use super::{Place, Settings, Unit};
use crate::random::Random;
use crate::space::distance_m;

/// Neighbours looked for among so many of the nearest places.
const NEAREST: usize = 24;
/// Moves tried per place.
const EFFORT: usize = 3000;
/// Temperatures in metres, first and last.
const HOT: f64 = 300.0;
const COLD: f64 = 2.0;
/// What a household above a unit's limit weighs, in metres, at first and at last.
const LIGHT: f64 = 1.0;
const HEAVY: f64 = 1000.0;

/// Places side by side, when nobody says which are: no other place lies in the circle between the two
/// (Gabriel and Sokal, 1969).
pub(super) fn side_by_side(places: &[Place]) -> Vec<(usize, usize)> {
    let known: Vec<(usize, (i64, i64))> =
        places.iter().enumerate().filter_map(|(index, place)| place.at.map(|at| (index, at))).collect();
    let square = |(ax, ay): (i64, i64), (bx, by): (i64, i64)| (ax - bx).pow(2) + (ay - by).pow(2);
    let mut pairs = Vec::new();
    for &(a, from) in &known {
        let mut others: Vec<(i64, usize, (i64, i64))> =
            known.iter().filter(|&&(b, _)| b != a).map(|&(b, to)| (square(from, to), b, to)).collect();
        others.sort_unstable();
        others.truncate(NEAREST);
        for (rank, &(wide, b, to)) in others.iter().enumerate() {
            let between = |&(near, _, at): &(i64, usize, (i64, i64))| near + square(at, to) < wide;
            if !others[..rank].iter().any(between) {
                pairs.push((a.min(b), a.max(b)));
            }
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// A pairing in the making: `unit_of` counts in `taking`.
pub(super) struct Search<'a> {
    pub cost: &'a dyn Fn(usize, usize) -> i64,
    pub places: &'a [Place],
    /// Least and most places of each unit.
    pub share: Vec<(u32, u32)>,
    /// Most households of each unit.
    pub limit: Vec<u64>,
    pub beside: Vec<Vec<u32>>,
    pub piece_m: i64,
    pub unit_of: Vec<usize>,
    places_of: Vec<Vec<usize>>,
    load: Vec<u64>,
    seen: Vec<bool>,
}

impl<'a> Search<'a> {
    pub fn new(
        cost: &'a dyn Fn(usize, usize) -> i64,
        places: &'a [Place],
        beside: &[(usize, usize)],
        (share, limit): (Vec<(u32, u32)>, Vec<u64>),
        piece_m: i64,
        unit_of: Vec<usize>,
    ) -> Self {
        let mut links = vec![Vec::new(); places.len()];
        for &(a, b) in beside.iter().filter(|&&(a, b)| a != b && a.max(b) < places.len()) {
            links[a].push(b as u32);
            links[b].push(a as u32);
        }
        let units = share.len();
        let mut search = Self {
            cost,
            places,
            share,
            limit,
            beside: links,
            piece_m,
            places_of: vec![Vec::new(); units],
            load: vec![0; units],
            seen: vec![false; places.len()],
            unit_of: Vec::new(),
        };
        search.set(unit_of);
        search
    }

    fn set(&mut self, unit_of: Vec<usize>) {
        self.places_of.iter_mut().for_each(Vec::clear);
        self.load.fill(0);
        for (place, &unit) in unit_of.iter().enumerate() {
            self.places_of[unit].push(place);
            self.load[unit] += u64::from(self.places[place].households);
        }
        self.unit_of = unit_of;
    }

    /// In how many pieces a unit's places lie; places of which nobody knows where they lie count with any.
    pub fn pieces(&mut self, unit: usize) -> usize {
        let own = &self.places_of[unit];
        let (mut pieces, mut stack) = (0, Vec::new());
        for &first in own {
            if self.seen[first] || self.beside[first].is_empty() {
                continue;
            }
            pieces += 1;
            stack.push(first);
            self.seen[first] = true;
            while let Some(here) = stack.pop() {
                for &next in &self.beside[here] {
                    let next = next as usize;
                    if self.unit_of[next] == unit && !self.seen[next] {
                        self.seen[next] = true;
                        stack.push(next);
                    }
                }
            }
        }
        own.iter().for_each(|&place| self.seen[place] = false);
        pieces
    }

    /// Households of a unit above what it may have.
    pub fn over(&self, unit: usize) -> u64 {
        self.load[unit].saturating_sub(self.limit[unit])
    }

    fn broken(&mut self, unit: usize) -> i64 {
        if self.piece_m == 0 { 0 } else { self.pieces(unit).saturating_sub(1) as i64 * self.piece_m }
    }

    /// Metres, changes and pieces; households above the limits.
    pub fn value(&mut self) -> (u64, i64) {
        let own: i64 = self.unit_of.iter().enumerate().map(|(place, &unit)| (self.cost)(place, unit)).sum();
        let units = self.share.len();
        let over = (0..units).map(|unit| self.over(unit)).sum();
        (over, own + (0..units).map(|unit| self.broken(unit)).sum::<i64>())
    }

    fn give(&mut self, place: usize, unit: usize) {
        let from = std::mem::replace(&mut self.unit_of[place], unit);
        self.places_of[from].retain(|&other| other != place);
        self.places_of[unit].push(place);
        let households = u64::from(self.places[place].households);
        self.load[from] -= households;
        self.load[unit] += households;
    }

    /// What the two units and the places on their way between them cost now.
    fn stake(&mut self, units: [usize; 2], moved: &[usize], weight: f64) -> f64 {
        let own: i64 = moved.iter().map(|&place| (self.cost)(place, self.unit_of[place])).sum();
        let over = units.map(|unit| self.over(unit) as f64 * weight);
        own as f64 + over[0] + over[1] + (self.broken(units[0]) + self.broken(units[1])) as f64
    }

    /// Anneals from the pairing as it stands; ends with the best seen.
    pub fn anneal(&mut self, settings: &Settings) {
        let count = self.places.len();
        let mut random = Random::new(settings.seed);
        let mut best = (self.value(), self.unit_of.clone());
        let moves = EFFORT * count;
        let mut change = 0.0;
        for step in 0..moves {
            let done = step as f64 / moves as f64;
            let heat = HOT * (COLD / HOT).powf(done);
            let weight = LIGHT * (HEAVY / LIGHT).powf(done);
            let place = random.below(count);
            // The unit of a place beside it, or at times of any.
            let other = match self.beside[place].len() {
                0 => random.below(count),
                _ if random.below(8) == 0 => random.below(count),
                links => self.beside[place][random.below(links)] as usize,
            };
            let (from, to) = (self.unit_of[place], self.unit_of[other]);
            if from == to {
                continue;
            }
            let moves_alone = self.places_of[from].len() as u32 > self.share[from].0
                && (self.places_of[to].len() as u32) < self.share[to].1;
            let back = self.places_of[to][random.below(self.places_of[to].len())];
            let swapped = [place, back];
            let moved = &swapped[..if moves_alone { 1 } else { 2 }];
            let before = self.stake([from, to], moved, weight);
            self.give(place, to);
            if !moves_alone {
                self.give(back, from);
            }
            let after = self.stake([from, to], moved, weight);
            if after > before && random.unit() >= ((before - after) / heat).exp() {
                self.give(place, from);
                if !moves_alone {
                    self.give(back, to);
                }
                continue;
            }
            change += after - before;
            // Whether it is the best is asked only when it may be: the sum drifts with the weight.
            if change < 0.0 {
                let value = self.value();
                if value < best.0 {
                    best = (value, self.unit_of.clone());
                }
                change = 0.0;
            }
        }
        self.set(best.1);
    }
}

/// Most households of each unit: `ratio` times its share of them by its staff.
pub(super) fn limits(units: &[Unit], taking: &[usize], places: &[Place], ratio: Option<f64>) -> Vec<u64> {
    let households: u64 = places.iter().map(|place| u64::from(place.households)).sum();
    let staff: u64 = taking.iter().map(|&unit| u64::from(units[unit].staff)).sum();
    let of = |unit: usize| households as f64 * f64::from(units[unit].staff) / staff.max(1) as f64;
    taking.iter().map(|&unit| ratio.map_or(u64::MAX, |ratio| (of(unit) * ratio) as u64)).collect()
}

/// The distance of a place from a unit, or 0 when either is nowhere.
pub(super) fn metres(unit: &Unit, place: &Place) -> i64 {
    let (Some((x, y)), Some((px, py))) = (unit.at, place.at) else { return 0 };
    distance_m(x, y, px, py)
}
