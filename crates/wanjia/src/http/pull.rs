//! A phone fetches the doors of its area that changed since it asked last.

use std::sync::Arc;

use axum::extract::State;
use domain::access::Role;
use domain::access::{Action, Purpose, Scope, may};
use domain::admit::Quarantine;
use domain::fact::Body;
use domain::held::Fate;
use domain::id::{DwellingId, Id, PersonId, SeriesId, SweepId};
use domain::state::State as _;
use domain::sweep::{reached, residual_reason};
use domain::time::{day_of, from_day};
use serde::{Deserialize, Serialize};
use store::{ChangedDoor, Changes, DoorCursor, Reader};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::came_of::{CameOf, came_of};
use super::door_rules::forms_known;
use super::extract::{Caller, Json, Query, Who};
use super::hand_overs::{HandedOver, handed_over};
use super::my_plans::{MyPlan, my_plans};
use super::my_tasks::{MyTasks, my_tasks};
use super::problem::Problem;
use super::wire::{Base64Hash, Base64Of, Found, Sweep, instant};
use crate::app::cases::Actor;
use crate::app::failure::Result as AppResult;
use crate::cli::now;

/// Doors in one answer, at most.
const PAGE: usize = 200;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(pull))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PullQuery {
    /// The cursor of the last answer; none, or an empty one, gives every door.
    #[serde(default)]
    after: String,
    /// The size of the last checkpoint that the phone was shown; 0 if none.
    #[serde(default)]
    known_size: u64,
    /// The `known` of the tasks that the phone has; none, or an empty one, gives them all.
    #[serde(default)]
    tasks: String,
    /// The positions of answers of this phone of which it wants to know what came of them, divided by commas; of more than
    /// 50 the first are told.
    #[serde(default)]
    answers: String,
}

/// What changed in the phone's area.
#[derive(Serialize, ToSchema)]
struct Pulled {
    /// Opaque: the `after` of the next pull.
    cursor: String,
    /// A C2SP signed note.
    checkpoint: String,
    /// From `known_size` to the checkpoint's size; empty if `known_size` is 0 or not below it.
    consistency: Vec<Base64Hash>,
    doors: Vec<Door>,
    /// Doors that left the area, or turned out to be others.
    #[schema(value_type = Vec<String>)]
    removed: Vec<DwellingId>,
    /// The X25519 key to which the phone encrypts the keys of what it records.
    recovery_key: Base64Of<32>,
    /// When the phone's deployment ends, if that was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    ends_at: Option<String>,
    /// Every sweep that touches the area, closed ones too.
    sweeps: Vec<Sweep>,
    /// Her parts of published plans; absent where no plan changed since `after`, and then those that the phone has stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    plans: Option<Vec<MyPlan>>,
    /// Doors of hers and her colleagues that were handed over in open sweeps; absent where none changed since `after`, and
    /// then those that the phone has stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    hand_overs: Option<Vec<HandedOver>>,
    /// What is due from her; absent where it is what the phone knows by `tasks`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tasks: Option<MyTasks>,
    /// What was decided since `after` about records of this phone that waited; with the first page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held: Vec<HeldDecision>,
    /// The cases that came of the `answers`; with the first page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    came_of: Vec<CameOf>,
    /// Opaque: changes when forms or rules may have changed, which are then fetched anew; with the first page.
    #[serde(skip_serializing_if = "Option::is_none")]
    forms: Option<String>,
    /// Whether there is another page.
    more: bool,
}

/// What was decided last about a record that waited.
#[derive(Serialize, ToSchema)]
struct HeldDecision {
    sequence: u64,
    /// `released`: it counts; `refused`: it is not to; `waiting`: a refusal was taken back
    status: &'static str,
    /// Why it was refused, or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// That, and what to do, in Chinese.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_en: Option<&'static str>,
}

/// A door as a phone keeps it.
#[derive(Serialize, ToSchema)]
struct Door {
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    area_code: String,
    building: String,
    unit: String,
    room: String,
    /// `home`, `enterprise`, `hotel`, `site`, `market`, `checkpoint` or `other`.
    place: &'static str,
    /// Where the room's number tells it.
    #[serde(skip_serializing_if = "Option::is_none")]
    floor: Option<i32>,
    /// How many people are listed here.
    listed: u32,
    /// Who is listed here. Only where the role may read names, and only when the list is new since `after`; without
    /// it, those that the phone has stay. Each person sent is a `Revealed` fact, written before the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    members: Option<Vec<Member>>,
    sweeps: Vec<DoorInSweep>,
}

#[derive(Serialize, ToSchema)]
struct Member {
    #[schema(value_type = String, format = "uuid")]
    person: PersonId,
    name: String,
    relation: String,
}

/// A door in one open sweep.
#[derive(Serialize, ToSchema)]
struct DoorInSweep {
    #[schema(value_type = String, format = "uuid")]
    sweep: SweepId,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    recheck_on: Option<String>,
    /// Why it is still in the residual; none if it is accounted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// The newest visit that reached someone, whatever came after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Found>,
    /// Who was seen here last and is on no list. What is known of them stays at the server: the phone that recorded one knows her.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    unlisted: Vec<PersonId>,
}

