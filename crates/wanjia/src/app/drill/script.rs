//! What happens in the rehearsal: who goes to which door when, and what is found there. Everything follows from the
//! seed; the server decides nothing of it.

use domain::fact::{Light, Outcome};
use domain::time::Millis;

use crate::app::synthetic::{Areas, Chance, City, Finding, Household, Resident};

pub const MINUTE: Millis = 60_000;
pub const HOUR: Millis = 60 * MINUTE;
pub const DAY: Millis = 24 * HOUR;
/// The campaign's clocks are so far ahead of universal time.
const CAMPAIGN: Millis = 8 * HOUR;

/// The size of a rehearsal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub people: u64,
    pub communities: usize,
    pub phones: usize,
    pub hours: i64,
    pub seed: u64,
}

/// A person by number: household `n` has `8n` to `8n + 5` for its members and `8n + 6`, `8n + 7` for strangers.
pub type Somebody = u64;
/// A door by number: households first, then the doors that no roster knows.
pub type DoorNumber = u64;

/// The city and its phones.
pub struct Town {
    pub size: Size,
    pub city: City,
    pub areas: Areas,
    pub codes: Vec<String>,
    /// How many doors no roster knows.
    pub unknown_doors: u64,
    /// The phones of each group, and the area that the group serves.
    pub groups: Vec<Group>,
    /// The group of each community.
    pub group_of: Vec<usize>,
}

/// Phones that serve one area.
#[derive(Clone, Debug)]
pub struct Group {
    /// Index into the areas' places.
    pub place: usize,
    pub phones: Vec<usize>,
    pub communities: Vec<usize>,
}

/// A door's address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    pub community: usize,
    pub building: String,
    pub unit: String,
    pub room: String,
}

/// How someone who was seen is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// One tap on a listed person: her id and nothing else.
    Tap,
    /// Everything about her, with her ID number.
    InFull,
    PhoneAndName,
    NameAndBirth,
}

/// What a phone records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Register {
        door: DoorNumber,
    },
    /// `recheck_on` is a day since 1970 by the campaign's calendar.
    Visit {
        door: DoorNumber,
        outcome: Outcome,
        light: Light,
        recheck_on: Option<i32>,
        note: bool,
    },
    See {
        door: DoorNumber,
        somebody: Somebody,
        how: How,
    },
    /// A visit to a dwelling that exists nowhere.
    Astray,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// By a clock that is right.
    pub at: Millis,
    pub deed: Deed,
}

/// What is wrong with a phone's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    Right,
    TwoHoursAhead,
    In1970,
    In2038,
}

impl Clock {
    #[must_use]
    pub fn of(phone: usize) -> Self {
        match phone % 8 {
            3 => Self::TwoHoursAhead,
            5 => Self::In1970,
            7 => Self::In2038,
            _ => Self::Right,
        }
    }

    /// What the phone says when it is `at`; `start` is when the rehearsal begins.
    #[must_use]
    pub fn says(self, at: Millis, start: Millis) -> Millis {
        match self {
            Self::Right => at,
            Self::TwoHoursAhead => at + 2 * HOUR,
            Self::In1970 => at - start,
            Self::In2038 => at - start + 2_147_483_647_000,
        }
    }
}

impl Town {
    #[must_use]
    pub fn new(size: Size) -> Self {
        let areas = Areas::new(size.communities);
        let codes = areas.community_codes();
        let city = City::new(size.seed, size.people, codes.len());
        let unknown_doors = city.households.div_ceil(100).max(4).min(city.households);
        let (groups, group_of) = share_out(&areas, size.phones.max(1));
        Self { size, unknown_doors, city, areas, codes, groups, group_of }
    }

    /// The household beside which an unknown door is.
    fn beside(&self, index: u64) -> u64 {
        index * self.city.households / self.unknown_doors
    }

    #[must_use]
    pub fn is_listed_door(&self, door: DoorNumber) -> bool {
        door < self.city.households
    }

    #[must_use]
    pub fn address(&self, door: DoorNumber) -> Address {
        if self.is_listed_door(door) {
            return Self::address_of(&self.city.household(door));
        }
        let index = door - self.city.households;
        Address {
            community: self.city.household(self.beside(index)).community,
            building: "900".into(),
            unit: "1".into(),
            room: (1001 + index).to_string(),
        }
    }

