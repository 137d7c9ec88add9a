//! From the sheets of an XLSForm to the XForm that phones fill in.
//!
//! What it cannot translate it names, with its cell; it never leaves anything out. Held against pyxform on the forms of
//! `tests/xforms`.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesText, Event};

use crate::expression::Expression;
use crate::finding::{Findings, Located, say};
use crate::question::{Answer, Block, Question, Range, RowKind, is_reference, parse_parameters, parse_type};
use crate::sheet::{Row, Sheet};

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
const OWN: [&str; 6] = ["class", "purpose", "readers", "keep", "concept", "depicts"];

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
        default: setting("default_language"),
        style: setting("style"),
        survey,
        choices: find("choices"),
        languages: languages(survey),
        nodes,
        paths,
    };
    form.check(settings, findings);
    refuse_settings(settings, findings);
    refuse_texts(survey, findings);
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
    for (index, column) in survey.columns.iter().enumerate() {
        let known = PLAIN.contains(&column.value.as_str())
            || TRANSLATED.contains(&base(&column.value))
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
                    format!("还不能转换 {name} 这一列"),
                    format!("the column {name} cannot be translated to an XForm yet"),
                ),
            );
        }
    }
}

/// A further column of the choices becomes an element of that name; pictures and sounds of choices are not translated yet.
fn refuse_choices(choices: Option<&Sheet>, findings: &mut Findings) {
    let named = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.'))
    };
    for column in choices.iter().flat_map(|sheet| &sheet.columns) {
        let name = &column.value;
        if !name.is_empty() && !name.starts_with("label::") && !named(name) || name == "label" {
            findings.add(
                &column.place,
                "untranslated_column",
                say(
                    format!("还不能转换选项的 {name} 这一列"),
                    format!("the column {name} of the choices cannot be translated to an XForm yet"),
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

/// The languages of the labels, in the order of their columns.
fn languages(survey: &Sheet) -> Vec<String> {
    let mut languages = Vec::new();
    for column in &survey.columns {
        if let Some((name, language)) = column.value.split_once("::")
            && TRANSLATED.contains(&name)
            && !languages.iter().any(|known| known == language)
        {
            languages.push(language.to_owned());
        }
    }
    languages
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
            format!("还不能转换 {name} 这种问题"),
            format!("a question of the type {name} cannot be translated to an XForm yet"),
        ),
    );
}

/// Where each name stands, with the repeats around it.
fn note_paths(
    nodes: &[Node<'_>],
    repeats: &mut Vec<String>,
    paths: &mut BTreeMap<String, (String, Vec<String>)>,
) {
    for node in nodes {
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
const SETTINGS: [&str; 8] =
    ["form_id", "form_title", "title_en", "version", "default_language", "style", "subject", "filled_by"];

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
                    format!("还不能转换 settings 的 {name}"),
                    format!("{name} of the settings cannot be translated to an XForm yet"),
                ),
            );
        }
    }
}

