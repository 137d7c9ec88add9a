//! Importing the tree of areas: rows in any order, parents before or after their children.

use std::collections::HashMap;

use domain::area::Level;
use domain::fact::Body;
use domain::state::State;
use domain::time::Millis;
use intake::Cause;
use intake::areas::{AreaItem, AreaReader};
use store::Store;

use super::failure::Result;
use super::roster_rows::{Refusals, Tally};

struct Row {
    code: String,
    name: String,
    level: Level,
    parent: Option<String>,
    refusal: intake::Refusal,
}

/// Imports areas. The rows that can be placed in the tree are taken together or not at all; a row without a place is
/// refused by name, and so is everything below it.
///
/// # Errors
/// If the table cannot be read or the territory cannot be written; then nothing has changed.
pub fn import_areas(
    store: &mut Store,
    mut reader: AreaReader,
    now: Millis,
    refusals: &mut dyn Refusals,
) -> Result<Tally> {
    let mut tally = Tally::default();
    let mut rows = Vec::new();
    while let Some(item) = reader.next() {
        match item? {
            AreaItem::Row(area) => {
                let level = Level::from_code(area.level as u64).or_else(|| area.level.en().parse().ok());
                let refusal = reader.refuse(no_place(area.parent_code.as_deref().unwrap_or("")));
                rows.push(Row {
                    code: area.code,
                    name: area.name,
                    level: level.unwrap_or(Level::Grid),
                    parent: area.parent_code,
                    refusal,
                });
            }
            AreaItem::Refused(refusal) => {
                tally.refused += 1;
                refusals.refuse(&refusal)?;
            }
            AreaItem::Skipped(_) => tally.skipped += 1,
        }
    }
    let actor = store.book().own_series;
    let placed = store.write(now, |batch| {
        let root_level = rows.iter().map(|row| row.level).min();
        let mut waiting: HashMap<String, Vec<usize>> = HashMap::new();
        let mut ready: Vec<usize> = Vec::new();
        for (index, row) in rows.iter().enumerate().rev() {
            match &row.parent {
                None if Some(row.level) == root_level => ready.push(index),
                None => {}
                Some(parent) if batch.state().book().areas.number(parent).is_some() => ready.push(index),
                Some(parent) => waiting.entry(parent.clone()).or_default().push(index),
            }
        }
        let mut placed = vec![false; rows.len()];
        let mut tally = Tally::default();
        while let Some(index) = ready.pop() {
            let Some(row) = rows.get(index) else { continue };
            let areas = &batch.state().book().areas;
            let known = areas.number(&row.code).and_then(|number| areas.get(number)).cloned();
            let parent = row.parent.as_deref().and_then(|parent| areas.number(parent));
            match known {
                Some(known) if known.parent != parent || known.level != row.level => continue,
                Some(known) if known.name == row.name => tally.left += 1,
                known => {
                    if known.is_some() {
                        tally.changed += 1;
                    } else {
                        tally.added += 1;
                    }
                    let body = Body::AreaRegistered {
                        code: row.code.clone(),
                        name: row.name.clone(),
                        level: row.level,
                        parent: row.parent.clone(),
                    };
                    batch.append(actor, body, None)?;
                }
            }
            if let Some(place) = placed.get_mut(index) {
                *place = true;
            }
            ready.extend(waiting.remove(&row.code).unwrap_or_default());
        }
        Ok((placed, tally))
    })?;
    tally.added = placed.1.added;
    tally.changed = placed.1.changed;
    tally.left = placed.1.left;
    for (row, placed) in rows.iter().zip(placed.0) {
        if !placed {
            tally.refused += 1;
            refusals.refuse(&row.refusal)?;
        }
    }
    Ok(tally)
}

fn no_place(parent: &str) -> Cause {
    Cause {
        field: "parent_code",
        code: "no_place",
        zh: format!("上级编码 {parent:?} 不在表里也不在系统里，或与已有的上级、级别不同"),
        en: format!(
            "parent_code {parent:?} is neither in the file nor known, or the area is known with another parent or level"
        ),
        remedy_zh: "补上上级区域，或改正 parent_code 和 level 后重新导入".into(),
        remedy_en: "add the parent area, or correct parent_code and level, and import again".into(),
    }
}
