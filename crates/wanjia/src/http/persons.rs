//! People: registering one, reading who someone is, saying that two are one. Each reading of a name is a fact.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use domain::access::{Action, Purpose, Scope};
use domain::apply;
use domain::area::AreaNumber;
use domain::fact::Body;
use domain::id::{DwellingId, PersonId};
use domain::identity::Identity;
use domain::state::State as _;
use domain::time::Millis;
use serde::{Deserialize, Serialize};
use store::{Batch, Reader, Sealed};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::scope;
use super::wire::instant;
use crate::app::failure::Result as AppResult;
use crate::app::import_roster;
use crate::app::persons::{self, Said};

/// Names in one request, at most.
const NAMES: usize = 100;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(read))
        .routes(routes!(names))
        .routes(routes!(link, unlink))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Register {
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    /// Someone who was seen and is on no list; without it, a new person, who needs a name.
    #[schema(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    name: Option<String>,
    /// 男 or 女
    sex: Option<String>,
    #[schema(format = Date)]
    birth_date: Option<String>,
    id_number: Option<String>,
    phone: Option<String>,
    /// To the head of the household.
    relation: Option<String>,
    /// Only what is missing of someone who is known is added, and she stays where she is listed: nothing of her record is read, and
    /// nothing that is on record changes.
    #[serde(default)]
    adds: bool,
}

