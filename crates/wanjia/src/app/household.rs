//! A file across programmes, of a household, an area or a worker: what the caller's roles may read of what was filled in about
//! it, what is reckoned from it, and in which classes it and its people were.

use std::sync::Arc;

use domain::area::AreaNumber;
use domain::case::{Filled, Subject};
use domain::id::{ActorId, DwellingId, Id, PersonId};
use domain::time::{Day, day_of, from_day, minute_of};
use programme::Programme;
use programme::answer::{Record, Value};
use programme::attachment::Named;
use programme::calendar::local;
use programme::classes::over_time;
use programme::condition::{Condition, Needs};
use programme::figure::Figure;
use programme::form::{self, Field, Form};
use programme::judge::{Reckoned, View};
use programme::question::Answer;
use store::Reader;
use store::cases::is_about;
use store::packs::if_readable;

use super::cases::{Actor, right_of, roles_at};
use super::failure::Result;

/// How far back classes are looked at.
const LOOKED_BACK: Day = 366;

/// A programme as someone sees it at a door: the version of a day, and her roles there.
pub struct Seen {
    pub programme: Arc<Programme>,
    pub roles: Vec<String>,
}

/// A door with whom it is about; or an area, or a worker, at the area's own id.
pub struct Behind {
    pub subject: Subject,
    pub dwelling: DwellingId,
    pub area: AreaNumber,
    pub people: Vec<PersonId>,
    /// The programmes in which the caller has a role there.
    pub seen: Vec<Seen>,
}

/// What is behind a door, for someone who acts in a role of a programme there; none for anybody else.
///
/// # Errors
/// Those of the storage.
pub fn behind(reader: &mut Reader, actor: Actor, dwelling: DwellingId, today: Day) -> Result<Option<Behind>> {
    let dwelling = domain::apply::resolve_dwelling(reader.state(), dwelling)?;
    let Some(area) = reader.area_of(dwelling)? else { return Ok(None) };
    let seen = seen_at(reader, actor, area, today)?;
    if seen.is_empty() {
        return Ok(None);
    }
    let people = reader.listed_at(dwelling)?;
    Ok(Some(Behind { subject: Subject::Dwelling(dwelling), dwelling, area, people, seen }))
}

/// An area as a whole, for someone who acts in a role of a programme there; none for anybody else.
///
/// # Errors
/// Those of the storage.
pub fn of_area(reader: &mut Reader, actor: Actor, area: AreaNumber, today: Day) -> Result<Option<Behind>> {
    let seen = seen_at(reader, actor, area, today)?;
    if seen.is_empty() {
        return Ok(None);
    }
    let dwelling = Id::of_area(reader.book().areas.code(area));
    Ok(Some(Behind { subject: Subject::Area(dwelling), dwelling, area, people: Vec::new(), seen }))
}

/// Someone who works, where she works now: for herself, who reads whatever any role does, and for whoever has a role there
/// that reads a form about workers or answers for a case of one.
///
/// # Errors
/// Those of the storage.
pub fn of_worker(reader: &mut Reader, actor: Actor, worker: ActorId, today: Day) -> Result<Option<Behind>> {
    let Some(right) = right_of(reader, worker)? else { return Ok(None) };
    let mut seen = Vec::new();
    for programme in programmes_of(reader, today)? {
        let roles = if worker == actor.id {
            programme.manifest.roles.iter().map(|role| role.code.value.clone()).collect()
        } else {
            roles_at(reader, actor, &programme, right.area)?
        };
        let forms = programme.forms.iter().filter(|form| form.subject == form::Subject::Worker);
        let reads = forms.flat_map(|form| &form.fields).any(|field| may_read(field, &roles));
        let mut ways = programme.pathways.iter().filter(|own| own.subject == form::Subject::Worker);
        if reads || ways.any(|own| roles.iter().any(|role| own.names(role))) {
            seen.push(Seen { programme, roles });
        }
    }
    if seen.is_empty() {
        return Ok(None);
    }
    let dwelling = Id::of_area(reader.book().areas.code(right.area));
    let subject = Subject::Worker(worker);
    Ok(Some(Behind { subject, dwelling, area: right.area, people: Vec::new(), seen }))
}

