//! Blank cells below filled ones: what is taken from the row above, and what never is.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops where it fails")]

mod fixtures;

use fixtures::TODAY;
use intake::Table;
use intake::fill::FILLABLE;
use intake::header::{Column, Mapping};
use intake::roster::{RosterItem, blanks_of_roster, look_at_roster, read_roster_mapped};
use proptest::prelude::*;

const CODE: &str = "420102001001";

/// Row, building, unit, room of what is taken; row and nothing of what is refused.
type Read = (u64, Option<[String; 3]>);

struct Taken {
    rows: Vec<Read>,
    filled: Vec<(Column, u64)>,
    refused: Vec<Vec<String>>,
}

fn mapping(sheet: &str, fill_down: &[Column]) -> Mapping {
    let look = look_at_roster(&mut Table::from_bytes(sheet.into()).unwrap()).unwrap();
    Mapping { fill_down: fill_down.to_vec(), ..look.mapping }
}

fn read(sheet: &str, fill_down: &[Column]) -> Taken {
    let table = Table::from_bytes(sheet.into()).unwrap();
    let mut reader = read_roster_mapped(table, TODAY, &mapping(sheet, fill_down), Some(CODE)).unwrap();
    let (mut rows, mut refused) = (Vec::new(), Vec::new());
    for item in reader.by_ref() {
        rows.push(match item.unwrap() {
            RosterItem::Row(row) => (row.row, Some([row.building.shown, row.unit.shown, row.room.shown])),
            RosterItem::Door(row) => (row.row, Some([row.building.shown, row.unit.shown, row.room.shown])),
            RosterItem::Refused(refusal) => {
                refused.push(refusal.cells.0.clone());
                (refusal.row, None)
            }
            RosterItem::Skipped(skipped) => (skipped.row, None),
        });
    }
    Taken { rows, filled: reader.filled(), refused }
}

fn doors(sheet: &str, fill_down: &[Column]) -> Vec<String> {
    let told = |(row, door): &Read| {
        format!("{row} {}", door.as_ref().map_or_else(|| "-".into(), |door| door.join("/")))
    };
    read(sheet, fill_down).rows.iter().map(told).collect()
}

const WHERE: [Column; 3] = [Column::Building, Column::Unit, Column::Room];

#[test]
fn a_building_written_once_is_that_of_the_rows_below_it_where_it_is_said() {
    let sheet = "楼栋,单元,房号,姓名\n3栋,1单元,101,甲甲\n,,,乙乙\n,,102,丙丙\n,2单元,101,丁丁\n,,,戊戊\n";
    assert_eq!(
        doors(sheet, &WHERE),
        ["2 3栋/1单元/101", "3 3栋/1单元/101", "4 3栋/1单元/102", "5 3栋/2单元/101", "6 3栋/2单元/101"]
    );
    assert_eq!(read(sheet, &WHERE).filled, [(Column::Building, 4), (Column::Unit, 3), (Column::Room, 2)]);
    assert_eq!(doors(sheet, &[]), ["2 3栋/1单元/101", "3 -", "4 //102", "5 /2单元/101", "6 -"]);
    assert_eq!(read(sheet, &[]).filled, []);
    // What is said of one column is done for that one.
    assert_eq!(doors(sheet, &[Column::Building])[1..4], ["3 -", "4 3栋//102", "5 3栋/2单元/101"]);
}

