//! The intake of messy tables: bytes that a stranger sends become clean rows or named refusals.
//!
//! - [`table`] opens CSV (UTF-8, UTF-16, GB18030), XLSX, XLS and ODS by content and streams rows.
//! - [`header`] finds the row that names the columns, in Chinese or English, in any order.
//! - [`cell`] normalises one cell: names, identity numbers, dates, phones, door labels, codes.
//! - [`roster`], [`visits`], [`areas`] and [`grids`] turn rows into records; every row of the table ends as exactly one of
//!   a record, a [`Refusal`] or a [`Skipped`].
//! - [`fill`] takes blank cells of where a row is from the row above, where a person says so.
//! - [`line`] reads one line that a clerk types while someone is on the telephone.
//! - [`map`] reads outlines of buildings and grids from GeoJSON, feature by feature.
//! - [`rejects`] writes refused rows back exactly as they came, with the reason and what to do.
//! - [`template`] fills a department's own blank workbook and leaves the rest of it as it was.
//! - [`sheet`] prints doors in walking order on paper (PDF) and as a workbook that [`visits`] reads back.
//!
//! No sockets, no database, no clock: today's date is an argument.

pub mod areas;
pub mod cell;
pub mod fill;
pub mod grids;
pub mod header;
pub mod line;
pub mod map;
pub mod message;
pub mod rejects;
pub mod roster;
mod rows;
pub mod sheet;
pub mod table;
pub mod template;
pub mod visits;

pub use cell::door::DoorLabel;
pub use header::{Column, Header, HeaderError};
pub use message::{Cause, Lang, Notice, Reason, Refusal, SkipKind, Skipped};
pub use table::{Format, Row, Table, TableError};
