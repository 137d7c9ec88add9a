//! What an overlay changes of a form, where and when it holds, and what is told of one that is wrong.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use programme::code::Day;
use programme::difference::difference;
use programme::question::Answer;
use programme::{Content, Files, RawSheet, build, build_asking, build_under, check, read};

mod common;

const CHANGES: &str = "\
| survey | | | | | | | | | | | |
| | change | after | type | name | label::中文 (zh) | label::English (en) | required | constraint | class | purpose | readers | keep |
| | alter | | | room_c | 床边的室温（℃） | Temperature at the bed (℃) | | . >= 5 and . <= 50 | | | | |
| | add | room_c | integer | windows | 开了几扇窗 | Open windows | yes | . >= 0 | operational | care | grid_worker | 14d |
| | add | | text | remark | 备注 | Remark | | | operational | care | grid_worker | 14d |
| | leave_out | | | has_water | | | | | | | | |
| choices | | | | | |
| | change | after | list_name | name | label::中文 (zh) | label::English (en) |
| | add | fan | cooling | mist | 喷雾 | mist |
| | alter | | cooling | fan | 风扇 | a small fan |
| | leave_out | | cooling | nothing | | |
| settings | |
| | hint_en |
| | In the heat of July. |
";

fn day(text: &str) -> Day {
    text.parse().unwrap()
}

fn put(files: &mut Files, path: &str, text: &str) {
    files.insert(path.to_owned(), Content::Bytes(text.as_bytes().to_vec()));
}

/// The heat pack without its tests and its class that looks at a cooling of nothing, and with this over its form from July on.
fn with(changes: &str) -> Files {
    let mut files = common::pack("heat");
    files.retain(|path, _| !path.starts_with("tests/") && !path.starts_with("samples/"));
    let Some(Content::Bytes(classes)) = files.get("classes/attention.toml").cloned() else {
        panic!("no classes")
    };
    let classes = String::from_utf8(classes).unwrap().replace("in ['broken', 'nothing']", "in ['broken']");
    put(&mut files, "classes/attention.toml", &classes);
    put(&mut files, "overlays/july/forms/look_in.md", changes);
    files
}

fn told(files: &Files) -> Vec<String> {
    let findings = check(files).err().unwrap_or_default();
    findings
        .iter()
        .map(|finding| format!("{} {}: {}", finding.place, finding.code, finding.text.en))
        .collect()
}

#[test]
fn an_overlay_adds_alters_and_leaves_out_in_its_area_from_its_day_on() {
    let files = with(CHANGES);
    assert_eq!(told(&files), [""; 0]);
    let pack = read(&files).unwrap();
    let names = |form: &programme::form::Form| -> Vec<String> {
        form.fields.iter().map(|field| field.name.value.clone()).collect()
    };
    let own = ["room_c", "cooling", "feels", "has_water"];
    let changed = ["room_c", "windows", "remark", "cooling", "feels"];
    for (area, on, version) in [
        ("420102", "2026-07-09", "2026"),
        ("420102", "2026-07-10", "2026+july"),
        ("420102", "2026-08-19", "2026+july"),
        ("420102", "2026-08-20", "2026"),
        ("420103", "2026-07-10", "2026"),
    ] {
        assert_eq!(pack.version_on("look_in", area, day(on)), version, "{area} {on}");
        let wanted: &[&str] = if version == "2026" { &own } else { &changed };
        assert_eq!(names(pack.form_on("look_in", area, day(on)).unwrap()), wanted, "{area} {on}");
    }
    let under = pack.under("july").unwrap();
    assert_eq!(under.manifest.version, "2026+july");
    assert!(pack.under("june").is_none() && pack.under("").is_none());
    let form = under.form("look_in").unwrap();
    let room = form.field("room_c").unwrap();
    assert_eq!(room.labels.get("en"), Some("Temperature at the bed (℃)"));
    assert_eq!(room.question.answer, Answer::Decimal);
    assert_eq!(room.constraint.as_ref().unwrap().expression.text.value, ". >= 5 and . <= 50");
    assert_eq!(
        room.constraint.as_ref().unwrap().message.get("en"),
        Some("Between 10 and 50 ℃"),
        "left as it was"
    );
    let cooling = form.field("cooling").unwrap();
    assert_eq!(cooling.choices, ["air", "fan", "mist", "broken"]);
    assert_eq!(cooling.choice_labels[1].get("zh"), Some("风扇"));
    assert_eq!(form.hint_en.as_deref(), Some("In the heat of July."));
    assert_eq!(form.title_en.as_deref(), Some("Heat visit"));

    let (plain, over) = (build(&files).unwrap(), build_under(&files, "july", false).unwrap());
    assert!(!plain["look_in"].contains("windows") && plain["look_in"].contains("has_water"));
    assert!(over["look_in"].contains("windows") && !over["look_in"].contains("has_water"));
    assert!(build_under(&files, "june", false).unwrap().is_empty());
    let (plain, over) = (build_asking(&files).unwrap(), build_under(&files, "july", true).unwrap());
    assert!(
        plain["look_in"].contains("id=\"heat.look_in\"") && plain["look_in"].contains("version=\"2026\"")
    );
    assert!(
        over["look_in"].contains("id=\"heat.look_in\"") && over["look_in"].contains("version=\"2026+july\"")
    );
}

