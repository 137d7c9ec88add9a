//! A household across programmes: what is behind a door without names or answers, and its file, the reading of which is a
//! fact for each whom it is about.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use domain::access::{Action, Scope};
use domain::case::Subject;
use domain::id::{CaseId, DwellingId, Id, PersonId, SweepId};
use domain::note::VisitNote;
use domain::time::{day_of, from_day};
use programme::attachment::Kind;
use serde::{Deserialize, Serialize};
use store::Reader;
use store::attachments::Picture;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::boards::{CaseRow, case_row};
use super::cases::{About, Named, actor, now};
use super::extract::{Caller, Json, Path, Query};
use super::persons::purpose;
use super::problem::Problem;
use super::scope::{holds_door, no_dwelling};
use super::trees::Answered;
use super::wire::{Found, instant};
use crate::app::failure::Result as AppResult;
use crate::app::household::{self, Behind, Classed, Figured, title_of};
use crate::app::reveal::reveal_each;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(household)).routes(routes!(file)).routes(routes!(picture))
}

#[derive(Serialize, ToSchema)]
struct Household {
    about: About,
    /// Who is listed there.
    #[schema(value_type = Vec<String>)]
    people: Vec<PersonId>,
    /// Those of whom no telephone number is on record: for whoever may add one. It tells no number, so it is no reading.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    without_phone: Option<Vec<PersonId>>,
    programmes: Vec<SeenIn>,
    /// Of the programmes in which the caller has a role there, the newest first.
    cases: Vec<CaseRow>,
    /// What was filled in of which she reads something, the newest first.
    forms: Vec<FilledForm>,
    visits: Vec<Visit>,
    /// The caller reads what was noted at them, in the file.
    reads_notes: bool,
}

