//! The sheets of a form: XLSForm as a Markdown or CSV text in version control, or as a workbook from outside.
//!
//! All three give the same sheets, and every cell knows its place. In the texts the first column names the sheet and is
//! empty in the rows of that sheet, as XLSForm's own tools write it.

use crate::finding::{Findings, Located, Place, Spot, say};

/// The bounds of a form. The largest public forms have some 3,000 questions and 40,000 choices.
const MOST_ROWS: usize = 100_000;
/// The longest cell, in characters: more is no question that anybody reads.
const LONGEST_CELL: usize = 10_000;

/// A sheet of a workbook that the caller has opened: its name, and its rows with their numbers from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawSheet {
    pub name: String,
    pub rows: Vec<(u32, Vec<String>)>,
}

/// One sheet with its column names and rows.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub name: Located<String>,
    pub columns: Vec<Located<String>>,
    pub rows: Vec<Row>,
}

/// One row under the column names. Cells are trimmed.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    place: Place,
    cells: Vec<Located<String>>,
}

impl Row {
    pub fn new(place: Place, cells: Vec<Located<String>>) -> Self {
        Self { place, cells }
    }

    /// Puts a cell into a column; those before it that are not there are empty.
    pub fn put(&mut self, column: usize, cell: Located<String>) {
        while self.cells.len() <= column {
            self.cells.push(Located { value: String::new(), place: self.place.clone() });
        }
        if let Some(old) = self.cells.get_mut(column) {
            *old = cell;
        }
    }

    pub fn place(&self) -> &Place {
        &self.place
    }

    pub fn cells(&self) -> &[Located<String>] {
        &self.cells
    }

    /// The first cell that stands under no name of a column, of those that are not empty.
    pub fn unnamed(&self, columns: &[Located<String>]) -> Option<&Located<String>> {
        let is_named = |index: usize| columns.get(index).is_some_and(|column| !column.value.is_empty());
        let mut cells = self.cells.iter().enumerate();
        cells.find(|(index, cell)| !cell.value.is_empty() && !is_named(*index)).map(|(_, cell)| cell)
    }

    /// The cell in a column, if it is not empty.
    pub fn get(&self, column: usize) -> Option<&Located<String>> {
        self.cells.get(column).filter(|cell| !cell.value.is_empty())
    }
}

impl Sheet {
    /// The number of the column of that name; names are compared as XLSForm compares them.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.value == name)
    }

    /// Tells every cell that is longer than any is.
    pub fn check_lengths(&self, findings: &mut Findings) {
        for cell in self.rows.iter().flat_map(|row| row.cells()) {
            let length = cell.value.chars().count();
            if length > LONGEST_CELL {
                findings.add(
                    &cell.place,
                    "too_long",
                    say(
                        format!("这一格有 {length} 个字，至多 {LONGEST_CELL} 个"),
                        format!("this cell has {length} characters; {LONGEST_CELL} is the most"),
                    ),
                );
            }
        }
    }

    pub fn cell<'r>(&self, row: &'r Row, name: &str) -> Option<&'r Located<String>> {
        row.get(self.column(name)?)
    }
}

/// A row as it was found: the name of a new sheet, if it begins one, and its cells.
struct Line {
    place: Place,
    sheet: Option<Located<String>>,
    cells: Vec<Located<String>>,
}

impl Line {
    fn of_text(file: &str, number: u32, mut cells: impl Iterator<Item = Located<String>>) -> Self {
        let first = cells.next();
        Self {
            place: Place::text(file, number, 1),
            sheet: first.filter(|cell| !cell.value.is_empty()),
            cells: cells.collect(),
        }
    }
}

pub(crate) fn read_markdown(file: &str, text: &str) -> Vec<Sheet> {
    let mut lines = Vec::new();
    for (index, line) in text.lines().enumerate().take(MOST_ROWS) {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let Some(cells) = split_markdown(line) else { continue };
        let cells = cells
            .into_iter()
            .map(|(column, value)| Located { value, place: Place::text(file, number, column) });
        lines.push(Line::of_text(file, number, cells));
    }
    assemble(lines)
}

