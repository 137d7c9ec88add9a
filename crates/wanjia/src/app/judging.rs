//! Rules while the server runs: whoever a form was filled in about is judged by the rules in force, in the background, and
//! what flags becomes a report of a case; what the subject adds to indicators is counted in the same pass (ADR 0020). On a
//! new day, and under new versions, everyone is judged again, since a day alone can be what a rule waits for. Under a new
//! version the first such pass also finds out whose flags come and go (ADR 0033). At an hour that rules name whoever they flag
//! from then on is judged once more (ADR 0048). What nobody did in time is noted as it
//! climbs. Once a day, before anyone is judged, answers whose time is over are erased (ADR 0032), and once an hour the words of
//! what was decided on a day before (ADR 0038).
//!
//! A report is all that comes of a rule: every step is a person's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use domain::area::AreaNumber;
use domain::case::{Source, Subject};
use domain::fact::Body;
use domain::id::{DwellingId, Id};
use domain::slip::TAKE_BACK_LIMIT;
use domain::state::Book;
use domain::time::{Day, Millis, day_of, from_day, minute_of};
use programme::change::Changes;
use programme::condition::Needs;
use programme::form;
use programme::indicator::{self, Contributions, Indicator};
use programme::judge::{Judgement, Situation, View, judge as judge_once};
use programme::level::{Level, Speaks};
use programme::pathway::Wait;
use programme::rule::Rule;
use programme::{Number, Programme};
use store::cases::{Known, is_about};
use store::compared::{Comparison, InForce};
use store::erase;
use store::expiry::Place;
use store::indicators::Counted;
use store::packs::if_readable;
use store::{Reader, Store};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Mutex, watch};

use super::failure::Result;
use super::territory::Territory;

/// How long it rests between two looks at what is new.
const REST: Duration = Duration::from_millis(200);
/// How often it looks at the clock when nothing is new.
const WAKE: Duration = Duration::from_secs(30);
/// Changes judged at a time.
const PIECE: usize = 200;
/// Of how many it is looked at a time whether an hour can concern them.
const LOOKED_AT: usize = 2_000;
/// How long what is pushed may wait behind an erasure, and how many forms the first one takes.
const ERASING: Duration = Duration::from_millis(30);
const ERASED_FIRST: usize = 8;
const HOUR: Millis = 3_600_000;
/// Moments noted at a time.
const CLIMBS: usize = 4000;
/// As many days back it is looked whether a rule was quiet since a case ended.
const LOOKED_BACK: Day = 60;

/// Keeps a running territory judged and counted, and forgets what is past its end.
#[derive(Default)]
pub struct Judging {
    /// One pass at a time.
    passing: Mutex<Kept>,
}

/// What is kept between two passes.
#[derive(Default)]
struct Kept {
    /// For which day, and for which hour, all that is past its end is erased.
    answers: Option<Day>,
    words: Option<Millis>,
    /// None after a start and after a pass that failed: whom an hour concerns is found out anew then.
    hours: Option<Hours>,
}

/// Whom a rule flags at an hour of a day unless something is filled in until then.
#[derive(Default)]
struct Hours {
    day: Day,
    /// The versions by which that was found.
    under: String,
    /// By the minute of the day, each once.
    waiting: BTreeMap<u16, BTreeSet<Subject>>,
}

impl Hours {
    fn add(&mut self, found: Vec<(u16, Subject)>) {
        for (minute, subject) in found {
            self.waiting.entry(minute).or_default().insert(subject);
        }
    }

    /// Some of those whose hour has come.
    fn take(&mut self, now: u16) -> Option<BTreeSet<Subject>> {
        let mut first = self.waiting.first_entry().filter(|first| *first.key() <= now)?;
        let rest = first.get().iter().nth(PIECE).copied();
        Some(match rest {
            Some(rest) => {
                let rest = first.get_mut().split_off(&rest);
                first.insert(rest)
            }
            None => first.remove(),
        })
    }
}

impl Judging {
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

