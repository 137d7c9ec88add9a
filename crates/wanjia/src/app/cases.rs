//! Forms and cases at the console: what a clerk types in, who reports a case, who does what about it.

use std::collections::BTreeMap;

use domain::access::Grant;
use domain::admit::holds_role;
use domain::area::{AreaNumber, Level};
use domain::case::{Deed, Source, Subject};
use domain::fact::Body;
use domain::id::{ActorId, CaseId, DwellingId, Id, SeriesId};
use domain::state::{Device, State as _};
use domain::time::{Day, Millis, day_of, from_day};
use programme::answer::{self, Given};
use programme::attachment;
use programme::case::How;
use programme::form::Form;
use programme::pathway::{Pathway, Step};
use programme::{Finding, Programme};
use store::cases::{CaseFile, RoleIn, is_about};
use store::packs::if_readable;
use store::people::PhoneRow;
use store::{Control, Reader, Sealed, Store};

use super::failure::{Failure, Result};
use crate::cli::now;

/// The longest reason for a step, and the longest text of a report, in bytes.
const LONGEST_WHY: usize = 1000;

/// Who acts, and by which right.
#[derive(Clone, Copy, Debug)]
pub struct Actor {
    pub id: ActorId,
    pub grant: Grant,
}

/// A form as a clerk types it in.
#[derive(Debug)]
pub struct Typed<'t> {
    pub subject: Subject,
    pub dwelling: DwellingId,
    pub case: Option<CaseId>,
    pub programme: &'t str,
    pub form: &'t str,
    /// The day on which it was filled in.
    pub on: Day,
    pub answers: &'t BTreeMap<String, Given>,
}

/// What came of a form.
#[derive(Debug)]
pub enum FilledIn {
    Done,
    /// These answers do not fit; nothing was written.
    Misfits(Vec<Finding>),
}

/// The roles in which someone may act, and where: of every programme that is in force, those that her grant names, and
/// those to which she was appointed.
///
/// # Errors
/// Those of the storage.
pub fn roles_of(reader: &mut Reader, actor: Actor, today: Day) -> Result<Vec<RoleIn>> {
    let areas = &reader.book().areas;
    let mut roles = reader.appointments(actor.id)?;
    // What an appointment gives beyond her grant it does not give.
    roles.retain_mut(|role| {
        if areas.is_within(actor.grant.area, role.area) {
            role.area = actor.grant.area;
        }
        areas.is_within(role.area, actor.grant.area)
    });
    let granted = domain::access::Role::from_code(actor.grant.role).map(domain::access::Role::as_str);
    let mut programmes: Vec<String> =
        reader.book().editions.iter().map(|edition| edition.programme.clone()).collect();
    programmes.sort_unstable();
    programmes.dedup();
    for code in programmes {
        // A case goes on under its programme though that is over: its roles are looked for in the newest version.
        let edition = reader.book().edition_on(&code, today);
        let newest = || reader.book().editions.iter().rfind(|edition| edition.programme == code);
        let Some(version) = edition.or_else(newest).map(|edition| edition.version.clone()) else { continue };
        let Some(programme) = if_readable(reader.programme(&code, &version))? else { continue };
        if let Some(granted) = granted
            && programme.manifest.roles.iter().any(|role| role.code.value == granted)
        {
            roles.push(RoleIn { programme: code, role: granted.to_owned(), area: actor.grant.area });
        }
    }
    Ok(roles)
}

/// Whether someone acts in any role of the case's programme where the case is, within her grant; a case of a worker is hers to
/// see, and of the roles that its pathway names.
///
/// # Errors
/// Those of the storage.
pub fn may_see(reader: &mut Reader, actor: Actor, file: &CaseFile) -> Result<bool> {
    let roles = roles_at(reader, actor, &file.programme, file.area)?;
    Ok(sees(actor.id, file.case.subject, file.pathway(), &roles))
}

/// How much of a case someone sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    Whole,
    /// It is sent to this community, for which she receives it: as much as she needs to answer.
    Sent(AreaNumber),
    /// It was that of these communities, where she has a role, and another has received it: that, and nothing since.
    HandedOver(Vec<AreaNumber>),
}

