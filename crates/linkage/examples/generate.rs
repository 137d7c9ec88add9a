//! Makes a roster and a list of observations of its people, with the truth beside them. All people are made up.
//!
//! `generate --people 100000 --profile plain|hard --seed 1 --out DIR` writes `roster.csv` and `observation.csv`;
//! the same arguments give the same bytes. `truth_person_id` and `noise` in the observations are the truth and the
//! kinds of noise that were laid on, for scoring only. One observation in twenty is of somebody who is not on the
//! roster but lives with people who are.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Parser, ValueEnum};
use encoding_rs::GBK;
use fastrand::Rng;
use linkage::number::check_value;
use pinyin::ToPinyin;
use rustc_hash::FxHashMap;

#[derive(Parser)]
struct Arguments {
    /// People on the roster
    #[arg(long)]
    people: usize,
    #[arg(long, value_enum, default_value_t = Profile::Plain)]
    profile: Profile,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Changes one rate of the profile, as in `--set moved=0.3`
    #[arg(long = "set", value_name = "RATE=SHARE", value_parser = rate)]
    changed: Vec<(String, f64)>,
    /// Folder to write to
    #[arg(long)]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Profile {
    /// A careful sweep: noise falls on each row by itself
    Plain,
    /// A hurried one: more is missing, more have moved, whole families moved and share a phone, twins, namesakes in
    /// one building, and some recorders are careless in everything
    Hard,
}

fn rate(text: &str) -> Result<(String, f64), String> {
    let (name, share) = text.split_once('=').ok_or("give it as name=share")?;
    let share = share.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
    Ok((name.to_owned(), share.ok_or("a share lies between 0 and 1")?))
}

/// Shares of rows (or people) on which each kind of noise falls.
struct Rates {
    /// Of the roster, who is seen.
    seen: f64,
    /// Of the observations, those of people who are not on the roster.
    outsiders: f64,
    id_missing: f64,
    phone_missing: f64,
    homophone: f64,
    other_character: f64,
    nickname: f64,
    id_slip: f64,
    phone_slip: f64,
    phone_new: f64,
    birth_missing: f64,
    birth_off: f64,
    moved: f64,
    wrong_room: f64,
    sex_wrong: f64,
    unit_missing: f64,
    careless: f64,
    roster_id_missing: f64,
    roster_phone_missing: f64,
    shared_phone: f64,
    twins: f64,
    namesakes: f64,
    family_moves: bool,
}

impl Rates {
    const fn of(profile: Profile) -> Self {
        match profile {
            Profile::Plain => Self {
                seen: 0.9,
                outsiders: 0.05,
                id_missing: 0.60,
                phone_missing: 0.30,
                homophone: 0.04,
                other_character: 0.0,
                nickname: 0.02,
                id_slip: 0.015,
                phone_slip: 0.015,
                phone_new: 0.0,
                birth_missing: 0.05,
                birth_off: 0.05,
                moved: 0.05,
                wrong_room: 0.02,
                sex_wrong: 0.0,
                unit_missing: 0.0,
                careless: 0.0,
                roster_id_missing: 0.0,
                roster_phone_missing: 0.0,
                shared_phone: 0.0,
                twins: 0.003,
                namesakes: 0.0,
                family_moves: false,
            },
            Profile::Hard => Self {
                seen: 0.9,
                outsiders: 0.05,
                id_missing: 0.80,
                phone_missing: 0.45,
                homophone: 0.08,
                other_character: 0.01,
                nickname: 0.04,
                id_slip: 0.03,
                phone_slip: 0.03,
                phone_new: 0.05,
                birth_missing: 0.12,
                birth_off: 0.08,
                moved: 0.10,
                wrong_room: 0.04,
                sex_wrong: 0.01,
                unit_missing: 0.05,
                careless: 0.10,
                roster_id_missing: 0.05,
                roster_phone_missing: 0.10,
                shared_phone: 0.35,
                twins: 0.03,
                namesakes: 0.01,
                family_moves: true,
            },
        }
    }
}

