//! Importing a list of people: a preview or the real thing, all or nothing, with every row answered.

use domain::access::Purpose;
use domain::apply;
use domain::area::AreaNumber;
use domain::door::door_key;
use domain::fact::{Body, FoundBy, Place};
use domain::id::{ActorId, DwellingId, Id, PersonId, RosterId};
use domain::identity::Identity;
use domain::state::{Book, Labels, State};
use domain::time::Millis;
use intake::header::Column;
use intake::roster::{RosterItem, RosterReader, RosterRow};
use intake::{Cause, DoorLabel, Notice};
use rustc_hash::{FxHashMap, FxHashSet};
use store::{Batch, Sealed, Store};

use super::addresses::community_of;
use super::attempt::{Stop, Then, attempt};
use super::failure::{Failure, Result};
use super::new_places::Watch;
use super::roster_rows::{Address, Change, Gone, Refusals, RowVerdict, Taken, Tally};

/// A list to be imported: where it comes from and what file it was.
pub struct Roster<'a> {
    pub source: &'a str,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// Length of the file in bytes.
    pub bytes: u64,
    /// Who imports; the territory itself unless given.
    pub actor: Option<ActorId>,
    /// Rows about doors outside this area are refused, and those about people who are known outside it.
    pub within: Option<AreaNumber>,
}

/// From this size on, the tags of a list are put into their index in order, at the end.
const BULK_BYTES: u64 = 8 << 20;

/// Imports a roster, or, with `dry_run`, finds out what importing it would do. After every row `each` hears how many
/// bytes of the file were read.
///
/// A person is known by her ID number, or by name and birth date in her dwelling; a row about someone known changes
/// only what it says differently. The same file again changes nothing.
///
/// # Errors
/// If the file cannot be read to its end, or the territory cannot be written; then nothing has changed.
pub fn import_roster(
    store: &mut Store,
    mut reader: RosterReader,
    roster: &Roster<'_>,
    dry_run: bool,
    now: Millis,
    refusals: &mut dyn Refusals,
    each: &mut dyn FnMut(u64),
) -> Result<Tally> {
    let then = if dry_run { Then::TakeBack } else { Then::Keep };
    let (tally, elsewhere) = attempt(store, now, then, |batch| {
        let mut import = Import::begin(batch, roster)?;
        import.run(&mut reader, refusals, each)?;
        import.tell_gone(refusals)?;
        import.tally.places = std::mem::take(&mut import.watch).finish(import.batch)?;
        Ok((import.tally, import.elsewhere))
    })?;
    // A preview tells it as well, so this is written down apart from the list.
    if let (Some(actor), false) = (roster.actor, elsewhere.is_empty()) {
        store.write(now, |batch| {
            elsewhere.iter().try_for_each(|person| batch.append(actor, found_out(*person), None).map(drop))
        })?;
    }
    Ok(tally)
}

/// Whether someone is listed, or else was last seen, outside an area. Whoever answers for that area alone must not move
/// her by knowing a number of hers.
///
/// # Errors
/// Those of the storage.
pub fn is_elsewhere(batch: &mut Batch<'_>, person: PersonId, within: AreaNumber) -> store::Result<bool> {
    let Some(found) = batch.whereabouts(person)? else { return Ok(false) };
    Ok(!batch.state().book().areas.is_within(found.area, within))
}

/// The fact that someone learnt of a person that she is known in another area.
#[must_use]
pub fn found_out(person: PersonId) -> Body {
    Body::Revealed { person, purpose: Purpose::Correction as u64 }
}

/// Why someone who is known in another area is not put on this one's list. It says neither where nor who.
#[must_use]
pub fn known_elsewhere(field: &'static str) -> Cause {
    Cause {
        field,
        code: "known_elsewhere",
        zh: "这个人已经登记在别的社区".into(),
        en: "this person is known in another community already".into(),
        remedy_zh: "请交给街道或区里负责两边的人登记（这次查询已留痕）".into(),
        remedy_en: "hand it to whoever is responsible for both, at the street or county (that you found it out is recorded)"
            .into(),
    }
}

