//! The network simplex algorithm for uncapacitated minimum-cost flow, warm-started as arcs are added.
//!
//! The basis is a spanning tree rooted at one extra node that joins every node by an artificial arc, kept
//! strongly feasible (every tree arc without flow points to the root), so it cannot cycle (Cunningham,
//! 1976).

const NONE: usize = usize::MAX;

/// A flow problem on nodes `0..supply.len()` and its current basis.
pub(super) struct Network {
    root: usize,
    from: Vec<u32>,
    to: Vec<u32>,
    cost: Vec<i64>,
    parent: Vec<usize>,
    /// Tree arc to the parent, and whether it points up to it.
    arc: Vec<usize>,
    upward: Vec<bool>,
    flow: Vec<i64>,
    depth: Vec<u32>,
    child: Vec<usize>,
    next: Vec<usize>,
    previous: Vec<usize>,
    price: Vec<i64>,
    cursor: usize,
}

impl Network {
    /// `supply` flows in at each node (negative: must flow out). What the whole has too much of leaves,
    /// and what it lacks enters, through the root: `up` is the cost of leaving, `down` of entering, at
    /// every node.
    pub fn new(supply: &[i64], up: i64, down: i64) -> Self {
        let root = supply.len();
        let count = root + 1;
        let mut network = Self {
            root,
            from: Vec::new(),
            to: Vec::new(),
            cost: Vec::new(),
            parent: vec![NONE; count],
            arc: vec![NONE; count],
            upward: vec![true; count],
            flow: vec![0; count],
            depth: vec![1; count],
            child: vec![NONE; count],
            next: vec![NONE; count],
            previous: vec![NONE; count],
            price: vec![0; count],
            cursor: 0,
        };
        network.depth[root] = 0;
        for (node, &amount) in supply.iter().enumerate() {
            network.add(node, root, up);
            network.add(root, node, down);
            network.arc[node] = 2 * node + usize::from(amount < 0);
            network.upward[node] = amount >= 0;
            network.flow[node] = amount.abs();
            network.hang(node, root);
            network.price[node] = if amount >= 0 { up } else { -down };
        }
        network
    }

    /// Adds an arc; flow on it costs `cost` each.
    pub fn add(&mut self, from: usize, to: usize, cost: i64) {
        self.from.push(from as u32);
        self.to.push(to as u32);
        self.cost.push(cost);
    }

    /// The price of a node: along every arc, at the optimum, `price[from] <= cost + price[to]`, and the
    /// root's price is zero.
    pub fn price(&self, node: usize) -> i64 {
        self.price[node]
    }

    /// Pivots to an optimal basis over the arcs added so far, or until `pivots` are spent.
    pub fn optimise(&mut self, pivots: usize) {
        for _ in 0..pivots {
            let Some(entering) = self.entering() else { return };
            self.pivot(entering);
        }
    }

    fn gain(&self, arc: usize) -> i64 {
        self.price[self.from[arc] as usize] - self.price[self.to[arc] as usize] - self.cost[arc]
    }

    /// The best arc of the next block that holds one that gains.
    fn entering(&mut self) -> Option<usize> {
        let total = self.cost.len();
        let block = ((total as f64).sqrt() as usize).max(32);
        let (mut best, mut most, mut seen) = (NONE, 0, 0);
        while seen < total {
            let upto = block.min(total - seen);
            for _ in 0..upto {
                let gain = self.gain(self.cursor);
                if gain > most {
                    (best, most) = (self.cursor, gain);
                }
                self.cursor += 1;
                if self.cursor == total {
                    self.cursor = 0;
                }
            }
            seen += upto;
            if best != NONE {
                return Some(best);
            }
        }
        None
    }

