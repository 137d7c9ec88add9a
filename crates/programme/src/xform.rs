//! From the sheets of an XLSForm to the XForm that phones fill in.
//!
//! What it cannot translate it names, with its cell; it never leaves anything out. Held against pyxform on the forms of
//! `tests/xforms`.

use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesText, Event};

use crate::beside;
use crate::code::check_unique;
use crate::expression::Expression;
use crate::finding::{Findings, Located, say};
use crate::question::{
    Answer, Block, From, Question, Range, RowKind, is_reference, parse_parameters, parse_type,
};
use crate::sheet::{Row, Sheet};
use crate::shorthand::HEADING;

mod texts;

use texts::Told;

/// Columns of the survey sheet that are translated, and those that are this house's own and are left out.
const PLAIN: [&str; 13] = [
    "type",
    "name",
    "required",
    "relevant",
    "constraint",
    "calculation",
    "appearance",
    "default",
    "choice_filter",
    "repeat_count",
    "read_only",
    "trigger",
    "parameters",
];
const TRANSLATED: [&str; 5] = ["label", "hint", "guidance_hint", "constraint_message", "required_message"];
const OWN: [&str; 7] = ["class", "purpose", "readers", "keep", "concept", "depicts", "disabled"];
/// Columns that give an element of the XForm a further attribute, as `bind::odk:length`.
const ADDING: [&str; 3] = ["bind", "body", "instance"];
/// Attributes that follow from the other columns, or that would hand a question to another program.
const FIXED: [&str; 12] = [
    "nodeset",
    "ref",
    "id",
    "type",
    "mediatype",
    "calculate",
    "jr:preload",
    "jr:preloadParams",
    "jr:template",
    "query",
    "intent",
    "bodyless",
];

/// What a question becomes: its control, the type of its bind, and further attributes of either.
struct Shape {
    control: Option<&'static str>,
    kind: &'static str,
    media: Option<&'static str>,
    preload: Option<(&'static str, &'static str)>,
}

fn shape(question: &Question) -> Option<Shape> {
    let asked = |control, kind| Shape { control: Some(control), kind, media: None, preload: None };
    let upload = |media| Shape { control: Some("upload"), kind: "binary", media: Some(media), preload: None };
    let filled = |kind, preload| Shape { control: None, kind, media: None, preload };
    Some(match question.name {
        "text" | "note" => asked("input", "string"),
        "integer" => asked("input", "int"),
        "decimal" => asked("input", "decimal"),
        "date" => asked("input", "date"),
        "time" => asked("input", "time"),
        "datetime" => asked("input", "dateTime"),
        "barcode" => asked("input", "barcode"),
        "geopoint" => asked("input", "geopoint"),
        "geoshape" => asked("input", "geoshape"),
        "acknowledge" => asked("trigger", "string"),
        "rank" => asked("odk:rank", "odk:rank"),
        "file" => upload("application/*"),
        "range" => asked("range", if question.answer == Answer::Whole { "int" } else { "decimal" }),
        "select_one" => asked("select1", "string"),
        "select_multiple" => asked("select", "string"),
        "image" => upload("image/*"),
        "audio" => upload("audio/*"),
        "video" => upload("video/*"),
        "calculate" | "hidden" => filled("string", None),
        "start" => filled("dateTime", Some(("timestamp", "start"))),
        "end" => filled("dateTime", Some(("timestamp", "end"))),
        "today" => filled("date", Some(("date", "today"))),
        "deviceid" => filled("string", Some(("property", "deviceid"))),
        "username" => filled("string", Some(("property", "username"))),
        "phonenumber" => filled("string", Some(("property", "phonenumber"))),
        "email" => filled("string", Some(("property", "email"))),
        _ => return None,
    })
}

/// The kind of numbers that a range offers follows from its parameters.
fn shape_of(question: &mut Question, survey: &Sheet, row: &Row) -> Option<Shape> {
    if question.name == "range" {
        let parameters = survey.cell(row, "parameters").map_or("", |cell| cell.value.as_str());
        if Range::parse(parameters)?.is_whole() {
            question.answer = Answer::Whole;
        }
    }
    shape(question)
}

/// One row of the survey with what stands within it.
struct Node<'s> {
    name: String,
    path: String,
    row: &'s Row,
    what: What,
    children: Vec<Node<'s>>,
}

enum What {
    Block(Block),
    Question(Question, Shape),
    /// A list beside the form that an expression may ask for.
    List(String),
}

/// For clients that know nothing of doors: a form that begins by asking whom it is about.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub programme: &'a str,
    /// Of the programme, under which the answers are kept.
    pub version: &'a str,
    /// Whether it asks for one of the people behind the door too.
    pub person: bool,
}

/// Translates a form that [`crate::form`] found right. `None` if anything in it cannot be translated, which is told.
pub(crate) fn translate(
    code: &str,
    sheets: &[Sheet],
    asking: Option<Asking<'_>>,
    findings: &mut Findings,
) -> Option<String> {
    let before = findings.len();
    let find = |name: &str| sheets.iter().find(|sheet| sheet.name.value == name);
    let survey = find("survey")?;
    let settings = find("settings")?;
    let setting = |name: &str| {
        settings.rows.first().and_then(|row| settings.cell(row, name)).map_or("", |cell| cell.value.as_str())
    };
    refuse_columns(survey, findings);
    let mut rows = survey.rows.iter();
    let nodes = nest(survey, &mut rows, &format!("/{ROOT}"), findings);
    let mut paths = BTreeMap::new();
    note_paths(&nodes, &mut Vec::new(), &mut paths);
    let id = asking.map_or_else(|| code.to_owned(), |asking| form_id(asking.programme, code));
    let form = Form {
        id: &id,
        asking,
        title: setting("form_title"),
        version: asking.map_or(setting("version"), |asking| asking.version),
        default: Some(setting("default_language")).filter(|name| !name.is_empty()).unwrap_or("default"),
        style: setting("style"),
        settings,
        survey,
        choices: find("choices"),
        languages: Vec::new(),
        nodes,
        paths,
    };
    let form = Form { languages: form.find_languages(), ..form };
    refuse_expressions(survey, findings);
    form.check(settings, findings);
    refuse_settings(settings, findings);
    for sheet in sheets.iter().filter(|sheet| sheet.name.value == "survey" || sheet.name.value == "choices") {
        refuse_texts(sheet, findings);
    }
    refuse_choices(form.choices, findings);
    refuse_controls(sheets, findings);
    if findings.len() > before {
        return None;
    }
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    form.write(&mut writer).ok()?;
    String::from_utf8(writer.into_inner()).ok().map(|text| format!("<?xml version=\"1.0\"?>\n{text}\n"))
}

const ROOT: &str = "data";

fn base(column: &str) -> &str {
    column.split_once("::").map_or(column, |(base, _)| base)
}

/// A filled column that would be left out is a mistake, or the phone would ask something else than the sheet says.
fn refuse_columns(survey: &Sheet, findings: &mut Findings) {
    let filled = survey.columns.iter().filter(|column| !column.value.is_empty());
    check_unique(filled, "column", findings);
    for (index, column) in survey.columns.iter().enumerate() {
        let known = PLAIN.contains(&column.value.as_str())
            || TRANSLATED.contains(&base(&column.value))
            || beside::shown(base(&column.value)).is_some()
            || adds(&column.value).is_some()
            || OWN.contains(&column.value.as_str());
        if known || column.value.is_empty() {
            continue;
        }
        if let Some(cell) = survey.rows.iter().find_map(|row| row.get(index)) {
            let name = &column.value;
            findings.add(
                &cell.place,
                "untranslated_column",
                say(
                    format!("不能转换 {name} 这一列"),
                    format!("the column {name} cannot be translated to an XForm"),
                ),
            );
        }
    }
}

