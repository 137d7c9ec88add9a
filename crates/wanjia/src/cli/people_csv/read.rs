//! Reading a list in pieces, several at once; the result does not depend on how many.
//!
//! A piece ends at a line break. Whether that break ends a row or stands inside a quoted value is seen when the
//! piece has been read: a piece that ends inside quotes is read again together with what follows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;

use encoding_rs::GB18030;
use linkage::{Column, Raw, Register};

use super::columns::{Mapping, Use, ignored, uses};
use super::workbook;
use super::{Finding, Ids, List, ListError};

/// How much of a file tells its encoding.
const SNIFF: usize = 4 << 20;
/// Bytes of one piece.
const PIECE: u64 = 2 << 20;
/// A value in quotes that is longer is taken for a quote that nobody closed.
const LONGEST: u64 = 8 << 20;
/// Longest header line.
const HEADER: usize = 1 << 20;

/// Writes a field as text into `out`; in a GBK file, or where UTF-8 is broken, read as GB 18030.
fn decode(bytes: &[u8], gbk: bool, out: &mut String) {
    out.clear();
    match std::str::from_utf8(bytes) {
        Ok(text) if !gbk || bytes.is_ascii() => out.push_str(text),
        _ => out.push_str(&GB18030.decode(bytes).0),
    }
}

/// True when the beginning of a file is GBK.
fn sniff(path: &Path, head: &[u8]) -> Result<bool, ListError> {
    let kind = |zh, en| Err(ListError::Kind { path: path.to_owned(), zh, en });
    if head.iter().all(u8::is_ascii_whitespace) || head == b"\xef\xbb\xbf" {
        return Err(ListError::Empty { path: path.to_owned() });
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return kind("这是 UTF-16 文件，请另存为 CSV UTF-8", "this is UTF-16; save it as CSV UTF-8");
    }
    if head.contains(&0) {
        return kind("文件中有零字节，不是文本", "it holds zero bytes and is no text");
    }
    Ok(match std::str::from_utf8(head) {
        Ok(_) => false,
        // Cut in the middle of a character.
        Err(error) => !(error.error_len().is_none() && head.len() - error.valid_up_to() < 4),
    })
}

/// What may stand between two values. Whatever else does is named in the refusal.
const SEPARATORS: [u8; 3] = [b',', b'\t', b';'];

/// The headers of a file whose values are separated so, and where its rows begin.
fn header(head: &[u8], separator: u8, gbk: bool) -> Result<(Vec<String>, u64), csv::Error> {
    let head = &head[..head.len().min(HEADER)];
    let mut reader = csv::ReaderBuilder::new().flexible(true).delimiter(separator).from_reader(head);
    let mut text = String::new();
    let headers = reader
        .byte_headers()?
        .iter()
        .map(|field| {
            decode(field, gbk, &mut text);
            text.trim_start_matches('\u{feff}').trim().to_owned()
        })
        .collect();
    Ok((headers, reader.position().byte()))
}

/// Why the headers mean nothing: they are none, or something else stands between them.
fn unknown(path: &Path, headers: &[String]) -> ListError {
    let digits = |header: &String| header.chars().filter(|c| c.is_numeric()).count() >= 4;
    // What stands in a row of data is nobody's business.
    if headers.iter().any(digits) {
        return ListError::Kind {
            path: path.to_owned(),
            zh: "第一行像是数据，不是表头；请在最前面加一行表头（wanjia link --help 列出认得的表头）",
            en: "the first line looks like data; put a line of headings before it (wanjia link --help lists those known)",
        };
    }
    let between = |separator: &char| headers.iter().any(|header| header.contains(*separator));
    if let Some(separator) = ['，', '、', '；', '|', '\u{3000}', ' '].into_iter().find(between)
        && headers.len() == 1
    {
        return ListError::Separator { path: path.to_owned(), separator };
    }
    ListError::Headers { path: path.to_owned(), headers: headers.join(", ") }
}

/// A CSV file that was opened, and what its columns are for.
struct Source {
    path: PathBuf,
    file: File,
    size: u64,
    /// Where the rows begin.
    start: u64,
    headers: Vec<String>,
    /// Headers that nothing is read from.
    ignored: Vec<String>,
    id_at: Option<usize>,
    columns: Vec<(usize, Column)>,
    separator: u8,
    gbk: bool,
}

