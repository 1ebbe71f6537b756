"""Bodies with lines that DuckDB's JSON reader refuses: written anew, or refused with their line."""

from __future__ import annotations

from pathlib import Path

from mixpanel_data._internal import lines


def repair_body(body: Path, repaired: Path) -> int:
    """Write the events of `body` as strict JSON to `repaired`; how many there are.

    Raises IncompleteExportError at the first line that is no event.
    """
    rows = 0
    with body.open("rb") as source, repaired.open("wb") as out:
        try:
            for line, is_strict in lines.records(source, lines.check):
                out.write(line if is_strict else lines.repaired(line))
                out.write(b"\n")  # a line more that is blank, where it had its end
                rows += 1
        except lines.NotAnEventError as error:
            raise lines.incomplete(error) from None
    return rows