/// What a column adds an attribute to, and the attribute's name.
fn adds(column: &str) -> Option<(&str, &str)> {
    let (to, name) = column.split_once("::").filter(|(to, _)| ADDING.contains(to))?;
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let plain = local.starts_with(|first: char| first.is_ascii_alphabetic())
        && local.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_');
    (plain && matches!(prefix, "" | "jr" | "orx" | "odk") && !FIXED.contains(&name)).then_some((to, name))
}

/// A further column of the choices becomes an element of that name.
fn refuse_choices(choices: Option<&Sheet>, findings: &mut Findings) {
    let named = |text: &str| {
        text.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
            && !["itextId", "__row"].contains(&text)
    };
    let filled = choices.iter().flat_map(|sheet| &sheet.columns).filter(|column| !column.value.is_empty());
    check_unique(filled.clone(), "column", findings);
    for column in filled {
        let (name, base) = (&column.value, base(&column.value));
        let is_text = base == "label" || beside::shown(base).is_some();
        if !is_text && !named(name) {
            findings.add(
                &column.place,
                "untranslated_column",
                say(
                    format!("不能转换选项的 {name} 这一列：列名只含字母、数字、下划线、连字符和点"),
                    format!(
                        "the column {name} of the choices cannot be translated to an XForm: name it with letters, digits, \
                         underscores, hyphens and dots"
                    ),
                ),
            );
        }
    }
}

/// Characters that no XML can hold.
fn refuse_controls(sheets: &[Sheet], findings: &mut Findings) {
    for sheet in sheets {
        for cell in sheet.rows.iter().flat_map(Row::cells).chain(&sheet.columns) {
            let refused = |letter: char| {
                (letter.is_control() && !matches!(letter, '\n' | '\r' | '\t'))
                    || matches!(letter, '\u{fffe}' | '\u{ffff}')
            };
            if cell.value.contains(refused) {
                findings.add(
                    &cell.place,
                    "control",
                    say(
                        "这一格里有看不见的控制字符：请重新输入",
                        "this cell holds an invisible control character: type it again",
                    ),
                );
            }
        }
    }
}

fn nest<'s>(
    survey: &'s Sheet,
    rows: &mut std::slice::Iter<'s, Row>,
    above: &str,
    findings: &mut Findings,
) -> Vec<Node<'s>> {
    let mut nodes = Vec::new();
    while let Some(row) = rows.next() {
        let Some(kind) = survey.cell(row, "type") else { continue };
        let name = survey.cell(row, "name").map(|name| name.value.clone()).unwrap_or_default();
        let path = format!("{above}/{name}");
        match parse_type(&kind.value) {
            Some(RowKind::End(_)) => break,
            Some(RowKind::Begin(block)) => {
                let children = nest(survey, rows, &path, findings);
                nodes.push(Node { name, path, row, what: What::Block(block), children });
            }
            Some(RowKind::Question(question)) if question.name.ends_with("-external") => {
                let ending = question.name.split_once('-').map_or("", |(ending, _)| ending);
                let what = What::List(format!("{name}.{ending}"));
                nodes.push(Node { name, path, row, what, children: Vec::new() });
            }
            Some(RowKind::Question(mut question)) => match shape_of(&mut question, survey, row) {
                Some(shape) => {
                    let what = What::Question(question, shape);
                    nodes.push(Node { name, path, row, what, children: Vec::new() });
                }
                None => untranslated_type(kind, findings),
            },
            None => untranslated_type(kind, findings),
        }
    }
    nodes
}

fn untranslated_type(kind: &Located<String>, findings: &mut Findings) {
    let name = &kind.value;
    findings.add(
        &kind.place,
        "untranslated_type",
        say(
            format!("不能转换 {name} 这种问题"),
            format!("a question of the type {name} cannot be translated to an XForm"),
        ),
    );
}

/// Where each name stands, with the repeats around it.
fn note_paths(
    nodes: &[Node<'_>],
    repeats: &mut Vec<String>,
    paths: &mut BTreeMap<String, (String, Vec<String>)>,
) {
    for node in nodes.iter().filter(|node| !matches!(node.what, What::List(_))) {
        paths.insert(node.name.clone(), (node.path.clone(), repeats.clone()));
        let is_repeat = matches!(node.what, What::Block(Block::Repeat));
        if is_repeat {
            repeats.push(node.path.clone());
        }
        note_paths(&node.children, repeats, paths);
        if is_repeat {
            repeats.pop();
        }
    }
}

/// The name of a form where forms of several programmes stand side by side.
#[must_use]
pub fn form_id(programme: &str, form: &str) -> String {
    format!("{programme}.{form}")
}

/// The group in which a form asks whom it is about, and on which day that was.
pub const ABOUT: &str = "wanjia";
/// What it asks first: by the question's name, the list it chooses from, and its label.
const DOOR: (&str, &str, [&str; 2]) = ("door", "doors", ["哪一户", "Which door"]);
const PERSON: (&str, &str, [&str; 2]) = ("person", "people", ["哪一位", "Who"]);

/// The settings that an XForm takes up, and those that the programme reads.
const SETTINGS: [&str; 14] = [
    "form_id",
    "form_title",
    "title_en",
    "hint",
    "hint_en",
    "version",
    "default_language",
    "style",
    "subject",
    "filled_by",
    "one_for",
    "instance_name",
    "auto_send",
    "auto_delete",
];

/// What a setting asks for is done or refused: a form that is to be encrypted must not go out as if it were.
fn refuse_settings(settings: &Sheet, findings: &mut Findings) {
    let Some(row) = settings.rows.first() else { return };
    for column in settings.columns.iter().filter(|column| !SETTINGS.contains(&column.value.as_str())) {
        let name = &column.value;
        if let Some(cell) = settings.cell(row, name) {
            findings.add(
                &cell.place,
                "untranslated_setting",
                say(
                    format!("不能转换 settings 的 {name}"),
                    format!("{name} of the settings cannot be translated to an XForm"),
                ),
            );
        }
    }
}

/// What no client could reckon: it would open the form and stop.
fn refuse_expressions(survey: &Sheet, findings: &mut Findings) {
    const RECKONED: [&str; 7] =
        ["relevant", "constraint", "calculation", "required", "read_only", "choice_filter", "repeat_count"];
    for (row, column) in survey.rows.iter().flat_map(|row| RECKONED.map(|column| (row, column))) {
        let Some(cell) = survey.cell(row, column).filter(|cell| Expression::is_torn(&cell.value)) else {
            continue;
        };
        findings.add(
            &cell.place,
            "not_an_expression",
            say(
                "这一格不是算式：括号、引号或运算符不成对或缺了一边",
                "this is no expression: a bracket or a quotation mark is not closed, or one side of an operator is missing",
            ),
        );
    }
}

/// What stands in a cell of the survey and would come out as something else.
fn refuse_texts(sheet: &Sheet, findings: &mut Findings) {
    const UNTRANSLATED: [(&str, &str, &str); 1] =
        [("search(", "请用 select_one_from_file", "ask with select_one_from_file")];
    for row in &sheet.rows {
        for (index, column) in sheet.columns.iter().enumerate() {
            let Some(cell) = row.get(index) else { continue };
            let is_name = |letter: char| letter.is_alphanumeric() || "_-.:#".contains(letter);
            let names = |part: &str| {
                part.split_once('}').is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_name))
            };
            let is_text = TRANSLATED.contains(&base(&column.value));
            let is_read = sheet.name.value == "survey" || is_text;
            if is_text && cell.value.contains("instance(") {
                findings.add(
                    &cell.place,
                    "untranslated",
                    say(
                        "文字里不能写 instance()：请先写一个 calculate，再引用 ${它}",
                        "a text cannot hold an instance(): write a calculate and show ${it}",
                    ),
                );
            }
            if is_read && !cell.value.split("${").skip(1).all(names) {
                findings.add(
                    &cell.place,
                    "reference",
                    say(
                        "引用字段要写成 ${字段名}：以 ${ 开头，以 } 结尾",
                        "a field is named as ${name}: with ${ before it and } behind it",
                    ),
                );
            }
            let found = UNTRANSLATED.iter().find(|(what, ..)| cell.value.contains(what));
            if let Some((what, zh, en)) = found.filter(|_| column.value == "appearance") {
                let what = what.trim_end_matches('(');
                findings.add(
                    &cell.place,
                    "untranslated",
                    say(
                        format!("不能转换 {what}：{zh}"),
                        format!("{what} cannot be translated to an XForm: {en}"),
                    ),
                );
            }
        }
    }
}

