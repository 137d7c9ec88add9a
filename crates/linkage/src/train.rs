//! Estimation of the model from the lists themselves, without labels.

use std::collections::BTreeMap;

use crate::block::Key;
use crate::compare::{Field, LEVELS, Levels, compare_sides};
use crate::index::{Blocks, Found};
use crate::model::{Model, Scorer, Table, corrected_by};
use crate::person::Register;

/// Rows of each list in the sample of strangers; all pairs of the two samples are compared.
const STRANGERS: usize = 1000;
/// Most passes of the estimation.
const PASSES: usize = 40;
/// Weight of the prior, in pairs.
const PRIOR: f64 = 30.0;
/// With fewer pairs of one household than this the kind is left out.
const HOUSEHOLDS: f64 = 40.0;
/// Probability below which no level falls for pairs of one person: anything can be typed.
const SLIP: f64 = 2e-5;

/// Kinds of comparison found in the sample, with how often. The second part of the key is the sum of the rarities
/// that correct the stranger's probability, in quarters of a byte, so that a common name counts as one.
type Patterns = BTreeMap<(Levels, u16), f64>;

/// What is estimated on.
pub(crate) struct Sample<'a> {
    pub left: &'a Register,
    pub right: &'a Register,
    pub blocks: &'a Blocks,
    /// Rows of `right` that are looked up with every key.
    pub rows: usize,
    /// The two lists are one.
    pub one_list: bool,
    pub threads: usize,
}

/// Rows whose content hashes lowest: the same rows whatever their order.
fn sample(list: &Register, rows: usize) -> Vec<u32> {
    let share = rows as f64 / list.len().max(1) as f64;
    let limit = if share >= 1.0 { u64::MAX } else { (share * 1.1 * u64::MAX as f64) as u64 };
    let mut chosen: Vec<(u64, u32)> = list
        .people
        .iter()
        .enumerate()
        .map(|(row, person)| (person.content_key(), row as u32))
        .filter(|(key, _)| *key <= limit)
        .collect();
    chosen.sort_unstable();
    chosen.truncate(rows);
    chosen.into_iter().map(|(_, row)| row).collect()
}

fn correction(levels: Levels, rarity: &[u8; 8]) -> u16 {
    let sum: u32 = Field::ALL
        .into_iter()
        .filter_map(|field| corrected_by(field, levels.get(field)))
        .map(|which| u32::from(rarity[which as usize]))
        .sum();
    (sum / 4) as u16
}

