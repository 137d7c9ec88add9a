//! What a phone is told of what is due from its worker: enough to do it without a signal.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use domain::case::Subject;
use domain::id::{ActorId, CaseId, Id, SeriesId};
use domain::time::{Day, Millis, day_of, end_of, from_day, minute_of};
use programme::Programme;
use programme::pathway::Step;
use serde::Serialize;
use store::cases::{CaseFile, DueTask, RoleIn, holds_on};
use store::packs::if_readable;
use store::{Control, Reader};
use utoipa::ToSchema;

use super::cases::{About, Named, says, what_of};
use super::extract::Standing;
use super::wire::instant;
use crate::app::cases::{self, Actor};
use crate::app::failure::Result;

/// Tasks that a phone is told at most, the soonest due first.
const TASKS: usize = 1000;
/// For how many days ahead: as long as a phone may well be without a signal.
const AHEAD: i32 = 14;
/// How much of a phone's number is shown.
const SHOWN: usize = 8;

/// Everything that is due from a worker.
#[derive(Serialize, ToSchema)]
pub struct MyTasks {
    /// Opaque: the `tasks` of the next pull.
    known: String,
    roles: Vec<CaseRole>,
    /// To whom she can offer a case: whose phones cover the same doors.
    colleagues: Vec<Colleague>,
    /// Of whom the rows speak besides, by name: whose phone was revoked, or who acts at a console.
    others: Vec<Colleague>,
    /// The number on the slips of where she works, printed there last: whoever answers it can be asked about any case.
    #[serde(skip_serializing_if = "Option::is_none")]
    office_phone: Option<String>,
    /// The soonest due first.
    rows: Vec<MyTask>,
}

/// A role of a programme that the worker has.
#[derive(Serialize, ToSchema)]
struct CaseRole {
    programme: String,
    role: Named,
    area_code: String,
}

#[derive(Serialize, ToSchema)]
struct Colleague {
    #[schema(value_type = String, format = "uuid")]
    worker: ActorId,
    name: String,
    /// Where her phone was enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    area_name: Option<String>,
    /// The first eight signs of her phone's number, as it shows them itself: two of one name and area differ in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl Colleague {
    /// Of whom no more than the name is told.
    fn named(worker: ActorId, name: String) -> Self {
        Self { worker, name, area_name: None, phone: None }
    }
}

/// A task, with the steps that the worker may take from where its case stands.
#[derive(Serialize, ToSchema)]
struct MyTask {
    #[schema(value_type = String, format = "uuid")]
    case: CaseId,
    /// `leave:<state>`, `wait:<state>`, `release:<restriction>` or `sign:<step>`
    task: String,
    programme: String,
    version: String,
    pathway: Named,
    state: Named,
    /// `leave`, `wait`, `release` or `sign`
    kind: &'static str,
    of: Named,
    role: String,
    /// The role that answers for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Named>,
    /// To whom it climbs if it is not done in time, one after the other.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    climbs_to: Vec<Named>,
    /// It is another role's and has climbed to this one.
    climbed: bool,
    #[schema(format = DateTime)]
    since: String,
    #[schema(format = DateTime)]
    remind_at: String,
    #[schema(format = DateTime)]
    due: String,
    /// How many steps have run: whoever takes the next one says it back.
    turn: u64,
    /// The numbers, in this phone's series, of steps that another's ran before: they changed nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    overtaken: Vec<u64>,
    /// The first day that the state counts, where a form says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    counted_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    holder: Option<ActorId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    offered: Option<ActorId>,
    /// Who offered it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    offered_by: Option<ActorId>,
    /// Who asked what holds it, if nobody has answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    asked: Option<ActorId>,
    /// Whether words were given with that: they are read with why.
    asked_in_words: bool,
    /// Who declined it last, if it was not offered anew since.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    declined_by: Option<ActorId>,
    /// What the rule says that reported the case.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Named>,
    /// When it was reported first.
    #[schema(format = DateTime)]
    reported_at: String,
    /// By what or whom: `rule`, `worker`, `department` or `resident`.
    source: &'static str,
    about: About,
    steps: Vec<MyStep>,
    /// What others do from here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    of_others: Vec<OthersStep>,
}

