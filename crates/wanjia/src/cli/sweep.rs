//! `wanjia sweep`: open, list, sign, close, withdraw.

use clap::{Args, Subcommand};
use domain::fact::Misopened;
use domain::state::Labels;
use domain::time::{Millis, TimeError, end_of, format_instant, parse_date, parse_instant, to_day};

use super::{DataArgs, Outcome};
use crate::app::failure::{Failure, Result};
use crate::app::sweeps;

/// Open a sweep, sign for a dwelling, close, take one back
#[derive(Debug, Subcommand)]
pub enum SweepCommand {
    Open(OpenArgs),
    List(ListArgs),
    Sign(SignArgs),
    Close(CloseArgs),
    Withdraw(WithdrawArgs),
}

/// Open a sweep on an area; prints its id, alone on a line
#[derive(Debug, Args)]
pub struct OpenArgs {
    #[command(flatten)]
    data: DataArgs,
    /// The area's code
    #[arg(long, value_name = "CODE")]
    area: String,
    /// The programme, such as epidemic
    #[arg(long, value_name = "NAME")]
    programme: String,
    /// By when, such as 2020-02-19T23:59:59+08:00; a day alone means its end
    #[arg(long, value_name = "RFC3339")]
    deadline: String,
}

/// List the sweeps: id, area, programme, opened, deadline, closed, and the reason if it was taken back
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
}

/// Sign for a refusal that was looked into, so that it counts
#[derive(Debug, Args)]
pub struct SignArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "ID")]
    sweep: String,
    #[arg(long, value_name = "CODE")]
    area: String,
    #[arg(long, default_value = "")]
    building: String,
    #[arg(long, default_value = "")]
    unit: String,
    #[arg(long)]
    room: String,
}

/// Close a sweep; its residual must be empty, or signed for with --sign-all
#[derive(Debug, Args)]
pub struct CloseArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "ID")]
    sweep: String,
    /// Name and sign for every dwelling still in the residual
    #[arg(long)]
    sign_all: bool,
}

/// Take back a sweep that was opened by mistake, as long as nothing was recorded in it
#[derive(Debug, Args)]
pub struct WithdrawArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "ID")]
    sweep: String,
    /// What is wrong with it: area, deadline, name, twice (there is another for the same), unwanted
    #[arg(long, value_name = "REASON", value_parser = ["area", "deadline", "name", "twice", "unwanted"])]
    reason: String,
}

/// # Errors
/// If the sweep, the area or the dwelling is not known, or what is asked for is not allowed now.
pub fn run(command: SweepCommand) -> Result<Outcome> {
    match command {
        SweepCommand::Open(args) => open(&args),
        SweepCommand::List(args) => list(&args),
        SweepCommand::Sign(args) => sign(&args),
        SweepCommand::Close(args) => close(&args),
        SweepCommand::Withdraw(args) => withdraw(&args),
    }?;
    Ok(Outcome::Done)
}

fn open(args: &OpenArgs) -> Result<()> {
    let deadline = parse_deadline(&args.deadline).map_err(|error| {
        Failure::new(
            "deadline",
            format!("--deadline {:?} 不是时间；写成 2020-02-19T23:59:59+08:00", args.deadline),
            format!("--deadline: {error}"),
        )
    })?;
    let mut store = args.data.open_store()?;
    let actor = store.book().own_series;
    let beside: Vec<_> = sweeps::open_on(store.book(), &args.area).cloned().collect();
    let sweep = sweeps::open_sweep(&mut store, actor, &args.area, &args.programme, deadline, super::now())?;
    println!("{sweep}");
    let past = deadline < super::now();
    let (code, deadline) = (&args.area, format_instant(deadline));
    let book = store.book();
    let name = book.areas.number(code).and_then(|area| book.areas.get(area)).map_or("", |area| &area.name);
    eprintln!(
        "opened on {code} {name}, until {deadline}; the line above is the sweep's id\n\
         已在 {code} {name} 开始排查，截止 {deadline}；上面一行是排查的编号"
    );
    if past {
        eprintln!(
            "the deadline is past: its tasks are overdue from the start\n截止时间已过：这次排查的待办一开始就超时"
        );
    }
    for other in beside {
        let (id, programme, opened) = (other.id, &other.programme, format_instant(other.opened_at));
        let area = book.areas.get(other.area).map_or("", |area| &area.code);
        eprintln!(
            "another sweep is still open on these doors: {programme} on {area}, since {opened}; each is to be reached \
             in both; close the one that is not wanted: wanjia sweep close --sweep {id}\n\
             这里还有一次排查没有结束：{programme}（{area}），{opened} 开始；同一户在两次排查里都要走到；不需要的请结束：\
             wanjia sweep close --sweep {id}"
        );
    }
    Ok(())
}

