//! The bound for rounds that are tied to the clock: each stop is worth a price, and a round is the cheapest
//! way through time, prices taken off, that keeps every window (the relaxation of set partitioning).
//!
//! A round may come by a stop again once it has left the stop's neighbourhood (Baldacci, Mingozzi and
//! Roberti, 2011), which keeps the search small and can only lower the bound. Times are rounded down to
//! ticks, which can only lower it, too; room is left out.

use super::{Problem, Round, State};

const TICKS_A_MINUTE: f64 = 4.0;
/// A problem that lasts longer than this, in ticks, has no useful windows.
const LONGEST: i64 = 2 * 1440 * 4;
/// Stops in the neighbourhood of each, itself not counted; as many bits as a memory has.
const NEAR: usize = 7;
const MEMORIES: usize = 1 << NEAR;
/// Labels made in all, and in one search.
const MOST_LABELS: usize = 60_000_000;
const MOST_AT_ONCE: usize = 6_000_000;
const MOST_STEPS: usize = 500;
const PATIENCE: usize = 10;

/// The best bound found, or `None` when no stop has a window or the search grows too large.
pub(super) fn ascend(problem: &Problem<'_>, state: &State, stops: &[usize]) -> Option<f64> {
    let windows = stops.iter().any(|&stop| problem.stops[stop].window != (0, u32::MAX / 2));
    if !windows || stops.len() > usize::from(u16::MAX) {
        return None;
    }
    let mut fleets = fleets(problem, stops)?;
    let mut prices = fair_prices(problem, state, stops);
    let mut direction = vec![0.0; stops.len()];
    let (mut best, mut best_prices) = (f64::NEG_INFINITY, prices.clone());
    let (mut length, mut idle, mut made) = (0.5, 0, 0);
    for _ in 0..MOST_STEPS {
        let mut value: f64 = prices.iter().sum();
        let mut missing = vec![1.0; stops.len()];
        for fleet in &mut fleets {
            value += fleet.cheapest(&prices, &mut missing)?;
            made += fleet.labels.len();
        }
        if value > best + 0.5 {
            (best, idle) = (value, 0);
            best_prices.clone_from(&prices);
        } else {
            idle += 1;
            if idle % PATIENCE == 0 {
                length *= 0.6;
                prices.clone_from(&best_prices);
            }
        }
        for (way, missing) in direction.iter_mut().zip(&missing) {
            *way = 0.4 * missing + 0.6 * *way;
        }
        let square: f64 = direction.iter().map(|way| way * way).sum();
        if square < 1e-9 || value >= state.way as f64 - 1.0 || made > MOST_LABELS || length < 1e-3 {
            break;
        }
        let step = length * (state.way as f64 - value) / square;
        prices.iter_mut().zip(&direction).for_each(|(price, way)| *price += step * way);
    }
    Some(best)
}

/// Half of the two legs that each stop has in the plan at hand: prices at which its rounds cost nothing.
fn fair_prices(problem: &Problem<'_>, state: &State, stops: &[usize]) -> Vec<f64> {
    let mut price = vec![0.0; problem.stops.len()];
    for (round, order) in state.orders.iter().enumerate() {
        for (at, &stop) in order.iter().enumerate() {
            let before = at.checked_sub(1).map(|at| order[at]);
            let after = order.get(at + 1).copied();
            let share = |other: Option<usize>| if other.is_some() { 0.5 } else { 1.0 };
            price[stop] = share(before) * problem.leg(round, before, Some(stop)) as f64
                + share(after) * problem.leg(round, Some(stop), after) as f64;
        }
    }
    stops.iter().map(|&stop| price[stop]).collect()
}

/// A round on its way: it begins a stop, and remembers which stops near it it has been to.
#[derive(Clone, Copy)]
struct Label {
    cost: f64,
    before: u32,
    stop: u16,
    memory: u16,
}

const START: u32 = u32::MAX;

