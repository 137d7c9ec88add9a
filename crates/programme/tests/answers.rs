//! What is filled in, held to the conditions of its form: what is asked, what must be answered, what an answer must fulfil.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;

use programme::answer::{Given, hold};
use programme::form::Form;
use programme::{Content, Files, read};
use proptest::prelude::*;

mod common;

const MANIFEST: &str = r#"
format = 1
code = "x"
version = "1"
name = { zh = "一", en = "one" }
languages = ["zh", "en"]
in_force = 2020-01-01
sunset = 2021-01-01
[[basis]]
code = "plan"
name = { zh = "一", en = "one" }
of = 2019-01-01
[[purpose]]
code = "care"
name = { zh = "一", en = "one" }
basis = ["plan"]
[[role]]
code = "worker"
name = { zh = "一", en = "one" }
"#;

const FORM: &str = "
| survey | | | | | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | required | relevant | constraint | constraint_message::中文 (zh) | calculation | class | purpose | readers | keep |
| | select_one yes_no | home | 在家 | at home | yes | | | | | operational | care | worker | 14d |
| | begin group | visit | 一 | one | | ${home} = 'yes' | | | | | | | |
| | integer | heads | 人数 | heads | yes | | . > 0 and . <= 20 | 人数要在 1 到 20 之间 | | operational | care | worker | 14d |
| | select_multiple sign | signs | 症状 | signs | yes | | not(selected(., 'none') and count-selected(.) > 1) | | | operational | care | worker | 14d |
| | text | other | 其他 | other | ${heads} > 3 | selected(${signs}, 'other') | string-length(.) <= 5 | | | operational | care | worker | 14d |
| | end group | | | | | | | | | | | | |
| | date | since | 起于 | since | | | . <= today() | | | operational | care | worker | 14d |
| | calculate | double | | | | | | | ${heads} * 2 | operational | care | worker | 14d |
| | text | many | 多 | many | | ${double} > 10 | | | | operational | care | worker | 14d |
| | begin repeat | room | 室 | room | | | | | | | | | |
| | decimal | area | 面积 | area | yes | | . > 0 | | | operational | care | worker | 14d |
| | text | who | 谁 | who | | ${area} > 5 | | | | operational | care | worker | 14d |
| | end repeat | | | | | | | | | | | | |
| | text | large | 大 | large | | sum(${area}) > 100 | | | | operational | care | worker | 14d |
| | time | at | 时间 | time | | | . > '10:00' | | | operational | care | worker | 14d |
| | dateTime | found | 发现 | found | | | . <= now() | 不能在将来 | | operational | care | worker | 14d |
| | dateTime | told | 报告 | told | | | . >= ${found} | 不能早于发现 | | operational | care | worker | 14d |
| choices | | | |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | yes_no | yes | 是 | yes |
| | yes_no | no | 否 | no |
| | sign | none | 无 | none |
| | sign | fever | 热 | fever |
| | sign | other | 其他 | other |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by |
| | f | 一 | 1 | person | worker |
";

fn form() -> Form {
    form_of(FORM)
}

fn form_of(sheet: &str) -> Form {
    let files = Files::from([
        ("programme.toml".to_owned(), Content::Bytes(MANIFEST.into())),
        ("forms/f.md".to_owned(), Content::Bytes(sheet.into())),
    ]);
    let programme = read(&files).map_err(|findings| format!("{findings:#?}")).unwrap();
    programme.form("f").unwrap().clone()
}

/// Filled in for a day, at noon of it.
fn at_noon(on: jiff::civil::Date) -> (jiff::civil::Date, jiff::Timestamp) {
    (on, format!("{on}T12:00:00+08:00").parse().unwrap())
}

fn text(text: &str) -> Given {
    Given::Text(text.into())
}

fn list(items: &[&str]) -> Given {
    Given::List(items.iter().map(|item| text(item)).collect())
}

/// The field and the code of everything that does not fit.
fn told(form: &Form, answers: &[(&str, Given)]) -> Vec<(String, &'static str)> {
    let given: BTreeMap<String, Given> =
        answers.iter().map(|(name, answer)| ((*name).to_owned(), answer.clone())).collect();
    match hold(form, &given, at_noon(jiff::civil::date(2020, 3, 10))) {
        Ok(_) => Vec::new(),
        Err(findings) => {
            findings.into_iter().map(|finding| (finding.place.file.clone(), finding.code)).collect()
        }
    }
}

