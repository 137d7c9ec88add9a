//! One row of a register, normalised into one cache line.

use crate::date::{self, Birth};
use crate::latin::soundex;
use crate::name::{self, Name};
use crate::number;
use crate::place::{self, Place};
use crate::sound::Sounds;
use crate::text::{fold_into, hash_bytes, is_han, join};

/// The columns that the comparison understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// Whole name.
    Name,
    /// Family name alone.
    FamilyName,
    /// Given name alone.
    GivenName,
    /// 男 / 女, M / F, male / female, 1 / 2.
    Sex,
    /// Birth date, see [`date::parse`].
    BirthDate,
    /// Identity number, see [`number::parse_identifier`].
    IdNumber,
    /// Telephone, see [`number::parse_phone`].
    Phone,
    /// Community or compound.
    Community,
    /// Building.
    Building,
    /// Unit or stairwell.
    Unit,
    /// Room.
    Room,
    /// One line of address, see [`place::parse_line`].
    Address,
    /// Number in the street (western addresses).
    StreetNumber,
    /// Street (western addresses).
    Street,
    /// Second line: house or estate (western addresses).
    SecondLine,
    /// Suburb or town (western addresses).
    Suburb,
    /// Postal code (western addresses).
    Postcode,
}

impl Column {
    /// How many columns there are.
    pub const COUNT: usize = 17;
    /// All columns, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Name,
        Self::FamilyName,
        Self::GivenName,
        Self::Sex,
        Self::BirthDate,
        Self::IdNumber,
        Self::Phone,
        Self::Community,
        Self::Building,
        Self::Unit,
        Self::Room,
        Self::Address,
        Self::StreetNumber,
        Self::Street,
        Self::SecondLine,
        Self::Suburb,
        Self::Postcode,
    ];
}

/// One row as text, before normalising. A missing value is an empty text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Raw<'a> {
    values: [&'a str; Column::COUNT],
}

impl<'a> Raw<'a> {
    /// The text of one column.
    #[must_use]
    pub const fn get(&self, column: Column) -> &'a str {
        self.values[column as usize]
    }

    /// Sets the text of one column.
    pub const fn set(&mut self, column: Column, text: &'a str) {
        self.values[column as usize] = text;
    }

    /// The same with one column set.
    #[must_use]
    pub const fn with(mut self, column: Column, text: &'a str) -> Self {
        self.set(column, text);
        self
    }
}

/// What was wrong with a value that a row was accepted without, or in spite of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Defect {
    /// The identity number has a wrong check character or no calendar date inside; it is kept as weak evidence.
    IdentifierCheck,
    /// The identity number cannot be read and is left out.
    IdentifierUnreadable,
    /// The birth date is no day of the calendar and is left out.
    BirthUnreadable,
    /// The telephone number cannot be read and is left out.
    PhoneUnreadable,
    /// The sex is neither male nor female and is left out.
    SexUnreadable,
}

impl Defect {
    /// All defects, in order.
    pub const ALL: [Self; 5] = [
        Self::IdentifierCheck,
        Self::IdentifierUnreadable,
        Self::BirthUnreadable,
        Self::PhoneUnreadable,
        Self::SexUnreadable,
    ];

    /// The column that the defect is in.
    #[must_use]
    pub const fn column(self) -> Column {
        match self {
            Self::IdentifierCheck | Self::IdentifierUnreadable => Column::IdNumber,
            Self::BirthUnreadable => Column::BirthDate,
            Self::PhoneUnreadable => Column::Phone,
            Self::SexUnreadable => Column::Sex,
        }
    }

