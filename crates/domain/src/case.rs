//! What facts say about people and dwellings in a programme: whom a form or a case is about, what was done about a case.
//! What the deeds of a case add up to is the programme's.

use crate::area::AreaNumber;
use crate::id::{ActorId, AreaId, CaseId, DwellingId, Id, PersonId, SeriesId, SlipId};
use crate::named::named;
use crate::time::{Day, Millis};

/// Whom a form or a case is about. A household is the dwelling behind whose door it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    Person(PersonId),
    Dwelling(DwellingId),
    /// An area as a whole: a compound that is free of cases, a problem that a township has to mend.
    Area(AreaId),
    /// Someone who works, by her account or as the worker of a phone.
    Worker(ActorId),
}

impl Subject {
    /// The number that stands for its kind in the ledger.
    #[must_use]
    pub fn kind(self) -> u64 {
        match self {
            Self::Person(_) => 0,
            Self::Dwelling(_) => 1,
            Self::Area(_) => 2,
            Self::Worker(_) => 3,
        }
    }

    #[must_use]
    pub fn id(self) -> Id {
        match self {
            Self::Person(id) | Self::Dwelling(id) | Self::Area(id) | Self::Worker(id) => id,
        }
    }

    #[must_use]
    pub fn of(kind: u64, id: Id) -> Option<Self> {
        match kind {
            0 => Some(Self::Person(id)),
            1 => Some(Self::Dwelling(id)),
            2 => Some(Self::Area(id)),
            3 => Some(Self::Worker(id)),
            _ => None,
        }
    }
}

named! {
    /// Where a case comes from.
    pub enum Source {
        Rule = 0 => "rule",
        Worker = 1 => "worker",
        Department = 2 => "department",
        Resident = 3 => "resident",
    }
}

/// What was done about a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A step was taken; overridden, although its condition did not hold. The day from which its new state counts, if the
    /// form says one.
    Step { step: String, overridden: bool, counted_from: Option<Day> },
    /// A step that someone else takes was signed.
    Sign { step: String },
    /// The case was offered to someone.
    Offer { to: ActorId },
    /// An offer was accepted, or the case taken over.
    Take,
    /// What was offered is not accepted, or by whoever offered it no longer offered: the case stays where it was.
    Decline,
    /// Someone to whom it has climbed asks what holds it.
    Ask,
    /// Whoever answers for it says so, in words.
    Reply,
    /// Whom it is about moves to this area: the case is handed over to it. None is a place outside the territory.
    Send { to: Option<AreaId> },
    /// In this area it is accepted: from now on it is that area's.
    Receive { area: AreaId },
    /// In this area it is not accepted: it stays where it was.
    Refuse { area: AreaId },
    /// She does not move after all, or the place was a wrong one: it is not handed over any more.
    Recall,
    /// What its state waited for has come. Never a person's, and never told by a fact of what someone did.
    Resume,
}

impl Deed {
    /// The number that stands for it in the ledger.
    #[must_use]
    pub fn code(&self) -> u64 {
        match self {
            Self::Step { overridden: false, .. } => 0,
            Self::Step { overridden: true, .. } => 1,
            Self::Sign { .. } => 2,
            Self::Offer { .. } => 3,
            Self::Take => 4,
            Self::Resume => 5,
            Self::Decline => 6,
            Self::Ask => 7,
            Self::Reply => 8,
            Self::Send { .. } => 9,
            Self::Receive { .. } => 10,
            Self::Refuse { .. } => 11,
            Self::Recall => 12,
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Step { overridden: false, .. } => "step",
            Self::Step { overridden: true, .. } => "step_overridden",
            Self::Sign { .. } => "sign",
            Self::Offer { .. } => "offer",
            Self::Take => "take",
            Self::Resume => "resume",
            Self::Decline => "decline",
            Self::Ask => "ask",
            Self::Reply => "reply",
            Self::Send { .. } => "send",
            Self::Receive { .. } => "receive",
            Self::Refuse { .. } => "refuse",
            Self::Recall => "recall",
        }
    }

    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match self {
            Self::Step { step, .. } | Self::Sign { step } => Some(step),
            Self::Offer { .. }
            | Self::Take
            | Self::Decline
            | Self::Ask
            | Self::Reply
            | Self::Send { .. }
            | Self::Receive { .. }
            | Self::Refuse { .. }
            | Self::Recall
            | Self::Resume => None,
        }
    }

    /// To whom it is offered, or the area that it is sent to or answered in.
    #[must_use]
    pub fn to(&self) -> Option<Id> {
        match self {
            Self::Offer { to } => Some(*to),
            Self::Send { to } => *to,
            Self::Receive { area } | Self::Refuse { area } => Some(*area),
            _ => None,
        }
    }
}

/// A case as its earliest report opened it. Of an area the dwelling is the area's own id, of a worker
/// that of the area where she works, in all of these. Of one that another area has received the dwelling is her home there, once
/// she has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    pub programme: String,
    /// Under which it was opened, and stays.
    pub version: String,
    pub pathway: String,
    pub subject: Subject,
    pub dwelling: DwellingId,
    pub opened_at: Millis,
    pub counted_from: Option<Day>,
    /// The area that has received it last, if one has: whose it is.
    pub received: Option<AreaNumber>,
}

/// Someone, or a rule, who reported a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The id under which its reporter knows the case.
    pub named: CaseId,
    pub position: u64,
    pub at: Millis,
    pub source: Source,
    pub rule: Option<String>,
    pub actor: ActorId,
    pub dwelling: DwellingId,
    pub counted_from: Option<Day>,
}

/// Something that was done about a case, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The id under which whoever did it knows the case.
    pub named: CaseId,
    pub at: Millis,
    pub series: SeriesId,
    pub sequence: u64,
    pub position: u64,
    pub actor: ActorId,
    pub role: String,
    pub turn: u64,
    pub deed: Deed,
}

/// A filled-in form; its answers are sealed at the position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    pub subject: Subject,
    /// The door at which it was.
    pub dwelling: DwellingId,
    /// The case for which it was filled in, under whichever of its ids. A form about someone else ties her to it.
    pub case: Option<CaseId>,
    pub position: u64,
    pub at: Millis,
    pub programme: String,
    pub version: String,
    pub form: String,
    pub on: Day,
    /// With which slip a resident filled it in; none is by someone of the office.
    pub slip: Option<SlipId>,
    /// When its answers were erased, if they are.
    pub erased_at: Option<Millis>,
}

/// A moment at which a role was told of a task that nobody had done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Climb {
    /// The id under which the case was known then.
    pub named: CaseId,
    pub task: String,
    pub role: String,
    pub due: Millis,
    pub at: Millis,
}

/// What was learnt from a case that has ended: of which kind it was, and nothing of whom it was about. The text is sealed at
/// the position, under an id of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    pub programme: String,
    pub pathway: String,
    /// The rule that had reported the case first, if one did.
    pub rule: Option<String>,
    pub at: Millis,
    pub position: u64,
    pub series: SeriesId,
    pub sequence: u64,
}

/// A right to act in a role of a programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appointment {
    pub programme: String,
    pub role: String,
    pub area: AreaNumber,
}
