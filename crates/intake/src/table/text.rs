//! Separated text as rows. The splitting is `csv-core`'s; this file gives it bytes, counts rows as a spreadsheet
//! does, and notices a quotation mark that is never closed, so that it costs one row and not the rest of the file.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use memchr::{memchr, memchr_iter, memmem};

use super::decode::{Decoded, Start};
use super::{Record, Source, TableError, Trouble};

/// No row of a roster is longer; a record beyond this is an unclosed quotation mark.
const LONGEST_RECORD: usize = 64 * 1024;
/// Unclosed quotation marks that are repaired one by one before the file is given up.
const MOST_TORN_ROWS: u32 = 200;
/// How many records are looked at to tell the separator.
const SEPARATOR_RECORDS: usize = 20;

pub(super) struct TextReader {
    decoded: Decoded,
    parser: Reader,
    separator: u8,
    /// A first line `sep=;` that is not data.
    hint_line: bool,
    buffer: Vec<u8>,
    /// Where the record being read begins, leading line breaks included.
    record_start: usize,
    position: usize,
    ended: bool,
    /// Line breaks before `record_start`.
    lines_before: u64,
    /// Line breaks inside quotes before `record_start`; a spreadsheet does not count them.
    inner_lines: u64,
    last_number: u64,
    torn_rows: u32,
    columns: Option<usize>,
    /// A NUL or U+FFFD has been seen since the last rewind.
    suspect: bool,
}

impl TextReader {
    pub(super) fn new(source: Box<dyn Source>, start: Start) -> Result<Self, TableError> {
        let mut decoded = Decoded::new(source, start)?;
        let mut sample = Vec::new();
        while sample.len() < 32 * 1024 && decoded.append_to(&mut sample)? {}
        if sample.len() < 32 * 1024 {
            sample.push(b'\n');
        }
        decoded.rewind()?;
        let hint = separator_hint(&sample);
        let separator = hint.unwrap_or_else(|| guess_separator(&sample));
        Ok(Self {
            decoded,
            parser: ReaderBuilder::new().delimiter(separator).build(),
            separator,
            hint_line: hint.is_some(),
            buffer: Vec::new(),
            record_start: 0,
            position: 0,
            ended: false,
            lines_before: 0,
            inner_lines: 0,
            last_number: 0,
            torn_rows: 0,
            columns: None,
            suspect: false,
        })
    }

    pub(super) fn rewind(&mut self) -> Result<(), TableError> {
        self.decoded.rewind()?;
        self.parser.reset();
        self.buffer.clear();
        self.record_start = 0;
        self.position = 0;
        self.ended = false;
        self.lines_before = 0;
        self.inner_lines = 0;
        self.last_number = 0;
        self.torn_rows = 0;
        self.columns = None;
        self.suspect = false;
        Ok(())
    }

