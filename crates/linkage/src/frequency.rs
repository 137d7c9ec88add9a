//! How common each value is: 王伟 is shared by many, 佴晓钧 by few.

use std::sync::OnceLock;

use crate::person::{Person, Rarity, Register, Texts};
use crate::sound::Sounds;
use crate::text::{hash_bytes, join, mix};

/// Counts by hash. Two values that fall together are counted together, which makes a value look a little more
/// common than it is and never rarer.
#[derive(Clone, Debug, Default)]
struct Counts {
    slots: Vec<u16>,
}

/// Slots of the shortest list: where two names of a hundred fall together, either looks common.
const FEWEST: usize = 1 << 18;

impl Counts {
    fn new(values: usize) -> Self {
        Self { slots: vec![0; (values * 2).next_power_of_two().clamp(FEWEST, 1 << 26)] }
    }

    fn slot(&self, key: u64) -> usize {
        mix(key) as usize & (self.slots.len() - 1)
    }

    fn add(&mut self, key: u64) {
        let at = self.slot(key);
        self.slots[at] = self.slots[at].saturating_add(1);
    }

    fn at(&self, slot: Option<usize>) -> f64 {
        slot.map_or(0.0, |slot| f64::from(self.slots[slot]))
    }
}

/// Counts of the parts that names are made of; small tables that stay in the cache.
#[derive(Clone, Debug)]
struct Parts {
    surnames: Vec<u32>,
    given: Vec<u32>,
    given_sounds: Vec<u32>,
    surname_sounds: Vec<u32>,
    births: Vec<u32>,
    /// Names by the number of characters in the given name.
    lengths: [u32; 5],
    names: f64,
    given_characters: f64,
    known_births: f64,
    communities: Counts32,
    /// Parts of western addresses: street, number, second line.
    western: [Counts32; 3],
    known_western: [f64; 3],
}

/// Counts of few values that may each be very common.
#[derive(Clone, Debug)]
struct Counts32(Vec<u32>);

impl Counts32 {
    fn new() -> Self {
        Self(vec![0; 1 << 16])
    }

    fn slot(key: u64) -> usize {
        mix(key) as usize & 0xffff
    }
}

/// Street, number and second line of a western address, as keys; `None` where unknown.
fn western_parts(person: &Person, texts: &Texts) -> [Option<u64>; 3] {
    let text = |reference: u32| (reference != 0).then(|| hash_bytes(texts.get(reference)));
    let number = (person.unit != 0).then_some(u64::from(person.unit));
    [text(person.building), number, text(person.second_line)]
}

/// How likely two strangers share a given name in letters, a character of a given name, its sound, before any list
/// has been seen; a list of a few people cannot tell that 伟 is common. And the characters that this counts as.
const TYPICAL_WORD: f64 = 0.001;
const TYPICAL_CHARACTER: f64 = 0.005;
const TYPICAL_SOUND: f64 = 0.012;
const TYPICAL_WEIGHT: f64 = 1000.0;
/// The same of how many characters a given name has; and the names that this counts as.
const TYPICAL_LENGTH: [f64; 5] = [0.0, 0.15, 0.83, 0.02, 0.0];
const TYPICAL_NAMES: f64 = 100.0;

/// Packed birth dates below this are counted one by one.
const BIRTHS: usize = 2151 << 9;

/// Frequencies of values in the lists that are compared, both counted together.
#[derive(Clone, Debug)]
pub struct Frequencies {
    rows: f64,
    /// How often a value is held by the very people that are compared: 2 for two lists, 1 for one.
    own: f64,
    names: Counts,
    phones: Counts,
    dwellings: Counts,
    parts: Parts,
}

fn surname_slot(person: &Person, texts: &Texts) -> usize {
    if person.is_text() {
        return hash_bytes(texts.get(person.family())) as usize & 0xffff;
    }
    let (characters, surname, _) = person.characters();
    if surname == 1 {
        usize::from(characters[0])
    } else {
        usize::from(characters[0]) ^ (usize::from(characters[1]) << 3 & 0xffff)
    }
}

