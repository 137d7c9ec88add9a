//! The slots that each person may come to want, so that no list of all pairs is ever made.

use super::slots::{NOWHERE, Slots};
use super::{MAX_ROLES, Roles};
use crate::parallel;
use crate::space::{Candidate, PricedTree};

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

    /// Remembers one more slot, in the place of one of those that seemed worst.
    pub fn learn(&mut self, slot: u32, cost: i64) {
        if self.slots.contains(&slot) {
            return;
        }
        let end = self.slots.iter().position(|&known| known == NOWHERE);
        let at = end.unwrap_or(REMEMBERED - 1 - slot as usize % 4);
        self.slots[at] = slot;
        self.costs[at] = cost as i32;
    }
}

/// The slots with their prices, one tree per role, and how people find them.
pub(super) struct Market<'a> {
    pub slots: &'a Slots,
    pub prices: Vec<i64>,
    trees: Vec<PricedTree>,
    pub workers: usize,
}

#[derive(Default)]
struct Scratch {
    found: Vec<Candidate>,
    merged: Vec<(i64, u32)>,
}

impl<'a> Market<'a> {
    pub fn new(slots: &'a Slots, prices: Vec<i64>, workers: usize) -> Self {
        let trees = slots.trees(|slot| prices[slot]);
        Self { slots, prices, trees, workers }
    }

    pub fn set_price(&mut self, index: usize, price: i64) {
        if self.prices[index] != price {
            self.prices[index] = price;
            let slot = &self.slots.all[index];
            let point = (index - self.slots.starts[slot.role]) as u32;
            self.trees[slot.role].set_price(point, price.saturating_add(slot.surcharge));
        }
    }

    /// What each of `movers` would choose from at today's prices, within `slack` of the cheapest.
    pub fn look(&self, movers: &[u32], slack: i64) -> Vec<Memory> {
        parallel::map(movers.len(), self.workers, |index, scratch| {
            self.remember(movers[index] as usize, slack, scratch)
        })
    }

    fn memory(&self, cheapest: &[(i64, u32)], beyond: i64) -> Memory {
        let mut memory = Memory { slots: [NOWHERE; REMEMBERED], costs: [0; REMEMBERED], beyond };
        for (index, &(value, slot)) in cheapest.iter().take(REMEMBERED).enumerate() {
            memory.slots[index] = slot;
            memory.costs[index] = (value - self.prices[slot as usize]) as i32;
        }
        memory
    }

    fn remember(&self, mover: usize, slack: i64, Scratch { found, merged }: &mut Scratch) -> Memory {
        let (_, x, y, roles) = self.slots.movers[mover];
        let (reach, mut beyond) = (self.slots.reach, i64::MAX);
        merged.clear();
        for role in roles_of(roles) {
            let first = self.slots.starts[role] as u32;
            let (tree, most) = (&self.trees[role], i64::MAX);
            tree.nearest_about((x, y), reach, REMEMBERED, most, most, slack, found);
            if found.len() == REMEMBERED {
                beyond = beyond.min(found[REMEMBERED - 1].value);
            }
            merged.extend(found.iter().map(|candidate| (candidate.value, first + candidate.point)));
        }
        merged.sort_unstable();
        if let Some(&(value, _)) = merged.get(REMEMBERED) {
            beyond = beyond.min(value);
        }
        self.memory(merged, beyond)
    }

    /// About the cheapest slot for a person at today's prices, when that is worth no more than `least`.
    pub fn cheapest(&self, mover: usize, least: i64, slack: i64, found: &mut Vec<Candidate>) -> u32 {
        cheapest_in(&self.trees, self.slots, mover, least, slack, found).slot
    }

    /// Moves people to vacancies that cost them less than where they stand, most gain first, until there
    /// is none.
    pub fn fill_vacancies(&self, at: &mut [u32]) {
        let mut room: Vec<u32> = self.slots.all.iter().map(|slot| slot.capacity).collect();
        for &slot in at.iter().filter(|&&slot| slot != NOWHERE) {
            room[slot as usize] -= 1;
        }
        loop {
            if room.iter().all(|&room| room == 0) {
                return;
            }
            let open = self.slots.trees(|slot| if room[slot] == 0 { i64::MAX } else { 0 });
            let wishes = parallel::map(at.len(), self.workers, |mover, found| {
                let now = self.slots.cost_at(mover, at[mover]);
                let best = cheapest_in(&open, self.slots, mover, now, 0, found);
                (now - best.value, best.slot)
            });
            let mut moves: Vec<(i64, u32, u32)> = (0u32..)
                .zip(wishes)
                .filter(|&(_, (gain, _))| gain > 0)
                .map(|(mover, (gain, slot))| (-gain, mover, slot))
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

    /// The value of the dual problem at today's prices, to within `slack` a person: no plan costs less.
    pub fn bound(&self, slack: i64) -> i128 {
        let best = parallel::map(self.slots.movers.len(), self.workers, |mover, found| {
            cheapest_in(&self.trees, self.slots, mover, self.slots.unplaced, slack, found).bound
        });
        let rent: i128 = self
            .slots
            .all
            .iter()
            .zip(&self.prices)
            .map(|(slot, &price)| i128::from(slot.capacity) * i128::from(price))
            .sum();
        best.into_iter().map(i128::from).sum::<i128>() - rent
    }
}

struct Cheapest {
    slot: u32,
    value: i64,
    /// No slot is worth less.
    bound: i64,
}

/// About the cheapest slot for a person, and its value, when that is no more than `least`.
fn cheapest_in(
    trees: &[PricedTree],
    slots: &Slots,
    mover: usize,
    least: i64,
    slack: i64,
    found: &mut Vec<Candidate>,
) -> Cheapest {
    let (_, x, y, roles) = slots.movers[mover];
    let mut best = Cheapest { slot: NOWHERE, value: least, bound: least };
    for role in roles_of(roles) {
        let missed = trees[role].nearest_about((x, y), slots.reach, 1, 0, best.value, slack, found);
        best.bound = best.bound.min(missed);
        if let Some(candidate) = found.first() {
            best.slot = slots.starts[role] as u32 + candidate.point;
            best.value = candidate.value;
        }
    }
    best
}

fn roles_of(roles: Roles) -> impl Iterator<Item = usize> {
    (0..MAX_ROLES).filter(move |role| roles & (1 << role) != 0)
}
