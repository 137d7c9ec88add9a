//! Rows into a sheet's XML.

use std::fmt::Write as _;

use quick_xml::escape::{escape, partial_escape};

use super::formula::copied;
use super::part::{Cell, Holds, Row, Sheet, place, plain_formula, reference};
use super::{Room, Value};
use crate::header::Mapping;

/// What a cell of a spreadsheet holds at most, in characters.
const LONGEST: usize = 32_767;

/// The sheet with these rows. What stands in other columns and other rows stays; a row that the sheet does not have looks
/// like the last of those that it has there.
pub(super) fn rows_into(sheet: &Sheet, room: Room, mapping: &Mapping, rows: &[Vec<Value>]) -> String {
    let mut columns: Vec<(u32, usize)> = (0..)
        .zip(&mapping.columns)
        .filter_map(|(index, (_, place))| Some((u32::try_from(*place).ok()?, index)))
        .collect();
    columns.sort_unstable();
    let Sheet { xml, prefix, data, .. } = sheet;
    let is_there = |row: &&Row| row.number >= room.first && room.until.is_none_or(|until| row.number < until);
    let model = sheet.rows.iter().rfind(is_there);
    let mut out = String::with_capacity(xml.len() + rows.len() * columns.len() * 64);
    let head = &xml[..data.start];
    match &sheet.dimension {
        Some((range, reference)) if range.end <= head.len() => {
            let last =
                room.first.saturating_add(u32::try_from(rows.len()).unwrap_or(u32::MAX)).saturating_sub(1);
            out.push_str(&head[..range.start]);
            let _ = write!(out, "<{prefix}dimension ref=\"{}\"/>", reaching(reference, last));
            out.push_str(&head[range.end..]);
        }
        _ => out.push_str(head),
    }
    if sheet.data_is_empty {
        let _ = write!(out, "<{prefix}sheetData>");
    }
    let mut targets = (room.first..).zip(rows).peekable();
    for row in &sheet.rows {
        while let Some((number, values)) = targets.next_if(|(number, _)| *number < row.number) {
            fresh(&mut out, sheet, (number, model), &columns, values);
        }
        match targets.next_if(|(number, _)| *number == row.number) {
            Some((_, values)) => filled(&mut out, sheet, row, &columns, values),
            None => untouched(&mut out, sheet, row),
        }
    }
    for (number, values) in targets {
        fresh(&mut out, sheet, (number, model), &columns, values);
    }
    if sheet.data_is_empty {
        let _ = write!(out, "</{prefix}sheetData>");
    }
    out.push_str(&xml[data.end..]);
    out
}

/// `A1:H20` that reaches to a row at least.
fn reaching(range: &str, last: u32) -> String {
    let (from, to) = range.split_once(':').unwrap_or((range, range));
    match place(to) {
        Some((column, row)) => format!("{from}:{}", reference(column, row.max(last))),
        None => range.to_owned(),
    }
}

fn open(out: &mut String, prefix: &str, number: u32, attributes: impl Iterator<Item = (String, String)>) {
    let _ = write!(out, "<{prefix}row r=\"{number}\"");
    for (name, value) in attributes {
        let _ = write!(out, " {name}=\"{value}\"");
    }
    out.push('>');
}

fn untouched(out: &mut String, sheet: &Sheet, row: &Row) {
    if row.named {
        out.push_str(&sheet.xml[row.range.clone()]);
        return;
    }
    open(out, &sheet.prefix, row.number, row.attributes.iter().cloned());
    for cell in &row.cells {
        kept(out, sheet, row.number, cell);
    }
    let _ = write!(out, "</{}row>", sheet.prefix);
}

fn filled(out: &mut String, sheet: &Sheet, row: &Row, columns: &[(u32, usize)], values: &[Value]) {
    open(out, &sheet.prefix, row.number, row.attributes.iter().cloned());
    let mut cells = row.cells.iter().peekable();
    for (column, index) in columns {
        while let Some(cell) = cells.next_if(|cell| cell.column < *column) {
            kept(out, sheet, row.number, cell);
        }
        let style = cells.next_if(|cell| cell.column == *column).and_then(|cell| cell.style.as_deref());
        written(out, &sheet.prefix, (*column, row.number), style, values.get(*index));
    }
    for cell in cells {
        kept(out, sheet, row.number, cell);
    }
    let _ = write!(out, "</{}row>", sheet.prefix);
}

