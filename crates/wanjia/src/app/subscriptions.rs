//! Departments' sheets: which columns may go into one, whose rows, and a copy filled as of now.

use std::collections::BTreeSet;

use domain::area::AreaNumber;
use domain::fact::{Body, Place};
use domain::id::{ActorId, SubscriptionId};
use domain::state::{Book, Labels, SweepNumber};
use domain::subscription::{Blank, RowsOf, Standing, Subscription, Taken, TakenRow, Use};
use domain::sweep::Reason;
use domain::time::{Millis, campaign_zone, day_of, from_day};
use intake::header::{AREAS_SHEET, Column, DWELLINGS_SHEET, Mapping, PEOPLE_SHEET, Schema};
use intake::message::Lang;
use intake::sheet::outcome_word;
use intake::template::{MOST_ROWS, Template, TemplateError, Value};
use jiff::Timestamp;
use jiff::civil::Date;
use store::lists::Wanted;
use store::query::Door;
use store::{Reader, Sealed, Store};

use super::addresses::{area_name, compound_of, door_in_words};
use super::failure::{Failure, Result};

/// A sweep that no territory has: doors are then as if nobody had knocked.
const NO_SWEEP: SweepNumber = SweepNumber::MAX;

/// The closed list of what may go into a sheet with such rows.
#[must_use]
pub fn schema_of(rows: RowsOf) -> &'static Schema {
    match rows {
        RowsOf::People => &PEOPLE_SHEET,
        RowsOf::Dwellings | RowsOf::Residual => &DWELLINGS_SHEET,
        RowsOf::Areas => &AREAS_SHEET,
    }
}

/// A sheet filled as of now.
pub struct Filled {
    pub workbook: Vec<u8>,
    pub taken: Taken,
}

/// A new subscription, as someone asks for it.
pub struct NewSubscription {
    pub area: String,
    pub rows: RowsOf,
    pub department: String,
    pub name: String,
    pub basis: String,
    pub last_day: Date,
    pub mapping: Mapping,
}

impl From<TemplateError> for Failure {
    fn from(error: TemplateError) -> Self {
        Self::new(error.code(), error.zh(), error.en())
    }
}

/// One row: whose it is, and its values in the order of the fields.
struct Row {
    of: [u8; 16],
    values: Vec<Value>,
}

/// What is the same in all rows of a sheet.
#[derive(Clone, Copy)]
struct Sheet {
    lang: Lang,
    today: Date,
    /// Its doors lie in several compounds or communities.
    has_compounds: bool,
}

/// What is known where a row is made.
struct Here<'a> {
    area_code: &'a str,
    area_name: &'a str,
    /// What an address begins with if the sheet has several compounds, else empty.
    compound: &'a str,
    sheet: Sheet,
}

/// Keeps a department's sheet.
///
/// # Errors
/// Those of the storage.
pub fn keep(
    store: &mut Store,
    actor: ActorId,
    new: &NewSubscription,
    template: &Template,
    now: Millis,
) -> Result<SubscriptionId> {
    let columns = &new.mapping.columns;
    let blank = Blank {
        sheet: new.mapping.sheet as u64,
        row: new.mapping.row,
        places: columns.iter().map(|(_, place)| *place as u64).collect(),
        workbook: template.bytes().to_vec(),
    };
    let plaintext = blank.encode();
    Ok(store.write(now, |batch| {
        let subscription = batch.new_id()?;
        let body = Body::Subscribed {
            subscription,
            area: new.area.clone(),
            rows: new.rows,
            department: new.department.clone(),
            name: new.name.clone(),
            basis: new.basis.clone(),
            last_day: domain::time::to_day(new.last_day),
            fields: columns.iter().map(|(column, _)| column.en().to_owned()).collect(),
        };
        batch.append(
            actor,
            body,
            Some(Sealed { owner: subscription, plaintext: &plaintext, fresh: true }),
        )?;
        Ok(subscription)
    })?)
}

