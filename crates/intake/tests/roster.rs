//! Rosters as strangers send them.

use std::path::Path;

use intake::Table;
use intake::roster::{RosterCounts, RosterItem, read_roster};
use jiff::civil::{Date, date};

const TODAY: Date = date(2020, 2, 18);

#[test]
fn the_sample_reads_whole() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/roster.csv");
    let reader = read_roster(Table::open(&path).unwrap(), TODAY).unwrap();
    assert!(reader.header().unknown.is_empty());
    let mut counts = RosterCounts::default();
    for item in reader {
        let item = item.unwrap();
        assert!(!matches!(item, RosterItem::Refused(_)), "{item:?}");
        counts.add(&item);
    }
    assert_eq!(counts, RosterCounts { rows: 37, doors: 2, ..RosterCounts::default() });
}
