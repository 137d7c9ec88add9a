//! Rights are what the facts say, whatever is given and ended in whatever order, and a rebuild says the same.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;

use domain::access::{Action, Denied, Grant, Role, Scope, decide, may};
use domain::area::Level;
use domain::fact::Body;
use domain::id::Id;
use domain::state::State;
use ledger::seal::TerritoryKey;
use proptest::prelude::*;
use store::{Reader, Store};

const NOW: i64 = 1_582_000_000_000;
const ACTOR: Id = Id([9; 16]);
const AREAS: [&str; 3] = ["C", "A", "B"];

fn new_store(root: &std::path::Path) -> Store {
    let mut store = Store::create(root, "test", TerritoryKey::from_bytes([7; 32]), NOW).unwrap();
    store
        .write(NOW, |batch| {
            for code in AREAS {
                let (level, parent) =
                    if code == "C" { (Level::County, None) } else { (Level::Community, Some("C".into())) };
                let body = Body::AreaRegistered { code: code.into(), name: code.into(), level, parent };
                batch.append(ACTOR, body, None)?;
            }
            Ok(())
        })
        .unwrap();
    store
}

#[derive(Clone, Debug)]
enum Step {
    Give { account: u8, role: u64, area: usize },
    End { account: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4u8, 0..10u64, 0..4usize).prop_map(|(account, role, area)| Step::Give { account, role, area }),
        1 => (0..4u8).prop_map(|account| Step::End { account }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn the_newest_grant_holds_until_it_is_ended(steps in prop::collection::vec(step(), 1..30)) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("data");
        let mut store = new_store(&root);
        let mut model: BTreeMap<u8, Option<Grant>> = BTreeMap::new();
        store.write(NOW, |batch| {
            for step in &steps {
                let (account, body) = match step {
                    Step::Give { account, role, area } => {
                        // The fourth area is one that nobody registered.
                        let known = AREAS.get(*area).map(|_| u32::try_from(*area).unwrap());
                        model.insert(*account, known.map(|area| Grant { role: *role, area }));
                        let area = AREAS.get(*area).copied().unwrap_or("X").to_owned();
                        (*account, Body::GrantGiven { account: Id([*account; 16]), role: *role, area })
                    }
                    Step::End { account } => {
                        model.insert(*account, None);
                        (*account, Body::GrantEnded { account: Id([*account; 16]) })
                    }
                };
                batch.append(ACTOR, body, None)?;
                assert_eq!(batch.state().grant(Id([account; 16]))?, model[&account]);
            }
            Ok(())
        }).unwrap();
        drop(store);
        let mut reader = Reader::open(&root, None).unwrap();
        for (account, grant) in &model {
            prop_assert_eq!(reader.state().grant(Id([*account; 16])).unwrap(), *grant);
            if let Some(grant) = grant {
                let allowed = decide(&reader.book().areas, *grant, Action::ReadCoverage, Scope::Area(grant.area));
                let known = Role::from_code(grant.role).is_some_and(|role| may(role, Action::ReadCoverage));
                prop_assert_eq!(allowed, if known { Ok(()) } else { Err(Denied::Role) });
            }
        }
        prop_assert_eq!(store::rebuild::check(&root, &mut |_| {}).unwrap().1, None);
    }
}

#[test]
fn a_right_edited_into_the_views_is_found_out() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("data");
    let mut store = new_store(&root);
    let given = Body::GrantGiven { account: Id([1; 16]), role: Role::Clerk as u64, area: "A".into() };
    store.write(NOW, |batch| batch.append(ACTOR, given, None)).unwrap();
    drop(store);
    let file = rusqlite::Connection::open(root.join("territory-test.db")).unwrap();
    file.execute("update access set role = ?1, area = 0", [Role::County as u64]).unwrap();
    drop(file);
    let (_, difference) = store::rebuild::check(&root, &mut |_| {}).unwrap();
    assert_eq!(difference.unwrap().table, "access");
}
