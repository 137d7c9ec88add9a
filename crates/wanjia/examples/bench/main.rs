//! `make bench`: what the program reaches on this machine, beside a yardstick measured in the same run.
//!
//! Every figure is measured here and now; nothing is typed. The table says which bars of the specification are met.

mod load;
mod size;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use wanjia::app::failure::{Failure, Result};

/// Measure import, disk, start, pushes, reads, verify and rebuild, beside a bare writer of the same rows.
#[derive(Debug, Clone, Parser)]
pub struct Args {
    /// Cities to measure, by their number of people, smallest first
    #[arg(
        long,
        value_name = "N,N,…",
        value_delimiter = ',',
        default_value = "10000,100000,1000000,10000000"
    )]
    people: Vec<u64>,
    /// Communities of the city of ten million; smaller ones have their share
    #[arg(long, default_value_t = 7148)]
    communities: u64,
    /// Phones that push
    #[arg(long, default_value_t = 500)]
    phones: usize,
    /// Seconds of each of the two loads: as fast as it goes, and at a fixed rate
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Visits a second of the fixed rate
    #[arg(long, default_value_t = 10_000)]
    rate: u64,
    /// Pushes under way at once when it goes as fast as it can
    #[arg(long, default_value_t = 16)]
    at_once: usize,
    /// Rows that the yardstick writes
    #[arg(long, default_value_t = 200_000)]
    yardstick_rows: u64,
    /// Leave out the loads over HTTP
    #[arg(long)]
    no_load: bool,
    /// Where the cities are made; the disk under test
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// The program under test
    #[arg(long, value_name = "FILE")]
    program: PathBuf,
    /// The yardstick
    #[arg(long, value_name = "FILE")]
    yardstick: PathBuf,
    /// Print JSON after the table
    #[arg(long)]
    json: bool,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// What one run found.
#[derive(Debug, serde::Serialize)]
pub struct Figures {
    pub machine: String,
    pub cores: usize,
    pub at: String,
    pub version: String,
    pub sizes: Vec<size::Figures>,
}

fn run(args: &Args) -> Result<()> {
    let parent = args.folder.clone().unwrap_or_else(std::env::temp_dir);
    let folder = tempfile::Builder::new()
        .prefix("wanjia-bench-")
        .tempdir_in(&parent)
        .map_err(|error| Failure::file(&parent, &error))?;
    let mut figures = Figures {
        machine: table::machine(),
        cores: std::thread::available_parallelism().map_or(0, usize::from),
        at: jiff::Timestamp::now().strftime("%Y-%m-%d").to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sizes: Vec::new(),
    };
    for people in &args.people {
        eprintln!("{people} people / {people} 人");
        let own = folder.path().join(people.to_string());
        std::fs::create_dir(&own).map_err(|error| Failure::file(&own, &error))?;
        figures.sizes.push(size::measure(args, *people, &own)?);
        std::fs::remove_dir_all(&own).map_err(|error| Failure::file(&own, &error))?;
    }
    println!("{}", table::markdown(args, &figures));
    if args.json {
        let json = serde_json::to_string(&figures)
            .map_err(|error| Failure::new("json", error.to_string(), error.to_string()))?;
        println!("{json}");
    }
    Ok(())
}

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {}\n{}", failure.en, failure.zh);
            ExitCode::from(2)
        }
    }
}