/// How much of a case someone sees; none if she may not know of it.
///
/// # Errors
/// Those of the storage.
pub fn sight(reader: &mut Reader, actor: Actor, file: &CaseFile) -> Result<Option<Sight>> {
    if may_see(reader, actor, file)? {
        return Ok(Some(Sight::Whole));
    }
    if let Some(area) = sent_to(reader, file)
        && let Some(own) = file.pathway().and_then(|pathway| pathway.hand_over.as_ref())
        && receives(reader, actor, file, &own.received_by, area)?
    {
        return Ok(Some(Sight::Sent(area)));
    }
    let mut before = Vec::new();
    for area in file.owners.iter().rev().skip(1).copied() {
        if !roles_at(reader, actor, &file.programme, area)?.is_empty() {
            before.push(area);
        }
    }
    Ok((!before.is_empty()).then_some(Sight::HandedOver(before)))
}

/// The area to which a case is sent and that has not answered.
#[must_use]
pub fn sent_to(reader: &Reader, file: &CaseFile) -> Option<AreaNumber> {
    let to = file.standing.sent()?.to?;
    reader.book().areas.of_id(Id(to.to_be_bytes()))
}

fn receives(
    reader: &mut Reader,
    actor: Actor,
    file: &CaseFile,
    role: &str,
    area: AreaNumber,
) -> Result<bool> {
    Ok(roles_at(reader, actor, &file.programme, area)?.iter().any(|own| own == role))
}

/// What was done about a case as far as someone sees it: where it was handed over, who only gives it or gets it.
#[must_use]
pub fn events_seen<'f>(reader: &Reader, file: &'f CaseFile, sight: &Sight) -> Vec<&'f domain::case::Event> {
    let areas = &reader.book().areas;
    let is_in = |area: &Id, own: AreaNumber| areas.of_id(*area) == Some(own);
    // Since when it has been that of another.
    let left = |own: &[AreaNumber]| {
        let owners = file.owners.iter().rev();
        let since = owners.take_while(|owner| !own.contains(owner)).count();
        let receipts = file.standing.passages.iter().filter_map(|sent| {
            let answer = sent.answer.as_ref()?;
            (answer.how == How::Received).then_some(answer.at.as_millisecond())
        });
        let receipts: Vec<Millis> = receipts.collect();
        receipts.len().checked_sub(since).and_then(|place| receipts.get(place).copied())
    };
    let seen = |event: &&domain::case::Event| match (sight, &event.deed) {
        (Sight::Whole, _) => true,
        (Sight::Sent(own), Deed::Send { to: Some(area) } | Deed::Refuse { area }) => is_in(area, *own),
        (
            Sight::HandedOver(own),
            Deed::Send { .. } | Deed::Refuse { .. } | Deed::Receive { .. } | Deed::Recall,
        ) => left(own).is_some_and(|left| event.at <= left),
        _ => false,
    };
    file.events.iter().filter(seen).collect()
}

/// Whether someone with these roles of a programme, where it is, sees a case.
#[must_use]
pub fn sees(who: ActorId, subject: Subject, pathway: Option<&Pathway>, roles: &[String]) -> bool {
    match subject {
        Subject::Worker(worker) => {
            worker == who || pathway.is_some_and(|own| roles.iter().any(|role| own.names(role)))
        }
        Subject::Person(_) | Subject::Dwelling(_) | Subject::Area(_) => !roles.is_empty(),
    }
}

/// By which right someone of the staff acts: her account's, else that of her phone; none once she has left, or her deployment is over.
///
/// # Errors
/// Those of the storage.
pub fn right_of(reader: &mut Reader, who: ActorId) -> Result<Option<Grant>> {
    if let Some(grant) = reader.state().grant(who)? {
        return Ok(Some(grant));
    }
    let phone = reader.phone_of(who)?.filter(|phone| works(phone, now()));
    Ok(phone.map(|phone| Grant { role: phone.role, area: phone.area }))
}

/// Whether a phone is in use at a moment: its deployment is not over.
fn works(phone: &Device, now: Millis) -> bool {
    phone.revoked_at.is_none() && phone.ends_at.is_none_or(|end| end > now)
}

/// The roles of a programme in which someone acts in an area, within her grant.
///
/// # Errors
/// Those of the storage.
pub fn roles_at(
    reader: &mut Reader,
    actor: Actor,
    programme: &Programme,
    area: AreaNumber,
) -> Result<Vec<String>> {
    let mut roles = Vec::new();
    if !reader.book().areas.is_within(area, actor.grant.area) {
        return Ok(roles);
    }
    for role in &programme.manifest.roles {
        let (code, role) = (&programme.manifest.code, &role.code.value);
        if holds_role(reader.state(), actor.id, Some(actor.grant), code, role, area)? {
            roles.push(role.clone());
        }
    }
    Ok(roles)
}

