//! Writing sealed content on a thread of its own, as an import of millions does.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use domain::id::Id;
use ledger::seal::{DataKey, TerritoryKey};
use rusqlite::{Connection, params};

use crate::error::{Result, StoreError};

/// How much is handed over at once, and how many such portions may wait.
const PORTION: usize = 1024;
const WAITING: usize = 8;

/// One row to be written.
pub(super) enum Job {
    Key { owner: Id, position: u64, key: DataKey, nonce: [u8; 24] },
    Ciphertext { owner: Id, position: u64, ciphertext: Vec<u8> },
    Tag { owner: Id, tag: [u8; 16] },
}

impl Job {
    pub(super) fn write(self, vault: &Connection, keys: &Connection, territory: &TerritoryKey) -> Result<()> {
        match self {
            Self::Key { owner, position, key, nonce } => {
                let wrapped = territory.wrap(&owner.0, &key, nonce);
                keys.prepare_cached(
                    "insert or replace into data_key (owner, position, wrapped) values (?1, ?2, ?3)",
                )?
                .execute(params![owner.0, position, wrapped])?;
            }
            Self::Ciphertext { owner, position, ciphertext } => {
                vault
                    .prepare_cached(
                        "insert or replace into content (owner, position, ciphertext) values (?1, ?2, ?3)",
                    )?
                    .execute(params![owner.0, position, ciphertext])?;
            }
            Self::Tag { owner, tag } => {
                keys.prepare_cached("insert or ignore into owner_tag (owner, tag) values (?1, ?2)")?
                    .execute(params![owner.0, tag])?;
            }
        }
        Ok(())
    }
}

type Done = (Connection, Connection, Result<()>);

/// The other thread, and what is about to be handed to it.
pub struct Aside {
    portion: Vec<Job>,
    to: SyncSender<Vec<Job>>,
    worker: JoinHandle<Done>,
}

impl Aside {
    pub(super) fn start(vault: Connection, keys: Connection, territory: Arc<TerritoryKey>) -> Self {
        let (to, from) = sync_channel(WAITING);
        let worker = std::thread::spawn(move || write_all(vault, keys, &territory, &from));
        Self { portion: Vec::with_capacity(PORTION), to, worker }
    }

    /// False if the thread has stopped before its time.
    pub(super) fn put(&mut self, job: Job) -> bool {
        self.portion.push(job);
        self.portion.len() < PORTION || self.send()
    }

    fn send(&mut self) -> bool {
        self.to.send(std::mem::replace(&mut self.portion, Vec::with_capacity(PORTION))).is_ok()
    }

    /// Waits until everything is written. The outer error is a thread that panicked, and then the connections are gone.
    pub(super) fn finish(mut self) -> Result<Done> {
        self.send();
        drop(self.to);
        self.worker.join().map_err(|_| StoreError::Damaged("the writing of sealed content broke off".into()))
    }
}

fn write_all(
    vault: Connection,
    keys: Connection,
    territory: &TerritoryKey,
    from: &Receiver<Vec<Job>>,
) -> Done {
    let outcome = from.iter().flatten().try_for_each(|job| job.write(&vault, &keys, territory));
    (vault, keys, outcome)
}
