//! Everything a person reads, in Chinese and in English.
//!
//! A [`Reason`] never holds what stood in the cell: only the field, counts and lengths, so that a refusal may be
//! logged. The row itself travels in [`Cells`], whose `Debug` hides it.

use std::fmt;

use crate::header::Column;

/// The language of a text a person reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lang {
    Zh,
    En,
}

impl Lang {
    /// Picks one of two texts.
    pub fn pick<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

/// The cells of a row exactly as they came. `Debug` shows only how many there are.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Cells(pub Vec<String>);

impl fmt::Debug for Cells {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[{} cells]", self.0.len())
    }
}

/// What kind of text stood in a cell, without the text: `digits(17)`, `han(3)`, `empty`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueClass {
    pub kind: ValueKind,
    /// Characters, not bytes.
    pub characters: usize,
}

/// The alphabet of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    Empty,
    Digits,
    Letters,
    Han,
    Mixed,
}

impl ValueClass {
    /// Classes the trimmed text of a cell.
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        let every = |test: fn(char) -> bool| text.chars().all(test);
        let kind = if text.is_empty() {
            ValueKind::Empty
        } else if every(|c| c.is_ascii_digit()) {
            ValueKind::Digits
        } else if every(|c| c.is_ascii_alphabetic()) {
            ValueKind::Letters
        } else if every(crate::cell::is_han) {
            ValueKind::Han
        } else {
            ValueKind::Mixed
        };
        Self { kind, characters: text.chars().count() }
    }
}

impl fmt::Display for ValueClass {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.kind {
            ValueKind::Empty => return formatter.write_str("empty"),
            ValueKind::Digits => "digits",
            ValueKind::Letters => "letters",
            ValueKind::Han => "han",
            ValueKind::Mixed => "mixed",
        };
        write!(formatter, "{word}({})", self.characters)
    }
}

/// Why a row, or one value in it, cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A column that must be filled is empty.
    Missing(Column),
    /// A quotation mark opens in this row and is never closed.
    OpenQuote,
    /// Longer than any row of a table.
    TooLong,
    /// Fewer cells than the header has columns.
    TooFewCells {
        found: usize,
        expected: usize,
    },
    /// More filled cells than the header has columns.
    TooManyCells {
        found: usize,
        expected: usize,
    },
    /// The row holds NUL bytes: a hole in the file.
    Damaged,
    /// Bytes that are no text in the file's encoding.
    Unreadable,
    /// A long number that the spreadsheet has rounded.
    Destroyed(Column),
    IdLength {
        found: usize,
    },
    IdCharacters,
    IdBirthDate,
    IdCheck,
    /// The birth date written in the row is not the one inside the identity number.
    IdAgainstBirthDate,
    DateUnreadable(Column),
    DateDoesNotExist(Column),
    DateShortYear(Column),
    BirthDateInFuture,
    BirthDateTooOld,
    PhoneNotDigits,
    PhoneTooShort {
        found: usize,
    },
    PhoneTooLong {
        found: usize,
    },
    NameUnreadable,
    AreaCodeUnreadable,
    OutcomeUnknown,
    TimeUnreadable,
    LevelUnknown,
    CodeLevelUnknown,
}

