//! Phones: they go offline, come back, send twice, out of order, with wrong clocks; nothing is lost or doubled.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use domain::admit::Quarantine;
use domain::area::Level;
use domain::fact::{Body, Fact, FoundBy, Light, Outcome, Place};
use domain::id::Id;
use domain::identity::Identity;
use ledger::envelope::{self, Commitment, Envelope};
use ledger::seal::{DataKey, TerritoryKey};
use ledger::series::DeviceKey;
use store::{PushRefused, Pushed, Reader, Receipt, Store};

const NOW: i64 = 1_582_000_000_000;
const SWEEP: Id = Id([77; 16]);
const DOOR: Id = Id([1; 16]);

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

    fn record(&mut self, at: i64, body: Body, identity: Option<(Id, &Identity)>) {
        let sequence = self.sent.len() as u64;
        let content = identity.map(|(owner, identity)| {
            let key = [3; 32];
            let plain = identity.encode();
            let sealed = ledger::seal::seal(
                &DataKey::from_bytes(key),
                &owner.0,
                &self.series.0,
                sequence,
                [4; 24],
                &plain,
            );
            (Commitment { owner: owner.0, digest: ledger::seal::digest(&sealed) }, sealed, key)
        });
        let envelope = Envelope {
            series: self.series.0,
            sequence,
            previous: self.head,
            payload: Fact { at, actor: self.series, body }.encode(),
            sealed: content.as_ref().map(|(commitment, ..)| commitment.clone()),
        }
        .encode();
        self.head = envelope::hash(&envelope);
        let (ciphertext, data_key) = match content {
            Some((_, sealed, key)) => (Some(sealed), Some(key)),
            None => (None, None),
        };
        self.sent.push(Pushed { envelope, ciphertext, data_key, impossible_number: false });
    }

    fn visit(&mut self, at: i64, dwelling: Id, outcome: Outcome) {
        let body = Body::Visited {
            sweep: SWEEP,
            dwelling,
            outcome,
            light: Light::Off,
            evidence: 0,
            recheck_on: None,
            occupants: None,
        };
        self.record(at, body, None);
    }

    fn push(&self, store: &mut Store, from: usize, to: usize) -> Result<Vec<Receipt>, PushRefused> {
        let facts = &self.sent[from..to];
        let last = envelope::hash(&facts.last().unwrap().envelope);
        let signature = self.key.sign_head(&self.series.0, to as u64 - 1, &last);
        store.write(NOW, |batch| batch.push(self.series, facts, &signature)).unwrap()
    }
}

fn territory(root: &std::path::Path, phones: &[&Phone]) -> Store {
    let mut store = Store::create(root, "test", TerritoryKey::from_bytes([7; 32]), NOW).unwrap();
    let actor = Id([9; 16]);
    store
        .write(NOW, |batch| {
            for (code, level, parent) in [("C", Level::County, None), ("A", Level::Community, Some("C"))] {
                let parent = parent.map(str::to_owned);
                batch.append(
                    actor,
                    Body::AreaRegistered { code: code.into(), name: code.into(), level, parent },
                    None,
                )?;
            }
            let door = Body::DwellingRegistered {
                dwelling: DOOR,
                area: "A".into(),
                building: "3栋".into(),
                unit: "2单元".into(),
                room: "402".into(),
                place: Place::Home,
                found_by: FoundBy::Roster,
            };
            batch.append(actor, door, None)?;
            let open = Body::SweepOpened {
                sweep: SWEEP,
                area: "C".into(),
                programme: "epidemic".into(),
                deadline: NOW,
            };
            batch.append(actor, open, None)?;
            for phone in phones {
                let enrol = Body::DeviceEnrolled {
                    series: phone.series,
                    public_key: phone.key.public(),
                    worker: phone.series,
                    role: 0,
                    area: "A".into(),
                };
                batch.append(actor, enrol, None)?;
            }
            Ok(())
        })
        .unwrap();
    store
}

fn verdicts(receipts: &[Receipt]) -> Vec<u64> {
    receipts.iter().map(|receipt| receipt.verdict).collect()
}

fn proved(root: &std::path::Path) {
    let report = store::verify::verify(root, None, true, &mut |_| {});
    assert!(report.is_ok(), "{report:?}");
}

