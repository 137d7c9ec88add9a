//! One batch: facts in, views along, all or nothing.

use std::collections::BTreeMap;

use domain::admit::{self, Quarantine};
use domain::apply::{self, Origin};
use domain::area::AreaNumber;
use domain::fact::{Body, Fact};
use domain::id::{ActorId, DwellingId, Id, PersonId, SeriesId};
use domain::identity::{self, Candidates, Identity};
use domain::state::{Device, Labels, State};
use domain::time::Millis;
use ledger::Hash;
use ledger::envelope::{self, Commitment, Envelope};
use ledger::seal::DataKey;
use ledger::tree;
use rusqlite::{OptionalExtension, params};
use rustc_hash::FxHashMap;

use crate::error::{Result, StoreError};
use crate::people::{self, Whereabouts};
use crate::push::{CheckedPush, PushRefused, Pushed};
use crate::store::{OWN, Store};
use crate::views::{Views, get_id};

mod attachments;
mod cases;
mod plans;
mod submissions;

pub use plans::NamedPart;
pub use submissions::{Submission, SubmissionRefused, Submitted};

/// How many facts an unfinished batch keeps in memory before it writes them into its open transaction.
const FLUSH_EVERY: usize = 20_000;

/// Up to how many owners of content a batch names, so that what a kill leaves of it is found without a search.
const NAMED_OWNERS: usize = 50_000;

/// Content that belongs to whoever it is about.
pub struct Sealed<'a> {
    pub owner: Id,
    pub plaintext: &'a [u8],
    /// Nothing was ever sealed for this owner, so no key needs to be looked for.
    pub fresh: bool,
}

/// What became of one pushed fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub sequence: u64,
    pub position: u64,
    pub received_at: Millis,
    pub verdict: u64,
    /// The fact was there already.
    pub duplicate: bool,
}

impl Receipt {
    #[must_use]
    pub fn quarantine(&self) -> Option<Quarantine> {
        Quarantine::from_code(self.verdict)
    }
}

struct Head {
    number: i64,
    next: u64,
    hash: Hash,
    signature: [u8; 64],
}

/// An open batch.
pub struct Batch<'s> {
    pub(crate) store: &'s mut Store,
    now: Millis,
    content_open: bool,
    /// The first id of a bulk of new people.
    bulk: Option<Id>,
    /// Whose content this batch put in; none once they are too many to name.
    owners: Option<Vec<Id>>,
    new_nodes: Vec<Hash>,
    heads: FxHashMap<SeriesId, Head>,
    unflushed: usize,
    appended: bool,
    next_before: u64,
}

impl<'s> Batch<'s> {
    pub(crate) fn begin(store: &'s mut Store, now: Millis) -> Result<Self> {
        if store.unsettled || !store.views.connection().is_autocommit() {
            store.settle()?;
        }
        store.views.connection().execute_batch("begin immediate")?;
        let next_before = store.own_head.next;
        Ok(Self {
            store,
            now,
            content_open: false,
            bulk: None,
            owners: Some(Vec::new()),
            new_nodes: Vec::new(),
            heads: FxHashMap::default(),
            unflushed: 0,
            appended: false,
            next_before,
        })
    }

    /// For millions of rows: the tags of those who are new from now on are put into their index in order at the end
    /// (until then they are not found by them), and sealed content is written on a second thread.
    pub fn bulk(&mut self) -> Result<()> {
        self.open_content()?;
        self.store.content.write_aside()?;
        self.bulk = Some(self.new_id()?);
        Ok(())
    }

    #[must_use]
    pub fn now(&self) -> Millis {
        self.now
    }

    /// The state with everything this batch has done so far.
    pub fn state(&mut self) -> &mut Views {
        &mut self.store.views
    }

    /// A new id, made now.
    pub fn new_id(&mut self) -> Result<Id> {
        self.store.new_id(self.now)
    }

    fn open_content(&mut self) -> Result<()> {
        if !self.content_open {
            self.store.content.vault.execute_batch("begin immediate")?;
            self.store.content.keys.execute_batch("begin immediate")?;
            self.content_open = true;
        }
        Ok(())
    }

