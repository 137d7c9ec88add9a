//! The rows that facts add up to, and the port through which [`crate::apply`] reads and writes them.
//!
//! A state is disposable: it is made again from the facts by applying them in order. Whoever keeps it (a database, a
//! map in memory) only stores and finds rows; every rule is in this crate.

use std::fmt;
use std::ops::Range;

use crate::access::Grant;
use crate::area::{AreaNumber, AreaTree};
use crate::case::{Case, Climb, Event, Filled, Lesson, Report, Subject};
use crate::fact::{CallFailure, Light, Misopened, Outcome, Place};
use crate::hand_over::HandOver;
use crate::held::{Held, Refusal};
use crate::id::{
    ActorId, CaseId, DwellingId, HandOverId, Id, PersonId, PlanId, RosterId, SeriesId, SlipId,
    SubscriptionId, SweepId,
};
use crate::plan::PlanKind;
use crate::slip::{Reading, Said, Slip};
use crate::subscription::Subscription;
use crate::time::{Day, Millis};

/// A sweep's place in [`Book::sweeps`].
pub type SweepNumber = u32;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    pub id: SweepId,
    pub area: AreaNumber,
    pub programme: String,
    pub opened_at: Millis,
    pub deadline: Millis,
    /// When it was closed, or taken back.
    pub closed_at: Option<Millis>,
    /// Why it was taken back, if it was: it was opened by mistake, and nothing was recorded in it.
    pub withdrawn: Option<Misopened>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    pub id: RosterId,
    pub source: String,
    pub digest: [u8; 32],
    /// The file's length.
    pub bytes: u64,
    pub imported_at: Millis,
}

/// A published version of a programme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    pub programme: String,
    pub version: String,
    /// The first day on which it can be in force, and the first on which it cannot be any more.
    pub from: Day,
    pub sunset: Day,
    /// Of its pack's canonical bytes.
    pub digest: [u8; 32],
    pub published_at: Millis,
}

/// A map that was drawn of an area.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    pub area: AreaNumber,
    /// The name of the file it was read from.
    pub source: String,
    /// Of its bytes, which are GeoJSON as [`crate::fact::Body::MapDrawn`] commits to them.
    pub digest: [u8; 32],
    pub shapes: u64,
    pub drawn_at: Millis,
}

/// An enrolled phone: whose it is, and where it may work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub public_key: [u8; 32],
    pub worker: ActorId,
    pub role: u64,
    pub area: AreaNumber,
    pub enrolled_at: Millis,
    pub revoked_at: Option<Millis>,
    /// The end of the deployment, if one was said: after it the phone holds nothing, and what it records waits.
    pub ends_at: Option<Millis>,
}

/// The few rows that stay in memory whole: areas, sweeps, rosters, programmes, maps, departments' sheets, and who founded the
/// territory.
#[derive(Clone, Debug, Default)]
pub struct Book {
    pub territory: String,
    pub origin: String,
    pub checkpoint_key: [u8; 32],
    /// The series of the territory itself, in which imports and decisions are written.
    pub own_series: SeriesId,
    /// The position from which on the book is as it is now.
    pub changed: u64,
    pub areas: AreaTree,
    pub sweeps: Vec<Sweep>,
    pub rosters: Vec<Roster>,
    /// In the order of their publication.
    pub editions: Vec<Edition>,
    /// In the order in which they were drawn.
    pub maps: Vec<Map>,
    /// Departments' sheets, in the order in which they were kept.
    pub subscriptions: Vec<Subscription>,
}

