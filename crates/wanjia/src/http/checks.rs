//! What a resident is asked for with her slip, and her answers. See docs/adr/0025.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use domain::case::Subject;
use domain::fact::Body;
use domain::id::PersonId;
use domain::slip::{self, ANSWERS_LIMIT};
use domain::time::day_of;
use intake::cell;
use programme::answer::{self, Given};
use programme::finding::Place;
use programme::form::Field;
use programme::parameter::Unit;
use programme::pathway::{TELLERS, TOLD_BY};
use programme::question::Answer;
use programme::{Bilingual, Finding, Number};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::asked::Asked;
use store::packs::if_readable;
use store::{Batch, Sealed};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cases::{given_all, misfit};
use super::extract::Json;
use super::problem::Problem;
use super::slips::{Holder, Received, shut, wait};
use crate::app::judging::awaited_by;
use crate::cli::now;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(checks, check))
}

#[derive(Serialize, ToSchema)]
struct Checks {
    checks: Vec<Check>,
}

/// A form that is asked for behind the slip's door, without a word of whom it is about.
#[derive(Serialize, ToSchema)]
struct Check {
    programme: String,
    form: String,
    /// Several people are asked: whoever answers says for whom, by her name.
    several: bool,
    /// Of one: which day of the observation it is, the first being day 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<i32>,
    /// It was due by this hour today and is not there, as `11:00`; of several, that of the earliest.
    #[serde(skip_serializing_if = "Option::is_none")]
    awaited_by: Option<String>,
    /// Those that must be answered; what stands in `optional` may be.
    questions: Vec<Question>,
    optional: Vec<Question>,
}

#[derive(Serialize, ToSchema)]
struct Question {
    name: String,
    zh: String,
    en: String,
    /// `one`, `several`, `whole`, `decimal` or `text`
    kind: &'static str,
    /// The names of the choices; of who tells it, those that a resident has.
    choices: Vec<String>,
}

impl Question {
    fn of(field: &Field) -> Option<Self> {
        let kind = match field.question.answer {
            Answer::One => "one",
            Answer::Several => "several",
            Answer::Whole => "whole",
            Answer::Decimal => "decimal",
            Answer::Text => "text",
            _ => return None,
        };
        let name = field.name.value.clone();
        let label = |language| field.labels.get(language).unwrap_or(&name).to_owned();
        let hers = |choice: &&String| name != TOLD_BY || TELLERS.contains(&choice.as_str());
        let choices = field.choices.iter().filter(hers).cloned().collect();
        (!field.repeated).then(|| Self {
            zh: label("zh"),
            en: label("en"),
            name: name.clone(),
            kind,
            choices,
        })
    }
}

