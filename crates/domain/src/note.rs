//! What a visit's sealed content says, whichever door it came through: a phone, a typed sheet, an import.

/// Free text about a visit. Personal: it is sealed under the dwelling's id wherever it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct VisitNote {
    pub note: String,
    /// Where an absent household is.
    pub place: String,
    /// Who made the visit, where the fact's actor does not tell: a typed sheet has names, a phone has an actor.
    pub worker: String,
}

impl VisitNote {
    /// The canonical bytes that are sealed: a CBOR array of the three texts.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = minicbor::Encoder::new(Vec::with_capacity(64));
        // Writing into a Vec cannot fail: its error type has no values.
        let _ = out.array(3);
        for field in [&self.note, &self.place, &self.worker] {
            let _ = out.str(field);
        }
        out.into_writer()
    }

    /// Reads what [`VisitNote::encode`] wrote; none if the bytes are anything else.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut read = minicbor::Decoder::new(bytes);
        if read.array().ok()? != Some(3) {
            return None;
        }
        let mut next = || read.str().ok().map(str::to_owned);
        let found = Self { note: next()?, place: next()?, worker: next()? };
        (found.encode() == bytes).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_shape_and_no_other() {
        let note = VisitNote { note: "敲门无人".into(), place: "孝感".into(), worker: String::new() };
        assert_eq!(VisitNote::decode(&note.encode()), Some(note.clone()));
        assert_eq!(note.encode()[0], 0x83);
        let mut longer = note.encode();
        longer.push(0);
        assert_eq!(VisitNote::decode(&longer), None);
        assert_eq!(VisitNote::decode(&[0x82, 0x60, 0x60]), None);
    }
}
