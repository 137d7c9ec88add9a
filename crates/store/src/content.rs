//! What is sealed: ciphertexts in the vault, wrapped keys and blind-index tags in the keys' file.

use std::sync::Arc;

use domain::id::Id;
use domain::identity::Identity;
use ledger::seal::{DataKey, TerritoryKey};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{Result, StoreError};

/// The vault and the keys over their two connections, and the territory's key that opens them.
pub struct Content {
    pub(crate) vault: Connection,
    pub(crate) keys: Connection,
    pub(crate) key: Option<Arc<TerritoryKey>>,
    /// While much is written and nothing read, another thread writes; the two connections are with it then.
    pub(crate) aside: Option<Aside>,
}

mod aside;

use aside::{Aside, Job};

fn no_key() -> StoreError {
    StoreError::Seal("no key was given / 没有给出密钥".into())
}

fn seal_error(error: impl std::fmt::Display) -> StoreError {
    StoreError::Seal(error.to_string())
}

impl Content {
    pub(crate) fn key(&self) -> Result<&TerritoryKey> {
        self.key.as_deref().ok_or_else(no_key)
    }

    /// The key that opens the owner's content at a position.
    pub fn data_key(&mut self, owner: Id, position: u64) -> Result<Option<DataKey>> {
        self.together()?;
        let wrapped: Option<Vec<u8>> = self
            .keys
            .prepare_cached(
                "select wrapped from data_key where owner = ?1 and position <= ?2 order by position desc limit 1",
            )?
            .query_row(params![owner.0, position], |row| row.get(0))
            .optional()?;
        wrapped.map(|wrapped| self.key()?.unwrap(&owner.0, &wrapped).map_err(seal_error)).transpose()
    }

    pub fn put_data_key(&mut self, owner: Id, position: u64, key: DataKey, nonce: [u8; 24]) -> Result<()> {
        self.put(Job::Key { owner, position, key, nonce })
    }

    pub fn put_ciphertext(&mut self, owner: Id, position: u64, ciphertext: Vec<u8>) -> Result<()> {
        self.put(Job::Ciphertext { owner, position, ciphertext })
    }

    fn put(&mut self, job: Job) -> Result<()> {
        let Some(aside) = &mut self.aside else {
            let key = self.key.as_deref().ok_or_else(no_key)?;
            return job.write(&self.vault, &self.keys, key);
        };
        if aside.put(job) {
            return Ok(());
        }
        // The other thread has stopped before its time: its error says why.
        self.together()?;
        Err(StoreError::Damaged("the writing of sealed content broke off".into()))
    }

    /// Lets another thread write from here on, until something is read. Transactions must be open on both files.
    pub(crate) fn write_aside(&mut self) -> Result<()> {
        if self.aside.is_none() {
            let key = self.key.clone().ok_or_else(no_key)?;
            let vault = std::mem::replace(&mut self.vault, Connection::open_in_memory()?);
            let keys = std::mem::replace(&mut self.keys, Connection::open_in_memory()?);
            self.aside = Some(Aside::start(vault, keys, key));
        }
        Ok(())
    }

    /// Waits for the other thread, if there is one, and takes the connections back.
    pub(crate) fn together(&mut self) -> Result<()> {
        let Some(aside) = self.aside.take() else { return Ok(()) };
        let (vault, keys, outcome) = aside.finish()?;
        self.vault = vault;
        self.keys = keys;
        outcome
    }

    pub fn ciphertext(&self, owner: Id, position: u64) -> Result<Option<Vec<u8>>> {
        Ok(self
            .vault
            .prepare_cached("select ciphertext from content where owner = ?1 and position = ?2")?
            .query_row(params![owner.0, position], |row| row.get(0))
            .optional()?)
    }

    /// Opens the owner's content of one fact; none if it has been erased.
    pub fn open(&mut self, owner: Id, position: u64, series: Id, sequence: u64) -> Result<Option<Vec<u8>>> {
        self.together()?;
        let Some(ciphertext) = self.ciphertext(owner, position)? else { return Ok(None) };
        let Some(key) = self.data_key(owner, position)? else { return Ok(None) };
        ledger::seal::open(&key, &owner.0, &series.0, sequence, &ciphertext).map(Some).map_err(seal_error)
    }

