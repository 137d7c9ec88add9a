use ledger::canonical::{CanonicalError, Reader, Writer};
use proptest::prelude::*;

/// A value of the canonical subset, as a tree.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Array(Vec<Value>),
    Uint(u64),
    Int(i64),
    Bytes(Vec<u8>),
    Text(String),
    Null,
    Boolean(bool),
}

impl Value {
    pub fn write(&self, writer: &mut Writer) {
        match self {
            Self::Array(items) => {
                writer.array(items.len());
                items.iter().for_each(|item| item.write(writer));
            }
            Self::Uint(value) => drop(writer.uint(*value)),
            Self::Int(value) => drop(writer.int(*value)),
            Self::Bytes(value) => drop(writer.bytes(value)),
            Self::Text(value) => drop(writer.text(value)),
            Self::Null => drop(writer.null()),
            Self::Boolean(value) => drop(writer.boolean(*value)),
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut writer = Writer::new();
        self.write(&mut writer);
        writer.finish()
    }

    /// Reads a value of the same kinds at the same places.
    pub fn read_alike(&self, reader: &mut Reader<'_>) -> Result<Self, CanonicalError> {
        Ok(match self {
            Self::Array(items) => {
                let found = reader.array()?;
                let kinds = items.iter().take(found).chain(std::iter::repeat(&Self::Null));
                let items =
                    kinds.take(found).map(|kind| kind.read_alike(reader)).collect::<Result<_, _>>()?;
                Self::Array(items)
            }
            Self::Uint(_) => Self::Uint(reader.uint()?),
            Self::Int(_) => Self::Int(reader.int()?),
            Self::Bytes(_) => Self::Bytes(reader.bytes()?.to_vec()),
            Self::Text(_) => Self::Text(reader.text()?.to_owned()),
            // What should be null may also be taken for a boolean, so that both are exercised.
            Self::Null if reader.null() => Self::Null,
            Self::Null | Self::Boolean(_) => Self::Boolean(reader.boolean()?),
        })
    }

    pub fn decode_alike(&self, bytes: &[u8]) -> Result<Self, CanonicalError> {
        let mut reader = Reader::new(bytes);
        let value = self.read_alike(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }
}

fn values() -> impl Strategy<Value = Value> {
    let edges = prop_oneof![Just(23), Just(24), Just(255), Just(256), Just(65_535), Just(65_536)];
    let leaf = prop_oneof![
        prop_oneof![any::<u64>(), edges, Just(1 << 32), Just((1 << 32) - 1)].prop_map(Value::Uint),
        prop_oneof![any::<i64>(), -300..300_i64, Just(i64::MIN), Just(i64::MAX)].prop_map(Value::Int),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(Value::Bytes),
        any::<String>().prop_map(Value::Text),
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
    ];
    leaf.prop_recursive(4, 32, 8, |item| prop::collection::vec(item, 0..8).prop_map(Value::Array))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_value_comes_back(value in values()) {
        prop_assert_eq!(value.decode_alike(&value.encode()), Ok(value));
    }

    #[test]
    fn changed_bytes_are_refused_or_are_another_value_in_canonical_form(
        value in values(), place in any::<prop::sample::Index>(), to in any::<u8>(),
    ) {
        let mut bytes = value.encode();
        let place = place.index(bytes.len());
        bytes[place] = to;
        if let Ok(found) = value.decode_alike(&bytes) {
            prop_assert_eq!(found.encode(), bytes);
        }
    }

    #[test]
    fn a_value_cut_short_is_refused(value in values(), place in any::<prop::sample::Index>()) {
        let bytes = value.encode();
        prop_assert!(value.decode_alike(&bytes[..place.index(bytes.len())]).is_err());
    }

    #[test]
    fn a_byte_too_many_is_refused(value in values(), extra in any::<u8>()) {
        let mut bytes = value.encode();
        let offset = bytes.len();
        bytes.push(extra);
        prop_assert_eq!(value.decode_alike(&bytes), Err(CanonicalError::Trailing { offset, extra: 1 }));
    }
}

/// Bytes that some CBOR decoder would take, and ours must not: what they are read as, and why not.
pub const REFUSED: &[(&str, &[u8], &str)] = &[
    ("uint", &[0x18, 0x17], "23 with a byte too many"),
    ("uint", &[0x19, 0x00, 0xff], "255 with a byte too many"),
    ("uint", &[0x1a, 0x00, 0x00, 0xff, 0xff], "65535 with two bytes too many"),
    ("uint", &[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], "4294967295 with four bytes too many"),
    ("uint", &[0x20], "a negative integer"),
    ("uint", &[0xc2, 0x41, 0x01], "a bignum (tag 2)"),
    ("uint", &[0xf9, 0x3c, 0x00], "a float"),
    ("uint", &[0x1c], "a reserved length"),
    ("int", &[0x38, 0x00], "-1 with a byte too many"),
    ("int", &[0x39, 0x00, 0x18], "-25 with a byte too many"),
    ("int", &[0x1b, 0x80, 0, 0, 0, 0, 0, 0, 0], "2^63, above 64 bits with sign"),
    ("int", &[0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0], "-2^63 - 1, below 64 bits with sign"),
    ("bytes", &[0x58, 0x01, 0x00], "a length with a byte too many"),
    ("bytes", &[0x5f, 0x41, 0x00, 0xff], "indefinite length"),
    ("bytes", &[0x43, 0x00, 0x00], "a length beyond the end"),
    ("bytes", &[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "a length of 2^64 - 1"),
    ("bytes", &[0x61, 0x61], "text"),
    ("text", &[0x78, 0x01, 0x61], "a length with a byte too many"),
    ("text", &[0x7f, 0x61, 0x61, 0xff], "indefinite length"),
    ("text", &[0x62, 0xc3, 0x28], "not UTF-8"),
    ("text", &[0x63, 0xed, 0xa0, 0x80], "a surrogate"),
    ("text", &[0x41, 0x61], "bytes"),
    ("array", &[0x98, 0x00], "a length with a byte too many"),
    ("array", &[0x9f, 0xff], "indefinite length"),
    ("array", &[0x82, 0x00], "two items of which one is there"),
    ("array", &[0x9b, 0, 0, 0, 1, 0, 0, 0, 0], "2^32 items of which none is there"),
    ("array", &[0xa0], "a map"),
    ("boolean", &[0xf6], "null"),
    ("boolean", &[0xf8, 0x15], "true as a simple value of two bytes"),
    ("boolean", &[0x01], "an integer"),
];

#[test]
fn what_is_not_canonical_is_refused() {
    for (kind, bytes, why) in REFUSED {
        let mut reader = Reader::new(bytes);
        let refused = match *kind {
            "uint" => reader.uint().is_err(),
            "int" => reader.int().is_err(),
            "bytes" => reader.bytes().is_err(),
            "text" => reader.text().is_err(),
            "array" => reader.array().is_err(),
            _ => reader.boolean().is_err(),
        };
        assert!(refused, "{kind} {bytes:02x?} was taken: {why}");
    }
}

#[test]
fn null_is_consumed_only_where_it_stands() {
    let mut reader = Reader::new(&[0xf6, 0x01]);
    assert!(reader.null());
    assert!(!reader.null());
    assert_eq!(reader.uint(), Ok(1));
    assert!(!reader.null());
    assert_eq!(reader.finish(), Ok(()));
    // `undefined` is not null, nor is null in two bytes.
    assert!(!Reader::new(&[0xf7]).null());
    assert!(!Reader::new(&[0xf8, 0x16]).null());
}

#[test]
fn errors_say_where_and_what_in_both_languages() {
    let error = Reader::new(&[0x18, 0x17]).uint().unwrap_err();
    assert_eq!(error.to_string(), "byte 0: an unsigned integer is not in its shortest form");
    assert_eq!(error.zh(), "第 0 字节：非负整数不是最短写法");
    let error = Reader::new(&[0x41, 0x00]).bytes_of::<16>().unwrap_err();
    assert_eq!(error.to_string(), "byte 0: expected a byte string of 16 bytes");
    assert_eq!(error.zh(), "第 0 字节：此处应为 16 字节的字节串");
    let error = Reader::new(&[0x62, 0x61]).text().unwrap_err();
    assert_eq!(error.to_string(), "byte 0: the bytes end in the middle of UTF-8 text");
    let error = Reader::new(&[0x00]).finish().unwrap_err();
    assert_eq!(error.zh(), "第 0 字节：数据之后多出 1 个字节");
}
