//! 王阿姨 behind a door: a form of address fits whoever bears the surname, and is no name.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use fastrand::Rng;
use linkage::{Band, Column, Field, Options, Raw, Register, link};

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗";
const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建国文斌慧志红梅";

struct Person {
    name: String,
    birth: String,
    phone: String,
    house: usize,
}

/// Households of two: half of them bear one surname.
fn people(rng: &mut Rng, houses: usize) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for house in 0..houses {
        for place in 0..2 {
            let pick =
                |rng: &mut Rng, from: &str| from.chars().nth(rng.usize(..from.chars().count())).unwrap();
            let surname = match people.last() {
                Some(other) if place == 1 && rng.bool() => other.name.chars().next().unwrap(),
                _ => pick(rng, SURNAMES),
            };
            let name = [surname, pick(rng, GIVEN), pick(rng, GIVEN)].iter().collect();
            let birth = format!("{}-{:02}-{:02}", rng.u32(1940..2010), rng.u32(1..13), rng.u32(1..29));
            people.push(Person { name, birth, phone: format!("13{:09}", rng.u64(..1_000_000_000)), house });
        }
    }
    people
}

fn push(list: &mut Register, person: &Person, [name, birth, phone, unit]: [&str; 4]) {
    let (building, room) = (format!("{}", person.house / 40), format!("{}", 101 + person.house % 40));
    let raw = Raw::default()
        .with(Column::Name, name)
        .with(Column::BirthDate, birth)
        .with(Column::Phone, phone)
        .with(Column::Community, "幸福社区")
        .with(Column::Building, &building)
        .with(Column::Unit, unit)
        .with(Column::Room, &room);
    list.push(&raw).unwrap();
}

#[test]
fn a_form_of_address_is_found_where_nobody_wrote_down_the_unit() {
    let mut rng = Rng::with_seed(3);
    let (mut left, mut right) = (Register::new(), Register::new());
    let people = people(&mut rng, 600);
    for person in &people {
        push(&mut left, person, [&person.name, &person.birth, &person.phone, "2"]);
    }
    // Every tenth goes by a form of address, with nothing beside it but the door without its unit.
    let mut addressed = Vec::new();
    for (row, person) in people.iter().enumerate() {
        let form = format!("老{}", person.name.chars().next().unwrap());
        let mates = people.iter().filter(|other| other.house == person.house);
        let alone =
            mates.filter(|other| other.name.chars().next() == person.name.chars().next()).count() == 1;
        if row % 10 == 0 && alone {
            addressed.push((row as u32, right.len() as u32));
            push(&mut right, person, [&form, "", "", ""]);
        } else {
            push(&mut right, person, [&person.name, &person.birth, "", "2"]);
        }
    }
    let found = link(&mut left, &right, None, &Options::default(), &|_, _, _| {});
    let linked = |pair: &&(u32, u32)| {
        found.links.iter().any(|link| (link.left, link.right) == **pair && link.band != Band::Not)
    };
    assert!(addressed.len() > 30);
    let reached = addressed.iter().filter(linked).count();
    assert!(reached * 10 > addressed.len() * 9, "{reached} of {}", addressed.len());
}

#[test]
fn of_a_household_it_says_what_bearing_the_surname_says() {
    let mut rng = Rng::with_seed(5);
    let (mut left, mut right) = (Register::new(), Register::new());
    for person in people(&mut rng, 2000) {
        push(&mut left, &person, [&person.name, &person.birth, &person.phone, "1"]);
        let form = format!("小{}", person.name.chars().next().unwrap());
        let name = if rng.u8(..10) == 0 { &form } else { &person.name };
        push(&mut right, &person, [name, &person.birth, "", "1"]);
    }
    let model = link(&mut left, &right, None, &Options::default(), &|_, _, _| {}).model;
    let [same, household] = [&model.same, &model.household].map(|table| table[Field::Name as usize][4]);
    // One row in ten, and every second of a household bears the surname: none of the list's own rows shows it.
    assert!((0.09..0.11).contains(&same) && (0.045..0.06).contains(&household), "{same} {household}");
}
