//! Proving a data directory from its own bytes, without any key: facts, chains, tree, signed heads, sealed content,
//! views. It stops at the first thing that is wrong and names it.

use std::path::Path;
use std::time::{Duration, Instant};

use domain::admit::Quarantine;
use domain::fact::{Body, Fact};
use domain::id::Id;
use ledger::envelope;
use ledger::envelope::Commitment;
use ledger::verify::{Entry, Fault, Summary, Verifier};
use rusqlite::{Connection, OptionalExtension, params};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::directory::{self, Directory};
use crate::error::{Result, StoreError};
use crate::rebuild;
use crate::schema;

/// What was proved, and how long each part took.
#[derive(Debug)]
pub struct Verified {
    pub summary: Summary,
    pub facts_took: Duration,
    pub content_took: Duration,
    pub views_took: Duration,
}

/// What is wrong, for a person: in English and in Chinese.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub en: String,
    pub zh: String,
}

impl From<Fault> for Finding {
    fn from(fault: Fault) -> Self {
        Self { en: fault.to_string(), zh: fault.zh() }
    }
}

impl From<StoreError> for Finding {
    fn from(error: StoreError) -> Self {
        Self { en: error.to_string(), zh: error.chinese() }
    }
}

impl From<rusqlite::Error> for Finding {
    fn from(error: rusqlite::Error) -> Self {
        Self::from(StoreError::Database(error))
    }
}

impl Finding {
    fn new(en: String, zh: String) -> Self {
        Self { en, zh }
    }
}

/// Proves the directory. `kept_head` is a signed tree head that a witness (a phone, a parent office, a printed report)
/// kept: the ledger must still be one that extends it.
///
/// # Errors
/// The first [`Finding`].
pub fn verify(
    root: &Path,
    kept_head: Option<&str>,
    with_views: bool,
    progress: &mut dyn FnMut(u64),
) -> std::result::Result<Verified, Finding> {
    let directory = Directory::find(root)?;
    let territory = directory::open_reader(&directory.territory(), schema::TERRITORY)?;
    let vault = directory::open_reader(&directory.vault(), schema::VAULT)?;
    for (connection, path) in [(&territory, directory.territory()), (&vault, directory.vault())] {
        let sound: String = connection.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
        if sound != "ok" {
            let path = path.display();
            return Err(Finding::new(format!("{path}: {sound}"), format!("{path}：文件结构损坏：{sound}")));
        }
    }
    let started = Instant::now();
    let (mut verifier, sealed, erased) = facts(&territory, kept_head, progress)?;
    let facts_took = started.elapsed();
    let started = Instant::now();
    content(&vault, &mut verifier, &sealed, &erased)?;
    let content_took = started.elapsed();
    let summary = verifier.finish()?;
    let started = Instant::now();
    if with_views {
        let (_, difference) = rebuild::check(root, progress)?;
        if let Some(difference) = difference {
            let zh = format!("视图 {} 第 {} 行与事实不符：{difference}", difference.table, difference.row);
            return Err(Finding::new(difference.to_string(), zh));
        }
    }
    Ok(Verified { summary, facts_took, content_took, views_took: started.elapsed() })
}

type Sealed = Vec<(u64, Commitment)>;

fn facts(
    territory: &Connection,
    kept_head: Option<&str>,
    progress: &mut dyn FnMut(u64),
) -> std::result::Result<(Verifier, Sealed, FxHashSet<Id>), Finding> {
    let (origin, checkpoint_key) = founding(territory)?;
    let mut verifier = Verifier::new(&origin, checkpoint_key);
    let mut read = territory.prepare("select note from checkpoints order by size")?;
    let mut notes = read.query([])?;
    while let Some(row) = notes.next()? {
        let note = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        verifier.checkpoint(note)?;
    }
    if let Some(note) = kept_head {
        verifier.checkpoint(note)?;
    }
    let numbers = series_numbers(territory)?;
    let mut keys: FxHashMap<[u8; 16], [u8; 32]> = FxHashMap::default();
    let mut sealed = Vec::new();
    let mut erased = FxHashSet::default();
    let mut stored = Nodes::open(territory)?;
    let mut read = territory.prepare(
        "select position, series, sequence, received_at, verdict, fact from facts order by position",
    )?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let position: u64 = row.get(0)?;
        let fact = row.get_ref(5)?.as_blob().map_err(|_| {
            Finding::new(
                format!("position {position}: what is stored there is no bytes"),
                format!("位置 {position}：存的不是字节"),
            )
        })?;
        let verdict: u64 = row.get(4)?;
        let entry = Entry { position, fact, received_at: row.get(3)?, verdict };
        let envelope = verifier.entry(&entry)?;
        let (first, fresh) = verifier.fresh_nodes();
        for (index, hash) in (first..).zip(fresh) {
            if stored.next()? != Some(*hash) {
                return Err(Fault::LeafMismatch { position, index }.into());
            }
        }
        let (series, sequence): (i64, u64) = (row.get(1)?, row.get(2)?);
        if numbers.get(&series) != Some(&envelope.series) || sequence != envelope.sequence {
            return Err(Finding::new(
                format!("position {position}: the row's series or sequence is not the fact's own"),
                format!("位置 {position}：行里的序列或序号与事实本身不符"),
            ));
        }
        // The first byte opens the array, the second is the kind: only three kinds say something that verifying needs.
        if verdict == 0
            && matches!(envelope.payload.get(1), Some(14 | 17))
            && let Ok(fact) = Fact::decode(envelope.payload)
        {
            match fact.body {
                Body::DeviceEnrolled { series, public_key, .. } => {
                    verifier.founding_key(&series.0, &public_key)?;
                    keys.insert(series.0, public_key);
                }
                Body::Erased { person, .. } => {
                    erased.insert(person);
                }
                _ => {}
            }
        }
        if let Some(commitment) = envelope.sealed
            && verdict != Quarantine::ContentMismatch as u64
            && verdict != Quarantine::Fork as u64
        {
            sealed.push((position, commitment));
        }
        if position.is_multiple_of(100_000) {
            progress(position);
        }
    }
    if stored.next()?.is_some() {
        return Err(Finding::new(
            "the tree has more nodes than the facts make: facts were cut off the end".into(),
            "树的节点多于事实：末尾的事实被截断了".into(),
        ));
    }
    heads(territory, &mut verifier, &keys)?;
    Ok((verifier, sealed, erased))
}

