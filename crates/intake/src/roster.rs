//! The roster: who is said to live behind which door.

use std::fmt;

use jiff::civil::Date;

use crate::DoorLabel;
use crate::cell::{self, DateFault, IdFault, IdNumber, PhoneFault};
use crate::fill::FILLABLE;
use crate::header::{self, Column, Header, Look, Mapping, ROSTER};
use crate::message::{Cause, Notice, Reason, Refusal, SkipKind, Skipped};
use crate::rows::{Door, Fault, Rows, Step};
use crate::table::{Table, TableError};

/// Nobody is older, in years.
const OLDEST: i16 = 130;

/// A person on the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterRow {
    /// 1-based, as the spreadsheet shows it.
    pub row: u64,
    pub area_code: String,
    /// Empty in a village.
    pub building: DoorLabel,
    pub unit: DoorLabel,
    pub room: DoorLabel,
    pub name: String,
    /// `男`, `女` or empty.
    pub sex: String,
    /// `YYYY-MM-DD` or empty.
    pub birth_date: String,
    /// 18 characters or empty.
    pub id_number: String,
    pub phone: String,
    pub relation: String,
    /// A passport or a permit, as it was written, or empty.
    pub other_document: String,
    /// `home`, `enterprise`, `hotel`, `site`, `market`, `checkpoint` or `other`.
    pub place: Option<&'static str>,
    /// What was left out of this row.
    pub notices: Vec<Notice>,
}

/// A door with nobody on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorRow {
    pub row: u64,
    pub area_code: String,
    pub building: DoorLabel,
    pub unit: DoorLabel,
    pub room: DoorLabel,
    /// `home`, `enterprise`, `hotel`, `site`, `market`, `checkpoint` or `other`.
    pub place: Option<&'static str>,
    pub notices: Vec<Notice>,
}

/// What may be behind a door: the name that facts have for it, and other words for it.
const PLACES: [(&str, &[&str]); 7] = [
    (
        "home",
        &["dwelling", "residence", "住宅", "住房", "住家", "居民", "居住", "自住", "出租", "出租屋", "民房"],
    ),
    (
        "enterprise",
        &["company", "office", "shop", "企业", "单位", "公司", "办公", "商铺", "商户", "门面", "店铺"],
    ),
    ("hotel", &["酒店", "宾馆", "旅馆", "旅社", "民宿", "招待所"]),
    ("site", &["construction site", "工地", "建筑工地"]),
    ("market", &["supermarket", "市场", "菜场", "农贸市场", "集贸市场", "超市"]),
    ("checkpoint", &["卡口", "检查点", "岗亭", "门岗"]),
    ("other", &["其他", "其它"]),
];

/// Nothing if the cell is empty; what cannot be read is a notice.
fn place(text: &str, notices: &mut Vec<Notice>) -> Option<&'static str> {
    let word = cell::plain(text).to_lowercase();
    if word.is_empty() {
        return None;
    }
    let known = PLACES.iter().find(|(name, words)| word == *name || words.contains(&word.as_str()));
    if known.is_none() {
        notices.push(Notice::new(
            Column::Place,
            "place_unreadable",
            "看不懂“场所类型”，没有采用；可写住宅、企业、宾馆、工地、市场、卡口、其他",
            "`place` cannot be read and was left out; write home, enterprise, hotel, site, market, checkpoint or other",
        ));
    }
    known.map(|(name, _)| *name)
}

/// What one row of the table became.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RosterItem {
    Row(RosterRow),
    Door(DoorRow),
    Refused(Refusal),
    Skipped(Skipped),
}

/// An iterator over the rows of a roster.
pub struct RosterReader {
    rows: Rows,
    today: Date,
}

/// Reads a roster. `today` is the day in the campaign's zone.
///
/// # Errors
/// When no row among the first twenty names 小区编码, 房号 and 姓名, or the table cannot be read.
pub fn read_roster(table: Table, today: Date) -> Result<RosterReader, TableError> {
    Ok(RosterReader { rows: Rows::open(table, &ROSTER, None)?, today })
}

