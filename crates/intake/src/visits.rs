//! Visits typed from paper: one line a door ([`read_visits`]), and persons seen ([`read_persons`]).

use jiff::civil::Date;

use crate::DoorLabel;
use crate::cell::{self, IdNumber};
use crate::header::{Column, Header, PERSONS, VISITS};
use crate::message::{Cause, Notice, Reason, Refusal, SkipKind, Skipped};
use crate::roster::{birth_date, date_reason, id_reason, phone_reason, sex};
use crate::rows::{Door, Fault, Rows, Step};
use crate::table::{Table, TableError};

/// One visit to one door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitRow {
    /// 1-based, as the spreadsheet shows it.
    pub row: u64,
    pub area_code: String,
    pub building: DoorLabel,
    pub unit: DoorLabel,
    pub room: DoorLabel,
    /// Milliseconds since 1970 UTC.
    pub at_ms: i64,
    /// 0 met, 1 phone, 2 no answer, 3 vacant, 4 refused, 5 away, 6 no such door.
    pub outcome: u8,
    /// 0 unknown, 1 on, 2 off.
    pub light: u8,
    pub worker: String,
    pub recheck_on: Option<Date>,
    pub note: String,
    /// What was left out of this row.
    pub notices: Vec<Notice>,
}

/// A person seen at a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonRow {
    /// 1-based, as the spreadsheet shows it.
    pub row: u64,
    pub area_code: String,
    pub building: DoorLabel,
    pub unit: DoorLabel,
    pub room: DoorLabel,
    /// Milliseconds since 1970 UTC.
    pub at_ms: i64,
    pub name: String,
    /// `男`, `女` or empty.
    pub sex: String,
    /// `YYYY-MM-DD` or empty.
    pub birth_date: String,
    /// 18 characters; `None` when there was none or it cannot exist.
    pub id_number: Option<String>,
    /// What was written, trimmed. A number that cannot exist is kept here and takes no part in matching.
    pub id_number_as_given: String,
    pub phone: String,
    /// What was left out of this row.
    pub warnings: Vec<Notice>,
}

/// What one row of a sheet of visits became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VisitItem {
    Row(VisitRow),
    Refused(Refusal),
    Skipped(Skipped),
}

/// What one row of a list of persons seen became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PersonItem {
    Row(PersonRow),
    Refused(Refusal),
    Skipped(Skipped),
}

/// An iterator over visits.
pub struct VisitReader {
    rows: Rows,
}

/// An iterator over persons seen.
pub struct PersonReader {
    rows: Rows,
}

/// Reads a sheet of visits.
///
/// # Errors
/// When no row among the first twenty names 小区编码, 房号, 走访时间 and 走访结果, or the table cannot be read.
pub fn read_visits(table: Table) -> Result<VisitReader, TableError> {
    Ok(VisitReader { rows: Rows::open(table, &VISITS, None)? })
}

/// Reads a list of persons seen.
///
/// # Errors
/// When no row among the first twenty names 小区编码, 房号, 走访时间 and 姓名, or the table cannot be read.
pub fn read_persons(table: Table) -> Result<PersonReader, TableError> {
    Ok(PersonReader { rows: Rows::open(table, &PERSONS, None)? })
}

fn at(rows: &Rows) -> Result<i64, Fault> {
    match cell::instant(rows.cell(Column::At)) {
        Ok(Some(at)) => Ok(at),
        Ok(None) => Err((Some(Column::At), Reason::Missing(Column::At))),
        Err(_) => Err((Some(Column::At), Reason::TimeUnreadable)),
    }
}

impl VisitReader {
    /// Refuses the row just read for a reason that only the caller knows, such as a code that is in no database.
    pub fn refuse(&self, cause: Cause) -> Refusal {
        self.rows.refuse_for(cause)
    }

    /// The header, with the headings that were ignored.
    pub fn header(&self) -> &Header {
        &self.rows.header
    }

    /// The table being read.
    pub fn table(&self) -> &Table {
        &self.rows.table
    }

