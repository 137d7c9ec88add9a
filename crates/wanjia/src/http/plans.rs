//! Plans: drafting one, judging a change to it, publishing it, and what was published.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use domain::access::{Action, Scope};
use domain::area::AreaNumber;
use domain::id::{PersonId, PlanId};
use domain::plan::{Open, PlanKind, Slot};
use domain::state::{Book, Plan};
use domain::time::{Day, from_day, to_day};
use intake::message::Lang;
use jiff::civil::Date;
use rust_xlsxwriter::XlsxError;
use serde::{Deserialize, Serialize};
use store::Reader;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::rosters::{Language, WORKBOOK};
use super::scope;
use super::wire::{Base64, Base64Hash, Base64Of, instant};
use crate::app::failure::{Failure, Result as AppResult};
use crate::app::plans::{
    Held, Input, Judged, Leg, Phones, Publication, Published, Solved, Task, Way, Wrong,
    example as example_of, headings, phones_of, publish as put_in_force, unit_of, withdraw as take_back,
};

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(plans, publish))
        .routes(routes!(draft))
        .routes(routes!(evaluate))
        .routes(routes!(example))
        .routes(routes!(plan))
        .routes(routes!(withdraw))
}

/// What is to be planned: the lists of `wanjia plan`, with the columns that its help names.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// `rota`, `grids`, `deployment`, `pairing` or `rounds`
    kind: String,
    area_code: String,
    /// By their part in the plan, such as `people` and `posts`: CSV or a workbook.
    files: BTreeMap<String, Base64>,
    #[serde(default)]
    settings: Settings,
}

#[derive(Deserialize, Default, ToSchema)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    /// The first day on which it is in force; a rota has one, grids have none.
    #[schema(value_type = Option<String>, format = Date)]
    from: Option<String>,
    /// How many days; without it the plan stands until another takes its place.
    days: Option<u16>,
    /// Households a grid should have; 300 unless given.
    target: Option<u32>,
    /// Nobody is sent farther than this.
    max_km: Option<f64>,
    /// How many teams walk rounds, where no list names them.
    teams: Option<u16>,
}

/// A plan as it was changed by hand.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Changed {
    input: Asked,
    /// That of the draft.
    shape: Base64Hash,
    /// For each holder of the draft, in its order, the slots it holds now, by their place in the draft.
    held: Vec<Vec<u32>>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPlan {
    input: Asked,
    shape: Base64Hash,
    held: Vec<Vec<u32>>,
    /// The plan whose place it takes.
    #[schema(value_type = Option<String>, format = "uuid")]
    replaces: Option<PlanId>,
    /// How many open points whoever publishes was shown.
    open_confirmed: usize,
}

/// What a plan costs.
#[derive(Serialize, ToSchema)]
struct Certificate {
    objective: u64,
    /// No plan on the same input is below it; none where the plan leaves out more than the one that was proven.
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<u64>,
    unit: &'static str,
    unit_en: &'static str,
}

/// What a plan is worth: its certificate, what it leaves open and what it breaks.
#[derive(Serialize, ToSchema)]
struct Judgement {
    certificate: Certificate,
    open: Vec<OpenPoint>,
    /// It cannot be published while there is any.
    broken: Vec<BrokenRule>,
    figures: Vec<FigureShown>,
    /// One for each holder of a deployment, a pairing or rounds; none otherwise.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ways: Vec<WayShown>,
    /// Holders to whom nothing is given, and why. A published plan does not say it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    idle: Vec<IdleHolder>,
}

/// What a holder's slots take, in metres: all together, the way home with it, and each as it is held. Of a published plan
/// only the minutes are known.
#[derive(Serialize, ToSchema)]
struct WayShown {
    #[serde(skip_serializing_if = "Option::is_none")]
    metres: Option<u64>,
    legs: Vec<LegShown>,
}

#[derive(Serialize, ToSchema)]
struct LegShown {
    /// From home, from the unit's seat, or from the stop before.
    #[serde(skip_serializing_if = "Option::is_none")]
    metres: Option<u64>,
    /// The minute of the day at which a stop begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    minute: Option<u32>,
}

#[derive(Serialize, ToSchema)]
struct IdleHolder {
    /// By its place in the draft.
    holder: usize,
    code: &'static str,
    message: String,
    message_en: String,
}