#[test]
fn a_larger_areas_overlay_lies_under_a_smaller_ones() {
    let mut files =
        with("| survey | | | |\n| | change | name | label::English (en) |\n| | alter | room_c | Here |\n");
    put(
        &mut files,
        "overlays/hubei.toml",
        "source = { zh = \"文\", en = \"Document\" }\narea = \"42\"\nfrom = 2026-07-15\n",
    );
    put(
        &mut files,
        "overlays/hubei/forms/look_in.csv",
        "survey,,,\n,change,name,label::English (en)\n,alter,room_c,Province\n,alter,cooling,Cooling\n",
    );
    assert_eq!(told(&files), [""; 0]);
    let pack = read(&files).unwrap();
    let says = |area: &str, on: &str| {
        let form = pack.form_on("look_in", area, day(on)).unwrap();
        let label = |name: &str| form.field(name).unwrap().labels.get("en").unwrap().to_owned();
        (pack.version_on("look_in", area, day(on)), label("room_c"), label("cooling"))
    };
    let wanted =
        |version: &str, room: &str, cooling: &str| (version.to_owned(), room.to_owned(), cooling.to_owned());
    let (room, cooling) = ("Temperature of the room (℃)", "What cools the room");
    assert_eq!(says("420102", "2026-07-10"), wanted("2026+july", "Here", cooling));
    assert_eq!(says("420102", "2026-07-15"), wanted("2026+hubei+july", "Here", "Cooling"));
    assert_eq!(says("420103", "2026-07-15"), wanted("2026+hubei", "Province", "Cooling"));
    assert_eq!(says("420102", "2026-08-20"), wanted("2026+hubei", "Province", "Cooling"));
    assert_eq!(says("430100", "2026-07-15"), wanted("2026", room, cooling));
    // Of one area at one time a form is changed by one.
    let twin = "source = { zh = \"文\", en = \"Document\" }\narea = \"420102\"\nfrom = 2026-08-01\n";
    put(&mut files, "overlays/august.toml", twin);
    put(
        &mut files,
        "overlays/august/forms/look_in.md",
        "| survey | | |\n| | change | name | label::English (en) |\n| | alter | room_c | There |\n",
    );
    let told = told(&files);
    assert!(told.len() == 1 && told[0].starts_with("overlays/july/forms/look_in.md overlap: "), "{told:?}");
}

/// The rows of a survey under these columns, in front of which `change` and `name` stand.
fn survey(columns: &str, rows: &[&str]) -> String {
    let rows: String = rows.iter().map(|row| format!("| | {row} |\n")).collect();
    format!("| survey | |\n| | change | name | {columns} |\n{rows}")
}