/// Whether someone has a role, in an area, that fills in a form; of a form that is not there, too, for which there is another
/// answer.
///
/// # Errors
/// Those of the storage.
pub fn fills_in(
    reader: &mut Reader,
    actor: Actor,
    (programme, form, on): (&str, &str, Day),
    area: AreaNumber,
) -> Result<bool> {
    let version = reader.book().edition_on(programme, on).map(|edition| edition.version.clone());
    let Some(version) = version else { return Ok(true) };
    let Some(programme) = reader.programme(programme, &version)? else { return Ok(true) };
    let Some(form) = programme.form(form) else { return Ok(true) };
    let roles = roles_at(reader, actor, &programme, area)?;
    Ok(roles.iter().any(|role| form.filled_by.contains(role)))
}

/// Of the roles of programmes that are to be passed on to someone who works in an area with a phone, the first that whoever
/// invites her has not herself there by an appointment. What an office brings with it is passed on to nobody.
///
/// # Errors
/// Those of the storage.
pub fn not_hers_to_pass_on<'r>(
    reader: &mut Reader,
    inviter: Actor,
    roles: &'r [(String, String)],
    area: AreaNumber,
) -> Result<Option<&'r (String, String)>> {
    let within = reader.book().areas.is_within(area, inviter.grant.area);
    for own in roles {
        let (programme, role) = own;
        let of_an_office = domain::access::Role::from_name(role).is_some();
        if !within || of_an_office || !holds_role(reader.state(), inviter.id, None, programme, role, area)? {
            return Ok(Some(own));
        }
    }
    Ok(None)
}

/// The facts that appoint a worker in an area.
#[must_use]
pub fn appointments(who: ActorId, roles: &[(String, String)], area: &str) -> Vec<Body> {
    let appointed = |(programme, role): &(String, String)| Body::Appointed {
        who,
        programme: programme.clone(),
        role: role.clone(),
        area: Some(area.to_owned()),
    };
    roles.iter().map(appointed).collect()
}

/// Someone who can take a case over, and in which roles.
#[derive(Debug)]
pub struct Hand {
    pub who: Colleague,
    pub roles: Vec<String>,
}

/// Someone who works with an account or a phone: how she is called, and by which right she acts.
#[derive(Debug)]
pub struct Colleague {
    pub id: ActorId,
    pub name: String,
    pub grant: Grant,
    /// Hers, unless she works at the console.
    pub phone: Option<SeriesId>,
}

/// The roles that can do anything about a case as it stands: that answer for it, to which it climbs, that take or sign a step.
#[must_use]
pub fn roles_now(file: &CaseFile) -> Vec<&str> {
    let Some(pathway) = file.pathway() else { return Vec::new() };
    let state = &file.standing.state;
    let duty = pathway.state(state).and_then(|state| state.duty.as_ref());
    let answering = duty.into_iter().flat_map(|duty| std::iter::once(&duty.owner).chain(&duty.climbs_to));
    let steps = pathway.steps.iter().filter(|step| step.from.contains(state));
    let acting = steps.flat_map(|step| step.by.iter().chain(&step.signed_by));
    answering.chain(acting).map(String::as_str).collect()
}

/// Whom a case can be offered to: everyone who can do something about it where it is, at the console or with a phone.
///
/// # Errors
/// Those of the storage.
pub fn hands(reader: &mut Reader, control: &Control, file: &CaseFile) -> Result<Vec<Hand>> {
    let mut top = file.area;
    while let Some(above) = reader.book().areas.get(top).and_then(|area| area.parent) {
        top = above;
    }
    let now = roles_now(file);
    let mut hands = Vec::new();
    for who in staff(reader, control, top)? {
        let actor = Actor { id: who.id, grant: who.grant };
        let mut roles = roles_at(reader, actor, &file.programme, file.area)?;
        roles.retain(|role| now.contains(&role.as_str()));
        if !roles.is_empty() && sees(who.id, file.case.subject, file.pathway(), &roles) {
            hands.push(Hand { who, roles });
        }
    }
    hands.sort_by(|one, other| one.who.name.cmp(&other.who.name));
    Ok(hands)
}

/// A role that is asked about a case: it answers for what is due, or that climbs to it next; and who has it nearest to where the case
/// is, with the area for which she has it.
#[derive(Debug)]
pub struct Asked {
    pub role: String,
    pub above: bool,
    pub who: Vec<ActorId>,
    pub area: Option<AreaNumber>,
}

