//! The kinds of fact, and their canonical bytes.
//!
//! A fact is one thing that happened. Its bytes are the payload of a ledger envelope: deterministic CBOR (RFC 8949
//! section 4.2.1), an array of `[kind, at, actor, body]`. The numbers below are written into ledgers for good: a kind
//! is never renumbered and a body never changes its meaning; a new need is a new kind.

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

use crate::area::Level;
use crate::case::{Deed, Source, Subject};
use crate::hand_over::{Answer, DOORS_LIMIT};
use crate::held::Refusal;
use crate::id::{
    ActorId, CaseId, DwellingId, HandOverId, Id, PersonId, PlanId, RosterId, SeriesId, SlipId,
    SubscriptionId, SweepId,
};
use crate::named::named;
use crate::plan::PlanKind;
use crate::slip::{Decision, Reason, What};
use crate::subscription::{RowsOf, Use};
use crate::time::{Day, Millis};

named! {
    /// What a knock led to. `domain.md` calls it outcome; the numbers are those of the facts.
    pub enum Outcome {
        Met = 0 => "met",
        Phone = 1 => "phone",
        NoAnswer = 2 => "no_answer",
        Vacant = 3 => "vacant",
        Refused = 4 => "refused",
        Away = 5 => "away",
        NotExist = 6 => "not_exist",
    }
}

named! {
    /// Whether a light was seen in the dwelling.
    #[derive(Default)]
    pub enum Light {
        #[default]
        Unknown = 0 => "unknown",
        On = 1 => "on",
        Off = 2 => "off",
    }
}

/// What a visit leans on, as a set of bits.
pub mod evidence {
    pub const LIGHT: u64 = 1;
    pub const METER: u64 = 2;
    pub const SLIP_TORN: u64 = 4;
    pub const NEIGHBOUR: u64 = 8;
    pub const SLIP_LEFT: u64 = 16;
    pub const ALL: u64 = 31;
}

named! {
    /// What kind of place is behind a door.
    #[derive(Default)]
    pub enum Place {
        #[default]
        Home = 0 => "home",
        Enterprise = 1 => "enterprise",
        Hotel = 2 => "hotel",
        Site = 3 => "site",
        Market = 4 => "market",
        Checkpoint = 5 => "checkpoint",
        Other = 6 => "other",
    }
}

/// Who came upon a door first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum FoundBy {
    Roster = 0,
    Visit = 1,
}

/// Why a supervisor signs for a dwelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SignReason {
    /// The refusal was looked into and stands.
    Refusal = 0,
    /// The sweep closes without this dwelling, which is named.
    Closing = 1,
}

named! {
    /// Why a telephone call to a household reached nobody.
    pub enum CallFailure {
        /// It rang, and nobody took it.
        NoAnswer = 0 => "no_answer",
        /// The number is somebody else's, or nobody's.
        WrongNumber = 1 => "wrong_number",
        SwitchedOff = 2 => "switched_off",
    }
}

named! {
    /// Why a sweep that was opened is taken back. The numbers are those of the facts and never change.
    pub enum Misopened {
        /// It stands on the wrong area.
        Area = 0 => "area",
        /// Its deadline is wrong.
        Deadline = 1 => "deadline",
        /// Its name is wrong.
        Name = 2 => "name",
        /// There is another one for the same.
        Twice = 3 => "twice",
        /// None is wanted.
        Unwanted = 4 => "unwanted",
    }
}