    #[must_use]
    pub fn address_of(household: &Household) -> Address {
        Address {
            community: household.community,
            building: household.building.to_string(),
            unit: household.unit.to_string(),
            room: household.room.to_string(),
        }
    }

    /// The doors of a community that no roster knows.
    pub fn unknown_doors_of(&self, community: usize) -> impl Iterator<Item = DoorNumber> {
        let households = self.city.households_of(community);
        (0..self.unknown_doors)
            .filter(move |index| households.contains(&self.beside(*index)))
            .map(|index| self.city.households + index)
    }

    #[must_use]
    pub fn who(&self, somebody: Somebody) -> Option<Resident> {
        let (household, place) = (somebody / 8, somebody % 8);
        if place >= 6 {
            return Some(self.city.stranger(household * 2 + place - 6));
        }
        self.city.household(household).members.into_iter().nth(usize::try_from(place).ok()?)
    }

    /// Whether a roster names her.
    #[must_use]
    pub fn is_listed(somebody: Somebody) -> bool {
        somebody % 8 < 6
    }

    /// People of these households are always written down in full or by a tap, so that one who is erased and seen
    /// again is one person, not several.
    #[must_use]
    pub fn is_careful(somebody: Somebody) -> bool {
        (somebody / 8).is_multiple_of(10)
    }

    /// Whether a phone serves the community of a door.
    #[must_use]
    pub fn serves(&self, phone: usize, community: usize) -> bool {
        let group = self.group_of.get(community).and_then(|group| self.groups.get(*group));
        group.is_some_and(|group| group.phones.contains(&phone))
    }

    /// Whether a phone has a network in this hour.
    #[must_use]
    pub fn is_online(&self, phone: usize, hour: i64) -> bool {
        let long_gone = phone % 7 == 4 && (self.size.hours / 8..self.size.hours * 5 / 8).contains(&hour);
        let mut chance = Chance::new(self.size.seed ^ 0x0417e, phone as u64 * 10_000 + hour.unsigned_abs());
        !long_gone && chance.percent(55)
    }

    /// What each phone records, in the order of its own day.
    #[must_use]
    pub fn script(&self, start: Millis) -> Vec<Vec<Entry>> {
        let mut writer = Writer { town: self, start, entries: vec![Vec::new(); self.size.phones.max(1)] };
        for number in 0..self.city.households {
            writer.household(&self.city.household(number));
        }
        for index in 0..self.unknown_doors {
            writer.unknown_door(index);
        }
        for phone in 0..self.size.phones {
            let at = start + HOUR * (phone as Millis % self.size.hours.max(1));
            writer.put(phone, at, Deed::Astray);
        }
        for entries in &mut writer.entries {
            entries.sort_by_key(|entry| entry.at);
        }
        writer.entries
    }
}

/// Gives every phone an area: communities if there are two phones for each, else streets, counties, or the whole.
fn share_out(areas: &Areas, phones: usize) -> (Vec<Group>, Vec<usize>) {
    let level = ["community", "township", "county"]
        .into_iter()
        .find(|level| areas.places.iter().filter(|place| place.level == *level).count() * 2 <= phones);
    let level = level.unwrap_or("city");
    let mut groups: Vec<Group> = (0..)
        .zip(&areas.places)
        .filter(|(_, place)| place.level == level)
        .map(|(place, _)| Group { place, phones: Vec::new(), communities: Vec::new() })
        .collect();
    let mut group_of = Vec::new();
    for (community, index) in (areas.communities..areas.places.len()).enumerate() {
        let above =
            std::iter::successors(Some(index), |at| areas.places.get(*at).and_then(|place| place.parent));
        let served: Vec<usize> = above.collect();
        let group = groups.iter().position(|group| served.contains(&group.place)).unwrap_or(0);
        group_of.push(group);
        if let Some(group) = groups.get_mut(group) {
            group.communities.push(community);
        }
    }
    let count = groups.len().max(1);
    for phone in 0..phones {
        if let Some(group) = groups.get_mut(phone % count) {
            group.phones.push(phone);
        }
    }
    (groups, group_of)
}

struct Writer<'a> {
    town: &'a Town,
    start: Millis,
    entries: Vec<Vec<Entry>>,
}

