//! Personal names as registers and door lists hold them.

use crate::text::is_han;

/// Surnames of two characters; a name of three or more characters that starts with one is split after it.
const DOUBLE_SURNAMES: [[char; 2]; 60] = [
    ['欧', '阳'],
    ['司', '马'],
    ['上', '官'],
    ['诸', '葛'],
    ['夏', '侯'],
    ['皇', '甫'],
    ['尉', '迟'],
    ['公', '孙'],
    ['慕', '容'],
    ['令', '狐'],
    ['长', '孙'],
    ['宇', '文'],
    ['司', '徒'],
    ['司', '空'],
    ['东', '方'],
    ['南', '宫'],
    ['西', '门'],
    ['独', '孤'],
    ['端', '木'],
    ['轩', '辕'],
    ['百', '里'],
    ['呼', '延'],
    ['东', '郭'],
    ['澹', '台'],
    ['公', '冶'],
    ['宗', '政'],
    ['濮', '阳'],
    ['淳', '于'],
    ['单', '于'],
    ['太', '叔'],
    ['申', '屠'],
    ['仲', '孙'],
    ['钟', '离'],
    ['闻', '人'],
    ['赫', '连'],
    ['公', '羊'],
    ['万', '俟'],
    ['拓', '跋'],
    ['夹', '谷'],
    ['宰', '父'],
    ['谷', '梁'],
    ['段', '干'],
    ['乐', '正'],
    ['漆', '雕'],
    ['壤', '驷'],
    ['公', '良'],
    ['公', '西'],
    ['巫', '马'],
    ['颛', '孙'],
    ['子', '车'],
    ['司', '寇'],
    ['亓', '官'],
    ['鲜', '于'],
    ['闾', '丘'],
    ['左', '丘'],
    ['梁', '丘'],
    ['东', '门'],
    ['南', '门'],
    ['第', '五'],
    ['纳', '兰'],
];

/// Forms of address that stand after a surname, with the sex they tell (0 unknown, 1 male, 2 female).
const TITLES: [(&str, u8); 43] = [
    ("先生", 1),
    ("女士", 2),
    ("小姐", 2),
    ("太太", 2),
    ("夫人", 2),
    ("阿姨", 2),
    ("婆婆", 2),
    ("奶奶", 2),
    ("爷爷", 1),
    ("爹爹", 1),
    ("大爷", 1),
    ("大妈", 2),
    ("大娘", 2),
    ("大叔", 1),
    ("叔叔", 1),
    ("伯伯", 1),
    ("大伯", 1),
    ("大哥", 1),
    ("大姐", 2),
    ("大嫂", 2),
    ("嫂子", 2),
    ("婶婶", 2),
    ("姑娘", 2),
    ("师傅", 0),
    ("老师", 0),
    ("医生", 0),
    ("大夫", 0),
    ("主任", 0),
    ("书记", 0),
    ("经理", 0),
    ("老板", 0),
    ("同志", 0),
    ("某某", 0),
    ("某", 0),
    ("姨", 2),
    ("哥", 1),
    ("姐", 2),
    ("叔", 1),
    ("伯", 1),
    ("婶", 2),
    ("嫂", 2),
    ("爷", 1),
    ("妈", 2),
];

/// Characters that stand before a surname in familiar address.
const FAMILIAR: [char; 4] = ['小', '老', '大', '阿'];

/// A set of characters of the basic plane, a bit each.
struct Characters([u64; 1 << 10]);

impl Characters {
    const fn with(mut self, code: u32) -> Self {
        self.0[(code >> 6) as usize & 0x3ff] |= 1 << (code & 63);
        self
    }

    fn has(&self, character: char) -> bool {
        let code = u32::from(character);
        self.0[(code >> 6) as usize & 0x3ff] >> (code & 63) & 1 == 1
    }
}

/// First characters of the surnames of two; few names need the list itself.
static DOUBLE_FIRST: Characters = {
    let mut set = Characters([0; 1 << 10]);
    let mut at = 0;
    while at < DOUBLE_SURNAMES.len() {
        set = set.with(DOUBLE_SURNAMES[at][0] as u32);
        at += 1;
    }
    set
};

/// Last characters of the forms of address, each of three bytes in UTF-8.
static TITLE_LAST: Characters = {
    let mut set = Characters([0; 1 << 10]);
    let mut at = 0;
    while at < TITLES.len() {
        let text = TITLES[at].0.as_bytes();
        let [high, middle, low] = [text[text.len() - 3], text[text.len() - 2], text[text.len() - 1]];
        set = set.with((high as u32 & 15) << 12 | (middle as u32 & 63) << 6 | low as u32 & 63);
        at += 1;
    }
    set
};

/// What a name field turned out to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Name {
    /// Nothing usable.
    Missing,
    /// A whole Chinese name of two to four characters; `surname` of them are the surname.
    Han {
        /// Basic-plane codes, zero-padded.
        characters: [u16; 4],
        /// How many characters belong to the surname (1 or 2).
        surname: u8,
    },
    /// Only a surname is known (小王, 王阿姨); `sex` is what the title tells (0 unknown, 1 male, 2 female).
    Partial {
        /// Basic-plane codes of the surname, zero-padded.
        characters: [u16; 4],
        /// How many characters the surname has.
        surname: u8,
        /// Sex told by the title.
        sex: u8,
    },
    /// Anything else: Latin letters, names of five and more characters.
    Text,
}

