"""Words of a command line as values, without pydantic where there is but one way to read them.

Typer 0.29 makes even text of text with pydantic, whose import costs as much as Typer's own. What
is not plain goes Typer's way, which knows the odd cases and how to complain.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer

from mixpanel_data.exceptions import InvalidArgumentError
from mixpanel_data.text import whole

_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,14}")
_FRACTION = re.compile(r"(0|-?[1-9][0-9]{0,14})(\.[0-9]{1,14})?")
_ODD_PATHS = ("exists", "writable", "resolve_path", "allow_dash", "path_type")


class Coercion:
    """Answers for a parameter, in front of Typer's own coercion (a private class, hence Any)."""

    @classmethod
    def install(cls, param: Any) -> None:
        """Let `param` ask here first."""
        if not isinstance(param.get_runtime_param, cls):
            param.get_runtime_param = cls(param.get_runtime_param)

    def __init__(self, typers: Any) -> None:
        self._typers = typers

    def __call__(self) -> Coercion:
        """What takes the place of Typer's method."""
        return self

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value in the parameter's type."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        try:
            return self._coerced(value, param, ctx)
        except typer.BadParameter as error:
            if param.envvar is None or _source(param, ctx) != "ENVIRONMENT":
                raise
            told = "" if repr(value) in error.message else f"{value!r}: "
            raise typer.BadParameter(told + error.message, param_hint=param.envvar) from None

    def _coerced(self, value: Any, param: Any, ctx: Any) -> Any:
        descriptor = param.type_descriptor
        try:
            return plain(value, descriptor.annotation, descriptor.parameter_info)
        except _NotPlainError:
            return self._typers().coerce(value, param=param, ctx=ctx)


def _source(param: Any, ctx: Any) -> str:
    return str(getattr(ctx.get_parameter_source(param.name), "name", ""))


class _NotPlainError(Exception):
    """A value that needs a closer look."""


def plain(value: Any, kind: Any, info: Any) -> Any:
    """The value that Typer would make of it, too; raises where that is not plain."""
    if info.parser is not None:
        raise _NotPlainError
    if get_origin(kind) is list and isinstance(value, list | tuple):
        (item,) = get_args(kind)
        return [plain(part, item, info) for part in value]
    if get_origin(kind) is Literal and value in get_args(kind):
        return value
    if kind is str and isinstance(value, str):
        return _text(value)
    if kind is bool and isinstance(value, bool):
        return value
    if kind in {int, float}:
        return _number(value, kind, info)
    if kind is Path and isinstance(value, str):
        return _path(value, info)
    raise _NotPlainError


def _number(value: Any, kind: type[int | float], info: Any) -> int | float:
    shape = _WHOLE if kind is int else _FRACTION
    if not (type(value) is kind or (isinstance(value, str) and shape.fullmatch(value))):
        raise _NotPlainError
    number = kind(value)
    low = number if info.min is None else info.min
    high = number if info.max is None else info.max
    if not low <= number <= high:
        raise _NotPlainError
    return number


def _text(value: str) -> str:
    try:
        return whole(value, "it")
    except InvalidArgumentError as error:
        raise typer.BadParameter(error.message) from None


def _path(value: str, info: Any) -> Path:
    if "\0" in value:  # no system has such a path
        raise _NotPlainError
    is_odd = any(getattr(info, name) for name in _ODD_PATHS)
    if is_odd or not (info.file_okay and info.dir_okay):
        raise _NotPlainError
    if Path(value).exists() and not os.access(value, os.R_OK):
        raise _NotPlainError
    return Path(value)
