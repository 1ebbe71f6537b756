"""Twenty questions of an analyst: how Mixpanel's API answers them, and how `mp` does.

`read` finds the answer in what the API sends, in plain Python; `told` in what `mp` prints. The
comparison of both is what makes the bytes comparable.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Literal

from bench.answers import (
    DAY,
    amounts,
    as_json,
    conversion,
    counts,
    days_to_buy,
    events,
    names,
    next_events,
    rows,
    seen,
    spenders,
    total,
    weekly,
    wide,
)
from bench.raw import Ask, Body, engage, export, query

FEBRUARY = {"from_date": "2026-02-01", "to_date": "2026-02-28"}
IN_FEBRUARY = "event_time >= '2026-02-01' AND event_time < '2026-03-01'"
PURCHASES = f"FROM events_flat WHERE event_name = 'Purchase' AND {IN_FEBRUARY}"
DAYS = "--from 2026-02-01 --to 2026-02-28"
CSV = ["--format", "csv"]
USER = "user-01024"


@dataclass(frozen=True)
class Question:
    """`kind` says what the API has: an answer, or only the rows to find it in."""

    text: str
    kind: Literal["answer", "rows"]
    asks: Sequence[Ask]
    read: Callable[[list[Body]], Any]
    command: Sequence[str]
    told: Callable[[str], Any]


def mp(text: str) -> list[str]:
    """A command as it is typed."""
    return shlex.split(text)


def sql(statement: str, *options: str) -> list[str]:
    return ["sql", statement, *options]


FUNNEL = ("View Item", "Search", "Purchase")

DISCOVERY = [
    Question(
        "Which events are there?",
        "answer",
        [query("events/names", type="general", limit=1000)],
        lambda got: names(got[0]),
        mp("events"),
        seen,
    ),
    Question(
        "Which properties does a purchase have?",
        "answer",
        [query("events/properties/top", event="Purchase", limit=1000)],
        lambda got: names(got[0]),
        mp("properties Purchase"),
        as_json,
    ),
    Question(
        "On which platforms do people buy?",
        "answer",
        [query("events/properties/values", event="Purchase", name="platform")],
        lambda got: names(got[0]),
        mp("values Purchase platform"),
        lambda text: sorted(as_json(text)),
    ),
]

COUNTS = [
    Question(
        "How many purchases each day of February?",
        "answer",
        [query("segmentation", event="Purchase", **FEBRUARY)],
        lambda got: got[0].json()["data"]["values"]["Purchase"],
        mp(f"segmentation --local --event Purchase {DAYS} --columns date,value --format csv"),
        counts,
    ),
    Question(
        "Purchases by day and country in February?",
        "answer",
        [query("segmentation", event="Purchase", on='properties["mp_country_code"]', **FEBRUARY)],
        lambda got: {
            country: {day: n for day, n in values.items() if n}
            for country, values in got[0].json()["data"]["values"].items()
        },
        sql(
            f"PIVOT (SELECT event_time::DATE AS day, mp_country_code {PURCHASES})"
            " ON mp_country_code USING count(*) ORDER BY day",
            *CSV,
        ),
        wide,
    ),
    Question(
        "The five countries with the most buyers?",
        "answer",
        [
            query(
                "segmentation",
                event="Purchase",
                on='properties["mp_country_code"]',
                type="unique",
                unit="month",
                limit=5,
                **FEBRUARY,
            )
        ],
        lambda got: {
            country: sum(values.values())
            for country, values in got[0].json()["data"]["values"].items()
        },
        sql(
            "SELECT mp_country_code AS country, count(DISTINCT distinct_id) AS buyers"
            f" {PURCHASES} GROUP BY 1 ORDER BY 2 DESC LIMIT 5",
            *CSV,
        ),
        counts,
    ),
    Question(
        "What was February's revenue?",
        "answer",
        [query("segmentation/sum", event="Purchase", on='properties["amount"]', **FEBRUARY)],
        lambda got: round(total(got[0]), 2),
        sql(f"SELECT round(sum(amount), 2) {PURCHASES}", "--scalar"),
        float,
    ),
    Question(
        "Revenue per plan?",
        "answer",
        [
            query("events/properties/values", event="Purchase", name="plan"),
            *(
                query(
                    "segmentation/sum",
                    event="Purchase",
                    on='properties["amount"]',
                    where=f'properties["plan"] == "{plan}"',
                    **FEBRUARY,
                )
                for plan in ("free", "plus", "pro")
            ),
        ],
        lambda got: amounts(
            (plan, total(body)) for plan, body in zip(("free", "plus", "pro"), got[1:], strict=True)
        ),
        sql(
            f"SELECT plan, round(sum(amount), 2) AS revenue {PURCHASES} GROUP BY 1 ORDER BY 1", *CSV
        ),
        lambda text: amounts(rows(text)),
    ),
    Question(
        "The average order, week by week?",
        "answer",
        [
            query("segmentation/sum", event="Purchase", on='properties["amount"]', **FEBRUARY),
            query("segmentation", event="Purchase", **FEBRUARY),
        ],
        weekly,
        sql(
            "SELECT date_trunc('week', event_time)::DATE AS week, round(avg(amount), 2) AS average"
            f" {PURCHASES} GROUP BY 1 ORDER BY 1",
            *CSV,
        ),
        lambda text: amounts(rows(text)),
    ),
]

BEHAVIOUR = [
    Question(
        "How far do people get through the saved checkout funnel, by platform?",
        "answer",
        [query("funnels", funnel_id=7509, interval=28, on='properties["platform"]', **FEBRUARY)],
        lambda got: {
            (platform, step["event"]): step["count"]
            for bucket in got[0].json()["data"].values()
            for platform, steps in bucket.items()
            for step in steps
            if platform != "$overall"
        },
        mp(f"funnel 7509 {DAYS} --on platform --columns segment,event,count --format csv"),
        lambda text: {
            (segment, event): int(n) for segment, event, n in rows(text) if segment != "$overall"
        },
    ),
    Question(
        "How many who signed up in January came back a week later?",
        "answer",
        [
            query(
                "retention",
                born_event="Sign Up",
                event="App Open",
                interval_count=7,
                from_date="2026-01-01",
                to_date="2026-01-31",
            )
        ],
        lambda got: sum(row["counts"][7] for row in got[0].json().values()),
        mp(
            'retention --local --born "Sign Up" --return "App Open" --intervals 7'
            " --from 2026-01-01 --to 2026-01-31 --jq '[.cohorts[].counts[7]] | add'"
        ),
        int,
    ),
    Question(
        "On how many days a week do people open the app?",
        "answer",
        [
            query(
                "retention/addiction",
                event="App Open",
                unit="week",
                addiction_unit="day",
                from_date="2026-02-02",
                to_date="2026-02-22",
            )
        ],
        lambda got: got[0].json()["data"],
        mp(
            'frequency --local --event "App Open" --unit week --addiction-unit day'
            " --from 2026-02-02 --to 2026-02-22 --jq '[.periods[] | {(.date): .counts}] | add'"
        ),
        as_json,
    ),
    Question(
        f"What did {USER} do in February?",
        "answer",
        [query("stream/query", distinct_ids=f'["{USER}"]', **FEBRUARY)],
        lambda got: sorted(
            (it["event"], it["properties"]["time"]) for it in got[0].json()["results"]["events"]
        ),
        sql(
            f"SELECT event_name, epoch_ms(event_time) // 1000 AS time FROM events"
            f" WHERE distinct_id = '{USER}' AND {IN_FEBRUARY} ORDER BY event_time",
            *CSV,
        ),
        lambda text: sorted((event, int(time)) for event, time in rows(text)),
    ),
    Question(
        f"Which plan is {USER} on, and with how many orders?",
        "answer",
        [engage(distinct_id=USER, output_properties='["plan", "orders"]')],
        lambda got: [str(it) for it in got[0].json()["results"][0]["$properties"].values()],
        sql(f"SELECT plan, orders FROM profiles_flat WHERE distinct_id = '{USER}'", *CSV),
        lambda text: rows(text)[0],
    ),
]

ROWS = [
    Question(
        "How many people are on plan pro?",
        "rows",
        [engage(where='properties["plan"] == "pro"', output_properties='["plan"]')],
        lambda got: got[0].json()["total"],
        sql("SELECT count(*) FROM profiles_flat WHERE plan = 'pro'", "--scalar"),
        int,
    ),
    Question(
        "What is the median order?",
        "rows",
        [export("Purchase", **FEBRUARY)],
        lambda got: median(its["amount"] for *_, its in events(got[0])),
        sql(f"SELECT median(amount) {PURCHASES}", "--scalar"),
        float,
    ),
    Question(
        "Who are the ten biggest spenders?",
        "rows",
        [export("Purchase", **FEBRUARY)],
        lambda got: spenders(got[0]),
        sql(
            f"SELECT distinct_id, round(sum(amount), 2) AS spent {PURCHASES}"
            " GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10",
            *CSV,
        ),
        lambda text: amounts(rows(text)),
    ),
    Question(
        "How many days lie between sign-up and first purchase?",
        "rows",
        [export("Sign Up", "Purchase", **FEBRUARY)],
        lambda got: days_to_buy(got[0]),
        sql(
            "WITH signed AS (SELECT distinct_id, min(event_time) AS since FROM events"
            f" WHERE event_name = 'Sign Up' AND {IN_FEBRUARY} GROUP BY 1), bought AS"
            " (SELECT since, min(event_time) AS first FROM events JOIN signed USING (distinct_id)"
            f" WHERE event_name = 'Purchase' AND event_time > since AND {IN_FEBRUARY}"
            " GROUP BY distinct_id, since)"
            f" SELECT round(median((epoch_ms(first) - epoch_ms(since)) / {DAY}), 2) FROM bought",
            "--scalar",
        ),
        float,
    ),
    Question(
        "A funnel that nobody saved: view, search and buy within a day?",
        "rows",
        [export(*FUNNEL, from_date="2026-02-01", to_date="2026-03-01")],
        lambda got: conversion(got[0], FUNNEL, DAY),
        mp(
            f"funnel --steps '{','.join(FUNNEL)}' --length 1 {DAYS} --columns event,count --format csv"
        ),
        lambda text: [int(n) for _, n in rows(text)],
    ),
    Question(
        "What do people do right after they signed up?",
        "rows",
        [export(**FEBRUARY)],
        lambda got: next_events(got[0]),
        sql(
            "WITH after AS (SELECT event_name, lead(event_name) OVER"
            f" (PARTITION BY distinct_id ORDER BY event_time) AS next FROM events WHERE {IN_FEBRUARY})"
            " SELECT next, count(*) AS users FROM after WHERE event_name = 'Sign Up'"
            " AND next IS NOT NULL GROUP BY 1 ORDER BY 2 DESC LIMIT 3",
            *CSV,
        ),
        counts,
    ),
]

QUESTIONS = [*DISCOVERY, *COUNTS, *BEHAVIOUR, *ROWS]
