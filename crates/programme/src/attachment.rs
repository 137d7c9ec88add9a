//! Pictures that answers name. The answer is a text, `name` or `name sha256:<64 hexadecimal digits>`; the bytes come by
//! themselves and are held to it.

use std::fmt;

use crate::answer::Given;
use crate::form::Form;
use crate::question::Answer;

/// The most bytes of one file.
pub const MOST_BYTES: usize = 5_000_000;
/// The most files of one filled-in form.
pub const MOST_FILES: usize = 20;
/// The longest name, in bytes.
const LONGEST_NAME: usize = 120;
const DIGEST: &str = " sha256:";

/// A file as an answer names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub name: String,
    /// SHA-256 of the bytes, where whoever answered had them. An ODK client names a file by its name alone.
    pub digest: Option<[u8; 32]>,
}

impl Named {
    /// Reads an answer; none if it is not of this form. A name is that of a file, without a folder.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, digest) = match text.rsplit_once(DIGEST) {
            Some((name, digits)) => (name, Some(read_digest(digits)?)),
            None => (text, None),
        };
        let plain = !name.chars().any(|letter| letter.is_control() || matches!(letter, '/' | '\\'));
        let fits = !name.trim().is_empty() && name.len() <= LONGEST_NAME && name.trim() == name;
        (plain && fits && name != "." && name != "..").then(|| Self { name: name.to_owned(), digest })
    }
}

impl fmt::Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        if let Some(digest) = &self.digest {
            f.write_str(DIGEST)?;
            digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        }
        Ok(())
    }
}

fn read_digest(digits: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if digits.len() != 64 || !digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()?;
    }
    Some(digest)
}

/// The files that answers name, each once, in the order of the questions' names and of the cards of a repeat: their numbers.
#[must_use]
pub fn named(form: &Form, given: &std::collections::BTreeMap<String, Given>) -> Vec<Named> {
    let mut found: Vec<Named> = Vec::new();
    for (name, given) in given {
        if form.field(name).is_some_and(|field| field.question.answer == Answer::File) {
            note(given, &mut found);
        }
    }
    found
}

fn note(given: &Given, found: &mut Vec<Named>) {
    match given {
        Given::List(items) => items.iter().for_each(|item| note(item, found)),
        Given::Text(text) => {
            if let Some(named) = Named::parse(text)
                && !found.iter().any(|known| known.name == named.name)
            {
                found.push(named);
            }
        }
        _ => {}
    }
}

/// A kind of picture that is kept, by its first bytes and by nothing that is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Jpeg,
    Png,
    Webp,
}

impl Kind {
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }

    /// As HTTP calls it.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_a_files_and_a_digest_is_whole() {
        let digest = [0xab; 32];
        let named = Named { name: "门口 1.jpg".into(), digest: Some(digest) };
        assert_eq!(Named::parse(&named.to_string()), Some(named));
        assert_eq!(Named::parse("1583020800000.jpg").unwrap().digest, None);
        let short = format!("a.jpg sha256:{}", "ab".repeat(31));
        let shouted = format!("a.jpg sha256:{}", "AB".repeat(32));
        for text in
            ["", " ", "../a.jpg", "a/b.jpg", "a\\b.jpg", "a\n.jpg", ".", "..", " a.jpg", &short, &shouted]
        {
            assert_eq!(Named::parse(text), None, "{text:?}");
        }
        assert_eq!(Named::parse(&"a".repeat(LONGEST_NAME + 1)), None);
    }

    #[test]
    fn a_picture_is_known_by_its_first_bytes() {
        assert_eq!(Kind::of(b"\xff\xd8\xff\xe0rest"), Some(Kind::Jpeg));
        assert_eq!(Kind::of(b"\x89PNG\r\n\x1a\n"), Some(Kind::Png));
        assert_eq!(Kind::of(b"RIFF\0\0\0\0WEBPVP8 "), Some(Kind::Webp));
        for other in
            [b"<svg xmlns=".as_slice(), b"GIF89a", b"%PDF-1.7", b"RIFF\0\0\0\0WAVE", b"\xff\xd8", b""]
        {
            assert_eq!(Kind::of(other), None, "{other:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(text in ".{0,200}|[a-z. ]{1,9} sha256:[0-9a-f]{60,66}") {
            if let Some(named) = Named::parse(&text) {
                prop_assert_eq!(named.to_string(), text);
            }
        }
    }
}
