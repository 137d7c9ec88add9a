//! Proving a data directory from its own bytes, without any key: facts, chains, tree, signed heads, sealed content,
//! views. It stops at the first thing that is wrong and names it.

use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, Instant};

use domain::admit::Quarantine;
use domain::fact::{Body, Fact};
use domain::id::Id;
use ledger::checkpoint::{CheckpointError, open as open_checkpoint};
use ledger::envelope::{self, EnvelopeRef};
use ledger::verify::{Entry, Fault, Summary, Verifier};
use rusqlite::{Connection, OptionalExtension};
use rustc_hash::FxHashMap;

use crate::directory::{self, Directory};
use crate::error::{Result, StoreError};
use crate::packs;
use crate::rebuild;
use crate::schema;

mod content;

/// What was proved, and how long each part took.
#[derive(Debug)]
pub struct Verified {
    pub summary: Summary,
    /// The newest signed tree head, a C2SP note: whoever keeps it elsewhere can tell later whether the past was changed.
    pub checkpoint: String,
    /// Over how many facts the head that was kept elsewhere was signed.
    pub kept_size: Option<u64>,
    /// How many pictures answers name that are not erased, and how many of these have come: the others are still missing,
    /// which is no fault.
    pub pictures_named: u64,
    pub pictures_kept: u64,
    /// Facts, tree, heads and sealed content.
    pub facts_took: Duration,
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
    pub(crate) fn new(en: String, zh: String) -> Self {
        Self { en, zh }
    }
}

/// A signed tree head that a witness (a phone, a parent office, a printed report) kept.
#[derive(Clone, Copy, Debug)]
pub struct KeptHead<'a> {
    pub note: &'a str,
    /// Where it was kept, for a person to read.
    pub from: &'a str,
}

impl KeptHead<'_> {
    /// Reads it as a head of this territory. Returns how many facts it was signed over.
    fn open(self, origin: &str, key: &[u8; 32]) -> std::result::Result<u64, Finding> {
        let from = self.from;
        if self.note.trim().is_empty() {
            return Err(Finding::new(
                format!("{from} is empty; a head to keep is what `wanjia checkpoint` prints"),
                format!("{from} 是空的；要保存的树头用 wanjia checkpoint 打印"),
            ));
        }
        let speaks_of = self.note.lines().next().unwrap_or_default();
        open_checkpoint(self.note, origin, key).map(|head| head.size).map_err(|error| match error {
            CheckpointError::Unsigned { .. } | CheckpointError::Origin { .. } if speaks_of != origin => {
                Finding::new(
                    format!("the head in {from} is of {speaks_of:?}, and this territory is {origin:?}"),
                    format!("{from} 里的树头属于 {speaks_of:?}，而这个辖区是 {origin:?}"),
                )
            }
            CheckpointError::Unsigned { .. } => Finding::new(
                format!(
                    "the head in {from} calls its territory {origin:?} as this one does, but was not signed with \
                     this one's key: it is another territory's of the same name, or forged"
                ),
                format!(
                    "{from} 里的树头同样写着 {origin:?}，却不是用这个辖区的密钥签的：它属于另一个同名的辖区，或是伪造的"
                ),
            ),
            CheckpointError::Malformed => Finding::new(
                format!("{from} holds no signed tree head, which is what `wanjia checkpoint` prints"),
                format!("{from} 里不是签名的树头；树头用 wanjia checkpoint 打印"),
            ),
            error => Finding::new(format!("{from}: {error}"), format!("{from}：{}", error.zh())),
        })
    }
}

/// A fault that the kept head has brought to light names where it was kept.
fn named(kept_head: Option<KeptHead<'_>>, kept_size: Option<u64>, fault: Fault) -> Finding {
    let about = match &fault {
        Fault::RootMismatch { size } => Some(*size),
        Fault::LogCut { says, .. } => Some(*says),
        _ => None,
    };
    let Finding { en, zh } = fault.into();
    match kept_head {
        Some(KeptHead { from, .. }) if about.is_some() && about == kept_size => Finding::new(
            format!("the head kept in {from} does not hold: {en}"),
            format!("{from} 里保存的树头对不上：{zh}"),
        ),
        _ => Finding { en, zh },
    }
}

