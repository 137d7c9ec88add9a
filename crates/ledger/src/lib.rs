//! From bytes to proof: canonical encoding, envelopes, series of a device, the Merkle tree of a
//! territory, signed checkpoints, sealed content, and a verifier that needs none of the rest of the
//! product. The crate knows no domain type, does no IO, and takes clock and randomness as arguments.
//!
//! | module | what it turns into what |
//! |---|---|
//! | [`canonical`] | values into the one byte string that stands for them |
//! | [`envelope`] | a fact as a device makes it into bytes, and its hash |
//! | [`series`] | the facts of one device into a dense, linked, signed chain |
//! | [`tree`] | the facts of a territory into an RFC 6962 tree, with proofs |
//! | [`checkpoint`] | a tree head into a C2SP signed note |
//! | [`seal`] | personal content into a ciphertext that a fact can commit to and that can be erased |
//! | [`recovery`] | a data key that a locked phone sent into the key that opens its content |
//! | [`verify`] | a stream of stored entries into "nothing was changed", or the first thing that was |
#![warn(missing_docs)]
#![warn(clippy::disallowed_methods)]

pub mod canonical;
pub mod checkpoint;
pub mod envelope;
pub mod recovery;
pub mod seal;
pub mod series;
pub mod tree;
pub mod verify;

/// A SHA-256 value: of a fact, of a ciphertext, of a tree's leaf, node or root.
pub type Hash = [u8; 32];
