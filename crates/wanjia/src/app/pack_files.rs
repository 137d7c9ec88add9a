//! The files of a programme pack, from its folder: bounded, and workbooks opened by `intake`.

use std::fs;
use std::path::Path;

use intake::{Table, TableError};
use programme::{Bilingual, Content, Files, RawSheet};

use super::failure::{Failure, Result};

/// What a pack's folder may hold.
const MOST_FILES: usize = 500;
const MOST_BYTES: u64 = 8 << 20;
const DEEPEST: usize = 4;

/// Reads every file of a pack's folder. Hidden files and a spreadsheet's lock files (`~$form.xlsx`) are no part of it.
///
/// # Errors
/// If the folder or a file in it cannot be read or is too large.
pub fn read_pack_files(folder: &Path) -> Result<Files> {
    if folder.is_file() {
        return Err(Failure::new(
            "not_a_folder",
            format!(
                "{} 是一个文件：这里要专项方案的文件夹，如 programmes/epidemic；压缩包请先解开",
                folder.display()
            ),
            format!(
                "{}: this is a file; name the pack's folder, such as programmes/epidemic, and unpack an archive first",
                folder.display()
            ),
        ));
    }
    let mut files = Files::new();
    walk(folder, "", DEEPEST, &mut files)?;
    Ok(files)
}

fn walk(folder: &Path, inside: &str, depth: usize, files: &mut Files) -> Result<()> {
    let entries = fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| Failure::file(folder, &error))?;
        let path = entry.path();
        let name = entry.file_name().into_string().map_err(|_| {
            Failure::new(
                "file_name",
                format!("文件夹 {} 里有文件名不是 UTF-8", folder.display()),
                format!("{}: a file's name is not UTF-8", folder.display()),
            )
        })?;
        if name.starts_with('.') || name.starts_with("~$") {
            continue;
        }
        let kind = entry.metadata().map_err(|error| Failure::file(&path, &error))?;
        let inside = format!("{inside}{name}");
        if kind.is_dir() && [".md", ".csv", ".xlsx", ".toml"].iter().any(|ending| name.ends_with(ending)) {
            let why = Bilingual {
                zh: "这里应是一个文件，却是文件夹：请删去它，或改名".to_owned(),
                en: "a folder stands where a file is expected: take it out, or rename it".to_owned(),
            };
            files.insert(inside, Content::Unreadable(why));
            continue;
        }
        if kind.is_dir() {
            if depth == 0 {
                return Err(too_much(&path));
            }
            walk(&path, &format!("{inside}/"), depth - 1, files)?;
            continue;
        }
        if !kind.is_file() {
            return Err(Failure::new(
                "not_a_file",
                format!("{} 不是普通文件：专项方案里不能有链接", path.display()),
                format!("{}: this is no ordinary file; a pack holds no links", path.display()),
            ));
        }
        if kind.len() > MOST_BYTES || files.len() >= MOST_FILES {
            return Err(too_much(&path));
        }
        let content = if inside.ends_with(".xlsx") {
            match read_workbook(&path) {
                Ok(sheets) => Content::Workbook(sheets),
                Err(error) => Content::Unreadable(Bilingual { zh: error.zh(), en: error.en() }),
            }
        } else {
            Content::Bytes(fs::read(&path).map_err(|error| Failure::file(&path, &error))?)
        };
        files.insert(inside, content);
    }
    Ok(())
}

fn too_much(path: &Path) -> Failure {
    let mib = MOST_BYTES >> 20;
    Failure::new(
        "too_much",
        format!(
            "{}：一个专项方案至多 {MOST_FILES} 个文件、{DEEPEST} 层文件夹，每个文件至多 {mib} MiB",
            path.display()
        ),
        format!(
            "{}: a pack holds at most {MOST_FILES} files in {DEEPEST} levels of folders, each of {mib} MiB at most",
            path.display()
        ),
    )
}

fn read_workbook(path: &Path) -> std::result::Result<Vec<RawSheet>, TableError> {
    let mut table = Table::open(path)?;
    let names = table.sheet_names().to_vec();
    let mut sheets = Vec::new();
    for (index, name) in names.into_iter().enumerate() {
        table.select_sheet(index)?;
        let mut rows = Vec::new();
        for row in &mut table {
            let row = row?;
            rows.push((u32::try_from(row.number).unwrap_or(u32::MAX), row.cells));
        }
        sheets.push(RawSheet { name, rows });
    }
    Ok(sheets)
}
