"""Profiles, stores and transactions."""

from __future__ import annotations

import atexit
import enum
import os
import traceback
import weakref
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Optional, Union

from . import _kist
from ._errors import ClosedError, Error, InvalidArgumentError, InvalidTextError, WrongTypeError
from ._records import MISSING, MutableRecords, Pairs, StoreInTransaction, StoreSnapshot
from ._values import Key, Storable, Value

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


class Durability(enum.Enum):
    """How a commit is made to last."""

    DURABLE = "durable"
    """On the device before the commit returns."""
    RELAXED = "relaxed"
    """Visible at once, on the device with the next durable commit, sync() or close. A crash of the
    machine goes back to the last flushed commit; the file is never damaged."""


@dataclass(frozen=True)
class Stats:
    """Sizes and counters of a profile."""

    page_size: int
    """Bytes."""
    file_pages: int
    """Length of the data file, in pages."""
    free_pages: int
    """Pages that the next commit may take."""
    pending_pages: int
    """Freed pages that a snapshot may still need."""
    transaction_id: int
    """Newest committed transaction."""
    durable_id: int
    """Newest transaction known to be on the device."""
    oldest_pinned: int
    """Oldest snapshot that a reader holds, or transaction_id."""
    stores: int
    """Number of stores."""
    flushes: int
    """Flushes by this process since it opened the profile."""
    bytes_written: int
    """Bytes written by this process since it opened the profile."""


@dataclass(frozen=True)
class Violation:
    """One broken invariant of the file."""

    page: int
    """Page concerned; 0 for the file as a whole."""
    where: str
    """Path from the root to the place."""
    what: str
    """What was found and what was expected."""


@dataclass(frozen=True)
class CheckReport:
    """What Profile.check() found."""

    violations: tuple[Violation, ...]
    pages_walked: int
    records: int

    @property
    def clean(self) -> bool:
        """Whether nothing is wrong."""
        return not self.violations


def open(
    path: Path,
    create: bool = True,
    read_only: bool = False,
    *,
    durability: Durability = Durability.DURABLE,
    page_size: Optional[int] = None,
    file_mode: int = 0o600,
) -> Profile:
    """Opens the profile in the directory `path`; creates both when missing, unless told otherwise.

    A directory is one environment in a process: opening it again gives a further user of the same,
    which closes with its last user. `page_size` (a power of two from 256 to 65,536 bytes; 4,096 by
    default) and `file_mode` matter when the file is created; `durability` is that of commits which do
    not say otherwise.

    Raises NotFoundError, PermissionDeniedError, NotAStoreError, NewerFormatError, DamagedError,
    OptionConflictError, InvalidArgumentError or InputOutputError.
    """
    return Profile(
        _kist.open(
            os.fspath(path),
            create=create,
            read_only=read_only,
            page_size=page_size,
            file_mode=file_mode,
            relaxed=durability is Durability.RELAXED,
        ),
        read_only,
        durability,
    )


class Profile:
    """An open profile: a set of stores in one file, shared by all threads and processes.

    Got from kist.open(); a context manager that closes it. May be used from any thread, but not in a
    forked child, where every call raises ForkedError. Pickled by path: unpickling opens the directory
    again. Closed at the latest when the interpreter exits.
    """

    __slots__ = ("_native", "_read_only", "_durability")

    def __init__(self, native: _kist.Profile, read_only: bool, durability: Durability) -> None:
        self._native = native
        self._read_only = read_only
        self._durability = durability
        _open_profiles.add(native)

    @property
    def path(self) -> str:
        """Canonical path of the directory."""
        return os.fspath(self._native.directory)

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._native.closed

    def store(self, name: str, create: bool = True, *, keys: type = str) -> Store:
        """Opens the store of that name; creates it when there is none, unless told otherwise.

        `keys` is the type that iteration gives: str, or bytes for keys that are no text. Raises
        StoreNotFoundError (not created: also when the profile is read-only and there is none),
        InvalidArgumentError (an empty or too long name) or ReadOnlyError.
        """
        create = create and not self._read_only
        return Store(self, self._native.open_store(check_name(name), create), name, keys)

    def stores(self) -> list[str]:
        """Names of all stores, in byte order."""
        return self._native.stores()

    def drop_store(self, name: str) -> bool:
        """Removes a store with all its records; False when there is none."""
        return self._native.drop_store(check_name(name))

    def read(self) -> Reader:
        """Begins a snapshot of all stores. Never waits."""
        return Reader(self, self._native.read())

    def write(
        self, timeout: Optional[float] = None, *, durability: Optional[Durability] = None
    ) -> Writer:
        """Begins the write transaction over all stores, after other writers have ended.

        Waits for `timeout` seconds, or for ever; raises TimedOutError, or BusyError when `timeout` is
        0. MisuseError when this very thread has a write transaction under way, since it would wait for
        itself. `durability` is that of this commit.
        """
        return Writer(self, self._native.write(timeout), durability)

    def sync(self) -> None:
        """Makes everything committed so far durable."""
        self._native.sync()

    def check(self) -> CheckReport:
        """Verifies the whole file. Reads everything."""
        violations, pages_walked, records = self._native.check()
        return CheckReport(tuple(Violation(*each) for each in violations), pages_walked, records)

    def stats(self) -> Stats:
        """Sizes and counters."""
        return Stats(**self._native.stats())

    def close(self) -> None:
        """Ends all transactions (writers without a commit) and this user of the profile. Closing
        again does nothing."""
        self._native.close()

    def __enter__(self) -> Profile:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        if self.closed:
            raise ClosedError("a closed profile cannot be pickled")
        return _reopen, (self.path, self._read_only, self._durability)

    def __repr__(self) -> str:
        return f"<kist.Profile {self.path!r}{' (closed)' if self.closed else ''}>"