#[test]
fn what_is_wrong_with_an_overlay_is_told_where_it_is_written() {
    const DUTIES: &str = "operational | care | grid_worker | 14d";
    let columns = "type | label::中文 (zh) | label::English (en) | class | purpose | readers | keep";
    for (changes, wanted) in [
        (survey("label::English (en)", &["alter | romm_c | Room"]), &["3:13 unknown_name"][..]),
        (survey("label::English (en)", &["change | room_c | Room"]), &["3:5 unknown_name"]),
        (survey("label::English (en)", &[" | room_c | Room"]), &["3:1 missing"]),
        (survey("label::English (en)", &["leave_out | has_water | Water"]), &["3:29 overlay"]),
        (survey("after", &["alter | has_water | feels"]), &["3:25 overlay"]),
        (survey("readers", &["alter | has_water | doctor"]), &["3:25 overlay"]),
        (survey("type", &["alter | room_c | text"]), &["3:22 overlay"]),
        (survey("lable", &["alter | room_c | Room"]), &["3:22 overlay"]),
        (survey("lable", &["add | room_c | Room"]), &["3:1 missing", "3:20 untranslated_column"]),
        (survey(columns, &["add | mood | text | 心情 | Mood | | | | "]), &["3:1 no_class", "3:1 no_keep", "3:1 no_purpose", "3:1 no_readers"]),
        (survey(columns, &[&format!("add | mood | text | 信仰 | Faith | {DUTIES}")]), &["3:25 forbidden", "3:30 forbidden"]),
        (survey(columns, &["add | mood | text | 心情 | Mood | operational | care | grid_worker | 15d"]), &["3:72 keeps_differ"]),
        ("| choices | |\n| | change | list_name | name |\n| | leave_out | cooling | water |\n".into(), &["3:27 unknown_name"]),
        ("| choices | |\n| | change | list_name | name | label::English (en) |\n| | add | cooling | water | water |\n".into(), &["3:1 untranslated"]),
        ("| settings | |\n| | filled_by |\n| | doctor |\n".into(), &["3:5 overlay"]),
        ("| settings | |\n| | form_id |\n| | look_out |\n".into(), &["3:5 overlay"]),
        ("| entities | |\n| | x |\n| | y |\n".into(), &["1:3 unknown_name"]),
        ("Nothing here.\n".into(), &[" overlay"]),
        (survey("label::English (en)", &[]), &[" overlay"]),
    ] {
        let found = told(&with(&changes));
        let file = "overlays/july/forms/look_in.md";
        let places: Vec<&str> = found
            .iter()
            .map(|finding| finding.strip_prefix(file).unwrap_or(finding).split(": ").next().unwrap())
            .map(|place| place.strip_prefix(':').unwrap_or(place))
            .collect();
        assert_eq!(places, wanted, "{changes}{found:?}");
    }
}