impl Writer<'_> {
    fn put(&mut self, phone: usize, at: Millis, deed: Deed) {
        let end = self.start + self.town.size.hours * HOUR;
        if let Some(entries) = self.entries.get_mut(phone) {
            entries.push(Entry { at: at.clamp(self.start, end - 1), deed });
        }
    }

    /// Two phones of the community's group; the same one twice if there is only one.
    fn two_phones(&self, community: usize, chance: &mut Chance) -> (usize, usize) {
        let group = self.town.group_of.get(community).and_then(|group| self.town.groups.get(*group));
        let phones = group.map_or(&[][..], |group| group.phones.as_slice());
        let first = chance.below(phones.len() as u64);
        let other = if phones.len() > 1 { first + 1 + chance.below(phones.len() as u64 - 1) } else { first };
        let pick = |at: u64| phones.get(usize::try_from(at).unwrap_or(0) % phones.len().max(1)).copied();
        (pick(first).unwrap_or(0), pick(other).unwrap_or(0))
    }

    fn household(&mut self, household: &Household) {
        let town = self.town;
        let number = household.number;
        let mut chance = Chance::new(town.size.seed ^ 0x5c_11e7, number);
        if chance.percent(6) {
            return;
        }
        let (first, second) = self.two_phones(household.community, &mut chance);
        let span = (town.size.hours * HOUR * 8 / 10).max(1);
        let at = self.start + (chance.draw() % span.unsigned_abs()) as Millis;
        let finding = town.city.finding(household, 0);
        self.visit(first, at, household, &finding, &mut chance);
        if finding.outcome == Outcome::NoAnswer && chance.percent(60) {
            let again = town.city.finding(household, 1);
            let later = at + 6 * HOUR + chance.below(6 * HOUR as u64) as Millis;
            self.visit(second, later, household, &again, &mut chance);
        }
        if chance.percent(8) {
            // Two workers at one door, neither knowing of the other.
            let again = town.city.finding(household, 2);
            let beside = at + chance.below(60 * MINUTE as u64) as Millis - 30 * MINUTE;
            self.visit(second, beside, household, &again, &mut chance);
        }
        if chance.below(1000) < 4 {
            self.foreign_visit(household, at + 20 * MINUTE, &mut chance);
        }
        if finding.stranger.is_some() && chance.percent(20) {
            let door = self.another_of(household, &mut chance);
            let how = How::InFull;
            self.put(second, at + 5 * HOUR, Deed::See { door, somebody: number * 8 + 7, how });
        }
    }

    fn another_of(&self, household: &Household, chance: &mut Chance) -> DoorNumber {
        let all = self.town.city.households_of(household.community);
        all.start + chance.below(all.end - all.start)
    }

    fn visit(
        &mut self,
        phone: usize,
        at: Millis,
        household: &Household,
        finding: &Finding,
        chance: &mut Chance,
    ) {
        let door = household.number;
        // A worker who forgets the date to check again: the fact waits until someone decides.
        let forgot = finding.outcome == Outcome::Away && chance.percent(4);
        let day = i32::try_from((at + CAMPAIGN).div_euclid(DAY)).unwrap_or(0);
        let recheck_on = (finding.recheck && !forgot).then(|| day + 1 + i32::from(chance.percent(30)));
        let note = chance.percent(5);
        self.put(
            phone,
            at,
            Deed::Visit { door, outcome: finding.outcome, light: finding.light, recheck_on, note },
        );
        let mut moment = at;
        for index in &finding.seen {
            moment += 1000;
            let somebody = door * 8 + *index as u64;
            let how = how(household, *index, chance);
            self.put(phone, moment, Deed::See { door, somebody, how });
        }
        if finding.stranger.is_some() {
            let somebody = door * 8 + 7;
            self.put(phone, moment + 1000, Deed::See { door, somebody, how: How::InFull });
        }
        if finding.outcome == Outcome::Met && chance.percent(3) {
            let other = self.another_of(household, chance);
            if other != door {
                let careful = Town::is_careful(other * 8);
                let how = if careful || chance.percent(50) { How::InFull } else { How::PhoneAndName };
                self.put(phone, moment + 2000, Deed::See { door, somebody: other * 8, how });
            }
        }
    }

    /// Someone from elsewhere knocks: her record waits until the secretary decides.
    fn foreign_visit(&mut self, household: &Household, at: Millis, chance: &mut Chance) {
        let group = self.town.group_of.get(household.community).copied().unwrap_or(0);
        let count = self.town.groups.len();
        if count < 2 {
            return;
        }
        let other = (group + 1 + chance.below(count as u64 - 1) as usize) % count;
        let phones = self.town.groups.get(other).map_or(&[][..], |group| group.phones.as_slice());
        let Some(phone) = phones.get(chance.below(phones.len() as u64) as usize).copied() else { return };
        let door = household.number;
        let outcome = if chance.percent(50) { Outcome::Met } else { Outcome::Vacant };
        let visit = Deed::Visit { door, outcome, light: Light::Unknown, recheck_on: None, note: false };
        self.put(phone, at, visit);
        if outcome == Outcome::Met && !Town::is_careful(door * 8) {
            let seen = Deed::See { door, somebody: door * 8, how: How::InFull };
            self.put(phone, at + 1000, seen);
        }
    }

    fn unknown_door(&mut self, index: u64) {
        let door = self.town.city.households + index;
        let beside = self.town.beside(index);
        let community = self.town.address(door).community;
        let mut chance = Chance::new(self.town.size.seed ^ 0xd0_0a, index);
        let (first, second) = self.two_phones(community, &mut chance);
        let at = self.start
            + (chance.draw() % (self.town.size.hours * HOUR * 8 / 10).max(1).unsigned_abs()) as Millis;
        let (outcome, light) = match chance.below(4) {
            0 | 1 => (Outcome::Met, Light::On),
            2 => (Outcome::NoAnswer, Light::On),
            _ => (Outcome::NoAnswer, Light::Off),
        };
        let visit = Deed::Visit { door, outcome, light, recheck_on: None, note: false };
        self.put(first, at, Deed::Register { door });
        self.put(first, at + 500, visit);
        if outcome == Outcome::Met && chance.percent(60) {
            let seen = Deed::See { door, somebody: beside * 8 + 6, how: How::InFull };
            self.put(first, at + 1000, seen);
        }
        if chance.percent(30) && second != first {
            let later = at + 3 * HOUR;
            self.put(second, later, Deed::Register { door });
            let outcome = Outcome::Met;
            self.put(
                second,
                later + 500,
                Deed::Visit { door, outcome, light: Light::On, recheck_on: None, note: false },
            );
        }
    }
}

