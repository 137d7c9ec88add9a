//! `wanjia dedupe`: which rows of one list are one person.

use std::path::PathBuf;

use serde_json::json;

use super::link::{Clock, CommandError, CommonArgs, peak_memory, status, write_id, write_probability};
use super::people_csv::{clean_up_on_interrupt, known_headings, read_list, write_whole};

/// Find the rows of one CSV file that are the same person; --help lists the headings that are known
#[derive(Debug, clap::Args)]
#[command(after_long_help = known_headings())]
pub struct DedupeArgs {
    /// The list.
    #[arg(long)]
    pub input: PathBuf,
    /// Where to write `id,cluster_id,probability`.
    #[arg(long)]
    pub out: PathBuf,
    /// Clusters of at most two rows: each row is joined to at most one other.
    #[arg(long)]
    pub one_to_one: bool,
    /// What the two commands share.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Runs the command; the exit status.
pub fn run(arguments: &DedupeArgs) -> u8 {
    status(execute(arguments))
}

fn execute(arguments: &DedupeArgs) -> Result<u64, CommandError> {
    clean_up_on_interrupt();
    let clock = Clock::start();
    let common = &arguments.common;
    common.check_outputs(&[&arguments.input], &arguments.out)?;
    let mapping = common.mapping()?;
    let model = common.model()?;
    let input = arguments.input.as_path();
    let mut list =
        read_list(input, &mapping, common.threads(), false, &|done, all| clock.read(input, done, all))?;
    common.check_mapping(&mapping, &[&list])?;
    let reading = clock.seconds();
    let options = common.options(arguments.one_to_one);
    let result = linkage::dedupe(&mut list.register, model.as_ref(), &options, &|stage, done, all| {
        clock.tick(stage, done, all);
    });
    let mut seconds = clock.stages();
    seconds.insert("reading".to_owned(), json!(reading));
    let before_writing = clock.seconds();
    write_whole(&arguments.out, |out| {
        out.write_all(b"id,cluster_id,probability\n")?;
        for (row, (cluster, probability)) in result.cluster.iter().zip(&result.probability).enumerate() {
            write_id(out, list.ids.get(row as u32))?;
            out.write_all(b",")?;
            write_id(out, list.ids.get(*cluster))?;
            write_probability(out, *probability)?;
            out.write_all(b"\n")?;
        }
        Ok(())
    })?;
    common.save(&result.model)?;
    common.report(&[(&arguments.input, &list)])?;
    seconds.insert("writing".to_owned(), json!(clock.seconds() - before_writing));
    seconds.insert("total".to_owned(), json!(clock.seconds()));
    let rows = list.register.len();
    let clusters = result.cluster.iter().enumerate().filter(|(row, first)| **first as usize == *row).count();
    let summary = &result.summary;
    if common.json {
        let report = json!({
            "rows": rows, "refused": list.refused, "encoding": list.encoding, "not_read": list.ignored,
            "clusters": clusters,
            "pairs": result.links.len(), "joins_refused": result.refused, "seconds": seconds,
            "peak_memory_bytes": peak_memory(), "threads": options.threads,
            "threshold": options.threshold, "estimated_precision": summary.estimated_precision,
            "estimated_recall": summary.estimated_recall, "summary": summary,
        });
        println!("{report:#}");
    } else {
        println!(
            "{rows} 行是 {clusters} 人，{} 对待人判断；估计准确率 {:.4}，估计召回率 {:.4} / \
             {rows} rows are {clusters} people, {} pairs to review; estimated precision {:.4}, recall {:.4}",
            summary.review,
            summary.estimated_precision,
            summary.estimated_recall,
            summary.review,
            summary.estimated_precision,
            summary.estimated_recall
        );
    }
    Ok(list.refused)
}
