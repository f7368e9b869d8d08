"""The mapping interface, which stores have as such, within a snapshot and within a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Optional, TypeVar, overload

from ._kist import Wanted
from ._values import Json, Key, Storable, Value, convert
from ._views import Range, RecordItems, RecordKeys, RecordValues

if TYPE_CHECKING:
    from . import _kist

D = TypeVar("D")
T = TypeVar("T")

MISSING: Any = object()
"""Stands for an argument that was not given, where None means something."""


class Records(Mapping[Key, Value]):
    """A mapping of keys to typed values, in the byte order of the keys.

    Keys are bytes; a str stands for its UTF-8. Iteration gives str (and bytes for a key that is no
    UTF-8), or always bytes when the store was opened with ``keys=bytes``. In a store of integers keys
    are int, in the order of the numbers.
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

    def __getitem__(self, key: Key) -> Value:
        """The value of `key`. KeyError when it has none."""
        value = self._source.get(self._handle, key, MISSING)
        if value is MISSING:
            raise KeyError(key)
        return value

    @overload
    def get(self, key: Key) -> Optional[Value]: ...
    @overload
    def get(self, key: Key, default: D) -> Value | D: ...
    def get(self, key: Key, default: Any = None) -> Any:
        """The value of `key`, or `default`."""
        return self._source.get(self._handle, key, default)

    @overload
    def get_as(self, key: Key, wanted: type[T]) -> Optional[T]: ...
    @overload
    def get_as(self, key: Key, wanted: type[T], default: D) -> T | D: ...
    def get_as(self, key: Key, wanted: Any, default: Any = None) -> Any:
        """The value of `key` as a type that the caller relies on, or `default` when it has none.

        `wanted` is bool, int (either kind of integer), kist.U64, float, kist.Instant, datetime,
        uuid.UUID, str, kist.Json, dict, list or bytes. WrongTypeError, which names the key and both
        types, when the value is of another.
        """
        value = self._source.get(self._handle, key, MISSING)
        return default if value is MISSING else convert(key, value, wanted)

    def member(self, key: Key, pointer: str) -> Optional[Json]:
        """The member of the JSON value of `key` that a JSON pointer (RFC 6901: "/name/0") names, or None
        when there is none. Nothing else of the document is decoded."""
        return self._source.member(self._handle, key, pointer)

    def __contains__(self, key: object) -> bool:
        """Whether `key` has a value."""
        return self._source.has(self._handle, key)

    def __len__(self) -> int:
        """Number of records."""
        return self._source.count(self._handle)

    def __iter__(self) -> Iterator[Key]:
        """The keys in order."""
        return self._iterate(Wanted.KEYS, Range())

    def __reversed__(self) -> Iterator[Key]:
        """The keys, last first."""
        return self._iterate(Wanted.KEYS, Range(reverse=True))

    def keys(
        self,
        *,
        prefix: Optional[Key] = None,
        start: Optional[Key] = None,
        stop: Optional[Key] = None,
        reverse: bool = False,
        limit: Optional[int] = None,
    ) -> RecordKeys:
        """The keys that begin with `prefix` and lie in [start, stop), at most `limit` of them, in
        byte order or, with `reverse`, from the last on."""
        return RecordKeys(self, Range(prefix, start, stop, reverse, limit))

    def values(
        self,
        *,
        prefix: Optional[Key] = None,
        start: Optional[Key] = None,
        stop: Optional[Key] = None,
        reverse: bool = False,
        limit: Optional[int] = None,
    ) -> RecordValues:
        """The values of those records; see keys()."""
        return RecordValues(self, Range(prefix, start, stop, reverse, limit))

    def items(
        self,
        *,
        prefix: Optional[Key] = None,
        start: Optional[Key] = None,
        stop: Optional[Key] = None,
        reverse: bool = False,
        limit: Optional[int] = None,
    ) -> RecordItems:
        """Those records as (key, value); see keys()."""
        return RecordItems(self, Range(prefix, start, stop, reverse, limit))

    def count(
        self,
        *,
        prefix: Optional[Key] = None,
        start: Optional[Key] = None,
        stop: Optional[Key] = None,
    ) -> int:
        """Number of those records, see keys(), in time that does not depend on it."""
        return self._source.count(self._handle, start, stop, None, prefix)

    def _iterate(self, wanted: Wanted, part: Range) -> Iterator[Any]:
        return self._source.iterate(
            self._handle,
            wanted,
            self._keys is bytes,
            start=part.start,
            stop=part.stop,
            prefix=part.prefix,
            reverse=part.reverse,
            limit=part.limit,
        )

    def __repr__(self) -> str:
        return f"<kist.{type(self).__name__} {self._name!r}>"