impl Rates {
    fn of_name(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "seen" => &mut self.seen,
            "outsiders" => &mut self.outsiders,
            "id_missing" => &mut self.id_missing,
            "phone_missing" => &mut self.phone_missing,
            "homophone" => &mut self.homophone,
            "other_character" => &mut self.other_character,
            "nickname" => &mut self.nickname,
            "id_slip" => &mut self.id_slip,
            "phone_slip" => &mut self.phone_slip,
            "phone_new" => &mut self.phone_new,
            "birth_missing" => &mut self.birth_missing,
            "birth_off" => &mut self.birth_off,
            "moved" => &mut self.moved,
            "wrong_room" => &mut self.wrong_room,
            "sex_wrong" => &mut self.sex_wrong,
            "unit_missing" => &mut self.unit_missing,
            "careless" => &mut self.careless,
            "roster_id_missing" => &mut self.roster_id_missing,
            "roster_phone_missing" => &mut self.roster_phone_missing,
            "shared_phone" => &mut self.shared_phone,
            "twins" => &mut self.twins,
            "namesakes" => &mut self.namesakes,
            _ => return None,
        })
    }
}

const SURNAMES: &str = "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾\
丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文";
const MALE: &str = "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆帅旭宁林阳建亮成旺文峰国志海东轩然睿博宏毅恒德\
胜利民永生家豪泽晨昊天佑鸣嘉诚思远卫红根柱福贵山川江河清启承坤云翔瑞祥荣昌盛安定邦栋正义信仁礼智勤学友善良光耀兴";
const FEMALE: &str = "芳娜敏静丽艳娟霞秀英玲桂兰燕红梅莉丹萍洁颖琳雪婷慧莹倩欣怡梦瑶佳子涵雨诗琪语嫣可馨萱依诺若汐凤\
珍玉淑惠春花香翠云莲菊荷琴琼瑛瑾璐璇珊瑜瑞环佩美娇媛婉妍妮姗婕晓晴露霜冰清素贞芝芬芸菁菲薇蓉蓓蕾蔓青竹月星彩虹霓";
const REGIONS: [u64; 24] = [
    420_102, 420_103, 420_104, 420_105, 420_106, 420_107, 420_111, 420_112, 420_114, 420_115, 420_116,
    420_117, 420_202, 420_302, 420_502, 420_602, 420_802, 421_002, 421_102, 411_502, 430_102, 360_102,
    340_102, 510_104,
];
const PHONES: [u64; 16] = [130, 131, 132, 135, 136, 137, 138, 139, 150, 151, 158, 159, 177, 186, 188, 189];
const NICKNAMES: [(&str, &str, u8); 9] = [
    ("小", "", 0),
    ("老", "", 0),
    ("", "某某", 0),
    ("", "先生", 1),
    ("", "师傅", 1),
    ("", "叔叔", 1),
    ("", "女士", 2),
    ("", "阿姨", 2),
    ("", "婆婆", 2),
];
/// Days from 1920-01-01 that births fall on; 100 years of 365.25 days.
const DAYS: usize = 36_600;
const TODAY: i64 = 36_500;

/// A table to draw from by weight.
struct Draw {
    items: Vec<char>,
    sums: Vec<f64>,
}

impl Draw {
    /// Weights fall with the place: `1 / (place + flat) ^ power`.
    fn new(items: &str, flat: f64, power: f64) -> Self {
        let mut seen = Vec::new();
        for item in items.chars() {
            if !seen.contains(&item) {
                seen.push(item);
            }
        }
        let mut sum = 0.0;
        let sums = (0..seen.len())
            .map(|place| {
                sum += (place as f64 + flat).powf(-power);
                sum
            })
            .collect();
        Self { items: seen, sums }
    }

    fn draw(&self, rng: &mut Rng) -> char {
        let at = rng.f64() * self.sums.last().copied().unwrap_or(1.0);
        self.items[self.sums.partition_point(|sum| *sum <= at).min(self.items.len() - 1)]
    }
}

