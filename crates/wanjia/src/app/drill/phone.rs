//! A simulated phone: its key never leaves it, it records offline, sends what it has when it can, trusts no answer that
//! it has not checked, and remembers the tree head it was shown last.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::prelude::{BASE64_STANDARD, Engine};
use domain::fact::{Body, Fact};
use domain::id::{ActorId, DwellingId, Id, PersonId, SweepId};
use domain::time::Millis;
use ledger::checkpoint;
use ledger::envelope::{self, Commitment, Envelope};
use ledger::seal::DataKey;
use ledger::series::DeviceKey;
use ledger::{Hash, tree};
use rustc_hash::FxHashMap;
use serde::Deserialize;
use serde_json::json;

use super::http::{Answer, Client, Trouble};
use crate::app::synthetic::Chance;

/// At most so many facts go into one push; the contract allows 200.
pub const PUSH_LIMIT: usize = 50;

/// A fact as its phone keeps it.
pub struct Made<T> {
    pub sequence: u64,
    pub at: Millis,
    /// What the script says it is.
    pub what: T,
    bytes: Vec<u8>,
    content: Option<(Vec<u8>, [u8; 32])>,
    pub receipt: Option<Receipt>,
}

/// What the server said became of a fact, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub position: u64,
    pub received_at: Millis,
    /// 0, or the number of the reason for which it waits.
    pub verdict: u64,
    pub reason: Option<String>,
}

/// The tree head that a phone was shown last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    pub size: u64,
    pub root: Hash,
}

/// Whose tree a phone follows.
#[derive(Clone, Debug)]
pub struct Authority {
    pub origin: String,
    pub key: [u8; 32],
}

impl Authority {
    /// Reads a signed head and accepts it only if it extends the one known.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub fn accept(&self, known: Option<&Witnessed>, note: &str, proof: &[Hash]) -> Result<Witnessed, String> {
        let head = checkpoint::open(note, &self.origin, &self.key)
            .map_err(|error| format!("the checkpoint: {error}"))?;
        if let Some(known) = known {
            tree::verify_consistency(known.size, &known.root, head.size, &head.root, proof).map_err(
                |error| {
                    format!("the tree of {} does not extend the one of {}: {error}", head.size, known.size)
                },
            )?;
        }
        Ok(Witnessed { size: head.size, root: head.root })
    }
}

#[derive(Deserialize)]
struct Enrolled {
    token: String,
    actor: Id,
    territory: String,
    checkpoint_key: String,
}

#[derive(Deserialize)]
struct Pushed {
    receipts: Vec<RawReceipt>,
    head: RawHead,
    checkpoint: String,
    consistency: Vec<String>,
    inclusion: Inclusion,
}

#[derive(Deserialize)]
struct RawReceipt {
    sequence: u64,
    status: String,
    reason: Option<String>,
    position: u64,
    received_at: String,
    verdict: u64,
}

#[derive(Deserialize)]
struct RawHead {
    sequence: u64,
    hash: String,
}

#[derive(Deserialize)]
struct Inclusion {
    position: u64,
    proof: Vec<String>,
}

#[derive(Deserialize)]
struct Proof {
    position: u64,
    leaf: String,
    size: u64,
    proof: Vec<String>,
}

#[derive(Deserialize)]
struct Consistency {
    proof: Vec<String>,
}

#[derive(Deserialize)]
struct Pulled {
    cursor: String,
    doors: Vec<PulledDoor>,
    more: bool,
}

/// A door as a phone pulls it.
#[derive(Clone, Debug, Deserialize)]
pub struct PulledDoor {
    pub dwelling: DwellingId,
    pub area_code: String,
    pub building: String,
    pub unit: String,
    pub room: String,
    #[serde(default)]
    pub members: Vec<Member>,
    /// What each open sweep knows of it.
    pub sweeps: Vec<PulledSweep>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct PulledSweep {
    pub sweep: SweepId,
    /// None if nobody knocked yet.
    pub outcome: Option<String>,
}

/// Someone listed behind a pulled door.
#[derive(Clone, Debug, Deserialize)]
pub struct Member {
    pub person: PersonId,
    pub name: String,
}

/// How a phone sends what it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    Plainly,
    /// The same push again after it was answered.
    Twice,
    /// A later batch first, which must be refused as a gap.
    LaterFirst,
    /// The connection breaks while the request is on its way.
    CutRequest,
    /// The request arrives and the answer is lost.
    CutAnswer,
}

