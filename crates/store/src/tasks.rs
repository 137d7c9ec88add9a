//! Lists of tasks: what is due of a case is written into the list of every role that it is for, in its own area and in each
//! above, in the order in which it is to be done. What reading costs is the length of the page, whatever lies below.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::area::AreaNumber;
use domain::id::{CaseId, Id};
use domain::state::State as _;
use domain::time::Millis;
use rusqlite::{OptionalExtension, Row, params};

use crate::cases::{DueTask, RoleIn, subject_from};
use crate::error::Result;
use crate::query::Reader;
use crate::views::{Views, get_id, get_optional_id};

/// A row of what is due: of its owner with rank 0, or of one that it climbs to.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct DueRow {
    pub task: String,
    pub rank: u32,
    pub programme: String,
    pub role: String,
    pub area: AreaNumber,
    pub since: Millis,
    pub remind_at: Millis,
    pub due: Millis,
    pub tell_at: Millis,
}

/// A line of the list of a role.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Line<'d> {
    programme: &'d str,
    role: &'d str,
    area: AreaNumber,
    rank: u32,
    /// Whose it is, if another's.
    owner: &'d str,
    /// When it is due from the role: from others than the owner, when it has climbed to them.
    at: Millis,
    task: &'d str,
}

/// Each task once in a role's list, however often it climbs to it.
fn lines(rows: &BTreeMap<(String, u32), DueRow>) -> BTreeSet<Line<'_>> {
    let mut lines = BTreeSet::new();
    let mut roles: Vec<&str> = Vec::new();
    for row in rows.values() {
        if row.rank == 0 {
            roles.clear();
        }
        if roles.contains(&row.role.as_str()) {
            continue;
        }
        lines.insert(Line {
            programme: &row.programme,
            role: &row.role,
            area: row.area,
            rank: row.rank,
            owner: roles.first().copied().unwrap_or_default(),
            at: if row.rank == 0 { row.due } else { row.tell_at },
            task: &row.task,
        });
        roles.push(&row.role);
    }
    lines
}

impl Views {
    /// Makes what is due of a case these rows, and writes only what is otherwise than it was.
    pub(crate) fn put_due(&self, case: CaseId, rows: Vec<DueRow>) -> Result<()> {
        let before = self.due_of(case)?;
        let after: BTreeMap<_, _> = rows.into_iter().map(|row| ((row.task.clone(), row.rank), row)).collect();
        let mut remove = self.cached("delete from due where case_id = ?1 and task = ?2 and rank = ?3")?;
        for ((task, rank), row) in &before {
            if after.get(&(task.clone(), *rank)) != Some(row) {
                remove.execute(params![case.0, task, rank])?;
            }
        }
        let mut add = self.cached(
            "insert into due (case_id, task, rank, programme, role, area, since, remind_at, due, tell_at, told)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,
                exists (select 1 from climbed where case_id = ?1 and task = ?2 and role = ?5 and due = ?9))",
        )?;
        for ((task, rank), row) in &after {
            if before.get(&(task.clone(), *rank)) != Some(row) {
                let DueRow { programme, role, area, since, remind_at, due, tell_at, .. } = row;
                add.execute(params![
                    case.0, task, rank, programme, role, area, since, remind_at, due, tell_at
                ])?;
            }
        }
        let (old, new) = (lines(&before), lines(&after));
        self.each_level(
            case,
            old.difference(&new),
            "delete from due_list where programme = ?1 and role = ?2 and area = ?3 and below = ?4 and rank = ?5
                and owner = ?6 and at = ?7 and case_id = ?8 and task = ?9",
        )?;
        self.each_level(
            case,
            new.difference(&old),
            "insert into due_list (programme, role, area, below, rank, owner, at, case_id, task)
             values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )
    }

    fn each_level<'d>(
        &self,
        case: CaseId,
        lines: impl Iterator<Item = &'d Line<'d>>,
        sql: &str,
    ) -> Result<()> {
        let mut write = self.cached(sql)?;
        for Line { programme, role, area, rank, owner, at, task } in lines {
            for level in self.book().areas.path(*area) {
                write.execute(params![
                    programme,
                    role,
                    level,
                    level != *area,
                    rank,
                    owner,
                    at,
                    case.0,
                    task
                ])?;
            }
        }
        Ok(())
    }

    fn due_of(&self, case: CaseId) -> Result<BTreeMap<(String, u32), DueRow>> {
        let mut read = self.cached(
            "select task, rank, programme, role, area, since, remind_at, due, tell_at from due where case_id = ?1",
        )?;
        let rows = read.query_map([case.0], |row| {
            let (task, rank): (String, u32) = (row.get(0)?, row.get(1)?);
            let row = DueRow {
                task: task.clone(),
                rank,
                programme: row.get(2)?,
                role: row.get(3)?,
                area: row.get(4)?,
                since: row.get(5)?,
                remind_at: row.get(6)?,
                due: row.get(7)?,
                tell_at: row.get(8)?,
            };
            Ok(((task, rank), row))
        })?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Where a page of tasks ends: when its last one is due from whoever asked, and which it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DuePlace {
    pub at: Millis,
    pub case: CaseId,
    pub task: String,
}

impl DuePlace {
    /// Behind everything that is due at a moment.
    fn behind(at: Millis) -> Self {
        Self { at, case: Id([u8::MAX; 16]), task: String::new() }
    }
}

/// Of a list, the lines of one rank and owner, of an area itself or of those below it.
struct Part<'l> {
    list: &'l RoleIn,
    below: bool,
    rank: u32,
    owner: &'l str,
}

