//! Proving a directory while it is written to, and while people are erased from it: one moment of it holds.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::sync::atomic::{AtomicBool, Ordering};

use domain::area::Level;
use domain::fact::{Body, FoundBy, Place};
use domain::id::Id;
use domain::identity::Identity;
use ledger::seal::TerritoryKey;
use store::{Sealed, Store, erase, rebuild, verify};

const NOW: i64 = 1_582_000_000_000;
const ACTOR: Id = Id([9; 16]);
const DOOR: Id = Id([1; 16]);

/// Lists someone, and erases the one listed before her.
fn one_in_one_out(store: &mut Store, number: u64) {
    let person = store
        .write(NOW, |batch| {
            let person = batch.new_id()?;
            let who = Identity { phone: format!("{:011}", 10_000_000_000 + number), ..Identity::default() };
            let plain = who.encode();
            let sealed = Sealed { owner: person, plaintext: &plain, fresh: true };
            batch.append(ACTOR, Body::PersonRegistered { person, dwelling: DOOR }, Some(sealed))?;
            batch.put_tags(person, &who)?;
            Ok(person)
        })
        .unwrap();
    if number.is_multiple_of(2) {
        erase::erase(store, ACTOR, person, 0, NOW).unwrap();
    }
}

/// Ends the writer, also when something here fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn a_directory_is_proved_while_another_writes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = Store::create(&root, "test", TerritoryKey::from_bytes([7; 32]), NOW).unwrap();
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
            batch.append(ACTOR, door, None)
        })
        .unwrap();
    let done = AtomicBool::new(false);
    let sizes = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut number = 0;
            while !done.load(Ordering::Relaxed) {
                one_in_one_out(&mut store, number);
                number += 1;
            }
        });
        let stop = Stop(&done);
        let mut sizes = Vec::new();
        for _ in 0..25 {
            let proved = verify::verify(&root, None, true, &mut |_| {}).unwrap();
            sizes.push(proved.summary.size);
            assert_eq!(rebuild::check(&root, &mut |_| {}).unwrap().1, None);
        }
        drop(stop);
        writer.join().unwrap();
        sizes
    });
    assert!(sizes.first() < sizes.last(), "the other did write: {sizes:?}");
}