    /// Judges and counts whoever has to be at a moment, and writes down what flags and what has climbed.
    ///
    /// # Errors
    /// Those of the storage; the next call goes on from there.
    pub async fn catch_up(&self, territory: &Territory, now: Millis) -> Result<()> {
        let mut kept = self.passing.lock().await;
        let (today, hour) = (day_of(now), now / HOUR);
        if kept.answers != Some(today) {
            erase_past_due(territory, today).await?;
            kept.answers = Some(today);
        }
        if kept.words != Some(hour) {
            erase_words(territory, now).await?;
            kept.words = Some(hour);
        }
        let in_force = territory.read_behind(move |reader| in_force(reader, today)).await?;
        if !in_force.is_empty() {
            let counting =
                territory.write(move |store, _| Ok(store.begin_counting(today, &in_force)?)).await?;
            let known = kept.hours.take().filter(|own| own.day == today && own.under == counting.under);
            let found_before = if known.is_some() { 0 } else { counting.position };
            let under = counting.under.clone();
            let mut hours = known.unwrap_or_else(|| Hours { day: today, under, ..Hours::default() });
            let mut position = counting.position;
            while let Some(found) = pass(territory, move |reader| judge_since(reader, position, now)).await? {
                position = found.next;
                hours.add(found.hours);
            }
            if counting.comparing || counting.whole != Some(today) {
                territory.write(move |store, _| Ok(store.count(position, true, &[])?)).await?;
            }
            kept.hours = Some(judge_by_the_hour(territory, hours, (found_before, position), now).await?);
        }
        note_climbs(territory, now).await
    }
}

/// Judges and writes down what comes of it, and rests as long as that took. With how far it got; none if nobody is left.
async fn pass(
    territory: &Territory,
    judge: impl FnOnce(&mut Reader) -> Result<Option<Judged>> + Send + 'static,
) -> Result<Option<Judged>> {
    let begun = Instant::now();
    let Some(mut judged) = territory.read_behind(judge).await? else { return Ok(None) };
    let found = Judged { next: judged.next, hours: std::mem::take(&mut judged.hours), ..Judged::default() };
    // The reports first: what a kill takes away between the two is judged again, and asked for once.
    territory.write(move |store, now| write_down(store, judged, now)).await?;
    tokio::time::sleep(begun.elapsed()).await;
    Ok(Some(found))
}

/// Judges whomever an hour concerns that has come. Of those who were judged before this process began nobody has kept which
/// hour does: they are judged as of now. Returns whom the hours concern that are still to come.
async fn judge_by_the_hour(
    territory: &Territory,
    mut hours: Hours,
    (found_before, position): (u64, u64),
    now: Millis,
) -> Result<Hours> {
    let mut from = 0;
    while from < found_before {
        let looked =
            territory.read_behind(move |reader| concerned(reader, (from, found_before), now)).await?;
        let Some((next, subjects)) = looked else { break };
        from = next;
        if !subjects.is_empty() {
            let judge = move |reader: &mut Reader| judge_all(reader, subjects, position, now).map(Some);
            hours.add(pass(territory, judge).await?.map(|found| found.hours).unwrap_or_default());
        }
    }
    while let Some(subjects) = hours.take(minute_of(now)) {
        let judge = move |reader: &mut Reader| judge_all(reader, subjects, position, now).map(Some);
        hours.add(pass(territory, judge).await?.map(|found| found.hours).unwrap_or_default());
    }
    Ok(hours)
}

/// Erases the answers that are kept no more. Whoever they were about is judged anew by what comes next.
async fn erase_past_due(territory: &Territory, today: Day) -> Result<()> {
    let (mut from, mut piece) = (Place::default(), ERASED_FIRST);
    loop {
        let begun = Instant::now();
        let mut found = territory.read_behind(move |reader| Ok(reader.past_due(today, from)?)).await?;
        while !found.forms.is_empty() {
            let forms: Vec<_> = found.forms.drain(..piece.min(found.forms.len())).collect();
            let took = territory
                .write(move |store, now| {
                    let (begun, actor) = (Instant::now(), store.book().own_series);
                    erase::erase_answers(store, actor, &forms, erase::OVER, now)?;
                    Ok(begun.elapsed())
                })
                .await?;
            piece = fitting(piece, took);
            tokio::time::sleep(took).await;
        }
        let Some(next) = found.next else { return Ok(()) };
        from = next;
        tokio::time::sleep(begun.elapsed()).await;
    }
}

