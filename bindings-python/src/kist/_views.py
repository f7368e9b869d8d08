"""Views of a part of a store: what keys(), values() and items() give."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Optional

from ._errors import InvalidArgumentError
from ._kist import Wanted
from ._values import Key

if TYPE_CHECKING:
    from ._records import Records


@dataclass(frozen=True)
class Range:
    """Which records, and in which order."""

    prefix: Optional[Key] = None
    start: Optional[Key] = None
    stop: Optional[Key] = None
    reverse: bool = False
    limit: Optional[int] = None

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 0:
            raise InvalidArgumentError(f"a limit must not be negative: {self.limit}")

    def is_whole(self) -> bool:
        """Whether no record is left out."""
        return self.prefix is None and self.start is None and self.stop is None and self.limit is None


class _RangeView:
    """The part that the three kinds of view share. Each iteration opens a snapshot of its own,
    unless the records are those of a reader or writer."""

    __slots__ = ()

    _mapping: Records
    _range: Range
    _wanted: Wanted

    def __len__(self) -> int:
        if self._range.is_whole():
            return len(self._mapping)
        return sum(1 for _ in self._mapping._iterate(Wanted.KEYS, self._range))

    def __iter__(self) -> Iterator[Any]:
        return self._mapping._iterate(self._wanted, self._range)

    def __reversed__(self) -> Iterator[Any]:
        if self._range.limit is not None:
            return iter(list(self)[::-1])
        flipped = replace(self._range, reverse=not self._range.reverse)
        return self._mapping._iterate(self._wanted, flipped)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._mapping!r}>"


class RecordKeys(_RangeView, KeysView):
    """Keys, in byte order."""

    __slots__ = ("_range",)
    _wanted = Wanted.KEYS

    def __init__(self, records: Records, range_: Range) -> None:
        super().__init__(records)
        self._range = range_

    def __contains__(self, key: object) -> bool:
        if self._range.is_whole():
            return key in self._mapping
        raw = as_bytes(key)
        return any(as_bytes(each) == raw for each in self)


class RecordValues(_RangeView, ValuesView):
    """Values, in the byte order of their keys."""

    __slots__ = ("_range",)
    _wanted = Wanted.VALUES

    def __init__(self, records: Records, range_: Range) -> None:
        super().__init__(records)
        self._range = range_

    def __contains__(self, value: object) -> bool:
        return any(each is value or each == value for each in self)


class RecordItems(_RangeView, ItemsView):
    """(key, value) pairs, in the byte order of the keys."""

    __slots__ = ("_range",)
    _wanted = Wanted.ITEMS

    def __init__(self, records: Records, range_: Range) -> None:
        super().__init__(records)
        self._range = range_

    def __contains__(self, item: object) -> bool:
        if not isinstance(item, tuple) or len(item) != 2:
            return False
        key, value = item
        if key not in RecordKeys(self._mapping, self._range):
            return False
        return bool(self._mapping.get(key) == value)


def as_bytes(key: object) -> object:
    """The bytes of a key."""
    return key.encode() if isinstance(key, str) else key
