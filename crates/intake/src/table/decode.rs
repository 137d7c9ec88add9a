//! Bytes of unknown encoding become UTF-8 as they stream.

use std::io::{self, Read, Seek};

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::{Source, TableError};

/// How much text is looked at to tell its encoding, from the first byte that is not ASCII on.
const WINDOW: usize = 256 * 1024;

/// What the first bytes say.
pub(super) enum Sniffed {
    Zip,
    /// The container of XLS and of encrypted XLSX.
    CompoundFile,
    Text(Start),
}

/// How a text begins.
#[derive(Clone, Copy)]
pub(super) struct Start {
    /// `None`: ASCII so far, to be told by the first bytes that are not.
    encoding: Option<&'static Encoding>,
    mark_bytes: u64,
}

pub(super) fn sniff(beginning: &[u8]) -> Result<Sniffed, TableError> {
    let starts = |magic: &[u8]| beginning.starts_with(magic);
    if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") {
        return Ok(Sniffed::Zip);
    }
    if starts(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1") {
        return Ok(Sniffed::CompoundFile);
    }
    let marked = |encoding, mark_bytes| Ok(Sniffed::Text(Start { encoding: Some(encoding), mark_bytes }));
    if starts(b"\xEF\xBB\xBF") {
        return marked(UTF_8, 3);
    }
    if starts(b"\xFF\xFE") {
        return marked(UTF_16LE, 2);
    }
    if starts(b"\xFE\xFF") {
        return marked(UTF_16BE, 2);
    }
    for (magic, what) in [
        (&b"%PDF"[..], "pdf"),
        (b"\x89PNG", "image"),
        (b"\xFF\xD8\xFF", "image"),
        (b"GIF8", "image"),
        (b"Rar!", "archive"),
        (b"7z\xBC\xAF\x27\x1C", "archive"),
        (b"\x1F\x8B", "archive"),
        (b"{\\rtf", "document"),
    ] {
        if starts(magic) {
            return Err(TableError::NotATable(what));
        }
    }
    let head = beginning.trim_ascii_start();
    let head = head[..head.len().min(16)].to_ascii_lowercase();
    if [&b"<html"[..], b"<!doctype", b"<table", b"<?xml", b"<head", b"<meta", b"<style"]
        .iter()
        .any(|tag| head.starts_with(tag))
    {
        return Err(TableError::NotATable("html"));
    }
    // UTF-16 without its mark: every ASCII character brings a zero byte, always on the same side.
    let zeros = |parity: usize| beginning.iter().skip(parity).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    if (even == 0) != (odd == 0) && even.max(odd) * 20 >= beginning.len() {
        let encoding = if even == 0 { UTF_16LE } else { UTF_16BE };
        return Ok(Sniffed::Text(Start { encoding: Some(encoding), mark_bytes: 0 }));
    }
    let is_control = |b: &&u8| matches!(**b, 1..=8 | 14..=31) && **b != 0x1A && **b != 0x1B;
    if beginning.iter().filter(is_control).count() * 50 > beginning.len() {
        return Err(TableError::NotATable("binary"));
    }
    Ok(Sniffed::Text(Start { encoding: None, mark_bytes: 0 }))
}

/// A source of bytes read as UTF-8.
pub(super) struct Decoded {
    source: Box<dyn Source>,
    start: Start,
    raw: Vec<u8>,
    raw_from: usize,
    source_ended: bool,
    decoder: Option<Decoder>,
    encoding: &'static Encoding,
    bytes_read: u64,
    ended: bool,
}

impl Decoded {
    pub(super) fn new(source: Box<dyn Source>, start: Start) -> Result<Self, TableError> {
        let mut decoded = Self {
            source,
            start,
            raw: Vec::with_capacity(WINDOW),
            raw_from: 0,
            source_ended: false,
            decoder: None,
            encoding: UTF_8,
            bytes_read: 0,
            ended: false,
        };
        decoded.rewind()?;
        Ok(decoded)
    }

