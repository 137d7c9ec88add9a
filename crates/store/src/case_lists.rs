//! Cases as boards and files read them: how many stand open where, which stand behind a door, whom a form ties to one.

use domain::apply;
use domain::area::AreaNumber;
use domain::case::{Deed, Event, Filled, Report, Subject};
use domain::id::{ActorId, CaseId, DwellingId, Id, PersonId, SeriesId};
use domain::time::Millis;
use programme::answer::Record;
use rusqlite::{OptionalExtension, Row, params};

use crate::cases::{CaseFile, FILLED, filled_from, subject_from};
use crate::error::Result;
use crate::query::Reader;
use crate::store::read_fact;
use crate::views::{get_id, get_optional_id};

/// Receipts of one community in one answer.
const HANDED_OVER: usize = 50;

/// How many cases of a pathway stand open in an area itself, and of how many something is overdue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenCount {
    pub pathway: String,
    pub open: u64,
    pub overdue: u64,
}

/// A case as a line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseLine {
    pub id: CaseId,
    pub programme: String,
    pub version: String,
    pub pathway: String,
    pub state: String,
    pub subject: Subject,
    pub dwelling: DwellingId,
    /// Whose it is.
    pub area: AreaNumber,
    /// The area that has received it, if one has.
    pub received: Option<AreaNumber>,
    pub opened_at: Millis,
    /// When it came into its state.
    pub since: Millis,
    pub ended: bool,
    /// What is due of it first; none of one that has ended.
    pub due: Option<Millis>,
    pub holder: Option<ActorId>,
}

const LINE: &str = "id, programme, version, pathway, state, subject_kind, subject, dwelling, opened_at, since, ended, \
     holder, (select min(due) from due where case_id = case_file.id and rank = 0), area, received";

fn line(row: &Row<'_>) -> rusqlite::Result<CaseLine> {
    Ok(CaseLine {
        id: get_id(row, 0)?,
        programme: row.get(1)?,
        version: row.get(2)?,
        pathway: row.get(3)?,
        state: row.get(4)?,
        subject: subject_from(row, 5)?,
        dwelling: get_id(row, 7)?,
        opened_at: row.get(8)?,
        since: row.get(9)?,
        ended: row.get(10)?,
        holder: get_optional_id(row, 11)?,
        due: row.get(12)?,
        area: row.get(13)?,
        received: row.get(14)?,
    })
}