#[test]
fn sent_twice_out_of_order_and_by_a_stranger() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(11);
    let mut store = territory(&root, &[&phone]);
    for outcome in [Outcome::NoAnswer, Outcome::NoAnswer, Outcome::Met] {
        phone.visit(NOW - 1000 + phone.sent.len() as i64, DOOR, outcome);
    }
    assert_eq!(phone.push(&mut store, 1, 3), Err(PushRefused::Gap { expected: 0 }));
    let first = phone.push(&mut store, 0, 2).unwrap();
    let size = store.size();
    let again = phone.push(&mut store, 0, 2).unwrap();
    assert!(again.iter().all(|receipt| receipt.duplicate));
    assert_eq!(store.size(), size, "a second send adds nothing");
    assert_eq!(
        first.iter().map(|r| r.position).collect::<Vec<_>>(),
        again.iter().map(|r| r.position).collect::<Vec<_>>()
    );
    let rest = phone.push(&mut store, 0, 3).unwrap();
    assert_eq!(rest.iter().map(|receipt| receipt.duplicate).collect::<Vec<_>>(), [true, true, false]);

    let mut stranger = Phone::new(12);
    stranger.visit(NOW, DOOR, Outcome::Refused);
    assert_eq!(stranger.push(&mut store, 0, 1), Err(PushRefused::UnknownDevice));
    let forged = [0; 64];
    let refused = store.write(NOW, |batch| batch.push(phone.series, &phone.sent, &forged)).unwrap();
    assert_eq!(refused, Err(PushRefused::BadSignature));

    let reader = Reader::open(&root, None).unwrap();
    assert_eq!(reader.coverage(0, 0).unwrap().accounted, 1);
    drop(store);
    proved(&root);
}

#[test]
fn a_clock_in_1970_loses_no_visit_and_overrules_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let (mut right, mut wrong) = (Phone::new(11), Phone::new(12));
    let mut store = territory(&root, &[&right, &wrong]);
    right.visit(NOW - 5000, DOOR, Outcome::NoAnswer);
    wrong.visit(12, DOOR, Outcome::Met);
    assert_eq!(verdicts(&wrong.push(&mut store, 0, 1).unwrap()), [0]);
    assert_eq!(verdicts(&right.push(&mut store, 0, 1).unwrap()), [0]);
    let door = Reader::open(&root, None).unwrap().door(0, DOOR).unwrap().unwrap();
    let visit = door.round.visit.unwrap();
    assert_eq!((visit.outcome, visit.stamp.at, door.round.visits), (Outcome::Met, NOW, 2));
    drop(store);
    proved(&root);
}

#[test]
fn what_cannot_count_yet_waits_and_can_be_released() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(11);
    let mut store = territory(&root, &[&phone]);
    phone.visit(NOW, Id([200; 16]), Outcome::Met);
    phone.visit(NOW, DOOR, Outcome::Away);
    let nobody = Body::PersonSeen { sweep: SWEEP, dwelling: DOOR, person: Id([50; 16]), by_phone: false };
    phone.record(NOW, nobody, None);
    phone.record(NOW, Body::DeviceRevoked { series: phone.series }, None);
    let receipts = phone.push(&mut store, 0, 4).unwrap();
    let reasons = [
        Quarantine::UnknownDwelling,
        Quarantine::RecheckMissing,
        Quarantine::UnknownPerson,
        Quarantine::OutsideRights,
    ];
    assert_eq!(verdicts(&receipts), reasons.map(|reason| reason as u64));
    let mut reader = Reader::open(&root, None).unwrap();
    assert!(reader.door(0, DOOR).unwrap().unwrap().round.visit.is_none());

    let release = Body::Released { series: phone.series, sequence: 1 };
    store.write(NOW, |batch| batch.append(Id([9; 16]), release, None)).unwrap();
    let door = reader.door(0, DOOR).unwrap().unwrap();
    assert_eq!(door.round.visit.map(|visit| visit.outcome), Some(Outcome::Away));

    // A restored copy of the phone goes another way from its second fact on.
    let mut copy = Phone::new(11);
    copy.visit(NOW, Id([200; 16]), Outcome::Met);
    copy.visit(NOW, DOOR, Outcome::Vacant);
    let receipts = copy.push(&mut store, 0, 2).unwrap();
    assert_eq!(receipts[1].quarantine(), Some(Quarantine::Fork));
    let size = store.size();
    assert!(copy.push(&mut store, 0, 2).unwrap()[1].duplicate);
    assert_eq!(store.size(), size);
    drop(store);
    proved(&root);
}