#[test]
fn what_is_asked_and_answered_is_held_to_its_conditions() {
    let form = form();
    let of = |name: &str, code| vec![(name.to_owned(), code)];
    let home = ("home", text("yes"));
    let fine = [home.clone(), ("heads", Given::Whole(2)), ("signs", list(&["fever"]))];
    let with = |more: &[(&'static str, Given)]| [fine.as_slice(), more].concat();
    assert_eq!(told(&form, &fine), []);
    assert_eq!(told(&form, &[("home", text("no"))]), [], "what is not asked need not be answered");
    assert_eq!(
        told(&form, &[("home", text("no")), ("heads", Given::Whole(2))]),
        of("heads", "irrelevant"),
        "by the group's condition"
    );
    assert_eq!(told(&form, &fine[..2]), of("signs", "required"), "it is asked, so it must be answered");
    assert_eq!(
        told(&form, &[home.clone(), ("heads", Given::Whole(0)), fine[2].clone()]),
        of("heads", "constraint")
    );
    assert_eq!(
        told(&form, &[home.clone(), fine[1].clone(), ("signs", list(&["none", "fever"]))]),
        of("signs", "constraint")
    );
    assert_eq!(told(&form, &with(&[("other", text("咳"))])), of("other", "irrelevant"));
    let other = [home.clone(), ("heads", Given::Whole(4)), ("signs", list(&["fever", "other"]))];
    assert_eq!(told(&form, &other), of("other", "required"), "on its condition");
    assert_eq!(told(&form, &[other.as_slice(), &[("other", text("咳嗽三天了"))]].concat()), []);
    assert_eq!(
        told(&form, &[other.as_slice(), &[("other", text("咳嗽三天多了"))]].concat()),
        of("other", "constraint")
    );
    assert_eq!(told(&form, &with(&[("since", text("2020-03-10"))])), []);
    assert_eq!(told(&form, &with(&[("since", text("2020-03-11"))])), of("since", "constraint"));
    let moments = |found: &str, told: &str| with(&[("found", text(found)), ("told", text(told))]);
    assert_eq!(told(&form, &moments("2020-03-10T11:59", "2020-03-10T13:00")), []);
    assert_eq!(told(&form, &moments("2020-03-10T03:59:00Z", "2020-03-10T11:59:00.000+08:00")), []);
    assert_eq!(told(&form, &moments("2020-03-10T12:01", "2020-03-10T13:00")), of("found", "constraint"));
    assert_eq!(told(&form, &moments("2020-03-10T11:00", "2020-03-10T10:59")), of("told", "constraint"));
    assert_eq!(told(&form, &with(&[("found", text("2020-03-10"))])), of("found", "answer"));
    // What the phone reckons is reckoned here where it was not sent.
    assert_eq!(told(&form, &with(&[("many", text("a"))])), of("many", "irrelevant"));
    let six = [home, ("heads", Given::Whole(6)), fine[2].clone(), ("many", text("a"))];
    assert_eq!(told(&form, &six), []);
    let rooms =
        |areas: &[f64]| ("area", Given::List(areas.iter().map(|area| Given::Decimal(*area)).collect()));
    assert_eq!(told(&form, &with(&[rooms(&[60.0, 50.0]), ("large", text("a"))])), []);
    assert_eq!(told(&form, &with(&[rooms(&[60.0]), ("large", text("a"))])), of("large", "irrelevant"));
    assert_eq!(
        told(&form, &with(&[rooms(&[60.0, -1.0])])),
        of("area", "constraint"),
        "each answer of a repeat"
    );
    let whose = ("who", list(&["李", "王"]));
    assert_eq!(told(&form, &with(&[rooms(&[60.0, 50.0]), whose.clone()])), []);
    assert_eq!(told(&form, &with(&[rooms(&[60.0]), whose.clone()])), of("area", "required"), "on each card");
    assert_eq!(told(&form, &with(&[whose])), of("area", "required"), "on every card");
}

#[test]
fn a_mistake_in_one_answer_makes_none_of_another() {
    let form = form();
    let answers = [("home", text("perhaps")), ("heads", Given::Whole(2)), ("signs", list(&["fever"]))];
    assert_eq!(told(&form, &answers), [("home".to_owned(), "answer")]);
}

#[test]
fn what_the_server_cannot_judge_is_listed_and_left_to_the_phone() {
    let form = form();
    let outside: Vec<(&str, &str)> =
        form.outside.iter().map(|(text, why)| (text.value.as_str(), why.en.as_str())).collect();
    let wanted = [
        ("${area} > 5", "it needs area, which the server cannot judge by"),
        (". > '10:00'", "it needs at, which the server cannot judge by"),
    ];
    assert_eq!(outside, wanted);
    let answers = [
        ("home", text("no")),
        ("at", text("09:00")),
        ("area", Given::List(vec![Given::Decimal(3.0)])),
        ("who", list(&["a"])),
    ];
    assert_eq!(told(&form, &answers), []);
}

#[test]
fn the_message_of_the_form_is_what_is_told_and_no_value_is() {
    let given = BTreeMap::from([
        ("home".to_owned(), text("yes")),
        ("heads".to_owned(), Given::Whole(77)),
        ("signs".to_owned(), list(&["fever"])),
    ]);
    let findings = hold(&form(), &given, at_noon(jiff::civil::date(2020, 3, 10))).unwrap_err();
    assert_eq!(findings[0].text.zh, "heads：人数要在 1 到 20 之间");
    assert_eq!(findings[0].text.en, "the answer to heads does not fulfil . > 0 and . <= 20");
}

#[test]
fn every_condition_of_the_packs_is_judged_here() {
    for pack in ["epidemic", "heat", "livelihood"] {
        for form in read(&common::pack(pack)).unwrap().forms {
            assert!(form.outside.is_empty(), "{pack} {}: {:?}", form.code.value, form.outside);
        }
    }
}

proptest! {
    /// Whatever is answered, it is told or taken, and a form that was taken once is taken by the plain reading too.
    #[test]
    fn no_answers_bring_it_down(
        home in prop::sample::select(vec!["yes", "no", "?"]), people in -2..30i64, areas in prop::collection::vec(-1.0..90.0f64, 0..4),
        chosen in prop::sample::subsequence(vec!["none", "fever", "other", "?"], 0..4), more in any::<bool>(),
    ) {
        let form = form();
        let mut given = BTreeMap::from([
            ("home".to_owned(), text(home)),
            ("heads".to_owned(), Given::Whole(people)),
            ("signs".to_owned(), list(&chosen)),
            ("area".to_owned(), Given::List(areas.iter().map(|area| Given::Decimal(*area)).collect())),
        ]);
        if more {
            given.insert("many".to_owned(), text("a"));
        }
        if hold(&form, &given, at_noon(jiff::civil::date(2020, 3, 10))).is_ok() {
            prop_assert!(programme::answer::fit(&form, &given).is_ok());
            prop_assert!(home == "yes" && (1..=20).contains(&people));
        }
    }
}

/// What XLSForm lets one leave unsaid is asked and held as if it were said.
#[test]
fn ranges_others_and_counts_are_held_to_what_they_say() {
    let markdown = "
| survey | | | | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | required | relevant | parameters | repeat_count | trigger | calculation | class | purpose | readers | keep |
| | range | pain | 痛 | pain | | | start=0 end=10 step=2 | | | | operational | care | worker | 14d |
| | range | litres | 升 | litres | | | start=0 end=1 step=0.1 | | | | operational | care | worker | 14d |
| | select_one fuel or_other | fuel | 燃料 | fuel | yes | | | | | | sensitive | care | worker | 14d |
| | begin repeat | bed | 床 | bed | | | | ${pain} + 1 | | | operational | care | worker | 14d |
| | text | guest | 客 | guest | | | | | | | operational | care | worker | 14d |
| | end repeat | | | | | | | | | | | | | |
| | calculate | told | | | | | | | ${pain} | ${pain} * 2 | operational | care | worker | 14d |
| | text | why | 为何 | why | yes | ${told} > 3 | | | | | operational | care | worker | 14d |
| choices | | | |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | fuel | gas | 气 | gas |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by |
| | f | 一 | 1 | person | worker |
";
    let files = Files::from([
        ("programme.toml".to_owned(), Content::Bytes(MANIFEST.into())),
        ("forms/f.md".to_owned(), Content::Bytes(markdown.into())),
    ]);
    let programme = read(&files).map_err(|findings| format!("{findings:#?}")).unwrap();
    let form = programme.form("f").unwrap();
    let other = form.field("fuel_other").unwrap();
    assert_eq!((other.class, other.choices.len()), (form.field("fuel").unwrap().class, 0));
    assert_eq!(form.field("fuel").unwrap().choices, ["gas", "other"]);
    let gas = ("fuel", text("gas"));
    let with = |name: &'static str, answer: Given| told(form, &[gas.clone(), (name, answer)]);
    let of = |name: &str, code| vec![(name.to_owned(), code)];
    assert_eq!(told(form, &[("fuel", text("other")), ("fuel_other", text("柴"))]), []);
    assert_eq!(with("fuel_other", text("柴")), of("fuel_other", "irrelevant"));
    for (number, code) in
        [(0, None), (10, None), (11, Some("answer")), (-2, Some("answer")), (3, Some("answer"))]
    {
        let expected = code.map_or(Vec::new(), |code| of("pain", code));
        assert_eq!(with("pain", Given::Whole(number)), expected, "{number}");
    }
    assert_eq!(with("pain", Given::Decimal(2.5)), of("pain", "answer"), "its numbers are whole");
    assert_eq!(with("litres", Given::Decimal(0.3)), []);
    assert_eq!(with("litres", Given::Decimal(0.35)), of("litres", "answer"));
    assert_eq!(with("bed_count", text("3")), []);
    // What is reckoned when another answer changes is not reckoned here: only what came counts.
    assert_eq!(with("pain", Given::Whole(10)), []);
    let told_six = [gas.clone(), ("pain", Given::Whole(2)), ("told", text("6"))];
    assert_eq!(told(form, &told_six), of("why", "required"));
}

/// The form with every kind of question, and what lies beside it.
fn wide() -> Form {
    let here = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/xforms");
    let mut files = Files::from([("programme.toml".to_owned(), Content::Bytes(MANIFEST.into()))]);
    files.insert("forms/wide.md".to_owned(), Content::Bytes(std::fs::read(here.join("wide.md")).unwrap()));
    for entry in std::fs::read_dir(here.join("media")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        files.insert(format!("forms/media/{name}"), Content::Bytes(std::fs::read(&path).unwrap()));
    }
    read(&files).unwrap().forms.remove(0)
}

#[test]
fn an_order_has_every_choice_once_and_a_list_in_a_file_is_held_to_as_one_in_the_sheet() {
    let form = wide();
    let list =
        |names: &[&str]| Given::List(names.iter().map(|name| Given::Text((*name).to_owned())).collect());
    let text = |text: &str| Given::Text(text.to_owned());
    let told = |name: &str, given: Given| -> Vec<&'static str> {
        let given = BTreeMap::from([(name.to_owned(), given)]);
        let on = "2020-03-10".parse().unwrap();
        hold(&form, &given, at_noon(on))
            .err()
            .unwrap_or_default()
            .iter()
            .map(|finding| finding.code)
            .collect()
    };
    for (name, given, fits) in [
        ("order", list(&["fig", "apple", "pear"]), true),
        ("order", list(&["fig", "apple"]), false),
        ("order", list(&["fig", "apple", "apple"]), false),
        ("order", list(&["fig", "apple", "pear", "pear"]), false),
        ("order", list(&["fig", "apple", "plum"]), false),
        ("order", text("fig"), false),
        ("street", text("s1"), true),
        ("street", text("s3"), false),
        ("street", text("人民路"), false),
        ("lanes", list(&["l1"]), false),
        ("spot", text("well"), true),
        ("spot", text("tower"), false),
        ("share", Given::Decimal(0.75), true),
        ("share", Given::Decimal(0.6), false),
        ("feel", Given::Whole(3), false),
        ("some", list(&["apple", "pear"]), true),
        ("reserved_name_for_field_list_labels_38", text("yes"), false),
        ("houses", text("s1"), false),
    ] {
        assert_eq!(told(name, given.clone()).is_empty(), fits, "{name} {given:?}");
    }
    // The lanes are those of the street.
    for (lanes, code) in
        [(["l2", "l1"], None), (["l1", "l3"], Some("not_offered")), (["l1", "l4"], Some("answer"))]
    {
        let given = BTreeMap::from([("street".to_owned(), text("s1")), ("lanes".to_owned(), list(&lanes))]);
        let told = hold(&form, &given, at_noon(jiff::civil::date(2020, 3, 10))).err().unwrap_or_default();
        assert_eq!(
            told.iter().map(|finding| finding.code).collect::<Vec<_>>(),
            Vec::from_iter(code),
            "{lanes:?}"
        );
    }
}

/// Whoever is asked which symptom and chooses none of them, `none` neither, has said nothing.
#[test]
fn no_choice_and_a_blank_text_are_no_answer() {
    let form = form_of(
        "
| survey | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | required | relevant | class | purpose | readers | keep |
| | text | place | 地点 | place | yes | | operational | care | worker | 14d |
| | select_multiple sign | signs | 症状 | signs | yes | | operational | care | worker | 14d |
| | text | why | 原因 | why | string-length(${place}) > 1 | selected(${signs}, 'fever') | operational | care | worker | 14d |
| | text | other | 其他 | other | | | operational | care | worker | 14d |
| | select_multiple sign | more | 还有 | more | | | operational | care | worker | 14d |
| choices | | | |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | sign | none | 无 | none |
| | sign | fever | 热 | fever |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by |
| | f | 一 | 1 | person | worker |
",
    );
    let required = |name: &str| vec![(name.to_owned(), "required")];
    let filled = |place: &str, signs: &[&str]| vec![("place", text(place)), ("signs", list(signs))];
    assert_eq!(told(&form, &filled("东门", &["none"])), []);
    for blank in ["", " ", "   ", "\u{3000}", "\t\n", "\u{200b}", "\u{feff} \u{2060}"] {
        assert_eq!(told(&form, &filled(blank, &["none"])), required("place"), "{blank:?}");
    }
    assert_eq!(told(&form, &filled("东门", &[])), required("signs"));
    assert_eq!(told(&form, &filled("", &[])), [required("place"), required("signs")].concat());
    let with = |name: &'static str, answer: Given| {
        told(&form, &[filled("东门", &["fever"]), vec![(name, answer)]].concat())
    };
    assert_eq!(with("why", text(" ")), required("why"), "demanded by another answer");
    assert_eq!(with("why", text("咳")), []);
    // What need not be answered may be left blank.
    for (name, answer) in [("other", text("")), ("other", text("  ")), ("more", list(&[]))] {
        assert_eq!(told(&form, &[filled("东门", &["none"]), vec![(name, answer)]].concat()), [], "{name}");
    }
    // What counted before goes on counting.
    let given = BTreeMap::from([("place".to_owned(), text("")), ("signs".to_owned(), list(&[]))]);
    assert!(programme::answer::fit(&form, &given).is_ok());
}

