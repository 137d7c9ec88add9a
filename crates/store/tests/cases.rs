//! Cases through the ledger: whatever offline phones send, in whatever order, no limit is lost, no step runs twice, and
//! the views are what a rebuild makes of the facts.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use domain::access::Role;
use domain::admit::Quarantine;
use domain::area::Level;
use domain::case::{Deed, Source, Subject};
use domain::fact::{Body, Fact, FoundBy, Place};
use domain::id::Id;
use domain::time::to_day;
use ledger::envelope::{self, Commitment, Envelope};
use ledger::seal::{DataKey, TerritoryKey};
use ledger::series::DeviceKey;
use programme::answer::{self, Given};
use programme::{Content, Files, archive};
use proptest::prelude::*;
use store::cases::{RoleIn, ToTell};
use store::packs::Publication;
use store::{Pushed, Reader, Sealed, Store, rebuild, verify};

/// 2020-03-10 16:00 in China.
const NOW: i64 = 1_583_827_200_000;
const HOUR: i64 = 3_600_000;
const DOOR: Id = Id([1; 16]);
const WANG: Id = Id([2; 16]);
const OFFICE: Id = Id([9; 16]);
const CASE: Id = Id([40; 16]);
const DAY: i32 = 18_331;

static PACK: LazyLock<Vec<u8>> = LazyLock::new(|| archive::encode(&epidemic()).unwrap());

/// The programme, with its rule on clusters speaking of areas of each level.
static PACKS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let at = |level: &str| {
        let mut files = epidemic();
        let Some(Content::Bytes(rules)) = files.get_mut("rules.toml") else { panic!("it has rules") };
        let text = String::from_utf8(rules.clone()).unwrap();
        let (known, spoken) = ("level = \"grid\"", format!("level = \"{level}\""));
        let clusters = text.find("id = \"E-R08\"").unwrap();
        let place = clusters + text[clusters..].find(known).unwrap();
        let spoken = [&text[..place], &spoken, &text[place + known.len()..]].concat();
        *rules = spoken.into_bytes();
        archive::encode(&files).unwrap()
    };
    ["grid", "community", "township", "county"].map(at).into()
});

fn epidemic() -> Files {
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
    files
}

/// An enrolled phone; its worker has the phone's id.
struct Phone {
    series: Id,
    key: DeviceKey,
    sent: Vec<Pushed>,
    head: [u8; 32],
}

impl Phone {
    fn new(number: u8) -> Self {
        Self {
            series: Id([number; 16]),
            key: DeviceKey::from_seed([number; 32]),
            sent: Vec::new(),
            head: [0; 32],
        }
    }

    fn record(&mut self, at: i64, body: Body, answers: Option<(Id, &[(&str, Given)])>) {
        let sequence = self.sent.len() as u64;
        let content = answers.map(|(owner, answers)| {
            let given = answers.iter().map(|(name, given)| ((*name).to_owned(), given.clone())).collect();
            let key = DataKey::from_bytes([3; 32]);
            let plain = answer::encode(&given);
            let sealed = ledger::seal::seal(&key, &owner.0, &self.series.0, sequence, [4; 24], &plain);
            (Commitment { owner: owner.0, digest: ledger::seal::digest(&sealed) }, sealed)
        });
        let envelope = Envelope {
            series: self.series.0,
            sequence,
            previous: self.head,
            payload: Fact { at, actor: self.series, body }.encode(),
            sealed: content.as_ref().map(|(commitment, _)| commitment.clone()),
        }
        .encode();
        self.head = envelope::hash(&envelope);
        let ciphertext = content.map(|(_, sealed)| sealed);
        let data_key = ciphertext.as_ref().map(|_| [3; 32]);
        self.sent.push(Pushed { envelope, ciphertext, data_key, impossible_number: false });
    }

    fn push(&self, store: &mut Store, from: usize, to: usize) -> Vec<Option<Quarantine>> {
        let facts = &self.sent[from..to];
        let last = envelope::hash(&facts.last().unwrap().envelope);
        let signature = self.key.sign_head(&self.series.0, to as u64 - 1, &last);
        let receipts = store.write(NOW, |batch| batch.push(self.series, facts, &signature)).unwrap().unwrap();
        receipts.iter().map(store::Receipt::quarantine).collect()
    }

    fn push_all(&self, store: &mut Store) -> Vec<Option<Quarantine>> {
        self.push(store, 0, self.sent.len())
    }
}

fn territory(root: &Path, phones: &[&Phone]) -> Store {
    territory_with(root, phones, "420102002003")
}

/// Phones that work in an area.
fn territory_with(root: &Path, phones: &[&Phone], area: &str) -> Store {
    territory_under(root, phones, area, &PACK)
}

fn territory_under(root: &Path, phones: &[&Phone], area: &str, pack: &[u8]) -> Store {
    let mut store = Store::create(root, "test", TerritoryKey::from_bytes([7; 32]), NOW - HOUR).unwrap();
    store
        .write(NOW - HOUR, |batch| {
            let areas = [
                ("420102", Level::County, None),
                ("420102002003", Level::Community, Some("420102")),
                ("420102002004", Level::Community, Some("420102")),
            ];
            for (code, level, parent) in areas {
                let (code, parent) = (code.to_owned(), parent.map(str::to_owned));
                batch.append(
                    OFFICE,
                    Body::AreaRegistered { name: code.clone(), code, level, parent },
                    None,
                )?;
            }
            batch.append(
                OFFICE,
                Body::DwellingRegistered {
                    dwelling: DOOR,
                    area: "420102002003".into(),
                    building: "3".into(),
                    unit: "2".into(),
                    room: "402".into(),
                    place: Place::Home,
                    found_by: FoundBy::Roster,
                },
                None,
            )?;
            batch.append(OFFICE, Body::PersonRegistered { person: WANG, dwelling: DOOR }, None)?;
            for phone in phones {
                let body = Body::DeviceEnrolled {
                    series: phone.series,
                    public_key: phone.key.public(),
                    worker: phone.series,
                    role: Role::GridWorker as u64,
                    area: area.into(),
                };
                batch.append(OFFICE, body, None)?;
            }
            let publication = Publication {
                programme: "epidemic",
                version: "2020-03",
                from: to_day("2020-03-01".parse().unwrap()),
                sunset: to_day("2020-12-31".parse().unwrap()),
                pack,
            };
            batch.publish_programme(OFFICE, &publication)?;
            Ok(())
        })
        .unwrap();
    store
}

