//! Runs `wanjia link`, `dedupe` and `link-explain` without the rest of wanjia.
#[path = "../../wanjia/src/cli"]
mod cli {
    pub mod dedupe;
    pub mod link;
    pub mod link_explain;
    pub mod people_csv;
}

#[derive(clap::Parser)]
enum Command {
    Link(cli::link::LinkArgs),
    Dedupe(cli::dedupe::DedupeArgs),
    LinkExplain(cli::link_explain::LinkExplainArgs),
}

fn main() -> std::process::ExitCode {
    match <Command as clap::Parser>::parse() {
        Command::Link(arguments) => cli::link::run(&arguments).into(),
        Command::Dedupe(arguments) => cli::dedupe::run(&arguments).into(),
        Command::LinkExplain(arguments) => cli::link_explain::run(&arguments).into(),
    }
}
