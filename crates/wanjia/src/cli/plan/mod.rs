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

/// Make a plan from CSV files. Every plan says what it costs, the least that any plan could cost, and by
/// name what it leaves uncovered.
#[derive(Debug, Subcommand)]
pub enum Plan {
    /// Divide communities into contiguous grids
    Grids(grids::Args),
    /// Send staff to communities with the least total travel
    Deploy(deploy::Args),
    /// Pair units with the places they look after
    Pair(pair::Args),
    /// Put people on shifts
    Rota(rota::Args),
    /// Order stops into rounds
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