struct Import<'b, 's> {
    batch: &'b mut Batch<'s>,
    source: &'b str,
    digest: [u8; 32],
    bytes: u64,
    actor: Id,
    within: Option<AreaNumber>,
    roster: Option<RosterId>,
    /// Rosters of the same source, by number.
    same_source: Vec<u32>,
    /// Nobody was known before, so nobody has to be looked for.
    fresh: bool,
    tally: Tally,
    watch: Watch,
    /// By a shortened keyed tag: the row that had this ID number, or this name at this door, first.
    rows: FxHashMap<u64, u32>,
    /// Who was known before and is named here, under canonical ids, and the areas of all rows.
    seen: FxHashSet<PersonId>,
    areas: FxHashSet<AreaNumber>,
    last_area: Option<(String, AreaNumber)>,
    last_door: Option<LastDoor>,
    /// What the row that is being read changes.
    changes: Vec<Change>,
    /// Of how many people that were added it was asked whether they are known elsewhere.
    sought: usize,
    /// Who was refused because she is known outside the area.
    elsewhere: Vec<PersonId>,
}

/// The door of the row before, which most rows share.
struct LastDoor {
    area: AreaNumber,
    key: String,
    said: Option<Place>,
    dwelling: DwellingId,
    address: Address,
}

/// So many people of a list that are new where it lists them are sought in other communities: enough to tell that it names
/// the wrong one.
const SOUGHT: usize = 100;

/// What may be said of a person.
type Said = fn(&Identity) -> &String;

const FIELDS: [(Column, Said); 7] = [
    (Column::Name, |known| &known.name),
    (Column::Sex, |known| &known.sex),
    (Column::BirthDate, |known| &known.birth_date),
    (Column::IdNumber, |known| &known.id_number),
    (Column::Phone, |known| &known.phone),
    (Column::Relation, |known| &known.relation),
    (Column::OtherDocument, |known| &known.note),
];

enum Row {
    Done(RowVerdict),
    Refused(Cause),
}

impl<'b, 's> Import<'b, 's> {
    fn begin(batch: &'b mut Batch<'s>, roster: &Roster<'b>) -> store::Result<Self> {
        if roster.bytes >= BULK_BYTES {
            batch.bulk()?;
        }
        let fresh = !batch.has_people()?;
        let book = batch.state().book();
        let same_source = (0u32..)
            .zip(&book.rosters)
            .filter(|(_, known)| known.source == roster.source)
            .map(|(n, _)| n)
            .collect();
        Ok(Self {
            actor: roster.actor.unwrap_or(book.own_series),
            within: roster.within,
            source: roster.source,
            digest: roster.digest,
            bytes: roster.bytes,
            roster: None,
            same_source,
            fresh,
            tally: Tally::default(),
            watch: Watch::default(),
            elsewhere: Vec::new(),
            rows: FxHashMap::default(),
            seen: FxHashSet::default(),
            areas: FxHashSet::default(),
            last_area: None,
            last_door: None,
            changes: Vec::new(),
            sought: 0,
            batch,
        })
    }

    fn run(
        &mut self,
        reader: &mut RosterReader,
        refusals: &mut dyn Refusals,
        each: &mut dyn FnMut(u64),
    ) -> Result<(), Stop> {
        while let Some(item) = reader.next() {
            self.changes.clear();
            match item.map_err(Failure::from)? {
                RosterItem::Row(row) => match self.person(&row)? {
                    Row::Done(verdict) => self.tell(row.row, &row.notices, verdict, refusals),
                    Row::Refused(cause) => {
                        self.tally.refused += 1;
                        refusals.refuse(&reader.refuse(cause))?;
                    }
                },
                RosterItem::Door(row) => {
                    let labels = [&row.building, &row.unit, &row.room];
                    match self.door(&row.area_code, labels, row.place, row.row)? {
                        Ok((_, verdict)) => {
                            if verdict == RowVerdict::Changed {
                                self.changes.push(Change::Place);
                            }
                            self.tell(row.row, &row.notices, verdict, refusals);
                        }
                        Err(cause) => {
                            self.tally.refused += 1;
                            refusals.refuse(&reader.refuse(cause))?;
                        }
                    }
                }
                RosterItem::Refused(refusal) => {
                    self.tally.refused += 1;
                    refusals.refuse(&refusal)?;
                }
                RosterItem::Skipped(_) => self.tally.skipped += 1,
            }
            each(reader.table().bytes_read());
        }
        self.tally.filled = reader.filled();
        Ok(())
    }

