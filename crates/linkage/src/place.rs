//! Dwellings: community, building, unit and room, from columns of their own or from one line of address.

use crate::text::{digit, hash_bytes};

/// Words that follow or precede a number in an address and say nothing more.
const MARKERS: [&str; 16] =
    ["号楼", "号栋", "单元", "栋", "幢", "座", "楼", "门", "梯", "室", "号", "房", "户", "#", "层", "第"];

/// A dwelling as four keys; 0 is missing. Numbers keep their value, other text is hashed with the top bit set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Community, compound or street address without the numbers.
    pub community: u32,
    /// Building.
    pub building: u32,
    /// Unit or stairwell.
    pub unit: u32,
    /// Room.
    pub room: u32,
}

/// Key of a text: never 0, top bit set.
#[must_use]
pub fn text_key(text: &str) -> u32 {
    if text.is_empty() { 0 } else { (hash_bytes(text.as_bytes()) >> 32) as u32 | 1 << 31 }
}

/// Key of one part of an address: `3栋`, `03`, `3号楼` and `三栋` are the same building.
#[must_use]
pub fn part_key(folded: &str) -> u32 {
    if (1..=8).contains(&folded.len()) && folded.bytes().all(|byte| byte.is_ascii_digit()) {
        return folded.bytes().fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0')) + 1;
    }
    let mut text = folded;
    loop {
        let before = text;
        for marker in MARKERS {
            text = text.strip_suffix(marker).unwrap_or(text);
        }
        text = text.strip_prefix('第').unwrap_or(text).trim();
        if text == before {
            break;
        }
    }
    match number(text) {
        Some(value) => value + 1,
        None => text_key(text),
    }
}

/// Value of a text made of Arabic digits, or of Chinese numerals up to 99.
fn number(text: &str) -> Option<u32> {
    if text.is_empty() || text.chars().count() > 8 {
        return None;
    }
    if let Some((tens, ones)) = text.split_once('十') {
        let one = |part: &str, none| match part.chars().collect::<Vec<_>>()[..] {
            [] => Some(none),
            [character] => digit(character),
            _ => None,
        };
        return Some(one(tens, 1)? * 10 + one(ones, 0)?);
    }
    text.chars().try_fold(0_u32, |sum, character| digit(character).map(|d| sum * 10 + d))
}

/// Reads the numbers at the end of one line of address: `幸福社区3栋2单元402`, `幸福社区3-2-402`. What stands before
/// them is the community. With two numbers they are building and room, with one the room.
#[must_use]
pub fn parse_line(folded: &str) -> Place {
    let numeral = |character: char| character.is_ascii_digit();
    let mut end = folded.trim_end();
    let mut parts = [0_u32; 3];
    let mut found = 0;
    while found < 3 {
        let mut text = end;
        loop {
            let before = text;
            for marker in MARKERS {
                text = text.strip_suffix(marker).unwrap_or(text);
            }
            text = text.trim_end_matches(['-', ' ', '/', '_', '—', ',', '，']);
            if text == before {
                break;
            }
        }
        let head = text.trim_end_matches(numeral);
        if head.len() == text.len() {
            break;
        }
        let Some(value) = number(&text[head.len()..]) else { break };
        parts[found] = value + 1;
        found += 1;
        end = head;
    }
    let mut community = end;
    for marker in MARKERS {
        community = community.trim_end_matches(['-', ' ', '/']).strip_suffix(marker).unwrap_or(community);
    }
    let community = text_key(community.trim_end_matches(['-', ' ', '/', ',', '，']));
    let (building, unit, room) = match found {
        3 => (parts[2], parts[1], parts[0]),
        2 => (parts[1], 0, parts[0]),
        _ => (0, 0, parts[0]),
    };
    Place { community, building, unit, room }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_door_in_several_hands() {
        let door = parse_line("幸福社区3栋2单元402");
        assert_eq!(door, parse_line("幸福社区3-2-402"));
        assert_eq!(door, parse_line("幸福社区3号楼2单元402室"));
        assert_eq!(
            (door.building, door.unit, door.room),
            (part_key("三栋"), part_key("2单元"), part_key("0402室"))
        );
        assert_ne!(door.community, 0);
        assert_eq!(part_key("十二栋"), part_key("12"));
        assert_ne!(part_key("a栋"), part_key("b栋"));
        assert_eq!(part_key("甲单元"), part_key("甲"));
        assert_eq!(parse_line(""), Place::default());
    }
}
