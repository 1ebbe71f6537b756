"""From text to syntax tree."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

from mixpanel_data._internal.expressions import nodes
from mixpanel_data._internal.expressions.errors import ExpressionSyntaxError
from mixpanel_data._internal.expressions.functions import FUNCTIONS
from mixpanel_data._internal.expressions.nodes import Node

if TYPE_CHECKING:
    from lark import Lark, Token, Tree
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken


# -- The grammar of contract 13.1, for Lark's LALR parser, and its tables, built once -------------

GRAMMAR = r"""
?start: either
?either: both (_OR both)*
?both: negation (_AND negation)*
?negation: _NOT negation                    -> negated
         | comparison
?comparison: sum
           | sum COMPARE sum                -> compared
           | sum IN sum                     -> compared
           | sum _NOT IN sum                -> excluded
?sum: product
    | sum (PLUS | MINUS) product            -> arithmetic
?product: unary
        | product (STAR | SLASH | PERCENT) unary -> arithmetic
?unary: MINUS unary                         -> negative
      | primary
?primary: NUMBER                            -> number
        | STRING                            -> string
        | NAME                              -> name
        | NAME LSQB STRING _RSQB            -> access
        | NAME _LPAR [either (_COMMA either)*] _RPAR -> call
        | LSQB [either (_COMMA either)*] _RSQB -> listed
        | _LPAR either _RPAR

