//! Forms: an XLSForm's sheets become fields, each with what it is for, who reads it and until when it is kept.
//!
//! Six columns of the survey sheet are this house's own and are left alone by other XLSForm tools: `class`, `purpose`,
//! `readers`, `keep`, `concept` for sums of money that have their like, and `depicts`, which says of a picture what is on it. Three columns of the settings sheet as well: `subject`, `filled_by` and
//! `title_en`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::beside::{self, Beside};
use crate::code::{check_code, check_unique, is_question_name, unknown};
use crate::expression::Expression;
use crate::finding::{Bilingual, Findings, Located, Place, say};
use crate::forbidden::{self, Kind};
use crate::keep::Keep;
use crate::manifest::Manifest;
use crate::question::{Answer, Block, From, Question, Range, RowKind, parse_parameters, parse_type};
use crate::sheet::{Row, Sheet};
use crate::shorthand;
use crate::text::Texts;

/// What a form is about. The visit that carries the answers already names the one; no form asks who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Person,
    Household,
    Dwelling,
    Place,
    Organisation,
    Area,
    Worker,
}

impl Subject {
    pub const ALL: [(&'static str, Self); 7] = [
        ("person", Self::Person),
        ("household", Self::Household),
        ("dwelling", Self::Dwelling),
        ("place", Self::Place),
        ("organisation", Self::Organisation),
        ("area", Self::Area),
        ("worker", Self::Worker),
    ];

    /// As a pack writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, subject)| *subject == self).map_or("", |(name, _)| name)
    }

    /// Whether it is found behind a door; an organisation is where its door is.
    #[must_use]
    pub fn is_met(self) -> bool {
        matches!(self, Self::Person | Self::Household | Self::Dwelling | Self::Place | Self::Organisation)
    }

    /// Whether what is about the one is kept with what is about the other: households, dwellings, places and organisations
    /// are all known by their door.
    #[must_use]
    pub fn is_kept_as(self, other: Self) -> bool {
        let by_door = |subject: Self| subject.is_met() && subject != Self::Person;
        self == other || (by_door(self) && by_door(other))
    }

    pub(crate) fn parse(text: &Located<String>, findings: &mut Findings) -> Option<Self> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text.value);
        if found.is_none() {
            unknown(text, "主体", "subject", &Self::ALL.map(|(name, _)| name), findings);
        }
        found.map(|(_, subject)| *subject)
    }
}

/// How much harm an answer can do: the classes of `docs/privacy.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Public,
    Operational,
    Personal,
    Sensitive,
}

impl Class {
    const ALL: [(&'static str, Self); 4] = [
        ("public", Self::Public),
        ("operational", Self::Operational),
        ("personal", Self::Personal),
        ("sensitive", Self::Sensitive),
    ];

    /// As a pack writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, class)| *class == self).map_or("", |(name, _)| name)
    }
}

/// A form as the pack defines it.
#[derive(Clone, Debug)]
pub struct Form {
    pub code: Located<String>,
    pub title: String,
    /// The title in English, if the settings have one.
    pub title_en: Option<String>,
    /// What it is for in a sentence, for whoever chooses among forms; and in English.
    pub hint: Option<String>,
    pub hint_en: Option<String>,
    pub version: String,
    pub subject: Subject,
    /// Codes of the roles that may fill it in.
    pub filled_by: Vec<String>,
    /// The question that says of what a sheet is, where there is one for each: a month, a crop, a number. Of two of the same
    /// the one that was written later stands in a history, and the earlier one does not.
    pub one_for: Option<String>,
    pub fields: Vec<Field>,
    /// The files beside it that it shows or asks for.
    pub files: BTreeSet<String>,
    /// The conditions that the server leaves to the client, each with why.
    pub outside: Vec<(Located<String>, Bilingual)>,
    /// Questions that lack something and so are no fields yet: a rule on one of them is not wrong for that.
    pub(crate) unfinished: BTreeSet<String>,
}

/// A question whose answer is kept.
#[derive(Clone, Debug)]
pub struct Field {
    pub name: Located<String>,
    pub question: Question,
    pub labels: Texts,
    pub hints: Texts,
    pub class: Class,
    /// The code of a purpose of the programme.
    pub purpose: String,
    /// Codes of the roles that may read it.
    pub readers: Vec<String>,
    pub keep: Keep,
    /// What the answer is reckoned as, if it is a sum of money that has its like.
    pub concept: Option<String>,
    /// The groups that it stands in, outermost first.
    pub within: Vec<String>,
    /// Whether one of those is a repeat, so that there may be several answers.
    pub repeated: bool,
    /// The names of the choices, for questions that choose.
    pub choices: Vec<String>,
    /// Which of them are offered, if not all.
    pub filter: Option<Filter>,
    /// Another question, if the choices are the answers to that one.
    pub among: Option<String>,
    /// What a person reads of each of them.
    pub choice_labels: Vec<Texts>,
    /// The numbers that can be chosen, of a question of the type `range`.
    pub range: Option<Range>,
    /// Whether it is always asked and must always be answered: one that is asked on a condition is not.
    pub required: bool,
    /// If it must be answered whenever it is asked, or on a condition: that condition.
    pub required_if: Option<Expression>,
    /// The conditions under which it is asked: its own and those of the groups around it.
    pub relevant: Vec<Expression>,
    pub constraint: Option<Constraint>,
    /// How the client reckons it, if it does so at any time and not only when another answer changes.
    pub calculation: Option<Expression>,
}