/// Writes down a use of a sheet if it stands so that it may be used like this; otherwise tells how it stands. Only when this
/// is on the disk may a sheet be given to anybody.
///
/// # Errors
/// Those of the storage.
pub fn write_down(
    store: &mut Store,
    actor: ActorId,
    id: SubscriptionId,
    (with, taken): (Use, Option<&Taken>),
    now: Millis,
) -> Result<std::result::Result<(), Standing>> {
    let found = store.book().subscription(id);
    let standing = found.map_or(Standing::Over, |found| found.standing(day_of(now)));
    let may = match with {
        Use::Approved => standing == Standing::Waiting,
        Use::Taken { .. } => standing == Standing::InForce,
        Use::Ended => standing != Standing::Over,
    };
    if !may {
        return Ok(Err(standing));
    }
    let plaintext = taken.map(Taken::encode);
    let sealed = plaintext.as_deref().map(|plaintext| Sealed { owner: id, plaintext, fresh: false });
    store
        .write(now, |batch| batch.append(actor, Body::SubscriptionUsed { subscription: id, with }, sealed))?;
    Ok(Ok(()))
}

/// The sheet of a subscription as it would be taken now.
///
/// # Errors
/// `template_full` if the rows do not fit any more, `no_sweep`, and those of the storage.
pub fn fill(reader: &mut Reader, subscription: &Subscription, now: Millis) -> Result<Filled> {
    let blank = reader.blank_of(subscription)?.ok_or_else(no_blank)?;
    let schema = schema_of(subscription.rows);
    let columns = subscription
        .fields
        .iter()
        .zip(&blank.places)
        .filter_map(|(field, place)| Some((schema.column(field)?, usize::try_from(*place).ok()?)));
    let mapping = Mapping {
        sheet: usize::try_from(blank.sheet).unwrap_or(usize::MAX),
        row: blank.row,
        columns: columns.collect(),
        fill_down: Vec::new(),
    };
    let template = Template::open(blank.workbook)?;
    let look = template.look(schema)?;
    let is_chinese = look.places.iter().any(|place| place.heading.chars().any(|c| c >= '\u{4E00}'));
    let lang = if is_chinese { Lang::Zh } else { Lang::En };
    let fields: Vec<Column> = mapping.columns.iter().map(|(column, _)| *column).collect();
    let rows = rows_of(reader, (subscription.area, subscription.rows), &fields, lang, now)?;
    let taken = taken(reader, &fields, &rows)?;
    let values: Vec<Vec<Value>> = rows.into_iter().map(|row| row.values).collect();
    Ok(Filled { workbook: template.fill(&mapping, &values)?, taken })
}

fn no_blank() -> Failure {
    Failure::new(
        "no_template",
        "这张表的空白表已经删除；请重新上传",
        "the blank workbook of this sheet was erased; bring it again",
    )
}

/// How many rows such a sheet has now.
///
/// # Errors
/// As [`fill`].
pub fn count(reader: &mut Reader, area: AreaNumber, rows: RowsOf, now: Millis) -> Result<usize> {
    Ok(rows_of(reader, (area, rows), &[], Lang::Zh, now)?.len())
}

fn taken(reader: &Reader, fields: &[Column], rows: &[Row]) -> Result<Taken> {
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        // A row that only stands at another place is not another row.
        let said = fields.iter().zip(&row.values).filter(|(field, _)| **field != Column::Serial);
        let said: Vec<String> = said
            .map(|(_, value)| match value {
                Value::Text(text) => text.clone(),
                Value::Number(number) => number.to_string(),
                Value::Nothing => String::new(),
            })
            .collect();
        taken.push(TakenRow { of: row.of, tag: reader.row_tag(&said.join("\u{1F}"))? });
    }
    Ok(Taken(taken))
}

/// The sweep by which an area's doors are told: the newest open one that covers it, else the newest.
fn sweep_of(reader: &Reader, area: AreaNumber) -> Option<SweepNumber> {
    let book = reader.book();
    let covering = (0..)
        .zip(&book.sweeps)
        .filter(|(_, sweep)| sweep.withdrawn.is_none() && book.areas.is_within(area, sweep.area));
    covering
        .max_by_key(|(number, sweep)| (sweep.closed_at.is_none(), sweep.opened_at, *number))
        .map(|(number, _)| number)
}

