//! The loads over HTTP: phones that push as fast as the server answers, then at a fixed rate, while offices read.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::fact::{Body, Light, Outcome, evidence};
use domain::id::{DwellingId, SweepId};
use domain::time::format_instant;
use serde::Deserialize;
use wanjia::app::drill::http::{Answer, Client};
use wanjia::app::drill::office::{self, Account};
use wanjia::app::drill::phone::{PUSH_LIMIT, Phone};
use wanjia::app::drill::rehearsal::in_parallel;
use wanjia::app::drill::script::Town;
use wanjia::app::drill::server::{Program, Server, used};
use wanjia::app::failure::{Failure, Result};
use wanjia::app::synthetic::Chance;

use crate::Args;

/// Middle, ninety-ninth hundredth and count of some times, in milliseconds.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Times {
    pub p50: f64,
    pub p99: f64,
    pub count: usize,
}

impl Times {
    fn of(mut all: Vec<f64>) -> Self {
        all.sort_by(f64::total_cmp);
        let at = |share: f64| {
            let index = (all.len() as f64 * share) as usize;
            all.get(index.min(all.len().saturating_sub(1))).copied().unwrap_or(0.0)
        };
        Self { p50: at(0.5), p99: at(0.99), count: all.len() }
    }
}

/// What one load brought.
#[derive(Debug, Default, serde::Serialize)]
pub struct Load {
    pub visits_per_second: f64,
    pub push: Times,
    pub reads: BTreeMap<&'static str, Times>,
    pub server_cpu_share: f64,
}

#[derive(Debug, Default, serde::Serialize)]
pub struct Figures {
    /// As fast as the server answers.
    pub flat_out: Load,
    /// At the fixed rate; times count from when a push was due, not from when it could be sent.
    pub paced: Load,
    /// Reads with nobody pushing.
    pub idle: BTreeMap<&'static str, Times>,
    pub server_peak_mib: f64,
}

struct Bench<'a> {
    args: &'a Args,
    town: &'a Town,
    sweep: SweepId,
    reader: Client,
    phones: Vec<Mutex<Worker>>,
}

/// A phone with its pushes made in advance: what a real phone computes is not computed on the server's cores.
struct Worker {
    phone: Phone<()>,
    next: usize,
    known_size: u64,
}

/// # Errors
/// Those of the program under test.
pub fn measure(args: &Args, town: &Town, program: &Program) -> Result<Figures> {
    let root = town.areas.places.first().map(|place| place.code.clone()).unwrap_or_default();
    let county = Account::add(program, "county", "county", &root)?;
    let secretary = Account::add(program, "secretary", "community_secretary", &root)?;
    let server = program.serve()?;
    let opener = county.sign_in(server.address)?;
    let reader = secretary.sign_in(server.address)?;
    let deadline = format_instant(wanjia::cli::now() + 72 * 3_600_000);
    let sweep = office::open_sweep(&opener, &root, &deadline)?;
    eprintln!("    {} phones enrol and pull", args.phones);
    let phones = enrol(args, town, &reader, server.address)?;
    eprintln!("    pushes are made");
    // More than any machine of two cores takes: running out would end the measurement.
    let wanted = (args.seconds * (120_000 + args.rate)).div_ceil(args.phones as u64);
    let phones = in_parallel(2, phones, |(phone, doors)| fill(phone, &doors, sweep, wanted, args.seed));
    let bench = Bench { args, town, sweep, reader, phones: phones.into_iter().map(Mutex::new).collect() };
    let mut figures = Figures { idle: bench.read_for(Duration::from_secs(3))?, ..Figures::default() };
    eprintln!("    flat out");
    figures.flat_out = bench.load(&server, None)?;
    eprintln!("    {} visits a second", args.rate);
    figures.paced = bench.load(&server, Some(args.rate))?;
    figures.server_peak_mib = used(server.process()).map_or(0.0, |used| used.peak_kib as f64 / 1024.0);
    server.kill();
    Ok(figures)
}

type Enrolled = (Phone<()>, Vec<DwellingId>);

