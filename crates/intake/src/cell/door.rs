//! Labels of doors. What is shown is what was written; what is compared is a key.

use super::text::{fold_width, is_han};

/// A building's, unit's or room's label.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DoorLabel {
    /// Trimmed and width-folded, otherwise as it was first written: `3号楼`.
    pub shown: String,
    /// What two labels of the same thing share: `3`. Empty when there is no building or unit.
    pub key: String,
}

const BUILDING_ENDS: [&str; 10] = ["号楼栋", "#楼", "号楼", "楼栋", "栋", "幢", "楼", "号", "#", "座"];
const UNIT_ENDS: [&str; 7] = ["号单元", "单元", "号门", "门栋", "门", "#", "号"];
const ROOM_ENDS: [&str; 7] = ["号房", "号室", "房间", "室", "房", "号", "户"];

impl DoorLabel {
    /// `3栋`, `3号楼`, `3幢`, `3#`, `三栋` and `03` share the key `3`.
    pub fn building(text: &str) -> Self {
        Self::read(text, &BUILDING_ENDS)
    }

    /// `2单元` and `二单元` share the key `2`.
    pub fn unit(text: &str) -> Self {
        Self::read(text, &UNIT_ENDS)
    }

    /// `402室`, `402房`, `402号` and `0402` share the key `402`.
    pub fn room(text: &str) -> Self {
        Self::read(text, &ROOM_ENDS)
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.key.is_empty()
    }

    fn read(text: &str, ends: &[&str]) -> Self {
        // 402 and 3栋, which nearly all labels are.
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && !text.starts_with('0') && (digits == text.len() || ends.contains(&&text[digits..])) {
            return Self { shown: text.to_owned(), key: text[..digits].to_owned() };
        }
        let shown = fold_width(text);
        if matches!(shown.as_ref(), "" | "无" | "-" | "--" | "/" | "\\" | "空") {
            return Self::default();
        }
        let key = key(&shown, ends);
        Self { shown: shown.into_owned(), key }
    }
}

fn key(shown: &str, ends: &[&str]) -> String {
    let mut compact: String = shown.chars().filter(|c| !c.is_whitespace()).collect();
    compact.make_ascii_uppercase();
    let mut rest = compact.as_str();
    let stripped = rest.trim_start_matches(['#', '第']);
    if !stripped.is_empty() {
        rest = stripped;
    }
    if let Some(before) = ends.iter().find_map(|end| rest.strip_suffix(end))
        && !before.is_empty()
    {
        rest = before;
    }
    number_key(rest).unwrap_or_else(|| rest.to_owned())
}

/// A pure number without leading zeros, from ASCII digits or Chinese numerals; `None` when it is something else.
fn number_key(text: &str) -> Option<String> {
    if text.bytes().all(|b| b.is_ascii_digit()) {
        let number = text.trim_start_matches('0');
        return Some(if number.is_empty() { "0" } else { number }.to_owned());
    }
    if let Some(number) = chinese_number(text) {
        return Some(number);
    }
    // 东三栋 and 东区03 keep their words and fold their number.
    let from = text.char_indices().rev().take_while(|(_, c)| c.is_ascii_digit()).last().map(|(at, _)| at)?;
    let (words, digits) = text.split_at(from);
    let number = digits.trim_start_matches('0');
    let ends_in_word = words.chars().next_back().is_some_and(is_han);
    (ends_in_word && !number.is_empty() && number.len() < digits.len()).then(|| format!("{words}{number}"))
}

fn chinese_digit(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '零' | '○' => 0,
        '一' | '壹' => 1,
        '二' | '贰' | '两' => 2,
        '三' | '叁' => 3,
        '四' | '肆' => 4,
        '五' | '伍' => 5,
        '六' | '陆' => 6,
        '七' | '柒' => 7,
        '八' | '捌' => 8,
        '九' | '玖' => 9,
        _ => return None,
    })
}

