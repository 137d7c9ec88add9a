//! `wanjia drill`: the rehearsal of a sweep, and the crash drill.

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use crate::app::drill::report;
use crate::app::drill::script::Size;
use crate::app::failure::{Failure, Result};

/// Rehearse a sweep: a synthetic city, the real server, simulated phones over HTTP, and a recount that must agree
///
/// Everything follows from the seed. With --kills the server is killed that many times with SIGKILL, at random moments.
#[derive(Debug, Args)]
pub struct DrillArgs {
    /// About how many people are on the roster
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    people: u64,
    /// How many communities
    #[arg(long, value_name = "C", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=40_000))]
    communities: u32,
    /// How many phones
    #[arg(long, value_name = "P", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    phones: u32,
    /// How many hours the sweep lasts; they pass as fast as the machine can
    #[arg(long, value_name = "H", default_value_t = 72, value_parser = clap::value_parser!(i64).range(1..=700))]
    hours: i64,
    /// Another seed is another city and another story
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
    /// Kill the program so many times: the crash drill
    #[arg(long, value_name = "K", default_value_t = 0)]
    kills: u64,
    /// Keep everything in this folder, which must not exist; else it is removed when the drill has succeeded
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
}

/// # Errors
/// The first thing that does not agree with the recount. The folder is then kept, and named.
pub fn run(args: &DrillArgs) -> Result<Outcome> {
    let binary = std::env::current_exe().map_err(|error| Failure::file(&PathBuf::from("wanjia"), &error))?;
    let size = Size {
        people: args.people,
        communities: args.communities as usize,
        phones: args.phones as usize,
        hours: args.hours,
        seed: args.seed,
    };
    let folder = match &args.folder {
        Some(folder) => {
            std::fs::create_dir(folder).map_err(|error| Failure::file(folder, &error))?;
            folder.clone()
        }
        None => tempfile::Builder::new()
            .prefix("wanjia-drill-")
            .tempdir()
            .map_err(|error| Failure::file(&std::env::temp_dir(), &error))?
            .keep(),
    };
    let result = report::drill(size, args.kills, &binary, &folder, &mut |line| eprintln!("{line}"));
    if result.is_err() {
        eprintln!("seed {}; the folder is kept: {1} / 保留在 {1}", args.seed, folder.display());
    } else if args.folder.is_none() {
        std::fs::remove_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
    }
    let report = result?;
    if args.json {
        let json = serde_json::to_string(&report)
            .map_err(|error| Failure::new("json", error.to_string(), error.to_string()))?;
        println!("{json}");
    } else {
        print!("{}", report.to_text());
    }
    Ok(Outcome::Done)
}
