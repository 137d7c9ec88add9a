//! Packs that are right and packs that are wrong: what is told of each, and that every mistake is told at once.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::collections::BTreeMap;

use insta::assert_snapshot;
use programme::answer::{Record, Value};
use programme::calendar::midnight_before;
use programme::condition::Needs;
use programme::form::Subject;
use programme::indicator::{self, Contribution, SweepCount};
use programme::judge::{Judgement, Moments, Situation, View, judge};
use programme::level::{Level, Speaks};
use programme::reach::unreached;
use programme::{Content, Files, Place, RawSheet, check, read};

mod common;

use common::pack;

const PACKS: [&str; 3] = ["epidemic", "heat", "livelihood"];

fn epidemic() -> Files {
    pack("epidemic")
}

const MANIFEST: &str = r#"
format = 1
code = "heat"
version = "1"
name = { zh = "高温", en = "Heat" }
languages = ["zh", "en"]
in_force = 2026-06-01
sunset = 2026-10-01
[[basis]]
code = "plan"
name = { zh = "预案", en = "Plan" }
of = 2026-05-01
[[purpose]]
code = "care"
name = { zh = "照顾", en = "Care" }
basis = ["plan"]
[[role]]
code = "worker"
name = { zh = "网格员", en = "grid worker" }
"#;

const PARAMETERS: &str = r#"
[[parameter]]
code = "hot_c"
name = { zh = "高温线", en = "line of heat" }
unit = "celsius"
value = 35
least = 30
most = 45
[[parameter]]
code = "stay_days"
name = { zh = "天数", en = "days" }
unit = "days"
value = 3
least = 1
most = 5
"#;

const FORM: &str = "
| survey | | | | | | | |
| | type | name | label::中文 (zh) | label::English (en) | class | purpose | readers | keep |
| | decimal | room_c | 室温 | Room temperature | operational | care | worker | 14d |
| | select_one ac | ac | 有空调吗 | Is there air conditioning | operational | care | worker | 14d |
| choices | | | |
| | list_name | name | label::中文 (zh) | label::English (en) |
| | ac | yes | 有 | yes |
| | ac | no | 没有 | no |
| settings | | | | |
| | form_id | form_title | version | subject | filled_by |
| | visit | 探访 | 1 | dwelling | worker |
";

const RULE: &str = r#"
[[rule]]
id = "H-1"
subject = "dwelling"
when = "visit.room_c >= param.hot_c && visit.ac == 'no'"
says = { zh = "太热", en = "Too hot" }
resolved_by = { zh = "已降温", en = "It is cool again" }
tells = "worker"
within = "stay_days"
"#;

fn small() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("programme.toml", MANIFEST.to_owned()),
        ("parameters.toml", PARAMETERS.to_owned()),
        ("forms/visit.md", FORM.to_owned()),
        ("rules.toml", RULE.to_owned()),
    ])
}

fn files(texts: &BTreeMap<&'static str, String>) -> Files {
    texts.iter().map(|(path, text)| ((*path).to_owned(), Content::Bytes(text.clone().into_bytes()))).collect()
}

/// What is told of a pack, one mistake after the other.
fn told(files: &Files) -> String {
    match read(files) {
        Ok(_) => "no mistakes".to_owned(),
        Err(findings) => findings.iter().map(|finding| format!("{finding}\n")).collect(),
    }
}

/// What is told of a pack before it is published, which says what its rules find to nobody.
fn told_new(files: &Files) -> String {
    let findings = check(files).err().unwrap_or_default();
    findings.iter().map(|finding| format!("{finding}\n")).collect()
}

/// One text of a file of a pack replaced by another, where it stands first or everywhere.
fn replace(files: &mut Files, path: &str, from: &str, to: &str) {
    replace_up_to(1, files, path, from, to);
}

fn replace_up_to(times: usize, files: &mut Files, path: &str, from: &str, to: &str) {
    let Some(Content::Bytes(bytes)) = files.get_mut(path) else { panic!("{path}") };
    let text = String::from_utf8(bytes.clone()).unwrap();
    assert!(text.contains(from), "{from} is in {path}");
    *bytes = text.replacen(from, to, times).into_bytes();
}

/// The small pack with one text replaced in one file.
fn with(path: &'static str, from: &str, to: &str) -> String {
    let mut files = files(&small());
    replace(&mut files, path, from, to);
    told(&files)
}

#[test]
fn the_packs_have_no_mistakes() {
    for name in PACKS {
        assert_eq!(told(&pack(name)), "no mistakes", "{name}");
        assert_eq!(programme::build(&pack(name)).unwrap().len(), read(&pack(name)).unwrap().forms.len());
    }
    let pack = read(&epidemic()).unwrap();
    assert_eq!(pack.manifest.code, "epidemic");
    assert!(pack.form("twice_daily").unwrap().field("temp_c").is_some());
}

#[test]
fn a_sheet_for_each_month_or_matter_says_of_which_by_a_question_that_is_always_there() {
    let monthly = |month: &str, question: &str| {
        let form = FORM
            .replace("| class |", "| class | required |")
            .replace("operational | care", "operational | yes | care")
            .replace(
                "| choices | | | |",
                &format!("| | {question} | operational | yes | care | worker | 14d |\n| choices | | | |"),
            )
            .replace("| filled_by |", "| filled_by | one_for |")
            .replace("| dwelling | worker |", &format!("| dwelling | worker | {month} |"));
        let mut texts = small();
        texts.insert("forms/visit.md", form);
        told(&files(&texts))
    };
    assert_eq!(monthly("month", "date | month | 月 | Month"), "no mistakes");
    for (month, question) in
        [("month", "decimal | month | 月 | Month"), ("moon", "date | month | 月 | Month")]
    {
        let found = monthly(month, question);
        assert!(found.contains("forms/visit.md:") && found.contains("[unknown_name]"), "{found}");
    }
}

#[test]
fn a_rule_knows_its_evidence_and_its_parameters() {
    let pack = read(&files(&small())).unwrap();
    let rule = pack.rules.first().unwrap();
    let evidence: Vec<String> =
        rule.condition.evidence.iter().map(|(form, field)| format!("{form}.{field}")).collect();
    assert_eq!(evidence, ["visit.ac", "visit.room_c"]);
    assert_eq!(rule.condition.parameters.iter().collect::<Vec<_>>(), ["hot_c"]);
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let mut texts = small();
    texts.insert(
        "programme.toml",
        format!("{MANIFEST}[[restriction]]\ncode = \"stay_in\"\nname = {{ zh = \"留在家\" }}\nbasis = [\"law\"]\nowner = \"mayor\"\nends = 3\n"),
    );
    texts.insert(
        "forms/visit.md",
        FORM.replace(
            "| choices",
            "| | text | ethnicity | 民族 | Ethnicity | personal | care | worker | 14d |
| | text | note_1 | 备注 | Remark | | | | |
| | geotrace | way | 路线 | Way | personal | care | worker | 14d |
| | select_one mood | mood | 心情 | | secret | fun | boss | forever |
| | text | Room C | 又一次 | Again | operational | care | worker | 14d |
| | begin group | more | 更多 | More | | | | |
| | integer | age | 比 ${rom_c} 大吗 | Age | personal | care | worker | 14d |
| | end repeat | | | | | | | |
| choices",
        ),
    );
    texts.insert(
        "rules.toml",
        format!(
            "{RULE}[[rule]]\nid = \"H-1\"\nsubject = \"street\"\nwhen = \"visit.room > param.hot || vist.ac == 'no' || matches(visit.ac, 'x') || other\"\nsays = {{ zh = \"一\" }}\n[[rule]]\nid = \"H-2\"\nsubject = \"dwelling\"\nwhen = \"visit.room_c >\"\nsays = {{ zh = \"一\", en = \"one\" }}\nresolved_by = {{ zh = \"一\", en = \"one\" }}\n"
        ),
    );
    texts.insert(
        "overlays/south.toml",
        "area = \"44x\"\nfrom = 2026-06-01\nuntil = 2026-05-01\nsource = { zh = \"文\", en = \"Document\" }\n[set]\nhot_c = 99\nhot_f = 95\nstay_days = 1.5\n".into(),
    );
    texts.insert("rule.toml", String::new());
    assert_snapshot!(told_new(&files(&texts)));
}

