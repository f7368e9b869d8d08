"""Checks that the C library exports the functions that its headers declare and nothing else, and that a C test calls each.

Argument: the path of libkist.so."""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DECLARATION = re.compile(r"^KIST_API\s[^;(]*?\b(\w+)\(", re.MULTILINE)


def main():
    listing = subprocess.run(["nm", "-D", "--defined-only", sys.argv[1]], capture_output=True, text=True, check=True).stdout
    exported = {line.split()[-1] for line in listing.splitlines()}
    headers = sorted((ROOT / "kvstore/include/kist").glob("kist*.h"))
    declared = {name for header in headers for name in DECLARATION.findall(header.read_text())}
    if len(declared) < 50:
        sys.exit(f"only {len(declared)} functions found in {[header.name for header in headers]}")
    tests = "\n".join(path.read_text() for path in (ROOT / "tests/c").glob("*_test.c"))
    called = set(re.findall(r"\b(\w+)\(", tests))
    problems = {
        "exported beside the C ABI": exported - declared,
        "declared, but not exported": declared - exported,
        "called by no test in tests/c": declared - called,
        "not named kist_*": {name for name in declared if not name.startswith("kist_")},
    }
    for problem, names in problems.items():
        if names:
            print(f"{problem}:\n" + "\n".join(sorted(names)))
    if any(problems.values()):
        sys.exit(1)
    print(f"{len(declared)} functions, all exported and tested")


if __name__ == "__main__":
    main()