/// Which choices are offered, given the other answers.
#[derive(Clone, Debug)]
pub struct Filter {
    pub expression: Expression,
    /// Of each choice what stands in the columns that the filter asks for.
    pub columns: BTreeMap<String, BTreeMap<String, String>>,
}

/// What an answer must fulfil.
#[derive(Clone, Debug)]
pub struct Constraint {
    pub expression: Expression,
    /// What whoever fills it in is told, if the form says it.
    pub message: Texts,
}

impl Form {
    /// Whether some question is answered with a picture, a sound or another file.
    #[must_use]
    pub fn asks_for_files(&self) -> bool {
        self.fields.iter().any(|field| field.question.answer == Answer::File)
    }

    /// Until when its answers are kept: all fields say the same. Without any, nothing is kept that could outlive the programme.
    #[must_use]
    pub fn keep(&self) -> Keep {
        self.fields.first().map_or(Keep::Programme, |field| field.keep)
    }

    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.value == name)
    }
}

/// The mistake of asking what no form may ask.
pub(crate) const FORBIDDEN: &str = "forbidden";

type Choices = BTreeMap<String, Vec<(Located<String>, Texts)>>;

/// Reads a form of which nothing is trusted; every mistake is told, and `None` is returned if there is no form at all.
pub(crate) fn read(
    file: &str,
    stem: &str,
    sheets: &[Sheet],
    manifest: &Manifest,
    beside: Beside<'_>,
    findings: &mut Findings,
) -> Option<Form> {
    check_unique(sheets.iter().map(|sheet| &sheet.name), "sheet 表", findings);
    let find = |name: &str| sheets.iter().find(|sheet| sheet.name.value == name);
    let Some(survey) = find("survey") else {
        findings.add(
            &Place::whole(file),
            "no_survey",
            say("没有 survey 表：第一列写 survey，下面各行写问题", "there is no survey sheet: write survey in the first column, and the questions in the rows below"),
        );
        return None;
    };
    refuse_sheets(sheets, findings);
    let empty = Sheet { name: survey.name.clone(), columns: Vec::new(), rows: Vec::new() };
    let head = read_settings(file, stem, find("settings").unwrap_or(&empty), manifest, findings);
    let subject = head.subject.unwrap_or(Subject::Person);
    let settings = find("settings").unwrap_or(&empty);
    for sheet in sheets.iter().filter(|sheet| SHEETS.contains(&sheet.name.value.as_str())) {
        if let Some(cell) = sheet.rows.iter().find_map(|row| row.unnamed(&sheet.columns)) {
            findings.add(
                &cell.place,
                "no_column",
                say(
                    "这一格上面没有列名：请补上列名，或清空这一格",
                    "no column's name stands above this cell: write one, or empty the cell",
                ),
            );
        }
    }
    let choices_sheet = find("choices").unwrap_or(&empty);
    let choices = read_choices(choices_sheet, subject, manifest, findings);
    let mut files = BTreeSet::new();
    for sheet in [survey, choices_sheet] {
        beside::note_shown(sheet, beside, &mut files, findings);
    }
    let mut reader = Reader {
        survey,
        manifest,
        subject,
        choices: &choices,
        choices_sheet,
        beside,
        files,
        lists: BTreeMap::new(),
        keep: None,
        names: BTreeSet::new(),
        unfinished: BTreeSet::new(),
        within: Vec::new(),
        relevant: Vec::new(),
        steps: Vec::new(),
    };
    let mut fields = reader.read(findings);
    reader.check_references([survey, choices_sheet, settings], findings);
    reader.check_lists_looked_up(findings);
    let outside = set_apart(&mut fields);
    if let Some(named) = &head.one_for {
        check_one_for(named, &fields, &reader.unfinished, findings);
    }
    Some(Form {
        code: Located { value: stem.to_owned(), place: Place::whole(file) },
        title: head.title,
        title_en: head.title_en,
        hint: head.hint,
        hint_en: head.hint_en,
        version: head.version,
        subject,
        filled_by: head.filled_by,
        one_for: head.one_for.map(|named| named.value),
        fields,
        files: reader.files,
        outside,
        unfinished: reader.unfinished,
    })
}

#[derive(Default)]
struct Head {
    title: String,
    title_en: Option<String>,
    hint: Option<String>,
    hint_en: Option<String>,
    version: String,
    subject: Option<Subject>,
    filled_by: Vec<String>,
    one_for: Option<Located<String>>,
}

/// A sheet that is one for a month or a matter says of which: by a question that is always answered, and once.
fn check_one_for(
    named: &Located<String>,
    fields: &[Field],
    unfinished: &BTreeSet<String>,
    findings: &mut Findings,
) {
    let fits = |field: &Field| {
        let tells = matches!(field.question.answer, Answer::Day | Answer::Text | Answer::One | Answer::Whole);
        tells && !field.repeated && field.required && field.relevant.is_empty()
    };
    let own = fields.iter().find(|field| field.name.value == named.value);
    if unfinished.contains(&named.value) || own.is_some_and(fits) {
        return;
    }
    let known: Vec<&str> =
        fields.iter().filter(|field| fits(field)).map(|field| field.name.value.as_str()).collect();
    unknown(
        named,
        "必答的日期、文字、整数或单选问题",
        "date, text, whole number or choice that is always asked and required",
        &known,
        findings,
    );
}

