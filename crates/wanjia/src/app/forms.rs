//! The forms of published programmes, as the XForms that phones fill in: built once from each pack, and kept.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use domain::access::{Action, may};
use domain::state::Edition;
use domain::time::Day;
use ledger::Hash;
use md5::Md5;
use programme::archive;
use programme::form::Subject;
use programme::question::Answer;
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

/// The forms of a pack, by their codes.
type Blanks = Arc<BTreeMap<String, Blank>>;

/// The forms of every pack that was asked for, by the pack's digest.
#[derive(Debug, Default)]
pub struct Forms {
    built: Mutex<BTreeMap<(Hash, Client), Blanks>>,
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
    pub version: String,
    pub form: String,
    pub title: String,
    pub title_en: String,
    pub digest: String,
    pub md5: String,
    pub about: Subject,
    pub roles: Vec<String>,
    /// One of its questions is answered with a sound or another file that is no picture.
    pub asks_for_other_files: bool,
}

impl Forms {
    /// Every form of a published pack, by its code.
    ///
    /// # Errors
    /// `untranslated_form` if one of them cannot be made an XForm, and those of the storage.
    pub fn of(&self, reader: &Reader, edition: &Edition, client: Client) -> Result<Blanks> {
        let key = (edition.digest, client);
        let known = || self.built.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(built) = known().get(&key) {
            return Ok(Arc::clone(built));
        }
        let bytes = reader.pack(&edition.digest)?;
        let files = bytes.as_deref().and_then(archive::decode).unwrap_or_default();
        let built = match client {
            Client::Own => programme::build(&files),
            Client::Odk => programme::build_asking(&files),
        };
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
        let built: BTreeMap<String, Blank> =
            built.into_iter().map(|(code, xml)| (code, blank(xml))).collect();
        let built = Arc::new(built);
        known().insert(key, Arc::clone(&built));
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
        let mut offered = Vec::new();
        for code in programmes {
            let Some(edition) = reader.book().edition_on(&code, today).cloned() else { continue };
            let Some(programme) = if_readable(reader.programme(&code, &edition.version))? else { continue };
            let fills = |filled_by: &[String]| {
                roles.iter().any(|own| own.programme == code && filled_by.contains(&own.role))
            };
            let built = self.of(reader, &edition, client)?;
            for form in programme.forms.iter().filter(|form| types_all || fills(&form.filled_by)) {
                let Some(blank) = built.get(&form.code.value) else { continue };
                offered.push(Offered {
                    programme: code.clone(),
                    version: edition.version.clone(),
                    form: form.code.value.clone(),
                    title: form.title.clone(),
                    title_en: form.title_en.clone().unwrap_or_else(|| form.title.clone()),
                    digest: blank.digest.clone(),
                    md5: blank.md5.clone(),
                    about: form.subject,
                    roles: form.filled_by.clone(),
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