    /// Counts and tells a row that is taken.
    fn tell(&mut self, row: u64, notices: &[Notice], verdict: RowVerdict, refusals: &mut dyn Refusals) {
        let Some(LastDoor { address, .. }) = &self.last_door else { return };
        self.tally.count(address.community, verdict);
        notices.iter().for_each(|notice| refusals.notice(row, notice));
        let book = self.batch.state().book();
        refusals.taken(&Taken { row, address, verdict, changes: &self.changes, book });
    }

    fn person(&mut self, row: &RosterRow) -> Result<Row, Stop> {
        let identity = Identity {
            name: row.name.clone(),
            sex: row.sex.clone(),
            birth_date: row.birth_date.clone(),
            id_number: row.id_number.clone(),
            phone: row.phone.clone(),
            relation: row.relation.clone(),
            note: row.other_document.clone(),
        };
        let holder = self.holder(&identity)?;
        if let Some(person) = holder
            && self.is_refused(person)?
        {
            return Ok(Row::Refused(known_elsewhere("id_number")));
        }
        let doors = self.tally.doors;
        let labels = [&row.building, &row.unit, &row.room];
        let (dwelling, of_door) = match self.door(&row.area_code, labels, row.place, row.row)? {
            Ok(found) => found,
            Err(cause) => return Ok(Row::Refused(cause)),
        };
        let new_door = self.tally.doors > doors;
        if let Some(first) = self.repeated(&identity, dwelling, row.row)? {
            if !identity.id_number.is_empty() {
                return Ok(Row::Refused(same_id(first)));
            }
            self.changes.push(Change::Repeats(first));
            return Ok(Row::Done(RowVerdict::Left));
        }
        let known = match holder {
            None if !self.fresh && !new_door => self.known_at(&identity, dwelling)?,
            holder => holder,
        };
        let Some(person) = known else {
            self.seek_elsewhere(&identity)?;
            let person = self.batch.new_id()?;
            self.list(person, dwelling, row.row, Some((&identity, true)))?;
            self.batch.put_tags(person, &identity)?;
            return Ok(Row::Done(RowVerdict::Added));
        };
        if self.is_refused(person)? {
            return Ok(Row::Refused(known_elsewhere("name")));
        }
        self.seen.insert(person);
        let before = self.batch.identity(person)?.unwrap_or_default();
        let merged = merge(&before, &identity);
        let listed = apply::group_home(self.batch.state(), person)?;
        self.tally.compared += 1;
        let verdict = match listed {
            None => RowVerdict::Added,
            Some(home) => {
                self.compare(person, (&before, &merged), (home, dwelling))?;
                if self.changes.is_empty() { RowVerdict::Left } else { RowVerdict::Changed }
            }
        };
        // The person may stay as she was while her door becomes another kind of place.
        let of_row = if verdict == RowVerdict::Left { of_door } else { verdict };
        if of_door == RowVerdict::Changed {
            self.changes.push(Change::Place);
        }
        if verdict != RowVerdict::Left {
            let content = (merged != before).then_some((&merged, false));
            self.list(person, dwelling, row.row, content)?;
            if merged != before {
                self.batch.put_tags(person, &merged)?;
            }
        }
        Ok(Row::Done(of_row))
    }

    /// What a row changes of someone who is listed.
    fn compare(
        &mut self,
        person: PersonId,
        (before, merged): (&Identity, &Identity),
        (home, dwelling): (DwellingId, DwellingId),
    ) -> Result<(), Stop> {
        if home != dwelling {
            let from = self.address(home)?;
            if self.last_door.as_ref().is_some_and(|door| door.address.community != from.community) {
                *self.tally.elsewhere.entry(from.community).or_default() += 1;
            }
            self.changes.push(Change::Moves(from));
        }
        let differs = FIELDS.iter().filter(|(_, of)| of(before) != of(merged));
        self.changes.extend(differs.map(|(column, _)| Change::Field(*column)));
        if !self.is_on_this_source(person)? {
            self.changes.push(Change::Source);
        }
        Ok(())
    }

