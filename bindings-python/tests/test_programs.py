"""The two programs of demo/, which run beside those of other languages, here beside themselves."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import threading
import uuid

import pytest

import kist
from conftest import REPOSITORY

DEMO = REPOSITORY / "bindings-python/demo"


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    """Starts a program of demo/."""
    command = [sys.executable, str(DEMO / program), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Waits for a program: status, output, errors."""
    output, errors = process.communicate(timeout=110)
    return process.returncode, output, errors


def test_transfers_of_two_processes_keep_the_sum(directory):
    with kist.open(directory) as profile:
        accounts, counters = profile.store("accounts"), profile.store("counters")
        accounts.update({f"a{number}": 1000 for number in range(10)})
        answers = [finish(process) for process in [start("transfers.py", directory, 0, seed) for seed in (1, 2)]]
        for status, output, errors in answers:
            assert status == 0, errors
            assert json.loads(output) == {"language": "python", "transactions": 10_000, "checks": 100, "ok": True}
        assert sum(accounts.values()) == 10_000
        assert dict(counters) == {"count/python": kist.U64(20_000)}
        assert profile.check().clean


def test_transfers_notice_a_wrong_sum(directory):
    with kist.open(directory) as profile:
        profile.store("accounts").update({f"a{number}": 999 for number in range(10)})
        status, output, errors = finish(start("transfers.py", directory, 0, 1))
    assert status == 1
    assert json.loads(output)["ok"] is False
    assert "9990" in errors


PREFERENCES = """# key, type, text
a\tbool\ttrue
b\tu64\t18446744073709551615
c\ti64\t-1
d\tf64\tnan
e\tinstant\t-5
f\tuuid\t00112233-4455-6677-8899-aabbccddeeff
g\tstring\ttab\\t \\\\ nul\\u{0} \\u{1F600}
h\tjson\t{"a": 1}
i\tblob\t00ff
"""
SUFFIXES = "// ===BEGIN ICANN DOMAINS===\ncom\n\n// a comment\n*.ck  // Cook\n// ===BEGIN PRIVATE DOMAINS===\n\u00fc.example\n"
DER = [bytes(range(50)), b"another"]


@pytest.fixture
def live(directory):
    """A profile with what a small engine imported; its heart beats. Gives the profile and the arguments."""
    (directory / "certificates").mkdir()
    for number, der in enumerate(DER):
        armoured = f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(der).decode()}-----END CERTIFICATE-----\n"
        (directory / f"certificates/{number}.crt").write_text(armoured)
    (directory / "suffixes").write_text(SUFFIXES, encoding="utf-8")
    (directory / "preferences").write_text(PREFERENCES, encoding="utf-8")
    stop = threading.Event()
    with kist.open(directory / "profile") as profile:
        hashes = {hashlib.sha256(der).hexdigest(): der for der in DER}
        profile.store("certificates").update(hashes)
        profile.store("certificate-info").update({key: {"fingerprint": key} for key in hashes})
        profile.store("suffixes").update({"com": "icann", "*.ck": "icann", "\u00fc.example": "private"})
        profile.store("preferences").update(
            {
                "a": True,
                "b": 2**64 - 1,
                "c": -1,
                "d": float("nan"),
                "e": kist.Instant(-5),
                "f": uuid.UUID("00112233-4455-6677-8899-aabbccddeeff"),
                "g": "tab\t \\ nul\0 \U0001f600",
                "h": kist.Json('{"a": 1}'),
                "i": b"\0\xff",
            }
        )
        session = profile.store("session")

        def beat() -> None:
            count = 0
            while not stop.wait(0.005):
                count += 1
                session["engine/heartbeat"] = kist.U64(count)

        heart = threading.Thread(target=beat)
        heart.start()
        session["engine/ready"] = True
        yield profile, [directory / name for name in ("profile", "certificates", "suffixes", "preferences")]
        stop.set()
        heart.join()


def test_the_main_job_agrees(live):
    profile, arguments = live
    status, output, errors = finish(start("main_job.py", *arguments, "python"))
    assert status == 0, errors
    report = json.loads(output)
    session = profile.store("session")
    assert report["agreed"] is True and report["language"] == "python"
    assert report["records"] == session["python/records"] == 2 + 3 + 9
    assert report["digest"] == session["python/digest"]
    assert report["pid"] == session["python/pid"]
    assert kist.Instant(report["started"]) == session["python/started"]


def test_the_main_job_notices_another_digest(live):
    profile, arguments = live
    profile.store("session")["c/digest"] = "0" * 64
    status, output, errors = finish(start("main_job.py", *arguments, "c,python"))
    assert status == 1
    assert json.loads(output)["agreed"] is False
    assert "c/digest" in errors


@pytest.mark.parametrize(
    "store, key, value",
    [
        ("preferences", "c", -2),
        ("preferences", "c", kist.U64(1)),
        ("preferences", "z", True),
        ("suffixes", "com", "private"),
        ("certificate-info", hashlib.sha256(b"another").hexdigest(), {"fingerprint": "0"}),
        ("certificate-info", "0", {"fingerprint": "0"}),
    ],
    ids=repr,
)
def test_the_main_job_notices_another_record(live, store, key, value):
    profile, arguments = live
    profile.store(store)[key] = value
    status, output, errors = finish(start("main_job.py", *arguments, "python"))
    assert (status, output) == (1, "")
    assert errors.startswith("python: ")
