//! Any tabular input as a stream of rows in bounded memory.
//!
//! The kind of file is told by its bytes, never by its name. Text is decoded and split as it is read, so a file of
//! ten million rows needs no more memory than one of ten; a workbook is loaded one sheet at a time.

mod decode;
mod text;
mod workbook;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use text::TextReader;
use workbook::Workbook;

use crate::header::HeaderError;

/// What kind of file the bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Separated text, whatever the separator and the encoding.
    Csv,
    Xlsx,
    /// The binary workbook of Excel 97 to 2003, which old WPS writes too.
    Xls,
    /// OpenDocument.
    Ods,
}

/// A table that cannot be read on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    #[error("the file cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error("the file is empty")]
    Empty,
    /// Recognised as something else: `pdf`, `image`, `archive`, `html`, `binary`.
    #[error("this is no table but {0}")]
    NotATable(&'static str),
    /// The name says a workbook, and the bytes are text or worse.
    #[error("this is no workbook, though its name ends in {0}")]
    NotAWorkbook(&'static str),
    #[error("the workbook is protected by a password")]
    Password,
    #[error("the workbook is damaged: {0}")]
    Workbook(String),
    #[error("the workbook unpacks to more than {limit_mib} MiB")]
    TooLarge { limit_mib: u64 },
    #[error("the text is in no known encoding (tried UTF-8, UTF-16 and GB18030)")]
    UnknownEncoding,
    #[error("more than {limit} rows with an unclosed quotation mark, the last one is row {row}")]
    TooManyTornRows { row: u64, limit: u32 },
    #[error("{0}")]
    Header(#[from] HeaderError),
}

impl TableError {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "io",
            Self::Empty => "empty",
            Self::NotATable(_) => "not_a_table",
            Self::NotAWorkbook(_) => "not_a_workbook",
            Self::Password => "password",
            Self::Workbook(_) => "workbook_damaged",
            Self::TooLarge { .. } => "too_large",
            Self::UnknownEncoding => "unknown_encoding",
            Self::TooManyTornRows { .. } => "too_many_torn_rows",
            Self::Header(_) => "header",
        }
    }

    /// What went wrong and what to do, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Io(error) => format!("文件读不出来：{error}"),
            Self::Empty => "文件是空的。请确认导出成功后再试".to_owned(),
            Self::NotATable(what) => {
                let what = match *what {
                    "pdf" => "PDF 文件",
                    "image" => "图片",
                    "archive" => "压缩包",
                    "html" => "网页（有些系统导出的 .xls 其实是网页）",
                    "document" => "文档",
                    _ => "别的文件",
                };
                format!("这不是表格，而是{what}。请用表格软件打开，另存为 .xlsx 或 CSV 再导入")
            }
            Self::NotAWorkbook(ending) => format!(
                "这个文件的名字以 {ending} 结尾，内容却不是工作簿：它坏了，或者是别的文件改的名。请用表格软件打开原件，另存为 .xlsx 再导入；如果本来就是文本，请把名字改成 .csv"
            ),
            Self::Password => "工作簿加了密码。请去掉密码另存一份再导入".to_owned(),
            Self::Workbook(_) => "工作簿已损坏，打不开。请用表格软件打开后另存一份再导入".to_owned(),
            Self::TooLarge { limit_mib } => {
                format!("工作簿解开后超过{limit_mib}兆。请拆成几份，或另存为 CSV 再导入")
            }
            Self::UnknownEncoding => {
                "看不懂文件的文字编码（试过 UTF-8、UTF-16、GB18030）。请另存为 UTF-8 的 CSV 或 .xlsx"
                    .to_owned()
            }
            Self::TooManyTornRows { row, limit } => {
                format!("超过{limit}行的双引号没有闭合（到第{row}行为止）。请从原始表格重新导出为 .xlsx")
            }
            Self::Header(error) => error.zh(),
        }
    }

    /// What went wrong and what to do, in English.
    pub fn en(&self) -> String {
        let remedy = match self {
            Self::Io(_) | Self::Header(_) => return self.to_string(),
            Self::Empty => "check that the export succeeded",
            Self::NotATable(_) => "open it in a spreadsheet and save as .xlsx or CSV",
            Self::NotAWorkbook(_) => {
                "it is damaged or another file renamed; open the original in a spreadsheet and save it as .xlsx, or, if it is text, name it .csv"
            }
            Self::Password => "save a copy without the password",
            Self::Workbook(_) => "open it in a spreadsheet and save it again",
            Self::TooLarge { .. } => "split it or save it as CSV",
            Self::UnknownEncoding => "save it as CSV in UTF-8 or as .xlsx",
            Self::TooManyTornRows { .. } => "export it from the original as .xlsx",
        };
        format!("{self}; {remedy}")
    }
}

