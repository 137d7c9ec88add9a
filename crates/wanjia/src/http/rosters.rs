//! Lists of people: what was imported, and importing one after looking at what it would do.

use std::io::Write as _;
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse;
use domain::access::{Action, Scope};
use domain::area::{AreaNumber, AreaTree, Level};
use domain::id::RosterId;
use domain::time::campaign_zone;
use intake::header::{Column, Mapping, Schema};
use intake::message::Lang;
use intake::rejects::RejectsBook;
use intake::roster::{
    Blanks, blanks_of_roster, look_at_roster, read_roster, read_roster_mapped, read_roster_of_area,
};
use intake::{Header, Notice, Refusal, Table, TableError};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::Store;
use tokio_stream::StreamExt as _;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Site;
use super::extract::{Caller, Json, Query};
use super::problem::Problem;
use super::scope;
use super::wire::{Base64Hash, Base64Of, instant};
use crate::app::addresses::{area_name, door_in_words};
use crate::app::columns as known;
use crate::app::failure::Failure;
use crate::app::import_roster::{Roster, import_roster};
use crate::app::roster_rows::{Counts, Gone, Refusals, RowVerdict, Taken, Tally};
use crate::app::territory::in_place;

/// Rows that are told one by one.
const TOLD: usize = 1000;
/// The longest name of a source, in characters.
const SOURCE_LIMIT: usize = 60;

pub fn routes() -> OpenApiRouter<Site> {
    OpenApiRouter::new()
        .routes(routes!(rosters))
        .routes(routes!(import))
        .routes(routes!(rejects))
        .routes(routes!(columns, keep_columns))
}

#[derive(Serialize, ToSchema)]
struct Rosters {
    rosters: Vec<KnownRoster>,
}

#[derive(Serialize, ToSchema)]
struct KnownRoster {
    #[schema(value_type = String, format = "uuid")]
    roster: RosterId,
    source: String,
    /// SHA-256 of the file.
    digest: Base64Hash,
    bytes: u64,
    #[schema(format = DateTime)]
    imported_at: String,
}

