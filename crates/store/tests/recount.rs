//! Whatever happens in whatever order, the incremental numbers equal a recount from the script of what happened, the
//! list of the unreached equals the recount's list, and the views equal a rebuild from the facts.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use domain::apply::group_home;
use domain::area::Level;
use domain::fact::{Body, FoundBy, Light, Outcome, Place, SignReason};
use domain::id::Id;
use domain::plan::PlanKind;
use domain::state::{Dwelling, Labels, Round, State};
use domain::sweep::Reason;
use domain::time::day_of;
use ledger::seal::TerritoryKey;
use programme::indicator::{Side, SweepCount, Tally};
use proptest::prelude::*;
use store::lists::{DoorPlace, Wanted};
use store::query::Door;
use store::swept::Swept;
use store::{Reader, Store};

const NOW: i64 = 1_582_000_000_000;
const DOORS: usize = 6;
const PEOPLE: usize = 8;
const PLANS: usize = 4;
/// The tree: a county with two communities, the first with a grid.
const AREAS: [(&str, Level, Option<&str>); 4] = [
    ("C", Level::County, None),
    ("A", Level::Community, Some("C")),
    ("B", Level::Community, Some("C")),
    ("G", Level::Grid, Some("A")),
];

#[derive(Clone, Debug)]
enum Step {
    Register {
        door: usize,
        area: usize,
        by_roster: bool,
    },
    List {
        person: usize,
        door: usize,
    },
    Visit {
        door: usize,
        at: i64,
        outcome: usize,
        light: u64,
        recheck: bool,
    },
    See {
        person: usize,
        door: usize,
        at: i64,
    },
    /// One of the visits or sightings until now was recorded wrongly; of which door it is said may be wrong too.
    TakeBack {
        nth: usize,
        facts: u64,
        elsewhere: bool,
    },
    /// There is no such door. One behind which someone is listed stays.
    Remove {
        door: usize,
    },
    Sign {
        door: usize,
    },
    Move {
        door: usize,
        area: usize,
    },
    Link {
        from: usize,
        to: usize,
    },
    Unlink {
        nth: usize,
    },
    Erase {
        person: usize,
    },
    Propose {
        from: usize,
        to: usize,
        per_mille: u64,
    },
    Decline {
        from: usize,
        to: usize,
    },
    Publish {
        plan: usize,
        area: usize,
        replaces: Option<usize>,
    },
    TakePart {
        plan: usize,
        person: usize,
    },
    Withdraw {
        plan: usize,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (door, person) = (0..DOORS, 0..PEOPLE);
    prop_oneof![
        2 => (door.clone(), 1..4usize, any::<bool>())
            .prop_map(|(door, area, by_roster)| Step::Register { door, area, by_roster }),
        4 => (person.clone(), door.clone()).prop_map(|(person, door)| Step::List { person, door }),
        6 => (door.clone(), 0..50i64, 0..7usize, 0..3u64, any::<bool>())
            .prop_map(|(door, at, outcome, light, recheck)| Step::Visit { door, at, outcome, light, recheck }),
        6 => (person.clone(), door.clone(), 0..50i64)
            .prop_map(|(person, door, at)| Step::See { person, door, at }),
        2 => (0..30usize, 1..4u64, prop::bool::weighted(0.1))
            .prop_map(|(nth, facts, elsewhere)| Step::TakeBack { nth, facts, elsewhere }),
        1 => door.clone().prop_map(|door| Step::Remove { door }),
        1 => door.clone().prop_map(|door| Step::Sign { door }),
        3 => (door, 1..4usize).prop_map(|(door, area)| Step::Move { door, area }),
        1 => (person.clone(), person.clone()).prop_map(|(from, to)| Step::Link { from, to }),
        1 => (0..4usize).prop_map(|nth| Step::Unlink { nth }),
        2 => (person.clone(), person.clone(), 100..=1000u64)
            .prop_map(|(from, to, per_mille)| Step::Propose { from, to, per_mille }),
        1 => (person.clone(), person.clone()).prop_map(|(from, to)| Step::Decline { from, to }),
        1 => (0..PLANS, 0..4usize, prop::option::of(0..PLANS))
            .prop_map(|(plan, area, replaces)| Step::Publish { plan, area, replaces }),
        2 => (0..PLANS, person.clone()).prop_map(|(plan, person)| Step::TakePart { plan, person }),
        1 => (0..PLANS).prop_map(|plan| Step::Withdraw { plan }),
        1 => person.prop_map(|person| Step::Erase { person }),
    ]
}

fn door_id(door: usize) -> Id {
    Id([u8::try_from(door + 1).unwrap(); 16])
}

fn registration(dwelling: Id, area: usize, door: usize, by_roster: bool) -> Body {
    Body::DwellingRegistered {
        dwelling,
        area: AREAS[area].0.into(),
        building: "1".into(),
        unit: String::new(),
        room: door.to_string(),
        place: Place::Home,
        found_by: if by_roster { FoundBy::Roster } else { FoundBy::Visit },
    }
}

fn person_id(person: usize) -> Id {
    Id([u8::try_from(person + 100).unwrap(); 16])
}

fn plan_id(plan: usize) -> Id {
    Id([u8::try_from(plan + 200).unwrap(); 16])
}

fn published(plan: usize, area: usize, replaces: Option<usize>) -> Body {
    Body::PlanPublished {
        plan: plan_id(plan),
        area: AREAS[area].0.into(),
        kind: PlanKind::Rota,
        from: Some(18_309),
        until: None,
        replaces: replaces.map(plan_id),
        objective: 8,
        bound: 0,
        open: 1,
        parts: 0,
    }
}

/// What happened, kept as plainly as can be.
#[derive(Default)]
struct Script {
    area: BTreeMap<usize, usize>,
    on_roster: BTreeSet<usize>,
    home: BTreeMap<usize, usize>,
    known: BTreeSet<usize>,
    erased: BTreeSet<usize>,
    visits: Vec<(i64, u64, usize, Outcome, Light, bool)>,
    sightings: Vec<(i64, u64, usize, usize)>,
    /// The number of each visit and sighting in the ledger, and its door.
    records: Vec<(u64, usize)>,
    signed: BTreeSet<usize>,
    links: Vec<(usize, usize)>,
    proposed: BTreeSet<(usize, usize)>,
    declined: BTreeSet<(usize, usize)>,
    /// Where each was published, and whether it stands.
    plans: BTreeMap<usize, (usize, bool)>,
    parts: BTreeSet<(usize, usize)>,
}

impl Script {
    fn canonical(&self, person: usize) -> usize {
        self.links.iter().find(|(from, _)| *from == person).map_or(person, |(_, to)| self.canonical(*to))
    }

