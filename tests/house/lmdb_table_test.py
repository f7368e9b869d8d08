"""Checks that engine/docs/coming-from-lmdb.md names every function, flag, cursor operation and error of lmdb.h, and
begins no two rows with the same function of libmdbx.

Argument: the path of lmdb.h."""

import pathlib
import re
import sys

# Numbers and texts about the header itself.
ABOUT = re.compile(r"MDB_(VERSION_\w+|VERINT|VERSTR|VERFOO|SUCCESS|LAST_ERRCODE|FMT_\w+)$")


def main():
    header = pathlib.Path(sys.argv[1]).read_text()
    table = (pathlib.Path(__file__).parents[2] / "engine/docs/coming-from-lmdb.md").read_text()
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL)
    functions = set(re.findall(r"\b(mdb_[a-z0-9_]+)\s*\(", code))
    functions -= set(re.findall(r"#define\s+(mdb_[a-z0-9_]+)\s*$", code))
    constants = set(re.findall(r"^#define\s+(MDB_[A-Z_]+)\b", code, flags=re.MULTILINE))
    constants |= set(re.findall(r"^\s+(MDB_[A-Z_]+)\s*,?\s*$", code, flags=re.MULTILINE))
    wanted = functions | {name for name in constants if not ABOUT.match(name)}
    if len(wanted) < 100:
        sys.exit(f"only {len(wanted)} names found in {sys.argv[1]}")
    missing = sorted(name for name in wanted if f"`{name}`" not in table)
    if missing:
        sys.exit("not in the table:\n" + "\n".join(missing))
    firsts = re.findall(r"^\| `(mdbx_\w+)`", table, flags=re.MULTILINE)
    twice = sorted({name for name in firsts if firsts.count(name) > 1})
    if twice:
        sys.exit("two rows begin with the same name:\n" + "\n".join(twice))
    print(f"{len(wanted)} names of lmdb.h are in the table")


if __name__ == "__main__":
    main()
