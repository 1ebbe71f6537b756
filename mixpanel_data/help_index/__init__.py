"""What the library says of itself, offline: its public names and its pages, to search and to read.

Nothing that it tells of is imported: names are read from the source, so that a search is quick and
needs no extra.
"""

from __future__ import annotations

from mixpanel_data.help_index import names, pages
from mixpanel_data.help_index.entries import Entry, Words
from mixpanel_data.help_index.names import public_names
from mixpanel_data.help_index.pages import sections

__all__ = ["Entry", "Words", "public_names", "read", "sections"]


def read(where: str) -> str | None:
    """The whole of a name, a page or a section that a search has found; None where none is."""
    return pages.read(where) or names.read(where)
