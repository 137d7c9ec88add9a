//! The comparison: everything the product shows, through both of its doors, against the recount.

use std::collections::{BTreeMap, BTreeSet};

use super::http::Client;
use super::office;
use super::recount::{Community, Line, Recount, Row, Unreached, expected_reason};
use super::rehearsal::{Rehearsal, disagree, in_parallel, read_csv};
use crate::app::failure::Result;

/// How much was compared, one by one.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
pub struct Compared {
    pub areas: u64,
    pub dwellings: u64,
    pub people: u64,
    pub residual_rows: u64,
    pub reconcile_rows: u64,
    pub verdicts: u64,
    /// Rows read over HTTP as well as from the files.
    pub http_rows: u64,
}

/// Whether every fact waits, or does not, for the reason that the script foresees.
///
/// # Errors
/// The first that does not.
pub fn verdicts(rehearsal: &Rehearsal) -> Result<u64> {
    let mut checked = 0;
    for told in rehearsal.told() {
        let expected = expected_reason(&rehearsal.town, &rehearsal.decisions, &told);
        let found = (told.receipt.verdict != 0).then(|| told.receipt.reason.clone().unwrap_or_default());
        if found.as_deref() != expected {
            return Err(disagree(format!(
                "fact {} of phone {} ({:?}) was to wait for {expected:?} and waits for {found:?}",
                told.sequence, told.phone, told.deed
            )));
        }
        checked += 1;
    }
    Ok(checked)
}

/// The rows of every area, from those of the communities.
fn rows_above(rehearsal: &Rehearsal, communities: &[Community]) -> BTreeMap<String, Row> {
    let places = &rehearsal.town.areas.places;
    let mut rows: BTreeMap<String, Row> = BTreeMap::new();
    for (index, community) in (rehearsal.town.areas.communities..).zip(communities) {
        let mut next = Some(index);
        while let Some(place) = next.and_then(|at| places.get(at)) {
            *rows.entry(place.code.clone()).or_default() += community.row;
            next = place.parent;
        }
    }
    rows
}

fn same_row(code: &str, expected: Option<&Row>, found: Row, door: &str) -> Result<()> {
    if expected == Some(&found) {
        return Ok(());
    }
    Err(disagree(format!("area {code} by {door}: {found:?}, and the recount has {expected:?}")))
}

/// The first thing that only one of two lists has.
fn same_list<T: Ord + std::fmt::Debug>(
    what: &str,
    code: &str,
    expected: &[T],
    found: &mut [T],
) -> Result<()> {
    found.sort();
    if expected == &*found {
        return Ok(());
    }
    let left: BTreeSet<&T> = expected.iter().collect();
    let right: BTreeSet<&T> = found.iter().collect();
    let missing: Vec<&&T> = left.difference(&right).take(3).collect();
    let extra: Vec<&&T> = right.difference(&left).take(3).collect();
    Err(disagree(format!(
        "{what} of {code}: {} lines and {} in the recount; missing {missing:?}, not in the recount {extra:?}",
        found.len(),
        expected.len()
    )))
}

/// Compares what is read over HTTP: coverage of every area, and each community's residual and reconcile.
///
/// # Errors
/// The first thing that does not agree.
pub fn over_http(
    rehearsal: &Rehearsal,
    reader: &Client,
    communities: &[Community],
    compared: &mut Compared,
) -> Result<()> {
    let rows = rows_above(rehearsal, communities);
    let sweep = rehearsal.sweep;
    let work: Vec<(&String, &Community)> = rehearsal.town.codes.iter().zip(communities).collect();
    let results = in_parallel(rehearsal.threads, work, |(code, expected)| -> Result<u64> {
        let mut unreached: Vec<Unreached> = office::residual(reader, sweep, code, None)?
            .into_iter()
            .map(|row| Unreached {
                building: row.building,
                unit: row.unit,
                room: row.room,
                reason: row.reason,
            })
            .collect();
        same_list("residual over HTTP", code, &expected.unreached, &mut unreached)?;
        // The page has no names; who is meant is compared with the files, which have.
        let key = |kind: &str, building: &str, unit: &str, room: &str| {
            [kind, building, unit, room].map(str::to_owned)
        };
        let mut found: Vec<[String; 4]> = office::reconcile(reader, sweep, code, None)?
            .iter()
            .map(|row| key(&row.kind, &row.building, &row.unit, &row.room))
            .collect();
        let mut wanted: Vec<[String; 4]> = expected
            .lines
            .iter()
            .map(|line| key(&line.kind, &line.building, &line.unit, &line.room))
            .collect();
        wanted.sort();
        same_list("reconcile over HTTP", code, &wanted, &mut found)?;
        Ok((unreached.len() + found.len()) as u64)
    });
    for rows in results {
        compared.http_rows += rows?;
    }
    for place in rehearsal.town.areas.places.iter().take(rehearsal.town.areas.communities) {
        let coverage = office::coverage(reader, sweep, &place.code)?;
        for shown in coverage.children.iter().chain([&coverage.area]) {
            same_row(&shown.code, rows.get(&shown.code), shown.row, "HTTP")?;
        }
        compared.areas += 1;
    }
    compared.areas += communities.len() as u64;
    Ok(())
}

