//! Overlays of forms: the changed rows of a form, laid over the pack's own sheets for an area and from a day on (ADR 0050).

use crate::code::{Day, unknown};
use crate::finding::{Bilingual, Findings, Located, say};
use crate::form::{Form, language_tag};
use crate::parameter::{Overlay, Parameters};
use crate::question::{RowKind, parse_type};
use crate::sheet::{Row, Sheet};

/// What joins the names of overlays to the version of a programme: `2020-03+anhui`.
pub const JOINS: char = '+';

/// The two columns that say what becomes of a row, and behind which a new one stands.
const CHANGE: &str = "change";
const AFTER: &str = "after";
const CHANGES: [&str; 3] = ["add", "alter", "leave_out"];
/// A cell that empties the one of the pack.
const EMPTY: &str = "-";

/// What an overlay may say otherwise of a question that is there. What an answer means, what it is for, who reads it and until
/// when it is kept are the programme's: whoever wants those otherwise publishes a version.
const OF_QUESTIONS: [&str; 16] = [
    "type",
    "label",
    "hint",
    "guidance_hint",
    "required",
    "required_message",
    "relevant",
    "constraint",
    "constraint_message",
    "appearance",
    "default",
    "choice_filter",
    "image",
    "big-image",
    "audio",
    "video",
];
/// And of a form as a whole.
const OF_SETTINGS: [&str; 5] = ["form_id", "form_title", "title_en", "hint", "hint_en"];

/// A form as it is where overlays change it.
#[derive(Clone, Debug)]
pub struct Overlaid {
    /// The overlays that change it, the one of the largest area first.
    pub names: Vec<String>,
    pub form: Form,
}

/// The forms of a pack with what its overlays make of them.
#[derive(Clone, Copy)]
pub(crate) struct FormsBy<'f> {
    pub forms: &'f [Form],
    pub overlaid: &'f [Overlaid],
    pub parameters: &'f Parameters,
}

impl<'f> FormsBy<'f> {
    /// The form as it holds in an area on a day.
    pub fn on(&self, code: &str, area: &str, day: Day) -> Option<&'f Form> {
        let names = self.parameters.changing(code, area, day);
        let overlaid = self.overlaid.iter().find(|own| own.form.code.value == code && own.names == names);
        overlaid.map(|own| &own.form).or_else(|| self.forms.iter().find(|form| form.code.value == code))
    }
}

impl Parameters {
    /// The overlays that change a form in an area on a day, by their names, the one of the largest area first.
    pub(crate) fn changing(&self, form: &str, area: &str, day: Day) -> Vec<String> {
        let holding = self.holding(area, day).into_iter();
        holding.filter(|overlay| overlay.changes(form)).map(|overlay| overlay.name().to_owned()).collect()
    }

    /// Every set of overlays of forms that hold together somewhere at some time.
    pub(crate) fn together(&self) -> Vec<Vec<&Overlay>> {
        let of_forms = || self.overlays.iter().filter(|overlay| !overlay.forms.is_empty());
        let area =
            |overlay: &Overlay| overlay.area.as_ref().map(|area| area.value.clone()).unwrap_or_default();
        let mut found: Vec<Vec<&Overlay>> = Vec::new();
        for area in of_forms().map(area) {
            for day in of_forms().flat_map(|overlay| [Some(overlay.from.value), overlay.until]).flatten() {
                let mut set = self.holding(&area, day);
                set.retain(|overlay| !overlay.forms.is_empty());
                let is_known = found.iter().any(|known| {
                    known.len() == set.len()
                        && known.iter().zip(&set).all(|(one, other)| one.file == other.file)
                });
                if !set.is_empty() && !is_known {
                    found.push(set);
                }
            }
        }
        found
    }
}

/// The pack's sheets of a form with the rows of an overlay laid over them. Every cell keeps its place, so that what is wrong with
/// the whole is told where it is written.
pub(crate) fn lay(mut base: Vec<Sheet>, over: &[Sheet], findings: &mut Findings) -> Vec<Sheet> {
    for sheet in over {
        let name = sheet.name.value.as_str();
        if !["survey", "choices", "settings"].contains(&name) {
            unknown(&sheet.name, "表", "sheet", &["survey", "choices", "settings"], findings);
            continue;
        }
        if let Some(cell) = sheet.rows.iter().find_map(|row| row.unnamed(&sheet.columns)) {
            idle(cell, findings);
        }
        if !base.iter().any(|own| own.name.value == name) {
            base.push(Sheet { name: sheet.name.clone(), columns: Vec::new(), rows: Vec::new() });
        }
        let Some(own) = base.iter_mut().find(|own| own.name.value == name) else { continue };
        if name == "settings" {
            lay_settings(own, sheet, findings);
        } else {
            Laying { base: own, over: sheet, of_choices: name == "choices" }.rows(findings);
        }
    }
    base
}

