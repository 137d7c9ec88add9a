//! `wanjia programme build`: every form of a pack as the XForm that phones fill in.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::app::failure::{Failure, Result};
use crate::app::pack_files::read_pack_files;
use crate::cli::Outcome;

/// Translate every form of a pack to an XForm. Exit codes: 0 done, 1 the pack has mistakes and nothing was written, 2 a
/// folder cannot be read or written
#[derive(Debug, Args)]
pub struct BuildArgs {
    /// The pack's folder
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The folder for the XForms; it must not be there yet
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// # Errors
/// If a folder cannot be read or written, or DIR is there already.
pub fn run(args: &BuildArgs) -> Result<Outcome> {
    let files = read_pack_files(&args.path)?;
    let built = match programme::check(&files).and_then(|_| programme::build(&files)) {
        Ok(built) => built,
        Err(findings) => {
            super::tell(&findings);
            return Ok(Outcome::WithRejects);
        }
    };
    let out = &args.out;
    if out.exists() {
        return Err(Failure::new(
            "already_exists",
            format!("{} 已经有了：请给一个新文件夹", out.display()),
            format!("{}: it is there already; name a new folder", out.display()),
        ));
    }
    // Beside the place where it will stand, so that the last step is a rename: all of it or nothing.
    let beside = out.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = tempfile::tempdir_in(beside).map_err(|error| Failure::file(beside, &error))?;
    for (code, text) in &built {
        let path = folder.path().join(format!("{code}.xml"));
        fs::write(&path, text).map_err(|error| Failure::file(&path, &error))?;
    }
    let made = folder.keep();
    fs::rename(&made, out).map_err(|error| Failure::file(out, &error))?;
    let count = built.len();
    println!("{count} forms / {count} 张表");
    Ok(Outcome::Done)
}
