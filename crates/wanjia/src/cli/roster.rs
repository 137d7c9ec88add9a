//! `wanjia import roster`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domain::state::Book;
use domain::time::campaign_zone;
use intake::fill::FILLABLE;
use intake::header::{Column, Look, Mapping, ROSTER};
use intake::roster::{look_at_roster, read_roster, read_roster_mapped, read_roster_of_area};
use store::control::Control;

use super::import::{ToldRefusals, bar, digest, table};
use super::{DataArgs, Outcome};
use crate::app::addresses::area_name;
use crate::app::columns;
use crate::app::failure::{Failure, Result};
use crate::app::import_roster::{Roster, import_roster};
use crate::app::roster_rows::{Counts, Tally};

/// Import a list of people; all its good rows or nothing, and the same file twice changes nothing
///
/// Columns, in any order, in English or Chinese: area_code,building,unit,room,name,sex,birth_date,id_number,phone,relation
/// (小区编码,楼栋,单元,房号,姓名,性别,出生日期,身份证号,电话,与户主关系). CSV (UTF-8, UTF-16, GBK) or XLSX.
///
/// A row without a name is a door. What is behind it may be in a column place (场所类型): home, enterprise, hotel, site,
/// market, checkpoint, other (住宅, 企业, 宾馆, 工地, 市场, 卡口, 其他).
///
/// What --map says, or someone in the console, is kept for the next list with the same headings.
#[derive(Debug, Args)]
pub struct RosterArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Where the list comes from; the file's name unless given
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// What a column is that its heading does not say: the heading or its letter, then one of the names above, in English or
    /// in Chinese; nothing behind the = leaves the column out. Once for each column
    #[arg(long, value_name = "COLUMN=FIELD")]
    map: Vec<String>,
    /// Where this column is blank below a filled cell, take that: area_code, building, unit or room. Once for each column; below
    /// a new building no unit is taken, and names and numbers never are
    #[arg(long, value_name = "FIELD")]
    fill_down: Vec<String>,
    /// The area of rows that say none
    #[arg(long, value_name = "CODE")]
    area: Option<String>,
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
    let area = args.area.as_deref();
    let mut store = args.data.open_store()?;
    let control = Control::open(&args.data.data, Arc::new(args.data.find_key()?))?;
    let mut look = table(&args.file, |mut found| look_at_roster(&mut found))?;
    let known = columns::recall(&control, &mut look)?;
    let reader = if args.map.is_empty() && args.fill_down.is_empty() && !known {
        let read = |found| match area {
            Some(area) => read_roster_of_area(found, today, area),
            None => read_roster(found, today),
        };
        table(&args.file, read).map_err(|failure| told_how_to_map(failure, area.is_some()))?
    } else {
        let mut mapping = mapped(&look, &args.map)?;
        if !args.fill_down.is_empty() {
            mapping.fill_down = filled(&args.fill_down)?;
        }
        let reader = table(&args.file, |found| read_roster_mapped(found, today, &mapping, area))
            .map_err(|failure| told_how_to_map(failure, area.is_some()))?;
        if known {
            eprintln!(
                "the columns are read as was said of these headings before; --map says otherwise\n\
                 列按上次对这样的表头说的读；要改就用 --map"
            );
        }
        let said = !args.map.is_empty() || !args.fill_down.is_empty();
        if said && !args.dry_run {
            columns::keep(&control, &columns::headings(&look), &mapping)?;
        }
        reader
    };
    let (digest, bytes) = digest(&args.file)?;
    let name = args.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let source: String = args.source.clone().unwrap_or(name).chars().take(60).collect();
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
    for (column, rows) in &tally.filled {
        println!(
            "{rows} rows: {} was blank and taken from the row above / {rows} 行的“{}”空着，照上一行填了",
            column.en(),
            column.zh()
        );
    }
    tell_places(&tally, store.book());
    tell_communities(&tally, store.book());
    if tally.gone > 0 {
        println!(
            "{} who stood on a list of this source are in none of the rows that are taken; they stay registered: see where they are\n\
             同一来源的名单上原来有、这一份的有效行里没有的：{0} 人；仍在册，请核实去向",
            tally.gone
        );
    }
    if rows == 0 {
        eprintln!("the list holds no rows below its header\n这份名单只有表头，没有一行数据");
    }
    Ok(Outcome::of(tally.refused))
}