/// What happened. The comment after each kind is its number and the array that is its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// 0 `[territory, origin, checkpoint key: bytes32]`; the first fact of a territory.
    Founded { territory: String, origin: String, checkpoint_key: [u8; 32] },
    /// 1 `[code, name, level, parent | null]`
    AreaRegistered { code: String, name: String, level: Level, parent: Option<String> },
    /// 2 `[dwelling, area, building, unit, room, place, found by]`; said again of a known door, it corrects the place
    DwellingRegistered {
        dwelling: DwellingId,
        area: String,
        building: String,
        unit: String,
        room: String,
        place: Place,
        found_by: FoundBy,
    },
    /// 62 `[dwelling]`; there is no such door: it was put on record by mistake, or the house stands no more. Nobody is listed there.
    DwellingRemoved { dwelling: DwellingId },
    /// 3 `[dwelling, area]`; counted under another area from now on, as when grids are redrawn.
    DwellingMoved { dwelling: DwellingId, area: String },
    /// 4 `[roster, source, file's SHA-256, file's length in bytes]`
    RosterImported { roster: RosterId, source: String, digest: [u8; 32], bytes: u64 },
    /// 5 `[person, dwelling, roster, row]`; the sealed content, if any, is who she is.
    PersonListed { person: PersonId, dwelling: DwellingId, roster: RosterId, row: u64 },
    /// 6 `[person, dwelling]`; someone found by the sweep is put on the list.
    PersonRegistered { person: PersonId, dwelling: DwellingId },
    /// 7 `[sweep, area, programme, deadline]`
    SweepOpened { sweep: SweepId, area: String, programme: String, deadline: Millis },
    /// 8 `[sweep]`
    SweepClosed { sweep: SweepId },
    /// 65 `[sweep, reason]`; it was opened by mistake and nothing was recorded in it: it is over, and counts nowhere.
    SweepWithdrawn { sweep: SweepId, reason: Misopened },
    /// 9 `[sweep, dwelling, outcome, light, evidence, recheck_on | null, occupants | null]`
    Visited {
        sweep: SweepId,
        dwelling: DwellingId,
        outcome: Outcome,
        light: Light,
        evidence: u64,
        recheck_on: Option<Day>,
        occupants: Option<u64>,
    },
    /// 10 `[sweep, dwelling, person]`, or with 1 after them if she was reached by telephone and not seen; the sealed content,
    /// if any, is what was learnt of who she is.
    PersonSeen { sweep: SweepId, dwelling: DwellingId, person: PersonId, by_phone: bool },
    /// 11 `[from, to]`; `from` is the same person as `to`.
    Linked { from: PersonId, to: PersonId },
    /// 12 `[from, to]`; takes a link back.
    Unlinked { from: PersonId, to: PersonId },
    /// 13 `[sweep, dwelling, reason]`
    SignedOff { sweep: SweepId, dwelling: DwellingId, reason: SignReason },
    /// 61 `[sweep, dwelling, first, facts]`; this many facts of the same series from this number on, which said what a visit to
    /// this door found, were recorded wrongly: the visit was not there, or not so.
    VisitTakenBack { sweep: SweepId, dwelling: DwellingId, first: u64, facts: u64 },
    /// 63 `[sweep, dwelling, failure]`; a household was telephoned and nobody was reached: the door stands as it stood.
    CallFailed { sweep: SweepId, dwelling: DwellingId, failure: CallFailure },
    /// 14 `[series, public key: bytes32, worker, role, area]`
    DeviceEnrolled { series: SeriesId, public_key: [u8; 32], worker: ActorId, role: u64, area: String },
    /// 15 `[series]`
    DeviceRevoked { series: SeriesId },
    /// 60 `[series, ends at: milliseconds]`; the end of a phone's deployment. The newest counts.
    DeviceTerm { series: SeriesId, ends_at: Millis },
    /// 16 `[person, purpose]`; someone read what is sealed.
    Revealed { person: PersonId, purpose: u64 },
    /// 17 `[person, reason]`
    Erased { person: PersonId, reason: u64 },
    /// 18 `[account, role, area]`
    GrantGiven { account: ActorId, role: u64, area: String },
    /// 19 `[account]`
    GrantEnded { account: ActorId },
    /// 23 `[series, sequence]`; a person resolved a quarantined fact: it counts from now on.
    Released { series: SeriesId, sequence: u64 },
    /// 24 `[sweep, area, purpose, persons]`; someone read the names on an area's list, of this many people.
    ListRevealed { sweep: SweepId, area: String, purpose: u64, persons: u64 },
    /// 25 `[dwelling, reason]`; what was noted at a door before this fact is gone, what comes after it stays.
    NotesErased { dwelling: DwellingId, reason: u64 },
    /// 26 `[from, to, per mille, model: bytes32]`; a model with this digest holds `from`, who was seen, for `to`, who is
    /// listed, this probably. Nothing is linked by it: a person decides.
    LinkProposed { from: PersonId, to: PersonId, per_mille: u64, model: [u8; 32] },
    /// 27 `[from, to]`; a person said that these are two. A later link of the two takes it back.
    LinkDeclined { from: PersonId, to: PersonId },
    /// 28 `[plan, area, kind, from | null, until | null, replaces | null, objective, bound, open, parts]`; a plan is in
    /// force, from the first day to the last where it has days. Objective and proven bound are in the planner's unit;
    /// this many things are left open, by the publisher's word, and this many people have a part.
    PlanPublished {
        plan: PlanId,
        area: String,
        kind: PlanKind,
        from: Option<Day>,
        until: Option<Day>,
        replaces: Option<PlanId>,
        objective: u64,
        bound: u64,
        open: u64,
        parts: u64,
    },
    /// 29 `[plan, person, worker | null]`; the sealed content, if any, is who she is and what is hers of the plan. The
    /// worker is whose phone shows it.
    PlanPart { plan: PlanId, person: PersonId, worker: Option<ActorId> },
    /// 30 `[plan]`; it is in force no more, and no other took its place.
    PlanWithdrawn { plan: PlanId },
    /// 31 `[programme, version, from, sunset, digest: bytes32]`; the version of a programme whose pack has this SHA-256 is
    /// in force from the first day on, until another one is, and at the sunset no more.
    ProgrammePublished { programme: String, version: String, from: Day, sunset: Day, digest: [u8; 32] },
    /// 32 `[kind of subject, subject, dwelling, case | null, programme, version, form, day]`; a form was filled in on this
    /// day. The sealed content is the answers.
    Answered {
        subject: Subject,
        dwelling: DwellingId,
        case: Option<CaseId>,
        programme: String,
        version: String,
        form: String,
        on: Day,
    },
    /// 33 `[case, programme, version, pathway, kind of subject, subject, dwelling, source, rule | null, day | null]`; a case
    /// is opened, or joins the one that is open for this subject and pathway. The day is that from which it counts. The
    /// sealed content, if any, is what was said.
    CaseReported {
        case: CaseId,
        programme: String,
        version: String,
        pathway: String,
        subject: Subject,
        dwelling: DwellingId,
        source: Source,
        rule: Option<String>,
        counted_from: Option<Day>,
    },
    /// 34 `[case, turn, role, deed, step | null, to | null, day | null]`; something was done about a case by someone in a
    /// role of the programme, who had seen so many steps run. The sealed content, if any, says why.
    CaseActed { case: CaseId, turn: u64, role: String, deed: Deed },
    /// 35 `[case, task, role, due]`; nobody had done the task in time, and the role was told.
    CaseClimbed { case: CaseId, task: String, role: String, due: Millis },
    /// 36 `[who, programme, role, area | null]`; she may act in this role of the programme in this area from now on, or
    /// nowhere any more.
    Appointed { who: ActorId, programme: String, role: String, area: Option<String> },
    /// 40 `[slip, dwelling, expires at]`; whoever holds the paper may speak for the dwelling until then.
    SlipIssued { slip: SlipId, dwelling: DwellingId, expires_at: Millis },
    /// 41 `[slip]`
    SlipRevoked { slip: SlipId },
    /// 42 `[said, slip, dwelling, what, about | null]`; a resident said something, whose words are the sealed content,
    /// under a pseudonym of their own. The actor is the slip. About is someone reported with it.
    Said { said: PersonId, slip: SlipId, dwelling: DwellingId, what: What, about: Option<PersonId> },
    /// 43 `[said, decision]` or `[said, decision, reason | null, kept | null]`; a person decided what comes of it. The sealed
    /// content, under the pseudonym `kept`, is the kinds of help that were asked for: what is left when the words are erased.
    SaidSettled { said: PersonId, decision: Decision, reason: Option<Reason>, kept: Option<PersonId> },
    /// 57 `[said]`; whoever said it needs it no more. The actor is the slip.
    SaidWithdrawn { said: PersonId },
    /// 58 `[said]`; what was decided of it is taken back: it waits again.
    SaidReopened { said: PersonId },
    /// 59 `[series, sequence, refusal | null]`; a quarantined fact is not to count, for this reason; without one, that is taken
    /// back and it waits again.
    HeldRefused { series: SeriesId, sequence: u64, refusal: Option<Refusal> },
    /// 44 `[slip, kind of subject, subject, dwelling, programme, version, form, day]`; a resident filled in a form with a
    /// slip of her door. The actor is the slip, the sealed content is the answers.
    AnsweredWithSlip {
        slip: SlipId,
        subject: Subject,
        dwelling: DwellingId,
        programme: String,
        version: String,
        form: String,
        on: Day,
    },
    /// 45 `[person, programme, bridge, to, role]`; someone in this role of the programme `to` was told over a bridge of the
    /// other programme, which is a day or that there is none.
    BridgeCrossed { person: PersonId, programme: String, bridge: String, to: String, role: String },
    /// 46 `[case, turn]`; what the state waited for, into which so many steps have led, has come.
    CaseResumed { case: CaseId, turn: u64 },
    /// 48 `[owner, position, reason]`; what was sealed to this owner at this position of the ledger is gone: the answers of a
    /// form, or a picture that they named. That the form was filled in stays.
    AnswersErased { owner: Id, position: u64, reason: u64 },
    /// 50 `[owner, series, sequence, files]`; the answers of this fact, sealed to this owner, name this many files that come
    /// by themselves: pictures and signatures.
    AttachmentsNamed { owner: Id, series: SeriesId, sequence: u64, files: u64 },
    /// 51 `[owner, series, sequence, number]`; the file that the answers of this fact name in this place, from 0 on, has come.
    /// Its bytes are this fact's own content.
    AttachmentKept { owner: Id, series: SeriesId, sequence: u64, number: u64 },
    /// 52 `[subscription, area, rows, department, name, basis, last day, [field...]]`; from now on a department gets its sheet
    /// of this name, with a row for each person, dwelling or area, of these fields, on this legal basis, until that day.
    /// The sealed content is [`crate::subscription::Blank`].
    Subscribed {
        subscription: SubscriptionId,
        area: String,
        rows: RowsOf,
        department: String,
        name: String,
        basis: String,
        last_day: Day,
        fields: Vec<String>,
    },
    /// 53 `[subscription, use, rows | null]`; it was approved (0), taken with this many rows (1), or ended (2). The sealed
    /// content of a taking is [`crate::subscription::Taken`].
    SubscriptionUsed { subscription: SubscriptionId, with: Use },
    /// 54 `[hand-over, sweep, to, doors]`; these doors of a sweep, one or more, are offered to someone.
    DoorsOffered { hand_over: HandOverId, sweep: SweepId, to: ActorId, doors: Vec<DwellingId> },
    /// 56 `[hand-over, answer]`; the first answer to an offer counts. Until it is taken, the doors stay with whoever offered them.
    DoorsAnswered { hand_over: HandOverId, answer: Answer },
    /// 47 `[lesson, programme, pathway, rule | null]`; something was learnt from a case of this kind that has ended. The sealed
    /// content, under the lesson's own id, is what.
    LessonNoted { lesson: Id, programme: String, pathway: String, rule: Option<String> },
    /// 55 `[area, source, digest: bytes32, shapes]`; the map whose bytes have this SHA-256, read from a file of this name,
    /// is the area's from now on. It has this many shapes.
    MapDrawn { area: String, source: String, digest: [u8; 32], shapes: u64 },
}

