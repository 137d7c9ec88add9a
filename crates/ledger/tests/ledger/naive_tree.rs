//! RFC 6962 section 2.1 written down word by word, knowing nothing of stored hashes.

use std::cell::RefCell;
use std::collections::HashMap;

use sha2::{Digest, Sha256};

type Hash = [u8; 32];

pub struct Naive {
    leaves: Vec<Hash>,
    // Subtrees recur in every proof; without remembering them the tests take minutes.
    known: RefCell<HashMap<(usize, usize), Hash>>,
}

impl Naive {
    pub fn new(leaves: Vec<Hash>) -> Self {
        Self { leaves, known: RefCell::default() }
    }

    pub fn root(&self, size: usize) -> Hash {
        self.range(0, size)
    }

    /// MTH(D[from:to])
    fn range(&self, from: usize, to: usize) -> Hash {
        if let Some(&hash) = self.known.borrow().get(&(from, to)) {
            return hash;
        }
        let hash = match to - from {
            0 => Sha256::digest([]).into(),
            1 => self.leaves[from],
            count => {
                let split = from + split(count);
                inner(&self.range(from, split), &self.range(split, to))
            }
        };
        self.known.borrow_mut().insert((from, to), hash);
        hash
    }

    /// PATH(m, D[0:size])
    pub fn path(&self, m: usize, size: usize) -> Vec<Hash> {
        self.path_in(m, 0, size)
    }

    fn path_in(&self, m: usize, from: usize, to: usize) -> Vec<Hash> {
        if to - from == 1 {
            return vec![];
        }
        let k = split(to - from);
        if m < k {
            [self.path_in(m, from, from + k), vec![self.range(from + k, to)]].concat()
        } else {
            [self.path_in(m - k, from + k, to), vec![self.range(from, from + k)]].concat()
        }
    }

    /// PROOF(m, D[0:size])
    pub fn proof(&self, m: usize, size: usize) -> Vec<Hash> {
        self.subproof(m, 0, size, true)
    }

    fn subproof(&self, m: usize, from: usize, to: usize, whole: bool) -> Vec<Hash> {
        if m == to - from {
            return if whole { vec![] } else { vec![self.range(from, to)] };
        }
        let k = split(to - from);
        if m <= k {
            [self.subproof(m, from, from + k, whole), vec![self.range(from + k, to)]].concat()
        } else {
            [self.subproof(m - k, from + k, to, false), vec![self.range(from, from + k)]].concat()
        }
    }
}

/// The largest power of two smaller than `count`.
fn split(count: usize) -> usize {
    let mut k = 1;
    while 2 * k < count {
        k *= 2;
    }
    k
}

pub fn inner(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

pub fn leaf(data: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(data).finalize().into()
}
