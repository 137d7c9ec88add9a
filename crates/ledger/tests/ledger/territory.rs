//! A small territory as a server would have stored it, to be damaged.

use std::collections::{BTreeMap, BTreeSet};

use ledger::Hash;
use ledger::checkpoint::{Checkpoint, CheckpointKey};
use ledger::envelope::{Commitment, Envelope, EnvelopeRef, hash};
use ledger::seal::{self, DataKey};
use ledger::series::{DeviceKey, SeriesHead};
use ledger::tree::{self, Appender};
use ledger::verify::{Entry, Fault, Summary, VERDICT_CHAIN, VERDICT_SIGNATURE, Verifier};

pub const ORIGIN: &str = "wanjia/110101";
pub const CHECKPOINT_EVERY: u64 = 8;

#[derive(Clone, Debug)]
pub struct Row {
    pub position: u64,
    pub fact: Vec<u8>,
    pub received_at: i64,
    pub verdict: u64,
}

#[derive(Clone, Debug)]
pub struct Head {
    pub series: [u8; 16],
    pub sequence: u64,
    pub hash: Hash,
    pub signature: [u8; 64],
    pub public: [u8; 32],
}

/// What lies in the tables: every field may be changed before [`Territory::verify`] looks at it.
#[derive(Clone, Debug)]
pub struct Territory {
    pub rows: Vec<Row>,
    pub nodes: Vec<Hash>,
    pub checkpoints: Vec<String>,
    pub heads: Vec<Head>,
    pub founding: BTreeMap<[u8; 16], [u8; 32]>,
    pub vault: BTreeMap<Hash, Vec<u8>>,
    pub erased: BTreeSet<[u8; 16]>,
}

/// A fact to be put in: of which device, saying what, with which verdict.
#[derive(Clone, Copy, Debug)]
pub struct Deed {
    pub device: u8,
    pub sealed: bool,
    pub verdict: u64,
}

pub fn device_key(device: u8) -> DeviceKey {
    DeviceKey::from_seed([device; 32])
}

pub fn series_of(device: u8) -> [u8; 16] {
    [0xd0 | device; 16]
}

pub fn owner_of(position: usize) -> [u8; 16] {
    [position as u8; 16]
}

pub fn checkpoint_key() -> CheckpointKey {
    CheckpointKey::from_seed(ORIGIN, [0xcc; 32]).unwrap()
}

impl Territory {
    pub fn build(deeds: &[Deed]) -> Self {
        let mut chains: BTreeMap<u8, SeriesHead> = BTreeMap::new();
        let mut territory = Self {
            rows: Vec::new(),
            nodes: Vec::new(),
            checkpoints: Vec::new(),
            heads: Vec::new(),
            founding: BTreeMap::new(),
            vault: BTreeMap::new(),
            erased: BTreeSet::new(),
        };
        for (position, deed) in deeds.iter().enumerate() {
            let series = series_of(deed.device);
            let chain = chains.entry(deed.device).or_default();
            let linked = !matches!(deed.verdict, VERDICT_CHAIN | VERDICT_SIGNATURE);
            // A fact outside the chain: a second one at a sequence, or one that names nothing known.
            let sequence = if linked { chain.next } else { chain.next.saturating_sub(1) };
            let previous = if linked { chain.hash } else { [0xee; 32] };
            let owner = owner_of(position);
            let sealed = deed.sealed.then(|| {
                let key = DataKey::from_bytes([position as u8; 32]);
                let ciphertext = seal::seal(&key, &owner, &series, sequence, [3; 24], b"content");
                let digest = seal::digest(&ciphertext);
                territory.vault.insert(digest, ciphertext);
                Commitment { owner, digest }
            });
            let payload = vec![position as u8; 20];
            let fact = Envelope { series, sequence, previous, payload, sealed }.encode();
            if linked {
                *chain = SeriesHead { next: sequence + 1, hash: hash(&fact) };
            }
            territory.rows.push(Row {
                position: position as u64,
                fact,
                received_at: 1_764_000_000_000 + position as i64,
                verdict: deed.verdict,
            });
        }
        for (device, chain) in chains {
            let key = device_key(device);
            territory.founding.insert(series_of(device), key.public());
            if let Some(sequence) = chain.next.checked_sub(1) {
                territory.sign_head(&key, series_of(device), sequence, chain.hash);
            }
        }
        territory.make_nodes();
        territory.sign_checkpoints();
        territory
    }

