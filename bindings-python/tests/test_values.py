"""Types of values: what is stored for which Python object, and what is read."""

from __future__ import annotations

import collections
import datetime
import enum
import math
import pickle
import struct
import uuid

import pytest

import kist

UTC = datetime.timezone.utc


class Level(enum.IntEnum):
    HIGH = 3


WRITTEN_AND_READ = [
    (True, True, bool),
    (False, False, bool),
    (0, 0, int),
    (-(2**63), -(2**63), int),
    (2**63 - 1, 2**63 - 1, int),
    (2**63, 2**63, kist.U64),
    (2**64 - 1, 2**64 - 1, kist.U64),
    (kist.U64(0), 0, kist.U64),
    (kist.U64(7), 7, kist.U64),
    (Level.HIGH, 3, int),
    (1.5, 1.5, float),
    (math.inf, math.inf, float),
    (5e-324, 5e-324, float),
    (kist.Instant(-1), kist.Instant(-1), kist.Instant),
    (kist.Instant(2**63 - 1), kist.Instant(2**63 - 1), kist.Instant),
    (datetime.datetime(1970, 1, 1, 0, 0, 1, 234567, UTC), kist.Instant(1234), kist.Instant),
    (datetime.datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), kist.Instant(-1), kist.Instant),
    (uuid.UUID(int=1), uuid.UUID(int=1), uuid.UUID),
    ("", "", str),
    ("a\0b\U0001f600", "a\0b\U0001f600", str),
    ("e\u0301", "e\u0301", str),
    ({"b": [1, None, "\u00fc"]}, kist.Json('{"b": [1, null, "\u00fc"]}'), kist.Json),
    ([], kist.Json("[]"), kist.Json),
    ((1, 2), kist.Json("[1, 2]"), kist.Json),
    (collections.OrderedDict(a=1), kist.Json('{"a": 1}'), kist.Json),
    (kist.Json(' { "a" : 1.0 } '), kist.Json(' { "a" : 1.0 } '), kist.Json),
    (b"", b"", bytes),
    (b"\0\xff", b"\0\xff", bytes),
    (bytearray(b"ab"), b"ab", bytes),
    (memoryview(b"abcd")[1:3], b"bc", bytes),
]


@pytest.mark.parametrize("written, expected, kind", WRITTEN_AND_READ, ids=repr)
def test_a_value_is_read_as_its_type(store, written, expected, kind):
    store["key"] = written
    read = store["key"]
    assert read == expected
    assert type(read) is kind


@pytest.mark.parametrize("written, expected, kind", WRITTEN_AND_READ, ids=repr)
def test_a_value_that_is_written_back_stays_the_same(store, written, expected, kind):
    store["first"] = written
    store["second"] = store["first"]
    assert store["second"] == store["first"] == expected
    assert type(store["second"]) is kind


def bits(number: float) -> int:
    return struct.unpack("<Q", struct.pack("<d", number))[0]


@pytest.mark.parametrize(
    "pattern",
    [0x7FF8000000000000, 0xFFF8000000000000, 0x7FF80000DEADBEEF, 0x8000000000000000, 0x0000000000000001],
)
def test_a_float_keeps_every_bit(store, pattern):
    store["key"] = struct.unpack("<d", struct.pack("<Q", pattern))[0]
    assert bits(store["key"]) == pattern


class Unknown:
    """A class that Kist knows nothing of."""


@pytest.mark.parametrize("value", [None, Unknown(), 1j, {1, 2}, object, datetime.date(2020, 1, 1)], ids=repr)
def test_an_object_of_another_type_is_refused(store, value):
    with pytest.raises(kist.WrongTypeError, match=type(value).__name__) as caught:
        store["key"] = value
    assert isinstance(caught.value, TypeError)
    assert caught.value.code == kist.ErrorCode.WRONG_TYPE
    assert "key" not in store


@pytest.mark.parametrize("number", [2**64, -(2**63) - 1, 10**40], ids=repr)
def test_an_int_beyond_64_bits_is_refused(store, number):
    with pytest.raises(kist.InvalidArgumentError, match="64 bits"):
        store["key"] = number


@pytest.mark.parametrize("number", [-1, 2**64])
def test_a_u64_is_of_64_bits(number):
    with pytest.raises(ValueError):
        kist.U64(number)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", "\ud83d\ude00"], ids=ascii)
def test_a_lone_surrogate_is_refused(store, text):
    for put in (
        lambda: store.__setitem__("key", text),
        lambda: store.__setitem__(text, 1),
        lambda: store.__setitem__("key", kist.Json(f'"{text}"')),
        lambda: store.get(text),
    ):
        with pytest.raises(kist.InvalidTextError) as caught:
            put()
        assert isinstance(caught.value, ValueError)
    assert len(store) == 0


@pytest.mark.parametrize("text", ["", "{", '{"a":1}x', "nan", "[1,]", "'a'"])
def test_text_that_is_no_json_is_refused(store, text):
    with pytest.raises(kist.InvalidJsonError) as caught:
        store["key"] = kist.Json(text)
    assert isinstance(caught.value, ValueError)
    assert "key" not in store


