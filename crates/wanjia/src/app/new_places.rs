//! Buildings, units and doors that a list of people would add, and which of them look like a slip of one that is known: a letter O
//! for a nought, one character off. A list adds what it names, so that a slip becomes a door that nobody can ever reach.

use std::collections::BTreeMap;
use std::collections::hash_map::Entry;

use domain::apply;
use domain::area::AreaNumber;
use domain::door::{door_key, written_alike};
use domain::state::{Book, Labels, State};
use intake::message::Lang;
use rustc_hash::{FxHashMap, FxHashSet};
use store::Batch;

use super::addresses::{community_of, door_in_words};
use super::roster_rows::Address;

/// So many places are told one by one, and so many rows of each.
const TOLD: usize = 500;
const ROWS: usize = 10;

/// A label of one character is one off from any other: it is held for a slip only where so few doors carry it.
const FEW: u64 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlaceKind {
    Building,
    Unit,
    Door,
}

impl PlaceKind {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Building => "building",
            Self::Unit => "unit",
            Self::Door => "door",
        }
    }
}

/// What a new place may have been meant for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Alike {
    Known(Labels),
    /// The building is known, and its doors have no units.
    NoUnits,
    /// The building has no name, where the list names the buildings of the same area in other rows: a cell was left empty.
    NoBuilding,
}

/// A place that nobody knew before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlace {
    pub kind: PlaceKind,
    pub address: Address,
    /// How many doors of it are new.
    pub doors: u64,
    /// The first rows that name it.
    pub rows: Vec<u64>,
    pub alike: Option<Alike>,
}

impl NewPlace {
    /// In Chinese and in English.
    #[must_use]
    pub fn in_words(&self, book: &Book) -> [String; 2] {
        [Lang::Zh, Lang::En].map(|lang| {
            let at = Address { labels: self.labels(&self.address.labels), ..self.address.clone() };
            // What has no label is its area alone, with nothing behind it.
            let place = at.in_words(lang, book);
            let place = place.trim_end();
            let kind = match self.kind {
                _ if self.alike == Some(Alike::NoBuilding) => lang.pick("没有楼栋", "no building"),
                PlaceKind::Building => lang.pick("新楼栋", "new building"),
                PlaceKind::Unit => lang.pick("新单元", "new unit"),
                PlaceKind::Door => lang.pick("新门牌", "new door"),
            };
            let rows: Vec<String> = self.rows.iter().map(u64::to_string).collect();
            let rows = rows.join(lang.pick("、", ", "));
            let etc = if self.rows.len() >= ROWS { lang.pick(" 等", " …") } else { "" };
            let doors = match (self.kind, lang) {
                (PlaceKind::Door, _) => String::new(),
                (_, Lang::Zh) => format!("，{} 户", self.doors),
                (_, Lang::En) if self.doors == 1 => ", 1 door".to_owned(),
                (_, Lang::En) => format!(", {} doors", self.doors),
            };
            let mut told = match lang {
                Lang::Zh => format!("{kind}：{place}（第 {rows}{etc} 行{doors}）"),
                Lang::En => format!("{kind}: {place} (row {rows}{etc}{doors})"),
            };
            match &self.alike {
                Some(Alike::Known(labels)) => {
                    let known = door_in_words(lang, &self.labels(labels));
                    told += &lang
                        .pick(
                            "。像是已有的 {known} 写错了",
                            "; it looks like a slip of {known}, which is known",
                        )
                        .replace("{known}", &known);
                }
                Some(Alike::NoUnits) => {
                    told += lang.pick("。这栋楼原来不分单元", "; the doors of this building have no units");
                }
                Some(Alike::NoBuilding) => {
                    told += lang.pick(
                        "。同一区域的别的行写了楼栋，这里像是漏了",
                        "; other rows of the same area have one, so it looks left out",
                    );
                }
                None => {}
            }
            told
        })
    }

    /// As much of a door's labels as the place has.
    fn labels(&self, Labels { building, unit, room }: &Labels) -> Labels {
        let (unit, room) = match self.kind {
            PlaceKind::Building => (String::new(), String::new()),
            PlaceKind::Unit => (unit.clone(), String::new()),
            PlaceKind::Door => (unit.clone(), room.clone()),
        };
        Labels { building: building.clone(), unit, room }
    }
}

/// What is new, those first that look like a slip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewPlaces {
    pub buildings: u64,
    pub units: u64,
    pub told: Vec<NewPlace>,
}

/// The keys of the buildings and units of a community before the list was read, each with a spelling of it, and what is new.
#[derive(Default)]
struct Community {
    known: FxHashMap<String, FxHashMap<String, Labels>>,
    new: BTreeMap<(String, Option<String>), NewPlace>,
}

/// Watches which places a list adds.
#[derive(Default)]
pub struct Watch {
    communities: FxHashMap<AreaNumber, Community>,
    /// Doors whose labels could be read as another door's.
    doubtful: Vec<(AreaNumber, NewPlace)>,
    /// Areas of which some row of the list names a building, and those in which a new door has none.
    named: FxHashSet<AreaNumber>,
    nameless: FxHashSet<AreaNumber>,
}

impl Watch {
    /// Every row about a door, known or not, with its key: what the others of an area have is missing where one lacks it.
    pub fn pass(&mut self, area: AreaNumber, key: &str) {
        if !key.starts_with('\u{1f}') {
            self.named.insert(area);
        }
    }

