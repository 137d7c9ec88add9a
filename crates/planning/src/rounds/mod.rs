//! Rounds: stops in walking order for teams, and rides of vehicles with time windows.
//!
//! As many stops as possible come first, then the way is shortest. The search takes strings of near stops
//! out of rounds and puts each back where it costs least (after Christiaens and Vanden Berghe, 2020); the
//! bound is the better of two relaxations, by trees and by rounds that may come by a stop again.

mod bound;
mod timed;

use crate::Certificate;
use crate::random::Random;

/// A door or place to go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// Where it lies, in metres.
    pub at: (i64, i64),
    /// The stairwell it is in; stops of one stairwell are reached from each other by the stairs alone.
    pub stairwell: Option<u32>,
    /// Floors up from the ground.
    pub floors: u32,
    /// How long the stop takes, in minutes.
    pub minutes: u32,
    /// What it takes of a round's room.
    pub load: u32,
    /// When it may begin, in minutes of the day: not before, not after.
    pub window: (u32, u32),
}

/// A team on foot or a vehicle.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Round {
    /// Where it begins and ends; `None` when it begins and ends at any stop.
    pub base: Option<(i64, i64)>,
    /// How much load it has room for.
    pub room: u32,
    /// When it may set out and must be back, in minutes of the day.
    pub hours: (u32, u32),
    /// How fast it goes.
    pub metres_a_minute: f64,
}

/// How to search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What a floor of stairs is worth, in metres of way.
    pub metres_a_floor: u32,
    /// Times that stops are taken out and put back, per stop.
    pub effort: usize,
    /// Seed of the search.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { metres_a_floor: 15, effort: 100, seed: 1 }
    }
}

/// Which round goes where.
#[derive(Debug, Clone, PartialEq)]
pub struct Rounds {
    /// Stops per round, in order, each with the minute of the day at which it begins.
    pub orders: Vec<Vec<(usize, u32)>>,
    /// Stops that are on no round.
    pub unserved: Vec<usize>,
    /// Metres of way, stairs counted, and the least that any rounds over the same stops need.
    pub way: Certificate,
}

/// Stops taken out at once, on average, and the longest string taken from one round.
const OUT: usize = 10;
const STRING: usize = 10;
/// One place in so many is overlooked when a stop is put back, so that the search varies.
const OVERLOOK: usize = 100;
const MOST_LOOKS: usize = 20_000_000;
const HOT: f64 = 100.0;
const COLD: f64 = 1.0;

/// Plans the rounds.
#[must_use]
pub fn plan(stops: &[Stop], rounds: &[Round], settings: &Settings) -> Rounds {
    let problem = Problem { stops, rounds, floor: i64::from(settings.metres_a_floor) };
    let near = problem.nearest();
    let mut random = Random::new(settings.seed);
    let mut now = State { orders: vec![Vec::new(); rounds.len()], out: (0..stops.len()).collect(), way: 0 };
    problem.put_back(&mut now, &mut random, true);
    let mut best = now.clone();
    // A try looks at every place of every round, so large problems get fewer.
    let tries = (settings.effort * stops.len()).min(MOST_LOOKS / stops.len().max(1));
    for step in 0..tries {
        let heat = HOT * (COLD / HOT).powf(step as f64 / tries as f64);
        let mut next = now.clone();
        problem.take_out(&mut next, &near, &mut random);
        problem.put_back(&mut next, &mut random, false);
        let threshold = -heat * (1.0 - random.unit()).ln();
        let fewer_out = next.out.len().cmp(&now.out.len());
        if fewer_out.is_lt() || fewer_out.is_eq() && ((next.way - now.way) as f64) < threshold {
            now = next;
            if (now.out.len(), now.way) < (best.out.len(), best.way) {
                best.clone_from(&now);
            }
        }
    }
    let bound = bound::least_way(&problem, &best);
    let orders = (0..rounds.len()).map(|round| problem.timed(round, &best.orders[round])).collect();
    best.out.sort_unstable();
    let way = Certificate { objective: best.way as f64, lower_bound: bound.min(best.way) as f64 };
    Rounds { orders, unserved: best.out, way }
}

