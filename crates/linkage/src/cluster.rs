//! De-duplicating one list: rows of one person together, without chains that join two people.

use crate::compare::{compare_sides, hold_two_numbers};
use crate::compete::Edge;
use crate::forest::Forest;
use crate::frequency::Frequencies;
use crate::index::Blocks;
use crate::link::{Band, Link, Options, Progress, Stage, Summary, candidates, summarise};
use crate::model::{Model, Scorer, probability};
use crate::person::Register;
use crate::train::Sample;

/// A pair's log2 odds count at most this much, for or against, when two groups are weighed.
const CUT: f64 = 20.0;
/// Rows of a large group that are looked at when it is weighed.
const LOOK: usize = 16;

/// The result of de-duplicating.
#[derive(Clone, Debug)]
pub struct Clusters {
    /// For each row, the first row of its cluster.
    pub cluster: Vec<u32>,
    /// For each row, the probability that it belongs: of its likeliest pair inside the cluster; for a row alone,
    /// the probability that none of its candidates is the same person.
    pub probability: Vec<f64>,
    /// Pairs from the floor up, by row; `left` is the earlier row.
    pub links: Vec<Link>,
    /// Pairs above the threshold that were not joined, since their groups contradict each other.
    pub refused: u64,
    /// The model that was used.
    pub model: Model,
    /// Counts and estimates.
    pub summary: Summary,
}

struct Groups<'a> {
    list: &'a Register,
    scorer: &'a Scorer,
    forest: Forest,
    members: rustc_hash::FxHashMap<u32, Vec<u32>>,
}

impl Groups<'_> {
    fn rows(&self, root: u32) -> Vec<u32> {
        self.members.get(&root).cloned().unwrap_or_else(|| vec![root])
    }

    /// True when the groups as wholes agree: on the average their pairs speak for one person, and no two of their
    /// rows carry different valid identity numbers.
    fn agree(&self, one: &[u32], other: &[u32]) -> bool {
        let (mut sum, mut count) = (0.0, 0.0);
        for a in one.iter().take(LOOK) {
            for b in other.iter().take(LOOK) {
                let (x, y) = (&self.list.people[*a as usize], &self.list.people[*b as usize]);
                let levels = compare_sides(self.list.side(*a), self.list.side(*b));
                if hold_two_numbers(levels, x, y) {
                    return false;
                }
                sum += self.scorer.log_odds(levels, x).clamp(-CUT, CUT);
                count += 1.0;
            }
        }
        count > 0.0 && sum / count > 0.0
    }

    fn join(&mut self, a: u32, b: u32) -> bool {
        let (x, y) = (self.forest.root(a), self.forest.root(b));
        if x == y {
            return true;
        }
        let (one, other) = (self.rows(x), self.rows(y));
        if !self.agree(&one, &other) {
            return false;
        }
        let (low, high) = (x.min(y), x.max(y));
        self.forest.join(low, high);
        let mut rows = [one, other].concat();
        rows.sort_unstable();
        self.members.remove(&high);
        self.members.insert(low, rows);
        true
    }
}

/// De-duplicates a list. Without a model one is estimated from it.
#[must_use]
pub fn dedupe(
    list: &mut Register,
    model: Option<&Model>,
    options: &Options,
    progress: Progress<'_>,
) -> Clusters {
    let threads = options.threads.max(1);
    progress(Stage::Counting, 0, list.len());
    Frequencies::count(&[list], threads).mark(list, threads);
    progress(Stage::Indexing, 0, list.len());
    let blocks = Blocks::build(list, threads);
    progress(Stage::Training, 0, options.sample.min(list.len()));
    let list = &*list;
    let model = model.cloned().unwrap_or_else(|| {
        Sample { left: list, right: list, blocks: &blocks, rows: options.sample, one_list: true, threads }
            .train()
    });
    progress(Stage::Matching, 0, list.len());
    let scorer = Scorer::new(&model, list.len());
    let (mut edges, compared, guarded) = candidates(list, list, &blocks, &scorer, threads, true, progress);
    progress(Stage::Deciding, 0, edges.len());
    once(&mut edges);
    let (cluster, joined, refused) = if options.one_to_one {
        pair_up(list, &scorer, &edges, options)
    } else {
        group(list, &scorer, &edges, options)
    };
    let mut best = vec![0.0_f64; list.len()];
    let mut open = vec![0.0_f64; list.len()];
    for (edge, inside) in edges.iter().zip(&joined) {
        let p = probability(f64::from(edge.odds));
        for row in [edge.left as usize, edge.right as usize] {
            let slot = if *inside { &mut best[row] } else { &mut open[row] };
            *slot = slot.max(p);
        }
    }
    let mut alone = vec![true; list.len()];
    for (row, first) in cluster.iter().enumerate() {
        if *first as usize != row {
            alone[row] = false;
            alone[*first as usize] = false;
        }
    }
    let probability_of = |row: usize| if alone[row] { 1.0 - open[row] } else { best[row] };
    let links: Vec<Link> = edges
        .iter()
        .map(|edge| {
            let p = probability(f64::from(edge.odds));
            Link {
                left: edge.left,
                right: edge.right,
                probability: p,
                band: Band::of(p, options),
                levels: edge.levels,
                together: edge.together,
            }
        })
        .filter(|link| link.probability >= options.floor)
        .collect();
    let summary = summarise(&links, compared, &guarded, &model);
    let probability = (0..list.len()).map(probability_of).collect();
    Clusters { cluster, probability, links, refused, model, summary }
}

