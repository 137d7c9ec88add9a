//! A pack as a whole: its files in, a programme or every mistake out.

use std::collections::{BTreeMap, BTreeSet};

use std::sync::Arc;

use crate::beside::{self, Beside};
use crate::bridge::{self, Bridge};
use crate::calendar::{self, Calendar};
use crate::classes::{self, Classes};
use crate::code::{check_unique, is_code, unknown};
use crate::condition::Vocabulary;
use crate::figure::{self, Figure};
use crate::finding::{Bilingual, Finding, Findings, Located, Place, say};
use crate::form::{self, Form, Subject};
use crate::indicator::{self, Indicator};
use crate::manifest::Manifest;
use crate::parameter::{Parameter, Parameters, Unit};
use crate::pathway::{self, Known, Pathway};
use crate::reach;
use crate::rule::{self, Rule, Rules};
use crate::scenario::{self, Scenario};
use crate::section::Source;
use crate::sheet::{self, RawSheet, Sheet};
use crate::shorthand;
use crate::xform::{self, Asking};

/// A file of a pack, as the caller read it.
#[derive(Clone, Debug)]
pub enum Content {
    Bytes(Vec<u8>),
    /// A workbook, opened by the caller: this crate knows no container formats.
    Workbook(Vec<RawSheet>),
    /// A file that the caller could not open as what its name says, and why.
    Unreadable(Bilingual),
}

/// The files of a pack by their path inside its folder, with forward slashes.
pub type Files = BTreeMap<String, Content>;

/// A programme that was found without mistakes.
#[derive(Debug)]
pub struct Programme {
    pub manifest: Manifest,
    pub parameters: Parameters,
    pub forms: Vec<Form>,
    pub figures: Vec<Arc<Figure>>,
    pub classes: Vec<Arc<Classes>>,
    pub rules: Vec<Rule>,
    pub indicators: Vec<Indicator>,
    pub pathways: Vec<Pathway>,
    pub calendar: Arc<Calendar>,
    pub bridges: Vec<Bridge>,
    /// Its own tests; see [`crate::scenario::run`].
    pub scenarios: Vec<Scenario>,
}

impl Programme {
    #[must_use]
    pub fn form(&self, code: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.code.value == code)
    }
}

/// Reads a pack.
///
/// # Errors
/// Every mistake in it, by file and place; never only the first.
pub fn read(files: &Files) -> Result<Programme, Vec<Finding>> {
    let mut findings = Findings::default();
    let programme = Reader { files, findings: &mut findings, unread: Vec::new() }.read();
    match programme {
        Some(programme) if findings.is_empty() => Ok(programme),
        _ => Err(findings.into_sorted()),
    }
}

/// Everything that is asked of a pack before it is published: that it reads, that each of its forms becomes an XForm, that
/// what its rules find stands in somebody's list, and that nobody is held or put off by it without an end. What was published is
/// only read: more may be asked of a pack by now.
///
/// # Errors
/// Every mistake, by file and place; a cell of which one thing is told is not told of again.
pub fn check(files: &Files) -> Result<Programme, Vec<Finding>> {
    let mut findings = Findings::default();
    let programme = Reader { files, findings: &mut findings, unread: Vec::new() }.read();
    let told: BTreeSet<Place> = findings.iter().map(|finding| finding.place.clone()).collect();
    let mut of_forms = Findings::default();
    let mut reader = Reader { files, findings: &mut of_forms, unread: Vec::new() };
    for path in reader.form_paths() {
        let Some((stem, _)) = path.trim_start_matches("forms/").rsplit_once('.') else { continue };
        // Without the sheet of its questions there is nothing to translate.
        let sheets = reader.read_sheets(path);
        let is_form = |sheets: &Vec<Sheet>| sheets.iter().any(|sheet| sheet.name.value == "survey");
        if let Some(sheets) = sheets.filter(is_form) {
            xform::translate(stem, &sheets, None, reader.findings);
        }
    }
    findings.extend(of_forms.into_sorted().into_iter().filter(|finding| !told.contains(&finding.place)));
    if findings.is_empty() {
        findings.extend(programme.as_ref().map(reach::unreached).unwrap_or_default());
        let pathways = programme.as_ref().map(|programme| pathway::check_new(&programme.pathways));
        findings.extend(pathways.unwrap_or_default().into_sorted());
    }
    match programme {
        Some(programme) if findings.is_empty() => Ok(programme),
        _ => Err(findings.into_sorted()),
    }
}

/// Translates every form of a pack to the XForm that phones fill in, by the form's code.
///
/// # Errors
/// Every mistake in the pack, or everything in its forms that cannot be translated.
pub fn build(files: &Files) -> Result<BTreeMap<String, String>, Vec<Finding>> {
    translate(files, false)
}

