//! Identity numbers and telephone numbers.

use crate::date::Birth;
use crate::text::{digit, hash_bytes};

/// Weights of the seventeen digits before the check character (GB 11643-1999, ISO 7064 MOD 11-2).
const WEIGHTS: [u64; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check character by remainder; 10 stands for X.
const CHECK: [u64; 11] = [1, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2];
/// Set in the key of a number that is not a resident identity number.
const FOREIGN: u64 = 1 << 63;
/// Set beside [`FOREIGN`] when the key is a hash and not the digits.
const HASHED: u64 = 1 << 62;

/// A resident identity number or another document's number, in 64 bits; 0 is missing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identifier {
    /// Resident number: seventeen digits, times 16, plus the check value. Others: digits or a hash, flagged.
    pub key: u64,
    /// The check character and the birth date inside are right.
    pub valid: bool,
    /// Birth date inside a valid number.
    pub birth: Option<Birth>,
    /// Sex inside a valid number: 0 unknown, 1 male, 2 female.
    pub sex: u8,
}

/// Check value (0 to 10) that belongs to seventeen digits.
#[must_use]
pub fn check_value(seventeen: u64) -> u64 {
    let mut rest = seventeen;
    let mut sum = 0;
    for weight in WEIGHTS.iter().rev() {
        sum += rest % 10 * weight;
        rest /= 10;
    }
    CHECK[(sum % 11) as usize]
}

/// Reads an identity number. Eighteen characters are checked; fifteen (issued until 1999) become eighteen with
/// the century 19; other numbers and letters are kept as a foreign document's. Returns `None` for nothing
/// usable: fewer than five characters, masked digits (`4201**`), one character repeated.
#[must_use]
pub fn parse_identifier(folded: &str) -> Option<Identifier> {
    let mut kept = [0_u8; 32];
    let mut length = 0;
    for character in folded.chars() {
        match character {
            ' ' | '-' | '\'' | '`' | '.' | '(' | ')' => {}
            '*' => return None,
            _ if character.is_ascii_alphanumeric() => {
                if length == kept.len() {
                    return None;
                }
                kept[length] = character as u8;
                length += 1;
            }
            _ => return None,
        }
    }
    let kept = &kept[..length];
    if length < 5 || kept.iter().all(|byte| *byte == kept[0]) {
        return None;
    }
    // None also for one too long for the type, which is no resident number.
    let number = |digits: &[u8]| {
        digits.iter().try_fold(0_u64, |sum, byte| {
            let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
            sum.checked_mul(10)?.checked_add(digit)
        })
    };
    let resident = match length {
        18 => number(&kept[..17]).and_then(|seventeen| match kept[17] {
            b'x' => Some((seventeen, 10)),
            byte if byte.is_ascii_digit() => Some((seventeen, u64::from(byte - b'0'))),
            _ => None,
        }),
        15 => number(kept).map(|fifteen| {
            let seventeen =
                fifteen / 1_000_000_000 * 100_000_000_000 + 19_000_000_000 + fifteen % 1_000_000_000;
            (seventeen, check_value(seventeen))
        }),
        _ => None,
    };
    if let Some((seventeen, check)) = resident {
        let birth = Birth::new(
            (seventeen / 10_000_000 % 10_000) as u32,
            (seventeen / 100_000 % 100) as u32,
            (seventeen / 1000 % 100) as u32,
        )
        .filter(|birth| birth.month() > 0 && birth.day() > 0);
        let valid = check == check_value(seventeen) && birth.is_some();
        return Some(Identifier {
            key: seventeen * 16 + check,
            valid,
            birth: birth.filter(|_| valid),
            sex: if valid { 2 - (seventeen % 2) as u8 } else { 0 },
        });
    }
    let key = match number(kept) {
        Some(value) if length <= 18 => FOREIGN | value,
        _ => FOREIGN | HASHED | hash_bytes(kept) >> 2,
    };
    Some(Identifier { key, valid: false, birth: None, sex: 0 })
}

