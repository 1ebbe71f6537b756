"""Values as text: compact JSON, and CSV."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from io import StringIO
from typing import Any

Row = Mapping[str, Any]

_UNSAFE_IN_JSON = re.compile(r"[\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def to_json(value: object) -> str:
    """Without blanks; rows have each a line of their own, as those of `mp sql`."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return f"{compact(value)}\n"
    rows = ",\n".join(map(compact, value))
    return f"[{rows}]\n"


def to_csv(rows: Sequence[Row], headings: Sequence[str] = ()) -> str:
    """A header and RFC 4180 quoting; a nested value is JSON, a missing one is empty.

    `headings` are for no rows, which have none.
    """
    import csv

    names = list(rows[0]) if rows else headings
    if not names:
        return ""
    file = StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(names)
    writer.writerows([cell(value) for value in row.values()] for row in rows)
    return file.getvalue()


def cell(value: Any) -> str:
    """A value in a cell: text as it is, anything else as JSON."""
    if value is None:
        return ""
    is_json = isinstance(value, bool | int | float | list | tuple | dict)
    return compact(value) if is_json else str(value)


def compact(value: object) -> str:
    """Compact JSON in UTF-8, every digit of a number included; what is not finite is null."""
    try:
        dumped = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        dumped = _exactly(value)
    return safe_json(dumped)


def safe_json(dumped: str) -> str:
    """JSON in which what no terminal or encoder should see is escaped."""
    return _UNSAFE_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", dumped)


def _exactly(value: object) -> str:
    """JSON of what the standard library can't spell: decimals, NaN, dates."""
    if isinstance(value, Mapping):
        pairs = (
            f"{json.dumps(str(k), ensure_ascii=False)}:{_exactly(v)}" for k, v in value.items()
        )
        return f"{{{','.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{','.join(map(_exactly, value))}]"
    if isinstance(value, float | Decimal):
        return str(value) if math.isfinite(value) else "null"
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    return json.dumps(str(value), ensure_ascii=False)
