//! One cell at a time, as people write it.

use intake::DoorLabel;
use intake::cell::door::door;
use intake::cell::{
    DateFault, IdFault, IdNumber, PhoneFault, area_code, birth_date, check_character, date, fold_width,
    id_number, instant, light, name, outcome, phone, plain, sex,
};
use jiff::civil;

#[test]
fn width_is_folded_and_han_is_kept() {
    for (given, folded) in [
        ("　４０２Ａ室\u{200B} ", "402A室"),
        ("３－２－４０２", "3-2-402"),
        ("3—2–402", "3-2-402"),
        ("①栋", "1栋"),
        ("Ⅲ期", "III期"),
        ("（必填）", "(必填)"),
        ("\u{FEFF}姓名", "姓名"),
        ("万\t家\n安", "万 家 安"),
        // NFKC would turn these compatibility ideographs into other characters, and a name with them.
        ("\u{F900}\u{2F800}", "\u{F900}\u{2F800}"),
        ("㐱𠀀", "㐱𠀀"),
    ] {
        assert_eq!(fold_width(given), folded, "{given:?}");
    }
}

#[test]
fn names_lose_spaces_and_keep_their_dot() {
    for (given, expected) in [
        ("万 安", "万安"),
        (" 万　家　安 ", "万家安"),
        ("万\u{200B}安", "万安"),
        ("阿娜尔·吐尔逊", "阿娜尔·吐尔逊"),
        ("阿娜尔•吐尔逊", "阿娜尔·吐尔逊"),
        ("阿娜尔．吐尔逊", "阿娜尔·吐尔逊"),
        ("阿娜尔 . 吐尔逊", "阿娜尔·吐尔逊"),
        ("阿娜尔・吐尔逊・玉素甫", "阿娜尔·吐尔逊·玉素甫"),
        ("Ana  Maria", "Ana Maria"),
        ("ＡＮＡ", "ANA"),
        ("J. Wan", "J. Wan"),
        ("", ""),
        ("  ", ""),
    ] {
        assert_eq!(name(given), expected, "{given:?}");
    }
    assert_eq!(plain(" 户主 　的  儿子 "), "户主 的 儿子");
}

#[test]
fn sexes() {
    for word in ["男", "男性", "M", "Male", "1", "１", " 男 "] {
        assert_eq!(sex(word), Some("男"), "{word}");
    }
    for word in ["女", "女性", "f", "FEMALE", "2"] {
        assert_eq!(sex(word), Some("女"), "{word}");
    }
    for word in ["", "未知", "不详", "0", "9"] {
        assert_eq!(sex(word), Some(""), "{word}");
    }
    assert_eq!(sex("户主"), None);
}

#[test]
fn days_in_every_writing() {
    let day = Ok(Some(civil::date(2020, 2, 18)));
    for text in [
        "2020-02-18",
        "2020-2-18",
        "2020/2/18",
        "2020.2.18",
        "2020.02.18",
        "20200218",
        "2020年2月18日",
        "2020年02月18号",
        "２０２０－０２－１８",
        " 2020 - 2 - 18 ",
        "2020-02-18 00:00:00",
        "2020/2/18 0:00",
        "'2020-02-18",
        "43879",
        "43879.0",
    ] {
        assert_eq!(date(text), day, "{text}");
    }
    for text in ["", " ", "-", "无", "不详"] {
        assert_eq!(date(text), Ok(None), "{text}");
    }
    assert_eq!(birth_date("1900-03-01"), Ok(Some(civil::date(1900, 3, 1))));
}

