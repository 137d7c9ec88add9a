//! What a territory of any size costs: `cargo run --release -p store --example scale -- DIR PEOPLE [COMMUNITIES]`.
//!
//! Makes a territory in DIR if there is none, of synthetic people in households of two or three, one sweep open and every
//! tenth door visited; then prints processor seconds for a person listed, a fact verified and a fact rebuilt, the time
//! to open and to read, and bytes a person by table.
#![expect(clippy::print_stdout, reason = "an example tells its figures")]

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use domain::area::Level;
use domain::fact::{Body, FoundBy, Light, Outcome, Place};
use domain::id::Id;
use domain::identity::Identity;
use ledger::seal::TerritoryKey;
use rusqlite::Connection;
use store::{Reader, Sealed, Store, rebuild, verify};

const NOW: i64 = 1_582_000_000_000;
const ACTOR: Id = Id([9; 16]);
const SWEEP: Id = Id([77; 16]);

fn key() -> TerritoryKey {
    TerritoryKey::from_bytes([7; 32])
}

/// Processor seconds of this process, all threads, and the peak of its memory in megabytes.
fn used() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let peak = peak.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    ((ticks(11) + ticks(12)) / 100.0, peak / 1024)
}

fn timed<T>(what: &str, units: u64, work: impl FnOnce() -> T) -> T {
    let (before, _) = used();
    let started = Instant::now();
    let value = work();
    let (after, peak) = used();
    let (wall, cpu) = (started.elapsed().as_secs_f64(), after - before);
    println!(
        "{what:<28} {units:>10}  {wall:>8.2} s  {cpu:>8.2} cpu s  {:>9.0}/s  {:>9.0}/cpu s  peak {peak} MB",
        units as f64 / wall,
        units as f64 / cpu.max(0.01)
    );
    value
}

fn code(community: u64) -> String {
    format!("4201{community:08}")
}

fn make(root: &Path, people: u64, communities: u64) -> Result<(), Box<dyn Error>> {
    let mut store = Store::create(root, "scale", key(), NOW)?;
    store.write(NOW, |batch| {
        let city = Body::AreaRegistered {
            code: "4201".into(),
            name: "city".into(),
            level: Level::City,
            parent: None,
        };
        batch.append(ACTOR, city, None)?;
        for community in 0..communities {
            let area = Body::AreaRegistered {
                code: code(community),
                name: format!("community {community}"),
                level: Level::Community,
                parent: Some("4201".into()),
            };
            batch.append(ACTOR, area, None)?;
        }
        let open = Body::SweepOpened {
            sweep: SWEEP,
            area: "4201".into(),
            programme: "epidemic".into(),
            deadline: NOW,
        };
        batch.append(ACTOR, open, None)
    })?;
    let mut doors = Vec::new();
    let households = people * 10 / 25;
    timed("people listed", people, || {
        store.write(NOW, |batch| {
            batch.bulk()?;
            let roster = batch.new_id()?;
            let imported = Body::RosterImported { roster, source: "scale".into(), digest: [0; 32], bytes: 0 };
            batch.append(ACTOR, imported, None)?;
            let mut number = 0;
            for household in 0..households {
                let dwelling = batch.new_id()?;
                let community = household * communities / households;
                let within = household - community * households / communities;
                let door = Body::DwellingRegistered {
                    dwelling,
                    area: code(community),
                    building: format!("{}栋", within / 60 + 1),
                    unit: format!("{}单元", within / 20 % 3 + 1),
                    room: format!("{}0{}", within / 4 % 5 + 1, within % 4 + 1),
                    place: Place::Home,
                    found_by: FoundBy::Roster,
                };
                batch.append(ACTOR, door, None)?;
                if household % 10 == 0 {
                    doors.push(dwelling);
                }
                for member in 0..2 + household % 2 {
                    let person = batch.new_id()?;
                    let who = Identity {
                        name: "王东军".into(),
                        sex: "男".into(),
                        birth_date: "1970-01-01".into(),
                        id_number: format!("{:018}", 420_102_000_000_000_000 + number),
                        phone: if member == 2 {
                            String::new()
                        } else {
                            format!("{:011}", 10_000_000_000 + number)
                        },
                        relation: "户主".into(),
                        note: String::new(),
                    };
                    let plain = who.encode();
                    let sealed = Sealed { owner: person, plaintext: &plain, fresh: true };
                    let listed = Body::PersonListed { person, dwelling, roster, row: number };
                    batch.append(ACTOR, listed, Some(sealed))?;
                    batch.put_tags(person, &who)?;
                    number += 1;
                }
            }
            Ok(())
        })
    })?;
    timed("visits, 50 to a commit", doors.len() as u64, || {
        for some in doors.chunks(50) {
            store.write(NOW, |batch| {
                for dwelling in some {
                    let visit = Body::Visited {
                        sweep: SWEEP,
                        dwelling: *dwelling,
                        outcome: Outcome::Met,
                        light: Light::On,
                        evidence: 0,
                        recheck_on: None,
                        occupants: None,
                    };
                    batch.append(ACTOR, visit, None)?;
                }
                Ok(())
            })?;
        }
        Ok::<_, store::StoreError>(())
    })?;
    Ok(())
}

