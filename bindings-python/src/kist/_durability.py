"""How a commit is made to last."""

from __future__ import annotations

import enum
from typing import Optional


class Durability(enum.Enum):
    """How a commit is made to last."""

    DURABLE = "durable"
    """On the device before the commit returns."""
    RELAXED = "relaxed"
    """Visible at once, on the device with the next durable commit, sync() or close. A crash of the
    machine goes back to the last flushed commit; the file is never damaged."""


def is_relaxed(durability: Optional[Durability]) -> Optional[bool]:
    """As the native module takes it: None for the profile's own."""
    return None if durability is None else durability is Durability.RELAXED
