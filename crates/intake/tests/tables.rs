//! Files as they arrive: encodings, separators, torn ends, workbooks under a wrong name.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod fixtures;

use fixtures::{HEADER, Value, gb18030, line, roster, rows, utf16, workbook};
use intake::table::Trouble;
use intake::{Format, Table, TableError};

fn cells(bytes: impl Into<Vec<u8>>) -> Vec<(u64, Vec<String>)> {
    Table::from_bytes(bytes.into())
        .unwrap()
        .map(|row| row.unwrap())
        .map(|row| (row.number, row.cells))
        .collect()
}

fn text() -> String {
    format!("{HEADER}\r\n{}\r\n{}\r\n", line(402, "万安"), line(403, "林晓月"))
}

#[test]
fn every_encoding_reads_the_same() {
    let expected = cells(text());
    assert_eq!(expected.len(), 3);
    for (bytes, name) in [
        (text().into_bytes(), "UTF-8"),
        (format!("\u{FEFF}{}", text()).into_bytes(), "UTF-8"),
        (gb18030(&text()), "GB18030"),
        (utf16(&text(), true, true), "UTF-16LE"),
        (utf16(&text(), false, true), "UTF-16BE"),
        (utf16(&text(), true, false), "UTF-16LE"),
        (utf16(&text(), false, false), "UTF-16BE"),
    ] {
        let mut table = Table::from_bytes(bytes.clone()).unwrap();
        let read: Vec<_> =
            table.by_ref().map(|row| row.unwrap()).map(|row| (row.number, row.cells)).collect();
        assert_eq!(read, expected, "{name}");
        assert_eq!(table.encoding(), name);
        assert_eq!(table.bytes_read(), bytes.len() as u64);
        assert_eq!(table.total_bytes(), bytes.len() as u64);
        assert_eq!(table.format(), Format::Csv);
    }
}

#[test]
fn the_encoding_is_told_however_late_it_shows() {
    let mut text = format!("{}\n", "area_code,room,name");
    for room in 0..60_000 {
        text.push_str(&format!("420102001001,{room},Wan\n"));
    }
    text.push_str("420102001001,60000,万安\n");
    let ended = roster(gb18030(&text));
    assert_eq!(ended.rows.len(), 60_001);
    assert_eq!(ended.rows.last().unwrap().name, "万安");
}

#[test]
fn a_few_broken_bytes_do_not_turn_utf8_into_gb18030() {
    let mut bytes = text().into_bytes();
    let at = bytes.windows(6).position(|window| window == "万安".as_bytes()).unwrap();
    bytes[at] = 0xFF;
    let ended = roster(bytes);
    assert_eq!(ended.names(), ["林晓月"]);
    assert_eq!(ended.refusals(), ["2  unreadable"]);
}

#[test]
fn a_character_cut_by_the_end_of_a_buffer_stays_whole() {
    let mut text = format!("{HEADER}\n");
    for room in 0..20_000 {
        text.push_str(&line(room, "林晓月"));
        text.push('\n');
    }
    let expected = roster(text.clone());
    assert_eq!(expected.rows.len(), 20_000);
    assert_eq!(roster(gb18030(&text)).rows, expected.rows);
    assert_eq!(roster(utf16(&text, true, true)).rows, expected.rows);
}

#[test]
fn rare_characters_of_gb18030_survive() {
    let ended = roster(gb18030(&format!("{HEADER}\n{}\n", line(402, "万𠀀㐱"))));
    assert_eq!(ended.names(), ["万𠀀㐱"]);
}

#[test]
fn separators_are_told_from_the_rows() {
    for separator in ["\t", ";", ","] {
        let ended = roster(text().replace(',', separator));
        assert_eq!(ended.names(), ["万安", "林晓月"], "{separator:?}");
    }
    assert_eq!(roster(format!("sep=;\r\n{}", text().replace(',', ";"))).rows[0].row, 3);
    let notes = text().replace("户主\r", "\"户主,户主,户主\"\r").replace("万安", "\"万,安\"");
    assert_eq!(cells(notes)[1].1.len(), 10);
}

