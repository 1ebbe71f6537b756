"""Bodies with lines that DuckDB's JSON reader refuses: written anew, or refused with their line."""

from __future__ import annotations

from pathlib import Path

from mixpanel_data._internal import lines
from mixpanel_data.exceptions import IncompleteExportError

SHOWN = 200


def repair_body(body: Path, repaired: Path) -> int:
    """Write the events of `body` as strict JSON to `repaired`; how many there are.

    Raises IncompleteExportError at the first line that is no event.
    """
    rows = 0
    with body.open("rb") as source, repaired.open("wb") as out:
        for number, line in enumerate(source, start=1):
            if not line.strip():
                continue
            try:
                is_strict = lines.check(line)
            except lines.NotAnEventError as error:
                text = line[:SHOWN].decode("utf-8", errors="replace").strip()
                raise IncompleteExportError(str(error), rows=rows, line=number, text=text) from None
            out.write(line if is_strict else lines.repaired(line) + b"\n")
            rows += 1
    return rows
