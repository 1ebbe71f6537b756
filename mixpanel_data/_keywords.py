"""Unknown keywords are refused as Python 3.13 does: the TypeError suggests the nearest name."""

from __future__ import annotations

import functools
import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeVar

    T = TypeVar("T")


_CHECKED = "_checks_keywords"


def checked_keywords(*, options: type | None = None) -> Callable[[T], T]:
    """Decorate a function, or a class with its bases, so that unknown keywords are refused.

    `options` is the TypedDict of its `**keywords`; Python itself takes any name for those. A
    function with `**keywords` but without `options` hands them on, and is left alone.
    """
    extra = frozenset(options.__annotations__ if options else ())

    def decorate(subject: T) -> T:
        if isinstance(subject, type):
            _check_class(subject, extra)
            return subject
        return _checked(subject, extra)  # type: ignore[arg-type,return-value]

    return decorate


def _check_class(cls: type, extra: frozenset[str]) -> None:
    """Wrap the public methods where they are defined, so that `super()` finds them, too."""
    package = __name__.partition(".")[0]
    for base in cls.__mro__:
        if base.__module__.partition(".")[0] != package:
            continue
        for name, member in list(vars(base).items()):
            if name.startswith("_") and name != "__init__":
                continue
            if isinstance(member, classmethod | staticmethod):
                kind = type(member)
                setattr(base, name, kind(_checked(member.__func__, extra)))
            elif inspect.isfunction(member):
                setattr(base, name, _checked(member, extra))


def _checked(function: Callable[..., Any], extra: frozenset[str]) -> Callable[..., Any]:
    code = inspect.unwrap(function).__code__
    takes_any = bool(code.co_flags & inspect.CO_VARKEYWORDS)
    if hasattr(function, _CHECKED) or (takes_any and not extra):
        return function
    named = code.co_varnames[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount]
    known = frozenset(named) | (extra if takes_any else frozenset())

    @functools.wraps(function)
    def call(*args: Any, **keywords: Any) -> Any:
        if not known.issuperset(keywords):
            raise TypeError(complaint(function.__qualname__, keywords, known))
        return function(*args, **keywords)

    setattr(call, _CHECKED, True)
    return call


def complaint(function: str, keywords: Iterable[str], known: Iterable[str]) -> str:
    """The message for the first keyword that is not known."""
    import difflib  # for mistakes alone

    known = set(known)
    unknown = next(name for name in keywords if name not in known)
    text = f"{function}() got an unexpected keyword argument {unknown!r}"
    public = sorted(name for name in known if name not in {"self", "cls"} and name[0] != "_")
    match = difflib.get_close_matches(unknown, public, n=1)
    if match:
        return f"{text}. Did you mean {match[0]!r}?"
    return f"{text}; it takes {', '.join(public)}" if public else text
