//! The one writer of a territory: makes it, opens it, and commits batches.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use domain::fact::{Body, Fact};
use domain::id::Id;
use domain::state::{Stamp, State};
use domain::time::Millis;
use ledger::checkpoint::{Checkpoint, CheckpointKey};
use ledger::seal::TerritoryKey;
use ledger::series::{DeviceKey, SeriesHead};
use ledger::tree::{Appender, node_count};
use rusqlite::{Connection, OptionalExtension, params};

use crate::batch::Batch;
use crate::content::Content;
use crate::directory::{self, Directory};
use crate::entropy::Entropy;
use crate::error::{Result, StoreError};
use crate::nodes::{NodeWriter, StoredNodes};
use crate::schema;
use crate::views::Views;

/// The number of the territory's own series in the `series` table.
pub(crate) const OWN: i64 = 0;
/// The role written into the enrolment of the territory's own series.
pub const SERVER_ROLE: u64 = 255;

/// One signed head in so many facts is kept, beside the newest.
const KEEP_CHECKPOINT_EVERY: u64 = 4096;

/// The writer of one territory. There is one at a time, in one process: it holds the directory's lock.
pub struct Store {
    pub(crate) directory: Directory,
    pub(crate) views: Views,
    pub(crate) content: Content,
    pub(crate) appender: Appender,
    pub(crate) nodes: NodeWriter,
    pub(crate) own_series: Id,
    pub(crate) own_head: SeriesHead,
    pub(crate) own_key: DeviceKey,
    pub(crate) checkpoint_key: CheckpointKey,
    pub(crate) origin: String,
    pub(crate) checkpoint: String,
    /// A batch came to nothing and could not be cleared away.
    pub(crate) unsettled: bool,
    pub(crate) entropy: Entropy,
    last_id: Id,
    _lock: File,
}

/// The origin line of a territory's checkpoints.
#[must_use]
pub fn origin_of(code: &str) -> String {
    format!("wanjia/{code}")
}

