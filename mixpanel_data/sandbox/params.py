"""Parameters of a request: the body over the URL, JSON before form (contract, section 1)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import parse_qsl

from werkzeug import Request

from mixpanel_data.sandbox.refusals import bad_request

_DATE = re.compile(r"\d{1,4}-\d{2}-\d{2}")
_MOST = 2**63 - 1  # of DuckDB's integers
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Params:
    """What was asked, by name. A JSON body may hold values that the URL holds as text."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = {name: value for name, value in values.items() if value not in (None, "")}

    @classmethod
    def of(cls, request: Request) -> Params:
        """Read the URL and the body of a request."""
        values: dict[str, Any] = dict(request.args.items())
        return cls(values | _body(request.get_data(as_text=True)))

    def text(self, name: str) -> str | None:
        """A bare text."""
        value = self.values.get(name)
        return value if value is None or isinstance(value, str) else json.dumps(value)

    def required(self, name: str) -> str:
        """A text that must be there."""
        value = self.text(name)
        if value is None:
            raise bad_request(f"Missing required parameter: {name}")
        return value

    def integer(self, name: str) -> int | None:
        """A whole number."""
        value = self.text(name)
        try:
            return None if value is None else min(int(value), _MOST)
        except ValueError:
            raise bad_request(f"Error in {name}: not an integer") from None

    def flag(self, name: str, *, default: bool) -> bool:
        """True or false, in the spellings of JSON and Python."""
        value = self.text(name)
        if value is None:
            return default
        if value.lower() not in _FLAGS:
            raise bad_request(f"Error in {name}: not a boolean")
        return _FLAGS[value.lower()]

    def json(self, name: str, kind: type[list[Any] | dict[str, Any]]) -> Any:
        """A list or an object, which is JSON text inside the one parameter."""
        value = self.values.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except json.JSONDecodeError as error:
                raise bad_request(f"Error in {name}: not valid JSON: {error}") from None
        if value is not None and not isinstance(value, kind):
            what = "an array" if kind is list else "an object"
            raise bad_request(f"Error in {name}: must be {what}")
        return value

    def strings(self, name: str) -> list[str] | None:
        """A JSON array of strings."""
        value = self.json(name, list)
        if value is not None and not all(isinstance(item, str) for item in value):
            raise bad_request(f"Error in {name}: must be an array of strings")
        return value  # type: ignore[no-any-return]  # json() has checked that it is a list

    def day(self, name: str) -> date | None:
        """A calendar day from the year 2000 on."""
        value = self.text(name)
        if value is None:
            return None
        if not _DATE.fullmatch(value):
            raise bad_request(f"Error in {name}: invalid date")
        if int(value.split("-")[0]) < 2000:
            raise bad_request(f"Error in {name}: invalid date, bad year")
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise bad_request(f"Error in {name}: invalid date") from None

    def without(self, *names: str) -> dict[str, Any]:
        """All but these, in the order of their names."""
        return {name: self.values[name] for name in sorted(self.values) if name not in names}


def _body(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return dict(parse_qsl(text))
    return value if isinstance(value, dict) else {}
