//! An uploaded list by the names of its columns, and what is wrong with it by file, row and column. What a cell holds is
//! never repeated: it may be somebody's name.

use std::str::FromStr;

use intake::Table;

use super::headings;

/// Why a list cannot be planned on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The file's part in the plan, such as `people`; empty for what is set beside the files.
    pub file: &'static str,
    /// As a spreadsheet numbers it.
    pub row: Option<u64>,
    /// Of a file, or the name of what is set.
    pub column: Option<String>,
    pub code: &'static str,
    pub zh: String,
    pub en: String,
}

impl Wrong {
    pub fn new(file: &'static str, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { file, row: None, column: None, code, zh: zh.into(), en: en.into() }
    }

    /// What is wrong with something that is set beside the files.
    pub fn setting(name: &str, code: &'static str, zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self { column: Some(name.to_owned()), ..Self::new("", code, zh, en) }
    }
}

/// A list in memory.
pub struct Sheet {
    file: &'static str,
    /// As they came.
    shown: Vec<String>,
    /// The names of the columns under them.
    header: Vec<String>,
    rows: Vec<(u64, Vec<String>)>,
}

/// A column that is there.
#[derive(Debug, Clone, Copy)]
pub struct Column(usize);

impl Sheet {
    /// Reads CSV or a workbook.
    ///
    /// # Errors
    /// If it is no table, or one of its rows is damaged.
    pub fn read(file: &'static str, bytes: Vec<u8>) -> Result<Self, Wrong> {
        let unreadable = |error: &intake::TableError| Wrong::new(file, error.code(), error.zh(), error.en());
        let table = Table::from_bytes(bytes).map_err(|error| unreadable(&error))?;
        let mut header: Option<Vec<String>> = None;
        let mut rows = Vec::new();
        for row in table {
            let row = row.map_err(|error| unreadable(&error))?;
            if row.trouble.is_some() {
                let (zh, en) =
                    ("这一行读不完整，请检查引号和编码", "the row is damaged; check its quotes and encoding");
                return Err(Wrong { row: Some(row.number), ..Wrong::new(file, "damaged_row", zh, en) });
            }
            let cells = row.cells.into_iter().map(|cell| cell.trim().to_owned());
            match header {
                None => header = Some(cells.collect()),
                Some(_) => rows.push((row.number, cells.collect())),
            }
        }
        if rows.is_empty() {
            return Err(Wrong::new(file, "empty", "表里没有数据行", "the list has no rows"));
        }
        let shown = header.unwrap_or_default();
        let header = shown.iter().map(|heading| headings::column_in(file, heading)).collect();
        Ok(Self { file, shown, header, rows })
    }

    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The column of this name, if it is there.
    pub fn optional(&self, title: &str) -> Option<Column> {
        self.header.iter().position(|name| name == title).map(Column)
    }

    /// The column of this name, which must be there.
    ///
    /// # Errors
    /// If it is not.
    pub fn column(&self, title: &str) -> Result<Column, Wrong> {
        self.optional(title).ok_or_else(|| Wrong {
            column: Some(title.to_owned()),
            ..Wrong::new(self.file, "column_missing", "表里没有这一列", "the list has no such column")
        })
    }

    /// The columns whose name begins with `prefix`, with the rest of the name.
    pub fn prefixed(&self, prefix: &str) -> Vec<(Column, &str)> {
        self.header
            .iter()
            .enumerate()
            .filter_map(|(index, title)| Some((Column(index), title.strip_prefix(prefix)?)))
            .collect()
    }

    /// A cell; empty where the row ends before it.
    pub fn text(&self, row: usize, Column(column): Column) -> &str {
        self.rows[row].1.get(column).map_or("", String::as_str)
    }

    /// As [`Sheet::text`], of a column that may not be there.
    pub fn text_of(&self, row: usize, column: Option<Column>) -> &str {
        column.map_or("", |column| self.text(row, column))
    }

    /// A number in a cell; none for an empty one or a column that is not there.
    ///
    /// # Errors
    /// If the cell holds anything else, or more than `limit`.
    pub fn number(&self, row: usize, column: Option<Column>, limit: u32) -> Result<Option<u32>, Wrong> {
        let Some(found) = self.parsed::<u32>(row, column)? else { return Ok(None) };
        match column {
            Some(column) if found > limit => Err(self.at(
                row,
                column,
                "out_of_range",
                format!("最多 {limit}"),
                format!("is {limit} at most"),
            )),
            _ => Ok(Some(found)),
        }
    }

    /// Whatever a cell holds; none for an empty one or a column that is not there.
    ///
    /// # Errors
    /// If it does not read.
    pub fn parsed<T: FromStr>(&self, row: usize, column: Option<Column>) -> Result<Option<T>, Wrong> {
        match column {
            Some(column) if !self.text(row, column).is_empty() => {
                self.text(row, column).parse().map(Some).map_err(|_| {
                    self.at(row, column, "unreadable", "不是数字；写成 12", "is no number; write 12")
                })
            }
            _ => Ok(None),
        }
    }

    /// What is wrong with a cell.
    pub fn at(
        &self,
        row: usize,
        Column(column): Column,
        code: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) -> Wrong {
        Wrong {
            file: self.file,
            row: Some(self.rows[row].0),
            column: Some(self.shown[column].clone()),
            code,
            zh: zh.into(),
            en: en.into(),
        }
    }

    /// The names in a column: none empty, none twice, none longer than `limit` characters.
    ///
    /// # Errors
    /// At the first that is.
    pub fn names(&self, column: Column, limit: usize) -> Result<Vec<String>, Wrong> {
        let mut known = std::collections::HashMap::new();
        let mut names = Vec::with_capacity(self.rows());
        for row in 0..self.rows() {
            let name = self.text(row, column);
            if name.is_empty() {
                return Err(self.at(row, column, "missing", "没有填写", "is empty"));
            }
            if name.chars().count() > limit {
                let (zh, en) = (format!("超过 {limit} 个字"), format!("is longer than {limit} characters"));
                return Err(self.at(row, column, "too_long", zh, en));
            }
            if let Some(before) = known.insert(name, self.rows[row].0) {
                let (zh, en) = (
                    format!("与第 {before} 行相同；同名的人请写手机的设备号，或在姓名后加以区别"),
                    format!(
                        "is the same as in row {before}; write the phone's id, or add something that tells them apart"
                    ),
                );
                return Err(self.at(row, column, "twice", zh, en));
            }
            names.push(name.to_owned());
        }
        Ok(names)
    }
}
