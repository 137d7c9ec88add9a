//! Runs `wanjia link` without the rest of wanjia.
#[path = "../../wanjia/src/cli"]
mod cli {
    pub mod link;
    pub mod people_csv;
}

#[derive(clap::Parser)]
struct Command {
    #[command(flatten)]
    arguments: cli::link::LinkArgs,
}

fn main() -> std::process::ExitCode {
    let command = <Command as clap::Parser>::parse();
    cli::link::run(&command.arguments).into()
}
