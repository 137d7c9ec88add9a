//! The views made again from the facts: into a file of their own, to replace the present ones or to be compared with
//! them row by row.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender};

use domain::apply::{self, Origin};
use domain::fact::Fact;
use domain::id::Id;
use ledger::envelope::EnvelopeRef;
use rusqlite::{Connection, OpenFlags, params};

use crate::directory::{self, Directory};
use crate::error::{Result, StoreError};
use crate::schema::{self, VIEW_TABLES};
use crate::views::Views;

const CHUNK: u64 = 4096;

/// A view that is not what the facts add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    /// The first row that differs, counted from 1 in key order.
    pub row: u64,
    pub stored: String,
    pub rebuilt: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "view {}: row {} is {}, but the facts add up to {}",
            self.table, self.row, self.stored, self.rebuilt
        )
    }
}

fn scratch(directory: &Directory) -> PathBuf {
    directory.root.join(format!("rebuild-{}.db", std::process::id()))
}

fn remove(path: &Path) -> Result<()> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match fs::remove_file(&name) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Io { path: name.into(), source });
            }
            _ => {}
        }
    }
    Ok(())
}

/// A fact as it stands in the ledger, read and not yet applied.
struct Stored {
    origin: Origin,
    verdict: u64,
    /// None for a fact in quarantine, which may not read.
    fact: Option<Fact>,
}

/// Reads the ledger in chunks, for the other side of the channel to apply; gives the connection back.
fn read_facts(ledger: Connection, to: &SyncSender<Result<Vec<Stored>>>) -> Connection {
    let mut next = 0;
    loop {
        let chunk = read_chunk(&ledger, next);
        let last = chunk.as_ref().ok().and_then(|chunk| chunk.last()).map(|stored| stored.origin.position);
        if to.send(chunk).is_err() {
            break;
        }
        match last {
            Some(last) => next = last + 1,
            None => break,
        }
    }
    ledger
}

fn read_chunk(ledger: &Connection, from: u64) -> Result<Vec<Stored>> {
    let mut read = ledger.prepare_cached(
        "select position, sequence, received_at, verdict, fact from facts
         where position >= ?1 order by position limit ?2",
    )?;
    let mut rows = read.query(params![from, CHUNK])?;
    let mut chunk = Vec::with_capacity(usize::try_from(CHUNK).unwrap_or(0));
    while let Some(row) = rows.next()? {
        let position: u64 = row.get(0)?;
        let bytes = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
        let verdict: u64 = row.get(3)?;
        let damaged = |why: String| StoreError::Damaged(format!("position {position}: {why}"));
        let envelope = EnvelopeRef::decode(bytes).map_err(|error| damaged(error.to_string()))?;
        let fact = match verdict {
            0 => Some(Fact::decode(envelope.payload).map_err(|error| damaged(error.to_string()))?),
            _ => None,
        };
        let origin = Origin {
            position,
            counts_from: position,
            series: Id(envelope.series),
            sequence: row.get(1)?,
            received_at: row.get(2)?,
            sealed: envelope.sealed.is_some(),
        };
        chunk.push(Stored { origin, verdict, fact });
    }
    Ok(chunk)
}

/// Indexes that no rule needs while facts add up: made at the end, in order.
const LATE_INDEXES: [&str; 1] = ["person_of_dwelling"];

/// Applies every fact of the ledger to empty views in `path`: one thread reads, one applies. Returns how many facts
/// there were, and the ledger's connection.
fn build(
    directory: &Directory,
    ledger: Connection,
    path: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(u64, Connection)> {
    remove(path)?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI,
    )?;
    connection.pragma_update(None, "journal_mode", "off")?;
    connection.pragma_update(None, "synchronous", "off")?;
    connection.pragma_update(None, "cache_size", -256 * 1024)?;
    connection.execute_batch(schema::VIEWS)?;
    let mut late = Vec::new();
    for index in LATE_INDEXES {
        let sql = "select sql from sqlite_schema where type = 'index' and name = ?1";
        late.push(connection.query_row(sql, [index], |row| row.get::<_, String>(0))?);
        connection.execute_batch(&format!("drop index {index}"))?;
    }
    // Released facts are read back from the ledger by the same statement as in a live territory.
    connection.execute("attach database ?1 as ledger", [directory.territory().to_string_lossy()])?;
    connection.execute_batch("begin")?;
    let mut views = Views::open(connection)?;
    let (send, receive) = std::sync::mpsc::sync_channel(4);
    let (applied, ledger) = std::thread::scope(|scope| {
        let reader = scope.spawn(move || read_facts(ledger, &send));
        let applied = apply_all(&mut views, receive, progress);
        (applied, reader.join())
    });
    let facts = applied?;
    let ledger = ledger.map_err(|_| StoreError::Damaged("the reading of the facts broke off".into()))?;
    for sql in late {
        views.connection().execute_batch(&sql)?;
    }
    views.connection().execute_batch("commit")?;
    Ok((facts, ledger))
}

