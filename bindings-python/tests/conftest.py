"""Fixtures: a fresh directory for each test, and a profile and a store in it."""

from __future__ import annotations

import pathlib
import shutil
import tempfile
from collections.abc import Iterator

import pytest

import kist

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def directory() -> Iterator[pathlib.Path]:
    """An existing empty directory."""
    path = pathlib.Path(tempfile.mkdtemp(prefix="kist-python-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def profile(directory: pathlib.Path) -> Iterator[kist.Profile]:
    """An open empty profile."""
    with kist.open(directory / "profile") as opened:
        yield opened


@pytest.fixture
def store(profile: kist.Profile) -> kist.Store:
    """An empty store of that profile."""
    return profile.store("store")
