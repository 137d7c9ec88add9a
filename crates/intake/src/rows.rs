//! What all readers share: rows behind the header, without repeated headers, totals and torn rows.

use crate::cell::{area_code, door::DoorLabel, door::door, fold_width, looks_rounded};
use crate::fill::Fill;
use crate::header::{self, Column, Header, Mapping, Schema};
use crate::message::{Cause, Cells, Reason, Refusal, SkipKind, Skipped, ValueClass};
use crate::table::{Record, Table, TableError, Trouble};

/// A fault in one column, or in the whole row.
pub(crate) type Fault = (Option<Column>, Reason);

pub(crate) enum Step {
    /// `Rows::record` holds a row to be read.
    Row,
    Refused(Box<Refusal>),
    Skipped(Skipped),
}

/// The place of a row.
pub(crate) struct Door {
    pub(crate) area_code: String,
    pub(crate) building: DoorLabel,
    pub(crate) unit: DoorLabel,
    pub(crate) room: DoorLabel,
}

pub(crate) struct Rows {
    pub(crate) table: Table,
    pub(crate) header: Header,
    pub(crate) record: Record,
    /// Taken where a row or the whole table has no area code.
    area_code: Option<String>,
    pub(crate) fill: Fill,
}

impl Rows {
    pub(crate) fn open(
        mut table: Table,
        schema: &Schema,
        area_code: Option<String>,
    ) -> Result<Self, TableError> {
        let given = area_code.is_some();
        let header = header::find(&mut table, schema, |column| !(given && column == Column::AreaCode))?;
        Ok(Self { table, header, record: Record::default(), area_code, fill: Fill::default() })
    }

    /// As a person says which column is which.
    pub(crate) fn open_mapped(
        mut table: Table,
        schema: &Schema,
        mapping: &Mapping,
        area_code: Option<String>,
    ) -> Result<Self, TableError> {
        let given = area_code.is_some();
        let may_lack = |column| given && column == Column::AreaCode;
        let needed: Vec<Column> =
            schema.required.iter().copied().filter(|column| !may_lack(*column)).collect();
        let header = header::take(&mut table, mapping, &needed)?;
        let fill = Fill::new(&mapping.fill_down, &header);
        Ok(Self { table, header, record: Record::default(), area_code, fill })
    }

    /// As a person says which column is which who may not have said all.
    pub(crate) fn open_loosely(
        mut table: Table,
        mapping: &Mapping,
        area_code: Option<String>,
    ) -> Result<Self, TableError> {
        let header = header::take(&mut table, mapping, &[])?;
        let fill = Fill::new(&mapping.fill_down, &header);
        Ok(Self { table, header, record: Record::default(), area_code, fill })
    }

    /// A row as it was written, or what was taken for it from the one above.
    pub(crate) fn cell(&self, column: Column) -> &str {
        let taken = self.fill.taken().find(|taken| taken.column == column);
        taken.map_or_else(|| self.header.cell(&self.record, column), |taken| taken.text)
    }

    /// What goes back to whoever mends the row: by itself it must say where it is.
    fn cells(&self) -> Vec<String> {
        let mut cells = self.record.cells();
        for taken in self.fill.taken() {
            let Some(place) = self.header.place(taken.column) else { continue };
            if cells.len() <= place {
                cells.resize(place + 1, String::new());
            }
            taken.text.clone_into(&mut cells[place]);
        }
        cells
    }

    pub(crate) fn next(&mut self) -> Result<Option<Step>, TableError> {
        self.fill.begin();
        if !self.table.read_record(&mut self.record)? {
            return Ok(None);
        }
        let skipped = |kind| Ok(Some(Step::Skipped(Skipped { row: self.record.number, kind })));
        if let Some(trouble) = self.record.trouble {
            let reason = match trouble {
                Trouble::OpenQuote => Reason::OpenQuote,
                Trouble::TooLong => Reason::TooLong,
                Trouble::Damaged => Reason::Damaged,
                Trouble::Unreadable => Reason::Unreadable,
            };
            self.fill.end();
            return Ok(Some(Step::Refused(Box::new(self.refuse(&(None, reason))))));
        }
        if self.header.repeats_in(&self.record) {
            self.fill.pass(&self.record);
            return skipped(SkipKind::RepeatedHeader);
        }
        if self.is_total() {
            self.fill.end();
            return skipped(SkipKind::Total);
        }
        if self.is_footer() {
            self.fill.end();
            return skipped(SkipKind::Footer);
        }
        if self.table.counts_cells() {
            let (found, expected) = (self.record.len(), self.header.shown.len());
            let reason = if found < expected {
                Some(Reason::TooFewCells { found, expected })
            } else if found > expected && self.record.filled() > expected {
                Some(Reason::TooManyCells { found, expected })
            } else {
                None
            };
            if let Some(reason) = reason {
                self.fill.end();
                return Ok(Some(Step::Refused(Box::new(self.refuse(&(None, reason))))));
            }
        }
        self.fill.read(&self.header, &self.record, self.area_code.as_deref());
        Ok(Some(Step::Row))
    }

    pub(crate) fn refuse(&self, (column, reason): &Fault) -> Refusal {
        let value = column.map_or("", |column| self.cell(column));
        let mut refusal = Refusal::new(self.record.number, *column, value, reason);
        refusal.cells.0 = self.cells();
        refusal
    }

