"""What a widget says about how things are."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from mixpanel_data.exceptions import MixpanelDataError, listening
from mixpanel_data.text import retyped

Tone = Literal["plain", "good", "bad", "busy"]


@dataclass(frozen=True)
class StatusMessage:
    """A line, its tone, and what to do next."""

    text: str = ""
    tone: Tone = "plain"
    hint: str | None = None


def quietly() -> AbstractContextManager[None]:
    """Within the block, warnings are those of the answer: a thread has no cell to print them in."""
    return listening(lambda _: None, aloud=False)


def failed(error: MixpanelDataError) -> StatusMessage:
    """An error of the library in its own words."""
    return StatusMessage(error.message, "bad", as_typed(error.hint))


def waiting(seconds: float, why: str) -> str:
    """A pause of the client, as for the quota."""
    return f"waiting {round(seconds):,} s ({why})"


def as_typed(hint: str | None) -> str | None:
    """A hint of the library, as a notebook types it.

    >>> as_typed("mp fetch events --from DATE, or mp tables")
    '%mp_fetch events --from DATE, or %mp tables'
    """
    return None if hint is None else retyped(hint, _magic)


def _magic(words: str) -> str:
    return f"%mp_{words}" if words.startswith("fetch ") else f"%mp {words}"
