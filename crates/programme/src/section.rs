//! TOML with places: every value knows its line, and every mistake of a file is told, not only the first.

use std::collections::BTreeSet;
use std::ops::Range;

use jiff::Timestamp;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::calendar::instant_of;
use crate::code::Day;
use crate::finding::{Findings, Located, Place, say};
use crate::text::Texts;

/// The text of a file and where its lines begin.
pub(crate) struct Source<'t> {
    pub file: &'t str,
    pub text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Source<'t> {
    /// Takes a file's bytes for text; a finding if they are not UTF-8.
    pub fn open(file: &'t str, bytes: &'t [u8], findings: &mut Findings) -> Option<Self> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains('\0') => {
                let line = text.chars().take_while(|sign| *sign != '\0').filter(|sign| *sign == '\n').count();
                let place = Place::text(file, u32::try_from(line).unwrap_or(u32::MAX) + 1, 1);
                findings.add(
                    &place,
                    "nul",
                    say(
                        "这一行有零字节（NUL）：文件损坏或不是文本，请重新保存",
                        "this line holds a NUL byte: the file is damaged or no text; save it again",
                    ),
                );
                None
            }
            Ok(text) => Some(Self::new(file, text)),
            Err(error) => {
                let line = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
                let place = Place::text(file, u32::try_from(line).unwrap_or(u32::MAX) + 1, 1);
                findings.add(
                    &place,
                    "not_utf8",
                    say(
                        "这一行不是 UTF-8 编码：请另存为 UTF-8",
                        "this line is not UTF-8: save the file as UTF-8",
                    ),
                );
                None
            }
        }
    }

    pub fn new(file: &'t str, text: &'t str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut starts = vec![0];
        starts.extend(text.match_indices('\n').map(|(at, _)| at + 1));
        Self { file, text, starts }
    }

    /// The place of a byte.
    pub fn place(&self, at: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= at).max(1);
        let start = self.starts.get(line - 1).copied().unwrap_or(0);
        let before = self.text.get(start..at).unwrap_or_default();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place::text(self.file, count(line), count(before.chars().count() + 1))
    }

    /// Parses the file as TOML and hands its outermost table to `read`. What the parser refuses is told, and what it
    /// understood in spite of that is read no further: half a table would only bring errors that are none. Whether it was
    /// TOML.
    pub fn read_toml(
        &self,
        findings: &mut Findings,
        read: impl FnOnce(&mut Section<'_, '_>, &mut Findings),
    ) -> bool {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        if errors.is_empty() {
            let mut section = Section::new(self, table.get_ref(), 0..0);
            read(&mut section, findings);
            section.finish(findings);
            return true;
        }
        self.tell(&errors, findings);
        false
    }

    /// Whether the file is TOML, whatever it says.
    pub fn check_toml(&self, findings: &mut Findings) {
        self.tell(&DeTable::parse_recoverable(self.text).1, findings);
    }

    fn tell(&self, errors: &[toml::de::Error], findings: &mut Findings) {
        for error in errors {
            let place = self.place(error.span().map_or(0, |span| span.start));
            let message = error.message();
            findings.add(
                &place,
                "toml",
                say(format!("不是正确的 TOML：{message}"), format!("this is not TOML: {message}")),
            );
        }
    }
}

/// One table of a TOML file. What is not asked for by the time of [`Section::finish`] is a finding.
pub(crate) struct Section<'r, 'i> {
    source: &'r Source<'r>,
    table: &'r DeTable<'i>,
    span: Range<usize>,
    asked: BTreeSet<&'static str>,
}

impl<'r, 'i> Section<'r, 'i> {
    fn new(source: &'r Source<'r>, table: &'r DeTable<'i>, span: Range<usize>) -> Self {
        Self { source, table, span, asked: BTreeSet::new() }
    }

    pub fn place(&self) -> Place {
        self.source.place(self.span.start)
    }

    fn find(&mut self, key: &'static str) -> Option<&'r Spanned<DeValue<'i>>> {
        self.asked.insert(key);
        self.table.get(key)
    }

