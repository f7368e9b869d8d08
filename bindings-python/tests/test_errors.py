"""Bad input: directories and files that are no profile, options that do not fit, stores that are missing."""

from __future__ import annotations

import inspect
import os
import pathlib
import pickle
import stat

import pytest
import xxhash

import kist
from children import in_fork
from conftest import REPOSITORY


def test_every_code_has_an_exception():
    kinds = {kind.code: kind for kind in vars(kist).values() if inspect.isclass(kind) and issubclass(kind, kist.Error)}
    assert set(kinds) >= set(kist.ErrorCode) - {kist.ErrorCode.OK}
    for code in kist.ErrorCode:
        if code != kist.ErrorCode.OK:
            error = kinds[code]("what happened")
            assert error.code == code
            assert str(error) == error.message == "what happened"
            again = pickle.loads(pickle.dumps(error))
            assert type(again) is type(error) and str(again) == "what happened" and again.code == code


@pytest.mark.parametrize(
    "kind, standard",
    [
        (kist.StoreNotFoundError, KeyError),
        (kist.WrongTypeError, TypeError),
        (kist.InvalidArgumentError, ValueError),
        (kist.InvalidTextError, ValueError),
        (kist.InvalidJsonError, ValueError),
        (kist.KeyTooLongError, ValueError),
        (kist.NotAStoreError, ValueError),
        (kist.ClosedError, ValueError),
        (kist.InputOutputError, OSError),
        (kist.NoSpaceError, OSError),
        (kist.LatchedError, OSError),
        (kist.ReadOnlyError, OSError),
        (kist.PermissionDeniedError, PermissionError),
        (kist.NotFoundError, FileNotFoundError),
        (kist.TimedOutError, TimeoutError),
        (kist.BusyError, BlockingIOError),
        (kist.OutOfMemoryError, MemoryError),
        (kist.ForkedError, RuntimeError),
        (kist.UnsupportedError, NotImplementedError),
    ],
)
def test_exceptions_are_of_standard_classes(kind, standard):
    assert issubclass(kind, standard) and issubclass(kind, kist.Error)


def test_a_missing_directory(directory):
    missing = directory / "missing"
    with pytest.raises(kist.NotFoundError) as caught:
        kist.open(missing, create=False)
    assert isinstance(caught.value, FileNotFoundError)
    assert str(missing) in str(caught.value)
    assert not missing.exists()
    with pytest.raises(kist.NotFoundError):
        kist.open(directory, create=False)
    with pytest.raises(kist.NotFoundError):
        kist.open(missing, read_only=True)
    assert os.listdir(directory) == []


def test_directories_are_created(directory):
    path = directory / "a" / "b"
    kist.open(path).close()
    assert (path / "data.kist").is_file()
    assert stat.S_IMODE((path / "data.kist").stat().st_mode) == 0o600
    kist.open(os.fsencode(path), create=False).close()
    kist.open(str(path), create=False).close()


def test_a_path_that_is_not_utf8(directory):
    path = os.fsencode(directory) + b"/\xff"
    with kist.open(path) as profile:
        profile.store("s")["a"] = 1
        assert os.fsencode(profile.path) == os.path.realpath(path)
        assert pickle.loads(pickle.dumps(profile)).store("s")["a"] == 1
    with pytest.raises(kist.NotFoundError):
        kist.open(path + b"\xfe", create=False)


@pytest.mark.parametrize("path", [None, 1, 1.5], ids=repr)
def test_a_path_of_another_type(path):
    with pytest.raises(TypeError):
        kist.open(path)


def test_a_file_in_place_of_the_directory(directory):
    path = directory / "file"
    path.write_bytes(b"x")
    with pytest.raises((kist.InvalidArgumentError, kist.NotFoundError, kist.InputOutputError)) as caught:
        kist.open(path)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == b"x"


def as_nobody(work) -> None:
    """Runs `work` in a child process without the rights of root."""

    def child() -> None:
        if os.getuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        work()

    in_fork(child)


