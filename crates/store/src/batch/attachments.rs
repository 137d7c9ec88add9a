//! Pictures that answers name: how many is written down with the answers, and each as it comes.

use domain::fact::{Body, Fact};
use domain::id::{ActorId, Id, SeriesId};
use programme::form::Form;

use super::{Batch, Sealed};
use crate::attachments::{self, AttachmentRefused};
use crate::error::Result;
use crate::packs::if_readable;

impl Batch<'_> {
    /// Writes down how many files the answers of a fact name, if they name any.
    pub(super) fn name_attachments(&mut self, position: u64, fact: &Fact) -> Result<()> {
        let Body::Answered { subject, programme, version, form, .. } = &fact.body else { return Ok(()) };
        let store = &mut *self.store;
        // Most forms ask for none, and are not opened for it.
        let read = if_readable(store.views.programme(programme, version))?;
        if !read.is_some_and(|read| read.form(form).is_some_and(Form::asks_for_files)) {
            return Ok(());
        }
        let found = attachments::answered(&mut store.views, &mut store.content, position)?;
        let Ok(answered) = found else { return Ok(()) };
        if answered.named.is_empty() || !answered.kept.is_empty() {
            return Ok(());
        }
        let (owner, files) = (subject.id(), answered.named.len() as u64);
        let body =
            Body::AttachmentsNamed { owner, series: answered.series, sequence: answered.sequence, files };
        self.append(self.store.own_series, body, None)?;
        Ok(())
    }

    /// Keeps a file that the answers of a fact name, sealed as they are; one that is here already is no other fact.
    /// Returns the position of its fact.
    ///
    /// # Errors
    /// The outer error is the storage's.
    pub fn keep_attachment(
        &mut self,
        actor: ActorId,
        of: (SeriesId, u64),
        name: &str,
        bytes: &[u8],
    ) -> Result<std::result::Result<u64, AttachmentRefused>> {
        let (owner, number) = match self.place_of(of, name, bytes)? {
            Ok(Place::Kept(position)) => return Ok(Ok(position)),
            Ok(Place::Open { owner, number }) => (owner, number),
            Err(refused) => return Ok(Err(refused)),
        };
        let body = Body::AttachmentKept { owner, series: of.0, sequence: of.1, number };
        self.append(actor, body, Some(Sealed { owner, plaintext: bytes, fresh: false })).map(Ok)
    }

    /// Where a file belongs that came for a fact, or why it does not.
    pub(super) fn place_of(
        &mut self,
        of: (SeriesId, u64),
        name: &str,
        bytes: &[u8],
    ) -> Result<std::result::Result<Place, AttachmentRefused>> {
        let store = &mut *self.store;
        let answered = match attachments::answered_of(&mut store.views, &mut store.content, of)? {
            Ok(answered) => answered,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(number) = answered.named.iter().position(|named| named.name == name) else {
            return Ok(Err(AttachmentRefused::NotNamed));
        };
        if !answered.named.get(number).is_some_and(|named| attachments::fits(named, bytes)) {
            return Ok(Err(AttachmentRefused::Differs));
        }
        Ok(match answered.kept.get(number) {
            None => Err(AttachmentRefused::Unknown),
            Some(None) => Ok(Place::Open { owner: answered.owner, number: number as u64 }),
            Some(Some(kept)) => {
                let here = attachments::bytes_at(&store.views, &mut store.content, *kept)?;
                if here.as_deref() == Some(bytes) {
                    Ok(Place::Kept(*kept))
                } else {
                    Err(AttachmentRefused::Differs)
                }
            }
        })
    }
}

/// Where a file belongs.
pub(super) enum Place {
    /// It is here, as the content of the fact at this position.
    Kept(u64),
    Open {
        owner: Id,
        number: u64,
    },
}