/// Whether someone may know of a subject in a list of her programme and her area: of those who work she hears what
/// [`of_worker`] lets her read.
///
/// # Errors
/// Those of the storage.
pub fn may_know(reader: &mut Reader, actor: Actor, subject: Subject, today: Day) -> Result<bool> {
    match subject {
        Subject::Worker(worker) => Ok(of_worker(reader, actor, worker, today)?.is_some()),
        Subject::Person(_) | Subject::Dwelling(_) | Subject::Area(_) => Ok(true),
    }
}

/// The programmes in which someone has a role in an area.
fn seen_at(reader: &mut Reader, actor: Actor, area: AreaNumber, today: Day) -> Result<Vec<Seen>> {
    let mut seen = Vec::new();
    for programme in programmes_of(reader, today)? {
        let roles = roles_at(reader, actor, &programme, area)?;
        if !roles.is_empty() {
            seen.push(Seen { programme, roles });
        }
    }
    Ok(seen)
}

/// Every programme in its version of a day, or else its newest.
fn programmes_of(reader: &mut Reader, today: Day) -> Result<Vec<Arc<Programme>>> {
    let mut codes: Vec<String> =
        reader.book().editions.iter().map(|edition| edition.programme.clone()).collect();
    codes.sort_unstable();
    codes.dedup();
    let mut found = Vec::new();
    for code in codes {
        let edition = reader.book().edition_on(&code, today);
        let newest = || reader.book().editions.iter().rfind(|edition| edition.programme == code);
        let Some(version) = edition.or_else(newest).map(|edition| edition.version.clone()) else { continue };
        found.extend(if_readable(reader.programme(&code, &version))?);
    }
    Ok(found)
}

impl Behind {
    /// The roles in which the caller reads what was filled in under a programme.
    #[must_use]
    pub fn roles(&self, programme: &str) -> &[String] {
        self.seen
            .iter()
            .find(|seen| seen.programme.manifest.code == programme)
            .map_or(&[], |seen| seen.roles.as_slice())
    }

    /// The household first, then everyone who is listed; or the area, or the worker.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> {
        let people = self.people.iter().map(|person| Subject::Person(*person));
        std::iter::once(self.subject).chain(people)
    }

    /// What was filled in of which the caller may read something, the newest first; what was corrected since is passed over.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn filled(&self, reader: &mut Reader) -> Result<Vec<(Filled, Arc<Programme>)>> {
        let mut found = Vec::new();
        for subject in self.subjects() {
            for filled in reader.filled_about(subject)?.into_iter().filter(|filled| filled.replaced.is_none())
            {
                let Some(programme) = if_readable(reader.programme(&filled.programme, &filled.version))?
                else {
                    continue;
                };
                let roles = self.roles(&filled.programme);
                let form = programme.form(&filled.form);
                if form.is_some_and(|form| form.fields.iter().any(|field| may_read(field, roles))) {
                    found.push((filled, programme));
                }
            }
        }
        found.sort_by_key(|(filled, _)| std::cmp::Reverse((filled.on, filled.at, filled.position)));
        Ok(found)
    }
}

/// Whether one of these roles reads a field.
#[must_use]
pub fn may_read(field: &Field, roles: &[String]) -> bool {
    field.readers.iter().any(|reader| roles.contains(reader))
}

/// Whether these roles read every answer that a condition looks at: else what it comes to would tell them.
fn may_reckon(programme: &Programme, condition: &Condition, roles: &[String]) -> bool {
    condition.evidence.iter().all(|(form, field)| {
        let field = programme.form(form).and_then(|form| form.field(field));
        field.is_some_and(|field| may_read(field, roles))
    })
}

/// A text in the two languages of the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub zh: String,
    pub en: String,
}

/// An answer as a person reads it.
#[must_use]
pub fn words_of(field: &Field, value: &Value) -> Words {
    let both = |text: String| Words { zh: text.clone(), en: text };
    match value {
        Value::Text(text) if field.question.answer == Answer::File => {
            both(Named::parse(text).map(|named| named.name).unwrap_or_default())
        }
        Value::Text(text) => choice(field, text),
        Value::Whole(number) => both(number.to_string()),
        Value::Decimal(number) => both(number.to_string()),
        Value::Day(day) => both(day.to_string()),
        Value::Moment(moment) => both(local(*moment).strftime("%Y-%m-%d %H:%M").to_string()),
        Value::Several(names) => joined(names.iter().map(|name| choice(field, name))),
        Value::Many(values) => joined(values.iter().map(|value| words_of(field, value))),
    }
}