impl Book {
    #[must_use]
    pub fn edition(&self, programme: &str, version: &str) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.programme == programme && edition.version == version)
    }

    /// The edition of a version under which a form was filled in, and the names of the overlays that changed the form, which stand
    /// behind the edition's version as in `2020-03+anhui`; no names where none did.
    #[must_use]
    pub fn edition_of<'v>(&self, programme: &str, version: &'v str) -> Option<(&Edition, &'v str)> {
        if let Some(edition) = self.edition(programme, version) {
            return Some((edition, ""));
        }
        let mut parted = version.match_indices('+').map(|(at, _)| (&version[..at], &version[at + 1..]));
        parted.find_map(|(own, names)| Some((self.edition(programme, own)?, names)))
    }

    /// The version of a programme that is in force on a day: the one whose first day came last; none after its sunset.
    #[must_use]
    pub fn edition_on(&self, programme: &str, day: Day) -> Option<&Edition> {
        self.editions
            .iter()
            .filter(|edition| edition.programme == programme && edition.from <= day)
            .max_by_key(|edition| edition.from)
            .filter(|edition| day < edition.sunset)
    }

    #[must_use]
    pub fn subscription(&self, id: SubscriptionId) -> Option<&Subscription> {
        self.subscriptions.iter().find(|subscription| subscription.id == id)
    }

    /// The newest map of an area, or else of the nearest area above it that has one.
    #[must_use]
    pub fn map_of(&self, area: AreaNumber) -> Option<&Map> {
        self.areas.path(area).find_map(|at| self.maps.iter().rev().find(|map| map.area == at))
    }

    #[must_use]
    pub fn sweep(&self, id: SweepId) -> Option<(SweepNumber, &Sweep)> {
        (0..).zip(&self.sweeps).find(|(_, sweep)| sweep.id == id)
    }

    #[must_use]
    pub fn roster(&self, id: RosterId) -> Option<u32> {
        (0..).zip(&self.rosters).find(|(_, roster)| roster.id == id).map(|(number, _)| number)
    }

    #[must_use]
    pub fn is_open(&self, sweep: SweepNumber) -> bool {
        self.sweeps.get(sweep as usize).is_some_and(|sweep| sweep.closed_at.is_none())
    }

    /// The sweeps whose numbers still move.
    pub fn open_sweeps(&self) -> impl Iterator<Item = SweepNumber> {
        (0..).zip(&self.sweeps).filter(|(_, sweep)| sweep.closed_at.is_none()).map(|(number, _)| number)
    }
}

/// What counting needs to know of a door. Its labels are stored beside it and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dwelling {
    /// The area it is counted under now: the one it was registered in, until it is moved.
    pub area: AreaNumber,
    pub place: Place,
    /// A roster names it, or someone was put on the list there.
    pub on_roster: bool,
    /// How many people are listed here, each person once.
    pub listed: u32,
    /// The position from which on the door, or who is listed behind it, is as it is now.
    pub changed: u64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    pub building: String,
    pub unit: String,
    pub room: String,
}

/// As people write a door, `3-1-402`: a house without units is `3-402`.
impl fmt::Display for Labels {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        for label in [&self.building, &self.unit, &self.room] {
            if !label.is_empty() {
                write!(formatter, "{between}{label}")?;
                between = "-";
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Person {
    /// Where she is listed; none for someone who was only seen.
    pub dwelling: Option<DwellingId>,
    /// The position of the newest fact that carries who she is.
    pub content: Option<u64>,
    /// She is the same person as this one.
    pub link: Option<PersonId>,
}

/// That someone who was seen may be someone who is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub person: PersonId,
    pub candidate: PersonId,
    pub per_mille: u64,
    /// The digest of the model that says so.
    pub model: [u8; 32],
}

/// A published plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub area: AreaNumber,
    pub kind: PlanKind,
    /// The first and the last day on which it is in force; none where it has no days.
    pub from: Option<Day>,
    pub until: Option<Day>,
    /// In the planner's unit: hours, metres, streets cut.
    pub objective: u64,
    pub bound: u64,
    /// How many things it leaves open.
    pub open: u64,
    /// How many people had a part when it was published.
    pub parts: u64,
    pub publisher: ActorId,
    pub published_at: Millis,
    /// Of the fact that carries its content.
    pub position: u64,
    pub replaced_by: Option<PlanId>,
    pub replaced_at: Option<Millis>,
    pub withdrawn_at: Option<Millis>,
    /// The position from which on it is as it is now.
    pub changed: u64,
}

impl Plan {
    /// Nothing took its place, and nobody took it back.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.replaced_by.is_none() && self.withdrawn_at.is_none()
    }

    /// Whether two plans speak of a common day; one without days speaks of every day.
    #[must_use]
    pub fn meets(&self, from: Option<Day>, until: Option<Day>) -> bool {
        let before =
            |end: Option<Day>, start: Option<Day>| end.zip(start).is_some_and(|(end, start)| end < start);
        !before(self.until, from) && !before(until, self.from)
    }
}

