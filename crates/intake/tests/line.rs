//! One typed line: what it says is read back, what it does not say is left, and nothing makes it panic.

use intake::line::{Line, Slot, Symptom, Teller, Temperature, read};
use proptest::prelude::*;

fn door(line: &Line) -> (&str, &str, &str) {
    (&line.building.key, &line.unit.key, &line.room.key)
}

#[test]
fn the_line_of_the_second_article_is_a_door_a_day_and_a_temperature() {
    let line = read("6栋802从武汉回来第四天 体温正常");
    assert_eq!(door(&line), ("6", "", "802"));
    assert_eq!((line.day, line.from.as_deref()), (Some(4), Some("武汉")));
    assert_eq!((line.temperature, line.symptoms), (Some(Temperature::Normal), None));
    assert!(line.left.is_empty(), "{:?}", line.left);
}

#[test]
fn lines_as_clerks_type_them() {
    let doors = [
        ("六栋802", ("6", "", "802")),
        ("6号楼2单元802室", ("6", "2", "802")),
        ("6-2-802 36.5", ("6", "2", "802")),
        ("6-802，36.5", ("6", "", "802")),
        ("有一个居民 3幢 1单元 0402", ("3", "1", "402")),
        ("12座第3天", ("12", "", "")),
    ];
    for (text, wanted) in doors {
        let line = read(text);
        assert_eq!(door(&line), wanted, "{text}");
        assert!(line.left.is_empty(), "{text}: {:?}", line.left);
    }
    let temperatures = [
        ("36.8", Some(Temperature::Degrees(36.8))),
        ("36.8度", Some(Temperature::Degrees(36.8))),
        ("体温36", Some(Temperature::Degrees(36.0))),
        ("三十六度五", Some(Temperature::Degrees(36.5))),
        ("37度3", Some(Temperature::Degrees(37.3))),
        ("３８．２℃", Some(Temperature::Degrees(38.2))),
        ("发烧", Some(Temperature::Fever)),
        ("没发烧", Some(Temperature::Normal)),
        ("46.5", None),
        ("36", None),
        ("136.5", None),
    ];
    for (text, wanted) in temperatures {
        assert_eq!(read(text).temperature, wanted, "{text}");
    }
    let line = read("6栋802 今早 家属报 咳嗽、没力气 37.4");
    assert_eq!((line.slot, line.teller), (Some(Slot::Morning), Some(Teller::Family)));
    assert_eq!(line.symptoms.unwrap(), [Symptom::Cough, Symptom::Fatigue]);
    assert_eq!(read("无症状").symptoms.unwrap(), []);
    let line = read("2栋502 早上36.5 下午37.8，有点咳嗽");
    assert_eq!((line.temperature, line.slot), (Some(Temperature::Degrees(37.8)), Some(Slot::Evening)));
    assert!(line.left.is_empty(), "{:?}", line.left);
    assert_eq!(read("38.1 晚上，下午36.9").temperature, Some(Temperature::Degrees(38.1)));
}

#[test]
fn an_address_alone_is_read_and_nothing_else() {
    for (text, wanted) in [
        ("2栋401", ["2", "", "401"]),
        ("2 栋 401 室", ["2", "", "401"]),
        (" ２栋　４０１", ["2", "", "401"]),
        ("2-401", ["2", "", "401"]),
        ("2-1-401", ["2", "1", "401"]),
        ("二号楼1单元 401室", ["2", "1", "401"]),
        ("2#401", ["2", "", "401"]),
        ("A栋401", ["A", "", "401"]),
        ("2栋", ["2", "", ""]),
    ] {
        let read = intake::line::address(text).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(read.each_ref().map(|label| label.key.as_str()), wanted, "{text}");
    }
    for text in ["401", "2", "1单元", "", "王东军", "401室"] {
        assert_eq!(intake::line::address(text), None, "{text}");
    }
}

#[test]
fn what_is_not_sure_is_left_to_a_person() {
    // So many days gone by, and the day so and so, are two days.
    let line = read("6栋802 回来四天了，不咳嗽，想吃面");
    assert_eq!((line.day, line.symptoms.clone()), (None, None));
    assert_eq!(line.left, ["回来四天", "不咳嗽", "想吃面"]);
    let line = read("王大爷今天没接电话");
    assert_eq!(line, Line { left: vec!["王大爷".into(), "没接电话".into()], ..Line::default() });
}

proptest! {
    #[test]
    fn whatever_is_typed_is_read_or_left(text in "\\PC{0,260}") {
        let line = read(&text);
        for left in &line.left {
            prop_assert!(!left.is_empty() && left.chars().count() <= intake::line::LONGEST);
        }
    }

    #[test]
    fn what_is_said_is_read_back(
        building in 1..60_u32, unit in prop::option::of(1..9_u32), room in 101..3_300_u32, day in 1..29_u32,
        tenths in 350..420_u32, spaced in any::<bool>(), first in any::<bool>(),
    ) {
        let space = if spaced { " " } else { "" };
        let unit_text = unit.map(|unit| format!("{unit}单元")).unwrap_or_default();
        let door_text = format!("{building}栋{space}{unit_text}{space}{room}");
        let said = format!("第{day}天 体温{}.{}", tenths / 10, tenths % 10);
        let text = if first { format!("{door_text}从武汉回来{said}") } else { format!("{said}，{door_text}") };
        let line = read(&text);
        let unit = unit.map(|unit| unit.to_string()).unwrap_or_default();
        prop_assert_eq!(door(&line), (&*building.to_string(), &*unit, &*room.to_string()), "{}", text);
        prop_assert_eq!(line.day, Some(day));
        prop_assert_eq!(line.temperature, Some(Temperature::Degrees(f64::from(tenths) / 10.0)));
        prop_assert!(line.left.is_empty(), "{:?}", line.left);
    }
}