    /// What to tell the person who keeps the list, in Chinese and English.
    #[must_use]
    pub const fn message(self) -> (&'static str, &'static str) {
        match self {
            Self::IdentifierCheck => (
                "证件号码校验位或其中的出生日期不对，请核对；比对时仅作弱证据",
                "identity number: wrong check character or date inside; check it; used as weak evidence only",
            ),
            Self::IdentifierUnreadable => {
                ("证件号码无法识别，比对时略去", "identity number cannot be read; left out of the comparison")
            }
            Self::BirthUnreadable => {
                ("出生日期无法识别，比对时略去", "birth date cannot be read; left out of the comparison")
            }
            Self::PhoneUnreadable => (
                "电话号码无法识别，比对时略去",
                "telephone number cannot be read; left out of the comparison",
            ),
            Self::SexUnreadable => {
                ("性别无法识别，比对时略去", "sex cannot be read; left out of the comparison")
            }
        }
    }
}

/// The defects of one row, in five bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defects(u8);

impl Defects {
    const fn add(&mut self, defect: Defect) {
        self.0 |= 1 << defect as u8;
    }

    /// True when nothing was wrong.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The defects found.
    pub fn iter(self) -> impl Iterator<Item = Defect> {
        Defect::ALL.into_iter().filter(move |defect| self.0 >> *defect as u8 & 1 == 1)
    }
}

/// The row holds nothing that a person could be known by: no name, identity number, telephone, birth date or room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no usable field: give at least a name, an identity number, a telephone, a birth date or a room")]
pub struct NoUsableField;

const HAN: u16 = 1 << 2;
const PARTIAL: u16 = 2 << 2;
const TEXT: u16 = 3 << 2;
const KIND: u16 = 3 << 2;
const DOUBLE: u16 = 1 << 4;
const ID_VALID: u16 = 1 << 5;
const BIRTH_FROM_ID: u16 = 1 << 6;
const SEX_FROM_ID: u16 = 1 << 7;
const STREET: u16 = 1 << 8;
const REMOVED: u16 = 1 << 9;
const TWO_READINGS: u16 = 1 << 10;

/// Which value of a person a rarity is of; the order of the bytes in [`Person`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Rarity {
    /// The whole name.
    Name,
    /// The sound of the whole name.
    Sound,
    /// The surname.
    Surname,
    /// The birth date.
    Birth,
    /// The telephone number.
    Phone,
    /// The dwelling.
    Dwelling,
    /// The community.
    Community,
}

/// One normalised row: 64 bytes, aligned to a cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
pub struct Person {
    pub(crate) identifier: u64,
    pub(crate) phone: u64,
    /// Han: four basic-plane codes. Text: references to the family (high) and given (low) name.
    pub(crate) name: u64,
    pub(crate) sound: u32,
    pub(crate) birth: Birth,
    /// Community; with a western address the postal code.
    pub(crate) community: u32,
    /// Building; with a western address a reference to the street.
    pub(crate) building: u32,
    /// Unit; with a western address the number in the street.
    pub(crate) unit: u32,
    /// Room; with a western address a reference to the suburb.
    pub(crate) room: u32,
    /// With a western address a reference to its second line.
    pub(crate) second_line: u32,
    flags: u16,
    /// `-8 log2` of how frequent each value is, by [`Rarity`].
    pub(crate) rarity: [u8; 8],
}

impl Person {
    /// 0 unknown, 1 male, 2 female.
    #[must_use]
    pub const fn sex(&self) -> u8 {
        (self.flags & 3) as u8
    }

    pub(crate) const fn is_han(&self) -> bool {
        self.flags & KIND == HAN
    }

    pub(crate) const fn is_partial(&self) -> bool {
        self.flags & KIND == PARTIAL
    }

    pub(crate) const fn is_text(&self) -> bool {
        self.flags & KIND == TEXT
    }

    pub(crate) const fn has_name(&self) -> bool {
        self.flags & KIND != 0
    }

    pub(crate) const fn has_street(&self) -> bool {
        self.flags & STREET != 0
    }

    pub(crate) const fn identifier_valid(&self) -> bool {
        self.flags & ID_VALID != 0
    }

    pub(crate) const fn birth_from_identifier(&self) -> bool {
        self.flags & BIRTH_FROM_ID != 0
    }