    /// Appends a fact to the territory's own series and applies it. Returns its position.
    pub fn append(&mut self, actor: ActorId, body: Body, sealed: Option<Sealed<'_>>) -> Result<u64> {
        let now = self.now;
        self.append_at(now, actor, body, sealed)
    }

    /// As [`Batch::append`], of something that happened at another time.
    pub fn append_at(
        &mut self,
        at: Millis,
        actor: ActorId,
        body: Body,
        sealed: Option<Sealed<'_>>,
    ) -> Result<u64> {
        let series = self.store.own_series;
        let sequence = self.store.own_head.next;
        let position = self.store.appender.size();
        let commitment = match sealed {
            Some(sealed) => Some(self.seal(sealed, position, series, sequence)?),
            None => None,
        };
        let fact = Fact { at, actor, body };
        let envelope = Envelope {
            series: series.0,
            sequence,
            previous: self.store.own_head.hash,
            payload: fact.encode(),
            sealed: commitment,
        };
        let bytes = envelope.encode();
        self.store.own_head.next += 1;
        self.store.own_head.hash = envelope::hash(&bytes);
        self.record(OWN, sequence, &bytes, 0)?;
        let origin = Origin {
            position,
            counts_from: position,
            series,
            sequence,
            received_at: self.now,
            sealed: envelope.sealed.is_some(),
        };
        let released = match &fact.body {
            Body::Released { series, sequence } => self.waiting_at(*series, *sequence)?,
            _ => None,
        };
        self.store.views.arrived(self.now);
        apply::apply(&mut self.store.views, origin, &fact)?;
        if let Some(released) = released {
            self.recognise_released(released)?;
        }
        self.flush_if_full()?;
        Ok(position)
    }

    /// Where the fact stands that a release with these numbers lets count.
    fn waiting_at(&self, series: SeriesId, sequence: u64) -> Result<Option<u64>> {
        Ok(self
            .store
            .views
            .connection()
            .prepare_cached("select min(position) from quarantine where series = ?1 and sequence = ?2 and refused is null")?
            .query_row(params![series.0, sequence], |row| row.get(0))?)
    }

