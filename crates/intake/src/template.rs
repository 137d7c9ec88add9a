//! A department's own blank workbook, filled with rows.
//!
//! Of the parts in the package only two are written where the rows fit: the sheet that is filled, and, if there are formulas
//! anywhere, one attribute of the workbook, so that they are calculated when it is opened. Where they do not fit, what stands below
//! them moves down, and what names it is written, too. Every other part is copied as it lies there. See ADR 0029 and 0046.

mod fill;
mod foot;
mod formula;
mod part;

use std::fmt;
use std::io::{Cursor, Read};

use crate::header::{self, Column, Look, Mapping, Schema};
use crate::table::{Table, TableError};
pub use foot::Anchored;
use foot::Changes;
pub use formula::{Fixed, Push};
use part::Sheet;

/// The largest blank workbook that is taken, in bytes.
pub const MOST_BYTES: usize = 4 << 20;
/// What all of its parts may unpack to, in bytes.
const MOST_UNPACKED: u64 = 48 << 20;
/// The most rows that are filled in.
pub const MOST_ROWS: usize = 50_000;

const WORKBOOK: &str = "xl/workbook.xml";

/// Parts and functions with which a workbook runs something, or asks or tells someone elsewhere, when it is opened.
const ACTIVE_PARTS: [&str; 7] = [
    "vbaproject",
    "xl/activex/",
    "xl/connections.xml",
    "xl/embeddings/",
    "xl/externallinks/",
    "xl/macrosheets/",
    "xl/querytables/",
];
const ACTIVE_FUNCTIONS: [&str; 4] = ["WEBSERVICE(", "RTD(", "CALL(", "REGISTER.ID("];

/// What is written into a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Always a text, whatever it begins with.
    Text(String),
    Number(u64),
    Nothing,
}

impl Value {
    /// A text, or nothing if it is empty.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Nothing } else { Self::Text(text) }
    }
}

/// Where rows go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// The first row, from 1.
    pub first: u32,
    /// The row at which something stands already; rows that do not fit before it move it down. None if nothing follows.
    pub until: Option<u32>,
    /// The first column, from 0, in which something stands there.
    pub column: u32,
}

impl Room {
    /// How many rows fit; none without a limit of the workbook's own.
    pub fn rows(&self) -> Option<u32> {
        self.until.map(|until| until.saturating_sub(self.first))
    }

    /// The cell that stands below the rows, if one does.
    pub fn foot(&self) -> Option<String> {
        self.until.map(|until| part::reference(self.column, until))
    }

    /// The rows that are to be inserted so that so many fit, if any are.
    fn push(&self, rows: usize) -> Result<Option<Push>, TemplateError> {
        if rows > MOST_ROWS {
            return Err(TemplateError::TooManyRows { rows });
        }
        let (Some(room), Some(until)) = (self.rows(), self.until) else { return Ok(None) };
        let by = u32::try_from(rows).unwrap_or(u32::MAX).saturating_sub(room);
        Ok((by > 0).then_some(Push { first: self.first, until, by }))
    }
}

/// A blank workbook that can be filled.
pub struct Template {
    bytes: Vec<u8>,
    /// Names and parts of the sheets, in the order of [`Table::sheet_names`].
    sheets: Vec<(String, String)>,
    has_formulas: bool,
}

impl fmt::Debug for Template {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a template of {} bytes and {} sheets", self.bytes.len(), self.sheets.len())
    }
}

/// Why a workbook cannot be used, or not be filled.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("the file is larger than {} MiB", MOST_BYTES >> 20)]
    TooLarge,
    #[error("the workbook unpacks to more than {} MiB", MOST_UNPACKED >> 20)]
    UnpacksTooLarge,
    #[error("this is a workbook of the old kind (.xls), or it has a password")]
    OldKind,
    #[error("this is not an .xlsx workbook")]
    NotXlsx,
    #[error("the workbook is damaged: {0}")]
    Damaged(String),
    #[error("the workbook runs something or fetches something when it is opened ({0})")]
    Active(String),
    #[error(transparent)]
    Table(#[from] TableError),
    #[error("a column is filled twice, or lies outside the sheet")]
    Columns,
    #[error("no column is filled")]
    NoColumn,
    #[error("the rows do not fit above what stands below them, and the cell {cell} cannot be moved down")]
    Foot { cell: String, why: Anchored },
    #[error("{rows} rows are more than {MOST_ROWS}")]
    TooManyRows { rows: usize },
}

