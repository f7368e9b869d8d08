"""The stress over several languages: processes in C++, C, Python, Java and Swift move amounts between the same ten accounts at the
same time, one transaction each, and look all along whether a snapshot shows another sum.

Usage: run.py [SECONDS]    (default 60; never fewer than 10,000 transactions each)

At the end the sum is what it was, each process's counter, which rises within its transactions, says as many transactions as the
process itself, and `kist check` finds nothing, also while they run. Environment: as for the demo; KIST_SEED repeats a run's choices.
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from processes import BUILD, JAVA, PYTHON, ROOT, TITLES, Failure, Group, finish, print_table  # noqa: E402

ACCOUNTS = 10
SUM = 10_000
LEAST_TRANSACTIONS = 10_000
SECONDS_BETWEEN_CHECKS = 1.0
# For a machine so slow that the transactions, not the time, decide when the programs end.
MORE_SECONDS = 300

PROGRAMS = {
    "c": [BUILD / "bin/kist_transfers_c"],
    "cpp": [BUILD / "bin/kist_transfers"],
    "python": [PYTHON, ROOT / "bindings-python/demo/transfers.py"],
    "java": [JAVA, "-cp", BUILD / "bin/kist-demo.jar", "Transfers"],
    "swift": [BUILD / "bin/kist_transfers_swift"],
}
SKIPPED = [] if PROGRAMS["swift"][0].exists() else ["Swift"]


def kist(*arguments):
    """What the command line tool prints. Failure when it fails."""
    command = [str(BUILD / "bin/kist"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def numbers(profile, store):
    """The records of a store of numbers."""
    records = (line.split("\t") for line in kist("list", profile, store).splitlines())
    return {key: int(value) for key, _, value in records}


class LiveCheck:
    """Checks the profile now and then while others write."""

    def __init__(self, profile):
        self.profile = profile
        self.next = time.monotonic()
        self.checks = 0

    def __call__(self):
        if time.monotonic() >= self.next:
            kist("check", self.profile)
            self.checks += 1
            self.next = time.monotonic() + SECONDS_BETWEEN_CHECKS


def run(profile, folder, seconds, seed):
    """Runs all programs to their end; what each reported, by language, and the number of checks meanwhile."""
    chance = random.Random(seed)
    commands = {
        language: [*program, profile, seconds, chance.getrandbits(32)]
        for language, program in PROGRAMS.items()
        if TITLES[language] not in SKIPPED
    }
    with Group(commands, folder) as group:
        live_check = LiveCheck(profile)
        group.wait(group.programs, seconds + MORE_SECONDS, live_check)
        return group.reports(), live_check.checks


def judge(profile, reports):
    """Prints what is wrong, if anything; whether nothing is."""
    faults = [f"{TITLES[language]} reports a fault" for language, report in reports.items() if not report["ok"]]
    accounts = numbers(profile, "accounts")
    if len(accounts) != ACCOUNTS or sum(accounts.values()) != SUM:
        faults.append(f"the accounts hold {sum(accounts.values())}: {accounts}")
    counters = numbers(profile, "counters")
    reported = {f"count/{language}": report["transactions"] for language, report in reports.items()}
    if counters != reported:
        faults.append(f"the counters are {counters}, the programs report {reported}")
    faults += [f"{name} is only {count}" for name, count in reported.items() if count < LEAST_TRANSACTIONS]
    print("\n".join(faults) or f"The {ACCOUNTS} accounts hold {SUM:,} as before; every counter is right.")
    return not faults


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(os.environ.get("KIST_SEED") or random.SystemRandom().getrandbits(32))
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="kist-stress-") as folder:
        folder = pathlib.Path(folder)
        profile = folder / "profile"
        for number in range(ACCOUNTS):
            kist("set", "--create", "--type", "i64", profile, "accounts", f"a{number}", SUM // ACCOUNTS)
        start = time.monotonic()
        reports, checks = run(profile, folder, seconds, seed)
        elapsed = time.monotonic() - start
        rows = [
            [TITLES[language], f"{report['transactions']:,}", f"{report['transactions'] / elapsed:,.0f}", f"{report['checks']:,}"]
            for language, report in reports.items()
        ]
        print_table(["language", "transactions", "a second", "snapshots checked"], rows)
        print(f"\n{elapsed:.0f} seconds; {checks} checks of the live profile were clean. At the end: {kist('check', profile).strip()}.")
        return judge(profile, reports)


if __name__ == "__main__":
    finish(main, SKIPPED)
