//! Lists of tasks, held against a plain look at every case.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeSet, HashSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

use domain::access::Role;
use domain::area::Level;
use domain::case::{Deed, Source, Subject};
use domain::fact::{Body, FoundBy, Place};
use domain::id::Id;
use domain::time::to_day;
use ledger::seal::TerritoryKey;
use programme::{Content, Files, archive};
use proptest::prelude::*;
use store::cases::{DueTask, RoleIn};
use store::packs::Publication;
use store::tasks::DuePlace;
use store::{Reader, Store, rebuild};

/// 2020-03-10 16:00 in China.
const NOW: i64 = 1_583_827_200_000;
const HOUR: i64 = 3_600_000;
const OFFICE: Id = Id([9; 16]);
/// A county, its two communities, two grids in each; by their numbers.
const AREAS: [(&str, Level, Option<usize>); 7] = [
    ("420102", Level::County, None),
    ("420102001001", Level::Community, Some(0)),
    ("420102001002", Level::Community, Some(0)),
    ("420102001001001", Level::Grid, Some(1)),
    ("420102001001002", Level::Grid, Some(1)),
    ("420102001002001", Level::Grid, Some(2)),
    ("420102001002002", Level::Grid, Some(2)),
];
const ROLES: [&str; 5] = ["grid_worker", "community_secretary", "doctor", "carer", "health_department"];
/// Pathways about households, with a step that their tasks change by.
const PATHWAYS: [(&str, &str, &str); 2] =
    [("need", "make_urgent", "grid_worker"), ("dependant", "carer_named", "community_secretary")];

static PACK: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programmes/epidemic");
    let mut files = Files::new();
    for folder in ["", "classes", "forms", "pathways"] {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                let inside = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.insert(inside, Content::Bytes(std::fs::read(&path).unwrap()));
            }
        }
    }
    archive::encode(&files).unwrap()
});

fn door(number: usize) -> Id {
    Id([u8::try_from(number).unwrap() + 100; 16])
}

fn within(area: usize, above: usize) -> bool {
    std::iter::successors(Some(area), |at| AREAS[*at].2).any(|at| at == above)
}

#[derive(Clone, Debug)]
enum Doing {
    Report { case: u8, pathway: usize, door: usize },
    Step { case: u8, pathway: usize },
    Move { door: usize, area: usize },
    Appoint { role: usize, area: usize },
    Enrol { number: u8, area: usize },
    Revoke { number: u8 },
}

fn doing() -> impl Strategy<Value = Doing> {
    prop_oneof![
        8 => (0..20_u8, 0..2_usize, 0..6_usize)
            .prop_map(|(case, pathway, door)| Doing::Report { case, pathway, door }),
        4 => (0..20_u8, 0..2_usize).prop_map(|(case, pathway)| Doing::Step { case, pathway }),
        2 => (0..6_usize, 0..7_usize).prop_map(|(door, area)| Doing::Move { door, area }),
        4 => (0..5_usize, 1..7_usize).prop_map(|(role, area)| Doing::Appoint { role, area }),
        1 => (0..4_u8, 0..7_usize).prop_map(|(number, area)| Doing::Enrol { number, area }),
        1 => (0..4_u8).prop_map(|number| Doing::Revoke { number }),
    ]
}

/// Where a role is held, as the facts of a test say it.
#[derive(Default)]
struct Held {
    appointed: Vec<(usize, usize)>,
    /// Of each phone, where; and which were revoked.
    enrolled: Vec<(u8, usize)>,
    revoked: HashSet<u8>,
}

impl Held {
    fn at(&self, role: &str, area: usize) -> bool {
        let appointed = self.appointed.iter().any(|(held, at)| ROLES[*held] == role && within(area, *at));
        appointed
            || (role == "grid_worker"
                && self
                    .enrolled
                    .iter()
                    .any(|(number, at)| !self.revoked.contains(number) && within(area, *at)))
    }
}

