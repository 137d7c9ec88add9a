//! Departments' sheets: their sealed blanks, and what was in them when they were taken last.

use domain::id::Id;
use domain::subscription::{Blank, Subscription, Taken};

use crate::error::Result;
use crate::query::Reader;
use crate::store::read_fact;

impl Reader {
    /// The workbook of a department's sheet, and where its fields go; none if it was erased.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn blank_of(&mut self, subscription: &Subscription) -> Result<Option<Blank>> {
        Ok(self.sealed_at(subscription.id, subscription.position)?.as_deref().and_then(Blank::decode))
    }

    /// The rows that were in a sheet when it was taken last; none if it never was.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn taken_of(&mut self, subscription: &Subscription) -> Result<Option<Taken>> {
        let Some(taken) = subscription.taken else { return Ok(None) };
        Ok(self.sealed_at(subscription.id, taken.position)?.as_deref().and_then(Taken::decode))
    }

    /// A keyed hash of what a row says: equal rows have equal ones, and without the territory's key nothing is learnt of it.
    ///
    /// # Errors
    /// If the territory's key is not at hand.
    pub fn row_tag(&self, text: &str) -> Result<[u8; 16]> {
        Ok(self.content.key()?.blind_tag("row of a department's sheet", text))
    }

    pub(crate) fn sealed_at(&mut self, owner: Id, position: u64) -> Result<Option<Vec<u8>>> {
        let (envelope, _) = read_fact(self.views.connection(), position)?;
        self.content.open(owner, position, Id(envelope.series), envelope.sequence)
    }
}
