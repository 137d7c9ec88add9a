//! Deployment at a scale where no list of all pairs fits: coarse prices, smoothed until they prove a good
//! bound, then auctions until a plan is near enough to it.

use super::candidates::Market;
use super::slots::Slots;
use super::{Limits, auction, coarse, smooth};

/// Auctions held at most, each with a smaller step; the gap that is left is reported.
const ROUNDS: u32 = 4;
/// Above so many pairs there is one: a second would look at them too often.
const VAST: usize = 5_000_000_000;
/// The first auction's step over the tolerance a person.
const STEP: f64 = 1.0;
/// Passes of the people over the prices, each by one part of them, and how prices swing in the first, in
/// metres, and in each next against the one before.
const PASSES: usize = 8;
const PARTS: usize = 4;
const SWING: f64 = 800.0;
const DAMPING: f64 = 0.7;

/// The slot per mover and a lower bound on the total cost.
pub(super) fn solve(slots: &Slots, limits: &Limits) -> (Vec<u32>, i128) {
    let start = coarse::solve(slots, limits.workers);
    let mut market = Market::new(slots, start.prices, limits.workers);
    let order = smooth::shuffled(slots.movers.len(), 1);
    let mut swing = SWING;
    for pass in 0..PASSES {
        let part = pass % PARTS;
        let range = order.len() * part / PARTS..order.len() * (part + 1) / PARTS;
        market.refresh((swing * 1.5) as i64);
        smooth::pass(&mut market, &order[range], swing);
        swing *= DAMPING;
    }
    let mut highest = market.bound();
    let people = slots.movers.len().max(1) as f64;
    let mut step = ((start.cost as f64 / people * limits.tolerance * STEP) as i64).max(1);
    let pairs = slots.movers.len().saturating_mul(slots.all.len());
    let rounds = if pairs > VAST { 1 } else { ROUNDS };
    let (mut best, mut least) = (Vec::new(), i128::MAX);
    for round in 1.. {
        let (at, prices) = auction::hold(&mut market, &order, step);
        let cost = total(slots, &at);
        if cost < least {
            (best, least) = (at, cost);
        }
        let travel = (highest - penalties(slots, &best)).max(0);
        let close = |bound: i128| (least - bound) as f64 <= limits.tolerance * travel as f64;
        if close(highest) {
            break;
        }
        // Chains leave better prices to begin again from, but at times a worse bound.
        let after = market.bound();
        let chained = std::mem::replace(&mut market.prices, prices);
        market.reprice();
        let before = market.bound();
        market.prices = chained;
        market.reprice();
        highest = highest.max(before).max(after);
        if step == 1 || round >= rounds || close(highest) {
            break;
        }
        step = (step / 3).max(1);
    }
    (best, highest)
}

/// The part of a plan's cost that is not travel.
fn penalties(slots: &Slots, at: &[u32]) -> i128 {
    at.iter()
        .map(|&slot| slots.all.get(slot as usize).map_or(slots.unplaced, |slot| slot.surcharge))
        .map(i128::from)
        .sum()
}

fn total(slots: &Slots, at: &[u32]) -> i128 {
    at.iter().enumerate().map(|(mover, &slot)| i128::from(slots.cost_at(mover, slot))).sum()
}
