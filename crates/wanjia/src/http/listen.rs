//! Connections: each has a limit on how long it may dawdle, and a stop lets the requests under way finish.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::HeaderMap;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;

use super::session::Peer;

/// How long the head of a request may take, from when the connection is made or falls idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// How long a client may leave an answer unread.
const READ_PATIENCE: Duration = Duration::from_secs(30);
/// How long a stop waits for the requests under way.
const STOP_PATIENCE: Duration = Duration::from_secs(10);
/// Connections at once; further ones wait.
const CONNECTIONS: usize = 4096;

/// Serves until `stopping` turns true and the requests under way are answered.
pub async fn serve(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let Some((stream, peer, permit)) = accepted else { continue };
        let inner = TowerToHyperService::new(router.clone());
        let service = service_fn(move |mut request: Request<Incoming>| {
            let peer = client(peer, request.headers());
            request.extensions_mut().insert(peer);
            inner.call(request)
        });
        let mut stream = TimeoutStream::new(stream);
        stream.set_write_timeout(Some(READ_PATIENCE));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_PATIENCE)
            .serve_connection(TokioIo::new(Box::pin(stream)), service);
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A connection that broke is its client's affair.
            drop(connection.await);
            drop(permit);
        });
    }
    drop(listener);
    if tokio::time::timeout(STOP_PATIENCE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not finish in time and were cut");
    }
}

/// Who is at the far end: behind a proxy on this machine, the address that the proxy says it saw. Nobody else is
/// believed, and of a list only the last entry, which the proxy itself wrote.
fn client(peer: Peer, headers: &HeaderMap) -> Peer {
    if !peer.0.ip().to_canonical().is_loopback() {
        return peer;
    }
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|list| list.rsplit(',').next())
        .and_then(|address| address.trim().parse::<IpAddr>().ok());
    forwarded.map_or(peer, |address| Peer(SocketAddr::new(address, 0)))
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> Option<(TcpStream, Peer, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, address)) => {
            // An answer is written in one piece; waiting for more would only delay it.
            stream.set_nodelay(true).ok()?;
            Some((stream, Peer(address), permit))
        }
        Err(error) => {
            tracing::warn!(%error, "a connection could not be accepted");
            // Out of file descriptors, most likely: let some close.
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed_and_only_what_it_saw_itself() {
        let told = |peer: &str, lists: &[&str]| {
            let mut headers = HeaderMap::new();
            for list in lists {
                headers.append("x-forwarded-for", list.parse().unwrap());
            }
            client(Peer(peer.parse().unwrap()), &headers).0.ip().to_string()
        };
        assert_eq!(told("127.0.0.1:9", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(told("127.0.0.1:9", &["198.51.100.1, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(told("[::1]:9", &["198.51.100.1", "203.0.113.7"]), "203.0.113.7");
        assert_eq!(told("127.0.0.1:9", &[]), "127.0.0.1");
        assert_eq!(told("127.0.0.1:9", &["unknown"]), "127.0.0.1");
        assert_eq!(told("192.0.2.1:9", &["203.0.113.7"]), "192.0.2.1");
    }
}