#[test]
fn broken_files_are_told_by_line() {
    let mut texts = small();
    texts.insert("parameters.toml", "[[parameter]]\ncode = hot\nvalue = = 3\n".into());
    texts.insert("rules.toml", "[[rule]\n".into());
    texts.insert("forms/visit.md", "nothing here".into());
    let mut files = files(&texts);
    files.insert("overlays/a.toml".into(), Content::Bytes(b"# \xb8\xdf\xce\xc2\n".to_vec()));
    assert_snapshot!(told(&files));
}

/// Whatever names a rule would be wrong as well: forty mistakes that are none.
#[test]
fn rules_that_are_not_there_or_cannot_be_read_are_one_mistake() {
    let mut files = epidemic();
    files.remove("rules.toml");
    let missing = told(&files);
    files.insert("rules.toml".into(), Content::Bytes(b"[[rule]\n".to_vec()));
    assert_snapshot!([missing, told(&files)].concat());
    let mut texts = small();
    texts.remove("rules.toml");
    assert_eq!(told(&self::files(&texts)), "no mistakes");
}

#[test]
fn an_empty_folder_is_no_pack() {
    assert_snapshot!(told(&Files::new()));
}

#[test]
fn a_cell_of_a_workbook_is_named_as_the_spreadsheet_names_it() {
    let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect::<Vec<_>>();
    let survey = RawSheet {
        name: "survey".into(),
        rows: vec![
            (
                1,
                row(&[
                    "type",
                    "name",
                    "label::中文 (zh)",
                    "label::English (en)",
                    "class",
                    "purpose",
                    "readers",
                    "keep",
                ]),
            ),
            (2, row(&["decimal", "room_c", "室温", "Room", "operational", "care", "worker", "14d"])),
            (4, row(&["text", "religion", "信仰", "Faith", "personal", "care", "worker", "14d"])),
        ],
    };
    let settings = RawSheet {
        name: "settings".into(),
        rows: vec![
            (1, row(&["form_id", "form_title", "version", "subject", "filled_by"])),
            (2, row(&["visit", "探访", "1", "dwelling", "worker"])),
        ],
    };
    let mut files = files(&small());
    files.remove("forms/visit.md");
    files.remove("rules.toml");
    files.insert("forms/visit.xlsx".into(), Content::Workbook(vec![survey, settings]));
    assert_snapshot!(told_new(&files));
}

#[test]
fn overlays_of_one_area_may_not_meet() {
    let mut texts = small();
    let overlay = |from: &str, until: &str| {
        format!(
            "area = \"44\"\nfrom = {from}\n{until}source = {{ zh = \"文\", en = \"Document\" }}\n[set]\nhot_c = 36\n"
        )
    };
    texts.insert("overlays/a.toml", overlay("2026-06-01", "until = 2026-07-01\n"));
    texts.insert("overlays/b.toml", overlay("2026-07-01", ""));
    assert_eq!(told(&files(&texts)), "no mistakes");
    texts.insert("overlays/b.toml", overlay("2026-06-30", ""));
    assert_snapshot!(told(&files(&texts)));
}

#[test]
fn the_smaller_area_wins_and_dates_are_to_the_day() {
    let mut texts = small();
    let overlay = |area: &str, from: &str, until: &str, value: u8| {
        format!(
            "{area}from = {from}\n{until}source = {{ zh = \"文\", en = \"Document\" }}\n[set]\nhot_c = {value}\n"
        )
    };
    texts.insert("overlays/a.toml", overlay("", "2026-07-01", "", 36));
    texts.insert("overlays/b.toml", overlay("area = \"44\"\n", "2026-06-15", "until = 2026-08-01\n", 37));
    texts.insert("overlays/c.toml", overlay("area = \"4401\"\n", "2026-06-20", "", 38));
    let pack = read(&files(&texts)).unwrap();
    let hot = |area: &str, day: &str| {
        pack.parameters.on(area, day.parse().unwrap()).get("hot_c").unwrap().as_decimal()
    };
    assert_eq!(hot("440100", "2026-06-14"), 35.0);
    assert_eq!(hot("440100", "2026-06-15"), 37.0);
    assert_eq!(hot("440106002003", "2026-06-20"), 38.0);
    assert_eq!(hot("445100", "2026-06-20"), 37.0);
    assert_eq!(hot("445100", "2026-07-31"), 37.0);
    assert_eq!(hot("445100", "2026-08-01"), 36.0);
    assert_eq!(hot("110000", "2026-06-30"), 35.0);
    assert_eq!(hot("110000", "2026-07-01"), 36.0);
}

#[test]
fn a_restriction_ends() {
    let restriction = |end: &str| {
        let mut texts = small();
        texts.insert(
            "programme.toml",
            format!("{MANIFEST}[[restriction]]\ncode = \"stay_in\"\nname = {{ zh = \"留在家\", en = \"stay in\" }}\nbasis = [\"plan\"]\nowner = \"worker\"\n{end}"),
        );
        told(&files(&texts))
    };
    assert_eq!(restriction("ends_after = \"stay_days\"\n"), "no mistakes");
    assert_snapshot!([restriction(""), restriction("ends_after = \"hot_c\"\n")].concat());
}

/// The server counts no further than ten years, and it is not to cut short in silence what was published.
#[test]
fn a_restriction_ends_within_what_the_server_counts() {
    let restriction = |value: i64, most: i64| {
        let mut texts = small();
        texts.insert(
            "programme.toml",
            format!("{MANIFEST}[[restriction]]\ncode = \"stay_in\"\nname = {{ zh = \"留在家\", en = \"stay in\" }}\nbasis = [\"plan\"]\nowner = \"worker\"\nends_after = \"held_days\"\n"),
        );
        let parameter = format!(
            "[[parameter]]\ncode = \"held_days\"\nname = {{ zh = \"天\", en = \"days\" }}\nunit = \"days\"\nvalue = {value}\nleast = 1\nmost = {most}\n"
        );
        texts.get_mut("parameters.toml").unwrap().push_str(&parameter);
        told(&files(&texts))
    };
    assert_eq!(restriction(14, 3_660), "no mistakes");
    for (value, most, named) in [(36_500, 99_999_999, "is 36500"), (14, 3_661, "may be set to 3661")] {
        let told = restriction(value, most);
        assert!(told.contains("[end_too_far]") && told.contains("3660") && told.contains(named), "{told}");
        assert!(told.starts_with("programme.toml:"), "{told}");
    }
}

#[test]
fn a_condition_is_bounded_before_it_is_parsed() {
    let deep = format!("{}true{}", "(".repeat(40), ")".repeat(40));
    let long = format!("true{}", " || true".repeat(200));
    for condition in [deep, long] {
        let told = with("rules.toml", "visit.room_c >= param.hot_c && visit.ac == 'no'", &condition);
        assert!(told.contains("[too_long]") && told.lines().count() == 2, "{told}");
    }
}

#[test]
fn names_bound_by_a_macro_are_no_forms() {
    let condition = "[visit.ac].exists(one, one == 'no') && [1, 2].all(n, double(n) < visit.room_c)";
    assert_eq!(
        with("rules.toml", "visit.room_c >= param.hot_c && visit.ac == 'no'", condition),
        "no mistakes"
    );
}