#[test]
fn nothing_narrower_is_taken_across_what_is_wider() {
    for (what, sheet, read) in [
        (
            "a new building has no unit of the one before",
            "3栋,1单元,101,甲甲\n4栋,,101,乙乙\n,,102,丙丙",
            "4 4栋//102",
        ),
        (
            "the same building once more is no new one",
            "3栋,1单元,101,甲甲\n3栋,,102,乙乙\n3号楼,,103,丙丙",
            "4 3号楼/1单元/103",
        ),
        (
            "a new unit has no room of the one before",
            "3栋,1单元,101,甲甲\n,2单元,,乙乙\n,,201,丙丙",
            "4 3栋/2单元/201",
        ),
        ("无 is an answer", "3栋,1单元,101,甲甲\n,无,102,乙乙\n,,103,丙丙", "4 3栋//103"),
        (
            "a room that says its building is in that one",
            "3栋,1单元,101,甲甲\n,,4栋2单元101,乙乙\n,,102,丙丙",
            "4 //102",
        ),
        (
            "a whole address is that of the rows below it",
            ",,4栋2单元101,甲甲\n,,,乙乙\n,,,丙丙",
            "4 4栋/2单元/101",
        ),
        ("a building that says its unit", "3栋2单元,,101,甲甲\n,,102,乙乙\n,,,丙丙", "4 3栋/2单元/102"),
        ("a blank row ends it", "3栋,1单元,101,甲甲\n,,,\n,,102,丙丙", "4 //102"),
        ("a sum ends it", "3栋,1单元,101,甲甲\n小计,,,1\n,,102,丙丙", "4 //102"),
        (
            "a heading once more does not",
            "3栋,1单元,101,甲甲\n楼栋,单元,房号,姓名\n,,102,丙丙",
            "4 3栋/1单元/102",
        ),
        ("a torn row may have said anything", "3栋,1单元,101,甲甲\n4栋,1单元\n,,102,丙丙", "4 //102"),
    ] {
        let sheet = format!("楼栋,单元,房号,姓名\n{sheet}\n");
        assert_eq!(doors(&sheet, &WHERE).last().map(String::as_str), Some(read), "{what}");
    }
    let areas = format!("小区编码,楼栋,房号,姓名\n420102001002,3栋,101,甲甲\n,,102,乙乙\n{CODE},,103,丙丙\n");
    assert_eq!(doors(&areas, &FILLABLE), ["2 3栋//101", "3 3栋//102", "4 //103"]);
    assert_eq!(doors(&areas, &WHERE)[1], "3 //102", "a row without a code is of the area that was given");
}

#[test]
fn names_numbers_and_birth_dates_are_taken_from_nobody() {
    let sheet =
        "楼栋,房号,姓名,电话,出生日期\n3栋,101,甲甲,15400000001,1949-12-31\n,,,15400000002,\n,,乙乙,,\n";
    let every = [Column::Building, Column::Room, Column::Name, Column::Phone, Column::BirthDate];
    let table = Table::from_bytes(sheet.into()).unwrap();
    let items: Vec<_> = read_roster_mapped(table, TODAY, &mapping(sheet, &every), Some(CODE))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    let RosterItem::Refused(refusal) = &items[1] else { panic!("{:?}", items[1]) };
    assert_eq!((refusal.field, refusal.code), ("name", "missing"));
    let RosterItem::Row(row) = &items[2] else { panic!("{:?}", items[2]) };
    assert_eq!((row.phone.as_str(), row.birth_date.as_str()), ("", ""));
}

/// Between the rows that are refused others stood, so nothing is taken there from above; each says itself where it is.
#[test]
fn a_refused_row_goes_back_with_what_was_taken_and_is_not_filled_again() {
    let sheet = "楼栋,单元,房号,姓名,电话\n3栋,1单元,101,甲甲,\n,,,乙乙,12\n";
    assert_eq!(read(sheet, &WHERE).refused, [["3栋", "1单元", "101", "乙乙", "12"]]);
    let mended = "行号 row,原因 reason,怎么办 remedy,楼栋,单元,房号,姓名,电话\n3,,,3栋,1单元,101,乙乙,\n9,,,,,102,丙丙,\n";
    assert_eq!(doors(mended, &WHERE), ["2 3栋/1单元/101", "3 //102"]);
    let look = mapping(mended, &[]);
    assert_eq!(blanks_of_roster(Table::from_bytes(mended.into()).unwrap(), &look, Some(CODE)).unwrap(), []);
}

#[test]
fn what_could_be_taken_is_told_with_two_rows_of_it() {
    let sheet =
        "楼栋,单元,房号,姓名\n3栋,1单元,101,甲甲\n,,102,乙乙\n,,103,丙丙\n4栋,,101,丁丁\n,,102,戊戊\n";
    let table = Table::from_bytes(sheet.into()).unwrap();
    let blanks = blanks_of_roster(table, &mapping(sheet, &[]), Some(CODE)).unwrap();
    let told: Vec<_> = blanks
        .iter()
        .map(|one| {
            let samples =
                one.samples.iter().map(|one| (one.row, one.above, one.value.as_str(), one.says.join(" ")));
            (one.column, one.rows, samples.collect::<Vec<_>>())
        })
        .collect();
    let says = ["102 乙乙".to_owned(), "103 丙丙".to_owned()];
    assert_eq!(
        told,
        [
            (Column::Building, 3, vec![(3, 2, "3栋", says[0].clone()), (4, 2, "3栋", says[1].clone())]),
            (Column::Unit, 2, vec![(3, 2, "1单元", says[0].clone()), (4, 2, "1单元", says[1].clone())]),
        ]
    );
    // Nothing is blank, or nothing that says where a row is.
    let whole = "楼栋,房号,姓名,电话\n3栋,101,甲甲,15400000001\n3栋,102,乙乙,\n";
    assert_eq!(
        blanks_of_roster(Table::from_bytes(whole.into()).unwrap(), &mapping(whole, &[]), Some(CODE)).unwrap(),
        []
    );
}

