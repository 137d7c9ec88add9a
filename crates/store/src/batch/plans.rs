//! Putting a plan in force: the plan and everyone's part of it, in one batch.

use domain::fact::Body;
use domain::id::{ActorId, Id, PersonId, PlanId};
use domain::plan::{PartContent, PlanContent};
use domain::state::State as _;

use super::{Batch, Sealed};
use crate::error::Result;

/// Someone who is named in a plan, and whose phone shows her part.
pub struct NamedPart {
    /// How the plan's list calls her: in one area, the same words are the same person.
    pub called: String,
    pub content: PartContent,
    pub worker: Option<ActorId>,
}

impl Batch<'_> {
    /// Appends a plan (`published` is its [`Body::PlanPublished`]) with its content, and a part for each person named.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn publish_plan(
        &mut self,
        actor: ActorId,
        (plan, area): (PlanId, &str),
        published: Body,
        content: &PlanContent,
        parts: &[NamedPart],
    ) -> Result<()> {
        let plaintext = content.encode();
        self.append(actor, published, Some(Sealed { owner: plan, plaintext: &plaintext, fresh: true }))?;
        for part in parts {
            let (person, fresh) = self.named_in(area, &part.called)?;
            let plaintext = part.content.encode();
            let sealed = Sealed { owner: person, plaintext: &plaintext, fresh };
            self.append(actor, Body::PlanPart { plan, person, worker: part.worker }, Some(sealed))?;
        }
        Ok(())
    }

    /// The pseudonym under which plans of an area name someone, and whether it is new.
    fn named_in(&mut self, area: &str, called: &str) -> Result<(PersonId, bool)> {
        let tag = self.store.content.key()?.blind_tag("named in a plan", &format!("{area}\n{called}"));
        for owner in self.store.content.owners(tag)? {
            if !self.store.views.is_erased(owner)? {
                return Ok((owner, false));
            }
        }
        let person: Id = self.new_id()?;
        self.open_content()?;
        self.name_owner(person);
        self.store.content.put_tag(tag, person, false)?;
        Ok((person, true))
    }
}