/// Reads a roster whose columns a person has told; of one area, if that is given.
///
/// # Errors
/// When a column is missing that a roster needs, or the table cannot be read.
pub fn read_roster_mapped(
    table: Table,
    today: Date,
    mapping: &Mapping,
    area_code: Option<&str>,
) -> Result<RosterReader, TableError> {
    Ok(RosterReader {
        rows: Rows::open_mapped(table, &ROSTER, mapping, area_code.map(str::to_owned))?,
        today,
    })
}

/// Shows a table that shall be a roster, and what its headings say.
///
/// # Errors
/// When the table cannot be read.
pub fn look_at_roster(table: &mut Table) -> Result<Look, TableError> {
    header::look(table, &ROSTER)
}

/// Cells of one column that are blank below a filled one, and could be taken from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blanks {
    pub column: Column,
    pub rows: u64,
    /// The first two.
    pub samples: Vec<Blank>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq)]
pub struct Blank {
    pub row: u64,
    /// The row that has the value.
    pub above: u64,
    pub value: String,
    /// What the row itself says of where it is and of whom.
    pub says: Vec<String>,
}

impl fmt::Debug for Blank {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "row {} from {}", self.row, self.above)
    }
}

/// How many of each column are shown.
const SHOWN: usize = 2;

/// What could be taken from the row above, if all of it were; the columns as a person says, of one area if that is given.
///
/// # Errors
/// When the table cannot be read.
pub fn blanks_of_roster(
    table: Table,
    mapping: &Mapping,
    area_code: Option<&str>,
) -> Result<Vec<Blanks>, TableError> {
    let mapping = Mapping { fill_down: FILLABLE.to_vec(), ..mapping.clone() };
    let mut rows = Rows::open_loosely(table, &mapping, area_code.map(str::to_owned))?;
    let mut found: Vec<Blanks> = Vec::new();
    while let Some(step) = rows.next()? {
        if !matches!(step, Step::Row) {
            continue;
        }
        for taken in rows.fill.taken() {
            let at = found.iter().position(|blanks| blanks.column == taken.column).unwrap_or_else(|| {
                found.push(Blanks { column: taken.column, rows: 0, samples: Vec::new() });
                found.len() - 1
            });
            found[at].rows += 1;
            if found[at].samples.len() < SHOWN {
                let says = FILLABLE.into_iter().chain([Column::Name]);
                let says = says.map(|column| rows.header.cell(&rows.record, column).trim().to_owned());
                found[at].samples.push(Blank {
                    row: rows.record.number,
                    above: taken.written_in,
                    value: taken.text.to_owned(),
                    says: says.filter(|text| !text.is_empty()).collect(),
                });
            }
        }
    }
    found.sort_by_key(|blanks| blanks.column);
    Ok(found)
}

/// Reads a roster of one area: where a row or the whole table has no area code, it is `area_code`.
///
/// # Errors
/// As [`read_roster`], without the need for 小区编码.
pub fn read_roster_of_area(table: Table, today: Date, area_code: &str) -> Result<RosterReader, TableError> {
    Ok(RosterReader { rows: Rows::open(table, &ROSTER, Some(area_code.to_owned()))?, today })
}

impl RosterReader {
    /// Refuses the row just read for a reason that only the caller knows, such as a code that is in no database.
    pub fn refuse(&self, cause: Cause) -> Refusal {
        self.rows.refuse_for(cause)
    }

    /// In how many of the rows so far a column was taken from the row above; those that were in any.
    pub fn filled(&self) -> Vec<(Column, u64)> {
        self.rows.fill.counts()
    }

    /// The header, with the headings that were ignored.
    pub fn header(&self) -> &Header {
        &self.rows.header
    }

    /// The table being read, for its encoding, its sheet and a progress bar.
    pub fn table(&self) -> &Table {
        &self.rows.table
    }

