//! Linking one list to another.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::assign::assign;
use crate::block::Key;
use crate::compare::{Levels, compare_sides, hold_two_numbers};
use crate::compete::{Edge, compete};
use crate::frequency::Frequencies;
use crate::index::{Batch, Blocks, Haystack};
use crate::model::{Model, Scorer};
use crate::person::Register;
use crate::together::Moves;
use crate::train::Sample;

/// What is to be done with a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Band {
    /// Linked.
    Sure,
    /// A person decides.
    Review,
    /// Not linked.
    Not,
}

impl Band {
    /// The band of a probability.
    #[must_use]
    pub fn of(probability: f64, options: &Options) -> Self {
        if probability >= options.threshold {
            Self::Sure
        } else if probability >= options.review {
            Self::Review
        } else {
            Self::Not
        }
    }

    /// Lower-case English word, as written to files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sure => "sure",
            Self::Review => "review",
            Self::Not => "not",
        }
    }
}

/// How to link.
#[derive(Clone, Debug)]
pub struct Options {
    /// From this probability on a pair is linked.
    pub threshold: f64,
    /// From this probability on a person is asked.
    pub review: f64,
    /// Pairs below this probability are not reported.
    pub floor: f64,
    /// Each row is in at most one reported pair.
    pub one_to_one: bool,
    /// Threads to use.
    pub threads: usize,
    /// Rows that the model is estimated on.
    pub sample: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { threshold: 0.9, review: 0.1, floor: 0.02, one_to_one: false, threads: 1, sample: 20_000 }
    }
}

/// What the work is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Counting how common values are.
    Counting,
    /// Building the blocks.
    Indexing,
    /// Estimating the model.
    Training,
    /// Comparing.
    Matching,
    /// Weighing candidates against each other.
    Deciding,
}

/// Called as the work goes on with the stage, rows done and rows in all. Called from several threads.
pub type Progress<'a> = &'a (dyn Fn(Stage, usize, usize) + Sync);

/// Two rows and how sure it is that they are one person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// Row in the left list.
    pub left: u32,
    /// Row in the right list.
    pub right: u32,
    /// Probability that they are one person, 0 to 1.
    pub probability: f64,
    /// What to do.
    pub band: Band,
    /// How the fields agree.
    pub levels: Levels,
    /// Others of the left row's household were seen at the right row's door, away from their own, see
    /// [`Model::together`].
    pub together: bool,
}

/// What was done, in numbers.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Summary {
    /// Pairs that were compared.
    pub pairs_compared: u64,
    /// Values passed over because too many rows share them, by key; keys without any are left out.
    pub guarded: Vec<(Key, u64)>,
    /// Pairs in band sure.
    pub sure: u64,
    /// Pairs in band review.
    pub review: u64,
    /// Mean probability of the sure pairs.
    pub estimated_precision: f64,
    /// Expected matches among the sure pairs, of all expected matches, those that blocking missed included.
    pub estimated_recall: f64,
    /// Share of matches that blocking reaches.
    pub blocking_recall: f64,
}

/// The result of linking.
#[derive(Clone, Debug)]
pub struct Linkage {
    /// Reported pairs, by right row, likeliest first.
    pub links: Vec<Link>,
    /// The model that was used.
    pub model: Model,
    /// Counts and estimates.
    pub summary: Summary,
}

/// Pairs below these log2 odds play no part in anything that follows.
const KEEP: f64 = -9.0;
/// Rows that a thread takes at a time.
const BATCH: usize = 4096;
/// Two rows of one list count as one person from these log2 odds on: three for a good guess, and seven because a list
/// holds somebody twice a hundred times more seldom than two lists hold somebody each. A brother of whom nothing but the
/// surname was written down is not the other one.
const TWICE: f64 = 10.0;

/// All pairs worth keeping, by right row and left row.
pub(crate) fn candidates(
    left: &Register,
    right: &Register,
    blocks: &Blocks,
    scorer: &Scorer,
    threads: usize,
    one_list: bool,
    progress: Progress<'_>,
) -> (Vec<Edge>, u64, [u64; Key::COUNT]) {
    let next = AtomicUsize::new(0);
    let hay = Haystack { blocks, list: left, scorer };
    let work = || {
        let mut parts = Vec::new();
        let mut compared = 0;
        let mut batch = Batch::default();
        loop {
            let start = next.fetch_add(BATCH, Ordering::Relaxed);
            if start >= right.len() {
                return (parts, compared, batch.guarded);
            }
            let end = (start + BATCH).min(right.len());
            let mut edges = Vec::with_capacity(BATCH * 2);
            batch.search(hay, right, start as u32..end as u32, one_list, &mut |row, other, levels, odds| {
                compared += 1;
                if odds > KEEP {
                    edges.push(Edge { right: row, left: other, odds: odds as f32, levels, together: false });
                }
            });
            edges.sort_unstable_by_key(|edge| (edge.right, edge.left));
            parts.push((start, edges));
            progress(Stage::Matching, end, right.len());
        }
    };
    let mut parts = Vec::new();
    let mut compared = 0;
    let mut guarded = [0; Key::COUNT];
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads.max(1)).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            let (more, count, passed) =
                worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            parts.extend(more);
            compared += count;
            for (sum, one) in guarded.iter_mut().zip(passed) {
                *sum += one;
            }
        }
    });
    parts.sort_unstable_by_key(|(start, _)| *start);
    let mut edges = Vec::with_capacity(parts.iter().map(|(_, edges)| edges.len()).sum());
    for (_, mut part) in parts {
        edges.append(&mut part);
    }
    (edges, compared, guarded)
}