fn rows_of(
    reader: &mut Reader,
    (area, rows): (AreaNumber, RowsOf),
    fields: &[Column],
    lang: Lang,
    now: Millis,
) -> Result<Vec<Row>> {
    let sweep = sweep_of(reader, area);
    if sweep.is_none() && matches!(rows, RowsOf::Residual | RowsOf::Areas) {
        return Err(Failure::new(
            "no_sweep",
            "这里还没有开始过排查，没有户数可填",
            "no sweep was opened here yet, so there is nothing to fill in",
        ));
    }
    let sweep = sweep.unwrap_or(NO_SWEEP);
    let compounds: BTreeSet<AreaNumber> =
        reader.areas_with_doors(area)?.into_iter().map(|door| compound_of(reader.book(), door)).collect();
    let sheet = Sheet { lang, today: from_day(day_of(now)), has_compounds: compounds.len() > 1 };
    match rows {
        RowsOf::Areas => areas(reader, sweep, area, fields),
        RowsOf::Residual => {
            let page = reader.residual_page(sweep, area, &Wanted::default(), None, MOST_ROWS + 1)?;
            let book = reader.book();
            let mut found = Vec::with_capacity(page.rows.len());
            for (number, door, reason) in page.rows {
                let here = here(book, number, sheet);
                let serial = found.len() as u64 + 1;
                let values = fields.iter().map(|field| of_door(*field, serial, &here, &door, Some(reason)));
                found.push(Row { of: door.id.0, values: values.collect() });
            }
            Ok(found)
        }
        RowsOf::Dwellings | RowsOf::People => {
            let mut found = Vec::new();
            for number in reader.areas_with_doors(area)? {
                for door in reader.doors(sweep, number)? {
                    if found.len() > MOST_ROWS {
                        return Ok(found);
                    }
                    if rows == RowsOf::Dwellings {
                        let here = here(reader.book(), number, sheet);
                        let serial = found.len() as u64 + 1;
                        let reason = if sweep == NO_SWEEP { None } else { door.reason() };
                        let values = fields.iter().map(|field| of_door(*field, serial, &here, &door, reason));
                        found.push(Row { of: door.id.0, values: values.collect() });
                    } else if door.dwelling.listed > 0 {
                        people(reader, (number, &door), fields, sheet, &mut found)?;
                    }
                }
            }
            Ok(found)
        }
    }
}

fn here(book: &Book, area: AreaNumber, sheet: Sheet) -> Here<'_> {
    let compound = if sheet.has_compounds { area_name(book, compound_of(book, area)) } else { "" };
    let area_name = book.areas.get(area).map_or("", |area| area.name.as_str());
    Here { area_code: book.areas.code(area), area_name, compound, sheet }
}

/// A row for each person whose home a door is.
fn people(
    reader: &mut Reader,
    (area, door): (AreaNumber, &Door),
    fields: &[Column],
    sheet: Sheet,
    found: &mut Vec<Row>,
) -> Result<()> {
    for person in reader.listed_at(door.id)? {
        if reader.home(person)? != Some(door.id) {
            continue;
        }
        if fields.is_empty() {
            found.push(Row { of: person.0, values: Vec::new() });
            continue;
        }
        let Some(identity) = reader.identity(person)? else { continue };
        let here = here(reader.book(), area, sheet);
        let serial = found.len() as u64 + 1;
        let value = |field: &Column| match field {
            Column::Name => Value::text(identity.name.as_str()),
            Column::Sex => Value::text(identity.sex.as_str()),
            Column::BirthDate => Value::text(identity.birth_date.as_str()),
            Column::Age => age(&identity.birth_date, here.sheet.today).map_or(Value::Nothing, Value::Number),
            Column::IdLastFour => Value::text(last_four(&identity.id_number)),
            Column::Phone => Value::text(identity.phone.as_str()),
            Column::Relation => Value::text(identity.relation.as_str()),
            field => of_door(*field, serial, &here, door, None),
        };
        found.push(Row { of: person.0, values: fields.iter().map(value).collect() });
    }
    Ok(())
}