    fn person(&self) -> Result<RosterItem, Vec<Fault>> {
        let rows = &self.rows;
        let cell = |column| rows.cell(column);
        let number = rows.record.number;
        let door = rows.door();
        let mut notices = Vec::new();
        let place = place(cell(Column::Place), &mut notices);
        let name = cell::name(cell(Column::Name));
        if name.is_empty() || is_vacant(&name) {
            let personal = [
                Column::Sex,
                Column::BirthDate,
                Column::IdNumber,
                Column::Phone,
                Column::Relation,
                Column::OtherDocument,
            ];
            if personal.iter().all(|column| cell(*column).trim().is_empty()) {
                let Door { area_code, building, unit, room } = door.map_err(|fault| vec![fault])?;
                return Ok(RosterItem::Door(DoorRow {
                    row: number,
                    area_code,
                    building,
                    unit,
                    room,
                    place,
                    notices,
                }));
            }
        }
        let name_fault = if name.is_empty() || is_vacant(&name) {
            Some(Reason::Missing(Column::Name))
        } else {
            (!name.chars().any(char::is_alphabetic)).then_some(Reason::NameUnreadable)
        };
        let person = Person::read(rows, self.today, &mut notices);
        let (Door { area_code, building, unit, room }, person) = match (door, name_fault, person) {
            (Ok(door), None, Ok(person)) => (door, person),
            (door, name_fault, person) => {
                let name_fault = name_fault.map(|reason| (Some(Column::Name), reason));
                let faults = door.err().into_iter().chain(name_fault);
                return Err(faults.chain(person.err().into_iter().flatten()).collect());
            }
        };
        Ok(RosterItem::Row(RosterRow {
            row: number,
            area_code,
            building,
            unit,
            room,
            name,
            sex: person.sex.to_owned(),
            birth_date: person.birth_date,
            id_number: person.id_number,
            phone: person.phone,
            relation: cell::plain(cell(Column::Relation)),
            other_document: cell::plain(cell(Column::OtherDocument)),
            place,
            notices,
        }))
    }
}

impl Iterator for RosterReader {
    type Item = Result<RosterItem, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(Ok(match self.rows.next() {
            Err(error) => return Some(Err(error)),
            Ok(None) => return None,
            Ok(Some(Step::Refused(refusal))) => RosterItem::Refused(*refusal),
            Ok(Some(Step::Skipped(skipped))) => RosterItem::Skipped(skipped),
            Ok(Some(Step::Row)) => {
                self.person().unwrap_or_else(|faults| RosterItem::Refused(self.rows.refuse_all(&faults)))
            }
        }))
    }
}

/// 空置 in the column of names is a vacant door and nobody's name.
fn is_vacant(name: &str) -> bool {
    matches!(
        name,
        "空置" | "空房" | "空户" | "空置房" | "无人居住" | "无人" | "空" | "无" | "-" | "/" | "vacant"
    )
}

struct Person {
    sex: &'static str,
    birth_date: String,
    id_number: String,
    phone: String,
}

impl Person {
    /// Every cell by itself, so that all that is wrong with a row is told at once.
    fn read(rows: &Rows, today: Date, notices: &mut Vec<Notice>) -> Result<Self, Vec<Fault>> {
        let mut faults: Vec<Fault> = Vec::new();
        let identity = match cell::id_number(rows.cell(Column::IdNumber)) {
            IdNumber::Empty => None,
            IdNumber::Valid(identity) => Some(identity),
            IdNumber::Impossible(fault) => {
                faults.push((Some(Column::IdNumber), id_reason(fault)));
                None
            }
        };
        let written = birth_date(rows.cell(Column::BirthDate), notices).unwrap_or_else(|reason| {
            faults.push((Some(Column::BirthDate), reason));
            None
        });
        let birth_date = match (&identity, written) {
            (Some(identity), Some(written)) if identity.birth_date != written => {
                faults.push((Some(Column::BirthDate), Reason::IdAgainstBirthDate));
                None
            }
            (Some(identity), _) => Some(identity.birth_date),
            (None, written) => written,
        };
        if let Some(date) = birth_date {
            let column = if written.is_some() { Column::BirthDate } else { Column::IdNumber };
            if date > today {
                faults.push((Some(column), Reason::BirthDateInFuture));
            } else if is_too_old(date, today) {
                faults.push((Some(column), Reason::BirthDateTooOld));
            }
        }
        let phone = cell::phone(rows.cell(Column::Phone)).unwrap_or_else(|fault| {
            faults.push((Some(Column::Phone), phone_reason(fault)));
            String::new()
        });
        notices.extend(cell::incomplete(&phone).map(Notice::phone_incomplete));
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self {
            sex: sex(rows.cell(Column::Sex), identity.as_ref().map(|identity| identity.sex), notices),
            birth_date: birth_date.map(cell::date::iso).unwrap_or_default(),
            id_number: identity.map(|identity| identity.number).unwrap_or_default(),
            phone,
        })
    }
}

