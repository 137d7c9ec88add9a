//! Replays what fuzzing found, and tries texts of its own.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use proptest::prelude::*;

#[path = "../fuzz/checks.rs"]
mod checks;

fn replay(folder: &str, check: fn(&[u8])) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(folder);
    let mut count = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let outcome = std::panic::catch_unwind(|| check(&bytes));
        assert!(outcome.is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn fields_found_by_fuzzing() {
    replay("fields", checks::fields);
}

#[test]
fn rows_found_by_fuzzing() {
    replay("rows", checks::rows);
}

/// Text made of the pieces that the parsers look for.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,9}",
        "[ -~]",
        "\\PC",
        prop::sample::select(vec![
            "王", "欧阳", "小", "某某", "阿姨", "先生", "栋", "单元", "室", "十", "第", "年", "月", "日",
            "〇", "x", "×", "*", "-", "/", "，", "\u{3000}", "２", "\u{feff}", "86", "(", "·", "\n",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_taken_by_every_parser(text in pieces(), bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        checks::fields(text.as_bytes());
        checks::fields(&bytes);
    }

    #[test]
    fn any_two_rows_can_be_linked(text in prop::collection::vec(pieces(), 0..34)) {
        checks::rows(text.join("\n").as_bytes());
    }
}
