//! What every engine behind this crate has to hold, told over its public interface alone: a second one passes when this
//! file passes over it.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::path::Path;

use domain::area::Level;
use domain::fact::Body;
use domain::id::Id;
use domain::identity::Identity;
use ledger::seal::TerritoryKey;
use store::verify::{self, KeptHead};
use store::{Reader, Result, Sealed, Store, StoreError};

const NOW: i64 = 1_582_000_000_000;
const ACTOR: Id = Id([9; 16]);

fn key() -> TerritoryKey {
    TerritoryKey::from_bytes([7; 32])
}

fn area(code: &str) -> Body {
    Body::AreaRegistered { code: code.into(), name: code.into(), level: Level::County, parent: None }
}

fn append(store: &mut Store, code: &str) -> Result<u64> {
    store.write(NOW, |batch| batch.append(ACTOR, area(code), None))
}

fn areas(root: &Path) -> usize {
    Reader::open(root, None).unwrap().book().areas.len()
}

fn stopped() -> StoreError {
    StoreError::refused("stopped", "停止", "stopped")
}

#[test]
fn positions_are_dense_and_what_is_written_can_be_read_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = Store::create(&root, "test", key(), NOW).unwrap();
    let founded = store.size();
    for number in 0..5 {
        assert_eq!(append(&mut store, &format!("A{number}")).unwrap(), founded + number);
        assert_eq!(areas(&root) as u64, number + 1);
        assert_eq!(Reader::open(&root, None).unwrap().size().unwrap(), store.size());
    }
}

#[test]
fn a_batch_is_whole_or_nothing_and_nobody_sees_half_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = Store::create(&root, "test", key(), NOW).unwrap();
    let mut reader = Reader::open(&root, None).unwrap();
    let before = (store.size(), store.checkpoint().to_owned());
    let refused: Result<()> = store.write(NOW, |batch| {
        for number in 0..1000 {
            batch.append(ACTOR, area(&format!("A{number}")), None)?;
        }
        let plain = Identity::default().encode();
        let sealed = Sealed { owner: Id([5; 16]), plaintext: &plain, fresh: true };
        batch.append(
            ACTOR,
            Body::PersonRegistered { person: Id([5; 16]), dwelling: Id([6; 16]) },
            Some(sealed),
        )?;
        // Within the batch everything is there; outside nothing is.
        assert_eq!(batch.state().book_areas(), 1000);
        assert_eq!(reader.refresh()?, before.0);
        assert!(reader.book().areas.is_empty());
        Err(stopped())
    });
    assert!(refused.is_err());
    assert_eq!((store.size(), store.checkpoint().to_owned()), before);
    assert_eq!(areas(&root), 0);
    append(&mut store, "A").unwrap();
    drop(store);
    let store = Store::open(&root, key()).unwrap();
    assert_eq!(store.size(), before.0 + 1);
    assert!(verify::verify(&root, None, true, &mut |_| {}).is_ok());
}

trait BookAreas {
    fn book_areas(&self) -> usize;
}

impl BookAreas for store::views::Views {
    fn book_areas(&self) -> usize {
        use domain::state::State;
        self.book().areas.len()
    }
}

#[test]
fn a_batch_that_panics_is_as_one_that_was_refused() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = Store::create(&root, "test", key(), NOW).unwrap();
    let size = store.size();
    let broke = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.write(NOW, |batch| -> Result<()> {
            batch.append(ACTOR, area("A"), None)?;
            panic!("as a fault in a use-case would")
        })
    }));
    assert!(broke.is_err());
    append(&mut store, "B").unwrap();
    assert_eq!((store.size(), areas(&root)), (size + 1, 1));
    drop(store);
    assert!(verify::verify(&root, None, true, &mut |_| {}).is_ok());
}

#[test]
fn there_is_one_writer_and_the_next_one_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = Store::create(&root, "test", key(), NOW).unwrap();
    append(&mut store, "A").unwrap();
    assert!(matches!(Store::open(&root, key()), Err(StoreError::InUse(_))));
    assert!(matches!(Store::create(&root, "test", key(), NOW), Err(StoreError::AlreadyExists(_))));
    let (size, head) = (store.size(), store.checkpoint().to_owned());
    drop(store);
    assert!(matches!(Store::open(&root, TerritoryKey::from_bytes([8; 32])), Err(StoreError::WrongKey)));
    let mut store = Store::open(&root, key()).unwrap();
    assert_eq!((store.size(), store.checkpoint()), (size, head.as_str()));
    append(&mut store, "B").unwrap();
    // A head that was shown before still leads to what is there now.
    assert!(
        verify::verify(&root, Some(KeptHead { note: &head, from: "a phone" }), true, &mut |_| {}).is_ok()
    );
}

#[test]
fn a_reader_keeps_the_moment_it_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = Store::create(&root, "test", key(), NOW).unwrap();
    let mut reader = Reader::open(&root, None).unwrap();
    let (before, during) = reader
        .snapshot(true, |reader| {
            let before = reader.size().unwrap();
            append(&mut store, "A").unwrap();
            (before, reader.size().unwrap())
        })
        .unwrap();
    assert_eq!(before, during);
    assert_eq!(reader.refresh().unwrap(), before + 1);
    assert_eq!(reader.book().areas.len(), 1);
}

/// What a batch of people leaves behind, by which both ways of writing can be compared.
fn listed(bulk: bool, stop_at: Option<u64>) -> (tempfile::TempDir, Result<()>) {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::create(&folder.path().join("d"), "test", key(), NOW).unwrap();
    let outcome = store.write(NOW, |batch| {
        if bulk {
            batch.bulk()?;
        }
        for number in 0..3000 {
            let person = batch.new_id()?;
            let who =
                Identity { phone: format!("{:011}", 10_000_000_000u64 + number), ..Identity::default() };
            let plain = who.encode();
            let sealed = Sealed { owner: person, plaintext: &plain, fresh: true };
            batch.append(ACTOR, Body::PersonRegistered { person, dwelling: Id([6; 16]) }, Some(sealed))?;
            batch.put_tags(person, &who)?;
            if stop_at == Some(number) {
                return Err(stopped());
            }
            if number == 1500 {
                // Reading in the middle of it finds what was written before.
                assert_eq!(batch.identity(person)?, Some(who));
            }
        }
        Ok(())
    });
    if outcome.is_err() {
        append(&mut store, "A").unwrap();
    } else {
        for number in [0u64, 1499, 1500, 2999] {
            let phone = format!("{:011}", 10_000_000_000 + number);
            let found = store.write(NOW, |batch| batch.holders("phone", &phone)).unwrap();
            assert_eq!(found.len(), 1, "{phone}");
        }
    }
    drop(store);
    (folder, outcome)
}

#[test]
fn much_at_once_is_written_as_little_is() {
    for bulk in [false, true] {
        let (folder, outcome) = listed(bulk, None);
        outcome.unwrap();
        let proved = verify::verify(&folder.path().join("d"), None, true, &mut |_| {}).unwrap();
        assert_eq!((proved.summary.size, proved.summary.contents), (3002, 3000), "bulk {bulk}");
        for stop_at in [0, 1400, 2999] {
            let (folder, outcome) = listed(bulk, Some(stop_at));
            assert!(outcome.is_err());
            let proved = verify::verify(&folder.path().join("d"), None, true, &mut |_| {}).unwrap();
            assert_eq!(
                (proved.summary.size, proved.summary.contents),
                (3, 0),
                "bulk {bulk} stopped at {stop_at}"
            );
        }
    }
}