/// What is asked for behind the slip's door.
#[utoipa::path(
    get, path = "/v1/slip/checks", tag = "resident", security(("slip" = [])),
    responses((status = 200, body = Checks), (status = 401, body = Problem), (status = 429, body = Problem))
)]
async fn checks(State(site): State<Site>, holder: Holder) -> Result<Json<Checks>, Problem> {
    let now = now();
    let today = day_of(now);
    let found = site
        .territory
        .read(move |reader| {
            let mut checks: Vec<Check> = Vec::new();
            for (asked, since) in reader.asked_at(holder.row.dwelling, today)? {
                let about = Subject::Person(asked.person);
                let by = awaited_by(reader, (&asked.programme, &asked.form), about, now)?;
                let by = by.map(|minute| Unit::TimeOfDay.written(Number::Whole(minute.into())));
                let same =
                    |check: &&mut Check| check.programme == asked.programme && check.form == asked.form;
                if let Some(check) = checks.iter_mut().find(same) {
                    (check.several, check.day) = (true, None);
                    // Written with two digits and two, so that texts are in the order of hours.
                    check.awaited_by = check.awaited_by.take().into_iter().chain(by).min();
                    continue;
                }
                let Some(programme) = if_readable(reader.programme(&asked.programme, &asked.version))? else {
                    continue;
                };
                let Some(form) = programme.form(&asked.form) else { continue };
                let questions = |needed: bool| {
                    form.fields
                        .iter()
                        .filter(|field| field.required == needed)
                        .filter_map(Question::of)
                        .collect()
                };
                checks.push(Check {
                    several: false,
                    day: Some(today - since + 1),
                    awaited_by: by,
                    questions: questions(true),
                    optional: questions(false),
                    programme: asked.programme,
                    form: asked.form,
                });
            }
            Ok(checks)
        })
        .await?;
    Ok(Json(Checks { checks: found }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewCheck {
    programme: String,
    form: String,
    /// For whom, where several are asked.
    name: Option<String>,
    /// By the names of the questions, as in `/v1/answers`. Who tells it is herself unless it says `family`.
    #[schema(value_type = Object)]
    answers: BTreeMap<String, Value>,
}

enum Answered {
    /// At this position.
    Done(u64),
    Shut(slip::Shut),
    NotAsked,
    Nobody,
    TooMany,
    Misfits(Vec<Finding>),
}

/// Whom an answer is for: the one who is asked, or of several the one of this name.
fn meant(batch: &mut Batch<'_>, asked: Vec<Asked>, name: Option<&str>) -> store::Result<Option<Asked>> {
    let several = asked.len() > 1;
    let mut meant = Vec::new();
    for one in asked {
        let is_named = match name {
            Some(name) => batch.identity(one.person)?.is_some_and(|known| known.name == name),
            None => false,
        };
        meant.extend((!several || is_named).then_some(one));
    }
    Ok((meant.len() == 1).then(|| meant.remove(0)))
}

/// Answer what is asked for. It counts at once, as the word of a resident.
#[utoipa::path(
    post, path = "/v1/slip/checks", tag = "resident", security(("slip" = [])), request_body = NewCheck,
    responses((status = 201, body = Received), (status = 401, body = Problem), (status = 429, body = Problem),
        (status = 409, body = Problem, description = "`not_asked`: nobody is asked for this form; `slip_full`: twenty forms were filled in with it today"),
        (status = 422, body = Problem, description = "`answer_misfit`; `name`: for whom, where several are asked"))
)]
async fn check(
    State(site): State<Site>,
    holder: Holder,
    Json(new): Json<NewCheck>,
) -> Result<(StatusCode, Json<Received>), Problem> {
    let mut answers = given_all(&new.answers)?;
    answers.entry(TOLD_BY.to_owned()).or_insert_with(|| Given::Text("self".to_owned()));
    let slip = holder.slip;
    // Names of who is observed are not found out by trying.
    let control = Arc::clone(&site.control);
    let tried = site.territory.read(move |_| Ok(control.open_record(slip, now())?)).await?;
    if let Some(milliseconds) = tried {
        return Err(wait(milliseconds));
    }
    let name = new.name.as_deref().map(cell::name);
    let answered = site
        .territory
        .write(move |store, now| {
            Ok(store.write(now, |batch| write_down(batch, slip, &new, name.as_deref(), &answers, now))?)
        })
        .await?;
    match answered {
        Answered::Done(position) => {
            Ok((StatusCode::CREATED, Json(Received { receipts: vec![position.to_string()] })))
        }
        Answered::Shut(why) => Err(shut(why)),
        Answered::Misfits(misfits) => Err(misfit(&misfits)),
        Answered::Nobody => Err(Problem::field(
            "name",
            "name",
            "请写被观察的人的姓名，与登记的一样",
            "write the name of whom it is about, as it was registered",
        )),
        Answered::NotAsked => Err(Problem::new(
            StatusCode::CONFLICT,
            "not_asked",
            "这一户现在不用报这个",
            "nobody behind this door is asked for this now",
        )),
        Answered::TooMany => Err(Problem::new(
            StatusCode::CONFLICT,
            "slip_full",
            format!("今天已用这张便条报了 {ANSWERS_LIMIT} 次"),
            format!("{ANSWERS_LIMIT} forms were filled in with this slip today"),
        )
        .remedy("请明天再报，或打电话给社区", "come back tomorrow, or call the community")),
    }
}

fn write_down(
    batch: &mut Batch<'_>,
    slip: domain::id::SlipId,
    new: &NewCheck,
    name: Option<&str>,
    answers: &BTreeMap<String, Given>,
    now: domain::time::Millis,
) -> store::Result<Answered> {
    let row = match slip::opens(batch.state(), slip, now)? {
        Ok(row) => row,
        Err(shut) => return Ok(Answered::Shut(shut)),
    };
    let today = day_of(now);
    let mut asked = batch.asked_at(row.dwelling, today)?;
    asked.retain(|one| one.programme == new.programme && one.form == new.form);
    if asked.is_empty() {
        return Ok(Answered::NotAsked);
    }
    if batch.filled_with(slip, today)? >= ANSWERS_LIMIT {
        return Ok(Answered::TooMany);
    }
    let Some(one) = meant(batch, asked, name)? else { return Ok(Answered::Nobody) };
    let programme = batch.programme(&one.programme, &one.version)?;
    let Some(form) = programme.form(&one.form) else { return Ok(Answered::NotAsked) };
    let at = (domain::time::from_day(today), jiff::Timestamp::now());
    let mut misfits = answer::hold(form, answers, at).err().unwrap_or_default();
    let hers =
        matches!(answers.get(TOLD_BY), Some(Given::Text(teller)) if TELLERS.contains(&teller.as_str()));
    if !hers {
        let text = Bilingual {
            zh: format!("{TOLD_BY} 应为 {}：居民报的不能算工作人员报的", TELLERS.join("、")),
            en: format!("{TOLD_BY} is {}: what a resident says is no worker's word", TELLERS.join(" or ")),
        };
        misfits.push(Finding::new(&Place::whole(TOLD_BY), "answer", text));
    }
    if !misfits.is_empty() {
        return Ok(Answered::Misfits(misfits));
    }
    let person: PersonId = one.person;
    let plaintext = answer::encode(answers);
    let body = Body::AnsweredWithSlip {
        slip,
        subject: Subject::Person(person),
        dwelling: row.dwelling,
        programme: one.programme,
        version: one.version,
        form: one.form,
        on: today,
    };
    let sealed = Sealed { owner: person, plaintext: &plaintext, fresh: false };
    Ok(Answered::Done(batch.append(slip, body, Some(sealed))?))
}
