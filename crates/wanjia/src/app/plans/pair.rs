//! A pairing as the console drafts it: the lists of `wanjia plan pair`.

use std::collections::HashMap;

use domain::plan::{Open, Slot};
use planning::pair::{Place, Unit, plan};

use super::located::{Coordinates, apart};
use super::sheet::Wrong;
use super::{Broken, Figure, Held, Idle, Input, Judged, LABEL_LIMIT, Leg, NAME_LIMIT, Solved, Way};

/// What a change of unit weighs, in metres, as `wanjia plan pair` has it.
const CHANGE_M: i64 = 1000;
/// Which unit might have which place is looked at pair by pair.
const PAIRS: usize = 1_000_000;

pub struct Pairing {
    pub names: Vec<String>,
    pub slots: Vec<Slot>,
    pub today: Held,
    units: Vec<Unit>,
    places: Vec<Place>,
}

impl Pairing {
    /// # Errors
    /// What is wrong with the lists, by file, row and column.
    pub fn read(input: &Input) -> Result<Self, Wrong> {
        let (unit_sheet, place_sheet) = (input.sheet("units")?, input.sheet("places")?);
        let names = unit_sheet.names(unit_sheet.column("unit_id")?, NAME_LIMIT)?;
        let labels = place_sheet.names(place_sheet.column("place_id")?, LABEL_LIMIT)?;
        if names.len().saturating_mul(labels.len()) > PAIRS {
            let (zh, en) = (
                format!("{} 个单位乘 {} 处太多；请分片制定", names.len(), labels.len()),
                format!("{} units by {} places are too many; plan in parts", names.len(), labels.len()),
            );
            return Err(Wrong::new("places", "too_large", zh, en));
        }
        let numbers: HashMap<&str, usize> =
            names.iter().enumerate().map(|(unit, name)| (name.as_str(), unit)).collect();
        let (at, staff) = (Coordinates::find(&unit_sheet)?, unit_sheet.optional("staff"));
        let mut units = Vec::with_capacity(names.len());
        for row in 0..unit_sheet.rows() {
            let staff = unit_sheet.number(row, staff, 1_000_000)?.unwrap_or(1);
            units.push(Unit { at: at.read(&unit_sheet, row)?, staff });
        }
        let at = Coordinates::find(&place_sheet)?;
        let [households, today] = ["households", "unit_id"].map(|title| place_sheet.optional(title));
        let (mut places, mut slots, mut held) = (Vec::new(), Vec::new(), vec![Vec::new(); names.len()]);
        for (row, label) in labels.into_iter().enumerate() {
            let households = place_sheet.number(row, households, 10_000_000)?.unwrap_or(0);
            let today = numbers.get(place_sheet.text_of(row, today)).copied();
            if let Some(unit) = today {
                held[unit].push(row as u32);
            }
            let at = at.read(&place_sheet, row)?;
            places.push(Place { at, households, today });
            slots.push(Slot { label, need: 1, at, households, ..Slot::default() });
        }
        Ok(Self { names, slots, today: held, units, places })
    }

    pub fn solve(&self) -> Solved {
        let pairing = plan(&self.units, &self.places, CHANGE_M);
        let mut held = vec![Vec::new(); self.units.len()];
        for (place, unit) in (0..).zip(&pairing.unit_of) {
            if let Some(unit) = unit {
                held[*unit].push(place);
            }
        }
        Solved { held, bound: pairing.cost.lower_bound as u64 }
    }