/// Erases the words of what was decided, once that can be taken back no more.
async fn erase_words(territory: &Territory, now: Millis) -> Result<()> {
    loop {
        let until = now - TAKE_BACK_LIMIT;
        let over = territory.read_behind(move |reader| Ok(reader.said_over(until, ERASED_FIRST)?)).await?;
        if over.is_empty() {
            return Ok(());
        }
        let begun = Instant::now();
        territory
            .write(move |store, now| {
                let actor = store.book().own_series;
                for said in over {
                    erase::erase(store, actor, said, erase::OVER, now)?;
                }
                Ok(())
            })
            .await?;
        tokio::time::sleep(begun.elapsed()).await;
    }
}

/// How many forms are erased next, after so many took so long: at most twice as many.
fn fitting(piece: usize, took: Duration) -> usize {
    let share = ERASING.as_secs_f64() / took.as_secs_f64().max(0.001);
    ((piece as f64 * share.min(2.0)) as usize).max(1)
}

/// The versions of programmes that are in force on a day, each with the one before it.
fn in_force(reader: &mut Reader, today: Day) -> Result<Vec<InForce>> {
    let mut found = Vec::new();
    for programme in codes(reader.book()) {
        let Some(edition) = reader.book().edition_on(&programme, today).cloned() else { continue };
        let own = reader.book().editions.iter().filter(|own| own.programme == programme);
        let before = own.filter(|own| own.from < edition.from).max_by_key(|own| own.from);
        let mut before = before.map(|before| before.version.clone());
        for version in before.clone().iter().chain([&edition.version]) {
            if if_readable(reader.programme(&programme, version))?.is_none() {
                before = None;
            }
        }
        found.push(InForce { programme, version: edition.version, before });
    }
    Ok(found)
}

fn codes(book: &Book) -> BTreeSet<String> {
    book.editions.iter().map(|edition| edition.programme.clone()).collect()
}

/// What a pass found out about some subjects.
#[derive(Default)]
struct Judged {
    next: u64,
    /// What is written down: cases that rules ask for, and cases that wait no more.
    reports: Vec<Body>,
    counted: Vec<Counted>,
    /// Who is to be judged again, and at which minute of the day.
    hours: Vec<(u16, Subject)>,
}

/// A programme in force, with what its rules and indicators need together about each kind of subject.
struct Judge {
    programme: Arc<Programme>,
    /// The version before it, while it is compared with that.
    before: Option<Box<Judge>>,
    needs: [Needs; 4],
}

impl Judge {
    fn new(programme: Arc<Programme>) -> Self {
        let needs = |subject: Subject| {
            let rules = programme.rules.iter().filter(|rule| is_about(rule.subject, subject));
            let mut needs = Needs::of(rules.map(|rule| &rule.condition));
            for kind in kinds(subject) {
                needs.extend(&indicator::needs(&programme.indicators, *kind));
            }
            needs
        };
        let kinds = [Subject::Person, Subject::Dwelling, Subject::Area, Subject::Worker];
        let needs = kinds.map(|kind| needs(kind(Id::default())));
        Self { programme, before: None, needs }
    }

    fn needs(&self, subject: Subject) -> &Needs {
        let [person, dwelling, area, worker] = &self.needs;
        match subject {
            Subject::Person(_) => person,
            Subject::Dwelling(_) => dwelling,
            Subject::Area(_) => area,
            Subject::Worker(_) => worker,
        }
    }

