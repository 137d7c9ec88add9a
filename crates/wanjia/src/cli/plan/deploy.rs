use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Instant;

use planning::deploy::{Deployment, Limits, MAX_ROLES, Need, Person, Place, Roles, Unplaced, plan};
use serde_json::json;

use super::place::{Coordinates, Located};
use super::report::{self, Output, Uncovered};
use super::table::{Problem, Table, write};
use crate::app::plans::role::Role;

/// Staff to communities with the least total travel.
///
/// staff.csv: staff_id and x_m,y_m (metres) or lon,lat; optional skills and limits, words apart by
/// spaces (limits such as no_nights). communities.csv: community_id, x_m,y_m or lon,lat, need (anyone);
/// optional minimum, need_SKILL (only who lists the skill), duty_NAME (anyone without the limit no_NAME).
/// Written: staff_id,community_id,role,distance_m,reason; an empty community is someone not placed, and
/// the reason says why: no_place, no_role, too_far, no_room_left.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    /// Who can be sent
    #[arg(long)]
    staff: PathBuf,
    /// Where they are needed
    #[arg(long)]
    communities: PathBuf,
    /// Send nobody farther than this
    #[arg(long)]
    max_km: Option<f64>,
    /// Where the plan goes
    #[arg(long)]
    out: PathBuf,
    #[command(flatten)]
    output: Output,
}

pub fn run(args: &Args) -> Result<(), Problem> {
    let began = Instant::now();
    let staff = Table::read(&args.staff)?;
    let communities = Table::read(&args.communities)?;
    let mut uncovered = Vec::new();
    let (roles, places) = read_places(&communities, &mut uncovered)?;
    let people = read_people(&staff, &roles, &mut uncovered)?;
    let limits = Limits { max_m: args.max_km.map(|km| (km * 1000.0) as i64), ..Limits::default() };
    let deployment = plan(&people, &places, &limits);

    let staff_id = staff.column("staff_id")?;
    let community_id = communities.column("community_id")?;
    let rows = deployment.postings.iter().enumerate().map(|(row, posting)| {
        let id = Cow::Borrowed(staff.text(row, staff_id));
        match posting {
            Ok(posting) => [
                id,
                communities.text(posting.place, community_id).into(),
                roles[posting.role].name().into(),
                posting.distance_m.to_string().into(),
                "".into(),
            ],
            Err(reason) => [id, "".into(), "".into(), "".into(), code(*reason).into()],
        }
    });
    write(&args.out, &["staff_id", "community_id", "role", "distance_m", "reason"], rows)?;
    let placed = deployment.postings.iter().filter(|posting| posting.is_ok()).count();
    let facts = [
        ("placed", "已派", json!(placed)),
        ("unplaced", "未派", json!(deployment.postings.len() - placed)),
        ("short", "缺员处（社区×岗位）", json!(deployment.shortages.len())),
        ("exact", "精确求解", json!(deployment.exact)),
    ];
    name_uncovered(&deployment, (&staff, staff_id), (&communities, community_id), &roles, &mut uncovered);
    report::print(&args.output, ("米", "m"), deployment.travel, &uncovered, &facts, began)
}

fn read_places(table: &Table, uncovered: &mut Vec<Uncovered>) -> Result<(Vec<Role>, Vec<Place>), Problem> {
    let mut roles = vec![Role::Anyone];
    let mut columns = vec![table.optional("need")];
    for (column, name) in table.prefixed("need_") {
        roles.push(Role::Skill(name.to_owned()));
        columns.push(Some(column));
    }
    for (column, name) in table.prefixed("duty_") {
        roles.push(Role::Duty(name.to_owned()));
        columns.push(Some(column));
    }
    if roles.len() > MAX_ROLES {
        return Err(Problem::new(
            format!("communities：最多 {} 种岗位", MAX_ROLES - 1),
            format!("communities: at most {} need_ and duty_ columns", MAX_ROLES - 1),
        ));
    }
    if columns.iter().all(Option::is_none) {
        table.column("need")?;
    }
    let id = table.column("community_id")?;
    let coordinates = Coordinates::find(table)?;
    let minimum = table.optional("minimum");
    let mut places = Vec::with_capacity(table.len());
    for row in 0..table.len() {
        let mut needs = Vec::new();
        for (role, &column) in columns.iter().enumerate() {
            if let Some(count) = table.parse_optional::<u32>(row, column)?.filter(|&count| count > 0) {
                let minimum = if role == 0 { table.parse_optional(row, minimum)?.unwrap_or(0) } else { 0 };
                needs.push(Need { role, count, minimum });
            }
        }
        let at = coordinates.read(table, row)?.or_uncovered(table.text(row, id), uncovered);
        places.push(Place { at, needs });
    }
    Ok((roles, places))
}

