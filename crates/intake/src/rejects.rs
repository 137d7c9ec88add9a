//! The file of rejects: refused rows exactly as they came, with the reason and what to do, for the person to mend and
//! import again.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::message::{Lang, Refusal};

/// Writes a file of rejects; nothing stands at the path until [`RejectsFile::finish`].
pub struct RejectsFile {
    writer: csv::Writer<BufWriter<NamedTempFile>>,
    path: PathBuf,
    lang: Lang,
    columns: usize,
}

impl RejectsFile {
    /// Begins a file beside `path` with the header as it came and three columns more.
    ///
    /// # Errors
    /// When the directory cannot be written.
    pub fn create(path: &Path, header: &[String], lang: Lang) -> io::Result<Self> {
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let mut file = BufWriter::new(NamedTempFile::new_in(directory)?);
        file.write_all("\u{FEFF}".as_bytes())?;
        let mut writer =
            csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(file);
        write_header(&mut writer, header, lang)?;
        Ok(Self { writer, path: path.to_owned(), lang, columns: header.len() })
    }

    /// Adds one refused row.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn push(&mut self, refusal: &Refusal) -> io::Result<()> {
        write_row(&mut self.writer, refusal, self.columns, self.lang)
    }

    /// Brings the file to the disk and to its path in one step.
    ///
    /// # Errors
    /// When the disk is full or the path cannot be replaced; then what stood there still stands.
    pub fn finish(self) -> io::Result<()> {
        let file = self.writer.into_inner().map_err(|error| error.into_error())?;
        let file = file.into_inner().map_err(|error| error.into_error())?;
        file.as_file().sync_all()?;
        file.persist(&self.path).map_err(|error| error.error)?;
        Ok(())
    }
}

/// Writes refused rows to a path, atomically, in UTF-8 with a byte order mark, so that Excel opens it.
///
/// # Errors
/// When the path cannot be written; then what stood there still stands.
pub fn write_rejects<'r>(
    path: &Path,
    header: &[String],
    refusals: impl IntoIterator<Item = &'r Refusal>,
    lang: Lang,
) -> io::Result<()> {
    let mut file = RejectsFile::create(path, header, lang)?;
    for refusal in refusals {
        file.push(refusal)?;
    }
    file.finish()
}

/// Writes refused rows to any writer, in UTF-8 with a byte order mark.
///
/// # Errors
/// When the writer fails.
pub fn write_rejects_to<'r>(
    mut out: impl Write,
    header: &[String],
    refusals: impl IntoIterator<Item = &'r Refusal>,
    lang: Lang,
) -> io::Result<()> {
    out.write_all("\u{FEFF}".as_bytes())?;
    let mut writer =
        csv::WriterBuilder::new().flexible(true).terminator(csv::Terminator::CRLF).from_writer(out);
    write_header(&mut writer, header, lang)?;
    for refusal in refusals {
        write_row(&mut writer, refusal, header.len(), lang)?;
    }
    writer.flush()
}

fn write_header(writer: &mut csv::Writer<impl Write>, header: &[String], lang: Lang) -> io::Result<()> {
    let added = match lang {
        Lang::Zh => ["行号 row", "原因 reason", "怎么办 remedy"],
        Lang::En => ["row", "reason", "remedy"],
    };
    writer.write_record(header.iter().map(String::as_str).chain(added)).map_err(io::Error::from)
}

fn write_row(
    writer: &mut csv::Writer<impl Write>,
    refusal: &Refusal,
    columns: usize,
    lang: Lang,
) -> io::Result<()> {
    let cells = &refusal.cells.0;
    let missing = columns.saturating_sub(cells.len());
    let row = refusal.row.to_string();
    let record = cells.iter().map(String::as_str).chain(std::iter::repeat_n("", missing)).chain([
        row.as_str(),
        refusal.reason(lang),
        refusal.remedy(lang),
    ]);
    writer.write_record(record).map_err(io::Error::from)
}
