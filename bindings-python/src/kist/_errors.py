"""Exceptions: one class for each error code, each also of the standard class that fits."""

from __future__ import annotations

import errno
import io

from ._codes import ErrorCode


class Error(Exception):
    """Base of every error that Kist reports. Each code has a subclass of its own.

    `code` is for programs and stable across releases; `message` (also ``str()`` of the exception) is
    for people, and names the file, store or key concerned, what was found and what was expected.
    """

    code: ErrorCode | int = ErrorCode.INTERNAL

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        # KeyError and OSError have formats of their own.
        return self.message


class InvalidArgumentError(Error, ValueError):
    """An argument is outside its documented domain."""

    code = ErrorCode.INVALID_ARGUMENT


class KeyTooLongError(Error, ValueError):
    """A key is longer than the page size allows."""

    code = ErrorCode.KEY_TOO_LONG


class ValueTooLongError(Error, ValueError):
    """A value is longer than a value may be."""

    code = ErrorCode.VALUE_TOO_LONG


class StoreNotFoundError(Error, KeyError):
    """There is no store of that name."""

    code = ErrorCode.TABLE_NOT_FOUND


class StoreExistsError(Error, ValueError):
    """A store of that name exists already."""

    code = ErrorCode.TABLE_EXISTS


class ClosedError(Error, ValueError):
    """The profile, or what belongs to it, was closed. (Python's files raise ValueError, too.)"""

    code = ErrorCode.CLOSED


class ReadOnlyError(Error, io.UnsupportedOperation):
    """A write was asked of something opened for reading."""

    code = ErrorCode.READ_ONLY


class TransactionEndedError(Error, ValueError):
    """The reader was closed, or the writer was committed or aborted."""

    code = ErrorCode.TRANSACTION_ENDED


class CursorInvalidError(Error, RuntimeError):
    """A store was changed by the transaction that iterates over it."""

    code = ErrorCode.CURSOR_INVALID


class BusyError(Error, BlockingIOError):
    """Another holds what is needed, and no waiting was asked for."""

    code = ErrorCode.BUSY


class TimedOutError(Error, TimeoutError):
    """What was waited for did not come in time."""

    code = ErrorCode.TIMED_OUT


class ForkedError(Error, RuntimeError):
    """The object was made before this process was forked; open the profile again."""

    code = ErrorCode.FORKED


class LatchedError(Error, OSError):
    """A write or flush failed before; close the profile everywhere and open it again."""

    code = ErrorCode.LATCHED


class DamagedError(Error):
    """The file's content contradicts itself."""

    code = ErrorCode.DAMAGED


class NotAStoreError(Error, ValueError):
    """The file is something else than a Kist store."""

    code = ErrorCode.NOT_A_STORE


class NewerFormatError(Error):
    """The file needs a newer version of Kist."""

    code = ErrorCode.NEWER_FORMAT


class InputOutputError(Error, OSError):
    """The operating system reported an I/O error."""

    code = ErrorCode.IO


class NoSpaceError(Error, OSError):
    """The disk, the quota or the configured upper bound is full."""

    code = ErrorCode.NO_SPACE


class PermissionDeniedError(Error, PermissionError):
    """The operating system denied access."""

    code = ErrorCode.PERMISSION


class NotFoundError(Error, FileNotFoundError):
    """The directory or its data file does not exist."""

    code = ErrorCode.NOT_FOUND


class OptionConflictError(Error, ValueError):
    """The profile is open in this process, or was created, with other options."""

    code = ErrorCode.OPTION_CONFLICT


class OutOfMemoryError(Error, MemoryError):
    """Memory or address space is exhausted."""

    code = ErrorCode.OUT_OF_MEMORY


class MisuseError(Error, RuntimeError):
    """The call breaks the documented protocol of its object."""

    code = ErrorCode.MISUSE


