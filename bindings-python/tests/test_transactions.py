"""Readers and writers: snapshots, atomicity, waiting, memoryviews."""

from __future__ import annotations

import gc
import signal
import threading
import time

import pytest

import kist


@pytest.fixture
def other(profile):
    """A second store of the profile."""
    return profile.store("other")


def test_a_reader_sees_one_snapshot_of_all_stores(profile, store, other):
    store["a"] = other["a"] = 1
    with profile.read() as reader:
        store["a"] = other["a"] = 2
        del other["a"]
        store["b"] = 3
        assert dict(reader[store]) == dict(reader[other]) == {"a": 1}
        assert reader["store"]["a"] == 1
        assert len(reader[store]) == 1 and "b" not in reader[store]
        with profile.read() as newer:
            assert newer.id > reader.id
            assert dict(newer[store]) == {"a": 2, "b": 3}
    assert dict(store) == {"a": 2, "b": 3}


def test_a_snapshot_cannot_be_written(profile, store):
    store["a"] = 1
    with profile.read() as reader:
        records = reader[store]
        with pytest.raises(TypeError):
            records["a"] = 2
        with pytest.raises(TypeError):
            del records["a"]
        assert not hasattr(records, "clear")


def test_a_writer_changes_all_stores_or_none(profile, store, other):
    store["gone"] = 1
    with profile.write() as writer:
        writer[store]["a"] = 1
        writer["other"]["a"] = 2
        del writer[store]["gone"]
        assert dict(writer[store]) == {"a": 1}
        assert store == {"gone": 1} and other == {}
    assert store == {"a": 1} and other == {"a": 2}


def test_an_exception_rolls_back(profile, store, other):
    store["a"] = 1
    with pytest.raises(ZeroDivisionError):
        with profile.write() as writer:
            writer[store].clear()
            writer[other]["a"] = 2
            writer.store("new")["a"] = 3
            1 / 0
    assert writer.closed
    assert store == {"a": 1} and other == {}
    assert profile.stores() == ["other", "store"]


def test_a_refused_value_in_a_batch_rolls_back_unless_handled(profile, store):
    with pytest.raises(kist.WrongTypeError):
        with profile.write() as writer:
            writer[store]["a"] = 1
            writer[store]["b"] = None
    assert store == {}
    with profile.write() as writer:
        writer[store]["a"] = 1
        with pytest.raises(kist.InvalidJsonError):
            writer[store]["b"] = kist.Json("{")
    assert store == {"a": 1}


def test_commit_and_abort_by_hand(profile, store):
    with profile.write() as writer:
        writer[store]["a"] = 1
        first = writer.commit()
        for call in (
            writer.commit,
            lambda: writer[store].get("a"),
            lambda: writer[store].__setitem__("a", 2),
            lambda: writer.store("new"),
            lambda: list(writer[store]),
        ):
            with pytest.raises(kist.TransactionEndedError) as caught:
                call()
            assert isinstance(caught.value, ValueError)
    writer.abort()
    with profile.write() as writer:
        writer[store]["a"] = 2
        writer.abort()
    assert store["a"] == 1
    with profile.write() as writer:
        writer[store]["a"] = 3
        assert writer.commit() > first
    assert store["a"] == 3


def test_a_forgotten_writer_is_aborted(profile, store):
    writer = profile.write()
    writer[store]["a"] = 1
    del writer
    gc.collect()
    store["b"] = 2
    assert store == {"b": 2}


def test_stores_are_made_and_dropped_in_a_transaction(profile):
    with profile.write() as writer:
        writer.store("new")["a"] = 1
        with pytest.raises(kist.StoreNotFoundError) as caught:
            writer["missing"]
        assert isinstance(caught.value, KeyError)
    assert profile.store("new", create=False)["a"] == 1
    with profile.write() as writer:
        assert writer.drop_store("new") is True
        assert writer.drop_store("new") is False
    assert profile.stores() == []


def test_a_change_ends_the_iterations_of_its_writer(profile, store):
    store.update({"a": 1, "b": 2, "c": 3})
    with profile.write() as writer:
        iteration = iter(writer[store])
        assert next(iteration) == "a"
        writer[store]["d"] = 4
        with pytest.raises(kist.CursorInvalidError) as caught:
            next(iteration)
        assert isinstance(caught.value, RuntimeError)
        assert list(writer[store]) == ["a", "b", "c", "d"]


def test_the_end_of_a_transaction_ends_its_iterations(profile, store):
    store.update({"a": 1, "b": 2})
    reader = profile.read()
    iteration = iter(reader[store].items())
    assert next(iteration) == ("a", 1)
    reader.close()
    reader.close()
    assert reader.closed
    with pytest.raises(kist.TransactionEndedError):
        next(iteration)
    with pytest.raises(kist.TransactionEndedError):
        reader[store].get("a")
    with pytest.raises(kist.TransactionEndedError):
        reader.id


