"""Runs every workload of the benchmark on every engine, with few records: that each works, that all read the same data (the
program itself compares digests and fails otherwise), that the JSON is what it is said to be, and that the report can be written.

usage: bench_test.py PROGRAM
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from report import write_report  # noqa: E402

RECORDS = 200
FIELDS = {
    "workload": str, "engine": str, "keys": str, "value_size": int, "metric": str, "unit": str, "value": (int, float), "rounds": list,
}
EVERYWHERE = {"ops_per_second", "cpu_seconds", "flushes", "file_bytes", "bytes_written"}
WITH_LATENCIES = {
    "overwrite-one", "commit-sync-one", "commit-sync-batch", "commit-sync-16", "crud", "crud-sync", "shared-read", "open-close",
    "cold-first-value", "aged-overwrite", "aged-commit-sync-batch",
}
# Engines whose stores belong to one process, and workloads that need two.
ONE_PROCESS = {"rocksdb", "leveldb"}
TWO_PROCESSES = {"get-2-processes", "shared-read", "commit-sync-16-processes"}
# Needs more data than a short test has; may be kept in memory by the file system; is only for engines that run when named.
MAY_BE_SKIPPED = {"larger-than-memory", "cold-first-value", "queue-64", "watch"}


def fail(why):
    sys.exit(f"bench_test: {why}")


def check(good, why):
    if not good:
        fail(why)


def run(program, folder, *arguments):
    """Rows of a run, and what it printed."""
    path = folder / "rows.json"
    command = [program, "--records", str(RECORDS), "--rounds", "1", "--directory", str(folder), "--json", str(path), *arguments]
    result = subprocess.run(command, capture_output=True, text=True)
    check(result.returncode == 0, f"{' '.join(command)}\n{result.stderr}")
    check(not any(entry.name.startswith("kist-bench-") for entry in folder.iterdir()), "the stores were not removed")
    return json.loads(path.read_text()), result.stdout


def check_rows(rows):
    check(isinstance(rows, list) and rows, "the JSON is no list of rows")
    for row in rows:
        check(set(row) == set(FIELDS), f"fields of {row}")
        check(all(isinstance(row[field], kind) for field, kind in FIELDS.items()), f"types of {row}")
        check(len(row["rounds"]) == 1 and row["value"] == statistics.median(row["rounds"]), f"median of {row}")
        check(row["value"] > 0 or row["metric"] != "ops_per_second", f"value of {row}")
    names = [(row["workload"], row["engine"], row["metric"]) for row in rows]
    check(len(names) == len(set(names)), "a row comes twice")


def listed(program):
    """Names that --list gives: workloads, and the engines that run unasked everywhere."""
    lines = subprocess.run([program, "--list"], capture_output=True, text=True, check=True).stdout.splitlines()
    words = [line.split() for line in lines]
    workloads = [word[1] for word in words if word[0] == "workload"]
    engines = [word[1] for word, line in zip(words, lines) if word[0] == "engine" and "(when" not in line and "only)" not in line]
    return workloads, engines


def is_skipped(output, workload, engine):
    for line in output.splitlines():
        if line.startswith(f"SKIPPED {workload} of ") and engine in line.split(" of ", 1)[1].split(":")[0].split(", "):
            return True
    return False


def check_complete(rows, output, workloads, engines):
    metrics = {}
    for row in rows:
        metrics.setdefault((row["workload"], row["engine"]), set()).add(row["metric"])
    for workload in workloads:
        for engine in engines:
            if is_skipped(output, workload, engine):
                one_process = workload in TWO_PROCESSES and engine in ONE_PROCESS
                check(one_process or workload in MAY_BE_SKIPPED,
                      f"{workload} of {engine} was skipped:\n{output}")
                continue
            wanted = EVERYWHERE - ({"bytes_written"} if engine == "lmdb-writemap" else set())
            if workload in WITH_LATENCIES:
                wanted = wanted | {"p50_us", "p99_us", "max_us"}
            missing = wanted - metrics.get((workload, engine), set())
            check(not missing, f"{workload} of {engine} lacks {missing}")
    for engine in ("json-file", "unix-socket"):
        check(("shared-read", engine) in metrics, f"shared-read lacks {engine}")


def check_counts(rows):
    """What an engine asks of the system is counted, whichever library it comes from."""
    values = {(row["workload"], row["engine"], row["metric"]): row["value"] for row in rows}
    commits = RECORDS * 50 // 1000  # of commit-sync-one
    for (workload, engine, metric), value in values.items():
        if (workload, metric) == ("commit-sync-one", "flushes"):
            check(value >= commits, f"{engine} made {value} flushes in {commits} durable commits")
        if (workload, metric) == ("fillrand-batch", "bytes_written"):
            check(value >= RECORDS * 100, f"{engine} wrote {value} bytes")
    check(values["commit-sync-one", "lmdb", "flushes"] == 2 * commits, "LMDB flushes twice a commit")
    check(values["overwrite-one", "lmdb", "flushes"] == 0, "LMDB flushed under MDB_NOSYNC")


def check_other_data(program, folder):
    """Other keys and values, and the engines that run when named."""
    for keys, size in (("int8", 8), ("preference", 2000)):
        rows, _ = run(program, folder, "--keys", keys, "--value-size", str(size), "--workload", "fillrand-batch,get-random,range-10",
                      "--engine", "kist,kist-unverified,lmdb,lmdb-c")
        check_rows(rows)
        check({(row["keys"], row["value_size"]) for row in rows} == {(keys, size)}, "rows say what they were measured with")
        check({row["engine"] for row in rows} == {"kist", "kist-unverified", "lmdb", "lmdb-c"}, "an engine is missing")
    wrong = subprocess.run([program, "--workload", "no-such"], capture_output=True)
    check(wrong.returncode != 0, "an unknown workload is accepted")


def check_report(rows, folder):
    chosen = {"name": "decimal16-100", "keys": "decimal16", "value_size": 100, "records": RECORDS, "rounds": 1, "rows": rows,
              "command": "kist_bench", "skipped": ["SKIPPED one of none: because"]}
    text = write_report([chosen], "A machine.\n", folder).read_text()
    for part in ("| get-random |", "| get-random (decimal16-100) |", "p50 / p99 / max", "private memory", "SKIPPED one of none"):
        check(part in text, f"the report lacks {part}")
    check((folder / "decimal16-100.svg").read_text().count("<title>") > 100, "the chart has few bars")


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory(prefix="kist-test-") as name:
        folder = pathlib.Path(name)
        workloads, engines = listed(program)
        check({"kist", "lmdb", "lmdb-writemap", "sqlite", "rocksdb", "leveldb"} <= set(engines), f"engines are {engines}")
        rows, output = run(program, folder)
        check_rows(rows)
        check_complete(rows, output, workloads, engines)
        check_counts(rows)
        check_other_data(program, folder)
        check_report(rows, folder)
    print(f"{len(workloads)} workloads on {len(engines)} engines, {len(rows)} rows")


if __name__ == "__main__":
    main()