/// So many communities are told one by one.
const TOLD: usize = 20;

/// Which places the list adds, those first that look like a slip of a known one.
fn tell_places(tally: &Tally, book: &Book) {
    let (doors, places) = (tally.doors, &tally.places);
    if doors == 0 {
        return;
    }
    let slips = places.told.iter().filter(|place| place.alike.is_some()).count();
    println!(
        "new: {} buildings, {} units of known buildings, {doors} doors; {slips} look like a slip\n\
         新增：楼栋 {0}，原有楼栋里的单元 {1}，门牌 {doors}；其中 {slips} 处像是写错",
        places.buildings, places.units
    );
    for place in places.told.iter().take(TOLD) {
        let [zh, en] = place.in_words(book);
        println!("  {en}\n    {zh}");
    }
    if places.told.len() > TOLD {
        let more = places.told.len() - TOLD;
        println!("  … and {more} more places / 另有 {more} 处");
    }
}

/// Of which communities the list speaks, and whether its people are known in others.
fn tell_communities(tally: &Tally, book: &Book) {
    for (area, Counts { added, changed, left }) in tally.communities.iter().take(TOLD) {
        let (code, name) = (book.areas.code(*area), area_name(book, *area));
        println!(
            "  {code} {name}: added {added} changed {changed} left {left} / 新增 {added} 更改 {changed} 不变 {left}"
        );
    }
    if tally.communities.len() > TOLD {
        let more = tally.communities.len() - TOLD;
        println!("  … and {more} more communities / 另有 {more} 个社区");
    }
    for (area, people) in &tally.elsewhere {
        let (code, name) = (book.areas.code(*area), area_name(book, *area));
        println!(
            "{people} of this list are, or may be, listed in {code} {name}\n名单上有 {people} 人在 {code} {name} 在册，或可能在册"
        );
    }
    if tally.is_likely_elsewhere() {
        println!("is the area code of this list right?\n请核对这份名单的小区编码是否写对");
    }
}

/// Columns that are missing can be named, and an area can be said for the whole list.
fn told_how_to_map(mut failure: Failure, has_area: bool) -> Failure {
    if failure.code != "header" {
        return failure;
    }
    failure.zh.push_str("。哪一列是什么可以用 --map 列=字段 说明，例如 --map 几零几=房号");
    failure.en.push_str("; say which column is which with --map COLUMN=FIELD, such as --map C=room");
    if !has_area {
        failure.zh.push_str("；整份名单都在一个小区的，用 --area 编码");
        failure.en.push_str(", and with --area CODE in which area all of the list lies");
    }
    failure
}

/// What the headings say, and above it what a person says. A column is one thing, and a thing is in one column.
fn mapped(look: &Look, said: &[String]) -> Result<Mapping> {
    let mut mapping = look.mapping.clone();
    for one in said {
        let (column, field) = one.rsplit_once('=').ok_or_else(|| {
            Failure::new(
                "map",
                format!("--map {one}：请写成 列=字段，例如 --map 几零几=room"),
                format!("--map {one}: write COLUMN=FIELD, such as --map C=room"),
            )
        })?;
        let (column, field) = (column.trim(), field.trim());
        let by_heading = look.places.iter().position(|place| place.heading == column);
        let place = by_heading.or_else(|| letter(column).filter(|place| *place < look.places.len()));
        let place = place.ok_or_else(|| {
            let headings: Vec<&str> = look.places.iter().map(|place| place.heading.as_str()).collect();
            Failure::new(
                "map",
                format!("没有叫“{column}”的列；第 {} 行的表头是：{}", mapping.row, headings.join("、")),
                format!(
                    "there is no column {column}; the headings in row {} are: {}",
                    mapping.row,
                    headings.join(", ")
                ),
            )
        })?;
        let known = ROSTER.called(field);
        mapping.columns.retain(|(column, at)| *at != place && Some(*column) != known);
        if field.is_empty() {
            continue;
        }
        let known = known.ok_or_else(|| {
            let fields: Vec<String> =
                ROSTER.columns().map(|column| format!("{}（{}）", column.zh(), column.en())).collect();
            Failure::new(
                "map",
                format!("没有字段 {field}；可用：{}", fields.join("、")),
                format!(
                    "there is no field {field}; there are: {}",
                    ROSTER.columns().map(|column| column.en()).collect::<Vec<_>>().join(", ")
                ),
            )
        })?;
        mapping.columns.push((known, place));
    }
    Ok(mapping)
}