#[derive(Clone)]
struct State {
    orders: Vec<Vec<usize>>,
    out: Vec<usize>,
    way: i64,
}

struct Problem<'a> {
    stops: &'a [Stop],
    rounds: &'a [Round],
    floor: i64,
}

impl Problem<'_> {
    fn way(&self, a: usize, b: usize) -> i64 {
        let (a, b) = (&self.stops[a], &self.stops[b]);
        let (up, down) = (i64::from(a.floors), i64::from(b.floors));
        if a.stairwell.is_some() && a.stairwell == b.stairwell {
            return (up - down).abs() * self.floor;
        }
        flat(a.at, b.at) + (up + down) * self.floor
    }

    /// The way between a round's base and a stop, either way.
    fn way_home(&self, round: usize, stop: usize) -> i64 {
        let stop = &self.stops[stop];
        self.rounds[round].base.map_or(0, |base| flat(base, stop.at) + i64::from(stop.floors) * self.floor)
    }

    /// The way into the place before `order[at]`, or home when `at` is past the last.
    fn leg(&self, round: usize, before: Option<usize>, after: Option<usize>) -> i64 {
        match (before, after) {
            (Some(a), Some(b)) => self.way(a, b),
            (Some(stop), None) | (None, Some(stop)) => self.way_home(round, stop),
            (None, None) => 0,
        }
    }

    fn length(&self, round: usize, order: &[usize]) -> i64 {
        let inner: i64 = order.windows(2).map(|pair| self.way(pair[0], pair[1])).sum();
        inner + self.leg(round, None, order.first().copied()) + self.leg(round, order.last().copied(), None)
    }

    fn minutes(&self, round: usize, metres: i64) -> f64 {
        metres as f64 / self.rounds[round].metres_a_minute.max(0.1)
    }

    /// When each stop begins, and when each must begin at the latest for all after it to be in time.
    fn schedule(&self, round: usize, order: &[usize]) -> (Vec<f64>, Vec<f64>) {
        let (opens, closes) = self.rounds[round].hours;
        let mut early = Vec::with_capacity(order.len());
        let mut ready = f64::from(opens);
        for (at, &stop) in order.iter().enumerate() {
            let before = if at == 0 { None } else { Some(order[at - 1]) };
            let arrives = ready + self.minutes(round, self.leg(round, before, Some(stop)));
            let begins = arrives.max(f64::from(self.stops[stop].window.0));
            early.push(begins);
            ready = begins + f64::from(self.stops[stop].minutes);
        }
        let mut late = vec![0.0; order.len()];
        let mut by = f64::from(closes);
        for (at, &stop) in order.iter().enumerate().rev() {
            let leg = self.minutes(round, self.leg(round, Some(stop), order.get(at + 1).copied()));
            let begins = by - leg - f64::from(self.stops[stop].minutes);
            late[at] = begins.min(f64::from(self.stops[stop].window.1));
            by = late[at];
        }
        (early, late)
    }

    fn timed(&self, round: usize, order: &[usize]) -> Vec<(usize, u32)> {
        let (early, _) = self.schedule(round, order);
        order.iter().zip(early).map(|(&stop, minute)| (stop, minute.ceil() as u32)).collect()
    }

    /// The nearest stops of each, itself first.
    fn nearest(&self) -> Vec<Vec<u32>> {
        let most = 10 * OUT;
        (0..self.stops.len())
            .map(|stop| {
                let mut others: Vec<(i64, u32)> = (0..self.stops.len() as u32)
                    .map(|other| {
                        (if other as usize == stop { -1 } else { self.way(stop, other as usize) }, other)
                    })
                    .collect();
                if others.len() > most {
                    others.select_nth_unstable(most);
                    others.truncate(most);
                }
                others.sort_unstable();
                others.into_iter().map(|(_, other)| other).collect()
            })
            .collect()
    }

    /// Takes strings of stops out of the rounds round a random stop.
    fn take_out(&self, state: &mut State, near: &[Vec<u32>], random: &mut Random) {
        if self.stops.is_empty() {
            return;
        }
        let mut round_of = vec![u32::MAX; self.stops.len()];
        for (round, order) in (0u32..).zip(&state.orders) {
            order.iter().for_each(|&stop| round_of[stop] = round);
        }
        let strings = 1 + random.below(2 * OUT / STRING + 1);
        let mut touched = Vec::new();
        let centre = random.below(self.stops.len());
        for &stop in &near[centre] {
            let round = round_of[stop as usize];
            if round == u32::MAX || touched.contains(&round) {
                continue;
            }
            let order = &mut state.orders[round as usize];
            let length = 1 + random.below(order.len().min(STRING));
            let at = order.iter().position(|&other| other == stop as usize).unwrap_or(0);
            let earliest = (at + 1).saturating_sub(length);
            let latest = at.min(order.len() - length);
            let first = earliest + random.below(latest - earliest + 1);
            state.way -= self.length(round as usize, order);
            state.out.extend(order.drain(first..first + length));
            state.way += self.length(round as usize, order);
            touched.push(round);
            if touched.len() == strings {
                break;
            }
        }
    }

    /// Puts stops back where each costs least, those with narrow windows or much load first.
    fn put_back(&self, state: &mut State, random: &mut Random, all: bool) {
        let mut out = std::mem::take(&mut state.out);
        for last in (1..out.len()).rev() {
            out.swap(last, random.below(last + 1));
        }
        match random.below(3) {
            0 => out.sort_by_key(|&stop| {
                self.stops[stop].window.1 - self.stops[stop].window.0.min(self.stops[stop].window.1)
            }),
            1 => out.sort_by_key(|&stop| u32::MAX - self.stops[stop].load),
            _ => {}
        }
        let mut plans: Vec<_> =
            (0..self.rounds.len()).map(|round| self.schedule(round, &state.orders[round])).collect();
        let mut loads: Vec<u32> =
            state.orders.iter().map(|order| order.iter().map(|&stop| self.stops[stop].load).sum()).collect();
        for stop in out {
            let mut least: Option<(i64, usize, usize)> = None;
            for round in 0..self.rounds.len() {
                if loads[round] + self.stops[stop].load > self.rounds[round].room {
                    continue;
                }
                let order = &state.orders[round];
                for at in 0..=order.len() {
                    if !all && random.below(OVERLOOK) == 0 {
                        continue;
                    }
                    if let Some(extra) = self.extra(round, order, &plans[round], stop, at)
                        && least.is_none_or(|(cost, _, _)| extra < cost)
                    {
                        least = Some((extra, round, at));
                    }
                }
            }
            match least {
                None => state.out.push(stop),
                Some((extra, round, at)) => {
                    state.orders[round].insert(at, stop);
                    state.way += extra;
                    loads[round] += self.stops[stop].load;
                    plans[round] = self.schedule(round, &state.orders[round]);
                }
            }
        }
    }

    /// The way that `stop` adds at `at`, or `None` when someone would be late.
    fn extra(
        &self,
        round: usize,
        order: &[usize],
        (early, late): &(Vec<f64>, Vec<f64>),
        stop: usize,
        at: usize,
    ) -> Option<i64> {
        let before = at.checked_sub(1).map(|at| order[at]);
        let after = order.get(at).copied();
        let (there, on) = (self.leg(round, before, Some(stop)), self.leg(round, Some(stop), after));
        let (opens, closes) = self.rounds[round].hours;
        let ready = at
            .checked_sub(1)
            .map_or(f64::from(opens), |before| early[before] + f64::from(self.stops[order[before]].minutes));
        let window = self.stops[stop].window;
        let begins = (ready + self.minutes(round, there)).max(f64::from(window.0));
        let next = begins + f64::from(self.stops[stop].minutes) + self.minutes(round, on);
        let by = late.get(at).copied().unwrap_or(f64::from(closes));
        let in_time = begins <= f64::from(window.1) && next <= by;
        in_time.then(|| there + on - self.leg(round, before, after))
    }
}

