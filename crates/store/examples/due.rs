//! How long lists of tasks take, and a day's escalation: `due --cases 1000000 --tasks 10000000 DIR` in an empty directory.
//!
//! The cases are reported through the store, so their tasks are the store's own, and what is told of them is written through it
//! too; what climbed before the last day is only marked as told. Further open tasks, up to the number that is asked for, are
//! rows laid beside those under other cases: what is timed is reading among so many. Beside it stands a bare yardstick of the
//! same run: the lines of one grid alone, without a case.

use std::collections::HashMap;
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

/// The code of the area that a round reads.
type CodeOf = fn(usize) -> String;

type Outcome<T> = Result<T, Box<dyn Error>>;

const OFFICE: Id = Id([9; 16]);
/// 2020-03-10 16:00 in China.
const NOW: i64 = 1_583_827_200_000;
const DAY: i64 = 86_400_000;
/// Ten in a community, of which there are ten in each of ten streets.
const GRIDS: usize = 1_000;
const BATCH: usize = 4_000;
/// What is told at a time, as the server does it.
const TOLD: usize = 4_000;
/// How often each list is read.
const ROUNDS: usize = 200;

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

/// Numbers that look like chance and are the same in every run (SplitMix64).
fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// As a phone makes it at that moment.
fn id(at: i64, number: usize) -> Id {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&mixed(number as u64).to_be_bytes());
    Id::from_time(at, random)
}

fn street(number: usize) -> String {
    format!("420102{:03}", number + 1)
}

fn community(number: usize) -> String {
    format!("{}{:03}", street(number / 10), number % 10 + 1)
}

fn grid(number: usize) -> String {
    format!("{}{:03}", community(number / 10), number % 10 + 1)
}