def test_a_directory_without_permission(directory):
    kist.open(directory / "mine").close()
    os.chmod(directory, 0o755)
    os.chmod(directory / "mine", 0o000)
    os.mkdir(directory / "closed", 0o555)

    def work() -> None:
        for path, create in ((directory / "mine", False), (directory / "mine", True), (directory / "closed", True)):
            with pytest.raises(kist.PermissionDeniedError) as caught:
                kist.open(path, create=create)
            assert isinstance(caught.value, PermissionError)
            assert str(path) in str(caught.value)

    as_nobody(work)
    os.chmod(directory / "mine", 0o700)
    assert os.listdir(directory / "closed") == []


def test_a_file_without_permission_to_write_opens_read_only(directory):
    with kist.open(directory) as profile:
        profile.store("s")["a"] = 1
    os.chmod(directory, 0o755)
    for path in directory.iterdir():
        os.chmod(path, 0o644)

    def work() -> None:
        with pytest.raises(kist.PermissionDeniedError):
            kist.open(directory)
        with kist.open(directory, read_only=True) as profile:
            assert profile.store("s")["a"] == 1

    as_nobody(work)


def data_file(directory: pathlib.Path) -> pathlib.Path:
    """The data file of a small profile."""
    with kist.open(directory) as profile:
        profile.store("s").update(a=1, b="two")
    return directory / "data.kist"


@pytest.mark.parametrize(
    "content, kind",
    [
        (b"x", kist.NotAStoreError),
        (b"no store\n" * 10_000, kist.NotAStoreError),
        (b"SQLite format 3\0" * 4096, kist.NotAStoreError),
        # What a full disk or a crashed file system leaves of a store.
        (b"", kist.DamagedError),
        (bytes(65536), kist.DamagedError),
    ],
    ids=["one byte", "text", "another database", "nothing", "zeros"],
)
@pytest.mark.parametrize("read_only", [False, True])
def test_a_file_that_is_no_store(directory, content, kind, read_only):
    path = directory / "data.kist"
    path.write_bytes(content)
    with pytest.raises(kind) as caught:
        kist.open(directory, read_only=read_only)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content


def test_a_store_of_a_newer_version(directory):
    path = data_file(directory)
    content = bytearray(path.read_bytes())
    # engine/docs/format.md: the version of a meta slot, and the checksum that covers it.
    for slot in range(0, 4 * 4096, 4096):
        content[slot + 16 : slot + 20] = (1000).to_bytes(4, "little")
        content[slot : slot + 8] = xxhash.xxh3_64_intdigest(content[slot + 8 : slot + 512]).to_bytes(8, "little")
    path.write_bytes(content)
    for read_only in (False, True):
        with pytest.raises(kist.NewerFormatError) as caught:
            kist.open(directory, read_only=read_only)
        assert str(path) in str(caught.value) and "1000" in str(caught.value)
    assert path.read_bytes() == content


def test_a_damaged_store_is_reported_or_read_right(directory):
    path = data_file(directory)
    content = path.read_bytes()
    found = set()
    for start in range(0, len(content), 4096):
        damaged = bytearray(content)
        damaged[start + 100 : start + 4000] = b"\xa5" * 3900
        path.write_bytes(damaged)
        try:
            with kist.open(directory, read_only=True) as profile:
                assert dict(profile.store("s")) == {"a": 1, "b": "two"}
        except kist.DamagedError as error:
            found.add(str(error))
    assert found


def test_a_read_only_profile(directory):
    data_file(directory)
    with kist.open(directory, read_only=True) as profile:
        store = profile.store("s")
        assert dict(store) == {"a": 1, "b": "two"}
        for call in (
            profile.write,
            lambda: store.__setitem__("a", 2),
            lambda: store.__delitem__("a"),
            store.clear,
            lambda: profile.drop_store("s"),
        ):
            with pytest.raises(kist.ReadOnlyError) as caught:
                call()
            assert isinstance(caught.value, OSError)
        with pytest.raises(kist.StoreNotFoundError):
            profile.store("missing")


