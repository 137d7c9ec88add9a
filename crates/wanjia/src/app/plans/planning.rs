//! Making plans on the server: one at a time, and a bound that was proven is remembered by its input.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Semaphore;

use super::{Solved, Task};

/// How many plans are remembered: their bounds, and who holds what by place, which names nobody.
const REMEMBERED: usize = 16;

/// What the server remembers of the plans it made.
pub struct Planning {
    turn: Semaphore,
    known: Mutex<VecDeque<([u8; 32], Solved)>>,
}

impl Default for Planning {
    fn default() -> Self {
        Self { turn: Semaphore::new(1), known: Mutex::default() }
    }
}

impl Planning {
    fn known(&self, digest: [u8; 32]) -> Option<Solved> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(of, _)| *of == digest).map(|(_, solved)| solved.clone())
    }

    /// The plan that the planner makes of a task, made once for a digest of its input. The task comes back with it.
    ///
    /// # Errors
    /// None if the planner broke off.
    pub async fn solve(&self, digest: [u8; 32], task: Task) -> Option<(Task, Solved)> {
        if let Some(solved) = self.known(digest) {
            return Some((task, solved));
        }
        let _turn = self.turn.acquire().await.ok()?;
        if let Some(solved) = self.known(digest) {
            return Some((task, solved));
        }
        let (task, solved) = tokio::task::spawn_blocking(move || {
            let solved = task.solve();
            (task, solved)
        })
        .await
        .ok()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.push_front((digest, solved.clone()));
        known.truncate(REMEMBERED);
        Some((task, solved))
    }
}
