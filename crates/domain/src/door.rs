//! When two written addresses are one door, and in which order doors are walked.

const BUILDING_ENDS: [&str; 9] = ["号楼栋", "号楼", "楼栋", "栋", "幢", "楼", "座", "号", "#"];
const UNIT_ENDS: [&str; 7] = ["号单元", "单元", "号门", "门栋", "门", "号", "#"];
const ROOM_ENDS: [&str; 8] = ["号房", "号室", "房间", "房", "室", "号", "户", "#"];

/// The comparison key of a door within its area: the three labels with their suffixes (栋, 单元, 室 …), leading zeros
/// and letter case taken away, joined by U+001F. Equal keys in one area are one door.
///
/// Labels are expected width-folded (`３` already `3`); the intake does that.
#[must_use]
pub fn door_key(building: &str, unit: &str, room: &str) -> String {
    let mut key = String::with_capacity(building.len() + unit.len() + room.len() + 2);
    push_label(&mut key, building, &BUILDING_ENDS);
    key.push('\u{1f}');
    push_label(&mut key, unit, &UNIT_ENDS);
    key.push('\u{1f}');
    push_label(&mut key, room, &ROOM_ENDS);
    key
}

/// The part of a [`door_key`] that every door of one building shares.
#[must_use]
pub fn building_prefix(building: &str) -> String {
    let mut key = building_key(building);
    key.push('\u{1f}');
    key
}

/// The comparison key of a building within its area: `3栋`, `3号楼` and `03` are all `3`.
#[must_use]
pub fn building_key(building: &str) -> String {
    let mut key = String::new();
    push_label(&mut key, building, &BUILDING_ENDS);
    key
}

fn push_label(key: &mut String, label: &str, suffixes: &[&str]) {
    let label = label.trim();
    let bare = suffixes
        .iter()
        .find_map(|suffix| label.strip_suffix(suffix).map(str::trim_end).filter(|rest| !rest.is_empty()))
        .unwrap_or(label);
    if let Some(number) = han_number(bare) {
        key.push_str(&number.to_string());
        return;
    }
    let digits = bare.len() - bare.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let bare = if digits > 0 {
        let zeros = bare[..digits - 1].len() - bare[..digits - 1].trim_start_matches('0').len();
        &bare[zeros..]
    } else {
        bare
    };
    key.extend(bare.chars().map(|c| c.to_ascii_uppercase()));
}

/// A number below a hundred written in Han digits: 三 is 3, 十二 is 12, 二十 is 20.
fn han_number(text: &str) -> Option<u32> {
    let digit =
        |c: char| "一二三四五六七八九".chars().zip(1..).find(|(han, _)| *han == c).map(|(_, value)| value);
    let (tens, ones) = match text.split_once('十') {
        Some((tens, ones)) => (if tens.is_empty() { 1 } else { one(tens, digit)? }, ones),
        None => (0, text),
    };
    let ones = if ones.is_empty() && tens > 0 { 0 } else { one(ones, digit)? };
    Some(tens * 10 + ones)
}

fn one(text: &str, digit: impl Fn(char) -> Option<u32>) -> Option<u32> {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some(only), None) => digit(only),
        _ => None,
    }
}

/// A label or a whole [`door_key`] with those signs alike that are written for one another: the letter O for a nought, I and L for
/// a one, Han digits for figures. Two that differ and are alike here are likely to be one, written wrongly once.
#[must_use]
pub fn written_alike(label: &str) -> String {
    label
        .chars()
        .map(|sign| match sign.to_ascii_uppercase() {
            'O' | '〇' | '零' | '○' => '0',
            'I' | 'L' | '一' | '丨' => '1',
            '二' => '2',
            '三' => '3',
            '四' => '4',
            '五' => '5',
            '六' => '6',
            '七' => '7',
            '八' => '8',
            '九' => '9',
            other => other,
        })
        .collect()
}

/// The floor that a room number tells: `402` is 4, `1503` is 15, `12` is none. Village houses have none.
#[must_use]
pub fn floor_of(room: &str) -> Option<i32> {
    let digits: String = room.chars().take_while(char::is_ascii_digit).collect();
    (digits.len() >= 3).then(|| digits[..digits.len() - 2].parse().ok()).flatten()
}

/// The place of a door in the walk of its area, as bytes that compare as places do: building, unit, then from the top floor
/// down (the lift takes her up), then room. Labels compare as a person counts: `2` before `10`, `10` before `10A`.
#[must_use]
pub fn walking_key(building: &str, unit: &str, room: &str) -> Vec<u8> {
    let mut key = Vec::with_capacity(24);
    for (label, ends) in [(building, &BUILDING_ENDS[..]), (unit, &UNIT_ENDS[..])] {
        let mut bare = String::new();
        push_label(&mut bare, label, ends);
        push_natural(&mut key, &bare);
    }
    // A room without a floor comes last.
    let depth = floor_of(room).map_or(u32::MAX, |floor| i32::MAX.abs_diff(floor));
    key.extend(depth.to_be_bytes());
    push_natural(&mut key, room);
    key
}

