"""The offline documentation: public names and pages, to search and to read.

Names are parsed from the source, not imported, so a search is quick and needs no extra.
"""

from __future__ import annotations

from mixpanel_data.help_index import names, pages
from mixpanel_data.help_index.entries import Entry, search
from mixpanel_data.help_index.names import public_names
from mixpanel_data.help_index.pages import sections

__all__ = ["Entry", "public_names", "read", "search", "sections"]


def read(where: str) -> str | None:
    """Return the full text of a name, a page or a section, or None if there is none."""
    return pages.read(where) or names.read(where)
