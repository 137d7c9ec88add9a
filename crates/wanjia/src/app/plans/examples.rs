//! An example of each list that a plan is made from, under the headings that are read: a few rows of nobody, to be written over.

use intake::message::Lang;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::headings;

/// A list with its columns and rows. A cell is in Chinese and in English where it is a word.
struct Example {
    list: &'static str,
    columns: &'static [&'static str],
    rows: &'static [&'static [Cell]],
}

#[derive(Clone, Copy)]
enum Cell {
    Same(&'static str),
    Word(&'static str, &'static str),
}

use Cell::{Same, Word};

const NONE: Cell = Same("");
const TEMPERATURE: Cell = Word("测温", "temperature");
const FIRST_UNIT: Cell = Word("甲单位", "Office A");

const EXAMPLES: [Example; 11] = [
    Example {
        list: "people",
        columns: &["person_id", "skills", "limits", "away"],
        rows: &[
            &[Word("甲网格员", "Worker A"), TEMPERATURE, NONE, NONE],
            &[
                Word("乙网格员", "Worker B"),
                TEMPERATURE,
                Word("不值夜班", "no_nights"),
                Same("2031-02-03..2031-02-04"),
            ],
            &[Word("丙网格员", "Worker C"), NONE, Word("不接触", "no_exposure"), Same("2031-02-08")],
        ],
    },
    Example {
        list: "posts",
        columns: &["post_id", "number", "skill", "exposed", "opens", "closes", "shift_hours"],
        rows: &[
            &[Word("南门", "South gate"), Same("1"), NONE, NONE, Same("8"), Same("20"), Same("12")],
            &[
                Word("测温棚", "Temperature tent"),
                Same("1"),
                TEMPERATURE,
                Word("是", "yes"),
                Same("8"),
                Same("20"),
                Same("12"),
            ],
        ],
    },
    Example {
        list: "adjacency",
        columns: &["a", "b", "boundary"],
        rows: &[
            &[Word("1栋", "1"), Word("2栋", "2"), Word("相通", "open")],
            &[Word("2栋", "2"), Word("3栋", "3"), Word("围墙", "wall")],
        ],
    },
    Example {
        list: "buildings",
        columns: &["building", "x_m", "y_m", "type", "households"],
        rows: &[
            &[Word("1栋", "1"), Same("0"), Same("0"), Word("住宅", "homes"), Same("60")],
            &[Word("2栋", "2"), Same("50"), Same("0"), Word("住宅", "homes"), Same("60")],
            &[Word("3栋", "3"), Same("100"), Same("0"), Word("住宅", "homes"), Same("48")],
        ],
    },
    Example {
        list: "staff",
        columns: &["staff_id", "lon", "lat", "skills", "limits"],
        rows: &[
            &[Word("甲干部", "Person A"), Same("114.30"), Same("30.60"), Word("护士", "nurse"), NONE],
            &[Word("乙干部", "Person B"), Same("114.32"), Same("30.58"), NONE, Word("不值夜班", "no_nights")],
            &[Word("丙干部", "Person C"), Same("114.31"), Same("30.61"), NONE, NONE],
        ],
    },
    Example {
        list: "communities",
        columns: &["community_id", "lon", "lat", "need", "minimum", "need_护士"],
        rows: &[
            &[Word("甲社区", "Community A"), Same("114.31"), Same("30.60"), Same("1"), Same("1"), Same("1")],
            &[Word("乙社区", "Community B"), Same("114.33"), Same("30.59"), Same("1"), NONE, NONE],
        ],
    },
    Example {
        list: "units",
        columns: &["unit_id", "lon", "lat", "staff"],
        rows: &[
            &[FIRST_UNIT, Same("114.30"), Same("30.60"), Same("80")],
            &[Word("乙单位", "Office B"), Same("114.33"), Same("30.59"), Same("40")],
        ],
    },
    Example {
        list: "places",
        columns: &["place_id", "lon", "lat", "households", "unit_id"],
        rows: &[
            &[Word("甲小区", "Compound A"), Same("114.31"), Same("30.60"), Same("600"), FIRST_UNIT],
            &[Word("乙小区", "Compound B"), Same("114.32"), Same("30.59"), Same("300"), NONE],
        ],
    },
    Example {
        list: "stops",
        columns: &[
            "stop_id", "lon", "lat", "building", "unit", "floor", "minutes", "load", "opens", "closes",
        ],
        rows: &[
            &[
                Word("1栋1单元101", "Building 1, 1-101"),
                Same("114.3100"),
                Same("30.6000"),
                Word("1栋", "1"),
                Same("1"),
                Same("1"),
                Same("5"),
                Same("1"),
                NONE,
                NONE,
            ],
            &[
                Word("2栋1单元302", "Building 2, 1-302"),
                Same("114.3105"),
                Same("30.6003"),
                Word("2栋", "2"),
                Same("1"),
                Same("3"),
                Same("10"),
                Same("2"),
                Same("09:00"),
                Same("11:30"),
            ],
        ],
    },
    Example {
        list: "teams",
        columns: &["team_id"],
        rows: &[&[Word("甲网格员", "Worker A")], &[Word("乙网格员", "Worker B")]],
    },
    Example {
        list: "vehicles",
        columns: &["vehicle_id", "lon", "lat", "room", "from", "until", "km_h"],
        rows: &[&[
            Word("甲司机", "Driver A"),
            Same("114.3090"),
            Same("30.5990"),
            Same("40"),
            Same("08:30"),
            Same("17:30"),
            Same("30"),
        ]],
    },
];

fn cells(lang: Lang, cells: &[Cell]) -> Vec<&'static str> {
    let text = |cell: &Cell| match *cell {
        Same(text) => text,
        Word(zh, en) => lang.pick(zh, en),
    };
    cells.iter().map(text).collect()
}