    fn find_required(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<&'r Spanned<DeValue<'i>>> {
        let found = self.find(key);
        if found.is_none() {
            let place = self.place();
            findings.add(&place, "missing", say(format!("缺少 {key}"), format!("{key} is missing")));
        }
        found
    }

    fn wrong(&self, value: &Spanned<DeValue<'_>>, key: &str, zh: &str, en: &str, findings: &mut Findings) {
        let place = self.source.place(value.span().start);
        let found = value.get_ref().type_str();
        findings.add(
            &place,
            "wrong_kind",
            say(format!("{key} 应为{zh}，这里是 {found}"), format!("{key} must be {en}, this is {found}")),
        );
    }

    fn as_text(
        &self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        findings: &mut Findings,
    ) -> Option<Located<String>> {
        let Some(text) = value.get_ref().as_str() else {
            self.wrong(value, key, "加引号的文字", "a text in quotes", findings);
            return None;
        };
        let place = self.source.place(value.span().start);
        if text.trim().is_empty() {
            findings.add(&place, "empty", say(format!("{key} 是空的"), format!("{key} is empty")));
            return None;
        }
        Some(Located { value: text.trim().to_owned(), place })
    }

    pub fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<String>> {
        let value = self.find_required(key, findings)?;
        self.as_text(value, key, findings)
    }

    pub fn optional_text(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<String>> {
        let value = self.find(key)?;
        self.as_text(value, key, findings)
    }

    /// A list of texts; empty if the key is not there.
    pub fn list(&mut self, key: &'static str, findings: &mut Findings) -> Vec<Located<String>> {
        let Some(value) = self.find(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(value, key, "方括号里的列表", "a list in square brackets", findings);
            return Vec::new();
        };
        items.iter().filter_map(|item| self.as_text(item, key, findings)).collect()
    }

    /// Whether the key is there.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// `true` or `false`; false if the key is not there.
    pub fn truth(&mut self, key: &'static str, findings: &mut Findings) -> bool {
        let Some(value) = self.find(key) else { return false };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong(value, key, "true 或 false", "true or false", findings);
            false
        })
    }

