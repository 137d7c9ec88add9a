//! A synthetic city: people who never lived, behind doors of any number, and what a sweep finds there.
//!
//! Everything about household `n` follows from the seed and `n` alone, so that ten million people need no memory and
//! any run can be repeated. Identity numbers carry a region code that was never assigned and phones a prefix that no
//! network has, so that no row can be about a real person.

use domain::fact::{Light, Outcome};
use domain::time::{Day, Millis, day_of, format_instant, from_day};

/// A generator of numbers; SplitMix64 (Steele, Lea, Flood 2014). Not for secrets.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut chance = Self(seed ^ stream.wrapping_mul(0xd134_2543_de82_ef95));
        chance.draw();
        chance
    }

    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.draw() % bound.max(1)
    }

    /// True `percent` times in a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// Someone who never lived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resident {
    pub name: String,
    pub sex: &'static str,
    pub birth_date: String,
    pub id_number: String,
    pub phone: String,
    pub relation: &'static str,
}

/// One door and who is listed behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Household {
    pub number: u64,
    /// Index into the city's communities.
    pub community: usize,
    pub building: u64,
    pub unit: u64,
    pub room: u64,
    pub members: Vec<Resident>,
}

/// What the sweep finds at one door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub outcome: Outcome,
    pub light: Light,
    pub recheck: bool,
    /// Indexes of the members who are seen at their own door.
    pub seen: Vec<usize>,
    /// Someone who is on no list.
    pub stranger: Option<Resident>,
}

/// A city of so many people in so many communities.
#[derive(Clone, Debug)]
pub struct City {
    pub seed: u64,
    pub communities: usize,
    pub households: u64,
}

/// One area of a synthetic city.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub code: String,
    pub name: String,
    pub level: &'static str,
    pub parent: Option<usize>,
}

/// The areas of a synthetic city: a city, counties, streets and communities, parents before their children. The codes
/// have the shape of the national division under a province that does not exist.
#[derive(Clone, Debug)]
pub struct Areas {
    pub places: Vec<Place>,
    /// Index of the first community; the rest of `places` are communities.
    pub communities: usize,
}

const COMMUNITIES_OF_A_STREET: usize = 20;
const STREETS_OF_A_COUNTY: usize = 20;
/// The synthetic city, which is also the name of its territory.
pub const CITY: &str = "9900";

impl Areas {
    /// The areas of a city of so many communities; 40,000 at most fit the codes.
    #[must_use]
    pub fn new(communities: usize) -> Self {
        let communities = communities.max(1);
        let streets = communities.div_ceil(COMMUNITIES_OF_A_STREET);
        let counties = streets.div_ceil(STREETS_OF_A_COUNTY);
        let mut places =
            vec![Place { code: CITY.into(), name: "演练市".into(), level: "city", parent: None }];
        let mut row =
            |code, name, level, parent| places.push(Place { code, name, level, parent: Some(parent) });
        let county_code = |county: usize| format!("{CITY}{:02}", county + 1);
        let street_code = |street: usize| {
            format!("{}{:03}", county_code(street / STREETS_OF_A_COUNTY), street % STREETS_OF_A_COUNTY + 1)
        };
        for county in 0..counties {
            row(county_code(county), format!("演练{}区", county + 1), "county", 0);
        }
        for street in 0..streets {
            let name = format!("演练{}街道", street + 1);
            row(street_code(street), name, "township", 1 + street / STREETS_OF_A_COUNTY);
        }
        for community in 0..communities {
            let street = community / COMMUNITIES_OF_A_STREET;
            let code = format!("{}{:03}", street_code(street), community % COMMUNITIES_OF_A_STREET + 1);
            row(code, format!("演练{}社区", community + 1), "community", 1 + counties + street);
        }
        Self { communities: places.len() - communities, places }
    }

    /// The codes of the communities, in the order of [`Household::community`].
    #[must_use]
    pub fn community_codes(&self) -> Vec<String> {
        self.places.iter().skip(self.communities).map(|place| place.code.clone()).collect()
    }

    /// The areas as the CSV file that `wanjia import areas` takes.
    #[must_use]
    pub fn to_csv(&self) -> String {
        let mut csv = String::from("code,name,level,parent_code\n");
        for place in &self.places {
            let parent = place.parent.and_then(|parent| self.places.get(parent));
            let parent = parent.map_or("", |parent| parent.code.as_str());
            csv.push_str(&format!("{},{},{},{parent}\n", place.code, place.name, place.level));
        }
        csv
    }
}

