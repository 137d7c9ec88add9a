//! Erased means gone: whatever is put back, whatever arrives later, whatever was noted at the door.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::path::{Path, PathBuf};

use domain::area::Level;
use domain::fact::{Body, Fact, FoundBy, Light, Outcome, Place};
use domain::id::Id;
use domain::identity::Identity;
use domain::note::VisitNote;
use ledger::envelope::{self, Commitment, Envelope};
use ledger::seal::{DataKey, TerritoryKey};
use ledger::series::DeviceKey;
use rusqlite::Connection;
use store::{Pushed, Reader, Sealed, Store, erase, verify};

const NOW: i64 = 1_582_000_000_000;
const ACTOR: Id = Id([9; 16]);
const SWEEP: Id = Id([77; 16]);
const DOOR: Id = Id([1; 16]);
const HER: Id = Id([60; 16]);
const PHONE: Id = Id([11; 16]);

fn key() -> TerritoryKey {
    TerritoryKey::from_bytes([7; 32])
}

fn phone_key() -> DeviceKey {
    DeviceKey::from_seed([11; 32])
}

fn her() -> Identity {
    Identity {
        name: "王东军".into(),
        id_number: "110101199003070011".into(),
        phone: "10000000001".into(),
        ..Identity::default()
    }
}

fn territory(root: &Path) -> Store {
    let mut store = Store::create(root, "test", key(), NOW).unwrap();
    store
        .write(NOW, |batch| {
            let area = Body::AreaRegistered {
                code: "A".into(),
                name: "A".into(),
                level: Level::County,
                parent: None,
            };
            batch.append(ACTOR, area, None)?;
            let door = Body::DwellingRegistered {
                dwelling: DOOR,
                area: "A".into(),
                building: "3".into(),
                unit: "2".into(),
                room: "402".into(),
                place: Place::Home,
                found_by: FoundBy::Roster,
            };
            batch.append(ACTOR, door, None)?;
            let open = Body::SweepOpened {
                sweep: SWEEP,
                area: "A".into(),
                programme: "epidemic".into(),
                deadline: NOW,
            };
            batch.append(ACTOR, open, None)?;
            let enrol = Body::DeviceEnrolled {
                series: PHONE,
                public_key: phone_key().public(),
                worker: PHONE,
                role: 0,
                area: "A".into(),
            };
            batch.append(ACTOR, enrol, None)?;
            let plain = her().encode();
            let sealed = Sealed { owner: HER, plaintext: &plain, fresh: true };
            batch.append(ACTOR, Body::PersonRegistered { person: HER, dwelling: DOOR }, Some(sealed))?;
            batch.put_tags(HER, &her())
        })
        .unwrap();
    note(&mut store, "王东军说她去孝感");
    store
}

/// A visit with a note, typed in from paper.
fn note(store: &mut Store, text: &str) {
    let plain = VisitNote { note: text.into(), ..VisitNote::default() }.encode();
    let visit = visited();
    store
        .write(NOW, |batch| {
            let sealed = Sealed { owner: DOOR, plaintext: &plain, fresh: false };
            batch.append(ACTOR, visit, Some(sealed))
        })
        .unwrap();
}

fn visited() -> Body {
    Body::Visited {
        sweep: SWEEP,
        dwelling: DOOR,
        outcome: Outcome::Away,
        light: Light::Off,
        evidence: 0,
        recheck_on: Some(18_400),
        occupants: None,
    }
}

fn count(path: PathBuf, sql: &str) -> i64 {
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

fn keys(root: &Path) -> PathBuf {
    root.join("keys-test.db")
}

fn vault(root: &Path) -> PathBuf {
    root.join("vault-test.db")
}

fn found_by_number(store: &mut Store) -> usize {
    store.write(NOW, |batch| batch.holders("id_number", &her().id_number)).unwrap().len()
}

fn nothing_left(root: &Path) {
    let hers = "owner = x'3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c'";
    for table in ["tag", "owner_tag", "data_key"] {
        assert_eq!(count(keys(root), &format!("select count(*) from {table} where {hers}")), 0, "{table}");
    }
    assert_eq!(count(vault(root), &format!("select count(*) from content where {hers}")), 0);
    let proved = verify::verify(root, None, true, &mut |_| {});
    assert!(proved.is_ok(), "{proved:?}");
}

/// Copies a closed database with its log, if it has one.
fn copy(from: &Path, to: &Path) {
    for suffix in ["", "-wal"] {
        let name = |path: &Path| PathBuf::from(format!("{}{suffix}", path.display()));
        let _ = std::fs::remove_file(name(to));
        if name(from).exists() {
            std::fs::copy(name(from), name(to)).unwrap();
        }
    }
    let _ = std::fs::remove_file(format!("{}-shm", to.display()));
}

#[test]
fn an_old_copy_of_one_file_alone_brings_nothing_back() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    drop(territory(&root));
    let (old_keys, old_vault) = (folder.path().join("k"), folder.path().join("v"));
    copy(&keys(&root), &old_keys);
    copy(&vault(&root), &old_vault);
    let mut store = Store::open(&root, key()).unwrap();
    assert_eq!(found_by_number(&mut store), 1);
    assert_eq!(erase::erase(&mut store, ACTOR, HER, 0, NOW).unwrap(), 1);
    drop(store);
    nothing_left(&root);
    for (old, file) in [(&old_keys, keys(&root)), (&old_vault, vault(&root))] {
        copy(old, &file);
        let finding = verify::verify(&root, None, false, &mut |_| {}).unwrap_err();
        assert!(finding.en.contains("is erased") && finding.zh.contains("已删除"), "{finding:?}");
        drop(Store::open(&root, key()).unwrap());
        nothing_left(&root);
    }
}

