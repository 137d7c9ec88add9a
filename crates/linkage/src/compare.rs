//! Levels of agreement, field by field.

use crate::latin::jaro_winkler;
use crate::number::{digits_one_slip, is_foreign, one_slip};
use crate::person::{Person, Register, Texts};
use crate::shape;
use crate::sound::Sounds;

/// The fields that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Name.
    Name,
    /// Birth date.
    Birth,
    /// Identity number.
    Identifier,
    /// Telephone.
    Phone,
    /// Sex.
    Sex,
    /// Dwelling.
    Dwelling,
}

impl Field {
    /// How many fields are compared.
    pub const COUNT: usize = 6;
    /// All fields, in the order of [`Levels`].
    pub const ALL: [Self; Self::COUNT] =
        [Self::Name, Self::Birth, Self::Identifier, Self::Phone, Self::Sex, Self::Dwelling];

    /// Number of levels, the missing level 0 included.
    #[must_use]
    pub const fn levels(self) -> usize {
        match self {
            Self::Name => 9,
            Self::Birth => 8,
            Self::Identifier => 5,
            Self::Phone => 4,
            Self::Sex => 3,
            Self::Dwelling => 7,
        }
    }
}

/// The most levels any field has.
pub const LEVELS: usize = 9;

/// Levels of agreement of a pair, one byte a field in the order of [`Field::ALL`]. 0: a side is missing; 1: they
/// differ; the highest: they agree wholly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Levels(pub [u8; Field::COUNT]);

impl Levels {
    /// The level of one field.
    #[must_use]
    pub const fn get(self, field: Field) -> usize {
        self.0[field as usize] as usize
    }
}

/// Two people and the texts that their names refer to.
#[derive(Clone, Copy)]
pub(crate) struct Side<'a> {
    pub person: &'a Person,
    pub texts: &'a Texts,
}

impl Register {
    pub(crate) fn side(&self, row: u32) -> Side<'_> {
        Side { person: &self.people[row as usize], texts: &self.texts }
    }
}

/// Compares two rows.
#[must_use]
pub fn compare(left: &Register, left_row: u32, right: &Register, right_row: u32) -> Levels {
    compare_sides(left.side(left_row), right.side(right_row))
}

pub(crate) fn compare_sides(left: Side<'_>, right: Side<'_>) -> Levels {
    let (a, b) = (left.person, right.person);
    let identifier = identifier_level(a, b);
    let told_twice = identifier != 0;
    let birth = if told_twice && (a.birth_from_identifier() || b.birth_from_identifier()) {
        0
    } else {
        birth_level(a, b)
    };
    let sex =
        if a.sex() == 0 || b.sex() == 0 || told_twice && (a.sex_from_identifier() || b.sex_from_identifier())
        {
            0
        } else {
            1 + u8::from(a.sex() == b.sex())
        };
    let phone = match (a.phone, b.phone) {
        (0, _) | (_, 0) => 0,
        (x, y) if x == y => 3,
        (x, y) => 1 + u8::from(digits_one_slip(x, y)),
    };
    let dwelling =
        if a.has_street() || b.has_street() { street_level(left, right) } else { dwelling_level(a, b) };
    Levels([name_level(left, right), birth, identifier, phone, sex, dwelling])
}

/// True where both rows carry a valid identity number and the numbers differ: two people, whatever else agrees.
pub(crate) fn hold_two_numbers(levels: Levels, one: &Person, other: &Person) -> bool {
    levels.get(Field::Identifier) == 1 && one.identifier_valid() && other.identifier_valid()
}

fn name_level(left: Side<'_>, right: Side<'_>) -> u8 {
    let (a, b) = (left.person, right.person);
    if !a.has_name() || !b.has_name() || a.is_text() != b.is_text() {
        return 0;
    }
    if a.is_text() { text_name_level(left, right) } else { han_name_level(a, b) }
}

