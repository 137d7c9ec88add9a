//! `wanjia plan`: the planners on CSV files alone.

mod deploy;
mod grids;
mod pair;
mod place;
mod report;
mod rota;
mod rounds;
mod table;

use std::process::ExitCode;

use clap::Subcommand;

use crate::app::plans::headings::known;

/// Make a plan from CSV files. Every plan says what it costs, the least that any plan could cost, and by
/// name what it leaves uncovered. Headings may be in Chinese.
#[derive(Debug, Subcommand)]
#[command(after_long_help = known())]
pub enum Plan {
    Grids(grids::Args),
    Deploy(deploy::Args),
    Pair(pair::Args),
    Rota(rota::Args),
    Rounds(rounds::Args),
}

/// Runs one planner. Exit codes: 0 a plan was written, 2 it was refused.
#[must_use]
pub fn run(plan: &Plan) -> ExitCode {
    let outcome = match plan {
        Plan::Grids(args) => grids::run(args),
        Plan::Deploy(args) => deploy::run(args),
        Plan::Pair(args) => pair::run(args),
        Plan::Rota(args) => rota::run(args),
        Plan::Rounds(args) => rounds::run(args),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::from(2)
        }
    }
}