/// Every list that was imported: where it came from, and which file it was.
#[utoipa::path(
    get, path = "/v1/rosters", tag = "rosters",
    responses((status = 200, body = Rosters), (status = 403, body = Problem))
)]
async fn rosters(State(_): State<Site>, caller: Caller) -> Result<Json<Rosters>, Problem> {
    caller.may(Action::ReadRosters, Scope::Own)?;
    let known = |roster: &domain::state::Roster| KnownRoster {
        roster: roster.id,
        source: roster.source.clone(),
        digest: Base64Of(roster.digest),
        bytes: roster.bytes,
        imported_at: instant(roster.imported_at),
    };
    Ok(Json(Rosters { rosters: caller.book.rosters.iter().map(known).collect() }))
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ImportQuery {
    /// Where the list comes from; the file's name unless given. At most 60 characters.
    source: Option<String>,
    /// Say what would happen, and write nothing.
    #[serde(default)]
    dry_run: bool,
    /// All rows are of this area, unless they say another.
    area: Option<String>,
    /// Which column is which, as a person says who looked at them: `sheet.row;name:0,room:3`. Behind it, where blank cells of
    /// where a row is are taken from the row above: `;fill_down=building,room`.
    columns: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct Imported {
    added: u64,
    changed: u64,
    left: u64,
    refused: u64,
    /// How many stood on a list of this source before, are listed in one of this one's areas, and are in none of its rows
    /// that are taken. They stay listed.
    gone: u64,
    /// Where these are listed: at most 1,000.
    missing: Vec<Told>,
    /// Totals, repeated headings and empty lines.
    skipped: u64,
    /// In how many rows a column was blank and is taken from the row above, as was said.
    filled: Vec<FilledColumn>,
    /// What the list names that nobody knew before.
    places: Places,
    /// The rows that are taken, by the community that they are about.
    communities: Vec<OfCommunity>,
    /// Who of this list is, or may be, listed in a community that is not the row's, by where that is. Of those who would be
    /// added only the first hundred are sought elsewhere.
    elsewhere: Vec<Elsewhere>,
    /// So many of them that the list is likely to name the wrong community.
    likely_elsewhere: bool,
    /// At most 1,000, the refused before all others, by number.
    rows: Vec<ImportedRow>,
    /// What the file holds that was not read: unknown or repeated columns, further sheets.
    ignored: Vec<Told>,
    applied: bool,
}

#[derive(Serialize, ToSchema)]
struct FilledColumn {
    column: &'static str,
    zh: &'static str,
    rows: u64,
}

#[derive(Serialize, ToSchema)]
struct Places {
    buildings: u64,
    /// Of buildings that are known.
    units: u64,
    doors: u64,
    /// New buildings and units of communities whose doors are known, and doors that look like a slip of a known one: those first
    /// that look like one, at most 500.
    told: Vec<ToldPlace>,
}

#[derive(Serialize, ToSchema)]
struct ToldPlace {
    /// `building`, `unit` or `door`
    kind: &'static str,
    /// It looks like a slip of one that is known.
    slip: bool,
    /// The first ten rows that name it.
    rows: Vec<u64>,
    message: String,
    message_en: String,
}

impl FilledColumn {
    fn of(column: Column, rows: u64) -> Self {
        Self { column: column.en(), zh: column.zh(), rows }
    }
}

impl Places {
    fn of(tally: &Tally, book: &domain::state::Book) -> Self {
        let told = tally.places.told.iter().map(|place| {
            let [message, message_en] = place.in_words(book);
            let (kind, slip) = (place.kind.as_str(), place.alike.is_some());
            ToldPlace { kind, slip, rows: place.rows.clone(), message, message_en }
        });
        let (buildings, units) = (tally.places.buildings, tally.places.units);
        Self { buildings, units, doors: tally.doors, told: told.collect() }
    }
}

#[derive(Serialize, ToSchema)]
struct OfCommunity {
    area_code: String,
    area_name: String,
    added: u64,
    changed: u64,
    left: u64,
}

#[derive(Serialize, ToSchema)]
struct Elsewhere {
    area_code: String,
    area_name: String,
    people: u64,
}

#[derive(Serialize, ToSchema)]
struct Told {
    message: String,
    message_en: String,
}

impl Told {
    fn of([message, message_en]: [String; 2]) -> Self {
        Self { message, message_en }
    }
}

#[derive(Serialize, ToSchema)]
struct ImportedRow {
    /// From 1, the header included.
    row: u64,
    /// `added`, `changed`, `left` or `refused`
    verdict: &'static str,
    /// The community of a row that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    area_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    message: String,
    message_en: String,
}

impl ImportedRow {
    /// Told by its door and what changes: whoever reads has the names before her.
    fn taken(taken: &Taken<'_>, notices: &[Notice]) -> Self {
        let Taken { row, address, verdict, changes, book } = *taken;
        let verdict = match verdict {
            RowVerdict::Added => "added",
            RowVerdict::Changed => "changed",
            RowVerdict::Left => "left",
        };
        let [mut message, mut message_en] =
            [Lang::Zh, Lang::En].map(|lang| door_in_words(lang, &address.labels));
        let noticed = notices.iter().map(|notice| [notice.zh.clone(), notice.en.clone()]);
        for [zh, en] in changes.iter().map(|change| change.in_words(book, address)).chain(noticed) {
            message += &format!("；{zh}");
            message_en += &format!("; {en}");
        }
        Self {
            row,
            verdict,
            area_name: Some(area_name(book, address.community).to_owned()),
            field: notices.first().map(|notice| notice.field.to_owned()),
            message,
            message_en,
        }
    }

    fn refused(refusal: &Refusal) -> Self {
        Self {
            row: refusal.row,
            verdict: "refused",
            area_name: None,
            field: Some(refusal.field.to_string()).filter(|field| !field.is_empty()),
            message: format!("{}；{}", refusal.zh, refusal.remedy_zh),
            message_en: format!("{}; {}", refusal.en, refusal.remedy_en),
        }
    }
}

/// What is told of single rows: the refused before those that change something or of which a value was left out, these before
/// the others.
#[derive(Default)]
struct Rows {
    refused: Vec<ImportedRow>,
    noticed: Vec<ImportedRow>,
    plain: Vec<ImportedRow>,
    missing: Vec<Told>,
    /// Values that were left out of the row that is being read.
    notices: Vec<Notice>,
}

impl Refusals for Rows {
    fn refuse(&mut self, refusal: &Refusal) -> crate::app::failure::Result<()> {
        if self.refused.len() < TOLD {
            self.refused.push(ImportedRow::refused(refusal));
        }
        Ok(())
    }

    fn notice(&mut self, _: u64, notice: &Notice) {
        self.notices.push(notice.clone());
    }

    fn taken(&mut self, taken: &Taken<'_>) {
        let is_plain = self.notices.is_empty() && taken.changes.is_empty();
        let of = if is_plain { &mut self.plain } else { &mut self.noticed };
        if of.len() < TOLD {
            of.push(ImportedRow::taken(taken, &self.notices));
        }
        self.notices.clear();
    }

    fn gone(&mut self, gone: &Gone<'_>) {
        if self.missing.len() < TOLD {
            self.missing.push(Told::of(gone.in_words()));
        }
    }
}

impl Rows {
    /// As many as are told, by number.
    fn rows(self) -> Vec<ImportedRow> {
        let mut rows = self.refused;
        rows.extend(self.noticed);
        rows.extend(self.plain);
        rows.truncate(TOLD);
        rows.sort_by_key(|row| row.row);
        rows
    }
}

/// A file that has no name, so that nothing of it is left whatever happens.
struct Upload {
    file: std::fs::File,
    digest: [u8; 32],
    bytes: u64,
}

impl Upload {
    async fn receive(folder: PathBuf, body: Body) -> Result<Self, Problem> {
        let fail = |error: std::io::Error| Problem::from(Failure::file(&folder, &error));
        let mut file = tempfile::tempfile_in(&folder).map_err(fail)?;
        let (mut hash, mut bytes) = (Sha256::new(), 0u64);
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|_| {
                Problem::new(
                    StatusCode::BAD_REQUEST,
                    "cut_off",
                    "文件没有传完就断了，或太大；请重传，没有导入任何内容",
                    "the file broke off or is too large; send it again, nothing was imported",
                )
            })?;
            hash.update(&piece);
            bytes += piece.len() as u64;
            // A piece is a few kilobytes into the system's cache: shorter than handing it to another thread.
            file.write_all(&piece).map_err(fail)?;
        }
        if bytes == 0 {
            return Err(Problem::field("body", "empty", "文件是空的", "the file is empty"));
        }
        Ok(Self { file, digest: hash.finalize().into(), bytes })
    }

    /// Where the file can be opened while it is held here.
    fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }
}

