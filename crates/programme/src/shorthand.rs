//! XLSForm's short ways of writing, written out: a choice "or other", and a repeat whose number is reckoned. Each becomes the
//! rows that someone would write by hand, so that all who read a form meet plain questions.
//!
//! What is kept of them says what it is for, who reads it and until when, as everything does: it says what its row says.

use std::collections::BTreeSet;

use crate::finding::{Findings, Located, say};
use crate::question::{Block, RowKind, is_reference, parse_type};
use crate::sheet::{Row, Sheet};

/// What a made row takes over from the row that it comes from.
const TAKEN_OVER: [&str; 4] = ["class", "purpose", "readers", "keep"];
const OTHER: &str = "other";

/// What the name of a table's heading begins with: a question that says what the choices mean and is never answered.
pub(crate) const HEADING: &str = "reserved_name_for_field_list_labels_";

pub(crate) fn write_out(mut sheets: Vec<Sheet>, findings: &mut Findings) -> Vec<Sheet> {
    let mut lists = BTreeSet::new();
    if let Some(survey) = sheets.iter_mut().find(|sheet| sheet.name.value == "survey") {
        let mut table = None;
        for (index, mut row) in std::mem::take(&mut survey.rows).into_iter().enumerate() {
            let number = index + 2;
            if is_set_aside(survey, &row) {
                continue;
            }
            let kind = survey.cell(&row, "type").and_then(|kind| parse_type(&kind.value));
            if matches!(&kind, Some(RowKind::Question(question)) if question.name == "note")
                && survey.cell(&row, "name").is_none()
            {
                row.set(survey.need("name"), format!("generated_note_name_{number}"));
            }
            let name = survey.cell(&row, "name").map(|name| name.value.clone());
            match (kind, name) {
                (Some(RowKind::Begin(block)), Some(name)) => {
                    let count = match block {
                        Block::Repeat => reckoned_count(survey, &mut row, &name),
                        Block::Group => None,
                    };
                    let note = table_of(survey, &mut row, number);
                    if note.is_some() {
                        table = Some(None);
                    }
                    survey.rows.extend(count.into_iter().chain([row]).chain(note.flatten()));
                }
                (Some(RowKind::End(_)), _) => {
                    table = None;
                    survey.rows.push(row);
                }
                (Some(RowKind::Question(question)), Some(name)) => {
                    if let Some(list) = &question.list
                        && let Some(first) = &mut table
                    {
                        let heading = row_of_table(survey, &mut row, list, first, number, findings);
                        survey.rows.extend(heading);
                    }
                    if !question.or_other {
                        survey.rows.push(row);
                        continue;
                    }
                    let kind = question.name;
                    let list = question.list.unwrap_or_default();
                    refuse_filter(survey, &row, findings);
                    let made = other_question(survey, &row, &name);
                    row.set(survey.need("type"), format!("{kind} {list}"));
                    survey.rows.extend([row, made]);
                    lists.insert(list);
                }
                _ => survey.rows.push(row),
            }
        }
    }
    if let Some(choices) = sheets.iter_mut().find(|sheet| sheet.name.value == "choices") {
        for list in lists {
            add_other_choice(choices, &list);
        }
    }
    sheets
}

/// A row that is switched off, or that holds remarks and no question.
fn is_set_aside(survey: &Sheet, row: &Row) -> bool {
    let cell = |name: &str| survey.cell(row, name).map(|cell| cell.value.to_lowercase());
    let is_off = matches!(cell("disabled").as_deref(), Some("yes" | "true" | "true()"));
    let has_label = survey.columns.iter().enumerate().any(|(index, column)| {
        (column.value == "label" || column.value.starts_with("label::")) && row.get(index).is_some()
    });
    is_off || (cell("type").is_none() && cell("name").is_none() && !has_label)
}

/// Whether a group is a table of choices: then it is a `field-list`, and what it is called becomes a note within it.
fn table_of(survey: &mut Sheet, row: &mut Row, number: usize) -> Option<Option<Row>> {
    let appearance = survey.cell(row, "appearance")?.value.clone();
    if !appearance.split_whitespace().any(|word| word == "table-list") {
        return None;
    }
    let others = appearance.split_whitespace().filter(|word| *word != "table-list");
    let words: Vec<&str> = std::iter::once("field-list").chain(others).collect();
    row.set(survey.need("appearance"), words.join(" "));
    let name = format!("generated_table_list_label_{number}");
    let mut note = made(survey, row, [("type", "note"), ("name", &name)]);
    let mut is_told = false;
    for (index, column) in survey.columns.iter().enumerate() {
        let base = column.value.split_once("::").map_or(column.value.as_str(), |(base, _)| base);
        if matches!(base, "label" | "hint")
            && let Some(cell) = row.get(index).cloned()
        {
            note.put(index, cell);
            row.set(index, String::new());
            is_told = true;
        }
    }
    Some(is_told.then_some(note))
}

