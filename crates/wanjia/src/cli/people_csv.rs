//! Lists of people as CSV files: headers in Chinese or English, UTF-8 or GBK, bad rows listed and never dropped
//! unseen.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use encoding_rs::GB18030;
use linkage::{Column, Raw, Register};

/// Headers by column, folded: lower case, without spaces, `_`, `-` and brackets.
const HEADERS: [(Column, &[&str]); Column::COUNT] = [
    (Column::Name, &["name", "fullname", "姓名", "名字", "人员姓名", "居民姓名", "户主姓名"]),
    (Column::FamilyName, &["surname", "familyname", "lastname", "姓", "姓氏"]),
    (Column::GivenName, &["givenname", "firstname", "forename", "名"]),
    (Column::Sex, &["sex", "gender", "性别"]),
    (
        Column::BirthDate,
        &["birthdate", "dateofbirth", "dob", "birthday", "出生日期", "生日", "出生年月", "出生年月日"],
    ),
    (
        Column::IdNumber,
        &[
            "idno",
            "idnumber",
            "idcard",
            "socsecid",
            "nationalid",
            "身份证",
            "身份证号",
            "身份证号码",
            "证件号",
            "证件号码",
            "公民身份号码",
            "公民身份证号码",
        ],
    ),
    (
        Column::Phone,
        &[
            "phone",
            "phoneno",
            "phonenumber",
            "mobile",
            "telephone",
            "tel",
            "电话",
            "手机",
            "手机号",
            "手机号码",
            "联系电话",
            "联系方式",
            "电话号码",
        ],
    ),
    (
        Column::Community,
        &["community", "compound", "village", "社区", "小区", "村", "村居", "村社区", "所属社区"],
    ),
    (Column::Building, &["building", "block", "楼栋", "栋", "幢", "楼号", "栋号"]),
    (Column::Unit, &["unit", "stairwell", "单元", "单元号"]),
    (Column::Room, &["room", "door", "flat", "房号", "室", "户室", "门牌", "房间号", "房间"]),
    (Column::Address, &["address", "addr", "地址", "住址", "家庭住址", "现住址", "居住地址", "详细地址"]),
    (Column::StreetNumber, &["streetnumber", "housenumber"]),
    (Column::Street, &["street", "address1", "addressline1", "streetname"]),
    (Column::Suburb, &["suburb", "town", "city", "locality"]),
    (Column::Postcode, &["postcode", "zip", "zipcode", "postalcode", "邮编"]),
];
/// Headers of the row's own name, first found first.
const IDS: [&str; 6] = ["id", "personid", "obsid", "recid", "编号", "序号"];
/// Never read, whatever a mapping says: the truth of generated data.
const NEVER: [&str; 2] = ["truthpersonid", "noise"];
/// How much of a file tells its encoding.
const SNIFF: usize = 4 << 20;

/// Why a list cannot be read. Texts are bilingual: Chinese, then English.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The file cannot be opened or read.
    #[error("{path}:无法读取 / cannot be read: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file has no header line.
    #[error("{path}:文件是空的,第一行应为表头 / the file is empty; its first line must be the header")]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// The file is not a CSV file in an encoding that is understood.
    #[error("{path}:{zh} / {en}")]
    Kind {
        /// The file.
        path: PathBuf,
        /// What it is, in Chinese.
        zh: &'static str,
        /// What it is, in English.
        en: &'static str,
    },
    /// No header is known.
    #[error(
        "{path}:表头都不认识({headers});用 --mapping 指定 / no header is known ({headers}); map them with --mapping"
    )]
    Headers {
        /// The file.
        path: PathBuf,
        /// The headers found.
        headers: String,
    },
    /// The mapping file is wrong.
    #[error("{path}:映射文件有误 / mapping file: {detail}")]
    Mapping {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The output cannot be written.
    #[error("{path}:无法写入 / cannot be written: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Something wrong with a row.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Line in the file, the header being 1.
    pub line: u64,
    /// The row's id, or its number.
    pub id: String,
    /// The column at fault, if one is.
    pub column: Option<Column>,
    /// The row takes part all the same.
    pub accepted: bool,
    /// What is wrong, in Chinese.
    pub zh: String,
    /// What is wrong, in English.
    pub en: String,
}

/// Names of rows in one block of bytes.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    bytes: Vec<u8>,
    ends: Vec<u64>,
}

