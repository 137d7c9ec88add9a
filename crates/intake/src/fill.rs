//! Cells left blank below a filled one, by people who write a building or a door once for all of its rows.
//!
//! Only what says where a row is can be taken from the row above, and only where someone said so. A cell is taken as long
//! as everything wider is that of the row above: below a new building nothing is left of the one before.

use crate::cell::area_code;
use crate::cell::door::door;
use crate::header::{Column, Header};
use crate::rejects;
use crate::table::Record;

/// The columns that say where a row is, the widest first. No other is ever filled.
pub const FILLABLE: [Column; 4] = [Column::AreaCode, Column::Building, Column::Unit, Column::Room];
const ROOM: usize = 3;

/// Where a row is, by column.
#[derive(Clone, Debug, Default)]
struct Stand {
    row: u64,
    /// What is written, here or in a row above; empty where it says nothing.
    texts: [String; FILLABLE.len()],
    /// What two rows of the same building, unit, room share.
    keys: [String; FILLABLE.len()],
    /// Whether the text is taken from above.
    taken: [bool; FILLABLE.len()],
    /// The row in which the text is written.
    written_in: [u64; FILLABLE.len()],
}

/// A cell that was taken from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken<'f> {
    pub(crate) column: Column,
    pub(crate) text: &'f str,
    pub(crate) written_in: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Fill {
    wanted: [bool; FILLABLE.len()],
    /// The row above, unless it ended what can be taken from it.
    above: Option<Stand>,
    /// Whether `above` is the row that is being read.
    reading: bool,
    counts: [u64; FILLABLE.len()],
}

impl Fill {
    /// Rows of a file of rejects have lost those between them: nothing is taken from above there.
    pub(crate) fn new(columns: &[Column], header: &Header) -> Self {
        let wanted = match rejects::added(&header.shown) {
            0 => FILLABLE.map(|column| columns.contains(&column)),
            _ => Default::default(),
        };
        Self { wanted, ..Self::default() }
    }

    /// A row begins.
    pub(crate) fn begin(&mut self) {
        self.reading = false;
    }

    /// A row stands between others as if it were not there.
    pub(crate) fn pass(&mut self, record: &Record) {
        if let Some(above) = self.above.as_mut().filter(|above| above.row + 1 == record.number) {
            above.row = record.number;
        }
    }

    /// Nothing is taken across this row: what it says of where it is cannot be told.
    pub(crate) fn end(&mut self) {
        self.above = None;
    }

    /// Takes what is wanted for a row from the one above. `given` is the area of rows that say none.
    pub(crate) fn read(&mut self, header: &Header, record: &Record, given: Option<&str>) {
        if self.wanted == [false; FILLABLE.len()] {
            return;
        }
        // A blank row ends what is above it.
        let above = self.above.take().filter(|above| above.row + 1 == record.number);
        let cell = |at: usize| header.cell(record, FILLABLE[at]).trim();
        let room = above.as_ref().filter(|_| self.wanted[ROOM] && cell(ROOM).is_empty()).and_then(|above| {
            // A room may say its building and unit too: it is taken if the row then is where the one above is.
            let here = self.stand(Some(above), &cell, given, &above.texts[ROOM]);
            (here.keys == above.keys && !above.texts[ROOM].is_empty()).then_some(here)
        });
        let mut here = match (room, &above) {
            (Some(mut here), Some(above)) => {
                here.taken[ROOM] = header.place(Column::Room).is_some();
                here.written_in[ROOM] = above.written_in[ROOM];
                here
            }
            _ => self.stand(above.as_ref(), &cell, given, cell(ROOM)),
        };
        here.row = record.number;
        for (at, taken) in here.taken.iter().enumerate() {
            if *taken {
                self.counts[at] += 1;
            } else {
                here.written_in[at] = record.number;
            }
        }
        self.above = Some(here);
        self.reading = true;
    }

    fn stand<'r>(
        &self,
        above: Option<&Stand>,
        cell: &impl Fn(usize) -> &'r str,
        given: Option<&str>,
        room: &str,
    ) -> Stand {
        let mut here = Stand::default();
        let mut same = above.is_some();
        for at in 0..ROOM {
            let texts = here.texts.clone();
            let key = |text: &str| match at {
                0 => area_code(text).unwrap_or_else(|| text.to_owned()),
                1 => door(text, cell(2), room).0.key,
                _ => door(&texts[1], text, room).1.key,
            };
            let written = cell(at);
            here.texts[at] = written.to_owned();
            here.keys[at] = key(written);
            if let Some(above) = above.filter(|_| same && self.wanted[at] && written.is_empty())
                && here.keys[at].is_empty()
                && !above.texts[at].is_empty()
            {
                here.texts[at].clone_from(&above.texts[at]);
                here.keys[at].clone_from(&above.keys[at]);
                here.taken[at] = true;
                here.written_in[at] = above.written_in[at];
            }
            if here.keys[at].is_empty() {
                // 无 and - are an answer, and nothing to be taken.
                here.texts[at].clear();
                if at == 0 {
                    here.keys[at] = given.unwrap_or_default().to_owned();
                }
            }
            same = same && above.is_some_and(|above| above.keys[at] == here.keys[at]);
        }
        here.keys[ROOM] = door(&here.texts[1], &here.texts[2], room).2.key;
        if !here.keys[ROOM].is_empty() {
            room.clone_into(&mut here.texts[ROOM]);
        }
        here
    }

    /// What is taken from above for the row that is being read.
    pub(crate) fn taken(&self) -> impl Iterator<Item = Taken<'_>> {
        let stand = self.above.as_ref().filter(|_| self.reading);
        stand.into_iter().flat_map(|stand| {
            (0..FILLABLE.len()).filter(|at| stand.taken[*at]).map(|at| Taken {
                column: FILLABLE[at],
                text: &stand.texts[at],
                written_in: stand.written_in[at],
            })
        })
    }

    /// Of how many rows a column was taken from above; those that are any.
    pub(crate) fn counts(&self) -> Vec<(Column, u64)> {
        FILLABLE.into_iter().zip(self.counts).filter(|(_, rows)| *rows > 0).collect()
    }
}
