//! Phones at work in the demonstration: they are invited and enrolled like any other, pull their doors, and knock at one
//! after the other over real HTTP, so that whoever looks sees the residual fall.

use std::net::SocketAddr;
use std::time::Duration;

use domain::area::Level;
use domain::fact::{Body, Light, Outcome, evidence};
use domain::id::SweepId;
use domain::identity::Identity;
use domain::state::Book;
use domain::time::{Millis, day_of};
use serde::Deserialize;

use super::drill::http::{Answer, Client};
use super::drill::office::{self, Account};
use super::drill::phone::{Manner, PUSH_LIMIT, Phone, PulledDoor};
use super::synthetic::{Chance, City};

/// Between two knocks of one phone.
const PACE: Duration = Duration::from_secs(6);
/// Their names, as they stand in the list of phones; nobody else's phone is touched.
const NAMES: [&str; 4] = ["演示 甲", "演示 乙", "演示 丙", "演示 丁"];

#[derive(Deserialize)]
struct Devices {
    devices: Vec<Device>,
}

#[derive(Deserialize)]
struct Sweeps {
    sweeps: Vec<Sweep>,
}

#[derive(Deserialize)]
struct Sweep {
    id: SweepId,
    closed_at: Option<String>,
}

#[derive(Deserialize)]
struct Device {
    series: String,
    worker_name: String,
    revoked_at: Option<String>,
}

/// The areas in which the phones walk: streets, but not the one that the demonstration's own community is in, whose doors are left for
/// whoever tries a phone there.
#[must_use]
pub fn beats(book: &Book, community: &str) -> Vec<String> {
    let streets = book.areas.iter().filter(|(_, area)| area.level == Level::Township).map(|(_, area)| area);
    let others = streets.map(|area| area.code.clone()).filter(|code| !community.starts_with(code.as_str()));
    others.take(NAMES.len()).collect()
}

/// Sends the phones out. Ends when every door was knocked at, or when the server is gone.
///
/// # Errors
/// Those of the requests.
pub fn walk(
    address: SocketAddr,
    inviter: &Account,
    district: &str,
    beats: &[String],
    seed: u64,
) -> Answer<()> {
    let office = inviter.sign_in(address)?;
    retire(&office, district)?;
    let known: Sweeps = office.get("/v1/sweeps")?;
    let Some(sweep) = known.sweeps.into_iter().find(|sweep| sweep.closed_at.is_none()) else { return Ok(()) };
    let now = crate::cli::now();
    let mut walkers = Vec::new();
    for (number, (area, name)) in beats.iter().zip(NAMES).enumerate() {
        let invitation = office::invite(&office, name, area)?;
        // Series and keys of their own at each start.
        let phone = Phone::<()>::enrol(number, seed ^ now.unsigned_abs(), address, &invitation, now)?;
        let mut doors = Vec::new();
        phone.pull(|door| {
            if !door.sweeps.iter().any(|known| known.sweep == sweep.id && known.outcome.is_some()) {
                doors.push(door);
            }
        })?;
        doors.reverse();
        walkers.push(Walker {
            sweep: sweep.id,
            phone,
            doors,
            chance: Chance::new(seed, number as u64),
            strangers: 0,
        });
    }
    while walkers.iter().any(|walker| !walker.doors.is_empty()) {
        for walker in &mut walkers {
            walker.knock(seed)?;
        }
        std::thread::sleep(PACE);
    }
    Ok(())
}

/// Revokes the phones of an earlier run: a demonstration keeps no keys.
fn retire(office: &Client, district: &str) -> Answer<()> {
    let known: Devices = office.get(&format!("/v1/devices?area={district}"))?;
    for device in known.devices {
        if device.revoked_at.is_none() && NAMES.contains(&device.worker_name.as_str()) {
            office.delete(&format!("/v1/devices/{}", device.series))?;
        }
    }
    Ok(())
}

struct Walker {
    sweep: SweepId,
    phone: Phone<()>,
    /// Not knocked at yet; the next one last.
    doors: Vec<PulledDoor>,
    chance: Chance,
    strangers: u64,
}

impl Walker {
    fn knock(&mut self, seed: u64) -> Answer<()> {
        let Some(door) = self.doors.pop() else { return Ok(()) };
        let now = crate::cli::now();
        let (outcome, light) = match self.chance.below(100) {
            0..70 => (Outcome::Met, Light::On),
            70..78 => (Outcome::Phone, Light::Off),
            78..86 => (Outcome::NoAnswer, Light::Off),
            86..90 => (Outcome::NoAnswer, Light::On),
            90..95 => (Outcome::Away, Light::Off),
            95..98 => (Outcome::Vacant, Light::Off),
            _ => (Outcome::Refused, Light::On),
        };
        let sweep = self.sweep;
        let comes_back = matches!(outcome, Outcome::Away | Outcome::NoAnswer);
        let body = Body::Visited {
            sweep,
            dwelling: door.dwelling,
            outcome,
            light,
            evidence: evidence::LIGHT,
            recheck_on: comes_back.then(|| day_of(now) + 1),
            occupants: None,
        };
        self.phone.record(now, body, None, ());
        if outcome == Outcome::Met {
            for member in &door.members {
                let body = Body::PersonSeen {
                    sweep,
                    dwelling: door.dwelling,
                    person: member.person,
                    by_phone: false,
                };
                self.phone.record(now, body, None, ());
            }
            if self.chance.percent(3) {
                self.meet_a_stranger(&door, seed, now);
            }
        }
        self.phone.send_all(|| (Manner::Plainly, PUSH_LIMIT))
    }

    fn meet_a_stranger(&mut self, door: &PulledDoor, seed: u64, now: Millis) {
        // Far beyond the numbers that the territory's own households have.
        let number = 8_000_000 + (self.phone.number as u64) * 10_000 + self.strangers;
        self.strangers += 1;
        let someone = City::new(seed, 1, 1).stranger(number);
        let identity = Identity {
            name: someone.name,
            sex: someone.sex.into(),
            birth_date: someone.birth_date,
            phone: someone.phone,
            ..Identity::default()
        };
        let person = self.phone.new_id(now);
        let body = Body::PersonSeen { sweep: self.sweep, dwelling: door.dwelling, person, by_phone: false };
        self.phone.record(now, body, Some((person, identity.encode())), ());
    }
}

#[cfg(test)]
mod tests {
    use domain::area::Area;

    use super::*;

    #[test]
    fn the_doors_of_the_demonstrations_own_community_are_left_to_whoever_tries_a_phone_there() {
        let mut book = Book::default();
        let mut add = |code: &str, level, parent| {
            book.areas.register(Area { code: code.into(), name: code.into(), level, parent })
        };
        add("42", Level::County, None);
        for street in 0..6 {
            add(&format!("42{street}"), Level::Township, Some(0));
        }
        add("42101", Level::Community, Some(2));
        let own = book.areas.number("42101").unwrap_or_default();
        let beats = beats(&book, "42101");
        assert_eq!(beats, ["420", "422", "423", "424"]);
        for beat in beats {
            let walked = book.areas.number(&beat).unwrap_or_default();
            assert!(!book.areas.is_within(own, walked), "{beat}");
        }
    }
}