fn enrol(args: &Args, town: &Town, secretary: &Client, address: SocketAddr) -> Result<Vec<Enrolled>> {
    let now = wanjia::cli::now();
    // Spread over the whole city, so that the load is not on a few pages of the file.
    let codes: Vec<(usize, String)> = (0..args.phones)
        .filter_map(|phone| Some((phone, town.codes.get(phone * town.codes.len() / args.phones)?.clone())))
        .collect();
    let enrolled = in_parallel(4, codes, |(number, code)| -> Answer<Enrolled> {
        let invitation = office::invite(secretary, &format!("演练员{number}"), &code)?;
        let phone = Phone::enrol(number, args.seed, address, &invitation, now)?;
        let mut doors = Vec::new();
        phone.pull(|door| doors.push(door.dwelling))?;
        Ok((phone, doors))
    });
    Ok(enrolled.into_iter().collect::<Answer<_>>()?)
}

fn fill(mut phone: Phone<()>, doors: &[DwellingId], sweep: SweepId, wanted: u64, seed: u64) -> Worker {
    let mut chance = Chance::new(seed ^ 0xbe9c, phone.number as u64);
    let now = wanjia::cli::now();
    phone.keeps_all = true;
    for visit in 0..wanted {
        let door = usize::try_from(chance.below(doors.len() as u64)).unwrap_or(0);
        let Some(dwelling) = doors.get(door).copied() else { break };
        let outcome = match chance.below(10) {
            0..6 => Outcome::Met,
            6 | 7 => Outcome::NoAnswer,
            8 => Outcome::Phone,
            _ => Outcome::Vacant,
        };
        let body = Body::Visited {
            sweep,
            dwelling,
            outcome,
            light: if outcome == Outcome::Met { Light::On } else { Light::Off },
            evidence: evidence::LIGHT,
            recheck_on: None,
            occupants: Some(chance.below(6)),
        };
        phone.record(now + visit as i64, body, None, ());
    }
    Worker { phone, next: 0, known_size: 0 }
}

#[derive(Deserialize)]
struct Acknowledged {
    receipts: Vec<Status>,
    checkpoint: String,
}

#[derive(Deserialize)]
struct Status {
    status: String,
}

impl Worker {
    /// Sends the next push. Gives how many visits were accepted; none when everything is sent.
    fn push(&mut self) -> Result<Option<u64>> {
        let range = self.next..self.next + PUSH_LIMIT;
        if range.end > self.phone.made.len() {
            return Ok(None);
        }
        let body = self.phone.push_body_from(range.clone(), self.known_size);
        let text = self.phone.client.post_bytes("/v1/facts", &body)?;
        let answer: Acknowledged = serde_json::from_str(&text).map_err(|error| broken(error.to_string()))?;
        let accepted = answer.receipts.iter().filter(|receipt| receipt.status == "accepted").count();
        if accepted != PUSH_LIMIT {
            return Err(broken(format!("{accepted} of {PUSH_LIMIT} visits were accepted")));
        }
        self.next = range.end;
        // The second line of a checkpoint is its size.
        self.known_size = answer.checkpoint.lines().nth(1).and_then(|line| line.parse().ok()).unwrap_or(0);
        Ok(Some(accepted as u64))
    }
}

fn broken(cause: String) -> Failure {
    Failure::new("bench", cause.clone(), cause)
}

