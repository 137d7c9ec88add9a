//! One line as a clerk types it while someone is on the telephone: `6栋802从武汉回来第四天 体温正常` is a door, the fourth
//! day, and a temperature that is fine. What it says is proposed to a person and is nothing before she confirms it.

use crate::cell::door::{self, DoorLabel, chinese_number};
use crate::cell::fold_width;

/// The longest line, in characters.
pub const LONGEST: usize = 200;

/// What a line says. What it does not say is empty; what was not understood is left, as it stood there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Line {
    pub building: DoorLabel,
    pub unit: DoorLabel,
    pub room: DoorLabel,
    /// The day of an observation, the day of arrival being the first.
    pub day: Option<u32>,
    /// From where someone came.
    pub from: Option<String>,
    pub temperature: Option<Temperature>,
    /// Empty is the word that there are none.
    pub symptoms: Option<Vec<Symptom>>,
    pub slot: Option<Slot>,
    pub teller: Option<Teller>,
    pub left: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Temperature {
    /// As a thermometer showed it.
    Degrees(f64),
    /// Without a number.
    Normal,
    Fever,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Symptom {
    Fever,
    Cough,
    Fatigue,
    Dyspnoea,
    SoreThroat,
    Diarrhoea,
}

impl Symptom {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fever => "fever",
            Self::Cough => "cough",
            Self::Fatigue => "fatigue",
            Self::Dyspnoea => "dyspnoea",
            Self::SoreThroat => "sore_throat",
            Self::Diarrhoea => "diarrhoea",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Morning,
    Evening,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teller {
    Herself,
    Family,
}

const BUILDING_ENDS: [&str; 8] = ["号楼栋", "号楼", "楼栋", "栋", "幢", "座", "楼", "#"];
const UNIT_ENDS: [&str; 3] = ["单元", "号门", "门"];
const ROOM_ENDS: [&str; 5] = ["号房", "室", "房", "号", "户"];
const HYPHENS: [&str; 3] = ["-", "—", "－"];

/// The longer words come before those that are part of them.
const NORMAL: [&str; 9] =
    ["体温正常", "体温都正常", "温度正常", "没有发烧", "没有发热", "没发烧", "不发烧", "不发热", "没烧"];
const FEVER: [&str; 6] = ["发高烧", "发低烧", "高烧", "低烧", "发烧", "发热"];
const NO_SYMPTOM: [&str; 8] =
    ["没有什么不舒服", "没有不舒服", "没有症状", "没不舒服", "无不适", "没症状", "无症状", "身体没事"];
const SYMPTOMS: [(&str, Symptom); 13] = [
    ("咳嗽", Symptom::Cough),
    ("干咳", Symptom::Cough),
    ("没有力气", Symptom::Fatigue),
    ("没力气", Symptom::Fatigue),
    ("乏力", Symptom::Fatigue),
    ("气促", Symptom::Dyspnoea),
    ("气短", Symptom::Dyspnoea),
    ("胸闷", Symptom::Dyspnoea),
    ("喘", Symptom::Dyspnoea),
    ("嗓子疼", Symptom::SoreThroat),
    ("嗓子痛", Symptom::SoreThroat),
    ("咽痛", Symptom::SoreThroat),
    ("拉肚子", Symptom::Diarrhoea),
];
const SLOTS: [(&str, Slot); 8] = [
    ("今天早上", Slot::Morning),
    ("今早", Slot::Morning),
    ("早上", Slot::Morning),
    ("上午", Slot::Morning),
    ("今天晚上", Slot::Evening),
    ("今晚", Slot::Evening),
    ("晚上", Slot::Evening),
    ("下午", Slot::Evening),
];
const TELLERS: [(&str, Teller); 6] = [
    ("本人", Teller::Herself),
    ("她自己", Teller::Herself),
    ("他自己", Teller::Herself),
    ("自己", Teller::Herself),
    ("家属", Teller::Family),
    ("家里人", Teller::Family),
];
/// Words that say nothing here.
const FILLERS: [&str; 23] = [
    "有一点",
    "有点",
    "有一个居民",
    "有个居民",
    "打电话说",
    "来电话说",
    "来电说",
    "已经是",
    "已经",
    "目前",
    "现在",
    "今天",
    "的居民",
    "居民",
    "住户",
    "体温",
    "是",
    "的",
    "了",
    "说",
    "报",
    "都",
    "也",
];

/// Reads a line, whatever it is; of a longer one only the beginning.
#[must_use]
pub fn read(text: &str) -> Line {
    let folded = fold_width(text);
    let mut rest = Rest { signs: folded.chars().take(LONGEST).collect() };
    let mut line = Line::default();
    rest.door(&mut line);
    line.day = rest.day();
    line.from = rest.from();
    line.temperature = rest.temperature();
    line.symptoms = rest.symptoms();
    if line.symptoms.as_ref().is_some_and(|found| found.contains(&Symptom::Fever))
        && line.temperature.is_none()
    {
        line.temperature = Some(Temperature::Fever);
    }
    // Who tells of the morning and of the evening tells of now with what comes last.
    while let Some(slot) = rest.last_of(&SLOTS) {
        line.slot = line.slot.or(Some(slot));
    }
    line.teller = rest.one_of(&TELLERS);
    for filler in FILLERS {
        while rest.take(filler) {}
    }
    line.left = rest.left();
    line
}

/// Building, unit and room of a text that is an address and nothing else: `2栋401`, `2-401`, `二号楼1单元401室`, `A栋401`. None if it
/// names no building, or says more than where.
#[must_use]
pub fn address(text: &str) -> Option<[DoorLabel; 3]> {
    let mut rest = Rest { signs: fold_width(text).chars().take(LONGEST).collect() };
    let mut line = Line::default();
    rest.door(&mut line);
    if !line.building.is_empty() && rest.left().is_empty() {
        return Some([line.building, line.unit, line.room]);
    }
    // A line begins with a number; houses of lists have letters and names too.
    let (building, unit, room) = door::door("", "", text);
    (!building.is_empty()).then_some([building, unit, room])
}

/// What of a line is not understood yet; a hole is where something was.
struct Rest {
    signs: Vec<char>,
}

const HOLE: char = '\u{0}';
const NUMERALS: &str = "〇零一二三四五六七八九十两";

impl Rest {
    fn cut(&mut self, from: usize, to: usize) {
        for sign in self.signs.iter_mut().take(to).skip(from) {
            *sign = HOLE;
        }
    }

    fn before(&self, at: usize) -> Option<char> {
        at.checked_sub(1).and_then(|at| self.signs.get(at).copied())
    }

    fn starts_with(&self, at: usize, word: &str) -> bool {
        let mut signs = self.signs.iter().skip(at);
        word.chars().all(|sign| signs.next() == Some(&sign))
    }

    fn find(&self, word: &str) -> Option<usize> {
        (0..self.signs.len()).find(|at| self.starts_with(*at, word))
    }

    fn take(&mut self, word: &str) -> bool {
        let Some(at) = self.find(word) else { return false };
        self.cut(at, at + word.chars().count());
        true
    }

    /// Whether any of the words was there; all of them are understood.
    fn take_all(&mut self, words: &[&str]) -> bool {
        let mut found = false;
        for word in words {
            found |= self.take(word);
        }
        found
    }

    fn one_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<T> {
        words.iter().find_map(|(word, meant)| self.take(word).then_some(*meant))
    }

    /// What the word means that stands last.
    fn last_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Option<T> {
        let places = (0..self.signs.len()).rev();
        let found = places.filter_map(|at| {
            let (word, meant) = words.iter().find(|(word, _)| self.starts_with(at, word))?;
            Some((at, word.chars().count(), *meant))
        });
        let (at, length, meant) = found.max_by_key(|(at, length, _)| (at + length, *length))?;
        self.cut(at, at + length);
        Some(meant)
    }

    /// Where a number that begins here ends, and the number, written in either way.
    fn number(&self, at: usize) -> Option<(usize, String)> {
        let run = |fits: fn(&char) -> bool| self.signs.iter().skip(at).take_while(|sign| fits(sign)).count();
        let digits = run(char::is_ascii_digit);
        let length = if digits > 0 { digits } else { run(|sign| NUMERALS.contains(*sign)) };
        let text: String = self.signs.iter().skip(at).take(length).collect();
        if digits > 0 {
            return Some((at + length, text));
        }
        chinese_number(&text).filter(|_| length > 0).map(|number| (at + length, number))
    }

    fn end(&self, at: usize, ends: &[&str]) -> Option<usize> {
        ends.iter().find(|end| self.starts_with(at, end)).map(|end| at + end.chars().count())
    }

    fn skip_spaces(&self, at: usize) -> usize {
        at + self.signs.iter().skip(at).take_while(|sign| sign.is_whitespace()).count()
    }

    /// `6栋802`, `六号楼2单元802室`, `6-2-802`.
    fn door(&mut self, line: &mut Line) {
        let begins = (0..self.signs.len()).find_map(|at| {
            if self
                .before(at)
                .is_some_and(|before| before.is_ascii_alphanumeric() || NUMERALS.contains(before))
            {
                return None;
            }
            let (after, building) = self.number(at)?;
            let by_word = self.end(after, &BUILDING_ENDS).map(|end| (end, false));
            let by_hyphen = || self.end(after, &HYPHENS).map(|end| (end, true));
            let (end, hyphens) = by_word.or_else(by_hyphen)?;
            // A hyphen is a door's only between numbers.
            (!hyphens || self.number(end).is_some()).then_some((at, building, end, hyphens))
        });
        let Some((from, building, mut at, hyphens)) = begins else { return };
        line.building = DoorLabel::building(&building);
        let next = self.skip_spaces(at);
        if let Some((after, number)) = self.number(next) {
            let ends: &[&str] = if hyphens { &HYPHENS } else { &UNIT_ENDS };
            match self.end(after, ends).filter(|end| !hyphens || self.number(*end).is_some()) {
                Some(end) => {
                    line.unit = DoorLabel::unit(&number);
                    at = end;
                    let next = self.skip_spaces(at);
                    if let Some((after, room)) = self.number(next).filter(|_| self.is_room(next)) {
                        line.room = DoorLabel::room(&room);
                        at = self.end(after, &ROOM_ENDS).unwrap_or(after);
                    }
                }
                None if self.is_room(next) => {
                    line.room = DoorLabel::room(&number);
                    at = self.end(after, &ROOM_ENDS).unwrap_or(after);
                }
                None => {}
            }
        }
        self.cut(from, at);
    }

    /// Whether a number that begins here is a room's: no temperature, and no count of anything.
    fn is_room(&self, at: usize) -> bool {
        self.number(at).is_some_and(|(after, _)| {
            !["天", "度", "℃", ".", "点", "月", "岁"].iter().any(|other| self.starts_with(after, other))
        })
    }

    /// `第四天`, `第4天`. Without `第` it may be that so many days have gone by, which is another day.
    fn day(&mut self) -> Option<u32> {
        let (from, to, day) =
            (0..self.signs.len()).filter(|at| self.starts_with(*at, "第")).find_map(|at| {
                let (after, number) = self.number(self.skip_spaces(at + 1))?;
                let after = self.skip_spaces(after);
                let day = number.parse().ok().filter(|day| (1..=400).contains(day))?;
                self.starts_with(after, "天").then_some((at, after + 1, day))
            })?;
        self.cut(from, to);
        Some(day)
    }

    /// `从武汉回来`.
    fn from(&mut self) -> Option<String> {
        let at = self.find("从")?;
        let place: String =
            self.signs.iter().skip(at + 1).take_while(|sign| !"回来返到\u{0}".contains(**sign)).collect();
        let length = place.chars().count();
        let after = at + 1 + length;
        let end = self.end(after, &["返回来", "回来", "返回", "过来", "返乡", "来", "回"])?;
        let named = (1..=12).contains(&length) && place.chars().all(char::is_alphabetic);
        named.then(|| {
            self.cut(at, end);
            place
        })
    }

    /// `36.5`, `36.5度`, `36度5`, `三十六度五`, `体温正常`, `发烧`. Of several the highest: a fever is lost by none that was
    /// measured before it.
    fn temperature(&mut self) -> Option<Temperature> {
        let mut highest: Option<f64> = None;
        while let Some((from, to, degrees)) = (0..self.signs.len()).find_map(|at| self.degrees(at)) {
            self.cut(from, to);
            highest = Some(highest.map_or(degrees, |before| before.max(degrees)));
        }
        if let Some(degrees) = highest {
            self.take_all(&NORMAL);
            return Some(Temperature::Degrees(degrees));
        }
        if self.take_all(&NORMAL) {
            return Some(Temperature::Normal);
        }
        self.take_all(&FEVER).then_some(Temperature::Fever)
    }

    fn degrees(&self, at: usize) -> Option<(usize, usize, f64)> {
        if self.before(at).is_some_and(|before| before.is_ascii_digit() || before == '.') {
            return None;
        }
        let (after, whole) = self.number(at)?;
        let point = self.end(after, &[".", "点"]).and_then(|end| self.number(end));
        let (after, tenths, marked) = match point {
            Some((after, tenths)) => (after, tenths, true),
            None => match self.end(after, &["度", "℃"]) {
                Some(end) => match self.number(end) {
                    Some((after, tenths)) => (after, tenths, true),
                    None => (end, "0".to_owned(), true),
                },
                None => (after, "0".to_owned(), false),
            },
        };
        // A bare number is a temperature only where the word stands before it.
        let said = at >= 2 && self.starts_with(at - 2, "体温");
        let degrees: f64 = format!("{whole}.{tenths}").parse().ok()?;
        let fits = (34.0..=43.0).contains(&degrees) && tenths.len() <= 2 && (marked || said);
        let end = self.end(after, &["摄氏度", "度", "℃", "°C", "°"]).unwrap_or(after);
        fits.then_some((at, end, degrees))
    }

    fn symptoms(&mut self) -> Option<Vec<Symptom>> {
        let none = self.take_all(&NO_SYMPTOM);
        let mut found: Vec<Symptom> = Vec::new();
        for (word, symptom) in SYMPTOMS {
            // `不咳嗽` is no cough: it is left to be read by a person.
            let before = self.find(word).and_then(|at| self.before(at));
            let denied = before.is_some_and(|before| "不没无".contains(before));
            if !denied && self.take(word) {
                found.push(symptom);
            }
        }
        if self.take("腹泻") {
            found.push(Symptom::Diarrhoea);
        }
        found.sort_unstable();
        found.dedup();
        // Both is a contradiction, of which the one that harms nobody holds.
        (none || !found.is_empty()).then_some(found)
    }

    /// What remains between the holes, without marks.
    fn left(&self) -> Vec<String> {
        let is_gap = |sign: &char| *sign == HOLE || sign.is_whitespace() || is_mark(*sign);
        let parts = self.signs.split(is_gap).filter(|part| !part.is_empty());
        parts.map(|part| part.iter().collect()).collect()
    }
}

fn is_mark(sign: char) -> bool {
    sign.is_ascii_punctuation() || "，。、；：！？（）【】“”‘’…·".contains(sign)
}