fn how(household: &Household, index: usize, chance: &mut Chance) -> How {
    if Town::is_careful(household.number * 8) {
        return if chance.percent(50) { How::Tap } else { How::InFull };
    }
    let name = household.members.get(index).map(|member| member.name.as_str());
    let namesakes = household.members.iter().filter(|member| Some(member.name.as_str()) == name).count();
    match chance.below(100) {
        0..40 => How::Tap,
        40..70 => How::InFull,
        70..85 => How::PhoneAndName,
        _ if namesakes > 1 => How::InFull,
        _ => How::NameAndBirth,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_tells_the_same_story_and_every_phone_has_its_part() {
        let size = Size { people: 2000, communities: 3, phones: 9, hours: 72, seed: 5 };
        let town = Town::new(size);
        let script = town.script(0);
        assert_eq!(script, Town::new(size).script(0));
        assert_ne!(script, Town::new(Size { seed: 6, ..size }).script(0));
        assert!(script.iter().all(|entries| entries.len() > 20));
        for entries in &script {
            assert!(entries.is_sorted_by_key(|entry| entry.at));
            assert!(entries.iter().all(|entry| (0..72 * HOUR).contains(&entry.at)));
        }
        let doors: Vec<DoorNumber> = (0..3).flat_map(|community| town.unknown_doors_of(community)).collect();
        assert_eq!(doors.len() as u64, town.unknown_doors);
    }

    #[test]
    fn few_phones_share_wide_areas() {
        let size = Size { people: 1000, communities: 100, phones: 12, hours: 72, seed: 5 };
        let town = Town::new(size);
        assert_eq!(town.groups.len(), 5, "streets of twenty communities");
        assert!(town.groups.iter().all(|group| group.phones.len() >= 2 && group.communities.len() == 20));
        assert!(town.serves(0, 0) && !town.serves(1, 0));
    }
}