impl Reason {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Missing(_) => "missing",
            Self::OpenQuote => "open_quote",
            Self::TooLong => "too_long",
            Self::TooFewCells { .. } => "too_few_cells",
            Self::TooManyCells { .. } => "too_many_cells",
            Self::Damaged => "damaged",
            Self::Unreadable => "unreadable",
            Self::Destroyed(_) => "destroyed_by_spreadsheet",
            Self::IdLength { .. } => "id_length",
            Self::IdCharacters => "id_characters",
            Self::IdBirthDate => "id_birth_date",
            Self::IdCheck => "id_check",
            Self::IdAgainstBirthDate => "id_against_birth_date",
            Self::DateUnreadable(_) => "date_unreadable",
            Self::DateDoesNotExist(_) => "date_does_not_exist",
            Self::DateShortYear(_) => "date_short_year",
            Self::BirthDateInFuture => "birth_date_in_future",
            Self::BirthDateTooOld => "birth_date_too_old",
            Self::PhoneNotDigits => "phone_not_digits",
            Self::PhoneTooShort { .. } => "phone_too_short",
            Self::PhoneTooLong { .. } => "phone_too_long",
            Self::NameUnreadable => "name_unreadable",
            Self::AreaCodeUnreadable => "area_code_unreadable",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::TimeUnreadable => "time_unreadable",
            Self::LevelUnknown => "level_unknown",
            Self::CodeLevelUnknown => "code_level_unknown",
        }
    }

    /// What went wrong, for a person who reads Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Missing(column) => format!("“{}”没有填", column.zh()),
            Self::OpenQuote => "这一行有一个双引号没有闭合，行在中途断了".to_owned(),
            Self::TooLong => "这一行长得不像表格里的一行".to_owned(),
            Self::TooFewCells { found, expected } => {
                format!("这一行只有{found}列，表头有{expected}列，可能在传输中被截断")
            }
            Self::TooManyCells { found, expected } => {
                format!("这一行有{found}列，表头只有{expected}列，可能某一格里多了分隔符")
            }
            Self::Damaged => "这一行含有空字节，文件在保存或传输中损坏".to_owned(),
            Self::Unreadable => "这一行有乱码，无法还原成文字".to_owned(),
            Self::Destroyed(column) => {
                format!("{}已被表格软件改坏（长数字被改成了科学记数或末几位变成0）", column.zh())
            }
            Self::IdLength { found } => format!("身份证号应为18位或15位，这里是{found}位"),
            Self::IdCharacters => "身份证号里有不该出现的字符".to_owned(),
            Self::IdBirthDate => "身份证号里的出生日期不存在".to_owned(),
            Self::IdCheck => "身份证号的校验位不对，多半有一位抄错".to_owned(),
            Self::IdAgainstBirthDate => "“出生日期”与“身份证号”里的出生日期不一致".to_owned(),
            Self::DateUnreadable(column) => format!("看不懂“{}”", column.zh()),
            Self::DateDoesNotExist(column) => format!("“{}”是日历上没有的一天", column.zh()),
            Self::DateShortYear(column) => format!("“{}”的年份只有两位，分不清是哪个世纪", column.zh()),
            Self::BirthDateInFuture => "出生日期在今天之后".to_owned(),
            Self::BirthDateTooOld => "按出生日期已超过130岁".to_owned(),
            Self::PhoneNotDigits => "电话不是号码".to_owned(),
            Self::PhoneTooShort { found } => format!("电话只有{found}位，太短"),
            Self::PhoneTooLong { found } => format!("电话有{found}位，太长"),
            Self::NameUnreadable => "姓名里没有一个字".to_owned(),
            Self::AreaCodeUnreadable => "区域编码里有不该出现的字符".to_owned(),
            Self::OutcomeUnknown => "看不懂“走访结果”".to_owned(),
            Self::TimeUnreadable => "看不懂“走访时间”".to_owned(),
            Self::LevelUnknown => "看不懂“级别”".to_owned(),
            Self::CodeLevelUnknown => "没有“级别”列，也无法从编码长度判断级别".to_owned(),
        }
    }

    /// What went wrong, for a person who reads English.
    pub fn en(&self) -> String {
        match self {
            Self::Missing(column) => format!("`{}` is empty", column.en()),
            Self::OpenQuote => {
                "a quotation mark opens in this row and is never closed; the row is torn".to_owned()
            }
            Self::TooLong => "this row is longer than any row of a table".to_owned(),
            Self::TooFewCells { found, expected } => {
                format!(
                    "this row has {found} cells, the header has {expected}; it may have been cut off in transfer"
                )
            }
            Self::TooManyCells { found, expected } => {
                format!(
                    "this row has {found} cells, the header has {expected}; a cell may hold a stray separator"
                )
            }
            Self::Damaged => {
                "this row holds NUL bytes; the file was damaged when saved or transferred".to_owned()
            }
            Self::Unreadable => "this row holds garbled bytes that are no text".to_owned(),
            Self::Destroyed(column) => format!(
                "the spreadsheet has destroyed `{}` (a long number became scientific or ends in zeros)",
                column.en()
            ),
            Self::IdLength { found } => {
                format!("an identity number has 18 or 15 characters, this one has {found}")
            }
            Self::IdCharacters => "the identity number holds characters that do not belong there".to_owned(),
            Self::IdBirthDate => "the birth date inside the identity number does not exist".to_owned(),
            Self::IdCheck => {
                "the check character of the identity number is wrong; most likely one digit was miscopied"
                    .to_owned()
            }
            Self::IdAgainstBirthDate => "`birth_date` is not the birth date inside `id_number`".to_owned(),
            Self::DateUnreadable(column) => format!("`{}` cannot be read as a date", column.en()),
            Self::DateDoesNotExist(column) => format!("`{}` is a day no calendar has", column.en()),
            Self::DateShortYear(column) => {
                format!("`{}` has a two-digit year; the century is unclear", column.en())
            }
            Self::BirthDateInFuture => "the birth date is after today".to_owned(),
            Self::BirthDateTooOld => "by the birth date this person is older than 130".to_owned(),
            Self::PhoneNotDigits => "the phone is not a number".to_owned(),
            Self::PhoneTooShort { found } => format!("the phone has only {found} digits"),
            Self::PhoneTooLong { found } => format!("the phone has {found} digits, too many"),
            Self::NameUnreadable => "the name holds no letter at all".to_owned(),
            Self::AreaCodeUnreadable => "the area code holds characters that do not belong there".to_owned(),
            Self::OutcomeUnknown => "`outcome` is not a known outcome".to_owned(),
            Self::TimeUnreadable => "`at` cannot be read as a time".to_owned(),
            Self::LevelUnknown => "`level` is not a known level".to_owned(),
            Self::CodeLevelUnknown => {
                "there is no `level` column and the code's length does not tell the level".to_owned()
            }
        }
    }

    /// What to do, in Chinese.
    pub fn remedy_zh(&self) -> String {
        match self {
            Self::Missing(Column::Room) => {
                "请补填“房号”后再导入；没有房号的场所，填它的名称，如“如家宾馆”".to_owned()
            }
            Self::Missing(column) => format!("请补填“{}”后再导入", column.zh()),
            Self::OpenQuote
            | Self::TooLong
            | Self::TooFewCells { .. }
            | Self::TooManyCells { .. }
            | Self::Damaged => "请从原始表格重新导出这一行再导入".to_owned(),
            Self::Unreadable => "请在原始表格里核对这一行，另存为 .xlsx 或 UTF-8 的 CSV 再导入".to_owned(),
            Self::Destroyed(_) => {
                "请在原始表格里把这一列的格式设为“文本”，补回正确的号码，再导出一次".to_owned()
            }
            Self::IdLength { .. } | Self::IdCharacters | Self::IdBirthDate | Self::IdCheck => {
                "请对照证件核对；如为护照或港澳台证件，请写到“其他证件”一列，身份证号留空".to_owned()
            }
            Self::IdAgainstBirthDate => "请对照证件，改正其中一个；出生日期可留空，由身份证号得出".to_owned(),
            Self::DateUnreadable(_) | Self::DateDoesNotExist(_) | Self::DateShortYear(_) => {
                "请写成 2020-02-18 的样子".to_owned()
            }
            Self::BirthDateInFuture | Self::BirthDateTooOld => "请对照证件核对出生日期".to_owned(),
            Self::PhoneNotDigits | Self::PhoneTooShort { .. } | Self::PhoneTooLong { .. } => {
                "请核对号码；没有电话就留空".to_owned()
            }
            Self::NameUnreadable => "请补填姓名；空置的门请把姓名和其他个人信息都留空".to_owned(),
            Self::AreaCodeUnreadable => "请填写区域编码（数字、字母、连字符）".to_owned(),
            Self::OutcomeUnknown => {
                "请从这几个词里选一个：见面、电话、无人、空置、拒绝、外出、查无".to_owned()
            }
            Self::TimeUnreadable => "请写成 2020-02-17 19:30 的样子".to_owned(),
            Self::LevelUnknown | Self::CodeLevelUnknown => {
                "请写省、市、县、乡镇、社区、小区、网格或园区".to_owned()
            }
        }
    }

    /// What to do, in English.
    pub fn remedy_en(&self) -> String {
        match self {
            Self::Missing(Column::Room) => {
                "fill in `room` and import again; a place that has no number goes by its name".to_owned()
            }
            Self::Missing(column) => format!("fill in `{}` and import again", column.en()),
            Self::OpenQuote
            | Self::TooLong
            | Self::TooFewCells { .. }
            | Self::TooManyCells { .. }
            | Self::Damaged => {
                "export this row from the original again".to_owned()
            }
            Self::Unreadable => {
                "check the row in the original, save as .xlsx or CSV in UTF-8, import again".to_owned()
            }
            Self::Destroyed(_) => {
                "format the column as text in the original, restore the numbers, export again".to_owned()
            }
            Self::IdLength { .. } | Self::IdCharacters | Self::IdBirthDate | Self::IdCheck => {
                "check it against the card; put a passport or permit into a column `other_document` and leave `id_number` empty"
                    .to_owned()
            }
            Self::IdAgainstBirthDate => {
                "correct one of them against the card; `birth_date` may stay empty, the number holds it".to_owned()
            }
            Self::DateUnreadable(_) | Self::DateDoesNotExist(_) | Self::DateShortYear(_) => {
                "write it like 2020-02-18".to_owned()
            }
            Self::BirthDateInFuture | Self::BirthDateTooOld => {
                "check the birth date against the card".to_owned()
            }
            Self::PhoneNotDigits | Self::PhoneTooShort { .. } | Self::PhoneTooLong { .. } => {
                "check the number, or leave it empty".to_owned()
            }
            Self::NameUnreadable => {
                "fill in the name; for a vacant door leave the name and all personal fields empty".to_owned()
            }
            Self::AreaCodeUnreadable => "write the area code (digits, letters, hyphens)".to_owned(),
            Self::OutcomeUnknown => {
                "use one of: met, phone, no_answer, vacant, refused, away, not_exist".to_owned()
            }
            Self::TimeUnreadable => "write it like 2020-02-17 19:30".to_owned(),
            Self::LevelUnknown | Self::CodeLevelUnknown => {
                "use province, city, county, township, community, compound, grid or zone".to_owned()
            }
        }
    }
}