fn read_people(
    table: &Table,
    roles: &[Role],
    uncovered: &mut Vec<Uncovered>,
) -> Result<Vec<Person>, Problem> {
    let id = table.column("staff_id")?;
    let coordinates = Coordinates::find(table)?;
    let (skills, limits) = (table.optional("skills"), table.optional("limits"));
    let words = |row, column: Option<_>| column.map_or("", |column| table.text(row, column));
    (0..table.len())
        .map(|row| {
            let (skills, limits) = (words(row, skills), words(row, limits));
            let roles = (0..)
                .zip(roles)
                .filter(|(_, role)| role.suits(skills, limits))
                .fold(0, |bits: Roles, (bit, _)| bits | 1 << bit);
            let home = match coordinates.read(table, row)? {
                Located::At(x, y) => Some((x, y)),
                // Someone without a place at all is named among the unplaced.
                Located::Missing => None,
                swapped @ Located::Swapped => swapped.or_uncovered(table.text(row, id), uncovered),
            };
            Ok(Person { home, roles })
        })
        .collect()
}

fn code(reason: Unplaced) -> &'static str {
    match reason {
        Unplaced::NoHome => "no_place",
        Unplaced::NoRole => "no_role",
        Unplaced::TooFar(_) => "too_far",
        Unplaced::NoRoomLeft => "no_room_left",
    }
}

fn name_uncovered(
    deployment: &Deployment,
    (staff, staff_id): (&Table, super::table::Column),
    (communities, community_id): (&Table, super::table::Column),
    roles: &[Role],
    uncovered: &mut Vec<Uncovered>,
) {
    for shortage in &deployment.shortages {
        let name = communities.text(shortage.place, community_id).to_owned();
        let (role, missing) = (roles[shortage.role].name(), shortage.missing);
        let (zh, en) = if shortage.below_minimum > 0 {
            ("，低于最低人数", ", below its minimum")
        } else {
            ("", "")
        };
        uncovered.push(Uncovered {
            code: "short_of_staff",
            zh: format!("社区 {name} 缺 {missing} 人 {role}{zh}"),
            en: format!("community {name} is {missing} short {role}{en}"),
            name,
        });
    }
    for (row, reason) in deployment.postings.iter().enumerate() {
        let Err(reason) = *reason else { continue };
        let name = staff.text(row, staff_id).to_owned();
        let (zh, en) = match reason {
            Unplaced::NoHome => ("没有可用的住址坐标".into(), "has no usable place".into()),
            Unplaced::NoRole => {
                ("没有社区需要此人能做的岗位".into(), "no community needs a role they may fill".into())
            }
            Unplaced::TooFar(metres) => (
                format!("最近的岗位在 {metres} 米外，超过上限"),
                format!("the nearest post is {metres} m away, beyond the limit"),
            ),
            Unplaced::NoRoomLeft => {
                ("够得着的社区都已满员".into(), "every community in reach has all it asked for".to_owned())
            }
        };
        let (zh, en): (String, String) = (zh, en);
        uncovered.push(Uncovered {
            code: code(reason),
            zh: format!("{name}：{zh}"),
            en: format!("{name}: {en}"),
            name,
        });
    }
}
