"""Files of other stores, exports, and parts of JSON values."""

from __future__ import annotations

import struct

import pytest

import kist


def counted(data):
    return struct.pack("<Q", len(data)) + data


def safe_mode_file(name, records):
    """One database of rkv SafeMode, its values counted."""
    content = struct.pack("<Q", 1) + b"\x01" + counted(name) + struct.pack("<IQ", 0, len(records))
    for key, value in sorted(records.items()):
        content += counted(key) + struct.pack("<Q", 1) + counted(value)
    return content


def test_imports_what_rkv_wrote(profile, tmp_path):
    path = tmp_path / "data.safe.bin"
    path.write_bytes(safe_mode_file(b"prefs", {b"on": b"\x01\x01", b"n": b"\x03" + struct.pack("<q", -7)}))
    report = profile.import_file(path)
    assert (report.stores, report.records, report.added) == (1, 2, 2)
    prefs = profile.store("prefs")
    assert dict(prefs) == {"n": -7, "on": True}
    assert profile.import_file(str(path)).unchanged == 2
    prefs["n"] = 8
    with pytest.raises(kist.AlreadyExistsError, match="'n'"):
        profile.import_file(path, format="safe-mode")
    assert profile.import_file(path, on_conflict="ignore").ignored == 1
    assert prefs["n"] == 8
    assert profile.import_file(path, on_conflict="replace").replaced == 1
    assert prefs["n"] == -7
    assert profile.import_file(path, stores=["other"]).records == 0
    with pytest.raises(kist.InvalidArgumentError, match="sometimes"):
        profile.import_file(path, on_conflict="sometimes")
    with pytest.raises(kist.NotAStoreError):
        profile.import_file(path, format="lmdb")
    path.write_bytes(b"")
    with pytest.raises(kist.DamagedError, match="0 bytes"):
        profile.import_file(path)
    with pytest.raises(kist.NotFoundError):
        profile.import_file(tmp_path / "none")


def test_an_export_is_imported_again(profile, store, tmp_path):
    store["text"] = "gr\u00fc\u00df"
    store["blob"] = b"\x00\xff"
    profile.multi_store("tags").put("k", 5)
    path = tmp_path / "export.json"
    assert profile.export_json(path) == 3
    with pytest.raises(FileExistsError):
        profile.export_json(path)
    with kist.open(tmp_path / "other") as other:
        assert other.import_file(path).added == 3
        assert dict(other.store(store.name)) == {"text": "gr\u00fc\u00df", "blob": b"\x00\xff"}
        assert other.check().violations == ()
    with pytest.raises(kist.StoreNotFoundError):
        profile.export_json(tmp_path / "none.json", stores=["none"])
    assert not (tmp_path / "none.json").exists()


def test_members_of_json(profile, store):
    store["k"] = kist.Json('{"a": [1, {"b": 2.50}]}')
    store["text"] = "{}"
    assert store.member("k", "/a/1/b") == kist.Json("2.50")
    assert store.member("k", "/x") is None
    assert store.member("none", "") is None
    with profile.read() as reader:
        store["k"] = {"a": 0}
        assert reader[store].member("k", "/a/0").value == 1
    with pytest.raises(kist.InvalidArgumentError, match="pointer"):
        store.member("k", "a")
    with pytest.raises(kist.WrongTypeError):
        store.member("text", "/a")


def test_merge_patches(profile, store):
    assert store.merge_patch("k", {"a": {"b": 1}, "c": None}) == kist.Json('{"a":{"b":1}}')
    with profile.write() as writer:
        assert writer[store].merge_patch("k", kist.Json('{"d":1.50}')).text == '{"a":{"b":1},"d":1.50}'
        assert writer[store].member("k", "/d") == kist.Json("1.50")
    assert store.merge_patch("k", {"a": None}) == kist.Json('{"d":1.50}')
    assert store["k"] == kist.Json('{"d":1.50}')
    with pytest.raises(kist.InvalidJsonError, match="byte"):
        store.merge_patch("k", kist.Json("{"))
    store["text"] = "{}"
    with pytest.raises(kist.WrongTypeError):
        store.merge_patch("text", {})
