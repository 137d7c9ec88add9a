//! The only place with SQL: the files of a data directory, the one writer, the views, and what is read from them.
//!
//! | to | see |
//! | --- | --- |
//! | make or open a territory for writing | [`store::Store`] |
//! | append facts, take a device's push | [`batch::Batch`], [`push::CheckedPush`] |
//! | read coverage, residual, reconcile, matrix | [`query::Reader`] |
//! | read lists by page | [`lists`] |
//! | read phones, the quarantine, where someone is | [`people`] |
//! | read published plans, and whose part of them a phone shows | [`plans`] |
//! | publish a programme's pack and find it again | [`packs`] |
//! | read cases, and what is due of them by whom | [`cases`] |
//! | read what was learnt from cases | [`lessons`] |
//! | read boards of cases, the cases behind a door, whom a form ties to one | [`case_lists`] |
//! | read lists of tasks | [`tasks`] |
//! | where a role has anybody | [`held`] |
//! | read what residents are asked for, and which doors a line means | [`asked`] |
//! | keep and read what indicators count | [`indicators`] |
//! | read residents' slips and what was said with them | [`slips`] |
//! | read what changed, for a phone | [`pull`] |
//! | count what a sweep leaves open | [`left`] |
//! | signed heads and the proofs between them | [`proofs`] |
//! | accounts, sessions, phones' tokens | [`control::Control`] |
//! | erase a person, or answers whose time is over | [`erase`] |
//! | find answers whose time is over | [`expiry`] |
//! | make the views again, or check them | [`rebuild`] |

mod area_people;
pub mod asked;
pub mod attachments;
pub mod batch;
pub mod case_lists;
pub mod cases;
pub mod command;
pub mod compared;
pub mod content;
pub mod control;
pub mod directory;
pub mod entropy;
pub mod erase;
pub mod error;
pub mod expiry;
pub mod floors;
pub mod hand_overs;
pub mod held;
pub mod indicators;
pub mod left;
pub mod lessons;
pub mod lists;
pub mod nodes;
pub mod packs;
pub mod people;
pub mod plans;
pub mod proofs;
pub mod proposals;
pub mod pull;
pub mod push;
pub mod query;
pub mod rebuild;
pub mod schema;
pub mod slips;
pub mod store;
mod subscriptions;
pub mod swept;
pub mod tasks;
pub mod verify;
pub mod views;

pub use attachments::AttachmentRefused;
pub use batch::{Batch, NamedPart, Receipt, Sealed, Submission, SubmissionRefused, Submitted};
pub use control::Control;
pub use error::{Refusal, Result, StoreError};
pub use pull::{ChangedDoor, Changes, DoorCursor};
pub use push::{CheckedPush, PushRefused, Pushed};
pub use query::Reader;
pub use store::Store;