impl TemplateError {
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::UnpacksTooLarge => "template_too_large",
            Self::OldKind | Self::NotXlsx => "not_xlsx",
            Self::Damaged(_) => "template_damaged",
            Self::Active(_) => "template_active",
            Self::Table(error) => error.code(),
            Self::Columns | Self::NoColumn => "columns",
            Self::Foot { .. } => "template_full",
            Self::TooManyRows { .. } => "too_many_rows",
        }
    }

    /// What is wrong and what to do, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::TooLarge => {
                format!("文件超过 {} 兆；空白表请去掉图片等大的内容再传", MOST_BYTES >> 20)
            }
            Self::UnpacksTooLarge => {
                format!("工作簿解开后超过 {} 兆；空白表请去掉多余的工作表再传", MOST_UNPACKED >> 20)
            }
            Self::OldKind => {
                "这是旧的 .xls 格式，或者加了密码；请用表格软件打开，去掉密码，另存为 .xlsx".to_owned()
            }
            Self::NotXlsx => "这不是 .xlsx 表格；请用表格软件打开，另存为 .xlsx 再传".to_owned(),
            Self::Damaged(_) => "工作簿已损坏或没有传完整；请用表格软件打开，另存一份再传".to_owned(),
            Self::Active(what) => format!(
                "表里有打开时会运行或连到外面的内容（{what}），不能用来填居民的信息；请向部门要一份不带它的表"
            ),
            Self::Table(error) => error.zh(),
            Self::Columns => "有一列填了两次，或者不在表内；请重新对应各列".to_owned(),
            Self::NoColumn => "一列也没有对应；请至少指定一列填什么".to_owned(),
            Self::Foot { cell, why } => format!(
                "行数放不下，下面的内容要往下移，但 {cell} 不能移：{}。或者在空白表里自己插入足够的空行，重新上传",
                why.zh()
            ),
            Self::TooManyRows { rows } => {
                format!("要填 {rows} 行，超过 {MOST_ROWS} 行；请选小一些的区域")
            }
        }
    }

    /// What is wrong and what to do, in English.
    pub fn en(&self) -> String {
        let remedy = match self {
            Self::TooLarge => "take pictures and the like out of the blank workbook",
            Self::UnpacksTooLarge => "take the sheets that are not needed out of the blank workbook",
            Self::OldKind => "open it in a spreadsheet, take the password off, and save it as .xlsx",
            Self::NotXlsx => "open it in a spreadsheet and save it as .xlsx",
            Self::Damaged(_) => "open it in a spreadsheet and save it again",
            Self::Active(_) => "ask the department for one without it: residents' data cannot go in there",
            Self::Table(error) => return error.en(),
            Self::Columns => "map the columns again",
            Self::NoColumn => "say of one column at least what goes into it",
            Self::Foot { why, .. } => {
                return format!(
                    "{self}; {}; or insert enough empty rows in the blank workbook yourself, and bring that",
                    why.en()
                );
            }
            Self::TooManyRows { .. } => "choose a smaller area",
        };
        format!("{self}; {remedy}")
    }
}

fn damaged(error: &impl fmt::Display) -> TemplateError {
    TemplateError::Damaged(error.to_string())
}

