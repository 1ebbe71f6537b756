"""The rows of a query in a file of their own, written in flat memory."""

from __future__ import annotations

import time
from typing import cast

from mixpanel_data._internal.storage.output import arrow
from mixpanel_data._internal.storage.output.copying import COPY_OPTIONS, Rewritten, copied
from mixpanel_data._internal.storage.output.destination import Destination
from mixpanel_data._internal.storage.output.select import Select, prepared
from mixpanel_data._internal.storage.output.spelling import to_columns, to_text
from mixpanel_data._internal.storage.session import Session
from mixpanel_data._internal.storage.sharing import Connection, retry_on_conflict
from mixpanel_data.formats import FileFormat, Format
from mixpanel_data.queries import Excerpt
from mixpanel_data.types import ExportResult


def export(
    session: Session,
    sql: str,
    destination: Destination,
    excerpt: Excerpt,
    *,
    overwrite: bool,
    rewritten: Rewritten,
) -> ExportResult:
    """Run `sql` and write the rows of its last statement, or an excerpt of them."""
    if destination.format is Format.ARROW:
        arrow.require()
    spell = to_text(destination.format) if destination.format.is_lines else to_columns
    started = time.monotonic()
    with destination.replaced(overwrite=overwrite) as part:

        def work(connection: Connection) -> int:
            select = prepared(connection, sql, None, excerpt, spell)

            def copy() -> int:
                return copied(
                    connection,
                    select,
                    str(part),
                    lambda select, target: _write(connection, select, target, destination),
                    rewritten,
                )

            return copy() if select.is_parked else retry_on_conflict(copy)

        rows = session.run(work)
        size = part.stat().st_size
    seconds = round(time.monotonic() - started, 3)
    return ExportResult(
        destination.path, cast("FileFormat", destination.format.value), rows, size, seconds
    )


def _write(connection: Connection, select: Select, target: str, destination: Destination) -> int:
    if destination.format is Format.ARROW:
        return arrow.write(connection, select, target)
    options = COPY_OPTIONS[destination.format]
    if destination.compression is not None:
        options += f", COMPRESSION {destination.compression}"
    return select.copy(connection, target, options)
