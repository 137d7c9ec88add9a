//! Departments' sheets: a blank workbook of theirs is kept with an end, filled as of now, and each taking is on record.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use domain::access::{Action, Purpose, Scope};
use domain::area::{AreaNumber, Level};
use domain::fact::TEXT_LIMIT;
use domain::id::SubscriptionId;
use domain::subscription::{Changes, Done, RowsOf, Standing, Subscription, Use};
use domain::time::{day_of, from_day, to_day};
use intake::template::{MOST_BYTES, Template, TemplateError};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use store::Reader;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query, read_body};
use super::problem::Problem;
use super::rosters::{WORKBOOK, mapping_of, require_octets};
use super::scope;
use super::wire::instant;
use crate::app::cases::staff_name;
use crate::app::failure::{Failure, Result as AppResult};
use crate::app::subscriptions::{self, Filled, NewSubscription, schema_of};
use crate::app::territory::in_place;
use crate::cli::now;

/// How long a workbook may take to arrive whole.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is received before it is looked at, so that who sends too much is told what is too much.
const RECEIVED: usize = 4 * MOST_BYTES;
/// The longest name of a department or a sheet, and the longest basis, in characters.
const NAME_LIMIT: usize = 60;
/// No sheet is kept for longer without being asked for again, in days.
const LONGEST: i32 = 366;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(list, keep))
        .routes(routes!(look))
        .routes(routes!(changes))
        .routes(routes!(take))
        .routes(routes!(approve))
        .routes(routes!(end))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// The caller's own unless given.
    area: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Subscriptions {
    subscriptions: Vec<Kept>,
}

#[derive(Serialize, ToSchema)]
struct Kept {
    #[schema(value_type = String, format = "uuid")]
    subscription: SubscriptionId,
    area_code: String,
    area_name: String,
    /// `people`, `dwellings`, `residual` or `areas`
    rows: &'static str,
    department: String,
    name: String,
    basis: String,
    #[schema(format = Date)]
    last_day: String,
    fields: Vec<Field>,
    /// `waiting` for a second person's approval, `in_force` or `over`
    standing: &'static str,
    kept: Deed,
    #[serde(skip_serializing_if = "Option::is_none")]
    approved: Option<Deed>,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken: Option<Deed>,
    /// How many rows it had then.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_rows: Option<u64>,
    takings: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended: Option<Deed>,
    may_approve: bool,
    may_take: bool,
}

#[derive(Serialize, ToSchema)]
struct Field {
    field: String,
    zh: &'static str,
    en: &'static str,
}

