//! Whom someone on no list may be: everyone listed, held in memory in normal form, and the few who come into question.
//!
//! Rules flag, people decide: what comes of this is a proposal, and nothing is linked without a person. See
//! docs/adr/0014-proposed-links.md.

use std::io::{ErrorKind, Write as _};
use std::path::Path;

use domain::apply;
use domain::area::AreaNumber;
use domain::fact::Body;
use domain::id::{DwellingId, PersonId, SweepId};
use domain::identity::Identity;
use domain::state::{Labels, State as _};
use domain::time::Millis;
use linkage::{Answer, Column, Explanation, Field, Index, Model, Rarity, Raw, Register};
use rustc_hash::FxHashMap;
use store::proposals::Named;
use store::{Reader, Store};

use super::addresses::community_of;
use super::failure::{Failure, Result};

/// A pair below this probability is not worth a person's time.
const REVIEW: f64 = 0.1;
/// How many proposals of one person wait at a time.
const MOST: usize = 3;
/// People read at a time.
const PIECE: usize = 250;

/// What is believed of anyone seen, before any person's answer: the crate's own beginning, but for a few things. Nine of
/// ten are listed somewhere, one in ten elsewhere than where she is seen, a few in a thousand by another name, one in a
/// hundred with another character in it. Behind a door two or three others are listed; every second bears the surname, and a form of
/// address fits those alike. And how likely strangers are to agree on a whole value is how common that very value is in the
/// list.
///
/// It says nothing of whom the plain match leaves, though only those are looked up. Whether it recognises someone follows
/// from what was written down and from the lists, which the comparison sees too: what is left to say of someone who was
/// not recognised is what would be said of anyone of whom the same was written down.
#[must_use]
pub fn belief() -> Model {
    let mut model = Model { match_rate: 0.9, household_rate: 2.5, ..Model::default() };
    let name = Field::Name as usize;
    model.same[name] = [0.0, 0.001, 0.002, 0.003, 0.03, 0.01, 0.01, 0.05, 0.894];
    model.household[name][4] = 0.016;
    model.same[Field::Dwelling as usize] = [0.0, 0.10, 0.01, 0.02, 0.02, 0.02, 0.83, 0.0, 0.0];
    for (field, level, rarity) in [
        (Field::Name, 8, Rarity::Name),
        (Field::Birth, 7, Rarity::Birth),
        (Field::Phone, 3, Rarity::Phone),
        (Field::Dwelling, 6, Rarity::Dwelling),
    ] {
        model.stranger[field as usize][level] = model.collision[rarity as usize];
    }
    model
}

/// A model's digest, as the facts name it.
#[must_use]
pub fn digest(model: &Model) -> [u8; 32] {
    // A struct of numbers always has a text.
    ledger::seal::digest(&serde_json::to_vec(model).unwrap_or_default())
}

/// The file in the data directory that holds what people's answers have taught: probabilities, and nothing of anybody.
const LEARNT: &str = "linkage.json";

/// The model of a data directory: the one re-weighed last, else [`belief`].
///
/// # Errors
/// If the file cannot be read, or holds what no model can.
pub fn model_of(root: &Path) -> Result<Model> {
    let path = root.join(LEARNT);
    let unusable = |why: String| {
        Failure::new(
            "model",
            format!("{} 不能用作比对模型：{why}；移走这个文件就回到初始模型", path.display()),
            format!(
                "{} is no model to compare with: {why}; without the file the first one is used",
                path.display()
            ),
        )
    };
    let text = match std::fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(belief()),
        Err(error) => return Err(unusable(error.to_string())),
    };
    let model: Model = serde_json::from_slice(&text).map_err(|error| unusable(error.to_string()))?;
    model.check().map_err(|error| unusable(error.to_string()))?;
    Ok(model)
}

/// What people's decisions on proposals came to.
pub struct Learnt {
    pub before: Model,
    pub after: Model,
    /// Pairs that a person linked, and pairs of which a person said that they are two.
    pub same: usize,
    pub two: usize,
}

