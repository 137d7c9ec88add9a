//! How long lists of tasks take, and a day's escalation: `due --cases 1000000 --tasks 10000000 DIR` in an empty directory.
//!
//! The cases are reported through the store, so their tasks are the store's own. What is told of them is written through it
//! too. Further open tasks, up to the number that is asked for, are copies of those rows under other cases: what is timed is
//! reading among so many. Beside it stands a bare yardstick of the same run: the index alone, one area, without a case.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use domain::area::Level;
use domain::case::{Source, Subject};
use domain::fact::{Body, FoundBy, Place};
use domain::id::Id;
use domain::time::{day_of, end_of};
use ledger::seal::TerritoryKey;
use programme::{Content, Files, archive};
use rusqlite::{Connection, params};
use store::cases::RoleIn;
use store::packs::Publication;
use store::{Reader, Store};

type Outcome<T> = Result<T, Box<dyn Error>>;

const OFFICE: Id = Id([9; 16]);
/// 2020-03-10 16:00 in China.
const NOW: i64 = 1_583_827_200_000;
const DAY: i64 = 86_400_000;
const COMMUNITIES: usize = 100;
const GRIDS: usize = 10;
const BATCH: usize = 4_000;
/// What is told at a time, as the server does it.
const TOLD: usize = 4_000;

fn pack() -> Outcome<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../programmes/epidemic");
    let mut files = Files::new();
    for folder in ["", "classes", "forms", "pathways"] {
        for entry in std::fs::read_dir(root.join(folder))? {
            let path = entry?.path();
            if path.is_file() {
                let inside = path.strip_prefix(&root)?.to_string_lossy().into_owned();
                files.insert(inside, Content::Bytes(std::fs::read(&path)?));
            }
        }
    }
    archive::encode(&files).ok_or_else(|| "the pack does not read".into())
}

fn id(number: usize) -> Id {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&(number as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes());
    bytes[8..].copy_from_slice(&(number as u64).to_be_bytes());
    Id(bytes)
}

fn community(number: usize) -> String {
    format!("420102{:06}", number + 1)
}

fn territory(root: &Path, cases: usize) -> Outcome<Store> {
    let mut store = Store::create(root, "bench", TerritoryKey::from_bytes([7; 32]), NOW - 40 * DAY)?;
    let pack = pack()?;
    store.write(NOW - 40 * DAY, |batch| {
        let area =
            |code: String, level, parent| Body::AreaRegistered { name: code.clone(), code, level, parent };
        batch.append(OFFICE, area("420102".into(), Level::County, None), None)?;
        for number in 0..COMMUNITIES {
            let code = community(number);
            batch.append(OFFICE, area(code.clone(), Level::Community, Some("420102".into())), None)?;
            for grid in 0..GRIDS {
                let below = area(format!("{code}{grid:03}"), Level::Grid, Some(code.clone()));
                batch.append(OFFICE, below, None)?;
            }
        }
        let publication = Publication {
            programme: "epidemic",
            version: "2020-03",
            from: day_of(NOW) - 60,
            sunset: day_of(NOW) + 200,
            pack: &pack,
        };
        batch.publish_programme(OFFICE, &publication)
    })?;
    for first in (0..cases).step_by(BATCH) {
        // Opened within the last thirty days, the newest last.
        let share = i64::try_from(first * 30_000 / cases.max(1))?;
        let at = NOW - 30 * DAY + share * (DAY / 1_000);
        store.write(at, |batch| {
            for number in first..cases.min(first + BATCH) {
                let grid = number % (COMMUNITIES * GRIDS);
                let dwelling = id(2 * number);
                let register = Body::DwellingRegistered {
                    dwelling,
                    area: format!("{}{:03}", community(grid / GRIDS), grid % GRIDS),
                    building: (number / 1_000).to_string(),
                    unit: String::new(),
                    room: number.to_string(),
                    place: Place::Home,
                    found_by: FoundBy::Roster,
                };
                batch.append(OFFICE, register, None)?;
                let report = Body::CaseReported {
                    case: id(2 * number + 1),
                    programme: "epidemic".into(),
                    version: "2020-03".into(),
                    pathway: "dependant".into(),
                    subject: Subject::Dwelling(dwelling),
                    dwelling,
                    source: Source::Department,
                    rule: None,
                    counted_from: None,
                };
                batch.append(OFFICE, report, None)?;
            }
            Ok(())
        })?;
    }
    Ok(store)
}

