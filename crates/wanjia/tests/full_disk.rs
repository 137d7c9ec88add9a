//! A disk on which no file may grow beyond a limit, for many limits: whichever write fails, in whichever of the three
//! files, the import is refused as a whole, says so, and can be done again.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const AREAS: &str =
    "code,name,level,parent_code\n420102,江岸区,county,\n420102001001,桃源社区,community,420102\n";

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Runs a command whose files may not be longer than `limit` blocks of 512 bytes.
fn limited(folder: &Path, limit: u32, line: &str) -> Output {
    Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f \"$0\"; exec \"$@\"", &limit.to_string()])
        .arg(env!("CARGO_BIN_EXE_wanjia"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_remove("WANJIA_KEY")
        .output()
        .unwrap()
}

fn run(folder: &Path, code: i32, line: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_wanjia"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env_remove("WANJIA_KEY")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(code), "{line}\n{}", told(&output));
    told(&output)
}

#[test]
fn an_import_onto_a_full_disk_is_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::write(folder.join("areas.csv"), AREAS).unwrap();
    let mut roster = String::from("area_code,building,unit,room,name,phone\n");
    for number in 0..600 {
        writeln!(
            roster,
            "420102001001,{},1,{},王{number},{}",
            number / 100 + 1,
            number + 101,
            10_000_000_000u64 + number
        )
        .unwrap();
    }
    fs::write(folder.join("roster.csv"), roster).unwrap();
    run(folder, 0, "init --data d");
    run(folder, 0, "import areas --data d areas.csv");
    let before = run(folder, 0, "checkpoint --data d");
    let (mut refused, mut done) = (0, false);
    let mut limit = 48;
    while !done {
        let output = limited(folder, limit, "import roster --data d roster.csv");
        done = output.status.code() == Some(0);
        if !done {
            refused += 1;
            let told = told(&output);
            assert_eq!(output.status.code(), Some(2), "limit {limit}: {told}");
            assert!(told.contains("disk is full") && told.contains("磁盘已满"), "limit {limit}: {told}");
            assert_eq!(run(folder, 0, "checkpoint --data d"), before, "limit {limit}");
        }
        // Opening for writing clears away what was left, and says that all is well.
        run(folder, 0, "import areas --data d areas.csv");
        run(folder, 0, "verify --data d");
        limit += limit / 4;
    }
    assert!(refused > 10, "{refused} limits were too low");
    let again = run(folder, 0, "import roster --data d roster.csv");
    assert!(again.contains("added 0 changed 0 left 600 refused 0"), "{again}");
}
