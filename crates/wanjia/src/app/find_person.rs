//! Someone looked for among the people of an area. Names are sealed and no index holds them: those of one community are opened one
//! after the other and compared, and nobody is told of whom is not meant.

use domain::area::AreaNumber;
use domain::id::{DwellingId, PersonId};
use domain::identity::Identity;
use store::Reader;

use super::failure::Result;

/// So many are told; of more, none.
pub const FOUND: usize = 20;
/// So many characters of a name, and so many of the end of a number, have to be known by whoever looks.
const NAME: usize = 2;
const ENDING: usize = 4;

/// By what someone was meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Name,
    IdNumber,
    Phone,
}

impl By {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::IdNumber => "id_number",
            Self::Phone => "phone",
        }
    }
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    Name(String),
    /// Of an ID number or a telephone number.
    Ending(String),
}

impl Wanted {
    /// None if it is so little that it would be browsing.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let text = plain(text);
        let length = text.chars().count();
        let is_ending = text.chars().all(|sign| sign.is_ascii_digit() || sign == 'X')
            && text.chars().any(|sign| sign.is_ascii_digit());
        match is_ending {
            true => (length >= ENDING).then_some(Self::Ending(text)),
            false => (length >= NAME && text.chars().any(char::is_alphabetic)).then_some(Self::Name(text)),
        }
    }

    fn means(&self, known: &Identity) -> Option<By> {
        match self {
            Self::Name(name) => plain(&known.name).contains(name.as_str()).then_some(By::Name),
            Self::Ending(end) if plain(&known.id_number).ends_with(end.as_str()) => Some(By::IdNumber),
            Self::Ending(end) => plain(&known.phone).ends_with(end.as_str()).then_some(By::Phone),
        }
    }
}

/// Without spaces, points and hyphens; width and case make no difference.
fn plain(text: &str) -> String {
    let half = |sign: char| match sign {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(sign) - 0xfee0).unwrap_or(sign),
        other => other,
    };
    let shown =
        text.chars().map(half).filter(|sign| !sign.is_whitespace() && !matches!(sign, '-' | '·' | '•' | '.'));
    shown.flat_map(char::to_uppercase).collect()
}

/// Someone who is meant, and where she is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub person: PersonId,
    pub by: By,
    pub dwelling: DwellingId,
    pub area: AreaNumber,
}

/// Who of an area and those below it is meant, in walking order; none if they are more than [`FOUND`].
///
/// # Errors
/// Those of the storage.
pub fn find(reader: &mut Reader, area: AreaNumber, wanted: &Wanted) -> Result<Option<Vec<Found>>> {
    let mut found = Vec::new();
    for number in reader.areas_with_doors(area)? {
        // Which sweep is asked makes no difference to who is listed behind a door.
        for door in reader.doors(0, number)? {
            if door.dwelling.listed == 0 {
                continue;
            }
            for person in reader.listed_at(door.id)? {
                if reader.home(person)? != Some(door.id) {
                    continue;
                }
                let Some(known) = reader.identity(person)? else { continue };
                let Some(by) = wanted.means(&known) else { continue };
                if found.len() == FOUND {
                    return Ok(None);
                }
                found.push(Found { person, by, dwelling: door.id, area: number });
            }
        }
    }
    Ok(Some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(text: &str) -> Option<By> {
        let known = Identity {
            name: "欧阳 小红".into(),
            id_number: "99000019800101104X".into(),
            phone: "10013800042".into(),
            ..Identity::default()
        };
        Wanted::read(text)?.means(&known)
    }

    #[test]
    fn someone_is_meant_by_name_or_by_the_end_of_a_number() {
        for name in ["欧阳小红", "欧阳", "小 红", "阳小"] {
            assert_eq!(by(name), Some(By::Name), "{name}");
        }
        for end in ["104x", "１０４Ｘ", "99000019800101104X"] {
            assert_eq!(by(end), Some(By::IdNumber), "{end}");
        }
        for end in ["0042", "138-000-42"] {
            assert_eq!(by(end), Some(By::Phone), "{end}");
        }
        for other in ["欧洋", "1380", "9900", "红小"] {
            assert_eq!(by(other), None, "{other}");
        }
    }

    #[test]
    fn what_would_be_browsing_is_not_looked_for() {
        for little in ["", " ", "欧", "042", "4X", "-", "··", "？！", "X"] {
            assert_eq!(Wanted::read(little), None, "{little}");
        }
    }
}
