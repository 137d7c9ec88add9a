//! The rehearsal itself: the city is made and imported, the server started, the phones enrolled; hour after hour they
//! record and send while the offices read and decide; then everything is counted again.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Instant;

use domain::fact::{Body, FoundBy, Light, Place, evidence};
use domain::id::{DwellingId, PersonId, SweepId};
use domain::identity::Identity;
use domain::note::VisitNote;
use domain::time::{Millis, format_instant};
use rustc_hash::FxHashMap;

use super::http::{Answer, Client, Trouble};
use super::office::{self, Account};
use super::phone::{Manner, PUSH_LIMIT, Phone, Tally};
use super::recount::{Decisions, Told};
use super::script::{Address, Clock, Deed, DoorNumber, Entry, HOUR, How, Size, Somebody, Town};
use super::server::{Program, Server};
use crate::app::failure::{Failure, Result};
use crate::app::synthetic::{CITY, Chance};

/// What a phone keeps with each fact.
#[derive(Clone, Copy, Debug)]
pub struct Recorded {
    pub deed: Deed,
    /// The id under which someone was seen, if the phone made one.
    pub person: Option<PersonId>,
}

/// The doors and people of a group of communities, as its phones pulled them.
#[derive(Default)]
pub struct DoorBook {
    pub doors: FxHashMap<DoorNumber, DwellingId>,
    pub people: FxHashMap<Somebody, PersonId>,
}

/// How long the parts took.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Seconds {
    pub import: f64,
    pub sweep: f64,
    pub proofs: f64,
    pub recount: f64,
    pub verify: f64,
    pub rebuild: f64,
}

/// The offices: who is signed in.
pub struct Offices {
    /// Opens the sweep, signs, releases.
    pub county: Client,
    /// Invites and revokes everywhere, reads lists, registers people.
    pub secretary: Client,
    /// One for each of the first groups, who reads her own pages.
    pub neighbours: Vec<(usize, Client)>,
    pub city: Client,
    pub auditor: Client,
}

impl Offices {
    /// The server came back at another address. Sessions outlive it, so nobody signs in again.
    pub fn move_to(&mut self, address: SocketAddr) {
        let all = [&mut self.county, &mut self.secretary, &mut self.city, &mut self.auditor];
        for client in all.into_iter().chain(self.neighbours.iter_mut().map(|(_, client)| client)) {
            client.move_to(address);
        }
    }
}

/// A rehearsal under way.
pub struct Rehearsal {
    pub town: Town,
    pub program: Program,
    pub start: Millis,
    pub deadline: Millis,
    pub sweep: SweepId,
    pub server: Option<Server>,
    pub accounts: Vec<Account>,
    pub phones: Vec<Phone<Recorded>>,
    pub books: Vec<DoorBook>,
    pub decisions: Decisions,
    pub people: u64,
    pub restarts: u64,
    pub pages_read: u64,
    pub threads: usize,
}

/// How many groups have a secretary of their own at work; the rest are served by the city's.
const NEIGHBOURS: usize = 4;

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        Self::new("drill", format!("演练：{trouble}"), trouble.to_string())
    }
}

/// Something does not agree.
pub(crate) fn disagree(what: impl std::fmt::Display) -> Failure {
    Failure::new("drill", format!("演练不符：{what}"), what.to_string())
}

impl Rehearsal {
    /// Makes the city, imports it through the command line, starts the server, enrols the phones and lets them pull.
    ///
    /// # Errors
    /// If any step does.
    pub fn prepare(
        size: Size,
        binary: &Path,
        folder: &Path,
        tell: &mut dyn FnMut(&str),
    ) -> Result<(Self, Seconds)> {
        let town = Town::new(size);
        let program = Program { binary: binary.to_owned(), data: folder.join("data") };
        let people = write_city(&town, folder)?;
        tell(&format!("{people} people in {} communities / {people} 人", town.codes.len()));
        let mut seconds = Seconds::default();
        program.run(&["init", "--territory", CITY])?;
        let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
        program.run(&["import", "areas", &file("areas.csv")])?;
        let begun = Instant::now();
        let said = program.run(&["import", "roster", "--source", "register", &file("roster.csv")])?;
        seconds.import = begun.elapsed().as_secs_f64();
        if !said.contains(&format!("added {people} ")) {
            return Err(disagree(format!("{people} people were to be added: {said}")));
        }
        let now = crate::cli::now();
        let start = now - size.hours * HOUR;
        let mut rehearsal = Self {
            start,
            // The clock of the server is the machine's, so the sweep ends a little after the rehearsal.
            deadline: now / 1000 * 1000 + 2 * HOUR,
            sweep: SweepId::default(),
            server: None,
            accounts: Vec::new(),
            phones: Vec::new(),
            books: Vec::new(),
            decisions: Decisions::default(),
            people,
            restarts: 0,
            pages_read: 0,
            threads: std::thread::available_parallelism().map_or(2, usize::from).max(2) * 2,
            town,
            program,
        };
        rehearsal.open_offices()?;
        rehearsal.server = Some(rehearsal.program.serve()?);
        Ok((rehearsal, seconds))
    }

