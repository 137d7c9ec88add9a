//! The auction algorithm for the transportation problem with alike slots (Bertsekas and Castañon, 1989),
//! with bids found by k-d tree, so that no list of all pairs is ever made.
//!
//! A person bids for the slot that is cheapest for her at today's prices and raises its price by what
//! makes her indifferent to the second best, plus `step`. At the end everyone is within `step` of her
//! best, so the total is within people x `step` of the least; the prices give the bound
//! itself, which is mostly much nearer.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use super::slots::{NOWHERE, Slots};
use super::{Limits, coarse};
use crate::parallel;
use crate::space::{Candidate, PricedTree};

/// Candidates remembered per person. Prices only rise during an auction, so a remembered list stays exact
/// while its best is no dearer than the first candidate that was left out.
const REMEMBERED: usize = 16;
/// People who look for candidates at once, at the same prices. Fixed, so that the plan does not depend on
/// the number of threads.
const BATCH: usize = 8192;

/// Auctions held at most, each with a smaller step; the gap that is left is reported.
const ROUNDS: u32 = 6;

/// An auction ends with a gap of about this many times less than `step` a person; measured.
const STEP_TO_GAP: f64 = 10.0;

/// What one person knows: her cheapest slots with their costs, and what everything else is worth at least.
#[derive(Clone, Copy)]
struct Memory {
    slots: [u32; REMEMBERED],
    costs: [i32; REMEMBERED],
    beyond: i64,
}

struct Auction<'a> {
    slots: &'a Slots,
    workers: usize,
    trees: Vec<PricedTree>,
    prices: Vec<i64>,
    bids: Vec<BinaryHeap<Reverse<(i64, u32)>>>,
    at: Vec<u32>,
    memory: Vec<Memory>,
}

/// The slot per mover and a lower bound on the total cost.
pub(super) fn solve(slots: &Slots, limits: &Limits) -> (Vec<u32>, i128) {
    let start = coarse::solve(slots, limits.workers);
    let mut auction = Auction {
        slots,
        workers: limits.workers,
        trees: slots.trees(|slot| start.prices[slot]),
        prices: start.prices,
        bids: slots.all.iter().map(|slot| BinaryHeap::with_capacity(slot.capacity as usize + 1)).collect(),
        at: vec![NOWHERE; slots.movers.len()],
        memory: Vec::new(),
    };
    let people = slots.movers.len().max(1) as f64;
    let mut step = ((start.cost as f64 / people * limits.tolerance * STEP_TO_GAP) as i64).max(1);
    // Where people and slots do not match one to one, prices have to climb to what leaving someone out
    // costs: they do so in large steps first.
    let capacity: u64 = slots.all.iter().map(|slot| u64::from(slot.capacity)).sum();
    if capacity != slots.movers.len() as u64 || slots.reach < i64::MAX || slots.starts[1] != slots.all.len() {
        step = step.max(slots.unplaced / 64);
    }
    let (mut best, mut least, mut highest) = (Vec::new(), i128::MAX, 0);
    let mut rounds = 0;
    loop {
        rounds += 1;
        auction.hold(step);
        let cost = auction.total();
        if cost < least {
            (best, least) = (auction.at.clone(), cost);
        }
        highest = auction.bound().max(highest);
        if step == 1
            || rounds == ROUNDS
            || (least - highest) as f64
                <= limits.tolerance * (highest - auction.penalties(&best)).max(0) as f64
        {
            return (best, highest);
        }
        step = (step / 3).max(1);
        auction.cheapen_idle();
    }
}