/// That someone is named in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanPart {
    /// The pseudonym under which her part is sealed.
    pub person: PersonId,
    /// Whose phone shows it.
    pub worker: Option<ActorId>,
    /// Of the fact that carries it.
    pub position: u64,
}

/// Which of two claims is the newer: by the time of the visit, then by series and sequence, so that the order of
/// arrival decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp {
    pub at: Millis,
    pub series: SeriesId,
    pub sequence: u64,
}

/// A visit to a door in a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Visit {
    pub stamp: Stamp,
    pub outcome: Outcome,
    pub light: Light,
    pub evidence: u64,
    pub recheck_on: Option<Day>,
}

impl Visit {
    /// Whether it reached someone.
    #[must_use]
    pub fn found_someone(&self) -> bool {
        matches!(self.outcome, Outcome::Met | Outcome::Phone)
    }
}

/// A telephone call to a household that reached nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailedCall {
    pub stamp: Stamp,
    pub failure: CallFailure,
}

/// Facts of one series that follow one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Records {
    pub series: SeriesId,
    pub numbers: Range<u64>,
}

impl Records {
    #[must_use]
    pub fn hold(&self, stamp: Stamp) -> bool {
        stamp.series == self.series && self.numbers.contains(&stamp.sequence)
    }
}

/// A door in a sweep. Absent until something happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Round {
    /// The newest.
    pub visit: Option<Visit>,
    /// The newest that met someone or reached someone by telephone.
    pub found: Option<Visit>,
    /// How many visits there were that nobody took back.
    pub visits: u32,
    pub signed_refusal: bool,
    pub signed_closing: bool,
    /// Listed here and seen here.
    pub here: u32,
    /// Listed here and seen, but only at other doors.
    pub elsewhere: u32,
    /// On no list and last seen here.
    pub unlisted: u32,
    /// People recorded at this door, listed or not.
    pub recorded: u32,
    /// The position from which on the row is as it is now.
    pub changed: u64,
}

impl Round {
    /// Counts a visit in, whenever it arrives.
    pub fn take(&mut self, visit: Visit) {
        self.visits += 1;
        let is_newer = |known: Option<Visit>| known.is_none_or(|known| known.stamp < visit.stamp);
        if is_newer(self.visit) {
            self.visit = Some(visit);
        }
        if visit.found_someone() && is_newer(self.found) {
            // What else it noted tells nothing once another visit came after it.
            self.found = Some(Visit { light: Light::Unknown, evidence: 0, recheck_on: None, ..visit });
        }
    }
}

/// The numbers of one area (or one door) in a sweep, beyond those that all sweeps share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Tally {
    pub accounted: i64,
    pub persons_reached: i64,
    pub lit_unlisted: i64,
    pub listed_dark: i64,
    /// Listed, seen nowhere, and away by the latest visit.
    pub persons_away: i64,
}

impl Tally {
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            accounted: self.accounted - other.accounted,
            persons_reached: self.persons_reached - other.persons_reached,
            lit_unlisted: self.lit_unlisted - other.lit_unlisted,
            listed_dark: self.listed_dark - other.listed_dark,
            persons_away: self.persons_away - other.persons_away,
        }
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        self.minus(Self::default().minus(other))
    }
}

/// How many doors an area has, and how many people are listed behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Count {
    pub dwellings: i64,
    pub listed: i64,
}

impl Count {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self { dwellings: self.dwellings + other.dwellings, listed: self.listed + other.listed }
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self { dwellings: -self.dwellings, listed: -self.listed }
    }
}

/// Where the rows are kept.
pub trait State {
    type Error;

    fn book(&self) -> &Book;
    /// Changes to the book are few; whoever keeps it writes them through here.
    ///
    /// # Errors
    /// Those of the storage.
    fn change_book(&mut self, change: impl FnOnce(&mut Book)) -> Result<(), Self::Error>;

