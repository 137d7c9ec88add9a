//! `wanjia programme`: packs, from the folder in which they are written.

mod check;

use clap::Subcommand;

use super::Outcome;
use crate::app::failure::Result;

/// Check a programme pack: a folder such as programmes/epidemic
#[derive(Debug, Subcommand)]
pub enum ProgrammeCommand {
    Check(check::CheckArgs),
}

/// # Errors
/// If the folder cannot be read.
pub fn run(command: &ProgrammeCommand) -> Result<Outcome> {
    match command {
        ProgrammeCommand::Check(args) => check::run(args),
    }
}
