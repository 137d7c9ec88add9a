//! Work split over threads so that the result does not depend on how many there are.

use std::ops::Range;
use std::thread;

const SHORT: usize = 512;

/// Runs `work` on `workers` even ranges of `0..count` and returns the results in order.
fn ranges<T: Send>(count: usize, workers: usize, work: impl Fn(Range<usize>) -> T + Sync) -> Vec<T> {
    let workers = workers.clamp(1, 64);
    let cut = |part: usize| count * part / workers;
    thread::scope(|scope| {
        let work = &work;
        let handles: Vec<_> =
            (1..workers).map(|part| scope.spawn(move || work(cut(part)..cut(part + 1)))).collect();
        let first = work(0..cut(1));
        std::iter::once(first)
            .chain(handles.into_iter().map(|handle| match handle.join() {
                Ok(result) => result,
                Err(panic) => std::panic::resume_unwind(panic),
            }))
            .collect()
    })
}

/// `work(index, scratch)` for every index of `0..count`, in order, with one scratch value per thread.
pub(crate) fn map<T: Send, S: Default>(
    count: usize,
    workers: usize,
    work: impl Fn(usize, &mut S) -> T + Sync,
) -> Vec<T> {
    // A thread costs more than a short job saves.
    let workers = if count < SHORT { 1 } else { workers };
    map_long(count, workers, work)
}

/// As [`map`], for work of which even a few are worth a thread.
pub(crate) fn map_long<T: Send, S: Default>(
    count: usize,
    workers: usize,
    work: impl Fn(usize, &mut S) -> T + Sync,
) -> Vec<T> {
    let parts = ranges(count, workers, |range| {
        let mut scratch = S::default();
        range.map(|index| work(index, &mut scratch)).collect::<Vec<T>>()
    });
    parts.into_iter().flatten().collect()
}