/// Whom to ask about a case as it stands: the owners of what is due, then the level above each.
///
/// # Errors
/// Those of the storage.
pub fn asked_of(reader: &mut Reader, file: &CaseFile) -> Result<Vec<Asked>> {
    let tasks = reader.tasks_of(file);
    let owners = tasks.iter().map(|(_, task)| (task.owner.clone(), false));
    let above = tasks.iter().filter_map(|(_, task)| Some((task.climbs_to.first()?.clone(), true)));
    let mut asked: Vec<Asked> = Vec::new();
    for (role, above) in owners.chain(above) {
        if asked.iter().any(|known| known.role == role) {
            continue;
        }
        let (mut who, mut nearest) = (Vec::new(), None);
        for (person, area) in reader.holding(&file.case.programme, &role, file.area)? {
            // An appointment gives nothing beyond a right, and nothing at all once that has ended.
            let right = right_of(reader, person)?;
            let acts = right.is_some_and(|right| reader.book().areas.is_within(file.area, right.area));
            if acts && *nearest.get_or_insert(area) == area && !who.contains(&person) {
                who.push(person);
            }
        }
        asked.push(Asked { role, above, who, area: nearest });
    }
    Ok(asked)
}

/// Everyone with an account that has a right, or with a phone in use that was enrolled in an area or below it.
///
/// # Errors
/// Those of the storage.
pub fn staff(reader: &mut Reader, control: &Control, area: AreaNumber) -> Result<Vec<Colleague>> {
    let (mut people, now): (Vec<Colleague>, Millis) = (Vec::new(), now());
    for account in control.accounts()? {
        let grant = reader.state().grant(account.id)?;
        people.extend(grant.map(|grant| Colleague {
            id: account.id,
            name: account.name,
            grant,
            phone: None,
        }));
    }
    for PhoneRow { series, device, .. } in reader.phones(area)? {
        if !works(&device, now) || people.iter().any(|known| known.id == device.worker) {
            continue;
        }
        let name = control.phone(series)?.map(|phone| phone.worker_name).unwrap_or_default();
        let grant = Grant { role: device.role, area: device.area };
        people.push(Colleague { id: device.worker, name, grant, phone: Some(series) });
    }
    Ok(people)
}

/// How someone of the staff is called; none if neither an account nor a phone is hers.
///
/// # Errors
/// Those of the storage.
pub fn staff_name(reader: &Reader, control: &Control, id: ActorId) -> Result<Option<String>> {
    if let Some(account) = control.account(id)? {
        return Ok(Some(account.name));
    }
    match reader.series_of(id)? {
        Some(series) => Ok(control.phone(series)?.map(|phone| phone.worker_name)),
        None => Ok(None),
    }
}

/// Whether someone who took a case over, or to whom it was offered, can still act on it: her right may have ended since.
///
/// # Errors
/// Those of the storage.
pub fn still_acts(
    reader: &mut Reader,
    who: ActorId,
    (programme, area): (&Programme, AreaNumber),
) -> Result<bool> {
    match right_of(reader, who)? {
        Some(grant) => Ok(!roles_at(reader, Actor { id: who, grant }, programme, area)?.is_empty()),
        None => Ok(false),
    }
}