    pub(crate) const fn sex_from_identifier(&self) -> bool {
        self.flags & SEX_FROM_ID != 0
    }

    /// The first character is read otherwise as a surname.
    pub(crate) const fn has_two_readings(&self) -> bool {
        self.flags & TWO_READINGS != 0
    }

    pub(crate) const fn is_removed(&self) -> bool {
        self.flags & REMOVED != 0
    }

    pub(crate) const fn remove(&mut self) {
        self.flags |= REMOVED;
    }

    /// Surname and given name of a Chinese name.
    pub(crate) fn characters(&self) -> ([u16; 4], usize, usize) {
        let packed = self.name;
        let characters = [packed as u16, (packed >> 16) as u16, (packed >> 32) as u16, (packed >> 48) as u16];
        let length = characters.iter().take_while(|c| **c != 0).count();
        (characters, if self.flags & DOUBLE != 0 { 2 } else { 1 }, length)
    }

    /// Moves the references to texts by `base`.
    fn move_texts(&mut self, base: u64) {
        let moved = |reference: u32| match reference {
            0 => 0,
            _ => u32::try_from(u64::from(reference) + base).unwrap_or(0),
        };
        if self.is_text() {
            self.name = u64::from(moved(self.family())) << 32 | u64::from(moved(self.given()));
        }
        if self.has_street() {
            (self.building, self.room) = (moved(self.building), moved(self.room));
            self.second_line = moved(self.second_line);
        }
    }

    pub(crate) const fn family(&self) -> u32 {
        (self.name >> 32) as u32
    }

    pub(crate) const fn given(&self) -> u32 {
        self.name as u32
    }

    /// A key of everything the row says, for sampling that does not depend on the order of rows.
    pub(crate) fn content_key(&self) -> u64 {
        let mut key = join(self.identifier, self.phone);
        key = join(key, u64::from(self.sound) << 32 | u64::from(self.birth.0));
        join(key, u64::from(self.community) << 32 | u64::from(self.room ^ self.building << 12))
    }
}

/// Texts of a register that are compared by likeness, in one block of bytes.
#[derive(Clone, Debug)]
pub struct Texts(Vec<u8>);

impl Default for Texts {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Texts {
    fn push(&mut self, text: &str) -> u32 {
        let bytes = &text.as_bytes()[..text.len().min(255)];
        match u32::try_from(self.0.len()) {
            Ok(reference) if !bytes.is_empty() => {
                self.0.push(bytes.len() as u8);
                self.0.extend_from_slice(bytes);
                reference
            }
            _ => 0,
        }
    }

    /// Appends the texts of another block. Returns what must be added to references into it; `None` when it holds
    /// no text. References beyond four gigabytes are lost: those values count as missing.
    fn append(&mut self, other: &Self) -> Option<u64> {
        let base = self.0.len() as u64 - 1;
        (other.0.len() > 1).then(|| {
            self.0.extend_from_slice(&other.0[1..]);
            base
        })
    }

    /// The bytes of a reference; 0 is the empty text.
    pub(crate) fn get(&self, reference: u32) -> &[u8] {
        let at = reference as usize;
        &self.0[at + 1..at + 1 + usize::from(self.0[at])]
    }
}

/// A list of people, normalised. Rows keep the order in which they were pushed.
#[derive(Clone, Debug, Default)]
pub struct Register {
    pub(crate) people: Vec<Person>,
    pub(crate) texts: Texts,
    scratch: String,
}

impl Register {
    /// An empty register.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty register with room for `rows` rows (64 bytes each).
    #[must_use]
    pub fn with_capacity(rows: usize) -> Self {
        Self { people: Vec::with_capacity(rows), ..Self::default() }
    }

    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// True when no row was pushed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }

