"""A store as a mapping: against dict, and its ranges."""

from __future__ import annotations

import collections.abc
import random
import time

import pytest

import kist


def test_a_store_is_a_mutable_mapping(store):
    assert isinstance(store, collections.abc.MutableMapping)
    store["b"] = 2
    store["a"] = 1
    assert store["a"] == 1
    assert store.get("c") is None
    assert store.get("c", 3) == 3
    assert "a" in store and "c" not in store
    assert len(store) == 2
    assert list(store) == ["a", "b"]
    assert list(reversed(store)) == ["b", "a"]
    assert list(store.keys()) == ["a", "b"]
    assert list(store.values()) == [1, 2]
    assert list(store.items()) == [("a", 1), ("b", 2)]
    assert store == {"a": 1, "b": 2}
    assert dict(**store) == {"a": 1, "b": 2}
    del store["a"]
    with pytest.raises(KeyError) as caught:
        store["a"]
    assert caught.value.args == ("a",)
    with pytest.raises(KeyError):
        del store["a"]
    assert store.discard("a") is False
    assert store.discard("b") is True
    assert len(store) == 0


def test_changes_that_read_first(store):
    store.update({"a": 1, "b": 2}, c=3)
    store.update([("d", 4)])
    assert store.pop("a") == 1
    assert store.pop("a", None) is None
    with pytest.raises(KeyError):
        store.pop("a")
    assert store.setdefault("b", 5) == 2
    assert store.setdefault("e", 5) == 5
    assert store.popitem() == ("b", 2)
    assert store == {"c": 3, "d": 4, "e": 5}
    store.clear()
    assert store == {}
    with pytest.raises(KeyError):
        store.popitem()


def test_update_is_all_or_nothing(store):
    store["a"] = 1
    with pytest.raises(kist.WrongTypeError):
        store.update({"a": 2, "b": 2, "c": None})
    assert store == {"a": 1}


def test_str_and_bytes_are_the_same_key(store):
    store["\u00fc"] = 1
    assert store["\u00fc".encode()] == 1
    store[b"\xff\0"] = 2
    assert list(store) == ["\u00fc", b"\xff\0"]
    assert store[b"\xff\0"] == 2
    assert "\u00fc" in store.keys() and "\u00fc".encode() in store.keys()


def test_a_store_with_keys_of_bytes(profile):
    store = profile.store("binary", keys=bytes)
    store["a"] = 1
    store[b"\xff"] = 2
    assert list(store) == [b"a", b"\xff"]
    with profile.read() as reader:
        assert list(reader[store].items()) == [(b"a", 1), (b"\xff", 2)]
    with pytest.raises(kist.InvalidArgumentError):
        profile.store("binary", keys=int)


@pytest.mark.parametrize("key", [None, 1.5, bytearray(b"a"), ("a",)], ids=repr)
def test_a_key_of_another_type_is_refused(store, key):
    for call in (
        lambda: store[key],
        lambda: store.get(key),
        lambda: store.__setitem__(key, 1),
        lambda: store.__delitem__(key),
        lambda: key in store,
        lambda: list(store.items(start=key, prefix=key, stop=key)) if key is not None else store[key],
    ):
        with pytest.raises(kist.WrongTypeError, match="key must be str or bytes"):
            call()


def test_the_empty_key_and_the_longest(store):
    store[""] = 1
    assert store[b""] == 1
    longest = b"k" * 2022
    store[longest] = 2
    assert store[longest] == 2
    with pytest.raises(kist.KeyTooLongError) as caught:
        store[b"k" * 100_000] = 3
    assert isinstance(caught.value, ValueError)
    assert list(store) == ["", longest.decode()]


@pytest.fixture
def letters(store):
    store.update({f"{first}{second}": first for first in "abc" for second in "123"})
    return store