    /// Someone seen in a fact that waited is compared with everyone known, as if it had counted at once.
    fn recognise_released(&mut self, position: u64) -> Result<()> {
        let (envelope, fact) = match self.store.fact_at(position) {
            Ok(found) => found,
            // Bytes that are no fact may wait too; they name nobody.
            Err(StoreError::Damaged(_)) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.name_attachments(position, &fact)?;
        match fact.body {
            Body::PersonSeen { person, dwelling, .. }
                if envelope.sealed.is_some() && self.store.views.person(person)?.is_some() =>
            {
                self.recognise(person, dwelling, position, false)
            }
            _ => Ok(()),
        }
    }

    fn seal(&mut self, sealed: Sealed<'_>, position: u64, series: Id, sequence: u64) -> Result<Commitment> {
        self.open_content()?;
        let Store { content, entropy, .. } = &mut *self.store;
        let known = if sealed.fresh { None } else { content.data_key(sealed.owner, position)? };
        let key = match known {
            Some(key) => key,
            None => {
                let key = entropy.bytes()?;
                content.put_data_key(sealed.owner, position, DataKey::from_bytes(key), entropy.bytes()?)?;
                DataKey::from_bytes(key)
            }
        };
        let ciphertext = ledger::seal::seal(
            &key,
            &sealed.owner.0,
            &series.0,
            sequence,
            entropy.bytes()?,
            sealed.plaintext,
        );
        let digest = ledger::seal::digest(&ciphertext);
        content.put_ciphertext(sealed.owner, position, ciphertext)?;
        self.name_owner(sealed.owner);
        Ok(Commitment { owner: sealed.owner.0, digest })
    }

    fn name_owner(&mut self, owner: Id) {
        if let Some(owners) = &mut self.owners {
            owners.push(owner);
            if owners.len() > NAMED_OWNERS {
                self.owners = None;
            }
        }
    }

    fn record(&mut self, series: i64, sequence: u64, fact: &[u8], verdict: u64) -> Result<u64> {
        let position = self.store.appender.size();
        let leaf = tree::leaf(fact, self.now, verdict);
        self.store.appender.append(leaf, &mut self.new_nodes);
        self.store
            .views
            .connection()
            .prepare_cached(
                "insert into facts (position, series, sequence, received_at, verdict, fact)
                 values (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![position, series, sequence, self.now, verdict, fact])?;
        self.unflushed += 1;
        self.appended = true;
        Ok(position)
    }

    fn flush_if_full(&mut self) -> Result<()> {
        if self.unflushed >= FLUSH_EVERY {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.store.views.flush()?;
        self.store.nodes.append(self.store.views.connection(), &self.new_nodes)?;
        self.new_nodes.clear();
        self.unflushed = 0;
        Ok(())
    }

    /// Takes a device's push: facts from one series, in order, and the signature over the last of them.
    ///
    /// Facts that were sent before are recognised and get the same answer again. A fact that cannot count yet is kept
    /// in quarantine. The outer error is the storage's, the inner one sends the whole push back.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn push(
        &mut self,
        series: SeriesId,
        pushed: &[Pushed],
        signature: &[u8; 64],
    ) -> Result<std::result::Result<Vec<Receipt>, PushRefused>> {
        let Some(device) = self.store.views.device(series)? else {
            return Ok(Err(PushRefused::UnknownDevice));
        };
        match CheckedPush::check(series, device.public_key, pushed.to_vec(), *signature) {
            Ok(push) => self.push_checked(&push),
            Err(refused) => Ok(Err(refused)),
        }
    }

    /// As [`Batch::push`], of what was read and checked elsewhere.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn push_checked(
        &mut self,
        push: &CheckedPush,
    ) -> Result<std::result::Result<Vec<Receipt>, PushRefused>> {
        let series = push.series;
        let Some(device) = self.store.views.device(series)? else {
            return Ok(Err(PushRefused::UnknownDevice));
        };
        if device.public_key != push.public_key {
            return Ok(Err(PushRefused::BadSignature));
        }
        let mut expected = self.next_of(series)?;
        for envelope in &push.envelopes {
            if envelope.sequence > expected {
                return Ok(Err(PushRefused::Gap { expected }));
            }
            expected = expected.max(envelope.sequence + 1);
        }
        self.load_head(series)?;
        let mut receipts = Vec::with_capacity(push.facts.len());
        for (fact, envelope) in push.facts.iter().zip(&push.envelopes) {
            receipts.push(self.take(series, &device, fact, envelope)?);
        }
        if let Some(head) = self.heads.get_mut(&series)
            && head.hash == push.last_hash
        {
            head.signature = push.signature;
        }
        self.flush_if_full()?;
        Ok(Ok(receipts))
    }

    /// The number and hash of a series' newest fact; none before its first.
    pub fn newest(&self, series: SeriesId) -> Option<(u64, Hash)> {
        let head = self.heads.get(&series)?;
        Some((head.next.checked_sub(1)?, head.hash))
    }

    /// The number of the next fact of a series.
    fn next_of(&self, series: SeriesId) -> Result<u64> {
        if let Some(head) = self.heads.get(&series) {
            return Ok(head.next);
        }
        let next = self
            .store
            .views
            .connection()
            .prepare_cached("select next from series where id = ?1")?
            .query_row([series.0], |row| row.get(0))
            .optional()?;
        Ok(next.unwrap_or(0))
    }

    fn load_head(&mut self, series: SeriesId) -> Result<()> {
        if self.heads.contains_key(&series) {
            return Ok(());
        }
        let connection = self.store.views.connection();
        let found = connection
            .prepare_cached("select number, next, hash, signature from series where id = ?1")?
            .query_row([series.0], |row| {
                Ok(Head { number: row.get(0)?, next: row.get(1)?, hash: row.get(2)?, signature: row.get(3)? })
            })
            .optional()?;
        let head = match found {
            Some(head) => head,
            None => {
                // The row exists from the first fact on, so that two series of one batch get two numbers.
                connection.execute(
                    "insert into series (number, id, next, hash, signature)
                     values ((select max(number) + 1 from series), ?1, 0, ?2, ?3)",
                    params![series.0, [0u8; 32], [0u8; 64]],
                )?;
                Head { number: connection.last_insert_rowid(), next: 0, hash: [0; 32], signature: [0; 64] }
            }
        };
        self.heads.insert(series, head);
        Ok(())
    }

    fn take(
        &mut self,
        series: SeriesId,
        device: &Device,
        pushed: &Pushed,
        envelope: &Envelope,
    ) -> Result<Receipt> {
        let Some(head) = self.heads.get(&series) else {
            return Err(StoreError::Damaged("a series without a head".into()));
        };
        let (number, next) = (head.number, head.next);
        if envelope.sequence < next
            && let Some(receipt) = self.known(number, envelope.sequence, &pushed.envelope)?
        {
            return Ok(receipt);
        }
        let (position, received_at, sequence) = (self.store.appender.size(), self.now, envelope.sequence);
        let receipt = |verdict| Receipt { sequence, position, received_at, verdict, duplicate: false };
        if envelope.sequence < next || envelope.previous != head.hash {
            let verdict = Quarantine::Fork as u64;
            let receipt = receipt(verdict);
            self.record(number, envelope.sequence, &pushed.envelope, verdict)?;
            self.store.views.put_quarantined(series, envelope.sequence, position, verdict)?;
            return Ok(receipt);
        }
        let (verdict, fact) = self.judge(series, device, pushed, envelope)?;
        let receipt = receipt(verdict);
        self.record(number, envelope.sequence, &pushed.envelope, verdict)?;
        if let Some(head) = self.heads.get_mut(&series) {
            head.next = envelope.sequence + 1;
            head.hash = envelope::hash(&pushed.envelope);
        }
        if verdict != Quarantine::ContentMismatch as u64 {
            self.keep_content(position, pushed, envelope)?;
        }
        match &fact {
            Some(fact) if verdict == 0 => {
                let origin = Origin {
                    position,
                    counts_from: position,
                    series,
                    sequence: envelope.sequence,
                    received_at: self.now,
                    sealed: envelope.sealed.is_some(),
                };
                self.store.views.arrived(self.now);
                apply::apply(&mut self.store.views, origin, fact)?;
                if let Body::PersonSeen { dwelling, person, .. } = &fact.body
                    && envelope.sealed.is_some()
                {
                    self.recognise(*person, *dwelling, position, pushed.impossible_number)?;
                }
            }
            _ => self.store.views.put_quarantined(series, envelope.sequence, position, verdict)?,
        }
        // What waits may be released: its pictures are kept meanwhile.
        if let Some(fact) = &fact
            && verdict != Quarantine::ContentMismatch as u64
        {
            self.name_attachments(position, fact)?;
        }
        Ok(receipt)
    }

    /// The receipt of a fact that is there already; none if another one has its number.
    fn known(&self, series: i64, sequence: u64, bytes: &[u8]) -> Result<Option<Receipt>> {
        let mut read = self.store.views.connection().prepare_cached(
            "select position, received_at, verdict, fact from facts where series = ?1 and sequence = ?2
             and series <> 0 and verdict <> 1
             union all
             select facts.position, facts.received_at, facts.verdict, facts.fact from quarantine
             join facts on facts.position = quarantine.position
             where facts.series = ?1 and facts.sequence = ?2 and facts.verdict = 1",
        )?;
        let mut rows = read.query(params![series, sequence])?;
        while let Some(row) = rows.next()? {
            if row.get_ref(3)?.as_blob().is_ok_and(|stored| stored == bytes) {
                return Ok(Some(Receipt {
                    sequence,
                    position: row.get(0)?,
                    received_at: row.get(1)?,
                    verdict: row.get(2)?,
                    duplicate: true,
                }));
            }
        }
        Ok(None)
    }

    fn judge(
        &mut self,
        series: SeriesId,
        device: &Device,
        pushed: &Pushed,
        envelope: &Envelope,
    ) -> Result<(u64, Option<Fact>)> {
        let Ok(fact) = Fact::decode(&envelope.payload) else {
            return Ok((Quarantine::Unreadable as u64, None));
        };
        let owner = match &fact.body {
            Body::Visited { dwelling, .. } => Some(*dwelling),
            Body::PersonSeen { person, .. } => Some(*person),
            Body::Answered { subject, .. } => Some(subject.id()),
            Body::CaseActed { case, .. } => self.store.views.case(*case)?.map(|(_, case)| case.subject.id()),
            _ => None,
        };
        let fits = match (&envelope.sealed, &pushed.ciphertext, &pushed.data_key) {
            (None, _, _) => true,
            (Some(commitment), Some(ciphertext), Some(_)) => {
                owner.is_some_and(|owner| owner.0 == commitment.owner)
                    && ledger::seal::digest(ciphertext) == commitment.digest
            }
            _ => false,
        };
        if !fits {
            return Ok((Quarantine::ContentMismatch as u64, Some(fact)));
        }
        let reason =
            admit::admit(&mut self.store.views, series, Some(device), &fact, envelope.sealed.is_some())?;
        let reason = match reason {
            Some(reason) => Some(reason),
            None => self.judge_by_programme((series, device), pushed, envelope, &fact)?,
        };
        Ok((reason.map_or(0, |reason| reason as u64), Some(fact)))
    }

    fn keep_content(&mut self, position: u64, pushed: &Pushed, envelope: &Envelope) -> Result<()> {
        let (Some(commitment), Some(ciphertext), Some(key)) =
            (&envelope.sealed, &pushed.ciphertext, &pushed.data_key)
        else {
            return Ok(());
        };
        let owner = Id(commitment.owner);
        if self.store.views.is_erased(owner)? {
            // Nothing is kept of someone who is erased, whatever else the fact waits for.
            return Ok(());
        }
        self.open_content()?;
        let nonce = self.store.entropy.bytes()?;
        self.name_owner(owner);
        self.store.content.put_data_key(owner, position, DataKey::from_bytes(*key), nonce)?;
        self.store.content.put_ciphertext(owner, position, ciphertext.clone())
    }

    /// Compares someone who was seen with everyone known, and links her if she is one of them. A number that nobody can
    /// have tells nobody from another: many write the same one down.
    fn recognise(
        &mut self,
        person: PersonId,
        dwelling: DwellingId,
        position: u64,
        impossible_number: bool,
    ) -> Result<()> {
        let Some(mut observed) = self.identity_at(person, position)? else { return Ok(()) };
        if impossible_number {
            observed.id_number.clear();
        }
        let dwelling = apply::resolve_dwelling(&mut self.store.views, dwelling)?;
        if apply::canonical(&mut self.store.views, person)? == person
            && let Some((known, _)) = self.find_person(&observed, dwelling, Some(person))?
        {
            let own = self.store.own_series;
            self.append(own, Body::Linked { from: person, to: known }, None)?;
        }
        self.put_tags(person, &observed)
    }

    /// The known person whom an observation means; `except` is the observation's own id.
    pub fn find_person(
        &mut self,
        observed: &Identity,
        dwelling: DwellingId,
        except: Option<PersonId>,
    ) -> Result<Option<(PersonId, identity::By)>> {
        identity::find(observed, &mut Known { batch: self, dwelling, except })
    }

    /// Where a person is; none if nobody has this id, she was erased, or no door is known for her.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn whereabouts(&mut self, person: PersonId) -> Result<Option<Whereabouts>> {
        people::whereabouts(&mut self.store.views, person)
    }

