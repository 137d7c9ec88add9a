//! Rosters as strangers send them.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod fixtures;

use std::path::Path;

use fixtures::{HEADER, TODAY, Value, id, line, roster, rows, workbook};
use intake::roster::{RosterCounts, RosterItem, read_roster, read_roster_of_area};
use intake::{Column, SkipKind, Table, TableError};

#[test]
fn the_sample_reads_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/roster.csv");
    let reader = read_roster(Table::open(&path).unwrap(), TODAY).unwrap();
    assert!(reader.header().unknown.is_empty());
    let mut counts = RosterCounts::default();
    for item in reader {
        let item = item.unwrap();
        assert!(!matches!(item, RosterItem::Refused(_)), "{item:?}");
        counts.add(&item);
    }
    assert_eq!(counts, RosterCounts { rows: 37, doors: 2, ..RosterCounts::default() });
}

#[test]
fn a_row_is_read_field_by_field() {
    let ended = roster(format!(
        "{HEADER}\n 420102001001 ,３号楼,二单元,０４０２室,万 安,女,,{},+86 154-0000-0001,本人 或户主\n",
        id("19491231", 102).to_lowercase()
    ));
    let row = &ended.rows[0];
    assert_eq!(row.row, 2);
    assert_eq!(row.area_code, "420102001001");
    assert_eq!((row.building.shown.as_str(), row.building.key.as_str()), ("3号楼", "3"));
    assert_eq!((row.unit.shown.as_str(), row.unit.key.as_str()), ("二单元", "2"));
    assert_eq!((row.room.shown.as_str(), row.room.key.as_str()), ("0402室", "402"));
    assert_eq!(row.name, "万安");
    assert_eq!(row.sex, "女");
    assert_eq!(row.birth_date, "1949-12-31");
    assert_eq!(row.id_number, id("19491231", 102));
    assert_eq!(row.phone, "15400000001");
    assert_eq!(row.relation, "本人 或户主");
    assert!(row.notices.is_empty());
}

#[test]
fn what_is_behind_a_door_is_read_in_both_languages() {
    let ended = roster(
        "小区编码,楼栋,房号,姓名,房屋性质\n\
         1,1,101,,企业\n1,1,102,,Hotel\n1,1,103,,建筑工地\n1,1,104,,超市\n1,1,105,, 卡口 \n1,1,106,万安,出租\n\
         1,1,107,,其它\n1,1,108,,\n1,1,109,,火星\n",
    );
    let places: Vec<_> = ended.doors.iter().map(|door| door.place).collect();
    assert_eq!(
        places,
        [
            Some("enterprise"),
            Some("hotel"),
            Some("site"),
            Some("market"),
            Some("checkpoint"),
            Some("other"),
            None,
            None
        ]
    );
    assert_eq!(ended.rows[0].place, Some("home"));
    let notices: Vec<_> =
        ended.doors.iter().flat_map(|door| &door.notices).map(|notice| notice.code).collect();
    assert_eq!(notices, ["place_unreadable"]);
}

#[test]
fn headers_in_the_wild() {
    for header in [
        "小区编码,楼号,单元号,门牌号,姓名*,性别,出生年月,身份证号码,电话（必填）,关系",
        "area_code,building,unit,room,name,sex,birth_date,id_number,phone,relation",
        "Area Code,Building,Unit,Room No.,Full Name,Gender,Date of Birth,ID No,Mobile Phone,Relationship",
        "社区编码,幢,单元,室号, 姓 名 ,性 别,出生日期 ,公民身份号码,联系电话：,与户主关系",
        "网格编码,栋,单元,户号,＊姓名,性别,出生年月日,证件号码,手机号【本人】,家庭关系",
        "\"小区编码\n（12位）\",楼栋,单元,房间号,\"姓\n名\",性别,生日,身份证,手机,与户主的关系",
    ] {
        let ended = roster(format!("{header}\n{}\n", line(402, "万安")));
        assert_eq!(ended.names(), ["万安"], "{header}");
        assert_eq!(ended.rows[0].phone, "15400000001", "{header}");
        assert_eq!(ended.rows[0].id_number, id("19491231", 102), "{header}");
        assert_eq!(ended.rows[0].relation, "户主", "{header}");
    }
}

