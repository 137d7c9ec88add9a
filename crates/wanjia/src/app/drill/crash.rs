//! The crash drill: the program is killed at random moments, with SIGKILL, while phones push, while it opens, while a
//! list is imported and while a person is erased. Nothing that was acknowledged may be lost, and nothing doubled.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::http::{Answer, Trouble};
use super::phone::{Manner, PUSH_LIMIT, Phone};
use super::rehearsal::{Recorded, Rehearsal, disagree, in_parallel, record};
use super::script::{Entry, Town};
use super::server::Program;
use crate::app::failure::{Failure, Result};
use crate::app::synthetic::Chance;

/// How many times the program was killed, and when.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Kills {
    pub importing: u64,
    pub erasing: u64,
    pub opening: u64,
    pub pushing: u64,
    /// Facts that had reached the disk though their phone was never told.
    pub unacknowledged_kept: u64,
}

/// A phone, what it has to record, and how much of that it has recorded.
type AtWork<'a> = (&'a mut Phone<Recorded>, (&'a Vec<Entry>, &'a mut usize));

/// A phone sends so few at once here that many kills fall between two pushes.
const BATCH: u64 = 8;
/// A life of the server is at most so long.
const LONGEST_LIFE: Duration = Duration::from_millis(60);

/// Runs a command and kills it after `delay`; one that is done by then was not killed. Gives whether it was.
fn kill_after(program: &Program, arguments: &[&str], delay: Duration) -> Result<bool> {
    let data = program.data.to_string_lossy().into_owned();
    let mut all = arguments.to_vec();
    all.extend(["--data", &data]);
    let mut child = program
        .command(&all)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| Failure::file(&program.binary, &error))?;
    std::thread::sleep(delay);
    let fail = |error: std::io::Error| Failure::file(&program.binary, &error);
    let running = child.try_wait().map_err(fail)?.is_none();
    child.kill().map_err(fail)?;
    child.wait().map_err(fail)?;
    Ok(running)
}

fn part_of(whole: Duration, chance: &mut Chance) -> Duration {
    whole * u32::try_from(chance.below(1000)).unwrap_or(0) / 1000
}

/// Kills an import so many times; every time the territory must be as if it had never begun, or as if it had ended.
///
/// # Errors
/// If a killed import leaves anything half done.
pub fn kill_imports(program: &Program, roster: &str, people: u64, kills: u64, seed: u64) -> Result<u64> {
    let mut chance = Chance::new(seed ^ 0x1397, 1);
    // How long it takes is measured on another territory, so that the moments are spread over all of it.
    let scratch = Program { data: program.data.with_extension("scratch"), ..program.clone() };
    scratch.run(&["init", "--territory", crate::app::synthetic::CITY])?;
    let areas = program.data.with_file_name("areas.csv").to_string_lossy().into_owned();
    scratch.run(&["import", "areas", &areas])?;
    let import = ["import", "roster", "--source", "register", roster];
    let begun = Instant::now();
    scratch.run(&import)?;
    let whole = begun.elapsed();
    let mut killed = 0;
    let mut committed = false;
    for kill in 0..kills {
        // Every other time in the last tenth, where the three files are committed one after another.
        let delay = if kill % 2 == 0 {
            part_of(whole, &mut chance)
        } else {
            whole * 9 / 10 + part_of(whole / 10, &mut chance)
        };
        killed += u64::from(kill_after(program, &import, delay)?);
        let said = program.run(&["import", "roster", "--dry-run", "--source", "register", roster])?;
        let (added, left) =
            (said.contains(&format!("added {people} ")), said.contains(&format!("left {people} ")));
        if added == left || (committed && added) {
            return Err(disagree(format!("an import that was killed left something half done: {said}")));
        }
        committed = left;
    }
    Ok(killed)
}

/// Lets phones push and kills the server, again and again; then everything is sent.
///
/// # Errors
/// If anything that was acknowledged is gone, or anything is there twice.
pub fn kill_server(rehearsal: &mut Rehearsal, kills: u64) -> Result<Kills> {
    let mut done = Kills::default();
    let script = rehearsal.town.script(rehearsal.start);
    let mut next = vec![0usize; script.len()];
    let mut held = vec![0; rehearsal.phones.len()];
    let mut chance = Chance::new(rehearsal.town.size.seed ^ 0xdead, 2);
    for phone in &mut rehearsal.phones {
        phone.keeps_all = true;
    }
    // Reading names is written down, so the command line needs the directory to itself.
    drop(rehearsal.server.take());
    let mut erasures = rehearsal.people_to_erase(usize::try_from(kills / 10).unwrap_or(0))?;
    for kill in 0..kills {
        if rehearsal.server.is_none() {
            rehearsal.restart()?;
            check_heads(rehearsal, &mut held, &mut done)?;
        }
        if kill % 25 == 24 {
            // What a kill left of ciphertexts without facts was dropped at the opening, and the server is at work.
            rehearsal.program.run(&["rebuild", "--check"])?;
            rehearsal.program.run(&["verify"])?;
        }
        life(rehearsal, &script, &mut next, part_of(LONGEST_LIFE, &mut chance), kill)?;
        done.pushing += 1;
        match kill % 10 {
            3 => {
                let opening = ["serve", "--listen", "127.0.0.1:0"];
                let delay = part_of(LONGEST_LIFE, &mut chance);
                done.opening += u64::from(kill_after(&rehearsal.program, &opening, delay)?);
            }
            7 => {
                if let Some((somebody, person)) = erasures.pop() {
                    let barrier = rehearsal.tree_size_on_disk()?;
                    let person = person.to_string();
                    let delay = part_of(LONGEST_LIFE, &mut chance);
                    done.erasing +=
                        u64::from(kill_after(&rehearsal.program, &["erase", "--person", &person], delay)?);
                    // Whatever was begun is finished by asking again.
                    rehearsal.program.run(&["erase", "--person", &person])?;
                    rehearsal.decisions.erased.insert(somebody, barrier);
                }
            }
            _ => {}
        }
    }
    if rehearsal.server.is_none() {
        rehearsal.restart()?;
        check_heads(rehearsal, &mut held, &mut done)?;
    }
    finish(rehearsal, &script, &mut next)?;
    Ok(done)
}

