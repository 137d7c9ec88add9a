use ledger::checkpoint::{Checkpoint, CheckpointKey};
use ledger::envelope::{Envelope, hash};
use ledger::tree;
use ledger::verify::{Entry, Fault, Verifier};
use proptest::prelude::*;

use crate::territory::{
    Deed, ORIGIN, Row, Territory, checkpoint_key, device_key, owner_of, series_of, territory,
};

fn fault(territory: &Territory) -> Fault {
    territory.verify().unwrap_err()
}

#[test]
fn an_intact_territory_passes_and_is_summed_up() {
    let mut territory = territory();
    territory.erased.insert(owner_of(4));
    territory.vault.retain(|digest, _| {
        let envelope = Envelope::decode(&territory.rows[4].fact).unwrap();
        *digest != envelope.sealed.unwrap().digest
    });
    let summary = territory.verify().unwrap();
    assert_eq!(summary.size, 30);
    assert_eq!(summary.root, tree::root(30, &territory.nodes).unwrap());
    assert_eq!((summary.series, summary.unsigned_series, summary.heads), (3, 0, 3));
    assert_eq!(summary.quarantined, 3);
    assert_eq!((summary.checkpoints, summary.checkpointed), (5, Some(30)));
    assert_eq!((summary.contents, summary.erased), (9, 1));
}

#[test]
fn heads_and_checkpoints_may_come_first_or_last() {
    let territory = territory();
    let mut first = Verifier::new(ORIGIN, checkpoint_key().public());
    territory.read_heads(&mut first).unwrap();
    territory.read_rows(&mut first).unwrap();
    first.checkpoint(territory.checkpoints.last().unwrap()).unwrap();
    let summary = first.finish().unwrap();
    assert_eq!((summary.heads, summary.checkpoints, summary.checkpointed), (3, 1, Some(30)));
}

#[test]
fn an_empty_territory_passes() {
    let summary = Territory::build(&[]).verify().unwrap();
    assert_eq!((summary.size, summary.checkpoints, summary.checkpointed), (0, 1, Some(0)));
}

#[test]
fn a_changed_fact_is_found_at_its_position_by_the_stored_nodes() {
    let mut territory = territory();
    let end = territory.rows[12].fact.len() - 2;
    territory.rows[12].fact[end] ^= 1;
    let index = tree::node_count(12);
    assert_eq!(fault(&territory), Fault::LeafMismatch { position: 12, index });
}

#[test]
fn a_changed_fact_with_nodes_made_to_fit_breaks_the_link_after_it() {
    let mut territory = territory();
    let end = territory.rows[12].fact.len() - 2;
    territory.rows[12].fact[end] ^= 1;
    territory.make_nodes();
    let found = fault(&territory);
    assert_eq!(found, Fault::BrokenLink { position: 15, series: series_of(0), sequence: 5 });
    assert_eq!(
        found.to_string(),
        "position 15, series d0d0d0d0-d0d0-d0d0-d0d0-d0d0d0d0d0d0: fact 5 does not name the fact before it; \
         one of the two was changed"
    );
    assert_eq!(
        found.zh(),
        "位置 15，序列 d0d0d0d0-d0d0-d0d0-d0d0-d0d0d0d0d0d0：第 5 号记录与它前一条不衔接，两条之一被改动过"
    );
}

#[test]
fn bytes_that_are_no_fact_are_named() {
    let mut territory = territory();
    territory.rows[12].fact.push(0);
    let found = fault(&territory);
    assert!(matches!(found, Fault::NotCanonical { position: 12, .. }));
    assert!(found.to_string().starts_with("position 12: the fact is not in canonical form"));
    assert!(found.zh().starts_with("位置 12：记录的字节不合规范"));
}

#[test]
fn a_changed_time_or_verdict_is_found() {
    for damage in [|row: &mut Row| row.received_at += 1, |row: &mut Row| row.verdict = 7] {
        let mut territory = territory();
        damage(&mut territory.rows[12]);
        assert!(matches!(fault(&territory), Fault::LeafMismatch { position: 12, .. }));
        territory.make_nodes();
        assert_eq!(fault(&territory), Fault::RootMismatch { size: 16 });
    }
}

#[test]
fn a_changed_node_is_found() {
    let mut territory = territory();
    territory.nodes[20][3] ^= 1;
    assert!(matches!(fault(&territory), Fault::LeafMismatch { index: 20, .. }));
}

