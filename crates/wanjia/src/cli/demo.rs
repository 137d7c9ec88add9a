//! `wanjia demo`: a territory to look at. Real streets and communities of one district, people who never lived, one
//! sweep half done.

use std::path::PathBuf;

use clap::Args;
use domain::area::Level;
use domain::time::campaign_zone;
use intake::Table;
use intake::areas::read_areas;
use intake::roster::read_roster;
use intake::visits::{read_persons, read_visits};
use ledger::seal::TerritoryKey;
use store::{Reader, Store, directory};

use super::Outcome;
use crate::app::failure::{Failure, Result};
use crate::app::import_areas::import_areas;
use crate::app::import_roster::{Roster, import_roster};
use crate::app::import_visits::import_visits;
use crate::app::sweeps::open_sweep;
use crate::app::synthetic::City;

/// Make a demonstration territory: 江岸区 by its real communities, synthetic people, one sweep half done
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// About how many people
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    people: u64,
    /// The data directory to make
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    data: PathBuf,
}

const AREAS: &str = include_str!("../../../../samples/jiangan-areas.csv");
const DISTRICT: &str = "420102";
const SEED: u64 = 20_200_217;
const HOUR: i64 = 3_600_000;

/// # Errors
/// If the directory is not empty, or cannot be written.
pub fn run(args: &DemoArgs) -> Result<Outcome> {
    let now = super::now();
    let key_path = directory::key_path(&args.data);
    if key_path.exists() {
        return Err(Failure::new(
            "key_exists",
            format!("{} 已经有了；请换一个 --data 目录，或先删掉旧的演示数据和密钥", key_path.display()),
            format!(
                "{} exists; choose another --data, or remove the old demonstration and its key",
                key_path.display()
            ),
        ));
    }
    let mut seed = [0; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| Failure::new("random", format!("系统不能提供随机数：{error}"), error.to_string()))?;
    let key = TerritoryKey::from_bytes(seed);
    let mut store = Store::create(&args.data, DISTRICT, TerritoryKey::from_bytes(seed), now)?;
    directory::write_key(&key_path, &key)?;
    import_areas(&mut store, read_areas(Table::from_bytes(AREAS.into())?, None)?, now, &mut Vec::new())?;
    let communities: Vec<String> = {
        let areas = &store.book().areas;
        areas
            .iter()
            .filter(|(_, area)| area.level == Level::Community)
            .map(|(_, area)| area.code.clone())
            .collect()
    };
    let city = City::new(SEED, args.people, communities.len());
    let fail = |error: std::io::Error| Failure::file(&args.data, &error);
    let mut roster = Vec::new();
    city.write_roster(&communities, &mut roster).map_err(fail)?;
    let today = campaign_zone()
        .to_datetime(jiff::Timestamp::from_millisecond(now).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
        .date();
    let listed = import_roster(
        &mut store,
        read_roster(Table::from_bytes(roster)?, today)?,
        &Roster { source: "synthetic register", digest: [0; 32], bytes: 0, actor: None, within: None },
        false,
        now,
        &mut Vec::new(),
        &mut |_, _, _| {},
    )?;
    let actor = store.book().own_series;
    let sweep = open_sweep(&mut store, actor, DISTRICT, "入冬大排查", now + 72 * HOUR, now)?;
    // Every second household has been knocked at.
    let (visits, persons) = city.write_findings(&communities, now - HOUR, |number| number % 2 == 0);
    let done = import_visits(
        &mut store,
        sweep,
        read_visits(Table::from_bytes(visits.into_bytes())?)?,
        Some(read_persons(Table::from_bytes(persons.into_bytes())?)?),
        now,
        &mut Vec::new(),
        &mut Vec::new(),
    )?;
    drop(store);
    println!(
        "{}: {} people in {} dwellings, {} visits / 在册 {1} 人，{2} 户，走访 {3} 次",
        args.data.display(),
        listed.added,
        listed.doors,
        done.visits
    );
    table(&Reader::open(&args.data, None)?, sweep)?;
    let data = args.data.display();
    println!("\nsweep {sweep}\nNext / 接着试试：");
    println!("  wanjia residual  --data {data} --sweep {sweep} --csv residual.csv");
    println!("  wanjia reconcile --data {data} --sweep {sweep} --csv reconcile.csv");
    println!("  wanjia verify    --data {data}");
    Ok(Outcome::Done)
}

fn table(reader: &Reader, sweep: domain::id::SweepId) -> Result<()> {
    let number = reader.sweep(sweep)?;
    let district = reader.scope(number, None)?;
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>9}",
        "dwellings", "accounted", "residual", "listed", "lit_unl.", "dark"
    );
    for area in std::iter::once(district).chain(reader.book().areas.children(district).iter().copied()) {
        let row = reader.coverage(number, area)?;
        let name = reader.book().areas.get(area).map(|area| area.name.clone()).unwrap_or_default();
        println!(
            "{:>9} {:>9} {:>9} {:>9} {:>9} {:>9}  {name}",
            row.dwellings, row.accounted, row.residual, row.persons_listed, row.lit_unlisted, row.listed_dark
        );
    }
    Ok(())
}
