"""Golden vectors: Python reads and writes the bytes that every language reads and writes."""

from __future__ import annotations

import json
import struct
import uuid

import pytest

import kist
from conftest import REPOSITORY

VECTORS = json.loads((REPOSITORY / "schemas/golden/values.json").read_text(encoding="utf-8"))

# The value of a vector as a Python object of the type that reading gives.
FROM_VECTOR = {
    "bool": lambda value: value == "true" if isinstance(value, str) else value,
    "u64": lambda value: kist.U64(int(value)),
    "i64": int,
    "f64": lambda value: struct.unpack("<d", struct.pack("<Q", int(value, 16)))[0],
    "instant": lambda value: kist.Instant(int(value)),
    "uuid": uuid.UUID,
    "string": str,
    "json": kist.Json,
    "blob": bytes.fromhex,
}


def identity(value: object) -> object:
    """Tells every two values apart that differ in a bit."""
    return (type(value), struct.pack("<d", value) if isinstance(value, float) else value)


def test_every_type_has_vectors():
    assert {vector["type"] for vector in VECTORS} == set(FROM_VECTOR)
    assert set(FROM_VECTOR) == {tag.name.lower() for tag in kist.ValueTag}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_a_vector_is_written_byte_for_byte_and_read_back(directory, vector):
    value = FROM_VECTOR[vector["type"]](vector["value"])
    key = b"the key of a golden vector"
    with kist.open(directory) as profile:
        profile.store("golden")[key] = value
        assert identity(profile.store("golden")[key]) == identity(value)
    # A record of a leaf page: size of the key, size of the value, key, value (engine/docs/format.md).
    encoded = bytes.fromhex(vector["hex"])
    record = struct.pack("<HH", len(key), len(encoded)) + key + encoded
    assert record in (directory / "data.kist").read_bytes()


def test_all_vectors_in_one_store(store):
    expected = {vector["name"]: FROM_VECTOR[vector["type"]](vector["value"]) for vector in VECTORS}
    store.update(expected)
    found = dict(store)
    assert {key: identity(value) for key, value in found.items()} == {
        key: identity(value) for key, value in expected.items()
    }
