//! Chains of moves that bring the last few people to the last vacancies, by the primal-dual method.
//!
//! Whoever waits is put where she wants most, so some slots hold too many. Moving someone from slot `a` to
//! slot `b` costs least for whoever of `a` loses least by it, so the search runs over slots, not people. It
//! finds how far the vacancies are at today's prices; prices rise by that distance, so that the shortest
//! chains cost nothing, and as many people as can be are moved along chains that cost at most `step` a move.
//! When a search helps few, chains may cost more; those who are left after all are brought to a vacancy one
//! by one, each by a search of her own. Slots know those beside them, so that there always is a way.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::candidates::{Market, Memory, REMEMBERED};
use super::slots::NOWHERE;
use crate::parallel;
use crate::space::PricedTree;

const FAR: i64 = i64::MAX / 4;
/// Searches for all at most.
const SEARCHES: usize = 100;
/// People who lose least by filling it that every vacancy is shown to.
const SHOWN: usize = 16;

/// Chains may cost twice as much when a search finds a vacancy for no more than one person in this many.
const SLOW: i64 = 8;
/// With more people than this, each is asked about half of the slots she remembers.
const MANY: usize = 300_000;
/// Slots beside a slot that anyone may be moved to.
const BESIDE: usize = 8;
/// Exchanges kept of a slot.
const MOST: usize = 64;

/// The nearest slots of the same role, per slot, and none for "nowhere".
fn beside(market: &Market) -> Vec<Vec<u32>> {
    let slots = market.slots;
    let trees = slots.trees(|_| 0);
    let nodes = slots.all.len();
    let mut all = parallel::map(nodes, market.workers, |node, found: &mut Vec<_>| {
        let slot = &slots.all[node];
        // Surcharges are prices here, too: of both kinds at one place the cheaper comes first.
        trees[slot.role].nearest((slot.x, slot.y), i64::MAX, BESIDE + 1, i64::MAX, found);
        let near = found.iter().map(|one| slots.starts[slot.role] as u32 + one.point);
        near.filter(|&other| other as usize != node).collect()
    });
    all.push(Vec::new());
    all
}

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
    /// Vacancies that each person was shown besides, with their costs.
    shown: Vec<Vec<(u32, i32)>>,
    step: i64,
    /// Slots that each person is asked about.
    known: usize,
    /// Slot per person; the node after the last slot is "nowhere", which has room for everyone.
    at: Vec<u32>,
    /// What her slot costs each person.
    held: Vec<i64>,
    /// Where each person stands in `members`.
    position: Vec<u32>,
    members: Vec<Vec<u32>>,
    /// Per node, the cheapest exchange to each other node that its people know.
    exchanges: Vec<Vec<Exchange>>,
    /// Per node, where its exchange stands in the list in the making, or `NOWHERE`.
    listed: Vec<u32>,
    /// Per node, the nearest slots of its role.
    beside: Vec<Vec<u32>>,
    distance: Vec<i64>,
    /// Per node, where the search for one person came from, and by which exchange.
    before: Vec<(u32, Exchange)>,
    /// Order in which the search came by, or `u32::MAX`.
    order: Vec<u32>,
}

