//! A workbook as the text that reading goes on with: each row on the line of its number, so that what is wrong is told by the row
//! that a person sees in her spreadsheet.

use std::fs::File;
use std::io::{BufWriter, Seek as _, Write as _};
use std::path::Path;

use intake::Table;

use super::ListError;
use super::columns::{Mapping, Use, uses};

/// The headings stand in one of so many rows.
const HEADINGS_WITHIN: usize = 20;

/// Whether a file begins as workbooks do, also those of the old kind.
pub(super) fn is_workbook(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04") || head.starts_with(&[0xD0, 0xCF, 0x11, 0xE0])
}

/// The first sheet as lines, in a file that has no name: nobody else opens it, and it is gone with the program.
pub(super) fn as_text(path: &Path, mapping: &Mapping) -> Result<File, ListError> {
    let table = |source| ListError::Table { path: path.to_owned(), source };
    let read = |source| ListError::Read { path: path.to_owned(), source };
    let mut rows = Table::open(path).map_err(table)?;
    let mut first = Vec::new();
    for row in rows.by_ref().take(HEADINGS_WITHIN) {
        first.push(row.map_err(table)?);
    }
    let known = |row: &intake::Row| {
        let headings: Vec<String> = row.cells.iter().map(|cell| cell.trim().to_owned()).collect();
        uses(&headings, mapping).iter().filter(|used| matches!(used, Use::Column(_) | Use::Id)).count()
    };
    // The first of those with the most headings that are known: what stands above is a title.
    let headings = (0..first.len()).rev().max_by_key(|at| known(&first[*at])).unwrap_or(0);
    // A workbook does not say that the last cells of a row are blank: it is no torn row for that.
    let width = first.get(headings).map_or(0, |row| row.cells.len());
    let file = tempfile::tempfile().map_err(read)?;
    let mut out = BufWriter::new(&file);
    let mut line = 1;
    for row in first.drain(headings..).map(Ok).chain(rows) {
        let row = row.map_err(table)?;
        while line < row.number {
            out.write_all(b"\n").map_err(read)?;
            line += 1;
        }
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(&mut out);
        // A line break in a cell would be a line of its own.
        let blank = std::iter::repeat_n(String::new(), width.saturating_sub(row.cells.len()));
        writer
            .write_record(row.cells.iter().map(|cell| cell.replace(['\r', '\n'], " ")).chain(blank))
            .map_err(|error| read(std::io::Error::other(error)))?;
        writer.flush().map_err(read)?;
        drop(writer);
        line += 1;
    }
    out.flush().map_err(read)?;
    drop(out);
    (&file).rewind().map_err(read)?;
    Ok(file)
}
