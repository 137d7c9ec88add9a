//! What stands below the rows moves down when more rows come than there is room for, as a spreadsheet moves it when rows are
//! inserted; with what elsewhere in the workbook points there. What cannot be moved soundly is named. See ADR 0046.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::{escape, partial_escape, unescape};
use quick_xml::events::{BytesStart, Event};

use super::formula::{Fixed, Push, Stands, copied};
use super::part::{LAST_ROW, Sheet, attribute, each_tag, letters, local, offset, place, reference};
use super::{Template, TemplateError, WORKBOOK, damaged};

/// Which parts of the package become another, and which are left out.
pub(super) type Changes = BTreeMap<String, Option<String>>;

/// What stands in the way of moving the foot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchored {
    Formula(Fixed),
    Comment,
    Picture,
    Table,
    Pivot,
    Chart,
}

impl Anchored {
    pub(super) fn zh(self) -> &'static str {
        match self {
            Self::Formula(Fixed::Part) => {
                "公式只引用了其中几行，插入行后算不全；请改成从第一行到最后一行的整段，如 SUM(B5:B14)"
            }
            Self::Formula(Fixed::ByText) => {
                "公式用 INDIRECT 或 OFFSET 找单元格，插入行后会指错；请改成直接引用，如 SUM(B5:B14)"
            }
            Self::Formula(Fixed::Unread) => "公式的引用方式不能随行下移；请改成直接引用，如 SUM(B5:B14)",
            Self::Comment => "这里有批注，不能随行下移；请删去批注",
            Self::Picture => "这里有图片或图形，不能随行下移；请删去它，或移到表头以上",
            Self::Table => "这里是“表格”对象，不能随行下移；请转换为普通区域",
            Self::Pivot => "工作簿里有数据透视表，不能随行下移；请删去它",
            Self::Chart => "工作簿里有图表引用了这些行，不能随行下移；请删去它",
        }
    }

    pub(super) fn en(self) -> &'static str {
        match self {
            Self::Formula(Fixed::Part) => {
                "its formula names only some of the rows: let it name all from the first to the last, such as SUM(B5:B14)"
            }
            Self::Formula(Fixed::ByText) => {
                "its formula finds cells with INDIRECT or OFFSET: let it name them, such as SUM(B5:B14)"
            }
            Self::Formula(Fixed::Unread) => {
                "its formula names cells in a way that cannot be moved: let it name them, such as SUM(B5:B14)"
            }
            Self::Comment => "a comment stands there: delete it",
            Self::Picture => "a picture or a shape stands there: delete it, or move it above the headings",
            Self::Table => "a table object stands there: turn it into plain cells",
            Self::Pivot => "the workbook has a pivot table: delete it",
            Self::Chart => "a chart of the workbook names these rows: delete it",
        }
    }
}

fn stuck(cell: String, why: Anchored) -> TemplateError {
    TemplateError::Foot { cell, why }
}

/// Pieces of a text that become others.
#[derive(Default)]
struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    fn put(&mut self, range: Range<usize>, text: String) {
        self.0.push((range, text));
    }

    fn of(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 1024);
        let mut at = 0;
        for (range, new) in self.0 {
            out.push_str(&text[at..range.start]);
            out.push_str(&new);
            at = range.end;
        }
        out.push_str(&text[at..]);
        out
    }
}

/// A tag with some attributes another, all else of it as it was.
fn retagged(start: &BytesStart<'_>, is_empty: bool, new: &[(&str, String)]) -> String {
    let mut out = format!("<{}", start.name().0);
    let known = |name: &str| new.iter().find(|(known, _)| *known == name);
    let mut left: Vec<&str> = new.iter().map(|(name, _)| *name).collect();
    for one in start.attributes().flatten() {
        let name = one.key.0;
        left.retain(|known| *known != name);
        let value = known(name)
            .map_or_else(|| one.value.to_string(), |(_, value)| escape(value.as_str()).into_owned());
        out.push_str(&format!(" {name}=\"{value}\""));
    }
    for (name, value) in new.iter().filter(|(name, _)| left.contains(name)) {
        out.push_str(&format!(" {name}=\"{}\"", escape(value.as_str())));
    }
    out.push_str(if is_empty { "/>" } else { ">" });
    out
}

