"""Going on with a table: which days come next, and what it covers then."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from mixpanel_data._internal.services.windows import DAY, Window
from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.queries import parse_date
from mixpanel_data.text import joined
from mixpanel_data.types import TableMetadata


class Continuation:
    """The days of a table that was fetched before, in the zone in which its exports are cut.

    `today` is the day it is there.
    """

    def __init__(self, before: TableMetadata, today: date, legacy_zone: str | None) -> None:
        if before.type != "events" or before.from_date is None or before.to_date is None:
            raise InvalidArgumentError(
                f"a table of {before.type} can't be appended to", hint="fetch it with replace"
            )
        self._today = today
        self._have = Window(
            date.fromisoformat(before.from_date), date.fromisoformat(before.to_date)
        )
        fetched = before.fetched_at.replace(tzinfo=UTC).astimezone(ZoneInfo(legacy_zone or "UTC"))
        self._following = min(self._have.last + DAY, max(fetched.date(), self._have.first))

    def days(
        self, from_date: str | date | None, to_date: str | date | None, lookback_days: int
    ) -> Window:
        """The days to fetch; none of them (`days` is 0) when the table has all until `last`.

        Without from_date: what follows the last day that was over when it was fetched, and
        `lookback_days` before. Without to_date: yesterday, the last day that is over.
        """
        if lookback_days < 0:
            raise InvalidArgumentError(f"lookback_days {lookback_days} is negative")
        last = parse_date(to_date, "to_date") if to_date is not None else self._today - DAY
        if from_date is None:
            first = max(self._following - timedelta(days=lookback_days), self._have.first)
            if self._have.first <= last < first:
                return Window(last + DAY, last)
            if last < first:
                raise InvalidArgumentError(
                    f"the table begins at {self._have.first}, after {last}",
                    hint="name the days to add before it: from_date (--from) and to_date (--to)",
                )
        else:
            first = parse_date(from_date, "from_date")
            if lookback_days:
                raise InvalidArgumentError(
                    "lookback_days counts back from where the table ends, so from_date can't be set"
                )
            if to_date is None and first > last:
                raise InvalidArgumentError(
                    f"from_date {first} is after yesterday, where an append ends by default",
                    hint=f"name the last day, too: to_date (--to) {first}",
                )
        self._refuse_a_gap(first, last)
        return Window(first, last)

    def _refuse_a_gap(self, first: date, last: date) -> None:
        if first > self._following and first <= self._have.last + DAY:
            raise InvalidArgumentError(
                f"{self._following} was not over when it was fetched; {first}..{last} would leave"
                " its later events out",
                hint=f"start at {self._following}",
            )
        if first > self._have.last + DAY or last < self._have.first - DAY:
            raise InvalidArgumentError(
                f"the table has {self._have}; {first}..{last} would leave days out between",
                hint=f"start at {self._following}"
                if first > self._have.last
                else f"end at {self._have.first - DAY}",
            )


def refuse_changed(table: str, before: TableMetadata) -> None:
    """Refuse to look for the days that a changed table lacks: nobody knows which are complete."""
    days = [str(before.from_date), "--to", str(before.to_date)]
    again = ["mp", "fetch", "events", table, "--replace", "--from", *days]
    if before.filter_events is not None:
        again += ["--events", joined(before.filter_events)]
    if before.filter_where is not None:
        again += ["--where", before.filter_where]
    if before.filter_limit is not None:
        again += ["--limit", str(before.filter_limit)]
    raise InvalidArgumentError(
        f"table {table!r} was changed by SQL or another program after it was fetched: which of its"
        " days are complete is not known, so an append needs the days by name (--from, from_date)",
        hint=shlex.join(again),
    )


def extended(before: TableMetadata, new: TableMetadata) -> TableMetadata:
    """What a table is after an append. Its last day counts as fetched when it was, not earlier."""
    if new.source != before.source:
        raise InvalidArgumentError(
            f"the table holds data of {before.source}, and this comes from {new.source}",
            hint="fetch under another name",
        )
    reaches = (new.to_date or "") >= (before.to_date or "")
    return replace(
        new,
        from_date=min(before.from_date or "", new.from_date or ""),
        to_date=new.to_date if reaches else before.to_date,
        fetched_at=new.fetched_at if reaches else before.fetched_at,
        changed_at=before.changed_at,
    )
