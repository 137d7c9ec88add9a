//! Pictures that answers name, read: which there are of a filled-in form, and the bytes of one.

use domain::fact::Body;
use domain::id::{Id, SeriesId};
use programme::answer;
use programme::attachment::{self, Named};
use rusqlite::{OptionalExtension as _, params};

use crate::content::Content;
use crate::error::{Result, StoreError};
use crate::packs::if_readable;
use crate::query::Reader;
use crate::store::read_fact;
use crate::views::Views;

/// Why a file was sent back; nothing of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachmentRefused {
    /// The fact is not here, or it cannot be told yet what its answers name: send it again later.
    Unknown,
    /// What was answered is erased, or never came whole: nothing that belongs to it is taken any more.
    Gone,
    /// The answers name no such file.
    NotNamed,
    /// These are not the bytes that the answers name, or others have come under this name.
    Differs,
}

type Found = std::result::Result<Answered, AttachmentRefused>;

/// Whether these are the bytes that an answer names; any are, where it names them by the file's name alone.
pub(crate) fn fits(named: &Named, bytes: &[u8]) -> bool {
    named.digest.is_none_or(|digest| digest == ledger::seal::digest(bytes))
}

/// The files that the answers of one fact name.
#[derive(Clone, Debug)]
pub struct Answered {
    pub owner: Id,
    pub series: SeriesId,
    pub sequence: u64,
    pub named: Vec<Named>,
    /// Of each, once that is written down, the position of the fact that it came with.
    pub kept: Vec<Option<u64>>,
}

impl Answered {
    /// Whether the file of this name has come.
    #[must_use]
    pub fn is_here(&self, name: &str) -> bool {
        let number = self.named.iter().position(|named| named.name == name);
        number.and_then(|number| self.kept.get(number)).is_some_and(Option::is_some)
    }
}

/// What there is of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picture {
    Here(Vec<u8>),
    /// It has not come yet.
    Missing,
    /// The bytes are not those that the answers name.
    Altered,
}

/// Where the fact with this number of a series stands; of several that claim it, the one that was followed.
pub(crate) fn position_of(views: &Views, series: SeriesId, sequence: u64) -> Result<Option<u64>> {
    let Ok(sequence) = i64::try_from(sequence) else { return Ok(None) };
    Ok(views
        .connection()
        .prepare_cached(
            "select facts.position from facts join series on series.number = facts.series
             where series.id = ?1 and facts.series <> 0 and facts.sequence = ?2 and facts.verdict <> 1",
        )?
        .query_row(params![series.0, sequence], |row| row.get(0))
        .optional()?)
}

/// Of a fact with this number of a series, as [`answered`].
pub(crate) fn answered_of(
    views: &mut Views,
    content: &mut Content,
    (series, sequence): (SeriesId, u64),
) -> Result<Found> {
    match position_of(views, series, sequence)? {
        Some(position) => answered(views, content, position),
        None => Ok(Err(AttachmentRefused::Unknown)),
    }
}

/// The files that the answers of the fact at a position name.
pub(crate) fn answered(views: &mut Views, content: &mut Content, position: u64) -> Result<Found> {
    let (envelope, fact) = match read_fact(views.connection(), position) {
        Ok(found) => found,
        Err(StoreError::Damaged(_)) => return Ok(Err(AttachmentRefused::NotNamed)),
        Err(error) => return Err(error),
    };
    let Body::Answered { subject, programme, version, form, .. } = &fact.body else {
        return Ok(Err(AttachmentRefused::NotNamed));
    };
    let (owner, series, sequence) = (subject.id(), Id(envelope.series), envelope.sequence);
    let read = views.programme(programme, version);
    let Some(read) = if_readable(read)? else { return Ok(Err(AttachmentRefused::Unknown)) };
    let mut answered = Answered { owner, series, sequence, named: Vec::new(), kept: Vec::new() };
    let Some(form) = read.form(form).filter(|form| form.asks_for_files()) else { return Ok(Ok(answered)) };
    let Some(plain) = content.open(owner, position, series, sequence)? else {
        return Ok(Err(AttachmentRefused::Gone));
    };
    let named = attachment::named(form, &answer::decode(&plain).unwrap_or_default());
    answered.named = named.into_iter().take(attachment::MOST_FILES).collect();
    let mut read = views.connection().prepare_cached(
        "select position from attachment where series = ?1 and sequence = ?2 order by number",
    )?;
    let rows = read.query_map(params![series.0, sequence], |row| row.get(0))?;
    answered.kept = rows.collect::<rusqlite::Result<_>>()?;
    Ok(Ok(answered))
}

/// The bytes that came with the fact at a position; none if they are erased.
pub(crate) fn bytes_at(views: &Views, content: &mut Content, position: u64) -> Result<Option<Vec<u8>>> {
    let (envelope, fact) = read_fact(views.connection(), position)?;
    let Body::AttachmentKept { owner, .. } = fact.body else { return Ok(None) };
    content.open(owner, position, Id(envelope.series), envelope.sequence)
}

impl Reader {
    /// The files that the answers of the fact with this number of a series name.
    ///
    /// # Errors
    /// The outer error is the storage's.
    pub fn answered_of(&mut self, of: (SeriesId, u64)) -> Result<Found> {
        answered_of(&mut self.views, &mut self.content, of)
    }

    /// As [`Reader::answered_of`], of the fact at a position; none if they are erased.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn attachments(&mut self, position: u64) -> Result<Option<Answered>> {
        Ok(answered(&mut self.views, &mut self.content, position)?.ok())
    }

    /// The file of this name that the answers of the fact at a position name; none if they name none such, or are erased.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn picture(&mut self, position: u64, name: &str) -> Result<Option<Picture>> {
        let Some(answered) = self.attachments(position)? else { return Ok(None) };
        let Some(number) = answered.named.iter().position(|named| named.name == name) else {
            return Ok(None);
        };
        let Some(kept) = answered.kept.get(number).copied().flatten() else {
            return Ok(Some(Picture::Missing));
        };
        let bytes = bytes_at(&self.views, &mut self.content, kept)?;
        Ok(bytes.map(|bytes| match answered.named.get(number) {
            Some(named) if fits(named, &bytes) => Picture::Here(bytes),
            _ => Picture::Altered,
        }))
    }
}
