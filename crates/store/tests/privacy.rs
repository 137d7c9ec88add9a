//! No column without a class, a purpose, readers and a time after which it goes: `docs/privacy.toml` against the files
//! that a fresh territory has.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use ledger::seal::TerritoryKey;
use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;
use store::{Control, Store};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Privacy {
    group: Vec<Group>,
    sealed: Vec<Sealed>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    file: String,
    table: String,
    columns: Vec<String>,
    class: Class,
    purpose: String,
    readers: Vec<String>,
    keep: Keep,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    fields: Vec<String>,
    class: Class,
    purpose: String,
    readers: Vec<String>,
    keep: Keep,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Class {
    Public,
    Operational,
    Personal,
    Sensitive,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Keep {
    Until(String),
    Days(u32),
}

impl Keep {
    fn is_told(&self) -> bool {
        match self {
            Self::Until(until) => ["proof", "view", "person", "account"].contains(&until.as_str()),
            Self::Days(days) => *days > 0,
        }
    }
}

fn privacy() -> Privacy {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/privacy.toml");
    toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// `file.table.column` of every database in the directory; the file's name without the territory's code.
fn columns_of(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "db") {
            continue;
        }
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let file = stem.split('-').next().unwrap();
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let mut read = connection
            .prepare(
                "select tables.name, columns.name from sqlite_schema as tables, pragma_table_info(tables.name) as columns
                 where tables.type = 'table' and tables.name not like 'sqlite\\_%' escape '\\'",
            )
            .unwrap();
        let rows =
            read.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))).unwrap();
        for row in rows {
            let (table, column) = row.unwrap();
            found.insert(format!("{file}.{table}.{column}"));
        }
    }
    found
}

#[test]
fn every_column_has_a_class_a_purpose_readers_and_an_end() {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("county");
    drop(Store::create(&root, "420102", TerritoryKey::from_bytes([7; 32]), 1_582_000_000_000).unwrap());
    drop(Control::open(&root, Arc::new(TerritoryKey::from_bytes([7; 32]))).unwrap());
    let privacy = privacy();
    let mut told = BTreeSet::new();
    for group in &privacy.group {
        for column in &group.columns {
            let name = format!("{}.{}.{column}", group.file, group.table);
            assert!(!group.purpose.is_empty() && !group.readers.is_empty() && group.keep.is_told(), "{name}");
            assert!(told.insert(name.clone()), "{name} is told twice");
        }
    }
    let there = columns_of(&root);
    let untold: Vec<_> = there.difference(&told).collect();
    let gone: Vec<_> = told.difference(&there).collect();
    assert!(untold.is_empty(), "docs/privacy.toml says nothing of {untold:?}");
    assert!(gone.is_empty(), "docs/privacy.toml tells of columns that are not there: {gone:?}");
}

/// What tells who someone is lies in sealed fields, the keys to them, or a worker's own account; nowhere in the views.
#[test]
fn nothing_personal_lies_open() {
    let may_hold = [
        "vault.content",
        "keys.data_key",
        "keys.tag",
        "keys.owner_tag",
        "keys.contribution",
        "keys.indicator_value",
        "keys.changed",
        "control.account",
        "control.invitation",
        "control.phone",
    ];
    for group in privacy().group {
        let name = format!("{}.{}", group.file, group.table);
        if matches!(group.class, Class::Personal | Class::Sensitive) {
            assert!(may_hold.contains(&name.as_str()), "{name} is {} and lies open", group.purpose);
        }
    }
}

/// The names of the sealed fields are those of [`domain::identity::Identity`]: taking it apart here makes a new field
/// fail to compile until it has a class.
#[test]
fn every_sealed_field_has_a_class() {
    let domain::identity::Identity {
        name: _,
        sex: _,
        birth_date: _,
        id_number: _,
        phone: _,
        relation: _,
        note: _,
    } = domain::identity::Identity::default();
    let domain::plan::PartContent { name: _, slots: _ } = domain::plan::PartContent::default();
    let domain::plan::PlanContent { slots: _, open: _, holdings: _ } = domain::plan::PlanContent::default();
    let domain::subscription::Blank { sheet: _, row: _, places: _, workbook: _ } =
        domain::subscription::Blank::default();
    let fields = [
        "sheet",
        "row",
        "places",
        "workbook",
        "taken",
        "name",
        "sex",
        "birth_date",
        "id_number",
        "phone",
        "relation",
        "note",
        "called",
        "slots",
        "open",
        "holdings",
    ];
    let mut told = Vec::new();
    for sealed in privacy().sealed {
        assert!(matches!(sealed.class, Class::Personal | Class::Sensitive));
        assert!(!sealed.purpose.is_empty() && !sealed.readers.is_empty() && sealed.keep.is_told());
        told.extend(sealed.fields);
    }
    told.sort();
    let mut expected = fields.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(told, expected);
}
