//! Twins share a door, a surname, half a given name, a birth date and a telephone; their numbers tell them apart.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use fastrand::Rng;
use linkage::number::check_value;
use linkage::{Band, Column, Field, Link, Model, Options, Raw, Register, link};

fn pick(rng: &mut Rng, items: &str) -> char {
    items.chars().nth(rng.usize(..items.chars().count())).unwrap()
}

fn number(seventeen: u64) -> String {
    let check = check_value(seventeen);
    if check == 10 { format!("{seventeen}X") } else { format!("{seventeen}{check}") }
}

/// A household of two, twins if `twins`. Its number is the end of theirs.
fn household(rng: &mut Rng, door: u64, twins: bool) -> [[String; 4]; 2] {
    let (surname, generation) = (pick(rng, "王李张刘陈杨黄赵吴周"), pick(rng, "伟强磊洋勇军杰涛芳娜"));
    let phone = format!("13{:09}", rng.u64(..1_000_000_000));
    let birth = 19_500_000 + rng.u64(25..60) * 10_000 + rng.u64(1..13) * 100 + rng.u64(2..29);
    let mut place = 0;
    let mut person = |birth: u64, given: &str, first: char| {
        let name: String = [surname, first, pick(rng, given)].iter().collect();
        let seventeen = 42_010_200_000_000_000 + birth * 1000 + place * 500 + door;
        place += 1;
        let born = birth.to_string();
        let birth = format!("{}-{}-{}", &born[..4], &born[4..6], &born[6..]);
        [name, birth, number(seventeen), phone.clone()]
    };
    match twins {
        true => [person(birth, "明华玲国", generation), person(birth, "志平英山", generation)],
        false => [person(birth, "明华玲国", generation), person(birth - 250_000, "志平英山", '春')],
    }
}

fn push(list: &mut Register, door: usize, [name, birth, id, phone]: &[String; 4], known: bool) {
    let (building, room) = (format!("{}", 1 + door / 40), format!("{}", 101 + door % 40));
    let raw = Raw::default()
        .with(Column::Name, name)
        .with(Column::BirthDate, birth)
        .with(Column::IdNumber, if known { id } else { "" })
        .with(Column::Phone, phone)
        .with(Column::Community, "社区1")
        .with(Column::Building, &building)
        .with(Column::Room, &room);
    list.push(&raw).unwrap();
}

#[test]
fn one_of_twins_is_not_taken_for_both() {
    for seed in 0..3 {
        let mut rng = Rng::with_seed(seed);
        let (mut listed, mut seen) = (Register::new(), Register::new());
        for door in 0..400 {
            for person in household(&mut rng, door, door % 8 == 0) {
                push(&mut listed, door as usize, &person, true);
                push(&mut seen, door as usize, &person, rng.bool());
            }
        }
        // Learnt where numbers are often those of somebody else.
        let mut model = Model::default();
        model.same[Field::Identifier as usize][1] = 0.3;
        let linkage = link(&mut listed, &seen, Some(&model), &Options::default(), &|_, _, _| {});
        let sure: Vec<&Link> = linkage.links.iter().filter(|link| link.band == Band::Sure).collect();
        let wrong = sure.iter().filter(|link| link.left != link.right).count();
        assert!(sure.len() >= 795 && wrong == 0, "{} {wrong}", sure.len());
    }
}
