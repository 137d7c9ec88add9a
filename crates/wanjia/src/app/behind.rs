//! Work in the background that people who wait for an answer do not notice.

use thread_priority::ThreadPriority;
use thread_priority::unix::{
    NormalThreadSchedulePolicy, ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};
use tokio::sync::oneshot;

use super::failure::{Failure, Result};

/// Runs `work` on a thread of its own that gets a core when no other thread wants it, and yields it at once.
///
/// A lock that others wait for must not be held for long in it: where every core is busy, it may stand still.
///
/// # Errors
/// If there is no thread for it, or it broke off.
pub async fn run<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let (tell, told) = oneshot::channel();
    let spawned = std::thread::Builder::new().name("behind".into()).spawn(move || {
        // Where the kernel refuses, the work is done all the same.
        let _ = step_back();
        let _ = tell.send(work());
    });
    spawned.map_err(|error| broken(&error.to_string()))?;
    told.await.map_err(|_| broken("the thread ended"))
}

/// A mere low priority still keeps its core until the next tick of the clock, which is 4 ms on many systems.
fn step_back() -> std::result::Result<(), thread_priority::Error> {
    let idle = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, idle)
}

fn broken(cause: &str) -> Failure {
    Failure::new(
        "broken",
        "后台的准备中断了；稍后会重试",
        format!("work in the background broke off, and is tried again: {cause}"),
    )
}

#[cfg(test)]
mod tests {
    use thread_priority::unix::thread_schedule_policy;

    use super::*;

    #[tokio::test]
    async fn it_yields_to_every_other_thread_and_gives_back_what_it_made() {
        let before = thread_schedule_policy().unwrap();
        let (made, policy) = run(|| (6 * 7, thread_schedule_policy().unwrap())).await.unwrap();
        assert_eq!(made, 42);
        assert_eq!(policy, ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Idle));
        assert_eq!(thread_schedule_policy().unwrap(), before);
    }

    #[tokio::test]
    async fn what_breaks_off_is_told_and_takes_nobody_along() {
        let failure = run(|| assert_eq!(1, 2, "a fault")).await.unwrap_err();
        assert_eq!(failure.code, "broken");
        assert_eq!(run(|| 1).await.unwrap(), 1);
    }
}
