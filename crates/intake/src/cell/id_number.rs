//! The citizen's identity number, GB 11643-1999: six digits of area, eight of birth date, three of sequence (odd for
//! men), one check character (ISO 7064 MOD 11-2).

use jiff::civil::Date;

use super::date::{civil, number_of};
use super::text::{fold_width, looks_rounded};

/// What stood in an identity number's cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdNumber {
    /// Nothing, or 无.
    Empty,
    Valid(Identity),
    Impossible(IdFault),
}

/// A number that can exist, as 18 characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// 18 characters; a number of the first generation (15 digits) is brought to 18.
    pub number: String,
    pub birth_date: Date,
    /// 男 or 女.
    pub sex: &'static str,
}

/// Why a number cannot exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdFault {
    /// Neither 18 nor 15 characters.
    Length { found: usize },
    /// Something other than digits, or an X that is not at the end.
    Characters,
    /// The birth date inside is no day of the calendar.
    BirthDate,
    /// The check character does not fit the rest.
    Check,
    /// The spreadsheet took it for a number and rounded it.
    Destroyed,
}

/// Reads an identity number. Full-width characters, a small x, and spaces and hyphens inside are forgiven.
pub fn id_number(text: &str) -> IdNumber {
    let bytes = text.as_bytes();
    if bytes.len() == 18 && bytes[..17].iter().all(u8::is_ascii_digit) {
        return judge(text);
    }
    let folded = fold_width(text);
    if looks_rounded(&folded) {
        return IdNumber::Impossible(IdFault::Destroyed);
    }
    let number: String = folded
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '\'' | '`' | '"' | '_'))
        .map(|c| if matches!(c, 'x' | '×' | 'χ' | 'Χ' | 'х' | 'Х' | '*') { 'X' } else { c })
        .collect();
    match number.as_str() {
        "" | "无" | "/" | "没有" | "不详" | "未知" | "暂无" => IdNumber::Empty,
        number => judge(number),
    }
}

fn judge(number: &str) -> IdNumber {
    let bytes = number.as_bytes();
    let fault = |fault| IdNumber::Impossible(fault);
    let digits = |bytes: &[u8]| bytes.iter().all(u8::is_ascii_digit);
    if let Some((whole, zeros)) = number.split_once('.')
        && digits(whole.as_bytes())
        && digits(zeros.as_bytes())
    {
        return fault(IdFault::Destroyed);
    }
    let characters = number.chars().count();
    match bytes.len() {
        18 if digits(&bytes[..17]) && (bytes[17].is_ascii_digit() || matches!(bytes[17], b'X' | b'x')) => {
            let expected = check_character(&bytes[..17]);
            let given = bytes[17].to_ascii_uppercase();
            if given != expected {
                let rounded = bytes.ends_with(b"000");
                return fault(if rounded { IdFault::Destroyed } else { IdFault::Check });
            }
            let Some(birth_date) = birth_date_in(&bytes[6..14]) else { return fault(IdFault::BirthDate) };
            let mut number = number[..17].to_owned();
            number.push(char::from(given));
            IdNumber::Valid(Identity { number, birth_date, sex: sex_of(bytes[16]) })
        }
        15 if digits(bytes) => {
            // Sequences 996 to 999 were kept for people born before 1900.
            let century = if bytes[12..15] >= b"996"[..] { "18" } else { "19" };
            let mut long = format!("{}{century}{}", &number[..6], &number[6..]);
            let Some(birth_date) = birth_date_in(&long.as_bytes()[6..14]) else {
                return fault(IdFault::BirthDate);
            };
            long.push(char::from(check_character(long.as_bytes())));
            IdNumber::Valid(Identity { number: long, birth_date, sex: sex_of(bytes[14]) })
        }
        18 | 15 if characters == bytes.len() => fault(IdFault::Characters),
        _ if digits(bytes)
            || characters == bytes.len() && digits(&bytes[..bytes.len().saturating_sub(1)]) =>
        {
            fault(IdFault::Length { found: characters })
        }
        _ => fault(IdFault::Characters),
    }
}

fn birth_date_in(digits: &[u8]) -> Option<Date> {
    civil(number_of(&digits[..4])?, number_of(&digits[4..6])?, number_of(&digits[6..8])?).ok()
}

fn sex_of(last_of_sequence: u8) -> &'static str {
    if (last_of_sequence - b'0') % 2 == 1 { "男" } else { "女" }
}

/// The check character of the first 17 digits (ISO 7064 MOD 11-2).
pub fn check_character(first17: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHARACTERS: [u8; 11] = *b"10X98765432";
    let sum: u32 =
        first17.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    CHARACTERS[(sum % 11) as usize]
}
