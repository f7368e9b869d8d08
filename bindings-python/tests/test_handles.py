"""Use after close, from threads, after fork, in pickles, at exit: an exception, never a crash."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import os
import pickle
import random
import threading
import time

import pytest

import kist
from children import in_fork, run_program


def calls(profile: kist.Profile, store: kist.Store) -> list:
    """Every call of a profile and of a store."""
    return [
        lambda: profile.store("x"),
        profile.stores,
        lambda: profile.drop_store("x"),
        profile.read,
        profile.write,
        profile.sync,
        profile.check,
        profile.stats,
        lambda: store["a"],
        lambda: store.get("a"),
        lambda: store.get_as("a", int),
        lambda: store.__setitem__("a", 1),
        lambda: store.__delitem__("a"),
        lambda: store.discard("a"),
        lambda: "a" in store,
        lambda: len(store),
        lambda: list(store),
        lambda: list(reversed(store)),
        lambda: list(store.items(prefix="a")),
        lambda: store.pop("a", None),
        store.popitem,
        lambda: store.setdefault("a", 1),
        lambda: store.update(a=1),
        store.clear,
    ]


def test_everything_of_a_closed_profile_raises(directory):
    profile = kist.open(directory)
    store = profile.store("s")
    store.update(a=1, b=2)
    reader = profile.read()
    writer = profile.write()
    walks = [iter(store), iter(reader[store]), iter(writer[store])]
    for walk in walks:
        next(walk)
    writer[store]["c"] = 3
    profile.close()
    profile.close()
    assert profile.closed and reader.closed and writer.closed
    late = [lambda walk=walk: next(walk) for walk in walks]
    late += [lambda: reader[store]["a"], lambda: writer[store]["a"], writer.commit, lambda: reader.id]
    late += [lambda: pickle.dumps(profile), lambda: pickle.dumps(store)]
    for call in calls(profile, store) + late:
        with pytest.raises(kist.ClosedError) as caught:
            call()
        assert isinstance(caught.value, ValueError)
        assert caught.value.code == kist.ErrorCode.CLOSED
    reader.close()
    writer.abort()
    assert store.name == "s" and "closed" in repr(profile)
    # The writer that was cut off is gone, and its lock with it.
    with kist.open(directory) as again:
        assert dict(again.store("s")) == {"a": 1, "b": 2}
        again.store("s")["c"] = 4


def test_a_second_user_is_not_closed_with_the_first(directory):
    first, second = kist.open(directory), kist.open(directory)
    store = second.store("s")
    first.close()
    store["a"] = 1
    assert store["a"] == 1
    second.close()


def test_objects_keep_what_they_need(directory):
    store = kist.open(directory).store("s")
    gc.collect()
    store["a"] = 1
    records = store.profile.read()["s"]
    del store
    gc.collect()
    assert records["a"] == 1


def test_threads_share_everything(profile, store):
    seed = time.time_ns()
    print("seed", seed)
    accounts = [f"a{number}" for number in range(8)]
    store.update({account: 100 for account in accounts})
    problems = []

    def work(number: int) -> None:
        chance = random.Random(seed + number)
        try:
            for _ in range(25):
                with profile.write(durability=kist.Durability.RELAXED) as writer:
                    records = writer[store]
                    source, target = chance.sample(accounts, 2)
                    records[source] -= 5
                    records[target] += 5
                with profile.read() as reader:
                    if sum(reader[store].values()) != 800:
                        problems.append("the sum is wrong in a snapshot")
                if sum(store.values()) != 800:
                    problems.append("the sum is wrong in an iteration")
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert sum(store.values()) == 800


def test_one_reader_writer_and_iterator_in_many_threads(profile, store):
    store.update({f"{number:04}": number for number in range(2000)})
    reader = profile.read()
    walk = iter(reader[store])
    seen, unexpected = [], []

    def work() -> None:
        try:
            for key in walk:
                seen.append(key)
                assert reader[store][key] == int(key)
        except kist.TransactionEndedError:
            pass
        except BaseException as error:
            unexpected.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert unexpected == []
    assert sorted(seen) == list(store)
    reader.close()


def test_closing_while_other_threads_work(directory):
    for _ in range(10):
        profile = kist.open(directory)
        store = profile.store("s")
        unexpected, started = [], threading.Barrier(5)

        def work(number: int) -> None:
            started.wait()
            try:
                while True:
                    if number == 0:
                        with profile.write(durability=kist.Durability.RELAXED) as writer:
                            writer[store]["a"] = writer[store].get("a", 0) + 1
                    elif number == 1:
                        store.get("a")
                    elif number == 2:
                        list(store.items())
                    else:
                        with profile.read() as reader:
                            list(reader[store].items())
            except kist.ClosedError:
                pass
            except BaseException as error:
                unexpected.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        started.wait()
        time.sleep(0.005)
        profile.close()
        for thread in threads:
            thread.join()
        assert unexpected == []
    with kist.open(directory) as profile:
        assert profile.check().clean


def test_closing_ends_a_wait_of_another_thread(directory):
    profile, holder = kist.open(directory), kist.open(directory)
    answers = []

    def wait() -> None:
        try:
            profile.write()
        except kist.Error as error:
            answers.append(error)

    with holder.write():
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.02)
        profile.close()
        thread.join()
    holder.close()
    assert isinstance(answers[0], kist.ClosedError)


def test_after_fork_everything_raises_and_opening_again_works(directory):
    profile = kist.open(directory)
    store = profile.store("s")
    store.update(a=1, b=2)
    reader = profile.read()
    walk = iter(reader[store])
    own_walk = iter(store)
    view = reader[store].view
    next(walk)
    next(own_walk)
    writer = profile.write()
    writer[store]["c"] = 3

    def child() -> None:
        inherited = [lambda: next(walk), lambda: next(own_walk), lambda: view("a")]
        inherited += [lambda: reader[store]["a"], lambda: reader.id]
        inherited += [lambda: writer[store].__setitem__("d", 4), writer.commit]
        for call in calls(profile, store) + inherited:
            with pytest.raises(kist.ForkedError) as caught:
                call()
            assert isinstance(caught.value, RuntimeError)
        writer.abort()
        reader.close()
        profile.close()
        gc.collect()
        with kist.open(directory) as again:
            assert dict(again.store("s")) == {"a": 1, "b": 2}
            with pytest.raises(kist.BusyError):
                again.write(timeout=0)

    in_fork(child)
    # Nothing that the child did touched the parent's transactions.
    writer.commit()
    reader.close()
    assert dict(store) == {"a": 1, "b": 2, "c": 3}
    profile.close()


def test_a_child_that_forgets_inherited_objects(directory):
    profile = kist.open(directory)
    objects = [profile, profile.store("s"), profile.read(), profile.write(), iter(profile.store("s", False))]

    def child() -> None:
        nonlocal profile
        del profile
        objects.clear()
        gc.collect()
        kist.open(directory).read().close()

    in_fork(child)
    objects[3].commit()
    profile.close()


def test_children_write_while_the_parent_has_it_open(directory):
    with kist.open(directory) as profile:
        store = profile.store("s")
        for number in range(3):
            in_fork(lambda: kist.open(directory).store("s").update({f"child {number}": number}))
        assert dict(store) == {"child 0": 0, "child 1": 1, "child 2": 2}


def test_profiles_and_stores_are_pickled_by_path(directory):
    with kist.open(directory, durability=kist.Durability.RELAXED) as profile:
        store = profile.store("s", keys=bytes)
        store["a"] = 1
        other_profile, other_store = pickle.loads(pickle.dumps((profile, store)))
        assert other_profile.path == profile.path
        assert other_store.profile is other_profile
        assert dict(other_store) == {b"a": 1}
        other_profile.close()
        assert store["a"] == 1
        copy.copy(profile).close()
    with kist.open(directory, create=False, read_only=True) as profile:
        again = pickle.loads(pickle.dumps(profile))
        with pytest.raises(kist.ReadOnlyError):
            again.write()
        again.close()


@pytest.mark.parametrize("transaction", ["read", "write"])
def test_transactions_are_not_pickled(profile, transaction):
    with getattr(profile, transaction)() as opened:
        with pytest.raises(TypeError):
            pickle.dumps(opened)


def add_one(store: kist.Store) -> int:
    with store.profile.write() as writer:
        writer[store]["n"] += 1
    return os.getpid()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_store_goes_to_worker_processes(profile, store, method):
    store["n"] = 0
    with multiprocessing.get_context(method).Pool(2) as pool:
        workers = pool.map(add_one, [store] * 6)
    assert os.getpid() not in workers
    assert store["n"] == 6


def test_what_is_left_open_is_closed_at_exit(directory):
    run_program(
        """