#[test]
fn a_full_width_comma_is_no_separator() {
    assert_eq!(cells("小区编码，房号\n1，2\n")[0].1, ["小区编码，房号"]);
}

#[test]
fn row_numbers_are_those_of_the_spreadsheet() {
    let read = cells("a,b\n\n1,\"x\ny\"\r\n,\n2,z\n\n\n3,w");
    let numbers: Vec<u64> = read.iter().map(|row| row.0).collect();
    assert_eq!(numbers, [1, 3, 5, 8]);
    assert_eq!(read[1].1, ["1", "x\ny"]);
    let old_mac: Vec<u64> = cells("a,b\r1,2\r3,4\r").iter().map(|row| row.0).collect();
    assert_eq!(old_mac, [1, 2, 3]);
}

#[test]
fn the_end_of_a_dos_file_is_no_row() {
    assert_eq!(cells(b"a,b\r\n1,2\r\n\x1A".to_vec()).len(), 2);
}

#[test]
fn an_open_quote_costs_one_row() {
    let mut lines: Vec<String> = (0..500).map(|room| line(room, "万安")).collect();
    lines[2] = "420102001001,1栋,2单元,2,\"万安,女,1949-12-31,,,户主".to_owned();
    let ended = roster(format!("{HEADER}\n{}\n", lines.join("\n")));
    assert_eq!(ended.refusals(), ["4  open_quote"]);
    assert_eq!(ended.rows.len(), 499);
    assert_eq!(ended.rows[2].row, 5);
    assert_eq!(ended.refused[0].cells.0[4], "\"万安");
}

#[test]
fn an_open_quote_at_the_end_costs_the_last_row() {
    let ended = roster(format!("{HEADER}\n{}\n420102001001,1栋,2单元,403,\"林晓", line(402, "万安")));
    assert_eq!(ended.names(), ["万安"]);
    assert_eq!(ended.refusals(), ["3  open_quote"]);
}

#[test]
fn an_open_quote_that_a_later_row_closes_costs_the_rows_between_them_only() {
    let torn = "420102001001,1栋,2单元,2,\"万安,女,1949-12-31,,,户主";
    let quoted = line(404, "\"溪春燕\"");
    let ended = roster(format!(
        "{HEADER}\n{}\n{torn}\n{}\n{quoted}\n{}\n",
        line(1, "万安"),
        line(3, "林晓月"),
        line(5, "禾安")
    ));
    assert_eq!(ended.names(), ["万安", "林晓月", "溪春燕", "禾安"]);
    assert_eq!(ended.refusals(), ["3  open_quote"]);
}

#[test]
fn a_torn_last_line_is_refused() {
    let whole = text();
    let cut = &whole[..whole.len() - 30];
    let ended = roster(cut);
    assert_eq!(ended.names(), ["万安"]);
    assert_eq!(ended.refused.len(), 1);
    assert_eq!(ended.refused[0].row, 3);
    assert_eq!(ended.refused[0].code, "too_few_cells");
}

#[test]
fn ragged_rows_are_refused_and_empty_cells_at_the_end_are_not() {
    let ended = roster(format!(
        "{HEADER},,\n{},,,\n{},多出来\n{}\n420102001001,1栋,2单元,405\n",
        line(402, "万安"),
        line(403, "林晓月"),
        line(404, "禾安")
    ));
    assert_eq!(ended.names(), ["万安", "禾安"]);
    assert_eq!(ended.refusals(), ["3  too_many_cells", "5  too_few_cells"]);
}

