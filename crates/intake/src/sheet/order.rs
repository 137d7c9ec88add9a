//! The order of a walk.

use std::cmp::{Ordering, Reverse};

use super::SheetDoor;

/// Compares labels as people count: 2 before 10 before 10A, 甲 before 乙, 三 as 3.
pub fn natural_order(left: &str, right: &str) -> Ordering {
    label_key(left).cmp(&label_key(right)).then_with(|| left.cmp(right))
}

/// Puts doors in walking order: area, building, unit, then from the top floor down, and along each floor by room.
///
/// Top down, because where there is a lift it is taken once, up, and where there is none the one long climb comes
/// first and every later flight goes down; the worker ends at the street door, where the next unit begins. A door on
/// no known floor comes after those of its unit.
pub fn walking_order(doors: &mut [SheetDoor]) {
    doors.sort_by_cached_key(|door| {
        (
            door.area_code.clone(),
            label_key(&door.building),
            label_key(&door.unit),
            Reverse(floor_of(door)),
            label_key(&door.room),
        )
    });
}

/// The floor of a door: as given, or all but the last two digits of a room of three or four digits.
pub(super) fn floor_of(door: &SheetDoor) -> Option<i32> {
    door.floor.or_else(|| {
        let digits: String = door.room.chars().take_while(char::is_ascii_digit).collect();
        if matches!(digits.len(), 3 | 4) { digits[..digits.len() - 2].parse().ok() } else { None }
    })
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    /// Digits without leading zeros, compared by length first: any length is a number.
    Number(usize, String),
    Text(String),
}

fn label_key(label: &str) -> Vec<Piece> {
    const STEMS: &str = "甲乙丙丁戊己庚辛壬癸";
    const NUMERALS: &str = "一二三四五六七八九十";
    let mut pieces: Vec<Piece> = Vec::new();
    let mut digits = String::new();
    let close = |digits: &mut String, pieces: &mut Vec<Piece>| {
        if !digits.is_empty() {
            let number = digits.trim_start_matches('0').to_owned();
            pieces.push(Piece::Number(number.len(), number));
            digits.clear();
        }
    };
    for c in label.trim().chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        close(&mut digits, &mut pieces);
        let rank = [STEMS, NUMERALS].iter().find_map(|row| row.chars().position(|stem| stem == c));
        if let Some(rank) = rank {
            let number = (rank + 1).to_string();
            pieces.push(Piece::Number(number.len(), number));
        } else if let Some(Piece::Text(text)) = pieces.last_mut() {
            text.extend(c.to_uppercase());
        } else {
            pieces.push(Piece::Text(c.to_uppercase().collect()));
        }
    }
    close(&mut digits, &mut pieces);
    pieces
}
