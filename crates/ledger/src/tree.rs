//! The tree of a territory: RFC 6962 with SHA-256. Hash functions, proofs and the numbering of stored
//! hashes are those of the `tlog_tiles` crate; what is here keeps its assertions out of reach of input
//! (sizes and lengths are checked first) and appends without reading anything back.
//!
//! Stored hashes are numbered in the order in which appending makes them: a leaf, then every inner
//! node that it completes, from the bottom up. Adding a leaf only ever adds hashes at the end.

use std::cell::RefCell;
use std::convert::Infallible;

use minicbor::{Encoder, encode};
use sha2::{Digest, Sha256};
use thiserror::Error;
use tlog_tiles::tlog;

use crate::Hash;

/// The largest tree this module handles: above it, index arithmetic would leave 64 bits.
pub const MAX_SIZE: u64 = 1 << 62;

/// The most hashes that any proof for a tree up to [`MAX_SIZE`] can have.
const MAX_PROOF: usize = 64;

/// Where stored hashes can be read.
pub trait Nodes {
    /// The hashes with these stored-hash indexes, in the order of `indexes` (which ascend).
    ///
    /// # Errors
    /// [`NodeError::Missing`] if one is not there, [`NodeError::Read`] if reading fails.
    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, NodeError>;
}

/// A tree in memory: the hash with index `i` at place `i`.
impl Nodes for [Hash] {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, NodeError> {
        let hash = |&index: &u64| {
            let place = usize::try_from(index).map_err(|_| NodeError::Missing { index })?;
            self.get(place).copied().ok_or(NodeError::Missing { index })
        };
        indexes.iter().map(hash).collect()
    }
}

impl Nodes for Vec<Hash> {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, NodeError> {
        self.as_slice().read(indexes)
    }
}

/// Why a root or proof could not be made.
#[derive(Debug, Error)]
pub enum NodeError {
    /// A stored hash is not there.
    #[error("tree node {index} is missing")]
    Missing {
        /// Its stored-hash index.
        index: u64,
    },
    /// The storage failed.
    #[error("tree nodes could not be read: {0}")]
    Read(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// [`Nodes::read`] gave another number of hashes than it was asked for.
    #[error("{asked} tree nodes were asked for and {found} came back")]
    Count {
        /// How many were asked for.
        asked: usize,
        /// How many came.
        found: usize,
    },
    /// A proof was asked for something that the tree does not contain, or the size is above
    /// [`MAX_SIZE`].
    #[error("a tree of size {size} has no position or earlier size {asked}")]
    Outside {
        /// The size of the tree.
        size: u64,
        /// The position, or the earlier size.
        asked: u64,
    },
}

impl NodeError {
    /// Wraps the error of a storage.
    pub fn read(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Read(error.into())
    }

    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Missing { index } => format!("缺少树节点 {index}"),
            Self::Read(error) => format!("读取树节点失败：{error}"),
            Self::Count { asked, found } => format!("请求了 {asked} 个树节点，只得到 {found} 个"),
            Self::Outside { size, asked } => format!("大小为 {size} 的树没有位置或更早的大小 {asked}"),
        }
    }
}

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProofError {
    /// The position is not below the size, the sizes do not ascend, or a size is above [`MAX_SIZE`].
    #[error("position or earlier size {asked} does not lie in a tree of size {size}")]
    Outside {
        /// The size of the tree.
        size: u64,
        /// The position, or the earlier size.
        asked: u64,
    },
    /// The hashes do not lead to the root.
    #[error("the proof does not lead to the root of the tree of size {size}")]
    Refused {
        /// The size of the tree.
        size: u64,
    },
}

impl ProofError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Outside { size, asked } => format!("位置或较早的大小 {asked} 不在大小为 {size} 的树内"),
            Self::Refused { size } => format!("证明推不出大小为 {size} 的树根，记录或证明被改动过"),
        }
    }
}