/// Every pair once, the earlier row left, the better of the two scores.
fn once(edges: &mut Vec<Edge>) {
    for edge in edges.iter_mut() {
        if edge.left > edge.right {
            std::mem::swap(&mut edge.left, &mut edge.right);
        }
    }
    edges.sort_unstable_by(|a, b| (a.left, a.right).cmp(&(b.left, b.right)).then(b.odds.total_cmp(&a.odds)));
    edges.dedup_by_key(|edge| (edge.left, edge.right));
}

/// Largest set of competing rows that is paired by trying everything.
const EXACT: usize = 16;

/// Joins each row to at most one other, so that the summed odds are the largest; in sets of more than [`EXACT`]
/// competing rows the likeliest pairs come first. Results as of [`group`]; refused are the sure pairs that
/// contradict each other, not those that lost to a better pair.
fn pair_up(
    list: &Register,
    scorer: &Scorer,
    edges: &[Edge],
    options: &Options,
) -> (Vec<u32>, Vec<bool>, u64) {
    let mut groups =
        Groups { list, scorer, forest: Forest::new(list.len()), members: rustc_hash::FxHashMap::default() };
    let sure = |edge: &Edge| probability(f64::from(edge.odds)) >= options.threshold;
    let all = edges.iter().filter(|edge| sure(edge)).count();
    let mut offers: Vec<Edge> = edges
        .iter()
        .copied()
        .filter(|edge| sure(edge) && groups.agree(&[edge.left], &[edge.right]))
        .collect();
    let refused = (all - offers.len()) as u64;
    // Sets of competing rows.
    for offer in &offers {
        groups.forest.join(offer.left, offer.right);
    }
    let root: Vec<u32> = (0..list.len() as u32).map(|row| groups.forest.root(row)).collect();
    offers.sort_by(|a, b| {
        (root[a.left as usize].cmp(&root[b.left as usize]))
            .then(b.odds.total_cmp(&a.odds))
            .then((a.left, a.right).cmp(&(b.left, b.right)))
    });
    let mut cluster: Vec<u32> = (0..list.len() as u32).collect();
    for part in offers.chunk_by(|a, b| root[a.left as usize] == root[b.left as usize]) {
        for (left, right) in best_pairs(part) {
            cluster[right as usize] = left;
        }
    }
    let joined =
        edges.iter().map(|edge| cluster[edge.left as usize] == cluster[edge.right as usize]).collect();
    (cluster, joined, refused)
}