fn reported(case: Id, pathway: &str, subject: Subject) -> Body {
    Body::CaseReported {
        case,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        pathway: pathway.into(),
        subject,
        dwelling: DOOR,
        source: Source::Worker,
        rule: None,
        counted_from: None,
    }
}

fn acted(case: Id, turn: u64, role: &str, step: &str) -> Body {
    let deed = Deed::Step { step: step.into(), overridden: false, counted_from: None };
    Body::CaseActed { case, turn, role: role.into(), deed }
}

fn answered(subject: Subject, form: &str) -> Body {
    Body::Answered {
        subject,
        dwelling: DOOR,
        case: None,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        form: form.into(),
        on: DAY,
        replaces: None,
    }
}

fn text(text: &str) -> Given {
    Given::Text(text.into())
}

fn role(role: &str, area: u32) -> [RoleIn; 1] {
    [RoleIn { programme: "epidemic".into(), role: role.into(), area }]
}

fn sound(root: &Path) {
    let proved = verify::verify(root, None, true, &mut |_| {});
    assert!(proved.is_ok(), "{proved:?}");
}

fn keyed(root: &Path) -> Reader {
    Reader::open(root, Some(std::sync::Arc::new(TerritoryKey::from_bytes([7; 32])))).unwrap()
}

#[test]
fn a_step_is_taken_against_its_condition_with_a_reason_and_only_where_the_pack_allows_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(51);
    let mut store = territory(&root, &[&phone]);
    let against = |case: Id, step: &str| Body::CaseActed {
        case,
        turn: 0,
        role: "grid_worker".into(),
        deed: Deed::Step { step: step.into(), overridden: true, counted_from: None },
    };
    let why = [("why", text("照护人在路上"))];
    phone.record(NOW, reported(CASE, "observe_home", Subject::Person(WANG)), None);
    phone.record(NOW, reported(Id([41; 16]), "dependant", Subject::Dwelling(DOOR)), None);
    phone.record(NOW + 1, against(CASE, "told"), None);
    phone.record(NOW + 2, against(CASE, "told"), Some((WANG, &why)));
    phone.record(NOW + 3, against(Id([41; 16]), "carer_named"), Some((DOOR, &why)));
    let fails = Some(Quarantine::ConditionFails);
    assert_eq!(phone.push_all(&mut store), [None, None, fails, None, fails]);
    assert_eq!(keyed(&root).case_file(CASE).unwrap().unwrap().standing.ran.len(), 1);
    drop(store);
    sound(&root);
}

/// The carer who was met before is none once she is gone: the step asks for a form that was filled in since.
#[test]
fn a_step_that_asks_for_a_form_anew_takes_none_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(51);
    let mut store = territory(&root, &[&phone]);
    let met = [("cares", text("yes")), ("name", text("周敏")), ("seen_by", text("visit"))];
    let dwelling = Subject::Dwelling(DOOR);
    let step = |turn, step: &str| acted(CASE, turn, "grid_worker", step);
    phone.record(NOW - 1, answered(dwelling, "carer"), Some((DOOR, &met)));
    phone.record(NOW, reported(CASE, "dependant", dwelling), None);
    phone.record(NOW + 1, step(0, "carer_named"), None);
    phone.record(NOW + 2, answered(dwelling, "carer"), Some((DOOR, &met)));
    phone.record(NOW + 3, step(0, "carer_named"), None);
    phone.record(NOW + 4, step(1, "carer_gone"), None);
    phone.record(NOW + 5, step(2, "carer_named"), None);
    phone.record(NOW + 6, answered(dwelling, "carer"), Some((DOOR, &met)));
    phone.record(NOW + 7, step(2, "carer_named"), None);
    let fails = Some(Quarantine::ConditionFails);
    assert_eq!(phone.push_all(&mut store), [None, None, fails, None, None, None, fails, None, None]);
    let file = keyed(&root).case_file(CASE).unwrap().unwrap();
    assert_eq!((file.standing.state.as_str(), file.standing.ran.len()), ("cared", 3));
    drop(store);
    sound(&root);
}

#[test]
fn one_problem_reported_three_times_is_one_case_with_three_reporters() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let (mut one, mut two) = (Phone::new(51), Phone::new(52));
    let mut store = territory(&root, &[&one, &two]);
    one.record(NOW, reported(CASE, "dependant", Subject::Dwelling(DOOR)), None);
    two.record(NOW, reported(Id([41; 16]), "dependant", Subject::Dwelling(DOOR)), None);
    // Done about the case under the id that this phone knows it by.
    two.record(NOW + 1, acted(Id([41; 16]), 0, "grid_worker", "carer_named"), None);
    assert_eq!(one.push_all(&mut store), [None]);
    // The condition of the step is a named carer, seen at the door; nobody has written that down yet.
    assert_eq!(two.push_all(&mut store), [None, Some(Quarantine::ConditionFails)]);
    store
        .write(NOW, |batch| {
            batch.append(OFFICE, reported(Id([42; 16]), "dependant", Subject::Dwelling(DOOR)), None)
        })
        .unwrap();
    let mut reader = keyed(&root);
    let file = reader.case_file(Id([42; 16])).unwrap().unwrap();
    assert_eq!((file.id, file.reports.len()), (CASE, 3));
    assert_eq!(reader.due_tasks(&role("community_secretary", 1), NOW, NOW + 2 * HOUR, 9).unwrap().len(), 1);

    let mut three = Phone::new(51);
    three.sent.clone_from(&one.sent);
    three.head = one.head;
    let answers = [("cares", text("yes")), ("name", text("周敏")), ("seen_by", text("visit"))];
    let dwelling = Subject::Dwelling(DOOR);
    three.record(NOW + 2, answered(dwelling, "carer"), Some((DOOR, &answers)));
    three.record(NOW + 3, acted(CASE, 0, "grid_worker", "carer_named"), None);
    assert_eq!(three.push_all(&mut store), [None, None, None]);
    let file = keyed(&root).case_file(CASE).unwrap().unwrap();
    assert_eq!((file.standing.state.as_str(), file.standing.ran.len()), ("cared", 1));
    sound(&root);
}