/// How often each manner happened and what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    pub pushes: u64,
    pub accepted: u64,
    pub duplicates: u64,
    pub quarantined: u64,
    pub sent_twice: u64,
    pub gaps: u64,
    pub cut: u64,
    pub inclusions: u64,
    pub consistencies: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.pushes += other.pushes;
        self.accepted += other.accepted;
        self.duplicates += other.duplicates;
        self.quarantined += other.quarantined;
        self.sent_twice += other.sent_twice;
        self.gaps += other.gaps;
        self.cut += other.cut;
        self.inclusions += other.inclusions;
        self.consistencies += other.consistencies;
    }
}

/// A phone; `T` is what the script keeps with each fact.
pub struct Phone<T> {
    pub number: usize,
    pub series: Id,
    pub made: Vec<Made<T>>,
    /// How many of `made` have a receipt.
    pub settled: usize,
    pub tally: Tally,
    pub client: Client,
    /// The ids that this phone gave to doors it came upon first.
    pub found_doors: FxHashMap<u64, DwellingId>,
    /// Bytes of settled facts are kept, so that they can be sent again.
    pub keeps_all: bool,
    pub actor: ActorId,
    key: DeviceKey,
    head: Hash,
    chance: Chance,
    authority: Arc<Authority>,
    witnessed: Option<Witnessed>,
}

impl<T> Phone<T> {
    /// Makes the key on the phone and enrols it with an invitation that a secretary gave.
    ///
    /// # Errors
    /// Those of the requests.
    pub fn enrol(
        number: usize,
        seed: u64,
        address: SocketAddr,
        invitation: &str,
        now: Millis,
    ) -> Answer<Self> {
        let mut chance = Chance::new(seed ^ 0x0f0e, number as u64);
        let mut client = Client::new(address);
        let series = Id::from_time(now, bytes(&mut chance));
        let key = DeviceKey::from_seed(bytes(&mut chance));
        let enrolled: Enrolled = client.post(
            "/v1/devices",
            &json!({
                "invitation": invitation,
                "series": series,
                "public_key": BASE64_STANDARD.encode(key.public()),
            }),
        )?;
        let authority = Authority {
            origin: store::store::origin_of(&enrolled.territory),
            key: fixed("/v1/devices", &enrolled.checkpoint_key)?,
        };
        client.carry("authorization", format!("Device {series}:{}", enrolled.token));
        Ok(Self {
            number,
            series,
            made: Vec::new(),
            settled: 0,
            tally: Tally::default(),
            client,
            found_doors: FxHashMap::default(),
            keeps_all: false,
            actor: enrolled.actor,
            key,
            head: [0; 32],
            chance,
            authority: Arc::new(authority),
            witnessed: None,
        })
    }

    /// An id made on this phone.
    pub fn new_id(&mut self, at: Millis) -> Id {
        Id::from_time(at, bytes(&mut self.chance))
    }

    #[must_use]
    pub fn unsent(&self) -> usize {
        self.made.len() - self.settled
    }

    #[must_use]
    pub fn witnessed(&self) -> Option<&Witnessed> {
        self.witnessed.as_ref()
    }

    /// Writes a fact into the outbox; nothing is sent. `sealed` is an owner and what is known only to those with keys.
    pub fn record(&mut self, at: Millis, body: Body, sealed: Option<(Id, Vec<u8>)>, what: T) {
        let sequence = self.made.len() as u64;
        let content = sealed.map(|(owner, plaintext)| {
            let key: [u8; 32] = bytes(&mut self.chance);
            let nonce = bytes(&mut self.chance);
            let data_key = DataKey::from_bytes(key);
            let ciphertext =
                ledger::seal::seal(&data_key, &owner.0, &self.series.0, sequence, nonce, &plaintext);
            (Commitment { owner: owner.0, digest: ledger::seal::digest(&ciphertext) }, ciphertext, key)
        });
        let envelope = Envelope {
            series: self.series.0,
            sequence,
            previous: self.head,
            payload: Fact { at, actor: self.actor, body }.encode(),
            sealed: content.as_ref().map(|(commitment, ..)| commitment.clone()),
        };
        let bytes = envelope.encode();
        self.head = envelope::hash(&bytes);
        let content = content.map(|(_, ciphertext, key)| (ciphertext, key));
        self.made.push(Made { sequence, at, what, bytes, content, receipt: None });
    }

    /// The body of a push of some of what was made, as the contract has it.
    #[must_use]
    pub fn push_body(&self, range: std::ops::Range<usize>) -> Vec<u8> {
        self.push_body_from(range, self.witnessed.as_ref().map_or(0, |known| known.size))
    }

