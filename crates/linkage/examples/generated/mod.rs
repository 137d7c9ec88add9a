//! The lists that `generate` writes, as the other examples read them.

use csv::StringRecord;
use linkage::{Column, Raw};

const COLUMNS: [(&str, Column); 9] = [
    ("name", Column::Name),
    ("sex", Column::Sex),
    ("birth_date", Column::BirthDate),
    ("id_no", Column::IdNumber),
    ("phone", Column::Phone),
    ("community", Column::Community),
    ("building", Column::Building),
    ("unit", Column::Unit),
    ("room", Column::Room),
];

/// Where the columns that linking reads stand under these headings.
pub fn columns(headings: &StringRecord) -> Vec<(usize, Column)> {
    let at = |name: &str| headings.iter().position(|heading| heading == name);
    COLUMNS.iter().filter_map(|(name, column)| at(name).map(|at| (at, *column))).collect()
}

/// What a row says in those columns.
pub fn raw<'r>(record: &'r StringRecord, columns: &[(usize, Column)]) -> Raw<'r> {
    columns.iter().fold(Raw::default(), |raw, (at, column)| raw.with(*column, &record[*at]))
}
