//! What strangers may send: whatever the files hold, the answer is a programme or mistakes, never a panic.

use std::collections::BTreeMap;

use programme::answer::{Record, Value};
use programme::calendar::midnight_before;
use programme::judge::{Judgement, Situation, judge};
use programme::{Content, Files, RawSheet, build, check, read};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

const WORDS: &[&str] = &[
    "[[rule]]\n",
    "[[parameter]]\n",
    "[set]\n",
    "[[restriction]]\n",
    "code = ",
    "id = ",
    "when = ",
    "value = ",
    "\"a\"\n",
    "\"visit.x > param.a\"\n",
    "\"[1].map(x, x)\"\n",
    "\"a.b.c['d']{e: 1}\"\n",
    "2020-02-30\n",
    "2020-03-01\n",
    "1e999\n",
    "0x7f\n",
    "99999999999999999999\n",
    "{ zh = \"一\", en = \"one\" }\n",
    "name = ",
    "says = ",
    "format = 1\n",
    "languages = [\"zh\", \"en\"]\n",
    "from = ",
    "until = ",
    "area = ",
    "=",
    "\n",
    "\"",
    "'''",
    "\u{0}",
    "\u{feff}",
    "🦀",
];

const CELLS: &[&str] = &[
    "survey",
    "choices",
    "settings",
    "type",
    "name",
    "label",
    "label::中文 (zh)",
    "label::(",
    "bind::",
    "media::",
    "::",
    "begin group",
    "end group",
    "begin repeat",
    "end repeat",
    "select_one",
    "select_one a",
    "select_one a or_other",
    "text",
    "geotrace",
    "rank a",
    "range",
    "select_one_from_file a.csv",
    "select_multiple a.xml",
    "select_one ${a}",
    "csv-external",
    "image",
    "image::中文 (zh)",
    "big-image",
    "a.png",
    "appearance",
    "table-list",
    "parameters",
    "tick_labelset=a start=0",
    "value=a label=b",
    "calculation",
    "pulldata('a', 'a', 'b', ${b})",
    "instance('a')/root/item[a = ${b}]",
    "disabled",
    "bind::odk:x",
    "instance_name",
    "姓名",
    "${姓名}",
    "a",
    "b",
    "${a}",
    "${",
    "${}",
    "class",
    "purpose",
    "readers",
    "keep",
    "14d",
    "99999999999999d",
    "+",
    "|",
    "\\",
    "",
    " ",
    "---",
    "list_name",
    "form_id",
    "民族",
    "\u{202e}",
    "\"",
];

fn toml() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(WORDS), 0..24).prop_map(|words| words.concat().into_bytes())
}

fn row() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(prop::sample::select(CELLS).prop_map(str::to_owned), 0..8)
}

fn markdown() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(row(), 0..16).prop_map(|rows| {
        rows.iter().map(|row| format!("|{}|\n", row.join("|"))).collect::<String>().into_bytes()
    })
}

fn workbook() -> impl Strategy<Value = Content> {
    let sheet = (prop::sample::select(CELLS), prop::collection::vec((any::<u32>(), row()), 0..8))
        .prop_map(|(name, rows)| RawSheet { name: name.to_owned(), rows });
    prop::collection::vec(sheet, 0..5).prop_map(Content::Workbook)
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![toml(), markdown(), prop::collection::vec(any::<u8>(), 0..64)]
}

/// A manifest that is right, so that what comes after it is reached.
const MANIFEST: &str = "format = 1\ncode = \"x\"\nversion = \"1\"\nname = { zh = \"一\", en = \"one\" }\nlanguages = [\"zh\", \"en\"]\nin_force = 2020-01-01\nsunset = 2021-01-01\n[[basis]]\ncode = \"law\"\nname = { zh = \"一\", en = \"one\" }\nof = 2020-01-01\n";