#[test]
fn days_that_are_none() {
    for (text, fault) in [
        ("2020-02-30", DateFault::DoesNotExist),
        ("2019-02-29", DateFault::DoesNotExist),
        ("20201301", DateFault::DoesNotExist),
        ("20-02-18", DateFault::ShortYear),
        ("85/3/4", DateFault::ShortYear),
        ("850304", DateFault::ShortYear),
        ("1985-03", DateFault::NoDay),
        ("1985年3月", DateFault::NoDay),
        ("198503", DateFault::NoDay),
        ("1985.3", DateFault::NoDay),
        ("1985", DateFault::NoDay),
        ("18/02/2020", DateFault::Unreadable),
        ("二月", DateFault::Unreadable),
        ("35", DateFault::Unreadable),
        ("2020-02", DateFault::NoDay),
        ("昨天", DateFault::Unreadable),
    ] {
        assert_eq!(date(text), Err(fault), "{text}");
    }
}

/// A number with the check character it must have.
fn number(first17: &str) -> String {
    format!("{first17}{}", char::from(check_character(first17.as_bytes())))
}

#[test]
fn the_check_character_is_that_of_the_standard() {
    // The worked example of GB 11643-1999, annex.
    assert_eq!(number("11010519491231002"), "11010519491231002X");
    assert_eq!(number("44052418800101001"), "440524188001010014");
}

#[test]
fn identity_numbers_are_read_through_their_disguises() {
    let plain = "11010519491231002X";
    for text in [
        plain,
        "11010519491231002x",
        " 110105 19491231 002X ",
        "110105-19491231-002X",
        "１１０１０５１９４９１２３１００２Ｘ",
        "'11010519491231002X",
        "\t11010519491231002X",
        "11010519491231002×",
    ] {
        let IdNumber::Valid(identity) = id_number(text) else { panic!("{text}") };
        assert_eq!(identity.number, plain, "{text}");
        assert_eq!(identity.birth_date, civil::date(1949, 12, 31));
        assert_eq!(identity.sex, "女");
    }
    for text in ["", " ", "无", "/", "暂无"] {
        assert_eq!(id_number(text), IdNumber::Empty, "{text}");
    }
}

#[test]
fn fifteen_digits_become_eighteen() {
    let IdNumber::Valid(identity) = id_number("110105491231002") else { panic!("15 digits") };
    assert_eq!(identity.number, "11010519491231002X");
    // A sequence of 996 to 999 means born before 1900.
    let IdNumber::Valid(identity) = id_number("110105991231998") else { panic!("centenarian") };
    assert_eq!(identity.birth_date, civil::date(1899, 12, 31));
}

#[test]
fn impossible_identity_numbers_say_why() {
    for (text, fault) in [
        ("110105194912310021", IdFault::Check),
        ("1101051949123100", IdFault::Length { found: 16 }),
        ("1101051949123100211", IdFault::Length { found: 19 }),
        ("1101051949123100X", IdFault::Length { found: 17 }),
        ("11010519491231O02X", IdFault::Characters),
        ("E12345678", IdFault::Characters),
        ("户口本", IdFault::Characters),
        ("110105490231002", IdFault::BirthDate),
        ("1.10105E+17", IdFault::Destroyed),
        ("1.10105194912310E+17", IdFault::Destroyed),
        ("4.2E17", IdFault::Destroyed),
        ("110105194912310000", IdFault::Destroyed),
        ("110105194912310020.0", IdFault::Destroyed),
    ] {
        assert_eq!(id_number(text), IdNumber::Impossible(fault), "{text}");
    }
    assert_eq!(id_number(&number("11010519490230002")), IdNumber::Impossible(IdFault::BirthDate));
}

#[test]
fn a_true_number_that_ends_in_zeros_is_not_called_destroyed() {
    let ends_in_zeros = (0..10_000)
        .map(|n| number(&format!("1101{:02}19{:02}123100{}", n / 100 % 100, n % 100, 0)))
        .find(|number| number.ends_with("000"))
        .unwrap();
    assert!(matches!(id_number(&ends_in_zeros), IdNumber::Valid(_)), "{ends_in_zeros}");
}