fn is_too_old(birth: Date, today: Date) -> bool {
    let before_birthday = (today.month(), today.day()) < (birth.month(), birth.day());
    today.year() - birth.year() - i16::from(before_birthday) > OLDEST
}

pub(crate) fn id_reason(fault: IdFault) -> Reason {
    match fault {
        IdFault::Length { found } => Reason::IdLength { found },
        IdFault::Characters => Reason::IdCharacters,
        IdFault::BirthDate => Reason::IdBirthDate,
        IdFault::Check => Reason::IdCheck,
        IdFault::Destroyed => Reason::Destroyed(Column::IdNumber),
    }
}

pub(crate) fn phone_reason(fault: PhoneFault) -> Reason {
    match fault {
        PhoneFault::NotDigits => Reason::PhoneNotDigits,
        PhoneFault::TooShort { found } => Reason::PhoneTooShort { found },
        PhoneFault::TooLong { found } => Reason::PhoneTooLong { found },
        PhoneFault::Destroyed => Reason::Destroyed(Column::Phone),
    }
}

pub(crate) fn date_reason(column: Column, fault: DateFault) -> Reason {
    match fault {
        DateFault::Unreadable | DateFault::NoDay => Reason::DateUnreadable(column),
        DateFault::DoesNotExist => Reason::DateDoesNotExist(column),
        DateFault::ShortYear => Reason::DateShortYear(column),
    }
}

/// A birth date of year and month is left out with a notice: many forms ask for 出生年月 only.
pub(crate) fn birth_date(text: &str, notices: &mut Vec<Notice>) -> Result<Option<Date>, Reason> {
    match cell::birth_date(text) {
        Ok(date) => Ok(date),
        Err(DateFault::NoDay) => {
            notices.push(Notice::new(
                Column::BirthDate,
                "birth_date_without_day",
                "出生日期只有年月，没有采用",
                "the birth date has no day and was left out",
            ));
            Ok(None)
        }
        Err(fault) => Err(date_reason(Column::BirthDate, fault)),
    }
}

/// The sex that is written, or the one inside the identity number; where they differ the number wins, with a notice.
pub(crate) fn sex(text: &str, in_number: Option<&'static str>, notices: &mut Vec<Notice>) -> &'static str {
    let written = cell::sex(text.trim());
    if written.is_none() {
        notices.push(Notice::new(
            Column::Sex,
            "sex_unreadable",
            "看不懂“性别”，没有采用",
            "`sex` cannot be read and was left out",
        ));
    }
    match (written.unwrap_or(""), in_number) {
        ("", in_number) => in_number.unwrap_or(""),
        (written, Some(number)) if written != number => {
            notices.push(Notice::new(
                Column::Sex,
                "sex_against_id",
                "“性别”与身份证号不一致，已按身份证号",
                "`sex` is not that of `id_number`; the number was followed",
            ));
            number
        }
        (written, _) => written,
    }
}

/// Counts how rows ended, for a summary that adds up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterCounts {
    pub rows: u64,
    pub doors: u64,
    pub refused: u64,
    pub repeated_headers: u64,
    pub totals: u64,
    pub footers: u64,
}

impl RosterCounts {
    /// Counts one item.
    pub fn add(&mut self, item: &RosterItem) {
        *match item {
            RosterItem::Row(_) => &mut self.rows,
            RosterItem::Door(_) => &mut self.doors,
            RosterItem::Refused(_) => &mut self.refused,
            RosterItem::Skipped(skipped) => match skipped.kind {
                SkipKind::RepeatedHeader => &mut self.repeated_headers,
                SkipKind::Total => &mut self.totals,
                SkipKind::Footer | SkipKind::NotVisited => &mut self.footers,
            },
        } += 1;
    }

    /// All rows behind the header that are not blank.
    pub fn total(&self) -> u64 {
        self.rows + self.doors + self.refused + self.repeated_headers + self.totals + self.footers
    }
}