fn read_settings(
    file: &str,
    stem: &str,
    settings: &Sheet,
    manifest: &Manifest,
    findings: &mut Findings,
) -> Head {
    let Some(row) = settings.rows.first() else {
        findings.add(
            &Place::whole(file),
            "no_settings",
            say(
                "没有 settings 表：要有 form_id、form_title、version、subject、filled_by",
                "there is no settings sheet: it holds form_id, form_title, version, subject and filled_by",
            ),
        );
        return Head::default();
    };
    let mut need = |name: &str| {
        let cell = settings.cell(row, name).cloned();
        if cell.is_none() {
            findings.add(
                row.place(),
                "missing",
                say(format!("settings 缺少 {name}"), format!("the settings have no {name}")),
            );
        }
        cell
    };
    let [id, title, version, subject, filled_by] =
        ["form_id", "form_title", "version", "subject", "filled_by"].map(&mut need);
    if let Some(id) = check_code(id, "form_id", findings).filter(|id| id.value != stem) {
        let name = &id.value;
        findings.add(
            &id.place,
            "form_id",
            say(
                format!("form_id 是 {name}，文件名是 {stem}：两者须一致"),
                format!("the form_id is {name} and the file's name is {stem}: they must be the same"),
            ),
        );
    }
    let said = |name: &str| settings.cell(row, name).map(|cell| cell.value.clone());
    let subject = subject.and_then(|cell| Subject::parse(&cell, findings));
    check_wording(settings, row, subject.unwrap_or(Subject::Person), manifest, findings);
    Head {
        title: title.map(|cell| cell.value).unwrap_or_default(),
        title_en: said("title_en"),
        hint: said("hint"),
        hint_en: said("hint_en"),
        version: version.map(|cell| cell.value).unwrap_or_default(),
        subject,
        filled_by: filled_by.map(|cell| manifest.roles_named(&cell, findings)).unwrap_or_default(),
        one_for: settings.cell(row, "one_for").cloned(),
    }
}

fn read_choices(sheet: &Sheet, subject: Subject, manifest: &Manifest, findings: &mut Findings) -> Choices {
    let mut choices = Choices::new();
    for row in &sheet.rows {
        let Some(list) = sheet.cell(row, "list_name") else { continue };
        let Some(name) = sheet.cell(row, "name") else {
            findings.add(row.place(), "missing", say("选项没有 name", "the choice has no name"));
            continue;
        };
        let labels = labels(sheet, row, "label", manifest).value;
        labels.check(&format!("选项 choice {}", name.value), &manifest.languages, row.place(), findings);
        check_wording(sheet, row, subject, manifest, findings);
        choices.entry(list.value.clone()).or_default().push((name.clone(), labels));
    }
    for (list, choices) in &choices {
        let told: Vec<Vec<&str>> = choices.iter().map(|(name, labels)| told(&name.value, labels)).collect();
        for (at, people) in forbidden::by_choices(&told) {
            if let Some((name, _)) = choices.get(at) {
                refuse(&name.place, forbidden::of_peoples(), Some(people), findings);
            }
        }
        check_unique(choices.iter().map(|(name, _)| name), &format!("选项 choice {list}"), findings);
    }
    choices
}

/// All that a choice is called.
fn told<'t>(name: &'t str, labels: &'t Texts) -> Vec<&'t str> {
    labels.iter().map(|(_, label)| label).chain([name]).collect()
}

/// The sheets that are read.
const SHEETS: [&str; 3] = ["survey", "choices", "settings"];

fn check_choice_name(name: &str, place: &Place, findings: &mut Findings) {
    if name.contains(char::is_whitespace) {
        findings.add(
            place,
            "choice_name",
            say(
                "选项的 name 不能含空格：多选的答案以空格分开",
                "a choice's name cannot hold a space: several choices are kept with spaces between them",
            ),
        );
    }
}

/// Sheets that would change the form and of which nothing is taken.
fn refuse_sheets(sheets: &[Sheet], findings: &mut Findings) {
    for sheet in sheets.iter().filter(|sheet| !sheet.rows.is_empty()) {
        let (zh, en) = match sheet.name.value.as_str() {
            "entities" => {
                ("人和户由登记簿记，表单不建实体", "people and dwellings are registered, not made by a form")
            }
            "external_choices" => (
                "请把列表存成 CSV 放进 forms/media/，用 select_one_from_file",
                "save the list as a CSV in forms/media/ and ask with select_one_from_file",
            ),
            "osm" => ("请改用 select_one", "ask with select_one"),
            _ => continue,
        };
        let name = &sheet.name.value;
        findings.add(
            &sheet.name.place,
            "untranslated_sheet",
            say(format!("不能转换 {name} 表：{zh}"), format!("the sheet {name} cannot be translated: {en}")),
        );
    }
}

/// The texts of a column in every language, `label::中文 (zh)` and `label::English (en)`; a column without a language is
/// of the first language of the programme.
fn labels(sheet: &Sheet, row: &Row, name: &str, manifest: &Manifest) -> Located<Texts> {
    let mut texts = Texts::default();
    for (index, column) in sheet.columns.iter().enumerate() {
        let Some(rest) = column.value.strip_prefix(name) else { continue };
        let language = match rest.strip_prefix("::") {
            Some(language) => language_tag(language),
            None if rest.is_empty() => manifest.languages.first().map_or("", String::as_str),
            None => continue,
        };
        if let Some(cell) = row.get(index) {
            texts.insert(language, cell.value.clone());
        }
    }
    Located { value: texts, place: row.place().clone() }
}

/// `中文 (zh)` is `zh`.
pub(crate) fn language_tag(text: &str) -> &str {
    text.rsplit_once('(').and_then(|(_, tag)| tag.trim().strip_suffix(')')).unwrap_or(text).trim()
}

