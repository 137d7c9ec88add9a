use ledger::recovery::{RecoveryKey, SEALED_KEY_LEN};
use ledger::seal::SealError;

/// Made by the phone's own code (`web/phone/recovery.ts`) for the pair of the seed 07 07 .., owner 01 .., series 02 ..
const PUBLIC: &str = "5fd47633b5e43fca7bad1bfbe424feacb175d9d4d4a30f166dbd30636f0b446b";
const SEALED: &str = "fb7174854936999afab31f5d937b74d9042c63ef4603324c58da87be73511378\
                      a75e552f5f742e46e3209c32dffe33916e02e5a5b69f5bff0505dde6a85a7f7b649e8eaee5f0b8cc8fee837cfbdf23ae";

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn what_a_phone_encrypted_opens_for_its_territory_owner_and_series_only() {
    let key = RecoveryKey::from_seed(&[7; 32]);
    assert_eq!(key.public().to_vec(), bytes(PUBLIC));
    let sealed = bytes(SEALED);
    assert_eq!(sealed.len(), SEALED_KEY_LEN);
    assert_eq!(key.open(&[1; 16], &[2; 16], &sealed).unwrap().as_bytes(), &[9; 32]);
    let refused = |key: &RecoveryKey, owner, series, sealed: &[u8]| key.open(&owner, &series, sealed).err();
    assert_eq!(
        refused(&RecoveryKey::from_seed(&[8; 32]), [1; 16], [2; 16], &sealed),
        Some(SealError::Refused)
    );
    assert_eq!(refused(&key, [3; 16], [2; 16], &sealed), Some(SealError::Refused));
    assert_eq!(refused(&key, [1; 16], [3; 16], &sealed), Some(SealError::Refused));
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(refused(&key, [1; 16], [2; 16], &changed), Some(SealError::Refused), "byte {at}");
    }
    assert_eq!(refused(&key, [1; 16], [2; 16], &sealed[1..]), Some(SealError::Length { found: 79 }));
}
