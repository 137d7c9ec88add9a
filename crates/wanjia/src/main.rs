//! The one binary.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    wanjia::cli::end_quietly_on_a_broken_pipe();
    wanjia::cli::run(wanjia::cli::Cli::parse())
}