    /// A list of days; empty if the key is not there.
    pub fn days(&mut self, key: &'static str, findings: &mut Findings) -> Vec<Located<Day>> {
        let Some(value) = self.find(key) else { return Vec::new() };
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(value, key, "方括号里的列表", "a list in square brackets", findings);
            return Vec::new();
        };
        items.iter().filter_map(|item| self.as_day(item, key, findings)).collect()
    }

    /// A day, written 2020-03-10 without quotes.
    pub fn day(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<Day>> {
        let value = self.find_required(key, findings)?;
        self.as_day(value, key, findings)
    }

    pub fn optional_day(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<Day>> {
        let value = self.find(key)?;
        self.as_day(value, key, findings)
    }

    /// What stands there, read as what is wanted; told of if it is something else.
    fn read_as<T>(
        &self,
        (value, key): (&Spanned<DeValue<'_>>, &str),
        read: impl FnOnce(&DeValue<'_>) -> Option<T>,
        (zh, en): (&str, &str),
        findings: &mut Findings,
    ) -> Option<Located<T>> {
        let place = self.source.place(value.span().start);
        let read = read(value.get_ref());
        if read.is_none() {
            self.wrong(value, key, zh, en, findings);
        }
        Some(Located { value: read?, place })
    }

    fn as_day(
        &self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        findings: &mut Findings,
    ) -> Option<Located<Day>> {
        let wanted = ("日期，如 2020-03-10，不加引号", "a day such as 2020-03-10, without quotes");
        self.read_as((value, key), day_of, wanted, findings)
    }

    /// A moment as a clock in the country shows it, written 2020-03-10T15:00:00 without quotes.
    pub fn moment(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<Timestamp>> {
        let value = self.find_required(key, findings)?;
        let wanted = (
            "日期和时刻，如 2020-03-10T15:00:00，不加引号",
            "a day and a time such as 2020-03-10T15:00:00, without quotes",
        );
        self.read_as((value, key), moment_of, wanted, findings)
    }

    pub fn integer(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<i64>> {
        let value = self.find_required(key, findings)?;
        let place = self.source.place(value.span().start);
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok());
        if number.is_none() {
            self.wrong(value, key, "整数", "a whole number", findings);
        }
        Some(Located { value: number?, place })
    }

    pub fn number(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<Number>> {
        let value = self.find_required(key, findings)?;
        self.as_number(value, key, findings)
    }

    fn as_number(
        &self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        findings: &mut Findings,
    ) -> Option<Located<Number>> {
        self.read_as((value, key), number_of, ("数字", "a number"), findings)
    }

    /// What a clock shows, written `"11:00"`, in minutes since midnight.
    pub fn time_of_day(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<Number>> {
        let value = self.find_required(key, findings)?;
        self.as_time_of_day(value, key, findings)
    }

    fn as_time_of_day(
        &self,
        value: &Spanned<DeValue<'_>>,
        key: &str,
        findings: &mut Findings,
    ) -> Option<Located<Number>> {
        let minutes = |value: &DeValue<'_>| value.as_str().and_then(minutes_of).map(Number::Whole);
        let wanted =
            ("时刻，如 \"11:00\"，从 00:00 到 23:59", "a time of day such as \"11:00\", from 00:00 to 23:59");
        self.read_as((value, key), minutes, wanted, findings)
    }

    /// A text in several languages: `{ zh = "…", en = "…" }`.
    pub fn texts(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<Texts>> {
        let value = self.find_required(key, findings)?;
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(
                value,
                key,
                "各语言的文字，如 { zh = \"…\", en = \"…\" }",
                "a text in each language, as { zh = \"…\", en = \"…\" }",
                findings,
            );
            return None;
        };
        let mut texts = Texts::default();
        for (language, text) in table {
            if let Some(text) = self.as_text(text, key, findings) {
                texts.insert(language.get_ref(), text.value);
            }
        }
        Some(Located { value: texts, place: self.source.place(value.span().start) })
    }

    /// The tables under a key, as `[[rule]]` writes them; empty if the key is not there.
    pub fn sections(&mut self, key: &'static str, findings: &mut Findings) -> Vec<Section<'r, 'i>> {
        let Some(value) = self.find(key) else { return Vec::new() };
        let mut sections = Vec::new();
        let Some(items) = value.get_ref().as_array() else {
            self.wrong(
                value,
                key,
                &format!("若干段 [[{key}]]"),
                &format!("sections that begin with [[{key}]]"),
                findings,
            );
            return sections;
        };
        for item in items {
            match item.get_ref().as_table() {
                Some(table) => sections.push(Section::new(self.source, table, item.span())),
                None => self.wrong(item, key, "一段", "a section", findings),
            }
        }
        sections
    }

    /// A text in which mistakes have places of their own: also the byte at which its content stands in the file, if the
    /// file writes it as it is, without escapes.
    pub fn passage(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<(Located<String>, Option<usize>)> {
        let span = self.find(key).map(Spanned::span);
        let text = self.text(key, findings)?;
        let written = span.and_then(|span| Some((span.start, self.source.text.get(span)?)));
        let content = written.and_then(|(start, written)| Some(start + written.find(&text.value)?));
        Some((text, content))
    }

    /// A list of texts in which mistakes have places of their own, as [`Section::passage`] has one.
    pub fn passages(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Vec<(Located<String>, Option<usize>)> {
        let spans: Vec<Range<usize>> = self
            .find(key)
            .and_then(|value| value.get_ref().as_array())
            .map(|items| items.iter().map(Spanned::span).collect())
            .unwrap_or_default();
        let texts = self.list(key, findings);
        let content = |text: &Located<String>, span: &Range<usize>| {
            Some(span.start + self.source.text.get(span.clone())?.find(&text.value)?)
        };
        let spans = spans.iter().map(Some).chain(std::iter::repeat(None));
        texts
            .into_iter()
            .zip(spans)
            .map(|(text, span)| {
                let content = span.and_then(|span| content(&text, span));
                (text, content)
            })
            .collect()
    }

    pub fn source(&self) -> &'r Source<'r> {
        self.source
    }

    /// Every key of the table under `key` with whatever stands there, as in `answers = { temp_c = 37.3 }`.
    pub fn entries(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Vec<(Located<String>, Located<Raw>)> {
        let Some(value) = self.find_required(key, findings) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(
                value,
                key,
                "{ 字段 = 答案 }",
                "fields with their answers, as { field = answer }",
                findings,
            );
            return Vec::new();
        };
        let mut entries = Vec::new();
        for (name, value) in table {
            let name =
                Located { value: name.get_ref().to_string(), place: self.source.place(name.span().start) };
            let place = self.source.place(value.span().start);
            match Raw::of(value.get_ref()) {
                Some(raw) => entries.push((name, Located { value: raw, place })),
                None => self.wrong(
                    value,
                    &name.value,
                    "文字、数字、日期或列表",
                    "a text, a number, a day or a list",
                    findings,
                ),
            }
        }
        entries
    }

    /// Every key of the table under `key` with its number, as in `[set]`, or its time of day where the key's is one.
    pub fn numbers(
        &mut self,
        key: &'static str,
        is_time: impl Fn(&str) -> bool,
        findings: &mut Findings,
    ) -> Vec<(Located<String>, Located<Number>)> {
        let Some(value) = self.find_required(key, findings) else { return Vec::new() };
        let Some(table) = value.get_ref().as_table() else {
            self.wrong(value, key, &format!("一段 [{key}]"), &format!("a section [{key}]"), findings);
            return Vec::new();
        };
        let mut numbers = Vec::new();
        for (name, number) in table {
            let name =
                Located { value: name.get_ref().to_string(), place: self.source.place(name.span().start) };
            let number = match is_time(&name.value) {
                true => self.as_time_of_day(number, &name.value, findings),
                false => self.as_number(number, &name.value, findings),
            };
            numbers.extend(number.map(|number| (name, number)));
        }
        numbers
    }

    /// Tells of every key that nobody asked for: a misspelt one would otherwise be silently without effect.
    pub fn finish(self, findings: &mut Findings) {
        let known: Vec<&str> = self.asked.iter().copied().collect();
        let known = known.join(", ");
        for key in self.table.keys() {
            if !self.asked.contains(key.get_ref().as_ref()) {
                let place = self.source.place(key.span().start);
                let name = key.get_ref();
                findings.add(
                    &place,
                    "unknown_key",
                    say(
                        format!("这里没有 {name} 这一项；可用：{known}"),
                        format!("{name} means nothing here; known here: {known}"),
                    ),
                );
            }
        }
    }
}

/// A value of a file whose kind the reader knows and the writer hopes for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Raw {
    Text(String),
    Number(Number),
    Day(Day),
    Moment(Timestamp),
    List(Vec<Raw>),
}

impl Raw {
    fn of(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Integer(_) | DeValue::Float(_) => number_of(value).map(Self::Number),
            DeValue::Datetime(_) => {
                day_of(value).map(Self::Day).or_else(|| moment_of(value).map(Self::Moment))
            }
            DeValue::Array(items) => {
                items.iter().map(|item| Self::of(item.get_ref())).collect::<Option<_>>().map(Self::List)
            }
            DeValue::Boolean(_) | DeValue::Table(_) => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn as_whole(&self) -> Option<i64> {
        match self {
            Self::Number(Number::Whole(number)) => Some(*number),
            _ => None,
        }
    }

    pub fn as_decimal(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.as_decimal()),
            _ => None,
        }
    }

    pub fn as_numbers(&self) -> Option<Vec<f64>> {
        match self {
            Self::List(items) => items.iter().map(Self::as_decimal).collect(),
            _ => None,
        }
    }

    pub fn as_moment(&self) -> Option<Timestamp> {
        match self {
            Self::Moment(moment) => Some(*moment),
            _ => None,
        }
    }

    pub fn as_day(&self) -> Option<Day> {
        match self {
            Self::Day(day) => Some(*day),
            _ => None,
        }
    }
}

fn day_of(value: &DeValue<'_>) -> Option<Day> {
    let date = value.as_datetime().filter(|moment| moment.time.is_none())?.date?;
    Day::new(i16::try_from(date.year).ok()?, i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?)
        .ok()
}

fn moment_of(value: &DeValue<'_>) -> Option<Timestamp> {
    let moment = value.as_datetime().filter(|moment| moment.offset.is_none() && moment.time.is_some())?;
    instant_of(moment.to_string().parse().ok()?)
}

/// `11:00`, always with two digits and two.
fn minutes_of(text: &str) -> Option<i64> {
    let two = |digits: &str| {
        let digits = Some(digits).filter(|digits| digits.len() == 2)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<i64>().ok())?
    };
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}

fn number_of(value: &DeValue<'_>) -> Option<Number> {
    match value {
        DeValue::Integer(integer) => {
            i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(Number::Whole)
        }
        DeValue::Float(float) => {
            float.as_str().parse().ok().filter(|number: &f64| number.is_finite()).map(Number::Decimal)
        }
        _ => None,
    }
}

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    Whole(i64),
    Decimal(f64),
}

impl Number {
    /// Without what stands after the point.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "thresholds are far below 2^53")]
    pub fn as_whole(self) -> i64 {
        match self {
            Self::Whole(number) => number,
            Self::Decimal(number) => number as i64,
        }
    }

    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "thresholds are far below 2^53")]
    pub fn as_decimal(self) -> f64 {
        match self {
            Self::Whole(number) => number as f64,
            Self::Decimal(number) => number,
        }
    }
}