/// Why a row of text is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A quotation mark opens in this row and is never closed. The cells are the row split without regard to quotes.
    OpenQuote,
    /// The row is longer than any row of a table; only its beginning is kept.
    TooLong,
    /// The row holds NUL bytes.
    Damaged,
    /// The row holds bytes that are no text in the file's encoding (they stand as U+FFFD).
    Unreadable,
}

/// One row that is not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The row as the person sees it in her spreadsheet, from 1. A line break inside quotes does not count.
    pub number: u64,
    pub cells: Vec<String>,
    /// Set when the row came torn or damaged.
    pub trouble: Option<Trouble>,
}

/// A row in reusable buffers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) number: u64,
    pub(crate) text: String,
    pub(crate) ends: Vec<usize>,
    pub(crate) trouble: Option<Trouble>,
}

impl Record {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cell at a place, `""` beyond the end.
    pub(crate) fn cell(&self, place: usize) -> &str {
        let Some(&end) = self.ends.get(place) else { return "" };
        let start = if place == 0 { 0 } else { self.ends[place - 1] };
        self.text.get(start..end).unwrap_or("")
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.trouble = None;
    }

    pub(crate) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    pub(crate) fn cells(&self) -> Vec<String> {
        (0..self.len()).map(|place| self.cell(place).to_owned()).collect()
    }

    /// How many cells stand up to the last one that is not blank.
    pub(crate) fn filled(&self) -> usize {
        (0..self.len()).rev().find(|&place| !self.cell(place).trim().is_empty()).map_or(0, |place| place + 1)
    }
}

pub(crate) trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

enum Reader {
    Text(Box<TextReader>),
    Workbook(Box<Workbook>),
}

/// An open table: an iterator over the rows that are not blank.
pub struct Table {
    reader: Reader,
    format: Format,
    total_bytes: u64,
}

