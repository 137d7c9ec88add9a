//! Who may be whom: what was proposed and waits for a person, who is on no list, and whom the newest facts name.

use domain::apply;
use domain::fact::{Body, Fact};
use domain::id::{DwellingId, Id, PersonId};
use domain::state::{Proposal, State, SweepNumber};
use domain::time::Millis;
use ledger::envelope::EnvelopeRef;
use rusqlite::{Row, params};

use crate::error::{Result, StoreError};
use crate::people::seen_last;
use crate::query::Reader;

/// How many facts are looked at before a page of [`Reader::named_since`] ends.
const FACTS: u64 = 4096;

/// Someone whom a fact names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Named {
    /// What is known of her, or where she is listed, may have changed; or she is erased.
    Changed(PersonId),
    /// Whom she is linked to may have changed.
    Linked(PersonId),
    /// She was seen.
    Seen(PersonId),
}

fn proposal(row: &Row<'_>) -> rusqlite::Result<Proposal> {
    Ok(Proposal {
        person: Id(row.get(0)?),
        candidate: Id(row.get(1)?),
        per_mille: row.get(2)?,
        model: row.get(3)?,
    })
}

impl Reader {
    /// Whether someone is on no list under any of her ids, and not erased.
    pub fn is_unlisted(&mut self, person: PersonId) -> Result<bool> {
        if self.views.is_erased(person)? {
            return Ok(false);
        }
        let canonical = apply::canonical(&mut self.views, person)?;
        Ok(self.home(canonical)?.is_none())
    }

