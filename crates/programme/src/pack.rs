//! A pack as a whole: its files in, a programme or every mistake out.

use std::collections::{BTreeMap, BTreeSet};

use std::sync::Arc;

use crate::beside::{self, Beside};
use crate::bridge::{self, Bridge};
use crate::calendar::{self, Calendar};
use crate::classes::{self, Classes};
use crate::code::{Day, check_unique, is_code, unknown};
use crate::condition::Vocabulary;
use crate::figure::{self, Figure};
use crate::finding::{Bilingual, Finding, Findings, Located, Place, say};
use crate::form::{self, Form, Subject};
use crate::indicator::{self, Indicator};
use crate::manifest::Manifest;
use crate::overlay::{self, FormsBy, JOINS, Overlaid};
use crate::parameter::{self, Overlay, Parameter, Parameters, Unit};
use crate::pathway::{self, Known, Pathway};
use crate::reach;
use crate::rule::{self, Rule, Rules};
use crate::sample::{self, Sample};
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
#[derive(Clone, Debug)]
pub struct Programme {
    pub manifest: Manifest,
    pub parameters: Parameters,
    pub forms: Vec<Form>,
    /// The forms as they are where overlays change them.
    pub overlaid: Vec<Overlaid>,
    pub figures: Vec<Arc<Figure>>,
    pub classes: Vec<Arc<Classes>>,
    pub rules: Vec<Rule>,
    pub indicators: Vec<Indicator>,
    pub pathways: Vec<Pathway>,
    pub calendar: Arc<Calendar>,
    pub bridges: Vec<Bridge>,
    /// Its own tests; see [`crate::scenario::run`].
    pub scenarios: Vec<Scenario>,
    /// Its forms, filled in; of what was published there are none, since they are no part of it.
    pub samples: Vec<Sample>,
}

impl Programme {
    #[must_use]
    pub fn form(&self, code: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.code.value == code)
    }

    /// The form as it holds in an area (its administrative code) on a day.
    #[must_use]
    pub fn form_on(&self, code: &str, area: &str, day: Day) -> Option<&Form> {
        FormsBy { forms: &self.forms, overlaid: &self.overlaid, parameters: &self.parameters }
            .on(code, area, day)
    }

    /// The version under which a form is filled in in an area on a day: the programme's, and the names of the overlays that
    /// change the form there, as `2020-03+anhui`.
    #[must_use]
    pub fn version_on(&self, form: &str, area: &str, day: Day) -> String {
        let names = self.parameters.changing(form, area, day);
        let version = self.manifest.version.clone();
        names.iter().fold(version, |version, name| format!("{version}{JOINS}{name}"))
    }

    /// The programme under its version with the names of overlays, joined as in [`Programme::version_on`]: the forms that they
    /// change are as they make them. None if they change none.
    #[must_use]
    pub fn under(&self, names: &str) -> Option<Self> {
        let own: Vec<&str> = names.split(JOINS).collect();
        let overlaid: Vec<&Overlaid> =
            self.overlaid.iter().filter(|overlaid| overlaid.names.iter().eq(&own)).collect();
        if overlaid.is_empty() {
            return None;
        }
        let mut programme = self.clone();
        programme.manifest.version = format!("{}{JOINS}{names}", self.manifest.version);
        for form in &mut programme.forms {
            let changed = overlaid.iter().find(|overlaid| overlaid.form.code.value == form.code.value);
            if let Some(changed) = changed {
                *form = changed.form.clone();
            }
        }
        Some(programme)
    }
}

/// Reads a pack as it was published: what may be asked is asked when it is checked, so that one that asks for something that no
/// form may ask by now reads on.
///
/// # Errors
/// Every mistake in it, by file and place; never only the first.
pub fn read(files: &Files) -> Result<Programme, Vec<Finding>> {
    read_as(files, false)
}