#[test]
fn what_speaks_of_a_form_is_held_to_what_overlays_make_of_it() {
    let found = told(&with(&survey("label::English (en)", &["leave_out | room_c | "])));
    assert!(
        found.iter().any(|told| told.starts_with("rules.toml:4:16 unknown_name: ")
            && told.contains(
                "with the forms as overlays/july.toml makes them: there is no field look_in.room_c"
            )),
        "{found:?}"
    );
    for file in ["figures.toml", "indicators.toml", "pathways/hot_room.toml"] {
        assert!(found.iter().any(|told| told.starts_with(file)), "{file}: {found:?}");
    }
    let found =
        told(&with("| choices | |\n| | change | list_name | name |\n| | leave_out | cooling | air |\n"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("there is no choice air") && found[0].contains("overlays/july.toml"),
        "{found:?}"
    );
    // What is wrong without it as well is told once.
    let mut files = with(CHANGES);
    put(&mut files, "figures.toml", "[[figure]]\ncode = 3\n");
    let (own, over) = (told(&files), {
        files.remove("overlays/july/forms/look_in.md");
        told(&files)
    });
    assert_eq!(own, over);
}

#[test]
fn an_overlay_of_forms_has_its_place() {
    let at = |path: &str, more: Option<(&str, &str)>| {
        let mut files = with(CHANGES);
        let changes = files.remove("overlays/july/forms/look_in.md").unwrap();
        files.insert(path.to_owned(), changes);
        if let Some((path, text)) = more {
            put(&mut files, path, text);
        }
        told(&files).iter().map(|told| told.split(": ").next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(at("overlays/juli/forms/look_in.md", None), ["overlays/juli/forms/look_in.md unknown_name"]);
    assert_eq!(at("overlays/july/forms/look_out.md", None), ["overlays/july/forms/look_out.md unknown_name"]);
    assert_eq!(at("overlays/july/look_in.md", None), ["overlays/july/look_in.md unknown_file"]);
    assert_eq!(at("overlays/july/forms/look_in.txt", None), ["overlays/july/forms/look_in.txt unknown_file"]);
    let empty = "source = { zh = \"文\", en = \"Document\" }\nfrom = 2026-07-10\n";
    assert_eq!(
        at("overlays/july/forms/look_in.md", Some(("overlays/empty.toml", empty))),
        ["overlays/empty.toml missing"]
    );
    let street = format!("area = \"420102001\"\n{empty}");
    assert_eq!(
        at("overlays/street/forms/look_in.md", Some(("overlays/street.toml", &street))),
        ["overlays/street.toml:1:8 area"]
    );
}

#[test]
fn a_cell_of_a_workbook_over_a_form_is_named_as_the_spreadsheet_names_it() {
    let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let sheet = RawSheet {
        name: "survey".into(),
        rows: vec![
            (1, row(&["change", "name", "label::English (en)"])),
            (3, row(&["alter", "room_c", "Your religion"])),
        ],
    };
    let mut files = with(CHANGES);
    files.remove("overlays/july/forms/look_in.md");
    files.insert("overlays/july/forms/look_in.xlsx".into(), Content::Workbook(vec![sheet]));
    let found = told(&files);
    assert!(
        found.len() == 1 && found[0].starts_with("overlays/july/forms/look_in.xlsx[survey!C3] forbidden: "),
        "{found:?}"
    );
}

#[test]
fn a_difference_names_what_an_overlay_changes() {
    let (mut plain, files) = (with(CHANGES), with(CHANGES));
    plain.remove("overlays/july/forms/look_in.md");
    let (plain, over) = (read(&plain).unwrap(), read(&files).unwrap());
    let lines = |old, new| -> String {
        difference(old, new).iter().map(|line| format!("{}\n{}\n", line.en, line.zh)).collect()
    };
    insta::assert_snapshot!(lines(&plain, &over));
    assert!(lines(&over, &plain).contains("the overlay july no longer changes the form 高温探访 (look_in)"));
    let other = with(&CHANGES.replace("Open windows", "Windows that are open"));
    let said = lines(&over, &read(&other).unwrap());
    assert_eq!(said.lines().count(), 2, "{said}");
    assert!(
        said.contains("the overlay july: 高温探访 (look_in) · windows (en): from Open windows to Windows"),
        "{said}"
    );
}

/// Whatever bounds a time is a parameter, which an overlay may set: a number in its place is refused.
#[test]
fn every_limit_is_a_parameter() {
    for (pack, file, key) in [
        ("heat", "rules.toml", "within"),
        ("heat", "pathways/hot_room.toml", "within"),
        ("epidemic", "pathways/dependant.toml", "in_all"),
        ("livelihood", "pathways/venture.toml", "look_within"),
        ("epidemic", "programme.toml", "ends_after"),
    ] {
        let mut files = common::pack(pack);
        let Some(Content::Bytes(bytes)) = files.get(file) else { panic!("{file}") };
        let text = String::from_utf8(bytes.clone()).unwrap();
        let line = text.lines().find(|line| line.starts_with(&format!("{key} = "))).unwrap().to_owned();
        for literal in ["4", "\"4\""] {
            put(&mut files, file, &text.replacen(&line, &format!("{key} = {literal}"), 1));
            let told = told(&files);
            assert!(told.iter().any(|told| told.starts_with(file)), "{file} {key} = {literal}: {told:?}");
        }
    }
}

#[test]
fn what_no_form_may_ask_by_now_is_read_where_it_was_published() {
    let mut files = common::pack("heat");
    let Some(Content::Bytes(form)) = files.get("forms/look_in.md") else { panic!("no form") };
    let asking = String::from_utf8(form.clone()).unwrap().replace("| 有水喝 |", "| 您的民族 |");
    put(&mut files, "forms/look_in.md", &asking);
    let found = told(&files);
    assert!(found.len() == 1 && found[0].contains(" forbidden: "), "{found:?}");
    let pack = read(&files).unwrap();
    assert_eq!(pack.form("look_in").unwrap().field("has_water").unwrap().labels.get("zh"), Some("您的民族"));
    assert!(build(&files).unwrap()["look_in"].contains("您的民族"));
}

#[test]
fn a_version_leaves_room_for_the_names_of_overlays() {
    let mut files = common::pack("heat");
    let Some(Content::Bytes(manifest)) = files.get("programme.toml") else { panic!("no manifest") };
    let manifest = String::from_utf8(manifest.clone()).unwrap().replace("\"2026\"", "\"2026+1\"");
    put(&mut files, "programme.toml", &manifest);
    let found = told(&files);
    assert!(found.len() == 1 && found[0].starts_with("programme.toml version: "), "{found:?}");
    assert!(read(&files).is_ok(), "what was published so reads on");
}