/// The leaf of an entry: `SHA-256(0x00 || [fact, received_at, verdict])`, the array in canonical form.
/// `received_at` is in milliseconds since 1970 UTC; `verdict` is 0 for an accepted fact, else the
/// reason for its quarantine.
pub fn leaf(fact: &[u8], received_at: i64, verdict: u64) -> Hash {
    // The array is encoded straight into the hash, so that the fact is not copied.
    let mut encoder = Encoder::new(Hashing(Sha256::new_with_prefix([0x00])));
    let written = encoder
        .array(3)
        .and_then(|encoder| encoder.bytes(fact))
        .and_then(|encoder| encoder.i64(received_at))
        .and_then(|encoder| encoder.u64(verdict))
        .map(drop);
    crate::canonical::never_fails(written);
    encoder.into_writer().0.finalize().into()
}

struct Hashing(Sha256);

impl encode::Write for Hashing {
    type Error = Infallible;

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.0.update(bytes);
        Ok(())
    }
}

/// How many hashes are stored for a tree of this size: the index of the first that the next leaf adds.
/// Sizes above [`MAX_SIZE`] count as `MAX_SIZE`.
pub fn node_count(size: u64) -> u64 {
    tlog::stored_hash_count(size.min(MAX_SIZE))
}

/// Appends leaves, holding only the right edge of the tree: one hash for each complete subtree, at
/// most 64.
#[derive(Clone, Debug)]
pub struct Appender {
    size: u64,
    // One hash for each bit set in `size`, the largest subtree first.
    edge: Vec<tlog::Hash>,
}

impl Appender {
    /// The appender of an empty tree.
    pub fn new() -> Self {
        Self { size: 0, edge: Vec::with_capacity(MAX_PROOF) }
    }

    /// Takes up a tree of the given size from its stored hashes.
    ///
    /// # Errors
    /// See [`NodeError`].
    pub fn open(size: u64, nodes: &(impl Nodes + ?Sized)) -> Result<Self, NodeError> {
        within(size, size)?;
        let mut appender = Self::new();
        if size > 0 {
            let indexes = tlog::sub_tree_index(0, size, vec![]);
            appender.edge.extend(read(nodes, &indexes)?.into_iter().map(tlog::Hash));
            appender.size = size;
        }
        Ok(appender)
    }

    /// Adds a leaf. The hashes to be stored for it are pushed to `out`, one to 63 of them; their
    /// indexes ascend from [`node_count`] of the size before.
    pub fn append(&mut self, leaf: Hash, out: &mut Vec<Hash>) {
        let mut hash = tlog::Hash(leaf);
        out.push(hash.0);
        // Every 1 bit at the low end of the size is a subtree that this leaf completes into a larger.
        for _ in 0..self.size.trailing_ones() {
            let Some(left) = self.edge.pop() else { break };
            hash = tlog::node_hash(left, hash);
            out.push(hash.0);
        }
        self.edge.push(hash);
        self.size += 1;
    }

    /// How many leaves the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree as it stands.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.edge.iter().rev();
        let Some(&smallest) = subtrees.next() else { return tlog::EMPTY_HASH.0 };
        subtrees.fold(smallest, |right, &left| tlog::node_hash(left, right)).0
    }
}

impl Default for Appender {
    fn default() -> Self {
        Self::new()
    }
}

/// The root of the tree at this size; of the empty tree, the SHA-256 of nothing.
///
/// # Errors
/// See [`NodeError`].
pub fn root(size: u64, nodes: &(impl Nodes + ?Sized)) -> Result<Hash, NodeError> {
    Appender::open(size, nodes).map(|appender| appender.root())
}

/// The proof that a tree of `size` contains the leaf at `position`: the hashes beside its way to the
/// root, from the bottom up (RFC 6962, 2.1.1).
///
/// # Errors
/// [`NodeError::Outside`] unless `position < size`; otherwise the errors of reading.
pub fn inclusion_proof(
    size: u64,
    position: u64,
    nodes: &(impl Nodes + ?Sized),
) -> Result<Vec<Hash>, NodeError> {
    within(size, position)?;
    if position == size {
        return Err(NodeError::Outside { size, asked: position });
    }
    prove(nodes, |reader| tlog::prove_record(size, position, reader), size, position)
}

