"""Checks that the C library exports its C ABI and nothing else. Argument: the path of libkist.so."""

import subprocess
import sys


def main():
    listing = subprocess.run(["nm", "-D", "--defined-only", sys.argv[1]], capture_output=True, text=True, check=True).stdout
    names = [line.split()[-1] for line in listing.splitlines()]
    foreign = [name for name in names if not name.startswith("kist_")]
    if not names:
        sys.exit("nothing is exported")
    if foreign:
        sys.exit("exported beside the C ABI:\n" + "\n".join(foreign))
    print(f"{len(names)} functions, all named kist_*")


if __name__ == "__main__":
    main()