fn han_name_level(a: &Person, b: &Person) -> u8 {
    if a.name == b.name && a.is_han() && b.is_han() {
        return 8;
    }
    let sounds = Sounds::get();
    let (one, one_surname, one_length) = a.characters();
    let (other, other_surname, other_length) = b.characters();
    if a.is_partial() || b.is_partial() {
        let surname = one_surname == other_surname && one[..one_surname] == other[..one_surname];
        // 阿强 and 小芳 keep the end of the given name, not the surname.
        let ending = a.is_partial() && b.is_han() && one[0] == other[other_length - 1]
            || b.is_partial() && a.is_han() && other[0] == one[one_length - 1];
        return if surname || ending { 4 } else { 1 };
    }
    let aligned = one_length == other_length;
    let pairs = || one[..one_length].iter().zip(&other[..other_length]);
    if aligned && pairs().all(|(x, y)| sounds.same(*x, *y)) {
        return 7;
    }
    if aligned && pairs().all(|(x, y)| sounds.alike(*x, *y) || shape::alike(*x, *y)) {
        return 6;
    }
    let surname = one_surname == other_surname
        && one[..one_surname].iter().zip(&other[..other_surname]).all(|(x, y)| sounds.same(*x, *y));
    let (given, other_given) = (&one[one_surname..one_length], &other[other_surname..other_length]);
    if surname {
        let shared = given.iter().any(|x| other_given.iter().any(|y| x == y))
            || given.iter().zip(other_given).any(|(x, y)| sounds.same(*x, *y));
        return if shared { 5 } else { 2 };
    }
    let whole = given.len() == other_given.len()
        && !given.is_empty()
        && given.iter().zip(other_given).all(|(x, y)| sounds.same(*x, *y));
    if whole { 3 } else { 1 }
}

/// At or above this likeness two words are spellings of one.
const ALIKE: f64 = 0.86;

fn text_name_level(left: Side<'_>, right: Side<'_>) -> u8 {
    let words = |side: Side<'_>| (side.person.family(), side.person.given());
    let (family, given) = words(left);
    let (other_family, other_given) = words(right);
    let (family, given) = (left.texts.get(family), left.texts.get(given));
    let (other_family, other_given) = (right.texts.get(other_family), right.texts.get(other_given));
    if family == other_family && given == other_given {
        // One name of the two alone says less than both.
        return if family.is_empty() || given.is_empty() { 6 } else { 8 };
    }
    if family == other_given && given == other_family {
        return 7;
    }
    let like = |x: &[u8], y: &[u8]| match (x.is_empty(), y.is_empty()) {
        (false, false) => jaro_winkler(x, y),
        _ => 0.7, // a missing part neither agrees nor differs
    };
    let straight = (like(family, other_family), like(given, other_given));
    let crossed = (like(family, other_given), like(given, other_family));
    let (f, g) = if crossed.0.min(crossed.1) > straight.0.min(straight.1) + 0.1 { crossed } else { straight };
    if f.min(g) >= ALIKE {
        7
    } else if f.max(g) >= 1.0 && f.min(g) >= 0.69 {
        6
    } else if f.max(g) >= ALIKE && f.min(g) >= 0.69 {
        5
    } else if f >= 1.0 {
        4
    } else if g >= 1.0 {
        3
    } else if f.max(g) >= ALIKE {
        2
    } else {
        1
    }
}

