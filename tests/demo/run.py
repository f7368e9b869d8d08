"""The demo: one profile, five languages.

A C++ program creates a profile, imports the machine's CA certificates, the public suffix list and a preferences file, and keeps
writing. At the same time a C, a Python, a Java and a Swift process read the same live profile, compare it with what they read from
the source files themselves, write, and read what the others wrote. Prints a row for each; the status is 0 only if all agree.

Environment: PROFILE names the directory for the profile, which then stays; KIST_REQUIRE_ALL=1 makes a missing Swift a failure.
"""

import os
import pathlib
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from processes import BUILD, JAVA, PYTHON, ROOT, TITLES, Failure, Group, finish, print_table  # noqa: E402

CERTIFICATES = pathlib.Path("/usr/share/ca-certificates/mozilla")
SUFFIXES = pathlib.Path("/usr/share/publicsuffix/public_suffix_list.dat")
PREFERENCES = ROOT / "tests/demo/preferences.tsv"
ENGINE = "cpp"
WRITTEN = 4  # records of each client
CLIENT_SECONDS = 150
ENGINE_SECONDS = 60

PROGRAMS = {
    "c": [BUILD / "bin/kist_demo_c"],
    ENGINE: [BUILD / "bin/kist_demo_engine"],
    "python": [PYTHON, ROOT / "bindings-python/demo/main_job.py"],
    "java": [JAVA, "-jar", BUILD / "bin/kist-demo.jar"],
    "swift": [BUILD / "bin/kist_demo_swift"],
}
SKIPPED = [] if PROGRAMS["swift"][0].exists() else ["Swift"]


def clock(milliseconds):
    return time.strftime("%H:%M:%S", time.localtime(milliseconds // 1000)) + f".{milliseconds % 1000:03}"


def run(profile, folder):
    """Runs all programs to their end; what each reported, by language."""
    languages = [language for language in PROGRAMS if TITLES[language] not in SKIPPED]
    arguments = [profile, CERTIFICATES, SUFFIXES, PREFERENCES, ",".join(languages)]
    with Group({language: PROGRAMS[language] + arguments for language in languages}, folder) as group:
        group.wait([language for language in languages if language != ENGINE], CLIENT_SECONDS)
        group.programs[ENGINE].process.send_signal(signal.SIGTERM)
        group.wait([ENGINE], ENGINE_SECONDS)
        return group.reports()


def print_reports(reports):
    rows = [
        [
            TITLES[language],
            str(report["pid"]),
            clock(report["started"]),
            clock(report["ended"]),
            f"{report['records']:,}",
            report["digest"][:16],
            f"{report['written']:,}",
            "yes" if report["agreed"] else "NO",
        ]
        for language, report in reports.items()
    ]
    print_table(["language", "process", "start", "end", "records read", "digest", "written", "agreed"], rows)


def judge(reports):
    """Prints what is to be said about all together; whether everything is as it should be."""
    engine = reports[ENGINE]
    checked = engine["checked"]
    sound = checked["violations"] == 0
    print(f"\nThe C++ process imported, then wrote a heartbeat {engine['heartbeats']:,} times while the others worked.")
    print(f"Check of the file: {checked['pages']:,} pages, {checked['records']:,} records, {checked['violations']} violations.")
    same = len({(report["digest"], report["records"]) for report in reports.values()}) == 1
    some = engine["records"] > 0
    wrote = all(report["written"] == WRITTEN for language, report in reports.items() if language != ENGINE)
    agreed = all(report["agreed"] for report in reports.values())
    good = sound and same and some and wrote and agreed
    print(f"All {len(reports)} processes agree." if good else "THE PROCESSES DO NOT AGREE.", flush=True)
    return good


def main():
    kept = os.environ.get("PROFILE")
    with tempfile.TemporaryDirectory(prefix="kist-demo-") as folder:
        folder = pathlib.Path(folder)
        profile = pathlib.Path(kept).resolve() if kept else folder / "profile"
        # The programs wait for each other's records, so those of an earlier run would mislead them.
        if (profile / "data.kist").exists():
            raise Failure(f"{profile} holds a profile already: remove it, or name another directory")
        reports = run(profile, folder)
    print_reports(reports)
    good = judge(reports)
    if kept:
        print(f"The profile stays; look at it with: {os.path.relpath(BUILD / 'bin/kist')} list {kept}")
    return good


if __name__ == "__main__":
    finish(main, SKIPPED)
