//! What is said of whom someone on no list may be means what it says: in made-up territories of every size, of the
//! proposals of such a probability about so many are right.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::HashMap;
use std::convert::Infallible;

use domain::id::{Id, PersonId};
use domain::identity::{Candidates, Identity, find};
use domain::state::Labels;
use linkage::evaluate::reliability;
use linkage::{Index, Register};
use wanjia::app::propose::{belief, raw};
use wanjia::app::synthetic::{Chance, City, Household, Resident};

/// Characters of the city's given names and others of the same sound.
const SOUNDS: &str = "伟玮芳方敏闵静净丽莉强蔷磊蕾洋阳勇永军君艳燕杰洁娟绢涛韬明铭超抄秀绣霞侠平萍刚钢桂贵英瑛华桦玉钰兰岚建健国帼文雯斌彬慧惠志智红宏梅玫";

/// Per cent of those who are seen.
#[derive(Clone, Copy)]
struct Rates {
    stranger: u64,
    /// Of those on no list, who bears the surname of the household that she lives with.
    kin: u64,
    moved: u64,
    sound: u64,
    address: u64,
    no_birth: u64,
    birth_slip: u64,
    no_number: u64,
    no_phone: u64,
    no_sex: u64,
}

const CAREFUL: Rates = Rates {
    stranger: 5,
    kin: 50,
    moved: 5,
    sound: 4,
    address: 2,
    no_birth: 5,
    birth_slip: 5,
    no_number: 60,
    no_phone: 30,
    no_sex: 0,
};
const HURRIED: Rates = Rates {
    stranger: 15,
    kin: 50,
    moved: 10,
    sound: 8,
    address: 6,
    no_birth: 40,
    birth_slip: 8,
    no_number: 90,
    no_phone: 60,
    no_sex: 20,
};

fn identity(resident: &Resident) -> Identity {
    Identity {
        name: resident.name.clone(),
        sex: resident.sex.into(),
        birth_date: resident.birth_date.clone(),
        id_number: resident.id_number.clone(),
        phone: resident.phone.clone(),
        ..Identity::default()
    }
}

/// A door, as the community's code and the labels.
type Door = (String, String, String, String);

fn door(household: &Household) -> Door {
    let text = |number: u64| number.to_string();
    let community = format!("990101{:06}", household.community);
    (community, text(household.building), text(household.unit), text(household.room))
}

/// What is written down of someone.
fn observe(resident: &Resident, rates: Rates, chance: &mut Chance) -> Identity {
    let mut seen = identity(resident);
    if chance.percent(rates.sound) {
        let characters: Vec<char> = seen.name.chars().collect();
        let at = 1 + usize::try_from(chance.below(characters.len() as u64 - 1)).unwrap();
        let place = SOUNDS.chars().position(|one| one == characters[at]);
        let other = place.and_then(|place| SOUNDS.chars().nth(place ^ 1)).unwrap_or(characters[at]);
        seen.name = characters.iter().enumerate().map(|(n, c)| if n == at { other } else { *c }).collect();
    }
    if chance.percent(rates.address) {
        let surname = seen.name.chars().next().unwrap();
        let title = if resident.sex == "女" { "阿姨" } else { "师傅" };
        seen.name = if chance.percent(50) { format!("老{surname}") } else { format!("{surname}{title}") };
    }
    if chance.percent(rates.no_birth) {
        seen.birth_date.clear();
    } else if chance.percent(rates.birth_slip) {
        let year: u64 = seen.birth_date[..4].parse().unwrap();
        let (month, day) = (1 + chance.below(12), 1 + chance.below(28));
        seen.birth_date = match chance.below(3) {
            0 => format!("{}{}", year + 1, &seen.birth_date[4..]),
            1 => format!("{year}-{month:02}{}", &seen.birth_date[7..])
                .replace("-30", "-28")
                .replace("-31", "-28"),
            _ => format!("{}-{day:02}", &seen.birth_date[..7]),
        };
    }
    if chance.percent(rates.no_number) {
        seen.id_number.clear();
    }
    if chance.percent(rates.no_phone) {
        seen.phone.clear();
    }
    if chance.percent(rates.no_sex) {
        seen.sex.clear();
    }
    seen
}

/// Everyone listed, as the plain match asks for them.
struct Lists<'a> {
    people: &'a [(Identity, Door)],
    ids: &'a HashMap<String, Vec<u32>>,
    phones: &'a HashMap<String, Vec<u32>>,
    doors: &'a HashMap<Door, Vec<u32>>,
    at: &'a Door,
}

fn person(row: u32) -> PersonId {
    let mut id = [0; 16];
    id[..4].copy_from_slice(&row.to_be_bytes());
    Id(id)
}

impl Lists<'_> {
    fn of(&self, rows: Option<&Vec<u32>>) -> Vec<(PersonId, Identity)> {
        let known = |row: &u32| (person(*row), self.people[*row as usize].0.clone());
        rows.into_iter().flatten().map(known).collect()
    }
}

impl Candidates for Lists<'_> {
    type Error = Infallible;
    fn by_id_number(&mut self, id_number: &str) -> Result<Vec<(PersonId, Identity)>, Infallible> {
        Ok(self.of(self.ids.get(id_number)))
    }
    fn by_phone(&mut self, phone: &str) -> Result<Vec<(PersonId, Identity)>, Infallible> {
        Ok(self.of(self.phones.get(phone)))
    }
    fn in_dwelling(&mut self) -> Result<Vec<(PersonId, Identity)>, Infallible> {
        Ok(self.of(self.doors.get(self.at)))
    }
}

