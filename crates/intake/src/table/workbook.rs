//! Workbooks through calamine, one sheet at a time in compact form.

use std::io::{BufReader, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{
    Data, DataRef, Dimensions, ExcelDateTime, HeaderRow, Ods, OdsError, Reader as _, SheetType, SheetVisible,
    Xls, XlsError, Xlsx, XlsxError,
};

use jiff::Unit;
use jiff::civil::DateTime;

use super::{Format, Record, Source, TableError};

/// What a workbook may unpack to; a roster of a million persons takes about a third of it.
const UNPACKED_LIMIT_MIB: u64 = 2048;
/// A sheet wider than this holds no table of ours; what lies beyond is not read.
const WIDEST: u32 = 256;

type Input = BufReader<Box<dyn Source>>;

enum Book {
    Xlsx(Xlsx<Input>),
    Xls(Xls<Input>),
    Ods(Ods<Input>),
}

pub(super) struct Workbook {
    book: Book,
    names: Vec<String>,
    current: Option<usize>,
    sheet: Sheet,
    next: usize,
}

/// The cells of one sheet that are not empty, by row and column.
#[derive(Default)]
struct Sheet {
    text: String,
    cells: Vec<Cell>,
    /// Regions merged over more than one row, by first row, with the cell that holds their text.
    merged: Vec<Merged>,
    merged_next: usize,
    merged_open: Vec<Merged>,
}

#[derive(Clone, Copy)]
struct Cell {
    row: u32,
    column: u32,
    start: usize,
    end: usize,
}

#[derive(Clone, Copy)]
struct Merged {
    first_row: u32,
    last_row: u32,
    column: u32,
    start: usize,
    end: usize,
}

impl Workbook {
    pub(super) fn open(source: Box<dyn Source>, beginning: &[u8]) -> Result<Self, TableError> {
        let mut input = BufReader::new(source);
        let book = if beginning.starts_with(b"PK") {
            let parts = inspect_zip(&mut input)?;
            if parts.open_document {
                Book::Ods(guarded(|| Ods::new(input))?.map_err(ods_error)?)
            } else if parts.workbook {
                Book::Xlsx(guarded(|| Xlsx::new(input))?.map_err(xlsx_error)?)
            } else {
                return Err(TableError::NotATable(if parts.document { "document" } else { "archive" }));
            }
        } else {
            match guarded(|| Xls::new(input))? {
                Ok(book) => Book::Xls(book),
                Err(XlsError::Password) => return Err(TableError::Password),
                Err(error) => {
                    // An encrypted XLSX lies in the same container.
                    let mark: Vec<u8> =
                        "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
                    let encrypted = beginning.windows(mark.len()).any(|window| window == mark);
                    return Err(if encrypted { TableError::Password } else { damaged(&error) });
                }
            }
        };
        let sheets = match &book {
            Book::Xlsx(book) => book.sheets_metadata(),
            Book::Xls(book) => book.sheets_metadata(),
            Book::Ods(book) => book.sheets_metadata(),
        };
        let named = |visible: bool| {
            sheets
                .iter()
                .filter(|sheet| sheet.typ == SheetType::WorkSheet)
                .filter(move |sheet| (sheet.visible == SheetVisible::Visible) == visible)
                .map(|sheet| sheet.name.clone())
        };
        let names: Vec<String> = named(true).chain(named(false)).collect();
        let mut workbook = Self { book, names, current: None, sheet: Sheet::default(), next: 0 };
        if !workbook.names.is_empty() {
            workbook.select(0)?;
        }
        Ok(workbook)
    }

    pub(super) fn format(&self) -> Format {
        match self.book {
            Book::Xlsx(_) => Format::Xlsx,
            Book::Xls(_) => Format::Xls,
            Book::Ods(_) => Format::Ods,
        }
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn current_name(&self) -> Option<&str> {
        self.names.get(self.current?).map(String::as_str)
    }

    pub(super) fn progress(&self) -> (u64, u64) {
        (self.next as u64, self.sheet.cells.len() as u64)
    }

    pub(super) fn rewind(&mut self) {
        self.next = 0;
        self.sheet.merged_next = 0;
        self.sheet.merged_open.clear();
    }

    pub(super) fn select(&mut self, index: usize) -> Result<(), TableError> {
        if self.current != Some(index) {
            let name = self.names.get(index).cloned().unwrap_or_default();
            self.sheet = Sheet::default();
            let book = &mut self.book;
            self.current = None;
            self.sheet = guarded(|| load(book, &name))??;
            self.current = Some(index);
        }
        self.rewind();
        Ok(())
    }

    /// Reads the next row in which some cell is not blank; `false` at the end.
    pub(super) fn read_record(&mut self, record: &mut Record) -> Result<bool, TableError> {
        let Some(first) = self.sheet.cells.get(self.next).copied() else { return Ok(false) };
        record.clear();
        record.number = u64::from(first.row) + 1;
        self.sheet.open_merged(first.row);
        let sheet = &self.sheet;
        let mut merged = sheet.merged_open.iter().peekable();
        let mut column = 0;
        let mut put = |record: &mut Record, at: u32, text: &str| {
            while column < at {
                record.push("");
                column += 1;
            }
            if column == at {
                record.push(text);
                column += 1;
            }
        };
        while let Some(cell) = sheet.cells.get(self.next).filter(|cell| cell.row == first.row) {
            while let Some(region) = merged.next_if(|region| region.column < cell.column) {
                put(record, region.column, &sheet.text[region.start..region.end]);
            }
            put(record, cell.column, &sheet.text[cell.start..cell.end]);
            self.next += 1;
        }
        for region in merged {
            put(record, region.column, &sheet.text[region.start..region.end]);
        }
        if record.text.contains('\u{FFFD}') {
            record.trouble = Some(super::Trouble::Unreadable);
        }
        Ok(true)
    }
}

impl Sheet {
    fn push(&mut self, row: u32, column: u32, write: impl FnOnce(&mut String)) {
        if column >= WIDEST {
            return;
        }
        let start = self.text.len();
        write(&mut self.text);
        if self.text[start..].trim().is_empty() {
            self.text.truncate(start);
            return;
        }
        self.cells.push(Cell { row, column, start, end: self.text.len() });
    }

    fn finish(mut self, regions: &[Dimensions]) -> Self {
        let place = |cell: &Cell| (cell.row, cell.column);
        if !self.cells.is_sorted_by(|a, b| place(a) < place(b)) {
            self.cells.sort_by_key(place);
            self.cells.dedup_by_key(|cell| place(cell));
        }
        for region in regions.iter().filter(|region| region.end.0 > region.start.0) {
            if let Ok(index) = self.cells.binary_search_by_key(&region.start, place) {
                let Cell { start, end, .. } = self.cells[index];
                self.merged.push(Merged {
                    first_row: region.start.0,
                    last_row: region.end.0,
                    column: region.start.1,
                    start,
                    end,
                });
            }
        }
        self.merged.sort_by_key(|region| region.first_row);
        self
    }

    /// Keeps `merged_open` to the regions that began above a row and cover it, by column.
    fn open_merged(&mut self, row: u32) {
        self.merged_open.retain(|region| region.last_row >= row);
        let opened = self.merged_open.len();
        while let Some(region) = self.merged.get(self.merged_next).filter(|region| region.first_row < row) {
            if region.last_row >= row {
                self.merged_open.push(*region);
            }
            self.merged_next += 1;
        }
        if self.merged_open.len() > opened {
            self.merged_open.sort_by_key(|region| region.column);
        }
    }

    fn from_range(range: &calamine::Range<Data>, merged: &[Dimensions]) -> Self {
        let mut sheet = Self::default();
        let (top, left) = range.start().unwrap_or((0, 0));
        for (row, column, value) in range.used_cells() {
            let (Ok(row), Ok(column)) = (u32::try_from(row), u32::try_from(column)) else { continue };
            sheet.push(top + row, left + column, |text| write_value(text, value));
        }
        sheet.finish(merged)
    }
}

fn load(book: &mut Book, name: &str) -> Result<Sheet, TableError> {
    match book {
        Book::Xlsx(book) => load_xlsx(book, name).map_err(xlsx_error),
        Book::Xls(book) => {
            let merged = book.merge_cells_by_sheet_name(name).unwrap_or_default();
            let range = book.with_header_row(HeaderRow::Row(0)).worksheet_range(name);
            Ok(Sheet::from_range(&range.map_err(|error| damaged(&error))?, &merged))
        }
        Book::Ods(book) => {
            let range = book.with_header_row(HeaderRow::Row(0)).worksheet_range(name);
            Ok(Sheet::from_range(&range.map_err(ods_error)?, &[]))
        }
    }
}

fn load_xlsx(book: &mut Xlsx<Input>, name: &str) -> Result<Sheet, XlsxError> {
    let merged = book.merge_cells_by_sheet_name(name)?;
    let mut sheet = Sheet::default();
    let mut reader = book.worksheet_cells_reader(name)?;
    while let Some(cell) = reader.next_cell()? {
        let (row, column) = cell.get_position();
        match cell.get_value() {
            DataRef::SharedString(shared) => sheet.push(row, column, |text| text.push_str(shared)),
            value => {
                let value = Data::from(value.clone());
                sheet.push(row, column, |text| write_value(text, &value));
            }
        }
    }
    Ok(sheet.finish(&merged))
}

fn write_value(text: &mut String, value: &Data) {
    match value {
        Data::String(value) | Data::DateTimeIso(value) | Data::DurationIso(value) => text.push_str(value),
        Data::Int(value) => text.push_str(&value.to_string()),
        Data::Float(value) => write_number(text, *value),
        Data::Bool(value) => text.push_str(if *value { "TRUE" } else { "FALSE" }),
        Data::DateTime(value) => write_instant(text, value),
        // #N/A and its like hold nothing that a person wrote.
        Data::Error(_) | Data::Empty => {}
    }
}

/// A number as the person sees it. From 10^15 on a spreadsheet has lost digits, and the number is written as it shows
/// it, `4.20106E+17`, so that nobody takes the zeros at its end for digits.
fn write_number(text: &mut String, value: f64) {
    if value.abs() >= 1e15 {
        text.push_str(&format!("{value:E}").replacen('E', "E+", 1));
    } else {
        text.push_str(&value.to_string());
    }
}

fn write_instant(text: &mut String, value: &ExcelDateTime) {
    let serial = value.as_f64();
    if !value.is_datetime() || !(0.0..2_958_466.0).contains(&serial) {
        write_number(text, serial);
        return;
    }
    let (year, month, day, hour, minute, second, milli) = value.to_ymd_hms_milli();
    // Day 60 of the 1900 system is 29 February 1900, which never was; it is written as the spreadsheet shows it.
    let moment =
        civil_moment([year, month.into(), day.into(), hour.into(), minute.into(), second.into(), milli]);
    let (day, clock) = match moment {
        Some(moment) => (moment.date().to_string(), moment.time().to_string()),
        None => (format!("{year:04}-{month:02}-{day:02}"), format!("{hour:02}:{minute:02}:{second:02}")),
    };
    if serial < 1.0 {
        text.push_str(&clock);
    } else if serial.fract() == 0.0 {
        text.push_str(&day);
    } else {
        text.push_str(&day);
        text.push(' ');
        text.push_str(&clock);
    }
}

/// A moment to the nearest second: 19:30 is stored as a fraction of a day and comes back as 19:29:59.999.
fn civil_moment([year, month, day, hour, minute, second, milli]: [u16; 7]) -> Option<DateTime> {
    let small = |number: u16| i8::try_from(number).ok();
    let moment = DateTime::new(
        i16::try_from(year).ok()?,
        small(month)?,
        small(day)?,
        small(hour)?,
        small(minute)?,
        small(second)?,
        i32::from(milli) * 1_000_000,
    );
    moment.ok()?.round(Unit::Second).ok()
}

struct Parts {
    workbook: bool,
    open_document: bool,
    document: bool,
}

/// Looks at the directory of a ZIP before anything is unpacked: what it is, and how large it would become.
fn inspect_zip(input: &mut (impl Read + Seek)) -> Result<Parts, TableError> {
    let mut archive = zip::ZipArchive::new(&mut *input).map_err(|error| damaged(&error))?;
    let mut parts = Parts { workbook: false, open_document: false, document: false };
    let mut unpacked = 0_u64;
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).map_err(|error| damaged(&error))?;
        unpacked = unpacked.saturating_add(file.size());
        match &*file.name().map_err(|error| damaged(&error))? {
            "content.xml" => parts.open_document = true,
            name if name.starts_with("xl/") => parts.workbook = true,
            name if name.starts_with("word/") || name.starts_with("ppt/") => parts.document = true,
            _ => {}
        }
    }
    if unpacked > UNPACKED_LIMIT_MIB * 1024 * 1024 {
        return Err(TableError::TooLarge { limit_mib: UNPACKED_LIMIT_MIB });
    }
    drop(archive);
    input.rewind()?;
    Ok(parts)
}

/// Runs the workbook parser so that a panic in it, on bytes that a stranger sent, is one more kind of damage. What it
/// was working on is not used again.
fn guarded<T>(parse: impl FnOnce() -> T) -> Result<T, TableError> {
    catch_unwind(AssertUnwindSafe(parse)).map_err(|_| TableError::Workbook("the parser gave up".to_owned()))
}

fn damaged(error: &impl std::fmt::Display) -> TableError {
    TableError::Workbook(error.to_string())
}

fn xlsx_error(error: XlsxError) -> TableError {
    match error {
        XlsxError::Password => TableError::Password,
        XlsxError::Io(error) => TableError::Io(error),
        error => damaged(&error),
    }
}

fn ods_error(error: OdsError) -> TableError {
    match error {
        OdsError::Password => TableError::Password,
        OdsError::Io(error) => TableError::Io(error),
        error => damaged(&error),
    }
}
