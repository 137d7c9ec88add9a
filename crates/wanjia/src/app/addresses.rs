//! Doors and where they lie, in words that people read.

use domain::area::{AreaNumber, Level};
use domain::state::{Book, Labels};
use intake::message::Lang;

/// `1栋1单元601`, `Building 1 Unit 1 601`. A label that says what it is stays as it is.
#[must_use]
pub fn door_in_words(lang: Lang, Labels { building, unit, room }: &Labels) -> String {
    let parts = [
        numbered(building, lang.pick("{n}栋", "Building {n}")),
        numbered(unit, lang.pick("{n}单元", "Unit {n}")),
        room.clone(),
    ];
    let said: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    said.join(lang.pick("", " "))
}

fn numbered(label: &str, words: &str) -> String {
    let is_bare = !label.is_empty() && label.bytes().all(|letter| letter.is_ascii_alphanumeric());
    if is_bare { words.replace("{n}", label) } else { label.to_owned() }
}

/// The area that an area is or lies in, of this level; itself if it lies above all of these.
fn above(book: &Book, area: AreaNumber, level: Level) -> AreaNumber {
    let is_high = |at: &AreaNumber| book.areas.get(*at).is_none_or(|row| row.level <= level);
    book.areas.path(area).find(is_high).unwrap_or(area)
}

/// The community that an area is or lies in.
#[must_use]
pub fn community_of(book: &Book, area: AreaNumber) -> AreaNumber {
    above(book, area, Level::Community)
}

/// The community or compound that an area is or lies in: within it a door's labels are an address, a grid is none.
#[must_use]
pub fn compound_of(book: &Book, area: AreaNumber) -> AreaNumber {
    above(book, area, Level::Compound)
}

/// Its name, or its code if it has none.
#[must_use]
pub fn area_name(book: &Book, area: AreaNumber) -> &str {
    let name = book.areas.get(area).map_or("", |row| row.name.as_str());
    if name.is_empty() { book.areas.code(area) } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_door_is_one_in_words_however_its_labels_were_written() {
        let said = |lang, [building, unit, room]: [&str; 3]| {
            let labels = Labels { building: building.into(), unit: unit.into(), room: room.into() };
            door_in_words(lang, &labels)
        };
        for labels in [["8", "1", "101"], ["8栋", "1单元", "101"], ["8", "1单元", "101"]] {
            assert_eq!(said(Lang::Zh, labels), "8栋1单元101");
        }
        assert_eq!(said(Lang::En, ["8", "1", "101"]), "Building 8 Unit 1 101");
        assert_eq!(said(Lang::Zh, ["永清里3号楼", "", "402室"]), "永清里3号楼402室");
        assert_eq!(said(Lang::Zh, ["", "", "402"]), "402");
    }
}
