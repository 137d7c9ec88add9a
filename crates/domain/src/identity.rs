//! Who someone says she is, and the plain match that tells whether she is known already.
//!
//! The match is deterministic and explains itself: by ID number, by phone, or by name and birth date in the dwelling.
//! [`find`] is the seam at which a probabilistic comparison replaces it.

use crate::id::PersonId;

/// What is known of who someone is; empty where nothing is known. Personal: it is sealed wherever it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Identity {
    pub name: String,
    /// `男`, `女` or empty.
    pub sex: String,
    /// `YYYY-MM-DD` or empty.
    pub birth_date: String,
    /// Eighteen characters that pass their check, or empty.
    pub id_number: String,
    /// Digits.
    pub phone: String,
    /// To the head of the household.
    pub relation: String,
    pub note: String,
}

impl Identity {
    /// The canonical bytes that are sealed: a CBOR array of the seven texts.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = minicbor::Encoder::new(Vec::with_capacity(96));
        let fields = [
            &self.name,
            &self.sex,
            &self.birth_date,
            &self.id_number,
            &self.phone,
            &self.relation,
            &self.note,
        ];
        // Writing into a Vec cannot fail: its error type has no values.
        let _ = out.array(7);
        for field in fields {
            let _ = out.str(field);
        }
        out.into_writer()
    }

    /// Reads what [`Identity::encode`] wrote; none if the bytes are anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut read = minicbor::Decoder::new(bytes);
        if read.array().ok()? != Some(7) {
            return None;
        }
        let mut next = || read.str().ok().map(str::to_owned);
        let identity = Self {
            name: next()?,
            sex: next()?,
            birth_date: next()?,
            id_number: next()?,
            phone: next()?,
            relation: next()?,
            note: next()?,
        };
        (identity.encode() == bytes).then_some(identity)
    }
}

/// By what someone was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    IdNumber,
    Phone,
    NameInDwelling,
}

/// Where candidates come from: indexes that find by exact value, and the people of one dwelling.
pub trait Candidates {
    type Error;
    /// # Errors
    /// Those of the storage.
    fn by_id_number(&mut self, id_number: &str) -> Result<Vec<(PersonId, Identity)>, Self::Error>;
    /// # Errors
    /// Those of the storage.
    fn by_phone(&mut self, phone: &str) -> Result<Vec<(PersonId, Identity)>, Self::Error>;
    /// Everyone listed in the dwelling, and everyone unlisted who was seen there.
    ///
    /// # Errors
    /// Those of the storage.
    fn in_dwelling(&mut self) -> Result<Vec<(PersonId, Identity)>, Self::Error>;
}

/// The known person whom an observation means, and by what; none if nobody fits, or if two fit alike.
///
/// # Errors
/// Those of the storage behind `candidates`.
pub fn find<C: Candidates>(
    observed: &Identity,
    candidates: &mut C,
) -> Result<Option<(PersonId, By)>, C::Error> {
    if !observed.id_number.is_empty()
        && let [(person, _)] = candidates.by_id_number(&observed.id_number)?.as_slice()
    {
        return Ok(Some((*person, By::IdNumber)));
    }
    if !observed.phone.is_empty() {
        let holders = candidates.by_phone(&observed.phone)?;
        let fitting: Vec<&(PersonId, Identity)> =
            holders.iter().filter(|(_, known)| !contradicts(observed, known)).collect();
        if let Some(person) = only(&fitting, |known| !known.name.is_empty() && known.name == observed.name)
            .or_else(|| {
                only(&fitting, |known| same_birth(observed, known) && shares_a_character(observed, known))
            })
        {
            return Ok(Some((person, By::Phone)));
        }
        // A child carries the head's phone: with several holders, or another name, the phone alone says nothing.
        if let ([(person, known)], 1) = (fitting.as_slice(), holders.len())
            && (observed.name.is_empty() || shares_a_character(observed, known))
        {
            return Ok(Some((*person, By::Phone)));
        }
    }
    if observed.name.is_empty() {
        return Ok(None);
    }
    let family = candidates.in_dwelling()?;
    let fitting: Vec<&(PersonId, Identity)> = family
        .iter()
        .filter(|(_, known)| known.name == observed.name && !contradicts(observed, known))
        .collect();
    let person = only(&fitting, |known| same_birth(observed, known)).or_else(|| only(&fitting, |_| true));
    Ok(person.map(|person| (person, By::NameInDwelling)))
}

