//! Deterministic CBOR (RFC 8949, 4.2.1) cut down to what facts need: definite-length arrays, integers
//! in their shortest form, byte strings, UTF-8 text, null, true and false. No maps, floats or tags.
//!
//! Every value has exactly one encoding, so equal values have equal hashes. [`Reader`] therefore
//! refuses what [`Writer`] would not have written.

use std::convert::Infallible;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder, decode, encode};
use thiserror::Error;

/// Why bytes are not the canonical form of what was asked for. Offsets count from the first byte.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CanonicalError {
    /// Another kind of item stands here (or an integer out of range, or text that is not UTF-8).
    #[error("byte {offset}: expected {expected}")]
    Unexpected {
        /// Where the item starts.
        offset: usize,
        /// What the reader asked for.
        expected: &'static str,
    },
    /// The bytes end inside an item, or a length says more than there is.
    #[error("byte {offset}: the bytes end in the middle of {expected}")]
    Truncated {
        /// Where the item starts.
        offset: usize,
        /// What the reader asked for.
        expected: &'static str,
    },
    /// An integer or a length is written with more bytes than it needs, or with no length at all.
    #[error("byte {offset}: {expected} is not in its shortest form")]
    NotShortest {
        /// Where the item starts.
        offset: usize,
        /// What the reader asked for.
        expected: &'static str,
    },
    /// Bytes follow the value.
    #[error("byte {offset}: {extra} bytes follow the end of the value")]
    Trailing {
        /// Where the value ends.
        offset: usize,
        /// How many bytes follow.
        extra: usize,
    },
}

impl CanonicalError {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Unexpected { offset, expected } => {
                format!("第 {offset} 字节：此处应为{}", zh_item(expected))
            }
            Self::Truncated { offset, expected } => {
                format!("第 {offset} 字节：{}没有写完，数据被截断", zh_item(expected))
            }
            Self::NotShortest { offset, expected } => {
                format!("第 {offset} 字节：{}不是最短写法", zh_item(expected))
            }
            Self::Trailing { offset, extra } => format!("第 {offset} 字节：数据之后多出 {extra} 个字节"),
        }
    }
}

fn zh_item(expected: &str) -> &str {
    match expected {
        ARRAY => "数组",
        UINT => "非负整数",
        INT => "整数",
        BYTES => "字节串",
        TEXT => "UTF-8 文本",
        BOOLEAN => "真假值",
        BYTES_16 => " 16 字节的字节串",
        BYTES_32 => " 32 字节的字节串",
        other => other,
    }
}

const ARRAY: &str = "an array";
const UINT: &str = "an unsigned integer";
const INT: &str = "an integer";
const BYTES: &str = "a byte string";
const BYTES_16: &str = "a byte string of 16 bytes";
const BYTES_32: &str = "a byte string of 32 bytes";
const TEXT: &str = "UTF-8 text";
const BOOLEAN: &str = "true or false";

/// Writes canonical values one after another. An array is its length followed by its items.
///
/// ```
/// let mut writer = ledger::canonical::Writer::new();
/// writer.array(2).uint(7).text("七");
/// assert_eq!(writer.finish(), [0x82, 7, 0x63, 0xe4, 0xb8, 0x83]);
/// ```
#[derive(Debug)]
pub struct Writer {
    encoder: Encoder<Vec<u8>>,
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

impl Writer {
    /// An empty writer.
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty writer with room for so many bytes.
    pub fn with_capacity(bytes: usize) -> Self {
        Self { encoder: Encoder::new(Vec::with_capacity(bytes)) }
    }

    /// Starts an array of so many items; the items are the next writes.
    pub fn array(&mut self, items: usize) -> &mut Self {
        let written = self.encoder.array(items as u64).map(drop);
        self.after(written)
    }

    /// An unsigned integer.
    pub fn uint(&mut self, value: u64) -> &mut Self {
        let written = self.encoder.u64(value).map(drop);
        self.after(written)
    }

    /// An integer of either sign.
    pub fn int(&mut self, value: i64) -> &mut Self {
        let written = self.encoder.i64(value).map(drop);
        self.after(written)
    }

    /// A byte string.
    pub fn bytes(&mut self, value: &[u8]) -> &mut Self {
        let written = self.encoder.bytes(value).map(drop);
        self.after(written)
    }

    /// Text. It is not normalised: two spellings of a character are two values.
    pub fn text(&mut self, value: &str) -> &mut Self {
        let written = self.encoder.str(value).map(drop);
        self.after(written)
    }

    /// Null: a value that is absent.
    pub fn null(&mut self) -> &mut Self {
        let written = self.encoder.null().map(drop);
        self.after(written)
    }

    /// True or false.
    pub fn boolean(&mut self, value: bool) -> &mut Self {
        let written = self.encoder.bool(value).map(drop);
        self.after(written)
    }

    /// The bytes written.
    pub fn finish(self) -> Vec<u8> {
        self.encoder.into_writer()
    }

    fn after(&mut self, written: Result<(), encode::Error<Infallible>>) -> &mut Self {
        never_fails(written);
        self
    }
}

/// Takes the result of encoding into something that takes every write.
#[expect(clippy::expect_used, reason = "encoding integers, bytes and text fails only where writing does")]
pub(crate) fn never_fails(written: Result<(), encode::Error<Infallible>>) {
    written.expect("the writer takes every write");
}

/// Reads canonical values one after another, borrowing text and bytes from the input. What is not in
/// canonical form is refused where it stands; [`Reader::finish`] refuses bytes left over.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    decoder: Decoder<'a>,
}