#[test]
fn phones() {
    for (given, expected) in [
        ("15400000001", "15400000001"),
        ("154 0000 0001", "15400000001"),
        ("154-0000-0001", "15400000001"),
        ("+86 15400000001", "15400000001"),
        ("+8615400000001", "15400000001"),
        ("8615400000001", "15400000001"),
        ("008615400000001", "15400000001"),
        ("(+86)15400000001", "15400000001"),
        ("015400000001", "15400000001"),
        ("１５４０００００００１", "15400000001"),
        ("'15400000001", "15400000001"),
        ("000-00000001", "000-00000001"),
        ("0270-0000001", "0270-0000001"),
        ("(027)00000001", "027-00000001"),
        ("02700000001", "027-00000001"),
        ("0718-0000001", "0718-0000001"),
        ("07180000001", "0718-0000001"),
        ("+86 27 00000001", "027-00000001"),
        ("+86-718-0000001", "0718-0000001"),
        ("027-00000001-8001", "027-00000001-8001"),
        ("027-00000001转8001", "027-00000001-8001"),
        ("80000001", "80000001"),
        ("15400000001/15400000002", "15400000001/15400000002"),
        ("15400000001、027-00000001", "15400000001/027-00000001"),
        ("4000000000", "4000000000"),
        ("", ""),
        ("无", ""),
        ("-", ""),
    ] {
        assert_eq!(phone(given), Ok(expected.to_owned()), "{given}");
    }
    for (given, fault) in [
        ("在儿子那里", PhoneFault::NotDigits),
        ("/、", PhoneFault::NotDigits),
        ("12345", PhoneFault::TooShort { found: 5 }),
        ("1540000000", PhoneFault::TooShort { found: 10 }),
        ("154000000012", PhoneFault::TooLong { found: 12 }),
        ("1.54E+10", PhoneFault::Destroyed),
    ] {
        assert_eq!(phone(given), Err(fault), "{given}");
    }
}

#[test]
fn labels_of_doors_share_keys() {
    for text in
        ["3", "03", "３", "3栋", "3 栋", "3幢", "3号楼", "3#", "#3", "3#楼", "三栋", "第3栋", "3号", "3楼"]
    {
        assert_eq!(DoorLabel::building(text).key, "3", "{text}");
    }
    for (text, key) in [
        ("十二栋", "12"),
        ("二十幢", "20"),
        ("A座", "A"),
        ("a座", "A"),
        ("东3栋", "东3"),
        ("东区03栋", "东区3"),
        ("3-1栋", "3-1"),
        ("甲栋", "甲"),
        ("", ""),
        ("无", ""),
        ("/", ""),
    ] {
        assert_eq!(DoorLabel::building(text).key, key, "{text}");
    }
    for text in ["2", "2单元", "二单元", "02单元", "2号门", "２ 单元", "2门"] {
        assert_eq!(DoorLabel::unit(text).key, "2", "{text}");
    }
    for text in ["402", "402室", "402房", "402号", "0402", "４０２", " 402 室", "四〇二", "四零二室"]
    {
        assert_eq!(DoorLabel::room(text).key, "402", "{text}");
    }
    for (text, key) in
        [("402a", "402A"), ("402-1", "402-1"), ("三楼东户", "三楼东"), ("0", "0"), ("000", "0")]
    {
        assert_eq!(DoorLabel::room(text).key, key, "{text}");
    }
    assert_eq!(DoorLabel::building(" ３号楼 ").shown, "3号楼");
}

