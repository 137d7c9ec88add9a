//! Files from strangers, damaged in every way a file can be: nothing panics, and every row ends as exactly one thing.
//!
//! `PROPTEST_CASES=100000 cargo test --release -p intake --test strangers` looks longer (`make fuzz`).

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod fixtures;

use std::collections::BTreeSet;

use fixtures::{HEADER, TODAY, gb18030, line, rows, utf16, workbook};
use intake::areas::{AreaItem, read_areas};
use intake::roster::{RosterItem, read_roster};
use intake::visits::{PersonItem, VisitItem, read_persons, read_visits};
use intake::{Table, TableError};
use proptest::prelude::*;
use proptest::sample::{Index, select};

const VISITS: &str = "area_code,building,unit,room,at,outcome,light,worker,recheck_on,note\n\
    420102002003,3栋,1单元,101,2026-11-24T19:00:00+08:00,met,on,张三,,\n\
    420102002003,3栋,1单元,102,2026/11/24 19:05,外出,关,,2026-12-01,回老家\n";
const AREAS: &str = "code,name,level,parent_code\n42,湖北省,province,\n4201,武汉市,city,42\n";

fn seeds() -> Vec<Vec<u8>> {
    let text = format!("{HEADER}\n{}\n{}\n合计,,,,2,,,,,\n", line(101, "王东军"), line(102, "曾李梅"));
    let quoted = text.replace("王东军", "\"王,\n东军\"");
    let lines: Vec<&str> = text.lines().collect();
    vec![
        text.clone().into_bytes(),
        quoted.into_bytes(),
        gb18030(&text),
        utf16(&text, true, true),
        utf16(&text, false, false),
        text.replace(',', "\t").into_bytes(),
        workbook(&[("名单", rows(&lines))]),
        VISITS.as_bytes().to_vec(),
        AREAS.as_bytes().to_vec(),
    ]
}

#[derive(Clone, Debug)]
enum Damage {
    Flip(Index, u8),
    Cut(Index),
    Insert(Index, Vec<u8>),
    Repeat(Index, Index),
    Remove(Index, Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let awkward = select(vec![
        b"\"".to_vec(),
        b"\n".to_vec(),
        b"\r".to_vec(),
        b",".to_vec(),
        b"\0".to_vec(),
        vec![0xff, 0xfe],
        vec![0xef, 0xbb, 0xbf],
        "４２０１".into(),
        "4.20102E+17".into(),
        "=1+1".into(),
        "9999999999999999999999".into(),
        "\u{202e}".into(),
    ]);
    prop_oneof![
        (any::<Index>(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        any::<Index>().prop_map(Damage::Cut),
        (any::<Index>(), awkward).prop_map(|(at, what)| Damage::Insert(at, what)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Repeat(from, to)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Damage::Remove(from, to)),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    if bytes.is_empty() {
        return;
    }
    let range = |from: &Index, to: &Index, length: usize| {
        let (from, to) = (from.index(length), to.index(length));
        from.min(to)..from.max(to)
    };
    match damage {
        Damage::Flip(at, byte) => {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        Damage::Cut(at) => bytes.truncate(at.index(bytes.len())),
        Damage::Insert(at, what) => {
            let at = at.index(bytes.len());
            bytes.splice(at..at, what.iter().copied());
        }
        Damage::Repeat(from, to) => {
            let range = range(from, to, bytes.len());
            let again = bytes[range.clone()].to_vec();
            bytes.splice(range.end..range.end, again);
        }
        Damage::Remove(from, to) => drop(bytes.drain(range(from, to, bytes.len()))),
    }
}

/// The rows of the table, and the rows that ended as something; reading stops at the first error of the table itself.
fn ends<T>(
    reader: Result<impl Iterator<Item = Result<T, TableError>>, TableError>,
    row: impl Fn(&T) -> u64,
) -> Option<Vec<u64>> {
    reader.ok()?.map(|item| item.map(|item| row(&item))).collect::<Result<_, _>>().ok()
}

fn check(bytes: &[u8]) {
    let table = || Table::from_bytes(bytes.to_vec());
    if let Err(error) = table() {
        assert!(!error.zh().is_empty() && !error.en().is_empty());
        return;
    }
    let all = [
        ends(table().and_then(|table| read_roster(table, TODAY)), |item| match item {
            RosterItem::Row(row) => row.row,
            RosterItem::Door(row) => row.row,
            RosterItem::Refused(refusal) => refusal.row,
            RosterItem::Skipped(skipped) => skipped.row,
        }),
        ends(table().and_then(read_visits), |item| match item {
            VisitItem::Row(row) => row.row,
            VisitItem::Refused(refusal) => refusal.row,
            VisitItem::Skipped(skipped) => skipped.row,
        }),
        ends(table().and_then(read_persons), |item| match item {
            PersonItem::Row(row) => row.row,
            PersonItem::Refused(refusal) => refusal.row,
            PersonItem::Skipped(skipped) => skipped.row,
        }),
        ends(table().and_then(|table| read_areas(table, None)), |item| match item {
            AreaItem::Row(row) => row.row,
            AreaItem::Refused(refusal) => refusal.row,
            AreaItem::Skipped(skipped) => skipped.row,
        }),
    ];
    // A torn quotation is mended by the width of the header, which the bare table does not know: where there are
    // quotation marks the two may cut the file into rows differently.
    let bare: Vec<_> = table().unwrap().map_while(Result::ok).collect();
    let is_torn = bytes.contains(&b'"') || bare.iter().any(|row| row.trouble.is_some());
    let there: BTreeSet<u64> = bare.iter().map(|row| row.number).collect();
    for ended in all.into_iter().flatten() {
        assert!(ended.is_sorted_by(|a, b| a < b), "a row ended twice, or out of order: {ended:?}");
        // What lies above the header is no row of the list; from the first that ended on, none is missing.
        if let Some(first) = ended.first()
            && !is_torn
        {
            let expected: Vec<u64> = there.range(first..).copied().collect();
            assert_eq!(ended, expected, "a row of the table ended as nothing");
        }
    }
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(120)
}

#[test]
fn the_seeds_themselves_pass() {
    for seed in seeds() {
        check(&seed);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]

    #[test]
    fn damaged_files_never_panic_and_lose_no_row(
        seed in any::<Index>(),
        damages in prop::collection::vec(damage(), 1..6),
    ) {
        let seeds = seeds();
        let mut bytes = seeds[seed.index(seeds.len())].clone();
        for damage in &damages {
            apply(&mut bytes, damage);
        }
        check(&bytes);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        check(&bytes);
    }
}