    /// As [`Phone::push_body`], for a phone that was shown a tree of `known_size`.
    #[must_use]
    pub fn push_body_from(&self, range: std::ops::Range<usize>, known_size: u64) -> Vec<u8> {
        let facts = self.made.get(range).unwrap_or_default();
        let last = facts.last();
        let hash = last.map_or([0; 32], |made| envelope::hash(&made.bytes));
        let signature = self.key.sign_head(&self.series.0, last.map_or(0, |made| made.sequence), &hash);
        let facts: Vec<serde_json::Value> = facts
            .iter()
            .map(|made| match &made.content {
                None => json!({"fact": BASE64_STANDARD.encode(&made.bytes)}),
                Some((ciphertext, key)) => json!({
                    "fact": BASE64_STANDARD.encode(&made.bytes),
                    "content": BASE64_STANDARD.encode(ciphertext),
                    "data_key": BASE64_STANDARD.encode(key),
                }),
            })
            .collect();
        json!({
            "series": self.series,
            "facts": facts,
            "signature": BASE64_STANDARD.encode(signature),
            "known_size": known_size,
        })
        .to_string()
        .into_bytes()
    }

    /// Sends everything in the outbox, each push as `how` says: in what manner, and how many facts at most.
    ///
    /// # Errors
    /// Those of the requests; what was not settled stays in the outbox.
    pub fn send_all(&mut self, mut how: impl FnMut() -> (Manner, usize)) -> Answer<()> {
        while self.settled < self.made.len() {
            let (manner, most) = how();
            let end = (self.settled + most.clamp(1, PUSH_LIMIT)).min(self.made.len());
            self.send(self.settled..end, manner)?;
        }
        Ok(())
    }

    fn send(&mut self, range: std::ops::Range<usize>, manner: Manner) -> Answer<()> {
        match manner {
            Manner::CutRequest | Manner::CutAnswer => {
                let share =
                    if manner == Manner::CutAnswer { 1.0 } else { self.chance.below(1000) as f64 / 1000.0 };
                self.client.post_and_hang_up(PUSH, &self.push_body(range.clone()), share);
                self.tally.cut += 1;
            }
            Manner::LaterFirst if range.end < self.made.len() => {
                let later = range.end..(range.end + PUSH_LIMIT).min(self.made.len());
                let answer = self.client.post_bytes(PUSH, &self.push_body(later));
                match answer {
                    Err(trouble) if trouble.status() == Some(409) => {
                        let expected = trouble.field("expected").and_then(|value| value.as_u64());
                        if expected != Some(range.start as u64) {
                            return Err(broken(format!(
                                "a gap after fact {} was answered with {trouble}",
                                range.start
                            )));
                        }
                        self.tally.gaps += 1;
                    }
                    Err(trouble) => return Err(trouble),
                    Ok(_) => return Err(broken("a push with facts missing before it was taken".into())),
                }
            }
            _ => {}
        }
        self.push(range.clone())?;
        if manner == Manner::Twice {
            self.push(range)?;
            self.tally.sent_twice += 1;
        }
        Ok(())
    }

    /// Sends some facts, checks the answer, and settles them. Facts that have a receipt must get the same one again.
    ///
    /// # Errors
    /// Those of the request; [`Trouble::Contract`] for anything in the answer that does not hold.
    pub fn push(&mut self, range: std::ops::Range<usize>) -> Answer<()> {
        let body = self.push_body(range.clone());
        let text = self.client.post_bytes(PUSH, &body)?;
        self.take_answer(range, &text)
    }