fn only(among: &[&(PersonId, Identity)], fits: impl Fn(&Identity) -> bool) -> Option<PersonId> {
    let mut found = among.iter().filter(|(_, known)| fits(known));
    match (found.next(), found.next()) {
        (Some((person, _)), None) => Some(*person),
        _ => None,
    }
}

fn same_birth(left: &Identity, right: &Identity) -> bool {
    !left.birth_date.is_empty() && left.birth_date == right.birth_date
}

fn differs(left: &str, right: &str) -> bool {
    !left.is_empty() && !right.is_empty() && left != right
}

fn contradicts(left: &Identity, right: &Identity) -> bool {
    differs(&left.id_number, &right.id_number)
        || differs(&left.birth_date, &right.birth_date)
        || differs(&left.sex, &right.sex)
}

fn shares_a_character(left: &Identity, right: &Identity) -> bool {
    left.name.chars().any(|character| right.name.contains(character))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    struct People(Vec<(u8, Identity)>);

    impl People {
        fn all(&self, fits: impl Fn(&Identity) -> bool) -> Vec<(PersonId, Identity)> {
            self.0
                .iter()
                .filter(|(_, known)| fits(known))
                .map(|(id, known)| (Id([*id; 16]), known.clone()))
                .collect()
        }
    }

    impl Candidates for People {
        type Error = std::convert::Infallible;
        fn by_id_number(&mut self, id_number: &str) -> Result<Vec<(PersonId, Identity)>, Self::Error> {
            Ok(self.all(|known| known.id_number == id_number))
        }
        fn by_phone(&mut self, phone: &str) -> Result<Vec<(PersonId, Identity)>, Self::Error> {
            Ok(self.all(|known| known.phone == phone))
        }
        fn in_dwelling(&mut self) -> Result<Vec<(PersonId, Identity)>, Self::Error> {
            Ok(self.all(|_| true))
        }
    }

    fn who(name: &str, birth: &str, id: &str, phone: &str) -> Identity {
        Identity {
            name: name.into(),
            birth_date: birth.into(),
            id_number: id.into(),
            phone: phone.into(),
            ..Identity::default()
        }
    }

    fn found(known: &[Identity], observed: &Identity) -> Option<(u8, By)> {
        let mut people = People((0..).zip(known.iter().cloned()).collect());
        find(observed, &mut people).unwrap().map(|(id, by)| (id.0[0], by))
    }

    #[test]
    fn the_id_number_decides_even_against_the_name() {
        let known = [who("王伟", "1970-01-01", "A", "1"), who("李娜", "1972-01-01", "B", "1")];
        assert_eq!(found(&known, &who("王玮", "", "A", "")), Some((0, By::IdNumber)));
        assert_eq!(found(&known, &who("王伟", "1970-01-01", "C", "")), None);
    }

    #[test]
    fn a_shared_phone_needs_a_name_or_a_birth_date() {
        let known = [who("王伟", "1970-01-01", "", "1"), who("王小伟", "2012-05-01", "", "1")];
        assert_eq!(found(&known, &who("王小伟", "", "", "1")), Some((1, By::Phone)));
        assert_eq!(found(&known, &who("小王", "1970-01-01", "", "1")), Some((0, By::Phone)));
        assert_eq!(found(&known, &who("小王", "", "", "1")), None);
    }

    #[test]
    fn one_holder_of_a_phone_is_known_by_a_nickname_but_not_as_a_stranger() {
        let known = [who("王伟", "1970-01-01", "", "1")];
        assert_eq!(found(&known, &who("老王", "", "", "1")), Some((0, By::Phone)));
        assert_eq!(found(&known, &who("李娜", "", "", "1")), None);
    }

    #[test]
    fn a_name_in_the_dwelling_needs_no_contradiction() {
        let known = [who("王伟", "1970-01-01", "", ""), who("王伟", "1999-01-01", "", "")];
        assert_eq!(found(&known, &who("王伟", "1999-01-01", "", "")), Some((1, By::NameInDwelling)));
        assert_eq!(found(&known, &who("王伟", "", "", "")), None);
        assert_eq!(found(&known, &who("王伟", "1985-01-01", "", "")), None);
    }
}
