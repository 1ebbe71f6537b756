"""`Workspace.local.as_sql`: the reports counted here, as the SQL that would count them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from mixpanel_data.exceptions import near

if TYPE_CHECKING:
    from mixpanel_data._internal.services.coverage import Question
    from mixpanel_data._internal.services.local_query import LocalQueryService
    from mixpanel_data.queries import Scope
    from mixpanel_data.workspace.local import LocalReports


class ReportsAsSql:
    """Takes the same arguments as `LocalReports`, and gives SQL text in the place of answers."""

    def __init__(self, reports: LocalReports) -> None:
        self._reports = reports

    def __getattr__(self, name: str) -> Callable[..., str]:
        if name.startswith("_"):  # asked for by copy and pickle, before `_reports` is there
            raise AttributeError(name)
        known = dir(self)
        if name not in known:
            suggestion = near(name, known) or f"it has {', '.join(known)}"
            raise AttributeError(f"as_sql has no report {name!r}: {suggestion}")
        return cast("Callable[..., str]", getattr(self._reports, name))

    def __dir__(self) -> list[str]:
        return [name for name in dir(type(self._reports)) if name[0] != "_" and name != "as_sql"]


class Explaining:
    """Explains what another service would answer."""

    def __init__(self, service: LocalQueryService) -> None:
        self._service = service

    def __getattr__(self, name: str) -> Callable[[Question, Scope], str]:
        return self._service.explain
