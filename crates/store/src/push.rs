//! A device's push, read and checked before it takes the writer's time.

use domain::id::SeriesId;
use ledger::Hash;
use ledger::envelope::{self, Envelope};

/// One fact as a device sends it.
#[derive(Clone)]
pub struct Pushed {
    pub envelope: Vec<u8>,
    pub ciphertext: Option<Vec<u8>>,
    pub data_key: Option<[u8; 32]>,
    /// The content names an ID number that nobody can have: whoever was seen is known by everything else she said.
    pub impossible_number: bool,
}

/// Why a whole push was sent back; nothing of it is stored, and the device keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PushRefused {
    /// The bytes are no envelope of this series.
    Unreadable {
        index: usize,
    },
    BadSignature,
    UnknownDevice,
    /// Facts before these are missing: send from this number on.
    Gap {
        expected: u64,
    },
    Empty,
}

/// Facts of one series in order, whose last one carries the device's signature. Only [`CheckedPush::check`] makes one.
pub struct CheckedPush {
    pub(crate) series: SeriesId,
    pub(crate) public_key: [u8; 32],
    pub(crate) facts: Vec<Pushed>,
    pub(crate) envelopes: Vec<Envelope>,
    pub(crate) last_hash: Hash,
    pub(crate) signature: [u8; 64],
}

impl CheckedPush {
    /// Reads the envelopes and checks the signature with the device's public key. Needs nothing of the territory, so
    /// it may run on any thread.
    ///
    /// # Errors
    /// [`PushRefused`], but for a gap, which only the writer sees.
    pub fn check(
        series: SeriesId,
        public_key: [u8; 32],
        facts: Vec<Pushed>,
        signature: [u8; 64],
    ) -> Result<Self, PushRefused> {
        let mut envelopes = Vec::with_capacity(facts.len());
        for (index, fact) in facts.iter().enumerate() {
            match Envelope::decode(&fact.envelope) {
                Ok(envelope) if envelope.series == series.0 => envelopes.push(envelope),
                _ => return Err(PushRefused::Unreadable { index }),
            }
        }
        let (Some(last), Some(last_fact)) = (envelopes.last(), facts.last()) else {
            return Err(PushRefused::Empty);
        };
        let last_hash = envelope::hash(&last_fact.envelope);
        ledger::series::verify_head(&public_key, &series.0, last.sequence, &last_hash, &signature)
            .map_err(|_| PushRefused::BadSignature)?;
        Ok(Self { series, public_key, facts, envelopes, last_hash, signature })
    }

    #[must_use]
    pub fn series(&self) -> SeriesId {
        self.series
    }

    /// How many facts it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }
}
