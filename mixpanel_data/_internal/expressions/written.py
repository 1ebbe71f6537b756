"""Text of expressions as people write it: bare names of properties, and mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from mixpanel_data._internal.expressions.functions import property_expression, quoted
from mixpanel_data.exceptions import InvalidArgumentError

if TYPE_CHECKING:
    from mixpanel_data._internal.expressions.nodes import Source

_COMPARISON = re.compile(r"[=<>]")
_DOTTED_IN_CALL = re.compile(r"\(\s*(?:properties|user|event)\.")
_STRING = re.compile(r"""("[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*')""", re.DOTALL)
_DOTS = re.compile(r"\b(properties|user|event)\.([\w$]+)")
_PIECE = re.compile(
    r"""
      "[^"\\]*(?:\\.[^"\\]*)*" | '[^'\\]*(?:\\.[^'\\]*)*'
    | (?P<source>properties|user|event)\.(?P<name>[^\s"'()\[\]=<>!,]+)
    | [=!<>]= | <> | && | \|\| | \w+(?=\s*\() | (?:and|or|not|in|AND|OR|NOT)\b
    | (?P<words>[^\s"'()\[\]=<>!,&|+*/%]+(?:\s+(?!(?:and|or|not|in|AND|OR|NOT)\b)[^\s"'()\[\]=<>!,&|+*/%]+)*)
    | .
    """,
    re.DOTALL | re.VERBOSE,
)
_COMPARING = {"=": "==", "<>": "!=", **{it: it for it in ("==", "!=", "<=", ">=", "<", ">", "in")}}
_AS_WORDS = {"&&": "and", "||": "or"}
_ENDS = {"and", "or", "AND", "OR", "&&", "||"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_BEGUN = re.compile(r"(?:[-+*/%=<>!,]|\b(?:and|AND|or|OR|not|NOT|in))\s*\Z")
_BRACKETS = {")": "(", "]": "["}
_DOTTED = re.compile(r"(properties|user|event)\.([^\s\"'()=<>]+)")
_ACCESS = re.compile(r"""(?:properties|user|event|behaviors)\s*\[\s*["']""")
_BEGUN_ACCESS = re.compile(r"\b(?:properties|user|event|behaviors)\s*\[")


def is_bare(text: str) -> bool:
    """Whether Mixpanel's own clients would take the text for a name: nothing in it is accessed.

    >>> is_bare("country"), is_bare('user["plan"] == "pro"')
    (True, False)
    """
    return _ACCESS.search(text) is None


def as_expression(text: str) -> str:
    """What people write, as the expression it stands for: names become accesses.

    Mistakes are refused: a comparison without an access, an access that is not one (`user[1]`), a
    bracket that is left open (`amount[`) or a text in quotes would find nothing as the name of a
    property, and what no grammar takes is not sent. All else is for Mixpanel to judge.

    >>> as_expression("country"), as_expression("user.plan")
    ('properties["country"]', 'user["plan"]')
    """
    has_access = not is_bare(text)
    if has_access or _BEGUN_ACCESS.search(text):
        if not has_access or _is_surely_wrong(text):
            from mixpanel_data._internal.expressions.parser import parse

            parse(text)  # which says what is wrong, and where
        return text
    dotted = _DOTTED.fullmatch(text)
    if dotted is not None:
        return property_expression(dotted[2], cast("Source", dotted[1]))
    if _COMPARISON.search(text) or _DOTTED_IN_CALL.search(text):
        raise InvalidArgumentError(
            f"the expression reads no property: {text}", hint=_hint_with_accesses(text)
        )
    named = property_expression(text)
    if text.startswith(('"', "'")) or not _is_balanced(text):
        raise InvalidArgumentError(
            f"neither an expression nor the name of a property: {text}",
            hint=f"if a property is called that, write {named}",
        )
    return named


def _is_surely_wrong(text: str) -> bool:
    """Whether a quote or bracket is left open, an operand at the end, or a property after a dot.

    >>> _is_surely_wrong('user["a" == 1'), _is_surely_wrong('user["a"] =='), _is_surely_wrong('user["["]')
    (True, True, False)
    """
    rest = '""'.join(_STRING.split(text)[::2])
    open_quote = "'" in rest or rest.count('"') % 2
    return bool(not _is_balanced(rest) or open_quote or _BEGUN.search(rest) or _DOTS.search(rest))


def _is_balanced(text: str) -> bool:
    """Whether each bracket is closed by its like, and none that was not opened."""
    opened = []
    for sign in text:
        if sign in "([":
            opened.append(sign)
        elif sign in _BRACKETS and (not opened or opened.pop() != _BRACKETS[sign]):
            return False
    return not opened


def _hint_with_accesses(text: str) -> str:
    """The same with names as accesses and values as texts, where that can be guessed.

    >>> _hint_with_accesses('user.plan == "a.b"'), _hint_with_accesses("platform = iOS")
    ('write user["plan"] == "a.b"', 'write properties["platform"] == "iOS"')
    """
    from mixpanel_data._internal.expressions.errors import ExpressionSyntaxError
    from mixpanel_data._internal.expressions.parser import parse

    meant = "".join(_meant(text))
    try:
        parse(meant)
    except ExpressionSyntaxError:
        meant = ""
    if is_bare(meant):
        return 'write a property as properties["country"], such as properties["country"] == "US"'
    return f"write {meant}"


def _meant(text: str) -> Iterator[str]:
    """The pieces of a text as its language has them: a bare name is a text after a comparison."""
    from mixpanel_data._internal.expressions.parser import RESERVED

    is_value = False
    for piece in _PIECE.finditer(text):
        word = piece.group()
        if word in _ENDS:
            is_value = False
        if word in _COMPARING:
            is_value = True
            yield _COMPARING[word]
        elif piece["source"]:
            yield property_expression(piece["name"], cast("Source", piece["source"]))
        elif piece["words"] is None or word in RESERVED or (is_value and _NUMBER.fullmatch(word)):
            yield _AS_WORDS.get(word, word)
        elif is_value:
            yield quoted(word)
        else:
            yield property_expression(word)


def event_properties(text: str | None) -> list[str]:
    """The names of all properties of events that an expression reads.

    >>> event_properties('properties["a"] > 1 and user["b"] == 2'), event_properties("country")
    (['a'], ['country'])
    """
    if text is None:
        return []
    from mixpanel_data._internal.expressions import nodes, parse

    found = nodes.walk(parse(as_expression(text)))
    return [it.name for it in found if isinstance(it, nodes.Property) and it.source != "user"]


def event_property(text: str) -> str | None:
    """The name of the event property that the text alone stands for; None if it is more.

    >>> event_property("country"), event_property("properties.country"), event_property("user.a")
    ('country', 'country', None)
    """
    if not is_bare(text):
        return None
    dotted = _DOTTED.fullmatch(text)
    if dotted is None:
        return text
    return dotted[2] if dotted[1] == "properties" else None
