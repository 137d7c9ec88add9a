//! The law of the arrows: which crate may depend on which.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

#[test]
fn crates_depend_only_where_the_law_allows() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let names: BTreeSet<&str> = packages.iter().map(|package| package["name"].as_str().unwrap()).collect();
    let mut arrows = BTreeMap::new();
    for package in packages {
        let to: BTreeSet<&str> = package["dependencies"]
            .as_array()
            .unwrap()
            .iter()
            .map(|dependency| dependency["name"].as_str().unwrap())
            .filter(|name| names.contains(name))
            .collect();
        arrows.insert(package["name"].as_str().unwrap(), to);
    }
    let all = ["domain", "intake", "ledger", "linkage", "planning", "programme", "store"];
    let law: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::from([
        ("domain", BTreeSet::new()),
        ("ledger", BTreeSet::new()),
        ("linkage", BTreeSet::new()),
        ("planning", BTreeSet::new()),
        ("programme", BTreeSet::new()),
        ("intake", BTreeSet::new()),
        ("store", BTreeSet::from(["domain", "ledger", "programme"])),
        ("wanjia", BTreeSet::from(all)),
    ]);
    assert_eq!(arrows, law);
    let io = ["tokio", "axum", "rusqlite", "ureq", "reqwest", "hyper"];
    for package in packages {
        let name = package["name"].as_str().unwrap();
        if !["store", "wanjia"].contains(&name) {
            for dependency in package["dependencies"].as_array().unwrap() {
                let dependency = dependency["name"].as_str().unwrap();
                assert!(!io.contains(&dependency), "{name} must not do IO through {dependency}");
            }
        }
    }
}