    /// The next hour of a day after a minute at which a rule that names hours flags a subject, if nothing is filled in until then.
    fn next_hour(
        &self,
        is_of: &dyn Fn(&Rule) -> bool,
        (subject, situation): (Subject, &Situation<'_>),
        parameters: &BTreeMap<&str, Number>,
        (day, minute): (programme::code::Day, u16),
    ) -> Option<u16> {
        let rules = self.programme.rules.iter();
        let rules: Vec<&Rule> =
            rules.filter(|rule| !rule.condition.hours.is_empty() && is_of(rule)).collect();
        let hours: BTreeSet<u16> =
            rules.iter().flat_map(|rule| rule.condition.hours_by(parameters)).collect();
        hours.into_iter().filter(|hour| *hour > minute).find(|hour| {
            let view = View::new(self.needs(subject), situation, parameters, day).at(*hour);
            rules.iter().any(|rule| matches!(view.judge(&rule.condition), Judgement::Flags(_)))
        })
    }

    /// The rules that flag a subject in an area on a day.
    fn flagged(&self, subject: Subject, known: &Known, area: &str, on: Day) -> BTreeSet<String> {
        let day = from_day(on);
        let parameters = self.programme.parameters.on(area, day);
        let mut found = BTreeSet::new();
        for (seen, situation) in known.situations() {
            let view = View::new(self.needs(subject), &situation, &parameters, day);
            let rules = self.programme.rules.iter();
            let rules = rules.filter(|rule| is_of(rule.subject, rule.speaks(), subject, (known.level, seen)));
            let flagged = rules.filter(|rule| matches!(view.judge(&rule.condition), Judgement::Flags(_)));
            found.extend(flagged.map(|rule| rule.id.value.clone()));
        }
        found
    }

    /// The rules that flag a subject under this version and not under the one before, and the other way round.
    fn changes(&self, subject: Subject, known: &Known, area: &str, on: Day) -> Changes {
        let after = self.flagged(subject, known, area, on);
        let before = self.before.as_ref().map(|before| before.flagged(subject, known, area, on));
        let differ = before.unwrap_or_default();
        let differ = differ.symmetric_difference(&after);
        differ.map(|rule| (rule.clone(), after.contains(rule))).collect()
    }
}

/// Whether a rule or an indicator is about a subject, as its people are seen: of an area at one level or another.
fn is_of(
    kind: form::Subject,
    speaks: Speaks,
    subject: Subject,
    (own, seen): (Option<Level>, Option<Level>),
) -> bool {
    is_about(kind, subject) && (kind != form::Subject::Area || speaks.is_of(own, seen))
}

/// What a rule or an indicator is about that such a subject stands for.
fn kinds(subject: Subject) -> &'static [form::Subject] {
    match subject {
        Subject::Person(_) => &[form::Subject::Person],
        Subject::Dwelling(_) => &[
            form::Subject::Household,
            form::Subject::Dwelling,
            form::Subject::Place,
            form::Subject::Organisation,
        ],
        Subject::Area(_) => &[form::Subject::Area],
        Subject::Worker(_) => &[form::Subject::Worker],
    }
}

/// Judges whoever comes next; none if nobody is left.
fn judge_since(reader: &mut Reader, from: u64, now: Millis) -> Result<Option<Judged>> {
    let waiting = reader.to_judge(from, PIECE)?;
    let Some((last, ..)) = waiting.last() else { return Ok(None) };
    let next = last + 1;
    let subjects = subjects(reader, &waiting)?;
    judge_all(reader, subjects, next, now).map(Some)
}

/// Of those before a position, from one on, the ones whom a rule that names hours may flag, with where to go on; none if
/// nobody is left, or no rule names any.
fn concerned(
    reader: &mut Reader,
    (from, before): (u64, u64),
    now: Millis,
) -> Result<Option<(u64, BTreeSet<Subject>)>> {
    let day = from_day(day_of(now));
    let (mut forms, mut kinds, mut anybody) = (BTreeSet::new(), Vec::new(), false);
    for code in codes(reader.book()) {
        let version = reader.book().edition_on(&code, day_of(now)).map(|edition| edition.version.clone());
        let Some(version) = version else { continue };
        let Some(programme) = if_readable(reader.programme(&code, &version))? else { continue };
        for rule in programme.rules.iter().filter(|rule| !rule.condition.hours.is_empty()) {
            kinds.push(rule.subject);
            let looked_at = programme.forms.iter().map(|form| &form.code.value);
            let looked_at = looked_at.filter(|form| rule.condition.looks_at(form));
            forms.extend(looked_at.map(|form| (code.clone(), form.clone())));
            // One that flags whoever has none of its forms concerns anybody.
            anybody |= reader.book().areas.iter().any(|(_, area)| {
                let parameters = programme.parameters.on(&area.code, day);
                rule.condition.hours_by(&parameters).into_iter().any(|hour| {
                    let (needs, nothing) = (Needs::of([&rule.condition]), Situation::default());
                    let view = View::new(&needs, &nothing, &parameters, day).at(hour);
                    matches!(view.judge(&rule.condition), Judgement::Flags(_))
                })
            });
        }
    }
    if kinds.is_empty() {
        return Ok(None);
    }
    let mut waiting = reader.to_judge(from, LOOKED_AT)?;
    let Some(next) = waiting.last().map(|(last, ..)| last + 1) else { return Ok(None) };
    waiting.retain(|(position, ..)| *position < before);
    let mut found = Vec::new();
    for row in waiting {
        let may = match row.1 {
            Subject::Person(_) | Subject::Dwelling(_) => anybody || reader.is_filled_in(row.1, &forms)?,
            // Of few.
            Subject::Area(_) | Subject::Worker(_) => kinds.iter().any(|kind| is_about(*kind, row.1)),
        };
        found.extend(may.then_some(row));
    }
    Ok(Some((next, subjects(reader, &found)?)))
}