/// Each number as its length and its digits, between what stands before and after `0` to `9`; then an end before anything.
fn push_natural(key: &mut Vec<u8>, label: &str) {
    let mut rest = label;
    while let Some(next) = rest.chars().next() {
        if next.is_ascii_digit() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let number = rest[..end].trim_start_matches('0');
            key.push(b'0');
            key.push(u8::try_from(number.len()).unwrap_or(u8::MAX));
            key.extend(number.bytes());
            rest = &rest[end..];
        } else {
            key.extend(rest[..next.len_utf8()].bytes());
            rest = &rest[next.len_utf8()..];
        }
    }
    key.push(0);
}

/// Something looked for among doors by what is written on them.
#[derive(Clone, Debug)]
pub struct DoorText {
    /// As a part of `3-2-802`, with what stands beside a number or without.
    joined: String,
    /// As a part of `Building 3 Unit 2 802`.
    spaced: String,
    /// As an address: building, unit and room of a [`door_key`]. A unit or room that is empty was not said.
    address: Option<[String; 3]>,
}

impl DoorText {
    /// None if nothing is looked for. Width, case and spaces make no difference.
    #[must_use]
    pub fn new(wanted: &str) -> Option<Self> {
        let folded: String = wanted.chars().map(fold).collect();
        let words: Vec<&str> = folded.split_whitespace().collect();
        let (joined, spaced) = (words.concat(), words.join(" "));
        (!words.is_empty()).then_some(Self { joined, spaced, address: None })
    }

    /// Also the doors of an address that was read from it: most people leave out the unit, which stands between the building and
    /// the room on every door.
    #[must_use]
    pub fn or_at(self, building: &str, unit: &str, room: &str) -> Self {
        let key = door_key(building, unit, room);
        let mut parts = key.split('\u{1f}').map(ToOwned::to_owned);
        let address = [(); 3].map(|()| parts.next().unwrap_or_default());
        Self { address: Some(address), ..self }
    }

    /// A room is found from the second sign on, as it is typed: by its first alone, `2-1` would be every tenth door of a house.
    fn is_at(&self, [house, stairs, door]: [&str; 3]) -> bool {
        self.address.as_ref().is_some_and(|[building, unit, room]| {
            let is_begun = room.chars().count() > 1 && door.starts_with(room.as_str());
            building == house
                && (unit.is_empty() || unit == stairs)
                && (room.is_empty() || room == door || is_begun)
        })
    }

    #[must_use]
    pub fn is_part_of(&self, building: &str, unit: &str, room: &str) -> bool {
        let folded = |label: &str| label.chars().map(fold).filter(|c| !c.is_whitespace()).collect::<String>();
        let key = door_key(building, unit, room);
        let bare: Vec<&str> = key.split('\u{1f}').collect();
        let [house, stairs, door] = bare[..] else { return false };
        let named = |name: &str, before: &str, after: &str| match name {
            "" => String::new(),
            name => format!("{before}{name}{after}"),
        };
        let written = [folded(building), folded(unit), folded(room)];
        let joined = |labels: &[&str]| {
            let there: Vec<&str> = labels.iter().copied().filter(|label| !label.is_empty()).collect();
            there.join("-").contains(&self.joined)
        };
        let titled = named(house, "", "栋") + &named(stairs, "", "单元") + &named(door, "", "室");
        self.is_at([house, stairs, door])
            || joined(&written.each_ref().map(String::as_str))
            || joined(&bare)
            || titled.contains(&self.joined)
            || [stairs, ""].iter().any(|stairs| {
                format!("{}{}{door}", named(house, "BUILDING ", " "), named(stairs, "UNIT ", " "))
                    .contains(&self.spaced)
            })
    }
}

