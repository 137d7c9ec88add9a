//! The running territory: one thread that writes, a few readers, and the news of what changed.
//!
//! The writer takes whatever pushes and forms wait as one batch with one flush to the disk, so that its price is shared. If the
//! batch fails, it is taken back whole and each is tried alone: a bad one fails for itself only.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;

use domain::id::SweepId;
use domain::state::Book;
use domain::time::Millis;
use ledger::Hash;
use ledger::recovery::RecoveryKey;
use ledger::seal::TerritoryKey;
use store::proofs::SignedHead;
use store::{CheckedPush, PushRefused, Reader, Receipt, Store, Submission, SubmissionRefused, Submitted};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::{Semaphore, broadcast, mpsc, oneshot, watch};

use super::failure::{Failure, Result};

/// Pushes that wait for the writer before further ones wait at the door.
const QUEUE: usize = 1024;
/// Facts after which a batch is full: about 60 ms of the writer's time.
const BATCH_FACTS: usize = 4000;
/// How many changes a listener may be behind before it is told of all at once.
const NEWS: usize = 256;
/// Readers for what people look at, each with its own connections and cache.
const READERS: usize = 6;
/// Readers for phones' tokens and receipts: after one flush fifty pushes ask at once, and nobody's page stands behind
/// them.
const PUSH_READERS: usize = 2;

/// Something was committed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How many facts the ledger holds now.
    pub size: u64,
    /// The sweeps whose numbers or lists may have changed.
    pub sweeps: Vec<SweepId>,
}

/// What became of a push, after its commit.
#[derive(Clone, Debug)]
pub struct PushDone {
    pub receipts: Vec<Receipt>,
    /// The number and hash of the series' newest fact.
    pub newest: (u64, Hash),
    /// The signed head that covers it.
    pub head: SignedHead,
}

type PushAnswer = Result<Result<PushDone, PushRefused>>;

type SubmissionAnswer = Result<Result<Submitted, SubmissionRefused>>;

/// What comes from the field and waits for the writer, with whoever waits for its outcome.
enum Waiting {
    Push(CheckedPush, oneshot::Sender<PushAnswer>),
    Submission(Submission, oneshot::Sender<SubmissionAnswer>),
}

impl Waiting {
    fn facts(&self) -> usize {
        match self {
            Self::Push(push, _) => push.len(),
            Self::Submission(..) => 1,
        }
    }

    // Whoever asked may be gone; what was written stays written.
    fn answer(self, done: Done, head: &SignedHead) {
        match (self, done) {
            (Self::Push(_, answer), Done::Push(done)) => {
                let done = done.map(|(receipts, newest)| PushDone { receipts, newest, head: head.clone() });
                drop(answer.send(Ok(done)));
            }
            (Self::Submission(_, answer), Done::Submission(done)) => drop(answer.send(Ok(done))),
            (waiting, _) => waiting.fail(broken()),
        }
    }

    fn fail(self, failure: Failure) {
        match self {
            Self::Push(_, answer) => drop(answer.send(Err(failure))),
            Self::Submission(_, answer) => drop(answer.send(Err(failure))),
        }
    }
}

/// What became of it.
enum Done {
    Push(Result<(Vec<Receipt>, (u64, Hash)), PushRefused>),
    Submission(Result<Submitted, SubmissionRefused>),
}

enum Job {
    Arrived(Box<Waiting>),
    Work(Box<dyn FnOnce(&mut Writer) + Send>),
    Stop,
}

/// A territory that is open for writing in this process. Cheap to clone.
#[derive(Clone)]
pub struct Territory {
    shared: Arc<Shared>,
}

