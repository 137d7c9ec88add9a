//! Prices under which about as many people want each slot as it has room for.
//!
//! The coarse prices are right over long distances but leave ties between neighbours, and everybody breaks
//! them the same way. Here people come by in random order, each takes what is cheapest for her and makes
//! it dearer, while everything becomes cheaper at a steady rate: the stochastic ascent of the dual of
//! semi-discrete transport (Genevay, Cuturi, Peyré and Bach, 2016).

use super::candidates::Market;
use super::slots::NOWHERE;
use crate::parallel;
use crate::random::Random;

/// People who choose at once, at the same prices. Fixed, so that the result does not depend on the number
/// of threads.
const BATCH: usize = 2048;

/// The people of `order` come by, in place of everyone; a slot's price rises by `swing` when its share of
/// them is what it has room for, and falls by as much meanwhile.
pub(super) fn pass(market: &mut Market, order: &[u32], swing: f64) {
    let mut prices: Vec<f64> = market.prices.iter().map(|&price| price as f64).collect();
    let mut offset = 0.0;
    let rise = swing * market.slots.movers.len() as f64 / order.len() as f64;
    for batch in order.chunks(BATCH) {
        let chosen = parallel::map(batch.len(), market.workers, |index, (): &mut ()| {
            market.cheapest(batch[index] as usize, market.slots.unplaced + offset as i64).0
        });
        for slot in chosen.into_iter().filter(|&slot| slot != NOWHERE) {
            let slot = slot as usize;
            prices[slot] += rise / f64::from(market.slots.all[slot].capacity);
            market.set_price(slot, prices[slot].round() as i64);
        }
        offset += swing * batch.len() as f64 / order.len() as f64;
    }
    settle(market, &prices, offset);
}

fn settle(market: &mut Market, prices: &[f64], offset: f64) {
    for (slot, price) in prices.iter().enumerate() {
        market.set_price(slot, (price - offset).max(0.0).round() as i64);
    }
}

/// The people in a random order.
pub(super) fn shuffled(people: usize, seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed);
    let mut order: Vec<u32> = (0..people as u32).collect();
    for last in (1..people).rev() {
        order.swap(last, random.below(last + 1));
    }
    order
}