#[test]
fn a_dropped_row_is_found() {
    let mut territory = territory();
    territory.rows.remove(12);
    assert_eq!(fault(&territory), Fault::MissingPosition { expected: 12, found: 13 });
    territory.make_nodes();
    assert_eq!(fault(&territory), Fault::Gap { position: 14, series: series_of(0), expected: 4, found: 5 });
}

#[test]
fn two_rows_that_changed_places_are_found() {
    let mut territory = territory();
    territory.rows.swap(12, 13);
    assert_eq!(fault(&territory), Fault::MissingPosition { expected: 12, found: 13 });
    territory.make_nodes();
    assert_eq!(fault(&territory), Fault::RootMismatch { size: 16 });

    let mut territory = self::territory();
    territory.rows.swap(12, 15);
    territory.make_nodes();
    assert!(matches!(fault(&territory), Fault::Gap { position: 12, .. }));
}

#[test]
fn a_row_told_twice_is_a_fork() {
    let mut territory = territory();
    let again = territory.rows[12].clone();
    territory.rows.insert(13, again);
    assert_eq!(fault(&territory), Fault::MissingPosition { expected: 13, found: 12 });
    territory.make_nodes();
    let found = fault(&territory);
    assert_eq!(found, Fault::Fork { position: 13, series: series_of(0), sequence: 4 });
    assert!(found.to_string().contains("second fact 4"));
}

#[test]
fn another_fact_at_a_taken_sequence_is_a_fork() {
    let mut territory = territory();
    let mut other = Envelope::decode(&territory.rows[12].fact).unwrap();
    other.payload = b"another history".to_vec();
    territory.rows.push(Row { position: 30, fact: other.encode(), received_at: 0, verdict: 0 });
    territory.make_nodes();
    territory.sign_checkpoints();
    assert_eq!(fault(&territory), Fault::Fork { position: 30, series: series_of(0), sequence: 4 });
    // The same, quarantined as what it is, is no fault.
    territory.rows[30].verdict = 1;
    territory.make_nodes();
    territory.sign_checkpoints();
    assert_eq!(territory.verify().unwrap().quarantined, 4);
}

#[test]
fn a_cut_tail_is_found_by_a_checkpoint_or_by_a_head() {
    let mut territory = territory();
    territory.rows.truncate(27);
    territory.make_nodes();
    let found = fault(&territory);
    assert_eq!(found, Fault::LogCut { says: 30, found: 27 });
    assert!(found.to_string().contains("30 entries was signed, but only 27 are here"));

    territory.checkpoints.pop();
    let found = fault(&territory);
    assert_eq!(found, Fault::TailCut { series: series_of(0), says: 9, found: 9 });
    assert!(found.zh().contains("签到了第 9 号，这里只有 9 条"));
}

/// As someone could who holds the server and all keys of it, but not those of the devices.
fn rewrite(territory: &mut Territory) {
    let mut previous = [0; 32];
    for row in &mut territory.rows {
        let mut envelope = Envelope::decode(&row.fact).unwrap();
        if envelope.series == series_of(0) && row.verdict != 1 && row.verdict != 2 {
            envelope.payload = b"never happened".to_vec();
            envelope.previous = previous;
            row.fact = envelope.encode();
            previous = hash(&row.fact);
        }
    }
    territory.make_nodes();
    territory.sign_checkpoints();
}

#[test]
fn a_rewritten_series_does_not_fit_its_head() {
    let mut territory = territory();
    rewrite(&mut territory);
    let found = fault(&territory);
    assert_eq!(found, Fault::HeadMismatch { series: series_of(0), sequence: 9 });
    assert!(found.zh().contains("第 9 号"));
}

#[test]
fn a_rewritten_series_with_its_head_changed_has_no_signature() {
    let mut territory = territory();
    rewrite(&mut territory);
    let chain = territory.chain_of(0);
    let head = territory.heads.iter_mut().find(|head| head.series == series_of(0)).unwrap();
    head.hash = chain.hash;
    let found = fault(&territory);
    assert!(matches!(found, Fault::HeadSignature { sequence: 9, .. }));
    assert!(found.to_string().contains("does not fit"));
    assert!(found.zh().contains("签名"));
}

#[test]
fn a_rewritten_series_signed_anew_is_signed_by_a_stranger() {
    let mut territory = territory();
    rewrite(&mut territory);
    let chain = territory.chain_of(0);
    territory.sign_head(&device_key(0x77), series_of(0), chain.next - 1, chain.hash);
    let found = fault(&territory);
    assert_eq!(found, Fault::ForeignHead { series: series_of(0), sequence: 9 });
    assert!(found.to_string().contains("not signed with the key"));
}

