//! Candidates that compete: a row is at most one of several different people.
//!
//! Each pair has been scored as if it were alone. Here the odds meet: if an observation fits one person of the
//! roster a million times better than that person's twin, it is not the twin. The marginal probabilities of all
//! matchings, weighted by the product of their odds, are approximated by belief propagation for matchings; the
//! result does not depend on which list is called left. Rows that are themselves one person (a roster that holds
//! somebody twice) do not compete.

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

/// Passes of messages; the message graph is almost always a tree of few edges.
const PASSES: usize = 8;
/// Log2 odds are cut here: more than certain is certain.
const CERTAIN: f64 = 50.0;
/// Groups larger than this are not examined for rows that are one person.
const LARGE: usize = 48;

/// Below these log2 odds it is not asked whether two candidates of a group are one person: they hardly count as rivals.
const FAINT: f32 = -2.0;

/// One side of the pairs: the edges in the order of its rows, and the runs of two edges and more that share a row.
struct Groups {
    order: Vec<u32>,
    runs: Vec<(u32, u32)>,
    /// By place in `order`: edges of one run with the same label point to one and the same person.
    labels: Vec<u32>,
}

impl Groups {
    /// `key` is the row of an edge, `same` tells whether two edges of one run point to one person.
    fn new(
        edges: &[Edge],
        order: Vec<u32>,
        key: impl Fn(&Edge) -> u32,
        same: impl Fn(&Edge, &Edge) -> bool + Sync,
        threads: usize,
    ) -> Self {
        let edge = |place: usize| &edges[order[place] as usize];
        let mut runs = Vec::new();
        let mut start = 0;
        for at in 1..=order.len() {
            if at == order.len() || key(edge(at)) != key(edge(start)) {
                if at - start > 1 {
                    runs.push((start as u32, at as u32));
                }
                start = at;
            }
        }
        let mut labels: Vec<u32> = (0..order.len() as u32).collect();
        let tell = |start: usize, labels: &mut [u32]| {
            if labels.len() > LARGE {
                return;
            }
            for at in 1..labels.len() {
                let one = edge(start + at);
                let fits = |earlier: &usize| {
                    let other = edge(start + earlier);
                    labels[*earlier] as usize == start + earlier && other.odds > FAINT && same(other, one)
                };
                if one.odds > FAINT
                    && let Some(earlier) = (0..at).find(fits)
                {
                    labels[at] = (start + earlier) as u32;
                }
            }
        };
        each_run(&runs, &mut labels, threads, tell);
        Self { order, runs, labels }
    }

    /// Messages of this side: for each place, the probability factor that nobody else of its run takes the row. `claim`
    /// is what the edge at a place asks for.
    fn pass(&self, claim: impl Fn(usize) -> f64 + Sync, to: &mut [f64], threads: usize) {
        each_run(&self.runs, to, threads, |start, to| {
            let claims: Vec<f64> = (start..start + to.len()).map(&claim).collect();
            if claims.len() > LARGE {
                let total: f64 = claims.iter().sum();
                for (to, own) in to.iter_mut().zip(&claims) {
                    *to = 1.0 / (1.0 + (total - own).max(0.0));
                }
                return;
            }
            let labels = &self.labels[start..start + to.len()];
            for (to, own) in to.iter_mut().zip(labels) {
                let rivals: f64 = claims
                    .iter()
                    .zip(labels)
                    .filter(|(_, label)| *label != own)
                    .map(|(claim, _)| claim)
                    .sum();
                *to = 1.0 / (1.0 + rivals);
            }
        });
    }
}

/// Calls `each` with the start of every run and its part of `values`, on several threads.
fn each_run<T: Send>(
    runs: &[(u32, u32)],
    values: &mut [T],
    threads: usize,
    each: impl Fn(usize, &mut [T]) + Sync,
) {
    std::thread::scope(|scope| {
        let (mut rest, mut done) = (values, 0);
        for runs in runs.chunks(runs.len().div_ceil(threads.max(1)).max(1)) {
            let end = runs.last().map_or(done, |run| run.1 as usize);
            let (mine, after) = std::mem::take(&mut rest).split_at_mut(end - done);
            let (base, each) = (done, &each);
            (rest, done) = (after, end);
            scope.spawn(move || {
                for (start, end) in runs {
                    each(*start as usize, &mut mine[*start as usize - base..*end as usize - base]);
                }
            });
        }
    });
}

/// Probabilities of the edges, in their order. `edges` must be sorted by right, then left. `same_left` and
/// `same_right` tell whether two rows of one list are one person.
pub(crate) fn compete(
    edges: &[Edge],
    same_left: impl Fn(u32, u32) -> bool + Sync,
    same_right: impl Fn(u32, u32) -> bool + Sync,
    threads: usize,
) -> Vec<f64> {
    let weight: Vec<f64> = edges.iter().map(|edge| f64::from(edge.odds).min(CERTAIN).exp2()).collect();
    let left_then_place = |(at, edge): (usize, &Edge)| u64::from(edge.left) << 32 | at as u64;
    let mut by_left: Vec<u64> = edges.iter().enumerate().map(left_then_place).collect();
    by_left.sort_unstable();
    let by_left: Vec<u32> = by_left.into_iter().map(|key| key as u32).collect();
    let mut place_by_left = vec![0_u32; edges.len()];
    for (place, at) in by_left.iter().enumerate() {
        place_by_left[*at as usize] = place as u32;
    }
    let by_right = (0..edges.len() as u32).collect();
    let right = Groups::new(edges, by_right, |edge| edge.right, |a, b| same_left(a.left, b.left), threads);
    let left = Groups::new(edges, by_left, |edge| edge.left, |a, b| same_right(a.right, b.right), threads);
    // Each in the order of its own side.
    let mut from_right = vec![1.0; edges.len()];
    let mut from_left = vec![1.0; edges.len()];
    for _ in 0..PASSES {
        let claim = |at: usize| weight[at] * from_left[place_by_left[at] as usize];
        right.pass(claim, &mut from_right, threads);
        let claim = |place: usize| {
            let at = left.order[place] as usize;
            weight[at] * from_right[at]
        };
        left.pass(claim, &mut from_left, threads);
    }
    (0..edges.len())
        .map(|at| {
            let odds = weight[at] * from_right[at] * from_left[place_by_left[at] as usize];
            odds / (1.0 + odds)
        })
        .collect()
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
