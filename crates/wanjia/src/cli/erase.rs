//! `wanjia erase`: what is known of a person, noted at a door, or kept past its end is removed; the proof stays whole.

use clap::Args;
use domain::time::day_of;
use store::erase;
use store::expiry::Place;
use store::{Reader, Store};

use super::{DataArgs, Outcome};
use crate::app::failure::Result;

/// Erase a person, what was noted at a door, or answers whose time is over; may be repeated
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
    /// The answers of every form that is past its keep-until. A running server does this once a day; this tells how many there
    /// are, and with --yes erases them
    #[arg(long, group = "whose")]
    past_due: bool,
    /// With --past-due: erase them
    #[arg(long, requires = "past_due")]
    yes: bool,
}

/// # Errors
/// If nobody has this id, or the territory cannot be written; run again to finish what a stop cut off.
pub fn run(args: &EraseArgs) -> Result<Outcome> {
    let person = args.person.as_deref().map(|text| super::id(text, "--person")).transpose()?;
    let dwelling = args.dwelling.as_deref().map(|text| super::id(text, "--dwelling")).transpose()?;
    let mut store = args.data.open_store()?;
    let actor = store.book().own_series;
    if let Some(person) = person {
        match erase::erase(&mut store, actor, person, erase::ASKED, super::now())? {
            0 => {
                println!("erased 0: this person was erased before, nothing changed / 此人早已删除，没有改动")
            }
            ids => println!("erased {ids} / 已删除（{ids} 个编号）"),
        }
    }
    if let Some(dwelling) = dwelling {
        match erase::erase_notes(&mut store, actor, dwelling, erase::ASKED, super::now())? {
            0 => {
                println!("erased 0: nothing is noted at this door, nothing changed / 这户没有备注，没有改动")
            }
            ids => println!("erased {ids} / 已删除（{ids} 个编号）"),
        }
    }
    if args.past_due {
        let mut reader = args.data.open_reader()?;
        past_due(&mut store, &mut reader, args.yes)?;
    }
    Ok(Outcome::Done)
}

fn past_due(store: &mut Store, reader: &mut Reader, yes: bool) -> Result<()> {
    let (now, actor) = (super::now(), store.book().own_series);
    let today = day_of(now);
    if !yes {
        let forms = reader.count_past_due(today)?;
        println!(
            "{forms} forms are past their end; --yes erases their answers, nothing changed / 有 {forms} 份表单过了保存期限；\
             加 --yes 才删除答案，没有改动"
        );
        return Ok(());
    }
    let (mut erased, mut from) = (0, Place::default());
    loop {
        let found = reader.past_due(today, from)?;
        erased += erase::erase_answers(store, actor, &found.forms, erase::OVER, now)?;
        let Some(next) = found.next else { break };
        from = next;
    }
    println!("erased the answers of {erased} forms / 已删除 {erased} 份表单的答案");
    Ok(())
}
