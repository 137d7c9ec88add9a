//! A name that is common in a city is rare in a community.

use linkage::{Column, Index, Model, Raw, Register};

#[test]
fn a_common_name_without_a_birth_date_is_found_in_another_building_of_its_community() {
    let mut list = Register::new();
    let raw = |community: &'static str, building: &'static str| {
        Raw::default()
            .with(Column::Name, "王伟")
            .with(Column::Sex, "男")
            .with(Column::Community, community)
            .with(Column::Building, building)
            .with(Column::Room, "101")
    };
    // More than may share a sound anywhere.
    let communities: Vec<&'static str> = (0..200).map(|at| &*format!("社区{at}").leak()).collect();
    for community in &communities {
        list.push(&raw(community, "1")).unwrap();
    }
    let mut index = Index::build(list, &Model::default(), 1);
    let found = index.lookup(&raw(communities[7], "9"), 0.0).unwrap();
    assert_eq!(found.first().map(|candidate| candidate.row), Some(7));
    assert!(found.len() < 3, "{}", found.len());
}
