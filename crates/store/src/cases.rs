//! Cases and what is due of them: kept as facts tell them, added up by [`programme::case`], and read by whoever must act.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::apply;
use domain::area::{self, AreaNumber};
use domain::case::{Case, Climb, Deed, Event, Filled, Report, Source, Subject};
use domain::fact::Body;
use domain::id::{ActorId, CaseId, DwellingId, Id, PersonId, SeriesId};
use domain::state::{State, SweepNumber};
use domain::time::{Day, Millis, day_of, from_day, to_day};
use jiff::Timestamp;
use programme::Programme;
use programme::answer::Record;
use programme::case::{self, Guard, How, Part, Stamp, Terms, What};
use programme::condition::{Condition, Needs};
use programme::form;
use programme::judge::{Judgement, Moments, Situation, View};
use programme::level::Level;
use programme::pathway::{Duty, Pathway};
use rusqlite::{OptionalExtension, Row, params};

use crate::area_people::{People, level_of};
use crate::content::Content;
use crate::error::{Result, StoreError};
use crate::packs::{self, if_readable};
use crate::query::Reader;
use crate::store::read_fact;
use crate::tasks::DueRow;
use crate::views::{Views, get_id, get_optional_id};

/// A task as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DueTask {
    pub case: CaseId,
    pub programme: String,
    /// Under which the case was opened.
    pub version: String,
    pub pathway: String,
    pub state: String,
    pub subject: Subject,
    pub dwelling: Id,
    pub area: AreaNumber,
    /// `leave:<state>`, `release:<restriction>` or `sign:<step>`.
    pub task: String,
    /// The role that sees it here; its owner, or one that it has climbed to.
    pub role: String,
    /// 0 for the owner, 1 for the first role that it climbs to.
    pub rank: u32,
    pub since: Millis,
    pub remind_at: Millis,
    pub due: Millis,
    /// Who has taken it over, if someone has.
    pub holder: Option<ActorId>,
    /// To whom it is offered and has not accepted.
    pub offered: Option<ActorId>,
    /// Who asked what holds it, if nobody has answered.
    pub asked: Option<ActorId>,
    /// How many steps have run, and how much has been done about it at all.
    pub turn: u64,
    pub events: u64,
    /// How many forms are kept that were filled in about its subject.
    pub forms: u64,
    /// Roles whose signature a step waits for that was taken.
    pub waits_for: Vec<String>,
}

/// A moment that has come at which a role has to be told of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToTell {
    pub case: CaseId,
    pub task: String,
    pub role: String,
    pub due: Millis,
}

/// A case with everything that is known of it.
#[derive(Clone, Debug)]
pub struct CaseFile {
    pub id: CaseId,
    pub case: Case,
    pub area: AreaNumber,
    /// The communities whose it was one after another; the last is whose it is.
    pub owners: Vec<AreaNumber>,
    pub programme: Arc<Programme>,
    pub standing: case::Case,
    pub reports: Vec<Report>,
    /// In the order in which they arrived.
    pub events: Vec<Event>,
    pub climbs: Vec<Climb>,
}

impl CaseFile {
    /// Between which moments it stands.
    #[must_use]
    pub fn moments(&self) -> Moments {
        Moments { opened: instant(self.case.opened_at), since: self.standing.since }
    }

    #[must_use]
    pub fn pathway(&self) -> Option<&Pathway> {
        pathway_of(&self.programme, &self.case.pathway)
    }
}

/// Where a case is.
struct PlaceOf {
    /// Its door, or that at which it began while she has none where it was received.
    dwelling: DwellingId,
    area: AreaNumber,
    received: Option<AreaNumber>,
    /// She has no door where it was received.
    unregistered: bool,
    /// The communities whose it was one after another.
    from: Vec<AreaNumber>,
}

/// When something was filled in last, and at which door; none if nothing ever was.
pub type Newest = Option<(Millis, Id)>;

/// How the newest case of a subject stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewestCase {
    pub id: CaseId,
    /// When it came into its state; of one that has ended, its end.
    pub since: Millis,
    pub ended: bool,
    pub state: String,
    /// The rules that reported it, each with when it did last.
    pub rules: Vec<(String, Millis)>,
}

/// A case whose state waits for something to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingCase {
    pub id: CaseId,
    pub version: String,
    pub pathway: String,
    pub state: String,
    pub area: AreaNumber,
    /// How many steps have led there.
    pub turn: u64,
}

/// The role of a programme in which someone looks, and where.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RoleIn {
    pub programme: String,
    pub role: String,
    pub area: AreaNumber,
}

/// Whether a form, a rule or a pathway of this kind may be about a subject. An organisation is the door where it is.
#[must_use]
pub fn is_about(kind: form::Subject, subject: Subject) -> bool {
    match kind {
        form::Subject::Person => matches!(subject, Subject::Person(_)),
        form::Subject::Household
        | form::Subject::Dwelling
        | form::Subject::Place
        | form::Subject::Organisation => {
            matches!(subject, Subject::Dwelling(_))
        }
        form::Subject::Area => matches!(subject, Subject::Area(_)),
        form::Subject::Worker => matches!(subject, Subject::Worker(_)),
    }
}

fn pathway_of<'p>(programme: &'p Programme, code: &str) -> Option<&'p Pathway> {
    programme.pathways.iter().find(|pathway| pathway.code.value == code)
}

/// The stamp by which the programme's law of turns orders an event.
#[must_use]
pub fn stamp_of(event: &Event) -> Stamp {
    Stamp { at: instant(event.at), series: number(event.series), sequence: event.sequence }
}

fn number(id: Id) -> u128 {
    u128::from_be_bytes(id.0)
}