/// Rounds that are alike.
struct Fleet {
    count: usize,
    stops: usize,
    ways: Vec<f64>,
    ticks: Vec<i32>,
    home: Vec<f64>,
    /// First and last tick at which each stop can begin; none when the first is after the last.
    window: Vec<(i32, i32)>,
    /// Per pair (from, to): what `to` remembers of each memory at `from`, and the bit of `to` at `from`.
    carry: Vec<[u8; MEMORIES]>,
    bit: Vec<u16>,
    labels: Vec<Label>,
    ticking: Vec<Vec<u32>>,
    /// Per stop and memory: the least cost of a label so far that remembers no more.
    least: Vec<f64>,
}

/// The rounds, those that are alike together; `None` when time does not bind them.
fn fleets(problem: &Problem<'_>, stops: &[usize]) -> Option<Vec<Fleet>> {
    let mut kinds: Vec<(&Round, usize, usize)> = Vec::new();
    for (index, round) in problem.rounds.iter().enumerate() {
        let alike = |other: &&mut (&Round, usize, usize)| {
            let other = other.0;
            (other.base, other.hours) == (round.base, round.hours)
                && other.metres_a_minute.to_bits() == round.metres_a_minute.to_bits()
        };
        match kinds.iter_mut().find(alike) {
            Some(kind) => kind.2 += 1,
            None => kinds.push((round, index, 1)),
        }
    }
    kinds.into_iter().map(|(_, round, count)| Fleet::new(problem, stops, round, count)).collect()
}

impl Fleet {
    fn new(problem: &Problem<'_>, stops: &[usize], round: usize, count: usize) -> Option<Self> {
        let size = stops.len();
        let (opens, closes) = problem.rounds[round].hours;
        let ticks = |minutes: f64| minutes * TICKS_A_MINUTE;
        let lasts = |stop: usize| f64::from(problem.stops[stop].minutes);
        let pairs = || stops.iter().flat_map(|&a| stops.iter().map(move |&b| (a, b)));
        let window = |&stop: &usize| {
            let home = problem.minutes(round, problem.way_home(round, stop));
            let (from, until) = problem.stops[stop].window;
            let first = ticks(f64::from(from).max(f64::from(opens) + home)).floor();
            let last = ticks(f64::from(until).min(f64::from(closes) - lasts(stop) - home)).ceil();
            let (first, last) = (first as i64 - i64::from(opens) * 4, last as i64 - i64::from(opens) * 4);
            (last <= LONGEST).then_some((first as i32, last as i32))
        };
        let window: Vec<(i32, i32)> = stops.iter().map(window).collect::<Option<_>>()?;
        let end = window.iter().map(|window| window.1).max().unwrap_or(0).max(0);
        let near: Vec<Vec<usize>> = (0..size).map(|stop| nearest(problem, stops, stop)).collect();
        let mut carry = vec![[0u8; MEMORIES]; size * size];
        let mut bit = vec![0u16; size * size];
        for from in 0..size {
            for to in 0..size {
                let at = |stop: usize| near[to].iter().position(|&other| other == stop);
                let own = at(from).map_or(0, |place| 1u8 << place);
                let kept: Vec<u8> =
                    near[from].iter().map(|&stop| at(stop).map_or(0, |place| 1 << place)).collect();
                for (memory, carried) in carry[from * size + to].iter_mut().enumerate() {
                    let bits = kept.iter().enumerate().filter(|(place, _)| memory >> place & 1 == 1);
                    *carried = bits.fold(own, |all, (_, bit)| all | bit);
                }
                let place = near[from].iter().position(|&other| other == to);
                bit[from * size + to] = place.map_or(0, |place| 1 << place);
            }
        }
        let minutes = |(a, b): (usize, usize)| problem.minutes(round, problem.way(a, b)) + lasts(a);
        Some(Self {
            count,
            stops: size,
            ways: pairs().map(|(a, b)| problem.way(a, b) as f64).collect(),
            ticks: pairs().map(|pair| ticks(minutes(pair)).floor() as i32).collect(),
            home: stops.iter().map(|&stop| problem.way_home(round, stop) as f64).collect(),
            window,
            carry,
            bit,
            labels: Vec::new(),
            ticking: vec![Vec::new(); end as usize + 1],
            least: Vec::new(),
        })
    }