/// Checks an [`inclusion_proof`].
///
/// # Errors
/// See [`ProofError`].
pub fn verify_inclusion(
    root: &Hash,
    size: u64,
    position: u64,
    leaf: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if position >= size || size > MAX_SIZE {
        return Err(ProofError::Outside { size, asked: position });
    }
    let proof = bounded(size, proof)?;
    tlog::check_record(&proof, size, tlog::Hash(*root), position, tlog::Hash(*leaf))
        .map_err(|_| ProofError::Refused { size })
}

/// The proof that a tree of size `new` begins with the tree of size `old` (RFC 6962, 2.1.2). From an
/// empty tree, and between equal sizes, it is empty.
///
/// # Errors
/// [`NodeError::Outside`] unless `old <= new`; otherwise the errors of reading.
pub fn consistency_proof(old: u64, new: u64, nodes: &(impl Nodes + ?Sized)) -> Result<Vec<Hash>, NodeError> {
    within(new, old)?;
    if old == 0 {
        return Ok(Vec::new());
    }
    prove(nodes, |reader| tlog::prove_tree(new, old, reader), new, old)
}

/// Checks a [`consistency_proof`]. Every tree begins with the empty one, whose root must then be the
/// SHA-256 of nothing, and whose proof is empty.
///
/// # Errors
/// See [`ProofError`].
pub fn verify_consistency(
    old_size: u64,
    old_root: &Hash,
    new_size: u64,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > new_size || new_size > MAX_SIZE {
        return Err(ProofError::Outside { size: new_size, asked: old_size });
    }
    let refused = ProofError::Refused { size: new_size };
    let empty = tlog::EMPTY_HASH.0;
    if old_size == 0 {
        let new_root_fits = new_size > 0 || *new_root == empty;
        return if *old_root == empty && new_root_fits && proof.is_empty() { Ok(()) } else { Err(refused) };
    }
    let proof = bounded(new_size, proof)?;
    tlog::check_tree(&proof, new_size, tlog::Hash(*new_root), old_size, tlog::Hash(*old_root))
        .map_err(|_| refused)
}

fn within(size: u64, asked: u64) -> Result<(), NodeError> {
    if asked > size || size > MAX_SIZE { Err(NodeError::Outside { size, asked }) } else { Ok(()) }
}

// The checks copy the rest of the proof at every level: a proof too long to be one must not reach them.
fn bounded(size: u64, proof: &[Hash]) -> Result<Vec<tlog::Hash>, ProofError> {
    if proof.len() > MAX_PROOF {
        return Err(ProofError::Refused { size });
    }
    Ok(proof.iter().copied().map(tlog::Hash).collect())
}

fn read(nodes: &(impl Nodes + ?Sized), indexes: &[u64]) -> Result<Vec<Hash>, NodeError> {
    let hashes = nodes.read(indexes)?;
    if hashes.len() == indexes.len() {
        Ok(hashes)
    } else {
        Err(NodeError::Count { asked: indexes.len(), found: hashes.len() })
    }
}

// tlog's reader has an error type of its own, without room for ours: ours waits here meanwhile.
struct Bridge<'a, N: ?Sized> {
    nodes: &'a N,
    failure: RefCell<Option<NodeError>>,
}

impl<N: Nodes + ?Sized> tlog::HashReader for Bridge<'_, N> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog::Hash>, tlog::Error> {
        match read(self.nodes, indexes) {
            Ok(hashes) => Ok(hashes.into_iter().map(tlog::Hash).collect()),
            Err(error) => {
                self.failure.replace(Some(error));
                Err(tlog::Error::IndexesNotInTree)
            }
        }
    }
}

fn prove<N: Nodes + ?Sized>(
    nodes: &N,
    make: impl FnOnce(&Bridge<'_, N>) -> Result<Vec<tlog::Hash>, tlog::Error>,
    size: u64,
    asked: u64,
) -> Result<Vec<Hash>, NodeError> {
    let bridge = Bridge { nodes, failure: RefCell::new(None) };
    match make(&bridge) {
        Ok(proof) => Ok(proof.into_iter().map(|hash| hash.0).collect()),
        Err(_) => Err(bridge.failure.into_inner().unwrap_or(NodeError::Outside { size, asked })),
    }
}