struct Shared {
    jobs: mpsc::Sender<Job>,
    head: watch::Receiver<SignedHead>,
    news: broadcast::Sender<Change>,
    published: Arc<Published>,
    readers: Readers,
    recovery: RecoveryKey,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The book as last committed, for whoever only asks for areas and sweeps.
struct Published {
    book: RwLock<Arc<Book>>,
    version: AtomicU64,
}

impl Territory {
    /// Opens the territory for writing and starts its writer.
    ///
    /// # Errors
    /// If the directory is in use, or the key is missing or wrong.
    pub fn open(root: &Path, key: TerritoryKey) -> Result<Self> {
        let recovery = RecoveryKey::from_seed(&key.recovery_seed());
        let store = Store::open(root, key)?;
        let published = Arc::new(Published {
            book: RwLock::new(Arc::new(store.book().clone())),
            version: AtomicU64::new(1),
        });
        let (head_sender, head) = watch::channel(head_of(&store));
        let (jobs, queue) = mpsc::channel(QUEUE);
        let (news, _) = broadcast::channel(NEWS);
        let key = store.key();
        let mut writer = Writer {
            root: root.to_owned(),
            key: key.clone(),
            book_version: store.book_version(),
            store: Some(store),
            head: head_sender,
            news: news.clone(),
            published: Arc::clone(&published),
        };
        let thread =
            std::thread::Builder::new().name("writer".into()).spawn(move || writer.run(queue)).map_err(
                |error| Failure::new("thread", format!("不能启动写入线程：{error}"), error.to_string()),
            )?;
        let readers = Readers {
            root: root.to_owned(),
            key,
            people: Lane::of(READERS),
            pushes: Lane::of(PUSH_READERS),
            behind: Lane::of(1),
            published: Arc::clone(&published),
        };
        Ok(Self {
            shared: Arc::new(Shared {
                jobs,
                head,
                news,
                published,
                readers,
                recovery,
                thread: Mutex::new(Some(thread)),
            }),
        })
    }

    /// Hands a push to the writer and waits until it is on the disk. The outer error is the storage's, the inner one
    /// sends the push back.
    ///
    /// # Errors
    /// If the push could not be stored; nothing of it was.
    pub async fn push(&self, push: CheckedPush) -> PushAnswer {
        let (answer, done) = oneshot::channel();
        self.shared
            .jobs
            .send(Job::Arrived(Box::new(Waiting::Push(push, answer))))
            .await
            .map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    /// As [`Territory::push`], of a form that an ODK client handed in.
    ///
    /// # Errors
    /// If it could not be stored; nothing of it was.
    pub async fn submit(&self, submission: Submission) -> SubmissionAnswer {
        let (answer, done) = oneshot::channel();
        let waiting = Waiting::Submission(submission, answer);
        self.shared.jobs.send(Job::Arrived(Box::new(waiting))).await.map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    /// Runs `work` on the writer's thread, alone, between two batches. What it writes is on the disk when this returns.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store, Millis) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, done) = oneshot::channel();
        let job = Job::Work(Box::new(move |writer| {
            let outcome = writer.run_alone(work);
            // Whoever asked may be gone; what was written stays written.
            drop(answer.send(outcome));
        }));
        self.shared.jobs.send(job).await.map_err(|_| stopped())?;
        done.await.map_err(|_| stopped())?
    }

    /// Runs `work` on a reader, without holding up other tasks, on one committed state that has everything acknowledged
    /// so far.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.read_in(|readers| &readers.people, work).await
    }

    /// As [`Territory::read`], for a phone's token and its receipts: phones wait for one another, and people's pages do
    /// not wait for them.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn read_for_push<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.read_in(|readers| &readers.pushes, work).await
    }

    async fn read_in<T: Send + 'static>(
        &self,
        lane: fn(&Readers) -> &Lane,
        work: impl FnOnce(&mut Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _permit = lane(&self.shared.readers).permits.acquire().await.map_err(|_| stopped())?;
        let shared = Arc::clone(&self.shared);
        in_place(move || shared.readers.read(lane(&shared.readers), work)).await?
    }

