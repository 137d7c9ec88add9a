//! XForms, held against what pyxform 4.5.0 made of the same sheets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use programme::{Content, Files, build, build_asking};
use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

mod common;

fn here(inside: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(inside)
}

/// The lines in which two texts differ first.
fn difference(ours: &str, theirs: &str) -> Option<String> {
    let (ours, theirs) = (outline(ours), outline(theirs));
    if ours == theirs {
        return None;
    }
    let same = ours.lines().zip(theirs.lines()).take_while(|(one, other)| one == other).count();
    let after = |text: &str| text.lines().skip(same.saturating_sub(3)).take(8).collect::<Vec<_>>().join("\n");
    Some(format!("ours:\n{}\npyxform:\n{}", after(&ours), after(&theirs)))
}

/// A pack around one form.
fn around(form: &str, markdown: &str) -> Files {
    let manifest = r#"
format = 1
code = "x"
version = "1"
name = { zh = "一", en = "one" }
languages = ["zh", "en"]
in_force = 2026-01-01
sunset = 2027-01-01
[[basis]]
code = "plan"
name = { zh = "一", en = "one" }
of = 2026-01-01
[[purpose]]
code = "care"
name = { zh = "一", en = "one" }
basis = ["plan"]
[[role]]
code = "worker"
name = { zh = "一", en = "one" }
"#;
    Files::from([
        ("programme.toml".to_owned(), Content::Bytes(manifest.into())),
        (format!("forms/{form}.md"), Content::Bytes(markdown.into())),
    ])
}

/// What an XML says, whatever its spaces and the order of attributes: a line for each element and text, indented.
/// pyxform makes every quotation mark a straight one; in a Chinese label it is left as it was written.
fn outline(xml: &str) -> String {
    let xml = &xml.replace(['“', '”'], "\"").replace(['‘', '’'], "'");
    let mut reader = Reader::from_str(xml);
    let (mut lines, mut depth, mut text) = (String::new(), 0_usize, String::new());
    loop {
        let event = reader.read_event().unwrap();
        match &event {
            Event::Text(part) => text.push_str(part),
            Event::GeneralRef(name) => text.push_str(&unescape(&format!("&{};", &**name)).unwrap()),
            _ => {
                let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
                if !said.is_empty() {
                    lines.push_str(&format!("{}{said}\n", " ".repeat(depth)));
                }
                text.clear();
            }
        }
        match event {
            Event::Start(start) => {
                lines.push_str(&format!("{}{}\n", " ".repeat(depth), element(&start)));
                depth += 1;
            }
            Event::Empty(start) => lines.push_str(&format!("{}{}\n", " ".repeat(depth), element(&start))),
            Event::End(_) => depth -= 1,
            Event::Eof => return lines,
            _ => {}
        }
    }
}

fn element(start: &BytesStart<'_>) -> String {
    let mut attributes: Vec<String> = start
        .attributes()
        .map(|attribute| {
            let attribute = attribute.unwrap();
            let value = unescape(&attribute.value).unwrap();
            format!("{}={}", attribute.key.0, value.trim())
        })
        .collect();
    attributes.sort();
    format!("{} {}", start.name().0, attributes.join(" "))
}

#[test]
fn a_form_with_groups_repeats_and_filters_is_what_pyxform_makes_of_it() {
    let markdown = fs::read_to_string(here("tests/xforms/rich.md")).unwrap();
    let built = build(&around("rich", &markdown)).map_err(|findings| format!("{findings:#?}")).unwrap();
    let expected = fs::read_to_string(here("tests/xforms/rich.xml")).unwrap();
    assert_eq!(difference(&built["rich"], &expected), None);
}

/// The files that lie beside `wide.md`.
fn beside() -> Files {
    let folder = fs::read_dir(here("tests/xforms/media")).unwrap().map(|entry| entry.unwrap().path());
    let named = folder
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()));
    named.map(|(name, bytes)| (format!("forms/media/{name}"), Content::Bytes(bytes))).collect()
}

#[test]
fn a_form_with_every_kind_of_question_is_what_pyxform_makes_of_it() {
    let markdown = fs::read_to_string(here("tests/xforms/wide.md")).unwrap();
    let mut files = around("wide", &markdown);
    files.extend(beside());
    let built = build(&files).map_err(|findings| format!("{findings:#?}")).unwrap();
    let expected = fs::read_to_string(here("tests/xforms/wide.xml")).unwrap();
    assert_eq!(difference(&built["wide"], &expected), None);
}