/// A step that is not the worker's.
#[derive(Serialize, ToSchema)]
struct OthersStep {
    step: Named,
    /// Any of whom takes it, or, where it was taken, each of whom has to sign it.
    by: Vec<Named>,
    /// It was taken, and waits for their signatures.
    signed: bool,
}

#[derive(Serialize, ToSchema)]
struct MyStep {
    /// `step`, or `sign` where someone else took it and it waits for the worker's signature
    deed: &'static str,
    step: Named,
    to: Named,
    role: String,
    /// Roles of which someone else has to sign it.
    signed_by: Vec<Named>,
    /// The forms that its condition looks at.
    forms: Vec<String>,
    /// Those of them that nobody has filled in: until then its condition does not hold.
    missing_forms: Vec<String>,
    /// Its condition; none if it has none, or waits for a signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    guard: Option<StepGuard>,
    /// Its condition may be passed over, with a reason.
    may_override: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    counted_from: Option<CountedFrom>,
}

/// What must hold for a step.
#[derive(Serialize, ToSchema)]
pub(super) struct StepGuard {
    /// In plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    says: Option<Named>,
    /// The first day, from today to a fortnight on, on which it holds by the answers that the server has.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    pub(super) holds_from: Option<String>,
}

/// The question whose answer is the day from which the state after a step counts.
#[derive(Serialize, ToSchema)]
struct CountedFrom {
    form: String,
    field: String,
    /// The answer as the server knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    day: Option<String>,
}

/// What is due from a worker; none if it is what the phone says that it knows.
///
/// # Errors
/// Those of the storage.
pub fn my_tasks(
    reader: &mut Reader,
    control: &Control,
    (actor, series): (Actor, SeriesId),
    now: Millis,
    known: &str,
) -> Result<Option<MyTasks>> {
    let today = day_of(now);
    let roles = cases::roles_of(reader, actor, today)?;
    let due = reader.due_tasks(&roles, now, end_of(today + AHEAD), TASKS)?;
    let mut colleagues: Vec<Colleague> = Vec::new();
    for (series, device) in reader.phones_over(actor.grant.area)? {
        let known = colleagues.iter().any(|known| known.worker == device.worker);
        if device.worker == actor.id || known || Standing::of(&device, now) != Standing::Good {
            continue;
        }
        let name = control.phone(series)?.map(|phone| phone.worker_name).unwrap_or_default();
        let area_name = reader.book().areas.get(device.area).map(|area| area.name.clone());
        colleagues.push(Colleague { worker: device.worker, name, area_name, phone: Some(shown(series)) });
    }
    let tag = tag((today, hours_passed(reader, &roles, now)?), &roles, &due, &colleagues);
    if tag == known {
        return Ok(None);
    }
    let mut rows = Vec::with_capacity(due.len());
    let mut others: Vec<Colleague> = Vec::new();
    for task in &due {
        if let Some(file) = if_readable(reader.case_file(task.case))? {
            let row = row(reader, series, now, &roles, task, &file)?;
            for worker in
                [row.holder, row.offered, row.offered_by, row.declined_by, row.asked].into_iter().flatten()
            {
                let told = worker == actor.id
                    || colleagues.iter().chain(&others).any(|known| known.worker == worker);
                if !told && let Some(name) = cases::staff_name(reader, control, worker)? {
                    others.push(Colleague::named(worker, name));
                }
            }
            rows.push(row);
        }
    }
    let mut named = Vec::with_capacity(roles.len());
    for role in roles {
        let programme =
            match reader.book().edition_on(&role.programme, today).map(|edition| edition.version.clone()) {
                Some(version) => if_readable(reader.programme(&role.programme, &version))?,
                None => None,
            };
        named.push(CaseRole {
            area_code: reader.book().areas.code(role.area).to_owned(),
            role: match programme {
                Some(programme) => role_of(&programme, &role.role),
                None => Named::of(&role.role, None),
            },
            programme: role.programme,
        });
    }
    let office_phone = match reader.newest_slip(actor.grant.area)? {
        Some(slip) => control.office_phone(slip)?,
        None => None,
    };
    Ok(Some(MyTasks { known: tag, roles: named, colleagues, others, office_phone, rows }))
}

