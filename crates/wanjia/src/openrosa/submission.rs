//! Filled-in forms: several POSTs of one are one, and so is one that comes twice.

use axum::body::Bytes;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::admit::Quarantine;
use domain::time::{day_of, from_day};
use programme::attachment::{self, MOST_BYTES, MOST_FILES};
use programme::form::Form;
use programme::submission::{self, Submission};
use programme::{Programme, answer};
use std::sync::Arc;
use store::{Receipt, SubmissionRefused};

use super::list::no_form;
use super::picture;
use super::reply::{Said, require_version};
use super::user::User;
use crate::app::cases::roles_of;
use crate::app::odk::{HandedIn, day_of_form, fact_of};
use crate::cli::now;
use crate::http::Site;

/// The part that holds the form itself, and the one that says that more POSTs follow.
const XML_PART: &str = "xml_submission_file";
const INCOMPLETE_PART: &str = "*isIncomplete*";

/// Before it sends anything, a client asks whether it may, and how much at a time.
pub async fn may_submit(_: User, headers: HeaderMap) -> Result<Response, Said> {
    require_version(&headers)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

pub async fn not_for_reading() -> Said {
    Said::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "这个地址只接收填好的表",
        "this address only takes forms that are filled in",
    )
}

#[must_use]
pub fn too_large() -> Said {
    let most = super::ACCEPTED_LENGTH / 1_000_000;
    Said::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("一次最多 {most} MB；请分几次发"),
        format!("at most {most} MB at a time; send it in parts"),
    )
}

fn broken(error: &MultipartError) -> Said {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    Said::new(
        StatusCode::BAD_REQUEST,
        "内容不是完整的 multipart/form-data，没有收下",
        "this is no whole multipart/form-data and was not taken",
    )
}

/// What came in one POST.
struct Parts {
    xml: Bytes,
    /// Pictures, by their names.
    files: Vec<(String, Vec<u8>)>,
    /// More of the same submission is to come.
    incomplete: bool,
}

fn refused(status: StatusCode, zh: String, en: String) -> Said {
    Said::new(status, format!("{zh}，没有收下"), format!("{en}; nothing was taken"))
}

fn add_file(files: &mut Vec<(String, Vec<u8>)>, name: String, bytes: &Bytes) -> Result<(), Said> {
    if bytes.len() > MOST_BYTES {
        let most = MOST_BYTES / 1_000_000;
        return Err(refused(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("图片 {name} 超过 {most} MB"),
            format!("the picture {name} is larger than {most} MB"),
        ));
    }
    let bare = picture::bare(bytes).ok_or_else(|| {
        refused(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("{name} 不是完整的 JPEG、PNG 或 WebP 图片；录音等其他文件服务器不保存"),
            format!(
                "{name} is no whole JPEG, PNG or WebP picture, and this server keeps no sounds or other files"
            ),
        )
    })?;
    match files.iter().find(|(known, _)| *known == name) {
        Some((_, known)) if bare == known => {}
        Some(_) => {
            return Err(refused(
                StatusCode::BAD_REQUEST,
                format!("有两张不同的图片都叫 {name}"),
                format!("two different pictures are called {name}"),
            ));
        }
        None => files.push((name, bare.into())),
    }
    Ok(())
}

/// The form with its files, once everything of the POST has arrived.
async fn parts_of(request: Request, site: &Site) -> Result<Parts, Said> {
    let mut parts = Multipart::from_request(request, site).await.map_err(|_| {
        Said::new(
            StatusCode::BAD_REQUEST,
            "请用 multipart/form-data 提交",
            "submit it as multipart/form-data",
        )
    })?;
    let (mut xml, mut files, mut incomplete) = (None, Vec::new(), false);
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(|error| broken(&error))?;
        match name.as_str() {
            XML_PART if xml.is_some() => {
                return Err(refused(
                    StatusCode::BAD_REQUEST,
                    format!("一次只交一张表，这里有两个 {XML_PART}"),
                    format!("one form is handed in at a time, and here are two parts {XML_PART}"),
                ));
            }
            XML_PART => xml = Some(bytes),
            INCOMPLETE_PART => incomplete = true,
            _ if is_file => add_file(&mut files, name, &bytes)?,
            _ => {}
        }
    }
    let xml = xml.ok_or_else(|| {
        Said::new(
            StatusCode::BAD_REQUEST,
            format!("缺少 {XML_PART} 这一部分"),
            format!("the part {XML_PART} is missing"),
        )
    })?;
    Ok(Parts { xml, files, incomplete })
}