/// Whether what comes next is the field or the repeat of an `indexed-repeat`, which are told from the top; the numbers
/// between them are not.
fn is_looked_up(before: &str) -> bool {
    let Some((_, inside)) = before.rsplit_once("indexed-repeat(") else { return false };
    let (mut deep, mut commas) = (0_u32, 0_u32);
    for letter in inside.chars() {
        match letter {
            '(' => deep += 1,
            ')' if deep == 0 => return false,
            ')' => deep -= 1,
            ',' if deep == 0 => commas += 1,
            _ => {}
        }
    }
    deep == 0 && (commas == 0 || commas % 2 == 1)
}

/// Whether what comes next stands in the brackets behind an `instance()`.
fn is_filter(before: &str) -> bool {
    let depth = before.chars().fold(0_i32, |depth, letter| match letter {
        '[' => depth + 1,
        ']' => depth - 1,
        _ => depth,
    });
    depth > 0 && before.contains("instance(")
}

struct Form<'s> {
    style: &'s str,
    id: &'s str,
    asking: Option<Asking<'s>>,
    title: &'s str,
    version: &'s str,
    default: &'s str,
    settings: &'s Sheet,
    survey: &'s Sheet,
    choices: Option<&'s Sheet>,
    languages: Vec<String>,
    nodes: Vec<Node<'s>>,
    paths: BTreeMap<String, (String, Vec<String>)>,
}

/// Where in a repeat a field of the instance stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    Nothing,
    Template,
    First,
}

type Output = Writer<Vec<u8>>;

impl<'s> Form<'s> {
    fn check(&self, settings: &Sheet, findings: &mut Findings) {
        let is_named =
            self.settings.rows.first().is_some_and(|row| settings.cell(row, "default_language").is_some());
        if is_named && !self.languages.iter().any(|language| language == self.default) {
            let place = settings.rows.first().map_or(&settings.name.place, Row::place);
            let known = self.languages.join(", ");
            findings.add(
                place,
                "default_language",
                say(
                    format!("default_language 应为各列的语言之一：{known}"),
                    format!("the default_language must be one of those of the columns: {known}"),
                ),
            );
        }
        let at_the_top: Vec<*const Row> =
            self.nodes.iter().map(|node| std::ptr::from_ref(node.row)).collect();
        self.every_node(&self.nodes, &mut |node| {
            let is_top = at_the_top.contains(&std::ptr::from_ref(node.row));
            let is_reserved = node.name == "meta"
                || node.name == ROOT && matches!(node.what, What::Block(Block::Repeat))
                || self.asking.is_some() && is_top && node.name == ABOUT;
            if is_reserved {
                let name = &node.name;
                findings.add(
                    node.row.place(),
                    "reserved_name",
                    say(
                        format!("{name} 这个名字留给表单自己，如“是哪一户、哪一位”：请换一个"),
                        format!(
                            "the name {name} is kept for the form itself, as for whom it is about: choose another"
                        ),
                    ),
                );
            }
            self.check_shown(node, findings);
        });
        for row in &self.survey.rows {
            let kind = self.survey.cell(row, "type").and_then(|kind| parse_type(&kind.value));
            match &kind {
                Some(RowKind::Question(question)) => self.check_question(question, row, findings),
                Some(RowKind::Begin(_)) => self.check_block(row, findings),
                Some(RowKind::End(_)) | None => {}
            }
            for index in 0..self.survey.columns.len() {
                if let Some(cell) = row.get(index).filter(|cell| cell.value.contains("${last-saved#")) {
                    findings.add(
                        &cell.place,
                        "last_saved",
                        say(
                            "不能用 ${last-saved#…}：上一户的答案会带到下一户",
                            "no ${last-saved#…}: what was answered behind one door would stand behind the next",
                        ),
                    );
                }
            }
        }
    }

    fn every_node<'n>(&self, nodes: &'n [Node<'s>], each: &mut impl FnMut(&'n Node<'s>)) {
        for node in nodes {
            each(node);
            self.every_node(&node.children, each);
        }
    }

    /// A large picture is the large one of a small one.
    fn check_shown(&self, node: &Node<'s>, findings: &mut Findings) {
        let is_told = |column| self.told(node, column).is_something();
        if is_told("big-image") && !is_told("image") {
            findings.add(
                node.row.place(),
                "big_image",
                say("有 big-image 就要有 image", "where there is a big-image there is an image too"),
            );
        }
    }

    /// Labels under a range stand at numbers that it offers.
    fn check_ticks(&self, row: &Row, findings: &mut Findings) {
        let Some(cell) = self.survey.cell(row, "parameters") else { return };
        let parameters = parse_parameters(&cell.value).unwrap_or_default();
        let mut refuse = |zh: &str, en: &str| findings.add(&cell.place, "ticks", say(zh, en));
        let appearance = self.survey.cell(row, "appearance").map_or("", |cell| cell.value.as_str());
        let fits =
            appearance.is_empty() || appearance.contains("vertical") || appearance.contains("no-ticks");
        let ticked = ["tick_interval", "placeholder", "tick_labelset"];
        if !fits && ticked.iter().any(|name| parameters.contains_key(*name)) {
            refuse(
                "刻度的 parameters 只能与 vertical 或 no-ticks 同用",
                "parameters of ticks go with no appearance but vertical and no-ticks",
            );
        }
        let Some(list) = parameters.get("tick_labelset") else { return };
        let lists = self.lists();
        let rows = lists.iter().find(|(name, _)| name == list).map(|(_, rows)| rows.as_slice());
        let Some((rows, sheet)) = rows.zip(self.choices) else {
            return refuse(
                "tick_labelset 应为 choices 里的一个列表",
                "the tick_labelset is a list of the sheet choices",
            );
        };
        let Some(range) = Range::parse(&cell.value) else { return };
        let numbers: Vec<Option<f64>> =
            rows.iter().map(|row| sheet.cell(row, "name").and_then(|cell| cell.value.parse().ok())).collect();
        let fits = numbers.iter().all(|number| number.is_some_and(|number| range.has_tick(number)));
        let ends = numbers.iter().flatten().all(|number| range.is_end(*number)) && numbers.len() == 2;
        if !fits || appearance.contains("no-ticks") && !ends {
            refuse(
                "tick_labelset 里的 name 应为有刻度的数；no-ticks 时只有两端",
                "the names in a tick_labelset are numbers that have a tick, with no-ticks the two ends",
            );
        }
    }