import sys, kist
profile = kist.open(sys.argv[1], durability=kist.Durability.RELAXED)
store = profile.store("s")
store["a"] = 1
reader = profile.read()
view = reader[store].view
writer = profile.write()
writer[store]["b"] = 2
walk = iter(store)
""",
        directory,
    )
    with kist.open(directory) as profile:
        assert dict(profile.store("s")) == {"a": 1}
        assert profile.check().clean


def test_a_thread_that_waits_at_exit_does_no_harm(directory):
    run_program(
        """
import sys, threading, kist
profile = kist.open(sys.argv[1])
store = profile.store("s")
writer = profile.write()
threading.Thread(target=lambda: store.update(a=1), daemon=True).start()
""",
        directory,
    )
    with kist.open(directory) as profile:
        assert "a" not in profile.store("s")


def test_a_garbage_collection_that_closes_the_reader_does_no_harm(profile, store):
    values = ["text", b"blob", {"a": 1}, kist.Instant(1), kist.U64(2), 1.5]
    store.update({f"{number:03}": values[number % len(values)] for number in range(60)})
    expected = list(store.items())
    before = gc.get_threshold()
    cut_short = 0
    for closing in range(1, 60, 3):
        reader = profile.read()
        collections = 0

        def collected(phase: str, info: dict[str, int]) -> None:
            nonlocal collections
            collections += 1
            if collections == closing:
                reader.close()

        found = []
        gc.callbacks.append(collected)
        gc.set_threshold(1)
        try:
            for item in reader[store].items():
                found.append(item)
        except kist.TransactionEndedError:
            cut_short += 1
        finally:
            gc.set_threshold(*before)
            gc.callbacks.remove(collected)
        assert found == expected[: len(found)]
    assert cut_short > 0


def test_profiles_share_an_environment(directory):
    shared = directory / "shared"
    with kist.open(directory / "one", environment=shared) as one:
        with kist.open(directory / "two", environment=os.fsencode(shared)) as two:
            one.store("certificates")["a"] = 1
            assert two.store("certificates")["a"] == 1
            assert pickle.loads(pickle.dumps(two)).store("certificates")["a"] == 1
        assert one.check().clean
    assert (shared / "data.kist").exists()
    assert not (directory / "one" / "data.kist").exists()
