//! `wanjia programme diff`: what changed between two versions of a pack, in words.

use std::path::PathBuf;

use clap::Args;
use programme::difference::difference;

use crate::app::failure::{Failure, Result};
use crate::cli::Outcome;

/// Tell what changed between two versions of a pack: limits, parameters, rules, forms. Exit codes: 0 told, 1 a pack has
/// mistakes, 2 a folder cannot be read or they are two programmes
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// The folder of the version before
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// The folder of the version after
    #[arg(value_name = "NEW")]
    new: PathBuf,
}

/// # Errors
/// If a folder cannot be read, or they hold two programmes.
pub fn run(args: &DiffArgs) -> Result<Outcome> {
    let (Some(old), Some(new)) = (super::read(&args.old)?, super::read(&args.new)?) else {
        return Ok(Outcome::WithRejects);
    };
    let (before, after) = (&old.manifest.code, &new.manifest.code);
    if before != after {
        return Err(Failure::new(
            "two_programmes",
            format!("{before} 和 {after} 是两个专项方案，不是一个专项方案的两个版本"),
            format!("{before} and {after} are two programmes, not two versions of one"),
        ));
    }
    let lines = difference(&old, &new);
    super::tell_lines(&lines);
    println!("{} changes / {} 处不同", lines.len(), lines.len());
    Ok(Outcome::Done)
}
