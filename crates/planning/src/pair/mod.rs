//! Pairing: units to compounds or communities, every place looked after by one unit.
//!
//! Each unit takes as many places as its share of the staff, rounded down or up, so the number of places a
//! head differs by no more than rounding does. Under that, the distances are least, and taking a place
//! from the unit that has it today costs as much as so many metres. The model is the transportation
//! problem, solved exactly; its prices are the proof. When pieces that lie apart are given a weight or
//! households a head a limit, a search goes on from there, and the exact pairing is its bound.

mod pieces;

use crate::Certificate;
use crate::exact::{self, NOWHERE, Transport};
use pieces::{Search, limits, metres, side_by_side};

/// A unit that looks after places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unit {
    /// Where it sits, in metres; `None` leaves it out.
    pub at: Option<(i64, i64)>,
    /// How many people it can send; 0 leaves it out.
    pub staff: u32,
}

/// A compound or community to be looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Where it lies, in metres; `None` makes every unit equally near.
    pub at: Option<(i64, i64)>,
    /// Households in it, for the load that is reported.
    pub households: u32,
    /// The unit that looks after it today.
    pub today: Option<usize>,
}

/// What a pairing weighs besides distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// What a place weighs that changes its unit, in metres.
    pub change_m: i64,
    /// What every further piece weighs that a unit's places lie in, in metres.
    pub piece_m: i64,
    /// The most households a head that a unit should have, over the mean.
    pub most_load: Option<f64>,
    /// Seed of the search.
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { change_m: 1000, piece_m: 0, most_load: None, seed: 1 }
    }
}

/// Who looks after what.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairing {
    /// Unit per place; `None` only when there is no unit at all.
    pub unit_of: Vec<Option<usize>>,
    /// Distances in metres plus what changes and further pieces weigh, and the least that any such pairing
    /// can reach.
    pub cost: Certificate,
    /// Units whose places lie in more than one piece, and in how many.
    pub apart: Vec<(usize, usize)>,
    /// Units that have more households a head than they should.
    pub overloaded: Vec<usize>,
    /// Places that change their unit.
    pub changed: usize,
    /// The most households a head over the mean of all units that take part.
    pub load_ratio: f64,
}

/// Pairs units with places by distance alone, which is proven least; `change_m` is what a change of unit
/// weighs, in metres.
#[must_use]
pub fn plan(units: &[Unit], places: &[Place], change_m: i64) -> Pairing {
    plan_with(units, places, &[], &Settings { change_m, ..Settings::default() })
}

/// Pairs units with places. `beside` names places that lie side by side; when it is empty, those do that
/// have no other place between them.
#[must_use]
pub fn plan_with(
    units: &[Unit],
    places: &[Place],
    beside: &[(usize, usize)],
    settings: &Settings,
) -> Pairing {
    let taking: Vec<usize> =
        (0..units.len()).filter(|&unit| units[unit].at.is_some() && units[unit].staff > 0).collect();
    let cost = |place: usize, taker: usize| {
        let unit = taking[taker];
        let changes = places[place].today.is_some_and(|today| today != unit);
        metres(&units[unit], &places[place]) + if changes { settings.change_m } else { 0 }
    };
    let share = shares(units, places.len(), &taking);
    let (unit_of, bound) = exact_pairing(&cost, places.len(), &share);
    let own = if beside.is_empty() { side_by_side(places) } else { beside.to_vec() };
    let limits = limits(units, &taking, places, settings.most_load);
    let Some(unit_of) = unit_of else { return nobody(units, places, &taking) };
    let mut search = Search::new(&cost, places, &own, (share, limits), settings.piece_m, unit_of);
    let (over, value) = search.value();
    if over > 0 || value > bound {
        search.anneal(settings);
    }
    let (_, objective) = search.value();
    let mut apart = Vec::new();
    let mut overloaded = Vec::new();
    for (taker, &unit) in taking.iter().enumerate() {
        let pieces = search.pieces(taker);
        if pieces > 1 {
            apart.push((unit, pieces));
        }
        if search.over(taker) > 0 {
            overloaded.push(unit);
        }
    }
    let unit_of: Vec<Option<usize>> = search.unit_of.iter().map(|&taker| Some(taking[taker])).collect();
    let changed = (places.iter().zip(&unit_of))
        .filter(|(place, unit)| place.today.is_some() && place.today != **unit)
        .count();
    let load_ratio = load_ratio(units, places, &taking, &unit_of);
    let cost = Certificate { objective: objective as f64, lower_bound: bound.min(objective) as f64 };
    Pairing { unit_of, cost, apart, overloaded, changed, load_ratio }
}