#[test]
fn a_field_that_lacks_something_is_told_once_and_not_again_by_its_rules() {
    let told =
        with("forms/visit.md", "| operational | care | worker | 14d |", "| operational | care | worker | |");
    assert!(told.contains("[no_keep]") && told.lines().count() == 2, "{told}");
}

#[test]
fn a_form_is_kept_as_one_and_so_its_fields_say_the_same() {
    let row =
        "| | select_one ac | ac | 有空调吗 | Is there air conditioning | operational | care | worker | 14d |";
    let told = with("forms/visit.md", row, &row.replace("14d", "case+14d"));
    assert!(told.contains("[keeps_differ]") && told.contains("forms/visit.md:5"), "{told}");
    assert!(told.contains("above it says 14d, here case+14d") && told.contains("上面写的是 14d"), "{told}");
    assert_eq!(told.lines().count(), 2, "{told}");
    let written = with("forms/visit.md", row, &row.replace("14d", "14 d"));
    assert_eq!(written, "no mistakes", "it is the time that has to be the same");
}

#[test]
fn a_picture_says_what_is_on_it_and_that_is_nobody() {
    let row = "| | decimal | room_c | 室温 | Room temperature | operational | care | worker | 14d |";
    let asked = |appearance: &str, depicts: &str| {
        let image = format!(
            "| | image | seen | 看到的 | What is seen | operational | care | worker | 14d | {appearance} | {depicts} |"
        );
        let mut texts = small();
        let form = texts.get_mut("forms/visit.md").unwrap();
        *form = form.replace("| keep |", "| keep | appearance | depicts |");
        *form = form.replacen(row, &format!("{row}\n{image}"), 1);
        let rules = texts.get_mut("rules.toml").unwrap();
        *rules = rules.replace("within", "climbs_to = [\"worker\"]\nwithin");
        told_new(&files(&texts))
    };
    for (appearance, depicts) in [("", "place"), ("", "thing"), ("new", "paper"), ("signature", "signature")]
    {
        assert_eq!(asked(appearance, depicts), "", "{depicts}");
    }
    assert!(
        asked("", "").contains("does not say what is on the picture")
            && asked("", "").contains("[no_depicts]")
    );
    for people in ["person", "face", "portrait"] {
        assert!(asked("", people).contains("no form may ask for biometrics"), "{}", asked("", people));
    }
    assert!(asked("", "garden").contains("place, thing, paper, signature"), "{}", asked("", "garden"));
    for (appearance, depicts) in [("", "signature"), ("signature", "thing")] {
        assert!(asked(appearance, depicts).contains("[depicts]"), "{appearance} {depicts}");
    }
}

/// Every rule has flagged, every indicator was counted, and every state and step of every pathway was walked with its limit
/// in some test of its pack.
#[test]
fn the_packs_pass_their_own_tests_and_everything_in_them_is_tested() {
    for name in PACKS {
        let pack = check(&pack(name)).unwrap();
        let report = programme::scenario::run(&pack);
        assert_eq!(report.run, pack.scenarios.len());
        let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
        assert_eq!(failures, Vec::<String>::new(), "{name}");
        assert_eq!(
            [report.untested, report.uncounted, report.unwalked, report.unsampled].concat(),
            Vec::<String>::new(),
            "{name}"
        );
    }
}

/// A sample is held to its form as what a phone sends is, and each mistake is told where it stands.
#[test]
fn a_sample_is_held_to_its_form() {
    let path = "samples/forms.toml";
    for (from, to, wanted) in [
        ("room_c = 33", "room_c = 33.5", ""),
        ("cooling = \"broken\"", "cooling = \"snow\"", "samples/forms.toml:6:36 answer"),
        ("room_c = 33", "room_c = 60", "samples/forms.toml:6:22 constraint"),
        ("room_c = 33", "room_c = \"hot\"", "samples/forms.toml:6:22 answer"),
        ("room_c = 33, ", "", "samples/forms.toml:2:1 required"),
        (
            "has_water = \"yes\"",
            "has_wine = \"yes\"",
            "samples/forms.toml:2:1 required samples/forms.toml:6:76 unknown_name",
        ),
        ("form = \"look_in\"", "form = \"look_out\"", "samples/forms.toml:3:8 unknown_name"),
        (
            "says = { zh",
            "says = { ug",
            "samples/forms.toml:5:8 unknown_language samples/forms.toml:5:8 untranslated",
        ),
        ("form = ", "forms = ", "samples/forms.toml:2:1 missing samples/forms.toml:3:1 unknown_key"),
    ] {
        let mut files = pack("heat");
        replace(&mut files, path, from, to);
        let findings = check(&files).err().unwrap_or_default();
        let told: Vec<String> =
            findings.iter().map(|finding| format!("{} {}", finding.place, finding.code)).collect();
        assert_eq!(told.join(" "), wanted, "{to}: {findings:?}");
        assert!(read(&files).is_ok(), "samples are no part of what is published");
    }
    let mut files = pack("heat");
    let sheet = |files: &Files, language: &str| {
        let pack = check(files).unwrap();
        pack.samples[0].sheet(pack.form("look_in").unwrap(), language)
    };
    assert_eq!(sheet(&files, "zh")[1], ("用什么降温".to_owned(), "坏了".to_owned()));
    assert_eq!(sheet(&files, "en")[2], ("What does not feel well".to_owned(), "dizzy".to_owned()));
    files.remove(path);
    files.insert("samples/people.csv".to_owned(), Content::Bytes(b"name\n".to_vec()));
    let report = programme::scenario::run(&check(&files).unwrap());
    assert_eq!(report.unsampled, ["look_in"]);
}

#[test]
fn what_is_reckoned_classed_and_counted_is_held_to_the_forms() {
    let mut texts = small();
    texts.insert(
        "programme.toml",
        format!("{MANIFEST}[[concept]]\ncode = \"inside\"\nname = {{ zh = \"室内\", en = \"inside\" }}\n[[concept]]\ncode = \"outside\"\nname = {{ zh = \"室外\", en = \"outside\" }}\n"),
    );
    let figure = |code: &str, concept: &str, value: &str| {
        format!(
            "[[figure]]\ncode = \"{code}\"\nname = {{ zh = \"数\", en = \"Figure\" }}\nsubject = \"dwelling\"\nunit = \"celsius\"\n{concept}value = \"{value}\"\n"
        )
    };
    let reckoned = [
        figure("warm", "concept = \"inside\"\n", "sum(history.visit.map(v, v.room_c))"),
        figure("street", "concept = \"outside\"\n", "visit.room_c"),
        figure("both", "", "figure.warm - figure.street"),
        figure("ratio", "", "figure.warm / figure.street"),
        figure("wrong", "concept = \"outside\"\n", "figure.warm"),
        figure("nowhere", "concept = \"upstairs\"\n", "visit.room_c"),
        figure("later", "", "figure.last"),
        figure("last", "", "visit.ac"),
        figure("truth", "", "visit.ac == 'no'"),
    ]
    .concat();
    texts.insert("figures.toml", reckoned);
    let named = "name = { zh = \"类\", en = \"Class\" }\n";
    texts.insert(
        "classes/heat.toml",
        format!("code = \"heat\"\n{named}subject = \"dwelling\"\n[[class]]\ncode = \"hot\"\n{named}[[class]]\ncode = \"hot\"\n{named}when = \"figure.warm > 1.0\"\n"),
    );
    texts.insert(
        "classes/one.toml",
        format!("code = \"one\"\n{named}subject = \"street\"\n[[class]]\ncode = \"all\"\n{named}"),
    );
    let indicator = |id: &str, measure: &str| {
        format!("[[indicator]]\nid = \"{id}\"\n{named}subject = \"dwelling\"\n{measure}")
    };
    let counted = [
        indicator("I-1", ""),
        indicator("I-1", "numerator = \"visit.ac == 'no'\"\nvalue = \"visit.room_c\"\n"),
        indicator("I-2", "numerator = \"visit.ac\"\ndenominator = \"true\"\n"),
        indicator("I-3", "value = \"class.heat\"\n"),
    ]
    .concat();
    texts.insert("indicators.toml", counted);
    texts.insert(
        "tests/a.toml",
        "[[test]]\nname = \"one\"\nsubject = \"dwelling\"\n[[test.then]]\non = 2026-07-01\n[[test.then]]\non = 2026-07-01\nfigures = { warm = \"much\", cold = 1 }\nclasses = { heat = 3 }\nindicators = { \"I-2\" = 1, \"I-9\" = [] }\n".into(),
    );
    assert_snapshot!(told(&files(&texts)));
}

