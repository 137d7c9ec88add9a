//! Programme packs: what differs between an epidemic and a livelihood programme, as data that is read, checked and told
//! apart from code.
//!
//! - [`pack`] reads the files of a pack into a [`Programme`], or tells every mistake at once with its place.
//! - [`manifest`] is `programme.toml`: law, term, purposes, roles, restrictions.
//! - [`parameter`] holds thresholds, with overlays by area and date.
//! - [`overlay`] is what an area and a date change of forms.
//! - [`form`] turns the sheets of an XLSForm into fields with a purpose, readers and a keep-until.
//! - [`build`] and [`build_asking`] translate forms to the XForms that phones fill in.
//! - [`expression`] judges the conditions between questions, and [`answer`] holds what was filled in to its form.
//! - [`beside`] is what lies beside a form: what it shows, and lists that it chooses from.
//! - [`attachment`] is a picture that an answer names.
//! - [`submission`] reads what an ODK client sends back of such a form.
//! - [`forbidden`] is what no form may ask.
//! - [`condition`] parses and checks CEL; [`rule`] is a condition with what it says and to whom.
//! - [`figure`] is what is reckoned of a subject, [`classes`] in which of several it is.
//! - [`pathway`] holds the states of a case with their limits; [`case`] adds up its events and says what is due;
//!   [`calendar`] knows working days.
//! - [`bridge`] is what another programme is told, which is a day.
//! - [`level`] is how large an area is of which a rule speaks.
//! - [`indicator`] is what is counted by area and day, and who is behind it.
//! - [`archive`] is a pack as one run of bytes; [`difference`] tells what changed between two versions.
//! - [`sample`] is a form filled in as it should be.
//! - [`judge`] says whether a rule flags a subject; [`scenario`] runs a pack's own tests, in which cases are walked from
//!   their opening on as well.
//!
//! No files, no sockets, no clock: bytes come from the caller, and a day is an argument.

#![warn(clippy::disallowed_methods)]

pub mod answer;
pub mod archive;
pub mod attachment;
pub mod beside;
pub mod bridge;
pub mod calendar;
pub mod case;
pub mod change;
pub mod classes;
pub mod code;
pub mod condition;
pub mod difference;
pub mod expression;
pub mod figure;
pub mod finding;
pub mod forbidden;
pub mod form;
mod formula;
pub mod indicator;
pub mod judge;
pub mod keep;
pub mod level;
pub mod manifest;
#[cfg(test)]
mod oracle;
pub mod overlay;
pub mod pack;
pub mod parameter;
pub mod pathway;
pub mod portable;
pub mod question;
pub mod reach;
pub mod rule;
pub mod sample;
pub mod scenario;
mod section;
mod sheet;
mod shorthand;
pub mod submission;
pub mod text;
mod walk;
pub mod xform;

pub use finding::{Bilingual, Finding, Place, Spot};
pub use pack::{Content, Files, Programme, build, build_asking, build_under, check, read, read_new};
pub use section::Number;
pub use sheet::RawSheet;
