"""The Python process of the main job: reads a live profile that a C++ program keeps writing, compares it with
the sources that went into it, and leaves its own findings for the other languages.

Started by tests/demo/run.sh as: main_job.py PROFILE_DIR CERT_DIR SUFFIX_FILE PREFS_FILE LANGS
Prints one line of JSON; the exit status is 0 only if everything agreed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pathlib
import re
import struct
import sys
import time
import uuid
from collections.abc import Callable, Iterable

import kist

LANGUAGE = "python"
PATIENCE = 60.0  # seconds
POLL = 0.01  # seconds

Records = dict[bytes, kist.Value]


def certificates(folder: pathlib.Path) -> Records:
    """Every PEM certificate of a folder as DER, by the hex of its SHA-256."""
    armour = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
    records: Records = {}
    for path in folder.glob("*.crt"):
        match = armour.search(path.read_text(encoding="ascii"))
        if match is None:
            raise ValueError(f"{path} holds no certificate")
        der = base64.b64decode(match.group(1))
        records[hashlib.sha256(der).hexdigest().encode()] = der
    return records


def suffixes(path: pathlib.Path) -> Records:
    """The rules of a public suffix list, each with the section that it stands in."""
    records: Records = {}
    section = ""
    for line in path.read_text(encoding="utf-8").split("\n"):
        if "===BEGIN ICANN DOMAINS===" in line:
            section = "icann"
        elif "===BEGIN PRIVATE DOMAINS===" in line:
            section = "private"
        rule = line.strip()
        if rule and not rule.startswith("//"):
            records[rule.split()[0].encode()] = section
    return records


def unescape(text: str) -> str:
    r"""Text with \n, \t, \\ and \u{hex} replaced by what they mean."""
    simple = {"n": "\n", "t": "\t", "\\": "\\"}
    return re.sub(
        r"\\(?:u\{([0-9A-Fa-f]+)\}|(.))",
        lambda match: chr(int(match[1], 16)) if match[1] else simple[match[2]],
        text,
    )


PREFERENCE: dict[str, Callable[[str], kist.Value]] = {
    "bool": {"true": True, "false": False}.__getitem__,
    "u64": kist.U64,
    "i64": int,
    "f64": float,
    "instant": lambda text: kist.Instant(int(text)),
    "uuid": uuid.UUID,
    "string": unescape,
    "json": kist.Json,
    "blob": bytes.fromhex,
}


def preferences(path: pathlib.Path) -> Records:
    """The lines `key TAB type TAB text` of a preferences file."""
    records: Records = {}
    # Only a line feed ends a line: a string may hold other separators.
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line.strip() and not line.startswith("#"):
            key, kind, text = line.split("\t", 2)
            records[key.encode()] = PREFERENCE[kind](text)
    return records


def payload(value: kist.Value) -> tuple[kist.ValueTag, bytes]:
    """A value's type and the bytes that stand for it in the digest."""
    if isinstance(value, bool):
        return kist.ValueTag.BOOL, bytes([value])
    if isinstance(value, kist.U64):
        return kist.ValueTag.U64, value.to_bytes(8, "little")
    if isinstance(value, int):
        return kist.ValueTag.I64, value.to_bytes(8, "little", signed=True)
    if isinstance(value, float):
        bits = struct.pack("<d", value) if value == value else struct.pack("<Q", 0x7FF8 << 48)
        return kist.ValueTag.F64, bits
    if isinstance(value, kist.Instant):
        return kist.ValueTag.INSTANT, value.milliseconds.to_bytes(8, "little", signed=True)
    if isinstance(value, uuid.UUID):
        return kist.ValueTag.UUID, value.bytes
    if isinstance(value, str):
        return kist.ValueTag.STRING, value.encode()
    if isinstance(value, kist.Json):
        return kist.ValueTag.JSON, value.text.encode()
    return kist.ValueTag.BLOB, value


