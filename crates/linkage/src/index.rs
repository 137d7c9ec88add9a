//! The index: every row of a list under its blocking keys, built once and changed in place.

use rustc_hash::FxHashMap;

use crate::block::{Key, values};
use crate::compare::{Levels, Side, compare_sides, hold_two_numbers};
use crate::explain::{Explanation, explain};
use crate::frequency::Frequencies;
use crate::learn::Answer;
use crate::model::{Model, Scorer, probability};
use crate::person::{Defects, NoUsableField, Person, Raw, Register, Texts};

/// Rows under one key, grouped by the low bits of the key's value. An entry is the high half of the value and the
/// row, so that most rows that merely share a group are passed over without being looked at.
#[derive(Clone, Debug, Default)]
struct Group {
    starts: Vec<u32>,
    entries: Vec<u64>,
}

/// Room that is used again from group to group.
#[derive(Default)]
struct Scratch {
    pairs: Vec<(u64, u32)>,
    sorted: Vec<(u64, u32)>,
}

/// Parts that a group is built in, each small enough for the cache.
const PARTS: usize = 1 << 10;

impl Group {
    fn build(key: Key, list: &Register, scratch: &mut Scratch) -> Self {
        let Scratch { pairs, sorted } = scratch;
        pairs.clear();
        for (row, person) in list.people.iter().enumerate() {
            for value in values(key, person, &list.texts).into_iter().flatten() {
                pairs.push((value, row as u32));
            }
        }
        if pairs.is_empty() {
            return Self::default();
        }
        let size = pairs.len().next_power_of_two().max(PARTS);
        let mask = size - 1;
        let width = size / PARTS;
        let part = |value: u64| (value as usize & mask) / width;
        let mut ends = vec![0_usize; PARTS];
        for (value, _) in pairs.iter() {
            ends[part(*value)] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            sum += std::mem::replace(end, sum);
        }
        sorted.clear();
        sorted.resize(pairs.len(), (0, 0));
        for pair in pairs.iter() {
            let at = &mut ends[part(pair.0)];
            sorted[*at] = *pair;
            *at += 1;
        }
        let mut starts = Vec::with_capacity(size + 1);
        let mut entries = vec![0_u64; pairs.len()];
        let mut next = vec![0_u32; width];
        let mut from = 0;
        for end in ends {
            let pairs = &sorted[from..end];
            next.fill(0);
            for (value, _) in pairs {
                next[*value as usize & (width - 1)] += 1;
            }
            let mut sum = from as u32;
            for slot in &mut next {
                starts.push(sum);
                sum += std::mem::replace(slot, sum);
            }
            for (value, row) in pairs {
                let slot = &mut next[*value as usize & (width - 1)];
                entries[*slot as usize] = value & !0xffff_ffff | u64::from(*row);
                *slot += 1;
            }
            from = end;
        }
        starts.push(entries.len() as u32);
        Self { starts, entries }
    }

    fn get(&self, value: u64) -> &[u64] {
        if self.entries.is_empty() {
            return &[];
        }
        let at = value as usize & (self.starts.len() - 2);
        &self.entries[self.starts[at] as usize..self.starts[at + 1] as usize]
    }
}

/// All rows of one list under all keys.
#[derive(Clone, Debug, Default)]
pub struct Blocks {
    groups: Vec<Group>,
}

/// Rows found for one person, and what was found on the way; reused from person to person.
#[derive(Clone, Debug, Default)]
pub struct Found {
    pub(crate) rows: Vec<u32>,
    /// For each row, the keys that led to it, a bit each.
    pub(crate) keys: Vec<u16>,
    /// Values not followed because too many rows share them, by key.
    pub(crate) guarded: [u64; Key::COUNT],
}

