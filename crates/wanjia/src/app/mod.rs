//! The use-cases: what can be done, whichever door it came through.

pub mod accounts;
pub mod attempt;
pub mod behind;
pub mod cases;
pub mod drill;
pub mod failure;
pub mod fleet;
pub mod forms;
pub mod import_areas;
pub mod import_grids;
pub mod import_roster;
pub mod import_visits;
pub mod judging;
pub mod matching;
pub mod odk;
pub mod pack_files;
pub mod persons;
pub mod plans;
pub mod programmes;
pub mod propose;
pub mod quarantine;
pub mod reveal;
pub mod sweeps;
pub mod synthetic;
pub mod territory;
pub mod walkers;