/// Characters of one toneless pinyin, among the 3,755 of the first level of GB 2312.
struct Homophones(FxHashMap<&'static str, Vec<char>>);

impl Homophones {
    fn new() -> Self {
        let mut groups: FxHashMap<&'static str, Vec<char>> = FxHashMap::default();
        for character in '\u{4e00}'..='\u{9fa5}' {
            let mut buffer = [0; 4];
            let (bytes, _, unknown) = GBK.encode(character.encode_utf8(&mut buffer));
            let first_level = !unknown && (0xb0..=0xd7).contains(&bytes[0]) && bytes[1] >= 0xa1;
            if let (true, Some(sound)) = (first_level, character.to_pinyin()) {
                groups.entry(sound.plain()).or_default().push(character);
            }
        }
        Self(groups)
    }

    fn other(&self, character: char, rng: &mut Rng) -> Option<char> {
        let group = self.0.get(character.to_pinyin()?.plain())?;
        let others = group.iter().filter(|other| **other != character).count();
        (others > 0).then(|| {
            let pick = rng.usize(..others);
            group.iter().filter(|other| **other != character).nth(pick).copied().unwrap_or(character)
        })
    }
}

#[derive(Clone, Copy)]
struct Person {
    household: u32,
    name: [char; 3],
    male: bool,
    birth: i64,
    id: u64,
    phone: u64,
}

/// Where household `number` lives: community, building, unit, room.
fn dwelling(number: u32) -> (u32, u32, u32, u32) {
    let (community, within) = (number / 1200, number % 1200);
    let (units, floors, flats) =
        (1 + community % 4, [6, 11, 18][community as usize % 3], 2 + community % 2 * 2);
    let per_unit = floors * flats;
    let (building, unit) = (within / (units * per_unit) + 1, within / per_unit % units + 1);
    (community, building, unit, (within % per_unit / flats + 1) * 100 + within % flats + 1)
}

struct Maker {
    rng: Rng,
    rates: Rates,
    surnames: Draw,
    male: Draw,
    female: Draw,
    homophones: Homophones,
    /// How many people were born in a region on a day, by sex.
    births: Vec<u16>,
}

fn civil(day: i64) -> (i16, i8, i8) {
    let start = jiff::civil::date(1920, 1, 1);
    let date = start.saturating_add(jiff::Span::new().days(day));
    (date.year(), date.month(), date.day())
}

impl Maker {
    fn hit(&mut self, rate: f64) -> bool {
        self.rng.f64() < rate
    }

    fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.rng.f64()).sum::<f64>() - 6.0
    }

    fn identity(&mut self, region: usize, day: i64, male: bool) -> u64 {
        let slot = (region * DAYS + day as usize) * 2 + usize::from(male);
        let sequence = (self.births[slot] as u64 + slot as u64 % 499) % 500 * 2 + u64::from(male);
        self.births[slot] += 1;
        let (year, month, date) = civil(day);
        let written = year as u64 * 10_000 + month as u64 * 100 + date as u64;
        let seventeen = REGIONS[region] * 100_000_000_000 + written * 1000 + sequence;
        seventeen * 16 + check_value(seventeen)
    }

    fn phone(&mut self) -> u64 {
        PHONES[self.rng.usize(..PHONES.len())] * 100_000_000 + self.rng.u64(..100_000_000)
    }

    fn given(&mut self, male: bool) -> char {
        let table = if male { &self.male } else { &self.female };
        table.draw(&mut self.rng)
    }

    /// Everybody, household by household.
    fn people(&mut self, wanted: usize) -> Vec<Person> {
        let mut people: Vec<Person> = Vec::with_capacity(wanted);
        let mut household = 0;
        while people.len() < wanted {
            self.household(household, &mut people);
            household += 1;
        }
        people.truncate(wanted);
        self.namesakes(&mut people);
        people
    }

    fn household(&mut self, household: u32, people: &mut Vec<Person>) {
        let size = 1 + [0.18, 0.48, 0.75, 0.89, 0.97]
            .iter()
            .filter(|limit| self.rng.f64() >= **limit)
            .count()
            .min(5);
        let first = people.len();
        let head_age = (48.0 + 16.0 * self.normal()).clamp(19.0, 95.0);
        let head_male = self.hit(0.6);
        let region = self.rng.usize(..REGIONS.len());
        let generation = self.given(head_male);
        let mut twin: Option<Person> = None;
        for place in 0..size {
            let child = place == 2 || place == 3;
            let age = match place {
                0 => head_age,
                1 => head_age + 4.0 * self.normal(),
                2 | 3 => head_age - 27.0 + 5.0 * self.normal(),
                _ => head_age + 26.0 + 4.0 * self.normal(),
            };
            let age = if (0.01..99.0).contains(&age) { age } else { 0.01 + 30.0 * self.rng.f64() };
            let male = match place {
                0 => head_male,
                1 => !head_male,
                _ => self.hit(0.52),
            };
            let mut name = [self.surnames.draw(&mut self.rng), self.given(male), self.given(male)];
            if self.hit(0.16) {
                name[2] = '\0';
            }
            if child {
                name[0] = people[first].name[0];
            }
            let mut birth = (TODAY - (age * 365.2425) as i64).clamp(0, DAYS as i64 - 1);
            if let (3, Some(other)) = (place, twin) {
                birth = other.birth;
                name = [other.name[0], generation, name[1]];
            }
            let own = if child && self.hit(0.8) { region } else { self.rng.usize(..REGIONS.len()) };
            let shared = place > 0
                && (age < 14.0 && self.hit(0.7)
                    || age > 75.0 && self.hit(0.25)
                    || self.rates.shared_phone > 0.0 && self.hit(self.rates.shared_phone));
            let phone = if shared { people[first].phone } else { self.phone() };
            let id = self.identity(own, birth, male);
            let mut person = Person { household, name, male, birth, id, phone };
            if place == 2 && self.hit(self.rates.twins * 8.0) {
                person.name[1] = generation;
                twin = Some(person);
            }
            people.push(person);
        }
    }

    /// Some people bear the name of somebody of the same sex in their building.
    fn namesakes(&mut self, people: &mut [Person]) {
        for at in 40..people.len() {
            if self.rates.namesakes > 0.0 && self.hit(self.rates.namesakes) {
                let other = people[at - 1 - self.rng.usize(..40)];
                let building = |person: &Person| {
                    let (community, building, ..) = dwelling(person.household);
                    (community, building)
                };
                let apart = other.household != people[at].household;
                if apart && other.male == people[at].male && building(&other) == building(&people[at]) {
                    people[at].name = other.name;
                }
            }
        }
    }
}