/// What a program that is gone published, and this one cannot read, stops nothing but itself.
#[test]
fn a_pack_that_does_not_read_stops_only_what_rests_on_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(51);
    let mut store = territory(&root, &[&phone]);
    let dwelling = Subject::Dwelling(DOOR);
    let of_heat = |case| {
        let mut body = reported(case, "dependant", dwelling);
        if let Body::CaseReported { programme, .. } = &mut body {
            *programme = "heat".into();
        }
        body
    };
    let unread = Id([45; 16]);
    store
        .write(NOW, |batch| {
            let (from, sunset) = (DAY - 1, DAY + 100);
            let (programme, version) = ("heat", "2020-03");
            let publication = Publication { programme, version, from, sunset, pack: b"of another program" };
            batch.publish_programme(OFFICE, &publication)?;
            batch.append(OFFICE, of_heat(unread), None)
        })
        .unwrap();
    phone.record(NOW, of_heat(Id([46; 16])), None);
    phone.record(NOW, reported(CASE, "dependant", dwelling), None);
    assert_eq!(phone.push_all(&mut store), [Some(Quarantine::UnknownProgramme), None]);
    drop(store);
    for _ in 0..2 {
        let mut reader = keyed(&root);
        let secretary = role("community_secretary", 1);
        let tasks = reader.due_tasks(&secretary, NOW, NOW + 2 * HOUR, 9).unwrap();
        assert_eq!(tasks.iter().map(|task| task.case).collect::<Vec<_>>(), [CASE]);
        assert!(reader.case_file(CASE).unwrap().is_some());
        let refused = reader.case_file(unread).unwrap_err();
        let told = reader.unreadable_packs().unwrap();
        let digest: String = ledger::seal::digest(b"of another program")[..6]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        for (en, zh) in [(refused.to_string(), refused.chinese()), (told[0].en.clone(), told[0].zh.clone())] {
            for part in ["heat", "2020-03", digest.as_str(), "wanjia rebuild"] {
                assert!(en.contains(part) && zh.contains(part), "{part}: {en} {zh}");
            }
        }
        assert_eq!(told.len(), 1);
        drop(reader);
        sound(&root);
        rebuild::rebuild(&root, &mut |_| {}).unwrap();
    }
}

#[test]
fn answers_that_do_not_fit_wait_and_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(51);
    let mut store = territory(&root, &[&phone]);
    let wang = Subject::Person(WANG);
    let good = [
        ("slot", text("am")),
        ("temp_c", Given::Decimal(36.6)),
        ("symptom", Given::List(vec![text("none")])),
        ("told_by", text("self")),
    ];
    phone.record(NOW, answered(wang, "twice_daily"), Some((WANG, &good)));
    let cases: [&[(&str, Given)]; 4] = [
        &[("slot", text("midnight")), good[1].clone(), good[2].clone()],
        &[("slot", text("am")), ("temp_c", text("warm")), good[2].clone()],
        &[("slot", text("am"))],
        &[good[0].clone(), good[1].clone(), good[2].clone(), ("minzu", text("x"))],
    ];
    for answers in cases {
        phone.record(NOW, answered(wang, "twice_daily"), Some((WANG, answers)));
    }
    phone.record(NOW, answered(wang, "no_such_form"), Some((WANG, &good)));
    phone.record(NOW, answered(wang, "twice_daily"), None);
    phone.record(NOW, answered(wang, "twice_daily"), Some((DOOR, &good)));
    let mut old = answered(wang, "twice_daily");
    if let Body::Answered { version, .. } = &mut old {
        *version = "2020-01".into();
    }
    phone.record(NOW, old, Some((WANG, &good)));
    assert_eq!(
        phone.push_all(&mut store),
        [
            None,
            Some(Quarantine::AnswerMisfit),
            Some(Quarantine::AnswerMisfit),
            Some(Quarantine::AnswerMisfit),
            Some(Quarantine::AnswerMisfit),
            Some(Quarantine::UnknownProgramme),
            Some(Quarantine::ContentMismatch),
            Some(Quarantine::ContentMismatch),
            Some(Quarantine::UnknownProgramme),
        ]
    );
    let known = keyed(&root).known_of("epidemic", wang).unwrap();
    assert_eq!(known.situation().own.len(), 1);
    sound(&root);
}

#[test]
fn a_form_is_filled_in_only_by_the_roles_that_it_names() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(51);
    let mut store = territory(&root, &[&phone]);
    let answers = [("no_such_question", text("x"))];
    let mut fill = |store: &mut Store| {
        phone.record(NOW, answered(Subject::Person(WANG), "category"), Some((WANG, &answers)));
        let last = phone.sent.len();
        phone.push(store, last - 1, last)
    };
    // A category is a doctor's; the phone's worker is of the grid.
    assert_eq!(fill(&mut store), [Some(Quarantine::NotInRole)]);
    for (area, wanted) in [
        (Some("420102002004"), Quarantine::NotInRole),
        (Some("420102002003"), Quarantine::AnswerMisfit),
        (None, Quarantine::NotInRole),
    ] {
        let (who, role) = (Id([51; 16]), "doctor".into());
        let area = area.map(str::to_owned);
        let appointed = Body::Appointed { who, programme: "epidemic".into(), role, area };
        store.write(NOW, |batch| batch.append(OFFICE, appointed, None)).unwrap();
        assert_eq!(fill(&mut store), [Some(wanted)], "appointed there, a doctor is held to the form itself");
    }
    let (zh, en) = Quarantine::NotInRole.message();
    assert!(zh.contains("这张表") && en.contains("this form"), "{zh} {en}");
    sound(&root);
}

