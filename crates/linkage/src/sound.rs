//! Toneless pinyin of characters: every reading, and readings folded as southern speech folds them.

use std::sync::OnceLock;

use pinyin::{ToPinyin, ToPinyinMulti};
use rustc_hash::FxHashMap;

/// At most this many readings of one character are kept.
const READINGS: usize = 4;

/// Readings that a surname has beside its everyday one.
const SURNAME_READINGS: [(char, &str); 22] = [
    ('曾', "zeng"),
    ('单', "shan"),
    ('解', "xie"),
    ('仇', "qiu"),
    ('查', "zha"),
    ('朴', "piao"),
    ('区', "ou"),
    ('盖', "ge"),
    ('乐', "yue"),
    ('任', "ren"),
    ('尉', "wei"),
    ('缪', "miao"),
    ('繁', "po"),
    ('种', "chong"),
    ('折', "she"),
    ('召', "shao"),
    ('宓', "fu"),
    ('覃', "qin"),
    ('翟', "zhai"),
    ('冼', "xian"),
    ('员', "yun"),
    ('隗', "wei"),
];

/// Sounds of the characters of the basic plane.
pub struct Sounds {
    readings: Vec<[u16; READINGS]>,
    surname: FxHashMap<u16, u16>,
    folded: Vec<u16>,
}

/// Merges what many speakers do not tell apart: zh/z, ch/c, sh/s, n/l, final ng/n, f/h before u.
fn fold_syllable(syllable: &str) -> String {
    let mut text = syllable.replace('ü', "v");
    for (long, short) in [("zh", "z"), ("ch", "c"), ("sh", "s")] {
        if let Some(rest) = text.strip_prefix(long) {
            text = format!("{short}{rest}");
        }
    }
    if let Some(rest) = text.strip_prefix('n') {
        text = format!("l{rest}");
    }
    for (long, short) in [("ang", "an"), ("eng", "en"), ("ing", "in")] {
        if let Some(rest) = text.strip_suffix(long) {
            text = format!("{rest}{short}");
        }
    }
    text
}

impl Sounds {
    /// The one table of the process, built on first use from the `pinyin` crate's data.
    #[must_use]
    pub fn get() -> &'static Self {
        static SOUNDS: OnceLock<Sounds> = OnceLock::new();
        SOUNDS.get_or_init(Self::build)
    }

    fn build() -> Self {
        let mut names: FxHashMap<String, u16> = FxHashMap::default();
        let mut folds: FxHashMap<String, u16> = FxHashMap::default();
        let mut folded = vec![0];
        let mut code_of = |syllable: &str| -> u16 {
            if let Some(code) = names.get(syllable) {
                return *code;
            }
            let code = folded.len() as u16;
            names.insert(syllable.to_owned(), code);
            let next = folds.len() as u16 + 1;
            folded.push(*folds.entry(fold_syllable(syllable)).or_insert(next));
            code
        };
        let mut readings = vec![[0; READINGS]; 1 << 16];
        for code in 0x3400..=0x9fff_u16 {
            let Some(character) = char::from_u32(u32::from(code)) else { continue };
            let Some(first) = character.to_pinyin() else { continue };
            let slots = &mut readings[usize::from(code)];
            slots[0] = code_of(first.plain());
            let mut used = 1;
            for reading in character.to_pinyin_multi().into_iter().flatten() {
                let reading = code_of(reading.plain());
                if used < READINGS && !slots[..used].contains(&reading) {
                    slots[used] = reading;
                    used += 1;
                }
            }
        }
        let mut surname = FxHashMap::default();
        for (character, syllable) in SURNAME_READINGS {
            let code = u32::from(character) as u16;
            let reading = code_of(syllable);
            if readings[usize::from(code)][0] != reading {
                surname.insert(code, reading);
            }
        }
        Self { readings, surname, folded }
    }

    /// Everyday reading of a character, folded; 0 when it has none.
    #[must_use]
    pub fn folded(&self, code: u16) -> u16 {
        self.folded[usize::from(self.readings[usize::from(code)][0])]
    }

    /// The folded reading that this character has as a surname, where it differs from the everyday one.
    #[must_use]
    pub fn folded_surname(&self, code: u16) -> Option<u16> {
        self.surname.get(&code).map(|reading| self.folded[usize::from(*reading)])
    }

    /// True when the two characters share a reading.
    #[must_use]
    pub fn same(&self, one: u16, other: u16) -> bool {
        one == other || {
            let (a, b) = (&self.readings[usize::from(one)], &self.readings[usize::from(other)]);
            let extra = |code: u16| self.surname.get(&code).copied().unwrap_or(0);
            a.iter().chain(&[extra(one)]).any(|r| *r != 0 && (b.contains(r) || *r == extra(other)))
        }
    }

    /// True when the two characters share a reading once dialect mergers are folded.
    #[must_use]
    pub fn alike(&self, one: u16, other: u16) -> bool {
        self.same(one, other) || {
            let fold = |code: u16| self.readings[usize::from(code)].map(|r| self.folded[usize::from(r)]);
            let (a, b) = (fold(one), fold(other));
            a.iter().any(|r| *r != 0 && b.contains(r))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(character: char) -> u16 {
        u32::from(character) as u16
    }

    #[test]
    fn a_heteronym_sounds_like_each_of_its_readings() {
        let sounds = Sounds::get();
        assert!(sounds.same(code('曾'), code('增')));
        assert!(sounds.same(code('曾'), code('层')));
        assert!(sounds.same(code('单'), code('善')));
        assert!(sounds.same(code('解'), code('谢')));
        assert!(sounds.same(code('伟'), code('玮')));
        assert!(!sounds.same(code('伟'), code('强')));
    }

    #[test]
    fn southern_mergers_are_alike_but_not_the_same() {
        let sounds = Sounds::get();
        assert!(!sounds.same(code('张'), code('臧')) && sounds.alike(code('张'), code('臧')));
        assert!(!sounds.same(code('刘'), code('牛')) && sounds.alike(code('刘'), code('牛')));
    }
}
