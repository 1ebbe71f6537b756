"""`--jinja`: SQL with `{{ }}` and `{% %}`. What a value becomes is text of SQL, not a value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mixpanel_data.exceptions import InvalidArgumentError, MissingExtraError


def render(sql: str, variables: Mapping[str, Any]) -> str:
    """SQL with the notebook's variables in the place of their names."""
    try:
        import jinja2
    except ImportError as error:
        raise MissingExtraError("jupyter", "--jinja") from error
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)  # noqa: S701 - it is SQL
    try:
        return environment.from_string(sql).render(variables)
    except jinja2.TemplateSyntaxError as error:
        raise InvalidArgumentError(f"--jinja: line {error.lineno}: {error.message}") from error
    except jinja2.TemplateError as error:
        raise InvalidArgumentError(f"--jinja: {error.message}") from error