    /// A list under a wrong code holds people who are listed in another community: with the same phone, or behind the door of
    /// the same number. They are told and added nonetheless.
    fn seek_elsewhere(&mut self, identity: &Identity) -> Result<(), Stop> {
        let Some(LastDoor { key, address: Address { community, .. }, .. }) = &self.last_door else {
            return Ok(());
        };
        if self.fresh || self.sought >= SOUGHT {
            return Ok(());
        }
        self.sought += 1;
        self.tally.compared += 1;
        let (key, community) = (key.clone(), *community);
        let mut people = match identity.phone.as_str() {
            "" => Vec::new(),
            phone => self.batch.holders("phone", phone)?,
        };
        let areas: Vec<AreaNumber> =
            self.batch.state().book().areas.iter().map(|(number, _)| number).collect();
        for area in areas {
            if let Some(door) = self.batch.state().door(area, &key)? {
                people.extend(self.batch.people_at(door)?);
            }
        }
        for person in people {
            let Some(known) = self.batch.identity(person)? else { continue };
            let Some(home) = apply::group_home(self.batch.state(), person)? else { continue };
            if !is_same(&known, identity) {
                continue;
            }
            let at = self.address(home)?;
            if at.community != community && self.is_within(at.community) {
                *self.tally.elsewhere.entry(at.community).or_default() += 1;
                self.changes.push(Change::Alike(at));
                return Ok(());
            }
        }
        Ok(())
    }

    fn address(&mut self, dwelling: DwellingId) -> Result<Address, Stop> {
        let dwelling = apply::resolve_dwelling(self.batch.state(), dwelling)?;
        let labels = self.batch.state().labels(dwelling)?.unwrap_or_default();
        let area = self.batch.state().dwelling(dwelling)?.map_or(0, |row| row.area);
        Ok(Address { community: community_of(self.batch.state().book(), area), labels })
    }

    /// Nobody is taken off a list because a newer one is silent about her; but someone has to ask where she is.
    fn tell_gone(&mut self, refusals: &mut dyn Refusals) -> Result<(), Stop> {
        let mut gone = Vec::new();
        for (person, roster, row) in self.batch.people_on(&self.same_source)? {
            if !self.seen.contains(&person)
                && let Some(found) = self.batch.whereabouts(person)?
                && let Some(home) = found.listed_at
                && self.areas.contains(&found.area)
                && self.seen.insert(found.person)
            {
                gone.push((roster, row, home));
            }
        }
        self.tally.gone = gone.len() as u64;
        gone.sort_unstable();
        for (roster, row, home) in gone {
            let address = self.address(home)?;
            let book = self.batch.state().book();
            let imported_at = book.rosters.get(roster as usize).map_or(0, |roster| roster.imported_at);
            refusals.gone(&Gone { row, imported_at, address, book });
        }
        Ok(())
    }

