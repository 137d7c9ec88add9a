//! `wanjia import grids`.

use std::path::PathBuf;

use clap::Args;
use intake::grids::read_grids;

use super::import::{ToldRefusals, table};
use super::{DataArgs, Outcome};
use crate::app::failure::Result;
use crate::app::import_grids::import_grids;

/// Draw grids anew: area_code,building,grid_code moves every door of a building into a grid (or back into the community)
///
/// Also while a sweep is open: visits and people go along, and the numbers of both areas change at once.
#[derive(Debug, Args)]
pub struct GridsArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Tell what would be moved and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Write refused rows here, with the reason and what to do
    #[arg(long, value_name = "OUT.csv")]
    rejects: Option<PathBuf>,
    file: PathBuf,
}

/// # Errors
/// If the file cannot be read or the territory cannot be written.
pub fn run(args: &GridsArgs) -> Result<Outcome> {
    let table = table(&args.file, read_grids)?;
    let mut store = args.data.open_store()?;
    let mut reader = args.data.open_reader()?;
    let mut refusals = ToldRefusals::new(&args.file, table.header(), args.rejects.as_deref())?;
    let done = import_grids(&mut store, &mut reader, table, args.dry_run, super::now(), &mut refusals)?;
    refusals.finish(args.rejects.as_deref())?;
    println!(
        "moved {} buildings ({} doors) left {} refused {} / 移动 {0} 栋（{1} 户） 不变 {2} 退回 {3}",
        done.moved, done.doors, done.left, done.refused
    );
    if args.dry_run {
        println!("nothing was written / 没有写入");
    }
    Ok(Outcome::of(done.refused))
}