fn flat(a: (i64, i64), b: (i64, i64)) -> i64 {
    crate::space::distance_m(a.0, a.1, b.0, b.1)
}

/// What makes a checkpoint a risk tonight: one number per kind of reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Risk {
    /// How much of each kind, in its own unit; the greatest of a kind counts 1.
    pub parts: Vec<f64>,
}

/// A checkpoint's index, its score, and the kinds that make it up with their shares, largest first.
pub type Ranked = (usize, f64, Vec<(usize, f64)>);

/// Checkpoints from the greatest risk down.
#[must_use]
pub fn rank(risks: &[Risk]) -> Vec<Ranked> {
    let kinds = risks.iter().map(|risk| risk.parts.len()).max().unwrap_or(0);
    let greatest =
        |kind: usize| risks.iter().filter_map(|risk| risk.parts.get(kind)).copied().fold(0.0, f64::max);
    let most: Vec<f64> = (0..kinds).map(greatest).collect();
    let mut ranked: Vec<_> = risks
        .iter()
        .enumerate()
        .map(|(index, risk)| {
            let shares =
                risk.parts.iter().zip(&most).map(|(part, most)| if *most > 0.0 { part / most } else { 0.0 });
            let mut why: Vec<(usize, f64)> = shares.enumerate().filter(|(_, share)| *share > 0.0).collect();
            why.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            (index, why.iter().map(|(_, share)| share).sum::<f64>(), why)
        })
        .collect();
    ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_DAY: (u32, u32) = (0, 1440);

    fn stop(x: i64, y: i64) -> Stop {
        Stop { at: (x, y), stairwell: None, floors: 0, minutes: 5, load: 1, window: ALL_DAY }
    }

    fn team(room: u32) -> Round {
        Round { base: None, room, hours: ALL_DAY, metres_a_minute: 70.0 }
    }

    #[test]
    fn a_street_is_walked_from_one_end_to_the_other() {
        let stops: Vec<Stop> = [3, 0, 7, 1, 5, 2, 6, 4].iter().map(|&x| stop(x * 100, 0)).collect();
        let plan = plan(&stops, &[team(8)], &Settings::default());
        assert!(plan.way.is_optimal() && plan.unserved.is_empty());
        assert!((plan.way.objective - 700.0).abs() < 1e-9);
    }

    #[test]
    fn a_stairwell_is_climbed_once() {
        let door = |stairwell, floors| Stop {
            stairwell: Some(stairwell),
            floors,
            ..stop(i64::from(stairwell) * 50, 0)
        };
        let stops = [door(1, 0), door(2, 5), door(1, 3), door(2, 0), door(1, 5)];
        let plan = plan(&stops, &[team(5)], &Settings::default());
        let wells: Vec<_> = plan.orders[0].iter().map(|&(stop, _)| stops[stop].stairwell).collect();
        assert_eq!(wells.windows(2).filter(|pair| pair[0] != pair[1]).count(), 1);
    }

    #[test]
    fn windows_and_room_are_kept_and_what_does_not_fit_is_named() {
        for seed in 0..20 {
            let mut random = Random::new(seed);
            let stops: Vec<Stop> = (0..14)
                .map(|_| {
                    let opens = 480 + random.below(240) as u32;
                    let load = 1 + random.below(3) as u32;
                    let (x, y) = (random.below(8000) as i64, random.below(8000) as i64);
                    Stop { load, window: (opens, opens + 60), ..stop(x, y) }
                })
                .collect();
            let van = Round { base: Some((4000, 4000)), room: 9, hours: (480, 800), metres_a_minute: 400.0 };
            let plan = plan(&stops, &[van, van], &Settings { effort: 40, seed, ..Settings::default() });
            let mut seen = plan.unserved.clone();
            for order in &plan.orders {
                assert!(order.iter().map(|&(index, _)| stops[index].load).sum::<u32>() <= van.room);
                let (mut clock, mut here) = (480.0, (4000, 4000));
                for &(index, _) in order {
                    clock += flat(here, stops[index].at) as f64 / 400.0;
                    clock = f64::max(clock, f64::from(stops[index].window.0));
                    assert!(clock <= f64::from(stops[index].window.1) + 1e-6, "late");
                    clock += 5.0;
                    here = stops[index].at;
                    seen.push(index);
                }
                assert!(clock + flat(here, (4000, 4000)) as f64 / 400.0 <= 800.0 + 1e-6, "home late");
            }
            seen.sort_unstable();
            assert_eq!(seen, (0..14).collect::<Vec<_>>());
            assert!(plan.way.lower_bound <= plan.way.objective);
        }
    }

    /// The shortest way over all orders of all stops on all rounds, by trying them; `None` when some stop
    /// fits nowhere.
    fn shortest_of_all(problem: &Problem<'_>) -> Option<i64> {
        fn visit(
            problem: &Problem<'_>,
            orders: &mut Vec<Vec<usize>>,
            left: &mut Vec<usize>,
            best: &mut Option<i64>,
        ) {
            let Some(stop) = left.pop() else {
                let in_time = (0..orders.len()).all(|round| {
                    let load: u32 = orders[round].iter().map(|&stop| problem.stops[stop].load).sum();
                    let (early, late) = problem.schedule(round, &orders[round]);
                    load <= problem.rounds[round].room && early.iter().zip(&late).all(|(e, l)| e <= l)
                });
                if in_time {
                    let way = (0..orders.len()).map(|round| problem.length(round, &orders[round])).sum();
                    *best = Some(best.map_or(way, |best: i64| best.min(way)));
                }
                return;
            };
            for round in 0..orders.len() {
                for at in 0..=orders[round].len() {
                    orders[round].insert(at, stop);
                    visit(problem, orders, left, best);
                    orders[round].remove(at);
                }
            }
            left.push(stop);
        }
        let mut best = None;
        let mut left = (0..problem.stops.len()).collect();
        visit(problem, &mut vec![Vec::new(); problem.rounds.len()], &mut left, &mut best);
        best
    }

    #[test]
    fn the_bound_is_below_the_best_of_all_rounds_and_near_it() {
        let (mut bounds, mut ways) = (0.0, 0.0);
        for seed in 0..40 {
            let mut random = Random::new(seed);
            let windows = seed % 2 == 0;
            let stops: Vec<Stop> = (0..6)
                .map(|_| {
                    let opens = 480 + random.below(120) as u32;
                    let window = if windows { (opens, opens + 40) } else { ALL_DAY };
                    let (x, y) = (random.below(8000) as i64, random.below(8000) as i64);
                    Stop { window, ..stop(x, y) }
                })
                .collect();
            let base = (seed % 4 < 2).then_some((4000, 4000));
            let van = Round { base, room: 4, hours: (480, 900), metres_a_minute: 400.0 };
            let problem = Problem { stops: &stops, rounds: &[van, van], floor: 15 };
            let plan = plan(&stops, &[van, van], &Settings { seed, ..Settings::default() });
            let Some(shortest) = shortest_of_all(&problem) else { continue };
            assert!(plan.unserved.is_empty());
            assert!(plan.way.lower_bound <= shortest as f64, "seed {seed}: {:?} > {shortest}", plan.way);
            assert!(plan.way.objective >= shortest as f64);
            bounds += plan.way.lower_bound;
            ways += shortest as f64;
        }
        assert!(bounds > 0.9 * ways, "{bounds} of {ways}");
    }

    #[test]
    fn checkpoints_rank_by_risk_and_say_why() {
        let risks = [vec![0.0, 1.0], vec![4.0, 1.0], vec![2.0, 0.0]].map(|parts| Risk { parts });
        let ranked = rank(&risks);
        assert_eq!(ranked.iter().map(|(index, ..)| *index).collect::<Vec<_>>(), [1, 0, 2]);
        assert_eq!(ranked[0].2, [(0, 1.0), (1, 1.0)]);
    }
}
