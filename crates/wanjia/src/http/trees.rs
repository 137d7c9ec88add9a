//! Whom a case is tied to: everyone about whom a form was filled in for it, the cases that they have themselves, and so on.
//! Drawn of exposures it is a chain of transmission; the program knows of no disease.

use std::collections::BTreeSet;

use axum::extract::State;
use domain::access::{Action, Scope};
use domain::case::Subject;
use domain::id::{CaseId, Id};
use domain::time::{day_of, from_day};
use serde::{Deserialize, Serialize};
use store::Reader;
use store::cases::CaseFile;
use store::packs::if_readable;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::boards::{CaseRow, case_row};
use super::cases::{About, Named, actor, now};
use super::extract::{Caller, Json, Path, Query};
use super::persons::purpose;
use super::problem::Problem;
use crate::app::cases::{self, Actor, Sight};
use crate::app::failure::Result as AppResult;
use crate::app::household::{self, title_of};
use crate::app::reveal::reveal_each;

/// People in one tree, at most.
const MOST: usize = 2_000;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(tree)).routes(routes!(words))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TreeQuery {
    /// `reconcile`, `service` or `correction`: with it the answers of the ties are there, and a fact for each person
    /// written before says so. Without it there are only pseudonyms.
    purpose: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Tree {
    /// The cases for which a form about this one's subject was filled in.
    above: Vec<CaseRow>,
    /// Everyone, each after whom she is tied to; the first is whom the case is about.
    nodes: Vec<Node>,
    /// There are more than can be shown.
    more: bool,
}

#[derive(Serialize, ToSchema)]
struct Node {
    /// The place in `nodes` of whom she is tied to.
    #[serde(skip_serializing_if = "Option::is_none")]
    tied_to: Option<usize>,
    /// None of someone who is outside the caller's area.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<About>,
    /// Her own cases of the programme, the newest first.
    cases: Vec<CaseRow>,
    ties: Vec<Tie>,
}

/// A form that ties someone to a case.
#[derive(Serialize, ToSchema)]
struct Tie {
    form: Named,
    #[schema(format = Date)]
    on: String,
    /// As far as the caller's roles read them, if she said what for.
    answers: Vec<Answered>,
}

#[derive(Serialize, ToSchema)]
pub(super) struct Answered {
    pub(super) question: Named,
    pub(super) zh: String,
    pub(super) en: String,
}

impl Answered {
    pub(super) fn of((code, label, answer): (String, household::Words, household::Words)) -> Self {
        Self { question: Named { code, zh: label.zh, en: label.en }, zh: answer.zh, en: answer.en }
    }
}

struct Grown {
    tree: Tree,
    subjects: Vec<Subject>,
}

fn same_kind(one: Subject, other: Subject) -> bool {
    one.kind() == other.kind()
}

fn grow(reader: &mut Reader, actor: Actor, file: &CaseFile, opened: bool) -> AppResult<Grown> {
    let root = domain::apply::canonical_subject(reader.state(), file.case.subject)?;
    let programme = &file.case.programme;
    let mut grown =
        Grown { tree: Tree { above: Vec::new(), nodes: Vec::new(), more: false }, subjects: Vec::new() };
    for filled in reader.filled_about(root)? {
        let Some(case) = filled.case else { continue };
        let Some(other) = if_readable(reader.case_file(case))? else { continue };
        let subject = domain::apply::canonical_subject(reader.state(), other.case.subject)?;
        let known = grown.tree.above.iter().any(|above| above.case == other.id);
        if subject != root && same_kind(subject, root) && !known && cases::may_see(reader, actor, &other)? {
            let lines = reader.cases_of(other.case.subject)?;
            let line = lines.iter().find(|line| line.id == other.id);
            if let Some(line) = line {
                grown.tree.above.push(case_row(reader, line)?);
            }
        }
    }
    // Each with the forms that tie her, found while the one above was looked at.
    let mut waiting = std::collections::VecDeque::from([(None, root, Vec::new())]);
    let mut known = BTreeSet::from([root]);
    while let Some((tied_to, subject, ties)) = waiting.pop_front() {
        if grown.tree.nodes.len() == MOST {
            grown.tree.more = true;
            break;
        }
        let at = grown.tree.nodes.len();
        let node = node(reader, actor, (programme, subject), (tied_to, ties), opened)?;
        let lines: Vec<CaseId> = reader
            .cases_of(subject)?
            .into_iter()
            .filter(|line| line.programme == *programme)
            .map(|line| line.id)
            .collect();
        grown.tree.nodes.push(node);
        grown.subjects.push(subject);
        let mut below: Vec<(Subject, Vec<domain::case::Filled>)> = Vec::new();
        for case in lines {
            for filled in reader.filled_for(case)? {
                let tied = domain::apply::canonical_subject(reader.state(), filled.subject)?;
                if !same_kind(tied, root) || known.contains(&tied) {
                    continue;
                }
                match below.iter_mut().find(|(other, _)| *other == tied) {
                    Some((_, ties)) => ties.push(filled),
                    None => below.push((tied, vec![filled])),
                }
            }
        }
        for (tied, ties) in below {
            known.insert(tied);
            waiting.push_back((Some(at), tied, ties));
        }
    }
    Ok(grown)
}

fn node(
    reader: &mut Reader,
    actor: Actor,
    (programme, subject): (&str, Subject),
    (tied_to, ties): (Option<usize>, Vec<domain::case::Filled>),
    opened: bool,
) -> AppResult<Node> {
    let home = match subject {
        Subject::Dwelling(own) | Subject::Area(own) => Some(own),
        Subject::Person(person) => reader.home(person)?,
        Subject::Worker(_) => None,
    };
    let dwelling = home.or_else(|| ties.last().map(|tie| tie.dwelling));
    let mut node = Node { tied_to, about: None, cases: Vec::new(), ties: Vec::new() };
    let Some(dwelling) = dwelling else { return Ok(node) };
    let behind = household::behind(reader, actor, dwelling, day_of(now()))?;
    let roles = behind.as_ref().map_or(&[][..], |behind| behind.roles(programme));
    if roles.is_empty() {
        return Ok(node);
    }
    node.about = Some(About::of(reader, subject, dwelling)?);
    for line in reader.cases_of(subject)? {
        // What another community has received is not told where it was.
        let here = line.received.is_none() || reader.book().areas.is_within(line.area, actor.grant.area);
        if line.programme == programme && here {
            node.cases.push(case_row(reader, &line)?);
        }
    }
    for tie in ties {
        let Some(read) = if_readable(reader.programme(&tie.programme, &tie.version))? else { continue };
        let Some(form) = read.form(&tie.form) else { continue };
        let title = title_of(form);
        let form = Named { code: form.code.value.clone(), zh: title.zh, en: title.en };
        let record = if opened { reader.record_of(&tie)? } else { None };
        let on = from_day(tie.on).to_string();
        let answers =
            record.map(|record| household::sheet(tie, read, &record, roles).answers).unwrap_or_default();
        node.ties.push(Tie { form, on, answers: answers.into_iter().map(Answered::of).collect() });
    }
    Ok(node)
}

/// Whom a case is tied to by the forms that were filled in for it, and who is tied to them.
#[utoipa::path(
    get, path = "/v1/cases/{id}/tree", tag = "cases", params(("id" = String, Path, format = "uuid"), TreeQuery),
    responses((status = 200, body = Tree), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn tree(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<CaseId>,
    Query(query): Query<TreeQuery>,
) -> Result<Json<Tree>, Problem> {
    caller.may(Action::ReadCases, Scope::Own)?;
    let purpose = query.purpose.as_deref().map(purpose).transpose()?;
    let actor = actor(&caller);
    let grown = |opened| {
        site.territory.read(move |reader| match reader.case_file(id)? {
            Some(file) if cases::may_see(reader, actor, &file)? => {
                grow(reader, actor, &file, opened).map(Some)
            }
            _ => Ok(None),
        })
    };
    let found = grown(false).await?.ok_or_else(cases::unknown_case)?;
    let Some(purpose) = purpose else { return Ok(Json(found.tree)) };
    let owners: Vec<Id> = found
        .subjects
        .iter()
        .zip(&found.tree.nodes)
        .filter(|(_, node)| node.about.is_some() && !node.ties.is_empty())
        .map(|(subject, _)| subject.id())
        .collect();
    site.territory.write(move |store, now| reveal_each(store, actor.id, purpose, &owners, now)).await?;
    let opened = grown(true).await?.ok_or_else(cases::unknown_case)?;
    // Who came in between was not written down, and is not read.
    if opened.subjects != found.subjects {
        return Ok(Json(found.tree));
    }
    Ok(Json(opened.tree))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct WordsQuery {
    /// `reconcile`, `service` or `correction`
    purpose: String,
}

#[derive(Serialize, ToSchema)]
struct Why {
    /// Of each report of the case, in their order, the answers by which its rule flags.
    evidence: Vec<Vec<Evidence>>,
    /// Of each report, in their order, what was said.
    said: Vec<Option<String>>,
    /// Of each event of the case, in their order, the reason that was given.
    reasons: Vec<Option<String>>,
}

#[derive(Serialize, ToSchema)]
struct Evidence {
    /// The form's title; empty of a figure.
    form_zh: String,
    form_en: String,
    zh: String,
    en: String,
    value_zh: String,
    value_en: String,
}

/// Why: the answers behind the reports of a case and the reasons given for its steps. A fact says who read them, and what
/// for, before they are answered.
#[utoipa::path(
    get, path = "/v1/cases/{id}/why", tag = "cases", params(("id" = String, Path, format = "uuid"), WordsQuery),
    responses((status = 200, body = Why), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn words(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<CaseId>,
    Query(query): Query<WordsQuery>,
) -> Result<Json<Why>, Problem> {
    caller.may(Action::ReadCases, Scope::Own)?;
    let purpose = purpose(&query.purpose)?;
    let actor = actor(&caller);
    let owners = site
        .territory
        .read(move |reader| match reader.case_file(id)? {
            Some(file) if cases::sight(reader, actor, &file)?.is_some() => {
                let mut owners = vec![file.case.subject.id()];
                // What a household's rule looks at may be its people's.
                if let Subject::Dwelling(dwelling) = file.case.subject {
                    owners.extend(reader.listed_at(dwelling)?);
                }
                Ok(Some(owners))
            }
            _ => Ok(None),
        })
        .await?
        .ok_or_else(cases::unknown_case)?;
    site.territory.write(move |store, now| reveal_each(store, actor.id, purpose, &owners, now)).await?;
    let why = site
        .territory
        .read(move |reader| {
            let Some(file) = reader.case_file(id)? else { return Ok(None) };
            // It may have been received elsewhere in between.
            let Some(sight) = cases::sight(reader, actor, &file)? else { return Ok(None) };
            let roles = cases::roles_at(reader, actor, &file.programme, file.area)?;
            let (mut evidence, mut said, mut reasons) = (Vec::new(), Vec::new(), Vec::new());
            let reports = if sight == Sight::Whole { &file.reports[..] } else { &[] };
            for report in reports {
                said.push(reader.said_of(file.case.subject, report)?);
                let rule = report.rule.as_deref().unwrap_or_default();
                let found = household::evidence(reader, &file, rule, &roles, report.at)?;
                let row =
                    |(form, label, value): (household::Words, household::Words, household::Words)| Evidence {
                        form_zh: form.zh,
                        form_en: form.en,
                        zh: label.zh,
                        en: label.en,
                        value_zh: value.zh,
                        value_en: value.en,
                    };
                evidence.push(found.into_iter().map(row).collect());
            }
            for event in cases::events_seen(reader, &file, &sight) {
                reasons.push(reader.reason_of(file.case.subject, event)?);
            }
            Ok(Some(Why { evidence, said, reasons }))
        })
        .await?;
    Ok(Json(why.ok_or_else(cases::unknown_case)?))
}
