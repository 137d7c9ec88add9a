//! Prints how fast one core hashes, appends, verifies and seals, beside a bare SHA-256.
//! `cargo bench -p ledger [-- <number of facts>]`
#![expect(clippy::expect_used, reason = "a figure of a run that failed is worth nothing")]

use std::hint::black_box;
use std::time::Instant;

use ledger::checkpoint::{self, Checkpoint, CheckpointKey};
use ledger::envelope::{Commitment, Envelope, EnvelopeRef, hash};
use ledger::seal::{self, DataKey, TerritoryKey};
use ledger::series::{DeviceKey, SeriesHead, verify_head};
use ledger::tree::{self, Appender};
use ledger::verify::{Entry, Verifier};
use sha2::{Digest, Sha256};

const ORIGIN: &str = "wanjia/110101";
const SERIES: u64 = 2_000;
const PUSH: u64 = 20;

fn main() {
    let facts = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(500_000_u64);
    let stream = stream(facts);
    let bytes: usize = stream.iter().map(Vec::len).sum();
    println!(
        "{facts} facts of {} bytes on average, {SERIES} series, pushes of {PUSH}",
        bytes / stream.len().max(1)
    );

    let yardstick = time("SHA-256 of each fact, bare", "facts", facts, || {
        for fact in &stream {
            black_box(Sha256::digest(black_box(fact)));
        }
    });
    time("envelope::hash", "facts", facts, || {
        for fact in &stream {
            black_box(hash(black_box(fact)));
        }
    });
    time("EnvelopeRef::decode", "facts", facts, || {
        for fact in &stream {
            let _ = black_box(EnvelopeRef::decode(black_box(fact)));
        }
    });
    time("tree::leaf", "leaves", facts, || {
        for fact in &stream {
            black_box(tree::leaf(black_box(fact), 1_700_000_000_000, 0));
        }
    });
    let mut nodes = Vec::with_capacity(2 * stream.len());
    time("Appender::append (leaf hashes given)", "leaves", facts, || {
        let mut appender = Appender::new();
        nodes.clear();
        for place in 0..facts {
            appender.append([place as u8; 32], &mut nodes);
        }
    });

    let key = CheckpointKey::from_seed(ORIGIN, [1; 32]).expect("a valid origin");
    let verify = time("Verifier::entry (chain, leaf, tree, nodes)", "facts", facts, || {
        let mut verifier = Verifier::new(ORIGIN, key.public());
        for (position, fact) in (0..).zip(&stream) {
            let entry = Entry { position, fact, received_at: 1_700_000_000_000, verdict: 0 };
            verifier.entry(&entry).expect("an intact stream");
            black_box(verifier.fresh_nodes());
        }
        verifier.finish().expect("an intact stream");
    });
    println!(
        "{:>44}  {:.2} times the bare SHA-256 of the same facts",
        "so verifying takes",
        verify / yardstick
    );

    nodes.clear();
    let mut appender = Appender::new();
    for fact in &stream {
        appender.append(tree::leaf(fact, 1_700_000_000_000, 0), &mut nodes);
    }
    let rounds = 20_000;
    time("inclusion_proof", "proofs", rounds, || {
        for round in 0..rounds {
            let _ = black_box(tree::inclusion_proof(facts, (round * 7919) % facts, &nodes));
        }
    });
    time("consistency_proof", "proofs", rounds, || {
        for round in 0..rounds {
            let _ = black_box(tree::consistency_proof(1 + (round * 7919) % facts, facts, &nodes));
        }
    });

    let territory = TerritoryKey::from_bytes([2; 32]);
    let data_key = DataKey::from_bytes([3; 32]);
    let wrapped = territory.wrap(&[4; 16], &data_key, [5; 24]);
    let sealed = seal::seal(&data_key, &[4; 16], &[6; 16], 7, [8; 24], &[b'x'; 120]);
    time("TerritoryKey::wrap", "keys", rounds, || {
        for _ in 0..rounds {
            black_box(territory.wrap(black_box(&[4; 16]), &data_key, [5; 24]));
        }
    });
    time("TerritoryKey::unwrap", "keys", rounds, || {
        for _ in 0..rounds {
            let _ = black_box(territory.unwrap(black_box(&[4; 16]), &wrapped));
        }
    });
    time("TerritoryKey::blind_tag", "tags", rounds, || {
        for _ in 0..rounds {
            black_box(territory.blind_tag("id_number", black_box("11010119900307001X")));
        }
    });
    time("seal::open (120 bytes)", "contents", rounds, || {
        for _ in 0..rounds {
            let _ = black_box(seal::open(&data_key, &[4; 16], &[6; 16], 7, black_box(&sealed)));
        }
    });
    let device = DeviceKey::from_seed([9; 32]);
    let signature = device.sign_head(&[6; 16], 7, &[1; 32]);
    let rounds = 5_000;
    time("DeviceKey::sign_head", "heads", rounds, || {
        for sequence in 0..rounds {
            black_box(device.sign_head(&[6; 16], sequence, &[1; 32]));
        }
    });
    time("verify_head", "heads", rounds, || {
        for _ in 0..rounds {
            let _ = black_box(verify_head(&device.public(), &[6; 16], 7, &[1; 32], black_box(&signature)));
        }
    });
    let head = Checkpoint { origin: ORIGIN.into(), size: facts, root: appender.root() };
    let note = key.sign(&head);
    time("CheckpointKey::sign", "notes", rounds, || {
        for _ in 0..rounds {
            black_box(key.sign(black_box(&head)));
        }
    });
    time("checkpoint::open", "notes", rounds, || {
        for _ in 0..rounds {
            let _ = black_box(checkpoint::open(black_box(&note), ORIGIN, &key.public()));
        }
    });
}

// The facts of many devices as a server stores them: push after push, each of one device. A third
// carry a commitment.
fn stream(facts: u64) -> Vec<Vec<u8>> {
    let mut heads = vec![SeriesHead::default(); SERIES as usize];
    (0..facts)
        .map(|position| {
            let device = (position / PUSH).wrapping_mul(7919) % SERIES;
            let head = &mut heads[device as usize];
            let owner = u128::from(position).to_be_bytes();
            let envelope = Envelope {
                series: Sha256::digest(device.to_be_bytes())[..16].try_into().expect("16 of 32 bytes"),
                sequence: head.next,
                previous: head.hash,
                payload: vec![position as u8; 160],
                sealed: position.is_multiple_of(3).then_some(Commitment { owner, digest: [7; 32] }),
            };
            let fact = envelope.encode();
            *head = SeriesHead { next: head.next + 1, hash: hash(&fact) };
            fact
        })
        .collect()
}

// The best of five runs, as the machine may be busy with something else. Seconds.
fn time(what: &str, unit: &str, count: u64, mut run: impl FnMut()) -> f64 {
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let start = Instant::now();
        run();
        best = best.min(start.elapsed().as_secs_f64());
    }
    println!(
        "{what:>44}  {:>12.0} {unit}/s  {:>8.0} ns each",
        count as f64 / best,
        best * 1e9 / count as f64
    );
    best
}
