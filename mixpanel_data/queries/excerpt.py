"""Which part of the rows of an answer is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mixpanel_data.exceptions import ColumnNotFoundError, InvalidArgumentError
from mixpanel_data.queries.checks import check_names

_MOST = 10**18
"""What DuckDB can count to."""


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """`limit` rows after the first `offset`, of them these `columns`, in this order.

    `max_bytes` bounds the text: it has as many whole rows as fit.
    """

    limit: int | None = None
    offset: int = 0
    columns: tuple[str, ...] | None = None
    max_bytes: int | None = None

    @classmethod
    def of(
        cls,
        limit: int | None = None,
        offset: int = 0,
        columns: Sequence[str] | None = None,
        max_bytes: int | None = None,
    ) -> Excerpt:
        """The excerpt as people write it: columns as any sequence."""
        if isinstance(columns, str):
            raise InvalidArgumentError(
                "columns is a list of names, not one string", hint=f"columns=[{columns!r}]"
            )
        chosen = None if columns is None else tuple(columns)
        return cls(limit=limit, offset=offset, columns=chosen, max_bytes=max_bytes)

    def __post_init__(self) -> None:
        for name, least in {"limit": 0, "offset": 0, "max_bytes": len("[]\n")}.items():
            number = getattr(self, name)
            if number is not None and number < least:
                raise InvalidArgumentError(f"{name} {number} is below {least}")
            if number is not None and number > _MOST:
                raise InvalidArgumentError(f"{name} {number} is above {_MOST}")
        if self.columns is not None:
            check_names(self.columns, "columns")

    @property
    def is_of_rows(self) -> bool:
        """Whether rows or columns are left out, whatever their size."""
        return self.limit is not None or self.offset > 0 or self.columns is not None

    def chosen(self, known: Sequence[str]) -> list[str]:
        """The wanted ones among the columns there are, as those are spelled.

        >>> Excerpt.of(columns=["B"]).chosen(["a", "b"])
        ['b']
        """
        if self.columns is None:
            return list(known)
        return [_spelled(name, known) for name in self.columns]


def _spelled(name: str, known: Sequence[str]) -> str:
    if name in known:
        return name
    alike = [other for other in known if other.lower() == name.lower()]
    if len(alike) == 1:
        return alike[0]
    raise ColumnNotFoundError(name, known)