    fn open_offices(&mut self) -> Result<()> {
        let root = self.town.areas.places.first().map(|place| place.code.clone()).unwrap_or_default();
        let mut wanted = vec![
            ("county".to_owned(), "county", root.clone()),
            ("secretary".to_owned(), "community_secretary", root.clone()),
            ("city".to_owned(), "city", root.clone()),
            ("auditor".to_owned(), "auditor", root),
        ];
        for (index, group) in self.town.groups.iter().enumerate().take(NEIGHBOURS) {
            let area = self.town.areas.places.get(group.place).map(|place| place.code.clone());
            wanted.push((format!("neighbour-{index}"), "community_secretary", area.unwrap_or_default()));
        }
        for (username, role, area) in wanted {
            self.accounts.push(Account::add(&self.program, &username, role, &area)?);
        }
        Ok(())
    }

    /// Where the server listens now.
    ///
    /// # Errors
    /// If it does not run.
    pub fn address(&self) -> Result<SocketAddr> {
        self.server.as_ref().map(|server| server.address).ok_or_else(|| disagree("the server is not running"))
    }

    /// Everyone signs in.
    ///
    /// # Errors
    /// Those of the requests.
    pub fn sign_in(&self) -> Result<Offices> {
        let address = self.address()?;
        let mut clients = self.accounts.iter().map(|account| account.sign_in(address));
        let mut next = || {
            clients.next().unwrap_or_else(|| {
                Err(Trouble::Contract {
                    method: "POST",
                    path: "/v1/session".into(),
                    cause: "no account".into(),
                })
            })
        };
        let (county, secretary, city, auditor) = (next()?, next()?, next()?, next()?);
        let neighbours =
            clients.enumerate().map(|(group, client)| Ok((group, client?))).collect::<Answer<_>>()?;
        Ok(Offices { county, secretary, neighbours, city, auditor })
    }

    /// The code of the whole city.
    #[must_use]
    pub fn root(&self) -> &str {
        self.town.areas.places.first().map_or("", |place| place.code.as_str())
    }

    /// Opens the sweep, invites and enrols the phones; the first of each group pulls its doors for all of it.
    ///
    /// # Errors
    /// Those of the requests.
    pub fn enrol(&mut self, offices: &Offices) -> Result<()> {
        let address = self.address()?;
        self.sweep = office::open_sweep(&offices.county, self.root(), &format_instant(self.deadline))?;
        let groups = self.town.groups.len().max(1);
        let areas: Vec<String> = (0..self.town.size.phones)
            .filter_map(|phone| self.town.groups.get(phone % groups))
            .filter_map(|group| self.town.areas.places.get(group.place))
            .map(|place| place.code.clone())
            .collect();
        let (seed, now) = (self.town.size.seed, crate::cli::now());
        let enrolled =
            in_parallel(self.threads, areas.into_iter().enumerate().collect(), |(number, area)| {
                let invitation = office::invite(&offices.secretary, &format!("演练员{number}"), &area)?;
                Phone::enrol(number, seed, address, &invitation, now)
            });
        self.phones = enrolled.into_iter().collect::<Answer<_>>()?;
        let first: Vec<Option<&Phone<Recorded>>> =
            self.town.groups.iter().map(|group| self.phones.get(*group.phones.first()?)).collect();
        let work: Vec<(usize, Option<&Phone<Recorded>>)> = first.into_iter().enumerate().collect();
        let town = &self.town;
        let books = in_parallel(self.threads, work, |(group, phone)| match phone {
            Some(phone) => pull_book(town, group, phone),
            None => Ok(DoorBook::default()),
        });
        self.books = books.into_iter().collect::<Answer<_>>()?;
        Ok(())
    }