    /// The rows.
    #[must_use]
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Appends the rows of another register, in their order.
    pub fn append(&mut self, mut other: Self) {
        let base = self.texts.append(&other.texts);
        if let Some(base) = base.filter(|base| *base > 0) {
            for person in &mut other.people {
                person.move_texts(base);
            }
        }
        if self.people.is_empty() && self.people.capacity() < other.people.len() {
            self.people = other.people;
        } else {
            self.people.append(&mut other.people);
        }
    }

    /// Normalises a row and appends it.
    ///
    /// # Errors
    /// [`NoUsableField`] when nothing in the row could tell one person from another; nothing is appended.
    pub fn push(&mut self, raw: &Raw<'_>) -> Result<Defects, NoUsableField> {
        let (person, defects) = self.normalise(raw)?;
        self.people.push(person);
        Ok(defects)
    }

    fn normalise(&mut self, raw: &Raw<'_>) -> Result<(Person, Defects), NoUsableField> {
        let mut person = Person::default();
        let mut defects = Defects::default();
        let mut folded = std::mem::take(&mut self.scratch);
        let title_sex = self.set_name(&mut person, raw, &mut folded);
        self.set_numbers(&mut person, raw, &mut folded, &mut defects);
        fold_into(raw.get(Column::Sex), &mut folded);
        let sex = match folded.as_str() {
            "男" | "男性" | "m" | "male" | "1" => 1,
            "女" | "女性" | "f" | "female" | "2" => 2,
            "" | "未知" | "0" | "9" | "u" | "unknown" => title_sex,
            _ => {
                defects.add(Defect::SexUnreadable);
                title_sex
            }
        };
        if sex != 0 {
            person.flags = person.flags & !(3 | SEX_FROM_ID) | u16::from(sex);
        }
        self.set_place(&mut person, raw, &mut folded);
        self.scratch = folded;
        let usable = person.has_name()
            || person.identifier != 0
            || person.phone != 0
            || !person.birth.is_missing()
            || person.room != 0;
        if usable { Ok((person, defects)) } else { Err(NoUsableField) }
    }

    /// Sets the name; returns the sex that a title told.
    fn set_name(&mut self, person: &mut Person, raw: &Raw<'_>, folded: &mut String) -> u8 {
        fold_into(raw.get(Column::Name), folded);
        let (family, given) = (raw.get(Column::FamilyName), raw.get(Column::GivenName));
        if folded.is_empty() && !(family.is_empty() && given.is_empty()) {
            let mut part = String::new();
            fold_into(family, folded);
            fold_into(given, &mut part);
            let ascii = folded.is_ascii() && part.is_ascii();
            folded.push(if ascii { ',' } else { ' ' });
            folded.push_str(&part);
        }
        match name::parse(folded) {
            Name::Missing => 0,
            Name::Han { characters, surname } => {
                person.name = pack(characters);
                person.flags |= HAN | if surname == 2 { DOUBLE } else { 0 };
                if Sounds::get().folded_surname(characters[0]).is_some() {
                    person.flags |= TWO_READINGS;
                }
                person.sound = han_sound(person, false).unwrap_or(0);
                0
            }
            Name::Partial { characters, surname, sex } => {
                person.name = pack(characters);
                person.flags |= PARTIAL | if surname == 2 { DOUBLE } else { 0 };
                sex
            }
            Name::Text => {
                let (family, given) = split_text(folded);
                person.sound = text_sound(family.as_bytes(), given.as_bytes());
                person.name = u64::from(self.texts.push(&family)) << 32 | u64::from(self.texts.push(&given));
                if person.name != 0 {
                    person.flags |= TEXT;
                }
                0
            }
        }
    }

