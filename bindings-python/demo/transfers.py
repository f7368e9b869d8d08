"""The Python process of the stress over several languages: moves amounts between accounts, and checks that no
snapshot ever shows another sum.

Usage: transfers.py PROFILE_DIR SECONDS SEED
Ends after SECONDS or at 10,000 transactions, whichever is later, and prints one line of JSON. The exit status
is 0 only if every check held.
"""

from __future__ import annotations

import json
import random
import sys
import time

import kist

LANGUAGE = "python"
ACCOUNTS = [f"a{number}" for number in range(10)]
SUM = 10_000
MIN_TRANSACTIONS = 10_000
TRANSACTIONS_PER_CHECK = 100


def transfer(profile: kist.Profile, chance: random.Random) -> None:
    """Moves a random amount from one account to another, and counts."""
    source, target = chance.sample(ACCOUNTS, 2)
    amount = chance.randint(0, 100)
    with profile.write(durability=kist.Durability.RELAXED) as writer:
        accounts = writer["accounts"]
        accounts[source] = accounts.get_as(source, int) - amount
        accounts[target] = accounts.get_as(target, int) + amount
        counters = writer["counters"]
        counter = f"count/{LANGUAGE}"
        counters[counter] = kist.U64(counters.get_as(counter, int, 0) + 1)


def check(profile: kist.Profile, accounts: kist.Store) -> bool:
    """Whether the newest snapshot has the right sum."""
    with profile.read() as reader:
        found = {key: reader[accounts].get_as(key, int) for key in ACCOUNTS}
    if sum(found.values()) == SUM:
        return True
    print(f"{LANGUAGE}: the accounts hold {sum(found.values())}: {found}", file=sys.stderr)
    return False


def main() -> int:
    directory, seconds, seed = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    chance = random.Random(seed)
    deadline = time.monotonic() + seconds
    transactions = checks = 0
    ok = True
    with kist.open(directory, create=False) as profile:
        profile.store("counters")
        accounts = profile.store("accounts", create=False)
        while ok and (transactions < MIN_TRANSACTIONS or time.monotonic() < deadline):
            transfer(profile, chance)
            transactions += 1
            if transactions % TRANSACTIONS_PER_CHECK == 0:
                ok = check(profile, accounts)
                checks += 1
    print(
        json.dumps({"language": LANGUAGE, "transactions": transactions, "checks": checks, "ok": ok}),
        flush=True,
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
