"""What a project has saved: cohorts, descriptions, and the rows of a script."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mixpanel_data.queries import JQL
from mixpanel_data.types.answers import Answer

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CohortSummary(Answer):
    """A saved cohort; `count` is as of its last computation, `created` is UTC."""

    id: int
    name: str | None
    count: int | None
    description: str | None
    created: datetime | None
    is_visible: bool = True
    data_group_id: str | None = None


@dataclass(frozen=True)
class LexiconProperty(Answer):
    """A property that the Lexicon describes."""

    name: str
    type: str | None = None
    description: str | None = None
    display_name: str | None = None
    hidden: bool = False
    dropped: bool = False


@dataclass(frozen=True)
class LexiconSchema(Answer):
    """What the Lexicon says of an event, or of profiles (whose name is "$user").

    `entity_type` is "event", "profile" or what else Mixpanel has.     Only what somebody described has a
    schema: other events and properties exist all the same.
    """

    entity_type: str
    name: str
    description: str | None = None
    display_name: str | None = None
    tags: tuple[str, ...] = ()
    hidden: bool = False
    dropped: bool = False
    properties: tuple[LexiconProperty, ...] = ()


@dataclass(frozen=True)
class JQLResult(Answer):
    """Whatever the script's main() returned, in `raw`."""

    raw: list[Any]
    query: JQL | None = field(default=None, repr=False)
    source: str = "mixpanel"

    def rows(self) -> list[dict[str, Any]]:
        """One dict per row, all with the same names.

        Objects keep theirs, lists have `column_1`, …, rows of groupBy `key_1`, … and `value`.
        """
        rows = [dict(_columns(row)) for row in self.raw]
        names = dict.fromkeys(name for row in rows for name in row)
        return [{name: row.get(name) for name in names} for row in rows]

    @cached_property
    def df(self) -> pd.DataFrame:
        """The rows; columns are whatever the script gave."""
        import pandas as pd

        return pd.DataFrame(self.rows())

    def to_dict(self) -> dict[str, Any]:
        """What came, and from where."""
        return {"source": self.source, "raw": self.raw}

    def __repr__(self) -> str:
        return f"<JQLResult {len(self.raw):,} rows>"


def _columns(row: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(row, dict):
        keys = row.get("key")
        if isinstance(keys, list) and set(row) == {"key", "value"}:
            yield from ((f"key_{number}", key) for number, key in enumerate(keys, 1))
            yield "value", row["value"]
            return
        yield from row.items()
    elif isinstance(row, list):
        yield from ((f"column_{number}", value) for number, value in enumerate(row, 1))
    else:
        yield "value", row