fn territory(root: &Path) -> Store {
    let mut store = Store::create(root, "test", TerritoryKey::from_bytes([7; 32]), NOW - 90 * HOUR).unwrap();
    store
        .write(NOW - 90 * HOUR, |batch| {
            for (code, level, parent) in AREAS {
                let parent = parent.map(|parent| AREAS[parent].0.to_owned());
                let (code, name) = (code.to_owned(), code.to_owned());
                batch.append(OFFICE, Body::AreaRegistered { name, code, level, parent }, None)?;
            }
            for number in 0..6 {
                let body = Body::DwellingRegistered {
                    dwelling: door(number),
                    area: AREAS[number + 1].0.into(),
                    building: "3".into(),
                    unit: String::new(),
                    room: number.to_string(),
                    place: Place::Home,
                    found_by: FoundBy::Roster,
                };
                batch.append(OFFICE, body, None)?;
            }
            let publication = Publication {
                programme: "epidemic",
                version: "2020-03",
                from: to_day("2020-03-01".parse().unwrap()),
                sunset: to_day("2020-12-31".parse().unwrap()),
                pack: &PACK,
            };
            batch.publish_programme(OFFICE, &publication)
        })
        .unwrap();
    store
}

fn body_of(doing: &Doing, held: &mut Held) -> Option<(Id, Body)> {
    let case_id = |case: u8| Id([case + 1; 16]);
    let by_office = |body| Some((OFFICE, body));
    match *doing {
        Doing::Report { case, pathway, door: number } => by_office(Body::CaseReported {
            case: case_id(case),
            programme: "epidemic".into(),
            version: "2020-03".into(),
            pathway: PATHWAYS[pathway].0.into(),
            subject: Subject::Dwelling(door(number)),
            dwelling: door(number),
            source: Source::Worker,
            rule: None,
            counted_from: None,
        }),
        Doing::Step { case, pathway } => {
            let (_, step, role) = PATHWAYS[pathway];
            let deed = Deed::Step { step: step.into(), overridden: true, counted_from: None };
            by_office(Body::CaseActed { case: case_id(case), turn: 0, role: role.into(), deed })
        }
        Doing::Move { door: number, area } => {
            by_office(Body::DwellingMoved { dwelling: door(number), area: AREAS[area].0.into() })
        }
        Doing::Appoint { role, area } => {
            // Whoever is appointed has a right, of a role that no task is of.
            held.appointed.retain(|(known, _)| *known != role);
            held.appointed.push((role, area));
            by_office(Body::Appointed {
                who: Id([200; 16]),
                programme: "epidemic".into(),
                role: ROLES[role].into(),
                area: Some(AREAS[area].0.into()),
            })
        }
        Doing::Enrol { number, area } => {
            if held.enrolled.iter().any(|(known, _)| *known == number) {
                return None;
            }
            held.enrolled.push((number, area));
            by_office(Body::DeviceEnrolled {
                series: Id([210 + number; 16]),
                public_key: [number; 32],
                worker: Id([220 + number; 16]),
                role: Role::GridWorker as u64,
                area: AREAS[area].0.into(),
            })
        }
        Doing::Revoke { number } => {
            let known = held.enrolled.iter().any(|(known, _)| *known == number);
            let body = Body::DeviceRevoked { series: Id([210 + number; 16]) };
            (known && held.revoked.insert(number)).then_some((OFFICE, body))
        }
    }
}

/// A line of a list: when it is due from the role, which task, and with which rank.
type Line = (i64, Id, String, u32);

/// What `due_tasks` promises, by a look at everything that is due of every case.
fn plain(
    reader: &mut Reader,
    cases: &[Id],
    roles: &[RoleIn],
    (now, until): (i64, i64),
    held: Option<&Held>,
) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for case in cases {
        let file = reader.case_file(*case).unwrap().unwrap();
        for (name, task) in reader.tasks_of(&file) {
            let (since, due) = (task.since.as_millisecond(), task.due.as_millisecond());
            let climbs =
                (0..).zip(&task.climbs_to).map(|(times, role)| (role, due + times * (due - since).max(1)));
            let ranks: Vec<_> = std::iter::once((&task.owner, due)).chain(climbs).collect();
            for mine in roles {
                let area = file.area as usize;
                if !within(area, mine.area as usize) {
                    continue;
                }
                for (rank, (role, at)) in (0..).zip(&ranks) {
                    let seen = if rank == 0 { *at <= until.max(now) } else { *at <= now };
                    if **role == mine.role && seen {
                        lines.push((*at, file.id, name.clone(), rank));
                    }
                }
                let first =
                    ranks.get(1).is_some_and(|(role, _)| **role == mine.role && mine.role != task.owner);
                if held.is_some_and(|held| first && !held.at(&task.owner, area)) && due > now && due <= until
                {
                    lines.push((due, file.id, name.clone(), 0));
                }
            }
        }
    }
    lines.sort();
    let mut seen = HashSet::new();
    lines.retain(|(_, case, task, _)| seen.insert((*case, task.clone())));
    lines
}

