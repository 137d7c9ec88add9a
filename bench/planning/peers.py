#!/usr/bin/env python3
"""The same problems by other people's solvers: OR-tools' minimum cost flow and METIS.

peers.py deploy DIR [--nearest K]   all pairs up to 5 million, else the K nearest communities of each
peers.py grids DIR                  METIS k-way, contiguous, ufactor 100, 300 households a grid
"""
import argparse
import csv
import json
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problem", choices=["deploy", "grids"])
    parser.add_argument("folder")
    parser.add_argument("--nearest", type=int, default=16)
    args = parser.parse_args()
    report = deploy(args.folder, args.nearest) if args.problem == "deploy" else grids(args.folder)
    report["seconds"] = time.perf_counter() - report.pop("began")
    report["peak_memory_bytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(report))


if __name__ == "__main__":
    main()