    /// As [`Territory::read`], for work that nobody waits for: on a thread of its own, which gets a core only when no
    /// other wants it, and on a reader that nobody else uses; one at a time.
    ///
    /// # Errors
    /// Those of `work`.
    pub async fn read_behind<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Reader) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _permit = self.shared.readers.behind.permits.acquire().await.map_err(|_| stopped())?;
        let shared = Arc::clone(&self.shared);
        super::behind::run(move || shared.readers.read(&shared.readers.behind, work)).await?
    }

    /// The data directory.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.shared.readers.root
    }

    /// The key to which phones encrypt the keys of what they recorded.
    #[must_use]
    pub fn recovery(&self) -> &RecoveryKey {
        &self.shared.recovery
    }

    /// The newest signed head.
    #[must_use]
    pub fn head(&self) -> SignedHead {
        self.shared.head.borrow().clone()
    }

    /// The areas, sweeps and rosters as last committed.
    #[must_use]
    pub fn book(&self) -> Arc<Book> {
        Arc::clone(&self.shared.published.book.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Every change from now on.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.shared.news.subscribe()
    }

    /// Finishes what was accepted, then closes the files. Later writes are refused.
    pub async fn stop(&self) {
        // The queue keeps its order, so everything before this is done first.
        drop(self.shared.jobs.send(Job::Stop).await);
        let thread = self.shared.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            drop(tokio::task::spawn_blocking(move || thread.join()).await);
        }
    }
}

fn head_of(store: &Store) -> SignedHead {
    SignedHead { size: store.size(), note: store.checkpoint().to_owned() }
}

fn stopped() -> Failure {
    Failure::new(
        "stopping",
        "服务正在停止；请稍后重发，没有丢失任何内容",
        "the server is stopping; send it again later, nothing is lost",
    )
}

fn broken() -> Failure {
    Failure::new(
        "broken",
        "程序内部出错，这次操作没有做；请重试",
        "the program failed inside and did nothing; try again",
    )
}

struct Writer {
    root: PathBuf,
    key: Option<Arc<TerritoryKey>>,
    /// None after a fault, until it could be opened again.
    store: Option<Store>,
    book_version: u64,
    head: watch::Sender<SignedHead>,
    news: broadcast::Sender<Change>,
    published: Arc<Published>,
}

impl Writer {
    fn run(&mut self, mut queue: mpsc::Receiver<Job>) {
        let mut next = queue.blocking_recv();
        while let Some(job) = next.take() {
            match job {
                Job::Stop => break,
                Job::Work(work) => work(self),
                Job::Arrived(first) => {
                    let mut facts = first.facts();
                    let mut batch = vec![*first];
                    while facts < BATCH_FACTS {
                        match queue.try_recv() {
                            Ok(Job::Arrived(more)) => {
                                facts += more.facts();
                                batch.push(*more);
                            }
                            Ok(other) => {
                                next = Some(other);
                                break;
                            }
                            Err(_) => break,
                        }
                    }
                    self.take(batch);
                }
            }
            if next.is_none() {
                next = queue.blocking_recv();
            }
        }
    }

    fn take(&mut self, batch: Vec<Waiting>) {
        match self.commit(&batch) {
            Ok((done, head)) => {
                for (waiting, done) in batch.into_iter().zip(done) {
                    waiting.answer(done, &head);
                }
            }
            Err(failure) if batch.len() == 1 => {
                tracing::error!(code = failure.code, reason = %failure.en, "what arrived could not be stored");
                for waiting in batch {
                    waiting.fail(failure.clone());
                }
            }
            Err(_) => {
                for waiting in batch {
                    self.take(vec![waiting]);
                }
            }
        }
    }

    fn commit(&mut self, arrived: &[Waiting]) -> Result<(Vec<Done>, SignedHead)> {
        self.run_alone(|store, now| {
            let done = store.write(now, |batch| {
                let mut done = Vec::with_capacity(arrived.len());
                for waiting in arrived {
                    done.push(match waiting {
                        Waiting::Push(push, _) => {
                            let answer = batch.push_checked(push)?;
                            let newest = batch.newest(push.series()).unwrap_or_default();
                            Done::Push(answer.map(|receipts| (receipts, newest)))
                        }
                        Waiting::Submission(submission, _) => Done::Submission(batch.submit(submission)?),
                    });
                }
                Ok(done)
            })?;
            Ok((done, head_of(store)))
        })
    }

