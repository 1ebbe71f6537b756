"""A field for a secret: what is typed is in no saved notebook, at no time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ipywidgets
from traitlets import Unicode

_TOGETHER = 1.0
"""Seconds within which the value follows an Enter or a click; both are sent at once."""


class _Password(ipywidgets.Password):  # type: ignore[misc]  # ipywidgets has no types
    """One whose value is sent to the kernel when it is whole, and never back to the browser."""

    value = Unicode(help="String value").tag(sync=True, echo_update=False)


class SecretField:
    """The front end sends the value on Enter, or when the field is left; it is emptied at once.

    The secret waits here for the next click, and is forgotten with it. `entered` is called after
    an Enter. A front end may send an Enter, or a click, before the value: then `entered` is called
    when that is here.
    """

    def __init__(self, entered: Callable[[], None], **look: Any) -> None:
        self._entered = entered
        self._taken = ""
        self._asked: float | None = None
        self.field = _Password(continuous_update=False, **look)
        self.field.observe(self._take, "value")
        self.field.on_msg(self._hear)
        self._ask = self.field.placeholder

    def take(self) -> str:
        """The secret, which is forgotten here; empty where there is none."""
        taken = self._taken
        self.forget()
        if not taken:
            self._asked = time.monotonic()
        return taken

    def forget(self) -> None:
        """Have none."""
        self._taken, self._asked = "", None
        self.field.value = ""
        self.field.placeholder = self._ask

    def _take(self, change: dict[str, str]) -> None:
        if not change["new"]:
            return
        self._taken = change["new"]
        self.field.value = ""
        self.field.placeholder = "taken; type it again to change it"
        if self._asked is not None and time.monotonic() - self._asked < _TOGETHER:
            self._entered()

    def _hear(self, _: ipywidgets.Widget, content: dict[str, Any], __: object) -> None:
        if content.get("event") != "submit":
            return
        if self._taken:
            self._entered()
        else:
            self._asked = time.monotonic()
