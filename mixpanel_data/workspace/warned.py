"""Answers carry the warnings of the call that gave them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, TypeVar

from mixpanel_data.exceptions import listening

T = TypeVar("T")


def answers_carry_warnings(section: type[T]) -> type[T]:
    """Have each method that returns a result put what it warned of into `result.warnings`.

    Whoever reads the answer later, or in another program, is told what stderr was told.
    """
    for name, method in list(vars(section).items()):
        returned = str(getattr(method, "__annotations__", {}).get("return", ""))
        if returned.endswith("Result") and not name.startswith("_"):
            setattr(section, name, _carrying(method))
    return section


def _carrying(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(*args: Any, **options: Any) -> Any:
        said: list[str] = []
        with listening(said.append):
            answer = method(*args, **options)
        if said and hasattr(answer, "warnings"):
            return replace(answer, warnings=tuple(dict.fromkeys(said)))
        return answer

    return call