/// Judges and counts these as of a moment.
fn judge_all(reader: &mut Reader, subjects: BTreeSet<Subject>, next: u64, now: Millis) -> Result<Judged> {
    let today = day_of(now);
    let mut judged = Judged { next, ..Judged::default() };
    let comparing = reader.comparisons()?.into_iter().filter(|one| !one.whole && one.day == today);
    let comparing: Vec<Comparison> = comparing.collect();
    let mut judges = Vec::new();
    for code in codes(reader.book()) {
        let version = reader.book().edition_on(&code, today).map(|edition| edition.version.clone());
        let Some(version) = version else { continue };
        let Some(programme) = if_readable(reader.programme(&code, &version))? else { continue };
        let mut judge = Judge::new(programme);
        if let Some(own) = comparing.iter().find(|one| one.programme == code && one.version == version) {
            let before = if_readable(reader.programme(&code, &own.before))?;
            judge.before = before.map(|before| Box::new(Judge::new(before)));
        }
        judges.push(judge);
    }
    for subject in subjects {
        for judge in &judges {
            judge_subject(reader, judge, subject, now, &mut judged)?;
            judged.reports.extend(resumed(reader, &judge.programme, subject, today)?);
        }
    }
    Ok(judged)
}

/// Everyone whom a change concerns: who it names, under each of her ids, her household, and the people behind a door whose
/// list changed.
fn subjects(reader: &mut Reader, waiting: &[(u64, Subject, bool)]) -> Result<BTreeSet<Subject>> {
    let mut found = BTreeSet::new();
    for (_, subject, with_people) in waiting {
        let known = domain::apply::canonical_subject(reader.state(), *subject)?;
        found.extend([*subject, known]);
        match known {
            // What is known of a person may be what a rule about her household waits for.
            Subject::Person(person) => found.extend(reader.home(person)?.map(Subject::Dwelling)),
            Subject::Dwelling(dwelling) if *with_people => {
                for id in reader.ids_listed_at(dwelling)? {
                    let known = domain::apply::canonical_subject(reader.state(), Subject::Person(id))?;
                    found.extend([Subject::Person(id), known]);
                }
            }
            Subject::Dwelling(_) | Subject::Area(_) | Subject::Worker(_) => {}
        }
    }
    Ok(found)
}

/// What is known of a subject under a programme, behind which door, and in which area; none if that is nothing.
fn known_at(
    reader: &mut Reader,
    programme: &str,
    subject: Subject,
) -> Result<Option<(Known, DwellingId, AreaNumber)>> {
    // What was filled in under another id of hers counts under the one by which she is known.
    if domain::apply::canonical_subject(reader.state(), subject)? != subject {
        return Ok(None);
    }
    let home = match subject {
        Subject::Dwelling(own) | Subject::Area(own) => Some(own),
        Subject::Person(person) => reader.home(person)?,
        // Where the newest form about her was filled in.
        Subject::Worker(_) => None,
    };
    let known = reader.known_of(programme, subject)?;
    let dwelling = home.or(known.newest.map(|(_, dwelling)| dwelling));
    let area = dwelling.map(|dwelling| reader.area_about(subject, dwelling)).transpose()?.flatten();
    Ok(dwelling.zip(area).filter(|_| !known.is_empty()).map(|(dwelling, area)| (known, dwelling, area)))
}