/// Re-weighs the first model by every decision that people made on proposals up to now, and writes it beside the facts.
/// Always from [`belief`], so that no answer counts twice and one that was taken back counts no more. Where no decision
/// stands, what was learnt before is put aside and the first model is used again.
///
/// # Errors
/// If the key is missing, the file cannot be written, and those of the storage.
pub fn learn(store: &mut Store) -> Result<Learnt> {
    let root = store.directory().root.clone();
    let before = model_of(&root)?;
    let mut reader = Reader::open(&root, store.key())?;
    let first = belief();
    let matcher = Matcher::gather(&mut reader, &first)?;
    let (mut answers, mut same, mut two) = (Vec::new(), 0, 0);
    let mut after = None;
    loop {
        let proposals = reader.every_proposal(after, PIECE)?;
        let Some(last) = proposals.last() else { break };
        after = Some((last.person, last.candidate));
        for proposal in proposals {
            let now = apply::canonical(reader.state(), proposal.candidate)?;
            if apply::canonical(reader.state(), proposal.person)? == now
                && let Some(answer) = matcher.answer(&mut reader, proposal.person, now, true)?
            {
                answers.push(answer);
                same += 1;
            }
        }
    }
    for (one, other) in reader.every_two_people()? {
        for (seen, listed) in [(one, other), (other, one)] {
            let listed = apply::canonical(reader.state(), listed)?;
            if reader.state().person(seen)?.is_some_and(|row| row.dwelling.is_none())
                && let Some(answer) = matcher.answer(&mut reader, seen, listed, false)?
            {
                answers.push(answer);
                two += 1;
                break;
            }
        }
    }
    if answers.is_empty() {
        forget(&root)?;
        return Ok(Learnt { before, after: first, same, two });
    }
    let after = first.learn(&answers, matcher.people.len(), 1);
    let text = serde_json::to_vec_pretty(&after).map_err(|error| {
        Failure::new(
            "model",
            format!("模型不能写出：{error}"),
            format!("the model cannot be written: {error}"),
        )
    })?;
    let written = tempfile::NamedTempFile::new_in(&root).and_then(|mut file| {
        file.write_all(&text)?;
        file.as_file().sync_all()?;
        file.persist(root.join(LEARNT)).map_err(|error| error.error)
    });
    written.map_err(|error| {
        Failure::new(
            "model",
            format!("模型不能写出：{error}"),
            format!("the model cannot be written: {error}"),
        )
    })?;
    Ok(Learnt { before, after, same, two })
}

fn forget(root: &Path) -> Result<()> {
    match std::fs::remove_file(root.join(LEARNT)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::new(
            "model",
            format!("{LEARNT} 不能移走：{error}"),
            format!("{LEARNT} cannot be put aside: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Someone and the door that she goes by.
pub struct Who {
    pub identity: Identity,
    pub area: AreaNumber,
    pub labels: Labels,
    community: String,
}

impl Who {
    fn at(reader: &mut Reader, person: PersonId, door: DwellingId) -> Result<Option<Self>> {
        let Some(identity) = reader.identity(person)? else { return Ok(None) };
        let door = apply::resolve_dwelling(reader.state(), door)?;
        let Some(area) = reader.area_of(door)? else { return Ok(None) };
        let labels = reader.labels(door)?;
        let book = reader.book();
        let community = book.areas.code(community_of(book, area)).to_owned();
        Ok(Some(Self { identity, area, labels, community }))
    }

    /// Someone listed, where she is listed. `person` is the id that all hers lead to.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn listed(reader: &mut Reader, person: PersonId) -> Result<Option<Self>> {
        match reader.home(person)? {
            Some(door) => Self::at(reader, person, door),
            None => Ok(None),
        }
    }

    /// Someone seen, where she was seen last.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn seen(reader: &mut Reader, person: PersonId) -> Result<Option<Self>> {
        match reader.seen_last(person)? {
            Some((_, door)) => Self::at(reader, person, door),
            None => Ok(None),
        }
    }

    fn raw(&self) -> Raw<'_> {
        raw(&self.identity, &self.community, &self.labels)
    }
}

/// What is known of someone and of her door, as `linkage` reads it.
#[must_use]
pub fn raw<'a>(identity: &'a Identity, community: &'a str, labels: &'a Labels) -> Raw<'a> {
    Raw::default()
        .with(Column::Name, &identity.name)
        .with(Column::Sex, &identity.sex)
        .with(Column::BirthDate, &identity.birth_date)
        .with(Column::IdNumber, &identity.id_number)
        .with(Column::Phone, &identity.phone)
        .with(Column::Community, community)
        .with(Column::Building, &labels.building)
        .with(Column::Unit, &labels.unit)
        .with(Column::Room, &labels.room)
}

/// Everyone listed, read piece by piece.
#[derive(Default)]
pub struct Gathering {
    list: Register,
    people: Vec<PersonId>,
    after: PersonId,
}