impl Ids {
    fn push(&mut self, id: &[u8]) {
        self.bytes.extend_from_slice(id);
        self.ends.push(self.bytes.len() as u64);
    }

    /// Name of an accepted row.
    #[must_use]
    pub fn get(&self, row: u32) -> &[u8] {
        let row = row as usize;
        let start = if row == 0 { 0 } else { self.ends[row - 1] as usize };
        &self.bytes[start..self.ends[row] as usize]
    }
}

/// A list as it was read.
#[derive(Debug, Default)]
pub struct List {
    /// The accepted rows.
    pub register: Register,
    /// Their names.
    pub ids: Ids,
    /// Rows that were refused, and values that were left out.
    pub findings: Vec<Finding>,
    /// Rows refused.
    pub refused: u64,
    /// Name of the encoding.
    pub encoding: &'static str,
}

/// What each field of a row is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Id,
    Column(Column),
    Nothing,
}

/// User's mapping of headers: header to column name, `id` or `ignore`.
pub type Mapping = BTreeMap<String, String>;

/// Reads a mapping file, JSON: `{"header": "column"}`.
///
/// # Errors
/// [`ListError::Mapping`] when it is no such file or names no known column.
pub fn read_mapping(path: &Path) -> Result<Mapping, ListError> {
    let wrong = |detail: String| ListError::Mapping { path: path.to_owned(), detail };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mapping: Mapping = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    for (header, column) in &mapping {
        if use_of(column).is_none() {
            return Err(wrong(format!("{header:?}: {column:?} 不是字段名 / is no column")));
        }
    }
    Ok(mapping)
}

fn use_of(word: &str) -> Option<Use> {
    match word {
        "id" => Some(Use::Id),
        "ignore" => Some(Use::Nothing),
        _ => serde_json::from_value(serde_json::Value::String(word.to_owned())).ok().map(Use::Column),
    }
}

fn fold_header(header: &str) -> String {
    header.chars().map(linkage::text::fold_character).filter(|c| c.is_alphanumeric()).collect()
}

fn uses(headers: &[String], mapping: &Mapping) -> Vec<Use> {
    let mut uses: Vec<Use> = headers
        .iter()
        .map(|header| {
            let folded = fold_header(header);
            if NEVER.contains(&folded.as_str()) {
                return Use::Nothing;
            }
            if let Some(word) = mapping.get(header.trim()) {
                return use_of(word).unwrap_or(Use::Nothing);
            }
            let known = HEADERS.iter().find(|(_, names)| names.contains(&folded.as_str()));
            known.map_or(Use::Nothing, |(column, _)| Use::Column(*column))
        })
        .collect();
    if !uses.contains(&Use::Id) {
        let at = IDS.iter().find_map(|id| headers.iter().position(|header| fold_header(header) == *id));
        if let Some(at) = at.filter(|at| uses[*at] == Use::Nothing) {
            uses[at] = Use::Id;
        }
    }
    // The first of two headers for one column counts.
    for at in 1..uses.len() {
        if uses[..at].contains(&uses[at]) {
            uses[at] = Use::Nothing;
        }
    }
    uses
}

/// Writes a field as text into `out`; in a GBK file, or where UTF-8 is broken, read as GB 18030.
fn decode(bytes: &[u8], gbk: bool, out: &mut String) {
    out.clear();
    match std::str::from_utf8(bytes) {
        Ok(text) if !gbk || bytes.is_ascii() => out.push_str(text),
        _ => out.push_str(&GB18030.decode(bytes).0),
    }
}

fn sniff(path: &Path) -> Result<(bool, u64), ListError> {
    let read = |source| ListError::Read { path: path.to_owned(), source };
    let kind = |zh, en| Err(ListError::Kind { path: path.to_owned(), zh, en });
    let file = File::open(path).map_err(read)?;
    let size = file.metadata().map_err(read)?.len();
    let mut head = Vec::new();
    file.take(SNIFF as u64).read_to_end(&mut head).map_err(read)?;
    if head.iter().all(u8::is_ascii_whitespace) {
        return Err(ListError::Empty { path: path.to_owned() });
    }
    if head.starts_with(b"PK\x03\x04") {
        return kind("这是 XLSX 文件,请另存为 CSV", "this is an XLSX file; save it as CSV");
    }
    if head.starts_with(&[0xff, 0xfe]) || head.starts_with(&[0xfe, 0xff]) {
        return kind("这是 UTF-16 文件,请另存为 CSV UTF-8", "this is UTF-16; save it as CSV UTF-8");
    }
    if head.contains(&0) {
        return kind("文件中有零字节,不是文本", "it holds zero bytes and is no text");
    }
    let utf8 = match std::str::from_utf8(&head) {
        Ok(_) => true,
        // Cut in the middle of a character.
        Err(error) => error.error_len().is_none() && head.len() - error.valid_up_to() < 4,
    };
    Ok((!utf8, size))
}

