//! One typed line: what it says is read back, what it does not say is left, and nothing makes it panic.

use intake::line::{Doubt, Line, Slot, Symptom, Teller, Temperature, read};
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
        ("6栋8楼802", ("6", "", "802")),
        ("6栋2单元8楼802", ("6", "2", "802")),
        ("6 栋 八层 802室", ("6", "", "802")),
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

const COUGH: &[&str] = &["cough"];
const FEVER: &[&str] = &["fever"];
const WELL: Option<&[&str]> = Some(&[]);
/// What is proposed of a temperature, and of symptoms; after them the doubts: `!` a contradiction, `:` several times, `?`
/// unclear.
type Heard = (&'static str, &'static str, Option<&'static [&'static str]>, &'static str);

const LINES: &[Heard] = &[
    ("1栋401从武汉回来第四天 体温正常", "normal", None, ""),
    ("1栋401武汉回来第4天，体温正常", "normal", None, ""),
    ("6号楼802室从湖北武汉返回第四天，体温 正常", "normal", None, ""),
    ("1栋401从武汉回来第四日 体温正常", "normal", None, ""),
    ("1栋401第四天 体温目前正常", "normal", None, ""),
    ("体温：一直都正常", "normal", None, ""),
    ("6 栋 802 从 武汉 回来 第 四 天 体温 正常", "normal", None, ""),
    ("8栋602三口人体温正常 第四天", "normal", None, ""),
    ("1栋401 从武汉回来4天了 36.8", "36.8", None, ""),
    ("6栋8楼802第四天36.5", "36.5", None, ""),
    ("1栋401第四天 37。8", "37.8", None, ""),
    ("1栋401第四天 三十八度五", "38.5", None, ""),
    ("1栋401第四天 体温36.5-36.8", "36.8", None, ""),
    ("体温36.5-38.2 1栋401", "38.2", None, ""),
    ("1栋401第四天 T36.5", "36.5", None, ""),
    ("6-1-802第四天 36度8", "36.8", None, ""),
    ("1栋401第四天 高烧39", "39", Some(FEVER), ""),
    ("1栋401第四天 烧到39度", "39", Some(FEVER), ""),
    ("体温 39", "39", None, ""),
    ("发烧39天了", "fever", Some(FEVER), ""),
    ("低烧 37", "fever", Some(FEVER), "!"),
    // Denied.
    ("1栋401从武汉回来第四天 没发热", "normal", None, ""),
    ("1栋401从武汉回来第四天 未发热", "normal", None, ""),
    ("1栋401从武汉回来第四天 无发热无咳嗽", "normal", None, ""),
    ("1栋401第四天 没有发烧也没有咳嗽", "normal", None, ""),
    ("无发热、咳嗽、乏力", "normal", None, ""),
    ("没有发烧和咳嗽", "normal", None, ""),
    ("没有出现发热咳嗽", "normal", None, ""),
    ("不烧不咳", "normal", None, ""),
    ("1栋401从武汉回来第四天 没有咳嗽 体温正常", "normal", None, ""),
    ("1栋401从武汉回来第四天 没腹泻 36.5", "36.5", None, ""),
    ("1栋401第四天 体温37.5不咳", "37.5", None, ""),
    ("未咳嗽，不喘，没拉肚子", "", None, ""),
    ("没有 咳嗽", "", None, "?"),
    ("咳嗽没有，发烧没有", "", None, "?"),
    ("咳嗽没有 发烧", "", None, "?"),
    ("没有发烧有咳嗽", "normal", Some(COUGH), ""),
    ("没发烧就是咳嗽", "normal", Some(COUGH), ""),
    ("没接电话 咳嗽", "", Some(COUGH), ""),
    ("没去医院咳嗽", "", None, "?"),
    ("不停咳嗽", "", Some(COUGH), ""),
    ("不但咳嗽还发烧", "fever", Some(&["fever", "cough"]), ""),
    ("咳嗽没力气", "", Some(&["cough", "fatigue"]), ""),
    ("没有症状 36.5", "36.5", WELL, ""),
    // Over.
    ("1栋401第四天 不再发烧", "", None, "?"),
    ("不发烧了", "", None, "?"),
    ("退烧了", "", None, "?"),
    ("6幢802 今天第4天 退烧了 36.9", "36.9", None, "?"),
    ("1栋401 第四天 咳嗽好了 36.6", "36.6", None, "?"),
    ("咳嗽已经没有了", "", None, "?"),
    ("烧退了，体温正常", "", None, "?"),
    ("咳嗽没好", "", Some(COUGH), ""),
    ("咳嗽好了一点", "", Some(COUGH), ""),
    ("还没退烧", "", None, "?"),
    // Asked, or denied twice.
    ("是不是发烧", "", None, "?"),
    ("有没有发烧", "", None, "?"),
    ("发烧吗", "", None, "?"),
    ("体温正常吗", "", None, "?"),
    ("不是没有发烧", "", None, "?"),
    ("并不是没有症状", "", None, "?"),
    ("没测体温正常", "", None, "?"),
    ("1栋401第四天 体温不正常", "", None, "?"),
    ("体温正常偏高", "", None, "?"),
    ("体温不超过37.3", "", None, "?"),
    // Both, or of several times.
    ("1栋401 早上体温正常 下午发烧了", "fever", Some(FEVER), "!"),
    ("1栋401 昨天不发烧今天发烧", "fever", Some(FEVER), "!"),
    ("昨天发烧 今天体温正常", "fever", Some(FEVER), "!"),
    ("早上36.5 下午发烧", "fever", Some(FEVER), "!"),
    ("早上体温正常 下午体温正常", "", None, ":"),
    ("昨天体温正常", "", None, ":"),
    ("早晚体温正常 无症状", "", None, ":"),
    ("早上体温正常 晚上没量", "", None, ":"),
    ("今天早上体温正常", "normal", None, ""),
    ("无症状 咳嗽", "", Some(COUGH), "!"),
    ("无症状 有点不舒服", "", None, "!"),
    ("无症状感染者", "", None, ""),
    ("体温正常 有点咳嗽", "normal", Some(COUGH), ""),
    ("1栋401第四天 胸不闷不咳 体温正常", "normal", None, "?"),
    ("38.5 体温正常", "38.5", None, ""),
];

