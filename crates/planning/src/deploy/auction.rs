//! The auction algorithm for the transportation problem with alike slots (Bertsekas and Castañon, 1989),
//! held until almost everyone is placed.
//!
//! A person bids for the slot that is cheapest for her at today's prices and raises its price by what
//! makes her indifferent to the second best, plus `step`. The last few would bid for most of the time:
//! they take the vacancies that are left, and so does anyone for whom one is nearer than her slot.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::candidates::{Market, Memory};
use super::chains;
use super::slots::NOWHERE;
use crate::parallel;

/// People who look for candidates at once, at the same prices. Fixed, so that the plan does not depend on
/// the number of threads.
const BATCH: usize = 8192;
/// The auction ends when no more than one person in this many waits.
const LEFT_OVER: usize = 60;
/// What the moves of the last chains may cost, in steps.
const CHAIN: i64 = 4;
/// It also ends after this many bids a person.
const BIDS: usize = 6;
/// What cells may want is found out anew after this many batches: prices have moved on by then.
const REFRESHED: usize = 24;

/// Holds an auction from the prices as they stand; the slot per person, and the prices before the last ones
/// were placed.
pub(super) fn hold(market: &mut Market, order: &[u32], step: i64) -> (Vec<u32>, Vec<i64>) {
    let people = order.len();
    let everyone: Vec<u32> = (0..people as u32).collect();
    market.refresh(2 * step);
    let memory = market.look(&everyone, step / 2, 0);
    let bids = market.slots.all.iter();
    let bids = bids.map(|slot| BinaryHeap::with_capacity(slot.capacity as usize + 1)).collect();
    let mut auction = Auction { market, memory, bids, at: vec![NOWHERE; people], step, turn: 0 };
    auction.run(order);
    let Auction { market, memory, at, .. } = auction;
    let prices = market.prices.clone();
    let mut at = chains::close(market, memory, &at, step * CHAIN);
    market.fill_vacancies(&mut at);
    (at, prices)
}

struct Auction<'m, 'a> {
    market: &'m mut Market<'a>,
    memory: Vec<Memory>,
    bids: Vec<BinaryHeap<Reverse<(i64, u32)>>>,
    at: Vec<u32>,
    step: i64,
    /// Batches held.
    turn: usize,
}

impl Auction<'_, '_> {
    fn run(&mut self, order: &[u32]) {
        let mut waiting: VecDeque<u32> = order.iter().copied().collect();
        let mut batch = Vec::with_capacity(BATCH);
        let mut left = order.len() * BIDS;
        while waiting.len() > order.len() / LEFT_OVER && left > 0 {
            batch.clear();
            batch.extend(waiting.drain(..waiting.len().min(BATCH)));
            left = left.saturating_sub(batch.len());
            let forgets = parallel::map(batch.len(), self.market.workers, |index, (): &mut ()| {
                let mover = batch[index] as usize;
                self.weigh(mover).1 > self.memory[mover].beyond
            });
            let lost = batch.iter().zip(forgets).filter(|(_, forgets)| *forgets);
            let lost: Vec<u32> = lost.map(|(&mover, _)| mover).collect();
            self.turn += 1;
            if self.turn.is_multiple_of(REFRESHED) {
                self.market.refresh(2 * self.step);
            }
            let looks = self.market.look(&lost, self.step / 2, self.turn);
            for (&mover, memory) in lost.iter().zip(looks) {
                self.memory[mover as usize] = memory;
            }
            for &mover in &batch {
                self.bid(mover, &mut waiting);
            }
        }
        for mover in waiting {
            self.at[mover as usize] = NOWHERE;
        }
    }

    /// `mover` takes the slot that she wants most, and whoever loses it for her waits again. When prices
    /// have risen so far that she may want one she does not remember, she waits to look again.
    fn bid(&mut self, mover: u32, waiting: &mut VecDeque<u32>) {
        let (best, first, second) = self.weigh(mover as usize);
        let beyond = self.memory[mover as usize].beyond;
        let unplaced = self.market.slots.unplaced;
        if first > beyond {
            waiting.push_back(mover);
            return;
        }
        if best == NOWHERE || first >= unplaced {
            self.at[mover as usize] = NOWHERE;
            return;
        }
        let index = best as usize;
        let price = self.market.prices[index] + second.min(beyond).min(unplaced) - first + self.step;
        let room = self.market.slots.all[index].capacity as usize;
        self.at[mover as usize] = best;
        self.bids[index].push(Reverse((price, mover)));
        if self.bids[index].len() > room
            && let Some(Reverse((_, out))) = self.bids[index].pop()
        {
            waiting.push_back(out);
        }
        if self.bids[index].len() == room
            && let Some(&Reverse((least, _))) = self.bids[index].peek()
        {
            self.market.set_price(index, least);
        }
    }

    /// The cheapest remembered slot, its value, and the value of the next.
    fn weigh(&self, mover: usize) -> (u32, i64, i64) {
        let (mut best, mut first, mut second) = (NOWHERE, i64::MAX, i64::MAX);
        for (slot, cost) in self.memory[mover].arcs() {
            let value = cost + self.market.prices[slot];
            if value < first {
                (best, second, first) = (slot as u32, first, value);
            } else if value < second {
                second = value;
            }
        }
        (best, first, second)
    }
}