/// By which hour of today a form about someone was due that is not there, in minutes since midnight, as the rules in force say
/// now that look at it and name hours. Nothing is written.
///
/// # Errors
/// Those of the storage, and if there is no key to open the answers.
pub fn awaited_by(
    reader: &mut Reader,
    (code, form): (&str, &str),
    subject: Subject,
    now: Millis,
) -> Result<Option<u16>> {
    let (today, minute) = (day_of(now), minute_of(now));
    let version = reader.book().edition_on(code, today).map(|edition| edition.version.clone());
    let Some(version) = version else { return Ok(None) };
    let Some(programme) = if_readable(reader.programme(code, &version))? else { return Ok(None) };
    let Some((known, _, area)) = known_at(reader, code, subject)? else { return Ok(None) };
    let (situation, day) = (known.situation(), from_day(today));
    let parameters = programme.parameters.on(reader.book().areas.code(area), day);
    let rules = programme.rules.iter().filter(|rule| is_about(rule.subject, subject));
    let asking = rules.map(|rule| &rule.condition).filter(|condition| condition.looks_at(form));
    // The same miss is told again later by another rule, that she is to be called: it was due by the first of these hours.
    let due = asking.filter_map(|condition| {
        let passed = condition.hours_by(&parameters).into_iter().rfind(|hour| *hour <= minute)?;
        let needs = Needs::of([condition]);
        let view = View::new(&needs, &situation, &parameters, day).at(minute);
        matches!(view.judge(condition), Judgement::Flags(_)).then_some(passed)
    });
    Ok(due.min())
}

/// A flag that one of two versions raises and the other does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub rule: String,
    /// Whether the new version raises it; else it goes.
    pub comes: bool,
    pub dwelling: DwellingId,
    pub area: AreaNumber,
}

/// What a new version changes for the subjects of which something is known.
#[derive(Clone, Debug, Default)]
pub struct Compared {
    /// The subjects judged under both.
    pub judged: usize,
    pub changes: Vec<Change>,
}

/// Judges everyone of whom something is known by two versions of a programme on one day. Nothing is written.
///
/// # Errors
/// Those of the storage, and if there is no key to open the answers.
pub fn compare(
    reader: &mut Reader,
    old: Option<Arc<Programme>>,
    new: Arc<Programme>,
    on: Day,
) -> Result<Compared> {
    let code = new.manifest.code.clone();
    let mut judge = Judge::new(new);
    judge.before = old.map(|old| Box::new(Judge::new(old)));
    let mut compared = Compared::default();
    let mut seen = BTreeSet::new();
    let mut position = 0;
    loop {
        let waiting = reader.to_judge(position, PIECE)?;
        let Some((last, ..)) = waiting.last() else { return Ok(compared) };
        position = last + 1;
        for subject in subjects(reader, &waiting)? {
            if !seen.insert(subject) {
                continue;
            }
            let Some((known, dwelling, area)) = known_at(reader, &code, subject)? else { continue };
            compared.judged += 1;
            let area_code = reader.book().areas.code(area);
            let changes = judge.changes(subject, &known, area_code, on);
            compared.changes.extend(changes.into_iter().map(|(rule, comes)| Change {
                rule,
                comes,
                dwelling,
                area,
            }));
        }
    }
}

/// Whether the rules of a programme flag a subject, and what it adds to the indicators.
fn judge_subject(
    reader: &mut Reader,
    judge: &Judge,
    subject: Subject,
    now: Millis,
    judged: &mut Judged,
) -> Result<()> {
    let (today, minute) = (day_of(now), minute_of(now));
    let programme = &judge.programme;
    let code = &programme.manifest.code;
    let mut counted = Counted {
        subject,
        programme: code.clone(),
        dwelling: Id::default(),
        area: 0,
        added: Contributions::new(),
        changed: judge.before.as_ref().map(|_| Changes::new()),
    };
    if let Some((known, dwelling, area)) = known_at(reader, code, subject)? {
        let day = from_day(today);
        let parameters = programme.parameters.on(reader.book().areas.code(area), day);
        for (seen, situation) in known.situations() {
            let view = View::new(judge.needs(subject), &situation, &parameters, day).at(minute);
            let is_of = |kind, speaks| is_of(kind, speaks, subject, (known.level, seen));
            let rule_is_of = |rule: &Rule| is_of(rule.subject, rule.speaks());
            let next = judge.next_hour(&rule_is_of, (subject, &situation), &parameters, (day, minute));
            judged.hours.extend(next.map(|hour| (hour, subject)));
            for rule in programme.rules.iter().filter(|rule| is_of(rule.subject, rule.speaks())) {
                if matches!(view.judge(&rule.condition), Judgement::Flags(_)) {
                    let last = known.newest.map_or(Millis::MIN, |(at, _)| at);
                    // What was quiet in between and a day alone brought about again, as missed checks, is new.
                    let area_code = reader.book().areas.code(area).to_owned();
                    let all_along = |ended: Millis| {
                        let asked = Asked { programme, rule, situation: &situation, area: &area_code };
                        asked.flagged_all_along(ended, (today, minute))
                    };
                    let about = (subject, dwelling);
                    judged.reports.extend(asked_for(reader, programme, rule, about, last, &all_along)?);
                }
            }
            let is_about = |indicator: &Indicator| is_of(indicator.subject, indicator.speaks());
            let added = indicator::contribute_where(&programme.indicators, is_about, &view);
            counted.added.extend(added);
        }
        if let Some(changed) = &mut counted.changed {
            *changed = judge.changes(subject, &known, reader.book().areas.code(area), today);
        }
        (counted.dwelling, counted.area) = (dwelling, area);
    }
    judged.counted.push(counted);
    Ok(())
}

