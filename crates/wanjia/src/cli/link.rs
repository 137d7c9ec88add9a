//! `wanjia link`: who in one list is who in another.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use linkage::{Band, Model, Options, Stage};
use serde_json::json;

use super::people_csv::{
    List, ListError, Mapping, clean_up_on_interrupt, read_list, read_mapping, write_findings, write_whole,
};

/// Link the people of one CSV file to those of another.
#[derive(Debug, clap::Args)]
pub struct LinkArgs {
    /// The list that is searched, such as the roster.
    #[arg(long)]
    pub left: PathBuf,
    /// The list whose people are looked for, such as the door records.
    #[arg(long)]
    pub right: PathBuf,
    /// Where to write `left_id,right_id,probability,band`.
    #[arg(long)]
    pub out: PathBuf,
    /// Each row is linked at most once.
    #[arg(long)]
    pub one_to_one: bool,
    /// What the two commands share.
    #[command(flatten)]
    pub common: CommonArgs,
}

/// Options that `link` and `dedupe` share.
#[derive(Debug, clap::Args)]
pub struct CommonArgs {
    /// Probability from which a pair is linked.
    #[arg(long, default_value_t = 0.9, value_parser = share)]
    pub threshold: f64,
    /// Probability from which a person is asked.
    #[arg(long, default_value_t = 0.1, value_parser = share)]
    pub review: f64,
    /// Use this model and estimate none.
    #[arg(long)]
    pub model: Option<PathBuf>,
    /// Write the model that was used, as JSON.
    #[arg(long)]
    pub save_model: Option<PathBuf>,
    /// JSON file of header to column: overrides the built-in table.
    #[arg(long)]
    pub mapping: Option<PathBuf>,
    /// Where to list refused rows and values that were left out.
    #[arg(long)]
    pub rejects: Option<PathBuf>,
    /// Threads; all cores by default.
    #[arg(long)]
    pub threads: Option<usize>,
    /// Print figures as JSON on standard output.
    #[arg(long)]
    pub json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let value: f64 = text.parse().map_err(|_| format!("{text} 不是数 / is no number"))?;
    if (0.0..=1.0).contains(&value) {
        Ok(value)
    } else {
        Err("应在 0 与 1 之间 / must lie between 0 and 1".to_owned())
    }
}

/// Anything that ends a command early.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// A list.
    #[error(transparent)]
    List(#[from] ListError),
    /// The model file.
    #[error("{path}:模型文件有误 / model file: {detail}")]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// A row that was asked for is not there.
    #[error("{path}:没有编号为 {id} 的可用行 / no usable row with id {id}")]
    Row {
        /// The file.
        path: PathBuf,
        /// The id.
        id: String,
    },
}

impl CommonArgs {
    pub(super) fn threads(&self) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        self.threads.unwrap_or(cores).clamp(1, 256)
    }

    pub(super) fn options(&self, one_to_one: bool) -> Options {
        let review = self.review.min(self.threshold);
        let floor = Options::default().floor.min(review);
        Options {
            threshold: self.threshold,
            review,
            floor,
            one_to_one,
            threads: self.threads(),
            ..Options::default()
        }
    }

    pub(super) fn mapping(&self) -> Result<Mapping, ListError> {
        self.mapping.as_deref().map_or_else(|| Ok(Mapping::new()), read_mapping)
    }

    pub(super) fn model(&self) -> Result<Option<Model>, CommandError> {
        self.model.as_deref().map(read_model).transpose()
    }

    pub(super) fn save(&self, model: &Model) -> Result<(), CommandError> {
        if let Some(path) = &self.save_model {
            write_whole(path, |out| {
                serde_json::to_writer_pretty(&mut *out, model)?;
                out.write_all(b"\n")
            })?;
        }
        Ok(())
    }

    /// Lists what was wrong with rows, or says on standard error that there is something to list.
    pub(super) fn report(&self, lists: &[(&Path, &List)]) -> Result<(), ListError> {
        if let Some(path) = &self.rejects {
            write_findings(path, lists)?;
        }
        for (path, list) in lists {
            let noted = list.findings.len() as u64 - list.refused;
            if list.refused + noted > 0 {
                eprintln!(
                    "{}:{} 行未参加比对,{} 处值有疑问 / {} rows left out, {} doubtful values{}",
                    path.display(),
                    list.refused,
                    noted,
                    list.refused,
                    noted,
                    if self.rejects.is_some() { "" } else { "(--rejects FILE)" }
                );
            }
        }
        Ok(())
    }
}

/// Reads and checks a model file.
pub(super) fn read_model(path: &Path) -> Result<Model, CommandError> {
    let wrong = |detail: String| CommandError::Model { path: path.to_owned(), detail };
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let model: Model = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    model.check().map_err(|error| wrong(error.to_string()))?;
    Ok(model)
}

/// Seconds by stage, and a bar on the terminal.
pub(super) struct Clock {
    started: Instant,
    state: Mutex<(Option<Stage>, Instant, Vec<(Stage, f64)>, Instant)>,
    bar: bool,
}