/// Proves the directory as it is at this moment, also while another process writes to it. The ledger must still be one
/// that extends `kept_head`.
///
/// # Errors
/// The first [`Finding`].
pub fn verify(
    root: &Path,
    kept_head: Option<KeptHead<'_>>,
    with_views: bool,
    progress: &mut dyn FnMut(u64),
) -> std::result::Result<Verified, Finding> {
    let directory = Directory::find(root)?;
    // Keys and ciphertexts are committed before the facts that name them, and erased after the fact that says so.
    // So the facts are held fast first; what is newer in the vault is of later facts and left alone.
    let territory = held(&directory.territory(), schema::TERRITORY)?;
    let vault = held(&directory.vault(), schema::VAULT)?;
    // Facts, tree and content are read whole and hashed below, which no damage to their pages outlasts. The structure of
    // the files is looked at for the rest of what they hold: the views.
    let held_files = [(&territory, directory.territory()), (&vault, directory.vault())];
    for (connection, path) in held_files.into_iter().filter(|_| with_views) {
        let sound: String = connection.query_row("pragma quick_check(1)", [], |row| row.get(0))?;
        if sound != "ok" {
            let path = path.display();
            return Err(Finding::new(format!("{path}: {sound}"), format!("{path}：文件结构损坏：{sound}")));
        }
    }
    let started = Instant::now();
    let (send, receive) = std::sync::mpsc::sync_channel(16);
    let (facts, contents) = std::thread::scope(|scope| {
        let contents = scope.spawn(move || content::check(&vault, &receive));
        let facts = facts(&territory, kept_head, send, progress);
        (facts, contents.join())
    });
    let facts = facts?;
    let contents = contents.map_err(|_| {
        Finding::new("the reading of the vault broke off".into(), "读取密文库时中断".into())
    })??;
    let Facts { mut verifier, size, mut erased, kept_size } = facts;
    let now_erased = erased.clone();
    erasures_after(&directory, size, &mut erased)?;
    for (position, owner) in contents.missing {
        if !erased.allow(Id(owner), position) {
            return Err(Fault::ContentMissing { position, owner }.into());
        }
        verifier.content_erased();
    }
    verifier.contents_hold(contents.held);
    content::check_count(&directory, size, contents.sealed)?;
    content::check_erased(&directory, &now_erased)?;
    let summary = verifier.finish().map_err(|fault| named(kept_head, kept_size, fault))?;
    let facts_took = started.elapsed();
    let checkpoint = newest_checkpoint(&territory)?;
    let started = Instant::now();
    if with_views {
        let (_, difference) = rebuild::check(root, progress)?;
        if let Some(difference) = difference {
            let zh = format!("视图 {} 第 {} 行与事实不符：{difference}", difference.table, difference.row);
            return Err(Finding::new(difference.to_string(), zh));
        }
    }
    let (pictures_named, pictures_kept) =
        territory.query_row("select count(*), count(position) from attachment", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    let views_took = started.elapsed();
    Ok(Verified { summary, checkpoint, kept_size, pictures_named, pictures_kept, facts_took, views_took })
}

/// The newest signed tree head of a data directory, to be kept where the directory is not.
///
/// # Errors
/// If it is no data directory, or none was ever signed.
pub fn checkpoint(root: &Path) -> Result<String> {
    let directory = Directory::find(root)?;
    newest_checkpoint(&directory::open_reader(&directory.territory(), schema::TERRITORY)?)
}

fn newest_checkpoint(territory: &Connection) -> Result<String> {
    let note: Option<String> = territory
        .query_row("select note from checkpoints order by size desc limit 1", [], |row| row.get(0))
        .optional()?;
    note.ok_or_else(|| StoreError::Damaged("no tree head was ever signed".into()))
}

/// Opens a file for reading as it is now, whatever is written afterwards.
pub(crate) fn held(path: &Path, migrations: &[&str]) -> Result<Connection> {
    let connection = directory::open_reader(path, migrations)?;
    connection.execute_batch("begin")?;
    // A transaction begins to see at its first read.
    connection.query_row("select count(*) from sqlite_schema", [], |row| row.get::<_, i64>(0))?;
    Ok(connection)
}

/// Which content may be gone.
#[derive(Clone, Default)]
struct Erasures {
    /// Of these owners, everything from before a position.
    owners: FxHashMap<Id, u64>,
    /// At these positions, what was this owner's.
    pieces: FxHashMap<u64, Id>,
}

impl Erasures {
    fn allow(&self, owner: Id, position: u64) -> bool {
        self.owners.get(&owner).is_some_and(|before| position < *before)
            || self.pieces.get(&position) == Some(&owner)
    }
}

fn note_erasure(erased: &mut Erasures, position: u64, body: &Body) {
    match body {
        Body::Erased { person, .. } => {
            erased.owners.insert(*person, u64::MAX);
        }
        Body::NotesErased { dwelling, .. } => {
            let before = erased.owners.entry(*dwelling).or_default();
            *before = (*before).max(position);
        }
        Body::AnswersErased { owner, position, .. } => {
            erased.pieces.insert(*position, *owner);
        }
        _ => {}
    }
}

/// Adds the erasures of facts that came after the ones that were verified: their content may be gone already.
fn erasures_after(
    directory: &Directory,
    size: u64,
    erased: &mut Erasures,
) -> std::result::Result<(), Finding> {
    let territory = directory::open_reader(&directory.territory(), schema::TERRITORY)?;
    let mut read =
        territory.prepare("select position, fact from facts where position >= ?1 and verdict = 0")?;
    let mut rows = read.query([size])?;
    while let Some(row) = rows.next()? {
        let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
        if let Ok(envelope) = EnvelopeRef::decode(bytes)
            && let Ok(fact) = Fact::decode(envelope.payload)
        {
            note_erasure(erased, row.get(0)?, &fact.body);
        }
    }
    Ok(())
}

struct Facts {
    verifier: Verifier,
    size: u64,
    erased: Erasures,
    kept_size: Option<u64>,
}

fn facts(
    territory: &Connection,
    kept_head: Option<KeptHead<'_>>,
    to_content: SyncSender<Vec<content::Sealed>>,
    progress: &mut dyn FnMut(u64),
) -> std::result::Result<Facts, Finding> {
    let (origin, checkpoint_key) = founding(territory)?;
    let mut verifier = Verifier::new(&origin, checkpoint_key);
    let mut read = territory.prepare("select note from checkpoints order by size")?;
    let mut notes = read.query([])?;
    while let Some(row) = notes.next()? {
        let note = row.get_ref(0)?.as_str().map_err(rusqlite::Error::from)?;
        verifier.checkpoint(note)?;
    }
    let kept_size = kept_head.map(|kept| kept.open(&origin, &checkpoint_key)).transpose()?;
    let named = |fault| named(kept_head, kept_size, fault);
    if let Some(kept) = kept_head {
        verifier.checkpoint(kept.note).map_err(named)?;
    }
    let numbers = series_numbers(territory)?;
    let mut keys: FxHashMap<[u8; 16], [u8; 32]> = FxHashMap::default();
    let mut sealed = Vec::with_capacity(content::CHUNK);
    let mut erased = Erasures::default();
    let mut size = 0;
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
        let envelope = verifier.entry(&entry).map_err(named)?;
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
        // The first byte opens the array, then comes the kind: few kinds say something that verifying needs.
        if verdict == 0
            && matches!(envelope.payload, [_, 14 | 17, ..] | [_, 0x18, 25 | 31 | 48 | 55, ..])
            && let Ok(fact) = Fact::decode(envelope.payload)
        {
            match fact.body {
                Body::DeviceEnrolled { series, public_key, .. } => {
                    verifier.founding_key(&series.0, &public_key)?;
                    keys.insert(series.0, public_key);
                }
                Body::ProgrammePublished { programme, version, digest, .. } => {
                    packs::check(territory, position, &format!("{programme} {version}"), &digest)?;
                }
                Body::MapDrawn { area, digest, .. } => {
                    packs::check(territory, position, &format!("the map of {area}"), &digest)?;
                }
                body => note_erasure(&mut erased, position, &body),
            }
        }
        if let Some(commitment) = envelope.sealed
            && verdict != Quarantine::ContentMismatch as u64
            && verdict != Quarantine::Fork as u64
        {
            sealed.push((position, commitment));
            if sealed.len() == content::CHUNK {
                // Nobody listens any more only if the other side has found something; that is told at the end.
                let _ = to_content.send(std::mem::replace(&mut sealed, Vec::with_capacity(content::CHUNK)));
            }
        }
        size = position + 1;
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
    let _ = to_content.send(sealed);
    drop(to_content);
    heads(territory, &mut verifier, &keys)?;
    Ok(Facts { verifier, size, erased, kept_size })
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