/// A CSV file that was opened, and what its columns are for.
struct Source {
    reader: csv::Reader<BufReader<File>>,
    headers: Vec<String>,
    uses: Vec<Use>,
    gbk: bool,
    size: u64,
}

fn open(path: &Path, mapping: &Mapping) -> Result<Source, ListError> {
    let (gbk, size) = sniff(path)?;
    let file = File::open(path).map_err(|source| ListError::Read { path: path.to_owned(), source })?;
    let file = BufReader::with_capacity(1 << 16, file);
    let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(file);
    let mut text = String::new();
    let headers: Vec<String> = reader
        .byte_headers()
        .map_err(|error| csv_error(path, error))?
        .iter()
        .map(|field| {
            decode(field, gbk, &mut text);
            text.trim_start_matches('\u{feff}').to_owned()
        })
        .collect();
    let uses = uses(&headers, mapping);
    if !uses.iter().any(|used| matches!(used, Use::Column(_))) {
        return Err(ListError::Headers { path: path.to_owned(), headers: headers.join(", ") });
    }
    Ok(Source { reader, headers, uses, gbk, size })
}

fn csv_error(path: &Path, error: csv::Error) -> ListError {
    ListError::Read { path: path.to_owned(), source: std::io::Error::other(error) }
}

impl Source {
    fn id_at(&self) -> Option<usize> {
        self.uses.iter().position(|used| *used == Use::Id)
    }

    fn columns(&self) -> Vec<(usize, Column)> {
        let column = |(at, used): (usize, &Use)| match used {
            Use::Column(column) => Some((at, *column)),
            _ => None,
        };
        self.uses.iter().enumerate().filter_map(column).collect()
    }
}

/// Reads a list.
///
/// # Errors
/// [`ListError`] when the file as a whole cannot be used. What is wrong with single rows is in the findings.
pub fn read_list(path: &Path, mapping: &Mapping) -> Result<List, ListError> {
    let mut source = open(path, mapping)?;
    let gbk = source.gbk;
    let mut list = List {
        register: Register::with_capacity((source.size / 96) as usize),
        encoding: if gbk { "GBK" } else { "UTF-8" },
        ..List::default()
    };
    let (id_at, columns, want) = (source.id_at(), source.columns(), source.headers.len());
    let mut record = csv::ByteRecord::new();
    let mut texts: Vec<String> = vec![String::new(); columns.len()];
    let mut number = 0_u64;
    while source.reader.read_byte_record(&mut record).map_err(|error| csv_error(path, error))? {
        number += 1;
        let line = record.position().map_or(number + 1, csv::Position::line);
        let own;
        let id = match id_at.and_then(|at| record.get(at)).filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => {
                own = number.to_string();
                own.as_bytes()
            }
        };
        let have = record.len();
        if have < want || record.iter().skip(want).any(|field| !field.is_empty()) {
            list.refuse(
                line,
                id,
                format!("该行有 {have} 个字段,表头有 {want} 个(断行,或值中逗号未加引号),未参加比对"),
                format!(
                    "{have} fields under {want} headers (torn line, or a comma without quotes); left out"
                ),
            );
            continue;
        }
        let mut raw = Raw::default();
        let mut broken = None;
        for ((at, column), text) in columns.iter().zip(&mut texts) {
            let field = &record[*at];
            if let (false, Ok(plain)) = (gbk && !field.is_ascii(), std::str::from_utf8(field)) {
                raw.set(*column, plain);
            } else {
                decode(field, true, text);
                raw.set(*column, text);
                if !gbk {
                    broken = Some(*column);
                }
            }
        }
        match list.register.push(&raw) {
            Ok(defects) => {
                list.ids.push(id);
                for defect in defects.iter() {
                    let (zh, en) = defect.message();
                    list.note(line, id, Some(defect.column()), zh, en);
                }
                if broken.is_some() {
                    list.note(line, id, broken, "不是 UTF-8,按 GBK 读取", "not UTF-8; read as GBK");
                }
            }
            Err(nothing) => list.refuse(
                line,
                id,
                "没有可用于比对的字段(姓名、证件号码、电话、出生日期、房号都没有),未参加比对".to_owned(),
                nothing.to_string(),
            ),
        }
    }
    Ok(list)
}

