#!/usr/bin/env python3
"""The same problems by other people's solvers: OR-tools' minimum cost flow, METIS, and vrp-pragmatic (vrp-cli).

peers.py deploy DIR [--nearest K]   all pairs up to 5 million, else the K nearest communities of each
peers.py grids DIR                  METIS k-way, contiguous, ufactor 100, 300 households a grid
peers.py rounds DIR --seconds N     vrp-pragmatic for so long, least metres after fewest stops left out
"""
import argparse
import csv
import json
import math
import resource
import time

import numpy as np


def read(path, *columns):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    return [np.array([float(row[column]) for row in rows]) for column in columns]


def deploy(folder, nearest):
    from ortools.graph.python import min_cost_flow
    from scipy.spatial import cKDTree

    sx, sy = read(f"{folder}/staff.csv", "x_m", "y_m")
    cx, cy, need = read(f"{folder}/communities.csv", "x_m", "y_m", "need")
    began = time.perf_counter()
    staff, places = len(sx), len(cx)
    if staff * places <= 5_000_000:
        nearest = places
    _, goes = cKDTree(np.column_stack([cx, cy])).query(np.column_stack([sx, sy]), k=nearest)
    who, goes = np.repeat(np.arange(staff), nearest), goes.reshape(-1)
    metres = np.rint(np.hypot(sx[who] - cx[goes], sy[who] - cy[goes])).astype(np.int64)
    flow = min_cost_flow.SimpleMinCostFlow()
    flow.add_arcs_with_capacity_and_unit_cost(who, staff + goes, np.ones(len(who), np.int64), metres)
    flow.set_nodes_supplies(np.arange(staff + places), np.concatenate([np.ones(staff), -need]).astype(np.int64))
    flow.solve_max_flow_with_min_cost()
    return {"objective": flow.optimal_cost(), "unplaced": staff - int(flow.maximum_flow()), "began": began}


def grids(folder):
    import pymetis

    community, households = read(f"{folder}/buildings.csv", "community_id", "households")
    of, a, b = (column.astype(int) for column in read(f"{folder}/adjacency.csv", "community_id", "a", "b"))
    began = time.perf_counter()
    starts, edges = np.searchsorted(community, np.arange(int(community.max()) + 2)), np.searchsorted(of, np.arange(int(of.max()) + 2))
    cut, within = 0, 0
    for number in range(len(starts) - 1):
        load = households[starts[number]:starts[number + 1]].astype(int)
        beside = [[] for _ in load]
        ends = slice(edges[number], edges[number + 1])
        for x, y in zip(a[ends], b[ends]):
            beside[x].append(y)
            beside[y].append(x)
        parts = max(1, round(load.sum() / 300))
        part = np.zeros(len(load), int)
        if parts > 1:
            options = pymetis.Options(ufactor=100, seed=1, contig=1)
            part = np.array(pymetis.part_graph(parts, beside, vweights=load.tolist(), options=options)[1])
        cut += int((part[a[ends]] != part[b[ends]]).sum())
        sums = np.bincount(part, load, parts)
        within += int(sums.max() / sums.mean() <= 1.10 + 1e-9)
    return {"cut_share": cut / len(a), "within_1.10": within, "began": began}


def rounds(folder, seconds):
    import vrp_cli

    x, y, minutes, load = read(f"{folder}/stops.csv", "x_m", "y_m", "minutes", "load")
    bx, by, room, speed = read(f"{folder}/vehicles.csv", "x_m", "y_m", "room", "km_h")
    with open(f"{folder}/stops.csv", newline="") as file:
        windows = [(row["opens"], row["closes"]) for row in csv.DictReader(file)]
    with open(f"{folder}/vehicles.csv", newline="") as file:
        hours = [(row["from"], row["until"]) for row in csv.DictReader(file)]
    began = time.perf_counter()
    ax, ay = np.concatenate([x, bx]), np.concatenate([y, by])
    metres = np.rint(np.hypot(ax[:, None] - ax, ay[:, None] - ay)).astype(int)
    at = lambda clock: f"2026-01-05T{clock}:00Z"
    jobs = [{"id": f"s{i}", "deliveries": [{"places": [{"location": {"index": i}, "duration": float(minutes[i] * 60),
             "times": [[at(windows[i][0]), at(windows[i][1])]]}], "demand": [int(load[i])]}]} for i in range(len(x))]
    vehicles = [{"typeId": f"v{k}", "vehicleIds": [f"v{k}"], "profile": {"matrix": "car"},
                 "costs": {"fixed": 0.0, "distance": 1.0, "time": 0.0}, "capacity": [int(room[k])],
                 "shifts": [{"start": {"earliest": at(hours[k][0]), "location": {"index": len(x) + k}},
                             "end": {"latest": at(hours[k][1]), "location": {"index": len(x) + k}}}]}
                for k in range(len(bx))]
    problem = {"plan": {"jobs": jobs}, "fleet": {"vehicles": vehicles, "profiles": [{"name": "car"}]},
               "objectives": [[{"type": "minimize-unassigned"}], [{"type": "minimize-cost"}]]}
    seconds_between = np.rint(metres / (speed[0] / 3.6)).astype(int)
    matrix = {"profile": "car", "travelTimes": seconds_between.ravel().tolist(), "distances": metres.ravel().tolist()}
    config = {"termination": {"maxTime": math.ceil(seconds), "maxGenerations": 10**9}}
    done = json.loads(vrp_cli.solve_pragmatic(json.dumps(problem), [json.dumps(matrix)], json.dumps(config)))
    return {"objective": done["statistic"]["distance"], "unserved": len(done.get("unassigned") or []), "began": began}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problem", choices=["deploy", "grids", "rounds"])
    parser.add_argument("folder")
    parser.add_argument("--nearest", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=10)
    args = parser.parse_args()
    if args.problem == "deploy":
        report = deploy(args.folder, args.nearest)
    elif args.problem == "grids":
        report = grids(args.folder)
    else:
        report = rounds(args.folder, args.seconds)
    report["seconds"] = time.perf_counter() - report.pop("began")
    report["peak_memory_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(report))


if __name__ == "__main__":
    main()