    /// Lets the hours pass.
    ///
    /// # Errors
    /// The first thing that breaks the contract or does not agree.
    pub fn sweep(&mut self, mut offices: Offices, tell: &mut dyn FnMut(&str)) -> Result<Offices> {
        let script = self.town.script(self.start);
        let mut next = vec![0; script.len()];
        let hours = self.town.size.hours.max(1);
        let mut head = 0;
        for hour in 0..=hours {
            if hour == hours * 5 / 8 {
                self.revoke(&offices)?;
            }
            if hour == hours / 2 {
                self.erase_some(&mut offices, tell)?;
            }
            let office = OfficeHour {
                town: &self.town,
                sweep: self.sweep,
                hour,
                root: self.root().to_owned(),
                erased: &self.decisions,
                known: known_people(&self.phones),
                last: hour == hours,
            };
            let until = self.start + (hour + 1) * HOUR;
            let last = hour == hours;
            let (town, books, sweep, start) = (&self.town, &self.books, self.sweep, self.start);
            let work: Vec<(&mut Phone<Recorded>, &[Entry])> = self
                .phones
                .iter_mut()
                .zip(script.iter().zip(&mut next))
                .map(|(phone, (entries, next))| {
                    let rest = entries.get(*next..).unwrap_or_default();
                    let due = rest.partition_point(|entry| entry.at < until);
                    *next += due;
                    (phone, rest.get(..due).unwrap_or_default())
                })
                .collect();
            let threads = self.threads;
            let (sent, decided) = std::thread::scope(|scope| {
                let offices = &offices;
                let office = scope.spawn(move || office.work(offices, head));
                let sent = in_parallel(threads, work, |(phone, entries)| {
                    for entry in entries {
                        record(town, books, sweep, start, phone, entry);
                    }
                    if last || town.is_online(phone.number, hour) {
                        let mut chance = Chance::new(
                            town.size.seed ^ 0x3a_44e5,
                            (phone.number as u64) << 16 | hour.unsigned_abs(),
                        );
                        phone.send_all(|| manner(&mut chance))?;
                    }
                    Ok(())
                });
                let decided = office.join().map_err(|_| disagree("an office stopped"));
                (sent, decided)
            });
            sent.into_iter().collect::<Answer<Vec<()>>>()?;
            let decided = decided??;
            head = decided.head;
            self.pages_read += decided.pages;
            self.decisions.signed.extend(decided.signed);
            self.decisions.released.extend(decided.released);
            self.decisions.registered.extend(decided.registered);
        }
        Ok(offices)
    }

    /// One phone is lost, and its secretary revokes it.
    fn revoke(&mut self, offices: &Offices) -> Result<()> {
        let barrier = self.tree_size();
        if self.phones.len() < 2 {
            return Ok(());
        }
        if let Some(phone) = self.phones.last() {
            offices.secretary.delete(&format!("/v1/devices/{}", phone.series))?;
            self.decisions.revoked.insert(phone.number, barrier);
        }
        Ok(())
    }

    /// No fact that a phone has a receipt for stands at or above this.
    fn tree_size(&self) -> u64 {
        let receipts = self.phones.iter().flat_map(|phone| phone.made.iter().take(phone.settled));
        receipts.filter_map(|made| Some(made.receipt.as_ref()?.position + 1)).max().unwrap_or(0)
    }

