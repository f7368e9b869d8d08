"""Reads and writes that asyncio waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, Generic, Optional, TypeVar

from ._durability import Durability, is_relaxed
from ._values import Key, Storable, Value

if TYPE_CHECKING:
    from . import _kist
    from ._profile import Store

T = TypeVar("T")


class Queued(Generic[T]):
    """A write that was queued. ``await queued`` waits until it is durable.

    Cancelling either future takes the write out of the queue when it has not begun.
    """

    __slots__ = ("committed", "durable")

    def __init__(self, committed: asyncio.Future[T], durable: asyncio.Future[T]) -> None:
        self.committed = committed
        """Done when everybody sees the write."""
        self.durable = durable
        """Done when it is on the device; never before `committed`."""

    def __await__(self) -> Generator[Any, None, T]:
        return self.durable.__await__()


class Queue:
    """Reads and writes of a profile, done in order by others: a read sees all writes that were queued
    here before it, and none that were queued here after it. Writes of all queues of a profile are
    committed in groups, so that many callers share one flush; each still happens as a whole or not at
    all.

    Got from Profile.queue(). Its calls are made in a running asyncio event loop, which then waits for
    nothing but what is awaited. A call waits only while the profile's queue is full. Relaxed writes
    become durable by number and age, or with flush().
    """

    __slots__ = ("_native",)

    def __init__(self, native: _kist.Queue) -> None:
        self._native = native

    async def get(self, store: Store, key: Key, default: Any = None) -> Value | Any:
        """The value of `key`, or `default`."""
        future, done = _future()
        operation = self._native.get(store._handle, key, done)
        _cancel_with(operation, future)
        value = await future
        return default if value is None else value

    def put(
        self, store: Store, key: Key, value: Storable, *, durability: Optional[Durability] = None
    ) -> Queued[None]:
        """Stores `value` under `key`."""
        return _queue(
            lambda *told: self._native.put(
                store._handle, key, value, is_relaxed(durability), *told
            )
        )

    def delete(
        self, store: Store, key: Key, *, durability: Optional[Durability] = None
    ) -> Queued[bool]:
        """Removes `key`. Gives whether it was there."""
        return _queue(
            lambda *told: self._native.erase(store._handle, key, is_relaxed(durability), *told)
        )

    def add(
        self, store: Store, key: Key, amount: int = 1, *, durability: Optional[Durability] = None
    ) -> Queued[int]:
        """Adds to the integer under `key`; an absent one is 0. Gives the new value."""
        return _queue(
            lambda *told: self._native.add(store._handle, key, amount, is_relaxed(durability), *told)
        )

    def write_many(
        self,
        changes: Iterable[tuple[Store, Key, Optional[Storable]]],
        *,
        durability: Optional[Durability] = None,
    ) -> Queued[None]:
        """Makes all of the changes, in their order, or none: (store, key, value), where a value of None
        deletes the key."""
        native = [(store._handle, key, value) for store, key, value in changes]
        return _queue(lambda *told: self._native.apply(native, is_relaxed(durability), *told))

    async def flush(self) -> None:
        """Waits until every write that was queued before, in this process, is durable."""
        future, done = _future()
        self._native.flush(done)
        await future


def _settle(future: asyncio.Future[Any], value: Any, error: Optional[BaseException]) -> None:
    """Gives a future its result, in the thread of its loop."""
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)
        future.exception()  # nobody need look at both futures of a write


def _future() -> tuple[asyncio.Future[Any], Callable[[Any, Optional[BaseException]], None]]:
    """A future of the running loop, and what completes it from any thread."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def done(value: Any, error: Optional[BaseException]) -> None:
        try:
            loop.call_soon_threadsafe(_settle, future, value, error)
        except RuntimeError:
            pass  # the loop was closed: nobody waits any more

    return future, done


def _cancel_with(operation: _kist.Operation, *futures: asyncio.Future[Any]) -> None:
    """Cancels the operation when one of the futures is cancelled."""

    def done(future: asyncio.Future[Any]) -> None:
        if future.cancelled():
            operation.cancel()

    for future in futures:
        future.add_done_callback(done)


def _queue(call: Callable[..., _kist.Operation]) -> Queued[Any]:
    """Queues a write by `call`, which takes what is to be told of both moments."""
    committed, committed_done = _future()
    durable, durable_done = _future()
    _cancel_with(call(committed_done, durable_done), committed, durable)
    return Queued(committed, durable)
