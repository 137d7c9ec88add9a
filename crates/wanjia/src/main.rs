//! The one binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    wanjia::cli::end_quietly_on_a_broken_pipe();
    wanjia::cli::read(std::env::args_os()).map_or_else(|code| code, wanjia::cli::run)
}