@pytest.mark.parametrize("value", [{"a": math.nan}, [math.inf]], ids=repr)
def test_a_dict_that_json_cannot_hold_is_refused(store, value):
    with pytest.raises(kist.InvalidJsonError):
        store["key"] = value


def test_a_dict_with_other_objects_is_refused(store):
    with pytest.raises(kist.WrongTypeError):
        store["key"] = {"a": object()}


def test_json_cannot_be_edited_in_place(store):
    store["key"] = {"a": {"b": 1}}
    document = store["key"]
    with pytest.raises(TypeError):
        document["a"] = 2
    with pytest.raises(AttributeError):
        document.text = "null"
    edited = document.value
    edited["a"]["b"] = 2
    assert store["key"].value == {"a": {"b": 1}}
    store["key"] = edited
    assert store["key"].value == {"a": {"b": 2}}


def test_a_datetime_without_time_zone_is_refused(store):
    with pytest.raises(kist.InvalidArgumentError, match="time zone"):
        store["key"] = datetime.datetime(2020, 1, 1)


def test_a_datetime_of_another_zone_is_the_same_instant(store):
    zone = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    store["key"] = datetime.datetime(2020, 1, 1, 5, 30, tzinfo=zone)
    assert store["key"].to_datetime() == datetime.datetime(2020, 1, 1, tzinfo=UTC)


def test_every_instant_of_a_datetime_comes_back():
    for moment in (
        datetime.datetime(1, 1, 1, tzinfo=UTC),
        datetime.datetime(9999, 12, 31, 23, 59, 59, 999000, UTC),
        datetime.datetime(1900, 2, 28, 1, 2, 3, 4000, UTC),
    ):
        assert kist.Instant.from_datetime(moment).to_datetime() == moment
    for milliseconds in (2**63 - 1, -(2**63), 253402300800000):
        with pytest.raises(OverflowError):
            kist.Instant(milliseconds).to_datetime()


def test_an_instant_is_an_ordered_immutable_value():
    assert kist.Instant(1) < kist.Instant(2) <= kist.Instant(2)
    assert len({kist.Instant(1), kist.Instant(1)}) == 1
    assert kist.Instant(1) != 1
    with pytest.raises(AttributeError):
        kist.Instant(1).milliseconds = 2
    with pytest.raises(ValueError):
        kist.Instant(2**63)
    with pytest.raises(TypeError):
        kist.Instant(1.5)


@pytest.mark.parametrize("value", [kist.Instant(-5), kist.Json("[1]"), kist.U64(2**64 - 1)], ids=repr)
def test_values_are_pickled(value):
    copy = pickle.loads(pickle.dumps(value))
    assert copy == value
    assert type(copy) is type(value)
    assert repr(copy) == repr(value)


def test_a_buffer_in_use_by_a_put_is_not_changed(store):
    source = bytearray(b"abc")
    store["key"] = source
    source.extend(b"def")
    assert store["key"] == b"abc"


def test_a_memoryview_with_gaps_is_refused(store):
    with pytest.raises(BufferError):
        store["key"] = memoryview(b"abcdef")[::2]


def test_a_type_that_the_caller_relies_on(store):
    store.update({"i": 5, "u": kist.U64(6), "n": -1, "b": True, "f": 1.0, "s": "x", "t": kist.Instant(0)})
    store["object"] = {"a": 1}
    store["array"] = [1]
    assert store.get_as("i", int) == 5
    assert type(store.get_as("u", int)) is int
    assert type(store.get_as("i", kist.U64)) is kist.U64
    assert store.get_as("b", bool) is True
    assert store.get_as("t", datetime.datetime) == datetime.datetime(1970, 1, 1, tzinfo=UTC)
    assert store.get_as("object", dict) == {"a": 1}
    assert store.get_as("array", list) == [1]
    assert store.get_as("missing", int) is None
    assert store.get_as("missing", int, 3) == 3
    for key, wanted, names in [
        ("s", int, ("'s'", "i64 or u64", "string")),
        ("b", int, ("'b'", "i64 or u64", "bool")),
        ("i", bool, ("'i'", "bool", "i64")),
        ("n", kist.U64, ("'n'", "u64", "i64")),
        ("i", float, ("'i'", "f64", "i64")),
        ("f", int, ("'f'", "i64 or u64", "f64")),
        ("u", str, ("'u'", "string", "u64")),
        ("object", list, ("'object'", "array", "json")),
        ("s", bytes, ("'s'", "blob", "string")),
    ]:
        with pytest.raises(kist.WrongTypeError) as caught:
            store.get_as(key, wanted)
        assert all(name in str(caught.value) for name in names), str(caught.value)
    with pytest.raises(kist.InvalidArgumentError):
        store.get_as("i", set)


def test_a_large_blob(store):
    blob = bytes(range(256)) * 4096 * 5
    store["key"] = blob
    assert store["key"] == blob
    del store["key"]
    assert "key" not in store