#[derive(Serialize, ToSchema)]
struct Registered {
    #[schema(value_type = String, format = "uuid")]
    person: PersonId,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ReadQuery {
    /// `reconcile`, `service` or `correction`
    purpose: String,
}

/// Who someone is; what is not known is left out.
#[derive(Serialize, ToSchema)]
struct Person {
    #[schema(value_type = String, format = "uuid")]
    person: PersonId,
    /// Where she is listed; none for someone who was only seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    dwelling: Option<DwellingId>,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sex: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    relation: Option<String>,
    /// The last four characters only.
    #[serde(skip_serializing_if = "Option::is_none")]
    id_number: Option<String>,
    /// When someone on no list was seen last: what is known of her was noted at a door.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    seen_at: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NamesAsked {
    /// `reconcile`, `service` or `correction`
    purpose: String,
    #[schema(value_type = Vec<String>, max_items = 100)]
    persons: Vec<PersonId>,
}

#[derive(Serialize, ToSchema)]
struct Names {
    /// Without those who are not in the caller's area, are not known, or were erased.
    names: Vec<Name>,
}

#[derive(Serialize, ToSchema)]
struct Name {
    #[schema(value_type = String, format = "uuid")]
    person: PersonId,
    name: String,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Link {
    #[schema(value_type = String, format = "uuid")]
    pub(super) from: PersonId,
    #[schema(value_type = String, format = "uuid")]
    pub(super) to: PersonId,
}

/// A purpose of the console; phones and residents have their own.
pub(super) fn purpose(name: &str) -> Result<Purpose, Problem> {
    Purpose::from_name(name)
        .filter(|purpose| {
            !matches!(purpose, Purpose::Visit | Purpose::Own | Purpose::Bridge | Purpose::Report)
        })
        .ok_or_else(|| {
            Problem::field(
                "purpose",
                "purpose",
                "请说明用途：reconcile（核对）、service（服务）或 correction（更正）",
                "say what for: reconcile, service or correction",
            )
        })
}

/// Whether a person is where the caller may do this.
pub(super) fn holds(
    reader: &mut Reader,
    caller: &Caller,
    action: Action,
    person: PersonId,
) -> AppResult<bool> {
    let found = reader.whereabouts(person)?;
    Ok(found.is_some_and(|found| caller.may(action, Scope::Area(found.area)).is_ok()))
}

/// Whether a person is where the caller may do this, or a case about her was received there: from then on she is that community's to
/// call and to register, wherever she is listed still.
fn holds_or_received(
    reader: &mut Reader,
    caller: &Caller,
    action: Action,
    person: PersonId,
) -> AppResult<bool> {
    Ok(holds(reader, caller, action, person)? || received(reader, caller, action, person)?)
}

fn received(reader: &mut Reader, caller: &Caller, action: Action, person: PersonId) -> AppResult<bool> {
    let areas = reader.received_in(person)?;
    Ok(areas.into_iter().any(|area| caller.may(action, Scope::Area(area)).is_ok()))
}

/// Put someone on the list of a dwelling: someone who was seen there, or a new person.
#[utoipa::path(
    post, path = "/v1/persons", tag = "persons", request_body = Register,
    responses((status = 201, body = Registered), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`known_elsewhere`: she is on the list of another area; with `adds`, `on_record`: something else is on record in this `field`"))
)]
async fn register(
    State(site): State<Site>,
    caller: Caller,
    Json(register): Json<Register>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    caller.may(Action::RegisterPerson, Scope::Own)?;
    let (dwelling, person) = (register.dwelling, register.person);
    let identity = persons::read(&Said {
        name: register.name.as_deref(),
        sex: register.sex.as_deref(),
        birth_date: register.birth_date.as_deref(),
        id_number: register.id_number.as_deref(),
        phone: register.phone.as_deref(),
        relation: register.relation.as_deref(),
    })
    .map_err(|wrong| Problem::field(wrong.field, wrong.code, wrong.zh, wrong.en))?;
    if person.is_none() && identity.name.is_empty() {
        return Err(Problem::field("name", "name", "请填写姓名", "a new person needs a name"));
    }
    let asker = caller.clone();
    let (door, known, received) = site
        .territory
        .read(move |reader| {
            let door = scope::holds_door(reader, &asker, Action::RegisterPerson, dwelling)?;
            let (known, received) = match person {
                Some(person) => (
                    holds_or_received(reader, &asker, Action::RegisterPerson, person)?,
                    received(reader, &asker, Action::RegisterPerson, person)?,
                ),
                None => (true, false),
            };
            Ok((door, known, received))
        })
        .await?;
    if !door {
        return Err(scope::no_dwelling());
    }
    if !known {
        return Err(scope::no_person());
    }
    let (actor, within, adds) = (caller.actor(), caller.grant.area, register.adds);
    let listed = site
        .territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| {
                put_on_list(batch, (actor, within, received), dwelling, person, &identity, adds)
            })?)
        })
        .await?;
    match listed {
        Listed::As(person) => Ok((StatusCode::CREATED, Json(Registered { person }))),
        Listed::Elsewhere => Err(known_elsewhere()),
        Listed::Otherwise(field) => Err(Problem::conflict(
            "on_record",
            "已经登记了另一个，没有改动",
            "another one is on record, and nothing was changed",
        )
        .remedy(
            "要换成新的，请用“看资料、更正”",
            "to put the new one in its place, read and correct the record",
        )
        .with("field", field)),
    }
}

/// What came of putting someone on a list.
enum Listed {
    As(PersonId),
    /// She is known outside the area, and a fact says who found it out.
    Elsewhere,
    /// What was to be added is on record otherwise, in this field.
    Otherwise(&'static str),
}

/// The first field of which something else is known than what is said.
fn known_otherwise(known: &Identity, said: &Identity) -> Option<&'static str> {
    [
        ("name", &known.name, &said.name),
        ("sex", &known.sex, &said.sex),
        ("birth_date", &known.birth_date, &said.birth_date),
        ("id_number", &known.id_number, &said.id_number),
        ("phone", &known.phone, &said.phone),
        ("relation", &known.relation, &said.relation),
    ]
    .into_iter()
    .find(|(_, known, said)| !known.is_empty() && !said.is_empty() && known != said)
    .map(|(field, ..)| field)
}

pub(super) fn known_elsewhere() -> Problem {
    let cause = import_roster::known_elsewhere("person");
    Problem::conflict(cause.code, cause.zh, cause.en).remedy(cause.remedy_zh, cause.remedy_en)
}