impl Blocks {
    /// Builds all groups, on `threads` threads.
    #[must_use]
    pub fn build(list: &Register, threads: usize) -> Self {
        let threads = threads.clamp(1, Key::COUNT);
        let mut groups: Vec<Group> = vec![Group::default(); Key::COUNT];
        std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|worker| {
                    scope.spawn(move || {
                        let mine = Key::ALL.into_iter().skip(worker).step_by(threads);
                        let mut scratch = Scratch::default();
                        mine.map(|key| (key, Group::build(key, list, &mut scratch))).collect::<Vec<_>>()
                    })
                })
                .collect();
            for worker in workers {
                for (key, group) in worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                    groups[key as usize] = group;
                }
            }
        });
        Self { groups }
    }

    /// Rows that share one of `keys` with a person, appended to `found` without repeats.
    pub(crate) fn find(&self, keys: &[Key], person: &Person, texts: &Texts, found: &mut Found) {
        for key in keys {
            let group = &self.groups[*key as usize];
            for value in values(*key, person, texts).into_iter().flatten() {
                let entries = group.get(value);
                let high = value >> 32;
                if entries.len() > key.guard() {
                    let sharing = entries.iter().filter(|entry| **entry >> 32 == high).count();
                    if sharing > key.guard() {
                        found.guarded[*key as usize] += 1;
                        continue;
                    }
                }
                for entry in entries {
                    if entry >> 32 == high {
                        let row = *entry as u32;
                        match found.rows.iter().position(|seen| *seen == row) {
                            Some(at) => found.keys[at] |= 1 << *key as u8,
                            None => {
                                found.rows.push(row);
                                found.keys.push(1 << *key as u8);
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Found {
    /// Forgets the rows, keeps the counts.
    pub(crate) fn clear(&mut self) {
        self.rows.clear();
        self.keys.clear();
    }
}

/// Log2 odds from which the wider keys are no longer tried.
pub(crate) const SETTLED: f64 = 12.0;

/// Rows that are searched for together.
const TOGETHER: usize = 64;

/// One key of one row of a batch, and where the index holds what shares it.
#[derive(Clone, Copy, Debug)]
struct Probe {
    place: u16,
    key: Key,
    value: u64,
    start: u32,
    end: u32,
}

/// Rows that may be those of a batch, in the order of the batch.
#[derive(Clone, Debug, Default)]
struct Matches {
    rows: Vec<u32>,
    /// For each place of the batch, where its rows begin; one more for the end.
    starts: Vec<u32>,
}

impl Matches {
    fn of(&self, place: usize) -> &[u32] {
        let range = self.starts.get(place).zip(self.starts.get(place + 1));
        range.map_or(&[], |(start, end)| &self.rows[*start as usize..*end as usize])
    }
}

/// Searches for many rows at once. The memory that a step needs is asked for by the whole batch before any of it
/// is used, so that the waits for it overlap: an index of millions of rows is in no cache.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    probes: Vec<Probe>,
    strong: Matches,
    wide: Matches,
    people: Vec<Person>,
    best: Vec<f64>,
    /// Values not followed because too many rows share them, by key.
    pub guarded: [u64; Key::COUNT],
}

/// A list that is searched, and what it is searched with.
#[derive(Clone, Copy)]
pub(crate) struct Haystack<'a> {
    pub blocks: &'a Blocks,
    pub list: &'a Register,
    pub scorer: &'a Scorer,
}

impl Batch {
    /// Scores everything that could be one of `rows` of `right`: strong keys first, the wider ones when those
    /// settle nothing. With `one_list` the two lists are one, and a row is not its own candidate. Calls `each`
    /// with the right row, the left row, levels and log2 odds, by right row.
    pub fn search(
        &mut self,
        hay: Haystack<'_>,
        right: &Register,
        rows: std::ops::Range<u32>,
        one_list: bool,
        each: &mut impl FnMut(u32, u32, Levels, f64),
    ) {
        let mut start = rows.start;
        while start < rows.end {
            let end = rows.end.min(start + TOGETHER as u32);
            self.search_few(hay, right, start..end, one_list, each);
            start = end;
        }
    }

    fn search_few(
        &mut self,
        hay: Haystack<'_>,
        right: &Register,
        rows: std::ops::Range<u32>,
        one_list: bool,
        each: &mut impl FnMut(u32, u32, Levels, f64),
    ) {
        self.best.clear();
        self.best.resize(rows.len(), f64::MIN);
        for (keys, wide) in [(&Key::ALL[..Key::STRONG], false), (&Key::ALL[Key::STRONG..], true)] {
            self.probe(hay.blocks, right, &rows, keys);
            let mut found = self.collect(hay.blocks, rows.len(), wide);
            self.people.clear();
            self.people.extend(found.rows.iter().map(|row| hay.list.people[*row as usize]));
            for (place, row) in rows.clone().enumerate() {
                let person = right.side(row);
                let from = found.starts[place] as usize;
                for (candidate, other) in self.people[from..].iter().zip(found.of(place)) {
                    if candidate.is_removed() || one_list && *other == row {
                        continue;
                    }
                    let levels = compare_sides(Side { person: candidate, texts: &hay.list.texts }, person);
                    let odds = hay.scorer.log_odds(levels, candidate);
                    self.best[place] = self.best[place].max(odds);
                    each(row, *other, levels, odds);
                }
            }
            std::mem::swap(&mut found, if wide { &mut self.wide } else { &mut self.strong });
        }
    }

    /// Works out the keys of the rows that nothing has settled yet, and looks up where their groups lie.
    fn probe(&mut self, blocks: &Blocks, right: &Register, rows: &std::ops::Range<u32>, keys: &[Key]) {
        self.probes.clear();
        for (place, row) in rows.clone().enumerate() {
            if self.best[place] >= SETTLED {
                continue;
            }
            let person = &right.people[row as usize];
            for key in keys.iter().filter(|key| !blocks.groups[**key as usize].entries.is_empty()) {
                for value in values(*key, person, &right.texts).into_iter().flatten() {
                    self.probes.push(Probe { place: place as u16, key: *key, value, start: 0, end: 0 });
                }
            }
        }
        for probe in &mut self.probes {
            let starts = &blocks.groups[probe.key as usize].starts;
            let at = probe.value as usize & (starts.len() - 2);
            (probe.start, probe.end) = (starts[at], starts[at + 1]);
        }
        let mut touched = 0;
        for probe in self.probes.iter().filter(|probe| probe.start < probe.end) {
            touched ^= blocks.groups[probe.key as usize].entries[probe.start as usize];
        }
        std::hint::black_box(touched);
    }

    /// The rows under the probed keys, without repeats.
    fn collect(&mut self, blocks: &Blocks, places: usize, wide: bool) -> Matches {
        let mut found = std::mem::take(if wide { &mut self.wide } else { &mut self.strong });
        let before = if wide { std::mem::take(&mut self.strong) } else { Matches::default() };
        found.rows.clear();
        found.starts.clear();
        let mut probes = self.probes.iter().peekable();
        for place in 0..places {
            let first = found.rows.len();
            found.starts.push(first as u32);
            while let Some(probe) = probes.next_if(|probe| usize::from(probe.place) == place) {
                let group = &blocks.groups[probe.key as usize];
                let entries = &group.entries[probe.start as usize..probe.end as usize];
                let high = probe.value >> 32;
                let guard = probe.key.guard();
                if entries.len() > guard
                    && entries.iter().filter(|entry| **entry >> 32 == high).count() > guard
                {
                    self.guarded[probe.key as usize] += 1;
                    continue;
                }
                for entry in entries.iter().filter(|entry| **entry >> 32 == high) {
                    let row = *entry as u32;
                    if !found.rows[first..].contains(&row) && !before.of(place).contains(&row) {
                        found.rows.push(row);
                    }
                }
            }
        }
        found.starts.push(found.rows.len() as u32);
        if wide {
            self.strong = before;
        }
        found
    }
}

/// Scores everything that could be `person`: strong keys first, the wider ones when those settle nothing. Calls
/// `each` with row, levels and log2 odds.
pub(crate) fn search(
    blocks: &Blocks,
    list: &Register,
    scorer: &Scorer,
    person: Side<'_>,
    found: &mut Found,
    itself: Option<u32>,
    mut each: impl FnMut(u32, Levels, f64),
) {
    found.clear();
    let mut best = f64::MIN;
    let mut scored = 0;
    for keys in [&Key::ALL[..Key::STRONG], &Key::ALL[Key::STRONG..]] {
        if best >= SETTLED {
            break;
        }
        blocks.find(keys, person.person, person.texts, found);
        for row in &found.rows[scored..] {
            let candidate = list.side(*row);
            if candidate.person.is_removed() || itself == Some(*row) {
                continue;
            }
            let levels = compare_sides(candidate, person);
            let odds = scorer.log_odds(levels, candidate.person);
            best = best.max(odds);
            each(*row, levels, odds);
        }
        scored = found.rows.len();
    }
}

/// One row that may be the person looked up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Row in the index, in order of insertion.
    pub row: u32,
    /// Probability that it is the same person, from 0 to 1, other candidates taken into account.
    pub probability: f64,
    /// How the fields agree.
    pub levels: Levels,
}

/// A list ready for lookups one at a time: who among ten million is this?
#[derive(Debug)]
pub struct Index {
    list: Register,
    blocks: Blocks,
    frequencies: Frequencies,
    scorer: Scorer,
    built: usize,
    added: FxHashMap<u64, Vec<u32>>,
    found: Found,
}

impl Index {
    /// Builds the index of a list; the list's rows keep their numbers. Uses `threads` threads.
    #[must_use]
    pub fn build(mut list: Register, model: &Model, threads: usize) -> Self {
        let frequencies = Frequencies::count(&[&list], threads);
        frequencies.mark(&mut list, threads);
        let blocks = Blocks::build(&list, threads);
        // A lookup links the list with one row.
        let scorer = Scorer::between(model, list.len(), 1);
        let built = list.len();
        Self {
            list,
            blocks,
            frequencies,
            scorer,
            built,
            added: FxHashMap::default(),
            found: Found::default(),
        }
    }

    /// Number of rows, removed ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// True when there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Rows put in since the index was built. When they are many, build it anew.
    #[must_use]
    pub fn added(&self) -> usize {
        self.list.len() - self.built
    }

    /// Appends a row; it is found from now on. Returns its number.
    ///
    /// # Errors
    /// [`NoUsableField`] when nothing in the row could tell one person from another.
    pub fn insert(&mut self, raw: &Raw<'_>) -> Result<(u32, Defects), NoUsableField> {
        let defects = self.list.push(raw)?;
        let row = (self.list.len() - 1) as u32;
        let person = self.list.people[row as usize];
        self.list.people[row as usize].rarity = self.frequencies.rarities(&person, &self.list.texts);
        for key in Key::ALL {
            for value in values(key, &person, &self.list.texts).into_iter().flatten() {
                self.added.entry(value).or_default().push(row);
            }
        }
        Ok((row, defects))
    }

    /// Takes a row out: it is not found any more, and what it said is gone. False when there is no such row or it is
    /// out already.
    pub fn remove(&mut self, row: u32) -> bool {
        match self.list.people.get_mut(row as usize) {
            Some(person) if !person.is_removed() => {
                *person = Person::default();
                person.remove();
                true
            }
            _ => false,
        }
    }

    /// The rows that may be this person, likeliest first, down to `floor` probability.
    ///
    /// # Errors
    /// [`NoUsableField`] when nothing in the row could tell one person from another.
    pub fn lookup(&mut self, raw: &Raw<'_>, floor: f64) -> Result<Vec<Candidate>, NoUsableField> {
        let mut query = Register::new();
        query.push(raw)?;
        let person = query.side(0);
        let mut candidates: Vec<(u32, Levels, f64)> = Vec::new();
        let mut found = std::mem::take(&mut self.found);
        search(&self.blocks, &self.list, &self.scorer, person, &mut found, None, |row, levels, odds| {
            candidates.push((row, levels, odds));
        });
        if !self.added.is_empty() {
            found.clear();
            for key in Key::ALL {
                for value in values(key, person.person, person.texts).into_iter().flatten() {
                    let rows = self.added.get(&value).map_or(&[][..], Vec::as_slice);
                    if rows.len() <= key.guard() {
                        for row in rows {
                            if !found.rows.contains(row) {
                                found.rows.push(*row);
                            }
                        }
                    }
                }
            }
            for row in &found.rows {
                let candidate = self.list.side(*row);
                if !candidate.person.is_removed() {
                    let levels = compare_sides(candidate, person);
                    candidates.push((*row, levels, self.scorer.log_odds(levels, candidate.person)));
                }
            }
        }
        self.found = found;
        Ok(self.weigh(candidates, floor))
    }

    /// Why a row is, or is not, this person. `shown` is what the reader of the explanation may see of the row and of
    /// the person; it decides nothing.
    ///
    /// # Errors
    /// [`NoUsableField`] when nothing in `raw` could tell one person from another, or there is no such row.
    pub fn explain(
        &self,
        row: u32,
        raw: &Raw<'_>,
        shown: [&Raw<'_>; 2],
    ) -> Result<Explanation, NoUsableField> {
        let mut query = Register::new();
        query.push(raw)?;
        let person = self.list.people.get(row as usize).filter(|person| !person.is_removed());
        let person = person.ok_or(NoUsableField)?;
        let levels = compare_sides(self.list.side(row), query.side(0));
        Ok(explain(&self.scorer, levels, person, shown))
    }

    /// What a person's answer on a row says, to learn from.
    ///
    /// # Errors
    /// [`NoUsableField`] when nothing in `raw` could tell one person from another, or there is no such row.
    pub fn answer(&self, row: u32, raw: &Raw<'_>, same: bool) -> Result<Answer, NoUsableField> {
        let mut query = Register::new();
        query.push(raw)?;
        if self.list.people.get(row as usize).is_none_or(Person::is_removed) {
            return Err(NoUsableField);
        }
        let levels = compare_sides(self.list.side(row), query.side(0));
        Answer::new(&self.list, row, levels, same).ok_or(NoUsableField)
    }

    /// The list alone, to build the index anew; rows keep their numbers.
    #[must_use]
    pub fn into_list(self) -> Register {
        self.list
    }

    /// Probabilities with the candidates competing: the person is at most one of several different people.
    fn weigh(&self, mut candidates: Vec<(u32, Levels, f64)>, floor: f64) -> Vec<Candidate> {
        candidates.retain(|(_, _, odds)| probability(*odds) >= floor * 0.5);
        candidates.sort_by(|a, b| b.2.total_cmp(&a.2).then(a.0.cmp(&b.0)));
        let same = |one: u32, other: u32| {
            let levels = compare_sides(self.list.side(one), self.list.side(other));
            let person = &self.list.people[one as usize];
            !hold_two_numbers(levels, person, &self.list.people[other as usize])
                && self.scorer.log_odds(levels, person) > 0.0
        };
        let odds: Vec<f64> = candidates.iter().map(|c| c.2.min(60.0).exp2()).collect();
        let near = candidates.len().min(8);
        let mut out: Vec<Candidate> = candidates
            .iter()
            .enumerate()
            .map(|(i, (row, levels, _))| {
                let rivals: f64 = (0..near)
                    .filter(|j| *j != i && odds[*j] > 0.01 && !same(*row, candidates[*j].0))
                    .map(|j| odds[j])
                    .sum();
                Candidate { row: *row, probability: odds[i] / (1.0 + odds[i] + rivals), levels: *levels }
            })
            .filter(|candidate| candidate.probability >= floor)
            .collect();
        out.sort_by(|a, b| b.probability.total_cmp(&a.probability).then(a.row.cmp(&b.row)));
        out
    }
}
