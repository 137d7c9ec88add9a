//! Successive shortest paths on the graph of exchanges between slots, the exact algorithm.
//!
//! People enter one at a time. Sending someone on from slot `a` to slot `b` costs the least difference
//! over those who are in `a`, so the graph has one node per slot however many people there are. The node
//! potentials stay feasible throughout and are, at the end, prices that prove the total is the least.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// "Nowhere" in an assignment.
pub(crate) const NOWHERE: u32 = u32::MAX;

const FAR: i64 = i64::MAX / 4;

/// A transportation problem: people, and slots that take several.
pub(crate) struct Transport<C> {
    pub people: usize,
    /// How many each slot takes.
    pub capacities: Vec<u32>,
    /// What leaving one person out costs.
    pub unplaced: i64,
    /// What it costs person `i` to fill slot `j`, or `None` when she may not.
    pub cost: C,
}

struct Exchange<'a, C> {
    problem: &'a Transport<C>,
    /// Slots and, last, "nowhere".
    nodes: usize,
    /// Per pair (from, to): least known cost difference of moving someone, with stale entries at times.
    queues: Vec<BinaryHeap<Reverse<(i64, u32)>>>,
    /// Per pair: the top of its queue, or `FAR`.
    least: Vec<i64>,
    at: Vec<u32>,
    filled: Vec<u32>,
    potential: Vec<i64>,
}

/// The slot per mover and the total cost, which the prices prove to be the least.
pub(crate) fn solve<C: Fn(usize, usize) -> Option<i64>>(problem: &Transport<C>) -> (Vec<u32>, i128) {
    let nodes = problem.capacities.len() + 1;
    let mut exchange = Exchange {
        problem,
        nodes,
        queues: (0..nodes * nodes).map(|_| BinaryHeap::new()).collect(),
        least: vec![FAR; nodes * nodes],
        at: vec![NOWHERE; problem.people],
        filled: vec![0; nodes],
        potential: vec![0; nodes],
    };
    for mover in 0..problem.people {
        exchange.enter(mover);
    }
    let bound = exchange.bound();
    let assigned =
        exchange.at.iter().map(|&slot| if slot as usize == nodes - 1 { NOWHERE } else { slot }).collect();
    (assigned, bound)
}

impl<C: Fn(usize, usize) -> Option<i64>> Exchange<'_, C> {
    fn cost(&self, mover: usize, node: usize) -> Option<i64> {
        if node == self.nodes - 1 { Some(self.problem.unplaced) } else { (self.problem.cost)(mover, node) }
    }

    fn is_open(&self, node: usize) -> bool {
        self.problem.capacities.get(node).is_none_or(|&capacity| self.filled[node] < capacity)
    }

    /// Lets one person in along the cheapest chain of moves that ends at an open slot.
    fn enter(&mut self, mover: usize) {
        let nodes = self.nodes;
        let mut reached: Vec<i64> = (0..nodes)
            .map(|node| self.cost(mover, node).map_or(FAR, |cost| cost - self.potential[node]))
            .collect();
        let mut before = vec![usize::MAX; nodes];
        let mut done = vec![false; nodes];
        let end = loop {
            let Some(node) = (0..nodes).filter(|&node| !done[node]).min_by_key(|&node| reached[node]) else {
                return;
            };
            done[node] = true;
            if self.is_open(node) {
                break node;
            }
            let base = reached[node] + self.potential[node];
            let row = &self.least[node * nodes..(node + 1) * nodes];
            for next in 0..nodes {
                if row[next] < FAR && !done[next] {
                    let through = base + row[next] - self.potential[next];
                    if through < reached[next] {
                        reached[next] = through;
                        before[next] = node;
                    }
                }
            }
        };
        for node in (0..nodes).filter(|&node| done[node]) {
            self.potential[node] += reached[node] - reached[end];
        }
        self.shift(mover, end, &before);
    }

    fn shift(&mut self, mover: usize, end: usize, before: &[usize]) {
        let mut moves = Vec::new();
        let mut node = end;
        while before[node] != usize::MAX {
            let from = before[node];
            if let Some(&Reverse((_, person))) = self.queues[from * self.nodes + node].peek() {
                moves.push((person as usize, from, node));
            }
            node = from;
        }
        moves.push((mover, usize::MAX, node));
        self.filled[end] += 1;
        for &(person, _, to) in &moves {
            self.at[person] = to as u32;
        }
        for &(person, _, to) in &moves {
            self.offer(person, to);
        }
        for &(_, from, to) in &moves {
            if from != usize::MAX {
                self.prune(from);
            }
            self.prune(to);
        }
    }

    /// Makes a person who stands at `node` available for moves to every other node.
    fn offer(&mut self, person: usize, node: usize) {
        let Some(here) = self.cost(person, node) else { return };
        for next in (0..self.nodes).filter(|&next| next != node) {
            if let Some(there) = self.cost(person, next) {
                self.queues[node * self.nodes + next].push(Reverse((there - here, person as u32)));
            }
        }
    }

    fn prune(&mut self, node: usize) {
        for next in 0..self.nodes {
            let queue = &mut self.queues[node * self.nodes + next];
            while queue.peek().is_some_and(|&Reverse((_, person))| self.at[person as usize] as usize != node)
            {
                queue.pop();
            }
            self.least[node * self.nodes + next] = queue.peek().map_or(FAR, |&Reverse((cost, _))| cost);
        }
    }

    /// The value of the dual problem at the potentials: no assignment costs less.
    fn bound(&self) -> i128 {
        let people: i128 = (0..self.problem.people)
            .map(|mover| {
                (0..self.nodes)
                    .filter_map(|node| self.cost(mover, node).map(|cost| cost - self.potential[node]))
                    .min()
                    .map_or(0, i128::from)
            })
            .sum();
        let rent: i128 = self
            .problem
            .capacities
            .iter()
            .zip(&self.potential)
            .map(|(&capacity, &potential)| i128::from(capacity) * i128::from(potential))
            .sum();
        people + rent
    }
}
