"""Links a generated roster and observations with Splink 4 and writes left_id,right_id,probability.

splink_lists.py DIR OUT.csv [--threads 2] prints seconds and peak memory as JSON. Imports are not timed. The columns
truth_person_id and noise are not read. The model has the comparisons that a careful user would write for these
columns: pinyin beside the characters, term frequencies, one slip in numbers, levels of the address.
"""
import argparse
import json
import logging
import resource
import time

import duckdb
import pandas as pd
import splink.comparison_level_library as cll
import splink.comparison_library as cl
from pypinyin import lazy_pinyin
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

logging.disable(logging.WARNING)
COLUMNS = "community, building, unit, room, name, sex, birth_date, id_no, phone"


def load(table, path, id_column):
    """Reads a list and adds the sound of each name, once per name."""
    DB.execute(
        f"""create table {table}_plain as select {id_column} as unique_id, {COLUMNS},
            nullif(concat_ws('-', community, building), '') as house,
            case when room is null then null else concat_ws('-', community, building, unit, room) end as dwelling,
            substr(name, 1, 1) as surname, left(birth_date, 4) as birth_year, substr(birth_date, 6) as birth_day
            from read_csv(?, all_varchar = true, nullstr = '')""",
        [path],
    )
    names = [row[0] for row in DB.execute(f"select distinct name from {table}_plain where name is not null").fetchall()]
    sounds = pd.DataFrame({"name": names, "pinyin": ["".join(lazy_pinyin(name)) for name in names]})
    DB.register("sounds", sounds)
    DB.execute(f"create table {table} as select t.*, s.pinyin from {table}_plain t left join sounds s using (name)")
    DB.unregister("sounds")
    DB.execute(f"drop table {table}_plain")


def settings():
    name = cl.CustomComparison(
        output_column_name="name",
        comparison_levels=[
            cll.NullLevel("name"),
            cll.ExactMatchLevel("name").configure(tf_adjustment_column="name"),
            cll.CustomLevel("pinyin_l = pinyin_r", "same sound").configure(
                tf_adjustment_column="pinyin", tf_adjustment_weight=1.0
            ),
            cll.JaroWinklerLevel("pinyin", 0.92),
            cll.CustomLevel("length(name_l) > 1 and length(name_r) > 1 and surname_l = surname_r", "same surname"),
            cll.CustomLevel("contains(name_r, surname_l)", "surname within"),
            cll.ElseLevel(),
        ],
    )
    birth = cl.CustomComparison(
        output_column_name="birth_date",
        comparison_levels=[
            cll.NullLevel("birth_date"),
            cll.ExactMatchLevel("birth_date").configure(tf_adjustment_column="birth_date"),
            cll.CustomLevel(
                "birth_year_l = birth_year_r and (birth_day_l = '01-01' or birth_day_r = '01-01')", "year only"
            ),
            cll.DamerauLevenshteinLevel("birth_date", 1),
            cll.DamerauLevenshteinLevel("birth_date", 2),
            cll.CustomLevel("birth_year_l = birth_year_r", "same year"),
            cll.ElseLevel(),
        ],
    )
    dwelling = cl.CustomComparison(
        output_column_name="dwelling",
        comparison_levels=[
            cll.NullLevel("dwelling"),
            cll.ExactMatchLevel("dwelling").configure(tf_adjustment_column="dwelling"),
            cll.CustomLevel("house_l = house_r", "same building"),
            cll.CustomLevel("community_l = community_r", "same community"),
            cll.ElseLevel(),
        ],
    )
    return SettingsCreator(
        link_type="link_only",
        blocking_rules_to_generate_predictions=[
            block_on("id_no"),
            block_on("phone"),
            block_on("name", "birth_date"),
            block_on("dwelling"),
            block_on("pinyin", "house"),
            block_on("pinyin", "birth_year", "sex"),
            block_on("birth_date", "community"),
            block_on("pinyin", "birth_day"),
        ],
        comparisons=[
            name,
            birth,
            cl.DamerauLevenshteinAtThresholds("id_no", [1, 2]),
            cl.DamerauLevenshteinAtThresholds("phone", [1, 2]),
            cl.ExactMatch("sex"),
            dwelling,
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder")
parser.add_argument("out")
parser.add_argument("--threads", type=int, default=2)
arguments = parser.parse_args()

DB = duckdb.connect()
DB.execute(f"set threads = {arguments.threads}")
DB.execute("set enable_progress_bar = false")
started = time.perf_counter()
stages = {}


def stage(name, since):
    stages[name] = round(time.perf_counter() - since, 2)
    return time.perf_counter()


at = started
load("roster", f"{arguments.folder}/roster.csv", "person_id")
load("observation", f"{arguments.folder}/observation.csv", "obs_id")
at = stage("load", at)
linker = Linker(
    ["roster", "observation"],
    settings(),
    DuckDBAPI(connection=DB),
    input_table_aliases=["a_roster", "b_observation"],
)
linker.training.estimate_probability_two_random_records_match(
    [block_on("id_no"), block_on("name", "birth_date")], recall=0.9
)
at = stage("prior", at)
linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
at = stage("u", at)
linker.training.estimate_parameters_using_expectation_maximisation(block_on("name", "birth_date"))
at = stage("em_name_birth", at)
linker.training.estimate_parameters_using_expectation_maximisation(block_on("dwelling"))
at = stage("em_dwelling", at)
pairs = linker.inference.predict(threshold_match_probability=0.001)
at = stage("predict", at)
DB.execute(
    f"""copy (select unique_id_l as left_id, unique_id_r as right_id, match_probability as probability
        from {pairs.physical_name}) to '{arguments.out}' (header, delimiter ',')"""
)
stage("write", at)
print(
    json.dumps(
        {
            "seconds": round(time.perf_counter() - started, 2),
            "stages": stages,
            "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    )
)
