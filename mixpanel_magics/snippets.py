"""Queries that were saved under a name, and queries that use them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mixpanel_data.exceptions import InvalidArgumentError, near
from mixpanel_magics import statements
from mixpanel_magics.names import quoted

_WITH = re.compile(r"\s*with\b(?P<recursive>\s+recursive\b)?", re.IGNORECASE)


@dataclass(frozen=True)
class Snippet:
    """A query, and the names of others that it uses."""

    sql: str
    uses: tuple[str, ...]


class Snippets:
    """Those of one session, by name."""

    def __init__(self) -> None:
        self._saved: dict[str, Snippet] = {}

    def save(self, name: str, sql: str, uses: Iterable[str]) -> None:
        """Keep a query; one of the same name is replaced, for those that use it as well."""
        if statements.count(sql) != 1:
            raise InvalidArgumentError("--save keeps one statement")
        uses = tuple(uses)
        if name in self._order(uses):
            raise InvalidArgumentError(f"--save {name}: it would use itself")
        self._saved[name] = Snippet(statements.without_end(sql), uses)

    def compose(self, sql: str, uses: Iterable[str]) -> str:
        """The query with the saved ones, and those that they use, as its first CTEs.

        >>> snippets = Snippets()
        >>> snippets.save("few", "FROM range(3);", [])
        >>> print(snippets.compose("SELECT count(*) FROM few", ["few"]))
        WITH few AS (
        FROM range(3)
        )
        SELECT count(*) FROM few
        """
        names = list(self._order(tuple(uses)))
        if not names:
            return sql
        parts = [f"{quoted(name)} AS (\n{self._saved[name].sql}\n)" for name in names]
        begun = _WITH.match(sql)
        if begun is None:
            return f"WITH {', '.join(parts)}\n{sql}"
        recursive = " RECURSIVE" if begun["recursive"] else ""
        return f"WITH{recursive} {', '.join(parts)},{sql[begun.end() :]}"

    def _order(self, names: tuple[str, ...]) -> dict[str, None]:
        """They and all that they use, each after those that it uses."""
        found: dict[str, None] = {}
        for name in names:
            found |= dict.fromkeys(self._needed(name))
        return found

    def _needed(self, name: str) -> Iterator[str]:
        if name not in self._saved:
            raise InvalidArgumentError(
                f"no query is saved as {name!r}",
                hint=near(name, self._saved) or f"%%mpsql --save {name} --no-execute",
            )
        for used in self._saved[name].uses:
            yield from self._needed(used)
        yield name
