//! How long one lookup takes in an index of many people.
//!
//! `lookup --roster roster.csv --observations observation.csv --model model.json` builds the index of the roster,
//! looks observations up one at a time, on one thread, and prints percentiles in microseconds; then the same for
//! rows put in and taken out, and the memory that the index takes.

mod generated;

use std::path::PathBuf;
use std::time::Instant;

use clap::Parser;
use generated::{columns, raw};
use linkage::{Index, Model, Raw, Register};
use serde_json::json;

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    roster: PathBuf,
    #[arg(long)]
    observations: PathBuf,
    #[arg(long)]
    model: PathBuf,
    #[arg(long, default_value_t = 100_000)]
    lookups: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
}

type Failure = Box<dyn std::error::Error>;

/// Calls `each` with every row: its values, the person it is of (column `key`).
fn rows(path: &PathBuf, key: &str, mut each: impl FnMut(&Raw<'_>, &str) -> bool) -> Result<(), Failure> {
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?.clone();
    let at = |name: &str| headers.iter().position(|header| header == name);
    let columns = columns(&headers);
    let key = at(key).ok_or_else(|| format!("no column {key}"))?;
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record)? {
        let raw = raw(&record, &columns);
        if !each(&raw, &record[key]) {
            break;
        }
    }
    Ok(())
}

fn percentiles(mut nanoseconds: Vec<u64>) -> serde_json::Value {
    nanoseconds.sort_unstable();
    let at = |share: f64| {
        let place = ((nanoseconds.len() as f64 * share) as usize).min(nanoseconds.len().saturating_sub(1));
        nanoseconds.get(place).map(|value| *value as f64 / 1000.0)
    };
    json!({ "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "p99.9": at(0.999), "most": at(1.0) })
}

/// A figure of the process's memory in gigabytes, where the system tells: `VmHWM` the most so far, `VmRSS` now.
fn gigabytes(name: &str) -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(line.split_whitespace().next()?.parse::<f64>().ok()? * 1024.0 / 1e9)
}

fn main() -> Result<(), Failure> {
    let arguments = Arguments::parse();
    let model: Model = serde_json::from_str(&std::fs::read_to_string(&arguments.model)?)?;
    model.check()?;
    let mut list = Register::new();
    let mut people = Vec::new();
    rows(&arguments.roster, "person_id", |raw, person| {
        if list.push(raw).is_ok() {
            people.push(person.trim_start_matches('P').parse().unwrap_or(u32::MAX));
        }
        true
    })?;
    let started = Instant::now();
    let mut index = Index::build(list, &model, arguments.threads);
    let built = started.elapsed().as_secs_f64();
    let memory = json!({ "held": gigabytes("VmRSS"), "most": gigabytes("VmHWM") });
    let mut taken = Vec::with_capacity(arguments.lookups);
    let (mut known, mut found) = (0, 0);
    rows(&arguments.observations, "truth_person_id", |raw, truth| {
        let started = Instant::now();
        let candidates = index.lookup(raw, 0.1).unwrap_or_default();
        taken.push(started.elapsed().as_nanos() as u64);
        if let Ok(person) = truth.trim_start_matches('P').parse::<u32>() {
            known += 1;
            found += usize::from(candidates.first().is_some_and(|best| people[best.row as usize] == person));
        }
        taken.len() < arguments.lookups
    })?;
    let mut put = Vec::new();
    rows(&arguments.observations, "truth_person_id", |raw, _| {
        let started = Instant::now();
        if let Ok((row, _)) = index.insert(raw) {
            put.push(started.elapsed().as_nanos() as u64);
            index.remove(row);
        }
        put.len() < arguments.lookups / 10
    })?;
    let report = json!({
        "people": people.len(), "build_seconds": built, "gigabytes": memory, "lookups": taken.len(),
        "right_person_first": found as f64 / f64::from(known.max(1)),
        "lookup_microseconds": percentiles(taken), "insert_microseconds": percentiles(put),
    });
    println!("{report:#}");
    Ok(())
}