fn open(path: &Path, mapping: &Mapping) -> Result<Source, ListError> {
    let read = |source| ListError::Read { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(read)?;
    let kind = file.metadata().map_err(read)?;
    if !kind.is_file() {
        return Err(ListError::Kind {
            path: path.to_owned(),
            zh: "不是普通文件（管道或目录），请先存成文件",
            en: "a pipe or a folder, no file; save the list to a file first",
        });
    }
    let beginning = |file: &File| {
        let mut head = Vec::new();
        file.take(SNIFF as u64).read_to_end(&mut head).map(|_| head).map_err(read)
    };
    let mut head = beginning(&file)?;
    if workbook::is_workbook(&head) {
        file = workbook::as_text(path, mapping)?;
        head = beginning(&file)?;
    }
    let size = file.metadata().map_err(read)?.len();
    let gbk = sniff(path, &head)?;
    let read_as = |separator| {
        let (headers, start) =
            header(&head, separator, gbk).map_err(|error| read(std::io::Error::other(error)))?;
        let uses = uses(&headers, mapping);
        let column = |(at, used): (usize, &Use)| match used {
            Use::Column(column) => Some((at, *column)),
            _ => None,
        };
        let columns: Vec<(usize, Column)> = uses.iter().enumerate().filter_map(column).collect();
        let id_at = uses.iter().position(|used| *used == Use::Id);
        let ignored = ignored(&headers, &uses, mapping);
        let path = path.to_owned();
        let file = file.try_clone().map_err(read)?;
        Ok(Source { path, file, size, start, headers, ignored, id_at, columns, separator, gbk })
    };
    let mut best: Source = read_as(SEPARATORS[0])?;
    for separator in &SEPARATORS[1..] {
        let other = read_as(*separator)?;
        if other.columns.len() > best.columns.len() {
            best = other;
        }
    }
    if best.columns.is_empty() { Err(unknown(path, &best.headers)) } else { Ok(best) }
}

/// What one piece held. Lines and numbers count from the start of the piece.
#[derive(Default)]
struct Piece {
    start: u64,
    end: u64,
    /// The piece ends inside a value in quotes: it is worth nothing.
    open: bool,
    register: Register,
    ids: Ids,
    /// Accepted rows without a name of their own, and their number among all rows.
    nameless: Vec<(u32, u64)>,
    /// Where each accepted row begins, if that was asked for.
    offsets: Vec<u64>,
    /// Line of each accepted row.
    row_lines: Vec<u32>,
    findings: Vec<Finding>,
    refused: u64,
    rows: u64,
    lines: u64,
}

/// True when a text that starts with a row ends inside a value in quotes.
fn ends_in_quotes(text: &[u8], separator: u8) -> bool {
    let (mut quoted, mut fresh) = (false, true);
    for byte in text {
        match byte {
            b'"' if quoted || fresh => {
                quoted = !quoted;
                // A second quote right after one that closes opens again: it is a quote in the value.
                fresh = !quoted;
            }
            b'\n' | b'\r' => fresh = true,
            other => fresh = *other == separator,
        }
    }
    quoted
}

fn count_lines(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| **byte == b'\n').count() as u64
}

impl Source {
    fn error(&self, source: std::io::Error) -> ListError {
        ListError::Read { path: self.path.clone(), source }
    }

    fn bytes(&self, start: u64, end: u64) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.fill(start, end, &mut bytes)?;
        Ok(bytes)
    }

    fn fill(&self, start: u64, end: u64, bytes: &mut Vec<u8>) -> std::io::Result<()> {
        bytes.resize((end - start) as usize, 0);
        self.file.read_exact_at(bytes, start)
    }

    /// First line's start at or after a place.
    fn line_start(&self, place: u64) -> std::io::Result<u64> {
        if place <= self.start {
            return Ok(self.start);
        }
        let mut at = place - 1;
        let mut buffer = [0; 4096];
        while at < self.size {
            let have = self.file.read_at(&mut buffer, at)?;
            if have == 0 {
                break;
            }
            if let Some(found) = buffer[..have].iter().position(|byte| *byte == b'\n') {
                return Ok(at + found as u64 + 1);
            }
            at += have as u64;
        }
        Ok(self.size)
    }

    fn pieces(&self) -> u64 {
        (self.size - self.start).div_ceil(PIECE)
    }

    /// Reads the piece of a number.
    fn piece(&self, number: u64, offsets: bool, room: &mut Vec<u8>) -> std::io::Result<Piece> {
        let start = self.line_start(self.start + number * PIECE)?;
        let end = self.line_start(self.start + (number + 1) * PIECE)?;
        if start >= end {
            return Ok(Piece { start: end, end, ..Piece::default() });
        }
        self.parse(start, end, offsets, room)
    }

    /// Reads the rows between two places.
    fn parse(&self, start: u64, end: u64, offsets: bool, bytes: &mut Vec<u8>) -> std::io::Result<Piece> {
        self.fill(start, end, bytes)?;
        let bytes = bytes.as_slice();
        let mut piece = Piece { start, end, lines: count_lines(bytes), ..Piece::default() };
        piece.register = Register::with_capacity(bytes.len() / 64);
        let mut writer = RowWriter {
            source: self,
            piece: &mut piece,
            offsets,
            quotes: bytes.contains(&b'"'),
            counted: (0, 0),
            texts: vec![String::new(); self.columns.len()],
        };
        let open = writer.rows(bytes, end == self.size)?;
        piece.open = open;
        Ok(piece)
    }
}