    /// The server is killed, some people are erased on the command line, and it comes back at another address.
    fn erase_some(&mut self, offices: &mut Offices, tell: &mut dyn FnMut(&str)) -> Result<()> {
        if let Some(server) = self.server.take() {
            server.kill();
        }
        let barrier = self.tree_size();
        let wanted = usize::try_from(self.people / 2000).unwrap_or(3).clamp(3, 50);
        let mut chosen: Vec<(Somebody, PersonId)> = self.listed_to_erase(wanted)?;
        let strangers = known_people(&self.phones);
        let mut unlisted: Vec<(Somebody, PersonId)> = strangers
            .into_iter()
            .map(|(person, somebody)| (somebody, person))
            .filter(|(somebody, _)| !Town::is_listed(*somebody) && Town::is_careful(*somebody))
            .collect();
        unlisted.sort_unstable();
        unlisted.dedup_by_key(|(somebody, _)| *somebody);
        chosen.extend(unlisted.into_iter().take(2));
        for (somebody, person) in chosen {
            self.program.run(&["erase", "--person", &person.to_string()])?;
            // Whoever was put on the list before is not on it any more.
            self.decisions.registered.remove(&somebody);
            self.decisions.erased.insert(somebody, barrier);
        }
        tell(&format!(
            "{0} people erased, the server killed and started again / 删除 {0} 人，服务重启",
            self.decisions.erased.len()
        ));
        self.restart()?;
        offices.move_to(self.address()?);
        Ok(())
    }

    /// Starts the server again; every phone finds it at its new address.
    ///
    /// # Errors
    /// If it does not start.
    pub fn restart(&mut self) -> Result<()> {
        let server = self.program.serve()?;
        for phone in &mut self.phones {
            phone.client.move_to(server.address);
        }
        self.server = Some(server);
        self.restarts += 1;
        Ok(())
    }

    /// Listed people of careful households and their ids, as the reconcile's file has them.
    fn listed_to_erase(&self, wanted: usize) -> Result<Vec<(Somebody, PersonId)>> {
        let path = self.program.data.with_extension("erase.csv");
        let file = path.to_string_lossy().into_owned();
        self.program.run(&["reconcile", "--sweep", &self.sweep.to_string(), "--csv", &file])?;
        let mut by_door: FxHashMap<(String, Address, String), PersonId> = FxHashMap::default();
        let mut careful: BTreeMap<(String, Address), u64> = BTreeMap::new();
        for number in (0..self.town.city.households).step_by(10).take(wanted * 4) {
            let address = self.town.address(number);
            let code = self.town.codes.get(address.community).cloned().unwrap_or_default();
            careful.insert((code, address), number);
        }
        for record in read_csv(&path)? {
            let record = record?;
            let Some(person) = record.get(1).and_then(|id| id.parse().ok()) else { continue };
            let text = |column| record.get(column).unwrap_or_default().to_owned();
            let code = text(2);
            let Some(community) = self.town.codes.iter().position(|known| *known == code) else { continue };
            let address = Address { community, building: text(3), unit: text(4), room: text(5) };
            if record.get(0) != Some("lit_unlisted") && careful.contains_key(&(code.clone(), address.clone()))
            {
                by_door.insert((code, address, text(6)), person);
            }
        }
        let mut chosen = Vec::new();
        for ((code, address), number) in careful {
            for (place, member) in (0..).zip(self.town.city.household(number).members) {
                let key = (code.clone(), address.clone(), member.name);
                if let Some(person) = by_door.remove(&key) {
                    chosen.push((number * 8 + place, person));
                }
            }
        }
        chosen.sort_unstable();
        // Spread over the households rather than whole families.
        let step = (chosen.len() / wanted.max(1)).max(1);
        Ok(chosen.into_iter().step_by(step).take(wanted).collect())
    }

    /// Listed people who may be erased, and their ids.
    ///
    /// # Errors
    /// Those of the command.
    pub fn people_to_erase(&self, wanted: usize) -> Result<Vec<(Somebody, PersonId)>> {
        if wanted == 0 { Ok(Vec::new()) } else { self.listed_to_erase(wanted) }
    }

    /// How many facts the ledger holds, by its newest signed head; phones may not know of the last ones.
    ///
    /// # Errors
    /// If the directory cannot be read.
    pub fn tree_size_on_disk(&self) -> Result<u64> {
        Ok(store::Reader::open(&self.program.data, None)?.size()?)
    }

    /// Everything that phones recorded and have a receipt for.
    pub fn told(&self) -> impl Iterator<Item = Told> + '_ {
        self.phones.iter().flat_map(|phone| {
            phone.made.iter().filter_map(|made| {
                Some(Told {
                    phone: phone.number,
                    series: phone.series,
                    sequence: made.sequence,
                    at: made.at,
                    deed: made.what.deed,
                    receipt: made.receipt.clone()?,
                })
            })
        })
    }

    /// What all phones did together.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut sum = Tally::default();
        for phone in &self.phones {
            sum += phone.tally;
        }
        sum
    }
}