/// Whether something of a case is due from a worker, and nobody else has it in hand.
///
/// # Errors
/// Those of the storage.
pub fn is_hers(reader: &mut Reader, actor: Actor, case: CaseId, now: Millis) -> Result<bool> {
    let today = day_of(now);
    let roles = cases::roles_of(reader, actor, today)?;
    let due = reader.due_tasks(&roles, now, end_of(today + AHEAD), TASKS)?;
    Ok(due.iter().any(|task| task.case == case && task.holder.is_none_or(|holder| holder == actor.id)))
}

/// A phone's number as far as anyone is shown it.
pub fn shown(phone: SeriesId) -> String {
    phone.to_string().chars().take(SHOWN).collect()
}

/// How many of the hours that conditions of steps name have come today.
fn hours_passed(reader: &mut Reader, roles: &[RoleIn], now: Millis) -> Result<usize> {
    let (today, minute) = (day_of(now), minute_of(now));
    let mut passed = 0;
    for role in roles {
        let edition = reader.book().edition_on(&role.programme, today);
        let Some(version) = edition.map(|edition| edition.version.clone()) else { continue };
        let Some(programme) = if_readable(reader.programme(&role.programme, &version))? else { continue };
        let parameters = programme.parameters.on(reader.book().areas.code(role.area), from_day(today));
        let steps = programme.pathways.iter().flat_map(|pathway| &pathway.steps);
        let hours =
            steps.filter_map(|step| step.guard.as_ref()).flat_map(|guard| guard.hours_by(&parameters));
        passed += hours.filter(|hour| *hour <= minute).count();
    }
    Ok(passed)
}