/// Every file that came must be one that an answer names.
fn require_named(form: &Form, read: &Submission, files: &[(String, Vec<u8>)]) -> Result<(), Said> {
    let named = attachment::named(form, &submission::given(form, read));
    let named = || named.iter().take(MOST_FILES);
    match files.iter().find(|(name, _)| !named().any(|own| own.name == *name)) {
        None => Ok(()),
        Some((name, _)) => Err(refused(
            StatusCode::BAD_REQUEST,
            format!("表里没有哪个答案是图片 {name}"),
            format!("no answer of this form names the picture {name}"),
        )),
    }
}

pub async fn submit(
    State(site): State<Site>,
    user: User,
    headers: HeaderMap,
    request: Request,
) -> Result<Said, Said> {
    require_version(&headers)?;
    let Parts { xml, files, incomplete } = parts_of(request, &site).await?;
    let read = submission::read(&xml).map_err(|unreadable| {
        let (zh, en) = unreadable.message();
        Said::new(StatusCode::BAD_REQUEST, zh, en)
    })?;
    let programme = programme_of(&site, &user, &read).await?;
    let form = read.form_id.split_once('.').and_then(|(_, form)| programme.form(form)).ok_or_else(no_form)?;
    require_named(form, &read, &files)?;
    let handed = HandedIn {
        series: user.series,
        worker: user.worker,
        programme: &programme.manifest.code,
        version: &programme.manifest.version,
        form,
        xml: &xml,
        read: &read,
        files,
    };
    let now = now();
    let on = from_day(day_of_form(&read, now));
    let done = site.territory.submit(fact_of(handed, now)).await?.map_err(|refused| match refused {
        SubmissionRefused::Differs => Said::new(
            StatusCode::CONFLICT,
            "同一编号（instanceID）已有另一份内容，没有收下",
            "another one of the same instanceID is here already; this one was not taken",
        ),
        SubmissionRefused::FileDiffers => Said::new(
            StatusCode::CONFLICT,
            "同名的图片已收到另一张，没有收下",
            "another picture of the same name is here already; this one was not taken",
        ),
        SubmissionRefused::UnknownUser => no_form(),
    })?;
    site.fleet.pushed(&site.territory.book(), user.series, now);
    let missing = if incomplete { 0 } else { done.missing };
    Ok(told(&done.receipt, missing, || {
        answer::hold(form, &submission::given(form, &read), (on, jiff::Timestamp::now()))
            .err()
            .unwrap_or_default()
    }))
}

/// The published programme of the form, if one of the user's roles fills that in.
async fn programme_of(site: &Site, user: &User, read: &Submission) -> Result<Arc<Programme>, Said> {
    let (code, form) = read.form_id.split_once('.').ok_or_else(no_form)?;
    let (code, form, version) = (code.to_owned(), form.to_owned(), read.version.clone());
    let actor = user.actor();
    let found = site
        .territory
        .read_for_push(move |reader| {
            let Some(programme) = reader.programme(&code, &version)? else { return Ok(None) };
            let Some(form) = programme.form(&form).filter(|form| form.subject.is_met()) else {
                return Ok(None);
            };
            let roles = roles_of(reader, actor, day_of(now()))?;
            let fills = roles.iter().any(|own| own.programme == code && form.filled_by.contains(&own.role));
            Ok(fills.then_some(programme))
        })
        .await?;
    found.ok_or_else(no_form)
}

fn told(receipt: &Receipt, missing: usize, misfits: impl FnOnce() -> Vec<programme::Finding>) -> Said {
    let (lacks_zh, lacks_en) = match missing {
        0 => (String::new(), String::new()),
        _ => (
            format!("；还缺 {missing} 张图片，请再发"),
            format!("; pictures still missing: {missing}, send it again"),
        ),
    };
    let Some(reason) = receipt.quarantine() else {
        return Said::new(StatusCode::CREATED, format!("已收到{lacks_zh}"), format!("received{lacks_en}"));
    };
    let (zh, en) = reason.message();
    let misfits = if reason == Quarantine::AnswerMisfit { misfits() } else { Vec::new() };
    let each = |text: fn(&programme::Bilingual) -> &str| {
        misfits.iter().map(|misfit| format!("\n{}", text(&misfit.text))).collect::<String>()
    };
    Said::new(
        StatusCode::ACCEPTED,
        format!("{zh}{}{lacks_zh}", each(|text| &text.zh)),
        format!("{en}{}{lacks_en}", each(|text| &text.en)),
    )
}