#[test]
fn what_a_sweep_counts_has_its_own_subjects_and_no_form_proves_it() {
    let indicator = |id: &str, subject: &str, measure: &str| {
        format!(
            "[[indicator]]\nid = \"{id}\"\nname = {{ zh = \"数\", en = \"Figure\" }}\nsubject = \"{subject}\"\n{measure}"
        )
    };
    let who = "who = { zh = \"每一户\", en = \"Every dwelling\" }\n";
    let mut texts = small();
    let right = [
        indicator(
            "I-1",
            "dwelling",
            &format!("sweep = \"accounted\"\n{who}at_least = 1.0\nby = 2026-09-01\n"),
        ),
        indicator("I-2", "dwelling", "sweep = \"residual\"\n"),
        indicator("I-3", "person", &format!("sweep = \"reached\"\n{who}")),
    ];
    texts.insert("indicators.toml", right.concat());
    let pack = read(&files(&texts)).unwrap();
    let of_sweep: Vec<_> = pack.indicators.iter().map(|indicator| indicator.measure.of_sweep()).collect();
    assert_eq!(of_sweep, [SweepCount::Accounted, SweepCount::Residual, SweepCount::Reached].map(Some));
    assert!(!pack.indicators.iter().any(|indicator| indicator.looks_at("visit")));
    let report = programme::scenario::run(&pack);
    assert_eq!(
        report.uncounted,
        Vec::<String>::new(),
        "no test of the pack has to count what a sweep counts"
    );
    let situation = Situation::default();
    let needs = indicator::needs(&pack.indicators, Subject::Dwelling);
    let (parameters, today) = (BTreeMap::new(), jiff::civil::date(2026, 7, 1));
    let view = View::new(&needs, &situation, &parameters, today);
    let added = indicator::contribute(&pack.indicators, Subject::Dwelling, &view);
    assert!(
        added.values().all(|added| *added == Contribution::default()),
        "no dwelling adds to it by a form"
    );

    texts.insert(
        "indicators.toml",
        [
            indicator("I-1", "dwelling", &format!("sweep = \"accounted\"\n{who}")),
            indicator("I-2", "person", "sweep = \"residual\"\n"),
            indicator("I-3", "dwelling", &format!("sweep = \"reached\"\n{who}")),
            indicator("I-4", "dwelling", "sweep = \"dark\"\n"),
            indicator("I-5", "dwelling", "sweep = \"accounted\"\n"),
            indicator("I-6", "dwelling", "sweep = \"residual\"\nnumerator = \"visit.ac == 'no'\"\n"),
            indicator("I-7", "dwelling", "sweep = \"residual\"\nat_least = 1.0\nby = 2026-09-01\n"),
        ]
        .concat(),
    );
    let one = "[[test]]\nname = \"one\"\nsubject = \"dwelling\"\n[[test.then]]\non = 2026-07-01\n";
    texts.insert("tests/a.toml", format!("{one}indicators = {{ \"I-1\" = [] }}\n"));
    assert_snapshot!(told(&files(&texts)));
}

#[test]
fn a_rule_on_areas_names_its_level_and_sees_the_people_of_that_level_only() {
    let area = |level: &str, when: &str| {
        RULE.replace("subject = \"dwelling\"\n", &format!("subject = \"area\"\n{level}"))
            .replace("visit.room_c >= param.hot_c && visit.ac == 'no'", when)
    };
    let (own, people) = ("visit.ac == 'no'", "people.visit.exists(v, v.ac == 'no')");
    let mut texts = small();
    texts.insert("forms/visit.md", FORM.replace("dwelling", "area"));
    let speaks = |texts: &BTreeMap<&'static str, String>| read(&files(texts)).unwrap().rules[0].speaks();
    for (level, when, wanted) in [
        ("", own, Speaks::OfAny),
        ("level = \"county\"\n", own, Speaks::Of(Level::County)),
        ("", people, Speaks::OfPeopleIn(Level::Community)),
        ("level = \"grid\"\n", people, Speaks::OfPeopleIn(Level::Grid)),
        ("level = \"township\"\n", people, Speaks::OfPeopleIn(Level::Township)),
    ] {
        texts.insert("rules.toml", area(level, when));
        assert_eq!(speaks(&texts), wanted, "{level}");
    }
    // A community seen by its own people, and by those of its doors that lie in no grid.
    let [community, grid] = [Some(Level::Community), Some(Level::Grid)];
    let is_of = |speaks: Speaks| {
        [(community, community), (community, grid), (grid, grid)].map(|(own, seen)| speaks.is_of(own, seen))
    };
    assert_eq!(is_of(Speaks::OfAny), [true, false, true]);
    assert_eq!(is_of(Speaks::Of(Level::Grid)), [false, false, true]);
    assert_eq!(is_of(Speaks::OfPeopleIn(Level::Community)), [true, false, false]);
    assert_eq!(is_of(Speaks::OfPeopleIn(Level::Grid)), [false, true, true]);

    // A test is about a community unless it says so.
    texts.insert("rules.toml", area("level = \"grid\"\n", people));
    let test = |level: &str| {
        format!(
            "[[test]]\nname = \"one\"\nsubject = \"area\"\n{level}[[test.given]]\nperson = \"one\"\nform = \"visit\"\non = 2026-07-01\nanswers = {{ room_c = 40, ac = \"no\" }}\n[[test.then]]\non = 2026-07-01\nflags = [\"H-1\"]\n"
        )
    };
    let failures = |texts: &BTreeMap<&'static str, String>| {
        programme::scenario::run(&read(&files(texts)).unwrap()).failures.len()
    };
    texts.insert("tests/a.toml", test("level = \"grid\"\n"));
    assert_eq!(failures(&texts), 0);
    texts.insert("tests/a.toml", test(""));
    assert_eq!(failures(&texts), 1, "of a community it says nothing");

    let wrong = [
        RULE.replace("within", "level = \"grid\"\nwithin"),
        area("level = \"street\"\n", own).replace("H-1", "H-2"),
    ];
    let mut texts = small();
    texts.insert("rules.toml", wrong.concat());
    let wrong = told(&files(&texts));
    assert!(
        wrong.contains("only what is about areas") && wrong.contains("no level of areas street"),
        "{wrong}"
    );
}