/// The values of one row as they stand in the file; empty when there is no such row.
///
/// # Errors
/// As for [`read_list`].
pub fn read_row(path: &Path, mapping: &Mapping, id: &str) -> Result<Vec<(Column, String)>, ListError> {
    let mut source = open(path, mapping)?;
    let (id_at, columns) = (source.id_at(), source.columns());
    let mut record = csv::ByteRecord::new();
    let mut number = 0_u64;
    while source.reader.read_byte_record(&mut record).map_err(|error| csv_error(path, error))? {
        number += 1;
        let own = id_at.and_then(|at| record.get(at)).filter(|own| !own.is_empty());
        if own.map_or_else(|| number.to_string() == id, |own| own == id.as_bytes()) {
            let value = |(at, column): &(usize, Column)| {
                let mut text = String::new();
                decode(record.get(*at).unwrap_or_default(), source.gbk, &mut text);
                (*column, text)
            };
            return Ok(columns.iter().map(value).collect());
        }
    }
    Ok(Vec::new())
}

impl List {
    fn refuse(&mut self, line: u64, id: &[u8], zh: String, en: String) {
        self.refused += 1;
        let id = String::from_utf8_lossy(id).into_owned();
        self.findings.push(Finding { line, id, column: None, accepted: false, zh, en });
    }

    fn note(&mut self, line: u64, id: &[u8], column: Option<Column>, zh: &str, en: &str) {
        let id = String::from_utf8_lossy(id).into_owned();
        self.findings.push(Finding {
            line,
            id,
            column,
            accepted: true,
            zh: zh.to_owned(),
            en: en.to_owned(),
        });
    }
}

/// Writes the findings of several files as CSV: `file,line,id,field,verdict,message,message_en`.
///
/// # Errors
/// [`ListError::Write`].
pub fn write_findings(path: &Path, lists: &[(&Path, &List)]) -> Result<(), ListError> {
    write_whole(path, |out| {
        let mut writer = csv::Writer::from_writer(out);
        writer.write_record(["file", "line", "id", "field", "verdict", "message", "message_en"])?;
        for (file, list) in lists {
            for finding in &list.findings {
                let field = finding.column.and_then(|column| serde_json::to_value(column).ok());
                writer.write_record([
                    &file.display().to_string(),
                    &finding.line.to_string(),
                    &finding.id,
                    field.as_ref().and_then(|field| field.as_str()).unwrap_or(""),
                    &(if finding.accepted { "accepted" } else { "refused" }).to_owned(),
                    &finding.zh,
                    &finding.en,
                ])?;
            }
        }
        writer.flush()
    })
}

/// The file that is being written, for the interrupt handler.
static WRITING: Mutex<Option<PathBuf>> = Mutex::new(None);

fn writing() -> std::sync::MutexGuard<'static, Option<PathBuf>> {
    WRITING.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Makes Ctrl-C end the process with status 130 and without a half-written file. A second call changes nothing.
pub fn clean_up_on_interrupt() {
    // A handler that is already set does the same.
    let _ = ctrlc::set_handler(|| {
        if let Some(path) = writing().take() {
            let _ = std::fs::remove_file(path);
        }
        std::process::exit(130);
    });
}

/// Writes a file whole or not at all: beside its place first, then renamed into it.
///
/// # Errors
/// [`ListError::Write`]; nothing is left behind.
pub fn write_whole(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> Result<(), ListError> {
    let error = |source| ListError::Write { path: path.to_owned(), source };
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
    *writing() = Some(beside.clone());
    let written = File::create(&beside).and_then(|file| {
        let mut out = BufWriter::with_capacity(1 << 20, file);
        fill(&mut out)?;
        out.into_inner().map_err(|failed| failed.into_error())?.sync_all()?;
        std::fs::rename(&beside, path)
    });
    *writing() = None;
    written.map_err(|source| {
        let _ = std::fs::remove_file(&beside);
        error(source)
    })
}
