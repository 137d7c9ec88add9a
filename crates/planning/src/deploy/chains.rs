//! Chains of moves that bring the last few people to the last vacancies, by the primal-dual method.
//!
//! Whoever waits is put where she wants most, so some slots hold too many. Moving someone from slot `a` to
//! slot `b` costs least for whoever of `a` loses least by it, so the search runs over slots, not people. It
//! finds how far the vacancies are at today's prices; prices rise by that distance, so that the shortest
//! chains cost nothing, and as many people as can be are moved along chains that cost at most `step` a move.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::candidates::{Market, Memory};
use super::slots::NOWHERE;
use crate::parallel;
use crate::space::PricedTree;

const FAR: i64 = i64::MAX / 4;
/// Searches end when no more than one person in this many is left; the last go straight to a vacancy.
const RARE: i64 = 50_000;
/// Searches at most.
const SEARCHES: usize = 500;
/// People who lose least by filling it that every vacancy is shown to.
const SHOWN: usize = 64;

/// The cheapest way to move someone from one slot to another.
#[derive(Clone, Copy)]
struct Exchange {
    to: u32,
    mover: u32,
    /// What she loses by it, at no prices.
    loss: i64,
}

/// Brings everyone of `at` who stands nowhere to a slot, as far as there is a chain that ends at a vacancy.
pub(super) fn close(market: &mut Market, memory: Vec<Memory>, at: &[u32], step: i64) -> Vec<u32> {
    let mut flow = Flow::new(market, memory, at, step);
    flow.settle();
    let nowhere = flow.nowhere() as u32;
    flow.at.into_iter().map(|slot| if slot == nowhere { NOWHERE } else { slot }).collect()
}

struct Flow<'m, 'a> {
    market: &'m mut Market<'a>,
    memory: Vec<Memory>,
    step: i64,
    /// Slot per person; the node after the last slot is "nowhere", which has room for everyone.
    at: Vec<u32>,
    /// What her slot costs each person.
    held: Vec<i64>,
    /// Where each person stands in `members`.
    position: Vec<u32>,
    members: Vec<Vec<u32>>,
    /// Per node, the exchanges out of it, in the order of where they lead.
    exchanges: Vec<Vec<Exchange>>,
    distance: Vec<i64>,
    /// Order in which the search came by, or `u32::MAX`.
    order: Vec<u32>,
}

impl<'m, 'a> Flow<'m, 'a> {
    fn new(market: &'m mut Market<'a>, memory: Vec<Memory>, at: &[u32], step: i64) -> Self {
        let nodes = market.slots.all.len() + 1;
        let people = memory.len();
        let mut flow = Self {
            memory,
            step,
            at: vec![NOWHERE; people],
            held: vec![0; people],
            position: vec![0; people],
            members: vec![Vec::new(); nodes],
            exchanges: vec![Vec::new(); nodes],
            distance: vec![FAR; nodes],
            order: vec![u32::MAX; nodes],
            market,
        };
        for (mover, &slot) in at.iter().enumerate() {
            let (slot, cost) = if slot == NOWHERE {
                flow.best(mover)
            } else {
                (slot as usize, flow.cost(mover, slot as usize))
            };
            flow.place(mover, slot, cost);
        }
        flow
    }

    fn nowhere(&self) -> usize {
        self.members.len() - 1
    }

    fn price(&self, node: usize) -> i64 {
        self.market.prices.get(node).copied().unwrap_or(0)
    }

    fn cost(&self, mover: usize, node: usize) -> i64 {
        if node == self.nowhere() {
            self.market.slots.unplaced
        } else {
            self.market.slots.cost(mover, node).unwrap_or(self.market.slots.unplaced)
        }
    }

    /// How many more a slot has room for; negative when it holds too many.
    fn room(&self, node: usize) -> i64 {
        let capacity = self.market.slots.all.get(node).map_or(i64::MAX / 2, |slot| i64::from(slot.capacity));
        capacity - self.members[node].len() as i64
    }

