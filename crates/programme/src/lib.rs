//! Programme packs: what differs between an epidemic and a livelihood programme, as data that is read, checked and told
//! apart from code.
//!
//! - [`pack`] reads the files of a pack into a [`Programme`], or tells every mistake at once with its place.
//! - [`manifest`] is `programme.toml`: law, term, purposes, roles, restrictions.
//! - [`parameter`] holds thresholds, with overlays by area and date.
//! - [`form`] turns the sheets of an XLSForm into fields with a purpose, readers and a keep-until.
//! - [`forbidden`] is what no form may ask.
//! - [`rule`] holds conditions in CEL over the answers about one subject.
//!
//! No files, no sockets, no clock: bytes come from the caller, and a day is an argument.

#![warn(clippy::disallowed_methods)]

pub mod code;
pub mod finding;
pub mod forbidden;
pub mod form;
pub mod keep;
pub mod manifest;
pub mod pack;
pub mod parameter;
pub mod question;
pub mod rule;
mod section;
mod sheet;
pub mod text;

pub use finding::{Bilingual, Finding, Place, Spot};
pub use pack::{Content, Files, Programme, read};
pub use section::Number;
pub use sheet::RawSheet;
