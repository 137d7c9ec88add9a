//! Users of ODK clients: the series that the server holds for each, the lists of doors and people that their forms choose
//! from, and a filled-in form as the fact that it becomes.

use std::sync::Arc;

use domain::access::{Action, Purpose, Role, may};
use domain::area::AreaNumber;
use domain::case::Subject;
use domain::fact::{Body, Fact};
use domain::id::{ActorId, DwellingId, Id, PersonId, SeriesId};
use domain::time::{Day, Millis, day_of, parse_date, to_day};
use programme::form::{self, Form};
use programme::{answer, submission};
use sha2::{Digest as _, Sha256};
use store::control::Phone;
use store::{ChangedDoor, Control, Reader, Submission};

use super::accounts::{new_actor, new_token, random};
use super::cases::appointments;
use super::failure::{Failure, Result};
use super::territory::Territory;
use crate::cli::now;

/// A user that is to be made.
#[derive(Debug)]
pub struct NewUser {
    pub worker_name: String,
    /// The area's code.
    pub area: String,
    /// The programmes and their roles to which she is appointed there.
    pub acts_as: Vec<(String, String)>,
}

/// Makes a user: the ledger enrols a series with the server's own key, so that whoever audits it knows who signs there.
///
/// # Errors
/// Those of the storage; then there is no such user.
pub async fn add_user(
    territory: &Territory,
    control: Arc<Control>,
    inviter: ActorId,
    new: NewUser,
) -> Result<(SeriesId, String)> {
    let NewUser { worker_name, area, acts_as } = new;
    let series = Id::from_time(now(), random()?);
    let worker = new_actor(now())?;
    let public_key = territory.read(|reader| Ok(reader.server_key()?)).await?;
    let (token, hash) = new_token()?;
    let phone = Phone { worker, worker_name, seen_at: now() };
    // The token first: without the enrolment it opens nothing.
    territory.read(move |_| Ok(control.add_phone(series, &hash, &phone)?)).await?;
    let role = Role::GridWorker as u64;
    let mut bodies = appointments(worker, &acts_as, &area);
    bodies.insert(0, Body::DeviceEnrolled { series, public_key, worker, role, area });
    territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| {
                bodies.into_iter().try_for_each(|body| batch.append(inviter, body, None).map(drop))
            })?)
        })
        .await?;
    Ok((series, token))
}

/// Every door of an area, in the order of buildings and rooms.
fn doors(reader: &mut Reader, area: AreaNumber) -> Result<Vec<ChangedDoor>> {
    let mut doors = reader.changed_doors(area, 0, None, usize::MAX)?.doors;
    // A longer number is a higher one.
    let order = |text: &str| (text.len(), text.to_owned());
    doors.sort_by_key(|door| {
        let labels = &door.labels;
        (door.dwelling.area, order(&labels.building), order(&labels.unit), order(&labels.room))
    });
    Ok(doors)
}

fn csv_of<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Result<Vec<u8>> {
    let failed = |error: String| Failure::new("store", format!("清单写不出来：{error}"), error);
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).map_err(|error| failed(error.to_string()))?;
    for row in rows {
        writer.write_record(row).map_err(|error| failed(error.to_string()))?;
    }
    writer.into_inner().map_err(|error| failed(error.to_string()))
}

