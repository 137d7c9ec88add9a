//! What indicators come to, held after every commit against a count of everyone from nothing (ADR 0020).
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use domain::area::Level;
use domain::case::Subject;
use domain::fact::Body;
use domain::id::Id;
use ledger::seal::TerritoryKey;
use programme::indicator::{Contribution, Contributions, Side, Tally};
use proptest::prelude::*;
use store::compared::InForce;
use store::indicators::{Behind, Counted};
use store::{Reader, Store};

const NOW: i64 = 1_583_827_200_000;
const OFFICE: Id = Id([9; 16]);
const FIRST_DAY: i32 = 18_331;
const PROGRAMMES: [&str; 2] = ["epidemic", "livelihood"];
const SHARE: &str = "share";
const MIDDLE: &str = "middle";
/// Of each area, what it lies in: a county, two communities, two grids in one of them.
const PARENTS: [Option<usize>; 5] = [None, Some(0), Some(0), Some(1), Some(1)];
const SUBJECTS: usize = 7;

/// The last two are doors.
fn subject(number: usize) -> Subject {
    let id = Id([u8::try_from(number).unwrap() + 1; 16]);
    if number < SUBJECTS - 2 { Subject::Person(id) } else { Subject::Dwelling(id) }
}

fn door(number: usize) -> Id {
    Id([u8::try_from(number).unwrap() + 101; 16])
}

fn within(area: usize, above: usize) -> bool {
    std::iter::successors(Some(area), |at| PARENTS[*at]).any(|at| at == above)
}

fn key() -> TerritoryKey {
    TerritoryKey::from_bytes([7; 32])
}

#[derive(Clone, Debug)]
enum Doing {
    /// What some are found to add, and where: an answer came in, a case changed, a door moved.
    Count(Vec<(usize, usize, usize, Contributions)>),
    Erase(usize),
    NextDay,
    OtherVersion,
    Reopen,
}

fn added() -> impl Strategy<Value = Contributions> {
    let one = |numerator, value, unknown| Contribution { numerator, denominator: 1_000, value, unknown };
    let share = prop_oneof![
        2 => Just(None),
        3 => Just(Some(one(1_000, None, false))),
        2 => (0..1_000_i64).prop_map(move |part| Some(one(part, None, false))),
        1 => Just(Some(one(0, None, true))),
        1 => Just(Some(Contribution::default())),
    ];
    let middle = prop_oneof![
        1 => Just(None),
        3 => (-3..4_i64).prop_map(move |value| Some(one(0, Some(value * 1_000), false))),
        1 => Just(Some(one(0, None, true))),
    ];
    (share, middle).prop_map(|(share, middle)| {
        let both = [(SHARE, share), (MIDDLE, middle)];
        both.into_iter().filter_map(|(id, added)| Some((id.to_owned(), added?))).collect()
    })
}

fn doing() -> impl Strategy<Value = Doing> {
    let counted = (0..SUBJECTS, 0..PROGRAMMES.len(), 0..PARENTS.len(), added());
    prop_oneof![
        8 => prop::collection::vec(counted, 1..6).prop_map(Doing::Count),
        1 => (0..SUBJECTS - 2).prop_map(Doing::Erase),
        1 => Just(Doing::NextDay),
        1 => Just(Doing::OtherVersion),
        1 => Just(Doing::Reopen),
    ]
}

fn territory(root: &Path) -> Store {
    let mut store = Store::create(root, "test", key(), NOW).unwrap();
    store
        .write(NOW, |batch| {
            for (number, parent) in PARENTS.iter().enumerate() {
                let level =
                    [Level::County, Level::Community, Level::Community, Level::Grid, Level::Grid][number];
                let code = format!("A{number}");
                let parent = parent.map(|parent| format!("A{parent}"));
                batch.append(
                    OFFICE,
                    Body::AreaRegistered { name: code.clone(), code, level, parent },
                    None,
                )?;
            }
            for number in 0..SUBJECTS {
                if let Subject::Person(person) = subject(number) {
                    batch.append(OFFICE, Body::PersonRegistered { person, dwelling: door(number) }, None)?;
                }
            }
            Ok(())
        })
        .unwrap();
    store
}

/// What was counted last, plainly.
#[derive(Default)]
struct Plain {
    /// Of a day that is counted: where each stands, and what it adds.
    now: BTreeMap<(usize, usize), (usize, Contributions)>,
    erased: BTreeSet<usize>,
    /// What days that are over came to, by programme, area and indicator.
    over: BTreeMap<(usize, usize, String), Vec<(i32, Tally)>>,
}

impl Plain {
    fn behind(&self, programme: usize, area: usize) -> impl Iterator<Item = (usize, &Contributions)> {
        let there = move |(_, of): &(usize, usize), at: usize| *of == programme && within(at, area);
        self.now
            .iter()
            .filter(move |(key, (at, _))| there(key, *at))
            .map(|((who, _), (_, added))| (*who, added))
    }

    /// What an indicator comes to, from nothing.
    fn tally(&self, programme: usize, area: usize, id: &str) -> Option<Tally> {
        let added: Vec<&Contribution> =
            self.behind(programme, area).filter_map(|(_, added)| added.get(id)).collect();
        let mut values: Vec<i64> = added.iter().filter_map(|added| added.value).collect();
        values.sort_unstable();
        // The least value that half of all do not exceed.
        let middle = (!values.is_empty()).then(|| (values[(values.len() - 1) / 2], 1));
        let sums = added.iter().fold((0, 0, 0), |(numerator, denominator, unknown), added| {
            (numerator + added.numerator, denominator + added.denominator, unknown + i64::from(added.unknown))
        });
        let (numerator, denominator, unknown) = sums;
        (sums != (0, 0, 0)).then(|| Tally::of(numerator, denominator, unknown, middle.into_iter().collect()))
    }

