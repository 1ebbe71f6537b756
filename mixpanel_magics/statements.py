"""What the text of SQL says before DuckDB reads it: its parameters, and how many statements it is."""

from __future__ import annotations

import re

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
    found, at = [], 0
    while piece := _PIECE.match(sql, at):
        at = piece.end()
        if piece["comment"]:
            at = _end_of_comment(sql, at)
        found.append("''" if piece["text"] else piece["code"] or " ")
    return "".join(found)


def parameters(sql: str) -> list[str]:
    """Names that are used as `$name`, in order; DuckDB does not tell `$a` from `$A`."""
    names: dict[str, str] = {}
    for name in _PARAMETER.findall(bare(sql)):
        names.setdefault(name.lower(), name)
    return list(names.values())


def can_be_explained(sql: str) -> bool:
    """True for one statement that EXPLAIN would not run."""
    code = bare(sql)
    return sum(bool(part.strip()) for part in code.split(";")) == 1 and not _ANALYZES.match(code)


def _end_of_comment(sql: str, at: int) -> int:
    depth = 1
    while depth and (mark := re.compile(r"/\*|\*/").search(sql, at)):
        depth += 1 if mark.group() == "/*" else -1
        at = mark.end()
    return at if depth == 0 else len(sql)
