//! The resident's slip: a code on paper that speaks for one dwelling. What is said with it counts once a person with a
//! right to decide has said so; see docs/adr/0016.

use crate::apply::{Origin, resolve_dwelling};
use crate::id::{ActorId, DwellingId, PersonId, SlipId};
use crate::named::named;
use crate::state::{Person, State};
use crate::time::Millis;

/// The longest that a slip may be good for.
pub const SLIP_LIMIT: Millis = 90 * 86_400_000;
/// As much may wait of one slip.
pub const WAITING_LIMIT: u64 = 20;
/// For so long what was settled can be taken back, and its words are kept, sealed and unread; then they are erased.
pub const TAKE_BACK_LIMIT: Millis = 86_400_000;
/// As many forms may be filled in with one slip on one day.
pub const ANSWERS_LIMIT: u64 = 20;

/// Crockford's signs: none is taken for another.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Of sixty bits.
const CODE_LENGTH: usize = 12;

/// The code of sixty random bits, as it is kept and compared: twelve signs without hyphens.
#[must_use]
pub fn code(random: u64) -> String {
    let signs = (0..CODE_LENGTH).map(|place| SIGNS[usize::try_from(random >> (5 * place) & 31).unwrap_or(0)]);
    signs.map(char::from).collect()
}

/// The code as it is printed: in threes of four.
#[must_use]
pub fn printed(code: &str) -> String {
    let signs: Vec<char> = code.chars().collect();
    signs.chunks(4).map(|part| part.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

/// The code that was meant by what someone typed: O is read as 0, I and L as 1, hyphens and spaces as nothing; none if
/// it can be no code.
#[must_use]
pub fn read_code(typed: &str) -> Option<String> {
    let mut signs = String::with_capacity(CODE_LENGTH);
    for sign in typed.chars().filter(|sign| !sign.is_whitespace() && *sign != '-') {
        let sign = match sign.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            sign => sign,
        };
        if !SIGNS.iter().any(|known| char::from(*known) == sign) || signs.len() == CODE_LENGTH {
            return None;
        }
        signs.push(sign);
    }
    (signs.len() == CODE_LENGTH).then_some(signs)
}

named! {
    /// What is said with a slip. The numbers are those of the facts and never change.
    pub enum What {
        /// Someone lives here.
        Person = 0 => "person",
        Help = 1 => "help",
        Correction = 2 => "correction",
        Erasure = 3 => "erasure",
    }
}

/// What became of something that was said. The numbers are those of the facts and never change; that it was withdrawn is a
/// fact of its own, and no decision of an office.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Decision {
    Declined = 0,
    /// Someone who lives here is on the list; what was asked for is done.
    Confirmed = 1,
    /// Somebody sees to the help that was asked for; it still waits to be settled.
    TakenOn = 2,
    /// Whoever said it needs it no more.
    Withdrawn = 3,
}

impl Decision {
    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        [Self::Declined, Self::Confirmed, Self::TakenOn, Self::Withdrawn]
            .into_iter()
            .find(|decision| *decision as u64 == code)
    }

    /// Of those that an office can say.
    #[must_use]
    pub fn of_an_office(code: u64) -> Option<Self> {
        Self::from_code(code).filter(|decision| *decision != Self::Withdrawn)
    }

    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "declined" => Some(Self::Declined),
            "confirmed" => Some(Self::Confirmed),
            "taken_on" => Some(Self::TakenOn),
            _ => None,
        }
    }
}

named! {
    /// Why something was declined: from a short list, never in words about anyone, and none tells who is on a list. The numbers
    /// are those of the facts and never change.
    pub enum Reason {
        /// What was written does not say enough.
        Unclear = 0 => "unclear",
        /// Whoever asked could not be reached to ask back.
        Unreached = 1 => "unreached",
        /// She does not live behind this door.
        NotHere = 2 => "not_here",
        /// There is no means for it now.
        NoMeans = 3 => "no_means",
        /// It is another office's to do.
        Elsewhere = 4 => "elsewhere",
        /// The same was asked for before, and that goes on.
        AskedBefore = 5 => "asked_before",
        /// It was looked at, and stays as it is.
        StaysAsItIs = 6 => "stays_as_it_is",
        /// A rule has it kept for now.
        MustBeKept = 7 => "must_be_kept",
    }
}