impl<'a> Reader<'a> {
    /// A reader at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { decoder: Decoder::new(bytes) }
    }

    /// The head of an array: how many items follow. Never more than there are bytes left, so the
    /// number may be used to reserve room.
    ///
    /// # Errors
    /// Anything but an array of definite length in shortest form whose items can all be there.
    pub fn array(&mut self) -> Result<usize, CanonicalError> {
        let offset = self.decoder.position();
        let items = self
            .decoder
            .array()
            .map_err(|error| refuse(&error, offset, ARRAY))?
            .ok_or(CanonicalError::NotShortest { offset, expected: ARRAY })?;
        self.shortest(offset, items, 0, ARRAY)?;
        match usize::try_from(items) {
            Ok(items) if items <= self.left() => Ok(items),
            _ => Err(CanonicalError::Truncated { offset, expected: ARRAY }),
        }
    }

    /// An unsigned integer.
    ///
    /// # Errors
    /// Anything but an unsigned integer in shortest form.
    pub fn uint(&mut self) -> Result<u64, CanonicalError> {
        let offset = self.decoder.position();
        let value = self.decoder.u64().map_err(|error| refuse(&error, offset, UINT))?;
        self.shortest(offset, value, 0, UINT)?;
        Ok(value)
    }

    /// An integer of either sign.
    ///
    /// # Errors
    /// Anything but an integer in shortest form that fits 64 bits with sign.
    pub fn int(&mut self) -> Result<i64, CanonicalError> {
        let offset = self.decoder.position();
        let value = self.decoder.i64().map_err(|error| refuse(&error, offset, INT))?;
        // A negative n stands in CBOR as the unsigned number -1 - n, which is its bits inverted.
        let argument = if value < 0 { !value } else { value }.unsigned_abs();
        self.shortest(offset, argument, 0, INT)?;
        Ok(value)
    }

    /// A byte string, borrowed.
    ///
    /// # Errors
    /// Anything but a byte string of definite length in shortest form.
    pub fn bytes(&mut self) -> Result<&'a [u8], CanonicalError> {
        let offset = self.decoder.position();
        let value = self.decoder.bytes().map_err(|error| refuse(&error, offset, BYTES))?;
        self.shortest(offset, value.len() as u64, value.len(), BYTES)?;
        Ok(value)
    }

    /// A byte string of exactly `N` bytes, copied.
    ///
    /// # Errors
    /// As [`Reader::bytes`], and any other length.
    pub fn bytes_of<const N: usize>(&mut self) -> Result<[u8; N], CanonicalError> {
        let offset = self.decoder.position();
        self.bytes()?.try_into().map_err(|_| CanonicalError::Unexpected {
            offset,
            expected: match N {
                16 => BYTES_16,
                32 => BYTES_32,
                _ => "a byte string of another length",
            },
        })
    }

    /// Text, borrowed.
    ///
    /// # Errors
    /// Anything but valid UTF-8 text of definite length in shortest form.
    pub fn text(&mut self) -> Result<&'a str, CanonicalError> {
        let offset = self.decoder.position();
        let value = self.decoder.str().map_err(|error| refuse(&error, offset, TEXT))?;
        self.shortest(offset, value.len() as u64, value.len(), TEXT)?;
        Ok(value)
    }

    /// Whether null stands here; if so it is consumed, otherwise nothing is.
    pub fn null(&mut self) -> bool {
        matches!(self.decoder.datatype(), Ok(Type::Null)) && self.decoder.null().is_ok()
    }

    /// True or false.
    ///
    /// # Errors
    /// Anything else.
    pub fn boolean(&mut self) -> Result<bool, CanonicalError> {
        let offset = self.decoder.position();
        self.decoder.bool().map_err(|error| refuse(&error, offset, BOOLEAN))
    }

    /// The end of the input.
    ///
    /// # Errors
    /// Bytes that nobody read.
    pub fn finish(self) -> Result<(), CanonicalError> {
        match self.left() {
            0 => Ok(()),
            extra => Err(CanonicalError::Trailing { offset: self.decoder.position(), extra }),
        }
    }

    fn left(&self) -> usize {
        self.decoder.input().len().saturating_sub(self.decoder.position())
    }

    // minicbor reads longer heads than needed; what was consumed tells whether this one was.
    fn shortest(
        &self,
        offset: usize,
        argument: u64,
        body: usize,
        expected: &'static str,
    ) -> Result<(), CanonicalError> {
        let head = match argument {
            0..=23 => 1,
            24..=0xff => 2,
            0x100..=0xffff => 3,
            0x1_0000..=0xffff_ffff => 5,
            _ => 9,
        };
        if self.decoder.position() - offset == head + body {
            Ok(())
        } else {
            Err(CanonicalError::NotShortest { offset, expected })
        }
    }
}

fn refuse(error: &decode::Error, offset: usize, expected: &'static str) -> CanonicalError {
    if error.is_end_of_input() {
        CanonicalError::Truncated { offset, expected }
    } else {
        CanonicalError::Unexpected { offset, expected }
    }
}
