//! The bytes of published programmes and of maps: kept by their digest beside the facts that name it, and held against it.

use domain::fact::Body;
use domain::id::ActorId;
use domain::state::State as _;
use domain::time::Day;
use ledger::Hash;
use rusqlite::{Connection, OptionalExtension, params};

use crate::batch::Batch;
use crate::error::{Refusal, Result, StoreError};
use crate::query::Reader;
use crate::verify::Finding;

/// A version of a programme and its pack.
pub struct Publication<'p> {
    pub programme: &'p str,
    pub version: &'p str,
    pub from: Day,
    pub sunset: Day,
    /// The pack's canonical bytes.
    pub pack: &'p [u8],
}

/// A published pack that this program cannot read: what rests on it waits, and the rest goes on.
#[must_use]
pub fn pack_unreadable(programme: &str, version: &str, digest: &Hash) -> Refusal {
    let digest: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    Refusal {
        code: PACK_UNREADABLE,
        zh: format!(
            "本程序读不了 {programme} 的版本 {version}（摘要 {digest}）：它的个案、任务和表单先停在这里，其余照常；请换用发布时\
             或更新的程序，再运行 wanjia rebuild；若 wanjia verify 说内容不对，请从备份恢复"
        ),
        en: format!(
            "this program cannot read version {version} of {programme} (digest {digest}): its cases, tasks and forms wait, \
             everything else goes on; use the program that published it or a newer one, then run `wanjia rebuild`; if \
             `wanjia verify` finds its bytes wrong, restore a backup"
        ),
    }
}

const PACK_UNREADABLE: &str = "pack_unreadable";

/// What was asked for, or none if it rests on a pack that this program cannot read: for lists, which go on without it.
///
/// # Errors
/// Every other.
pub fn if_readable<T>(found: Result<Option<T>>) -> Result<Option<T>> {
    match found {
        Err(StoreError::Refused(refusal)) if refusal.code == PACK_UNREADABLE => Ok(None),
        other => other,
    }
}

/// What was published stays as it is.
#[must_use]
pub fn version_published(programme: &str, version: &str) -> Refusal {
    Refusal {
        code: "version_published",
        zh: format!("{programme} 的版本 {version} 已经发布，内容不同：已发布的不能改，请另写一个版本号"),
        en: format!(
            "version {version} of {programme} is published with other contents: what is published stays as it is, give \
             the new one a version of its own"
        ),
    }
}

impl Batch<'_> {
    /// Puts a version of a programme on record, with its pack. Returns the fact's position.
    ///
    /// # Errors
    /// `version_published` if this version has another pack already, and those of the storage.
    pub fn publish_programme(&mut self, actor: ActorId, new: &Publication<'_>) -> Result<u64> {
        let digest = ledger::seal::digest(new.pack);
        if let Some(edition) = self.state().book().edition(new.programme, new.version)
            && edition.digest != digest
        {
            return Err(StoreError::Refused(version_published(new.programme, new.version)));
        }
        self.keep_bytes(&digest, new.pack)?;
        let body = Body::ProgrammePublished {
            programme: new.programme.to_owned(),
            version: new.version.to_owned(),
            from: new.from,
            sunset: new.sunset,
            digest,
        };
        self.append(actor, body, None)
    }
}

impl Batch<'_> {
    /// Puts an area's map on record. Returns the fact's position.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn draw_map(
        &mut self,
        actor: ActorId,
        area: &str,
        source: &str,
        bytes: &[u8],
        shapes: u64,
    ) -> Result<u64> {
        let digest = ledger::seal::digest(bytes);
        self.keep_bytes(&digest, bytes)?;
        let body = Body::MapDrawn { area: area.to_owned(), source: source.to_owned(), digest, shapes };
        self.append(actor, body, None)
    }

    fn keep_bytes(&mut self, digest: &Hash, bytes: &[u8]) -> Result<()> {
        self.state()
            .connection()
            .prepare_cached("insert or ignore into pack (digest, bytes) values (?1, ?2)")?
            .execute(params![digest, bytes])?;
        Ok(())
    }
}

impl Reader {
    /// The bytes of a published pack or of a map; none if none has this digest.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn pack(&self, digest: &Hash) -> Result<Option<Vec<u8>>> {
        pack(self.views.connection(), digest)
    }

    /// What to tell of each published pack that this program cannot read.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn unreadable_packs(&mut self) -> Result<Vec<Refusal>> {
        let mut unreadable = Vec::new();
        for edition in self.book().editions.clone() {
            match self.programme(&edition.programme, &edition.version) {
                Ok(_) => {}
                Err(StoreError::Refused(refusal)) => unreadable.push(refusal),
                Err(other) => return Err(other),
            }
        }
        Ok(unreadable)
    }
}

pub(crate) fn pack(connection: &Connection, digest: &Hash) -> Result<Option<Vec<u8>>> {
    // `pack` is in this file, or in the ledger attached to a rebuild.
    Ok(connection
        .prepare_cached("select bytes from pack where digest = ?1")?
        .query_row([digest], |row| row.get(0))
        .optional()?)
}

/// Whether the bytes of a publication are there, and are those that were published.
pub(crate) fn check(
    territory: &Connection,
    position: u64,
    named: &str,
    digest: &Hash,
) -> std::result::Result<(), Finding> {
    match pack(territory, digest)? {
        Some(bytes) if ledger::seal::digest(&bytes) == *digest => Ok(()),
        Some(_) => Err(Finding::new(
            format!("position {position}: the bytes of {named} are not those that were published"),
            format!("位置 {position}：{named} 的内容不是当时发布的"),
        )),
        None => Err(Finding::new(
            format!("position {position}: the bytes of {named} are missing"),
            format!("位置 {position}：缺少 {named} 的内容"),
        )),
    }
}
