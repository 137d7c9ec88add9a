#!/usr/bin/env python3
"""Runs every planner at four sizes, beside its peers where they are installed, and prints tables.

run.py WANJIA FOLDER [--small] [--only grids,keep,...]
  --small leaves out the largest size of grids and deployment
  --only  runs some of deploy, grids, keep, pair, rota, rounds; keep needs what grids left in FOLDER
"""
import argparse
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))


def generate(kind, folder, **numbers):
    if not os.path.exists(folder):
        options = [word for name, number in numbers.items() for word in (f"--{name}", str(number))]
        subprocess.run([sys.executable, f"{HERE}/generate.py", kind, *options, "--out", folder], check=True)


def ask(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        return {"failed": done.stderr.strip().splitlines()[-1:] or ["failed"]}
    # A peer may talk before it reports.
    return json.loads(done.stdout.strip().splitlines()[-1])


def show(title, columns, rows):
    print(f"\n## {title}\n\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    written = lambda cell: f"{cell:,.4g}" if isinstance(cell, float) and abs(cell) < 1000 else f"{cell:,.0f}" if isinstance(cell, (int, float)) else str(cell)
    for row in rows:
        print("| " + " | ".join(written(cell) for cell in row) + " |")
    sys.stdout.flush()


def ours(report):
    if "failed" in report:
        return [report["failed"], *[""] * 5]
    memory = report["peak_memory_bytes"] / 1e6
    return [report["objective"], report["lower_bound"], report["gap"], len(report["uncovered"]), report["seconds"], memory]


OURS = ["objective", "bound", "gap", "uncovered", "s", "MB"]


def deploy(wanjia, work, sizes):
    rows = []
    for staff in (5_800, 58_000, 174_000, 580_000)[:sizes]:
        at = f"{work}/deploy-{staff}"
        generate("deploy", at, staff=staff)
        mine = ask([wanjia, "plan", "deploy", "--staff", f"{at}/staff.csv", "--communities", f"{at}/communities.csv",
                    "--out", f"{at}/out.csv", "--json"])
        peer = ask([sys.executable, f"{HERE}/peers.py", "deploy", at])
        rows.append([staff, *ours(mine), peer.get("objective", "-"), peer.get("unplaced", "-"), peer.get("seconds", "-")])
    show("Deployment", ["staff", *OURS, "OR-tools", "its unplaced", "its s"], rows)


def grids(wanjia, work, sizes):
    rows = []
    for communities in (70, 700, 2_100, 7_148)[:sizes]:
        at = f"{work}/grids-{communities}"
        generate("grids", at, communities=communities)
        mine = ask([wanjia, "plan", "grids", "--buildings", f"{at}/buildings.csv", "--adjacency", f"{at}/adjacency.csv",
                    "--out", f"{at}/out.csv", "--json"])
        peer = ask([sys.executable, f"{HERE}/peers.py", "grids", at])
        quality = [mine.get(key, "-") for key in ("cut_share", "within_1.05", "within_1.10")]
        rows.append([communities, *ours(mine), *quality] + [peer.get(k, "-") for k in ("cut_share", "within_1.10", "seconds")])
    show("Grids", ["communities", *OURS, "cut", "in 1.05", "in 1.10", "METIS cut", "METIS in 1.10", "METIS s"], rows)


def keep(wanjia, work, sizes):
    rows = []
    for communities in (70, 700, 2_100, 7_148)[:sizes]:
        at, later = f"{work}/grids-{communities}", f"{work}/grids-{communities}-later"
        generate("change", later, source=at)
        mine = ask([wanjia, "plan", "grids", "--buildings", f"{later}/buildings.csv", "--adjacency", f"{at}/adjacency.csv",
                    "--keep", f"{at}/out.csv", "--out", f"{later}/out.csv", "--json"])
        moved = mine.get("moved_households", 0) / max(1, mine.get("households", 1))
        rows.append([communities, moved, mine.get("worst_imbalance", "-"), mine.get("cut_share", "-"), mine.get("seconds", "-")])
    show("Grids again, after 2% of the buildings changed", ["communities", "households moved", "worst", "cut", "s"], rows)


def pair(wanjia, work, _sizes):
    rows = []
    for units, places in ((14, 33), (27, 65), (54, 130), (108, 260)):
        at = f"{work}/pair-{units}"
        generate("pair", at, units=units, places=places)
        rows.append([f"{units} x {places}", *ours(ask([wanjia, "plan", "pair", "--units", f"{at}/units.csv", "--places",
                     f"{at}/places.csv", "--out", f"{at}/out.csv", "--json"]))])
    show("Pairing", ["size", *OURS], rows)


def rota(wanjia, work, _sizes):
    rows = []
    for people, posts in ((10, 2), (20, 3), (40, 6), (80, 12)):
        at = f"{work}/rota-{people}"
        generate("rota", at, people=people, posts=posts)
        rows.append([f"{people} x {posts}", *ours(ask([wanjia, "plan", "rota", "--people", f"{at}/people.csv", "--posts",
                     f"{at}/posts.csv", "--from", "2026-01-05", "--days", "14", "--out", f"{at}/out.csv", "--json"]))])
    show("Rota, 14 days", ["people x posts", *OURS], rows)


def rounds(wanjia, work, _sizes):
    rows = []
    for stops, vehicles in ((25, 2), (50, 4), (100, 7), (200, 14)):
        at = f"{work}/rounds-{stops}"
        generate("rounds", at, stops=stops, vehicles=vehicles)
        mine = ask([wanjia, "plan", "rounds", "--stops", f"{at}/stops.csv", "--vehicles", f"{at}/vehicles.csv",
                    "--out", f"{at}/out.csv", "--json"])
        longer = max(1, 10 * mine.get("seconds", 0))
        peer = ask([sys.executable, f"{HERE}/peers.py", "rounds", at, "--seconds", str(longer)])
        over = mine["objective"] / peer["objective"] - 1 if "objective" in mine and "objective" in peer else "-"
        rows.append([f"{stops} x {vehicles}", *ours(mine)] + [peer.get(k, "-") for k in ("objective", "unserved", "seconds")] + [over])
    show("Rounds with windows", ["stops x vehicles", *OURS, "vrp-pragmatic", "its unserved", "its s", "ours over it"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {"deploy": deploy, "grids": grids, "keep": keep, "pair": pair, "rota": rota, "rounds": rounds}
    parser.add_argument("wanjia")
    parser.add_argument("folder")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", default=",".join(parts))
    args = parser.parse_args()
    for name in args.only.split(","):
        parts[name](args.wanjia, args.folder, 3 if args.small else 4)


if __name__ == "__main__":
    main()
