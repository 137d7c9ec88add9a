//! `wanjia verify`: proves a data directory; needs no key.

use std::path::PathBuf;

use clap::Args;

use store::verify::KeptHead;

use super::Outcome;
use crate::app::failure::{Failure, Result};

/// Prove facts, tree, signed heads, sealed content and views from the data directory alone; needs no key
///
/// Prints the newest signed tree head last, as `wanjia checkpoint` does alone.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// A signed tree head that a phone, a parent office or a report kept; the ledger must still extend it
    #[arg(long, value_name = "FILE")]
    head: Option<PathBuf>,
    /// Leave out the views, which `rebuild --check` proves alone
    #[arg(long)]
    no_views: bool,
}

/// # Errors
/// The first thing that is wrong, by name.
pub fn run(args: &VerifyArgs) -> Result<Outcome> {
    let head = match &args.head {
        Some(path) => Some(std::fs::read_to_string(path).map_err(|error| Failure::file(path, &error))?),
        None => None,
    };
    let from = args.head.as_ref().map(|path| path.display().to_string()).unwrap_or_default();
    let head = head.as_deref().map(|note| KeptHead { note, from: &from });
    let proved = store::verify::verify(&args.data, head, !args.no_views, &mut |_| {})
        .map_err(|finding| Failure::new("damaged", finding.zh, finding.en))?;
    let summary = &proved.summary;
    println!(
        "facts {} quarantined {} series {} heads {} checkpoints {} contents {} erased {} / 账本完整",
        summary.size,
        summary.quarantined,
        summary.series,
        summary.heads,
        summary.checkpoints,
        summary.contents,
        summary.erased
    );
    if proved.pictures_named > 0 {
        println!(
            "pictures {} of {} have come / 图片已到 {} 张，共 {} 张",
            proved.pictures_kept, proved.pictures_named, proved.pictures_kept, proved.pictures_named
        );
    }
    println!("root {}", summary.root.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    println!(
        "seconds: facts and content {:.2} views {:.2}",
        proved.facts_took.as_secs_f64(),
        proved.views_took.as_secs_f64()
    );
    if let Some(kept) = proved.kept_size {
        println!(
            "the ledger extends the head of {kept} facts kept in {from} / 账本延续了 {from} 里保存的 {kept} 条记录的树头"
        );
    }
    print!("\n{}", proved.checkpoint);
    Ok(Outcome::Done)
}