impl Store {
    /// Makes a new territory in an empty directory: its files, its first facts, its first signed head.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] if the directory is not empty.
    pub fn create(root: &Path, code: &str, key: TerritoryKey, now: Millis) -> Result<Self> {
        let directory = Directory::make(root, code)?;
        // A list of erasures beside an empty directory is of another territory, which is gone.
        match std::fs::remove_file(crate::erase::list_beside(root)) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(StoreError::Io { path: crate::erase::list_beside(root), source });
            }
            _ => {}
        }
        let lock = directory.lock()?;
        let territory = directory::open_writer(&directory.territory(), schema::TERRITORY, true)?;
        territory.execute_batch(schema::VIEWS)?;
        let vault = directory::open_writer(&directory.vault(), schema::VAULT, true)?;
        let keys = directory::open_writer(&directory.keys(), schema::KEYS, true)?;
        let mut entropy = Entropy::default();
        let own_series = Id::from_time(now, entropy.bytes()?);
        let fingerprint = key.fingerprint();
        territory.execute(
            "insert into meta (name, value) values ('views_version', ?1)",
            [schema::VIEWS_VERSION],
        )?;
        territory.execute("insert into meta (name, value) values ('own_series', ?1)", [own_series.0])?;
        territory.execute("insert into meta (name, value) values ('key_fingerprint', ?1)", [fingerprint])?;
        let mut store = Self::assemble(directory, territory, vault, keys, Arc::new(key), lock, entropy)?;
        let founded = Body::Founded {
            territory: code.to_owned(),
            origin: store.origin.clone(),
            checkpoint_key: store.checkpoint_key.public(),
        };
        let enrolled = Body::DeviceEnrolled {
            series: own_series,
            public_key: store.own_key.public(),
            worker: own_series,
            role: SERVER_ROLE,
            area: String::new(),
        };
        store.write(now, |batch| {
            batch.append(own_series, founded, None)?;
            batch.append(own_series, enrolled, None)?;
            Ok(())
        })?;
        Ok(store)
    }

    /// Opens a territory for writing: recovers from whatever a kill left behind, replays erasures that a restored
    /// backup does not know of, and rebuilds views that an older program made.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::WrongKey`], [`StoreError::Schema`] and those of the storage.
    pub fn open(root: &Path, key: TerritoryKey) -> Result<Self> {
        let directory = Directory::find(root)?;
        let lock = directory.lock()?;
        let territory = directory::open_writer(&directory.territory(), schema::TERRITORY, false)?;
        let fingerprint: Option<[u8; 8]> = territory
            .query_row("select value from meta where name = 'key_fingerprint'", [], |row| row.get(0))
            .optional()?;
        if fingerprint != Some(key.fingerprint()) {
            return Err(StoreError::WrongKey);
        }
        crate::nodes::refill(&territory)?;
        let vault = directory::open_writer(&directory.vault(), schema::VAULT, true)?;
        let keys = directory::open_writer(&directory.keys(), schema::KEYS, true)?;
        let views_version: i64 =
            territory
                .query_row("select value from meta where name = 'views_version'", [], |row| row.get(0))?;
        if views_version != schema::VIEWS_VERSION {
            crate::rebuild::rebuild_into(&territory, &directory)?;
        }
        let mut store =
            Self::assemble(directory, territory, vault, keys, Arc::new(key), lock, Entropy::default())?;
        store.drop_orphans()?;
        crate::erase::replay(&mut store)?;
        Ok(store)
    }

    fn assemble(
        directory: Directory,
        territory: Connection,
        vault: Connection,
        keys: Connection,
        key: Arc<TerritoryKey>,
        lock: File,
        entropy: Entropy,
    ) -> Result<Self> {
        let own_series: [u8; 16] =
            territory.query_row("select value from meta where name = 'own_series'", [], |row| row.get(0))?;
        let End { appender, nodes, own_head, checkpoint } = End::read(&territory)?;
        let origin = origin_of(&directory.code);
        Ok(Self {
            views: Views::open(territory)?,
            appender,
            nodes,
            own_series: Id(own_series),
            own_head,
            own_key: DeviceKey::from_seed(key.device_seed()),
            checkpoint_key: CheckpointKey::from_seed(&origin, key.checkpoint_seed())
                .map_err(|error| StoreError::BadKey(error.to_string()))?,
            origin,
            checkpoint,
            unsettled: false,
            entropy,
            last_id: Id::default(),
            content: Content { vault, keys, key: Some(key), aside: None },
            directory,
            _lock: lock,
        })
    }

    /// Makes the three files, and what is kept of them in memory, agree again after a batch that came to nothing.
    pub(crate) fn settle(&mut self) -> Result<()> {
        self.unsettled = true;
        // What it could not write is rolled back like the rest.
        let _ = self.content.together();
        for connection in [self.views.connection(), &self.content.vault, &self.content.keys] {
            if !connection.is_autocommit() {
                connection.execute_batch("rollback")?;
            }
        }
        let end = End::read(self.views.connection())?;
        self.appender = end.appender;
        self.nodes = end.nodes;
        self.own_head = end.own_head;
        self.checkpoint = end.checkpoint;
        self.views.reload()?;
        self.drop_orphans()?;
        self.unsettled = false;
        Ok(())
    }

    /// Ciphertexts and keys are committed before the facts that commit to them; after a kill in between, those whose
    /// facts never came are taken out again. Their devices were told nothing and send them anew.
    fn drop_orphans(&mut self) -> Result<()> {
        let size = self.appender.size();
        let high: u64 = self
            .content
            .keys
            .query_row("select value from meta where name = 'high_position'", [], |row| row.get(0))
            .optional()?
            .unwrap_or(0);
        if high <= size {
            return Ok(());
        }
        let owners = self.last_owners(size)?;
        let (vault, keys) = (&self.content.vault, &self.content.keys);
        let vault_batch = vault.unchecked_transaction()?;
        let keys_batch = keys.unchecked_transaction()?;
        for owner in owners {
            let old = "select 1 from data_key where owner = ?1 and position < ?2";
            if !keys.prepare_cached(old)?.exists(params![owner.0, size])? {
                self.content.forget_tags(owner)?;
            }
            for (connection, table) in [(vault, "content"), (keys, "data_key")] {
                let sql = format!("delete from {table} where owner = ?1 and position >= ?2");
                connection.prepare_cached(&sql)?.execute(params![owner.0, size])?;
            }
        }
        keys.execute("insert or replace into meta (name, value) values ('high_position', ?1)", [size])?;
        vault_batch.commit()?;
        // The keys' file tells that it is done, so it is the last.
        keys_batch.commit()?;
        Ok(())
    }

    /// Whose content may be from `size` on: the last batch named them, unless they were too many.
    fn last_owners(&self, size: u64) -> Result<Vec<Id>> {
        let named: Option<Option<Vec<u8>>> = self
            .content
            .keys
            .query_row("select value from meta where name = 'last_owners'", [], |row| row.get(0))
            .optional()?;
        if let Some(Some(bytes)) = named {
            return Ok(bytes.chunks_exact(16).filter_map(|id| id.try_into().ok().map(Id)).collect());
        }
        let mut owners = Vec::new();
        for (connection, table) in [(&self.content.vault, "content"), (&self.content.keys, "data_key")] {
            let mut read =
                connection.prepare(&format!("select distinct owner from {table} where position >= ?1"))?;
            let rows = read.query_map([size], |row| Ok(Id(row.get(0)?)))?;
            owners.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        owners.sort_unstable();
        owners.dedup();
        Ok(owners)
    }

    /// A new id, greater than every one made before in this process.
    pub(crate) fn new_id(&mut self, now: Millis) -> Result<Id> {
        let fresh = Id::from_time(now, self.entropy.bytes()?);
        self.last_id = if fresh > self.last_id {
            fresh
        } else {
            self.last_id.following(u32::from_be_bytes(self.entropy.bytes()?))
        };
        Ok(self.last_id)
    }

    /// Runs `work` as one batch: everything it appends is committed together, durably, or nothing is.
    ///
    /// # Errors
    /// Those of `work`, after which nothing has changed, and those of the storage.
    pub fn write<T>(&mut self, now: Millis, work: impl FnOnce(&mut Batch<'_>) -> Result<T>) -> Result<T> {
        let mut batch = Batch::begin(self, now)?;
        match work(&mut batch) {
            Ok(value) => {
                batch.commit()?;
                Ok(value)
            }
            Err(error) => {
                batch.roll_back();
                Err(error)
            }
        }
    }

    /// The newest signed tree head, as a C2SP note.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    #[must_use]
    pub fn size(&self) -> u64 {
        self.appender.size()
    }

    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    /// A fact of the territory's own series by its position, and when it happened; none if there is no such one.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn own_fact(&self, position: u64) -> Result<Option<(Stamp, Fact)>> {
        if position >= self.size() {
            return Ok(None);
        }
        let (envelope, fact) = read_fact(self.views.connection(), position)?;
        if envelope.series != self.own_series.0 {
            return Ok(None);
        }
        Ok(Some((Stamp { at: fact.at, series: self.own_series, sequence: envelope.sequence }, fact)))
    }

    /// The state, for reading between batches.
    pub fn state(&mut self) -> &mut Views {
        &mut self.views
    }

    #[must_use]
    pub fn book(&self) -> &domain::state::Book {
        self.views.book()
    }

    /// Another number whenever the book may have changed; it means nothing beyond this process.
    #[must_use]
    pub fn book_version(&self) -> u64 {
        self.views.book_version()
    }

    #[must_use]
    pub fn key(&self) -> Option<Arc<TerritoryKey>> {
        self.content.key.clone()
    }

    pub(crate) fn sign_checkpoint(&mut self) -> Result<()> {
        let size = self.appender.size();
        let note = self.checkpoint_key.sign(&Checkpoint {
            origin: self.origin.clone(),
            size,
            root: self.appender.root(),
        });
        self.views
            .connection()
            .prepare_cached("insert or replace into checkpoints (size, note) values (?1, ?2)")?
            .execute(params![size, note])?;
        // Every push signs a head. Whoever was shown one that is not kept can still hold the tree against it.
        self.views
            .connection()
            .prepare_cached("delete from checkpoints where size >= ?1 and size < ?2")?
            .execute(params![size / KEEP_CHECKPOINT_EVERY * KEEP_CHECKPOINT_EVERY, size])?;
        self.checkpoint = note;
        Ok(())
    }

    /// Reads a fact back from the ledger.
    pub(crate) fn fact_at(&self, position: u64) -> Result<(ledger::envelope::Envelope, Fact)> {
        read_fact(self.views.connection(), position)
    }
}