    fn check_question(&self, question: &Question, row: &Row, findings: &mut Findings) {
        let cell = |column: &str| self.survey.cell(row, column);
        if let Some(cell) = cell("parameters").filter(|cell| !takes(question, &cell.value)) {
            findings.add(
                &cell.place,
                "parameters",
                say(
                    "parameters 能转换的有：图片的 max-pixels=1600，声音的 quality，文字的 rows=3，选择题的 randomize=true 与 seed、从文件选的 value 与 label，\
                     geopoint 的 capture-accuracy、warning-accuracy、allow-mock-accuracy，geoshape 的 incremental，range 的 start、end、step、\
                     tick_interval、placeholder、tick_labelset",
                    "of the parameters these can be translated: max-pixels=1600 of a picture, quality of a sound, rows=3 of a text, \
                     randomize=true and seed of choices, value and label of those from a file, capture-accuracy, warning-accuracy and \
                     allow-mock-accuracy of a geopoint, incremental of a geoshape, start, end, step, tick_interval, placeholder and \
                     tick_labelset of a range",
                ),
            );
        }
        if question.name == "range" {
            self.check_ticks(row, findings);
        }
        if let Some(From::Answers(of)) = question.chosen_from() {
            self.check_among(of, question, row, findings);
        }
        let default = cell("default").map(|cell| (cell, Default::of(&cell.value, question)));
        if let Some((cell, Default::Unclear)) = default {
            findings.add(
                &cell.place,
                "default",
                say(
                    "看不出 default 是文字还是算式：文字写成 concat('+86')，算式按 XPath 写；图片和文件不能有 default",
                    "whether this default is a text or reckoned cannot be told: write a text as concat('+86') and what is reckoned \
                     as XPath; a picture or a file can have none",
                ),
            );
        }
        let is_reckoned = matches!(default, Some((_, Default::Reckoned)));
        if question.name == "calculate" && cell("calculation").is_none() && !is_reckoned {
            findings.add(
                row.place(),
                "no_calculation",
                say("calculate 要填 calculation 列", "a calculate needs its column calculation"),
            );
        }
        if let Some(cell) = cell("trigger") {
            for name in cell.value.split(',').map(str::trim) {
                let shown = name
                    .strip_prefix("${")
                    .and_then(|rest| rest.strip_suffix('}'))
                    .is_some_and(|name| is_shown(&self.nodes, name.trim()));
                if !shown {
                    findings.add(
                        &cell.place,
                        "trigger",
                        say(
                            format!("trigger 应为看得见的问题，如 ${{n}}，几个用逗号隔开；{name} 不是"),
                            format!(
                                "a trigger is a question that is shown, as ${{n}}, several with commas between them; {name} is none"
                            ),
                        ),
                    );
                }
            }
        }
    }

    /// What is chosen from answers is chosen from those in a repeat, by a question outside it.
    fn check_among(&self, of: &str, question: &Question, row: &Row, findings: &mut Findings) {
        let own = self.survey.cell(row, "name").and_then(|name| self.paths.get(&name.value));
        let fits = self.paths.get(of).is_some_and(|(_, repeats)| {
            !repeats.is_empty()
                && own.is_none_or(|(_, own)| !own.iter().any(|repeat| repeats.contains(repeat)))
        });
        if !fits || question.or_other {
            let place = self.survey.cell(row, "type").map_or(row.place(), |kind| &kind.place);
            findings.add(
                place,
                "among",
                say(
                    format!("{of} 应为循环里的问题，而本题在该循环之外，且不带 or_other"),
                    format!("{of} must be a question of a repeat in which this one does not stand, without or_other"),
                ),
            );
        }
    }

    /// What stands beside a group or a repeat and does nothing there.
    fn check_block(&self, row: &Row, findings: &mut Findings) {
        let without = ["trigger", "default", "parameters", "calculation"];
        let filled = self.survey.columns.iter().enumerate().filter(|(_, column)| {
            without.contains(&column.value.as_str()) || base(&column.value) == "guidance_hint"
        });
        for (index, column) in filled {
            if let Some(cell) = row.get(index) {
                let name = &column.value;
                findings.add(
                    &cell.place,
                    "not_of_a_group",
                    say(
                        format!("分组没有 {name}：请写在问题那一行"),
                        format!("a group has no {name}: write it beside a question"),
                    ),
                );
            }
        }
    }

    fn cell(&self, node: &Node<'s>, column: &str) -> Option<&'s str> {
        self.survey.cell(node.row, column).map(|cell| cell.value.as_str())
    }

    /// The attributes that the sheet adds to an element of a question or a group.
    fn added(&self, node: &Node<'s>, to: &str) -> Vec<(&'s str, String)> {
        let columns = self.survey.columns.iter().enumerate();
        columns
            .filter_map(|(index, column)| {
                Some((index, adds(&column.value).filter(|(place, _)| *place == to)?.1))
            })
            .filter_map(|(index, name)| Some((name, self.expression(&node.row.get(index)?.value, node, ""))))
            .collect()
    }

    /// An expression in which every `${name}` is a path: within one repeat from where it stands, else from the top, as is what
    /// an `indexed-repeat` looks up.
    fn expression(&self, text: &str, from: &Node<'_>, prefix: &str) -> String {
        // A word processor's quotation marks are none in an expression.
        let text = text.replace(['“', '”'], "\"").replace(['‘', '’'], "'");
        let mut parts = text.split("${");
        let mut whole = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            match part.split_once('}') {
                Some((name, rest)) => {
                    let name = name.trim();
                    let path = match self.paths.get(name).filter(|_| is_looked_up(&whole)) {
                        Some((path, _)) => path.clone(),
                        // Among the items of a list, what stands beside the question is told from the question.
                        None if is_filter(&whole) => self.reference(name, from, "current()/"),
                        None => self.reference(name, from, prefix),
                    };
                    whole.push_str(&format!(" {path} {rest}"));
                }
                None => whole.push_str(&format!("${{{part}")),
            }
        }
        whole
    }

    fn reference(&self, name: &str, from: &Node<'_>, prefix: &str) -> String {
        let Some((target, repeats)) = self.paths.get(name) else { return name.to_owned() };
        let own = self.paths.get(&from.name).map_or(&[][..], |(_, repeats)| repeats.as_slice());
        let shared = repeats.iter().any(|repeat| own.contains(repeat));
        if !shared {
            return target.clone();
        }
        let (from, to): (Vec<&str>, Vec<&str>) =
            (from.path.split('/').collect(), target.split('/').collect());
        let common = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
        let common = common.min(to.len().saturating_sub(1)).min(from.len().saturating_sub(1));
        let up = vec![".."; from.len() - common].join("/");
        let down = to.get(common..).unwrap_or_default().join("/");
        format!("{prefix}{up}/{down}")
    }

