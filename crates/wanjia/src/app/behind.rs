//! Work in the background that people who wait for an answer do not notice.

use tokio::sync::oneshot;

use super::failure::{Failure, Result};

/// The least that the kernel gives a thread: a core that no other wants.
const LAST: i32 = 19;

/// Runs `work` on a thread of its own, behind every other.
///
/// # Errors
/// If there is no thread for it, or it broke off.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (tell, told) = oneshot::channel();
    let spawned = std::thread::Builder::new().name("behind".into()).spawn(move || {
        // Where the kernel does not know priorities of threads, the work is done all the same.
        let _ = rustix::process::setpriority_process(Some(rustix::thread::gettid()), LAST);
        let _ = tell.send(work());
    });
    spawned.map_err(|error| broken(&error.to_string()))?;
    told.await.map_err(|_| broken("the thread ended"))
}

fn broken(cause: &str) -> Failure {
    Failure::new(
        "broken",
        "后台的准备中断了；稍后会重试",
        format!("work in the background broke off, and is tried again: {cause}"),
    )
}