    fn device(&mut self, series: SeriesId) -> Result<Option<Device>, Self::Error>;
    fn put_device(&mut self, series: SeriesId, device: Device) -> Result<(), Self::Error>;
    /// What an account may do; none if it never got a right, or lost it.
    fn grant(&mut self, account: ActorId) -> Result<Option<Grant>, Self::Error>;
    fn put_grant(&mut self, account: ActorId, grant: Option<Grant>) -> Result<(), Self::Error>;

    /// Follows an alias: the id that a phone gave to a door which was known already.
    fn dwelling_alias(&mut self, id: DwellingId) -> Result<Option<DwellingId>, Self::Error>;
    fn put_dwelling_alias(&mut self, id: DwellingId, of: DwellingId) -> Result<(), Self::Error>;
    fn dwelling(&mut self, id: DwellingId) -> Result<Option<Dwelling>, Self::Error>;
    fn put_dwelling(&mut self, id: DwellingId, dwelling: Dwelling) -> Result<(), Self::Error>;
    /// The door with this [`crate::door::door_key`] that was registered in this very area, or moved there.
    fn door(&mut self, area: AreaNumber, key: &str) -> Result<Option<DwellingId>, Self::Error>;
    /// Makes a door findable under another area.
    fn put_door(&mut self, area: AreaNumber, key: String, id: DwellingId) -> Result<(), Self::Error>;
    fn labels(&mut self, id: DwellingId) -> Result<Option<Labels>, Self::Error>;
    fn add_door(
        &mut self,
        area: AreaNumber,
        key: String,
        id: DwellingId,
        dwelling: Dwelling,
        labels: Labels,
    ) -> Result<(), Self::Error>;

    /// Takes a door out, under whichever address it is found.
    ///
    /// # Errors
    /// Those of the storage.
    fn remove_door(&mut self, id: DwellingId) -> Result<(), Self::Error>;

    /// Notes that a door left an area, or that `id` was only another name of a door.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_departure(&mut self, area: AreaNumber, id: DwellingId, position: u64) -> Result<(), Self::Error>;
    /// Takes the note back: the door is in the area again.
    ///
    /// # Errors
    /// Those of the storage.
    fn drop_departure(&mut self, area: AreaNumber, id: DwellingId) -> Result<(), Self::Error>;

