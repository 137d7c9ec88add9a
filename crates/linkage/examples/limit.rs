//! What no rule can decide: how much of what links missed is a limit of what the lists say.
//!
//! `limit --roster roster.csv --observations observation.csv --links links.csv` takes every observation of a listed
//! person that the links missed, and gives an imagined judge the truth of every row that they found: whoever is the truth
//! of one of those is out of the question. Of whom is left,
//! - some stranger may agree with the observation on every field as well as the right person does, or wholly: nothing in
//!   the lists tells the two apart;
//! - two missed observations may each fit the other's person as well as their own: exchanged, they fit as well.
//!
//! Whoever links such a row is right at most every second time, and whoever leaves it misses it. Either costs half a row
//! of F1 in the mean, so that `f1_limit` is what this alone leaves to a judge who makes no other mistake.
//!
//! Of the others, an observation of somebody who is on no list may agree with an open person just so. For each way of
//! agreeing these are counted beside the missed rows: `ideal` is the share of right ones among both, which is what a scorer
//! says that knows how often either happens. Where it is below the threshold, leaving the row is what the threshold asks.

mod generated;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Parser;
use generated::{columns, raw};
use linkage::{Field, Index, Levels, Model, Raw, Register, compare, field_name, level_name};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    roster: PathBuf,
    #[arg(long)]
    observations: PathBuf,
    #[arg(long)]
    links: PathBuf,
    /// Links count from this probability on
    #[arg(long, default_value_t = 0.9)]
    threshold: f64,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Prints so many of the commonest ways in which missed rows agree with the right person
    #[arg(long, default_value_t = 12)]
    ways: usize,
}

type Failure = Box<dyn std::error::Error>;

/// The rows of a generated list whose `id` is to be kept: passes on each with its id and what it says.
fn each_row(
    path: &PathBuf,
    id: &str,
    keep: impl Fn(&str) -> bool,
    mut each: impl FnMut(&str, &Raw<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?.clone();
    let columns = columns(&headers);
    let id = headers.iter().position(|header| header == id).ok_or_else(|| format!("no column {id}"))?;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        if keep(&record[id]) {
            each(&record[id], &raw(&record, &columns))?;
        }
    }
    Ok(())
}

/// The rows to be kept, and their ids.
fn read(path: &PathBuf, id: &str, keep: impl Fn(&str) -> bool) -> Result<(Register, Vec<String>), Failure> {
    let (mut list, mut ids) = (Register::new(), Vec::new());
    each_row(path, id, keep, |id, raw| {
        list.push(raw)?;
        ids.push(id.to_owned());
        Ok(())
    })?;
    Ok((list, ids))
}

/// The number in an id such as `P00000012`.
fn number(id: &str) -> Option<u32> {
    id.get(1..)?.parse().ok()
}

/// A way in which missed rows agree with the right person.
#[derive(Clone, Copy, Default)]
struct Way {
    missed: u64,
    undecidable: u64,
    /// Observations of people on no list that agree so with somebody open.
    outsiders: u64,
}

impl Way {
    /// Of the rows that agree so with somebody open, the share that are of her.
    fn ideal(&self) -> f64 {
        self.missed as f64 / (self.missed + self.outsiders).max(1) as f64
    }
}

