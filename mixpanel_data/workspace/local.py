"""`Workspace.local`: the reports of Mixpanel, counted here on fetched tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, Unpack

from mixpanel_data import queries
from mixpanel_data._internal.config import checks
from mixpanel_data._keywords import checked_keywords
from mixpanel_data.exceptions import InvalidArgumentError, near, warn
from mixpanel_data.queries.local import LocalOptions
from mixpanel_data.workspace.asking import asks, explains
from mixpanel_data.workspace.warned import with_warnings

if TYPE_CHECKING:
    from mixpanel_data._internal.services.local_query import LocalQueryService
    from mixpanel_data.queries import Question

A = TypeVar("A")
Q = TypeVar("Q", bound="Question[Any]")


class _Tables:
    """The tables that reports read where a question names no others, and their calendar."""

    def __init__(
        self, service: LocalQueryService, timezone: str | None, usual: LocalOptions | None = None
    ) -> None:
        self._service = service
        self._timezone = timezone
        self._usual: LocalOptions = usual or {}

    def _question(self, kind: type[Q], args: Sequence[Any], keywords: Mapping[str, Any]) -> Q:
        return kind(*args, **{**self._usual, **keywords})

    def _in_zone(self, question: Any) -> Any:
        """The question with the time zone that it is asked in."""
        if not isinstance(question, queries.LocalQuestion):
            raise InvalidArgumentError(
                f"{type(question).__name__} is a question for Mixpanel, not for tables",
                hint="ws.ask(question) asks Mixpanel",
            )
        return replace(question, timezone=self._zone(question.timezone))

    def _zone(self, asked: str | None) -> str:
        if asked is not None:
            return checks.timezone(asked)
        if self._timezone is None:
            warn(
                "days are counted in UTC: the project's time zone is not known (timezone=…,"
                " --timezone ZONE, or mp auth test NAME --save-timezone)"
            )
            self._timezone = "UTC"  # which is said once
        return self._timezone


@checked_keywords(options=LocalOptions)
class LocalReports(_Tables):
    """Reports on fetched tables, by Mixpanel's rules: no account and no quota is needed.

    What the tables lack is warned of, an event that they have not is an error. The rules, and
    options where Mixpanel's are not written down, are in "How we count".
    """

    segmentation = asks(lambda: queries.LocalSegmentation)
    segmentation_numeric = asks(lambda: queries.LocalNumericSegmentation)
    segmentation_sum = asks(lambda: queries.LocalSegmentationSum)
    segmentation_average = asks(lambda: queries.LocalSegmentationAverage)
    funnel = asks(lambda: queries.LocalFunnel)
    retention = asks(lambda: queries.LocalRetention)
    frequency = asks(lambda: queries.LocalFrequency)
    flows = asks(lambda: queries.Flows)

    @with_warnings
    def ask(self, question: Question[A]) -> A:
        """The answer to a question about tables, such as `queries.LocalFunnel(…)`."""
        answer: A = self._service.answer(self._in_zone(question))
        return answer

    def explain(self, question: Question[Any]) -> str:
        """The SQL that answers a question; the `query` of an answer is one. Nothing is counted."""
        return self._service.explain(self._in_zone(question))

    @property
    def as_sql(self) -> ReportsAsSql:
        """The same reports, as the SQL that would answer them: `as_sql.funnel([…], …)`."""
        return ReportsAsSql(self._service, self._timezone, self._usual)

    def on(self, *tables: str, **options: Unpack[LocalOptions]) -> LocalReports:
        """The same reports, with these tables and options where a question has no others."""
        usual: LocalOptions = {**self._usual, **options}
        if tables:
            usual["table"] = tables
        return LocalReports(self._service, self._timezone, usual)


class ReportsAsSql(_Tables):
    """Takes the same arguments as `LocalReports`, and gives SQL text in the place of answers."""

    segmentation = explains(lambda: queries.LocalSegmentation)
    segmentation_numeric = explains(lambda: queries.LocalNumericSegmentation)
    segmentation_sum = explains(lambda: queries.LocalSegmentationSum)
    segmentation_average = explains(lambda: queries.LocalSegmentationAverage)
    funnel = explains(lambda: queries.LocalFunnel)
    retention = explains(lambda: queries.LocalRetention)
    frequency = explains(lambda: queries.LocalFrequency)
    flows = explains(lambda: queries.Flows)

    def explain(self, question: Question[Any]) -> str:
        """The SQL that answers a question."""
        return self._service.explain(self._in_zone(question))

    if not TYPE_CHECKING:  # which must find misspelt names itself

        def __getattr__(self, name: str) -> Callable[..., str]:
            if name.startswith("_"):  # asked for by copy and pickle, before there is a service
                raise AttributeError(name)
            known = dir(self)
            suggestion = near(name, known) or f"it has {', '.join(known)}"
            raise AttributeError(f"as_sql has no report {name!r}: {suggestion}")

    def __dir__(self) -> list[str]:
        return [name for name in dir(type(self)) if name[0] != "_" and name != "explain"]
