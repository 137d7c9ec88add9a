use ledger::seal::{
    DataKey, KEY_PREFIX, KeyTextError, SealError, TerritoryKey, WRAPPED_LEN, digest, open, seal,
};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn sealed_content_opens_only_for_its_key_owner_and_place(
        key in any::<[u8; 32]>(), owner in any::<[u8; 16]>(), series in any::<[u8; 16]>(),
        sequence in any::<u64>(), nonce in any::<[u8; 24]>(),
        plaintext in prop::collection::vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>(),
        bit in 0..64_usize,
    ) {
        let data_key = DataKey::from_bytes(key);
        let ciphertext = seal(&data_key, &owner, &series, sequence, nonce, &plaintext);
        prop_assert_eq!(ciphertext.len(), 24 + plaintext.len() + 16);
        prop_assert_eq!(&ciphertext[..24], &nonce);
        prop_assert_eq!(digest(&ciphertext), <[u8; 32]>::from(Sha256::digest(&ciphertext)));
        prop_assert_eq!(open(&data_key, &owner, &series, sequence, &ciphertext), Ok(plaintext));

        let flip = |mut bytes: Vec<u8>, at: usize| { bytes[at] ^= 1 << (bit % 8); bytes };
        let refused = Err(SealError::Refused);
        let changed = flip(ciphertext.clone(), at.index(ciphertext.len()));
        prop_assert_eq!(open(&data_key, &owner, &series, sequence, &changed), refused.clone());
        let other: [u8; 16] = flip(owner.to_vec(), at.index(16)).try_into().unwrap();
        prop_assert_eq!(open(&data_key, &other, &series, sequence, &ciphertext), refused.clone());
        let other: [u8; 16] = flip(series.to_vec(), at.index(16)).try_into().unwrap();
        prop_assert_eq!(open(&data_key, &owner, &other, sequence, &ciphertext), refused.clone());
        prop_assert_eq!(open(&data_key, &owner, &series, sequence ^ (1 << bit), &ciphertext), refused.clone());
        let other: [u8; 32] = flip(key.to_vec(), at.index(32)).try_into().unwrap();
        prop_assert_eq!(open(&DataKey::from_bytes(other), &owner, &series, sequence, &ciphertext), refused);
    }

    #[test]
    fn a_wrapped_key_unwraps_only_under_its_territory_and_id(
        territory in any::<[u8; 32]>(), id in any::<[u8; 16]>(), key in any::<[u8; 32]>(),
        nonce in any::<[u8; 24]>(), at in any::<prop::sample::Index>(), bit in 0..8_usize,
    ) {
        let territory_key = TerritoryKey::from_bytes(territory);
        let wrapped = territory_key.wrap(&id, &DataKey::from_bytes(key), nonce);
        prop_assert_eq!(wrapped.len(), WRAPPED_LEN);
        let unwrapped = territory_key.unwrap(&id, &wrapped).unwrap();
        prop_assert_eq!(unwrapped.as_bytes(), &key);

        let mut changed = wrapped.clone();
        changed[at.index(WRAPPED_LEN)] ^= 1 << bit;
        prop_assert_eq!(territory_key.unwrap(&id, &changed).err(), Some(SealError::Refused));
        let mut other = id;
        other[at.index(16)] ^= 1 << bit;
        prop_assert_eq!(territory_key.unwrap(&other, &wrapped).err(), Some(SealError::Refused));
        let mut other = territory;
        other[at.index(32)] ^= 1 << bit;
        let other = TerritoryKey::from_bytes(other);
        prop_assert_eq!(other.unwrap(&id, &wrapped).err(), Some(SealError::Refused));
        prop_assert_ne!(other.fingerprint(), territory_key.fingerprint());
        let short = &wrapped[..at.index(WRAPPED_LEN)];
        prop_assert_eq!(territory_key.unwrap(&id, short).err(), Some(SealError::Length { found: short.len() }));
    }

    #[test]
    fn the_key_file_comes_back(bytes in any::<[u8; 32]>(), ending in prop_oneof![Just(""), Just("\n"), Just("\r\n")]) {
        let key = TerritoryKey::from_bytes(bytes);
        let text = key.to_text();
        prop_assert_eq!(text.lines().count(), 1);
        let again = TerritoryKey::parse(&format!("{text}{ending}")).unwrap();
        prop_assert_eq!(again.to_text(), text);
        prop_assert_eq!(again.checkpoint_seed(), key.checkpoint_seed());
    }

    #[test]
    fn a_tag_depends_on_key_field_and_value(
        key in any::<[u8; 32]>(), field in "[a-z]{1,8}", value in ".{1,20}", cut in any::<prop::sample::Index>(),
    ) {
        let territory = TerritoryKey::from_bytes(key);
        let tag = territory.blind_tag(&field, &value);
        prop_assert_eq!(territory.blind_tag(&field, &value), tag);
        prop_assert_ne!(territory.blind_tag(&field, &format!("{value}0")), tag);
        prop_assert_ne!(territory.blind_tag(&format!("{field}0"), &value), tag);
        let mut other = key;
        other[0] ^= 1;
        prop_assert_ne!(TerritoryKey::from_bytes(other).blind_tag(&field, &value), tag);
        // The border between field and value counts.
        let joined = format!("{field}{value}");
        let at = cut.index(field.len());
        prop_assert_ne!(territory.blind_tag(&joined[..at], &joined[at..]), tag);
    }
}