impl Template {
    /// Opens a blank workbook. Every part is unpacked once, so that nothing later meets a torn one or one that grows
    /// without end.
    ///
    /// # Errors
    /// If it is too large, no .xlsx, damaged, or does something when it is opened.
    pub fn open(bytes: Vec<u8>) -> Result<Self, TemplateError> {
        if bytes.len() > MOST_BYTES {
            return Err(TemplateError::TooLarge);
        }
        if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
            return Err(TemplateError::OldKind);
        }
        if !bytes.starts_with(b"PK") {
            return Err(TemplateError::NotXlsx);
        }
        let mut archive = zip::ZipArchive::new(Cursor::new(&bytes)).map_err(|error| damaged(&error))?;
        let (mut unpacked, mut has_formulas, mut is_workbook) = (0, false, false);
        for index in 0..archive.len() {
            let file = archive.by_index(index).map_err(|error| damaged(&error))?;
            let name = file.name().map_err(|error| damaged(&error))?.into_owned();
            let folded = name.to_lowercase();
            if ACTIVE_PARTS.iter().any(|part| folded.contains(part)) {
                return Err(TemplateError::Active(name));
            }
            let mut part = Vec::new();
            let left: u64 = MOST_UNPACKED - unpacked;
            file.take(left + 1).read_to_end(&mut part).map_err(|error| damaged(&error))?;
            unpacked += part.len() as u64;
            if unpacked > MOST_UNPACKED {
                return Err(TemplateError::UnpacksTooLarge);
            }
            is_workbook |= name == WORKBOOK;
            if folded.starts_with("xl/worksheets/") || name == WORKBOOK {
                let text = String::from_utf8_lossy(&part);
                if let Some(function) = ACTIVE_FUNCTIONS.iter().find(|function| calls(&text, function)) {
                    return Err(TemplateError::Active(function.trim_end_matches('(').to_owned()));
                }
                has_formulas |= name != WORKBOOK && part::has_formulas(&text);
            }
        }
        drop(archive);
        if !is_workbook {
            return Err(TemplateError::NotXlsx);
        }
        let mut template = Self { bytes, sheets: Vec::new(), has_formulas };
        template.sheets = part::sheets(&template.part(WORKBOOK)?, &template.part(part::RELATIONS)?)?;
        if template.sheets.is_empty() {
            return Err(TemplateError::NotXlsx);
        }
        Ok(template)
    }

    /// The workbook as it came.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its columns, and which is which as far as the headings tell.
    ///
    /// # Errors
    /// If it cannot be read, or no sheet has a cell with text in its first twenty rows.
    pub fn look(&self, schema: &Schema) -> Result<Look, TemplateError> {
        Ok(header::look(&mut Table::from_bytes(self.bytes.clone())?, schema)?)
    }

    /// Where rows go below the headings.
    ///
    /// # Errors
    /// If there is no such sheet, or a column is named twice.
    pub fn room(&self, mapping: &Mapping) -> Result<Room, TemplateError> {
        Ok(self.sheet(mapping)?.0.room(mapping))
    }

    /// A copy with these rows, each with a value for each of the mapping's columns, in their order.
    ///
    /// # Errors
    /// If they do not fit, and something that stands below them cannot be moved down.
    pub fn fill(&self, mapping: &Mapping, rows: &[Vec<Value>]) -> Result<Vec<u8>, TemplateError> {
        let (sheet, room, mut changes) = self.prepared(mapping, rows.len())?;
        let (_, path) = self.sheets.get(mapping.sheet).ok_or(TemplateError::Columns)?;
        changes.insert(path.clone(), Some(fill::rows_into(&sheet, room, mapping, rows)));
        if self.has_formulas {
            let workbook = changes.remove(WORKBOOK).flatten().map_or_else(|| self.part(WORKBOOK), Ok)?;
            changes.insert(WORKBOOK.to_owned(), Some(part::calculated(&workbook)?));
        }
        self.copy(&changes)
    }

    /// Whether so many rows can be filled in.
    ///
    /// # Errors
    /// As [`Template::fill`].
    pub fn takes(&self, mapping: &Mapping, rows: usize) -> Result<(), TemplateError> {
        self.prepared(mapping, rows).map(|_| ())
    }

    /// The sheet with room for so many rows, and what else of the workbook became another so that it has.
    fn prepared(&self, mapping: &Mapping, rows: usize) -> Result<(Sheet, Room, Changes), TemplateError> {
        let (sheet, path) = self.sheet(mapping)?;
        let room = sheet.room(mapping);
        let mut changes = Changes::new();
        let Some(push) = room.push(rows)? else { return Ok((sheet, room, changes)) };
        let (name, _) = self.sheets.get(mapping.sheet).ok_or(TemplateError::Columns)?;
        let pushed = self.pushed((&sheet, name, path), &push, &mut changes)?;
        Ok((pushed, Room { until: Some(push.until + push.by), ..room }, changes))
    }

    fn sheet(&self, mapping: &Mapping) -> Result<(Sheet, &str), TemplateError> {
        let mut places: Vec<usize> = mapping.columns.iter().map(|(_, place)| *place).collect();
        places.sort_unstable();
        let last = places.last().ok_or(TemplateError::NoColumn)?;
        if *last >= 256 || places.windows(2).any(|pair| pair[0] == pair[1]) || mapping.row > 100_000 {
            return Err(TemplateError::Columns);
        }
        let (_, path) = self.sheets.get(mapping.sheet).ok_or(TemplateError::Columns)?;
        Ok((Sheet::read(self.part(path)?)?, path))
    }

    fn part(&self, name: &str) -> Result<String, TemplateError> {
        let mut archive = zip::ZipArchive::new(Cursor::new(&self.bytes)).map_err(|error| damaged(&error))?;
        let mut file = archive.by_name(name).map_err(|error| damaged(&error))?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(|error| damaged(&error))?;
        Ok(text.strip_prefix('\u{FEFF}').map(str::to_owned).unwrap_or(text))
    }

    fn names(&self) -> Result<Vec<String>, TemplateError> {
        let archive = zip::ZipArchive::new(Cursor::new(&self.bytes)).map_err(|error| damaged(&error))?;
        let names = archive.file_names().map(|name| name.map(std::borrow::Cow::into_owned));
        names.collect::<Result<_, _>>().map_err(|error| damaged(&error))
    }

    fn has(&self, name: &str) -> Result<bool, TemplateError> {
        Ok(self.names()?.iter().any(|known| known == name))
    }

    /// The package with some parts changed or left out, and every other as it lies there.
    fn copy(&self, changes: &Changes) -> Result<Vec<u8>, TemplateError> {
        let mut archive = zip::ZipArchive::new(Cursor::new(&self.bytes)).map_err(|error| damaged(&error))?;
        let mut out = zip::ZipWriter::new(Cursor::new(Vec::with_capacity(self.bytes.len() * 2)));
        for index in 0..archive.len() {
            let file = archive.by_index_raw(index).map_err(|error| damaged(&error))?;
            let name = file.name().map_err(|error| damaged(&error))?.into_owned();
            match changes.get(&name) {
                None => out.raw_copy_file(file).map_err(|error| damaged(&error))?,
                Some(None) => {}
                Some(Some(text)) => {
                    let options = zip::write::SimpleFileOptions::default()
                        .compression_method(zip::CompressionMethod::Deflated);
                    out.start_file(name, options).map_err(|error| damaged(&error))?;
                    std::io::Write::write_all(&mut out, text.as_bytes()).map_err(|error| damaged(&error))?;
                }
            }
        }
        Ok(out.finish().map_err(|error| damaged(&error))?.into_inner())
    }
}

