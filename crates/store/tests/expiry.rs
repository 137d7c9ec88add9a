//! Answers whose time is over are gone after that day's round, and no others: whatever comes in which order, whatever is cut
//! off, and whatever old copy is put back.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use domain::area::Level;
use domain::case::{Deed, Source, Subject};
use domain::fact::{Body, FoundBy, Place};
use domain::id::Id;
use domain::time::{Day, Millis, day_of, to_day};
use ledger::seal::TerritoryKey;
use programme::answer::{self, Given};
use programme::{Content, Files, archive};
use proptest::prelude::*;
use rusqlite::Connection;
use store::packs::Publication;
use store::{Reader, Sealed, Store, erase, expiry, verify};

/// 2020-03-10 16:00 in China.
const NOW: Millis = 1_583_827_200_000;
const DAY: Millis = 24 * 3_600_000;
const OFFICE: Id = Id([9; 16]);
/// In the order of `keep`: 14 days, case+14d, sweep+30d, programme.
const FORMS: [&str; 4] = ["asked", "need", "sweep_visit", "compound"];
const DOORS: usize = 3;
const SUNSET: Day = 18_331 + 60;

/// No form of the programme is kept until some days after a sweep.
const SWEEP_VISIT: &str = "\
| survey | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | class | purpose | readers | keep |
| | text | seen | 看到什么 | What was seen | operational | entry | grid_worker | sweep+30d |
| settings | | | | | | | |
| | form_id | form_title | title_en | version | default_language | subject | filled_by |
| | sweep_visit | 入户 | At the door | 2020-03 | 中文 (zh) | dwelling | grid_worker |
";

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
    files.insert("forms/sweep_visit.md".into(), Content::Bytes(SWEEP_VISIT.into()));
    archive::encode(&files).unwrap()
});

fn key() -> TerritoryKey {
    TerritoryKey::from_bytes([7; 32])
}

fn door(number: usize) -> Id {
    Id([u8::try_from(number).unwrap() + 1; 16])
}

fn publication(version: &str, sunset: Day) -> Publication<'_> {
    let from = to_day("2020-03-01".parse().unwrap());
    Publication { programme: "epidemic", version, from, sunset, pack: &PACK }
}

fn territory(root: &Path) -> Store {
    let mut store = Store::create(root, "test", key(), NOW).unwrap();
    store
        .write(NOW, |batch| {
            let areas = [("A", Level::County, None), ("A1", Level::Community, Some("A"))];
            for (code, level, parent) in areas {
                let (code, parent) = (code.to_owned(), parent.map(str::to_owned));
                batch.append(
                    OFFICE,
                    Body::AreaRegistered { name: code.clone(), code, level, parent },
                    None,
                )?;
            }
            for number in 0..DOORS {
                let body = Body::DwellingRegistered {
                    dwelling: door(number),
                    area: "A1".into(),
                    building: "3".into(),
                    unit: "2".into(),
                    room: number.to_string(),
                    place: Place::Home,
                    found_by: FoundBy::Roster,
                };
                batch.append(OFFICE, body, None)?;
            }
            batch.publish_programme(OFFICE, &publication("2020-03", SUNSET))?;
            Ok(())
        })
        .unwrap();
    store
}

fn answered(number: usize, form: &str, on: Day, case: Option<Id>) -> Body {
    Body::Answered {
        subject: Subject::Dwelling(door(number)),
        dwelling: door(number),
        case,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        form: form.into(),
        on,
        replaces: None,
    }
}

fn fill_in(store: &mut Store, now: Millis, body: Body) -> u64 {
    let Body::Answered { dwelling, .. } = &body else { unreachable!("only answers are filled in") };
    let owner = *dwelling;
    let given = [("compound".to_owned(), Given::Text("no".into()))].into();
    let plain = answer::encode(&given);
    store
        .write(now, |batch| {
            batch.append(OFFICE, body, Some(Sealed { owner, plaintext: &plain, fresh: false }))
        })
        .unwrap()
}