/// What came of one or more territories.
#[derive(Default)]
struct Outcome {
    unlisted: usize,
    /// Of them, those who are listed in truth, and those of whom the right one came first.
    listed: usize,
    found: usize,
    proposals: Vec<(f64, bool)>,
}

/// Somebody on no list who lives with a household.
fn guest(city: &City, household: &Household, rates: Rates, chance: &mut Chance) -> Resident {
    let mut guest = city.stranger(household.number * 2);
    let members = household.members.len() as u64;
    if members > 0 && chance.percent(rates.kin) {
        let member = &household.members[usize::try_from(chance.below(members)).unwrap()];
        guest.name = member.name.chars().take(1).chain(guest.name.chars().skip(1)).collect();
    }
    guest
}

/// Sweeps a made-up territory, and looks up whom the plain match leaves.
fn sweep(seed: u64, people: u64, rates: Rates, outcome: &mut Outcome) {
    let city = City::new(seed, people, usize::try_from(people / 1500).unwrap() + 1);
    let mut listed: Vec<(Identity, Door)> = Vec::new();
    for number in 0..city.households {
        let household = city.household(number);
        listed.extend(household.members.iter().map(|member| (identity(member), door(&household))));
    }
    let (mut ids, mut phones, mut doors) = (HashMap::new(), HashMap::new(), HashMap::new());
    let mut list = Register::new();
    for (row, (who, at)) in (0_u32..).zip(&listed) {
        ids.entry(who.id_number.clone()).or_insert_with(Vec::new).push(row);
        phones.entry(who.phone.clone()).or_insert_with(Vec::new).push(row);
        doors.entry(at.clone()).or_insert_with(Vec::new).push(row);
        let labels = Labels { building: at.1.clone(), unit: at.2.clone(), room: at.3.clone() };
        list.push(&raw(who, &at.0, &labels)).unwrap();
    }
    let mut index = Index::build(list, &belief(), 1);
    let mut chance = Chance::new(seed ^ 0xbe11ef, people);
    let mut row = 0;
    for number in 0..city.households {
        let household = city.household(number);
        for place in 0..=household.members.len() {
            let (truth, resident) = match household.members.get(place) {
                Some(member) => (Some(row), member.clone()),
                None => (None, guest(&city, &household, rates, &mut chance)),
            };
            row += u32::from(truth.is_some());
            // One on no list in so many seen; about two and a half are listed behind a door.
            let there = if truth.is_some() { 90 } else { rates.stranger * 5 / 2 };
            if !chance.percent(there) {
                continue;
            }
            let mut at = door(&household);
            if truth.is_some() && chance.percent(rates.moved) {
                at = door(&city.household(chance.below(city.households)));
            }
            let seen = observe(&resident, rates, &mut chance);
            let mut lists = Lists { people: &listed, ids: &ids, phones: &phones, doors: &doors, at: &at };
            if find(&seen, &mut lists).unwrap().is_some() {
                continue;
            }
            outcome.unlisted += 1;
            outcome.listed += usize::from(truth.is_some());
            let labels = Labels { building: at.1.clone(), unit: at.2.clone(), room: at.3.clone() };
            let candidates = index.lookup(&raw(&seen, &at.0, &labels), 0.1).unwrap_or_default();
            let first = candidates.first().map(|candidate| candidate.row);
            outcome.found += usize::from(truth.is_some() && first == truth);
            outcome.proposals.extend(
                candidates
                    .iter()
                    .take(3)
                    .map(|candidate| (candidate.probability, truth == Some(candidate.row))),
            );
        }
    }
}

/// Sweeps so many territories of each size, prints what came of each, and gives the calibration error of each.
fn errors(rates: Rates) -> Vec<f64> {
    let mut errors = Vec::new();
    for (people, territories) in [(10, 1200), (100, 120), (2_000, 6), (12_000, 1)] {
        let mut outcome = Outcome::default();
        for seed in 0..territories {
            sweep(seed, people, rates, &mut outcome);
        }
        let (bins, error) = reliability(outcome.proposals.iter().copied());
        let Outcome { unlisted, listed, found, proposals } = &outcome;
        println!(
            "{territories} x {people}: {unlisted} on no list, {listed} of them listed, {found} found, {} proposals, \
             error {error:.4}",
            proposals.len()
        );
        for bin in bins.iter().filter(|bin| bin.pairs > 0) {
            println!("  {:>6} predicted {:.3} observed {:.3}", bin.pairs, bin.predicted, bin.observed);
        }
        assert!(*found * 100 > *listed * 90, "{found} of {listed}");
        errors.push(error);
    }
    errors
}

#[test]
fn proposals_of_a_careful_sweep_are_right_as_often_as_they_say() {
    for error in errors(CAREFUL) {
        assert!(error < 0.01, "{error}");
    }
}

#[test]
fn proposals_of_a_hurried_sweep_are_right_as_often_as_they_say() {
    let mut errors_of = Vec::new();
    for kin in [0, 50, 100] {
        for error in errors(Rates { kin, ..HURRIED }) {
            errors_of.push((kin, error));
        }
    }
    for (kin, error) in &errors_of {
        println!("{kin}% of the guests bear the household's surname: error {error:.4}");
    }
    assert!(errors_of.iter().all(|(_, error)| *error < 0.05), "{errors_of:?}");
}