#[test]
fn a_second_founding_key_is_found() {
    let territory = territory();
    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    territory.read_heads(&mut verifier).unwrap();
    assert_eq!(verifier.founding_key(&series_of(1), &device_key(1).public()), Ok(()));
    assert_eq!(
        verifier.founding_key(&series_of(1), &device_key(2).public()),
        Err(Fault::SecondKey { series: series_of(1) })
    );
}

fn signed_head(verifier: &mut Verifier, device: u8, sequence: u64, hash: [u8; 32]) -> Result<(), Fault> {
    let key = device_key(device);
    let series = series_of(device);
    let signature = key.sign_head(&series, sequence, &hash);
    verifier.head(&series, sequence, &hash, &signature, &key.public())
}

#[test]
fn a_head_that_goes_back_is_found() {
    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    signed_head(&mut verifier, 0, 5, [1; 32]).unwrap();
    signed_head(&mut verifier, 0, 8, [2; 32]).unwrap();
    assert_eq!(
        signed_head(&mut verifier, 0, 5, [1; 32]),
        Err(Fault::HeadShrinks { series: series_of(0), sequence: 5, higher: 8 })
    );
    assert_eq!(signed_head(&mut verifier, 0, 8, [2; 32]), Ok(()));
    assert_eq!(
        signed_head(&mut verifier, 0, 8, [3; 32]),
        Err(Fault::HeadMismatch { series: series_of(0), sequence: 8 })
    );
}

#[test]
fn a_head_below_the_facts_read_is_found() {
    let territory = territory();
    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    territory.read_rows(&mut verifier).unwrap();
    let earlier = hash(&territory.rows[24].fact);
    assert_eq!(
        signed_head(&mut verifier, 0, 8, earlier),
        Err(Fault::HeadShrinks { series: series_of(0), sequence: 8, higher: 9 })
    );
}

#[test]
fn all_heads_of_a_series_are_checked_on_the_way() {
    let territory = territory();
    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    for position in [0, 12, 27] {
        let sequence = position as u64 / 3;
        signed_head(&mut verifier, 0, sequence, hash(&territory.rows[position].fact)).unwrap();
    }
    territory.read_rows(&mut verifier).unwrap();
    let summary = verifier.finish().unwrap();
    assert_eq!((summary.heads, summary.unsigned_series), (3, 2));

    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    signed_head(&mut verifier, 0, 4, [9; 32]).unwrap();
    assert_eq!(
        territory.read_rows(&mut verifier),
        Err(Fault::HeadMismatch { series: series_of(0), sequence: 4 })
    );
}

#[test]
fn facts_beyond_the_head_and_heads_beyond_the_facts() {
    let territory = territory();
    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    signed_head(&mut verifier, 0, 4, hash(&territory.rows[12].fact)).unwrap();
    territory.read_rows(&mut verifier).unwrap();
    let found = verifier.finish().unwrap_err();
    assert_eq!(found, Fault::Unsigned { series: series_of(0), says: 4, found: 10 });
    assert!(found.zh().contains("没有签名"));

    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    signed_head(&mut verifier, 0, 12, [9; 32]).unwrap();
    territory.read_rows(&mut verifier).unwrap();
    let found = verifier.finish().unwrap_err();
    assert_eq!(found, Fault::TailCut { series: series_of(0), says: 12, found: 10 });
    assert!(found.to_string().contains("signed up to fact 12, but only 10 facts are here"));

    // A head, but no fact at all.
    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    signed_head(&mut verifier, 0, 0, [9; 32]).unwrap();
    assert_eq!(verifier.finish(), Err(Fault::TailCut { series: series_of(0), says: 0, found: 0 }));
}

#[test]
fn changed_content_is_found() {
    let mut territory = territory();
    territory.vault.values_mut().next().unwrap()[30] ^= 1;
    let found = fault(&territory);
    let Fault::ContentMismatch { position, owner } = found else { panic!("{found}") };
    assert_eq!(owner, owner_of(position as usize));
    // Erasure excuses what is gone, not what was changed.
    territory.erased.insert(owner);
    assert_eq!(fault(&territory), found);
}

