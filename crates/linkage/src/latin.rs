//! Names and streets in Latin letters: similarity and sound.

/// Longest text, in bytes, of which the rest is compared too.
const LONGEST: usize = 64;

/// Jaro-Winkler similarity of two texts, byte by byte, from 0 to 1 (Winkler 1990; prefix scale 0.1, prefix up
/// to four bytes). Two empty texts are equal.
#[must_use]
pub fn jaro_winkler(one: &[u8], other: &[u8]) -> f64 {
    if one == other {
        return 1.0;
    }
    let (a, b) = (&one[..one.len().min(LONGEST)], &other[..other.len().min(LONGEST)]);
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let window = (a.len().max(b.len()) / 2).saturating_sub(1);
    let mut taken = 0_u64;
    let mut matched = [0_u8; LONGEST];
    let mut matches = 0;
    for (i, byte) in a.iter().enumerate() {
        let low = i.saturating_sub(window);
        let high = (i + window + 1).min(b.len());
        for (j, candidate) in b.iter().enumerate().take(high).skip(low) {
            if taken >> j & 1 == 0 && candidate == byte {
                taken |= 1 << j;
                matched[matches] = *byte;
                matches += 1;
                break;
            }
        }
    }
    if matches == 0 {
        return 0.0;
    }
    let order = b.iter().enumerate().filter(|(j, _)| taken >> j & 1 == 1).map(|(_, byte)| *byte);
    let transposed = order.zip(&matched[..matches]).filter(|(x, y)| x != *y).count();
    let count = matches as f64;
    let jaro =
        (count / a.len() as f64 + count / b.len() as f64 + (count - transposed as f64 / 2.0) / count) / 3.0;
    let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count();
    jaro + prefix as f64 * 0.1 * (1.0 - jaro)
}

/// American Soundex of a text as four bytes in a number; 0 for a text without letters.
#[must_use]
pub fn soundex(text: &[u8]) -> u32 {
    const CODES: [u8; 26] = *b"01230120022455012623010202";
    let mut out = [0_u8; 4];
    let mut length = 0;
    let mut last = 0;
    for byte in text.iter().filter(|byte| byte.is_ascii_alphabetic()) {
        let letter = byte.to_ascii_lowercase();
        let sound = CODES[usize::from(letter - b'a')];
        if length == 0 {
            out[0] = letter;
            length = 1;
        } else if sound != b'0' && sound != last {
            out[length] = sound;
            length += 1;
            if length == 4 {
                break;
            }
        }
        if !matches!(letter, b'h' | b'w') {
            last = sound;
        }
    }
    u32::from_le_bytes(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_values() {
        assert!((jaro_winkler(b"martha", b"marhta") - 0.9611).abs() < 1e-4);
        assert!((jaro_winkler(b"dixon", b"dicksonx") - 0.8133).abs() < 1e-4);
        assert!((jaro_winkler(b"dwayne", b"duane") - 0.84).abs() < 1e-4);
        assert_eq!(jaro_winkler(b"abc", b"xyz"), 0.0);
        assert_eq!(soundex(b"Robert"), soundex(b"Rupert"));
        assert_eq!(soundex(b"Tymczak"), u32::from_le_bytes(*b"t522"));
        assert_eq!(soundex(b"1"), 0);
    }
}
