"""/import and /track: events on their way into the project (contract, 15.1 to 15.3)."""

from __future__ import annotations

from typing import Any

from werkzeug import Response

from mixpanel_data.sandbox.asks import Ask
from mixpanel_data.sandbox.ingestion import answers, rules
from mixpanel_data.sandbox.ingestion.intake import Intake, Skipped
from mixpanel_data.sandbox.ingestion.sources import Source
from mixpanel_data.sandbox.ingestion.submissions import Submission
from mixpanel_data.sandbox.tables import Event, add_events


def track(ask: Ask) -> Response:
    """Events of the last days, from anyone who knows the token."""
    sent = Submission.of(ask.request, gzip=True)
    intake = _lenient(ask, sent, _source(ask, sent, ask.project.token))
    return answers.received(sent.params, intake.error)


def import_events(ask: Ask) -> Response:
    """Events of any time; strict, it says what is wrong with those that it refuses."""
    sent = Submission.of(ask.request, gzip=True)
    source = _source(ask, sent, None)
    if sent.params.flag("strict", default=False):
        return answers.checked(_strict(ask, sent, source), "$insert_id")
    return answers.received(sent.params, _lenient(ask, sent, source).error, as_json=True)


def _source(ask: Ask, sent: Submission, token: str | None) -> Source:
    return Source(ask.now_ms, token, sent.address, ask.dictionary.dropped())


def _lenient(ask: Ask, sent: Submission, source: Source) -> Intake[Event]:
    intake = Intake[Event](ask, _insert_id)
    for index, record in enumerate(intake.read(sent.records)):
        intake.take(index, record, source.event(record))
    _store(ask, intake.accepted)
    return intake


def _strict(ask: Ask, sent: Submission, source: Source) -> Intake[Event]:
    intake = Intake[Event](ask, _insert_id)
    for index, record in enumerate(sent.records(repaired=False)):
        problems = tuple(rules.problems(record, ask.now_ms))
        refused = Skipped.refused(*problems) if problems else None
        intake.take(index, record, refused or source.event(record))
    _store(ask, intake.accepted)
    return intake


def _insert_id(record: Any) -> Any:
    properties = record.get("properties") if isinstance(record, dict) else None
    return properties.get("$insert_id", "") if isinstance(properties, dict) else ""


def _store(ask: Ask, events: list[Event]) -> None:
    if events:
        with ask.data.write() as cursor:
            add_events(cursor, events)
