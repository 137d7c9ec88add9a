//! Rules while the server runs: whoever a form was filled in about is judged by the rules in force, in the background, and
//! what flags becomes a report of a case. On a new day everyone is judged again, since a day alone can be what a rule
//! waits for. What nobody did in time is noted as it climbs.
//!
//! A report is all that comes of a rule: every step is a person's.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::case::{Source, Subject};
use domain::fact::Body;
use domain::id::{DwellingId, Id};
use domain::time::{Day, Millis, day_of, from_day};
use programme::Programme;
use programme::judge::{Judgement, judge};
use programme::rule::Rule;
use store::cases::is_about;
use store::{Reader, Store};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::failure::Result;
use super::territory::Territory;

/// How long it rests between two looks at what is new.
const REST: Duration = Duration::from_millis(200);
/// How often it looks at the clock when nothing is new.
const WAKE: Duration = Duration::from_secs(30);
/// Filled-in forms judged at a time.
const PIECE: usize = 200;
/// Moments noted at a time.
const CLIMBS: usize = 1000;

#[derive(Default)]
struct Held {
    /// The day for which everyone before the position was judged.
    day: Option<Day>,
    position: u64,
}

/// How far a running territory was judged.
#[derive(Default)]
pub struct Judging {
    held: Mutex<Held>,
}

