//! What a fact is: ids, places, the kinds of fact, and the rules by which facts add up to state.
//!
//! Pure: no IO, no clock, no randomness. Everything that changes the world is a [`fact::Fact`]; everything a screen
//! shows is what [`apply::apply`] makes of the facts, and [`admit::admit`] decides which facts count.
#![warn(clippy::disallowed_methods)]

pub mod access;
pub mod admit;
pub mod apply;
pub mod area;
pub mod case;
pub mod door;
pub mod fact;
pub mod hand_over;
pub mod held;
pub mod id;
pub mod identity;
mod named;
pub mod note;
pub mod plan;
pub mod slip;
pub mod state;
pub mod subscription;
pub mod sweep;
pub mod time;
