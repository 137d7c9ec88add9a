//! Boards: what programmes there are and how the caller acts in them, how many cases stand open where, and which.

use std::collections::BTreeSet;

use axum::extract::State;
use domain::access::{Action, Scope};
use domain::area::{AreaNumber, Level};
use domain::case::Subject;
use domain::id::{ActorId, CaseId};
use domain::time::{day_of, from_day};
use programme::form;
use programme::pathway::Pathway;
use serde::{Deserialize, Serialize};
use store::Reader;
use store::case_lists::CaseLine;
use store::packs::if_readable;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::cases::{About, Named, actor, now};
use super::cursor;
use super::extract::{Caller, Json, Query};
use super::problem::Problem;
use super::scope;
use super::wire::instant;
use crate::app::cases;
use crate::app::failure::Result as AppResult;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(programmes)).routes(routes!(board)).routes(routes!(list))
}

#[derive(Serialize, ToSchema)]
struct Programmes {
    programmes: Vec<InForce>,
}

/// A programme as its version of today has it; of one that is over, as its last had it.
#[derive(Serialize, ToSchema)]
struct InForce {
    programme: Named,
    version: String,
    #[schema(format = Date)]
    from: String,
    #[schema(format = Date)]
    sunset: String,
    in_force: bool,
    roles: Vec<Named>,
    pathways: Vec<Way>,
    /// The roles in which the caller acts somewhere.
    own: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct Way {
    pathway: Named,
    /// `person`, `household`, `dwelling`, `place`, `organisation`, `area` or `worker`
    about: &'static str,
}

/// Every programme that was published, and how the caller acts in it.
#[utoipa::path(
    get, path = "/v1/programmes", tag = "cases",
    responses((status = 200, body = Programmes), (status = 403, body = Problem))
)]
async fn programmes(State(site): State<Site>, caller: Caller) -> Result<Json<Programmes>, Problem> {
    caller.may(Action::ReadAreas, Scope::Own)?;
    let (actor, today) = (actor(&caller), day_of(now()));
    let programmes = site
        .territory
        .read(move |reader| {
            let own = cases::roles_of(reader, actor, today)?;
            let codes: BTreeSet<String> =
                reader.book().editions.iter().map(|edition| edition.programme.clone()).collect();
            let mut rows = Vec::new();
            for code in codes {
                let of_today = reader.book().edition_on(&code, today);
                let in_force = of_today.is_some();
                let newest = || reader.book().editions.iter().rfind(|edition| edition.programme == code);
                let Some(edition) = of_today.or_else(newest).cloned() else { continue };
                let Some(read) = if_readable(reader.programme(&code, &edition.version))? else { continue };
                let named = |code: &str, name| Named::of(code, Some(name));
                rows.push(InForce {
                    programme: named(&code, &read.manifest.name),
                    version: edition.version,
                    from: from_day(edition.from).to_string(),
                    sunset: from_day(edition.sunset).to_string(),
                    in_force,
                    roles: read
                        .manifest
                        .roles
                        .iter()
                        .map(|role| named(&role.code.value, &role.name))
                        .collect(),
                    pathways: read
                        .pathways
                        .iter()
                        // Nobody opens by hand what a rule's flag opens.
                        .filter(|pathway| !pathway.of_rule)
                        .map(|pathway| Way {
                            pathway: named(&pathway.code.value, &pathway.name),
                            about: pathway.subject.name(),
                        })
                        .collect(),
                    own: own.iter().filter(|own| own.programme == code).map(|own| own.role.clone()).collect(),
                });
            }
            Ok(rows)
        })
        .await?;
    Ok(Json(Programmes { programmes }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct BoardQuery {
    /// The caller's own area unless given.
    area: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Board {
    area: BoardRow,
    children: Vec<BoardRow>,
}

#[derive(Serialize, ToSchema)]
struct BoardRow {
    code: String,
    name: String,
    /// Open cases of the programmes in which the caller has a role there.
    open: u64,
    /// Of how many of them something is overdue.
    overdue: u64,
    pathways: Vec<BoardCell>,
}

#[derive(Serialize, ToSchema)]
struct BoardCell {
    programme: String,
    pathway: Named,
    open: u64,
    overdue: u64,
}

/// The parts of an area in which the caller has a role of a programme, by programme.
fn seen(
    reader: &mut Reader,
    actor: cases::Actor,
    area: AreaNumber,
) -> AppResult<BTreeSet<(String, AreaNumber)>> {
    let roles = cases::roles_of(reader, actor, day_of(now()))?;
    let areas = &reader.book().areas;
    let mut found = BTreeSet::new();
    for role in roles {
        if areas.is_within(area, role.area) {
            found.insert((role.programme, area));
        } else if areas.is_within(role.area, area) {
            found.insert((role.programme, role.area));
        }
    }
    // A part of another part is in it already.
    let inner = |(programme, part): &(String, AreaNumber)| {
        found
            .iter()
            .any(|(other, whole)| other == programme && whole != part && areas.is_within(*part, *whole))
    };
    Ok(found.iter().filter(|part| !inner(part)).cloned().collect())
}

/// Of a worker's cases nobody hears but by the roles that their pathway names, not even how many there are.
fn counts(pathway: Option<&Pathway>, roles: &[String]) -> bool {
    pathway.is_none_or(|own| own.subject != form::Subject::Worker || roles.iter().any(|role| own.names(role)))
}

fn board_row(reader: &mut Reader, actor: cases::Actor, area: AreaNumber) -> AppResult<BoardRow> {
    let now = now();
    let mut pathways: Vec<BoardCell> = Vec::new();
    for (programme, part) in seen(reader, actor, area)? {
        let newest = reader.book().editions.iter().rfind(|edition| edition.programme == programme);
        let version = newest.map(|edition| edition.version.clone()).unwrap_or_default();
        let read = if_readable(reader.programme(&programme, &version))?;
        let roles = match &read {
            Some(read) => cases::roles_at(reader, actor, read, part)?,
            None => Vec::new(),
        };
        for count in reader.open_counts(part, &programme, now)? {
            let mut known = read.iter().flat_map(|read| &read.pathways);
            let known = known.find(|own| own.code.value == count.pathway);
            if !counts(known, &roles) {
                continue;
            }
            let pathway = Named::of(&count.pathway, known.map(|own| &own.name));
            let same =
                |cell: &&mut BoardCell| cell.programme == programme && cell.pathway.code == pathway.code;
            match pathways.iter_mut().find(same) {
                Some(cell) => {
                    cell.open += count.open;
                    cell.overdue += count.overdue;
                }
                None => pathways.push(BoardCell {
                    programme: programme.clone(),
                    pathway,
                    open: count.open,
                    overdue: count.overdue,
                }),
            }
        }
    }
    let row = reader.book().areas.get(area);
    Ok(BoardRow {
        code: reader.book().areas.code(area).to_owned(),
        name: row.map(|row| row.name.clone()).unwrap_or_default(),
        open: pathways.iter().map(|cell| cell.open).sum(),
        overdue: pathways.iter().map(|cell| cell.overdue).sum(),
        pathways,
    })
}

/// How many cases stand open in an area and in each area of it, by pathway.
#[utoipa::path(
    get, path = "/v1/cases/board", tag = "cases", params(BoardQuery),
    responses((status = 200, body = Board), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn board(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<BoardQuery>,
) -> Result<Json<Board>, Problem> {
    let area = scope::area(&caller, Action::ReadCases, query.area.as_deref(), "area")?;
    let actor = actor(&caller);
    let board = site
        .territory
        .read(move |reader| {
            let children = reader.book().areas.children(area).to_vec();
            let mut rows = Vec::with_capacity(children.len());
            for child in children {
                rows.push(board_row(reader, actor, child)?);
            }
            Ok(Board { area: board_row(reader, actor, area)?, children: rows })
        })
        .await?;
    Ok(Json(board))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// A community or below; the caller's own area unless given.
    area: Option<String>,
    programme: Option<String>,
    pathway: Option<String>,
    /// Those that have ended, what ended last first, and not the open ones.
    #[serde(default)]
    ended: bool,
    /// Of the open ones, only those of which something is overdue.
    #[serde(default)]
    overdue: bool,
    cursor: Option<String>,
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct CasePage {
    rows: Vec<CaseRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// A case as a line of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct CaseRow {
    #[schema(value_type = String, format = "uuid")]
    pub(super) case: CaseId,
    programme: String,
    pathway: Named,
    state: Named,
    about: About,
    #[schema(format = DateTime)]
    opened_at: String,
    #[schema(format = DateTime)]
    since: String,
    ended: bool,
    /// What is due of it first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    due: Option<String>,
    overdue: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    holder: Option<ActorId>,
}

pub(super) fn case_row(reader: &mut Reader, line: &CaseLine) -> AppResult<CaseRow> {
    let read = if_readable(reader.programme(&line.programme, &line.version))?;
    let pathways = read.iter().flat_map(|read| &read.pathways);
    let pathway = pathways.into_iter().find(|pathway| pathway.code.value == line.pathway);
    let state = pathway.and_then(|pathway| pathway.state(&line.state)).map(|state| &state.name);
    Ok(CaseRow {
        case: line.id,
        programme: line.programme.clone(),
        pathway: Named::of(&line.pathway, pathway.map(|pathway| &pathway.name)),
        state: Named::of(&line.state, state),
        about: match line.received {
            Some(_) => About::of_case(reader, (line.subject, line.dwelling), line.area)?,
            None => About::of(reader, line.subject, line.dwelling)?,
        },
        opened_at: instant(line.opened_at),
        since: instant(line.since),
        ended: line.ended,
        due: line.due.map(instant),
        overdue: line.due.is_some_and(|due| due <= now()),
        holder: line.holder,
    })
}

/// Whether a case stands in the caller's lists; those of others' programmes are not asked for.
pub(super) fn sees_line(reader: &mut Reader, actor: cases::Actor, line: &CaseLine) -> AppResult<bool> {
    let Subject::Worker(_) = line.subject else { return Ok(true) };
    let Some(programme) = if_readable(reader.programme(&line.programme, &line.version))? else {
        return Ok(false);
    };
    let Some(area) = reader.area_about(line.subject, line.dwelling)? else { return Ok(false) };
    let roles = cases::roles_at(reader, actor, &programme, area)?;
    let pathway = programme.pathways.iter().find(|own| own.code.value == line.pathway);
    Ok(cases::sees(actor.id, line.subject, pathway, &roles))
}

/// The open cases of an area, what is due first first; or those that have ended.
#[utoipa::path(
    get, path = "/v1/cases", tag = "cases", params(ListQuery),
    responses((status = 200, body = CasePage), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn list(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<CasePage>, Problem> {
    let area = scope::area(&caller, Action::ReadCases, query.area.as_deref(), "area")?;
    if caller.book.areas.get(area).is_some_and(|area| area.level < Level::Community) {
        return Err(scope::area_too_large());
    }
    let limit = cursor::limit(query.limit)?;
    let actor = actor(&caller);
    if query.ended {
        let after = cursor::parse::<EndedPlace>(query.cursor.as_deref())?;
        let page =
            site.territory.read(move |reader| ended(reader, actor, area, &query, after, limit)).await?;
        return Ok(Json(page));
    }
    let after = cursor::parse::<CasePlace>(query.cursor.as_deref())?;
    let page = site
        .territory
        .read(move |reader| {
            let now = now();
            let mut lines = Vec::new();
            for (programme, part) in seen(reader, actor, area)? {
                if query.programme.as_ref().is_none_or(|wanted| *wanted == programme) {
                    for line in reader.open_cases(part, &programme)? {
                        if sees_line(reader, actor, &line)? {
                            lines.push(line);
                        }
                    }
                }
            }
            lines.retain(|line| query.pathway.as_ref().is_none_or(|wanted| *wanted == line.pathway));
            lines.retain(|line| !query.overdue || line.due.is_some_and(|due| due <= now));
            lines.sort_by_key(|line| (line.due, line.id));
            let place = |line: &CaseLine| CasePlace { due: line.due.unwrap_or_default(), case: line.id };
            lines.retain(|line| after.is_none_or(|after| place(line) > after));
            let more = lines.len() > limit;
            lines.truncate(limit);
            let next = lines.last().filter(|_| more).map(|line| cursor::text(&place(line)));
            let mut rows = Vec::with_capacity(lines.len());
            for line in &lines {
                rows.push(case_row(reader, line)?);
            }
            Ok(CasePage { rows, next })
        })
        .await?;
    Ok(Json(page))
}

fn ended(
    reader: &mut Reader,
    actor: cases::Actor,
    area: AreaNumber,
    query: &ListQuery,
    after: Option<EndedPlace>,
    limit: usize,
) -> AppResult<CasePage> {
    let after = after.map(|after| (after.since, after.case));
    let mut lines = Vec::new();
    for (programme, part) in seen(reader, actor, area)? {
        if query.programme.as_ref().is_none_or(|wanted| *wanted == programme) {
            let pathway = query.pathway.as_deref();
            lines.extend(reader.ended_cases(part, (&programme, pathway), after, limit + 1)?);
        }
    }
    lines.sort_by_key(|line| std::cmp::Reverse((line.since, line.id)));
    let more = lines.len() > limit;
    lines.truncate(limit);
    let place = |line: &CaseLine| cursor::text(&EndedPlace { since: line.since, case: line.id });
    let next = lines.last().filter(|_| more).map(place);
    let mut rows = Vec::with_capacity(lines.len());
    for line in &lines {
        if sees_line(reader, actor, line)? {
            rows.push(case_row(reader, line)?);
        }
    }
    Ok(CasePage { rows, next })
}

/// Where a page of cases that have ended ended.
#[derive(Clone, Copy)]
struct EndedPlace {
    since: i64,
    case: CaseId,
}

impl cursor::Place for EndedPlace {
    const KIND: u8 = 38;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.since.to_be_bytes());
        out.extend(self.case.0);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let since = i64::from_be_bytes(cursor::fixed(bytes)?);
        Some(Self { since, case: domain::id::Id(cursor::fixed(bytes)?) })
    }
}

/// Where a page of open cases ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct CasePlace {
    due: i64,
    case: CaseId,
}

impl cursor::Place for CasePlace {
    const KIND: u8 = 9;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.due.to_be_bytes());
        out.extend(self.case.0);
    }

    fn take(bytes: &mut &[u8]) -> Option<Self> {
        let due = i64::from_be_bytes(cursor::fixed(bytes)?);
        Some(Self { due, case: domain::id::Id(cursor::fixed(bytes)?) })
    }
}
