"""/import and /track: events on their way into the project (contract, 15.1 to 15.3)."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.ingestion import answers, rules
from mixpanel_data.sandbox.ingestion.intake import Intake, Skipped
from mixpanel_data.sandbox.ingestion.sources import Source
from mixpanel_data.sandbox.ingestion.submissions import Submission
from mixpanel_data.sandbox.tables import Event, add_events


def track(context: RequestContext) -> Response:
    """Events of the last days, from anyone who knows the token."""
    sent = Submission.of(context.request, gzip=True)
    intake = _lenient(context, sent, _source(context, sent, context.project.token))
    return answers.received(sent.params, intake.error)


def import_events(context: RequestContext) -> Response:
    """Events of any time; strict, it says what is wrong with those that it refuses."""
    sent = Submission.of(context.request, gzip=True)
    source = _source(context, sent, None)
    if sent.params.flag("strict", default=False):
        return answers.checked(_strict(context, sent, source), "$insert_id")
    return answers.received(sent.params, _lenient(context, sent, source).error, as_json=True)


def _source(context: RequestContext, sent: Submission, token: str | None) -> Source:
    return Source(context.now_ms, token, sent.address, context.dictionary.dropped())


def _lenient(context: RequestContext, sent: Submission, source: Source) -> Intake[Event]:
    intake = Intake[Event](context, _insert_id)
    for index, record in enumerate(intake.read(sent.records)):
        intake.take(index, record, source.event(record))
    _store(context, intake.accepted)
    return intake


def _strict(context: RequestContext, sent: Submission, source: Source) -> Intake[Event]:
    intake = Intake[Event](context, _insert_id)
    for index, record in enumerate(sent.records(repaired=False)):
        problems = tuple(rules.problems(record, context.now_ms))
        refused = Skipped.refused(*problems) if problems else None
        intake.take(index, record, refused or source.event(record))
    _store(context, intake.accepted)
    return intake


def _insert_id(record: Any) -> Any:
    properties = record.get("properties") if isinstance(record, dict) else None
    return properties.get("$insert_id", "") if isinstance(properties, dict) else ""


def _store(context: RequestContext, events: list[Event]) -> None:
    if events:
        with context.data.write() as cursor:
            add_events(cursor, events)
