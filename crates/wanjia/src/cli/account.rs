//! `wanjia account`: who may sign in at the console.

use std::io::IsTerminal as _;
use std::sync::Arc;

use clap::{Args, Subcommand};
use domain::access::Role;
use domain::state::State as _;
use domain::time::format_instant;
use qrcode::QrCode;
use qrcode::render::unicode::Dense1x2;
use store::{Control, Reader};

use super::{DataArgs, Outcome};
use crate::app::accounts::{self, NewAccount, Secrets};
use crate::app::failure::{Failure, Result};

/// Who may sign in at the console: add, list, end and reset accounts
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    Add(AddArgs),
    List(ListArgs),
    Appoint(AppointArgs),
    /// Take an account's right away for good, and end its sessions
    End(NamedArgs),
    /// Give an account a new password and a new second factor
    Reset(NamedArgs),
    /// Print the code of the moment, for whoever keeps the key and has no authenticator at hand
    Code(NamedArgs),
}

/// Make an account; its password and its second factor are printed once
#[derive(Debug, Args)]
pub struct AddArgs {
    #[command(flatten)]
    data: DataArgs,
    /// Small letters, digits, and . _ -
    #[arg(long, value_name = "U")]
    username: String,
    /// clerk, community_secretary, street, county, city, department_observer or auditor
    #[arg(long, value_name = "R")]
    role: String,
    /// The area within which the role holds
    #[arg(long, value_name = "CODE")]
    area: String,
    /// How she is called on the screen; the user name unless given
    #[arg(long, value_name = "N")]
    name: Option<String>,
}

/// Let an account act in a role that only a programme knows, such as a doctor, in an area; or end that
#[derive(Debug, Args)]
pub struct AppointArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "U")]
    username: String,
    /// The code of a published programme
    #[arg(long, value_name = "P")]
    programme: String,
    /// One of its roles
    #[arg(long, value_name = "R")]
    role: String,
    /// Where, within the account's own area
    #[arg(long, value_name = "CODE", required_unless_present = "end")]
    area: Option<String>,
    /// She acts in it no more
    #[arg(long, conflicts_with = "area")]
    end: bool,
}

/// Every account: user name, role, area's code, since when
#[derive(Debug, Args)]
pub struct ListArgs {
    #[command(flatten)]
    data: DataArgs,
}

#[derive(Debug, Args)]
pub struct NamedArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "U")]
    username: String,
}

/// # Errors
/// If the account, the role or the area is not possible, or the territory is in use.
pub fn run(command: AccountCommand) -> Result<Outcome> {
    match &command {
        AccountCommand::Add(args) => add(args),
        AccountCommand::List(args) => list(args),
        AccountCommand::Appoint(args) => {
            let AppointArgs { data, username, programme, role, area, .. } = args;
            let mut store = data.open_store()?;
            let control = control(data)?;
            let new = accounts::NewAppointment { username, programme, role, area: area.as_deref() };
            accounts::appoint(&mut store, &control, &new, super::now())?;
            match area {
                Some(area) => println!("{username}: {programme} {role} in {area} / 在 {area} 任 {role}"),
                None => println!("{username}: {programme} {role} ended / 不再任 {role}"),
            }
            Ok(())
        }
        AccountCommand::End(args) => {
            let mut store = args.data.open_store()?;
            let control = control(&args.data)?;
            accounts::end_account(&mut store, &control, &args.username, super::now())?;
            println!("ended {0} / 已终止 {0}", args.username);
            Ok(())
        }
        AccountCommand::Reset(args) => {
            let secrets = accounts::reset_account(&control(&args.data)?, &args.username)?;
            tell(&args.username, &secrets)
        }
        AccountCommand::Code(args) => {
            println!("{}", accounts::code_at(&control(&args.data)?, &args.username, super::now())?);
            Ok(())
        }
    }?;
    Ok(Outcome::Done)
}

fn control(data: &DataArgs) -> Result<Control> {
    store::directory::Directory::find(&data.data)?;
    let key = data.find_key()?;
    Ok(Control::open(&data.data, Arc::new(key))?)
}

fn add(args: &AddArgs) -> Result<()> {
    let role = Role::from_name(&args.role).ok_or_else(|| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        let known = known.join(", ");
        Failure::new(
            "role",
            format!("没有名为 {} 的角色；可用的有 {known}", args.role),
            format!("there is no role {}; there are {known}", args.role),
        )
    })?;
    let mut store = args.data.open_store()?;
    let control = control(&args.data)?;
    let name = args.name.as_deref().unwrap_or(&args.username);
    let new = NewAccount { username: &args.username, name, role, area: &args.area };
    let secrets = accounts::add_account(&mut store, &control, &new, super::now())?;
    tell(&args.username, &secrets)
}

fn list(args: &ListArgs) -> Result<()> {
    let control = control(&args.data)?;
    let mut reader = Reader::open(&args.data.data, None)?;
    for account in control.accounts()? {
        let grant = reader.state().grant(account.id)?;
        let role = grant.and_then(|grant| Role::from_code(grant.role)).map_or("-", Role::as_str);
        let area = grant.map_or("-", |grant| reader.book().areas.code(grant.area));
        println!("{} {role} {area} {}", account.username, format_instant(account.created_at));
    }
    Ok(())
}

/// Prints what the owner needs; nobody can print it again.
fn tell(username: &str, secrets: &Secrets) -> Result<()> {
    println!("username {username}\npassword {}\notpauth  {}", secrets.password, secrets.otpauth);
    if std::io::stdout().is_terminal() {
        let code = QrCode::new(secrets.otpauth.as_bytes())
            .map_err(|error| Failure::new("qr", format!("二维码不能生成：{error}"), error.to_string()))?;
        // Light modules are drawn and dark ones are not: most terminals are dark.
        let image = code.render::<Dense1x2>().dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build();
        println!("{image}");
    }
    eprintln!(
        "Shown once: give both to {username} in person. The second line is a second factor: add it to an authenticator app.\n只显示这一次：请当面交给 {username}。otpauth 一行是动态码，请加到验证器应用里。"
    );
    Ok(())
}
