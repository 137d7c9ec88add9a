//! XForms, held against what pyxform 4.5.0 made of the same sheets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use insta::assert_snapshot;
use programme::{Content, Files, build};
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

#[test]
fn a_form_of_the_epidemic_pack_is_what_pyxform_makes_of_it() {
    let built = build(&common::pack("epidemic")).map_err(|findings| format!("{findings:#?}")).unwrap();
    let expected = fs::read_to_string(here("tests/xforms/twice_daily.xml")).unwrap();
    assert_eq!(difference(&built["twice_daily"], &expected), None);
}

#[test]
fn what_cannot_be_translated_is_told_with_its_cell() {
    let markdown = "
| survey | | | | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | label | repeat_count | default | image | class | purpose | readers | keep |
| | range | a | 一 | one | | | | | operational | care | worker | 14d |
| | select_one x or_other | b | 一 | one | | | today() | a.png | operational | care | worker | 14d |
| | begin repeat | c | 一 | one | | ${d} + 1 | | | | | | |
| | integer | d | 一 | one ${last-saved#d} | | | | | operational | care | worker | 14d |
| | end repeat | | | | | | | | | | | |
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
#[ignore = "needs pyxform: make xforms"]
fn every_form_of_the_packs_is_what_pyxform_makes_of_it() {
    let python = std::env::var("PYXFORM_PYTHON").expect("make xforms sets it");
    for pack in ["epidemic", "heat", "livelihood"] {
        for (code, xml) in build(&common::pack(pack)).unwrap() {
            let sheet = here("../../programmes").join(format!("{pack}/forms/{code}.md"));
            let script =
                "import sys; from pyxform.xls2xform import convert; print(convert(sys.argv[1]).xform)";
            let output = Command::new(&python).args(["-c", script]).arg(&sheet).output().unwrap();
            assert!(output.status.success(), "{code}: {}", String::from_utf8_lossy(&output.stderr));
            let theirs = String::from_utf8(output.stdout).unwrap();
            assert_eq!(difference(&xml, &theirs), None, "{code}");
        }
    }
}