/// One thing that happened: when (by the clock of whoever says so), who says so, and what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    pub at: Millis,
    pub actor: ActorId,
    pub body: Body,
}

/// The bytes are no fact of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactError {
    #[error("the fact's bytes are not the canonical encoding: {0}")]
    NotCanonical(String),
    #[error("kind {0} is not known to this version")]
    UnknownKind(u64),
    #[error("kind {kind}: {field} holds {value}, which has no meaning")]
    BadValue { kind: u64, field: &'static str, value: u64 },
    #[error("kind {kind}: {field} is longer than {limit} bytes")]
    TooLong { kind: u64, field: &'static str, limit: usize },
}

/// No label, code or name in a fact may be longer, so that a stranger cannot fill the ledger.
pub const TEXT_LIMIT: usize = 200;
/// No list in a fact may have more items.
const LIST_LIMIT: u64 = 64;
/// How someone was reached who was not seen.
const BY_PHONE: u64 = 1;

type Write = Encoder<Vec<u8>>;

fn must<E>(result: Result<&mut Write, minicbor::encode::Error<E>>) {
    // Writing into a Vec cannot fail: its error type has no values.
    debug_assert!(result.is_ok());
}

struct Out(Write);

impl Out {
    fn array(&mut self, length: u64) -> &mut Self {
        must(self.0.array(length));
        self
    }
    fn uint(&mut self, value: u64) -> &mut Self {
        must(self.0.u64(value));
        self
    }
    fn int(&mut self, value: i64) -> &mut Self {
        must(self.0.i64(value));
        self
    }
    fn id(&mut self, id: Id) -> &mut Self {
        must(self.0.bytes(&id.0));
        self
    }
    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        must(self.0.bytes(bytes));
        self
    }
    fn text(&mut self, text: &str) -> &mut Self {
        must(self.0.str(text));
        self
    }
    fn null(&mut self) -> &mut Self {
        must(self.0.null());
        self
    }
    fn optional<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T) -> &mut Self) -> &mut Self {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }
    fn texts(&mut self, texts: &[String]) -> &mut Self {
        texts.iter().fold(self.array(texts.len() as u64), |out, text| out.text(text))
    }
    fn subject(&mut self, subject: Subject) -> &mut Self {
        self.uint(subject.kind()).id(subject.id())
    }
}

struct In<'a> {
    decoder: Decoder<'a>,
    kind: u64,
}

type Read<T> = Result<T, FactError>;

