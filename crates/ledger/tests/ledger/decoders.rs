//! No bytes and no text make anything that reads them panic.

use ledger::canonical::Reader;
use ledger::checkpoint;
use ledger::envelope::{Envelope, EnvelopeRef};
use ledger::seal::{DataKey, TerritoryKey, open};
use ledger::verify::{Entry, Verifier};
use proptest::prelude::*;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        // Close to CBOR: heads of every kind with small and huge lengths.
        prop::collection::vec(
            prop_oneof![0x80..=0x9f_u8, 0x40..=0x5f_u8, 0x60..=0x7f_u8, 0..=0x3b_u8, 0xf4..=0xfb_u8],
            0..40
        ),
        // Close to an envelope.
        (crate::envelope::envelopes(), any::<prop::sample::Index>(), any::<u8>(), 0..3_u8).prop_map(
            |(envelope, at, byte, how)| {
                let mut bytes = envelope.encode();
                let at = at.index(bytes.len());
                match how {
                    0 => bytes[at] = byte,
                    1 => bytes.truncate(at),
                    _ => bytes.insert(at, byte),
                }
                bytes
            }
        ),
    ]
}

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "(wanjia-territory-key-v1:)?[A-Za-z0-9+/=]{0,48}\n?",
        "wanjia/110101\n[0-9]{0,21}\n[A-Za-z0-9+/=]{0,46}\n(\n— [a-z/]{0,8} ?[A-Za-z0-9+/=]{0,92}\n){0,2}",
        "(wanjia/110101|\n|— |[0-9]|=|\\PC){0,40}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn bytes_never_panic(bytes in bytes(), received_at in any::<i64>(), verdict in any::<u64>()) {
        if let Ok(envelope) = Envelope::decode(&bytes) {
            prop_assert_eq!(envelope.encode(), bytes.clone());
        }
        prop_assert_eq!(
            Envelope::decode(&bytes), EnvelopeRef::decode(&bytes).map(EnvelopeRef::into_owned));
        for kind in 0..6 {
            let mut reader = Reader::new(&bytes);
            let read = match kind {
                0 => reader.array().map(drop),
                1 => reader.uint().map(drop),
                2 => reader.int().map(drop),
                3 => reader.bytes().map(drop),
                4 => reader.text().map(drop),
                _ => reader.boolean().map(drop),
            };
            if let Err(error) = read {
                prop_assert!(!error.to_string().is_empty() && !error.zh().is_empty());
            }
            // Reading on after a refusal is pointless but must be harmless.
            let _ = (reader.null(), reader.uint(), reader.text(), reader.clone().finish());
        }
        let _ = open(&DataKey::from_bytes([0; 32]), &[0; 16], &[0; 16], 0, &bytes);
        let _ = TerritoryKey::from_bytes([0; 32]).unwrap(&[0; 16], &bytes);
        let mut verifier = Verifier::new("wanjia/110101", [0; 32]);
        if let Err(fault) = verifier.entry(&Entry { position: 0, fact: &bytes, received_at, verdict }) {
            prop_assert!(!fault.to_string().is_empty() && !fault.zh().is_empty());
        }
    }

    #[test]
    fn texts_never_panic(text in texts()) {
        let key = checkpoint::CheckpointKey::from_seed("wanjia/110101", [1; 32]).unwrap();
        prop_assert!(checkpoint::open(&text, "wanjia/110101", &key.public()).is_err());
        let _ = checkpoint::open(&text, &text, &[7; 32]);
        if let Ok(key) = TerritoryKey::parse(&text) {
            prop_assert_eq!(key.to_text(), text.trim_end_matches(['\n', '\r']));
        }
        prop_assert!(Verifier::new("wanjia/110101", key.public()).checkpoint(&text).is_err());
    }
}