fn heading(lang: Lang, name: &str) -> String {
    match (lang, name) {
        (Lang::Zh, _) => headings::title(name),
        (Lang::En, "need_护士") => "need_nurse".to_owned(),
        (Lang::En, _) => name.to_owned(),
    }
}

/// A workbook with an example of a list, all of its cells text, so that no spreadsheet takes a time for a number; none if no
/// plan is made from such a list.
///
/// # Errors
/// If it cannot be written.
pub fn example(list: &str, lang: Lang) -> Option<Result<Vec<u8>, XlsxError>> {
    let example = EXAMPLES.iter().find(|example| example.list == list)?;
    Some(write(example, lang))
}

fn write(example: &Example, lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (text, bold) = (Format::new().set_num_format("@"), Format::new().set_num_format("@").set_bold());
    let page = book.add_worksheet();
    page.set_freeze_panes(1, 0)?;
    for (column, name) in (0..).zip(example.columns) {
        // What is written in later is text too.
        page.set_column_width(column, 16)?.set_column_format(column, &text)?;
        page.write_string_with_format(0, column, heading(lang, name), &bold)?;
    }
    for (row, line) in (1..).zip(example.rows) {
        for (column, cell) in (0..).zip(cells(lang, line)) {
            page.write_string_with_format(row, column, cell, &text)?;
        }
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use domain::plan::PlanKind;
    use jiff::civil::date;

    use super::*;
    use crate::app::plans::{Deployment, Input, Pairing, Rota, Rounds, Sheet, Wrong, lists_of};

    const KINDS: [PlanKind; 5] =
        [PlanKind::Rota, PlanKind::Grids, PlanKind::Deployment, PlanKind::Pairing, PlanKind::Rounds];

    fn input(kind: PlanKind, lang: Lang) -> Input {
        let files: BTreeMap<String, Vec<u8>> = lists_of(kind)
            .iter()
            .map(|list| ((*list).to_owned(), example(list, lang).unwrap().unwrap()))
            .collect();
        Input { files, from: Some(date(2031, 2, 3)), days: Some(3), ..Input::default() }
    }

    /// What a planner reads is what its example says: a column that is renamed, or a word that is read no more, fails here.
    #[test]
    fn every_list_of_every_plan_has_an_example_that_its_planner_reads() {
        for lang in [Lang::Zh, Lang::En] {
            for kind in KINDS {
                let input = input(kind, lang);
                for (list, bytes) in &input.files {
                    let wanted = EXAMPLES.iter().find(|example| example.list == list).unwrap();
                    let list = lists_of(kind).iter().find(|name| *name == list).unwrap();
                    let sheet = Sheet::read(list, bytes.clone()).unwrap();
                    assert_eq!(sheet.rows(), wanted.rows.len());
                    for column in wanted.columns.iter().filter(|column| **column != "need_护士") {
                        assert!(sheet.optional(column).is_some(), "{list}.{column}");
                    }
                }
                let read: Result<(), Wrong> = match kind {
                    PlanKind::Rota => Rota::read(&input).map(drop),
                    PlanKind::Deployment => Deployment::read(&input).map(drop),
                    PlanKind::Pairing => Pairing::read(&input).map(drop),
                    PlanKind::Rounds => Rounds::read(&input).map(drop),
                    // Its buildings are those of the territory; the columns were looked at above.
                    PlanKind::Grids => Ok(()),
                };
                read.unwrap();
            }
        }
        assert!(example("nobody", Lang::Zh).is_none());
    }

    #[test]
    fn the_headings_of_an_example_are_words_of_the_reader() {
        for example in &EXAMPLES {
            for name in example.columns {
                let shown = heading(Lang::Zh, name);
                assert!(!shown.is_ascii(), "{name} has no Chinese heading");
                assert_eq!(headings::column(&shown), *name);
                assert!(heading(Lang::En, name).is_ascii());
            }
        }
    }
}
