//! The parts of a package that are read: the list of sheets, and the sheet that is filled.

use std::collections::BTreeMap;
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::{TemplateError, damaged};

/// The part that says where the sheets are.
pub(super) const RELATIONS: &str = "xl/_rels/workbook.xml.rels";

/// A sheet's XML, and where in it rows and cells lie.
pub(super) struct Sheet {
    pub(super) xml: String,
    /// Of the elements' names, with its colon; mostly empty.
    pub(super) prefix: String,
    /// What lies between the tags of `sheetData`, or the whole of it if it is an empty tag.
    pub(super) data: Range<usize>,
    pub(super) data_is_empty: bool,
    pub(super) dimension: Option<(Range<usize>, String)>,
    pub(super) rows: Vec<Row>,
    pub(super) merged: Vec<Merged>,
    /// Its foot was moved down, so that rows can be inserted that calculate what the one before them does.
    pub(super) was_pushed: bool,
}

pub(super) struct Row {
    /// From 1.
    pub(super) number: u32,
    pub(super) range: Range<usize>,
    /// Whether it says its number itself.
    pub(super) named: bool,
    /// All but its number and the columns that it spans.
    pub(super) attributes: Vec<(String, String)>,
    pub(super) cells: Vec<Cell>,
}

pub(super) struct Cell {
    /// From 0.
    pub(super) column: u32,
    pub(super) range: Range<usize>,
    pub(super) named: bool,
    pub(super) style: Option<String>,
    pub(super) holds: Holds,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Nothing,
    Number,
    Text,
    Formula,
}

/// Cells that are one, by rows from 1 and columns from 0.
pub(super) struct Merged {
    pub(super) first_row: u32,
    pub(super) first_column: u32,
    pub(super) last_row: u32,
    pub(super) last_column: u32,
}

/// The last row that a sheet can have, and how many columns.
pub(super) const LAST_ROW: u32 = 1_048_576;
const COLUMNS: u32 = 16_384;

/// `C5` of a column from 0 and a row from 1.
pub(super) fn reference(column: u32, row: u32) -> String {
    letters(column) + &row.to_string()
}

/// `C` of a column from 0.
pub(super) fn letters(column: u32) -> String {
    let mut letters = Vec::new();
    let mut left = column + 1;
    while left > 0 {
        letters.push(char::from(b'A' + u8::try_from((left - 1) % 26).unwrap_or(0)));
        left = (left - 1) / 26;
    }
    letters.iter().rev().collect()
}

/// The column from 0 of `C`.
pub(super) fn column_of(letters: &str) -> Option<u32> {
    let mut column = 0_u32;
    for letter in letters.bytes() {
        let value = letter.to_ascii_uppercase().checked_sub(b'A').filter(|value| *value < 26)?;
        column = column.checked_mul(26)?.checked_add(u32::from(value) + 1)?;
    }
    column.checked_sub(1).filter(|column| *column < COLUMNS)
}

/// The column from 0 and the row from 1 of `C5` or `$C$5`.
pub(super) fn place(reference: &str) -> Option<(u32, u32)> {
    let plain: String = reference.chars().filter(|c| *c != '$').collect();
    let digits = plain.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = plain.split_at(digits);
    Some((column_of(letters)?, row.parse().ok().filter(|row| (1..=LAST_ROW).contains(row))?))
}

fn rows_of(reference: &str) -> Option<Merged> {
    let (first, last) = reference.split_once(':').unwrap_or((reference, reference));
    let (first_column, first_row) = place(first)?;
    let (last_column, last_row) = place(last)?;
    Some(Merged { first_row, first_column, last_row, last_column })
}

pub(super) fn attribute(start: &BytesStart<'_>, name: &str) -> Option<String> {
    let raw = start.try_get_attribute(name).ok()??;
    quick_xml::escape::unescape(&raw.value).ok().map(|value| value.into_owned())
}

pub(super) fn local(start: &BytesStart<'_>) -> String {
    let name = start.name();
    name.0.rsplit_once(':').map_or(name.0, |(_, local)| local).to_owned()
}