/// The cells between the pipes of a line, each with its column in characters; none if the line is no row. `\|` is a pipe
/// within a cell. A row of dashes, which draws the line under a heading, is no row.
fn split_markdown(line: &str) -> Option<Vec<(u32, String)>> {
    let mut cells = Vec::new();
    let mut current: Option<(u32, String)> = None;
    let mut escaped = false;
    for (index, character) in line.chars().enumerate() {
        match (&mut current, character) {
            (None, '|') => current = Some((u32::try_from(index + 2).unwrap_or(u32::MAX), String::new())),
            (None, other) if other.is_whitespace() => {}
            (None, _) => return None,
            (Some((_, text)), '|') if escaped => {
                text.pop();
                text.push('|');
            }
            (Some(_), '|') => {
                cells.extend(current.take());
                current = Some((u32::try_from(index + 2).unwrap_or(u32::MAX), String::new()));
            }
            (Some((_, text)), other) => text.push(other),
        }
        escaped = character == '\\';
    }
    let drawn = |text: &str| !text.is_empty() && text.chars().all(|character| matches!(character, '-' | ':'));
    let trimmed: Vec<(u32, String)> = cells
        .into_iter()
        .map(|(column, text)| {
            let blank = text.chars().take_while(|character| character.is_whitespace()).count();
            (column + u32::try_from(blank).unwrap_or(0), text.trim().to_owned())
        })
        .collect();
    let rule = trimmed.iter().any(|(_, text)| drawn(text))
        && trimmed.iter().all(|(_, text)| text.is_empty() || drawn(text));
    (!trimmed.is_empty() && !rule).then_some(trimmed)
}

/// The line on which a quoted cell begins that nothing ends; whatever follows would be taken for a part of it.
fn unclosed_quote(text: &str) -> Option<u32> {
    let (mut line, mut opened, mut begins) = (1, None, true);
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match (sign, opened) {
            ('"', None) if begins => opened = Some(line),
            ('"', Some(_)) if signs.peek() == Some(&'"') => {
                signs.next();
            }
            ('"', Some(_)) => opened = None,
            _ => {}
        }
        begins = opened.is_none() && matches!(sign, ',' | '\n' | '\r');
        line += u32::from(sign == '\n');
    }
    opened
}

/// None if it is no CSV.
pub(crate) fn read_csv(file: &str, text: &str, findings: &mut Findings) -> Option<Vec<Sheet>> {
    if let Some(line) = unclosed_quote(text) {
        findings.add(
            &Place::text(file, line, 1),
            "csv_quote",
            say(
                "这一行有引号没有闭合：请补上后引号，或去掉前引号",
                "a quotation mark on this line is never closed: close it, or take it out",
            ),
        );
        return None;
    }
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records().take(MOST_ROWS) {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                let place = Place::text(file, u32::try_from(line).unwrap_or(u32::MAX), 1);
                findings.add(
                    &place,
                    "csv",
                    say(
                        "这一行不是正确的 CSV：请从表格软件重新导出",
                        "this line is not CSV: export it again from the spreadsheet",
                    ),
                );
                return None;
            }
        };
        let line = record.position().map_or(1, csv::Position::line);
        let number = u32::try_from(line).unwrap_or(u32::MAX);
        // A text editor shows the line, a spreadsheet the column's letter: the number of the cell serves both.
        let cells = record.iter().enumerate().map(|(index, value)| Located {
            value: value.trim().to_owned(),
            place: Place::text(file, number, u32::try_from(index + 1).unwrap_or(u32::MAX)),
        });
        lines.push(Line::of_text(file, number, cells));
    }
    Some(assemble(lines))
}