#[derive(Clone, Debug)]
struct Cells([Option<u8>; 3]);

impl Cells {
    fn text(&self, at: usize) -> String {
        self.0[at].map_or_else(String::new, |number| match at {
            0 => format!("{number}栋"),
            1 => format!("{number}单元"),
            _ => format!("{number}01"),
        })
    }
}

fn cells() -> impl Strategy<Value = Cells> {
    let cell = || prop_oneof![2 => Just(None), 3 => (1..4_u8).prop_map(Some)];
    [cell(), cell(), cell()].prop_map(Cells)
}

fn sheet<'c>(rows: impl IntoIterator<Item = &'c Cells>) -> String {
    let line = |(at, row): (usize, &Cells)| {
        // Everybody has a sex, so that a row without a room is refused and no blank one.
        format!("{},{},{},人{at},女\n", row.text(0), row.text(1), row.text(2))
    };
    let lines: String = rows.into_iter().enumerate().map(line).collect();
    format!("楼栋,单元,房号,姓名,性别\n{lines}")
}

fn wanted() -> impl Strategy<Value = Vec<Column>> {
    proptest::sample::subsequence(WHERE.to_vec(), 0..=3)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    /// What is written stays; what is not is blank or was said by the nearest row above that says it, with everything wider the
    /// same in all rows from there.
    #[test]
    fn filling_changes_no_filled_cell_and_crosses_nothing_wider(rows in prop::collection::vec(cells(), 1..12), wanted in wanted()) {
        let read = read(&sheet(&rows), &wanted).rows;
        prop_assert_eq!(read.len(), rows.len());
        for (at, (_, door)) in read.iter().enumerate() {
            let Some(door) = door else { continue };
            for (column, label) in door.iter().enumerate() {
                let written = rows[at].text(column);
                if !written.is_empty() {
                    prop_assert_eq!(label, &written);
                } else if !label.is_empty() {
                    prop_assert!(wanted.contains(&WHERE[column]));
                    let from = (0..at).rev().find(|above| rows[*above].0[column].is_some()).unwrap();
                    prop_assert_eq!(label, &rows[from].text(column));
                    for between in &rows[from + 1..=at] {
                        for (wider, stands) in door.iter().enumerate().take(column) {
                            let said = between.text(wider);
                            prop_assert!(said.is_empty() || said == *stands);
                        }
                    }
                }
            }
        }
    }

    /// Rows that begin with a building, a unit and a room do not depend on what stands above them.
    #[test]
    fn houses_may_stand_in_any_order(
        houses in prop::collection::vec((1..4_u8, 1..4_u8, 1..4_u8, prop::collection::vec(cells(), 0..4)), 1..5),
        turn in 0..5_usize,
        wanted in wanted(),
    ) {
        let houses: Vec<Vec<Cells>> = houses
            .into_iter()
            .map(|(building, unit, room, below)| {
                let first = Cells([Some(building), Some(unit), Some(room)]);
                std::iter::once(first).chain(below).collect()
            })
            .collect();
        let read_in = |order: &[usize]| {
            let rows = read(&sheet(order.iter().flat_map(|house| &houses[*house])), &wanted).rows;
            let mut doors = rows.into_iter().map(|(_, door)| door);
            let mut by_house: Vec<(usize, Vec<_>)> =
                order.iter().map(|house| (*house, doors.by_ref().take(houses[*house].len()).collect())).collect();
            by_house.sort_by_key(|(house, _)| *house);
            by_house
        };
        let mut order: Vec<usize> = (0..houses.len()).collect();
        let straight = read_in(&order);
        order.rotate_left(turn % houses.len());
        order.reverse();
        prop_assert_eq!(straight, read_in(&order));
    }

    /// With nothing said, nothing is filled, and what is offered is what would be.
    #[test]
    fn what_is_offered_is_what_is_filled(rows in prop::collection::vec(cells(), 1..12)) {
        let sheet = sheet(&rows);
        prop_assert_eq!(read(&sheet, &[]).filled, []);
        let blanks =
            blanks_of_roster(Table::from_bytes(sheet.clone().into()).unwrap(), &mapping(&sheet, &[]), Some(CODE)).unwrap();
        let offered: Vec<_> = blanks.into_iter().map(|one| (one.column, one.rows)).collect();
        prop_assert_eq!(offered, read(&sheet, &WHERE).filled);
    }
}
