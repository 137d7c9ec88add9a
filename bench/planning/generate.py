#!/usr/bin/env python3
"""Made-up problems for the planners, the same for the same seed. Needs numpy and scipy.

generate.py grids  --communities N --out DIR   buildings.csv, adjacency.csv
generate.py deploy --staff N --out DIR         staff.csv, communities.csv; needs add up to the staff
generate.py pair   --units N --places N --out DIR
generate.py rota   --people N --posts N --out DIR
generate.py rounds --stops N --vehicles N --out DIR
"""
import argparse
import csv
import os

import numpy as np


def write(folder, name, header, rows):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def grids(args):
    from scipy.spatial import Delaunay

    buildings, adjacency = [], []
    for number in range(args.communities):
        rng = np.random.default_rng([args.seed, number])
        count = int(rng.integers(60, 200))
        wide = max(2, int(np.sqrt(count * rng.uniform(0.6, 1.6))))
        at = np.arange(count)
        # Rows of buildings, every third gap a street.
        xy = np.column_stack([at % wide * 40.0 + at % wide // 3 * 14, at // wide * 28.0 + at // wide // 3 * 14])
        xy += rng.normal(0, 3, xy.shape)
        households = np.clip(24 * rng.lognormal(0, 0.65, count), 2, 140).astype(int)
        triangles = np.sort(Delaunay(xy).simplices, axis=1)
        edges = np.unique(np.vstack([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]]), axis=0)
        length = np.hypot(*(xy[edges[:, 0]] - xy[edges[:, 1]]).T)
        for i in range(count):
            buildings.append((number, i, round(xy[i, 0], 1), round(xy[i, 1], 1), households[i]))
        for (a, b), metres in zip(edges.tolist(), length):
            if metres < 130:
                adjacency.append((number, a, b, round(metres, 1)))
    write(args.out, "buildings.csv", ["community_id", "building", "x_m", "y_m", "households"], buildings)
    write(args.out, "adjacency.csv", ["community_id", "a", "b", "length_m"], adjacency)


def change(args):
    """Two buildings in a hundred get another number of households."""
    rng = np.random.default_rng(args.seed)
    os.makedirs(args.out, exist_ok=True)
    with open(os.path.join(args.source, "buildings.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if rng.random() < 0.02:
            row["households"] = int(np.clip(24 * rng.lognormal(0, 0.65), 2, 140))
    write(args.out, "buildings.csv", list(rows[0]), (row.values() for row in rows))


def deploy(args):
    rng = np.random.default_rng(args.seed)
    staff, places, towns = args.staff, max(2, args.staff * 27 // 580), max(2, args.staff // 5600)
    seats = rng.uniform((-340e3, -150e3), (340e3, 150e3), (towns, 2))
    size = 1 / np.arange(1, towns + 1) ** 0.7
    town = rng.choice(towns, places, p=size / size.sum())
    urban = rng.random(places) < 0.55
    xy = seats[town] + rng.normal(size=(places, 2)) * np.where(urban, 3e3, 18e3)[:, None]
    weight = np.where(urban, 3200, 1500) * rng.lognormal(0, 0.5, places)
    share = weight / weight.sum() * (staff - 2 * places)
    need = np.floor(share).astype(int) + 2
    need[np.argsort(np.floor(share) - share, kind="stable")[: staff - need.sum()]] += 1
    home = rng.choice(places, staff, p=need / staff)
    at = xy[home] + rng.normal(size=(staff, 2)) * 800
    # One in ten lives in a town that has more than it needs.
    far = rng.random(staff) < 0.1
    crowd = rng.choice(towns, far.sum(), p=size**2 / (size**2).sum())
    at[far] = seats[crowd] + rng.normal(size=(far.sum(), 2)) * 2500
    at, xy = np.rint(at).astype(int), np.rint(xy).astype(int)
    write(args.out, "staff.csv", ["staff_id", "x_m", "y_m"], ((i, *row) for i, row in enumerate(at.tolist())))
    rows = ((i, *row, n) for i, (row, n) in enumerate(zip(xy.tolist(), need.tolist())))
    write(args.out, "communities.csv", ["community_id", "x_m", "y_m", "need"], rows)


def pair(args):
    rng = np.random.default_rng(args.seed)
    units = rng.integers(0, 8000, (args.units, 2)).tolist()
    staff = rng.integers(5, 60, args.units).tolist()
    places = rng.integers(0, 8000, (args.places, 2)).tolist()
    households = rng.integers(100, 1500, args.places).tolist()
    write(args.out, "units.csv", ["unit_id", "x_m", "y_m", "staff"],
          ((f"U{i}", *at, n) for i, (at, n) in enumerate(zip(units, staff))))
    write(args.out, "places.csv", ["place_id", "x_m", "y_m", "households"],
          ((f"P{i}", *at, n) for i, (at, n) in enumerate(zip(places, households))))


def rota(args):
    rng = np.random.default_rng(args.seed)
    rows = []
    for i in range(args.people):
        skills = "nurse" if rng.random() < 0.3 else ""
        limits = "no_nights" if rng.random() < 0.15 else ""
        rows.append((f"V{i}", skills, limits, f"2026-01-{rng.integers(5, 19):02}" if rng.random() < 0.3 else ""))
    write(args.out, "people.csv", ["person_id", "skills", "limits", "away"], rows)
    posts = ((f"G{i}", 1, "nurse" if i == 0 else "", 8) for i in range(args.posts))
    write(args.out, "posts.csv", ["post_id", "number", "skill", "shift_hours"], posts)


def rounds(args):
    rng = np.random.default_rng(args.seed)
    rows = []
    for i in range(args.stops):
        opens = int(rng.integers(8 * 60, 15 * 60))
        closes = opens + int(rng.integers(60, 180))
        x, y = rng.integers(0, 12000, 2).tolist()
        rows.append((i, x, y, 6, 1, f"{opens // 60:02}:{opens % 60:02}", f"{closes // 60:02}:{closes % 60:02}"))
    write(args.out, "stops.csv", ["stop_id", "x_m", "y_m", "minutes", "load", "opens", "closes"], rows)
    room = -(-args.stops * 3 // (2 * args.vehicles))
    vehicles = ((f"car{i}", 6000, 6000, room, "07:00", "19:00", 30) for i in range(args.vehicles))
    write(args.out, "vehicles.csv", ["vehicle_id", "x_m", "y_m", "room", "from", "until", "km_h"], vehicles)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for make, numbers in ((grids, ["communities"]), (deploy, ["staff"]), (pair, ["units", "places"]),
                          (rota, ["people", "posts"]), (rounds, ["stops", "vehicles"]), (change, [])):
        command = commands.add_parser(make.__name__)
        if make is change:
            command.add_argument("--source", required=True)
        for number in numbers:
            command.add_argument("--" + number, type=int, required=True)
        command.add_argument("--seed", type=int, default=1)
        command.add_argument("--out", required=True)
        command.set_defaults(make=make)
    args = parser.parse_args()
    args.make(args)


if __name__ == "__main__":
    main()