proptest! {
    #[test]
    fn whatever_the_files_hold_there_is_an_answer(
        manifest in prop_oneof![Just(MANIFEST.as_bytes().to_vec()), bytes()],
        parameters in bytes(),
        rules in bytes(),
        overlay in bytes(),
        markdown in bytes(),
        csv in bytes(),
        workbook in workbook(),
    ) {
        let mut files = Files::new();
        for (path, bytes) in [
            ("programme.toml", manifest),
            ("parameters.toml", parameters),
            ("rules.toml", rules),
            ("overlays/a.toml", overlay),
            ("forms/a.md", markdown),
            ("forms/b.csv", csv),
        ] {
            files.insert(path.to_owned(), Content::Bytes(bytes));
        }
        files.insert("forms/c.xlsx".to_owned(), workbook);
        let read = read(&files).err().unwrap_or_default();
        // What is asked before a publication is at least that it reads.
        if let Err(findings) = check(&files) {
            prop_assert!(!findings.is_empty() && read.iter().all(|finding| findings.contains(finding)));
            for finding in findings {
                prop_assert!(!finding.text.zh.is_empty() && !finding.text.en.is_empty());
            }
        }
    }

    #[test]
    fn whatever_a_form_holds_it_is_translated_or_refused(markdown in markdown(), workbook in workbook(), csv in prop_oneof![bytes(), Just(b"a,b\n1,2\n".to_vec())], xml in "[<>/a-z ]{0,40}") {
        let mut files = with_condition("true");
        files.insert("forms/a.md".to_owned(), Content::Bytes(markdown));
        files.insert("forms/c.xlsx".to_owned(), workbook);
        files.insert("forms/media/a.csv".to_owned(), Content::Bytes(csv));
        files.insert("forms/media/a.xml".to_owned(), Content::Bytes(xml.into_bytes()));
        let (built, checked) = (build(&files), check(&files));
        prop_assert!(built.is_ok() || checked.is_err(), "what becomes no form is told before it is published");
    }

    #[test]
    fn whatever_stands_in_its_texts_a_form_becomes_xml(label in "\\PC{0,12}", hint in "[<>&\"'“”$}{a-z ]{0,12}", relevant in "[<>&\"'${}a-z ]{0,12}", extra in "[a-z :<&]{0,6}") {
        let cell = |text: &str| text.replace('\\', "").replace('|', "\\|");
        let files = with_form(&format!("| survey | | | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | hint::English (en) | relevant | class | purpose | readers | keep |
| | select_one c | room | 一{} | one | {} | {} | operational | care | worker | 14d |
| choices | | | |
| | list_name | name | label::中文 (zh) | label::English (en) | {} |
| | c | yes | 一 | one | x |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by | default_language |
| | f | 一 | 1 | person | worker | 中文 (zh) |
", cell(&label), cell(&hint), cell(&relevant), cell(&extra)));
        if let Ok(built) = build(&files) {
            let mut reader = quick_xml::Reader::from_str(&built["f"]);
            reader.config_mut().check_comments = true;
            loop {
                match reader.read_event() {
                    Ok(quick_xml::events::Event::Eof) => break,
                    Ok(_) => {}
                    Err(error) => prop_assert!(false, "{error}: {}", built["f"]),
                }
            }
        }
    }

    #[test]
    fn whatever_a_condition_holds_there_is_an_answer(condition in "[a-z0-9 .()\\[\\]{}!?:&|<>=+*/%,'-]{0,60}") {
        let _ = read(&with_condition(&condition));
    }

    /// The kinds are checked before anybody is judged: what is accepted never fails for the kind of an answer.
    #[test]
    fn what_is_accepted_comes_to_an_answer(
        condition in condition(),
        room in prop::option::of(-50.0..60.0_f64),
        count in prop::option::of(any::<i64>()),
        chosen in prop::option::of(prop::sample::select(vec!["yes", "no"])),
        signs in prop::option::of(prop::sample::subsequence(vec!["a", "b"], 0..=2)),
        days in prop::collection::vec(0..40_i8, 0..4),
    ) {
        if let Ok(pack) = read(&with_condition(&condition)) {
            let mut values = BTreeMap::new();
            values.extend(room.map(|room| ("room".to_owned(), Value::Decimal(room))));
            values.extend(count.map(|count| ("count".to_owned(), Value::Whole(count))));
            values.extend(chosen.map(|chosen| ("chosen".to_owned(), Value::Text(chosen.to_owned()))));
            let signs = signs.map(|signs| signs.into_iter().map(str::to_owned).collect());
            values.extend(signs.map(|signs| ("signs".to_owned(), Value::Several(signs))));
            let first = jiff::civil::date(2020, 1, 1);
            let records: Vec<Record> = days
                .iter()
                .map(|days| first + jiff::Span::new().days(*days))
                .map(|on| Record {
                    form: "f".to_owned(),
                    on,
                    at: midnight_before(on),
                    values: values.clone(),
                })
                .collect();
            let own: Vec<&Record> = records.iter().collect();
            let situation = Situation { people: vec![own.clone(), Vec::new()], own, case: None };
            let today = first + jiff::Span::new().days(20);
            let rule = pack.rules.first().expect("one rule was written");
            let judgement = judge(&rule.condition, &situation, &pack.parameters.on("42", today), today);
            if let Judgement::Failed(reason) = &judgement {
                let expected = [
                    "division by zero",
                    "a number too large",
                    "a place beyond the end of a list",
                    "int has no answer for this",
                ];
                prop_assert!(expected.contains(&reason.as_str()), "{condition}: {reason}");
            }
            prop_assert_eq!(&judge(&rule.condition, &situation, &pack.parameters.on("42", today), today), &judgement);
        }
    }
}

/// A pack with one form.
fn with_form(form: &str) -> Files {
    let mut files = with_condition("true");
    files.remove("rules.toml");
    files.insert("forms/f.md".to_owned(), Content::Bytes(form.into()));
    files
}

/// A pack with one form and one rule.
fn with_condition(condition: &str) -> Files {
    const FORM: &str = "| survey | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | class | purpose | readers | keep |
| | decimal | room | 一 | one | operational | care | worker | 14d |
| | integer | count | 一 | one | operational | care | worker | 14d |
| | select_one chosen | chosen | 一 | one | operational | care | worker | 14d |
| | select_multiple signs | signs | 一 | one | operational | care | worker | 14d |
| choices | | | |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | chosen | yes | 一 | one |
| | chosen | no | 一 | one |
| | signs | a | 一 | one |
| | signs | b | 一 | one |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by |
| | f | 一 | 1 | person | worker |
";
    let texts = "{ zh = \"一\", en = \"one\" }";
    let parameter = |code: &str, unit: &str| {
        format!(
            "[[parameter]]\ncode = \"{code}\"\nname = {texts}\nunit = \"{unit}\"\nvalue = 3\nleast = 1\nmost = 5\n"
        )
    };
    let mut files = Files::new();
    for (path, text) in [
        (
            "programme.toml",
            format!(
                "{MANIFEST}[[purpose]]\ncode = \"care\"\nname = {texts}\nbasis = [\"law\"]\n[[role]]\ncode = \"worker\"\nname = {texts}\n"
            ),
        ),
        ("parameters.toml", parameter("some_days", "days") + &parameter("hot", "celsius")),
        ("forms/f.md", FORM.to_owned()),
        (
            "rules.toml",
            format!(
                "[[rule]]\nid = \"R\"\nsubject = \"person\"\ntells = \"worker\"\nwithin = \"some_days\"\nwhen = \"{condition}\"\nsays = {texts}\nresolved_by = {texts}\n"
            ),
        ),
    ] {
        files.insert(path.to_owned(), Content::Bytes(text.into_bytes()));
    }
    files
}

const KINDS: [&[&str]; 5] = [
    &[
        "f.count",
        "param.some_days",
        "1",
        "0",
        "9223372036854775807",
        "-1",
        "size(f.signs)",
        "(today - f.on)",
        "[1, 2][0]",
        "history.f.size()",
        "int(f.room)",
    ],
    &["f.room", "param.hot", "2.5", "0.0", "double(f.count)", "history.f[1].room", "people.f[0].room"],
    &["today", "f.on", "history.f[0].on", "(today + 1)", "(f.on - param.some_days)"],
    &["f.chosen", "'yes'", "'no'", "history.f[0].chosen", "f.signs[0]", "'a'"],
    &[
        "true",
        "has(f.room)",
        "'a' in f.signs",
        "f.chosen.startsWith('y')",
        "history.f.all(x, x.on == today)",
        "people.f.exists(x, x.room > 1.0)",
    ],
];

/// Two of one kind; now and then of whatever kind.
fn pair() -> impl Strategy<Value = (String, String)> {
    let of = |kind: usize| prop::sample::select(KINDS[kind]).prop_map(str::to_owned);
    prop_oneof![
        9 => (0..5_usize).prop_flat_map(move |kind| (of(kind), of(kind))),
        1 => (0..5_usize, 0..5_usize).prop_flat_map(move |(one, other)| (of(one), of(other))),
    ]
}

/// Conditions that are well formed; a good part of them mean something.
fn condition() -> BoxedStrategy<String> {
    let compare = vec!["==", "!=", "<", "<=", ">", ">="];
    let reckon = vec!["+", "-", "*", "/", "%"];
    let leaf = prop_oneof![
        4 => (pair(), prop::sample::select(compare.clone())).prop_map(|((one, other), operator)| format!("{one} {operator} {other}")),
        2 => (pair(), pair(), prop::sample::select(reckon), prop::sample::select(compare))
            .prop_map(|((one, other), (third, _), sign, operator)| format!("({one} {sign} {other}) {operator} {third}")),
        1 => prop::sample::select(KINDS[4]).prop_map(str::to_owned),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            3 => (inner.clone(), prop::sample::select(vec!["&&", "||"]), inner.clone())
                .prop_map(|(one, operator, other)| format!("({one} {operator} {other})")),
            1 => inner.clone().prop_map(|one| format!("!({one})")),
            1 => inner.clone().prop_map(|one| format!("history.f.filter(x, {one}).size() > 1")),
            1 => inner.clone().prop_map(|one| format!("people.f.map(x, {one}).exists(y, y)")),
            1 => (inner.clone(), inner.clone(), inner).prop_map(|(one, two, three)| format!("({one} ? {two} : {three})")),
        ]
    })
    .boxed()
}

/// Else the property above would hold of nothing.
#[test]
fn a_good_part_of_the_made_up_conditions_mean_something() {
    let mut runner = TestRunner::deterministic();
    let made_up = condition();
    let accepted = (0..400)
        .filter(|_| {
            made_up.new_tree(&mut runner).is_ok_and(|tree| read(&with_condition(&tree.current())).is_ok())
        })
        .count();
    assert!(accepted >= 60, "{accepted} of 400");
}
