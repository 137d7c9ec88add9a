//! The most hours that can flow from people through their days to shifts: maximum flow by shortest
//! augmenting paths with levels (Dinic, 1970).

use std::collections::VecDeque;

/// A network of whole numbers.
pub(crate) struct Hours {
    edges: Vec<Vec<usize>>,
    to: Vec<usize>,
    room: Vec<u32>,
}

impl Hours {
    pub fn new(nodes: usize) -> Self {
        Self { edges: vec![Vec::new(); nodes], to: Vec::new(), room: Vec::new() }
    }

    pub fn add(&mut self, from: usize, to: usize, room: u32) {
        for (a, b, room) in [(from, to, room), (to, from, 0)] {
            self.edges[a].push(self.to.len());
            self.to.push(b);
            self.room.push(room);
        }
    }

    /// The greatest flow from `source` to `sink`.
    pub fn most(&mut self, source: usize, sink: usize) -> u64 {
        let mut total = 0;
        loop {
            let mut level = vec![usize::MAX; self.edges.len()];
            level[source] = 0;
            let mut queue = VecDeque::from([source]);
            while let Some(node) = queue.pop_front() {
                for &edge in &self.edges[node] {
                    if self.room[edge] > 0 && level[self.to[edge]] == usize::MAX {
                        level[self.to[edge]] = level[node] + 1;
                        queue.push_back(self.to[edge]);
                    }
                }
            }
            if level[sink] == usize::MAX {
                return total;
            }
            let mut next = vec![0; self.edges.len()];
            loop {
                let pushed = self.push(source, sink, u32::MAX, &level, &mut next);
                if pushed == 0 {
                    break;
                }
                total += u64::from(pushed);
            }
        }
    }

    /// No deeper than the levels, of which there are fewer than nodes.
    fn push(&mut self, node: usize, sink: usize, most: u32, level: &[usize], next: &mut [usize]) -> u32 {
        if node == sink {
            return most;
        }
        while next[node] < self.edges[node].len() {
            let edge = self.edges[node][next[node]];
            let to = self.to[edge];
            if self.room[edge] > 0 && level[to] == level[node] + 1 {
                let pushed = self.push(to, sink, most.min(self.room[edge]), level, next);
                if pushed > 0 {
                    self.room[edge] -= pushed;
                    self.room[edge ^ 1] += pushed;
                    return pushed;
                }
            }
            next[node] += 1;
        }
        0
    }
}