    fn set_numbers(&self, person: &mut Person, raw: &Raw<'_>, folded: &mut String, defects: &mut Defects) {
        fold_into(raw.get(Column::BirthDate), folded);
        match date::parse(folded) {
            Some(birth) => person.birth = birth,
            None if folded.is_empty() => {}
            None => defects.add(Defect::BirthUnreadable),
        }
        fold_into(raw.get(Column::IdNumber), folded);
        match number::parse_identifier(folded) {
            Some(identifier) => {
                person.identifier = identifier.key;
                if identifier.valid {
                    person.flags |= ID_VALID;
                } else if !number::is_foreign(identifier.key) {
                    defects.add(Defect::IdentifierCheck);
                }
                if let (true, Some(birth)) = (person.birth.is_missing(), identifier.birth) {
                    person.birth = birth;
                    person.flags |= BIRTH_FROM_ID;
                }
                if identifier.sex != 0 {
                    person.flags |= SEX_FROM_ID | u16::from(identifier.sex);
                }
            }
            None if folded.is_empty() => {}
            None => defects.add(Defect::IdentifierUnreadable),
        }
        fold_into(raw.get(Column::Phone), folded);
        match number::parse_phone(folded) {
            Some(phone) => person.phone = phone,
            None if folded.is_empty() => {}
            None => defects.add(Defect::PhoneUnreadable),
        }
    }

    fn set_place(&mut self, person: &mut Person, raw: &Raw<'_>, folded: &mut String) {
        if let Some(street) = western_street(raw) {
            person.flags |= STREET;
            fold_into(street, folded);
            person.building = self.texts.push(folded);
            fold_into(raw.get(Column::Suburb), folded);
            person.room = self.texts.push(folded);
            fold_into(raw.get(Column::SecondLine), folded);
            person.second_line = self.texts.push(folded);
            fold_into(raw.get(Column::Postcode), folded);
            person.community = place::part_key(folded);
            fold_into(raw.get(Column::StreetNumber), folded);
            person.unit = place::part_key(folded);
            return;
        }
        let mut found = Place::default();
        let line = raw.get(Column::Address);
        if !line.is_empty() {
            fold_into(line, folded);
            found = place::parse_line(folded);
        }
        let mut set = |column, key: &mut u32, whole: bool| {
            let text = raw.get(column);
            if !text.is_empty() {
                fold_into(text, folded);
                *key = if whole { place::text_key(folded) } else { place::part_key(folded) };
            }
        };
        set(Column::Community, &mut found.community, true);
        set(Column::Building, &mut found.building, false);
        set(Column::Unit, &mut found.unit, false);
        set(Column::Room, &mut found.room, false);
        (person.community, person.building, person.unit, person.room) =
            (found.community, found.building, found.unit, found.room);
    }
}

/// The street of a western address, empty when only suburb or postcode is known; `None` for a Chinese address or
/// none. A stray street, suburb or postcode beside a community, a building or Chinese text does not make an
/// address western: building and room tell more.
fn western_street<'a>(raw: &Raw<'a>) -> Option<&'a str> {
    let given = |column: Column| !raw.get(column).trim().is_empty();
    let chinese = |column: Column| raw.get(column).chars().any(is_han);
    let (street, line) = (raw.get(Column::Street), raw.get(Column::Address));
    let western = given(Column::Street) || given(Column::Suburb) || given(Column::Postcode);
    if !western
        || given(Column::Community)
        || given(Column::Building)
        || [Column::Street, Column::Suburb, Column::Address].into_iter().any(chinese)
    {
        return None;
    }
    if given(Column::Street) {
        return Some(street);
    }
    // Without a street, a room alone is a Chinese door, and a line of address in letters is the street.
    if given(Column::Room) { None } else { Some(line) }
}

fn pack(characters: [u16; 4]) -> u64 {
    characters.iter().rev().fold(0, |sum, character| sum << 16 | u64::from(*character))
}

/// Sound key of a whole Chinese name; with `surname`, the reading the surname has as a surname, where it has one
/// of its own.
pub(crate) fn han_sound(person: &Person, surname: bool) -> Option<u32> {
    let sounds = Sounds::get();
    let (characters, _, length) = person.characters();
    let first = if surname { sounds.folded_surname(characters[0])? } else { sounds.folded(characters[0]) };
    let mut key = u64::from(first) + 1;
    for character in &characters[1..length] {
        key = key << 10 | u64::from(sounds.folded(*character));
    }
    Some((join(1, key) >> 32) as u32)
}

