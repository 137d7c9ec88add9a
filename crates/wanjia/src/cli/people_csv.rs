//! Lists of people as CSV files or workbooks: headers in Chinese or English, UTF-8 or GBK, bad rows listed and never dropped
//! unseen.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use linkage::{Column, Register};

mod columns;
mod read;
mod workbook;

pub use columns::{Mapping, known_headings, read_mapping, unused};
pub use read::{read_list, read_row};

/// Why a list cannot be read. Texts are bilingual: Chinese, then English.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file cannot be opened or read.
    #[error("{path}：无法读取 / cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A workbook that cannot be read.
    #[error("{path}：{} / {}", .source.zh(), .source.en())]
    Table {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: intake::TableError,
    },
    /// The file has no header line.
    #[error("{path}：文件是空的，第一行应为表头 / the file is empty; its first line must be the header")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a CSV file in an encoding that is understood.
    #[error("{path}:{zh} / {en}")]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it is, in Chinese.
        zh: &'static str,
        /// What it is, in English.
        en: &'static str,
    },
    /// Something between the headers that separates no values.
    #[error(
        "{path}：表头之间是“{separator}”，应为逗号、制表符或分号，请另存为 CSV / its headings are separated by \"{separator}\"; \
         commas, tabs or semicolons are read: save it as CSV"
    )]
    Separator {
        /// The file.
        path: PathBuf,
        /// What was found.
        separator: char,
    },
    /// No header is known.
    #[error(
        "{path}：表头都不认识（{headers}）；用 --mapping 指定，wanjia link --help 列出认得的表头 / no header is known \
         ({headers}); map them with --mapping, or see wanjia link --help for those that are known"
    )]
    Headers {
        /// The file.
        path: PathBuf,
        /// The headers found.
        headers: String,
    },
    /// The mapping file is wrong.
    #[error("{path}：映射文件有误 / mapping file: {detail}")]
    Mapping {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The output cannot be written.
    #[error("{path}：无法写入 / cannot be written: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Something wrong with a row.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Line in the file, the header being 1.
    pub line: u64,
    /// The row's number in its piece of the file.
    row: u64,
    /// The row's id, or its number.
    pub id: String,
    /// The column at fault, if one is.
    pub column: Option<Column>,
    /// The row takes part all the same.
    pub accepted: bool,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// What is wrong, in English.
    pub en: String,
}

/// Names of rows in one block of bytes.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    bytes: Vec<u8>,
    ends: Vec<u64>,
}

impl Ids {
    fn push(&mut self, id: &[u8]) {
        self.bytes.extend_from_slice(id);
        self.ends.push(self.bytes.len() as u64);
    }

    /// Appends the ids of a piece; rows without one, given by their place and their number in the piece, are
    /// called by their number in the file, `before` rows being there already.
    fn append(&mut self, other: &Self, nameless: &[(u32, u64)], before: u64) {
        let mut from = 0;
        for (row, number) in nameless {
            self.append_range(other, from, *row as usize);
            self.push((before + number).to_string().as_bytes());
            from = *row as usize + 1;
        }
        self.append_range(other, from, other.ends.len());
    }

    fn append_range(&mut self, other: &Self, from: usize, to: usize) {
        if from >= to {
            return;
        }
        let start = if from == 0 { 0 } else { other.ends[from - 1] };
        let moved = self.bytes.len() as u64;
        self.bytes.extend_from_slice(&other.bytes[start as usize..other.ends[to - 1] as usize]);
        self.ends.extend(other.ends[from..to].iter().map(|end| end - start + moved));
    }

    /// Rows whose name an earlier row bears too. Names that rise from row to row, as most lists have them, are
    /// seen to differ in one pass.
    fn repeated(&self) -> Vec<u32> {
        let rows = self.ends.len() as u32;
        let order = |row: u32| (self.get(row).len(), self.get(row));
        if (1..rows).all(|row| order(row - 1) < order(row)) {
            return Vec::new();
        }
        let mut by_hash: Vec<(u64, u32)> =
            (0..rows).map(|row| (linkage::text::hash_bytes(self.get(row)), row)).collect();
        by_hash.sort_unstable();
        let same = |two: &[(u64, u32)]| two[0].0 == two[1].0 && self.get(two[0].1) == self.get(two[1].1);
        let mut repeated: Vec<u32> = by_hash.windows(2).filter(|two| same(two)).map(|two| two[1].1).collect();
        repeated.sort_unstable();
        repeated
    }

    /// Name of an accepted row.
    #[must_use]
    pub fn get(&self, row: u32) -> &[u8] {
        let row = row as usize;
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.bytes[start..self.ends[row] as usize]
    }
}

/// A list as it was read.
#[derive(Debug, Default)]
pub struct List {
    /// The accepted rows.
    pub register: Register,
    /// Their names.
    pub ids: Ids,
    /// Rows that were refused, and values that were left out.
    pub findings: Vec<Finding>,
    /// Rows refused.
    pub refused: u64,
    /// Name of the encoding.
    pub encoding: &'static str,
    /// The headers, as they stand in the file.
    pub headers: Vec<String>,
    /// Those of them that nothing is read from.
    pub ignored: Vec<String>,
    /// Line of each accepted row in the file, the header being 1.
    lines: Vec<u32>,
    /// Where each accepted row begins in the file, if that was asked for.
    offsets: Vec<u64>,
}

/// Writes the findings of several files as CSV: `file,line,id,field,verdict,message,message_en`.
///
/// # Errors
/// [`ListError::Write`].
pub fn write_findings(path: &Path, lists: &[(&Path, &List)]) -> Result<(), ListError> {
    write_whole(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(["file", "line", "id", "field", "verdict", "message", "message_en"])?;
        for (file, list) in lists {
            for finding in &list.findings {
                let field = finding.column.and_then(|column| serde_json::to_value(column).ok());
                writer.write_record([
                    file.display().to_string().as_str(),
                    finding.line.to_string().as_str(),
                    &finding.id,
                    field.as_ref().and_then(|field| field.as_str()).unwrap_or(""),
                    if finding.accepted { "accepted" } else { "refused" },
                    &finding.zh,
                    &finding.en,
                ])?;
            }
        }
        writer.flush()
    })
}

/// The file that is being written, for the interrupt handler.
static WRITING: Mutex<Option<PathBuf>> = Mutex::new(None);

fn writing() -> std::sync::MutexGuard<'static, Option<PathBuf>> {
    WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Makes Ctrl-C end the process with status 130 and without a half-written file. A second call changes nothing.
pub fn clean_up_on_interrupt() {
    // A handler that is already set does the same.
    let _ = ctrlc::set_handler(|| {
        if let Some(path) = writing().take() {
            let _ = std::fs::remove_file(path);
        }
        std::process::exit(130);
    });
}

/// Writes a file whole or not at all: beside its place first, then renamed into it.
///
/// # Errors
/// [`ListError::Write`]; nothing is left behind.
pub fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), ListError> {
    let error = |source| ListError::Write { path: path.to_owned(), source };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    *writing() = Some(beside.clone());
    let written = File::create(&beside).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        fill(&mut out)?;
        out.into_inner().map_err(|failed| failed.into_error())?.sync_all()?;
        std::fs::rename(&beside, path)
    });
    *writing() = None;
    written.map_err(|source| {
        let _ = std::fs::remove_file(&beside);
        error(source)
    })
}
