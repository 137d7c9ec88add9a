//! Pairing: units to compounds or communities, every place looked after by one unit.
//!
//! Each unit takes as many places as its share of the staff, rounded down or up, so the number of places a
//! head differs by no more than rounding does. Under that, the distances are least, and taking a place
//! from the unit that has it today costs as much as so many metres. The model is the transportation
//! problem, solved exactly; its prices are the proof.

use crate::Certificate;
use crate::exact::{self, NOWHERE, Transport};
use crate::space::distance_m;

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

/// Who looks after what.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairing {
    /// Unit per place; `None` only when there is no unit at all.
    pub unit_of: Vec<Option<usize>>,
    /// Distances in metres plus what the changes weigh, and the least that any such pairing can reach.
    pub cost: Certificate,
    /// Places that change their unit.
    pub changed: usize,
    /// The most households a head over the mean of all units that take part.
    pub load_ratio: f64,
}

/// Pairs units with places; `change_m` is what a change of unit weighs, in metres.
#[must_use]
pub fn plan(units: &[Unit], places: &[Place], change_m: i64) -> Pairing {
    let taking: Vec<usize> =
        (0..units.len()).filter(|&unit| units[unit].at.is_some() && units[unit].staff > 0).collect();
    let staff: u64 = taking.iter().map(|&unit| u64::from(units[unit].staff)).sum();
    let share = |unit: usize| (places.len() as u64 * u64::from(units[unit].staff), staff.max(1));
    // Two slots a unit: what it takes in any case, and the one more that rounding up would give it.
    let base = taking.iter().map(|&unit| share(unit).0 / share(unit).1);
    let more = taking.iter().map(|&unit| u64::from(share(unit).0 % share(unit).1 > 0));
    let capacities: Vec<u32> =
        base.chain(more).map(|places| u32::try_from(places).unwrap_or(u32::MAX)).collect();
    let weight = |place: usize, slot: usize| {
        let unit = taking[slot % taking.len()];
        let (Some((x, y)), place) = (units[unit].at, &places[place]) else { return 0 };
        let metres = place.at.map_or(0, |(px, py)| distance_m(x, y, px, py));
        metres + if place.today.is_some_and(|today| today != unit) { change_m } else { 0 }
    };
    let slots = capacities.len();
    let farthest = (0..places.len())
        .flat_map(|place| (0..slots).map(move |slot| (place, slot)))
        .map(|(place, slot)| weight(place, slot))
        .max();
    let surcharge = (farthest.unwrap_or(0) + 1) * (places.len() as i64 + 1);
    let problem = Transport {
        people: places.len(),
        capacities,
        unplaced: 4 * surcharge,
        cost: |place: usize, slot: usize| {
            Some(weight(place, slot) + if slot < taking.len() { 0 } else { surcharge })
        },
    };
    let (assigned, bound) = exact::solve(&problem);
    let (mut objective, mut penalties) = (0i128, 0i128);
    let mut unit_of = Vec::with_capacity(places.len());
    for (place, &slot) in assigned.iter().enumerate() {
        let slot = slot as usize;
        if slot == NOWHERE as usize {
            penalties += i128::from(problem.unplaced);
            unit_of.push(None);
        } else {
            objective += i128::from(weight(place, slot));
            penalties += if slot < taking.len() { 0 } else { i128::from(surcharge) };
            unit_of.push(Some(taking[slot % taking.len()]));
        }
    }
    let changed = places
        .iter()
        .zip(&unit_of)
        .filter(|(place, unit)| place.today.is_some() && place.today != **unit)
        .count();
    let load_ratio = load_ratio(units, places, &taking, &unit_of);
    let lower_bound = (bound - penalties).clamp(0, objective);
    let cost = Certificate { objective: objective as f64, lower_bound: lower_bound as f64 };
    Pairing { unit_of, cost, changed, load_ratio }
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

    #[test]
    fn every_place_has_a_unit_and_units_take_their_share() {
        let units: Vec<Unit> =
            (0..5).map(|i| Unit { at: Some((i * 1000, 0)), staff: 1 + i as u32 % 2 }).collect();
        let places: Vec<Place> = (0..16)
            .map(|i| Place { at: Some((i * 311 % 5000, i * 97)), households: 100, today: None })
            .collect();
        let plan = plan(&units, &places, 0);
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
}