fn nobody(units: &[Unit], places: &[Place], taking: &[usize]) -> Pairing {
    let unit_of = vec![None; places.len()];
    let load_ratio = load_ratio(units, places, taking, &unit_of);
    let cost = Certificate { objective: 0.0, lower_bound: 0.0 };
    Pairing { unit_of, cost, apart: Vec::new(), overloaded: Vec::new(), changed: 0, load_ratio }
}

/// The fewest and the most places of each unit: its share by its staff, rounded down and up.
fn shares(units: &[Unit], places: usize, taking: &[usize]) -> Vec<(u32, u32)> {
    let staff: u64 = taking.iter().map(|&unit| u64::from(units[unit].staff)).sum();
    let share = |&unit: &usize| {
        let due = places as u64 * u64::from(units[unit].staff);
        let [least, most] = [due / staff, due.div_ceil(staff)].map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        (least, most)
    };
    taking.iter().map(share).collect()
}

/// Taker per place at the least cost within the shares, and that cost; `None` when nobody takes any.
fn exact_pairing(
    cost: &impl Fn(usize, usize) -> i64,
    places: usize,
    share: &[(u32, u32)],
) -> (Option<Vec<usize>>, i64) {
    let takers = share.len();
    if takers == 0 {
        return (None, 0);
    }
    // Two slots a unit: what it takes in any case, and the one more that rounding up would give it.
    let capacities = share.iter().map(|share| share.0).chain(share.iter().map(|share| share.1 - share.0));
    let pairs = (0..places).flat_map(|place| (0..takers).map(move |taker| (place, taker)));
    let farthest = pairs.map(|(place, taker)| cost(place, taker)).max();
    let surcharge = (farthest.unwrap_or(0) + 1) * (places as i64 + 1);
    let problem = Transport {
        people: places,
        capacities: capacities.collect(),
        unplaced: 4 * surcharge,
        cost: |place: usize, slot: usize| {
            Some(cost(place, slot % takers) + if slot < takers { 0 } else { surcharge })
        },
    };
    let (assigned, bound) = exact::solve(&problem);
    // The shares add up to all places or more, so nobody is left out.
    debug_assert!(assigned.iter().all(|&slot| slot != NOWHERE));
    let above = assigned.iter().filter(|&&slot| slot as usize >= takers).count();
    let unit_of = assigned.iter().map(|&slot| slot as usize % takers).collect();
    let least = bound - above as i128 * i128::from(surcharge);
    (Some(unit_of), i64::try_from(least).unwrap_or(0))
}