/// A stranger who agrees so is no worse a candidate than the right person who agrees as `right` says.
fn as_good(stranger: Levels, right: Levels) -> bool {
    Field::ALL.into_iter().all(|field| {
        let level = stranger.get(field);
        level == right.get(field) || level == field.levels() - 1
    })
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    // By observation: the likeliest partner, and what the right one got.
    let mut best: FxHashMap<u32, (f32, u32)> = FxHashMap::default();
    let mut reader = csv::Reader::from_path(&arguments.links)?;
    for record in reader.records() {
        let record = record?;
        let (left, right) = (number(&record[0]), number(&record[1]));
        if let (Some(left), Some(right)) = (left, right) {
            let p: f32 = record[2].parse()?;
            let slot = best.entry(right).or_insert((-1.0, left));
            if p > slot.0 {
                *slot = (p, left);
            }
        }
    }
    let (mut wanted, mut wrong, mut missed) = (0_u64, 0_u64, FxHashMap::default());
    let (mut taken, mut outsiders) = (FxHashSet::default(), FxHashSet::default());
    let mut reader = csv::Reader::from_path(&arguments.observations)?;
    let truth_at = reader.headers()?.iter().position(|header| header == "truth_person_id");
    let truth_at = truth_at.ok_or("no column truth_person_id")?;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        let observation = number(&record[0]).ok_or("an observation without a number")?;
        let linked = best.get(&observation).filter(|(p, _)| f64::from(*p) >= arguments.threshold);
        let truth = number(&record[truth_at]);
        wrong += u64::from(linked.is_some() && linked.map(|found| found.1) != truth);
        if let Some(person) = truth {
            wanted += 1;
            if linked.is_none_or(|found| found.1 != person) {
                missed.insert(observation, person);
            } else {
                taken.insert(person);
            }
        } else {
            outsiders.insert(observation);
        }
    }
    drop(best);
    let mine: FxHashSet<u32> = missed.values().copied().collect();
    let (seen, ids) = read(&arguments.observations, "obs_id", |id| {
        number(id).is_some_and(|observation| missed.contains_key(&observation))
    })?;
    // Whoever nobody else's observation is of, and the right people of what was missed.
    let (people, names) =
        read(&arguments.roster, "person_id", |id| number(id).is_none_or(|person| !taken.contains(&person)))?;
    let rows: FxHashMap<u32, u32> =
        (0..).zip(&names).filter_map(|(row, id)| Some((number(id)?, row))).collect();
    let free: Vec<u32> = (0..people.len() as u32)
        .filter(|row| number(&names[*row as usize]).is_some_and(|person| !mine.contains(&person)))
        .collect();
    let person = |row: u32| rows.get(missed.get(&number(&ids[row as usize])?)?).copied();
    let own: Vec<Option<(u32, Levels)>> = (0..seen.len() as u32)
        .map(|row| person(row).map(|person| (person, compare(&people, person, &seen, row))))
        .collect();
    // How the right person agrees, whether somebody else agrees as well, and whether an exchange does.
    let judge = |row: u32| -> Option<(Levels, bool, bool)> {
        let (person, right) = own[row as usize]?;
        let stranger = free.iter().any(|other| as_good(compare(&people, *other, &seen, row), right));
        let exchanged = (0_u32..).zip(&own).any(|(other, known)| {
            known.is_some_and(|(theirs, levels)| {
                other != row
                    && as_good(compare(&people, theirs, &seen, row), right)
                    && as_good(compare(&people, person, &seen, other), levels)
            })
        });
        Some((right, stranger, exchanged))
    };
    let every: Vec<u32> = (0..seen.len() as u32).collect();
    let share = every.len().div_ceil(arguments.threads.max(1)).max(1);
    let judged: Vec<(Levels, bool, bool)> = std::thread::scope(|scope| {
        let workers: Vec<_> = every
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().filter_map(|row| judge(*row)).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let stranger = judged.iter().filter(|(_, stranger, _)| *stranger).count();
    let exchanged = judged.iter().filter(|(_, stranger, exchanged)| *exchanged && !stranger).count();
    let undecidable = stranger + exchanged;
    let mut ways: BTreeMap<Levels, Way> = BTreeMap::new();
    for (levels, stranger, exchanged) in &judged {
        let way = ways.entry(*levels).or_default();
        way.missed += 1;
        way.undecidable += u64::from(*stranger || *exchanged);
    }
    // In which of these ways observations of people on no list agree with whoever is open.
    let mut open = Index::build(people, &Model::default(), arguments.threads);
    let on_no_list = |id: &str| number(id).is_some_and(|observation| outsiders.contains(&observation));
    each_row(&arguments.observations, "obs_id", on_no_list, |_, raw| {
        let found = open.lookup(raw, 0.0)?;
        let agreeing: BTreeSet<Levels> = found.into_iter().map(|candidate| candidate.levels).collect();
        for levels in agreeing {
            if let Some(way) = ways.get_mut(&levels) {
                way.outsiders += 1;
            }
        }
        Ok(())
    })?;
    let unsure: u64 = ways
        .values()
        .filter(|way| way.ideal() < arguments.threshold)
        .map(|way| way.missed - way.undecidable)
        .sum();
    let mut ways: Vec<_> = ways.into_iter().collect();
    ways.sort_by_key(|(_, way)| std::cmp::Reverse(way.missed));
    let told = |levels: Levels| -> String {
        let one = |field: Field| match levels.get(field) {
            0 => None,
            level => Some(format!("{}: {}", field_name(field).1, level_name(field, level, false).1)),
        };
        Field::ALL.into_iter().filter_map(one).collect::<Vec<_>>().join(", ")
    };
    let ways: Vec<_> = ways
        .into_iter()
        .take(arguments.ways)
        .map(|(levels, way)| {
            json!({
                "rows": way.missed, "undecidable": way.undecidable, "outsiders": way.outsiders,
                "ideal": way.ideal(), "agree": told(levels),
            })
        })
        .collect();
    let report = json!({
        "wanted": wanted, "missed": judged.len(), "wrong": wrong, "undecidable": undecidable,
        "stranger": stranger, "exchanged": exchanged, "unsure": unsure,
        "f1_limit": 1.0 - undecidable as f64 / (2.0 * wanted.max(1) as f64), "ways": ways,
    });
    println!("{report:#}");
    Ok(())
}
