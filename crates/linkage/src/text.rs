//! Text folding shared by every field: width, script variant, case, digits.

use std::sync::OnceLock;

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;

/// Simplified form of every character of the basic plane, built once.
fn simplified_table() -> &'static [u16] {
    static TABLE: OnceLock<Vec<u16>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table: Vec<u16> = (0..=u16::MAX).collect();
        // The dictionary is inside the library; without it characters stay as they are.
        let Ok(converter) = OpenCC::from_config(BuiltinConfig::T2s) else { return table };
        for code in 0x3400..=0x9fff_u16 {
            let Some(character) = char::from_u32(u32::from(code)) else { continue };
            let converted = converter.convert(character.encode_utf8(&mut [0; 4]));
            let mut characters = converted.chars();
            if let (Some(one), None) = (characters.next(), characters.next())
                && let Ok(one) = u16::try_from(u32::from(one))
            {
                table[usize::from(code)] = one;
            }
        }
        table
    })
}

/// One character, half-width, simplified and lower case.
#[must_use]
pub fn fold_character(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let code = u32::from(character);
    match code {
        0x3000 => ' ',
        0xff01..=0xff5e => char::from_u32(code - 0xfee0).map_or(character, |c| c.to_ascii_lowercase()),
        0x3400..=0x9fff => char::from_u32(u32::from(simplified_table()[code as usize])).unwrap_or(character),
        _ => character.to_lowercase().next().unwrap_or(character),
    }
}

/// True for an ideograph that can stand in a personal name.
#[must_use]
pub fn is_han(character: char) -> bool {
    matches!(u32::from(character), 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0x20000..=0x323af | 0x3007)
}

/// Folds a whole field and drops white space at both ends; inner runs of space become one space.
pub fn fold_into(text: &str, out: &mut String) {
    out.clear();
    // What most fields hold, numbers and codes, is folded already.
    if text.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase()) {
        out.push_str(text);
        return;
    }
    let mut gap = false;
    for character in text.chars() {
        let folded = fold_character(character);
        if folded.is_whitespace() || folded == '\u{feff}' {
            gap = !out.is_empty();
        } else {
            if gap {
                out.push(' ');
                gap = false;
            }
            out.push(folded);
        }
    }
}

/// Digit value of an Arabic or Chinese numeral character.
#[must_use]
pub fn digit(character: char) -> Option<u32> {
    character.to_digit(10).or(match character {
        '零' | '〇' => Some(0),
        '一' | '壹' => Some(1),
        '二' | '贰' | '两' => Some(2),
        '三' | '叁' => Some(3),
        '四' | '肆' => Some(4),
        '五' | '伍' => Some(5),
        '六' | '陆' => Some(6),
        '七' | '柒' => Some(7),
        '八' | '捌' => Some(8),
        '九' | '玖' => Some(9),
        _ => None,
    })
}

/// A finalising mix of 64 bits (the finaliser of `MurmurHash3`), so that every bit of a key depends on all.
#[must_use]
pub const fn mix(value: u64) -> u64 {
    let mut x = value;
    x ^= x >> 33;
    x = x.wrapping_mul(0xff51_afd7_ed55_8ccd);
    x ^= x >> 33;
    x = x.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

/// Joins a part into a running key.
#[must_use]
pub const fn join(key: u64, part: u64) -> u64 {
    mix(key.rotate_left(23) ^ part.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

/// Hash of a byte string; the same on every machine and in every run.
#[must_use]
pub fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut key = bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut part = [0; 8];
        part[..chunk.len()].copy_from_slice(chunk);
        key = join(key, u64::from_le_bytes(part));
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_width_script_and_space() {
        let mut out = String::new();
        fold_into("\u{3000}張 偉\u{3000}ＡＢ１ ", &mut out);
        assert_eq!(out, "张 伟 ab1");
    }
}