    fn write(&self, writer: &mut Output) -> io::Result<()> {
        let namespaces = [
            ("xmlns", "http://www.w3.org/2002/xforms"),
            ("xmlns:h", "http://www.w3.org/1999/xhtml"),
            ("xmlns:ev", "http://www.w3.org/2001/xml-events"),
            ("xmlns:xsd", "http://www.w3.org/2001/XMLSchema"),
            ("xmlns:jr", "http://openrosa.org/javarosa"),
            ("xmlns:orx", "http://openrosa.org/xforms"),
            ("xmlns:odk", "http://www.opendatakit.org/xforms"),
        ];
        writer.create_element("h:html").with_attributes(namespaces).write_inner_content(|writer| {
            writer.create_element("h:head").write_inner_content(|writer| {
                writer.create_element("h:title").write_text_content(BytesText::new(self.title))?;
                writer
                    .create_element("model")
                    .with_attribute(("odk:xforms-version", "1.0.0"))
                    .write_inner_content(|writer| {
                        self.write_sending(writer)?;
                        self.write_texts(writer)?;
                        self.write_instance(writer)?;
                        self.write_about_lists(writer)?;
                        self.write_files(writer)?;
                        self.write_lists(writer)?;
                        self.write_about_binds(writer)?;
                        self.write_binds(&self.nodes, writer)?;
                        writer
                            .create_element("bind")
                            .with_attributes([
                                ("nodeset", "/data/meta/instanceID"),
                                ("type", "string"),
                                ("readonly", "true()"),
                                ("jr:preload", "uid"),
                            ])
                            .write_empty()?;
                        self.write_name_bind(writer)
                    })?;
                Ok(())
            })?;
            let style = (!self.style.is_empty()).then_some(("class", self.style));
            writer.create_element("h:body").with_attributes(style).write_inner_content(|writer| {
                self.write_about_body(writer)?;
                self.write_body(&self.nodes, writer)
            })?;
            Ok(())
        })?;
        Ok(())
    }

