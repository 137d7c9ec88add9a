use ledger::Hash;
use ledger::canonical::Writer;
use ledger::tree::{
    Appender, MAX_SIZE, NodeError, Nodes, ProofError, consistency_proof, inclusion_proof, leaf, node_count,
    root, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;
use tlog_tiles::tlog;

use crate::naive_tree::{self, Naive};

fn leaves(count: usize, salt: u8) -> Vec<Hash> {
    (0..count).map(|place| naive_tree::leaf(&[&place.to_be_bytes()[..], &[salt]].concat())).collect()
}

/// The stored hashes of the tree over these leaves.
pub fn stored(leaves: &[Hash]) -> Vec<Hash> {
    let mut appender = Appender::new();
    let mut nodes = Vec::new();
    leaves.iter().for_each(|leaf| appender.append(*leaf, &mut nodes));
    nodes
}

fn hex(text: &str) -> Hash {
    let bytes: Vec<u8> =
        (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

#[test]
fn agrees_with_the_naive_tree_for_all_sizes_up_to_300() {
    let leaves = leaves(300, 0);
    let naive = Naive::new(leaves.clone());
    let mut appender = Appender::new();
    let mut nodes = Vec::new();
    assert_eq!(appender.root(), naive.root(0));
    for size in 1..=300 {
        assert_eq!(node_count(size - 1), nodes.len() as u64);
        appender.append(leaves[size as usize - 1], &mut nodes);
        assert_eq!(appender.size(), size);
        let expected = naive.root(size as usize);
        assert_eq!(appender.root(), expected);
        assert_eq!(root(size, &nodes).unwrap(), expected);
        assert_eq!(Appender::open(size, &nodes).unwrap().root(), expected);
        for position in 0..size {
            let proof = inclusion_proof(size, position, &nodes).unwrap();
            assert_eq!(proof, naive.path(position as usize, size as usize));
            let leaf = &leaves[position as usize];
            assert_eq!(verify_inclusion(&expected, size, position, leaf, &proof), Ok(()));
        }
        for old in 1..=size {
            let proof = consistency_proof(old, size, &nodes).unwrap();
            assert_eq!(proof, naive.proof(old as usize, size as usize));
            let old_root = naive.root(old as usize);
            assert_eq!(verify_consistency(old, &old_root, size, &expected, &proof), Ok(()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn agrees_with_the_naive_tree_for_large_sizes(
        size in 1_000..10_000_usize, salt in any::<u8>(),
        positions in prop::collection::vec(any::<prop::sample::Index>(), 8),
    ) {
        let leaves = leaves(size, salt);
        let nodes = stored(&leaves);
        let naive = Naive::new(leaves.clone());
        let size = size as u64;
        let expected = naive.root(size as usize);
        prop_assert_eq!(root(size, &nodes).unwrap(), expected);
        for position in positions {
            let position = position.index(leaves.len());
            let proof = inclusion_proof(size, position as u64, &nodes).unwrap();
            prop_assert_eq!(&proof, &naive.path(position, leaves.len()));
            prop_assert_eq!(
                verify_inclusion(&expected, size, position as u64, &leaves[position], &proof), Ok(()));
            let old = position + 1;
            let proof = consistency_proof(old as u64, size, &nodes).unwrap();
            prop_assert_eq!(&proof, &naive.proof(old, leaves.len()));
            prop_assert_eq!(
                verify_consistency(old as u64, &naive.root(old), size, &expected, &proof), Ok(()));
        }
    }

    #[test]
    fn taking_up_a_tree_goes_on_as_if_never_put_down(
        before in 0..600_usize, after in 0..600_usize,
    ) {
        let leaves = leaves(before + after, 1);
        let whole = stored(&leaves);
        let mut nodes = stored(&leaves[..before]);
        let mut appender = Appender::open(before as u64, &nodes).unwrap();
        leaves[before..].iter().for_each(|leaf| appender.append(*leaf, &mut nodes));
        prop_assert_eq!(&nodes, &whole);
        prop_assert_eq!(appender.root(), root(leaves.len() as u64, &whole).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_flipped_bit_breaks_an_inclusion_proof(
        size in 1..400_u64, position in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let leaves = leaves(size as usize, 2);
        let nodes = stored(&leaves);
        let position = position.index(size as usize) as u64;
        let leaf = leaves[position as usize];
        let root = root(size, &nodes).unwrap();
        let proof = inclusion_proof(size, position, &nodes).unwrap();
        let refused = Err(ProofError::Refused { size });

        // One bit of root, leaf and proof, taken together.
        let bit = bit.index((2 + proof.len()) * 256);
        let mut hashes = [&[root, leaf][..], &proof].concat();
        hashes[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(verify_inclusion(&hashes[0], size, position, &hashes[1], &hashes[2..]), refused);

        // A hash too many, one too few.
        let longer = [&proof[..], &[[0; 32]]].concat();
        prop_assert_eq!(verify_inclusion(&root, size, position, &leaf, &longer), refused);
        if let Some((_, shorter)) = proof.split_last() {
            prop_assert_eq!(verify_inclusion(&root, size, position, &leaf, shorter), refused);
        }

        // Another position.
        let other = other.index(size as usize) as u64;
        if other != position {
            prop_assert_eq!(verify_inclusion(&root, size, other, &leaf, &proof), refused);
        }
    }

    #[test]
    fn a_flipped_bit_breaks_a_consistency_proof(
        new in 1..400_u64, old in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>(),
    ) {
        let nodes = stored(&leaves(new as usize, 3));
        let old = old.index(new as usize) as u64 + 1;
        let old_root = root(old, &nodes).unwrap();
        let new_root = root(new, &nodes).unwrap();
        let proof = consistency_proof(old, new, &nodes).unwrap();
        let refused = Err(ProofError::Refused { size: new });

        let bit = bit.index((2 + proof.len()) * 256);
        let mut hashes = [&[old_root, new_root][..], &proof].concat();
        hashes[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(verify_consistency(old, &hashes[0], new, &hashes[1], &hashes[2..]), refused);

        let longer = [&proof[..], &[[0; 32]]].concat();
        prop_assert_eq!(verify_consistency(old, &old_root, new, &new_root, &longer), refused);
        if let Some((_, shorter)) = proof.split_last() {
            prop_assert_eq!(verify_consistency(old, &old_root, new, &new_root, shorter), refused);
        }
    }

    #[test]
    fn proofs_in_trees_of_any_size(
        size in prop_oneof![1..=MAX_SIZE, 1..=1_000_000_u64, Just(MAX_SIZE), Just(MAX_SIZE - 1)],
        position in any::<u64>(), bit in any::<prop::sample::Index>(),
    ) {
        let nodes = Uniform::new([9; 32]);
        let position = position % size;
        let root = root(size, &nodes).unwrap();
        prop_assert_eq!(root, nodes.root(size));

        let mut proof = inclusion_proof(size, position, &nodes).unwrap();
        prop_assert_eq!(verify_inclusion(&root, size, position, &[9; 32], &proof), Ok(()));
        if !proof.is_empty() {
            let bit = bit.index(proof.len() * 256);
            proof[bit / 256][bit % 256 / 8] ^= 1 << (bit % 8);
            prop_assert!(verify_inclusion(&root, size, position, &[9; 32], &proof).is_err());
        }
        let old = position + 1;
        let proof = consistency_proof(old, size, &nodes).unwrap();
        prop_assert_eq!(verify_consistency(old, &nodes.root(old), size, &root, &proof), Ok(()));
    }

    #[test]
    fn no_sizes_and_no_proof_make_the_checks_panic(
        size in any::<u64>(), other in any::<u64>(), hash in any::<Hash>(),
        proof in prop::collection::vec(any::<Hash>(), 0..80),
    ) {
        prop_assert!(verify_inclusion(&hash, size, other, &hash, &proof).is_err());
        // With one size on both sides there is nothing to prove.
        if size != other {
            prop_assert!(verify_consistency(size, &hash, other, &hash, &proof).is_err());
        }
        let _ = node_count(size);
        let empty: [Hash; 0] = [];
        let _ = inclusion_proof(size, other, &empty[..]);
        let _ = consistency_proof(size, other, &empty[..]);
        let _ = Appender::open(size, &empty[..]);
    }
}

/// A tree of any size all of whose leaves are the same, so that its nodes need not be stored.
struct Uniform(Vec<Hash>);

impl Uniform {
    fn new(leaf: Hash) -> Self {
        let levels = std::iter::successors(Some(leaf), |hash| Some(naive_tree::inner(hash, hash)));
        Self(levels.take(64).collect())
    }

    fn root(&self, size: u64) -> Hash {
        if size.is_power_of_two() {
            return self.0[size.ilog2() as usize];
        }
        let split = 1 << size.ilog2();
        naive_tree::inner(&self.root(split), &self.root(size - split))
    }
}

impl Nodes for Uniform {
    fn read(&self, indexes: &[u64]) -> Result<Vec<Hash>, NodeError> {
        Ok(indexes.iter().map(|&index| self.0[usize::from(tlog::split_stored_hash_index(index).0)]).collect())
    }
}

// The inputs and values that the RFC's authors' own implementation is tested with.
#[test]
fn known_values_of_rfc_6962() {
    let inputs: [&[u8]; 8] = [
        b"",
        &[0x00],
        &[0x10],
        &[0x20, 0x21],
        &[0x30, 0x31],
        &[0x40, 0x41, 0x42, 0x43],
        &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
        &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
    ];
    let roots = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let nodes = stored(&inputs.map(|input| tlog::record_hash(input).0));
    for (size, expected) in (0..).zip(roots) {
        assert_eq!(root(size, &nodes).unwrap(), hex(expected), "size {size}");
    }
    assert_eq!(
        inclusion_proof(8, 0, &nodes).unwrap(),
        [
            hex("96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"),
            hex("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
            hex("6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"),
        ]
    );
    assert_eq!(
        consistency_proof(6, 8, &nodes).unwrap(),
        [
            hex("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
            hex("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
            hex("d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"),
        ]
    );
    assert_eq!(
        consistency_proof(2, 5, &nodes).unwrap(),
        [
            hex("5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"),
            hex("bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"),
        ]
    );
}

proptest! {
    #[test]
    fn a_leaf_is_the_hash_of_the_canonical_entry(
        fact in prop::collection::vec(any::<u8>(), 0..600), received_at in any::<i64>(), verdict in any::<u64>(),
    ) {
        let mut writer = Writer::new();
        writer.array(3).bytes(&fact).int(received_at).uint(verdict);
        prop_assert_eq!(leaf(&fact, received_at, verdict), tlog::record_hash(&writer.finish()).0);
    }

    #[test]
    fn nodes_are_counted_as_they_are_stored(size in prop_oneof![0..100_000_u64, 0..=MAX_SIZE]) {
        prop_assert_eq!(node_count(size), 2 * size - u64::from(size.count_ones()));
    }
}

#[test]
fn sizes_above_the_limit_are_refused_not_computed() {
    let nodes = Uniform::new([0; 32]);
    assert_eq!(node_count(u64::MAX), node_count(MAX_SIZE));
    assert!(matches!(root(MAX_SIZE + 1, &nodes), Err(NodeError::Outside { .. })));
    assert!(matches!(inclusion_proof(u64::MAX, 0, &nodes), Err(NodeError::Outside { .. })));
    assert!(matches!(consistency_proof(1, u64::MAX, &nodes), Err(NodeError::Outside { .. })));
    let outside = Err(ProofError::Outside { size: u64::MAX, asked: 1 });
    assert_eq!(verify_inclusion(&[0; 32], u64::MAX, 1, &[0; 32], &[]), outside);
    assert_eq!(verify_consistency(1, &[0; 32], u64::MAX, &[0; 32], &[]), outside);
}

#[test]
fn the_empty_tree() {
    let nodes: Vec<Hash> = Vec::new();
    let empty = root(0, &nodes).unwrap();
    assert_eq!(Appender::default().root(), empty);
    assert!(matches!(inclusion_proof(0, 0, &nodes), Err(NodeError::Outside { size: 0, asked: 0 })));
    assert_eq!(consistency_proof(0, 0, &nodes).unwrap(), Vec::<Hash>::new());
    assert_eq!(verify_consistency(0, &empty, 0, &empty, &[]), Ok(()));
    assert_eq!(verify_consistency(0, &empty, 7, &[1; 32], &[]), Ok(()));
    assert!(verify_consistency(0, &empty, 0, &[1; 32], &[]).is_err());
    assert!(verify_consistency(0, &[1; 32], 7, &[1; 32], &[]).is_err());
    assert!(verify_consistency(0, &empty, 7, &[1; 32], &[[0; 32]]).is_err());
}

#[test]
fn a_failing_storage_is_an_error_and_says_so() {
    struct Failing;
    impl Nodes for Failing {
        fn read(&self, _: &[u64]) -> Result<Vec<Hash>, NodeError> {
            Err(NodeError::read("the disk is gone"))
        }
    }
    struct Miscounting;
    impl Nodes for Miscounting {
        fn read(&self, _: &[u64]) -> Result<Vec<Hash>, NodeError> {
            Ok(vec![[0; 32]; 100])
        }
    }
    let error = inclusion_proof(5, 1, &Failing).unwrap_err();
    assert_eq!(error.to_string(), "tree nodes could not be read: the disk is gone");
    assert!(error.zh().contains("the disk is gone"));
    assert!(matches!(root(5, &Failing), Err(NodeError::Read(_))));
    assert!(matches!(consistency_proof(3, 5, &Miscounting), Err(NodeError::Count { found: 100, .. })));
    assert!(matches!(root(5, &Miscounting), Err(NodeError::Count { .. })));
    let short = stored(&leaves(3, 0));
    assert!(matches!(root(5, &short), Err(NodeError::Missing { .. })));
    assert!(matches!(inclusion_proof(5, 4, &short), Err(NodeError::Missing { .. })));
}

#[test]
fn errors_speak_both_languages() {
    assert!(NodeError::Missing { index: 12 }.zh().contains("12"));
    assert!(NodeError::Count { asked: 3, found: 2 }.zh().contains('3'));
    let outside = NodeError::Outside { size: 5, asked: 7 };
    assert_eq!(outside.to_string(), "a tree of size 5 has no position or earlier size 7");
    assert!(outside.zh().contains('7'));
    assert!(ProofError::Outside { size: 5, asked: 7 }.zh().contains('7'));
    assert!(ProofError::Refused { size: 5 }.zh().contains('5'));
}
