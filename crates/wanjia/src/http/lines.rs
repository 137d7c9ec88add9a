//! One line that a clerk types while someone is on the telephone: what it says is proposed, and nothing is written.

use axum::extract::State;
use domain::access::Action;
use domain::id::{CaseId, DwellingId, PersonId};
use domain::time::{day_of, end_of};
use intake::line::{self, Doubt, Line, Slot, Teller, Temperature};
use programme::form::Form;
use programme::pathway::TOLD_BY;
use programme::question::Answer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use store::packs::if_readable;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json};
use super::problem::Problem;
use super::scope;
use crate::cli::now;

/// Doors in one answer, at most: a line without a room may mean a whole building.
const DOORS: usize = 20;
const HALF_A_DAY: i64 = 12 * 3_600_000;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(read))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewLine {
    /// At most 200 characters.
    text: String,
    /// Where the door is looked for: the caller's own area unless given.
    area: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Proposed {
    /// What was read, in the words of the line.
    read: Understood,
    /// The doors that it may mean, those first behind which someone is asked on such a day.
    doors: Vec<ProposedDoor>,
    /// Why less is proposed than the line may mean, or the worse of what it says: `contradiction`, `several_times`,
    /// `unclear`.
    doubts: Vec<&'static str>,
    /// What was not understood, as it stood there.
    left: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct Understood {
    building: String,
    unit: String,
    room: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    day: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ProposedDoor {
    #[schema(value_type = String, format = "uuid")]
    dwelling: DwellingId,
    area_code: String,
    area_name: String,
    building: String,
    unit: String,
    room: String,
    /// Who is listed there, under pseudonyms: for a form about one of them.
    #[schema(value_type = Vec<String>)]
    people: Vec<PersonId>,
    checks: Vec<ProposedCheck>,
}

/// A form about someone behind the door, as `/v1/answers` takes it once a person has looked at it.
#[derive(Serialize, ToSchema)]
struct ProposedCheck {
    #[schema(value_type = String, format = "uuid")]
    case: CaseId,
    #[schema(value_type = String, format = "uuid")]
    person: PersonId,
    programme: String,
    form: String,
    /// Which day of her observation it is today.
    day: i32,
    /// Whether that is the day that the line says.
    fits: bool,
    #[schema(value_type = Object)]
    answers: Map<String, Value>,
    /// Questions that must be answered and of which the line says nothing.
    open: Vec<String>,
}

fn answers(line: &Line, form: &Form, morning: bool) -> Map<String, Value> {
    let slot = line.slot.unwrap_or(if morning { Slot::Morning } else { Slot::Evening });
    let teller = match line.teller.unwrap_or(Teller::Herself) {
        Teller::Herself => "self",
        Teller::Family => "family",
    };
    let (degrees, word) = match line.temperature {
        Some(Temperature::Degrees(degrees)) => (Some(json!(degrees)), None),
        Some(Temperature::Normal) => (None, Some(json!("normal"))),
        Some(Temperature::Fever) => (None, Some(json!("fever"))),
        None => (None, None),
    };
    let symptoms = line.symptoms.as_ref().map(|found| match found.as_slice() {
        [] => json!(["none"]),
        some => some.iter().map(|symptom| symptom.as_str()).collect(),
    });
    let said = [
        ("slot", Some(json!(if slot == Slot::Morning { "am" } else { "pm" }))),
        ("temp_c", degrees),
        ("temp_word", word),
        ("symptom", symptoms),
        (TOLD_BY, Some(json!(teller))),
    ];
    // A form that asks nothing of the kind is proposed without.
    let fits = |name: &str, value: &Value| {
        form.field(name).is_some_and(|field| match (field.question.answer, value) {
            (Answer::One, Value::String(choice)) => field.choices.contains(choice),
            (Answer::Several, Value::Array(chosen)) => chosen
                .iter()
                .all(|one| field.choices.iter().any(|choice| Some(choice.as_str()) == one.as_str())),
            (Answer::Decimal, Value::Number(_)) => true,
            _ => false,
        })
    };
    said.into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .filter(|(name, value)| fits(name, value))
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What one line says: door, day, temperature. It is proposed; nothing is written.
#[utoipa::path(
    post, path = "/v1/lines", tag = "cases", request_body = NewLine,
    responses((status = 200, body = Proposed), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn read(
    State(site): State<Site>,
    caller: Caller,
    Json(new): Json<NewLine>,
) -> Result<Json<Proposed>, Problem> {
    let area = scope::area(&caller, Action::FillInForms, new.area.as_deref(), "area")?;
    if new.text.trim().is_empty() || new.text.chars().count() > line::LONGEST {
        return Err(Problem::field(
            "text",
            "text",
            format!("请写一句话，不超过 {} 字", line::LONGEST),
            format!("one line is needed, of at most {} characters", line::LONGEST),
        ));
    }
    let line = line::read(&new.text);
    let now = now();
    let today = day_of(now);
    let morning = end_of(today) - now >= HALF_A_DAY;
    let book = caller.book.clone();
    let (line, doors) = site
        .territory
        .read(move |reader| {
            let mut doors = Vec::new();
            let labels = (&*line.building.key, &*line.unit.key, &*line.room.key);
            let called = if line.building.is_empty() {
                Vec::new()
            } else {
                reader.doors_called(area, labels, DOORS)?
            };
            for dwelling in called {
                let mut checks = Vec::new();
                for (asked, since) in reader.asked_at(dwelling, today)? {
                    let Some(programme) = if_readable(reader.programme(&asked.programme, &asked.version))?
                    else {
                        continue;
                    };
                    let Some(form) = programme.form(&asked.form) else { continue };
                    let answers = answers(&line, form, morning);
                    let day = today - since + 1;
                    let needed = form.fields.iter().filter(|field| field.required);
                    checks.push(ProposedCheck {
                        case: asked.case,
                        person: asked.person,
                        day,
                        fits: line.day.is_none_or(|said| i64::from(said) == i64::from(day)),
                        open: needed
                            .map(|field| field.name.value.clone())
                            .filter(|name| !answers.contains_key(name))
                            .collect(),
                        answers,
                        programme: asked.programme,
                        form: asked.form,
                    });
                }
                checks.sort_by_key(|check| !check.fits);
                let area = reader.area_of(dwelling)?.and_then(|area| book.areas.get(area));
                let labels = reader.labels(dwelling)?;
                doors.push(ProposedDoor {
                    dwelling,
                    area_code: area.map(|area| area.code.clone()).unwrap_or_default(),
                    area_name: area.map(|area| area.name.clone()).unwrap_or_default(),
                    building: labels.building,
                    unit: labels.unit,
                    room: labels.room,
                    people: reader.ids_listed_at(dwelling)?,
                    checks,
                });
            }
            doors.sort_by_key(|door| match door.checks.first() {
                Some(check) if check.fits => 0,
                Some(_) => 1,
                None => 2,
            });
            Ok((line, doors))
        })
        .await?;
    let read = Understood {
        building: line.building.shown,
        unit: line.unit.shown,
        room: line.room.shown,
        day: line.day,
        from: line.from,
    };
    let doubts = line.doubts.into_iter().map(Doubt::as_str).collect();
    Ok(Json(Proposed { read, doors, doubts, left: line.left }))
}