    /// A row with several faults is told of once, with all of them; its field is that of the first.
    pub(crate) fn refuse_all(&self, faults: &[Fault]) -> Refusal {
        let mut all = faults.iter().map(|fault| self.refuse(fault));
        let mut refusal = all.next().unwrap_or_else(|| self.refuse(&(None, Reason::Damaged)));
        for more in all {
            let behind = |text: &str, mark: &str| {
                text.split_once(mark).map_or_else(|| text.to_owned(), |(_, behind)| behind.to_owned())
            };
            refusal.zh += &format!("；{}", behind(&more.zh, "："));
            refusal.en += &format!("; {}", behind(&more.en, ": "));
            if !refusal.remedy_en.contains(&more.remedy_en) {
                refusal.remedy_zh += &format!("；{}", more.remedy_zh);
                refusal.remedy_en += &format!("; {}", more.remedy_en);
            }
        }
        refusal
    }

    pub(crate) fn refuse_for(&self, cause: Cause) -> Refusal {
        Refusal {
            row: self.record.number,
            field: cause.field,
            value_class: ValueClass::of(""),
            code: cause.code,
            zh: format!("第{}行：{}", self.record.number, cause.zh),
            en: format!("row {}: {}", self.record.number, cause.en),
            remedy_zh: cause.remedy_zh,
            remedy_en: cause.remedy_en,
            cells: Cells(self.cells()),
        }
    }

    pub(crate) fn skip(&self, kind: SkipKind) -> Skipped {
        Skipped { row: self.record.number, kind }
    }

    /// Reads where the row is.
    pub(crate) fn door(&self) -> Result<Door, Fault> {
        let fault = |column, reason| Err((Some(column), reason));
        let cell = self.cell(Column::AreaCode);
        let code = match (area_code(cell), &self.area_code) {
            (Some(code), Some(given)) if code.is_empty() => given.clone(),
            (Some(code), None) if code.is_empty() => {
                return fault(Column::AreaCode, Reason::Missing(Column::AreaCode));
            }
            (Some(code), _) => code,
            (None, _) if looks_rounded(&fold_width(cell)) => {
                return fault(Column::AreaCode, Reason::Destroyed(Column::AreaCode));
            }
            (None, _) => return fault(Column::AreaCode, Reason::AreaCodeUnreadable),
        };
        let (building, unit, room) =
            door(self.cell(Column::Building), self.cell(Column::Unit), self.cell(Column::Room));
        if room.is_empty() {
            return fault(Column::Room, Reason::Missing(Column::Room));
        }
        Ok(Door { area_code: code, building, unit, room })
    }

    /// Whether the row is a sum. A row with an identity number or a phone is a person whatever else stands in it.
    fn is_total(&self) -> bool {
        let name = self.header.place(Column::Name);
        let total = (0..self.record.len()).any(|place| {
            let cell = self.record.cell(place);
            may_be_total(cell) && is_total(cell.trim(), Some(place) == name)
        });
        total && self.cell(Column::IdNumber).trim().is_empty() && self.cell(Column::Phone).trim().is_empty()
    }

    /// Whether the row is a line under the table: 填表人：…
    fn is_footer(&self) -> bool {
        let cells = (0..self.record.len()).map(|place| self.record.cell(place));
        let Some(first) = cells.map(str::trim_start).find(|cell| !cell.is_empty()) else { return false };
        if first.as_bytes()[0].is_ascii_alphanumeric() {
            return false;
        }
        let folded = fold_width(first);
        FOOTERS
            .iter()
            .any(|word| folded.strip_prefix(word).is_some_and(|rest| rest.trim_start().starts_with(':')))
            && self.cell(Column::IdNumber).trim().is_empty()
            && self.cell(Column::Phone).trim().is_empty()
    }
}

const FOOTERS: [&str; 17] = [
    "填表人",
    "制表人",
    "审核人",
    "填报人",
    "负责人",
    "填表日期",
    "制表日期",
    "填报日期",
    "填表单位",
    "制表单位",
    "填报单位",
    "填表时间",
    "填表说明",
    "备注",
    "注",
    "说明",
    "联系人",
];

fn may_be_total(cell: &str) -> bool {
    match cell.as_bytes() {
        [] => false,
        // 合 小 共; 总 本; 累; and whatever stands behind spaces.
        [b' ' | b'\t' | 0xE3, ..] => true,
        [0xE5 | 0xE6 | 0xE7 | b't' | b'T' | b's' | b'S' | b'g' | b'G', ..] => true,
        bytes => bytes.ends_with("计".as_bytes()),
    }
}

fn is_total(cell: &str, in_name: bool) -> bool {
    const WORDS: [&str; 9] =
        ["合计", "总计", "小计", "共计", "累计", "本页合计", "本页小计", "总人数", "总户数"];
    if cell.is_ascii() {
        return ["total", "totals", "subtotal", "sub-total", "sub total", "grand total", "sum"].iter().any(
            |word| {
                cell.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word))
                    && cell[word.len()..]
                        .bytes()
                        .all(|b| b.is_ascii_digit() || matches!(b, b':' | b' ' | b'.' | b','))
            },
        );
    }
    const FIRST: [char; 5] = ['合', '总', '小', '共', '累'];
    if !cell.starts_with(FIRST) && !cell.starts_with(['本', '　']) && !cell.ends_with('计') {
        return false;
    }
    let compact: String = fold_width(cell).chars().filter(|c| *c != ' ').collect();
    let counts =
        |rest: &str| rest.chars().all(|c| c.is_ascii_digit() || ":(),、，.共计人户条名个口家行".contains(c));
    if WORDS.iter().any(|word| compact.strip_prefix(word).is_some_and(counts)) {
        return true;
    }
    if let Some(rest) = compact.strip_prefix('共') {
        return rest.starts_with(|c: char| c.is_ascii_digit()) && counts(rest);
    }
    !in_name && ["合计", "总计", "小计"].iter().any(|word| compact.ends_with(word))
}
