//! `programme.toml`: what the programme is, on which law it stands and until when, and who takes part.

use crate::code::{Day, check_code, check_unique, unknown};
use crate::finding::{Findings, Located, Place, say};
use crate::section::{Section, Source};
use crate::text::Texts;

/// The format of packs that this program reads.
const FORMAT: i64 = 1;
/// No programme runs longer without being looked at and published anew.
const LONGEST_YEARS: i16 = 10;

/// What `programme.toml` says.
#[derive(Clone, Debug, Default)]
pub struct Manifest {
    pub code: String,
    pub version: String,
    pub name: Texts,
    /// Language tags in which every text of the pack must be there, `zh` and `en` among them.
    pub languages: Vec<String>,
    pub in_force: Option<Day>,
    /// The day on which the programme ends by itself and what is kept `programme` long is deleted.
    pub sunset: Option<Day>,
    pub bases: Vec<Basis>,
    pub purposes: Vec<Purpose>,
    pub roles: Vec<Role>,
    pub forbidden: Vec<OwnForbidden>,
    pub restrictions: Vec<Restriction>,
    /// What sums of money are reckoned as: two of different concepts are never compared.
    pub concepts: Vec<Concept>,
}

/// A law or decree on which the programme stands.
#[derive(Clone, Debug)]
pub struct Basis {
    pub code: Located<String>,
    pub name: Texts,
    /// The day of the text that is meant: laws are amended.
    pub of: Option<Day>,
}

/// What a sum of money is reckoned as, such as net or disposable income.
#[derive(Clone, Debug)]
pub struct Concept {
    pub code: Located<String>,
    pub name: Texts,
}

/// What data is collected for.
#[derive(Clone, Debug)]
pub struct Purpose {
    pub code: Located<String>,
    pub name: Texts,
    pub basis: Vec<Located<String>>,
}

/// Who takes part.
#[derive(Clone, Debug)]
pub struct Role {
    pub code: Located<String>,
    pub name: Texts,
}

/// What this programme may not ask, beyond what none may.
#[derive(Clone, Debug)]
pub struct OwnForbidden {
    pub name: Texts,
    pub words: Vec<Located<String>>,
}

impl OwnForbidden {
    /// Whether a text holds one of the words, in whatever letters.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.words.iter().any(|word| text.contains(&word.value.to_lowercase()))
    }
}

/// What a person may be held to under this programme: never without an end, never without someone who answers for it.
#[derive(Clone, Debug)]
pub struct Restriction {
    pub code: Located<String>,
    pub name: Texts,
    pub basis: Vec<Located<String>>,
    /// The role that decides it and answers for its end.
    pub owner: Option<Located<String>>,
    /// The parameter, in days, after which it ends by itself.
    pub ends_after: Option<Located<String>>,
}

impl Manifest {
    /// The roles named in a cell, with spaces or commas between them.
    pub(crate) fn roles_named(&self, cell: &Located<String>, findings: &mut Findings) -> Vec<String> {
        let known: Vec<&str> = self.roles.iter().map(|role| role.code.value.as_str()).collect();
        let mut named = Vec::new();
        let separator = |character: char| character.is_whitespace() || matches!(character, ',' | '，' | '、');
        for name in cell.value.split(separator).filter(|name| !name.is_empty()) {
            if known.contains(&name) {
                named.push(name.to_owned());
            } else {
                let name = Located { value: name.to_owned(), place: cell.place.clone() };
                unknown(&name, "角色", "role", &known, findings);
            }
        }
        named
    }

    /// Whether there is a role of that name, or the finding that there is none.
    pub(crate) fn has_role(&self, named: &Located<String>, findings: &mut Findings) -> bool {
        let known: Vec<&str> = self.roles.iter().map(|role| role.code.value.as_str()).collect();
        let found = known.contains(&named.value.as_str());
        if !found {
            unknown(named, "角色", "role", &known, findings);
        }
        found
    }

    /// The concept, or the finding that there is none of that name.
    pub(crate) fn concept(&self, named: Option<Located<String>>, findings: &mut Findings) -> Option<String> {
        let named = named?;
        let known: Vec<&str> = self.concepts.iter().map(|concept| concept.code.value.as_str()).collect();
        if !known.contains(&named.value.as_str()) {
            unknown(&named, "口径", "concept", &known, findings);
        }
        Some(named.value)
    }

    /// Reads `programme.toml`; `None` if it is not TOML.
    pub(crate) fn read(source: &Source<'_>, findings: &mut Findings) -> Option<Self> {
        let mut manifest = Self::default();
        if !source.read_toml(findings, |section, findings| manifest.fill(section, findings)) {
            return None;
        }
        manifest.check(&Place::whole(source.file), findings);
        Some(manifest)
    }