/// A row that is not taken, and why. Holds the row only in `cells`, which `Debug` hides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 1-based, as the spreadsheet shows it.
    pub row: u64,
    /// The English name of the column at fault, or `""` when the whole row is.
    pub field: &'static str,
    pub value_class: ValueClass,
    pub code: &'static str,
    pub zh: String,
    pub en: String,
    pub remedy_zh: String,
    pub remedy_en: String,
    /// The row as it came, for the file of rejects.
    pub cells: Cells,
}

/// Why a caller refuses a row that reads well. The texts never hold personal values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// The English name of the column at fault, or `""`.
    pub field: &'static str,
    pub code: &'static str,
    pub zh: String,
    pub en: String,
    pub remedy_zh: String,
    pub remedy_en: String,
}

impl Refusal {
    pub(crate) fn new(row: u64, column: Option<Column>, value: &str, reason: &Reason) -> Self {
        Self {
            row,
            field: column.map_or("", Column::en),
            value_class: ValueClass::of(value),
            code: reason.code(),
            zh: format!("第{row}行：{}", reason.zh()),
            en: format!("row {row}: {}", reason.en()),
            remedy_zh: reason.remedy_zh(),
            remedy_en: reason.remedy_en(),
            cells: Cells::default(),
        }
    }

    /// The reason in one language.
    pub fn reason(&self, lang: Lang) -> &str {
        lang.pick(&self.zh, &self.en)
    }