fn areas(reader: &Reader, sweep: SweepNumber, area: AreaNumber, fields: &[Column]) -> Result<Vec<Row>> {
    let areas = &reader.book().areas;
    let mut numbers = areas.children(area).to_vec();
    if numbers.is_empty() {
        numbers.push(area);
    }
    numbers.sort_by(|a, b| areas.code(*a).cmp(areas.code(*b)));
    let mut found = Vec::with_capacity(numbers.len());
    for number in numbers {
        let counted = reader.coverage(sweep, number)?;
        let serial = found.len() as u64 + 1;
        let value = |field: &Column| {
            let count = match field {
                Column::Serial => return Value::Number(serial),
                Column::AreaCode => return Value::text(areas.code(number)),
                Column::AreaName => {
                    return Value::text(areas.get(number).map_or("", |area| area.name.as_str()));
                }
                Column::Dwellings => counted.dwellings,
                Column::Accounted => counted.accounted,
                Column::Residual => counted.residual,
                Column::PersonsListed => counted.persons_listed,
                Column::PersonsReached => counted.persons_reached,
                Column::LitUnlisted => counted.lit_unlisted,
                Column::ListedDark => counted.listed_dark,
                _ => return Value::Nothing,
            };
            Value::Number(count.try_into().unwrap_or(0))
        };
        let mut of = [0; 16];
        of[12..].copy_from_slice(&number.to_be_bytes());
        found.push(Row { of, values: fields.iter().map(value).collect() });
    }
    Ok(found)
}

fn of_door(field: Column, serial: u64, here: &Here<'_>, door: &Door, reason: Option<Reason>) -> Value {
    let Labels { building, unit, room } = &door.labels;
    let visit = door.round.visit.as_ref();
    let lang = here.sheet.lang;
    match field {
        Column::Serial => Value::Number(serial),
        Column::AreaCode => Value::text(here.area_code),
        Column::AreaName => Value::text(here.area_name),
        Column::Building => Value::text(building.as_str()),
        Column::Unit => Value::text(unit.as_str()),
        Column::Room => Value::text(room.as_str()),
        Column::FullAddress => {
            let door = door_in_words(lang, &door.labels);
            let said = [here.compound, &door].into_iter().filter(|part| !part.is_empty());
            Value::text(said.collect::<Vec<_>>().join(lang.pick("", " ")))
        }
        Column::Place => Value::text(place_word(door.dwelling.place, lang)),
        Column::Listed => Value::Number(door.dwelling.listed.into()),
        Column::Outcome => Value::text(visit.map_or("", |visit| outcome_word(visit.outcome as u8, lang))),
        Column::At => Value::text(visit.map_or(String::new(), |visit| local(visit.stamp.at))),
        Column::RecheckOn => {
            let day = visit.and_then(|visit| visit.recheck_on);
            Value::text(day.map_or(String::new(), |day| from_day(day).to_string()))
        }
        Column::Reason => Value::text(reason.map_or("", |reason| reason_word(reason, lang))),
        _ => Value::Nothing,
    }
}

/// To the minute, in the campaign's zone.
fn local(at: Millis) -> String {
    let at = Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH);
    campaign_zone().to_datetime(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// Nobody reads a number in full (docs/privacy.toml).
fn last_four(id_number: &str) -> &str {
    id_number.char_indices().rev().nth(3).map_or(id_number, |(at, _)| &id_number[at..])
}

/// In full years.
fn age(birth_date: &str, today: Date) -> Option<u64> {
    let birth: Date = birth_date.parse().ok()?;
    let before = (today.month(), today.day()) < (birth.month(), birth.day());
    u64::try_from(today.year() - birth.year() - i16::from(before)).ok()
}

fn place_word(place: Place, lang: Lang) -> &'static str {
    match place {
        Place::Home => lang.pick("住宅", "home"),
        Place::Enterprise => lang.pick("企业", "enterprise"),
        Place::Hotel => lang.pick("宾馆", "hotel"),
        Place::Site => lang.pick("工地", "site"),
        Place::Market => lang.pick("市场", "market"),
        Place::Checkpoint => lang.pick("卡口", "checkpoint"),
        Place::Other => lang.pick("其他", "other"),
    }
}

fn reason_word(reason: Reason, lang: Lang) -> &'static str {
    match reason {
        Reason::NeverVisited => lang.pick("还没有走访", "not visited yet"),
        Reason::NoAnswer => lang.pick("没有联系上", "nobody was reached"),
        Reason::RefusedUnsigned => lang.pick("拒访，没有签字", "refused, not signed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn an_age_is_in_full_years() {
        let at = |birth, today| age(birth, today);
        assert_eq!(at("1950-05-05", date(2020, 5, 4)), Some(69));
        assert_eq!(at("1950-05-05", date(2020, 5, 5)), Some(70));
        assert_eq!(at("2020-02-29", date(2021, 2, 28)), Some(0));
        assert_eq!([at("", date(2020, 1, 1)), at("2021-01-01", date(2020, 1, 1))], [None, None]);
    }
}