/// The table that was sent, which must be what its name says.
fn open(upload: &Upload, name: Option<&str>) -> Result<Table, TableError> {
    let table = Table::open(&upload.path())?;
    match name {
        Some(name) => table.named(name),
        None => Ok(table),
    }
}

fn file_name(headers: &HeaderMap) -> Option<String> {
    let encoded = headers.get("x-file-name")?.to_str().ok()?;
    let pair = format!("n={}", encoded.replace('&', "%26").replace('+', "%2B"));
    let (_, name) = form_urlencoded::parse(pair.as_bytes()).next()?;
    Some(name.into_owned())
}

pub(super) fn source_of(asked: Option<&str>, headers: &HeaderMap) -> Result<String, Problem> {
    let name = file_name(headers);
    let source = asked.or(name.as_deref()).unwrap_or_default().trim().to_owned();
    if source.is_empty() || source.chars().count() > SOURCE_LIMIT {
        return Err(Problem::field(
            "source",
            "source",
            "请说明名单的来源，不超过 60 个字",
            "say where the list comes from, in at most 60 characters",
        ));
    }
    Ok(source)
}

/// Import a list of people, CSV or XLSX: all its good rows or nothing, and the same file twice changes nothing. Rows
/// about doors outside the caller's area are refused.
#[utoipa::path(
    post, path = "/v1/roster", tag = "rosters",
    params(ImportQuery, ("X-File-Name" = Option<String>, Header, description = "percent-encoded UTF-8")),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = Imported), (status = 403, body = Problem), (status = 413, body = Problem),
        (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`import_running`: one list at a time")
    )
)]
async fn import(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<ImportQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Imported>, Problem> {
    let dry_run = query.dry_run;
    let book = Arc::clone(&caller.book);
    let (tally, mut told, ignored) =
        read(site, caller, query, &headers, body, |_| Ok(Rows::default())).await?;
    let code_and_name =
        |area: AreaNumber| (book.areas.code(area).to_owned(), area_name(&book, area).to_owned());
    let communities = tally.communities.iter().map(|(area, counts)| {
        let (area_code, area_name) = code_and_name(*area);
        let Counts { added, changed, left } = *counts;
        OfCommunity { area_code, area_name, added, changed, left }
    });
    let elsewhere = tally.elsewhere.iter().map(|(area, people)| {
        let (area_code, area_name) = code_and_name(*area);
        Elsewhere { area_code, area_name, people: *people }
    });
    Ok(Json(Imported {
        added: tally.added,
        changed: tally.changed,
        left: tally.left,
        refused: tally.refused,
        gone: tally.gone,
        missing: std::mem::take(&mut told.missing),
        skipped: tally.skipped,
        filled: tally.filled.iter().map(|(column, rows)| FilledColumn::of(*column, *rows)).collect(),
        places: Places::of(&tally, &book),
        communities: communities.collect(),
        elsewhere: elsewhere.collect(),
        likely_elsewhere: tally.is_likely_elsewhere(),
        rows: told.rows(),
        ignored: ignored.into_iter().map(|(zh, en)| Told::of([zh, en])).collect(),
        applied: !dry_run,
    }))
}

/// The rows of a list that would be refused, exactly as they came, with the reason and what to do in front: a workbook
/// to mend and import again. Nothing is written.
#[utoipa::path(
    post, path = "/v1/roster/rejects", tag = "rosters",
    params(RejectsQuery, ("X-File-Name" = Option<String>, Header, description = "percent-encoded UTF-8")),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 200, content_type = WORKBOOK, body = Vec<u8>), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem),
        (status = 409, body = Problem, description = "`import_running`: one list at a time")
    )
)]
async fn rejects(
    State(site): State<Site>,
    caller: Caller,
    Query(RejectsQuery { source, language, area, columns }): Query<RejectsQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse, Problem> {
    let lang = language.map_or(Lang::Zh, Language::of);
    let query = ImportQuery { source, dry_run: true, area, columns };
    let begin = move |header: &Header| RejectsBook::new(&header.shown, lang).map(Rejected).map_err(unwritten);
    let (_, Rejected(book), _) = read(site, caller, query, &headers, body, begin).await?;
    Ok(([(header::CONTENT_TYPE, WORKBOOK)], book.into_bytes().map_err(unwritten)?))
}

pub(super) const WORKBOOK: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RejectsQuery {
    /// Where the list comes from; the file's name unless given. At most 60 characters.
    source: Option<String>,
    /// Of the headings and reasons; Chinese unless given.
    language: Option<Language>,
    /// As for the import.
    area: Option<String>,
    columns: Option<String>,
}

#[derive(Clone, Copy, Deserialize, ToSchema)]
pub(super) enum Language {
    #[serde(rename = "zh-CN")]
    Chinese,
    #[serde(rename = "en")]
    English,
}

impl Language {
    pub(super) fn of(self) -> Lang {
        match self {
            Self::Chinese => Lang::Zh,
            Self::English => Lang::En,
        }
    }
}

/// All that is refused.
struct Rejected(RejectsBook);

impl Refusals for Rejected {
    fn refuse(&mut self, refusal: &Refusal) -> crate::app::failure::Result<()> {
        self.0.push(refusal).map_err(unwritten)
    }
}

fn unwritten(error: std::io::Error) -> Failure {
    Failure::new(
        "rejects",
        format!("退回的行写不成表格：{error}"),
        format!("the refused rows make no workbook: {error}"),
    )
}

#[derive(Serialize, ToSchema)]
struct RosterColumns {
    /// What the headings say, as `columns` of the import takes it.
    sheet: usize,
    /// From 1.
    row: u64,
    places: Vec<RosterPlace>,
    columns: Vec<RosterColumn>,
    /// The columns are what someone said of these headings before.
    kept: bool,
    /// Of which columns blank cells are taken from the row above, as someone said before.
    fill_down: Vec<&'static str>,
    /// The columns of where a row is that have blank cells below filled ones.
    blanks: Vec<BlankCells>,
    /// The one community of the caller's: what rows without a code of an area are taken to be of.
    #[serde(skip_serializing_if = "Option::is_none")]
    area: Option<SoleArea>,
}

#[derive(Serialize, ToSchema)]
struct SoleArea {
    area_code: String,
    area_name: String,
}

#[derive(Serialize, ToSchema)]
struct RosterPlace {
    heading: String,
    /// The column that it is, as someone said before or the heading names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<&'static str>,
    /// The first three values that differ, as they came: for whoever sent them, and kept nowhere.
    samples: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct RosterColumn {
    column: &'static str,
    zh: &'static str,
    required: bool,
}

/// Cells that are blank below a filled one, if what is wider is the same: below a new building no unit is taken.
#[derive(Serialize, ToSchema)]
struct BlankCells {
    column: &'static str,
    zh: &'static str,
    rows: u64,
    /// The first two.
    samples: Vec<BlankCell>,
}

#[derive(Serialize, ToSchema)]
struct BlankCell {
    row: u64,
    /// The row above that has the value.
    above: u64,
    value: String,
    /// What the row itself says of where it is and of whom, as it came.
    says: Vec<String>,
}

impl BlankCells {
    fn of(Blanks { column, rows, samples }: Blanks) -> Self {
        let samples = samples.into_iter().map(|one| BlankCell {
            row: one.row,
            above: one.above,
            value: one.value,
            says: one.says,
        });
        Self { column: column.en(), zh: column.zh(), rows, samples: samples.collect() }
    }
}

#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ColumnsQuery {
    /// Which column is which, where a person said so just now: for the blank cells.
    columns: Option<String>,
}

/// The columns of a list with a few of their values, and which is which as far as the headings tell. Nothing is written.
#[utoipa::path(
    post, path = "/v1/roster/columns", tag = "rosters",
    params(ColumnsQuery, ("X-File-Name" = Option<String>, Header, description = "percent-encoded UTF-8")),
    request_body(content = String, content_type = "application/octet-stream"),
    responses(
        (status = 200, body = RosterColumns), (status = 403, body = Problem),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)
    )
)]
async fn columns(
    State(site): State<Site>,
    caller: Caller,
    Query(query): Query<ColumnsQuery>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RosterColumns>, Problem> {
    caller.may(Action::ImportRoster, Scope::Area(caller.grant.area))?;
    require_octets(&headers)?;
    let told = query.columns.as_deref().map(roster_mapping_of).transpose()?;
    let upload = Upload::receive(site.territory.root().to_owned(), body).await?;
    let name = file_name(&headers);
    let areas = &caller.book.areas;
    let area = sole_community(areas, caller.grant.area).and_then(|area| areas.get(area));
    let area = area.map(|area| SoleArea { area_code: area.code.clone(), area_name: area.name.clone() });
    let code = area.as_ref().map(|area| area.area_code.clone());
    let control = Arc::clone(&site.control);
    let looked = move || -> crate::app::failure::Result<_> {
        let mut table = open(&upload, name.as_deref())?;
        let mut look = look_at_roster(&mut table)?;
        let kept = known::recall(&control, &mut look)?;
        let blanks = blanks_of_roster(table, told.as_ref().unwrap_or(&look.mapping), code.as_deref())?;
        Ok((look, kept, blanks))
    };
    let (look, kept, blanks) = in_place(looked).await??;
    let column_of = |place: usize| {
        look.mapping.columns.iter().find(|(_, taken)| *taken == place).map(|(column, _)| column.en())
    };
    let places = (0..)
        .zip(&look.places)
        .map(|(place, found)| RosterPlace {
            heading: found.heading.clone(),
            column: column_of(place),
            samples: found.samples.clone(),
        })
        .collect();
    let columns = look
        .columns
        .iter()
        .map(|(column, required)| RosterColumn { column: column.en(), zh: column.zh(), required: *required })
        .collect();
    let (sheet, row) = (look.mapping.sheet, look.mapping.row);
    let fill_down = look.mapping.fill_down.iter().map(|column| column.en()).collect();
    let blanks = blanks.into_iter().map(BlankCells::of).collect();
    Ok(Json(RosterColumns { sheet, row, places, columns, kept, fill_down, blanks, area }))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct KeptColumns {
    /// Of the sheet that was looked at, all of them, in its order.
    headings: Vec<String>,
    /// Which column is which, and of which blank cells are taken from the row above:
    /// `sheet.row;name:0,room:3;fill_down=building`.
    columns: String,
}

/// Keep which column is which for the next list with these headings, whoever brings it. The headings themselves are not
/// kept: only a keyed hash of them.
#[utoipa::path(
    put, path = "/v1/roster/columns", tag = "rosters", request_body = KeptColumns,
    responses((status = 204), (status = 403, body = Problem), (status = 422, body = Problem))
)]
async fn keep_columns(
    State(site): State<Site>,
    caller: Caller,
    Json(KeptColumns { headings, columns }): Json<KeptColumns>,
) -> Result<StatusCode, Problem> {
    caller.may(Action::ImportRoster, Scope::Area(caller.grant.area))?;
    let mapping = roster_mapping_of(&columns)?;
    if mapping.columns.iter().any(|(_, place)| *place >= headings.len()) {
        return Err(Problem::field(
            "columns",
            "columns",
            "列的对应指到了表头之外的列；请重新选",
            "a column is said to be where there is no heading; choose again",
        ));
    }
    let control = Arc::clone(&site.control);
    site.territory.read(move |_| known::keep(&control, &headings, &mapping)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) fn require_octets(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind == Some("application/octet-stream") {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "content_type",
        "这里只收 application/octet-stream",
        "only application/octet-stream is taken here",
    )
    .at("Content-Type"))
}

