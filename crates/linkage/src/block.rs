//! Blocking keys: two rows are compared when they share one.

use crate::frequency::dwelling_key;
use crate::latin::soundex;
use crate::number::is_foreign;
use crate::person::{Person, Texts, han_sound};
use crate::sound::Sounds;
use crate::text::{hash_bytes, join};

/// How rows are brought together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Key {
    /// The identity number without its check character.
    Identifier,
    /// The telephone number.
    Phone,
    /// Sound of the name and whole birth date.
    SoundBirth,
    /// The dwelling.
    Dwelling,
    /// Sound of the name and community (postal code); building where no community is known.
    SoundCommunity,
    /// Sound of the name and year of birth.
    SoundYear,
    /// Sound of the name, month and day of birth.
    SoundMonthDay,
    /// Birth date and community (postal code).
    BirthCommunity,
    /// Sound of the given name and birth date.
    GivenBirth,
    /// Sound of the name anywhere; only for names that are rare.
    Sound,
    /// Sound of the surname, which is all that a form of address (王阿姨) leaves of a name, with the birth date, and with
    /// the room whatever the unit.
    Family,
    /// Western addresses: sound of the street and of the family or given name.
    StreetName,
    /// Western addresses: the birth date alone.
    Birth,
    /// Western addresses: family name's sound with the postal code, and with the number in the street.
    FamilyPostcode,
}

impl Key {
    /// How many keys there are.
    pub const COUNT: usize = 14;
    /// All keys; the first [`Key::STRONG`] are tried first.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Identifier,
        Self::Phone,
        Self::SoundBirth,
        Self::Dwelling,
        Self::SoundCommunity,
        Self::SoundYear,
        Self::SoundMonthDay,
        Self::BirthCommunity,
        Self::GivenBirth,
        Self::Sound,
        Self::Family,
        Self::StreetName,
        Self::Birth,
        Self::FamilyPostcode,
    ];
    /// How many keys are tried before the others are found needed or not.
    pub const STRONG: usize = 4;

    /// Most rows that may share one value of the key; a value shared by more is not used, so that one telephone
    /// number on ten thousand rows does not make ten thousand times ten thousand pairs.
    #[must_use]
    pub const fn guard(self) -> usize {
        match self {
            Self::Identifier | Self::Phone | Self::SoundBirth | Self::Dwelling => 256,
            Self::Sound => 32,
            _ => 96,
        }
    }
}

fn surname_sound(person: &Person) -> Option<u64> {
    let (characters, surname, _) = person.characters();
    let sounds = Sounds::get();
    person.has_name().then(|| {
        characters[..surname]
            .iter()
            .fold(1, |sum, character| sum << 10 | u64::from(sounds.folded(*character)))
    })
}

/// The values that a row has for one key: none, one, or two when a surname is read in two ways.
pub(crate) fn values(key: Key, person: &Person, texts: &Texts) -> [Option<u64>; 2] {
    let tag = key as u64 + 1;
    let one = |value: Option<u64>| [value.map(|v| join(tag, v)), None];
    let birth = (person.birth.day() != 0 && !person.birth.only_year()).then_some(u64::from(person.birth.0));
    let with_sound = |rest: Option<u64>| -> [Option<u64>; 2] {
        let (Some(rest), true) = (rest, person.sound != 0) else { return [None, None] };
        let key = |sound: u32| join(tag, join(u64::from(sound), rest));
        let other = if person.has_two_readings() { han_sound(person, true) } else { None };
        [Some(key(person.sound)), other.map(key)]
    };
    let family = || match person.family() {
        0 => None,
        reference => Some(u64::from(soundex(texts.get(reference)))),
    };
    let given = || match person.given() {
        0 => None,
        reference => Some(u64::from(soundex(texts.get(reference)))),
    };
    let postcode = (person.community != 0).then_some(u64::from(person.community));
    let both = |x: Option<u64>, y: Option<u64>| x.zip(y).map(|(x, y)| join(x, y));
    match key {
        Key::Identifier => one((person.identifier != 0).then_some(if is_foreign(person.identifier) {
            person.identifier
        } else {
            person.identifier / 16
        })),
        Key::Phone => one((person.phone != 0).then_some(person.phone)),
        Key::SoundBirth => with_sound(birth),
        Key::Dwelling => one(dwelling_key(person, texts)),
        Key::SoundCommunity => with_sound(match person.has_street() || person.community != 0 {
            true => postcode,
            false => (person.building != 0).then(|| join(0, u64::from(person.building))),
        }),
        Key::SoundYear => with_sound((!person.birth.is_missing()).then_some(u64::from(person.birth.year()))),
        Key::SoundMonthDay => with_sound(birth.map(|b| b & 0x1ff)),
        Key::BirthCommunity => one(both(birth, postcode)),
        Key::GivenBirth => one(if person.is_text() {
            both(birth, given())
        } else if person.is_han() {
            let (characters, surname, length) = person.characters();
            let sounds = Sounds::get();
            let sound = characters[surname..length]
                .iter()
                .fold(1, |sum, character| sum << 10 | u64::from(sounds.folded(*character)));
            both(birth, Some(sound))
        } else {
            None
        }),
        Key::Sound => with_sound(Some(0)),
        Key::Family => {
            let surname = if person.is_text() { family() } else { surname_sound(person) };
            let place = join(u64::from(person.community), u64::from(person.building));
            let room =
                (person.room != 0 && !person.has_street()).then(|| join(place, u64::from(person.room)));
            [birth, room].map(|part| both(part, surname).map(|value| join(tag, value)))
        }
        Key::StreetName => match person.has_street() && person.is_text() && person.building != 0 {
            true => {
                let street = u64::from(soundex(texts.get(person.building))) << 32
                    ^ hash_bytes(&texts.get(person.building)[..1]);
                let value = |name: Option<u64>| name.map(|name| join(tag, join(street, name)));
                [value(family()), value(given())]
            }
            false => [None, None],
        },
        Key::Birth => one(if person.has_street() { birth } else { None }),
        Key::FamilyPostcode => match person.has_street() && person.is_text() {
            true => {
                let number = (person.unit != 0).then(|| join(1, u64::from(person.unit)));
                [postcode, number].map(|part| both(family(), part).map(|value| join(tag, value)))
            }
            false => [None, None],
        },
    }
}
