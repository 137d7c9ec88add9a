//! `wanjia import`: what the imports share.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use intake::message::Lang;
use intake::rejects::RejectsFile;
use intake::{Header, Notice, Refusal, Table, TableError};
use sha2::{Digest, Sha256};

use super::{Outcome, areas, grids, roster, visits};
use crate::app::failure::{Failure, Result};
use crate::app::roster_rows::{Change, Gone, Refusals, Taken};

/// Import areas, rosters, visits or new borders of grids from CSV or XLSX
#[derive(Debug, Subcommand)]
pub enum Import {
    Areas(areas::AreasArgs),
    Roster(roster::RosterArgs),
    Visits(visits::VisitsArgs),
    Grids(grids::GridsArgs),
}

/// # Errors
/// Those of the import.
pub fn run(import: Import) -> Result<Outcome> {
    match import {
        Import::Areas(args) => areas::run(&args),
        Import::Roster(args) => roster::run(&args),
        Import::Visits(args) => visits::run(&args),
        Import::Grids(args) => grids::run(&args),
    }
}

/// The language of files for people: Chinese unless the locale says otherwise.
#[must_use]
pub fn language() -> Lang {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter().find_map(|name| std::env::var(name).ok());
    match locale {
        Some(locale) if locale.starts_with("en") => Lang::En,
        _ => Lang::Zh,
    }
}

/// Tells refused rows on standard error, the first ones in full, and writes all of them to a file if one is wanted.
pub struct ToldRefusals {
    /// The file that is read, of which a command may have been given two.
    table: String,
    file: Option<RejectsFile>,
    /// What was told, without its row, and the further rows of which the same is to be told.
    told: Vec<(String, Vec<u64>)>,
    untold: u64,
    noticed: u64,
    /// Who would move or may be known elsewhere, and who is missing from a later list.
    elsewhere: u64,
    /// Rows about someone of a row before.
    repeated: u64,
    gone: u64,
}

/// So many mistakes are told in full, and so many rows that have the same one.
const TOLD: u64 = 20;

impl ToldRefusals {
    /// For a table whose header was read; what of it is ignored is told at once. Refused rows go to `rejects`.
    ///
    /// # Errors
    /// If the file of rejects cannot be made.
    pub fn new(table: &Path, header: &Header, rejects: Option<&Path>) -> Result<Self> {
        let file = match rejects {
            Some(path) => Some(
                RejectsFile::create(path, &header.shown, language())
                    .map_err(|error| Failure::file(path, &error))?,
            ),
            None => None,
        };
        let table = table.display().to_string();
        for (zh, en) in header.ignored() {
            eprintln!("{table}: {en}\n    {zh}");
        }
        Ok(Self { table, file, told: Vec::new(), untold: 0, noticed: 0, elsewhere: 0, repeated: 0, gone: 0 })
    }

    /// Puts the file in its place; without refusals it holds the header only.
    ///
    /// # Errors
    /// If the disk is full.
    pub fn finish(self, path: Option<&Path>) -> Result<()> {
        for (what, rows) in self.told.iter().filter(|(_, rows)| !rows.is_empty()) {
            let etc = if rows.len() as u64 > TOLD { " …" } else { "" };
            let shown: Vec<String> = rows.iter().take(TOLD as usize).map(u64::to_string).collect();
            let (count, shown) = (rows.len(), shown.join(", "));
            eprintln!(
                "{}: {count} more rows: {what} (rows {shown}{etc})\n    另有 {count} 行也是这样（第 {shown}{etc} 行）",
                self.table
            );
        }
        if self.untold > 0 {
            let more = self.untold;
            eprintln!("{}: … and {more} more refused rows / 另有 {more} 行被退回", self.table);
        }
        if self.noticed > TOLD {
            let more = self.noticed - TOLD;
            eprintln!("{}: … and {more} more notices / 另有 {more} 处提示", self.table);
        }
        if self.elsewhere > TOLD {
            let more = self.elsewhere - TOLD;
            eprintln!("{}: … and {more} more who are known elsewhere / 另有 {more} 人在别处在册", self.table);
        }
        if self.repeated > TOLD {
            let more = self.repeated - TOLD;
            eprintln!(
                "{}: … and {more} more rows that repeat a person / 另有 {more} 行与前面的人重复",
                self.table
            );
        }
        if self.gone > TOLD {
            let more = self.gone - TOLD;
            eprintln!("{}: … and {more} more who are missing / 另有 {more} 人名单上没有了", self.table);
        }
        match (self.file, path) {
            (Some(file), Some(path)) => file.finish().map_err(|error| Failure::file(path, &error)),
            _ => Ok(()),
        }
    }
}