/// What a rule is asked again about a subject, of moments that are over.
struct Asked<'a> {
    programme: &'a Programme,
    rule: &'a Rule,
    situation: &'a Situation<'a>,
    area: &'a str,
}

impl Asked<'_> {
    fn flags(&self, (day, minute): (Day, u16)) -> bool {
        let parameters = self.programme.parameters.on(self.area, from_day(day));
        let needs = Needs::of([&self.rule.condition]);
        let view = View::new(&needs, self.situation, &parameters, from_day(day)).at(minute);
        matches!(view.judge(&self.rule.condition), Judgement::Flags(_))
    }

    /// Whether it flagged from a moment until now, by what is known now: of a rule that names hours at each of them and as each
    /// day began, of any other on each day.
    fn flagged_all_along(&self, from: Millis, now: (Day, u16)) -> bool {
        let first = day_of(from).max(now.0 - LOOKED_BACK);
        if self.rule.condition.hours.is_empty() {
            return (first..now.0).all(|day| self.flags((day, 0)));
        }
        let ended = (day_of(from), minute_of(from));
        let moments = (first..=now.0).flat_map(|day| {
            let parameters = self.programme.parameters.on(self.area, from_day(day));
            let hours = self.rule.condition.hours_by(&parameters).into_iter();
            [0].into_iter().chain(hours).map(move |minute| (day, minute)).collect::<Vec<_>>()
        });
        let mut between = moments.filter(|moment| (ended..now).contains(moment));
        (ended.0 < first || self.flags(ended)) && between.all(|moment| self.flags(moment))
    }
}

/// Which cases of a subject wait no more, since what they waited for is there under the version in force.
fn resumed(reader: &mut Reader, programme: &Programme, subject: Subject, today: Day) -> Result<Vec<Body>> {
    let code = &programme.manifest.code;
    let waiting = reader.waiting_cases(code, subject)?;
    if waiting.is_empty() {
        return Ok(Vec::new());
    }
    let known = reader.known_of(code, subject)?;
    let (situation, day) = (known.situation(), from_day(today));
    let mut resumed = Vec::new();
    for case in waiting {
        let own = if_readable(reader.programme(code, &case.version))?;
        // A state that the version in force has no more waits as its own version says.
        let wait = [Some(programme), own.as_deref()].into_iter().flatten().find_map(|programme| {
            let pathway = programme.pathways.iter().find(|pathway| pathway.code.value == case.pathway)?;
            Some((programme, pathway.state(&case.state)?.waits.as_ref()))
        });
        let Some((programme, wait)) = wait else { continue };
        let parameters = programme.parameters.on(reader.book().areas.code(case.area), day);
        let holds = |wait: &Wait| {
            matches!(judge_once(&wait.until, &situation, &parameters, day), Judgement::Flags(_))
        };
        // Where the version in force waits for nothing any more, there is nothing to wait for.
        if wait.is_none_or(holds) {
            resumed.push(Body::CaseResumed { case: case.id, turn: case.turn });
        }
    }
    Ok(resumed)
}