#[test]
fn a_hole_of_zeros_is_a_refused_row() {
    let mut bytes = text().into_bytes();
    let end = bytes.len();
    bytes.extend([0; 5000]);
    let ended = roster(bytes.clone());
    assert_eq!(ended.names(), ["万安", "林晓月"]);
    assert_eq!(ended.refusals(), ["4  damaged"]);
    bytes.extend([0; 300_000]);
    bytes.extend(b"\n");
    bytes.extend(line(404, "禾安").bytes());
    let ended = roster(bytes.clone());
    assert_eq!(ended.names(), ["万安", "林晓月", "禾安"]);
    assert_eq!(ended.refusals(), ["4  damaged"]);
    bytes[end - 20] = 0;
    assert_eq!(roster(bytes).refusals(), ["3  damaged", "4  damaged"]);
}

#[test]
fn an_endless_line_is_a_refused_row_in_bounded_memory() {
    let ended =
        roster(format!("{HEADER}\n{}\n{}\n{}", line(1, "万安"), "啊".repeat(1_000_000), line(2, "禾安")));
    assert_eq!(ended.names(), ["万安", "禾安"]);
    assert_eq!(ended.refusals(), ["3  too_long"]);
    assert!(ended.refused[0].cells.0[0].len() < 100_000);
}

#[test]
fn a_file_of_open_quotes_is_given_up() {
    let text = format!("{HEADER}\n{}", "x\"y,\"z\n".repeat(200_000));
    let error = intake::roster::read_roster(Table::from_bytes(text.into()).unwrap(), fixtures::TODAY)
        .unwrap()
        .find_map(Result::err)
        .unwrap();
    assert_eq!(error.code(), "too_many_torn_rows");
}

#[test]
fn a_file_is_what_its_bytes_say() {
    let directory = tempfile::tempdir().unwrap();
    let renamed = directory.path().join("名册.csv");
    std::fs::write(&renamed, workbook(&[("Sheet1", rows(&["area_code,room,name", "1,402,万安"]))])).unwrap();
    let table = Table::open(&renamed).unwrap();
    assert_eq!(table.format(), Format::Xlsx);
    assert_eq!(table.count(), 2);
    let renamed = directory.path().join("名册.xlsx");
    std::fs::write(&renamed, text()).unwrap();
    assert_eq!(Table::open(&renamed).unwrap().format(), Format::Csv);
}

#[test]
fn other_files_are_named() {
    let code = |bytes: &[u8]| match Table::from_bytes(bytes.to_vec()).map(Iterator::last) {
        Ok(Some(Err(error))) | Err(error) => error.code(),
        Ok(_) => "read",
    };
    assert_eq!(code(b""), "empty");
    assert_eq!(code(b"%PDF-1.7 ..."), "not_a_table");
    assert_eq!(code(b"\x89PNG\r\n\x1A\n"), "not_a_table");
    assert_eq!(code(b"\xEF\xBB\xBF"), "read");
    assert_eq!(code(b"<html><table><tr><td>1</td></tr></table>"), "not_a_table");
    assert_eq!(code(b"PK\x03\x04 cut off"), "workbook_damaged");
    assert_eq!(code(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 cut off"), "workbook_damaged");
    assert_eq!(code(&[0xFF, 0xFE, 0xFD, 0xFC, 0x81, 0x20, 0xFF, 0xFF].repeat(100)), "read");
    assert_eq!(code(&[b'a', 0xFF, 0xF0, 0x81, 0x20, 0xC0, 0xFF].repeat(100)), "unknown_encoding");
    let noise: Vec<u8> = (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 11) as u8).collect();
    assert!(matches!(Table::from_bytes(noise), Err(TableError::NotATable("binary"))));
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file(
        "photo.jpg",
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored),
    )
    .unwrap();
    assert!(matches!(
        Table::from_bytes(zip.finish().unwrap().into_inner()),
        Err(TableError::NotATable("archive"))
    ));
}

#[test]
fn a_row_that_came_torn_says_so_to_a_plain_reader_too() {
    let troubles: Vec<_> =
        Table::from_bytes(b"a,b\n1,\"2".to_vec()).unwrap().map(|row| row.unwrap().trouble).collect();
    assert_eq!(troubles, [None, Some(Trouble::OpenQuote)]);
}