impl In<'_> {
    fn fail(error: &minicbor::decode::Error) -> FactError {
        FactError::NotCanonical(error.to_string())
    }
    fn array(&mut self, length: u64) -> Read<()> {
        match self.decoder.array() {
            Ok(Some(found)) if found == length => Ok(()),
            Ok(_) => Err(FactError::NotCanonical(format!("an array of {length} was expected"))),
            Err(error) => Err(Self::fail(&error)),
        }
    }
    fn array_of(&mut self, lengths: &[u64]) -> Read<u64> {
        match self.decoder.array() {
            Ok(Some(found)) if lengths.contains(&found) => Ok(found),
            Ok(_) => Err(FactError::NotCanonical(format!("an array of one of {lengths:?} was expected"))),
            Err(error) => Err(Self::fail(&error)),
        }
    }
    fn uint(&mut self) -> Read<u64> {
        self.decoder.u64().map_err(|error| Self::fail(&error))
    }
    fn int(&mut self) -> Read<i64> {
        self.decoder.i64().map_err(|error| Self::fail(&error))
    }
    fn fixed<const N: usize>(&mut self) -> Read<[u8; N]> {
        let bytes = self.decoder.bytes().map_err(|error| Self::fail(&error))?;
        bytes.try_into().map_err(|_| FactError::NotCanonical(format!("{N} bytes were expected")))
    }
    fn id(&mut self) -> Read<Id> {
        self.fixed().map(Id)
    }
    /// One id or more, up to a limit.
    fn ids(&mut self, field: &'static str, limit: usize) -> Read<Vec<Id>> {
        let found = self.decoder.array().map_err(|error| Self::fail(&error))?;
        let found =
            found.ok_or_else(|| FactError::NotCanonical("an array of known length was expected".into()))?;
        if found == 0 || usize::try_from(found).map_or(true, |found| found > limit) {
            return Err(self.bad(field, found));
        }
        (0..found).map(|_| self.id()).collect()
    }
    fn text(&mut self, field: &'static str) -> Read<String> {
        let text = self.decoder.str().map_err(|error| Self::fail(&error))?;
        if text.len() > TEXT_LIMIT {
            return Err(FactError::TooLong { kind: self.kind, field, limit: TEXT_LIMIT });
        }
        Ok(text.to_owned())
    }
    fn texts(&mut self, field: &'static str) -> Read<Vec<String>> {
        let length = self.decoder.array().map_err(|error| Self::fail(&error))?;
        let length = length.filter(|length| *length <= LIST_LIMIT);
        let length = length.ok_or_else(|| FactError::NotCanonical("a short list was expected".into()))?;
        (0..length).map(|_| self.text(field)).collect()
    }
    fn null(&mut self) -> Read<bool> {
        let is_null = self.decoder.datatype().map_err(|error| Self::fail(&error))? == Type::Null;
        if is_null {
            self.decoder.null().map_err(|error| Self::fail(&error))?;
        }
        Ok(is_null)
    }
    fn optional_day(&mut self, field: &'static str) -> Read<Option<Day>> {
        if self.null()? { Ok(None) } else { self.day(field).map(Some) }
    }
    fn day(&mut self, field: &'static str) -> Read<Day> {
        let day = self.int()?;
        Day::try_from(day).map_err(|_| self.bad(field, day.unsigned_abs()))
    }
    fn optional<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<Option<T>> {
        if self.null()? { Ok(None) } else { read(self).map(Some) }
    }
    fn subject(&mut self) -> Read<Subject> {
        let kind = self.uint()?;
        let id = self.id()?;
        Subject::of(kind, id).ok_or_else(|| self.bad("kind of subject", kind))
    }
    fn deed(&mut self) -> Read<Deed> {
        let code = self.uint()?;
        let step = self.optional(|read| read.text("step"))?;
        let to = self.optional(Self::id)?;
        let counted_from = self.optional_day("day")?;
        match (code, step, to, counted_from) {
            (0 | 1, Some(step), None, counted_from) => {
                Ok(Deed::Step { step, overridden: code == 1, counted_from })
            }
            (2, Some(step), None, None) => Ok(Deed::Sign { step }),
            (3, None, Some(to), None) => Ok(Deed::Offer { to }),
            (4, None, None, None) => Ok(Deed::Take),
            (6, None, None, None) => Ok(Deed::Decline),
            (7, None, None, None) => Ok(Deed::Ask),
            (8, None, None, None) => Ok(Deed::Reply),
            (9, None, to, None) => Ok(Deed::Send { to }),
            (10, None, Some(area), None) => Ok(Deed::Receive { area }),
            (11, None, Some(area), None) => Ok(Deed::Refuse { area }),
            (12, None, None, None) => Ok(Deed::Recall),
            _ => Err(self.bad("deed", code)),
        }
    }
    fn bad(&self, field: &'static str, value: u64) -> FactError {
        FactError::BadValue { kind: self.kind, field, value }
    }
    fn one_of<T>(&mut self, field: &'static str, of: impl Fn(u64) -> Option<T>) -> Read<T> {
        let code = self.uint()?;
        of(code).ok_or_else(|| self.bad(field, code))
    }
}

