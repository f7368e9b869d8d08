#!/usr/bin/env python3
"""Runs a selection of the benchmark and writes it up.

usage: run.py [--full] PROGRAM FOLDER     (build/release/bin/kist_bench build/bench)

The selection takes about five minutes; --full is the whole of it, with 1,000,000 records, and takes hours. In FOLDER are
then one JSON file for each set of keys and values, report.md, and a chart for each set.
"""

import argparse
import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from report import write_report  # noqa: E402

EVERYTHING = None  # every workload that the program has

# LMDB as the harness runs it beside plain loops in C; see README.md.
PLAIN = ["fillrand-batch", "overwrite-one", "get-random", "get-random-txn", "scan", "scan-reverse", "range-10"]

SELECTION = [
    {
        "name": "decimal16-100",
        "keys": "decimal16",
        "value_size": 100,
        "records": 100_000,
        "rounds": 5,
        "workloads": [
            "fillseq-batch", "fillrand-batch", "bulk-load", "overwrite-one", "commit-sync-one", "commit-sync-batch",
            "commit-sync-16", "commit-sync-16-processes", "crud", "crud-sync", "get-random", "get-random-txn", "get-many", "scan", "scan-reverse", "range-10",
            "count-range", "erase-half", "mixed-95-5", "get-2-threads", "get-2-processes", "shared-read", "large-values",
            "open-close", "cold-first-value", "aged-get", "aged-scan", "aged-overwrite", "aged-commit-sync-batch",
        ],
    },
    {
        "name": "int8-8",
        "keys": "int8",
        "value_size": 8,
        "records": 100_000,
        "rounds": 5,
        "workloads": ["fillrand-batch", "get-random", "get-many", "scan", "scan-reverse"],
    },
    {
        "name": "preference-100",
        "keys": "preference",
        "value_size": 100,
        "records": 100_000,
        "rounds": 3,
        "workloads": ["fillrand-batch", "get-random", "scan"],
    },
    {"name": "plain-loops", "keys": "decimal16", "value_size": 100, "records": 100_000, "rounds": 5, "workloads": PLAIN,
     "engines": ["lmdb", "lmdb-c"]},
]

FULL = [
    {"name": "decimal16-100", "keys": "decimal16", "value_size": 100, "records": 1_000_000, "rounds": 5, "workloads": EVERYTHING},
    {"name": "int8-8", "keys": "int8", "value_size": 8, "records": 1_000_000, "rounds": 5, "workloads": EVERYTHING},
    {"name": "preference-100", "keys": "preference", "value_size": 100, "records": 1_000_000, "rounds": 5, "workloads": EVERYTHING},
    {
        "name": "decimal16-2000",
        "keys": "decimal16",
        "value_size": 2000,
        "records": 250_000,
        "rounds": 5,
        "workloads": [
            "fillseq-batch", "fillrand-batch", "overwrite-one", "commit-sync-one", "commit-sync-batch", "get-random", "scan",
            "larger-than-memory",
        ],
    },
    # A store of 1 GB.
    {"name": "open-1-gb", "keys": "decimal16", "value_size": 2000, "records": 450_000, "rounds": 5,
     "workloads": ["open-close", "cold-first-value"]},
    {"name": "verification", "keys": "decimal16", "value_size": 100, "records": 1_000_000, "rounds": 9,
     "workloads": ["get-random", "scan", "cold-first-value"], "engines": ["lmdb", "kist", "kist-unverified"]},
    {"name": "plain-loops", "keys": "decimal16", "value_size": 100, "records": 1_000_000, "rounds": 9, "workloads": PLAIN,
     "engines": ["lmdb", "lmdb-c"]},
]


def run_set(program, folder, chosen):
    """Runs one set; returns it with its rows and with what was skipped."""
    path = folder / f"{chosen['name']}.json"
    command = [
        program, "--keys", chosen["keys"], "--value-size", str(chosen["value_size"]), "--records", str(chosen["records"]),
        "--rounds", str(chosen["rounds"]), "--json", str(path), "--directory", str(folder),
    ]
    if chosen["workloads"]:
        command += ["--workload", ",".join(chosen["workloads"])]
    if "engines" in chosen:
        command += ["--engine", ",".join(chosen["engines"])]
    print(" ".join(command), flush=True)
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    print(result.stdout, flush=True)
    if result.returncode:
        sys.exit(result.returncode)
    skipped = [line for line in result.stdout.splitlines() if line.startswith("SKIPPED ")]
    return {**chosen, "command": " ".join(command), "rows": json.loads(path.read_text()), "skipped": skipped}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true")
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    described = subprocess.run(
        [arguments.program, "--describe", "--directory", str(arguments.folder)], stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    sets = [run_set(arguments.program, arguments.folder, chosen) for chosen in (FULL if arguments.full else SELECTION)]
    print(f"written: {write_report(sets, described, arguments.folder)}")


if __name__ == "__main__":
    main()
