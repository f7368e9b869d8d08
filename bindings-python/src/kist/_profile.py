"""Profiles, stores and transactions."""

from __future__ import annotations

import atexit
import os
import traceback
import weakref
from builtins import open as open_file
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Optional, Union, overload

from . import _kist
from ._durability import Durability
from ._errors import ClosedError, Error, InvalidArgumentError, InvalidTextError, WrongTypeError
from ._multi import MultiRecords, MultiStore
from ._queue import Queue
from ._records import MISSING, MutableRecords, Pairs, StoreInTransaction, StoreSnapshot
from ._transfer import CONFLICTS, FORMATS, ImportReport, number_of
from ._values import Key, Storable, Value

Path = Union[str, bytes, "os.PathLike[str]", "os.PathLike[bytes]"]


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
    environment: Optional[Path] = None,
    flush_bytes: Optional[int] = 32 << 20,
    flush_age: Optional[float] = 5.0,
    flush_operations: Optional[int] = 1000,
    queue_bytes: int = 16 << 20,
    queue_operations: int = 65_536,
) -> Profile:
    """Opens the profile in the directory `path`; creates both when missing, unless told otherwise.

    A directory is one environment in a process: opening it again gives a further user of the same,
    which closes with its last user. `page_size` (a power of two from 256 to 65,536 bytes; 4,096 by
    default) and `file_mode` matter when the file is created; `durability` is that of commits which do
    not say otherwise. `environment`: keep the data in that directory instead, so that several profiles
    share one.

    Relaxed commits are made durable when a flush has `flush_bytes` to write, when the oldest of them is
    `flush_age` seconds old, or when `flush_operations` writes of queues are not durable (None: never).
    Writes of queues wait while `queue_bytes`, about, or `queue_operations` of them are queued.

    Raises NotFoundError, PermissionDeniedError, NotAStoreError, NewerFormatError, DamagedError,
    OptionConflictError, InvalidArgumentError or InputOutputError.
    """
    options = {
        "read_only": read_only,
        "durability": durability,
        "environment": None if environment is None else os.path.abspath(environment),
        "flush_bytes": flush_bytes,
        "flush_age": flush_age,
        "flush_operations": flush_operations,
        "queue_bytes": queue_bytes,
        "queue_operations": queue_operations,
    }
    native = _kist.open(
        os.fspath(path),
        create=create,
        read_only=read_only,
        page_size=page_size,
        file_mode=file_mode,
        relaxed=durability is Durability.RELAXED,
        environment=None if environment is None else os.fspath(environment),
        flush_bytes=flush_bytes,
        flush_age=flush_age,
        flush_operations=flush_operations,
        queue_bytes=queue_bytes,
        queue_operations=queue_operations,
    )
    return Profile(native, options)


class Profile:
    """An open profile: a set of stores in one file, shared by all threads and processes.

    Got from kist.open(); a context manager that closes it. May be used from any thread, but not in a
    forked child, where every call raises ForkedError. Pickled by path: unpickling opens the directory
    again. Closed at the latest when the interpreter exits.
    """

    __slots__ = ("_native", "_options")

    def __init__(self, native: _kist.Profile, options: dict[str, Any]) -> None:
        self._native = native
        self._options = options
        """Those that opening it again in another process needs."""
        _open_profiles.add(native)

    @property
    def path(self) -> str:
        """Canonical path of the directory."""
        return os.fspath(self._native.directory)

    @property
    def closed(self) -> bool:
        """Whether close() was called."""
        return self._native.closed

    def multi_store(
        self, name: str, create: bool = True, *, keys: Union[type, str] = str
    ) -> MultiStore:
        """Opens the store of that name with any number of sorted values a key; otherwise as store()."""
        create = create and not self._options["read_only"]
        handle = self._native.open_store(check_name(name), create, True, key_type(keys))
        return MultiStore(self._native, handle, name, given_keys(keys))

    def store(
        self, name: str, create: bool = True, *, keys: Union[type, str] = str
    ) -> Store:
        """Opens the store of that name; creates it when there is none, unless told otherwise.

        `keys` is the type that iteration gives: str, or bytes for keys that are no text. Or it names a
        type of integers, which all keys of the store are: "u8", "u16", "u32", "u64", "i8", "i16", "i32",
        "i64"; once created, a store keeps it. Raises WrongKindError (it is another kind of store),
        StoreNotFoundError (not created: also when the profile is read-only and there is none),
        InvalidArgumentError (an empty or too long name) or ReadOnlyError.
        """
        create = create and not self._options["read_only"]
        handle = self._native.open_store(check_name(name), create, False, key_type(keys))
        return Store(self, handle, name, keys)

    def stores(self) -> list[str]:
        """Names of all stores, in byte order."""
        return self._native.stores()

    def drop_store(self, name: str) -> bool:
        """Removes a store with all its records; False when there is none."""
        return self._native.drop_store(check_name(name))

    def queue(self, timeout: Optional[float] = None) -> Queue:
        """A queue for reads and writes that asyncio waits for. A write waits for room in the profile's
        queue for `timeout` seconds, or for ever."""
        return Queue(self._native.queue(timeout))

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

    def import_file(
        self,
        path: Path,
        *,
        format: str = "detect",
        on_conflict: str = "error",
        plain_bytes: bool = False,
        unnamed: str = "default",
        stores: Iterable[str] = (),
    ) -> ImportReport:
        """Stores what a file holds, all of it or on any error nothing: rkv's data.safe.bin
        ("safe-mode"), LMDB's data.mdb ("lmdb"), or what export_json() wrote ("json").

        `on_conflict` is what happens to a key that has another value: "error" (AlreadyExistsError),
        "ignore" or "replace". With `plain_bytes` the values of an LMDB file become bytes; else they are
        in rkv's encoding. `unnamed`: the store for what is in no named database. `stores`: only these.
        """
        return ImportReport(
            **self._native.import_file(
                os.fsdecode(path),
                number_of(format, FORMATS),
                number_of(on_conflict, CONFLICTS),
                plain_bytes,
                check_name(unnamed),
                [check_name(name) for name in stores],
            )
        )

    def export_json(self, path: Path, *, stores: Iterable[str] = ()) -> int:
        """Writes one snapshot of the stores (all, or only those named) to a new file that import_file()
        reads. FileExistsError when there is one. Gives the number of records."""
        names = [check_name(name) for name in stores]
        with open_file(path, "xb") as file:
            try:
                return self._native.export_json(file.fileno(), names)
            except BaseException:
                os.unlink(path)
                raise

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
        return _reopen, (self.path, self._options)

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