#[derive(Serialize, ToSchema)]
struct Deed {
    #[schema(format = DateTime)]
    at: String,
    /// The account's name; missing if it is known no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LookQuery {
    area: Option<String>,
    /// `people`, `dwellings`, `residual` or `areas`
    rows: String,
    /// Which column is which, where headings do not tell: `sheet.row;name:1,room:6`.
    columns: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Looked {
    /// As `columns` takes it.
    sheet: usize,
    /// The row of the headings, from 1.
    row: u64,
    places: Vec<LookedPlace>,
    /// The closed list of what may be filled in.
    fields: Vec<Field>,
    /// The first row that is filled, from 1.
    first: u32,
    /// How many rows fit above what stands below without moving it; as many as there are if it is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<u32>,
    /// The first cell of what stands below, if anything does.
    #[serde(skip_serializing_if = "Option::is_none")]
    foot: Option<String>,
    /// Why the rows of now cannot be filled in, if they cannot: what stands below would have to move, and something of it cannot.
    #[serde(skip_serializing_if = "Option::is_none")]
    stuck: Option<Stuck>,
    /// How many rows there are now.
    count: usize,
    /// Whether a second person has to approve before it is taken.
    approval: bool,
}

#[derive(Serialize, ToSchema)]
struct Stuck {
    message: String,
    message_en: String,
}

#[derive(Serialize, ToSchema)]
struct LookedPlace {
    heading: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct KeepQuery {
    area: Option<String>,
    /// `people`, `dwellings`, `residual` or `areas`
    rows: String,
    /// Whose sheet it is, in at most 60 characters.
    department: String,
    /// What the department calls it, in at most 60 characters.
    name: String,
    /// The law or document by which the department may have it, in at most 60 characters.
    basis: String,
    /// The last day on which it may be taken, within a year.
    #[param(value_type = String, format = Date)]
    last_day: Date,
    /// Which field goes into which column: `sheet.row;name:1,room:6`.
    columns: String,
}

#[derive(Serialize, ToSchema)]
struct NewlyKept {
    #[schema(value_type = String, format = "uuid")]
    subscription: SubscriptionId,
}

#[derive(Serialize, ToSchema)]
struct Changed {
    /// How many rows there are now.
    rows: u64,
    /// When it was taken last; without it everything is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    since: Option<String>,
    added: u64,
    left: u64,
    changed: u64,
}

fn no_subscription() -> Problem {
    Problem::not_found("unknown_subscription", "没有这张部门报表", "there is no such sheet")
}

fn not_so(standing: Standing) -> Problem {
    match standing {
        Standing::Waiting => Problem::conflict(
            "not_approved",
            "这张表带居民信息，要另一个人批准后才能取",
            "the sheet tells of residents: another person has to approve before it is taken",
        ),
        Standing::InForce => Problem::conflict(
            "not_waiting",
            "这张表不需要批准，或已经批准",
            "the sheet does not wait for approval",
        ),
        Standing::Over => Problem::conflict(
            "subscription_over",
            "这张部门报表已经停止或过期；需要时请重新登记",
            "the sheet has ended; keep it anew if it is needed",
        ),
    }
}

fn rows_named(name: &str) -> Result<RowsOf, Problem> {
    RowsOf::from_name(name).ok_or_else(|| {
        Problem::field(
            "rows",
            "rows",
            "rows 可用 people、dwellings、residual、areas",
            "rows is people, dwellings, residual or areas",
        )
    })
}

/// Whether the caller may see such rows there. People are only for who reads names.
fn may_see(caller: &Caller, area: AreaNumber, rows: RowsOf) -> Result<(), Problem> {
    caller.may(Action::KeepSubscriptions, Scope::Area(area))?;
    if rows.tells_of_people() {
        caller.may(Action::ReadNames(Purpose::Report), Scope::Area(area))?;
    }
    Ok(())
}

/// Whose rows of which area are asked for.
fn asked(caller: &Caller, code: Option<&str>, rows: &str) -> Result<(AreaNumber, RowsOf), Problem> {
    let rows = rows_named(rows)?;
    let area = scope::area(caller, Action::KeepSubscriptions, code, "area")?;
    may_see(caller, area, rows)?;
    let is_large = caller.book.areas.get(area).is_some_and(|area| area.level < Level::Community);
    if rows != RowsOf::Areas && is_large {
        return Err(scope::area_too_large());
    }
    Ok((area, rows))
}

/// A subscription that the caller may know of.
fn known(caller: &Caller, action: Action, id: SubscriptionId) -> Result<Subscription, Problem> {
    caller.may(action, Scope::Own)?;
    let found = caller.book.subscription(id).ok_or_else(no_subscription)?;
    caller.may(action, Scope::Area(found.area)).map_err(|_| no_subscription())?;
    Ok(found.clone())
}

fn fields(subscription: &Subscription) -> Vec<Field> {
    let schema = schema_of(subscription.rows);
    let named = subscription.fields.iter().filter_map(|field| schema.column(field));
    named.map(|column| Field { field: column.en().to_owned(), zh: column.zh(), en: column.en() }).collect()
}

/// The departments' sheets of an area and those below it, the newest first.
#[utoipa::path(
    get, path = "/v1/subscriptions", tag = "subscriptions", params(ListQuery),
    responses((status = 200, body = Subscriptions), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn list(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<ListQuery>,
) -> Result<Json<Subscriptions>, Problem> {
    let area = scope::area(&caller, Action::KeepSubscriptions, query.area.as_deref(), "area")?;
    let today = day_of(now());
    let control = std::sync::Arc::clone(&site.control);
    let read = move |reader: &mut Reader| {
        let book = reader.book();
        let within = book.subscriptions.iter().rev().filter(|kept| book.areas.is_within(kept.area, area));
        let deed = |done: Done| -> AppResult<Deed> {
            Ok(Deed { at: instant(done.at), by: staff_name(reader, &control, done.by)? })
        };
        let mut subscriptions = Vec::new();
        for kept in within {
            let standing = kept.standing(today);
            let may_approve = standing == Standing::Waiting
                && kept.kept.by != caller.actor()
                && caller.may(Action::ApproveSubscriptions, Scope::Area(kept.area)).is_ok();
            subscriptions.push(Kept {
                subscription: kept.id,
                area_code: book.areas.code(kept.area).to_owned(),
                area_name: book.areas.get(kept.area).map(|area| area.name.clone()).unwrap_or_default(),
                rows: kept.rows.as_str(),
                department: kept.department.clone(),
                name: kept.name.clone(),
                basis: kept.basis.clone(),
                last_day: from_day(kept.last_day).to_string(),
                fields: fields(kept),
                standing: standing.as_str(),
                kept: deed(kept.kept)?,
                approved: kept.approved.map(&deed).transpose()?,
                taken: kept.taken.map(|taken| deed(taken.done)).transpose()?,
                taken_rows: kept.taken.map(|taken| taken.rows),
                takings: kept.takings,
                ended: kept.ended.map(&deed).transpose()?,
                may_approve,
                may_take: standing == Standing::InForce && may_see(&caller, kept.area, kept.rows).is_ok(),
            });
        }
        Ok(Subscriptions { subscriptions })
    };
    Ok(Json(site.territory.read(read).await?))
}

async fn template(headers: &HeaderMap, body: Body) -> Result<Template, Problem> {
    require_octets(headers)?;
    let bytes = read_body(body, RECEIVED, PATIENCE).await?;
    let opened = in_place(move || Template::open(bytes.to_vec())).await?;
    Ok(opened.map_err(Failure::from)?)
}

/// The columns of a blank workbook, which is which as far as the headings tell, and whether the rows of now fit. Nothing is
/// written or kept.
#[utoipa::path(
    post, path = "/v1/subscriptions/look", tag = "subscriptions", params(LookQuery),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = Looked), (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem)
    )
)]
async fn look(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<LookQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Looked>, Problem> {
    let (area, rows) = asked(&caller, query.area.as_deref(), &query.rows)?;
    let schema = schema_of(rows);
    let told = query.columns.as_deref().map(|columns| mapping_of(columns, schema)).transpose()?;
    let template = template(&headers, body).await?;
    let look = template.look(schema).map_err(Failure::from)?;
    let mapping = told.unwrap_or(look.mapping);
    let room = match template.room(&mapping) {
        Ok(room) => Some(room),
        Err(TemplateError::NoColumn) => None,
        Err(error) => return Err(Failure::from(error).into()),
    };
    let count = count(&site, area, rows).await?;
    let stuck = room
        .and_then(|_| template.takes(&mapping, count).err())
        .map(|error| Stuck { message: error.zh(), message_en: error.en() });
    let field =
        |place: usize| mapping.columns.iter().find(|(_, at)| *at == place).map(|(column, _)| column.en());
    let places = (0..)
        .zip(look.places)
        .map(|(place, found)| LookedPlace { heading: found.heading, field: field(place) });
    Ok(Json(Looked {
        sheet: mapping.sheet,
        row: mapping.row,
        places: places.collect(),
        fields: schema
            .columns()
            .map(|column| Field { field: column.en().to_owned(), zh: column.zh(), en: column.en() })
            .collect(),
        first: room.map_or(0, |room| room.first),
        room: room.and_then(|room| room.rows()),
        foot: room.and_then(|room| room.foot()),
        stuck,
        count,
        approval: rows.tells_of_people(),
    }))
}

/// How many rows there are now.
async fn count(site: &Site, area: AreaNumber, rows: RowsOf) -> Result<usize, Problem> {
    Ok(site.territory.read(move |reader| subscriptions::count(reader, area, rows, now())).await?)
}

fn said(field: &'static str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if text.is_empty() || text.chars().count() > NAME_LIMIT || text.len() > TEXT_LIMIT {
        return Err(Problem::field(
            field,
            "text",
            format!("请填写，不超过 {NAME_LIMIT} 个字"),
            format!("it must be said, in at most {NAME_LIMIT} characters"),
        ));
    }
    Ok(text.to_owned())
}

