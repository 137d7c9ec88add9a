//! Erasing a person: the fact first, then her keys and tags, then her ciphertexts, then every trace of their bytes.
//! What was noted at her doors, or asked for there, may name her, so it goes along. The answers of a form are erased alone,
//! when their time is over.
//!
//! Each step may be cut off by a kill. [`replay`] runs at every opening and finishes what is unfinished; it also
//! repeats erasures that a restored backup has never heard of, from the list kept beside the directory.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use domain::apply;
use domain::fact::Body;
use domain::id::{ActorId, DwellingId, Id, PersonId};
use domain::slip::What;
use domain::state::State;
use domain::time::Millis;
use rusqlite::{OptionalExtension, params};

use crate::error::{Result, StoreError};
use crate::store::{Store, read_fact};

/// Why something was erased: it was asked for.
pub const ASKED: u64 = 0;
/// The time for which it is kept was over.
pub const OVER: u64 = 1;

/// Everything of an owner, whenever it came.
const ALL: u64 = i64::MAX as u64;

/// The list of erased pseudonyms beside a data directory. It outlives a restored backup, and names nobody.
#[must_use]
pub fn list_path(store: &Store) -> PathBuf {
    list_beside(&store.directory().root)
}

pub(crate) fn list_beside(root: &Path) -> PathBuf {
    crate::directory::key_path(root).with_extension("erased")
}

/// One line of the list: a person's id; a dwelling's with the time at which its notes were erased; or an owner's with the
/// position of the answers or of the picture, and the time at which they were received, since a ledger that was restored
/// may hold something else at that position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    Person(PersonId),
    Notes(DwellingId, Millis),
    Answers { owner: Id, position: u64, received_at: Millis },
}

/// Whether the ledger knows of what a line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    Yes,
    No,
    /// What was erased has never come to this ledger.
    NothingThere,
}

impl Line {
    fn parse(line: &str) -> Option<Self> {
        match line.split(' ').collect::<Vec<_>>()[..] {
            [person] => person.parse().ok().map(Self::Person),
            [dwelling, at] => Some(Self::Notes(dwelling.parse().ok()?, at.parse().ok()?)),
            [owner, position, received_at] => Some(Self::Answers {
                owner: owner.parse().ok()?,
                position: position.parse().ok()?,
                received_at: received_at.parse().ok()?,
            }),
            _ => None,
        }
    }

    fn body(self, reason: u64) -> Body {
        match self {
            Self::Person(person) => Body::Erased { person, reason },
            Self::Notes(dwelling, _) => Body::NotesErased { dwelling, reason },
            Self::Answers { owner, position, .. } => Body::AnswersErased { owner, position, reason },
        }
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Person(person) => write!(f, "{person}"),
            Self::Notes(dwelling, at) => write!(f, "{dwelling} {at}"),
            Self::Answers { owner, position, received_at } => write!(f, "{owner} {position} {received_at}"),
        }
    }
}

/// Erases a person under all her ids, and what was noted at the doors where she was listed or seen. Returns under how
/// many ids she was known: none if she was erased before, which is finished if it was cut off.
///
/// # Errors
/// [`StoreError::Refused`] if nobody has this id; otherwise those of the storage, and then [`replay`] finishes later.
pub fn erase(store: &mut Store, actor: ActorId, person: PersonId, reason: u64, now: Millis) -> Result<usize> {
    let canonical = apply::canonical(store.state(), person)?;
    let known = store.state().person(canonical)?.is_some();
    if !known && store.state().is_erased(person)? {
        let position = store.size();
        forget(store, &[(Line::Person(person), position)])?;
        return Ok(0);
    }
    // Someone whom only quarantined facts name is in no view, but what they said of her is in the vault.
    if !known && !store.content.holds(person, ALL)? {
        return Err(StoreError::refused(
            "unknown_person",
            format!("没有编号为 {person} 的人；reconcile 的 person_id 一列有编号"),
            format!("nobody has the id {person}; the person_id column of `wanjia reconcile` holds the ids"),
        ));
    }
    let members = if known { apply::group(store.state(), canonical)? } else { vec![person] };
    let mut lines: Vec<Line> = members.iter().copied().map(Line::Person).collect();
    for door in doors_of(store, &members)? {
        lines.extend(notes_of(store, door, now)?);
        lines.extend(asked_at(store, door, &members)?);
    }
    carry_out(store, actor, &lines, reason, now)?;
    Ok(members.len())
}