#[test]
fn missing_content_needs_an_erasure() {
    let mut territory = territory();
    let sealed = Envelope::decode(&territory.rows[13].fact).unwrap().sealed.unwrap();
    territory.vault.remove(&sealed.digest);
    let found = fault(&territory);
    assert_eq!(found, Fault::ContentMissing { position: 13, owner: owner_of(13) });
    assert_eq!(
        found.to_string(),
        "position 13: the sealed content of 0d0d0d0d-0d0d-0d0d-0d0d-0d0d0d0d0d0d is gone, and no erasure explains it"
    );
    territory.erased.insert(owner_of(13));
    assert_eq!(territory.verify().unwrap().erased, 1);
}

#[test]
fn checkpoints_of_others_and_of_other_roots() {
    let territory = territory();
    let stranger = CheckpointKey::from_seed(ORIGIN, [0xdd; 32]).unwrap();
    let root = tree::root(8, &territory.nodes).unwrap();
    let foreign = stranger.sign(&Checkpoint { origin: ORIGIN.into(), size: 8, root });
    let lying = checkpoint_key().sign(&Checkpoint { origin: ORIGIN.into(), size: 8, root: [1; 32] });

    let mut damaged = territory.clone();
    damaged.checkpoints.push(foreign);
    let found = fault(&damaged);
    assert!(matches!(found, Fault::Checkpoint { .. }));
    assert!(found.to_string().contains("no signature of the key of wanjia/110101"));
    assert!(found.zh().contains("签名"));

    // Two checkpoints of one size, both signed: the log showed two faces.
    let mut damaged = territory.clone();
    damaged.checkpoints.push(lying.clone());
    assert_eq!(fault(&damaged), Fault::RootMismatch { size: 8 });

    let mut damaged = territory;
    damaged.checkpoints = vec![lying];
    let found = fault(&damaged);
    assert_eq!(found, Fault::RootMismatch { size: 8 });
    assert!(found.zh().contains("前 8 条"));
}

#[test]
fn an_earlier_checkpoint_needs_a_proof() {
    let territory = territory();
    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    territory.read_rows(&mut verifier).unwrap();
    let note = &territory.checkpoints[2];
    assert_eq!(verifier.checkpoint(note), Err(Fault::CheckpointPassed { size: 16, reached: 30 }));
    let mut proof = tree::consistency_proof(16, 30, &territory.nodes).unwrap();
    assert_eq!(verifier.earlier_checkpoint(note, &proof), Ok(()));
    proof[0][0] ^= 1;
    assert_eq!(verifier.earlier_checkpoint(note, &proof), Err(Fault::RootMismatch { size: 16 }));
    assert_eq!(verifier.finish().unwrap().checkpointed, Some(16));
}

#[test]
fn after_a_fault_in_a_chain_the_rest_can_still_be_read() {
    let mut territory = territory();
    let end = territory.rows[12].fact.len() - 2;
    territory.rows[12].fact[end] ^= 1;
    territory.rows.remove(20);
    territory.make_nodes();
    let mut verifier = Verifier::new(ORIGIN, checkpoint_key().public());
    let faults: Vec<Fault> = territory
        .rows
        .iter()
        .filter_map(|row| {
            let entry = Entry {
                position: row.position,
                fact: &row.fact,
                received_at: row.received_at,
                verdict: row.verdict,
            };
            verifier.entry(&entry).err()
        })
        .collect();
    assert_eq!(
        faults,
        [
            Fault::BrokenLink { position: 15, series: series_of(0), sequence: 5 },
            Fault::Gap { position: 22, series: series_of(2), expected: 5, found: 6 },
        ]
    );
    assert_eq!(verifier.size(), 29);
    assert_eq!(verifier.root(), tree::root(29, &territory.nodes).unwrap());
}

#[test]
fn every_fault_names_its_numbers_in_both_languages() {
    let series = series_of(1);
    let owner = owner_of(9);
    let faults = [
        Fault::MissingPosition { expected: 71, found: 82 },
        Fault::Gap { position: 71, series, expected: 82, found: 93 },
        Fault::Fork { position: 71, series, sequence: 82 },
        Fault::BrokenLink { position: 71, series, sequence: 82 },
        Fault::LeafMismatch { position: 71, index: 82 },
        Fault::CheckpointPassed { size: 71, reached: 82 },
        Fault::RootMismatch { size: 71 },
        Fault::LogCut { says: 71, found: 82 },
        Fault::ForeignHead { series, sequence: 71 },
        Fault::HeadShrinks { series, sequence: 71, higher: 82 },
        Fault::HeadMismatch { series, sequence: 71 },
        Fault::TailCut { series, says: 71, found: 82 },
        Fault::Unsigned { series, says: 71, found: 82 },
        Fault::ContentMismatch { position: 71, owner },
        Fault::ContentMissing { position: 71, owner },
    ];
    for fault in faults {
        let debug = format!("{fault:?}");
        for text in [fault.to_string(), fault.zh()] {
            for number in ["71", "82", "93"].iter().filter(|number| debug.contains(*number)) {
                assert!(text.contains(number), "{text} does not name {number}");
            }
            if debug.contains("series") {
                assert!(text.contains("d1d1d1d1-d1d1-d1d1-d1d1-d1d1d1d1d1d1"), "{text}");
            }
        }
        assert!(fault.zh().chars().any(|letter| ('一'..='龥').contains(&letter)));
    }
}

