//! `wanjia demo`: a territory to look at. Real streets and communities of one district, people who never lived, one
//! sweep half done, and two programmes with their cases.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use domain::access::Role;
use domain::area::Level;
use domain::slip;
use domain::time::campaign_zone;
use intake::Table;
use intake::areas::read_areas;
use intake::roster::read_roster;
use intake::visits::{read_persons, read_visits};
use ledger::seal::TerritoryKey;
use store::{Control, Reader, Store, directory};

use super::{DataArgs, Outcome, serve};
use crate::app::accounts::{self, NewAccount};
use crate::app::drill::office::Account;
use crate::app::failure::{Failure, Result};
use crate::app::import_areas::import_areas;
use crate::app::import_roster::{Roster, import_roster};
use crate::app::import_visits::import_visits;
use crate::app::neighbours;
use crate::app::story;
use crate::app::sweeps::open_sweep;
use crate::app::synthetic::City;
use crate::app::walkers;

/// Make a demonstration territory: 江岸区 by its real communities, synthetic people, one sweep half done
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// About how many people; some of them have the cases of a story, if there are twenty thousand or more
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    people: u64,
    /// The data directory to make
    #[arg(long, value_name = "DIR", default_value = "demo-data")]
    data: PathBuf,
    /// Serve it, with accounts to sign in and phones at work; the directory is made only if it is not there
    #[arg(long)]
    serve: bool,
    /// Where to listen; port 0 takes any free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8420", requires = "serve")]
    listen: SocketAddr,
}

const AREAS: &str = include_str!("../../../../samples/jiangan-areas.csv");
const DISTRICT: &str = "420102";
const SEED: u64 = 20_200_217;
const HOUR: i64 = 3_600_000;

/// # Errors
/// If the directory is not empty, or cannot be written.
pub fn run(args: &DemoArgs) -> Result<Outcome> {
    if !args.serve {
        make(args)?;
        return Ok(Outcome::Done);
    }
    if directory::Directory::find(&args.data).is_err() {
        make(args)?;
    }
    serve(args)
}

/// In whose name the phones at work are invited.
const PATROL: &str = "patrol";

fn serve(args: &DemoArgs) -> Result<Outcome> {
    let data = DataArgs { data: args.data.clone(), key: None };
    let (mut shown, beats, patrol, code) = {
        let mut store = data.open_store()?;
        let control = Control::open(&args.data, Arc::new(data.find_key()?))?;
        let community = story::community(&mut store, &control)?;
        let mut shown = Vec::new();
        for staff in story::STAFF {
            // Passwords are new at each start and are kept nowhere.
            let secrets = accounts::reset_account(&control, staff.username)?;
            let area = staff.area(&community, DISTRICT).to_owned();
            shown.push((staff.username, staff.name, area, secrets.password));
        }
        let patrol = match control.account_named(PATROL)? {
            Some(_) => accounts::reset_account(&control, PATROL)?,
            None => {
                let (username, role, name) = (PATROL, Role::CommunitySecretary, "演示手机");
                let new = NewAccount { username, name, role, area: DISTRICT };
                accounts::add_account(&mut store, &control, &new, super::now())?
            }
        };
        let secretary = control.account_named("secretary")?;
        let code = match secretary {
            Some(her) => neighbours::slip_of_today(&mut store, &control, her.id, &community, super::now())?,
            None => None,
        };
        (shown, walkers::beats(store.book(), &community), Account::of(PATROL, &patrol), code)
    };
    let path = args.data.display().to_string();
    let program = std::env::args().next().unwrap_or_else(|| "wanjia".into());
    serve::run_with(&data, args.listen, None, move |bound| {
        println!("\nhttp://{bound}/ is open / 已打开\n");
        println!("  user        password          who / 身份");
        for (username, name, area, password) in shown.drain(..) {
            println!("  {username:<11} {password:<17} {name} {area}");
        }
        println!(
            "\n  The code of the moment / 动态码：  {program} account code --data {path} --username secretary"
        );
        println!(
            "  A phone of your own / 绑一台手机：  the secretary's page 手机 › 邀请一台手机; open its link in a narrow window"
        );
        if let Some(code) = code {
            let code = slip::printed(&code);
            println!("  A resident's page / 居民的页面：  http://{bound}/home/#{code}");
        }
        println!(
            "  {} phones are at work; watch the residual fall / 演示手机正在走访，看未查户数下降",
            beats.len()
        );
        std::thread::spawn(move || {
            if let Err(trouble) = walkers::walk(bound, &patrol, DISTRICT, &beats, SEED) {
                eprintln!("the demonstration's phones stopped: {trouble} / 演示手机停下了");
            }
        });
    })
}

fn make(args: &DemoArgs) -> Result<()> {
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
    let begin = now - story::BEGINS_BEFORE;
    let mut store = Store::create(&args.data, DISTRICT, TerritoryKey::from_bytes(seed), begin)?;
    directory::write_key(&key_path, &key)?;
    import_areas(&mut store, read_areas(Table::from_bytes(AREAS.into())?, None)?, begin, &mut Vec::new())?;
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
        begin,
        &mut Vec::new(),
        &mut |_| {},
    )?;
    let control = Control::open(&args.data, Arc::new(key))?;
    story::tell(&mut store, &control, &city, (&communities, DISTRICT), now)?;
    let actor = store.book().own_series;
    let sweep = open_sweep(&mut store, actor, DISTRICT, "入冬大排查", now + 72 * HOUR, now)?;
    // Every second household has been knocked at.
    let (visits, persons) = city.write_findings(&communities, now - HOUR, |number| number % 2 == 0);
    let done = import_visits(
        &mut store,
        sweep,
        (read_visits(Table::from_bytes(visits.into_bytes())?)?, &mut Vec::new()),
        Some((read_persons(Table::from_bytes(persons.into_bytes())?)?, &mut Vec::new())),
        now,
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
    Ok(())
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
