"""Holds the sources to the rules that a compiler does not check: length, where system headers may stand, and layers."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAX_LINES = 500
SOURCE_SUFFIXES = {".cc", ".h", ".c", ".py", ".java", ".swift"}
FOLDERS = ["engine", "kvstore", "bindings-python", "bindings-java", "bindings-swift", "schemas", "tests"]
# Folders that tools fill while building, and sources that a program wrote (they say so in their first lines).
BUILD_FOLDERS = {".build", "build", "__pycache__", ".pytest_cache"}
GENERATED = re.compile(r"generated (by|from)", re.IGNORECASE)

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
C_HEADER = re.compile(r"/kist(_\w+)?\.h$")
SYSTEM_HEADER = re.compile(
    r"^(sys/.*|linux/.*|mach/.*|unistd\.h|fcntl\.h|signal\.h|csignal|poll\.h|pthread\.h|sched\.h|dirent\.h|[Ww]indows\.h|io\.h)$"
)


def source_files():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in SOURCE_SUFFIXES and not BUILD_FOLDERS.intersection(path.relative_to(ROOT).parts):
                yield path


def include_violation(name, quoted, header):
    """What is wrong with including `header` from the source file `name`, or None."""
    in_engine = name.startswith("engine/")
    in_kvstore = name.startswith("kvstore/")
    if not in_engine and not in_kvstore:
        return None
    if not quoted and SYSTEM_HEADER.match(header) and not name.startswith("engine/os/"):
        return f"includes <{header}>: system headers belong in engine/os"
    engine_public = header.startswith("kist/engine/")
    if in_engine and (header.startswith("kvstore/") or (header.startswith("kist/") and not engine_public)):
        return f"includes {header}: the engine knows nothing of kvstore"
    if in_kvstore and header.startswith("engine/"):
        return f"includes {header}: kvstore sees only the engine's public headers, <kist/engine/...>"
    # The headers for C find each other beside themselves, wherever they are copied to.
    if quoted and not header.startswith(("engine/", "kvstore/")) and not C_HEADER.search(name):
        return f'includes "{header}": name internal headers from the root, public ones as <kist/...>'
    return None


def violations(path):
    name = path.relative_to(ROOT).as_posix()
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > MAX_LINES and not GENERATED.search(text[:400]):
        yield f"{name}: {lines} lines, at most {MAX_LINES} are allowed"
    if path.suffix in {".cc", ".h", ".c"}:
        for match in INCLUDE.finditer(text):
            problem = include_violation(name, match.group(1) == '"', match.group(2))
            if problem:
                line = text.count("\n", 0, match.start()) + 1
                yield f"{name}:{line}: {problem}"
    if path.suffix == ".h" and name.startswith(("engine/", "kvstore/")) and not name.endswith("/kist.h"):
        if "#pragma once" not in text:
            yield f"{name}: no #pragma once"


def main():
    files = list(source_files())
    if not files:
        sys.exit("no source file was found: the test looks in the wrong place")
    found = [problem for path in files for problem in violations(path)]
    print("\n".join(found) or f"{len(files)} files keep to the rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