/// Refuses what no form may ask, by every text of a row that a person reads and by its name.
fn check_wording(sheet: &Sheet, row: &Row, subject: Subject, manifest: &Manifest, findings: &mut Findings) {
    for (index, column) in sheet.columns.iter().enumerate() {
        let read = [
            "name",
            "label",
            "hint",
            "guidance_hint",
            "list_name",
            "constraint_message",
            "required_message",
            "form_title",
            "title_en",
            "hint_en",
        ];
        if !read.iter().any(|name| {
            column.value == *name
                || column.value.strip_prefix(name).is_some_and(|rest| rest.starts_with("::"))
        }) {
            continue;
        }
        let Some(cell) = row.get(index) else { continue };
        if let Some(found) = forbidden::by_wording(&cell.value, subject == Subject::Worker) {
            refuse(&cell.place, found.kind, Some(found.word), findings);
        } else if let Some(own) = manifest.forbidden.iter().find(|own| own.matches(&cell.value)) {
            findings.add(
                &cell.place,
                FORBIDDEN,
                say(
                    format!("本专项方案不许询问{}", own.name.get("zh").unwrap_or_default()),
                    format!("this programme may not ask for {}", own.name.get("en").unwrap_or_default()),
                ),
            );
        }
    }
}

/// `word` is the one by which it was found.
fn refuse(place: &Place, kind: &Kind, word: Option<&str>, findings: &mut Findings) {
    let [zh, en] = match word.map(|word| word.replace('_', " ")) {
        Some(word) => [format!("（这里写了“{word}”）"), format!(" (here by the word {word:?})")],
        None => [String::new(), String::new()],
    };
    findings.add(
        place,
        FORBIDDEN,
        say(
            format!("任何表单都不许询问{}{zh}。{}", kind.zh, kind.instead_zh),
            format!("no form may ask for {}{en}; {}", kind.en, kind.instead_en),
        ),
    );
}

/// What a picture may be of.
const DEPICTED: [&str; 4] = ["place", "thing", "paper", "signature"];
/// What it may not be of, as it would be written.
const PEOPLE: [&str; 6] = ["person", "people", "face", "faces", "portrait", "body"];

struct Reader<'r> {
    survey: &'r Sheet,
    manifest: &'r Manifest,
    subject: Subject,
    choices: &'r Choices,
    choices_sheet: &'r Sheet,
    beside: Beside<'r>,
    files: BTreeSet<String>,
    /// Those that were read already.
    lists: BTreeMap<String, Option<Arc<beside::List>>>,
    /// What the first field says, which goes for all, and how that is written.
    keep: Option<(Keep, String)>,
    names: BTreeSet<String>,
    unfinished: BTreeSet<String>,
    within: Vec<(Block, String, Place)>,
    /// Of each of those, the condition under which it is asked.
    relevant: Vec<Option<Expression>>,
    /// Of each of those, what it says of where and when.
    steps: Vec<Step>,
}

/// What the questions within a group say of where and when: asked again and again, both are a trail.
#[derive(Clone, Debug, Default)]
struct Step {
    spot: Option<Place>,
    time: bool,
}