#[test]
fn a_limit_climbs_by_itself_and_is_noted_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(51);
    let mut store = territory(&root, &[&phone]);
    phone.record(NOW, reported(CASE, "dependant", Subject::Dwelling(DOOR)), None);
    assert_eq!(phone.push_all(&mut store), [None]);
    let reader = keyed(&root);
    let seen =
        |role_name: &str, now| reader.due_tasks(&role(role_name, 0), now, now + 24 * HOUR, 9).unwrap().len();
    assert_eq!((seen("community_secretary", NOW), seen("health_department", NOW)), (1, 0));
    // Two hours for a carer: the department sees it from the moment on at which it is due, and nothing ran for that.
    let due = NOW + 2 * HOUR;
    assert_eq!(seen("health_department", due - 1), 0);
    assert_eq!(seen("health_department", due), 1);
    let other = role("community_secretary", 2);
    assert!(
        reader.due_tasks(&other, due, due, 9).unwrap().is_empty(),
        "another community sees nothing of it"
    );

    let remind_at = NOW + 2 * HOUR * 8 / 10;
    assert!(reader.to_tell(remind_at - 1, 9).unwrap().is_empty());
    let task = || "leave:opened".to_owned();
    let to = |role: &str| ToTell { case: CASE, task: task(), role: role.into(), due };
    assert_eq!(reader.to_tell(due, 9).unwrap(), [to("community_secretary"), to("health_department")]);
    drop(reader);
    let climbed = Body::CaseClimbed { case: CASE, task: task(), role: "community_secretary".into(), due };
    store.write(due, |batch| batch.append(OFFICE, climbed, None)).unwrap();
    let mut reader = keyed(&root);
    assert_eq!(reader.to_tell(due, 9).unwrap(), [to("health_department")]);
    assert_eq!(reader.case_file(CASE).unwrap().unwrap().climbs.len(), 1);
    // What was told stays told, and the task is as due as before.
    assert_eq!(reader.due_tasks(&role("community_secretary", 1), due, due, 9).unwrap().len(), 1);
    sound(&root);
}

#[test]
fn a_step_is_taken_only_in_a_role_that_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(51);
    let mut store = territory(&root, &[&phone]);
    phone.record(NOW, reported(CASE, "fever", Subject::Person(WANG)), None);
    phone.record(NOW + 1, acted(CASE, 0, "doctor", "no_need"), None);
    phone.record(NOW + 2, acted(Id([99; 16]), 0, "grid_worker", "no_need"), None);
    assert_eq!(
        phone.push_all(&mut store),
        [None, Some(Quarantine::NotInRole), Some(Quarantine::UnknownCase)]
    );
    let appointed = |area: Option<&str>| Body::Appointed {
        who: Id([51; 16]),
        programme: "epidemic".into(),
        role: "doctor".into(),
        area: area.map(str::to_owned),
    };
    let sent = phone.sent.len();
    let mut tried = sent;
    for (area, wanted) in [
        (Some("420102002004"), Some(Quarantine::NotInRole)),
        (None, Some(Quarantine::NotInRole)),
        (Some("420102002003"), None),
    ] {
        store.write(NOW, |batch| batch.append(OFFICE, appointed(area), None)).unwrap();
        phone.record(NOW + 3, acted(CASE, 0, "doctor", "no_need"), None);
        assert_eq!(phone.push(&mut store, tried, tried + 1), [wanted]);
        tried += 1;
    }
    let mut reader = keyed(&root);
    assert_eq!(reader.case_file(CASE).unwrap().unwrap().standing.state, "excluded");
    assert!(reader.due_tasks(&role("doctor", 0), NOW, NOW + 24 * HOUR, 9).unwrap().is_empty());
    drop(reader);
    // It has ended: the same again is a new case.
    phone.record(NOW + 4, reported(Id([43; 16]), "fever", Subject::Person(WANG)), None);
    assert_eq!(phone.push(&mut store, tried, tried + 1), [None]);
    assert_eq!(keyed(&root).case_file(Id([43; 16])).unwrap().unwrap().id, Id([43; 16]));
    sound(&root);
}

#[test]
fn a_case_goes_with_its_door_and_is_gone_with_its_person() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(51);
    let mut store = territory(&root, &[&phone]);
    let good = [
        ("slot", text("am")),
        ("temp_c", Given::Decimal(38.6)),
        ("symptom", Given::List(vec![text("fever")])),
        ("told_by", text("self")),
    ];
    phone.record(NOW, answered(Subject::Person(WANG), "twice_daily"), Some((WANG, &good)));
    phone.record(NOW, reported(CASE, "fever", Subject::Person(WANG)), None);
    phone.push_all(&mut store);
    let tasks = |area| keyed(&root).due_tasks(&role("doctor", area), NOW, NOW + 24 * HOUR, 9).unwrap().len();
    assert_eq!((tasks(1), tasks(2)), (1, 0));
    let moved = Body::DwellingMoved { dwelling: DOOR, area: "420102002004".into() };
    store.write(NOW, |batch| batch.append(OFFICE, moved, None)).unwrap();
    assert_eq!((tasks(1), tasks(2)), (0, 1));
    sound(&root);
    store::erase::erase(&mut store, OFFICE, WANG, 0, NOW).unwrap();
    assert_eq!((tasks(1), tasks(2)), (0, 0));
    assert!(keyed(&root).case_file(CASE).unwrap().is_none());
    assert!(keyed(&root).known_of("epidemic", Subject::Person(WANG)).unwrap().situation().own.is_empty());
    sound(&root);
}