/// Keep a department's blank workbook into which the rows of now fit: from now on it can be filled, until its last day. A
/// sheet that tells of people waits for another person's approval.
#[utoipa::path(
    post, path = "/v1/subscriptions", tag = "subscriptions", params(KeepQuery),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 201, body = NewlyKept), (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem, description = "`template_full` with the cell that is in the way, `no_sweep`, or the field that is wrong")
    )
)]
async fn keep(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<KeepQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<NewlyKept>), Problem> {
    let (area, rows) = asked(&caller, query.area.as_deref(), &query.rows)?;
    let (last_day, today) = (to_day(query.last_day), day_of(now()));
    if last_day < today || last_day > today + LONGEST {
        return Err(Problem::field(
            "last_day",
            "last_day",
            "截止日期要在今天以后、一年以内",
            "the last day is today or later, and within a year",
        ));
    }
    let new = NewSubscription {
        area: caller.book.areas.code(area).to_owned(),
        rows,
        department: said("department", &query.department)?,
        name: said("name", &query.name)?,
        basis: said("basis", &query.basis)?,
        last_day: query.last_day,
        mapping: mapping_of(&query.columns, schema_of(rows))?,
    };
    let template = template(&headers, body).await?;
    template.takes(&new.mapping, count(&site, area, rows).await?).map_err(Failure::from)?;
    let actor = caller.actor();
    let kept = move |store: &mut store::Store, now| subscriptions::keep(store, actor, &new, &template, now);
    let subscription = site.territory.write(kept).await?;
    Ok((StatusCode::CREATED, Json(NewlyKept { subscription })))
}