/// Tells everyone who has to be told by a moment. Returns how many that were.
fn escalate(store: &mut Store, root: &Path, now: i64) -> Outcome<usize> {
    let mut reader = Reader::open(root, None)?;
    let mut all = 0;
    loop {
        reader.refresh()?;
        let told = reader.to_tell(now, TOLD)?;
        if told.is_empty() {
            return Ok(all);
        }
        all += told.len();
        store.write(now, |batch| {
            for store::cases::ToTell { case, task, role, due } in told {
                batch.append(OFFICE, Body::CaseClimbed { case, task, role, due }, None)?;
            }
            Ok(())
        })?;
    }
}

fn copies(root: &Path, wanted: usize) -> Outcome<usize> {
    let connection = Connection::open(root.join("territory-bench.db"))?;
    let count = || connection.query_row("select count(*) from due where rank = 0", [], |row| row.get(0));
    let own: usize = count()?;
    let mut there = own;
    while there < wanted && own > 0 {
        connection.execute(
            "insert into due select randomblob(16), task, rank, programme, role, area, since, remind_at,
                due + abs(random() % 864000000), tell_at, 1
             from due where rank = 0 limit ?1",
            [wanted - there],
        )?;
        there = count()?;
    }
    connection.execute_batch(
        "insert or ignore into case_file select due.case_id, of.programme, of.version, of.pathway, of.subject_kind, of.subject,
            of.dwelling, of.opened_at, of.counted_from, due.area, of.state, of.since, of.turn, of.holder, of.offered, of.ended
         from due, (select * from case_file limit 1) as of;
         analyze; pragma wal_checkpoint(truncate);",
    )?;
    Ok(there)
}

fn told(name: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    println!("  {name}: median {:.2} ms, 99 in 100 under {:.2} ms", at(50), at(99));
}

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (cases, tasks, root) = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--cases", cases, "--tasks", tasks, root] => {
            (cases.parse::<usize>()?, tasks.parse::<usize>()?, Path::new(*root).to_owned())
        }
        _ => return Err("due --cases N --tasks N DIR".into()),
    };
    let began = Instant::now();
    let mut store = territory(&root, cases)?;
    println!("{cases} open cases reported through the store in {:.1} s", began.elapsed().as_secs_f64());
    let before = escalate(&mut store, &root, NOW - DAY)?;
    println!("{before} moments until the day before were told before");
    let began = Instant::now();
    let today = escalate(&mut store, &root, NOW)?;
    println!(
        "a day's escalation over {cases} open cases: {today} moments told in {:.2} s (bar: 10 s for 1,000,000)",
        began.elapsed().as_secs_f64()
    );
    let began = Instant::now();
    escalate(&mut store, &root, NOW)?;
    println!("  and looked for again, nothing new: {:.2} ms", began.elapsed().as_secs_f64() * 1e3);
    drop(store);
    let there = copies(&root, tasks)?;
    println!("{there} open tasks; what is due today, of those of one role, the first 200 (bar: 10 ms)");
    let reader = Reader::open(&root, None)?;
    for (who, code) in [
        ("a grid", format!("{}000", community(7))),
        ("a community", community(7)),
        ("the county", "420102".into()),
    ] {
        let area = reader.area(&code)?;
        let role = [RoleIn { programme: "epidemic".into(), role: "community_secretary".into(), area }];
        let mut times = Vec::new();
        for _ in 0..200 {
            let began = Instant::now();
            let found = reader.due_tasks(&role, NOW, end_of(day_of(NOW)), 200)?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            std::hint::black_box(found);
        }
        told(who, &mut times);
    }
    let connection = Connection::open(root.join("territory-bench.db"))?;
    let area = reader.area(&format!("{}000", community(7)))?;
    let mut read = connection.prepare(
        "select case_id from due where programme = 'epidemic' and role = 'community_secretary' and area = ?1 and due <= ?2
         order by due limit 200",
    )?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let began = Instant::now();
        let rows = read.query_map(params![area, end_of(day_of(NOW))], |row| row.get::<_, [u8; 16]>(0))?;
        std::hint::black_box(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    told("bare, the index of one grid", &mut times);
    Ok(())
}
