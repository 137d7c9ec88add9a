use ledger::envelope::{Commitment, Envelope, EnvelopeError, EnvelopeRef, hash};
use proptest::prelude::*;

pub fn envelopes() -> impl Strategy<Value = Envelope> {
    let sealed =
        (any::<[u8; 16]>(), any::<[u8; 32]>()).prop_map(|(owner, digest)| Commitment { owner, digest });
    (
        any::<[u8; 16]>(),
        prop_oneof![any::<u64>(), 0..300_u64],
        any::<[u8; 32]>(),
        prop::collection::vec(any::<u8>(), 0..300),
        proptest::option::of(sealed),
    )
        .prop_map(|(series, sequence, previous, payload, sealed)| Envelope {
            series,
            sequence,
            previous,
            payload,
            sealed,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn an_envelope_comes_back(envelope in envelopes()) {
        let bytes = envelope.encode();
        let borrowed = EnvelopeRef::decode(&bytes).unwrap();
        prop_assert_eq!(borrowed.bytes, &bytes);
        prop_assert_eq!(borrowed.hash(), hash(&bytes));
        prop_assert_eq!(&borrowed.into_owned(), &envelope);
        prop_assert_eq!(Envelope::decode(&bytes).unwrap(), envelope);
    }

    #[test]
    fn a_changed_byte_is_refused_or_changes_the_fact_and_its_hash(
        envelope in envelopes(), place in any::<prop::sample::Index>(), change in 1..=255_u8,
    ) {
        let bytes = envelope.encode();
        let mut changed = bytes.clone();
        changed[place.index(bytes.len())] ^= change;
        prop_assert_ne!(hash(&changed), hash(&bytes));
        if let Ok(other) = Envelope::decode(&changed) {
            prop_assert_ne!(&other, &envelope);
            prop_assert_eq!(other.encode(), changed);
        }
    }
}

#[test]
fn every_single_byte_change_of_one_envelope() {
    let envelope = Envelope {
        series: [1; 16],
        sequence: 300,
        previous: [2; 32],
        payload: vec![3; 40],
        sealed: Some(Commitment { owner: [4; 16], digest: [5; 32] }),
    };
    let bytes = envelope.encode();
    for place in 0..bytes.len() {
        for change in 1..=255 {
            let mut changed = bytes.clone();
            changed[place] ^= change;
            if let Ok(other) = Envelope::decode(&changed) {
                assert_ne!(other, envelope);
                assert_eq!(other.encode(), changed, "byte {place} xor {change}");
            }
        }
    }
}

#[test]
fn the_shape_is_checked() {
    let envelope =
        Envelope { series: [1; 16], sequence: 0, previous: [0; 32], payload: vec![], sealed: None };
    let bytes = envelope.encode();

    let mut later = bytes.clone();
    later[1] = 2;
    let error = Envelope::decode(&later).unwrap_err();
    assert_eq!(error, EnvelopeError::Version { found: 2 });
    assert_eq!(error.to_string(), "the fact has envelope version 2; this program reads version 1");
    assert!(error.zh().contains("版本是 2"));

    let mut shorter = bytes.clone();
    shorter[0] = 0x85;
    assert_eq!(Envelope::decode(&shorter).unwrap_err(), EnvelopeError::Parts { expected: 6, found: 5 });

    let mut trailing = bytes.clone();
    trailing.push(0);
    assert!(matches!(Envelope::decode(&trailing).unwrap_err(), EnvelopeError::Canonical(_)));
    assert!(Envelope::decode(&trailing).unwrap_err().zh().contains("多出 1 个字节"));

    // A series of 15 bytes.
    let mut short = bytes;
    short[2] = 0x4f;
    short.remove(3);
    assert_eq!(
        Envelope::decode(&short).unwrap_err().to_string(),
        "the fact is not in canonical form: byte 2: expected a byte string of 16 bytes"
    );
}
