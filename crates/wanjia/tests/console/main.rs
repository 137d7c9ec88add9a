//! The console's and the phones' endpoints against the real door, without a network: who may do what, and what is done.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

mod matrix;
mod place;
mod sign_in;