/// What nobody did in time in an area, of these roles as its owners, by the same look.
fn plain_late(
    reader: &mut Reader,
    cases: &[Id],
    area: usize,
    owners: &[(String, String)],
    now: i64,
) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for case in cases {
        let file = reader.case_file(*case).unwrap().unwrap();
        for (name, task) in reader.tasks_of(&file) {
            let due = task.due.as_millisecond();
            let owned = owners.iter().any(|(_, role)| *role == task.owner);
            if owned && due <= now && within(file.area as usize, area) {
                lines.push((due, file.id, name, 0));
            }
        }
    }
    lines.sort();
    lines
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_list_is_the_first_of_what_a_look_at_every_case_finds(
        script in prop::collection::vec((doing(), 0..80_i64), 1..60),
        asked in prop::collection::vec(
            (prop::collection::vec((0..5_usize, prop_oneof![3 => 0..3_u32, 2 => 3..7_u32]), 1..3), -80..20_i64, 0..40_i64, 1..9_usize), 40),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("d");
        let mut store = territory(&root);
        let mut held = Held::default();
        let granted = Body::GrantGiven { account: Id([200; 16]), role: Role::Auditor as u64, area: AREAS[0].0.into() };
        store.write(NOW - 89 * HOUR, |batch| batch.append(OFFICE, granted, None)).unwrap();
        for (doing, ago) in &script {
            if let Some((actor, body)) = body_of(doing, &mut held) {
                store.write(NOW - ago * HOUR, |batch| batch.append(actor, body, None)).unwrap();
            }
        }
        let mut reader = Reader::open(&root, Some(Arc::new(TerritoryKey::from_bytes([7; 32])))).unwrap();
        let mut cases = Vec::new();
        for number in 0..20 {
            if let Some(file) = reader.case_file(Id([number + 1; 16])).unwrap() && !cases.contains(&file.id) {
                cases.push(file.id);
            }
        }
        for (roles, now, ahead, limit) in asked {
            let owners: Vec<(String, String)> =
                roles.iter().map(|(role, _)| ("epidemic".to_owned(), ROLES[*role].to_owned())).collect();
            let owners: Vec<_> = owners.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
            let (area, at) = (roles[0].1, NOW + now * HOUR);
            let (mut late, mut after) = (Vec::<Line>::new(), None);
            loop {
                let page = reader.late_in(area, &owners, at, after.as_ref(), limit).unwrap();
                let ends = page.len() < limit;
                late.extend(page.into_iter().map(|task| (task.due, task.case, task.task, task.rank)));
                prop_assert!(late.len() <= 200, "the pages do not end");
                after = late.last().map(|(at, case, task, _)| DuePlace { at: *at, case: *case, task: task.clone() });
                if ends {
                    break;
                }
            }
            prop_assert_eq!(late, plain_late(&mut reader, &cases, area as usize, &owners, at));
            let roles: Vec<RoleIn> = roles.into_iter()
                .map(|(role, area)| RoleIn { programme: "epidemic".into(), role: ROLES[role].into(), area })
                .collect();
            let now = NOW + now * HOUR;
            let until = now + (ahead - 4) * HOUR;
            for held in [None, Some(&held)] {
                let told = |task: DueTask| (task.case, task.task, task.rank);
                let wanted = plain(&mut reader, &cases, &roles, (now, until), held);
                let wanted = wanted.into_iter().map(|(_, case, task, rank)| (case, task, rank));
                let (found, wanted): (Vec<_>, Vec<_>) = match held {
                    None => {
                        let found = reader.due_tasks(&roles, now, until, limit).unwrap();
                        (found.into_iter().map(told).collect(), wanted.take(limit).collect())
                    }
                    // Page after page: every task on one of them, and on one only.
                    Some(_) => {
                        let (mut found, mut after) = (Vec::new(), None);
                        loop {
                            let (page, next) =
                                reader.due_or_unheld_tasks(&roles, (now, until), after, limit).unwrap();
                            prop_assert!(next.is_none() || page.len() == limit);
                            found.extend(page.into_iter().map(told));
                            prop_assert!(found.len() <= 200, "the pages do not end");
                            after = next;
                            if after.is_none() {
                                break (found, wanted.collect());
                            }
                        }
                    }
                };
                prop_assert_eq!(found, wanted, "{:?} at {} until {}, held: {}", roles, now, until, held.is_some());
            }
        }
        drop((reader, store));
        let rebuilt = rebuild::check(&root, &mut |_| {}).unwrap().1;
        prop_assert!(rebuilt.is_none(), "{rebuilt:?}");
    }
}