    /// The cheapest node that a person knows and its cost.
    fn best(&self, mover: usize) -> (usize, i64) {
        let unplaced = self.market.slots.unplaced;
        let best =
            self.memory[mover].arcs().fold((self.nowhere(), unplaced, unplaced), |best, (slot, cost)| {
                let value = cost + self.market.prices[slot];
                if value < best.2 { (slot, cost, value) } else { best }
            });
        (best.0, best.1)
    }

    fn place(&mut self, mover: usize, node: usize, cost: i64) {
        self.at[mover] = node as u32;
        self.held[mover] = cost;
        self.position[mover] = self.members[node].len() as u32;
        self.members[node].push(mover as u32);
    }

    fn shift(&mut self, mover: usize, node: usize, cost: i64) {
        let from = self.at[mover] as usize;
        let position = self.position[mover] as usize;
        self.members[from].swap_remove(position);
        if let Some(&other) = self.members[from].get(position) {
            self.position[other as usize] = position as u32;
        }
        self.place(mover, node, cost);
    }

    /// Moves people until no slot holds too many, or hardly any does; who is left over goes nowhere.
    fn settle(&mut self) {
        self.show_vacancies();
        let nodes = self.nowhere();
        self.exchanges =
            parallel::map(nodes, self.market.workers, |node, _: &mut ()| self.exchanges_of(node));
        let mut sources: Vec<usize> = (0..nodes).filter(|&node| self.room(node) < 0).collect();
        for _ in 0..SEARCHES {
            let excess: i64 = sources.iter().map(|&node| -self.room(node)).sum();
            if excess * RARE <= self.at.len() as i64 {
                break;
            }
            let gone = self.search(&sources, excess);
            self.raise(gone);
            if self.send(&sources) == 0 {
                break;
            }
            sources.retain(|&node| self.room(node) < 0);
        }
        for source in sources {
            while self.room(source) < 0
                && let Some(&mover) = self.members[source].last()
            {
                self.shift(mover as usize, self.nowhere(), self.market.slots.unplaced);
            }
        }
    }

    fn exchanges_of(&self, node: usize) -> Vec<Exchange> {
        let mut known = Vec::new();
        for &mover in &self.members[node] {
            let held = self.held[mover as usize];
            let others = self.memory[mover as usize].arcs().filter(|&(slot, _)| slot != node);
            known.extend(others.map(|(slot, cost)| Exchange { to: slot as u32, mover, loss: cost - held }));
            let loss = self.market.slots.unplaced - held;
            known.push(Exchange { to: self.nowhere() as u32, mover, loss });
        }
        known.sort_unstable_by_key(|exchange| (exchange.to, exchange.loss, exchange.mover));
        known.dedup_by_key(|exchange| exchange.to);
        known
    }

    /// Lets the people who would lose least by filling a vacancy know of it.
    fn show_vacancies(&mut self) {
        let roles = self.market.slots.starts.len() - 1;
        for role in 0..roles {
            let starts = &self.market.slots.starts;
            let vacant: Vec<usize> =
                (starts[role]..starts[role + 1]).filter(|&slot| self.room(slot) > 0).collect();
            if vacant.is_empty() {
                continue;
            }
            let able: Vec<usize> = (0..self.at.len())
                .filter(|&mover| self.market.slots.movers[mover].3 & (1 << role) != 0)
                .collect();
            let homes: Vec<(i64, i64)> = able
                .iter()
                .map(|&mover| (self.market.slots.movers[mover].1, self.market.slots.movers[mover].2))
                .collect();
            let stakes: Vec<i64> =
                able.iter().map(|&mover| -self.held[mover] - self.price(self.at[mover] as usize)).collect();
            let tree = PricedTree::new(&homes, &stakes);
            let reach = self.market.slots.reach;
            let shown = parallel::map(vacant.len(), self.market.workers, |index, found: &mut Vec<_>| {
                let slot = &self.market.slots.all[vacant[index]];
                tree.nearest((slot.x, slot.y), reach, SHOWN, i64::MAX, found);
                found.clone()
            });
            for (&slot, found) in vacant.iter().zip(&shown) {
                for candidate in found {
                    let cost = candidate.distance + self.market.slots.all[slot].surcharge;
                    self.memory[able[candidate.point as usize]].learn(slot as u32, cost);
                }
            }
        }
    }

