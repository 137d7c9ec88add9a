//! Proposals while the server runs: the matcher is made in the background, follows the facts, and never makes a push
//! wait.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::fact::Body;
use domain::id::{PersonId, SweepId};
use domain::state::SweepNumber;
use store::Reader;
use store::proposals::Named;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::watch;

use super::behind;
use super::failure::Result;
use super::propose::{Gathering, Matcher, model_of, write_down};
use super::territory::Territory;

/// How long it rests between two looks at what is new.
const REST: Duration = Duration::from_millis(200);
/// People looked up at a time.
const PIECE: usize = 200;
/// Facts in a second from which on it waits: the seed's sweep brings 386 in its worst hour.
const BUSY: f64 = 1000.0;
/// Over how long, at least, it looks at how busy the territory is: what it does before it notices, others feel.
const WINDOW: Duration = Duration::from_millis(100);
/// How long it stays away once it is.
const AWAY: Duration = Duration::from_secs(1);

struct Held {
    matcher: Matcher,
    /// The facts before this position have been taken over.
    position: u64,
}

/// The matcher of a running territory, once it is there.
#[derive(Default)]
pub struct Matching {
    held: Mutex<Option<Held>>,
    pace: Mutex<Pace>,
}

/// How busy the territory is.
#[derive(Default)]
struct Pace {
    /// When it was looked at last, and how many facts there were.
    looked: Option<(Instant, u64)>,
}

impl Pace {
    /// Whether more than [`BUSY`] facts a second came since the last look, if that is [`WINDOW`] or more ago.
    fn is_busy(&mut self, now: Instant, size: u64) -> bool {
        let (since, before) = *self.looked.get_or_insert((now, size));
        let elapsed = now.saturating_duration_since(since);
        if elapsed < WINDOW {
            return false;
        }
        self.looked = Some((now, size));
        #[expect(clippy::cast_precision_loss, reason = "a rate")]
        let facts = size.saturating_sub(before) as f64;
        facts / elapsed.as_secs_f64() > BUSY
    }
}

impl Matching {
    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Works on the matcher, if it is there. Only for a short time: whoever looks at a pair waits for it.
    fn with<T>(&self, work: impl FnOnce(&mut Held) -> Result<T>) -> Result<Option<T>> {
        self.lock().as_mut().map(work).transpose()
    }

