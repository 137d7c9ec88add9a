//! Ways that no rounds over the same stops can undercut.
//!
//! Two relaxations, both with a price on every stop that the search adjusts: trees in place of rounds, where
//! a price makes up for a stop that hangs on too few or too many legs (Held and Karp, 1970; Fisher, 1994),
//! and rounds in time that may come by a stop more than once (see [`super::timed`]). Any prices give a valid
//! bound; the best seen is kept.

use super::{Problem, State, timed};

/// Above this many stops the distances are not held, and the plain tree is all there is.
const MOST_HELD: usize = 4000;
/// Legs looked at in all by the search for prices of the trees.
const LOOKS: usize = 400_000_000;
const MOST_STEPS: usize = 400;
/// Steps without a better bound before they are made shorter.
const PATIENCE: usize = 12;

/// A bound on the way of any rounds over the stops that `state` serves.
pub(super) fn least_way(problem: &Problem<'_>, state: &State) -> i64 {
    let stops: Vec<usize> = state.orders.iter().flatten().copied().collect();
    if stops.is_empty() {
        return 0;
    }
    let trees = Trees::new(problem, &stops).ascend(state.way as f64);
    let bound = trees.max(timed::ascend(problem, state, &stops).unwrap_or(0.0));
    // Ways are whole metres.
    (bound - 1e-3).ceil().max(0.0) as i64
}

struct Trees<'a> {
    problem: &'a Problem<'a>,
    stops: &'a [usize],
    /// Row by row, when held.
    ways: Vec<i32>,
    home: Vec<f64>,
    based: bool,
    /// How many rounds there are in use, at least and at most.
    used: (usize, usize),
}

impl<'a> Trees<'a> {
    fn new(problem: &'a Problem<'a>, stops: &'a [usize]) -> Self {
        let rounds = problem.rounds;
        let held = stops.len() <= MOST_HELD;
        let ways = if held {
            let pairs = stops.iter().flat_map(|&a| stops.iter().map(move |&b| (a, b)));
            pairs.map(|(a, b)| i32::try_from(problem.way(a, b)).unwrap_or(i32::MAX)).collect()
        } else {
            Vec::new()
        };
        let nearest = |stop: usize| (0..rounds.len()).map(|round| problem.way_home(round, stop)).min();
        let load: u64 = stops.iter().map(|&stop| u64::from(problem.stops[stop].load)).sum();
        let room = rounds.iter().map(|round| u64::from(round.room)).max().unwrap_or(1).max(1);
        let most = rounds.len().min(stops.len()).max(1);
        Self {
            problem,
            stops,
            ways,
            home: stops.iter().map(|&stop| nearest(stop).unwrap_or(0) as f64).collect(),
            based: rounds.iter().all(|round| round.base.is_some()),
            used: ((load.div_ceil(room) as usize).clamp(1, most), most),
        }
    }

    fn way(&self, a: usize, b: usize) -> f64 {
        let held = self.ways.get(a * self.stops.len() + b);
        held.map_or_else(|| self.problem.way(self.stops[a], self.stops[b]) as f64, |&way| f64::from(way))
    }

    /// Climbs from no prices by the legs that each stop has too many or too few.
    fn ascend(&self, known: f64) -> f64 {
        let count = self.stops.len();
        let steps = if self.ways.is_empty() { 1 } else { (LOOKS / (count * count)).clamp(1, MOST_STEPS) };
        let mut prices = vec![0.0; count];
        let mut legs = vec![0i32; count];
        let mut direction = vec![0.0; count];
        let (mut best, mut length, mut idle) = (0.0_f64, 1.0, 0);
        for _ in 0..steps {
            let value = self.value(&prices, &mut legs);
            if value > best + 0.5 {
                (best, idle) = (value, 0);
            } else {
                idle += 1;
                if idle % PATIENCE == 0 {
                    length *= 0.6;
                }
            }
            for (way, &legs) in direction.iter_mut().zip(&legs) {
                *way = 0.6 * f64::from(legs - 2) + 0.4 * *way;
            }
            let square: f64 = direction.iter().map(|way| way * way).sum();
            if square < 1e-9 || value >= known {
                break;
            }
            let step = length * (known - value) / square;
            prices.iter_mut().zip(&direction).for_each(|(price, way)| *price += step * way);
        }
        best
    }

    /// The bound at these prices, and how many legs each stop has in the trees that give it.
    fn value(&self, prices: &[f64], legs: &mut [i32]) -> f64 {
        legs.fill(0);
        let edges = self.tree(prices);
        let mut ends: Vec<(f64, usize)> = prices
            .iter()
            .zip(&self.home)
            .zip(0..)
            .map(|((price, home), stop)| (home + price, stop))
            .collect();
        ends.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        // Every round has two ways home, of which one joins its stops to the base; without a base, rounds
        // are trees apart and both ways home are free.
        let homes = if self.based { 1 } else { 2 };
        let total: f64 = edges.iter().map(|edge| edge.0).sum();
        let mut joined = total;
        let mut least = (f64::INFINITY, 0);
        let mut ways_home = 0.0;
        for used in 1..=self.used.1 {
            ways_home += f64::from(homes) * ends[used - 1].0;
            if !self.based && used > 1 {
                joined -= edges[edges.len() + 1 - used].0;
            }
            if used >= self.used.0 && joined + ways_home < least.0 {
                least = (joined + ways_home, used);
            }
        }
        let (value, used) = least;
        let cut = if self.based { 0 } else { used - 1 };
        for &(_, a, b) in &edges[..edges.len() - cut] {
            legs[b] += 1;
            if a < legs.len() {
                legs[a] += 1;
            }
        }
        ends[..used].iter().for_each(|&(_, stop)| legs[stop] += homes);
        value - 2.0 * prices.iter().sum::<f64>()
    }

    /// The shortest tree over the stops, and over the bases as one node `stops.len()` when all rounds have
    /// one: length, upper and lower end of each edge, shortest first.
    fn tree(&self, prices: &[f64]) -> Vec<(f64, usize, usize)> {
        let count = self.stops.len();
        let root = if self.based { count } else { 0 };
        let mut reach: Vec<(f64, usize)> = (0..count)
            .map(|stop| {
                let way = if self.based { self.home[stop] } else { self.way(0, stop) + prices[0] };
                (way + prices[stop], root)
            })
            .collect();
        let mut open: Vec<usize> = (usize::from(!self.based)..count).collect();
        let mut edges = Vec::with_capacity(count);
        while let Some(at) = (0..open.len()).min_by(|&a, &b| reach[open[a]].0.total_cmp(&reach[open[b]].0)) {
            let next = open.swap_remove(at);
            edges.push((reach[next].0, reach[next].1, next));
            for &stop in &open {
                let way = self.way(next, stop) + prices[next] + prices[stop];
                if way < reach[stop].0 {
                    reach[stop] = (way, next);
                }
            }
        }
        edges.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.2.cmp(&b.2)));
        edges
    }
}