    /// Before a door is registered that is not known in its area.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn note(
        &mut self,
        batch: &mut Batch<'_>,
        area: AreaNumber,
        labels: &Labels,
        row: u64,
    ) -> store::Result<()> {
        let community = community_of(batch.state().book(), area);
        let of = match self.communities.entry(community) {
            Entry::Occupied(of) => of.into_mut(),
            Entry::Vacant(new) => {
                let known = known_in(batch, community)?;
                new.insert(Community { known, ..Community::default() })
            }
        };
        let key = door_key(&labels.building, &labels.unit, &labels.room);
        let mut parts = key.split('\u{1f}').map(ToOwned::to_owned);
        let (building, unit) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        let address = Address { community, labels: labels.clone() };
        let place =
            |kind| NewPlace { kind, address: address.clone(), doors: 0, rows: Vec::new(), alike: None };
        if building.is_empty() {
            self.nameless.insert(area);
        }
        let new = match of.known.get(&building) {
            None => Some((PlaceKind::Building, (building, None))),
            Some(units) if !units.contains_key(&unit) => Some((PlaceKind::Unit, (building, Some(unit)))),
            Some(_) => None,
        };
        if let Some((kind, key)) = new {
            let new = of.new.entry(key).or_insert_with(|| place(kind));
            new.doors += 1;
            if new.rows.len() < ROWS {
                new.rows.push(row);
            }
        }
        if written_alike(&key) != key && self.doubtful.len() < TOLD {
            self.doubtful.push((area, NewPlace { doors: 1, rows: vec![row], ..place(PlaceKind::Door) }));
        }
        Ok(())
    }

    /// After all rows.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn finish(self, batch: &mut Batch<'_>) -> store::Result<NewPlaces> {
        let mut found = NewPlaces::default();
        for (area, mut place) in self.doubtful {
            let Labels { building, unit, room } = &place.address.labels;
            let meant = written_alike(&door_key(building, unit, room));
            let Some(known) = apply::find_door(batch.state(), area, &meant)? else { continue };
            place.alike = batch.state().labels(known)?.map(Alike::Known);
            found.told.push(place);
        }
        let book = batch.state().book();
        let left_out: FxHashSet<AreaNumber> =
            self.nameless.intersection(&self.named).map(|area| community_of(book, *area)).collect();
        let mut communities: Vec<_> = self.communities.into_values().collect();
        communities.sort_by_key(|of| of.new.values().next().map(|place| place.address.community));
        for Community { known, new } in communities {
            for ((building, unit), mut place) in new {
                match unit {
                    None => found.buildings += 1,
                    Some(_) => found.units += 1,
                }
                let is_left_out = building.is_empty() && left_out.contains(&place.address.community);
                place.alike = match unit {
                    None if is_left_out => Some(Alike::NoBuilding),
                    unit => alike(&known, &building, unit.as_deref(), place.doors),
                };
                // The first list of a community adds all of it.
                if !known.is_empty() || place.alike.is_some() {
                    found.told.push(place);
                }
            }
        }
        found.told.sort_by_key(|place| (place.alike.is_none(), place.rows.first().copied()));
        found.told.truncate(TOLD);
        Ok(found)
    }
}

fn known_in(
    batch: &mut Batch<'_>,
    community: AreaNumber,
) -> store::Result<FxHashMap<String, FxHashMap<String, Labels>>> {
    let mut known: FxHashMap<String, FxHashMap<String, Labels>> = FxHashMap::default();
    for area in batch.state().book().areas.subtree(community) {
        for labels in batch.stairs_of(area)? {
            let key = door_key(&labels.building, &labels.unit, "");
            let mut parts = key.split('\u{1f}');
            let (building, unit) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            known.entry(building.to_owned()).or_default().entry(unit.to_owned()).or_insert(labels);
        }
    }
    Ok(known)
}

/// What is known that a new building, or a new unit of a known one, may have been meant for.
fn alike(
    known: &FxHashMap<String, FxHashMap<String, Labels>>,
    building: &str,
    unit: Option<&str>,
    doors: u64,
) -> Option<Alike> {
    let near = |one: &str, other: &str| {
        written_alike(one) == written_alike(other)
            || (is_one_off(one, other) && (one.chars().count() > 1 || doors <= FEW))
    };
    let mut found: Vec<&Labels> = match unit {
        None => {
            let near = known.iter().filter(|(key, _)| near(building, key));
            near.filter_map(|(_, units)| units.values().next()).collect()
        }
        Some(unit) => {
            let units = known.get(building)?;
            if units.keys().all(String::is_empty) {
                return Some(Alike::NoUnits);
            }
            units
                .iter()
                .filter(|(key, _)| !key.is_empty() && near(unit, key))
                .map(|(_, labels)| labels)
                .collect()
        }
    };
    found.sort_by(|one, other| (&one.building, &one.unit).cmp(&(&other.building, &other.unit)));
    found.first().map(|labels| Alike::Known((*labels).clone()))
}

/// Whether one character is another, too many or missing.
fn is_one_off(one: &str, other: &str) -> bool {
    let (mut long, mut short): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if long.len() < short.len() {
        std::mem::swap(&mut long, &mut short);
    }
    let same = long.iter().zip(&short).take_while(|(a, b)| a == b).count();
    match long.len() - short.len() {
        0 => same < long.len() && long[same + 1..] == short[same + 1..],
        1 => !short.is_empty() && long[same + 1..] == short[same..],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_character_off() {
        for (one, other) in [("12", "13"), ("12", "112"), ("12", "2"), ("3O1", "301"), ("A", "B")] {
            assert!(is_one_off(one, other) && is_one_off(other, one), "{one} {other}");
        }
        for (one, other) in [("12", "12"), ("12", "34"), ("1", ""), ("12", "1234"), ("12", "21")] {
            assert!(!is_one_off(one, other) && !is_one_off(other, one), "{one} {other}");
        }
    }
}