/// One bit of one thing stored.
#[derive(Clone, Copy, Debug)]
enum Place {
    Fact,
    ReceivedAt,
    Verdict,
    Position,
    Node,
    HeadSequence,
    HeadHash,
    HeadSignature,
    HeadPublic,
    Content,
    Checkpoint,
}

fn places() -> impl Strategy<Value = Place> {
    use Place::*;
    prop::sample::select(vec![
        Fact,
        ReceivedAt,
        Verdict,
        Position,
        Node,
        HeadSequence,
        HeadHash,
        HeadSignature,
        HeadPublic,
        Content,
        Checkpoint,
    ])
}

fn flip(bytes: &mut [u8], at: prop::sample::Index) {
    let bit = at.index(bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
}

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let verdict = prop_oneof![8 => Just(0), 1 => Just(1), 1 => Just(2), 1 => Just(5)];
    let deed = (0..4_u8, any::<bool>(), verdict).prop_map(|(device, sealed, verdict)| Deed {
        device,
        sealed,
        verdict,
    });
    prop::collection::vec(deed, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn one_flipped_bit_anywhere_is_found(
        deeds in deeds(), place in places(), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(),
    ) {
        let mut territory = Territory::build(&deeds);
        prop_assert!(territory.verify().is_ok(), "{:?}", territory.verify());
        let row = which.index(territory.rows.len());
        let row = &mut territory.rows[row];
        let bit = 1 << at.index(63);
        match place {
            Place::Fact => flip(&mut row.fact, at),
            Place::ReceivedAt => row.received_at ^= bit as i64,
            Place::Verdict => row.verdict ^= bit,
            Place::Position => row.position ^= bit,
            Place::Node => {
                let node = which.index(territory.nodes.len());
                flip(&mut territory.nodes[node], at);
            }
            Place::Checkpoint => {
                let note = which.index(territory.checkpoints.len());
                let mut bytes = territory.checkpoints[note].clone().into_bytes();
                flip(&mut bytes, at);
                let Ok(changed) = String::from_utf8(bytes) else { return Ok(()) };
                territory.checkpoints[note] = changed;
            }
            Place::Content => {
                let count = territory.vault.len();
                prop_assume!(count > 0);
                flip(territory.vault.values_mut().nth(which.index(count)).unwrap(), at);
            }
            _ => {
                prop_assume!(!territory.heads.is_empty());
                let head = which.index(territory.heads.len());
                let head = &mut territory.heads[head];
                match place {
                    Place::HeadSequence => head.sequence ^= bit,
                    Place::HeadHash => flip(&mut head.hash, at),
                    Place::HeadSignature => flip(&mut head.signature, at),
                    _ => flip(&mut head.public, at),
                }
            }
        }
        prop_assert!(territory.verify().is_err(), "{place:?}");
    }

    #[test]
    fn what_the_server_rewrites_consistently_is_found_by_who_kept_a_checkpoint_or_signed(
        deeds in deeds(), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(),
        how in 0..3_u8,
    ) {
        let intact = Territory::build(&deeds);
        let mut territory = intact.clone();
        let row = which.index(territory.rows.len());
        match how {
            0 => flip(&mut territory.rows[row].fact, at),
            1 => drop(territory.rows.remove(row)),
            _ => {
                let other = at.index(territory.rows.len());
                prop_assume!(other != row);
                territory.rows.swap(row, other);
            }
        }
        // Positions and nodes are made to fit; the checkpoints and heads are those that outsiders keep.
        territory.make_nodes();
        prop_assert!(territory.verify().is_err());
        // And with the last checkpoint alone, as a phone keeps it.
        territory.checkpoints.drain(..territory.checkpoints.len() - 1);
        territory.heads.clear();
        prop_assert!(territory.verify().is_err());
    }
}