fn birth_level(a: &Person, b: &Person) -> u8 {
    let (x, y) = (a.birth, b.birth);
    if x.is_missing() || y.is_missing() {
        return 0;
    }
    if x.only_year() || y.only_year() {
        return match x.year().abs_diff(y.year()) {
            0 => 6,
            1 => 2,
            _ => 1,
        };
    }
    if x == y {
        return 7;
    }
    if x.day() == 0 || y.day() == 0 {
        return if (x.year(), x.month()) == (y.year(), y.month()) { 6 } else { 1 };
    }
    let same = [x.year() == y.year(), x.month() == y.month(), x.day() == y.day()];
    if same[0] && x.month() == y.day() && x.day() == y.month() {
        return 5;
    }
    let number = |birth: crate::date::Birth| {
        u64::from(birth.year()) * 10_000 + u64::from(birth.month()) * 100 + u64::from(birth.day())
    };
    let apart = [x.year().abs_diff(y.year()), x.month().abs_diff(y.month()), x.day().abs_diff(y.day())];
    let agreeing = same.iter().filter(|s| **s).count();
    if agreeing == 2 && (apart.contains(&1) || apart[1] == 11) || digits_one_slip(number(x), number(y)) {
        return 4;
    }
    match agreeing {
        2 => 3,
        _ if same[0] => 2,
        _ => 1,
    }
}

fn identifier_level(a: &Person, b: &Person) -> u8 {
    let (x, y) = (a.identifier, b.identifier);
    if x == 0 || y == 0 || is_foreign(x) != is_foreign(y) {
        return 0;
    }
    if x == y {
        return 4;
    }
    if is_foreign(x) {
        return if one_slip(x, y) { 3 } else { 1 };
    }
    // The check character catches every single slip, so two valid numbers are two numbers.
    match (a.identifier_valid() && b.identifier_valid(), one_slip(x, y)) {
        (true, _) => 1,
        (false, true) => 3,
        (false, false) => 2,
    }
}

fn dwelling_level(a: &Person, b: &Person) -> u8 {
    let known = |p: &Person| p.community != 0 || p.room != 0;
    if !known(a) || !known(b) {
        return 0;
    }
    let compatible = |x: u32, y: u32| x == y || x == 0 || y == 0;
    if a.community != b.community {
        return u8::from(a.community != 0 && b.community != 0);
    }
    if !compatible(a.building, b.building) {
        return 3;
    }
    if a.building == 0 && b.building == 0 && a.room == 0 {
        return 3;
    }
    if a.room != 0 && a.room == b.room {
        return if compatible(a.unit, b.unit) && a.building == b.building { 6 } else { 5 };
    }
    if a.room == 0 || b.room == 0 || a.building != b.building {
        return if a.building == b.building && a.building != 0 { 4 } else { 3 };
    }
    // A key of a number is the number plus one; a key of a text has the top bit set.
    let numbers = a.room >> 31 == 0 && b.room >> 31 == 0;
    let slip = numbers && a.unit == b.unit && digits_one_slip(u64::from(a.room - 1), u64::from(b.room - 1));
    if slip { 5 } else { 4 }
}

fn street_level(left: Side<'_>, right: Side<'_>) -> u8 {
    let (a, b) = (left.person, right.person);
    if a.has_street() != b.has_street() {
        return 0;
    }
    let like = |x: u32, y: u32| {
        (x != 0 && y != 0).then(|| jaro_winkler(left.texts.get(x), right.texts.get(y)) >= ALIKE)
    };
    let equal = |x: u32, y: u32| (x != 0 && y != 0).then_some(x == y);
    // A key of a number is the number plus one; a key of a text has the top bit set.
    let numbers = (a.community | b.community) >> 31 == 0 && a.community != 0 && b.community != 0;
    let slip = numbers && digits_one_slip(u64::from(a.community - 1), u64::from(b.community - 1));
    let parts = [
        equal(a.community, b.community).map(|same| same || slip),
        like(a.building, b.building),
        equal(a.unit, b.unit),
        like(a.room, b.room),
        like(a.second_line, b.second_line),
    ];
    let known = parts.iter().flatten().count();
    let agreeing = parts.iter().flatten().filter(|same| **same).count();
    match (known, agreeing) {
        (0, _) => 0,
        (_, 0) => 1,
        (_, 1) => 2,
        (_, 2) => 3,
        (3, 3) => 5,
        (_, 3) => 4,
        _ if agreeing < known => 5,
        _ => 6,
    }
}