impl Fact {
    /// The canonical bytes. Equal facts give equal bytes, on every machine.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Out(Encoder::new(Vec::with_capacity(128)));
        out.array(4).uint(self.body.kind()).int(self.at).id(self.actor);
        match &self.body {
            Body::Founded { territory, origin, checkpoint_key } => {
                out.array(3).text(territory).text(origin).bytes(checkpoint_key)
            }
            Body::AreaRegistered { code, name, level, parent } => {
                out.array(4).text(code).text(name).uint(*level as u64);
                match parent {
                    Some(parent) => out.text(parent),
                    None => out.null(),
                }
            }
            Body::DwellingRegistered { dwelling, area, building, unit, room, place, found_by } => out
                .array(7)
                .id(*dwelling)
                .text(area)
                .text(building)
                .text(unit)
                .text(room)
                .uint(*place as u64)
                .uint(*found_by as u64),
            Body::DwellingMoved { dwelling, area } => out.array(2).id(*dwelling).text(area),
            Body::RosterImported { roster, source, digest, bytes } => {
                out.array(4).id(*roster).text(source).bytes(digest).uint(*bytes)
            }
            Body::PersonListed { person, dwelling, roster, row } => {
                out.array(4).id(*person).id(*dwelling).id(*roster).uint(*row)
            }
            Body::PersonRegistered { person, dwelling } => out.array(2).id(*person).id(*dwelling),
            Body::SweepOpened { sweep, area, programme, deadline } => {
                out.array(4).id(*sweep).text(area).text(programme).int(*deadline)
            }
            Body::SweepClosed { sweep } => out.array(1).id(*sweep),
            Body::SweepWithdrawn { sweep, reason } => out.array(2).id(*sweep).uint(*reason as u64),
            Body::Visited { sweep, dwelling, outcome, light, evidence, recheck_on, occupants } => {
                out.array(7)
                    .id(*sweep)
                    .id(*dwelling)
                    .uint(*outcome as u64)
                    .uint(*light as u64)
                    .uint(*evidence);
                match recheck_on {
                    Some(day) => out.int(i64::from(*day)),
                    None => out.null(),
                };
                match occupants {
                    Some(count) => out.uint(*count),
                    None => out.null(),
                }
            }
            Body::PersonSeen { sweep, dwelling, person, by_phone: false } => {
                out.array(3).id(*sweep).id(*dwelling).id(*person)
            }
            Body::PersonSeen { sweep, dwelling, person, by_phone: true } => {
                out.array(4).id(*sweep).id(*dwelling).id(*person).uint(BY_PHONE)
            }
            Body::Linked { from, to } | Body::Unlinked { from, to } | Body::LinkDeclined { from, to } => {
                out.array(2).id(*from).id(*to)
            }
            Body::SignedOff { sweep, dwelling, reason } => {
                out.array(3).id(*sweep).id(*dwelling).uint(*reason as u64)
            }
            Body::VisitTakenBack { sweep, dwelling, first, facts } => {
                out.array(4).id(*sweep).id(*dwelling).uint(*first).uint(*facts)
            }
            Body::CallFailed { sweep, dwelling, failure } => {
                out.array(3).id(*sweep).id(*dwelling).uint(*failure as u64)
            }
            Body::DeviceEnrolled { series, public_key, worker, role, area } => {
                out.array(5).id(*series).bytes(public_key).id(*worker).uint(*role).text(area)
            }
            Body::DwellingRemoved { dwelling } => out.array(1).id(*dwelling),
            Body::DeviceRevoked { series } => out.array(1).id(*series),
            Body::DeviceTerm { series, ends_at } => out.array(2).id(*series).int(*ends_at),
            Body::Revealed { person, purpose } => out.array(2).id(*person).uint(*purpose),
            Body::Erased { person, reason } => out.array(2).id(*person).uint(*reason),
            Body::GrantGiven { account, role, area } => out.array(3).id(*account).uint(*role).text(area),
            Body::GrantEnded { account } => out.array(1).id(*account),
            Body::Released { series, sequence } => out.array(2).id(*series).uint(*sequence),
            Body::SaidWithdrawn { said } | Body::SaidReopened { said } => out.array(1).id(*said),
            Body::HeldRefused { series, sequence, refusal } => {
                out.array(3).id(*series).uint(*sequence).optional(*refusal, |out, why| out.uint(why as u64))
            }
            Body::ListRevealed { sweep, area, purpose, persons } => {
                out.array(4).id(*sweep).text(area).uint(*purpose).uint(*persons)
            }
            Body::NotesErased { dwelling, reason } => out.array(2).id(*dwelling).uint(*reason),
            Body::AnswersErased { owner, position, reason } => {
                out.array(3).id(*owner).uint(*position).uint(*reason)
            }
            Body::PlanPublished {
                plan,
                area,
                kind,
                from,
                until,
                replaces,
                objective,
                bound,
                open,
                parts,
            } => {
                out.array(10).id(*plan).text(area).uint(*kind as u64);
                for day in [from, until] {
                    match day {
                        Some(day) => out.int(i64::from(*day)),
                        None => out.null(),
                    };
                }
                match replaces {
                    Some(plan) => out.id(*plan),
                    None => out.null(),
                };
                out.uint(*objective).uint(*bound).uint(*open).uint(*parts)
            }
            Body::PlanPart { plan, person, worker } => {
                out.array(3).id(*plan).id(*person);
                match worker {
                    Some(worker) => out.id(*worker),
                    None => out.null(),
                }
            }
            Body::PlanWithdrawn { plan } => out.array(1).id(*plan),
            Body::DoorsOffered { hand_over, sweep, to, doors } => {
                out.array(4).id(*hand_over).id(*sweep).id(*to).array(doors.len() as u64);
                doors.iter().fold(&mut out, |out, door| out.id(*door))
            }
            Body::DoorsAnswered { hand_over, answer } => out.array(2).id(*hand_over).uint(*answer as u64),
            Body::ProgrammePublished { programme, version, from, sunset, digest } => out
                .array(5)
                .text(programme)
                .text(version)
                .int(i64::from(*from))
                .int(i64::from(*sunset))
                .bytes(digest),
            Body::Answered { subject, dwelling, case, programme, version, form, on } => out
                .array(8)
                .subject(*subject)
                .id(*dwelling)
                .optional(*case, Out::id)
                .text(programme)
                .text(version)
                .text(form)
                .int(i64::from(*on)),
            Body::CaseReported {
                case,
                programme,
                version,
                pathway,
                subject,
                dwelling,
                source,
                rule,
                counted_from,
            } => out
                .array(10)
                .id(*case)
                .text(programme)
                .text(version)
                .text(pathway)
                .subject(*subject)
                .id(*dwelling)
                .uint(*source as u64)
                .optional(rule.as_deref(), Out::text)
                .optional(counted_from.map(i64::from), Out::int),
            Body::CaseActed { case, turn, role, deed } => {
                let (to, counted_from) = match deed {
                    Deed::Step { counted_from, .. } => (None, *counted_from),
                    other => (other.to(), None),
                };
                out.array(7)
                    .id(*case)
                    .uint(*turn)
                    .text(role)
                    .uint(deed.code())
                    .optional(deed.step(), Out::text)
                    .optional(to, Out::id)
                    .optional(counted_from.map(i64::from), Out::int)
            }
            Body::LessonNoted { lesson, programme, pathway, rule } => {
                out.array(4).id(*lesson).text(programme).text(pathway).optional(rule.as_deref(), Out::text)
            }
            Body::CaseResumed { case, turn } => out.array(2).id(*case).uint(*turn),
            Body::CaseClimbed { case, task, role, due } => {
                out.array(4).id(*case).text(task).text(role).int(*due)
            }
            Body::Appointed { who, programme, role, area } => {
                out.array(4).id(*who).text(programme).text(role).optional(area.as_deref(), Out::text)
            }
            Body::SlipIssued { slip, dwelling, expires_at } => {
                out.array(3).id(*slip).id(*dwelling).int(*expires_at)
            }
            Body::SlipRevoked { slip } => out.array(1).id(*slip),
            Body::Said { said, slip, dwelling, what, about } => {
                out.array(5).id(*said).id(*slip).id(*dwelling).uint(*what as u64);
                match about {
                    Some(person) => out.id(*person),
                    None => out.null(),
                }
            }
            Body::SaidSettled { said, decision, reason: None, kept: None } => {
                out.array(2).id(*said).uint(*decision as u64)
            }
            Body::SaidSettled { said, decision, reason, kept } => out
                .array(4)
                .id(*said)
                .uint(*decision as u64)
                .optional(*reason, |out, reason| out.uint(reason as u64))
                .optional(*kept, Out::id),
            Body::AnsweredWithSlip { slip, subject, dwelling, programme, version, form, on } => out
                .array(8)
                .id(*slip)
                .subject(*subject)
                .id(*dwelling)
                .text(programme)
                .text(version)
                .text(form)
                .int(i64::from(*on)),
            Body::BridgeCrossed { person, programme, bridge, to, role } => {
                out.array(5).id(*person).text(programme).text(bridge).text(to).text(role)
            }
            Body::AttachmentsNamed { owner, series, sequence, files: number }
            | Body::AttachmentKept { owner, series, sequence, number } => {
                out.array(4).id(*owner).id(*series).uint(*sequence).uint(*number)
            }
            Body::Subscribed { subscription, area, rows, department, name, basis, last_day, fields } => out
                .array(8)
                .id(*subscription)
                .text(area)
                .uint(*rows as u64)
                .text(department)
                .text(name)
                .text(basis)
                .int(i64::from(*last_day))
                .texts(fields),
            Body::SubscriptionUsed { subscription, with } => {
                out.array(3).id(*subscription).uint(with.code()).optional(with.rows(), Out::uint)
            }
            Body::MapDrawn { area, source, digest, shapes } => {
                out.array(4).text(area).text(source).bytes(digest).uint(*shapes)
            }
            Body::LinkProposed { from, to, per_mille, model } => {
                out.array(4).id(*from).id(*to).uint(*per_mille).bytes(model)
            }
        };
        out.0.into_writer()
    }

    /// Reads a fact back; bytes that [`Fact::encode`] would not have written are refused.
    ///
    /// # Errors
    /// [`FactError`] says which kind and field.
    pub fn decode(bytes: &[u8]) -> Read<Self> {
        let mut read = In { decoder: Decoder::new(bytes), kind: 0 };
        read.array(4)?;
        read.kind = read.uint()?;
        let at = read.int()?;
        let actor = read.id()?;
        let body = Body::decode(&mut read)?;
        let fact = Self { at, actor, body };
        if fact.encode() == bytes {
            Ok(fact)
        } else {
            Err(FactError::NotCanonical("the same fact has another encoding, or bytes follow it".into()))
        }
    }
}

