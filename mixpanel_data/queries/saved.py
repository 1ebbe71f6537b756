"""Questions whose answer is defined elsewhere: a saved report, a script."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from mixpanel_data.queries.checks import check_name, check_number

MOST_ID = 2**63


@dataclass(frozen=True, kw_only=True)
class Insights:
    """A saved report; its id is in its address in Mixpanel."""

    bookmark_id: int

    def __post_init__(self) -> None:
        check_number(self.bookmark_id, "bookmark_id", 1, MOST_ID)


@dataclass(frozen=True, kw_only=True)
class JQL:
    """A script in JavaScript; `params` is a global of it."""

    script: str
    params: dict[str, Any] | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        check_name(self.script.strip(), "script")
