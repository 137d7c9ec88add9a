//! Width, spaces and names.

use std::borrow::Cow;

/// Folds full-width and other compatibility forms of digits, letters, spaces, hyphens and punctuation to ASCII, drops
/// characters that cannot be seen, and trims. Han characters stay as they are (unlike NFKC, which would change names).
pub fn fold_width(text: &str) -> Cow<'_, str> {
    let trimmed = text.trim();
    // All characters that change begin with one of these bytes, none of the common Han characters does.
    if !trimmed.bytes().any(|b| matches!(b, 0xC2 | 0xE2 | 0xE3 | 0xEF) || b < 0x20 || b == 0x7F) {
        return Cow::Borrowed(trimmed);
    }
    let mut out = String::with_capacity(trimmed.len());
    for c in trimmed.chars() {
        fold_char(c, &mut out);
    }
    if out.starts_with(' ') || out.ends_with(' ') {
        return Cow::Owned(out.trim().to_owned());
    }
    Cow::Owned(out)
}

fn fold_char(c: char, out: &mut String) {
    match c {
        '\u{FF01}'..='\u{FF5E}' => out.extend(char::from_u32(c as u32 - 0xFEE0)),
        '\u{3000}' | '\u{A0}' | '\u{2000}'..='\u{200A}' | '\u{202F}' | '\u{205F}' => out.push(' '),
        '\t' | '\n' | '\r' | '\u{B}' | '\u{C}' | '\u{85}' | '\u{2028}' | '\u{2029}' => out.push(' '),
        '\u{AD}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206F}'
        | '\u{FEFF}' => {}
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => out.push('-'),
        '\u{2018}' | '\u{2019}' => out.push('\''),
        '\u{201C}' | '\u{201D}' => out.push('"'),
        '\u{2460}'..='\u{2473}' => out.push_str(&(c as u32 - 0x245F).to_string()),
        '\u{2160}'..='\u{216B}' => {
            const ROMAN: [&str; 12] =
                ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"];
            out.push_str(ROMAN[(c as u32 - 0x2160) as usize]);
        }
        c if c.is_control() => {}
        c => out.push(c),
    }
}

/// Whether a character is a Han character of any block.
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' | '〇')
}

/// A plain text: folded, with runs of spaces made one.
pub fn plain(text: &str) -> String {
    let text = fold_width(text);
    if !text.contains(' ') || !text.contains("  ") {
        return text.into_owned();
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out
}

/// A person's name: no spaces inside a Han name (王 芳), one between the words of another, and the dot of names like
/// 阿依古丽·买买提 always U+00B7.
pub fn name(text: &str) -> String {
    let folded = fold_width(text);
    if folded.chars().all(is_han) {
        return folded.into_owned();
    }
    let characters: Vec<char> = folded.chars().collect();
    let mut out = String::with_capacity(folded.len());
    for (index, &c) in characters.iter().enumerate() {
        let after = characters[index + 1..].iter().copied().find(|c| *c != ' ');
        let between_han = |out: &str| {
            out.chars().next_back().is_some_and(|c| is_han(c) || c == '·')
                && after.is_none_or(|c| is_han(c) || is_dot(c))
        };
        match c {
            ' ' if out.ends_with(' ') || between_han(&out) => {}
            c if is_dot(c) && between_han(&out) && after.is_some() => out.push('·'),
            c => out.push(c),
        }
    }
    out
}

fn is_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '‧' | '・' | '･' | '.' | '∙' | '⋅' | '●')
}

/// The code of an area: letters, digits and hyphens, at most 40; `None` when something else is in it.
pub fn area_code(text: &str) -> Option<String> {
    let folded = fold_width(text);
    let mut code = folded.as_ref();
    if let Some((whole, zeros)) = code.split_once('.')
        && zeros.bytes().all(|b| b == b'0')
    {
        code = whole;
    }
    let code = code.trim_start_matches('\'');
    let valid = code.len() <= 40 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    valid.then(|| code.to_owned())
}

/// Whether a text is a number in the scientific notation of a spreadsheet, like `4.20106E+17`.
pub(crate) fn looks_rounded(text: &str) -> bool {
    let Some(at) = text.find(['E', 'e']) else { return false };
    let (mantissa, exponent) = (&text[..at], text[at + 1..].trim_start_matches('+'));
    !mantissa.is_empty()
        && !exponent.is_empty()
        && mantissa.bytes().all(|b| b.is_ascii_digit() || b == b'.')
        && mantissa.as_bytes()[0].is_ascii_digit()
        && exponent.bytes().all(|b| b.is_ascii_digit())
        && (mantissa.contains('.') || text[at + 1..].starts_with('+'))
}