    pub fn judge(&self, held: &Held, solved: &Solved) -> Judged {
        let mut unit_of: Vec<Option<usize>> = vec![None; self.places.len()];
        let mut broken = Vec::new();
        for (unit, slots) in held.iter().enumerate() {
            for slot in slots {
                let rule = if unit_of[*slot as usize].replace(unit).is_some() {
                    Some(("twice", "有两个单位包保", "is looked after by two units"))
                } else if self.units[unit].at.is_none() || self.units[unit].staff == 0 {
                    Some(("cannot_hold", "这个单位没有坐标或没有人", "this unit has no place or no staff"))
                } else {
                    None
                };
                if let Some((code, zh, en)) = rule {
                    broken.push(Broken { holder: Some(unit), slot: *slot, code, zh, en });
                }
            }
        }
        let (mut objective, mut changed, mut open) = (0, 0, Vec::new());
        for (place, unit) in self.places.iter().zip(&unit_of) {
            let metres = unit.and_then(|unit| Some(apart(self.units[unit].at?, place.at?)));
            objective += metres.unwrap_or(0);
            if place.today.is_some() && place.today != *unit {
                changed += 1;
                objective += if unit.is_some() { CHANGE_M } else { 0 };
            }
        }
        for (place, _) in unit_of.iter().enumerate().filter(|(_, unit)| unit.is_none()) {
            let name = &self.slots[place].label;
            open.push(Open {
                code: "no_unit".into(),
                zh: format!("{name} 没有单位包保"),
                en: format!("{name}: no unit looks after it"),
            });
        }
        let even = self.uneven(held, &mut open);
        let complete = unit_of.iter().all(Option::is_some);
        Judged {
            objective: u64::try_from(objective).unwrap_or(0),
            bound: (complete && even).then_some(solved.bound),
            open,
            broken,
            figures: vec![Figure {
                code: "changed",
                zh: "换了单位",
                en: "places that change their unit",
                value: changed.to_string(),
            }],
            ways: (0..).zip(held).map(|(unit, slots)| self.way(unit, slots)).collect(),
            idle: self.idle(held),
        }
    }

    fn way(&self, unit: usize, slots: &[u32]) -> Way {
        let metres = |slot: &u32| {
            let metres = apart(self.units[unit].at?, self.places[*slot as usize].at?);
            u64::try_from(metres).ok()
        };
        let legs: Vec<Leg> = slots.iter().map(|slot| Leg { metres: metres(slot), minute: None }).collect();
        Way { metres: legs.iter().filter_map(|leg| leg.metres).sum(), legs }
    }

    fn idle(&self, held: &Held) -> Vec<Idle> {
        let why = |unit: &Unit| match unit {
            Unit { at: None, .. } => ("no_place", "没有坐标", "has no coordinates"),
            Unit { staff: 0, .. } => ("no_staff", "没有人可派", "has no staff to send"),
            _ => ("no_share", "按人数轮不到一处", "its staff's share is less than one place"),
        };
        let without = self.units.iter().zip(held).enumerate().filter(|(_, (_, slots))| slots.is_empty());
        without
            .map(|(holder, (unit, _))| {
                let (code, zh, en) = why(unit);
                Idle { holder, code, zh: zh.into(), en: en.into() }
            })
            .collect()
    }

    /// Says which units have more or fewer places than their staff's share, rounded. True if none has.
    fn uneven(&self, held: &Held, open: &mut Vec<Open>) -> bool {
        let taking = |unit: &Unit| unit.at.is_some() && unit.staff > 0;
        let staff: u64 =
            self.units.iter().filter(|unit| taking(unit)).map(|unit| u64::from(unit.staff)).sum();
        let before = open.len();
        for (unit, slots) in
            self.units.iter().zip(held).enumerate().map(|(at, (unit, slots))| ((at, unit), slots))
        {
            let (at, unit) = unit;
            if !taking(unit) {
                continue;
            }
            let share = self.places.len() as u64 * u64::from(unit.staff);
            let (least, most, has) = (share / staff, share.div_ceil(staff), slots.len() as u64);
            if has < least || has > most {
                let name = &self.names[at];
                open.push(Open {
                    code: "uneven".into(),
                    zh: format!("{name} 包保 {has} 处，按人数应是 {least} 到 {most} 处"),
                    en: format!("{name} has {has} places; its staff's share is {least} to {most}"),
                });
            }
        }
        open.len() == before
    }
}