fn founding(territory: &Connection) -> std::result::Result<(String, [u8; 32]), Finding> {
    let missing = || {
        Finding::new(
            "position 0 is missing: the fact that founded the territory".into(),
            "缺少位置 0：辖区的创建记录".into(),
        )
    };
    let bytes: Option<Vec<u8>> =
        territory.query_row("select fact from facts where position = 0", [], |row| row.get(0)).optional()?;
    let bytes = bytes.ok_or_else(missing)?;
    let envelope = envelope::Envelope::decode(&bytes)
        .map_err(|error| Finding::new(format!("position 0: {error}"), format!("位置 0：{error}")))?;
    match Fact::decode(&envelope.payload) {
        Ok(Fact { body: Body::Founded { origin, checkpoint_key, .. }, .. }) => Ok((origin, checkpoint_key)),
        _ => Err(missing()),
    }
}

fn series_numbers(territory: &Connection) -> Result<FxHashMap<i64, [u8; 16]>> {
    let mut read = territory.prepare("select number, id from series")?;
    let rows = read.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn heads(
    territory: &Connection,
    verifier: &mut Verifier,
    keys: &FxHashMap<[u8; 16], [u8; 32]>,
) -> std::result::Result<(), Finding> {
    let mut read =
        territory.prepare("select id, next, hash, signature from series where next > 0 order by number")?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let id: [u8; 16] = row.get(0)?;
        let next: u64 = row.get(1)?;
        let Some(public) = keys.get(&id) else {
            let id = Id(id);
            return Err(Finding::new(
                format!("series {id}: facts came from a device that no fact enrolled"),
                format!("序列 {id}：事实来自没有登记过的设备"),
            ));
        };
        verifier.head(&id, next - 1, &row.get(2)?, &row.get(3)?, public)?;
    }
    Ok(())
}

fn content(
    vault: &Connection,
    verifier: &mut Verifier,
    sealed: &[(u64, Commitment)],
    erased: &FxHashSet<Id>,
) -> std::result::Result<(), Finding> {
    let mut read = vault.prepare("select ciphertext from content where owner = ?1 and position = ?2")?;
    for (position, commitment) in sealed {
        let mut rows = read.query(params![commitment.owner, position])?;
        let ciphertext = match rows.next()? {
            Some(row) => Some(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?),
            None => None,
        };
        verifier.content(*position, commitment, ciphertext, erased.contains(&Id(commitment.owner)))?;
    }
    let held: u64 = vault.query_row("select count(*) from content", [], |row| row.get(0))?;
    let gone = u64::try_from(sealed.len()).unwrap_or(0);
    if held > gone {
        return Err(Finding::new(
            format!("the vault holds {held} ciphertexts, the facts commit to {gone}: something was put in"),
            format!("密文库里有 {held} 份密文，而事实只对应 {gone} 份：有东西被放了进去"),
        ));
    }
    Ok(())
}

/// The stored nodes in order, a block at a time.
struct Nodes<'c> {
    connection: &'c Connection,
    first: u64,
    block: Vec<u8>,
    used: usize,
}

impl<'c> Nodes<'c> {
    fn open(connection: &'c Connection) -> Result<Self> {
        let mut nodes = Self { connection, first: 0, block: Vec::new(), used: 0 };
        nodes.load()?;
        Ok(nodes)
    }

    fn load(&mut self) -> Result<()> {
        let block: Option<Vec<u8>> = self
            .connection
            .prepare_cached("select hashes from nodes where first = ?1")?
            .query_row([self.first], |row| row.get(0))
            .optional()?;
        self.block = block.unwrap_or_default();
        self.used = 0;
        Ok(())
    }

    fn next(&mut self) -> Result<Option<ledger::Hash>> {
        if self.used == self.block.len() && self.used > 0 {
            self.first += u64::try_from(self.used / 32).unwrap_or(0);
            self.load()?;
        }
        let hash = self.block.get(self.used..self.used + 32).and_then(|hash| hash.try_into().ok());
        if hash.is_some() {
            self.used += 32;
        }
        Ok(hash)
    }
}
