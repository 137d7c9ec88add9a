//! What a version of a programme changed when it came into force: by how much, and for whom.

use axum::extract::State;
use domain::access::Action;
use domain::id::Id;
use domain::time::from_day;
use programme::Programme;
use programme::difference::difference;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use store::Reader;
use store::packs::if_readable;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cases::{About, Named, actor};
use super::extract::{Caller, Json, Path, Query};
use super::indicators::{kind, list_area};
use super::problem::Problem;
use super::wire::instant;
use super::{Site, cursor, scope};
use crate::app::failure::Result as AppResult;
use crate::app::household::may_know;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new().routes(routes!(changes))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ChangesQuery {
    /// The caller's own unless given.
    area: Option<String>,
    cursor: Option<String>,
    /// Of rows; 100 unless given, 1,000 at most.
    limit: Option<u64>,
}

#[derive(Serialize, ToSchema)]
struct VersionChanges {
    /// When the newest fact was received.
    #[schema(format = DateTime)]
    as_of: String,
    /// None if no version was before it, or if a newer one has taken its place since.
    #[serde(skip_serializing_if = "Option::is_none")]
    compared: Option<Compared>,
    counts: Vec<ChangeCount>,
    /// Whom it concerns; none for whoever has no role of the programme there, and in an area above a community.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<ChangedRow>>,
    /// The `cursor` of the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Compared {
    before: String,
    /// The day on which everyone was judged by both.
    #[schema(format = Date)]
    on: String,
    /// Whether everyone was; until then more come.
    whole: bool,
    /// What the version changes, one line for each thing.
    lines: Vec<Line>,
}

#[derive(Serialize, ToSchema)]
struct Line {
    zh: String,
    en: String,
}

#[derive(Serialize, ToSchema)]
struct ChangeCount {
    /// The rule, and what it says.
    rule: Named,
    came: u64,
    went: u64,
}

#[derive(Serialize, ToSchema)]
struct ChangedRow {
    /// `person`, `dwelling` or `area`
    kind: &'static str,
    about: About,
    /// The rules that flag only under the version.
    came: Vec<Named>,
    /// The rules that flagged only under the one before.
    went: Vec<Named>,
}

/// A version, and the one before it if they are compared.
struct Versions {
    compared: Option<(store::compared::Comparison, Arc<Programme>)>,
    own: Arc<Programme>,
}

impl Versions {
    fn find(reader: &mut Reader, code: &str, version: &str) -> AppResult<Option<Self>> {
        let Some(own) = reader.programme(code, version)? else { return Ok(None) };
        let mut comparisons = reader.comparisons()?.into_iter();
        let compared = match comparisons.find(|one| one.programme == code && one.version == version) {
            Some(one) => if_readable(reader.programme(code, &one.before))?.map(|before| (one, before)),
            None => None,
        };
        Ok(Some(Self { compared, own }))
    }

    fn rule(&self, id: &str) -> Named {
        let before = self.compared.iter().flat_map(|(_, before)| &before.rules);
        let rule = self.own.rules.iter().chain(before).find(|rule| rule.id.value == id);
        Named::of(id, rule.map(|rule| &rule.says))
    }
}

/// What a version changed when it came into force.
#[utoipa::path(
    get, path = "/v1/programmes/{code}/{version}/changes", tag = "indicators",
    params(("code" = String, Path), ("version" = String, Path), ChangesQuery),
    responses((status = 200, body = VersionChanges), (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem))
)]
async fn changes(
    State(site): State<Site>,
    caller: Caller,
    Path((code, version)): Path<(String, String)>,
    Query(query): Query<ChangesQuery>,
) -> Result<Json<VersionChanges>, Problem> {
    let area = scope::area(&caller, Action::ReadCoverage, query.area.as_deref(), "area")?;
    let (limit, after) = (cursor::limit(query.limit)?, cursor::parse::<Id>(query.cursor.as_deref())?);
    let actor = actor(&caller);
    let listed = match list_area(&site, &caller, &code, query.area.as_deref()).await {
        Ok(_) => true,
        Err(refused) if refused.status().is_client_error() => false,
        Err(failed) => return Err(failed),
    };
    let found = site
        .territory
        .read(move |reader| {
            let Some(versions) = Versions::find(reader, &code, &version)? else { return Ok(None) };
            let as_of = instant(reader.newest_receipt()?.unwrap_or(0));
            let Some((one, before)) = &versions.compared else {
                let rows = listed.then(Vec::new);
                return Ok(Some(VersionChanges {
                    as_of,
                    compared: None,
                    counts: Vec::new(),
                    rows,
                    next: None,
                }));
            };
            let counts = reader.change_counts(&code, area)?.into_iter().map(|count| ChangeCount {
                rule: versions.rule(&count.rule),
                came: count.came,
                went: count.went,
            });
            let counts = counts.collect();
            let lines = difference(before, &versions.own).into_iter();
            let compared = Compared {
                before: one.before.clone(),
                on: from_day(one.day).to_string(),
                whole: one.whole,
                lines: lines.map(|line| Line { zh: line.zh, en: line.en }).collect(),
            };
            let mut next = None;
            let mut rows = Vec::new();
            if listed {
                let mut changed = reader.changed(&code, area, after, limit + 1)?;
                let more = changed.len() > limit;
                changed.truncate(limit);
                next = changed.last().filter(|_| more).map(|last| cursor::text(&last.subject.id()));
                for store::compared::Changed { subject, dwelling, changes } in changed {
                    let rules = |comes: bool| {
                        let own = changes.iter().filter(|(_, own)| **own == comes);
                        own.map(|(rule, _)| versions.rule(rule)).collect()
                    };
                    if !may_know(reader, actor, subject, one.day)? {
                        continue;
                    }
                    let about = About::of(reader, subject, dwelling)?;
                    rows.push(ChangedRow {
                        kind: kind(subject),
                        about,
                        came: rules(true),
                        went: rules(false),
                    });
                }
            }
            let rows = listed.then_some(rows);
            Ok(Some(VersionChanges { as_of, compared: Some(compared), counts, rows, next }))
        })
        .await?;
    found.map(Json).ok_or_else(|| {
        Problem::not_found(
            "unknown_programme",
            "没有这个专项方案的这个版本",
            "there is no such version of this programme",
        )
    })
}
