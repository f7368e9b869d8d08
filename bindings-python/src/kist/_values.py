"""Types of values that Python does not have, and the way of Python's own types into a store."""

from __future__ import annotations

import datetime as _datetime
import functools
import json as _json
import uuid
from typing import Any, Union

from ._errors import InvalidArgumentError, InvalidJsonError, WrongTypeError

_EPOCH = _datetime.datetime(1970, 1, 1, tzinfo=_datetime.timezone.utc)
_MILLISECOND = _datetime.timedelta(milliseconds=1)


class U64(int):
    """An int that is stored as an unsigned integer of 64 bits.

    A plain int is stored as a signed integer of 64 bits when it fits, and as an unsigned one when it
    does not. Unsigned integers are read as U64, so that a value that is written back keeps its type;
    arithmetic gives plain ints.
    """

    __slots__ = ()

    def __new__(cls, value: Any = 0) -> U64:
        number = super().__new__(cls, value)
        if not 0 <= number < 1 << 64:
            raise InvalidArgumentError(f"{int(number)} does not fit an unsigned integer of 64 bits")
        return number

    def __repr__(self) -> str:
        return f"U64({int(self)})"

    __str__ = int.__repr__


@functools.total_ordering
class Instant:
    """A point in time: milliseconds since 1970-01-01 00:00 UTC, negative before. Immutable.

    Instants reach further than datetime (292 million years), so they are a type of their own; an
    aware datetime is stored as an Instant, its microseconds cut off towards the past.
    """

    __slots__ = ("milliseconds",)

    milliseconds: int

    def __init__(self, milliseconds: int) -> None:
        if not isinstance(milliseconds, int):
            raise WrongTypeError(f"milliseconds must be an int, not {type(milliseconds).__name__}")
        if not -(1 << 63) <= milliseconds < 1 << 63:
            raise InvalidArgumentError(f"{milliseconds} milliseconds do not fit 64 bits")
        object.__setattr__(self, "milliseconds", int(milliseconds))

    @classmethod
    def now(cls) -> Instant:
        """The present."""
        return cls.from_datetime(_datetime.datetime.now(_datetime.timezone.utc))

    @classmethod
    def from_datetime(cls, moment: _datetime.datetime) -> Instant:
        """The instant of a datetime, which must have a time zone."""
        if moment.utcoffset() is None:
            raise InvalidArgumentError(f"{moment!r} has no time zone; give it one, such as UTC")
        return cls((moment - _EPOCH) // _MILLISECOND)

    def to_datetime(self) -> _datetime.datetime:
        """The instant as a datetime in UTC. OverflowError outside the years 1 to 9999."""
        return _EPOCH + self.milliseconds * _MILLISECOND

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("an Instant cannot be changed")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Instant, (self.milliseconds,)

    def __eq__(self, other: object) -> bool:
        return self.milliseconds == other.milliseconds if isinstance(other, Instant) else NotImplemented

    def __lt__(self, other: object) -> bool:
        return self.milliseconds < other.milliseconds if isinstance(other, Instant) else NotImplemented

    def __hash__(self) -> int:
        return hash((Instant, self.milliseconds))

    def __repr__(self) -> str:
        return f"Instant({self.milliseconds})"


class Json:
    """A JSON document, kept as the exact text that was written. Immutable.

    A dict or list is stored as a document. Reading gives a Json, not the dict: an edit of the dict
    would not reach the store. To edit, change ``document.value`` and store it again.
    """

    __slots__ = ("text",)

    text: str

    def __init__(self, text: str) -> None:
        if not isinstance(text, str):
            raise WrongTypeError(
                f"the text of a Json must be a str, not {type(text).__name__}; use Json.of(object)"
            )
        object.__setattr__(self, "text", text)

    @classmethod
    def of(cls, value: Any) -> Json:
        """The document of whatever json.dumps() takes, except NaN and infinities."""
        try:
            return cls(_json.dumps(value, ensure_ascii=False, allow_nan=False))
        except TypeError as error:
            raise WrongTypeError(f"no JSON can be made of this {type(value).__name__}: {error}") from error
        except (ValueError, RecursionError) as error:
            raise InvalidJsonError(f"no JSON can be made of this {type(value).__name__}: {error}") from error

    @property
    def value(self) -> Any:
        """The document as Python objects, parsed anew each time."""
        return _json.loads(self.text)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Json cannot be changed; store a new one")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __reduce__(self) -> tuple[Any, ...]:
        return Json, (self.text,)

    def __eq__(self, other: object) -> bool:
        return self.text == other.text if isinstance(other, Json) else NotImplemented

    def __hash__(self) -> int:
        return hash((Json, self.text))

    def __repr__(self) -> str:
        return f"Json({self.text!r})"


Key = Union[str, bytes, int]
"""A key. A str stands for its UTF-8 bytes: "a" and b"a" are the same key."""

Value = Union[bool, int, U64, float, Instant, uuid.UUID, str, Json, bytes]
"""What reading gives."""

Storable = Union[
    bool, int, U64, float, Instant, _datetime.datetime, uuid.UUID, str, Json, dict, list, tuple,
    bytes, bytearray, memoryview,
]  # fmt: skip
"""What can be written."""


def to_stored(value: object) -> Instant | Json:
    """What is written for an object that is of no stored type itself."""
    if isinstance(value, _datetime.datetime):
        return Instant.from_datetime(value)
    if isinstance(value, (dict, list, tuple)):
        return Json.of(value)
    raise WrongTypeError(
        f"a value of type {type(value).__name__} cannot be stored: expected bool, int, float, "
        "datetime, kist.Instant, uuid.UUID, str, kist.Json, dict, list, bytes, bytearray or memoryview"
    )


def type_name(value: Value) -> str:
    """Name of a read value's type, as messages in every language write it."""
    for kind, name in _TYPE_NAMES:
        if isinstance(value, kind):
            return name
    raise AssertionError(f"no stored type: {type(value).__name__}")


# U64 and bool are ints, so they stand before int.
_TYPE_NAMES: tuple[tuple[type, str], ...] = (
    (bool, "bool"),
    (U64, "u64"),
    (int, "i64"),
    (float, "f64"),
    (Instant, "instant"),
    (uuid.UUID, "uuid"),
    (str, "string"),
    (Json, "json"),
    (bytes, "blob"),
)


def convert(key: Key, value: Value, wanted: type) -> Any:
    """`value` as the type that was asked for. WrongTypeError, which names both, when it is another.

    Integers of both kinds are given as int, and as U64 when they are not negative; an instant is also
    given as datetime, and a JSON document also as dict or list.
    """
    if wanted is U64 and isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return U64(value)
    if wanted is int and isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if wanted is _datetime.datetime and isinstance(value, Instant):
        return value.to_datetime()
    if wanted in (dict, list) and isinstance(value, Json):
        parsed = value.value
        if isinstance(parsed, wanted):
            return parsed
    elif wanted in _WANTED_NAMES and wanted is not int and isinstance(value, wanted):
        return value
    if wanted not in _WANTED_NAMES:
        raise InvalidArgumentError(f"{wanted!r} is no type of stored value")
    raise WrongTypeError(f"key {key!r}: wanted {_WANTED_NAMES[wanted]}, found {type_name(value)}")


_WANTED_NAMES: dict[type, str] = {
    **{kind: name for kind, name in _TYPE_NAMES},
    int: "i64 or u64",
    _datetime.datetime: "instant",
    dict: "json (an object)",
    list: "json (an array)",
}