#[test]
fn what_is_chosen_from_answers_was_answered() {
    let form = wide();
    let told = |guests: &[&str], oldest: &str| {
        let guests = Given::List(guests.iter().map(|name| Given::Text((*name).to_owned())).collect());
        let given = BTreeMap::from([
            ("guest_name".to_owned(), guests),
            ("oldest".to_owned(), Given::Text(oldest.to_owned())),
        ]);
        hold(&form, &given, at_noon(jiff::civil::date(2020, 3, 10))).is_ok()
    };
    assert!(told(&["甲", "乙"], "乙"));
    assert!(!told(&["甲", "乙"], "丙"));
    assert!(!told(&[], "甲"));
}

#[test]
fn a_name_may_have_capitals_hyphens_dots_and_be_chinese() {
    let form = form_of(
        "
| survey | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | relevant | class | purpose | readers | keep |
| | integer | 人数 | 人数 | heads | | operational | care | worker | 14d |
| | text | First-Name.x | 名 | name | ${人数} > 1 | operational | care | worker | 14d |
| | text | __x41 | 名 | name | ${First-Name.x} = 'a' | operational | care | worker | 14d |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by |
| | f | 一 | 1 | person | worker |
",
    );
    let told = |heads: i64, name: &str, more: Option<&str>| {
        let mut given = BTreeMap::from([
            ("人数".to_owned(), Given::Whole(heads)),
            ("First-Name.x".to_owned(), Given::Text(name.to_owned())),
        ]);
        given.extend(more.map(|more| ("__x41".to_owned(), Given::Text(more.to_owned()))));
        hold(&form, &given, at_noon(jiff::civil::date(2020, 3, 10))).is_ok()
    };
    assert!(form.outside.is_empty(), "{:?}", form.outside);
    assert!(told(2, "a", Some("x")) && told(2, "b", None));
    assert!(!told(1, "a", None) && !told(2, "b", Some("x")));
}