/// The first lines of several lists behind a place, each task once.
struct Page<'p> {
    roles: &'p [RoleIn],
    now: Millis,
    until: Millis,
    after: Option<DuePlace>,
    limit: usize,
    /// When due, which, and with which rank.
    lines: Vec<(Millis, CaseId, String, u32)>,
}

impl<'p> Page<'p> {
    fn new(
        roles: &'p [RoleIn],
        (now, until): (Millis, Millis),
        after: Option<DuePlace>,
        limit: usize,
    ) -> Self {
        Self { roles, now, until, after, limit, lines: Vec::new() }
    }

    /// How far a list of this rank is read: what climbs is someone's only when its time has come.
    fn reaches(&self, rank: u32) -> Millis {
        if rank == 0 { self.until.max(self.now) } else { self.now }
    }

    fn next(&self) -> Option<DuePlace> {
        let (at, case, task, _) = self.lines.last().filter(|_| self.lines.len() == self.limit)?;
        Some(DuePlace { at: *at, case: *case, task: task.clone() })
    }

    fn add(&mut self, lines: Vec<(Millis, CaseId, String, u32)>) {
        if lines.is_empty() {
            return;
        }
        self.lines.extend(lines);
        self.lines.sort_unstable();
        let mut seen = HashSet::with_capacity(self.lines.len());
        self.lines.retain(|(_, case, task, _)| seen.insert((*case, task.clone())));
        self.lines.truncate(self.limit);
    }

    /// The last moment at which something still has a place on it.
    fn ends(&self, until: Millis) -> Millis {
        match self.lines.last() {
            Some((at, ..)) if self.lines.len() == self.limit => until.min(*at),
            _ => until,
        }
    }
}

