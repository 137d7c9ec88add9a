//! When two written addresses are one door, and in which order doors are walked.

use std::cmp::Ordering;

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

/// The floor that a room number tells: `402` is 4, `1503` is 15, `12` is none. Village houses have none.
#[must_use]
pub fn floor_of(room: &str) -> Option<i32> {
    let digits: String = room.chars().take_while(char::is_ascii_digit).collect();
    (digits.len() >= 3).then(|| digits[..digits.len() - 2].parse().ok()).flatten()
}

/// Compares labels as a person counts: `2` before `10`, `10` before `10A`.
#[must_use]
pub fn natural_order(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        match (left.chars().next(), right.chars().next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(a), Some(b)) if a.is_ascii_digit() && b.is_ascii_digit() => {
                let (number, rest) = split_number(left);
                let (other, other_rest) = split_number(right);
                let order = number.len().cmp(&other.len()).then_with(|| number.cmp(other));
                if order != Ordering::Equal {
                    return order;
                }
                (left, right) = (rest, other_rest);
            }
            (Some(a), Some(b)) => {
                if a != b {
                    return a.cmp(&b);
                }
                (left, right) = (&left[a.len_utf8()..], &right[b.len_utf8()..]);
            }
        }
    }
}

fn split_number(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].trim_start_matches('0'), &text[end..])
}

/// The order in which a worker walks: building, unit, then from the top floor down (the lift takes her up), then room.
///
/// Each argument is `(building, unit, room)`.
#[must_use]
pub fn walking_order(left: (&str, &str, &str), right: (&str, &str, &str)) -> Ordering {
    let bare = |label: &str, ends: &[&str]| {
        let mut key = String::new();
        push_label(&mut key, label, ends);
        key
    };
    natural_order(&bare(left.0, &BUILDING_ENDS), &bare(right.0, &BUILDING_ENDS))
        .then_with(|| natural_order(&bare(left.1, &UNIT_ENDS), &bare(right.1, &UNIT_ENDS)))
        .then_with(|| floor_of(right.2).cmp(&floor_of(left.2)))
        .then_with(|| natural_order(left.2, right.2))
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
        let mut doors = [
            ("10", "1", "101"),
            ("2", "1", "102"),
            ("2", "1", "1001"),
            ("2", "1", "101"),
            ("2", "1", "1002"),
        ];
        doors.sort_by(|a, b| walking_order(*a, *b));
        let rooms: Vec<&str> = doors.iter().map(|door| door.2).collect();
        assert_eq!(rooms, ["1001", "1002", "101", "102", "101"]);
        assert_eq!(natural_order("10", "10A"), Ordering::Less);
        assert_eq!(walking_order(("3栋", "1", "101"), ("3", "01", "101")), Ordering::Equal);
    }

    #[test]
    fn floors() {
        assert_eq!(
            [floor_of("402"), floor_of("1503"), floor_of("12"), floor_of("甲")],
            [Some(4), Some(15), None, None]
        );
    }
}
