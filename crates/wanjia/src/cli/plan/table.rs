//! Lists in by column name, CSV out, and errors that name the file, the row and the column.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::app::failure::in_chinese;
use crate::app::plans::headings;

/// Why a plan could not be made, in both languages.
#[derive(Debug)]
pub struct Problem {
    zh: String,
    en: String,
}

impl Problem {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { zh: zh.into(), en: en.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}\n{}", self.zh, self.en)
    }
}

impl std::error::Error for Problem {}

/// A CSV file or the first sheet of a workbook, held in memory; columns are found by name, unknown ones are ignored.
pub struct Table {
    path: PathBuf,
    /// As they came.
    shown: Vec<String>,
    /// The names of the columns under them.
    header: Vec<String>,
    /// All cells, one after the other, and where each ends.
    cells: String,
    ends: Vec<usize>,
    /// The number of each row, as a spreadsheet has it.
    numbers: Vec<u64>,
}

/// A number in a cell.
pub trait Number: FromStr {
    /// What to say of a cell that holds none.
    const WRITTEN: (&'static str, &'static str);
}

impl Number for u32 {
    const WRITTEN: (&'static str, &'static str) =
        ("不是整数；请写 0 或更大的整数，如 12", "is no whole number; write one from 0 up, as 12");
}

impl Number for f64 {
    const WRITTEN: (&'static str, &'static str) =
        ("不是数字；请写如 12 或 12.5 的数字", "is no number; write one as 12 or 12.5");
}

/// A column of a [`Table`] that is there.
#[derive(Debug, Clone, Copy)]
pub struct Column(usize);

impl Table {
    /// Reads a whole file: CSV in UTF-8, UTF-16 or GBK, or XLSX.
    ///
    /// # Errors
    /// When it cannot be opened, is no table, or a row of a CSV has more or fewer cells than the header.
    pub fn read(path: &Path) -> Result<Self, Problem> {
        let name = path.display();
        let unreadable = |error: &intake::TableError| {
            let zh = match error {
                intake::TableError::Io(error) => in_chinese(error),
                error => error.zh(),
            };
            Problem::new(format!("{name}：打不开：{zh}"), format!("{name}: cannot be opened: {}", error.en()))
        };
        let torn = |row: u64, zh: String, en: String| {
            Problem::new(format!("{name} 第 {row} 行：{zh}"), format!("{name} row {row}: {en}"))
        };
        let table = intake::Table::open(path).map_err(|error| unreadable(&error))?;
        let is_text = table.sheet().is_none();
        let mut shown: Option<Vec<String>> = None;
        let (mut cells, mut ends, mut numbers) = (String::new(), vec![0], Vec::new());
        for row in table {
            let row = row.map_err(|error| unreadable(&error))?;
            if row.trouble.is_some() {
                let (zh, en) = ("读不完整，请检查引号和编码", "it is damaged; check its quotes and encoding");
                return Err(torn(row.number, zh.into(), en.into()));
            }
            let Some(header) = &shown else {
                shown = Some(row.cells.iter().map(|title| title.trim().to_owned()).collect());
                continue;
            };
            let (wanted, found) = (header.len(), row.cells.len());
            let beyond = row.cells.iter().skip(wanted).any(|cell| !cell.trim().is_empty());
            if beyond || (is_text && found != wanted) {
                return Err(torn(
                    row.number,
                    format!("有 {found} 格，表头有 {wanted} 格"),
                    format!("it has {found} cells, and the header {wanted}"),
                ));
            }
            for place in 0..wanted {
                cells.push_str(row.cells.get(place).map_or("", |cell| cell.trim()));
                ends.push(cells.len());
            }
            numbers.push(row.number);
        }
        let shown = shown.unwrap_or_default();
        let header = shown.iter().map(|heading| headings::column(heading)).collect();
        Ok(Self { path: path.to_owned(), shown, header, cells, ends, numbers })
    }

    /// The column of this name, which must be there.
    ///
    /// # Errors
    /// When the header does not have it.
    pub fn column(&self, title: &str) -> Result<Column, Problem> {
        self.optional(title).ok_or_else(|| {
            let (path, has) = (self.path.display(), self.shown.join(","));
            Problem::new(
                format!("{path}：缺少列 {}（现有：{has}）", headings::shown(title)),
                format!("{path}: column {title} is missing (it has: {has})"),
            )
        })
    }

    /// The column of this name, if it is there.
    pub fn optional(&self, title: &str) -> Option<Column> {
        self.header.iter().position(|name| name == title).map(Column)
    }

    /// The columns whose name begins with `prefix`, with the rest of the name.
    pub fn prefixed<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (Column, &'a str)> {
        self.header
            .iter()
            .enumerate()
            .filter_map(move |(index, title)| title.strip_prefix(prefix).map(|rest| (Column(index), rest)))
    }

    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The cell, trimmed.
    pub fn text(&self, row: usize, Column(column): Column) -> &str {
        let cell = row * self.header.len() + column;
        &self.cells[self.ends[cell]..self.ends[cell + 1]]
    }

    /// The cell as a number.
    ///
    /// # Errors
    /// When it is none, naming the file, the row, the column and how it is written.
    pub fn parse<T: Number>(&self, row: usize, column: Column) -> Result<T, Problem> {
        let (zh, en) = T::WRITTEN;
        self.text(row, column).parse().map_err(|_| self.at(row, column, zh, en))
    }

    /// As [`Table::parse`]; an empty cell or a column that is not there is `None`.
    ///
    /// # Errors
    /// When the cell is neither empty nor parses.
    pub fn parse_optional<T: Number>(
        &self,
        row: usize,
        column: Option<Column>,
    ) -> Result<Option<T>, Problem> {
        match column {
            Some(column) if !self.text(row, column).is_empty() => self.parse(row, column).map(Some),
            _ => Ok(None),
        }
    }

    /// A problem with one cell. Rows are numbered as a spreadsheet does.
    pub fn at(&self, row: usize, Column(column): Column, zh: &str, en: &str) -> Problem {
        let (path, number, title) = (self.path.display(), self.numbers[row], &self.shown[column]);
        let cell = self.text(row, Column(column));
        Problem::new(
            format!("{path} 第 {number} 行 {title} 列：“{cell}”{zh}"),
            format!("{path} row {number} column {title}: \"{cell}\" {en}"),
        )
    }
}

/// Writes a CSV file beside its place and then puts it there, so that a plan is never half written.
///
/// # Errors
/// When the file cannot be written.
pub fn write<'a, R>(path: &Path, header: &[&str], rows: impl Iterator<Item = R>) -> Result<(), Problem>
where
    R: IntoIterator<Item = std::borrow::Cow<'a, str>>,
{
    let failed = |error: &dyn fmt::Display| {
        let name = path.display();
        Problem::new(format!("{name}：写不了：{error}"), format!("{name}: cannot be written: {error}"))
    };
    let mut draft = path.as_os_str().to_owned();
    draft.push(".part");
    let draft = PathBuf::from(draft);
    let mut writer = csv::Writer::from_path(&draft).map_err(|error| failed(&error))?;
    writer.write_record(header).map_err(|error| failed(&error))?;
    for row in rows {
        for cell in row {
            writer.write_field(cell.as_bytes()).map_err(|error| failed(&error))?;
        }
        writer.write_record(None::<&[u8]>).map_err(|error| failed(&error))?;
    }
    writer.flush().map_err(|error| failed(&error))?;
    std::fs::rename(&draft, path).map_err(|error| failed(&error))
}