pub(crate) fn read_workbook(file: &str, sheets: &[RawSheet]) -> Vec<Sheet> {
    let mut lines = Vec::new();
    for sheet in sheets {
        let place = |row: u32, column: Option<u32>| Place {
            file: file.to_owned(),
            spot: Spot::Cell { sheet: sheet.name.clone(), row, column },
        };
        lines.push(Line {
            place: place(1, None),
            sheet: Some(Located { value: sheet.name.trim().to_owned(), place: place(1, None) }),
            cells: Vec::new(),
        });
        for (row, values) in sheet.rows.iter().take(MOST_ROWS) {
            let cells = values.iter().enumerate().map(|(index, value)| Located {
                value: value.trim().to_owned(),
                place: place(*row, Some(u32::try_from(index + 1).unwrap_or(u32::MAX))),
            });
            lines.push(Line { place: place(*row, None), sheet: None, cells: cells.collect() });
        }
    }
    assemble(lines)
}

/// The first row of a sheet that holds anything names its columns; empty rows are no rows.
fn assemble(lines: Vec<Line>) -> Vec<Sheet> {
    let mut sheets: Vec<Sheet> = Vec::new();
    for line in lines {
        if let Some(name) = line.sheet {
            let name = Located { value: name.value.to_lowercase(), place: name.place };
            sheets.push(Sheet { name, columns: Vec::new(), rows: Vec::new() });
        }
        let Some(sheet) = sheets.last_mut() else { continue };
        if line.cells.iter().all(|cell| cell.value.is_empty()) {
            continue;
        }
        if sheet.columns.is_empty() {
            sheet.columns = line
                .cells
                .into_iter()
                .map(|cell| Located { value: column_name(&cell.value), place: cell.place })
                .collect();
        } else {
            sheet.rows.push(Row { place: line.place, cells: line.cells });
        }
    }
    sheets
}

/// The columns and settings that XLSForm or this house has a use for. Any other keeps its name as it is written, since a
/// `choice_filter` may ask for it.
const KNOWN: [&str; 66] = [
    "type",
    "name",
    "label",
    "hint",
    "guidance_hint",
    "required",
    "required_message",
    "relevant",
    "constraint",
    "constraint_message",
    "calculation",
    "appearance",
    "default",
    "choice_filter",
    "repeat_count",
    "read_only",
    "trigger",
    "parameters",
    "image",
    "big-image",
    "audio",
    "video",
    "autoplay",
    "bind",
    "body",
    "instance",
    "media",
    "disabled",
    "save_to",
    "list_name",
    "class",
    "purpose",
    "readers",
    "keep",
    "concept",
    "depicts",
    "form_id",
    "form_title",
    "title_en",
    "hint_en",
    "version",
    "default_language",
    "style",
    "subject",
    "filled_by",
    "one_for",
    "instance_name",
    "auto_send",
    "auto_delete",
    "public_key",
    "submission_url",
    "allow_choice_duplicates",
    "clean_text_values",
    "client_editable",
    "omit_instanceid",
    "instance_id",
    "instance_xmlns",
    "namespaces",
    "prefix",
    "delimiter",
    "flat",
    "add_none_option",
    "sms_keyword",
    "sms_separator",
    "rows",
    "intent",
];