struct RowWriter<'a> {
    source: &'a Source,
    piece: &'a mut Piece,
    offsets: bool,
    /// Some value may stand in quotes.
    quotes: bool,
    /// Bytes whose line breaks are counted, and how many there were.
    counted: (usize, u64),
    texts: Vec<String>,
}

impl RowWriter<'_> {
    /// Takes in all rows; true when the bytes end inside quotes and more may follow.
    fn rows(&mut self, bytes: &[u8], last: bool) -> std::io::Result<bool> {
        let mut base = 0;
        'restart: loop {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .delimiter(self.source.separator)
                .buffer_capacity(1 << 16)
                .from_reader(&bytes[base..]);
            let mut record = csv::ByteRecord::new();
            while reader.read_byte_record(&mut record).map_err(std::io::Error::other)? {
                let begin = base + record.position().map_or(0, |position| position.byte() as usize);
                let blank = bytes[begin..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
                let begin = begin + blank;
                let end = base + reader.position().byte() as usize;
                let raw = &bytes[begin..end];
                if end == bytes.len() && ends_in_quotes(raw, self.source.separator) {
                    if !last {
                        return Ok(true);
                    }
                    self.torn(bytes, begin, "引号没有闭合", "a quote is not closed");
                    if let Some(next) = next_line(raw) {
                        base = begin + next;
                        continue 'restart;
                    }
                    continue;
                }
                let next = if self.quotes { next_line(raw).filter(|next| *next < raw.len()) } else { None };
                let whole = self.row(bytes, begin, &record, next.is_some());
                if let (false, Some(next)) = (whole, next) {
                    // A stray quote joined several lines: what follows the first is read anew.
                    base = begin + next;
                    continue 'restart;
                }
            }
            return Ok(false);
        }
    }

    /// Line of a place, counted from the piece's first line.
    fn line(&mut self, bytes: &[u8], at: usize) -> u64 {
        if at >= self.counted.0 {
            self.counted = (at, self.counted.1 + count_lines(&bytes[self.counted.0..at]));
        }
        self.counted.1
    }

    fn refuse(&mut self, line: u64, id: &[u8], zh: String, en: String) {
        self.piece.refused += 1;
        self.piece.findings.push(Finding {
            line,
            row: self.piece.rows,
            id: String::from_utf8_lossy(id).into_owned(),
            column: None,
            accepted: false,
            zh,
            en,
        });
    }

    fn note(&mut self, line: u64, id: &[u8], column: Option<Column>, zh: &str, en: &str) {
        self.piece.findings.push(Finding {
            line,
            row: self.piece.rows,
            id: String::from_utf8_lossy(id).into_owned(),
            column,
            accepted: true,
            zh: zh.to_owned(),
            en: en.to_owned(),
        });
    }

    fn torn(&mut self, bytes: &[u8], begin: usize, zh: &str, en: &str) {
        self.piece.rows += 1;
        let line = self.line(bytes, begin);
        self.refuse(line, b"", format!("{zh}（断行），未参加比对"), format!("{en} (torn line); left out"));
    }

    /// Takes in one row; false when its number of fields is wrong.
    fn row(&mut self, bytes: &[u8], begin: usize, record: &csv::ByteRecord, several_lines: bool) -> bool {
        self.piece.rows += 1;
        let source = self.source;
        let id = source.id_at.and_then(|at| record.get(at)).unwrap_or_default().trim_ascii();
        let (have, want) = (record.len(), source.headers.len());
        if have < want || record.iter().skip(want).any(|field| !field.is_empty()) {
            let line = self.line(bytes, begin);
            self.refuse(
                line,
                id,
                format!("该行有 {have} 个字段，表头有 {want} 个（断行，或值中逗号未加引号），未参加比对"),
                format!(
                    "{have} fields under {want} headers (torn line, or a comma without quotes); left out"
                ),
            );
            return false;
        }
        let mut texts = std::mem::take(&mut self.texts);
        let mut raw = Raw::default();
        let mut broken = None;
        for ((at, column), text) in source.columns.iter().zip(&mut texts) {
            let field = &record[*at];
            if let (false, Ok(plain)) = (source.gbk && !field.is_ascii(), std::str::from_utf8(field)) {
                raw.set(*column, plain);
            } else {
                decode(field, true, text);
                raw.set(*column, text);
                if !source.gbk {
                    broken = Some(*column);
                }
            }
        }
        let pushed = self.piece.register.push(&raw);
        match pushed {
            Ok(defects) => {
                if id.is_empty() {
                    let row = (self.piece.register.len() - 1) as u32;
                    self.piece.nameless.push((row, self.piece.rows));
                }
                self.piece.ids.push(id);
                let line = self.line(bytes, begin);
                self.piece.row_lines.push(line as u32);
                if self.offsets {
                    self.piece.offsets.push(self.piece.start + begin as u64);
                }
                if !defects.is_empty() || broken.is_some() || several_lines {
                    for defect in defects.iter() {
                        let (zh, en) = defect.message();
                        self.note(line, id, Some(defect.column()), zh, en);
                    }
                    if several_lines {
                        let zh = "引号内有换行，该行跨多行，请核对引号";
                        self.note(line, id, None, zh, "a quoted value holds line breaks; check the quotes");
                    }
                    if broken.is_some() {
                        self.note(line, id, broken, "不是 UTF-8，按 GBK 读取", "not UTF-8; read as GBK");
                    }
                }
            }
            Err(nothing) => {
                let line = self.line(bytes, begin);
                self.refuse(
                    line,
                    id,
                    "没有可用于比对的字段（姓名、证件号码、电话、出生日期、房号都没有），未参加比对"
                        .to_owned(),
                    format!("{nothing}; left out"),
                );
            }
        }
        self.texts = texts;
        true
    }
}

