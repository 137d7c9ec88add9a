//! The one binary.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    wanjia::cli::run(wanjia::cli::Cli::parse())
}
