"""`mp demo`: what this is for, shown on invented data; its SQL is there to be copied."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

from mixpanel_data.cli import formatters
from mixpanel_data.cli.progress import fetching

if TYPE_CHECKING:
    from mixpanel_data.cli.context import Session
    from mixpanel_data.workspace import Workspace

FROM, TO = "2026-01-01", "2026-03-01"

QUESTIONS = {
    "Which events are there, and how many people cause them?": """
SELECT event_name, count(*) AS events, count(DISTINCT distinct_id) AS users
FROM events
GROUP BY ALL
ORDER BY events DESC
LIMIT 5""",
    "How does it go, week by week?": """
SELECT date_trunc('week', event_time)::DATE AS week,
       count(DISTINCT distinct_id) AS active_users,
       count(*) FILTER (event_name = 'Purchase') AS purchases
FROM events
GROUP BY week
ORDER BY week""",
    "Where does the money come from? Properties are JSON: ->> takes one as text.": """
SELECT properties->>'$.mp_country_code' AS country,
       count(*) AS purchases,
       sum(CAST(properties->>'$.amount' AS DECIMAL(12, 2))) AS revenue
FROM events
WHERE event_name = 'Purchase'
GROUP BY country
ORDER BY revenue DESC
LIMIT 5""",
    "How many of those who sign up go on to buy? Events and profiles can be joined.": """
WITH signed_up AS (
    SELECT distinct_id, min(event_time) AS since
    FROM events WHERE event_name = 'Sign Up' GROUP BY distinct_id
), bought AS (
    SELECT DISTINCT distinct_id
    FROM signed_up JOIN events AS e USING (distinct_id)
    WHERE e.event_name = 'Purchase' AND e.event_time > since
)
SELECT p.properties->>'$.plan' AS plan,
       count(s.distinct_id) AS signed_up,
       count(b.distinct_id) AS bought,
       round(100 * bought / signed_up, 1) AS percent
FROM profiles AS p
JOIN signed_up AS s USING (distinct_id)
LEFT JOIN bought AS b USING (distinct_id)
GROUP BY plan
ORDER BY signed_up DESC""",
}

NEXT = f"""
That database is gone again. To keep one and ask it yourself:

  mp --account sandbox fetch events --from {FROM} --to {TO}
  mp --account sandbox sql "SELECT * FROM events LIMIT 3" --format table
  mp --account sandbox values Purchase payment
  mp --account sandbox funnel --steps "Sign Up,Purchase" --from {FROM} --to {TO}

and with your own project:

  mp auth add NAME --username USER --secret-stdin --project ID
"""


@dataclass(frozen=True)
class Stop:
    """A question of the tour, answered."""

    question: str
    sql: str
    rows: list[dict[str, Any]]

    def to_dict(self) -> dict[str, Any]:
        """For programs."""
        return {"question": self.question, "sql": self.sql, "rows": self.rows}


def tour(session: Session, workspace: Workspace) -> None:
    """Fetch, ask and print: a story for people, data alone where JSON was asked for."""
    narrated = session.format is None or not session.output.is_json
    if narrated:
        formatters.emit("A shop that does not exist, with an account that needs no password.\n\n")
        formatters.emit(f"Fetching events of {FROM} to {TO}, and the profiles of all users …\n")
    with fetching(session, workspace) as progress:
        events = workspace.fetch_events(from_date=FROM, to_date=TO, progress=progress)
        profiles = workspace.fetch_profiles(progress=progress)
    if narrated:
        formatters.emit(
            f"{events.rows:,} events in {events.duration_seconds:.1f} s, {profiles.rows:,}"
            f" profiles in {profiles.duration_seconds:.1f} s; they are in DuckDB now.\n"
        )
    stops = []
    for question, sql in QUESTIONS.items():
        stops.append(_ask(workspace, question, sql))
        if narrated:
            _tell(stops[-1])
    if narrated:
        formatters.emit(NEXT)
    else:
        everything: list[formatters.Plain] = [events, profiles, *stops]
        session.show(everything)


def _ask(workspace: Workspace, question: str, sql: str) -> Stop:
    lines = BytesIO()
    workspace.write_sql(sql, lines, "jsonl")
    return Stop(question, sql.strip(), formatters.parsed(lines.getvalue()))


def _tell(stop: Stop) -> None:
    sql = "".join(f"  {line}\n" for line in stop.sql.splitlines())
    table = formatters.render(formatters.rows_table(stop.rows))
    formatters.emit(f"\n{stop.question}\n\n{sql}\n{table}")