fn choice(field: &Field, name: &str) -> Words {
    let at = field.choices.iter().position(|choice| choice == name);
    let labels = at.and_then(|at| field.choice_labels.get(at));
    let text = |language| labels.and_then(|labels| labels.get(language)).unwrap_or(name).to_owned();
    Words { zh: text("zh"), en: text("en") }
}

fn joined(words: impl Iterator<Item = Words>) -> Words {
    let (zh, en): (Vec<String>, Vec<String>) = words.map(|words| (words.zh, words.en)).unzip();
    Words { zh: zh.join("、"), en: en.join(", ") }
}

/// A form with its answers as far as the caller reads them.
pub struct Sheet {
    pub filled: Filled,
    pub programme: Arc<Programme>,
    /// The field's name, its label and the answer.
    pub answers: Vec<(String, Words, Words)>,
    /// The pictures that one of these answers names, by the field's name.
    pub pictures: Vec<(String, String)>,
    /// Answers that are there and are for others.
    pub hidden: usize,
}

/// The answers of a form, in the order of its questions.
#[must_use]
pub fn sheet(filled: Filled, programme: Arc<Programme>, record: &Record, roles: &[String]) -> Sheet {
    let (mut answers, mut pictures, mut hidden) = (Vec::new(), Vec::new(), 0);
    let fields = programme.form(&filled.form).map(|form: &Form| form.fields.as_slice()).unwrap_or_default();
    for field in fields {
        let Some(value) = record.values.get(&field.name.value) else { continue };
        if may_read(field, roles) {
            let label = |language| field.labels.get(language).unwrap_or(&field.name.value).to_owned();
            let label = Words { zh: label("zh"), en: label("en") };
            let names = pictures_in(field, value).into_iter();
            pictures.extend(names.map(|name| (field.name.value.clone(), name)));
            answers.push((field.name.value.clone(), label, words_of(field, value)));
        } else {
            hidden += 1;
        }
    }
    Sheet { filled, programme, answers, pictures, hidden }
}

