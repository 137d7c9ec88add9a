//! `wanjia rebuild`: the views made again from the facts.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::Outcome;
use crate::app::failure::{Failure, Result};

/// Make every view again from the facts, or with --check compare row by row and change nothing; needs no key
#[derive(Debug, Args)]
pub struct RebuildArgs {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Compare only
    #[arg(long)]
    check: bool,
}

/// # Errors
/// With --check the first row that differs; otherwise if the territory is in use or cannot be written.
pub fn run(args: &RebuildArgs) -> Result<Outcome> {
    let started = Instant::now();
    let facts = if args.check {
        let (facts, difference) = store::rebuild::check(&args.data, &mut |_| {})?;
        if let Some(difference) = difference {
            return Err(Failure::new(
                "view_differs",
                format!("视图与事实不符，请运行 wanjia rebuild：{difference}"),
                format!("{difference}; run `wanjia rebuild`"),
            ));
        }
        facts
    } else {
        store::rebuild::rebuild(&args.data, &mut |_| {})?
    };
    let seconds = started.elapsed().as_secs_f64();
    println!("facts {facts} seconds {seconds:.2} / 视图与事实一致");
    Ok(Outcome::Done)
}
