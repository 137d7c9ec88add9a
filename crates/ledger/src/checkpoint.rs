//! Checkpoints: origin, size and root of a territory's tree as a C2SP tlog-checkpoint, signed as a
//! C2SP signed note with Ed25519. A phone or a parent office that keeps one can later ask for a proof
//! that the tree still begins with it.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use signed_note::{Note, NoteError, VerifierList, key_id};
use thiserror::Error;
use tlog_tiles::tlog;

use crate::Hash;

/// The byte that says Ed25519 in a key id of a signed note.
const ALGORITHM_ED25519: u8 = 1;

/// The head of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: `wanjia/<territory code>`.
    pub origin: String,
    /// How many entries the tree has.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a note is not a checkpoint of this log.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CheckpointError {
    /// The text is no signed note, or the note is no checkpoint.
    #[error("the text is not a signed checkpoint")]
    Malformed,
    /// No signature of the key asked for is on it.
    #[error("the checkpoint carries no signature of the key of {origin}")]
    Unsigned {
        /// The origin whose key was asked for.
        origin: String,
    },
    /// The signature of the key asked for does not fit the text.
    #[error("the signature of {origin} does not fit the checkpoint: the text was changed")]
    Signature {
        /// The origin whose key was asked for.
        origin: String,
    },
    /// Signed, but it speaks of another log.
    #[error("the checkpoint speaks of {found}, not of {expected}")]
    Origin {
        /// The origin asked for.
        expected: String,
        /// The origin that stands there.
        found: String,
    },
    /// An origin that cannot stand in a note: empty, or with a space, a plus or a control character.
    #[error("{origin:?} cannot be the origin of a checkpoint: no spaces, plus signs or control characters")]
    Name {
        /// The origin.
        origin: String,
    },
    /// The 32 bytes are not an Ed25519 public key that can be relied on.
    #[error("the public key of the checkpoint is not a usable Ed25519 key")]
    PublicKey,
}

impl CheckpointError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Malformed => "这段文本不是签名的检查点".into(),
            Self::Unsigned { origin } => format!("检查点上没有 {origin} 的签名"),
            Self::Signature { origin } => format!("{origin} 的签名与检查点不符，检查点被改动过"),
            Self::Origin { expected, found } => format!("检查点属于 {found}，而不是 {expected}"),
            Self::Name { origin } => {
                format!("“{origin}”不能作为检查点的来源名：不得为空，不得含空格、加号或控制字符")
            }
            Self::PublicKey => "检查点公钥不是可用的 Ed25519 公钥".into(),
        }
    }
}

/// The key that signs the checkpoints of one log. Wiped from memory when dropped.
pub struct CheckpointKey {
    origin: String,
    signing: SigningKey,
    id: u32,
}

impl std::fmt::Debug for CheckpointKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("CheckpointKey").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl CheckpointKey {
    /// The key of the log `origin`, made from 32 secret bytes.
    ///
    /// # Errors
    /// [`CheckpointError::Name`] if a note cannot carry the origin.
    pub fn from_seed(origin: &str, seed: [u8; 32]) -> Result<Self, CheckpointError> {
        let seed = zeroize::Zeroizing::new(seed);
        if !signed_note::is_key_name_valid(origin) || origin.chars().any(char::is_control) {
            return Err(CheckpointError::Name { origin: origin.to_owned() });
        }
        let signing = SigningKey::from_bytes(&seed);
        let id = note_key_id(origin, &signing.verifying_key().to_bytes());
        Ok(Self { origin: origin.to_owned(), signing, id })
    }

    /// The public key, 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.signing.verifying_key().to_bytes()
    }

    /// The origin this key signs for.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The signed note. Its origin line is this key's origin whatever `checkpoint.origin` says: a key
    /// speaks for one log only.
    #[expect(clippy::expect_used, reason = "from_seed has checked the only part that could be refused")]
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        let text =
            tlog_tiles::Checkpoint::new(&self.origin, checkpoint.size, tlog::Hash(checkpoint.root), "")
                .expect("the origin is not empty")
                .to_bytes();
        let mut note = Note::new(&text, &[]).expect("lines without control characters make a note");
        note.add_sigs(&[self]).expect("the origin is a valid name");
        String::from_utf8(note.to_bytes()).expect("a note of texts is text")
    }
}

impl signed_note::Signer for CheckpointKey {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        Ok(self.signing.try_sign(message)?.to_vec())
    }
}

/// The crate's own verifier accepts what `verify_strict` does not; this one does not.
struct StrictVerifier {
    origin: String,
    id: u32,
    key: VerifyingKey,
}

impl signed_note::Verifier for StrictVerifier {
    fn name(&self) -> &str {
        &self.origin
    }

    fn key_id(&self) -> u32 {
        self.id
    }

    fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.key.verify_strict(message, &signature).is_ok())
    }
}

/// Reads a signed note as a checkpoint of `origin`, signed with its key. Signatures of others (of
/// witnesses) and extension lines may be there and are passed over.
///
/// # Errors
/// See [`CheckpointError`].
pub fn open(note: &str, origin: &str, public: &[u8; 32]) -> Result<Checkpoint, CheckpointError> {
    let key = VerifyingKey::from_bytes(public).map_err(|_| CheckpointError::PublicKey)?;
    if key.is_weak() {
        return Err(CheckpointError::PublicKey);
    }
    let note = Note::from_bytes(note.as_bytes()).map_err(|_| CheckpointError::Malformed)?;
    let verifier = StrictVerifier { origin: origin.to_owned(), id: note_key_id(origin, public), key };
    note.verify(&VerifierList::new(vec![Box::new(verifier)])).map_err(|error| match error {
        NoteError::UnverifiedNote => CheckpointError::Unsigned { origin: origin.to_owned() },
        NoteError::InvalidSignature { .. } => CheckpointError::Signature { origin: origin.to_owned() },
        _ => CheckpointError::Malformed,
    })?;
    let head = tlog_tiles::Checkpoint::from_bytes(note.text()).map_err(|_| CheckpointError::Malformed)?;
    if head.origin() != origin {
        return Err(CheckpointError::Origin { expected: origin.to_owned(), found: head.origin().to_owned() });
    }
    Ok(Checkpoint { origin: origin.to_owned(), size: head.size(), root: head.hash().0 })
}

fn note_key_id(origin: &str, public: &[u8; 32]) -> u32 {
    let mut key = [ALGORITHM_ED25519; 33];
    key[1..].copy_from_slice(public);
    key_id(origin, &key)
}
