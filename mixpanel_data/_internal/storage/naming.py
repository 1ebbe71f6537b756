"""Names that tables of the library's own have, which no fetched table may take."""

from __future__ import annotations

from mixpanel_data._internal.storage import inventory, metadata
from mixpanel_data._internal.storage.flat import catalog
from mixpanel_data._internal.storage.sharing import Connection
from mixpanel_data.exceptions import InvalidArgumentError, TableExistsError, command


def check(connection: Connection, name: str, *, flat: bool) -> None:
    """Raise unless a fetched table may have this name; with `flat`, and its flat table too.

    A table that was fetched under such a name before they were reserved stays usable.
    """
    folded = name.lower()
    if not name or folded.startswith("_"):
        raise InvalidArgumentError(
            f"a table can't be named {name!r}",
            hint="names can't be empty or start with _, which is reserved for the catalog",
        )
    flats = catalog.flattened_tables(connection)
    is_flat = folded in flats
    if is_flat or (folded.endswith(catalog.SUFFIX) and folded not in metadata.read(connection)):
        base = flats.get(folded, name[: -len(catalog.SUFFIX)])
        what = f"is the flat table of {base!r}" if is_flat else "is reserved for a flat table"
        builds = f"; {command('flatten', base)} builds that table" if is_flat else ""
        raise InvalidArgumentError(
            f"a fetched table can't be named {name!r}: it {what}",
            hint=f"choose a name that doesn't end in {catalog.SUFFIX}{builds}",
        )
    companion = catalog.flat_name(name)
    if flat and companion.lower() not in flats and inventory.exists(connection, companion):
        raise TableExistsError(
            companion,
            hint=f"it has the name of the flat table of {name!r}: drop it, or fetch with --no-flat",
        )
