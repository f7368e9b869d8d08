"""Kist: an embedded, typed, crash-safe key-value store that many processes and languages share.

    import kist

    with kist.open("profile") as profile:
        settings = profile.store("settings")
        settings["theme"] = "dark"
        settings["zoom"] = 1.25

        with profile.write() as batch:          # all or nothing, across stores
            batch[settings]["visits"] = 1
            batch[settings]["seen"] = kist.Instant.now()

        with profile.read() as reader:          # one unchanging snapshot
            for key, value in reader[settings].items(prefix="z"):
                print(key, value)

A key is a str (its UTF-8) or bytes. A value is of one of nine types:

    written                                   stored    read
    bool                                      bool      bool
    int of 64 bits, signed                    i64       int
    larger int up to 2**64 - 1, kist.U64      u64       kist.U64 (an int)
    float                                     f64       float
    datetime with time zone, kist.Instant     instant   kist.Instant
    uuid.UUID                                 uuid      uuid.UUID
    str                                       string    str
    dict, list, tuple, kist.Json              json      kist.Json
    bytes, bytearray, memoryview              blob      bytes

A read value that is written back keeps its type and every bit. All exceptions of this package derive
from kist.Error, and from the standard class that fits; an absent key is a plain KeyError.
"""

from ._codes import ErrorCode, ValueTag
from ._errors import (
    AlreadyExistsError,
    AmbiguousError,
    BadValueError,
    BusyError,
    CancelledError,
    ClosedError,
    ConflictError,
    CursorInvalidError,
    DamagedError,
    Error,
    ForkedError,
    InputOutputError,
    InternalError,
    InvalidArgumentError,
    InvalidJsonError,
    InvalidTextError,
    KeyTooLongError,
    LatchedError,
    MisuseError,
    MovedError,
    NewerFormatError,
    NoComparatorError,
    NoSpaceError,
    NotAStoreError,
    NotFoundError,
    OptionConflictError,
    OustedError,
    OutOfMemoryError,
    OutOfOrderError,
    OutOfRangeError,
    PermissionDeniedError,
    PreparedError,
    ReadOnlyError,
    SnapshotGoneError,
    StoppedError,
    StoreExistsError,
    StoreNotFoundError,
    TimedOutError,
    TransactionEndedError,
    UnsupportedError,
    ValueTooLongError,
    WrongBaseError,
    WrongKindError,
    WrongTypeError,
    WrongVersionError,
)
from ._profile import (
    CheckReport,
    Durability,
    ImportReport,
    Profile,
    Reader,
    Stats,
    Store,
    Violation,
    Writer,
    open,
)
from ._multi import MultiRecords, MultiStore
from ._queue import Queue, Queued
from ._records import MutableRecords, Records, StoreInTransaction, StoreSnapshot
from ._values import Instant, Json, Key, Storable, U64, Value

__version__ = "0.1.0"

__all__ = [
    "AlreadyExistsError",
    "AmbiguousError",
    "BadValueError",
    "BusyError",
    "CancelledError",
    "CheckReport",
    "ClosedError",
    "ConflictError",
    "CursorInvalidError",
    "DamagedError",
    "Durability",
    "Error",
    "ErrorCode",
    "ForkedError",
    "ImportReport",
    "InputOutputError",
    "Instant",
    "InternalError",
    "InvalidArgumentError",
    "InvalidJsonError",
    "InvalidTextError",
    "Json",
    "Key",
    "KeyTooLongError",
    "LatchedError",
    "MisuseError",
    "MovedError",
    "MultiRecords",
    "MultiStore",
    "MutableRecords",
    "NewerFormatError",
    "NoComparatorError",
    "NoSpaceError",
    "NotAStoreError",
    "NotFoundError",
    "OptionConflictError",
    "OustedError",
    "OutOfMemoryError",
    "OutOfOrderError",
    "OutOfRangeError",
    "PermissionDeniedError",
    "PreparedError",
    "Profile",
    "Queue",
    "Queued",
    "ReadOnlyError",
    "Reader",
    "Records",
    "SnapshotGoneError",
    "Stats",
    "StoppedError",
    "Storable",
    "Store",
    "StoreExistsError",
    "StoreInTransaction",
    "StoreNotFoundError",
    "StoreSnapshot",
    "TimedOutError",
    "TransactionEndedError",
    "U64",
    "UnsupportedError",
    "Value",
    "ValueTag",
    "ValueTooLongError",
    "Violation",
    "Writer",
    "WrongBaseError",
    "WrongKindError",
    "WrongTypeError",
    "WrongVersionError",
    "open",
]
