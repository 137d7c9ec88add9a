//! A department's sheet that is kept to be filled again: of what, until when, and by whose approval.

use minicbor::{Decoder, Encoder};

use crate::area::AreaNumber;
use crate::id::{ActorId, SubscriptionId};
use crate::named::named;
use crate::time::{Day, Millis};

named! {
    /// What a row of a sheet stands for. The numbers are those of the facts and never change.
    pub enum RowsOf {
        /// Each person listed.
        People = 0 => "people",
        Dwellings = 1 => "dwellings",
        /// Each dwelling that is not accounted for.
        Residual = 2 => "residual",
        /// Each area right below one, or the area itself if there is none.
        Areas = 3 => "areas",
    }
}

impl RowsOf {
    /// Whether such a sheet tells who someone is: then a second person approves it before it is taken.
    #[must_use]
    pub fn tells_of_people(self) -> bool {
        self == Self::People
    }
}

/// What is done with a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    Approved,
    /// The sheet was taken, with this many rows.
    Taken {
        rows: u64,
    },
    Ended,
}

impl Use {
    pub(crate) fn code(self) -> u64 {
        match self {
            Self::Approved => 0,
            Self::Taken { .. } => 1,
            Self::Ended => 2,
        }
    }

    pub(crate) fn rows(self) -> Option<u64> {
        match self {
            Self::Taken { rows } => Some(rows),
            Self::Approved | Self::Ended => None,
        }
    }

    pub(crate) fn of(code: u64, rows: Option<u64>) -> Option<Self> {
        match (code, rows) {
            (0, None) => Some(Self::Approved),
            (1, Some(rows)) => Some(Self::Taken { rows }),
            (2, None) => Some(Self::Ended),
            _ => None,
        }
    }
}

/// Who did something, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    pub at: Millis,
    pub by: ActorId,
}

/// The newest taking of a sheet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastTaken {
    pub done: Done,
    pub rows: u64,
    /// Of its fact, whose sealed content is [`Taken`].
    pub position: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub area: AreaNumber,
    pub rows: RowsOf,
    pub department: String,
    /// What the department calls its sheet.
    pub name: String,
    /// The law or the document by which the department may have it.
    pub basis: String,
    /// The last day on which it may be taken.
    pub last_day: Day,
    pub fields: Vec<String>,
    pub kept: Done,
    /// Of its fact, whose sealed content is [`Blank`].
    pub position: u64,
    pub approved: Option<Done>,
    pub taken: Option<LastTaken>,
    pub takings: u64,
    pub ended: Option<Done>,
}

/// How a subscription stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It waits for a second person's approval.
    Waiting,
    InForce,
    /// Its last day is over, or someone ended it.
    Over,
}

impl Standing {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::InForce => "in_force",
            Self::Over => "over",
        }
    }
}

impl Subscription {
    #[must_use]
    pub fn standing(&self, today: Day) -> Standing {
        if self.ended.is_some() || today > self.last_day {
            Standing::Over
        } else if self.rows.tells_of_people() && self.approved.is_none() {
            Standing::Waiting
        } else {
            Standing::InForce
        }
    }

    /// Writes down a use. An approval by whoever keeps it is none, and what has ended stays as it is.
    pub(crate) fn note(&mut self, done: Done, position: u64, with: Use) {
        if self.ended.is_some() {
            return;
        }
        match with {
            Use::Approved if self.approved.is_none() && done.by != self.kept.by => self.approved = Some(done),
            Use::Approved => {}
            Use::Taken { rows } => {
                self.taken = Some(LastTaken { done, rows, position });
                self.takings += 1;
            }
            Use::Ended => self.ended = Some(done),
        }
    }
}

/// The sealed content of a subscription: the department's own workbook, and where in it the fields go. It is sealed since
/// who sends a blank sheet may have left people in it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Blank {
    /// From 0, as the workbook's reader counts.
    pub sheet: u64,
    /// The row of the headings, from 1.
    pub row: u64,
    /// The column of each field, from 0.
    pub places: Vec<u64>,
    pub workbook: Vec<u8>,
}

impl Blank {
    /// The canonical bytes that are sealed: a CBOR array of the four.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Encoder::new(Vec::with_capacity(self.workbook.len() + 64));
        // Writing into a Vec cannot fail: its error type has no values.
        let _ = out.array(4).and_then(|out| out.u64(self.sheet)).and_then(|out| out.u64(self.row));
        let _ = out.array(self.places.len() as u64);
        for place in &self.places {
            let _ = out.u64(*place);
        }
        let _ = out.bytes(&self.workbook);
        out.into_writer()
    }

    /// Reads what [`Blank::encode`] wrote; none if the bytes are anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut read = Decoder::new(bytes);
        if read.array().ok()? != Some(4) {
            return None;
        }
        let (sheet, row) = (read.u64().ok()?, read.u64().ok()?);
        let length = read.array().ok()??;
        let mut places = Vec::new();
        for _ in 0..length {
            places.push(read.u64().ok()?);
        }
        let blank = Self { sheet, row, places, workbook: read.bytes().ok()?.to_vec() };
        (blank.encode() == bytes).then_some(blank)
    }
}

