//! The slots that each person may come to want, so that no list of all pairs is ever made.

use super::cells::{Cells, Wishes};
use super::slots::{NOWHERE, Slots};
use super::{MAX_ROLES, Roles};
use crate::parallel;
use crate::random::Random;
use crate::space::{Candidate, PricedTree, rounded_root};

/// Slots remembered per person.
pub(super) const REMEMBERED: usize = 16;

/// What one person knows: her cheapest slots with their costs, and what everything else is worth at least.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    pub slots: [u32; REMEMBERED],
    pub costs: [i32; REMEMBERED],
    pub beyond: i64,
}

impl Memory {
    /// The slots with their costs, without the price.
    pub fn arcs(&self) -> impl Iterator<Item = (usize, i64)> + '_ {
        let known = self.slots.iter().take_while(|&&slot| slot != NOWHERE);
        known.zip(&self.costs).map(|(&slot, &cost)| (slot as usize, i64::from(cost)))
    }
}

/// The slots with their prices, and how people find them.
pub(super) struct Market<'a> {
    pub slots: &'a Slots,
    pub prices: Vec<i64>,
    pub workers: usize,
    cells: Cells,
    /// Per cell, at the prices of the last [`Market::refresh`].
    wishes: Vec<Wishes>,
    /// Where each slot is.
    spots: Vec<(f64, f64)>,
    /// Price and surcharge of each slot.
    worth: Vec<i64>,
}

impl<'a> Market<'a> {
    pub fn new(slots: &'a Slots, prices: Vec<i64>, workers: usize) -> Self {
        let spots = slots.all.iter().map(|slot| (slot.x as f64, slot.y as f64)).collect();
        let worth = slots.all.iter().zip(&prices).map(|(slot, price)| slot.surcharge + price).collect();
        Self { slots, prices, workers, cells: Cells::new(slots), wishes: Vec::new(), spots, worth }
    }

    pub fn set_price(&mut self, index: usize, price: i64) {
        self.prices[index] = price;
        self.worth[index] = price.saturating_add(self.slots.all[index].surcharge);
    }

    /// Takes [`Market::prices`] as they were set.
    pub fn reprice(&mut self) {
        let worth = self.slots.all.iter().zip(&self.prices);
        self.worth = worth.map(|(slot, &price)| price.saturating_add(slot.surcharge)).collect();
    }

    /// Finds out anew what every cell may want, at today's prices and while they move by half of `margin`.
    pub fn refresh(&mut self, margin: i64) {
        self.wishes = self.cells.wishes(self.slots, &self.prices, margin, self.workers);
    }

    /// The slots of `known` that are worth less than `limit` to a person, with their values, while `limit`
    /// falls to what `each` answers; `known` gives what a slot is worth at least, least first.
    fn visit(
        &self,
        mover: usize,
        known: impl Iterator<Item = (i32, u32)>,
        mut limit: i64,
        mut each: impl FnMut(u32, i64) -> i64,
    ) {
        let (_, x, y, _) = self.slots.movers[mover];
        let (x, y) = (x as f64, y as f64);
        for (least, slot) in known {
            if i64::from(least) >= limit {
                return;
            }
            let ((sx, sy), worth) = (self.spots[slot as usize], self.worth[slot as usize]);
            let room = (limit - worth) as f64;
            let square = (sx - x) * (sx - x) + (sy - y) * (sy - y);
            // Half a metre covers rounding.
            if room > 0.0 && square <= (room + 0.5) * (room + 0.5) {
                let distance = rounded_root(square);
                if distance <= self.slots.reach && distance + worth < limit {
                    limit = each(slot, distance + worth);
                }
            }
        }
    }

    /// The cheapest slot for a person and its value, when that is less than `least`.
    pub fn cheapest(&self, mover: usize, least: i64) -> (u32, i64) {
        let mut best = (NOWHERE, least);
        self.visit(mover, self.wishes[self.cells.of(mover)].slots.iter().copied(), least, |slot, value| {
            best = (slot, value);
            value
        });
        best
    }

    /// What each of `movers` would choose from at today's prices. Where many slots are worth about as much,
    /// which of them she remembers is drawn by lot, other lots in every `turn`, by values that lots make up
    /// to `lots` worse.
    pub fn look(&self, movers: &[u32], lots: i64, turn: usize) -> Vec<Memory> {
        parallel::map(movers.len(), self.workers, |index, merged| {
            self.remember(movers[index] as usize, lots, turn, merged)
        })
    }