const STREETS: &str = "
| survey | | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | choice_filter | class | purpose | readers | keep |
| | select_one town | town | 街道 | town | | operational | care | worker | 14d |
| | select_one road | road | 路 | road | town = ${town} and name != 'closed' | operational | care | worker | 14d |
| | select_multiple road | roads | 路 | roads | town = ${town} | operational | care | worker | 14d |
| | select_one_from_file gates.csv | gate | 门 | gate | selected(${roads}, road) or ${road} = road | operational | care | worker | 14d |
| | select_one road | next | 路 | next | position(..) > 1 | operational | care | worker | 14d |
| | begin repeat | visit | 次 | visit | | | | | |
| | select_one road | seen | 路 | seen | town = ${town} | operational | care | worker | 14d |
| | text | who | 谁 | who | | operational | care | worker | 14d |
| | end repeat | | | | | | | | |
| | select_one ${who} | first | 谁 | first | ${who} != 'x' | operational | care | worker | 14d |
| choices | | | | |
| | list_name | name | label::中文 (zh) | label::English (en) | town |
| | town | east | 东 | east | |
| | town | west | 西 | west | |
| | road | one | 一 | one | east |
| | road | two | 二 | two | west |
| | road | closed | 封 | closed | east |
| | road | any | 任 | any | |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by |
| | f | 一 | 1 | person | worker |
";

