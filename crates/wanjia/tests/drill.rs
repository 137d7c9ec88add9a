//! The rehearsal of a sweep and the crash drill, against the real program over real HTTP.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails the test")]

use std::process::Command;

/// Runs a drill and gives its report; a drill that does not agree with its recount fails here with what it said.
fn drill(arguments: &[&str]) -> serde_json::Value {
    let output = Command::new(env!("CARGO_BIN_EXE_wanjia"))
        .arg("drill")
        .arg("--json")
        .args(arguments)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn number(report: &serde_json::Value, path: &str) -> u64 {
    report
        .pointer(path)
        .and_then(serde_json::Value::as_u64)
        .unwrap_or_else(|| panic!("no {path} in {report}"))
}

#[test]
fn seventy_two_hours_of_twenty_thousand_people_agree_with_the_recount() {
    let report = drill(&["--people", "20000", "--communities", "8", "--phones", "24", "--hours", "72"]);
    assert!(number(&report, "/people") > 18_000);
    assert_eq!(number(&report, "/compared/dwellings"), number(&report, "/whole/dwellings"));
    // The drill must really have had all of what it is there for.
    for happened in [
        "/tally/sent_twice",
        "/tally/gaps",
        "/tally/cut",
        "/tally/duplicates",
        "/tally/quarantined",
        "/signed",
        "/released",
        "/registered",
        "/erased",
        "/revoked",
        "/restarts",
        "/proofs",
        "/whole/residual",
        "/whole/lit_unlisted",
        "/whole/listed_dark",
        "/compared/http_rows",
    ] {
        assert!(number(&report, happened) > 0, "{happened}: {report}");
    }
}

#[test]
fn two_hundred_kills_lose_nothing_acknowledged_and_double_nothing() {
    let size = ["--people", "2000", "--communities", "3", "--phones", "12", "--hours", "72"];
    let report = drill(&[size.as_slice(), ["--kills", "200"].as_slice()].concat());
    let kills: u64 = ["importing", "erasing", "opening", "pushing"]
        .iter()
        .map(|when| number(&report, &format!("/kills/{when}")))
        .sum();
    assert!(kills >= 200, "{report}");
    for when in ["importing", "erasing", "opening", "pushing"] {
        assert!(number(&report, &format!("/kills/{when}")) > 0, "{when}: {report}");
    }
}