impl<'m, 'a> Flow<'m, 'a> {
    fn new(market: &'m mut Market<'a>, memory: Vec<Memory>, at: &[u32], step: i64) -> Self {
        let nodes = market.slots.all.len() + 1;
        let people = memory.len();
        let mut flow = Self {
            memory,
            shown: vec![Vec::new(); people],
            step,
            known: if people > MANY { REMEMBERED / 2 } else { REMEMBERED },
            at: vec![NOWHERE; people],
            held: vec![0; people],
            position: vec![0; people],
            members: vec![Vec::new(); nodes],
            exchanges: vec![Vec::new(); nodes],
            listed: vec![NOWHERE; nodes],
            beside: beside(market),
            distance: vec![FAR; nodes],
            before: vec![(NOWHERE, Exchange { to: NOWHERE, mover: NOWHERE, loss: 0 }); nodes],
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

    /// Moves people until no slot holds too many; who finds no chain to a vacancy goes nowhere.
    fn settle(&mut self) {
        self.show_vacancies();
        let nodes = self.nowhere();
        self.exchanges = parallel::map(nodes, self.market.workers, |node, listed: &mut Vec<u32>| {
            listed.resize(nodes + 1, NOWHERE);
            self.exchanges_of(node, listed)
        });
        let mut sources: Vec<usize> = (0..nodes).filter(|&node| self.room(node) < 0).collect();
        let (mut phases, mut share) = (0, 2);
        loop {
            let grain = (self.step / 2).max(1);
            let excess: i64 = sources.iter().map(|&node| -self.room(node)).sum();
            if excess == 0 {
                return;
            }
            let gone = self.search(&sources, excess / share, grain);
            if gone < self.market.slots.unplaced / 2 {
                self.raise(gone);
            }
            let sent = self.send(&sources);
            sources.retain(|&node| self.room(node) < 0);
            phases += 1;
            if phases > SEARCHES || sent == 0 {
                break;
            }
            if sent * SLOW <= excess {
                // Who is left is few: each may cost more.
                self.step = self.step.saturating_mul(2).min(self.market.slots.unplaced / 16).max(1);
                share = 1;
            }
        }
        self.distance.fill(FAR);
        // No chain that ends at a vacancy goes through a slot from which none does, so none ever will.
        let mut cut_off = vec![false; nodes + 1];
        for source in sources {
            while self.room(source) < 0 && !cut_off[source] && self.escort(source, &mut cut_off) {}
            while self.room(source) < 0
                && let Some(&mover) = self.members[source].last()
            {
                self.shift(mover as usize, self.nowhere(), self.market.slots.unplaced);
            }
        }
    }

    /// Brings one person too many from `source` to the nearest vacancy; if there is no chain to one, every
    /// slot that was searched is `cut_off`.
    fn escort(&mut self, source: usize, cut_off: &mut [bool]) -> bool {
        let nowhere = self.nowhere();
        let mut queue = BinaryHeap::from([Reverse((0, source as u32))]);
        let mut seen = vec![source];
        let mut done = Vec::new();
        self.distance[source] = 0;
        let mut end = None;
        while let Some(Reverse((distance, node))) = queue.pop() {
            let node = node as usize;
            if distance > self.distance[node] {
                continue;
            }
            if node == nowhere {
                continue;
            }
            done.push(node);
            if self.room(node) > 0 {
                end = Some(node);
                break;
            }
            for &exchange in &self.exchanges[node] {
                let to = exchange.to as usize;
                let through = distance + (exchange.loss + self.price(to) - self.price(node)).max(0);
                if through < self.distance[to] {
                    if self.distance[to] == FAR {
                        seen.push(to);
                    }
                    self.distance[to] = through;
                    self.before[to] = (node as u32, exchange);
                    queue.push(Reverse((through, exchange.to)));
                }
            }
        }
        if let Some(end) = end {
            let gone = self.distance[end];
            for &node in &done {
                let price = self.market.prices[node] + gone - self.distance[node];
                self.market.set_price(node, price);
            }
            let mut node = end;
            let mut changed = vec![end];
            while node != source {
                let (from, Exchange { to, mover, loss }) = self.before[node];
                let from = from as usize;
                self.shift(mover as usize, to as usize, self.held[mover as usize] + loss);
                changed.push(from);
                node = from;
            }
            self.renew(&changed);
        } else {
            done.into_iter().for_each(|node| cut_off[node] = true);
        }
        seen.into_iter().for_each(|node| self.distance[node] = FAR);
        end.is_some()
    }

    fn renew(&mut self, nodes: &[usize]) {
        let mut listed = std::mem::take(&mut self.listed);
        for &node in nodes {
            self.exchanges[node] = self.exchanges_of(node, &mut listed);
        }
        self.listed = listed;
    }

    /// The cheapest exchange out of `node` to each other node; `listed` is left as it was found.
    fn exchanges_of(&self, node: usize, listed: &mut [u32]) -> Vec<Exchange> {
        let mut list: Vec<Exchange> = Vec::new();
        let nowhere = (self.nowhere(), self.market.slots.unplaced);
        for &mover in &self.members[node] {
            let held = self.held[mover as usize];
            let shown =
                self.shown[mover as usize].iter().map(|&(slot, cost)| (slot as usize, i64::from(cost)));
            let beside = self.beside[node].iter().filter_map(|&to| {
                let to = to as usize;
                self.market.slots.cost(mover as usize, to).map(|cost| (to, cost))
            });
            let known = self.memory[mover as usize]
                .arcs()
                .take(self.known)
                .chain(shown)
                .chain(beside)
                .chain([nowhere]);
            for (to, cost) in known.filter(|&(to, _)| to != node) {
                let exchange = Exchange { to: to as u32, mover, loss: cost - held };
                let place = &mut listed[to];
                if *place == NOWHERE {
                    *place = list.len() as u32;
                    list.push(exchange);
                    continue;
                }
                let best = &mut list[*place as usize];
                if (exchange.loss, mover) < (best.loss, best.mover) {
                    *best = exchange;
                }
            }
        }
        list.iter().for_each(|exchange| listed[exchange.to as usize] = NOWHERE);
        if list.len() > MOST {
            // What lies beside is kept, so that there always is a way.
            list.select_nth_unstable_by_key(MOST, |exchange| {
                let worth = exchange.loss + self.price(exchange.to as usize);
                let to = exchange.to as usize;
                let kept = self.beside[node].contains(&exchange.to) || to == nowhere.0 || self.room(to) > 0;
                (!kept, worth, exchange.to)
            });
            list.truncate(MOST);
        }
        list
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
                    self.shown[able[candidate.point as usize]].push((slot as u32, cost as i32));
                }
            }
        }
    }

    /// Distances from the sources until vacancies for half of the excess are in sight; how far it went.
    /// The farther half would see the whole graph at every search.
    fn search(&mut self, sources: &[usize], excess: i64, grain: i64) -> i64 {
        self.distance.fill(FAR);
        self.order.fill(u32::MAX);
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
                if node == nowhere || vacancies >= excess {
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
                let changed: Vec<usize> = changed.filter(|&node| node != nowhere).collect();
                self.renew(&changed);
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