    /// When and at which door a person was seen last, in whichever sweep. `person` is the id that all hers lead to.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn seen_last(&mut self, person: PersonId) -> Result<Option<(Millis, DwellingId)>> {
        seen_last(&mut self.views, person)
    }

    /// What is proposed of someone who is on no list and waits for a person to decide, likeliest first. Whether it
    /// waits follows from who is listed and linked now, so a link taken back opens it again.
    pub fn proposals(&mut self, person: PersonId) -> Result<Vec<Proposal>> {
        if !self.is_unlisted(person)? {
            return Ok(Vec::new());
        }
        let canonical = apply::canonical(&mut self.views, person)?;
        let mut open: Vec<Proposal> = Vec::new();
        for member in apply::group(&mut self.views, canonical)? {
            for found in self.stored_proposals(member)? {
                let candidate = apply::canonical(&mut self.views, found.candidate)?;
                let known = open.iter().any(|proposal| proposal.candidate == candidate);
                if candidate != canonical && !known && self.home(candidate)?.is_some() {
                    open.push(Proposal { person: canonical, candidate, ..found });
                }
            }
        }
        open.sort_by(|a, b| b.per_mille.cmp(&a.per_mille).then(a.candidate.cmp(&b.candidate)));
        Ok(open)
    }

    fn stored_proposals(&self, person: PersonId) -> Result<Vec<Proposal>> {
        let mut read = self.views.connection().prepare_cached(
            "select person, candidate, per_mille, model from proposal where person = ?1 order by candidate",
        )?;
        Ok(read.query_map([person.0], proposal)?.collect::<rusqlite::Result<_>>()?)
    }

    /// Every proposal ever made of people who are not erased, whether someone decided on it or not, after a place.
    pub fn every_proposal(&self, after: Option<(PersonId, PersonId)>, limit: usize) -> Result<Vec<Proposal>> {
        let (person, candidate) = after.unwrap_or_default();
        let mut read = self.views.connection().prepare_cached(
            "select person, candidate, per_mille, model from proposal where (person, candidate) > (?1, ?2)
             order by person, candidate limit ?3",
        )?;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let rows = read.query_map(params![person.0, candidate.0, limit], proposal)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Every pair of which a person said that they are two, each once.
    pub fn every_two_people(&self) -> Result<Vec<(PersonId, PersonId)>> {
        let mut read = self
            .views
            .connection()
            .prepare_cached("select one, other from two_people where one < other order by one, other")?;
        let rows = read.query_map([], |row| Ok((Id(row.get(0)?), Id(row.get(1)?))))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Those of whom a person said that they are not this one, under the ids that theirs lead to.
    pub fn not_the_same(&mut self, person: PersonId) -> Result<Vec<PersonId>> {
        let mut others = Vec::new();
        let canonical = apply::canonical(&mut self.views, person)?;
        for member in apply::group(&mut self.views, canonical)? {
            let found: Vec<Id> = {
                let mut read = self
                    .views
                    .connection()
                    .prepare_cached("select other from two_people where one = ?1 order by other")?;
                read.query_map([member.0], |row| Ok(Id(row.get(0)?)))?.collect::<rusqlite::Result<_>>()?
            };
            for other in found {
                others.push(apply::canonical(&mut self.views, other)?);
            }
        }
        Ok(others)
    }

    /// The ids, greater than `after`, under which someone is listed, in their order.
    pub fn listed_after(&self, after: PersonId, limit: usize) -> Result<Vec<PersonId>> {
        let mut read = self.views.connection().prepare_cached(
            "select id from person where id > ?1 and dwelling is not null order by id limit ?2",
        )?;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let rows = read.query_map(params![after.0, limit], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The ids, greater than `after`, of people seen in a sweep who may be on no list, in their order. Those who are
    /// linked to someone listed further on are among them: [`Reader::is_unlisted`] tells.
    pub fn seen_unlisted_after(
        &self,
        sweep: SweepNumber,
        after: PersonId,
        limit: usize,
    ) -> Result<Vec<PersonId>> {
        let mut read = self.views.connection().prepare_cached(
            "select distinct sighting.person from sighting join person on person.id = sighting.person
             left join person as other on other.id = person.link
             where sighting.sweep = ?1 and sighting.person > ?2 and person.dwelling is null and other.dwelling is null
             order by sighting.person limit ?3",
        )?;
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let rows = read.query_map(params![sweep, after.0, limit], |row| Ok(Id(row.get(0)?)))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whom the facts from `position` on name, each once, and the position to go on from. Facts in quarantine name
    /// nobody until they are released.
    pub fn named_since(&mut self, position: u64) -> Result<(Vec<Named>, u64)> {
        let mut read = self.views.connection().prepare_cached(
            "select position, fact from facts where position >= ?1 and verdict = 0 order by position limit ?2",
        )?;
        let mut rows = read.query(params![position, FACTS])?;
        let (mut named, mut next) = (Vec::new(), position);
        while let Some(row) = rows.next()? {
            next = row.get::<_, u64>(0)? + 1;
            let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
            let envelope =
                EnvelopeRef::decode(bytes).map_err(|error| StoreError::Damaged(error.to_string()))?;
            let fact =
                Fact::decode(envelope.payload).map_err(|error| StoreError::Damaged(error.to_string()))?;
            if let Body::Released { series, sequence } = fact.body {
                named.extend(self.released(series, sequence)?);
            } else {
                named.extend(people_of(&fact.body));
            }
        }
        named.sort_unstable();
        named.dedup();
        Ok((named, next))
    }

    /// Whom a fact names that waited in quarantine until it was released.
    fn released(&self, series: Id, sequence: u64) -> Result<Vec<Named>> {
        let mut read = self.views.connection().prepare_cached(
            "select facts.fact from facts join series on series.number = facts.series
             where series.id = ?1 and facts.sequence = ?2 and facts.series <> 0 and facts.verdict <> 1",
        )?;
        let mut rows = read.query(params![series.0, sequence])?;
        let mut named = Vec::new();
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            let fact = EnvelopeRef::decode(bytes).ok().and_then(|found| Fact::decode(found.payload).ok());
            named.extend(fact.iter().flat_map(|fact| people_of(&fact.body)));
        }
        Ok(named)
    }
}

fn people_of(body: &Body) -> Vec<Named> {
    match body {
        Body::PersonSeen { person, .. } => vec![Named::Seen(*person)],
        Body::PersonListed { person, .. }
        | Body::PersonRegistered { person, .. }
        | Body::Erased { person, .. } => vec![Named::Changed(*person)],
        Body::Linked { from, to } | Body::Unlinked { from, to } => {
            vec![Named::Linked(*from), Named::Linked(*to)]
        }
        _ => Vec::new(),
    }
}