/// `doors.csv`: the doors of an area, `name` being the dwelling's id.
///
/// # Errors
/// Those of the storage.
pub fn doors_csv(reader: &mut Reader, area: AreaNumber) -> Result<Vec<u8>> {
    let doors = doors(reader, area)?;
    let areas = &reader.book().areas;
    let label = |door: &ChangedDoor| {
        let labels = &door.labels;
        let place = areas.get(door.dwelling.area).filter(|_| door.dwelling.area != area);
        let place = place.map(|place| place.name.as_str()).unwrap_or_default();
        [place, &labels.building, &labels.unit, &labels.room]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    csv_of(["name", "label"], doors.iter().map(|door| [door.id.to_string(), label(door)]))
}

/// `people.csv`: who is listed behind these doors, and the ids of all who are in it. Nobody, for a role that may not read
/// names.
///
/// # Errors
/// Those of the storage.
pub fn people_csv(reader: &mut Reader, area: AreaNumber, role: u64) -> Result<(Vec<u8>, Vec<PersonId>)> {
    let mut rows = Vec::new();
    let mut people = Vec::new();
    let reads_names = Role::from_code(role).is_some_and(|role| may(role, Action::ReadNames(Purpose::Visit)));
    let doors = if reads_names { doors(reader, area)? } else { Vec::new() };
    for door in &doors {
        for person in &door.members {
            if let Some(identity) = reader.identity(*person)? {
                let label = match identity.relation.as_str() {
                    "" => identity.name,
                    relation => format!("{}（{relation}）", identity.name),
                };
                rows.push([person.to_string(), label, door.id.to_string()]);
                people.push(*person);
            }
        }
    }
    Ok((csv_of(["name", "label", "door"], rows.into_iter())?, people))
}

/// A filled-in form as it came, with what it is held to.
#[derive(Debug)]
pub struct HandedIn<'h> {
    pub series: SeriesId,
    pub worker: ActorId,
    pub programme: &'h str,
    pub version: &'h str,
    pub form: &'h Form,
    /// The XML, whose hash tells whether it is the same one when it comes again.
    pub xml: &'h [u8],
    pub read: &'h submission::Submission,
    /// Pictures that came with it.
    pub files: Vec<(String, Vec<u8>)>,
}

/// The day on which a form was filled in: as it says, but none that is still to come.
#[must_use]
pub fn day_of_form(read: &submission::Submission, now: Millis) -> Day {
    let today = day_of(now);
    read.on.as_deref().and_then(|text| parse_date(text).ok()).map_or(today, to_day).min(today)
}

/// The fact that a filled-in form becomes. Whatever it lacks, it becomes one: what cannot count waits in quarantine.
#[must_use]
pub fn fact_of(handed: HandedIn<'_>, now: Millis) -> Submission {
    let read = handed.read;
    // A door that is not named is none that anyone knows: an id of its own, so that nobody else's is meant.
    let mut nobody = [0; 16];
    nobody.copy_from_slice(&Sha256::digest(&read.instance)[..16]);
    let id = |text: &Option<String>| text.as_deref().and_then(|text| text.parse().ok()).unwrap_or(Id(nobody));
    let dwelling: DwellingId = id(&read.door);
    let subject = match handed.form.subject {
        form::Subject::Person => Subject::Person(id(&read.person)),
        _ => Subject::Dwelling(dwelling),
    };
    let on = day_of_form(read, now);
    let body = Body::Answered {
        subject,
        dwelling,
        case: None,
        programme: handed.programme.to_owned(),
        version: handed.version.to_owned(),
        form: handed.form.code.value.clone(),
        on,
        replaces: None,
    };
    Submission {
        series: handed.series,
        instance: read.instance.clone(),
        digest: Sha256::digest(handed.xml).into(),
        fact: Fact { at: now, actor: handed.worker, body },
        replaces: read.replaces.clone(),
        owner: subject.id(),
        plaintext: answer::encode(&submission::given(handed.form, read)),
        files: handed.files,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Millis = 1_583_812_800_000;

    #[test]
    fn a_form_is_of_the_day_that_it_says_and_never_of_one_to_come() {
        let on = |on: Option<&str>| {
            let on = on.map(str::to_owned);
            day_of_form(&submission::Submission { on, ..submission::Submission::default() }, NOON)
        };
        let today = day_of(NOON);
        assert_eq!(on(Some("2020-03-08")), today - 2);
        assert_eq!(on(Some("2020-03-10")), today);
        for told in [Some("2020-03-11"), Some("2036-01-01"), Some("no day"), None] {
            assert_eq!(on(told), today, "{told:?}");
        }
    }
}
