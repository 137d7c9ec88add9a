//! Plans that can be defended: grids, deployment, pairing, rota and rounds.
//!
//! Every planner takes plain values, does no IO, reads no clock and draws no randomness that its caller
//! did not seed, so the same input gives the same plan. Every plan carries a [`Certificate`]: what it
//! minimises, a bound that no plan can beat, and so how far from the best it can be at most. What a plan
//! leaves uncovered it names, by the index of the caller's row.
#![warn(clippy::disallowed_methods)]

mod certificate;
pub mod deploy;
mod exact;
pub mod grids;
mod hours;
pub mod pair;
mod parallel;
pub mod random;
pub mod rota;
pub mod rounds;
pub mod space;

pub use certificate::Certificate;