impl Sample<'_> {
    /// Estimates a model.
    pub fn train(&self) -> Model {
        let mut model = Model::default();
        if self.left.is_empty() || self.right.is_empty() {
            return model;
        }
        let longer = self.left.len().max(self.right.len());
        self.measure_collisions(&mut model);
        self.measure_strangers(&mut model, longer);
        let rows = sample(self.right, self.rows);
        let (patterns, mates, keys) = self.compare_sample(&rows);
        let per_row = self.right.len() as f64
            / (rows.len() as f64 * self.left.len().min(self.right.len()).max(1) as f64);
        let addressed = self.addressed();
        let households = estimate_household(&mut model, &mates, longer, &Table::default(), addressed);
        if !households {
            model.household_rate = 1e-9;
        }
        for _ in 0..PASSES {
            let before = model.clone();
            maximise(&mut model, &patterns, longer, per_row, households);
            if households {
                estimate_household(&mut model, &mates, longer, &before.same, addressed);
            }
            if moved(&before, &model) < 1e-4 {
                break;
            }
        }
        model.blocking_recall = recall(&model, &keys, longer);
        model
    }

    /// Share of the pairs of the two lists in which somebody goes by a form of address.
    fn addressed(&self) -> f64 {
        let named = |list: &Register| {
            let (mut partial, mut all) = (0.0, 1.0);
            for row in sample(list, self.rows) {
                let person = &list.people[row as usize];
                all += f64::from(u8::from(person.has_name()));
                partial += f64::from(u8::from(person.is_partial()));
            }
            1.0 - partial / all
        };
        1.0 - named(self.left) * named(self.right)
    }

    fn measure_collisions(&self, model: &mut Model) {
        let mut sums = [0.0; 7];
        let mut counts = [0.0; 7];
        for row in sample(self.left, 100_000) {
            for (which, byte) in self.left.people[row as usize].rarity[..7].iter().enumerate() {
                if *byte != 0 {
                    sums[which] += (f64::from(*byte) / -8.0).exp2();
                    counts[which] += 1.0;
                }
            }
        }
        for which in 0..7 {
            if counts[which] > 0.0 {
                model.collision[which] = (sums[which] / counts[which]).clamp(1e-12, 1.0);
            }
        }
    }

    /// Levels of pairs drawn at random, without those that look like one person or one household.
    fn measure_strangers(&self, model: &mut Model, longer: usize) {
        let scorer = Scorer::new(model, longer);
        let rows = sample(self.right, STRANGERS);
        let mut counts = Table::default();
        for left in sample(self.left, STRANGERS) {
            let one = self.left.side(left);
            for right in &rows {
                let levels = compare_sides(one, self.right.side(*right));
                let agreeing = levels.get(Field::Name) >= 6 || levels.get(Field::Dwelling) == 6;
                if agreeing && scorer.posterior(levels, one.person)[2] < 0.5
                    || self.one_list && left == *right
                {
                    continue;
                }
                for (field, level) in levels.0.iter().enumerate() {
                    counts[field][usize::from(*level)] += 1.0;
                }
            }
        }
        let before = model.stranger;
        for field in Field::ALL {
            let f = field as usize;
            blend(&mut model.stranger[f], &counts[f], &before[f], 100.0, field.levels(), 1e-9);
            for level in 1..field.levels() {
                // Where a value's own frequency is known, its mean is the better estimate.
                let whole = matches!(
                    (field, level),
                    (Field::Name, 8) | (Field::Birth, 7) | (Field::Phone, 3) | (Field::Dwelling, 6)
                );
                if let (true, Some(which)) = (whole, corrected_by(field, level)) {
                    model.stranger[f][level] = model.collision[which as usize];
                }
            }
        }
        let identifier = &mut model.stranger[Field::Identifier as usize];
        identifier[4] = (0.01 / longer as f64).min(1e-6);
    }

    /// Compares sampled rows with all that any key brings; also rows of the left list with their own household.
    fn compare_sample(&self, rows: &[u32]) -> (Patterns, Patterns, Vec<(Levels, u16, u32)>) {
        let chunk = rows.len().div_ceil(self.threads.max(1)).max(1);
        let mut patterns = Patterns::new();
        let mut mates = Patterns::new();
        let mut keys = Vec::new();
        std::thread::scope(|scope| {
            let workers: Vec<_> =
                rows.chunks(chunk).map(|rows| scope.spawn(move || self.compare_chunk(rows))).collect();
            for worker in workers {
                let (more, bits) = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                for (pattern, count) in more {
                    *patterns.entry(pattern).or_default() += count;
                }
                keys.extend(bits);
            }
        });
        let mut found = Found::default();
        for row in sample(self.left, self.rows / 2) {
            let person = self.left.side(row);
            found.clear();
            self.blocks.find(&[Key::Dwelling], person.person, person.texts, &mut found);
            for other in found.rows.iter().filter(|other| **other != row) {
                let side = self.left.side(*other);
                let mut levels = compare_sides(side, person);
                // How many go by a form of address is a matter of the lists and not of households.
                if side.person.is_partial() || person.person.is_partial() {
                    levels.0[Field::Name as usize] = 0;
                }
                let rarity = &side.person.rarity;
                *mates.entry((levels, correction(levels, rarity))).or_default() += 1.0;
            }
        }
        (patterns, mates, keys)
    }

    fn compare_chunk(&self, rows: &[u32]) -> (Patterns, Vec<(Levels, u16, u32)>) {
        let mut counts: rustc_hash::FxHashMap<(Levels, u16), f64> = rustc_hash::FxHashMap::default();
        let mut keys = Vec::new();
        let mut found = Found::default();
        for row in rows {
            let person = self.right.side(*row);
            found.clear();
            self.blocks.find(&Key::ALL, person.person, person.texts, &mut found);
            for (other, bits) in found.rows.iter().zip(&found.keys) {
                if self.one_list && other == row {
                    continue;
                }
                let levels = compare_sides(self.left.side(*other), person);
                let pattern = (levels, correction(levels, &self.left.people[*other as usize].rarity));
                *counts.entry(pattern).or_default() += 1.0;
                if levels.0.iter().filter(|level| **level >= 2).count() >= 2 {
                    keys.push((levels, pattern.1, bits.count_ones()));
                }
            }
        }
        (counts.into_iter().collect(), keys)
    }
}

/// Counts made probabilities, with a prior worth `weight` observations; level 0 is left out.
fn blend(out: &mut [f64], counts: &[f64], prior: &[f64], weight: f64, levels: usize, floor: f64) {
    let total: f64 = counts[1..levels].iter().sum();
    for level in 1..levels {
        out[level] = ((counts[level] + weight * prior[level]) / (total + weight)).max(floor);
    }
}

/// Posterior of a pattern: same person, one household, strangers.
fn posterior(scorer: &Scorer, levels: Levels, rarity: u16) -> [f64; 3] {
    let nobody = crate::person::Person::default();
    let mut logs = [scorer.prior()[0], scorer.prior()[1], f64::from(rarity) / -2.0];
    for field in Field::ALL {
        for (log, part) in logs.iter_mut().zip(scorer.parts(field, levels, &nobody)) {
            *log += part;
        }
    }
    let top = logs.iter().copied().fold(f64::MIN, f64::max);
    let odds = logs.map(|log| (log - top).exp2());
    let sum: f64 = odds.iter().sum();
    odds.map(|odd| odd / sum)
}