/// Changes when anything does that a phone is told, and each day and at each of those hours, since conditions hold by them.
fn tag(today: (Day, usize), roles: &[RoleIn], due: &[DueTask], colleagues: &[Colleague]) -> String {
    let mut hasher = DefaultHasher::new();
    (today, roles, due).hash(&mut hasher);
    for Colleague { worker, name, area_name, phone } in colleagues {
        (worker, name, area_name, phone).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

fn row(
    reader: &mut Reader,
    series: SeriesId,
    now: Millis,
    roles: &[RoleIn],
    task: &DueTask,
    file: &CaseFile,
) -> Result<MyTask> {
    let pathway = file.pathway();
    let state = |code: &str| Named::of(code, pathway.and_then(|pathway| Some(&pathway.state(code)?.name)));
    let (kind, of) = what_of(&file.programme, &task.pathway, &task.task);
    let own = u128::from_be_bytes(series.0);
    let overtaken = file.standing.overtaken.iter().filter(|stamp| stamp.series == own);
    let filled = cases::filled_last(reader, file)?;
    let person = |number: Option<u128>| number.map(|number| Id(number.to_be_bytes()));
    let (mut steps, mut of_others) = (Vec::new(), Vec::new());
    for step in pathway.into_iter().flat_map(|pathway| &pathway.steps) {
        if !step.from.contains(&task.state) {
            continue;
        }
        let signatures = file.standing.waiting.get(&step.code.value);
        let taken = |wanted: &[String]| {
            let areas = &reader.book().areas;
            let mine = |role: &&RoleIn| {
                role.programme == task.programme
                    && wanted.contains(&role.role)
                    && areas.is_within(task.area, role.area)
            };
            roles.iter().find(mine).map(|role| role.role.clone())
        };
        let by = match signatures {
            Some(missing) => taken(missing).map(|role| ("sign", role)),
            None => taken(&step.by).map(|role| ("step", role)),
        };
        if by.is_none() {
            let by = signatures.unwrap_or(&step.by);
            of_others.push(OthersStep {
                step: Named::of(&step.code.value, Some(&step.name)),
                by: by.iter().map(|code| role_of(&file.programme, code)).collect(),
                signed: signatures.is_some(),
            });
        }
        if let Some((deed, role)) = by {
            let forms: Vec<String> =
                cases::forms_of(file, step).iter().map(|form| form.code.value.clone()).collect();
            let guard = guard_of(reader, file, step, now)?;
            let today = Some(from_day(day_of(now)).to_string());
            let holds = guard.as_ref().is_none_or(|guard| guard.holds_from == today);
            let is_there = |form: &&String| cases::is_there(file, step, filled.get(*form).copied(), holds);
            steps.push(MyStep {
                deed,
                step: Named::of(&step.code.value, Some(&step.name)),
                to: state(&step.to),
                role,
                signed_by: step.signed_by.iter().map(|code| role_of(&file.programme, code)).collect(),
                missing_forms: forms.iter().filter(|form| !is_there(form)).cloned().collect(),
                forms,
                guard: guard.filter(|_| signatures.is_none()),
                // A reason is sealed to whom the case is about, and a phone speaks of people and doors.
                may_override: signatures.is_none()
                    && step.guard.is_some()
                    && step.may_override
                    && matches!(file.case.subject, Subject::Person(_) | Subject::Dwelling(_)),
                counted_from: counted_from(reader, file, step)?,
            });
        }
    }
    let due = reader.tasks_of(file).into_iter().find(|(code, _)| *code == task.task).map(|(_, due)| due);
    let first = file.reports.first();
    Ok(MyTask {
        case: task.case,
        task: task.task.clone(),
        programme: task.programme.clone(),
        version: file.case.version.clone(),
        pathway: Named::of(&task.pathway, pathway.map(|pathway| &pathway.name)),
        state: state(&task.state),
        kind,
        of,
        role: task.role.clone(),
        owner: due.as_ref().map(|due| role_of(&file.programme, &due.owner)),
        climbs_to: due
            .iter()
            .flat_map(|due| &due.climbs_to)
            .map(|code| role_of(&file.programme, code))
            .collect(),
        climbed: task.rank > 0,
        since: instant(task.since),
        remind_at: instant(task.remind_at),
        due: instant(task.due),
        turn: task.turn,
        overtaken: overtaken.map(|stamp| stamp.sequence).collect(),
        counted_from: file.standing.counted_from.map(|day| day.to_string()),
        holder: acting(reader, task.holder, file)?,
        offered: acting(reader, task.offered, file)?,
        offered_by: person(file.standing.offered_by),
        declined_by: person(file.standing.declined),
        asked: person(file.standing.asked),
        asked_in_words: reader.asked_in_words(file)?,
        why: file.reports.iter().find_map(|report| Some(says(file, report.rule.as_ref()?))),
        reported_at: instant(first.map_or(file.case.opened_at, |report| report.at)),
        source: first.map_or("", |report| report.source.as_str()),
        about: About::of_case(reader, (file.case.subject, file.case.dwelling), file.area)?,
        steps,
        of_others,
    })
}

/// A role of a programme, by its name.
pub(super) fn role_of(programme: &Programme, code: &str) -> Named {
    let role = programme.manifest.roles.iter().find(|role| role.code.value == code);
    Named::of(code, role.map(|role| &role.name))
}

/// Who has left holds nothing: it is the role's again.
fn acting(reader: &mut Reader, who: Option<ActorId>, file: &CaseFile) -> Result<Option<ActorId>> {
    match who {
        Some(who) if cases::still_acts(reader, who, (&file.programme, file.area))? => Ok(Some(who)),
        _ => Ok(None),
    }
}

pub(super) fn guard_of(
    reader: &mut Reader,
    file: &CaseFile,
    step: &Step,
    now: Millis,
) -> Result<Option<StepGuard>> {
    let Some(guard) = &step.guard else { return Ok(None) };
    let known = reader.known_of(&file.case.programme, file.case.subject)?;
    let area = reader.book().areas.code(file.area).to_owned();
    // Of today as it is now, of a later day as it begins.
    let holds = |day: &Day| {
        let minute = if *day == day_of(now) { minute_of(now) } else { 0 };
        holds_on(&file.programme, guard, (&known, file.moments()), &area, (*day, minute))
    };
    let today = day_of(now);
    Ok(Some(StepGuard {
        says: step.says.as_ref().map(|says| Named::of(&step.code.value, Some(says))),
        holds_from: (today..=today + AHEAD).find(holds).map(|day| from_day(day).to_string()),
    }))
}

fn counted_from(reader: &mut Reader, file: &CaseFile, step: &Step) -> Result<Option<CountedFrom>> {
    let duty = file.pathway().and_then(|pathway| pathway.state(&step.to)?.duty.as_ref());
    let Some((duty, (form, field))) = duty.and_then(|duty| Some((duty, duty.counted_from.clone()?))) else {
        return Ok(None);
    };
    let day = reader.known_of(&file.case.programme, file.case.subject)?.counted_from(duty);
    Ok(Some(CountedFrom { form, field, day: day.map(|day| from_day(day).to_string()) }))
}
