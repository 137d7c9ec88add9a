//! Nearest places when places carry prices.

/// Straight-line distance between two points in metres, rounded to whole metres.
#[must_use]
pub fn distance_m(ax: i64, ay: i64, bx: i64, by: i64) -> i64 {
    let (dx, dy) = ((ax - bx) as f64, (ay - by) as f64);
    rounded_root(dx * dx + dy * dy)
}

/// The root of a square distance, in whole metres.
pub(crate) fn rounded_root(square: f64) -> i64 {
    // The root of a whole number is never halfway between two, so this rounds as any rule would.
    (square.sqrt() + 0.5) as i64
}

const LEAF: usize = 8;

#[derive(Clone, Copy)]
struct Node {
    low: [f64; 2],
    high: [f64; 2],
    cheapest: i64,
    start: u32,
    end: u32,
}

/// A k-d tree over points whose prices rise and fall: the search finds the least of distance + price.
///
/// Nodes are laid out as a complete binary heap, so a price change walks straight up.
pub struct PricedTree {
    nodes: Vec<Node>,
    points: Vec<(f64, f64, u32)>,
    prices: Vec<i64>,
    slot_of: Vec<u32>,
    leaf_of_slot: Vec<u32>,
}

/// One candidate of a [`PricedTree`] search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Index of the point in the order given to [`PricedTree::new`].
    pub point: u32,
    /// Distance in whole metres.
    pub distance: i64,
    /// Distance plus the price at the time of the search.
    pub value: i64,
}

impl PricedTree {
    /// Builds the tree over `(x, y)` points in metres with a starting price each.
    #[must_use]
    pub fn new(points: &[(i64, i64)], prices: &[i64]) -> Self {
        let mut ordered: Vec<(f64, f64, u32)> =
            points.iter().zip(0u32..).map(|(&(x, y), index)| (x as f64, y as f64, index)).collect();
        let leaves = points.len().div_ceil(LEAF).max(1).next_power_of_two();
        let blank = Node {
            low: [f64::INFINITY; 2],
            high: [f64::NEG_INFINITY; 2],
            cheapest: i64::MAX,
            start: 0,
            end: 0,
        };
        let mut nodes = vec![blank; 2 * leaves];
        if !ordered.is_empty() {
            split(&mut nodes, &mut ordered, 1, 0, points.len(), leaves);
        }
        let mut slot_of = vec![0; points.len()];
        for (slot, &(_, _, index)) in (0u32..).zip(&ordered) {
            slot_of[index as usize] = slot;
        }
        let mut leaf_of_slot = vec![0; points.len()];
        for (node, leaf) in nodes.iter().enumerate().skip(leaves) {
            leaf_of_slot[leaf.start as usize..leaf.end as usize].fill(node as u32);
        }
        let prices: Vec<i64> = ordered.iter().map(|&(_, _, index)| prices[index as usize]).collect();
        let mut tree = Self { nodes, points: ordered, prices, slot_of, leaf_of_slot };
        tree.refresh();
        tree
    }

    /// The price of a point now.
    #[must_use]
    pub fn price(&self, point: u32) -> i64 {
        self.prices[self.slot_of[point as usize] as usize]
    }

    /// Sets the price of one point.
    pub fn set_price(&mut self, point: u32, price: i64) {
        let slot = self.slot_of[point as usize] as usize;
        self.prices[slot] = price;
        let mut node = self.leaf_of_slot[slot] as usize;
        let leaf = self.nodes[node];
        let mut cheapest =
            self.prices[leaf.start as usize..leaf.end as usize].iter().copied().min().unwrap_or(i64::MAX);
        loop {
            if self.nodes[node].cheapest == cheapest {
                return;
            }
            self.nodes[node].cheapest = cheapest;
            if node == 1 {
                return;
            }
            node /= 2;
            cheapest = self.nodes[2 * node].cheapest.min(self.nodes[2 * node + 1].cheapest);
        }
    }

