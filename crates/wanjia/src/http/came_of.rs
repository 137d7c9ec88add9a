//! What came of what a phone's worker filled in: the cases that its answers opened, or of which they are one more report.

use domain::id::{CaseId, SeriesId};
use domain::state::State as _;
use serde::Serialize;
use store::Reader;
use store::packs::if_readable;
use utoipa::ToSchema;

use super::cases::Named;
use super::my_tasks::role_of;
use super::wire::instant;
use crate::app::failure::Result;

/// Answers of which a phone is told at once what came of them, at most.
const ASKED: usize = 50;

/// A case that is about whom answers are about, and that a rule reports which looks at their form.
#[derive(Serialize, ToSchema)]
pub struct CameOf {
    /// Of the answers, in the ledger.
    position: u64,
    #[schema(value_type = String, format = "uuid")]
    case: CaseId,
    pathway: Named,
    state: Named,
    ended: bool,
    #[schema(format = DateTime)]
    since: String,
    /// The role that answers for what is due, and by when; none once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    due: Option<String>,
}

/// What came of the answers at these positions that a phone wrote; of another's nothing is said.
///
/// # Errors
/// Those of the storage.
pub fn came_of(reader: &mut Reader, series: SeriesId, positions: &[u64]) -> Result<Vec<CameOf>> {
    let mut told = Vec::new();
    let area = reader.state().device(series)?.map(|device| device.area);
    for position in positions.iter().copied().take(ASKED) {
        let Some((form, cases)) = reader.cases_of_answers(series, position)? else { continue };
        for case in cases {
            let Some(file) = if_readable(reader.case_file(case))? else { continue };
            // Where another community has received it, what becomes of it there is that one's.
            if area.is_none_or(|area| !reader.book().areas.is_within(file.area, area)) {
                continue;
            }
            let reports = |id: &str| {
                let mut rules = file.programme.rules.iter();
                rules.any(|rule| rule.id.value == id && rule.condition.looks_at(&form))
            };
            if !file.reports.iter().filter_map(|report| report.rule.as_deref()).any(reports) {
                continue;
            }
            let pathway = file.pathway();
            let state = pathway.and_then(|pathway| pathway.state(&file.standing.state));
            let ended = state.is_some_and(|state| state.duty.is_none());
            let task = reader.tasks_of(&file).into_iter().map(|(_, task)| task).min_by_key(|task| task.due);
            told.push(CameOf {
                position,
                case,
                pathway: Named::of(&file.case.pathway, pathway.map(|pathway| &pathway.name)),
                state: Named::of(&file.standing.state, state.map(|state| &state.name)),
                ended,
                since: instant(file.standing.since.as_millisecond()),
                owner: task.as_ref().map(|task| role_of(&file.programme, &task.owner)),
                due: task.map(|task| instant(task.due.as_millisecond())),
            });
        }
    }
    Ok(told)
}