/// As [`door_key`] has it: of half width, in capitals.
fn fold(character: char) -> char {
    let half = match character {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        other => other,
    };
    half.to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_zeros_and_case_do_not_make_another_door() {
        let plain = door_key("3", "2", "402");
        for (building, unit, room) in [
            ("3栋", "2单元", "402室"),
            ("03号楼", "02", "0402"),
            ("3幢", "2门", "402号房"),
            (" 3# ", "2", "402户"),
            ("三栋", "二单元", "402"),
        ] {
            assert_eq!(door_key(building, unit, room), plain);
        }
        assert_eq!(door_key("a", "", "1b"), door_key("A", "", "1B"));
        assert_eq!(door_key("0", "", "00"), "0\u{1f}\u{1f}0");
    }

    #[test]
    fn other_doors_stay_apart() {
        assert_ne!(door_key("31", "2", "402"), door_key("3", "12", "402"));
        assert_ne!(door_key("10", "1", "1"), door_key("1", "1", "1"));
        assert_ne!(door_key("栋", "", "1"), door_key("", "", "1"));
        assert_eq!(door_key("十二栋", "", "1"), door_key("12", "", "1"));
        assert_eq!(door_key("二十栋", "", "1"), door_key("20", "", "1"));
        assert_ne!(door_key("一二栋", "", "1"), door_key("12", "", "1"));
        assert!(door_key("3栋", "", "1").starts_with(&building_prefix("3号楼")));
    }

    #[test]
    fn people_walk_down_from_the_top() {
        let walk = [
            ("", "", "1"),
            ("2", "1", "1001"),
            ("2", "1", "1002"),
            ("2栋", "01", "101"),
            ("2", "1", "101A"),
            ("2", "1", "0102"),
            ("2", "1", "12"),
            ("2", "1", "甲"),
            ("2", "10", "1"),
            ("2A", "", "1"),
            ("10号楼", "1", "101"),
            ("A", "", "1"),
            ("东风里", "", "1"),
        ];
        for (at, before) in walk.iter().enumerate() {
            for after in &walk[at + 1..] {
                let key = |door: &(&str, &str, &str)| walking_key(door.0, door.1, door.2);
                assert!(key(before) < key(after), "{before:?} before {after:?}");
            }
        }
        assert_eq!(walking_key("3栋", "1", "101"), walking_key("3", "01", "101"));
        assert_eq!(walking_key("3", "1", "0101"), walking_key("3", "1", "101"));
    }

    #[test]
    fn a_door_is_found_however_it_is_asked_for() {
        let found = |wanted: &str| {
            let wanted = DoorText::new(wanted).unwrap();
            [("3号楼", "02", "802A室"), ("13", "", "12")]
                .map(|(building, unit, room)| wanted.is_part_of(building, unit, room))
        };
        for wanted in [
            "802",
            "802a",
            "８０２",
            "3-2-802",
            " 3-2",
            "3栋2单元802",
            "3 栋 2 单元",
            "3号楼",
            "802A室",
            "Building 3 Unit 2 802",
            "unit 2",
            "building 3 802",
        ] {
            assert_eq!(found(wanted), [true, false], "{wanted}");
        }
        assert_eq!(found("13-12"), [false, true]);
        assert_eq!(found("3"), [true, true]);
        // Digits of two labels are no number.
        for wanted in ["28", "1312", "13-2", "902", "栋12栋"] {
            assert_eq!(found(wanted), [false, false], "{wanted}");
        }
        assert!(DoorText::new(" \u{3000}").is_none());
    }

    #[test]
    fn an_address_without_its_unit_is_found() {
        let door = ("2号楼", "1单元", "0401室");
        let found = |wanted: &str, at: [&str; 3], (building, unit, room): (&str, &str, &str)| {
            let text = DoorText::new(wanted).unwrap();
            let read = text.clone().or_at(at[0], at[1], at[2]);
            (text.is_part_of(building, unit, room), read.is_part_of(building, unit, room))
        };
        for at in [["2", "", "401"], ["二栋", "", "401室"], ["2", "1", "401"], ["2", "", "40"], ["2", "", ""]]
        {
            assert_eq!(found("2 栋 401", at, door), (false, true), "{at:?}");
        }
        for at in [["2", "2", "401"], ["12", "", "401"], ["2", "", "402"], ["2", "", "4"], ["2", "", "4011"]]
        {
            assert_eq!(found("2 栋 409", at, door), (false, false), "{at:?}");
        }
        // What was found by its parts is found still.
        assert_eq!(found("2-1", ["2", "", "1"], door), (true, true));
    }

    #[test]
    fn signs_that_are_written_for_one_another_are_alike() {
        let key = door_key("3", "2", "301");
        for (building, room) in [("3", "3O1"), ("3", "3o1"), ("3", "30l"), ("三", "三〇一"), ("3", "30I")]
        {
            assert_eq!(written_alike(&door_key(building, "2", room)), key, "{building} {room}");
        }
        assert_ne!(written_alike(&door_key("3", "2", "801")), key);
    }

    #[test]
    fn floors() {
        assert_eq!(
            [floor_of("402"), floor_of("1503"), floor_of("12"), floor_of("甲")],
            [Some(4), Some(15), None, None]
        );
    }
}
