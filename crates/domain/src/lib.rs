//! What a fact is: ids, places, the kinds of fact, and the rules by which facts add up to state.
//!
//! Pure: no IO, no clock, no randomness. Everything that changes the world goes through [`fact::Fact`];
//! everything a screen shows is what [`apply`] makes of the facts.
#![warn(clippy::disallowed_methods)]




pub mod id;

pub mod time;