_open_profiles: weakref.WeakSet[_kist.Profile] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Closes what the program left open, so that the file is marked as cleanly closed."""
    for native in list(_open_profiles):
        try:
            native.close()
        except Error:
            traceback.print_exc()


def _reopen(path: str, read_only: bool, durability: Durability) -> Profile:
    """Unpickles a profile."""
    return open(path, create=False, read_only=read_only, durability=durability)


class Store(MutableRecords):
    """A store as such: each call is a transaction of its own, each iteration a snapshot of its own.

    Got from Profile.store(). May be used from any thread. Pickled by the path of its profile and its
    name. To do several things at once, use it within a reader or a writer: ``reader[store]``,
    ``writer[store]``.
    """

    __slots__ = ("_profile",)

    def __init__(self, profile: Profile, handle: _kist.Store, name: str, keys: type) -> None:
        if keys not in (str, bytes):
            raise InvalidArgumentError(f"keys must be the type str or bytes, not {keys!r}")
        super().__init__(profile._native, handle, name, keys)
        self._profile = profile

    @property
    def profile(self) -> Profile:
        """The profile that the store belongs to."""
        return self._profile

    def pop(self, key: Key, default: Any = MISSING) -> Any:
        """Removes `key` and gives its value, in one transaction. `default`, or KeyError, when it has
        none."""
        with self._profile.write() as writer:
            records = writer[self]
            return records.pop(key) if default is MISSING else records.pop(key, default)

    def popitem(self) -> tuple[Key, Value]:
        """Removes the first record and gives it, in one transaction. KeyError when there is none."""
        with self._profile.write() as writer:
            return writer[self].popitem()

    def setdefault(self, key: Key, default: Storable = None) -> Any:  # type: ignore[override]
        """The value of `key`, which is set to `default` if it has none, in one transaction."""
        with self._profile.write() as writer:
            return writer[self].setdefault(key, default)

    def update(self, other: Pairs = (), /, **records: Storable) -> None:  # type: ignore[override]
        """Stores all those records in one transaction: all or, on an error, none."""
        with self._profile.write() as writer:
            writer[self].update(other, **records)

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen_store, (self._profile, self._name, self._keys)

    def __repr__(self) -> str:
        return f"<kist.Store {self._name!r} of {self._profile.path!r}>"


def _reopen_store(profile: Profile, name: str, keys: type) -> Store:
    """Unpickles a store."""
    return profile.store(name, create=False, keys=keys)


class Reader:
    """A snapshot of all stores: what was committed when it began. Never blocks a writer.

    Got from Profile.read(); a context manager that closes it. ``reader[store]``, by store or by name,
    is the store as the snapshot has it. May be used from any thread.
    """

    __slots__ = ("_profile", "_native")

    def __init__(self, profile: Profile, native: _kist.Reader) -> None:
        self._profile = profile
        self._native = native

    @property
    def id(self) -> int:
        """Number of the snapshot: grows with every commit."""
        return self._native.id

    @property
    def closed(self) -> bool:
        """Whether it has ended."""
        return not self._native.open

    def __getitem__(self, store: Union[Store, str]) -> StoreSnapshot:
        """The store, given itself or by name, within this snapshot. StoreNotFoundError when there is
        none of that name."""
        if not isinstance(store, Store):
            store = self._profile.store(store, create=False)
        return StoreSnapshot(self._native, store._handle, store._name, store._keys)

    def close(self) -> None:
        """Gives up the snapshot. Closing again does nothing."""
        self._native.end()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


class Writer:
    """A transaction over all stores, all or nothing; only one at a time, across all processes.

    Got from Profile.write(); a context manager that commits, or aborts when the block raises.
    ``writer[store]``, by store or by name, is the store within the transaction. May be used from any
    thread.
    """

    __slots__ = ("_profile", "_native", "_durability")

    def __init__(
        self, profile: Profile, native: _kist.Writer, durability: Optional[Durability]
    ) -> None:
        self._profile = profile
        self._native = native
        self._durability = durability

    @property
    def closed(self) -> bool:
        """Whether it was committed or aborted."""
        return not self._native.open

    def __getitem__(self, store: Union[Store, str]) -> StoreInTransaction:
        """The store, given itself or by name, within this transaction. StoreNotFoundError when there
        is none of that name."""
        if isinstance(store, Store):
            return StoreInTransaction(self._native, store._handle, store._name, store._keys)
        return self.store(store, create=False)

    def store(self, name: str, create: bool = True, *, keys: type = str) -> StoreInTransaction:
        """Opens the store of that name within this transaction; a store that is created here exists
        once the transaction is committed."""
        handle = self._native.open_store(check_name(name), create)
        return StoreInTransaction(self._native, handle, name, keys)

    def drop_store(self, name: str) -> bool:
        """Removes a store with all its records; False when there is none."""
        return self._native.drop_store(check_name(name))

    def commit(self) -> int:
        """Makes all changes visible at once and, unless relaxed, durable. Ends the transaction, also
        when it fails. Gives the number of the new snapshot."""
        durability = self._durability
        return self._native.commit(None if durability is None else durability is Durability.RELAXED)

    def abort(self) -> None:
        """Forgets all changes. Does nothing when the transaction has ended."""
        self._native.end()

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        exception: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        if kind is not None:
            self.abort()
        elif not self.closed:
            self.commit()


def check_name(name: str) -> str:
    """The name of a store, if it is text. The library checks its length."""
    if not isinstance(name, str):
        raise WrongTypeError(f"the name of a store must be a str, not {type(name).__name__}")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidTextError(f"the name of a store has a lone surrogate: {name!r}") from None
    return name