impl Reader<'_> {
    fn read(&mut self, findings: &mut Findings) -> Vec<Field> {
        let mut fields = Vec::new();
        for row in &self.survey.rows {
            let Some(kind) = self.survey.cell(row, "type") else {
                findings.add(row.place(), "missing", say("这一行没有 type", "this row has no type"));
                continue;
            };
            match parse_type(&kind.value) {
                Some(RowKind::Begin(block)) => self.begin(block, row, findings),
                Some(RowKind::End(block)) => self.end(block, &kind.place, findings),
                Some(RowKind::Question(question)) => {
                    fields.extend(self.question(question, row, kind, findings))
                }
                None => {
                    let text = &kind.value;
                    findings.add(
                        &kind.place,
                        "unknown_type",
                        say(
                            format!("没有 {text:?} 这种问题类型"),
                            format!("there is no question type {text:?}"),
                        ),
                    );
                }
            }
        }
        for (block, name, place) in self.within.drain(..) {
            let block = block.name();
            findings.add(
                &place,
                "not_closed",
                say(format!("{name} 没有 end {block}"), format!("{name} has no end {block}")),
            );
        }
        fields
    }

    fn name(&mut self, row: &Row, findings: &mut Findings) -> Option<Located<String>> {
        let Some(name) = self.survey.cell(row, "name") else {
            findings.add(row.place(), "missing", say("这一行没有 name", "this row has no name"));
            return None;
        };
        if !self.names.insert(name.value.clone()) {
            let text = &name.value;
            findings.add(
                &name.place,
                "twice",
                say(
                    format!("{text} 在本表单中已有：规则靠名字找到字段，名字不能重复"),
                    format!("{text} is already in this form: rules find a field by its name, so there can be one only"),
                ),
            );
        }
        if !is_question_name(&name.value) {
            let text = &name.value;
            findings.add(
                &name.place,
                "not_a_name",
                say(
                    format!("{text:?} 不能作问题的 name：以字母、汉字或下划线开头，只含字母、汉字、数字、下划线、连字符和点，也不能叫 on"),
                    format!(
                        "{text:?} cannot be the name of a question: letters, digits, underscores, hyphens and dots, beginning with a \
                         letter or an underscore, and not on, which is the day of the answers"
                    ),
                ),
            );
            return None;
        }
        Some(name.clone())
    }

    fn begin(&mut self, block: Block, row: &Row, findings: &mut Findings) {
        check_wording(self.survey, row, self.subject, self.manifest, findings);
        let name = self.name(row, findings).map(|name| name.value).unwrap_or_default();
        self.within.push((block, name, row.place().clone()));
        self.relevant.push(self.expression(row, "relevant"));
        self.steps.push(Step::default());
    }

    /// Notes where and when something was, of the groups that a question stands in.
    fn note_step(&mut self, question: &Question, row: &Row, kind: &Located<String>) {
        let calculation = self.survey.cell(row, "calculation").map_or("", |cell| cell.value.as_str());
        let time = matches!(question.answer, Answer::Day | Answer::Time | Answer::Moment)
            || ["now(", "today("].iter().any(|now| calculation.contains(now));
        if let Some(step) = self.steps.last_mut() {
            step.time |= time;
            if question.answer == Answer::Point {
                step.spot.get_or_insert_with(|| kind.place.clone());
            }
        }
    }

    /// A repeat with a place and a time is a trail; what a group holds is held by the one around it.
    fn end_step(&mut self, block: Block, findings: &mut Findings) {
        let Some(step) = self.steps.pop() else { return };
        if block == Block::Repeat
            && step.time
            && let Some(spot) = &step.spot
        {
            refuse(spot, forbidden::of_trails(), None, findings);
            return;
        }
        if let Some(around) = self.steps.last_mut() {
            around.time |= step.time;
            around.spot = around.spot.take().or(step.spot);
        }
    }

    fn end(&mut self, block: Block, place: &Place, findings: &mut Findings) {
        self.relevant.pop();
        self.end_step(block, findings);
        match self.within.pop() {
            Some((open, _, _)) if open == block => {}
            Some((open, name, begun)) => {
                let (open, block) = (open.name(), block.name());
                findings.add(
                    place,
                    "not_nested",
                    say(
                        format!("end {block} 与 {begun} 的 begin {open}（{name}）不配对"),
                        format!("end {block} does not fit begin {open} ({name}) at {begun}"),
                    ),
                );
            }
            None => {
                let block = block.name();
                findings.add(
                    place,
                    "not_nested",
                    say(
                        format!("end {block} 之前没有 begin {block}"),
                        format!("end {block} without a begin {block} before it"),
                    ),
                );
            }
        }
    }

    fn question(
        &mut self,
        mut question: Question,
        row: &Row,
        kind: &Located<String>,
        findings: &mut Findings,
    ) -> Option<Field> {
        check_wording(self.survey, row, self.subject, self.manifest, findings);
        // By the type as written too: an alias hides nothing.
        let options = self.survey.cell(row, "parameters").map_or("", |options| options.value.as_str());
        if let Some(found) = forbidden::by_type(question.name, options) {
            refuse(&kind.place, found, None, findings);
        }
        self.note_step(&question, row, kind);
        let name = self.name(row, findings);
        let labels = labels(self.survey, row, "label", self.manifest);
        if is_heading(self.survey, row) {
            return None;
        }
        let is_filled =
            ["calculation", "trigger"].iter().any(|column| self.survey.cell(row, column).is_some());
        let is_told = labels.value.iter().next().is_some();
        if matches!(question.name, "csv-external" | "xml-external") {
            let ending = question.name.split_once('-').map_or("", |(ending, _)| ending);
            if let Some(name) = name {
                self.file(
                    &Located { value: format!("{}.{ending}", name.value), place: name.place },
                    findings,
                );
            }
            return None;
        }
        if question.answer.is_asked() && (is_told || !is_filled) {
            let what = name.as_ref().map_or("", |name| name.value.as_str());
            labels.value.check(what, &self.manifest.languages, row.place(), findings);
        }
        let (choices, choice_labels) = self.choices_of(&question, row, kind, findings);
        let range = self.range_of(&mut question, row, findings);
        if !question.answer.is_kept() {
            return None;
        }
        let class = self.class(row, findings);
        let purpose = self.purpose(row, findings);
        let readers = self.readers(row, findings);
        let keep = self.keep(row, findings);
        self.depicts(&question, row, findings);
        let concept = self.manifest.concept(self.survey.cell(row, "concept").cloned(), findings);
        let name = name?;
        let relevant: Vec<Expression> =
            self.relevant.iter().flatten().cloned().chain(self.expression(row, "relevant")).collect();
        let repeated = self.within.iter().any(|(block, _, _)| *block == Block::Repeat);
        let demand = self.survey.cell(row, "required").and_then(demand);
        let required = relevant.is_empty() && !repeated && matches!(demand, Some(None));
        let required_if = demand.filter(|_| !required && !repeated).map(|condition| {
            condition.unwrap_or_else(|| {
                Expression::parse(Located { value: "true()".into(), place: row.place().clone() })
            })
        });
        let constraint = self.expression(row, "constraint").map(|expression| Constraint {
            expression,
            message: self::labels(self.survey, row, "constraint_message", self.manifest).value,
        });
        let filter = self.filter(&question, row);
        self.unfinished.insert(name.value.clone());
        let among = match question.chosen_from() {
            Some(From::Answers(of)) => Some(of.to_owned()),
            _ => None,
        };
        let field = Field {
            name,
            question,
            labels: labels.value,
            hints: self::labels(self.survey, row, "hint", self.manifest).value,
            class: class?,
            purpose: purpose?,
            readers: readers?,
            keep: keep?,
            concept,
            within: self.within.iter().map(|(_, name, _)| name.clone()).collect(),
            repeated,
            choices,
            filter,
            among,
            choice_labels,
            range,
            required,
            required_if,
            relevant,
            constraint,
            calculation: self
                .expression(row, "calculation")
                .filter(|_| self.survey.cell(row, "trigger").is_none()),
        };
        self.unfinished.remove(&field.name.value);
        Some(field)
    }

    fn expression(&self, row: &Row, column: &str) -> Option<Expression> {
        self.survey.cell(row, column).cloned().map(Expression::parse)
    }

    fn filter(&self, question: &Question, row: &Row) -> Option<Filter> {
        let mut expression = Expression::parse_filter(self.survey.cell(row, "choice_filter")?.clone());
        let wanted = expression.columns();
        let mut columns: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        let mut note = |choice: &str, column: &str, text: &str| {
            let choice = columns.entry(choice.to_owned()).or_default();
            choice.insert(column.to_owned(), text.to_owned());
        };
        match question.chosen_from() {
            Some(From::Sheet(list)) => {
                let sheet = self.choices_sheet;
                let of_list =
                    |row: &&Row| sheet.cell(row, "list_name").is_some_and(|cell| cell.value == list);
                for row in sheet.rows.iter().filter(of_list) {
                    let Some(choice) = sheet.cell(row, "name") else { continue };
                    for cell in wanted.iter().filter_map(|column| Some((column, sheet.cell(row, column)?))) {
                        note(&choice.value, cell.0, &cell.1.value);
                    }
                }
            }
            Some(From::File(file)) => {
                let list = self.lists.get(file).cloned().flatten()?;
                let value = self.column_of_file(file, row, "value");
                for column in &wanted {
                    let (Some(names), Some(cells)) = (list.column(&value), list.column(column)) else {
                        continue;
                    };
                    for ((_, choice), (_, text)) in names.zip(cells).filter(|(_, (_, text))| !text.is_empty())
                    {
                        note(choice, column, text);
                    }
                }
            }
            // Which answer of a repeat belongs to which is not kept.
            Some(From::Answers(_)) => {
                expression.lies_outside(say("从重复组的答案里选", "it chooses from the answers of a repeat"));
            }
            None => {}
        }
        Some(Filter { expression, columns })
    }

    /// Which column of a list beside the form holds the names or the labels of its choices.
    fn column_of_file(&self, file: &str, row: &Row, what: &str) -> String {
        let parameters = self.survey.cell(row, "parameters").and_then(|cell| parse_parameters(&cell.value));
        let said = parameters.as_ref().and_then(|parameters| parameters.get(what)).cloned();
        said.unwrap_or_else(|| {
            match (what, file.ends_with(".geojson")) {
                ("value", true) => "id",
                ("value", false) => "name",
                (_, true) => "title",
                (_, false) => "label",
            }
            .to_owned()
        })
    }

    /// A list beside the form, if it is there; what is wrong with it is told.
    fn file(&mut self, named: &Located<String>, findings: &mut Findings) -> Option<Arc<beside::List>> {
        if let Some(known) = self.lists.get(&named.value) {
            return known.clone();
        }
        if !self.beside.is_there(named, beside::Kind::List, findings) {
            return None;
        }
        let stem = beside::list_id(&named.value);
        let other = self.files.iter().find(|file| **file != named.value && beside::list_id(file) == stem);
        let clashes = other.is_some_and(|file| beside::kind_of(file) == Some(beside::Kind::List));
        if clashes || self.choices.contains_key(stem) {
            findings.add(
                &named.place,
                "twice",
                say(
                    format!("{stem} 已是另一个列表的名字：请给文件改名"),
                    format!("{stem} is the name of another list already: rename the file"),
                ),
            );
        }
        self.files.insert(named.value.clone());
        let list = self.beside.list(&named.value, findings).map(Arc::new);
        self.lists.insert(named.value.clone(), list.clone());
        list
    }

    /// The choices in a file: the columns `name` and `label`, or those that the parameters say.
    fn choices_of_file(
        &mut self,
        named: &Located<String>,
        several: bool,
        row: &Row,
        findings: &mut Findings,
    ) -> (Vec<String>, Vec<Texts>) {
        let [value, label] = ["value", "label"].map(|what| self.column_of_file(&named.value, row, what));
        let Some(list) = self.file(named, findings) else { return Default::default() };
        let (Some(names), Some(labels)) = (list.column(&value), list.column(&label)) else {
            let known: Vec<&str> = list.columns.iter().map(String::as_str).collect();
            for column in [value, label].iter().filter(|column| !known.contains(&column.as_str())) {
                let place = Place::whole(&format!("{}{}", beside::FOLDER, named.value));
                unknown(&Located { value: column.clone(), place }, "列", "column", &known, findings);
            }
            return Default::default();
        };
        let rows: Vec<_> = names.zip(labels).collect();
        let called: Vec<Vec<&str>> = rows.iter().map(|((_, name), (_, label))| vec![*name, *label]).collect();
        for (at, people) in forbidden::by_choices(&called) {
            if let Some(((place, _), _)) = rows.get(at) {
                refuse(place, forbidden::of_peoples(), Some(people), findings);
            }
        }
        let (mut choices, mut texts) = (Vec::new(), Vec::new());
        for ((place, name), (_, label)) in rows {
            if name.is_empty() || label.is_empty() {
                findings.add(
                    place,
                    "missing",
                    say("这个选项没有 name 或 label", "this choice has no name or no label"),
                );
                continue;
            }
            if several {
                check_choice_name(name, place, findings);
            }
            self.check_text(label, place, findings);
            let mut told = Texts::default();
            self.manifest.languages.iter().for_each(|language| told.insert(language, label.to_owned()));
            choices.push(name.to_owned());
            texts.push(told);
        }
        (choices, texts)
    }

    /// What a list says is held to what no form may ask, as what a sheet says.
    fn check_text(&self, text: &str, place: &Place, findings: &mut Findings) {
        if let Some(found) = forbidden::by_wording(text, self.subject == Subject::Worker) {
            refuse(place, found.kind, Some(found.word), findings);
        }
    }

    /// The lists that expressions look up, with their columns.
    fn check_lists_looked_up(&mut self, findings: &mut Findings) {
        let survey = self.survey;
        for (index, row) in
            survey.rows.iter().flat_map(|row| (0..survey.columns.len()).map(move |at| (at, row)))
        {
            let Some(cell) = row.get(index) else { continue };
            let is_text = survey.columns.get(index).is_some_and(|column| column.value.contains("::"));
            if is_text {
                continue;
            }
            for found in beside::looked_up(&cell.value) {
                let Some((list, columns)) = found else {
                    findings.add(
                        &cell.place,
                        "pulldata",
                        say(
                            "pulldata 的列表和列名要写明，如 pulldata('streets', 'name', 'code', ${c})",
                            "pulldata names its list and columns as they are: pulldata('streets', 'name', 'code', ${c})",
                        ),
                    );
                    continue;
                };
                let named = Located { value: format!("{list}.csv"), place: cell.place.clone() };
                let Some(list) = self.file(&named, findings) else { continue };
                let known: Vec<&str> = list.columns.iter().map(String::as_str).collect();
                for column in columns.iter().filter(|column| !known.contains(&column.as_str())) {
                    let column = Located { value: column.clone(), place: cell.place.clone() };
                    unknown(&column, "列", "column", &known, findings);
                }
            }
        }
    }

    fn choices_of(
        &mut self,
        question: &Question,
        row: &Row,
        kind: &Located<String>,
        findings: &mut Findings,
    ) -> (Vec<String>, Vec<Texts>) {
        let several = question.answer == Answer::Several;
        let list = match question.chosen_from() {
            Some(From::Sheet(list)) => list.to_owned(),
            Some(From::File(file)) => {
                let named = Located { value: file.to_owned(), place: kind.place.clone() };
                return self.choices_of_file(&named, several, row, findings);
            }
            Some(From::Answers(_)) | None => return Default::default(),
        };
        let list = &list;
        let Some(choices) = self.choices.get(list) else {
            let named = Located { value: list.clone(), place: kind.place.clone() };
            let known: Vec<&str> = self.choices.keys().map(String::as_str).collect();
            unknown(&named, "选项表", "list of choices", &known, findings);
            return Default::default();
        };
        for (name, _) in choices.iter().filter(|_| several) {
            check_choice_name(&name.value, &name.place, findings);
        }
        choices.iter().map(|(name, labels)| (name.value.clone(), labels.clone())).unzip()
    }

    /// Of a question of the type `range`; its answers are whole numbers if all that it offers are.
    fn range_of(&self, question: &mut Question, row: &Row, findings: &mut Findings) -> Option<Range> {
        if question.name != "range" {
            return None;
        }
        let cell = self.survey.cell(row, "parameters");
        let range = Range::parse(cell.map_or("", |cell| cell.value.as_str()));
        if range.is_none() {
            findings.add(
                cell.map_or(row.place(), |cell| &cell.place),
                "range",
                say(
                    "range 的 parameters 写起点、终点和步长，如 start=0 end=10 step=1：终点大于起点，步长大于 0，别的还不能转换",
                    "the parameters of a range are its start, end and step, as start=0 end=10 step=1: the end is above the start, \
                     the step above 0, and nothing else can be translated yet",
                ),
            );
        }
        if range.is_some_and(Range::is_whole) {
            question.answer = Answer::Whole;
        }
        range
    }

    /// The cell of one of the four columns, or the finding that a field must have it.
    fn duty(
        &self,
        row: &Row,
        column: &str,
        zh: &str,
        en: &str,
        findings: &mut Findings,
    ) -> Option<Located<String>> {
        let cell = self.survey.cell(row, column).cloned();
        if cell.is_none() {
            let name = self.survey.cell(row, "name").map_or("", |name| name.value.as_str());
            findings.add(
                row.place(),
                column_code(column),
                say(
                    format!("字段 {name} 没有{zh}：请填 {column} 列"),
                    format!("the field {name} does not say {en}: fill the column {column}"),
                ),
            );
        }
        cell
    }

    /// A picture says what is on it, and that is nobody: whoever can be known by it is biometrics.
    fn depicts(&self, question: &Question, row: &Row, findings: &mut Findings) {
        if question.name != "image" {
            return;
        }
        let Some(cell) = self.duty(row, "depicts", "说明拍的是什么", "what is on the picture", findings)
        else {
            return;
        };
        if PEOPLE.contains(&cell.value.as_str()) {
            return refuse(&cell.place, forbidden::of_people(), None, findings);
        }
        if !DEPICTED.contains(&cell.value.as_str()) {
            return unknown(&cell, "所拍之物", "thing to depict", &DEPICTED, findings);
        }
        let appearance = self.survey.cell(row, "appearance").map_or("", |cell| cell.value.as_str());
        let signed = appearance.split_whitespace().any(|word| word == "signature");
        if signed != (cell.value == "signature") {
            findings.add(
                &cell.place,
                "depicts",
                say(
                    "签名的 depicts 写 signature，appearance 也写 signature；别的图片都不写",
                    "a signature has both depicts and appearance signature, and no other picture has either",
                ),
            );
        }
    }

    fn class(&self, row: &Row, findings: &mut Findings) -> Option<Class> {
        let cell = self.duty(row, "class", "说明敏感程度", "how much harm it can do", findings)?;
        let found = Class::ALL.iter().find(|(name, _)| *name == cell.value);
        if found.is_none() {
            unknown(&cell, "分级", "class", &Class::ALL.map(|(name, _)| name), findings);
        }
        found.map(|(_, class)| *class)
    }

    fn purpose(&self, row: &Row, findings: &mut Findings) -> Option<String> {
        let cell = self.duty(row, "purpose", "说明用途", "what it is for", findings)?;
        let known: Vec<&str> =
            self.manifest.purposes.iter().map(|purpose| purpose.code.value.as_str()).collect();
        if !known.contains(&cell.value.as_str()) {
            unknown(&cell, "用途", "purpose", &known, findings);
            return None;
        }
        Some(cell.value)
    }

    fn readers(&self, row: &Row, findings: &mut Findings) -> Option<Vec<String>> {
        let cell = self.duty(row, "readers", "说明谁能看", "who reads it", findings)?;
        Some(self.manifest.roles_named(&cell, findings))
    }

    fn keep(&mut self, row: &Row, findings: &mut Findings) -> Option<Keep> {
        let cell = self.duty(row, "keep", "说明保存到何时", "until when it is kept", findings)?;
        let keep = Keep::parse(&cell, findings)?;
        let (first, text) = self.keep.get_or_insert_with(|| (keep, cell.value.clone()));
        if *first != keep {
            findings.add(
                &cell.place,
                "keeps_differ",
                say(
                    format!(
                        "一张表单的答案一起加密、一起删除，keep 列只能有一种写法：上面写的是 {text}，这里写的是 {}；请改成一样，或把这个问题\
                         移到另一张表单",
                        cell.value
                    ),
                    format!(
                        "the answers of a form are sealed as one and erased as one, so its column keep says one thing: above it \
                         says {text}, here {}; write the same, or move this question to a form of its own",
                        cell.value
                    ),
                ),
            );
        }
        Some(keep)
    }

    /// Every `${name}` must name a row of this form.
    fn check_references(&self, sheets: [&Sheet; 3], findings: &mut Findings) {
        for (sheet, row) in sheets.iter().flat_map(|sheet| sheet.rows.iter().map(move |row| (sheet, row))) {
            for index in 0..sheet.columns.len() {
                let Some(cell) = row.get(index) else { continue };
                for name in references(&cell.value) {
                    if !self.names.contains(name) {
                        findings.add(
                            &cell.place,
                            "unknown_name",
                            say(
                                format!("${{{name}}} 不是本表单的字段"),
                                format!("${{{name}}} is no field of this form"),
                            ),
                        );
                    }
                }
            }
        }
    }
}