/// A programme in which the caller acts at this door.
#[derive(Serialize, ToSchema)]
struct SeenIn {
    programme: Named,
    roles: Vec<Named>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct FilledForm {
    programme: String,
    form: Named,
    /// Of a form about a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    #[schema(format = Date)]
    on: String,
    #[schema(format = DateTime)]
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    case: Option<CaseId>,
    /// The day on which its answers were erased, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    erased_on: Option<String>,
}

/// The newest visit of a sweep.
#[derive(Serialize, ToSchema)]
struct Visit {
    #[schema(value_type = String, format = "uuid")]
    sweep: SweepId,
    programme: String,
    #[schema(format = DateTime)]
    at: String,
    outcome: &'static str,
    /// Why the dwelling is still in the residual; none if it is accounted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// That people were reached there before a visit that reached nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    found_before: Option<Found>,
    /// How many people are listed there.
    listed: u32,
}

fn person(subject: Subject) -> Option<PersonId> {
    match subject {
        Subject::Person(person) => Some(person),
        Subject::Dwelling(_) | Subject::Area(_) | Subject::Worker(_) => None,
    }
}

fn form_of(programme: &programme::Programme, code: &str) -> Named {
    let title = programme.form(code).map(title_of);
    let (zh, en) = title.map_or_else(|| (code.to_owned(), code.to_owned()), |title| (title.zh, title.en));
    Named { code: code.to_owned(), zh, en }
}

pub(super) fn forms_of(reader: &mut Reader, behind: &Behind) -> AppResult<Vec<FilledForm>> {
    let forms = behind.filled(reader)?.into_iter().map(|(filled, programme)| FilledForm {
        form: form_of(&programme, &filled.form),
        programme: filled.programme,
        person: person(filled.subject),
        on: from_day(filled.on).to_string(),
        at: instant(filled.at),
        case: filled.case,
        erased_on: filled.erased_at.map(|at| from_day(day_of(at)).to_string()),
    });
    Ok(forms.collect())
}

fn overview(
    reader: &mut Reader,
    behind: &Behind,
    (lists, reads_notes, registers): (bool, bool, bool),
) -> AppResult<Household> {
    let mut cases = Vec::new();
    for line in reader.cases_at(behind.dwelling)? {
        // What another community has received is not told at the door that she left.
        let here = line.received.is_none() || reader.book().areas.is_within(line.area, behind.area);
        if here && !behind.roles(&line.programme).is_empty() {
            cases.push(case_row(reader, &line)?);
        }
    }
    let forms = forms_of(reader, behind)?;
    let mut visits = Vec::new();
    if lists {
        for (number, sweep) in (0u32..).zip(reader.book().sweeps.clone()) {
            let Some(door) = reader.door(number, behind.dwelling)? else { continue };
            visits.extend(door.round.visit.map(|visit| Visit {
                sweep: sweep.id,
                programme: sweep.programme,
                at: instant(visit.stamp.at),
                outcome: visit.outcome.as_str(),
                reason: door.reason().map(|reason| reason.as_str()),
                found_before: Found::before(&door),
                listed: door.dwelling.listed,
            }));
        }
    }
    let programmes = behind.seen.iter().map(|seen| {
        let manifest = &seen.programme.manifest;
        let role = |code: &String| {
            let role = manifest.roles.iter().find(|role| role.code.value == *code);
            Named::of(code, role.map(|role| &role.name))
        };
        SeenIn {
            programme: Named::of(&manifest.code, Some(&manifest.name)),
            roles: seen.roles.iter().map(role).collect(),
        }
    });
    let without_phone = registers.then(|| without_phone(reader, &behind.people)).transpose()?;
    Ok(Household {
        about: About::of(reader, behind.subject, behind.dwelling)?,
        people: behind.people.clone(),
        without_phone,
        programmes: programmes.collect(),
        cases,
        forms,
        visits,
        reads_notes,
    })
}

fn without_phone(reader: &mut Reader, people: &[PersonId]) -> AppResult<Vec<PersonId>> {
    let mut without = Vec::new();
    for person in people {
        if reader.identity(*person)?.is_none_or(|known| known.phone.is_empty()) {
            without.push(*person);
        }
    }
    Ok(without)
}

/// What is behind a door, without names and answers, for whoever acts in a role of a programme there.
#[utoipa::path(
    get, path = "/v1/households/{dwelling}", tag = "cases", params(("dwelling" = String, Path, format = "uuid")),
    responses((status = 200, body = Household), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn household(
    State(site): State<Site>,
    caller: Caller,
    Path(dwelling): Path<DwellingId>,
) -> Result<Json<Household>, Problem> {
    caller.may(Action::ReadCases, Scope::Own)?;
    let lists = caller.may(Action::ReadLists, Scope::Own).is_ok();
    let reads_notes = caller.may(Action::ReadNotes, Scope::Own).is_ok();
    let actor = actor(&caller);
    let found = site
        .territory
        .read(move |reader| match household::behind(reader, actor, dwelling, day_of(now()))? {
            Some(behind) => {
                let registers = holds_door(reader, &caller, Action::RegisterPerson, behind.dwelling)?;
                overview(reader, &behind, (lists, reads_notes, registers)).map(Some)
            }
            None => Ok(None),
        })
        .await?;
    found.map(Json).ok_or_else(no_dwelling)
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FileQuery {
    /// `reconcile`, `service` or `correction`
    purpose: String,
}

#[derive(Serialize, ToSchema)]
pub(super) struct File {
    classes: Vec<ClassOf>,
    figures: Vec<FigureOf>,
    /// The newest first.
    answers: Vec<SheetOf>,
    /// What was noted at the newest visit of each sweep, for whoever reads such notes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<NoteOf>,
}

/// What was noted at a visit.
#[derive(Serialize, ToSchema)]
struct NoteOf {
    #[schema(value_type = String, format = "uuid")]
    sweep: SweepId,
    note: String,
    /// Where an absent household is.
    place: String,
}

#[derive(Serialize, ToSchema)]
struct ClassOf {
    programme: String,
    classes: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    /// The newest last.
    spans: Vec<Span>,
}

#[derive(Serialize, ToSchema)]
struct Span {
    #[schema(format = Date)]
    from: String,
    class: Named,
}

/// What is reckoned, and from what.
#[derive(Serialize, ToSchema)]
struct FigureOf {
    programme: String,
    figure: Named,
    unit: &'static str,
    /// None if an answer is missing that it needs.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// In the words of the pack.
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    only_if: Option<String>,
    /// The forms whose answers it takes.
    forms: Vec<Named>,
    /// The figures that it is made of.
    figures: Vec<String>,
    parameters: Vec<Taken>,
}

#[derive(Serialize, ToSchema)]
struct Taken {
    parameter: Named,
    unit: &'static str,
    value: f64,
}

/// A picture of an answer: `POST /v1/households/{dwelling}/pictures` opens it.
#[derive(Serialize, ToSchema)]
struct PictureOf {
    /// The name of its question.
    question: String,
    name: String,
    /// Whether it has come.
    here: bool,
}

#[derive(Serialize, ToSchema)]
struct SheetOf {
    /// Of the answers' fact.
    position: u64,
    programme: String,
    form: Named,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    #[schema(format = Date)]
    on: String,
    #[schema(format = DateTime)]
    at: String,
    answers: Vec<Answered>,
    /// The pictures that these answers name.
    pictures: Vec<PictureOf>,
    /// Answers that are there and are for other roles.
    hidden: usize,
}

fn class_of(classed: Classed) -> ClassOf {
    let own = &classed.classes;
    let named = |code: &str| {
        let class = own.all.iter().find(|class| class.code.value == code);
        Named::of(code, class.map(|class| &class.name))
    };
    ClassOf {
        programme: classed.programme.manifest.code.clone(),
        classes: Named::of(&own.code.value, Some(&own.name)),
        person: person(classed.subject),
        spans: classed
            .spans
            .iter()
            .map(|(from, class)| Span { from: from.to_string(), class: named(class) })
            .collect(),
    }
}

fn figure_of(figured: Figured) -> FigureOf {
    let Figured { programme, figure, value, forms, figures, parameters } = figured;
    let taken = |(code, value): (String, f64)| {
        let known = programme.parameters.get(&code);
        let name = known.map(|known| &known.name);
        let unit = known.map_or("", |known| known.unit.name());
        Taken { parameter: Named::of(&code, name), unit, value }
    };
    FigureOf {
        programme: programme.manifest.code.clone(),
        figure: Named::of(&figure.code.value, Some(&figure.name)),
        unit: figure.unit.name(),
        value,
        text: figure.value.text.value.clone(),
        only_if: figure.only_if.as_ref().map(|only_if| only_if.text.value.clone()),
        forms: forms.iter().map(|code| form_of(&programme, code)).collect(),
        figures,
        parameters: parameters.into_iter().map(taken).collect(),
    }
}

pub(super) fn opened(reader: &mut Reader, behind: &Behind) -> AppResult<File> {
    let (figures, classes) = household::reckon(reader, behind, day_of(now()))?;
    let mut answers = Vec::new();
    for (filled, programme) in behind.filled(reader)? {
        let Some(record) = reader.record_of(&filled)? else { continue };
        let roles = behind.roles(&filled.programme);
        let position = filled.position;
        let sheet = household::sheet(filled, programme, &record, roles);
        let attached = if sheet.pictures.is_empty() { None } else { reader.attachments(position)? };
        let here = |name: &str| attached.as_ref().is_some_and(|attached| attached.is_here(name));
        let pictures = sheet.pictures.iter().map(|(question, name)| PictureOf {
            question: question.clone(),
            name: name.clone(),
            here: here(name),
        });
        let pictures = pictures.collect();
        answers.push(SheetOf {
            position,
            programme: sheet.filled.programme.clone(),
            form: form_of(&sheet.programme, &sheet.filled.form),
            person: person(sheet.filled.subject),
            on: from_day(sheet.filled.on).to_string(),
            at: instant(sheet.filled.at),
            answers: sheet.answers.into_iter().map(Answered::of).collect(),
            pictures,
            hidden: sheet.hidden,
        });
    }
    Ok(File {
        classes: classes.into_iter().map(class_of).collect(),
        figures: figures.into_iter().map(figure_of).collect(),
        answers,
        notes: Vec::new(),
    })
}

fn notes_at(reader: &mut Reader, dwelling: DwellingId) -> AppResult<Vec<NoteOf>> {
    let mut notes = Vec::new();
    for (number, sweep) in (0u32..).zip(reader.book().sweeps.clone()) {
        let visit = reader.door(number, dwelling)?.and_then(|door| door.round.visit);
        let Some(visit) = visit else { continue };
        if let Some(VisitNote { note, place, .. }) = reader.note_of(&visit)?
            && !(note.is_empty() && place.is_empty())
        {
            notes.push(NoteOf { sweep: sweep.id, note, place });
        }
    }
    Ok(notes)
}

/// A household's file as far as the caller's roles read it. A fact for the household and for everyone listed there says
/// who read it, and what for, before it is answered.
#[utoipa::path(
    get, path = "/v1/households/{dwelling}/file", tag = "cases",
    params(("dwelling" = String, Path, format = "uuid"), FileQuery),
    responses((status = 200, body = File), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn file(
    State(site): State<Site>,
    caller: Caller,
    Path(dwelling): Path<DwellingId>,
    Query(query): Query<FileQuery>,
) -> Result<Json<File>, Problem> {
    caller.may(Action::ReadCases, Scope::Own)?;
    let purpose = purpose(&query.purpose)?;
    let actor = actor(&caller);
    let today = day_of(now());
    let reads_notes = caller.may(Action::ReadNotes, Scope::Own).is_ok();
    let owners: Vec<Id> = site
        .territory
        .read(move |reader| {
            let behind = household::behind(reader, actor, dwelling, today)?;
            Ok(behind.map(|behind| behind.subjects().map(Subject::id).collect()))
        })
        .await?
        .ok_or_else(no_dwelling)?;
    let told = owners.clone();
    site.territory.write(move |store, now| reveal_each(store, actor.id, purpose, &told, now)).await?;
    let found = site
        .territory
        .read(move |reader| match household::behind(reader, actor, dwelling, today)? {
            // Who came in between was not written down, and is not read.
            Some(mut behind) => {
                behind.people.retain(|person| owners.contains(person));
                let mut file = opened(reader, &behind)?;
                if reads_notes {
                    file.notes = notes_at(reader, behind.dwelling)?;
                }
                Ok(Some(file))
            }
            None => Ok(None),
        })
        .await?;
    found.map(Json).ok_or_else(no_dwelling)
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PictureQuery {
    /// Of the answers' fact, as the file says it.
    position: u64,
    name: String,
    /// `reconcile`, `service` or `correction`
    purpose: String,
}

/// Whatever a browser is told of these bytes, it runs nothing in them.
const INERT: &str = "default-src 'none'; sandbox";

/// A picture that an answer behind this door names, for whoever reads the answer. A fact says who opened it, and what for,
/// before it is answered. It has no address: it is asked for by POST only.
#[utoipa::path(
    post, path = "/v1/households/{dwelling}/pictures", tag = "cases", params(("dwelling" = String, Path, format = "uuid")),
    request_body = PictureQuery,
    responses(
        (status = 200, description = "JPEG, PNG or WebP", body = String, content_type = "application/octet-stream"),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)
    )
)]
async fn picture(
    State(site): State<Site>,
    caller: Caller,
    Path(dwelling): Path<DwellingId>,
    Json(query): Json<PictureQuery>,
) -> Result<Response, Problem> {
    caller.may(Action::ReadCases, Scope::Own)?;
    let purpose = purpose(&query.purpose)?;
    let actor = actor(&caller);
    let PictureQuery { position, name, .. } = query;
    let asked = name.clone();
    let subject = site
        .territory
        .read(move |reader| match household::behind(reader, actor, dwelling, day_of(now()))? {
            Some(behind) => household::reads_picture(reader, &behind, position, &asked),
            None => Ok(None),
        })
        .await?
        .ok_or_else(no_picture)?;
    site.territory
        .write(move |store, now| reveal_each(store, actor.id, purpose, &[subject.id()], now))
        .await?;
    let found = site.territory.read(move |reader| Ok(reader.picture(position, &name)?)).await?;
    match found.ok_or_else(no_picture)? {
        Picture::Missing => Err(Problem::not_found(
            "picture_missing",
            "这张图片还没有传到；手机联网后会补传",
            "this picture has not come yet; the phone sends it when it has a network",
        )),
        Picture::Altered => Err(Problem::new(
            StatusCode::CONFLICT,
            "picture_altered",
            "这张图片与登记的内容不符，不予显示；请用 wanjia verify 核验",
            "this picture is not the one that was recorded and is not shown; run `wanjia verify`",
        )),
        Picture::Here(bytes) => {
            let kind = Kind::of(&bytes).ok_or_else(no_picture)?;
            let headers = [
                (header::CONTENT_TYPE, kind.media_type()),
                (header::CONTENT_DISPOSITION, "attachment"),
                (header::CONTENT_SECURITY_POLICY, INERT),
            ];
            Ok((headers, bytes).into_response())
        }
    }
}

fn no_picture() -> Problem {
    Problem::not_found(
        "no_picture",
        "没有这张图片，或您的角色不能看",
        "there is no such picture, or your role does not read it",
    )
}
