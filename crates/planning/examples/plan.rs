//! The planners on CSV files: the commands of `wanjia plan`, without the rest of the program.
//!
//! `cargo run --release -p planning --example plan -- deploy --staff staff.csv ...`

#[path = "../../wanjia/src/cli/plan/mod.rs"]
mod plan;

use std::process::ExitCode;

use clap::Parser;

#[derive(Parser)]
#[command(name = "wanjia plan")]
struct Command {
    #[command(subcommand)]
    plan: plan::Plan,
}

fn main() -> ExitCode {
    plan::run(&Command::parse().plan)
}
