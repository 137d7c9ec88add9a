//! Verifying a whole territory from a stream of its stored entries, without any IO: every byte is in
//! canonical form, no position is missing, every series is dense and linked and reaches the head its
//! device signed, the tree that the entries make is the one that the checkpoints were signed over,
//! and sealed content is what the facts commit to, or was erased by a fact that says so.
//!
//! What it cannot tell: that something was never recorded, or that what was recorded is true.
//!
//! # Order
//! Entries come in the order of their positions. Checkpoints and heads may come before the entries
//! they speak of, or when those have just been read; see [`Verifier::checkpoint`] and
//! [`Verifier::head`] for those that come later.
//!
//! # Quarantined entries
//! An entry with a verdict above 0 is in the tree like any other. Two verdicts say that the entry
//! stands outside its device's chain: [`VERDICT_CHAIN`] (a gap or a fork) and [`VERDICT_SIGNATURE`]
//! (the head's signature does not hold). Such an entry is not checked against its series and does not
//! advance it. An entry with any other verdict is a link of its series as an accepted one is.

use std::collections::BTreeMap;

use crate::Hash;
use crate::checkpoint;
use crate::envelope::{Commitment, EnvelopeRef};
use crate::seal;
use crate::series::{ChainError, SeriesHead, verify_head};
use crate::tree::{self, Appender};

pub use fault::Fault;

mod fault;

/// The verdict of an entry that does not continue its series: a gap or a fork.
pub const VERDICT_CHAIN: u64 = 1;

/// The verdict of an entry whose push carried a head signature that does not hold.
pub const VERDICT_SIGNATURE: u64 = 2;

/// One stored entry of a territory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its place in the tree, from 0.
    pub position: u64,
    /// The fact's bytes.
    pub fact: &'a [u8],
    /// When the server received it, in milliseconds since 1970 UTC.
    pub received_at: i64,
    /// 0 for an accepted fact, else the reason for its quarantine.
    pub verdict: u64,
}

/// What a verification has covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many entries there are.
    pub size: u64,
    /// The root over all of them.
    pub root: Hash,
    /// How many series have a fact in their chain.
    pub series: u64,
    /// How many of those have no signed head, so that a cut-off end would go unseen.
    pub unsigned_series: u64,
    /// How many entries have a verdict above 0.
    pub quarantined: u64,
    /// How many checkpoints were found to hold.
    pub checkpoints: u64,
    /// The size of the largest of those, if there is one: entries from there on are covered by no
    /// checkpoint that was given.
    pub checkpointed: Option<u64>,
    /// How many heads were found to hold.
    pub heads: u64,
    /// How many pieces of sealed content were there and are what the fact commits to.
    pub contents: u64,
    /// How many pieces of sealed content are gone because they were erased.
    pub erased: u64,
}

/// What is known of one series.
#[derive(Debug, Default)]
struct Series {
    head: SeriesHead,
    /// The key that its first head, or its enrolment, named.
    key: Option<[u8; 32]>,
    /// The highest head seen.
    signed: Option<u64>,
    /// Heads whose facts are still to come.
    ahead: BTreeMap<u64, Hash>,
}

/// Every series met. Facts of one push stand together, so the last one asked for is looked at first.
#[derive(Debug, Default)]
struct AllSeries {
    places: BTreeMap<[u8; 16], usize>,
    known: Vec<Series>,
    last: Option<([u8; 16], usize)>,
}

impl AllSeries {
    fn of(&mut self, series: &[u8; 16]) -> &mut Series {
        let place = match self.last {
            Some((last, place)) if last == *series => place,
            _ => {
                let place = *self.places.entry(*series).or_insert(self.known.len());
                if place == self.known.len() {
                    self.known.push(Series::default());
                }
                self.last = Some((*series, place));
                place
            }
        };
        &mut self.known[place]
    }

    fn iter(&self) -> impl Iterator<Item = ([u8; 16], &Series)> {
        self.places.iter().map(|(&series, &place)| (series, &self.known[place]))
    }
}

