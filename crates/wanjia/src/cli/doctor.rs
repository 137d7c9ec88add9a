//! `wanjia doctor`: whether this machine can keep what it acknowledges.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Args;
use domain::time::day_of;
use store::directory;

use super::Outcome;
use crate::app::failure::{Failure, Result};

/// Measure the disk's fsync, and look at the engine, the key's permissions, the published packs and the clock
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// The data directory
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

const ROUNDS: usize = 200;

/// # Errors
/// If the directory cannot be written.
pub fn run(args: &DoctorArgs) -> Result<Outcome> {
    directory::Directory::find(&args.data)?;
    store::schema::check_engine()?;
    println!("sqlite {} ok / 数据库引擎正常", rusqlite::version());
    let (median, worst) = measure(&args.data).map_err(|error| Failure::file(&args.data, &error))?;
    println!(
        "fsync of 4 KiB, {ROUNDS} times: median {:.0} us, slowest {:.0} us",
        median.as_secs_f64() * 1e6,
        worst.as_secs_f64() * 1e6
    );
    // A rotating disk needs about 8 ms, a good flash cell about 20 us; below that nothing can have reached a medium.
    if median < Duration::from_micros(20) {
        println!(
            "warning: this is faster than any disk can be: something in between acknowledges writes that are not durable\n警告：比任何磁盘都快，说明中间有一层在数据落盘之前就回答了“已写入”；断电会丢数据"
        );
    } else if median < Duration::from_micros(500) {
        println!(
            "note: fast for a disk; true of a drive with power-loss protection, otherwise a cache answers for it\n提示：这样的速度只有带断电保护的固态盘才可信，否则是缓存在代答"
        );
    }
    let key = directory::key_path(&args.data);
    match std::fs::metadata(&key) {
        Ok(file) if file.permissions().mode() & 0o077 != 0 => println!(
            "warning: {0} can be read by others; run chmod 600 {0}\n警告：密钥文件 {0} 可被他人读取，请运行 chmod 600 {0}",
            key.display()
        ),
        Ok(_) => println!("key {} ok / 密钥权限正常", key.display()),
        Err(_) => println!("key not at {0}; give it with --key or WANJIA_KEY / 密钥不在 {0}", key.display()),
    }
    for file in directory::Directory::find(&args.data)?.files() {
        match std::fs::metadata(&file) {
            Ok(found) => println!("{} {} bytes / 字节", file.display(), found.len()),
            // Accounts are made with the first of them.
            Err(_) => println!("{} is not there / 没有这个文件", file.display()),
        }
    }
    let mut reader = store::Reader::open(&args.data, None)?;
    match reader.count_past_due(day_of(super::now()))? {
        0 => println!("0 forms past their end are still there / 没有过了保存期限还在的表单"),
        forms => println!(
            "warning: {forms} forms are past their end and still there; a running server erases them once a day, `wanjia erase \
             --past-due --yes` at once\n警告：有 {forms} 份表单过了保存期限还在；运行中的服务每天删除一次，wanjia erase --past-due \
             --yes 立即删除"
        ),
    }
    for refusal in reader.unreadable_packs()? {
        println!("warning: {}\n警告：{}", refusal.en, refusal.zh);
    }
    if super::now() < 1_577_836_800_000 {
        println!("warning: this machine's clock is before 2020 / 警告：本机时钟早于 2020 年");
    }
    Ok(Outcome::Done)
}

fn measure(folder: &Path) -> std::io::Result<(Duration, Duration)> {
    let path = folder.join("doctor.tmp");
    let mut file = OpenOptions::new().create(true).truncate(true).write(true).open(&path)?;
    file.write_all(&[0; 4096])?;
    file.sync_all()?;
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS {
        let block = [u8::try_from(round % 251).unwrap_or(0); 4096];
        let started = Instant::now();
        file.write_at(&block, 0)?;
        file.sync_data()?;
        times.push(started.elapsed());
    }
    drop(file);
    std::fs::remove_file(&path)?;
    times.sort_unstable();
    let median = times.get(ROUNDS / 2).copied().unwrap_or_default();
    Ok((median, times.last().copied().unwrap_or_default()))
}
