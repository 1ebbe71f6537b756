"""The grammar of contract 13.1, for Lark's LALR parser, and its tables, built once."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lark import Lark

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