/// A column's name as XLSForm knows it: small letters, underscores, `::` before a language, and the older words made
/// into the newer ones. What stands after `::` keeps its letters.
fn column_name(text: &str) -> String {
    let text = text.trim();
    if text.eq_ignore_ascii_case("jr:count") {
        return "repeat_count".to_owned();
    }
    let (name, rest) = match text.split_once("::").or_else(|| text.split_once(':')) {
        Some((name, rest)) => (name, Some(rest.trim())),
        None => (text, None),
    };
    let name = name.trim().to_lowercase().replace(' ', "_");
    let name = match name.as_str() {
        "relevance" => "relevant",
        "calculate" => "calculation",
        "readonly" => "read_only",
        "caption" => "label",
        "constraint_msg" | "constraining_message" => "constraint_message",
        "required_msg" | "requiredmsg" => "required_message",
        "count" => "repeat_count",
        "command" => "type",
        "control" => "body",
        "tag" | "value" => "name",
        "autoplay" | "rows" if rest.is_none() => return format!("body::{name}"),
        other => other,
    };
    if !KNOWN.contains(&name) {
        return text.to_owned();
    }
    match rest {
        None => name.to_owned(),
        Some(rest) if name == "bind" || name == "body" || name == "media" => {
            // `bind::relevant` is another spelling of `relevant`, `media::image::zh` of `image::zh`.
            let inner = rest.trim_start_matches(':').trim();
            let (attribute, language) = inner.split_once("::").unwrap_or((inner, ""));
            let translated = |name: &str| match language.trim() {
                "" => name.to_owned(),
                language => format!("{name}::{language}"),
            };
            match (name, attribute.trim()) {
                ("bind", "relevant" | "required" | "constraint" | "readonly" | "calculate") => {
                    column_name(inner)
                }
                ("bind", "jr:constraintMsg") => translated("constraint_message"),
                ("bind", "jr:requiredMsg") => translated("required_message"),
                ("body", "appearance") => "appearance".to_owned(),
                ("body", "jr:count") => "repeat_count".to_owned(),
                ("media", _) => column_name(inner),
                _ => format!("{name}::{inner}"),
            }
        }
        Some(rest) => format!("{name}::{}", rest.trim_start_matches(':').trim()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sheets: &[Sheet]) -> Vec<(String, Vec<String>, Vec<Vec<String>>)> {
        sheets
            .iter()
            .map(|sheet| {
                let row = |cells: &[Located<String>]| cells.iter().map(|cell| cell.value.clone()).collect();
                (
                    sheet.name.value.clone(),
                    row(&sheet.columns),
                    sheet.rows.iter().map(|line| row(&line.cells)).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn the_three_spellings_of_a_form_give_the_same_sheets() {
        let markdown = "A form.\n\n| Survey |\n| | Type | Label::English (en) |\n|--|--|--|\n| | text | a \\| b |\n\n| choices |\n| | list name |\n";
        let csv = "Survey\n,Type,Label::English (en)\n,text,a | b\n,,\nchoices\n,list name\n";
        let workbook = [
            RawSheet {
                name: "Survey".into(),
                rows: vec![
                    (1, vec!["Type".into(), "Label::English (en)".into()]),
                    (3, vec!["text".into(), " a | b ".into()]),
                ],
            },
            RawSheet { name: "choices".into(), rows: vec![(1, vec!["list name".into()])] },
        ];
        let mut findings = Findings::default();
        let from_markdown = read_markdown("f.md", markdown);
        let expected = vec![
            (
                "survey".to_owned(),
                vec!["type".to_owned(), "label::English (en)".to_owned()],
                vec![vec!["text".to_owned(), "a | b".to_owned()]],
            ),
            ("choices".to_owned(), vec!["list_name".to_owned()], vec![]),
        ];
        assert_eq!(texts(&from_markdown), expected);
        assert_eq!(texts(&read_csv("f.csv", csv, &mut findings).unwrap()), expected);
        assert_eq!(texts(&read_workbook("f.xlsx", &workbook)), expected);
        assert!(findings.is_empty());
        let cell = from_markdown[0].rows[0].get(1).unwrap();
        assert_eq!(cell.place, Place::text("f.md", 6, 12));
    }

    #[test]
    fn old_spellings_of_columns_are_understood() {
        for (old, new) in [
            ("bind::relevant", "relevant"),
            ("Relevance", "relevant"),
            ("media::image::中文 (zh)", "image::中文 (zh)"),
            ("label:English", "label::English"),
            ("constraint message", "constraint_message"),
            ("bind::odk:length", "bind::odk:length"),
            ("bind::jr:constraintMsg::English (en)", "constraint_message::English (en)"),
            ("control::appearance", "appearance"),
            ("jr:count", "repeat_count"),
            ("State Code", "State Code"),
        ] {
            assert_eq!(column_name(old), new);
        }
    }
}