fn tables(root: &Path, people: u64) -> Result<(), Box<dyn Error>> {
    let mut total = 0;
    for entry in std::fs::read_dir(root)? {
        let path = entry?.path();
        total += path.metadata()?.len();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        println!("{name:<24} {:>8.1} MB", path.metadata()?.len() as f64 / 1e6);
        if !name.ends_with(".db") {
            continue;
        }
        let connection = Connection::open(&path)?;
        let mut read = connection
            .prepare("select name, sum(pgsize), sum(unused) from dbstat group by name order by 2 desc")?;
        let rows = read.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))
        })?;
        for row in rows {
            let (table, bytes, unused) = row?;
            if bytes > 65_536 {
                println!(
                    "  {table:<28} {:>8.1} MB {:>7.1} bytes a person, {:.0} % unused",
                    bytes as f64 / 1e6,
                    bytes as f64 / people as f64,
                    100.0 * unused as f64 / bytes as f64
                );
            }
        }
    }
    println!("all files {:.2} GB, {:.0} bytes a person", total as f64 / 1e9, total as f64 / people as f64);
    Ok(())
}

/// The 50th and 99th of a hundred readings each, in milliseconds.
fn spread(
    what: &str,
    mut read: impl FnMut(u64) -> Result<(), store::StoreError>,
) -> Result<(), Box<dyn Error>> {
    let mut taken = Vec::new();
    for number in 0..300 {
        let started = Instant::now();
        read(number * 7919)?;
        taken.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    taken.sort_by(f64::total_cmp);
    println!("{what:<28} p50 {:.3} ms  p99 {:.3} ms", taken[150], taken[296]);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let root = arguments.next().ok_or("which directory?")?;
    let root = Path::new(&root);
    let people: u64 = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let communities: u64 = arguments.next().map_or(Ok((people / 1400).max(1)), |text| text.parse())?;
    if !root.exists() {
        make(root, people, communities)?;
    }
    let store = timed("open for writing", 1, || Store::open(root, key()))?;
    let facts = store.size();
    drop(store);
    tables(root, people)?;
    let mut reader = timed("open for reading", 1, || Reader::open(root, None))?;
    let areas = u64::try_from(reader.book().areas.len())?;
    let area = |number: u64| u32::try_from(number % areas).unwrap_or(0);
    spread("coverage of an area", |number| reader.coverage(0, area(number)).map(|_| ()))?;
    spread("a community's residual", |number| reader.residual(0, area(number).max(1)).map(|_| ()))?;
    spread("a building's matrix", |number| reader.building(0, area(number).max(1), "3").map(|_| ()))?;
    spread("what changed, nothing did", |number| {
        reader.changed_doors(area(number).max(1), facts, None, 200).map(|_| ())
    })?;
    drop(reader);
    timed("verify", facts, || verify::verify(root, None, false, &mut |_| {}))
        .map_err(|finding| finding.en)?;
    let (_, difference) = timed("rebuild and compare", facts, || rebuild::check(root, &mut |_| {}))?;
    assert_eq!(difference, None);
    timed("rebuild", facts, || rebuild::rebuild(root, &mut |_| {}))?;
    Ok(())
}