/// `三` is 3, `十二` is 12, `二十` is 20, `四〇二` is 402; `None` for anything else.
pub(crate) fn chinese_number(text: &str) -> Option<String> {
    let characters: Vec<char> = text.chars().take(9).collect();
    if characters.is_empty() || characters.len() > 8 {
        return None;
    }
    if let Some(at) = characters.iter().position(|c| matches!(c, '十' | '拾')) {
        if characters.len() > 3 || at > 1 || characters.len() - at > 2 {
            return None;
        }
        let tens = if at == 0 { 1 } else { chinese_digit(characters[0])? };
        let ones = match characters.get(at + 1) {
            Some(c) => chinese_digit(*c)?,
            None => 0,
        };
        return Some((tens * 10 + ones).to_string());
    }
    let digits = characters
        .iter()
        .map(|c| chinese_digit(*c).and_then(|digit| char::from_digit(digit, 10)))
        .collect::<Option<String>>()?;
    let number = digits.trim_start_matches('0');
    Some(if number.is_empty() { "0".to_owned() } else { number.to_owned() })
}

/// Building, unit and room from the three cells of a row. When building and unit are empty, a whole address in the
/// room's cell is split: `3栋2单元402`, `3-2-402`, `3#2-402`, `3栋402`.
pub fn door(building: &str, unit: &str, room: &str) -> (DoorLabel, DoorLabel, DoorLabel) {
    let (building, unit) = (DoorLabel::building(building), DoorLabel::unit(unit));
    if unit.is_empty() && !room.bytes().all(|b| b.is_ascii_digit()) {
        let folded = fold_width(room);
        if building.is_empty() {
            if let Some((building, unit, room)) = split(&folded) {
                return (DoorLabel::building(building), DoorLabel::unit(unit), DoorLabel::room(room));
            }
        } else if let Some((unit, room)) = split_unit(&folded) {
            return (building, DoorLabel::unit(unit), DoorLabel::room(room));
        }
    }
    if unit.is_empty()
        && let Some(at) = building.shown.find("单元")
        && let Some((words, number)) = split_building(&building.shown[..at])
    {
        let end = at + "单元".len();
        if end == building.shown.len() && !number.is_empty() {
            let unit = DoorLabel::unit(&building.shown[building.shown.len() - number.len() - "单元".len()..]);
            return (DoorLabel::building(words), unit, DoorLabel::room(room));
        }
    }
    (building, unit, DoorLabel::room(room))
}

/// Cuts `3栋2` behind the mark of the building.
fn split_building(text: &str) -> Option<(&str, &str)> {
    let end = ["号楼", "栋", "幢", "楼", "座", "#"]
        .iter()
        .filter_map(|mark| text.find(mark).map(|at| (at, at + mark.len())))
        .filter(|(at, _)| *at > 0)
        .min()
        .map(|(_, end)| end)?;
    Some((&text[..end], text[end..].trim_start_matches(['-', ' '])))
}

fn split(text: &str) -> Option<(&str, &str, &str)> {
    if let Some((building, rest)) = split_building(text) {
        if rest.is_empty() || !rest.chars().any(|c| c.is_ascii_digit() || chinese_digit(c).is_some()) {
            return None;
        }
        let (unit, room) = split_unit(rest).unwrap_or(("", rest));
        return Some((building, unit, room));
    }
    let mut parts = text.split('-').map(str::trim);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next());
    let short = |part: &str| {
        !part.is_empty()
            && part.len() <= 6
            && part.bytes().all(|b| b.is_ascii_alphanumeric())
            && part.bytes().any(|b| b.is_ascii_digit())
    };
    match third {
        Some(room) if parts.next().is_none() && [first, second, room].into_iter().all(short) => {
            Some((first, second, room))
        }
        // Two parts are a building and a room only if the second is a room's number; 12-1 is a house in a village.
        None if short(first) && short(second) && second.len() >= 3 => Some((first, "", second)),
        _ => None,
    }
}

/// Cuts `2单元402` and `2-402`.
fn split_unit(text: &str) -> Option<(&str, &str)> {
    let (unit, room) = match text.find("单元") {
        Some(at) if at > 0 => text.split_at(at + "单元".len()),
        Some(_) => return None,
        None => {
            let (unit, room) = text.split_once('-')?;
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if !digits(unit)
                || unit.len() > 2
                || !room.starts_with(|c: char| c.is_ascii_digit())
                || room.contains('-')
            {
                return None;
            }
            (unit, room)
        }
    };
    let room = room.trim_start_matches(['-', ' ']);
    (!room.is_empty()).then_some((unit, room))
}