impl Reader {
    /// The tasks that nobody did in time in an area and below it, of these programmes' roles as their owners, the longest
    /// overdue first: the rows of which [`Reader::late_tasks`] is the count.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn late_in(
        &self,
        area: AreaNumber,
        owners: &[(String, String)],
        now: Millis,
        after: Option<&DuePlace>,
        limit: usize,
    ) -> Result<Vec<DueTask>> {
        let mut read = self.views_connection().prepare_cached(
            "select at, case_id, task from due_list
             where programme = ?1 and role = ?2 and area = ?3 and below = ?4 and rank = 0 and owner = '' and at >= ?5
                and at <= ?6 and (at, case_id, task) > (?5, ?7, ?8)
             order by at, case_id, task limit ?9",
        )?;
        let begin = DuePlace::behind(Millis::MIN);
        let after = after.unwrap_or(&begin);
        let mut page = Page::new(&[], (now, now), None, limit);
        for (programme, role) in owners {
            for below in [false, true] {
                let values =
                    params![programme, role, area, below, after.at, now, after.case.0, after.task, limit];
                let rows =
                    read.query_map(values, |row| Ok((row.get(0)?, get_id(row, 1)?, row.get(2)?, 0)))?;
                page.add(rows.collect::<rusqlite::Result<_>>()?);
            }
        }
        self.tasks_on(&page)
    }

    /// What someone has to do: what is due of her roles by `until` or overdue by `now`, and what has climbed to them by
    /// `now`; in the order in which it is due from her.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn due_tasks(
        &self,
        roles: &[RoleIn],
        now: Millis,
        until: Millis,
        limit: usize,
    ) -> Result<Vec<DueTask>> {
        let mut page = Page::new(roles, (now, until), None, limit);
        self.add_due(&mut page)?;
        self.tasks_on(&page)
    }

    /// As [`Reader::due_tasks`], with what is due by `until` in roles that nobody has where it is: it is at once of whom it
    /// climbs to first, and not only when the limit is over. A page of it, behind the place where the one before ended, and
    /// where this one ends if there is more.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn due_or_unheld_tasks(
        &self,
        roles: &[RoleIn],
        (now, until): (Millis, Millis),
        after: Option<DuePlace>,
        limit: usize,
    ) -> Result<(Vec<DueTask>, Option<DuePlace>)> {
        let mut page = Page::new(roles, (now, until), after, limit);
        self.add_due(&mut page)?;
        for list in roles {
            for (below, owner) in self.first_owners(list)? {
                let part = Part { list, below, rank: 1, owner: &owner };
                if self.first_lines(&part, &page, (now, until), 1)?.is_empty() {
                    continue;
                }
                let holders = self.holders(&list.programme, &owner, now)?;
                self.add_unheld(&mut page, &part, &holders)?;
            }
        }
        Ok((self.tasks_on(&page)?, page.next()))
    }

    fn add_due(&self, page: &mut Page<'_>) -> Result<()> {
        for list in page.roles {
            for below in [false, true] {
                for (rank, owner) in self.owners(list, below)? {
                    let part = Part { list, below, rank, owner: &owner };
                    let span = (Millis::MIN, page.reaches(rank));
                    page.add(self.first_lines(&part, page, span, page.limit)?);
                }
            }
        }
        Ok(())
    }

    /// Whether a task stood on a page before already, by another line of these lists.
    fn stood_before(&self, page: &Page<'_>, place: &DuePlace, case: CaseId, task: &str) -> Result<bool> {
        let mut read = self.views_connection().prepare_cached(
            "select rank, programme, role, area, due, tell_at from due where case_id = ?1 and task = ?2",
        )?;
        let areas = &self.book().areas;
        let mut rows = read.query(params![case.0, task])?;
        while let Some(row) = rows.next()? {
            let (rank, programme, role): (u32, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (area, at) = (row.get(3)?, row.get(if rank == 0 { 4 } else { 5 })?);
            let is_mine = |list: &RoleIn| {
                list.programme == programme && list.role == role && areas.is_within(area, list.area)
            };
            let stands = (at, case, task) <= (place.at, place.case, place.task.as_str());
            if stands && at <= page.reaches(rank) && page.roles.iter().any(is_mine) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds what is due in roles that nobody has, walking down only where something is due and someone further down has it.
    fn add_unheld(&self, page: &mut Page<'_>, part: &Part<'_>, holders: &BTreeSet<AreaNumber>) -> Result<()> {
        let areas = &self.book().areas;
        if areas.path(part.list.area).any(|area| holders.contains(&area)) {
            return Ok(());
        }
        let some_below: HashSet<AreaNumber> =
            holders.iter().flat_map(|holder| areas.path(*holder).skip(1)).collect();
        let mut next = vec![(part.list.area, part.below)];
        while let Some((area, below)) = next.pop() {
            let list = RoleIn { area, ..part.list.clone() };
            let part = Part { list: &list, below, ..*part };
            let whole = !below || !some_below.contains(&area);
            let limit = if whole { page.limit } else { 1 };
            let found = self.first_lines(&part, page, (page.now, page.until), limit)?;
            if whole {
                // It is told of as the owner's own.
                page.add(found.into_iter().map(|(at, case, task, _)| (at, case, task, 0)).collect());
            } else if !found.is_empty() {
                let unheld = areas.children(area).iter().filter(|child| !holders.contains(child));
                next.extend(unheld.flat_map(|child| [(*child, false), (*child, true)]));
            }
        }
        Ok(())
    }

    /// Whose tasks stand in a list, and with which rank: each looked for past all lines of the one before.
    fn owners(&self, list: &RoleIn, below: bool) -> Result<Vec<(u32, String)>> {
        let connection = self.views_connection();
        let mut next_owner = connection.prepare_cached(
            "select rank, owner from due_list where programme = ?1 and role = ?2 and area = ?3 and below = ?4
                and rank = ?5 and owner > ?6 order by owner limit 1",
        )?;
        let mut next_rank = connection.prepare_cached(
            "select rank, owner from due_list where programme = ?1 and role = ?2 and area = ?3 and below = ?4
                and rank > ?5 order by rank, owner limit 1",
        )?;
        let RoleIn { programme, role, area } = list;
        let pair = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let mut found: Vec<(u32, String)> = Vec::new();
        loop {
            let within = match found.last() {
                Some((rank, owner)) => next_owner
                    .query_row(params![programme, role, area, below, rank, owner], pair)
                    .optional()?,
                None => None,
            };
            let next = match within {
                Some(next) => Some(next),
                None => {
                    let rank = found.last().map_or(-1, |(rank, _)| i64::from(*rank));
                    next_rank.query_row(params![programme, role, area, below, rank], pair).optional()?
                }
            };
            match next {
                Some(next) => found.push(next),
                None => return Ok(found),
            }
        }
    }

    /// Whose tasks climb to a list first.
    fn first_owners(&self, list: &RoleIn) -> Result<Vec<(bool, String)>> {
        let mut found = Vec::new();
        for below in [false, true] {
            let owners = self.owners(list, below)?.into_iter().filter(|(rank, _)| *rank == 1);
            found.extend(owners.map(|(_, owner)| (below, owner)));
        }
        Ok(found)
    }

    /// The first lines of a part that are due after one moment and by another, and belong on the page.
    fn first_lines(
        &self,
        part: &Part<'_>,
        page: &Page<'_>,
        (after, until): (Millis, Millis),
        limit: usize,
    ) -> Result<Vec<(Millis, CaseId, String, u32)>> {
        let mut read = self.views_connection().prepare_cached(
            "select at, case_id, task from due_list
             where programme = ?1 and role = ?2 and area = ?3 and below = ?4 and rank = ?5 and owner = ?6
                and (at, case_id, task) > (?7, ?8, ?9) and at <= ?10
             order by at, case_id, task",
        )?;
        let Part { list: RoleIn { programme, role, area }, below, rank, owner } = part;
        let start = page.after.clone().into_iter().chain([DuePlace::behind(after)]).max();
        let start = start.unwrap_or_else(|| DuePlace::behind(after));
        let ends = page.ends(until);
        let wanted =
            params![programme, role, area, below, rank, owner, start.at, start.case.0, start.task, ends];
        let mut rows = read.query(wanted)?;
        let mut lines = Vec::new();
        while lines.len() < limit
            && let Some(row) = rows.next()?
        {
            let (at, case, task): (Millis, CaseId, String) = (row.get(0)?, get_id(row, 1)?, row.get(2)?);
            let known = match &page.after {
                Some(place) => self.stood_before(page, place, case, &task)?,
                None => false,
            };
            if !known {
                lines.push((at, case, task, *rank));
            }
        }
        Ok(lines)
    }

    fn tasks_on(&self, page: &Page<'_>) -> Result<Vec<DueTask>> {
        let mut read = self.views_connection().prepare_cached(
            "select due.case_id, due.programme, case_file.pathway, case_file.state, case_file.subject_kind,
                case_file.subject, case_file.dwelling, due.area, due.task, due.role, due.rank, due.since, due.remind_at,
                due.due, case_file.holder, case_file.offered, case_file.turn,
                (select count(*) from case_event where case_event.case_id = due.case_id), case_file.version,
                (select count(*) from filled where filled.subject = case_file.subject and filled.erased_at is null),
                (select group_concat(sign.role, ' ') from due sign where sign.case_id = due.case_id and sign.rank = 0
                    and sign.task >= 'sign:' and sign.task < 'sign;'), case_file.asked
             from due join case_file on case_file.id = due.case_id
             where due.case_id = ?1 and due.task = ?2 and due.rank = ?3",
        )?;
        let mut tasks = Vec::with_capacity(page.lines.len());
        for (_, case, task, rank) in &page.lines {
            tasks.push(read.query_row(params![case.0, task, rank], |row| {
                Ok(DueTask {
                    case: get_id(row, 0)?,
                    programme: row.get(1)?,
                    version: row.get(18)?,
                    pathway: row.get(2)?,
                    state: row.get(3)?,
                    subject: subject_from(row, 4)?,
                    dwelling: get_id(row, 6)?,
                    area: row.get(7)?,
                    task: row.get(8)?,
                    role: row.get(9)?,
                    rank: row.get(10)?,
                    since: row.get(11)?,
                    remind_at: row.get(12)?,
                    due: row.get(13)?,
                    holder: get_optional_id(row, 14)?,
                    offered: get_optional_id(row, 15)?,
                    asked: get_optional_id(row, 21)?,
                    turn: row.get(16)?,
                    events: row.get(17)?,
                    forms: row.get(19)?,
                    waits_for: row
                        .get::<_, Option<String>>(20)?
                        .map(|roles| roles.split(' ').map(str::to_owned).collect())
                        .unwrap_or_default(),
                })
            })?);
        }
        Ok(tasks)
    }
}
