"""Stores with any number of sorted values a key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Optional

from ._kist import Wanted
from ._values import Key, Storable, Value

if TYPE_CHECKING:
    from . import _kist


class MultiRecords:
    """A multi store as it is within a reader or writer, or, as MultiStore, by itself: any number of
    distinct values a key, sorted by their encodings.

    What changes something raises AttributeError within a reader.
    """

    __slots__ = ("_source", "_handle", "_name", "_keys")

    def __init__(self, source: Any, handle: _kist.Store, name: str, keys: type) -> None:
        self._source = source
        self._handle = handle
        self._name = name
        self._keys = keys

    @property
    def name(self) -> str:
        """Name of the store."""
        return self._name

    def values(self, key: Key) -> list[Value]:
        """The values of `key`, in order."""
        return list(self._iterate(Wanted.VALUES, key=key))

    def first(self, key: Key) -> Optional[Value]:
        """The first value of `key`, or None."""
        return self._source.get(self._handle, key, None)

    def __contains__(self, key: Key) -> bool:
        """Whether `key` has a value."""
        return self._source.has(self._handle, key)

    def __len__(self) -> int:
        """Number of values, of all keys."""
        return self._source.count(self._handle)

    def count(
        self,
        key: Optional[Key] = None,
        *,
        prefix: Optional[Key] = None,
        start: Optional[Key] = None,
        stop: Optional[Key] = None,
    ) -> int:
        """Number of values of `key`, or of all keys in that part, in time that does not depend on it."""
        return self._source.count(self._handle, start, stop, key, prefix)

    def items(
        self,
        *,
        prefix: Optional[Key] = None,
        start: Optional[Key] = None,
        stop: Optional[Key] = None,
        reverse: bool = False,
        limit: Optional[int] = None,
    ) -> Iterator[tuple[Key, Value]]:
        """Each value with its key, in order."""
        return self._iterate(Wanted.ITEMS, prefix, start, stop, reverse, limit)

    def put(self, key: Key, value: Storable) -> None:
        """Adds `value` to the values of `key`; does nothing when it is one of them."""
        self._source.put(self._handle, key, value)

    def discard(self, key: Key) -> bool:
        """Removes all values of `key`; says whether there was one."""
        return self._source.erase(self._handle, key)

    def remove(self, key: Key, value: Storable) -> bool:
        """Removes this value of `key`; says whether it was there."""
        return self._source.erase_value(self._handle, key, value)

    def delete_range(
        self,
        *,
        prefix: Optional[Key] = None,
        start: Optional[Key] = None,
        stop: Optional[Key] = None,
    ) -> int:
        """Removes all values of the keys in that part; gives how many there were."""
        return self._source.erase_range(self._handle, start, stop, prefix)

    def clear(self) -> None:
        """Removes everything."""
        self._source.clear(self._handle)

    def _iterate(
        self,
        wanted: Wanted,
        prefix: Optional[Key] = None,
        start: Optional[Key] = None,
        stop: Optional[Key] = None,
        reverse: bool = False,
        limit: Optional[int] = None,
        key: Optional[Key] = None,
    ) -> Iterator[Any]:
        return self._source.iterate(
            self._handle,
            wanted,
            self._keys is bytes,
            start=start,
            stop=stop,
            prefix=prefix,
            reverse=reverse,
            limit=limit,
            key=key,
        )

    def __repr__(self) -> str:
        return f"<kist.{type(self).__name__} {self._name!r}>"


class MultiStore(MultiRecords):
    """A multi store as such: each call is a transaction of its own. Got from Profile.multi_store(); use it
    within a reader or a writer by ``reader[store]``, ``writer[store]``."""

    __slots__ = ()