    /// Puts the head of the series in place of the one it has.
    pub fn sign_head(&mut self, key: &DeviceKey, series: [u8; 16], sequence: u64, hash: Hash) {
        let signature = key.sign_head(&series, sequence, &hash);
        self.heads.retain(|head| head.series != series);
        self.heads.push(Head { series, sequence, hash, signature, public: key.public() });
    }

    /// Makes positions and stored hashes fit the rows, as someone who rewrites the tables would.
    pub fn make_nodes(&mut self) {
        self.nodes.clear();
        let mut appender = Appender::new();
        for (position, row) in (0..).zip(&mut self.rows) {
            row.position = position;
            appender.append(tree::leaf(&row.fact, row.received_at, row.verdict), &mut self.nodes);
        }
    }

    pub fn sign_checkpoints(&mut self) {
        let end = self.rows.len() as u64;
        let sizes = (0..=end).filter(|size| size % CHECKPOINT_EVERY == 0 || *size == end);
        let key = checkpoint_key();
        self.checkpoints = sizes
            .map(|size| {
                let root = tree::root(size, &self.nodes).unwrap();
                key.sign(&Checkpoint { origin: ORIGIN.into(), size, root })
            })
            .collect();
    }

    /// The chain of one series as it stands in the rows.
    pub fn chain_of(&self, device: u8) -> SeriesHead {
        let mut head = SeriesHead::default();
        for row in &self.rows {
            let envelope = EnvelopeRef::decode(&row.fact).unwrap();
            if envelope.series == series_of(device) {
                let _ = head.follow(&envelope);
            }
        }
        head
    }

    pub fn verify(&self) -> Result<Summary, Fault> {
        let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
        for note in &self.checkpoints {
            verifier.checkpoint(note)?;
        }
        for (series, public) in &self.founding {
            verifier.founding_key(series, public)?;
        }
        self.read_rows(&mut verifier)?;
        self.read_heads(&mut verifier)?;
        verifier.finish()
    }

    pub fn read_rows(&self, verifier: &mut Verifier) -> Result<(), Fault> {
        for row in &self.rows {
            let entry = Entry {
                position: row.position,
                fact: &row.fact,
                received_at: row.received_at,
                verdict: row.verdict,
            };
            let envelope = verifier.entry(&entry)?;
            let (from, fresh) = verifier.fresh_nodes();
            for index in from..from + fresh.len() as u64 {
                let stored = self.nodes.get(index as usize).copied().unwrap_or_default();
                verifier.node(index, &stored)?;
            }
            if let Some(commitment) = &envelope.sealed {
                let ciphertext = self.vault.get(&commitment.digest).map(Vec::as_slice);
                let erased = self.erased.contains(&commitment.owner);
                verifier.content(row.position, commitment, ciphertext, erased)?;
            }
        }
        Ok(())
    }

    pub fn read_heads(&self, verifier: &mut Verifier) -> Result<(), Fault> {
        for head in &self.heads {
            verifier.head(&head.series, head.sequence, &head.hash, &head.signature, &head.public)?;
        }
        Ok(())
    }
}

/// Three devices, 30 entries: every third sealed, one fork and one bad signature in quarantine, one
/// entry quarantined for a reason of the domain.
pub fn territory() -> Territory {
    let deeds: Vec<Deed> = (0..30)
        .map(|position| Deed {
            device: (position % 3) as u8,
            sealed: position % 3 == 1,
            verdict: match position {
                10 => VERDICT_CHAIN,
                17 => VERDICT_SIGNATURE,
                21 => 5,
                _ => 0,
            },
        })
        .collect();
    Territory::build(&deeds)
}
