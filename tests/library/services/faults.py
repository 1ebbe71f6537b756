"""Faults of Mixpanel and of the network, and the tables of them in completeness.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import mixpanel_data
from mixpanel_data.cli.errors import EXIT_CODES
from tests.loopback import Reply, Request, reply_json

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "completeness.md"
LATER = "Tue, 10 Mar 2026 12:00:05 GMT"
PASSING = (408, 500, 502, 503, 504, 520, 524)
INCOMPLETE, CONNECTION = "IncompleteExportError", "ConnectionFailedError"


@dataclass(frozen=True)
class Fault:
    """What the server does, and what comes of it: some words on a table, or the name of an error."""

    name: str
    reply: Callable[[Request], Reply]
    once: str
    always: str

    def __str__(self) -> str:
        return self.name

    @property
    def done(self) -> str:
        """What a fetch does about it."""
        if is_error(self.once):
            return "asked once"
        return "asked again" if is_error(self.always) else "taken as it is"


def is_error(outcome: str) -> bool:
    return " " not in outcome


def refused(status: int, text: str, **headers: str) -> Callable[[Request], Reply]:
    return lambda _: reply_json({"error": text}, status, **headers)


def table(faults: Sequence[Fault], what: str) -> str:
    """Markdown of all faults; `what` is asked for."""
    lines = [
        f"| what Mixpanel or the network does | {what} is | once | always | exit code |",
        "|---|---|---|---|---|",
    ]
    for fault in faults:
        outcomes = " | ".join(
            f"`{outcome}`" if is_error(outcome) else outcome
            for outcome in (fault.once, fault.always)
        )
        code = exit_code_of(fault.always) if is_error(fault.always) else 0
        lines.append(f"| {fault.name} | {fault.done} | {outcomes} | {code} |")
    return "\n".join(lines)


def exit_code_of(error: str) -> int:
    kinds = getattr(mixpanel_data, error).__mro__
    return next((EXIT_CODES[each] for each in kinds if each in EXIT_CODES), 1)