class MutableRecords(Records, MutableMapping[Key, Value]):
    """Records that can be changed.

    Stored are bool, int (signed of 64 bits, or unsigned when it fits only there; kist.U64 forces
    that), float, datetime with a time zone and kist.Instant, uuid.UUID, str, dict, list and kist.Json,
    bytes, bytearray and memoryview. WrongTypeError for anything else.
    """

    __slots__ = ()

    def __setitem__(self, key: Key, value: Storable) -> None:
        """Stores `value` under `key`."""
        self._source.put(self._handle, key, value)

    def __delitem__(self, key: Key) -> None:
        """Removes `key`. KeyError when it has no value."""
        if not self._source.erase(self._handle, key):
            raise KeyError(key)

    def discard(self, key: Key) -> bool:
        """Removes `key` if it has a value; says whether it had."""
        return self._source.erase(self._handle, key)

    def clear(self) -> None:
        """Removes every record."""
        self._source.clear(self._handle)

    def delete_range(
        self,
        *,
        prefix: Optional[Key] = None,
        start: Optional[Key] = None,
        stop: Optional[Key] = None,
    ) -> int:
        """Removes the records of that part, see keys(); gives how many there were."""
        return self._source.erase_range(self._handle, start, stop, prefix)

    def add(self, key: Key, amount: int = 1) -> int:
        """Adds to the integer under `key`, which keeps its type; an absent one is 0. Gives the new value.
        OutOfRangeError when it leaves its type."""
        return self._source.add(self._handle, key, amount)

    def merge_patch(self, key: Key, patch: Any) -> Json:
        """Changes the JSON value of `key` by a merge patch (RFC 7386), a Json or what json.dumps() takes:
        its members take the place of the value's, None removes them. What is not changed stays as it
        was written. Gives the new document."""
        document = patch if isinstance(patch, Json) else Json.of(patch)
        return self._source.merge_patch(self._handle, key, document.text)

    def put_if_absent(self, key: Key, value: Storable) -> bool:
        """Stores `value` when `key` has no value yet; says whether it did."""
        return self._source.put_if_absent(self._handle, key, value)

    def compare_and_set(
        self, key: Key, expected: Optional[Storable], value: Optional[Storable]
    ) -> bool:
        """Gives `key` the value `value` (None: removes it) when it has the value `expected` (None: when
        it has none), of the same type; says whether it did."""
        return self._source.compare_and_set(self._handle, key, expected, value)


class StoreSnapshot(Records):
    """A store as a reader sees it: unchanging. Got from ``reader[store]``."""

    __slots__ = ()

    def view(self, key: Key) -> Optional[memoryview]:
        """The blob, or the UTF-8 of the text, under `key` as a read-only memoryview on the file's
        map, without a copy; None when there is no value. WrongTypeError for other types.

        The view stays valid after the reader was closed: it keeps the snapshot, and with it the space
        that the snapshot needs, until it is released.
        """
        return self._source.view(self._handle, key)


class StoreInTransaction(MutableRecords):
    """A store within a write transaction: it sees the transaction's changes, and no one else does
    until the commit. Got from ``writer[store]``. A change ends the iterations that are under way with
    CursorInvalidError."""

    __slots__ = ()


Pairs = Mapping[Key, Storable] | Iterable[tuple[Key, Storable]]
