//! The series of one device: facts numbered without gaps, each naming the hash of the one before, the
//! last of every push signed with the device's Ed25519 key.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use thiserror::Error;

use crate::Hash;
use crate::envelope::EnvelopeRef;

const HEAD_CONTEXT: &[u8] = b"wanjia series head v1\n";

/// The key with which a device signs the heads of its series. Wiped from memory when dropped.
pub struct DeviceKey {
    signing: SigningKey,
}

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DeviceKey(..)")
    }
}

/// Why a head is not taken as signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SignatureError {
    /// The 32 bytes are not an Ed25519 public key that can be relied on.
    #[error("the public key is not a usable Ed25519 key")]
    PublicKey,
    /// Another key signed, or something else was signed.
    #[error("the signature does not fit the series, the sequence, the hash and the key")]
    Signature,
}

impl SignatureError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::PublicKey => "公钥不是可用的 Ed25519 公钥".into(),
            Self::Signature => "签名与序列、序号、哈希或公钥不符".into(),
        }
    }
}

/// The bytes a head's signature covers: `"wanjia series head v1\n"`, series, sequence (64 bits,
/// big-endian), hash of the fact at that sequence.
pub fn head_message(series: &[u8; 16], sequence: u64, hash: &Hash) -> Vec<u8> {
    [HEAD_CONTEXT, series, &sequence.to_be_bytes(), hash].concat()
}

impl DeviceKey {
    /// The key made from 32 secret random bytes.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        let seed = zeroize::Zeroizing::new(seed);
        Self { signing: SigningKey::from_bytes(&seed) }
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    /// Signs the head: the sequence and hash of the last fact made.
    pub fn sign_head(&self, series: &[u8; 16], sequence: u64, hash: &Hash) -> [u8; 64] {
        self.signing.sign(&head_message(series, sequence, hash)).to_bytes()
    }
}

/// Whether 32 bytes are an Ed25519 public key that can be relied on.
///
/// # Errors
/// [`SignatureError::PublicKey`]
pub fn check_public_key(public: &[u8; 32]) -> Result<(), SignatureError> {
    match VerifyingKey::from_bytes(public) {
        Ok(key) if !key.is_weak() => Ok(()),
        _ => Err(SignatureError::PublicKey),
    }
}

/// Checks a head's signature, by the strict rules (no key of small order, no malleable signature).
///
/// # Errors
/// See [`SignatureError`].
pub fn verify_head(
    public: &[u8; 32],
    series: &[u8; 16],
    sequence: u64,
    hash: &Hash,
    signature: &[u8; 64],
) -> Result<(), SignatureError> {
    let key = VerifyingKey::from_bytes(public).map_err(|_| SignatureError::PublicKey)?;
    if key.is_weak() {
        return Err(SignatureError::PublicKey);
    }
    key.verify_strict(&head_message(series, sequence, hash), &Signature::from_bytes(signature))
        .map_err(|_| SignatureError::Signature)
}

/// Where a series stands. The default is the series before its first fact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SeriesHead {
    /// The sequence the next fact must have.
    pub next: u64,
    /// The hash of the last fact, which the next one must name; zeros before the first.
    pub hash: Hash,
}

/// Why a fact does not continue its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ChainError {
    /// Facts between are missing.
    #[error("facts {expected} to {found} are not consecutive: {expected} was expected, {found} came")]
    Gap {
        /// The sequence that was expected.
        expected: u64,
        /// The sequence that came.
        found: u64,
    },
    /// The series goes on from another history: the sequence is taken already, or the fact names
    /// another predecessor than the one held.
    #[error("the fact at sequence {sequence} does not continue the history held of this series")]
    Fork {
        /// The sequence of the fact that does not fit.
        sequence: u64,
    },
    /// The fact belongs to another series.
    #[error("the fact belongs to another series")]
    WrongSeries,
}

impl ChainError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Gap { expected, found } => {
                format!("序号不连续：应为 {expected}，实为 {found}，中间的记录缺失")
            }
            Self::Fork { sequence } => format!("序号 {sequence} 的记录与已有的历史不衔接"),
            Self::WrongSeries => "记录属于另一个序列".into(),
        }
    }
}

impl SeriesHead {
    /// Goes on to the next fact: its sequence must be [`next`](Self::next) and it must name
    /// [`hash`](Self::hash). Afterwards `hash` is this fact's hash. A refused fact changes nothing.
    ///
    /// # Errors
    /// [`ChainError::Gap`] for a sequence too high, [`ChainError::Fork`] for one that is taken or a
    /// link that does not hold. A fact that came before, byte for byte, is a fork here too: whoever
    /// keeps the facts knows duplicates by their hash.
    pub fn follow(&mut self, envelope: &EnvelopeRef<'_>) -> Result<(), ChainError> {
        let sequence = envelope.sequence;
        if sequence > self.next {
            return Err(ChainError::Gap { expected: self.next, found: sequence });
        }
        if sequence < self.next || envelope.previous != self.hash {
            return Err(ChainError::Fork { sequence });
        }
        // The last of all sequences has no successor, so nothing may follow it.
        self.next = sequence.checked_add(1).ok_or(ChainError::Fork { sequence })?;
        self.hash = envelope.hash();
        Ok(())
    }

    /// As [`follow`](Self::follow), for a head known to be that of `series`.
    ///
    /// # Errors
    /// [`ChainError::WrongSeries`] if the fact is of another series, else as `follow`.
    pub fn follow_in(&mut self, series: &[u8; 16], envelope: &EnvelopeRef<'_>) -> Result<(), ChainError> {
        if envelope.series != *series {
            return Err(ChainError::WrongSeries);
        }
        self.follow(envelope)
    }
}