/// The line over a table of choices, which says what its columns mean and is never answered.
fn is_heading(survey: &Sheet, row: &Row) -> bool {
    let name = survey.cell(row, "name").map_or("", |name| name.value.as_str());
    name.starts_with(shorthand::HEADING)
}

/// Whether a `required` cell demands an answer: always (`Some(None)`), or on a condition.
fn demand(cell: &Located<String>) -> Option<Option<Expression>> {
    match cell.value.to_lowercase().replace(' ', "").as_str() {
        "yes" | "true" | "true()" => Some(None),
        "no" | "false" | "false()" => None,
        _ => Some(Some(Expression::parse(cell.clone()))),
    }
}

/// Marks the conditions that cannot be judged from the answers as they are kept, and gives all that are not judged.
fn set_apart(fields: &mut [Field]) -> Vec<(Located<String>, Bilingual)> {
    let kinds: BTreeMap<String, (Answer, bool)> = fields
        .iter()
        .map(|field| (field.name.value.clone(), (field.question.answer, field.repeated)))
        .collect();
    let has_no_value =
        |answer| matches!(answer, Answer::Time | Answer::Moment | Answer::Point | Answer::File);
    let mut outside: Vec<(Located<String>, Bilingual)> = Vec::new();
    for field in fields {
        let (own, repeated) = (field.question.answer, field.repeated);
        let conditions = field
            .relevant
            .iter_mut()
            .chain(&mut field.required_if)
            .chain(field.filter.iter_mut().map(|filter| &mut filter.expression))
            .map(|expression| (expression, false))
            .chain(field.constraint.iter_mut().map(|constraint| (&mut constraint.expression, true)));
        for (expression, of_answer) in conditions {
            let names = expression.names();
            let why = names.iter().find_map(|name| match kinds.get(name) {
                None => Some(name.clone()),
                // Which answer of a repeat belongs to which is not kept.
                Some((answer, other)) => (has_no_value(*answer) || *other && repeated).then(|| name.clone()),
            });
            let why = why.or_else(|| (of_answer && has_no_value(own)).then(|| field.name.value.clone()));
            if let Some(name) = why {
                expression.lies_outside(say(
                    format!("用到服务器不能判断的 {name}"),
                    format!("it needs {name}, which the server cannot judge by"),
                ));
            }
            if let Some(why) = expression.outside()
                && !outside.iter().any(|(text, _)| text.place == expression.text.place)
            {
                outside.push((expression.text.clone(), why.clone()));
            }
        }
    }
    outside
}

fn column_code(column: &str) -> &'static str {
    match column {
        "class" => "no_class",
        "purpose" => "no_purpose",
        "readers" => "no_readers",
        "depicts" => "no_depicts",
        _ => "no_keep",
    }
}

/// The names in `${name}`; `${last-saved#name}` is a name too.
fn references(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let name = rest.split_once('}')?.0.trim();
        Some(name.strip_prefix("last-saved#").unwrap_or(name))
    })
}

/// Whether the answers to a field may hold more than one value at a time.
#[must_use]
pub fn is_list(field: &Field) -> bool {
    field.repeated || field.question.answer == Answer::Several
}
