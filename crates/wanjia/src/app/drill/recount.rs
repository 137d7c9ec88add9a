//! The recount: what the sweep must add up to, from the script of what happened alone.
//!
//! It is written anew from the tables of the specification and shares no rule with the code that it checks: not the
//! meaning of an outcome, not the lines of the reconcile, not when a clock is believed, not how a due time is written.
//! It is slow and plain on purpose.

use std::collections::{BTreeMap, BTreeSet};

use domain::fact::{Light, Outcome};
use domain::id::Id;
use domain::time::Millis;
use jiff::tz::{Offset, TimeZone};
use rustc_hash::{FxHashMap, FxHashSet};

use super::phone::Receipt;
use super::script::{DAY, Deed, DoorNumber, HOUR, MINUTE, Somebody, Town};

/// What a phone recorded, and what became of it.
#[derive(Clone, Debug)]
pub struct Told {
    pub phone: usize,
    pub series: Id,
    pub sequence: u64,
    /// When it happened, as the phone says.
    pub at: Millis,
    pub deed: Deed,
    pub receipt: Receipt,
}

/// What people in offices did, in terms of the script.
#[derive(Clone, Debug, Default)]
pub struct Decisions {
    /// Refusals signed for.
    pub signed: BTreeSet<DoorNumber>,
    /// Waiting facts released, by series and sequence.
    pub released: BTreeSet<(Id, u64)>,
    /// Erased, with the size of the tree then.
    pub erased: BTreeMap<Somebody, u64>,
    /// Put on the list at a door after she was found.
    pub registered: BTreeMap<Somebody, DoorNumber>,
    /// Phones revoked, with the size of the tree then.
    pub revoked: BTreeMap<usize, u64>,
}

/// One row of coverage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Row {
    pub dwellings: i64,
    pub accounted: i64,
    pub residual: i64,
    pub persons_listed: i64,
    pub persons_reached: i64,
    pub lit_unlisted: i64,
    pub listed_dark: i64,
}

impl std::ops::AddAssign for Row {
    fn add_assign(&mut self, other: Self) {
        self.dwellings += other.dwellings;
        self.accounted += other.accounted;
        self.residual += other.residual;
        self.persons_listed += other.persons_listed;
        self.persons_reached += other.persons_reached;
        self.lit_unlisted += other.lit_unlisted;
        self.listed_dark += other.listed_dark;
    }
}

/// One line of the reconcile, as the file has it but for the person's id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    pub kind: String,
    pub building: String,
    pub unit: String,
    pub room: String,
    pub name: String,
    pub task: String,
    pub due: String,
}

/// One line of the residual.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unreached {
    pub building: String,
    pub unit: String,
    pub room: String,
    pub reason: String,
}

/// What one community must show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Community {
    pub row: Row,
    pub lines: Vec<Line>,
    pub unreached: Vec<Unreached>,
}

/// Two who share a body but not a record: the second is whoever is seen after the first was erased.
type Known = (Somebody, bool);
/// When, and by whose which fact: what is newer decides, and of two at one moment the one with the higher name.
type Moment = (Millis, Id, u64);

#[derive(Clone, Copy)]
struct Knock {
    moment: Moment,
    outcome: Outcome,
    light: Light,
    recheck: Option<i32>,
}

/// Everything that happened, sorted by door and by person.
pub struct Recount<'a> {
    town: &'a Town,
    deadline: Millis,
    decisions: &'a Decisions,
    knocks: FxHashMap<DoorNumber, Knock>,
    /// The newest that reached someone.
    reached: FxHashMap<DoorNumber, Knock>,
    sightings: FxHashMap<Known, Vec<(Moment, DoorNumber)>>,
    seen_at: FxHashMap<DoorNumber, Vec<Known>>,
    found: FxHashSet<DoorNumber>,
}

/// A device's word on when something happened is taken if it is at most so old when it arrives, or so far ahead.
const OLDEST: Millis = 31 * DAY;
const AHEAD: Millis = 10 * MINUTE;

fn happened(told: &Told) -> Millis {
    let arrived = told.receipt.received_at;
    if told.at < arrived - OLDEST || told.at > arrived + AHEAD { arrived } else { told.at }
}

/// The reason for which a fact must wait, or none.
#[must_use]
pub fn expected_reason(town: &Town, decisions: &Decisions, told: &Told) -> Option<&'static str> {
    let after = |barrier: Option<&u64>| barrier.is_some_and(|size| told.receipt.position >= *size);
    if after(decisions.revoked.get(&told.phone)) {
        return Some("device_revoked");
    }
    let foreign = |door| (!town.serves(told.phone, town.address(door).community)).then_some("outside_rights");
    match told.deed {
        Deed::Astray => Some("unknown_dwelling"),
        Deed::Visit { outcome: Outcome::Away, recheck_on: None, .. } => Some("recheck_missing"),
        Deed::See { somebody, how: super::script::How::Tap, .. }
            if after(decisions.erased.get(&somebody)) =>
        {
            Some("person_erased")
        }
        Deed::Visit { door, .. } | Deed::See { door, .. } | Deed::Register { door } => foreign(door),
    }
}