def test_a_thread_does_not_wait_for_itself(profile, store):
    with profile.write() as writer:
        for call in (
            profile.write,
            lambda: store.__setitem__("a", 1),
            lambda: store.pop("a", None),
            lambda: profile.store("new"),
            lambda: profile.drop_store("store"),
            lambda: kist.open(profile.path).write(timeout=0),
        ):
            with pytest.raises(kist.MisuseError, match="this thread"):
                call()
        writer[store]["a"] = 2
    assert store["a"] == 2


def in_thread(work):
    """Runs `work` in another thread to its end; its result."""
    answers = []

    def run():
        try:
            answers.append(work())
        except BaseException as error:
            answers.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return answers[0]


def test_waiting_for_the_writer_can_be_limited(profile, store):
    with profile.write():
        busy = in_thread(lambda: profile.write(timeout=0))
        late = in_thread(lambda: profile.write(timeout=0.05))
    assert isinstance(busy, kist.BusyError) and isinstance(busy, BlockingIOError)
    assert isinstance(late, kist.TimedOutError) and isinstance(late, TimeoutError)
    assert "0.05 seconds" in str(late)
    for timeout in (-1, float("nan")):
        with pytest.raises(kist.InvalidArgumentError):
            profile.write(timeout=timeout)
    with profile.write(timeout=0) as writer:
        writer[store]["a"] = 1
    with profile.write(timeout=1e300) as writer:
        writer[store]["a"] = 2


def test_a_wait_lets_other_threads_run(profile, store):
    writer = profile.write()
    started = threading.Event()

    def wait():
        started.set()
        store["waited"] = True

    thread = threading.Thread(target=wait)
    thread.start()
    started.wait()
    # Without the GIL this thread could not go on to end the wait.
    time.sleep(0.05)
    assert "waited" not in store
    writer.commit()
    thread.join()
    assert store["waited"] is True


class Alarm(Exception):
    """Raised by a signal handler."""


def test_a_signal_ends_a_wait(profile):
    def handle(*_):
        raise Alarm

    begun, done = threading.Event(), threading.Event()

    def hold():
        with profile.write():
            begun.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    before = signal.signal(signal.SIGALRM, handle)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(Alarm):
            profile.write()
    finally:
        signal.signal(signal.SIGALRM, before)
        done.set()
        thread.join()


def test_a_writer_may_be_handed_to_another_thread(profile, store):
    writer = profile.write()
    in_thread(lambda: writer[store].__setitem__("a", 1))
    in_thread(writer.commit)
    assert store["a"] == 1


def test_relaxed_commits_and_sync(profile, store):
    with profile.write(durability=kist.Durability.RELAXED) as writer:
        writer[store]["a"] = 1
    assert store["a"] == 1
    profile.sync()
    stats = profile.stats()
    assert stats.durable_id == stats.transaction_id


@pytest.mark.parametrize("size", [0, 1, 100, 5000, 3_000_000])
def test_a_view_is_the_blob_without_a_copy(profile, store, size):
    blob = bytes(index * 7 % 251 for index in range(min(size, 5000))) * max(1, size // 5000)
    store["blob"] = blob
    with profile.read() as reader:
        view = reader[store].view("blob")
        assert isinstance(view, memoryview)
        assert view.readonly and view.contiguous and view.format == "B"
        assert view == blob
        assert view.nbytes == size
    assert profile.stats().page_size


def test_a_view_stays_valid_after_everything_was_closed(directory):
    blob = bytes(range(256)) * 64
    with kist.open(directory) as profile:
        store = profile.store("s")
        store["blob"] = blob
        with profile.read() as reader:
            view = reader[store].view("blob")
            part = view[100:200]
        # Were the snapshot given up, this would write over its pages.
        for number in range(50):
            store["blob"] = bytes([number]) * len(blob)
    gc.collect()
    assert view == blob
    view.release()
    assert part == blob[100:200]
    del view, part
    gc.collect()
    with kist.open(directory) as profile:
        assert profile.store("s")["blob"] == bytes([49]) * len(blob)


def test_views_of_text_and_of_other_types(profile, store):
    store.update({"s": "\u00fc\0", "j": kist.Json('"\u00fc"'), "i": 1})
    with profile.read() as reader:
        assert reader[store].view("s") == "\u00fc\0".encode()
        assert reader[store].view("j") == '"\u00fc"'.encode()
        assert reader[store].view("missing") is None
        with pytest.raises(kist.WrongTypeError, match="'i'.*i64"):
            reader[store].view("i")