#[test]
fn columns_come_in_any_order_and_strange_ones_are_named() {
    let text = "序号,姓名,民族,房号,电话,小区编码,手机\n1,万安,-,402,15400000001,420102001001,15400000002\n";
    let mut reader = read_roster(Table::from_bytes(text.into()).unwrap(), TODAY).unwrap();
    assert_eq!(reader.header().unknown, ["序号", "民族"]);
    assert_eq!(reader.header().repeated, ["手机"]);
    let Some(Ok(RosterItem::Row(row))) = reader.next() else { panic!() };
    assert_eq!(
        (row.name.as_str(), row.room.key.as_str(), row.phone.as_str()),
        ("万安", "402", "15400000001")
    );
}

#[test]
fn an_address_stands_in_for_the_room_and_the_head_for_the_name() {
    let ended = roster("小区编码,户主姓名,家庭住址\n420102001001,万安,3栋2单元402室\n");
    let row = &ended.rows[0];
    assert_eq!((row.building.key.as_str(), row.unit.key.as_str(), row.room.key.as_str()), ("3", "2", "402"));
    assert_eq!(row.name, "万安");
    let ended = roster("小区编码,户主姓名,家庭住址,姓名,房号\n420102001001,万安,3栋,林晓月,402\n");
    assert_eq!((ended.rows[0].name.as_str(), ended.rows[0].room.key.as_str()), ("林晓月", "402"));
}

#[test]
fn a_title_a_blank_row_and_a_line_with_the_date_may_stand_above() {
    let top = "桃源社区居民花名册,,,,,,,,,\n,,,,,,,,,\n单位：桃源社区,,,,,,制表日期：2020年2月17日,,,\n";
    let ended = roster(format!("{top}{HEADER}\n{}\n", line(402, "万安")));
    assert_eq!(ended.names(), ["万安"]);
    assert_eq!(ended.rows[0].row, 5);
    let below = format!("{}{HEADER}\n{}\n", "桃源社区\n".repeat(19), line(402, "万安"));
    assert_eq!(roster(below).names(), ["万安"]);
}

#[test]
fn a_header_of_two_rows_is_found_by_its_lower_row() {
    let book = workbook(&[(
        "Sheet1",
        vec![
            vec![Value::Merged("小区编码".into(), 2), Value::Merged("房号".into(), 2), "人员信息".into()],
            vec![Value::Nothing, Value::Nothing, "姓名".into(), "电话".into()],
            vec!["420102001001".into(), "402".into(), "万安".into(), "15400000001".into()],
        ],
    )]);
    let ended = roster(book);
    assert_eq!(ended.names(), ["万安"]);
    assert_eq!(ended.rows[0].phone, "15400000001");
}

#[test]
fn a_missing_column_is_named_with_what_was_found() {
    let error = |text: &str| match read_roster(Table::from_bytes(text.into()).unwrap(), TODAY) {
        Err(TableError::Header(error)) => error,
        _ => panic!(),
    };
    let missing = error("楼栋,房号,姓名,电话\n3,402,万安,15400000001\n");
    assert_eq!(missing.missing, [Column::AreaCode]);
    assert_eq!(missing.found, ["楼栋", "房号", "姓名", "电话"]);
    assert_eq!(missing.row, Some(1));
    // A file without any header shows nobody's data in its error.
    let none = error("420102001001,402,万安,15400000001\n");
    assert_eq!(none.missing, [Column::AreaCode, Column::Room, Column::Name]);
    assert!(none.found.is_empty() && !none.zh().contains("万安"));
    let far = format!("{}{HEADER}\n", "桃源社区\n".repeat(20));
    assert_eq!(error(&far).row, None);
}

#[test]
fn the_area_may_come_from_the_caller() {
    let text = "房号,姓名\n402,万安\n";
    let items: Vec<_> = read_roster_of_area(Table::from_bytes(text.into()).unwrap(), TODAY, "420102001001")
        .unwrap()
        .collect();
    let Ok(RosterItem::Row(row)) = &items[0] else { panic!() };
    assert_eq!(row.area_code, "420102001001");
    let text = "小区编码,房号,姓名\n420102001002,402,万安\n,403,林晓月\n";
    let codes: Vec<_> = read_roster_of_area(Table::from_bytes(text.into()).unwrap(), TODAY, "420102001001")
        .unwrap()
        .map(|item| match item {
            Ok(RosterItem::Row(row)) => row.area_code,
            _ => panic!(),
        })
        .collect();
    assert_eq!(codes, ["420102001002", "420102001001"]);
}