impl<'a> Recount<'a> {
    /// Sorts what was told.
    pub fn new(
        town: &'a Town,
        deadline: Millis,
        decisions: &'a Decisions,
        told: impl Iterator<Item = Told>,
    ) -> Self {
        let mut recount = Self {
            town,
            deadline,
            decisions,
            knocks: FxHashMap::default(),
            reached: FxHashMap::default(),
            sightings: FxHashMap::default(),
            seen_at: FxHashMap::default(),
            found: FxHashSet::default(),
        };
        for told in told {
            if told.receipt.verdict == 0 || decisions.released.contains(&(told.series, told.sequence)) {
                recount.take(&told);
            }
        }
        recount
    }

    fn take(&mut self, told: &Told) {
        let moment = (happened(told), told.series, told.sequence);
        match told.deed {
            Deed::Astray => {}
            Deed::Register { door } => {
                self.found.insert(door);
            }
            Deed::Visit { door, outcome, light, recheck_on, .. } => {
                let knock = Knock { moment, outcome, light, recheck: recheck_on };
                let newest = self.knocks.entry(door).or_insert(knock);
                if newest.moment < moment {
                    *newest = knock;
                }
                if outcome == Outcome::Phone && self.town.is_listed_door(door) {
                    // Who is put on the list later was seen at this very door before.
                    for place in (0..).take(self.town.city.household(door).members.len()) {
                        let somebody = door * 8 + place;
                        if !self.decisions.erased.contains_key(&somebody) {
                            self.sightings.entry((somebody, false)).or_default().push((moment, door));
                        }
                    }
                }
                if matches!(outcome, Outcome::Met | Outcome::Phone) {
                    let newest = self.reached.entry(door).or_insert(knock);
                    if newest.moment < moment {
                        *newest = knock;
                    }
                }
            }
            Deed::See { door, somebody, .. } => {
                let again = match self.decisions.erased.get(&somebody) {
                    Some(size) if told.receipt.position < *size => return,
                    Some(_) => true,
                    None => false,
                };
                self.sightings.entry((somebody, again)).or_default().push((moment, door));
                self.seen_at.entry(door).or_default().push((somebody, again));
            }
        }
    }

    fn home(&self, (somebody, again): Known) -> Option<DoorNumber> {
        if !again && self.decisions.erased.contains_key(&somebody) {
            return None;
        }
        let registered = self.decisions.registered.get(&somebody).copied();
        registered.or_else(|| (Town::is_listed(somebody) && !again).then_some(somebody / 8))
    }

    fn last_seen(&self, known: Known) -> Option<(Moment, DoorNumber)> {
        self.sightings.get(&known)?.iter().max_by_key(|(moment, _)| *moment).copied()
    }

    /// The knock by which a door is judged: the newest, but where that found nobody (and nobody said when to come back), the one
    /// that had reached someone, if by it or by sightings anywhere nobody of the list is missing.
    fn judged_by(&self, door: DoorNumber, listed: &[(Known, String)]) -> Option<&Knock> {
        let newest = self.knocks.get(&door)?;
        let nobody = newest.outcome == Outcome::NoAnswer
            || (newest.outcome == Outcome::Away && newest.recheck.is_none());
        let missing = listed.iter().filter(|(known, _)| !self.sightings.contains_key(known)).count();
        Some(self.reached.get(&door).filter(|_| nobody && missing == 0).unwrap_or(newest))
    }