/// As [`build`], for clients that know nothing of doors: each form about a person or a dwelling begins by asking which, out
/// of `doors.csv` and `people.csv` beside it, and is named by [`xform::form_id`] and the programme's version.
///
/// # Errors
/// Those of [`build`].
pub fn build_asking(files: &Files) -> Result<BTreeMap<String, String>, Vec<Finding>> {
    translate(files, true)
}

fn translate(files: &Files, asks: bool) -> Result<BTreeMap<String, String>, Vec<Finding>> {
    let programme = read(files)?;
    let mut findings = Findings::default();
    let mut reader = Reader { files, findings: &mut findings, unread: Vec::new() };
    let mut built = BTreeMap::new();
    for path in reader.form_paths() {
        let Some((stem, _)) = path.trim_start_matches("forms/").rsplit_once('.') else { continue };
        let Some(sheets) = reader.read_sheets(path) else { continue };
        let Some(form) = programme.form(stem) else { continue };
        let manifest = &programme.manifest;
        let asking = asks.then_some(Asking {
            programme: &manifest.code,
            version: &manifest.version,
            person: form.subject == Subject::Person,
        });
        if asks && !form.subject.is_met() {
            continue;
        }
        let text = xform::translate(stem, &sheets, asking, reader.findings);
        built.extend(text.map(|text| (stem.to_owned(), text)));
    }
    if findings.is_empty() { Ok(built) } else { Err(findings.into_sorted()) }
}

/// Files that may lie in a pack and say nothing to the compiler.
pub(crate) fn is_beside(path: &str) -> bool {
    path.starts_with("samples/") || path.ends_with("README.md")
}

struct Reader<'r> {
    files: &'r Files,
    findings: &'r mut Findings,
    /// The codes of forms that could not be read at all.
    unread: Vec<&'r str>,
}

impl<'r> Reader<'r> {
    fn read(&mut self) -> Option<Programme> {
        if !self.files.contains_key("programme.toml") {
            self.findings.add(
                &Place::whole("programme.toml"),
                "no_manifest",
                say(
                    "文件夹里没有 programme.toml：这不是专项方案",
                    "the folder holds no programme.toml: this is no pack",
                ),
            );
            return None;
        }
        self.check_paths();
        // What is named elsewhere cannot be judged if the file that defines it is unreadable: then only that is told of
        // it, and what does not depend on it.
        let Some(manifest) =
            self.open("programme.toml").and_then(|source| Manifest::read(&source, self.findings))
        else {
            self.check_toml();
            return None;
        };
        let forms = self.read_forms(&manifest);
        let parameters = match self.files.contains_key("parameters.toml") {
            true => self
                .open("parameters.toml")
                .and_then(|source| Parameters::read(&source, &manifest, self.findings)),
            false => Some(Parameters::default()),
        };
        let Some(mut parameters) = parameters else {
            self.check_toml();
            return None;
        };
        for path in self.paths("overlays/") {
            if let Some(source) = self.open(path) {
                parameters.read_overlay(&source, &manifest, self.findings);
            }
        }
        parameters.check_overlaps(self.findings);
        self.check_restrictions(&manifest, &parameters);
        let before_names = self.findings.len();
        let calendar = match self.open("calendar.toml") {
            Some(source) => Calendar::read(&source, self.findings),
            None => Calendar::default(),
        };
        let calendar = Arc::new(calendar);
        let nothing = Vocabulary {
            manifest: &manifest,
            parameters: &parameters,
            forms: &forms,
            figures: &[],
            classes: &[],
            of_case: false,
            of_hour: false,
            calendar: &calendar,
            loose: false,
        };
        let before = self.findings.len();
        let figures = match self.open("figures.toml") {
            Some(source) => figure::read(&source, nothing, self.findings),
            None => Vec::new(),
        };
        let loose = self.findings.len() > before;
        let vocabulary = Vocabulary { figures: &figures, loose, ..nothing };
        let classes = self.read_classes(vocabulary);
        let loose = self.findings.len() > before;
        let vocabulary = Vocabulary { classes: &classes, loose, ..vocabulary };
        let rules = match self.open("rules.toml") {
            Some(source) => rule::read(&source, vocabulary, self.findings),
            None => Rules::default(),
        };
        let mut pathways = self.read_pathways(vocabulary, rules.named.as_deref());
        pathways.extend(pathway::of_rules(&rules.good, &pathways, self.findings));
        check_unique(pathways.iter().map(|pathway| &pathway.code), "pathway", self.findings);
        let before = self.findings.len();
        let indicators = match self.open("indicators.toml") {
            Some(source) => indicator::read(&source, vocabulary, self.findings),
            None => Vec::new(),
        };
        let vocabulary = Vocabulary { loose: loose || self.findings.len() > before, ..vocabulary };
        let bridges = match self.open("bridges.toml") {
            Some(source) => bridge::read(&source, vocabulary, self.findings),
            None => Vec::new(),
        };
        let mut scenarios = Vec::new();
        for path in self.paths("tests/") {
            if let Some(source) = self.open(path) {
                scenarios.extend(scenario::read(
                    &source,
                    vocabulary,
                    &indicators,
                    (&pathways, &bridges),
                    rules.named.as_deref(),
                    self.findings,
                ));
            }
        }
        self.check_rules_are_there(&pathways, &scenarios);
        // What names a form that is there and cannot be read is not wrong for that.
        let unread = std::mem::take(&mut self.unread);
        self.findings.forget_from(before_names, |finding| {
            finding.code == "unknown_name" && unread.iter().any(|form| finding.text.en.contains(form))
        });
        Some(Programme {
            manifest,
            parameters,
            forms,
            figures,
            classes,
            rules: rules.good,
            indicators,
            pathways,
            calendar,
            bridges,
            scenarios,
        })
    }

