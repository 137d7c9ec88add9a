//! Every community below an area in one list: how far its sweep is, what waits there, and when a phone of it was heard last.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use domain::access::{Action, Role, Scope};
use domain::area::{AreaNumber, Level};
use domain::id::SweepId;
use domain::time::Millis;
use serde::{Deserialize, Serialize};
use store::{Control, Reader};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cases::now;
use super::command::{CommandRow, Counts, SILENT, row, waiting};
use super::extract::{Caller, Json, Query};
use super::problem::Problem;
use super::wire::instant;
use super::{Site, scope};
use crate::app::failure::Result as AppResult;

/// Communities in one answer at most: a county has a few hundred.
const COMMUNITIES: usize = 1000;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(communities))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct CommunitiesQuery {
    /// The caller's own unless given.
    area: Option<String>,
    /// Whose doors and people are counted; none are without it.
    #[param(value_type = Option<String>, format = "uuid")]
    sweep: Option<SweepId>,
}

#[derive(Serialize, ToSchema)]
struct Communities {
    #[schema(format = DateTime)]
    as_of: String,
    /// By their codes; 1,000 at most.
    rows: Vec<CommunityRow>,
    /// How many more there are: ask for a smaller area.
    left_off: usize,
}

#[derive(Serialize, ToSchema)]
struct CommunityRow {
    /// What waits there, as on the command page.
    #[serde(flatten)]
    waits: CommandRow,
    /// The area right above it.
    above: String,
    /// Of the sweep, where it goes on there.
    #[serde(skip_serializing_if = "Option::is_none")]
    swept: Option<Swept>,
    /// Phones in use.
    phones: u32,
    /// When one of them sent something last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    pushed_at: Option<String>,
    /// Whom to ask; only for the street and the county.
    #[serde(skip_serializing_if = "Option::is_none")]
    reach: Option<Reach>,
}

/// Whom to ask about a community, for whoever leads it: its secretaries as their accounts are called, and the number that is
/// printed on its newest slips. Accounts have no numbers.
#[derive(Clone, Default, Serialize, ToSchema)]
pub(super) struct Reach {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secretaries: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    office_phone: Option<String>,
}

impl Reach {
    pub(super) fn of(reader: &Reader, control: &Control, community: AreaNumber) -> AppResult<Self> {
        let accounts = reader.accounts_at(Role::CommunitySecretary, community)?;
        let mut secretaries = Vec::with_capacity(accounts.len());
        for account in accounts {
            secretaries.extend(control.account(account)?.map(|account| account.name));
        }
        let office_phone = match reader.newest_slip(community)? {
            Some(slip) => control.office_phone(slip)?,
            None => None,
        };
        Ok(Self { secretaries, office_phone })
    }
}

#[derive(Serialize, ToSchema)]
struct Swept {
    dwellings: i64,
    accounted: i64,
    /// Listed there and seen nowhere; those who are away by the latest visit are not among them.
    listed_dark: i64,
}

/// What phones are there, by area: how many in an area and below, and when one of an area's own was heard last.
struct Heard {
    phones: HashMap<AreaNumber, u32>,
    pushed_at: HashMap<AreaNumber, Millis>,
}

fn community(
    reader: &Reader,
    (counts, heard): (&Counts, &Heard),
    control: Option<&Control>,
    sweep: Option<u32>,
    area: AreaNumber,
) -> AppResult<CommunityRow> {
    let areas = &reader.book().areas;
    let mut waits = row(reader, counts, area, true);
    let swept = match sweep.and_then(|sweep| Some((sweep, reader.book().sweeps.get(sweep as usize)?.area))) {
        Some((sweep, swept)) if areas.is_within(area, swept) => Some(reader.coverage(sweep, area)?),
        _ => None,
    };
    waits.residual = swept.map_or(0, |swept| u64::try_from(swept.residual).unwrap_or(0));
    let above = areas.get(area).and_then(|area| areas.get(area.parent?));
    let newest = areas.subtree(area).iter().filter_map(|part| heard.pushed_at.get(part)).max().copied();
    Ok(CommunityRow {
        waits,
        above: above.map(|area| area.name.clone()).unwrap_or_default(),
        swept: swept.map(|swept| Swept {
            dwellings: swept.dwellings,
            accounted: swept.accounted,
            listed_dark: swept.listed_dark,
        }),
        phones: heard.phones.get(&area).copied().unwrap_or(0),
        pushed_at: newest.map(instant),
        reach: control.map(|control| Reach::of(reader, control, area)).transpose()?,
    })
}

/// Whether it is the caller who asks communities: she is told whom.
pub(super) fn leads(caller: &Caller) -> bool {
    caller.may(Action::OpenSweep, Scope::Own).is_ok()
}

/// Every community of an area in one list, with how far it is and what waits there.
#[utoipa::path(
    get, path = "/v1/communities", tag = "sweeps", params(CommunitiesQuery),
    responses((status = 200, body = Communities), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn communities(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<CommunitiesQuery>,
) -> Result<Json<Communities>, Problem> {
    let area = scope::area(&caller, Action::ReadCoverage, query.area.as_deref(), "area")?;
    let sweep = query.sweep.map(|id| scope::sweep(&caller, Action::ReadCoverage, id)).transpose()?;
    let now = now();
    let silent = site.fleet.silent(now - SILENT);
    let (phones, pushed_at) = site.fleet.heard();
    let heard = Heard { phones, pushed_at };
    let control = leads(&caller).then(|| Arc::clone(&site.control));
    let answer = site
        .territory
        .read(move |reader| {
            let counts = waiting(reader, now, &silent)?;
            let areas = &reader.book().areas;
            let is_community =
                |number: &AreaNumber| areas.get(*number).is_some_and(|area| area.level == Level::Community);
            let mut below: Vec<AreaNumber> = areas.subtree(area).into_iter().filter(is_community).collect();
            below.sort_by(|a, b| areas.code(*a).cmp(areas.code(*b)));
            let left_off = below.len().saturating_sub(COMMUNITIES);
            below.truncate(COMMUNITIES);
            let rows = below
                .into_iter()
                .map(|area| community(reader, (&counts, &heard), control.as_deref(), sweep, area));
            Ok(Communities {
                as_of: instant(reader.newest_receipt()?.unwrap_or(0)),
                rows: rows.collect::<AppResult<_>>()?,
                left_off,
            })
        })
        .await?;
    Ok(Json(answer))
}
