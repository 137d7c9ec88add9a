//! `wanjia checkpoint`: the newest signed tree head, for someone outside to keep.

use std::path::PathBuf;

use clap::Args;

use super::Outcome;
use crate::app::failure::Result;

/// Print the newest signed tree head; kept elsewhere, it is what `wanjia verify --head FILE` holds the past against
#[derive(Debug, Args)]
pub struct CheckpointArgs {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// # Errors
/// If it is no data directory.
pub fn run(args: &CheckpointArgs) -> Result<Outcome> {
    print!("{}", store::verify::checkpoint(&args.data)?);
    Ok(Outcome::Done)
}
