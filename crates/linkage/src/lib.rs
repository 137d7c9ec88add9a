//! Who is who in registers of people.
#![warn(clippy::disallowed_methods)]

mod assign;
mod block;
mod cluster;
mod compare;
mod compete;
pub mod date;
pub mod evaluate;
mod explain;
mod forest;
mod frequency;
mod index;
mod latin;
mod learn;
mod link;
mod model;
pub mod name;
pub mod number;
mod person;
pub mod place;
mod shape;
mod sound;
pub mod text;
mod together;
mod train;

pub use block::Key;
pub use cluster::{Clusters, dedupe};
pub use compare::{Field, LEVELS, Levels, compare};
pub use explain::{Evidence, Explanation, explain, field_name, level_name};
pub use frequency::Frequencies;
pub use index::{Blocks, Candidate, Index};
pub use latin::{jaro_winkler, soundex};
pub use learn::Answer;
pub use link::{Band, Link, Linkage, Options, Progress, Stage, Summary, link};
pub use model::{Kind, Model, ModelError, Scorer, Table, probability};
pub use person::{Column, Defect, Defects, NoUsableField, Person, Rarity, Raw, Register};
pub use sound::Sounds;