impl Auction<'_> {
    /// One auction from the prices as they stand: everyone bids until everyone is placed or gives up.
    fn hold(&mut self, step: i64) {
        self.remember_all(2 * step);
        self.bids.iter_mut().for_each(BinaryHeap::clear);
        let mut waiting: VecDeque<u32> = (0..self.slots.movers.len() as u32).collect();
        let mut batch = Vec::with_capacity(BATCH);
        while !waiting.is_empty() {
            batch.clear();
            batch.extend(waiting.drain(..waiting.len().min(BATCH)));
            let lost: Vec<u32> = batch
                .iter()
                .copied()
                .filter(|&mover| self.weigh(mover as usize).1 > self.memory[mover as usize].beyond)
                .collect();
            let (slots, trees, prices) = (self.slots, &self.trees, &self.prices);
            let looked = parallel::map(lost.len(), self.workers, |index, found| {
                remember(slots, trees, prices, lost[index] as usize, 2 * step, found)
            });
            for (&mover, memory) in lost.iter().zip(looked) {
                self.memory[mover as usize] = memory;
            }
            for &mover in &batch {
                self.bid(mover, step, &mut waiting);
            }
        }
    }

    /// Slots that nobody filled cost nothing: a price above zero there only loosens the bound.
    fn cheapen_idle(&mut self) {
        for index in 0..self.slots.all.len() {
            if self.bids[index].len() < self.slots.all[index].capacity as usize {
                self.set_price(index, 0);
            }
        }
    }

    /// `mover` takes the slot that she wants most, and whoever loses it for her waits again. When prices
    /// have risen so far that she may want one she does not remember, she waits to look again.
    fn bid(&mut self, mover: u32, step: i64, waiting: &mut VecDeque<u32>) {
        let (best, first, second) = self.weigh(mover as usize);
        let beyond = self.memory[mover as usize].beyond;
        if first > beyond {
            waiting.push_back(mover);
            return;
        }
        if best == NOWHERE || first >= self.slots.unplaced {
            self.at[mover as usize] = NOWHERE;
            return;
        }
        let index = best as usize;
        let price = self.prices[index] + second.min(beyond).min(self.slots.unplaced) - first + step;
        let room = self.slots.all[index].capacity as usize;
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
            self.set_price(index, least);
        }
    }

    fn set_price(&mut self, index: usize, price: i64) {
        if self.prices[index] != price {
            self.prices[index] = price;
            let slot = &self.slots.all[index];
            let point = (index - self.slots.starts[slot.role]) as u32;
            self.trees[slot.role].set_price(point, price + slot.surcharge);
        }
    }

    /// The cheapest remembered slot, its value, and the value of the next.
    fn weigh(&self, mover: usize) -> (u32, i64, i64) {
        let (mut best, mut first, mut second) = (NOWHERE, i64::MAX, i64::MAX);
        let memory = &self.memory[mover];
        for (&slot, &cost) in memory.slots.iter().zip(&memory.costs) {
            if slot == NOWHERE {
                break;
            }
            let value = i64::from(cost) + self.prices[slot as usize];
            if value < first {
                (best, second, first) = (slot, first, value);
            } else if value < second {
                second = value;
            }
        }
        (best, first, second)
    }

    fn remember_all(&mut self, width: i64) {
        let (slots, trees, prices) = (self.slots, &self.trees, &self.prices);
        self.memory = parallel::map(slots.movers.len(), self.workers, |mover, found| {
            remember(slots, trees, prices, mover, width, found)
        });
    }

    /// The part of a plan's cost that is not travel.
    fn penalties(&self, at: &[u32]) -> i128 {
        let one = |&slot: &u32| match slot {
            NOWHERE => self.slots.unplaced,
            slot => self.slots.all[slot as usize].surcharge,
        };
        at.iter().map(|slot| i128::from(one(slot))).sum()
    }

    fn total(&self) -> i128 {
        self.at
            .iter()
            .enumerate()
            .map(|(mover, &slot)| {
                let cost = if slot == NOWHERE { None } else { self.slots.cost(mover, slot as usize) };
                i128::from(cost.unwrap_or(self.slots.unplaced))
            })
            .sum()
    }

    /// The value of the dual problem at the prices as they stand: no plan costs less.
    fn bound(&self) -> i128 {
        let (slots, trees) = (self.slots, &self.trees);
        let best = parallel::map(slots.movers.len(), self.workers, |mover, found| {
            let (_, x, y, roles) = slots.movers[mover];
            roles_of(roles).fold(slots.unplaced, |least, role| {
                trees[role].nearest((x, y), slots.reach, 1, 0, found);
                found.first().map_or(least, |candidate| least.min(candidate.value))
            })
        });
        let rent: i128 = slots
            .all
            .iter()
            .zip(&self.prices)
            .map(|(slot, &p)| i128::from(slot.capacity) * i128::from(p))
            .sum();
        best.into_iter().map(i128::from).sum::<i128>() - rent
    }
}

fn roles_of(roles: u32) -> impl Iterator<Item = usize> {
    (0..super::MAX_ROLES).filter(move |role| roles & (1 << role) != 0)
}

#[derive(Default)]
struct Scratch {
    found: Vec<Candidate>,
    merged: Vec<(i64, u32)>,
}

fn remember(
    slots: &Slots,
    trees: &[PricedTree],
    prices: &[i64],
    mover: usize,
    width: i64,
    scratch: &mut Scratch,
) -> Memory {
    let (_, x, y, roles) = slots.movers[mover];
    let mut memory = Memory { slots: [NOWHERE; REMEMBERED], costs: [0; REMEMBERED], beyond: i64::MAX };
    let Scratch { found, merged } = scratch;
    merged.clear();
    for role in roles_of(roles) {
        let beyond = trees[role].nearest((x, y), slots.reach, REMEMBERED, width, found);
        memory.beyond = memory.beyond.min(beyond);
        merged.extend(
            found.iter().map(|candidate| (candidate.value, slots.starts[role] as u32 + candidate.point)),
        );
    }
    merged.sort_unstable();
    if let Some(&(value, _)) = merged.get(REMEMBERED) {
        memory.beyond = memory.beyond.min(value);
    }
    for (index, &(value, slot)) in merged.iter().take(REMEMBERED).enumerate() {
        memory.slots[index] = slot;
        memory.costs[index] = (value - prices[slot as usize]) as i32;
    }
    memory
}
