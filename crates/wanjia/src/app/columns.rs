//! Which column of a list is which, as someone said who looked at it: kept for the next list with these headings, whoever
//! brings it. Only a keyed hash of the headings and the columns' names are kept, because headings may turn out to be data.

use std::fmt::Write as _;

use intake::fill::FILLABLE;
use intake::header::{Column, Look, Mapping, ROSTER, Schema};
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

/// What stands in front of the columns whose blank cells are taken from the row above.
const FILL_DOWN: &str = "fill_down=";

/// Which column stands at which place, and of which ones blank cells are taken from the row above.
pub type Said = (Vec<(Column, usize)>, Vec<Column>);

/// `name:0,building:1` and, where blank cells are taken from the row above, `;fill_down=building`; none if it is not
/// written so, or if a column is to be filled that does not say where a row is.
pub fn parse_roster(text: &str) -> Option<Said> {
    let (columns, filled) = match text.split_once(';') {
        Some((columns, filled)) => (columns, filled.strip_prefix(FILL_DOWN)?),
        None => (text, ""),
    };
    let column = |name: &str| FILLABLE.into_iter().find(|column| column.en() == name);
    let filled = filled.split(',').filter(|name| !name.is_empty()).map(column);
    Some((parse(columns, &ROSTER)?, filled.collect::<Option<_>>()?))
}

/// Keeps which columns a roster with these headings has. The file of its rejects has the same behind its own.
///
/// # Errors
/// Those of the storage.
pub fn keep(control: &Control, headings: &[String], mapping: &Mapping) -> Result<()> {
    let own = rejects::added(headings);
    let headings = headings.get(own..).unwrap_or_default();
    let columns =
        mapping.columns.iter().filter_map(|(column, place)| Some((column, place.checked_sub(own)?)));
    let mut written = String::new();
    for (at, (column, place)) in columns.enumerate() {
        let between = if at == 0 { "" } else { "," };
        let _ = write!(written, "{between}{}:{place}", column.en());
    }
    if !mapping.fill_down.is_empty() {
        let filled: Vec<&str> = mapping.fill_down.iter().map(|column| column.en()).collect();
        let _ = write!(written, ";{FILL_DOWN}{}", filled.join(","));
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
    let kept = kept.and_then(|kept| parse_roster(&kept));
    let found = kept.is_some();
    if let Some((columns, fill_down)) = kept {
        look.mapping.fill_down = fill_down;
        look.mapping.columns = columns.into_iter().map(|(column, place)| (column, place + own)).collect();
    }
    Ok(found)
}

/// The headings of a list as it is looked at.
pub fn headings(look: &Look) -> Vec<String> {
    look.places.iter().map(|place| place.heading.clone()).collect()
}