    fn remember(&self, mover: usize, lots: i64, turn: usize, found: &mut Vec<(i64, u32, i64)>) -> Memory {
        let wishes = &self.wishes[self.cells.of(mover)];
        let mut draw = Random::new(mover as u64 ^ (turn as u64) << 32);
        let seed = draw.bits() | 1;
        let choose = |found: &mut Vec<(i64, u32, i64)>, slot: u32, value: i64| {
            let lot = (u64::from(slot) + 1).wrapping_mul(seed) >> 32;
            let drawn = value + ((lot * lots as u64) >> 32) as i64;
            if found.len() < REMEMBERED || drawn < found[REMEMBERED - 1].0 {
                found.truncate(REMEMBERED - 1);
                let at = found.partition_point(|&(other, ..)| other <= drawn);
                found.insert(at, (drawn, slot, value));
            }
            if found.len() == REMEMBERED { found[REMEMBERED - 1].0 } else { self.slots.unplaced }
        };
        found.clear();
        let unplaced = self.slots.unplaced;
        self.visit(mover, wishes.slots.iter().copied(), unplaced, |slot, value| choose(found, slot, value));
        let mut beyond = wishes.beyond;
        if found.iter().all(|&(_, _, value)| value > beyond) {
            // Prices have risen past what the cell knows of.
            found.clear();
            let roles = self.slots.movers[mover].3;
            let all = (0u32..).zip(&self.slots.all).filter(|(_, slot)| roles & (1 << slot.role) != 0);
            self.visit(mover, all.map(|(slot, _)| (i32::MIN, slot)), unplaced, |slot, value| {
                choose(found, slot, value)
            });
            beyond = i64::MAX;
        }
        if found.len() == REMEMBERED {
            beyond = beyond.min(found[REMEMBERED - 1].0);
        }
        let mut memory = Memory { slots: [NOWHERE; REMEMBERED], costs: [0; REMEMBERED], beyond };
        for (index, &(_, slot, value)) in found.iter().enumerate() {
            memory.slots[index] = slot;
            memory.costs[index] = (value - self.prices[slot as usize]) as i32;
        }
        memory
    }

    /// Moves people to vacancies that cost them less than where they stand, those who stand nowhere before
    /// all others and most gain first, until there is none.
    pub fn fill_vacancies(&self, at: &mut [u32]) {
        let mut room: Vec<u32> = self.slots.all.iter().map(|slot| slot.capacity).collect();
        for &slot in at.iter().filter(|&&slot| slot != NOWHERE) {
            room[slot as usize] -= 1;
        }
        let nowhere: Vec<u32> = (0..at.len() as u32).filter(|&mover| at[mover as usize] == NOWHERE).collect();
        self.fill_with(&nowhere, at, &mut room);
        let everyone: Vec<u32> = (0..at.len() as u32).collect();
        self.fill_with(&everyone, at, &mut room);
    }

    fn fill_with(&self, movers: &[u32], at: &mut [u32], room: &mut [u32]) {
        loop {
            if movers.is_empty() || room.iter().all(|&room| room == 0) {
                return;
            }
            let open = self.slots.trees(|slot| if room[slot] == 0 { i64::MAX } else { 0 });
            let wishes = parallel::map(movers.len(), self.workers, |index, found| {
                let mover = movers[index];
                let now = self.slots.cost_at(mover as usize, at[mover as usize]);
                let (slot, value) = cheapest_in(&open, self.slots, mover as usize, now, found);
                (mover, now - value, slot)
            });
            let mut moves: Vec<(i64, u32, u32)> = wishes
                .into_iter()
                .filter(|&(_, gain, _)| gain > 0)
                .map(|(mover, gain, slot)| (-gain, mover, slot))
                .collect();
            if moves.is_empty() {
                return;
            }
            moves.sort_unstable();
            for (_, mover, slot) in moves {
                if room[slot as usize] > 0 {
                    room[slot as usize] -= 1;
                    let left = std::mem::replace(&mut at[mover as usize], slot);
                    if left != NOWHERE {
                        room[left as usize] += 1;
                    }
                }
            }
        }
    }

    /// The value of the dual problem at today's prices, over all pairs: no plan costs less.
    pub fn bound(&mut self) -> i128 {
        self.refresh(0);
        let best = parallel::map(self.slots.movers.len(), self.workers, |mover, (): &mut ()| {
            self.cheapest(mover, self.slots.unplaced).1
        });
        let rents = self.slots.all.iter().zip(&self.prices);
        let rent: i128 = rents.map(|(slot, &price)| i128::from(slot.capacity) * i128::from(price)).sum();
        best.into_iter().map(i128::from).sum::<i128>() - rent
    }
}

/// The cheapest slot of `trees` for a person, and its value, when that is less than `least`.
fn cheapest_in(
    trees: &[PricedTree],
    slots: &Slots,
    mover: usize,
    least: i64,
    found: &mut Vec<Candidate>,
) -> (u32, i64) {
    let (_, x, y, roles) = slots.movers[mover];
    let mut best = (NOWHERE, least);
    for role in roles_of(roles) {
        trees[role].nearest_about((x, y), slots.reach, 1, 0, best.1, 0, found);
        if let Some(candidate) = found.first() {
            best = (slots.starts[role] as u32 + candidate.point, candidate.value);
        }
    }
    best
}

fn roles_of(roles: Roles) -> impl Iterator<Item = usize> {
    (0..MAX_ROLES).filter(move |role| roles & (1 << role) != 0)
}
