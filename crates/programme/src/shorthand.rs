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

pub(crate) fn write_out(mut sheets: Vec<Sheet>, findings: &mut Findings) -> Vec<Sheet> {
    let mut lists = BTreeSet::new();
    if let Some(survey) = sheets.iter_mut().find(|sheet| sheet.name.value == "survey") {
        for mut row in std::mem::take(&mut survey.rows) {
            let kind = survey.cell(&row, "type").map(|kind| parse_type(&kind.value));
            let name = survey.cell(&row, "name").map(|name| name.value.clone());
            match (kind.flatten(), name) {
                (Some(RowKind::Begin(Block::Repeat)), Some(name)) => {
                    let count = reckoned_count(survey, &mut row, &name);
                    survey.rows.extend(count.into_iter().chain([row]));
                }
                (Some(RowKind::Question(question)), Some(name)) if question.or_other => {
                    let list = question.list.unwrap_or_default();
                    refuse_filter(survey, &row, findings);
                    let made = other_question(survey, &row, &name);
                    row.set(survey.need("type"), format!("{} {list}", question.name));
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
