//! The commands, one file each.
//!
//! Exit codes: 0 done, 1 done with rejected rows (counted and written), 2 refused.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};
use ledger::seal::TerritoryKey;
use store::directory;

use crate::app::failure::{Failure, Result};
use crate::app::reveal::reveal_list;

pub mod account;
pub mod areas;
pub mod checkpoint;
pub mod coverage;
pub mod dedupe;
pub mod demo;
pub mod doctor;
pub mod drill;
pub mod erase;
pub mod grids;
pub mod import;
pub mod init;
pub mod link;
pub mod link_explain;
mod misuse;
pub mod openapi;
mod people_csv;
pub mod plan;
pub mod programme;
pub mod propose;
pub mod rebuild;
pub mod reconcile;
pub mod residual;
pub mod roster;
pub mod serve;
pub mod sheet;
pub mod sweep;
pub mod verify;
pub mod visits;

/// 万家: register every door, sweep, reconcile two ways, and prove it. 不落一户、不漏一人。
#[derive(Debug, Parser)]
#[command(name = "wanjia", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    #[command(subcommand)]
    Import(import::Import),
    #[command(subcommand)]
    Sweep(sweep::SweepCommand),
    Coverage(coverage::CoverageArgs),
    Residual(residual::ResidualArgs),
    Reconcile(reconcile::ReconcileArgs),
    Propose(propose::ProposeArgs),
    Sheet(sheet::SheetArgs),
    Verify(verify::VerifyArgs),
    Checkpoint(checkpoint::CheckpointArgs),
    Rebuild(rebuild::RebuildArgs),
    Erase(erase::EraseArgs),
    #[command(subcommand)]
    Account(account::AccountCommand),
    Doctor(doctor::DoctorArgs),
    Demo(demo::DemoArgs),
    Drill(drill::DrillArgs),
    Serve(serve::ServeArgs),
    Openapi(openapi::OpenapiArgs),
    #[command(subcommand)]
    Programme(programme::ProgrammeCommand),
    Link(Box<link::LinkArgs>),
    Dedupe(Box<dedupe::DedupeArgs>),
    LinkExplain(Box<link_explain::LinkExplainArgs>),
    #[command(subcommand)]
    Plan(plan::Plan),
}

/// Where the data is, and its key.
#[derive(Debug, Clone, Args)]
pub struct DataArgs {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    pub data: PathBuf,
    /// The territory's key file; else WANJIA_KEY, else the file DIR.key beside the directory
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
}

impl DataArgs {
    /// # Errors
    /// If there is no key, or it cannot be read.
    pub fn find_key(&self) -> Result<TerritoryKey> {
        find_key(&self.data, self.key.as_deref())
    }

    /// Opens the territory for writing.
    ///
    /// # Errors
    /// If it is in use, or the key is missing or wrong.
    pub fn open_store(&self) -> Result<store::Store> {
        // A directory that is none is the likelier mistake, and the better message.
        directory::Directory::find(&self.data)?;
        Ok(store::Store::open(&self.data, self.find_key()?)?)
    }

    /// Opens the territory for reading, without a key.
    ///
    /// # Errors
    /// If it is no data directory.
    pub fn open_reader(&self) -> Result<store::Reader> {
        Ok(store::Reader::open(&self.data, None)?)
    }
}

/// Opens the territory for reading the names of an area's list. That they are read becomes a fact first, so while a
/// running server holds the directory this command may not: it says so, and the names stay empty.
pub(crate) fn open_for_names(
    data: &DataArgs,
    sweep: domain::id::SweepId,
    area: Option<&str>,
    purpose: domain::access::Purpose,
) -> Result<store::Reader> {
    let plain = data.open_reader()?;
    let number = plain.sweep(sweep)?;
    let scope = plain.scope(number, area)?;
    let coverage = plain.coverage(number, scope)?;
    let persons = u64::try_from(coverage.persons_listed + coverage.lit_unlisted).unwrap_or(0);
    let code = plain.book().areas.code(scope).to_owned();
    let key = std::sync::Arc::new(data.find_key()?);
    match data.open_store() {
        Ok(mut store) => {
            let actor = store.book().own_series;
            reveal_list(&mut store, actor, sweep, &code, purpose, persons, now())?;
        }
        Err(failure) if failure.code == "in_use" => {
            eprintln!(
                "a running server holds the directory, so that these names are read cannot be written down: they are \
                 left empty; stop the server, or read them in the console\n\
                 服务正在运行，读取姓名无法留痕，因此姓名留空；请停止服务，或在控制台查看"
            );
            return Ok(plain);
        }
        Err(failure) => return Err(failure),
    }
    Ok(store::Reader::open(&data.data, Some(key))?)
}

