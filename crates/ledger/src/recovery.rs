//! The way of a data key from a phone that its worker cannot open any more: it is encrypted to the territory's recovery
//! key (HPKE, RFC 9180: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305) when the fact is made, so
//! that what waits on a locked phone can be sent, and opened here, though nobody can read it there.

use hpke::aead::ChaCha20Poly1305;
use hpke::kdf::HkdfSha256;
use hpke::kem::X25519HkdfSha256;
use hpke::{Deserializable as _, Kem, OpModeR, Serializable as _, single_shot_open};

use crate::seal::{DataKey, SealError};

/// How long an encrypted data key is: encapsulated key 32, key 32, tag 16.
pub const SEALED_KEY_LEN: usize = 80;

const ENCAPSULATED_LEN: usize = 32;
const INFO: &[u8] = b"wanjia data key v1";

type Private = <X25519HkdfSha256 as Kem>::PrivateKey;
type Encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey;

/// The half that opens. Derived from the territory's key, like every other.
pub struct RecoveryKey {
    private: Private,
    public: [u8; 32],
}

impl std::fmt::Debug for RecoveryKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RecoveryKey(..)")
    }
}

impl RecoveryKey {
    /// The pair that 32 secret bytes stand for.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let (private, public) = X25519HkdfSha256::derive_keypair(seed);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&public.to_bytes());
        Self { private, public: bytes }
    }

    /// What phones encrypt to.
    pub fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Opens the data key of an owner's content in a series.
    ///
    /// # Errors
    /// [`SealError::Length`] unless it has [`SEALED_KEY_LEN`] bytes; [`SealError::Refused`] if it was made for another
    /// territory, owner or series, or changed.
    pub fn open(&self, owner: &[u8; 16], series: &[u8; 16], sealed: &[u8]) -> Result<DataKey, SealError> {
        if sealed.len() != SEALED_KEY_LEN {
            return Err(SealError::Length { found: sealed.len() });
        }
        let (encapsulated, ciphertext) = sealed.split_at(ENCAPSULATED_LEN);
        let encapsulated = Encapsulated::from_bytes(encapsulated).map_err(|_| SealError::Refused)?;
        let opened = single_shot_open::<ChaCha20Poly1305, HkdfSha256, X25519HkdfSha256>(
            &OpModeR::Base,
            &self.private,
            &encapsulated,
            INFO,
            ciphertext,
            &[owner.as_slice(), series].concat(),
        )
        .map_err(|_| SealError::Refused)?;
        let bytes: [u8; 32] =
            opened.as_slice().try_into().map_err(|_| SealError::Length { found: sealed.len() })?;
        Ok(DataKey::from_bytes(bytes))
    }
}
