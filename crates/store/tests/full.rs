//! A file that may not grow any more, at every page of a batch: nothing is half done, and the same process goes on once
//! there is room.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use domain::area::Level;
use domain::fact::{Body, FoundBy, Place};
use domain::id::Id;
use domain::identity::Identity;
use ledger::seal::TerritoryKey;
use store::{Reader, Sealed, Store, verify};

const NOW: i64 = 1_582_000_000_000;
const ACTOR: Id = Id([9; 16]);

/// Lists so many people, each behind a door of her own.
fn list(store: &mut Store, people: u64) -> store::Result<()> {
    store.write(NOW, |batch| {
        for number in 0..people {
            let (dwelling, person) = (batch.new_id()?, batch.new_id()?);
            let door = Body::DwellingRegistered {
                dwelling,
                area: "A".into(),
                building: "3".into(),
                unit: "2".into(),
                room: dwelling.to_string(),
                place: Place::Home,
                found_by: FoundBy::Roster,
            };
            batch.append(ACTOR, door, None)?;
            let who = Identity { phone: format!("{:011}", 10_000_000_000 + number), ..Identity::default() };
            let plain = who.encode();
            let sealed = Sealed { owner: person, plaintext: &plain, fresh: true };
            batch.append(ACTOR, Body::PersonRegistered { person, dwelling }, Some(sealed))?;
            batch.put_tags(person, &who)?;
        }
        Ok(())
    })
}

fn may_grow_to(store: &mut Store, pages: i64) {
    let connection = store.state().connection();
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
}

#[test]
fn a_full_file_stops_a_batch_and_nothing_else() {
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
            batch.append(ACTOR, area, None)
        })
        .unwrap();
    let mut listed = 0;
    let mut refused = 0;
    for room in 0..60 {
        let pages: i64 =
            store.state().connection().pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        let before = (store.size(), store.checkpoint().to_owned());
        may_grow_to(&mut store, pages + room);
        match list(&mut store, 100) {
            Ok(()) => listed += 100,
            Err(error) => {
                refused += 1;
                assert!(error.to_string().contains("the disk is full"), "{error}");
                assert!(error.chinese().contains("磁盘已满"), "{}", error.chinese());
                assert_eq!((store.size(), store.checkpoint().to_owned()), before);
            }
        }
        may_grow_to(&mut store, i64::from(u32::MAX) - 1);
        // There is room again.
        list(&mut store, 1).unwrap();
        listed += 1;
        let coverage = Reader::open(&root, None).unwrap().coverage_of_all();
        assert_eq!(coverage, (listed, listed), "with room for {room} more pages");
    }
    assert!(refused > 20 && listed > 160, "{refused} refused, {listed} listed");
    let proved = verify::verify(&root, None, true, &mut |_| {});
    assert!(proved.is_ok(), "{proved:?}");
}

trait OfAll {
    fn coverage_of_all(self) -> (i64, i64);
}

impl OfAll for Reader {
    /// Doors and people in the one area, by its counter; there is no sweep.
    fn coverage_of_all(mut self) -> (i64, i64) {
        let connection = self.state().connection();
        let sql = "select dwellings, listed from area_count where area = 0";
        connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    }
}