impl Table {
    /// Opens a file.
    ///
    /// # Errors
    /// When it cannot be read, is empty, or is no table.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        Self::from_source(Box::new(File::open(path)?))
    }

    /// The same table, if it is what its name says. Text under the name of a workbook is what is left of one, or was renamed: read as
    /// text it would be rows of nonsense. Older programs do write text under the name `.xls`, which spreadsheets open.
    ///
    /// # Errors
    /// [`TableError::NotAWorkbook`].
    pub fn named(self, name: &str) -> Result<Self, TableError> {
        let name = name.to_ascii_lowercase();
        let ending = [".xlsx", ".xlsm", ".ods"].into_iter().find(|ending| name.ends_with(ending));
        match (ending, self.format) {
            (Some(ending), Format::Csv) => Err(TableError::NotAWorkbook(ending)),
            _ => Ok(self),
        }
    }

    /// Opens bytes in memory.
    ///
    /// # Errors
    /// When they are empty or no table.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, TableError> {
        Self::from_source(Box::new(Cursor::new(bytes)))
    }

    fn from_source(mut source: Box<dyn Source>) -> Result<Self, TableError> {
        let total_bytes = source.seek(SeekFrom::End(0))?;
        source.rewind()?;
        let mut beginning = Vec::with_capacity(4096);
        source.by_ref().take(4096).read_to_end(&mut beginning)?;
        source.rewind()?;
        if beginning.is_empty() {
            return Err(TableError::Empty);
        }
        let (format, reader) = match decode::sniff(&beginning)? {
            decode::Sniffed::Zip | decode::Sniffed::CompoundFile => {
                let workbook = Workbook::open(source, &beginning)?;
                (workbook.format(), Reader::Workbook(Box::new(workbook)))
            }
            decode::Sniffed::Text(start) => {
                (Format::Csv, Reader::Text(Box::new(TextReader::new(source, start)?)))
            }
        };
        Ok(Self { reader, format, total_bytes })
    }

    /// The kind of file, by its bytes.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The encoding of text as far as it is known (`UTF-8` until the first character that tells), or the format's
    /// name for a workbook.
    pub fn encoding(&self) -> &'static str {
        match &self.reader {
            Reader::Text(text) => text.encoding(),
            Reader::Workbook(_) => match self.format {
                Format::Xls => "XLS",
                Format::Ods => "ODS",
                Format::Xlsx | Format::Csv => "XLSX",
            },
        }
    }

    /// Bytes read so far, for a progress bar; for a workbook in proportion to the rows handed out.
    pub fn bytes_read(&self) -> u64 {
        match &self.reader {
            Reader::Text(text) => text.bytes_read().min(self.total_bytes),
            Reader::Workbook(workbook) => {
                let (done, of) = workbook.progress();
                if of == 0 {
                    return self.total_bytes;
                }
                u64::try_from(u128::from(self.total_bytes) * u128::from(done) / u128::from(of))
                    .unwrap_or(self.total_bytes)
            }
        }
    }

    /// The size of the input in bytes.
    pub fn total_bytes(&self) -> u64 {
        self.total_bytes
    }

    /// The names of the sheets, visible ones first; empty for text.
    pub fn sheet_names(&self) -> &[String] {
        match &self.reader {
            Reader::Text(_) => &[],
            Reader::Workbook(workbook) => workbook.names(),
        }
    }

    /// The name of the sheet that is being read; `None` for text.
    pub fn sheet(&self) -> Option<&str> {
        match &self.reader {
            Reader::Text(_) => None,
            Reader::Workbook(workbook) => workbook.current_name(),
        }
    }

    pub(crate) fn sheet_count(&self) -> usize {
        match &self.reader {
            Reader::Text(_) => 1,
            Reader::Workbook(workbook) => workbook.names().len(),
        }
    }

    /// Stands before the first row of a sheet; text has only one.
    ///
    /// # Errors
    /// When the sheet cannot be read.
    pub fn select_sheet(&mut self, index: usize) -> Result<(), TableError> {
        match &mut self.reader {
            Reader::Text(text) => text.rewind(),
            Reader::Workbook(workbook) => workbook.select(index),
        }
    }

    /// Tells how many columns the header has, so that a quotation mark that swallows rows is noticed at once.
    pub(crate) fn expect_columns(&mut self, columns: usize) {
        if let Reader::Text(text) = &mut self.reader {
            text.expect_columns(columns);
        }
    }

    /// Whether the rows of this table have as many cells as were written, so that a short row is a torn row.
    pub(crate) fn counts_cells(&self) -> bool {
        matches!(self.reader, Reader::Text(_))
    }

    /// Reads the next row that is not blank; `false` at the end.
    pub(crate) fn read_record(&mut self, record: &mut Record) -> Result<bool, TableError> {
        match &mut self.reader {
            Reader::Text(text) => text.read_record(record),
            Reader::Workbook(workbook) => workbook.read_record(record),
        }
    }
}

impl Iterator for Table {
    type Item = Result<Row, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut record = Record::default();
        match self.read_record(&mut record) {
            Ok(true) => {
                Some(Ok(Row { number: record.number, cells: record.cells(), trouble: record.trouble }))
            }
            Ok(false) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
