//! The tree's stored hashes, sixty-three to a row: two rows fill a page of the file.

use std::cell::RefCell;
use std::collections::hash_map::Entry;

use ledger::Hash;
use ledger::tree::{self, Appender, NodeError, Nodes};
use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::FxHashMap;

use crate::error::Result;

const BLOCK: u64 = 63;

/// Reads stored hashes through one connection.
pub struct StoredNodes<'c> {
    connection: &'c Connection,
    blocks: RefCell<FxHashMap<u64, Vec<u8>>>,
}

impl<'c> StoredNodes<'c> {
    #[must_use]
    pub fn new(connection: &'c Connection) -> Self {
        Self { connection, blocks: RefCell::default() }
    }
}

impl Nodes for StoredNodes<'_> {
    fn read(&self, indexes: &[u64]) -> std::result::Result<Vec<Hash>, NodeError> {
        let mut blocks = self.blocks.borrow_mut();
        let mut found = Vec::with_capacity(indexes.len());
        for index in indexes {
            let first = index / BLOCK * BLOCK;
            if let Entry::Vacant(entry) = blocks.entry(first) {
                let block: Option<Vec<u8>> = self
                    .connection
                    .prepare_cached("select hashes from nodes where first = ?1")
                    .and_then(|mut read| read.query_row([first], |row| row.get(0)).optional())
                    .map_err(NodeError::read)?;
                entry.insert(block.unwrap_or_default());
            }
            let offset = usize::try_from(index - first).unwrap_or(0) * 32;
            let hash = blocks.get(&first).and_then(|block| block.get(offset..offset + 32));
            let hash = hash.and_then(|hash| hash.try_into().ok());
            found.push(hash.ok_or_else(|| NodeError::read(format!("node {index} is not stored")))?);
        }
        Ok(found)
    }
}

/// Appends stored hashes, keeping the last, unfinished row in memory.
#[derive(Default)]
pub struct NodeWriter {
    first: u64,
    block: Vec<u8>,
}

impl NodeWriter {
    /// Continues after `count` stored hashes.
    pub fn open(connection: &Connection, count: u64) -> Result<Self> {
        let first = count / BLOCK * BLOCK;
        let block: Option<Vec<u8>> = connection
            .query_row("select hashes from nodes where first = ?1", [first], |row| row.get(0))
            .optional()?;
        let mut block = block.unwrap_or_default();
        block.truncate(usize::try_from(count - first).unwrap_or(0) * 32);
        Ok(Self { first, block })
    }

    /// Stores `hashes` after those before them.
    pub fn append(&mut self, connection: &Connection, hashes: &[Hash]) -> Result<()> {
        let full = usize::try_from(BLOCK * 32).unwrap_or(0);
        let mut put =
            connection.prepare_cached("insert or replace into nodes (first, hashes) values (?1, ?2)")?;
        for hash in hashes {
            self.block.extend_from_slice(hash);
            if self.block.len() == full {
                put.execute(params![self.first, self.block])?;
                self.first += BLOCK;
                self.block.clear();
            }
        }
        if !self.block.is_empty() {
            put.execute(params![self.first, self.block])?;
        }
        Ok(())
    }
}

/// Makes the stored hashes again from the facts, if there are none: an older program kept them in rows of another length.
///
/// # Errors
/// Those of SQLite.
pub fn refill(connection: &Connection) -> Result<()> {
    let missing: bool = connection.query_row(
        "select exists (select 1 from facts) and not exists (select 1 from nodes)",
        [],
        |row| row.get(0),
    )?;
    if !missing {
        return Ok(());
    }
    let transaction = connection.unchecked_transaction()?;
    let mut nodes = NodeWriter::default();
    let mut appender = Appender::new();
    {
        let mut read =
            transaction.prepare("select fact, received_at, verdict from facts order by position")?;
        let mut rows = read.query([])?;
        let mut fresh = Vec::new();
        while let Some(row) = rows.next()? {
            let fact = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            appender.append(tree::leaf(fact, row.get(1)?, row.get(2)?), &mut fresh);
            if fresh.len() > 100_000 {
                nodes.append(&transaction, &fresh)?;
                fresh.clear();
            }
        }
        nodes.append(&transaction, &fresh)?;
    }
    transaction.commit()?;
    Ok(())
}