    fn group(&self, person: usize) -> BTreeSet<usize> {
        let canonical = self.canonical(person);
        self.known.iter().copied().filter(|member| self.canonical(*member) == canonical).collect()
    }

    /// The group, with someone whom no fact has named yet.
    fn members(&self, person: usize) -> BTreeSet<usize> {
        let mut members = self.group(person);
        members.insert(person);
        members
    }

    fn take_back(&mut self, from: usize, to: usize) {
        self.declined.remove(&(from, to));
        self.declined.remove(&(to, from));
    }

    /// Of everyone on no list, the listed people who were proposed and wait.
    fn open(&self, home_of: &dyn Fn(usize) -> Option<usize>) -> BTreeSet<(usize, usize)> {
        let pairs = self.proposed.iter().map(|(from, to)| (self.canonical(*from), self.canonical(*to)));
        pairs
            .filter(|(from, to)| from != to && self.known.contains(from))
            .filter(|(from, to)| home_of(*from).is_none() && home_of(*to).is_some())
            .collect()
    }

    /// What is known of a door by its visits: the newest, or, where that reached nobody, the newest before it that reached
    /// someone, if everyone who is listed was reached.
    fn latest(
        &self,
        door: usize,
        home_of: &dyn Fn(usize) -> Option<usize>,
    ) -> Option<(Outcome, Light, bool)> {
        let mut visits: Vec<_> = self.visits.iter().filter(|visit| visit.2 == door).collect();
        visits.sort_by_key(|visit| (visit.0, visit.1));
        let newest = visits.last().map(|visit| (visit.3, visit.4, visit.5))?;
        if !matches!(newest, (Outcome::NoAnswer, ..) | (Outcome::Away, _, false)) {
            return Some(newest);
        }
        let found = visits.iter().rev().find(|visit| matches!(visit.3, Outcome::Met | Outcome::Phone));
        let Some(found) = found else { return Some(newest) };
        let listed = self
            .known
            .iter()
            .filter(|person| self.canonical(**person) == **person && home_of(**person) == Some(door));
        let everyone = listed.clone().all(|person| {
            let group = self.group(*person);
            self.sightings.iter().any(|sighting| group.contains(&sighting.3))
        });
        Some(if everyone { (found.3, Light::Unknown, false) } else { newest })
    }

    fn accounted(&self, door: usize, home_of: &dyn Fn(usize) -> Option<usize>) -> bool {
        match self.latest(door, home_of) {
            None | Some((Outcome::NoAnswer, ..)) => false,
            Some((Outcome::Away, _, recheck)) => recheck,
            Some((Outcome::Refused, ..)) => self.signed.contains(&door),
            Some(_) => true,
        }
    }

