//! What a version changes for one subject: the rules whose flags come and go.

use std::collections::BTreeMap;

use minicbor::{Decoder, Encoder};

/// By a rule's id, whether the new version raises its flag; else it goes.
pub type Changes = BTreeMap<String, bool>;

/// The changes as bytes.
#[must_use]
pub fn encode(changes: &Changes) -> Vec<u8> {
    let mut out = Encoder::new(Vec::new());
    // Writing into a Vec cannot fail: its error type has no values.
    let _ = out.map(changes.len() as u64);
    for (rule, comes) in changes {
        let _ = out.str(rule).and_then(|out| out.bool(*comes));
    }
    out.into_writer()
}

/// Reads what [`encode`] wrote; none for anything else.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<Changes> {
    let mut from = Decoder::new(bytes);
    let count = from.map().ok()??;
    let mut changes = Changes::new();
    for _ in 0..count {
        changes.insert(from.str().ok()?.to_owned(), from.bool().ok()?);
    }
    (from.position() == bytes.len()).then_some(changes)
}