    /// Makes a person findable by her ID number and phone.
    pub fn put_tags(&mut self, person: PersonId, identity: &Identity) -> Result<()> {
        let tags = self.store.content.tags(identity)?;
        if tags.is_empty() {
            return Ok(());
        }
        self.open_content()?;
        for tag in tags {
            let later = self.bulk.is_some_and(|first| person >= first);
            self.store.content.put_tag(tag, person, later)?;
        }
        Ok(())
    }

    /// The people who hold this ID number or phone (`field` is `id_number` or `phone`).
    pub fn holders(&mut self, field: &str, value: &str) -> Result<Vec<PersonId>> {
        let tag = self.store.content.key()?.blind_tag(field, value);
        let mut people = Vec::new();
        for owner in self.store.content.owners(tag)? {
            let person = apply::canonical(&mut self.store.views, owner)?;
            if !people.contains(&person) && self.store.views.person(person)?.is_some() {
                people.push(person);
            }
        }
        Ok(people)
    }

    /// A keyed tag of any value, to recognise it again within this process.
    pub fn blind_tag(&self, field: &str, value: &str) -> Result<[u8; 16]> {
        Ok(self.store.content.key()?.blind_tag(field, value))
    }

    /// Who a person is, by the newest content about her; none if nothing is known or it was erased.
    pub fn identity(&mut self, person: PersonId) -> Result<Option<Identity>> {
        let canonical = apply::canonical(&mut self.store.views, person)?;
        for member in apply::group(&mut self.store.views, canonical)? {
            if let Some(position) = self.store.views.person(member)?.and_then(|row| row.content)
                && let Some(identity) = self.identity_at(member, position)?
            {
                return Ok(Some(identity));
            }
        }
        Ok(None)
    }