#[test]
fn what_is_too_short_to_be_sealed() {
    let key = DataKey::from_bytes([1; 32]);
    for found in 0..40 {
        let short = vec![0; found];
        let error = open(&key, &[0; 16], &[0; 16], 0, &short).unwrap_err();
        assert_eq!(error, SealError::Length { found });
        assert!(error.zh().contains(&found.to_string()));
    }
    let error = open(&key, &[0; 16], &[0; 16], 0, &[0; 40]).unwrap_err();
    assert_eq!(error, SealError::Refused);
    assert!(error.zh().contains("打不开"));
}

#[test]
fn key_files_that_are_none_say_plainly_why() {
    let key = TerritoryKey::from_bytes([0xa5; 32]);
    let text = key.to_text();
    let encoded = text.strip_prefix(KEY_PREFIX).unwrap();
    let error = |text: &str| TerritoryKey::parse(text).unwrap_err();
    assert_eq!(error(""), KeyTextError::Empty);
    assert_eq!(error(" \n"), KeyTextError::Empty);
    assert_eq!(error(&format!("{text}\n{text}\n")), KeyTextError::Lines);
    assert_eq!(error(encoded), KeyTextError::Prefix);
    assert_eq!(error(&text.replace("v1", "v2")), KeyTextError::Prefix);
    assert_eq!(error(&format!(" {text}")), KeyTextError::Prefix);
    assert_eq!(error(&text.replace('=', "")), KeyTextError::Base64);
    assert_eq!(error(&format!("{text} ")), KeyTextError::Base64);
    assert_eq!(error(&text[..text.len() - 4]), KeyTextError::Length { found: 30 });
    assert_eq!(error(KEY_PREFIX), KeyTextError::Length { found: 0 });
    for text in ["", "a\nb", "x", &text[..text.len() - 4], &text.replace('=', "")] {
        let error = error(text);
        assert!(!error.to_string().contains(&encoded[..8]), "{error} shows the key");
        assert!(!error.zh().contains(&encoded[..8]), "{error} shows the key");
        assert_ne!(error.zh(), error.to_string());
    }
}

#[test]
fn keys_do_not_show_themselves() {
    assert_eq!(format!("{:?}", TerritoryKey::from_bytes([1; 32])), "TerritoryKey(..)");
    assert_eq!(format!("{:?}", DataKey::from_bytes([1; 32])), "DataKey(..)");
}

#[test]
fn subkeys_are_all_different() {
    let key = TerritoryKey::from_bytes([1; 32]);
    assert_ne!(key.checkpoint_seed(), key.device_seed());
    assert_ne!(key.checkpoint_seed(), [1; 32]);
    assert_ne!(key.checkpoint_seed()[..8], key.fingerprint());
}
