"""What senders send: events, profiles, and updates of profiles."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug import Response

from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.ingestion import answers, rules
from mixpanel_data.sandbox.ingestion.answers import Intake, Skipped
from mixpanel_data.sandbox.ingestion.submissions import Source, Submission
from mixpanel_data.sandbox.tables import Event, Owner, add_events, find_profiles, save_profiles

# -- /import and /track: events on their way into the project (contract, 15.1 to 15.3) ------------


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


# -- One update of a profile: what each operation does to its properties (contract, 15.4) ---------

Properties = dict[str, Any]


class UpdateError(Exception):
    """An operation can't be done with these values; `field` names the one to blame."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


def set_(profile: Properties, values: Properties) -> Properties:
    """`$set`: these values, whatever was there."""
    return {**profile, **values}


def set_once(profile: Properties, values: Properties) -> Properties:
    """`$set_once`: these values where there is none."""
    return {**values, **profile}


def add(profile: Properties, values: Properties) -> Properties:
    """`$add`: numbers to numbers; nothing counts as 0."""
    return {**profile, **{name: _sum(profile, name, value) for name, value in values.items()}}


def _sum(profile: Properties, name: str, value: Any) -> Any:
    if not _is_number(value):
        raise UpdateError(f"$add.{name}", f"'$add.{name}' is invalid: must be a number")
    before = profile.get(name, 0)
    if not _is_number(before):
        raise UpdateError(f"$add.{name}", f"'$add.{name}' is invalid: {name!r} is not a number")
    return before + value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def append(profile: Properties, values: Properties) -> Properties:
    """`$append`: one more item at the end of a list, which may be new."""
    lists = {name: [*_list(profile, "$append", name), value] for name, value in values.items()}
    return {**profile, **lists}


def union(profile: Properties, values: Properties) -> Properties:
    """`$union`: those items that a list lacks."""
    merged = {}
    for name, items in values.items():
        if not isinstance(items, list):
            raise UpdateError(f"$union.{name}", f"'$union.{name}' is invalid: must be a list")
        merged[name] = list(_list(profile, "$union", name))
        merged[name] += [
            item for n, item in enumerate(items) if _is_new(item, merged[name], items[:n])
        ]
    return {**profile, **merged}


def _is_new(item: Any, *lists: list[Any]) -> bool:
    return not any(_same(item, other) for known in lists for other in known)


def _same(one: Any, other: Any) -> bool:
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def remove(profile: Properties, values: Properties) -> Properties:
    """`$remove`: an item out of a list, wherever it is; no list, no change."""
    left = {
        name: [item for item in profile[name] if not _same(item, value)]
        for name, value in values.items()
        if isinstance(profile.get(name), list)
    }
    return {**profile, **left}


def _list(profile: Properties, operation: str, name: str) -> list[Any]:
    before = profile.get(name, [])
    if not isinstance(before, list):
        field = f"{operation}.{name}"
        raise UpdateError(field, f"'{field}' is invalid: {name!r} is not a list")
    return before


OPERATIONS: dict[str, Callable[[Properties, Properties], Properties]] = {
    "$set": set_,
    "$set_once": set_once,
    "$add": add,
    "$append": append,
    "$union": union,
    "$remove": remove,
}
"""The operations that take an object; $unset takes a list, and $delete anything."""


_PRUNING = frozenset(["$remove", "$unset", "$delete"])
"""Operations that make no profile where there is none."""


def updated(profile: Properties | None, update: Properties) -> Properties | None:
    """The profile after an update, or none: as a whole, or an UpdateError.

    >>> updated({"coins": 2}, {"$add": {"coins": 3}, "$set_once": {"plan": "free"}})
    {'plan': 'free', 'coins': 5}
    """
    asked = [name for name in update if name in OPERATIONS or name in {"$unset", "$delete"}]
    if not asked:
        raise UpdateError("", "an update must have an operation, such as $set")
    makes_one = not _PRUNING.issuperset(asked)
    if "$delete" in asked or (profile is None and not makes_one):
        return None
    after = profile or {}
    for name in asked:
        values = update[name]
        if name == "$unset":
            if not isinstance(values, list):
                raise UpdateError("$unset", "'$unset' is invalid: must be a list of names")
            after = {key: value for key, value in after.items() if key not in values}
        elif isinstance(values, dict):
            after = OPERATIONS[name](after, values)
        else:
            raise UpdateError(name, f"'{name}' is invalid: must be an object")
    return after


# -- /engage and /groups: updates of profiles (contract, 15.4). /api/query/engage reads them ------


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
