//! One city of one size, from an empty folder to all its figures.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use wanjia::app::drill::rehearsal::write_city;
use wanjia::app::drill::script::{Size, Town};
use wanjia::app::drill::server::{Program, Watched, watch};
use wanjia::app::failure::{Failure, Result};
use wanjia::app::synthetic::CITY;

use crate::{Args, load};

/// What was measured of one city. Rates are per second of wall time, `cpu` is user and system time.
#[derive(Debug, Default, serde::Serialize)]
pub struct Figures {
    pub people: u64,
    pub communities: usize,
    pub dwellings: u64,
    pub facts: u64,
    pub import_seconds: f64,
    pub import_cpu: f64,
    pub import_rate: f64,
    pub import_peak_mib: f64,
    pub directory_gib: f64,
    /// From the start of the process to the first answer, middle of five.
    pub start_ms: f64,
    pub verify_seconds: f64,
    pub verify_cpu: f64,
    pub verify_rate: f64,
    pub rebuild_seconds: f64,
    pub rebuild_cpu: f64,
    pub rebuild_rate: f64,
    /// Bare rows a second, middle of three.
    pub yardstick: f64,
    pub yardstick_runs: Vec<f64>,
    pub load: Option<load::Figures>,
}

fn seconds_of(watched: &Watched) -> (f64, f64) {
    // A tick of /proc is 10 ms on every Linux.
    (watched.took.as_secs_f64(), watched.used.ticks as f64 / 100.0)
}

/// Makes a city of so many people and measures it.
///
/// # Errors
/// Those of the program under test.
pub fn measure(args: &Args, people: u64, folder: &Path) -> Result<Figures> {
    let share = usize::try_from(people * args.communities / 10_000_000).unwrap_or(1).max(1);
    let size = Size { people, communities: share, phones: args.phones, hours: 72, seed: args.seed };
    let town = Town::new(size);
    let binary =
        std::fs::canonicalize(&args.program).map_err(|error| Failure::file(&args.program, &error))?;
    let program = Program { binary, data: folder.join("data") };
    let listed = write_city(&town, folder)?;
    let file = |name: &str| folder.join(name).to_string_lossy().into_owned();
    program.run(&["init", "--territory", CITY])?;
    program.run(&["import", "areas", &file("areas.csv")])?;
    let data = program.data.to_string_lossy().into_owned();
    let mut figures = Figures {
        people: listed,
        communities: town.codes.len(),
        dwellings: town.city.households,
        ..Figures::default()
    };

    eprintln!("  import");
    let roster = file("roster.csv");
    let import = ["import", "roster", "--source", "register", "--data", &data, &roster];
    let watched = watch(program.command(&import), "import roster")?;
    (figures.import_seconds, figures.import_cpu) = seconds_of(&watched);
    figures.import_rate = listed as f64 / figures.import_seconds;
    figures.import_peak_mib = watched.used.peak_kib as f64 / 1024.0;
    figures.directory_gib = directory_bytes(&program.data)? as f64 / f64::from(1 << 30);
    std::fs::remove_file(&roster).map_err(|error| Failure::file(folder, &error))?;

    eprintln!("  verify, rebuild");
    let watched = watch(program.command(&["verify", "--no-views", "--data", &data]), "verify")?;
    (figures.verify_seconds, figures.verify_cpu) = seconds_of(&watched);
    let facts = watched.output.split_whitespace().nth(1).and_then(|text| text.parse().ok());
    figures.facts = facts.unwrap_or(0);
    figures.verify_rate = figures.facts as f64 / figures.verify_seconds;
    let watched = watch(program.command(&["rebuild", "--data", &data]), "rebuild")?;
    (figures.rebuild_seconds, figures.rebuild_cpu) = seconds_of(&watched);
    figures.rebuild_rate = figures.facts as f64 / figures.rebuild_seconds;

    if !args.no_load {
        eprintln!("  start");
        let mut starts = (0..5).map(|_| start_ms(&program)).collect::<Result<Vec<f64>>>()?;
        figures.start_ms = middle(&mut starts);
        eprintln!("  load");
        figures.load = Some(load::measure(args, &town, &program)?);
    }
    eprintln!("  yardstick");
    for run in 0..3 {
        figures.yardstick_runs.push(yardstick(args, &folder.join(format!("yardstick-{run}")))?);
    }
    figures.yardstick = middle(&mut figures.yardstick_runs.clone());
    Ok(figures)
}

fn directory_bytes(folder: &Path) -> Result<u64> {
    let fail = |error: std::io::Error| Failure::file(folder, &error);
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).map_err(fail)? {
        bytes += entry.and_then(|entry| entry.metadata()).map_err(fail)?.len();
    }
    Ok(bytes)
}

/// From the start of the process to the first answered request.
fn start_ms(program: &Program) -> Result<f64> {
    let server = program.serve()?;
    let fail = |error: std::io::Error| Failure::file(&program.binary, &error);
    let mut stream = TcpStream::connect(server.address).map_err(fail)?;
    let request = format!("GET /healthz HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", server.address);
    stream.write_all(request.as_bytes()).map_err(fail)?;
    let mut answer = Vec::new();
    BufReader::new(stream).read_to_end(&mut answer).map_err(fail)?;
    let took = server.started.elapsed().as_secs_f64() * 1000.0;
    server.kill();
    if answer.starts_with(b"HTTP/1.1 200") {
        Ok(took)
    } else {
        let said = String::from_utf8_lossy(&answer).into_owned();
        Err(Failure::new("start", said.clone(), said))
    }
}

fn yardstick(args: &Args, folder: &Path) -> Result<f64> {
    std::fs::create_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    let mut command = std::process::Command::new(&args.yardstick);
    command.arg(folder).arg(args.yardstick_rows.to_string()).arg("100");
    let watched = watch(command, "yardstick")?;
    let said: serde_json::Value = serde_json::from_str(watched.output.trim())
        .map_err(|error| Failure::new("yardstick", error.to_string(), error.to_string()))?;
    std::fs::remove_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    Ok(said.get("rows_per_second").and_then(serde_json::Value::as_f64).unwrap_or(0.0))
}

/// The middle of some figures.
pub fn middle(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}