impl Gathering {
    /// Reads the next people. False once everyone is in.
    ///
    /// # Errors
    /// Those of the storage; also if there is no key.
    pub fn piece(&mut self, reader: &mut Reader) -> Result<bool> {
        let ids = reader.listed_after(self.after, PIECE)?;
        for person in &ids {
            self.after = *person;
            // One who is linked to another is put in with that one.
            if apply::canonical(reader.state(), *person)? != *person {
                continue;
            }
            if let Some(who) = Who::listed(reader, *person)?
                && self.list.push(&who.raw()).is_ok()
            {
                self.people.push(*person);
            }
        }
        Ok(!ids.is_empty())
    }

    /// Makes them findable.
    #[must_use]
    pub fn finish(self, model: &Model) -> Matcher {
        let rows = self.people.len();
        Matcher {
            index: Index::build(self.list, model, 1),
            model: digest(model),
            live: vec![true; rows],
            people: self.people,
            sorted: rows,
            later: FxHashMap::default(),
        }
    }
}

/// Everyone listed, ready to be looked up in.
pub struct Matcher {
    index: Index,
    model: [u8; 32],
    /// Whose each row is.
    people: Vec<PersonId>,
    /// The row still counts.
    live: Vec<bool>,
    /// So many rows, from the first, are in the order of their people.
    sorted: usize,
    /// The rows of people who came or changed later.
    later: FxHashMap<PersonId, u32>,
}

impl Matcher {
    /// Reads everyone listed at once.
    ///
    /// # Errors
    /// Those of the storage; also if there is no key.
    pub fn gather(reader: &mut Reader, model: &Model) -> Result<Self> {
        let mut gathering = Gathering::default();
        while gathering.piece(reader)? {}
        Ok(gathering.finish(model))
    }

    /// So many came since the index was made that it should be made anew.
    #[must_use]
    pub fn is_worn(&self) -> bool {
        self.index.added() > 64 + self.people.len() / 8
    }

    /// The same people in an index made anew.
    #[must_use]
    pub fn renewed(self, model: &Model) -> Self {
        Self { index: Index::build(self.index.into_list(), model, 1), model: digest(model), ..self }
    }

    fn row_of(&self, person: PersonId) -> Option<u32> {
        let row = match self.later.get(&person) {
            Some(row) => *row,
            None => {
                let sorted = self.people.get(..self.sorted)?;
                u32::try_from(sorted.binary_search(&person).ok()?).ok()?
            }
        };
        self.live.get(row as usize).is_some_and(|live| *live).then_some(row)
    }

    fn forget(&mut self, person: PersonId) {
        if let Some(row) = self.row_of(person) {
            self.index.remove(row);
            self.live[row as usize] = false;
            self.later.remove(&person);
        }
    }