#[derive(Serialize, ToSchema)]
struct OpenPoint {
    code: String,
    message: String,
    message_en: String,
}

#[derive(Serialize, ToSchema)]
struct BrokenRule {
    code: &'static str,
    /// By their places in the draft; no holder where a slot has to be held and is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<usize>,
    slot: u32,
    message: &'static str,
    message_en: &'static str,
}

#[derive(Serialize, ToSchema)]
struct FigureShown {
    code: &'static str,
    name: &'static str,
    name_en: &'static str,
    value: String,
}

/// Something that is held: a shift, a place in a community, a building, a stop.
#[derive(Serialize, ToSchema)]
struct SlotShown {
    label: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    day: Option<String>,
    /// Minutes from the beginning of the day.
    #[serde(skip_serializing_if = "Option::is_none")]
    starts: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minutes: Option<u32>,
    need: u32,
    /// East and north, in metres.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<[i64; 2]>,
    households: u32,
}

#[derive(Serialize, ToSchema)]
struct Holder {
    name: String,
    /// The pseudonym of her part of a published plan, by which it can be erased.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    person: Option<PersonId>,
    /// `one`: her phone shows it; `none` has that name; `several` have, and it is shown on none; absent where the
    /// holder is no person.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<&'static str>,
}

/// A draft. It is kept nowhere but with the caller.
#[derive(Serialize, ToSchema)]
struct Draft {
    kind: &'static str,
    area_code: String,
    area_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    until: Option<String>,
    shape: Base64Hash,
    slots: Vec<SlotShown>,
    holders: Vec<Holder>,
    held: Vec<Vec<u32>>,
    /// Who holds what today, where the territory or the lists say so.
    #[serde(skip_serializing_if = "Option::is_none")]
    today: Option<Vec<Vec<u32>>>,
    /// Slots that touch, for a map.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    edges: Vec<[u32; 2]>,
    judgement: Judgement,
}

#[derive(Serialize, ToSchema)]
struct Plans {
    plans: Vec<PlanRow>,
}

/// A published plan.
#[derive(Serialize, ToSchema)]
struct PlanRow {
    #[schema(value_type = String, format = "uuid")]
    plan: PlanId,
    kind: &'static str,
    area_code: String,
    area_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = Date)]
    until: Option<String>,
    objective: u64,
    bound: u64,
    unit: &'static str,
    unit_en: &'static str,
    open: u64,
    /// How many people it named when it was published.
    parts: u64,
    #[schema(format = DateTime)]
    published_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    replaced_by: Option<PlanId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    withdrawn_at: Option<String>,
}

/// A published plan with what it says. People whose part was erased are not in it.
#[derive(Serialize, ToSchema)]
struct PlanShown {
    #[serde(flatten)]
    row: PlanRow,
    slots: Vec<SlotShown>,
    holders: Vec<Holder>,
    held: Vec<Vec<u32>>,
    /// When each stop of rounds begins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    ways: Vec<WayShown>,
    open_points: Vec<OpenPoint>,
}

fn date(day: Day) -> String {
    from_day(day).to_string()
}

fn kind_of(name: &str) -> Result<PlanKind, Problem> {
    PlanKind::from_name(name).ok_or_else(|| {
        Problem::field(
            "kind",
            "kind",
            "方案的种类是 rota、grids、deployment、pairing 或 rounds",
            "a plan is a rota, grids, deployment, pairing or rounds",
        )
    })
}

impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        let column = wrong.column.as_deref().unwrap_or_default();
        let place = match (wrong.file, column) {
            ("", "") => "settings".to_owned(),
            ("", name) => format!("settings.{name}"),
            (file, "") => file.to_owned(),
            (file, column) => format!("{file}.{column}"),
        };
        let (zh_row, en_row) = match wrong.row {
            Some(row) => (format!(" 第 {row} 行"), format!(" row {row}")),
            None => Default::default(),
        };
        let (zh_column, en_column) = match column {
            "" => Default::default(),
            column => (format!(" {} 列", headings::shown(column)), format!(" column {column}")),
        };
        let (zh, en) = match wrong.file {
            "" => (wrong.zh, wrong.en),
            file => (
                format!("{}{zh_row}{zh_column}：{}", headings::list(file), wrong.zh),
                format!("{file}{en_row}{en_column}: {}", wrong.en),
            ),
        };
        let problem = Self::field(place, wrong.code, zh, en);
        match wrong.row {
            Some(row) => problem.in_row(row),
            None => problem,
        }
    }
}