#[test]
fn headers_pasted_in_between_and_sums_are_counted_and_passed_over() {
    let ended = roster(format!(
        "{HEADER}\n{}\n小计,,,,1人,,,,,\n{HEADER}\n{}\n,,,合 计,2,,,,,\n总计：,,,,,,,,,\n共计2人,,,,,,,,,\n3栋小计,,,,2,,,,,\nTotal,,,,2,,,,,\n填表人：万安,,,审核人：,,,,,,\n注：以上为常住\n",
        line(402, "万安"),
        line(403, "林晓月")
    ));
    assert_eq!(ended.names(), ["万安", "林晓月"]);
    assert!(ended.refused.is_empty(), "{:?}", ended.refusals());
    let count = |kind| ended.skipped.iter().filter(|skipped| skipped.kind == kind).count();
    assert_eq!(count(SkipKind::RepeatedHeader), 1);
    assert_eq!(count(SkipKind::Total), 6);
    assert_eq!(count(SkipKind::Footer), 2);
}

#[test]
fn people_whose_names_look_like_sums_are_people() {
    let lines: Vec<String> = ["共小月", "总明", "小计", "合安"].map(|name| line(402, name)).into();
    assert_eq!(roster(format!("{HEADER}\n{}\n", lines.join("\n"))).rows.len(), 4);
    let ended = roster("小区编码,房号,姓名\n420102001001,402,小安\n420102001001,403,总小计\n");
    assert_eq!(ended.names(), ["小安", "总小计"]);
}

#[test]
fn a_door_without_a_person_is_a_door() {
    let ended = roster(
        "小区编码,楼栋,房号,姓名,性别,电话\n420102001001,3栋,402,,,\n420102001001,3栋,403,空置,,\n420102001001,3栋,404,,女,\n420102001001,3栋,405,,,15400000001\n",
    );
    assert_eq!(ended.doors.iter().map(|door| door.room.key.as_str()).collect::<Vec<_>>(), ["402", "403"]);
    assert_eq!(ended.refusals(), ["4 name missing", "5 name missing"]);
}

#[test]
fn a_village_has_no_building() {
    let ended = roster("小区编码,房号,姓名\n420102001001,12-1,万安\n");
    let row = &ended.rows[0];
    assert!(row.building.is_empty() && row.unit.is_empty());
    assert_eq!(row.room.key, "12-1");
}

#[test]
fn what_must_be_there_and_is_not_refuses_the_row() {
    let ended = roster(
        "小区编码,房号,姓名\n,402,万安\n420102001001,,万安\n桃源社区,402,万安\n4.20102E+11,402,万安\n420102001001,402,123\n",
    );
    assert_eq!(
        ended.refusals(),
        [
            "2 area_code missing",
            "3 room missing",
            "4 area_code area_code_unreadable",
            "5 area_code destroyed_by_spreadsheet",
            "6 name name_unreadable",
        ]
    );
}

fn person(cells: &str) -> String {
    format!("小区编码,房号,姓名,性别,出生日期,身份证号,电话\n420102001001,402,万安,{cells}\n")
}

#[test]
fn impossible_values_refuse_the_row() {
    let good = id("19491231", 102);
    let wrong = format!("{}{}", &good[..17], if good.ends_with('1') { '2' } else { '1' });
    for (cells, refusal) in [
        (format!(",,{wrong},"), "2 id_number id_check"),
        (format!(",,{}3,", &good[..16]), "2 id_number id_length"),
        (format!(",,{},", id("19490230", 102)), "2 id_number id_birth_date"),
        (",,护照E1234567,".to_owned(), "2 id_number id_characters"),
        (",,4.20106E+17,".to_owned(), "2 id_number destroyed_by_spreadsheet"),
        (format!(",,{}000,", &wrong[..15]), "2 id_number destroyed_by_spreadsheet"),
        (format!(",1949-12-30,{good},"), "2 birth_date id_against_birth_date"),
        (",2020-02-19,,".to_owned(), "2 birth_date birth_date_in_future"),
        (",1889-02-17,,".to_owned(), "2 birth_date birth_date_too_old"),
        (format!(",,{},", id("20200219", 102)), "2 id_number birth_date_in_future"),
        (",2020-02-30,,".to_owned(), "2 birth_date date_does_not_exist"),
        (",49-12-31,,".to_owned(), "2 birth_date date_short_year"),
        (",很久以前,,".to_owned(), "2 birth_date date_unreadable"),
        (",,,电话在儿子处".to_owned(), "2 phone phone_not_digits"),
        (",,,1234".to_owned(), "2 phone phone_too_short"),
        (",,,1540000000012".to_owned(), "2 phone phone_too_long"),
        (",,,1.54E+10".to_owned(), "2 phone destroyed_by_spreadsheet"),
    ] {
        assert_eq!(roster(person(&cells)).refusals(), [refusal], "{cells}");
    }
}

