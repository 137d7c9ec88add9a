//! The HTTP door, from outside.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod connections;
mod contract;
mod ground;
mod hand_over;
mod pages;
mod pull;
mod push;