fn refuse(cell: &Located<String>, text: Bilingual, findings: &mut Findings) {
    findings.add(&cell.place, "overlay", text);
}

fn idle(cell: &Located<String>, findings: &mut Findings) {
    refuse(cell, say("这一格在这里不起作用：请清空", "this cell is without effect here: empty it"), findings);
}

fn stem(column: &str) -> &str {
    column.split_once("::").map_or(column, |(stem, _)| stem)
}

/// Where the pack's sheet has the column, made if it has none: of texts the one of the same language.
fn column_of(base: &mut Sheet, column: &Located<String>) -> usize {
    if let Some(index) = base.column(&column.value) {
        return index;
    }
    if let Some((own, language)) = column.value.split_once("::") {
        let same = |known: &Located<String>| {
            known
                .value
                .split_once("::")
                .is_some_and(|(stem, other)| stem == own && language_tag(other) == language_tag(language))
        };
        if let Some(index) = base.columns.iter().position(same) {
            return index;
        }
    }
    base.columns.push(column.clone());
    base.columns.len() - 1
}

fn lay_settings(base: &mut Sheet, over: &Sheet, findings: &mut Findings) {
    for (number, row) in over.rows.iter().enumerate() {
        for (index, column) in over.columns.iter().enumerate() {
            let Some(cell) = row.get(index) else { continue };
            let form_id = base.rows.first().and_then(|row| base.cell(row, "form_id"));
            let same = column.value == "form_id" && form_id.is_some_and(|own| own.value == cell.value);
            if number > 0 || column.value == "form_id" && !same {
                idle(cell, findings);
            } else if !OF_SETTINGS.contains(&column.value.as_str()) {
                not_changed(cell, &column.value, &OF_SETTINGS[1..], findings);
            } else {
                let to = column_of(base, column);
                if let Some(own) = base.rows.first_mut() {
                    own.put(to, cell.clone());
                }
            }
        }
    }
}

fn not_changed(cell: &Located<String>, column: &str, may: &[&str], findings: &mut Findings) {
    let may = may.join(", ");
    refuse(
        cell,
        say(
            format!("调整不能改 {column}，能改的是：{may}；要改别的，请另发一个版本"),
            format!(
                "an overlay does not change {column}; it may change {may}; publish a version to change anything else"
            ),
        ),
        findings,
    );
}

/// A sheet of questions or of choices under the changed rows.
struct Laying<'l> {
    base: &'l mut Sheet,
    over: &'l Sheet,
    of_choices: bool,
}