/// Where a pull goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct Cursor {
    /// Doors that changed at or after this position are sent.
    after: u64,
    /// Within the pages of one pull: the ledger's size at the first page, and the last door sent.
    page: Option<(u64, DoorCursor)>,
}

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        let mut parts = text.split('.');
        let after = parts.next()?.parse().ok()?;
        let page = match parts.next() {
            None => None,
            Some(size) => {
                let area = parts.next()?.parse().ok()?;
                let dwelling = parts.next()?.parse().ok()?;
                Some((size.parse().ok()?, DoorCursor { area, dwelling }))
            }
        };
        parts.next().is_none().then_some(Self { after, page })
    }

    fn text(self) -> String {
        match self.page {
            None => self.after.to_string(),
            Some((size, DoorCursor { area, dwelling })) => {
                format!("{}.{size}.{area}.{dwelling}", self.after)
            }
        }
    }

    /// The cursor after a page of changes.
    fn next(self, changes: &Changes) -> Self {
        let size = self.page.map_or(changes.size, |(size, _)| size);
        match changes.next {
            None => Self { after: size, page: None },
            Some(door) => Self { after: self.after, page: Some((size, door)) },
        }
    }
}

/// Fetch the doors of the phone's area that changed since `after`, a page at a time.
#[utoipa::path(
    get, path = "/v1/pull", tag = "facts", params(PullQuery),
    responses((status = 200, body = Pulled), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn pull(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<PullQuery>,
) -> Result<Json<Pulled>, Problem> {
    let area = caller.grant.area;
    caller.may(Action::Pull, Scope::Area(area))?;
    let cursor = Cursor::parse(&query.after).ok_or_else(|| {
        Problem::field(
            "after",
            "cursor",
            "这个游标不是服务器给出的；请不带 after 重新同步",
            "this cursor was not given by the server; pull again without `after`",
        )
    })?;
    let answers = positions(&query.answers)?;
    let names =
        Role::from_code(caller.grant.role).is_some_and(|role| may(role, Action::ReadNames(Purpose::Visit)));
    let known_size = query.known_size;
    let (worker, now) = (caller.actor(), now());
    let actor = Actor { id: worker, grant: caller.grant };
    let control = Arc::clone(&site.control);
    let Who::Phone { series, .. } = caller.who else { return Err(Problem::forbidden()) };
    let page = site
        .territory
        .read(move |reader| {
            let changes =
                reader.changed_doors(area, cursor.after, cursor.page.map(|(_, door)| door), PAGE)?;
            let next = cursor.next(&changes);
            let mut doors = Vec::with_capacity(changes.doors.len());
            for door in &changes.doors {
                // A door whose list has not changed since was sent with its names before.
                let list_is_new = cursor.after == 0 || door.dwelling.changed >= cursor.after;
                let members = if names && list_is_new { Some(members(reader, door)?) } else { None };
                doors.push(door_of(reader, door, members)?);
            }
            // Whatever changes while the phone pages comes with the first page of the next pull.
            let first = cursor.page.is_none();
            let tell = first && (cursor.after == 0 || reader.plans_changed_since(cursor.after)?);
            let plans = if tell { Some(my_plans(reader, (worker, area), now)?) } else { None };
            let tasks =
                if first { my_tasks(reader, &control, (actor, series), now, &query.tasks)? } else { None };
            let tell = first && (cursor.after == 0 || reader.hand_overs_changed_since(cursor.after)?);
            let handed = if tell { Some(handed_over(reader, &control, area)?) } else { None };
            let ends_at = reader.state().device(series)?.and_then(|device| device.ends_at);
            let held = if first { held_since(reader, series, cursor.after)? } else { Vec::new() };
            let came_of = if first { came_of(reader, series, &answers)? } else { Vec::new() };
            Ok((doors, changes.removed, next, (plans, tasks, handed, held, came_of), ends_at))
        })
        .await?;
    let (doors, removed, next, (plans, tasks, hand_overs, held, came_of), ends_at) = page;
    reveal(&site, &caller, &doors).await?;
    let (head, consistency) = site
        .territory
        .read(move |reader| {
            let head = reader.signed_head()?;
            let consistency =
                if known_size < head.size { reader.consistency(known_size, head.size)? } else { Vec::new() };
            Ok((head, consistency))
        })
        .await?;
    let book = &caller.book;
    let touches = |sweep: &&domain::state::Sweep| {
        book.areas.is_within(area, sweep.area) || book.areas.is_within(sweep.area, area)
    };
    Ok(Json(Pulled {
        cursor: next.text(),
        checkpoint: head.note,
        consistency: consistency.into_iter().map(Base64Of).collect(),
        doors,
        removed,
        recovery_key: Base64Of(site.territory.recovery().public()),
        ends_at: ends_at.map(instant),
        sweeps: book.sweeps.iter().filter(touches).map(|sweep| Sweep::of(book, sweep)).collect(),
        plans,
        hand_overs,
        tasks,
        held,
        came_of,
        forms: cursor.page.is_none().then(|| forms_known(book, area, day_of(now))),
        more: next.page.is_some(),
    }))
}

fn positions(text: &str) -> Result<Vec<u64>, Problem> {
    let parts = text.split(',').filter(|part| !part.is_empty());
    parts.map(str::parse).collect::<Result<_, _>>().map_err(|_| {
        Problem::field(
            "answers",
            "positions",
            "answers 是用逗号分开的位置，如 12,40",
            "`answers` are positions divided by commas, such as 12,40",
        )
    })
}

fn held_since(reader: &mut Reader, series: SeriesId, position: u64) -> AppResult<Vec<HeldDecision>> {
    let mut told = Vec::new();
    for (sequence, fate) in reader.held_since(series, position)? {
        let (status, why) = match fate {
            Fate::Counts => ("released", None),
            Fate::Refused(refusal) => ("refused", Some((refusal.as_str(), refusal.message()))),
            Fate::Waits => {
                let waiting = reader.waiting(series, sequence, false)?;
                let reason = waiting.and_then(|waiting| Quarantine::from_code(waiting.verdict));
                ("waiting", reason.map(|reason| (reason.as_str(), reason.message())))
            }
        };
        told.push(HeldDecision {
            sequence,
            status,
            reason: why.map(|(reason, _)| reason),
            message: why.map(|(_, (zh, _))| zh),
            message_en: why.map(|(_, (_, en))| en),
        });
    }
    Ok(told)
}

fn members(reader: &mut Reader, door: &ChangedDoor) -> AppResult<Vec<Member>> {
    let mut members = Vec::with_capacity(door.members.len());
    for person in &door.members {
        // Nothing is known of her, or it was erased: nothing to show.
        if let Some(identity) = reader.identity(*person)? {
            members.push(Member { person: *person, name: identity.name, relation: identity.relation });
        }
    }
    Ok(members)
}

fn door_of(reader: &mut Reader, door: &ChangedDoor, members: Option<Vec<Member>>) -> AppResult<Door> {
    let mut sweeps = Vec::with_capacity(door.rounds.len());
    for (number, round) in &door.rounds {
        let Some(sweep) = reader.book().sweeps.get(*number as usize).map(|sweep| sweep.id) else { continue };
        let unlisted = reader.unlisted_at(*number, door.id, round)?;
        sweeps.push(DoorInSweep {
            sweep,
            outcome: round.visit.map(|visit| visit.outcome.as_str()),
            at: round.visit.map(|visit| instant(visit.stamp.at)),
            recheck_on: round.visit.and_then(|visit| visit.recheck_on).map(|day| from_day(day).to_string()),
            reason: residual_reason(door.dwelling.listed, round).map(|reason| reason.as_str()),
            found: round.found.map(|found| Found::of(found, reached(round))),
            unlisted: unlisted.into_iter().map(|(person, _)| person).collect(),
        });
    }
    Ok(Door {
        dwelling: door.id,
        area_code: reader.book().areas.code(door.dwelling.area).to_owned(),
        building: door.labels.building.clone(),
        unit: door.labels.unit.clone(),
        room: door.labels.room.clone(),
        place: door.dwelling.place.as_str(),
        floor: door.floor(),
        listed: door.dwelling.listed,
        members,
        sweeps,
    })
}

/// Writes down who was shown to whom, before it is shown.
async fn reveal(site: &Site, caller: &Caller, doors: &[Door]) -> Result<(), Problem> {
    let people: Vec<Id> =
        doors.iter().flat_map(|door| door.members.iter().flatten()).map(|member| member.person).collect();
    if people.is_empty() {
        return Ok(());
    }
    let actor = caller.actor();
    site.territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| {
                for person in people {
                    batch.append(actor, Body::Revealed { person, purpose: Purpose::Visit as u64 }, None)?;
                }
                Ok(())
            })?)
        })
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_and_a_strange_one_is_none() {
        let door = DoorCursor { area: 7, dwelling: Id([9; 16]) };
        for cursor in [
            Cursor::default(),
            Cursor { after: 12, page: None },
            Cursor { after: 12, page: Some((30, door)) },
        ] {
            assert_eq!(Cursor::parse(&cursor.text()), Some(cursor));
        }
        for strange in ["x", "1.2", "1.2.3", "1.2.3.4", "-1", "1.2.3.09090909090909090909090909090909.5"] {
            assert_eq!(Cursor::parse(strange), None, "{strange}");
        }
    }

    #[test]
    fn the_next_pull_begins_where_the_first_page_was_read() {
        let door = DoorCursor { area: 1, dwelling: Id([1; 16]) };
        let first = Cursor::default().next(&Changes { size: 10, next: Some(door), ..Changes::default() });
        assert_eq!(first, Cursor { after: 0, page: Some((10, door)) });
        let last = first.next(&Changes { size: 25, ..Changes::default() });
        assert_eq!(last, Cursor { after: 10, page: None });
    }
}
