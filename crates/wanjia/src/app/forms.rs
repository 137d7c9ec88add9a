//! The forms of published programmes, as the XForms that phones fill in: built once from each pack, and kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::access::{Action, may};
use domain::state::Edition;
use domain::time::{Day, from_day};
use ledger::Hash;
use md5::Md5;
use programme::form::Subject;
use programme::overlay::JOINS;
use programme::question::Answer;
use programme::{Content, archive, beside};
use sha2::{Digest as _, Sha256};
use store::Reader;
use store::packs::if_readable;

use super::cases::{Actor, roles_of};
use super::failure::{Failure, Result};

/// An empty form.
#[derive(Debug)]
pub struct Blank {
    pub xml: String,
    /// SHA-256 of the XML, in hexadecimal.
    pub digest: String,
    /// MD5 of the XML, in hexadecimal, by which ODK clients know whether they have it.
    pub md5: String,
}

/// A file that lies beside the forms of a pack.
#[derive(Debug)]
pub struct BesideFile {
    pub bytes: Vec<u8>,
    /// SHA-256 and MD5 of the bytes, in hexadecimal.
    pub digest: String,
    pub md5: String,
}

/// The forms of a pack, by their codes, and what lies beside them, by its name.
#[derive(Debug)]
pub struct Blanks {
    pub forms: BTreeMap<String, Blank>,
    pub files: BTreeMap<String, BesideFile>,
}

/// The forms of every pack that was asked for, by the pack's digest and the overlays that change them.
#[derive(Debug, Default)]
pub struct Forms {
    built: Mutex<BTreeMap<(Hash, String, Client), Arc<Blanks>>>,
}

/// Who fills a form in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Client {
    /// Ours: the visit says whom it is about.
    Own,
    /// One that knows nothing of doors: the form asks.
    Odk,
}

/// Bytes as hexadecimal text.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A form that someone may fill in.
#[derive(Debug)]
pub struct Offered {
    pub programme: String,
    /// Of the programme, with the overlays that change the form.
    pub version: String,
    pub form: String,
    pub title: String,
    pub title_en: String,
    /// What it is for in a sentence, where its pack says so; and in English.
    pub hint: Option<String>,
    pub hint_en: Option<String>,
    pub digest: String,
    pub md5: String,
    pub about: Subject,
    pub roles: Vec<String>,
    /// What lies beside it, by its name, with the SHA-256 of the bytes.
    pub files: Vec<(String, String)>,
    /// One of its questions is answered with a sound or another file that is no picture.
    pub asks_for_other_files: bool,
}

impl Forms {
    /// Every form of a published pack, by its code; with the names of overlays those that they change, as they make them.
    ///
    /// # Errors
    /// `untranslated_form` if one of them cannot be made an XForm, and those of the storage.
    pub fn of(
        &self,
        reader: &Reader,
        (edition, names): (&Edition, &str),
        client: Client,
    ) -> Result<Arc<Blanks>> {
        let key = (edition.digest, names.to_owned(), client);
        let known = || self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = known().get(&key) {
            return Ok(Arc::clone(built));
        }
        let bytes = reader.pack(&edition.digest)?;
        let files = bytes.as_deref().and_then(archive::decode).unwrap_or_default();
        let built = programme::build_under(&files, names, client == Client::Odk);
        let built = built.map_err(|findings| {
            let first = findings.first().map(ToString::to_string).unwrap_or_default();
            Failure::new(
                "untranslated_form",
                format!(
                    "{} 的版本 {} 有表单转换不了，手机填不了：{first}",
                    edition.programme, edition.version
                ),
                format!(
                    "a form of version {} of {} cannot be made an XForm, so no phone fills it in: {first}",
                    edition.version, edition.programme
                ),
            )
        })?;
        let blank = |xml: String| {
            let (digest, md5) = (hex(&Sha256::digest(&xml)), hex(&Md5::digest(&xml)));
            Blank { xml, digest, md5 }
        };
        let forms = built.into_iter().map(|(code, xml)| (code, blank(xml))).collect();
        let beside = files.into_iter().filter_map(|(path, content)| match content {
            Content::Bytes(bytes) if beside::is_file(&path) => {
                let name = path.strip_prefix(beside::FOLDER)?.to_owned();
                let (digest, md5) = (hex(&Sha256::digest(&bytes)), hex(&Md5::digest(&bytes)));
                Some((name, BesideFile { bytes, digest, md5 }))
            }
            _ => None,
        });
        let built = Arc::new(Blanks { forms, files: beside.collect() });
        // Somebody may ask for overlays that there are not: only what there is is kept.
        if !built.forms.is_empty() {
            known().insert(key, Arc::clone(&built));
        }
        Ok(built)
    }

    /// The forms of the versions in force that one of someone's roles fills in; all of them for whoever types in what
    /// others filled in on paper.
    ///
    /// # Errors
    /// Those of [`Forms::of`].
    pub fn offered(
        &self,
        reader: &mut Reader,
        actor: Actor,
        today: Day,
        client: Client,
    ) -> Result<Vec<Offered>> {
        let role = domain::access::Role::from_code(actor.grant.role);
        let types_all = role.is_some_and(|role| may(role, Action::FillInForms));
        let roles = roles_of(reader, actor, today)?;
        let mut programmes: Vec<String> =
            reader.book().editions.iter().map(|edition| edition.programme.clone()).collect();
        programmes.sort_unstable();
        programmes.dedup();
        let territory = reader.book().areas.shared_code().to_owned();
        let mut offered = Vec::new();
        for code in programmes {
            let Some(edition) = reader.book().edition_on(&code, today).cloned() else { continue };
            let Some(programme) = if_readable(reader.programme(&code, &edition.version))? else { continue };
            let fills = |filled_by: &[String]| {
                roles.iter().any(|own| own.programme == code && filled_by.contains(&own.role))
            };
            for form in programme.forms.iter().filter(|form| types_all || fills(&form.filled_by)) {
                let code_of = form.code.value.as_str();
                let version = programme.version_on(code_of, &territory, from_day(today));
                let form = programme.form_on(code_of, &territory, from_day(today)).unwrap_or(form);
                let names =
                    version.strip_prefix(&edition.version).unwrap_or_default().trim_start_matches(JOINS);
                let built = self.of(reader, (&edition, names), client)?;
                let Some(blank) = built.forms.get(&form.code.value) else { continue };
                offered.push(Offered {
                    programme: code.clone(),
                    version: version.clone(),
                    form: form.code.value.clone(),
                    title: form.title.clone(),
                    title_en: form.title_en.clone().unwrap_or_else(|| form.title.clone()),
                    hint: form.hint.clone(),
                    hint_en: form.hint_en.clone().or_else(|| form.hint.clone()),
                    digest: blank.digest.clone(),
                    md5: blank.md5.clone(),
                    about: form.subject,
                    roles: form.filled_by.clone(),
                    files: form
                        .files
                        .iter()
                        .filter_map(|name| Some((name.clone(), built.files.get(name)?.digest.clone())))
                        .collect(),
                    asks_for_other_files: form
                        .fields
                        .iter()
                        .any(|field| field.question.answer == Answer::File && field.question.name != "image"),
                });
            }
        }
        Ok(offered)
    }
}