impl Laying<'_> {
    fn rows(&mut self, findings: &mut Findings) {
        // Rows that are added one after the other stay in their order.
        let mut next = None;
        for row in &self.over.rows {
            let Some(change) = self.over.cell(row, CHANGE) else {
                findings.add(
                    row.place(),
                    "missing",
                    say(
                        "这一行没有 change：请写 add（增加）、alter（改动）或 leave_out（不问）",
                        "this row has no change: write add, alter or leave_out",
                    ),
                );
                continue;
            };
            let after = self.over.cell(row, AFTER);
            if let Some(after) = after.filter(|_| change.value != "add") {
                idle(after, findings);
            }
            match change.value.as_str() {
                "add" => next = self.add(row, after, next.take(), findings),
                "alter" => self.alter(row, findings),
                "leave_out" => {
                    next = None;
                    self.leave_out(row, findings);
                }
                _ => unknown(change, "改法", "change", &CHANGES, findings),
            }
        }
    }

    /// The row of the pack that a row of the overlay names: a question, or a choice of its list.
    fn named(&self, row: &Row, findings: &mut Findings) -> Option<usize> {
        let Some(name) = self.over.cell(row, "name") else {
            findings.add(row.place(), "missing", say("这一行没有 name", "this row has no name"));
            return None;
        };
        self.find(row, name, findings)
    }

    fn find(&self, row: &Row, name: &Located<String>, findings: &mut Findings) -> Option<usize> {
        let list = self.over.cell(row, "list_name").map(|list| list.value.as_str());
        let of_list = |own: &Row| {
            !self.of_choices || self.base.cell(own, "list_name").map(|list| list.value.as_str()) == list
        };
        let is_it = |own: &Row| name_of_row(self.base, own) == Some(name.value.as_str());
        let found = self.base.rows.iter().position(|own| of_list(own) && is_it(own));
        if found.is_none() {
            let known: Vec<&str> = self
                .base
                .rows
                .iter()
                .filter(|own| of_list(own))
                .filter_map(|own| name_of_row(self.base, own))
                .collect();
            let (zh, en) =
                if self.of_choices { ("选项", "choice of this list") } else { ("问题", "question") };
            unknown(name, zh, en, &known, findings);
        }
        found
    }

    fn add(
        &mut self,
        row: &Row,
        after: Option<&Located<String>>,
        next: Option<usize>,
        findings: &mut Findings,
    ) -> Option<usize> {
        let at = match (after, next) {
            (Some(after), _) => self.find(row, after, findings)? + 1,
            (None, Some(next)) => next,
            // A choice without a place stands last; of which list it is its row says.
            (None, None) => self.base.rows.len(),
        };
        let mut made = Row::new(row.place().clone(), Vec::new());
        for (index, column) in self.over.columns.iter().enumerate() {
            let Some(cell) = row.get(index).filter(|_| ![CHANGE, AFTER].contains(&&*column.value)) else {
                continue;
            };
            made.put(column_of(self.base, column), cell.clone());
        }
        self.base.rows.insert(at, made);
        Some(at + 1)
    }

    fn alter(&mut self, row: &Row, findings: &mut Findings) {
        let Some(at) = self.named(row, findings) else { return };
        for (index, column) in self.over.columns.iter().enumerate() {
            let Some(cell) = row.get(index) else { continue };
            if [CHANGE, AFTER, "name", "list_name"].contains(&column.value.as_str()) {
                continue;
            }
            if !self.of_choices && !OF_QUESTIONS.contains(&stem(&column.value)) {
                not_changed(cell, &column.value, &OF_QUESTIONS, findings);
                continue;
            }
            if column.value == "type" && !self.keeps_its_kind(at, cell) {
                refuse(
                    cell,
                    say(
                        "问题的种类不能改，只能换一张选项表；要问别的，请增加一个问题",
                        "a question stays of its kind and may only choose from another list; add a question to ask something else",
                    ),
                    findings,
                );
                continue;
            }
            let to = column_of(self.base, column);
            let value = if cell.value == EMPTY { String::new() } else { cell.value.clone() };
            if let Some(own) = self.base.rows.get_mut(at) {
                own.put(to, Located { value, place: cell.place.clone() });
            }
        }
    }

    fn keeps_its_kind(&self, at: usize, cell: &Located<String>) -> bool {
        let own = self.base.rows.get(at).and_then(|own| self.base.cell(own, "type"));
        match (own.map(|own| parse_type(&own.value)), parse_type(&cell.value)) {
            (Some(Some(RowKind::Question(own))), Some(RowKind::Question(other))) => own.name == other.name,
            (Some(Some(RowKind::Begin(own))), Some(RowKind::Begin(other))) => own == other,
            _ => false,
        }
    }

    fn leave_out(&mut self, row: &Row, findings: &mut Findings) {
        for (index, column) in self.over.columns.iter().enumerate() {
            let kept = [CHANGE, AFTER, "name", "list_name"].contains(&column.value.as_str());
            if let Some(cell) = row.get(index).filter(|_| !kept) {
                idle(cell, findings);
            }
        }
        let Some(at) = self.named(row, findings) else { return };
        let kind = self.base.rows.get(at).and_then(|own| self.base.cell(own, "type"));
        let is_group = kind.is_some_and(|kind| matches!(parse_type(&kind.value), Some(RowKind::Begin(_))));
        if is_group && let Some(name) = self.over.cell(row, "name") {
            let text = say(
                "这是一个组：请逐个写明不问哪些问题",
                "this is a group: leave its questions out one by one",
            );
            return refuse(name, text, findings);
        }
        self.base.rows.remove(at);
    }
}

fn name_of_row<'s>(sheet: &'s Sheet, row: &'s Row) -> Option<&'s str> {
    sheet.cell(row, "name").map(|name| name.value.as_str())
}