#[test]
fn a_rule_that_no_pathway_asks_for_can_be_a_task_by_itself() {
    let mut texts = small();
    texts.insert("rules.toml", RULE.replace("within", "climbs_to = [\"worker\"]\nwithin"));
    let pack = read(&files(&texts)).unwrap();
    let [way] = &pack.pathways[..] else { panic!("one way") };
    assert_eq!(
        (way.code.value.as_str(), &way.asked_by[..], way.of_rule),
        ("look_h_1", &["H-1".to_owned()][..], true)
    );
    assert_eq!((way.name.get("en"), way.subject), (Some("Too hot"), Subject::Dwelling));
    let duty = way.start().unwrap().duty.as_ref().unwrap();
    assert_eq!(
        (duty.owner.as_str(), duty.within.as_str(), &duty.climbs_to[..]),
        ("worker", "stay_days", &["worker".to_owned()][..])
    );
    let ends: Vec<_> =
        way.steps.iter().map(|step| (step.name.get("en").unwrap(), step.to.as_str())).collect();
    assert_eq!(ends, [("It is cool again", "settled"), ("looked into: it is not so", "mistaken")]);
    assert_eq!(
        programme::scenario::run(&pack).unwalked,
        Vec::<String>::new(),
        "its steps are those of every such rule"
    );

    // A pathway of its own says whom it climbs to.
    texts.insert(
        "pathways/hot.toml",
        "code = \"hot\"\nname = { zh = \"热\", en = \"Hot\" }\nsubject = \"dwelling\"\nasked_by = [\"H-1\"]\n[[state]]\ncode = \"hot\"\nname = { zh = \"热\", en = \"hot\" }\nowner = \"worker\"\nwithin = \"stay_days\"\nclimbs_to = [\"worker\"]\n[[state]]\ncode = \"cool\"\nname = { zh = \"凉\", en = \"cool\" }\nend = true\n[[step]]\ncode = \"cooled\"\nname = { zh = \"凉了\", en = \"it is cool\" }\nfrom = [\"hot\"]\nto = \"cool\"\nby = [\"worker\"]\n".into(),
    );
    assert!(told(&files(&texts)).contains("H-1 asks for the pathway hot"), "{}", told(&files(&texts)));
    texts.remove("pathways/hot.toml");
    texts.insert("rules.toml", RULE.replace("within", "climbs_to = [\"nobody\"]\nwithin"));
    assert!(told(&files(&texts)).contains("nobody"), "{}", told(&files(&texts)));
}

/// What a rule finds is somebody's: a rule that nobody would see in a list is told of, by its place.
#[test]
fn every_rule_of_the_packs_reaches_a_list_and_one_that_does_not_is_told_of() {
    let told = |pack: &programme::Programme| -> Vec<String> {
        unreached(pack).iter().map(|finding| format!("{} {}", finding.place, finding.code)).collect()
    };
    for name in PACKS {
        let mut pack = read(&pack(name)).unwrap();
        assert_eq!(told(&pack), [] as [String; 0], "{name}");
        // Without its way, each of them is told of.
        let ways = pack.pathways.clone();
        for id in pack.rules.iter().map(|rule| rule.id.clone()).collect::<Vec<_>>() {
            pack.pathways.clone_from(&ways);
            for way in &mut pack.pathways {
                way.asked_by.retain(|asked| *asked != id.value);
            }
            assert_eq!(told(&pack), [format!("{} reaches_nobody", id.place)], "{}", id.value);
        }
    }
    let mut texts = small();
    assert_eq!(told(&read(&files(&texts)).unwrap()), ["rules.toml:3:6 reaches_nobody"]);
    texts.insert("rules.toml", RULE.replace("within", "climbs_to = [\"worker\"]\nwithin"));
    assert_eq!(told(&read(&files(&texts)).unwrap()), [] as [String; 0]);
    texts.insert("rules.toml", RULE.to_owned());
    let way = |subject: &str| {
        let steps = PATHWAY.replace("guard = \"visit.room_c < param.hot_c\"\n", "");
        steps.replace("\"dwelling\"", &format!("\"{subject}\""))
    };
    for (subject, wanted) in [("dwelling", ""), ("household", ""), ("person", "rules.toml:3:6 other_subject")]
    {
        texts.insert("pathways/cool.toml", way(subject));
        let told = told(&read(&files(&texts)).unwrap());
        assert_eq!(told.join(""), wanted, "a case of a {subject}");
    }
}

#[test]
fn a_sum_of_the_newest_only_is_no_sum() {
    let mut texts = small();
    texts.insert(
        "figures.toml",
        "[[figure]]\ncode = \"warm\"\nname = { zh = \"数\", en = \"Figure\" }\nsubject = \"dwelling\"\nunit = \"celsius\"\nvalue = \"sum(history.visit.map(v, v.room_c))\"\n".into(),
    );
    texts.insert(
        "rules.toml",
        RULE.replace("visit.room_c >= param.hot_c && visit.ac == 'no'", "figure.warm > 1.0"),
    );
    let pack = read(&files(&texts)).unwrap();
    let on: programme::code::Day = "2026-07-01".parse().unwrap();
    let values = BTreeMap::from([("room_c".into(), Value::Decimal(0.5))]);
    let record = Record { form: "visit".into(), on, at: midnight_before(on), values };
    let judged = |records: usize| {
        let situation = Situation { own: vec![&record; records], ..Situation::default() };
        judge(&pack.rules.first().unwrap().condition, &situation, &BTreeMap::new(), on)
    };
    let evidence = BTreeMap::from([(("figure".into(), "warm".into()), Value::Decimal(100.0))]);
    assert_eq!(judged(200), Judgement::Flags(evidence));
    assert_eq!(judged(201), Judgement::Failed("more than 200 of visit".into()));
    assert_eq!(judged(2), Judgement::Clear);
}

const BY_ELEVEN: &str = r#"
[[parameter]]
code = "am_by"
name = { zh = "几点前", en = "by when" }
unit = "time_of_day"
value = "11:00"
least = "07:00"
most = "12:00"
"#;

#[test]
fn a_time_of_day_is_asked_for_by_two_comparisons_and_by_nothing_else() {
    let rule = |when: &str| {
        let mut texts = small();
        texts.insert("parameters.toml", PARAMETERS.to_owned() + BY_ELEVEN);
        texts.insert("rules.toml", RULE.replace("visit.room_c >= param.hot_c && visit.ac == 'no'", when));
        texts
    };
    for right in ["now >= param.am_by", "now < param.am_by", "param.am_by <= now", "param.am_by > now"] {
        assert_eq!(told(&files(&rule(right))), "no mistakes", "{right}");
    }
    for (wrong, code) in [
        ("now > param.am_by", "[hour]"),
        ("now <= param.am_by", "[hour]"),
        ("param.am_by >= now", "[hour]"),
        ("now == param.am_by", "[hour]"),
        ("now >= 660", "[hour]"),
        ("now >= param.stay_days", "[hour]"),
        ("param.am_by >= param.am_by", "[hour]"),
        ("[now].exists(hour, hour >= param.am_by)", "[hour]"),
        ("[param.am_by].exists(now, now >= param.am_by)", "[hour]"),
        ("now + 1 > 3", "[wrong_kind]"),
        ("now in [param.am_by]", "[wrong_kind]"),
        ("now", "[wrong_kind]"),
        ("now >= param.at_noon", "[unknown_name]"),
    ] {
        let told = told(&files(&rule(wrong)));
        assert!(told.contains(code), "{wrong}: {told}");
    }
    // A figure is of a day.
    let mut texts = rule("figure.warm > 1.0");
    texts.insert(
        "figures.toml",
        "[[figure]]\ncode = \"warm\"\nname = { zh = \"数\", en = \"Figure\" }\nsubject = \"dwelling\"\nunit = \"celsius\"\nvalue = \"now >= param.am_by ? 1.0 : 2.0\"\n".into(),
    );
    assert!(told(&files(&texts)).contains("there is no form now"), "{}", told(&files(&texts)));

    for value in ["660", "\"24:00\"", "\"9:00\"", "\"11:60\"", "\"11:00:00\"", "\"+1:00\"", "11:00:00"] {
        let mut texts = rule("now >= param.am_by");
        let own =
            PARAMETERS.to_owned() + &BY_ELEVEN.replace("value = \"11:00\"", &format!("value = {value}"));
        texts.insert("parameters.toml", own);
        assert!(told(&files(&texts)).contains("[wrong_kind]"), "{value}");
    }
    let overlay = |value: &str| {
        let mut texts = rule("now >= param.am_by");
        let source = "source = { zh = \"文\", en = \"Document\" }";
        let text = format!("area = \"44\"\nfrom = 2026-06-01\n{source}\n[set]\nam_by = {value}\n");
        texts.insert("overlays/a.toml", text);
        files(&texts)
    };
    assert!(
        told(&overlay("\"06:30\"")).contains("between 07:00 and 12:00"),
        "{}",
        told(&overlay("\"06:30\""))
    );
    assert!(told(&overlay("630")).contains("[wrong_kind]"));
    let pack = read(&overlay("\"10:30\"")).unwrap();
    let condition = &pack.rules.first().unwrap().condition;
    let on: programme::code::Day = "2026-07-01".parse().unwrap();
    for (area, hour) in [("42", 660), ("44", 630)] {
        let parameters = pack.parameters.on(area, on);
        assert_eq!(Vec::from_iter(condition.hours_by(&parameters)), [hour]);
        let (needs, situation) = (Needs::of([condition]), Situation::default());
        let judged = |minute| View::new(&needs, &situation, &parameters, on).at(minute).judge(condition);
        assert_eq!(judged(hour - 1), Judgement::Clear);
        assert_eq!(judged(hour), Judgement::Flags(BTreeMap::new()));
        assert_eq!(judge(condition, &situation, &parameters, on), Judgement::Clear, "no hour has come");
    }
}