    /// What all rounds of this kind cost at the least, prices taken off; takes the stops they come by off
    /// `missing`. `None` when there are too many ways to go through.
    fn cheapest(&mut self, prices: &[f64], missing: &mut [f64]) -> Option<f64> {
        self.labels.clear();
        self.least.clear();
        self.least.resize(self.stops * MEMORIES, f64::INFINITY);
        for (stop, price) in prices.iter().enumerate() {
            let label = Label { cost: self.home[stop] - price, before: START, stop: stop as u16, memory: 0 };
            self.push(label, self.window[stop].0);
        }
        let mut ends = vec![(0.0, START); self.stops];
        for tick in 0..self.ticking.len() {
            let mut at = 0;
            while let Some(&label) = self.ticking[tick].get(at) {
                at += 1;
                self.extend(label, tick as i32, prices, &mut ends);
            }
            self.ticking[tick].clear();
            if self.labels.len() > MOST_AT_ONCE {
                self.ticking.iter_mut().for_each(Vec::clear);
                return None;
            }
        }
        ends.retain(|end| end.0 < -1e-9);
        ends.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let Some(&(least, _)) = ends.first() else { return Some(0.0) };
        // The best of each end, as many as there are rounds: all of them show which stops are too dear.
        ends.truncate(self.count);
        let share = self.count as f64 / ends.len() as f64;
        for &(_, end) in &ends {
            let mut label = end;
            while label != START {
                missing[usize::from(self.labels[label as usize].stop)] -= share;
                label = self.labels[label as usize].before;
            }
        }
        Some(least * self.count as f64)
    }

    fn push(&mut self, label: Label, tick: i32) {
        let stop = usize::from(label.stop);
        let (first, last) = self.window[stop];
        let tick = tick.max(first).max(0);
        if tick <= last && label.cost < self.least[stop * MEMORIES + usize::from(label.memory)] - 1e-9 {
            self.ticking[tick as usize].push(self.labels.len() as u32);
            self.labels.push(label);
        }
    }

    fn extend(&mut self, index: u32, tick: i32, prices: &[f64], ends: &mut [(f64, u32)]) {
        let label = self.labels[index as usize];
        let (stop, memory) = (usize::from(label.stop), usize::from(label.memory));
        let least = &mut self.least[stop * MEMORIES..(stop + 1) * MEMORIES];
        if label.cost >= least[memory] - 1e-9 {
            return;
        }
        // Whoever remembers as much or more and costs as much or more is no use any longer.
        let free = (MEMORIES - 1) & !memory;
        let mut more = free;
        loop {
            let entry = &mut least[memory | more];
            *entry = entry.min(label.cost);
            if more == 0 {
                break;
            }
            more = (more - 1) & free;
        }
        let home = label.cost + self.home[stop];
        if home < ends[stop].0 {
            ends[stop] = (home, index);
        }
        for (to, price) in prices.iter().enumerate() {
            let pair = stop * self.stops + to;
            let arrives = tick + self.ticks[pair];
            if to == stop || arrives > self.window[to].1 || usize::from(self.bit[pair]) & memory != 0 {
                continue;
            }
            let cost = label.cost + self.ways[pair] - price;
            let memory = u16::from(self.carry[pair][memory]);
            self.push(Label { cost, before: index, stop: to as u16, memory }, arrives);
        }
    }
}

/// The nearest stops, as positions in `stops`.
fn nearest(problem: &Problem<'_>, stops: &[usize], stop: usize) -> Vec<usize> {
    let mut others: Vec<usize> = (0..stops.len()).filter(|&other| other != stop).collect();
    others.sort_by_key(|&other| problem.way(stops[stop], stops[other]));
    others.truncate(NEAR);
    others
}