fn apply_all(
    views: &mut Views,
    chunks: Receiver<Result<Vec<Stored>>>,
    progress: &mut dyn FnMut(u64),
) -> Result<u64> {
    let mut next = 0;
    for chunk in chunks {
        for Stored { origin, verdict, fact } in chunk? {
            next = origin.position + 1;
            match fact {
                Some(fact) => {
                    views.arrived(origin.received_at);
                    apply::apply(views, origin, &fact)?;
                }
                None => views.put_quarantined(origin.series, origin.sequence, origin.position, verdict)?,
            }
        }
        views.flush()?;
        progress(next);
    }
    Ok(next)
}

/// Rebuilds the views into a scratch file and compares them with the stored ones, row by row, column by column.
///
/// # Errors
/// Those of the storage, and [`StoreError::Damaged`] if a fact does not read.
pub fn check(root: &Path, progress: &mut dyn FnMut(u64)) -> Result<(u64, Option<Difference>)> {
    let directory = Directory::find(root)?;
    let path = scratch(&directory);
    // Facts and views of one moment, whatever is written meanwhile.
    let stored = crate::verify::held(&directory.territory(), schema::TERRITORY)?;
    let outcome = build(&directory, stored, &path, progress).and_then(|(facts, stored)| {
        let rebuilt = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        for (table, order) in VIEW_TABLES {
            if let Some(difference) = compare(&stored, &rebuilt, table, order)? {
                return Ok((facts, Some(difference)));
            }
        }
        Ok((facts, None))
    });
    remove(&path)?;
    outcome
}

fn compare(
    stored: &Connection,
    rebuilt: &Connection,
    table: &'static str,
    order: &str,
) -> Result<Option<Difference>> {
    let sql = format!("select * from {table} order by {order}");
    let mut left = stored.prepare(&sql)?;
    let mut right = rebuilt.prepare(&sql)?;
    let columns = left.column_count();
    let mut left = left.query([])?;
    let mut right = right.query([])?;
    for row in 1.. {
        let (a, b) = (left.next()?, right.next()?);
        let same = match (a, b) {
            (None, None) => return Ok(None),
            (Some(a), Some(b)) => {
                let mut same = true;
                for column in 0..columns {
                    same &= a.get_ref(column)? == b.get_ref(column)?;
                }
                same
            }
            _ => false,
        };
        if !same {
            return Ok(Some(Difference { table, row, stored: show(a, columns), rebuilt: show(b, columns) }));
        }
    }
    Ok(None)
}

fn show(row: Option<&rusqlite::Row<'_>>, columns: usize) -> String {
    use rusqlite::types::ValueRef;
    let Some(row) = row else { return "missing".into() };
    let cells: Vec<String> = (0..columns)
        .map(|column| match row.get_ref(column) {
            Ok(ValueRef::Null) => "-".into(),
            Ok(ValueRef::Integer(value)) => value.to_string(),
            Ok(ValueRef::Real(value)) => value.to_string(),
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            Ok(ValueRef::Blob(bytes)) => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            Err(_) => "?".into(),
        })
        .collect();
    format!("({})", cells.join(", "))
}

/// Rebuilds the views and puts them in the place of the stored ones, in one transaction. Returns how many facts.
///
/// # Errors
/// [`StoreError::InUse`] while a server or an import writes, and those of the storage.
pub fn rebuild(root: &Path, progress: &mut dyn FnMut(u64)) -> Result<u64> {
    let directory = Directory::find(root)?;
    let _lock = directory.lock()?;
    let territory = directory::open_writer(&directory.territory(), schema::TERRITORY, false)?;
    replace(&territory, &directory, progress)
}

pub(crate) fn rebuild_into(territory: &Connection, directory: &Directory) -> Result<u64> {
    replace(territory, directory, &mut |_| {})
}

fn replace(territory: &Connection, directory: &Directory, progress: &mut dyn FnMut(u64)) -> Result<u64> {
    let path = scratch(directory);
    let ledger = crate::verify::held(&directory.territory(), schema::TERRITORY)?;
    let outcome = build(directory, ledger, &path, progress).and_then(|(facts, ledger)| {
        drop(ledger);
        territory.execute("attach database ?1 as rebuilt", [path.to_string_lossy()])?;
        let mut script = String::from("begin immediate;");
        let stored: Vec<String> = {
            let mut read = territory.prepare(
                "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
            )?;
            read.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for table in stored.iter().filter(|table| !schema::LEDGER_TABLES.contains(&table.as_str())) {
            script.push_str(&format!("drop table main.{table};"));
        }
        script.push_str(schema::VIEWS);
        // Without an order of its own the copy goes page by page; the rows come in that of their keys.
        for (table, _) in VIEW_TABLES {
            script.push_str(&format!("insert into main.{table} select * from rebuilt.{table};"));
        }
        script.push_str(&format!(
            "update meta set value = {} where name = 'views_version'; commit;",
            schema::VIEWS_VERSION
        ));
        let done = territory.execute_batch(&script);
        if done.is_err() && !territory.is_autocommit() {
            territory.execute_batch("rollback")?;
        }
        territory.execute_batch("detach database rebuilt")?;
        done?;
        Ok(facts)
    });
    remove(&path)?;
    outcome
}