fn id(number: u128) -> Id {
    Id(number.to_be_bytes())
}

pub(crate) fn instant(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn told(what: &What) -> String {
    match what {
        What::Leave { state } => format!("leave:{state}"),
        What::Wait { state } => format!("wait:{state}"),
        What::Release { restriction } => format!("release:{restriction}"),
        What::Sign { step } => format!("sign:{step}"),
        What::HandOver => "hand_over:".to_owned(),
        What::Register => "register:".to_owned(),
    }
}

fn event_of(event: &Event) -> case::Event {
    let deed = match &event.deed {
        Deed::Step { step, overridden, counted_from } => case::Deed::Step {
            step: step.clone(),
            guard: if *overridden { Guard::Overridden } else { Guard::Held },
            counted_from: counted_from.map(from_day),
        },
        Deed::Sign { step } => case::Deed::Sign { step: step.clone() },
        Deed::Offer { to } => case::Deed::Offer { to: number(*to) },
        Deed::Take => case::Deed::Take,
        Deed::Decline => case::Deed::Decline,
        Deed::Ask => case::Deed::Ask,
        Deed::Reply => case::Deed::Reply,
        Deed::Send { to } => case::Deed::Send { to: to.map(number) },
        Deed::Receive { area } => case::Deed::Receive { area: number(*area) },
        Deed::Refuse { area } => case::Deed::Refuse { area: number(*area) },
        Deed::Recall => case::Deed::Recall,
        Deed::Resume => case::Deed::Resume,
    };
    case::Event {
        stamp: stamp_of(event),
        actor: number(event.actor),
        role: event.role.clone(),
        turn: u32::try_from(event.turn).unwrap_or(u32::MAX),
        deed,
    }
}

const CASE_COLUMNS: &str = "case_file.id, case_file.programme, case_file.version, case_file.pathway, \
     case_file.subject_kind, case_file.subject, case_file.dwelling, case_file.opened_at, case_file.counted_from, \
     case_file.received";

fn case_from(row: &Row<'_>) -> rusqlite::Result<(CaseId, Case)> {
    let subject = subject_from(row, 4)?;
    Ok((
        get_id(row, 0)?,
        Case {
            programme: row.get(1)?,
            version: row.get(2)?,
            pathway: row.get(3)?,
            subject,
            dwelling: get_id(row, 6)?,
            opened_at: row.get(7)?,
            counted_from: row.get(8)?,
            received: row.get(9)?,
        },
    ))
}

pub(crate) fn subject_from(row: &Row<'_>, column: usize) -> rusqlite::Result<Subject> {
    let id = get_id(row, column + 1)?;
    Ok(Subject::of(row.get(column)?, id).unwrap_or(Subject::Dwelling(id)))
}

/// The columns that [`filled_from`] reads.
pub(crate) const FILLED: &str = "subject_kind, subject, position, at, programme, version, form, on_day, dwelling, case_id, slip, erased_at,
    first_at, (select by_position from filled_replaced where filled_replaced.position = filled.position)";

pub(crate) fn filled_from(row: &Row<'_>) -> rusqlite::Result<Filled> {
    Ok(Filled {
        subject: subject_from(row, 0)?,
        position: row.get(2)?,
        at: row.get(3)?,
        programme: row.get(4)?,
        version: row.get(5)?,
        form: row.get(6)?,
        on: row.get(7)?,
        dwelling: get_id(row, 8)?,
        case: get_optional_id(row, 9)?,
        slip: get_optional_id(row, 10)?,
        erased_at: row.get(11)?,
        first_at: row.get(12)?,
        replaced: row.get(13)?,
    })
}

fn step_from(row: &Row<'_>, code: u64) -> rusqlite::Result<Deed> {
    let step = row.get::<_, Option<String>>(6)?.unwrap_or_default();
    Ok(match code {
        0 | 1 => Deed::Step { step, overridden: code == 1, counted_from: row.get(8)? },
        2 => Deed::Sign { step },
        3 => Deed::Offer { to: get_optional_id(row, 7)?.unwrap_or_default() },
        5 => Deed::Resume,
        6 => Deed::Decline,
        7 => Deed::Ask,
        8 => Deed::Reply,
        9 => Deed::Send { to: get_optional_id(row, 7)? },
        10 => Deed::Receive { area: get_optional_id(row, 7)?.unwrap_or_default() },
        11 => Deed::Refuse { area: get_optional_id(row, 7)?.unwrap_or_default() },
        12 => Deed::Recall,
        _ => Deed::Take,
    })
}

impl Views {
    /// A published version of a programme, read once from its pack; under the version of a form that overlays change
    /// (ADR 0050), with that form as they make it.
    ///
    /// # Errors
    /// `pack_unreadable` if the pack is missing or does not read, and those of the storage.
    pub fn programme(&mut self, programme: &str, version: &str) -> Result<Option<Arc<Programme>>> {
        let Some((edition, names)) = self.book().edition_of(programme, version) else { return Ok(None) };
        let digest = edition.digest;
        let Some(read) = self.edition_read(programme, version, digest)? else { return Ok(None) };
        if names.is_empty() {
            return Ok(Some(read));
        }
        let key = (digest, names.to_owned());
        if let Some(known) = self.overlaid.get(&key) {
            return Ok(Some(Arc::clone(known)));
        }
        // What somebody sends may name anything: only what there is is kept.
        let Some(under) = read.under(names).map(Arc::new) else { return Ok(None) };
        self.overlaid.insert(key, Arc::clone(&under));
        Ok(Some(under))
    }

    fn edition_read(
        &mut self,
        programme: &str,
        version: &str,
        digest: ledger::Hash,
    ) -> Result<Option<Arc<Programme>>> {
        let read = match self.programmes.get(&digest) {
            Some(known) => known.clone(),
            None => {
                let bytes = packs::pack(self.connection(), &digest)?;
                let files = bytes.as_deref().and_then(programme::archive::decode);
                let read = files.and_then(|files| programme::read(&files).ok()).map(Arc::new);
                self.programmes.insert(digest, read.clone());
                read
            }
        };
        let unreadable = || StoreError::Refused(packs::pack_unreadable(programme, version, &digest));
        read.map(Some).ok_or_else(unreadable)
    }

    /// Makes what is due of every case that changed anew.
    pub(crate) fn refresh_cases(&mut self) -> Result<()> {
        for case in std::mem::take(&mut self.dirty_cases) {
            self.refresh_case(case)?;
        }
        Ok(())
    }

    pub(crate) fn refresh_case(&mut self, id: CaseId) -> Result<()> {
        let Some((_, case)) = self.case_row(id)? else { return Ok(()) };
        let read = self.programme(&case.programme, &case.version);
        let Some(programme) = if_readable(read)? else { return Ok(()) };
        let Some(pathway) = pathway_of(&programme, &case.pathway) else { return Ok(()) };
        let known = self.beside(&case)?;
        let (mut reports, mut events) = (Vec::new(), Vec::new());
        // Of each name, with which case it is kept.
        let mut kept = BTreeSet::new();
        for id in &known {
            let own = self.reports(*id)?;
            kept.extend(own.iter().map(|report| (number(report.named), number(*id))));
            reports.extend(own);
            events.extend(self.events(*id)?);
        }
        let Some(parts) = parts(pathway, &reports, &events) else { return Ok(()) };
        let fit = |part: &Part| part.names.iter().all(|named| kept.contains(&(*named, part.named)));
        if known.len() != parts.len() || !parts.iter().all(fit) {
            self.part(&case, &known, &reports, &parts)?;
        }
        for part in parts {
            let own = self::id(part.named);
            let opened = reports.iter().filter(|report| report.named == own).min_by_key(|report| report.at);
            let door = opened.map_or(case.dwelling, |report| report.dwelling);
            self.put_standing(&case, door, &programme, pathway, part)?;
        }
        Ok(())
    }

    /// The cases of a subject on a pathway under one version, this one among them, the earliest first.
    fn beside(&self, case: &Case) -> Result<Vec<CaseId>> {
        let mut read = self.cached(
            "select id from case_file where subject = ?1 and programme = ?2 and pathway = ?3 and version = ?4
             order by opened_at, id",
        )?;
        let rows = read
            .query_map(params![case.subject.id().0, case.programme, case.pathway, case.version], |row| {
                get_id(row, 0)
            })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Makes cases of the parts to which reports and deeds add up now, in the place of those that were known.
    fn part(&mut self, like: &Case, known: &[CaseId], reports: &[Report], parts: &[Part]) -> Result<()> {
        for id in known {
            self.cached("delete from case_file where id = ?1")?.execute([id.0])?;
            self.cached("delete from passage where case_id = ?1")?.execute([id.0])?;
            self.put_due(*id, Vec::new())?;
        }
        for part in parts {
            let own = id(part.named);
            let opened = reports.iter().filter(|report| report.named == own).min_by_key(|report| report.at);
            let dwelling = opened.map_or(like.dwelling, |report| report.dwelling);
            self.add_case(own, &Case { dwelling, ..like.clone() })?;
            self.cached("delete from case_alias where id = ?1")?.execute([own.0])?;
            for named in part.names.iter().map(|named| id(*named)) {
                for table in ["case_report", "case_event", "climbed"] {
                    self.cached(&format!("update or ignore {table} set case_id = ?2 where named = ?1"))?
                        .execute([named.0, own.0])?;
                }
                if named != own {
                    self.cached("insert or replace into case_alias (id, case_id) values (?1, ?2)")?
                        .execute([named.0, own.0])?;
                }
            }
        }
        Ok(())
    }

    /// How a case stands and what is due of it.
    fn put_standing(
        &mut self,
        case: &Case,
        door: DwellingId,
        programme: &Programme,
        pathway: &Pathway,
        part: Part,
    ) -> Result<()> {
        let (id, mut standing) = (id(part.named), part.case);
        let Some((_, own)) = self.case_row(id)? else { return Ok(()) };
        let place = self.place_of(own.subject, door, &standing)?;
        standing.unregistered = place.unregistered;
        let area = place.area;
        self.put_passages(id, &place.from, &standing)?;
        let area_code = self.book().areas.code(area).to_owned();
        let terms = terms(programme, pathway, &area_code);
        let tasks = case::tasks(&terms, &standing, standing.since);
        let ended = pathway.state(&standing.state).is_none_or(|state| state.duty.is_none());
        self.cached(
            "update case_file set area = ?2, state = ?3, since = ?4, turn = ?5, holder = ?6, offered = ?7, ended = ?8,
                opened_at = ?9, counted_from = ?10, waits = ?11, asked = ?12,
                dwelling = ?13, received = ?14
             where id = ?1",
        )?
        .execute(params![
            id.0,
            area,
            standing.state,
            standing.since.as_millisecond(),
            standing.ran.len(),
            standing.holder.map(|holder| self::id(holder).0),
            standing.offered.map(|offered| self::id(offered).0),
            ended,
            part.opening.at.as_millisecond(),
            part.opening.counted_from.map(to_day),
            standing.waits,
            standing.asked.map(|asked| self::id(asked).0),
            place.dwelling.0,
            place.received
        ])?;
        let mut rows = Vec::new();
        for task in tasks {
            let (since, due) = (task.since.as_millisecond(), task.due.as_millisecond());
            let remind_at = task.remind_at.as_millisecond();
            let length = (due - since).max(1);
            let climbs = (0i64..).zip(task.climbs_to).map(|(times, role)| (role, due + times * length));
            let ranks = std::iter::once((task.owner, remind_at)).chain(climbs);
            for (rank, (role, tell_at)) in (0u32..).zip(ranks) {
                let (task, programme) = (told(&task.what), case.programme.clone());
                rows.push(DueRow { task, rank, programme, role, area, since, remind_at, due, tell_at });
            }
        }
        self.put_due(id, rows)
    }

    /// Where a case is: at the door at which it began, until another area has received it; then at her home there, or in that area
    /// at large while she has none.
    fn place_of(&mut self, subject: Subject, door: DwellingId, standing: &case::Case) -> Result<PlaceOf> {
        let began = apply::area_about(self, subject, door)?.unwrap_or(0);
        let mut place = PlaceOf {
            dwelling: door,
            area: began,
            received: None,
            unregistered: false,
            from: vec![self.community_of(began)],
        };
        for sent in &standing.passages {
            if sent.answer.as_ref().is_some_and(|answer| answer.how == How::Received)
                && let Some(area) = self.area_numbered(sent.to)
            {
                place.from.push(area);
            }
        }
        let received = standing.received().and_then(|(area, _)| self.area_numbered(Some(area)));
        let Some(received) = received else { return Ok(place) };
        (place.area, place.received, place.unregistered) = (received, Some(received), true);
        if let Subject::Person(person) = subject {
            let person = apply::canonical(self, person)?;
            let home = apply::group_home(self, person)?;
            let home = home.map(|home| apply::resolve_dwelling(self, home)).transpose()?;
            if let Some(home) = home
                && let Some(there) = apply::area_about(self, subject, home)?
                && self.book().areas.is_within(there, received)
            {
                (place.dwelling, place.area, place.unregistered) = (home, there, false);
            }
        }
        Ok(place)
    }

    fn area_numbered(&self, number: Option<u128>) -> Option<AreaNumber> {
        self.book().areas.of_id(id(number?))
    }

    /// The community in which an area lies; of one above communities itself.
    fn community_of(&self, area: AreaNumber) -> AreaNumber {
        let areas = &self.book().areas;
        let is_community =
            |at: &AreaNumber| areas.get(*at).is_some_and(|area| area.level == area::Level::Community);
        areas.path(area).find(is_community).unwrap_or(area)
    }

    /// The places to which a case was sent, each from where it was then.
    fn put_passages(&mut self, id: CaseId, owners: &[AreaNumber], standing: &case::Case) -> Result<()> {
        // What was sent stays sent, so there is nothing to take away where nothing was.
        if standing.passages.is_empty() {
            return Ok(());
        }
        self.cached("delete from passage where case_id = ?1")?.execute([id.0])?;
        let mut owners = owners.iter().copied();
        let mut from = owners.next().unwrap_or(0);
        for (number, sent) in (0u64..).zip(&standing.passages) {
            let to = self.area_numbered(sent.to);
            let open = standing.sent().is_some_and(|open| std::ptr::eq(open, sent));
            let (how, by, at) = sent.answer.as_ref().map_or((None, None, None), |answer| {
                (Some(answer.how as u8), Some(self::id(answer.by).0), Some(answer.at.as_millisecond()))
            });
            self.cached(
                "insert into passage (case_id, number, from_area, to_area, sent_by, sent_at, answer, answered_by, answered_at, open)
                 values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                id.0,
                number,
                from,
                to,
                self::id(sent.by).0,
                sent.at.as_millisecond(),
                how,
                by,
                at,
                open
            ])?;
            if sent.answer.as_ref().is_some_and(|answer| answer.how == How::Received) && to.is_some() {
                from = owners.next().unwrap_or(from);
            }
        }
        Ok(())
    }

    fn case_row(&self, id: CaseId) -> Result<Option<(CaseId, Case)>> {
        Ok(self
            .cached(&format!("select {CASE_COLUMNS} from case_file where id = ?1"))?
            .query_row([id.0], case_from)
            .optional()?)
    }

    fn events(&self, id: CaseId) -> Result<Vec<Event>> {
        let mut read = self.cached(
            "select series, sequence, at, actor, role, turn, step, to_whom, counted_from, deed, position, named
             from case_event where case_id = ?1 order by position",
        )?;
        let rows = read.query_map([id.0], |row| {
            Ok(Event {
                named: get_id(row, 11)?,
                series: get_id(row, 0)?,
                sequence: row.get(1)?,
                at: row.get(2)?,
                actor: get_id(row, 3)?,
                role: row.get(4)?,
                turn: row.get(5)?,
                deed: step_from(row, row.get(9)?)?,
                position: row.get(10)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    fn reports(&self, id: CaseId) -> Result<Vec<Report>> {
        let mut read = self.cached(
            "select position, at, source, rule, actor, named, dwelling, counted_from from case_report
             where case_id = ?1 order by position",
        )?;
        let rows = read.query_map([id.0], |row| {
            Ok(Report {
                position: row.get(0)?,
                at: row.get(1)?,
                source: Source::from_code(row.get(2)?).unwrap_or(Source::Worker),
                rule: row.get(3)?,
                actor: get_id(row, 4)?,
                named: get_id(row, 5)?,
                dwelling: get_id(row, 6)?,
                counted_from: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    pub(crate) fn find_case(&self, id: CaseId) -> Result<Option<(CaseId, Case)>> {
        if let Some(found) = self.case_row(id)? {
            return Ok(Some(found));
        }
        let of = self
            .cached("select case_id from case_alias where id = ?1")?
            .query_row([id.0], |row| get_id(row, 0))
            .optional()?;
        match of {
            Some(of) => self.case_row(of),
            None => Ok(None),
        }
    }

    /// Keeps a report with the case that is known under its id, that has not ended, or that is of the same version; of
    /// which it is in the end follows when what is due is made anew.
    pub(crate) fn add_report(&mut self, case: &Case, report: &Report) -> Result<()> {
        // Whether a case has ended is known of what was refreshed.
        self.refresh_cases()?;
        let named = report.named;
        let found = match self.find_case(named)? {
            Some((found, _)) => Some(found),
            None => self
                .cached(
                    "select id from case_file where subject = ?1 and programme = ?2 and pathway = ?3
                        and (ended = 0 or version = ?4)
                     order by ended, opened_at, id limit 1",
                )?
                .query_row(params![case.subject.id().0, case.programme, case.pathway, case.version], |row| {
                    get_id(row, 0)
                })
                .optional()?,
        };
        let id = found.unwrap_or(named);
        if found.is_none() {
            self.add_case(named, case)?;
        } else if id != named {
            self.cached("insert or replace into case_alias (id, case_id) values (?1, ?2)")?
                .execute([named.0, id.0])?;
        }
        self.cached(
            "insert or ignore into case_report (case_id, position, at, source, rule, actor, named, dwelling, counted_from)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            id.0,
            report.position,
            report.at,
            report.source as u8,
            report.rule,
            report.actor.0,
            named.0,
            report.dwelling.0,
            report.counted_from
        ])?;
        // So that whoever asks in the same batch is told under which id it goes on.
        self.dirty_cases.insert(id);
        self.refresh_cases()
    }

    fn add_case(&mut self, id: CaseId, case: &Case) -> Result<()> {
        self.cached(
            "insert into case_file (id, programme, version, pathway, subject_kind, subject, dwelling, opened_at,
                counted_from, area, state, since, turn, ended, waits)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0, '', ?8, 0, 0, 0)",
        )?
        .execute(params![
            id.0,
            case.programme,
            case.version,
            case.pathway,
            case.subject.kind(),
            case.subject.id().0,
            case.dwelling.0,
            case.opened_at,
            case.counted_from
        ])?;
        self.dirty_cases.insert(id);
        Ok(())
    }

    pub(crate) fn add_event(&mut self, case: CaseId, event: &Event) -> Result<()> {
        let (to, counted_from) = match &event.deed {
            Deed::Step { counted_from, .. } => (None, *counted_from),
            other => (other.to().map(|to| to.0), None),
        };
        self.cached(
            "insert or ignore into case_event (case_id, series, sequence, at, actor, role, turn, deed, step, to_whom,
                counted_from, position, named)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        )?
        .execute(params![
            case.0,
            event.series.0,
            event.sequence,
            event.at,
            event.actor.0,
            event.role,
            event.turn,
            event.deed.code(),
            event.deed.step(),
            to,
            counted_from,
            event.position,
            event.named.0
        ])?;
        self.dirty_cases.insert(case);
        Ok(())
    }

    pub(crate) fn cases_at(&mut self, dwelling: Id) -> Result<()> {
        let found: Vec<Id> = {
            let mut read = self.cached("select id from case_file where dwelling = ?1")?;
            let rows = read.query_map([dwelling.0], |row| get_id(row, 0))?;
            rows.collect::<rusqlite::Result<_>>()?
        };
        self.dirty_cases.extend(found);
        Ok(())
    }

    /// Her home is another now: a case that an area has received follows her there.
    pub(crate) fn received_cases_of(&mut self, person: PersonId) -> Result<()> {
        // Where nothing was ever handed over, as while a roster is read, nothing is looked for.
        if !self.cached("select 1 from passage limit 1")?.exists([])? {
            return Ok(());
        }
        let person = apply::canonical(self, person)?;
        for id in apply::group(self, person)? {
            let found: Vec<Id> = {
                let mut read =
                    self.cached("select id from case_file where subject = ?1 and received is not null")?;
                let rows = read.query_map([id.0], |row| get_id(row, 0))?;
                rows.collect::<rusqlite::Result<_>>()?
            };
            self.dirty_cases.extend(found);
        }
        Ok(())
    }

    pub(crate) fn erase_cases(&mut self, person: Id) -> Result<()> {
        let cases: Vec<CaseId> = {
            let mut read = self.cached("select id from case_file where subject = ?1")?;
            read.query_map([person.0], |row| get_id(row, 0))?.collect::<rusqlite::Result<_>>()?
        };
        for case in cases {
            self.put_due(case, Vec::new())?;
        }
        for table in ["case_event", "case_report", "case_alias", "climbed", "passage"] {
            self.cached(&format!(
                "delete from {table} where case_id in (select id from case_file where subject = ?1)"
            ))?
            .execute([person.0])?;
        }
        for sql in [
            "delete from case_file where subject = ?1",
            "delete from filled where subject = ?1",
            "delete from area_people where subject = ?1",
        ] {
            self.cached(sql)?.execute([person.0])?;
        }
        Ok(())
    }

    /// The forms filled in about a subject, under whichever of her ids, in the order in which they were given.
    pub(crate) fn filled(&mut self, subject: Subject) -> Result<Vec<Filled>> {
        let ids = match apply::canonical_subject(self, subject)? {
            Subject::Person(person) => apply::group(self, person)?,
            Subject::Dwelling(id) | Subject::Area(id) | Subject::Worker(id) => vec![id],
        };
        let mut found = Vec::new();
        for id in ids {
            let mut read = self.cached(&format!("select {FILLED} from filled where subject = ?1"))?;
            let rows = read.query_map([id.0], filled_from)?;
            found.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
        }
        // What was corrected stands where it stood.
        found.sort_by_key(|filled| (filled.first_at, filled.position));
        Ok(found)
    }

    /// Between which moments a case stands, with what this transaction has done so far.
    pub(crate) fn moments(&mut self, id: CaseId, case: &Case) -> Result<Moments> {
        if self.dirty_cases.contains(&id) {
            self.refresh_case(id)?;
        }
        let mut read = self.cached("select since from case_file where id = ?1")?;
        let since: Option<Millis> = read.query_row([id.0], |row| row.get(0)).optional()?;
        let opened = instant(case.opened_at);
        Ok(Moments { opened, since: since.map_or(opened, instant) })
    }

    /// Who is listed at a door, under the id that all hers lead to, and whether she was seen or reached in a sweep.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn household(
        &mut self,
        sweep: SweepNumber,
        dwelling: DwellingId,
    ) -> Result<BTreeMap<PersonId, bool>> {
        let mut household = BTreeMap::new();
        for id in self.listed_at(dwelling)? {
            let person = apply::canonical(self, id)?;
            if apply::group_home(self, person)? != Some(dwelling) {
                continue;
            }
            let mut is_reached = false;
            for member in apply::group(self, person)? {
                is_reached |= !self.sightings(sweep, member)?.is_empty();
            }
            household.insert(person, is_reached);
        }
        Ok(household)
    }

    pub(crate) fn ids_listed_at(&self, dwelling: Id) -> Result<Vec<Id>> {
        let mut read = self.cached("select id from person where dwelling = ?1 order by id")?;
        let rows = read.query_map([dwelling.0], |row| get_id(row, 0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// What is known of a subject under a programme: its own filled-in forms, and those of each person listed behind its
    /// door; of a community those of its people that a rule about it looks at.
    pub(crate) fn known_of(
        &mut self,
        content: &mut Content,
        programme: &str,
        subject: Subject,
    ) -> Result<Known> {
        self.known_until(content, programme, subject, Millis::MAX)
    }

    /// What was known of it at a moment: of an area by its own forms only, its people stand as they do now.
    pub(crate) fn known_until(
        &mut self,
        content: &mut Content,
        programme: &str,
        subject: Subject,
        until: Millis,
    ) -> Result<Known> {
        let (own, mut newest) = self.records(content, programme, subject, until)?;
        let (mut people, mut places, mut level) = (Vec::new(), People::new(), None);
        match apply::canonical_subject(self, subject)? {
            Subject::Dwelling(dwelling) => {
                for person in self.listed_at(dwelling)? {
                    let (records, latest) =
                        self.records(content, programme, Subject::Person(person), until)?;
                    newest = newest.max(latest);
                    if !records.is_empty() {
                        people.push(records);
                    }
                }
            }
            Subject::Area(area) => {
                let areas = &self.book().areas;
                let row = areas.of_id(area).and_then(|number| areas.get(number));
                level = row.and_then(|row| level_of(row.level));
                places = self.people_of_area(content, programme, area)?;
            }
            Subject::Person(_) | Subject::Worker(_) => {}
        }
        Ok(Known { own, people, places, level, newest })
    }

    /// What was filled in about one until a moment, with when that was last and at which door.
    fn records(
        &mut self,
        content: &mut Content,
        programme: &str,
        subject: Subject,
        until: Millis,
    ) -> Result<(Vec<Record>, Newest)> {
        let (mut records, mut newest) = (Vec::new(), None);
        for filled in self.filled(subject)? {
            if filled.programme == programme && filled.at <= until && filled.replaced.is_none() {
                newest = newest.max(Some((filled.at, filled.dwelling)));
                records.extend(self.record_of(content, &filled)?);
            }
        }
        Ok((records, newest))
    }

    /// The answers of a filled-in form; none if they were erased, or its pack does not read. What was released though it did not fit says nothing to
    /// a rule, nor to a reader.
    pub(crate) fn record_of(&mut self, content: &mut Content, filled: &Filled) -> Result<Option<Record>> {
        let read = self.programme(&filled.programme, &filled.version);
        let Some(read) = if_readable(read)? else { return Ok(None) };
        let Some(form) = read.form(&filled.form) else { return Ok(None) };
        let (envelope, _) = read_fact(self.connection(), filled.position)?;
        let opened =
            content.open(filled.subject.id(), filled.position, Id(envelope.series), envelope.sequence)?;
        let given = opened.as_deref().and_then(programme::answer::decode);
        let values = given.and_then(|given| programme::answer::fit(form, &given).ok());
        let (form, at) = (filled.form.clone(), instant(filled.first_at));
        Ok(values.map(|values| Record { form, on: from_day(filled.on), at, values }))
    }
}

/// What was filled in about a subject and about those who belong to it.
pub struct Known {
    own: Vec<Record>,
    people: Vec<Vec<Record>>,
    /// Of an area: its people, as areas of each level see them.
    places: People,
    /// Of an area: its own level, if packs have it.
    pub level: Option<Level>,
    /// When something was filled in about it last, or about someone of a household, and at which door.
    pub newest: Newest,
}

impl Known {
    /// Whether nothing is known at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.own.is_empty() && self.people.is_empty() && self.places.is_empty()
    }

    /// Without what was filled in about it in one form until a moment.
    pub fn leave_out(&mut self, form: &str, until: Millis) {
        self.own.retain(|record| record.form != form || record.at.as_millisecond() > until);
    }

    /// Of an area, with its people at its own level.
    #[must_use]
    pub fn situation(&self) -> Situation<'_> {
        self.situation_at(self.level)
    }

    /// Of an area one for each level at which it is looked at; of whatever else the one there is.
    #[must_use]
    pub fn situations(&self) -> Vec<(Option<Level>, Situation<'_>)> {
        let levels: BTreeSet<Option<Level>> =
            self.places.keys().copied().map(Some).chain([self.level]).collect();
        levels.into_iter().map(|level| (level, self.situation_at(level))).collect()
    }

    fn situation_at(&self, level: Option<Level>) -> Situation<'_> {
        let people = level.and_then(|level| self.places.get(&level)).unwrap_or(&self.people);
        Situation {
            own: self.own.iter().collect(),
            people: people.iter().map(|records| records.iter().collect()).collect(),
            case: None,
        }
    }

    /// The day from which a state counts, where a form says it.
    #[must_use]
    pub fn counted_from(&self, duty: &Duty) -> Option<Day> {
        let (form, field) = duty.counted_from.as_ref()?;
        programme::answer::day_of(self.own.iter(), (form, field), duty.latest).map(to_day)
    }
}

/// Whether the condition of a step of a case holds on a day at so many minutes since midnight, by what is known of the subject
/// and the parameters of an area.
#[must_use]
pub fn holds_on(
    programme: &Programme,
    guard: &Condition,
    (known, case): (&Known, Moments),
    area: &str,
    (day, minute): (Day, u16),
) -> bool {
    let day = from_day(day);
    let parameters = programme.parameters.on(area, day);
    let situation = Situation { case: Some(case), ..known.situation() };
    let needs = Needs::of([guard]);
    let view = View::new(&needs, &situation, &parameters, day).at(minute);
    matches!(view.judge(guard), Judgement::Flags(_))
}

fn terms<'t>(programme: &'t Programme, pathway: &'t Pathway, area: &'t str) -> Terms<'t> {
    Terms {
        pathway,
        parameters: &programme.parameters,
        calendar: &programme.calendar,
        restrictions: &programme.manifest.restrictions,
        area,
    }
}

fn parts(pathway: &Pathway, reports: &[Report], events: &[Event]) -> Option<Vec<Part>> {
    let reports: Vec<case::Report> = reports
        .iter()
        .map(|report| case::Report {
            named: number(report.named),
            at: instant(report.at),
            counted_from: report.counted_from.map(from_day),
            rule: report.rule.clone(),
        })
        .collect();
    let events: Vec<(u128, case::Event)> =
        events.iter().map(|event| (number(event.named), event_of(event))).collect();
    case::part(pathway, &reports, &events)
}

impl Reader {
    /// A case with everything that is known of it, under its own id or another name of it.
    ///
    /// # Errors
    /// `pack_unreadable`, and those of the storage.
    pub fn case_file(&mut self, id: CaseId) -> Result<Option<CaseFile>> {
        let Some((id, case)) = self.views.find_case(id)? else { return Ok(None) };
        let Some(programme) = self.views.programme(&case.programme, &case.version)? else { return Ok(None) };
        let (events, reports) = (self.views.events(id)?, self.views.reports(id)?);
        let parts = pathway_of(&programme, &case.pathway).and_then(|own| parts(own, &reports, &events));
        let Some(part) = parts.and_then(|parts| parts.into_iter().next()) else { return Ok(None) };
        let mut standing = part.case;
        let opened = reports.iter().filter(|report| report.named == id).min_by_key(|report| report.at);
        let door = opened.map_or(case.dwelling, |report| report.dwelling);
        let place = self.views.place_of(case.subject, door, &standing)?;
        standing.unregistered = place.unregistered;
        let area = place.area;
        let mut read = self.views.connection().prepare_cached(
            "select task, role, due, at, named from climbed where case_id = ?1 order by at, task, role",
        )?;
        let climbs = read.query_map([id.0], |row| {
            Ok(Climb {
                named: get_id(row, 4)?,
                task: row.get(0)?,
                role: row.get(1)?,
                due: row.get(2)?,
                at: row.get(3)?,
            })
        })?;
        let climbs = climbs.collect::<rusqlite::Result<_>>()?;
        Ok(Some(CaseFile {
            id,
            case,
            area,
            owners: place.from,
            programme,
            standing,
            reports,
            events,
            climbs,
        }))
    }

    /// Everything that is due of a case, under the names that lists use.
    #[must_use]
    pub fn tasks_of(&self, file: &CaseFile) -> Vec<(String, case::Task)> {
        let Some(pathway) = file.pathway() else { return Vec::new() };
        let terms = terms(&file.programme, pathway, self.book().areas.code(file.area));
        let tasks = case::tasks(&terms, &file.standing, file.standing.since);
        tasks.into_iter().map(|task| (told(&task.what), task)).collect()
    }

    /// Whom of what nobody did in time has to be told and was not yet, the longest overdue first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn to_tell(&self, now: Millis, limit: usize) -> Result<Vec<ToTell>> {
        let mut read = self.views.connection().prepare_cached(
            "select case_id, task, role, due from due where told = 0 and tell_at <= ?1 order by tell_at limit ?2",
        )?;
        let rows = read.query_map(params![now, limit], |row| {
            Ok(ToTell { case: get_id(row, 0)?, task: row.get(1)?, role: row.get(2)?, due: row.get(3)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whom to judge anew from a position on, with their people or without, in order: as many as `limit`, and those of the
    /// same fact as the last.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn to_judge(&self, position: u64, limit: usize) -> Result<Vec<(u64, Subject, bool)>> {
        let mut read = self.views.connection().prepare_cached(
            "select kind, subject, with_people, position from to_judge where position between ?1 and
                (select max(position) from (select position from to_judge where position >= ?1 order by position limit ?2))
             order by position, subject, with_people",
        )?;
        let rows = read.query_map(params![position, limit], |row| {
            Ok((row.get(3)?, subject_from(row, 0)?, row.get(2)?))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// Whether one of these forms, each after its programme, was filled in about a subject and is kept.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn is_filled_in(&self, subject: Subject, forms: &BTreeSet<(String, String)>) -> Result<bool> {
        let mut read = self.views.connection().prepare_cached(
            "select distinct programme, form from filled where subject = ?1 and erased_at is null",
        )?;
        let rows = read.query_map([subject.id().0], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for form in rows {
            if forms.contains(&form?) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The ids that are listed behind a door, each person under each of hers.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn ids_listed_at(&self, dwelling: DwellingId) -> Result<Vec<PersonId>> {
        self.views.ids_listed_at(dwelling)
    }

    /// What was filled in about a subject under a programme, and about those who belong to it.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn known_of(&mut self, programme: &str, subject: Subject) -> Result<Known> {
        self.views.known_of(&mut self.content, programme, subject)
    }

    /// What was known of a subject at a moment, by what has come in since about that time too.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn known_until(&mut self, programme: &str, subject: Subject, until: Millis) -> Result<Known> {
        self.views.known_until(&mut self.content, programme, subject, until)
    }

    /// How the newest case of a subject and pathway stands; none if there never was one.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn newest_case(
        &mut self,
        programme: &str,
        pathway: &str,
        subject: Subject,
    ) -> Result<Option<NewestCase>> {
        let subject = apply::canonical_subject(&mut self.views, subject)?;
        let connection = self.views.connection();
        let found = connection
            .prepare_cached(
                "select id, since, ended, state from case_file where subject = ?1 and programme = ?2 and pathway = ?3
                 order by ended, opened_at desc, id limit 1",
            )?
            .query_row(params![subject.id().0, programme, pathway], |row| {
                Ok((get_id(row, 0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .optional()?;
        let Some((id, since, ended, state)) = found else { return Ok(None) };
        let mut read = connection.prepare_cached(
            "select rule, max(at) from case_report where case_id = ?1 and rule is not null group by rule",
        )?;
        let rules =
            read.query_map([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?.collect::<rusqlite::Result<_>>()?;
        Ok(Some(NewestCase { id, since, ended, state, rules }))
    }

    /// The form that the fact at a position of the ledger says was filled in, if a series wrote it, with the cases of the same subject
    /// and programme that are open, or ended since.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn cases_of_answers(
        &mut self,
        series: SeriesId,
        position: u64,
    ) -> Result<Option<(String, Vec<CaseId>)>> {
        if position >= self.size()? {
            return Ok(None);
        }
        let (envelope, fact) = read_fact(self.views.connection(), position)?;
        let Body::Answered { subject, programme, form, .. } = fact.body else { return Ok(None) };
        if envelope.series != series.0 {
            return Ok(None);
        }
        let subject = apply::canonical_subject(&mut self.views, subject)?;
        let mut read = self.views.connection().prepare_cached(
            "select id from case_file where subject = ?1 and programme = ?2 and (not ended or since >= ?3)
             order by opened_at, id",
        )?;
        let rows = read.query_map(params![subject.id().0, programme, fact.at], |row| get_id(row, 0))?;
        Ok(Some((form, rows.collect::<rusqlite::Result<_>>()?)))
    }

    /// The open cases of a subject under a programme that wait for something to come.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn waiting_cases(&self, programme: &str, subject: Subject) -> Result<Vec<WaitingCase>> {
        let mut read = self.views.connection().prepare_cached(
            "select id, version, pathway, state, area, turn from case_file
             where subject = ?1 and programme = ?2 and waits and not ended",
        )?;
        let rows = read.query_map(params![subject.id().0, programme], |row| {
            Ok(WaitingCase {
                id: get_id(row, 0)?,
                version: row.get(1)?,
                pathway: row.get(2)?,
                state: row.get(3)?,
                area: row.get(4)?,
                turn: row.get(5)?,
            })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// By when help that was asked for at a moment is to be answered in an area, by the programmes that were in force: the earliest,
    /// and none where none says so.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn help_due(&mut self, area: AreaNumber, asked_at: Millis) -> Result<Option<Millis>> {
        let book = self.book();
        let programmes: BTreeSet<&str> =
            book.editions.iter().map(|edition| edition.programme.as_str()).collect();
        let day = day_of(asked_at);
        let in_force: Vec<(String, String)> = programmes
            .into_iter()
            .filter_map(|programme| book.edition_on(programme, day))
            .map(|edition| (edition.programme.clone(), edition.version.clone()))
            .collect();
        let area = book.areas.code(area).to_owned();
        let mut earliest: Option<Millis> = None;
        for (programme, version) in in_force {
            let Some(programme) = if_readable(self.programme(&programme, &version))? else { continue };
            for pathway in &programme.pathways {
                let due = terms(&programme, pathway, &area).answer_due(instant(asked_at));
                let due = due.map(Timestamp::as_millisecond);
                earliest = earliest.into_iter().chain(due).min();
            }
        }
        Ok(earliest)
    }

    /// A published version of a programme.
    ///
    /// # Errors
    /// `pack_unreadable`, and those of the storage.
    pub fn programme(&mut self, programme: &str, version: &str) -> Result<Option<Arc<Programme>>> {
        self.views.programme(programme, version)
    }

    /// Where someone was appointed to a role of a programme.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn appointments(&self, who: ActorId) -> Result<Vec<RoleIn>> {
        let mut read = self.views.connection().prepare_cached(
            "select programme, role, area from appointment where who = ?1 order by programme, role",
        )?;
        let rows = read.query_map([who.0], |row| {
            Ok(RoleIn { programme: row.get(0)?, role: row.get(1)?, area: row.get(2)? })
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}
