//! What an ODK client hands in: the server appends it, under its own signature, to the series that it holds for that user.

use domain::fact::{Body, Fact};
use domain::id::{Id, SeriesId};
use domain::state::State as _;
use ledger::envelope::{self, Commitment, Envelope};
use ledger::seal::DataKey;
use rusqlite::{OptionalExtension, params};

use super::{Batch, Receipt};
use crate::attachments::{self, AttachmentRefused};
use crate::error::{Result, StoreError};
use crate::push::Pushed;
use crate::store::read_fact;

/// A form as an ODK client sent it, as the fact that it becomes.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The user's.
    pub series: SeriesId,
    /// Its `instanceID`.
    pub instance: String,
    /// SHA-256 of what was sent, to tell the same one sent twice from another one of the same name.
    pub digest: [u8; 32],
    pub fact: Fact,
    /// The name of the one that this one takes the place of, if the client says so: it was edited.
    pub replaces: Option<String>,
    /// The answers, sealed to this owner.
    pub owner: Id,
    pub plaintext: Vec<u8>,
    /// Pictures that came with it, by the names that its answers have for them.
    pub files: Vec<(String, Vec<u8>)>,
}

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    pub receipt: Receipt,
    /// How many pictures its answers name that have not come yet.
    pub missing: usize,
}

/// Why a submission was sent back; nothing of it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmissionRefused {
    /// The series is none that the server holds.
    UnknownUser,
    /// Another one of this name is there.
    Differs,
    /// A picture of it is here with other bytes under this name.
    FileDiffers,
}

impl Batch<'_> {
    /// Appends a submission, through the same door as what a phone pushes; one that is there already gets its receipt again.
    ///
    /// # Errors
    /// The outer error is the storage's.
    pub fn submit(
        &mut self,
        submission: &Submission,
    ) -> Result<std::result::Result<Submitted, SubmissionRefused>> {
        let series = submission.series;
        let own = self.store.own_key.public();
        let device = self.store.views.device(series)?;
        let Some(device) = device.filter(|device| device.public_key == own) else {
            return Ok(Err(SubmissionRefused::UnknownUser));
        };
        let instance = self.blind_tag("instance", &submission.instance)?;
        let digest: String = submission.digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let content = self.blind_tag("submission", &digest)?;
        if let Some((known, position)) = self.submitted(&instance)? {
            if known != content {
                return Ok(Err(SubmissionRefused::Differs));
            }
            let receipt = self.receipt_at(position)?;
            return self.with_files(submission, receipt);
        }
        self.load_head(series)?;
        let Some(head) = self.heads.get(&series) else {
            return Err(StoreError::Damaged("a series without a head".into()));
        };
        let (sequence, previous) = (head.next, head.hash);
        let (key, nonce) = (self.store.entropy.bytes()?, self.store.entropy.bytes()?);
        let owner = submission.owner;
        let ciphertext = ledger::seal::seal(
            &DataKey::from_bytes(key),
            &owner.0,
            &series.0,
            sequence,
            nonce,
            &submission.plaintext,
        );
        let sealed = Commitment { owner: owner.0, digest: ledger::seal::digest(&ciphertext) };
        let payload = self.correcting(submission)?.encode();
        let envelope = Envelope { series: series.0, sequence, previous, payload, sealed: Some(sealed) };
        let pushed = Pushed {
            envelope: envelope.encode(),
            ciphertext: Some(ciphertext),
            data_key: Some(key),
            impossible_number: false,
        };
        let receipt = self.take(series, &device, &pushed, &envelope)?;
        let hash = envelope::hash(&pushed.envelope);
        if let Some(head) = self.heads.get_mut(&series) {
            head.signature = self.store.own_key.sign_head(&series.0, sequence, &hash);
        }
        self.store
            .views
            .connection()
            .prepare_cached("insert into submission (instance, content, position) values (?1, ?2, ?3)")?
            .execute(params![instance, content, receipt.position])?;
        self.flush_if_full()?;
        self.with_files(submission, receipt)
    }

    /// The fact, with the number of the one that it takes the place of: the user's own, of the same form. What is not there, or
    /// somebody else's, nothing takes the place of.
    fn correcting(&self, submission: &Submission) -> Result<Fact> {
        let mut fact = submission.fact.clone();
        let Some(instance) = &submission.replaces else { return Ok(fact) };
        let Some((_, position)) = self.submitted(&self.blind_tag("instance", instance)?)? else {
            return Ok(fact);
        };
        let (envelope, earlier) = read_fact(self.store.views.connection(), position)?;
        if let (
            Body::Answered { programme, form, replaces, .. },
            Body::Answered { programme: own, form: of, .. },
        ) = (&mut fact.body, &earlier.body)
            && (envelope.series, &*programme, &*form) == (submission.series.0, own, of)
        {
            *replaces = Some(envelope.sequence);
        }
        Ok(fact)
    }

    /// Keeps the pictures that came, all or none; those of someone who is erased are dropped.
    fn with_files(
        &mut self,
        submission: &Submission,
        receipt: Receipt,
    ) -> Result<std::result::Result<Submitted, SubmissionRefused>> {
        let of = (submission.series, receipt.sequence);
        for (name, bytes) in &submission.files {
            if let Err(AttachmentRefused::Differs) = self.place_of(of, name, bytes)? {
                return Ok(Err(SubmissionRefused::FileDiffers));
            }
        }
        for (name, bytes) in &submission.files {
            let _ = self.keep_attachment(submission.fact.actor, of, name, bytes)?;
        }
        let store = &mut *self.store;
        let answered = attachments::answered(&mut store.views, &mut store.content, receipt.position)?;
        let missing = answered.map_or(0, |own| own.kept.iter().filter(|kept| kept.is_none()).count());
        Ok(Ok(Submitted { receipt, missing }))
    }

    /// What was sent under this name, and the position of the fact that it became.
    fn submitted(&self, instance: &[u8; 16]) -> Result<Option<([u8; 16], u64)>> {
        Ok(self
            .store
            .views
            .connection()
            .prepare_cached("select content, position from submission where instance = ?1")?
            .query_row([instance], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?)
    }

    fn receipt_at(&self, position: u64) -> Result<Receipt> {
        Ok(self
            .store
            .views
            .connection()
            .prepare_cached("select sequence, received_at, verdict from facts where position = ?1")?
            .query_row([position], |row| {
                Ok(Receipt {
                    sequence: row.get(0)?,
                    position,
                    received_at: row.get(1)?,
                    verdict: row.get(2)?,
                    duplicate: true,
                })
            })?)
    }
}
