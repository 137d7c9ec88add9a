//! Households that move together: who came with those who are recognised is recognised by less.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use fastrand::Rng;
use linkage::{Column, Link, Linkage, Options, Raw, Register, link};

const HOUSEHOLDS: usize = 400;
const SIZE: usize = 3;

struct Person {
    name: String,
    sex: &'static str,
    birth: String,
    phone: String,
}

fn pick(rng: &mut Rng, items: &str) -> char {
    items.chars().nth(rng.usize(..items.chars().count())).unwrap()
}

fn people(rng: &mut Rng) -> Vec<Person> {
    let person = |_| Person {
        name: [
            pick(rng, "王李张刘陈杨黄赵吴周"),
            pick(rng, "伟强磊洋勇军杰涛芳娜敏静丽艳"),
            pick(rng, "明华玲国志平"),
        ]
        .iter()
        .collect(),
        sex: if rng.bool() { "男" } else { "女" },
        birth: format!("19{:02}-{:02}-{:02}", rng.u8(30..99), rng.u8(1..13), rng.u8(1..29)),
        phone: format!("13{:09}", rng.u64(..1_000_000_000)),
    };
    (0..HOUSEHOLDS * SIZE).map(person).collect()
}

fn push(list: &mut Register, door: usize, name: &str, person: &Person, known: bool) {
    let (community, room) = (format!("社区{}", door / 40), format!("{}", 101 + door % 40));
    let raw = Raw::default()
        .with(Column::Name, name)
        .with(Column::Sex, person.sex)
        .with(Column::BirthDate, if known { &person.birth } else { "" })
        .with(Column::Phone, if known { &person.phone } else { "" })
        .with(Column::Community, &community)
        .with(Column::Building, "1")
        .with(Column::Unit, "1")
        .with(Column::Room, &room);
    list.push(&raw).unwrap();
}

/// Everyone is listed at her own door and seen; every eighth household moved, to one door or, if not `together`, each of
/// them to a door of her own. The third of each that moved gives a form of address and nothing else. Rows of both lists
/// stand for the same people.
fn sweep(seed: u64, together: bool) -> Linkage {
    let mut rng = Rng::with_seed(seed);
    let people = people(&mut rng);
    let (mut listed, mut seen) = (Register::new(), Register::new());
    for (at, person) in people.iter().enumerate() {
        let (household, place) = (at / SIZE, at % SIZE);
        let moved = household % 8 == 0;
        push(&mut listed, household, &person.name, person, true);
        let door = match (moved, together) {
            (false, _) => household,
            (true, true) => 1000 + household,
            (true, false) => 1000 + at,
        };
        let bare = moved && place == 2;
        let called = format!("小{}", person.name.chars().next().unwrap());
        push(&mut seen, door, if bare { &called } else { &person.name }, person, !bare);
    }
    link(&mut listed, &seen, None, &Options::default(), &|_, _, _| {})
}

/// Of the rows that give a form of address only, those that are linked likelier than not, rightly and wrongly.
fn bare(linkage: &Linkage) -> (usize, usize) {
    let likely = linkage.links.iter().filter(|link| link.probability > 0.5);
    let bare = likely.filter(|link| link.right as usize % (8 * SIZE) == 2);
    let (right, wrong): (Vec<&Link>, Vec<&Link>) = bare.partition(|link| link.left == link.right);
    assert!(right.iter().all(|link| link.together));
    (right.len(), wrong.len())
}

#[test]
fn who_came_with_her_household_is_found_by_a_form_of_address() {
    let linkage = sweep(1, true);
    assert!(linkage.model.together > 0.5, "{}", linkage.model.together);
    let (right, wrong) = bare(&linkage);
    assert!(right >= HOUSEHOLDS / 8 / 2 && wrong == 0, "{right} {wrong}");
}

#[test]
fn where_households_do_not_move_together_a_form_of_address_finds_nobody() {
    let linkage = sweep(1, false);
    assert!(linkage.model.together < 0.05, "{}", linkage.model.together);
    assert_eq!(bare(&linkage), (0, 0));
    assert!(linkage.links.iter().all(|link| !link.together));
}
