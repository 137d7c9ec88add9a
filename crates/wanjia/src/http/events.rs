//! Live pages: a stream that says that something changed, and in which sweeps.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::Event;
use domain::access::{Action, Scope};
use domain::id::SweepId;
use serde::Serialize;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::Caller;
use super::problem::Problem;
use crate::app::territory::{Change, Territory};

/// A comment this often keeps the connection open through proxies.
const KEEP_OPEN: Duration = Duration::from_secs(15);
/// Changes closer to each other than this are told together.
const GATHER: Duration = Duration::from_millis(500);
/// A stream ends after this long; the browser opens another, and who it is for is established again.
const LIFE: Duration = Duration::from_secs(300);

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(events))
}

/// The data of `event: changed`.
#[derive(Debug, PartialEq, Eq, Serialize, ToSchema)]
struct Changed {
    /// How many facts the ledger holds.
    size: u64,
    /// The sweeps whose numbers or lists may have changed.
    #[schema(value_type = Vec<String>)]
    sweeps: Vec<SweepId>,
}

/// Server-sent events: `event: changed` with [`Changed`] as data; a comment every 15 s keeps it open.
#[utoipa::path(
    get, path = "/v1/events", tag = "live",
    responses((status = 200, description = "`event: changed`", body = Changed, content_type = "text/event-stream"))
)]
async fn events(
    State(site): State<Site>,
    caller: Caller,
) -> Result<Sse<ReceiverStream<Result<Event, Infallible>>>, Problem> {
    caller.may(Action::Listen, Scope::Own)?;
    let changes = site.territory.changes();
    let (events, stream) = mpsc::channel(4);
    let mut stopping = site.stopping.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => {}
            () = tell(&site.territory, caller, changes, &events) => {}
        }
    });
    Ok(Sse::new(ReceiverStream::new(stream)))
}

/// Tells of changes until the listener is gone or the stream's life is over.
async fn tell(
    territory: &Territory,
    caller: Caller,
    mut changes: broadcast::Receiver<Change>,
    events: &mpsc::Sender<Result<Event, Infallible>>,
) {
    let end = Instant::now() + LIFE;
    // The first line goes at once, so that the other side knows that it is heard.
    let mut event = Event::default().comment("open");
    let mut pause = Duration::ZERO;
    // Somebody who does not read is as good as gone.
    while events.send_timeout(Ok(event), KEEP_OPEN).await.is_ok() && Instant::now() < end {
        sleep(pause).await;
        let quiet = (Instant::now() + KEEP_OPEN).min(end);
        event = match timeout_at(quiet, changes.recv()).await {
            Err(_) => {
                pause = Duration::ZERO;
                Event::default().comment("")
            }
            Ok(Err(RecvError::Closed)) => return,
            Ok(first) => {
                pause = GATHER;
                let mut changed = Changed { size: 0, sweeps: Vec::new() };
                changed.add(territory, &caller, first.ok());
                // What came while the last line was being gathered goes into the same one.
                loop {
                    match changes.try_recv() {
                        Ok(change) => changed.add(territory, &caller, Some(change)),
                        Err(TryRecvError::Lagged(_)) => changed.add(territory, &caller, None),
                        Err(_) => break,
                    }
                }
                let data = serde_json::to_string(&changed).unwrap_or_default();
                Event::default().event("changed").data(data)
            }
        };
    }
}

impl Changed {
    /// Adds a change; none means that some were missed, and then everything may have changed.
    fn add(&mut self, territory: &Territory, caller: &Caller, change: Option<Change>) {
        let book = territory.book();
        let (size, sweeps) = match change {
            Some(change) => (change.size, change.sweeps),
            None => (territory.head().size, book.sweeps.iter().map(|sweep| sweep.id).collect()),
        };
        self.size = self.size.max(size);
        for id in sweeps {
            let concerns = book.sweep(id).is_some_and(|(_, sweep)| {
                book.areas.is_within(sweep.area, caller.grant.area)
                    || book.areas.is_within(caller.grant.area, sweep.area)
            });
            if concerns && !self.sweeps.contains(&id) {
                self.sweeps.push(id);
            }
        }
    }
}