/// A row of such a table shows no choices of its own; before the first one stands a heading that does.
fn row_of_table(
    survey: &mut Sheet,
    row: &mut Row,
    list: &str,
    first: &mut Option<String>,
    number: usize,
    findings: &mut Findings,
) -> Option<Row> {
    let kind = survey.cell(row, "type").cloned();
    let kind = kind.as_ref();
    let refuse = |findings: &mut Findings, zh: &str, en: &str| {
        findings.add(kind.map_or(row.place(), |kind| &kind.place), "table_list", say(zh, en));
    };
    let heading = match first {
        Some(known) if known == list => None,
        Some(_) => {
            refuse(
                findings,
                "table-list 里的问题要用同一个选项表",
                "the questions of a table-list choose from one list",
            );
            None
        }
        None => {
            if survey.cell(row, "choice_filter").is_some() {
                refuse(
                    findings,
                    "table-list 的第一个问题不能有 choice_filter",
                    "the first question of a table-list has no choice_filter",
                );
            }
            *first = Some(list.to_owned());
            let name = format!("{HEADING}{number}");
            let kind = kind.map_or("", |kind| kind.value.as_str()).to_owned();
            Some(made(survey, row, [("type", &kind), ("name", &name), ("appearance", "label")]))
        }
    };
    row.set(survey.need("appearance"), "list-nolabel".to_owned());
    heading
}

/// The number of a repeat stands in a field of its own, which the repeat names.
fn reckoned_count(survey: &mut Sheet, row: &mut Row, name: &str) -> Option<Row> {
    let count = survey.cell(row, "repeat_count").filter(|count| !is_reference(&count.value))?.value.clone();
    let field = format!("{name}_count");
    let made = made(
        survey,
        row,
        [("type", "calculate"), ("name", &field), ("calculation", &count), ("read_only", "yes")],
    );
    row.set(survey.need("repeat_count"), format!("${{{field}}}"));
    Some(made)
}

fn other_question(survey: &mut Sheet, row: &Row, name: &str) -> Row {
    let field = format!("{name}_other");
    let condition = format!("selected(${{{name}}}, '{OTHER}')");
    let mut made = made(survey, row, [("type", "text"), ("name", &field), ("relevant", &condition)]);
    say_in_each_language(survey, &mut made, ["请说明其他情况", "Specify other."]);
    made
}

/// Which of the choices is the other one is not known to a filter, so that it would hide it.
fn refuse_filter(survey: &Sheet, row: &Row, findings: &mut Findings) {
    if let Some(filter) = survey.cell(row, "choice_filter") {
        findings.add(
            &filter.place,
            "or_other",
            say(
                "or_other 的问题不能有 choice_filter：请在选项里自己写 other，再加一个文字问题",
                "a question \"or other\" can have no choice_filter: write the choice other and a text question yourself",
            ),
        );
    }
}

fn add_other_choice(choices: &mut Sheet, list: &str) {
    let of_list = |row: &&Row| choices.cell(row, "list_name").is_some_and(|cell| cell.value == list);
    let is_other = |row: &Row| choices.cell(row, "name").is_some_and(|name| name.value == OTHER);
    let Some(last) = choices.rows.iter().rfind(of_list).cloned() else { return };
    if choices.rows.iter().filter(of_list).any(is_other) {
        return;
    }
    let mut made = Row::new(last.place().clone(), Vec::new());
    made.set(choices.need("list_name"), list.to_owned());
    made.set(choices.need("name"), OTHER.to_owned());
    say_in_each_language(choices, &mut made, ["其他", "Other"]);
    choices.rows.push(made);
}

/// A row of the survey that comes from another.
fn made<const N: usize>(survey: &mut Sheet, from: &Row, cells: [(&str, &str); N]) -> Row {
    let mut made = Row::new(from.place().clone(), Vec::new());
    for column in TAKEN_OVER {
        if let Some(cell) = survey.cell(from, column).cloned() {
            made.put(survey.need(column), cell);
        }
    }
    for (column, value) in cells {
        made.set(survey.need(column), value.to_owned());
    }
    made
}

/// A label in every language that the sheet has; one without a language is the programme's own.
fn say_in_each_language(sheet: &Sheet, row: &mut Row, [zh, en]: [&str; 2]) {
    for (index, column) in sheet.columns.iter().enumerate() {
        let language = column.value.strip_prefix("label").map(|rest| rest.trim_start_matches(':'));
        let Some(language) = language.filter(|_| column.value == "label" || column.value.contains("::"))
        else {
            continue;
        };
        let chinese = language.is_empty() || language.contains("zh") || language.contains('中');
        row.set(index, if chinese { zh } else { en }.to_owned());
    }
}

impl Sheet {
    /// The column of that name, made if there is none.
    fn need(&mut self, name: &str) -> usize {
        self.column(name).unwrap_or_else(|| {
            self.columns.push(Located { value: name.to_owned(), place: self.name.place.clone() });
            self.columns.len() - 1
        })
    }
}

impl Row {
    fn set(&mut self, column: usize, value: String) {
        let place = self.get(column).map_or_else(|| self.place().clone(), |cell| cell.place.clone());
        self.put(column, Located { value, place });
    }
}