/// Writes a form down, with its answers sealed.
///
/// # Errors
/// `unknown_programme`, `unknown_form`, `form_subject`, `unknown_person`, and those of the storage.
pub fn fill_in(store: &mut Store, actor: ActorId, typed: &Typed<'_>, now: Millis) -> Result<FilledIn> {
    let version = match store.book().edition_on(typed.programme, typed.on) {
        Some(edition) if typed.on <= day_of(now) => edition.version.clone(),
        _ => {
            return Err(Failure::new(
                "unknown_programme",
                format!("{} 那天没有生效的版本，或日期还没有到", typed.programme),
                format!(
                    "no version of {} is in force on that day, or the day is still to come",
                    typed.programme
                ),
            ));
        }
    };
    if let Subject::Person(person) = typed.subject
        && (store.state().is_erased(person)? || store.state().person(person)?.is_none())
    {
        return Err(Failure::new("unknown_person", "没有这个人", "there is no such person"));
    }
    let territory = store.book().areas.shared_code().to_owned();
    Ok(store.write(now, |batch| {
        let edition = batch.programme(typed.programme, &version)?;
        let version = edition.version_on(typed.form, &territory, from_day(typed.on));
        let programme = batch.programme(typed.programme, &version)?;
        let Some(form) = programme.form(typed.form) else {
            return Err(store::StoreError::refused(
                "unknown_form",
                format!("{} 没有名为 {} 的表", typed.programme, typed.form),
                format!("{} has no form {}", typed.programme, typed.form),
            ));
        };
        if !is_about(form.subject, typed.subject) {
            return Err(store::StoreError::refused(
                "form_subject",
                format!("表 {} 的主体不是这个", typed.form),
                format!("the form {} is about another kind of subject", typed.form),
            ));
        }
        if !attachment::named(form, typed.answers).is_empty() {
            return Err(store::StoreError::refused(
                "picture_typed",
                "图片只能用手机拍了交上来，不能录入文件名",
                "a picture comes from a phone; the name of one cannot be typed in",
            ));
        }
        if let Err(misfits) = answer::hold(form, typed.answers, (from_day(typed.on), jiff::Timestamp::now()))
        {
            return Ok(FilledIn::Misfits(misfits));
        }
        let plaintext = answer::encode(typed.answers);
        let body = Body::Answered {
            subject: typed.subject,
            dwelling: typed.dwelling,
            case: typed.case,
            programme: typed.programme.to_owned(),
            version: version.clone(),
            form: typed.form.to_owned(),
            on: typed.on,
            replaces: None,
        };
        let sealed = Sealed { owner: typed.subject.id(), plaintext: &plaintext, fresh: false };
        batch.append(actor, body, Some(sealed))?;
        Ok(FilledIn::Done)
    })?)
}

/// A case as someone reports it.
#[derive(Debug)]
pub struct Reporting<'r> {
    pub programme: &'r str,
    pub pathway: &'r str,
    pub subject: Subject,
    pub dwelling: DwellingId,
    pub source: Source,
    /// What is said of it; sealed to whom it is about.
    pub text: Option<&'r str>,
}

/// Reports a case: it is opened, or joined if it is open. Returns the id under which it goes on, and whether it was joined.
///
/// # Errors
/// `unknown_programme`, `unknown_pathway`, `unknown_person`, `too_long`, and those of the storage.
pub fn report(store: &mut Store, actor: ActorId, new: &Reporting<'_>, now: Millis) -> Result<(CaseId, bool)> {
    let today = day_of(now);
    let text = words("说明", "what is said", new.text)?;
    let Some(version) = store.book().edition_on(new.programme, today).map(|edition| edition.version.clone())
    else {
        return Err(Failure::new(
            "unknown_programme",
            format!("{} 今天没有生效的版本", new.programme),
            format!("no version of {} is in force today", new.programme),
        ));
    };
    if let Subject::Person(person) = new.subject
        && (store.state().is_erased(person)? || store.state().person(person)?.is_none())
    {
        return Err(Failure::new("unknown_person", "没有这个人", "there is no such person"));
    }
    Ok(store.write(now, |batch| {
        let programme = batch.programme(new.programme, &version)?;
        let fits = programme
            .pathways
            .iter()
            .filter(|pathway| !pathway.of_rule)
            .any(|pathway| pathway.code.value == new.pathway && is_about(pathway.subject, new.subject));
        if !fits {
            return Err(store::StoreError::refused(
                "unknown_pathway",
                format!("{} 没有适用于此的流程 {}", new.programme, new.pathway),
                format!("{} has no pathway {} for such a subject", new.programme, new.pathway),
            ));
        }
        let case = batch.new_id()?;
        let body = Body::CaseReported {
            case,
            programme: new.programme.to_owned(),
            version: version.clone(),
            pathway: new.pathway.to_owned(),
            subject: new.subject,
            dwelling: new.dwelling,
            source: new.source,
            rule: None,
            counted_from: None,
        };
        let owner = new.subject.id();
        batch.append(
            actor,
            body,
            text.map(|text| Sealed { owner, plaintext: text.as_bytes(), fresh: false }),
        )?;
        let known = batch.state().case(case)?.map_or(case, |(known, _)| known);
        Ok((known, known != case))
    })?)
}

/// What someone does about a case.
#[derive(Debug)]
pub struct Acting<'a> {
    pub case: CaseId,
    pub role: &'a str,
    /// How many steps she has seen run.
    pub turn: u64,
    pub deed: Deed,
    pub why: Option<&'a str>,
}

