//! Sets that grow together: which rows hang together by pairs.

/// Every row begins as a set of its own; the lowest row of a set stands for it.
#[derive(Clone, Debug)]
pub(crate) struct Forest(Vec<u32>);

impl Forest {
    pub fn new(rows: usize) -> Self {
        Self((0..rows as u32).collect())
    }

    /// The lowest row of the set that a row is in.
    pub fn root(&mut self, row: u32) -> u32 {
        let mut at = row;
        while self.0[at as usize] != at {
            let above = self.0[self.0[at as usize] as usize];
            self.0[at as usize] = above;
            at = above;
        }
        at
    }

    /// Makes the sets of two rows one.
    pub fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        self.0[one.max(other) as usize] = one.min(other);
    }
}
