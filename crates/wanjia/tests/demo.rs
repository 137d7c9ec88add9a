//! The running territory that `make run` opens: it can be signed in to, and its phones knock.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn wanjia(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wanjia"));
    command.current_dir(folder).args(line.split_whitespace()).env_remove("WANJIA_KEY");
    command
}

fn accounted(folder: &Path, sweep: &str) -> i64 {
    let line = format!("coverage --data d --sweep {sweep} --json");
    let output = wanjia(folder, &line).output().unwrap();
    let numbers: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    numbers["accounted"].as_i64().unwrap()
}

#[test]
fn the_demonstration_opens_with_accounts_and_its_phones_knock() {
    let folder = tempfile::tempdir().unwrap();
    let made = wanjia(folder.path(), "demo --data d --people 1500").output().unwrap();
    let made = String::from_utf8(made.stdout).unwrap();
    let sweep = made.lines().find_map(|line| line.strip_prefix("sweep ")).unwrap().to_owned();
    let before = accounted(folder.path(), &sweep);
    let mut command = wanjia(folder.path(), "demo --data d --serve --listen 127.0.0.1:0");
    let mut running = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut told = String::new();
    for line in BufReader::new(running.0.stdout.take().unwrap()).lines() {
        told.push_str(&line.unwrap());
        told.push('\n');
        if told.contains("phones are at work") {
            break;
        }
    }
    for role in ["secretary", "clerk", "street", "streetclerk", "county", "observer", "auditor"] {
        assert!(told.contains(&format!("  {role} ")), "{told}");
    }
    let code = wanjia(folder.path(), "account code --data d --username secretary").output().unwrap();
    assert_eq!(String::from_utf8(code.stdout).unwrap().trim().len(), 6);
    let patience = Instant::now() + Duration::from_secs(60);
    while accounted(folder.path(), &sweep) == before {
        assert!(Instant::now() < patience, "no phone knocked");
    }
}
