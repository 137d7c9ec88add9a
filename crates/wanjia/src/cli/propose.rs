//! `wanjia propose`: whom the people on no list may be.

use clap::Args;

use super::{DataArgs, Outcome, now};
use crate::app::failure::Result;
use crate::app::propose::{belief, propose};

/// Compare everyone on no list who was seen in a sweep with everyone listed, wherever, and write down who may be whom
///
/// A running server does this by itself. Nothing is linked: each proposal waits for a person, in the console's reconcile.
/// What a person declined is not proposed again.
#[derive(Debug, Args)]
pub struct ProposeArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "ID")]
    sweep: String,
}

/// # Errors
/// If the sweep is not known or closed, the key is missing, or a server holds the directory.
pub fn run(args: &ProposeArgs) -> Result<Outcome> {
    let sweep = super::id(&args.sweep, "--sweep")?;
    let mut store = args.data.open_store()?;
    let (compared, proposed) = propose(&mut store, sweep, &belief(), now())?;
    println!(
        "proposed {proposed} compared {compared}\n提出 {proposed} 条关联建议，比对了名单外 {compared} 人"
    );
    Ok(Outcome::Done)
}