/// The columns of where a row is.
fn filled(said: &[String]) -> Result<Vec<Column>> {
    let column = |said: &String| {
        let known = ROSTER.called(said.trim()).filter(|column| FILLABLE.contains(column));
        known.ok_or_else(|| {
            let [zh, en] = [Column::zh, Column::en].map(|name| FILLABLE.map(name));
            Failure::new(
                "fill_down",
                format!("--fill-down {said}：照上一行填的只能是：{}", zh.join("、")),
                format!("--fill-down {said}: only these are taken from the row above: {}", en.join(", ")),
            )
        })
    };
    said.iter().map(column).collect()
}

/// The place, from 0, of a column called `A`, `B` … `AA`.
fn letter(column: &str) -> Option<usize> {
    if column.is_empty() || column.len() > 2 {
        return None;
    }
    let place = column.bytes().try_fold(0_usize, |place, letter| {
        let value = letter.to_ascii_uppercase().checked_sub(b'A').filter(|value| *value < 26)?;
        Some(place * 26 + usize::from(value) + 1)
    })?;
    place.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use intake::Table;

    fn look() -> Look {
        let sheet = "居民情况,,,,\n\n住哪栋,几零几,叫什么,电话,手机\n3栋,601,赵云,10013800077,10013800078\n";
        look_at_roster(&mut Table::from_bytes(sheet.into()).unwrap()).unwrap()
    }

    fn columns(said: &[&str]) -> Vec<(&'static str, usize)> {
        let said: Vec<String> = said.iter().map(|one| (*one).to_owned()).collect();
        let mut found: Vec<_> = mapped(&look(), &said)
            .unwrap()
            .columns
            .iter()
            .map(|(column, place)| (column.en(), *place))
            .collect();
        found.sort_by_key(|(_, place)| *place);
        found
    }

    #[test]
    fn a_person_says_columns_by_heading_or_letter_above_what_headings_say() {
        assert_eq!(columns(&[]), [("phone", 3)]);
        assert_eq!(
            columns(&["住哪栋=building", "b=room", "C=name", "E=phone"]),
            [("building", 0), ("room", 1), ("name", 2), ("phone", 4)]
        );
        assert_eq!(columns(&["电话="]), []);
        assert_eq!(columns(&["D=name"]), [("name", 3)]);
        assert_eq!(
            columns(&["住哪栋=楼栋", "B=房号", "C=姓 名", "D="]),
            columns(&["A=building", "B=room", "C=name", "D="])
        );
    }

    #[test]
    fn what_is_no_column_or_no_field_is_told_with_those_there_are() {
        let told = |said: &str| mapped(&look(), &[said.to_owned()]).unwrap_err();
        assert_eq!(
            told("门牌=room").zh,
            "没有叫“门牌”的列；第 3 行的表头是：住哪栋、几零几、叫什么、电话、手机"
        );
        assert!(told("F=room").en.starts_with("there is no column F; the headings in row 3 are:"));
        assert!(told("A=colour").en.starts_with("there is no field colour; there are: area_code, building"));
        assert!(
            told("A=颜色").zh.starts_with("没有字段 颜色；可用：小区编码（area_code）、楼栋（building）")
        );
        assert!(told("A").en.starts_with("--map A: write COLUMN=FIELD"));
    }
}