#[test]
fn what_a_phone_still_sends_of_her_is_dropped_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = territory(&root);
    erase::erase(&mut store, ACTOR, HER, 0, NOW).unwrap();
    let mut facts = Vec::new();
    let mut previous = [0; 32];
    // One about the sweep, one about a sweep that nobody knows: that one waits for another reason.
    for (sequence, sweep) in [(0, SWEEP), (1, Id([78; 16]))] {
        let sealed = ledger::seal::seal(
            &DataKey::from_bytes([3; 32]),
            &HER.0,
            &PHONE.0,
            sequence,
            [4; 24],
            &her().encode(),
        );
        let body = Body::PersonSeen { sweep, dwelling: DOOR, person: HER, by_phone: false };
        let envelope = Envelope {
            series: PHONE.0,
            sequence,
            previous,
            payload: Fact { at: NOW, actor: PHONE, body }.encode(),
            sealed: Some(Commitment { owner: HER.0, digest: ledger::seal::digest(&sealed) }),
        }
        .encode();
        previous = envelope::hash(&envelope);
        facts.push(Pushed {
            envelope,
            ciphertext: Some(sealed),
            data_key: Some([3; 32]),
            impossible_number: false,
        });
    }
    let signature = phone_key().sign_head(&PHONE.0, 1, &previous);
    let receipts = store.write(NOW, |batch| batch.push(PHONE, &facts, &signature)).unwrap().unwrap();
    assert!(receipts.iter().all(|receipt| receipt.quarantine().is_some()));
    // The store is still open: no opening has cleaned up.
    nothing_left(&root);
}

#[test]
fn someone_whom_only_waiting_facts_name_can_be_erased() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = territory(&root);
    let stranger = Id([61; 16]);
    let sealed =
        ledger::seal::seal(&DataKey::from_bytes([3; 32]), &stranger.0, &PHONE.0, 0, [4; 24], &her().encode());
    let body = Body::PersonSeen { sweep: Id([78; 16]), dwelling: DOOR, person: stranger, by_phone: false };
    let envelope = Envelope {
        series: PHONE.0,
        sequence: 0,
        previous: [0; 32],
        payload: Fact { at: NOW, actor: PHONE, body }.encode(),
        sealed: Some(Commitment { owner: stranger.0, digest: ledger::seal::digest(&sealed) }),
    }
    .encode();
    let signature = phone_key().sign_head(&PHONE.0, 0, &envelope::hash(&envelope));
    let pushed =
        [Pushed { envelope, ciphertext: Some(sealed), data_key: Some([3; 32]), impossible_number: false }];
    store.write(NOW, |batch| batch.push(PHONE, &pushed, &signature)).unwrap().unwrap();
    let before = count(vault(&root), "select count(*) from content");
    erase::erase(&mut store, ACTOR, stranger, 0, NOW).unwrap();
    assert_eq!(count(vault(&root), "select count(*) from content"), before - 1);
    assert!(verify::verify(&root, None, true, &mut |_| {}).is_ok());
}

#[test]
fn what_was_noted_at_her_door_goes_with_her_and_later_notes_stay() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = territory(&root);
    let notes = "select count(*) from content where owner = x'01010101010101010101010101010101'";
    assert_eq!(count(vault(&root), notes), 1);
    let old = (folder.path().join("t"), folder.path().join("k"), folder.path().join("v"));
    drop(store);
    copy(&root.join("territory-test.db"), &old.0);
    copy(&keys(&root), &old.1);
    copy(&vault(&root), &old.2);
    store = Store::open(&root, key()).unwrap();
    erase::erase(&mut store, ACTOR, HER, 0, NOW + 5).unwrap();
    assert_eq!(count(vault(&root), notes), 0);
    nothing_left(&root);
    note(&mut store, "换了租客");
    assert_eq!(count(vault(&root), notes), 1);
    nothing_left(&root);

    assert_eq!(erase::erase_notes(&mut store, ACTOR, DOOR, 0, NOW + 6).unwrap(), 1);
    assert_eq!(
        erase::erase_notes(&mut store, ACTOR, DOOR, 0, NOW + 7).unwrap(),
        0,
        "nothing is left to erase"
    );
    assert_eq!(count(vault(&root), notes), 0);
    assert!(erase::erase_notes(&mut store, ACTOR, Id([99; 16]), 0, NOW).is_err());
    let mut reader = Reader::open(&root, None).unwrap();
    assert_eq!(reader.door(0, DOOR).unwrap().unwrap().round.visits, 2, "that she was visited stays");
    drop((store, reader));
    nothing_left(&root);

    // The whole directory as it was before both.
    copy(&old.0, &root.join("territory-test.db"));
    copy(&old.1, &keys(&root));
    copy(&old.2, &vault(&root));
    for _ in 0..2 {
        let store = Store::open(&root, key()).unwrap();
        assert_eq!(count(vault(&root), notes), 0);
        assert_eq!(store.size(), 2 + 4 + 2 + 3, "each line of the list became a fact once");
        drop(store);
        nothing_left(&root);
    }
}
