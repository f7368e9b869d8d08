"""Queues under asyncio: order, moments, errors, cancellation, closing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

import kist


def run(coroutine):
    return asyncio.run(asyncio.wait_for(coroutine, 60))


def test_writes_are_visible_then_durable(profile, store):
    async def main():
        queue = profile.queue()
        queued = queue.put(store, "a", 1)
        await queued.committed
        assert store["a"] == 1
        assert await queued is None
        assert queued.durable.done()
        assert await queue.get(store, "a") == 1
        assert await queue.get(store, "b") is None
        assert await queue.get(store, "b", "nothing") == "nothing"
        assert await queue.add(store, "a", 5).committed == 6
        assert await queue.delete(store, "a") is True
        assert await queue.delete(store, "a").committed is False

    run(main())


def test_a_read_sees_what_was_queued_before_it(profile, store):
    async def main():
        queue = profile.queue()
        reads = []
        for number in range(100):
            queue.put(store, "n", number, durability=kist.Durability.RELAXED)
            reads.append(asyncio.ensure_future(queue.get(store, "n")))
            await asyncio.sleep(0)
        assert await asyncio.gather(*reads) == list(range(100))

    run(main())


def test_many_writes_share_flushes(profile, store):
    async def main():
        queue = profile.queue()
        before = profile.stats().flushes
        await asyncio.gather(*(queue.put(store, str(i), i).durable for i in range(500)))
        assert len(store) == 500
        assert profile.stats().flushes - before < 100

    run(main())


def test_several_changes_at_once_or_not_at_all(profile, store):
    other = profile.store("other")
    store["old"] = 1

    async def main():
        queue = profile.queue()
        await queue.write_many([(store, "a", 1), (other, "b", "two"), (store, "old", None)])
        assert dict(store) == {"a": 1} and dict(other) == {"b": "two"}
        profile.drop_store("other")
        with pytest.raises(kist.StoreNotFoundError):
            await queue.write_many([(store, "c", 1), (other, "b", "two")])
        assert "c" not in store

    run(main())


def test_errors_are_those_of_the_operation(profile, store):
    async def main():
        queue = profile.queue()
        store["text"] = "x"
        with pytest.raises(kist.WrongTypeError, match="wanted u64 or i64, found string"):
            await queue.add(store, "text")
        with pytest.raises(kist.KeyTooLongError):
            await queue.put(store, "k" * 5000, 1)
        with pytest.raises(kist.WrongKindError):
            await queue.put(store, 7, 1)
        with pytest.raises(kist.WrongTypeError):
            queue.put(store, 7.5, 1)
        with pytest.raises(kist.WrongTypeError):
            queue.put(store, "k", object())

    run(main())


def test_what_has_not_begun_can_be_cancelled(profile, store):
    async def main():
        queue = profile.queue()
        with profile.write():
            first = queue.put(store, "a", 1)
            second = queue.put(store, "b", 2)
            second.committed.cancel()
            await asyncio.sleep(0)
        await first
        with pytest.raises(kist.CancelledError):
            await second.durable
        assert dict(store) == {"a": 1}

    run(main())


def test_a_full_queue_says_so_only_to_who_does_not_wait(profile, store):
    async def main():
        await asyncio.gather(*(profile.queue(5).put(store, "a", i).committed for i in range(10)))
        with pytest.raises(kist.InvalidArgumentError):
            profile.queue(-1)

    run(main())


def test_close_finishes_what_is_queued(directory):
    async def main():
        profile = kist.open(directory / "profile", durability=kist.Durability.RELAXED)
        store = profile.store("s")
        queue = profile.queue()
        queued = [queue.put(store, str(i), i) for i in range(100)]
        profile.close()
        await asyncio.gather(*(each.durable for each in queued))
        with pytest.raises(kist.ClosedError):
            await queue.put(store, "k", 1)
        with pytest.raises(kist.ClosedError):
            await queue.get(store, "k")

    run(main())
    with kist.open(directory / "profile") as again:
        assert len(again.store("s")) == 100


def test_flush_makes_relaxed_writes_durable(profile, store):
    async def main():
        queue = profile.queue()
        queued = queue.put(store, "a", 1, durability=kist.Durability.RELAXED)
        await queued.committed
        await queue.flush()
        await asyncio.wait_for(queued.durable, 10)

    run(main())


def test_handles_may_be_dropped_while_writes_wait(directory):
    async def main():
        profile = kist.open(directory / "profile")
        queued = profile.queue().put(profile.store("s"), "k", 1)
        del profile
        await queued

    run(main())


def test_a_program_may_end_without_waiting(directory):
    program = """
import asyncio, sys, kist
async def main():
    profile = kist.open(sys.argv[1])
    store = profile.store("s")
    queue = profile.queue()
    for i in range(200):
        queue.put(store, str(i), i)
        asyncio.ensure_future(queue.get(store, str(i)))
asyncio.run(main())
"""
    path = directory / "profile"
    result = subprocess.run(
        [sys.executable, "-c", program, os.fspath(path)], capture_output=True, text=True, timeout=60
    )
    assert result.returncode == 0, result.stderr
    with kist.open(path) as profile:
        assert len(profile.store("s")) == 200


def test_calls_need_a_running_loop(profile, store):
    with pytest.raises(RuntimeError, match="no running event loop"):
        profile.queue().put(store, "a", 1)


def test_relaxed_writes_are_flushed_by_their_number(directory):
    async def main():
        with kist.open(directory, flush_bytes=None, flush_age=None, flush_operations=3) as profile:
            store = profile.store("store")
            queue = profile.queue()
            relaxed = kist.Durability.RELAXED
            first = queue.add(store, "n", 1, durability=relaxed)
            others = [queue.add(store, "n", 1, durability=relaxed) for _ in range(2)]
            assert await first.durable == 1
            for other in others:
                await other.committed
            assert profile.check().clean

    run(main())