/// A row that was taken: whose it is, and a keyed hash of what it said. A hash tells that a row changed and not what it
/// said, so that nothing of someone is kept by it who is erased later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TakenRow {
    pub of: [u8; 16],
    pub tag: [u8; 16],
}

/// The sealed content of a taking.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Taken(pub Vec<TakenRow>);

/// What is another between two takings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Changes {
    pub added: u64,
    pub left: u64,
    pub changed: u64,
}

impl Taken {
    /// The canonical bytes that are sealed: the rows in order, 32 bytes each.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut rows = self.0.clone();
        rows.sort_unstable();
        rows.iter().flat_map(|row| row.of.into_iter().chain(row.tag)).collect()
    }

    /// Reads what [`Taken::encode`] wrote; none if the bytes are anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let rows = bytes.chunks(32).map(|row| {
            Some(TakenRow { of: row.get(..16)?.try_into().ok()?, tag: row.get(16..)?.try_into().ok()? })
        });
        let taken = Self(rows.collect::<Option<_>>()?);
        (taken.encode() == bytes).then_some(taken)
    }

    /// What came, went and is another since.
    #[must_use]
    pub fn until(&self, now: &Self) -> Changes {
        let tags = |taken: &Self| {
            taken.0.iter().map(|row| (row.of, row.tag)).collect::<std::collections::BTreeMap<_, _>>()
        };
        let (before, now) = (tags(self), tags(now));
        let mut changes = Changes::default();
        for (of, tag) in &now {
            match before.get(of) {
                None => changes.added += 1,
                Some(known) if known != tag => changes.changed += 1,
                Some(_) => {}
            }
        }
        changes.left = before.keys().filter(|of| !now.contains_key(*of)).count() as u64;
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    fn row(of: u8, tag: u8) -> TakenRow {
        TakenRow { of: [of; 16], tag: [tag; 16] }
    }

    fn kept() -> Subscription {
        Subscription {
            id: Id([1; 16]),
            area: 0,
            rows: RowsOf::People,
            department: "民政局".into(),
            name: "登记表".into(),
            basis: "文件".into(),
            last_day: 100,
            fields: vec!["name".into()],
            kept: Done { at: 0, by: Id([2; 16]) },
            position: 0,
            approved: None,
            taken: None,
            takings: 0,
            ended: None,
        }
    }

    #[test]
    fn what_tells_of_people_waits_for_another_person_and_ends_by_itself() {
        let mut sheet = kept();
        assert_eq!(sheet.standing(100), Standing::Waiting);
        sheet.note(Done { at: 1, by: Id([2; 16]) }, 1, Use::Approved);
        assert_eq!(sheet.standing(100), Standing::Waiting, "nobody approves her own");
        sheet.note(Done { at: 2, by: Id([3; 16]) }, 2, Use::Approved);
        assert_eq!([sheet.standing(100), sheet.standing(101)], [Standing::InForce, Standing::Over]);
        sheet.note(Done { at: 3, by: Id([3; 16]) }, 3, Use::Ended);
        sheet.note(Done { at: 4, by: Id([3; 16]) }, 4, Use::Taken { rows: 1 });
        assert_eq!((sheet.standing(1), sheet.takings), (Standing::Over, 0), "what has ended stays ended");
        assert_eq!(Subscription { rows: RowsOf::Areas, ..kept() }.standing(100), Standing::InForce);
    }

    #[test]
    fn changes_are_rows_that_came_that_went_and_that_say_something_else() {
        let before = Taken(vec![row(1, 1), row(2, 2), row(3, 3)]);
        let now = Taken(vec![row(4, 4), row(3, 9), row(1, 1)]);
        assert_eq!(before.until(&now), Changes { added: 1, left: 1, changed: 1 });
        assert_eq!(before.until(&before), Changes::default());
    }

    #[test]
    fn sealed_contents_lead_back_and_nothing_else_does() {
        let blank = Blank { sheet: 0, row: 4, places: vec![0, 300], workbook: vec![9; 300] };
        assert_eq!(Blank::decode(&blank.encode()), Some(blank.clone()));
        let mut longer = blank.encode();
        longer.push(0);
        assert_eq!(Blank::decode(&longer), None);
        let taken = Taken(vec![row(1, 1), row(2, 2)]);
        assert_eq!(Taken::decode(&taken.encode()), Some(taken.clone()));
        assert_eq!(Taken::decode(&taken.encode()[..40]), None);
        assert_eq!(Taken::decode(&[]), Some(Taken::default()));
    }
}