/// One life of the server: phones record and push until it is killed.
fn life(
    rehearsal: &mut Rehearsal,
    script: &[Vec<Entry>],
    next: &mut [usize],
    length: Duration,
    number: u64,
) -> Result<()> {
    let Some(server) = rehearsal.server.take() else { return Ok(()) };
    let (town, books, sweep, start) = (&rehearsal.town, &rehearsal.books, rehearsal.sweep, rehearsal.start);
    let dead = AtomicBool::new(false);
    let threads = rehearsal.threads;
    let work: Vec<AtWork<'_>> = rehearsal.phones.iter_mut().zip(script.iter().zip(next)).collect();
    let results = std::thread::scope(|scope| {
        let dead = &dead;
        scope.spawn(move || {
            std::thread::sleep(length);
            server.kill();
            dead.store(true, Ordering::Release);
        });
        in_parallel(threads, work, |(phone, (entries, next))| {
            let mut chance = Chance::new(town.size.seed ^ number, phone.number as u64);
            while !dead.load(Ordering::Acquire) {
                let count = usize::try_from(1 + chance.below(BATCH)).unwrap_or(1);
                for entry in entries.iter().skip(*next).take(count) {
                    record(town, books, sweep, start, phone, entry);
                }
                *next = (*next + count).min(entries.len());
                match step(phone, &mut chance) {
                    Ok(()) => {}
                    // The server is gone; what was not acknowledged stays in the outbox.
                    Err(Trouble::Cut { .. }) => return Ok(()),
                    Err(trouble) => return Err(trouble),
                }
                // The threads go round all phones, so that a life has pushes of several of them.
                if chance.percent(50) {
                    return Ok(());
                }
            }
            Ok(())
        })
    });
    results.into_iter().collect::<Answer<Vec<()>>>()?;
    Ok(())
}

/// Sends what is unsent; with nothing unsent, something old again.
fn step(phone: &mut Phone<Recorded>, chance: &mut Chance) -> Answer<()> {
    if phone.unsent() > 0 {
        return phone.send_all(|| {
            let manner = match chance.below(10) {
                0 => Manner::Twice,
                1 => Manner::CutAnswer,
                2 => Manner::CutRequest,
                _ => Manner::Plainly,
            };
            (manner, PUSH_LIMIT)
        });
    }
    if phone.settled == 0 {
        return Ok(());
    }
    let first = usize::try_from(chance.below(phone.settled as u64)).unwrap_or(0);
    phone.push(first..(first + 5).min(phone.settled))
}

/// After a restart the server must hold everything that it has acknowledged.
fn check_heads(rehearsal: &Rehearsal, held_before: &mut [u64], done: &mut Kills) -> Result<()> {
    for (phone, before) in rehearsal.phones.iter().zip(held_before) {
        let held = phone.server_head()?.map_or(0, |sequence| sequence + 1);
        let acknowledged = phone.settled as u64;
        if held < acknowledged {
            return Err(disagree(format!(
                "phone {}: {acknowledged} facts were acknowledged and {held} are there",
                phone.number
            )));
        }
        if held > phone.made.len() as u64 {
            return Err(disagree(format!(
                "phone {} made {} facts, not {held}",
                phone.number,
                phone.made.len()
            )));
        }
        // A fact that waits for its receipt over several deaths is one fact.
        done.unacknowledged_kept += held.saturating_sub(acknowledged.max(*before));
        *before = held;
    }
    Ok(())
}

/// Everything that is left is sent; then everything is sent again, and each fact must get the receipt it had.
fn finish(rehearsal: &mut Rehearsal, script: &[Vec<Entry>], next: &mut [usize]) -> Result<()> {
    let (town, books, sweep, start): (&Town, _, _, _) =
        (&rehearsal.town, &rehearsal.books, rehearsal.sweep, rehearsal.start);
    let work: Vec<AtWork<'_>> = rehearsal.phones.iter_mut().zip(script.iter().zip(next)).collect();
    let results = in_parallel(rehearsal.threads, work, |(phone, (entries, next))| -> Answer<()> {
        for entry in entries.iter().skip(*next) {
            record(town, books, sweep, start, phone, entry);
        }
        *next = entries.len();
        phone.send_all(|| (Manner::Plainly, PUSH_LIMIT))?;
        for first in (0..phone.made.len()).step_by(PUSH_LIMIT) {
            phone.push(first..(first + PUSH_LIMIT).min(phone.made.len()))?;
        }
        Ok(())
    });
    results.into_iter().collect::<Answer<Vec<()>>>()?;
    Ok(())
}