#[test]
fn what_does_not_fit_is_told_at_its_place_in_the_condition() {
    let conditions = [
        "visit.ac == 'perhaps'",
        "visit.room_c > 'warm'",
        "visit.room_c + 1 > param.hot_c",
        "today - visit.on > param.stay_days && today > 3",
        "visit.ac > 'no'",
        "visit.room_c",
        "visit.ac in ['no', 'maybe']",
        "visit.ac.exists(one, true)",
        "history.visit.filter(v, v.ac == 'off').size() > 0",
        "history.visit[0].cellar == 1",
        "param == visit",
        "!visit.room_c || (visit.ac ? true : false)",
        "history.visit.exists(a, history.visit.exists(b, history.visit.exists(c, c.on == b.on)))",
        "{'a': 1}.size() > 0",
        "size(visit.room_c) > 1 && int(visit.ac) > 0",
        "today == '2020-03-10'",
    ];
    let told: String = conditions
        .iter()
        .map(|condition| {
            let told = with("rules.toml", "visit.room_c >= param.hot_c && visit.ac == 'no'", condition);
            format!("{condition}\n{told}\n")
        })
        .collect();
    assert_snapshot!(told);
}

const PATHWAY: &str = r#"
code = "cool"
name = { zh = "降温", en = "Cool down" }
subject = "dwelling"
asked_by = ["H-1"]
[[state]]
code = "hot"
name = { zh = "太热", en = "too hot" }
owner = "worker"
within = "stay_days"
climbs_to = ["worker"]
[[state]]
code = "cooled"
name = { zh = "已降温", en = "cool" }
end = true
[[step]]
code = "cool"
name = { zh = "降温", en = "cool down" }
from = ["hot"]
to = "cooled"
by = ["worker"]
guard = "visit.room_c < param.hot_c"
"#;

/// A step may ask for what is filled in since the case began, or since it came into its state; a rule knows of no case. Moments
/// are compared and never reckoned with, and whose a form is can be the same as another's and nothing else.
#[test]
fn a_step_may_ask_for_what_is_filled_in_anew() {
    let guarded = |guard: &str| {
        let mut texts = small();
        texts.insert("pathways/cool.toml", PATHWAY.replace("visit.room_c < param.hot_c", guard));
        told(&files(&texts))
    };
    let right = [
        "visit.filled_at >= case.since",
        "history.visit.exists(v, v.filled_at > case.opened)",
        "case.since == case.opened",
        "people.visit.exists(v, people.visit.exists(w, w.whose != v.whose && w.filled_at < v.filled_at))",
        "has(visit.filled_at)",
    ];
    for guard in right {
        assert_eq!(guarded(guard), "no mistakes", "{guard}");
    }
    for (guard, wanted) in [
        ("visit.filled_at >= case.closed", "there is no moment of the case closed"),
        ("visit.on >= case.since", "the other side must be a day, this is a moment"),
        ("case.since - case.opened > 1", "the other side must be a moment, this is a moment"),
        ("visit.filled_at > 5", "the other side must be a moment, this is a whole number"),
        ("people.visit.exists(v, v.whose > v.whose)", "what is compared by size must be a whole number"),
        ("people.visit.exists(v, v.whose == 1)", "the other side must be whose form it is"),
    ] {
        assert!(guarded(guard).contains(wanted), "{guard}: {}", guarded(guard));
    }
    let mut texts = small();
    texts.insert("rules.toml", RULE.replace("visit.ac == 'no'", "visit.filled_at >= case.since"));
    assert!(told(&files(&texts)).contains("there is no form case"), "{}", told(&files(&texts)));
}

/// What was filled in a moment before says nothing of a case, and a moment after it does.
#[test]
fn a_condition_is_judged_at_the_moments_of_its_case() {
    let mut texts = small();
    texts.insert(
        "pathways/cool.toml",
        PATHWAY.replace("visit.room_c < param.hot_c", "visit.filled_at >= case.since"),
    );
    let pack = read(&files(&texts)).unwrap();
    let guard = pack.pathways.first().unwrap().steps.first().unwrap().guard.as_ref().unwrap();
    let on: programme::code::Day = "2026-07-01".parse().unwrap();
    let midnight = midnight_before(on);
    let second = jiff::SignedDuration::from_secs(1);
    let judged = |after: jiff::SignedDuration, case: Option<Moments>| {
        let record = Record { form: "visit".into(), on, at: midnight + after, values: BTreeMap::new() };
        let situation = Situation { own: vec![&record], case, ..Situation::default() };
        judge(guard, &situation, &BTreeMap::new(), on)
    };
    let since = midnight + second * 60;
    let case = Moments { opened: midnight, since };
    assert_eq!(judged(second * 59, Some(case)), Judgement::Clear);
    assert!(matches!(judged(second * 60, Some(case)), Judgement::Flags(_)));
    assert_eq!(judged(second * 60, None), Judgement::Unknown, "where there is no case");
    assert_eq!(guard.counts_from(case), Some(since));
}

#[test]
fn a_pathway_has_a_limit_in_every_state_and_an_end_from_every_one() {
    let mut texts = small();
    texts.insert("pathways/cool.toml", PATHWAY.to_owned());
    assert_eq!(told(&files(&texts)), "no mistakes");
    for (from, to) in [
        ("within = \"stay_days\"", "within = \"hot_c\""),
        ("climbs_to = [\"worker\"]", ""),
        ("owner = \"worker\"", "owner = \"nobody\""),
        ("asked_by = [\"H-1\"]", "asked_by = [\"H-9\"]"),
        ("to = \"cooled\"", "to = \"hot\""),
        ("to = \"cooled\"", "to = \"gone\""),
        ("by = [\"worker\"]", ""),
        ("visit.room_c < param.hot_c", "visit.room_f < 95.0"),
        ("guard = \"visit.room_c < param.hot_c\"", "says = { zh = \"凉了\", en = \"it is cool\" }"),
        ("guard =", "says = { zh = \"凉了\" }\nguard ="),
        ("end = true", "end = true\nrestriction = \"stay_in\""),
        ("owner = \"worker\"", "owner = \"worker\"\ncounted_from = \"visit.room_c\""),
        (
            "code = \"cool\"\nname = { zh = \"降温\", en = \"cool down\" }",
            "code = \"cool\"\nname = { zh = \"降温\" }\nhurry = true",
        ),
    ] {
        assert!(PATHWAY.contains(from), "{from}");
        texts.insert("pathways/cool.toml", PATHWAY.replacen(from, to, 1));
        let told = told(&files(&texts));
        assert_ne!(told, "no mistakes", "{to}");
        texts.entry("README.md").or_default().push_str(&format!("{to}\n{told}\n"));
    }
    assert_snapshot!(texts["README.md"]);
}