impl Reason {
    /// Whether this can be why something of this kind is declined.
    #[must_use]
    pub fn is_of(self, what: What) -> bool {
        match self {
            Self::Unclear | Self::Unreached => true,
            Self::NotHere => what == What::Person,
            Self::NoMeans | Self::Elsewhere => what == What::Help,
            Self::AskedBefore => what != What::Person,
            Self::StaysAsItIs => what == What::Correction,
            Self::MustBeKept => what == What::Erasure,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slip {
    pub dwelling: DwellingId,
    pub issued_at: Millis,
    pub expires_at: Millis,
    pub revoked_at: Option<Millis>,
}

/// Something said with a slip; its words are sealed under its own id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    pub slip: SlipId,
    pub dwelling: DwellingId,
    pub what: What,
    /// Which of those reported with the slip it is about.
    pub about: Option<PersonId>,
    pub said_at: Millis,
    /// Since when somebody sees to it.
    pub taken_on: Option<Millis>,
    /// That it was declined, confirmed or withdrawn; never [`Decision::TakenOn`].
    pub decided: Option<(Decision, Millis)>,
    /// Why it was declined.
    pub reason: Option<Reason>,
    /// Under which pseudonym the kinds of help that were asked for stay sealed when the words are gone.
    pub kept: Option<PersonId>,
    /// When a decision was taken back last: it waits again since, or did until it was decided anew.
    pub reopened: Option<Millis>,
}

impl Said {
    /// Whether what was decided can be taken back: of someone who is on the list it cannot, and what was withdrawn is hers.
    #[must_use]
    pub fn reopens(&self) -> bool {
        match self.decided {
            Some((Decision::Declined, _)) => true,
            Some((Decision::Confirmed, _)) => self.what != What::Person,
            _ => false,
        }
    }

    /// Until when what was decided can be taken back; none if it cannot be.
    #[must_use]
    pub fn reopens_until(&self) -> Option<Millis> {
        self.decided.filter(|_| self.reopens()).map(|(_, at)| at + TAKE_BACK_LIMIT)
    }
}

/// That someone's content was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Of the fact that says so.
    pub position: u64,
    pub at: Millis,
    pub actor: ActorId,
    pub purpose: u64,
}

/// Why a slip opens nothing, or takes nothing more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shut {
    Unknown,
    Expired,
    Revoked,
    /// [`WAITING_LIMIT`] things wait for a decision.
    Full,
    /// Nobody of this id was reported with it.
    NotHers,
}

/// The slip, if it opens anything at this moment.
///
/// # Errors
/// The outer error is the storage's.
pub fn opens<S: State>(state: &mut S, id: SlipId, now: Millis) -> Result<Result<Slip, Shut>, S::Error> {
    Ok(match state.slip(id)? {
        None => Err(Shut::Unknown),
        Some(slip) if slip.revoked_at.is_some() => Err(Shut::Revoked),
        Some(slip) if slip.expires_at <= now => Err(Shut::Expired),
        Some(slip) => Ok(slip),
    })
}

pub(crate) fn issue<S: State>(state: &mut S, id: SlipId, slip: Slip) -> Result<(), S::Error> {
    let slip = Slip { dwelling: resolve_dwelling(state, slip.dwelling)?, ..slip };
    if state.slip(id)?.is_some() || state.dwelling(slip.dwelling)?.is_none() {
        return Ok(());
    }
    state.put_slip(id, slip)
}

pub(crate) fn revoke<S: State>(state: &mut S, id: SlipId, at: Millis) -> Result<(), S::Error> {
    match state.slip(id)? {
        Some(slip) if slip.revoked_at.is_none() => state.put_slip(id, Slip { revoked_at: Some(at), ..slip }),
        _ => Ok(()),
    }
}

/// Only what is new, and of someone who was not erased: a fact said twice says nothing more.
pub(crate) fn say<S: State>(state: &mut S, origin: Origin, id: PersonId, said: Said) -> Result<(), S::Error> {
    if state.said(id)?.is_some() || state.person(id)?.is_some() || state.is_erased(id)? {
        return Ok(());
    }
    let said = Said { dwelling: resolve_dwelling(state, said.dwelling)?, ..said };
    if origin.sealed {
        state.put_person(id, Person { content: Some(origin.position), ..Person::default() })?;
    }
    state.put_said(id, said)
}

pub(crate) fn decide<S: State>(
    state: &mut S,
    id: PersonId,
    decision: Decision,
    reason: Option<Reason>,
    kept: Option<PersonId>,
    origin: Origin,
    at: Millis,
) -> Result<(), S::Error> {
    match state.said(id)? {
        Some(said) if said.decided.is_none() => {
            let kept = kept.filter(|_| origin.sealed);
            if let Some(kept) = kept
                && state.person(kept)?.is_none()
                && !state.is_erased(kept)?
            {
                state.put_person(kept, Person { content: Some(origin.position), ..Person::default() })?;
            }
            let said = match decision {
                Decision::TakenOn => Said { taken_on: said.taken_on.or(Some(at)), ..said },
                decided => Said { decided: Some((decided, at)), reason, kept: said.kept.or(kept), ..said },
            };
            state.put_said(id, said)
        }
        _ => Ok(()),
    }
}