/// What was asked for, with the area that it is about.
struct Read {
    kind: PlanKind,
    area: AreaNumber,
    days: (Option<Day>, Option<Day>),
    digest: [u8; 32],
    task: Task,
    phones: Phones,
}

/// Most days of one rota: longer ones are changed before they are over.
const DAYS: u16 = 92;

async fn read(site: &Site, caller: &Caller, asked: Asked) -> Result<Read, Problem> {
    let area = scope::area(caller, Action::PublishPlans, Some(&asked.area_code), "area_code")?;
    let kind = kind_of(&asked.kind)?;
    let from = match asked.settings.from.as_deref().map(str::parse::<Date>) {
        None => None,
        Some(Ok(from)) => Some(from),
        Some(Err(_)) => {
            return Err(Problem::field(
                "settings.from",
                "date",
                "日期写成 2026-01-31",
                "a date is written as 2026-01-31",
            ));
        }
    };
    if asked.settings.days.is_some_and(|days| days == 0 || days > DAYS) {
        return Err(Problem::field(
            "settings.days",
            "days",
            format!("天数是 1 到 {DAYS}"),
            format!("a rota has 1 to {DAYS} days"),
        ));
    }
    let input = Input {
        files: asked.files.into_iter().map(|(name, bytes)| (name, bytes.0)).collect(),
        from,
        days: asked.settings.days,
        target: asked.settings.target,
        max_km: asked.settings.max_km,
        teams: asked.settings.teams,
    };
    let first = (kind != PlanKind::Grids).then_some(from).flatten().map(to_day);
    let until = first.zip(input.days).map(|(first, days)| first + Day::from(days) - 1);
    let control = Arc::clone(&site.control);
    let read = site
        .territory
        .read(move |reader| {
            let phones = phones_of(reader, &control, area)?;
            let code = reader.book().areas.code(area).to_owned();
            let digest = input.digest(kind, &code);
            Ok(Task::read(reader, (kind, area), &input)?.map(|task| Read {
                kind,
                area,
                days: (first, until),
                digest,
                task,
                phones,
            }))
        })
        .await?;
    Ok(read?)
}

async fn solved(site: &Site, read: Read) -> Result<(Read, Solved), Problem> {
    let Read { kind, area, days, digest, task, phones } = read;
    let (task, solved) = site.planning.solve(digest, task).await.ok_or_else(Problem::internal)?;
    Ok((Read { kind, area, days, digest, task, phones }, solved))
}

fn judgement(task: &Task, judged: Judged) -> Judgement {
    let (unit, unit_en) = unit_of(task.kind());
    Judgement {
        certificate: Certificate { objective: judged.objective, bound: judged.bound, unit, unit_en },
        open: judged.open.into_iter().map(open_point).collect(),
        broken: judged
            .broken
            .into_iter()
            .map(|broken| BrokenRule {
                code: broken.code,
                holder: broken.holder,
                slot: broken.slot,
                message: broken.zh,
                message_en: broken.en,
            })
            .collect(),
        figures: judged
            .figures
            .into_iter()
            .map(|figure| FigureShown {
                code: figure.code,
                name: figure.zh,
                name_en: figure.en,
                value: figure.value,
            })
            .collect(),
        ways: judged.ways.into_iter().map(way_shown).collect(),
        idle: judged
            .idle
            .into_iter()
            .map(|idle| IdleHolder {
                holder: idle.holder,
                code: idle.code,
                message: idle.zh,
                message_en: idle.en,
            })
            .collect(),
    }
}

fn way_shown(way: Way) -> WayShown {
    let leg = |leg: Leg| LegShown { metres: leg.metres, minute: leg.minute };
    WayShown { metres: Some(way.metres), legs: way.legs.into_iter().map(leg).collect() }
}

fn open_point(open: Open) -> OpenPoint {
    OpenPoint { code: open.code, message: open.zh, message_en: open.en }
}

