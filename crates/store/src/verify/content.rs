//! Sealed content against what the facts commit to, and nothing left of those who were erased.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use domain::id::Id;
use ledger::envelope::Commitment;
use ledger::seal;
use ledger::verify::Fault;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, params};

use super::{Erasures, Finding, held};
use crate::directory::Directory;
use crate::error::Result;
use crate::schema;

/// How many commitments are handed over at once.
pub(super) const CHUNK: usize = 4096;

/// A fact's position and what it commits to.
pub(super) type Sealed = (u64, Commitment);

/// What the vault holds of what the facts commit to.
#[derive(Default)]
pub(super) struct Contents {
    /// How many facts have content.
    pub sealed: u64,
    /// How many pieces are there and fit.
    pub held: u64,
    /// Position and owner of those that are not there.
    pub missing: Vec<(u64, [u8; 16])>,
}

/// Compares every ciphertext with its fact. Facts of an import stand in the order in which the vault keeps their content,
/// so the vault is read as a stream, which is set anew wherever the two part.
pub(super) fn check(
    vault: &Connection,
    chunks: &Receiver<Vec<Sealed>>,
) -> std::result::Result<Contents, Finding> {
    let mut read = vault.prepare(
        "select owner, position, ciphertext from content where (owner, position) >= (?1, ?2) order by owner, position",
    )?;
    let mut contents = Contents::default();
    let mut wanted = chunks.iter().flatten();
    let mut next = wanted.next();
    while let Some(first) = next.take() {
        let mut want = first;
        let mut rows = read.query(params![want.1.owner, want.0])?;
        let mut at_start = true;
        loop {
            let found = match rows.next()? {
                Some(row)
                    if row.get::<_, [u8; 16]>(0)? == want.1.owner && row.get::<_, u64>(1)? == want.0 =>
                {
                    let ciphertext = row.get_ref(2)?.as_blob().map_err(rusqlite::Error::from)?;
                    if seal::digest(ciphertext) != want.1.digest {
                        return Err(Fault::ContentMismatch { position: want.0, owner: want.1.owner }.into());
                    }
                    contents.held += 1;
                    true
                }
                _ => false,
            };
            if !found && !at_start {
                // The stream has gone another way than the facts.
                next = Some(want);
                break;
            }
            contents.sealed += 1;
            if !found {
                contents.missing.push((want.0, want.1.owner));
                next = wanted.next();
                break;
            }
            at_start = false;
            match wanted.next() {
                Some(following) => want = following,
                None => return Ok(contents),
            }
        }
    }
    Ok(contents)
}

/// Nothing was put into the vault that no fact commits to. What a kill left there, whose facts never came, is not
/// counted: the keys' file says up to which position that can be, and the next opening takes it out.
pub(super) fn check_count(directory: &Directory, size: u64, sealed: u64) -> std::result::Result<(), Finding> {
    // While another process writes, what is newer than the facts that were read is of facts about to come.
    let alone = directory.lock();
    let now: u64 = held(&directory.territory(), schema::TERRITORY)?.query_row(
        "select coalesce(max(position) + 1, 0) from facts",
        [],
        |row| row.get(0),
    )?;
    let expected_from = if alone.is_ok() && now == size {
        held(&directory.keys(), schema::KEYS)?
            .query_row("select value from meta where name = 'high_position'", [], |row| row.get(0))
            .optional()?
            .unwrap_or(0)
            .max(size)
    } else {
        i64::MAX as u64
    };
    let vault = held(&directory.vault(), schema::VAULT)?;
    let held: u64 = vault.query_row(
        "select count(*) from content where position < ?1 or position >= ?2",
        [size, expected_from],
        |row| row.get(0),
    )?;
    if held > sealed {
        return Err(Finding::new(
            format!("the vault holds {held} ciphertexts, the facts commit to {sealed}: something was put in"),
            format!("密文库里有 {held} 份密文，而事实只对应 {sealed} 份：有东西被放了进去"),
        ));
    }
    Ok(())
}

/// No key, tag or ciphertext is left of someone who is erased, and no tag is kept that could not be deleted with its
/// owner.
pub(super) fn check_erased(directory: &Directory, erased: &Erasures) -> std::result::Result<(), Finding> {
    if left_of(directory, erased)?.is_some() {
        // An erasure that is under way holds the keys until it is through; whoever waits for them finds it done.
        let keys = Connection::open_with_flags(
            directory.keys(),
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        keys.busy_timeout(Duration::from_secs(30))?;
        keys.execute_batch("begin immediate; rollback")?;
        let vault = Connection::open_with_flags(
            directory.vault(),
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        vault.busy_timeout(Duration::from_secs(30))?;
        vault.execute_batch("begin immediate; rollback")?;
    }
    if let Some((owner, what)) = left_of(directory, erased)? {
        return Err(Finding::new(
            format!(
                "{owner} is erased, but {what} of hers is still in the files (an old copy of one of them was put back?); \
                 the next command that writes removes it, `wanjia erase` too"
            ),
            format!(
                "{owner} 已删除，但文件里还有与之相关的{}（是否放回了某个文件的旧副本？）；下一次写入会清除，wanjia erase 也会",
                chinese(what)
            ),
        ));
    }
    let keys = held(&directory.keys(), schema::KEYS)?;
    let (tags, owned): (u64, u64) =
        keys.query_row("select (select count(*) from tag), (select count(*) from owner_tag)", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if tags != owned {
        return Err(Finding::new(
            format!("the keys' file finds people by {tags} tags, but knows the owners of {owned}"),
            format!("密钥库里有 {tags} 个检索标签，却只知道其中 {owned} 个属于谁"),
        ));
    }
    Ok(())
}

fn chinese(what: &str) -> &'static str {
    match what {
        "a tag" => "检索标签",
        "a key" => "密钥",
        _ => "密文",
    }
}

fn left_of(directory: &Directory, erased: &Erasures) -> Result<Option<(Id, &'static str)>> {
    let keys = held(&directory.keys(), schema::KEYS)?;
    let vault = held(&directory.vault(), schema::VAULT)?;
    let mut tag = keys.prepare("select 1 from owner_tag where owner = ?1")?;
    let mut key = keys.prepare("select 1 from data_key where owner = ?1 and position < ?2")?;
    let mut ciphertext = vault.prepare("select 1 from content where owner = ?1 and position < ?2")?;
    let mut owners: Vec<(&Id, u64)> =
        erased.owners.iter().map(|(owner, before)| (owner, (*before).min(i64::MAX as u64))).collect();
    owners.sort_unstable();
    for (owner, before) in owners {
        for (read, what) in [(&mut key, "a key"), (&mut ciphertext, "a ciphertext")] {
            if read.exists(params![owner.0, before])? {
                return Ok(Some((*owner, what)));
            }
        }
        if before == i64::MAX as u64 && tag.exists([owner.0])? {
            return Ok(Some((*owner, "a tag")));
        }
    }
    let mut ciphertext = vault.prepare("select 1 from content where owner = ?1 and position = ?2")?;
    let mut pieces: Vec<(u64, Id)> = erased.pieces.iter().map(|(at, owner)| (*at, *owner)).collect();
    pieces.sort_unstable();
    for (position, owner) in pieces {
        if ciphertext.exists(params![owner.0, position])? {
            return Ok(Some((owner, "a ciphertext")));
        }
    }
    Ok(None)
}