/// Sound key of a name in letters; the same when family and given name are exchanged.
fn text_sound(family: &[u8], given: &[u8]) -> u32 {
    let one = |text: &[u8]| match soundex(text) {
        0 => hash_bytes(text) as u32,
        sound => sound,
    };
    (join(2, u64::from(one(family)).wrapping_add(u64::from(one(given)))) >> 32) as u32
}

/// Family and given name of a text: `family, given`, or the last word the family name. A text of one word is a
/// given name.
fn split_text(folded: &str) -> (String, String) {
    let clean = |text: &str| -> String {
        let kept: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
        kept.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    if let Some((family, given)) = folded.split_once(',') {
        return (clean(family), clean(given));
    }
    let whole = clean(folded);
    if !whole.is_ascii() {
        return (String::new(), whole.replace(' ', ""));
    }
    match whole.rsplit_once(' ') {
        Some((given, family)) => (family.to_owned(), given.to_owned()),
        None => (String::new(), whole),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door() -> Raw<'static> {
        Raw::default()
            .with(Column::Name, "王伟")
            .with(Column::Community, "幸福社区")
            .with(Column::Building, "3")
            .with(Column::Unit, "2")
            .with(Column::Room, "402")
    }

    fn western() -> Raw<'static> {
        Raw::default()
            .with(Column::FamilyName, "smith")
            .with(Column::GivenName, "john")
            .with(Column::StreetNumber, "12")
            .with(Column::Street, "high street")
            .with(Column::Suburb, "riverton")
            .with(Column::Postcode, "2600")
    }

    #[test]
    fn a_stray_western_column_does_not_hide_the_door() {
        let mut plain = Register::new();
        plain.push(&door()).unwrap();
        for (column, text) in [
            (Column::Street, "大智街道"),
            (Column::Street, "dazhi road"),
            (Column::Suburb, "武汉市"),
            (Column::Suburb, "Wuhan"),
            (Column::Postcode, "430000"),
        ] {
            let mut stray = Register::new();
            stray.push(&door().with(column, text)).unwrap();
            assert_eq!(stray.people(), plain.people(), "{column:?} {text}");
        }
    }

    #[test]
    fn a_line_of_address_stays_chinese_beside_a_postcode() {
        let line = Raw::default().with(Column::Name, "王伟").with(Column::Address, "幸福社区3栋2单元402");
        let mut lists = Register::new();
        lists.push(&line).unwrap();
        lists.push(&line.with(Column::Postcode, "430000").with(Column::Suburb, "武汉")).unwrap();
        lists.push(&door()).unwrap();
        assert_eq!(lists.people()[0], lists.people()[1]);
        assert_eq!(lists.people()[0], lists.people()[2]);
    }

    #[test]
    fn a_western_address_is_still_one() {
        let mut list = Register::new();
        list.push(&western()).unwrap();
        list.push(&western().with(Column::Street, "").with(Column::Address, "high street")).unwrap();
        assert!(list.people().iter().all(Person::has_street));
        assert_eq!(list.texts.get(list.people()[0].building), list.texts.get(list.people()[1].building));
    }

    #[test]
    fn appended_rows_keep_their_texts() {
        let (mut whole, mut parts) = (Register::new(), Register::new());
        for name in ["anna", "berta", "carla"] {
            let raw = western().with(Column::GivenName, name);
            whole.push(&raw).unwrap();
            whole.push(&door()).unwrap();
            let mut part = Register::new();
            part.push(&raw).unwrap();
            part.push(&door()).unwrap();
            parts.append(part);
        }
        assert_eq!(whole.people(), parts.people());
        assert_eq!(whole.texts.0, parts.texts.0);
    }
}