fn slot_shown(slot: &Slot) -> SlotShown {
    SlotShown {
        label: slot.label.clone(),
        detail: slot.detail.clone(),
        day: slot.day.map(date),
        starts: slot.starts,
        minutes: slot.minutes,
        need: slot.need,
        at: slot.at.map(|(east, north)| [east, north]),
        households: slot.households,
    }
}

fn area_name(book: &Book, area: AreaNumber) -> String {
    book.areas.get(area).map(|area| area.name.clone()).unwrap_or_default()
}

/// Draft a plan from lists. Nothing of it is kept.
#[utoipa::path(
    post, path = "/v1/plans/drafts", tag = "plans", request_body = Asked,
    responses(
        (status = 200, body = Draft), (status = 403, body = Problem),
        (status = 422, body = Problem, description = "what is wrong with a list, with `row` and `field`")
    )
)]
async fn draft(
    State(site): State<Site>,
    caller: Caller,
    Json(asked): Json<Asked>,
) -> Result<Json<Draft>, Problem> {
    let (read, solved) = solved(&site, read(&site, &caller, asked).await?).await?;
    let judged = read.task.judge(&solved.held, &solved);
    let phone = |name: &str| match read.phones.named(name) {
        _ if !read.task.names_people() => None,
        [] => Some("none"),
        [_] => Some("one"),
        _ => Some("several"),
    };
    Ok(Json(Draft {
        kind: read.kind.as_str(),
        area_code: caller.book.areas.code(read.area).to_owned(),
        area_name: area_name(&caller.book, read.area),
        from: read.days.0.map(date),
        until: read.days.1.map(date),
        shape: Base64Of(read.task.shape()),
        slots: read.task.slots().iter().map(slot_shown).collect(),
        holders: read
            .task
            .holders()
            .iter()
            .map(|name| Holder { name: name.clone(), person: None, phone: phone(name) })
            .collect(),
        judgement: judgement(&read.task, judged),
        today: read.task.today().cloned(),
        edges: read.task.edges(),
        held: solved.held,
    }))
}

/// Whether a changed plan is one of this task.
fn check(task: &Task, shape: Base64Hash, held: &Held) -> Result<(), Problem> {
    if task.shape() != shape.0 {
        return Err(Problem::conflict(
            "input_changed",
            "这些表或辖区里的数据已经和制定草案时不同",
            "the lists, or the territory, are not what the draft was made from",
        )
        .remedy("请重新制定草案", "draft the plan again"));
    }
    if !task.fits(held) {
        return Err(Problem::field(
            "held",
            "held",
            "分派与草案对不上：每个承担者一行，只用草案里的序号",
            "what is held does not fit the draft: one list for each holder, and only places of the draft",
        ));
    }
    Ok(())
}

/// Judge a draft that was changed by hand: what it costs now, what it breaks and leaves open.
#[utoipa::path(
    post, path = "/v1/plans/evaluations", tag = "plans", request_body = Changed,
    responses(
        (status = 200, body = Judgement), (status = 403, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`input_changed`")
    )
)]
async fn evaluate(
    State(site): State<Site>,
    caller: Caller,
    Json(changed): Json<Changed>,
) -> Result<Json<Judgement>, Problem> {
    let read = read(&site, &caller, changed.input).await?;
    check(&read.task, changed.shape, &changed.held)?;
    let (read, solved) = solved(&site, read).await?;
    let judged = read.task.judge(&changed.held, &solved);
    Ok(Json(judgement(&read.task, judged)))
}

/// Publish a plan: it is in force, and everyone in it who has a phone sees her part.
#[utoipa::path(
    post, path = "/v1/plans", tag = "plans", request_body = NewPlan,
    responses(
        (status = 201, body = PlanRow), (status = 403, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`input_changed`; `plan_breaks_rules` with `broken`; `open_unconfirmed` with `open`; `plan_stands` with `plan`; `plan_replaced`")
    )
)]
async fn publish(
    State(site): State<Site>,
    caller: Caller,
    Json(new): Json<NewPlan>,
) -> Result<(StatusCode, Json<PlanRow>), Problem> {
    let read = read(&site, &caller, new.input).await?;
    check(&read.task, new.shape, &new.held)?;
    let (read, solved) = solved(&site, read).await?;
    let actor = caller.actor();
    let (replaces, confirmed, held) = (new.replaces, new.open_confirmed, new.held);
    let outcome = site
        .territory
        .write(move |store, now| {
            let publication = Publication {
                kind: read.kind,
                area: read.area,
                days: read.days,
                replaces,
                task: &read.task,
                held: &held,
                solved: &solved,
                confirmed,
                phones: &read.phones,
            };
            let outcome = put_in_force(store, actor, &publication, now)?;
            let row = match outcome {
                Published::Done(plan) => domain::state::State::plan(store.state(), plan)?
                    .map(|row| plan_row(store.book(), plan, &row)),
                _ => None,
            };
            Ok((outcome, row))
        })
        .await?;
    match outcome {
        (Published::Done(_), row) => Ok((StatusCode::CREATED, Json(row.ok_or_else(Problem::internal)?))),
        (refused, _) => Err(not_published(&refused)),
    }
}

