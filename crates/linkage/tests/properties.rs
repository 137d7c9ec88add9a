//! What must not change a decision: the order of rows, which list is called left, strangers, the number of threads.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use linkage::{Band, Column, Linkage, Options, Raw, Register, dedupe, link};
use proptest::prelude::*;

type Row = [String; 8];
const COLUMNS: [Column; 8] = [
    Column::Name,
    Column::Sex,
    Column::BirthDate,
    Column::Phone,
    Column::Community,
    Column::Building,
    Column::Unit,
    Column::Room,
];

fn pick(rng: &mut Rng, items: &str) -> String {
    let count = items.chars().count();
    items.chars().nth(rng.usize(..count)).map(String::from).unwrap_or_default()
}

fn person(rng: &mut Rng, door: usize) -> Row {
    let name = pick(rng, "王李张刘陈杨黄赵吴周曾单解欧佴")
        + &pick(rng, "伟强磊洋勇军杰涛芳娜敏静丽艳")
        + &pick(rng, "明华玲国志");
    [
        name,
        pick(rng, "男女"),
        format!("19{:02}-{:02}-{:02}", rng.u8(30..99), rng.u8(1..13), rng.u8(1..29)),
        format!("13{:09}", rng.u64(..1_000_000_000)),
        format!("社区{}", door / 60),
        format!("{}", door / 12 % 5 + 1),
        "1".to_owned(),
        format!("{}0{}", door / 2 % 6 + 1, door % 2 + 1),
    ]
}

/// A roster of `people`, and most of them seen again with slips, by their place on the roster.
fn lists(seed: u64, people: usize) -> (Vec<Row>, Vec<Row>) {
    let mut rng = Rng::with_seed(seed);
    let roster: Vec<Row> = (0..people).map(|at| person(&mut rng, at / 2)).collect();
    let mut seen = Vec::new();
    for row in &roster {
        let mut row = row.clone();
        match rng.u8(..12) {
            0 => continue,
            1 => row[2].clear(),
            2 => row[3].clear(),
            3 => row[7] = "909".to_owned(),
            4 => row[0] = row[0].replace('伟', "玮").replace('芳', "方"),
            5 => row[3] = person(&mut rng, 0)[3].clone(),
            6 => row[0] = format!("小{}", row[0].chars().next().unwrap_or('王')),
            _ => {}
        }
        seen.push(row);
    }
    (roster, seen)
}

fn register(rows: &[Row]) -> Register {
    let mut list = Register::new();
    for row in rows {
        let raw = COLUMNS.iter().zip(row).fold(Raw::default(), |raw, (column, text)| raw.with(*column, text));
        list.push(&raw).unwrap();
    }
    list
}

fn run(left: &[Row], right: &[Row], threads: usize, one_to_one: bool) -> Linkage {
    let options = Options { threads, one_to_one, ..Options::default() };
    link(&mut register(left), &register(right), None, &options, &|_, _, _| {})
}

type Decisions = BTreeMap<(Row, Row), (f64, Band)>;

/// What was decided on whom, by what the rows say.
fn decisions(left: &[Row], right: &[Row], result: &Linkage) -> Decisions {
    let decide = |link: &linkage::Link| {
        (
            (left[link.left as usize].clone(), right[link.right as usize].clone()),
            (link.probability, link.band),
        )
    };
    result.links.iter().map(decide).collect()
}

fn sure(decisions: &Decisions) -> usize {
    decisions.values().filter(|decision| decision.1 == Band::Sure).count()
}

/// How far a pair's two probabilities may lie apart and still be one.
fn near(p: f64, q: f64, tolerance: f64) -> bool {
    let bits = |p: f64| (p / (1.0 - p).max(1e-9)).log2();
    (p - q).abs() <= tolerance || (bits(p) - bits(q)).abs() <= tolerance
}