fn name_key(person: &Person, texts: &Texts) -> u64 {
    if person.is_text() {
        join(hash_bytes(texts.get(person.family())), hash_bytes(texts.get(person.given())))
    } else {
        person.name
    }
}

pub(crate) fn dwelling_key(person: &Person, texts: &Texts) -> Option<u64> {
    if person.has_street() {
        let street = texts.get(person.building);
        return (!street.is_empty()).then(|| join(hash_bytes(street), u64::from(person.unit)));
    }
    (person.room != 0).then(|| {
        let place = join(u64::from(person.community), u64::from(person.building));
        join(place, u64::from(person.unit) << 32 | u64::from(person.room))
    })
}

impl Parts {
    fn new() -> Self {
        Self {
            surnames: vec![0; 1 << 16],
            given: vec![0; 1 << 16],
            given_sounds: vec![0; 1 << 10],
            surname_sounds: vec![0; 1 << 10],
            births: vec![0; BIRTHS],
            lengths: [0; 5],
            names: 0.0,
            given_characters: 0.0,
            known_births: 0.0,
            communities: Counts32::new(),
            western: [Counts32::new(), Counts32::new(), Counts32::new()],
            known_western: [0.0; 3],
        }
    }

    /// The share of given names that have so many characters.
    fn length(&self, characters: usize) -> f64 {
        let known = f64::from(self.lengths.iter().sum::<u32>());
        let of_length = f64::from(self.lengths[characters]) + TYPICAL_LENGTH[characters] * TYPICAL_NAMES;
        of_length / (known + TYPICAL_NAMES)
    }

    fn add(&mut self, register: &Register) {
        let sounds = Sounds::get();
        for person in &register.people {
            if person.has_name() {
                self.names += 1.0;
                self.surnames[surname_slot(person, &register.texts)] += 1;
            }
            if person.is_han() {
                let (characters, surname, length) = person.characters();
                self.surname_sounds[usize::from(sounds.folded(characters[0]))] += 1;
                self.lengths[length - surname] += 1;
                for character in &characters[surname..length] {
                    self.given[usize::from(*character)] += 1;
                    self.given_sounds[usize::from(sounds.folded(*character))] += 1;
                    self.given_characters += 1.0;
                }
            } else if person.is_text() {
                self.given[hash_bytes(register.texts.get(person.given())) as usize & 0xffff] += 1;
                self.given_characters += 1.0;
            }
            if !person.birth.is_missing() {
                self.births[person.birth.0 as usize] += 1;
                self.known_births += 1.0;
            }
            if person.has_street() {
                for (part, key) in western_parts(person, &register.texts).into_iter().enumerate() {
                    if let Some(key) = key {
                        self.western[part].0[Counts32::slot(key)] += 1;
                        self.known_western[part] += 1.0;
                    }
                }
            }
            if person.community != 0 {
                self.communities.0[Counts32::slot(u64::from(person.community))] += 1;
            }
        }
    }
}

/// `-8 log2` of a probability, rounded, by the exponent and the first bits of the mantissa.
fn eighths(frequency: f64) -> u8 {
    static PARTS: OnceLock<[f32; 256]> = OnceLock::new();
    let parts = PARTS.get_or_init(|| {
        std::array::from_fn(|part| (8.0 * (1.0 + (part as f64 + 0.5) / 256.0).log2()) as f32)
    });
    let bits = frequency.clamp(1e-300, 1.0).to_bits();
    let exponent = 1023 - (bits >> 52) as i32;
    let part = parts[(bits >> 44 & 0xff) as usize];
    (8.0 * exponent as f32 - part).round().clamp(0.0, 255.0) as u8
}

