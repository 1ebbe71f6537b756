"""Which property a JSON path of `->>` names, by DuckDB's rules."""

from __future__ import annotations

import re

# DuckDB takes an escape in quotes, a wildcard and an index too: such paths are left to it.
_PATH = re.compile(r'\$\.(?:"([^"\\*\0]+)"|([^."\\*\[\]\0]+))')
_POINTER = re.compile(r"/([^/~\0]+)")
_KEY = re.compile(r'[^$/"\\*\0][^"\\*\0]*')
_INDEX = re.compile(r"[0-9]+|-")


def property_of(path: str) -> str | None:
    """The top-level property that a path means and nothing else; None where it may mean more.

    >>> property_of("$.country"), property_of('$."a.b"'), property_of("/plan"), property_of("a.b")
    ('country', 'a.b', 'plan', 'a.b')
    >>> property_of("$.a.b"), property_of("$.*"), property_of("$"), property_of(""), property_of("/0")
    (None, None, None, None, None)
    """
    if found := _PATH.fullmatch(path):
        return found[1] or found[2]
    if found := _POINTER.fullmatch(path):
        # A pointer to a number may index a list.
        return None if _INDEX.fullmatch(found[1]) else found[1]
    return path if _KEY.fullmatch(path) else None
