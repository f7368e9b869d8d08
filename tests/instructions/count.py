#!/usr/bin/env python3
"""Instructions an operation of Kist and of LMDB, by callgrind: each is run for two counts and the difference divided.

usage: count.py PROGRAM   (build/release/bin/kist_instructions)
Repeatable for the same binaries, whatever else the machine does.
"""

import re
import subprocess
import sys
import tempfile

RECORDS = 200_000
# Operation: fewer and more times.
OPERATIONS = {
    "get": (0, 100_000),
    "scan": (0, 2 * RECORDS),
    "begin": (0, 10_000),
    "put": (20_000, 60_000),
}


def instructions(program, engine, operation, times, directory):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
               program, engine, operation, str(times), directory]
    result = subprocess.run(command, capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", result.stderr)
    if result.returncode or not counted:
        sys.exit(f"{' '.join(command)}\n{result.stderr}")
    return int(counted.group(1))


def main():
    program = sys.argv[1]
    costs = {}
    for engine in ("kist", "lmdb"):
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run([program, engine, "load", "0", directory], check=True, stdout=subprocess.DEVNULL)
            for operation, (few, many) in OPERATIONS.items():
                low = instructions(program, engine, operation, few, directory)
                high = instructions(program, engine, operation, many, directory)
                costs[engine, operation] = round((high - low) / (many - few))
        with tempfile.TemporaryDirectory() as directory:
            whole = instructions(program, engine, "load", 0, directory)
            nothing = instructions(program, engine, "begin", 0, directory)
            costs[engine, "load"] = round((whole - nothing) / RECORDS)
    print("| operation | kist | lmdb |\n|---|---:|---:|")
    for operation in (*OPERATIONS, "load"):
        print(f"| {operation} | {costs['kist', operation]:,} | {costs['lmdb', operation]:,} |")


if __name__ == "__main__":
    main()
