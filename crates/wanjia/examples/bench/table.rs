//! The figures as Markdown, with the bars of the specification beside them.

use std::fmt::Write as _;

use crate::load::Times;
use crate::{Args, Figures, size};

/// The processor and the memory of this machine, as it says itself.
#[must_use]
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).map(str::to_owned).unwrap_or_default();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let memory: u64 = field(&read("/proc/meminfo"), "MemTotal")
        .split_whitespace()
        .next()
        .and_then(|kib| kib.parse().ok())
        .unwrap_or(0);
    format!("{}, {} GiB", field(&read("/proc/cpuinfo"), "model name"), memory >> 20)
}

struct Bar {
    what: String,
    found: f64,
    bar: f64,
    unit: &'static str,
    at_least: bool,
}

impl Bar {
    fn line(&self) -> String {
        let met = if self.at_least { self.found >= self.bar } else { self.found <= self.bar };
        let sign = if self.at_least { "≥" } else { "≤" };
        format!(
            "| {} | {} {} | {sign} {} {} | {} |",
            self.what,
            number(self.found),
            self.unit,
            number(self.bar),
            self.unit,
            if met { "met" } else { "**not met**" }
        )
    }
}

fn number(value: f64) -> String {
    if value >= 1000.0 {
        let digits = format!("{value:.0}");
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index) % 3 == 0 {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        grouped
    } else if value >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    }
}

fn bars(largest: &size::Figures) -> Vec<Bar> {
    let bar = |what: &str, found, bar, unit, at_least| Bar { what: what.into(), found, bar, unit, at_least };
    let mut bars = vec![
        bar("import", largest.import_rate, 30_000.0, "people/s", true),
        bar("peak memory of the import", largest.import_peak_mib, 2048.0, "MiB", false),
        bar("data directory", largest.directory_gib, 12.0, "GiB", false),
        bar("verify", largest.verify_rate, 500_000.0, "facts/s", true),
        bar("rebuild", largest.rebuild_rate, 150_000.0, "facts/s", true),
    ];
    let Some(load) = &largest.load else { return bars };
    let ratio = 100.0 * load.flat_out.visits_per_second / largest.yardstick.max(1.0);
    let p99 = |name: &str| load.paced.reads.get(name).copied().unwrap_or_default().p99;
    bars.extend([
        bar("sustained push", load.flat_out.visits_per_second, 10_000.0, "visits/s", true),
        bar("sustained push of the yardstick", ratio, 25.0, "%", true),
        bar("p99 of a 50-fact push at the fixed rate", load.paced.push.p99, 250.0, "ms", false),
        bar("p99 of coverage while pushes run", p99("coverage"), 5.0, "ms", false),
        bar("p99 of a community's residual while pushes run", p99("residual"), 20.0, "ms", false),
        bar("p99 of a building's matrix while pushes run", p99("matrix"), 10.0, "ms", false),
        bar("start to first answer", largest.start_ms, 1000.0, "ms", false),
    ]);
    bars
}

fn times(times: Option<&Times>) -> String {
    times.map_or_else(|| "-".into(), |times| format!("{} / {}", number(times.p50), number(times.p99)))
}

/// The whole table.
#[must_use]
pub fn markdown(args: &Args, figures: &Figures) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = writeln!(
        out,
        "\n{}, {} cores, {}, wanjia {}, seed {}\n",
        figures.machine, figures.cores, figures.at, figures.version, args.seed
    );
    let Some(largest) = figures.sizes.last() else { return out };
    let _ = writeln!(
        out,
        "At {} people in {} communities, {} phones, {} bare rows/s of the yardstick in this run:\n",
        number(largest.people as f64),
        largest.communities,
        args.phones,
        number(largest.yardstick)
    );
    let _ = writeln!(out, "| what | found | bar | |\n|---|---|---|---|");
    for bar in bars(largest) {
        let _ = writeln!(out, "{}", bar.line());
    }
    let _ = writeln!(
        out,
        "\nGrowth (times are p50 / p99 in ms; `flat` is as fast as the server answers, `paced` {} visits/s):\n",
        args.rate
    );
    let column = |cell: &dyn Fn(&size::Figures) -> String| {
        figures.sizes.iter().map(cell).collect::<Vec<String>>().join(" | ")
    };
    let mut row = |name: &str, cell: &dyn Fn(&size::Figures) -> String| {
        let _ = writeln!(out, "| {name} | {} |", column(cell));
    };
    row("people", &|f| number(f.people as f64));
    row("---", &|_| "---".into());
    row("communities", &|f| f.communities.to_string());
    row("dwellings", &|f| number(f.dwellings as f64));
    row("facts of the roster", &|f| number(f.facts as f64));
    row("import, people/s", &|f| number(f.import_rate));
    row("import, s (CPU s)", &|f| format!("{} ({})", number(f.import_seconds), number(f.import_cpu)));
    row("import, peak MiB", &|f| number(f.import_peak_mib));
    row("data directory, GiB", &|f| format!("{:.3}", f.directory_gib));
    row("verify, facts/s (CPU s)", &|f| format!("{} ({})", number(f.verify_rate), number(f.verify_cpu)));
    row("rebuild, facts/s (CPU s)", &|f| format!("{} ({})", number(f.rebuild_rate), number(f.rebuild_cpu)));
    row("yardstick, rows/s", &|f| number(f.yardstick));
    if figures.sizes.iter().all(|f| f.load.is_none()) {
        return out;
    }
    row("start to first answer, ms", &|f| number(f.start_ms));
    let load = |f: &size::Figures, cell: &dyn Fn(&crate::load::Figures) -> String| {
        f.load.as_ref().map_or_else(|| "-".into(), cell)
    };
    row("push, flat, visits/s", &|f| load(f, &|l| number(l.flat_out.visits_per_second)));
    row("push, flat, % of the yardstick", &|f| {
        load(f, &|l| number(100.0 * l.flat_out.visits_per_second / f.yardstick.max(1.0)))
    });
    row("push of 50, flat", &|f| load(f, &|l| times(Some(&l.flat_out.push))));
    row("push, paced, visits/s", &|f| load(f, &|l| number(l.paced.visits_per_second)));
    row("push of 50, paced", &|f| load(f, &|l| times(Some(&l.paced.push))));
    for kind in ["coverage", "residual", "matrix"] {
        row(&format!("{kind}, nobody pushing"), &|f| load(f, &|l| times(l.idle.get(kind))));
        row(&format!("{kind}, paced"), &|f| load(f, &|l| times(l.paced.reads.get(kind))));
        row(&format!("{kind}, flat"), &|f| load(f, &|l| times(l.flat_out.reads.get(kind))));
    }
    row("server, peak MiB", &|f| load(f, &|l| number(l.server_peak_mib)));
    row("server, cores busy, flat / paced", &|f| {
        load(f, &|l| format!("{:.2} / {:.2}", l.flat_out.server_cpu_share, l.paced.server_cpu_share))
    });
    out
}
