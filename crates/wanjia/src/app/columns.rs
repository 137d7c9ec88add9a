//! Which column of a list is which, as someone said who looked at it: kept for the next list with these headings, whoever
//! brings it. Only a keyed hash of the headings and the columns' names are kept, because headings may turn out to be data.

use std::fmt::Write as _;

use intake::header::{Column, Look, ROSTER, Schema};
use intake::rejects;
use store::control::Control;

use super::failure::Result;

/// `name:0,room:3`; none if it is not written so.
pub fn parse(text: &str, schema: &Schema) -> Option<Vec<(Column, usize)>> {
    let pairs = text.split(',').map(|pair| {
        let (name, place) = pair.split_once(':')?;
        Some((schema.column(name)?, place.parse().ok()?))
    });
    pairs.collect()
}

/// Keeps which columns a roster with these headings has. The file of its rejects has the same behind its own.
///
/// # Errors
/// Those of the storage.
pub fn keep(control: &Control, headings: &[String], columns: &[(Column, usize)]) -> Result<()> {
    let own = rejects::added(headings);
    let headings = headings.get(own..).unwrap_or_default();
    let columns = columns.iter().filter_map(|(column, place)| Some((column, place.checked_sub(own)?)));
    let mut written = String::new();
    for (at, (column, place)) in columns.enumerate() {
        let between = if at == 0 { "" } else { "," };
        let _ = write!(written, "{between}{}:{place}", column.en());
    }
    Ok(control.keep_columns(headings, &written)?)
}

/// Puts what was said of a roster with these headings in the place of what they say. Returns whether anything was.
///
/// # Errors
/// Those of the storage.
pub fn recall(control: &Control, look: &mut Look) -> Result<bool> {
    let headings = headings(look);
    let own = rejects::added(&headings);
    let kept = control.columns(headings.get(own..).unwrap_or_default())?;
    let kept = kept.and_then(|kept| parse(&kept, &ROSTER));
    let found = kept.is_some();
    if let Some(columns) = kept {
        look.mapping.columns = columns.into_iter().map(|(column, place)| (column, place + own)).collect();
    }
    Ok(found)
}

/// The headings of a list as it is looked at.
pub fn headings(look: &Look) -> Vec<String> {
    look.places.iter().map(|place| place.heading.clone()).collect()
}