    /// Takes over what the facts say now of someone they named.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn take(&mut self, reader: &mut Reader, named: Named) -> Result<()> {
        let (person, changed) = match named {
            Named::Changed(person) => (person, true),
            Named::Linked(person) => (person, false),
            Named::Seen(_) => return Ok(()),
        };
        let canonical = apply::canonical(reader.state(), person)?;
        if person != canonical {
            self.forget(person);
        }
        for member in apply::group(reader.state(), canonical)? {
            if member != canonical {
                self.forget(member);
            }
        }
        let Some(who) = Who::listed(reader, canonical)? else {
            self.forget(canonical);
            return Ok(());
        };
        if !changed && self.row_of(canonical).is_some() {
            return Ok(());
        }
        self.forget(canonical);
        if let Ok((row, _)) = self.index.insert(&who.raw()) {
            self.people.push(canonical);
            self.live.push(true);
            self.later.insert(canonical, row);
        }
        Ok(())
    }

    /// What is to be proposed of someone: nothing if she is on a list, or nobody comes into question who does not wait
    /// already or of whom a person said that they are two. Likeliest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn proposals(&mut self, reader: &mut Reader, person: PersonId) -> Result<Vec<Body>> {
        if !reader.is_unlisted(person)? {
            return Ok(Vec::new());
        }
        let person = apply::canonical(reader.state(), person)?;
        let Some(who) = Who::seen(reader, person)? else { return Ok(Vec::new()) };
        let Ok(found) = self.index.lookup(&who.raw(), REVIEW) else { return Ok(Vec::new()) };
        let mut likely = Vec::new();
        for candidate in found {
            let other = self.people[candidate.row as usize];
            // What was read a moment ago may not hold any more.
            if apply::canonical(reader.state(), other)? == other && reader.home(other)?.is_some() {
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a probability is from 0 to 1"
                )]
                likely.push(((candidate.probability * 1000.0).round() as u64, other));
            }
        }
        if likely.is_empty() {
            return Ok(Vec::new());
        }
        let two = reader.not_the_same(person)?;
        likely.retain(|(_, other)| !two.contains(other));
        likely.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        likely.truncate(MOST);
        let open = reader.proposals(person)?;
        likely.retain(|(_, other)| open.iter().all(|known| known.candidate != *other));
        likely.truncate(MOST.saturating_sub(open.len()));
        let body = |(per_mille, to)| Body::LinkProposed { from: person, to, per_mille, model: self.model };
        Ok(likely.into_iter().map(body).collect())
    }

    /// What a person's decision on a pair says; none if nothing is known any more of either.
    fn answer(
        &self,
        reader: &mut Reader,
        seen: PersonId,
        listed: PersonId,
        same: bool,
    ) -> Result<Option<Answer>> {
        let (Some(row), Some(who)) = (self.row_of(listed), Who::seen(reader, seen)?) else { return Ok(None) };
        Ok(self.index.answer(row, &who.raw(), same).ok())
    }

    /// Why someone may be, or is not, someone listed. `shown` is what may be seen of the one listed and of the one seen.
    ///
    /// # Errors
    /// If the one listed is not here, or nothing tells who the one seen is.
    pub fn explain(&self, candidate: PersonId, seen: &Who, shown: [&Raw<'_>; 2]) -> Result<Explanation> {
        let row = self.row_of(candidate);
        row.and_then(|row| self.index.explain(row, &seen.raw(), shown).ok()).ok_or_else(|| {
            Failure::new("nothing_known", "没有可比对的资料", "nothing is known that could be compared")
        })
    }
}

/// Writes proposals down as facts. Those that came to nothing meanwhile are left out. Returns how many were written.
///
/// # Errors
/// Those of the storage; then none is written.
pub fn write_down(store: &mut Store, proposals: Vec<Body>, now: Millis) -> Result<usize> {
    if proposals.is_empty() {
        return Ok(0);
    }
    let actor = store.book().own_series;
    let written = store.write(now, |batch| {
        let mut written = 0;
        for proposal in proposals {
            let Body::LinkProposed { from, to, .. } = proposal else { continue };
            let state = batch.state();
            let stands = !state.is_erased(from)?
                && !state.is_erased(to)?
                && apply::canonical(state, from)? == from
                && apply::group_home(state, from)?.is_none();
            if stands {
                batch.append(actor, proposal, None)?;
                written += 1;
            }
        }
        Ok(written)
    })?;
    Ok(written)
}

/// Compares everyone unlisted who was seen in a sweep with everyone listed. Returns how many were compared, and how many
/// proposals were written.
///
/// # Errors
/// If the sweep is not known, the key is missing, and those of the storage.
pub fn propose(store: &mut Store, sweep: SweepId, model: &Model, now: Millis) -> Result<Proposed> {
    let root = store.directory().root.clone();
    let mut reader = Reader::open(&root, store.key())?;
    let number = reader.sweep(sweep)?;
    if !reader.book().is_open(number) {
        return Err(Failure::new(
            "sweep_closed",
            format!("排查 {sweep} 已经结束，不再提出关联建议"),
            format!("sweep {sweep} is closed; nothing is proposed for it any more"),
        ));
    }
    let mut matcher = Matcher::gather(&mut reader, model)?;
    let (mut after, mut done) = (PersonId::default(), Proposed::default());
    loop {
        let people = reader.seen_unlisted_after(number, after, PIECE)?;
        let Some(last) = people.last() else { return Ok(done) };
        after = *last;
        let mut found = Vec::new();
        for person in &people {
            done.compared += u64::from(reader.is_unlisted(*person)?);
            found.extend(matcher.proposals(&mut reader, *person)?);
        }
        done.proposed += write_down(store, found, now)?;
        reader.refresh()?;
        for person in people {
            done.waiting += u64::from(!reader.proposals(person)?.is_empty());
        }
    }
}

/// What one round of proposing came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proposed {
    /// People on no list who were compared with everyone listed.
    pub compared: u64,
    /// Proposals that are new.
    pub proposed: usize,
    /// People of whom something is proposed and nothing decided, the new ones included.
    pub waiting: u64,
}