/// A client offers fewer choices than the list has; what it would not have offered, nobody has chosen there.
#[test]
fn what_a_filter_does_not_offer_is_no_answer() {
    let files = Files::from([
        ("programme.toml".to_owned(), Content::Bytes(MANIFEST.into())),
        ("forms/f.md".to_owned(), Content::Bytes(STREETS.into())),
        (
            "forms/media/gates.csv".to_owned(),
            Content::Bytes("name,label,road\nnorth,北,one\nsouth,南,two\n".into()),
        ),
    ]);
    let form = read(&files).map_err(|findings| format!("{findings:#?}")).unwrap().form("f").unwrap().clone();
    let of = |name: &str| vec![(name.to_owned(), "not_offered")];
    let east = ("town", text("east"));
    let with = |more: &[(&'static str, Given)]| told(&form, &[std::slice::from_ref(&east), more].concat());
    assert_eq!(with(&[("road", text("one"))]), []);
    assert_eq!(with(&[("road", text("two"))]), of("road"), "it lies in the west");
    assert_eq!(with(&[("road", text("closed"))]), of("road"), "by its name");
    assert_eq!(with(&[("road", text("any"))]), [], "clients differ on a choice that says no town");
    assert_eq!(told(&form, &[("road", text("one"))]), of("road"), "no town is chosen, so no road is offered");
    assert_eq!(with(&[("roads", list(&["one", "closed"]))]), []);
    assert_eq!(with(&[("roads", list(&["one", "two"]))]), of("roads"), "one of them lies in the west");
    assert_eq!(with(&[("road", text("one")), ("gate", text("north"))]), []);
    assert_eq!(with(&[("road", text("one")), ("gate", text("south"))]), of("gate"), "out of a file");
    assert_eq!(with(&[("roads", list(&["one"])), ("gate", text("south"))]), of("gate"));
    let seen = |roads: &[&str]| with(&[("seen", list(roads))]);
    assert_eq!((seen(&["one", "closed"]), seen(&["one", "two"])), (vec![], of("seen")), "in a repeat");
    // What lies outside what is judged is the client's, and is told as such.
    assert_eq!(with(&[("next", text("two"))]), []);
    let who = [("who", list(&["x", "y"])), ("first", text("x"))];
    assert_eq!(with(&who), []);
    let outside: Vec<_> =
        form.outside.iter().map(|(text, why)| (text.value.as_str(), why.en.as_str())).collect();
    assert_eq!(
        outside,
        [
            ("position(..) > 1", "it has the function position"),
            ("${who} != 'x'", "it chooses from the answers of a repeat"),
        ]
    );
}