/// # Errors
/// If there is no key, or it cannot be read.
pub fn find_key(data: &Path, given: Option<&Path>) -> Result<TerritoryKey> {
    let variable = std::env::var("WANJIA_KEY").ok();
    Ok(directory::find_key(data, given, variable.as_deref())?)
}

/// Lets a command end quietly, as `wanjia verify | head -1` should, when whoever reads its output has gone away. The
/// standard library has no gentler place for it: `println!` knows no other answer to a broken pipe than a panic.
/// Nothing is half done then: what a command writes, it commits as a whole.
pub fn end_quietly_on_a_broken_pipe() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload().downcast_ref::<String>();
        if message
            .is_some_and(|text| text.starts_with("failed printing to std") && text.contains("os error 32"))
        {
            std::process::exit(0);
        }
        before(panic);
    }));
}

/// Milliseconds since 1970 by this machine's clock.
#[must_use]
pub fn now() -> domain::time::Millis {
    jiff::Timestamp::now().as_millisecond()
}

/// Reads the command line, or tells what is wrong with it.
///
/// # Errors
/// How the program ends then: 0 after a help text that was asked for, else 2.
pub fn read(words: impl IntoIterator<Item = OsString>) -> std::result::Result<Cli, ExitCode> {
    Cli::try_parse_from(words).map_err(|error| match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            // A reader who went away has read enough.
            let _ = error.print();
            ExitCode::SUCCESS
        }
        _ => {
            eprint!("{}", misuse::told(&error));
            ExitCode::from(2)
        }
    })
}

/// Runs the command line. Whatever is refused is told on standard error in both languages.
#[must_use]
pub fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Init(args) => init::run(&args),
        Command::Import(import) => import::run(import),
        Command::Sweep(command) => sweep::run(command),
        Command::Coverage(args) => coverage::run(&args),
        Command::Residual(args) => residual::run(&args),
        Command::Reconcile(args) => reconcile::run(&args),
        Command::Propose(args) => propose::run(&args),
        Command::Sheet(args) => sheet::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Checkpoint(args) => checkpoint::run(&args),
        Command::Rebuild(args) => rebuild::run(&args),
        Command::Erase(args) => erase::run(&args),
        Command::Account(command) => account::run(command),
        Command::Doctor(args) => doctor::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Drill(args) => drill::run(&args),
        Command::Serve(args) => serve::run(&args),
        Command::Openapi(args) => openapi::run(&args),
        Command::Programme(command) => programme::run(&command),
        Command::Link(args) => return ExitCode::from(link::run(&args)),
        Command::Dedupe(args) => return ExitCode::from(dedupe::run(&args)),
        Command::LinkExplain(args) => return ExitCode::from(link_explain::run(&args)),
        Command::Plan(plan) => return plan::run(&plan),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::WithRejects) => ExitCode::from(1),
        Err(failure) => {
            eprintln!("wanjia: {}\n万家：{}", failure.en, failure.zh);
            ExitCode::from(2)
        }
    }
}

/// How a command ended that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// Done, and some rows were refused.
    WithRejects,
}

impl Outcome {
    #[must_use]
    pub fn of(refused: u64) -> Self {
        if refused == 0 { Self::Done } else { Self::WithRejects }
    }
}

pub(crate) fn id(text: &str, what: &str) -> Result<domain::id::Id> {
    text.parse().map_err(|_| {
        Failure::new(
            "not_an_id",
            format!("{what} {text:?} 不是编号：应为 32 位十六进制数字，可带连字符"),
            format!(
                "{what} {text:?} is not an id: 32 hexadecimal digits were expected, with or without dashes"
            ),
        )
    })
}
