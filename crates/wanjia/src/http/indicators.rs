//! Indicators: numbers by area and day, and who stands behind one.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::access::{Action, Scope};
use domain::area::{AreaNumber, Level};
use domain::case::Subject;
use domain::id::{Id, SweepId};
use domain::state::{Book, SweepNumber};
use domain::sweep::standing;
use domain::time::{Day, Millis, day_of, end_of, from_day, parse_date, to_day};
use programme::Programme;
use programme::indicator::{Indicator, Measure, Side, SweepCount, Tally};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::Reader;
use store::swept::Swept;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cases::{About, Named, actor, now};
use super::extract::{Caller, Json, Path, Query};
use super::problem::Problem;
use super::wire::instant;
use super::{Site, cursor, scope};
use crate::app::failure::Result as AppResult;
use crate::app::{cases, household};

/// The most days of a series.
const LONGEST_SERIES: i32 = 366;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(indicators)).routes(routes!(areas)).routes(routes!(behind))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct IndicatorsQuery {
    programme: String,
    /// The caller's own unless given.
    area: Option<String>,
    /// The newest day for which everyone is counted, unless given.
    #[param(format = Date)]
    on: Option<String>,
    /// Adds a series from this day on; 366 days at most.
    #[param(format = Date)]
    since: Option<String>,
    /// The sweep whose own figures are told: the one that stands for the area, unless given.
    #[param(value_type = Option<String>, format = "uuid")]
    sweep: Option<SweepId>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AreasQuery {
    /// The caller's own unless given.
    area: Option<String>,
    /// The newest day for which everyone is counted, unless given.
    #[param(format = Date)]
    on: Option<String>,
    /// As of `/v1/indicators`, for the area asked for.
    #[param(value_type = Option<String>, format = "uuid")]
    sweep: Option<SweepId>,
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct BehindQuery {
    /// A community or an area below one.
    area: Option<String>,
    /// The day that is counted now; of earlier days only numbers are kept.
    #[param(format = Date)]
    on: Option<String>,
    /// `met`, `missed` or `unknown`
    side: String,
    /// As of `/v1/indicators`.
    #[param(value_type = Option<String>, format = "uuid")]
    sweep: Option<SweepId>,
    cursor: Option<String>,
    /// 100 unless given, 1,000 at most.
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct Indicators {
    /// When the newest fact was received.
    #[schema(format = DateTime)]
    as_of: String,
    #[schema(format = Date)]
    on: String,
    programme: String,
    version: String,
    rows: Vec<IndicatorRow>,
}

#[derive(Serialize, ToSchema)]
struct IndicatorRow {
    code: String,
    zh: String,
    en: String,
    /// Who is in the denominator.
    who_zh: String,
    who_en: String,
    /// The forms whose answers it counts.
    forms: Vec<Named>,
    /// Of a figure that a sweep counts: which sweep; not there where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    sweep: Option<IndicatorSweep>,
    /// A sweep counts it, and no form.
    of_sweep: bool,
    /// Empty for a share and for a plain number.
    unit: String,
    unit_en: String,
    /// `share`, `sum` or `middle`
    kind: &'static str,
    /// What is wanted: of a share from 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_least: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most: Option<f64>,
    #[serde(flatten)]
    figure: IndicatorFigure,
    /// With `since`: one for each day on which anybody was counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Vec<IndicatorDay>>,
}

/// The sweep whose visits and reconcile are counted.
#[derive(Serialize, ToSchema)]
struct IndicatorSweep {
    #[schema(value_type = String, format = "uuid")]
    id: SweepId,
    name: String,
    area_code: String,
    /// The day whose end is told; today it is this moment.
    #[schema(format = Date)]
    on: String,
}

#[derive(Serialize, ToSchema)]
struct IndicatorFigure {
    /// A share is from 0 to 1; not there where nobody is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    numerator: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denominator: Option<f64>,
    /// How many are counted of whom an answer is missing.
    unknown: i64,
    /// Nobody is in the denominator: it does not apply, and is not nought.
    applies: bool,
    /// Where something is wanted by a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    countdown: Option<IndicatorCountdown>,
}

/// What is still to be done by a day.
#[derive(Serialize, ToSchema)]
struct IndicatorCountdown {
    #[schema(format = Date)]
    by: String,
    /// How many are missing.
    left: f64,
    /// Days until then: 0 on the day itself and after it.
    days: i32,
    /// How many a day; not there when no day is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    a_day: Option<f64>,
}

#[derive(Serialize, ToSchema)]
struct IndicatorDay {
    #[schema(format = Date)]
    on: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
}

#[derive(Serialize, ToSchema)]
struct IndicatorAreas {
    #[schema(format = Date)]
    on: String,
    version: String,
    rows: Vec<IndicatorArea>,
}

#[derive(Serialize, ToSchema)]
struct IndicatorArea {
    area_code: String,
    area_name: String,
    #[serde(flatten)]
    figure: IndicatorFigure,
}

#[derive(Serialize, ToSchema)]
struct BehindPage {
    rows: Vec<BehindRow>,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct BehindRow {
    /// `person`, `dwelling`, `area` or `worker`
    kind: &'static str,
    about: About,
}

impl IndicatorFigure {
    fn of(indicator: &Indicator, tally: Option<&Tally>, on: Day) -> Self {
        let nobody = Tally::default();
        let tally = tally.unwrap_or(&nobody);
        let counted = tally.denominator() != 0.0;
        let sum = counted.then(|| tally.numerator());
        let (value, numerator, denominator) = match &indicator.measure {
            Measure::Middle { .. } => (tally.quantile(0.5), None, Some(tally.denominator())),
            measure if measure.is_share() => {
                (tally.share(), Some(tally.numerator()), Some(tally.denominator()))
            }
            _ => (sum, Some(tally.numerator()), None),
        };
        let countdown = indicator.countdown(tally, from_day(on)).map(|countdown| IndicatorCountdown {
            by: countdown.by.to_string(),
            left: countdown.left,
            days: countdown.days,
            a_day: countdown.a_day,
        });
        Self { value, numerator, denominator, unknown: tally.unknown(), applies: counted, countdown }
    }

    fn swept(indicator: &Indicator, count: SweepCount, swept: Option<Swept>, on: Day) -> Self {
        let figure = Self::of(indicator, swept.map(|swept| swept.tally(count)).as_ref(), on);
        // Where doors are swept, none left is a nought that was worked for.
        match swept.filter(|swept| !count.is_share() && swept.dwellings > 0) {
            Some(_) => Self { value: figure.numerator, applies: true, ..figure },
            None => figure,
        }
    }
}

/// The sweep that counts for an area, and until which day it is told.
#[derive(Clone, Copy)]
struct Counting {
    sweep: Option<SweepNumber>,
    on: Day,
    now: Millis,
}

impl Counting {
    /// The sweep that was asked for, else the one that stands for the area on the day, which is today unless asked for.
    fn of(
        caller: &Caller,
        asked: Option<SweepId>,
        area: AreaNumber,
        on: Option<Day>,
    ) -> Result<Self, Problem> {
        let now = now();
        let on = on.unwrap_or(day_of(now)).min(day_of(now));
        let sweep = match asked {
            Some(id) => Some(scope::sweep(caller, Action::ReadCoverage, id)?),
            None => standing(&caller.book, area, if on == day_of(now) { now } else { end_of(on) }),
        };
        Ok(Self { sweep, on, now })
    }

    fn days(self, reader: &Reader, area: AreaNumber, since: Option<Day>) -> AppResult<Vec<(Day, Swept)>> {
        let Some(sweep) = self.sweep else { return Ok(Vec::new()) };
        let since = since.unwrap_or(self.on).max(self.on - LONGEST_SERIES).min(self.on);
        Ok(reader.swept(sweep, area, (since, self.on), self.now)?)
    }

    fn told(self, book: &Book) -> Option<IndicatorSweep> {
        let sweep = book.sweeps.get(self.sweep? as usize)?;
        Some(IndicatorSweep {
            id: sweep.id,
            name: sweep.programme.clone(),
            area_code: book.areas.code(sweep.area).to_owned(),
            on: from_day(self.on).to_string(),
        })
    }
}

impl IndicatorRow {
    fn of(
        programme: &Programme,
        indicator: &Indicator,
        day: Day,
        days: &[(Day, Tally)],
        series: bool,
    ) -> Self {
        let (kind, who) = match &indicator.measure {
            Measure::Share { who, .. } => ("share", Some(who)),
            Measure::Sum { .. } => ("sum", None),
            Measure::Middle { of, .. } => ("middle", of.as_ref().map(|(_, who)| who)),
            Measure::Sweep { count, who } => (if count.is_share() { "share" } else { "sum" }, who.as_ref()),
        };
        let name = |language| indicator.name.get(language).unwrap_or(&indicator.id.value).to_owned();
        let who = |language| who.and_then(|who| who.get(language)).unwrap_or_default().to_owned();
        let (unit, unit_en) = indicator.unit.words();
        let figure = |tally, on| IndicatorFigure::of(indicator, tally, on);
        Self {
            code: indicator.id.value.clone(),
            zh: name("zh"),
            en: name("en"),
            who_zh: who("zh"),
            who_en: who("en"),
            forms: programme
                .forms
                .iter()
                .filter(|form| indicator.looks_at(&form.code.value))
                .map(|form| {
                    let household::Words { zh, en } = household::title_of(form);
                    Named { code: form.code.value.clone(), zh, en }
                })
                .collect(),
            unit: unit.to_owned(),
            unit_en: unit_en.to_owned(),
            kind,
            at_least: indicator.at_least,
            at_most: indicator.at_most,
            sweep: None,
            of_sweep: false,
            figure: figure(days.iter().find(|(on, _)| *on == day).map(|(_, tally)| tally), day),
            series: series.then(|| {
                let days = days.iter().map(|(on, tally)| IndicatorDay {
                    on: from_day(*on).to_string(),
                    value: figure(Some(tally), *on).value,
                });
                days.collect()
            }),
        }
    }

    /// Of a figure that a sweep counts.
    fn swept(
        programme: &Programme,
        indicator: &Indicator,
        (count, counting): (SweepCount, Counting),
        days: &[(Day, Swept)],
        (book, series): (&Book, bool),
    ) -> Self {
        let figure = |swept, on| IndicatorFigure::swept(indicator, count, swept, on);
        let last = days.iter().find(|(on, _)| *on == counting.on).map(|(_, swept)| *swept);
        Self {
            sweep: counting.told(book),
            of_sweep: true,
            figure: figure(last, counting.on),
            series: series.then(|| {
                let days = days.iter().map(|(on, swept)| IndicatorDay {
                    on: from_day(*on).to_string(),
                    value: figure(Some(*swept), *on).value,
                });
                days.collect()
            }),
            ..Self::of(programme, indicator, counting.on, &[], false)
        }
    }
}

fn day(field: &str, text: &str) -> Result<Day, Problem> {
    parse_date(text).map(to_day).map_err(|_| {
        Problem::field(
            field,
            "not_a_date",
            "应为日期，如 2020-03-10",
            "a day such as 2020-03-10 was expected",
        )
    })
}

/// The day that is asked for, else the newest for which everyone is counted.
fn day_or_newest(reader: &Reader, asked: Option<Day>) -> AppResult<Day> {
    let counting = reader.counting()?;
    let newest = counting.map(|counting| counting.whole.unwrap_or(counting.day));
    Ok(asked.or(newest).unwrap_or_else(|| day_of(now())))
}

/// The version of a programme that was in force on a day.
fn programme_on(reader: &mut Reader, code: &str, on: Day) -> AppResult<Option<Arc<Programme>>> {
    match reader.book().edition_on(code, on).map(|edition| edition.version.clone()) {
        Some(version) => Ok(reader.programme(code, &version)?),
        None => Ok(None),
    }
}

fn no_programme() -> Problem {
    Problem::not_found(
        "unknown_programme",
        "那天没有这个专项方案的生效版本",
        "no version of this programme was in force on that day",
    )
}

fn no_indicator() -> Problem {
    Problem::not_found("unknown_indicator", "这个专项方案没有这个指标", "the programme has no such indicator")
}

fn one<'p>(programme: &'p Programme, code: &str) -> Option<&'p Indicator> {
    programme.indicators.iter().find(|indicator| indicator.id.value == code)
}

/// What every indicator of a programme comes to in an area.
#[utoipa::path(
    get, path = "/v1/indicators", tag = "indicators", params(IndicatorsQuery),
    responses((status = 200, body = Indicators), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn indicators(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<IndicatorsQuery>,
) -> Result<Json<Indicators>, Problem> {
    let area = scope::area(&caller, Action::ReadCoverage, query.area.as_deref(), "area")?;
    let asked = query.on.as_deref().map(|text| day("on", text)).transpose()?;
    let since = query.since.as_deref().map(|text| day("since", text)).transpose()?;
    let counting = Counting::of(&caller, query.sweep, area, asked)?;
    let found = site
        .territory
        .read(move |reader| {
            let on = day_or_newest(reader, asked)?;
            let Some(programme) = programme_on(reader, &query.programme, on)? else { return Ok(None) };
            let from = since.unwrap_or(on).max(on - LONGEST_SERIES).min(on);
            let tallies = reader.tallies(&query.programme, area, (from, on))?;
            let days = |id: &str| tallies.get(id).map(Vec::as_slice).unwrap_or_default();
            let swept = counting.days(reader, area, since)?;
            let row = |indicator: &Indicator| match indicator.measure.of_sweep() {
                None => {
                    IndicatorRow::of(&programme, indicator, on, days(&indicator.id.value), since.is_some())
                }
                Some(count) => {
                    let about = (reader.book(), since.is_some());
                    IndicatorRow::swept(&programme, indicator, (count, counting), &swept, about)
                }
            };
            Ok(Some(Indicators {
                as_of: instant(reader.newest_receipt()?.unwrap_or(0)),
                on: from_day(on).to_string(),
                version: programme.manifest.version.clone(),
                rows: programme.indicators.iter().map(row).collect(),
                programme: query.programme,
            }))
        })
        .await?;
    found.map(Json).ok_or_else(no_programme)
}

/// What one indicator comes to in each area directly below one.
#[utoipa::path(
    get, path = "/v1/indicators/{programme}/{code}/areas", tag = "indicators",
    params(("programme" = String, Path), ("code" = String, Path), AreasQuery),
    responses((status = 200, body = IndicatorAreas), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn areas(
    State(site): State<Site>,
    caller: Caller,
    Path((code, id)): Path<(String, String)>,
    Query(query): Query<AreasQuery>,
) -> Result<Json<IndicatorAreas>, Problem> {
    let area = scope::area(&caller, Action::ReadCoverage, query.area.as_deref(), "area")?;
    let asked = query.on.as_deref().map(|text| day("on", text)).transpose()?;
    let counting = Counting::of(&caller, query.sweep, area, asked)?;
    let found = site
        .territory
        .read(move |reader| {
            let on = day_or_newest(reader, asked)?;
            let Some(programme) = programme_on(reader, &code, on)? else { return Ok(Err(no_programme())) };
            let Some(indicator) = one(&programme, &id) else { return Ok(Err(no_indicator())) };
            let mut below = reader.book().areas.children(area).to_vec();
            below.sort_by(|a, b| reader.book().areas.code(*a).cmp(reader.book().areas.code(*b)));
            let mut rows = Vec::with_capacity(below.len());
            for child in below {
                let figure = match indicator.measure.of_sweep() {
                    Some(count) => {
                        let swept = counting.days(reader, child, None)?.pop().map(|(_, swept)| swept);
                        IndicatorFigure::swept(indicator, count, swept, counting.on)
                    }
                    None => {
                        let tallies: BTreeMap<_, _> = reader.tallies(&code, child, (on, on))?;
                        let tally = tallies.get(&id).and_then(|days| days.first()).map(|(_, tally)| tally);
                        IndicatorFigure::of(indicator, tally, on)
                    }
                };
                rows.push(IndicatorArea {
                    area_code: reader.book().areas.code(child).to_owned(),
                    area_name: reader.book().areas.get(child).map(|row| row.name.clone()).unwrap_or_default(),
                    figure,
                });
            }
            let version = programme.manifest.version.clone();
            Ok(Ok(IndicatorAreas { on: from_day(on).to_string(), version, rows }))
        })
        .await?;
    found.map(Json)
}

pub(super) fn kind(subject: Subject) -> &'static str {
    match subject {
        Subject::Person(_) => "person",
        Subject::Dwelling(_) => "dwelling",
        Subject::Area(_) => "area",
        Subject::Worker(_) => "worker",
    }
}

/// A community or an area below one, in which the caller has a role of the programme.
pub(super) async fn list_area(
    site: &Site,
    caller: &Caller,
    programme: &str,
    code: Option<&str>,
) -> Result<AreaNumber, Problem> {
    let area = scope::area(caller, Action::ReadCases, code, "area")?;
    if caller.book.areas.get(area).is_some_and(|area| area.level < Level::Community) {
        return Err(scope::area_too_large());
    }
    let actor = actor(caller);
    let roles = site.territory.read(move |reader| cases::roles_of(reader, actor, day_of(now()))).await?;
    let holds = |role: &store::cases::RoleIn| {
        role.programme == programme && caller.book.areas.is_within(area, role.area)
    };
    if !roles.iter().any(holds) {
        return Err(Problem::forbidden());
    }
    caller.may(Action::ReadCases, Scope::Area(area))?;
    Ok(area)
}

/// Who stands on one side of an indicator: under pseudonyms, at which doors.
#[utoipa::path(
    get, path = "/v1/indicators/{programme}/{code}/behind", tag = "indicators",
    params(("programme" = String, Path), ("code" = String, Path), BehindQuery),
    responses((status = 200, body = BehindPage), (status = 403, body = Problem), (status = 404, body = Problem), (status = 409, description = "`day_over`", body = Problem), (status = 422, body = Problem))
)]
async fn behind(
    State(site): State<Site>,
    caller: Caller,
    Path((code, id)): Path<(String, String)>,
    Query(query): Query<BehindQuery>,
) -> Result<Json<BehindPage>, Problem> {
    let area = list_area(&site, &caller, &code, query.area.as_deref()).await?;
    let asked = query.on.as_deref().map(|text| day("on", text)).transpose()?;
    let side = match query.side.as_str() {
        "met" => Side::Met,
        "missed" => Side::Missed,
        "unknown" => Side::Unknown,
        _ => {
            return Err(Problem::field(
                "side",
                "side",
                "side 可用 met、missed、unknown",
                "side is met, missed or unknown",
            ));
        }
    };
    let (limit, after) = (cursor::limit(query.limit)?, cursor::parse::<Id>(query.cursor.as_deref())?);
    let actor = actor(&caller);
    let counting = Counting::of(&caller, query.sweep, area, None)?;
    let found = site
        .territory
        .read(move |reader| {
            let counted = reader.counting()?.map_or_else(|| day_of(now()), |counting| counting.day);
            let Some(programme) = programme_on(reader, &code, counted)? else {
                return Ok(Err(no_programme()));
            };
            let Some(indicator) = one(&programme, &id) else { return Ok(Err(no_indicator())) };
            let of_sweep = indicator.measure.of_sweep();
            // What a sweep counts it lists as it is now.
            let counted = if of_sweep.is_some() { counting.on } else { counted };
            if asked.is_some_and(|asked| asked != counted) {
                return Ok(Err(Problem::conflict(
                    "day_over",
                    format!("名单只有 {} 的；以前的日子只留数字", from_day(counted)),
                    format!(
                        "who is behind a figure is known of {} only; of other days the numbers are kept",
                        from_day(counted)
                    ),
                )));
            }
            let mut behind = match (of_sweep, counting.sweep) {
                (None, _) => reader.behind(&code, &id, area, side, after, limit + 1)?,
                (Some(_), None) => Vec::new(),
                (Some(count), Some(sweep)) => {
                    reader.behind_sweep(count, sweep, area, side, after, limit + 1)?
                }
            };
            let more = behind.len() > limit;
            behind.truncate(limit);
            let last = behind.last().map(|behind| behind.subject.id());
            let mut rows = Vec::with_capacity(behind.len());
            for one in behind {
                if !household::may_know(reader, actor, one.subject, counted)? {
                    continue;
                }
                rows.push(BehindRow {
                    kind: kind(one.subject),
                    about: About::of(reader, one.subject, one.dwelling)?,
                });
            }
            let next = last.filter(|_| more).map(|last| cursor::text(&last));
            Ok(Ok(BehindPage { rows, next }))
        })
        .await?;
    found.map(Json)
}