    fn each() -> impl Iterator<Item = (usize, usize, &'static str)> {
        let areas = |programme| (0..PARENTS.len()).map(move |area| (programme, area));
        let pairs = (0..PROGRAMMES.len()).flat_map(areas);
        pairs.flat_map(|(programme, area)| [SHARE, MIDDLE].map(|id| (programme, area, id)))
    }

    fn close(&mut self, day: i32) {
        for (programme, area, id) in Self::each() {
            if let Some(tally) = self.tally(programme, area, id) {
                self.over.entry((programme, area, id.to_owned())).or_default().push((day, tally));
            }
        }
        self.now.clear();
    }
}

fn compare(root: &Path, plain: &Plain, today: i32) -> Result<(), TestCaseError> {
    let reader = Reader::open(root, Some(Arc::new(key()))).unwrap();
    let numbered = |area: usize| u32::try_from(area).unwrap();
    let sums = |programme: usize, area: usize, id: &str| {
        let found = reader.tallies(PROGRAMMES[programme], numbered(area), (today, today)).unwrap();
        let tally = found.get(id).and_then(|days| days.first()).map(|(_, tally)| tally.clone());
        tally.map_or((0, 0, 0), |tally| (tally.thousandths().0, tally.thousandths().1, tally.unknown()))
    };
    for (programme, area, id) in Plain::each() {
        let found = reader.tallies(PROGRAMMES[programme], numbered(area), (FIRST_DAY, today)).unwrap();
        let mut wanted = plain.over.get(&(programme, area, id.to_owned())).cloned().unwrap_or_default();
        wanted.extend(plain.tally(programme, area, id).map(|tally| (today, tally)));
        prop_assert_eq!(
            found.get(id).cloned().unwrap_or_default(),
            wanted,
            "{} in {} of {}",
            id,
            area,
            programme
        );

        // An area is the sum of those in it and of what stands in none of them.
        let own = plain.now.iter().filter(|((_, of), (at, _))| *of == programme && *at == area);
        let own = own.filter_map(|(_, (_, added))| added.get(id));
        let mut together = own.fold((0, 0, 0), |sum, added| {
            (sum.0 + added.numerator, sum.1 + added.denominator, sum.2 + i64::from(added.unknown))
        });
        for child in (0..PARENTS.len()).filter(|child| PARENTS[*child] == Some(area)) {
            let below = sums(programme, child, id);
            together = (together.0 + below.0, together.1 + below.1, together.2 + below.2);
        }
        let here = sums(programme, area, id);
        prop_assert_eq!(here, together, "{} in {} and below", id, area);

        let mut listed = 0;
        for side in [Side::Met, Side::Missed, Side::Unknown] {
            let mut all: Vec<Behind> = Vec::new();
            loop {
                let after = all.last().map(|last| last.subject.id());
                let page = reader.behind(PROGRAMMES[programme], id, numbered(area), side, after, 2).unwrap();
                if page.is_empty() {
                    break;
                }
                prop_assert!(page.len() <= 2, "no more than was asked for");
                all.extend(page);
            }
            let of_side = plain.behind(programme, area);
            let of_side =
                of_side.filter(|(_, added)| added.get(id).is_some_and(|added| added.side() == side));
            let mut wanted: Vec<Behind> =
                of_side.map(|(who, _)| Behind { subject: subject(who), dwelling: door(who) }).collect();
            wanted.sort_unstable_by_key(|behind| behind.subject.id());
            listed += i64::try_from(all.len()).unwrap();
            prop_assert_eq!(all, wanted, "{:?} of {} in {}", side, id, area);
        }
        prop_assert_eq!(listed * 1_000, here.1, "met, missed and unknown are all that count in {}", id);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn figures_are_what_a_count_of_everyone_comes_to(script in prop::collection::vec(doing(), 1..20)) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("d");
        let mut store = territory(&root);
        let mut plain = Plain::default();
        let (mut today, mut version) = (FIRST_DAY, 1);
        let begin = |store: &mut Store, today: i32, version: i32| {
            let in_force =
                InForce { programme: "epidemic".into(), version: version.to_string(), before: None };
            store.begin_counting(today, &[in_force]).unwrap()
        };
        begin(&mut store, today, version);
        for doing in script {
            match doing {
                Doing::Count(counted) => {
                    let all: Vec<Counted> = counted.iter().map(|(who, programme, area, added)| Counted {
                        subject: subject(*who),
                        programme: PROGRAMMES[*programme].into(),
                        dwelling: door(*who),
                        area: u32::try_from(*area).unwrap(),
                        added: added.clone(),
                        changed: None,
                    }).collect();
                    store.count(1, false, &all).unwrap();
                    for (who, programme, area, added) in counted {
                        if plain.erased.contains(&who) {
                            continue;
                        }
                        plain.now.insert((who, programme), (area, added));
                    }
                }
                Doing::Erase(who) => {
                    if plain.erased.insert(who) {
                        store::erase::erase(&mut store, OFFICE, subject(who).id(), 0, NOW).unwrap();
                    }
                    plain.now.retain(|(known, _), _| *known != who);
                }
                Doing::NextDay => {
                    plain.close(today);
                    today += 1;
                    begin(&mut store, today, version);
                }
                // Everyone is looked at anew; until then what was counted stands.
                Doing::OtherVersion => {
                    version += 1;
                    prop_assert_eq!(begin(&mut store, today, version).position, 0);
                }
                Doing::Reopen => {
                    drop(store);
                    store = Store::open(&root, key()).unwrap();
                }
            }
            compare(&root, &plain, today)?;
        }
    }
}
