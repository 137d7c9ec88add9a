//! `wanjia link`: who in one list is who in another.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use linkage::{Band, Link, Model, Options, Stage};
use serde_json::json;

use super::people_csv::{
    List, ListError, Mapping, clean_up_on_interrupt, known_headings, read_list, read_mapping, unused,
    write_findings, write_whole,
};

/// Link the people of one list, CSV or workbook, to those of another; --help lists the headings that are known
#[derive(Debug, clap::Args)]
#[command(after_long_help = known_headings())]
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

/// Where a path leads, whether or not the file is there yet.
fn place(path: &Path) -> PathBuf {
    let folder = || {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Some(std::fs::canonicalize(parent).ok()?.join(path.file_name()?))
    };
    std::fs::canonicalize(path).ok().or_else(folder).unwrap_or_else(|| path.to_owned())
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
    #[error("{path}：模型文件有误 / model file: {detail}")]
    Model {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The mapping names a header that no list has.
    #[error(
        "{path}：映射中的表头在名单里不存在 / the mapping names headers that no list has: {}; \
         名单的表头 / the headers are: {}", .unknown.join(", "), .headers.join(", ")
    )]
    Unmapped {
        /// The mapping file.
        path: PathBuf,
        /// The headers that are not there.
        unknown: Vec<String>,
        /// The headers of the lists.
        headers: Vec<String>,
    },
    /// The output would take the place of an input.
    #[error("{path}：输出会覆盖输入，请换一个文件 / the output would replace an input; name another file")]
    Overwrites {
        /// The file.
        path: PathBuf,
    },
    /// Two outputs would be one file.
    #[error("{path}：两项输出写到同一个文件，请换一个 / two outputs name this file; give each its own")]
    OneOutput {
        /// The file.
        path: PathBuf,
    },
    /// A row that was asked for is not there.
    #[error("{path}：没有编号为 {id} 的可用行 / no usable row with id {id}")]
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

    /// Refuses outputs that would replace an input or each other, before any work is done. The model that was
    /// read may be the one that is saved.
    pub(super) fn check_outputs(&self, inputs: &[&Path], out: &Path) -> Result<(), CommandError> {
        let lists: Vec<PathBuf> = inputs.iter().copied().chain(self.mapping.as_deref()).map(place).collect();
        let model = self.model.as_deref().map(place);
        let written = [Some((out, false)), self.rejects.as_deref().map(|path| (path, false))];
        let saved = self.save_model.as_deref().map(|path| (path, true));
        let mut taken: Vec<PathBuf> = Vec::new();
        for (path, may_be_model) in written.into_iter().chain([saved]).flatten() {
            let here = place(path);
            if lists.contains(&here) || !may_be_model && model.as_ref() == Some(&here) {
                return Err(CommandError::Overwrites { path: path.to_owned() });
            }
            if taken.contains(&here) {
                return Err(CommandError::OneOutput { path: path.to_owned() });
            }
            taken.push(here);
        }
        Ok(())
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

    /// Refuses a mapping whose headers are in none of the lists: a slip there would pass unseen.
    pub(super) fn check_mapping(&self, mapping: &Mapping, lists: &[&List]) -> Result<(), CommandError> {
        check_mapping(self.mapping.as_deref(), mapping, lists)
    }

    /// Lists what was wrong with rows, or says on standard error that there is something to list.
    pub(super) fn report(&self, lists: &[(&Path, &List)]) -> Result<(), ListError> {
        if let Some(path) = &self.rejects {
            write_findings(path, lists)?;
        }
        for (path, list) in lists {
            if !list.ignored.is_empty() {
                eprintln!(
                    "{}：没有用到这些表头 / these headings are not read: {}",
                    path.display(),
                    list.ignored.join(", ")
                );
            }
            let noted = list.findings.len() as u64 - list.refused;
            if list.refused + noted > 0 {
                eprintln!(
                    "{}：{} 行未参加比对，{} 处值有疑问 / {} rows left out, {} doubtful values{}",
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

pub(super) fn check_mapping(
    path: Option<&Path>,
    mapping: &Mapping,
    lists: &[&List],
) -> Result<(), CommandError> {
    let headers: Vec<&[String]> = lists.iter().map(|list| list.headers.as_slice()).collect();
    let unknown: Vec<String> = unused(mapping, &headers).into_iter().map(str::to_owned).collect();
    match path {
        Some(path) if !unknown.is_empty() => {
            Err(CommandError::Unmapped { path: path.to_owned(), unknown, headers: headers.concat() })
        }
        _ => Ok(()),
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

/// Seconds by stage, and a bar where standard error is a terminal.
pub(super) struct Clock {
    started: Instant,
    state: Mutex<ClockState>,
    bar: ProgressBar,
}

struct ClockState {
    stage: Option<Stage>,
    since: Instant,
    ended: Vec<(Stage, f64)>,
}

const fn stage_name(stage: Stage) -> &'static str {
    match stage {
        Stage::Counting => "统计取值 / counting values",
        Stage::Indexing => "建立索引 / indexing",
        Stage::Training => "估计模型 / estimating the model",
        Stage::Matching => "比对 / comparing",
        Stage::Deciding => "判定 / deciding",
    }
}

impl Clock {
    pub(super) fn start() -> Self {
        let now = Instant::now();
        // Hidden where standard error is no terminal.
        let bar = ProgressBar::new(1);
        if let Ok(style) = ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {elapsed_precise}") {
            bar.set_style(style);
        }
        Self {
            started: now,
            state: Mutex::new(ClockState { stage: None, since: now, ended: Vec::new() }),
            bar,
        }
    }

    pub(super) fn seconds(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }

    /// So many bytes of a list have been read.
    pub(super) fn read(&self, path: &Path, done: u64, all: u64) {
        if done == 0 {
            self.bar.set_message(format!("读取 / reading {}", path.display()));
        }
        self.bar.set_length(all.max(1));
        self.bar.set_position(done);
    }

    pub(super) fn tick(&self, stage: Stage, done: usize, all: usize) {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.stage != Some(stage) {
            let now = Instant::now();
            if let Some(before) = state.stage {
                let seconds = (now - state.since).as_secs_f64();
                state.ended.push((before, seconds));
            }
            state.stage = Some(stage);
            state.since = now;
            self.bar.set_message(stage_name(stage));
        }
        self.bar.set_length(all.max(1) as u64);
        self.bar.set_position(done as u64);
    }

    /// Ends the last stage; seconds by stage.
    pub(super) fn stages(&self) -> serde_json::Map<String, serde_json::Value> {
        let mut state = self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(last) = state.stage.take() {
            let seconds = state.since.elapsed().as_secs_f64();
            state.ended.push((last, seconds));
        }
        self.bar.finish_and_clear();
        let named = |(stage, seconds): &(Stage, f64)| (format!("{stage:?}").to_lowercase(), json!(seconds));
        state.ended.iter().map(named).collect()
    }
}

/// Peak resident memory of the process in bytes, where the system tells.
pub(super) fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The exit status of a command that ended with so many refused rows: 0, or 1 if there were any, or 2.
pub(super) fn status(outcome: Result<u64, CommandError>) -> u8 {
    match outcome {
        Ok(refused) => u8::from(refused > 0),
        Err(error) => {
            eprintln!("{error}");
            2
        }
    }
}

/// Runs the command; the exit status.
pub fn run(arguments: &LinkArgs) -> u8 {
    status(execute(arguments))
}

fn execute(arguments: &LinkArgs) -> Result<u64, CommandError> {
    clean_up_on_interrupt();
    let clock = Clock::start();
    let common = &arguments.common;
    let threads = common.threads();
    common.check_outputs(&[&arguments.left, &arguments.right], &arguments.out)?;
    let mapping = common.mapping()?;
    let model = common.model()?;
    let read =
        |path: &Path| read_list(path, &mapping, threads, false, &|done, all| clock.read(path, done, all));
    let mut left = read(&arguments.left)?;
    let right = read(&arguments.right)?;
    common.check_mapping(&mapping, &[&left, &right])?;
    tell_if_one_file(&arguments.left, &arguments.right);
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
        for several in result.links.chunks(LINES * threads) {
            let texts = std::thread::scope(|scope| {
                let lists = (&left, &right);
                let part = |links| scope.spawn(move || lines(links, lists.0, lists.1));
                let parts: Vec<_> = several.chunks(LINES).map(part).collect();
                parts
                    .into_iter()
                    .map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                    .collect::<std::io::Result<Vec<_>>>()
            })?;
            texts.iter().try_for_each(|text| out.write_all(text))?;
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
            "left_not_read": left.ignored, "right_not_read": right.ignored,
            "pairs": result.links.len(), "seconds": seconds, "peak_memory_bytes": peak_memory(),
            "estimated_precision": summary.estimated_precision, "estimated_recall": summary.estimated_recall,
            "threads": options.threads, "threshold": options.threshold, "summary": summary,
        });
        println!("{report:#}");
    } else {
        let not = result.links.iter().filter(|link| link.band == Band::Not).count();
        println!(
            "{} 对确定，{} 对待人判断，{not} 对不像；估计准确率 {:.4}，估计召回率 {:.4} / \
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
    Ok(left.refused + right.refused)
}

/// Lines of links that a thread writes at a time.
const LINES: usize = 1 << 16;

fn lines(links: &[Link], left: &List, right: &List) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(links.len() * 36);
    for link in links {
        write_id(&mut out, left.ids.get(link.left))?;
        out.push(b',');
        write_id(&mut out, right.ids.get(link.right))?;
        write_probability(&mut out, link.probability)?;
        out.push(b',');
        out.extend_from_slice(link.band.word().as_bytes());
        out.push(b'\n');
    }
    Ok(out)
}

/// Writes a comma and a probability with six decimals; millions of them are written at a time.
pub(super) fn write_probability<W: Write + ?Sized>(out: &mut W, probability: f64) -> std::io::Result<()> {
    let mut millionths = (probability.clamp(0.0, 1.0) * 1e6).round() as u32;
    let mut text = *b",0.000000";
    text[1] = b'0' + (millionths / 1_000_000) as u8;
    for digit in text[3..].iter_mut().rev() {
        *digit = b'0' + (millionths % 10) as u8;
        millionths /= 10;
    }
    out.write_all(&text)
}

/// Writes an id as one CSV field.
pub(super) fn write_id<W: Write + ?Sized>(out: &mut W, id: &[u8]) -> std::io::Result<()> {
    if !id.iter().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r')) {
        return out.write_all(id);
    }
    out.write_all(b"\"")?;
    for byte in id {
        out.write_all(if *byte == b'"' { b"\"\"" } else { std::slice::from_ref(byte) })?;
    }
    out.write_all(b"\"")
}

/// Says so when both lists are one file, which is seldom meant.
fn tell_if_one_file(left: &Path, right: &Path) {
    if place(left) == place(right) {
        eprintln!(
            "{}：左右是同一个文件，每行都会与自己相配；查重请用 wanjia dedupe / \
             both lists are this file: every row matches itself; to find duplicates use wanjia dedupe",
            left.display()
        );
    }
}