fn append(store: &mut Store, now: Millis, body: Body) {
    store.write(now, |batch| batch.append(OFFICE, body, None)).unwrap();
}

/// What a running server does once a day.
fn round(root: &Path, store: &mut Store, now: Millis) -> usize {
    let mut reader = Reader::open(root, None).unwrap();
    let (mut erased, mut from) = (0, expiry::Place::default());
    loop {
        let found = reader.past_due(day_of(now), from).unwrap();
        erased += erase::erase_answers(store, OFFICE, &found.forms, erase::OVER, now).unwrap();
        let Some(next) = found.next else { return erased };
        from = next;
    }
}

fn past_due(root: &Path, now: Millis) -> usize {
    Reader::open(root, None).unwrap().count_past_due(day_of(now)).unwrap()
}

/// The positions at which something is sealed.
fn sealed(root: &Path) -> BTreeSet<u64> {
    let vault = Connection::open(root.join("vault-test.db")).unwrap();
    let mut read = vault.prepare("select position from content").unwrap();
    read.query_map([], |row| row.get(0)).unwrap().collect::<rusqlite::Result<_>>().unwrap()
}

fn sound(root: &Path) {
    let proved = verify::verify(root, None, true, &mut |_| {});
    assert!(proved.is_ok(), "{proved:?}");
}

/// Copies every file of a folder over those of another.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for old in std::fs::read_dir(to).unwrap() {
        std::fs::remove_file(old.unwrap().path()).unwrap();
    }
    for file in std::fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[derive(Clone, Debug)]
enum Doing {
    Answer {
        door: usize,
        form: usize,
        ago: Day,
        /// Of the cases there have been, the one that it was for.
        case: Option<usize>,
    },
    /// The door's case is opened, or closed.
    Case(usize),
    /// The sweep is opened, or closed.
    Sweep,
    Pass(Day),
    Round,
    /// The day's round, cut off before the ciphertexts were deleted, or before the fact.
    CutOff {
        before_fact: bool,
    },
    /// The directory is as it was when it was last copied.
    Restore,
    Copy,
}

fn doing() -> impl Strategy<Value = Doing> {
    let case = proptest::option::of(0..6_usize);
    prop_oneof![
        8 => (0..DOORS, 0..FORMS.len(), 0..9, case)
            .prop_map(|(door, form, ago, case)| Doing::Answer { door, form, ago, case }),
        4 => (0..DOORS).prop_map(Doing::Case),
        2 => Just(Doing::Sweep),
        4 => (1..20).prop_map(Doing::Pass),
        3 => Just(Doing::Round),
        2 => any::<bool>().prop_map(|before_fact| Doing::CutOff { before_fact }),
        1 => Just(Doing::Copy),
        1 => Just(Doing::Restore),
    ]
}

#[derive(Clone, Debug)]
struct Answer {
    door: usize,
    form: usize,
    on: Day,
    case: Option<usize>,
    position: u64,
    gone: bool,
}

/// Of whom or what, from when, and until when.
#[derive(Clone, Debug)]
struct Span {
    door: usize,
    from: Day,
    until: Option<Day>,
}

/// What there is, plainly.
#[derive(Clone, Debug, Default)]
struct Plain {
    answers: Vec<Answer>,
    cases: Vec<Span>,
    sweeps: Vec<Span>,
}

impl Plain {
    fn is_over(&self, answer: &Answer, today: Day) -> bool {
        let since = |ended: Option<&Span>, days: Day| match ended {
            None => answer.on + days <= today,
            Some(span) => span.until.is_some_and(|until| until.max(answer.on) + days <= today),
        };
        match FORMS[answer.form] {
            "asked" => answer.on + 14 <= today,
            "need" => {
                let own = answer.case.and_then(|case| self.cases.get(case));
                since(own.or_else(|| self.cases.iter().rfind(|case| case.door == answer.door)), 14)
            }
            "sweep_visit" => {
                let during = |sweep: &&Span| {
                    sweep.from <= answer.on && sweep.until.is_none_or(|until| answer.on <= until)
                };
                let last =
                    self.sweeps.iter().filter(during).max_by_key(|sweep| sweep.until.unwrap_or(Day::MAX));
                since(last, 30)
            }
            _ => SUNSET <= today,
        }
    }

