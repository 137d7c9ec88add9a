//! Filled-in forms: several POSTs of one are one, and so is one that comes twice.

use axum::body::Bytes;
use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::admit::Quarantine;
use domain::time::{day_of, from_day};
use programme::submission::{self, Submission};
use programme::{Programme, answer};
use std::sync::Arc;
use store::{Receipt, SubmissionRefused};

use super::list::no_form;
use super::reply::{Said, require_version};
use super::user::User;
use crate::app::cases::roles_of;
use crate::app::odk::{HandedIn, day_of_form, fact_of};
use crate::cli::now;
use crate::http::Site;

/// The part that holds the form itself, and the one that says that more POSTs follow.
const XML_PART: &str = "xml_submission_file";

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

/// The form, once everything that came with it has arrived.
async fn xml_of(request: Request, site: &Site) -> Result<Bytes, Said> {
    let mut parts = Multipart::from_request(request, site).await.map_err(|_| {
        Said::new(
            StatusCode::BAD_REQUEST,
            "请用 multipart/form-data 提交",
            "submit it as multipart/form-data",
        )
    })?;
    let (mut xml, mut files) = (None, Vec::new());
    while let Some(part) = parts.next_field().await.map_err(|error| broken(&error))? {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().is_some();
        let bytes = part.bytes().await.map_err(|error| broken(&error))?;
        match name.as_str() {
            XML_PART => xml = Some(bytes),
            _ if file => files.push(name),
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
    if files.is_empty() {
        return Ok(xml);
    }
    Err(Said::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "服务器不保存照片、录音等附件，没有收下；请删去附件后重发",
        "this server keeps no pictures, sounds or other files and did not take it; remove them and send it again",
    ))
}

pub async fn submit(
    State(site): State<Site>,
    user: User,
    headers: HeaderMap,
    request: Request,
) -> Result<Said, Said> {
    require_version(&headers)?;
    let xml = xml_of(request, &site).await?;
    let read = submission::read(&xml).map_err(|unreadable| {
        let (zh, en) = unreadable.message();
        Said::new(StatusCode::BAD_REQUEST, zh, en)
    })?;
    let programme = programme_of(&site, &user, &read).await?;
    let form = read.form_id.split_once('.').and_then(|(_, form)| programme.form(form)).ok_or_else(no_form)?;
    let handed = HandedIn {
        series: user.series,
        worker: user.worker,
        programme: &programme.manifest.code,
        version: &programme.manifest.version,
        form,
        xml: &xml,
        read: &read,
    };
    let now = now();
    let on = from_day(day_of_form(&read, now));
    let receipt = site.territory.submit(fact_of(&handed, now)).await?.map_err(|refused| match refused {
        SubmissionRefused::Differs => Said::new(
            StatusCode::CONFLICT,
            "同一编号（instanceID）已有另一份内容，没有收下",
            "another one of the same instanceID is here already; this one was not taken",
        ),
        SubmissionRefused::UnknownUser => no_form(),
    })?;
    site.fleet.pushed(&site.territory.book(), user.series, now);
    Ok(told(&receipt, || answer::hold(form, &submission::given(form, &read), on).err().unwrap_or_default()))
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

fn told(receipt: &Receipt, misfits: impl FnOnce() -> Vec<programme::Finding>) -> Said {
    let Some(reason) = receipt.quarantine() else {
        return Said::new(StatusCode::CREATED, "已收到", "received");
    };
    let (zh, en) = reason.message();
    let misfits = if reason == Quarantine::AnswerMisfit { misfits() } else { Vec::new() };
    let each = |text: fn(&programme::Bilingual) -> &str| {
        misfits.iter().map(|misfit| format!("\n{}", text(&misfit.text))).collect::<String>()
    };
    Said::new(
        StatusCode::ACCEPTED,
        format!("{zh}{}", each(|text| &text.zh)),
        format!("{en}{}", each(|text| &text.en)),
    )
}