fn fresh(
    out: &mut String,
    sheet: &Sheet,
    (number, model): (u32, Option<&Row>),
    columns: &[(u32, usize)],
    values: &[Value],
) {
    let looks = ["ht", "customHeight", "s", "customFormat"];
    let attributes = model.into_iter().flat_map(|row| row.attributes.iter());
    let attributes = attributes.filter(|(name, _)| looks.contains(&name.as_str())).cloned();
    open(out, &sheet.prefix, number, attributes);
    let mut cells = model.map_or(&[][..], |row| &row.cells).iter().peekable();
    let blank = |out: &mut String, cell: &Cell| match formula_for(sheet, cell, model, number) {
        Some(formula) => {
            let Sheet { prefix, .. } = sheet;
            let style = cell.style.as_deref().map_or(String::new(), |style| format!(" s=\"{style}\""));
            let name = reference(cell.column, number);
            let _ = write!(
                out,
                "<{prefix}c r=\"{name}\"{style}><{prefix}f>{}</{prefix}f></{prefix}c>",
                partial_escape(formula.as_str())
            );
        }
        None if cell.style.is_some() => {
            written(out, &sheet.prefix, (cell.column, number), cell.style.as_deref(), None);
        }
        None => {}
    };
    for (column, index) in columns {
        while let Some(cell) = cells.next_if(|cell| cell.column < *column) {
            blank(out, cell);
        }
        let style = cells.next_if(|cell| cell.column == *column).and_then(|cell| cell.style.as_deref());
        written(out, &sheet.prefix, (*column, number), style, values.get(*index));
    }
    for cell in cells {
        blank(out, cell);
    }
    let _ = write!(out, "</{}row>", sheet.prefix);
}

/// What a row that is inserted calculates, as the row before the foot does.
fn formula_for(sheet: &Sheet, cell: &Cell, model: Option<&Row>, number: u32) -> Option<String> {
    let model = model.filter(|_| sheet.was_pushed && cell.holds == Holds::Formula)?;
    let formula = plain_formula(&sheet.xml[cell.range.clone()])?;
    copied(&formula, i64::from(number) - i64::from(model.number), 0).ok()
}

/// A cell as it was; one that is known by the one before it is named, as another may stand before it now.
fn kept(out: &mut String, sheet: &Sheet, row: u32, cell: &Cell) {
    let text = &sheet.xml[cell.range.clone()];
    let name = format!("<{}c", sheet.prefix);
    match text.strip_prefix(&name).filter(|_| !cell.named) {
        Some(rest) => {
            let _ = write!(out, "{name} r=\"{}\"{rest}", reference(cell.column, row));
        }
        None => out.push_str(text),
    }
}

fn written(
    out: &mut String,
    prefix: &str,
    (column, row): (u32, u32),
    style: Option<&str>,
    value: Option<&Value>,
) {
    let style = style.map_or(String::new(), |style| format!(" s=\"{style}\""));
    let begin = format!("<{prefix}c r=\"{}\"{style}", reference(column, row));
    let _ = match value {
        // A text in the cell itself is a text whatever it begins with: no program takes it for a formula.
        Some(Value::Text(text)) => write!(
            out,
            "{begin} t=\"inlineStr\"><{prefix}is><{prefix}t xml:space=\"preserve\">{}</{prefix}t></{prefix}is></{prefix}c>",
            escape(plain(text))
        ),
        Some(Value::Number(number)) => write!(out, "{begin}><{prefix}v>{number}</{prefix}v></{prefix}c>"),
        Some(Value::Nothing) | None => write!(out, "{begin}/>"),
    };
}

/// Without the characters that XML cannot hold.
fn plain(text: &str) -> String {
    let holds =
        |c: &char| matches!(c, '\t' | '\n' | '\r') || (*c >= ' ' && !matches!(c, '\u{FFFE}' | '\u{FFFF}'));
    text.chars().filter(holds).take(LONGEST).collect()
}