/// Whether any cell of a sheet is calculated.
pub(super) fn has_formulas(xml: &str) -> bool {
    ["<f>", "<f ", ":f>", ":f "].iter().any(|tag| xml.contains(tag))
}

/// What a cell calculates by itself; none of one that is calculated with others.
pub(super) fn plain_formula(cell: &str) -> Option<String> {
    let mut reader = Reader::from_str(cell);
    let mut text = None;
    loop {
        let begin = offset(&reader);
        match reader.read_event().ok()? {
            Event::Start(start) if local(&start) == "f" => {
                text = Some(offset(&reader)).filter(|_| attribute(&start, "t").is_none());
            }
            Event::End(_) => {
                if let Some(from) = text {
                    return Some(quick_xml::escape::unescape(&cell[from..begin]).ok()?.into_owned());
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    }
}

/// Names and parts of the sheets: visible ones first, each in its order.
pub(super) fn sheets(workbook: &str, relations: &str) -> Result<Vec<(String, String)>, TemplateError> {
    let mut parts = BTreeMap::new();
    each_tag(relations, |start, _| {
        if local(start) == "Relationship"
            && attribute(start, "Type").is_some_and(|kind| kind.ends_with("/worksheet"))
            && let (Some(id), Some(target)) = (attribute(start, "Id"), attribute(start, "Target"))
        {
            let part = target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned);
            parts.insert(id, part);
        }
    })?;
    let (mut visible, mut hidden) = (Vec::new(), Vec::new());
    each_tag(workbook, |start, _| {
        if local(start) != "sheet" {
            return;
        }
        let id = start.attributes().flatten().find(|one| one.key.0.ends_with(":id"));
        let part = id.and_then(|id| parts.get(id.value.as_ref()).cloned());
        if let (Some(name), Some(part)) = (attribute(start, "name"), part) {
            let shown = attribute(start, "state").is_none_or(|state| state == "visible");
            if shown { &mut visible } else { &mut hidden }.push((name, part));
        }
    })?;
    visible.append(&mut hidden);
    Ok(visible)
}

/// The workbook, which asks for everything to be calculated when it is opened.
pub(super) fn calculated(workbook: &str) -> Result<String, TemplateError> {
    const ASKED: &str = "fullCalcOnLoad";
    let (mut found, mut after) = (None, None);
    let mut reader = Reader::from_str(workbook);
    loop {
        let event = reader.read_event().map_err(|error| damaged(&error))?;
        let end = offset(&reader);
        match event {
            Event::Start(start) | Event::Empty(start) if local(&start) == "calcPr" => {
                let name = start.name().0.to_owned();
                let kept = start.attributes().flatten().filter(|one| one.key.0 != ASKED);
                let kept: String = kept.map(|one| format!(" {}=\"{}\"", one.key.0, one.value)).collect();
                let begin = workbook[..end].rfind('<').unwrap_or(end);
                let closed = if workbook[..end].ends_with("/>") { "/" } else { "" };
                found = Some((begin..end, format!("<{name}{kept} {ASKED}=\"1\"{closed}>")));
            }
            Event::End(stop) => {
                let name = stop.name().0.to_owned();
                let (prefix, local) = name.rsplit_once(':').unwrap_or(("", &name));
                // The order of the elements is fixed: it comes behind all of these.
                if ["sheets", "functionGroups", "externalReferences", "definedNames"].contains(&local) {
                    let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}:") };
                    after = Some((end..end, format!("<{prefix}calcPr {ASKED}=\"1\"/>")));
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let (range, text) = found.or(after).ok_or(TemplateError::NotXlsx)?;
    Ok(format!("{}{text}{}", &workbook[..range.start], &workbook[range.end..]))
}

pub(super) fn offset(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

pub(super) fn each_tag(xml: &str, mut each: impl FnMut(&BytesStart<'_>, usize)) -> Result<(), TemplateError> {
    let mut reader = Reader::from_str(xml);
    loop {
        match reader.read_event().map_err(|error| damaged(&error))? {
            Event::Start(start) | Event::Empty(start) => each(&start, offset(&reader)),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}

impl Sheet {
    pub(super) fn read(xml: String) -> Result<Self, TemplateError> {
        let mut sheet = Self {
            xml: String::new(),
            prefix: String::new(),
            data: 0..0,
            data_is_empty: false,
            dimension: None,
            rows: Vec::new(),
            merged: Vec::new(),
            was_pushed: false,
        };
        let mut reader = Reader::from_str(&xml);
        let (mut in_data, mut in_cell, mut is_text) = (false, false, false);
        loop {
            let begin = offset(&reader);
            let event = reader.read_event().map_err(|error| damaged(&error))?;
            let range = begin..offset(&reader);
            let is_empty = matches!(event, Event::Empty(_));
            match event {
                Event::Start(start) | Event::Empty(start) => match local(&start).as_str() {
                    "sheetData" => {
                        let name = start.name();
                        sheet.prefix =
                            name.0.rsplit_once(':').map_or(String::new(), |(prefix, _)| format!("{prefix}:"));
                        in_data = !is_empty;
                        sheet.data_is_empty = is_empty;
                        sheet.data = if is_empty { range } else { range.end..range.end };
                    }
                    "row" if in_data => sheet.rows.push(row(&start, range, sheet.rows.last())),
                    "c" if in_data => {
                        in_cell = !is_empty;
                        is_text = attribute(&start, "t").is_some_and(|kind| kind != "n");
                        let last = sheet.rows.last_mut();
                        let cells = &mut last.ok_or(TemplateError::Damaged("a cell in no row".into()))?.cells;
                        let cell = cell(&start, range, cells.last());
                        cells.push(cell);
                    }
                    kind @ ("f" | "v" | "is") if in_cell => {
                        if let Some(cell) = sheet.rows.last_mut().and_then(|row| row.cells.last_mut()) {
                            cell.holds = match (kind, cell.holds) {
                                ("f", _) | (_, Holds::Formula) => Holds::Formula,
                                _ if is_empty => cell.holds,
                                _ if is_text => Holds::Text,
                                _ => Holds::Number,
                            };
                        }
                    }
                    "mergeCell" => {
                        sheet.merged.extend(attribute(&start, "ref").as_deref().and_then(rows_of));
                    }
                    "dimension" if is_empty => {
                        sheet.dimension = attribute(&start, "ref").map(|reference| (range, reference));
                    }
                    _ => {}
                },
                Event::End(stop) => {
                    let name = stop.name();
                    let local = name.0.rsplit_once(':').map_or(name.0, |(_, local)| local);
                    match (local, sheet.rows.last_mut()) {
                        ("sheetData", _) => {
                            in_data = false;
                            sheet.data.end = range.start;
                        }
                        ("row", Some(row)) if in_data => row.range.end = range.end,
                        ("c", Some(row)) if in_cell => {
                            in_cell = false;
                            if let Some(cell) = row.cells.last_mut() {
                                cell.range.end = range.end;
                            }
                        }
                        _ => {}
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        let in_order = sheet.rows.windows(2).all(|pair| pair[0].number < pair[1].number);
        if sheet.data == (0..0) || !in_order {
            return Err(TemplateError::Damaged("the sheet's rows are missing or out of order".into()));
        }
        sheet.xml = xml;
        Ok(sheet)
    }
}

fn row(start: &BytesStart<'_>, range: Range<usize>, before: Option<&Row>) -> Row {
    let attributes: Vec<(String, String)> = start
        .attributes()
        .flatten()
        .map(|one| (one.key.0.to_owned(), one.value.into_owned()))
        .filter(|(name, _)| !matches!(name.as_str(), "r" | "spans"))
        .collect();
    let named: Option<u32> = attribute(start, "r").and_then(|number| number.parse().ok());
    let number = named.unwrap_or_else(|| before.map_or(1, |before| before.number.saturating_add(1)));
    Row { number, range, named: named.is_some(), attributes, cells: Vec::new() }
}

fn cell(start: &BytesStart<'_>, range: Range<usize>, before: Option<&Cell>) -> Cell {
    let named = attribute(start, "r").as_deref().and_then(place).map(|(column, _)| column);
    let column = named.unwrap_or_else(|| before.map_or(0, |before| before.column + 1));
    Cell { column, range, named: named.is_some(), style: attribute(start, "s"), holds: Holds::Nothing }
}