    fn setting(&self, name: &str) -> Option<&'s str> {
        let row = self.settings.rows.first()?;
        self.settings.cell(row, name).map(|cell| cell.value.as_str())
    }

    /// Whether a client sends by itself, and deletes what it sent.
    fn write_sending(&self, writer: &mut Output) -> io::Result<()> {
        let attributes: Vec<(&str, &str)> =
            [("orx:auto-send", "auto_send"), ("orx:auto-delete", "auto_delete")]
                .into_iter()
                .filter_map(|(attribute, name)| Some((attribute, self.setting(name)?)))
                .collect();
        if !attributes.is_empty() {
            writer.create_element("submission").with_attributes(attributes).write_empty()?;
        }
        Ok(())
    }

    /// By what a client lists what was filled in, on the phone of whoever filled it in.
    fn write_name_bind(&self, writer: &mut Output) -> io::Result<()> {
        let Some(name) = self.setting("instance_name") else { return Ok(()) };
        let mut calculate = name.to_owned();
        for (known, (path, _)) in &self.paths {
            calculate = calculate.replace(&format!("${{{known}}}"), &format!(" {path} "));
        }
        writer
            .create_element("bind")
            .with_attributes([
                ("nodeset", "/data/meta/instanceName"),
                ("type", "string"),
                ("calculate", calculate.as_str()),
            ])
            .write_empty()?;
        Ok(())
    }

    /// The lists beside the form, each once, in the order in which they are asked for.
    fn write_files(&self, writer: &mut Output) -> io::Result<()> {
        let mut files: Vec<String> = Vec::new();
        self.every_node(&self.nodes, &mut |node| {
            for index in 0..self.survey.columns.len() {
                let Some(cell) = node.row.get(index) else { continue };
                let looked_up = beside::looked_up(&cell.value);
                files.extend(looked_up.into_iter().flatten().map(|(list, _)| format!("{list}.csv")));
            }
            match &node.what {
                What::List(file) => files.push(file.clone()),
                What::Question(question, _) => {
                    if let Some(From::File(file)) = question.chosen_from() {
                        files.push(file.to_owned());
                    }
                }
                What::Block(_) => {}
            }
        });
        for (index, file) in files.iter().enumerate() {
            if files.iter().position(|other| other == file) == Some(index) {
                let source = beside::list_address(file);
                writer
                    .create_element("instance")
                    .with_attributes([("id", beside::list_id(file)), ("src", source.as_str())])
                    .write_empty()?;
            }
        }
        Ok(())
    }

    /// What a form asks before its own questions: which door, and who there.
    fn asked(&self) -> impl Iterator<Item = (&'static str, &'static str, [&'static str; 2])> + use<> {
        let door = self.asking.map(|_| DOOR);
        let person = self.asking.filter(|asking| asking.person).map(|_| PERSON);
        door.into_iter().chain(person)
    }

    fn write_about_texts(&self, language: &str, writer: &mut Output) -> io::Result<()> {
        let chinese = language.contains("zh") || language.contains('中');
        for (name, _, [zh, en]) in self.asked() {
            write_text(writer, &format!("/{ROOT}/{ABOUT}/{name}:label"), |writer| {
                writer.write_event(Event::Text(BytesText::new(if chinese { zh } else { en })))
            })?;
        }
        Ok(())
    }

    fn write_about_fields(&self, writer: &mut Output) -> io::Result<()> {
        if self.asking.is_none() {
            return Ok(());
        }
        writer.create_element(ABOUT).write_inner_content(|writer| {
            for (name, ..) in self.asked() {
                writer.create_element(name).write_empty()?;
            }
            writer.create_element("today").write_empty().map(|_| ())
        })?;
        Ok(())
    }

    /// The lists lie beside the form, since they change with the area and not with the form.
    fn write_about_lists(&self, writer: &mut Output) -> io::Result<()> {
        for (_, list, _) in self.asked() {
            let source = format!("jr://file-csv/{list}.csv");
            let instance = format!("{ABOUT}-{list}");
            writer
                .create_element("instance")
                .with_attributes([("id", instance.as_str()), ("src", source.as_str())])
                .write_empty()?;
        }
        Ok(())
    }

    fn write_about_binds(&self, writer: &mut Output) -> io::Result<()> {
        for (name, ..) in self.asked() {
            let path = format!("/{ROOT}/{ABOUT}/{name}");
            writer
                .create_element("bind")
                .with_attributes([("nodeset", path.as_str()), ("type", "string"), ("required", "true()")])
                .write_empty()?;
        }
        if self.asking.is_some() {
            let path = format!("/{ROOT}/{ABOUT}/today");
            writer
                .create_element("bind")
                .with_attributes([
                    ("nodeset", path.as_str()),
                    ("type", "date"),
                    ("jr:preload", "date"),
                    ("jr:preloadParams", "today"),
                ])
                .write_empty()?;
        }
        Ok(())
    }

    fn write_about_body(&self, writer: &mut Output) -> io::Result<()> {
        if self.asking.is_none() {
            return Ok(());
        }
        let group =
            writer.create_element("group").with_attribute(("ref", format!("/{ROOT}/{ABOUT}").as_str()));
        group.write_inner_content(|writer| self.write_about_questions(writer))?;
        Ok(())
    }

    fn write_about_questions(&self, writer: &mut Output) -> io::Result<()> {
        for (name, list, _) in self.asked() {
            let path = format!("/{ROOT}/{ABOUT}/{name}");
            let of_door = format!("[door= /{ROOT}/{ABOUT}/door ]");
            let filter = if list == PERSON.1 { of_door.as_str() } else { "" };
            let nodeset = format!("instance('{ABOUT}-{list}')/root/item{filter}");
            let label = format!("jr:itext('{path}:label')");
            writer
                .create_element("select1")
                .with_attributes([("ref", path.as_str()), ("appearance", "minimal autocomplete")])
                .write_inner_content(|writer| {
                    writer.create_element("label").with_attribute(("ref", label.as_str())).write_empty()?;
                    writer
                        .create_element("itemset")
                        .with_attribute(("nodeset", nodeset.as_str()))
                        .write_inner_content(|writer| {
                            writer.create_element("value").with_attribute(("ref", "name")).write_empty()?;
                            writer.create_element("label").with_attribute(("ref", "label")).write_empty()?;
                            Ok(())
                        })?;
                    Ok(())
                })?;
        }
        Ok(())
    }

    fn write_instance(&self, writer: &mut Output) -> io::Result<()> {
        writer.create_element("instance").write_inner_content(|writer| {
            let id = [("id", self.id), ("version", self.version)];
            writer.create_element(ROOT).with_attributes(id).write_inner_content(|writer| {
                self.write_about_fields(writer)?;
                self.write_fields(&self.nodes, Within::Nothing, writer)?;
                writer.create_element("meta").write_inner_content(|writer| {
                    writer.create_element("instanceID").write_empty()?;
                    if self.setting("instance_name").is_some() {
                        writer.create_element("instanceName").write_empty()?;
                    }
                    Ok(())
                })?;
                Ok(())
            })?;
            Ok(())
        })?;
        Ok(())
    }

    /// A repeat stands twice: as what a new one is made of, and as the first.
    fn write_fields(&self, nodes: &[Node<'s>], within: Within, writer: &mut Output) -> io::Result<()> {
        for node in nodes {
            let name = node.name.as_str();
            let added = self.added(node, "instance");
            let added = || added.iter().map(|(name, value)| (*name, value.as_str()));
            match &node.what {
                What::List(_) => {}
                What::Block(Block::Repeat) => {
                    if within != Within::First {
                        writer.create_element(name).with_attribute(("jr:template", "")).write_inner_content(
                            |writer| self.write_fields(&node.children, Within::Template, writer),
                        )?;
                    }
                    if within != Within::Template {
                        writer.create_element(name).with_attributes(added()).write_inner_content(
                            |writer| self.write_fields(&node.children, Within::First, writer),
                        )?;
                    }
                }
                What::Block(Block::Group) => {
                    // A repeat in a group of what a new one is made of has its first one there too.
                    let within = if within == Within::Template { Within::Nothing } else { within };
                    writer
                        .create_element(name)
                        .with_attributes(added())
                        .write_inner_content(|writer| self.write_fields(&node.children, within, writer))?;
                }
                What::Question(question, _) => {
                    let given = self.default(node, question).filter(|(_, what)| *what == Default::Given);
                    let element = writer.create_element(name).with_attributes(added());
                    match given {
                        Some((value, _)) => element.write_text_content(BytesText::new(value))?,
                        None => element.write_empty()?,
                    };
                }
            }
        }
        Ok(())
    }

    /// The lists in the order of the choices sheet: an `instance()` may ask for one that no question chooses from.
    fn lists(&self) -> Vec<(&'s str, Vec<&'s Row>)> {
        let Some(sheet) = self.choices else { return Vec::new() };
        let mut lists: Vec<(&str, Vec<&Row>)> = Vec::new();
        for row in &sheet.rows {
            let Some(list) = sheet.cell(row, "list_name").map(|cell| cell.value.as_str()) else { continue };
            match lists.iter_mut().find(|(name, _)| *name == list) {
                Some((_, rows)) => rows.push(row),
                None => lists.push((list, vec![row])),
            }
        }
        lists
    }

    fn write_lists(&self, writer: &mut Output) -> io::Result<()> {
        let Some(sheet) = self.choices else { return Ok(()) };
        for (list, rows) in self.lists() {
            let is_translated = self.is_list_translated(sheet, &rows);
            writer.create_element("instance").with_attribute(("id", list)).write_inner_content(|writer| {
                writer.create_element("root").write_inner_content(|writer| {
                    for (number, row) in rows.iter().enumerate() {
                        let id = is_translated.then(|| format!("{list}-{number}"));
                        writer
                            .create_element("item")
                            .write_inner_content(|writer| write_item(sheet, row, id.as_deref(), writer))?;
                    }
                    Ok(())
                })?;
                Ok(())
            })?;
        }
        Ok(())
    }

    fn write_binds(&self, nodes: &[Node<'s>], writer: &mut Output) -> io::Result<()> {
        for node in nodes {
            let attributes = self.bind(node);
            if attributes.len() > 1 {
                let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
                writer.create_element("bind").with_attributes(attributes).write_empty()?;
            }
            self.write_reckoned_default(node, "odk-instance-first-load", writer)?;
            self.write_binds(&node.children, writer)?;
        }
        Ok(())
    }

    fn parameters(&self, node: &Node<'s>) -> BTreeMap<String, String> {
        self.cell(node, "parameters").and_then(parse_parameters).unwrap_or_default()
    }

    fn default(&self, node: &Node<'s>, question: &Question) -> Option<(&'s str, Default)> {
        self.cell(node, "default").map(|text| (text, Default::of(text, question)))
    }

    /// Reckons a default when the form is opened, and in a repeat whenever another one is added.
    fn write_reckoned_default(&self, node: &Node<'s>, event: &str, writer: &mut Output) -> io::Result<()> {
        let What::Question(question, _) = &node.what else { return Ok(()) };
        if let Some((text, Default::Reckoned)) = self.default(node, question) {
            let value = self.expression(text, node, "");
            writer
                .create_element("setvalue")
                .with_attributes([("ref", node.path.as_str()), ("event", event), ("value", value.as_str())])
                .write_empty()?;
        }
        Ok(())
    }

    /// Those of a repeat, but for the repeats within it, which have their own.
    fn write_defaults_of_repeat(&self, nodes: &[Node<'s>], writer: &mut Output) -> io::Result<()> {
        for node in nodes {
            self.write_reckoned_default(node, "odk-new-repeat", writer)?;
            if matches!(node.what, What::Block(Block::Group)) {
                self.write_defaults_of_repeat(&node.children, writer)?;
            }
        }
        Ok(())
    }

    /// What is reckoned whenever this question's answer changes.
    fn write_triggered(&self, by: &Node<'s>, nodes: &[Node<'s>], writer: &mut Output) -> io::Result<()> {
        for node in nodes {
            let triggers = self.cell(node, "trigger").unwrap_or_default().split(',').map(str::trim);
            let named = |trigger: &str| {
                trigger.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')).map(str::trim)
                    == Some(&by.name)
            };
            if triggers.into_iter().any(named) {
                let value = self.cell(node, "calculation").map(|text| self.expression(text, by, ""));
                writer
                    .create_element("setvalue")
                    .with_attributes([("ref", node.path.as_str()), ("event", "xforms-value-changed")])
                    .with_attributes(value.as_deref().map(|value| ("value", value)))
                    .write_empty()?;
            }
            self.write_triggered(by, &node.children, writer)?;
        }
        Ok(())
    }

    fn bind(&self, node: &Node<'s>) -> Vec<(&'s str, String)> {
        let mut attributes = vec![("nodeset", node.path.clone())];
        if matches!(node.what, What::List(_)) {
            return attributes;
        }
        let read_only = self.cell(node, "read_only").map(ToOwned::to_owned);
        if let What::Question(question, shape) = &node.what {
            attributes.push(("type", shape.kind.to_owned()));
            let mut parameters = self.parameters(node);
            for (name, attribute) in [
                ("max-pixels", "orx:max-pixels"),
                ("quality", "odk:quality"),
                ("allow-mock-accuracy", "odk:allow-mock-accuracy"),
            ] {
                attributes.extend(parameters.remove(name).map(|value| (attribute, value)));
            }
            if let Some((preload, parameter)) = shape.preload {
                attributes.push(("jr:preload", preload.to_owned()));
                attributes.push(("jr:preloadParams", parameter.to_owned()));
            }
            if question.name == "note" && read_only.is_none() {
                attributes.push(("readonly", "true()".to_owned()));
            }
        }
        let yes_no = |text: &str| match text.to_lowercase().as_str() {
            "yes" | "true" | "true()" => "true()".to_owned(),
            "no" | "false" | "false()" => "false()".to_owned(),
            _ => self.expression(text, node, ""),
        };
        attributes.extend(read_only.map(|text| ("readonly", yes_no(&text))));
        attributes.extend(self.cell(node, "required").map(|text| ("required", yes_no(text))));
        for (column, name) in
            [("relevant", "relevant"), ("constraint", "constraint"), ("calculation", "calculate")]
        {
            // What is reckoned when another answer changes stands with that one.
            let stands_here = column != "calculation" || self.cell(node, "trigger").is_none();
            let text = self.cell(node, column).filter(|_| stands_here);
            attributes.extend(text.map(|text| (name, yes_no(text))));
        }
        for (column, id) in
            [("constraint_message", "jr:constraintMsg"), ("required_message", "jr:requiredMsg")]
        {
            if self.is_message_translated(node, column) {
                attributes.push((id, format!("jr:itext('{}:{id}')", node.path)));
            } else if let Told::Plain(text) = self.told(node, column) {
                attributes.push((id, text.to_owned()));
            }
        }
        attributes.extend(self.added(node, "bind"));
        attributes
    }

    fn write_body(&self, nodes: &[Node<'s>], writer: &mut Output) -> io::Result<()> {
        for node in nodes {
            let mut attributes: Vec<(&str, String)> = vec![("ref", node.path.clone())];
            let appearance = self.cell(node, "appearance").map(|text| ("appearance", text.to_owned()));
            let added = self.added(node, "body");
            match &node.what {
                What::List(_) => {}
                What::Block(Block::Group) => {
                    attributes.extend(appearance.into_iter().chain(added));
                    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
                    writer.create_element("group").with_attributes(attributes).write_inner_content(
                        |writer| {
                            self.write_label(node, false, writer)?;
                            self.write_body(&node.children, writer)
                        },
                    )?;
                }
                What::Block(Block::Repeat) => {
                    writer
                        .create_element("group")
                        .with_attribute(("ref", node.path.as_str()))
                        .write_inner_content(|writer| {
                            self.write_label(node, true, writer)?;
                            self.write_repeat(node, appearance.into_iter().chain(added), writer)
                        })?;
                }
                What::Question(question, shape) => {
                    let Some(control) = shape.control.filter(|_| self.is_seen(node)) else { continue };
                    attributes.extend(appearance);
                    attributes.extend(shape.media.map(|media| ("mediatype", media.to_owned())));
                    attributes.extend(self.of_parameters(node, control));
                    attributes.extend(added);
                    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
                    writer.create_element(control).with_attributes(attributes).write_inner_content(
                        |writer| {
                            self.write_label(node, false, writer)?;
                            self.write_choice(node, question, writer)?;
                            self.write_triggered(node, &self.nodes, writer)
                        },
                    )?;
                }
            }
        }
        Ok(())
    }

    /// Whether a question is shown at all: one that is reckoned and is called nothing is not.
    fn is_seen(&self, node: &Node<'s>) -> bool {
        let is_reckoned = ["calculation", "trigger"].iter().any(|column| self.cell(node, column).is_some());
        let is_told = ["label", "hint"].iter().any(|column| self.told(node, column).is_something());
        is_told || !is_reckoned
    }

    /// The attributes of a control that its parameters say.
    fn of_parameters(&self, node: &Node<'s>, control: &str) -> Vec<(&'static str, String)> {
        let mut parameters = self.parameters(node);
        let mut attributes = Vec::new();
        for (name, attribute) in [
            ("rows", "rows"),
            ("capture-accuracy", "accuracyThreshold"),
            ("warning-accuracy", "unacceptableAccuracyThreshold"),
            ("incremental", "incremental"),
            ("tick_interval", "odk:tick-interval"),
            ("placeholder", "odk:placeholder"),
        ] {
            attributes.extend(parameters.remove(name).map(|value| (attribute, value)));
        }
        if control == "range" {
            let bounds = [("start", "1"), ("end", "10"), ("step", "1")];
            attributes.extend(
                bounds.map(|(name, unsaid)| {
                    (name, parameters.remove(name).unwrap_or_else(|| unsaid.to_owned()))
                }),
            );
        }
        attributes
    }

    fn write_repeat(
        &self,
        node: &Node<'s>,
        further: impl Iterator<Item = (&'s str, String)>,
        writer: &mut Output,
    ) -> io::Result<()> {
        let mut attributes: Vec<(&str, String)> = vec![("nodeset", node.path.clone())];
        attributes.extend(
            self.cell(node, "repeat_count").map(|text| ("jr:count", self.expression(text, node, ""))),
        );
        attributes.extend(further);
        let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
        writer.create_element("repeat").with_attributes(attributes).write_inner_content(|writer| {
            self.write_body(&node.children, writer)?;
            self.write_defaults_of_repeat(&node.children, writer)
        })?;
        Ok(())
    }

    /// What a question chooses from, or the labels under a range.
    fn write_choice(&self, node: &Node<'s>, question: &Question, writer: &mut Output) -> io::Result<()> {
        let mut parameters = self.parameters(node);
        let labels = parameters.remove("tick_labelset").filter(|_| question.name == "range");
        let mut filter =
            self.cell(node, "choice_filter").map(|text| self.expression(text, node, "current()/"));
        let of_sheet = |list: &str| {
            let lists = self.lists();
            let rows = lists.iter().find(|(name, _)| *name == list).map(|(_, rows)| rows.as_slice());
            let is_translated =
                self.choices.zip(rows).is_some_and(|(sheet, rows)| self.is_list_translated(sheet, rows));
            let label = if is_translated { "jr:itext(itextId)" } else { "label" };
            (format!("instance('{list}')/root/item"), "name".to_owned(), label.to_owned())
        };
        let (mut nodeset, value, label) = match (question.chosen_from(), &labels) {
            (_, Some(list)) => of_sheet(list),
            (None, None) => return Ok(()),
            (Some(From::Sheet(list)), None) => of_sheet(list),
            (Some(From::File(file)), None) => {
                let unsaid = if file.ends_with(".geojson") { ["id", "title"] } else { ["name", "label"] };
                let mut said =
                    |name: &str, unsaid: &str| parameters.remove(name).unwrap_or_else(|| unsaid.to_owned());
                let [value, label] = [said("value", unsaid[0]), said("label", unsaid[1])];
                (format!("instance('{}')/root/item", beside::list_id(file)), value, label)
            }
            (Some(From::Answers(of)), None) => {
                let path = self.paths.get(of).map_or("", |(path, _)| path.as_str());
                let (repeat, name) = path.rsplit_once('/').unwrap_or(("", path));
                // What stands in the repeat is told from the card, and cards without an answer are no choices.
                filter = Some(match filter {
                    Some(filter) => filter.replace(&format!("current(){repeat}"), ".").replace(repeat, "."),
                    None => format!("./{name} != ''"),
                });
                (repeat.to_owned(), name.to_owned(), name.to_owned())
            }
        };
        nodeset.extend(filter.map(|filter| format!("[{filter}]")));
        if parameters.get("randomize").is_some_and(|value| value == "true") {
            let seed = parameters
                .remove("seed")
                .map(|seed| format!(", {}", self.expression(&seed, node, "").trim()));
            nodeset = format!("randomize({nodeset}{})", seed.unwrap_or_default());
        }
        writer.create_element("itemset").with_attribute(("nodeset", nodeset.as_str())).write_inner_content(
            |writer| {
                writer.create_element("value").with_attribute(("ref", value.as_str())).write_empty()?;
                writer.create_element("label").with_attribute(("ref", label.as_str())).write_empty()?;
                Ok(())
            },
        )?;
        Ok(())
    }
}

/// What a `default` cell is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Default {
    /// An answer, as it stands.
    Given,
    /// An expression: clients tell one by its calls and fields.
    Reckoned,
    /// Clients would take it for an expression by its signs alone, or it is one that nobody can read.
    Unclear,
}

impl Default {
    fn of(text: &str, question: &Question) -> Self {
        if question.answer == Answer::File {
            return Self::Unclear;
        }
        let bare = outside_quotes(text);
        let is_name = |letter: char| letter.is_alphanumeric() || "_-.".contains(letter);
        let word_before = |at: usize| {
            let start = bare[..at].trim_end_matches(is_name).len();
            &bare[start..at]
        };
        let mut called =
            bare.match_indices('(').map(|(at, _)| word_before(at)).filter(|name| !name.is_empty());
        if bare.contains("${") || called.clone().next().is_some() {
            let is_readable = called.all(|name| name.is_ascii()) && Expression::is_xpath(text);
            return if is_readable { Self::Reckoned } else { Self::Unclear };
        }
        // A minus within a name or before a digit is none.
        let minus = bare.match_indices('-').any(|(at, _)| {
            let before_digit =
                bare[at + 1..].trim_start_matches('.').starts_with(|next: char| next.is_ascii_digit());
            !before_digit && !word_before(at).contains(|letter: char| letter.is_alphabetic() || letter == '_')
        });
        if bare.contains(['[', '{', '$']) {
            return Self::Unclear;
        }
        let may_have_minus = matches!(question.answer, Answer::Day | Answer::Moment | Answer::Point);
        let reckons = bare.contains(['*', '+', '|']) || bare.contains(" mod ") || bare.contains(" div ");
        let is_number = matches!(question.answer, Answer::Whole | Answer::Decimal);
        match reckons || minus && !may_have_minus {
            false => Self::Given,
            true if is_number && Expression::is_xpath(text) => Self::Reckoned,
            true => Self::Unclear,
        }
    }
}

/// A text without what stands between quotation marks; the whole of it if one of them is never closed.
fn outside_quotes(text: &str) -> String {
    let mut open = None;
    let bare = text
        .chars()
        .filter(|letter| match open {
            Some(mark) => {
                if *letter == mark {
                    open = None;
                }
                false
            }
            None => {
                open = matches!(letter, '\'' | '"').then_some(*letter);
                open.is_none()
            }
        })
        .collect();
    if open.is_some() { text.to_owned() } else { bare }
}

/// Whether the parameters of a question are such as are translated.
fn takes(question: &Question, text: &str) -> bool {
    let Some(parameters) = parse_parameters(text) else { return false };
    let counts = |value: &str| value.parse::<u32>().is_ok_and(|number| number > 0);
    let is_true = |value: &str| matches!(value, "true" | "yes" | "true()");
    let is_element = |value: &str| {
        value.starts_with(|first: char| first.is_alphabetic() || first == '_')
            && value.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
    };
    let is_distance =
        |value: &str| value.parse::<f64>().is_ok_and(|number| number.is_finite() && number >= 0.0);
    let from_file = matches!(question.chosen_from(), Some(From::File(_)));
    let chooses = question.list.is_some();
    parameters.iter().all(|(name, value)| match (question.name, name.as_str()) {
        ("image", "max-pixels") | ("text", "rows") => counts(value),
        ("audio", "quality") => matches!(value.as_str(), "voice-only" | "low" | "normal" | "external"),
        ("geopoint", "capture-accuracy" | "warning-accuracy") => is_distance(value),
        ("geopoint" | "geoshape", "allow-mock-accuracy") => value == "true" || value == "false",
        ("geoshape", "incremental") => is_true(value),
        (_, "randomize") if chooses => value == "true" || value == "false",
        (_, "seed") if chooses => {
            parameters.contains_key("randomize") && (is_reference(value) || value.parse::<f64>().is_ok())
        }
        (_, "value" | "label") if from_file => is_element(value),
        // Held to by whoever reads the form.
        ("range", _) => true,
        _ => false,
    })
}

/// Whether a question of that name is shown.
fn is_shown(nodes: &[Node<'_>], name: &str) -> bool {
    nodes.iter().any(|node| match &node.what {
        What::Question(_, shape) => node.name == name && shape.control.is_some(),
        What::Block(_) => is_shown(&node.children, name),
        What::List(_) => false,
    })
}

fn write_text(
    writer: &mut Output,
    id: &str,
    content: impl FnOnce(&mut Output) -> io::Result<()>,
) -> io::Result<()> {
    writer.create_element("text").with_attribute(("id", id)).write_inner_content(|writer| {
        writer.create_element("value").write_inner_content(content)?;
        Ok(())
    })?;
    Ok(())
}

/// Whether a question is the heading of a table, which is written in a word short.
fn is_heading(name: &str) -> bool {
    name.starts_with(HEADING)
}

/// A choice with its further columns, by which a `choice_filter` chooses. What it is called stands among the translations under
/// an id, or with it.
fn write_item(sheet: &Sheet, row: &Row, id: Option<&str>, writer: &mut Output) -> io::Result<()> {
    if let Some(id) = id {
        writer.create_element("itextId").write_text_content(BytesText::new(id))?;
    }
    for (index, column) in sheet.columns.iter().enumerate() {
        let name = column.value.as_str();
        let is_text = base(name) == "label" || beside::shown(base(name)).is_some();
        let is_plain = id.is_none() && name == "label";
        if name == "list_name" || name.is_empty() || is_text && !is_plain {
            continue;
        }
        if let Some(cell) = row.get(index) {
            writer.create_element(name).write_text_content(BytesText::new(&cell.value))?;
        }
    }
    Ok(())
}