    pub(super) fn rewind(&mut self) -> Result<(), TableError> {
        self.source.rewind()?;
        let mut mark = [0; 3];
        let length = usize::try_from(self.start.mark_bytes).unwrap_or(0);
        self.source.read_exact(&mut mark[..length])?;
        self.raw.clear();
        self.raw_from = 0;
        self.source_ended = false;
        self.ended = false;
        self.bytes_read = self.start.mark_bytes;
        self.encoding = self.start.encoding.unwrap_or(UTF_8);
        self.decoder = self.start.encoding.map(Encoding::new_decoder_without_bom_handling);
        Ok(())
    }

    pub(super) fn encoding(&self) -> &'static str {
        match self.encoding.name() {
            "gb18030" => "GB18030",
            name => name,
        }
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.bytes_read
    }

    /// Appends some UTF-8 to `out`; `false` when nothing is left.
    pub(super) fn append_to(&mut self, out: &mut Vec<u8>) -> Result<bool, TableError> {
        loop {
            if self.ended {
                return Ok(false);
            }
            if self.raw_from == self.raw.len() && !self.source_ended {
                self.raw.clear();
                self.raw_from = 0;
                self.fill_raw()?;
            }
            if self.decoder.is_none() {
                let rest = &self.raw[self.raw_from..];
                let ascii = Encoding::ascii_valid_up_to(rest);
                if ascii > 0 {
                    out.extend_from_slice(&rest[..ascii]);
                    self.raw_from += ascii;
                    self.bytes_read += ascii as u64;
                    return Ok(true);
                }
                if rest.is_empty() {
                    self.ended = true;
                    return Ok(false);
                }
                // The whole window after the first telling byte, so that one odd byte does not decide.
                self.raw.drain(..self.raw_from);
                self.raw_from = 0;
                self.fill_raw()?;
                self.encoding = detect(&self.raw, self.source_ended)?;
                self.decoder = Some(self.encoding.new_decoder_without_bom_handling());
            }
            let Some(decoder) = &mut self.decoder else { continue };
            let input = &self.raw[self.raw_from..];
            let last = self.source_ended;
            let room = decoder.max_utf8_buffer_length(input.len().min(64 * 1024)).unwrap_or(256 * 1024);
            let before = out.len();
            out.resize(before + room.max(16), 0);
            let (result, read, written, _) = decoder.decode_to_utf8(input, &mut out[before..], last);
            out.truncate(before + written);
            self.raw_from += read;
            self.bytes_read += read as u64;
            if last && result == CoderResult::InputEmpty {
                self.ended = true;
            }
            if written > 0 {
                return Ok(true);
            }
        }
    }

    fn fill_raw(&mut self) -> io::Result<()> {
        let mut filled = self.raw.len();
        self.raw.resize(WINDOW.max(filled), 0);
        while filled < self.raw.len() {
            match self.source.read(&mut self.raw[filled..]) {
                Ok(0) => {
                    self.source_ended = true;
                    break;
                }
                Ok(n) => filled += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.raw.truncate(filled);
        Ok(())
    }
}

/// Tells UTF-8 from GB18030. A text in GB18030 fails as UTF-8 at nearly every character; a text in UTF-8 with a few
/// damaged bytes fails at those only, and often passes as GB18030, so UTF-8 is asked first and is allowed some.
fn detect(window: &[u8], whole: bool) -> Result<&'static Encoding, TableError> {
    let utf8_faults = faults(UTF_8, window, whole);
    if utf8_faults == 0 {
        return Ok(UTF_8);
    }
    let beyond_ascii = window.iter().filter(|b| **b >= 0x80).count();
    if utf8_faults * 30 <= beyond_ascii {
        return Ok(UTF_8);
    }
    if faults(GB18030, window, whole) * 40 <= beyond_ascii {
        return Ok(GB18030);
    }
    Err(TableError::UnknownEncoding)
}

fn faults(encoding: &'static Encoding, mut bytes: &[u8], whole: bool) -> usize {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut scratch = vec![0; 64 * 1024];
    let mut faults = 0;
    loop {
        let (result, read, _) = decoder.decode_to_utf8_without_replacement(bytes, &mut scratch, whole);
        bytes = &bytes[read..];
        match result {
            DecoderResult::InputEmpty => return faults,
            DecoderResult::OutputFull => {}
            DecoderResult::Malformed(..) => faults += 1,
        }
    }
}