fn parse_deadline(text: &str) -> std::result::Result<Millis, TimeError> {
    parse_date(text).map(|date| end_of(to_day(date))).or_else(|_| parse_instant(text))
}

fn list(args: &ListArgs) -> Result<()> {
    let reader = args.data.open_reader()?;
    let book = reader.book();
    if book.sweeps.is_empty() {
        eprintln!("no sweep was opened yet / 还没有开始过排查");
    }
    for sweep in &book.sweeps {
        let closed = sweep.closed_at.map(format_instant).unwrap_or_default();
        let withdrawn = sweep.withdrawn.map(|reason| format!(" {}", reason.as_str())).unwrap_or_default();
        println!(
            "{} {} {} {} {} {closed}{withdrawn}",
            sweep.id,
            book.areas.code(sweep.area),
            sweep.programme,
            format_instant(sweep.opened_at),
            format_instant(sweep.deadline)
        );
    }
    Ok(())
}

fn sign(args: &SignArgs) -> Result<()> {
    let sweep = super::id(&args.sweep, "--sweep")?;
    let mut store = args.data.open_store()?;
    let area = args.data.open_reader()?.area(&args.area)?;
    let (building, unit, room) = (args.building.clone(), args.unit.clone(), args.room.clone());
    let key = domain::door::door_key(&building, &unit, &room);
    let door = Labels { building, unit, room };
    let Some(dwelling) = domain::apply::find_door(store.state(), area, &key)? else {
        return Err(Failure::new(
            "unknown_dwelling",
            format!("{} 没有 {door} 这一户", args.area),
            format!("{} has no dwelling {door}", args.area),
        ));
    };
    let actor = store.book().own_series;
    sweeps::sign_refusal(&mut store, actor, sweep, dwelling, super::now())?;
    println!("signed for the refusal at {0} {door} / 已为 {0} {door} 的拒绝签字", args.area);
    Ok(())
}

fn close(args: &CloseArgs) -> Result<()> {
    let sweep = super::id(&args.sweep, "--sweep")?;
    let mut store = args.data.open_store()?;
    let mut reader = args.data.open_reader()?;
    let number = reader.sweep(sweep)?;
    let mut named = Vec::new();
    if args.sign_all {
        let scope = reader.scope(number, None)?;
        for area in reader.areas_with_doors(scope)? {
            for door in reader.doors(number, area)? {
                if let Some(reason) = door.reason() {
                    let code = reader.book().areas.code(area);
                    println!("{code} {} {}", door.labels, reason.as_str());
                    named.push(door.id);
                }
            }
        }
    }
    let actor = store.book().own_series;
    match sweeps::close_sweep(&mut store, &mut reader, actor, sweep, &named, super::now())? {
        sweeps::Closing::Done => {
            let signed = named.len();
            eprintln!(
                "closed sweep {sweep}, {signed} dwellings signed for; nothing can be added to it any more\n\
                 排查 {sweep} 已结束，为 {signed} 户签了字；不能再往里添加记录"
            );
            Ok(())
        }
        sweeps::Closing::Unsigned(left) => Err(left.failure()),
    }
}

fn withdraw(args: &WithdrawArgs) -> Result<()> {
    let sweep = super::id(&args.sweep, "--sweep")?;
    let mut store = args.data.open_store()?;
    let reader = args.data.open_reader()?;
    let actor = store.book().own_series;
    // Clap lets no other through.
    let reason = Misopened::from_name(&args.reason).unwrap_or(Misopened::Unwanted);
    match sweeps::withdraw_sweep(&mut store, &reader, actor, sweep, reason, super::now())? {
        sweeps::Withdrawing::Done => {
            eprintln!(
                "took back sweep {sweep}; its opening and this stay in the ledger, and it counts nowhere\n\
                 排查 {sweep} 已撤回；开展和撤回都留在账本里，它不计入任何数字"
            );
            Ok(())
        }
        sweeps::Withdrawing::Recorded(recorded) => Err(recorded.failure()),
    }
}