fn territory(root: &Path, cases: usize) -> Outcome<Store> {
    let mut store = Store::create(root, "bench", TerritoryKey::from_bytes([7; 32]), NOW - 40 * DAY)?;
    let pack = pack()?;
    store.write(NOW - 40 * DAY, |batch| {
        let area =
            |code: String, level, parent| Body::AreaRegistered { name: code.clone(), code, level, parent };
        batch.append(OFFICE, area("420102".into(), Level::County, None), None)?;
        for number in 0..GRIDS / 100 {
            batch.append(OFFICE, area(street(number), Level::Township, Some("420102".into())), None)?;
        }
        for number in 0..GRIDS / 10 {
            let above = Some(street(number / 10));
            batch.append(OFFICE, area(community(number), Level::Community, above), None)?;
        }
        for number in 0..GRIDS {
            batch.append(OFFICE, area(grid(number), Level::Grid, Some(community(number / 10))), None)?;
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
                let dwelling = id(at, 2 * number);
                let register = Body::DwellingRegistered {
                    dwelling,
                    area: grid(number % GRIDS),
                    building: (number / 1_000).to_string(),
                    unit: String::new(),
                    room: number.to_string(),
                    place: Place::Home,
                    found_by: FoundBy::Roster,
                };
                batch.append(OFFICE, register, None)?;
                let report = Body::CaseReported {
                    case: id(at, 2 * number + 1),
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

/// What was there to tell before a moment was told.
fn told_before(root: &Path, moment: i64) -> Outcome<usize> {
    let connection = Connection::open(root.join("territory-bench.db"))?;
    Ok(connection.execute("update due set told = 1 where told = 0 and tell_at <= ?1", [moment])?)
}

/// An open task: of a case that was reported, or one that is laid beside it.
struct Open {
    case: [u8; 16],
    area: u32,
    due: i64,
    of: [u8; 16],
}

/// Lays further open tasks beside those of the store, as many as are wanted: each at the door of one of them, due within ten
/// days from it, and in the lists of its owner at every level. Rows are laid in the order of their keys.
fn lay(root: &Path, wanted: usize) -> Outcome<usize> {
    let mut connection = Connection::open(root.join("territory-bench.db"))?;
    // Nothing that is timed looks at these, and they would be laid at random.
    connection.execute_batch(
        "pragma journal_mode = delete; pragma journal_mode = off; pragma synchronous = off; pragma cache_size = -400000;
         drop index case_of_subject; drop index case_at_dwelling; drop index case_open_in;",
    )?;
    let transaction = connection.transaction()?;
    let own: Vec<Open> = {
        let mut read =
            transaction.prepare("select case_id, area, due from due where rank = 0 order by case_id")?;
        let rows = read.query_map([], |row| {
            let case = row.get(0)?;
            Ok(Open { case, area: row.get(1)?, due: row.get(2)?, of: case })
        })?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    let above: HashMap<u32, Option<u32>> = {
        let mut read = transaction.prepare("select number, parent from area")?;
        read.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?
    };
    let mut tasks = Vec::with_capacity(wanted);
    for number in own.len()..wanted {
        let Open { case, area, due, .. } = own[number % own.len()];
        let mut beside = case;
        // Of the same millisecond, and none of the store's own.
        beside[6] = 0x80;
        beside[7] = u8::try_from(number / own.len())?;
        let due = due + i64::try_from(mixed(number as u64) % 864_000_000)?;
        tasks.push(Open { case: beside, area, due, of: case });
    }
    tasks.sort_unstable_by_key(|task| task.case);
    {
        let mut due = transaction.prepare(
            "insert into due select ?1, task, rank, programme, role, area, since, remind_at, ?2, ?2, 1
             from due where case_id = ?3 and rank = 0",
        )?;
        // Whatever columns it has: all that a copy does not share is its id.
        let columns: Vec<String> = transaction
            .prepare("select name from pragma_table_info('case_file') where name != 'id'")?
            .query_map([], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let columns = columns.join(", ");
        let mut file = transaction.prepare(&format!(
            "insert into case_file (id, {columns}) select ?1, {columns} from case_file where id = ?2"
        ))?;
        for task in &tasks {
            due.execute(params![task.case, task.due, task.of])?;
            file.execute(params![task.case, task.of])?;
        }
        let mut list = transaction.prepare(
            "insert into due_list values ('epidemic', 'community_secretary', ?1, ?2, 0, '', ?3, ?4, 'leave:opened')",
        )?;
        let mut below = false;
        while !tasks.is_empty() {
            tasks.sort_unstable_by_key(|task| (task.area, task.due, task.case));
            for task in &tasks {
                list.execute(params![task.area, below, task.due, task.case])?;
            }
            below = true;
            tasks.retain_mut(|task| match above.get(&task.area).copied().flatten() {
                Some(area) => {
                    task.area = area;
                    true
                }
                None => false,
            });
        }
    }
    transaction.commit()?;
    let there = connection.query_row("select count(*) from due where rank = 0", [], |row| row.get(0))?;
    connection.execute_batch("pragma journal_mode = wal;")?;
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
    let store = territory(&root, cases)?;
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{cases} open cases reported through the store in {seconds:.1} s, {:.0} us each",
        seconds * 1e6 / cases as f64
    );
    drop(store);
    let before = told_before(&root, NOW - DAY)?;
    println!("{before} moments until the day before count as told");
    let mut store = Store::open(&root, TerritoryKey::from_bytes([7; 32]))?;
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
    let began = Instant::now();
    let there = lay(&root, tasks)?;
    println!("{there} open tasks, laid in {:.1} s", began.elapsed().as_secs_f64());
    println!(
        "what is due today, the first 200 (bar: 10 ms), read once from each of up to 200 lists in turn:"
    );
    let reader = Reader::open(&root, None)?;
    let until = end_of(day_of(NOW));
    let lists: [(&str, &str, CodeOf); 5] = [
        ("a grid", "community_secretary", |round| grid(round * 37 % GRIDS)),
        ("a community", "community_secretary", |round| community(round * 7 % (GRIDS / 10))),
        ("a street", "community_secretary", |round| street(round * 3 % (GRIDS / 100))),
        ("the county", "community_secretary", |_| "420102".into()),
        ("the county, what climbed to it", "health_department", |_| "420102".into()),
    ];
    for (who, role, code) in &lists {
        let mut times = Vec::new();
        let mut rows = 0;
        for round in 0..ROUNDS {
            let area = reader.area(&code(round))?;
            let role = [RoleIn { programme: "epidemic".into(), role: (*role).into(), area }];
            let began = Instant::now();
            let found = reader.due_or_unheld_tasks(&role, (NOW, until), None, 200)?.0;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            rows += found.len();
        }
        told(who, &mut times);
        if rows < ROUNDS * 200.min(there / GRIDS) {
            return Err(format!("{who}: only {rows} rows in {ROUNDS} pages").into());
        }
    }
    let connection = Connection::open(root.join("territory-bench.db"))?;
    let mut read = connection.prepare(
        "select case_id from due_list where programme = 'epidemic' and role = 'community_secretary' and area = ?1
            and below = 0 and rank = 0 and owner = '' and at <= ?2 order by at limit 200",
    )?;
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let area = reader.area(&grid(round * 37 % GRIDS))?;
        let began = Instant::now();
        let rows = read.query_map(params![area, until], |row| row.get::<_, [u8; 16]>(0))?;
        std::hint::black_box(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    told("bare, the lines of one grid without their cases", &mut times);
    Ok(())
}