    fn person(&mut self, id: PersonId) -> Result<Option<Person>, Self::Error>;
    fn put_person(&mut self, id: PersonId, person: Person) -> Result<(), Self::Error>;
    /// The ids that are listed at a door, in order.
    ///
    /// # Errors
    /// Those of the storage.
    fn listed_at(&mut self, dwelling: DwellingId) -> Result<Vec<PersonId>, Self::Error>;
    /// The people linked directly to this one.
    fn linked_to(&mut self, id: PersonId) -> Result<Vec<PersonId>, Self::Error>;
    /// Keeps a proposal; a newer one of the same two takes the place of an older.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_proposal(&mut self, proposal: Proposal) -> Result<(), Self::Error>;
    /// Takes it out again, if there is one.
    ///
    /// # Errors
    /// Those of the storage.
    fn drop_proposal(&mut self, person: PersonId, candidate: PersonId) -> Result<(), Self::Error>;
    /// Remembers that these two ids are of two people, or forgets that someone said so. Their order says nothing.
    ///
    /// # Errors
    /// Those of the storage.
    fn set_two_people(&mut self, one: PersonId, other: PersonId, two: bool) -> Result<(), Self::Error>;
    fn plan(&mut self, id: PlanId) -> Result<Option<Plan>, Self::Error>;
    fn put_plan(&mut self, id: PlanId, plan: Plan) -> Result<(), Self::Error>;
    fn put_plan_part(&mut self, plan: PlanId, part: PlanPart) -> Result<(), Self::Error>;
    /// Where someone may act in a role of a programme; none if nowhere.
    fn appointment(
        &mut self,
        who: ActorId,
        programme: &str,
        role: &str,
    ) -> Result<Option<AreaNumber>, Self::Error>;
    fn put_appointment(
        &mut self,
        who: ActorId,
        programme: &str,
        role: &str,
        area: Option<AreaNumber>,
    ) -> Result<(), Self::Error>;
    /// Keeps that a form was filled in, which counts from a position on.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_filled(&mut self, filled: Filled, counts_from: u64) -> Result<(), Self::Error>;
    /// Notes that what is filled in at a position, in a form of a programme, takes the place of the answers of an earlier fact to
    /// that form, and of what took their place before. Returns when those were filled in first; none where there are none such.
    ///
    /// # Errors
    /// Those of the storage.
    fn replace_filled(
        &mut self,
        earlier: (SeriesId, u64),
        by: (u64, &str, &str),
        counts_from: u64,
    ) -> Result<Option<Millis>, Self::Error>;
    /// What programmes say of a subject may be otherwise from this position on; of a dwelling with its people, what they say
    /// of whoever is listed there too.
    fn judge_anew(&mut self, subject: Subject, with_people: bool, position: u64) -> Result<(), Self::Error>;
    /// A case under its own id or another name of it, with its own id.
    fn case(&mut self, id: CaseId) -> Result<Option<(CaseId, Case)>, Self::Error>;
    /// Keeps a report: it joins a case of its subject and pathway, or opens one. Which cases the reports add up to follows
    /// from all of them and from what was done.
    fn put_report(&mut self, case: Case, report: Report) -> Result<(), Self::Error>;
    /// Keeps what was done about a case; what is due of it follows from all of that.
    fn put_event(&mut self, case: CaseId, event: Event) -> Result<(), Self::Error>;
    fn put_climb(&mut self, case: CaseId, climb: Climb) -> Result<(), Self::Error>;
    fn put_lesson(&mut self, lesson: Id, row: Lesson) -> Result<(), Self::Error>;
    /// A door is counted under another area now: so are its cases.
    fn move_cases(&mut self, dwelling: DwellingId) -> Result<(), Self::Error>;
    fn hand_over(&mut self, id: HandOverId) -> Result<Option<HandOver>, Self::Error>;
    fn put_hand_over(&mut self, id: HandOverId, row: HandOver) -> Result<(), Self::Error>;
    fn put_hand_over_door(&mut self, id: HandOverId, door: DwellingId) -> Result<(), Self::Error>;
    fn hand_over_doors(&mut self, id: HandOverId) -> Result<Vec<DwellingId>, Self::Error>;
    fn slip(&mut self, id: SlipId) -> Result<Option<Slip>, Self::Error>;
    fn put_slip(&mut self, id: SlipId, slip: Slip) -> Result<(), Self::Error>;
    fn said(&mut self, id: PersonId) -> Result<Option<Said>, Self::Error>;
    fn put_said(&mut self, id: PersonId, said: Said) -> Result<(), Self::Error>;
    /// How much that was said with a slip waits for a decision, or was withdrawn since a moment.
    ///
    /// # Errors
    /// Those of the storage.
    fn waiting_of_slip(&mut self, id: SlipId, since: Millis) -> Result<u64, Self::Error>;
    /// The answers of a fact, sealed to this owner, name this many files.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_attachments(&mut self, owner: Id, of: (SeriesId, u64), files: u64) -> Result<(), Self::Error>;
    /// One of them is the content of the fact at this position; of what nothing names, nothing is kept.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_attachment(&mut self, of: (SeriesId, u64), number: u64, position: u64) -> Result<(), Self::Error>;
    fn put_reading(&mut self, person: PersonId, reading: Reading) -> Result<(), Self::Error>;
    /// Someone read the names of everyone in an area.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_list_reading(&mut self, area: AreaNumber, reading: Reading) -> Result<(), Self::Error>;
    fn put_roster_row(&mut self, person: PersonId, roster: u32, row: u64) -> Result<(), Self::Error>;
    /// Removes the person's row, roster rows, sightings, proposals, readings, filled-in forms with their attachments, cases and parts of plans
    /// (which change by it), and remembers only that the id is erased, and by which fact.
    ///
    /// # Errors
    /// Those of the storage.
    fn erase_person(&mut self, id: PersonId, position: u64) -> Result<(), Self::Error>;
    /// Remembers that what was noted at a door before `position` is erased, and when that was decided.
    ///
    /// # Errors
    /// Those of the storage.
    fn erase_notes(&mut self, id: DwellingId, position: u64, at: Millis) -> Result<(), Self::Error>;
    /// Remembers that what an owner had sealed at a position is erased, by the fact at `by`. Returns whom it was about, if it was
    /// the answers of a form; its attachments go along.
    ///
    /// # Errors
    /// Those of the storage.
    fn erase_answers(
        &mut self,
        owner: Id,
        position: u64,
        by: u64,
        at: Millis,
    ) -> Result<Option<Subject>, Self::Error>;
    fn is_erased(&mut self, id: PersonId) -> Result<bool, Self::Error>;