/// Every pair that stands in one of two results, and its probability in both; 0 where it is not reported.
fn side_by_side<'a>(here: &'a Decisions, there: &'a Decisions) -> Vec<(&'a (Row, Row), f64, f64)> {
    let pairs: BTreeSet<&(Row, Row)> = here.keys().chain(there.keys()).collect();
    let of = |decisions: &Decisions, pair| decisions.get(pair).map_or(0.0, |decision| decision.0);
    pairs.into_iter().map(|pair| (pair, of(here, pair), of(there, pair))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn the_order_of_rows_decides_nothing(seed in any::<u64>(), one_to_one in any::<bool>()) {
        let (left, right) = lists(seed, 240);
        let before = decisions(&left, &right, &run(&left, &right, 1, one_to_one));
        prop_assert!(sure(&before) > 150, "{}", sure(&before));
        let (mut left, mut right) = (left, right);
        let mut rng = Rng::with_seed(!seed);
        rng.shuffle(&mut left);
        rng.shuffle(&mut right);
        let after = decisions(&left, &right, &run(&left, &right, 3, one_to_one));
        prop_assert_eq!(before.len(), after.len());
        for ((pair, (p, band)), (other, (q, other_band))) in before.iter().zip(&after) {
            prop_assert_eq!(pair, other);
            prop_assert!((p - q).abs() < 1e-6, "{} {}", p, q);
            prop_assert!(band == other_band || (p - 0.9).abs() < 1e-6 || (p - 0.1).abs() < 1e-6);
        }
    }

    #[test]
    fn threads_decide_nothing(seed in any::<u64>()) {
        let (left, right) = lists(seed, 240);
        let one = run(&left, &right, 1, true);
        let four = run(&left, &right, 4, true);
        prop_assert_eq!(one.links, four.links);
        prop_assert_eq!(one.model, four.model);
    }

    #[test]
    fn which_list_is_left_decides_nothing(seed in any::<u64>(), one_to_one in any::<bool>()) {
        let (left, right) = lists(seed, 240);
        let there = decisions(&left, &right, &run(&left, &right, 1, one_to_one));
        let back = decisions(&right, &left, &run(&right, &left, 1, one_to_one));
        let back: Decisions = back.into_iter().map(|((one, other), decision)| ((other, one), decision)).collect();
        prop_assert!(sure(&there) > 150, "{}", sure(&there));
        for (pair, p, q) in side_by_side(&there, &back) {
            prop_assert!(near(p, q, 0.05), "{:?}: {} {}", pair, p, q);
        }
    }

    #[test]
    fn strangers_decide_nothing(seed in any::<u64>(), strangers in 1_usize..120) {
        let (left, right) = lists(seed, 240);
        let before = decisions(&left, &right, &run(&left, &right, 1, false));
        let mut rng = Rng::with_seed(seed ^ 0x5eed);
        // They live in communities of their own.
        let mut more = |list: &[Row], from: usize| -> Vec<Row> {
            list.iter().cloned().chain((0..strangers).map(|at| person(&mut rng, from + at))).collect()
        };
        let (left, right) = (more(&left, 60_000), more(&right, 90_000));
        let after = decisions(&left, &right, &run(&left, &right, 1, false));
        let known: BTreeSet<&Row> = before.keys().flat_map(|(one, other)| [one, other]).collect();
        let among = after.iter().filter(|((one, other), _)| known.contains(one) || known.contains(other));
        let after: Decisions = among.map(|(pair, decision)| (pair.clone(), *decision)).collect();
        for (pair, p, q) in side_by_side(&before, &after) {
            prop_assert!(near(p, q, 0.2), "{:?}: {} {}", pair, p, q);
        }
    }

    #[test]
    fn clusters_do_not_depend_on_the_order_of_rows(seed in any::<u64>(), one_to_one in any::<bool>()) {
        let (left, right) = lists(seed, 120);
        let rows = [left, right].concat();
        let clusters = |rows: &[Row]| -> Vec<Vec<Row>> {
            let options = Options { one_to_one, ..Options::default() };
            let result = dedupe(&mut register(rows), None, &options, &|_, _, _| {});
            let mut groups: BTreeMap<u32, Vec<Row>> = BTreeMap::new();
            for (row, first) in rows.iter().zip(&result.cluster) {
                groups.entry(*first).or_default().push(row.clone());
            }
            let mut groups: Vec<Vec<Row>> = groups.into_values().collect();
            groups.iter_mut().for_each(|group| group.sort());
            groups.sort();
            groups
        };
        let before = clusters(&rows);
        let mut shuffled = rows;
        Rng::with_seed(!seed).shuffle(&mut shuffled);
        prop_assert_eq!(before, clusters(&shuffled));
    }
}

#[test]
fn a_name_of_like_shape_is_nearer_than_another_name() {
    let level = |one: &str, other: &str| {
        let list = |name| {
            let mut list = Register::new();
            list.push(&Raw::default().with(Column::Name, name)).unwrap();
            list
        };
        linkage::compare(&list(one), 0, &list(other), 0).get(linkage::Field::Name)
    };
    assert_eq!(level("李未", "李末"), 6);
    assert_eq!(level("吴晟", "昊盛"), 6);
    assert_eq!(level("李未", "李强"), 2);
    assert_eq!(level("李未", "李未"), 8);
}
