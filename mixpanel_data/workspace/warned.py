"""Answers carry the warnings of the call that gave them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from mixpanel_data.exceptions import listening

P = ParamSpec("P")
T = TypeVar("T")


def with_warnings(method: Callable[P, T]) -> Callable[P, T]:
    """Have a method put what it warned of into the `warnings` of the result that it returns.

    Who reads the answer later, or in another program, is told what stderr was told.
    """

    @wraps(method)
    def call(*args: P.args, **options: P.kwargs) -> T:
        said: list[str] = []
        with listening(said.append):
            answer: Any = method(*args, **options)
        if said and hasattr(answer, "warnings"):
            answer = replace(answer, warnings=tuple(dict.fromkeys(said)))
        return answer  # type: ignore[no-any-return]

    return call