#[test]
fn a_file_that_is_named_and_not_there_is_told_with_its_cell_and_so_is_one_that_nobody_names() {
    let markdown = fs::read_to_string(here("tests/xforms/wide.md")).unwrap();
    let mut files = around("wide", &markdown);
    files.extend(beside());
    let told = |files: &Files| -> Vec<String> {
        build(files)
            .err()
            .unwrap_or_default()
            .iter()
            .map(|found| format!("{} {}", found.place, found.code))
            .collect()
    };
    assert_eq!(told(&files), [""; 0]);
    for (name, places) in [
        ("hello.png", vec!["forms/wide.md:11:39 no_file", "forms/wide.md:11:51 no_file"]),
        ("lanes.xml", vec!["forms/wide.md:30:5 no_file"]),
        ("houses.csv", vec!["forms/wide.md:33:20 no_file"]),
        // Named by a list's question and by a look-up.
        ("streets.csv", vec!["forms/wide.md:29:5 no_file", "forms/wide.md:32:67 no_file"]),
    ] {
        let mut without = files.clone();
        without.remove(&format!("forms/media/{name}"));
        assert_eq!(told(&without), places, "{name}");
    }
    let mut more = files.clone();
    more.insert("forms/media/other.png".to_owned(), Content::Bytes(vec![1]));
    assert_eq!(told(&more), ["forms/media/other.png unused_file"]);
    more.insert("forms/media/doors.csv".to_owned(), Content::Bytes(b"name,label\na,A\n".to_vec()));
    assert!(told(&more).contains(&"forms/media/doors.csv unknown_file".to_owned()));
    let mut bare = files.clone();
    bare.insert("forms/media/streets.csv".to_owned(), Content::Bytes("code,title\ns1,\n s2,民族\n".into()));
    let new = programme::check(&bare).err().unwrap_or_default();
    let new: Vec<String> = new.iter().map(|found| format!("{} {}", found.place, found.code)).collect();
    assert_eq!(
        new,
        [
            "forms/media/streets.csv:2:1 missing",
            "forms/media/streets.csv:3:1 forbidden",
            "forms/wide.md:32:67 unknown_name"
        ],
        "a row without a label, one that no form may ask, and a column that is looked up"
    );
}

/// `long.md` is `short.md` with everything written out that the other leaves to be understood.
#[test]
fn what_is_written_short_is_what_pyxform_makes_of_it_written_out() {
    let expected = fs::read_to_string(here("tests/xforms/long.xml")).unwrap();
    for name in ["long", "short"] {
        let markdown = fs::read_to_string(here(&format!("tests/xforms/{name}.md"))).unwrap();
        let built = build(&around("short", &markdown)).map_err(|findings| format!("{findings:#?}")).unwrap();
        assert_eq!(difference(&built["short"], &expected), None, "{name}");
    }
}

#[test]
fn a_form_of_the_epidemic_pack_is_what_pyxform_makes_of_it() {
    let built = build(&common::pack("epidemic")).map_err(|findings| format!("{findings:#?}")).unwrap();
    let expected = fs::read_to_string(here("tests/xforms/twice_daily.xml")).unwrap();
    assert_eq!(difference(&built["twice_daily"], &expected), None);
}

