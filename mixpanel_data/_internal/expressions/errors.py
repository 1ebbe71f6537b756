"""What is wrong with an expression: its text, or a value that its text can't take."""

from __future__ import annotations

from mixpanel_data.exceptions import InvalidArgumentError

SHOWN = 100
"""Characters of the expression that a message shows, around the place at fault."""


class ExpressionSyntaxError(InvalidArgumentError):
    """The text is no expression; `position` counts characters from 0.

    The message is what was expected, then the line at fault, then a pointer to the place.
    """

    def __init__(self, reason: str, text: str, position: int, *, hint: str | None = None) -> None:
        super().__init__(f"{reason}\n{_pointer(text, position)}", hint=hint)
        self.reason = reason
        self.text = text
        self.position = position


class ExpressionTypeError(InvalidArgumentError):
    """A value has a type that its operator refuses, where others only give undefined."""


def _pointer(text: str, position: int) -> str:
    start = text.rfind("\n", 0, position) + 1
    line = text[start:].split("\n", 1)[0]
    column = min(position - start, len(line))
    cut = max(0, column - SHOWN // 2)
    before = "…" if cut else ""
    after = "…" if len(line) > cut + SHOWN else ""
    shown = "".join(c if c.isprintable() else " " for c in line[cut : cut + SHOWN])
    return f"  {before}{shown}{after}\n  {' ' * (len(before) + column - cut)}^"
