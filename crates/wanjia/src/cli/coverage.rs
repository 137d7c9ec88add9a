//! `wanjia coverage`.

use clap::Args;

use super::{DataArgs, Outcome};
use crate::app::failure::Result;

/// The numbers of an area in a sweep, exact at this moment
#[derive(Debug, Args)]
pub struct CoverageArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "ID")]
    sweep: String,
    /// An area within the sweep's; the whole of it unless given
    #[arg(long, value_name = "CODE")]
    area: Option<String>,
    #[arg(long)]
    json: bool,
}

/// # Errors
/// If the sweep or the area is not known.
pub fn run(args: &CoverageArgs) -> Result<Outcome> {
    let reader = args.data.open_reader()?;
    let sweep = reader.sweep(super::id(&args.sweep, "--sweep")?)?;
    let area = reader.scope(sweep, args.area.as_deref())?;
    let coverage = reader.coverage(sweep, area)?;
    let rows = [
        ("dwellings", "户数", coverage.dwellings),
        ("accounted", "已查清", coverage.accounted),
        ("residual", "未查到", coverage.residual),
        ("persons_listed", "在册人数", coverage.persons_listed),
        ("persons_reached", "已见到", coverage.persons_reached),
        ("lit_unlisted", "亮灯不在册", coverage.lit_unlisted),
        ("listed_dark", "在册不亮灯", coverage.listed_dark),
        ("persons_away", "外出", coverage.persons_away),
    ];
    if args.json {
        let mut object = serde_json::Map::new();
        object.insert("sweep".into(), args.sweep.clone().into());
        object.insert("area_code".into(), reader.book().areas.code(area).into());
        for (name, _, value) in rows {
            object.insert(name.into(), value.into());
        }
        println!("{}", serde_json::Value::Object(object));
    } else {
        for (name, zh, value) in rows {
            println!("{name:16} {value:>10}  {zh}");
        }
    }
    Ok(Outcome::Done)
}
