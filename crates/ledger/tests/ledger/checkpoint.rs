use ledger::Hash;
use ledger::checkpoint::{Checkpoint, CheckpointError, CheckpointKey, open};
use proptest::prelude::*;

const ORIGIN: &str = "wanjia/110101";

fn key() -> CheckpointKey {
    CheckpointKey::from_seed(ORIGIN, [1; 32]).unwrap()
}

fn checkpoint(size: u64, root: Hash) -> Checkpoint {
    Checkpoint { origin: ORIGIN.into(), size, root }
}

proptest! {
    #[test]
    fn a_checkpoint_comes_back(
        seed in any::<[u8; 32]>(), size in any::<u64>(), root in any::<Hash>(), origin in any::<String>(),
    ) {
        let Ok(key) = CheckpointKey::from_seed(&origin, seed) else {
            let refused = CheckpointKey::from_seed(&origin, seed).unwrap_err();
            prop_assert_eq!(refused, CheckpointError::Name { origin });
            return Ok(());
        };
        let checkpoint = Checkpoint { origin: origin.clone(), size, root };
        prop_assert_eq!(open(&key.sign(&checkpoint), &origin, &key.public()), Ok(checkpoint));
    }

    #[test]
    fn names_that_a_note_can_carry_are_taken(origin in "[a-z/0-9一-龥._-]{1,30}", seed in any::<[u8; 32]>()) {
        let key = CheckpointKey::from_seed(&origin, seed).unwrap();
        let checkpoint = Checkpoint { origin: origin.clone(), size: 1, root: [2; 32] };
        prop_assert_eq!(open(&key.sign(&checkpoint), &origin, &key.public()), Ok(checkpoint));
    }
}

#[test]
fn every_flipped_bit_of_a_note_is_refused() {
    let key = key();
    let note = key.sign(&checkpoint(123_456, [7; 32]));
    assert!(open(&note, ORIGIN, &key.public()).is_ok());
    for place in 0..note.len() {
        for change in (0..8).map(|bit| 1 << bit) {
            let mut bytes = note.clone().into_bytes();
            bytes[place] ^= change;
            let Ok(changed) = String::from_utf8(bytes) else { continue };
            assert!(open(&changed, ORIGIN, &key.public()).is_err(), "byte {place} xor {change}: {changed}");
        }
    }
    for end in 0..note.len() {
        if let Some(cut) = note.get(..end) {
            assert!(open(cut, ORIGIN, &key.public()).is_err(), "cut after {end}");
        }
    }
}

#[test]
fn refusals_say_why() {
    let key = key();
    let note = key.sign(&checkpoint(5, [7; 32]));
    let public = key.public();

    assert_eq!(open("", ORIGIN, &public), Err(CheckpointError::Malformed));
    let unsigned = CheckpointError::Unsigned { origin: "wanjia/110102".into() };
    assert_eq!(open(&note, "wanjia/110102", &public), Err(unsigned));
    let other = CheckpointKey::from_seed(ORIGIN, [2; 32]).unwrap();
    let unsigned = CheckpointError::Unsigned { origin: ORIGIN.into() };
    assert_eq!(open(&note, ORIGIN, &other.public()), Err(unsigned.clone()));
    assert_eq!(unsigned.to_string(), "the checkpoint carries no signature of the key of wanjia/110101");
    assert_eq!(unsigned.zh(), "检查点上没有 wanjia/110101 的签名");
    let resized = note.replace("\n5\n", "\n6\n");
    let changed = CheckpointError::Signature { origin: ORIGIN.into() };
    assert_eq!(open(&resized, ORIGIN, &public), Err(changed.clone()));
    assert!(changed.zh().contains("改动"));
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert_eq!(open(&note, ORIGIN, &neutral), Err(CheckpointError::PublicKey));
    assert!(CheckpointError::PublicKey.zh().contains("公钥"));
    assert!(CheckpointError::Malformed.zh().contains("检查点"));
    for origin in ["", "a b", "a+b", "a\nb", "a\u{1}b", "a\u{85}b"] {
        let refused = CheckpointKey::from_seed(origin, [1; 32]).unwrap_err();
        assert!(matches!(refused, CheckpointError::Name { .. }), "{origin:?}");
        assert!(refused.zh().contains("来源名"));
    }
}

#[test]
fn a_key_speaks_for_its_own_log_only() {
    let key = key();
    let foreign = Checkpoint { origin: "wanjia/999999".into(), size: 5, root: [7; 32] };
    let note = key.sign(&foreign);
    assert_eq!(open(&note, ORIGIN, &key.public()).unwrap().origin, ORIGIN);
    assert!(open(&note, "wanjia/999999", &key.public()).is_err());
}

#[test]
fn a_text_of_another_log_is_refused_though_signed() {
    use signed_note::{Note, Signer};
    let key = key();
    let mut note =
        Note::new(b"wanjia/999999\n5\nBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n", &[]).unwrap();
    note.add_sigs(&[&key as &dyn Signer]).unwrap();
    let note = String::from_utf8(note.to_bytes()).unwrap();
    let refused = open(&note, ORIGIN, &key.public()).unwrap_err();
    assert_eq!(refused, CheckpointError::Origin { expected: ORIGIN.into(), found: "wanjia/999999".into() });
    assert!(refused.zh().contains("wanjia/999999"));
}

#[test]
fn signatures_of_witnesses_are_passed_over() {
    let key = key();
    let witness = CheckpointKey::from_seed("witness.example", [9; 32]).unwrap();
    let text = key.sign(&checkpoint(5, [7; 32]));
    let mut note = signed_note::Note::from_bytes(text.as_bytes()).unwrap();
    note.add_sigs(&[&witness as &dyn signed_note::Signer]).unwrap();
    let cosigned = String::from_utf8(note.to_bytes()).unwrap();
    assert_eq!(open(&cosigned, ORIGIN, &key.public()), Ok(checkpoint(5, [7; 32])));
}

#[test]
fn keys_do_not_show_themselves() {
    assert_eq!(format!("{:?}", key()), r#"CheckpointKey { origin: "wanjia/110101", .. }"#);
    assert_eq!(key().origin(), ORIGIN);
}