/// What a rule finds restricts nobody, lets nobody go, and is asked for.
#[test]
fn a_state_that_a_flag_brings_about_holds_nobody_to_anything() {
    let path = "pathways/need.toml";
    let brought = "brought_by = [\"E-R13-urgent\"]";
    for (from, to, says) in [
        (brought, "brought_by = [\"E-R14\"]", "E-R14"),
        (brought, "brought_by = [\"E-R13-urgent\"]\nrestriction = \"home_observation\"", "people decide"),
        ("code = \"raised\"", "code = \"raised\"\nrestriction = \"home_observation\"", "people decide"),
        ("code = \"raised\"", "code = \"raised\"\nbrought_by = [\"E-R13-need\"]", "people decide"),
    ] {
        let mut files = pack("epidemic");
        replace(&mut files, path, from, to);
        let told = told(&files);
        assert!(told.contains(says), "{to}\n{told}");
    }
}

/// A limit is as long as it says or it is refused, and a matter of its own is a form at which the rule looks.
#[test]
fn a_limit_that_would_be_cut_is_refused_with_its_line_and_so_is_each_of_a_form_that_is_not_looked_at() {
    let cases = [
        (
            "parameters.toml",
            "value = 30\nleast = 10\nmost = 60",
            "value = 30\nleast = 10\nmost = 9999999",
            "urgent_min",
        ),
        (
            "parameters.toml",
            "value = 14\nleast = 3\nmost = 28",
            "value = 4000\nleast = 3\nmost = 4000",
            "care_review_d",
        ),
        ("rules.toml", "each_of = \"weak_place\"", "each_of = \"checkpoint\"", "checkpoint"),
    ];
    for (path, from, to, says) in cases {
        let mut files = pack("epidemic");
        let Some(Content::Bytes(bytes)) = files.get_mut(path) else { panic!("{path}") };
        let text = String::from_utf8(bytes.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        *bytes = text.replacen(from, to, 1).into_bytes();
        let told = check(&files).unwrap_err();
        let told: Vec<String> = told
            .iter()
            .filter(|finding| finding.place.file == path && finding.place != Place::whole(path))
            .map(|finding| finding.text.en.clone())
            .collect();
        assert!(told.iter().any(|text| text.contains(says)), "{to}\n{told:?}");
        assert_eq!(read(&files).is_ok(), path == "parameters.toml", "{to}");
    }
}

/// What a rule opens holds nobody to anything, a flag lets nobody go, and no step puts off for ever; what was published is still read.
#[test]
fn a_pack_is_not_published_that_restricts_by_rule_or_puts_off_for_ever() {
    let cases = [
        (
            "dependant",
            "code = \"opened\"",
            "code = \"opened\"\nrestriction = \"home_observation\"",
            "brought_back_by",
            false,
        ),
        (
            "fever",
            "code = \"excluded\"",
            "code = \"excluded\"\nbrought_back_by = [\"E-R05\"]",
            "is no end",
            false,
        ),
        (
            "dependant",
            "brought_back_by = [\"E-R09\", \"E-R09-ask\"]",
            "brought_back_by = [\"E-R14\"]",
            "E-R14",
            false,
        ),
        ("dependant", "in_all = \"care_review_d\"\n", "", "puts_off", true),
        ("refusal", "in_all = \"persuading_h\"", "in_all = \"attempts\"", "attempts", false),
    ];
    for (code, from, to, says, reads) in cases {
        let mut files = pack("epidemic");
        replace(&mut files, &format!("pathways/{code}.toml"), from, to);
        let told = check(&files).unwrap_err();
        let told: Vec<String> = told.iter().map(|finding| format!("{finding:?}")).collect();
        assert!(told.iter().any(|finding| finding.contains(says)), "{to}\n{told:?}");
        assert_eq!(read(&files).is_ok(), reads, "{to}");
    }
    // A rule asks for it, and it begins by holding somebody: read it still is.
    let mut files = pack("epidemic");
    let path = "pathways/observe_home.toml";
    replace(&mut files, path, "[[state]]\n", "[[state]]\nrestriction = \"home_observation\"\n");
    let told = check(&files).unwrap_err();
    assert!(told.iter().any(|finding| finding.code == "rule_restricts"), "{told:?}");
    assert!(read(&files).is_ok());
}

#[test]
fn a_calendar_names_each_day_once_and_works_only_weekends_in_exchange() {
    let mut texts = small();
    texts.insert(
        "calendar.toml",
        "holidays = [2026-10-01, 2026-10-01]\nworked = [2026-10-10, 2026-10-12]\n".into(),
    );
    assert_snapshot!(told(&files(&texts)));
}

/// A changed reckoning is told like a changed rule: nobody publishes one unawares.
#[test]
fn what_is_reckoned_classed_and_counted_differently_is_told() {
    let before = read(&pack("livelihood")).unwrap();
    let mut files = pack("livelihood");
    for (path, from, to) in [
        ("figures.toml", "+ i.property", ""),
        ("figures.toml", "code = \"transfer_12m\"", "code = \"transfers\""),
        ("classes/standing.toml", "en = \"at the edge\"", "en = \"close to poverty\""),
        ("classes/standing.toml", "recognition.decided == 'edge'", "recognition.decided in ['edge']"),
        ("indicators.toml", "at_least = 1.0", "at_least = 0.9"),
        (
            "indicators.toml",
            "numerator = \"sum(history.produce.map(p, p.unsold_kg))\"",
            "numerator = \"sum(history.produce.map(p, p.unsold_kg)) / 1000.0\"",
        ),
        ("indicators.toml", "figure.transfer_12m", "figure.transfers"),
    ] {
        replace_up_to(usize::MAX, &mut files, path, from, to);
    }
    for path in files.keys().filter(|path| path.starts_with("tests/")).cloned().collect::<Vec<_>>() {
        files.remove(&path);
    }
    let after = read(&files).map_err(|findings| format!("{findings:#?}")).unwrap();
    let lines = programme::difference::difference(&before, &after);
    assert_snapshot!(lines.iter().map(|line| format!("{}\n{}\n", line.en, line.zh)).collect::<String>());
    assert_eq!(programme::difference::difference(&before, &before), Vec::new());
}

/// What docs/seed-coverage.md says is in the packs.
#[test]
fn what_was_drafted_is_in_the_packs() {
    let numbered = |ids: &[&str], letters: &str, numbers: std::ops::RangeInclusive<u32>| {
        for number in numbers {
            let id = format!("{letters}{number:02}");
            let is_of = |own: &&str| **own == id || own.starts_with(&format!("{id}-"));
            assert!(ids.iter().any(is_of), "{id}");
        }
    };
    for (name, rules, indicators, pathways) in [
        (
            "epidemic",
            &[("E-R", 4..=18)][..],
            ("E-I", 1..=26),
            "observe_home contact fever four_categories dependant refusal case_free need weak_place",
        ),
        (
            "livelihood",
            &[("L-R", 1..=16), ("L-T", 1..=24)][..],
            ("L-I", 1..=15),
            "monitor job produce relocation issue exit",
        ),
    ] {
        let pack = read(&pack(name)).unwrap();
        let ids: Vec<&str> = pack.rules.iter().map(|rule| rule.id.value.as_str()).collect();
        rules.iter().for_each(|(letters, numbers)| numbered(&ids, letters, numbers.clone()));
        let ids: Vec<&str> = pack.indicators.iter().map(|indicator| indicator.id.value.as_str()).collect();
        numbered(&ids, indicators.0, indicators.1);
        for code in pathways.split(' ') {
            assert!(pack.pathways.iter().any(|pathway| pathway.code.value == code), "{code}");
        }
    }
}

/// What docs/seed-coverage.md says is tested: each test that it names is there.
#[test]
fn every_test_that_the_coverage_names_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("../../docs/seed-coverage.md")).unwrap();
    let names: Vec<String> = PACKS
        .iter()
        .flat_map(|name| read(&pack(name)).unwrap().scenarios)
        .map(|scenario| scenario.name.value)
        .collect();
    let (tested, _) = text.split_once("## What the packs hold").unwrap();
    let mut found = 0;
    for row in tested.lines().filter_map(|line| line.strip_prefix("| ")) {
        let test = row.trim_end_matches('|').rsplit('|').next().unwrap();
        for quoted in test.split('"').skip(1).step_by(2).filter(|quoted| !quoted.contains("does not apply")) {
            let begins = quoted.trim_end_matches('…');
            assert!(names.iter().any(|name| name.starts_with(begins)), "{quoted}");
            found += 1;
        }
        let mut source = String::new();
        for code in test.split('`').skip(1).step_by(2) {
            if code.ends_with(".rs") {
                let path = ["tests", "src", "../.."].map(|folder| root.join(folder).join(code));
                source = path.iter().find_map(|path| std::fs::read_to_string(path).ok()).unwrap();
            } else {
                assert!(source.contains(&format!("fn {code}(")), "{code}");
                found += 1;
            }
        }
    }
    assert!(found > 30, "{found}");
}