    /// Whether something that can be opened is kept there; it is not opened.
    pub fn has(&mut self, owner: Id, position: u64) -> Result<bool> {
        self.together()?;
        Ok(self.ciphertext(owner, position)?.is_some() && self.data_key(owner, position)?.is_some())
    }

    /// The tags by which a person's ID number and phone are found.
    pub fn tags(&self, identity: &Identity) -> Result<Vec<[u8; 16]>> {
        let key = self.key()?;
        let mut tags = Vec::with_capacity(2);
        if !identity.id_number.is_empty() {
            tags.push(key.blind_tag("id_number", &identity.id_number));
        }
        if !identity.phone.is_empty() {
            tags.push(key.blind_tag("phone", &identity.phone));
        }
        Ok(tags)
    }

    /// Makes the owner findable by the tag. With `later`, only from [`Content::index_tags`] on.
    pub fn put_tag(&mut self, tag: [u8; 16], owner: Id, later: bool) -> Result<()> {
        self.put(Job::Tag { owner, tag })?;
        if !later {
            self.together()?;
            self.keys
                .prepare_cached("insert or ignore into tag (tag, owner) values (?1, ?2)")?
                .execute(params![tag, owner.0])?;
        }
        Ok(())
    }

    /// Puts the tags of every owner whose id is `first` or greater into their index, in its order.
    pub fn index_tags(&self, first: Id) -> Result<()> {
        self.keys.execute(
            "insert or ignore into tag (tag, owner)
             select tag, owner from owner_tag where owner >= ?1 order by tag, owner",
            [first.0],
        )?;
        Ok(())
    }

    pub fn owners(&mut self, tag: [u8; 16]) -> Result<Vec<Id>> {
        self.together()?;
        let mut read = self.keys.prepare_cached("select owner from tag where tag = ?1 order by owner")?;
        let found = read.query_map([tag], |row| Ok(Id(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?;
        Ok(found)
    }

    /// Whether anything of the owner from before `position` is still here: a key, a tag or a ciphertext.
    pub fn holds(&self, owner: Id, position: u64) -> Result<bool> {
        let key = "select 1 from data_key where owner = ?1 and position < ?2";
        let ciphertext = "select 1 from content where owner = ?1 and position < ?2";
        Ok(self.keys.prepare_cached(key)?.exists(params![owner.0, position])?
            || self.vault.prepare_cached(ciphertext)?.exists(params![owner.0, position])?
            || self.keys.prepare_cached("select 1 from owner_tag where owner = ?1")?.exists([owner.0])?)
    }

    /// Removes the owner's tags: nobody is found by them any more.
    pub fn forget_tags(&self, owner: Id) -> Result<()> {
        let sql = "delete from tag where owner = ?1 and tag in (select tag from owner_tag where owner = ?1)";
        self.keys.prepare_cached(sql)?.execute([owner.0])?;
        self.keys.prepare_cached("delete from owner_tag where owner = ?1")?.execute([owner.0])?;
        Ok(())
    }

    /// Removes the owner's keys from before `position`; without them the ciphertexts are noise.
    pub fn forget_keys(&self, owner: Id, position: u64) -> Result<()> {
        self.keys
            .prepare_cached("delete from data_key where owner = ?1 and position < ?2")?
            .execute(params![owner.0, position])?;
        Ok(())
    }

    /// Removes one ciphertext of the owner's. Her key stays, for what else is hers.
    pub fn forget_ciphertext(&self, owner: Id, position: u64) -> Result<()> {
        self.vault
            .prepare_cached("delete from content where owner = ?1 and position = ?2")?
            .execute(params![owner.0, position])?;
        Ok(())
    }

    /// Removes the owner's ciphertexts from before `position`.
    pub fn forget_ciphertexts(&self, owner: Id, position: u64) -> Result<()> {
        self.vault
            .prepare_cached("delete from content where owner = ?1 and position < ?2")?
            .execute(params![owner.0, position])?;
        Ok(())
    }
}
