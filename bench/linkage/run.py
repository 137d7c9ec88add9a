"""Measures `wanjia link` on generated lists, beside Splink 4 where asked, and prints tables in Markdown.

Needs the release builds of wanjia and of the examples of crates/linkage; `make bench-linkage` makes them. Every
figure is of this run on this machine; where there are several runs the median is given and the runs beside it.
"""
import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode > 1:
        sys.exit(f"{command}\n{done.stdout}{done.stderr}")
    return done.stdout


def generate(arguments, folder, profile, people):
    target = os.path.join(folder, f"{profile}-{people}")
    if not os.path.exists(os.path.join(target, "observation.csv")):
        run([arguments.tools + "/generate", "--people", people, "--profile", profile, "--seed", arguments.seed, "--out", target])
    return target


def score(arguments, lists, links):
    observations = os.path.join(lists, "observation.csv")
    return json.loads(run([arguments.tools + "/score", "--observations", observations, "--links", links]))


def limit(arguments, lists, links):
    command = [arguments.tools + "/limit", "--roster", lists + "/roster.csv"]
    command += ["--observations", lists + "/observation.csv", "--links", links, "--threads", arguments.threads]
    return json.loads(run(command))


def ours(arguments, lists, links, runs, model=None):
    reports = []
    for _ in range(runs):
        command = [arguments.wanjia, "link", "--left", lists + "/roster.csv", "--right", lists + "/observation.csv"]
        command += ["--out", links, "--threads", arguments.threads, "--json"]
        reports.append(json.loads(run(command + (["--save-model", model] if model else []))))
    return reports


def splink(arguments, lists, links):
    script = os.path.join(HERE, "splink_lists.py")
    return json.loads(run([arguments.python, script, lists, links, "--threads", arguments.threads]).splitlines()[-1])


def gigabytes(count):
    return f"{count / 1e9:.2f}"