/// Code of a character in 16 bits; characters beyond the basic plane share the private-use area.
fn code(character: char) -> u16 {
    let code = u32::from(character);
    u16::try_from(code).unwrap_or((0xe000 + code % 6400) as u16)
}

fn pack(characters: &[char]) -> [u16; 4] {
    let mut packed = [0; 4];
    for (slot, character) in packed.iter_mut().zip(characters) {
        *slot = code(*character);
    }
    packed
}

fn surname_length(characters: &[char]) -> usize {
    let double = characters.len() >= 2
        && DOUBLE_FIRST.has(characters[0])
        && DOUBLE_SURNAMES.iter().any(|surname| surname[..] == characters[..2]);
    if double { 2 } else { 1 }
}

/// Reads a folded name (see [`crate::text::fold_into`]). Spaces, dots and brackets inside are ignored.
#[must_use]
pub fn parse(folded: &str) -> Name {
    let mut characters = ['\0'; 8];
    let mut length = 0;
    for character in folded.chars() {
        if matches!(character, '(' | '（' | '[' | '【') && length > 0 {
            break; // what follows is a remark, as in 王伟(户主)
        }
        if character.is_whitespace() || matches!(character, '.' | '*' | ',' | '、' | '-' | '_') {
            continue;
        }
        if matches!(character, '×' | 'x') && length > 0 && is_han(characters[0]) {
            return surname_only(&characters[..length], 0);
        }
        if !is_han(character) || length == characters.len() {
            return if folded.chars().any(char::is_alphabetic) { Name::Text } else { Name::Missing };
        }
        characters[length] = character;
        length += 1;
    }
    let characters = &characters[..length];
    if length == 0 {
        return Name::Missing;
    }
    for (title, sex) in TITLES.iter().filter(|_| TITLE_LAST.has(characters[length - 1])) {
        let count = title.chars().count();
        if length > count && title.chars().eq(characters[length - count..].iter().copied()) {
            let rest = &characters[..length - count];
            // 王大哥 holds a familiar prefix of the title, 王某 a whole surname.
            if rest.len() <= surname_length(rest) {
                return surname_only(rest, *sex);
            }
        }
    }
    if FAMILIAR.contains(&characters[0]) && length >= 2 {
        let rest = &characters[1..];
        if rest.len() == surname_length(rest) {
            return surname_only(rest, 0);
        }
    }
    let surname = surname_length(characters);
    if length > 4 {
        return Name::Text;
    }
    if length <= surname {
        return if length == 1 {
            surname_only(characters, 0)
        } else {
            Name::Han { characters: pack(characters), surname: 1 }
        };
    }
    Name::Han { characters: pack(characters), surname: surname as u8 }
}

fn surname_only(characters: &[char], sex: u8) -> Name {
    let surname = surname_length(characters).min(characters.len());
    Name::Partial { characters: pack(&characters[..surname]), surname: surname as u8, sex }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn han(text: &str) -> (String, u8) {
        match parse(text) {
            Name::Han { characters, surname } => {
                let text = characters
                    .iter()
                    .filter(|c| **c != 0)
                    .filter_map(|c| char::from_u32(u32::from(*c)))
                    .collect();
                (text, surname)
            }
            other => panic!("{text} gave {other:?}"),
        }
    }

    fn partial(text: &str) -> (String, u8) {
        match parse(text) {
            Name::Partial { characters, sex, .. } => {
                let text = characters
                    .iter()
                    .filter(|c| **c != 0)
                    .filter_map(|c| char::from_u32(u32::from(*c)))
                    .collect();
                (text, sex)
            }
            other => panic!("{text} gave {other:?}"),
        }
    }

    #[test]
    fn splits_surname_and_given_name() {
        assert_eq!(han("王伟"), ("王伟".to_owned(), 1));
        assert_eq!(han("欧阳娜娜"), ("欧阳娜娜".to_owned(), 2));
        assert_eq!(han("王 小 明"), ("王小明".to_owned(), 1));
        assert_eq!(han("司马"), ("司马".to_owned(), 1));
        assert_eq!(han("王伟(户主)"), ("王伟".to_owned(), 1));
    }

    #[test]
    fn reads_forms_of_address_as_a_surname() {
        assert_eq!(partial("小王"), ("王".to_owned(), 0));
        assert_eq!(partial("老欧阳"), ("欧阳".to_owned(), 0));
        assert_eq!(partial("王阿姨"), ("王".to_owned(), 2));
        assert_eq!(partial("诸葛先生"), ("诸葛".to_owned(), 1));
        assert_eq!(partial("李某某"), ("李".to_owned(), 0));
        assert_eq!(partial("张xx"), ("张".to_owned(), 0));
        assert_eq!(partial("赵"), ("赵".to_owned(), 0));
    }

    #[test]
    fn tells_text_from_nothing() {
        assert_eq!(parse("阿卜杜拉·买买提"), Name::Text);
        assert_eq!(parse("wang wei"), Name::Text);
        assert_eq!(parse("？？"), Name::Missing);
        assert_eq!(parse("××"), Name::Missing);
        assert_eq!(parse(""), Name::Missing);
    }
}
