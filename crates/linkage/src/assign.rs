//! One to one: which of competing pairs to keep, so that their summed gain is the largest.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// A pair that may be kept: row on the left, row on the right, gain of keeping it (only positive ones are kept).
pub(crate) type Offer = (u32, u32, i64);

/// Indices of the offers that together gain most, each row in at most one of them. Solved component by component
/// as a sparse assignment (shortest augmenting paths with potentials).
pub(crate) fn assign(offers: &[Offer]) -> Vec<usize> {
    let (left_ids, right_ids) = (ids(offers.iter().map(|o| o.0)), ids(offers.iter().map(|o| o.1)));
    let number = |ids: &[u32], id: u32| ids.binary_search(&id).unwrap_or_default();
    let mut by_right: Vec<Vec<(usize, usize)>> = vec![Vec::new(); right_ids.len()];
    let mut by_left: Vec<Vec<usize>> = vec![Vec::new(); left_ids.len()];
    for (at, (left, right, gain)) in offers.iter().enumerate() {
        if *gain > 0 {
            let (left, right) = (number(&left_ids, *left), number(&right_ids, *right));
            by_right[right].push((left, at));
            by_left[left].push(right);
        }
    }
    let mut seen = vec![false; right_ids.len()];
    let mut local = vec![usize::MAX; left_ids.len()];
    let mut kept = Vec::new();
    for start in 0..right_ids.len() {
        if seen[start] || by_right[start].is_empty() {
            continue;
        }
        let rights = component(start, &by_right, &by_left, &mut seen);
        let mut lefts = 0;
        let rows: Vec<Vec<(usize, i64, usize)>> = rights
            .iter()
            .map(|right| {
                by_right[*right]
                    .iter()
                    .map(|(left, at)| {
                        if local[*left] == usize::MAX {
                            local[*left] = lefts;
                            lefts += 1;
                        }
                        (local[*left], offers[*at].2, *at)
                    })
                    .collect()
            })
            .collect();
        kept.extend(solve(&rows, lefts));
    }
    kept.sort_unstable();
    kept
}

fn ids(values: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut ids: Vec<u32> = values.collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn component(
    start: usize,
    by_right: &[Vec<(usize, usize)>],
    by_left: &[Vec<usize>],
    seen: &mut [bool],
) -> Vec<usize> {
    let mut queue = VecDeque::from([start]);
    let mut rights = Vec::new();
    seen[start] = true;
    while let Some(right) = queue.pop_front() {
        rights.push(right);
        for (left, _) in &by_right[right] {
            for other in &by_left[*left] {
                if !seen[*other] {
                    seen[*other] = true;
                    queue.push_back(*other);
                }
            }
        }
    }
    rights.sort_unstable();
    rights
}

/// Best assignment of a component. `rows[right]` lists (left, gain, offer); a right row may stay alone at gain 0,
/// which is a left column of its own behind the `lefts` real ones.
fn solve(rows: &[Vec<(usize, i64, usize)>], lefts: usize) -> Vec<usize> {
    if let [row] = rows {
        return row.iter().max_by_key(|offer| (offer.1, Reverse(offer.2))).map(|o| o.2).into_iter().collect();
    }
    let columns = lefts + rows.len();
    let mut column_potential = vec![0_i64; columns];
    let mut holder: Vec<Option<(usize, usize)>> = vec![None; columns];
    for row in 0..rows.len() {
        let mut distance = vec![i64::MAX; columns];
        let mut from: Vec<Option<(usize, usize)>> = vec![None; columns];
        let mut done = vec![false; columns];
        let mut heap = BinaryHeap::new();
        let mut reach =
            |base: i64, row: usize, distance: &mut [i64], heap: &mut BinaryHeap<_>, done: &[bool]| {
                let alone = (lefts + row, 0, usize::MAX);
                for (column, gain, offer) in rows[row].iter().chain(std::iter::once(&alone)) {
                    let length = base - gain - column_potential[*column];
                    if !done[*column] && length < distance[*column] {
                        distance[*column] = length;
                        from[*column] = Some((row, *offer));
                        heap.push(Reverse((length, *column)));
                    }
                }
            };
        // The lowest offset that keeps every length non-negative.
        let base = rows[row].iter().map(|(c, gain, _)| gain + column_potential[*c]);
        let base = base.max().unwrap_or(0).max(column_potential[lefts + row]);
        reach(base, row, &mut distance, &mut heap, &done);
        let mut end = None;
        while let Some(Reverse((length, column))) = heap.pop() {
            if done[column] || length > distance[column] {
                continue;
            }
            done[column] = true;
            match holder[column] {
                None => {
                    end = Some((column, length));
                    break;
                }
                Some((other, offer)) => {
                    let gain = if offer == usize::MAX { 0 } else { rows_gain(rows, other, offer) };
                    reach(length + gain + column_potential[column], other, &mut distance, &mut heap, &done);
                }
            }
        }
        let Some((mut column, length)) = end else { continue };
        for (at, reached) in distance.iter().enumerate() {
            if done[at] && *reached < length {
                column_potential[at] -= length - reached;
            }
        }
        while let Some((owner, offer)) = from[column] {
            let before = (0..columns).find(|c| *c != column && holder[*c].is_some_and(|(r, _)| r == owner));
            holder[column] = Some((owner, offer));
            match before {
                Some(previous) if owner != row => {
                    holder[previous] = None;
                    column = previous;
                }
                _ => break,
            }
        }
    }
    holder.iter().flatten().map(|(_, offer)| *offer).filter(|offer| *offer != usize::MAX).collect()
}

fn rows_gain(rows: &[Vec<(usize, i64, usize)>], row: usize, offer: usize) -> i64 {
    rows[row].iter().find(|entry| entry.2 == offer).map_or(0, |entry| entry.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Best gain by trying everything.
    fn brute(offers: &[Offer], used: &mut Vec<(u32, u32)>) -> i64 {
        let Some(((left, right, gain), rest)) = offers.split_first() else { return 0 };
        let without = brute(rest, used);
        if used.iter().any(|(l, r)| l == left || r == right) {
            return without;
        }
        used.push((*left, *right));
        let with = gain + brute(rest, used);
        used.pop();
        with.max(without)
    }

    #[test]
    fn greedy_would_lose() {
        let offers = [(0, 0, 10), (0, 1, 9), (1, 0, 9)];
        assert_eq!(assign(&offers), vec![1, 2]);
    }

    proptest! {
        #[test]
        fn nothing_gains_more(raw in proptest::collection::btree_map((0_u32..5, 0_u32..5), -5_i64..40, 0..12)) {
            let offers: Vec<Offer> = raw.into_iter().map(|((l, r), gain)| (l, r, gain)).collect();
            let kept = assign(&offers);
            let mut lefts: Vec<u32> = kept.iter().map(|at| offers[*at].0).collect();
            let mut rights: Vec<u32> = kept.iter().map(|at| offers[*at].1).collect();
            lefts.sort_unstable();
            rights.sort_unstable();
            prop_assert!(lefts.windows(2).all(|w| w[0] != w[1]) && rights.windows(2).all(|w| w[0] != w[1]));
            let sum: i64 = kept.iter().map(|at| offers[*at].2).sum();
            prop_assert_eq!(sum, brute(&offers, &mut Vec::new()));
        }
    }
}
