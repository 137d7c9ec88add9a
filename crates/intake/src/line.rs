//! One line as a clerk types it while someone is on the telephone: `6栋802从武汉回来第四天 体温正常` is a door, the fourth
//! day, and a temperature that is fine. What it says is proposed to a person and is nothing before she confirms it.

use crate::cell::door::{self, DoorLabel, chinese_number};
use crate::cell::fold_width;

mod health;

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
    /// Why less is proposed than the line may mean, or the worse of what it says.
    pub doubts: Vec<Doubt>,
    pub left: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It says that she is well and that she is ill: the worse counts.
    Contradiction,
    /// It tells of more than one time, or of another than now: that all is well is not proposed.
    SeveralTimes,
    /// Something is over, asked about or denied so that it cannot be told: it is not proposed.
    Unclear,
}

impl Doubt {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Contradiction => "contradiction",
            Self::SeveralTimes => "several_times",
            Self::Unclear => "unclear",
        }
    }
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
const FLOOR_ENDS: [&str; 2] = ["楼", "层"];
const HYPHENS: [&str; 3] = ["-", "—", "－"];

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
/// What a number may count that is no temperature.
const COUNTED: [&str; 12] = ["天", "日", "次", "岁", "个", "小时", "月", "分", "号", "人", "户", "年"];
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
    let mut rest = Rest { signs: folded.chars().take(LONGEST).collect(), kept: Vec::new() };
    let mut line = Line::default();
    rest.door(&mut line);
    line.day = rest.day();
    line.from = rest.from();
    rest.health(&mut line);
    // Who tells of the morning and of the evening tells of now with what comes last.
    while let Some(slot) = rest.last_of(&SLOTS) {
        line.slot = line.slot.or(Some(slot));
    }
    line.teller = rest.one_of(&TELLERS);
    for filler in FILLERS {
        rest.take_filler(filler);
    }
    line.left = rest.left();
    line
}

/// Building, unit and room of a text that is an address and nothing else: `2栋401`, `2-401`, `二号楼1单元401室`, `A栋401`. None if it
/// names no building, or says more than where.
#[must_use]
pub fn address(text: &str) -> Option<[DoorLabel; 3]> {
    let mut rest = Rest { signs: fold_width(text).chars().take(LONGEST).collect(), kept: Vec::new() };
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
    /// What is to be read whole: without its small words it would say something else.
    kept: Vec<(usize, usize)>,
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

    fn take_filler(&mut self, word: &str) {
        let length = word.chars().count();
        for at in 0..self.signs.len() {
            let is_kept = self.kept.iter().any(|(from, to)| at < *to && at + length > *from);
            if !is_kept && self.starts_with(at, word) {
                self.cut(at, at + length);
            }
        }
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
            let by_word = self.end(self.skip_spaces(after), &BUILDING_ENDS).map(|end| (end, false));
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
                    at = self.room(end, line).unwrap_or(end);
                }
                None => at = self.room(at, line).unwrap_or(at),
            }
        }
        self.cut(from, at);
    }

    /// `802`, `802室`, `8楼802`: where it ends. A floor alone is no room, and neither is `8楼02`, which may be two.
    fn room(&self, at: usize, line: &mut Line) -> Option<usize> {
        let next = self.skip_spaces(at);
        let floor = self.number(next).and_then(|(after, _)| self.end(after, &FLOOR_ENDS));
        let next = floor.map_or(next, |end| self.skip_spaces(end));
        let (after, room) = self.number(next).filter(|_| self.is_room(next))?;
        if floor.is_some() && room.len() < 3 {
            return None;
        }
        line.room = DoorLabel::room(&room);
        Some(self.end(after, &ROOM_ENDS).unwrap_or(after))
    }

    /// Whether a number that begins here is a room's: no temperature, and no count of anything.
    fn is_room(&self, at: usize) -> bool {
        self.number(at).is_some_and(|(after, _)| {
            !["天", "日", "度", "℃", ".", "。", "点", "月", "岁", "层"]
                .iter()
                .any(|other| self.starts_with(after, other))
        })
    }

    /// `第四天`, `第4日`. Without `第` it may be that so many days have gone by, which is another day.
    fn day(&mut self) -> Option<u32> {
        let (from, to, day) =
            (0..self.signs.len()).filter(|at| self.starts_with(*at, "第")).find_map(|at| {
                let (after, number) = self.number(self.skip_spaces(at + 1))?;
                let after = self.skip_spaces(after);
                let day = number.parse().ok().filter(|day| (1..=400).contains(day))?;
                self.end(after, &["天", "日"]).map(|end| (at, end, day))
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

    /// `36.5`, `36.5度`, `36度5`, `37。8`, `三十六度五`, `高烧39`.
    fn degrees(&self, at: usize) -> Option<(usize, usize, f64)> {
        if self.before(at).is_some_and(|before| before.is_ascii_digit() || before == '.') {
            return None;
        }
        let (after, whole) = self.number(at)?;
        let point = self.end(after, &[".", "。", "点"]).and_then(|end| self.number(end));
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
        // A bare number is a temperature only where the word stands before it, and it counts nothing.
        let said = self.is_of_temperature(at) && self.end(after, &COUNTED).is_none();
        let degrees: f64 = format!("{whole}.{tenths}").parse().ok()?;
        let fits = (34.0..=43.0).contains(&degrees) && tenths.len() <= 2 && (marked || said);
        let end = self.end(after, &["摄氏度", "度", "℃", "°C", "°"]).unwrap_or(after);
        fits.then_some((at, end, degrees))
    }

    /// Whether what stands right before a place names the temperature.
    fn is_of_temperature(&self, at: usize) -> bool {
        let is_between = |sign: char| sign.is_whitespace() || ":：是到有".contains(sign);
        let mut to = at;
        while self.before(to).is_some_and(is_between) {
            to -= 1;
        }
        self.stands_before(to, &["体温", "温度", "烧", "热"])
    }

    fn stands_before(&self, to: usize, words: &[&str]) -> bool {
        words
            .iter()
            .any(|word| to.checked_sub(word.chars().count()).is_some_and(|from| self.starts_with(from, word)))
    }

    /// What remains between the holes, without marks but for the point of a number.
    fn left(&self) -> Vec<String> {
        let is_digit =
            |at: Option<usize>| at.and_then(|at| self.signs.get(at)).is_some_and(char::is_ascii_digit);
        let mut parts = vec![String::new()];
        for (at, sign) in self.signs.iter().enumerate() {
            let is_point = *sign == '.' && is_digit(at.checked_sub(1)) && is_digit(Some(at + 1));
            if *sign == HOLE || sign.is_whitespace() || (is_mark(*sign) && !is_point) {
                parts.push(String::new());
            } else if let Some(part) = parts.last_mut() {
                part.push(*sign);
            }
        }
        parts.retain(|part| !part.is_empty());
        parts
    }
}

fn is_mark(sign: char) -> bool {
    sign.is_ascii_punctuation() || "，。、；：！？（）【】“”‘’…·".contains(sign)
}
