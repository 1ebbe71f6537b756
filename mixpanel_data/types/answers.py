"""What all answers can do: print small, show as HTML in notebooks, serialise."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from mixpanel_data.types.display import Table, View

A = TypeVar("A", bound="Answer")


def _pretty(answer: Answer | Answers[Any], printer: Any, cycle: bool) -> None:  # noqa: ARG001
    """What IPython prints: all of it where it stands alone, its repr within other things."""
    printer.text(answer.view().text() if len(printer.stack) == 1 else repr(answer))


class Answer:
    """What all answers can do. `to_dict` holds plain JSON values only."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        # IPython asks a class for this before it asks its bases, and takes its __repr__ then.
        cls._repr_pretty_ = _pretty  # type: ignore[attr-defined]

    def to_dict(self) -> dict[str, Any]:
        """Every field by name; dates and times as ISO 8601 text."""
        return {f.name: _plain(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]

    def view(self) -> View:
        """What a notebook shows of it."""
        from mixpanel_data.types.display import Table, View

        facts = {
            name: Table.of_dicts(value) if _are_dicts(value) else value
            for name, value in self.to_dict().items()
        }
        return View(type(self).__name__, facts)

    def _repr_html_(self) -> str:
        return self.view().html()


class Answers(list[A]):
    """A list of answers, which a notebook shows as a table."""

    _repr_pretty_ = _pretty

    def view(self) -> Table:
        """What a notebook shows of it."""
        from mixpanel_data.types.display import Table

        return Table.of_dicts([answer.to_dict() for answer in self])

    def _repr_html_(self) -> str:
        return self.view().html()


def instant(value: datetime) -> str:
    """A time as DuckDB spells it.

    >>> instant(datetime(2024, 1, 31, 12, 0, 0, 250_000)), instant(datetime(2024, 1, 31))
    ('2024-01-31 12:00:00.25', '2024-01-31 00:00:00')
    """
    text = value.isoformat(sep=" ")
    return text.rstrip("0") if value.microsecond and value.tzinfo is None else text


def _plain(value: Any) -> Any:
    if isinstance(value, Answer):
        return value.to_dict()
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date | Path):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _are_dicts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def without_empty(plain: dict[str, Any], *names: str) -> dict[str, Any]:
    """The fields without those of these names that are empty."""
    return {name: value for name, value in plain.items() if value or name not in names}