    pub(super) fn encoding(&self) -> &'static str {
        self.decoded.encoding()
    }

    pub(super) fn bytes_read(&self) -> u64 {
        self.decoded.bytes_read().saturating_sub((self.buffer.len() - self.position) as u64)
    }

    pub(super) fn expect_columns(&mut self, columns: usize) {
        self.columns = Some(columns);
    }

    /// Reads the next row that is not blank; `false` at the end.
    pub(super) fn read_record(&mut self, record: &mut Record) -> Result<bool, TableError> {
        loop {
            if !self.read_one(record)? {
                return Ok(false);
            }
            if record.number == 1 && self.hint_line {
                continue;
            }
            // 0x1A is how DOS programs end a text.
            if record.trouble.is_some() || record.text.contains(|c: char| !c.is_whitespace() && c != '\u{1A}')
            {
                return Ok(true);
            }
        }
    }

    fn read_one(&mut self, record: &mut Record) -> Result<bool, TableError> {
        record.trouble = None;
        let mut fields = std::mem::take(&mut record.text).into_bytes();
        let mut ends = std::mem::take(&mut record.ends);
        fields.resize(fields.capacity().max(512), 0);
        ends.resize(ends.capacity().max(32), 0);
        let (mut written, mut cells) = (0, 0);
        let complete = loop {
            let (result, read, out, end) = self.parser.read_record(
                &self.buffer[self.position..],
                &mut fields[written..],
                &mut ends[cells..],
            );
            self.position += read;
            written += out;
            cells += end;
            match result {
                ReadRecordResult::Record => break true,
                ReadRecordResult::OutputFull => fields.resize(fields.len() * 2, 0),
                ReadRecordResult::OutputEndsFull => ends.resize(ends.len() * 2, 0),
                ReadRecordResult::InputEmpty | ReadRecordResult::End => {
                    if self.position - self.record_start > LONGEST_RECORD && self.has_begun() {
                        break false;
                    }
                    if !self.refill()? {
                        if !self.has_begun() {
                            record.clear();
                            return Ok(false);
                        }
                        break false;
                    }
                }
            }
        };
        fields.truncate(written);
        ends.truncate(cells);
        // The buffer is UTF-8 and was cut at ASCII separators, so this never fails; if it did, the row is unreadable.
        match String::from_utf8(fields) {
            Ok(text) => record.text = text,
            Err(error) => {
                record.text = String::from_utf8_lossy(error.as_bytes()).into_owned();
                ends.clear();
                ends.push(record.text.len());
            }
        }
        record.ends = ends;
        if !complete {
            return self.tear(record);
        }
        let raw = &self.buffer[self.record_start..self.position];
        let leading = raw.iter().take_while(|b| matches!(b, b'\n' | b'\r')).filter(|b| **b == b'\n').count();
        let breaks = memchr_iter(b'\n', raw).count();
        let inner = if breaks > leading + usize::from(raw.ends_with(b"\n")) {
            record.text.bytes().filter(|b| *b == b'\n').count()
        } else {
            0
        };
        if inner > 0
            && self.columns.is_some_and(|columns| {
                cells < columns || record.filled() > columns || self.swallowed_row(raw, columns)
            })
        {
            return self.tear(record);
        }
        record.number = (1 + self.lines_before + leading as u64)
            .saturating_sub(self.inner_lines)
            .max(self.last_number + 1);
        self.last_number = record.number;
        self.lines_before += breaks as u64;
        self.inner_lines += inner as u64;
        self.record_start = self.position;
        if self.suspect {
            record.trouble = trouble_in(&record.text);
        }
        Ok(true)
    }

    /// Whether a record of several lines holds a line that is a whole row by itself. A quotation mark that is never
    /// closed in its own row is often closed by one in the same column of a later row, and then the count of cells is
    /// right although all rows between were swallowed. The last line of a true record of several lines begins inside
    /// quotes, so that it has an odd number of them.
    fn swallowed_row(&self, raw: &[u8], columns: usize) -> bool {
        let mut lines = raw.split(|b| *b == b'\n').skip_while(|line| line.trim_ascii().is_empty()).skip(1);
        lines.any(|line| {
            memchr_iter(self.separator, line).count() + 1 >= columns
                && memchr_iter(b'"', line).count().is_multiple_of(2)
                && cell_counts(&[line, b"\n"].concat(), self.separator)
                    .first()
                    .is_some_and(|cells| *cells >= columns)
        })
    }

    /// Hands out the first line of a record whose quotation mark is never closed, and starts anew on the next line.
    fn tear(&mut self, record: &mut Record) -> Result<bool, TableError> {
        self.torn_rows += 1;
        let raw = &self.buffer[self.record_start..];
        let from = raw.iter().take_while(|b| matches!(b, b'\n' | b'\r')).count();
        let leading = raw[..from].iter().filter(|b| **b == b'\n').count() as u64;
        let number =
            (1 + self.lines_before + leading).saturating_sub(self.inner_lines).max(self.last_number + 1);
        if self.torn_rows > MOST_TORN_ROWS {
            return Err(TableError::TooManyTornRows { row: number, limit: MOST_TORN_ROWS });
        }
        let length = raw[from..].iter().position(|b| *b == b'\n');
        let line = &raw[from..from + length.unwrap_or(raw.len() - from).min(LONGEST_RECORD)];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        record.clear();
        for cell in line.split(|b| *b == self.separator) {
            record.push(&String::from_utf8_lossy(cell));
        }
        record.number = number;
        self.last_number = number;
        self.lines_before += leading + 1;
        if let Some(length) = length {
            record.trouble = Some(Trouble::OpenQuote);
            self.position = self.record_start + from + length + 1;
        } else {
            record.trouble = Some(Trouble::TooLong);
            self.skip_line()?;
        }
        if record.text.contains('\0') {
            record.trouble = Some(Trouble::Damaged);
        }
        self.record_start = self.position;
        self.parser.reset();
        Ok(true)
    }

    /// Passes over the rest of a line that is too long to be kept.
    fn skip_line(&mut self) -> Result<(), TableError> {
        loop {
            self.buffer.clear();
            self.record_start = 0;
            self.position = 0;
            if !self.refill()? {
                return Ok(());
            }
            if let Some(end) = self.buffer.iter().position(|b| *b == b'\n') {
                self.position = end + 1;
                return Ok(());
            }
        }
    }

    /// Whether anything but line breaks stands between the start of the record and the end of the buffer.
    fn has_begun(&self) -> bool {
        self.buffer[self.record_start..].iter().any(|b| !matches!(b, b'\n' | b'\r'))
    }

    fn refill(&mut self) -> Result<bool, TableError> {
        if self.ended {
            return Ok(false);
        }
        if self.record_start > 0 {
            self.buffer.drain(..self.record_start);
            self.position -= self.record_start;
            self.record_start = 0;
        }
        let before = self.buffer.len();
        if self.decoded.append_to(&mut self.buffer)? {
            // Looked for once a chunk, so that clean rows need no look of their own.
            let added = &self.buffer[before..];
            self.suspect |=
                memchr(0, added).is_some() || memmem::find(added, "\u{FFFD}".as_bytes()).is_some();
            return Ok(true);
        }
        self.ended = true;
        if self.buffer.last().is_some_and(|b| *b != b'\n') {
            // Closes a last line that has no line break; if the record is still open after it, a quote is.
            self.buffer.push(b'\n');
            return Ok(true);
        }
        Ok(false)
    }
}