    /// Asks the matcher; none until it has read the lists.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn ask<T>(&self, work: impl FnOnce(&Matcher) -> Result<T>) -> Result<Option<T>> {
        self.with(|held| work(&held.matcher))
    }

    /// Rests as long as it has worked since `begun`, and on while so much is pushed that others need every core.
    async fn rest(&self, territory: &Territory, begun: Instant) {
        tokio::time::sleep(begun.elapsed()).await;
        while self.pace().is_busy(Instant::now(), territory.head().size) {
            tokio::time::sleep(AWAY).await;
        }
    }

    /// Keeps up with the territory until the server stops.
    pub async fn run(self: Arc<Self>, territory: Territory, mut stopping: watch::Receiver<bool>) {
        let mut news = territory.changes();
        loop {
            let done = tokio::select! {
                done = self.catch_up(&territory) => done,
                _ = stopping.wait_for(|stop| *stop) => return,
            };
            if let Err(failure) = done {
                tracing::warn!(code = failure.code, reason = %failure.en, "whom people may be was not looked up");
            }
            let next = async {
                tokio::time::sleep(REST).await;
                news.recv().await
            };
            tokio::select! {
                changed = next => if matches!(changed, Err(RecvError::Closed)) { return },
                _ = stopping.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Reads the lists if that is not done yet, then takes over every fact up to now and writes down what follows.
    ///
    /// # Errors
    /// Those of the storage; the next call goes on from there.
    pub async fn catch_up(self: &Arc<Self>, territory: &Territory) -> Result<()> {
        if self.lock().is_none() {
            self.build(territory).await?;
            self.everyone(territory).await?;
        }
        loop {
            let begun = Instant::now();
            let this = Arc::clone(self);
            let (proposals, behind) = territory.read_behind(move |reader| this.follow(reader)).await?;
            write(territory, proposals).await?;
            if self.renew(territory).await? {
                self.everyone(territory).await?;
            }
            if !behind {
                return Ok(());
            }
            self.rest(territory, begun).await;
        }
    }

    async fn build(&self, territory: &Territory) -> Result<()> {
        // What changes while the lists are read is taken over afterwards.
        let position = territory.head().size;
        let mut gathering = Gathering::default();
        loop {
            let begun = Instant::now();
            let (read, more) = territory
                .read_behind(move |reader| {
                    let more = gathering.piece(reader)?;
                    Ok((gathering, more))
                })
                .await?;
            gathering = read;
            if !more {
                break;
            }
            self.rest(territory, begun).await;
        }
        let model = model_of(territory.root())?;
        let matcher = behind::run(move || gathering.finish(&model)).await?;
        *self.lock() = Some(Held { matcher, position });
        Ok(())
    }

    /// Takes over the next facts. Returns what they lead to, and whether there may be more.
    fn follow(&self, reader: &mut Reader) -> Result<(Vec<Body>, bool)> {
        let Some(from) = self.with(|held| Ok(held.position))? else { return Ok((Vec::new(), false)) };
        let (named, next) = reader.named_since(from)?;
        let mut proposals = Vec::new();
        // Whoever changed comes before whoever was seen.
        for named in named {
            let found = self.with(|held| match named {
                Named::Seen(person) => held.matcher.proposals(reader, person),
                changed => held.matcher.take(reader, changed).map(|()| Vec::new()),
            })?;
            proposals.extend(found.into_iter().flatten());
        }
        let behind = next != from;
        // What is left, if anything, waits in quarantine.
        let position = if behind { next } else { reader.size()? };
        self.with(|held| {
            held.position = position;
            Ok(())
        })?;
        Ok((proposals, behind))
    }

    /// Makes the index anew if it is worn. Nothing can be asked of it meanwhile.
    async fn renew(&self, territory: &Territory) -> Result<bool> {
        if !self.lock().as_ref().is_some_and(|held| held.matcher.is_worn()) {
            return Ok(false);
        }
        let model = model_of(territory.root())?;
        let held = self.lock().take();
        let Some(Held { matcher, position }) = held else { return Ok(false) };
        let matcher = behind::run(move || matcher.renewed(&model)).await?;
        *self.lock() = Some(Held { matcher, position });
        Ok(true)
    }

    /// Looks up everyone unlisted who was seen in an open sweep.
    async fn everyone(self: &Arc<Self>, territory: &Territory) -> Result<()> {
        let open: Vec<SweepId> = {
            let book = territory.book();
            book.sweeps.iter().filter(|sweep| sweep.closed_at.is_none()).map(|sweep| sweep.id).collect()
        };
        for sweep in open {
            let mut after = PersonId::default();
            loop {
                let begun = Instant::now();
                let this = Arc::clone(self);
                let (proposals, last) = territory
                    .read_behind(move |reader| {
                        let number = reader.sweep(sweep)?;
                        this.look_up(reader, number, after)
                    })
                    .await?;
                write(territory, proposals).await?;
                let Some(last) = last else { break };
                after = last;
                self.rest(territory, begun).await;
            }
        }
        Ok(())
    }

    fn look_up(
        &self,
        reader: &mut Reader,
        sweep: SweepNumber,
        after: PersonId,
    ) -> Result<(Vec<Body>, Option<PersonId>)> {
        let people = reader.seen_unlisted_after(sweep, after, PIECE)?;
        let mut proposals = Vec::new();
        for person in &people {
            let found = self.with(|held| held.matcher.proposals(reader, *person))?;
            proposals.extend(found.into_iter().flatten());
        }
        Ok((proposals, people.last().copied()))
    }
}

async fn write(territory: &Territory, proposals: Vec<Body>) -> Result<()> {
    if !proposals.is_empty() {
        territory.write(move |store, now| write_down(store, proposals, now)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_busy_while_more_is_pushed_than_a_sweep_brings_and_says_so_only_after_a_full_look() {
        let begun = Instant::now();
        let mut pace = Pace::default();
        let mut at = |milliseconds, size| pace.is_busy(begun + Duration::from_millis(milliseconds), size);
        // Whatever lay there before is not a rush.
        assert!(!at(0, 5_000_000));
        assert!(!at(99, 5_009_000), "too short to tell");
        assert!(at(200, 5_009_000), "9,000 facts in 200 ms");
        assert!(at(1200, 5_010_001), "1,001 a second");
        assert!(!at(2200, 5_011_001), "1,000 a second");
        assert!(!at(3200, 5_011_387), "the worst hour of the seed's sweep");
    }
}
