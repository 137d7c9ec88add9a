//! `wanjia programme test`: a pack's own tests, given / when / then.

use std::path::PathBuf;

use clap::Args;
use programme::scenario;

use crate::app::failure::Result;
use crate::app::pack_files::read_pack_files;
use crate::cli::Outcome;

/// Run a pack's own tests, and hold its samples to their forms. Exit codes: 0 all hold, 1 some do not or the pack has mistakes, 2 the folder cannot be read
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The pack's folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
}

/// # Errors
/// If the folder cannot be read.
pub fn run(args: &TestArgs) -> Result<Outcome> {
    let files = read_pack_files(&args.path)?;
    let Some(pack) = super::told(programme::read_new(&files))? else { return Ok(Outcome::WithRejects) };
    let report = scenario::run(&pack);
    super::print(&report.failures);
    if !report.untested.is_empty() {
        let rules = report.untested.join(", ");
        println!("no test sees these rules flag: {rules}\n没有测试见过这些规则提示：{rules}");
    }
    if !report.uncounted.is_empty() {
        let indicators = report.uncounted.join(", ");
        println!(
            "no test sees these indicators counted: {indicators}\n没有测试见过这些指标计数：{indicators}"
        );
    }
    if !report.unwalked.is_empty() {
        let places = report.unwalked.join(", ");
        println!("no test walks here: {places}\n没有测试走到：{places}");
    }
    if !report.unsampled.is_empty() {
        let forms = report.unsampled.join(", ");
        println!("no sample shows these forms filled in: {forms}\n没有样例填过这些表单：{forms}");
    }
    let (run, failed, samples) = (report.run, report.failures.len(), pack.samples.len());
    println!(
        "{}, {}, {} / {run} 条测试，{failed} 处不符；{samples} 份样例",
        super::counted(run, "test"),
        super::counted(failed, "failure"),
        super::counted(samples, "sample")
    );
    let untold = [&report.untested, &report.uncounted, &report.unwalked, &report.unsampled];
    Ok(if failed == 0 && untold.iter().all(|names| names.is_empty()) {
        Outcome::Done
    } else {
        Outcome::WithRejects
    })
}