    /// The row of this file that spoke of the same person already, if one did.
    fn repeated(
        &mut self,
        identity: &Identity,
        dwelling: DwellingId,
        row: u64,
    ) -> store::Result<Option<u32>> {
        let tag = if identity.id_number.is_empty() {
            let at = format!("{dwelling}|{}|{}|{}", identity.name, identity.birth_date, identity.phone);
            self.batch.blind_tag("row", &at)?
        } else {
            self.batch.blind_tag("row", &identity.id_number)?
        };
        let short = u64::from_le_bytes([tag[0], tag[1], tag[2], tag[3], tag[4], tag[5], tag[6], tag[7]]);
        let row = u32::try_from(row).unwrap_or(u32::MAX);
        match self.rows.entry(short) {
            std::collections::hash_map::Entry::Occupied(first) => Ok(Some(*first.get())),
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(row);
                Ok(None)
            }
        }
    }

    /// Who alone holds this ID number.
    fn holder(&mut self, identity: &Identity) -> store::Result<Option<PersonId>> {
        if self.fresh || identity.id_number.is_empty() {
            return Ok(None);
        }
        match self.batch.holders("id_number", &identity.id_number)?.as_slice() {
            [person] => Ok(Some(*person)),
            _ => Ok(None),
        }
    }

    fn is_refused(&mut self, person: PersonId) -> store::Result<bool> {
        let refused = match self.within {
            Some(within) => is_elsewhere(self.batch, person, within)?,
            None => false,
        };
        if refused {
            self.elsewhere.push(person);
        }
        Ok(refused)
    }

    fn known_at(&mut self, identity: &Identity, dwelling: DwellingId) -> store::Result<Option<PersonId>> {
        for person in self.batch.people_at(dwelling)? {
            let Some(known) = self.batch.identity(person)? else { continue };
            if is_same(&known, identity) {
                return Ok(Some(person));
            }
        }
        Ok(None)
    }

    fn is_on_this_source(&mut self, person: PersonId) -> store::Result<bool> {
        let rosters = self.batch.rosters_of(person)?;
        Ok(rosters.iter().any(|roster| self.same_source.contains(roster)))
    }

    fn list(
        &mut self,
        person: PersonId,
        dwelling: DwellingId,
        row: u64,
        content: Option<(&Identity, bool)>,
    ) -> store::Result<()> {
        let roster = self.roster()?;
        let plaintext = content.map(|(identity, fresh)| (identity.encode(), fresh));
        let sealed =
            plaintext.as_ref().map(|(plaintext, fresh)| Sealed { owner: person, plaintext, fresh: *fresh });
        self.batch.append(self.actor, Body::PersonListed { person, dwelling, roster, row }, sealed)?;
        Ok(())
    }

    /// The roster's id; its fact is written before the first row that changes anything, so that a file which changes
    /// nothing leaves no trace.
    fn roster(&mut self) -> store::Result<RosterId> {
        if let Some(roster) = self.roster {
            return Ok(roster);
        }
        let roster = self.batch.new_id()?;
        let body = Body::RosterImported {
            roster,
            source: self.source.to_owned(),
            digest: self.digest,
            bytes: self.bytes,
        };
        self.batch.append(self.actor, body, None)?;
        self.roster = Some(roster);
        Ok(roster)
    }

    fn is_within(&mut self, area: AreaNumber) -> bool {
        self.within.is_none_or(|within| self.batch.state().book().areas.is_within(area, within))
    }

    /// Whoever imports for an area of hers does so on a screen, and is told what she can do there.
    fn unknown_area(&mut self, code: &str) -> Cause {
        let Some(within) = self.within else { return unknown_area(code) };
        let (own_zh, own_en) = codes_within(self.batch.state().book(), within);
        Cause {
            remedy_zh: format!("改正编码，{own_zh}；缺少的小区或网格请系统管理员录入"),
            remedy_en: format!(
                "correct the code ({own_en}); a compound or grid that is missing is entered by the administrator"
            ),
            ..unknown_area(code)
        }
    }

    fn outside_area(&mut self, code: &str) -> Cause {
        let (own_zh, own_en) = codes_within(self.batch.state().book(), self.within.unwrap_or_default());
        Cause {
            field: "area_code",
            code: "outside_area",
            zh: format!("小区编码 {code} 不在您负责的范围内"),
            en: format!("area_code {code} lies outside the area you are responsible for"),
            remedy_zh: format!("改正编码，{own_zh}；别处的行请交给负责那里的人导入"),
            remedy_en: format!(
                "correct the code ({own_en}), or have the row imported by whoever is responsible there"
            ),
        }
    }

    /// Finds the door, or registers it; a list that says what is behind it corrects what was said before.
    fn door(
        &mut self,
        area_code: &str,
        [building, unit, room]: [&DoorLabel; 3],
        place: Option<&'static str>,
        row_number: u64,
    ) -> Result<Result<(DwellingId, RowVerdict), Cause>, Stop> {
        let place = place.and_then(Place::from_name);
        let area = match &self.last_area {
            Some((code, area)) if code == area_code => *area,
            _ => match self.batch.state().book().areas.number(area_code) {
                Some(area) => {
                    self.last_area = Some((area_code.to_owned(), area));
                    area
                }
                None => return Ok(Err(self.unknown_area(area_code))),
            },
        };
        if !self.is_within(area) {
            return Ok(Err(self.outside_area(area_code)));
        }
        self.areas.insert(area);
        let key = door_key(&building.shown, &unit.shown, &room.shown);
        if let Some(last) = &self.last_door
            && last.area == area
            && last.key == key
            && (place.is_none() || last.said == place)
        {
            return Ok(Ok((last.dwelling, RowVerdict::Left)));
        }
        self.watch.pass(area, &key);
        let found = apply::find_door(self.batch.state(), area, &key)?;
        let row = found.map(|door| self.batch.state().dwelling(door)).transpose()?.flatten();
        if row.is_some_and(|row| !self.is_within(row.area)) {
            return Ok(Err(self.outside_area(area_code)));
        }
        let (dwelling, verdict) = match (found, place) {
            (Some(dwelling), Some(place)) if row.is_some_and(|row| row.place != place) => {
                self.register(dwelling, area_code, [building, unit, room], place)?;
                (dwelling, RowVerdict::Changed)
            }
            (Some(dwelling), _) => (dwelling, RowVerdict::Left),
            (None, place) => {
                let [house, stairs, door] = [building, unit, room].map(|label| label.shown.clone());
                let labels = Labels { building: house, unit: stairs, room: door };
                self.watch.note(self.batch, area, &labels, row_number)?;
                let dwelling = self.batch.new_id()?;
                self.register(dwelling, area_code, [building, unit, room], place.unwrap_or_default())?;
                self.tally.doors += 1;
                (dwelling, RowVerdict::Added)
            }
        };
        let address = match found {
            Some(dwelling) => self.address(dwelling)?,
            None => {
                let [building, unit, room] = [building, unit, room].map(|label| label.shown.clone());
                let community = community_of(self.batch.state().book(), area);
                Address { community, labels: Labels { building, unit, room } }
            }
        };
        self.last_door = Some(LastDoor { area, key, said: place, dwelling, address });
        Ok(Ok((dwelling, verdict)))
    }

    fn register(
        &mut self,
        dwelling: DwellingId,
        area_code: &str,
        [building, unit, room]: [&DoorLabel; 3],
        place: Place,
    ) -> Result<(), Stop> {
        let body = Body::DwellingRegistered {
            dwelling,
            area: area_code.to_owned(),
            building: building.shown.clone(),
            unit: unit.shown.clone(),
            room: room.shown.clone(),
            place,
            found_by: FoundBy::Roster,
        };
        self.batch.append(self.actor, body, None)?;
        Ok(())
    }
}

