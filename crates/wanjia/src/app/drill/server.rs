//! The real program as child processes: commands that run to their end, and the server, which can be killed.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::app::failure::{Failure, Result};

/// The program under test and its data directory.
#[derive(Clone, Debug)]
pub struct Program {
    pub binary: PathBuf,
    pub data: PathBuf,
}

impl Program {
    /// A command of the program, which finds its key beside the data directory.
    #[must_use]
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).env_remove("WANJIA_KEY").stdin(Stdio::null());
        command
    }

    /// Runs a command on the data directory to its end. Gives what it printed on standard output.
    ///
    /// # Errors
    /// If it does not end with 0; the message holds what it said.
    pub fn run(&self, arguments: &[&str]) -> Result<String> {
        let data = self.data.to_string_lossy().into_owned();
        let mut all: Vec<&str> = arguments.to_vec();
        all.extend(["--data", &data]);
        let output = self.command(&all).output().map_err(|error| Failure::file(&self.binary, &error))?;
        told(&all.join(" "), &output)
    }

    /// Starts the server on a free port and waits until it says where it listens.
    ///
    /// # Errors
    /// If it does not start.
    pub fn serve(&self) -> Result<Server> {
        let data = self.data.to_string_lossy().into_owned();
        let started = Instant::now();
        let mut child = self
            .command(&["serve", "--data", &data, "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| Failure::file(&self.binary, &error))?;
        let mut line = String::new();
        if let Some(stdout) = child.stdout.take() {
            BufReader::new(stdout)
                .read_line(&mut line)
                .map_err(|error| Failure::file(&self.binary, &error))?;
        }
        let address = line.trim().trim_start_matches("http://").trim_end_matches('/').parse();
        match address {
            Ok(address) => Ok(Server { child, address, started }),
            Err(_) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(Failure::new(
                    "server",
                    format!("服务没有启动：{line:?}"),
                    format!("the server did not start; it said {line:?}"),
                ))
            }
        }
    }
}

fn told(what: &str, output: &Output) -> Result<String> {
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::new(
        "command",
        format!("wanjia {what} 没有成功（{}）：{said}", output.status),
        format!("wanjia {what} ended with {}: {said}", output.status),
    ))
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// When the process was started.
    pub started: Instant,
}

impl Server {
    /// SIGKILL, and waits until the process is gone.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // Both fail only if it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    #[must_use]
    pub fn process(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a process has used so far, from `/proc`; none when it is gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// The most memory it ever held, in KiB.
    pub peak_kib: u64,
    /// Processor time, user and system, in clock ticks of 10 ms.
    pub ticks: u64,
}

/// Reads what a process has used.
#[must_use]
pub fn used(process: u32) -> Option<Used> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let peak_kib = line.split_whitespace().nth(1)?.parse().ok()?;
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name in brackets may hold spaces; what follows it does not.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Used { peak_kib, ticks })
}

/// How a command ended that was watched.
#[derive(Clone, Debug)]
pub struct Watched {
    pub took: Duration,
    pub used: Used,
    pub output: String,
}

/// Runs a command to its end and watches its memory and processor time.
///
/// # Errors
/// If it does not end with 0.
pub fn watch(mut command: Command, what: &str) -> Result<Watched> {
    let started = Instant::now();
    let fail = |error: std::io::Error| Failure::file(Path::new(what), &error);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(fail)?;
    let mut last = Used::default();
    loop {
        if let Some(now) = used(child.id()) {
            last = now;
        }
        if child.try_wait().map_err(fail)?.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let took = started.elapsed();
    let output = child.wait_with_output().map_err(fail)?;
    Ok(Watched { took, used: last, output: told(what, &output)? })
}