    fn identity_at(&mut self, person: PersonId, position: u64) -> Result<Option<Identity>> {
        let (envelope, _) = self.store.fact_at(position)?;
        let plain = self.store.content.open(person, position, Id(envelope.series), envelope.sequence)?;
        Ok(plain.as_deref().and_then(Identity::decode))
    }

    /// Whether anyone is known at all.
    pub fn has_people(&mut self) -> Result<bool> {
        Ok(self.store.views.connection().prepare_cached("select 1 from person limit 1")?.exists([])?)
    }

    /// The rosters, by number, that name a person.
    pub fn rosters_of(&mut self, person: PersonId) -> Result<Vec<u32>> {
        let mut found = Vec::new();
        for member in apply::group(&mut self.store.views, person)? {
            let mut read =
                self.store.views.connection().prepare_cached(
                    "select distinct roster from roster_row where person = ?1 order by roster",
                )?;
            let rows = read.query_map([member.0], |row| row.get(0))?;
            found.extend(rows.collect::<rusqlite::Result<Vec<u32>>>()?);
        }
        Ok(found)
    }

    /// Everyone who stands on one of these rosters, under the ids that they have there, with the last of them and the row.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn people_on(&mut self, rosters: &[u32]) -> Result<Vec<(PersonId, u32, u64)>> {
        let mut read = self
            .store
            .views
            .connection()
            .prepare_cached("select person, row from roster_row where roster = ?1")?;
        let mut last = BTreeMap::new();
        for roster in rosters {
            let rows = read.query_map([roster], |row| Ok((get_id(row, 0)?, (*roster, row.get(1)?))))?;
            for found in rows {
                let (person, place) = found?;
                last.insert(person, place);
            }
        }
        Ok(last.into_iter().map(|(person, (roster, row))| (person, roster, row)).collect())
    }

    /// The buildings and units of the doors counted directly under an area, each once; rooms are empty.
    pub fn stairs_of(&mut self, area: AreaNumber) -> Result<Vec<Labels>> {
        let mut read = self.store.views.connection().prepare_cached(
            "select distinct building, unit from dwelling where area = ?1 order by building, unit",
        )?;
        let rows = read.query_map([area], |row| {
            Ok(Labels { building: row.get(0)?, unit: row.get(1)?, room: String::new() })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Everyone listed in the dwelling, and everyone unlisted who was seen there, under canonical ids.
    pub fn people_at(&mut self, dwelling: DwellingId) -> Result<Vec<PersonId>> {
        let mut found: Vec<Id> = Vec::new();
        {
            let connection = self.store.views.connection();
            for sql in [
                "select id from person where dwelling = ?1 order by id",
                "select distinct person from sighting where dwelling = ?1 order by person",
            ] {
                let mut read = connection.prepare_cached(sql)?;
                let rows = read.query_map([dwelling.0], |row| Ok(Id(row.get(0)?)))?;
                found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
            }
        }
        let mut people = Vec::with_capacity(found.len());
        for id in found {
            let person = apply::canonical(&mut self.store.views, id)?;
            if !people.contains(&person) {
                people.push(person);
            }
        }
        Ok(people)
    }

    pub(crate) fn commit(mut self) -> Result<()> {
        match self.finish() {
            Ok(()) => Ok(()),
            Err(error) => {
                self.roll_back();
                Err(error)
            }
        }
    }

    fn finish(&mut self) -> Result<()> {
        self.flush()?;
        self.store.content.together()?;
        if let Some(first) = self.bulk {
            self.store.content.index_tags(first)?;
        }
        if self.appended {
            self.save_heads()?;
            self.store.sign_checkpoint()?;
        }
        if self.content_open {
            let high = self.store.appender.size();
            self.store
                .content
                .keys
                .prepare_cached("insert or replace into meta (name, value) values ('high_position', ?1)")?
                .execute([high])?;
            let owners =
                self.owners.as_ref().map(|owners| owners.iter().flat_map(|id| id.0).collect::<Vec<u8>>());
            self.store
                .content
                .keys
                .prepare_cached("insert or replace into meta (name, value) values ('last_owners', ?1)")?
                .execute([owners])?;
            // Keys first, then ciphertexts, then facts: whatever a kill leaves without a fact is dropped on opening.
            self.store.content.keys.execute_batch("commit")?;
            self.store.content.vault.execute_batch("commit")?;
            self.content_open = false;
        }
        self.store.views.connection().execute_batch("commit")?;
        if self.bulk.is_some() {
            // The logs of an import are as long as what it wrote. It is done whether or not they can be cut back now.
            let content = &self.store.content;
            for connection in [self.store.views.connection(), &content.vault, &content.keys] {
                let _ =
                    connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get::<_, i64>(0));
            }
        }
        Ok(())
    }

    fn save_heads(&mut self) -> Result<()> {
        let connection = self.store.views.connection();
        let mut save = connection
            .prepare_cached("update series set next = ?2, hash = ?3, signature = ?4 where number = ?1")?;
        let mut heads: Vec<&Head> = self.heads.values().collect();
        heads.sort_unstable_by_key(|head| head.number);
        for head in heads {
            save.execute(params![head.number, head.next, head.hash, head.signature])?;
        }
        let own = &self.store.own_head;
        if own.next != self.next_before {
            let signature = self.store.own_key.sign_head(&self.store.own_series.0, own.next - 1, &own.hash);
            connection
                .prepare_cached(
                    "insert or replace into series (number, id, next, hash, signature) values (0, ?1, ?2, ?3, ?4)",
                )?
                .execute(params![self.store.own_series.0, own.next, own.hash, signature])?;
        }
        Ok(())
    }

    /// Takes everything back. Whatever of that fails now (the disk is still full) is done before the next batch.
    pub(crate) fn roll_back(self) {
        let _ = self.store.settle();
    }
}

struct Known<'b, 's> {
    batch: &'b mut Batch<'s>,
    dwelling: DwellingId,
    except: Option<PersonId>,
}

impl Known<'_, '_> {
    fn named(&mut self, people: Vec<PersonId>) -> Result<Vec<(PersonId, Identity)>> {
        let mut named = Vec::with_capacity(people.len());
        for person in people {
            if Some(person) != self.except
                && let Some(identity) = self.batch.identity(person)?
            {
                named.push((person, identity));
            }
        }
        Ok(named)
    }
}

impl Candidates for Known<'_, '_> {
    type Error = StoreError;

    fn by_id_number(&mut self, id_number: &str) -> Result<Vec<(PersonId, Identity)>> {
        let people = self.batch.holders("id_number", id_number)?;
        self.named(people)
    }

    fn by_phone(&mut self, phone: &str) -> Result<Vec<(PersonId, Identity)>> {
        let people = self.batch.holders("phone", phone)?;
        self.named(people)
    }

    fn in_dwelling(&mut self) -> Result<Vec<(PersonId, Identity)>> {
        let people = self.batch.people_at(self.dwelling)?;
        self.named(people)
    }
}