def line(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def accuracy(got):
    return (f"{got['at_threshold']['f1']:.5f}", f"{got['best']['f1']:.5f}", f"{got['calibration_error']:.5f}")


def people_of(text):
    return int(text.replace("k", "000").replace("M", "000000"))


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--wanjia", default="target/release/wanjia")
parser.add_argument("--tools", default="target/release/examples")
parser.add_argument("--python", default=sys.executable, help="the interpreter that Splink is installed for")
parser.add_argument("--sizes", default="10k,100k,1M,10M", help="people on the roster; the growth table")
parser.add_argument("--side-by-side", default="1M", help="sizes that Splink links too; none: leave it out")
parser.add_argument("--profiles", default="plain,hard")
parser.add_argument("--lookup", default="10M", help="people in the index of the lookup figures; none: leave it out")
parser.add_argument("--runs", type=int, default=3)
parser.add_argument("--threads", type=int, default=os.cpu_count())
parser.add_argument("--seed", type=int, default=1)
parser.add_argument("--febrl", action="store_true", help="FEBRL 1 to 4 with both peers")
parser.add_argument("--limit", action="store_true", help="how much of what was missed nothing in the lists tells")
parser.add_argument("--keep", help="folder that generated lists are kept in")
arguments = parser.parse_args()
folder = arguments.keep or tempfile.mkdtemp()
os.makedirs(folder, exist_ok=True)
links = os.path.join(folder, "links.csv")
peers = [] if arguments.side_by_side == "none" else [people_of(size) for size in arguments.side_by_side.split(",")]
sizes = [people_of(size) for size in arguments.sizes.split(",")]
profiles = arguments.profiles.split(",")
print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, {arguments.threads} threads")
reliability = []
limits = []

print("\n## Side by side: the same lists, best match per observation\n")
line("lists", "tool", "seconds (runs)", "peak GB", "F1 at 0.9", "best F1", "calibration error", "times faster")
line(*["---"] * 8)
for profile in profiles:
    for people in peers:
        lists = generate(arguments, folder, profile, people)
        reports = ours(arguments, lists, links, arguments.runs)
        seconds = [report["seconds"]["total"] for report in reports]
        got = score(arguments, lists, links)
        reliability.append((f"{profile} {people}", got))
        peer = splink(arguments, lists, links)
        name = f"{profile}, {reports[0]['left_rows']} x {reports[0]['right_rows']}"
        median = statistics.median(seconds)
        runs = " ".join(f"{second:.2f}" for second in seconds)
        peak = max(report["peak_memory_bytes"] for report in reports)
        line(name, "wanjia", f"{median:.2f} ({runs})", gigabytes(peak), *accuracy(got), f"{peer['seconds'] / median:.1f}")
        line(name, "Splink 4", f"{peer['seconds']:.1f}", gigabytes(peer["peak_memory_bytes"]), *accuracy(score(arguments, lists, links)), "1")

print("\n## Growth\n")
stages = ["reading", "counting", "indexing", "training", "matching", "deciding", "writing"]
line("lists", "total s", *stages, "us a row", "peak GB", "F1 at 0.9", "best F1", "calibration error")
line(*["---"] * 13)
for profile in profiles:
    for people in sizes:
        lists = generate(arguments, folder, profile, people)
        reports = sorted(ours(arguments, lists, links, 1 if people > 2_000_000 else arguments.runs), key=lambda r: r["seconds"]["total"])
        report = reports[len(reports) // 2]
        got = score(arguments, lists, links)
        reliability.append((f"{profile} {people}", got))
        if arguments.limit:
            limits.append((f"{profile} {people}", limit(arguments, lists, links), got))
        rows = report["left_rows"] + report["right_rows"]
        seconds = report["seconds"]
        line(
            f"{profile}, {report['left_rows']} x {report['right_rows']}", f"{seconds['total']:.2f}",
            *(f"{seconds.get(stage, 0):.2f}" for stage in stages), f"{seconds['total'] / rows * 1e6:.2f}",
            gigabytes(report["peak_memory_bytes"]), *accuracy(got),
        )

print("\n## Reliability: of the pairs in a bin, the share predicted and the share observed to be one person\n")
line("lists", *(f"{at / 10:.1f}-" for at in range(10)), "calibration error")
line(*["---"] * 12)
for name, got in reliability:
    bins = [f"{b['predicted']:.3f}/{b['observed']:.3f} ({b['pairs']})" if b["pairs"] else "-" for b in got["bins"]]
    line(name, *bins, f"{got['calibration_error']:.5f}")

if limits:
    print("\n## Missed, though whoever knew the truth of all that was found could not tell: another fits as well, or two can be exchanged\n")
    line("lists", "wanted", "missed", "wrong", "another fits", "exchanged", "of the rest, an ideal scorer is not sure", "F1 at 0.9", "F1 that the first two alone leave")
    line(*["---"] * 9)
    for name, limit_of, got in limits:
        numbers = [limit_of[key] for key in ("wanted", "missed", "wrong", "stranger", "exchanged", "unsure")]
        line(name, *numbers, f"{got['at_threshold']['f1']:.5f}", f"{limit_of['f1_limit']:.5f}")
    print("\nHow the missed rows agree with the right person, the commonest ways first; beside them the rows of people on no list that agree so with somebody\n")
    line("lists", "rows", "nobody can tell", "rows of people on no list", "an ideal scorer says", "what agrees")
    line(*["---"] * 6)
    for name, limit_of, _ in limits:
        for way in limit_of["ways"]:
            line(name, way["rows"], way["undecidable"], way["outsiders"], f"{way['ideal']:.3f}", way["agree"])

if arguments.lookup != "none":
    print("\n## Lookups, one at a time\n")
    lists = generate(arguments, folder, "plain", people_of(arguments.lookup))
    model = os.path.join(folder, "model.json")
    small = generate(arguments, folder, "plain", min(people_of(arguments.lookup), 100_000))
    ours(arguments, small, links, 1, model)
    print(run([arguments.tools + "/lookup", "--roster", lists + "/roster.csv", "--observations", lists + "/observation.csv", "--model", model]))

if arguments.febrl:
    print("\n## FEBRL, at a fixed 0.9\n", flush=True)
    subprocess.run([arguments.python, os.path.join(HERE, "febrl.py"), "--wanjia", arguments.wanjia, "--peers"], check=True)

if not arguments.keep:
    shutil.rmtree(folder)