def test_options_that_conflict(directory):
    with kist.open(directory, page_size=256):
        for options in ({"page_size": 4096}, {"read_only": True}, {"durability": kist.Durability.RELAXED}):
            with pytest.raises(kist.OptionConflictError):
                kist.open(directory, **options)
    with pytest.raises(kist.OptionConflictError):
        kist.open(directory, page_size=4096)
    with kist.open(directory) as profile:
        assert profile.stats().page_size == 256


def test_every_limit_reaches_the_library(directory):
    given = {
        "flush_bytes": 1 << 20,
        "flush_age": 0.25,
        "flush_operations": None,
        "queue_bytes": 1 << 16,
        "queue_operations": 12,
    }
    others = {
        "flush_bytes": None,
        "flush_age": 0.251,
        "flush_operations": 7,
        "queue_bytes": 1 << 17,
        "queue_operations": 13,
    }
    with kist.open(directory, **given) as profile:
        kist.open(directory, **given).close()
        for option, other in others.items():
            with pytest.raises(kist.OptionConflictError, match=option):
                kist.open(directory, **{**given, option: other})
        assert pickle.loads(pickle.dumps(profile)).check().clean
    for option in given:
        with pytest.raises(kist.InvalidArgumentError, match=option):
            kist.open(directory, **{option: 0})


@pytest.mark.parametrize("page_size", [0, 1, 128, 1000, 131072])
def test_a_page_size_that_is_none(directory, page_size):
    with pytest.raises(kist.InvalidArgumentError):
        kist.open(directory, page_size=page_size)


def test_missing_stores(profile):
    with pytest.raises(kist.StoreNotFoundError, match="missing") as caught:
        profile.store("missing", create=False)
    assert isinstance(caught.value, KeyError)
    assert profile.stores() == []
    with profile.read() as reader, pytest.raises(kist.StoreNotFoundError):
        reader["missing"]
    store = profile.store("dropped")
    store["a"] = 1
    assert profile.drop_store("dropped") is True
    assert profile.drop_store("dropped") is False
    for call in (lambda: store["a"], lambda: len(store), lambda: store.update(a=1), lambda: list(store)):
        with pytest.raises(kist.StoreNotFoundError):
            call()
    profile.store("dropped")
    assert len(store) == 0


def test_names_of_stores(profile):
    profile.store("\u00fc \U0001f600 / ..")
    profile.store("a")
    assert profile.stores() == ["a", "\u00fc \U0001f600 / .."]
    with pytest.raises(kist.InvalidArgumentError):
        profile.store("")
    with pytest.raises(kist.InvalidArgumentError):
        profile.store("x" * 100_000)
    for name in (b"a", 1, None):
        with pytest.raises(kist.WrongTypeError):
            profile.store(name)
    with pytest.raises(kist.InvalidTextError):
        profile.store("\ud800")


def test_a_store_of_another_profile(profile, store, directory):
    with kist.open(directory / "other") as other:
        foreign = other.store("store")
        with other.write() as writer, pytest.raises(kist.MisuseError):
            writer[store]["a"] = 1
        with profile.read() as reader, pytest.raises(kist.MisuseError):
            reader[foreign].get("a")


def test_everything_public_says_what_it_is():
    for name in kist.__all__:
        public = getattr(kist, name)
        if not inspect.isclass(public):
            assert not inspect.isfunction(public) or public.__doc__, name
            continue
        assert public.__doc__, name
        for member_name, member in vars(public).items():
            if not member_name.startswith("_") and (callable(member) or isinstance(member, property)):
                assert inspect.getdoc(member), f"{name}.{member_name}"


def test_the_version_is_that_of_the_libraries():
    assert f"VERSION {kist.__version__} " in (REPOSITORY / "CMakeLists.txt").read_text(encoding="utf-8")
