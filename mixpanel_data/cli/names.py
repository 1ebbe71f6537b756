"""Lists of names on the command line."""

from __future__ import annotations

import csv
from collections.abc import Iterable

from mixpanel_data.exceptions import InvalidArgumentError


def split(values: Iterable[str], option: str) -> list[str]:
    """Names from comma-separated lists, quoted as in CSV."""
    try:
        rows = list(csv.reader(values, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise InvalidArgumentError(
            f"{option}: {error}",
            hint=f"""a name with a comma goes in double quotes: {option} '"Hello, world",Login'""",
        ) from error
    names = [name.strip() for row in rows for name in row]
    if not names or not all(names):
        raise InvalidArgumentError(
            f"{option} is empty, or names an empty one", hint=f"{option} A,B"
        )
    return names