#[test]
fn cells_of_a_workbook_come_as_the_person_sees_them() {
    let book = workbook(&[(
        "Sheet1",
        vec![
            vec![Value::Number(402.0), Value::Number(1.5), Value::Number(15_400_000_001.0)],
            vec![Value::Date(43_879.0), Value::Moment(43_878.812_5), Value::Moment(43_878.812_499_999)],
            vec![
                Value::Number(420_106_199_001_011_012.0),
                Value::Number(420_102_001_001.0),
                Value::Number(0.0),
            ],
            vec![Value::Nothing, Value::Text("  ".to_owned()), Value::Text("末".to_owned())],
        ],
    )]);
    let read: Vec<Vec<String>> = cells(book).into_iter().map(|row| row.1).collect();
    assert_eq!(
        read,
        [
            vec!["402", "1.5", "15400000001"],
            vec!["2020-02-18", "2020-02-17 19:30:00", "2020-02-17 19:30:00"],
            vec!["4.20106199001011E+17", "420102001001", "0"],
            vec!["", "", "末"],
        ]
    );
}

#[test]
fn dates_of_the_1904_system_are_the_same_days() {
    // The serial of 18 February 2020 in the 1904 system, in a workbook that says so.
    let book = workbook(&[("Sheet1", vec![vec![Value::Date(42_417.0)]])]);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(book)).unwrap();
    let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut content = String::new();
        std::io::Read::read_to_string(&mut file, &mut content).unwrap();
        let content = content.replace("<workbookPr ", "<workbookPr date1904=\"1\" ");
        let stored =
            zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        out.start_file(name, stored).unwrap();
        std::io::Write::write_all(&mut out, content.as_bytes()).unwrap();
    }
    assert_eq!(cells(out.finish().unwrap().into_inner())[0].1, ["2020-02-18"]);
}

#[test]
fn merged_cells_fill_downwards() {
    let book = workbook(&[(
        "Sheet1",
        vec![
            vec!["楼栋".into(), "房号".into(), "姓名".into()],
            vec![Value::Merged("3栋".into(), 3), "101".into(), "万安".into()],
            vec![Value::Nothing, Value::Merged("102".into(), 2), "林晓月".into()],
            vec![Value::Nothing, Value::Nothing, "禾安".into()],
            vec!["4栋".into(), "101".into(), "溪春燕".into()],
        ],
    )]);
    let read: Vec<String> = cells(book).into_iter().map(|row| row.1.join(" ")).collect();
    assert_eq!(read, ["楼栋 房号 姓名", "3栋 101 万安", "3栋 102 林晓月", "3栋 102 禾安", "4栋 101 溪春燕"]);
}

#[test]
fn the_first_sheet_with_a_header_wins_and_the_others_are_named() {
    let book = workbook(&[
        ("说明", rows(&["请在下一页填写", "联系人,电话"])),
        ("1栋", rows(&["小区编码,房号,姓名", "420102001001,101,万安"])),
        ("2栋", rows(&["小区编码,房号,姓名", "420102001001,201,林晓月"])),
        ("空", Vec::new()),
    ]);
    let reader = intake::roster::read_roster(Table::from_bytes(book).unwrap(), fixtures::TODAY).unwrap();
    assert_eq!(reader.table().sheet(), Some("1栋"));
    assert_eq!(reader.table().sheet_names().len(), 4);
    assert_eq!(reader.header().unread_sheets, ["2栋"]);
    assert_eq!(reader.count(), 1);
}

#[test]
fn text_under_the_name_of_a_workbook_is_refused() {
    let text = || Table::from_bytes("姓名,房号\n钱七,101\n".into()).unwrap();
    for name in ["a.xlsx", "A.XLSX", "a.ods", "a.xlsm"] {
        assert!(matches!(text().named(name), Err(TableError::NotAWorkbook(_))), "{name}");
    }
    for name in ["a.csv", "a.xls", "a", "xlsx"] {
        assert!(text().named(name).is_ok(), "{name}");
    }
}