    /// Runs `work` on the store and tells what it changed. After a panic or a storage's error the store is opened
    /// again, which drops whatever was left half done.
    fn run_alone<T>(&mut self, work: impl FnOnce(&mut Store, Millis) -> Result<T>) -> Result<T> {
        let mut store = match self.store.take() {
            Some(store) => store,
            None => self.reopen()?,
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let outcome = work(&mut store, jiff::Timestamp::now().as_millisecond());
            (outcome, store)
        }));
        match outcome {
            Ok((Err(failure), store)) if failure.code == "store" => {
                drop(store);
                self.store = self.reopen().ok();
                Err(failure)
            }
            Ok((outcome, mut store)) => {
                self.tell(&mut store);
                self.store = Some(store);
                outcome
            }
            Err(_) => {
                tracing::error!("the writer panicked; the store is opened again");
                self.store = self.reopen().ok();
                Err(broken())
            }
        }
    }

    fn reopen(&mut self) -> Result<Store> {
        let key = self.key.as_ref().map(|key| TerritoryKey::parse(&key.to_text()));
        let Some(Ok(key)) = key else { return Err(broken()) };
        let store = Store::open(&self.root, key)?;
        // Whatever it counts from, it is another book than the one published.
        self.book_version = u64::MAX;
        Ok(store)
    }

    fn tell(&mut self, store: &mut Store) {
        if store.book_version() != self.book_version {
            self.book_version = store.book_version();
            let book = Arc::new(store.book().clone());
            *self.published.book.write().unwrap_or_else(PoisonError::into_inner) = book;
            self.published.version.fetch_add(1, Ordering::Release);
        }
        let touched = store.state().take_touched();
        if touched.is_empty() && store.size() == self.head.borrow().size {
            return;
        }
        self.head.send_replace(head_of(store));
        let sweeps = &store.book().sweeps;
        let sweeps =
            touched.iter().filter_map(|number| Some(sweeps.get(*number as usize)?.id)).collect::<Vec<_>>();
        // Nobody may be listening.
        drop(self.news.send(Change { size: store.size(), sweeps }));
    }
}

struct Readers {
    root: PathBuf,
    key: Option<Arc<TerritoryKey>>,
    people: Lane,
    pushes: Lane,
    behind: Lane,
    published: Arc<Published>,
}

/// Readers that only one kind of work uses, so that it waits for nothing but itself.
struct Lane {
    idle: Mutex<Vec<(Reader, u64)>>,
    permits: Semaphore,
}

impl Lane {
    fn of(readers: usize) -> Self {
        Self { idle: Mutex::default(), permits: Semaphore::new(readers) }
    }
}

impl Readers {
    fn read<T>(&self, lane: &Lane, work: impl FnOnce(&mut Reader) -> Result<T>) -> Result<T> {
        let version = self.published.version.load(Ordering::Acquire);
        let idle = lane.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let (mut reader, known) = match idle {
            Some(idle) => idle,
            None => (Reader::open(&self.root, self.key.clone())?, version),
        };
        let outcome = reader.snapshot(known != version, work)?;
        lane.idle.lock().unwrap_or_else(PoisonError::into_inner).push((reader, version));
        outcome
    }
}

/// Runs `work`, which may take its time, where it stands: to hand it to another thread and back takes two turns at the
/// cores, and those are what a page waits for while phones push.
///
/// # Errors
/// If it broke off.
pub async fn in_place<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    if Handle::current().runtime_flavor() == RuntimeFlavor::CurrentThread {
        // There, nobody else could go on meanwhile.
        return tokio::task::spawn_blocking(work).await.map_err(|_| broken());
    }
    tokio::task::block_in_place(|| catch_unwind(AssertUnwindSafe(work))).map_err(|_| broken())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn what_breaks_off_takes_nobody_along() {
        assert_eq!(in_place(|| assert_eq!(1, 2, "a fault")).await.unwrap_err().code, "broken");
        assert_eq!(in_place(|| 6 * 7).await.unwrap(), 42);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn work_in_place_that_breaks_off_takes_nobody_along() {
        what_breaks_off_takes_nobody_along().await;
    }

    #[tokio::test]
    async fn nor_where_there_is_one_thread_only() {
        what_breaks_off_takes_nobody_along().await;
    }
}
