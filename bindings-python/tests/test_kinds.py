"""Stores of every kind, and changes that depend on what is there."""

from __future__ import annotations

import asyncio
import pickle

import pytest

import kist


@pytest.mark.parametrize("keys", ["i8", "i16", "i32", "i64"])
def test_signed_integer_keys_are_in_numeric_order(profile, keys):
    store = profile.store("numbers", keys=keys)
    for number in (5, -128, 127, 0, -1):
        store[number] = number
    assert list(store) == [-128, -1, 0, 5, 127]
    assert list(store.items(start=-1, stop=127, reverse=True)) == [(5, 5), (0, 0), (-1, -1)]
    assert store[-128] == -128
    assert store.count(stop=0) == 2
    assert store.delete_range(start=0) == 3
    assert list(profile.read()[store]) == [-128, -1]


@pytest.mark.parametrize("keys, most", [("u8", 8), ("u16", 16), ("u32", 32), ("u64", 64)])
def test_unsigned_integer_keys(profile, keys, most):
    store = profile.store("numbers", keys=keys)
    largest = 2**most - 1
    store[largest] = store[0] = store[1] = True
    assert list(store) == [0, 1, largest]
    with pytest.raises(kist.OutOfRangeError):
        store[largest + 1] = True
    with pytest.raises(kist.OutOfRangeError):
        store[-1] = True


def test_keys_and_kinds_are_not_mixed_up(profile, store):
    numbers = profile.store("numbers", keys="u32")
    with pytest.raises(kist.WrongKindError, match="the keys are bytes"):
        store[1] = 1
    with pytest.raises(kist.WrongKindError, match="of type u32"):
        numbers["one"] = 1
    with pytest.raises(kist.WrongKindError, match="asked for a single store with keys of type bytes"):
        profile.store("numbers")
    with pytest.raises(kist.WrongKindError):
        profile.multi_store("store")
    with pytest.raises(kist.InvalidArgumentError, match="u128"):
        profile.store("other", keys="u128")
    with pytest.raises(kist.WrongTypeError):
        store[True] = 1


def test_multi_stores_keep_sorted_values(profile):
    tags = profile.multi_store("tags")
    for number in (1, -1, 256, 1):
        tags.put("a", number)
    tags.put("b", "x")
    assert tags.values("a") == [256, 1, -1]
    assert tags.first("a") == 256 and tags.first("c") is None
    assert len(tags) == 4 and tags.count("a") == 3 and "a" in tags
    assert list(tags.items(reverse=True, limit=2)) == [("b", "x"), ("a", -1)]
    assert tags.remove("a", 1) is True and tags.remove("a", 1) is False
    with profile.write() as writer:
        writer[tags].put("c", 1)
        assert writer[tags].discard("a") is True
    with profile.read() as reader:
        assert list(reader[tags].items()) == [("b", "x"), ("c", 1)]
        with pytest.raises(AttributeError):
            reader[tags].put("d", 1)
    assert tags.delete_range(prefix="b") == 1
    numbers = profile.multi_store("numbers", keys="u16")
    numbers.put(7, 1)
    numbers.put(7, 2)
    assert numbers.values(7) == [1, 2]
    assert list(numbers.items()) == [(7, 1), (7, 2)]
    numbers.clear()
    assert len(numbers) == 0


def test_counters_and_conditional_changes(profile, store):
    assert store.add("n") == 1
    assert store.add("n", -5) == -4
    store["u"] = kist.U64(0)
    with pytest.raises(kist.OutOfRangeError, match="u64 0 plus -1"):
        store.add("u", -1)
    assert store.put_if_absent("k", 1) is True and store.put_if_absent("k", 2) is False
    assert store.compare_and_set("k", 2, 3) is False
    assert store.compare_and_set("k", 1, "two") is True
    assert store.compare_and_set("new", None, 1) is True
    assert store.compare_and_set("new", 1, None) is True
    assert "new" not in store and store["k"] == "two"
    with profile.write() as writer:
        assert writer[store].add("n", 10) == 6
        assert writer[store].compare_and_set("k", "two", None) is True
    assert dict(store) == {"n": 6, "u": 0}


def test_integer_keys_in_queues_and_pickles(profile):
    store = profile.store("numbers", keys="i32")

    async def main():
        queue = profile.queue()
        await queue.put(store, -7, "x")
        assert await queue.get(store, -7) == "x"
        await queue.write_many([(store, 8, "y"), (store, -7, None)])

    asyncio.run(main())
    assert dict(store) == {8: "y"}
    assert dict(pickle.loads(pickle.dumps(store))) == {8: "y"}