    fn fill(&mut self, section: &mut Section<'_, '_>, findings: &mut Findings) {
        if let Some(format) = section.integer("format", findings).filter(|format| format.value != FORMAT) {
            let found = format.value;
            findings.add(
                &format.place,
                "format",
                say(
                    format!("本程序读格式 {FORMAT} 的专项方案，这是格式 {found}"),
                    format!("this program reads packs of format {FORMAT}, this is format {found}"),
                ),
            );
        }
        let code = section.text("code", findings);
        self.code = check_code(code, "code", findings).map(|code| code.value).unwrap_or_default();
        self.version = section.text("version", findings).map(|version| version.value).unwrap_or_default();
        self.languages = languages(section, findings);
        self.name = self.texts(section, "name", findings);
        let in_force = section.day("in_force", findings);
        let sunset = section.day("sunset", findings);
        if let (Some(from), Some(until)) = (&in_force, &sunset) {
            check_term(from.value, until, findings);
        }
        self.in_force = in_force.map(|day| day.value);
        self.sunset = sunset.map(|day| day.value);
        for mut part in section.sections("basis", findings) {
            let code = part.text("code", findings);
            let name = self.texts(&mut part, "name", findings);
            let of = part.day("of", findings).map(|day| day.value);
            if let Some(code) = check_code(code, "basis", findings) {
                self.bases.push(Basis { code, name, of });
            }
            part.finish(findings);
        }
        for mut part in section.sections("purpose", findings) {
            let code = part.text("code", findings);
            let name = self.texts(&mut part, "name", findings);
            let basis = self.basis(&mut part, findings);
            if let Some(code) = check_code(code, "purpose", findings) {
                self.purposes.push(Purpose { code, name, basis });
            }
            part.finish(findings);
        }
        for mut part in section.sections("role", findings) {
            let code = part.text("code", findings);
            let name = self.texts(&mut part, "name", findings);
            if let Some(code) = check_code(code, "role", findings) {
                self.roles.push(Role { code, name });
            }
            part.finish(findings);
        }
        for mut part in section.sections("concept", findings) {
            let code = part.text("code", findings);
            let name = self.texts(&mut part, "name", findings);
            if let Some(code) = check_code(code, "concept", findings) {
                self.concepts.push(Concept { code, name });
            }
            part.finish(findings);
        }
        for mut part in section.sections("forbidden", findings) {
            let name = self.texts(&mut part, "name", findings);
            let words = part.list("words", findings);
            self.forbidden.push(OwnForbidden { name, words });
            part.finish(findings);
        }
        for mut part in section.sections("restriction", findings) {
            let code = part.text("code", findings);
            let name = self.texts(&mut part, "name", findings);
            let basis = self.basis(&mut part, findings);
            let owner = part.text("owner", findings);
            let ends_after = part.optional_text("ends_after", findings);
            let place = part.place();
            part.finish(findings);
            if let Some(code) = check_code(code, "restriction", findings) {
                if ends_after.is_none() {
                    no_end(&code, &place, findings);
                }
                self.restrictions.push(Restriction { code, name, basis, owner, ends_after });
            }
        }
    }

    fn texts(&self, section: &mut Section<'_, '_>, key: &'static str, findings: &mut Findings) -> Texts {
        let Some(texts) = section.texts(key, findings) else { return Texts::default() };
        texts.value.check(key, &self.languages, &texts.place, findings);
        texts.value
    }

    /// What a purpose or a restriction stands on; it must stand on something.
    fn basis(&self, section: &mut Section<'_, '_>, findings: &mut Findings) -> Vec<Located<String>> {
        let basis = section.list("basis", findings);
        if basis.is_empty() {
            findings.add(
                &section.place(),
                "no_basis",
                say("没有法律依据 basis", "it names no legal basis: basis = [\"…\"]"),
            );
        }
        let known: Vec<&str> = self.bases.iter().map(|basis| basis.code.value.as_str()).collect();
        for name in basis.iter().filter(|name| !known.contains(&name.value.as_str())) {
            unknown(name, "法律依据", "basis", &known, findings);
        }
        basis
    }

    fn check(&self, place: &Place, findings: &mut Findings) {
        check_unique(self.bases.iter().map(|basis| &basis.code), "basis", findings);
        check_unique(self.purposes.iter().map(|purpose| &purpose.code), "purpose", findings);
        check_unique(self.roles.iter().map(|role| &role.code), "role", findings);
        check_unique(self.concepts.iter().map(|concept| &concept.code), "concept", findings);
        check_unique(self.restrictions.iter().map(|restriction| &restriction.code), "restriction", findings);
        for owner in self.restrictions.iter().filter_map(|restriction| restriction.owner.as_ref()) {
            self.has_role(owner, findings);
        }
        if self.bases.is_empty() {
            findings.add(
                place,
                "no_basis",
                say(
                    "专项方案没有法律依据：至少要有一段 [[basis]]",
                    "the programme stands on no law: there must be at least one [[basis]]",
                ),
            );
        }
    }
}

fn no_end(code: &Located<String>, place: &Place, findings: &mut Findings) {
    let name = &code.value;
    findings.add(
        place,
        "no_end",
        say(
            format!("限制措施 {name} 没有期限：请写 ends_after，填一个以天计的参数"),
            format!("the restriction {name} has no end: give ends_after, a parameter counted in days"),
        ),
    );
}

fn languages(section: &mut Section<'_, '_>, findings: &mut Findings) -> Vec<String> {
    let languages = section.list("languages", findings);
    check_unique(languages.iter(), "language", findings);
    let languages: Vec<String> = languages.into_iter().map(|language| language.value).collect();
    for needed in ["zh", "en"] {
        if !languages.iter().any(|language| language == needed) {
            findings.add(
                &section.place(),
                "languages",
                say(format!("languages 里要有 {needed}"), format!("languages must name {needed}")),
            );
        }
    }
    languages
}

fn check_term(from: Day, until: &Located<Day>, findings: &mut Findings) {
    if until.value <= from {
        findings.add(
            &until.place,
            "term",
            say("sunset 须晚于 in_force", "the sunset must come after the day on which it is in force"),
        );
    } else if until.value.year() - from.year() > LONGEST_YEARS {
        findings.add(
            &until.place,
            "term",
            say(
                format!("专项方案最长 {LONGEST_YEARS} 年，到期须重新发布"),
                format!("a programme runs {LONGEST_YEARS} years at most, then it is published anew"),
            ),
        );
    }
}