fn not_published(refused: &Published) -> Problem {
    match refused {
        Published::Done(_) => Problem::internal(),
        Published::Broken(judged) => Problem::conflict(
            "plan_breaks_rules",
            format!("这份方案有 {} 处违反规则，没有发布", judged.broken.len()),
            format!("the plan breaks {} rules and was not published", judged.broken.len()),
        )
        .with("broken", judged.broken.len()),
        Published::Unconfirmed(judged) => Problem::conflict(
            "open_unconfirmed",
            format!("这份方案有 {} 处没有落实，与您确认的不同，没有发布", judged.open.len()),
            format!(
                "the plan leaves {} things open, not as many as confirmed, and was not published",
                judged.open.len()
            ),
        )
        .remedy("请看清未落实的各处再确认", "look at what it leaves open and confirm it")
        .with("open", judged.open.len()),
        Published::Stands(plan) => Problem::conflict(
            "plan_stands",
            "这些天已有一份生效的方案",
            "a plan stands for these days already",
        )
        .remedy("请选择取代它，或先撤回", "take its place, or withdraw it first")
        .with("plan", plan.to_string()),
        Published::Replaced => Problem::conflict(
            "plan_replaced",
            "要取代的方案已经不再有效，可能别人刚刚发布或撤回",
            "the plan to be replaced stands no more; someone else may have just published or withdrawn",
        )
        .remedy("请刷新后再看一遍", "look at the plans again"),
    }
}