def digest(datasets: Iterable[Iterable[tuple[bytes, kist.Value]]]) -> tuple[str, int]:
    """Hex SHA-256 over all records of the datasets, in their order, and how many there were."""
    hasher = hashlib.sha256()
    count = 0
    for records in datasets:
        for key, value in records:
            tag, content = payload(value)
            hasher.update(struct.pack("<I", len(key)) + key)
            hasher.update(struct.pack("<BI", tag, len(content)) + content)
            count += 1
    return hasher.hexdigest(), count


def wait_for(what: str, look: Callable[[], bool]) -> None:
    """Waits until `look` gives true. TimeoutError when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while not look():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {PATIENCE:g} seconds for {what}")
        time.sleep(POLL)


def store_of(profile: kist.Profile, name: str) -> kist.Store:
    """A store that the engine has made."""
    return profile.store(name, create=False, keys=bytes)


def engine_is_ready(profile: kist.Profile) -> bool:
    """Whether the engine has finished its import."""
    if "session" not in profile.stores():
        return False
    return store_of(profile, "session").get("engine/ready") is True


def compare(profile: kist.Profile, sources: list[Records]) -> tuple[str, int]:
    """Digest and number of records found in the profile. ValueError when the sources give others."""
    expected = digest(sorted(records.items()) for records in sources)
    stores = [store_of(profile, name) for name in ("certificates", "suffixes", "preferences")]
    info = store_of(profile, "certificate-info")
    with profile.read() as reader:
        found = digest(reader[store].items() for store in stores)
        fingerprints = {key: record.value["fingerprint"] for key, record in reader[info].items()}
        certificate_keys = set(reader[stores[0]])
    if found != expected:
        raise ValueError(f"found digest and records {found}, the sources give {expected}")
    if fingerprints.keys() != certificate_keys:
        raise ValueError("certificates and their descriptions have different keys")
    for key, fingerprint in fingerprints.items():
        if fingerprint.encode() != key:
            raise ValueError(f"the description of {key.decode()} has the fingerprint {fingerprint}")
    return found


def run(directory: str, sources: list[Records], languages: list[str], started: int) -> dict[str, object]:
    """Does the job on the live profile; what is to be reported."""
    profile_appears = pathlib.Path(directory, "data.kist").exists
    wait_for("the profile", profile_appears)
    with kist.open(directory, create=False) as profile:
        wait_for("engine/ready", lambda: engine_is_ready(profile))
        session = store_of(profile, "session")
        found, records = compare(profile, sources)

        first = session.get_as("engine/heartbeat", int, 0)
        wait_for("a heartbeat", lambda: session.get_as("engine/heartbeat", int, 0) > first)

        own = {
            f"{LANGUAGE}/pid": kist.U64(os.getpid()),
            f"{LANGUAGE}/started": kist.Instant(started),
            f"{LANGUAGE}/records": kist.U64(records),
            f"{LANGUAGE}/digest": found,
        }
        session.update(own)

        keys = [f"{language}/digest" for language in languages]
        wait_for("the other languages", lambda: all(key in session for key in keys))
        with profile.read() as reader:
            digests = {key: reader[session].get_as(key, str) for key in keys}
    for key, other in digests.items():
        if other != found:
            print(f"{key} is {other}, here it is {found}", file=sys.stderr)
    return {
        "language": LANGUAGE,
        "pid": os.getpid(),
        "started": started,
        "ended": time.time_ns() // 1_000_000,
        "records": records,
        "digest": found,
        "written": len(own),
        "agreed": all(other == found for other in digests.values()),
    }


def main() -> int:
    started = time.time_ns() // 1_000_000
    directory, certificate_folder, suffix_file, preference_file, languages = sys.argv[1:]
    try:
        sources = [
            certificates(pathlib.Path(certificate_folder)),
            suffixes(pathlib.Path(suffix_file)),
            preferences(pathlib.Path(preference_file)),
        ]
        report = run(directory, sources, languages.split(","), started)
    except (kist.Error, OSError, ValueError, TimeoutError) as error:
        print(f"{LANGUAGE}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report), flush=True)
    return 0 if report["agreed"] else 1


if __name__ == "__main__":
    sys.exit(main())