/// The names of the pictures that an answer is.
fn pictures_in(field: &Field, value: &Value) -> Vec<String> {
    match value {
        Value::Many(values) => values.iter().flat_map(|value| pictures_in(field, value)).collect(),
        Value::Text(text) if field.question.answer == Answer::File => {
            Named::parse(text).map(|named| named.name).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// A picture that an answer of a form behind this door names, if the caller reads that answer.
///
/// # Errors
/// Those of the storage.
pub fn reads_picture(
    reader: &mut Reader,
    behind: &Behind,
    position: u64,
    name: &str,
) -> Result<Option<Subject>> {
    let filled = behind.filled(reader)?.into_iter().find(|(filled, _)| filled.position == position);
    let Some((filled, programme)) = filled else { return Ok(None) };
    let Some(record) = reader.record_of(&filled)? else { return Ok(None) };
    let subject = filled.subject;
    let roles = behind.roles(&filled.programme).to_vec();
    let sheet = sheet(filled, programme, &record, &roles);
    Ok(sheet.pictures.iter().any(|(_, own)| own == name).then_some(subject))
}

/// What a figure comes to, and from what.
pub struct Figured {
    pub programme: Arc<Programme>,
    pub figure: Arc<Figure>,
    /// None if an answer is missing that it needs.
    pub value: Option<f64>,
    /// The forms whose answers it takes.
    pub forms: Vec<String>,
    /// The figures it is made of.
    pub figures: Vec<String>,
    /// The parameters it takes, with what they are here today.
    pub parameters: Vec<(String, f64)>,
}

/// In which class someone was from which day on.
pub struct Classed {
    pub programme: Arc<Programme>,
    pub classes: Arc<programme::classes::Classes>,
    pub subject: Subject,
    pub spans: Vec<(programme::code::Day, String)>,
}

/// What is reckoned of a household, and the classes of it and of its people, as far as the caller reads every answer that
/// they take.
///
/// # Errors
/// Those of the storage.
pub fn reckon(reader: &mut Reader, behind: &Behind, today: Day) -> Result<(Vec<Figured>, Vec<Classed>)> {
    let area = reader.book().areas.code(behind.area).to_owned();
    let (mut figures, mut classes) = (Vec::new(), Vec::new());
    for Seen { programme, roles } in &behind.seen {
        for subject in behind.subjects() {
            let known = reader.known_of(&programme.manifest.code, subject)?;
            if known.is_empty() {
                continue;
            }
            let situation = known.situation();
            let parameters = programme.parameters.on(&area, from_day(today));
            let may = |condition: &Condition| may_reckon(programme, condition, roles);
            for figure in programme.figures.iter().filter(|figure| is_about(figure.subject, subject)) {
                if !(may(&figure.value) && figure.only_if.as_ref().is_none_or(may)) {
                    continue;
                }
                let mut needs = Needs::default();
                needs.add_figure(figure);
                let view = View::new(&needs, &situation, &parameters, from_day(today));
                let value = match view.figure(&figure.code.value) {
                    Some(Reckoned::Number(number)) => Some(number),
                    _ => None,
                };
                let takes = |form: &&Form| {
                    figure.value.looks_at(&form.code.value)
                        || figure.only_if.as_ref().is_some_and(|only_if| only_if.looks_at(&form.code.value))
                };
                let named = |other: &&Arc<Figure>| {
                    figure.value.text.value.contains(&format!("figure.{}", other.code.value))
                };
                figures.push(Figured {
                    programme: Arc::clone(programme),
                    figure: Arc::clone(figure),
                    value,
                    forms: programme.forms.iter().filter(takes).map(|form| form.code.value.clone()).collect(),
                    figures: programme
                        .figures
                        .iter()
                        .filter(named)
                        .map(|other| other.code.value.clone())
                        .filter(|code| *code != figure.code.value)
                        .collect(),
                    parameters: figure
                        .value
                        .parameters
                        .iter()
                        .filter_map(|code| Some((code.clone(), parameters.get(code.as_str())?.as_decimal())))
                        .collect(),
                });
            }
            let first = reader.filled_about(subject)?.iter().map(|filled| filled.on).min();
            let from = first.unwrap_or(today).max(today - LOOKED_BACK);
            let whole = |classes: &programme::classes::Classes| {
                classes.all.iter().filter_map(|class| class.when.as_ref()).all(may)
            };
            for own in programme.classes.iter().filter(|own| is_about(own.subject, subject) && whole(own)) {
                let days = (from_day(from), from_day(today));
                let spans = over_time(own, &situation, &programme.parameters, &area, days);
                classes.push(Classed {
                    programme: Arc::clone(programme),
                    classes: Arc::clone(own),
                    subject,
                    spans,
                });
            }
        }
    }
    Ok((figures, classes))
}

/// The latest answers by which a rule flagged a subject at a moment, as far as these roles read them.
///
/// # Errors
/// Those of the storage.
pub fn evidence(
    reader: &mut Reader,
    file: &store::cases::CaseFile,
    rule: &str,
    roles: &[String],
    at: domain::time::Millis,
) -> Result<Vec<(Words, Words, Words)>> {
    let programme = &file.programme;
    let Some(rule) = programme.rules.iter().find(|own| own.id.value == rule) else { return Ok(Vec::new()) };
    let area = reader.book().areas.code(file.area).to_owned();
    let known = reader.known_of(&file.case.programme, file.case.subject)?;
    let day = from_day(day_of(at));
    let parameters = programme.parameters.on(&area, day);
    let (needs, situation) = (Needs::of([&rule.condition]), known.situation());
    let judged = View::new(&needs, &situation, &parameters, day).at(minute_of(at)).judge(&rule.condition);
    let programme::judge::Judgement::Flags(evidence) = judged else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for ((form, field), value) in evidence {
        if form == "figure" {
            let figure = programme.figures.iter().find(|figure| figure.code.value == field);
            let Some(figure) = figure.filter(|figure| may_reckon(programme, &figure.value, roles)) else {
                continue;
            };
            let name = |language| figure.name.get(language).unwrap_or(&field).to_owned();
            let Value::Decimal(number) = value else { continue };
            let number = format!("{number:.2}");
            let form = Words { zh: String::new(), en: String::new() };
            found.push((
                form,
                Words { zh: name("zh"), en: name("en") },
                Words { zh: number.clone(), en: number },
            ));
            continue;
        }
        let Some(form) = programme.form(&form) else { continue };
        let Some(field) = form.field(&field).filter(|field| may_read(field, roles)) else { continue };
        let label = |language| field.labels.get(language).unwrap_or(&field.name.value).to_owned();
        found.push((title_of(form), Words { zh: label("zh"), en: label("en") }, words_of(field, &value)));
    }
    Ok(found)
}

/// How a form is called.
#[must_use]
pub fn title_of(form: &Form) -> Words {
    Words { zh: form.title.clone(), en: form.title_en.clone().unwrap_or_else(|| form.title.clone()) }
}
