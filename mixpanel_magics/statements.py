"""What the text of SQL says before DuckDB reads it: its parameters, and how many statements it is."""

from __future__ import annotations

import re
from collections.abc import Iterator

_PIECE = re.compile(
    r"""
      --[^\r\n]*                              # a comment
    | (?P<comment>/\*)                        # one that may hold others
    | (?P<text>
          [eE]'(?:[^'\\]|\\.|'')*'            # text with escapes
        | '(?:[^']|'')*'
        | "(?:[^"]|"")*"                      # a quoted name
        | (?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag)
      )
    | (?P<code>[^\W\d][\w$]*|.)               # a word may have a dollar sign in it
    """,
    re.DOTALL | re.VERBOSE,
)
_PARAMETER = re.compile(r"(?<![\w$])\$([^\W\d]\w*)")
_ANALYZES = re.compile(r"[\s(]*analy[sz]e\b", re.IGNORECASE)


def bare(sql: str) -> str:
    """SQL with a blank for each comment, and nothing between quotes.

    >>> bare("SELECT '$a', $b -- $c")
    "SELECT '', $b  "
    """
    return "".join(_bare(piece) for piece, _ in _matches(sql))


def parameters(sql: str) -> list[str]:
    """Names that are used as `$name`, in order; DuckDB does not tell `$a` from `$A`."""
    names: dict[str, str] = {}
    for name in _PARAMETER.findall(bare(sql)):
        names.setdefault(name.lower(), name)
    return list(names.values())


def count(sql: str) -> int:
    r"""How many statements there are.

    >>> count("SELECT 1; -- and;\n;")
    1
    """
    return sum(bool(part.strip()) for part in bare(sql).split(";"))


def without_end(sql: str) -> str:
    """One statement without the semicolons after it, and what follows these.

    >>> without_end("SELECT ';' AS x; -- that is all")
    "SELECT ';' AS x"
    """
    for piece, end in _matches(sql):
        if piece["code"] == ";":
            return sql[: end - 1].rstrip()
    return sql.rstrip()


def can_be_explained(sql: str) -> bool:
    """True for one statement that EXPLAIN would not run."""
    return count(sql) == 1 and not _ANALYZES.match(bare(sql))


def _matches(sql: str) -> Iterator[tuple[re.Match[str], int]]:
    """The pieces, each with the place where it ends."""
    at = 0
    while piece := _PIECE.match(sql, at):
        at = _end_of_comment(sql, piece.end()) if piece["comment"] else piece.end()
        yield piece, at


def _bare(piece: re.Match[str]) -> str:
    return "''" if piece["text"] else piece["code"] or " "


def _end_of_comment(sql: str, at: int) -> int:
    depth = 1
    while depth and (mark := re.compile(r"/\*|\*/").search(sql, at)):
        depth += 1 if mark.group() == "/*" else -1
        at = mark.end()
    return at if depth == 0 else len(sql)
