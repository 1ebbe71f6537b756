"""Records one by one: what is stored, what is ignored in silence, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import RefusalError

T = TypeVar("T")

Problem = tuple[str, str]
"""A field, and what is wrong with it."""


@dataclass(frozen=True)
class Skipped:
    """A record that is not stored: ignored, or refused for its problems."""

    reason: str
    problems: tuple[Problem, ...] = ()

    @classmethod
    def refused(cls, *problems: Problem) -> Skipped:
        """A record that can't be meant."""
        return cls("; ".join(message for _, message in problems), problems)


@dataclass(frozen=True)
class Failure:
    """A problem of a record, by its place in the request and by its id."""

    index: int
    id: Any
    field: str
    message: str


@dataclass
class Intake(Generic[T]):
    """What became of the records of one request; `id_of` names a record in failures."""

    context: RequestContext
    id_of: Callable[[Any], Any]
    accepted: list[T] = field(default_factory=list)
    ignored: int = 0
    failures: list[Failure] = field(default_factory=list)
    unreadable: str | None = None

    def read(self, records: Callable[[], list[Any]]) -> list[Any]:
        """The records; none if they are `unreadable`."""
        try:
            return records()
        except RefusalError as refusal:
            if refusal.status != 400:
                raise
            self.unreadable = refusal.message
            return []

    def take(self, index: int, record: Any, outcome: T | Skipped) -> None:
        """Count a record as what it turned out to be."""
        if not isinstance(outcome, Skipped):
            self.accepted.append(outcome)
            return
        self.context.drops.add(self.context.request.path.rstrip("/"), outcome.reason, record)
        self.ignored += not outcome.problems
        self.failures += [Failure(index, self.id_of(record), *each) for each in outcome.problems]

    @property
    def valid(self) -> int:
        """How many records Mixpanel would call good."""
        return len(self.accepted) + self.ignored

    @property
    def error(self) -> str | None:
        """Why there is no good record; None if there is one."""
        if self.valid:
            return None
        if self.failures:
            return self.failures[0].message
        return self.unreadable or "data, missing or empty"