impl Clock {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        let bar = std::io::stderr().is_terminal();
        Self { started: now, state: Mutex::new((None, now, Vec::new(), now)), bar }
    }

    pub(super) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    pub(super) fn tick(&self, stage: Stage, done: usize, all: usize) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let now = Instant::now();
        if state.0 != Some(stage) {
            if let Some(before) = state.0 {
                let seconds = (now - state.1).as_secs_f64();
                state.2.push((before, seconds));
            }
            state.0 = Some(stage);
            state.1 = now;
        }
        if self.bar && (now - state.3).as_millis() > 200 {
            state.3 = now;
            let share = done as f64 / all.max(1) as f64;
            let filled = (share * 30.0) as usize;
            eprint!(
                "\r{stage:?} [{}{}] {:3.0}%  ",
                "#".repeat(filled),
                " ".repeat(30 - filled),
                share * 100.0
            );
        }
    }

    /// Ends the last stage.
    /// Seconds by stage; CPU seconds of the whole process so far are under `cpu`.
    pub(super) fn stages(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(last) = state.0.take() {
            let seconds = state.1.elapsed().as_secs_f64();
            state.2.push((last, seconds));
        }
        if self.bar {
            eprint!("\r\x1b[K");
        }
        state.2.iter().map(|(stage, seconds)| (format!("{stage:?}").to_lowercase(), json!(seconds))).collect()
    }
}

/// Peak resident memory of the process in bytes, where the system tells.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// Runs the command; the exit status.
pub fn run(arguments: &LinkArgs) -> u8 {
    match execute(arguments) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            2
        }
    }
}

fn execute(arguments: &LinkArgs) -> Result<(), CommandError> {
    clean_up_on_interrupt();
    let clock = Clock::start();
    let common = &arguments.common;
    let mapping = common.mapping()?;
    let model = common.model()?;
    let (left, right) = read_both(&arguments.left, &arguments.right, &mapping, common.threads())?;
    let (mut left, right) = (left, right);
    let reading = clock.seconds();
    let options = common.options(arguments.one_to_one);
    let result =
        linkage::link(&mut left.register, &right.register, model.as_ref(), &options, &|stage, done, all| {
            clock.tick(stage, done, all);
        });
    let mut seconds = clock.stages();
    seconds.insert("reading".to_owned(), json!(reading));
    let before_writing = clock.seconds();
    write_whole(&arguments.out, |out| {
        out.write_all(b"left_id,right_id,probability,band\n")?;
        for link in &result.links {
            write_id(out, left.ids.get(link.left))?;
            out.write_all(b",")?;
            write_id(out, right.ids.get(link.right))?;
            writeln!(out, ",{:.6},{}", link.probability, link.band.word())?;
        }
        Ok(())
    })?;
    common.save(&result.model)?;
    common.report(&[(&arguments.left, &left), (&arguments.right, &right)])?;
    seconds.insert("writing".to_owned(), json!(clock.seconds() - before_writing));
    seconds.insert("total".to_owned(), json!(clock.seconds()));
    let summary = &result.summary;
    if common.json {
        let report = json!({
            "left_rows": left.register.len(), "right_rows": right.register.len(),
            "left_refused": left.refused, "right_refused": right.refused,
            "left_encoding": left.encoding, "right_encoding": right.encoding,
            "pairs": result.links.len(), "seconds": seconds, "peak_memory_bytes": peak_memory(),
            "threads": options.threads, "threshold": options.threshold, "summary": summary,
        });
        println!("{report:#}");
    } else {
        let not = result.links.iter().filter(|link| link.band == Band::Not).count();
        println!(
            "{} 对确定,{} 对待人判断,{not} 对不像;估计准确率 {:.4},估计召回率 {:.4} / \
             {} pairs sure, {} to review, {not} unlikely; estimated precision {:.4}, recall {:.4}",
            summary.sure,
            summary.review,
            summary.estimated_precision,
            summary.estimated_recall,
            summary.sure,
            summary.review,
            summary.estimated_precision,
            summary.estimated_recall
        );
    }
    Ok(())
}

/// Writes an id as one CSV field.
pub(super) fn write_id(out: &mut dyn Write, id: &[u8]) -> std::io::Result<()> {
    if !id.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        return out.write_all(id);
    }
    out.write_all(b"\"")?;
    for byte in id {
        out.write_all(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) })?;
    }
    out.write_all(b"\"")
}

/// Reads two lists, at once where there is a second thread.
pub(super) fn read_both(
    left: &Path,
    right: &Path,
    mapping: &Mapping,
    threads: usize,
) -> Result<(List, List), ListError> {
    if threads < 2 {
        return Ok((read_list(left, mapping)?, read_list(right, mapping)?));
    }
    std::thread::scope(|scope| {
        let other = scope.spawn(|| read_list(right, mapping));
        let left = read_list(left, mapping)?;
        let right = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        Ok((left, right))
    })
}