const KINDS: [&str; 9] = [
    "id_missing",
    "phone_missing",
    "homophone",
    "nickname",
    "id_slip",
    "phone_slip",
    "birth",
    "moved",
    "room",
];

fn write_name(out: &mut impl Write, name: [char; 3]) -> std::io::Result<()> {
    for character in name.iter().filter(|character| **character != '\0') {
        write!(out, "{character}")?;
    }
    Ok(())
}

/// Exchanges two neighbouring digits that differ, in `low..high`.
fn slip(digits: &mut [u8], low: usize, high: usize, rng: &mut Rng) {
    let start = rng.usize(low..high);
    if let Some(at) = (start..high).chain(low..start).find(|at| digits[*at] != digits[*at + 1]) {
        digits.swap(at, at + 1);
    }
}

fn identity_text(id: u64) -> String {
    let check = match id % 16 {
        10 => 'X',
        value => char::from(b'0' + value as u8),
    };
    format!("{}{check}", id / 16)
}

/// One observation as it is written down.
struct Seen {
    household: u32,
    room: u32,
    name: String,
    male: bool,
    birth: String,
    id: String,
    phone: String,
    unit: bool,
    noise: u16,
}

impl Maker {
    fn observe(&mut self, person: &Person, families: &mut FxHashMap<u32, u32>, households: u32) -> Seen {
        let worse = if self.hit(self.rates.careless) { 2.5 } else { 1.0 };
        let mut noise = 0;
        let mut fell = |hit: bool, kind: usize| {
            noise |= u16::from(hit) << kind;
            hit
        };
        let mut digits = identity_text(person.id).into_bytes();
        let id_missing = fell(self.hit(self.rates.id_missing), 0);
        if fell(!id_missing && self.hit(self.rates.id_slip * worse), 4) {
            slip(&mut digits, 0, 16, &mut self.rng);
        }
        let phone_missing = fell(self.hit(self.rates.phone_missing), 1);
        let own = if self.hit(self.rates.phone_new) { self.phone() } else { person.phone };
        let mut phone = own.to_string().into_bytes();
        if fell(!phone_missing && self.hit(self.rates.phone_slip * worse), 5) {
            slip(&mut phone, 1, 10, &mut self.rng);
        }
        let mut name = person.name;
        let length = name.iter().filter(|character| **character != '\0').count();
        if fell(self.hit(self.rates.homophone * worse), 2) {
            let at = self.rng.usize(..length);
            name[at] = self.homophones.other(name[at], &mut self.rng).unwrap_or(name[at]);
        } else if self.hit(self.rates.other_character * worse) {
            name[length - 1] = self.given(person.male);
        }
        let mut text = String::new();
        if fell(self.hit(self.rates.nickname * worse), 3) {
            let sex = if person.male { 1 } else { 2 };
            let fitting: Vec<_> = NICKNAMES.iter().filter(|form| form.2 == 0 || form.2 == sex).collect();
            let (before, after, _) = fitting[self.rng.usize(..fitting.len())];
            text = format!("{before}{}{after}", name[0]);
        } else {
            text.extend(name.iter().filter(|character| **character != '\0'));
        }
        let birth_missing = self.hit(self.rates.birth_missing * worse.min(2.0));
        let off = !birth_missing && self.hit(self.rates.birth_off * worse);
        let birth = if birth_missing { String::new() } else { self.birth(person.birth, off) };
        fell(birth_missing || off, 6);
        let mut household = person.household;
        if fell(self.hit(self.rates.moved), 7) {
            let near = self.hit(0.2);
            let drawn = if near {
                (household + self.rng.u32(..1200)).saturating_sub(600).min(households - 1)
            } else {
                self.rng.u32(..households)
            };
            household = match self.rates.family_moves {
                true => *families.entry(household).or_insert(drawn),
                false => drawn,
            };
        }
        let (community, _, _, mut room) = dwelling(household);
        if fell(household == person.household && self.hit(self.rates.wrong_room * worse), 8) {
            let (floors, flats) = ([6, 11, 18][community as usize % 3], 2 + community % 2 * 2);
            room = (1 + self.rng.u32(..floors)) * 100 + 1 + self.rng.u32(..flats);
        }
        let wrong_sex = self.hit(self.rates.sex_wrong * worse);
        let unit = !self.hit(self.rates.unit_missing * worse);
        let written = |missing: bool, bytes: Vec<u8>| {
            if missing { String::new() } else { String::from_utf8_lossy(&bytes).into_owned() }
        };
        Seen {
            household,
            room,
            name: text,
            male: person.male != wrong_sex,
            birth,
            id: written(id_missing, digits),
            phone: written(phone_missing, phone),
            unit,
            noise,
        }
    }