    /// Checks the answer to a push and settles its facts.
    ///
    /// # Errors
    /// [`Trouble::Contract`] for anything that does not hold.
    pub fn take_answer(&mut self, range: std::ops::Range<usize>, text: &str) -> Answer<()> {
        let answer: Pushed = serde_json::from_str(text)
            .map_err(|error| broken(format!("the answer is no receipt: {error}")))?;
        self.tally.pushes += 1;
        let proof = hashes(PUSH, &answer.consistency)?;
        let head = self
            .authority
            .accept(self.witnessed.as_ref(), &answer.checkpoint, &proof)
            .map_err(|cause| broken(format!("phone {}: {cause}", self.number)))?;
        self.tally.consistencies += 1;
        let facts = self.made.get_mut(range.clone()).unwrap_or_default();
        if answer.receipts.len() != facts.len() {
            return Err(broken(format!("{} facts and {} receipts", facts.len(), answer.receipts.len())));
        }
        for (made, raw) in facts.iter_mut().zip(&answer.receipts) {
            let receipt = Receipt {
                position: raw.position,
                received_at: instant(&raw.received_at)?,
                verdict: raw.verdict,
                reason: raw.reason.clone(),
            };
            if raw.sequence != made.sequence {
                return Err(broken(format!("fact {} has the receipt of {}", made.sequence, raw.sequence)));
            }
            if receipt.position >= head.size {
                return Err(broken(format!(
                    "fact {} is said to stand at {}, and the tree has {} leaves",
                    made.sequence, receipt.position, head.size
                )));
            }
            match raw.status.as_str() {
                "accepted" => self.tally.accepted += 1,
                "duplicate" => self.tally.duplicates += 1,
                "quarantined" => self.tally.quarantined += 1,
                other => return Err(broken(format!("no such status: {other}"))),
            }
            match &made.receipt {
                Some(known)
                    if (known.position, known.received_at, known.verdict)
                        != (receipt.position, receipt.received_at, receipt.verdict) =>
                {
                    return Err(broken(format!(
                        "fact {} of phone {} was acknowledged as {known:?} and now as {receipt:?}",
                        made.sequence, self.number
                    )));
                }
                Some(_) if raw.status == "accepted" => {
                    return Err(broken(format!("fact {} was taken twice", made.sequence)));
                }
                _ => made.receipt = Some(receipt),
            }
        }
        if let Some(last) = facts.last() {
            let receipt = last.receipt.as_ref();
            let position = receipt.map_or(0, |receipt| receipt.position);
            if answer.inclusion.position != position {
                return Err(broken(format!(
                    "the proof is for {}, the fact stands at {position}",
                    answer.inclusion.position
                )));
            }
            let leaf = receipt
                .map_or([0; 32], |receipt| tree::leaf(&last.bytes, receipt.received_at, receipt.verdict));
            let proof = hashes(PUSH, &answer.inclusion.proof)?;
            tree::verify_inclusion(&head.root, head.size, position, &leaf, &proof)
                .map_err(|error| broken(format!("fact {} is not in the tree: {error}", last.sequence)))?;
            self.tally.inclusions += 1;
            if answer.head.sequence == last.sequence
                && answer.head.hash != BASE64_STANDARD.encode(envelope::hash(&last.bytes))
            {
                return Err(broken("the head of the series is another".into()));
            }
        }
        self.witnessed = Some(head);
        self.settled = self.settled.max(range.end);
        if !self.keeps_all {
            for made in self.made.get_mut(..range.start).unwrap_or_default().iter_mut().rev() {
                if made.bytes.is_empty() {
                    break;
                }
                made.bytes = Vec::new();
                made.content = None;
            }
        }
        Ok(())
    }