    /// Why a door counts as not reached.
    fn reason(&self, door: DoorNumber, knock: Option<&Knock>) -> Option<&'static str> {
        let Some(knock) = knock else { return Some("never_visited") };
        match knock.outcome {
            Outcome::Met | Outcome::Phone | Outcome::Vacant | Outcome::NotExist => None,
            Outcome::Away => knock.recheck.is_none().then_some("no_answer"),
            Outcome::NoAnswer => Some("no_answer"),
            Outcome::Refused => (!self.decisions.signed.contains(&door)).then_some("refused_unsigned"),
        }
    }

    /// The line of someone who is listed at `home`.
    fn listed_line(
        &self,
        known: Known,
        home: DoorNumber,
        knock: Option<&Knock>,
    ) -> (&'static str, &'static str, String) {
        let seen = self.sightings.get(&known).map_or(&[][..], Vec::as_slice);
        if seen.iter().any(|(_, door)| *door == home) {
            return ("confirmed", "", String::new());
        }
        if !seen.is_empty() {
            return ("moved", "confirm_address", written(self.deadline));
        }
        match knock {
            Some(knock) if knock.outcome == Outcome::Away => (
                "away",
                "recheck",
                knock.recheck.map(|day| date(Millis::from(day) * DAY)).unwrap_or_default(),
            ),
            Some(knock)
                if matches!(
                    knock.outcome,
                    Outcome::Met | Outcome::Phone | Outcome::Vacant | Outcome::NotExist
                ) || (knock.outcome == Outcome::NoAnswer && knock.light == Light::Off) =>
            {
                ("listed_dark", "phone", written(knock.moment.0 + 12 * HOUR))
            }
            _ => ("unresolved", "visit", written(self.deadline)),
        }
    }

    /// What the community must show, in no particular order of lines.
    #[must_use]
    pub fn community(&self, community: usize) -> Community {
        let mut shown = Community::default();
        let households = self.town.city.households_of(community);
        let unknown = self.town.unknown_doors_of(community).filter(|door| self.found.contains(door));
        let mut registered_at: BTreeMap<DoorNumber, Vec<Somebody>> = BTreeMap::new();
        for (somebody, door) in &self.decisions.registered {
            registered_at.entry(*door).or_default().push(*somebody);
        }
        for door in households.chain(unknown) {
            let mut names: Vec<(Known, String)> = Vec::new();
            if self.town.is_listed_door(door) {
                for (place, member) in (0..).zip(self.town.city.household(door).members) {
                    names.push(((door * 8 + place, false), member.name));
                }
            }
            for somebody in registered_at.get(&door).into_iter().flatten() {
                let known = (*somebody, self.decisions.erased.contains_key(somebody));
                names.push((known, self.town.who(*somebody).map(|who| who.name).unwrap_or_default()));
            }
            names.retain(|(known, _)| self.home(*known) == Some(door));
            self.door(&mut shown, door, &names, registered_at.contains_key(&door));
        }
        shown.lines.sort();
        shown.unreached.sort();
        shown
    }

    fn door(&self, shown: &mut Community, door: DoorNumber, listed: &[(Known, String)], registered: bool) {
        let address = self.town.address(door);
        let line = |kind: &str, name: &str, task: &str, due: String| Line {
            kind: kind.into(),
            building: address.building.clone(),
            unit: address.unit.clone(),
            room: address.room.clone(),
            name: name.into(),
            task: task.into(),
            due,
        };
        let row = &mut shown.row;
        row.dwellings += 1;
        let knock = self.judged_by(door, listed);
        match self.reason(door, knock) {
            None => row.accounted += 1,
            Some(reason) => {
                row.residual += 1;
                shown.unreached.push(Unreached {
                    building: address.building.clone(),
                    unit: address.unit.clone(),
                    room: address.room.clone(),
                    reason: reason.into(),
                });
            }
        }
        for (known, name) in listed {
            let (kind, task, due) = self.listed_line(*known, door, knock);
            row.persons_listed += 1;
            row.persons_reached += i64::from(kind == "confirmed" || kind == "moved");
            row.listed_dark += i64::from(kind == "listed_dark");
            shown.lines.push(line(kind, name, task, due));
        }
        let seen: BTreeSet<Known> = self.seen_at.get(&door).into_iter().flatten().copied().collect();
        for known in &seen {
            if self.home(*known).is_some() {
                continue;
            }
            if let Some((moment, last)) = self.last_seen(*known)
                && last == door
            {
                let name = self.town.who(known.0).map(|who| who.name).unwrap_or_default();
                row.lit_unlisted += 1;
                shown.lines.push(line("lit_unlisted", &name, "register", end_of_day(moment.0)));
            }
        }
        if let Some(knock) = knock
            && !self.town.is_listed_door(door)
            && !registered
            && seen.is_empty()
            && (knock.outcome == Outcome::Met
                || (knock.outcome == Outcome::NoAnswer && knock.light == Light::On))
        {
            row.lit_unlisted += 1;
            shown.lines.push(line("lit_unlisted", "", "register", end_of_day(knock.moment.0)));
        }
    }
}

fn local(at: Millis) -> jiff::civil::DateTime {
    let zone = TimeZone::fixed(Offset::constant(8));
    zone.to_datetime(jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
}

fn written(at: Millis) -> String {
    format!("{}+08:00", local(at).strftime("%Y-%m-%dT%H:%M:%S"))
}

fn date(at: Millis) -> String {
    local(at).strftime("%Y-%m-%d").to_string()
}

fn end_of_day(at: Millis) -> String {
    format!("{}T23:59:59+08:00", date(at))
}