#[test]
fn the_oldest_and_the_youngest_are_people() {
    let ended = roster(person(",1890-02-18,,"));
    assert_eq!(ended.rows[0].birth_date, "1890-02-18");
    assert_eq!(roster(person(",2020-02-18,,")).rows.len(), 1);
    assert_eq!(roster(person(",1889-12-31,,")).rows.len(), 1);
}

#[test]
fn the_identity_number_fills_what_is_empty() {
    let row = roster(person(&format!(",,{},", id("19491231", 102)))).rows.remove(0);
    assert_eq!((row.sex.as_str(), row.birth_date.as_str()), ("女", "1949-12-31"));
    let row = roster(person("男,,100000491231003,")).rows.remove(0);
    assert_eq!(row.id_number, id("19491231", 3));
}

#[test]
fn small_doubts_leave_the_value_out_and_keep_the_person() {
    let notice = |cells: &str| {
        let ended = roster(person(cells));
        let row = &ended.rows[0];
        (row.notices[0].code, row.sex.clone(), row.birth_date.clone())
    };
    assert_eq!(notice("户主,,,"), ("sex_unreadable", String::new(), String::new()));
    assert_eq!(notice(",1949年12月,,"), ("birth_date_without_day", String::new(), String::new()));
    let against = notice(&format!("男,,{},", id("19491231", 102)));
    assert_eq!(against, ("sex_against_id", "女".to_owned(), "1949-12-31".to_owned()));
}

#[test]
fn a_telephone_number_that_looks_incomplete_is_taken_and_told() {
    let told = |phone: &str| {
        let row = roster(person(&format!(",,,{phone}"))).rows.remove(0);
        (row.phone, row.notices.into_iter().map(|notice| (notice.code, notice.zh)).collect::<Vec<_>>())
    };
    for (phone, digits) in
        [("138001380", 9), ("82345678", 8), ("010-6234567", 10), ("13800138000/138001380", 9)]
    {
        let (taken, notices) = told(phone);
        assert_eq!(taken, phone);
        let said = format!("电话有{digits}位，像是不全（手机11位，座机要有区号），已照写；请核对");
        assert_eq!(notices, [("phone_incomplete", said)]);
    }
    for phone in
        ["", "13800138000", "10013800001", "010-62345678", "0712-2345678", "0755-82345678-12", "4008201234"]
    {
        assert_eq!(told(phone).1, [], "{phone}");
    }
}

#[test]
fn numbers_of_a_workbook() {
    let book = workbook(&[(
        "Sheet1",
        vec![
            rows(&["小区编码,楼栋,单元,房号,姓名,出生日期,身份证号,电话"]).remove(0),
            vec![
                Value::Number(420_102_001_001.0),
                Value::Merged("3栋".into(), 2),
                Value::Number(2.0),
                Value::Number(402.0),
                "万安".into(),
                Value::Date(18_264.0),
                id("19500101", 102).as_str().into(),
                Value::Number(15_400_000_001.0),
            ],
            vec![
                Value::Number(420_102_001_001.0),
                Value::Nothing,
                Value::Number(2.0),
                Value::Number(403.0),
                "林晓月".into(),
                Value::Number(18_264.0),
                Value::Number(100_000_195_001_011_000.0),
                Value::Nothing,
            ],
        ],
    )]);
    let ended = roster(book);
    let row = &ended.rows[0];
    assert_eq!((row.building.key.as_str(), row.unit.key.as_str(), row.room.key.as_str()), ("3", "2", "402"));
    assert_eq!((row.birth_date.as_str(), row.phone.as_str()), ("1950-01-01", "15400000001"));
    assert_eq!(ended.refusals(), ["3 id_number destroyed_by_spreadsheet"]);
    assert_eq!(ended.refused[0].cells.0[1], "3栋");
}

#[test]
fn a_refusal_can_be_logged() {
    let ended = roster(person(&format!("女,,{}9,15400000001", id("19491231", 102))));
    let logged = format!("{:?}", ended.refused[0]);
    for private in ["万安", "19491231", "15400000001", "402"] {
        assert!(!logged.contains(private), "{logged}");
    }
    assert_eq!(ended.refused[0].value_class.to_string(), "digits(19)");
    assert_eq!(ended.refused[0].cells.0[2], "万安");
}