impl Body {
    /// Whether phones are there to say this.
    #[must_use]
    pub fn is_from_the_field(&self) -> bool {
        matches!(
            self,
            Self::DwellingRegistered { .. }
                | Self::Visited { .. }
                | Self::PersonSeen { .. }
                | Self::VisitTakenBack { .. }
                | Self::Answered { .. }
                | Self::CaseReported { .. }
                | Self::CaseActed { .. }
                | Self::DoorsOffered { .. }
                | Self::DoorsAnswered { .. }
        )
    }

    /// The number that stands for this kind in the ledger.
    #[must_use]
    pub fn kind(&self) -> u64 {
        match self {
            Self::Founded { .. } => 0,
            Self::AreaRegistered { .. } => 1,
            Self::DwellingRegistered { .. } => 2,
            Self::DwellingMoved { .. } => 3,
            Self::RosterImported { .. } => 4,
            Self::PersonListed { .. } => 5,
            Self::PersonRegistered { .. } => 6,
            Self::SweepOpened { .. } => 7,
            Self::SweepClosed { .. } => 8,
            Self::Visited { .. } => 9,
            Self::PersonSeen { .. } => 10,
            Self::Linked { .. } => 11,
            Self::Unlinked { .. } => 12,
            Self::SignedOff { .. } => 13,
            Self::DeviceEnrolled { .. } => 14,
            Self::DeviceRevoked { .. } => 15,
            Self::Revealed { .. } => 16,
            Self::Erased { .. } => 17,
            Self::GrantGiven { .. } => 18,
            Self::GrantEnded { .. } => 19,
            Self::Released { .. } => 23,
            Self::ListRevealed { .. } => 24,
            Self::NotesErased { .. } => 25,
            Self::LinkProposed { .. } => 26,
            Self::LinkDeclined { .. } => 27,
            Self::PlanPublished { .. } => 28,
            Self::PlanPart { .. } => 29,
            Self::PlanWithdrawn { .. } => 30,
            Self::ProgrammePublished { .. } => 31,
            Self::Answered { .. } => 32,
            Self::CaseReported { .. } => 33,
            Self::CaseActed { .. } => 34,
            Self::CaseClimbed { .. } => 35,
            Self::Appointed { .. } => 36,
            Self::SlipIssued { .. } => 40,
            Self::SlipRevoked { .. } => 41,
            Self::Said { .. } => 42,
            Self::SaidSettled { .. } => 43,
            Self::AnsweredWithSlip { .. } => 44,
            Self::BridgeCrossed { .. } => 45,
            Self::CaseResumed { .. } => 46,
            Self::LessonNoted { .. } => 47,
            Self::AnswersErased { .. } => 48,
            Self::AttachmentsNamed { .. } => 50,
            Self::AttachmentKept { .. } => 51,
            Self::Subscribed { .. } => 52,
            Self::SubscriptionUsed { .. } => 53,
            Self::DoorsOffered { .. } => 54,
            Self::MapDrawn { .. } => 55,
            Self::DoorsAnswered { .. } => 56,
            Self::SaidWithdrawn { .. } => 57,
            Self::SaidReopened { .. } => 58,
            Self::HeldRefused { .. } => 59,
            Self::DeviceTerm { .. } => 60,
            Self::VisitTakenBack { .. } => 61,
            Self::DwellingRemoved { .. } => 62,
            Self::CallFailed { .. } => 63,
            Self::SweepWithdrawn { .. } => 65,
        }
    }

