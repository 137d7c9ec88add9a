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
}

/// Passes of messages; the message graph is almost always a tree of few edges.
const PASSES: usize = 8;
/// Log2 odds are cut here: more than certain is certain.
const CERTAIN: f64 = 50.0;
/// Groups larger than this are not examined for rows that are one person.
const LARGE: usize = 48;

/// Ranges of `order` whose edges share a key.
fn ranges(order: &[u32], key: impl Fn(u32) -> u32) -> Vec<(u32, u32)> {
    let mut out = Vec::new();
    let mut start = 0;
    for at in 1..=order.len() {
        if at == order.len() || key(order[at]) != key(order[start]) {
            if at - start > 1 {
                out.push((start as u32, at as u32));
            }
            start = at;
        }
    }
    out
}

/// For every group, which edges point to one and the same person: labels by position in `order`.
fn labels(
    order: &[u32],
    groups: &[(u32, u32)],
    same: impl Fn(u32, u32) -> bool + Sync,
    threads: usize,
) -> Vec<u32> {
    let mut labels: Vec<u32> = (0..order.len() as u32).collect();
    std::thread::scope(|scope| {
        let (mut rest, mut done) = (labels.as_mut_slice(), 0);
        for groups in groups.chunks(groups.len().div_ceil(threads.max(1)).max(1)) {
            let end = groups.last().map_or(done, |group| group.1 as usize);
            let (mine, after) = std::mem::take(&mut rest).split_at_mut(end - done);
            let (base, same) = (done, &same);
            (rest, done) = (after, end);
            scope.spawn(move || {
                for (start, end) in groups.iter().filter(|(start, end)| (end - start) as usize <= LARGE) {
                    for at in *start..*end {
                        let fits = |earlier: &u32| {
                            mine[*earlier as usize - base] == *earlier
                                && same(order[*earlier as usize], order[at as usize])
                        };
                        if let Some(earlier) = (*start..at).find(fits) {
                            mine[at as usize - base] = earlier;
                        }
                    }
                }
            });
        }
    });
    labels
}

/// Messages of one side: for each edge, the probability factor that nobody else of its group takes the place.
fn pass(order: &[u32], groups: &[(u32, u32)], labels: &[u32], weight: &[f64], from: &[f64], to: &mut [f64]) {
    for (start, end) in groups {
        let (start, end) = (*start as usize, *end as usize);
        let claim = |at: usize| weight[order[at] as usize] * from[order[at] as usize];
        if end - start > LARGE {
            let total: f64 = (start..end).map(claim).sum();
            for at in start..end {
                to[order[at] as usize] = 1.0 / (1.0 + (total - claim(at)).max(0.0));
            }
            continue;
        }
        for at in start..end {
            let rivals: f64 = (start..end).filter(|other| labels[*other] != labels[at]).map(claim).sum();
            to[order[at] as usize] = 1.0 / (1.0 + rivals);
        }
    }
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
    let by_right: Vec<u32> = (0..edges.len() as u32).collect();
    let left_then_place = |(at, edge): (usize, &Edge)| u64::from(edge.left) << 32 | at as u64;
    let mut by_left: Vec<u64> = edges.iter().enumerate().map(left_then_place).collect();
    by_left.sort_unstable();
    let by_left: Vec<u32> = by_left.into_iter().map(|key| key as u32).collect();
    let right_groups = ranges(&by_right, |at| edges[at as usize].right);
    let left_groups = ranges(&by_left, |at| edges[at as usize].left);
    let right_labels = labels(
        &by_right,
        &right_groups,
        |a, b| same_left(edges[a as usize].left, edges[b as usize].left),
        threads,
    );
    let left_labels = labels(
        &by_left,
        &left_groups,
        |a, b| same_right(edges[a as usize].right, edges[b as usize].right),
        threads,
    );
    let mut from_right = vec![1.0; edges.len()];
    let mut from_left = vec![1.0; edges.len()];
    for _ in 0..PASSES {
        pass(&by_right, &right_groups, &right_labels, &weight, &from_left, &mut from_right);
        pass(&by_left, &left_groups, &left_labels, &weight, &from_right, &mut from_left);
    }
    (0..edges.len())
        .map(|at| {
            let odds = weight[at] * from_right[at] * from_left[at];
            odds / (1.0 + odds)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(right: u32, left: u32, odds: f32) -> Edge {
        Edge { right, left, odds, levels: crate::compare::Levels::default() }
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
    fn one_person_listed_twice_is_found_twice() {
        let p = compete(&[edge(0, 0, 20.0), edge(0, 1, 20.0)], |_, _| true, |_, _| false, 2);
        assert!(p.iter().all(|p| *p > 0.999));
    }
}
