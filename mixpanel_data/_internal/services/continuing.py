"""Going on with a table: which days come next, and what it covers then."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, timedelta
from zoneinfo import ZoneInfo

from mixpanel_data._internal.services.windows import DAY, Window
from mixpanel_data.exceptions import InvalidArgumentError, command, warn
from mixpanel_data.text import joined
from mixpanel_data.types import TableMetadata


class Continuation:
    """The days of a table that was fetched before, in the zone in which its exports are cut.

    `today` is the day it is there.
    """

    def __init__(self, before: TableMetadata, today: date, legacy_zone: str | None) -> None:
        if before.type != "events" or before.from_date is None or before.to_date is None:
            raise InvalidArgumentError(
                f"a table of {before.type} can't be appended to",
                hint="fetch it with --replace (replace=True)",
            )
        self._today = today
        self.have = Window(date.fromisoformat(before.from_date), date.fromisoformat(before.to_date))
        fetched = before.fetched_at.replace(tzinfo=UTC).astimezone(ZoneInfo(legacy_zone or "UTC"))
        self.following = min(self.have.last + DAY, max(fetched.date(), self.have.first))
        """The first day that it lacks, or had not been over when it was fetched."""

    def days(
        self,
        from_date: date | None,
        to_date: date | None,
        lookback_days: int,
        left_out: Collection[date] = (),
    ) -> Window:
        """The days to fetch; none of them (`days` is 0) when the table has all until `last`.

        Without from_date: what follows the last day that was over when it was fetched, and
        `lookback_days` before. Without to_date: yesterday, the last day that is over. Days that are
        `left_out` fill the gap between the table and the others.
        """
        last = self._today - DAY if to_date is None else to_date
        if from_date is None:
            first = max(self.following - timedelta(days=lookback_days), self.have.first)
            if self.have.first <= last < first:
                return Window(last + DAY, last)
            if last < first:
                raise InvalidArgumentError(
                    f"the table begins at {self.have.first}, after {last}",
                    hint="name the days to add before it: from_date (--from) and to_date (--to)",
                )
        else:
            first = from_date
            if lookback_days:
                raise InvalidArgumentError(
                    "lookback_days counts back from where the table ends, so from_date can't be set"
                )
            if to_date is None and first > last:
                raise InvalidArgumentError(
                    f"from_date {first} is after yesterday, where an append ends by default",
                    hint=f"name the last day, too: to_date (--to) {first}",
                )
        while first > self.following and first - DAY in left_out:
            first -= DAY
        while last < self.have.first - DAY and last + DAY in left_out:
            last += DAY
        self._refuse_a_gap(first, last)
        return Window(first, last)

    def _refuse_a_gap(self, first: date, last: date) -> None:
        if first > self.following and first <= self.have.last + DAY:
            raise InvalidArgumentError(
                f"{self.following} was not over when it was fetched; {first}..{last} would leave"
                " its later events out",
                hint=f"start at {self.following}",
            )
        if first > self.have.last + DAY or last < self.have.first - DAY:
            raise InvalidArgumentError(
                f"the table has {self.have}; {first}..{last} would leave days out between",
                hint=f"start at {self.following}"
                if first > self.have.last
                else f"end at {self.have.first - DAY}",
            )


def tell_left_out(table: str, left_out: Mapping[str, int | None]) -> None:
    """Warn of what fetches were told to leave out."""
    days = [day for day, lines in left_out.items() if lines is None]
    lines = [f"{count:,} of {day}" for day, count in left_out.items() if count is not None]
    if days:
        warn(f"table {table!r} lacks days that were left out of it: {', '.join(days)}")
    if lines:
        warn(f"lines that could not be read were left out of table {table!r}: {', '.join(lines)}")


def refuse_changed(table: str, before: TableMetadata) -> None:
    """Refuse to look for the days that a changed table lacks: nobody knows which are complete."""
    raise InvalidArgumentError(
        f"table {table!r} was changed by SQL or another program after it was fetched: which of its"
        " days are complete is not known, so an append needs the days by name (--from, from_date)",
        hint=fetch_again(table, before),
    )


def fetch_again(table: str, before: TableMetadata) -> str:
    """The command that fetches a table anew, as it was."""
    return _fetch(table, before, "--replace", before.from_date, before.to_date)


def fetch_more(
    table: str, before: TableMetadata, days: Window, today: date, zone: str | None
) -> str | None:
    """The command that adds these days to a table, which has none of them.

    None while there are none in Mixpanel either. A sample can't be added to.
    """
    first, last = days.first, min(days.last, today)
    if first > last:
        return None
    if before.filter_limit is not None:
        return _fetch(table, before, "--replace", first, last)
    has = Continuation(before, today, zone)
    if last < has.have.first:
        return _fetch(table, before, "--append", first, has.have.first - DAY)
    return _fetch(table, before, "--append", has.following, last)


def _fetch(table: str, like: TableMetadata, mode: str, first: object, last: object) -> str:
    words = ["fetch", "events", table, mode, "--from", first, "--to", last]
    if like.filter_events is not None:
        words += ["--events", joined(like.filter_events)]
    if like.filter_where is not None:
        words += ["--where", like.filter_where]
    if like.filter_limit is not None:
        words += ["--limit", like.filter_limit]
    return command(*words)


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
        left_out={
            **{
                day: lines
                for day, lines in before.left_out.items()
                if not (new.from_date or "") <= day <= (new.to_date or "")
            },
            **new.left_out,
        },
    )