    fn decode(read: &mut In<'_>) -> Read<Self> {
        Ok(match read.kind {
            0 => {
                read.array(3)?;
                Self::Founded {
                    territory: read.text("territory")?,
                    origin: read.text("origin")?,
                    checkpoint_key: read.fixed()?,
                }
            }
            1 => {
                read.array(4)?;
                Self::AreaRegistered {
                    code: read.text("code")?,
                    name: read.text("name")?,
                    level: read.one_of("level", Level::from_code)?,
                    parent: if read.null()? { None } else { Some(read.text("parent")?) },
                }
            }
            2 => {
                read.array(7)?;
                Self::DwellingRegistered {
                    dwelling: read.id()?,
                    area: read.text("area")?,
                    building: read.text("building")?,
                    unit: read.text("unit")?,
                    room: read.text("room")?,
                    place: read.one_of("place", Place::from_code)?,
                    found_by: read.one_of("found by", |code| match code {
                        0 => Some(FoundBy::Roster),
                        1 => Some(FoundBy::Visit),
                        _ => None,
                    })?,
                }
            }
            3 => {
                read.array(2)?;
                Self::DwellingMoved { dwelling: read.id()?, area: read.text("area")? }
            }
            4 => {
                read.array(4)?;
                Self::RosterImported {
                    roster: read.id()?,
                    source: read.text("source")?,
                    digest: read.fixed()?,
                    bytes: read.uint()?,
                }
            }
            5 => {
                read.array(4)?;
                Self::PersonListed {
                    person: read.id()?,
                    dwelling: read.id()?,
                    roster: read.id()?,
                    row: read.uint()?,
                }
            }
            6 => {
                read.array(2)?;
                Self::PersonRegistered { person: read.id()?, dwelling: read.id()? }
            }
            7 => {
                read.array(4)?;
                Self::SweepOpened {
                    sweep: read.id()?,
                    area: read.text("area")?,
                    programme: read.text("programme")?,
                    deadline: read.int()?,
                }
            }
            8 => {
                read.array(1)?;
                Self::SweepClosed { sweep: read.id()? }
            }
            9 => {
                read.array(7)?;
                Self::Visited {
                    sweep: read.id()?,
                    dwelling: read.id()?,
                    outcome: read.one_of("outcome", Outcome::from_code)?,
                    light: read.one_of("light", Light::from_code)?,
                    evidence: read.one_of("evidence", |bits| (bits <= evidence::ALL).then_some(bits))?,
                    recheck_on: read.optional_day("recheck_on")?,
                    occupants: if read.null()? {
                        None
                    } else {
                        Some(read.one_of("occupants", |count| (count <= 999).then_some(count))?)
                    },
                }
            }
            10 => {
                let by_phone = read.array_of(&[3, 4])? == 4;
                let (sweep, dwelling, person) = (read.id()?, read.id()?, read.id()?);
                if by_phone {
                    read.one_of("by_phone", |how| (how == BY_PHONE).then_some(()))?;
                }
                Self::PersonSeen { sweep, dwelling, person, by_phone }
            }
            11 => {
                read.array(2)?;
                Self::Linked { from: read.id()?, to: read.id()? }
            }
            12 => {
                read.array(2)?;
                Self::Unlinked { from: read.id()?, to: read.id()? }
            }
            62 => {
                read.array(1)?;
                Self::DwellingRemoved { dwelling: read.id()? }
            }
            63 => {
                read.array(3)?;
                Self::CallFailed {
                    sweep: read.id()?,
                    dwelling: read.id()?,
                    failure: read.one_of("failure", CallFailure::from_code)?,
                }
            }
            65 => {
                read.array(2)?;
                Self::SweepWithdrawn {
                    sweep: read.id()?,
                    reason: read.one_of("reason", Misopened::from_code)?,
                }
            }
            61 => {
                read.array(4)?;
                Self::VisitTakenBack {
                    sweep: read.id()?,
                    dwelling: read.id()?,
                    first: read.uint()?,
                    facts: read.uint()?,
                }
            }
            13 => {
                read.array(3)?;
                Self::SignedOff {
                    sweep: read.id()?,
                    dwelling: read.id()?,
                    reason: read.one_of("reason", |code| match code {
                        0 => Some(SignReason::Refusal),
                        1 => Some(SignReason::Closing),
                        _ => None,
                    })?,
                }
            }
            14 => {
                read.array(5)?;
                Self::DeviceEnrolled {
                    series: read.id()?,
                    public_key: read.fixed()?,
                    worker: read.id()?,
                    role: read.uint()?,
                    area: read.text("area")?,
                }
            }
            15 => {
                read.array(1)?;
                Self::DeviceRevoked { series: read.id()? }
            }
            16 => {
                read.array(2)?;
                Self::Revealed { person: read.id()?, purpose: read.uint()? }
            }
            17 => {
                read.array(2)?;
                Self::Erased { person: read.id()?, reason: read.uint()? }
            }
            18 => {
                read.array(3)?;
                Self::GrantGiven { account: read.id()?, role: read.uint()?, area: read.text("area")? }
            }
            19 => {
                read.array(1)?;
                Self::GrantEnded { account: read.id()? }
            }
            23 => {
                read.array(2)?;
                Self::Released { series: read.id()?, sequence: read.uint()? }
            }
            24 => {
                read.array(4)?;
                Self::ListRevealed {
                    sweep: read.id()?,
                    area: read.text("area")?,
                    purpose: read.uint()?,
                    persons: read.uint()?,
                }
            }
            25 => {
                read.array(2)?;
                Self::NotesErased { dwelling: read.id()?, reason: read.uint()? }
            }
            26 => {
                read.array(4)?;
                Self::LinkProposed {
                    from: read.id()?,
                    to: read.id()?,
                    per_mille: read.one_of("per mille", |share| (share <= 1000).then_some(share))?,
                    model: read.fixed()?,
                }
            }
            27 => {
                read.array(2)?;
                Self::LinkDeclined { from: read.id()?, to: read.id()? }
            }
            28 => {
                read.array(10)?;
                Self::PlanPublished {
                    plan: read.id()?,
                    area: read.text("area")?,
                    kind: read.one_of("kind", PlanKind::from_code)?,
                    from: read.optional_day("from")?,
                    until: read.optional_day("until")?,
                    replaces: if read.null()? { None } else { Some(read.id()?) },
                    objective: read.uint()?,
                    bound: read.uint()?,
                    open: read.uint()?,
                    parts: read.uint()?,
                }
            }
            29 => {
                read.array(3)?;
                Self::PlanPart {
                    plan: read.id()?,
                    person: read.id()?,
                    worker: if read.null()? { None } else { Some(read.id()?) },
                }
            }
            30 => {
                read.array(1)?;
                Self::PlanWithdrawn { plan: read.id()? }
            }
            31 => {
                read.array(5)?;
                Self::ProgrammePublished {
                    programme: read.text("programme")?,
                    version: read.text("version")?,
                    from: read.day("from")?,
                    sunset: read.day("sunset")?,
                    digest: read.fixed()?,
                }
            }
            32 => {
                read.array(8)?;
                Self::Answered {
                    subject: read.subject()?,
                    dwelling: read.id()?,
                    case: read.optional(|read| read.id())?,
                    programme: read.text("programme")?,
                    version: read.text("version")?,
                    form: read.text("form")?,
                    on: read.day("day")?,
                }
            }
            33 => {
                read.array(10)?;
                Self::CaseReported {
                    case: read.id()?,
                    programme: read.text("programme")?,
                    version: read.text("version")?,
                    pathway: read.text("pathway")?,
                    subject: read.subject()?,
                    dwelling: read.id()?,
                    source: read.one_of("source", Source::from_code)?,
                    rule: read.optional(|read| read.text("rule"))?,
                    counted_from: read.optional_day("day")?,
                }
            }
            34 => {
                read.array(7)?;
                Self::CaseActed {
                    case: read.id()?,
                    turn: read.uint()?,
                    role: read.text("role")?,
                    deed: read.deed()?,
                }
            }
            35 => {
                read.array(4)?;
                Self::CaseClimbed {
                    case: read.id()?,
                    task: read.text("task")?,
                    role: read.text("role")?,
                    due: read.int()?,
                }
            }
            47 => {
                read.array(4)?;
                Self::LessonNoted {
                    lesson: read.id()?,
                    programme: read.text("programme")?,
                    pathway: read.text("pathway")?,
                    rule: read.optional(|read| read.text("rule"))?,
                }
            }
            46 => {
                read.array(2)?;
                Self::CaseResumed { case: read.id()?, turn: read.uint()? }
            }
            36 => {
                read.array(4)?;
                Self::Appointed {
                    who: read.id()?,
                    programme: read.text("programme")?,
                    role: read.text("role")?,
                    area: read.optional(|read| read.text("area"))?,
                }
            }
            40 => {
                read.array(3)?;
                Self::SlipIssued { slip: read.id()?, dwelling: read.id()?, expires_at: read.int()? }
            }
            41 => {
                read.array(1)?;
                Self::SlipRevoked { slip: read.id()? }
            }
            42 => {
                read.array(5)?;
                Self::Said {
                    said: read.id()?,
                    slip: read.id()?,
                    dwelling: read.id()?,
                    what: read.one_of("what", What::from_code)?,
                    about: if read.null()? { None } else { Some(read.id()?) },
                }
            }
            43 => {
                let more = read.array_of(&[2, 4])? == 4;
                let said = read.id()?;
                let decision = read.one_of("decision", Decision::of_an_office)?;
                let reason = match more {
                    true => read.optional(|read| read.one_of("reason", Reason::from_code))?,
                    false => None,
                };
                let kept = if more { read.optional(In::id)? } else { None };
                if more && reason.is_none() && kept.is_none() {
                    return Err(FactError::NotCanonical("an array of 2 was expected".into()));
                }
                Self::SaidSettled { said, decision, reason, kept }
            }
            44 => {
                read.array(8)?;
                Self::AnsweredWithSlip {
                    slip: read.id()?,
                    subject: read.subject()?,
                    dwelling: read.id()?,
                    programme: read.text("programme")?,
                    version: read.text("version")?,
                    form: read.text("form")?,
                    on: read.day("day")?,
                }
            }
            45 => {
                read.array(5)?;
                Self::BridgeCrossed {
                    person: read.id()?,
                    programme: read.text("programme")?,
                    bridge: read.text("bridge")?,
                    to: read.text("to")?,
                    role: read.text("role")?,
                }
            }
            48 => {
                read.array(3)?;
                Self::AnswersErased { owner: read.id()?, position: read.uint()?, reason: read.uint()? }
            }
            50 => {
                read.array(4)?;
                Self::AttachmentsNamed {
                    owner: read.id()?,
                    series: read.id()?,
                    sequence: read.uint()?,
                    files: read.uint()?,
                }
            }
            51 => {
                read.array(4)?;
                Self::AttachmentKept {
                    owner: read.id()?,
                    series: read.id()?,
                    sequence: read.uint()?,
                    number: read.uint()?,
                }
            }
            52 => {
                read.array(8)?;
                Self::Subscribed {
                    subscription: read.id()?,
                    area: read.text("area")?,
                    rows: read.one_of("rows", RowsOf::from_code)?,
                    department: read.text("department")?,
                    name: read.text("name")?,
                    basis: read.text("basis")?,
                    last_day: read.day("last day")?,
                    fields: read.texts("fields")?,
                }
            }
            53 => {
                read.array(3)?;
                let (subscription, code) = (read.id()?, read.uint()?);
                let rows = read.optional(In::uint)?;
                let with = Use::of(code, rows).ok_or_else(|| read.bad("use", code))?;
                Self::SubscriptionUsed { subscription, with }
            }
            54 => {
                read.array(4)?;
                Self::DoorsOffered {
                    hand_over: read.id()?,
                    sweep: read.id()?,
                    to: read.id()?,
                    doors: read.ids("doors", DOORS_LIMIT)?,
                }
            }
            55 => {
                read.array(4)?;
                Self::MapDrawn {
                    area: read.text("area")?,
                    source: read.text("source")?,
                    digest: read.fixed()?,
                    shapes: read.uint()?,
                }
            }
            56 => {
                read.array(2)?;
                Self::DoorsAnswered {
                    hand_over: read.id()?,
                    answer: read.one_of("answer", Answer::from_code)?,
                }
            }
            57 => {
                read.array(1)?;
                Self::SaidWithdrawn { said: read.id()? }
            }
            58 => {
                read.array(1)?;
                Self::SaidReopened { said: read.id()? }
            }
            59 => {
                read.array(3)?;
                Self::HeldRefused {
                    series: read.id()?,
                    sequence: read.uint()?,
                    refusal: read.optional(|read| read.one_of("refusal", Refusal::from_code))?,
                }
            }
            60 => {
                read.array(2)?;
                Self::DeviceTerm { series: read.id()?, ends_at: read.int()? }
            }
            kind => return Err(FactError::UnknownKind(kind)),
        })
    }
}