impl Frequencies {
    /// Counts the values of one list, or of two lists together. `threads` is how many threads may be used.
    #[must_use]
    pub fn count(lists: &[&Register], threads: usize) -> Self {
        let rows = lists.iter().map(|list| list.len()).sum::<usize>();
        let tables = |key: fn(&Person, &Texts) -> Option<u64>| {
            let mut counts = Counts::new(rows);
            for list in lists {
                for person in &list.people {
                    if let Some(key) = key(person, &list.texts) {
                        counts.add(key);
                    }
                }
            }
            counts
        };
        let names = || tables(|p, texts| p.has_name().then(|| name_key(p, texts)));
        let phones = || tables(|p, _| (p.phone != 0).then_some(p.phone));
        let dwellings = || tables(dwelling_key);
        let parts = || {
            let mut parts = Parts::new();
            for list in lists {
                parts.add(list);
            }
            parts
        };
        let (names, phones, dwellings, parts) = if threads > 1 {
            std::thread::scope(|scope| {
                let second = scope.spawn(|| (names(), phones()));
                let (dwellings, parts) = (dwellings(), parts());
                let (names, phones) = second.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
                (names, phones, dwellings, parts)
            })
        } else {
            (names(), phones(), dwellings(), parts())
        };
        Self { rows: rows as f64, own: lists.len() as f64, names, phones, dwellings, parts }
    }

    /// Rarities of a person's values: `-8 log2` of the probability that a stranger shares the value.
    #[must_use]
    pub(crate) fn rarities(&self, person: &Person, texts: &Texts) -> [u8; 8] {
        self.rarities_by(person, texts, self.counts(self.slots(person, texts)))
    }

    /// Where the counts of a person's name, telephone and dwelling lie.
    fn slots(&self, person: &Person, texts: &Texts) -> [Option<usize>; 3] {
        [
            person.has_name().then(|| self.names.slot(name_key(person, texts))),
            (person.phone != 0).then(|| self.phones.slot(person.phone)),
            dwelling_key(person, texts).map(|key| self.dwellings.slot(key)),
        ]
    }

    fn counts(&self, slots: [Option<usize>; 3]) -> [f64; 3] {
        [self.names.at(slots[0]), self.phones.at(slots[1]), self.dwellings.at(slots[2])]
    }

    fn rarities_by(&self, person: &Person, texts: &Texts, [names, phones, dwellings]: [f64; 3]) -> [u8; 8] {
        let parts = &self.parts;
        let rows = self.rows.max(1.0);
        let mut rarity = [0; 8];
        let mut set = |which: Rarity, frequency: f64| {
            rarity[which as usize] = eighths(frequency);
        };
        // Counts without the one or two rows that are the person in question.
        let others = |count: f64| (count - self.own).max(0.0);
        if person.has_name() {
            let surname = f64::from(parts.surnames[surname_slot(person, texts)]) / (parts.names + 1.0);
            let surname = surname.max(1.0 / (parts.names + 100.0));
            set(Rarity::Surname, surname);
            let given_part = |count: u32, typical: f64| {
                (f64::from(count) + typical * TYPICAL_WEIGHT) / (parts.given_characters + TYPICAL_WEIGHT)
            };
            let mut product = surname;
            let mut sound = surname;
            if person.is_text() {
                let count = parts.given[hash_bytes(texts.get(person.given())) as usize & 0xffff];
                product *= given_part(count, TYPICAL_WORD);
                sound = product * 4.0;
            } else {
                let sounds = Sounds::get();
                let (characters, surname_length, length) = person.characters();
                let heard = f64::from(parts.surname_sounds[usize::from(sounds.folded(characters[0]))]);
                sound = sound.max(heard / (parts.names + 1.0));
                if person.is_han() {
                    let share = parts.length(length - surname_length);
                    (product, sound) = (product * share, sound * share);
                }
                for character in &characters[surname_length..length] {
                    product *= given_part(parts.given[usize::from(*character)], TYPICAL_CHARACTER);
                    let heard = parts.given_sounds[usize::from(sounds.folded(*character))];
                    sound *= given_part(heard, TYPICAL_SOUND);
                }
            }
            // Popular whole names are more common than their parts tell; half the mean load is chance meetings.
            let seen = others(names - 0.5) / rows;
            set(Rarity::Name, product.max(seen));
            set(Rarity::Sound, sound.max(product).max(seen));
        }
        if !person.birth.is_missing() {
            let count = f64::from(parts.births[person.birth.0 as usize]);
            set(Rarity::Birth, (others(count) + 1.0) / (parts.known_births + 36_500.0));
        }
        if person.phone != 0 {
            set(Rarity::Phone, (others(phones) + 0.5) / rows);
        }
        if person.has_street() {
            // Whole households stand in Chinese registers, so that a dwelling's own count tells how many share it.
            // Of a western list that is not known, and the few who share an address may all be one person: the
            // parts tell how likely it is that strangers do.
            let share = |(part, key): (usize, Option<u64>)| {
                key.map(|key| {
                    f64::from(parts.western[part].0[Counts32::slot(key)]) / parts.known_western[part].max(1.0)
                })
            };
            let known: Vec<f64> =
                western_parts(person, texts).into_iter().enumerate().filter_map(share).collect();
            if !known.is_empty() {
                set(Rarity::Dwelling, known.into_iter().product::<f64>().max(1e-9));
            }
        } else if dwellings > 0.0 || dwelling_key(person, texts).is_some() {
            set(Rarity::Dwelling, dwellings.max(1.0) / rows);
        }
        if person.community != 0 {
            let count = f64::from(parts.communities.0[Counts32::slot(u64::from(person.community))]);
            set(Rarity::Community, count.max(1.0) / rows);
        }
        rarity
    }