    fn forget(&mut self, today: Day) {
        let over: Vec<bool> = self.answers.iter().map(|answer| self.is_over(answer, today)).collect();
        for (answer, over) in self.answers.iter_mut().zip(over) {
            answer.gone |= over;
        }
    }

    fn there(&self) -> BTreeSet<u64> {
        self.answers.iter().filter(|answer| !answer.gone).map(|answer| answer.position).collect()
    }
}

fn case_id(number: usize) -> Id {
    Id([u8::try_from(number).unwrap() + 100; 16])
}

fn sweep_id(number: usize) -> Id {
    Id([u8::try_from(number).unwrap() + 200; 16])
}

fn run(all: Vec<Doing>) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let (root, spare, kept) = (folder.path().join("d"), folder.path().join("v"), folder.path().join("k"));
    let mut store = territory(&root);
    let mut plain = Plain::default();
    let mut backup: Option<Plain> = None;
    let mut now = NOW;
    for doing in all {
        now += 1_000;
        let today = day_of(now);
        match doing {
            Doing::Answer { door, form, ago, case } => {
                let on = today - ago;
                let case = case.filter(|case| *case < plain.cases.len());
                let body = answered(door, FORMS[form], on, case.map(case_id));
                let position = fill_in(&mut store, now, body);
                plain.answers.push(Answer { door, form, on, case, position, gone: false });
            }
            Doing::Case(number) => {
                let open = plain.cases.iter().rposition(|case| case.door == number && case.until.is_none());
                if let Some(open) = open {
                    let deed = Deed::Step { step: "decline".into(), overridden: false, counted_from: None };
                    let role = "community_secretary".into();
                    append(&mut store, now, Body::CaseActed { case: case_id(open), turn: 0, role, deed });
                    plain.cases[open].until = Some(today);
                } else {
                    let body = Body::CaseReported {
                        case: case_id(plain.cases.len()),
                        programme: "epidemic".into(),
                        version: "2020-03".into(),
                        pathway: "need".into(),
                        subject: Subject::Dwelling(door(number)),
                        dwelling: door(number),
                        source: Source::Worker,
                        rule: None,
                        counted_from: None,
                    };
                    append(&mut store, now, body);
                    plain.cases.push(Span { door: number, from: today, until: None });
                }
            }
            Doing::Sweep => {
                let number = plain.sweeps.len();
                if let Some(open) = plain.sweeps.last_mut().filter(|sweep| sweep.until.is_none()) {
                    append(&mut store, now, Body::SweepClosed { sweep: sweep_id(number - 1) });
                    open.until = Some(today);
                } else {
                    let (area, programme) = ("A".into(), "epidemic".into());
                    let body =
                        Body::SweepOpened { sweep: sweep_id(number), area, programme, deadline: now + DAY };
                    append(&mut store, now, body);
                    plain.sweeps.push(Span { door: 0, from: today, until: None });
                }
            }
            Doing::Pass(days) => now += Millis::from(days) * DAY,
            Doing::Round => {
                let before = plain.there().len();
                plain.forget(today);
                prop_assert_eq!(past_due(&root, now), before - plain.there().len());
                prop_assert_eq!(round(&root, &mut store, now), before - plain.there().len());
                prop_assert_eq!(past_due(&root, now), 0);
            }
            Doing::CutOff { before_fact } => {
                drop(store);
                copy(&root, &spare);
                store = Store::open(&root, key()).unwrap();
                round(&root, &mut store, now);
                plain.forget(today);
                drop(store);
                if before_fact {
                    // The list is all that is left of it.
                    copy(&spare, &root);
                } else {
                    std::fs::copy(spare.join("vault-test.db"), root.join("vault-test.db")).unwrap();
                }
                store = Store::open(&root, key()).unwrap();
            }
            Doing::Copy => {
                drop(store);
                copy(&root, &kept);
                backup = Some(plain.clone());
                store = Store::open(&root, key()).unwrap();
            }
            Doing::Restore => {
                let Some(old) = &backup else { continue };
                drop(store);
                copy(&kept, &root);
                let gone: BTreeSet<u64> =
                    plain.answers.iter().filter(|answer| answer.gone).map(|answer| answer.position).collect();
                plain = old.clone();
                for answer in &mut plain.answers {
                    answer.gone |= gone.contains(&answer.position);
                }
                store = Store::open(&root, key()).unwrap();
            }
        }
        prop_assert_eq!(sealed(&root), plain.there());
    }
    drop(store);
    sound(&root);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(6) })]

    #[test]
    fn what_is_over_is_gone_and_nothing_else(all in prop::collection::vec(doing(), 12..30)) {
        run(all)?;
    }
}