fn trouble_in(text: &str) -> Option<Trouble> {
    if text.contains('\0') {
        Some(Trouble::Damaged)
    } else if text.contains('\u{FFFD}') {
        Some(Trouble::Unreadable)
    } else {
        None
    }
}

fn separator_hint(sample: &[u8]) -> Option<u8> {
    let line = sample.split(|b| *b == b'\n').next()?.trim_ascii_end();
    let line = line.strip_prefix(b"\"").and_then(|l| l.strip_suffix(b"\"")).unwrap_or(line);
    match line.strip_prefix(b"sep=")? {
        [separator @ (b',' | b';' | b'\t' | b'|')] => Some(*separator),
        _ => None,
    }
}

/// The separator under which most of the first records have the same number of cells, more than one.
fn guess_separator(sample: &[u8]) -> u8 {
    let mut best = (0, 0, b',');
    for separator in [b',', b'\t', b';'] {
        let counts = cell_counts(sample, separator);
        let score = counts
            .iter()
            .filter(|count| **count > 1)
            .map(|count| (counts.iter().filter(|other| *other == count).count(), *count))
            .max();
        if let Some((rows, cells)) = score
            && (rows, cells) > (best.0, best.1)
        {
            best = (rows, cells, separator);
        }
    }
    best.2
}

fn cell_counts(mut sample: &[u8], separator: u8) -> Vec<usize> {
    let mut parser = ReaderBuilder::new().delimiter(separator).build();
    let mut fields = vec![0; sample.len() + 1];
    let mut ends = vec![0; sample.len() + 2];
    let mut counts = Vec::new();
    while counts.len() < SEPARATOR_RECORDS {
        let (result, read, _, cells) = parser.read_record(sample, &mut fields, &mut ends);
        sample = &sample[read..];
        if result != ReadRecordResult::Record {
            break;
        }
        counts.push(cells);
    }
    counts
}
