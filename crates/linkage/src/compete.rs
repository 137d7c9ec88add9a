//! Candidates that compete: a row is at most one of several different people.
//!
//! Each pair has been scored as if it were alone. Here the odds meet: if an observation fits one person of the
//! roster a million times better than that person's twin, it is not the twin. The marginal probabilities of all
//! matchings, weighted by the product of their odds, are approximated by belief propagation for matchings; the
//! result does not depend on which list is called left. Rows that are themselves one person (a roster that holds
//! somebody twice) do not compete.
//!
//! Most rows are settled before that: each of the two fits the other far better than anybody else does. Such a pair
//! stands, and what else its rows fit falls. Of what is left, pairs that share no row, not even through others, do not
//! meet; each set that hangs together is settled by itself, in memory that stays in the cache.

use crate::forest::Forest;
use crate::model::probability;

/// A pair with its log2 odds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Edge {
    pub right: u32,
    pub left: u32,
    pub odds: f32,
    pub levels: crate::compare::Levels,
    /// Others of the left row's household were seen at the right row's door.
    pub together: bool,
}

/// Most passes of messages; the message graph is almost always a tree of few edges.
const PASSES: usize = 8;
/// Messages that move by less than this share of themselves have settled.
const SETTLED: f64 = 1e-9;
/// Log2 odds are cut here: more than certain is certain.
const CERTAIN: f64 = 50.0;
/// Groups larger than this are not examined for rows that are one person.
const LARGE: usize = 48;

/// Below these log2 odds it is not asked whether two candidates of a group are one person: they hardly count as rivals.
const FAINT: f32 = -2.0;

fn weight(edge: &Edge) -> f64 {
    f64::from(edge.odds).min(CERTAIN).exp2()
}

/// Log2 odds of a pair that may stand without a contest, and by how much it must be ahead of all others of its rows.
const FIRM: f32 = 12.0;
const AHEAD: f32 = 10.0;
/// No row.
const NONE: u32 = u32::MAX;

/// The best edge of a row: the other row, its odds, and the odds of the next best.
#[derive(Clone, Copy)]
struct Best {
    other: u32,
    odds: f32,
    next: f32,
}

impl Best {
    const NONE: Self = Self { other: NONE, odds: f32::MIN, next: f32::MIN };

    fn see(&mut self, other: u32, odds: f32) {
        if odds > self.odds {
            *self = Self { other, odds, next: self.odds };
        } else {
            self.next = self.next.max(odds);
        }
    }

    /// The other row, if nobody else comes near it.
    fn firm(self) -> u32 {
        if self.odds >= FIRM && self.next <= self.odds - AHEAD { self.other } else { NONE }
    }
}

/// For each left row, the right row that it surely is: each fits the other far better than anybody else, and nobody else
/// whom either fits is the same person.
fn firm_pairs(
    edges: &[Edge],
    same_left: &impl Fn(u32, u32) -> bool,
    same_right: &impl Fn(u32, u32) -> bool,
) -> Vec<u32> {
    let lefts = edges.iter().map(|edge| edge.left as usize + 1).max().unwrap_or(0);
    let mut best = vec![Best::NONE; lefts];
    for edge in edges {
        best[edge.left as usize].see(edge.right, edge.odds);
    }
    let mut firm: Vec<u32> = best.into_iter().map(Best::firm).collect();
    for of_row in edges.chunk_by(|one, other| one.right == other.right) {
        let mut best = Best::NONE;
        of_row.iter().for_each(|edge| best.see(edge.left, edge.odds));
        let own = best.firm();
        for edge in of_row {
            let owner = firm[edge.left as usize];
            if owner == NONE || owner == edge.right && edge.left == own {
                continue;
            }
            if owner == edge.right || edge.odds > FAINT && same_right(owner, edge.right) {
                firm[edge.left as usize] = NONE;
            }
        }
        let twice = |edge: &&Edge| edge.left != own && edge.odds > FAINT && same_left(own, edge.left);
        if own != NONE && firm[own as usize] == of_row[0].right && of_row.iter().any(|edge| twice(&edge)) {
            firm[own as usize] = NONE;
        }
    }
    firm
}