def _reopen(path: str, options: dict[str, Any]) -> Profile:
    """Unpickles a profile."""
    return open(path, create=False, **options)


class Store(MutableRecords):
    """A store as such: each call is a transaction of its own, each iteration a snapshot of its own.

    Got from Profile.store(). May be used from any thread. Pickled by the path of its profile and its
    name. To do several things at once, use it within a reader or a writer: ``reader[store]``,
    ``writer[store]``.
    """

    __slots__ = ("_profile", "_opened_with")

    def __init__(
        self, profile: Profile, handle: _kist.Store, name: str, keys: Union[type, str]
    ) -> None:
        super().__init__(profile._native, handle, name, given_keys(keys))
        self._profile = profile
        self._opened_with = keys

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
        return _reopen_store, (self._profile, self._name, self._opened_with)

    def __repr__(self) -> str:
        return f"<kist.Store {self._name!r} of {self._profile.path!r}>"


def _reopen_store(profile: Profile, name: str, keys: Union[type, str]) -> Store:
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

    @overload
    def __getitem__(self, store: MultiStore) -> MultiRecords: ...
    @overload
    def __getitem__(self, store: Union[Store, str]) -> StoreSnapshot: ...
    def __getitem__(self, store: Any) -> Any:
        """The store, given itself or by name, within this snapshot. StoreNotFoundError when there is
        none of that name."""
        if isinstance(store, MultiStore):
            return MultiRecords(self._native, store._handle, store._name, store._keys)
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

    @overload
    def __getitem__(self, store: MultiStore) -> MultiRecords: ...
    @overload
    def __getitem__(self, store: Union[Store, str]) -> StoreInTransaction: ...
    def __getitem__(self, store: Any) -> Any:
        """The store, given itself or by name, within this transaction. StoreNotFoundError when there
        is none of that name."""
        if isinstance(store, MultiStore):
            return MultiRecords(self._native, store._handle, store._name, store._keys)
        if isinstance(store, Store):
            return StoreInTransaction(self._native, store._handle, store._name, store._keys)
        return self.store(store, create=False)

    def store(
        self, name: str, create: bool = True, *, keys: Union[type, str] = str
    ) -> StoreInTransaction:
        """Opens the store of that name within this transaction; a store that is created here exists
        once the transaction is committed."""
        handle = self._native.open_store(check_name(name), create, False, key_type(keys))
        return StoreInTransaction(self._native, handle, name, given_keys(keys))

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


def key_type(keys: Union[type, str]) -> str:
    """The type of keys as the native module names it."""
    if isinstance(keys, str):
        return keys
    if keys in (str, bytes):
        return "bytes"
    raise InvalidArgumentError(f"keys must be str, bytes or the name of a type of integers, not {keys!r}")


def given_keys(keys: Union[type, str]) -> type:
    """What iteration gives where keys are bytes."""
    return keys if isinstance(keys, type) else str


def check_name(name: str) -> str:
    """The name of a store, if it is text. The library checks its length."""
    if not isinstance(name, str):
        raise WrongTypeError(f"the name of a store must be a str, not {type(name).__name__}")
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InvalidTextError(f"the name of a store has a lone surrogate: {name!r}") from None
    return name