    /// `(kind, person or none, door)` for everyone, by the table that the command line documents.
    fn lines(
        &self,
        home_of: &dyn Fn(usize) -> Option<usize>,
    ) -> BTreeSet<(&'static str, Option<usize>, usize)> {
        let mut lines = BTreeSet::new();
        let mut done = BTreeSet::new();
        for person in &self.known {
            let canonical = self.canonical(*person);
            if !done.insert(canonical) {
                continue;
            }
            let group = self.group(canonical);
            let mut seen: Vec<_> =
                self.sightings.iter().filter(|sighting| group.contains(&sighting.3)).copied().collect();
            seen.sort_unstable();
            match (home_of(canonical), seen.last()) {
                (Some(home), _) => {
                    let dark = matches!(
                        self.latest(home, home_of),
                        Some((Outcome::Met | Outcome::Phone | Outcome::Vacant | Outcome::NotExist, ..))
                            | Some((Outcome::NoAnswer, Light::Off, _))
                    );
                    let outcome = self.latest(home, home_of).map(|latest| latest.0);
                    let kind = if seen.iter().any(|at| at.2 == home) {
                        "confirmed"
                    } else if !seen.is_empty() {
                        "moved"
                    } else if outcome == Some(Outcome::Away) {
                        "away"
                    } else if dark {
                        "listed_dark"
                    } else {
                        "unresolved"
                    };
                    lines.insert((kind, Some(canonical), home));
                }
                (None, Some(last)) => {
                    lines.insert(("lit_unlisted", Some(canonical), last.2));
                }
                (None, None) => {}
            }
        }
        for door in self.area.keys() {
            let lit = matches!(
                self.latest(*door, home_of),
                Some((Outcome::Met, ..)) | Some((Outcome::NoAnswer, Light::On, _))
            );
            if lit && !self.on_roster.contains(door) && !self.sightings.iter().any(|at| at.2 == *door) {
                lines.insert(("lit_unlisted", None, *door));
            }
        }
        lines
    }
}

fn key(line: &store::query::Line) -> (&'static str, Option<usize>, usize) {
    let person = line.person.map(|id| usize::from(id.0[0]) - 100);
    (line.kind.as_str(), person, usize::from(line.door.id.0[0]) - 1)
}

fn doors_where(doors: &[usize], holds: impl Fn(&usize) -> bool) -> BTreeSet<(Id, Id)> {
    doors.iter().filter(|door| holds(door)).map(|door| (door_id(*door), door_id(*door))).collect()
}

fn people_where(
    lines: &BTreeSet<(&'static str, Option<usize>, usize)>,
    within: &dyn Fn(&usize) -> bool,
    kinds: &[&str],
) -> BTreeSet<(Id, Id)> {
    let here = lines.iter().filter(|(kind, _, door)| kinds.contains(kind) && within(door));
    here.filter_map(|(_, person, door)| Some((person_id((*person)?), door_id(*door)))).collect()
}

fn play(store: &mut Store, sweep: Id, steps: &[Step]) -> Script {
    let mut script = Script::default();
    play_on(store, sweep, steps, &mut script);
    script
}

fn play_on(store: &mut Store, sweep: Id, steps: &[Step], script: &mut Script) {
    play_at(store, sweep, steps, script, NOW + 1000);
}

/// Plays what is received at a moment.
fn play_at(store: &mut Store, sweep: Id, steps: &[Step], script: &mut Script, received: i64) {
    let actor = Id([9; 16]);
    for step in steps {
        // Everything is said in one series, so that a fact's number is its position.
        let number = store.size();
        let (at, body) = match step.clone() {
            Step::Register { door, area, by_roster } => {
                script.area.entry(door).or_insert(area);
                if by_roster {
                    script.on_roster.insert(door);
                }
                (NOW, registration(door_id(door), area, door, by_roster))
            }
            Step::List { person, door } if script.area.contains_key(&door) => {
                // What is still said of someone erased is a fact that adds up to nothing.
                if !script.erased.contains(&person) {
                    script.known.insert(person);
                    script.home.insert(person, door);
                    script.on_roster.insert(door);
                }
                (NOW, Body::PersonRegistered { person: person_id(person), dwelling: door_id(door) })
            }
            Step::Visit { door, at, outcome, light, recheck } if script.area.contains_key(&door) => {
                let (outcome, light) = (Outcome::ALL[outcome], Light::from_code(light).unwrap());
                script.visits.push((at, number, door, outcome, light, recheck));
                script.records.push((number, door));
                if outcome == Outcome::Phone {
                    // Under whichever id she is listed here, if she is counted here.
                    let listed = script.home.iter().filter(|(_, home)| **home == door);
                    for person in listed.map(|(person, _)| *person).collect::<Vec<_>>() {
                        let canonical = person_id(script.canonical(person));
                        if group_home(store.state(), canonical).unwrap() == Some(door_id(door)) {
                            script.sightings.push((at, number, door, person));
                        }
                    }
                }
                let body = Body::Visited {
                    sweep,
                    dwelling: door_id(door),
                    outcome,
                    light,
                    evidence: 0,
                    recheck_on: recheck.then_some(18_400),
                    occupants: None,
                };
                (NOW + at, body)
            }
            Step::See { person, door, at } if script.area.contains_key(&door) => {
                if !script.erased.contains(&person) {
                    script.known.insert(person);
                    script.sightings.push((at, number, door, person));
                    script.records.push((number, door));
                }
                (
                    NOW + at,
                    Body::PersonSeen {
                        sweep,
                        dwelling: door_id(door),
                        person: person_id(person),
                        by_phone: false,
                    },
                )
            }
            Step::TakeBack { nth, facts, elsewhere } if nth < script.records.len() => {
                let (first, door) = script.records[nth];
                let named = if elsewhere { (door + 1) % DOORS } else { door };
                if first + facts <= number {
                    let wrong = |at: u64, of: usize| of == named && (first..first + facts).contains(&at);
                    script.visits.retain(|visit| !wrong(visit.1, visit.2));
                    script.sightings.retain(|sighting| !wrong(sighting.1, sighting.2));
                }
                (NOW, Body::VisitTakenBack { sweep, dwelling: door_id(named), first, facts })
            }
            Step::Remove { door }
                if script.area.contains_key(&door)
                    && !script.home.values().any(|home| *home == door)
                    && !script.sightings.iter().any(|sighting| sighting.2 == door) =>
            {
                script.area.remove(&door);
                script.on_roster.remove(&door);
                script.signed.remove(&door);
                script.visits.retain(|visit| visit.2 != door);
                (NOW, Body::DwellingRemoved { dwelling: door_id(door) })
            }
            Step::Sign { door } if script.area.contains_key(&door) => {
                script.signed.insert(door);
                (NOW, Body::SignedOff { sweep, dwelling: door_id(door), reason: SignReason::Refusal })
            }
            Step::Move { door, area } if script.area.contains_key(&door) => {
                script.area.insert(door, area);
                (NOW, Body::DwellingMoved { dwelling: door_id(door), area: AREAS[area].0.into() })
            }
            Step::Link { from, to } if script.erased.contains(&from) || script.erased.contains(&to) => {
                (NOW, Body::Linked { from: person_id(from), to: person_id(to) })
            }
            Step::Link { from, to }
                if script.known.contains(&from)
                    && script.known.contains(&to)
                    && script.canonical(from) == from
                    && script.canonical(to) != from =>
            {
                script.links.push((from, to));
                script.take_back(from, to);
                (NOW, Body::Linked { from: person_id(from), to: person_id(to) })
            }
            Step::Unlink { nth } if nth < script.links.len() => {
                let (from, to) = script.links.remove(nth);
                (NOW, Body::Unlinked { from: person_id(from), to: person_id(to) })
            }
            Step::Erase { person } if script.known.contains(&person) => {
                script.known.remove(&person);
                script.home.remove(&person);
                script.erased.insert(person);
                script.sightings.retain(|sighting| sighting.3 != person);
                for pairs in [&mut script.proposed, &mut script.declined] {
                    pairs.retain(|(from, to)| *from != person && *to != person);
                }
                script.links.retain(|(from, to)| *from != person && *to != person);
                script.parts.retain(|(_, named)| *named != person);
                (NOW, Body::Erased { person: person_id(person), reason: 0 })
            }
            // Neither is in the naive recount of numbers and lists: whatever is proposed or declined moves none of them.
            Step::Propose { from, to, per_mille } => {
                let erased = |person| script.erased.contains(&person);
                if from != to && !erased(from) && !erased(to) {
                    script.proposed.insert((from, to));
                }
                let (from, to) = (person_id(from), person_id(to));
                (NOW, Body::LinkProposed { from, to, per_mille, model: [5; 32] })
            }
            Step::Decline { from, to } => {
                if from != to && !script.erased.contains(&from) && !script.erased.contains(&to) {
                    script.declined.insert((from, to));
                    let (one, other) = (script.members(from), script.members(to));
                    script.proposed.retain(|(a, b)| {
                        !(one.contains(a) && other.contains(b) || other.contains(a) && one.contains(b))
                    });
                }
                (NOW, Body::LinkDeclined { from: person_id(from), to: person_id(to) })
            }
            Step::Publish { plan, area, replaces } => {
                if let Entry::Vacant(entry) = script.plans.entry(plan) {
                    entry.insert((area, true));
                    if let Some((_, stands)) = replaces.and_then(|before| script.plans.get_mut(&before))
                        && replaces != Some(plan)
                    {
                        *stands = false;
                    }
                }
                (NOW, published(plan, area, replaces))
            }
            Step::TakePart { plan, person } => {
                if script.plans.contains_key(&plan) && !script.erased.contains(&person) {
                    script.parts.insert((plan, person));
                }
                (NOW, Body::PlanPart { plan: plan_id(plan), person: person_id(person), worker: None })
            }
            Step::Withdraw { plan } => {
                if let Some((_, stands)) = script.plans.get_mut(&plan) {
                    *stands = false;
                }
                (NOW, Body::PlanWithdrawn { plan: plan_id(plan) })
            }
            _ => continue,
        };
        store.write(received, |batch| batch.append_at(at, actor, body, None)).unwrap();
    }
}

/// What a phone keeps of each door.
type Kept = BTreeMap<Id, (Dwelling, Labels, Vec<Id>, Vec<(u32, Round)>)>;

/// Asks for what changed since `after`, in pages of two, and takes it over.
fn pull(reader: &mut Reader, area: u32, after: u64, kept: &mut Kept) -> u64 {
    let (mut from, mut size) = (None, None);
    loop {
        let changes = reader.changed_doors(area, after, from, 2).unwrap();
        size = size.or(Some(changes.size));
        for id in changes.removed {
            kept.remove(&id);
        }
        for door in changes.doors {
            kept.insert(door.id, (door.dwelling, door.labels, door.members, door.rounds));
        }
        from = changes.next;
        if from.is_none() {
            return size.unwrap();
        }
    }
}

fn everything(reader: &mut Reader, area: u32) -> Kept {
    let mut all = Kept::new();
    pull(reader, area, 0, &mut all);
    all
}

fn new_store(root: &std::path::Path) -> (Store, Id) {
    let mut store = Store::create(root, "test", TerritoryKey::from_bytes([7; 32]), NOW).unwrap();
    let sweep = Id([77; 16]);
    store
        .write(NOW, |batch| {
            for (code, level, parent) in AREAS {
                let body = Body::AreaRegistered {
                    code: code.into(),
                    name: code.into(),
                    level,
                    parent: parent.map(Into::into),
                };
                batch.append(Id([9; 16]), body, None)?;
            }
            let body =
                Body::SweepOpened { sweep, area: "C".into(), programme: "epidemic".into(), deadline: NOW };
            batch.append(Id([9; 16]), body, None)
        })
        .unwrap();
    (store, sweep)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn numbers_and_lists_equal_a_recount(steps in prop::collection::vec(step(), 1..60)) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let (mut store, sweep) = new_store(&root);
        let script = play(&mut store, sweep, &steps);

        let mut reader = Reader::open(&root, None).unwrap();
        // Which of several homes a linked group has is the model's own rule; that everyone is counted once is not.
        let mut homes = BTreeMap::new();
        for person in script.known.clone() {
            let canonical = script.canonical(person);
            let home = reader.home(person_id(canonical)).unwrap();
            homes.insert(canonical, home.map(|id| usize::from(id.0[0]) - 1));
            let any = script.group(canonical).iter().any(|member| script.home.contains_key(member));
            prop_assert_eq!(home.is_some(), any);
        }
        let home_of = |person| homes.get(&person).copied().flatten();
        let lines = script.lines(&home_of);
        let mut stored = BTreeSet::new();
        let mut unreached = BTreeSet::new();
        for (number, area) in (0u32..).zip(AREAS) {
            for line in reader.reconcile(0, number).unwrap() {
                let person = line.person.map(|id| usize::from(id.0[0]) - 100);
                let door = usize::from(line.door.id.0[0]) - 1;
                prop_assert!(stored.insert((line.kind.as_str(), person, door)), "twice in {}", area.0);
            }
            for door in reader.doors(0, number).unwrap() {
                let index = usize::from(door.id.0[0]) - 1;
                prop_assert_eq!(AREAS[script.area[&index]].0, area.0);
                if door.reason().is_some() {
                    unreached.insert(index);
                }
            }
        }
        prop_assert_eq!(&stored, &lines);
        let missing: BTreeSet<usize> =
            script.area.keys().copied().filter(|door| !script.accounted(*door, &home_of)).collect();
        prop_assert_eq!(&unreached, &missing);
        let mut waiting = BTreeSet::new();
        for person in &script.known {
            for proposal in reader.proposals(person_id(*person)).unwrap() {
                let [from, to] = [proposal.person, proposal.candidate].map(|id| usize::from(id.0[0]) - 100);
                waiting.insert((from, to));
            }
        }
        prop_assert_eq!(&waiting, &script.open(&|person| homes.get(&person).copied().flatten()));
        let two: BTreeSet<(Id, Id)> = reader.every_two_people().unwrap().into_iter().collect();
        let declined = script.declined.iter().map(|(a, b)| (person_id(*a.min(b)), person_id(*a.max(b))));
        prop_assert_eq!(two, declined.collect::<BTreeSet<_>>());

        let mut plans = BTreeMap::new();
        let mut parts = BTreeSet::new();
        for (id, plan) in reader.plans(0).unwrap() {
            let number = usize::from(id.0[0]) - 200;
            plans.insert(number, (plan.area as usize, plan.stands()));
            for part in reader.plan_parts(id).unwrap() {
                parts.insert((number, usize::from(part.person.0[0]) - 100));
            }
        }
        prop_assert_eq!((&plans, &parts), (&script.plans, &script.parts));

        for (number, _) in (0u32..).zip(AREAS) {
            let within = |door: &usize| {
                let area = u32::try_from(script.area[door]).unwrap();
                reader.book().areas.is_within(area, number)
            };
            let count = |kinds: &[&str]| {
                let here = lines.iter().filter(|line| within(&line.2) && kinds.contains(&line.0));
                i64::try_from(here.count()).unwrap()
            };
            let doors: Vec<usize> = script.area.keys().copied().filter(within).collect();
            let coverage = reader.coverage(0, number).unwrap();
            prop_assert_eq!(coverage.dwellings, i64::try_from(doors.len()).unwrap());
            let residual = doors.iter().filter(|door| missing.contains(door)).count();
            prop_assert_eq!(coverage.residual, i64::try_from(residual).unwrap());
            prop_assert_eq!(coverage.accounted, coverage.dwellings - coverage.residual);
            let listed = ["confirmed", "moved", "away", "listed_dark", "unresolved"];
            prop_assert_eq!(coverage.persons_listed, count(&listed));
            prop_assert_eq!(coverage.persons_reached, count(&["confirmed", "moved"]));
            prop_assert_eq!(coverage.lit_unlisted, count(&["lit_unlisted"]));
            prop_assert_eq!(coverage.listed_dark, count(&["listed_dark"]));
            prop_assert_eq!(coverage.persons_away, count(&["away"]));

            // What programmes tell of the sweep is the sweep's own, with the same doors and people behind it.
            let today = day_of(NOW);
            let swept = reader.swept(0, number, (today - 2, today + 2), NOW).unwrap();
            prop_assert_eq!(&swept, &vec![(today, Swept::from(coverage))]);
            let (reached, to_reach) = (count(&["confirmed", "moved"]), count(&listed) - count(&["away"]));
            for (counted, numerator, denominator) in [
                (SweepCount::Accounted, coverage.accounted, coverage.dwellings),
                (SweepCount::Residual, coverage.residual, coverage.residual),
                (SweepCount::Reached, reached, to_reach),
            ] {
                let tally = swept[0].1.tally(counted);
                prop_assert_eq!(tally, Tally::whole(numerator, denominator), "{:?} in {}", counted, number);
            }
            for (counted, side, wanted) in [
                (SweepCount::Accounted, Side::Missed, doors_where(&doors, |door| missing.contains(door))),
                (SweepCount::Accounted, Side::Met, doors_where(&doors, |door| !missing.contains(door))),
                (SweepCount::Residual, Side::Met, doors_where(&doors, |door| missing.contains(door))),
                (SweepCount::Residual, Side::Missed, BTreeSet::new()),
                (SweepCount::Reached, Side::Met, people_where(&lines, &within, &["confirmed", "moved"])),
                (SweepCount::Reached, Side::Missed, people_where(&lines, &within, &["listed_dark", "unresolved"])),
                (SweepCount::Reached, Side::Unknown, BTreeSet::new()),
            ] {
                let mut found: Vec<(Id, Id)> = Vec::new();
                loop {
                    let after = found.last().map(|(subject, _)| *subject);
                    let page = reader.behind_sweep(counted, 0, number, side, after, 2).unwrap();
                    if page.is_empty() {
                        break;
                    }
                    found.extend(page.iter().map(|behind| (behind.subject.id(), behind.dwelling)));
                }
                prop_assert_eq!(found.len(), wanted.len(), "{:?} {:?} in {}", counted, side, number);
                prop_assert_eq!(BTreeSet::from_iter(found), wanted, "{:?} {:?} in {}", counted, side, number);
            }
        }
        for limit in [1, 3, 100] {
            let (mut after, mut doors) = (None, Vec::new());
            loop {
                let page = reader.residual_page(0, 0, &Wanted::default(), after, limit).unwrap();
                prop_assert!(page.rows.len() <= limit);
                doors.extend(page.rows.iter().map(|(_, door, _)| usize::from(door.id.0[0]) - 1));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            prop_assert_eq!(doors.len(), missing.len());
            prop_assert_eq!(&BTreeSet::from_iter(doors), &missing);
            // A page asked for again by where it begins and ends, and only what is written on a door.
            let whole = reader.residual_page(0, 0, &Wanted::default(), None, 1000).unwrap().rows;
            for begin in 0..whole.len() {
                let place = |at: usize| DoorPlace { area: whole[at].0, dwelling: whole[at].1.id };
                let end = (begin + limit).min(whole.len() - 1);
                let wanted = Wanted { until: Some(place(end)), ..Wanted::default() };
                let again = reader.residual_page(0, 0, &wanted, Some(place(begin)), 1000).unwrap();
                prop_assert_eq!(again.next, None);
                let ids = |rows: &[(u32, Door, Reason)]| rows.iter().map(|row| row.1.id).collect::<Vec<_>>();
                prop_assert_eq!(ids(&again.rows), ids(&whole[begin + 1..=end]));
            }
            let (mut after, mut paged) = (None, Vec::new());
            loop {
                let page = reader.reconcile_page(0, 0, None, after, limit).unwrap();
                paged.extend(page.rows.iter().map(key));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            prop_assert_eq!(paged.len(), lines.len());
            prop_assert_eq!(&BTreeSet::from_iter(paged), &lines);
            let (mut after, mut tasks) = (None, Vec::new());
            loop {
                let page = reader.task_page(0, 0, after, limit).unwrap();
                tasks.extend(page.rows.iter().map(|line| (line.due.clone(), key(line))));
                after = page.next;
                if after.is_none() {
                    break;
                }
            }
            prop_assert!(tasks.is_sorted_by_key(|(due, _)| domain::sweep::due_at(due).unwrap_or(i64::MAX)));
            let waiting = lines.iter().filter(|line| line.0 != "confirmed").count();
            prop_assert_eq!(tasks.len(), waiting);
        }
        drop(store);
        let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
        prop_assert_eq!(difference, None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_phone_that_pulls_now_and_then_has_what_a_new_one_gets(
        steps in prop::collection::vec((step(), any::<[bool; 3]>()), 1..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let (mut store, sweep) = new_store(&root);
        let mut reader = Reader::open(&root, None).unwrap();
        // A phone of the county, of a community, and of a grid within it.
        let mut phones = [(0, 0, Kept::new()), (1, 0, Kept::new()), (3, 0, Kept::new())];
        let mut script = Script::default();
        for (step, asks) in steps {
            let again = match step {
                Step::Register { door, .. } => script.area.get(&door).map(|area| (door, *area)),
                _ => None,
            };
            play_on(&mut store, sweep, &[step], &mut script);
            if let Some((door, area)) = again {
                // Another phone came upon the same door and gave it an id of its own.
                let body = registration(Id([u8::try_from(door + 50).unwrap(); 16]), area, door, false);
                store.write(NOW, |batch| batch.append(Id([9; 16]), body, None)).unwrap();
            }
            for ((area, after, kept), asks) in phones.iter_mut().zip(asks) {
                if asks {
                    *after = pull(&mut reader, *area, *after, kept);
                    prop_assert_eq!(&*kept, &everything(&mut reader, *area));
                }
            }
        }
        for (area, after, mut kept) in phones {
            pull(&mut reader, area, after, &mut kept);
            prop_assert_eq!(kept, everything(&mut reader, area));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_day_of_a_sweep_stays_as_it_stood_at_its_end(
        steps in prop::collection::vec((step(), 0..30i64), 1..40),
        closes in any::<bool>(),
    ) {
        const HOUR: i64 = 3_600_000;
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let (mut store, sweep) = new_store(&root);
        let mut reader = Reader::open(&root, None).unwrap();
        let (mut script, mut now) = (Script::default(), NOW);
        let mut wanted: [BTreeMap<i32, Swept>; 4] = Default::default();
        for (step, hours) in steps {
            let before = day_of(now);
            now += hours * HOUR;
            play_at(&mut store, sweep, &[step], &mut script, now);
            reader.refresh().unwrap();
            for (number, days) in (0u32..).zip(&mut wanted) {
                // A day on which nothing came stands as the one before it.
                let last = days.get(&before).copied().unwrap_or_default();
                days.extend((before..day_of(now)).map(|day| (day, last)));
                days.insert(day_of(now), reader.coverage(0, number).unwrap().into());
            }
        }
        if closes {
            store.write(now, |batch| batch.append(Id([9; 16]), Body::SweepClosed { sweep }, None)).unwrap();
            let late = [Step::Register { door: 0, area: 3, by_roster: true }, Step::List { person: 0, door: 0 }];
            play_at(&mut store, sweep, &late, &mut script, now + 48 * HOUR);
        }
        reader.refresh().unwrap();
        let span = (day_of(NOW) - 1, day_of(now));
        for (number, days) in (0u32..).zip(&wanted) {
            let found = reader.swept(0, number, span, now).unwrap();
            prop_assert_eq!(found, Vec::from_iter(days.clone()), "in {}", AREAS[number as usize].0);
            if closes {
                let later = reader.swept(0, number, (span.1 + 3, span.1 + 3), now + 96 * HOUR).unwrap();
                prop_assert_eq!(later, vec![(span.1 + 3, days[&span.1])], "as it was closed");
            }
        }
        drop(store);
        prop_assert_eq!(store::rebuild::check(&root, &mut |_| {}).unwrap().1, None);
    }
}

/// A phone that has a door learns that it is another area's now; one of the county keeps it.
#[test]
fn a_door_that_leaves_an_area_leaves_its_phone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let (mut store, sweep) = new_store(&root);
    let mut reader = Reader::open(&root, None).unwrap();
    let mut script = Script::default();
    let registered = Step::Register { door: 0, area: 1, by_roster: true };
    play_on(&mut store, sweep, &[registered], &mut script);
    let (mut county, mut own) = (Kept::new(), Kept::new());
    let after = pull(&mut reader, 1, 0, &mut own);
    pull(&mut reader, 0, 0, &mut county);
    assert_eq!((county.len(), own.len()), (1, 1));
    play_on(&mut store, sweep, &[Step::Move { door: 0, area: 2 }], &mut script);
    pull(&mut reader, 1, after, &mut own);
    pull(&mut reader, 0, after, &mut county);
    assert_eq!((county.len(), own.len()), (1, 0));
}

#[test]
fn a_door_that_one_of_her_ids_leaves_is_told_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let (mut store, sweep) = new_store(&root);
    let mut reader = Reader::open(&root, None).unwrap();
    let mut script = Script::default();
    let doors = [2, 0, 3].map(|door| Step::Register { door, area: 1, by_roster: false });
    let listed =
        [Step::List { person: 2, door: 2 }, Step::List { person: 5, door: 3 }, Step::Link { from: 5, to: 2 }];
    play_on(&mut store, sweep, &doors, &mut script);
    play_on(&mut store, sweep, &listed, &mut script);
    let mut kept = Kept::new();
    let after = pull(&mut reader, 1, 0, &mut kept);
    // She is counted at the second door, and named behind the third as well, until that list has her elsewhere.
    assert_eq!(kept[&door_id(3)].2.len(), 1);
    play_on(&mut store, sweep, &[Step::List { person: 5, door: 0 }], &mut script);
    pull(&mut reader, 1, after, &mut kept);
    assert_eq!(kept[&door_id(3)].2.len(), 0);
    assert_eq!(kept, everything(&mut reader, 1));
}

/// A call that reached a household reached those who were on its list by then, and nobody who is put on it afterwards.
#[test]
fn whoever_is_listed_after_the_call_is_still_to_be_found() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let (mut store, sweep) = new_store(&root);
    let mut reader = Reader::open(&root, None).unwrap();
    let mut script = Script::default();
    let visited = |at, outcome| Step::Visit { door: 0, at, outcome, light: 1, recheck: false };
    let [phone, no_answer] = [1, 2];
    let list = |person| Step::List { person, door: 0 };
    let mut play = |steps: &[Step]| {
        play_on(&mut store, sweep, steps, &mut script);
        reader.refresh().unwrap();
        let lines = reader.reconcile(0, 1).unwrap();
        let kinds: Vec<_> = lines.iter().map(|line| (key(line).1.unwrap(), line.kind.as_str())).collect();
        let coverage = reader.coverage(0, 1).unwrap();
        (kinds, (coverage.accounted, coverage.persons_reached, coverage.listed_dark))
    };
    let registered = Step::Register { door: 0, area: 1, by_roster: true };
    let (kinds, sum) = play(&[registered, list(0), list(1), visited(1, phone)]);
    assert_eq!((kinds, sum), (vec![(0, "confirmed"), (1, "confirmed")], (1, 2, 0)));
    let (kinds, sum) = play(&[list(2)]);
    assert_eq!(kinds, [(0, "confirmed"), (1, "confirmed"), (2, "listed_dark")]);
    assert_eq!(sum, (1, 2, 1));
    // Nobody opens: the others stay reached, and she keeps the door open.
    let (_, sum) = play(&[visited(2, no_answer)]);
    assert_eq!((sum.0, sum.1), (0, 2));
    // A call that is recorded after she was listed counts whole; taken back, what the first said is left.
    let (kinds, sum) = play(&[visited(3, phone)]);
    assert_eq!((kinds.iter().filter(|line| line.1 == "confirmed").count(), sum), (3, (1, 3, 0)));
    let (_, sum) = play(&[Step::TakeBack { nth: 2, facts: 1, elsewhere: false }]);
    assert_eq!((sum.0, sum.1), (0, 2));
    drop(store);
    assert_eq!(store::rebuild::check(&root, &mut |_| {}).unwrap().1, None);
}

#[test]
fn a_closed_sweep_keeps_its_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let (mut store, sweep) = new_store(&root);
    let steps = [
        Step::Register { door: 0, area: 1, by_roster: true },
        Step::Register { door: 1, area: 1, by_roster: true },
        Step::List { person: 0, door: 0 },
        Step::Visit { door: 0, at: 1, outcome: 3, light: 0, recheck: false },
    ];
    let mut script = play(&mut store, sweep, &steps);
    let actor = Id([9; 16]);
    let closing = Body::SignedOff { sweep, dwelling: door_id(1), reason: SignReason::Closing };
    store.write(NOW, |batch| batch.append(actor, closing, None)).unwrap();
    store.write(NOW, |batch| batch.append(actor, Body::SweepClosed { sweep }, None)).unwrap();
    let mut reader = Reader::open(&root, None).unwrap();
    let seen = |reader: &mut Reader| {
        let left: Vec<_> = reader
            .residual(0, 1)
            .unwrap()
            .into_iter()
            .map(|(door, why)| (door.id, why, door.round))
            .collect();
        let lines: Vec<_> = reader
            .reconcile(0, 1)
            .unwrap()
            .into_iter()
            .map(|line| (line.kind, line.person, line.door.id, line.due))
            .collect();
        let coverage = [0, 1, 3].map(|area| reader.coverage(0, area).unwrap());
        (left, lines, coverage)
    };
    let closed = seen(&mut reader);
    assert_eq!((closed.2[0].dwellings, closed.2[0].accounted, closed.2[0].listed_dark), (2, 1, 1));
    assert_eq!(closed.0.iter().map(|row| row.0).collect::<Vec<_>>(), [door_id(1)]);
    // What is said of it later, as a released visit is: known, and moving nothing.
    let late = [
        Step::Visit { door: 1, at: 40, outcome: 0, light: 1, recheck: false },
        Step::Visit { door: 0, at: 41, outcome: 2, light: 1, recheck: false },
        Step::See { person: 0, door: 0, at: 42 },
        Step::See { person: 5, door: 1, at: 43 },
        Step::Sign { door: 1 },
    ];
    play_on(&mut store, sweep, &late, &mut script);
    reader.refresh().unwrap();
    assert_eq!(seen(&mut reader), closed);
    let later = [
        Step::Register { door: 2, area: 1, by_roster: true },
        Step::List { person: 1, door: 0 },
        Step::Move { door: 0, area: 2 },
    ];
    play_on(&mut store, sweep, &later, &mut script);
    reader.refresh().unwrap();
    let now = seen(&mut reader);
    assert_eq!((&now.0, now.2), (&closed.0, closed.2), "numbers and the unreached stay as they were closed");
    assert_eq!(store.state().book().sweeps.len(), 1);
    drop(store);
    assert_eq!(store::rebuild::check(&root, &mut |_| {}).unwrap().1, None);
}
