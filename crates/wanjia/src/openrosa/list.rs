//! The list of forms, a form, and what lies beside it.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::time::day_of;
use md5::{Digest as _, Md5};
use programme::beside;
use programme::form::Subject;
use programme::xform::form_id;
use quick_xml::escape::escape;
use serde::Deserialize;

use super::media::{DOORS, PEOPLE, file, no_file};
use super::reply::{Said, XML, is_english, require_version};
use super::user::User;
use crate::app::forms::{Blanks, Client, Offered, hex};
use crate::cli::now;
use crate::http::Site;

/// The forms that a user fills in with an ODK client: those with sounds or other files than pictures are not among them,
/// since nothing here keeps those.
pub async fn offered(site: &Site, user: &User) -> Result<Vec<Offered>, Said> {
    let kept = Arc::clone(&site.forms);
    let actor = user.actor();
    let found = site
        .territory
        .read(move |reader| {
            let mut offered = kept.offered(reader, actor, day_of(now()), Client::Odk)?;
            offered.retain(|form| !form.asks_for_other_files);
            Ok(offered)
        })
        .await?;
    Ok(found)
}

fn asked(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default().as_bytes();
    form_urlencoded::parse(query).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// A part of an address.
fn segment(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

pub async fn forms(
    State(site): State<Site>,
    user: User,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Said> {
    require_version(&headers)?;
    user.may_read()?;
    let (only, verbose) = (asked(&uri, "formID"), asked(&uri, "verbose"));
    let english = is_english(&headers);
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xforms xmlns=\"http://openrosa.org/xforms/xformsList\">\n",
    );
    for form in offered(&site, &user).await? {
        let id = form_id(&form.programme, &form.form);
        if only.as_ref().is_some_and(|only| *only != id) {
            continue;
        }
        let title = if english { &form.title_en } else { &form.title };
        let address = format!("{}/forms/{}/{}", user.base, segment(&id), segment(&form.version));
        let described = match verbose.as_deref() {
            Some("true") => format!("<descriptionText>{}</descriptionText>", escape(title.as_str())),
            _ => String::new(),
        };
        xml.push_str(&format!(
            "<xform><formID>{}</formID><name>{}</name><version>{}</version><hash>md5:{}</hash>{described}\
             <downloadUrl>{}</downloadUrl><manifestUrl>{}/manifest</manifestUrl></xform>\n",
            escape(id.as_str()),
            escape(title.as_str()),
            escape(form.version.as_str()),
            form.md5,
            escape(address.as_str()),
            escape(address.as_str()),
        ));
    }
    xml.push_str("</xforms>\n");
    Ok(([(header::CONTENT_TYPE, XML)], xml).into_response())
}

#[derive(Deserialize)]
pub struct Named {
    form: String,
    version: String,
}

pub fn no_form() -> Said {
    Said::new(
        StatusCode::NOT_FOUND,
        "服务器上没有这张表的这个版本，或您的角色不填这张表；请更新表单列表",
        "there is no such version of this form, or your role does not fill it in; update the list of forms",
    )
}

/// A form that the user is offered.
async fn one(site: &Site, user: &User, named: &Named) -> Result<Offered, Said> {
    user.may_read()?;
    let fits =
        |form: &Offered| form_id(&form.programme, &form.form) == named.form && form.version == named.version;
    offered(site, user).await?.into_iter().find(fits).ok_or_else(no_form)
}

pub async fn form(State(site): State<Site>, user: User, Path(named): Path<Named>) -> Result<Response, Said> {
    let form = one(&site, &user, &named).await?;
    let built = built_of(&site, &form).await?;
    let blank = built.forms.get(&form.form).ok_or_else(no_form)?;
    Ok(([(header::CONTENT_TYPE, XML)], blank.xml.clone()).into_response())
}

async fn built_of(site: &Site, form: &Offered) -> Result<Arc<Blanks>, Said> {
    let book = site.territory.book();
    let (edition, names) = book.edition_of(&form.programme, &form.version).ok_or_else(no_form)?;
    let (edition, names) = (edition.clone(), names.to_owned());
    let kept = Arc::clone(&site.forms);
    Ok(site.territory.read(move |reader| kept.of(reader, (&edition, &names), Client::Odk)).await?)
}

#[derive(Deserialize)]
pub struct NamedFile {
    form: String,
    version: String,
    name: String,
}

/// A picture, a sound, a film or a list that lies beside a form.
pub async fn beside_form(
    State(site): State<Site>,
    user: User,
    Path(NamedFile { form, version, name }): Path<NamedFile>,
) -> Result<Response, Said> {
    let form = one(&site, &user, &Named { form, version }).await?;
    let built = built_of(&site, &form).await?;
    let shown = form.files.iter().any(|(known, _)| *known == name);
    let file = built.files.get(&name).filter(|_| shown).ok_or_else(no_file)?;
    let headers = [
        (header::CONTENT_TYPE, beside::media_type(&name).to_owned()),
        (header::ETAG, format!("\"{}\"", file.digest)),
    ];
    Ok((headers, file.bytes.clone()).into_response())
}

pub async fn manifest(
    State(site): State<Site>,
    user: User,
    headers: HeaderMap,
    Path(named): Path<Named>,
) -> Result<Response, Said> {
    require_version(&headers)?;
    let form = one(&site, &user, &named).await?;
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<manifest xmlns=\"http://openrosa.org/xforms/xformsManifest\">\n",
    );
    let names: &[&str] = if form.about == Subject::Person { &[DOORS, PEOPLE] } else { &[DOORS] };
    for name in names {
        let (bytes, _) = file(&site, &user, name).await?;
        xml.push_str(&format!(
            "<mediaFile><filename>{name}</filename><hash>md5:{}</hash><downloadUrl>{}/media/{name}</downloadUrl></mediaFile>\n",
            hex(&Md5::digest(&bytes)),
            escape(user.base.as_str()),
        ));
    }
    let built = built_of(&site, &form).await?;
    let id = form_id(&form.programme, &form.form);
    let address = format!("{}/forms/{}/{}/files", user.base, segment(&id), segment(&form.version));
    for (name, file) in form.files.iter().filter_map(|(name, _)| Some((name, built.files.get(name)?))) {
        xml.push_str(&format!(
            "<mediaFile><filename>{}</filename><hash>md5:{}</hash><downloadUrl>{}/{}</downloadUrl></mediaFile>\n",
            escape(name.as_str()),
            file.md5,
            escape(address.as_str()),
            segment(name),
        ));
    }
    xml.push_str("</manifest>\n");
    Ok(([(header::CONTENT_TYPE, XML)], xml).into_response())
}
