use ledger::envelope::{Envelope, EnvelopeRef, hash};
use ledger::series::{ChainError, DeviceKey, SeriesHead, SignatureError, head_message, verify_head};
use proptest::prelude::*;

/// A dense, linked series of facts with these payloads.
pub fn chain(series: [u8; 16], payloads: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut previous = [0; 32];
    (0..)
        .zip(payloads)
        .map(|(sequence, payload)| {
            let envelope = Envelope { series, sequence, previous, payload: payload.clone(), sealed: None };
            let fact = envelope.encode();
            previous = hash(&fact);
            fact
        })
        .collect()
}

fn follow(head: &mut SeriesHead, fact: &[u8]) -> Result<(), ChainError> {
    head.follow(&EnvelopeRef::decode(fact).unwrap())
}

proptest! {
    #[test]
    fn a_chain_is_followed_and_nothing_else_is(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..20), 2..12),
        at in any::<prop::sample::Index>(),
        other in any::<prop::sample::Index>(),
    ) {
        let facts = chain([7; 16], &payloads);
        let at = at.index(facts.len());
        let mut head = SeriesHead::default();
        for fact in &facts[..at] {
            prop_assert_eq!(follow(&mut head, fact), Ok(()));
        }
        prop_assert_eq!(head.next, at as u64);
        if let Some(last) = at.checked_sub(1) {
            prop_assert_eq!(head.hash, hash(&facts[last]));
        }
        let before = head;
        let other = other.index(facts.len());
        let expected = match other {
            _ if other == at => Ok(()),
            _ if other > at => Err(ChainError::Gap { expected: at as u64, found: other as u64 }),
            _ => Err(ChainError::Fork { sequence: other as u64 }),
        };
        prop_assert_eq!(follow(&mut head, &facts[other]), expected);
        if other != at {
            prop_assert_eq!(head, before);
        }
    }

    #[test]
    fn a_head_holds_only_for_what_was_signed(
        seed in any::<[u8; 32]>(), series in any::<[u8; 16]>(), sequence in any::<u64>(),
        fact in any::<[u8; 32]>(), bit in 0..512_usize,
    ) {
        let key = DeviceKey::from_seed(seed);
        let signature = key.sign_head(&series, sequence, &fact);
        let public = key.public();
        prop_assert_eq!(verify_head(&public, &series, sequence, &fact, &signature), Ok(()));

        let mut changed = signature;
        changed[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_head(&public, &series, sequence, &fact, &changed).is_err());
        let mut changed = fact;
        changed[bit % 256 / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_head(&public, &series, sequence, &changed, &signature).is_err());
        let mut changed = series;
        changed[bit % 128 / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_head(&public, &changed, sequence, &fact, &signature).is_err());
        let changed = sequence ^ (1 << (bit % 64));
        prop_assert!(verify_head(&public, &series, changed, &fact, &signature).is_err());
        let mut changed = public;
        changed[bit % 256 / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_head(&changed, &series, sequence, &fact, &signature).is_err());
    }
}

#[test]
fn a_fact_that_names_another_predecessor_is_a_fork() {
    let ours = chain([7; 16], &[vec![1], vec![2]]);
    let theirs = chain([7; 16], &[vec![9], vec![2]]);
    let mut head = SeriesHead::default();
    follow(&mut head, &ours[0]).unwrap();
    assert_eq!(follow(&mut head, &theirs[1]), Err(ChainError::Fork { sequence: 1 }));
    assert_eq!(follow(&mut head, &ours[1]), Ok(()));
}

#[test]
fn the_first_fact_names_zeros() {
    let envelope =
        Envelope { series: [7; 16], sequence: 0, previous: [1; 32], payload: vec![], sealed: None };
    assert_eq!(follow(&mut SeriesHead::default(), &envelope.encode()), Err(ChainError::Fork { sequence: 0 }));
}

#[test]
fn nothing_follows_the_last_sequence() {
    let mut head = SeriesHead { next: u64::MAX, hash: [3; 32] };
    let envelope =
        Envelope { series: [7; 16], sequence: u64::MAX, previous: [3; 32], payload: vec![], sealed: None };
    assert_eq!(follow(&mut head, &envelope.encode()), Err(ChainError::Fork { sequence: u64::MAX }));
}

#[test]
fn a_fact_of_another_series_is_refused_where_the_series_is_known() {
    let facts = chain([7; 16], &[vec![1]]);
    let envelope = EnvelopeRef::decode(&facts[0]).unwrap();
    let mut head = SeriesHead::default();
    assert_eq!(head.follow_in(&[8; 16], &envelope), Err(ChainError::WrongSeries));
    assert_eq!(head.follow_in(&[7; 16], &envelope), Ok(()));
}

#[test]
fn the_message_is_the_one_agreed_on() {
    let message = head_message(&[0xaa; 16], 0x0102, &[0xbb; 32]);
    let mut expected = b"wanjia series head v1\n".to_vec();
    expected.extend([0xaa; 16]);
    expected.extend([0, 0, 0, 0, 0, 0, 1, 2]);
    expected.extend([0xbb; 32]);
    assert_eq!(message, expected);
}

#[test]
fn weak_keys_are_named_as_such() {
    // The neutral element: with it, one signature fits many messages.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let refused = verify_head(&neutral, &[0; 16], 0, &[0; 32], &[0; 64]);
    assert_eq!(refused, Err(SignatureError::PublicKey));
    // No point of the curve.
    let mut no_point = [0; 32];
    no_point[0] = 2;
    assert_eq!(verify_head(&no_point, &[0; 16], 0, &[0; 32], &[0; 64]), Err(SignatureError::PublicKey));
}

#[test]
fn keys_do_not_show_themselves() {
    assert_eq!(format!("{:?}", DeviceKey::from_seed([1; 32])), "DeviceKey(..)");
}

#[test]
fn errors_speak_both_languages() {
    let gap = ChainError::Gap { expected: 3, found: 5 };
    assert_eq!(gap.to_string(), "facts 3 to 5 are not consecutive: 3 was expected, 5 came");
    assert_eq!(gap.zh(), "序号不连续：应为 3，实为 5，中间的记录缺失");
    assert!(ChainError::Fork { sequence: 4 }.zh().contains("序号 4"));
    assert!(ChainError::WrongSeries.zh().contains("另一个序列"));
    assert!(SignatureError::PublicKey.zh().contains("公钥"));
    assert!(SignatureError::Signature.zh().contains("签名"));
}