    fn read_classes(&mut self, vocabulary: Vocabulary<'_>) -> Vec<Arc<Classes>> {
        let mut all = Vec::new();
        for path in self.paths("classes/") {
            if let Some(source) = self.open(path) {
                all.extend(classes::read(&source, vocabulary, self.findings).map(Arc::new));
            }
        }
        check_unique(all.iter().map(|classes| &classes.code), "classification", self.findings);
        all
    }

    fn read_pathways(&mut self, vocabulary: Vocabulary<'_>, rules: Option<&[String]>) -> Vec<Pathway> {
        let known = Known { vocabulary, rules };
        let mut pathways = Vec::new();
        for path in self.paths("pathways/") {
            if let Some(source) = self.open(path) {
                pathways.extend(pathway::read(&source, &known, self.findings));
            }
        }
        pathways
    }

    /// A pack may have no rules; it may not name rules and have none.
    fn check_rules_are_there(&mut self, pathways: &[Pathway], scenarios: &[Scenario]) {
        let named = pathways
            .iter()
            .flat_map(|pathway| &pathway.asked_by)
            .chain(scenarios.iter().flat_map(Scenario::rules))
            .collect::<BTreeSet<_>>();
        if !self.files.contains_key("rules.toml") && !named.is_empty() {
            let count = named.len();
            self.findings.add(
                &Place::whole("rules.toml"),
                "no_rules",
                say(
                    format!("没有这个文件，而 pathways/ 和 tests/ 提到了 {count} 条规则"),
                    format!("this file is not there, and pathways/ and tests/ name {count} rules"),
                ),
            );
        }
    }

    /// Whether the other files are TOML at all; what was told already is told once.
    fn check_toml(&mut self) {
        for path in self.files.keys().filter(|path| path.ends_with(".toml") && *path != "programme.toml") {
            if let Some(source) = self.open(path) {
                source.check_toml(self.findings);
            }
        }
    }

