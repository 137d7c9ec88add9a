//! What strangers may send: whatever the files hold, the answer is a programme or mistakes, never a panic.

use programme::{Content, Files, RawSheet, read};
use proptest::prelude::*;

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
        if let Err(findings) = read(&files) {
            prop_assert!(!findings.is_empty());
            for finding in findings {
                prop_assert!(!finding.text.zh.is_empty() && !finding.text.en.is_empty());
            }
        }
    }

    #[test]
    fn whatever_a_condition_holds_there_is_an_answer(condition in "[a-z0-9 .()\\[\\]{}!?:&|<>=+*/%,'-]{0,60}") {
        let mut files = Files::new();
        files.insert("programme.toml".to_owned(), Content::Bytes(MANIFEST.into()));
        let rule = format!("[[rule]]\nid = \"R\"\nsubject = \"person\"\nwhen = \"{condition}\"\nsays = {{ zh = \"一\", en = \"one\" }}\nresolved_by = {{ zh = \"一\", en = \"one\" }}\n");
        files.insert("rules.toml".to_owned(), Content::Bytes(rule.into_bytes()));
        let _ = read(&files);
    }
}
