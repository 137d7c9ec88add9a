//! What becomes of the rows of a list, as a person is told it before and after they are written.

use std::collections::BTreeMap;

use domain::area::AreaNumber;
use domain::state::{Book, Labels};
use domain::time::{Millis, day_of, from_day};
use intake::header::Column;
use intake::message::Lang;
use intake::{Notice, Refusal};

use super::addresses::{area_name, door_in_words};
use super::failure::Result;
use super::new_places::NewPlaces;

/// What became of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowVerdict {
    Added,
    Changed,
    Left,
}

impl RowVerdict {
    fn count(self, added: &mut u64, changed: &mut u64, left: &mut u64) {
        *match self {
            Self::Added => added,
            Self::Changed => changed,
            Self::Left => left,
        } += 1;
    }
}

/// A door, and the community in which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    pub community: AreaNumber,
    pub labels: Labels,
}

impl Address {
    /// `保成社区1栋1单元601`.
    #[must_use]
    pub fn in_words(&self, lang: Lang, book: &Book) -> String {
        let (area, door) = (area_name(book, self.community), door_in_words(lang, &self.labels));
        lang.pick("{area}{door}", "{area} {door}").replace("{area}", area).replace("{door}", &door)
    }
}

/// What a row changes of somebody or of a door that is known, or who is the same or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// She is on a list of this source for the first time.
    Source,
    /// This is said of her for the first time, or otherwise than before.
    Field(Column),
    /// What is behind the door.
    Place,
    /// She is listed there until now.
    Moves(Address),
    /// A row of this file before it, of this number, is about her.
    Repeats(u32),
    /// Somebody of her name is listed there, in another community, whom nothing tells apart from her.
    Alike(Address),
}

impl Change {
    /// In Chinese and in English; `to` is the row's own door.
    #[must_use]
    pub fn in_words(&self, book: &Book, to: &Address) -> [String; 2] {
        [Lang::Zh, Lang::En].map(|lang| {
            let at = |address: &Address| address.in_words(lang, book);
            match (self, lang) {
                (Self::Source, _) => lang.pick("增加一个来源", "one more source").to_owned(),
                (Self::Field(column), Lang::Zh) => format!("{}有变", column.zh()),
                (Self::Field(column), Lang::En) => format!("{} changes", column.en()),
                (Self::Repeats(row), Lang::Zh) => format!("与第{row}行是同一个人，只记一次"),
                (Self::Repeats(row), Lang::En) => format!("the same person as in row {row}; taken once"),
                (Self::Place, _) => lang.pick("场所类型有变", "what is behind the door changes").to_owned(),
                (Self::Moves(from), Lang::Zh) => format!("住址将从{}改到{}", at(from), at(to)),
                (Self::Moves(from), Lang::En) => format!("would move from {} to {}", at(from), at(to)),
                (Self::Alike(known), Lang::Zh) => {
                    format!("{}在册有一个同名的人，可能就是这个人", at(known))
                }
                (Self::Alike(known), Lang::En) => {
                    format!("somebody of this name is listed at {}, perhaps the same person", at(known))
                }
            }
        })
    }
}

/// A row about a door that is taken.
pub struct Taken<'r> {
    pub row: u64,
    pub address: &'r Address,
    pub verdict: RowVerdict,
    pub changes: &'r [Change],
    pub book: &'r Book,
}

/// Someone who is missing from a later list of the same source.
pub struct Gone<'r> {
    /// In the last list of this source that said something new of her.
    pub row: u64,
    pub imported_at: Millis,
    pub address: Address,
    pub book: &'r Book,
}

impl Gone<'_> {
    /// In Chinese and in English.
    #[must_use]
    pub fn in_words(&self) -> [String; 2] {
        let Self { row, imported_at, .. } = self;
        let day = from_day(day_of(*imported_at));
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| self.address.in_words(lang, self.book));
        [format!("{zh}（{day} 的名单第 {row} 行）"), format!("{en} (row {row} of the list of {day})")]
    }
}

/// Whoever is told what becomes of the rows of a list.
pub trait Refusals {
    /// # Errors
    /// If they cannot be written; the import then stops and nothing has changed.
    fn refuse(&mut self, refusal: &Refusal) -> Result<()>;

    /// A value was left out of a row that is otherwise taken.
    fn notice(&mut self, _row: u64, _notice: &Notice) {}

    /// A row about a door was taken, after what was noticed of it.
    fn taken(&mut self, _taken: &Taken<'_>) {}

    /// After all rows.
    fn gone(&mut self, _gone: &Gone<'_>) {}
}

impl Refusals for Vec<Refusal> {
    fn refuse(&mut self, refusal: &Refusal) -> Result<()> {
        self.push(refusal.clone());
        Ok(())
    }
}

/// How many rows about a community ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub added: u64,
    pub changed: u64,
    pub left: u64,
}

/// How many rows ended in which way. Every data row of a file ends in exactly one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub added: u64,
    pub changed: u64,
    pub left: u64,
    pub refused: u64,
    /// Repeated headers, totals and lines under the table.
    pub skipped: u64,
    /// Doors that were not known before.
    pub doors: u64,
    /// Their buildings and units, as far as these are new, and which of them look like a slip.
    pub places: NewPlaces,
    /// Who stood on a list of this source before, is listed in one of the areas that this one tells of, and is in none of
    /// its rows that are taken. They stay listed.
    pub gone: u64,
    /// The rows that are taken, by the community that they are about.
    pub communities: BTreeMap<AreaNumber, Counts>,
    /// Who of this list is, or may be, listed in a community that is not the row's, by where that is.
    pub elsewhere: BTreeMap<AreaNumber, u64>,
    /// Of how many people that is known.
    pub compared: u64,
    /// In how many rows a column was blank and taken from the row above.
    pub filled: Vec<(Column, u64)>,
}

impl Tally {
    pub(super) fn count(&mut self, community: AreaNumber, verdict: RowVerdict) {
        verdict.count(&mut self.added, &mut self.changed, &mut self.left);
        let Counts { added, changed, left } = self.communities.entry(community).or_default();
        verdict.count(added, changed, left);
    }

    /// Whether so many are known in another community that the list is likely to name the wrong one: a fifth, and two.
    #[must_use]
    pub fn is_likely_elsewhere(&self) -> bool {
        let elsewhere: u64 = self.elsewhere.values().sum();
        elsewhere >= 2 && elsewhere * 5 >= self.compared
    }
}