    fn paths(&self, folder: &str) -> Vec<&'r str> {
        self.files.keys().map(String::as_str).filter(|path| path.starts_with(folder)).collect()
    }

    /// The sheets of forms, without what lies beside them.
    fn form_paths(&self) -> Vec<&'r str> {
        let mut paths = self.paths("forms/");
        paths.retain(|path| !path.starts_with(beside::FOLDER));
        paths
    }

    fn open(&mut self, path: &'r str) -> Option<Source<'r>> {
        match self.files.get(path)? {
            Content::Bytes(bytes) => Source::open(path, bytes, self.findings),
            Content::Workbook(_) => None,
            Content::Unreadable(why) => {
                self.findings.add(&Place::whole(path), "unreadable", why.clone());
                None
            }
        }
    }

    /// A file that nothing reads is a mistake: a misspelt name would be without effect.
    fn check_paths(&mut self) {
        for path in self.files.keys() {
            let known = match path.split_once('/') {
                None => {
                    matches!(
                        path.as_str(),
                        "programme.toml"
                            | "parameters.toml"
                            | "figures.toml"
                            | "rules.toml"
                            | "indicators.toml"
                            | "calendar.toml"
                            | "bridges.toml"
                    )
                }
                Some(("overlays" | "classes" | "pathways" | "tests", name)) => {
                    name.ends_with(".toml") && !name.contains('/')
                }
                Some(("forms", _)) if beside::is_file(path) => true,
                Some(("forms", name)) => {
                    [".md", ".csv", ".xlsx"].iter().any(|ending| name.ends_with(ending))
                        && !name.contains('/')
                }
                Some(_) => false,
            };
            if !known && !is_beside(path) {
                self.findings.add(
                    &Place::whole(path),
                    "unknown_file",
                    say(
                        "专项方案里没有这个文件的位置；可有 programme.toml、parameters.toml、figures.toml、rules.toml、indicators.toml、calendar.toml、bridges.toml、overlays/*.toml、classes/*.toml、pathways/*.toml、tests/*.toml、forms/*.md|csv|xlsx、forms/media/ 里表单展示的图片、声音、影片和所选的列表、samples/、README.md",
                        "a pack has no place for this file; it may hold programme.toml, parameters.toml, figures.toml, rules.toml, indicators.toml, calendar.toml, bridges.toml, overlays/*.toml, classes/*.toml, pathways/*.toml, tests/*.toml, forms/*.md|csv|xlsx, in forms/media/ the pictures, sounds, films and lists of its forms, samples/ and README.md",
                    ),
                );
            }
        }
    }

    fn check_restrictions(&mut self, manifest: &Manifest, parameters: &Parameters) {
        for end in manifest.restrictions.iter().filter_map(|restriction| restriction.ends_after.as_ref()) {
            if parameters.get(&end.value).is_none_or(|parameter| parameter.unit != Unit::Days) {
                let known: Vec<&str> = parameters
                    .all
                    .iter()
                    .filter(|parameter| parameter.unit == Unit::Days)
                    .map(|parameter| parameter.code.value.as_str())
                    .collect();
                unknown(end, "以天计的参数", "parameter counted in days", &known, self.findings);
            }
            if let Some(parameter) = parameters.get(&end.value) {
                self.check_end(end, parameter);
            }
        }
    }

    /// An end that the server would bring nearer without a word is none that was published.
    fn check_end(&mut self, end: &Located<String>, parameter: &Parameter) {
        let Parameter { code, value, most, .. } = parameter;
        let (value, most) = (value.as_whole(), most.as_whole());
        let beyond = |days: i64| days > calendar::MOST_DAYS;
        let (zh, en, number) = match (beyond(value), beyond(most)) {
            (true, _) => ("值是", "is", value),
            (false, true) => ("的上限 most 是", "may be set to", most),
            (false, false) => return,
        };
        let (name, limit) = (&code.value, calendar::MOST_DAYS);
        self.findings.add(
            &end.place,
            "end_too_far",
            say(
                format!("限制措施最长 {limit} 天，而 {name} {zh} {number} 天：请改小"),
                format!("a restriction ends after {limit} days at most, and {name} {en} {number} days: make it less"),
            ),
        );
    }

    fn read_sheets(&mut self, path: &'r str) -> Option<Vec<Sheet>> {
        if let Some(Content::Workbook(sheets)) = self.files.get(path) {
            return Some(shorthand::write_out(sheet::read_workbook(path, sheets), self.findings));
        }
        let source = self.open(path)?;
        let sheets = match path.ends_with(".csv") {
            true => sheet::read_csv(path, source.text, self.findings)?,
            false => sheet::read_markdown(path, source.text),
        };
        Some(shorthand::write_out(sheets, self.findings))
    }

    /// A file beside the forms that none of them shows or asks for is without effect.
    fn check_files_are_named(&mut self, forms: &[Form]) {
        for path in self.paths(beside::FOLDER) {
            let name = path.trim_start_matches(beside::FOLDER);
            if beside::is_file(path) && !forms.iter().any(|form| form.files.contains(name)) {
                self.findings.add(
                    &Place::whole(path),
                    "unused_file",
                    say(
                        "没有表单用到这个文件：请改正文件名，或删去它",
                        "no form shows or asks for this file: correct its name, or take it out",
                    ),
                );
            }
        }
    }

    fn read_forms(&mut self, manifest: &Manifest) -> Vec<Form> {
        let mut forms: Vec<Form> = Vec::new();
        for path in self.form_paths() {
            let Some((stem, _)) = path.trim_start_matches("forms/").rsplit_once('.') else { continue };
            if !is_code(stem) {
                self.findings.add(
                    &Place::whole(path),
                    "not_a_code",
                    say(
                        "文件名（不含后缀）就是表单的代码：小写拉丁字母开头，只含小写字母、数字和下划线",
                        "the file's name without its ending is the form's code: small Latin letters, digits and underscores, beginning with a letter",
                    ),
                );
            }
            let Some(sheets) = self.read_sheets(path) else {
                self.unread.push(stem);
                continue;
            };
            sheets.iter().for_each(|sheet| sheet.check_lengths(self.findings));
            if let Some(twin) = forms.iter().find(|form| form.code.value == stem) {
                let twin = twin.code.place.to_string();
                self.findings.add(
                    &Place::whole(path),
                    "twice",
                    say(
                        format!("表单 {stem} 已有 {twin}"),
                        format!("the form {stem} is there already: {twin}"),
                    ),
                );
                continue;
            }
            let beside = Beside { files: self.files };
            let form = form::read(path, stem, &sheets, manifest, beside, self.findings);
            if form.is_none() {
                self.unread.push(stem);
            }
            forms.extend(form);
        }
        self.check_files_are_named(&forms);
        forms
    }
}