/// The sheet of a form as it would be written if the question whom it is about stood in it: what ODK clients are sent.
fn asking(markdown: &str, programme: &str) -> String {
    const DOOR: [&str; 5] = ["select_one_from_file doors.csv", "door", "哪一户", "Which door", ""];
    const PERSON: [&str; 5] = ["select_one_from_file people.csv", "person", "哪一位", "Who", "door=${door}"];
    let cells = |line: &str| -> Vec<String> {
        line.trim().trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
    let mut lines: Vec<String> = markdown.lines().map(ToOwned::to_owned).collect();
    let of =
        |sheet: &str| markdown.lines().position(|line| line.starts_with(&format!("| {sheet} |"))).unwrap();
    let settings = of("settings") + 1;
    let (names, mut values) = (cells(&lines[settings]), cells(&lines[settings + 1]));
    let setting = |name: &str| names.iter().position(|cell| cell == name).unwrap();
    values[setting("form_id")] = format!("{programme}.{}", values[setting("form_id")]);
    let is_about_a_person = values[setting("subject")] == "person";
    lines[settings + 1] = line(&values);
    let head = of("survey") + 1;
    let mut columns = cells(&lines[head]);
    for column in ["required", "appearance", "choice_filter"] {
        if !columns.iter().any(|known| known == column) {
            columns.push(column.to_owned());
        }
    }
    let question = |[kind, name, zh, en, filter]: [&str; 5]| {
        let cell = |column: &String| match column.as_str() {
            "type" => kind,
            "name" => name,
            "required" => "yes",
            "appearance" => "minimal autocomplete",
            "choice_filter" => filter,
            label if label.starts_with("label") => {
                if label.contains("zh") {
                    zh
                } else {
                    en
                }
            }
            _ => "",
        };
        line(&columns.iter().map(|column| cell(column).to_owned()).collect::<Vec<_>>())
    };
    let plain = |kind: &str, name: &str| format!("| | {kind} | {name} |");
    lines[head] = line(&columns);
    let mut asked = vec![plain("begin group", "wanjia"), question(DOOR)];
    asked.extend(is_about_a_person.then(|| question(PERSON)));
    asked.extend([plain("today", "today"), plain("end group", "")]);
    lines.splice(head + 1..head + 1, asked);
    lines.join("\n")
}

/// The lists that lie beside a form have names of their own, so that a pack may have a list of that name too.
fn lists_as_their_files(xml: &str) -> String {
    xml.replace("wanjia-doors", "doors").replace("wanjia-people", "people")
}

#[test]
fn a_form_that_asks_whom_it_is_about_is_what_pyxform_makes_of_it() {
    let built = build_asking(&common::pack("epidemic")).map_err(|findings| format!("{findings:#?}")).unwrap();
    let expected = fs::read_to_string(here("tests/xforms/twice_daily.odk.xml")).unwrap();
    assert_eq!(difference(&lists_as_their_files(&built["twice_daily"]), &expected), None);
}

#[test]
fn what_cannot_be_translated_is_told_with_its_cell() {
    let markdown = "
| survey | | | | | | | | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | label | default | sms_field | parameters | trigger | calculation | guidance_hint::English (en) | class | purpose | readers | keep |
| | subscriberid | a | 一 | one | | | | | | | | operational | care | worker | 14d |
| | select_one x | b | 一 | one | | +86 | a | randomize=often | | | | operational | care | worker | 14d |
| | text | c | 一 | one | | 张三(父) | | rows=no | ${e}, ${f} | 1 | | operational | care | worker | 14d |
| | begin repeat | d | 一 | one | | | | | | | more | | | | |
| | integer | e | 一 | one ${last-saved#e} | | 1 - | | | | | | operational | care | worker | 14d |
| | end repeat | | | | | | | | | | | | | | |
| | calculate | f | | | | | | | ${c} ${e} | | | operational | care | worker | 14d |
| choices | | | |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | x | y | 一 | one |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by |
| | f | 一 | 1 | person | worker |
";
    let told: String =
        build(&around("f", markdown)).unwrap_err().iter().map(|finding| format!("{finding}\n")).collect();
    assert_snapshot!(told);
}

#[test]
fn what_is_made_of_a_row_and_of_a_range_is_told_at_that_row() {
    let markdown = "
| survey | | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | repeat_count | choice_filter | parameters | class | purpose | readers | keep |
| | begin repeat | a | 一 | one | 3 | | | operational | | | |
| | select_one x or_other | b | 一 | one | | n=1 | | operational | care | worker | 14d |
| | text | b_other | 一 | one | | | | operational | care | worker | 14d |
| | end repeat | | | | | | | | | | |
| | range | c | 一 | one | | | start=10 end=1 | operational | care | worker | 14d |
| | range | d | 一 | one | | | colour=2 | operational | care | worker | 14d |
| choices | | | | |
| | list_name | name | label::中文 (zh) | label::English (en) | n |
| | x | y | 一 | one | 1 |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by |
| | f | 一 | 1 | person | worker |
";
    let told: String =
        build(&around("f", markdown)).unwrap_err().iter().map(|finding| format!("{finding}\n")).collect();
    assert_snapshot!(told);
}

#[test]
fn what_would_come_out_as_something_else_is_refused_with_its_cell() {
    let form = |cell: &str, setting: (&str, &str)| {
        let (name, value) = setting;
        let markdown = format!(
            "
| survey | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | relevant | class | purpose | readers | keep |
| | integer | a | 一 | one | | operational | care | worker | 14d |
| | integer | b | 二 | two | {cell} | operational | care | worker | 14d |
| settings | | | | | | | |
| | form_id | form_title | version | subject | filled_by | default_language | {name} |
| | f | 一 | 1 | person | worker | 中文 (zh) | {value} |
"
        );
        let told = build(&around("f", &markdown)).err().unwrap_or_default();
        told.iter().map(|finding| format!("{finding}\n")).collect::<String>()
    };
    assert_eq!(form("${a} > 1", ("style", "pages")), "");
    for (cell, setting, told) in [
        ("${a > 1", ("style", ""), "forms/f.md:5:29: a field is named as ${name}"),
        ("${} > 1", ("style", ""), "forms/f.md:5:29: ${} is no field of this form"),
        (
            "pulldata('d', 'v', 'k', ${a}) = 1",
            ("style", ""),
            "forms/f.md:5:29: the pack has no forms/media/d.csv",
        ),
        ("pulldata(${a}, 'v', 'k', 1) = 1", ("style", ""), "forms/f.md:5:29: pulldata names its list"),
        ("${ a } > 1", ("style", ""), "forms/f.md:5:29: a field is named as ${name}"),
        ("${a} >", ("style", ""), "forms/f.md:5:29: this is no expression"),
        ("(${a} > 1", ("style", ""), "forms/f.md:5:29: this is no expression"),
        ("${a} = 'x", ("style", ""), "forms/f.md:5:29: this is no expression"),
        ("${a} > 1]", ("style", ""), "forms/f.md:5:29: this is no expression"),
        ("${last-saved#a} > 1", ("style", ""), "forms/f.md:5:29: no ${last-saved#…}"),
        ("", ("public_key", "MIIB"), "public_key of the settings cannot be translated"),
        (
            "",
            ("submission_url", "https://odk.example"),
            "submission_url of the settings cannot be translated",
        ),
        ("", ("instance_name", "${z}"), "forms/f.md:8:45: ${z} is no field of this form"),
        ("", ("", "stray"), "forms/f.md:8:45: no column's name stands above this cell"),
    ] {
        let found = form(cell, setting);
        assert!(found.contains(told), "{told:?} in {found:?}");
    }
}

#[test]
fn what_would_be_lost_or_doubled_is_refused_with_its_cell() {
    let told = |columns: &str, name: &str, default: &str, beside: &str| {
        let markdown = format!(
            "
| survey | | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | default | {columns} | class | purpose | readers | keep |
| | select_one x | {name} | 一 | one | {default} | yes | no | operational | care | worker | 14d |
| choices | | | | |
| | list_name | name | label::中文 (zh) | label::English (en) | {beside} |
| | x | y | 一 | one | y.png |
| | unused | z | 一 | one | z.png |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by | default_language |
| | f | 一 | 1 | person | worker | 中文 (zh) |
"
        );
        match build(&around("f", &markdown)) {
            Ok(built) => built["f"].clone(),
            Err(findings) => findings.iter().map(|finding| format!("{finding}\n")).collect(),
        }
    };
    let fine = told("required | read_only", "a", "y", "sort");
    assert!(fine.contains("<instance id=\"unused\">"), "an expression may ask for it: {fine}");
    for (columns, name, default, beside, code) in [
        ("required | required", "a", "y", "sort", "[twice]"),
        ("relevant | relevance", "a", "y", "sort", "[twice]"),
        ("required | read_only", "meta", "y", "sort", "[reserved_name]"),
        ("required | read_only", "a", "y", "image", "[no_file]"),
        ("required | read_only", "a", "y", "State Code", "[untranslated_column]"),
        ("required | read_only", "a", "y", "name", "[twice]"),
        ("required | read_only", "a", "it's(y)", "sort", "[default]"),
    ] {
        let found = told(columns, name, default, beside);
        assert!(found.contains(code), "{code} in {found:?}");
    }
}

#[test]
#[ignore = "needs pyxform: make xforms"]
fn every_form_of_the_packs_is_what_pyxform_makes_of_it() {
    let python = std::env::var("PYXFORM_PYTHON").expect("make xforms sets it");
    let held = |what: &str, ours: &str, sheet: &str| {
        let file = std::env::temp_dir().join(format!("wanjia-{}-{what}.md", std::process::id()));
        fs::write(&file, sheet).unwrap();
        let script = "import sys; from pyxform.xls2xform import convert; print(convert(sys.argv[1]).xform)";
        let output = Command::new(&python).args(["-c", script]).arg(&file).output().unwrap();
        fs::remove_file(&file).unwrap();
        assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(difference(ours, &String::from_utf8(output.stdout).unwrap()), None, "{what}");
    };
    for (file, form) in [("rich", "rich"), ("long", "short"), ("wide", "wide")] {
        let sheet = fs::read_to_string(here(&format!("tests/xforms/{file}.md"))).unwrap();
        let mut files = around(form, &sheet);
        files.extend(beside().into_iter().filter(|_| form == "wide"));
        held(file, &build(&files).unwrap()[form], &sheet);
    }
    for pack in ["epidemic", "heat", "livelihood"] {
        let files = common::pack(pack);
        let sheet = |code: &str| {
            fs::read_to_string(here("../../programmes").join(format!("{pack}/forms/{code}.md"))).unwrap()
        };
        for (code, xml) in build(&files).unwrap() {
            held(&code, &xml, &sheet(&code));
        }
        for (code, xml) in build_asking(&files).unwrap() {
            held(&format!("{code}-odk"), &lists_as_their_files(&xml), &asking(&sheet(&code), pack));
        }
    }
}
