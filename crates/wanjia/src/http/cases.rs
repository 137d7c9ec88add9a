//! Cases, of people, households and areas: what is due from the caller, one case with its path, reporting one, doing something
//! about it, and the forms that a clerk types in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::access::{Action, Scope};
use domain::area::{Area, AreaNumber, Level};
use domain::case::{Deed, Source, Subject};
use domain::id::{ActorId, CaseId, DwellingId, Id, PersonId};
use domain::state::{Book, State as _};
use domain::time::{Millis, day_of, end_of, from_day, parse_date, to_day};
use programme::answer::Given;
use programme::case::{self, How, What};
use programme::parameter::Unit;
use programme::pathway::Step;
use programme::question::Answer;
use programme::text::Texts;
use programme::{Finding, Programme};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::cases::{CaseFile, DueTask, RoleIn, stamp_of};
use store::packs::if_readable;
use store::tasks::DuePlace;
use store::{Control, Reader};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cursor;
use super::extract::{Caller, Json, Path, Query};
use super::lessons::{Lesson, lesson_row};
use super::my_tasks::{guard_of, shown};
use super::problem::Problem;
use super::scope::{no_dwelling, no_worker};
use super::wire::instant;
use crate::app::cases::{self, Acting, Actor, FilledIn, Reporting, Sight, Typed};
use crate::app::failure::Result as AppResult;
use crate::app::lessons;

/// What is offered of what was learnt, when a case begins.
const LESSONS: usize = 3;
/// Tasks in one answer, unless asked for fewer, and at most.
const TASKS: usize = 200;
/// SendPlaces in one answer, at most.
const PLACES: usize = 20;
/// How far ahead is looked for what is due, unless asked for a day.
const AHEAD: Millis = 24 * 3_600_000;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(tasks))
        .routes(routes!(report))
        .routes(routes!(case))
        .routes(routes!(hands))
        .routes(routes!(places))
        .routes(routes!(act))
        .routes(routes!(answer))
}

pub(super) fn actor(caller: &Caller) -> Actor {
    Actor { id: caller.actor(), grant: caller.grant }
}

pub(super) fn now() -> Millis {
    jiff::Timestamp::now().as_millisecond()
}

/// A code of a programme, and how it is called.
#[derive(Clone, Serialize, ToSchema)]
pub(super) struct Named {
    pub(super) code: String,
    pub(super) zh: String,
    pub(super) en: String,
}

impl Named {
    pub(super) fn of(code: &str, name: Option<&Texts>) -> Self {
        let text = |language| name.and_then(|name| name.get(language)).unwrap_or(code).to_owned();
        Self { code: code.to_owned(), zh: text("zh"), en: text("en") }
    }
}

/// Whom a case is about, under a pseudonym, and at which door; or which area, or which worker.
#[derive(Serialize, ToSchema)]
pub(super) struct About {
    /// Of a person; without it the case is about the household or the place behind the door.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    /// Without it, it is about the area or a worker.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    dwelling: Option<DwellingId>,
    /// Of a worker, in the area where she works.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    worker: Option<ActorId>,
    pub(super) area_code: String,
    pub(super) area_name: String,
    building: String,
    unit: String,
    room: String,
}

impl About {
    /// Of a case, in the area whose it is: a door elsewhere is not told.
    pub(super) fn of_case(
        reader: &mut Reader,
        (subject, dwelling): (Subject, DwellingId),
        area: AreaNumber,
    ) -> AppResult<Self> {
        let there = reader.area_about(subject, dwelling)?;
        if matches!(subject, Subject::Person(_)) && there != Some(area) {
            return Ok(Self::in_area(reader, subject, area));
        }
        Self::of(reader, subject, dwelling)
    }

    /// In an area, and behind no door that is told.
    fn in_area(reader: &Reader, subject: Subject, area: AreaNumber) -> Self {
        let areas = &reader.book().areas;
        Self {
            person: match subject {
                Subject::Person(person) => Some(person),
                _ => None,
            },
            dwelling: None,
            worker: None,
            area_code: areas.code(area).to_owned(),
            area_name: areas.get(area).map(|area| area.name.clone()).unwrap_or_default(),
            building: String::new(),
            unit: String::new(),
            room: String::new(),
        }
    }

