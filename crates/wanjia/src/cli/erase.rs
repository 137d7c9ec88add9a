//! `wanjia erase`: a person's data is removed, the proof stays whole.

use clap::Args;

use super::{DataArgs, Outcome};
use crate::app::failure::Result;

/// Erase a person: her keys, her sealed content, her tags and every view of her; may be repeated
#[derive(Debug, Args)]
pub struct EraseArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The id from the person_id column of `reconcile`
    #[arg(long, value_name = "ID")]
    person: String,
}

/// # Errors
/// If nobody has this id, or the territory cannot be written; run again to finish what a stop cut off.
pub fn run(args: &EraseArgs) -> Result<Outcome> {
    let person = super::id(&args.person, "--person")?;
    let mut store = args.data.open_store()?;
    let actor = store.book().own_series;
    let erased = store::erase::erase(&mut store, actor, person, 0, super::now())?;
    println!("erased {erased} / 已删除");
    Ok(Outcome::Done)
}
