//! `wanjia programme`: packs, from the folder in which they are written.

mod build;
mod check;
mod test;

use clap::Subcommand;

use programme::{Finding, Programme};

use super::Outcome;
use crate::app::failure::Result;
use crate::app::pack_files::read_pack_files;

/// Check, test and build a programme pack: a folder such as programmes/epidemic
#[derive(Debug, Subcommand)]
pub enum ProgrammeCommand {
    Check(check::CheckArgs),
    Build(build::BuildArgs),
    Test(test::TestArgs),
}

/// # Errors
/// If the folder cannot be read.
pub fn run(command: &ProgrammeCommand) -> Result<Outcome> {
    match command {
        ProgrammeCommand::Check(args) => check::run(args),
        ProgrammeCommand::Build(args) => build::run(args),
        ProgrammeCommand::Test(args) => test::run(args),
    }
}

/// Reads the pack in a folder; its mistakes are printed.
///
/// # Errors
/// If the folder cannot be read.
fn read(path: &std::path::Path) -> Result<Option<Programme>> {
    match programme::read(&read_pack_files(path)?) {
        Ok(programme) => Ok(Some(programme)),
        Err(findings) => {
            tell(&findings);
            Ok(None)
        }
    }
}

fn print(findings: &[Finding]) {
    for finding in findings {
        println!("{finding}");
    }
}

fn tell(findings: &[Finding]) {
    print(findings);
    println!("{} mistakes / 共 {} 处错误", findings.len(), findings.len());
}