#[test]
fn a_whole_address_is_split() {
    let keys = |b: &str, u: &str, r: &str| {
        let (building, unit, room) = door(b, u, r);
        format!("{}|{}|{}", building.key, unit.key, room.key)
    };
    for (given, expected) in [
        ("3栋2单元402", "3|2|402"),
        ("3栋2单元402室", "3|2|402"),
        ("3号楼2单元402", "3|2|402"),
        ("东区3栋2单元402", "东区3|2|402"),
        ("3-2-402", "3|2|402"),
        ("３－２－４０２", "3|2|402"),
        ("3#2-402", "3|2|402"),
        ("3栋402", "3||402"),
        ("3-402", "3||402"),
        ("A座1203", "A||1203"),
        // A house in a village and a plain room stay whole.
        ("12-1", "||12-1"),
        ("402", "||402"),
        ("村东头第三家", "||村东头第三家"),
        ("5号", "||5"),
    ] {
        assert_eq!(keys("", "", given), expected, "{given}");
    }
    assert_eq!(keys("3", "", "2单元402"), "3|2|402");
    assert_eq!(keys("3", "", "2-402"), "3|2|402");
    assert_eq!(keys("3", "2", "2-402"), "3|2|2-402");
    assert_eq!(keys("3栋2单元", "", "402"), "3|2|402");
    assert_eq!(keys("3栋", "2单元", "402室"), "3|2|402");
    let (building, unit, room) = door("", "", "3栋2单元402室");
    assert_eq!(
        (building.shown.as_str(), unit.shown.as_str(), room.shown.as_str()),
        ("3栋", "2单元", "402室")
    );
}

#[test]
fn lights_and_outcomes() {
    for (word, code) in [
        ("亮", 1),
        ("开", 1),
        ("有灯", 1),
        ("ON", 1),
        ("灭", 2),
        ("无灯", 2),
        ("off", 2),
        ("", 0),
        ("不清楚", 0),
    ] {
        assert_eq!(light(word), Some(code), "{word}");
    }
    assert_eq!(light("红色"), None);
    for (word, code) in [
        ("met", 0),
        ("见面", 0),
        ("已见面", 0),
        ("电话核实", 1),
        ("无人应答", 2),
        ("no_answer", 2),
        ("No answer", 2),
        ("无人", 2),
        ("空置", 3),
        ("空房", 3),
        ("拒绝", 4),
        ("外出", 5),
        ("查无此户", 6),
        ("not_exist", 6),
        ("not exist", 6),
    ] {
        assert_eq!(outcome(word), Some(code), "{word}");
    }
    assert_eq!(outcome(""), None);
    assert_eq!(outcome("好"), None);
}

#[test]
fn moments_are_local_unless_they_say_otherwise() {
    let evening = Ok(Some(1_581_939_000_000));
    for text in [
        "2020-02-17T19:30:00+08:00",
        "2020-02-17T11:30:00Z",
        "2020-02-17 19:30",
        "2020-02-17 19:30:00",
        "2020/2/17 19:30",
        "2020.2.17 19:30",
        "2020年2月17日 19时30分",
        "2020年2月17日19点30分",
        "２０２０－２－１７　１９：３０",
        "2020-02-17T19:30",
        "43878.8125",
        "43878.812500000",
    ] {
        assert_eq!(instant(text), evening, "{text}");
    }
    assert_eq!(instant("2020-02-17 19:30:05"), Ok(Some(1_581_939_005_000)));
    assert_eq!(instant(" "), Ok(None));
    for (text, fault) in [
        ("2020-02-17", DateFault::Unreadable),
        ("19:30", DateFault::Unreadable),
        ("2020-02-30 19:30", DateFault::DoesNotExist),
        ("2020-02-17 25:00", DateFault::DoesNotExist),
        ("20-02-17 19:30", DateFault::ShortYear),
        ("昨晚", DateFault::Unreadable),
    ] {
        assert_eq!(instant(text), Err(fault), "{text}");
    }
}

#[test]
fn area_codes() {
    assert_eq!(area_code(" ４２０１０２００１００１ ").as_deref(), Some("420102001001"));
    assert_eq!(area_code("420102001001.0").as_deref(), Some("420102001001"));
    assert_eq!(area_code("420102001001-G03").as_deref(), Some("420102001001-G03"));
    assert_eq!(area_code(""), Some(String::new()));
    assert_eq!(area_code("桃源社区"), None);
    assert_eq!(area_code("4.20102E+11"), None);
}