/// Puts someone on the list, or only adds what is missing of her.
fn put_on_list(
    batch: &mut Batch<'_>,
    (actor, within, received): (PersonId, AreaNumber, bool),
    dwelling: DwellingId,
    person: Option<PersonId>,
    said: &Identity,
    adds: bool,
) -> store::Result<Listed> {
    let dwelling = apply::resolve_dwelling(batch.state(), dwelling)?;
    let known = match person {
        Some(person) => Some(apply::canonical(batch.state(), person)?),
        // Someone with this number or phone may be on the list already, here or elsewhere.
        None => batch.find_person(said, dwelling, None)?.map(|(person, _)| person),
    };
    if let Some(person) = known
        && !received
        && import_roster::is_elsewhere(batch, person, within)?
    {
        batch.append(actor, import_roster::found_out(person), None)?;
        return Ok(Listed::Elsewhere);
    }
    let (person, before) = match known {
        Some(person) => (person, batch.identity(person)?.unwrap_or_default()),
        None => (batch.new_id()?, Identity::default()),
    };
    let mut home = dwelling;
    if adds {
        if let Some(field) = known_otherwise(&before, said) {
            return Ok(Listed::Otherwise(field));
        }
        home = apply::group_home(batch.state(), person)?.unwrap_or(dwelling);
    }
    let identity = persons::merge(&before, said);
    let plaintext = identity.encode();
    let sealed = (identity != before).then_some(Sealed {
        owner: person,
        plaintext: &plaintext,
        fresh: known.is_none(),
    });
    batch.append(actor, Body::PersonRegistered { person, dwelling: home }, sealed)?;
    batch.put_tags(person, &identity)?;
    Ok(Listed::As(person))
}

/// What is known of someone whose reading is on record.
struct Known {
    home: Option<DwellingId>,
    /// Of someone on no list.
    seen_at: Option<Millis>,
    identity: Identity,
}

/// Writes down who is about to be read, by whom and what for; only then is it read.
async fn reveal(
    site: &Site,
    caller: &Caller,
    purpose: Purpose,
    people: Vec<PersonId>,
) -> Result<BTreeMap<PersonId, Known>, Problem> {
    caller.may(Action::ReadNames(purpose), Scope::Own)?;
    let asker = caller.clone();
    let people: Vec<PersonId> = site
        .territory
        .read(move |reader| {
            let mut allowed = Vec::new();
            for person in people {
                if allowed.contains(&person)
                    || !holds_or_received(reader, &asker, Action::ReadNames(purpose), person)?
                {
                    continue;
                }
                let canonical = apply::canonical(reader.state(), person)?;
                // Of someone about whom nothing is known, nothing is read.
                if reader.identity(canonical)?.is_some() {
                    allowed.push(person);
                }
            }
            Ok(allowed)
        })
        .await?;
    if people.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (actor, told) = (caller.actor(), people.clone());
    site.territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| {
                for person in told {
                    batch.append(actor, Body::Revealed { person, purpose: purpose as u64 }, None)?;
                }
                Ok(())
            })?)
        })
        .await?;
    let read = site
        .territory
        .read(move |reader| {
            let mut read = BTreeMap::new();
            for person in people {
                let canonical = apply::canonical(reader.state(), person)?;
                // She may have been erased in between.
                if let Some(identity) = reader.identity(canonical)? {
                    let home = reader.home(canonical)?;
                    let seen = if home.is_none() { reader.seen_last(canonical)? } else { None };
                    read.insert(person, Known { home, seen_at: seen.map(|(at, _)| at), identity });
                }
            }
            Ok(read)
        })
        .await?;
    Ok(read)
}

