"""What imports are told and tell."""

from __future__ import annotations

from dataclasses import dataclass

from ._errors import InvalidArgumentError


@dataclass(frozen=True)
class ImportReport:
    """What an import did; each record was added, unchanged, replaced or ignored."""

    stores: int
    """Stores that were read."""
    records: int
    """Records that were read."""
    added: int
    """New ones."""
    unchanged: int
    """There already, the same."""
    replaced: int
    """With on_conflict="replace"."""
    ignored: int
    """With on_conflict="ignore"."""


FORMATS = ("detect", "safe-mode", "lmdb", "json")
CONFLICTS = ("error", "ignore", "replace")


def number_of(name: str, names: tuple[str, ...]) -> int:
    """The place of `name` among `names`, which is its number in the library."""
    if name in names:
        return names.index(name)
    raise InvalidArgumentError(f"{name!r} is none of {', '.join(names)}")