_OR.2: /(?:or|OR)\b/
_AND.2: /(?:and|AND)\b/
_NOT.2: /(?:not|NOT)\b/
IN.2: /in\b/
NAME: /[A-Za-z_]\w*/
NUMBER: /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?!\w)/
STRING: /"[^"\\]*(?:\\.[^"\\]*)*"|'[^'\\]*(?:\\.[^'\\]*)*'/s
COMPARE: /[=!<>]=|[=<>]/
PLUS: "+"
MINUS: "-"
STAR: "*"
SLASH: "/"
PERCENT: "%"
LSQB: "["
_RSQB: "]"
_LPAR: "("
_RPAR: ")"
_COMMA: ","
%ignore /\s+/
"""


@functools.cache
def grammar() -> Lark:
    """The parser; importing Lark and building its tables waits for the first expression."""
    from lark import Lark

    return Lark(
        GRAMMAR, parser="lalr", lexer="basic", maybe_placeholders=False, propagate_positions=True
    )


# -- Text to tree, with errors that point at the place --------------------------------------------

Dialect = Literal["event", "profile"]

MAX_DEPTH = 100
"""Levels of nesting that a tree may have, far below what Python's stack bears."""

MAX_DIGITS = 300
"""Longer integers are read as doubles, which end at 1.8e308."""

SOURCES: tuple[str, ...] = get_args(nodes.Source)
WORDS: dict[str, Node] = {
    "true": nodes.Boolean(True),
    "false": nodes.Boolean(False),
    "null": nodes.Null(),
    "undefined": nodes.Undefined(),
}
RESERVED = {
    *WORDS,
    *SOURCES,
    *FUNCTIONS,
    "any",
    "NOW",
    "and",
    "AND",
    "or",
    "OR",
    "not",
    "NOT",
    "in",
}
"""Names that mean something, so that no `any()` can give them to its items."""

_FOREIGN = {"&": "and", "|": "or", "!": "not", "^": "and, or, not", "~": "not"}
_DOTTED = re.compile(rf"\b({'|'.join(SOURCES)})\s*\Z")
_ESCAPE = re.compile(r"""\\([\\"'])""")


def parse(text: str, dialect: Dialect = "event") -> Node:
    r"""The tree of an expression; `dialect` "profile" is the smaller grammar of /engage.

    >>> str(parse("properties['plan']='pro' AND not user[\"$email\"] in [\"a\",1]"))
    'properties["plan"] == "pro" and not user["$email"] in ["a", 1]'
    """
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    try:
        tree = grammar().parse(text)
    except UnexpectedToken as error:
        raise _unexpected_token(error, text) from None
    except UnexpectedCharacters as error:
        raise _unexpected_character(error, text) from None
    return _Reader(text, dialect).read(tree)


class _Reader:
    """Lark's tree to ours, and the checks that no context-free grammar can make."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        self.text = text
        self.dialect = dialect
        self.depth = 0
        self.position = 0
        self.variables: tuple[str, ...] = ()

    def read(self, tree: Tree[Token]) -> Node:
        """One level down; the position of the last token read tells where it got too deep."""
        if self.depth == MAX_DEPTH:
            raise self.error(
                f"nested more than {MAX_DEPTH} levels deep",
                self.position,
                hint='write long alternatives as a list: properties["x"] in ["a", "b"]',
            )
        self.depth += 1
        node = _READERS[tree.data](self, *tree.children)
        self.depth -= 1
        return replace(node, position=tree.meta.start_pos)

    def error(self, reason: str, at: Token | int, hint: str | None = None) -> ExpressionSyntaxError:
        position = at if isinstance(at, int) else at.start_pos or 0
        return ExpressionSyntaxError(reason, self.text, position, hint=hint)

    def only_events(self, what: str, at: Token) -> None:
        if self.dialect == "profile":
            raise self.error(
                f"expected an expression that profile queries know; {what} is not one",
                at,
                hint="profiles know: == != < <= > >= in and or not + - "
                "defined() number() string() list() datetime() NOW",
            )

    def either(self, *operands: Tree[Token]) -> Node:
        return nodes.Or(tuple(map(self.read, operands)))

    def both(self, *operands: Tree[Token]) -> Node:
        return nodes.And(tuple(map(self.read, operands)))

    def negated(self, operand: Tree[Token]) -> Node:
        return nodes.Not(self.read(operand))

    def compared(self, left: Tree[Token], operator: Token, right: Tree[Token]) -> Node:
        sign = "==" if operator == "=" else str(operator)
        return nodes.Compare(cast("nodes.Comparison", sign), self.read(left), self.read(right))

    def excluded(self, left: Tree[Token], _in: Token, right: Tree[Token]) -> Node:
        return nodes.Compare("not in", self.read(left), self.read(right))

    def arithmetic(self, left: Tree[Token], operator: Token, right: Tree[Token]) -> Node:
        if operator in ("*", "/", "%"):
            self.only_events(f'"{operator}"', operator)
        elif self.dialect == "profile" and operator == "-":
            # There, Mixpanel reads "-604800" as one number wherever it stands.
            follows = self.text[(operator.end_pos or 0) :][:1]
            if follows.isdigit() or follows == ".":
                raise self.error(
                    "expected an operator, found a negative number",
                    operator,
                    hint="profile expressions need blanks around a minus: NOW - 604800",
                )
        sign = cast("nodes.Operation", str(operator))
        return nodes.Arithmetic(sign, self.read(left), self.read(right))

    def negative(self, _minus: Token, operand: Tree[Token]) -> Node:
        return nodes.Negate(self.read(operand))

    def number(self, token: Token) -> Node:
        self.position = token.start_pos or 0
        exact = token.isdigit() and len(token) <= MAX_DIGITS
        value = int(token) if exact else float(token)
        if value == float("inf"):
            raise self.error("expected a number below 1e308", token)
        return nodes.Number(value)

    def string(self, token: Token) -> Node:
        self.position = token.start_pos or 0
        return nodes.String(_unquoted(token))

    def name(self, word: Token) -> Node:
        self.position = word.start_pos or 0
        if word in self.variables:
            return nodes.Variable(str(word))
        if word in WORDS:
            return WORDS[word]
        if word == "NOW":
            if self.dialect == "event":
                raise self.error("expected a value; NOW is only known in profile queries", word)
            return nodes.Now()
        if word in FUNCTIONS or word == "any":
            raise self.error(f'expected "(" after {word}', (word.end_pos or 0))
        raise self.error(
            f"expected a value, found the bare name {str(word)!r}",
            word,
            hint=f'a property is written properties["{word}"], a text "{word}"',
        )

    def access(self, source: Token, _bracket: Token, name: Token) -> Node:
        self.position = name.start_pos or 0
        if source not in SOURCES:
            raise self.error(
                f"expected properties, user, event or behaviors, found {str(source)!r}",
                source,
                hint=_near(source, SOURCES),
            )
        return nodes.Property(cast("nodes.Source", str(source)), _unquoted(name))

    def listed(self, _bracket: Token, *items: Tree[Token]) -> Node:
        return nodes.ListOf(tuple(map(self.read, items)))

    def call(self, name: Token, *arguments: Tree[Token]) -> Node:
        self.position = name.start_pos or 0
        if name == "any":
            return self.any_item(name, *arguments)
        function = FUNCTIONS.get(name)
        if function is None:
            known = sorted([*FUNCTIONS, "any"])
            raise self.error(
                f"expected a function, found {str(name)!r}",
                name,
                hint=_near(name, known) or f"functions are: {', '.join(known)}",
            )
        if not function.profiles:
            self.only_events(f"{name}()", name)
        if not function.least <= len(arguments) <= function.most:
            takes = " or ".join(map(str, sorted({function.least, function.most})))
            plural = "" if takes == "1" else "s"
            raise self.error(
                f"expected {takes} argument{plural} for {name}(), found {len(arguments)}", name
            )
        return nodes.Call(str(name), tuple(map(self.read, arguments)))

    def any_item(self, name: Token, *arguments: Tree[Token]) -> Node:
        self.only_events("any()", name)
        if (
            len(arguments) != 3
            or arguments[0].data != "name"
            or str(arguments[0].children[0]) in RESERVED
        ):
            raise self.error(
                "expected any(NAME, LIST, CONDITION)",
                name,
                hint='any(X, properties["tags"], X == "new")',
            )
        variable = str(arguments[0].children[0])
        items = self.read(arguments[1])
        outer, self.variables = self.variables, (*self.variables, variable)
        condition = self.read(arguments[2])
        self.variables = outer
        return nodes.AnyItem(variable, items, condition)


_READERS: dict[str, Callable[..., Node]] = {
    "access": _Reader.access,
    "arithmetic": _Reader.arithmetic,
    "both": _Reader.both,
    "call": _Reader.call,
    "compared": _Reader.compared,
    "either": _Reader.either,
    "excluded": _Reader.excluded,
    "listed": _Reader.listed,
    "name": _Reader.name,
    "negated": _Reader.negated,
    "negative": _Reader.negative,
    "number": _Reader.number,
    "string": _Reader.string,
}
"""The rules and aliases of `grammar.GRAMMAR` that reach a tree."""


def _unquoted(token: str) -> str:
    return _ESCAPE.sub(r"\1", token[1:-1])


def _near(name: str, known: tuple[str, ...] | list[str]) -> str | None:
    match = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {match[0]}?" if match else None


def _unexpected_token(error: UnexpectedToken, text: str) -> ExpressionSyntaxError:
    token: Any = error.token
    at_end = token.type == "$END"
    position = len(text) if at_end else token.start_pos
    found = "found the end" if at_end else f"found {_clipped(str(token))}"
    hint = None
    if token.type == "COMPARE" and "_OR" in error.accepts:
        hint = "comparisons can't be chained: write a < b and b < c"
    elif "STRING" in error.accepts and "NUMBER" not in error.accepts:
        name = "country" if at_end else str(token)
        hint = f'the name of a property stands in quotes, as in properties["{name}"]'
    return ExpressionSyntaxError(
        f"expected {_wanted(error.accepts)}, {found}",
        text,
        position,
        hint=hint,
    )


def _wanted(accepted: set[str]) -> str:
    if "NUMBER" in accepted:
        return 'a value or "]"' if "_RSQB" in accepted else "a value"
    signs = {"_RPAR": '")"', "_RSQB": '"]"', "_COMMA": '","', "STRING": "a name in quotes"}
    wanted = [sign for name, sign in signs.items() if name in accepted]
    if "_OR" in accepted:
        wanted.insert(0, "an operator")
    return " or ".join(wanted) or ('"in"' if "IN" in accepted else "the end")


def _unexpected_character(error: UnexpectedCharacters, text: str) -> ExpressionSyntaxError:
    position: int = error.pos_in_stream  # type: ignore[assignment]  # Lark's stub says None
    character = text[position]
    if character in "\"'":
        return ExpressionSyntaxError(f"expected a closing {character}", text, position)
    dotted = _DOTTED.search(text[:position]) if character == "." else None
    if dotted is not None:
        name = re.match(r"[\w$]*", text[position + 1 :])
        return ExpressionSyntaxError(
            f"expected an operator, found '.' after {dotted[1]}",
            text,
            position,
            hint=f'write {dotted[1]}["{name[0] if name else ""}"]',
        )
    if character.isdigit() or character == ".":
        return ExpressionSyntaxError("expected a number", text, position)
    instead = _FOREIGN.get(character)
    return ExpressionSyntaxError(
        f"expected an expression, found {character!r}",
        text,
        position,
        hint=f"write {instead}" if instead else None,
    )


def _clipped(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")