/// One who was offline ends the case before another, who was offline as well, meets the problem again: whichever of the two
/// comes first, the later report is a case of its own and the earlier one opens the first.
#[test]
fn what_is_met_after_an_end_that_comes_late_is_another_case() {
    for later_first in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("d");
        let mut phones = [Phone::new(51), Phone::new(52)];
        let mut store = territory_with(&root, &[&phones[0], &phones[1]], "420102");
        appoint_all(&mut store, &phones);
        let wang = Subject::Person(WANG);
        let (early, late) = (Id([61; 16]), Id([60; 16]));
        let report = |id| reported(id, "refusal", wang);
        phones[0].record(NOW - 5 * HOUR, report(early), None);
        phones[0].record(NOW - 4 * HOUR, acted(early, 0, "community_secretary", "drop"), None);
        phones[1].record(NOW - 3 * HOUR, report(late), None);
        phones[1].record(NOW - 2 * HOUR, acted(late, 0, "grid_worker", "attempt"), None);
        for phone in if later_first { [1, 0] } else { [0, 1] } {
            assert_eq!(phones[phone].push_all(&mut store), [None, None]);
        }
        let mut reader = keyed(&root);
        let (first, second) =
            (reader.case_file(early).unwrap().unwrap(), reader.case_file(late).unwrap().unwrap());
        assert_eq!((first.id, first.standing.state.as_str()), (early, "not_needed"));
        assert_eq!((second.id, second.standing.state.as_str(), second.events.len()), (late, "persuading", 1));
        assert_eq!((first.case.opened_at, second.case.opened_at), (NOW - 5 * HOUR, NOW - 3 * HOUR));
        assert_eq!(reader.due_tasks(&role("grid_worker", 0), NOW, i64::MAX, 9).unwrap().len(), 1);
        sound(&root);
    }
}

#[derive(Clone, Debug)]
enum Doing {
    /// Of this phone: a step of the pathway, after having seen so many steps fewer than it has.
    Act {
        phone: usize,
        step: usize,
        behind: u64,
        late: i64,
    },
    Offer {
        phone: usize,
    },
    Take {
        phone: usize,
    },
    /// This phone comes online: it sends what it has, and knows how far the case is.
    Meet {
        phone: usize,
    },
    /// The door is counted under another community.
    Move {
        community: usize,
    },
    /// The server is stopped without warning and started again.
    Kill,
}

const STEPS: [&str; 6] = ["refer", "arrive", "turn_away", "take_in", "no_need", "exclude"];
const PHONES: usize = 3;

fn doing() -> impl Strategy<Value = Doing> {
    let phone = 0..PHONES;
    prop_oneof![
        6 => (phone.clone(), 0..STEPS.len(), 0..2_u64, -50..50_i64)
            .prop_map(|(phone, step, behind, late)| Doing::Act { phone, step, behind, late }),
        1 => phone.clone().prop_map(|phone| Doing::Offer { phone }),
        1 => phone.clone().prop_map(|phone| Doing::Take { phone }),
        3 => phone.prop_map(|phone| Doing::Meet { phone }),
        1 => (0..2_usize).prop_map(|community| Doing::Move { community }),
        1 => Just(Doing::Kill),
    ]
}

/// What a phone that never meets another does about its own case: at which minute, and which step of the pathway; none is
/// that it reports the problem again.
type Alone = Vec<(i64, Option<usize>)>;

/// How the cases stand to which what phones did adds up when it comes in this order, without what only the arrival tells.
fn standing_after(alone: &[Alone], order: &[usize]) -> Result<Vec<String>, TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phones: Vec<Phone> = (51..51 + u8::try_from(alone.len()).unwrap()).map(Phone::new).collect();
    let mut store = territory_with(&root, &phones.iter().collect::<Vec<_>>(), "420102");
    appoint_all(&mut store, &phones);
    let mut ids = Vec::new();
    for (number, (phone, deeds)) in phones.iter_mut().zip(alone).enumerate() {
        let own = |times: usize| Id([u8::try_from(100 + 10 * number + times).unwrap(); 16]);
        let (mut case, mut turn) = (own(0), 0);
        phone.record(NOW - 3_000 * 60_000, reported(case, "fever", Subject::Person(WANG)), None);
        ids.push(case);
        for (minute, step) in deeds {
            let at = NOW - minute * 60_000;
            match step {
                Some(step) => {
                    let role = if step % 3 == 1 { "community_secretary" } else { "doctor" };
                    phone.record(at, acted(case, turn, role, STEPS[*step]), None);
                    turn += 1;
                }
                None => {
                    (case, turn) = (own(ids.len()), 0);
                    ids.push(case);
                    phone.record(at, reported(case, "fever", Subject::Person(WANG)), None);
                }
            }
        }
    }
    let mut sent = vec![0; phones.len()];
    let rest = (0..phones.len()).flat_map(|phone| std::iter::repeat_n(phone, 12));
    for phone in order.iter().map(|phone| phone % alone.len()).chain(rest) {
        if sent[phone] < phones[phone].sent.len() {
            let told = phones[phone].push(&mut store, sent[phone], sent[phone] + 1);
            prop_assert_eq!(told, [None]);
            sent[phone] += 1;
        }
    }
    let mut reader = keyed(&root);
    let mut found = Vec::new();
    for id in ids {
        let file = reader.case_file(id).unwrap().unwrap();
        let ended = file.pathway().unwrap().state(&file.standing.state).unwrap().duty.is_none();
        let tasks = reader.tasks_of(&file);
        prop_assert_eq!(tasks.is_empty(), ended, "what has not ended is due");
        let earliest = file.reports.iter().map(|report| report.at).min().unwrap();
        prop_assert_eq!(earliest, file.case.opened_at, "a limit runs from the first report");
        let since = file.standing.since.as_millisecond();
        let heard = file.reports.iter().all(|report| report.at == earliest || !ended || report.at < since);
        prop_assert!(heard, "no end swallows what was reported after it");
        let mut events: Vec<_> = file.events.iter().map(|event| (event.series, event.sequence)).collect();
        events.sort_unstable();
        found.push(format!("{id:?} {:?} {events:?} {:?}", file.id, file.standing));
    }
    drop((reader, store));
    let rebuilt = rebuild::check(&root, &mut |_| {}).unwrap().1;
    prop_assert!(rebuilt.is_none(), "{rebuilt:?}");
    Ok(found)
}

fn appoint_all(store: &mut Store, phones: &[Phone]) {
    let roles = ["doctor", "community_secretary", "health_department"];
    store
        .write(NOW, |batch| {
            for (phone, role) in phones.iter().flat_map(|phone| roles.map(|role| (phone, role))) {
                let body = Body::Appointed {
                    who: phone.series,
                    programme: "epidemic".into(),
                    role: role.into(),
                    area: Some("420102".into()),
                };
                batch.append(OFFICE, body, None)?;
            }
            Ok(())
        })
        .unwrap();
}

