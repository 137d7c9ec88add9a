//! Paper: the doors of a walk, in the order of the walk.
//!
//! [`write_xlsx`] makes a workbook whose columns are exactly those that [`crate::visits::read_visits`] reads, so that
//! the typed sheet comes back as it is. [`write_pdf`] makes pages for a pen.

mod font;
mod order;
mod paper;
mod pen;
mod workbook;

use std::io;

use jiff::civil::Date;

pub use font::{Font, FontError, find_font};
pub use order::{natural_order, walking_order};
pub use paper::write_pdf;
pub use workbook::write_xlsx;

use crate::message::Lang;

/// A sheet of doors to visit.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// 入户走访表, or what the campaign calls it.
    pub title: String,
    /// The name of the area, as people know it.
    pub area_name: String,
    /// The name of the sweep or programme.
    pub sweep: String,
    /// The worker who will walk, when it is known.
    pub worker: String,
    /// The day it is printed for.
    pub day: Option<Date>,
    /// In the order of the walk: see [`walking_order`].
    pub doors: Vec<SheetDoor>,
    pub lang: Lang,
}

/// One door on a sheet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SheetDoor {
    pub area_code: String,
    pub building: String,
    pub unit: String,
    /// `None`: told from the room's number, 402 on floor 4.
    pub floor: Option<i32>,
    pub room: String,
    /// Names to ask for, already masked by the caller when they must be.
    pub names: Vec<String>,
    /// How the last visit ended.
    pub last: Option<LastVisit>,
}

/// The last visit to a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastVisit {
    /// 0 met, 1 phone, 2 no answer, 3 vacant, 4 refused, 5 away, 6 no such door.
    pub outcome: u8,
    pub on: Option<Date>,
}

/// Why a sheet could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    #[error("the workbook could not be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    #[error("the font cannot be used: {0}")]
    Font(#[from] FontError),
    #[error("the page could not be made: {0}")]
    Page(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The words for an outcome, 0 to 6, as [`crate::cell::outcome`] reads them.
/// How a sheet calls an outcome, by its number in the facts.
pub fn outcome_word(outcome: u8, lang: Lang) -> &'static str {
    const WORDS: [(&str, &str); 7] = [
        ("见面", "met"),
        ("电话", "phone"),
        ("无人", "no_answer"),
        ("空置", "vacant"),
        ("拒绝", "refused"),
        ("外出", "away"),
        ("查无", "not_exist"),
    ];
    WORDS.get(usize::from(outcome)).map_or("", |(zh, en)| lang.pick(zh, en))
}
