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

use super::failure::{Failure, Result};
use super::propose::{Gathering, Matcher, belief, write_down};
use super::territory::Territory;

/// How long it rests between two looks at what is new.
const REST: Duration = Duration::from_millis(200);
/// People looked up at a time.
const PIECE: usize = 200;

struct Held {
    matcher: Matcher,
    /// The facts before this position have been taken over.
    position: u64,
}

/// The matcher of a running territory, once it is there.
#[derive(Default)]
pub struct Matching {
    held: Mutex<Option<Held>>,
}

impl Matching {
    fn lock(&self) -> MutexGuard<'_, Option<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the matcher; none until it has read the lists.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn ask<T>(&self, work: impl FnOnce(&Matcher) -> Result<T>) -> Result<Option<T>> {
        self.lock().as_ref().map(|held| work(&held.matcher)).transpose()
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
            let this = Arc::clone(self);
            let (proposals, behind) = territory.read(move |reader| this.follow(reader)).await?;
            write(territory, proposals).await?;
            if self.renew().await? {
                self.everyone(territory).await?;
            }
            if !behind {
                return Ok(());
            }
        }
    }

    async fn build(&self, territory: &Territory) -> Result<()> {
        // What changes while the lists are read is taken over afterwards.
        let position = territory.head().size;
        let mut gathering = Gathering::default();
        loop {
            let begun = Instant::now();
            let (read, more) = territory
                .read(move |reader| {
                    let more = gathering.piece(reader)?;
                    Ok((gathering, more))
                })
                .await?;
            gathering = read;
            if !more {
                break;
            }
            // Half of a core is left to whoever is waited for.
            tokio::time::sleep(begun.elapsed()).await;
        }
        let matcher = aside(move || gathering.finish(&belief())).await?;
        *self.lock() = Some(Held { matcher, position });
        Ok(())
    }

    /// Takes over the next facts. Returns what they lead to, and whether there may be more.
    fn follow(&self, reader: &mut Reader) -> Result<(Vec<Body>, bool)> {
        let mut held = self.lock();
        let Some(held) = held.as_mut() else { return Ok((Vec::new(), false)) };
        let (named, next) = reader.named_since(held.position)?;
        let mut proposals = Vec::new();
        // Whoever changed comes before whoever was seen.
        for named in named {
            match named {
                Named::Seen(person) => proposals.extend(held.matcher.proposals(reader, person)?),
                changed => held.matcher.take(reader, changed)?,
            }
        }
        let behind = next != held.position;
        // What is left, if anything, waits in quarantine.
        held.position = if behind { next } else { reader.size()? };
        Ok((proposals, behind))
    }

    /// Makes the index anew if it is worn. Nothing can be asked of it meanwhile.
    async fn renew(&self) -> Result<bool> {
        let held = {
            let mut held = self.lock();
            if !held.as_ref().is_some_and(|held| held.matcher.is_worn()) {
                return Ok(false);
            }
            held.take()
        };
        let Some(Held { matcher, position }) = held else { return Ok(false) };
        let matcher = aside(move || matcher.renewed(&belief())).await?;
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
                    .read(move |reader| {
                        let number = reader.sweep(sweep)?;
                        this.look_up(reader, number, after)
                    })
                    .await?;
                write(territory, proposals).await?;
                let Some(last) = last else { break };
                after = last;
                tokio::time::sleep(begun.elapsed()).await;
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
        let mut held = self.lock();
        let Some(held) = held.as_mut() else { return Ok((Vec::new(), None)) };
        let people = reader.seen_unlisted_after(sweep, after, PIECE)?;
        let mut proposals = Vec::new();
        for person in &people {
            proposals.extend(held.matcher.proposals(reader, *person)?);
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

async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Failure::new(
            "broken",
            "比对的准备中断了；稍后会重试",
            format!("preparing the matcher broke off: {error}"),
        )
    })
}