fn plain(raw: &str) -> Result<String, TemplateError> {
    Ok(unescape(raw).map_err(|error| damaged(&error))?.into_owned())
}

/// A formula of a cell while it is read.
struct Formula {
    begin: usize,
    text: usize,
    kind: Option<String>,
    shared: Option<String>,
    range: Option<String>,
}

/// Reads a sheet and writes down what moves.
struct Walk<'a> {
    push: &'a Push,
    name: &'a str,
    /// Whether it is the sheet of the rows.
    own: bool,
    prefix: String,
    edits: Edits,
    row: u32,
    column: u32,
    /// Formulas that several cells share, by their number: as it is written, and for which cell.
    shared: HashMap<String, (String, u32, u32)>,
}

impl Walk<'_> {
    fn cell(&self) -> String {
        reference(self.column, self.row)
    }

    fn stands(&self) -> Stands {
        match self.own {
            false => Stands::Elsewhere,
            true if (self.push.first..self.push.until).contains(&self.row) => Stands::InRows,
            true => Stands::Beside,
        }
    }

    fn moved(&self, formula: &str) -> Result<String, TemplateError> {
        let moved = self.push.formula(formula, self.stands(), self.name);
        moved.map_err(|fixed| stuck(self.cell(), Anchored::Formula(fixed)))
    }

    /// A row or a cell of the sheet that is filled.
    fn placed(&mut self, start: &BytesStart<'_>, is_empty: bool, range: Range<usize>) {
        let named = attribute(start, "r");
        if local(start) == "row" {
            self.row = named.and_then(|row| row.parse().ok()).unwrap_or(self.row + 1);
            self.column = u32::MAX;
            if self.own && self.row >= self.push.until {
                let row = self.push.row(self.row).to_string();
                self.edits.put(range, retagged(start, is_empty, &[("r", row)]));
            }
            return;
        }
        let known = named.as_deref().and_then(place).map(|(column, _)| column);
        self.column = known.unwrap_or_else(|| self.column.wrapping_add(1));
        if self.own && known.is_some() && self.row >= self.push.until {
            let cell = reference(self.column, self.push.row(self.row));
            self.edits.put(range, retagged(start, is_empty, &[("r", cell)]));
        }
    }

    fn formula(&mut self, of: &Formula, raw: &str, end: usize) -> Result<(), TemplateError> {
        let text = plain(raw)?;
        let tag = |attributes: &str, text: &str| {
            let prefix = &self.prefix;
            format!("<{prefix}f{attributes}>{}</{prefix}f>", partial_escape(text))
        };
        let new = match (of.kind.as_deref(), &of.shared) {
            (Some("shared"), Some(number)) => {
                let known = self.shared.get(number);
                let text = match known {
                    Some((master, row, column)) if text.is_empty() => {
                        let by = |to: u32, from: u32| i64::from(to) - i64::from(from);
                        let copied = copied(master, by(self.row, *row), by(self.column, *column));
                        copied.map_err(|fixed| stuck(self.cell(), Anchored::Formula(fixed)))?
                    }
                    _ => text,
                };
                if known.is_none() {
                    self.shared.insert(number.clone(), (text.clone(), self.row, self.column));
                }
                tag("", &self.moved(&text)?)
            }
            (Some("dataTable"), _) => return Err(stuck(self.cell(), Anchored::Formula(Fixed::Unread))),
            (Some("array"), _) => {
                let range = of
                    .range
                    .as_deref()
                    .map(|range| if self.own { self.push.shifted(range) } else { range.to_owned() });
                tag(
                    &format!(" t=\"array\" ref=\"{}\"", range.unwrap_or_else(|| self.cell())),
                    &self.moved(&text)?,
                )
            }
            _ => {
                let moved = self.moved(&text)?;
                if moved == text {
                    return Ok(());
                }
                tag("", &moved)
            }
        };
        self.edits.put(of.begin..end, new);
        Ok(())
    }

    /// Something of the sheet that lies outside of its cells.
    fn outside(&mut self, start: &BytesStart<'_>, is_empty: bool, range: Range<usize>) {
        let kind = local(start);
        let mut new = Vec::new();
        if self.own {
            if let Some(ranges) = attribute(start, "sqref") {
                new.push(("sqref", painted(self.push, &ranges)));
            }
            if let Some(range) = attribute(start, "ref") {
                let moves = ["mergeCell", "hyperlink", "dimension"].contains(&kind.as_str());
                new.push(("ref", if moves { self.push.shifted(&range) } else { self.push.painted(&range) }));
            }
            // A break before the foot stays before it.
            if kind == "brk"
                && let Some(row) = attribute(start, "id").and_then(|row| row.parse::<u32>().ok())
            {
                let to = if row + 1 >= self.push.until { row + self.push.by } else { row };
                new.push(("id", to.min(LAST_ROW).to_string()));
            }
        }
        if let Some(to) = attribute(start, "location").filter(|_| kind == "hyperlink") {
            let stands = if self.own { Stands::InRows } else { Stands::Elsewhere };
            if let Ok(moved) = self.push.formula(&to, stands, self.name) {
                new.push(("location", moved));
            }
        }
        new.retain(|(name, value)| attribute(start, name).as_deref() != Some(value));
        if !new.is_empty() {
            self.edits.put(range, retagged(start, is_empty, &new));
        }
    }
}