/// `sheet.row;name:0,room:3`.
pub(super) fn mapping_of(text: &str, schema: &Schema) -> Result<Mapping, Problem> {
    mapping_with(text, |columns| Some((known::parse(columns, schema)?, Vec::new())))
}

/// `sheet.row;name:0,room:3;fill_down=building`.
fn roster_mapping_of(text: &str) -> Result<Mapping, Problem> {
    mapping_with(text, known::parse_roster)
}

type Columns = (Vec<(Column, usize)>, Vec<Column>);

fn mapping_with(text: &str, parse: impl FnOnce(&str) -> Option<Columns>) -> Result<Mapping, Problem> {
    let read = || {
        let (place, columns) = text.split_once(';')?;
        let (sheet, row) = place.split_once('.')?;
        let (columns, fill_down) = parse(columns)?;
        Some(Mapping { sheet: sheet.parse().ok()?, row: row.parse().ok()?, columns, fill_down })
    };
    read().ok_or_else(|| {
        Problem::field(
            "columns",
            "columns",
            "列的对应写得不对；应如 0.1;name:0,room:3，名单要照上一行填的写在后面，如 ;fill_down=building",
            "which column is which is not written as 0.1;name:0,room:3, with the columns of a list to take from the row above behind it, as ;fill_down=building",
        )
    })
}