/// What is another since the sheet was taken last. Only counts are told.
#[utoipa::path(
    get, path = "/v1/subscriptions/{id}/changes", tag = "subscriptions",
    params(("id" = String, Path, format = "uuid")),
    responses(
        (status = 200, body = Changed), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 422, body = Problem)
    )
)]
async fn changes(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SubscriptionId>,
) -> Result<Json<Changed>, Problem> {
    let kept = known(&caller, Action::KeepSubscriptions, id)?;
    let read = move |reader: &mut Reader| {
        let Filled { taken, .. } = subscriptions::fill(reader, &kept, now())?;
        let before = reader.taken_of(&kept)?;
        let Changes { added, left, changed } = before.unwrap_or_default().until(&taken);
        let since = kept.taken.map(|taken| instant(taken.done.at));
        Ok(Changed { rows: taken.0.len() as u64, since, added, left, changed })
    };
    Ok(Json(site.territory.read(read).await?))
}

/// The sheet, filled as of now. That it was taken is a fact, written before the answer.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/sheet", tag = "subscriptions",
    params(("id" = String, Path, format = "uuid")),
    responses(
        (status = 200, content_type = WORKBOOK, body = Vec<u8>), (status = 403, body = Problem),
        (status = 404, body = Problem), (status = 422, body = Problem, description = "`template_full`, `no_sweep`"),
        (status = 409, body = Problem, description = "`not_approved` or `subscription_over`")
    )
)]
async fn take(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SubscriptionId>,
) -> Result<impl IntoResponse, Problem> {
    let kept = known(&caller, Action::KeepSubscriptions, id)?;
    may_see(&caller, kept.area, kept.rows)?;
    let standing = kept.standing(day_of(now()));
    if standing != Standing::InForce {
        return Err(not_so(standing));
    }
    let Filled { workbook, taken } =
        site.territory.read(move |reader| subscriptions::fill(reader, &kept, now())).await?;
    let (actor, with) = (caller.actor(), Use::Taken { rows: taken.0.len() as u64 });
    site.territory
        .write(move |store, now| subscriptions::write_down(store, actor, id, (with, Some(&taken)), now))
        .await?
        .map_err(not_so)?;
    Ok(([(header::CONTENT_TYPE, WORKBOOK)], workbook))
}

/// Approve that a sheet that tells of people is taken: by someone else than who keeps it.
#[utoipa::path(
    post, path = "/v1/subscriptions/{id}/approve", tag = "subscriptions",
    params(("id" = String, Path, format = "uuid")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`own_subscription`, `not_waiting` or `subscription_over`"),
        (status = 422, body = Problem, description = "`template_full`: nobody could take it")
    )
)]
async fn approve(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SubscriptionId>,
) -> Result<StatusCode, Problem> {
    let kept = known(&caller, Action::ApproveSubscriptions, id)?;
    if kept.kept.by == caller.actor() {
        return Err(Problem::conflict(
            "own_subscription",
            "自己登记的表要由另一个人批准",
            "another person has to approve what one keeps oneself",
        ));
    }
    if kept.standing(day_of(now())) == Standing::Waiting {
        site.territory.read(move |reader| subscriptions::fill(reader, &kept, now())).await?;
    }
    use_it(&site, &caller, id, Use::Approved).await
}

/// End a sheet: it cannot be taken any more.
#[utoipa::path(
    delete, path = "/v1/subscriptions/{id}", tag = "subscriptions", params(("id" = String, Path, format = "uuid")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`subscription_over`")
    )
)]
async fn end(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<SubscriptionId>,
) -> Result<StatusCode, Problem> {
    known(&caller, Action::KeepSubscriptions, id)?;
    use_it(&site, &caller, id, Use::Ended).await
}

async fn use_it(site: &Site, caller: &Caller, id: SubscriptionId, with: Use) -> Result<StatusCode, Problem> {
    let actor = caller.actor();
    site.territory
        .write(move |store, now| subscriptions::write_down(store, actor, id, (with, None), now))
        .await?
        .map_err(not_so)?;
    Ok(StatusCode::NO_CONTENT)
}