    /// The points in the order of the tree: near in the order is near on the ground.
    pub fn in_tree_order(&self) -> impl Iterator<Item = usize> + '_ {
        self.points.iter().map(|&(_, _, point)| point as usize)
    }

    fn refresh(&mut self) {
        let leaves = self.nodes.len() / 2;
        for node in (1..self.nodes.len()).rev() {
            let Node { start, end, .. } = self.nodes[node];
            self.nodes[node].cheapest = if node >= leaves {
                self.prices[start as usize..end as usize].iter().copied().min().unwrap_or(i64::MAX)
            } else {
                self.nodes[2 * node].cheapest.min(self.nodes[2 * node + 1].cheapest)
            };
        }
    }

    /// The least candidates by distance + price among points no farther than `reach`, least first (ties
    /// by index), into `found`: at most `count`, and none that is worth more than the least plus `width`.
    /// Returns a value that no point left out is worth less than.
    pub fn nearest(
        &self,
        (x, y): (i64, i64),
        reach: i64,
        count: usize,
        width: i64,
        found: &mut Vec<Candidate>,
    ) -> i64 {
        self.nearest_about((x, y), reach, count, width, i64::MAX, 0, found)
    }

    /// As [`PricedTree::nearest`], among candidates worth at most `ceiling`, and content with candidates that
    /// are worth up to `slack` more than the best: where many are worth about as much, that is far quicker.
    #[expect(clippy::too_many_arguments, reason = "one search, and every bound of it")]
    pub fn nearest_about(
        &self,
        (x, y): (i64, i64),
        reach: i64,
        count: usize,
        width: i64,
        ceiling: i64,
        slack: i64,
        found: &mut Vec<Candidate>,
    ) -> i64 {
        found.clear();
        let (x, y) = (x as f64, y as f64);
        let leaves = self.nodes.len() / 2;
        let reach_f = reach as f64 + 0.5;
        // A point or box is left out when it is worth more than `cut`; the half metre covers rounding.
        let mut cut = ceiling as f64 + 0.5;
        let mut missed = f64::INFINITY;
        let mut stack = [(0usize, 0f64); 64];
        let mut depth = 1;
        stack[0] = (1, self.floor_of(1, x, y, reach_f));
        while depth > 0 {
            depth -= 1;
            let (node, floor) = stack[depth];
            if floor > cut || floor == f64::INFINITY {
                continue;
            }
            if floor > cut - slack as f64 {
                missed = missed.min(floor);
                continue;
            }
            if node >= leaves {
                let Node { start, end, .. } = self.nodes[node];
                let range = start as usize..end as usize;
                for (&(px, py, point), &price) in self.points[range.clone()].iter().zip(&self.prices[range]) {
                    let room = (cut - price as f64).min(reach_f);
                    let square = (px - x) * (px - x) + (py - y) * (py - y);
                    if room > 0.0 && square <= room * room && price < i64::MAX {
                        let distance = rounded_root(square);
                        if distance <= reach && distance + price <= ceiling {
                            keep(found, count, Candidate { point, distance, value: distance + price });
                            let full = if found.len() == count { found[count - 1].value } else { i64::MAX };
                            cut = full.min(found[0].value.saturating_add(width)).min(ceiling) as f64 + 0.5;
                        }
                    }
                }
                continue;
            }
            let left = (2 * node, self.floor_of(2 * node, x, y, reach_f));
            let right = (2 * node + 1, self.floor_of(2 * node + 1, x, y, reach_f));
            let (near, far) = if left.1 <= right.1 { (left, right) } else { (right, left) };
            stack[depth] = far;
            stack[depth + 1] = near;
            depth += 2;
        }
        // The half metre covers rounding here, too.
        let missed = if missed == f64::INFINITY { i64::MAX } else { (missed - 0.5).floor() as i64 };
        let Some(first) = found.first().map(|candidate| candidate.value) else { return ceiling.min(missed) };
        let widest = first.saturating_add(width);
        while found.last().is_some_and(|candidate| candidate.value > widest) {
            found.pop();
        }
        missed.min(if found.len() == count { found[count - 1].value } else { widest.min(ceiling) })
    }

    /// No point under `node` is worth less than this, but for rounding; infinite when all are out of reach.
    fn floor_of(&self, node: usize, x: f64, y: f64, reach: f64) -> f64 {
        let node = &self.nodes[node];
        let dx = (node.low[0] - x).max(x - node.high[0]).max(0.0);
        let dy = (node.low[1] - y).max(y - node.high[1]).max(0.0);
        let distance = (dx * dx + dy * dy).sqrt();
        if distance > reach || node.cheapest == i64::MAX {
            f64::INFINITY
        } else {
            distance + node.cheapest as f64
        }
    }
}

fn keep(found: &mut Vec<Candidate>, count: usize, candidate: Candidate) {
    let before = |other: &Candidate| (other.value, other.point) < (candidate.value, candidate.point);
    if found.len() == count {
        if found.last().is_none_or(before) {
            return;
        }
        found.pop();
    }
    let mut at = found.len();
    while at > 0 && !before(&found[at - 1]) {
        at -= 1;
    }
    found.insert(at, candidate);
}

fn split(
    nodes: &mut [Node],
    points: &mut [(f64, f64, u32)],
    node: usize,
    start: usize,
    end: usize,
    leaves: usize,
) {
    let mut low = [f64::INFINITY; 2];
    let mut high = [f64::NEG_INFINITY; 2];
    for &(x, y, _) in &points[start..end] {
        low = [low[0].min(x), low[1].min(y)];
        high = [high[0].max(x), high[1].max(y)];
    }
    nodes[node] = Node { low, high, cheapest: i64::MAX, start: start as u32, end: end as u32 };
    if node >= leaves {
        return;
    }
    let middle = usize::midpoint(start, end);
    if end - start > 1 {
        let wide = high[0] - low[0] >= high[1] - low[1];
        points[start..end].select_nth_unstable_by(middle - start, |a, b| {
            let by_axis = if wide { a.0.total_cmp(&b.0) } else { a.1.total_cmp(&b.1) };
            by_axis.then(a.2.cmp(&b.2))
        });
    }
    split(nodes, points, 2 * node, start, middle, leaves);
    split(nodes, points, 2 * node + 1, middle, end, leaves);
}