fn plan_row(book: &Book, id: PlanId, plan: &Plan) -> PlanRow {
    let (unit, unit_en) = unit_of(plan.kind);
    PlanRow {
        plan: id,
        kind: plan.kind.as_str(),
        area_code: book.areas.code(plan.area).to_owned(),
        area_name: area_name(book, plan.area),
        from: plan.from.map(date),
        until: plan.until.map(date),
        objective: plan.objective,
        bound: plan.bound,
        unit,
        unit_en,
        open: plan.open,
        parts: plan.parts,
        published_at: instant(plan.published_at),
        replaced_by: plan.replaced_by,
        withdrawn_at: plan.withdrawn_at.map(instant),
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExampleQuery {
    /// Of its headings and words; Chinese unless given.
    language: Option<Language>,
}

/// A workbook with a few rows of nobody, under the headings that are read: to be written over and sent as this list.
#[utoipa::path(
    get, path = "/v1/plans/examples/{list}", tag = "plans",
    params(("list" = String, Path, description = "its part in a plan, such as `people`"), ExampleQuery),
    responses((status = 200, content_type = WORKBOOK, body = Vec<u8>), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn example(
    State(_): State<Site>,
    caller: Caller,
    Path(list): Path<String>,
    Query(query): Query<ExampleQuery>,
) -> Result<impl IntoResponse, Problem> {
    caller.may(Action::PublishPlans, Scope::Own)?;
    let lang = query.language.map_or(Lang::Zh, Language::of);
    let written = example_of(&list, lang).ok_or_else(|| {
        Problem::new(
            StatusCode::NOT_FOUND,
            "unknown_list",
            "没有用这种表的方案",
            "no plan is made from such a list",
        )
    })?;
    let unwritten = |error: XlsxError| {
        let (zh, en) =
            (format!("示例写不成表格：{error}"), format!("the example makes no workbook: {error}"));
        Failure::new("example", zh, en)
    };
    Ok(([(header::CONTENT_TYPE, WORKBOOK)], written.map_err(unwritten)?))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PlansQuery {
    area: Option<String>,
}

/// The plans that were published on an area and below it, the newest first.
#[utoipa::path(
    get, path = "/v1/plans", tag = "plans", params(PlansQuery),
    responses((status = 200, body = Plans), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn plans(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<PlansQuery>,
) -> Result<Json<Plans>, Problem> {
    let area = scope::area(&caller, Action::ReadPlans, query.area.as_deref(), "area")?;
    let plans = site
        .territory
        .read(move |reader| {
            let found = reader.plans(area)?;
            Ok(found.iter().map(|(id, plan)| plan_row(reader.book(), *id, plan)).collect())
        })
        .await?;
    Ok(Json(Plans { plans }))
}

fn no_plan() -> Problem {
    Problem::not_found("unknown_plan", "没有这份方案", "there is no such plan")
}

/// A published plan, with the names in it.
#[utoipa::path(
    get, path = "/v1/plans/{id}", tag = "plans", params(("id" = String, Path, format = "uuid")),
    responses((status = 200, body = PlanShown), (status = 403, body = Problem), (status = 404, body = Problem))
)]
async fn plan(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<PlanId>,
) -> Result<Json<PlanShown>, Problem> {
    caller.may(Action::ReadPlans, Scope::Own)?;
    let shown = site
        .territory
        .read(move |reader| {
            let Some(plan) = reader.plan(id)? else { return Ok(None) };
            if caller.may(Action::ReadPlans, Scope::Area(plan.area)).is_err() {
                return Ok(None);
            }
            Ok(Some(shown(reader, id, &plan)?))
        })
        .await?;
    shown.map(Json).ok_or_else(no_plan)
}

fn shown(reader: &mut Reader, id: PlanId, plan: &Plan) -> AppResult<PlanShown> {
    let content = reader.plan_content(id, plan)?.unwrap_or_default();
    let in_use: Vec<_> = reader
        .phones(plan.area)?
        .into_iter()
        .filter(|row| row.device.revoked_at.is_none())
        .map(|row| row.device.worker)
        .collect();
    let (mut holders, mut held, mut ways) = (Vec::new(), Vec::new(), Vec::new());
    for holding in content.holdings {
        holders.push(Holder { name: holding.holder, person: None, phone: None });
        held.push(holding.slots);
    }
    for part in reader.plan_parts(id)? {
        let Some(own) = reader.part_content(&part)? else { continue };
        let phone = if part.worker.is_some_and(|worker| in_use.contains(&worker)) { "one" } else { "none" };
        holders.push(Holder { name: own.name, person: Some(part.person), phone: Some(phone) });
        if plan.kind == PlanKind::Rounds {
            let legs = own.slots.iter().map(|(_, minute)| LegShown { metres: None, minute: *minute });
            ways.push(WayShown { metres: None, legs: legs.collect() });
        }
        held.push(own.slots.into_iter().map(|(slot, _)| slot).collect());
    }
    Ok(PlanShown {
        row: plan_row(reader.book(), id, plan),
        slots: content.slots.iter().map(slot_shown).collect(),
        holders,
        held,
        ways,
        open_points: content.open.into_iter().map(open_point).collect(),
    })
}

/// Withdraw a plan: it is in force no more, and phones say so.
#[utoipa::path(
    post, path = "/v1/plans/{id}/withdraw", tag = "plans", params(("id" = String, Path, format = "uuid")),
    responses(
        (status = 204), (status = 403, body = Problem), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "`plan_over`")
    )
)]
async fn withdraw(
    State(site): State<Site>,
    caller: Caller,
    Path(id): Path<PlanId>,
) -> Result<StatusCode, Problem> {
    caller.may(Action::PublishPlans, Scope::Own)?;
    let actor = caller.actor();
    let found = site
        .territory
        .write(move |store, now| {
            let plan = domain::state::State::plan(store.state(), id)?;
            let own =
                plan.is_some_and(|plan| caller.may(Action::PublishPlans, Scope::Area(plan.area)).is_ok());
            if own {
                take_back(store, actor, id, now)?;
            }
            Ok(own)
        })
        .await?;
    if found { Ok(StatusCode::NO_CONTENT) } else { Err(no_plan()) }
}