    /// Writes the rarities into every row of a list.
    pub(crate) fn mark(&self, list: &mut Register, threads: usize) {
        let chunk = list.people.len().div_ceil(threads.max(1)).max(1);
        let texts = &list.texts;
        std::thread::scope(|scope| {
            for people in list.people.chunks_mut(chunk) {
                scope.spawn(move || {
                    // Counts are fetched for many people before any is used, so that the waits overlap.
                    let mut slots = Vec::new();
                    let mut counts = Vec::new();
                    for people in people.chunks_mut(64) {
                        slots.clear();
                        slots.extend(people.iter().map(|person| self.slots(person, texts)));
                        counts.clear();
                        counts.extend(slots.iter().map(|slots| self.counts(*slots)));
                        for (person, counts) in people.iter_mut().zip(&counts) {
                            person.rarity = self.rarities_by(person, texts, *counts);
                        }
                    }
                });
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::person::{Column, Raw};

    #[test]
    fn a_short_name_is_as_rare_as_short_names_are() {
        // Ten surnames; nine of ten given names have two characters of fifty, one has one.
        let mut list = Register::new();
        let (surnames, given) = (
            "王李张刘陈杨黄赵吴周",
            "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文斌慧志红梅晓春海燕东雪玲峰辉鹏佳欣怡子涵宇",
        );
        let pick = |from: &str, at: usize| from.chars().nth(at % from.chars().count()).unwrap_or('王');
        for at in 0..20_000_usize {
            let mut name = String::from(pick(surnames, at));
            name.push(pick(given, at / 10));
            if at % 10 != at / 500 % 10 {
                name.push(pick(given, at / 500 + at * 7));
            }
            assert!(list.push(&Raw::default().with(Column::Name, &name)).is_ok());
        }
        let frequencies = Frequencies::count(&[&list], 1);
        let share = |name: &str| {
            let mut query = Register::new();
            assert!(query.push(&Raw::default().with(Column::Name, name)).is_ok());
            f64::from(frequencies.rarities(&query.people[0], &query.texts)[Rarity::Name as usize]) / -8.0
        };
        let (short, long) = (share("欧伟"), share("欧伟芳"));
        // One in ten names against nine in ten, and one character in fifty more.
        let apart: f64 = short - long;
        assert!((apart - (50.0_f64 / 9.0).log2()).abs() < 0.5, "{short} {long}");
    }
}
