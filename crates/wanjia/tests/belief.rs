//! What is said of whom someone on no list may be means what it says: in made-up territories of every size, swept with
//! more and with less care, of the proposals of such a probability about so many are right. Lists and sightings are
//! imported, admitted and looked up by the program's own code; nothing is compared here.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::HashMap;
use std::fmt::Write as _;

use domain::id::PersonId;
use domain::time::Millis;
use intake::Table;
use intake::areas::read_areas;
use intake::roster::read_roster;
use intake::visits::{read_persons, read_visits};
use ledger::seal::TerritoryKey;
use linkage::evaluate::reliability;
use store::{Reader, Store};
use wanjia::app::import_areas::import_areas;
use wanjia::app::import_roster::{Roster, import_roster};
use wanjia::app::import_visits::import_visits;
use wanjia::app::propose::{Who, belief, propose};
use wanjia::app::sweeps::open_sweep;
use wanjia::app::synthetic::{Areas, CITY, Chance, City, Household, Resident};

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

/// A door, as the columns of a list name it.
fn door(codes: &[String], household: &Household) -> String {
    let code = &codes[household.community];
    format!("{code},{},{},{}", household.building, household.unit, household.room)
}

/// Someone, as the columns of a list name her.
fn cells(who: &Resident) -> String {
    format!("{},{},{},{},{}", who.name, who.sex, who.birth_date, who.id_number, who.phone)
}

/// What is written down of someone.
fn observe(resident: &Resident, rates: Rates, chance: &mut Chance) -> Resident {
    let mut seen = resident.clone();
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
        seen.sex = "";
    }
    seen
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

/// What tells one sighting from another; a birth date is taken from the number where only that was written down.
fn told(door: &str, [name, id_number, phone]: [&str; 3]) -> String {
    format!("{door},{name},{id_number},{phone}")
}

const NOW: Millis = 1_790_000_000_000;

/// Who is seen at which door: the sightings as a file, and the identity number of each who is listed in truth.
fn look_around(
    city: &City,
    codes: &[String],
    rates: Rates,
    chance: &mut Chance,
) -> (String, HashMap<String, Option<String>>) {
    let mut sightings = String::from("area_code,building,unit,room,at,name,sex,birth_date,id_number,phone\n");
    let mut truth = HashMap::new();
    for number in 0..city.households {
        let household = city.household(number);
        for place in 0..=household.members.len() {
            let (listed, resident) = match household.members.get(place) {
                Some(member) => (Some(member.id_number.clone()), member.clone()),
                None => (None, guest(city, &household, rates, chance)),
            };
            // One on no list in so many seen; about two and a half are listed behind a door.
            let there = if listed.is_some() { 90 } else { rates.stranger * 5 / 2 };
            if !chance.percent(there) {
                continue;
            }
            let mut at = door(codes, &household);
            if listed.is_some() && chance.percent(rates.moved) {
                at = door(codes, &city.household(chance.below(city.households)));
            }
            let seen = observe(&resident, rates, chance);
            writeln!(sightings, "{at},2026-09-21T19:00:00+08:00,{}", cells(&seen)).unwrap();
            truth.insert(told(&at, [&seen.name, &seen.id_number, &seen.phone]), listed);
        }
    }
    (sightings, truth)
}

/// Sweeps a made-up territory, and has proposed whom the plain match leaves.
fn sweep(seed: u64, people: u64, rates: Rates, outcome: &mut Outcome) {
    let city = City::new(seed, people, usize::try_from(people / 1500).unwrap() + 1);
    let areas = Areas::new(city.communities);
    let codes = areas.community_codes();
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = Store::create(&root, CITY, TerritoryKey::from_bytes([7; 32]), NOW).unwrap();
    let table = |text: String| Table::from_bytes(text.into_bytes()).unwrap();
    import_areas(&mut store, read_areas(table(areas.to_csv()), None).unwrap(), NOW, &mut Vec::new()).unwrap();
    let mut roster = Vec::new();
    city.write_roster(&codes, &mut roster).unwrap();
    let today = jiff::civil::date(2026, 9, 21);
    let reader = read_roster(Table::from_bytes(roster).unwrap(), today).unwrap();
    let from = Roster { source: "register", digest: [0; 32], bytes: 0, actor: None, within: None };
    import_roster(&mut store, reader, &from, false, NOW, &mut Vec::new(), &mut |_| {}).unwrap();
    let actor = store.book().own_series;
    let sweep = open_sweep(&mut store, actor, CITY, "belief", NOW + 86_400_000, NOW).unwrap();
    let (sightings, truth) = look_around(&city, &codes, rates, &mut Chance::new(seed ^ 0xbe11ef, people));
    let visits = "area_code,building,unit,room,at,outcome,light,worker,recheck_on,note\n";
    let seen = read_persons(table(sightings)).unwrap();
    let visits = read_visits(table(visits.into())).unwrap();
    let tally =
        import_visits(&mut store, sweep, (visits, &mut Vec::new()), Some((seen, &mut Vec::new())), NOW);
    assert_eq!(tally.unwrap().refused, 0);
    propose(&mut store, sweep, &belief(), NOW).unwrap();
    let mut reader = Reader::open(&root, store.key()).unwrap();
    let number = reader.sweep(sweep).unwrap();
    for person in reader.seen_unlisted_after(number, PersonId::default(), usize::MAX).unwrap() {
        if !reader.is_unlisted(person).unwrap() {
            continue;
        }
        let who = Who::seen(&mut reader, person).unwrap().unwrap();
        let (labels, identity) = (&who.labels, &who.identity);
        let code = reader.book().areas.code(who.area).to_owned();
        let at = format!("{code},{},{},{}", labels.building, labels.unit, labels.room);
        let told = told(&at, [&identity.name, &identity.id_number, &identity.phone]);
        let listed = truth.get(&told).unwrap_or_else(|| panic!("{told}"));
        let mut right = Vec::new();
        for proposal in reader.proposals(person).unwrap() {
            let known = reader.identity(proposal.candidate).unwrap().unwrap().id_number;
            right.push(Some(&known) == listed.as_ref());
            #[expect(clippy::cast_precision_loss, reason = "at most a thousand")]
            outcome.proposals.push((proposal.per_mille as f64 / 1000.0, Some(&known) == listed.as_ref()));
        }
        outcome.unlisted += 1;
        outcome.listed += usize::from(listed.is_some());
        outcome.found += usize::from(right.first() == Some(&true));
    }
}

/// Sweeps so many territories of each size, prints what came of each, and gives the calibration error of each.
fn errors(rates: Rates) -> Vec<f64> {
    let mut errors = Vec::new();
    for (people, territories) in [(100, 40), (2_000, 4), (12_000, 1)] {
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
    assert!(errors_of.iter().all(|(_, error)| *error < 0.02), "{errors_of:?}");
}