/// One pass of expectation and maximisation over the sample.
fn maximise(model: &mut Model, patterns: &Patterns, longer: usize, per_row: f64, households: bool) {
    let scorer = Scorer::new(model, longer);
    let prior = Model::default();
    let mut counts = Table::default();
    let (mut same, mut household) = (0.0, 0.0);
    for ((levels, rarity), count) in patterns {
        let [p, h, _] = posterior(&scorer, *levels, *rarity);
        same += p * count;
        household += h * count;
        for (field, level) in levels.0.iter().enumerate() {
            counts[field][usize::from(*level)] += p * count;
        }
    }
    for field in Field::ALL {
        let f = field as usize;
        blend(&mut model.same[f], &counts[f], &prior.same[f], PRIOR, field.levels(), SLIP);
    }
    model.support = same;
    model.match_rate = (same * per_row).clamp(1e-4, 100.0);
    if households {
        model.household_rate = (household * per_row).clamp(1e-6, 1000.0);
        // Where a row was written down does not depend on who it is compared with.
        model.household[Field::Dwelling as usize] = model.same[Field::Dwelling as usize];
    }
}

/// Level probabilities of two people of one household, from rows of one list at one dwelling. False when there
/// are too few of them to tell.
fn estimate_household(
    model: &mut Model,
    mates: &Patterns,
    longer: usize,
    same: &Table,
    addressed: f64,
) -> bool {
    let scorer = Scorer::new(model, longer);
    let prior = Model::default();
    let mut counts = Table::default();
    let mut both = [[0.0; LEVELS]; LEVELS];
    let mut total = 0.0;
    for ((levels, rarity), count) in mates {
        let [p, ..] = posterior(&scorer, *levels, *rarity);
        total += (1.0 - p) * count;
        for (field, level) in levels.0.iter().enumerate() {
            counts[field][usize::from(*level)] += (1.0 - p) * count;
        }
        both[levels.get(Field::Name)][levels.get(Field::Birth)] += (1.0 - p) * count;
    }
    if total < HOUSEHOLDS {
        return false;
    }
    for field in Field::ALL {
        let f = field as usize;
        if field != Field::Dwelling {
            blend(&mut model.household[f], &counts[f], &prior.household[f], PRIOR, field.levels(), SLIP);
        } else if same[f][1] > 0.0 {
            model.household[f] = same[f];
        }
    }
    let (name, birth) = (Field::Name as usize, Field::Birth as usize);
    let known: f64 = both[1..].iter().flat_map(|births| &births[1..]).sum();
    for (one, times) in model.siblings.iter_mut().enumerate().skip(1) {
        for (other, times) in times.iter_mut().enumerate().skip(1) {
            let expected = known * model.household[name][one] * model.household[birth][other];
            *times = (both[one][other] + PRIOR) / (expected + PRIOR);
        }
    }
    address(&mut model.household[name], addressed);
    true
}

/// Level probabilities of full names made those of lists in which so many pairs have a form of address, which fits
/// whoever bears the surname.
fn address(levels: &mut [f64; LEVELS], addressed: f64) {
    let surname: f64 = [2, 5, 6, 7, 8].iter().map(|level| levels[*level]).sum();
    levels.iter_mut().for_each(|level| *level *= 1.0 - addressed);
    levels[4] += addressed * surname;
    levels[1] += addressed * (1.0 - surname);
}

/// Largest relative move of a probability that matters.
fn moved(before: &Model, after: &Model) -> f64 {
    let tables = before.same.iter().flatten().zip(after.same.iter().flatten());
    let largest = tables.map(|(x, y)| (x - y).abs()).fold(0.0, f64::max);
    largest.max((before.match_rate - after.match_rate).abs())
}

/// Share of the matching pairs that some key brings together, by Chao's estimator from how many pairs exactly one
/// and exactly two keys found.
fn recall(model: &Model, keys: &[(Levels, u16, u32)], longer: usize) -> f64 {
    let scorer = Scorer::new(model, longer);
    let (mut found, mut once, mut twice) = (0.0, 0.0, 0.0);
    for (levels, rarity, count) in keys {
        let p = posterior(&scorer, *levels, *rarity)[0];
        if p > 0.5 {
            found += p;
            match count {
                1 => once += p,
                2 => twice += p,
                _ => {}
            }
        }
    }
    let missed: f64 = once * (once - 1.0_f64).max(0.0) / (2.0 * (twice + 1.0));
    if found > 0.0 { found / (found + missed) } else { 1.0 }
}