impl Bench<'_> {
    /// Pushes for the time of a load, at a rate or as fast as it goes, while one office reads.
    fn load(&self, server: &Server, rate: Option<u64>) -> Result<Load> {
        let begun = Instant::now();
        let until = begun + Duration::from_secs(self.args.seconds);
        let pushes_per_second = rate.map(|rate| rate as f64 / PUSH_LIMIT as f64);
        let (turn, visits) = (AtomicU64::new(0), AtomicU64::new(0));
        let over = AtomicBool::new(false);
        let before = used(server.process()).unwrap_or_default();
        let at_once = if rate.is_some() { self.args.at_once * 4 } else { self.args.at_once };
        let (times, reads) = std::thread::scope(|scope| {
            let reads = scope.spawn(|| {
                let mut reads = Reads::default();
                while !over.load(Ordering::Relaxed) {
                    self.read_once(&mut reads)?;
                    // An office with fifty pages a second is a busy one.
                    std::thread::sleep(Duration::from_millis(20));
                }
                Ok::<_, Failure>(reads)
            });
            let times = in_parallel(at_once, (0..at_once).collect(), |_| -> Result<Vec<f64>> {
                let mut times = Vec::new();
                loop {
                    let number = turn.fetch_add(1, Ordering::Relaxed);
                    let due =
                        pushes_per_second.map(|rate| begun + Duration::from_secs_f64(number as f64 / rate));
                    if due.unwrap_or_else(Instant::now) >= until {
                        return Ok(times);
                    }
                    if let Some(due) = due {
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    }
                    let index = usize::try_from(number).unwrap_or(0) % self.phones.len().max(1);
                    let Some(worker) = self.phones.get(index) else { return Ok(times) };
                    let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
                    let sent = due.unwrap_or_else(Instant::now);
                    let Some(accepted) = worker.push()? else {
                        return Err(broken("the phones ran out of visits; give fewer --seconds".into()));
                    };
                    times.push(sent.elapsed().as_secs_f64() * 1000.0);
                    visits.fetch_add(accepted, Ordering::Relaxed);
                }
            });
            over.store(true, Ordering::Relaxed);
            (times, reads.join())
        });
        let took = begun.elapsed().as_secs_f64();
        let after = used(server.process()).unwrap_or_default();
        let mut all = Vec::new();
        for times in times {
            all.extend(times?);
        }
        let reads = reads.map_err(|_| broken("the reader stopped".into()))??;
        Ok(Load {
            visits_per_second: visits.load(Ordering::Relaxed) as f64 / took,
            push: Times::of(all),
            reads: reads.times(),
            server_cpu_share: (after.ticks - before.ticks) as f64 / 100.0 / took,
        })
    }

    fn read_for(&self, time: Duration) -> Result<BTreeMap<&'static str, Times>> {
        let begun = Instant::now();
        let mut reads = Reads::default();
        while begun.elapsed() < time {
            self.read_once(&mut reads)?;
        }
        Ok(reads.times())
    }

    /// Reads one page of each kind.
    fn read_once(&self, reads: &mut Reads) -> Result<()> {
        reads.turn += 1;
        let mut chance = Chance::new(self.args.seed ^ 0x4ead, reads.turn);
        let mut timed = |kind: &'static str, path: String| -> Result<String> {
            let begun = Instant::now();
            let text = self.reader.get_text(&path)?;
            reads.all.entry(kind).or_default().push(begun.elapsed().as_secs_f64() * 1000.0);
            Ok(text)
        };
        let sweep = self.sweep;
        let places = &self.town.areas.places;
        let any = usize::try_from(chance.below(places.len() as u64)).unwrap_or(0);
        // The levels by turns, else nearly all would be communities.
        let community = places.get(places.len() - 1 - any % self.town.codes.len());
        let above = std::iter::successors(community, |place| place.parent.and_then(|at| places.get(at)));
        let levels: Vec<&str> = above.map(|place| place.code.as_str()).collect();
        let level = usize::try_from(chance.below(levels.len() as u64)).unwrap_or(0);
        let (Some(area), Some(code)) = (levels.get(level), levels.first()) else { return Ok(()) };
        timed("coverage", format!("/v1/sweeps/{sweep}/coverage?area={area}"))?;
        timed("residual", format!("/v1/sweeps/{sweep}/residual?area={code}&limit=1000"))?;
        timed("matrix", format!("/v1/sweeps/{sweep}/matrix?area={code}&building=1"))?;
        Ok(())
    }
}

#[derive(Default)]
struct Reads {
    turn: u64,
    all: BTreeMap<&'static str, Vec<f64>>,
}

impl Reads {
    fn times(self) -> BTreeMap<&'static str, Times> {
        self.all.into_iter().map(|(kind, times)| (kind, Times::of(times))).collect()
    }
}