/// Writes `areas.csv` and `roster.csv`, the second as a stream. Gives the number of people.
///
/// # Errors
/// If the folder cannot be written.
pub fn write_city(town: &Town, folder: &Path) -> Result<u64> {
    let path = folder.join("roster.csv");
    let fail = |error: std::io::Error| Failure::file(&path, &error);
    std::fs::write(folder.join("areas.csv"), town.areas.to_csv()).map_err(fail)?;
    let file = std::fs::File::create(&path).map_err(fail)?;
    let mut out = std::io::BufWriter::with_capacity(1 << 20, file);
    let people = town.city.write_roster(&town.codes, &mut out).map_err(fail)?;
    out.flush().map_err(fail)?;
    Ok(people)
}

fn pull_book(town: &Town, group: usize, phone: &Phone<Recorded>) -> Answer<DoorBook> {
    let mut numbers: FxHashMap<(String, String, String, String), DoorNumber> = FxHashMap::default();
    let communities = town.groups.get(group).map(|group| group.communities.clone()).unwrap_or_default();
    for community in communities {
        for number in town.city.households_of(community) {
            let address = town.address(number);
            let code = town.codes.get(community).cloned().unwrap_or_default();
            numbers.insert((code, address.building, address.unit, address.room), number);
        }
    }
    let listed = numbers.len();
    let mut book = DoorBook::default();
    phone.pull(|door| {
        let key = (door.area_code, door.building, door.unit, door.room);
        let Some(number) = numbers.get(&key) else { return };
        book.doors.insert(*number, door.dwelling);
        let household = town.city.household(*number);
        for (place, member) in (0..).zip(&household.members) {
            let mut namesakes = door.members.iter().filter(|known| known.name == member.name);
            if let (Some(known), None) = (namesakes.next(), namesakes.next()) {
                book.people.insert(number * 8 + place, known.person);
            }
        }
    })?;
    if book.doors.len() == listed {
        return Ok(book);
    }
    let cause = format!("{listed} doors are on the roster of the phone's area and {} came", book.doors.len());
    Err(Trouble::Contract { method: "GET", path: "/v1/pull".into(), cause })
}

/// Who is behind the ids that phones gave to people they saw.
fn known_people(phones: &[Phone<Recorded>]) -> FxHashMap<PersonId, Somebody> {
    let made = phones.iter().flat_map(|phone| &phone.made);
    made.filter_map(|made| match made.what {
        Recorded { deed: Deed::See { somebody, .. }, person: Some(person) } => Some((person, somebody)),
        _ => None,
    })
    .collect()
}

fn manner(chance: &mut Chance) -> (Manner, usize) {
    let manner = match chance.below(100) {
        0..68 => Manner::Plainly,
        68..78 => Manner::Twice,
        78..88 => Manner::LaterFirst,
        88..94 => Manner::CutRequest,
        _ => Manner::CutAnswer,
    };
    // A phone that was offline for long sends full pushes, one with a poor network smaller ones.
    let most = if chance.percent(50) { PUSH_LIMIT } else { 1 + chance.below(12) as usize };
    (manner, most)
}