#[test]
fn someone_seen_in_a_fact_that_waited_is_recognised_when_it_is_released() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(11);
    let mut store = territory(&root, &[&phone]);
    let listed = Identity { name: "王东军".into(), phone: "10000000001".into(), ..Identity::default() };
    let person = Id([60; 16]);
    store
        .write(NOW, |batch| {
            let sealed = store::Sealed { owner: person, plaintext: &listed.encode(), fresh: true };
            batch.append(Id([9; 16]), Body::PersonRegistered { person, dwelling: DOOR }, Some(sealed))?;
            batch.put_tags(person, &listed)?;
            batch.append(Id([9; 16]), Body::DeviceRevoked { series: phone.series }, None)
        })
        .unwrap();
    let observed = Id([62; 16]);
    let seen = Body::PersonSeen { sweep: SWEEP, dwelling: DOOR, person: observed, by_phone: false };
    phone.record(NOW, seen, Some((observed, &listed)));
    let receipts = phone.push(&mut store, 0, 1).unwrap();
    assert_eq!(verdicts(&receipts), [Quarantine::DeviceRevoked as u64]);
    let numbers = |root: &std::path::Path| {
        let coverage = Reader::open(root, None).unwrap().coverage(0, 0).unwrap();
        (coverage.persons_reached, coverage.lit_unlisted)
    };
    assert_eq!(numbers(&root), (0, 0));
    let release = Body::Released { series: phone.series, sequence: 0 };
    store.write(NOW, |batch| batch.append(Id([9; 16]), release, None)).unwrap();
    assert_eq!(numbers(&root), (1, 0), "she is the one on the list, not a stranger");
    drop(store);
    proved(&root);
    let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
    assert_eq!(difference, None);
}

#[test]
fn someone_seen_is_recognised_and_a_known_door_keeps_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut phone = Phone::new(11);
    let mut store = territory(&root, &[&phone]);
    let listed = Identity { name: "王东军".into(), phone: "10000000001".into(), ..Identity::default() };
    let person = Id([60; 16]);
    store
        .write(NOW, |batch| {
            let sealed = store::Sealed { owner: person, plaintext: &listed.encode(), fresh: true };
            batch.append(Id([9; 16]), Body::PersonRegistered { person, dwelling: DOOR }, Some(sealed))?;
            batch.put_tags(person, &listed)
        })
        .unwrap();
    let (fresh_door, fresh_person) = (Id([61; 16]), Id([62; 16]));
    let register = Body::DwellingRegistered {
        dwelling: fresh_door,
        area: "A".into(),
        building: "3号楼".into(),
        unit: "02".into(),
        room: "402室".into(),
        place: Place::Home,
        found_by: FoundBy::Visit,
    };
    phone.record(NOW, register, None);
    let seen = Body::PersonSeen { sweep: SWEEP, dwelling: fresh_door, person: fresh_person, by_phone: false };
    let observed = Identity { name: "老王".into(), phone: "10000000001".into(), ..Identity::default() };
    phone.record(NOW, seen, Some((fresh_person, &observed)));
    assert_eq!(verdicts(&phone.push(&mut store, 0, 2).unwrap()), [0, 0]);
    let reader = Reader::open(&root, None).unwrap();
    let coverage = reader.coverage(0, 0).unwrap();
    assert_eq!((coverage.dwellings, coverage.persons_listed, coverage.persons_reached), (1, 1, 1));
    assert_eq!(coverage.lit_unlisted, 0);

    let mut damaged = Phone::new(11);
    damaged.sent = phone.sent;
    damaged.head = phone.head;
    let seen = Body::PersonSeen { sweep: SWEEP, dwelling: DOOR, person: Id([63; 16]), by_phone: false };
    damaged.record(NOW, seen, Some((Id([63; 16]), &observed)));
    damaged.sent[2].ciphertext = Some(vec![0; 80]);
    assert_eq!(verdicts(&damaged.push(&mut store, 2, 3).unwrap()), [Quarantine::ContentMismatch as u64]);
    drop(store);
    proved(&root);
}
