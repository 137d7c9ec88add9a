//! Forms: which the caller may fill in, and each as the XForm that a phone shows.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::access::{Action, Scope};
use domain::time::day_of;
use programme::beside;
use programme::question::Answer;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cases::Named;
use super::extract::{Caller, Json, Path};
use super::problem::Problem;
use crate::app::cases::Actor;
use crate::app::forms::Client;
use crate::app::household::title_of;
use crate::cli::now;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(forms))
        .routes(routes!(form))
        .routes(routes!(form_file))
        .routes(routes!(questions))
}

#[derive(Serialize, ToSchema)]
struct Forms {
    forms: Vec<FormRow>,
}

#[derive(Serialize, ToSchema)]
struct FormRow {
    programme: String,
    version: String,
    form: String,
    /// Its title.
    zh: String,
    en: String,
    /// What it is for in a sentence, where its pack says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint_en: Option<String>,
    /// SHA-256 of the XForm, in hexadecimal; its ETag.
    digest: String,
    /// `person`, `household`, `dwelling`, `place`, `organisation`, `area` or `worker`
    about: &'static str,
    /// The roles of the programme that fill it in.
    roles: Vec<String>,
    /// What lies beside it: pictures, sounds and films that it shows, and lists that it chooses from.
    files: Vec<FormFile>,
}

#[derive(Serialize, ToSchema)]
struct FormFile {
    name: String,
    /// SHA-256 of its bytes, in hexadecimal; its ETag.
    digest: String,
}

/// The forms of the versions in force that one of the caller's roles fills in; all of them for whoever types in forms.
#[utoipa::path(
    get, path = "/v1/forms", tag = "cases",
    responses((status = 200, body = Forms), (status = 403, body = Problem))
)]
async fn forms(State(site): State<Site>, caller: Caller) -> Result<Json<Forms>, Problem> {
    caller.may(Action::ReadForms, Scope::Own)?;
    let actor = Actor { id: caller.actor(), grant: caller.grant };
    let kept = Arc::clone(&site.forms);
    let offered =
        site.territory.read(move |reader| kept.offered(reader, actor, day_of(now()), Client::Own)).await?;
    let row = |form: crate::app::forms::Offered| FormRow {
        programme: form.programme,
        version: form.version,
        form: form.form,
        zh: form.title,
        en: form.title_en,
        hint: form.hint,
        hint_en: form.hint_en,
        digest: form.digest,
        about: form.about.name(),
        roles: form.roles,
        files: form.files.into_iter().map(|(name, digest)| FormFile { name, digest }).collect(),
    };
    Ok(Json(Forms { forms: offered.into_iter().map(row).collect() }))
}

/// An empty form as an XForm. Versions that are no longer in force are there too, for what was begun under them.
#[utoipa::path(
    get, path = "/v1/forms/{programme}/{version}/{form}", tag = "cases",
    params(
        ("programme" = String, Path), ("version" = String, Path), ("form" = String, Path),
        ("If-None-Match" = Option<String>, Header, description = "the digest that the caller has, in quotation marks")
    ),
    responses(
        (status = 200, body = String, content_type = "application/xml"), (status = 304), (status = 404, body = Problem)
    )
)]
async fn form(
    State(site): State<Site>,
    caller: Caller,
    headers: HeaderMap,
    Path((programme, version, form)): Path<(String, String, String)>,
) -> Result<Response, Problem> {
    caller.may(Action::ReadForms, Scope::Own)?;
    let unknown = || Problem::not_found("unknown_form", "没有这张表", "there is no such form");
    let (edition, names) = caller.book.edition_of(&programme, &version).ok_or_else(unknown)?;
    let (edition, names) = (edition.clone(), names.to_owned());
    let kept = Arc::clone(&site.forms);
    let built = site.territory.read(move |reader| kept.of(reader, (&edition, &names), Client::Own)).await?;
    let blank = built.forms.get(&form).ok_or_else(unknown)?;
    let tag = format!("\"{}\"", blank.digest);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    if known.is_some_and(|known| known.split(',').any(|known| known.trim() == tag)) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag)]).into_response());
    }
    let headers = [(header::CONTENT_TYPE, "application/xml; charset=utf-8".to_owned()), (header::ETAG, tag)];
    Ok((headers, blank.xml.clone()).into_response())
}

