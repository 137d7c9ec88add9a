//! A published plan names staff under seal: erased means gone from every file, and the rest of the plan stays.
#![expect(clippy::unwrap_used, reason = "a test says what it expects by failing")]

use std::path::Path;

use domain::area::Level;
use domain::fact::Body;
use domain::id::Id;
use domain::plan::{Open, PartContent, PlanContent, PlanKind, Slot};
use ledger::seal::TerritoryKey;
use store::{NamedPart, Reader, Store, erase, rebuild, verify};

const NOW: i64 = 1_582_000_000_000;
const ACTOR: Id = Id([9; 16]);
const WORKER: Id = Id([11; 16]);

fn key() -> TerritoryKey {
    TerritoryKey::from_bytes([7; 32])
}

fn territory(root: &Path) -> Store {
    let mut store = Store::create(root, "test", key(), NOW).unwrap();
    let area =
        Body::AreaRegistered { code: "A".into(), name: "A".into(), level: Level::County, parent: None };
    store.write(NOW, |batch| batch.append(ACTOR, area, None)).unwrap();
    store
}

fn part(name: &str, worker: Option<Id>, slots: &[u32]) -> NamedPart {
    let slots = slots.iter().map(|slot| (*slot, None)).collect();
    NamedPart { called: name.into(), content: PartContent { name: name.into(), slots }, worker }
}

fn publish(store: &mut Store, plan: Id, replaces: Option<Id>, parts: &[NamedPart]) {
    let slot = |label: &str| Slot { label: label.into(), need: 1, ..Slot::default() };
    let content = PlanContent {
        slots: vec![slot("南门"), slot("北门")],
        open: vec![Open { code: "nobody_free".into(), zh: "缺".into(), en: "short".into() }],
        holdings: Vec::new(),
    };
    let body = Body::PlanPublished {
        plan,
        area: "A".into(),
        kind: PlanKind::Rota,
        from: Some(18_309),
        until: Some(18_322),
        replaces,
        objective: 8,
        bound: 0,
        open: 1,
        parts: parts.len() as u64,
    };
    store.write(NOW, |batch| batch.publish_plan(ACTOR, (plan, "A"), body, &content, parts)).unwrap();
}

fn reader(root: &Path) -> Reader {
    Reader::open(root, Some(std::sync::Arc::new(key()))).unwrap()
}

/// Whether these bytes are anywhere in the directory.
fn holds(root: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(root).unwrap().any(|entry| {
        let held = std::fs::read(entry.unwrap().path()).unwrap();
        held.windows(bytes.len()).any(|window| window == bytes)
    })
}

fn sound(root: &Path) {
    let proved = verify::verify(root, None, true, &mut |_| {});
    assert!(proved.is_ok(), "{proved:?}");
    assert_eq!(rebuild::check(root, &mut |_| {}).unwrap().1, None);
}

#[test]
fn everyone_reads_her_part_and_the_next_plan_knows_her_again() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = territory(&root);
    let (first, second) = (Id([1; 16]), Id([2; 16]));
    publish(&mut store, first, None, &[part("陈小燕", Some(WORKER), &[1]), part("李国强", None, &[])]);
    publish(&mut store, second, Some(first), &[part("李国强", None, &[0])]);
    let mut reader = reader(&root);
    let plans = reader.plans(0).unwrap();
    assert_eq!(
        plans.iter().map(|(id, plan)| (*id, plan.stands())).collect::<Vec<_>>(),
        [(second, true), (first, false)]
    );
    assert_eq!(plans[1].1.replaced_by, Some(second));
    assert_eq!(reader.plan_content(first, &plans[1].1).unwrap().unwrap().slots[1].label, "北门");
    let hers = reader.parts_of(WORKER).unwrap();
    assert_eq!((hers.len(), hers[0].0), (1, first));
    let content = reader.part_content(&hers[0].2).unwrap().unwrap();
    assert_eq!((content.name.as_str(), content.slots), ("陈小燕", vec![(1, None)]));
    let people = |reader: &Reader, plan| {
        reader.plan_parts(plan).unwrap().iter().map(|part| part.person).collect::<Vec<_>>()
    };
    assert_eq!(people(&reader, first)[1], people(&reader, second)[0], "one person, one pseudonym");
    assert_eq!(reader.standing_plans(&[0], PlanKind::Rota).unwrap().len(), 1);
    assert!(reader.standing_plans(&[0], PlanKind::Grids).unwrap().is_empty());
    // No name and no post lies open.
    for word in ["陈小燕", "李国强", "北门"] {
        assert!(!holds(&root, word.as_bytes()), "{word}");
    }
    drop(store);
    sound(&root);
}

#[test]
fn an_erased_part_is_gone_from_every_plan_and_she_can_be_named_anew() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("d");
    let mut store = territory(&root);
    let (first, second, third) = (Id([1; 16]), Id([2; 16]), Id([3; 16]));
    publish(&mut store, first, None, &[part("陈小燕", Some(WORKER), &[0]), part("李国强", None, &[1])]);
    publish(&mut store, second, Some(first), &[part("陈小燕", Some(WORKER), &[1])]);
    let her = reader(&root).plan_parts(first).unwrap()[0].person;
    let before = store.size();
    assert!(!reader(&root).plans_changed_since(before).unwrap());
    assert_eq!(erase::erase(&mut store, ACTOR, her, 0, NOW).unwrap(), 1);
    let mut reader = reader(&root);
    assert!(reader.parts_of(WORKER).unwrap().is_empty());
    assert!(reader.plans_changed_since(before).unwrap(), "phones are told");
    let left = reader.plan_parts(first).unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(reader.part_content(&left[0]).unwrap().unwrap().name, "李国强");
    assert!(reader.plan_parts(second).unwrap().is_empty());
    let plan = reader.plan(first).unwrap().unwrap();
    assert_eq!(plan.parts, 2, "that there were two stays");
    assert!(reader.plan_content(first, &plan).unwrap().is_some());
    publish(&mut store, third, Some(second), &[part("陈小燕", Some(WORKER), &[0])]);
    let anew = reader.parts_of(WORKER).unwrap();
    assert_eq!(anew.len(), 1);
    assert_ne!(anew[0].2.person, her);
    // The plan's own content can be erased too.
    erase::erase(&mut store, ACTOR, first, 0, NOW).unwrap();
    assert_eq!(reader.plan_content(first, &plan).unwrap(), None);
    drop((store, reader));
    sound(&root);
}
