"""Methods that ask a question: their arguments, checks and docstrings are those of the question."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, Generic, Literal, ParamSpec, TypeVar, cast

from mixpanel_data._keywords import complaint

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mixpanel_data.queries import EventsFetch, Question
    from mixpanel_data.types import FetchPlan

P = ParamSpec("P")
A = TypeVar("A")

Verb = Literal["ask", "explain", "fetch", "plan", "stream"]
"""The method that gets the question."""


def asks(kind: Callable[[], Callable[P, Question[A]]]) -> Callable[Concatenate[Any, P], A]:
    """A method that gives a question of this kind to `ask`, and returns its answer.

    It is `lambda: Kind`, so that a class with many of them loads no question before one is asked.
    """
    return cast("Callable[Concatenate[Any, P], A]", _Method(kind, "ask"))


def explains(kind: Callable[[], Callable[P, Question[Any]]]) -> Callable[Concatenate[Any, P], str]:
    """A method that gives a question of this kind to `explain`, and returns its SQL."""
    return cast("Callable[Concatenate[Any, P], str]", _Method(kind, "explain"))


def fetches(kind: Callable[[], Callable[P, Question[A]]]) -> Callable[Concatenate[Any, P], A]:
    """A method that gives a fetch of this kind to `fetch`, and returns its result."""
    return cast("Callable[Concatenate[Any, P], A]", _Method(kind, "fetch"))


def plans(
    kind: Callable[[], Callable[P, EventsFetch]],
) -> Callable[Concatenate[Any, P], FetchPlan]:
    """A method that gives a fetch of this kind to `plan`, and returns what it would cost."""
    return cast("Callable[Concatenate[Any, P], FetchPlan]", _Method(kind, "plan"))


def streams(
    kind: Callable[[], Callable[P, Question[Iterator[dict[str, Any]]]]],
) -> Callable[Concatenate[Any, P], Iterator[dict[str, Any]]]:
    """A method that gives a question of this kind to `stream`, and returns an iterator."""
    return cast("Callable[Concatenate[Any, P], Iterator[dict[str, Any]]]", _Method(kind, "stream"))


class _Method(Generic[A]):
    """Builds the method when it is first looked up: `help` and editors see a plain function."""

    def __init__(self, kind: Callable[[], Any], verb: Verb) -> None:
        self._kind = kind
        self._verb = verb

    def __set_name__(self, owner: type, name: str) -> None:
        self._owner, self._name = owner, name

    def __get__(self, instance: object | None, owner: type) -> Callable[..., A]:
        found: Callable[..., A] = self._function.__get__(instance, owner)
        return found

    @functools.cached_property
    def _function(self) -> Any:
        from mixpanel_data.queries.faces import docstring, signature_of

        kind, verb = self._kind(), self._verb
        signature = signature_of(kind)
        where = f"{self._owner.__qualname__}.{self._name}"

        def method(*args: Any, **keywords: Any) -> A:
            if not signature.parameters.keys() >= keywords.keys():
                raise TypeError(complaint(where, keywords, signature.parameters))
            self, *given = args
            found: A = getattr(self, verb)(self._question(kind, given, keywords))
            return found

        method.__name__, method.__qualname__ = self._name, where
        method.__module__ = self._owner.__module__
        method.__doc__ = docstring(kind)
        vars(method).update(__signature__=signature, question=kind)
        return method
