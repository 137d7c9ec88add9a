//! Erasing a person: the fact first, then her keys and tags, then her ciphertexts, then every trace of their bytes.
//!
//! Each step may be cut off by a kill. [`replay`] runs at every opening and finishes what is unfinished; it also
//! repeats erasures that a restored backup has never heard of, from the list kept beside the directory.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use domain::apply;
use domain::fact::Body;
use domain::id::{ActorId, Id, PersonId};
use domain::identity::Identity;
use domain::state::State;
use domain::time::Millis;

use crate::error::{Result, StoreError};
use crate::store::Store;

/// The list of erased pseudonyms beside a data directory. It outlives a restored backup, and names nobody.
#[must_use]
pub fn list_path(store: &Store) -> PathBuf {
    crate::directory::key_path(&store.directory().root).with_extension("erased")
}

/// Erases a person under all her ids. Returns how many ids that were.
///
/// # Errors
/// [`StoreError::Refused`] if nobody has this id; otherwise those of the storage, and then [`replay`] finishes later.
pub fn erase(store: &mut Store, actor: ActorId, person: PersonId, reason: u64, now: Millis) -> Result<usize> {
    let canonical = apply::canonical(store.state(), person)?;
    if store.state().person(canonical)?.is_none() {
        if store.state().is_erased(person)? {
            finish(store, &[person])?;
            return Ok(1);
        }
        return Err(StoreError::refused(
            "unknown_person",
            format!("没有编号为 {person} 的人；reconcile 的 person_id 一列有编号"),
            format!("nobody has the id {person}; the person_id column of `wanjia reconcile` holds the ids"),
        ));
    }
    let members = apply::group(store.state(), canonical)?;
    remember(store, &members)?;
    store.write(now, |batch| {
        for member in &members {
            batch.append(actor, Body::Erased { person: *member, reason }, None)?;
        }
        Ok(())
    })?;
    finish(store, &members)?;
    Ok(members.len())
}

fn remember(store: &Store, members: &[PersonId]) -> Result<()> {
    let path = list_path(store);
    let io = |source| StoreError::Io { path: path.clone(), source };
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(io)?;
    for member in members {
        writeln!(file, "{member}").map_err(io)?;
    }
    file.sync_all().map_err(io)
}

/// Finishes erasures: those in the ledger whose content is still there, and those in the list that the ledger, being
/// an older copy, does not know.
pub(crate) fn replay(store: &mut Store) -> Result<()> {
    let listed: Vec<Id> = fs::read_to_string(list_path(store))
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect();
    let mut unknown = Vec::new();
    for person in listed {
        if store.state().person(person)?.is_some() {
            unknown.push(person);
        }
    }
    if !unknown.is_empty() {
        // A restored ledger is dated by the newest thing it holds; the clock is the caller's and is not needed here.
        let now: Millis = store.views.connection().query_row(
            "select coalesce(max(received_at), 0) from facts where position >= (select max(position) - 100 from facts)",
            [],
            |row| row.get(0),
        )?;
        let actor = store.own_series;
        store.write(now, |batch| {
            for person in &unknown {
                batch.append(actor, Body::Erased { person: *person, reason: 0 }, None)?;
            }
            Ok(())
        })?;
    }
    let erased: Vec<Id> = {
        let mut read = store.views.connection().prepare("select person from erased")?;
        read.query_map([], |row| Ok(Id(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?
    };
    let mut unfinished = Vec::new();
    for person in erased {
        let has_key = store
            .content
            .keys
            .prepare_cached("select 1 from data_key where owner = ?1")?
            .exists([person.0])?;
        let has_content = store
            .content
            .vault
            .prepare_cached("select 1 from content where owner = ?1")?
            .exists([person.0])?;
        if has_key || has_content {
            unfinished.push(person);
        }
    }
    if unfinished.is_empty() { Ok(()) } else { finish(store, &unfinished) }
}

fn finish(store: &mut Store, people: &[PersonId]) -> Result<()> {
    for person in people {
        let tags = tags_of(store, *person)?;
        store.content.keys.execute_batch("begin immediate")?;
        store.content.forget_keys(*person, &tags)?;
        store.content.keys.execute_batch("commit")?;
        store.content.vault.execute_batch("begin immediate")?;
        store.content.forget_ciphertexts(*person)?;
        store.content.vault.execute_batch("commit")?;
    }
    // Deleted bytes are overwritten in the file only when the log is folded into it, and the log itself holds copies.
    for connection in [store.views.connection(), &store.content.vault, &store.content.keys] {
        connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get::<_, i64>(0))?;
    }
    Ok(())
}

/// Every tag under which any version of the person's content could be found.
fn tags_of(store: &Store, person: PersonId) -> Result<Vec<[u8; 16]>> {
    let positions: Vec<u64> = {
        let mut read = store.content.vault.prepare_cached("select position from content where owner = ?1")?;
        read.query_map([person.0], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?
    };
    let mut tags = Vec::new();
    for position in positions {
        let (envelope, _) = store.fact_at(position)?;
        let plain = store.content.open(person, position, Id(envelope.series), envelope.sequence)?;
        if let Some(identity) = plain.as_deref().and_then(Identity::decode) {
            tags.extend(store.content.tags(&identity)?);
        }
    }
    Ok(tags)
}
