//! What must hold for any bytes; run by the fuzz targets, and by tests/corpus.rs on what they found.

use linkage::{Column, Options, Raw, Register, compare, date, link, name, number, place, text};

/// Every parser of a single field, on any text.
pub fn fields(bytes: &[u8]) {
    let given = String::from_utf8_lossy(bytes);
    let (mut folded, mut again) = (String::new(), String::new());
    text::fold_into(&given, &mut folded);
    text::fold_into(&folded, &mut again);
    assert_eq!(folded, again, "folding twice changes nothing");
    if let Some(birth) = date::parse(&folded) {
        assert!((1850..=2150).contains(&birth.year()) && birth.month() <= 12 && birth.day() <= 31);
        assert!(birth.month() != 0 || birth.day() == 0);
    }
    if let Some(identifier) = number::parse_identifier(&folded) {
        assert_ne!(identifier.key, 0);
        assert_eq!(identifier.birth.is_some(), identifier.valid);
        assert!(!number::one_slip(identifier.key, identifier.key) || identifier.key == 0);
    }
    if let Some(phone) = number::parse_phone(&folded) {
        assert!((10_000_000..10_u64.pow(16)).contains(&phone));
    }
    if let name::Name::Han { characters, surname } = name::parse(&folded) {
        let length = characters.iter().take_while(|character| **character != 0).count();
        assert!(
            length > usize::from(surname) && characters[length..].iter().all(|character| *character == 0)
        );
    }
    let _ = place::parse_line(&folded);
    let _ = place::part_key(&folded);
}

/// Two rows whose columns are lines: pushed, compared both ways, linked.
pub fn rows(bytes: &[u8]) {
    let given = String::from_utf8_lossy(bytes);
    let (one, other) =
        given.split_at(given.char_indices().nth(given.chars().count() / 2).map_or(0, |(at, _)| at));
    let row = |text: &str| -> Register {
        let lines: Vec<&str> = text.split('\n').collect();
        let raw = Column::ALL
            .iter()
            .zip(&lines)
            .fold(Raw::default(), |raw, (column, line)| raw.with(*column, line));
        let mut list = Register::new();
        let _ = list.push(&raw);
        list
    };
    let (mut left, right) = (row(one), row(other));
    if left.is_empty() || right.is_empty() {
        return;
    }
    assert_eq!(compare(&left, 0, &right, 0), compare(&right, 0, &left, 0), "comparing is symmetric");
    let result = link(&mut left, &right, None, &Options::default(), &|_, _, _| {});
    assert!(result.links.iter().all(|link| (0.0..=1.0).contains(&link.probability)));
}