/// Verifies a stream of entries. Memory: the right edge of the tree, one record for each series, and
/// the checkpoints and heads still ahead.
#[derive(Debug)]
pub struct Verifier {
    origin: String,
    checkpoint_public: [u8; 32],
    appender: Appender,
    fresh: Vec<Hash>,
    fresh_from: u64,
    series: AllSeries,
    /// Roots of checkpoints whose size is still to be reached.
    ahead: BTreeMap<u64, Hash>,
    checkpointed: Option<u64>,
    quarantined: u64,
    checkpoints: u64,
    heads: u64,
    contents: u64,
    erased: u64,
}

impl Verifier {
    /// A verifier before the first entry, for the log `origin` whose checkpoints this key signs.
    pub fn new(origin: &str, checkpoint_public: [u8; 32]) -> Self {
        Self {
            origin: origin.to_owned(),
            checkpoint_public,
            appender: Appender::new(),
            fresh: Vec::with_capacity(64),
            fresh_from: 0,
            series: AllSeries::default(),
            ahead: BTreeMap::new(),
            checkpointed: None,
            quarantined: 0,
            checkpoints: 0,
            heads: 0,
            contents: 0,
            erased: 0,
        }
    }

    /// Takes the next entry and gives its envelope back.
    ///
    /// # Errors
    /// [`Fault::MissingPosition`] takes nothing: the entry is not the next one. After every other
    /// fault the entry is in the tree, and a fault in its chain leaves the series at this entry, so a
    /// caller that wants all faults may go on.
    pub fn entry<'a>(&mut self, entry: &Entry<'a>) -> Result<EnvelopeRef<'a>, Fault> {
        let position = entry.position;
        let expected = self.appender.size();
        if position != expected {
            return Err(Fault::MissingPosition { expected, found: position });
        }
        self.fresh.clear();
        self.fresh_from = tree::node_count(expected);
        self.appender.append(tree::leaf(entry.fact, entry.received_at, entry.verdict), &mut self.fresh);
        if entry.verdict > 0 {
            self.quarantined += 1;
        }
        let reached = self.reach_checkpoint();
        let envelope =
            EnvelopeRef::decode(entry.fact).map_err(|reason| Fault::NotCanonical { position, reason })?;
        if !matches!(entry.verdict, VERDICT_CHAIN | VERDICT_SIGNATURE) {
            self.link(position, &envelope)?;
        }
        reached?;
        Ok(envelope)
    }

    /// The stored hashes that the last entry adds to the tree, with the index of the first, to be
    /// compared with those that are stored; [`Verifier::node`] compares one.
    pub fn fresh_nodes(&self) -> (u64, &[Hash]) {
        (self.fresh_from, &self.fresh)
    }

    /// Compares one stored hash with the one that the last entry adds at this index.
    ///
    /// # Errors
    /// [`Fault::LeafMismatch`] if they differ, or the last entry adds none at this index.
    pub fn node(&self, index: u64, stored: &Hash) -> Result<(), Fault> {
        let place = index.checked_sub(self.fresh_from).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.fresh.get(place)) {
            Some(computed) if computed == stored => Ok(()),
            _ => Err(Fault::LeafMismatch { position: self.appender.size().saturating_sub(1), index }),
        }
    }

    /// Takes a checkpoint (a signed note) of a size not yet passed; it is compared with the root when
    /// the entries reach that size. For one of a size already passed see
    /// [`Verifier::earlier_checkpoint`].
    ///
    /// # Errors
    /// [`Fault::Checkpoint`] if the note is none of this log, [`Fault::CheckpointPassed`] if its size
    /// is passed, [`Fault::RootMismatch`] if it does not hold, or another one of the same size has
    /// another root.
    pub fn checkpoint(&mut self, note: &str) -> Result<(), Fault> {
        let checkpoint = self.open(note)?;
        let size = self.appender.size();
        match checkpoint.size {
            earlier if earlier < size => {
                return Err(Fault::CheckpointPassed { size: earlier, reached: size });
            }
            now if now == size => self.compare_root(size, &checkpoint.root)?,
            later => {
                if *self.ahead.entry(later).or_insert(checkpoint.root) != checkpoint.root {
                    return Err(Fault::RootMismatch { size: later });
                }
            }
        }
        Ok(())
    }

    /// Takes a checkpoint of a size already passed, with the
    /// [consistency proof](tree::consistency_proof) from there to the entries read so far.
    ///
    /// # Errors
    /// [`Fault::Checkpoint`] if the note is none of this log, [`Fault::RootMismatch`] if the proof
    /// does not lead from it to the tree as it stands.
    pub fn earlier_checkpoint(&mut self, note: &str, proof: &[Hash]) -> Result<(), Fault> {
        let earlier = self.open(note)?;
        tree::verify_consistency(
            earlier.size,
            &earlier.root,
            self.appender.size(),
            &self.appender.root(),
            proof,
        )
        .map_err(|_| Fault::RootMismatch { size: earlier.size })?;
        self.checkpoint_holds(earlier.size);
        Ok(())
    }

    /// Names the key with which a series was founded, as its enrolment says. Without this, the first
    /// head of the series counts as naming it.
    ///
    /// # Errors
    /// [`Fault::SecondKey`] if the series has another key already.
    pub fn founding_key(&mut self, series: &[u8; 16], public: &[u8; 32]) -> Result<(), Fault> {
        let known = self.series.of(series);
        if known.key.get_or_insert(*public) == public {
            Ok(())
        } else {
            Err(Fault::SecondKey { series: *series })
        }
    }

    /// Takes a signed head of a series: the sequence and hash of a fact not yet passed, or of the last
    /// one read, signed with the key that `public` says was the device's. Heads of one series come in
    /// the order in which they were signed.
    ///
    /// # Errors
    /// [`Fault::ForeignHead`] if the key is not the one that founded the series,
    /// [`Fault::HeadSignature`] if the signature does not hold, [`Fault::HeadShrinks`] if the head is
    /// lower than an earlier one or than the facts already read, [`Fault::HeadMismatch`] if the fact at
    /// its sequence is another.
    pub fn head(
        &mut self,
        series: &[u8; 16],
        sequence: u64,
        hash: &Hash,
        signature: &[u8; 64],
        public: &[u8; 32],
    ) -> Result<(), Fault> {
        let id = *series;
        let known = self.series.of(series);
        if known.key.is_some_and(|key| key != *public) {
            return Err(Fault::ForeignHead { series: id, sequence });
        }
        verify_head(public, series, sequence, hash, signature).map_err(|reason| Fault::HeadSignature {
            series: id,
            sequence,
            reason,
        })?;
        known.key = Some(*public);
        let reached = known.head.next.checked_sub(1);
        if let Some(higher) = known.signed.max(reached).filter(|&higher| higher > sequence) {
            return Err(Fault::HeadShrinks { series: id, sequence, higher });
        }
        if reached == Some(sequence) {
            if known.head.hash != *hash {
                return Err(Fault::HeadMismatch { series: id, sequence });
            }
            self.heads += 1;
        } else if *known.ahead.entry(sequence).or_insert(*hash) != *hash {
            return Err(Fault::HeadMismatch { series: id, sequence });
        }
        known.signed = Some(sequence);
        Ok(())
    }

    /// Takes what the vault holds for a commitment of the fact at `position`: the ciphertext, or
    /// nothing. `erased` says whether some fact of the territory says that the owner was erased.
    ///
    /// # Errors
    /// [`Fault::ContentMismatch`] if the ciphertext is another than the fact commits to,
    /// [`Fault::ContentMissing`] if it is gone and no erasure explains it.
    pub fn content(
        &mut self,
        position: u64,
        commitment: &Commitment,
        ciphertext: Option<&[u8]>,
        erased: bool,
    ) -> Result<(), Fault> {
        let owner = commitment.owner;
        match ciphertext {
            Some(ciphertext) if seal::digest(ciphertext) == commitment.digest => self.contents += 1,
            Some(_) => return Err(Fault::ContentMismatch { position, owner }),
            None if erased => self.erased += 1,
            None => return Err(Fault::ContentMissing { position, owner }),
        }
        Ok(())
    }

    /// Counts pieces of sealed content that a caller has compared itself, as [`Verifier::content`] would have.
    pub fn contents_hold(&mut self, pieces: u64) {
        self.contents += pieces;
    }

    /// Counts one piece of sealed content that is gone because a fact says that its owner was erased.
    pub fn content_erased(&mut self) {
        self.erased += 1;
    }

    /// How many entries were taken.
    pub fn size(&self) -> u64 {
        self.appender.size()
    }

    /// The root over the entries taken.
    pub fn root(&self) -> Hash {
        self.appender.root()
    }

    /// The end of the entries.
    ///
    /// # Errors
    /// [`Fault::LogCut`] if a checkpoint speaks of more entries, [`Fault::TailCut`] if a head speaks
    /// of more facts than its series has, [`Fault::Unsigned`] if a series with signed heads has facts
    /// after the last of them.
    pub fn finish(self) -> Result<Summary, Fault> {
        let size = self.appender.size();
        if let Some((&says, _)) = self.ahead.last_key_value() {
            return Err(Fault::LogCut { says, found: size });
        }
        for (series, known) in self.series.iter() {
            let Some(says) = known.signed else { continue };
            if !known.ahead.is_empty() {
                return Err(Fault::TailCut { series, says, found: known.head.next });
            }
            if known.head.next.checked_sub(1) != Some(says) {
                return Err(Fault::Unsigned { series, says, found: known.head.next });
            }
        }
        let chains = || self.series.iter().filter(|(_, known)| known.head.next > 0);
        Ok(Summary {
            size,
            root: self.appender.root(),
            series: chains().count() as u64,
            unsigned_series: chains().filter(|(_, known)| known.signed.is_none()).count() as u64,
            quarantined: self.quarantined,
            checkpoints: self.checkpoints,
            checkpointed: self.checkpointed,
            heads: self.heads,
            contents: self.contents,
            erased: self.erased,
        })
    }

    fn link(&mut self, position: u64, envelope: &EnvelopeRef<'_>) -> Result<(), Fault> {
        let series = envelope.series;
        let sequence = envelope.sequence;
        let known = self.series.of(&series);
        let next = known.head.next;
        if let Err(error) = known.head.follow(envelope) {
            // Go on from the fact found, so that one fault is reported once.
            if let Some(after) = sequence.checked_add(1).filter(|&after| after > next) {
                known.head = SeriesHead { next: after, hash: envelope.hash() };
                known.ahead = known.ahead.split_off(&after);
            }
            return Err(match error {
                ChainError::Gap { expected, found } => Fault::Gap { position, series, expected, found },
                _ if sequence < next => Fault::Fork { position, series, sequence },
                _ => Fault::BrokenLink { position, series, sequence },
            });
        }
        match known.ahead.remove(&sequence) {
            Some(signed) if signed != known.head.hash => Err(Fault::HeadMismatch { series, sequence }),
            Some(_) => {
                self.heads += 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn open(&self, note: &str) -> Result<checkpoint::Checkpoint, Fault> {
        checkpoint::open(note, &self.origin, &self.checkpoint_public)
            .map_err(|reason| Fault::Checkpoint { reason })
    }

    fn reach_checkpoint(&mut self) -> Result<(), Fault> {
        let size = self.appender.size();
        match self.ahead.remove(&size) {
            Some(root) => self.compare_root(size, &root),
            None => Ok(()),
        }
    }

    fn compare_root(&mut self, size: u64, root: &Hash) -> Result<(), Fault> {
        if self.appender.root() != *root {
            return Err(Fault::RootMismatch { size });
        }
        self.checkpoint_holds(size);
        Ok(())
    }

    fn checkpoint_holds(&mut self, size: u64) {
        self.checkpoints += 1;
        self.checkpointed = self.checkpointed.max(Some(size));
    }
}
