//! `wanjia import roster`.

use std::path::PathBuf;

use clap::Args;
use domain::time::campaign_zone;
use intake::roster::read_roster;

use super::import::{ToldRefusals, bar, digest, table};
use super::{DataArgs, Outcome};
use crate::app::failure::Result;
use crate::app::import_roster::{Roster, import_roster};

/// Import a list of people; all its good rows or nothing, and the same file twice changes nothing
///
/// Columns, in any order, in English or Chinese: area_code,building,unit,room,name,sex,birth_date,id_number,phone,relation
/// (小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话,与户主关系). CSV (UTF-8, UTF-16, GBK) or XLSX.
///
/// A row without a name is a door. What is behind it may be in a column place (场所类型): home, enterprise, hotel, site,
/// market, checkpoint, other (住宅, 企业, 宾馆, 工地, 市场, 卡口, 其他).
#[derive(Debug, Args)]
pub struct RosterArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Where the list comes from; the file's name unless given
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// Say what would be added, changed, left and refused, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Write refused rows here, with the reason and what to do
    #[arg(long, value_name = "OUT.csv")]
    rejects: Option<PathBuf>,
    file: PathBuf,
}

/// # Errors
/// If the file cannot be read or the territory cannot be written; then nothing has changed.
pub fn run(args: &RosterArgs) -> Result<Outcome> {
    let now = super::now();
    let today = campaign_zone()
        .to_datetime(jiff::Timestamp::from_millisecond(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
        .date();
    let reader = table(&args.file, |found| read_roster(found, today))?;
    let (digest, bytes) = digest(&args.file)?;
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source: String = args.source.clone().unwrap_or(name).chars().take(60).collect();
    let mut store = args.data.open_store()?;
    let mut refusals = ToldRefusals::new(&args.file, reader.header(), args.rejects.as_deref())?;
    let progress = bar(bytes);
    let mut rows = 0u64;
    let tally = import_roster(
        &mut store,
        reader,
        &Roster { source: &source, digest, bytes, actor: None, within: None },
        args.dry_run,
        now,
        &mut refusals,
        &mut |read| {
            rows += 1;
            if rows.is_multiple_of(5000) {
                progress.set_position(read);
                progress.set_message(format!("{rows}"));
            }
        },
    )?;
    progress.finish_and_clear();
    refusals.finish(args.rejects.as_deref())?;
    if args.dry_run {
        println!("dry run, nothing was written / 预览，没有写入");
    }
    println!(
        "added {} changed {} left {} refused {} skipped {} doors {} / 新增 {0} 更改 {1} 不变 {2} 退回 {3} 跳过 {4} 新门 {5}",
        tally.added, tally.changed, tally.left, tally.refused, tally.skipped, tally.doors
    );
    if rows == 0 {
        eprintln!("the list holds no rows below its header\n这份名单只有表头，没有一行数据");
    }
    Ok(Outcome::of(tally.refused))
}