    /// Asks the server where this series ends; after a restart that is what decides what to send again.
    ///
    /// # Errors
    /// Those of the request.
    pub fn server_head(&self) -> Answer<Option<u64>> {
        match self.client.get::<RawHead>(&format!("/v1/facts/head?series={}", self.series)) {
            Ok(head) => Ok(Some(head.sequence)),
            Err(trouble) if trouble.status() == Some(404) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// Pulls the doors of the phone's area.
    ///
    /// # Errors
    /// Those of the requests.
    pub fn pull(&self, mut each: impl FnMut(PulledDoor)) -> Answer<()> {
        let known = self.witnessed.as_ref().map_or(0, |known| known.size);
        let mut after = String::new();
        loop {
            let page: Pulled = self.client.get(&format!("/v1/pull?known_size={known}{after}"))?;
            page.doors.into_iter().for_each(&mut each);
            after = format!("&after={}", super::office::in_query(&page.cursor));
            if !page.more {
                return Ok(());
            }
        }
    }

    /// Follows the tree to its present head, and proves of each fact in `range` that it is where its receipt says.
    ///
    /// # Errors
    /// [`Trouble::Contract`] if a proof does not hold.
    pub fn prove(&mut self, range: std::ops::Range<usize>) -> Answer<u64> {
        let mut proved = 0;
        for index in range {
            let Some(Some(receipt)) = self.made.get(index).map(|made| made.receipt.clone()) else { continue };
            let path = format!("/v1/proof/{}/{index}", self.series);
            let proof: Proof = self.client.get(&path)?;
            let head = self.follow(proof.size)?;
            let leaf: Hash = fixed(&path, &proof.leaf)?;
            let made = self.made.get(index).map(|made| made.bytes.as_slice()).unwrap_or_default();
            // The bytes of long settled facts may have been let go; the leaf is then the server's word.
            if !made.is_empty() && leaf != tree::leaf(made, receipt.received_at, receipt.verdict) {
                return Err(broken(format!("{path}: the leaf is not that of the fact")));
            }
            if proof.position != receipt.position {
                return Err(broken(format!(
                    "{path}: proved at {}, not {}",
                    proof.position, receipt.position
                )));
            }
            tree::verify_inclusion(
                &head.root,
                head.size,
                receipt.position,
                &leaf,
                &hashes(&path, &proof.proof)?,
            )
            .map_err(|error| broken(format!("{path}: {error}")))?;
            proved += 1;
        }
        Ok(proved)
    }

    /// The head of this size, having checked that it extends the one known.
    fn follow(&mut self, size: u64) -> Answer<Witnessed> {
        if let Some(known) = self.witnessed.as_ref().filter(|known| known.size == size) {
            return Ok(known.clone());
        }
        let note = self.client.get_text("/v1/checkpoint")?;
        let from = self.witnessed.as_ref().map_or(0, |known| known.size);
        let now = checkpoint::open(&note, &self.authority.origin, &self.authority.key)
            .map_err(|error| broken(error.to_string()))?;
        let path = format!("/v1/consistency?from={from}&to={}", now.size);
        let proof: Consistency = self.client.get(&path)?;
        let head = self
            .authority
            .accept(self.witnessed.as_ref(), &note, &hashes(&path, &proof.proof)?)
            .map_err(broken)?;
        self.tally.consistencies += 1;
        self.witnessed = Some(head.clone());
        if head.size == size {
            Ok(head)
        } else {
            Err(broken(format!("a proof for a tree of {size} and a head of {}", head.size)))
        }
    }
}

const PUSH: &str = "/v1/facts";

/// Bytes from the seed. The people are synthetic and so may be their keys.
pub fn bytes<const N: usize>(chance: &mut Chance) -> [u8; N] {
    let mut bytes = [0; N];
    for chunk in bytes.chunks_mut(8) {
        chunk.copy_from_slice(chance.draw().to_le_bytes().get(..chunk.len()).unwrap_or_default());
    }
    bytes
}

fn broken(cause: String) -> Trouble {
    Trouble::Contract { method: "POST", path: PUSH.into(), cause }
}

fn fixed<const N: usize>(path: &str, text: &str) -> Answer<[u8; N]> {
    let decoded = BASE64_STANDARD.decode(text).ok();
    decoded.and_then(|bytes| bytes.try_into().ok()).ok_or_else(|| Trouble::Contract {
        method: "GET",
        path: path.to_owned(),
        cause: format!("not the base64 of {N} bytes"),
    })
}

fn hashes(path: &str, texts: &[String]) -> Answer<Vec<Hash>> {
    texts.iter().map(|text| fixed(path, text)).collect()
}

fn instant(text: &str) -> Answer<Millis> {
    text.parse::<jiff::Timestamp>()
        .map(|instant| instant.as_millisecond())
        .map_err(|error| broken(format!("received_at: {error}")))
}

#[cfg(test)]
mod tests {
    use ledger::checkpoint::{Checkpoint, CheckpointKey};
    use ledger::tree::Appender;

    use super::*;

    fn head(key: &CheckpointKey, leaves: &[u8]) -> (String, Vec<Hash>) {
        let mut appender = Appender::new();
        let mut nodes = Vec::new();
        for leaf in leaves {
            appender.append(tree::leaf(&[*leaf], 0, 0), &mut nodes);
        }
        let note = key.sign(&Checkpoint {
            origin: "wanjia/test".into(),
            size: leaves.len() as u64,
            root: appender.root(),
        });
        (note, nodes)
    }

    #[test]
    fn a_phone_refuses_a_past_that_was_rewritten_shortened_or_signed_by_another() {
        let key = CheckpointKey::from_seed("wanjia/test", [1; 32]).unwrap();
        let authority = Authority { origin: "wanjia/test".into(), key: key.public() };
        let (first, _) = head(&key, b"abc");
        let known = authority.accept(None, &first, &[]).unwrap();
        let (longer, nodes) = head(&key, b"abcdef");
        let proof = tree::consistency_proof(3, 6, nodes.as_slice()).unwrap();
        assert_eq!(authority.accept(Some(&known), &longer, &proof).unwrap().size, 6);

        let (rewritten, nodes) = head(&key, b"axcdef");
        let proof = tree::consistency_proof(3, 6, nodes.as_slice()).unwrap();
        assert!(authority.accept(Some(&known), &rewritten, &proof).is_err());
        assert!(authority.accept(Some(&known), &head(&key, b"ab").0, &[]).is_err());
        assert!(authority.accept(Some(&known), &head(&key, b"abx").0, &[]).is_err());
        let stranger = CheckpointKey::from_seed("wanjia/test", [2; 32]).unwrap();
        assert!(authority.accept(None, &head(&stranger, b"abc").0, &[]).is_err());
    }
}