impl Reader {
    /// The open cases that are offered to someone and wait for her answer, the longest in their state first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn cases_offered_to(&self, who: ActorId) -> Result<Vec<CaseId>> {
        let mut read = self.views.connection().prepare_cached(
            "select id from case_file where offered = ?1 and offered is not null and ended = 0 order by since, id",
        )?;
        let rows = read.query_map([who.0], |row| get_id(row, 0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The open cases that are sent to an area and wait for its answer, the longest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn cases_sent_to(&self, area: AreaNumber) -> Result<Vec<CaseId>> {
        let mut read = self.views.connection().prepare_cached(
            "select case_id from passage where to_area = ?1 and open = 1 order by sent_at, case_id",
        )?;
        let rows = read.query_map([area], |row| get_id(row, 0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The cases that a community handed over and another has received since a moment, the newest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn cases_handed_over(&self, from: AreaNumber, since: Millis) -> Result<Vec<CaseId>> {
        let mut read = self.views.connection().prepare_cached(
            "select case_id from passage where from_area = ?1 and answer = 0 and answered_at >= ?2
             order by answered_at desc, case_id limit ?3",
        )?;
        let rows = read.query_map(params![from, since, HANDED_OVER], |row| get_id(row, 0))?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The areas that have received an open case about someone.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn received_in(&mut self, person: PersonId) -> Result<Vec<AreaNumber>> {
        let Subject::Person(person) = apply::canonical_subject(&mut self.views, Subject::Person(person))?
        else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for id in apply::group(&mut self.views, person)? {
            let mut read = self.views.connection().prepare_cached(
                "select received from case_file where subject = ?1 and received is not null and ended = 0",
            )?;
            for row in read.query_map([id.0], |row| row.get(0))? {
                found.push(row?);
            }
        }
        Ok(found)
    }

    /// How many cases of a programme stand open in an area and below it, by pathway.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn open_counts(&self, area: AreaNumber, programme: &str, now: Millis) -> Result<Vec<OpenCount>> {
        let mut read = self.views.connection().prepare_cached(
            "select pathway, count(*),
                sum(exists (select 1 from due where case_id = case_file.id and rank = 0 and due <= ?3))
             from case_file where programme = ?1 and area = ?2 and ended = 0 group by pathway",
        )?;
        let mut counts: Vec<OpenCount> = Vec::new();
        for area in self.book().areas.subtree(area) {
            let rows = read.query_map(params![programme, area, now], |row| {
                Ok(OpenCount { pathway: row.get(0)?, open: row.get(1)?, overdue: row.get(2)? })
            })?;
            for row in rows {
                let row = row?;
                match counts.iter_mut().find(|known| known.pathway == row.pathway) {
                    Some(known) => {
                        known.open += row.open;
                        known.overdue += row.overdue;
                    }
                    None => counts.push(row),
                }
            }
        }
        Ok(counts)
    }

    /// The open cases of a programme in an area and below it, what is due first first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn open_cases(&self, area: AreaNumber, programme: &str) -> Result<Vec<CaseLine>> {
        let mut read = self.views.connection().prepare_cached(&format!(
            "select {LINE} from case_file where programme = ?1 and area = ?2 and ended = 0"
        ))?;
        let mut lines = Vec::new();
        for area in self.book().areas.subtree(area) {
            for row in read.query_map(params![programme, area], line)? {
                lines.push(row?);
            }
        }
        lines.sort_by_key(|line| (line.due, line.id));
        Ok(lines)
    }

    /// The cases of a programme in an area and below it that have ended, on one pathway or on any: what ended last first, from
    /// a place on.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn ended_cases(
        &self,
        area: AreaNumber,
        (programme, pathway): (&str, Option<&str>),
        after: Option<(Millis, CaseId)>,
        limit: usize,
    ) -> Result<Vec<CaseLine>> {
        let mut read = self.views.connection().prepare_cached(&format!(
            "select {LINE} from case_file where programme = ?1 and area = ?2 and ended = 1 and (?3 is null or pathway = ?3)
                and (since, id) < (?4, ?5) order by since desc, id desc limit ?6"
        ))?;
        let (since, id) = after.unwrap_or((Millis::MAX, CaseId::default()));
        let mut lines = Vec::new();
        for area in self.book().areas.subtree(area) {
            for row in read.query_map(params![programme, area, pathway, since, id.0, limit], line)? {
                lines.push(row?);
            }
        }
        lines.sort_by_key(|line| std::cmp::Reverse((line.since, line.id)));
        lines.truncate(limit);
        Ok(lines)
    }

    /// What was said when a case was reported, in the words of whoever reported it; none if nothing was.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn said_of(&mut self, subject: Subject, report: &Report) -> Result<Option<String>> {
        let (envelope, _) = read_fact(self.views.connection(), report.position)?;
        let (series, sequence) = (Id(envelope.series), envelope.sequence);
        let opened = self.content.open(subject.id(), report.position, series, sequence)?;
        Ok(opened.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Every case at a door, of its household and of whoever lives or was behind it; the newest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn cases_at(&self, dwelling: DwellingId) -> Result<Vec<CaseLine>> {
        self.lines_where("dwelling", dwelling)
    }

    /// Every case of a subject, the newest first.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn cases_of(&self, subject: Subject) -> Result<Vec<CaseLine>> {
        self.lines_where("subject", subject.id())
    }

    fn lines_where(&self, column: &str, id: Id) -> Result<Vec<CaseLine>> {
        let mut read = self.views.connection().prepare_cached(&format!(
            "select {LINE} from case_file where {column} = ?1 order by opened_at desc, id"
        ))?;
        let rows = read.query_map([id.0], line)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The forms that were filled in for a case, under its own id or another name of it, in the order in which they came.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn filled_for(&self, case: CaseId) -> Result<Vec<Filled>> {
        let mut read = self.views.connection().prepare_cached(&format!(
            "select {FILLED} from filled
             where case_id = ?1 or case_id in (select id from case_alias where case_id = ?1) order by position"
        ))?;
        let rows = read.query_map([case.0], filled_from)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// The forms that were filled in about a subject, under whichever of her ids, in the order in which they were given.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn filled_about(&mut self, subject: Subject) -> Result<Vec<Filled>> {
        self.views.filled(subject)
    }

    /// The answers of a filled-in form; none if they were erased.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn record_of(&mut self, filled: &Filled) -> Result<Option<Record>> {
        self.views.record_of(&mut self.content, filled)
    }

    /// Why something was done about a case, in the words of whoever did it; none if she gave no reason.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn reason_of(&mut self, subject: Subject, event: &Event) -> Result<Option<String>> {
        let opened = self.content.open(subject.id(), event.position, event.series, event.sequence)?;
        Ok(opened.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Whether words were given with the question what holds a case that nobody has answered: that there are some is told without a
    /// reading.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn asked_in_words(&mut self, file: &CaseFile) -> Result<bool> {
        let ask = file.events.iter().rfind(|event| event.deed == Deed::Ask);
        match ask.filter(|_| file.standing.asked.is_some()) {
            Some(ask) => self.content.has(file.case.subject.id(), ask.position),
            None => Ok(false),
        }
    }

    /// The series of the phone that a worker enrolled with, the newest of several.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn series_of(&self, worker: ActorId) -> Result<Option<SeriesId>> {
        Ok(self
            .views
            .connection()
            .prepare_cached("select series from device where worker = ?1 order by enrolled_at desc limit 1")?
            .query_row([worker.0], |row| get_id(row, 0))
            .optional()?)
    }
}
