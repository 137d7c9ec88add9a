//! `wanjia erase`: what is known of a person, or noted at a door, is removed; the proof stays whole.

use clap::Args;

use super::{DataArgs, Outcome};
use crate::app::failure::Result;

/// Erase a person, or what was noted at a door; may be repeated
///
/// Of a person: her keys, her sealed content, her tags, every view of her, and what was noted at the doors where she was
/// listed or seen, since it may name her.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("whose").required(true))]
pub struct EraseArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The id from the person_id column of `reconcile`
    #[arg(long, value_name = "ID", group = "whose")]
    person: Option<String>,
    /// A door's id: the free text of every visit there up to now
    #[arg(long, value_name = "ID", group = "whose")]
    dwelling: Option<String>,
}

/// # Errors
/// If nobody has this id, or the territory cannot be written; run again to finish what a stop cut off.
pub fn run(args: &EraseArgs) -> Result<Outcome> {
    let person = args.person.as_deref().map(|text| super::id(text, "--person")).transpose()?;
    let dwelling = args.dwelling.as_deref().map(|text| super::id(text, "--dwelling")).transpose()?;
    let mut store = args.data.open_store()?;
    let actor = store.book().own_series;
    if let Some(person) = person {
        match store::erase::erase(&mut store, actor, person, 0, super::now())? {
            0 => {
                println!("erased 0: this person was erased before, nothing changed / 此人早已删除，没有改动")
            }
            ids => println!("erased {ids} / 已删除（{ids} 个编号）"),
        }
    }
    if let Some(dwelling) = dwelling {
        match store::erase::erase_notes(&mut store, actor, dwelling, 0, super::now())? {
            0 => {
                println!("erased 0: nothing is noted at this door, nothing changed / 这户没有备注，没有改动")
            }
            ids => println!("erased {ids} / 已删除（{ids} 个编号）"),
        }
    }
    Ok(Outcome::Done)
}