    pub(super) fn of(reader: &mut Reader, subject: Subject, dwelling: DwellingId) -> AppResult<Self> {
        let area = reader.area_about(subject, dwelling)?;
        let labels = reader.state().labels(dwelling)?;
        let of = |book: &Book| {
            let code = area.map(|area| book.areas.code(area).to_owned()).unwrap_or_default();
            let row = area.and_then(|area| book.areas.get(area));
            (code, row.map(|row| row.name.clone()).unwrap_or_default())
        };
        let (area_code, area_name) = of(reader.book());
        let (building, unit, room) =
            labels.map(|labels| (labels.building, labels.unit, labels.room)).unwrap_or_default();
        let (person, dwelling, worker) = match subject {
            Subject::Person(person) => (Some(person), Some(dwelling), None),
            Subject::Dwelling(_) => (None, Some(dwelling), None),
            Subject::Area(_) => (None, None, None),
            Subject::Worker(worker) => (None, None, Some(worker)),
        };
        Ok(Self { person, dwelling, worker, area_code, area_name, building, unit, room })
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TasksQuery {
    /// What is due by the end of this day; within 24 hours unless given. What is overdue is always there.
    #[param(format = Date)]
    until: Option<String>,
    /// 200 unless given, which is the most.
    limit: Option<usize>,
    /// As the page before gave it.
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Tasks {
    /// The roles of programmes in which the caller acts, and where.
    roles: Vec<ActsAs>,
    /// On the first page: the cases that are offered to the caller and wait for her answer, whoseever they are to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    offers: Vec<CaseOffer>,
    /// On the first page: the cases that the caller's community has handed over and another has received in the last fortnight, the
    /// newest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    handed_over: Vec<CaseReceipt>,
    /// What is overdue first.
    rows: Vec<CaseTask>,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A case that someone offers to the caller.
#[derive(Serialize, ToSchema)]
struct CaseOffer {
    #[schema(value_type = String, format = "uuid")]
    case: CaseId,
    programme: String,
    pathway: Named,
    state: Named,
    turn: u64,
    /// In which the caller answers.
    role: String,
    /// Who offers it; none where she has no name any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// What is due of it first; of one that another community hands over, until when it is to be received.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    due: Option<String>,
    about: About,
    /// It is handed over by another community: that of `about`. It is answered with `receive` or `refuse`, in this area.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<CaseArea>,
}

/// An area, and how it is called.
#[derive(Clone, Serialize, ToSchema)]
struct CaseArea {
    area_code: String,
    area_name: String,
}

impl CaseArea {
    fn of(reader: &Reader, area: AreaNumber) -> Self {
        let areas = &reader.book().areas;
        let area_name = areas.get(area).map(|area| area.name.clone()).unwrap_or_default();
        Self { area_code: areas.code(area).to_owned(), area_name }
    }
}

/// That another community has received a case.
#[derive(Serialize, ToSchema)]
struct CaseReceipt {
    #[schema(value_type = String, format = "uuid")]
    case: CaseId,
    programme: String,
    pathway: Named,
    to: CaseArea,
    /// Who has received it; none where she has no name any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    #[schema(format = DateTime)]
    at: String,
}

/// How long a receipt stands in the list of whoever handed over.
const RECEIPTS: Millis = 14 * 24 * 3_600_000;

/// The communities whose list is read in these roles.
fn communities_of(reader: &Reader, roles: &[RoleIn]) -> BTreeSet<AreaNumber> {
    let areas = &reader.book().areas;
    let is_community =
        |area: &AreaNumber| areas.get(*area).is_some_and(|area| area.level == Level::Community);
    roles.iter().map(|role| role.area).filter(is_community).collect()
}

fn handed_over(
    reader: &mut Reader,
    control: &Control,
    actor: Actor,
    roles: &[RoleIn],
) -> AppResult<Vec<CaseReceipt>> {
    let mut found = Vec::new();
    for from in communities_of(reader, roles) {
        for id in reader.cases_handed_over(from, now() - RECEIPTS)? {
            let Some(file) = if_readable(reader.case_file(id))? else { continue };
            // What came back since is hers whole, and stands in her lists.
            if file.owners.last() == Some(&from) || cases::sight(reader, actor, &file)?.is_none() {
                continue;
            }
            let place = file.owners.iter().rposition(|owner| *owner == from);
            let receipts = file
                .standing
                .passages
                .iter()
                .filter_map(|sent| sent.answer.as_ref().filter(|answer| answer.how == How::Received));
            let Some((place, answer)) = place.and_then(|place| Some((place, receipts.clone().nth(place)?)))
            else {
                continue;
            };
            let Some(to) = file.owners.get(place + 1).copied() else { continue };
            found.push(CaseReceipt {
                case: id,
                programme: file.case.programme.clone(),
                pathway: Named::of(&file.case.pathway, file.pathway().map(|pathway| &pathway.name)),
                to: CaseArea::of(reader, to),
                by: cases::staff_name(reader, control, Id(answer.by.to_be_bytes()))?,
                at: instant(answer.at.as_millisecond()),
            });
        }
    }
    found.sort_by(|one, other| other.at.cmp(&one.at));
    found.dedup_by(|one, other| one.case == other.case);
    Ok(found)
}

/// What other communities hand over to the caller's.
fn sent_here(
    reader: &mut Reader,
    control: &Control,
    actor: Actor,
    roles: &[RoleIn],
) -> AppResult<Vec<CaseOffer>> {
    let mut offers = Vec::new();
    for to in communities_of(reader, roles) {
        for id in reader.cases_sent_to(to)? {
            let Some(file) = if_readable(reader.case_file(id))? else { continue };
            // Whoever acts where it is as well has it in her lists; still it is here that she is asked.
            let Some(own) = file.pathway().and_then(|pathway| pathway.hand_over.clone()) else { continue };
            let here = cases::roles_at(reader, actor, &file.programme, to)?;
            let (true, Some(sent)) = (here.contains(&own.received_by), file.standing.sent()) else {
                continue;
            };
            let from = Id(sent.by.to_be_bytes());
            let pathway = file.pathway();
            let state = pathway.and_then(|pathway| pathway.state(&file.standing.state));
            let due = reader.tasks_of(&file).into_iter().find(|(_, task)| task.what == What::HandOver);
            let owner = file.owners.last().copied().unwrap_or(file.area);
            offers.push(CaseOffer {
                case: id,
                programme: file.case.programme.clone(),
                pathway: Named::of(&file.case.pathway, pathway.map(|pathway| &pathway.name)),
                state: Named::of(&file.standing.state, state.map(|state| &state.name)),
                turn: file.standing.ran.len() as u64,
                role: own.received_by,
                from: cases::staff_name(reader, control, from)?,
                due: due.map(|(_, task)| instant(task.due.as_millisecond())),
                about: About::in_area(reader, file.case.subject, owner),
                to: Some(CaseArea::of(reader, to)),
            });
        }
    }
    Ok(offers)
}

fn offers(reader: &mut Reader, control: &Control, actor: Actor) -> AppResult<Vec<CaseOffer>> {
    let mut offers = Vec::new();
    for id in reader.cases_offered_to(actor.id)? {
        let Some(file) = if_readable(reader.case_file(id))? else { continue };
        let roles = cases::roles_at(reader, actor, &file.programme, file.area)?;
        if !cases::sees(actor.id, file.case.subject, file.pathway(), &roles) {
            continue;
        }
        let now = cases::roles_now(&file);
        let Some(role) = roles.iter().find(|role| now.contains(&role.as_str())).or(roles.first()) else {
            continue;
        };
        let from = file.standing.offered_by.map(|number| Id(number.to_be_bytes()));
        let from = match from {
            Some(from) => cases::staff_name(reader, control, from)?,
            None => None,
        };
        let pathway = file.pathway();
        let state = pathway.and_then(|pathway| pathway.state(&file.standing.state));
        offers.push(CaseOffer {
            case: id,
            programme: file.case.programme.clone(),
            pathway: Named::of(&file.case.pathway, pathway.map(|pathway| &pathway.name)),
            state: Named::of(&file.standing.state, state.map(|state| &state.name)),
            turn: file.standing.ran.len() as u64,
            role: role.clone(),
            from,
            due: reader.tasks_of(&file).iter().map(|(_, task)| task.due.as_millisecond()).min().map(instant),
            about: About::of_case(reader, (file.case.subject, file.case.dwelling), file.area)?,
            to: None,
        });
    }
    Ok(offers)
}

#[derive(Serialize, ToSchema)]
struct ActsAs {
    programme: String,
    role: String,
    area_code: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct CaseTask {
    #[schema(value_type = String, format = "uuid")]
    case: CaseId,
    programme: String,
    pathway: Named,
    state: Named,
    /// `leave` the state, `wait` for what it waits for, `release` the person from what she is held to, `sign` a step, `hand_over` the case
    /// to where she moves, or `register` her where it was received
    kind: &'static str,
    /// The state, what it waits for, the restriction or the step.
    of: Named,
    role: String,
    /// `open`, `reminded` or `overdue`
    level: &'static str,
    /// It is another role's and has climbed to this one.
    climbed: bool,
    #[schema(format = DateTime)]
    due: String,
    #[schema(format = DateTime)]
    since: String,
    /// The caller has taken it over.
    mine: bool,
    /// Someone has taken it over and can still act.
    taken: bool,
    /// How whoever it is offered to is called, until she answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    offered_to: Option<String>,
    /// Who asked what holds it, as she is called, if nobody has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<String>,
    /// Whether words were given with that: they are read with why.
    asked_in_words: bool,
    /// A step was taken, and waits for signatures of these roles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waits_for: Vec<Named>,
    /// It stands on the caller's list and is not hers to move by now: signatures are missing, each of which is a task of its
    /// own; it is a signature for a step that she took herself; or someone else has taken it over in time.
    waits_for_others: bool,
    about: About,
}

/// What a task is, of a name such as `leave:<state>`, and of what.
pub(super) fn what_of(programme: &Programme, pathway: &str, task: &str) -> (&'static str, Named) {
    let (word, code) = task.split_once(':').unwrap_or(("leave", task));
    let pathway = programme.pathways.iter().find(|own| own.code.value == pathway);
    let (kind, name) = match word {
        "sign" => ("sign", pathway.and_then(|pathway| Some(&pathway.step(code)?.name))),
        "release" => {
            let held = &programme.manifest.restrictions;
            ("release", held.iter().find(|held| held.code.value == code).map(|held| &held.name))
        }
        "hand_over" => return ("hand_over", Named::of("", None)),
        "register" => return ("register", Named::of("", None)),
        "wait" => ("wait", pathway.and_then(|pathway| Some(&pathway.state(code)?.waits.as_ref()?.name))),
        _ => ("leave", pathway.and_then(|pathway| Some(&pathway.state(code)?.name))),
    };
    (kind, Named::of(code, name))
}

/// Whether someone took the step that a task asks a signature for: her own does not count.
fn took_it_herself(reader: &mut Reader, task: &DueTask, who: ActorId) -> AppResult<bool> {
    let Some(file) = if_readable(reader.case_file(task.case))? else { return Ok(false) };
    let step = task.task.split_once(':').map(|(_, step)| step);
    let turn = file.standing.ran.len() as u64;
    let taken = |event: &&domain::case::Event| {
        matches!(event.deed, Deed::Step { .. }) && event.deed.step() == step && event.turn == turn
    };
    let mut by = file.events.iter().filter(taken).map(|event| event.actor).peekable();
    Ok(by.peek().is_some() && by.all(|actor| actor == who))
}

pub(super) fn task_row(
    reader: &mut Reader,
    control: &Control,
    task: &DueTask,
    caller: ActorId,
    now: i64,
) -> AppResult<Option<CaseTask>> {
    let read = reader.programme(&task.programme, &task.version);
    let Some(programme) = if_readable(read)? else { return Ok(None) };
    let (kind, of) = what_of(&programme, &task.pathway, &task.task);
    let pathway = programme.pathways.iter().find(|own| own.code.value == task.pathway);
    let state = |code: &str| Some(&pathway?.state(code)?.name);
    let level = match now {
        now if now >= task.due => "overdue",
        now if now >= task.remind_at => "reminded",
        _ => "open",
    };
    let taken = match task.holder {
        Some(holder) => cases::still_acts(reader, holder, (&programme, task.area))?,
        None => false,
    };
    let asked_in_words = match task.asked {
        Some(_) => match if_readable(reader.case_file(task.case))? {
            Some(file) => reader.asked_in_words(&file)?,
            None => false,
        },
        None => false,
    };
    Ok(Some(CaseTask {
        case: task.case,
        programme: task.programme.clone(),
        pathway: Named::of(&task.pathway, pathway.map(|pathway| &pathway.name)),
        state: Named::of(&task.state, state(&task.state)),
        kind,
        of,
        role: task.role.clone(),
        level,
        climbed: task.rank > 0,
        waits_for_others: match kind {
            "sign" => took_it_herself(reader, task, caller)?,
            _ => !task.waits_for.is_empty() || taken && task.holder != Some(caller) && task.rank == 0,
        },
        due: instant(task.due),
        since: instant(task.since),
        mine: task.holder == Some(caller),
        taken,
        offered_to: match task.offered {
            Some(to) => cases::staff_name(reader, control, to)?,
            None => None,
        },
        asked_by: match task.asked {
            Some(who) => cases::staff_name(reader, control, who)?,
            None => None,
        },
        asked_in_words,
        waits_for: task
            .waits_for
            .iter()
            .map(|code| {
                let role = programme.manifest.roles.iter().find(|role| role.code.value == *code);
                Named::of(code, role.map(|role| &role.name))
            })
            .collect(),
        about: About::of_case(reader, (task.subject, task.dwelling), task.area)?,
    }))
}

/// What the caller has to do: her roles' tasks, and those that have climbed to them, what is overdue first.
#[utoipa::path(
    get, path = "/v1/tasks", tag = "cases", params(TasksQuery),
    responses((status = 200, body = Tasks), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn tasks(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<TasksQuery>,
) -> Result<Json<Tasks>, Problem> {
    caller.may(Action::ReadCases, Scope::Own)?;
    let now = now();
    let until = match query.until.as_deref() {
        // Not the end of today: an hour before midnight, what is to be done within two would not be there.
        None => now + AHEAD,
        Some(text) => end_of(to_day(parse_date(text).map_err(|_| {
            Problem::field(
                "until",
                "not_a_date",
                "应为日期，如 2020-03-10",
                "a day such as 2020-03-10 was expected",
            )
        })?)),
    };
    let limit = query.limit.unwrap_or(TASKS).clamp(1, TASKS);
    let after = cursor::parse::<DuePlace>(query.cursor.as_deref())?;
    let (actor, control) = (actor(&caller), Arc::clone(&site.control));
    let found = site
        .territory
        .read(move |reader| {
            let roles = cases::roles_of(reader, actor, day_of(now))?;
            let (mut offers, mut receipts) = (Vec::new(), Vec::new());
            if after.is_none() {
                offers = self::offers(reader, &control, actor)?;
                offers.extend(sent_here(reader, &control, actor, &roles)?);
                receipts = handed_over(reader, &control, actor, &roles)?;
            }
            let (due, next) = reader.due_or_unheld_tasks(&roles, (now, until), after, limit)?;
            let mut rows = Vec::with_capacity(due.len());
            for task in due {
                rows.extend(task_row(reader, &control, &task, actor.id, now)?);
            }
            let code = |area| reader.book().areas.code(area).to_owned();
            let roles = roles
                .into_iter()
                .map(|role| ActsAs { programme: role.programme, role: role.role, area_code: code(role.area) })
                .collect();
            Ok(Tasks { roles, offers, handed_over: receipts, rows, next: next.as_ref().map(cursor::text) })
        })
        .await?;
    Ok(Json(found))
}

#[derive(Serialize, ToSchema)]
struct Case {
    #[schema(value_type = String, format = "uuid")]
    case: CaseId,
    programme: String,
    /// Under which it was opened, and stays.
    version: String,
    pathway: Named,
    about: About,
    #[schema(format = DateTime)]
    opened_at: String,
    /// The states of the pathway, in the order in which the pack names them.
    path: Vec<Named>,
    state: Named,
    ended: bool,
    #[schema(format = DateTime)]
    since: String,
    /// How many steps have run: whoever takes the next one says it back.
    turn: u64,
    /// The steps from here, and in which roles they are taken.
    next: Vec<NextStep>,
    tasks: Vec<Due>,
    reports: Vec<CaseReport>,
    /// Everything that was done, in the order in which it came in.
    events: Vec<Event>,
    /// Who was told of what nobody had done in time, and when.
    told: Vec<Told>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    holder: Option<ActorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    offered: Option<ActorId>,
    /// Who asked what holds it, if nobody has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    asked: Option<ActorId>,
    /// Whether words were given with that: they are read with why.
    asked_in_words: bool,
    /// The roles of its programme in which the caller acts here.
    roles: Vec<String>,
    /// Whether the caller may offer it to someone, and whether she may take it over.
    may_offer: bool,
    may_take: bool,
    /// Whether she may ask what holds it, and whether she may answer.
    may_ask: bool,
    may_reply: bool,
    /// How the staff that it names are called; who is missing is the program itself.
    staff: Vec<Staff>,
    /// Before the first step: what was learnt from others of its kind.
    lessons: Vec<Lesson>,
    /// `whole`; `sent` to the caller's community, as much as she needs to receive it or not; or `handed_over`: that another
    /// community has received it, and nothing since.
    seen: &'static str,
    /// Where it was sent since whom it is about moves, and what came of it; the newest last.
    passages: Vec<CasePassage>,
    /// It is being handed over.
    moving: bool,
    /// The area in which the caller answers whether it is received.
    #[serde(skip_serializing_if = "Option::is_none")]
    answers_in: Option<CaseArea>,
    /// Whether the caller may say that she moves; take that back; and whether outside the territory is a place to which she can.
    may_send: bool,
    may_recall: bool,
    sends_outside: bool,
    /// She is not registered where it was received, and the caller may register her.
    may_register: bool,
}

/// That a case was sent to another community, or out of the territory.
#[derive(Serialize, ToSchema)]
struct CasePassage {
    from: CaseArea,
    /// None is outside the territory.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<CaseArea>,
    #[schema(value_type = String, format = "uuid")]
    by: ActorId,
    #[schema(format = DateTime)]
    at: String,
    /// `received`, `refused` or `withdrawn`; none while it waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    answered_by: Option<ActorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    answered_at: Option<String>,
}

/// Where a case was sent, as far as someone sees it: who only gives it or gets it sees what she gave or gets.
fn passages_of(reader: &Reader, file: &CaseFile, sight: &Sight) -> Vec<CasePassage> {
    let areas = &reader.book().areas;
    let (mut found, mut owner) = (Vec::new(), 0);
    // The last of hers, of whoever gave it.
    let given = match sight {
        Sight::HandedOver(own) => file.owners.iter().rposition(|owner| own.contains(owner)),
        _ => None,
    };
    for sent in &file.standing.passages {
        let from = file.owners.get(owner).copied().unwrap_or(file.area);
        let to = sent.to.and_then(|to| areas.of_id(Id(to.to_be_bytes())));
        let answer = sent.answer.as_ref();
        let is_seen = match sight {
            Sight::Whole => true,
            Sight::Sent(own) => to == Some(*own) && from == file.owners.last().copied().unwrap_or(file.area),
            Sight::HandedOver(_) => given == Some(owner),
        };
        if is_seen {
            found.push(CasePassage {
                from: CaseArea::of(reader, from),
                to: to.map(|to| CaseArea::of(reader, to)),
                by: Id(sent.by.to_be_bytes()),
                at: instant(sent.at.as_millisecond()),
                answer: answer.map(|answer| match answer.how {
                    How::Received => "received",
                    How::Refused => "refused",
                    How::Withdrawn => "withdrawn",
                }),
                answered_by: answer.map(|answer| Id(answer.by.to_be_bytes())),
                answered_at: answer.map(|answer| instant(answer.at.as_millisecond())),
            });
        }
        if to.is_some() && answer.is_some_and(|answer| answer.how == How::Received) {
            owner += 1;
        }
    }
    found
}

/// A case as it is seen by whoever is to receive it, or has handed it over: what she needs, and no more.
fn case_in_part(
    reader: &mut Reader,
    control: &Control,
    mut whole: Case,
    file: &CaseFile,
    sight: &Sight,
) -> AppResult<Case> {
    let passages = passages_of(reader, file, sight);
    let seen: BTreeSet<ActorId> =
        passages.iter().flat_map(|passage| [Some(passage.by), passage.answered_by]).flatten().collect();
    whole.staff.clear();
    for id in seen {
        whole.staff.extend(cases::staff_name(reader, control, id)?.map(|name| Staff { id, name }));
    }
    let last = file.owners.last().copied().unwrap_or(file.area);
    whole.about = About::in_area(reader, file.case.subject, last);
    whole.events =
        cases::events_seen(reader, file, sight).into_iter().map(|event| event_row(file, event)).collect();
    (whole.reports, whole.told, whole.lessons, whole.next) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    (whole.may_offer, whole.may_take, whole.may_ask, whole.may_reply) = (false, false, false, false);
    (whole.may_send, whole.may_recall, whole.may_register) = (false, false, false);
    (whole.holder, whole.offered, whole.asked, whole.asked_in_words) = (None, None, None, false);
    whole.passages = passages;
    if let Sight::HandedOver(own) = sight {
        let to =
            file.owners.iter().rposition(|owner| own.contains(owner)).and_then(|at| file.owners.get(at + 1));
        whole.about = About::in_area(reader, file.case.subject, to.copied().unwrap_or(last));
        whole.state = Named { code: String::new(), zh: "已交接".into(), en: "handed over".into() };
        whole.since =
            whole.passages.last().and_then(|passage| passage.answered_at.clone()).unwrap_or_default();
        (whole.path, whole.tasks, whole.roles) = (Vec::new(), Vec::new(), Vec::new());
        (whole.seen, whole.moving, whole.ended, whole.turn) = ("handed_over", false, true, 0);
    } else {
        whole.seen = "sent";
    }
    Ok(whole)
}

#[derive(Serialize, ToSchema)]
struct Staff {
    #[schema(value_type = String, format = "uuid")]
    id: ActorId,
    name: String,
}

#[derive(Serialize, ToSchema)]
struct NextStep {
    step: Named,
    to: Named,
    by: Vec<String>,
    /// Roles that have to sign it, each another person.
    signed_by: Vec<String>,
    /// Signatures that are missing for a step that was taken.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
    /// What must hold, as the pack's conditions are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<String>,
    /// The same in plain words, where the pack has them.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<Says>,
    /// The forms that it looks at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    forms: Vec<StepForm>,
    /// Its condition does not hold today by what is known.
    unmet: bool,
    /// The first day, of the fortnight from tomorrow on, on which it holds if nothing else is filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    holds_from: Option<String>,
    may_override: bool,
    /// It is taken with the receipt of whoever has received her outside the territory, in words.
    outside: bool,
}

#[derive(Serialize, ToSchema)]
struct StepForm {
    form: Named,
    /// It was filled in about whom the case is about, and is kept; where the step asks for it anew, since then.
    filled: bool,
    /// It asks for pictures, which only a phone takes.
    pictures: bool,
}

#[derive(Serialize, ToSchema)]
struct Says {
    zh: String,
    en: String,
}

#[derive(Serialize, ToSchema)]
struct Due {
    task: String,
    /// As of a task in a list.
    kind: &'static str,
    of: Named,
    owner: String,
    climbs_to: Vec<String>,
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    remind_at: String,
    #[schema(format = DateTime)]
    due: String,
    /// Of a limit in days.
    #[serde(skip_serializing_if = "Option::is_none")]
    days: Option<Days>,
}

/// Which day of how many it is: the first day is day 1.
#[derive(Serialize, ToSchema)]
struct Days {
    day: i32,
    of: i32,
    /// The day with whose beginning they are over.
    #[schema(format = Date)]
    until: String,
}

fn days_of(file: &CaseFile, task: &case::Task, now: i64) -> Option<Days> {
    let limit = match &task.what {
        What::Leave { state } => &file.pathway()?.state(state)?.duty.as_ref()?.within,
        What::Wait { .. } | What::Sign { .. } | What::HandOver | What::Register => return None,
        What::Release { restriction } => {
            let held = file.programme.manifest.restrictions.iter();
            let held = held.into_iter().find(|held| held.code.value == *restriction)?;
            &held.ends_after.as_ref()?.value
        }
    };
    (file.programme.parameters.get(limit)?.unit == Unit::Days).then(|| {
        let day = |at: jiff::Timestamp| day_of(at.as_millisecond());
        let (first, last) = (day(task.since), day(task.due));
        Days { day: day_of(now) - first + 1, of: last - first, until: from_day(last).to_string() }
    })
}

#[derive(Serialize, ToSchema)]
struct CaseReport {
    #[schema(format = DateTime)]
    at: String,
    /// `rule`, `worker`, `department` or `resident`
    source: &'static str,
    /// The rule, and what it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<Named>,
    #[schema(value_type = String, format = "uuid")]
    by: ActorId,
}

#[derive(Serialize, ToSchema)]
struct Event {
    #[schema(format = DateTime)]
    at: String,
    #[schema(value_type = String, format = "uuid")]
    by: ActorId,
    role: String,
    /// `step`, `step_overridden`, `sign`, `offer`, `take`, `ask`, `reply`, or `decline`: of whom it is offered to, or of who offered it
    deed: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    to: Option<ActorId>,
    /// Of a step: `ran`, `overtaken`, `ahead` or `waiting`
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
}

#[derive(Serialize, ToSchema)]
struct Told {
    #[schema(format = DateTime)]
    at: String,
    /// As of a task in a list: what had not been done by when.
    kind: &'static str,
    of: Named,
    role: String,
    #[schema(format = DateTime)]
    due: String,
}

/// A rule, and what it says.
pub(super) fn says(file: &CaseFile, id: &str) -> Named {
    let rule = file.programme.rules.iter().find(|rule| rule.id.value == id);
    Named::of(id, rule.map(|rule| &rule.says))
}

fn outcome(file: &CaseFile, event: &domain::case::Event) -> Option<&'static str> {
    matches!(event.deed, Deed::Step { .. }).then(|| {
        let stamp = stamp_of(event);
        match &file.standing {
            standing if standing.ran.iter().any(|ran| ran.stamp == stamp) => "ran",
            standing if standing.overtaken.contains(&stamp) => "overtaken",
            standing if standing.ahead.contains(&stamp) => "ahead",
            _ => "waiting",
        }
    })
}

fn staff_of(reader: &Reader, control: &Control, file: &CaseFile) -> AppResult<Vec<Staff>> {
    let number = |number: Option<u128>| number.map(|number| Id(number.to_be_bytes()));
    let named = file.events.iter().flat_map(|event| match event.deed {
        Deed::Offer { to } => vec![event.actor, to],
        _ => vec![event.actor],
    });
    let ids: BTreeSet<ActorId> = named
        .chain(file.reports.iter().map(|report| report.actor))
        .chain(
            [file.standing.holder, file.standing.offered, file.standing.asked].into_iter().filter_map(number),
        )
        .chain(match file.case.subject {
            Subject::Worker(worker) => Some(worker),
            _ => None,
        })
        .collect();
    let mut staff = Vec::new();
    for id in ids {
        staff.extend(cases::staff_name(reader, control, id)?.map(|name| Staff { id, name }));
    }
    Ok(staff)
}

fn event_row(file: &CaseFile, event: &domain::case::Event) -> Event {
    let step = |code: &str| {
        let step = file.pathway().and_then(|pathway| pathway.step(code));
        Named::of(code, step.map(|step| &step.name))
    };
    Event {
        at: instant(event.at),
        by: event.actor,
        role: event.role.clone(),
        deed: event.deed.as_str(),
        step: event.deed.step().map(step),
        to: match event.deed {
            Deed::Offer { to } => Some(to),
            _ => None,
        },
        outcome: outcome(file, event),
    }
}

fn case_of(
    reader: &mut Reader,
    control: &Control,
    actor: Actor,
    file: &CaseFile,
    sight: &Sight,
) -> AppResult<Case> {
    let now = now();
    let place = match sight {
        Sight::Sent(area) => *area,
        _ => file.area,
    };
    let roles = cases::roles_at(reader, actor, &file.programme, place)?;
    let staff = staff_of(reader, control, file)?;
    let pathway = file.pathway();
    let state = |code: &str| {
        Named::of(code, pathway.and_then(|pathway| pathway.state(code)).map(|state| &state.name))
    };
    let step =
        |code: &str| Named::of(code, pathway.and_then(|pathway| pathway.step(code)).map(|step| &step.name));
    let standing = &file.standing;
    let ended =
        pathway.and_then(|pathway| pathway.state(&standing.state)).is_none_or(|state| state.duty.is_none());
    let filled = cases::filled_last(reader, file)?;
    let outside = standing.sent().is_some_and(|sent| sent.to.is_none());
    let possible = |step: &&Step| step.from.contains(&standing.state) && (outside || !step.outside);
    let next: Vec<&Step> = pathway.into_iter().flat_map(|own| &own.steps).filter(possible).collect();
    let today = day_of(now);
    let mut unmet: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for step in &next {
        let guard = guard_of(reader, file, step, now)?;
        if let Some(from) = guard.map(|guard| guard.holds_from)
            && from != Some(from_day(today).to_string())
        {
            unmet.insert(&step.code.value, from);
        }
    }
    let next = next.into_iter().map(|next| NextStep {
        step: step(&next.code.value),
        to: state(&next.to),
        by: next.by.clone(),
        signed_by: next.signed_by.clone(),
        missing: standing.waiting.get(&next.code.value).cloned().unwrap_or_default(),
        condition: next.guard.as_ref().map(|guard| guard.text.value.clone()),
        says: next.says.as_ref().map(|says| {
            let text = |language| says.get(language).unwrap_or_default().to_owned();
            Says { zh: text("zh"), en: text("en") }
        }),
        forms: cases::forms_of(file, next)
            .into_iter()
            .map(|form| StepForm {
                form: Named {
                    code: form.code.value.clone(),
                    zh: form.title.clone(),
                    en: form.title_en.clone().unwrap_or_else(|| form.title.clone()),
                },
                filled: {
                    let holds = !unmet.contains_key(next.code.value.as_str());
                    cases::is_there(file, next, filled.get(&form.code.value).copied(), holds)
                },
                pictures: form.fields.iter().any(|field| field.question.answer == Answer::File),
            })
            .collect(),
        unmet: unmet.contains_key(next.code.value.as_str()),
        holds_from: unmet.get(next.code.value.as_str()).cloned().flatten(),
        may_override: next.may_override,
        outside: next.outside,
    });
    // Who has left holds nothing: it is the role's again.
    let mut person = |number: Option<u128>| -> AppResult<Option<ActorId>> {
        let Some(who) = number.map(|number| Id(number.to_be_bytes())) else { return Ok(None) };
        Ok(cases::still_acts(reader, who, (&file.programme, file.area))?.then_some(who))
    };
    let (holder, offered) = (person(standing.holder)?, person(standing.offered)?);
    let lessons = if standing.ran.is_empty() && !ended {
        let rules: Vec<&str> = file.reports.iter().filter_map(|report| report.rule.as_deref()).collect();
        let kind = (file.case.programme.as_str(), file.case.pathway.as_str());
        let found = lessons::like(reader, kind, &rules, LESSONS)?;
        found.into_iter().map(|found| lesson_row(&file.programme.pathways, found)).collect()
    } else {
        Vec::new()
    };
    let asked_in_words = reader.asked_in_words(file)?;
    let sent_to = cases::sent_to(reader, file);
    let mut answers_in = None;
    if let Some(to) = sent_to {
        let own = Id::of_area(reader.book().areas.code(to));
        let there = cases::roles_at(reader, actor, &file.programme, to)?;
        answers_in = cases::may_pass(file, actor.id, &there, &Deed::Receive { area: own })
            .then(|| CaseArea::of(reader, to));
    }
    let sends_outside = pathway.is_some_and(|own| own.steps.iter().any(|step| step.outside));
    // Whether there is a place to which it can go is told when one is chosen.
    let somewhere = pathway.and_then(|own| own.hand_over.as_ref());
    let may_send = !ended && somewhere.is_some_and(|own| own.by.iter().any(|by| roles.contains(by)));
    let may_recall = !ended && cases::may_pass(file, actor.id, &roles, &Deed::Recall);
    let may_register =
        standing.unregistered && somewhere.is_some_and(|own| roles.contains(&own.received_by)) && !ended;
    let whole = Case {
        case: file.id,
        programme: file.case.programme.clone(),
        version: file.case.version.clone(),
        pathway: Named::of(&file.case.pathway, pathway.map(|pathway| &pathway.name)),
        about: About::of_case(reader, (file.case.subject, file.case.dwelling), file.area)?,
        opened_at: instant(file.case.opened_at),
        path: pathway
            .into_iter()
            .flat_map(|pathway| &pathway.states)
            .map(|own| state(&own.code.value))
            .collect(),
        state: state(&standing.state),
        ended,
        since: instant(standing.since.as_millisecond()),
        turn: standing.ran.len() as u64,
        next: next.collect(),
        tasks: reader
            .tasks_of(file)
            .into_iter()
            .map(|(task, due)| {
                let ((kind, of), days) =
                    (what_of(&file.programme, &file.case.pathway, &task), days_of(file, &due, now));
                let since = instant(due.since.as_millisecond());
                (task, kind, of, days, since, due)
            })
            .map(|(task, kind, of, days, since, due)| Due {
                task,
                kind,
                of,
                days,
                since,
                owner: due.owner,
                climbs_to: due.climbs_to,
                remind_at: instant(due.remind_at.as_millisecond()),
                due: instant(due.due.as_millisecond()),
            })
            .collect(),
        reports: file
            .reports
            .iter()
            .map(|report| CaseReport {
                at: instant(report.at),
                source: report.source.as_str(),
                rule: report.rule.as_ref().map(|id| says(file, id)),
                by: report.actor,
            })
            .collect(),
        events: file.events.iter().map(|event| event_row(file, event)).collect(),
        told: file
            .climbs
            .iter()
            .map(|climb| {
                let (kind, of) = what_of(&file.programme, &file.case.pathway, &climb.task);
                let (at, due) = (instant(climb.at), instant(climb.due));
                Told { at, kind, of, role: climb.role.clone(), due }
            })
            .collect(),
        may_offer: !ended && cases::may_pass(file, actor.id, &roles, &Deed::Offer { to: actor.id }),
        may_take: !ended && holder != Some(actor.id) && cases::may_pass(file, actor.id, &roles, &Deed::Take),
        may_ask: !ended
            && cases::is_late(reader, file, now)
            && cases::may_pass(file, actor.id, &roles, &Deed::Ask),
        may_reply: !ended && cases::may_pass(file, actor.id, &roles, &Deed::Reply),
        asked: standing.asked.map(|number| Id(number.to_be_bytes())),
        asked_in_words,
        holder,
        offered,
        roles,
        staff,
        lessons,
        seen: "whole",
        passages: passages_of(reader, file, &Sight::Whole),
        moving: standing.moving_since.is_some(),
        answers_in,
        may_send,
        may_recall,
        sends_outside,
        may_register,
    };
    match sight {
        Sight::Whole => Ok(whole),
        part => case_in_part(reader, control, whole, file, part),
    }
}

/// A case with its path, every step with who took it and when, and what is due.
#[utoipa::path(
    get, path = "/v1/cases/{id}", tag = "cases", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Case), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn case(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<CaseId>,
) -> Result<Json<Case>, Problem> {
    caller.may(Action::ReadCases, Scope::Own)?;
    let actor = actor(&caller);
    let control = Arc::clone(&site.control);
    let found = site
        .territory
        .read(move |reader| match reader.case_file(id)? {
            Some(file) => match cases::sight(reader, actor, &file)? {
                Some(sight) => case_of(reader, &control, actor, &file, &sight).map(Some),
                None => Ok(None),
            },
            None => Ok(None),
        })
        .await?;
    found.map(Json).ok_or_else(|| cases::unknown_case().into())
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCase {
    programme: String,
    pathway: String,
    /// Without it, it is about the household or the place behind the door.
    #[schema(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    #[schema(value_type = Option<String>, format = "uuid")]
    dwelling: Option<DwellingId>,
    /// The code of the area that it is about, in the place of a door.
    area: Option<String>,
    /// The worker that it is about, in the place of a door.
    #[schema(value_type = Option<String>, format = "uuid")]
    worker: Option<ActorId>,
    /// `worker`, `department` or `resident`
    source: String,
    /// What is said of it.
    text: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Opened {
    /// It was open already.
    joined: bool,
    /// The case that was opened, or the one that was open and has a reporter more.
    #[schema(value_type = String, format = "uuid")]
    case: CaseId,
}

/// What a request says that it is about: someone or the household behind a door, an area, or a worker.
struct Of<'r> {
    person: Option<PersonId>,
    dwelling: Option<DwellingId>,
    area: Option<&'r str>,
    worker: Option<ActorId>,
}

/// Whom or what a request is about, at which door, and in which area, if the caller may do this there.
async fn holds(
    site: &Site,
    caller: &Caller,
    action: Action,
    of: Of<'_>,
) -> Result<(Subject, DwellingId, AreaNumber), Problem> {
    caller.may(action, Scope::Own)?;
    match of {
        Of { person, dwelling: Some(dwelling), area: None, worker: None } => {
            let subject = person.map_or(Subject::Dwelling(dwelling), Subject::Person);
            let asker = caller.clone();
            let area = site
                .territory
                .read(move |reader| {
                    let held = super::scope::holds_door(reader, &asker, action, dwelling)?;
                    Ok(if held { reader.area_of(dwelling)? } else { None })
                })
                .await?;
            area.map(|area| (subject, dwelling, area)).ok_or_else(no_dwelling)
        }
        Of { person: None, dwelling: None, area: Some(code), worker: None } => {
            let area = super::scope::area(caller, action, Some(code), "area")?;
            let id = Id::of_area(code);
            Ok((Subject::Area(id), id, area))
        }
        Of { person: None, dwelling: None, area: None, worker: Some(worker) } => {
            let (own, grant) = (caller.actor() == worker, caller.grant);
            let place = site
                .territory
                .read(move |reader| {
                    let area = cases::right_of(reader, worker)?.map(|right| right.area);
                    let areas = &reader.book().areas;
                    let area = area.filter(|area| own || areas.is_within(*area, grant.area));
                    Ok(area.map(|area| (area, Id::of_area(areas.code(area)))))
                })
                .await?;
            let (area, id) = place.ok_or_else(no_worker)?;
            Ok((Subject::Worker(worker), id, area))
        }
        _ => Err(Problem::field(
            "dwelling",
            "about_what",
            "请写明 dwelling（关于某人时再加 person），或只写 area，或只写 worker",
            "say which dwelling it is about, with person if it is about someone; or which area or worker, and nothing else",
        )),
    }
}

#[derive(Serialize, ToSchema)]
struct Hands {
    hands: Vec<Hand>,
}

/// Someone to whom a case can be offered.
#[derive(Serialize, ToSchema)]
struct Hand {
    #[schema(value_type = String, format = "uuid")]
    id: ActorId,
    name: String,
    roles: Vec<String>,
    /// Where she works.
    area_name: String,
    /// The first eight signs of her phone's number, unless she works at the console: two of one name and area differ in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

/// To whom a case can be offered: everyone who can do something about it as it stands, where it is, but the caller.
#[utoipa::path(
    get, path = "/v1/cases/{id}/hands", tag = "cases", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = Hands), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn hands(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<CaseId>,
) -> Result<Json<Hands>, Problem> {
    caller.may(Action::ActOnCases, Scope::Own)?;
    let (actor, control) = (actor(&caller), Arc::clone(&site.control));
    let found = site
        .territory
        .read(move |reader| match reader.case_file(id)? {
            Some(file) if cases::may_see(reader, actor, &file)? => {
                let hands = cases::hands(reader, &control, &file)?;
                let areas = &reader.book().areas;
                let others = hands.into_iter().filter(|hand| hand.who.id != actor.id);
                let told = others.map(|cases::Hand { who, roles }| Hand {
                    id: who.id,
                    name: who.name,
                    roles,
                    area_name: areas.get(who.grant.area).map(|area| area.name.clone()).unwrap_or_default(),
                    phone: who.phone.map(shown),
                });
                Ok(Some(told.collect()))
            }
            _ => Ok(None),
        })
        .await?;
    Ok(Json(Hands { hands: found.ok_or_else(cases::unknown_case)? }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PlacesQuery {
    /// A part of the name or the code.
    find: String,
}

#[derive(Serialize, ToSchema)]
struct SendPlaces {
    /// Twenty at most.
    places: Vec<SendPlace>,
}

#[derive(Serialize, ToSchema)]
struct SendPlace {
    area_code: String,
    area_name: String,
    /// In which area it lies.
    within: String,
}

/// To which communities and villages of the territory a case can be sent, by a part of their name or code.
#[utoipa::path(
    get, path = "/v1/cases/{id}/places", tag = "cases", params(("id" = String, Path, format = "uuid"), PlacesQuery),
    responses((status = 200, body = SendPlaces), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn places(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<CaseId>,
    Query(query): Query<PlacesQuery>,
) -> Result<Json<SendPlaces>, Problem> {
    caller.may(Action::ActOnCases, Scope::Own)?;
    let actor = actor(&caller);
    let found = site
        .territory
        .read(move |reader| {
            let Some(file) = reader.case_file(id)? else { return Ok(None) };
            if !cases::may_see(reader, actor, &file)? {
                return Ok(None);
            }
            let find = query.find.trim().to_lowercase();
            let areas = &reader.book().areas;
            let fits = |area: &Area| area.name.to_lowercase().contains(&find) || area.code.contains(&find);
            let places = areas.subtree(0).into_iter().filter(|number| Some(number) != file.owners.last());
            let places = places.filter_map(|number| areas.get(number));
            let places = places.filter(|area| area.level == Level::Community && fits(area)).take(PLACES);
            let above = |area: &Area| area.parent.and_then(|above| areas.get(above));
            let places = places.map(|area| SendPlace {
                area_code: area.code.clone(),
                area_name: area.name.clone(),
                within: above(area).map(|area| area.name.clone()).unwrap_or_default(),
            });
            Ok(Some(places.collect()))
        })
        .await?;
    Ok(Json(SendPlaces { places: found.ok_or_else(cases::unknown_case)? }))
}

/// Report a case. The same problem reported again is one case with another reporter.
#[utoipa::path(
    post, path = "/v1/cases", tag = "cases", request_body = NewCase,
    responses((status = 201, body = Opened), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn report(
    State(site): State<Site>,
    caller: Caller,
    Json(new): Json<NewCase>,
) -> Result<(StatusCode, Json<Opened>), Problem> {
    let of = Of { person: new.person, dwelling: new.dwelling, area: new.area.as_deref(), worker: new.worker };
    let (subject, dwelling, _) = holds(&site, &caller, Action::ActOnCases, of).await?;
    let source = Source::from_name(&new.source).filter(|source| *source != Source::Rule);
    let source = source.ok_or_else(|| {
        Problem::field(
            "source",
            "unknown_source",
            "来源应为 worker、department 或 resident",
            "a source is worker, department or resident",
        )
    })?;
    let actor = caller.actor();
    let (case, joined) = site
        .territory
        .write(move |store, now| {
            let NewCase { programme, pathway, text, .. } = &new;
            let text = text.as_deref();
            let reporting = Reporting { programme, pathway, subject, dwelling, source, text };
            cases::report(store, actor, &reporting, now)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(Opened { joined, case })))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDeed {
    /// `step`, `step_overridden`, `sign`, `offer`, `take`, `decline`, `ask` what holds what is late, or `reply` to that; of someone who
    /// moves `send` the case to where she goes, `receive` or `refuse` it there, or `recall` it
    deed: String,
    /// The caller's role of the programme in which she does it.
    role: String,
    /// How many steps had run when she decided it: 409 `case_moved` if it is not so any more.
    turn: u64,
    /// Of `step`, `step_overridden` and `sign`.
    step: Option<String>,
    /// Of `offer`: to whom.
    #[schema(value_type = Option<String>, format = "uuid")]
    to: Option<ActorId>,
    /// The code of an area: of `send` to which community or village, none if she leaves the territory; of `receive` and `refuse` in which.
    area: Option<String>,
    /// Why; a step against its condition is not taken without, nor is a case refused; of a step that writes down a receipt from outside
    /// the territory it is that. Of `ask` what is asked, of `reply` the answer, which must be there.
    why: Option<String>,
}

fn deed_of(new: &NewDeed) -> Option<Deed> {
    let step = || new.step.clone();
    Some(match new.deed.as_str() {
        "step" => Deed::Step { step: step()?, overridden: false, counted_from: None },
        "step_overridden" => Deed::Step { step: step()?, overridden: true, counted_from: None },
        "sign" => Deed::Sign { step: step()? },
        "offer" => Deed::Offer { to: new.to? },
        "take" => Deed::Take,
        "decline" => Deed::Decline,
        "ask" => Deed::Ask,
        "reply" => Deed::Reply,
        "send" => Deed::Send { to: new.area.as_deref().map(Id::of_area) },
        "receive" => Deed::Receive { area: Id::of_area(new.area.as_deref()?) },
        "refuse" => Deed::Refuse { area: Id::of_area(new.area.as_deref()?) },
        "recall" => Deed::Recall,
        _ => return None,
    })
}

/// Take a step of a case, sign one, offer the case to someone, take it over, decline it, ask what holds it, answer that, or hand it
/// over to where whom it is about moves.
#[utoipa::path(
    post, path = "/v1/cases/{id}/deeds", tag = "cases", request_body = NewDeed,
    params(("id" = String, Path, format = "uuid")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem))
)]
async fn act(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<CaseId>,
    Json(new): Json<NewDeed>,
) -> Result<StatusCode, Problem> {
    caller.may(Action::ActOnCases, Scope::Own)?;
    let deed = deed_of(&new).ok_or_else(|| {
        Problem::field(
            "deed",
            "unknown_deed",
            "deed 应为 step、step_overridden、sign（都要有 step）、offer（要有 to）、take、decline、ask、reply、send、receive、refuse（都要有 area）或 recall",
            "a deed is step, step_overridden, sign (each with its step), offer (with to), take, decline, ask, reply, send, receive, refuse (each with its area) or recall",
        )
    })?;
    let actor = actor(&caller);
    site.territory
        .write(move |store, now| {
            let acting = Acting { case: id, role: &new.role, turn: new.turn, deed, why: new.why.as_deref() };
            cases::act(store, actor, &acting, now)
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TypedForm {
    programme: String,
    form: String,
    /// Without it, it is about the household or the place behind the door.
    #[schema(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    #[schema(value_type = Option<String>, format = "uuid")]
    dwelling: Option<DwellingId>,
    /// The code of the area that it is about, in the place of a door.
    area: Option<String>,
    /// The worker that it is about, in the place of a door.
    #[schema(value_type = Option<String>, format = "uuid")]
    worker: Option<ActorId>,
    #[schema(value_type = Option<String>, format = "uuid")]
    case: Option<CaseId>,
    /// The day on which it was filled in; today unless given.
    #[schema(format = Date)]
    on: Option<String>,
    /// By the names of the questions: a text, a number, or a list for several choices. Days are texts such as 2020-03-10.
    #[schema(value_type = Object)]
    answers: BTreeMap<String, Value>,
}

fn given(value: &Value) -> Option<Given> {
    Some(match value {
        Value::String(text) => Given::Text(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Given::Whole(whole),
            None => Given::Decimal(number.as_f64()?),
        },
        Value::Array(items) => Given::List(items.iter().map(given).collect::<Option<_>>()?),
        _ => return None,
    })
}

pub(super) fn given_all(answers: &BTreeMap<String, Value>) -> Result<BTreeMap<String, Given>, Problem> {
    answers
        .iter()
        .map(|(name, value)| {
            let given = given(value).ok_or_else(|| {
                Problem::field(
                    format!("answers.{name}"),
                    "not_an_answer",
                    "答案应为文字、数字或列表",
                    "an answer is a text, a number or a list",
                )
            })?;
            Ok((name.clone(), given))
        })
        .collect()
}

/// Type in a form that was filled in. The answers are held to the form and sealed to whom they are about.
#[utoipa::path(
    post, path = "/v1/answers", tag = "cases", request_body = TypedForm,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, description = "`answer_misfit`: `fields` names each answer that does not fit", body = Problem))
)]
async fn answer(
    State(site): State<Site>,
    caller: Caller,
    Json(new): Json<TypedForm>,
) -> Result<StatusCode, Problem> {
    let types_all = caller.may(Action::FillInForms, Scope::Own).is_ok();
    let action = if types_all { Action::FillInForms } else { Action::FillInOwnForms };
    let of = Of { person: new.person, dwelling: new.dwelling, area: new.area.as_deref(), worker: new.worker };
    let (subject, dwelling, area) = holds(&site, &caller, action, of).await?;
    let answers = given_all(&new.answers)?;
    let on = match new.on.as_deref() {
        None => day_of(now()),
        Some(text) => to_day(parse_date(text).map_err(|_| {
            Problem::field(
                "on",
                "not_a_date",
                "应为日期，如 2020-03-10",
                "a day such as 2020-03-10 was expected",
            )
        })?),
    };
    // Of workers nobody types what others filled in.
    if !types_all || matches!(subject, Subject::Worker(_)) {
        let actor = actor(&caller);
        let (programme, form) = (new.programme.clone(), new.form.clone());
        let hers = site
            .territory
            .read(move |reader| cases::fills_in(reader, actor, (&programme, &form, on), area))
            .await?;
        if !hers {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "not_in_role",
                "这张表由别的角色填写",
                "another role fills in this form",
            ));
        }
    }
    let actor = caller.actor();
    let filled = site
        .territory
        .write(move |store, now| {
            let typed = Typed {
                subject,
                dwelling,
                case: new.case,
                programme: &new.programme,
                form: &new.form,
                on,
                answers: &answers,
            };
            cases::fill_in(store, actor, &typed, now)
        })
        .await?;
    match filled {
        FilledIn::Done => Ok(StatusCode::NO_CONTENT),
        FilledIn::Misfits(misfits) => Err(misfit(&misfits)),
    }
}

/// Each answer that does not fit, by its name.
pub(super) fn misfit(misfits: &[Finding]) -> Problem {
    let fields: Vec<Value> = misfits
        .iter()
        .map(|misfit| {
            serde_json::json!({
                "field": misfit.place.file, "code": misfit.code,
                "detail": misfit.text.zh, "detail_en": misfit.text.en,
            })
        })
        .collect();
    let first = misfits.first().map(|misfit| misfit.place.file.clone()).unwrap_or_default();
    Problem::field(
        format!("answers.{first}"),
        "answer_misfit",
        "有答案与表单不符，没有写入",
        "an answer does not fit its form; nothing was written",
    )
    .with("fields", fields)
}
