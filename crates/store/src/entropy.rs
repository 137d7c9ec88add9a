//! Random bytes from the operating system, fetched a block at a time.

use crate::error::{Result, StoreError};

const BLOCK: usize = 8192;

/// A buffer of random bytes; each byte is handed out once.
pub struct Entropy {
    block: Box<[u8; BLOCK]>,
    used: usize,
}

impl Default for Entropy {
    fn default() -> Self {
        Self { block: Box::new([0; BLOCK]), used: BLOCK }
    }
}

impl Entropy {
    /// # Errors
    /// [`StoreError::Refused`] if the operating system has no randomness to give.
    pub fn bytes<const N: usize>(&mut self) -> Result<[u8; N]> {
        if self.used + N > BLOCK {
            getrandom::fill(self.block.as_mut_slice()).map_err(|error| {
                StoreError::refused(
                    "no_entropy",
                    format!("系统不能提供随机数：{error}"),
                    format!("the system has no random numbers to give: {error}"),
                )
            })?;
            self.used = 0;
        }
        let mut bytes = [0; N];
        let taken = &mut self.block[self.used..self.used + N];
        bytes.copy_from_slice(taken);
        taken.fill(0);
        self.used += N;
        Ok(bytes)
    }
}