class UnsupportedError(Error, NotImplementedError):
    """The platform or file system cannot do this."""

    code = ErrorCode.UNSUPPORTED


class WrongTypeError(Error, TypeError):
    """A value has another type than the one asked for, or a type that cannot be stored."""

    code = ErrorCode.WRONG_TYPE


class BadValueError(Error, ValueError):
    """The bytes of a stored value are no valid encoding."""

    code = ErrorCode.BAD_VALUE


class InvalidTextError(Error, ValueError):
    """A string is not valid Unicode text: it has a lone surrogate."""

    code = ErrorCode.INVALID_TEXT


class InvalidJsonError(Error, ValueError):
    """A JSON document does not parse."""

    code = ErrorCode.INVALID_JSON


class OutOfOrderError(Error, ValueError):
    """An appended key is not greater than every key that is there."""

    code = ErrorCode.OUT_OF_ORDER


class AmbiguousError(Error, LookupError):
    """The key has several values, and the call is about one."""

    code = ErrorCode.AMBIGUOUS


class NoComparatorError(Error, LookupError):
    """The comparator that orders the table was not registered."""

    code = ErrorCode.NO_COMPARATOR


class ConflictError(Error, RuntimeError):
    """Another transaction was committed in between."""

    code = ErrorCode.CONFLICT


class OustedError(Error, RuntimeError):
    """A parked read transaction was ended to give its space to writers."""

    code = ErrorCode.OUSTED


class StoppedError(Error, RuntimeError):
    """A progress callback asked to stop."""

    code = ErrorCode.STOPPED


class WrongBaseError(Error, ValueError):
    """A backup does not continue the state before it."""

    code = ErrorCode.WRONG_BASE


class AlreadyExistsError(Error, FileExistsError):
    """A file that was to be created exists already."""

    code = ErrorCode.ALREADY_EXISTS


class MovedError(Error, OSError):
    """The open file was moved, replaced or deleted."""

    code = ErrorCode.MOVED


class WrongVersionError(Error, RuntimeError):
    """The store has another domain version than asked for."""

    code = ErrorCode.WRONG_VERSION


class PreparedError(Error, RuntimeError):
    """A prepared transaction has to be decided first."""

    code = ErrorCode.PREPARED


class SnapshotGoneError(Error, LookupError):
    """The snapshot asked for is not there, or not whole any more."""

    code = ErrorCode.SNAPSHOT_GONE


class WrongKindError(Error, TypeError):
    """A store or its keys are of another kind than asked for."""

    code = ErrorCode.WRONG_KIND


class OutOfRangeError(Error, OverflowError):
    """A number does not fit the type that it is for."""

    code = ErrorCode.OUT_OF_RANGE


class CancelledError(Error, RuntimeError):
    """The operation was cancelled before it began."""

    code = ErrorCode.CANCELLED


class InternalError(Error, RuntimeError):
    """Broken logic inside Kist; please report it."""

    code = ErrorCode.INTERNAL


BY_CODE: dict[int, type[Error]] = {kind.code: kind for kind in Error.__subclasses__()}

_ERRNO = {
    ErrorCode.BUSY: errno.EAGAIN,
    ErrorCode.TIMED_OUT: errno.ETIMEDOUT,
    ErrorCode.LATCHED: errno.EIO,
    ErrorCode.IO: errno.EIO,
    ErrorCode.NO_SPACE: errno.ENOSPC,
    ErrorCode.PERMISSION: errno.EACCES,
    ErrorCode.NOT_FOUND: errno.ENOENT,
    ErrorCode.ALREADY_EXISTS: errno.EEXIST,
}


def make_error(code: int, message: str) -> Error:
    """The exception of an error code, also of a code that this version does not know."""
    kind = BY_CODE.get(code)
    if kind is None:
        error = Error(message)
        error.code = code
        return error
    error = kind(message)
    if isinstance(error, OSError):
        error.errno = _ERRNO.get(code)
    return error