    /// The remedy in one language.
    pub fn remedy(&self, lang: Lang) -> &str {
        lang.pick(&self.remedy_zh, &self.remedy_en)
    }
}

/// Something that was left out of a row that is otherwise taken, or that looks wrong and was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub field: &'static str,
    pub code: &'static str,
    pub zh: String,
    pub en: String,
}

impl Notice {
    pub(crate) fn left_out(column: Column, reason: &Reason) -> Self {
        Self {
            field: column.en(),
            code: reason.code(),
            zh: format!("{}，这一项没有采用", reason.zh()),
            en: format!("{}; the value was left out", reason.en()),
        }
    }

    pub(crate) fn phone_incomplete(digits: usize) -> Self {
        Self {
            field: Column::Phone.en(),
            code: "phone_incomplete",
            zh: format!("电话有{digits}位，像是不全（手机11位，座机要有区号），已照写；请核对"),
            en: format!(
                "the phone has {digits} digits and looks incomplete (a mobile has 11, a landline its area code); it was taken as it is, please check it"
            ),
        }
    }

    pub(crate) fn new(column: Column, code: &'static str, zh: &str, en: &str) -> Self {
        Self { field: column.en(), code, zh: zh.to_owned(), en: en.to_owned() }
    }
}

/// Why a row is no record and no fault either.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SkipKind {
    /// The header again, where pages were pasted together.
    RepeatedHeader,
    /// 合计, 总计, 小计, total.
    Total,
    /// 填表人, 审核人, 说明: a line under the table.
    Footer,
    /// A door on a typed sheet that was not visited: neither a time nor an outcome.
    NotVisited,
}

impl SkipKind {
    /// What was skipped, in one language.
    pub fn text(self, lang: Lang) -> &'static str {
        match self {
            Self::RepeatedHeader => lang.pick("重复的表头", "repeated header"),
            Self::Total => lang.pick("合计行", "total row"),
            Self::Footer => lang.pick("表尾说明", "line under the table"),
            Self::NotVisited => lang.pick("未走访的门", "door not visited"),
        }
    }
}

/// A row that was passed over and counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Skipped {
    pub row: u64,
    pub kind: SkipKind,
}