    fn round(&mut self, sweep: SweepNumber, dwelling: DwellingId) -> Result<Option<Round>, Self::Error>;
    fn put_round(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
        round: Round,
    ) -> Result<(), Self::Error>;
    fn sightings(
        &mut self,
        sweep: SweepNumber,
        person: PersonId,
    ) -> Result<Vec<(DwellingId, Stamp)>, Self::Error>;
    fn put_sighting(
        &mut self,
        sweep: SweepNumber,
        person: PersonId,
        dwelling: DwellingId,
        stamp: Stamp,
    ) -> Result<(), Self::Error>;
    /// Who was seen at a door by facts of a series whose numbers are in a range, in any order.
    ///
    /// # Errors
    /// Those of the storage.
    fn sightings_by(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
        by: &Records,
    ) -> Result<Vec<(PersonId, u64)>, Self::Error>;
    fn drop_sighting(
        &mut self,
        sweep: SweepNumber,
        person: PersonId,
        dwelling: DwellingId,
        by: (SeriesId, u64),
    ) -> Result<(), Self::Error>;
    /// Keeps a visit that is not the newest of its door, in case the newest is taken back.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_earlier_visit(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
        visit: Visit,
    ) -> Result<(), Self::Error>;
    fn earlier_visits(&mut self, sweep: SweepNumber, dwelling: DwellingId)
    -> Result<Vec<Visit>, Self::Error>;
    fn drop_earlier_visit(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
        stamp: Stamp,
    ) -> Result<(), Self::Error>;
    /// Keeps a call that reached nobody. It moves nothing of the door.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_failed_call(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
        call: FailedCall,
    ) -> Result<(), Self::Error>;
    /// The calls to a door that reached nobody, in the order in which they were made.
    ///
    /// # Errors
    /// Those of the storage.
    fn failed_calls(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
    ) -> Result<Vec<FailedCall>, Self::Error>;
    fn drop_failed_call(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
        stamp: Stamp,
    ) -> Result<(), Self::Error>;
    /// Remembers that these records do not count, for those of them that wait and are released later.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_taken_back(&mut self, records: &Records) -> Result<(), Self::Error>;
    fn is_taken_back(&mut self, series: SeriesId, sequence: u64) -> Result<bool, Self::Error>;

    fn add_count(&mut self, area: AreaNumber, change: Count) -> Result<(), Self::Error>;
    fn add_tally(&mut self, sweep: SweepNumber, area: AreaNumber, change: Tally) -> Result<(), Self::Error>;
    /// Keeps the area's present [`Count`], and its doors that are not accounted for, as the sweep's own, since the
    /// sweep is over.
    fn freeze(&mut self, sweep: SweepNumber, area: AreaNumber) -> Result<(), Self::Error>;

    /// A quarantined fact that is now released: its received time and payload, if such a fact is waiting.
    fn take_quarantined(&mut self, series: SeriesId, sequence: u64) -> Result<Option<Waiting>, Self::Error>;
    /// Marks the quarantined fact of this number that came first and is not refused as refused, why and when; or takes that back
    /// from the one that is. Returns whether there was one.
    ///
    /// # Errors
    /// Those of the storage.
    fn refuse_quarantined(
        &mut self,
        series: SeriesId,
        sequence: u64,
        refused: Option<(Refusal, Millis)>,
    ) -> Result<bool, Self::Error>;
    /// Keeps the newest decision about a held fact, for whoever recorded it.
    ///
    /// # Errors
    /// Those of the storage.
    fn put_held(&mut self, series: SeriesId, sequence: u64, held: Held) -> Result<(), Self::Error>;
}

/// A fact that waits in quarantine for a person to resolve it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub position: u64,
    pub received_at: Millis,
    pub payload: Vec<u8>,
    pub sealed: Option<Id>,
}