/// Links two lists. Without a model one is estimated from the lists. Time grows with the rows, memory is about
/// 64 bytes a row of either list and 250 bytes a row of the left one.
#[must_use]
pub fn link(
    left: &mut Register,
    right: &Register,
    model: Option<&Model>,
    options: &Options,
    progress: Progress<'_>,
) -> Linkage {
    let threads = options.threads.max(1);
    progress(Stage::Counting, 0, left.len() + right.len());
    let frequencies = Frequencies::count(&[left, right], threads);
    frequencies.mark(left, threads);
    progress(Stage::Indexing, 0, left.len());
    let blocks = Blocks::build(left, threads);
    progress(Stage::Training, 0, options.sample.min(right.len()));
    let given = model;
    let mut model = given.cloned().unwrap_or_else(|| {
        Sample { left, right, blocks: &blocks, rows: options.sample, one_list: false, threads }.train()
    });
    progress(Stage::Matching, 0, right.len());
    let scorer = Scorer::between(&model, left.len(), right.len());
    let alone = Scorer::new(&model, left.len().max(right.len()));
    let (mut edges, compared, guarded) = candidates(left, right, &blocks, &scorer, threads, false, progress);
    let moves = Moves::find(&edges, left, right);
    if given.is_none() {
        model.together = moves.share(left);
    }
    let hay = Haystack { blocks: &blocks, list: left, scorer: &scorer };
    moves.apply(&mut edges, hay, right, model.together, KEEP);
    // The largest thing in memory, and needed no more.
    drop(blocks);
    progress(Stage::Deciding, 0, edges.len());
    let twice = |list: &Register, one: u32, other: u32, marked: bool| {
        let levels = compare_sides(list.side(one), list.side(other));
        let mut person = list.people[one as usize];
        if hold_two_numbers(levels, &person, &list.people[other as usize]) {
            return false;
        }
        if !marked {
            // Most are two people however rare their values, which are then not looked up.
            person.rarity[..7].fill(u8::MAX);
            if alone.log_odds(levels, &person) <= TWICE {
                return false;
            }
            person.rarity = frequencies.rarities(&person, &list.texts);
        }
        alone.log_odds(levels, &person) > TWICE
    };
    let probabilities =
        compete(&edges, |a, b| twice(left, a, b, true), |a, b| twice(right, a, b, false), threads);
    let kept: Vec<usize> = if options.one_to_one {
        let offers: Vec<_> = edges
            .iter()
            .map(|edge| (edge.left, edge.right, ((f64::from(edge.odds) - KEEP) * 1024.0) as i64))
            .collect();
        assign(&offers)
    } else {
        (0..edges.len()).collect()
    };
    let mut links: Vec<Link> = kept
        .into_iter()
        .filter(|at| probabilities[*at] >= options.floor)
        .map(|at| {
            let (edge, probability) = (&edges[at], probabilities[at]);
            let band = Band::of(probability, options);
            let Edge { left, right, levels, together, .. } = *edge;
            Link { left, right, probability, band, levels, together }
        })
        .collect();
    links.sort_unstable_by(|a, b| {
        (a.right, b.probability, a.left)
            .partial_cmp(&(b.right, a.probability, b.left))
            .unwrap_or(std::cmp::Ordering::Equal)
    });
    let summary = summarise(&links, compared, &guarded, &model);
    Linkage { links, model, summary }
}

pub(crate) fn summarise(
    links: &[Link],
    pairs_compared: u64,
    guarded: &[u64; Key::COUNT],
    model: &Model,
) -> Summary {
    let sum = |band: Option<Band>| -> (u64, f64) {
        let chosen = links.iter().filter(|link| band.is_none_or(|band| link.band == band));
        chosen.fold((0, 0.0), |(count, sum), link| (count + 1, sum + link.probability))
    };
    let (sure, expected) = sum(Some(Band::Sure));
    let (_, all) = sum(None);
    Summary {
        pairs_compared,
        guarded: Key::ALL.into_iter().zip(guarded.iter().copied()).filter(|(_, count)| *count > 0).collect(),
        sure,
        review: sum(Some(Band::Review)).0,
        estimated_precision: if sure > 0 { expected / sure as f64 } else { 1.0 },
        estimated_recall: if all > 0.0 { expected / all * model.blocking_recall } else { 1.0 },
        blocking_recall: model.blocking_recall,
    }
}