/// Whether nothing tells someone of this name apart from someone known behind the same door.
fn is_same(known: &Identity, identity: &Identity) -> bool {
    let differs = |a: &str, b: &str| !a.is_empty() && !b.is_empty() && a != b;
    known.name == identity.name
        && !differs(&known.birth_date, &identity.birth_date)
        && !differs(&known.id_number, &identity.id_number)
        && !differs(&known.sex, &identity.sex)
        && (!known.birth_date.is_empty() || known.phone == identity.phone)
}

/// What is known with what the row says laid over it; an empty cell takes nothing away.
#[must_use]
pub fn merge(known: &Identity, row: &Identity) -> Identity {
    let pick = |new: &String, old: &String| if new.is_empty() { old.clone() } else { new.clone() };
    Identity {
        name: pick(&row.name, &known.name),
        sex: pick(&row.sex, &known.sex),
        birth_date: pick(&row.birth_date, &known.birth_date),
        id_number: pick(&row.id_number, &known.id_number),
        phone: pick(&row.phone, &known.phone),
        relation: pick(&row.relation, &known.relation),
        note: pick(&row.note, &known.note),
    }
}

/// Why a row with an area that nobody knows is refused.
#[must_use]
pub fn unknown_area(code: &str) -> Cause {
    Cause {
        field: "area_code",
        code: "unknown_area",
        zh: format!("小区编码 {code} 不在系统里"),
        en: format!("area_code {code} is not known"),
        remedy_zh: "先用 wanjia import areas 导入区域，或改正编码".into(),
        remedy_en: "import the area first with `wanjia import areas`, or correct the code".into(),
    }
}

/// So many codes are told as examples.
const CODES_TOLD: usize = 3;

/// The codes of the areas at and below one, of which there may be too many to tell.
fn codes_within(book: &Book, within: AreaNumber) -> (String, String) {
    let mut own = book.areas.subtree(within);
    let more = own.len().saturating_sub(CODES_TOLD);
    own.truncate(CODES_TOLD);
    let told: Vec<String> = own
        .iter()
        .map(|area| {
            let name = book.areas.get(*area).map_or("", |area| &area.name);
            format!("{} {name}", book.areas.code(*area)).trim_end().to_owned()
        })
        .collect();
    let (etc_zh, etc_en) = match more {
        0 => (String::new(), String::new()),
        more => (format!(" 等，另有 {more} 个"), format!(" and {more} more")),
    };
    (format!("您这里有 {}{etc_zh}", told.join("、")), format!("yours are {}{etc_en}", told.join(", ")))
}

fn same_id(first: u32) -> Cause {
    Cause {
        field: "id_number",
        code: "same_id_number",
        zh: format!("身份证号与第{first}行相同"),
        en: format!("the ID number is the same as in row {first}"),
        remedy_zh: "核对两行是不是同一个人：是就删掉一行，不是就改正号码".into(),
        remedy_en: "see whether both rows are one person: delete one of them, or correct the number".into(),
    }
}