fn painted(push: &Push, ranges: &str) -> String {
    ranges.split_ascii_whitespace().map(|range| push.painted(range)).collect::<Vec<_>>().join(" ")
}

/// A sheet's XML after rows were inserted into the sheet `name`, which is this one or another.
fn walked(xml: &str, prefix: &str, name: &str, push: &Push, own: bool) -> Result<String, TemplateError> {
    let (edits, shared) = (Edits::default(), HashMap::new());
    let prefix = prefix.to_owned();
    let mut walk = Walk { push, name, own, prefix, edits, row: 0, column: u32::MAX, shared };
    let mut reader = Reader::from_str(xml);
    let mut in_data = false;
    let mut formula: Option<Formula> = None;
    // Of an element whose text names cells, where that text begins; and how a view of the sheet is left alone.
    let (mut text, mut in_view) = (None, 0_usize);
    loop {
        let begin = offset(&reader);
        let event = reader.read_event().map_err(|error| damaged(&error))?;
        let range = begin..offset(&reader);
        let is_empty = matches!(event, Event::Empty(_));
        match event {
            Event::Start(start) | Event::Empty(start) => match local(&start).as_str() {
                "sheetData" => in_data = !is_empty,
                "row" | "c" if in_data => walk.placed(&start, is_empty, range),
                "f" if in_data => {
                    let of = Formula {
                        begin: range.start,
                        text: range.end,
                        kind: attribute(&start, "t"),
                        shared: attribute(&start, "si"),
                        range: attribute(&start, "ref"),
                    };
                    if is_empty {
                        walk.formula(&of, "", range.end)?;
                    } else {
                        formula = Some(of);
                    }
                }
                _ if in_data => {}
                "sheetViews" | "customSheetViews" if !is_empty => in_view += 1,
                _ if in_view > 0 => {}
                kind => {
                    let names = ["formula", "formula1", "formula2", "f", "sqref"].contains(&kind);
                    text = (names && !is_empty).then_some(range.end);
                    walk.outside(&start, is_empty, range);
                }
            },
            Event::End(stop) => {
                let name = stop.name();
                match name.0.rsplit_once(':').map_or(name.0, |(_, local)| local) {
                    "sheetData" => in_data = false,
                    "f" if in_data => {
                        if let Some(of) = formula.take() {
                            walk.formula(&of, &xml[of.text..range.start], range.end)?;
                        }
                    }
                    "sheetViews" | "customSheetViews" => in_view = in_view.saturating_sub(1),
                    kind => {
                        if let Some(begin) = text.take() {
                            let was = plain(&xml[begin..range.start])?;
                            let stands = if own { Stands::InRows } else { Stands::Elsewhere };
                            let is = match kind {
                                "sqref" if own => painted(push, &was),
                                "sqref" => was.clone(),
                                // What cannot be read here names nothing that is known to move.
                                _ => push.formula(&was, stands, walk.name).unwrap_or_else(|_| was.clone()),
                            };
                            if is != was {
                                walk.edits.put(begin..range.start, partial_escape(is.as_str()).into_owned());
                            }
                        }
                    }
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    Ok(walk.edits.of(xml))
}

/// The merges of the last row once more for every row that is inserted behind it.
fn with_merges(xml: String, sheet: &Sheet, push: &Push) -> String {
    let last = push.until - 1;
    let of_last = sheet.merged.iter().filter(|merged| merged.first_row == last && merged.last_row == last);
    let columns: Vec<(u32, u32)> = of_last.map(|merged| (merged.first_column, merged.last_column)).collect();
    let end = format!("</{}mergeCells>", sheet.prefix);
    let Some(at) = xml.rfind(&end).filter(|_| !columns.is_empty() && last >= push.first) else { return xml };
    let mut more = String::new();
    for row in push.until..=push.last() {
        for (from, to) in &columns {
            more.push_str(&format!(
                "<{}mergeCell ref=\"{}{row}:{}{row}\"/>",
                sheet.prefix,
                letters(*from),
                letters(*to)
            ));
        }
    }
    format!("{}{more}{}", &xml[..at], &xml[at..])
}

/// The parts that a sheet's own relations name, by what they are.
fn related(relations: &str, part: &str) -> Result<Vec<(String, String)>, TemplateError> {
    let folder = part.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut found = Vec::new();
    each_tag(relations, |start, _| {
        let (kind, target) = (attribute(start, "Type"), attribute(start, "Target"));
        let (Some(kind), Some(target)) = (kind, target) else { return };
        let kind = kind.rsplit('/').next().unwrap_or_default().to_owned();
        let path = match (target.strip_prefix('/'), target.strip_prefix("../")) {
            (Some(absolute), _) => absolute.to_owned(),
            (None, Some(above)) => {
                let above_it = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
                format!("{above_it}/{above}")
            }
            (None, None) => format!("{folder}/{target}"),
        };
        found.push((kind, path));
    })?;
    Ok(found)
}

impl Template {
    /// The sheet after rows were inserted above its foot; what else in the workbook moves with it goes into `changes`.
    pub(super) fn pushed(
        &self,
        (sheet, name, part): (&Sheet, &str, &str),
        push: &Push,
        changes: &mut Changes,
    ) -> Result<Sheet, TemplateError> {
        self.check_anchored(part, name, push)?;
        for (other, path) in self.sheets.iter().filter(|(_, path)| path != part) {
            let xml = self.part(path)?;
            let read = Sheet::read(xml.clone())?;
            let moved = walked(&xml, &read.prefix, name, push, false).map_err(|error| match error {
                TemplateError::Foot { cell, why } => stuck(format!("{other}!{cell}"), why),
                error => error,
            })?;
            if moved != xml {
                changes.insert(path.clone(), Some(moved));
            }
        }
        changes.insert(WORKBOOK.to_owned(), Some(self.names_moved(name, push)?));
        self.leave_out_order(changes)?;
        let moved = walked(&sheet.xml, &sheet.prefix, name, push, true)?;
        Ok(Sheet { was_pushed: true, ..Sheet::read(with_merges(moved, sheet, push))? })
    }

    /// The workbook, in which names of cells move along.
    fn names_moved(&self, name: &str, push: &Push) -> Result<String, TemplateError> {
        let xml = self.part(WORKBOOK)?;
        let mut reader = Reader::from_str(&xml);
        let (mut edits, mut text) = (Edits::default(), None);
        loop {
            let begin = offset(&reader);
            match reader.read_event().map_err(|error| damaged(&error))? {
                Event::Start(start) if local(&start) == "definedName" => text = Some(offset(&reader)),
                Event::End(_) => {
                    if let Some(from) = text.take() {
                        let was = plain(&xml[from..begin])?;
                        let is = push.formula(&was, Stands::Elsewhere, name).unwrap_or_else(|_| was.clone());
                        if is != was {
                            edits.put(from..begin, partial_escape(is.as_str()).into_owned());
                        }
                    }
                }
                Event::Eof => break,
                _ => {}
            }
        }
        Ok(edits.of(&xml))
    }

    /// The part that says in which order cells are calculated would name cells that moved; without it the order is found anew.
    fn leave_out_order(&self, changes: &mut Changes) -> Result<(), TemplateError> {
        const ORDER: &str = "xl/calcChain.xml";
        if !self.has(ORDER)? {
            return Ok(());
        }
        changes.insert(ORDER.to_owned(), None);
        for (part, element) in [("[Content_Types].xml", "Override"), (super::part::RELATIONS, "Relationship")]
        {
            let xml = self.part(part)?;
            let mut edits = Edits::default();
            each_tag(&xml, |start, end| {
                let names = |attribute_name| {
                    attribute(start, attribute_name).is_some_and(|value| value.ends_with("calcChain.xml"))
                };
                if local(start) == element && (names("PartName") || names("Target")) {
                    let begin = xml[..end].rfind('<').unwrap_or(end);
                    edits.put(begin..end, String::new());
                }
            })?;
            changes.insert(part.to_owned(), Some(edits.of(&xml)));
        }
        Ok(())
    }

    /// Whether anything that is tied to a place on the sheet, and is not in its cells, would have to move.
    fn check_anchored(&self, part: &str, name: &str, push: &Push) -> Result<(), TemplateError> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let relations = format!("{folder}/_rels/{file}.rels");
        let related =
            if self.has(&relations)? { related(&self.part(&relations)?, part)? } else { Vec::new() };
        let foot = reference(0, push.until);
        for (kind, path) in related {
            let mut found = None;
            match kind.as_str() {
                "comments" | "threadedComment" => each_tag(&self.part(&path)?, |start, _| {
                    let at = attribute(start, "ref").filter(|_| local(start).ends_with("omment"));
                    let below = at.filter(|at| place(at).is_some_and(|(_, row)| row >= push.until));
                    found = found.take().or(below.map(|cell| (cell, Anchored::Comment)));
                })?,
                "table" => each_tag(&self.part(&path)?, |start, _| {
                    let range = attribute(start, "ref").filter(|_| local(start) == "table");
                    let last = range.as_deref().and_then(|range| place(range.rsplit(':').next()?));
                    let below = range.filter(|_| last.is_some_and(|(_, row)| row >= push.first));
                    found = found.take().or(below.map(|range| (range, Anchored::Table)));
                })?,
                "drawing" if self.is_drawn_below(&path, push)? => {
                    found = Some((foot.clone(), Anchored::Picture))
                }
                "pivotTable" => found = Some((foot.clone(), Anchored::Pivot)),
                _ => {}
            }
            if let Some((cell, why)) = found {
                return Err(stuck(cell, why));
            }
        }
        for path in self.names()? {
            if path.starts_with("xl/pivotCache/") {
                return Err(stuck(foot, Anchored::Pivot));
            }
            let is_chart = path.starts_with("xl/charts/chart") && path.ends_with(".xml");
            if is_chart && self.chart_names(&path, name, push)? {
                return Err(stuck(foot, Anchored::Chart));
            }
        }
        Ok(())
    }

    /// Whether anything of a drawing begins or ends below the rows.
    fn is_drawn_below(&self, path: &str, push: &Push) -> Result<bool, TemplateError> {
        let mut below = false;
        self.each_text(path, "row", |text| {
            below |= text.trim().parse::<u32>().is_ok_and(|row| row + 1 >= push.until);
        })?;
        Ok(below)
    }

    /// Whether a chart shows cells that move, or rows that become more.
    fn chart_names(&self, path: &str, name: &str, push: &Push) -> Result<bool, TemplateError> {
        let mut names = false;
        self.each_text(path, "f", |text| {
            names |= push.formula(text, Stands::Elsewhere, name).as_deref() != Ok(text);
        })?;
        Ok(names)
    }

    fn each_text(&self, path: &str, element: &str, mut each: impl FnMut(&str)) -> Result<(), TemplateError> {
        let xml = self.part(path)?;
        let mut reader = Reader::from_str(&xml);
        let mut text = None;
        loop {
            let begin = offset(&reader);
            match reader.read_event().map_err(|error| damaged(&error))? {
                Event::Start(start) if local(&start) == element => text = Some(offset(&reader)),
                Event::End(_) => {
                    if let Some(from) = text.take() {
                        each(&plain(&xml[from..begin])?);
                    }
                }
                Event::Eof => return Ok(()),
                _ => {}
            }
        }
    }
}