    /// Distances from the sources until vacancies for half of the excess are in sight; how far it went.
    /// The farther half would see the whole graph at every search.
    fn search(&mut self, sources: &[usize], excess: i64) -> i64 {
        self.distance.fill(FAR);
        self.order.fill(u32::MAX);
        let grain = (self.step / 2).max(1);
        let mut queue = BinaryHeap::new();
        for &node in sources {
            self.distance[node] = 0;
            queue.push(Reverse((0, 0, node as u32)));
        }
        let (mut vacancies, mut reach) = (0, FAR - 1);
        let mut popped = 0;
        let nowhere = self.nowhere();
        while let Some(Reverse((distance, moves, node))) = queue.pop() {
            let node = node as usize;
            if distance > self.distance[node] || self.order[node] != u32::MAX {
                continue;
            }
            if distance > reach {
                break;
            }
            self.order[node] = popped;
            popped += 1;
            let room = self.room(node);
            if room > 0 {
                vacancies += room;
                if node == nowhere || 2 * vacancies >= excess {
                    // What lies as near belongs to the search, what lies farther does not.
                    reach = distance;
                }
                if node == nowhere {
                    continue;
                }
            }
            for exchange in &self.exchanges[node] {
                let to = exchange.to as usize;
                if self.distance[to] <= distance {
                    continue;
                }
                // Whole steps: what lies about as far is reached at once.
                let way = (exchange.loss + self.price(to) - self.price(node)).max(0) / grain * grain;
                let through = distance + way;
                if through < self.distance[to] && through <= reach {
                    self.distance[to] = through;
                    queue.push(Reverse((through, moves + 1, exchange.to)));
                }
            }
        }
        reach
    }

    /// Raises prices by what the search left of its way.
    fn raise(&mut self, gone: i64) {
        for node in 0..self.nowhere() {
            let distance = self.distance[node];
            if self.order[node] != u32::MAX && distance < gone {
                self.market.set_price(node, self.market.prices[node] + gone - distance);
            }
        }
    }

    /// Sends as many as can go from the sources to vacancies, each step within `step` of free, in the
    /// order of the search. Returns how many vacancies were filled.
    fn send(&mut self, sources: &[usize]) -> i64 {
        let mut cursor = vec![0usize; self.members.len()];
        let mut filled = 0;
        let mut path: Vec<(usize, Exchange)> = Vec::new();
        for &source in sources {
            while self.room(source) < 0 && self.walk(source, &mut cursor, &mut path) {
                filled += 1;
                for &(node, Exchange { to, mover, loss }) in &path {
                    self.shift(mover as usize, to as usize, self.held[mover as usize] + loss);
                    cursor[node] = 0;
                }
                let last = path.last().map(|(_, exchange)| exchange.to as usize);
                let nowhere = self.nowhere();
                let changed = path.iter().map(|&(node, _)| node).chain(last);
                for node in changed.filter(|&node| node != nowhere) {
                    self.exchanges[node] = self.exchanges_of(node);
                }
            }
        }
        filled
    }

    /// A chain of moves from `source` to a vacancy: from where, and which.
    fn walk(&self, source: usize, cursor: &mut [usize], path: &mut Vec<(usize, Exchange)>) -> bool {
        path.clear();
        let mut node = source;
        loop {
            if let Some(exchange) = self.next_move(node, cursor) {
                path.push((node, exchange));
                node = exchange.to as usize;
                if self.room(node) > 0 {
                    return true;
                }
            } else {
                let Some((before, _)) = path.pop() else { return false };
                cursor[before] += 1;
                node = before;
            }
        }
    }

    /// The next exchange out of `node` that may still lead to a vacancy.
    fn next_move(&self, node: usize, cursor: &mut [usize]) -> Option<Exchange> {
        let (order, limit) = (self.order[node], self.market.prices[node] + self.step);
        while let Some(&exchange) = self.exchanges[node].get(cursor[node]) {
            let to = exchange.to as usize;
            let later = self.order[to] != u32::MAX && self.order[to] > order;
            if later
                && exchange.loss + self.price(to) <= limit
                && (self.room(to) > 0 || cursor[to] < self.exchanges[to].len())
            {
                return Some(exchange);
            }
            cursor[node] += 1;
        }
        None
    }
}
