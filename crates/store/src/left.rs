//! What a sweep leaves open, and whether anything was recorded in it: what is told before it is closed or taken back.

use domain::fact::{Body, Fact};
use domain::id::SweepId;
use domain::state::{Round, SweepNumber};
use domain::sweep::{Kind, Reason, Seen, kind_of, residual_reason};
use ledger::envelope::Envelope;
use rusqlite::params;

use crate::error::{Result, StoreError};
use crate::query::Reader;
use crate::views::{ROUND_COLUMNS, round_from};

/// How many doors and people are left, each by why; and what was recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Doors: nobody was there.
    pub never_visited: u64,
    /// Doors: nobody was reached.
    pub no_answer: u64,
    /// Doors: refused, and nobody signed.
    pub refused_unsigned: u64,
    /// Listed people, by the lines of the reconcile.
    pub listed_dark: u64,
    pub moved: u64,
    pub away: u64,
    /// People and doors on no list.
    pub lit_unlisted: u64,
    /// Facts of phones that wait for a decision.
    pub held: u64,
    /// Doors at which anything was recorded that counts.
    pub recorded: u64,
}

impl Reader {
    /// What is left of a sweep at this moment, by the same law as its lists.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn left(&self, sweep: SweepNumber) -> Result<Left> {
        let Some(row) = self.book().sweeps.get(sweep as usize) else { return Ok(Left::default()) };
        let (id, whole) = (row.id, row.area);
        let coverage = self.coverage(sweep, whole)?;
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        let mut left = Left {
            listed_dark: count(coverage.listed_dark),
            away: count(coverage.persons_away),
            lit_unlisted: count(coverage.lit_unlisted),
            held: self.held_of(id)?,
            ..Left::default()
        };
        let mut read = self.views.connection().prepare_cached(&format!(
            "select dwelling.area, dwelling.listed, {ROUND_COLUMNS}
             from round left join dwelling on dwelling.id = round.dwelling where round.sweep = ?1"
        ))?;
        let mut rows = read.query([sweep])?;
        while let Some(row) = rows.next()? {
            let Some(round) = round_from(row, 2)? else { continue };
            left.recorded += u64::from(is_recorded(&round));
            let (Some(area), listed) = (row.get(0)?, row.get::<_, Option<u32>>(1)?.unwrap_or(0)) else {
                continue;
            };
            if !self.book().areas.is_within(area, whole) {
                continue;
            }
            match residual_reason(listed, &round) {
                Some(Reason::NoAnswer) => left.no_answer += 1,
                Some(Reason::RefusedUnsigned) => left.refused_unsigned += 1,
                Some(Reason::NeverVisited) | None => {}
            }
            if kind_of(listed, &round, Seen::Elsewhere) == Kind::Moved {
                left.moved += u64::from(round.elsewhere);
            }
        }
        // Most of these have no round at all.
        left.never_visited = count(coverage.residual).saturating_sub(left.no_answer + left.refused_unsigned);
        Ok(left)
    }

    /// How many facts of a sweep wait for a decision.
    fn held_of(&self, sweep: SweepId) -> Result<u64> {
        let mut read = self.views.connection().prepare_cached(
            "select facts.fact from quarantine join facts on facts.position = quarantine.position
             where quarantine.refused is null",
        )?;
        let mut rows = read.query(params![])?;
        let mut held = 0;
        while let Some(row) = rows.next()? {
            let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
            let envelope = Envelope::decode(bytes).map_err(|error| StoreError::Damaged(error.to_string()))?;
            held +=
                u64::from(Fact::decode(&envelope.payload).is_ok_and(|fact| of(&fact.body) == Some(sweep)));
        }
        Ok(held)
    }
}

/// Whether anything of a round still counts; a visit that was taken back leaves nothing.
fn is_recorded(round: &Round) -> bool {
    let people = round.here + round.elsewhere + round.unlisted + round.recorded;
    round.visit.is_some() || people > 0 || round.signed_refusal || round.signed_closing
}

/// The sweep that a fact from the field names.
fn of(body: &Body) -> Option<SweepId> {
    match body {
        Body::Visited { sweep, .. }
        | Body::PersonSeen { sweep, .. }
        | Body::VisitTakenBack { sweep, .. }
        | Body::DoorsOffered { sweep, .. } => Some(*sweep),
        _ => None,
    }
}