/// What a line proposes, as in [`LINES`].
fn heard(text: &str) -> (String, Option<Vec<&'static str>>, String) {
    let line = read(text);
    let temperature = match line.temperature {
        Some(Temperature::Degrees(degrees)) => degrees.to_string(),
        Some(Temperature::Normal) => "normal".to_owned(),
        Some(Temperature::Fever) => "fever".to_owned(),
        None => String::new(),
    };
    let symptoms =
        line.symptoms.map(|symptoms| symptoms.into_iter().map(Symptom::as_str).collect::<Vec<_>>());
    let sign = |doubt: &Doubt| match doubt {
        Doubt::Contradiction => '!',
        Doubt::SeveralTimes => ':',
        Doubt::Unclear => '?',
    };
    (temperature, symptoms, line.doubts.iter().map(sign).collect())
}

#[test]
fn how_someone_is_is_heard_with_what_denies_it() {
    let wrong: Vec<String> = LINES
        .iter()
        .filter_map(|(text, temperature, symptoms, doubts)| {
            let wanted = ((*temperature).to_owned(), symptoms.map(<[_]>::to_vec), (*doubts).to_owned());
            let found = heard(text);
            (found != wanted).then(|| format!("{text}: {found:?}, not {wanted:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is denied, over or asked about is told whole, so that nobody reads the word without what turns it.
#[test]
fn what_is_not_proposed_is_left_with_what_denies_it() {
    for (text, left) in [
        ("没有发烧也没有咳嗽", vec!["没有咳嗽"]),
        ("是不是发烧", vec!["是不是发烧"]),
        ("不再发烧", vec!["不再发烧"]),
        ("咳嗽好了", vec!["咳嗽好了"]),
        ("无发热、咳嗽", vec!["无发热", "咳嗽"]),
        ("早上36.5 下午发烧", vec!["36.5"]),
        ("6栋8楼02", vec!["8楼02"]),
    ] {
        assert_eq!(read(text).left, left, "{text}");
    }
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

/// How much is proposed against her being well: a fine temperature below none, none below a fever.
fn gravity(text: &str) -> (u8, bool, usize) {
    let line = read(text);
    let temperature = match line.temperature {
        Some(Temperature::Normal) => 0,
        Some(Temperature::Degrees(degrees)) if degrees < 37.3 => 1,
        None => 2,
        Some(Temperature::Degrees(_) | Temperature::Fever) => 3,
    };
    let symptoms = line.symptoms;
    (
        temperature,
        symptoms.as_ref().is_none_or(|found| !found.is_empty()),
        symptoms.map_or(0, |found| found.len()),
    )
}

proptest! {
    /// Words of illness between the parts of any line make no proposal milder: no temperature finer, no symptom less.
    #[test]
    fn words_of_illness_make_nothing_milder(
        at in 0..LINES.len(), place in 0..6_usize,
        said in prop::sample::select(vec![
            "发烧", "高烧39", "咳嗽", "有点咳嗽", "胸闷气短", "拉肚子", "没力气", "不舒服", "38.6", "嗓子疼", "体温不正常", "还没退烧",
        ]),
        mark in prop::sample::select(vec![" ", "，", "；", "。 "]),
    ) {
        let text = LINES[at].0;
        // There the blank is within what is said of the temperature.
        prop_assume!(!text.contains("体温 "));
        let parts: Vec<&str> = text.split([' ', '，', '；']).collect();
        let mut worse: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
        worse.insert(place.min(parts.len()), said.to_owned());
        let plain = parts.join(mark);
        let worse = worse.join(mark);
        let (before, after) = (gravity(&plain), gravity(&worse));
        prop_assert!(after.0 >= before.0, "{} -> {}: {:?} {:?}", plain, worse, before, after);
        prop_assert!(after.1 >= before.1 && after.2 >= before.2, "{} -> {}: {:?} {:?}", plain, worse, before, after);
    }

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
