//! The file of rejects: refused rows exactly as they came, with their row number, the reason and what to do in front,
//! for the person to mend and import again.
//!
//! A path that ends in `.xlsx` makes a workbook in which every cell is text. That is the safer of the two: a
//! spreadsheet that opens a CSV takes an identity number of 18 digits for a number and destroys it on saving.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Color, Format, FormatAlign, Workbook, XlsxError};
use tempfile::NamedTempFile;

use crate::message::{Lang, Refusal};

/// Rows of a workbook's sheet, header included.
const SHEET_ROWS: u32 = 1_048_576;
const SHEET_COLUMNS: u16 = 16_384;
/// Characters that a cell of a workbook holds.
const CELL_CHARACTERS: usize = 32_767;

/// Writes a file of rejects; nothing stands at the path until [`RejectsFile::finish`].
pub struct RejectsFile {
    target: Target,
    path: PathBuf,
    lang: Lang,
}

enum Target {
    Csv(Box<csv::Writer<BufWriter<NamedTempFile>>>),
    Xlsx { book: RejectsBook, file: NamedTempFile },
}

impl RejectsFile {
    /// Begins a file beside `path` with three columns and then the header as it came: a workbook when the path ends in
    /// `.xlsx`, otherwise a CSV in UTF-8 with a byte order mark, so that Excel opens it.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn create(path: &Path, header: &[String], lang: Lang) -> io::Result<Self> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let file = NamedTempFile::new_in(directory)?;
        let workbook = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("xlsx"));
        let target = if workbook {
            Target::Xlsx { book: RejectsBook::new(header, lang)?, file }
        } else {
            let mut writer = csv_writer(BufWriter::new(file))?;
            writer.write_record(all_headings(header, lang))?;
            Target::Csv(Box::new(writer))
        };
        Ok(Self { target, path: path.to_owned(), lang })
    }

    /// Adds one refused row.
    ///
    /// # Errors
    /// When the disk is full, or a workbook has no row left.
    pub fn push(&mut self, refusal: &Refusal) -> io::Result<()> {
        match &mut self.target {
            Target::Csv(writer) => write_row(writer, refusal, self.lang),
            Target::Xlsx { book, .. } => book.push(refusal),
        }
    }

    /// Brings the file to the disk and to its path in one step.
    ///
    /// # Errors
    /// When the disk is full or the path cannot be replaced; then what stood there still stands.
    pub fn finish(self) -> io::Result<()> {
        let file = match self.target {
            Target::Csv(writer) => writer
                .into_inner()
                .map_err(|error| error.into_error())?
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?,
            Target::Xlsx { book, mut file } => {
                file.write_all(&book.into_bytes()?)?;
                file
            }
        };
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// The workbook of rejects, in memory.
pub struct RejectsBook {
    book: Box<Workbook>,
    next_row: u32,
    lang: Lang,
}

impl RejectsBook {
    /// Begins with three columns and then the header as it came.
    ///
    /// # Errors
    /// Never for a header that was read from a table.
    pub fn new(header: &[String], lang: Lang) -> io::Result<Self> {
        let book = Box::new(begin_workbook(header, lang).map_err(other)?);
        Ok(Self { book, next_row: 1, lang })
    }

    /// Adds one refused row.
    ///
    /// # Errors
    /// When the workbook has no row left.
    pub fn push(&mut self, refusal: &Refusal) -> io::Result<()> {
        if self.next_row >= SHEET_ROWS {
            return Err(other("a workbook has no more rows; name the file .csv"));
        }
        let page = self.book.worksheet_from_index(0).map_err(other)?;
        let text = Format::new().set_num_format("@");
        page.write_number(self.next_row, 0, refusal.row as f64).map_err(other)?;
        let said = [refusal.reason(self.lang), refusal.remedy(self.lang)];
        let cells = refusal.cells.0.iter().map(String::as_str);
        for (column, cell) in (1..SHEET_COLUMNS).zip(said.into_iter().chain(cells)) {
            let cell: String = cell.chars().take(CELL_CHARACTERS).collect();
            page.write_string_with_format(self.next_row, column, cell, &text).map_err(other)?;
        }
        self.next_row += 1;
        Ok(())
    }

    /// # Errors
    /// When the workbook cannot be put together.
    pub fn into_bytes(mut self) -> io::Result<Vec<u8>> {
        self.book.save_to_buffer().map_err(other)
    }
}

fn csv_writer<W: Write>(mut out: W) -> io::Result<csv::Writer<W>> {
    out.write_all("\u{FEFF}".as_bytes())?;
    Ok(csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(out))
}

const ADDED: [[&str; 3]; 2] = [["行号 row", "原因 reason", "怎么办 remedy"], ["row", "reason", "remedy"]];

/// How many of a list's first columns a file of rejects added to it: none, if it is none.
#[must_use]
pub fn added(headings: &[String]) -> usize {
    let begins = |added: &&[&str; 3]| {
        headings.len() >= added.len()
            && added.iter().zip(headings).all(|(own, heading)| *own == heading.trim())
    };
    ADDED.iter().find(begins).map_or(0, |added| added.len())
}

/// The added columns stand in front, because a refused row may have more cells than the header.
fn all_headings(header: &[String], lang: Lang) -> impl Iterator<Item = &str> {
    let [zh, en] = ADDED;
    let added = match lang {
        Lang::Zh => zh,
        Lang::En => en,
    };
    added.into_iter().chain(header.iter().map(String::as_str))
}

fn write_row(writer: &mut csv::Writer<impl Write>, refusal: &Refusal, lang: Lang) -> io::Result<()> {
    let row = refusal.row.to_string();
    let said = [row.as_str(), refusal.reason(lang), refusal.remedy(lang)];
    let cells = refusal.cells.0.iter().map(String::as_str);
    Ok(writer.write_record(said.into_iter().chain(cells))?)
}

fn begin_workbook(header: &[String], lang: Lang) -> Result<Workbook, XlsxError> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name(lang.pick("退回", "rejects"))?;
    page.set_freeze_panes(1, 0)?;
    let heading = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00E8_EEF2))
        .set_align(FormatAlign::VerticalCenter);
    for (column, cell) in (0..SHEET_COLUMNS).zip(all_headings(header, lang)) {
        page.set_column_width(
            column,
            match column {
                0 => 8.0,
                1 | 2 => 44.0,
                _ => 16.0,
            },
        )?;
        page.write_string_with_format(0, column, cell, &heading)?;
    }
    Ok(book)
}

fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::other(error)
}