/// One form about a person with these rows of its survey, and these of its choices.
fn asking(survey: &str, choices: &str) -> Vec<(String, String)> {
    let mut files = pack("heat");
    files.insert(
        "forms/asked.md".to_owned(),
        Content::Bytes(
            format!(
                "| survey | | | | | | | | |\n\
                 | | type | name | label::中文 (zh) | label::English (en) | class | purpose | readers | keep |\n{survey}\
                 | choices | | | |\n| | list_name | name | label::中文 (zh) | label::English (en) |\n{choices}\
                 | settings | | | | |\n| | form_id | form_title | version | subject | filled_by |\n\
                 | | asked | 问 | 1 | person | grid_worker |\n"
            )
            .into_bytes(),
        ),
    );
    let findings = check(&files).err().unwrap_or_default();
    let forbidden = findings.iter().filter(|finding| finding.code == "forbidden");
    forbidden.map(|finding| (finding.place.to_string(), finding.text.en.clone())).collect()
}

#[test]
fn what_no_form_may_ask_is_found_in_choices_titles_and_steps() {
    let duties = "operational | care | grid_worker | 14d |";
    let told = |survey: &str, choices: &str| asking(&survey.replace('$', duties), choices);
    let places = |found: Vec<(String, String)>| found.into_iter().map(|(place, _)| place).collect::<Vec<_>>();
    // Who a people or a faith is, is told by the choices if the question does not.
    let zu = "| | select_one zu | zu | 您是哪里的 | which one | $\n";
    let found =
        told(zu, "| | zu | a | 汉族 | Han |\n| | zu | b | 回族 | Hui |\n| | zu | islam | 其他 | other |\n");
    assert!(found[0].1.contains("汉族"), "the word is named: {found:?}");
    assert_eq!(places(found), ["forms/asked.md:6:14", "forms/asked.md:7:14", "forms/asked.md:8:10"]);
    let which = "| | select_one g | g | 您是哪一种 | which | $\n";
    let found = told(which, "| | g | a | 汉 | Han |\n| | g | b | 回 | Hui |\n| | g | c | 别的 | other |\n");
    assert_eq!(places(found), ["forms/asked.md:6:9", "forms/asked.md:7:9"]);
    assert!(told(which, "| | g | a | 汉语 | Mandarin |\n| | g | b | 藏语 | Tibetan |\n").is_empty());
    let point = "| | geopoint | spot | 位置 | spot | $\n";
    for time in [
        "| | datetime | at | 时间 | when | $\n",
        "| | date | at | 日期 | when | $\n",
        "| | begin group | inner | 里 | inner | | | | |\n| | time | at | 时间 | when | $\n| | end group | | | | | | | |\n",
    ] {
        let within = format!(
            "| | begin repeat | stop | 去过的地方 | stops | | | | |\n{point}{time}| | end repeat | | | | | | | |\n"
        );
        let found = told(&within, "");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].0.starts_with("forms/asked.md:4") && found[0].1.contains("location trails"),
            "{found:?}"
        );
    }
    // One place with one time is a visit, and several places without a time are places.
    assert!(told(&format!("{point}| | datetime | at | 时间 | when | $\n"), "").is_empty());
    let wells =
        format!("| | begin repeat | well | 井 | wells | | | | |\n{point}| | end repeat | | | | | | | |\n");
    assert!(told(&wells, "").is_empty());
    assert!(!told("| | background-geopoint | spot | 位置 | spot | $\n", "").is_empty());
}

/// The form of a whole pack, spoiled: what is told is what is wrong with it, and nothing of what names it elsewhere.
#[test]
fn a_form_that_cannot_be_read_is_one_mistake() {
    let whole = pack("heat");
    let Some(Content::Bytes(form)) = whole.get("forms/look_in.md") else { unreachable!("it is a text") };
    let form = String::from_utf8(form.clone()).unwrap();
    let csv = |more: &str| format!("survey,,\n,type,name\n,text,a\n{more}");
    let told = |name: &str, content: Content| -> Vec<String> {
        let mut files = whole.clone();
        files.remove("forms/look_in.md");
        files.insert(format!("forms/look_in.{name}"), content);
        let findings = read(&files).err().unwrap_or_default();
        findings.iter().map(|finding| format!("{} {}", finding.place, finding.code)).collect()
    };
    let bytes = |text: &str| Content::Bytes(text.as_bytes().to_vec());
    let folder = programme::Bilingual { zh: "文件夹".into(), en: "a folder".into() };
    for (name, content, wanted) in [
        ("md", Content::Bytes(b"| survey |\n| \xb1\xed |\n".to_vec()), "forms/look_in.md:2:1 not_utf8"),
        ("csv", Content::Bytes(Vec::new()), "forms/look_in.csv no_survey"),
        ("md", Content::Bytes(Vec::new()), "forms/look_in.md no_survey"),
        ("csv", bytes(&csv("\"unclosed,")), "forms/look_in.csv:4:1 csv_quote"),
        ("csv", bytes(&csv(",\"a\"\"b\n,c\n")), "forms/look_in.csv:4:1 csv_quote"),
        ("md", bytes(&form.replacen("look_in", "look\0in", 1)), "forms/look_in.md:35:5 nul"),
        ("md", Content::Unreadable(folder), "forms/look_in.md unreadable"),
    ] {
        let found = told(name, content);
        let same = |found: &str| {
            let place = |text: &str| text.split([':', ' ']).next().unwrap_or_default().to_owned();
            found == wanted
                || wanted.ends_with(" nul") && found.ends_with(" nul") && place(found) == place(wanted)
        };
        assert!(found.len() == 1 && same(&found[0]), "{found:?}, not {wanted}");
    }
    // A quotation mark within a cell is none that opens one, and neither is one that is doubled.
    assert!(
        !told("csv", bytes(&csv(",a \"b,\"c \"\"d\"\"\"\n"))).iter().any(|found| found.contains("csv_quote"))
    );
    let long = form.replacen("高温探访", &"长".repeat(10_001), 1);
    let found = told("md", bytes(&long));
    assert!(found.len() == 1 && found[0].ends_with("too_long"), "{found:?}");
    assert!(told("md", bytes(&form.replacen("高温探访", &"长".repeat(10_000), 1))).is_empty());
}
