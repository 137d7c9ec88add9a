//! `wanjia residual`: the list of who has not been reached.

use std::borrow::Cow;
use std::path::PathBuf;

use clap::Args;

use super::{DataArgs, Outcome};
use crate::app::failure::{Failure, Result};

/// Write the dwellings that are not accounted for: area_code,building,unit,room,reason
#[derive(Debug, Args)]
pub struct ResidualArgs {
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
/// If the sweep or the area is not known, or the file cannot be written.
pub fn run(args: &ResidualArgs) -> Result<Outcome> {
    let mut reader = args.data.open_reader()?;
    let sweep = reader.sweep(super::id(&args.sweep, "--sweep")?)?;
    let scope = reader.scope(sweep, args.area.as_deref())?;
    let mut out = CsvFile::create(&args.csv)?;
    out.row(&["area_code", "building", "unit", "room", "reason"])?;
    let mut rows = 0u64;
    for area in reader.areas_with_doors(scope)? {
        for (door, reason) in reader.residual(sweep, area)? {
            let labels = &door.labels;
            let code = reader.book().areas.code(area);
            out.row(&[code, &labels.building, &labels.unit, &labels.room, reason.as_str()])?;
            rows += 1;
        }
    }
    out.finish()?;
    eprintln!("{rows} dwellings not reached / 未查到 {rows} 户");
    Ok(Outcome::Done)
}

/// A CSV file that stands at its path only when it is complete.
pub struct CsvFile {
    writer: csv::Writer<Box<dyn std::io::Write>>,
    temporary: Option<tempfile::NamedTempFile>,
    path: PathBuf,
}

impl CsvFile {
    /// # Errors
    /// If the folder cannot be written.
    pub fn create(path: &std::path::Path) -> Result<Self> {
        let fail = |error: std::io::Error| Failure::file(path, &error);
        let (sink, temporary): (Box<dyn std::io::Write>, _) = if path.as_os_str() == "-" {
            (Box::new(std::io::stdout()), None)
        } else {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or_else(|| std::path::Path::new("."));
            let file = tempfile::NamedTempFile::new_in(folder).map_err(fail)?;
            (Box::new(file.reopen().map_err(fail)?), Some(file))
        };
        Ok(Self { writer: csv::Writer::from_writer(sink), temporary, path: path.to_owned() })
    }

    /// # Errors
    /// If the disk is full.
    pub fn row(&mut self, cells: &[&str]) -> Result<()> {
        self.writer
            .write_record(cells.iter().map(|cell| inert(cell).into_owned()))
            .map_err(|error| Failure::new("csv", format!("写不进去：{error}"), error.to_string()))
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// If the disk is full or the path cannot be replaced.
    pub fn finish(mut self) -> Result<()> {
        let path = self.path;
        self.writer.flush().map_err(|error| Failure::file(&path, &error))?;
        if let Some(file) = self.temporary {
            file.as_file().sync_all().map_err(|error| Failure::file(&path, &error))?;
            file.persist(&path).map_err(|error| Failure::file(&path, &error.error))?;
        }
        Ok(())
    }
}

/// A spreadsheet runs a cell that begins like a formula, whoever wrote it; an apostrophe makes it a text.
fn inert(cell: &str) -> Cow<'_, str> {
    let mut signs = cell.chars();
    let runs = match signs.next() {
        Some('=' | '@') => true,
        Some('+' | '-') => !signs.next().is_some_and(|next| next.is_ascii_digit()),
        _ => false,
    };
    if runs { format!("'{cell}").into() } else { cell.into() }
}

#[cfg(test)]
mod tests {
    use super::inert;

    #[test]
    fn a_cell_that_begins_like_a_formula_is_a_text() {
        for cell in ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-甲", "-"] {
            assert_eq!(inert(cell), format!("'{cell}"));
        }
        for cell in ["", "王东军", "-1", "+8613900000001", "3栋"] {
            assert_eq!(inert(cell), cell);
        }
    }
}