/// Reads a pack that is still being written: as [`read`], and with what no form may ask, what overlays make of its forms, and its
/// samples.
///
/// # Errors
/// Every mistake in it, by file and place.
pub fn read_new(files: &Files) -> Result<Programme, Vec<Finding>> {
    read_as(files, true)
}

fn read_as(files: &Files, is_new: bool) -> Result<Programme, Vec<Finding>> {
    let mut findings = Findings::default();
    let programme = Reader::new(files, is_new, &mut findings).read();
    match programme {
        Some(programme) if findings.is_empty() => Ok(programme),
        _ => Err(findings.into_sorted()),
    }
}

/// Everything that is asked of a pack before it is published: that it reads, that no form asks what none may, that each of its
/// forms becomes an XForm, with what overlays make of it, that what its rules find stands in somebody's list, and that nobody is
/// held or put off by it without an end. What was published is only read: more may be asked of a pack by now.
///
/// # Errors
/// Every mistake, by file and place; a cell of which one thing is told is not told of again.
pub fn check(files: &Files) -> Result<Programme, Vec<Finding>> {
    let mut findings = Findings::default();
    let programme = Reader::new(files, true, &mut findings).read();
    let told: BTreeSet<Place> = findings.iter().map(|finding| finding.place.clone()).collect();
    let mut of_forms = Findings::default();
    let mut reader = Reader::new(files, true, &mut of_forms);
    for path in reader.form_paths() {
        let stem = stem_of(path);
        // Without the sheet of its questions there is nothing to translate.
        let sheets = reader.read_sheets(path);
        let is_form = |sheets: &Vec<Sheet>| sheets.iter().any(|sheet| sheet.name.value == "survey");
        if let Some(sheets) = sheets.filter(is_form) {
            xform::translate(stem, &sheets, None, reader.findings);
        }
        let overlaid = programme.iter().flat_map(|programme| &programme.overlaid);
        for own in overlaid.filter(|own| own.form.code.value == stem) {
            if let Some(sheets) = reader.read_overlaid(path, &own.names) {
                xform::translate(stem, &sheets, None, reader.findings);
            }
        }
    }
    findings.extend(of_forms.into_sorted().into_iter().filter(|finding| !told.contains(&finding.place)));
    if programme.as_ref().is_some_and(|programme| programme.manifest.version.contains(JOINS)) {
        findings.add(
            &Place::whole("programme.toml"),
            "version",
            say(
                format!("version 里不能有 {JOINS}：它后面写的是改表单的调整"),
                format!("version cannot hold {JOINS}: behind it stand the overlays that change a form"),
            ),
        );
    }
    if findings.is_empty() {
        findings.extend(programme.as_ref().map(reach::unreached).unwrap_or_default());
        if let Some(Programme { pathways, parameters, .. }) = &programme {
            findings.extend(pathway::check_new(pathways).into_sorted());
            findings.extend(pathway::check_limits(pathways, parameters).into_sorted());
        }
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
    translate(files, "", false)
}

/// As [`build`], for clients that know nothing of doors: each form about a person or a dwelling begins by asking which, out
/// of `doors.csv` and `people.csv` beside it, and is named by [`xform::form_id`] and the programme's version.
///
/// # Errors
/// Those of [`build`].
pub fn build_asking(files: &Files) -> Result<BTreeMap<String, String>, Vec<Finding>> {
    translate(files, "", true)
}

/// As [`build`] or, if it `asks`, [`build_asking`], the forms as these overlays make them, and no other; see
/// [`Programme::under`].
///
/// # Errors
/// Those of [`build`].
pub fn build_under(files: &Files, names: &str, asks: bool) -> Result<BTreeMap<String, String>, Vec<Finding>> {
    translate(files, names, asks)
}

fn translate(files: &Files, names: &str, asks: bool) -> Result<BTreeMap<String, String>, Vec<Finding>> {
    let mut programme = read(files)?;
    let names: Vec<String> = names.split(JOINS).filter(|name| !name.is_empty()).map(str::to_owned).collect();
    if !names.is_empty() {
        programme.overlaid.retain(|own| own.names == names);
        programme.forms = std::mem::take(&mut programme.overlaid).into_iter().map(|own| own.form).collect();
    }
    let version = names
        .iter()
        .fold(programme.manifest.version.clone(), |version, name| format!("{version}{JOINS}{name}"));
    let mut findings = Findings::default();
    let mut reader = Reader::new(files, false, &mut findings);
    let mut built = BTreeMap::new();
    for path in reader.form_paths() {
        let stem = stem_of(path);
        let Some(form) = programme.form(stem) else { continue };
        let Some(sheets) = reader.read_overlaid(path, &names) else { continue };
        let asking = asks.then_some(Asking {
            programme: &programme.manifest.code,
            version: &version,
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

/// The code of the form in a file: its name without folder and ending.
fn stem_of(path: &str) -> &str {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

/// Files that may lie in a pack and say nothing to the compiler.
pub(crate) fn is_beside(path: &str) -> bool {
    path.starts_with("samples/") || path.ends_with("README.md")
}

fn is_sheet(name: &str) -> bool {
    [".md", ".csv", ".xlsx"].iter().any(|ending| name.ends_with(ending))
}

/// Of `overlays/anhui/forms/clue.md`: `anhui`.
fn overlay_of(path: &str) -> &str {
    path.split('/').nth(1).unwrap_or_default()
}

/// Whether a finding is that one of these forms, or a question of it, is not there.
fn names_one_of(finding: &Finding, forms: &[&str]) -> bool {
    let form = finding.missing.as_deref().and_then(|named| named.split('.').next());
    form.is_some_and(|form| forms.contains(&form))
}

fn names_changing(together: &[&Overlay], form: &str) -> Vec<String> {
    let changing = together.iter().filter(|overlay| overlay.changes(form));
    changing.map(|overlay| overlay.name().to_owned()).collect()
}

/// The digits of a county's code: one server serves one territory, and gives out each form in one way (ADR 0010).
const LONGEST_AREA: usize = 6;

struct Reader<'r, 'f> {
    files: &'r Files,
    /// Whether it is new, so that all that is asked of a pack by now is asked of it.
    is_new: bool,
    findings: &'f mut Findings,
    /// The codes of forms that could not be read at all.
    unread: Vec<&'r str>,
}

/// What stands on the forms and the parameters.
struct Rest {
    figures: Vec<Arc<Figure>>,
    classes: Vec<Arc<Classes>>,
    rules: Vec<Rule>,
    indicators: Vec<Indicator>,
    pathways: Vec<Pathway>,
    bridges: Vec<Bridge>,
    scenarios: Vec<Scenario>,
}

impl<'r, 'f> Reader<'r, 'f> {
    fn new(files: &'r Files, is_new: bool, findings: &'f mut Findings) -> Self {
        Self { files, is_new, findings, unread: Vec::new() }
    }

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
        for path in self.paths("overlays/").into_iter().filter(|path| path.ends_with(".toml")) {
            if let Some(source) = self.open(path) {
                parameters.read_overlay(&source, &manifest, self.findings);
            }
        }
        self.find_overlaid(&mut parameters, &forms);
        parameters.check_overlaps(self.findings);
        let overlaid = self.lay_forms(&manifest, &parameters, &forms);
        self.check_files_are_named(forms.iter().chain(overlaid.iter().map(|own| &own.form)));
        self.check_restrictions(&manifest, &parameters);
        let before_names = self.findings.len();
        let calendar = match self.open("calendar.toml") {
            Some(source) => Calendar::read(&source, self.findings),
            None => Calendar::default(),
        };
        let calendar = Arc::new(calendar);
        let vocabulary = Vocabulary {
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
        let rest = self.read_rest(vocabulary, Some(&overlaid));
        // What names a form that is there and cannot be read is not wrong for that.
        let unread = std::mem::take(&mut self.unread);
        self.findings.forget_from(before_names, |finding| names_one_of(finding, &unread));
        if self.is_new {
            self.check_overlaid(vocabulary, &overlaid, &unread);
        }
        let samples = match self.is_new {
            true => self.read_samples(
                &manifest,
                FormsBy { forms: &forms, overlaid: &overlaid, parameters: &parameters },
            ),
            false => Vec::new(),
        };
        let Rest { figures, classes, rules, indicators, pathways, bridges, scenarios } = rest;
        Some(Programme {
            manifest,
            parameters,
            forms,
            overlaid,
            figures,
            classes,
            rules,
            indicators,
            pathways,
            calendar,
            bridges,
            scenarios,
            samples,
        })
    }

    fn read_samples(&mut self, manifest: &Manifest, forms: FormsBy<'_>) -> Vec<Sample> {
        let mut samples = Vec::new();
        for path in self.paths("samples/").into_iter().filter(|path| path.ends_with(".toml")) {
            if let Some(source) = self.open(path) {
                samples.extend(sample::read(&source, manifest, forms, self.findings));
            }
        }
        samples
    }

    /// Everything that speaks of forms and parameters; the tests only where it is said what overlays make of the forms.
    fn read_rest(&mut self, nothing: Vocabulary<'_>, overlaid: Option<&[Overlaid]>) -> Rest {
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
        if let Some(overlaid) = overlaid {
            let forms = FormsBy { forms: nothing.forms, overlaid, parameters: nothing.parameters };
            for path in self.paths("tests/") {
                if let Some(source) = self.open(path) {
                    scenarios.extend(scenario::read(
                        &source,
                        (vocabulary, forms),
                        &indicators,
                        (&pathways, &bridges),
                        rules.named.as_deref(),
                        self.findings,
                    ));
                }
            }
            self.check_rules_are_there(&pathways, &scenarios);
        }
        Rest { figures, classes, rules: rules.good, indicators, pathways, bridges, scenarios }
    }

    /// Which forms the overlays change: each is named in `overlays/<overlay>/forms`.
    fn find_overlaid(&mut self, parameters: &mut Parameters, forms: &[Form]) {
        let mut found: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        let known: Vec<&str> = self
            .paths("overlays/")
            .into_iter()
            .filter(|path| path.ends_with(".toml"))
            .map(parameter::name_of)
            .collect();
        for path in self.overlaid_paths() {
            let place = Place::whole(path);
            let (name, stem) = (overlay_of(path), stem_of(path));
            if !known.contains(&name) {
                let named = Located { value: name.to_owned(), place: place.clone() };
                unknown(&named, "调整", "overlay", &known, self.findings);
            }
            if !name.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-')) {
                self.findings.add(
                    &place,
                    "not_a_code",
                    say(
                        "改表单的调整，名字只含拉丁字母、数字、下划线和连字符：它是表单版本号的一部分",
                        "the name of an overlay that changes forms is Latin letters, digits, underscores and hyphens: it is part of the forms' version",
                    ),
                );
            }
            if let Some(twin) = found.insert((name, stem), path) {
                self.findings.add(
                    &place,
                    "twice",
                    say(
                        format!("表单 {stem} 已有 {twin}"),
                        format!("the form {stem} is there already: {twin}"),
                    ),
                );
                continue;
            }
            if !forms.iter().any(|form| form.code.value == stem) {
                if !self.unread.contains(&stem) {
                    let codes: Vec<&str> = forms.iter().map(|form| form.code.value.as_str()).collect();
                    let named = Located { value: stem.to_owned(), place };
                    unknown(&named, "表单", "form", &codes, self.findings);
                }
                continue;
            }
            if let Some(own) = parameters.overlays.iter_mut().find(|own| own.name() == name) {
                own.forms.push(Located { value: stem.to_owned(), place });
            }
        }
        let of_forms = parameters.overlays.iter().filter(|own| !own.forms.is_empty());
        for area in
            of_forms.filter_map(|own| own.area.as_ref()).filter(|area| area.value.len() > LONGEST_AREA)
        {
            self.findings.add(
                &area.place,
                "area",
                say(
                    "一个县区的表单只有一种：改表单的调整，area 至多 6 位；再往下只能调整参数",
                    "the forms of a county are the same everywhere: an overlay that changes forms has an area of 6 digits at most; below it only parameters differ",
                ),
            );
        }
        for own in parameters.overlays.iter().filter(|own| own.set.is_empty() && own.forms.is_empty()) {
            if !found.keys().any(|(name, _)| *name == own.name()) {
                self.findings.add(
                    &Place::whole(&own.file),
                    "missing",
                    say(
                        "这个调整什么也没有改：请写 [set]，或在同名文件夹的 forms/ 里改表单",
                        "this overlay changes nothing: write [set], or changed rows of a form in forms/ of a folder of its name",
                    ),
                );
            }
        }
    }

    /// Every form that overlays change, under each set of them that holds somewhere at some time.
    fn lay_forms(&mut self, manifest: &Manifest, parameters: &Parameters, forms: &[Form]) -> Vec<Overlaid> {
        let mut laid: Vec<Overlaid> = Vec::new();
        for together in parameters.together() {
            for form in forms {
                let stem = form.code.value.as_str();
                let names = names_changing(&together, stem);
                let is_known = |own: &Overlaid| own.form.code.value == stem && own.names == names;
                if names.is_empty() || laid.iter().any(is_known) {
                    continue;
                }
                let path = self.form_paths().into_iter().find(|path| stem_of(path) == stem);
                let Some((path, sheets)) =
                    path.and_then(|path| Some((path, self.read_overlaid(path, &names)?)))
                else {
                    continue;
                };
                sheets.iter().for_each(|sheet| sheet.check_lengths(self.findings));
                let form = self.read_form(path, stem, &sheets, manifest);
                laid.extend(form.map(|form| Overlaid { names, form }));
            }
        }
        laid
    }

    /// What speaks of forms must hold of them as overlays make them too: what is wrong only there is told with their names.
    fn check_overlaid(&mut self, vocabulary: Vocabulary<'_>, overlaid: &[Overlaid], unread: &[&str]) {
        let known: BTreeSet<(Place, &str, String)> = self
            .findings
            .iter()
            .map(|finding| (finding.place.clone(), finding.code, finding.text.en.clone()))
            .collect();
        for together in vocabulary.parameters.together() {
            let mut forms = vocabulary.forms.to_vec();
            for form in &mut forms {
                let code = form.code.value.as_str();
                let names = names_changing(&together, code);
                let own = overlaid.iter().find(|own| own.form.code.value == code && own.names == names);
                if let Some(own) = own {
                    *form = own.form.clone();
                }
            }
            let mut findings = Findings::default();
            Reader::new(self.files, true, &mut findings)
                .read_rest(Vocabulary { forms: &forms, ..vocabulary }, None);
            let names: Vec<&str> = together.iter().map(|overlay| overlay.file.as_str()).collect();
            let names = names.join(", ");
            findings.forget_from(0, |finding| names_one_of(finding, unread));
            for finding in findings.into_sorted() {
                let Finding { place, code, text, .. } = &finding;
                if !known.contains(&(place.clone(), *code, text.en.clone())) {
                    self.findings.add(
                        place,
                        code,
                        say(
                            format!("表单按 {names} 调整后：{}", text.zh),
                            format!("with the forms as {names} makes them: {}", text.en),
                        ),
                    );
                }
            }
        }
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

    /// The sheets with the changed rows of forms, of every overlay.
    fn overlaid_paths(&self) -> Vec<&'r str> {
        let mut paths = self.paths("overlays/");
        paths.retain(|path| {
            let parts: Vec<&str> = path.split('/').collect();
            parts.len() == 4 && parts[2] == "forms" && is_sheet(parts[3])
        });
        paths
    }

    /// The sheets of a form with what these overlays change of it laid over them, one after the other.
    fn read_overlaid(&mut self, path: &'r str, names: &[String]) -> Option<Vec<Sheet>> {
        let mut sheets = self.raw_sheets(path)?;
        for name in names {
            let fits = |own: &&str| overlay_of(own) == name && stem_of(own) == stem_of(path);
            let Some(own) = self.overlaid_paths().into_iter().find(fits) else { continue };
            let over = self.raw_sheets(own)?;
            over.iter().for_each(|sheet| sheet.check_lengths(self.findings));
            if over.iter().all(|sheet| sheet.rows.is_empty()) {
                self.findings.add(
                    &Place::whole(own),
                    "overlay",
                    say(
                        "这里没有要改的行：第一列写 survey、choices 或 settings，下面各行写改什么",
                        "no row is changed here: write survey, choices or settings in the first column, and the changed rows below",
                    ),
                );
            }
            sheets = overlay::lay(sheets, &over, self.findings);
        }
        Some(shorthand::write_out(sheets, self.findings))
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
                Some(("overlays", _)) if self.overlaid_paths().contains(&path.as_str()) => true,
                Some(("overlays" | "classes" | "pathways" | "tests", name)) => {
                    name.ends_with(".toml") && !name.contains('/')
                }
                Some(("forms", _)) if beside::is_file(path) => true,
                Some(("forms", name)) => is_sheet(name) && !name.contains('/'),
                Some(_) => false,
            };
            if !known && !is_beside(path) {
                self.findings.add(
                    &Place::whole(path),
                    "unknown_file",
                    say(
                        "专项方案里没有这个文件的位置；可有 programme.toml、parameters.toml、figures.toml、rules.toml、indicators.toml、calendar.toml、bridges.toml、overlays/*.toml、overlays/*/forms/*.md|csv|xlsx、classes/*.toml、pathways/*.toml、tests/*.toml、forms/*.md|csv|xlsx、forms/media/ 里表单展示的图片、声音、影片和所选的列表、samples/、README.md",
                        "a pack has no place for this file; it may hold programme.toml, parameters.toml, figures.toml, rules.toml, indicators.toml, calendar.toml, bridges.toml, overlays/*.toml, overlays/*/forms/*.md|csv|xlsx, classes/*.toml, pathways/*.toml, tests/*.toml, forms/*.md|csv|xlsx, in forms/media/ the pictures, sounds, films and lists of its forms, samples/ and README.md",
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
        self.raw_sheets(path).map(|sheets| shorthand::write_out(sheets, self.findings))
    }

    /// As they are written.
    fn raw_sheets(&mut self, path: &'r str) -> Option<Vec<Sheet>> {
        if let Some(Content::Workbook(sheets)) = self.files.get(path) {
            return Some(sheet::read_workbook(path, sheets));
        }
        let source = self.open(path)?;
        match path.ends_with(".csv") {
            true => sheet::read_csv(path, source.text, self.findings),
            false => Some(sheet::read_markdown(path, source.text)),
        }
    }

    fn read_form(&mut self, path: &str, stem: &str, sheets: &[Sheet], manifest: &Manifest) -> Option<Form> {
        let before = self.findings.len();
        let form = form::read(path, stem, sheets, manifest, Beside { files: self.files }, self.findings);
        if !self.is_new {
            self.findings.forget_from(before, |finding| finding.code == form::FORBIDDEN);
        }
        form
    }

    /// A file beside the forms that none of them shows or asks for is without effect.
    fn check_files_are_named<'a>(&mut self, forms: impl Iterator<Item = &'a Form>) {
        let named: BTreeSet<&str> = forms.flat_map(|form| &form.files).map(String::as_str).collect();
        for path in self.paths(beside::FOLDER) {
            let name = path.trim_start_matches(beside::FOLDER);
            if beside::is_file(path) && !named.contains(name) {
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
            let stem = stem_of(path);
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
            let form = self.read_form(path, stem, &sheets, manifest);
            if form.is_none() {
                self.unread.push(stem);
            }
            forms.extend(form);
        }
        forms
    }
}