impl Judging {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps up with the territory until the server stops.
    pub async fn run(self: Arc<Self>, territory: Territory, mut stopping: watch::Receiver<bool>) {
        let mut news = territory.changes();
        loop {
            let now = jiff::Timestamp::now().as_millisecond();
            let done = tokio::select! {
                done = self.catch_up(&territory, now) => done,
                _ = stopping.wait_for(|stop| *stop) => return,
            };
            if let Err(failure) = done {
                tracing::warn!(code = failure.code, reason = %failure.en, "rules were not judged");
            }
            let next = async {
                tokio::time::sleep(REST).await;
                tokio::time::timeout(WAKE, news.recv()).await
            };
            tokio::select! {
                changed = next => if matches!(changed, Ok(Err(RecvError::Closed))) { return },
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Judges whoever has to be judged at a moment, and writes down what flags and what has climbed.
    ///
    /// # Errors
    /// Those of the storage; the next call goes on from there.
    pub async fn catch_up(self: &Arc<Self>, territory: &Territory, now: Millis) -> Result<()> {
        let today = day_of(now);
        {
            let mut held = self.lock();
            if held.day != Some(today) {
                *held = Held { day: Some(today), position: 0 };
            }
        }
        loop {
            let begun = Instant::now();
            let from = self.lock().position;
            let (next, reports) =
                territory.read_behind(move |reader| judge_since(reader, from, today)).await?;
            let Some(next) = next else { break };
            if !reports.is_empty() {
                territory.write(move |store, now| write_down(store, reports, now)).await?;
            }
            // Only now: what a kill takes away is judged again.
            self.lock().position = next;
            tokio::time::sleep(begun.elapsed()).await;
        }
        note_climbs(territory, now).await
    }
}

/// Judges whoever the next forms are about. Returns from where to go on, none at the end.
fn judge_since(reader: &mut Reader, from: u64, today: Day) -> Result<(Option<u64>, Vec<Body>)> {
    let filled = reader.filled_since(from, PIECE)?;
    let next = filled.last().map(|(position, _)| position + 1);
    let mut subjects = BTreeSet::new();
    for (_, subject) in filled {
        let subject = domain::apply::canonical_subject(reader.state(), subject)?;
        subjects.insert(subject);
        // What is known of a person may be what a rule about her household waits for.
        if let Subject::Person(person) = subject
            && let Some(home) = reader.home(person)?
        {
            subjects.insert(Subject::Dwelling(home));
        }
    }
    let mut reports = Vec::new();
    for subject in subjects {
        reports.extend(judge_subject(reader, subject, today)?);
    }
    Ok((next, reports))
}

/// The reports that the rules in force on a day make of a subject.
///
/// # Errors
/// Those of the storage.
pub fn judge_subject(reader: &mut Reader, subject: Subject, today: Day) -> Result<Vec<Body>> {
    let codes: BTreeSet<String> =
        reader.book().editions.iter().map(|edition| edition.programme.clone()).collect();
    let mut reports = Vec::new();
    for code in codes {
        let Some(version) = reader.book().edition_on(&code, today).map(|edition| edition.version.clone())
        else {
            continue;
        };
        let Some(programme) = reader.programme(&code, &version)? else { continue };
        let known = reader.known_of(&code, subject)?;
        if known.is_empty() {
            continue;
        }
        let home = match subject {
            Subject::Dwelling(dwelling) => Some(dwelling),
            Subject::Person(person) => reader.home(person)?,
        };
        let Some(dwelling) = home.or(known.newest.map(|(_, dwelling)| dwelling)) else { continue };
        let area = reader.area_of(dwelling)?.unwrap_or_default();
        let area_code = reader.book().areas.code(area).to_owned();
        let day = from_day(today);
        let parameters = programme.parameters.on(&area_code, day);
        let situation = known.situation();
        let about = |rule: &&Rule| is_about(rule.subject, subject);
        for rule in programme.rules.iter().filter(about) {
            if matches!(judge(&rule.condition, &situation, &parameters, day), Judgement::Flags(_)) {
                let last = known.newest.map_or(Millis::MIN, |(at, _)| at);
                reports.extend(asked_for(reader, &programme, rule, (subject, dwelling), last)?);
            }
        }
    }
    Ok(reports)
}

/// The reports of cases for which a rule that flags asks and that are not there yet.
fn asked_for(
    reader: &mut Reader,
    programme: &Programme,
    rule: &Rule,
    (subject, dwelling): (Subject, DwellingId),
    last_filled: Millis,
) -> Result<Vec<Body>> {
    let (code, id) = (&programme.manifest.code, &rule.id.value);
    let mut reports = Vec::new();
    for pathway in programme
        .pathways
        .iter()
        .filter(|pathway| pathway.asked_by.contains(id) && is_about(pathway.subject, subject))
    {
        let pathway = &pathway.code.value;
        if let Some(known) = reader.newest_case(code, pathway, subject)? {
            // One that has ended answered whatever was known then; one that is open has this reporter already.
            let answered = if known.ended { known.since >= last_filled } else { known.rules.contains(id) };
            if answered {
                continue;
            }
        }
        reports.push(Body::CaseReported {
            case: Id::default(),
            programme: code.clone(),
            version: programme.manifest.version.clone(),
            pathway: pathway.clone(),
            subject,
            dwelling,
            source: Source::Rule,
            rule: Some(id.clone()),
            counted_from: None,
        });
    }
    Ok(reports)
}

fn write_down(store: &mut Store, reports: Vec<Body>, now: Millis) -> Result<()> {
    let actor = store.book().own_series;
    store.write(now, |batch| {
        for mut report in reports {
            if let Body::CaseReported { case, .. } = &mut report {
                *case = batch.new_id()?;
            }
            batch.append(actor, report, None)?;
        }
        Ok(())
    })?;
    Ok(())
}

async fn note_climbs(territory: &Territory, now: Millis) -> Result<()> {
    loop {
        let told = territory.read_behind(move |reader| Ok(reader.to_tell(now, CLIMBS)?)).await?;
        if told.is_empty() {
            return Ok(());
        }
        territory
            .write(move |store, now| {
                let actor = store.book().own_series;
                store.write(now, |batch| {
                    for told in told {
                        let store::cases::ToTell { case, task, role, due } = told;
                        batch.append(actor, Body::CaseClimbed { case, task, role, due }, None)?;
                    }
                    Ok(())
                })?;
                Ok(())
            })
            .await?;
    }
}
