"""Queries that read properties with `->>`, run on the typed columns of the flat table instead.

`analysis` finds what each reference of DuckDB's syntax tree means, `rewriting` puts flat tables
in the place of fetched ones, `planning` checks that against the database, `running` runs it.
"""

from mixpanel_data._internal.storage.acceleration.running import Acceleration

__all__ = ["Acceleration"]