    fn birth(&mut self, day: i64, off: bool) -> String {
        let (mut year, mut month, mut date) = civil(day);
        if off {
            let sign = if self.rng.bool() { 1 } else { -1 };
            match self.rng.u8(..5) {
                0 => year += sign,
                1 => month = (month - 1 + sign as i8).rem_euclid(12) + 1,
                2 => date = (date + sign as i8).clamp(1, 28),
                3 if date <= 12 => std::mem::swap(&mut month, &mut date),
                _ => (month, date) = (1, 1),
            }
        }
        let last = jiff::civil::Date::new(year, month, 1).map_or(28, |first| first.days_in_month());
        format!("{year:04}-{month:02}-{:02}", date.min(last))
    }
}

fn write_place(out: &mut impl Write, household: u32, room: Option<u32>, unit: bool) -> std::io::Result<()> {
    let (community, building, own_unit, own_room) = dwelling(household);
    let unit = if unit { own_unit.to_string() } else { String::new() };
    write!(out, "C{community:05},{building},{unit},{},", room.unwrap_or(own_room))
}

const fn sex(male: bool) -> &'static str {
    if male { "男" } else { "女" }
}

fn create(folder: &Path, name: &str) -> std::io::Result<BufWriter<File>> {
    Ok(BufWriter::with_capacity(1 << 20, File::create(folder.join(name))?))
}

fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let mut rates = Rates::of(arguments.profile);
    for (name, share) in &arguments.changed {
        match rates.of_name(name) {
            Some(rate) => *rate = *share,
            None => return Err(std::io::Error::other(format!("no rate is called {name}"))),
        }
    }
    let mut maker = Maker {
        rng: Rng::with_seed(arguments.seed),
        rates,
        surnames: Draw::new(SURNAMES, 4.0, 1.1),
        male: Draw::new(MALE, 3.0, 0.75),
        female: Draw::new(FEMALE, 3.0, 0.75),
        homophones: Homophones::new(),
        births: vec![0; REGIONS.len() * DAYS * 2],
    };
    let seen = (arguments.people as f64 * maker.rates.seen).round() as usize;
    let outsiders = maker.rates.outsiders.min(0.9);
    let outside = (seen as f64 * outsiders / (1.0 - outsiders)).round() as usize;
    let people = maker.people(arguments.people + outside);
    let households = people.last().map_or(1, |person| person.household + 1);
    let mut order: Vec<u32> = (0..people.len() as u32).collect();
    maker.rng.shuffle(&mut order);
    let (outsiders, listed) = order.split_at(outside);
    fs::create_dir_all(&arguments.out)?;

    let mut out = create(&arguments.out, "roster.csv")?;
    writeln!(out, "person_id,household_id,community,building,unit,room,name,sex,birth_date,id_no,phone")?;
    for (number, at) in listed.iter().enumerate() {
        let person = people[*at as usize];
        write!(out, "P{number:08},H{:08},", person.household)?;
        write_place(&mut out, person.household, None, true)?;
        write_name(&mut out, person.name)?;
        let (year, month, day) = civil(person.birth);
        write!(out, ",{},{year:04}-{month:02}-{day:02},", sex(person.male))?;
        if !maker.hit(maker.rates.roster_id_missing) {
            write!(out, "{}", identity_text(person.id))?;
        }
        write!(out, ",")?;
        if !maker.hit(maker.rates.roster_phone_missing) {
            write!(out, "{}", person.phone)?;
        }
        writeln!(out)?;
    }
    out.flush()?;

    let mut observed: Vec<(u32, Option<u32>)> =
        (0..listed.len() as u32).map(|n| (listed[n as usize], Some(n))).collect();
    maker.rng.shuffle(&mut observed);
    observed.truncate(seen);
    observed.extend(outsiders.iter().map(|at| (*at, None)));
    maker.rng.shuffle(&mut observed);
    let mut families = FxHashMap::default();
    let mut counts = [0_u64; KINDS.len()];
    let mut out = create(&arguments.out, "observation.csv")?;
    writeln!(
        out,
        "obs_id,community,building,unit,room,name,sex,birth_date,id_no,phone,truth_person_id,noise"
    )?;
    for (number, (at, truth)) in observed.iter().enumerate() {
        let row = maker.observe(&people[*at as usize], &mut families, households);
        write!(out, "O{number:08},")?;
        write_place(&mut out, row.household, Some(row.room), row.unit)?;
        write!(out, "{},{},{},{},{},", row.name, sex(row.male), row.birth, row.id, row.phone)?;
        match truth {
            Some(truth) => writeln!(out, "P{truth:08},{}", row.noise)?,
            None => writeln!(out, ",{}", row.noise)?,
        }
        for (kind, count) in counts.iter_mut().enumerate() {
            *count += u64::from(row.noise >> kind & 1);
        }
    }
    out.flush()?;
    print!(
        "people={} observations={} outsiders={outside} households={households}",
        arguments.people,
        observed.len()
    );
    for (name, count) in KINDS.iter().zip(counts) {
        print!(" {name}={:.3}", count as f64 / observed.len().max(1) as f64);
    }
    println!();
    Ok(())
}