/// What stands in a cell of the survey and would come out as something else.
fn refuse_texts(survey: &Sheet, findings: &mut Findings) {
    const UNTRANSLATED: [&str; 3] = ["pulldata(", "search(", "table-list"];
    for row in &survey.rows {
        for (index, column) in survey.columns.iter().enumerate() {
            let Some(cell) = row.get(index) else { continue };
            let is_name = |letter: char| letter.is_alphanumeric() || "_-.:#".contains(letter);
            let names = |part: &str| {
                part.split_once('}')
                    .is_some_and(|(name, _)| !name.trim().is_empty() && name.trim().chars().all(is_name))
            };
            if !cell.value.split("${").skip(1).all(names) {
                findings.add(
                    &cell.place,
                    "reference",
                    say(
                        "引用字段要写成 ${字段名}：以 ${ 开头，以 } 结尾",
                        "a field is named as ${name}: with ${ before it and } behind it",
                    ),
                );
            }
            let is_text = column.value.contains("::");
            if let Some(what) = UNTRANSLATED.iter().find(|what| !is_text && cell.value.contains(**what)) {
                let what = what.trim_end_matches('(');
                findings.add(
                    &cell.place,
                    "untranslated",
                    say(format!("还不能转换 {what}"), format!("{what} cannot be translated to an XForm yet")),
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

struct Form<'s> {
    style: &'s str,
    id: &'s str,
    asking: Option<Asking<'s>>,
    title: &'s str,
    version: &'s str,
    default: &'s str,
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
        if !self.languages.iter().any(|language| language == self.default) {
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
        if let Some(named) = self.nodes.iter().find(|node| self.asking.is_some() && node.name == ABOUT) {
            findings.add(
                named.row.place(),
                "reserved_name",
                say(
                    format!("{ABOUT} 这个名字留给“是哪一户、哪一位”"),
                    format!("the name {ABOUT} is kept for whom a form is about"),
                ),
            );
        }
        self.survey.columns.iter().filter(|column| TRANSLATED.contains(&column.value.as_str())).for_each(
            |column| {
                let name = &column.value;
                findings.add(
                    &column.place,
                    "no_language",
                    say(
                        format!("{name} 列要写明语言，如 {name}::中文 (zh)"),
                        format!("the column {name} must name its language, as {name}::English (en)"),
                    ),
                );
            },
        );
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
                        say("还不能转换 ${last-saved#…}", "${last-saved#…} cannot be translated yet"),
                    );
                }
            }
        }
    }

    fn check_question(&self, question: &Question, row: &Row, findings: &mut Findings) {
        let cell = |column: &str| self.survey.cell(row, column);
        if let Some(cell) = cell("parameters").filter(|cell| !takes(question, &cell.value)) {
            findings.add(
                &cell.place,
                "parameters",
                say(
                    "parameters 能转换的有：图片的 max-pixels=1600，文字的 rows=3，选择题的 randomize=true 与 seed，range 的 start、end、step",
                    "of the parameters these can be translated: max-pixels=1600 of a picture, rows=3 of a text, randomize=true and seed of \
                     choices, start, end and step of a range",
                ),
            );
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

    fn is_told(&self, node: &Node<'s>, column: &str) -> bool {
        self.languages.iter().any(|language| self.cell(node, &format!("{column}::{language}")).is_some())
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
                        self.write_texts(writer)?;
                        self.write_instance(writer)?;
                        self.write_about_lists(writer)?;
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
                        Ok(())
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

    fn write_texts(&self, writer: &mut Output) -> io::Result<()> {
        writer.create_element("itext").write_inner_content(|writer| {
            for language in &self.languages {
                let mut translation =
                    writer.create_element("translation").with_attribute(("lang", language.as_str()));
                if language == self.default {
                    translation = translation.with_attribute(("default", "true()"));
                }
                translation.write_inner_content(|writer| {
                    for (list, rows) in self.lists() {
                        for (number, row) in rows.iter().enumerate() {
                            let choices =
                                self.choices.and_then(|sheet| sheet.cell(row, &format!("label::{language}")));
                            let text = choices.map_or("-", |cell| cell.value.as_str());
                            write_text(writer, &format!("{list}-{number}"), |writer| {
                                writer.write_event(Event::Text(BytesText::new(text)))
                            })?;
                        }
                    }
                    self.write_about_texts(language, writer)?;
                    self.write_texts_of(&self.nodes, language, writer)
                })?;
            }
            Ok(())
        })?;
        Ok(())
    }

    fn write_texts_of(&self, nodes: &[Node<'s>], language: &str, writer: &mut Output) -> io::Result<()> {
        for node in nodes {
            for (column, id) in [
                ("constraint_message", "jr:constraintMsg"),
                ("required_message", "jr:requiredMsg"),
                ("label", "label"),
            ] {
                if self.is_told(node, column) {
                    let text = self.cell(node, &format!("{column}::{language}")).unwrap_or("-");
                    write_text(writer, &format!("{}:{id}", node.path), |writer| {
                        self.write_mixed(text, node, writer)
                    })?;
                }
            }
            self.write_hint_of(node, language, writer)?;
            self.write_texts_of(&node.children, language, writer)?;
        }
        Ok(())
    }

    /// A hint and the longer guidance, which is shown on demand or in print, are two forms of one text.
    fn write_hint_of(&self, node: &Node<'s>, language: &str, writer: &mut Output) -> io::Result<()> {
        let told: Vec<_> = [("hint", None), ("guidance_hint", Some(("form", "guidance")))]
            .into_iter()
            .filter(|(column, _)| self.is_told(node, column))
            .collect();
        if told.is_empty() {
            return Ok(());
        }
        let id = format!("{}:hint", node.path);
        writer.create_element("text").with_attribute(("id", id.as_str())).write_inner_content(|writer| {
            for (column, form) in told {
                let text = self.cell(node, &format!("{column}::{language}")).unwrap_or("-");
                writer
                    .create_element("value")
                    .with_attributes(form)
                    .write_inner_content(|writer| self.write_mixed(text, node, writer))?;
            }
            Ok(())
        })?;
        Ok(())
    }

    /// A text in which every `${name}` shows the answer.
    fn write_mixed(&self, text: &str, node: &Node<'s>, writer: &mut Output) -> io::Result<()> {
        let mut parts = text.split("${");
        writer.write_event(Event::Text(BytesText::new(parts.next().unwrap_or_default())))?;
        for part in parts {
            let (name, rest) = part.split_once('}').unwrap_or((part, ""));
            let path = format!(" {} ", self.reference(name.trim(), node, ""));
            writer.create_element("output").with_attribute(("value", path.as_str())).write_empty()?;
            writer.write_event(Event::Text(BytesText::new(rest)))?;
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
                    writer.create_element("instanceID").write_empty().map(|_| ())
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
            match &node.what {
                What::Block(Block::Repeat) => {
                    if within != Within::First {
                        writer.create_element(name).with_attribute(("jr:template", "")).write_inner_content(
                            |writer| self.write_fields(&node.children, Within::Template, writer),
                        )?;
                    }
                    if within != Within::Template {
                        writer.create_element(name).write_inner_content(|writer| {
                            self.write_fields(&node.children, Within::First, writer)
                        })?;
                    }
                }
                What::Block(Block::Group) => {
                    writer
                        .create_element(name)
                        .write_inner_content(|writer| self.write_fields(&node.children, within, writer))?;
                }
                What::Question(question, _) => match self
                    .default(node, question)
                    .filter(|(_, what)| *what == Default::Given)
                    .map(|(text, _)| text)
                {
                    Some(value) => {
                        writer.create_element(name).write_text_content(BytesText::new(value))?;
                    }
                    None => {
                        writer.create_element(name).write_empty()?;
                    }
                },
            }
        }
        Ok(())
    }

    /// The lists that some question chooses from, in the order of the choices sheet.
    fn lists(&self) -> Vec<(&'s str, Vec<&'s Row>)> {
        let mut used = BTreeSet::new();
        note_lists(&self.nodes, &mut used);
        let Some(sheet) = self.choices else { return Vec::new() };
        let mut lists: Vec<(&str, Vec<&Row>)> = Vec::new();
        for row in &sheet.rows {
            let Some(list) = sheet.cell(row, "list_name").map(|cell| cell.value.as_str()) else { continue };
            if !used.contains(list) {
                continue;
            }
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
            writer.create_element("instance").with_attribute(("id", list)).write_inner_content(|writer| {
                writer.create_element("root").write_inner_content(|writer| {
                    for (number, row) in rows.iter().enumerate() {
                        writer.create_element("item").write_inner_content(|writer| {
                            write_item(sheet, row, &format!("{list}-{number}"), writer)
                        })?;
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

    fn bind(&self, node: &Node<'s>) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("nodeset", node.path.clone())];
        let read_only = self.cell(node, "read_only").map(ToOwned::to_owned);
        if let What::Question(question, shape) = &node.what {
            attributes.push(("type", shape.kind.to_owned()));
            if let Some(most) = self.parameters(node).remove("max-pixels") {
                attributes.push(("orx:max-pixels", most));
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
            attributes.extend(text.map(|text| (name, self.expression(text, node, ""))));
        }
        for (column, id) in
            [("constraint_message", "jr:constraintMsg"), ("required_message", "jr:requiredMsg")]
        {
            if self.is_told(node, column) {
                attributes.push((id, format!("jr:itext('{}:{id}')", node.path)));
            }
        }
        attributes
    }

    fn write_body(&self, nodes: &[Node<'s>], writer: &mut Output) -> io::Result<()> {
        for node in nodes {
            let mut attributes = vec![("ref", node.path.clone())];
            let appearance = self.cell(node, "appearance").map(|text| ("appearance", text.to_owned()));
            match &node.what {
                What::Block(Block::Group) => {
                    attributes.extend(appearance);
                    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
                    writer.create_element("group").with_attributes(attributes).write_inner_content(
                        |writer| {
                            self.write_label(node, writer)?;
                            self.write_body(&node.children, writer)
                        },
                    )?;
                }
                What::Block(Block::Repeat) => {
                    writer
                        .create_element("group")
                        .with_attribute(("ref", node.path.as_str()))
                        .write_inner_content(|writer| {
                            self.write_label(node, writer)?;
                            self.write_repeat(node, appearance, writer)
                        })?;
                }
                What::Question(question, shape) => {
                    let Some(control) = shape.control else { continue };
                    attributes.extend(appearance);
                    attributes.extend(shape.media.map(|media| ("mediatype", media.to_owned())));
                    let mut parameters = self.parameters(node);
                    attributes.extend(parameters.remove("rows").map(|rows| ("rows", rows)));
                    if control == "range" {
                        let bounds = [("start", "1"), ("end", "10"), ("step", "1")];
                        attributes.extend(bounds.map(|(name, unsaid)| {
                            (name, parameters.remove(name).unwrap_or_else(|| unsaid.to_owned()))
                        }));
                    }
                    let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
                    writer.create_element(control).with_attributes(attributes).write_inner_content(
                        |writer| {
                            self.write_label(node, writer)?;
                            if let Some(list) = &question.list {
                                self.write_choice(node, list, writer)?;
                            }
                            self.write_triggered(node, &self.nodes, writer)
                        },
                    )?;
                }
            }
        }
        Ok(())
    }

    fn write_repeat(
        &self,
        node: &Node<'s>,
        appearance: Option<(&'static str, String)>,
        writer: &mut Output,
    ) -> io::Result<()> {
        let mut attributes = vec![("nodeset", node.path.clone())];
        attributes.extend(
            self.cell(node, "repeat_count").map(|text| ("jr:count", self.expression(text, node, ""))),
        );
        attributes.extend(appearance);
        let attributes = attributes.iter().map(|(name, value)| (*name, value.as_str()));
        writer.create_element("repeat").with_attributes(attributes).write_inner_content(|writer| {
            self.write_body(&node.children, writer)?;
            self.write_defaults_of_repeat(&node.children, writer)
        })?;
        Ok(())
    }

    fn write_label(&self, node: &Node<'s>, writer: &mut Output) -> io::Result<()> {
        for (name, columns) in [("label", ["label"].as_slice()), ("hint", &["hint", "guidance_hint"])] {
            if columns.iter().any(|column| self.is_told(node, column)) {
                let reference = format!("jr:itext('{}:{name}')", node.path);
                writer.create_element(name).with_attribute(("ref", reference.as_str())).write_empty()?;
            }
        }
        Ok(())
    }

    fn write_choice(&self, node: &Node<'s>, list: &str, writer: &mut Output) -> io::Result<()> {
        let filter = self
            .cell(node, "choice_filter")
            .map(|text| format!("[{}]", self.expression(text, node, "current()/")))
            .unwrap_or_default();
        let mut nodeset = format!("instance('{list}')/root/item{filter}");
        let mut parameters = self.parameters(node);
        if parameters.get("randomize").is_some_and(|value| value == "true") {
            let seed = parameters
                .remove("seed")
                .map(|seed| format!(", {}", self.expression(&seed, node, "").trim()));
            nodeset = format!("randomize({nodeset}{})", seed.unwrap_or_default());
        }
        writer.create_element("itemset").with_attribute(("nodeset", nodeset.as_str())).write_inner_content(
            |writer| {
                writer.create_element("value").with_attribute(("ref", "name")).write_empty()?;
                writer.create_element("label").with_attribute(("ref", "jr:itext(itextId)")).write_empty()?;
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

/// A text without what stands between quotation marks.
fn outside_quotes(text: &str) -> String {
    let mut open = None;
    text.chars()
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
        .collect()
}

/// Whether the parameters of a question are such as are translated.
fn takes(question: &Question, text: &str) -> bool {
    let Some(parameters) = parse_parameters(text) else { return false };
    let counts = |value: &str| value.parse::<u32>().is_ok_and(|number| number > 0);
    parameters.iter().all(|(name, value)| match (question.name, name.as_str()) {
        ("image", "max-pixels") | ("text", "rows") => counts(value),
        ("select_one" | "select_multiple", "randomize") => value == "true" || value == "false",
        ("select_one" | "select_multiple", "seed") => {
            parameters.contains_key("randomize") && (is_reference(value) || value.parse::<u32>().is_ok())
        }
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
    })
}

fn note_lists(nodes: &[Node<'_>], used: &mut BTreeSet<String>) {
    for node in nodes {
        if let What::Question(question, _) = &node.what {
            used.extend(question.list.clone());
        }
        note_lists(&node.children, used);
    }
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

/// A choice with its further columns, by which a `choice_filter` chooses.
fn write_item(sheet: &Sheet, row: &Row, id: &str, writer: &mut Output) -> io::Result<()> {
    writer.create_element("itextId").write_text_content(BytesText::new(id))?;
    for (index, column) in sheet.columns.iter().enumerate() {
        let name = column.value.as_str();
        if name == "list_name" || name.is_empty() || base(name) == "label" {
            continue;
        }
        if let Some(cell) = row.get(index) {
            writer.create_element(name).write_text_content(BytesText::new(&cell.value))?;
        }
    }
    Ok(())
}
