//! The views made again from the facts: into a file of their own, to replace the present ones or to be compared with
//! them row by row.

use std::fs;
use std::path::{Path, PathBuf};

use domain::apply::{self, Origin};
use domain::fact::Fact;
use domain::id::Id;
use ledger::envelope::Envelope;
use rusqlite::{Connection, OpenFlags, params};

use crate::directory::{self, Directory};
use crate::error::{Result, StoreError};
use crate::schema::{self, VIEW_TABLES};
use crate::views::Views;

const CHUNK: u64 = 10_000;

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

/// Applies every fact of the ledger to empty views in `path`. Returns how many facts there were.
fn build(
    directory: &Directory,
    ledger: &Connection,
    path: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<u64> {
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
    // Released facts are read back from the ledger by the same statement as in a live territory.
    connection.execute("attach database ?1 as ledger", [directory.territory().to_string_lossy()])?;
    connection.execute_batch("begin")?;
    let mut views = Views::open(connection)?;
    let mut next = 0;
    loop {
        let mut read = ledger.prepare_cached(
            "select position, sequence, received_at, verdict, fact from facts
             where position >= ?1 order by position limit ?2",
        )?;
        let mut rows = read.query(params![next, CHUNK])?;
        let before = next;
        while let Some(row) = rows.next()? {
            let position: u64 = row.get(0)?;
            let bytes = row.get_ref(4)?.as_blob().map_err(rusqlite::Error::from)?;
            let verdict: u64 = row.get(3)?;
            apply_stored(&mut views, position, row.get(1)?, row.get(2)?, verdict, bytes)?;
            next = position + 1;
        }
        views.flush()?;
        progress(next);
        if next == before {
            break;
        }
    }
    views.connection().execute_batch("commit")?;
    Ok(next)
}

fn apply_stored(
    views: &mut Views,
    position: u64,
    sequence: u64,
    received_at: i64,
    verdict: u64,
    bytes: &[u8],
) -> Result<()> {
    let envelope = Envelope::decode(bytes)
        .map_err(|error| StoreError::Damaged(format!("position {position}: {error}")))?;
    let series = Id(envelope.series);
    if verdict != 0 {
        return views.put_quarantined(series, sequence, position, verdict);
    }
    let fact = Fact::decode(&envelope.payload)
        .map_err(|error| StoreError::Damaged(format!("position {position}: {error}")))?;
    let origin = Origin {
        position,
        counts_from: position,
        series,
        sequence,
        received_at,
        sealed: envelope.sealed.is_some(),
    };
    apply::apply(views, origin, &fact)
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
    let outcome = build(&directory, &stored, &path, progress).and_then(|facts| {
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
    let outcome = build(directory, &ledger, &path, progress).and_then(|facts| {
        drop(ledger);
        territory.execute("attach database ?1 as rebuilt", [path.to_string_lossy()])?;
        let mut script = String::from("begin immediate;");
        let stored: Vec<String> = {
            let mut read = territory.prepare(
                "select name from sqlite_master where type = 'table'
                 and name not in ('meta', 'series', 'facts', 'nodes', 'checkpoints') and name not like 'sqlite_%'",
            )?;
            read.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
        };
        for table in stored {
            script.push_str(&format!("drop table main.{table};"));
        }
        script.push_str(schema::VIEWS);
        for (table, order) in VIEW_TABLES {
            script.push_str(&format!("insert into main.{table} select * from rebuilt.{table} order by {order};"));
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
