//! A fact as a device makes it: `[1, series, sequence, previous, payload, null | [owner, digest]]` in
//! [canonical](crate::canonical) form. Its hash is the SHA-256 of exactly those bytes, so bytes are
//! kept as they came and never encoded anew.

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::Hash;
use crate::canonical::{CanonicalError, Reader, Writer};

/// The version number that stands first in every envelope.
pub const VERSION: u64 = 1;

/// What a fact says of content that is sealed and lies elsewhere, so that it can be erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    /// Whose key seals it: a person's id, or a dwelling's.
    pub owner: [u8; 16],
    /// SHA-256 of the ciphertext.
    pub digest: Hash,
}

/// One fact, owned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// The device's series.
    pub series: [u8; 16],
    /// The place in the series, from 0, without gaps.
    pub sequence: u64,
    /// Hash of the previous fact of the series; zeros at sequence 0.
    pub previous: Hash,
    /// The domain's bytes, which this crate does not look into.
    pub payload: Vec<u8>,
    /// The commitment to sealed content, if the fact has any.
    pub sealed: Option<Commitment>,
}

/// One fact, borrowed from its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvelopeRef<'a> {
    /// All bytes of the fact, as given to [`EnvelopeRef::decode`].
    pub bytes: &'a [u8],
    /// The device's series.
    pub series: [u8; 16],
    /// The place in the series, from 0, without gaps.
    pub sequence: u64,
    /// Hash of the previous fact of the series; zeros at sequence 0.
    pub previous: Hash,
    /// The domain's bytes.
    pub payload: &'a [u8],
    /// The commitment to sealed content, if the fact has any.
    pub sealed: Option<Commitment>,
}

/// Why bytes are not an envelope.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum EnvelopeError {
    /// Not canonical, or not of the envelope's shape.
    #[error("the fact is not in canonical form: {0}")]
    Canonical(#[from] CanonicalError),
    /// Another version than this program knows.
    #[error("the fact has envelope version {found}; this program reads version {VERSION}")]
    Version {
        /// The version that stands there.
        found: u64,
    },
    /// An array with another number of items than the envelope (6) or the commitment (2) has.
    #[error("the fact has {found} parts where {expected} belong")]
    Parts {
        /// How many belong there.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

impl EnvelopeError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Canonical(error) => format!("记录的字节不合规范：{}", error.zh()),
            Self::Version { found } => {
                format!("记录的封装版本是 {found}，本程序只认版本 {VERSION}，请升级程序")
            }
            Self::Parts { expected, found } => format!("记录应有 {expected} 个部分，实有 {found} 个"),
        }
    }
}

impl Envelope {
    /// The fact's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::with_capacity(128 + self.payload.len());
        writer.array(6).uint(VERSION).bytes(&self.series).uint(self.sequence);
        writer.bytes(&self.previous).bytes(&self.payload);
        match &self.sealed {
            None => writer.null(),
            Some(commitment) => writer.array(2).bytes(&commitment.owner).bytes(&commitment.digest),
        };
        writer.finish()
    }

    /// Reads a fact; what it accepts, [`Envelope::encode`] gives back byte for byte.
    ///
    /// # Errors
    /// See [`EnvelopeError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        EnvelopeRef::decode(bytes).map(EnvelopeRef::into_owned)
    }
}

impl<'a> EnvelopeRef<'a> {
    /// Reads a fact without copying its payload.
    ///
    /// # Errors
    /// See [`EnvelopeError`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, EnvelopeError> {
        let mut reader = Reader::new(bytes);
        parts(reader.array()?, 6)?;
        let version = reader.uint()?;
        if version != VERSION {
            return Err(EnvelopeError::Version { found: version });
        }
        let series = reader.bytes_of()?;
        let sequence = reader.uint()?;
        let previous = reader.bytes_of()?;
        let payload = reader.bytes()?;
        let sealed = if reader.null() {
            None
        } else {
            parts(reader.array()?, 2)?;
            Some(Commitment { owner: reader.bytes_of()?, digest: reader.bytes_of()? })
        };
        reader.finish()?;
        Ok(Self { bytes, series, sequence, previous, payload, sealed })
    }

    /// The fact's hash.
    pub fn hash(&self) -> Hash {
        hash(self.bytes)
    }

    /// The same fact, owned.
    pub fn into_owned(self) -> Envelope {
        Envelope {
            series: self.series,
            sequence: self.sequence,
            previous: self.previous,
            payload: self.payload.to_vec(),
            sealed: self.sealed,
        }
    }
}

fn parts(found: usize, expected: usize) -> Result<(), EnvelopeError> {
    if found == expected { Ok(()) } else { Err(EnvelopeError::Parts { expected, found }) }
}

/// The hash of a fact: SHA-256 over its bytes.
pub fn hash(fact: &[u8]) -> Hash {
    Sha256::digest(fact).into()
}