    fn pivot(&mut self, entering: usize) {
        let (tail, head) = (self.from[entering] as usize, self.to[entering] as usize);
        let join = self.meeting(tail, head);
        // The cycle runs tail -> head -> up to the join -> down to the tail. Flow falls on arcs against
        // it: on the head's side those that point down, on the tail's side those that point up. Among
        // ties the last along the cycle from the join keeps the basis strongly feasible.
        let (mut leaving, mut amount, mut on_tail) = (NONE, i64::MAX, true);
        let mut node = tail;
        while node != join {
            if self.upward[node] && self.flow[node] < amount {
                (leaving, amount, on_tail) = (node, self.flow[node], true);
            }
            node = self.parent[node];
        }
        node = head;
        while node != join {
            if !self.upward[node] && self.flow[node] <= amount {
                (leaving, amount, on_tail) = (node, self.flow[node], false);
            }
            node = self.parent[node];
        }
        if leaving == NONE {
            return;
        }
        node = tail;
        while node != join {
            self.flow[node] += if self.upward[node] { -amount } else { amount };
            node = self.parent[node];
        }
        node = head;
        while node != join {
            self.flow[node] += if self.upward[node] { amount } else { -amount };
            node = self.parent[node];
        }
        let gain = self.gain(entering);
        let (stem, graft) = if on_tail { (tail, head) } else { (head, tail) };
        self.rehang(stem, graft, leaving, entering, amount, on_tail);
        self.reprice(stem, if on_tail { -gain } else { gain });
    }

    fn meeting(&self, mut a: usize, mut b: usize) -> usize {
        while self.depth[a] > self.depth[b] {
            a = self.parent[a];
        }
        while self.depth[b] > self.depth[a] {
            b = self.parent[b];
        }
        while a != b {
            (a, b) = (self.parent[a], self.parent[b]);
        }
        a
    }

    /// Cuts the subtree at `leaving` and hangs it from `graft` by its node `stem`.
    fn rehang(&mut self, stem: usize, graft: usize, leaving: usize, arc: usize, flow: i64, upward: bool) {
        let mut node = stem;
        let mut above = graft;
        let (mut arc, mut flow, mut upward) = (arc, flow, upward);
        loop {
            let parent = self.parent[node];
            let old = (self.arc[node], self.flow[node], self.upward[node]);
            self.unhang(node);
            self.hang(node, above);
            (self.arc[node], self.flow[node], self.upward[node]) = (arc, flow, upward);
            if node == leaving {
                return;
            }
            (arc, flow, upward) = (old.0, old.1, !old.2);
            above = node;
            node = parent;
        }
    }

    fn hang(&mut self, node: usize, parent: usize) {
        let first = self.child[parent];
        self.parent[node] = parent;
        self.next[node] = first;
        self.previous[node] = NONE;
        if first != NONE {
            self.previous[first] = node;
        }
        self.child[parent] = node;
    }

    fn unhang(&mut self, node: usize) {
        let (before, after) = (self.previous[node], self.next[node]);
        if before == NONE {
            self.child[self.parent[node]] = after;
        } else {
            self.next[before] = after;
        }
        if after != NONE {
            self.previous[after] = before;
        }
    }

    fn reprice(&mut self, top: usize, change: i64) {
        let mut node = top;
        loop {
            self.price[node] += change;
            self.depth[node] = self.depth[self.parent[node]] + 1;
            if self.child[node] != NONE {
                node = self.child[node];
                continue;
            }
            loop {
                if node == top {
                    return;
                }
                if self.next[node] != NONE {
                    node = self.next[node];
                    break;
                }
                node = self.parent[node];
            }
        }
    }

    /// The cost of the flow, without what enters and leaves through the root.
    pub fn travel(&self) -> i64 {
        (0..self.root)
            .filter(|&node| self.parent[node] != self.root)
            .map(|node| self.flow[node] * self.cost[self.arc[node]])
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn matches_a_plain_relaxation_on_small_networks() {
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let count = 2 + random.below(7);
            let mut supply: Vec<i64> = (0..count).map(|_| random.below(9) as i64 - 4).collect();
            let rest: i64 = supply.iter().sum();
            supply[0] -= rest;
            let mut network = Network::new(&supply, 10_000, 10_000);
            let arcs: Vec<_> = (0..count * 3)
                .map(|_| (random.below(count), random.below(count), random.below(100) as i64))
                .filter(|arc| arc.0 != arc.1)
                .collect();
            for &(from, to, cost) in &arcs {
                network.add(from, to, cost);
            }
            network.optimise(100_000);
            // Weak duality closes: flow cost equals supply x price, with every arc's price feasible.
            let dual: i64 = supply.iter().zip(&network.price).map(|(amount, price)| amount * price).sum();
            let total: i64 =
                (0..count).map(|node| network.flow[node] * network.cost[network.arc[node]]).sum();
            assert_eq!(total, dual);
            for arc in 0..network.cost.len() {
                assert!(network.gain(arc) <= 0);
            }
            assert!(network.flow.iter().all(|&flow| flow >= 0));
        }
    }
}