/// A file that lies beside a form.
#[utoipa::path(
    get, path = "/v1/forms/{programme}/{version}/{form}/files/{name}", tag = "cases",
    params(
        ("programme" = String, Path), ("version" = String, Path), ("form" = String, Path), ("name" = String, Path)
    ),
    responses(
        (status = 200, body = Vec<u8>, content_type = "application/octet-stream"), (status = 404, body = Problem)
    )
)]
async fn form_file(
    State(site): State<Site>,
    caller: Caller,
    Path((programme, version, form, name)): Path<(String, String, String, String)>,
) -> Result<Response, Problem> {
    caller.may(Action::ReadForms, Scope::Own)?;
    let unknown = || Problem::not_found("unknown_file", "没有这个文件", "there is no such file");
    let (edition, names) = caller.book.edition_of(&programme, &version).ok_or_else(unknown)?;
    let (edition, names) = (edition.clone(), names.to_owned());
    let kept = Arc::clone(&site.forms);
    let built = site
        .territory
        .read(move |reader| {
            let programme = reader.programme(&programme, &version)?;
            let form = programme.as_ref().and_then(|programme| programme.form(&form));
            let shows = form.is_some_and(|form| form.files.contains(&name));
            Ok(if shows { Some((kept.of(reader, (&edition, &names), Client::Own)?, name)) } else { None })
        })
        .await?;
    let (built, name) = built.ok_or_else(unknown)?;
    let file = built.files.get(&name).ok_or_else(unknown)?;
    let headers = [
        (header::CONTENT_TYPE, beside::media_type(&name).to_owned()),
        (header::ETAG, format!("\"{}\"", file.digest)),
    ];
    Ok((headers, file.bytes.clone()).into_response())
}

/// The most choices that a page offers.
const MOST_CHOICES: usize = 500;

/// A form as a page of ours asks it.
#[derive(Serialize, ToSchema)]
struct Asked {
    form: Named,
    /// `person`, `household`, `dwelling`, `place`, `organisation`, `area` or `worker`
    about: &'static str,
    questions: Vec<Question>,
    /// Whether that is all of it: no question that has several answers, comes with a file or a place on the map, or is
    /// asked on a condition.
    simple: bool,
}

#[derive(Serialize, ToSchema)]
struct Question {
    question: Named,
    /// `text`, `whole`, `decimal`, `day`, `one` or `several`
    kind: &'static str,
    required: bool,
    choices: Vec<Named>,
}

/// A simple form as its questions.
#[utoipa::path(
    get, path = "/v1/forms/{programme}/{version}/{form}/questions", tag = "cases",
    params(("programme" = String, Path), ("version" = String, Path), ("form" = String, Path)),
    responses((status = 200, body = Asked), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn questions(
    State(site): State<Site>,
    caller: Caller,
    Path((programme, version, form)): Path<(String, String, String)>,
) -> Result<Json<Asked>, Problem> {
    caller.may(Action::ReadForms, Scope::Own)?;
    let found = site.territory.read(move |reader| Ok(reader.programme(&programme, &version)?)).await?;
    let unknown = || Problem::not_found("unknown_form", "没有这张表", "there is no such form");
    let programme = found.ok_or_else(unknown)?;
    let form = programme.form(&form).ok_or_else(unknown)?;
    let title = title_of(form);
    let mut asked = Asked {
        form: Named { code: form.code.value.clone(), zh: title.zh, en: title.en },
        about: form.subject.name(),
        questions: Vec::new(),
        simple: true,
    };
    for field in form.fields.iter().filter(|field| field.question.answer.is_asked()) {
        let kind = match field.question.answer {
            Answer::Text => "text",
            Answer::Whole => "whole",
            Answer::Decimal => "decimal",
            Answer::Day => "day",
            // An order is given by hand, and a long list is looked up on a phone.
            Answer::One | Answer::Several if field.choices.len() > MOST_CHOICES => {
                asked.simple = false;
                continue;
            }
            Answer::Several if field.question.is_ranked() => {
                asked.simple = false;
                continue;
            }
            Answer::One => "one",
            Answer::Several => "several",
            // A picture comes from a phone; what is typed in from paper does without it.
            Answer::File if !field.required => continue,
            _ => {
                asked.simple = false;
                continue;
            }
        };
        asked.simple &= !field.repeated && field.within.is_empty();
        let labels = field.choice_labels.iter();
        asked.questions.push(Question {
            question: Named::of(&field.name.value, Some(&field.labels)),
            kind,
            required: field.required,
            choices: field
                .choices
                .iter()
                .zip(labels)
                .map(|(name, labels)| Named::of(name, Some(labels)))
                .collect(),
        });
    }
    Ok(Json(asked))
}
