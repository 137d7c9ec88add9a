//! `wanjia init`: a new, empty territory and its key.

use clap::Args;
use ledger::seal::TerritoryKey;
use std::path::PathBuf;
use store::{Store, directory};

use super::Outcome;
use crate::app::failure::{Failure, Result};

/// Make a new data directory and the key that opens it
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The data directory to make; it must not exist, or be empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Use this key file instead of making one
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// A short name for the territory, written into its tree heads and file names
    #[arg(long, value_name = "CODE", default_value = "main")]
    territory: String,
}

/// # Errors
/// If the directory is not empty, or the key's place is taken.
pub fn run(args: &InitArgs) -> Result<Outcome> {
    let plain = !args.territory.is_empty()
        && args.territory.len() <= 40
        && args.territory.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if !plain {
        return Err(Failure::new(
            "territory",
            "--territory 只能用字母、数字和连字符，不超过 40 个",
            "--territory takes letters, digits and hyphens, at most 40",
        ));
    }
    // A territory that is there is the likelier reason for its key to be there, and its key must stay where it is.
    if std::fs::read_dir(&args.data).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(store::StoreError::AlreadyExists(args.data.clone()).into());
    }
    let given = args.key.is_some() || std::env::var("WANJIA_KEY").is_ok();
    let key = if given {
        super::find_key(&args.data, args.key.as_deref())?
    } else {
        let path = directory::key_path(&args.data);
        if path.exists() {
            return Err(Failure::new(
                "key_exists",
                format!(
                    "密钥文件 {} 已经存在，可能属于另一个辖区：不要删除；换一个目录名，或用 --key 指定",
                    path.display()
                ),
                format!(
                    "the key file {} exists already and may be another territory's: do not delete it; choose another directory, or give a key with --key",
                    path.display()
                ),
            ));
        }
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|error| {
            Failure::new("random", format!("系统不能提供随机数：{error}"), error.to_string())
        })?;
        let key = TerritoryKey::from_bytes(seed);
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            std::fs::create_dir_all(parent).map_err(|error| Failure::file(parent, &error))?;
        }
        directory::write_key(&path, &key)?;
        eprintln!(
            "The key is in {0}. Without it nobody can open what is sealed: keep a copy on paper or on another machine, and never in a backup of the data.\n密钥在 {0}。没有它就打不开任何密封的内容：请另存一份在纸上或别的机器上，不要和数据备份放在一起。",
            path.display()
        );
        key
    };
    let store = Store::create(&args.data, &args.territory, key, super::now())?;
    println!("{}: {} facts / 已创建", args.data.display(), store.size());
    Ok(Outcome::Done)
}
