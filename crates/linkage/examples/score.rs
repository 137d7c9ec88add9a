//! Scores links against the truth of generated lists, ours and a peer's alike.
//!
//! `score --observations observation.csv --links links.csv` prints F1 at 0.9 and at the best threshold, best match
//! per observation, and how far probabilities mean what they say, in ten bins. The links are
//! `left_id,right_id,probability`; the truth is the column `truth_person_id` of the observations.
//!
//! `score --clusters clusters.csv` scores pairs inside clusters of rows named `rec-N-...`, as FEBRL names them.

use std::path::PathBuf;

use clap::Parser;
use linkage::evaluate::{Quality, reliability};
use rustc_hash::FxHashMap;
use serde_json::json;

#[derive(Parser)]
struct Arguments {
    #[arg(long)]
    observations: Option<PathBuf>,
    #[arg(long)]
    links: Option<PathBuf>,
    #[arg(long)]
    clusters: Option<PathBuf>,
    #[arg(long, default_value_t = 0.9)]
    threshold: f64,
}

fn column(reader: &mut csv::Reader<std::fs::File>, name: &str) -> Result<usize, Box<dyn std::error::Error>> {
    let at = reader.headers()?.iter().position(|header| header == name);
    at.ok_or_else(|| format!("no column {name}").into())
}

/// Which person each observation is of, as the number in its id; `None` for somebody who is not on the list.
fn truth(path: &PathBuf) -> Result<FxHashMap<String, Option<String>>, Box<dyn std::error::Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let (id, person) = (column(&mut reader, "obs_id")?, column(&mut reader, "truth_person_id")?);
    let mut out = FxHashMap::default();
    for record in reader.records() {
        let record = record?;
        out.insert(record[id].to_owned(), Some(record[person].to_owned()).filter(|text| !text.is_empty()));
    }
    Ok(out)
}

fn score_links(
    arguments: &Arguments,
    links: &PathBuf,
) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let truth = match &arguments.observations {
        Some(path) => truth(path)?,
        None => return Err("--observations is needed".into()),
    };
    let mut reader = csv::Reader::from_path(links)?;
    let (left, right, probability) = (
        column(&mut reader, "left_id")?,
        column(&mut reader, "right_id")?,
        column(&mut reader, "probability")?,
    );
    // For each observation its likeliest partner: probability and whether it is the right one.
    let mut best: FxHashMap<String, (f64, bool)> = FxHashMap::default();
    let mut all = Vec::new();
    for record in reader.records() {
        let record = record?;
        let p: f64 = record[probability].parse()?;
        let right_one =
            truth.get(&record[right]).is_some_and(|person| person.as_deref() == Some(&record[left]));
        all.push((p, right_one));
        let slot = best.entry(record[right].to_owned()).or_insert((-1.0, false));
        if p > slot.0 {
            *slot = (p, right_one);
        }
    }
    let wanted = truth.values().flatten().count();
    let mut found: Vec<(f64, bool)> = Vec::with_capacity(best.len());
    found.extend(best.into_values());
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let at = |threshold: f64| {
        let taken = found.iter().take_while(|item| item.0 >= threshold);
        let (mut right, mut wrong) = (0, 0);
        taken.for_each(|item| if item.1 { right += 1 } else { wrong += 1 });
        Quality::of(right, wrong, wanted)
    };
    let mut top = (Quality::of(0, 0, wanted), 1.0);
    let (mut right, mut wrong) = (0, 0);
    for (place, item) in found.iter().enumerate() {
        if item.1 {
            right += 1
        } else {
            wrong += 1
        }
        let last_of_value = found.get(place + 1).is_none_or(|next| next.0 < item.0);
        let quality = Quality::of(right, wrong, wanted);
        if last_of_value && quality.f1 > top.0.f1 {
            top = (quality, item.0);
        }
    }
    let (bins, error) = reliability(all.iter().copied());
    let (_, best_error) = reliability(found.iter().copied());
    Ok(json!({
        "observations": truth.len(), "wanted": wanted, "threshold": arguments.threshold,
        "at_threshold": at(arguments.threshold), "best": top.0, "best_threshold": top.1,
        "calibration_error": error, "calibration_error_best_match": best_error, "bins": bins,
    }))
}

fn score_clusters(path: &PathBuf) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let mut reader = csv::Reader::from_path(path)?;
    let (id, cluster) = (column(&mut reader, "id")?, column(&mut reader, "cluster_id")?);
    let mut clusters: FxHashMap<String, Vec<String>> = FxHashMap::default();
    let mut people: FxHashMap<String, usize> = FxHashMap::default();
    for record in reader.records() {
        let record = record?;
        let person = record[id].split('-').nth(1).unwrap_or_default().to_owned();
        *people.entry(person.clone()).or_default() += 1;
        clusters.entry(record[cluster].to_owned()).or_default().push(person);
    }
    let pairs = |count: usize| count * count.saturating_sub(1) / 2;
    let (mut right, mut all) = (0, 0);
    let mut members: Vec<Vec<String>> = clusters.into_values().collect();
    for cluster in &mut members {
        cluster.sort_unstable();
        all += pairs(cluster.len());
        right += cluster.chunk_by(|a, b| a == b).map(|same| pairs(same.len())).sum::<usize>();
    }
    let wanted = people.into_values().map(pairs).sum();
    Ok(json!({ "wanted": wanted, "at_threshold": Quality::of(right, all - right, wanted) }))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let report = match (&arguments.links, &arguments.clusters) {
        (Some(links), _) => score_links(&arguments, links)?,
        (None, Some(clusters)) => score_clusters(clusters)?,
        _ => return Err("--links or --clusters is needed".into()),
    };
    println!("{report:#}");
    Ok(())
}
