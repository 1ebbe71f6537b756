"""/jql: a few scripts that are known by heart; others fail as scripts do (contract, section 12).

There is no JavaScript here. Known are Events(…) and People() with nothing after them, with
`.groupBy(["name", …], mixpanel.reducer.count())`, and with `.reduce(mixpanel.reducer.count())`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from werkzeug import Response

from mixpanel_data._internal.sql import literal
from mixpanel_data.sandbox import days
from mixpanel_data.sandbox.context import RequestContext
from mixpanel_data.sandbox.refusals import RefusalError, bad_request

_SCRIPT = re.compile(
    r"""\s*function\s+main\s*\(\s*\)\s*\{\s*return\s+
    (?P<source>Events|People)\s*\(\s*(?P<argument>params|\{[^{}]*\})?\s*\)\s*
    (?:
        \.\s*groupBy\s*\(\s*(?P<keys>\[[^\[\]]*\])\s*,\s*mixpanel\s*\.\s*reducer\s*\.\s*count\(\s*\)\s*\)
        | \.\s*reduce\s*\(\s*(?P<counts>mixpanel\s*\.\s*reducer\s*\.\s*count)\(\s*\)\s*\)
    )?
    \s*;?\s*\}\s*""",
    re.VERBOSE,
)
_BARE_KEY = re.compile(r"([{,]\s*)(\w+)\s*:")
_EVENT_KEYS = ("name", "distinct_id")
_PEOPLE_KEYS = ("distinct_id",)
_PROPERTY = "properties."

_EVENTS = """
SELECT event AS name, distinct_id, time_ms + {shift} AS time, properties
FROM reported WHERE time_ms >= {start} AND time_ms < {end}
"""
_PEOPLE = """
SELECT distinct_id, epoch_ms(TRY_CAST(properties ->> '$."$last_seen"' AS TIMESTAMP)) AS time,
    properties::JSON AS properties
FROM profiles WHERE data_group_id = ''
"""


@dataclass(frozen=True)
class _Script:
    is_events: bool
    argument: dict[str, Any]
    keys: list[Any] | None
    counts: bool


def jql(context: RequestContext) -> Response:
    """Whatever main() returns: rows, groups of them, or their number."""
    script = _read(context.params.required("script"), context.params.json("params", dict) or {})
    source = _events(context, script.argument) if script.is_events else _PEOPLE
    if script.counts:
        rows = [str(context.data.rows(f"SELECT count(*) FROM ({source})")[0][0])]
    elif script.keys is not None:
        rows = _groups(context, source, script)
    else:
        rows = _rows(context, source, is_events=script.is_events)
    return Response(f"[{', '.join(rows)}]", mimetype="application/json")


def _read(text: str, params: dict[str, Any]) -> _Script:
    found = _SCRIPT.fullmatch(text)
    if found is None:
        raise _failed(
            "JQL is not supported by the sandbox, but for counts of Events and People", text
        )
    argument = found["argument"]
    return _Script(
        is_events=found["source"] == "Events",
        argument=params if argument == "params" else _literal(argument or "{}", text),
        keys=None if found["keys"] is None else _literal(found["keys"], text),
        counts=found["counts"] is not None,
    )


def _literal(text: str, script: str) -> Any:
    """An object or a list as JavaScript writes it: names without quotes, any kind of quotes."""
    try:
        return json.loads(_BARE_KEY.sub(r'\1"\2":', text.replace("'", '"')))
    except ValueError:
        raise _failed(f"the sandbox can not read {text}", script) from None


def _events(context: RequestContext, argument: dict[str, Any]) -> str:
    zone = context.project.timezone
    start, end = days.bounds(_day(argument, "from_date"), _day(argument, "to_date"), zone)
    source = _EVENTS.format(start=start, end=end, shift=days.shift_sql(start, end, zone))
    selectors = argument.get("event_selectors")
    if selectors:
        names = ", ".join(literal(str(each.get("event"))) for each in selectors)
        source += f"AND event IN ({names})"
    return source


def _day(argument: dict[str, Any], name: str) -> date:
    try:
        return date.fromisoformat(str(argument.get(name))[:10])
    except ValueError:
        raise bad_request(f"Error in {name}: invalid date") from None


def _groups(context: RequestContext, source: str, script: _Script) -> list[str]:
    known = _EVENT_KEYS if script.is_events else _PEOPLE_KEYS
    columns = []
    for key in script.keys or []:
        if isinstance(key, str) and key.startswith(_PROPERTY):
            pointer = "/" + key.removeprefix(_PROPERTY).replace("~", "~0").replace("/", "~1")
            columns.append(f"coalesce(properties -> {literal(pointer)}, 'null')")
        elif key in known:
            columns.append(f"to_json({key})")
        else:
            raise _failed(f"the sandbox can not group by {key!r}", "groupBy")
    texts = ", ".join(f"{column}::VARCHAR" for column in columns)
    keys = f"'[' || concat_ws(', ', {texts}) || ']'" if texts else "'[]'"
    sql = f"""
SELECT '{{"key": ' || key || ', "value": ' || count(*) || '}}'
FROM (SELECT {keys} AS key FROM ({source}) AS found) AS keyed
GROUP BY key ORDER BY key
"""
    return [text for (text,) in context.data.rows(sql)]


def _rows(context: RequestContext, source: str, *, is_events: bool) -> list[str]:
    if is_events:
        row = "name := name, distinct_id := distinct_id, time := time, sampling_factor := 1"
    else:
        row = "distinct_id := distinct_id, time := time, last_seen := time"
    sql = f"SELECT to_json(struct_pack({row}, properties := properties)) FROM ({source})"
    return [text for (text,) in context.data.rows(sql)]


def _failed(message: str, script: str) -> RefusalError:
    line = script.strip().partition("\n")[0]
    text = f"Uncaught exception Error: {message}\n  {line}\n  ^\n\nStack trace:\nError: {message}"
    return RefusalError(412, f"UserVisiblePreconditionFailedError: {text}")