/// The reports of cases for which a rule that flags asks and that are not there yet.
fn asked_for(
    reader: &mut Reader,
    programme: &Programme,
    rule: &Rule,
    about: (Subject, DwellingId),
    last_filled: Millis,
    flagged_since: &dyn Fn(Millis) -> bool,
) -> Result<Vec<Body>> {
    let (code, id) = (&programme.manifest.code, &rule.id.value);
    let (subject, dwelling) = about;
    let mut reports = Vec::new();
    for way in
        programme.pathways.iter().filter(|way| way.asked_by.contains(id) && is_about(way.subject, subject))
    {
        if let Some(known) = reader.newest_case(code, &way.code.value, subject)? {
            // One that has ended answered whatever was known then and has flagged ever since; one that is open has this
            // reporter already, unless it went on and this is new since.
            let answered = if known.ended {
                known.since >= last_filled && flagged_since(known.since)
            } else if let Some((_, told)) = known.rules.iter().find(|(rule, _)| rule == id) {
                let back = way.brought_back_to(id).filter(|(_, state)| state.code.value != known.state);
                let went_on = back.is_some() && *told <= known.since && known.since < last_filled;
                !went_on
                    || flagged_at(reader, programme, rule, about, known.since)?
                        && !is_another(reader, programme, rule, about, known.since)?
            } else {
                false
            };
            if answered {
                continue;
            }
        }
        reports.push(Body::CaseReported {
            case: Id::default(),
            programme: code.clone(),
            version: programme.manifest.version.clone(),
            pathway: way.code.value.clone(),
            subject,
            dwelling,
            source: Source::Rule,
            rule: Some(id.clone()),
            counted_from: None,
        });
    }
    Ok(reports)
}

/// Whether a rule flagged a subject already by what was known at a moment.
fn flagged_at(
    reader: &mut Reader,
    programme: &Programme,
    rule: &Rule,
    (subject, dwelling): (Subject, DwellingId),
    at: Millis,
) -> Result<bool> {
    let known = reader.known_until(&programme.manifest.code, subject, at)?;
    flags_by(reader, programme, rule, (&known, subject, dwelling), at)
}

/// Whether a rule of which each filled-in form is a matter flags by one that was filled in since a moment.
fn is_another(
    reader: &mut Reader,
    programme: &Programme,
    rule: &Rule,
    (subject, dwelling): (Subject, DwellingId),
    since: Millis,
) -> Result<bool> {
    let Some(form) = &rule.each_of else { return Ok(false) };
    let mut known = reader.known_of(&programme.manifest.code, subject)?;
    let last = known.newest.map_or(since, |(at, _)| at);
    known.leave_out(form, since);
    flags_by(reader, programme, rule, (&known, subject, dwelling), last)
}

fn flags_by(
    reader: &mut Reader,
    programme: &Programme,
    rule: &Rule,
    (known, subject, dwelling): (&Known, Subject, DwellingId),
    at: Millis,
) -> Result<bool> {
    let area = reader.area_about(subject, dwelling)?;
    let area = area.map_or("", |area| reader.book().areas.code(area));
    let asked = Asked { programme, rule, situation: &known.situation(), area };
    Ok(asked.flags((day_of(at), minute_of(at))))
}

/// Judges whomever what came in from a position on concerns, and writes down what flags. Returns from where to go on. For what
/// is told while nobody serves; whoever serves counts as well, from the beginning.
///
/// # Errors
/// Those of the storage.
pub fn judge_now(store: &mut Store, reader: &mut Reader, from: u64, now: Millis) -> Result<u64> {
    let mut position = from;
    loop {
        reader.refresh()?;
        let Some(judged) = judge_since(reader, position, now)? else { return Ok(position) };
        position = judged.next;
        write_down(store, judged, now)?;
    }
}

fn write_down(store: &mut Store, judged: Judged, now: Millis) -> Result<()> {
    let actor = store.book().own_series;
    if !judged.reports.is_empty() {
        store.write(now, |batch| {
            for mut report in judged.reports {
                if let Body::CaseReported { case, .. } = &mut report {
                    *case = batch.new_id()?;
                }
                batch.append(actor, report, None)?;
            }
            Ok(())
        })?;
    }
    Ok(store.count(judged.next, false, &judged.counted)?)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_an_erasure_grow_and_shrink_to_the_time_they_may_take() {
        let took = Duration::from_millis;
        assert_eq!([fitting(8, took(3)), fitting(8, took(30)), fitting(40, took(300))], [16, 8, 4]);
        assert_eq!([fitting(1, took(5_000)), fitting(1, took(0))], [1, 2]);
    }
}
