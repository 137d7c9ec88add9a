//! `wanjia programme`: packs, from the folder in which they are written.

mod build;
mod check;
mod diff;
mod publish;
mod sample;
mod test;

use clap::Subcommand;

use programme::{Bilingual, Finding, Programme};

use super::Outcome;
use crate::app::failure::Result;
use crate::app::pack_files::read_pack_files;

/// Check, test, build, compare and publish a programme pack: a folder such as programmes/epidemic
#[derive(Debug, Subcommand)]
pub enum ProgrammeCommand {
    Check(check::CheckArgs),
    Build(build::BuildArgs),
    Test(test::TestArgs),
    Sample(sample::SampleArgs),
    Diff(diff::DiffArgs),
    Publish(publish::PublishArgs),
}

/// # Errors
/// If the folder cannot be read.
pub fn run(command: &ProgrammeCommand) -> Result<Outcome> {
    match command {
        ProgrammeCommand::Check(args) => check::run(args),
        ProgrammeCommand::Build(args) => build::run(args),
        ProgrammeCommand::Test(args) => test::run(args),
        ProgrammeCommand::Sample(args) => sample::run(args),
        ProgrammeCommand::Diff(args) => diff::run(args),
        ProgrammeCommand::Publish(args) => publish::run(args),
    }
}

/// Reads the pack in a folder, which may have been published long ago; its mistakes are printed.
///
/// # Errors
/// If the folder cannot be read.
fn read(path: &std::path::Path) -> Result<Option<Programme>> {
    told(programme::read(&read_pack_files(path)?))
}

fn told(read: std::result::Result<Programme, Vec<Finding>>) -> Result<Option<Programme>> {
    match read {
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
    let count = findings.len();
    println!("{} / 共 {count} 处错误", counted(count, "mistake"));
}

/// `1 mistake`, `2 mistakes`.
fn counted(count: usize, one: &str) -> String {
    format!("{count} {one}{}", if count == 1 { "" } else { "s" })
}

/// Each line in both languages.
fn tell_lines(lines: &[Bilingual]) {
    for line in lines {
        println!("  {}\n  {}", line.en, line.zh);
    }
}