/// Writes what happened into the phone's outbox.
pub fn record(
    town: &Town,
    books: &[DoorBook],
    sweep: SweepId,
    start: Millis,
    phone: &mut Phone<Recorded>,
    entry: &Entry,
) {
    let at = Clock::of(phone.number).says(entry.at, start);
    let mut kept = Recorded { deed: entry.deed, person: None };
    let group = |community: usize| town.group_of.get(community).and_then(|group| books.get(*group));
    let dwelling = |phone: &Phone<Recorded>, door: DoorNumber| {
        let known = group(town.address(door).community).and_then(|book| book.doors.get(&door));
        known.or_else(|| phone.found_doors.get(&door)).copied()
    };
    let (body, sealed) = match entry.deed {
        Deed::Register { door } => {
            let id = phone.new_id(at);
            phone.found_doors.insert(door, id);
            let address = town.address(door);
            let body = Body::DwellingRegistered {
                dwelling: id,
                area: town.codes.get(address.community).cloned().unwrap_or_default(),
                building: address.building,
                unit: address.unit,
                room: address.room,
                place: Place::Home,
                found_by: FoundBy::Visit,
            };
            (body, None)
        }
        Deed::Visit { door, outcome, light, recheck_on, note } => {
            let Some(dwelling) = dwelling(phone, door) else { return };
            let content = note.then(|| {
                (dwelling, VisitNote { note: "下次晚上来".into(), ..VisitNote::default() }.encode())
            });
            let evidence = if light == Light::Unknown { 0 } else { evidence::LIGHT };
            let body =
                Body::Visited { sweep, dwelling, outcome, light, evidence, recheck_on, occupants: None };
            (body, content)
        }
        Deed::See { door, somebody, how } => {
            let Some(dwelling) = dwelling(phone, door) else { return };
            let listed = group(town.address(door).community).and_then(|book| book.people.get(&somebody));
            if let (How::Tap, Some(person)) = (how, listed) {
                (Body::PersonSeen { sweep, dwelling, person: *person, by_phone: false }, None)
            } else {
                let how = if how == How::Tap { How::InFull } else { how };
                kept.deed = Deed::See { door, somebody, how };
                let person = phone.new_id(at);
                kept.person = Some(person);
                let content = (person, described(town, somebody, how).encode());
                (Body::PersonSeen { sweep, dwelling, person, by_phone: false }, Some(content))
            }
        }
        Deed::Astray => {
            let dwelling = phone.new_id(at);
            let body = Body::Visited {
                sweep,
                dwelling,
                outcome: domain::fact::Outcome::Met,
                light: Light::Unknown,
                evidence: 0,
                recheck_on: None,
                occupants: None,
            };
            (body, None)
        }
    };
    phone.record(at, body, sealed, kept);
}

fn described(town: &Town, somebody: Somebody, how: How) -> Identity {
    let Some(who) = town.who(somebody) else { return Identity::default() };
    let full = Identity {
        name: who.name,
        sex: who.sex.into(),
        birth_date: who.birth_date,
        id_number: who.id_number,
        phone: who.phone,
        ..Identity::default()
    };
    match how {
        How::Tap | How::InFull => full,
        How::PhoneAndName => Identity { name: full.name, phone: full.phone, ..Identity::default() },
        How::NameAndBirth => Identity { name: full.name, birth_date: full.birth_date, ..Identity::default() },
    }
}

/// One hour in the offices, while the phones send.
struct OfficeHour<'a> {
    town: &'a Town,
    sweep: SweepId,
    hour: i64,
    root: String,
    erased: &'a Decisions,
    known: FxHashMap<PersonId, Somebody>,
    last: bool,
}

#[derive(Default)]
struct Decided {
    pages: u64,
    /// Size of the newest tree head that the auditor has checked.
    head: u64,
    signed: Vec<DoorNumber>,
    released: Vec<(domain::id::Id, u64)>,
    registered: Vec<(Somebody, DoorNumber)>,
}