/// The one community that a list of hers can be about: where she has no other, nobody has to say which.
fn sole_community(areas: &AreaTree, own: AreaNumber) -> Option<AreaNumber> {
    let is = |area: AreaNumber, level| areas.get(area).is_some_and(|row| row.level == level);
    if areas.get(own).is_some_and(|row| row.level > Level::Community) {
        return Some(own);
    }
    let mut communities = areas.subtree(own).into_iter().filter(|area| is(*area, Level::Community));
    let first = communities.next()?;
    communities.next().is_none().then_some(first)
}

type Ignorings = Vec<(String, String)>;

/// Takes a list in and imports it, or finds out what importing it would do, on the writer. What `begin` makes of the
/// header hears of the rows.
async fn read<R: Refusals + Send + 'static>(
    site: Site,
    caller: Caller,
    query: ImportQuery,
    headers: &HeaderMap,
    body: Body,
    begin: impl FnOnce(&Header) -> crate::app::failure::Result<R> + Send + 'static,
) -> Result<(Tally, R, Ignorings), Problem> {
    caller.may(Action::ImportRoster, Scope::Area(caller.grant.area))?;
    require_octets(headers)?;
    let source = source_of(query.source.as_deref(), headers)?;
    let mapping = query.columns.as_deref().map(roster_mapping_of).transpose()?;
    let area = match query.area.as_deref() {
        Some(code) => {
            let area = scope::area(&caller, Action::ImportRoster, Some(code), "area")?;
            Some(caller.book.areas.code(area).to_owned())
        }
        None => sole_community(&caller.book.areas, caller.grant.area)
            .map(|area| caller.book.areas.code(area).to_owned()),
    };
    let permit = site.imports.clone().try_acquire_owned().map_err(|_| {
        Problem::conflict(
            "import_running",
            "正在导入另一份名单；请稍候再试",
            "another list is being imported; try again in a moment",
        )
        .retry_after(5)
    })?;
    let upload = Upload::receive(site.territory.root().to_owned(), body).await?;
    let name = file_name(headers);
    let (within, actor, dry_run) = (caller.grant.area, caller.actor(), query.dry_run);
    let read = move |store: &mut Store, now| {
        let _permit = permit;
        let today = campaign_zone()
            .to_datetime(jiff::Timestamp::from_millisecond(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
            .date();
        let table = open(&upload, name.as_deref())?;
        let reader = match (&mapping, area.as_deref()) {
            (Some(mapping), area) => read_roster_mapped(table, today, mapping, area)?,
            (None, Some(area)) => read_roster_of_area(table, today, area)?,
            (None, None) => read_roster(table, today)?,
        };
        let roster = Roster {
            source: &source,
            digest: upload.digest,
            bytes: upload.bytes,
            actor: Some(actor),
            within: Some(within),
        };
        let ignored = reader.header().ignored();
        let mut refusals = begin(reader.header())?;
        let tally = import_roster(store, reader, &roster, dry_run, now, &mut refusals, &mut |_| {})?;
        Ok((tally, refusals, ignored))
    };
    Ok(site.territory.write(read).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_comes_percent_encoded() {
        let named = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-file-name", header::HeaderValue::from_static(value));
            file_name(&headers)
        };
        assert_eq!(named("%E5%90%8D%E5%8D%95.csv").as_deref(), Some("名单.csv"));
        assert_eq!(named("a+b&c%3Dd.csv").as_deref(), Some("a+b&c=d.csv"));
        assert_eq!(file_name(&HeaderMap::new()), None);
    }
}
