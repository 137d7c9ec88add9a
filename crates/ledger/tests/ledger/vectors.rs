//! Golden vectors, in `tests/vectors/*.json`: what other implementations of these formats (the phone's)
//! are held to. Bytes are lower-case hex, 64-bit integers are decimal text. With `UPDATE_VECTORS=1` the
//! files are written anew; otherwise a file that differs from what the code makes fails the test.

use std::collections::BTreeMap;

use ledger::Hash;
use ledger::canonical::Writer;
use ledger::checkpoint::{self, Checkpoint, CheckpointKey};
use ledger::envelope::{Commitment, Envelope, hash};
use ledger::seal::{self, DataKey, TerritoryKey};
use ledger::series::{DeviceKey, head_message};
use ledger::tree::{self, consistency_proof, inclusion_proof, leaf};
use serde_json::{Value as Json, json};

use crate::canonical::{REFUSED, Value};
use crate::tree::stored;

fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hexes(hashes: &[Hash]) -> Vec<String> {
    hashes.iter().map(hex).collect()
}

/// Bytes that look random, the same every time.
fn filler<const N: usize>(name: &str) -> [u8; N] {
    let mut bytes = [0; N];
    for (block, chunk) in bytes.chunks_mut(32).enumerate() {
        chunk.copy_from_slice(&hash(format!("{name} {block}").as_bytes())[..chunk.len()]);
    }
    bytes
}

