"""/engage and /groups: updates of profiles (contract, 15.4). /api/query/engage reads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug import Response

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.ingestion import answers
from mixpanel_data.sandbox.ingestion.intake import Intake, Skipped
from mixpanel_data.sandbox.ingestion.submissions import Submission
from mixpanel_data.sandbox.ingestion.updates import Properties, UpdateError, updated
from mixpanel_data.sandbox.tables import Owner, find_profiles, save_profiles


@dataclass(frozen=True)
class Update:
    """What shall become of a profile; `id_json` is its owner's id as it was sent."""

    owner: Owner
    id_json: str
    record: Properties


def update_users(context: RequestContext) -> Response:
    """Updates of user profiles."""
    return _update(context, "$distinct_id", lambda _: "")


def update_groups(context: RequestContext) -> Response:
    """Updates of group profiles; a group key that is new gets an id."""

    def group(record: Properties) -> str:
        return context.data.group_id(str(_required(record, "$group_key")))

    return _update(context, "$group_id", group)


def _update(
    context: RequestContext, id_name: str, group_of: Callable[[Properties], str]
) -> Response:
    sent = Submission.of(context.request)
    strict = sent.params.flag("strict", default=False)

    def read(record: Any) -> Update | Skipped:
        if not isinstance(record, dict):
            return Skipped.refused(("", "an update must be an object"))
        if skipped := _unwanted(record, context.project.token):
            return skipped
        try:
            owner_id = _required(record, id_name)
            owner = Owner(group_of(record), str(owner_id))
        except UpdateError as error:
            return Skipped.refused((error.field, error.message))
        return Update(owner, json.dumps(owner_id, ensure_ascii=False), record)

    intake = Intake[Update](context, lambda r: r.get(id_name) if isinstance(r, dict) else None)
    records = sent.records() if strict else intake.read(sent.records)
    _apply(context, [(record, read(record)) for record in records], intake)
    if strict:
        return answers.checked(intake, id_name)
    return answers.received(sent.params, intake.error)


def _unwanted(record: Properties, token: str) -> Skipped | None:
    sent = record.get("$token")
    if not sent:
        return Skipped.refused(("$token", "token, missing or empty"))
    if sent != token:
        return Skipped(f"the token {sent!r} is not that of the project")
    return None


def _required(record: Properties, name: str) -> str | int | float:
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or value == "":
        raise UpdateError(name, f"'{name}' is required: must be a string")
    return value


def _apply(
    context: RequestContext, asked: list[tuple[Any, Update | Skipped]], intake: Intake[Update]
) -> None:
    """Do the updates in order; a profile is read once and written once."""
    now = context.now.strftime("%Y-%m-%dT%H:%M:%S")
    updates = [update for _, update in asked if isinstance(update, Update)]
    if not updates:
        for index, (record, outcome) in enumerate(asked):
            intake.take(index, record, outcome)
        return
    with context.data.write() as cursor:
        found = find_profiles(cursor, list({update.owner: None for update in updates}))
        state = {owner: json.loads(text) for owner, text in found.items() if text is not None}
        for index, (record, update) in enumerate(asked):
            outcome = update
            if isinstance(update, Update):
                try:
                    state[update.owner] = _after(state.get(update.owner), update.record, now)
                except UpdateError as error:
                    outcome = Skipped.refused((error.field, error.message))
            intake.take(index, record, outcome)
        changed = {update.owner: state[update.owner] for update in intake.accepted}
        save_profiles(
            cursor,
            {owner: _text(profile) for owner, profile in changed.items()},
            {update.owner: update.id_json for update in updates},
        )


def _after(before: Properties | None, record: Properties, now: str) -> Properties | None:
    after = updated(before, record)
    if after is not None and record.get("$ignore_time") is not True:
        after = {**after, "$last_seen": now}
    return after


def _text(profile: Properties | None) -> str | None:
    return None if profile is None else json.dumps(profile, ensure_ascii=False)