/// Only with the slip with which it was said, and while it waits.
pub(crate) fn withdraw<S: State>(
    state: &mut S,
    id: PersonId,
    slip: SlipId,
    at: Millis,
) -> Result<(), S::Error> {
    match state.said(id)? {
        Some(said) if said.decided.is_none() && said.slip == slip => {
            state.put_said(id, Said { decided: Some((Decision::Withdrawn, at)), ..said })
        }
        _ => Ok(()),
    }
}

/// What was decided waits again, unless its words are gone.
pub(crate) fn reopen<S: State>(state: &mut S, id: PersonId, at: Millis) -> Result<(), S::Error> {
    match state.said(id)? {
        Some(said) if said.reopens() && !state.is_erased(id)? => {
            state.put_said(id, Said { decided: None, reason: None, reopened: Some(at), ..said })
        }
        _ => Ok(()),
    }
}

/// The kinds of help that are asked for: the name of each, and how it is written down.
pub const HELP: [(&str, &str); 6] = [
    ("food", "买菜送饭"),
    ("medicine", "买药"),
    ("ride", "去医院"),
    ("care", "要人照看"),
    ("talk", "心里难受，想说话"),
    ("other", "别的"),
];
const BETWEEN: &str = "、";
const THEN: char = '：';

/// The words of a request: the kinds of help by their names, and what was written beside them. None if a kind is unknown.
#[must_use]
pub fn request_words(kinds: &[String], text: &str) -> Option<String> {
    let written = |name: &String| HELP.iter().find(|(own, _)| own == name).map(|(_, written)| *written);
    let kinds = kinds.iter().map(written).collect::<Option<Vec<_>>>()?.join(BETWEEN);
    Some(match (kinds.is_empty(), text.is_empty()) {
        (true, _) => text.to_owned(),
        (false, true) => kinds,
        (false, false) => format!("{kinds}{THEN}{text}"),
    })
}

/// The kinds of help that the words of a request begin with, by their names.
#[must_use]
pub fn help_in(words: &str) -> Vec<&'static str> {
    let head = words.split(THEN).next().unwrap_or_default();
    let named = |written| HELP.iter().find(|(_, own)| *own == written).map(|(name, _)| *name);
    head.split(BETWEEN).map(named).collect::<Option<_>>().unwrap_or_default()
}

/// Of the words of a request the kinds of help alone, written as they stand there; none if they begin with none.
#[must_use]
pub fn kinds_alone(words: &str) -> Option<String> {
    let named: Vec<String> = help_in(words).into_iter().map(str::to_owned).collect();
    request_words(&named, "").filter(|kinds| !kinds.is_empty())
}

/// Of the words of a request what was written beside the kinds of help.
#[must_use]
pub fn beside_kinds(words: &str) -> &str {
    let beside = words.split_once(THEN).map_or("", |(_, beside)| beside);
    if help_in(words).is_empty() { words } else { beside }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let code = code(0x0fed_cba9_8765_4321);
        assert_eq!(code.len(), 12);
        let printed = printed(&code);
        assert_eq!(printed.matches('-').count(), 2);
        let typed = [printed.clone(), printed.to_lowercase(), format!(" {} ", printed.replace('-', " "))];
        for typed in typed {
            assert_eq!(read_code(&typed).as_deref(), Some(&*code), "{typed}");
        }
        assert_eq!(read_code("OIL0-0000-0000").as_deref(), Some("011000000000"));
        for wrong in
            ["", "ABC", "0000-0000-000", "0000-0000-0000-0", "0000-0000-000U", "零零零零零零零零零零零零"]
        {
            assert_eq!(read_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn the_bits_above_sixty_make_no_other_code() {
        assert_eq!(code(u64::MAX), code(u64::MAX >> 4));
        assert_ne!(code(0), code(1 << 59));
    }

    #[test]
    fn the_kinds_of_help_are_read_back_from_the_words_and_nothing_else_is() {
        let kinds = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let words = request_words(&kinds(&["medicine", "ride"]), "降压药：两盒").unwrap();
        assert_eq!(words, "买药、去医院：降压药：两盒");
        assert_eq!(help_in(&words), ["medicine", "ride"]);
        assert_eq!(help_in(&request_words(&kinds(&["talk"]), "").unwrap()), ["talk"]);
        assert_eq!(request_words(&[], "家里没水").as_deref(), Some("家里没水"));
        assert!(help_in("家里没水").is_empty() && help_in("").is_empty() && help_in("买药、酒").is_empty());
        assert_eq!(request_words(&kinds(&["gold"]), "x"), None);
        assert_eq!((kinds_alone(&words).as_deref(), kinds_alone("家里没水")), (Some("买药、去医院"), None));
        assert_eq!(
            (beside_kinds(&words), beside_kinds("买药"), beside_kinds("门：坏")),
            ("降压药：两盒", "", "门：坏")
        );
    }
}
