//! `wanjia reconcile`: list against observation, person by person.

use std::path::PathBuf;

use clap::Args;
use domain::access::Purpose;
use domain::sweep::Kind;

use super::residual::CsvFile;
use super::{DataArgs, Outcome};
use crate::app::failure::Result;

/// Write the two-way reconcile: kind,person_id,area_code,building,unit,room,name,task,due
///
/// One row for every listed person and for everyone seen who is on no roster. The address is where the person is
/// listed, or where an unlisted person was seen. That the names were read, of which area and of how many people, becomes
/// a fact.
#[derive(Debug, Args)]
pub struct ReconcileArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "ID")]
    sweep: String,
    /// An area within the sweep's; the whole of it unless given
    #[arg(long, value_name = "CODE")]
    area: Option<String>,
    /// The file to write, or - for standard output
    #[arg(long, value_name = "OUT")]
    csv: PathBuf,
}

/// # Errors
/// If the sweep or the area is not known, the key is missing, or the file cannot be written.
pub fn run(args: &ReconcileArgs) -> Result<Outcome> {
    let sweep = super::id(&args.sweep, "--sweep")?;
    let mut reader = super::open_for_names(&args.data, sweep, args.area.as_deref(), Purpose::Reconcile)?;
    let named = reader.has_key();
    let sweep = reader.sweep(sweep)?;
    let scope = reader.scope(sweep, args.area.as_deref())?;
    let mut out = CsvFile::create(&args.csv)?;
    out.row(&["kind", "person_id", "area_code", "building", "unit", "room", "name", "task", "due"])?;
    let mut counts = std::collections::BTreeMap::new();
    for area in reader.areas_with_doors(scope)? {
        let code = reader.book().areas.code(area).to_owned();
        for line in reader.reconcile(sweep, area)? {
            let name = match line.person {
                Some(person) if named => {
                    reader.identity(person)?.map(|identity| identity.name).unwrap_or_default()
                }
                _ => String::new(),
            };
            let labels = &line.door.labels;
            out.row(&[
                line.kind.as_str(),
                &line.person.map(|person| person.to_string()).unwrap_or_default(),
                &code,
                &labels.building,
                &labels.unit,
                &labels.room,
                &name,
                line.kind.task(),
                &line.due,
            ])?;
            *counts.entry(line.kind).or_insert(0u64) += 1;
        }
    }
    out.finish()?;
    for (kind, count) in counts {
        eprintln!("{} {count} / {} {count}", kind.as_str(), in_chinese(kind));
    }
    Ok(Outcome::Done)
}

fn in_chinese(kind: Kind) -> &'static str {
    match kind {
        Kind::Confirmed => "已见到",
        Kind::Moved => "在别处见到",
        Kind::Away => "外出",
        Kind::ListedDark => "在册不亮灯",
        Kind::LitUnlisted => "亮灯不在册",
        Kind::Unresolved => "待定",
    }
}