/// Everyone of these may act in every role of the fever pathway, so that the law of turns has to decide.
fn appoint(store: &mut Store, phones: &[Phone]) {
    appoint_all(store, phones);
    store
        .write(NOW, |batch| batch.append(OFFICE, reported(CASE, "fever", Subject::Person(WANG)), None))
        .unwrap();
}

proptest! {
    // Two territories each.
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn phones_that_never_meet_add_up_to_the_same_cases_in_whatever_order_they_come(
        alone in prop::collection::vec(prop::collection::vec((0..3_000_i64, prop::option::weighted(0.75, 0..5_usize)), 0..5), 1..4),
        one in prop::collection::vec(0..3_usize, 0..20),
        other in prop::collection::vec(0..3_usize, 0..20),
    ) {
        prop_assert_eq!(standing_after(&alone, &one)?, standing_after(&alone, &other)?);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_interleaving_of_offline_phones_loses_a_limit_or_runs_a_step_twice(
        script in prop::collection::vec(doing(), 1..25),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("d");
        let mut phones: Vec<Phone> = (51..54).map(Phone::new).collect();
        let mut store = territory_with(&root, &phones.iter().collect::<Vec<_>>(), "420102");
        appoint(&mut store, &phones);
        let mut reader = keyed(&root);
        let (mut sent, mut seen) = ([0; PHONES], [0_u64; PHONES]);
        let mut accepted = 0;
        let ends: Vec<Doing> = (0..PHONES).map(|phone| Doing::Meet { phone }).collect();
        for (moment, doing) in (0..).zip(script.iter().chain(&ends)) {
            let at = NOW + moment * 60_000;
            match doing {
                Doing::Act { phone, step, behind, late } => {
                    let turn = seen[*phone].saturating_sub(*behind);
                    let role = if STEPS[*step] == "turn_away" || STEPS[*step] == "arrive" { "community_secretary" } else { "doctor" };
                    phones[*phone].record(at + late * 1000, acted(CASE, turn, role, STEPS[*step]), None);
                }
                Doing::Offer { phone } => {
                    let deed = Deed::Offer { to: Id([52; 16]) };
                    let body = Body::CaseActed { case: CASE, turn: seen[*phone], role: "doctor".into(), deed };
                    phones[*phone].record(at, body, None);
                }
                Doing::Take { phone } => {
                    let body = Body::CaseActed { case: CASE, turn: seen[*phone], role: "doctor".into(), deed: Deed::Take };
                    phones[*phone].record(at, body, None);
                }
                Doing::Meet { phone } => {
                    let to = phones[*phone].sent.len();
                    if sent[*phone] < to {
                        // What was sent before is sent once more: its receipts may have been lost.
                        let from = sent[*phone].saturating_sub(1);
                        let told = phones[*phone].push(&mut store, from, to);
                        accepted += told.iter().skip(sent[*phone] - from).filter(|told| told.is_none()).count();
                        sent[*phone] = to;
                    }
                    reader.refresh().unwrap();
                    seen[*phone] = reader.case_file(CASE).unwrap().unwrap().standing.ran.len() as u64;
                }
                Doing::Move { community } => {
                    let area = ["420102002003", "420102002004"][*community].to_owned();
                    let moved = Body::DwellingMoved { dwelling: DOOR, area };
                    store.write(NOW, |batch| batch.append(OFFICE, moved, None)).unwrap();
                }
                Doing::Kill => {
                    drop(store);
                    store = Store::open(&root, TerritoryKey::from_bytes([7; 32])).unwrap();
                }
            }
        }
        reader.refresh().unwrap();
        let file = reader.case_file(CASE).unwrap().unwrap();
        prop_assert_eq!(file.events.len(), accepted, "nothing that was accepted is lost, nothing counts twice");
        let stamps: BTreeSet<_> = file.standing.ran.iter().map(|ran| (ran.stamp.series, ran.stamp.sequence)).collect();
        prop_assert_eq!(stamps.len(), file.standing.ran.len(), "no step runs twice");
        let turns: BTreeMap<u64, usize> = file.standing.ran.iter().filter_map(|ran| {
            let event = file.events.iter().find(|event| store::cases::stamp_of(event) == ran.stamp)?;
            Some(event.turn)
        }).fold(BTreeMap::new(), |mut turns, turn| { *turns.entry(turn).or_default() += 1; turns });
        prop_assert!(turns.values().all(|times| *times == 1), "of each turn one step runs");
        let ended = file.pathway().unwrap().state(&file.standing.state).unwrap().duty.is_none();
        let due: usize = ["doctor", "community_secretary", "health_department"].iter()
            .map(|name| reader.due_tasks(&role(name, 0), NOW, i64::MAX, 99).unwrap().iter().filter(|task| task.rank == 0).count())
            .sum();
        prop_assert_eq!(due == 0, ended, "what has not ended is due from someone");
        let steps = file.events.iter().filter(|event| matches!(event.deed, Deed::Step { .. })).count();
        prop_assert_eq!(
            steps,
            file.standing.ran.len() + file.standing.overtaken.len() + file.standing.ahead.len(),
            "what did not run is named"
        );
        drop((reader, store));
        let found = rebuild::check(&root, &mut |_| {}).unwrap().1;
        prop_assert!(found.is_none(), "{found:?}");
    }
}

/// What is done about where a case goes: by whoever has it, by whoever may receive it, and where she is listed.
#[derive(Clone, Debug)]
enum Passing {
    Send {
        to: Option<usize>,
    },
    Receive {
        area: usize,
    },
    Refuse {
        area: usize,
    },
    Recall,
    /// She is put on the list of a door: of the first community, of the second, or of its other door.
    Home {
        door: usize,
    },
    /// That other door is counted under a grid of the second community from now on.
    Grid,
    Step,
}

fn passing() -> impl Strategy<Value = Passing> {
    prop_oneof![
        3 => prop::option::of(0..2_usize).prop_map(|to| Passing::Send { to }),
        3 => (0..2_usize).prop_map(|area| Passing::Receive { area }),
        1 => (0..2_usize).prop_map(|area| Passing::Refuse { area }),
        1 => Just(Passing::Recall),
        2 => (0..3_usize).prop_map(|door| Passing::Home { door }),
        1 => Just(Passing::Grid),
        1 => Just(Passing::Step),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever is sent, received, refused and recalled, and wherever she is listed: what is due of the case is due in one community
    /// and no other at every moment, her limits are what they were, and a rebuild makes the same of it.
    #[test]
    fn a_case_that_is_handed_over_is_one_communitys_at_every_moment(script in prop::collection::vec(passing(), 1..14)) {
        const COMMUNITIES: [&str; 2] = ["420102002003", "420102002004"];
        const DOORS: [Id; 3] = [DOOR, Id([12; 16]), Id([13; 16])];
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("d");
        let mut store = territory(&root, &[]);
        let door = |number: usize| Body::DwellingRegistered {
            dwelling: DOORS[number],
            area: COMMUNITIES[1].into(),
            building: "1".into(),
            unit: "1".into(),
            room: format!("10{number}"),
            place: Place::Home,
            found_by: FoundBy::Roster,
        };
        let grid = Body::AreaRegistered {
            code: "420102002004-1".into(),
            name: "一网格".into(),
            level: Level::Grid,
            parent: Some(COMMUNITIES[1].into()),
        };
        let began = [grid, door(1), door(2), reported(CASE, "observe_home", Subject::Person(WANG))];
        let append = |store: &mut Store, at: i64, actor: Id, body: Body| {
            store.write(at, |batch| batch.append(actor, body, None)).unwrap();
        };
        for body in began {
            append(&mut store, NOW, OFFICE, body);
        }
        let told = Deed::Step { step: "told".into(), overridden: true, counted_from: Some(DAY) };
        append(&mut store, NOW, OFFICE, Body::CaseActed { case: CASE, turn: 0, role: "community_secretary".into(), deed: told });
        let mut reader = keyed(&root);
        let until = |reader: &mut Reader| {
            let file = reader.case_file(CASE).unwrap().unwrap();
            reader.tasks_of(&file).into_iter().find(|(_, task)| matches!(task.what, programme::case::What::Release { .. })).map(|(_, task)| task.due)
        };
        let (release, mut home) = (until(&mut reader), 0);
        prop_assert!(release.is_some());
        for (moment, passing) in (1..).zip(&script) {
            let at = NOW + moment * 60_000;
            let id = |area: usize| Id::of_area(COMMUNITIES[area]);
            // Whoever receives is another than whoever sends.
            let (actor, deed) = match passing {
                Passing::Send { to } => (OFFICE, Some(Deed::Send { to: to.map(id) })),
                Passing::Receive { area } => (Id([8; 16]), Some(Deed::Receive { area: id(*area) })),
                Passing::Refuse { area } => (Id([8; 16]), Some(Deed::Refuse { area: id(*area) })),
                Passing::Recall => (OFFICE, Some(Deed::Recall)),
                Passing::Step => (OFFICE, Some(Deed::Step { step: "symptom".into(), overridden: false, counted_from: None })),
                Passing::Home { .. } | Passing::Grid => (OFFICE, None),
            };
            let turn = reader.case_file(CASE).unwrap().unwrap().standing.ran.len() as u64;
            let body = match (deed, passing) {
                (Some(deed), _) => Body::CaseActed { case: CASE, turn, role: "community_secretary".into(), deed },
                (None, Passing::Home { door }) => {
                    home = *door;
                    Body::PersonRegistered { person: WANG, dwelling: DOORS[*door] }
                }
                _ => Body::DwellingMoved { dwelling: DOORS[2], area: "420102002004-1".into() },
            };
            append(&mut store, at, actor, body);
            reader.refresh().unwrap();
            let file = reader.case_file(CASE).unwrap().unwrap();
            let received = file.standing.received().map(|(area, _)| Id(area.to_be_bytes()));
            let owner = received.map_or(0, |area| usize::from(area == id(1)));
            let areas = &reader.book().areas;
            let own = areas.number(COMMUNITIES[owner]).unwrap();
            prop_assert!(areas.is_within(file.area, own), "{:?} {:?}", file.area, file.standing.passages);
            prop_assert_eq!(file.owners.last(), Some(&own));
            // At her home there, if she has one; until it is received, at the door where it began.
            let there = usize::from(home > 0) == owner;
            prop_assert_eq!(file.standing.unregistered, received.is_some() && !there);
            if received.is_some() && there {
                prop_assert_eq!(file.case.dwelling, DOORS[home]);
            }
            let listed: Vec<usize> = (0..2).filter(|community| {
                let area = reader.book().areas.number(COMMUNITIES[*community]).unwrap();
                ["grid_worker", "community_secretary", "doctor"].iter().any(|name| {
                    let list = RoleIn { programme: "epidemic".into(), role: (*name).into(), area };
                    reader.due_tasks(&[list], at, i64::MAX, 99).unwrap().iter().any(|task| task.case == CASE)
                })
            }).collect();
            prop_assert_eq!(listed, vec![owner], "whose lists it stands in");
            prop_assert_eq!(reader.open_cases(own, "epidemic").unwrap().len(), 1);
            prop_assert_eq!(until(&mut reader), release, "what she is held to ends when it did");
            let sent = file.standing.sent().and_then(|sent| sent.to).map(|to| Id(to.to_be_bytes()));
            for (community, code) in COMMUNITIES.iter().enumerate() {
                let number = reader.book().areas.number(code).unwrap();
                let waits = reader.cases_sent_to(number).unwrap();
                prop_assert_eq!(waits == vec![CASE], sent == Some(id(community)), "{:?}", waits);
            }
        }
        drop((reader, store));
        let found = rebuild::check(&root, &mut |_| {}).unwrap().1;
        prop_assert!(found.is_none(), "{found:?}");
    }
}

const OTHER_DOOR: Id = Id([11; 16]);
/// A county, its communities, the second in a street, and grids: of each its height, and what it lies in.
const PLACES: [(&str, Level, Option<usize>); 7] = [
    ("420102", Level::County, None),
    ("420102002003", Level::Community, Some(0)),
    ("420102002004", Level::Community, Some(0)),
    ("420102003", Level::Township, Some(0)),
    ("420102003001", Level::Community, Some(3)),
    ("420102002003-1", Level::Grid, Some(1)),
    ("420102002003-2", Level::Grid, Some(1)),
];

/// Where a door lies at a level: in an area of it, or else in the smallest above.
fn place_at(area: usize, level: Level) -> usize {
    let mut above = std::iter::successors(Some(area), |at| PLACES[*at].2);
    above.find(|at| PLACES[*at].1 <= level).unwrap()
}

/// Someone was referred at one of two doors, so many days ago, and was confirmed or excluded.
type Said = (u8, usize, i32, bool);

fn referred(store: &mut Store, (person, door, back, confirmed): Said) {
    let person = Id([60 + person; 16]);
    let body = Body::Answered {
        subject: Subject::Person(person),
        dwelling: [DOOR, OTHER_DOOR][door],
        case: None,
        programme: "epidemic".into(),
        version: "2020-03".into(),
        form: "referral".into(),
        on: DAY - back,
        replaces: None,
    };
    let text = |text: &str| Given::Text(text.to_owned());
    let answers = BTreeMap::from([
        ("reason".to_owned(), text("case")),
        ("moved_by".to_owned(), text("ambulance")),
        ("facility".to_owned(), text("定点医院")),
        ("left_on".to_owned(), text("2020-03-01")),
        ("result".to_owned(), text(if confirmed { "confirmed" } else { "excluded" })),
    ]);
    let plaintext = answer::encode(&answers);
    let sealed = Sealed { owner: person, plaintext: &plaintext, fresh: false };
    store.write(NOW, |batch| batch.append(OFFICE, body, Some(sealed))).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever came first, whoever is erased, of which level the rule speaks, and wherever a door is counted afterwards.
    #[test]
    fn an_area_is_judged_by_the_latest_of_each_of_its_people(
        said in prop::collection::vec((0..4_u8, 0..2_usize, 0..20_i32, any::<bool>()), 1..14),
        erased in prop::option::of(0..4_u8),
        moves in prop::collection::vec((0..14_usize, 0..2_usize, 1..PLACES.len()), 0..4),
        pack in 0..4_usize,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("d");
        let mut store = territory_under(&root, &[], "420102", &PACKS[pack]);
        store.write(NOW - HOUR, |batch| {
            for (code, level, parent) in PLACES.into_iter().skip(3) {
                let (code, parent) = (code.to_owned(), parent.map(|parent| PLACES[parent].0.to_owned()));
                batch.append(OFFICE, Body::AreaRegistered { name: code.clone(), code, level, parent }, None)?;
            }
            let (area, found_by) = (PLACES[2].0.to_owned(), FoundBy::Roster);
            let (building, unit, room) = ("1".into(), "1".into(), "101".into());
            let place = Place::Home;
            batch.append(OFFICE, Body::DwellingRegistered { dwelling: OTHER_DOOR, area, building, unit, room, place, found_by }, None)?;
            for person in 0..4 {
                batch.append(OFFICE, Body::PersonRegistered { person: Id([60 + person; 16]), dwelling: DOOR }, None)?;
            }
            Ok(())
        }).unwrap();
        let level = [Level::Grid, Level::Community, Level::Township, Level::County][pack];
        let mut at = [1, 2];
        let mut ever = BTreeSet::new();
        for (nth, one) in said.iter().enumerate() {
            for (_, door, area) in moves.iter().filter(|(before, ..)| *before == nth) {
                let moved = Body::DwellingMoved { dwelling: [DOOR, OTHER_DOOR][*door], area: PLACES[*area].0.into() };
                store.write(NOW, |batch| batch.append(OFFICE, moved, None)).unwrap();
                at[*door] = *area;
            }
            referred(&mut store, *one);
            let spoken: BTreeSet<usize> = said[..=nth].iter().map(|(_, door, ..)| *door).collect();
            ever.extend(spoken.into_iter().map(|door| place_at(at[door], level)));
        }
        if let Some(person) = erased {
            store::erase::erase(&mut store, OFFICE, Id([60 + person; 16]), 0, NOW).unwrap();
        }

        let mut reader = Reader::open(&root, Some(std::sync::Arc::new(TerritoryKey::from_bytes([7; 32])))).unwrap();
        let programme = reader.programme("epidemic", "2020-03").unwrap().unwrap();
        let rule = programme.rules.iter().find(|rule| rule.id.value == "E-R08").unwrap();
        let today = domain::time::from_day(DAY);
        for (number, (code, ..)) in PLACES.into_iter().enumerate() {
            let mut latest = BTreeMap::new();
            for (person, door, back, confirmed) in &said {
                if place_at(at[*door], level) == number && erased != Some(*person) {
                    // Of several of one day the last counts.
                    let known = latest.entry(*person).or_insert((*back, *confirmed));
                    if *back <= known.0 {
                        *known = (*back, *confirmed);
                    }
                }
            }
            let confirmed = latest.values().filter(|(back, confirmed)| *confirmed && *back < 14).count();
            let known = reader.known_of("epidemic", Subject::Area(Id::of_area(code))).unwrap();
            let parameters = programme.parameters.on(code, today);
            let flags = known.situations().iter().any(|(seen, situation)| {
                let judged = || programme::judge::judge(&rule.condition, situation, &parameters, today);
                rule.speaks().is_of(known.level, *seen) && matches!(judged(), programme::judge::Judgement::Flags(_))
            });
            prop_assert_eq!(flags, confirmed >= 2, "{} at {:?} {:?}", code, level, latest);
            let marked = reader.to_judge(0, 1_000).unwrap().iter().any(|(_, subject, _)| *subject == Subject::Area(Id::of_area(code)));
            prop_assert!(marked || !ever.contains(&number), "{} is judged anew", code);
        }
        drop((reader, store));
        let found = rebuild::check(&root, &mut |_| {}).unwrap().1;
        prop_assert!(found.is_none(), "{found:?}");
    }
}