impl OfficeHour<'_> {
    fn work(&self, offices: &Offices, head: u64) -> Result<Decided> {
        let mut done = Decided { head, ..Decided::default() };
        let mut chance = Chance::new(self.town.size.seed ^ 0x0ff1ce, self.hour.unsigned_abs());
        office::coverage(&offices.city, self.sweep, &self.root)?;
        done.pages += 1;
        // Each secretary looks at one of her communities every few hours.
        let turn = self.hour.unsigned_abs() as usize;
        for (group, client) in offices.neighbours.iter().filter(|(group, _)| (group + turn).is_multiple_of(4))
        {
            let Some(group) = self.town.groups.get(*group) else { continue };
            let Some(area) = self.town.areas.places.get(group.place) else { continue };
            office::coverage(client, self.sweep, &area.code)?;
            let pick = chance.below(group.communities.len() as u64) as usize;
            let Some(code) = group.communities.get(pick).and_then(|at| self.town.codes.get(*at)) else {
                continue;
            };
            office::first_pages(client, self.sweep, code)?;
            office::matrix(client, self.sweep, code)?;
            done.pages += 5;
        }
        self.audit(offices, &mut done)?;
        // Twice during the sweep and once at its end decisions are taken, community by community.
        let decides = self.last || self.hour % (self.town.size.hours / 3).max(1) == 0;
        if decides && self.hour > 0 {
            self.decide(offices, &mut done)?;
        }
        Ok(done)
    }

    /// The auditor follows the tree from the head she checked last.
    fn audit(&self, offices: &Offices, done: &mut Decided) -> Result<()> {
        let note = offices.auditor.get_text("/v1/checkpoint")?;
        let size: u64 = note.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0);
        let path = format!("/v1/consistency?from={}&to={size}", done.head);
        let _: serde_json::Value = offices.auditor.get(&path)?;
        if size < done.head {
            return Err(disagree(format!("the tree shrank from {} to {size}", done.head)));
        }
        done.head = size;
        done.pages += 2;
        Ok(())
    }

    fn decide(&self, offices: &Offices, done: &mut Decided) -> Result<()> {
        for (community, code) in self.town.codes.iter().enumerate() {
            let refused = office::residual(&offices.secretary, self.sweep, code, Some("refused_unsigned"))?;
            let unlisted = office::reconcile(&offices.secretary, self.sweep, code, Some("lit_unlisted"))?;
            done.pages += 2;
            if refused.is_empty() && unlisted.is_empty() {
                continue;
            }
            let doors = self.doors_of(community);
            for row in refused {
                let key = (row.building, row.unit, row.room);
                let Some(door) = doors.get(&key).copied().filter(|door| door % 2 == 0) else { continue };
                let body = serde_json::json!({"dwelling": row.dwelling, "reason": "refusal"});
                match offices.secretary.post_only(&format!("/v1/sweeps/{}/sign", self.sweep), &body) {
                    Ok(()) => done.signed.push(door),
                    // Someone was met there in the meantime.
                    Err(trouble) if trouble.status() == Some(409) => {}
                    Err(trouble) => return Err(trouble.into()),
                }
            }
            for row in unlisted {
                let key = (row.building, row.unit, row.room);
                let somebody =
                    row.person_id.and_then(|person| self.known.get(&person).map(|who| (person, *who)));
                let (Some(door), Some((person, somebody))) = (doors.get(&key), somebody) else { continue };
                if somebody % 3 != 0 || self.erased.registered.contains_key(&somebody) {
                    continue;
                }
                let body = serde_json::json!({"dwelling": row.dwelling, "person": person});
                let _: serde_json::Value = offices.secretary.post("/v1/persons", &body)?;
                done.registered.push((somebody, *door));
            }
        }
        for row in office::waiting(&offices.county, &self.root)? {
            let counts_after_all = matches!(row.reason.as_str(), "recheck_missing" | "outside_rights");
            if counts_after_all && row.sequence % 2 == 0 {
                let path = format!("/v1/quarantine/{}/{}/release", row.series, row.sequence);
                offices.county.post_only(&path, &serde_json::json!({}))?;
                done.released.push((row.series, row.sequence));
            }
        }
        done.pages += 1;
        Ok(())
    }

    fn doors_of(&self, community: usize) -> FxHashMap<(String, String, String), DoorNumber> {
        let listed = self.town.city.households_of(community);
        listed
            .chain(self.town.unknown_doors_of(community))
            .map(|door| {
                let address = self.town.address(door);
                ((address.building, address.unit, address.room), door)
            })
            .collect()
    }
}

/// Reads a CSV file with a header.
///
/// # Errors
/// If it cannot be opened.
pub(crate) fn read_csv(path: &Path) -> Result<impl Iterator<Item = Result<csv::StringRecord>>> {
    let reader = csv::Reader::from_path(path)
        .map_err(|error| Failure::new("csv", error.to_string(), error.to_string()))?;
    Ok(reader
        .into_records()
        .map(|record| record.map_err(|error| Failure::new("csv", error.to_string(), error.to_string()))))
}

/// Runs `work` on every item, on so many threads, and gives the results in order.
pub fn in_parallel<I: Send, O: Send>(threads: usize, items: Vec<I>, work: impl Fn(I) -> O + Sync) -> Vec<O> {
    let count = items.len();
    let queue = std::sync::Mutex::new(items.into_iter().enumerate());
    let results = std::sync::Mutex::new(Vec::with_capacity(count));
    std::thread::scope(|scope| {
        for _ in 0..threads.min(count).max(1) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().ok().and_then(|mut queue| queue.next());
                    let Some((index, item)) = next else { return };
                    let result = work(item);
                    if let Ok(mut results) = results.lock() {
                        results.push((index, result));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}