/// Does something about a case.
///
/// # Errors
/// `unknown_case`, `not_in_role`, `case_moved` if a step ran that she has not seen, `step_not_possible`, `not_late`, `no_answer`,
/// `condition_fails`, `no_reason`, and those of the storage; nothing is written then.
pub fn act(store: &mut Store, actor: Actor, new: &Acting<'_>, now: Millis) -> Result<()> {
    // Between two batches: nothing moves the case until this is done.
    let mut reader = Reader::open(&store.directory().root, store.key())?;
    let Some(file) = reader.case_file(new.case)? else { return Err(unknown_case()) };
    let answered = match &new.deed {
        Deed::Receive { area } | Deed::Refuse { area } => {
            sent_to(&reader, &file).filter(|sent| store.book().areas.of_id(*area) == Some(*sent))
        }
        _ => None,
    };
    // Where it is answered she need have no right where it is.
    let (programme, area) = (&file.case.programme, answered.unwrap_or(file.area));
    if !store.book().areas.is_within(area, actor.grant.area) {
        return Err(unknown_case());
    }
    if !holds_role(store.state(), actor.id, Some(actor.grant), programme, new.role, area)? {
        return Err(Failure::new(
            "not_in_role",
            format!("您在这里没有 {} 这个角色", new.role),
            format!("you do not have the role {} here", new.role),
        ));
    }
    if new.turn != file.standing.ran.len() as u64 {
        return Err(Failure::new(
            "case_moved",
            "这期间有人做了别的一步；请看过再决定",
            "someone has taken another step meanwhile; look at it and decide again",
        ));
    }
    check_deed(&file, actor.id, new)?;
    check_place(&reader, &file, &new.deed)?;
    let why = words("原因", "a reason", new.why)?;
    if new.deed == Deed::Ask && !is_late(&reader, &file, now) {
        return Err(Failure::new(
            "not_late",
            "这个个案还没有过期，不用催",
            "nothing of this case is late yet, and nobody has to be asked",
        ));
    }
    if why.is_none() && new.deed == Deed::Reply {
        return Err(Failure::new("no_answer", "请写一句话答复", "an answer says something"));
    }
    if why.is_none() && matches!(new.deed, Deed::Step { overridden: true, .. }) {
        return Err(Failure::new(
            "no_reason",
            "越过条件须写明原因",
            "whoever takes a step against its condition says why",
        ));
    }
    let outside = file.pathway().and_then(|own| own.step(new.deed.step()?)).is_some_and(|step| step.outside);
    if why.is_none() && outside && matches!(new.deed, Deed::Step { .. }) {
        return Err(Failure::new(
            "no_reason",
            "请写明谁接收、回执是什么（姓名、单位、编号）",
            "say who has received it there, and what the receipt is: a name, an office, a number",
        ));
    }
    if why.is_none() && matches!(new.deed, Deed::Refuse { .. }) {
        return Err(Failure::new("no_reason", "不接收须写明原因", "whoever does not receive it says why"));
    }
    let deed = counted(&mut reader, &file, &new.deed)?;
    let waits = file.pathway().and_then(|own| own.state(&file.standing.state)?.waits.as_ref());
    let waits = waits.filter(|_| file.standing.waits).map(|wait| wait.name.clone());
    let guarded = file.pathway().and_then(|own| own.step(deed.step()?));
    let forms = guarded.map(|step| forms_of(&file, step)).unwrap_or_default();
    let titles: Vec<String> = forms.iter().map(|form| format!("《{}》", form.title)).collect();
    let needed = titles.join("、");
    let titles: Vec<String> =
        forms.iter().map(|form| format!("“{}”", form.title_en.as_ref().unwrap_or(&form.title))).collect();
    let needed_en = titles.join(", ");
    drop(reader);
    Ok(store.write(now, |batch| {
        if !batch.condition_holds((file.id, &file.case), &deed, now)? {
            if let Some(wait) = waits {
                let name = |language| wait.get(language).unwrap_or_default();
                return Err(store::StoreError::refused(
                    "condition_fails",
                    format!("还在等：{}", name("zh")),
                    format!("it still waits for: {}", name("en")),
                ));
            }
            return Err(store::StoreError::refused(
                "condition_fails",
                match needed.as_str() {
                    "" => "这一步要求的条件还没有满足".to_owned(),
                    forms => format!("这一步要求的条件还没有满足：请先填{forms}"),
                },
                match needed_en.as_str() {
                    "" => "what this step asks for does not hold yet".to_owned(),
                    forms => format!("what this step asks for does not hold yet: fill in {forms} first"),
                },
            ));
        }
        let body =
            Body::CaseActed { case: file.id, turn: new.turn, role: new.role.to_owned(), deed: deed.clone() };
        let owner = file.case.subject.id();
        let sealed = why.map(|why| Sealed { owner, plaintext: why.as_bytes(), fresh: false });
        batch.append(actor.id, body, sealed)?;
        Ok(())
    })?)
}