fn next_line(raw: &[u8]) -> Option<usize> {
    raw.iter().position(|byte| *byte == b'\n').map(|at| at + 1)
}

/// Rows, lines and offsets so far, and the list they went to.
struct Merger {
    list: List,
    rows: u64,
    lines: u64,
}

impl Merger {
    fn add(&mut self, mut piece: Piece) {
        for finding in &mut piece.findings {
            finding.line += self.lines;
            if finding.id.is_empty() {
                finding.id = (self.rows + finding.row).to_string();
            }
        }
        self.list.findings.append(&mut piece.findings);
        self.list.refused += piece.refused;
        self.list.ids.append(&piece.ids, &piece.nameless, self.rows);
        self.list.offsets.append(&mut piece.offsets);
        self.list.lines.extend(piece.row_lines.iter().map(|line| line + self.lines as u32));
        self.list.register.append(piece.register);
        self.rows += piece.rows;
        self.lines += piece.lines;
    }
}

/// Reads a list on several threads. With `offsets` the list can show single rows, see [`read_row`]. `progress` is
/// called with the bytes read and the bytes in all.
///
/// # Errors
/// [`ListError`] when the file as a whole cannot be used. What is wrong with single rows is in the findings.
pub fn read_list(
    path: &Path,
    mapping: &Mapping,
    threads: usize,
    offsets: bool,
    progress: &dyn Fn(u64, u64),
) -> Result<List, ListError> {
    progress(0, 1);
    let source = open(path, mapping)?;
    let pieces = source.pieces();
    let list = List {
        register: Register::with_capacity((source.size / 64) as usize),
        encoding: if source.gbk { "GBK" } else { "UTF-8" },
        headers: source.headers.clone(),
        ignored: source.ignored.clone(),
        ..List::default()
    };
    let header = source.bytes(0, source.start).map_err(|error| source.error(error))?;
    let mut merger = Merger { list, rows: 0, lines: count_lines(&header) + 1 };
    let threads = (threads as u64).clamp(1, pieces.max(1));
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel(2 * threads as usize);
        for _ in 0..threads {
            let send = send.clone();
            let (source, next, stop) = (&source, &next, &stop);
            scope.spawn(move || {
                let mut room = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= pieces || stop.load(Ordering::Relaxed) {
                        return;
                    }
                    if send.send((number, source.piece(number, offsets, &mut room))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut waiting = BTreeMap::new();
        let mut wanted = 0;
        let mut at = source.start;
        let mut work = || -> std::io::Result<()> {
            while let Ok((number, piece)) = receive.recv() {
                waiting.insert(number, piece?);
                while let Some(piece) = waiting.remove(&wanted) {
                    wanted += 1;
                    at = take(&source, &mut merger, at, piece, offsets)?;
                    progress(at, source.size);
                }
            }
            Ok(())
        };
        let done = work();
        stop.store(true, Ordering::Relaxed);
        done
    })
    .map_err(|error| source.error(error))?;
    note_repeated(&mut merger.list);
    Ok(merger.list)
}

/// Notes the rows whose id an earlier row bears: in what is written the two could not be told apart.
fn note_repeated(list: &mut List) {
    let rows = list.ids.repeated();
    if rows.is_empty() {
        return;
    }
    for row in rows {
        list.findings.push(Finding {
            line: u64::from(list.lines[row as usize]),
            row: 0,
            id: String::from_utf8_lossy(list.ids.get(row)).into_owned(),
            column: None,
            accepted: true,
            zh: "编号与前面某行相同，结果中分不清是哪一行".to_owned(),
            en: "an earlier row has the same id; results cannot tell the two apart".to_owned(),
        });
    }
    list.findings.sort_by_key(|finding| finding.line);
}

/// Merges the next piece; returns where the rows go on. A piece that begins or ends inside quotes is read again
/// from the last row's end.
fn take(source: &Source, merger: &mut Merger, at: u64, piece: Piece, offsets: bool) -> std::io::Result<u64> {
    let end = piece.end;
    if piece.start == at && !piece.open {
        merger.add(piece);
        return Ok(end);
    }
    if end <= at {
        return Ok(at);
    }
    let again = source.parse(at, end, offsets, &mut Vec::new())?;
    if !again.open {
        merger.add(again);
        return Ok(end);
    }
    if end - at < LONGEST {
        return Ok(at);
    }
    // Nobody closes this quote: its line is torn, the lines after it are read for themselves.
    let mut lone = source.bytes(at, end)?;
    let row = last_row(&lone, source.separator);
    let first = next_line(&lone[row..]).map_or(lone.len(), |next| row + next);
    lone.truncate(row);
    if row > 0 {
        merger.add(source.parse(at, at + row as u64, offsets, &mut Vec::new())?);
    }
    merger.rows += 1;
    merger.list.refused += 1;
    merger.list.findings.push(Finding {
        line: merger.lines,
        row: 0,
        id: merger.rows.to_string(),
        column: None,
        accepted: false,
        zh: "引号没有闭合（断行），未参加比对".to_owned(),
        en: "a quote is not closed (torn line); left out".to_owned(),
    });
    merger.lines += 1;
    Ok(at + first as u64)
}

/// Where the last row of a text that ends inside quotes begins.
fn last_row(bytes: &[u8], separator: u8) -> usize {
    let (mut quoted, mut fresh, mut begin) = (false, true, 0);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' if quoted || fresh => {
                quoted = !quoted;
                fresh = !quoted;
            }
            b'\n' if !quoted => {
                begin = at + 1;
                fresh = true;
            }
            b'\r' => fresh = true,
            other => fresh = *other == separator,
        }
    }
    begin
}

/// The values of one accepted row as they stand in the file; the list must have been read with `offsets`.
///
/// # Errors
/// As for [`read_list`].
pub fn read_row(
    path: &Path,
    mapping: &Mapping,
    list: &List,
    row: u32,
) -> Result<Vec<(Column, String)>, ListError> {
    let source = open(path, mapping)?;
    let start = list.offsets.get(row as usize).copied().unwrap_or(source.size);
    let end = source.size.min(start + LONGEST);
    let bytes = source.bytes(start.min(end), end).map_err(|error| source.error(error))?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(source.separator)
        .from_reader(bytes.as_slice());
    let mut record = csv::ByteRecord::new();
    reader.read_byte_record(&mut record).map_err(|error| source.error(std::io::Error::other(error)))?;
    let value = |(at, column): &(usize, Column)| {
        let mut text = String::new();
        decode(record.get(*at).unwrap_or_default(), source.gbk, &mut text);
        (*column, text)
    };
    Ok(source.columns.iter().map(value).collect())
}