/// Whether a text calls a function of this name, and not one whose name ends alike.
fn calls(text: &str, function: &str) -> bool {
    text.match_indices(function).any(|(at, _)| {
        !text[..at].chars().next_back().is_some_and(|before| before.is_ascii_alphanumeric() || before == '.')
            || text[..at].ends_with("_xlfn.")
    })
}

impl Sheet {
    /// Rows begin below the headings and whatever is merged with them. They end where a word is written, where a column that
    /// is filled has a formula or a number, or where cells of two rows are one. Numbers that stand before empty rows only
    /// count them.
    fn room(&self, mapping: &Mapping) -> Room {
        let heading = u32::try_from(mapping.row).unwrap_or(u32::MAX);
        let beside =
            self.merged.iter().filter(|merged| (merged.first_row..=merged.last_row).contains(&heading));
        let first = beside.map(|merged| merged.last_row).fold(heading, u32::max) + 1;
        let place = |column: u32| mapping.columns.iter().find(|(_, place)| *place == column as usize);
        let stands = |cell: &part::Cell| match cell.holds {
            part::Holds::Nothing => false,
            part::Holds::Text => true,
            part::Holds::Number => place(cell.column).is_some_and(|(column, _)| *column != Column::Serial),
            part::Holds::Formula => place(cell.column).is_some(),
        };
        let written = self.rows.iter().filter(|row| row.number >= first);
        let written = written.filter_map(|row| {
            let cell = row.cells.iter().find(|cell| stands(cell))?;
            Some((row.number, cell.column))
        });
        let merged = self.merged.iter().filter(|merged| merged.first_row >= first);
        let merged = merged
            .filter(|merged| merged.first_row < merged.last_row)
            .map(|merged| (merged.first_row, merged.first_column));
        let stands = written.chain(merged).min();
        Room { first, until: stands.map(|(row, _)| row), column: stands.map_or(0, |(_, column)| column) }
    }
}
