"""Bodies with lines that DuckDB's JSON reader refuses: written anew, or refused with their line."""

from __future__ import annotations

from pathlib import Path

from mixpanel_data._internal import lines


def repair_body(body: Path, repaired: Path, *, skip: bool = False) -> tuple[int, int]:
    """Write the events of `body` as strict JSON to `repaired`; how many, and how many lines were skipped.

    Raises IncompleteExportError at the first line that is no event, or with `skip`, where no line
    is one.
    """
    rows = 0
    skipped: list[lines.NotAnEventError] = []
    with body.open("rb") as source, repaired.open("wb") as out:
        try:
            for line, is_strict in lines.records(
                source, lines.check, skipped.append if skip else None
            ):
                out.write(line if is_strict else lines.repaired(line))
                out.write(b"\n")  # a line more that is blank, where it had its end
                rows += 1
        except lines.NotAnEventError as error:
            raise lines.incomplete(error) from None
    if skipped and not rows:
        raise lines.incomplete(skipped[0])
    return rows, len(skipped)
