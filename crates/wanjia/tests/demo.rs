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
    for role in [
        "secretary",
        "clerk",
        "street",
        "streetclerk",
        "county",
        "observer",
        "auditor",
        "doctor",
        "health",
        "helper",
        "carer",
    ] {
        assert!(told.contains(&format!("  {role} ")), "{told}");
    }
    let code = wanjia(folder.path(), "account code --data d --username secretary").output().unwrap();
    assert_eq!(String::from_utf8(code.stdout).unwrap().trim().len(), 6);
    let patience = Instant::now() + Duration::from_secs(60);
    while accounted(folder.path(), &sweep) == before {
        assert!(Instant::now() < patience, "no phone knocked");
    }
}

#[test]
fn the_demonstration_has_programmes_in_force_and_a_story_of_their_cases() {
    let folder = tempfile::tempdir().unwrap();
    assert!(wanjia(folder.path(), "demo --data d --people 20000").status().unwrap().success());
    let key = store::directory::find_key(&folder.path().join("d"), None, None).unwrap();
    let mut reader = store::Reader::open(&folder.path().join("d"), Some(std::sync::Arc::new(key))).unwrap();
    let now = wanjia::cli::now();
    let today = domain::time::day_of(now);
    for programme in ["epidemic", "livelihood"] {
        assert!(reader.book().edition_on(programme, today).is_some(), "{programme}");
    }
    let district = reader.area("420102").unwrap();
    let due = |reader: &mut store::Reader, programme: &str, role: &str| {
        let role = store::cases::RoleIn { programme: programme.into(), role: role.into(), area: district };
        let tasks = reader.due_tasks(&[role], now, i64::MAX, 500).unwrap();
        tasks.into_iter().map(|task| (task.pathway, task.task, task.rank, task.due < now)).collect::<Vec<_>>()
    };
    let has = |found: &[(String, String, u32, bool)], pathway: &str, task: &str, rank: u32, late: bool| {
        assert!(found.contains(&(pathway.into(), task.into(), rank, late)), "{pathway} {task}: {found:?}");
    };
    let secretary = due(&mut reader, "epidemic", "community_secretary");
    has(&secretary, "fever", "leave:flagged", 1, true);
    has(&secretary, "contact", "leave:identified", 1, true);
    has(&secretary, "dependant", "leave:opened", 0, false);
    let doctor = due(&mut reader, "epidemic", "doctor");
    has(&doctor, "fever", "leave:flagged", 0, false);
    has(&doctor, "observe_home", "sign:release", 0, true);
    let worker = due(&mut reader, "epidemic", "grid_worker");
    has(&worker, "observe_home", "leave:observing", 0, false);
    let township = due(&mut reader, "livelihood", "township_officer");
    has(&township, "monitor", "sign:verify", 0, false);
    let role =
        store::cases::RoleIn { programme: "livelihood".into(), role: "village_cadre".into(), area: district };
    let tasks = reader.due_tasks(&[role], now, i64::MAX, 500).unwrap();
    let gourds = tasks.iter().find(|task| task.pathway == "produce").unwrap();
    assert!(gourds.holder.is_some(), "it was handed over");
    // Her desk: a map, slips, and what was said with them.
    let community = reader.book().maps.first().unwrap().area;
    assert_eq!(reader.slips(community).unwrap().len(), 4);
    let waiting = reader.said_waiting(community, 10).unwrap();
    assert_eq!(waiting.len(), 4, "two people, help and a correction");
}