/// True for a number made of digits other than a resident number.
#[must_use]
pub const fn is_foreign(key: u64) -> bool {
    key & FOREIGN != 0
}

/// True when two different keys are one slip of the hand apart: one digit typed wrong or two neighbours
/// exchanged. Hashed keys never are.
#[must_use]
pub fn one_slip(one: u64, other: u64) -> bool {
    if (one ^ other) & FOREIGN != 0 || one & other & FOREIGN != 0 && (one | other) & HASHED != 0 {
        return false;
    }
    let (a, b, check) = if one & FOREIGN == 0 {
        (one / 16, other / 16, one % 16 != other % 16)
    } else {
        (one & !FOREIGN, other & !FOREIGN, false)
    };
    if a == b { check } else { !check && digits_one_slip(a, b) }
}

/// True when two different numbers differ in one digit or by one exchange of neighbouring digits.
#[must_use]
pub fn digits_one_slip(one: u64, other: u64) -> bool {
    let (mut a, mut b) = (one, other);
    while a != 0 && b != 0 && a % 10 == b % 10 {
        (a, b) = (a / 10, b / 10);
    }
    let exchanged = a % 10 == b / 10 % 10 && b % 10 == a / 10 % 10 && a / 100 == b / 100;
    a / 10 == b / 10 || exchanged
}

/// Reads a telephone number: digits only, without +86 or 0086, the first of several. `None` when fewer than
/// seven digits are left or one digit is repeated throughout.
#[must_use]
pub fn parse_phone(folded: &str) -> Option<u64> {
    let mut digits = [0_u32; 20];
    let mut length = 0;
    for character in folded.chars() {
        if let Some(value) = digit(character) {
            if length == digits.len() {
                return None;
            }
            digits[length] = value;
            length += 1;
        } else if length >= 7 && matches!(character, '/' | ',' | ';' | '、' | '或' | '|') {
            break;
        }
    }
    let mut digits = &digits[..length];
    for prefix in [&[0, 0, 8, 6][..], &[8, 6]] {
        if digits.len() >= prefix.len() + 11 && digits.starts_with(prefix) {
            digits = &digits[prefix.len()..];
            break;
        }
    }
    if !(7..=15).contains(&digits.len()) || digits.iter().all(|d| *d == digits[0]) {
        return None;
    }
    Some(digits.iter().fold(1, |sum, d| sum * 10 + u64::from(*d)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_a_resident_number() {
        let good = parse_identifier("11010519491231002x").unwrap();
        assert!(good.valid && good.sex == 2 && good.birth == Birth::new(1949, 12, 31));
        let bad = parse_identifier("110105194912310021").unwrap();
        assert!(!bad.valid && bad.birth.is_none() && bad.key != good.key);
        assert_eq!(parse_identifier("110105491231002").unwrap(), good);
        assert!(parse_identifier("110105********002x").is_none());
        assert!(parse_identifier("000000000000000000").is_none());
        assert!(is_foreign(parse_identifier("H1234567").unwrap().key));
    }

    #[test]
    fn knows_one_slip_of_the_hand() {
        let key = |text| parse_identifier(text).unwrap().key;
        assert!(one_slip(key("420106196912123265"), key("420106199612123265")));
        assert!(one_slip(key("420106196912123265"), key("420106196912123275")));
        assert!(!one_slip(key("420106196912123265"), key("420106197912123275")));
        assert!(one_slip(key("5304218"), key("5304281")));
        assert!(!digits_one_slip(1_234_567, 1_243_576));
    }

    #[test]
    fn reads_phones() {
        assert_eq!(parse_phone("+86 138-0000-1234"), Some(113_800_001_234));
        assert_eq!(parse_phone("13800001234/13900001234"), parse_phone("138 0000 1234"));
        assert_eq!(parse_phone("027-8888 1234"), Some(102_788_881_234));
        assert_eq!(parse_phone("00000000000"), None);
        assert_eq!(parse_phone("12345"), None);
    }
}
