//! Doors that were offered to a colleague, as phones and whoever is responsible for an area are told of them.

use domain::area::AreaNumber;
use domain::hand_over::{Answer, HandOver};
use domain::id::{DwellingId, HandOverId, Id};
use domain::state::State as _;
use rusqlite::Row;

use crate::error::Result;
use crate::query::Reader;

/// The columns of an offer, in the order that [`hand_over_from`] reads.
pub(crate) const HAND_OVER_COLUMNS: &str = "hand_over.sweep, hand_over.area, hand_over.giver, hand_over.taker, \
     hand_over.offered_at, hand_over.answer, hand_over.answered_at, hand_over.changed";

/// Reads an offer from columns `from..from + 8`.
pub(crate) fn hand_over_from(row: &Row<'_>, from: usize) -> rusqlite::Result<HandOver> {
    let answer = row.get::<_, Option<u64>>(from + 5)?.and_then(Answer::from_code);
    Ok(HandOver {
        sweep: row.get(from)?,
        area: row.get(from + 1)?,
        giver: Id(row.get(from + 2)?),
        taker: Id(row.get(from + 3)?),
        offered_at: row.get(from + 4)?,
        answered: answer.zip(row.get(from + 6)?),
        changed: row.get(from + 7)?,
    })
}

impl Reader {
    /// The offers of open sweeps by phones that cover an area, or a part of it, the newest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn hand_overs(&self, area: AreaNumber) -> Result<Vec<(HandOverId, HandOver)>> {
        let book = self.book();
        let mut areas = book.areas.subtree(area);
        areas.extend(book.areas.path(area).skip(1));
        let mut read = self.views.connection().prepare_cached(&format!(
            "select hand_over.id, {HAND_OVER_COLUMNS} from hand_over where hand_over.area = ?1"
        ))?;
        let mut found = Vec::new();
        for number in areas {
            let rows = read.query_map([number], |row| Ok((Id(row.get(0)?), hand_over_from(row, 1)?)))?;
            for row in rows {
                let row: (HandOverId, HandOver) = row?;
                if book.is_open(row.1.sweep) {
                    found.push(row);
                }
            }
        }
        found.sort_by_key(|(id, row)| std::cmp::Reverse((row.offered_at, *id)));
        Ok(found)
    }

    /// Whether anything was offered or answered since `position`.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn hand_overs_changed_since(&self, position: u64) -> Result<bool> {
        Ok(self
            .views
            .connection()
            .prepare_cached("select 1 from hand_over where changed >= ?1 limit 1")?
            .exists([position])?)
    }

    /// The doors of an offer that lie in an area.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn doors_handed(&mut self, id: HandOverId, area: AreaNumber) -> Result<Vec<DwellingId>> {
        let mut inside = Vec::new();
        for door in self.views.hand_over_doors(id)? {
            let own = self.views.dwelling(door)?.map(|row| row.area);
            if own.is_some_and(|own| self.book().areas.is_within(own, area)) {
                inside.push(door);
            }
        }
        Ok(inside)
    }
}