/// Erases what was noted at a door up to now. Returns under how many ids of the door there was something.
///
/// # Errors
/// [`StoreError::Refused`] if there is no such door; otherwise those of the storage.
pub fn erase_notes(
    store: &mut Store,
    actor: ActorId,
    dwelling: DwellingId,
    reason: u64,
    now: Millis,
) -> Result<usize> {
    let door = apply::resolve_dwelling(store.state(), dwelling)?;
    if store.state().dwelling(door)?.is_none() {
        return Err(StoreError::refused(
            "unknown_dwelling",
            format!("没有编号为 {dwelling} 的户"),
            format!("there is no dwelling {dwelling}"),
        ));
    }
    let lines = notes_of(store, door, now)?;
    carry_out(store, actor, &lines, reason, now)?;
    Ok(lines.len())
}

/// Erases the answers of filled-in forms, each by whom it is about and its position, and the pictures that came with them.
/// That they were filled in stays. Returns of how many there was something left to erase.
///
/// # Errors
/// Those of the storage, and then [`replay`] finishes later.
pub fn erase_answers(
    store: &mut Store,
    actor: ActorId,
    forms: &[(Id, u64)],
    reason: u64,
    now: Millis,
) -> Result<usize> {
    let mut lines = Vec::new();
    let mut erased = 0;
    for (owner, position) in forms {
        let connection = store.views.connection();
        let there = connection
            .prepare_cached(
                "select 1 from filled where subject = ?1 and position = ?2 and erased_at is null",
            )?
            .exists(params![owner.0, position])?;
        if !there {
            continue;
        }
        erased += 1;
        let (envelope, _) = read_fact(connection, *position)?;
        let mut read = connection.prepare_cached(
            "select position, received_at from facts where position = ?3 or position in
                 (select position from attachment where series = ?1 and sequence = ?2 and position is not null)
             order by position",
        )?;
        let pieces = read.query_map(params![envelope.series, envelope.sequence, position], |row| {
            Ok(Line::Answers { owner: *owner, position: row.get(0)?, received_at: row.get(1)? })
        })?;
        lines.extend(pieces.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    carry_out(store, actor, &lines, reason, now)?;
    Ok(erased)
}

fn carry_out(store: &mut Store, actor: ActorId, lines: &[Line], reason: u64, now: Millis) -> Result<()> {
    if lines.is_empty() {
        return Ok(());
    }
    let before = remember(store, lines)?;
    // Whoever reads the keys in between and finds what the facts say is erased can wait for this transaction's end.
    store.content.keys.execute_batch("begin immediate")?;
    let first = store.size();
    let written = store.write(now, |batch| {
        for line in lines {
            batch.append(actor, line.body(reason), None)?;
        }
        Ok(())
    });
    if let Err(error) = written {
        unremember(store, before)?;
        return Err(error);
    }
    let unfinished: Vec<(Line, u64)> = lines.iter().copied().zip(first..).collect();
    forget(store, &unfinished)
}

/// Where the people are listed or were seen.
fn doors_of(store: &mut Store, people: &[PersonId]) -> Result<Vec<DwellingId>> {
    let sweeps = u32::try_from(store.book().sweeps.len()).unwrap_or(u32::MAX);
    let mut doors = Vec::new();
    for person in people {
        doors.extend(store.state().person(*person)?.and_then(|row| row.dwelling));
        for sweep in 0..sweeps {
            doors.extend(store.state().sightings(sweep, *person)?.into_iter().map(|(door, _)| door));
        }
    }
    doors.sort_unstable();
    doors.dedup();
    Ok(doors)
}

/// The ids of a door under which something is sealed.
fn notes_of(store: &Store, door: DwellingId, now: Millis) -> Result<Vec<Line>> {
    let mut ids = vec![door];
    {
        let connection = store.views.connection();
        let mut read =
            connection.prepare_cached("select id from dwelling_alias where dwelling = ?1 order by id")?;
        let aliases = read.query_map([door.0], |row| Ok(Id(row.get(0)?)))?;
        ids.extend(aliases.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    let mut lines = Vec::new();
    for id in ids {
        if store.content.holds(id, ALL)? {
            lines.push(Line::Notes(id, now));
        }
    }
    Ok(lines)
}

/// What residents of a door asked for and is still kept. People whom they reported are people of their own.
fn asked_at(store: &Store, door: DwellingId, members: &[PersonId]) -> Result<Vec<Line>> {
    let mut read = store
        .views
        .connection()
        .prepare_cached("select id from said where dwelling = ?1 and what <> ?2 union select kept from said where dwelling = ?1 and kept is not null order by 1")?;
    let rows = read.query_map(params![door.0, What::Person as u8], |row| Ok(Id(row.get(0)?)))?;
    let mut lines = Vec::new();
    for id in rows.collect::<rusqlite::Result<Vec<PersonId>>>()? {
        if !members.contains(&id) && store.content.holds(id, ALL)? {
            lines.push(Line::Person(id));
        }
    }
    Ok(lines)
}

/// Writes the lines to the end of the list. Returns how long it was.
fn remember(store: &Store, lines: &[Line]) -> Result<u64> {
    let path = list_path(store);
    let io = |source| StoreError::Io { path: path.clone(), source };
    let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(io)?;
    let before = file.metadata().map_err(io)?.len();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    file.write_all(text.as_bytes()).map_err(io)?;
    file.sync_all().map_err(io)?;
    Ok(before)
}

fn unremember(store: &Store, length: u64) -> Result<()> {
    let path = list_path(store);
    let io = |source| StoreError::Io { path: path.clone(), source };
    let file = OpenOptions::new().write(true).open(&path).map_err(io)?;
    file.set_len(length).map_err(io)?;
    file.sync_all().map_err(io)
}

/// Finishes erasures: those in the ledger whose content is still there, and those in the list that the ledger, being
/// an older copy, does not know.
pub(crate) fn replay(store: &mut Store) -> Result<()> {
    let mut through = done_through(&store.content.keys)?.min(done_through(&store.content.vault)?);
    if through > store.size() {
        // The ledger is an older copy than these files.
        through = 0;
    }
    let unknown = unheard_of(store)?;
    if !unknown.is_empty() {
        // A restored ledger is dated by the newest thing it holds; the clock is the caller's and is not needed here.
        let now: Millis = store.views.connection().query_row(
            "select coalesce(max(received_at), 0) from facts where position >= (select max(position) - 100 from facts)",
            [],
            |row| row.get(0),
        )?;
        let actor = store.own_series;
        store.write(now, |batch| {
            for line in &unknown {
                let at = if let Line::Notes(_, at) = line { *at } else { now };
                batch.append_at(at, actor, line.body(0), None)?;
            }
            Ok(())
        })?;
    }
    let mut unfinished: Vec<(Line, u64)> = Vec::new();
    {
        let connection = store.views.connection();
        let mut read = connection.prepare("select person, position from erased where position >= ?1")?;
        let people = read.query_map([through], |row| Ok((Line::Person(Id(row.get(0)?)), row.get(1)?)))?;
        unfinished.extend(people.collect::<rusqlite::Result<Vec<_>>>()?);
        let mut read =
            connection.prepare("select dwelling, at, position from notes_erased where position >= ?1")?;
        let notes =
            read.query_map([through], |row| Ok((Line::Notes(Id(row.get(0)?), row.get(1)?), row.get(2)?)))?;
        unfinished.extend(notes.collect::<rusqlite::Result<Vec<_>>>()?);
        let mut read = connection.prepare(
            "select owner, content, facts.received_at, answers_erased.position
             from answers_erased join facts on facts.position = content where answers_erased.position >= ?1",
        )?;
        let answers = read.query_map([through], |row| {
            let (owner, position) = (Id(row.get(0)?), row.get(1)?);
            Ok((Line::Answers { owner, position, received_at: row.get(2)? }, row.get(3)?))
        })?;
        unfinished.extend(answers.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    if unfinished.is_empty() { Ok(()) } else { forget(store, &unfinished) }
}

/// Up to which position a file has carried out every erasure.
fn done_through(connection: &rusqlite::Connection) -> Result<u64> {
    let found = connection
        .query_row("select value from meta where name = 'erased_through'", [], |row| row.get(0))
        .optional()?;
    Ok(found.unwrap_or(0))
}

/// The lines at the end of the list that the ledger does not know. Lines are as old as their facts, so the first known
/// one from the end ends the search, and a long list costs nothing.
fn unheard_of(store: &mut Store) -> Result<Vec<Line>> {
    let path = list_path(store);
    let io = |source| StoreError::Io { path: path.clone(), source };
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(io(error)),
    };
    let length = file.metadata().map_err(io)?.len();
    let mut window = 64 * 1024;
    loop {
        let start = length.saturating_sub(window);
        file.seek(SeekFrom::Start(start)).map_err(io)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<&str> = text.lines().collect();
        if start > 0 && !lines.is_empty() {
            // The first is cut in two.
            lines.remove(0);
        }
        let mut unknown = Vec::new();
        let mut met_known = start == 0;
        for line in lines.into_iter().rev().filter_map(Line::parse) {
            match heard_of(store, line)? {
                Heard::Yes => {
                    met_known = true;
                    break;
                }
                Heard::No => unknown.push(line),
                Heard::NothingThere => {}
            }
        }
        if met_known {
            unknown.reverse();
            return Ok(unknown);
        }
        window *= 4;
    }
}

fn heard_of(store: &mut Store, line: Line) -> Result<Heard> {
    let known = match line {
        Line::Person(person) => store.state().is_erased(person)?,
        Line::Notes(dwelling, at) => store
            .views
            .connection()
            .prepare_cached("select 1 from notes_erased where dwelling = ?1 and at >= ?2")?
            .exists(params![dwelling.0, at])?,
        Line::Answers { owner, position, received_at } => {
            let connection = store.views.connection();
            let there = connection
                .prepare_cached("select 1 from facts where position = ?1 and received_at = ?2")?
                .exists(params![position, received_at])?;
            if !there {
                return Ok(Heard::NothingThere);
            }
            connection
                .prepare_cached("select 1 from answers_erased where content = ?1 and owner = ?2")?
                .exists(params![position, owner.0])?
        }
    };
    Ok(if known { Heard::Yes } else { Heard::No })
}

/// Removes keys and tags in one transaction, ciphertexts in the next, and then the copies of both in the logs.
fn forget(store: &mut Store, what: &[(Line, u64)]) -> Result<()> {
    let size = store.size();
    let content = &store.content;
    let path = |area| store.views.book().areas.path(area).collect();
    let done = "insert or replace into meta (name, value) values ('erased_through', ?1)";
    if content.keys.is_autocommit() {
        content.keys.execute_batch("begin immediate")?;
    }
    for (line, position) in what {
        match line {
            Line::Person(person) => {
                content.forget_tags(*person)?;
                content.forget_keys(*person, ALL)?;
                content.forget_contributions(*person, path)?;
            }
            Line::Notes(dwelling, _) => {
                content.forget_keys(*dwelling, *position)?;
                content.forget_contributions(*dwelling, path)?;
            }
            // The key is the owner's, for all that is hers; what she adds to figures is counted anew.
            Line::Answers { .. } => {}
        }
    }
    content.keys.execute(done, [size])?;
    content.keys.execute_batch("commit")?;
    content.vault.execute_batch("begin immediate")?;
    for (line, position) in what {
        match line {
            Line::Person(person) => content.forget_ciphertexts(*person, ALL)?,
            Line::Notes(dwelling, _) => content.forget_ciphertexts(*dwelling, *position)?,
            Line::Answers { owner, position, .. } => content.forget_ciphertext(*owner, *position)?,
        }
    }
    content.vault.execute(done, [size])?;
    content.vault.execute_batch("commit")?;
    // Deleted bytes are overwritten in the file only when the log is folded into it, and the log itself holds copies.
    for connection in [store.views.connection(), &store.content.vault, &store.content.keys] {
        connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get::<_, i64>(0))?;
    }
    Ok(())
}