    fn visit(&self) -> Result<VisitItem, Fault> {
        let rows = &self.rows;
        let blank = |column| rows.cell(column).trim().is_empty();
        if blank(Column::At) && blank(Column::Outcome) && blank(Column::Light) && blank(Column::Note) {
            return Ok(VisitItem::Skipped(rows.skip(SkipKind::NotVisited)));
        }
        let Door { area_code, building, unit, room } = rows.door()?;
        let outcome = match cell::outcome(rows.cell(Column::Outcome)) {
            Some(outcome) => outcome,
            None if blank(Column::Outcome) => {
                return Err((Some(Column::Outcome), Reason::Missing(Column::Outcome)));
            }
            None => return Err((Some(Column::Outcome), Reason::OutcomeUnknown)),
        };
        let at_ms = at(rows)?;
        let mut notices = Vec::new();
        let light = cell::light(rows.cell(Column::Light)).unwrap_or_else(|| {
            notices.push(Notice::new(
                Column::Light,
                "light_unreadable",
                "看不懂“亮灯”，按不清楚记",
                "`light` cannot be read; unknown was recorded",
            ));
            0
        });
        // A promise to come back is not to be lost: a date that cannot be read refuses the row.
        let recheck_on = cell::date(rows.cell(Column::RecheckOn))
            .map_err(|fault| (Some(Column::RecheckOn), date_reason(Column::RecheckOn, fault)))?;
        if outcome == cell::AWAY && recheck_on.is_none() {
            notices.push(Notice::new(
                Column::RecheckOn,
                "recheck_missing",
                "外出的住户没有写复查日期，这户仍算没有走到",
                "nobody is there and no day is set to come back; the door still counts as not reached",
            ));
        }
        Ok(VisitItem::Row(VisitRow {
            row: rows.record.number,
            area_code,
            building,
            unit,
            room,
            at_ms,
            outcome,
            light,
            worker: cell::name(rows.cell(Column::Worker)),
            recheck_on,
            note: cell::plain(rows.cell(Column::Note)),
            notices,
        }))
    }
}

impl Iterator for VisitReader {
    type Item = Result<VisitItem, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Ok(match self.rows.next() {
            Err(error) => return Some(Err(error)),
            Ok(None) => return None,
            Ok(Some(Step::Refused(refusal))) => VisitItem::Refused(*refusal),
            Ok(Some(Step::Skipped(skipped))) => VisitItem::Skipped(skipped),
            Ok(Some(Step::Row)) => {
                self.visit().unwrap_or_else(|fault| VisitItem::Refused(self.rows.refuse(&fault)))
            }
        }))
    }
}

impl PersonReader {
    /// Refuses the row just read for a reason that only the caller knows, such as a code that is in no database.
    pub fn refuse(&self, cause: Cause) -> Refusal {
        self.rows.refuse_for(cause)
    }

    /// The header, with the headings that were ignored.
    pub fn header(&self) -> &Header {
        &self.rows.header
    }

    /// The table being read.
    pub fn table(&self) -> &Table {
        &self.rows.table
    }

    fn person(&self) -> Result<PersonItem, Fault> {
        let rows = &self.rows;
        let Door { area_code, building, unit, room } = rows.door()?;
        let at_ms = at(rows)?;
        let mut warnings = Vec::new();
        let given = rows.cell(Column::IdNumber);
        let identity = match cell::id_number(given) {
            IdNumber::Empty => None,
            IdNumber::Valid(identity) => Some(identity),
            IdNumber::Impossible(fault) => {
                warnings.push(Notice::left_out(Column::IdNumber, &id_reason(fault)));
                None
            }
        };
        let written = birth_date(rows.cell(Column::BirthDate), &mut warnings).unwrap_or_else(|reason| {
            warnings.push(Notice::left_out(Column::BirthDate, &reason));
            None
        });
        let in_number = identity.as_ref().map(|identity| identity.birth_date);
        if written.is_some() && in_number.is_some() && written != in_number {
            warnings.push(Notice::left_out(Column::BirthDate, &Reason::IdAgainstBirthDate));
        }
        let phone = cell::phone(rows.cell(Column::Phone)).unwrap_or_else(|fault| {
            warnings.push(Notice::left_out(Column::Phone, &phone_reason(fault)));
            String::new()
        });
        let name = cell::name(rows.cell(Column::Name));
        if name.is_empty() && identity.is_none() && given.trim().is_empty() {
            return Err((Some(Column::Name), Reason::Missing(Column::Name)));
        }
        Ok(PersonItem::Row(PersonRow {
            row: rows.record.number,
            area_code,
            building,
            unit,
            room,
            at_ms,
            name,
            sex: sex(rows.cell(Column::Sex), identity.as_ref().map(|identity| identity.sex), &mut warnings)
                .to_owned(),
            birth_date: in_number.or(written).map(cell::date::iso).unwrap_or_default(),
            id_number_as_given: given.trim().to_owned(),
            id_number: identity.map(|identity| identity.number),
            phone,
            warnings,
        }))
    }
}

impl Iterator for PersonReader {
    type Item = Result<PersonItem, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Ok(match self.rows.next() {
            Err(error) => return Some(Err(error)),
            Ok(None) => return None,
            Ok(Some(Step::Refused(refusal))) => PersonItem::Refused(*refusal),
            Ok(Some(Step::Skipped(skipped))) => PersonItem::Skipped(skipped),
            Ok(Some(Step::Row)) => {
                self.person().unwrap_or_else(|fault| PersonItem::Refused(self.rows.refuse(&fault)))
            }
        }))
    }
}
