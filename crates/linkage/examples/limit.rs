//! What no rule can decide: how much of what links missed is a limit of what the lists say.
//!
//! `limit --roster roster.csv --observations observation.csv --links links.csv` takes every observation of a listed
//! person that the links missed, and gives an imagined judge the truth of all other rows: whoever is the truth of another
//! observation is out of the question. If among the people who are left some stranger agrees with the observation on
//! every field as well as the right person does, or wholly, nothing in the lists tells the two apart: whoever links the
//! row is right at most every second time, and whoever leaves it misses it. Either costs half a row of F1 in the mean, so
//! that `f1_limit` is what this alone leaves to a judge who makes no other mistake.

mod generated;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Parser;
use generated::{columns, raw};
use linkage::{Field, Levels, Register, compare, field_name, level_name};
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

/// A generated list: its rows and, by row, the texts of one more column.
fn read(path: &PathBuf, also: &str, keep: impl Fn(&str) -> bool) -> Result<(Register, Vec<String>), Failure> {
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?.clone();
    let at = |name: &str| headers.iter().position(|header| header == name);
    let columns = columns(&headers);
    let also = at(also).ok_or_else(|| format!("no column {also}"))?;
    let id = at("obs_id").unwrap_or(also);
    let (mut list, mut texts) = (Register::new(), Vec::new());
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        if !keep(&record[id]) {
            continue;
        }
        let raw = raw(&record, &columns);
        list.push(&raw)?;
        texts.push(record[also].to_owned());
    }
    Ok((list, texts))
}

/// The number in an id such as `P00000012`.
fn number(id: &str) -> Option<u32> {
    id.get(1..)?.parse().ok()
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
    let mut taken = FxHashSet::default();
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
    // How the right person agrees, and whether somebody else agrees as well.
    let judge = |observation: u32| -> Option<(Levels, bool)> {
        let person = missed.get(&number(&ids[observation as usize])?)?;
        let right = compare(&people, *rows.get(person)?, &seen, observation);
        let rival = free.iter().any(|row| as_good(compare(&people, *row, &seen, observation), right));
        Some((right, rival))
    };
    let every: Vec<u32> = (0..seen.len() as u32).collect();
    let share = every.len().div_ceil(arguments.threads.max(1)).max(1);
    let judged: Vec<(Levels, bool)> = std::thread::scope(|scope| {
        let workers: Vec<_> = every
            .chunks(share)
            .map(|part| scope.spawn(|| part.iter().filter_map(|row| judge(*row)).collect::<Vec<_>>()))
            .collect();
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    let undecidable = judged.iter().filter(|(_, rival)| *rival).count();
    let mut ways: BTreeMap<Levels, (u64, u64)> = BTreeMap::new();
    for (levels, rival) in &judged {
        let way = ways.entry(*levels).or_default();
        way.0 += 1;
        way.1 += u64::from(*rival);
    }
    let mut ways: Vec<_> = ways.into_iter().collect();
    ways.sort_by_key(|(_, (count, _))| std::cmp::Reverse(*count));
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
        .map(|(levels, (count, alike))| json!({ "rows": count, "undecidable": alike, "agree": told(levels) }))
        .collect();
    let report = json!({
        "wanted": wanted, "missed": judged.len(), "wrong": wrong, "undecidable": undecidable,
        "f1_limit": 1.0 - undecidable as f64 / (2.0 * wanted.max(1) as f64), "ways": ways,
    });
    println!("{report:#}");
    Ok(())
}
