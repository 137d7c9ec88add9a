//! Telephone numbers as people in China write them.

use super::text::{fold_width, looks_rounded};

/// Why a telephone number cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneFault {
    NotDigits,
    TooShort {
        found: usize,
    },
    TooLong {
        found: usize,
    },
    /// The spreadsheet took it for a number and rounded it.
    Destroyed,
}

/// A telephone number: a mobile number as 11 digits, a landline with its area code and hyphen, several joined by `/`.
/// The prefixes +86, 86 and 0086 and spaces and hyphens inside are taken away. `""` for an empty cell.
///
/// # Errors
/// A [`PhoneFault`] that says why not.
pub fn phone(text: &str) -> Result<String, PhoneFault> {
    let bytes = text.as_bytes();
    if bytes.len() == 11 && bytes[0] == b'1' && bytes.iter().all(u8::is_ascii_digit) && bytes[1] >= b'3' {
        return Ok(text.to_owned());
    }
    let folded = fold_width(text);
    let folded = folded.trim_start_matches('\'');
    if matches!(folded, "" | "无" | "-" | "/" | "没有" | "不详" | "未知" | "暂无" | "0") {
        return Ok(String::new());
    }
    if looks_rounded(folded) {
        return Err(PhoneFault::Destroyed);
    }
    let mut numbers = String::new();
    for part in
        folded.split(['/', '、', ',', ';', '|', '或', '，', '；']).filter(|part| !part.trim().is_empty())
    {
        let number = one(part)?;
        if !numbers.is_empty() {
            numbers.push('/');
        }
        numbers.push_str(&number);
    }
    if numbers.is_empty() { Err(PhoneFault::NotDigits) } else { Ok(numbers) }
}

/// How many digits the first of these numbers has that looks incomplete: neither a mobile's eleven nor a landline's with its area code
/// nor a service's ten. `numbers` as [`phone`] gives them.
#[must_use]
pub fn incomplete(numbers: &str) -> Option<usize> {
    let digits = |number: &str| number.bytes().filter(u8::is_ascii_digit).count();
    numbers.split('/').filter(|number| !number.is_empty()).find_map(|number| {
        let mut parts = number.split('-');
        let first = parts.next().unwrap_or_default();
        let found = match first.starts_with('0') {
            true => digits(first) + parts.next().map_or(0, digits),
            false => digits(first),
        };
        let is_whole = match first.as_bytes() {
            [b'0', b'1' | b'2', ..] => found == 11,
            [b'0', ..] => matches!(found, 11 | 12),
            [b'1', ..] => found == 11,
            [b'4' | b'8', b'0', b'0', ..] => found == 10,
            _ => false,
        };
        (!is_whole).then_some(found)
    })
}

fn one(part: &str) -> Result<String, PhoneFault> {
    let (main, extension) = match part.split_once('转') {
        Some((main, extension)) => (main, Some(extension.trim())),
        None => (part, None),
    };
    let mut digits = String::with_capacity(20);
    let mut hyphens = Vec::new();
    for c in main.trim().chars() {
        match c {
            '0'..='9' => digits.push(c),
            '+' if digits.is_empty() => {}
            '-' | ')' if !digits.is_empty() => hyphens.push(digits.len()),
            ' ' | '(' | '-' | '.' => {}
            _ => return Err(PhoneFault::NotDigits),
        }
    }
    let given = digits.len();
    for prefix in ["0086", "86"] {
        if let Some(rest) = digits.strip_prefix(prefix)
            && rest.len() >= 10
        {
            digits = rest.to_owned();
            hyphens =
                hyphens.iter().filter_map(|at| at.checked_sub(prefix.len())).filter(|at| *at > 0).collect();
            break;
        }
    }
    let mobile = |digits: &str| digits.len() == 11 && digits.starts_with('1') && digits.as_bytes()[1] >= b'3';
    // Abroad the trunk 0 of an area code is left out.
    if digits.len() < given && !digits.starts_with('0') && !mobile(&digits) {
        digits.insert(0, '0');
        hyphens.iter_mut().for_each(|at| *at += 1);
    }
    // A trunk 0 before a mobile number, as old switchboards wanted it.
    if let Some(rest) = digits.strip_prefix('0')
        && mobile(rest)
    {
        digits = rest.to_owned();
    }
    let mut number = match digits.len() {
        0 => return Err(PhoneFault::NotDigits),
        _ if mobile(&digits) => digits,
        1..=6 => return Err(PhoneFault::TooShort { found: given }),
        10 if digits.starts_with('1') => return Err(PhoneFault::TooShort { found: given }),
        10..=12 if digits.starts_with('0') => landline(&digits, &hyphens),
        7..=11 => digits,
        // An extension written behind a second hyphen.
        13..=17 if digits.starts_with('0') && hyphens.len() >= 2 => {
            let at = hyphens[hyphens.len() - 1];
            format!("{}-{}", landline(&digits[..at], &hyphens), &digits[at..])
        }
        _ => return Err(PhoneFault::TooLong { found: given }),
    };
    if let Some(extension) = extension {
        if extension.is_empty() || !extension.bytes().all(|b| b.is_ascii_digit()) {
            return Err(PhoneFault::NotDigits);
        }
        number.push('-');
        number.push_str(extension);
    }
    Ok(number)
}

/// Area code, hyphen, number. Area codes are 010, 02x, or 0 and three digits; a hyphen that was written decides.
fn landline(digits: &str, hyphens: &[usize]) -> String {
    let short = digits.starts_with("010") || digits.starts_with("02");
    let at = hyphens.iter().copied().find(|at| matches!(at, 3 | 4)).unwrap_or(if short { 3 } else { 4 });
    format!("{}-{}", &digits[..at], &digits[at..])
}
