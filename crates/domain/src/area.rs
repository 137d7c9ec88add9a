//! The tree of areas: from the province down to the grid.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::id::{AreaId, Id};

/// How high an area stands. The numbers are those of the facts and never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Level {
    Province = 0,
    City = 1,
    County = 2,
    Township = 3,
    Community = 4,
    Compound = 5,
    Grid = 6,
    /// An area without residents, such as an industrial zone.
    Zone = 7,
}

impl Level {
    pub const ALL: [Self; 8] = [
        Self::Province,
        Self::City,
        Self::County,
        Self::Township,
        Self::Community,
        Self::Compound,
        Self::Grid,
        Self::Zone,
    ];

    #[must_use]
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|level| *level as u64 == code)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Township => "township",
            Self::Community => "community",
            Self::Compound => "compound",
            Self::Grid => "grid",
            Self::Zone => "zone",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Level {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|level| level.as_str() == text).ok_or_else(|| text.to_owned())
    }
}

/// An area's place in the [`AreaTree`]: dense, in order of registration, so equal facts give equal numbers.
pub type AreaNumber = u32;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Area {
    pub code: String,
    pub name: String,
    pub level: Level,
    pub parent: Option<AreaNumber>,
}

/// Every area of a territory, in memory: even a whole province has under a million.
#[derive(Clone, Debug, Default)]
pub struct AreaTree {
    areas: Vec<Area>,
    by_code: HashMap<String, AreaNumber>,
    by_id: HashMap<AreaId, AreaNumber>,
    children: Vec<Vec<AreaNumber>>,
}

impl AreaTree {
    #[must_use]
    pub fn len(&self) -> usize {
        self.areas.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.areas.is_empty()
    }

    #[must_use]
    pub fn number(&self, code: &str) -> Option<AreaNumber> {
        self.by_code.get(code).copied()
    }

    #[must_use]
    pub fn of_id(&self, id: AreaId) -> Option<AreaNumber> {
        self.by_id.get(&id).copied()
    }

    #[must_use]
    pub fn get(&self, number: AreaNumber) -> Option<&Area> {
        self.areas.get(number as usize)
    }

    /// The area's code, or an empty text if there is no such area.
    #[must_use]
    pub fn code(&self, number: AreaNumber) -> &str {
        self.get(number).map_or("", |area| area.code.as_str())
    }

    /// What the codes of all counties, and of whatever lies in none, begin with: of one county its own code, whether or not its
    /// city and province are known too. Nothing in an empty territory.
    #[must_use]
    pub fn shared_code(&self) -> &str {
        let is_above = |area: &Area| area.level < Level::County;
        let parent = |area: &Area| area.parent.and_then(|parent| self.get(parent));
        let is_top = |area: &&Area| !is_above(area) && parent(area).is_none_or(is_above);
        let mut tops = self.areas.iter().filter(is_top).map(|area| area.code.as_str());
        let first = tops.next().unwrap_or_default();
        tops.fold(first, |shared, code| {
            let same = shared.bytes().zip(code.bytes()).take_while(|(one, other)| one == other).count();
            // Codes are ASCII; of one that is not, nothing is shared.
            shared.get(..same).unwrap_or_default()
        })
    }

    #[must_use]
    pub fn children(&self, number: AreaNumber) -> &[AreaNumber] {
        self.children.get(number as usize).map_or(&[], Vec::as_slice)
    }

    pub fn iter(&self) -> impl Iterator<Item = (AreaNumber, &Area)> {
        (0..).zip(&self.areas)
    }

    /// Adds an area, or renames one that is known by its code (its level and parent stay as they are).
    pub fn register(&mut self, area: Area) -> AreaNumber {
        if let Some(number) = self.number(&area.code) {
            if let Some(known) = self.areas.get_mut(number as usize) {
                known.name = area.name;
            }
            return number;
        }
        let number = u32::try_from(self.areas.len()).unwrap_or(u32::MAX);
        if let Some(children) = area.parent.and_then(|parent| self.children.get_mut(parent as usize)) {
            children.push(number);
        }
        self.by_id.insert(Id::of_area(&area.code), number);
        self.by_code.insert(area.code.clone(), number);
        self.areas.push(area);
        self.children.push(Vec::new());
        number
    }

    /// The area itself and every area above it, lowest first.
    pub fn path(&self, number: AreaNumber) -> impl Iterator<Item = AreaNumber> {
        std::iter::successors(Some(number), |at| self.get(*at).and_then(|area| area.parent))
    }

    /// Whether `number` is `within` or lies below it.
    #[must_use]
    pub fn is_within(&self, number: AreaNumber, within: AreaNumber) -> bool {
        self.path(number).any(|at| at == within)
    }

    /// The area and all below it, parents before children.
    #[must_use]
    pub fn subtree(&self, number: AreaNumber) -> Vec<AreaNumber> {
        let mut found = vec![number];
        let mut next = 0;
        while let Some(at) = found.get(next).copied() {
            found.extend(self.children(at));
            next += 1;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_territory_is_known_by_what_its_counties_share() {
        let mut tree = AreaTree::default();
        assert_eq!(tree.shared_code(), "");
        let mut add = |code: &str, level, parent| {
            tree.register(Area { code: code.into(), name: code.into(), level, parent });
            tree.shared_code().to_owned()
        };
        assert_eq!(add("42", Level::Province, None), "", "a province alone is no county");
        assert_eq!(add("420102", Level::County, Some(0)), "420102");
        assert_eq!(add("420102001", Level::Township, Some(1)), "420102");
        assert_eq!(add("420103", Level::County, Some(0)), "42010");
        assert_eq!(add("430101001", Level::Township, None), "4");
    }
}