/// Compares what the command line writes, community by community: every residual row, every line of the reconcile with
/// its name, task and due time, and the numbers of the whole.
///
/// # Errors
/// The first thing that does not agree.
pub fn by_command_line(
    rehearsal: &Rehearsal,
    communities: &[Community],
    compared: &mut Compared,
) -> Result<()> {
    let sweep = rehearsal.sweep.to_string();
    let program = &rehearsal.program;
    let said = program.run(&["coverage", "--sweep", &sweep, "--json"])?;
    let rows = rows_above(rehearsal, communities);
    let root = rehearsal.root();
    let whole: Row = serde_json::from_str(said.trim())
        .map_err(|error| disagree(format!("coverage --json: {error}: {said}")))?;
    same_row(root, rows.get(root), whole, "the command line")?;
    compared.dwellings += u64::try_from(whole.dwellings).unwrap_or(0);
    compared.people += u64::try_from(whole.persons_listed).unwrap_or(0);

    let path = program.data.with_extension("residual.csv");
    program.run(&["residual", "--sweep", &sweep, "--csv", &path.to_string_lossy()])?;
    let expected = |code: &str| {
        let at = rehearsal.town.codes.iter().position(|known| known == code);
        at.and_then(|at| communities.get(at))
    };
    let mut codes = BTreeSet::new();
    for_each_community(&path, 0, &mut |code, records| {
        let mut found: Vec<Unreached> = records
            .iter()
            .map(|record| Unreached {
                building: cell(record, 1),
                unit: cell(record, 2),
                room: cell(record, 3),
                reason: cell(record, 4),
            })
            .collect();
        compared.residual_rows += found.len() as u64;
        codes.insert(code.to_owned());
        let wanted = expected(code).map(|community| community.unreached.as_slice()).unwrap_or_default();
        same_list("residual", code, wanted, &mut found)
    })?;
    all_there(rehearsal, communities, &codes, "residual", |community| community.unreached.is_empty())?;

    let path = program.data.with_extension("reconcile.csv");
    program.run(&["reconcile", "--sweep", &sweep, "--csv", &path.to_string_lossy()])?;
    let mut persons = BTreeSet::new();
    let mut twice = None;
    codes.clear();
    for_each_community(&path, 2, &mut |code, records| {
        for record in records {
            let person = cell(record, 1);
            if !person.is_empty() && !persons.insert(person.clone()) {
                twice = Some(person);
            }
        }
        let mut found: Vec<Line> = records
            .iter()
            .map(|record| Line {
                kind: cell(record, 0),
                building: cell(record, 3),
                unit: cell(record, 4),
                room: cell(record, 5),
                name: cell(record, 6),
                task: cell(record, 7),
                due: cell(record, 8),
            })
            .collect();
        compared.reconcile_rows += found.len() as u64;
        codes.insert(code.to_owned());
        let wanted = expected(code).map(|community| community.lines.as_slice()).unwrap_or_default();
        same_list("reconcile", code, wanted, &mut found)
    })?;
    all_there(rehearsal, communities, &codes, "reconcile", |community| community.lines.is_empty())?;
    match twice {
        Some(person) => Err(disagree(format!("person {person} has two lines in the reconcile"))),
        None => Ok(()),
    }
}

fn cell(record: &csv::StringRecord, column: usize) -> String {
    record.get(column).unwrap_or_default().to_owned()
}

fn all_there(
    rehearsal: &Rehearsal,
    communities: &[Community],
    codes: &BTreeSet<String>,
    what: &str,
    is_empty: impl Fn(&Community) -> bool,
) -> Result<()> {
    for (code, community) in rehearsal.town.codes.iter().zip(communities) {
        if !codes.contains(code) && !is_empty(community) {
            return Err(disagree(format!("{what}: nothing of {code}")));
        }
    }
    Ok(())
}

/// Reads a file whose rows are grouped by community, one group at a time.
fn for_each_community(
    path: &std::path::Path,
    column: usize,
    each: &mut dyn FnMut(&str, &[csv::StringRecord]) -> Result<()>,
) -> Result<()> {
    let mut group: Vec<csv::StringRecord> = Vec::new();
    for record in read_csv(path)? {
        let record = record?;
        let ends = group.first().is_some_and(|first| first.get(column) != record.get(column));
        if ends {
            each(&cell(&group[0], column), &group)?;
            group.clear();
        }
        group.push(record);
    }
    match group.first() {
        Some(first) => each(&cell(first, column), &group),
        None => Ok(()),
    }
}

/// Counts everything again from the script.
#[must_use]
pub fn recounted(rehearsal: &Rehearsal) -> Vec<Community> {
    let recount = Recount::new(&rehearsal.town, rehearsal.deadline, &rehearsal.decisions, rehearsal.told());
    (0..rehearsal.town.codes.len()).map(|community| recount.community(community)).collect()
}

/// Whether the server holds of each phone as many facts as the phone made, no fewer and none twice.
///
/// # Errors
/// The first phone of which it does not.
pub fn facts_of_phones(rehearsal: &Rehearsal, reader: &Client) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Devices {
        devices: Vec<Device>,
    }
    #[derive(serde::Deserialize)]
    struct Device {
        series: domain::id::Id,
        facts: u64,
    }
    let known: Devices = reader.get(&format!("/v1/devices?area={}", rehearsal.root()))?;
    for phone in &rehearsal.phones {
        let held =
            known.devices.iter().find(|device| device.series == phone.series).map(|device| device.facts);
        if held != Some(phone.made.len() as u64) {
            return Err(disagree(format!(
                "phone {} made {} facts and the server holds {held:?}",
                phone.number,
                phone.made.len()
            )));
        }
    }
    Ok(())
}
