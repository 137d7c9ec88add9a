//! What lies on the secretary's desk of the demonstration beside its cases: her community's map, and what residents said
//! with their slips. Nobody in it ever lived, and no such houses stand there.

use domain::id::{ActorId, DwellingId, PersonId};
use domain::identity::Identity;
use domain::slip::{What, request_words};
use domain::time::{Millis, day_of, from_day};
use intake::map::{MapItem, Named, Ring, Shape};
use store::{Control, Reader, Store};

use super::draw_map::match_map;
use super::failure::{Failure, Result};
use super::slips;

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;
/// What the slips show; no telephone in the country has it.
pub const OFFICE_PHONE: &str = "02700000000";
/// A corner of the map, longitude and latitude in degrees.
const CORNER: [f64; 2] = [114.2986, 30.6072];
/// Of a house, and from house to house, in degrees: rows of slabs as they stand in old quarters.
const HOUSE: [f64; 2] = [0.00052, 0.000_13];
const STEP: [f64; 2] = [0.00068, 0.000_36];
const HOUSES_IN_ROW: usize = 2;
/// How far each row lies east of the one before: the street runs aslant.
const SLANT: f64 = 0.000_09;

/// A slip for the door whose residents have said nothing yet, good for a day: its code opens the resident's page. None if
/// nobody there was ever given one.
///
/// # Errors
/// Those of the storage.
pub fn slip_of_today(
    store: &mut Store,
    control: &Control,
    actor: ActorId,
    community: &str,
    now: Millis,
) -> Result<Option<String>> {
    let mut reader = Reader::open(&store.directory().root, store.key())?;
    let Some(area) = reader.book().areas.number(community) else { return Ok(None) };
    let first = reader.slips(area)?.into_iter().min_by_key(|(id, _)| *id);
    let Some((_, first)) = first else { return Ok(None) };
    let given = slips::issue(store, control, actor, &[first.dwelling], (OFFICE_PHONE, now + DAY), now)?;
    Ok(given.into_iter().next().map(|(_, code)| code))
}

/// Draws the buildings of a community, with the street before them.
///
/// # Errors
/// Those of the storage.
pub fn draw(
    store: &mut Store,
    reader: &mut Reader,
    actor: ActorId,
    community: &str,
    now: Millis,
) -> Result<()> {
    reader.refresh()?;
    let unknown = || Failure::new("unknown_area", community, community);
    let area = reader.book().areas.number(community).ok_or_else(unknown)?;
    let mut names: Vec<String> = reader.building_names(area)?.into_values().collect();
    names.sort_by_key(|name| (name.len(), name.clone()));
    let rows = names.len().div_ceil(HOUSES_IN_ROW);
    let mut shapes: Vec<(Named, Ring)> = Vec::new();
    let mut here = (0, 0);
    for name in names {
        let (column, row) = here;
        shapes.push((Named::Building(name), slab(corner(column, row), HOUSE)));
        here = if column + 1 == HOUSES_IN_ROW { (0, row + 1) } else { (column + 1, row) };
    }
    let street = [HOUSE[0] * 2.6, HOUSE[1] * 0.8];
    shapes.push((Named::Unnamed, slab(corner(0, rows), street)));
    let items = (1..)
        .zip(shapes)
        .map(|(feature, (named, ring))| MapItem::Shape(Shape { feature, named, polygons: vec![vec![ring]] }));
    let drawing = match_map(reader, area, items.collect())?;
    let source = "演示测绘.geojson";
    store.write(now, |batch| batch.draw_map(actor, community, source, &drawing.bytes, drawing.shapes))?;
    Ok(())
}

fn corner(column: usize, row: usize) -> [f64; 2] {
    let count = |number: usize| f64::from(u16::try_from(number).unwrap_or(u16::MAX));
    [CORNER[0] + count(column) * STEP[0] + count(row) * SLANT, CORNER[1] - count(row) * STEP[1]]
}

/// A house that leans with the street, from its corner in the south-west.
fn slab([west, south]: [f64; 2], [long, deep]: [f64; 2]) -> Ring {
    let lean = deep * 0.27;
    let first = [west, south];
    vec![
        first,
        [west + long, south + lean],
        [west + long - lean, south + deep + lean],
        [west - lean, south + deep],
        first,
    ]
}

/// Gives slips to some doors, the first of which has said nothing yet; of the others one has reported who lives there and
/// two have asked for something.
///
/// # Errors
/// Those of the storage, and `slip_shut` if what was just given does not open.
pub fn tell(
    store: &mut Store,
    control: &Control,
    actor: ActorId,
    doors: &[DwellingId; 4],
    now: Millis,
) -> Result<()> {
    let given_at = now - 2 * DAY;
    let given = slips::issue(store, control, actor, doors, (OFFICE_PHONE, now + 30 * DAY), given_at)?;
    let help = |kinds: &[&str], text: &str| {
        let kinds: Vec<String> = kinds.iter().map(|kind| (*kind).to_owned()).collect();
        request_words(&kinds, text).unwrap_or_default()
    };
    let newborn = Identity {
        name: "许小满".into(),
        sex: "女".into(),
        birth_date: from_day(day_of(now) - 190).to_string(),
        relation: "女儿".into(),
        ..Identity::default()
    };
    let grandmother = Identity {
        name: "许佩兰".into(),
        sex: "女".into(),
        birth_date: "1951-08-02".into(),
        relation: "母亲".into(),
        ..Identity::default()
    };
    let note = |note: String| Identity { note, ..Identity::default() };
    let medicine = note(help(&["medicine"], "降压药只够两天了，请帮忙带一盒。"));
    let correction = note("父亲的出生日期写错了，应该是1949年3月12日。".into());
    let said: [(Millis, What, &[Identity]); 3] = [
        (26 * HOUR, What::Person, &[grandmother, newborn]),
        (5 * HOUR, What::Help, &[medicine]),
        (2 * HOUR, What::Correction, &[correction]),
    ];
    for ((ago, what, all), (slip, _)) in said.into_iter().zip(given.iter().skip(1)) {
        let about: Option<PersonId> = None;
        slips::say(store, *slip, (what, about), all, now - ago)?.map_err(|_| {
            Failure::new("slip_shut", "刚发的便条打不开", "a slip that was just given does not open")
        })?;
    }
    Ok(())
}
