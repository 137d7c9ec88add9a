//! What a client checks the ledger by: signed heads, and the hashes that join them.

use domain::id::SeriesId;
use domain::time::Millis;
use ledger::Hash;
use ledger::tree;
use rusqlite::{OptionalExtension, params};

use crate::error::{Result, StoreError};
use crate::nodes::StoredNodes;
use crate::query::Reader;

/// A signed tree head.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct SignedHead {
    /// How many facts it covers.
    pub size: u64,
    /// The C2SP note.
    pub note: String,
}

/// Where a fact stands in the tree, and what its leaf is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub position: u64,
    pub leaf: Hash,
    pub received_at: Millis,
    /// 0 accepted, else a [`domain::admit::Quarantine`].
    pub verdict: u64,
}

fn damaged(error: &tree::NodeError) -> StoreError {
    StoreError::Damaged(error.to_string())
}

impl Reader {
    /// The newest signed head.
    pub fn signed_head(&self) -> Result<SignedHead> {
        let found = self
            .views_connection()
            .prepare_cached("select size, note from checkpoints order by size desc limit 1")?
            .query_row([], |row| Ok(SignedHead { size: row.get(0)?, note: row.get(1)? }))
            .optional()?;
        Ok(found.unwrap_or_default())
    }

    /// The number and hash of a series' newest fact; none if nothing came from it.
    pub fn series_head(&self, series: SeriesId) -> Result<Option<(u64, Hash)>> {
        let found: Option<(u64, Hash)> = self
            .views_connection()
            .prepare_cached("select next, hash from series where id = ?1")?
            .query_row([series.0], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.and_then(|(next, hash)| Some((next.checked_sub(1)?, hash))))
    }

    /// The entry of a fact. Of two with one number (a fork) it is the one that its series goes on from.
    pub fn entry(&self, series: SeriesId, sequence: u64) -> Result<Option<Entry>> {
        Ok(self
            .views_connection()
            .prepare_cached(
                "select position, received_at, verdict, fact from facts
                 where series = (select number from series where id = ?1) and sequence = ?2
                 and series <> 0 and verdict <> 1",
            )?
            .query_row(params![series.0, sequence], |row| {
                let (received_at, verdict): (Millis, u64) = (row.get(1)?, row.get(2)?);
                let leaf = tree::leaf(row.get_ref(3)?.as_blob()?, received_at, verdict);
                Ok(Entry { position: row.get(0)?, leaf, received_at, verdict })
            })
            .optional()?)
    }

    /// The proof that the tree of `size` holds the leaf at `position`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] unless `position < size` and the tree has grown to `size`.
    pub fn inclusion(&self, size: u64, position: u64) -> Result<Vec<Hash>> {
        tree::inclusion_proof(size, position, &StoredNodes::new(self.views_connection()))
            .map_err(|error| damaged(&error))
    }

    /// The proof that the tree of size `to` begins with that of size `from`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] unless `from <= to` and the tree has grown to `to`.
    pub fn consistency(&self, from: u64, to: u64) -> Result<Vec<Hash>> {
        tree::consistency_proof(from, to, &StoredNodes::new(self.views_connection()))
            .map_err(|error| damaged(&error))
    }
}
