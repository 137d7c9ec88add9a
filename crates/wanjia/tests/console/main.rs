//! The console's and the phones' endpoints against the real door, without a network: who may do what, and what is done.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod cases;
mod changes;
mod checks;
mod columns;
mod files;
mod floors;
mod forms;
mod hand_over;
mod hours;
mod indicators;
mod lists;
mod maps;
mod matrix;
mod openrosa;
mod people;
mod pictures;
mod place;
mod plans;
mod proposals;
mod reach;
mod rosters;
mod secrets;
mod sign_in;
mod slips;
mod subscriptions;
mod tiles;
mod truth;
mod workers;