RANGES = [
    ({}, ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"]),
    ({"prefix": "b"}, ["b1", "b2", "b3"]),
    ({"prefix": b"b"}, ["b1", "b2", "b3"]),
    ({"prefix": ""}, ["a1", "a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"]),
    ({"prefix": "x"}, []),
    ({"start": "b2"}, ["b2", "b3", "c1", "c2", "c3"]),
    ({"start": "b20"}, ["b3", "c1", "c2", "c3"]),
    ({"stop": "b2"}, ["a1", "a2", "a3", "b1"]),
    ({"start": "a3", "stop": "b2"}, ["a3", "b1"]),
    ({"start": "b2", "stop": "a3"}, []),
    ({"prefix": "b", "start": "b2"}, ["b2", "b3"]),
    ({"prefix": "b", "stop": "b2"}, ["b1"]),
    ({"prefix": "b", "start": "a1", "stop": "c3"}, ["b1", "b2", "b3"]),
    ({"limit": 2}, ["a1", "a2"]),
    ({"limit": 0}, []),
    ({"prefix": "c", "limit": 5}, ["c1", "c2", "c3"]),
]


@pytest.mark.parametrize("part, expected", RANGES, ids=repr)
def test_ranges(letters, part, expected):
    assert list(letters.keys(**part)) == expected
    assert list(letters.values(**part)) == [key[0] for key in expected]
    assert list(letters.items(**part)) == [(key, key[0]) for key in expected]
    assert len(letters.items(**part)) == len(expected)
    assert list(reversed(letters.keys(**part))) == expected[::-1]
    if "limit" not in part:
        assert list(letters.keys(**part, reverse=True)) == expected[::-1]
        assert list(letters.keys(**part, reverse=True, limit=2)) == expected[::-1][:2]
    assert ("b1" in letters.keys(**part)) == ("b1" in expected)
    assert (("b1", "b") in letters.items(**part)) == ("b1" in expected)
    assert ("b" in letters.values(**part)) == any(key[0] == "b" for key in expected)


def test_a_prefix_that_ends_in_0xff_backwards(profile):
    store = profile.store("binary", keys=bytes)
    keys = [b"\xfe", b"\xff", b"\xff\0", b"\xff\xff", b"\xff\xff\xff"]
    store.update({key: 1 for key in keys})
    for prefix in (b"\xff", b"\xff\xff"):
        expected = [key for key in keys if key.startswith(prefix)]
        assert list(store.keys(prefix=prefix)) == expected
        assert list(store.keys(prefix=prefix, reverse=True)) == expected[::-1]


def test_a_negative_limit_is_refused(store):
    with pytest.raises(kist.InvalidArgumentError):
        store.items(limit=-1)


def test_views_compare_as_sets(letters):
    assert letters.keys(prefix="a") & {"a1", "b1"} == {"a1"}
    assert letters.keys(prefix="a") == {"a1", "a2", "a3"}


def test_an_iteration_sees_the_store_as_it_began(letters):
    iteration = iter(letters)
    assert next(iteration) == "a1"
    letters.clear()
    letters["z"] = "z"
    assert list(iteration) == ["a2", "a3", "b1", "b2", "b3", "c1", "c2", "c3"]
    assert list(iteration) == []
    assert list(letters) == ["z"]


def test_an_iteration_outlives_what_it_came_from(directory):
    with kist.open(directory) as profile:
        profile.store("s").update(a=1, b=2)
        assert list(iter(kist.open(directory).store("s"))) == ["a", "b"]


@pytest.mark.parametrize("page_size", [256, 4096])
def test_random_operations_equal_a_dict(directory, page_size):
    seed = time.time_ns()
    print("seed", seed)
    chance = random.Random(seed)
    keys = [bytes(chance.choices(b"ab\0\xff", k=chance.randrange(1, 12))) for _ in range(200)]
    model: dict[bytes, object] = {}

    def value() -> object:
        return chance.choice(
            [
                chance.randrange(-100, 100),
                "x" * chance.randrange(100),
                chance.randbytes(chance.randrange(2000)),
                chance.random() < 0.5,
                chance.random(),
            ]
        )

    def compare(records: kist.Records) -> None:
        ordered = sorted(model.items())
        assert list(records.items()) == ordered
        assert list(records.items(reverse=True)) == ordered[::-1]
        assert len(records) == len(model)
        low, high = sorted(chance.sample(keys, 2))
        assert list(records.keys(start=low, stop=high)) == [key for key, _ in ordered if low <= key < high]
        prefix = chance.choice(keys)[:2]
        assert list(records.keys(prefix=prefix)) == [key for key, _ in ordered if key.startswith(prefix)]

    for _ in range(5):
        with kist.open(directory, page_size=page_size) as profile:
            store = profile.store("model", keys=bytes)
            compare(store)
            for _ in range(10):
                before = dict(model)
                writer = profile.write(durability=kist.Durability.RELAXED)
                records = writer[store]
                for _ in range(chance.randrange(40)):
                    key = chance.choice(keys)
                    if chance.random() < 0.6:
                        records[key] = model[key] = value()
                    elif chance.random() < 0.97:
                        assert records.discard(key) == (model.pop(key, None) is not None)
                    else:
                        records.clear()
                        model.clear()
                compare(records)
                if chance.random() < 0.3:
                    writer.abort()
                    model = before
                else:
                    writer.commit()
                compare(store)
            assert profile.check().clean