const SURNAMES: &str =
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈";
const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文斌慧志红梅晓春海燕东雪玲峰辉鹏佳欣怡子涵宇轩浩然梓晨思雨";
/// Long enough that the numbers of 25 million residents stay apart, see [`City::resident`].
const DAYS: u64 = 29_200;
const FIRST_DAY: Day = -14_600;
const WEIGHTS: [u64; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

impl City {
    /// A city of about `people` people.
    #[must_use]
    pub fn new(seed: u64, people: u64, communities: usize) -> Self {
        Self { seed, communities: communities.max(1), households: (people * 10 / 25).max(1) }
    }

    /// Household `number`, from 0.
    #[must_use]
    pub fn household(&self, number: u64) -> Household {
        let mut chance = Chance::new(self.seed, number);
        let communities = self.communities as u64;
        let community = number * communities / self.households;
        let first = (community * self.households).div_ceil(communities);
        let within = number - first;
        let floors = [6, 11, 18][usize::try_from(community % 3).unwrap_or(0)];
        let units = 1 + community % 3;
        let flats = 2 + community % 2 * 2;
        let per_unit = floors * flats;
        let size = match chance.below(100) {
            0..18 => 1,
            18..48 => 2,
            48..75 => 3,
            75..89 => 4,
            89..97 => 5,
            _ => 6,
        };
        let mut members: Vec<Resident> =
            (0..size).map(|place| self.resident(&mut chance, number * 8 + place)).collect();
        members.sort_by(|a, b| a.birth_date.cmp(&b.birth_date));
        for (place, member) in members.iter_mut().enumerate() {
            member.relation = match place {
                0 => "户主",
                1 => "配偶",
                _ => "子女",
            };
        }
        Household {
            number,
            community: usize::try_from(community).unwrap_or(0),
            building: within / (units * per_unit) + 1,
            unit: within / per_unit % units + 1,
            room: (within % per_unit / flats + 1) * 100 + within % flats + 1,
            members,
        }
    }

    /// The resident with this serial number; no two serials below 29,200 × 1,000 share an identity number.
    fn resident(&self, chance: &mut Chance, serial: u64) -> Resident {
        let pick = |chance: &mut Chance, from: &str| {
            let length = from.chars().count() as u64;
            from.chars().nth(usize::try_from(chance.below(length)).unwrap_or(0)).unwrap_or('王')
        };
        let mut name = String::from(pick(chance, SURNAMES));
        name.push(pick(chance, GIVEN));
        if chance.percent(80) {
            name.push(pick(chance, GIVEN));
        }
        let male = chance.percent(51);
        let day = FIRST_DAY + i32::try_from(serial.wrapping_mul(7919) % DAYS).unwrap_or(0);
        let birth_date = from_day(day).to_string();
        let rest = serial / DAYS;
        let order = rest % 500 * 2 + u64::from(male);
        let seventeen = format!("99{:04}{}{order:03}", rest / 500 + 1, birth_date.replace('-', ""));
        let sum: u64 =
            seventeen.bytes().zip(WEIGHTS).map(|(digit, weight)| u64::from(digit - b'0') * weight).sum();
        let check = "10X98765432".as_bytes()[usize::try_from(sum % 11).unwrap_or(0)];
        Resident {
            name,
            sex: if male { "男" } else { "女" },
            birth_date,
            id_number: format!("{seventeen}{}", char::from(check)),
            phone: format!("100{:08}", serial % 100_000_000),
            relation: "",
        }
    }

    /// Household numbers of one community, in order.
    #[must_use]
    pub fn households_of(&self, community: usize) -> std::ops::Range<u64> {
        let (communities, community) = (self.communities as u64, community as u64);
        let first = |community: u64| (community * self.households).div_ceil(communities);
        first(community)..first(community + 1)
    }

    /// Someone on no list; household `n` has two such numbers to itself, `2n` and `2n + 1`.
    #[must_use]
    pub fn stranger(&self, number: u64) -> Resident {
        // Six places of eight are for the members of a household, see `household`; these two are not.
        let serial = number / 2 * 8 + 6 + number % 2;
        self.resident(&mut Chance::new(self.seed ^ 0x57a7, number), serial)
    }

    /// What the sweep finds at a household's door on visit `round` (0 is the first).
    #[must_use]
    pub fn finding(&self, household: &Household, round: u64) -> Finding {
        let mut chance = Chance::new(self.seed ^ 0x5eed, household.number * 16 + round);
        let (outcome, light) = match chance.below(100) {
            0..64 => (Outcome::Met, Light::On),
            64..70 => (Outcome::Phone, Light::Off),
            70..80 => (Outcome::NoAnswer, Light::Off),
            80..85 => (Outcome::NoAnswer, Light::On),
            85..90 => (Outcome::Vacant, Light::Off),
            90..92 => (Outcome::Refused, Light::On),
            92..99 => (Outcome::Away, Light::Off),
            _ => (Outcome::NotExist, Light::Unknown),
        };
        let mut seen = Vec::new();
        let mut stranger = None;
        if outcome == Outcome::Met {
            seen = (0..household.members.len()).filter(|_| chance.percent(92)).collect();
            if chance.percent(4) {
                stranger = Some(self.stranger(household.number * 2 + 1));
            }
        }
        Finding {
            outcome,
            light,
            recheck: outcome == Outcome::Away || outcome == Outcome::NoAnswer,
            seen,
            stranger,
        }
    }

    /// The roster as CSV, household by household, into `out`. Returns how many people are on it.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write_roster(&self, codes: &[String], out: &mut dyn std::io::Write) -> std::io::Result<u64> {
        writeln!(out, "area_code,building,unit,room,name,sex,birth_date,id_number,phone,relation")?;
        let mut people = 0;
        for number in 0..self.households {
            let household = self.household(number);
            let code = codes.get(household.community).map_or("", String::as_str);
            for member in &household.members {
                writeln!(
                    out,
                    "{code},{},{},{},{},{},{},{},{},{}",
                    household.building,
                    household.unit,
                    household.room,
                    member.name,
                    member.sex,
                    member.birth_date,
                    member.id_number,
                    member.phone,
                    member.relation
                )?;
                people += 1;
            }
        }
        Ok(people)
    }

    /// What a first round finds behind the doors for which `visited` says yes, as the two files that visits and
    /// sightings are imported from. The first visit is at `from` (milliseconds since 1970), one a second after it.
    #[must_use]
    pub fn write_findings(
        &self,
        codes: &[String],
        from: Millis,
        visited: impl Fn(u64) -> bool,
    ) -> (String, String) {
        let mut visits =
            String::from("area_code,building,unit,room,at,outcome,light,worker,recheck_on,note\n");
        let mut persons =
            String::from("area_code,building,unit,room,at,name,sex,birth_date,id_number,phone\n");
        for (second, number) in (0..).zip((0..self.households).filter(|number| visited(*number))) {
            let household = self.household(number);
            let finding = self.finding(&household, 0);
            let at = from + second * 1000;
            let recheck = if finding.recheck { from_day(day_of(at) + 1).to_string() } else { String::new() };
            let code = codes.get(household.community).map_or("", String::as_str);
            let door = format!("{code},{},{},{}", household.building, household.unit, household.room);
            let (outcome, light) = (finding.outcome.as_str(), finding.light.as_str());
            let at = format_instant(at);
            visits.push_str(&format!("{door},{at},{outcome},{light},,{recheck},\n"));
            let seen = finding.seen.iter().filter_map(|index| household.members.get(*index));
            for who in seen.chain(&finding.stranger) {
                persons.push_str(&format!(
                    "{door},{at},{},{},{},{},{}\n",
                    who.name, who.sex, who.birth_date, who.id_number, who.phone
                ));
            }
        }
        (visits, persons)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn areas_have_their_parents_before_them_and_codes_of_their_own() {
        let areas = Areas::new(7148);
        let codes: HashSet<&str> = areas.places.iter().map(|place| place.code.as_str()).collect();
        assert_eq!(codes.len(), areas.places.len());
        assert_eq!(areas.community_codes().len(), 7148);
        for (index, place) in areas.places.iter().enumerate().skip(1) {
            let parent = place.parent.unwrap();
            assert!(parent < index);
            assert!(place.code.starts_with(&areas.places[parent].code));
        }
    }

    #[test]
    fn nobody_and_no_door_comes_twice() {
        let city = City::new(1, 20_000, 7);
        let (mut doors, mut numbers) = (HashSet::new(), HashSet::new());
        let mut people = 0;
        for number in 0..city.households {
            let household = city.household(number);
            assert!(city.households_of(household.community).contains(&number));
            assert!(doors.insert((household.community, household.building, household.unit, household.room)));
            for member in &household.members {
                people += 1;
                assert!(numbers.insert(member.id_number.clone()));
                let read = intake::cell::id_number(&member.id_number);
                assert!(matches!(read, intake::cell::IdNumber::Valid(_)), "{read:?}");
            }
        }
        assert!((18_000..23_000).contains(&people), "{people}");
        assert_eq!(city.household(5), City::new(1, 20_000, 7).household(5));
        assert_ne!(city.household(5), City::new(2, 20_000, 7).household(5));
    }
}
