//! The yardstick that `make bench` measures the product against: a bare writer of the same rows and counters into the
//! same engine, with the same durability, and nothing else. No admission, no chain, no tree, no door, no network.
//!
//! `yardstick DIR [rows] [batch]` writes `rows` visits in transactions of `batch` and prints one line of JSON.

use std::path::Path;
use std::time::Instant;

use domain::fact::{Body, Fact, Light, Outcome};
use domain::id::Id;
use ledger::envelope::Envelope;
use rusqlite::{Connection, params};
use store::schema;

const SERIES: u64 = 500;
/// Community, street, county and city: what one visit counts towards.
const LEVELS: u64 = 4;
const NOW: i64 = 1_582_000_000_000;

fn visit(number: u64) -> Vec<u8> {
    let mut door = [0; 16];
    door[..8].copy_from_slice(&number.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes());
    let series = Id([u8::try_from(number % 251).unwrap_or(0); 16]);
    let body = Body::Visited {
        sweep: Id([77; 16]),
        dwelling: Id(door),
        outcome: Outcome::Met,
        light: Light::On,
        evidence: 1,
        recheck_on: None,
        occupants: Some(number % 6),
    };
    Envelope {
        series: series.0,
        sequence: number / SERIES,
        previous: [u8::try_from(number % 253).unwrap_or(0); 32],
        payload: Fact { at: NOW, actor: series, body }.encode(),
        sealed: None,
    }
    .encode()
}

fn open(folder: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(folder.join("yardstick.db"))?;
    connection.pragma_update(None, "page_size", 4096)?;
    connection.query_row("pragma journal_mode = wal", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "full")?;
    for migration in schema::TERRITORY {
        connection.execute_batch(migration)?;
    }
    connection.execute_batch(schema::VIEWS)?;
    Ok(connection)
}

fn write(connection: &Connection, facts: &[Vec<u8>], first: u64) -> rusqlite::Result<()> {
    connection.execute_batch("begin immediate")?;
    let mut fact = connection.prepare_cached(
        "insert into facts (position, series, sequence, received_at, verdict, fact) values (?1, ?2, ?3, ?4, 0, ?5)",
    )?;
    let mut counter = connection.prepare_cached(
        "insert into tally (sweep, area, accounted, persons_reached, lit_unlisted, listed_dark)
         values (0, ?1, 1, 0, 0, 0)
         on conflict do update set accounted = accounted + excluded.accounted,
             persons_reached = persons_reached + excluded.persons_reached,
             lit_unlisted = lit_unlisted + excluded.lit_unlisted,
             listed_dark = listed_dark + excluded.listed_dark",
    )?;
    for (position, bytes) in (first..).zip(facts) {
        let series = position % SERIES;
        fact.execute(params![position, series + 1, position / SERIES, NOW, bytes])?;
        for level in 0..LEVELS {
            // Each level up has a tenth of the areas below it.
            counter.execute([level * 10_000 + series * 14 / 10u64.pow(u32::try_from(level).unwrap_or(0))])?;
        }
    }
    connection.execute_batch("commit")
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("usage: yardstick DIR [rows] [batch]")?;
    let rows: u64 = arguments.next().map_or(Ok(200_000), |text| text.parse())?;
    let batch: usize = arguments.next().map_or(Ok(100), |text| text.parse())?;
    let facts: Vec<Vec<u8>> = (0..rows).map(visit).collect();
    let bytes: usize = facts.iter().map(Vec::len).sum();
    let connection = open(Path::new(&folder))?;
    let started = Instant::now();
    let mut first = 0;
    for chunk in facts.chunks(batch.max(1)) {
        write(&connection, chunk, first)?;
        first += chunk.len() as u64;
    }
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{{\"rows\":{rows},\"batch\":{batch},\"bytes_per_row\":{:.1},\"seconds\":{seconds:.3},\"rows_per_second\":{:.0}}}",
        bytes as f64 / rows.max(1) as f64,
        rows as f64 / seconds
    );
    Ok(())
}