#[test]
fn what_was_filled_in_stays_and_its_answers_are_gone_for_every_reader() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = territory(&root);
    let today = day_of(NOW);
    let position = fill_in(&mut store, NOW, answered(0, "compound", today, None));
    fill_in(&mut store, NOW, answered(0, "asked", today, None));
    let later = NOW + 14 * DAY;
    assert_eq!(round(&root, &mut store, later - DAY), 0, "a day before");
    assert_eq!(round(&root, &mut store, later), 1);
    assert_eq!(round(&root, &mut store, later), 0, "it is done once");

    let mut reader = Reader::open(&root, Some(Arc::new(key()))).unwrap();
    let filled = reader.filled_about(Subject::Dwelling(door(0))).unwrap();
    let told: Vec<_> = filled.iter().map(|filled| (filled.form.as_str(), filled.erased_at)).collect();
    assert_eq!(told, [("compound", None), ("asked", Some(later))]);
    assert!(reader.record_of(&filled[1]).unwrap().is_none());
    assert_eq!(sealed(&root), [position].into());
    let waiting = reader.to_judge(0, 9).unwrap();
    assert!(waiting.iter().any(|(_, subject, _)| *subject == Subject::Dwelling(door(0))), "judged anew");
    drop((store, reader));
    sound(&root);

    // Bytes that come back into the vault are found, and go at the next opening.
    let vault = Connection::open(root.join("vault-test.db")).unwrap();
    vault
        .execute(
            "insert into content (owner, position, ciphertext) values (?1, ?2, x'00')",
            rusqlite::params![door(0).0, position + 1],
        )
        .unwrap();
    drop(vault);
    assert!(verify::verify(&root, None, true, &mut |_| {}).is_err());
}

#[test]
fn answers_that_are_gone_without_a_fact_are_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = territory(&root);
    let gone = fill_in(&mut store, NOW, answered(0, "asked", day_of(NOW), None));
    let taken = fill_in(&mut store, NOW, answered(0, "asked", day_of(NOW) + 1, None));
    round(&root, &mut store, NOW + 14 * DAY);
    assert_eq!(sealed(&root), [taken].into(), "and not the first, at {gone}");
    drop(store);
    let vault = Connection::open(root.join("vault-test.db")).unwrap();
    vault.execute("delete from content where position = ?1", [taken]).unwrap();
    drop(vault);
    let proved = verify::verify(&root, None, true, &mut |_| {});
    assert!(proved.unwrap_err().en.contains(&format!("position {taken}")));
}

#[test]
fn a_later_version_of_the_programme_carries_its_answers_on() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = territory(&root);
    fill_in(&mut store, NOW, answered(0, "compound", day_of(NOW), None));
    let at = |day: Day| NOW + Millis::from(day - day_of(NOW)) * DAY;
    assert_eq!(past_due(&root, at(SUNSET - 1)), 0);
    assert_eq!(past_due(&root, at(SUNSET)), 1);
    let later = publication("2020-05", SUNSET + 30);
    store.write(NOW, |batch| batch.publish_programme(OFFICE, &later).map(|_| ())).unwrap();
    assert_eq!(past_due(&root, at(SUNSET)), 0);
    assert_eq!(past_due(&root, at(SUNSET + 30)), 1);
}