/// Whether something of a case was not done in time.
#[must_use]
pub fn is_late(reader: &Reader, file: &CaseFile, now: Millis) -> bool {
    reader.tasks_of(file).iter().any(|(_, task)| task.due.as_millisecond() <= now)
}

/// The forms of the case's subject that a step's condition looks at.
#[must_use]
pub fn forms_of<'f>(file: &'f CaseFile, step: &Step) -> Vec<&'f Form> {
    let forms = file.programme.forms.iter();
    let forms = forms.filter(|form| is_about(form.subject, file.case.subject));
    let looked_at = |form: &&Form| step.guard.as_ref().is_some_and(|guard| guard.looks_at(&form.code.value));
    forms.filter(looked_at).collect()
}

/// When each form was filled in last about whom a case is about, of those that are kept.
///
/// # Errors
/// Those of the storage.
pub fn filled_last(reader: &mut Reader, file: &CaseFile) -> Result<BTreeMap<String, Millis>> {
    let mut last = BTreeMap::new();
    for filled in reader.filled_about(file.case.subject)? {
        if filled.programme == file.case.programme && filled.erased_at.is_none() {
            let known = last.entry(filled.form).or_insert(filled.at);
            *known = filled.at.max(*known);
        }
    }
    Ok(last)
}

/// Whether a form that was filled in last at a moment is there for the condition of a step: one that asks for what is filled
/// in anew, and does not hold, waits for it still.
#[must_use]
pub fn is_there(file: &CaseFile, step: &Step, last: Option<Millis>, holds: bool) -> bool {
    let from = step.guard.as_ref().and_then(|guard| guard.counts_from(file.moments()));
    let from = from.filter(|_| !holds).map_or(Millis::MIN, |from| from.as_millisecond());
    last.is_some_and(|last| last >= from)
}

/// No case of this id, or none that she may know of.
#[must_use]
pub fn unknown_case() -> Failure {
    Failure::new("unknown_case", "没有这个个案", "there is no such case")
}

/// What someone says in her own words, if she says anything.
fn words<'w>(zh: &str, en: &str, text: Option<&'w str>) -> Result<Option<&'w str>> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.len() > LONGEST_WHY) {
        return Err(Failure::new(
            "too_long",
            format!("{zh}至多 {LONGEST_WHY} 字节"),
            format!("{en} has {LONGEST_WHY} bytes at most"),
        ));
    }
    Ok(text)
}

/// A case goes to a community or a village that is not the one whose it is.
fn check_place(reader: &Reader, file: &CaseFile, deed: &Deed) -> Result<()> {
    let Deed::Send { to: Some(to) } = deed else { return Ok(()) };
    let areas = &reader.book().areas;
    let to = areas.of_id(*to).filter(|to| areas.get(*to).is_some_and(|area| area.level == Level::Community));
    let Some(to) = to.filter(|to| file.owners.last() != Some(to)) else {
        return Err(Failure::new("unknown_place", "请选另一个社区或村", "name another community or village"));
    };
    if sent_to(reader, file) == Some(to) {
        return Err(Failure::new("step_not_possible", "已经转交给那里了", "it is sent there already"));
    }
    Ok(())
}

/// The day from which the state after a step counts, where a form says it.
fn counted(reader: &mut Reader, file: &CaseFile, deed: &Deed) -> Result<Deed> {
    let Deed::Step { step, overridden, .. } = deed else { return Ok(deed.clone()) };
    let duty = file.pathway().and_then(|pathway| pathway.state(&pathway.step(step)?.to)?.duty.as_ref());
    let counted_from = match duty.filter(|duty| duty.counted_from.is_some()) {
        Some(duty) => reader.known_of(&file.case.programme, file.case.subject)?.counted_from(duty),
        None => None,
    };
    Ok(Deed::Step { step: step.clone(), overridden: *overridden, counted_from })
}

/// Whether someone may offer a case, or take it over, in one of these roles.
#[must_use]
pub fn may_pass(file: &CaseFile, actor: ActorId, roles: &[String], deed: &Deed) -> bool {
    roles.iter().any(|role| {
        let new = Acting {
            case: file.id,
            role,
            turn: file.standing.ran.len() as u64,
            deed: deed.clone(),
            why: None,
        };
        check_deed(file, actor, &new).is_ok()
    })
}

