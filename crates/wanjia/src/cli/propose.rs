//! `wanjia propose`: whom the people on no list may be.

use clap::Args;
use linkage::{Field, Model, field_name, level_name};

use super::{DataArgs, Outcome, now};
use crate::app::failure::Result;
use crate::app::propose::{Learnt, Proposed, learn, model_of, propose};

/// Compare everyone on no list who was seen in a sweep with everyone listed, wherever, and write down who may be whom
///
/// A running server does this by itself. Nothing is linked: each proposal waits for a person, in the console's reconcile.
/// What a person declined is not proposed again. With --learn, people's decisions up to now re-weigh the model, which is
/// kept as linkage.json in the data directory; without that file the first model is used again.
#[derive(Debug, Args)]
pub struct ProposeArgs {
    #[command(flatten)]
    data: DataArgs,
    #[arg(long, value_name = "ID", required_unless_present = "learn")]
    sweep: Option<String>,
    /// Re-weigh the model by what people decided, and print each level's weight before and after
    #[arg(long)]
    learn: bool,
}

/// # Errors
/// If the sweep is not known or closed, the key is missing, or a server holds the directory.
pub fn run(args: &ProposeArgs) -> Result<Outcome> {
    let sweep = args.sweep.as_deref().map(|sweep| super::id(sweep, "--sweep")).transpose()?;
    let mut store = args.data.open_store()?;
    if args.learn {
        print(&learn(&mut store)?);
    }
    if let Some(sweep) = sweep {
        let model = model_of(&args.data.data)?;
        let Proposed { compared, proposed, waiting } = propose(&mut store, sweep, &model, now())?;
        println!(
            "proposed {proposed} compared {compared} waiting {waiting}\n\
             提出 {proposed} 条关联建议，比对了名单外 {compared} 人，待人决定 {waiting} 人"
        );
        if waiting > 0 {
            println!(
                "they wait in the console: Reconcile › Lit, not listed; for people in two communities, with a clerk of both\n\
                 在控制台“双向核对 › 亮灯不在册”里决定；跨社区的，由管两边的文员决定"
            );
        }
    }
    Ok(Outcome::Done)
}

fn print(learnt: &Learnt) {
    let Learnt { before, after, same, two } = learnt;
    if same + two == 0 {
        println!(
            "nothing was learnt: no decision on a proposal stands; {}\n\
             没有学到什么：还没有对关联建议作出（且未撤回）的决定，{}",
            if before == after { "the first model is used" } else { "the first model is used again" },
            if before == after { "使用初始模型" } else { "改回初始模型" },
        );
        return;
    }
    println!("learnt from {same} linked and {two} declined\n依据 {same} 对认作一人、{two} 对认作两人的决定");
    println!("{:<44} {:>8} {:>8}", "level / 比对结果 (bits)", "before", "after");
    for field in Field::ALL {
        // A register's addresses have no part that agrees alone; see the levels of a western address.
        let levels = (1..field.levels()).filter(|level| (field, *level) != (Field::Dwelling, 2));
        for level in levels {
            let (was, is) = (before.weight(field, level), after.weight(field, level));
            println!("{:<44} {was:>+8.2} {is:>+8.2}", label(field, level));
        }
    }
    println!("{:<44} {:>+8.2} {:>+8.2}", "all / 总体", shift(before), shift(after));
}

fn label(field: Field, level: usize) -> String {
    let ((_, field_en), (zh, en)) = (field_name(field), level_name(field, level, false));
    format!("{field_en}: {en} / {zh}")
}

fn shift(model: &Model) -> f64 {
    model.shift
}
