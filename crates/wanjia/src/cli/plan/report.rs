use std::io::Write;
use std::time::Instant;

use planning::Certificate;
use serde_json::{Map, Value, json};

use super::table::Problem;

/// The language of what a person reads on the terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Language {
    /// 中文
    #[default]
    Zh,
    /// English
    En,
}

/// How a plan reports itself.
#[derive(Debug, clap::Args)]
pub struct Output {
    /// Print the report as JSON: objective, lower_bound, proven_optimal, gap, uncovered, seconds, peak_memory_bytes
    #[arg(long)]
    pub json: bool,
    /// Language of the report when it is not JSON
    #[arg(long, value_enum, default_value_t)]
    pub language: Language,
}

/// Something that the plan leaves uncovered or could not use, by name.
#[derive(Debug)]
pub struct Uncovered {
    /// A stable code for scripts, such as `short_of_staff`.
    pub code: &'static str,
    /// The name as in the input.
    pub name: String,
    pub zh: String,
    pub en: String,
}

/// The names listed on the terminal before the rest is only counted.
const LISTED: usize = 20;

/// Prints what was planned, what it costs and what it leaves uncovered.
///
/// # Errors
/// When standard output cannot be written.
pub fn print(
    output: &Output,
    (unit_zh, unit_en): (&str, &str),
    certificate: Certificate,
    uncovered: &[Uncovered],
    facts: &[(&str, &str, Value)],
    began: Instant,
) -> Result<(), Problem> {
    let text = if output.json {
        let mut object = Map::new();
        object.insert("objective".into(), json!(certificate.objective));
        object.insert("lower_bound".into(), json!(certificate.lower_bound));
        object.insert("proven_optimal".into(), json!(certificate.is_optimal()));
        // JSON has no infinity: a gap over a bound of zero is null.
        object.insert("gap".into(), json!(certificate.gap()));
        object.insert("unit".into(), json!(unit_en));
        for (key, _, value) in facts {
            object.insert((*key).into(), value.clone());
        }
        let list: Vec<Value> = uncovered
            .iter()
            .map(|item| json!({ "code": item.code, "name": item.name, "zh": item.zh, "en": item.en }))
            .collect();
        object.insert("uncovered".into(), Value::Array(list));
        object.insert("seconds".into(), json!(began.elapsed().as_secs_f64()));
        object.insert("peak_memory_bytes".into(), json!(peak_memory()));
        format!("{}\n", Value::Object(object))
    } else {
        page(output.language, (unit_zh, unit_en), certificate, uncovered, facts)
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(|error| {
        Problem::new(format!("报告写不出来：{error}"), format!("cannot write the report: {error}"))
    })
}

fn page(
    language: Language,
    (unit_zh, unit_en): (&str, &str),
    certificate: Certificate,
    uncovered: &[Uncovered],
    facts: &[(&str, &str, Value)],
) -> String {
    let zh = language == Language::Zh;
    let pick = |chinese: &str, english: &str| String::from(if zh { chinese } else { english });
    let unit = if zh { unit_zh } else { unit_en };
    let mut lines = vec![
        format!("{}: {} {unit}", pick("本方案", "this plan"), certificate.objective),
        format!("{}: {} {unit}", pick("任何方案不低于", "no plan is below"), certificate.lower_bound),
        match certificate.gap() {
            gap if certificate.is_optimal() || gap <= 0.0 => {
                pick("已证明最优：任何方案都不会更少", "proven best: no plan has less")
            }
            gap if gap.is_finite() => {
                format!("{} {:.2}%", pick("与最优至多相差", "at most above the best by"), gap * 100.0)
            }
            _ => pick(
                "没有证明这是最少的：是否有方案能做到 0，未能确定",
                "not proven least: whether a plan with 0 exists is not known",
            ),
        },
    ];
    lines.extend(facts.iter().map(|(key, chinese, value)| format!("{}: {value}", pick(chinese, key))));
    lines.push(format!("{}: {}", pick("未覆盖或有疑问", "uncovered or in question"), uncovered.len()));
    lines.extend(
        uncovered.iter().take(LISTED).map(|item| format!("  {}", if zh { &item.zh } else { &item.en })),
    );
    if uncovered.len() > LISTED {
        lines.push(pick("  其余见 --json", "  the rest with --json"));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// The most memory this process has held, in bytes; `None` where the system does not say.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes * 1024)
}