/// Who someone is. A fact says who read it and what for, before it is answered.
#[utoipa::path(
    get, path = "/v1/persons/{id}", tag = "persons",
    params(("id" = String, Path, format = "uuid"), ReadQuery),
    responses((status = 200, body = Person), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn read(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<PersonId>,
    Query(query): Query<ReadQuery>,
) -> Result<Json<Person>, Problem> {
    let purpose = purpose(&query.purpose)?;
    let mut found = reveal(&site, &caller, purpose, vec![id]).await?;
    let Known { home, seen_at, identity } = found.remove(&id).ok_or_else(scope::no_person)?;
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let last_four: String = {
        let characters: Vec<char> = identity.id_number.chars().collect();
        characters.iter().skip(characters.len().saturating_sub(4)).collect()
    };
    Ok(Json(Person {
        person: id,
        dwelling: home,
        name: identity.name,
        sex: some(identity.sex),
        birth_date: some(identity.birth_date),
        phone: some(identity.phone),
        relation: some(identity.relation),
        id_number: some(last_four),
        seen_at: seen_at.map(instant),
    }))
}

/// The names of up to 100 people; each is a fact, before it is answered.
#[utoipa::path(
    post, path = "/v1/persons/names", tag = "persons", request_body = NamesAsked,
    responses((status = 200, body = Names), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn names(
    State(site): State<Site>,
    caller: Caller,
    Json(asked): Json<NamesAsked>,
) -> Result<Json<Names>, Problem> {
    let purpose = purpose(&asked.purpose)?;
    caller.may(Action::ReadNames(purpose), Scope::Own)?;
    if asked.persons.len() > NAMES {
        return Err(Problem::field(
            "persons",
            "too_many",
            format!("一次最多 {NAMES} 人"),
            format!("at most {NAMES} people at a time"),
        ));
    }
    let found = reveal(&site, &caller, purpose, asked.persons).await?;
    let name = |(person, known): (PersonId, Known)| Name { person, name: known.identity.name };
    Ok(Json(Names { names: found.into_iter().map(name).collect() }))
}

fn both(link: Link) -> Result<(), Problem> {
    if link.from == link.to {
        return Err(Problem::field("to", "same_person", "两个编号是同一个", "both ids are the same"));
    }
    Ok(())
}

pub(super) async fn holds_both(site: &Site, caller: &Caller, link: Link) -> Result<(), Problem> {
    caller.may(Action::LinkPersons, Scope::Own)?;
    both(link)?;
    let asker = caller.clone();
    let known = site
        .territory
        .read(move |reader| {
            Ok(holds(reader, &asker, Action::LinkPersons, link.from)?
                && holds(reader, &asker, Action::LinkPersons, link.to)?)
        })
        .await?;
    if known { Ok(()) } else { Err(scope::no_person()) }
}

/// Say that two are one person. It can be taken back.
#[utoipa::path(
    post, path = "/v1/links", tag = "persons", request_body = Link,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn link(
    State(site): State<Site>,
    caller: Caller,
    Json(link): Json<Link>,
) -> Result<StatusCode, Problem> {
    holds_both(&site, &caller, link).await?;
    let actor = caller.actor();
    site.territory
        .write(move |store, now| {
            let state = store.state();
            if apply::canonical(state, link.from)? == apply::canonical(state, link.to)? {
                return Ok(());
            }
            let from = apply::canonical(state, link.from)?;
            store.write(now, |batch| batch.append(actor, Body::Linked { from, to: link.to }, None))?;
            Ok(())
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a link back.
#[utoipa::path(
    delete, path = "/v1/links", tag = "persons", request_body = Link,
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn unlink(
    State(site): State<Site>,
    caller: Caller,
    Json(link): Json<Link>,
) -> Result<StatusCode, Problem> {
    holds_both(&site, &caller, link).await?;
    let actor = caller.actor();
    let was_linked = site
        .territory
        .write(move |store, now| {
            if store.state().person(link.from)?.and_then(|row| row.link) != Some(link.to) {
                return Ok(false);
            }
            let body = Body::Unlinked { from: link.from, to: link.to };
            store.write(now, |batch| batch.append(actor, body, None))?;
            Ok(true)
        })
        .await?;
    if was_linked {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("no_link", "这两个人没有关联", "these two are not linked"))
    }
}
