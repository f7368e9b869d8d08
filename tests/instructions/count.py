#!/usr/bin/env python3
"""Instructions an operation of Kist and of LMDB, by callgrind: each is run for two counts and the difference divided.

usage: count.py PROGRAM   (build/release/bin/kist_instructions)
       count.py PROGRAM CEILINGS   fails when Kist takes over 5% more than CEILINGS says for an operation
Repeatable for the same binaries, whatever else the machine does. CEILINGS is a JSON object of operations and numbers, true of the
compiler that the release build is made with; who makes an operation cheaper lowers its number.
"""

import json
import re
import subprocess
import sys
import tempfile

RECORDS = 200_000
# Operation: fewer and more times.
OPERATIONS = {
    "get": (0, 100_000),
    "scan": (0, 2 * RECORDS),
    "begin": (0, 100_000),
    "renew": (0, 100_000),
    "put": (20_000, 60_000),
    "overwrite": (1_000, 6_000),
}
# Of a fresh store, in random and in ascending order.
LOADS = ("load", "append")


def instructions(program, engine, operation, times, directory):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               program, engine, operation, str(times), directory]
    result = subprocess.run(command, capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not counted:
        sys.exit(f"{' '.join(command)}\n{result.stderr}")
    return int(counted.group(1))


def cost(program, engine, operation, directory):
    few, many = OPERATIONS[operation]
    low = instructions(program, engine, operation, few, directory)
    high = instructions(program, engine, operation, many, directory)
    return round((high - low) / (many - few))


def check(program, ceilings):
    failed = False
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([program, "kist", "load", "0", directory], check=True, stdout=subprocess.DEVNULL)
        for operation, ceiling in ceilings.items():
            taken = cost(program, "kist", operation, directory)
            print(f"{operation}: {taken:,}, {ceiling:,} when the ceiling was set")
            failed = failed or taken > ceiling * 1.05
    return 1 if failed else 0


def main():
    program = sys.argv[1]
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as file:
            sys.exit(check(program, json.load(file)))
    costs = {}
    for engine in ("kist", "lmdb"):
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([program, engine, "load", "0", directory], check=True, stdout=subprocess.DEVNULL)
            for operation in OPERATIONS:
                costs[engine, operation] = cost(program, engine, operation, directory)
        for operation in LOADS:
            with tempfile.TemporaryDirectory() as directory:
                whole = instructions(program, engine, operation, 0, directory)
                nothing = instructions(program, engine, "begin", 0, directory)
                costs[engine, operation] = round((whole - nothing) / RECORDS)
    print("| operation | kist | lmdb |\n|---|---:|---:|")
    for operation in (*OPERATIONS, *LOADS):
        print(f"| {operation} | {costs['kist', operation]:,} | {costs['lmdb', operation]:,} |")


if __name__ == "__main__":
    main()
