//! `wanjia import visits`.

use std::path::PathBuf;

use clap::Args;
use intake::visits::{read_persons, read_visits};

use super::import::{ToldRefusals, beside, table};
use super::{DataArgs, Outcome};
use crate::app::failure::Result;
use crate::app::import_visits::import_visits;
use crate::app::roster_rows::Refusals;

/// Import visits typed from paper, and the people who were seen
///
/// Visits: area_code,building,unit,room,at,outcome,light,worker,recheck_on,note.
/// Persons: area_code,building,unit,room,at,name,sex,birth_date,id_number,phone.
/// outcome is met, phone, no_answer, vacant, refused, away or not_exist; light is on, off or unknown.
#[derive(Debug, Args)]
pub struct VisitsArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The sweep's id, as `sweep open` printed it
    #[arg(long, value_name = "ID")]
    sweep: String,
    /// The people who were seen
    #[arg(long, value_name = "PERSONS.csv")]
    persons: Option<PathBuf>,
    /// Write refused rows here, with the reason and what to do; those of --persons go to OUT.persons.csv
    #[arg(long, value_name = "OUT.csv")]
    rejects: Option<PathBuf>,
    file: PathBuf,
}

/// # Errors
/// If a file cannot be read, the sweep is not open, or the territory cannot be written; then nothing has changed.
pub fn run(args: &VisitsArgs) -> Result<Outcome> {
    let sweep = super::id(&args.sweep, "--sweep")?;
    let visits = table(&args.file, read_visits)?;
    let persons = match &args.persons {
        Some(path) => Some(table(path, read_persons)?),
        None => None,
    };
    let mut store = args.data.open_store()?;
    let persons_rejects =
        args.rejects.as_deref().filter(|_| persons.is_some()).map(|path| beside(path, "persons"));
    let mut refused_visits = ToldRefusals::new(&args.file, visits.header(), args.rejects.as_deref())?;
    let mut refused_persons = match (&args.persons, &persons) {
        (Some(path), Some(reader)) => {
            Some(ToldRefusals::new(path, reader.header(), persons_rejects.as_deref())?)
        }
        _ => None,
    };
    let persons = persons.zip(refused_persons.as_mut().map(|refusals| refusals as &mut dyn Refusals));
    let tally = import_visits(&mut store, sweep, (visits, &mut refused_visits), persons, super::now())?;
    refused_visits.finish(args.rejects.as_deref())?;
    if let Some(refusals) = refused_persons {
        refusals.finish(persons_rejects.as_deref())?;
    }
    println!(
        "visits {} persons {} recognised {} doors {} refused {} left {} / 走访 {0} 见到 {1} 已认出 {2} 新门 {3} 退回 {4} 不变 {5}",
        tally.visits, tally.persons, tally.recognised, tally.doors, tally.refused, tally.left
    );
    if tally.early > 0 {
        eprintln!(
            "{} visits are dated before the sweep was opened; they count in it\n有 {0} 次走访的日期早于这次排查开始；已计入这次排查",
            tally.early
        );
    }
    Ok(Outcome::of(tally.refused))
}
