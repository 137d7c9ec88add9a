//! Sealing: personal content becomes a ciphertext under a key of its owner's own (a person's, a
//! dwelling's), that key is wrapped under the territory's, and a fact commits to the ciphertext's
//! hash only. Erasing the ciphertext and the wrapped key leaves every proof whole.
//!
//! XChaCha20-Poly1305 throughout, with the nonce in front of the ciphertext; HKDF-SHA-256 makes the
//! territory key's subkeys; HMAC-SHA-256 makes the blind tags by which content is found again.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use thiserror::Error;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::Hash;

/// What stands before the base64 in a key file.
pub const KEY_PREFIX: &str = "wanjia-territory-key-v1:";

/// How long a wrapped data key is: nonce 24, key 32, tag 16.
pub const WRAPPED_LEN: usize = 72;

const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
const SEAL_CONTEXT: &[u8] = b"wanjia seal v1";
const WRAP_CONTEXT: &[u8] = b"wanjia wrap v1";

/// Why something sealed does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// Too short or too long to be what it should be.
    #[error("the sealed bytes have length {found}, which cannot be")]
    Length {
        /// How many bytes there are.
        found: usize,
    },
    /// Another key sealed it, it was sealed for another owner or place, or it was changed.
    #[error("the sealed bytes do not open: another key, another owner or place, or they were changed")]
    Refused,
}

impl SealError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Length { found } => format!("密文长度 {found} 字节，不可能是有效密文"),
            Self::Refused => "密文打不开：密钥不对、不属于此人此处，或内容被改动过".into(),
        }
    }
}

/// Why text is not a territory key. No variant holds any of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyTextError {
    /// Nothing there.
    #[error("the key file is empty")]
    Empty,
    /// More than one line.
    #[error("the key file has more than one line; it must have one line that starts with {KEY_PREFIX}")]
    Lines,
    /// Not a key of this kind, or of a later version.
    #[error("the key does not start with {KEY_PREFIX}")]
    Prefix,
    /// What follows the prefix is no base64.
    #[error("what follows {KEY_PREFIX} is not valid base64 (44 characters, the last an equals sign)")]
    Base64,
    /// The base64 holds another number of bytes.
    #[error("the key has {found} bytes and must have 32; the line may have been cut")]
    Length {
        /// How many bytes there are.
        found: usize,
    },
}

impl KeyTextError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Empty => "密钥文件是空的".into(),
            Self::Lines => format!("密钥文件不止一行，应只有一行，以 {KEY_PREFIX} 开头"),
            Self::Prefix => format!("密钥不以 {KEY_PREFIX} 开头"),
            Self::Base64 => format!("{KEY_PREFIX} 之后不是有效的 base64（应为 44 个字符，以等号结尾）"),
            Self::Length { found } => format!("密钥有 {found} 个字节，应为 32 个，这一行可能被截断"),
        }
    }
}

/// The key of one owner, with which that owner's content is sealed. Wiped from memory when dropped.
#[derive(ZeroizeOnDrop)]
pub struct DataKey([u8; 32]);

impl DataKey {
    /// The key made of 32 secret random bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        Self(*bytes)
    }

    /// The key's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("DataKey(..)")
    }
}

/// The one key of a territory, kept outside its databases. Everything secret that the server holds
/// derives from it or is wrapped under it. Wiped from memory when dropped.
#[derive(ZeroizeOnDrop)]
pub struct TerritoryKey {
    key: [u8; 32],
    wrap: [u8; 32],
    blind: [u8; 32],
    checkpoint: [u8; 32],
    device: [u8; 32],
    recovery: [u8; 32],
    fingerprint: [u8; 8],
}

impl std::fmt::Debug for TerritoryKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("TerritoryKey(..)")
    }
}