/// With keys in order, whichever map serde_json was built with.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Object(object) => {
            let members: BTreeMap<_, _> =
                object.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            Json::Object(members.into_iter().collect())
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn check(name: &str, made: &Json) {
    let path = format!("{}/tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let made = format!("{:#}\n", sorted(made));
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        std::fs::write(&path, &made).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = kept.lines().zip(made.lines()).position(|(kept, made)| kept != made);
    assert!(
        kept == made,
        "{name}.json is not what the code makes (first difference in line {}). These bytes are in ledgers \
         already written: change them only with a new version, then run with UPDATE_VECTORS=1",
        differs.unwrap_or_else(|| kept.lines().count().min(made.lines().count())) + 1,
    );
}

fn describe(value: &Value) -> Json {
    match value {
        Value::Array(items) => json!({ "array": items.iter().map(describe).collect::<Vec<_>>() }),
        Value::Uint(value) => json!({ "uint": value.to_string() }),
        Value::Int(value) => json!({ "int": value.to_string() }),
        Value::Bytes(value) => json!({ "bytes": hex(value) }),
        Value::Text(value) => json!({ "text": value }),
        Value::Null => json!({ "null": true }),
        Value::Boolean(value) => json!({ "boolean": value }),
    }
}

#[test]
fn canonical() {
    let text = |text: &str| Value::Text(text.into());
    let edges = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, u64::MAX];
    let mut values: Vec<Value> = edges.map(Value::Uint).into();
    values.extend(
        [-1, -24, -25, -256, -257, -65_537, -4_294_967_297, i64::MIN, 0, 24, i64::MAX].map(Value::Int),
    );
    for length in [0, 1, 23, 24, 255, 256, 300] {
        values.push(Value::Bytes((0..length).map(|at| at as u8).collect()));
    }
    values.extend(["", "a", "张三", "𠮷", "e\u{301}", "\u{e9}", "\0", "\"\\\n"].map(text));
    values.push(text(&"长".repeat(100)));
    values.extend([Value::Null, Value::Boolean(false), Value::Boolean(true), Value::Array(vec![])]);
    values.push(Value::Array((0..24).map(Value::Uint).collect()));
    values.push(Value::Array(vec![Value::Array(vec![Value::Array(vec![Value::Null])]), Value::Int(-1)]));
    let person = ["王小明", "男", "1990-03-07", "11010119900307001X", "13800000000", "户主", ""];
    values.push(Value::Array(person.map(text).into()));
    let visited = [
        Value::Bytes(filler::<16>("sweep").into()),
        Value::Bytes(filler::<16>("dwelling").into()),
        Value::Uint(2),
        Value::Uint(1),
        Value::Uint(17),
        Value::Int(20_420),
        Value::Null,
    ];
    values.push(Value::Array(vec![
        Value::Uint(9),
        Value::Int(1_763_942_400_000),
        Value::Bytes(filler::<16>("actor").into()),
        Value::Array(visited.into()),
    ]));
    let encoded: Vec<Json> = values
        .iter()
        .map(|value| json!({ "value": describe(value), "bytes": hex(value.encode()) }))
        .collect();
    let refused: Vec<Json> = REFUSED
        .iter()
        .map(|(kind, bytes, why)| json!({ "read_as": kind, "bytes": hex(bytes), "why": why }))
        .collect();
    check("canonical", &json!({ "encoded": encoded, "refused": refused }));
}

fn payload(sequence: u64) -> Vec<u8> {
    let mut writer = Writer::new();
    writer.array(4).uint(9).int(1_763_942_400_000 + sequence as i64 * 61_000).bytes(&filler::<16>("actor"));
    writer.array(7).bytes(&filler::<16>("sweep")).bytes(&filler::<16>(&format!("dwelling {sequence}")));
    writer.uint(sequence % 7).uint(sequence % 3).uint(sequence % 32);
    writer.int(20_420).null();
    writer.finish()
}

/// A series of so many facts; every third carries a commitment.
fn facts(count: u64) -> Vec<Envelope> {
    let mut previous = [0; 32];
    (0..count)
        .map(|sequence| {
            let envelope = Envelope {
                series: filler("series"),
                sequence,
                previous,
                payload: payload(sequence),
                sealed: sequence.is_multiple_of(3).then(|| Commitment {
                    owner: filler(&format!("owner {sequence}")),
                    digest: filler(&format!("ciphertext {sequence}")),
                }),
            };
            previous = hash(&envelope.encode());
            envelope
        })
        .collect()
}

#[test]
fn envelopes() {
    let chain = facts(5);
    let mut envelopes = chain.clone();
    for sequence in [23, 24, 65_536, u64::MAX] {
        envelopes.push(Envelope { sequence, payload: vec![], ..chain[1].clone() });
    }
    let envelopes: Vec<Json> = envelopes
        .iter()
        .map(|envelope| {
            let fact = envelope.encode();
            json!({
                "series": hex(envelope.series),
                "sequence": envelope.sequence.to_string(),
                "previous": hex(envelope.previous),
                "payload": hex(&envelope.payload),
                "sealed": envelope.sealed.as_ref().map(|sealed| json!({
                    "owner": hex(sealed.owner),
                    "digest": hex(sealed.digest),
                })),
                "fact": hex(&fact),
                "hash": hex(hash(&fact)),
            })
        })
        .collect();
    check("envelopes", &json!({ "note": "the first five are one series, linked", "envelopes": envelopes }));
}

#[test]
fn heads() {
    let heads: Vec<Json> = facts(3)
        .iter()
        .map(|envelope| {
            let seed = filler(&format!("device {}", envelope.sequence));
            let key = DeviceKey::from_seed(seed);
            let fact = hash(&envelope.encode());
            json!({
                "seed": hex(seed),
                "public_key": hex(key.public()),
                "series": hex(envelope.series),
                "sequence": envelope.sequence.to_string(),
                "hash": hex(fact),
                "message": hex(head_message(&envelope.series, envelope.sequence, &fact)),
                "signature": hex(key.sign_head(&envelope.series, envelope.sequence, &fact)),
            })
        })
        .collect();
    check("heads", &json!({ "heads": heads }));
}

#[test]
fn sealed() {
    let mut person = Writer::new();
    person.array(7);
    for text in ["王小明", "男", "1990-03-07", "11010119900307001X", "13800000000", "户主", ""] {
        person.text(text);
    }
    let sealed: Vec<Json> = [(0, vec![]), (7, person.finish()), (u64::MAX, vec![0x61; 300])]
        .iter()
        .map(|(sequence, plaintext)| {
            let key = filler(&format!("data key {sequence}"));
            let (owner, series, nonce) = (filler("owner"), filler("series"), filler("nonce"));
            let ciphertext =
                seal::seal(&DataKey::from_bytes(key), &owner, &series, *sequence, nonce, plaintext);
            json!({
                "key": hex(key),
                "owner": hex(owner),
                "series": hex(series),
                "sequence": sequence.to_string(),
                "nonce": hex(nonce),
                "plaintext": hex(plaintext),
                "aad": hex([&b"wanjia seal v1"[..], &owner, &series, &sequence.to_be_bytes()].concat()),
                "ciphertext": hex(&ciphertext),
                "digest": hex(seal::digest(&ciphertext)),
            })
        })
        .collect();
    check("sealed", &json!({ "sealed": sealed }));
}

#[test]
fn territory_key() {
    let bytes = filler("territory key");
    let key = TerritoryKey::from_bytes(bytes);
    let (id, data_key, nonce) = (filler("key id"), filler("data key"), filler("nonce"));
    let tags: Vec<Json> = [("id_number", "11010119900307001X"), ("phone", "13800000000"), ("", "")]
        .iter()
        .map(|(field, value)| json!({ "field": field, "value": value, "tag": hex(key.blind_tag(field, value)) }))
        .collect();
    check(
        "territory-key",
        &json!({
            "bytes": hex(bytes),
            "text": key.to_text(),
            "fingerprint": hex(key.fingerprint()),
            "checkpoint_seed": hex(key.checkpoint_seed()),
            "device_seed": hex(key.device_seed()),
            "wrapped": {
                "key_id": hex(id),
                "data_key": hex(data_key),
                "nonce": hex(nonce),
                "bytes": hex(key.wrap(&id, &DataKey::from_bytes(data_key), nonce)),
            },
            "blind_tags": tags,
        }),
    );
}

#[test]
fn tree() {
    let facts: Vec<Vec<u8>> = facts(17).iter().map(Envelope::encode).collect();
    let entries: Vec<(&[u8], i64, u64)> = (0..)
        .zip(&facts)
        .map(|(place, fact)| {
            (fact.as_slice(), 1_763_950_000_000 + place * 1_500, [0, 0, 0, 5, 0, 1][place as usize % 6])
        })
        .collect();
    let leaves: Vec<Hash> =
        entries.iter().map(|&(fact, received_at, verdict)| leaf(fact, received_at, verdict)).collect();
    let nodes = stored(&leaves);
    let root = |size| tree::root(size, &nodes).unwrap();
    let entries: Vec<Json> = entries
        .iter()
        .zip(&leaves)
        .map(|((fact, received_at, verdict), leaf)| {
            json!({
                "fact": hex(fact),
                "received_at": received_at.to_string(),
                "verdict": verdict.to_string(),
                "leaf": hex(leaf),
            })
        })
        .collect();
    let sizes = [1, 2, 3, 6, 7, 8, 11, 16, 17];
    let positions = sizes.iter().flat_map(|&size| (0..size).map(move |position| (size, position)));
    let inclusion: Vec<Json> = positions
        .map(|(size, position)| {
            let proof = inclusion_proof(size, position, &nodes).unwrap();
            json!({ "size": size, "position": position, "proof": hexes(&proof) })
        })
        .collect();
    let olds = [0, 1, 2, 3, 4, 6, 7, 8, 11, 16, 17];
    let pairs = sizes.iter().flat_map(|&new| olds.map(|old| (old, new))).filter(|(old, new)| old <= new);
    let consistency: Vec<Json> = pairs
        .map(|(old, new)| {
            let proof = consistency_proof(old, new, &nodes).unwrap();
            json!({ "old_size": old, "new_size": new, "proof": hexes(&proof) })
        })
        .collect();
    check(
        "tree",
        &json!({
            "entries": entries,
            "roots": (0..=17).map(|size| hex(root(size))).collect::<Vec<_>>(),
            "inclusion": inclusion,
            "consistency": consistency,
        }),
    );
    let key = CheckpointKey::from_seed("wanjia/110101", filler("checkpoint key")).unwrap();
    let notes: Vec<Json> = [0, 1, 17]
        .map(|size| {
            let head = Checkpoint { origin: "wanjia/110101".into(), size, root: root(size) };
            let note = key.sign(&head);
            assert_eq!(checkpoint::open(&note, "wanjia/110101", &key.public()), Ok(head));
            json!({ "size": size, "root": hex(root(size)), "note": note })
        })
        .into();
    check(
        "checkpoint",
        &json!({
            "origin": "wanjia/110101",
            "seed": hex(filler::<32>("checkpoint key")),
            "public_key": hex(key.public()),
            "checkpoints": notes,
        }),
    );
}
