//! What a programme says of a fact from the field before it counts: whether answers fit their form, and whether the
//! condition of a step holds.

use domain::access::{Action, Grant, Role, may};
use domain::admit::{Quarantine, holds_role};
use domain::apply::{self, area_about, area_of_case, happened_at};
use domain::area::AreaNumber;
use domain::case::{Case, Deed, Subject};
use domain::fact::{Body, Fact};
use domain::id::{CaseId, DwellingId, PersonId, SeriesId};
use domain::state::{Device, State as _};
use domain::time::{Millis, day_of, from_day, minute_of};
use ledger::envelope::Envelope;
use programme::answer;

use super::Batch;
use crate::cases::{Known, holds_on, instant, is_about};
use crate::error::{Result, StoreError};
use crate::packs::if_readable;
use crate::push::Pushed;

impl Batch<'_> {
    pub(super) fn judge_by_programme(
        &mut self,
        (series, device): (SeriesId, &Device),
        pushed: &Pushed,
        envelope: &Envelope,
        fact: &Fact,
    ) -> Result<Option<Quarantine>> {
        match &fact.body {
            Body::Answered { subject, dwelling, programme, version, form, on, .. } => {
                let read = self.store.views.programme(programme, version);
                let Some(read) = if_readable(read)? else {
                    return Ok(Some(Quarantine::UnknownProgramme));
                };
                let Some(form) = read.form(form) else { return Ok(Some(Quarantine::UnknownProgramme)) };
                let area = area_about(&mut self.store.views, *subject, *dwelling)?.unwrap_or(0);
                if !self.may_fill_in(device, *subject, (programme, &form.filled_by), area)? {
                    return Ok(Some(Quarantine::NotInRole));
                }
                // Other clients choose a person out of a list, and might choose one of another door; a phone meets her.
                if let Subject::Person(person) = *subject
                    && device.public_key == self.store.own_key.public()
                    && !self.is_listed_behind(person, *dwelling)?
                {
                    return Ok(Some(Quarantine::OtherDoor));
                }
                let (Some(commitment), Some(ciphertext), Some(key)) =
                    (&envelope.sealed, &pushed.ciphertext, &pushed.data_key)
                else {
                    return Ok(Some(Quarantine::ContentMismatch));
                };
                let key = ledger::seal::DataKey::from_bytes(*key);
                let plain =
                    ledger::seal::open(&key, &commitment.owner, &series.0, envelope.sequence, ciphertext);
                let Ok(plain) = plain else { return Ok(Some(Quarantine::ContentMismatch)) };
                let at = happened_at(self.store.views.book(), series, fact.at, self.now);
                let at = (from_day(*on), instant(at));
                let fits = is_about(form.subject, *subject)
                    && answer::decode(&plain).is_some_and(|given| answer::hold(form, &given, at).is_ok());
                Ok((!fits).then_some(Quarantine::AnswerMisfit))
            }
            Body::CaseReported { subject, programme, version, pathway, .. } => {
                let read = self.store.views.programme(programme, version);
                let known = if_readable(read)?.is_some_and(|read| {
                    read.pathways
                        .iter()
                        .any(|known| known.code.value == *pathway && is_about(known.subject, *subject))
                });
                Ok((!known).then_some(Quarantine::UnknownProgramme))
            }
            Body::CaseActed { case: id, deed, .. } => {
                let Some((id, case)) = self.store.views.case(*id)? else {
                    return Ok(Some(Quarantine::UnknownCase));
                };
                let read = self.store.views.programme(&case.programme, &case.version);
                if if_readable(read)?.is_none() {
                    return Ok(Some(Quarantine::UnknownProgramme));
                }
                // Whoever takes a step against its condition says why, and whoever answers says something.
                let in_words = matches!(deed, Deed::Step { overridden: true, .. } | Deed::Reply);
                if in_words && envelope.sealed.is_none() {
                    return Ok(Some(Quarantine::ConditionFails));
                }
                let at = happened_at(self.store.views.book(), series, fact.at, self.now);
                let holds = self.condition_holds((id, &case), deed, at)?;
                Ok((!holds).then_some(Quarantine::ConditionFails))
            }
            _ => Ok(None),
        }
    }

    /// Whether a person is listed behind a door, under any of her ids.
    fn is_listed_behind(&mut self, person: PersonId, dwelling: DwellingId) -> Result<bool> {
        let views = &mut self.store.views;
        let own = apply::canonical(views, person)?;
        let dwelling = apply::resolve_dwelling(views, dwelling)?;
        for member in apply::group(views, own)? {
            if let Some(home) = views.person(member)?.and_then(|row| row.dwelling)
                && apply::resolve_dwelling(views, home)? == dwelling
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a phone's worker fills in what these roles fill in, in an area: in one of them, or because her own role types
    /// whatever there is but of workers.
    fn may_fill_in(
        &mut self,
        device: &Device,
        subject: Subject,
        (programme, filled_by): (&str, &[String]),
        area: AreaNumber,
    ) -> Result<bool> {
        if !matches!(subject, Subject::Worker(_))
            && Role::from_code(device.role).is_some_and(|role| may(role, Action::FillInForms))
        {
            return Ok(true);
        }
        let grant = Grant { role: device.role, area: device.area };
        for role in filled_by {
            if holds_role(&mut self.store.views, device.worker, Some(grant), programme, role, area)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the condition of a step holds of a case's subject at a moment; a step that is overridden needs none, where
    /// that is allowed.
    ///
    /// # Errors
    /// `pack_unreadable`, and those of the storage.
    pub fn condition_holds(&mut self, (id, case): (CaseId, &Case), deed: &Deed, at: Millis) -> Result<bool> {
        let Deed::Step { step, overridden, .. } = deed else { return Ok(true) };
        let Some(programme) = self.store.views.programme(&case.programme, &case.version)? else {
            return Ok(false);
        };
        let pathway = programme.pathways.iter().find(|pathway| pathway.code.value == case.pathway);
        let Some(step) = pathway.and_then(|pathway| pathway.step(step)) else { return Ok(false) };
        let Some(guard) = &step.guard else { return Ok(true) };
        if *overridden {
            return Ok(step.may_override);
        }
        let area = area_of_case(&mut self.store.views, case)?.unwrap_or(0);
        let code = self.store.views.book().areas.code(area).to_owned();
        let known = self.known_of(&case.programme, case.subject)?;
        let moments = self.store.views.moments(id, case)?;
        Ok(holds_on(&programme, guard, (&known, moments), &code, (day_of(at), minute_of(at))))
    }

    /// What was filled in about a subject under a programme, with everything this batch has done so far.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn known_of(&mut self, programme: &str, subject: Subject) -> Result<Known> {
        let store = &mut *self.store;
        store.views.known_of(&mut store.content, programme, subject)
    }

    /// A published version of a programme.
    ///
    /// # Errors
    /// `unknown_programme`, `pack_unreadable`, and those of the storage.
    pub fn programme(
        &mut self,
        programme: &str,
        version: &str,
    ) -> Result<std::sync::Arc<programme::Programme>> {
        let found = self.store.views.programme(programme, version)?;
        found.ok_or_else(|| {
            StoreError::refused(
                "unknown_programme",
                format!("没有发布 {programme} 的版本 {version}"),
                format!("no version {version} of {programme} is published"),
            )
        })
    }
}