impl TerritoryKey {
    /// The key made of 32 secret random bytes, with its subkeys.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let source = Hkdf::<Sha256>::new(None, bytes.as_slice());
        Self {
            key: *bytes,
            wrap: derive(&source, "wanjia territory key v1 wrap"),
            blind: derive(&source, "wanjia territory key v1 blind"),
            checkpoint: derive(&source, "wanjia territory key v1 checkpoint"),
            device: derive(&source, "wanjia territory key v1 device"),
            recovery: derive(&source, "wanjia territory key v1 recovery"),
            fingerprint: derive(&source, "wanjia territory key v1 fingerprint"),
        }
    }

    /// Reads the text of a key file: one line, [`KEY_PREFIX`] and base64; a newline may follow.
    ///
    /// # Errors
    /// See [`KeyTextError`]; none of them shows any of the text.
    pub fn parse(text: &str) -> Result<Self, KeyTextError> {
        let line = text.trim_end_matches(['\n', '\r']);
        if line.trim().is_empty() {
            return Err(KeyTextError::Empty);
        }
        if line.contains(['\n', '\r']) {
            return Err(KeyTextError::Lines);
        }
        let encoded = line.strip_prefix(KEY_PREFIX).ok_or(KeyTextError::Prefix)?;
        let decoded = BASE64_STANDARD.decode(encoded).map_err(|_| KeyTextError::Base64)?;
        let decoded = Zeroizing::new(decoded);
        let bytes: [u8; 32] =
            decoded.as_slice().try_into().map_err(|_| KeyTextError::Length { found: decoded.len() })?;
        Ok(Self::from_bytes(bytes))
    }

    /// The line that [`TerritoryKey::parse`] reads, without a newline. It is the secret itself.
    pub fn to_text(&self) -> String {
        format!("{KEY_PREFIX}{}", BASE64_STANDARD.encode(self.key))
    }

    /// Wraps an owner's key: nonce, then the sealed key, [`WRAPPED_LEN`] bytes, bound to `key_id`.
    /// A nonce must be random and never be used again.
    pub fn wrap(&self, key_id: &[u8; 16], key: &DataKey, nonce: [u8; 24]) -> Vec<u8> {
        encrypt(&self.wrap, nonce, &[WRAP_CONTEXT, key_id].concat(), key.as_bytes())
    }

    /// Unwraps an owner's key.
    ///
    /// # Errors
    /// [`SealError::Refused`] if another territory key or another `key_id` wrapped it, or it was
    /// changed; [`SealError::Length`] unless it has [`WRAPPED_LEN`] bytes.
    pub fn unwrap(&self, key_id: &[u8; 16], wrapped: &[u8]) -> Result<DataKey, SealError> {
        if wrapped.len() != WRAPPED_LEN {
            return Err(SealError::Length { found: wrapped.len() });
        }
        let key = Zeroizing::new(decrypt(&self.wrap, &[WRAP_CONTEXT, key_id].concat(), wrapped)?);
        key.as_slice().try_into().map(DataKey).map_err(|_| SealError::Length { found: wrapped.len() })
    }

    /// The tag by which a value (an identity number, a phone number) is found without being stored:
    /// equal for equal field and value, and nothing without the key. The caller normalises the value.
    /// Whoever holds the key can try all values out, so a tag is personal data and is erased with it.
    #[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
    pub fn blind_tag(&self, field: &str, value: &str) -> [u8; 16] {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.blind).expect("a key of 32 bytes");
        // With its length in front, no field and value can run together into those of another pair.
        mac.update(&(field.len() as u64).to_be_bytes());
        mac.update(field.as_bytes());
        mac.update(value.as_bytes());
        let mut tag = [0; 16];
        tag.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        tag
    }

    /// The seed of the key that signs the territory's checkpoints.
    pub fn checkpoint_seed(&self) -> [u8; 32] {
        self.checkpoint
    }

    /// The seed of the key that signs the server's own series of facts.
    pub fn device_seed(&self) -> [u8; 32] {
        self.device
    }

    /// The seed of the key to which phones encrypt the keys of what they recorded.
    pub fn recovery_seed(&self) -> [u8; 32] {
        self.recovery
    }

    /// Tells one key from another without telling anything of it: stored beside the data, so that a
    /// wrong key file can be named as such.
    pub fn fingerprint(&self) -> [u8; 8] {
        self.fingerprint
    }
}

#[expect(clippy::expect_used, reason = "HKDF refuses only outputs above 8160 bytes")]
fn derive<const N: usize>(source: &Hkdf<Sha256>, purpose: &str) -> [u8; N] {
    let mut subkey = [0; N];
    source.expand(purpose.as_bytes(), &mut subkey).expect("N is small");
    subkey
}

/// Seals content with its owner's key, for one place: the fact at `sequence` of `series`. The result
/// is nonce, ciphertext, tag. A nonce must be random and never be used again.
pub fn seal(
    key: &DataKey,
    owner: &[u8; 16],
    series: &[u8; 16],
    sequence: u64,
    nonce: [u8; 24],
    plaintext: &[u8],
) -> Vec<u8> {
    encrypt(key.as_bytes(), nonce, &place(owner, series, sequence), plaintext)
}

/// Opens what [`seal`] sealed for the same owner and place.
///
/// # Errors
/// See [`SealError`].
pub fn open(
    key: &DataKey,
    owner: &[u8; 16],
    series: &[u8; 16],
    sequence: u64,
    ciphertext: &[u8],
) -> Result<Vec<u8>, SealError> {
    decrypt(key.as_bytes(), &place(owner, series, sequence), ciphertext)
}

/// The digest by which a fact commits to a ciphertext: SHA-256 over all of it, nonce included.
pub fn digest(ciphertext: &[u8]) -> Hash {
    Sha256::digest(ciphertext).into()
}

fn place(owner: &[u8; 16], series: &[u8; 16], sequence: u64) -> Vec<u8> {
    [SEAL_CONTEXT, owner, series, &sequence.to_be_bytes()].concat()
}

#[expect(clippy::expect_used, reason = "the cipher refuses only plaintexts above 256 GiB")]
fn encrypt(key: &[u8; 32], nonce: [u8; 24], aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(&Key::from(*key));
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad })
        .expect("a plaintext that fits the memory");
    [nonce.as_slice(), &sealed].concat()
}

fn decrypt(key: &[u8; 32], aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, ciphertext) = sealed
        .split_first_chunk::<NONCE_LEN>()
        .filter(|(_, ciphertext)| ciphertext.len() >= TAG_LEN)
        .ok_or(SealError::Length { found: sealed.len() })?;
    XChaCha20Poly1305::new(&Key::from(*key))
        .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad })
        .map_err(|_| SealError::Refused)
}