/// Where the ledger ends.
struct End {
    appender: Appender,
    nodes: NodeWriter,
    own_head: SeriesHead,
    checkpoint: String,
}

impl End {
    fn read(territory: &Connection) -> Result<Self> {
        let size: u64 =
            territory.query_row("select coalesce(max(position) + 1, 0) from facts", [], |row| row.get(0))?;
        let appender = Appender::open(size, &StoredNodes::new(territory))
            .map_err(|error| StoreError::Damaged(error.to_string()))?;
        let own_head = territory
            .query_row("select next, hash from series where number = ?1", [OWN], |row| {
                Ok(SeriesHead { next: row.get(0)?, hash: row.get(1)? })
            })
            .optional()?
            .unwrap_or(SeriesHead { next: 0, hash: [0; 32] });
        let checkpoint: Option<String> = territory
            .query_row("select note from checkpoints order by size desc limit 1", [], |row| row.get(0))
            .optional()?;
        let nodes = NodeWriter::open(territory, node_count(size))?;
        Ok(Self { appender, nodes, own_head, checkpoint: checkpoint.unwrap_or_default() })
    }
}

/// Reads the fact at a position.
pub(crate) fn read_fact(
    connection: &Connection,
    position: u64,
) -> Result<(ledger::envelope::Envelope, Fact)> {
    let bytes: Vec<u8> = connection
        .prepare_cached("select fact from facts where position = ?1")?
        .query_row([position], |row| row.get(0))?;
    let envelope =
        ledger::envelope::Envelope::decode(&bytes).map_err(|error| StoreError::Damaged(error.to_string()))?;
    let fact = Fact::decode(&envelope.payload).map_err(|error| StoreError::Damaged(error.to_string()))?;
    Ok((envelope, fact))
}
