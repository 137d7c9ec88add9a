//! A directory that an older program made is brought up to date when it is opened for writing, and is sound afterwards.

use domain::area::Level;
use domain::fact::Body;
use domain::id::Id;
use domain::identity::Identity;
use ledger::seal::TerritoryKey;
use rusqlite::{Connection, params};
use store::{Reader, Sealed, Store, verify};

const NOW: i64 = 1_582_000_000_000;

#[test]
fn the_first_schema_becomes_the_present_one() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let key = || TerritoryKey::from_bytes([7; 32]);
    let mut store = Store::create(&root, "test", key(), NOW).unwrap();
    let who = Identity { phone: "10000000001".into(), ..Identity::default() };
    store
        .write(NOW, |batch| {
            for number in 0..200 {
                let code = format!("A{number}");
                let area = Body::AreaRegistered {
                    code: code.clone(),
                    name: code,
                    level: Level::County,
                    parent: None,
                };
                batch.append(Id([9; 16]), area, None)?;
            }
            let person = batch.new_id()?;
            let plain = who.encode();
            let sealed = Sealed { owner: person, plaintext: &plain, fresh: true };
            batch.append(Id([9; 16]), Body::PersonRegistered { person, dwelling: person }, Some(sealed))?;
            batch.put_tags(person, &who)
        })
        .unwrap();
    drop(store);

    // As the first program laid it out: rows of 64 hashes, no tags by owner, views of its own version.
    let territory = Connection::open(root.join("territory-test.db")).unwrap();
    let hashes: Vec<u8> = {
        let mut read = territory.prepare("select hashes from nodes order by first").unwrap();
        let rows = read.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        rows.flat_map(Result::unwrap).collect()
    };
    territory.execute("delete from nodes", []).unwrap();
    for (row, block) in hashes.chunks(64 * 32).enumerate() {
        let first = i64::try_from(row * 64).unwrap();
        territory
            .execute("insert into nodes (first, hashes) values (?1, ?2)", params![first, block])
            .unwrap();
    }
    territory
        .execute_batch("update meta set value = 1 where name = 'views_version'; drop table pack; drop table submission; pragma user_version = 1;")
        .unwrap();
    let keys = Connection::open(root.join("keys-test.db")).unwrap();
    keys.execute_batch(
        "drop table owner_tag; drop table contribution; drop table indicator_sum; drop table indicator_value;
         drop table comparison; drop table changed; drop table change_sum;
         pragma user_version = 1;",
    )
    .unwrap();
    let vault = Connection::open(root.join("vault-test.db")).unwrap();
    vault.execute_batch("drop table meta; pragma user_version = 1;").unwrap();
    drop((territory, keys, vault));
    assert!(Reader::open(&root, None).is_err(), "a reader changes nothing, so it must refuse");

    let mut store = Store::open(&root, key()).unwrap();
    let found = store.write(NOW, |batch| batch.holders("phone", &who.phone)).unwrap();
    assert_eq!(found.len(), 1);
    store
        .write(NOW, |batch| {
            let area = Body::AreaRegistered {
                code: "B".into(),
                name: "B".into(),
                level: Level::County,
                parent: None,
            };
            batch.append(Id([9; 16]), area, None)
        })
        .unwrap();
    let proved = verify::verify(&root, None, true, &mut |_| {});
    assert!(proved.is_ok(), "{proved:?}");
    assert_eq!(store::erase::erase(&mut store, Id([9; 16]), found[0], 0, NOW).unwrap(), 1);
    let proved = verify::verify(&root, None, true, &mut |_| {});
    assert!(proved.is_ok(), "{proved:?}");
}