fn load_ratio(units: &[Unit], places: &[Place], taking: &[usize], unit_of: &[Option<usize>]) -> f64 {
    let mut load = vec![0u64; units.len()];
    for (place, unit) in places.iter().zip(unit_of) {
        if let Some(unit) = unit {
            load[*unit] += u64::from(place.households);
        }
    }
    let total: u64 = load.iter().sum();
    let staff: u64 = taking.iter().map(|&unit| u64::from(units[unit].staff)).sum();
    let mean = total as f64 / staff.max(1) as f64;
    let heads = taking.iter().map(|&unit| load[unit] as f64 / f64::from(units[unit].staff));
    if total == 0 { 1.0 } else { heads.fold(0.0, f64::max) / mean }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::distance_m;

    #[test]
    fn every_place_has_a_unit_and_units_take_their_share() {
        let units: Vec<Unit> =
            (0..5).map(|i| Unit { at: Some((i * 1000, 0)), staff: 1 + i as u32 % 2 }).collect();
        let places: Vec<Place> = (0..16)
            .map(|i| Place { at: Some((i * 311 % 5000, i * 97)), households: 100, today: None })
            .collect();
        let plan = plan(&units, &places, 1000);
        assert!(plan.cost.is_optimal());
        for (index, unit) in units.iter().enumerate() {
            let share = 16.0 * f64::from(unit.staff) / 7.0;
            let has = plan.unit_of.iter().filter(|of| **of == Some(index)).count() as f64;
            assert!(has >= share.floor() && has <= share.ceil(), "unit {index} has {has} of {share}");
        }
    }

    #[test]
    fn equals_the_best_of_all_pairings_of_a_small_case() {
        let units = [Unit { at: Some((0, 0)), staff: 1 }, Unit { at: Some((900, 0)), staff: 1 }];
        for seed in 0..40 {
            let mut random = crate::random::Random::new(seed);
            let places: Vec<Place> = (0..6)
                .map(|_| Place {
                    at: Some((random.below(1000) as i64, random.below(1000) as i64)),
                    households: 1,
                    today: Some(random.below(2)),
                })
                .collect();
            let one = |place: &Place, unit: usize| {
                let ((x, y), (px, py)) = (units[unit].at.unwrap_or_default(), place.at.unwrap_or_default());
                distance_m(x, y, px, py) + if place.today == Some(unit) { 0 } else { 250 }
            };
            let least = (0..64usize)
                .filter(|set| set.count_ones() == 3)
                .map(|set| places.iter().enumerate().map(|(i, place)| one(place, set >> i & 1)).sum::<i64>())
                .min();
            let plan = plan(&units, &places, 250);
            assert_eq!(Some(plan.cost.objective as i64), least);
            assert!(plan.cost.is_optimal());
        }
    }

    /// Fourteen units and thirty-three places of many sizes.
    fn town(seed: u64) -> (Vec<Unit>, Vec<Place>) {
        let mut random = crate::random::Random::new(seed);
        let mut spot = || Some((random.below(8000) as i64, random.below(8000) as i64));
        let units: Vec<Unit> = (0..14).map(|i| Unit { at: spot(), staff: 20 + i % 9 }).collect();
        let places: Vec<Place> =
            (0..33).map(|i| Place { at: spot(), households: 300 + i * 37 % 400, today: None }).collect();
        (units, places)
    }

    #[test]
    fn few_places_change_their_unit_when_one_more_is_added() {
        let (units, mut places) = town(3);
        let before = plan(&units, &places, 1000);
        for (place, unit) in places.iter_mut().zip(&before.unit_of) {
            place.today = *unit;
        }
        let again = plan(&units, &places, 1000);
        assert_eq!(again.changed, 0);
        places.push(Place { at: Some((4000, 4000)), households: 500, today: None });
        let after = plan(&units, &places, 1000);
        assert!(after.cost.is_optimal());
        assert!(after.changed <= 3, "{}", after.changed);
    }

    #[test]
    fn a_weight_on_pieces_and_a_limit_on_load_are_kept_within_the_shares() {
        for seed in 0..6 {
            let (units, places) = town(seed);
            let exact = plan(&units, &places, 1000);
            let settings = Settings { piece_m: 2000, most_load: Some(1.7), ..Settings::default() };
            let plan = plan_with(&units, &places, &[], &settings);
            assert!(plan.apart.len() <= exact.apart.len());
            assert!(plan.overloaded.is_empty() && plan.load_ratio <= 1.7 + 1e-9, "{}", plan.load_ratio);
            assert!((plan.cost.lower_bound - exact.cost.objective).abs() < 1e-9);
            let taking: Vec<usize> = (0..units.len()).collect();
            for (unit, (least, most)) in shares(&units, places.len(), &taking).into_iter().enumerate() {
                let has = plan.unit_of.iter().filter(|of| **of == Some(unit)).count() as u32;
                assert!(has >= least && has <= most);
            }
        }
    }

    #[test]
    fn side_by_side_is_what_has_nothing_between() {
        let at = |x, y| Place { at: Some((x, y)), households: 1, today: None };
        let places = [at(0, 0), at(100, 0), at(200, 0), Place { at: None, ..at(0, 0) }, at(0, 100)];
        assert_eq!(side_by_side(&places), [(0, 1), (0, 4), (1, 2), (1, 4)]);
    }
}