/// Those places whose edges hang together side by side: the set in the high half, the place in the low one.
fn contests(edges: &[Edge], lefts: usize, places: Vec<u32>) -> Vec<u64> {
    let mut forest = Forest::new(lefts);
    let right = |place: u32| edges[place as usize].right;
    for of_row in places.chunk_by(|one, other| right(*one) == right(*other)) {
        for place in &of_row[1..] {
            forest.join(edges[of_row[0] as usize].left, edges[*place as usize].left);
        }
    }
    let mut sets: Vec<u64> = places
        .into_iter()
        .map(|place| u64::from(forest.root(edges[place as usize].left)) << 32 | u64::from(place))
        .collect();
    sets.sort_unstable();
    sets
}

/// One side of a contest: its edges in the order of this side's rows.
#[derive(Default)]
struct Side {
    order: Vec<u32>,
    /// Where the edges of each row begin in `order`; one more for the end.
    starts: Vec<u32>,
    /// By place in `order`: edges of one row with the same label point to one and the same person.
    labels: Vec<u32>,
    /// By edge: the probability factor that nobody else takes this side's row.
    messages: Vec<f64>,
    claims: Vec<f64>,
}

impl Side {
    /// `key` is the row of an edge on this side, `same` tells whether two edges of one row point to one person.
    fn set_up(&mut self, edges: &[Edge], key: impl Fn(&Edge) -> u32, same: impl Fn(&Edge, &Edge) -> bool) {
        self.order.clear();
        self.order.extend(0..edges.len() as u32);
        let edge = |place: &u32| &edges[*place as usize];
        self.order.sort_by_key(|place| key(edge(place)));
        self.labels.clear();
        self.labels.extend(0..edges.len() as u32);
        self.starts.clear();
        self.starts.push(0);
        for of_row in self.order.chunk_by(|one, other| key(edge(one)) == key(edge(other))) {
            let start = self.starts.last().map_or(0, |start| *start as usize);
            self.starts.push((start + of_row.len()) as u32);
            if of_row.len() > LARGE {
                continue;
            }
            for at in 1..of_row.len() {
                let one = edge(&of_row[at]);
                let fits = |earlier: &usize| {
                    let other = edge(&of_row[*earlier]);
                    self.labels[start + earlier] as usize == start + earlier
                        && other.odds > FAINT
                        && same(other, one)
                };
                if one.odds > FAINT
                    && let Some(earlier) = (0..at).find(fits)
                {
                    self.labels[start + at] = (start + earlier) as u32;
                }
            }
        }
        self.messages.clear();
        self.messages.resize(edges.len(), 1.0);
    }

    /// Sends this side's messages anew, from the other side's; by what share the one that moved most did.
    fn send(&mut self, weights: &[f64], others: &[f64]) -> f64 {
        let mut moved = 0.0_f64;
        for run in self.starts.windows(2) {
            let (start, end) = (run[0] as usize, run[1] as usize);
            let places = &self.order[start..end];
            self.claims.clear();
            self.claims.extend(places.iter().map(|place| weights[*place as usize] * others[*place as usize]));
            let total: f64 = self.claims.iter().sum();
            let labels = &self.labels[start..end];
            for ((place, own), label) in places.iter().zip(&self.claims).zip(labels) {
                let rivals = if places.len() > LARGE {
                    (total - own).max(0.0)
                } else {
                    let rivals = self.claims.iter().zip(labels).filter(|(_, other)| *other != label);
                    rivals.map(|(claim, _)| claim).sum()
                };
                let message = &mut self.messages[*place as usize];
                let before = std::mem::replace(message, 1.0 / (1.0 + rivals));
                moved = moved.max((*message / before - 1.0).abs());
            }
        }
        moved
    }
}

/// Edges that hang together, and both their sides; used again from set to set.
#[derive(Default)]
struct Contest {
    edges: Vec<Edge>,
    weights: Vec<f64>,
    right: Side,
    left: Side,
}

impl Contest {
    /// Settles the edges; their probabilities are passed on in order.
    fn settle(
        &mut self,
        same_left: &impl Fn(u32, u32) -> bool,
        same_right: &impl Fn(u32, u32) -> bool,
        mut each: impl FnMut(f64),
    ) {
        let Self { edges, weights, right, left } = self;
        weights.clear();
        weights.extend(edges.iter().map(weight));
        right.set_up(edges, |edge| edge.right, |a, b| same_left(a.left, b.left));
        left.set_up(edges, |edge| edge.left, |a, b| same_right(a.right, b.right));
        for _ in 0..PASSES {
            let moved = right.send(weights, &left.messages).max(left.send(weights, &right.messages));
            if moved < SETTLED {
                break;
            }
        }
        for ((weight, right), left) in weights.iter().zip(&right.messages).zip(&left.messages) {
            let odds = weight * right * left;
            each(odds / (1.0 + odds));
        }
    }
}