impl Refusals for ToldRefusals {
    fn refuse(&mut self, refusal: &Refusal) -> Result<()> {
        let what = refusal.en.split_once(": ").map_or(refusal.en.as_str(), |(_, what)| what);
        if let Some((_, rows)) = self.told.iter_mut().find(|(known, _)| known == what) {
            rows.push(refusal.row);
        } else if self.told.len() as u64 >= TOLD {
            self.untold += 1;
        } else {
            self.told.push((what.to_owned(), Vec::new()));
            let field =
                if refusal.field.is_empty() { String::new() } else { format!(" [{}]", refusal.field) };
            eprintln!(
                "{}: {}{field}; {}\n    {}；{}",
                self.table, refusal.en, refusal.remedy_en, refusal.zh, refusal.remedy_zh
            );
        }
        match &mut self.file {
            Some(file) => file.push(refusal).map_err(|error| {
                Failure::new("rejects", format!("退回文件写不进去：{error}"), error.to_string())
            }),
            None => Ok(()),
        }
    }

    fn notice(&mut self, row: u64, notice: &Notice) {
        self.noticed += 1;
        if self.noticed <= TOLD {
            let Notice { field, zh, en, .. } = notice;
            eprintln!("{}: row {row}: {en} [{field}]\n    第{row}行：{zh}", self.table);
        }
    }

    fn taken(&mut self, taken: &Taken<'_>) {
        let Taken { row, address, changes, book, .. } = *taken;
        for change in changes {
            let told = match change {
                Change::Moves(_) | Change::Alike(_) => &mut self.elsewhere,
                Change::Repeats(_) => &mut self.repeated,
                Change::Source | Change::Field(_) | Change::Place => continue,
            };
            *told += 1;
            if *told <= TOLD {
                let [zh, en] = change.in_words(book, address);
                eprintln!("{}: row {row}: {en}\n    第{row}行：{zh}", self.table);
            }
        }
    }

    fn gone(&mut self, gone: &Gone<'_>) {
        self.gone += 1;
        if self.gone <= TOLD {
            let [zh, en] = gone.in_words();
            eprintln!("{}: missing: {en}\n    名单上没有了：{zh}", self.table);
        }
    }
}

/// Opens a file by `read`; what is wrong with it names the file, of which a command may have been given two.
///
/// # Errors
/// If it cannot be read, or is not such a table.
pub fn table<T>(path: &Path, read: impl FnOnce(Table) -> std::result::Result<T, TableError>) -> Result<T> {
    let named = |table: Table| match path.file_name() {
        Some(name) => table.named(&name.to_string_lossy()),
        None => Ok(table),
    };
    Table::open(path).and_then(named).and_then(read).map_err(|error| {
        let shown = path.display();
        match error {
            TableError::Io(error) => Failure::file(path, &error),
            error => Failure::new(
                error.code(),
                format!("文件 {shown}：{}", error.zh()),
                format!("{shown}: {}", error.en()),
            ),
        }
    })
}

/// SHA-256 and length of a file.
///
/// # Errors
/// If it cannot be read.
pub fn digest(path: &Path) -> Result<([u8; 32], u64)> {
    let fail = |error: std::io::Error| Failure::file(path, &error);
    let mut file = File::open(path).map_err(fail)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        let read = file.read(&mut block).map_err(fail)?;
        if read == 0 {
            return Ok((hash.finalize().into(), length));
        }
        length += read as u64;
        hash.update(block.get(..read).unwrap_or_default());
    }
}

/// A progress bar over the bytes of a file; it draws only on a terminal.
#[must_use]
pub fn bar(bytes: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {percent}%  {msg}  {elapsed_precise} / {eta_precise}");
    let bar = ProgressBar::new(bytes);
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}

/// A path with a suffix before nothing: `out.csv` and `persons` give `out.persons.csv`.
#[must_use]
pub fn beside(path: &Path, suffix: &str) -> PathBuf {
    let extension = path.extension().map(|e| e.to_string_lossy().into_owned()).unwrap_or_default();
    path.with_extension(if extension.is_empty() {
        suffix.to_owned()
    } else {
        format!("{suffix}.{extension}")
    })
}