fn check_deed(file: &CaseFile, actor: ActorId, new: &Acting<'_>) -> Result<()> {
    let possible = |zh: &str, en: &str| Err(Failure::new("step_not_possible", zh, en));
    let Some(pathway) = file.pathway() else {
        return possible("这个个案的流程读不出来", "the pathway of this case does not read");
    };
    let standing = &file.standing;
    let duty = pathway.state(&standing.state).and_then(|state| state.duty.as_ref());
    let Some(duty) = duty else {
        return possible("这个个案已经结束", "this case has ended");
    };
    let role = |roles: &[String]| roles.iter().any(|role| role == new.role);
    match &new.deed {
        Deed::Step { step, .. } | Deed::Sign { step } => {
            let Some(step) = pathway.step(step).filter(|step| step.from.contains(&standing.state)) else {
                return possible(
                    "个案现在的状态没有这一步",
                    "there is no such step from where the case stands",
                );
            };
            let roles = if matches!(new.deed, Deed::Sign { .. }) { &step.signed_by } else { &step.by };
            if !role(roles) {
                return possible("这一步要由别的角色来做", "another role takes this step");
            }
            if step.outside && standing.sent().is_none_or(|sent| sent.to.is_some()) {
                return possible(
                    "先写明迁到外地，再写外地的回执",
                    "say first that she leaves the territory, then write down the receipt from there",
                );
            }
        }
        Deed::Decline => {
            let actor = Some(u128::from_be_bytes(actor.0));
            if standing.offered.is_none() || standing.offered != actor && standing.offered_by != actor {
                return possible(
                    "没有等您答复的移交",
                    "nothing is offered to you, or by you, that waits for an answer",
                );
            }
        }
        Deed::Resume => {}
        Deed::Send { to } => {
            let own = pathway.hand_over.as_ref().filter(|own| role(&own.by));
            if own.is_none() || to.is_none() && !pathway.steps.iter().any(|step| step.outside) {
                return possible(
                    "这类个案不能这样交接，或由别的角色来写",
                    "a case of this kind is not handed over so, or another role says it",
                );
            }
            if to.is_none() && standing.sent().is_some_and(|sent| sent.to.is_none()) {
                return possible("已经写明迁到外地了", "it is said already that she leaves the territory");
            }
        }
        Deed::Recall => {
            let own = pathway.hand_over.as_ref();
            let may = own.is_some_and(|own| role(&own.by) || own.owner == new.role);
            if !may || standing.moving_since.is_none() {
                return possible("没有在办的交接", "it is not being handed over");
            }
        }
        Deed::Receive { area } | Deed::Refuse { area } => {
            let sent = standing.sent().filter(|sent| sent.to == Some(u128::from_be_bytes(area.0)));
            let may = pathway.hand_over.as_ref().is_some_and(|own| own.received_by == new.role);
            if !may || sent.is_none_or(|sent| sent.by == u128::from_be_bytes(actor.0)) {
                return possible(
                    "没有转交给这里、等您答复的",
                    "nothing is sent here that waits for an answer of yours",
                );
            }
        }
        Deed::Ask => {
            if !role(&duty.climbs_to) {
                return possible(
                    "只有个案到期会报到的角色可以催问",
                    "only a role to which the case climbs asks what holds it",
                );
            }
        }
        Deed::Reply => {
            let actor = u128::from_be_bytes(actor.0);
            let answers = standing.holder == Some(actor) || duty.owner == new.role || role(&duty.climbs_to);
            if !answers || standing.asked.is_none_or(|asked| asked == actor) {
                return possible("没有等您答复的催问", "nobody waits for an answer of yours");
            }
        }
        Deed::Offer { .. } => {
            let holds = standing.holder == Some(u128::from_be_bytes(actor.0));
            if !holds && duty.owner != new.role && !role(&duty.climbs_to) {
                return possible(
                    "只有责任角色、被报告的角色和接手的人可以移交",
                    "only the role that answers for it, one that it climbs to, and whoever has taken it over can hand it over",
                );
            }
        }
        Deed::Take => {
            let offered = standing.offered == Some(u128::from_be_bytes(actor.0));
            if !offered && duty.owner != new.role && !role(&duty.climbs_to) {
                return possible(
                    "只有责任角色、被报告的角色和收到移交的人可以接手",
                    "only the role that answers for it, one that it climbs to, and whom it was offered to take it over",
                );
            }
        }
    }
    Ok(())
}