/// The edges of each right row and the place of the first.
fn by_row(edges: &[Edge]) -> impl Iterator<Item = (u32, &[Edge])> {
    let rows = edges.chunk_by(|one, other| one.right == other.right);
    rows.scan(0, |place, of_row| {
        let first = *place;
        *place += of_row.len() as u32;
        Some((first, of_row))
    })
}

/// Probabilities of the edges, in their order. `edges` must be sorted by right, then left. `same_left` and
/// `same_right` tell whether two rows of one list are one person.
pub(crate) fn compete(
    edges: &[Edge],
    same_left: impl Fn(u32, u32) -> bool + Sync,
    same_right: impl Fn(u32, u32) -> bool + Sync,
    threads: usize,
) -> Vec<f64> {
    let firm = firm_pairs(edges, &same_left, &same_right);
    let mut probabilities = Vec::with_capacity(edges.len());
    let mut open = Vec::new();
    for (place, of_row) in by_row(edges) {
        let settled = of_row.iter().any(|edge| firm[edge.left as usize] == edge.right);
        for (at, edge) in (place..).zip(of_row) {
            let owner = firm[edge.left as usize];
            probabilities.push(if owner == edge.right { probability(f64::from(edge.odds)) } else { 0.0 });
            if !settled && owner == NONE {
                open.push(at);
            }
        }
    }
    let contests = contests(edges, firm.len(), open);
    drop(firm);
    let same_set = |one: &u64, other: &u64| one >> 32 == other >> 32;
    let settle = |places: &[u64]| {
        let mut contest = Contest::default();
        let mut settled = Vec::with_capacity(places.len());
        for set in places.chunk_by(same_set) {
            contest.edges.clear();
            contest.edges.extend(set.iter().map(|place| edges[*place as u32 as usize]));
            contest.settle(&same_left, &same_right, |p| settled.push(p));
        }
        settled
    };
    std::thread::scope(|scope| {
        let mut rest = contests.as_slice();
        let mut workers = Vec::new();
        for waiting in (1..=threads.max(1)).rev() {
            let mut end = rest.len() / waiting;
            // A set is not cut in two.
            while end > 0 && end < rest.len() && same_set(&rest[end - 1], &rest[end]) {
                end += 1;
            }
            let (mine, after) = rest.split_at(end);
            rest = after;
            workers.push((mine, scope.spawn(|| settle(mine))));
        }
        for (places, worker) in workers {
            let settled = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            for (place, p) in places.iter().zip(settled) {
                probabilities[*place as u32 as usize] = p;
            }
        }
    });
    probabilities
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(right: u32, left: u32, odds: f32) -> Edge {
        Edge { right, left, odds, levels: crate::compare::Levels::default(), together: false }
    }

    #[test]
    fn a_twin_that_is_claimed_better_is_left_alone() {
        let edges = [edge(0, 0, 30.0), edge(0, 1, 8.0), edge(1, 1, 8.0)];
        let p = compete(&edges, |_, _| false, |_, _| false, 2);
        assert!(p[0] > 0.999 && p[1] < 0.01 && p[2] > 0.99, "{p:?}");
    }

    #[test]
    fn an_even_fight_stays_even() {
        let p = compete(&[edge(0, 0, 20.0), edge(0, 1, 20.0)], |_, _| false, |_, _| false, 2);
        assert!((p[0] - 0.5).abs() < 1e-3 && (p[1] - 0.5).abs() < 1e-3);
    }

    #[test]
    fn a_faint_rival_is_not_asked_who_it_is() {
        let asked = |odds| {
            let edges = [edge(0, 0, 20.0), edge(0, 1, odds)];
            compete(&edges, |_, _| panic!("asked"), |_, _| false, 1)
        };
        let p = asked(FAINT);
        assert!(p[0] > 0.999 && p[1] < 1e-3, "{p:?}");
        assert!(std::panic::catch_unwind(|| asked(FAINT + 1.0)).is_err());
    }

    #[test]
    fn one_person_listed_twice_is_found_twice() {
        let p = compete(&[edge(0, 0, 20.0), edge(0, 1, 20.0)], |_, _| true, |_, _| false, 2);
        assert!(p.iter().all(|p| *p > 0.999));
    }
}