/// The pairs of one component with the largest summed odds; `offers` by falling odds, the earlier row left.
fn best_pairs(offers: &[Edge]) -> Vec<(u32, u32)> {
    let mut rows: Vec<u32> = offers.iter().flat_map(|offer| [offer.left, offer.right]).collect();
    rows.sort_unstable();
    rows.dedup();
    if rows.len() > EXACT {
        let mut taken = rustc_hash::FxHashSet::default();
        let free = |offer: &&Edge| {
            let open = !taken.contains(&offer.left) && !taken.contains(&offer.right);
            if open {
                taken.extend([offer.left, offer.right]);
            }
            open
        };
        return offers.iter().filter(free).map(|offer| (offer.left, offer.right)).collect();
    }
    // best[set]: the most that the rows of the set can gain among themselves, and the pair that gains it last.
    let number = |row: u32| rows.binary_search(&row).unwrap_or_default();
    let mut odds = vec![f64::MIN; rows.len() * rows.len()];
    for offer in offers {
        odds[number(offer.left) * rows.len() + number(offer.right)] = f64::from(offer.odds);
    }
    let mut best = vec![(0.0_f64, None); 1 << rows.len()];
    for set in 1..best.len() {
        let first = set.trailing_zeros() as usize;
        let mut choice = (best[set & !(1 << first)].0, None);
        for second in (first + 1..rows.len()).filter(|second| set >> second & 1 == 1) {
            let gain = odds[first * rows.len() + second] + best[set & !(1 << first | 1 << second)].0;
            if gain > choice.0 {
                choice = (gain, Some(second));
            }
        }
        best[set] = choice;
    }
    let mut pairs = Vec::new();
    let mut set = best.len() - 1;
    while set != 0 {
        let first = set.trailing_zeros() as usize;
        set &= !(1 << first);
        if let Some(second) = best[set | 1 << first].1 {
            set &= !(1 << second);
            pairs.push((rows[first], rows[second]));
        }
    }
    pairs
}

/// Joins rows by falling odds. For each row its cluster's first row; for each edge whether its rows ended up
/// together; how many sure edges were refused.
fn group(list: &Register, scorer: &Scorer, edges: &[Edge], options: &Options) -> (Vec<u32>, Vec<bool>, u64) {
    let mut order: Vec<u32> = (0..edges.len() as u32)
        .filter(|at| probability(f64::from(edges[*at as usize].odds)) >= options.threshold)
        .collect();
    order.sort_by(|a, b| edges[*b as usize].odds.total_cmp(&edges[*a as usize].odds).then(a.cmp(b)));
    let forest = Forest::new(list.len());
    let mut groups = Groups { list, scorer, forest, members: rustc_hash::FxHashMap::default() };
    let refused = order
        .iter()
        .filter(|at| {
            let edge = &edges[**at as usize];
            !groups.join(edge.left, edge.right)
        })
        .count() as u64;
    let cluster: Vec<u32> = (0..list.len() as u32).map(|row| groups.forest.root(row)).collect();
    let joined =
        edges.iter().map(|edge| cluster[edge.left as usize] == cluster[edge.right as usize]).collect();
    (cluster, joined, refused)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn edge(left: u32, right: u32, odds: f32) -> Edge {
        Edge { left, right, odds, levels: crate::compare::Levels::default(), together: false }
    }

    #[test]
    fn the_likeliest_pair_gives_way_to_two_others() {
        let offers = [edge(1, 2, 10.0), edge(0, 1, 9.0), edge(2, 3, 9.0)];
        assert_eq!(best_pairs(&offers), vec![(0, 1), (2, 3)]);
        assert_eq!(best_pairs(&offers[..2]), vec![(1, 2)]);
    }

    proptest! {
        #[test]
        fn no_row_is_paired_twice(raw in proptest::collection::btree_map((0_u32..24, 0_u32..24), 1_u32..500, 1..60)) {
            let mut offers: Vec<Edge> = raw
                .into_iter()
                .filter(|((left, right), _)| left < right)
                .map(|((left, right), odds)| edge(left, right, odds as f32 / 8.0))
                .collect();
            offers.sort_by(|a, b| b.odds.total_cmp(&a.odds));
            let pairs = best_pairs(&offers);
            let mut rows: Vec<u32> = pairs.iter().flat_map(|pair| [pair.0, pair.1]).collect();
            rows.sort_unstable();
            prop_assert!(rows.windows(2).all(|two| two[0] != two[1]));
            for pair in &pairs {
                prop_assert!(offers.iter().any(|offer| (offer.left, offer.right) == *pair));
            }
            let sum = |pairs: &[(u32, u32)]| -> f32 {
                pairs.iter().filter_map(|pair| offers.iter().find(|o| (o.left, o.right) == *pair)).map(|o| o.odds).sum()
            };
            let best = offers.first().map_or(0.0, |offer| offer.odds);
            prop_assert!(sum(&pairs) >= best);
        }
    }
}
